//! What others can make grow, and how far.
//!
//! Whoever can write to us can write without end: a buddy, a stranger, a server. So each thing that grows by their words
//! has an end, and what lies beyond it is decided here, once. `tests/limits.rs` fills each of them tenfold.
//!
//! | what grows | at most | beyond it |
//! |---|---|---|
//! | one stanza, whoever wrote it | [`Limits::SIGNED_IN`]: 1 MiB, 64 levels, 65,536 elements, 64 attributes each | the session ends, another begins |
//! | before sign-in: mechanisms, words of an error | [`Limits::BEFORE_SIGN_IN`]: 64 KiB; 64 mechanisms | the sign-in ends; the rest is not read |
//! | a name, a personal message, any [`Line`] | 200 clusters of 32 characters, and [`LINE_BYTES`] | cut, and ends in `…` |
//! | an id, a version of the buddy list | [`ID_BYTES`] | counts as not told |
//! | buddies of an account | [`BUDDIES`] | the newest are not taken in |
//! | the buddy list with its names and groups | [`ROSTER_BYTES`] | as above |
//! | groups of a buddy | [`GROUPS`] | the rest is not read |
//! | devices of a buddy | [`DEVICES`] | the newest are not seen until another goes |
//! | what buddies say of themselves: devices, personal messages, nicknames | [`PRESENCE_BYTES`] | from half of it on words are left out, and in the end devices that come new |
//! | presence and typing of strangers | nothing | not kept |
//! | typing of a buddy | one moment, a minute long | replaced |
//! | people who ask to be a buddy | [`REQUESTS`] | the newest wait: the server asks again at each sign-in |
//! | talks begun by strangers | [`STRANGERS`] | their messages go to the history, and show up after the next start |
//! | what a check tells before its page of the archive does | [`PUT_BY`] and [`PUT_BY_BYTES`] | taken in as it comes, by its stamp |
//! | what a talk knows of gaps in the archive | 16, as many as there are | the two oldest become one |
//! | messages of a talk in memory | 2,000 and [`TALK_BYTES`] on the screen, 200 and [`CLOSED_TALK_BYTES`], or its share of [`CLOSED_BYTES`], off it; there 1,000 and [`ORDERED_TALK_BYTES`], or the same share, as long as the archive is not here whole | the oldest are read from the history when wanted |
//! | a page that is read from the history | 50 to 200 messages, and [`PAGE_BYTES`], but one message at least | the next page begins there |
//! | rows that are not on the disk yet | [`UNCOMMITTED`], or [`NOT_KEPT`] while it takes none; [`UNCOMMITTED_BYTES`] | nothing more is read from the line until they are |
//! | receipts that we owe | one for each such row | as above |
//! | receipts for messages that are not loaded | [`LATE_MARKS`] for a talk | the mark comes with the next loading |
//! | receipts, markers and bounces for messages that are not in memory, and perhaps nowhere | with the rows: [`UNCOMMITTED`], or [`NOT_KEPT`] | nothing more is read from the line until they were looked up |
//! | queries that wait for an answer | [`QUERIES`], each for 30 s | told as not answered |
//! | messages of one archive page | [`RESULTS`] | the page counts as failed |
//! | messages that one archive page moves to another place | [`MOVES`] and as many as stand behind the last of them | they stay where our clock put them |
//! | ids of an archive page that the history puts in order | [`ORDERED`] for a talk, until the page ends | the rest stands as it came |
//! | addresses of messages of ours, to check receipts | [`SENT`] | the mind checks by its own list |
//! | messages of ours that may be under way | 500 | the rest waits in the outbox for what the server acknowledges |
//! | stanzas of ours that the server does not acknowledge | 1,000 | a ping asks in their place |
//! | features of a server | [`FEATURES`] | the rest is not read; none is kept |
//! | our own picture | 128 KiB, 512 by 512 | not shown |
//! | our own devices | nothing | not kept |
//!
//! [`Limits::SIGNED_IN`]: crate::xml::Limits::SIGNED_IN
//! [`Limits::BEFORE_SIGN_IN`]: crate::xml::Limits::BEFORE_SIGN_IN
//! [`Line`]: super::Line

/// Longest identifier that is kept, in bytes: the limit that RFC 7622 puts on each part of an address.
pub const ID_BYTES: usize = 1_023;
/// A [`Line`](super::Line), in bytes: its clusters are those of any script, or emoji of a family.
pub const LINE_BYTES: usize = 4_096;
/// Buddies of an account. The largest lists that servers report have some thousands; 20,000 are tested to be quick.
pub const BUDDIES: usize = 50_000;
/// The list of an account, in bytes of its addresses, names and groups: some hundred for each of [`BUDDIES`].
pub const ROSTER_BYTES: usize = 32 << 20;
/// What the buddies of an account say of themselves, in bytes.
pub const PRESENCE_BYTES: usize = 32 << 20;
/// Groups of one buddy. A buddy stands in the list once for each.
pub const GROUPS: usize = 32;
/// Devices of one buddy. Honest people have a handful; who comes and goes without a word leaves some more behind.
pub const DEVICES: usize = 64;
/// Open questions of an account: more than anybody answers in one go.
pub const REQUESTS: usize = 100;
/// Talks in memory beyond which a stranger begins no other one.
pub const STRANGERS: usize = 2_000;
/// Messages of the talk on the screen that are kept in memory, in bytes: some hundred screens of it.
pub const TALK_BYTES: usize = 8 << 20;
/// Messages of any other talk that are kept in memory, in bytes: a hundred of the usual length.
pub const CLOSED_TALK_BYTES: usize = 64 << 10;
/// The same as long as the archive is not here whole: what it brings has to find its place among these. Where more than
/// 256 talks share the room, each has less.
pub const ORDERED_TALK_BYTES: usize = 256 << 10;
/// Messages that a check told, and that wait for their page of the archive.
pub const PUT_BY: usize = 2_000;
/// The same in bytes of what others choose in them.
pub const PUT_BY_BYTES: usize = 1 << 20;
/// What talks off the screen share, in bytes: a thousand of them keep as much as one may, and each that comes behind them a
/// share of its moment. So ten thousand have 210 MiB at most, and [`BUDDIES`] 310; 90 more
/// as long as the archive is not here whole.
pub const CLOSED_BYTES: usize = 64 << 20;
/// Messages of one page that is read from the history, in bytes. Two hundred of the usual length are a third of it, and
/// the largest that a stanza can hold still comes, alone.
pub const PAGE_BYTES: usize = 256 << 10;
/// Messages of a talk that one page of the archive may move. A clock that is wrong moves each of them once.
pub const MOVES: usize = 8_000;
/// Ids of a page, of one talk, that the history puts in their order: more than a page that was asked for has.
pub const ORDERED: usize = 200;
/// Rows and marks that are on their way to the disk, above which the line is not read: a second's worth for a slow disk.
pub const UNCOMMITTED: usize = 1_000;
/// The same while the disk takes nothing: what comes is shown, and waits in memory.
pub const NOT_KEPT: usize = 10_000;
/// The messages in these rows, in bytes: as above, where each is as large as a stanza may be.
pub const UNCOMMITTED_BYTES: usize = 8 << 20;
/// Marks kept for one talk that is being loaded: a page has as many messages.
pub const LATE_MARKS: usize = 50;
/// Queries of ours without an answer. We ask a few at a time, so only a mistake of our own comes near.
pub const QUERIES: usize = 1_000;
/// Messages of one archive page. At most 200 are asked for; an archive without pages tells everything at once.
pub const RESULTS: usize = 10_000;
/// Messages of ours whose address a session remembers. Receipts come within minutes, for the last few.
pub const SENT: usize = 1_000;
/// Features of one answer. No server has as many.
pub const FEATURES: usize = 1_000;
