//! Requests to a session.
//!
//! Commands are values; the session writes them when it can and answers by [`Event`](super::Event)s that carry
//! the same id. A command that needs a signed-in session and meets none is dropped: the mind re-sends by the
//! rules of its outbox, never the session.

use super::{FastTicket, Known};
use crate::types::{
    ArchiveId, BareJid, Domain, Epoch, Jid, MessageKey, OriginId, Prose, RequestId, Stamp, StanzaId, Tally,
};

/// What a session can be asked to do.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the fields are the nouns of what their variant says")]
pub enum Command {
    /// Send a message. Answered by `Event::Acknowledged` or `Event::Bounced`.
    Send(Outgoing),
    /// Say how we appear. The session remembers nothing: the mind says it again after each sign-in. The first one goes
    /// out behind the answer to the roster query, or a second after bind at the latest.
    Appear(Appearance),
    /// Typing notice (XEP-0085) outside a message.
    ChatState { to: Jid, state: ChatState },
    /// Delivery receipt (XEP-0184) for a message of theirs, sent after it is stored.
    Receipt { to: Jid, of: OriginId },
    /// Everything that was told before this `Event::KeepAsked` is on the disk.
    Kept(Tally),
    /// Displayed marker (XEP-0333) for a message of theirs. Answered by `Event::Acknowledged` with this key.
    Displayed { key: MessageKey, to: Jid, of: OriginId },
    /// Ask how far talks were read on our other devices (XEP-0490). Answered by `ReadPositions` or `NoReadPositions`.
    AskReadPositions,
    /// Tell them. Answered by `NoReadPositions`, or not at all.
    ReadUpTo { talk: BareJid, id: StanzaId },
    /// A step of the presence subscription handshake (RFC 6121 section 3).
    Subscription { who: BareJid, step: SubscriptionStep },
    /// Add or rename a buddy, or change groups (RFC 6121 section 2.3). Answered by a roster push or `RequestFailed`.
    SetBuddy { request: RequestId, who: BareJid, name: Option<String>, groups: Vec<String> },
    /// Remove a buddy and both subscriptions (RFC 6121 section 2.5).
    RemoveBuddy { request: RequestId, who: BareJid },
    /// One page of the archive (XEP-0313). Answered by `ArchivePage` or `RequestFailed`.
    Archive(ArchiveQuery),
    /// E-mail to address, as Messenger has it (`http://messenger.live.com/xmpp/jidlookup`). Answered by
    /// `AddressFound` or `RequestFailed`.
    LookUp { request: RequestId, email: String },
    /// Our own card (XEP-0054). Answered by `OwnName` and `OwnPhoto`, by either, or not at all: nothing depends on it.
    AskOwnCard,
    /// Round trip to the server (XEP-0199). Answered by `Pong` or `RequestFailed`.
    Ping(RequestId),
    /// Somebody looks, or nobody does: where the server wants to know (XEP-0352), it is told once.
    ClientState { active: bool },
    /// The person is at the keys: within ten seconds it must be known whether the line is alive. To be said at most every
    /// two seconds, and each time counts for as long.
    Attend,
    /// Unavailable presence, footer, end (RFC 6120 section 4.4).
    SignOut,
}

/// A message of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Becomes stanza id and origin-id.
    pub key: MessageKey,
    /// Whom to; a full address when the talk is locked to a device (RFC 6121 section 5.1).
    pub to: Jid,
    /// What to say, as typed.
    pub body: String,
    /// Ask for a receipt (XEP-0184).
    pub ask_receipt: bool,
    /// The message was written at this moment and waited (XEP-0203); `None` when it goes out at once.
    pub delayed: Option<Stamp>,
    /// The session that it is meant for, as its link counts them: another one must not send it, for whoever meant that one
    /// will find out what became of it, and send it again. `None`: whichever there is.
    pub session: Option<Epoch>,
}

/// How we appear to others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appearance {
    /// State.
    pub show: Show,
    /// Personal message.
    pub status: Option<String>,
    /// RFC 6121 section 4.7.2.3; negative for one-shot commands.
    pub priority: i8,
}

impl Default for Appearance {
    /// There, and nothing said.
    fn default() -> Self {
        Self { show: Show::Available, status: None, priority: 0 }
    }
}

/// RFC 6121 section 4.7.2.1, plus the two states that are a presence type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Show {
    /// No `<show/>`, or `chat`.
    Available,
    /// `dnd`.
    Busy,
    /// `away`.
    Away,
    /// `xa`.
    Gone,
    /// `type='unavailable'`.
    Offline,
}

/// XEP-0085.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChatState {
    /// Looking at the talk.
    Active,
    /// Typing.
    Composing,
    /// Stopped typing, text is still there.
    Paused,
    /// Not looking.
    Inactive,
    /// Left the talk.
    Gone,
}

/// RFC 6121 section 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubscriptionStep {
    /// Ask to see their presence.
    Ask,
    /// Say yes to their question.
    Accept,
    /// Say no, or take a yes back.
    Deny,
    /// Stop seeing their presence.
    Cancel,
}

/// XEP-0313 section 4. Results come oldest first within a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveQuery {
    /// Joins page and query.
    pub request: RequestId,
    /// Only the talk with this buddy.
    pub with: Option<BareJid>,
    /// Only what came after this id: paging forward, or, beside `before`, as the older end (`Features::archive_ids`).
    pub after: Option<ArchiveId>,
    /// Say whether this result is in the page.
    pub meets: Option<ArchiveId>,
    /// Only what came before this id; `Some(None)` is the last page (`<before/>`).
    pub before: Option<Option<ArchiveId>>,
    /// Only what came at or after this moment.
    pub since: Option<Stamp>,
    /// Only what came at or before this moment.
    pub until: Option<Stamp>,
    /// Page size, 1 to 200.
    pub max: u16,
}

impl ArchiveQuery {
    /// The last page of the whole archive.
    pub fn newest(request: RequestId, max: u16) -> Self {
        Self { request, with: None, after: None, meets: None, before: Some(None), since: None, until: None, max }
    }
}

/// How a session signs in. Everything secret comes later, against a `TokenSlot`.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// The stream's `to`, and what the certificate must prove. Never changed by a redirect.
    pub domain: Domain,
    /// The typed local part, where there is one. A Messenger-style service ignores it and tells another at bind.
    pub local: Option<String>,
    /// Resource to ask for; `None` lets the server choose.
    pub resource: Option<String>,
    /// Mechanism names in order of wish; empty = the strongest offered that the credentials fit.
    pub mechanisms: Vec<String>,
    /// The person named them: nothing else is used, not even a token of the server's own.
    pub forced: bool,
    /// What there is to sign in with.
    pub credential: CredentialKind,
    /// The connection began with TLS (XEP-0368): no STARTTLS.
    pub direct_tls: bool,
    /// A redirect led here: a close before the first header is then named so.
    pub after_redirect: bool,
    /// Stop once features are known, or once the server told its OAuth address: sign-in is not wanted yet.
    pub purpose: Purpose,
    /// Random bytes for nonces and ids; fresh for each session.
    pub seed: [u8; 32],
    /// `<software/>`-like words are kept from others unless the person agrees.
    pub show_client: bool,
    /// What earlier sign-ins saw of this server.
    pub known: Known,
    /// This is the account's one session on this computer. One that may run beside another tells no installation (a
    /// server ends the earlier session of the same one), uses no token of the server's own and is never taken up again.
    pub lasting: bool,
    /// A token of the server's own (XEP-0484) is at hand; its text is asked for by a slot of its own.
    pub fast: Option<FastTicket>,
    /// Nobody looks at the messages now (XEP-0352).
    pub absent: bool,
    /// Speak only of what was seen on this connection: what was said ahead, or a token, was not understood just now.
    pub stepwise: bool,
}

/// What sort of secret the account has; mechanisms are chosen to fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialKind {
    /// A password: SCRAM, or PLAIN over verified TLS.
    Password,
    /// An OAuth access token: OAUTHBEARER, X-MESSENGER-OAUTH2, X-OAUTH2.
    Token,
}

/// Why the stream is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To chat.
    Chat,
    /// To learn the offered mechanisms and, by an empty OAUTHBEARER response (RFC 7628 section 4.3), where the
    /// OAuth metadata is. Ends with `Event::Discovered`.
    Discover,
    /// To have the server end every other sign-in of the account (XEP-0494). Ends with `Event::Dismissed`, or with a
    /// problem where that could not be asked for. Nothing is shown to others, and nothing of the account is read.
    Dismiss,
    /// To have the server forget the token of its own (XEP-0484 section 3.6), at sign-out. Ends with
    /// `Event::Fast(None)` and no problem where it has, whatever came of the token.
    Invalidate,
}

/// The secret that a session asks for by `Output::WantSecret` and is given by `Session::provide`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenSlot {
    pub(crate) kind: CredentialKind,
    pub(crate) fast: bool,
}

impl TokenSlot {
    /// Which secret is wanted. A slot exists only after the certificate was verified.
    pub fn kind(self) -> CredentialKind {
        self.kind
    }

    /// The token of the server's own is wanted, not the account's secret.
    pub fn is_fast(self) -> bool {
        self.fast
    }
}

/// The body that goes out, cleaned the way the receiver would have to.
impl Outgoing {
    /// The body as our own history shows it.
    pub fn shown(&self) -> Prose {
        Prose::clean(&self.body)
    }
}
