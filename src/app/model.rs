//! What butty knows: accounts, buddies, talks, and where the person is looking.
//!
//! Plain data. `update` is the only writer; `ui`, `cli` and tests read.

mod account;
mod buddies;
mod find;
mod message;
mod options;
mod screen;

pub use account::{Account, Agreement, Asked, Back, Contact, Device, Files, Leaving, OnlyHere, Request};
pub use buddies::Buddies;
pub use find::{Find, Jump};
pub use message::{
    Above, Arrival, Attachment, Author, Body, Conversation, ConversationKey, ConversationKind, Displaying, GapHere,
    Heard, Message, MessageState, Recount, Relation, Scroll, Walk, Walked,
};
pub use options::{LayoutChoice, Options, Retention, Zone};
pub use screen::{
    Focus, Held, ListState, MenuStep, Overlay, Picker, Screen, SignInScreen, SignInStep, SignInWay, SignOutBox, Toast,
    Welcome,
};

use super::event::Viewport;
use crate::types::{Jid, MessageKey, Now, OriginId, Problem, RequestId, Stamp};
use std::collections::BTreeMap;
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
    /// First line to show of a box that is higher than the screen, where nothing in it is chosen.
    pub box_top: u16,
    /// The terminal has the focus, as far as it tells.
    pub focused: bool,
    /// The last `Now` that `update` was given.
    pub now: Now,
    /// Grows with every visible change.
    pub revision: u64,
    /// Grows with everything that happens but plain writing (`update::key::plain`): while it stands still, nothing
    /// changed outside the box of the open talk, save what time alone changes ([`Model::next_sight`]).
    pub around: u64,
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
    /// Where the person wants to be, once it is loaded.
    pub jump: Option<Jump>,
    /// The disk refuses, and that was said: rows wait until it takes them, and what is to be sent is sent all the same.
    pub not_kept: bool,
    /// Rows handed to the store and not yet committed, and what is owed once they are safe.
    pub waiting: BTreeMap<MessageKey, Waiting>,
    /// Bytes of the messages in them ([`Message::bytes`]).
    pub uncommitted_bytes: usize,
    /// Marks handed to the store for messages that are not in memory, and perhaps nowhere, and not yet looked up there.
    pub marking: usize,
    /// The last key that was made: the next one is greater, whatever the clock does.
    pub last_key: MessageKey,
    /// When the person last did something (`Now::mono`), for auto-away.
    pub last_input: Duration,
    /// What links were told of that.
    pub attention: Attention,
    /// Unread messages as last told by `Effect::Title`.
    pub titled: Option<u32>,
    /// When the person was last told outside the window (`Now::mono`).
    pub notified_at: Option<Duration>,
}

/// What links were told of the person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attention {
    /// When they last heard that the person is at the keys (`Now::mono`).
    pub told: Option<Duration>,
    /// When the window last got or lost the focus (`Now::mono`).
    pub focused_at: Duration,
    /// They heard that nobody looks.
    pub absent: bool,
}

/// A row on its way to the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Bytes of the message in it ([`Message::bytes`]).
    pub bytes: usize,
    /// The talk it belongs to.
    pub talk: ConversationKey,
    /// The receipt that is owed for it: to which device, and for which id.
    pub receipt: Option<(Jid, OriginId)>,
    /// Ours, and to be sent once it is safe.
    pub posted: bool,
    /// Theirs, and counted as unread when it came.
    pub counted: bool,
    /// What it is once it proves to be new: an archive copy of an old one must not ring.
    pub news: News,
    /// Ours, from another device, while we were away: what came before it was read there.
    pub answers: Option<Stamp>,
}

/// What an archived message of theirs is to the person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum News {
    /// Known, or of a time before butty was here.
    #[default]
    Old,
    /// Unread, and counted already.
    Counted,
    /// Unread, and of long ago: nobody is told.
    Quiet,
    /// Unread.
    Fresh,
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
