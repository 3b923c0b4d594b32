//! The messages of a talk in memory: order, identity, bounds.
//!
//! Whether two messages are one is decided in `copies`, and `order` puts right what two clocks put wrong.

mod copies;
mod order;

pub use copies::{Known, NEAR, reach};

use super::model::{Body, Conversation, Message, MessageState, Scroll};
use crate::types::limits::{CLOSED_BYTES, CLOSED_TALK_BYTES, ORDERED_TALK_BYTES, TALK_BYTES};
use crate::types::{ArchiveId, MessageKey, OriginId, Stamp, StanzaId};
use crate::xmpp::Direction;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// Messages kept in memory for a talk that is not on the screen.
const KEEP_CLOSED: usize = 200;
/// The same as long as the archive is not here whole.
const KEEP_IN_ORDER: usize = 1_000;
/// While the person reads far up, arrivals may fill memory up to here; then they wait in the store.
const KEEP_READING: usize = 2 * Conversation::KEEP;
/// How many of the newest messages are looked at when there is no id to look for.
const LOOK_BACK: usize = 50;
/// A clock of the server this far ahead is believed for the order of messages, not more.
const AHEAD: Duration = Duration::from_secs(24 * 3600);

/// How much of a talk may be in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// It is on the screen.
    Shown,
    /// It is not, and the archive is not here whole yet: what that brings has to find its place among what came since. So
    /// many talks share the room.
    InOrder(usize),
    /// It is not. So many talks share the room.
    Closed(usize),
}

/// How a message was put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// It is in memory.
    Here,
    /// It belongs to a part that is only in the store.
    Elsewhere,
}

impl Conversation {
    /// A message in memory.
    pub fn message(&self, key: MessageKey) -> Option<&Message> {
        self.messages.iter().rev().find(|message| message.key == key)
    }

    /// A message in memory, to change it.
    pub fn message_mut(&mut self, key: MessageKey) -> Option<&mut Message> {
        self.messages.iter_mut().rev().find(|message| message.key == key)
    }

    /// The message that the archive has under this id.
    pub fn archived(&self, id: &ArchiveId) -> Option<&Message> {
        let named = |message: &&Message| message.stanza_id.as_ref().is_some_and(|other| other.0 == id.0);
        self.may_know(&id.0).then(|| self.messages.iter().find(named)).flatten()
    }

    /// Where a message stands in memory.
    pub fn index(&self, key: MessageKey) -> Option<usize> {
        self.messages.iter().rposition(|message| message.key == key)
    }

    /// One of our own messages, by the id that we gave it.
    pub fn own(&self, id: &OriginId) -> Option<&Message> {
        self.may_know(&id.0)
            .then(|| {
                let ours = |m: &&Message| m.direction == Direction::Out && m.origin.as_ref() == Some(id);
                self.messages.iter().rev().find(ours)
            })
            .flatten()
    }

    /// The stamp of something that happens now: never above what is here already, though our clock be behind, nor at the
    /// moment up to which all was read; and never among what is on the disk alone, however wrong the clock.
    pub fn stamp_now(&self, now: Stamp) -> Stamp {
        let first = self.messages.front().map(|first| first.stamp).or(self.last_at).filter(|_| self.more_stored);
        match self.last_at {
            Some(last) if last > now && last.since(now) <= AHEAD && last == self.read_to => {
                Stamp(last.0.saturating_add(1))
            }
            Some(last) if last > now && last.since(now) <= AHEAD => last,
            _ => first.map_or(now, |first| now.max(first)),
        }
    }

    /// The latest stamp that keeps a message in its place before those that were archived after it, if there are any here.
    /// ejabberd tells by the number of its ids, and needs it: what it was passing on while a session was taken up it may
    /// bring out of order.
    pub fn before_later(&self, id: &StanzaId, direction: Direction) -> Option<Stamp> {
        let number = moment(id)?;
        let same = self.messages.iter().rev().take(LOOK_BACK).filter(|message| message.direction == direction);
        let numbered = same.filter_map(|message| Some((message.stanza_id.as_ref()?, message.stamp)));
        let numbered = numbered.filter_map(|(id, stamp)| Some((moment(id)?, stamp)));
        let mut later = None;
        for (other, stamp) in numbered {
            if other < number {
                // Never before what was archived before it.
                return later.map(|later: Stamp| Stamp(later.0.saturating_sub(1)).max(stamp));
            }
            later = Some(stamp);
        }
        later.map(|later| Stamp(later.0.saturating_sub(1)))
    }

    /// Puts a message in its place: by stamp, then by key.
    pub fn place(&mut self, message: Message) -> Placed {
        let order = (message.stamp, message.key);
        let older = match self.messages.front() {
            Some(first) => order < (first.stamp, first.key),
            None => self.last_at.is_some_and(|last| message.stamp < last),
        };
        self.last_at = self.last_at.max(Some(message.stamp));
        if !message.is_typed_here() {
            self.heard_at = self.heard_at.max(Some(message.stamp));
        }
        // What is in memory has no holes: whoever moves a message sees what it would pass. While a page of the store is on
        // its way nobody knows yet what that has; `on_stored_page` sorts it out.
        if (older && self.more_stored && self.page.is_none()) || self.tail_missing {
            return Placed::Elsewhere;
        }
        self.learn(&message);
        self.bytes = self.bytes.saturating_add(message.bytes());
        let at = match self.messages.back() {
            Some(last) if order < (last.stamp, last.key) => self.messages.partition_point(|m| (m.stamp, m.key) < order),
            _ => self.messages.len(),
        };
        self.messages.insert(at, message);
        Placed::Here
    }

    /// Puts a page of the store in. What is here already is newer than its copy on the disk.
    pub fn place_page(&mut self, page: Vec<Message>) {
        // Every message of the page has its place here.
        self.more_stored = false;
        let tail_missing = std::mem::take(&mut self.tail_missing);
        for message in page {
            if message.talk != self.key {
                continue;
            }
            match self.message_mut(message.key) {
                Some(here) if message.state.rank() > here.state.rank() => here.state = message.state,
                Some(_) => {}
                None => drop(self.place(message)),
            }
        }
        self.tail_missing = tail_missing;
    }

    /// Forgets what does not fit in memory; the store has it. What is looked at stays.
    pub fn trim(&mut self, room: Room) {
        let anchor = match self.scroll {
            Scroll::At { key, .. } => Some(key),
            Scroll::Bottom => None,
        };
        let looked_at = [anchor, self.selected].into_iter().flatten().filter_map(|key| self.index(key)).min();
        let room = if looked_at.is_some() { Room::Shown } else { room };
        let shown = room == Room::Shown;
        let share = |talks| CLOSED_BYTES.checked_div(talks).unwrap_or(CLOSED_BYTES);
        let (keep, bytes) = match room {
            Room::Shown => (Self::KEEP, TALK_BYTES),
            Room::InOrder(talks) => (KEEP_IN_ORDER, ORDERED_TALK_BYTES.min(share(talks))),
            Room::Closed(talks) => (KEEP_CLOSED, CLOSED_TALK_BYTES.min(share(talks))),
        };
        let surplus = self.messages.len().saturating_sub(keep).max(self.too_heavy(bytes, shown));
        if surplus == 0 {
            return;
        }
        let spare = looked_at.map_or(usize::MAX, |at| at.saturating_sub(Self::KEEP / 4));
        let gone = surplus.min(spare);
        self.forget_first(gone);
        let most = looked_at.map_or(KEEP_READING, |at| self.fitting(at.saturating_sub(gone), bytes));
        if self.messages.len() > most {
            self.messages.truncate(most);
            self.tail_missing = true;
        }
        if self.messages.is_empty() {
            self.unload();
        }
        if self.known_ids.len() > 4 * keep {
            self.relearn();
        }
    }

    /// Forgets everything loaded, to be read from the store again.
    pub fn unload(&mut self) {
        self.messages.clear();
        self.bytes = 0;
        self.known_ids.clear();
        self.loaded = false;
        self.more_stored = true;
        self.tail_missing = false;
        self.page = None;
    }

    /// Takes the ids that another copy of a message brought.
    pub fn adopt(&mut self, key: MessageKey, stanza_id: Option<&StanzaId>, origin: Option<&OriginId>) -> bool {
        let Some(message) = self.message_mut(key) else { return false };
        let before = message.bytes();
        let learned = message.stanza_id.is_none() && stanza_id.is_some();
        if learned {
            message.stanza_id = stanza_id.cloned();
        }
        if message.origin.is_none() {
            message.origin = origin.cloned();
        }
        let ids = [message.stanza_id.as_ref().map(|id| hash(&id.0)), message.origin.as_ref().map(|id| hash(&id.0))];
        let more = message.bytes().saturating_sub(before);
        self.known_ids.extend(ids.into_iter().flatten());
        self.bytes = self.bytes.saturating_add(more);
        learned
    }

    /// Takes a message out, and moves what hangs on it to `instead`.
    pub fn replace_key(&mut self, key: MessageKey, instead: MessageKey) {
        let known = self.message(instead).is_some();
        if let Some(at) = self.index(key) {
            if known {
                self.messages.remove(at);
            } else if let Some(message) = self.messages.get_mut(at) {
                message.key = instead;
            }
        }
        if self.walk.told.remove(&key) {
            self.walk.told.insert(instead);
        }
        let moved = |place: &mut MessageKey| {
            if *place == key {
                *place = instead;
            }
        };
        self.selected.iter_mut().chain(&mut self.new_from).for_each(moved);
        let above = self.gaps.iter_mut().flat_map(|gap| &mut gap.above).chain(&mut self.walk.above);
        self.walk.first.iter_mut().chain(above).chain(&mut self.live).flatten().for_each(|(_, place)| moved(place));
        if let Scroll::At { key: anchor, .. } = &mut self.scroll
            && *anchor == key
        {
            *anchor = instead;
        }
    }

    /// The key from which the "new" rule counts: the `new_count`th newest of theirs.
    pub fn first_new(&self) -> Option<MessageKey> {
        let count = usize::try_from(self.new_count).ok()?.checked_sub(1)?;
        let theirs = || self.messages.iter().rev().filter(|m| m.direction == Direction::In);
        // As long as its page is awaited, it may be further up.
        theirs().nth(count).or_else(|| theirs().next_back().filter(|_| self.loaded)).map(|m| m.key)
    }

    fn may_know(&self, id: &str) -> bool {
        self.known_ids.contains(&hash(id))
    }

    fn learn(&mut self, message: &Message) {
        self.known_ids.extend(message.stanza_id.as_ref().map(|id| hash(&id.0)));
        self.known_ids.extend(message.origin.as_ref().map(|id| hash(&id.0)));
    }

    fn relearn(&mut self) {
        let ids = self.messages.iter().flat_map(|m| {
            [m.stanza_id.as_ref().map(|id| hash(&id.0)), m.origin.as_ref().map(|id| hash(&id.0))].into_iter().flatten()
        });
        self.known_ids = ids.collect();
    }

    fn forget_first(&mut self, count: usize) {
        if count > 0 {
            let gone = self.messages.drain(..count.min(self.messages.len())).map(|message| message.bytes());
            self.bytes = self.bytes.saturating_sub(gone.sum());
            self.more_stored = true;
        }
    }

    /// How many of the oldest have to go so that the text fits in again, with room for more. The newest message of what is
    /// `shown` stays, however long.
    fn too_heavy(&mut self, most: usize, shown: bool) -> usize {
        if self.bytes <= most {
            return 0;
        }
        self.bytes = self.messages.iter().map(Message::bytes).sum();
        let mut left = self.bytes;
        let heavy = self.messages.iter().take_while(|message| {
            let stays = self.bytes <= most || left <= most / 2;
            left = left.saturating_sub(message.bytes());
            !stays
        });
        heavy.count().min(self.messages.len().saturating_sub(usize::from(shown)))
    }

    /// How many messages from the oldest on can be kept while the person reads at this one: it is among them.
    fn fitting(&self, at: usize, most: usize) -> usize {
        let mut bytes = 0_usize;
        let fits = self.messages.iter().take_while(|message| {
            bytes = bytes.saturating_add(message.bytes());
            bytes <= most
        });
        fits.count().clamp(at.saturating_add(1), KEEP_READING.max(at.saturating_add(1)))
    }
}

impl Message {
    /// Bytes of it in memory, but for what lies around each piece of memory.
    pub fn bytes(&self) -> usize {
        let ids = [self.origin.as_ref().map(|id| &id.0), self.stanza_id.as_ref().map(|id| &id.0)];
        let ids = ids.into_iter().flatten().map(String::len).sum::<usize>();
        let from = self.from.as_ref().map_or(0, |from| from.as_str().len());
        std::mem::size_of::<Self>() + self.body.text().len() + ids + from
    }
}

/// An archive's id that is a moment, in microseconds.
fn moment(id: &StanzaId) -> Option<u64> {
    let digits = id.0.len() == 16 && id.0.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| id.0.parse().ok()).flatten()
}

impl MessageState {
    /// How far a message came, as a number; marks only go up.
    pub fn rank(&self) -> u8 {
        match self {
            Self::Pending => 0,
            Self::Failed(_) => 1,
            Self::Sent => 2,
            Self::Received | Self::Delivered => 3,
            Self::Read(_) => 4,
        }
    }
}

impl Body {
    /// Its text, for comparing copies.
    pub fn text(&self) -> &str {
        match self {
            Self::Plain(prose) | Self::Sealed(prose) => prose.as_str(),
            Self::Unreadable(method) => method.as_str(),
        }
    }
}

/// A hash without chance, so that the same events make the same model.
fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}
