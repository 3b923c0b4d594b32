//! Facts from a session.
//!
//! Everything in here was checked at the door: senders are entitled to say what they say (copies and pushes only
//! from ourselves), addresses are parsed, text is clean.

use super::command::{ChatState, Show};
use super::{FastToken, Known};
use crate::types::{
    ArchiveId, BareJid, FullJid, Jid, Line, MessageKey, OriginId, Picture, Problem, Prose, RequestId, Stage, Stamp,
    StanzaId, Tally,
};
use crate::xml::XmlError;

/// What a session can report.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the fields are the nouns of what their variant says")]
pub enum Event {
    /// A stage of the sign-in was reached.
    Reached(Stage),
    /// The mechanisms on offer, trimmed, in the server's order (after TLS).
    Offered(Vec<String>),
    /// `Purpose::Discover` is done: what is offered and where the OAuth metadata is, if the server says so.
    Discovered { mechanisms: Vec<String>, metadata: Option<String> },
    /// Something to keep was learned about the server: the whole of what is known now. For whoever drives the session,
    /// not for the mind.
    Learned(Box<Known>),
    /// A token of the server's own (XEP-0484) to keep in place of the one before; `None`: it is worth nothing any more.
    /// For whoever drives the session, not for the mind.
    Fast(Option<Box<FastToken>>),
    /// What was said ahead of the server's offer was not understood, and the session has ended: worth another try at
    /// once, with `SignIn::stepwise`. For whoever drives the session, not for the mind.
    Again,
    /// `Purpose::Dismiss` is done as far as it could be. For whoever drives the session, not for the mind.
    Dismissed(Elsewhere),
    /// See-other-host (RFC 6120 section 4.9.3.19). The text is raw: `route` parses it. The session has ended.
    Redirected { to: String, secured: bool },
    /// Bound: messages may flow. Roster and features follow.
    SignedIn(SignedIn),
    /// The session before was taken up on this connection (XEP-0198): nothing was lost, and the server has kept our
    /// presence. `pending`: messages and markers that it does not say to have, to be sent again; those that it has were told by
    /// `Acknowledged` before. `asked`: requests that will still be answered; pages of the archive will
    /// not.
    Resumed { signed_in: SignedIn, pending: Vec<MessageKey>, asked: Vec<RequestId> },
    /// What the server can do (XEP-0030), once known.
    Features(Features),
    /// The whole roster. `None` items: the cached version is still right (XEP-0237).
    Roster { items: Option<Vec<RosterItem>>, version: Option<String> },
    /// One roster change.
    RosterPush { item: RosterItem, version: Option<String> },
    /// A buddy, or another device of ours, appears or vanishes.
    Presence(Presence),
    /// Somebody wants to be a buddy (RFC 6121 section 3.1).
    SubscriptionRequest { from: BareJid, nick: Option<Line>, text: Option<Line> },
    /// A message in any of its ways: live, copied from another device, or out of the archive.
    Message(Box<Incoming>),
    /// A typing notice without a message (XEP-0085).
    ChatState { from: Jid, state: ChatState },
    /// A receipt (XEP-0184): `of` is the id of a message of ours.
    Receipt { from: Jid, of: OriginId, delayed: Option<Stamp> },
    /// A displayed marker (XEP-0333): everything up to `of`, a message of ours, was seen.
    Displayed { from: Jid, of: OriginId, at: Option<Stamp> },
    /// How far talks were read on our devices (XEP-0490). `all`: the answer to `Command::AskReadPositions`; else news of
    /// another device, or of this one.
    ReadPositions { all: bool, positions: Vec<ReadPosition> },
    /// A stanza was more than we take, and something of it is passed over; others in this session are not told of.
    PassedOver(XmlError),
    /// The server keeps no read positions after all.
    NoReadPositions,
    /// The server has this message, or displayed marker: it counts it, or answered a ping written after it.
    Acknowledged(MessageKey),
    /// Is everything that was told before this on the disk? To be answered by `Command::Kept` once it is, and not before:
    /// then the server hears that it need not send it again.
    KeepAsked(Tally),
    /// A message came back (RFC 6120 section 8.3).
    Bounced { key: OriginId, from: Option<Jid>, problem: Problem },
    /// One archive page; its messages came before as `Message` with `Via::Archive`.
    ArchivePage(ArchivePage),
    /// Answer to `Command::LookUp`; `None`: nobody there.
    AddressFound { request: RequestId, jid: Option<BareJid> },
    /// What the service calls us.
    OwnName(Line),
    /// Our picture, as the service has it.
    OwnPhoto(Box<Picture>),
    /// Answer to `Command::Ping`.
    Pong(RequestId),
    /// A request was refused, timed out or cannot be made here.
    RequestFailed { request: RequestId, problem: Problem },
    /// The session is over. Always the last event; `None` when we signed out ourselves.
    Ended(Option<Problem>),
}

/// The end of an archive page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivePage {
    /// Which query it answers.
    pub request: RequestId,
    /// Id of its first result.
    pub first: Option<ArchiveId>,
    /// Id of its last result.
    pub last: Option<ArchiveId>,
    /// The archive has nothing beyond it.
    pub complete: bool,
    /// Results in it, also those that are no messages to show.
    pub count: usize,
    /// When the archive got its first result.
    pub oldest: Option<Stamp>,
    /// `ArchiveQuery::meets` was among them.
    pub met: bool,
}

/// How far a talk was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadPosition {
    /// With whom.
    pub talk: BareJid,
    /// The last message that was seen, by our archive's id.
    pub up_to: StanzaId,
}

/// What became of the account's other sign-ins (XEP-0494).
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the nouns of what their variant says")]
pub enum Elsewhere {
    /// The server was asked to end them. So many it has ended; so many may come back by the password that they know; so
    /// many are left, for whatever reason.
    Asked { ended: usize, by_password: usize, left: usize },
    /// The server ends no sign-in but ours.
    NoWay,
    /// It was not asked.
    NotAsked(Problem),
}

impl Elsewhere {
    /// Nobody else is signed in any more, nor can be without the person.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Asked { by_password: 0, left: 0, .. })
    }
}

/// The result of resource binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// The address the server gave; adopted wholesale (Messenger ignores what was typed).
    pub jid: FullJid,
    /// The mechanism that did it.
    pub mechanism: String,
    /// Every mechanism that was offered.
    pub offered: Vec<String>,
}

/// What the server, or our own account on it, can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// Copies of what other devices send and get (XEP-0280), switched on already.
    pub carbons: bool,
    /// An archive (XEP-0313, `urn:xmpp:mam:2`).
    pub archive: bool,
    /// It takes the id of a message as an end beside the place of a page (`urn:xmpp:mam:2#extended`).
    pub archive_ids: bool,
    /// Messenger's archive: the last ten messages of a talk (XEP-0136). No matter where there is a whole one.
    pub last_ten: bool,
    /// Read positions for our other devices can be kept (XEP-0490).
    pub read_positions: bool,
    /// Messenger's look-up of addresses by e-mail.
    pub look_up: bool,
    /// Hiding while online (XEP-0186).
    pub invisible: bool,
    /// Cards with names (XEP-0054).
    pub cards: bool,
    /// Only the roster change "add" is possible, only `chat` messages, no presence probes: the Messenger dialect.
    pub messenger: bool,
}

/// One buddy as the server keeps it (RFC 6121 section 2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RosterItem {
    /// Address.
    pub jid: BareJid,
    /// Name we gave.
    pub name: Option<Line>,
    /// Groups, in the server's order; at most 32.
    pub groups: Vec<Line>,
    /// State of both subscriptions.
    pub subscription: Subscription,
    /// We asked and wait for an answer.
    pub pending: bool,
}

/// RFC 6121 section 2.1.2.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subscription {
    /// Neither sees the other.
    None,
    /// We see them.
    To,
    /// They see us.
    From,
    /// Both.
    Both,
    /// Only in a push: the buddy is gone.
    Removed,
}

/// RFC 6121 section 4.7.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presence {
    /// Which device; bare for servers that speak for all.
    pub from: Jid,
    /// State.
    pub show: Show,
    /// Personal message.
    pub status: Option<Line>,
    /// −128 to 127.
    pub priority: i8,
    /// Since when, where told (XEP-0203, XEP-0319).
    pub since: Option<Stamp>,
    /// Nickname (XEP-0172).
    pub nick: Option<Line>,
    /// Entity capabilities verification string (XEP-0115), `node#ver`.
    pub caps: Option<String>,
}

/// How a message reached us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Via {
    /// As itself.
    Live,
    /// A copy for this device (XEP-0280).
    Carbon,
    /// Out of the archive (XEP-0313).
    Archive,
}

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Theirs, to us.
    In,
    /// Ours, perhaps from another device.
    Out,
}

/// A message as it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// The other side of the talk.
    pub peer: BareJid,
    /// Who wrote it; full where known.
    pub from: Jid,
    /// Which way it went.
    pub direction: Direction,
    /// How it reached us.
    pub via: Via,
    /// The sender's id.
    pub id: Option<OriginId>,
    /// Our archive's id for it (only from our own bare address, XEP-0359 section 5).
    pub stanza_id: Option<StanzaId>,
    /// When it was written, where told (XEP-0203, or the archive's own stamp).
    pub stamp: Option<Stamp>,
    /// What it says.
    pub body: Content,
    /// A typing state that came along.
    pub state: Option<ChatState>,
    /// A receipt is asked for.
    pub wants_receipt: bool,
    /// This message is (also) a receipt for one of the other side's: seen in carbons and archive.
    pub receipt_of: Option<OriginId>,
    /// The sender wants to be told when it was seen (XEP-0333).
    pub wants_marker: bool,
    /// Everything up to this message of the other side was seen on a device of the sender: seen in carbons and archive.
    pub displayed: Option<OriginId>,
    /// Nickname (XEP-0172), shown for strangers only.
    pub nick: Option<Line>,
    /// Sent while we were away and kept by the server.
    pub delayed: bool,
    /// The query whose archive page it is in. Within one the archive tells in its own order.
    pub page: Option<RequestId>,
}

/// The words of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the nouns of what their variant says")]
pub enum Content {
    /// Nothing to show: a bare state, a receipt.
    None,
    /// Plain text.
    Plain(Prose),
    /// Encrypted for others (XEP-0380 or a known namespace); `name` of the method. The body, if any, is a
    /// fallback text and is not shown.
    Encrypted { name: Line },
}
