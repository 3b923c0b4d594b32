//! Everything that can happen to the mind, by where it comes from.

mod consent;

pub use consent::{BrowserPrompt, CodePrompt, Consent, Fallback, PasteFault};

use super::model::{ConversationKey, Message, OnlyHere, Options, Scroll};
use super::setup::AccountSetup;
use super::sync::Gap;
pub use crate::oauth::Outlook;
use crate::oauth::{Agreement, Farewelled};
use crate::types::{
    AccountId, ArchiveId, BareJid, Epoch, FullJid, Line, MessageKey, Problem, RequestId, Stage, Stamp, StanzaId, Tally,
};
use crate::xmpp::{self, Appearance, Elsewhere, RosterItem};
use std::time::Duration;

/// So often a sign-in is gone on with by itself whose connections break off, before anything is shown and once the
/// person has done their part: within a quarter of a minute.
pub const MOST_BREAKS: u8 = 4;

/// Where a token comes from that is not butty's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFrom {
    /// A command prints it.
    Command,
    /// It stands in a file of others.
    File,
    /// The person handed it in.
    Person,
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A key press.
    Key(Key),
    /// A bracketed paste: text, never keys.
    Paste(String),
    /// A click or a turn of the wheel, already resolved by `ui::hit` to what is under it.
    Mouse(MouseAction, Target),
    /// The panes have these sizes now.
    Viewport(Viewport),
    /// The eye settled a scroll position: same place, in normal form.
    Settled(ConversationKey, Scroll),
    /// The terminal window got or lost the focus.
    Focus(bool),
    /// From the link of an account.
    Link(AccountId, LinkEvent),
    /// From the store.
    Stored(Stored),
    /// A deadline of `Model::deadline` came.
    Tick,
    /// The process is asked to end (SIGTERM), or has no terminal any more.
    Terminate,
    /// The process is interrupted from outside (SIGINT): it ends at once, and says so in its exit code.
    Interrupt,
    /// The process was stopped and goes on.
    Resumed,
    /// A command-line command, or another origin of actions.
    Command(String),
    /// The config file was read again and was fine: these hold from now on.
    Options(Box<Options>),
    /// Something is wrong with the config file, or a file beside it; `None`: no longer.
    ConfigProblem(Option<Problem>),
}

/// A key as the terminal tells it. Characters come as produced, not by position on the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Which.
    pub code: KeyCode,
    /// With Ctrl.
    pub ctrl: bool,
    /// With Alt.
    pub alt: bool,
    /// With Shift; never set for characters, whose case says it.
    pub shift: bool,
}

/// The keys that butty knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names on the keys")]
pub enum KeyCode {
    Char(char),
    Function(u8),
    Enter,
    Escape,
    Tab,
    BackTab,
    Backspace,
    Delete,
    Insert,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
}

/// What the mouse did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MouseAction {
    /// Left button.
    Click,
    /// Middle button.
    Middle,
    /// Wheel, rows; up is negative.
    Wheel(i32),
}

/// What is at a place of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the nouns of what their variant says")]
pub enum Target {
    /// Nothing that answers.
    Nothing,
    /// A row of the buddy list, counted from the first row of `list::rows`.
    ListRow(usize),
    /// The list, off its rows.
    List,
    /// A message.
    Message(MessageKey),
    /// The conversation, off its messages.
    Conversation,
    /// The composer, at this row and column of its text area.
    Composer { row: u16, column: u16 },
    /// Own state, top left.
    OwnState,
    /// A conversation tab.
    Tab(ConversationKey),
    /// The words `/ commands`.
    Commands,
    /// A row of the overlay on top, counted from 0.
    OverlayRow(usize),
    /// A row of the welcome screen, counted from 0.
    WelcomeRow(usize),
}

/// Sizes in cells that the mind needs: for paging and for moving up and down in wrapped text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Viewport {
    /// Whole screen.
    pub width: u16,
    /// Whole screen.
    pub height: u16,
    /// Rows of the messages pane.
    pub messages: u16,
    /// Rows of the buddy list.
    pub list: u16,
    /// Columns of the composer's text.
    pub composer: u16,
    /// Lines of the box on top that do not fit.
    pub hidden: u16,
}

/// A fact from a link, stamped with the session it belongs to.
#[derive(Clone, Debug)]
pub struct LinkEvent {
    /// Facts of a dead epoch are dropped.
    pub epoch: Epoch,
    /// What happened.
    pub fact: LinkFact,
}

/// What a link can tell.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields are the nouns of what their variant says")]
pub enum LinkFact {
    /// A new session begins with this epoch: the host being dialled.
    Dialing { host: Line },
    /// TLS stands: for the status bar. `until`: how long the certificate is good.
    Secured { version: &'static str, until: Option<Stamp> },
    /// A fact of the session.
    Session(xmpp::Event),
    /// The link is down. `retry_in`: it tries again by itself; `None`: it waits to be told.
    Down { problem: Option<Problem>, retry_in: Option<Duration> },
    /// A password is wanted; `problem` says why the last one did not do. The link waits.
    PasswordWanted { problem: Option<Problem>, device_sign_in: bool },
    /// The sign-in with a code went a step.
    Consent(Consent),
    /// What the person agreed to: at a sign-in before `Consent::Granted`, and once more before each session.
    Agreed(Box<Agreement>),
    /// Where the secret was put, or why not. Comes before the session uses it.
    Kept(Keep),
    /// After `LinkCommand::SignOut`: it could not be done, and the account stays. What could be forgotten of it is.
    NotSignedOut(Problem),
    /// After `LinkCommand::SignOut`: done. `told`: whether the service knows, or will; `elsewhere`: what became of the
    /// other sign-ins, where they were to end; `browser`: the page that ends the browser's own sign-in.
    SignedOut { told: Farewelled, elsewhere: Option<Elsewhere>, browser: Option<Line> },
    /// After `LinkCommand::HandOver`: where that account's sign-in is kept now, or why it is not.
    HandedOver { to: Box<AccountSetup>, kept: Result<Keep, Problem> },
}

/// Where a secret is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// The system keyring.
    Keyring,
    /// A file that only the user can read.
    File,
    /// Only until butty closes.
    Memory,
}

/// Answers of the store.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields are the nouns of what their variant says")]
pub enum Stored {
    /// At start: what is known about an account.
    Cache { account: AccountId, cache: Box<AccountCache> },
    /// Everything asked for at start was told.
    CacheDone,
    /// Answer to `StoreRequest::Page`: oldest first. `more`: older ones exist. `displayed`: so far the other side knows
    /// what was read.
    Page { request: RequestId, talk: ConversationKey, displayed: Stamp, messages: Vec<Message>, more: bool },
    /// Answer to `StoreRequest::Around`: oldest first. `more`: older ones exist; `newer`: newer ones.
    Around {
        request: RequestId,
        talk: ConversationKey,
        displayed: Stamp,
        messages: Vec<Message>,
        more: bool,
        newer: bool,
    },
    /// Answer to `StoreRequest::Search`: newest first. `next`: where older hits begin, if there are any. `count`: all of
    /// them, on the first page; 1,000 stands for that many and more.
    Found { request: RequestId, hits: Vec<Message>, next: Option<FoundPlace>, count: Option<u32> },
    /// Answer to `StoreRequest::ReadTo`. `up_to`: `None` where no such message is here. `ours`: we had seen more, up to
    /// this one. `displayed`: so far the other side knows, or needs not be told.
    Read {
        request: RequestId,
        talk: ConversationKey,
        up_to: Option<Stamp>,
        displayed: Stamp,
        unread: u32,
        ours: Option<StanzaId>,
    },
    /// These messages are on disk. Only now may receipts go out.
    Committed { keys: Vec<MessageKey> },
    /// These are not on the disk, and wait for it: they are shown, nobody is told that they came, and `Committed` or
    /// `Duplicate` follows once it takes them.
    NotKept { keys: Vec<MessageKey> },
    /// So many of `StoreRequest::Mark` were carried out, whether there was such a message or not.
    Marked { count: usize },
    /// A message that we already had (same id): nothing was written; `existing` is its key, `stamp` its place.
    Duplicate { key: MessageKey, existing: MessageKey, stamp: Stamp },
    /// Answer to `StoreRequest::Confirm`: what was asked for before it is on the disk.
    Confirmed { account: AccountId, tally: Tally },
    /// The disk is well, but takes one thing never, whatever is tried again: a message, or something else (`None`).
    /// `Recovered` follows with the next message that is kept.
    Refused { key: Option<MessageKey>, problem: Problem },
    /// Writing failed. The rows stay queued and are tried again.
    Failed(Problem),
    /// Writing works again.
    Recovered,
    /// Another butty holds the account.
    InUse { account: AccountId },
    /// A file was broken and was set aside.
    SetAside(Problem),
    /// How many messages of an account are kept here (for the sign-out question).
    Count { account: AccountId, messages: u64 },
}

/// Where a page of hits ended, in the store's own count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FoundPlace(pub i64);

/// What is known about an account before the server answers.
#[derive(Clone, Debug, Default)]
pub struct AccountCache {
    /// The last roster.
    pub roster: Vec<RosterItem>,
    /// What the person changed of the list on this computer alone.
    pub only_here: Vec<(BareJid, OnlyHere)>,
    /// Its version (XEP-0237).
    pub roster_version: Option<String>,
    /// The address that the service last gave.
    pub jid: Option<FullJid>,
    /// How we appeared last.
    pub appearance: Option<Appearance>,
    /// Last known personal message and state change of buddies: for "last seen".
    pub last_seen: Vec<(BareJid, Stamp)>,
    /// Talks with something in them, newest first: key, unread count, stamp of the newest message.
    pub talks: Vec<(ConversationKey, u32, Stamp)>,
    /// Drafts.
    pub drafts: Vec<(ConversationKey, String)>,
    /// Own messages without an acknowledgement, oldest first.
    pub outbox: Vec<Message>,
    /// Folded groups.
    pub folded: Vec<String>,
    /// How far the archive is known to be here, as last told by `StoreRequest::Synced`.
    pub synced: Option<(Option<ArchiveId>, Stamp)>,
    /// What of it is not, oldest first.
    pub gaps: Vec<Gap>,
    /// How far talks were read, and how far the other side knows that.
    pub read_to: Vec<(ConversationKey, Stamp, Stamp)>,
    /// Talks in which it may have to be told more, those first that were read last.
    pub undisplayed: Vec<ConversationKey>,
    /// When the person was last asked to agree once more, for display pictures.
    pub pictures_asked: Option<Stamp>,
    /// The highest key of a message, of whatever account.
    pub last_key: Option<MessageKey>,
    /// The history cannot be read: this is not what it holds. Once it can be, that is told as well.
    pub stand_in: bool,
}

/// Where a link stands, for whoever only wants one word.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the nouns of what their variant says")]
pub enum LinkState {
    /// Not wanted.
    Idle,
    /// Dialling or signing in, at this stage.
    Connecting(Stage),
    /// Signed in.
    Online,
    /// Down.
    Offline {
        /// Why.
        problem: Option<Problem>,
        /// When the next try comes; `None`: not by itself.
        retry_at: Option<Duration>,
        /// Since when.
        since: Stamp,
    },
}

/// A setup that the mind was started with, or that a sign-in made.
pub type Setups = Vec<AccountSetup>;
