//! Everything that the mind can want.

use super::event::{FoundPlace, Keep};
use super::model::{ConversationKey, Message, MessageState, OnlyHere, Retention};
use super::setup::AccountSetup;
use super::sync::Gap;
use crate::oauth::Asking;
use crate::types::{
    AccountId, ArchiveId, BareJid, FullJid, Line, MessageKey, OriginId, RequestId, Secret, Stamp, StanzaId, Tally,
};
use crate::xmpp::{self, Appearance, Direction, RosterItem};

/// One wish. Wishes are carried out in order.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields are the nouns of what their variant says")]
pub enum Effect {
    /// Start a link for this account; it dials at once if `connect`.
    StartLink { setup: Box<AccountSetup>, connect: bool },
    /// End a link for good.
    StopLink(AccountId),
    /// To the link of an account.
    Link(AccountId, LinkCommand),
    /// To the store.
    Store(StoreRequest),
    /// Tell the person outside the window: bell, or the terminal's own notice.
    Notify { title: Line, text: Option<Line>, bell: bool },
    /// Window title.
    Title(String),
    /// Put text on the clipboard (OSC 52).
    Clipboard(String),
    /// Open an address in a browser. Only http and https come here.
    OpenUrl(String),
    /// Stop the process as Ctrl+Z does in a shell, with the terminal put back; answered by `Event::Resumed`.
    Suspend,
    /// Let the mouse go, or take it.
    Mouse(bool),
    /// Draw everything anew.
    Redraw,
    /// Read the config file again.
    ReloadConfig,
    /// Answer for the demo's own page: yes or no, as if given there.
    DemoAnswer(bool),
    /// Leave this screen for the demo, as `butty demo` does; only where there is no account yet.
    StartDemo,
    /// Leave with this exit code, after links have said goodbye.
    Quit(u8),
}

/// To a link.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields are the nouns of what their variant says")]
pub enum LinkCommand {
    /// Be online; or try again now.
    Connect,
    /// Be offline; says goodbye.
    Disconnect,
    /// The cache holds the roster of this version (XEP-0237): only what changed since has to come.
    KnowRoster { version: String },
    /// To the session.
    Session(xmpp::Command),
    /// Here is the password.
    Password { password: Secret<String>, keep: Keep },
    /// The person agrees to a sign-in that is weaker than before: from the next session on, what is offered then is
    /// what later ones are held to.
    AcceptWeaker,
    /// Keep the password or token that was given there instead, and go on with it.
    KeepGiven { keep: Keep },
    /// The next sign-in with a code or on a page asks for this.
    AskFor(Asking),
    /// Begin the sign-in with a code; the secret goes where `keep` says.
    SignInWithCode { keep: Keep },
    /// Begin it, keep what was shown, and stop there (`Consent::Parked`).
    BeginSignIn { keep: Keep },
    /// Go on with what `BeginSignIn` kept.
    ResumeSignIn { keep: Keep },
    /// The address that the browser ended on, as the person pasted it.
    Redirected { address: Secret<String> },
    /// Here is an access token that others made.
    Token { token: Secret<String>, keep: Keep },
    /// Stop waiting for the code.
    CancelSignIn,
    /// Poll now instead of waiting (key `r`).
    PollNow,
    /// The last sign-in was the right person's: what it replaced is given up for good.
    Confirm,
    /// The last sign-in was another person's: it is given up, and what was kept before it comes back. Offline then.
    TakeBack,
    /// The same, but what that person was given is put aside until `HandOver`, or until anything else is wanted.
    SetAside,
    /// What was put aside becomes the sign-in of this account; answered by `LinkFact::HandedOver`.
    HandOver { to: Box<AccountSetup> },
    /// Forget the sign-in here, and revoke it at the service; `everywhere`: and first have the server end the account's
    /// other sign-ins.
    SignOut { everywhere: bool },
    /// Somebody looks at the screen, or nobody does: for this session and those that follow (XEP-0352).
    Attention { active: bool },
    /// Stop reading from the wire: the store is behind.
    Pause,
    /// Read again.
    Resume,
}

/// A place in a talk, by whatever tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Position {
    /// Our archive's id of a message.
    Archive(StanzaId),
    /// The sender's id of a message of theirs.
    Theirs(OriginId),
    /// A moment.
    Moment(Stamp),
}

/// To the store. Everything is keyed by account; nothing waits for an answer.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields are the nouns of what their variant says")]
pub enum StoreRequest {
    /// Tell the cache of this account, then watch over it (account lock).
    Open { account: AccountId },
    /// Say `Stored::CacheDone` when everything before was told.
    CacheDone,
    /// Keep a message; answered by `Committed` or `Duplicate`.
    Insert(Box<Message>),
    /// A message changed state.
    SetState { key: MessageKey, state: MessageState },
    /// A message of ours that is not in memory came so far; it counts only in this talk, and never backwards. Answered by
    /// `Marked`.
    Mark { talk: ConversationKey, key: MessageKey, state: MessageState },
    /// The person gave up a message that was not sent: forget it.
    Discard { key: MessageKey },
    /// The archive has a message at another place than our clock put it.
    SetStamp { key: MessageKey, stamp: Stamp },
    /// The archive has these messages of theirs, which are not in memory, in this order: one that stands before the one
    /// before it moves behind that.
    Order { talk: ConversationKey, ids: Vec<StanzaId> },
    /// The archive's id of a message became known.
    SetStanzaId { key: MessageKey, stanza_id: StanzaId },
    /// A page of a talk: at most `limit` messages older than `before` (`None`: the newest).
    Page { request: RequestId, talk: ConversationKey, before: Option<(Stamp, MessageKey)>, limit: u16 },
    /// The messages around one: at most `limit` up to it and as many behind it; answered by `Around`.
    Around { request: RequestId, talk: ConversationKey, at: (Stamp, MessageKey), limit: u16 },
    /// What was said with these words: a page of at most `limit` hits, newest first; answered by `Found`. `before`: as
    /// the page before this one told it.
    Search { request: RequestId, search: Box<Search>, before: Option<FoundPlace>, limit: u16 },
    /// How long messages stay on the disk, from now on. Until it is told: for ever.
    Retain(Retention),
    /// Everything in this talk up to here was seen.
    MarkRead { talk: ConversationKey, up_to: Stamp },
    /// The other side knows, or needs not be told, that everything in this talk up to here was seen.
    Displayed { talk: ConversationKey, up_to: Stamp },
    /// A device of ours has seen this talk up to here; answered by `Stored::Read`. `ahead`: say whether we saw more.
    ReadTo { request: RequestId, talk: ConversationKey, to: Position, ahead: bool },
    /// Keep a draft; empty: forget it.
    Draft { talk: ConversationKey, text: String },
    /// The roster, whole.
    Roster { account: AccountId, items: Vec<RosterItem>, version: Option<String> },
    /// One change.
    RosterItem { account: AccountId, item: RosterItem, version: Option<String> },
    /// What the person changed of a buddy on this computer alone; empty: forget it.
    OnlyHere { account: AccountId, who: BareJid, here: OnlyHere },
    /// How we appear.
    Appearance { account: AccountId, appearance: Appearance },
    /// The address that the service gave.
    Bound { account: AccountId, jid: FullJid },
    /// Folded groups.
    Folded { account: AccountId, groups: Vec<String> },
    /// Everything that the archive holds up to here is here, but for the gaps: this result, this moment. Comes after its
    /// `Insert`s.
    Synced { account: AccountId, last: Option<ArchiveId>, at: Stamp, gaps: Vec<Gap> },
    /// The person was asked then to agree once more, for display pictures.
    PicturesAsked { account: AccountId, at: Stamp },
    /// Keep, or forget, an account that was signed in to.
    SaveAccount(Box<AccountSetup>),
    /// Forget an account; with its messages, or without.
    ForgetAccount { account: AccountId, messages: bool },
    /// Say `Stored::Confirmed` once everything before is safely on the disk.
    Confirm { account: AccountId, tally: Tally },
    /// How many messages are kept.
    Count { account: AccountId },
    /// Commit now; end after the last request.
    Close,
}

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// As typed. All of them are in a hit, in any order; the last one may go on, unless a blank follows it.
    pub words: String,
    /// Where.
    pub within: SearchIn,
    /// Only ours, or only theirs.
    pub direction: Option<Direction>,
    /// Only what was said before this.
    pub before: Option<Stamp>,
    /// Only what holds a link.
    pub links: bool,
}

/// Where is looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchIn {
    /// In everything that is kept.
    Everywhere,
    /// In one account.
    Account(AccountId),
    /// In one talk.
    Talk(ConversationKey),
}
