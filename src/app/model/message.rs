//! Talks and the messages in them.

use crate::app::composer::Composer;
use crate::app::sync::Edge;
use crate::types::{
    AccountId, ArchiveId, BareJid, Epoch, FullJid, Jid, Line, MessageKey, OriginId, Problem, Prose, RequestId, Stamp,
    StanzaId,
};
use crate::xmpp::Direction;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

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
    /// The same, of what was not typed here; where that is not known, of all.
    pub heard_at: Option<Stamp>,
    /// Where the furthest one stands that came by itself, of theirs and of ours: those come in their order, as far as two
    /// clocks may be apart.
    pub live: [Option<(Stamp, MessageKey)>; 2],
    /// What was here when the archive was last known to be complete: all that it brings beyond the cursor comes behind this.
    pub before_session: Option<Heard>,
    /// What is known here of the gaps in the archive.
    pub gaps: Vec<GapHere>,
    /// The page of the archive that is being read.
    pub walk: Walk,
    /// What a stranger calls themselves.
    pub nick: Option<Line>,
    /// The page that was asked for and is not here yet.
    pub page: Option<RequestId>,
    /// Newer messages exist in the store than in `messages`: reading far up while a flood comes in.
    pub tail_missing: bool,
    /// The archive has nothing older than what we have.
    pub archive_start: bool,
    /// The first result of the last page that was asked for: the next one ends before it.
    pub archive_top: Option<ArchiveId>,
    /// A page could not be had in this epoch: it is not asked for again.
    pub archive_failed: Option<Epoch>,
    /// Everything up to here was seen.
    pub read_to: Stamp,
    /// What our other devices know of that; `None`: nothing.
    pub told_read: Option<StanzaId>,
    /// When to tell them more (`Now::mono`).
    pub tell_read: Option<Duration>,
    /// Of what was seen the other side was told up to here, or needs not be told.
    pub displayed_to: Stamp,
    /// That is on its way to them.
    pub displaying: Option<Displaying>,
    /// A device of ours has seen up to this message, which is not here yet.
    pub read_ahead: Option<StanzaId>,
    /// Unread messages are being counted anew.
    pub recount: Option<Recount>,
    /// Marks for messages that are not loaded yet; applied when they are.
    pub late_marks: Vec<(OriginId, MessageState)>,
    /// Messages that a copy without any id was taken for, in the page of now: none is taken twice.
    pub claimed: BTreeSet<MessageKey>,
    /// Hashes of the ids in `messages`, to answer "certainly new" without a walk.
    pub known_ids: BTreeSet<u64>,
    /// Bytes of `messages` ([`Message::bytes`]); never told too low.
    pub bytes: usize,
}

impl Conversation {
    /// Messages kept in memory for a talk.
    pub const KEEP: usize = 2_000;
}

/// The store counts what is unread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recount {
    /// Joins question and answer.
    pub request: RequestId,
    /// So many came since.
    pub since: u32,
    /// Among what is counted is something that has just come and was not told of.
    pub fresh: bool,
}

/// A displayed marker that the server may not have yet (XEP-0333).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Displaying {
    /// By what name the server acknowledges it.
    pub key: MessageKey,
    /// How far they were told before.
    pub before: Stamp,
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

/// A page of the archive that is being read, as far as this talk is in it.
#[derive(Clone, Debug, Default)]
pub struct Walk {
    /// The last message that it told.
    pub last: Option<Walked>,
    /// All that it told, that one too.
    pub told: BTreeSet<MessageKey>,
    /// What of theirs it told that is not in memory, in its order.
    pub stored: Vec<StanzaId>,
    /// How many messages it has moved.
    pub moved: usize,
    /// Where the first that it told stands, of theirs and of ours.
    pub first: [Option<(Stamp, MessageKey)>; 2],
    /// The same of the page before, as long as the archive is read downwards.
    pub above: [Option<(Stamp, MessageKey)>; 2],
}

/// All that was here of a talk at some time, but for what was typed here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// It has keys up to this one,
    pub last: MessageKey,
    /// and stands up to this moment. Where something of it moves on, so does this.
    pub to: Stamp,
}

/// What a talk knows of a gap in the archive that is not filled yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GapHere {
    /// It begins behind this; all talks share it.
    pub after: Arc<Edge>,
    /// What was here then; `None`: it is not known any more.
    pub heard: Option<Heard>,
    /// Where the first that was told of the talk above it stands, of theirs and of ours.
    pub above: [Option<(Stamp, MessageKey)>; 2],
}

/// Where that begins which the page above has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Above {
    /// It stands there: this moment, and among those of one moment this key.
    pub at: (Stamp, MessageKey),
    /// It is on the disk alone, and does not make room.
    pub firm: bool,
}

/// A message in a page of the archive: what follows in the same page stands behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walked {
    /// The query whose page it is.
    pub page: Option<RequestId>,
    /// The archive's stamp of it.
    pub told: Stamp,
    /// What follows stands behind this moment: its own, or that of one told before it which stands further on.
    pub at: Stamp,
    /// And among those of one moment behind this key.
    pub key: MessageKey,
    /// It was not here before: what comes after it has a later key.
    pub fresh: bool,
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
    /// Its sender asks to be told when it was seen (XEP-0333).
    pub markable: bool,
    /// How it came, as far as that tells copies apart; not kept.
    pub arrival: Arrival,
}

/// How a message came, as far as that tells whether it may be another copy of one that is here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Arrival {
    /// By itself: no stream tells a message twice.
    #[default]
    Fresh,
    /// The server had kept it: perhaps it was told over an earlier connection already, where keys are below this one.
    Kept(MessageKey),
    /// Out of the archive, which has everything.
    Archived,
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
