//! What butty knows: accounts, buddies, talks, and where the person is looking.
//!
//! Plain data. `update` is the only writer; `ui`, `cli` and tests read.

use super::composer::Composer;
use super::event::{CodePrompt, Consent, Keep, LinkState, Viewport};
use super::list::Row;
use super::outbox::Post;
use super::setup::AccountSetup;
use super::sync::Sync;
use crate::types::{
    AccountId, BareJid, Epoch, FullJid, Jid, Line, MessageKey, Now, OriginId, Problem, Prose, RequestId, Stamp,
    StanzaId,
};
use crate::xmpp::{Appearance, Direction, Features, RosterItem, Show};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// Everything. One per process.
#[derive(Debug)]
pub struct Model {
    /// Options that the mind obeys.
    pub options: Options,
    /// In the order of the configuration.
    pub accounts: Vec<Account>,
    /// Every talk that was opened or has something unread.
    pub talks: BTreeMap<ConversationKey, Conversation>,
    /// Open tabs, left to right.
    pub tabs: Vec<ConversationKey>,
    /// The talk on the screen.
    pub open: Option<ConversationKey>,
    /// The one before it.
    pub last_open: Option<ConversationKey>,
    /// Which place takes the keys.
    pub focus: Focus,
    /// The whole-screen place.
    pub screen: Screen,
    /// What lies over it, top last.
    pub overlays: Vec<Overlay>,
    /// The buddy list's own state.
    pub list: ListState,
    /// A line in the status bar, until a moment.
    pub toast: Option<Toast>,
    /// Trouble that concerns no single account: disk, config.
    pub trouble: Option<Problem>,
    /// Pane sizes.
    pub viewport: Viewport,
    /// The terminal has the focus, as far as it tells.
    pub focused: bool,
    /// The last `Now` that `update` was given.
    pub now: Now,
    /// Grows with every visible change.
    pub revision: u64,
    /// When Ctrl+C was pressed in an empty place: pressed again before this, it quits.
    pub quit_armed: Option<Duration>,
    /// The exit code, once leaving was decided.
    pub leaving: Option<u8>,
    /// The cached list has been told.
    pub cache_known: bool,
    /// What the last deletion of a word or a line took, to be put back with Ctrl+Y in any talk.
    pub killed: String,
    /// Chance: a seed and a counter, for message keys and request ids.
    pub chance: Chance,
    /// Pages asked for and not yet told, local store.
    pub pages: BTreeMap<RequestId, ConversationKey>,
    /// Rows handed to the store and not yet committed: the length of `waiting`.
    pub uncommitted: usize,
    /// Those rows, and what is owed once they are safe.
    pub waiting: BTreeMap<MessageKey, Waiting>,
    /// The last key that was made: the next one is greater, whatever the clock does.
    pub last_key: MessageKey,
    /// When the person last did something (`Now::mono`), for auto-away.
    pub last_input: Duration,
    /// Unread messages as last told by `Effect::Title`.
    pub titled: Option<u32>,
    /// When the person was last told outside the window (`Now::mono`).
    pub notified_at: Option<Duration>,
}

/// A row on its way to the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The talk it belongs to.
    pub talk: ConversationKey,
    /// The receipt that is owed for it: to which device, and for which id.
    pub receipt: Option<(Jid, OriginId)>,
    /// It becomes unread once it proves to be new: an archive copy of an old one must not ring.
    pub counts: bool,
    /// Ours, from another device, while we were away: what came before it was read there.
    pub answers: bool,
}

/// Options that the mind and the eye obey; a part of the config file.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Glyphs: Unicode, or ASCII alone.
    pub ascii: bool,
    /// No colour at all.
    pub mono: bool,
    /// Layout by size, or forced.
    pub layout: LayoutChoice,
    /// Columns of the list; 0: by layout.
    pub list_width: u16,
    /// Columns that text may take.
    pub max_text_width: u16,
    /// Capture the mouse.
    pub mouse: bool,
    /// The hint bar.
    pub hints: bool,
    /// The window title.
    pub title: bool,
    /// Hide who is offline (never with something unread).
    pub hide_offline: bool,
    /// Draws caused by arrivals, per second.
    pub max_fps: u16,
    /// Rows the composer may grow to.
    pub composer_rows: u16,
    /// Enter writes a new line, Ctrl+J sends.
    pub enter_newline: bool,
    /// Lines of a paste above which Enter asks.
    pub paste_ask_lines: usize,
    /// Tell others that we type.
    pub send_typing: bool,
    /// Tell others that a message arrived.
    pub send_delivered: bool,
    /// Away after so long without a key; `None`: never.
    pub auto_away: Option<Duration>,
    /// Ring the bell for a message out of sight.
    pub bell: bool,
    /// 24-hour clock.
    pub clock_24h: bool,
    /// Minutes east of UTC for a moment; filled by the runtime from the time zone database.
    pub zone: Zone,
    /// Running as the demo.
    pub demo: bool,
    /// The session runs over ssh: no browser, clipboard through the terminal.
    pub over_ssh: bool,
    /// There is a display on which a browser could open.
    pub can_open_browser: bool,
    /// Extra key bindings, place to (key text to action id).
    pub keys: BTreeMap<String, BTreeMap<String, String>>,
}

/// Local time without asking anybody: a table of offsets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Zone {
    /// From this moment on, so many seconds east of UTC. Sorted; before the first entry the first counts.
    pub offsets: Vec<(Stamp, i32)>,
}

/// Forced layout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words of ux.md section 2")]
pub enum LayoutChoice {
    #[default]
    Auto,
    Wide,
    Standard,
    Narrow,
}

/// One account as the person sees it.
#[derive(Clone, Debug)]
pub struct Account {
    /// How it is set up.
    pub setup: AccountSetup,
    /// Where its link stands.
    pub link: LinkState,
    /// The session whose facts count.
    pub epoch: Epoch,
    /// The address the server gave, this time or last time.
    pub jid: Option<FullJid>,
    /// TLS version in use.
    pub tls: Option<&'static str>,
    /// What the server can do.
    pub features: Features,
    /// Whether features were told in this session.
    pub features_known: bool,
    /// How we want to appear; restored on every sign-in.
    pub appearance: Appearance,
    /// What was wanted before auto-away, if that is on.
    pub before_away: Option<Appearance>,
    /// Buddies.
    pub roster: BTreeMap<BareJid, Contact>,
    /// Version of the cached roster.
    pub roster_version: Option<String>,
    /// The roster was told in this session (or found unchanged).
    pub roster_known: bool,
    /// People who ask to be buddies, oldest first.
    pub requests: Vec<Request>,
    /// Own messages not yet acknowledged, oldest first.
    pub outbox: VecDeque<MessageKey>,
    /// Since when the link has been down, for the banner.
    pub down_since: Option<Stamp>,
    /// When the last outage ended, with its counts, for the banner.
    pub back: Option<Back>,
    /// The newest moment that this account's archive is known to be complete to.
    pub synced_to: Option<Stamp>,
    /// Reads of the link are paused: the store is behind.
    pub paused: bool,
    /// Who holds the account's files.
    pub files: Files,
    /// The person wants this account online.
    pub wanted: bool,
    /// It was online since the program started: only then can a connection be lost.
    pub was_online: bool,
    /// As `down_since`, on the clock that never jumps (`Now::mono`).
    pub down_at: Option<Duration>,
    /// Tries since the link went down.
    pub attempts: u32,
    /// The host being dialled, or last dialled.
    pub host: Option<Line>,
    /// Where its secret is kept, once told.
    pub keep: Option<Keep>,
    /// Made by a sign-in that has not succeeded yet: not saved, and forgotten when that is given up.
    pub fresh: bool,
    /// The service also offers sign-in with a code.
    pub device_sign_in: bool,
    /// What was agreed to at the last sign-in with a code, raw.
    pub scopes: Vec<Line>,
    /// A sign-out is under way.
    pub signing_out: Option<SigningOut>,
    /// The session that let somebody else in: nothing of it is taken.
    pub refused: Option<Epoch>,
    /// Messages on their way out.
    pub post: Post,
    /// What is known of the archive.
    pub sync: Sync,
    /// Until when presence may still come in by itself (`Now::mono`): then who is silent is offline.
    pub settle_at: Option<Duration>,
    /// Requests to the server that wait for an answer.
    pub asked: BTreeMap<RequestId, Asked>,
}

/// Whose the files of an account are: one interface at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Files {
    /// Ours, as far as we were told.
    #[default]
    Ours,
    /// Another butty holds them: we stay offline.
    Elsewhere,
    /// They were another's, and were asked for again.
    Asked,
}

/// A sign-out under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SigningOut {
    /// Forget the messages too.
    pub forget: bool,
    /// Go on without the service's word at this moment (`Now::mono`).
    pub by: Duration,
}

/// Why a request went to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The roster is to change; the name is for the sentence if it cannot.
    Buddy(BareJid),
    /// Whose address an e-mail is; with the group to put them in.
    Address {
        /// What was typed.
        email: String,
        /// The group.
        group: Option<String>,
    },
    /// A page of the archive: catching up since the last time.
    CatchUp,
    /// A page of the archive: did what we wrote arrive before the link was lost?
    Check,
    /// A page of the archive of one talk.
    Talk(ConversationKey),
}

/// "Back online after 1 min 20 s. 2 sent, 5 received."
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Back {
    /// How long it was down.
    pub after: Duration,
    /// Messages that went out since.
    pub sent: u32,
    /// Messages that came in since.
    pub received: u32,
    /// Shown until this moment (`Now::mono`).
    pub until: Duration,
}

/// A buddy.
#[derive(Clone, Debug)]
pub struct Contact {
    /// As the server keeps it.
    pub item: RosterItem,
    /// Nickname the buddy chose.
    pub nick: Option<Line>,
    /// Online devices, by resource (empty for a bare address).
    pub devices: BTreeMap<String, Device>,
    /// When the state last changed, if known.
    pub since: Option<Stamp>,
    /// Last personal message.
    pub status: Option<Line>,
    /// The presence is from an earlier session and not confirmed yet.
    pub stale: bool,
    /// Devices that type now: resource, and until when that is believed (`Now::mono`).
    pub typing: Option<Duration>,
    /// The state by which the list sorts, until a moment (`Now::mono`): somebody who vanishes for a few seconds
    /// keeps the place.
    pub sorted_as: Option<(Show, Duration)>,
}

/// One online device of a buddy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// State.
    pub show: Show,
    /// Personal message.
    pub status: Option<Line>,
    /// RFC 6121 section 4.7.2.3.
    pub priority: i8,
    /// Since when, as told or as seen.
    pub since: Stamp,
}

/// Somebody asks to be a buddy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Who.
    pub from: BareJid,
    /// What they call themselves.
    pub nick: Option<Line>,
    /// What they wrote.
    pub text: Option<Line>,
}

/// A talk: with whom, and in which account.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConversationKey {
    /// Ours.
    pub account: AccountId,
    /// Theirs.
    pub peer: BareJid,
    /// What sort.
    pub kind: ConversationKind,
}

impl ConversationKey {
    /// A one-to-one talk.
    pub fn direct(account: AccountId, peer: BareJid) -> Self {
        Self { account, peer, kind: ConversationKind::Direct }
    }
}

/// What sort of talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ConversationKind {
    /// One to one.
    Direct,
    /// A room.
    Room,
}

/// A talk's state.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// Which.
    pub key: ConversationKey,
    /// Messages in order of time, as far as loaded. Bounded: see `Conversation::KEEP`.
    pub messages: VecDeque<Message>,
    /// Older ones exist in the store.
    pub more_stored: bool,
    /// The first page was asked for.
    pub loaded: bool,
    /// The server's last archive page was asked for in this epoch.
    pub archive_asked: Option<Epoch>,
    /// What is being written.
    pub composer: Composer,
    /// The draft as last handed to the store.
    pub draft_saved: String,
    /// When to hand it over (`Now::mono`).
    pub draft_due: Option<Duration>,
    /// Unread messages.
    pub unread: u32,
    /// First unread message at the moment of opening: the "2 new" rule stands above it.
    pub new_from: Option<MessageKey>,
    /// How many were new then.
    pub new_count: u32,
    /// Where the pane stands.
    pub scroll: Scroll,
    /// Selected message.
    pub selected: Option<MessageKey>,
    /// The device we talk to (RFC 6121 section 5.1), unlocked by presence.
    pub locked_to: Option<FullJid>,
    /// The last typing state that we sent, and when to fall back to paused (`Now::mono`).
    pub told_typing: Option<Duration>,
    /// Everything before this was scrolled out of sight by `/clear`.
    pub cleared_at: Option<Stamp>,
    /// The last message here was encrypted and the first plain reply has not been agreed to.
    pub warn_plain: bool,
    /// When the newest message was written, loaded or not.
    pub last_at: Option<Stamp>,
    /// What a stranger calls themselves.
    pub nick: Option<Line>,
    /// The page that was asked for and is not here yet.
    pub page: Option<RequestId>,
    /// Newer messages exist in the store than in `messages`: reading far up while a flood comes in.
    pub tail_missing: bool,
    /// The archive has nothing older than what we have.
    pub archive_start: bool,
    /// Marks for messages that are not loaded yet; applied when they are.
    pub late_marks: Vec<(OriginId, MessageState)>,
    /// Hashes of the ids in `messages`, to answer "certainly new" without a walk.
    pub known_ids: BTreeSet<u64>,
}

impl Conversation {
    /// Messages kept in memory for a talk.
    pub const KEEP: usize = 2_000;
}

/// Where a messages pane stands: bound to a message, never to a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the nouns of what their variant says")]
pub enum Scroll {
    /// At the newest message, and follows it.
    #[default]
    Bottom,
    /// The pane's bottom edge is `rows` rows below the last row of this message (negative: above it).
    At {
        /// The message.
        key: MessageKey,
        /// Rows below its last row.
        rows: i32,
    },
}

/// One message, in or out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Ours.
    pub key: MessageKey,
    /// Where it belongs.
    pub talk: ConversationKey,
    /// Which way.
    pub direction: Direction,
    /// Who wrote it.
    pub author: Author,
    /// When it was written.
    pub stamp: Stamp,
    /// What it says.
    pub body: Body,
    /// How far it came.
    pub state: MessageState,
    /// The sender's id.
    pub origin: Option<OriginId>,
    /// Our archive's id.
    pub stanza_id: Option<StanzaId>,
    /// What it refers to.
    pub relation: Option<Relation>,
    /// Attached things; empty in this release.
    pub attachments: Vec<Attachment>,
    /// The device it came from, for receipts.
    pub from: Option<Jid>,
    /// A receipt is owed once it is stored.
    pub owes_receipt: bool,
    /// It was corrected.
    pub edited: bool,
}

/// Who wrote a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Author {
    /// We, on this device or another.
    Me,
    /// The buddy of the talk.
    Contact,
    /// Somebody in a room.
    Occupant(Line),
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Plain text.
    Plain(Prose),
    /// Encrypted for us and opened; the text.
    Sealed(Prose),
    /// Encrypted, and not for us; the method.
    Unreadable(Line),
}

/// How far a message came. Only for `Direction::Out`; incoming ones are `Received`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageState {
    /// Theirs.
    Received,
    /// Not with the server yet.
    Pending,
    /// The server has it.
    Sent,
    /// A device of theirs has it.
    Delivered,
    /// Read, at this moment if told.
    Read(Option<Stamp>),
    /// It will not arrive.
    Failed(Problem),
}

/// How a message refers to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relation {
    /// Corrects it (XEP-0308).
    Replaces(OriginId),
    /// Answers it (XEP-0461).
    Answers(OriginId),
    /// Reacts to it (XEP-0444).
    ReactsTo(OriginId, Vec<Line>),
}

/// Something attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Where it lies.
    pub address: String,
    /// Its base name.
    pub name: Line,
}

/// Which place takes the keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Focus {
    /// The box where one writes (or nothing, when no talk is open).
    #[default]
    Composer,
    /// A message is selected.
    Messages,
    /// The buddy list.
    List,
}

/// The whole-screen place.
#[derive(Clone, Debug)]
pub enum Screen {
    /// No account yet.
    Welcome(Welcome),
    /// Signing in.
    SignIn(Box<SignInScreen>),
    /// Buddies and talks.
    Main,
}

/// The welcome screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Welcome {
    /// Highlighted row, 0 to 3.
    pub selected: usize,
    /// The row has been highlighted since (`Now::mono`): after two seconds the same command is named.
    pub since: Duration,
}

/// The sign-in screens (ux 1.3 and 1.1).
#[derive(Clone, Debug)]
pub struct SignInScreen {
    /// Which way in.
    pub way: SignInWay,
    /// Which step.
    pub step: SignInStep,
    /// The account being signed in; known after step 1.
    pub account: Option<AccountId>,
    /// The address field.
    pub address: Composer,
    /// The password field.
    pub password: Composer,
    /// Show the password (Ctrl+R).
    pub reveal: bool,
    /// Keep the sign-in after butty closes.
    pub keep: bool,
    /// Which field or button has the cursor.
    pub field: usize,
    /// What is wrong with what was typed.
    pub complaint: Option<Problem>,
    /// The square alone on the screen.
    pub big_square: bool,
    /// Dark and light swapped.
    pub invert: bool,
    /// Raw scope names are shown.
    pub raw_scopes: bool,
    /// What was last copied, for the line that says so.
    pub copied: Option<&'static str>,
    /// Where Esc goes: true, back to the main screen (an account exists already).
    pub from_main: bool,
}

/// The ways in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInWay {
    /// A code on a web page.
    Code,
    /// Name and password.
    Password,
    /// A Messenger-style service: a code, and a server to name.
    Messenger,
}

/// The steps of a sign-in.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields are the nouns of what their variant says")]
pub enum SignInStep {
    /// "Where is your account?"
    Where,
    /// The system keyring is not usable: file or memory?
    AskKeep,
    /// Something is going on; the last fact says what.
    Working(Consent),
    /// The code is on the screen. `trouble`: unreachable or slowed down.
    Code { prompt: Box<CodePrompt>, trouble: Option<Consent> },
    /// Granted; the session is being opened.
    Opening,
    /// What was agreed to.
    Review { scopes: Vec<Line> },
    /// It ended without a sign-in.
    Failed(Problem),
}

/// What lies over the screen.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields are the nouns of what their variant says")]
pub enum Overlay {
    /// Ctrl+K.
    GoTo(Picker),
    /// `/` or Ctrl+P.
    Palette(Picker),
    /// F1: `all` shows every place.
    Help { filter: Composer, selected: usize, all: bool },
    /// Alt+S.
    Status { selected: usize, message: Composer, editing: bool },
    /// Answer to a subscription request.
    Request { account: AccountId, from: BareJid },
    /// F4.
    Card(ConversationKey),
    /// Sign out?
    SignOut { account: AccountId, forget: bool, everywhere: bool, kept: Option<u64>, pending: usize, row: usize },
    /// Send this many lines?
    PasteSend { lines: usize },
    /// Quit although something is pending?
    Quit { pending: usize },
    /// A problem that needs a look.
    Trouble(Problem),
    /// Send this in the clear although the talk was encrypted?
    PlainReply,
    /// Add a buddy: address field, and a complaint.
    Add { account: AccountId, address: Composer, complaint: Option<Problem> },
}

/// A filtered list with a selection.
#[derive(Clone, Debug, Default)]
pub struct Picker {
    /// What was typed.
    pub filter: Composer,
    /// Selected row.
    pub selected: usize,
    /// Talks in order of last use when it was opened, for the empty filter.
    pub recent: Vec<ConversationKey>,
}

/// The buddy list's own state.
#[derive(Clone, Debug, Default)]
pub struct ListState {
    /// Selected row of `list::rows`.
    pub selected: usize,
    /// "Type to find a buddy".
    pub filter: String,
    /// Folded groups, by name; `(offline)` is the fold at the end.
    pub folded: BTreeSet<String>,
    /// The list is hidden (F2).
    pub hidden: bool,
    /// The order, frozen while the list has the focus.
    pub frozen: Option<Vec<ConversationKey>>,
    /// First visible row.
    pub top: usize,
    /// The rows as they stood when the list got the focus: nothing moves under the finger.
    pub held: Option<Held>,
}

/// Rows held still, and for which filter and folds they were made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// The rows.
    pub rows: Vec<Row>,
    /// `ListState::filter` then.
    pub filter: String,
    /// `ListState::folded` then.
    pub folded: BTreeSet<String>,
}

/// A passing line in the status bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// What it says: a sentence of `words`.
    pub text: String,
    /// Until when (`Now::mono`).
    pub until: Duration,
}

/// Chance as a value: the same seed gives the same numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chance {
    /// From the operating system, once, in the runtime.
    pub seed: u64,
    /// How many numbers were drawn.
    pub drawn: u64,
}

impl Chance {
    /// The next 64 bits (`SplitMix64`: no secrecy needed, only spread).
    pub fn draw(&mut self) -> u64 {
        self.drawn = self.drawn.wrapping_add(1);
        let mut z = self.seed.wrapping_add(self.drawn.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
