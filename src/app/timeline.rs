//! The messages of a talk in memory: order, identity, bounds.
//!
//! A message can reach us live, as a copy from another device, out of the archive and out of our own store. Here
//! it is decided whether two of them are one. Ids that other people choose prove little: the same id with other
//! words is another message, and both are shown (XEP-0359 section 5).

use super::model::{Arrival, Body, Conversation, Message, MessageState, Scroll, Walked};
use crate::types::limits::{CLOSED_TALK_BYTES, TALK_BYTES};
use crate::types::{MessageKey, OriginId, RequestId, Stamp, StanzaId};
use crate::xmpp::Direction;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// Messages kept in memory for a talk that is not on the screen.
const KEEP_CLOSED: usize = 200;
/// While the person reads far up, arrivals may fill memory up to here; then they wait in the store.
const KEEP_READING: usize = 2 * Conversation::KEEP;
/// Two copies without any id are one if they say the same and were written this close together.
pub const NEAR: Duration = Duration::from_secs(120);
/// What the server kept has its stamp, and what it told before has ours: clocks differ.
const KEPT: Duration = Duration::from_secs(3600);
/// So do those of the archive.
const ARCHIVED: Duration = Duration::from_secs(24 * 3600);
/// How many of the newest messages are looked at when there is no id to look for.
const LOOK_BACK: usize = 50;
/// A clock of the server this far ahead is believed for the order of messages, not more.
const AHEAD: Duration = Duration::from_secs(24 * 3600);

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

    /// The stamp of something that happens now: never above what is here already, though our clock be behind.
    pub fn stamp_now(&self, now: Stamp) -> Stamp {
        match self.last_at {
            Some(last) if last > now && last.since(now) <= AHEAD => last,
            _ => now,
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

    /// The message that the archive told before this one in the same page.
    pub fn walked_before(&self, page: Option<RequestId>, told: Stamp) -> Option<Walked> {
        self.walked.filter(|walked| walked.page == page && walked.told <= told)
    }

    /// Something of ours stands behind this message and up to this moment.
    pub fn ours_between(&self, key: MessageKey, to: Stamp) -> bool {
        let back = self.messages.iter().rev().take_while(|message| message.key != key);
        back.skip_while(|message| message.stamp > to).any(|message| message.direction == Direction::Out)
    }

    /// The message that `new` is another copy of.
    pub fn twin(&self, new: &Message) -> Option<MessageKey> {
        if let Some(id) = new.stanza_id.as_ref().filter(|id| self.may_know(&id.0)) {
            let same = |m: &&Message| {
                m.direction == new.direction && m.stanza_id.as_ref() == Some(id) && m.body.text() == new.body.text()
            };
            if let Some(twin) = self.messages.iter().rev().find(same) {
                return Some(twin.key);
            }
        }
        match &new.origin {
            Some(origin) if !self.may_know(&origin.0) => None,
            Some(_) => {
                let copies = self.messages.iter().filter(|m| same_sender_id(m, new));
                copies.min_by_key(|m| apart(m.stamp, new.stamp)).map(|m| m.key)
            }
            None if new.is_nameless() => {
                let near = self.messages.iter().rev().take(LOOK_BACK).filter(|m| self.may_be_named(m, new));
                near.min_by_key(|m| apart(m.stamp, new.stamp)).map(|m| m.key)
            }
            None if new.arrival == Arrival::Archived => {
                self.messages.iter().rev().take(LOOK_BACK).find(|m| same_without_id(m, new)).map(|m| m.key)
            }
            None => None,
        }
    }

    /// Puts a message in its place: by stamp, then by key.
    pub fn place(&mut self, message: Message) -> Placed {
        self.last_at = self.last_at.max(Some(message.stamp));
        let order = (message.stamp, message.key);
        let older = self.messages.front().is_some_and(|first| order < (first.stamp, first.key));
        if (older && self.loaded && self.more_stored) || self.tail_missing {
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

    /// Moves a message to the place of this moment.
    pub fn move_to(&mut self, key: MessageKey, stamp: Stamp) {
        let Some(mut message) = self.index(key).and_then(|at| self.messages.remove(at)) else { return };
        message.stamp = stamp;
        let at = self.messages.partition_point(|m| (m.stamp, m.key) < (stamp, key));
        self.messages.insert(at, message);
        self.last_at = self.last_at.max(Some(stamp));
    }

    /// Puts a page of the store in. What is here already is newer than its copy on the disk.
    pub fn place_page(&mut self, page: Vec<Message>) {
        self.more_stored = false; // every message of the page has its place here
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
    }

    /// Forgets what does not fit in memory; the store has it. What is looked at stays.
    pub fn trim(&mut self, on_screen: bool) {
        let anchor = match self.scroll {
            Scroll::At { key, .. } => Some(key),
            Scroll::Bottom => None,
        };
        let looked_at = [anchor, self.selected].into_iter().flatten().filter_map(|key| self.index(key)).min();
        let shown = on_screen || looked_at.is_some();
        let keep = if shown { Self::KEEP } else { KEEP_CLOSED };
        let bytes = if shown { TALK_BYTES } else { CLOSED_TALK_BYTES };
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
        let learned = message.stanza_id.is_none() && stanza_id.is_some();
        if learned {
            message.stanza_id = stanza_id.cloned();
        }
        if message.origin.is_none() {
            message.origin = origin.cloned();
        }
        let ids = [message.stanza_id.as_ref().map(|id| hash(&id.0)), message.origin.as_ref().map(|id| hash(&id.0))];
        self.known_ids.extend(ids.into_iter().flatten());
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
        let moved = |place: &mut Option<MessageKey>| {
            if *place == Some(key) {
                *place = Some(instead);
            }
        };
        moved(&mut self.selected);
        moved(&mut self.new_from);
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
        theirs().nth(count).or_else(|| theirs().next_back()).map(|m| m.key)
    }

    /// `new`, which has no id at all, is perhaps this one, and no copy before it was.
    fn may_be_named(&self, old: &Message, new: &Message) -> bool {
        old.direction == new.direction
            && old.body.text() == new.body.text()
            && apart(old.stamp, new.stamp) <= NEAR
            && !self.claimed.contains(&old.key)
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
    /// Bytes of its text.
    pub fn bytes(&self) -> usize {
        self.body.text().len()
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

/// What tells whether a message that is here, in memory or on the disk, has another copy.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Ours.
    pub key: MessageKey,
    /// Our archive's id.
    pub stanza_id: Option<&'a str>,
    /// When it was written.
    pub stamp: Stamp,
}

impl Known<'_> {
    /// The two went the same way in the same talk, under one id of the sender and with the same words: is `new` a copy
    /// of this one? Senders may use an id twice, so that alone proves nothing. Where it cannot be known, both are shown.
    pub fn is_copied_by(&self, new: &Message) -> bool {
        let apart = apart(self.stamp, new.stamp);
        if self.is_named_by(new) || (new.is_note() && apart <= NEAR) {
            return true;
        }
        match (self.stanza_id, &new.stanza_id, new.arrival) {
            (Some(old), Some(new), _) => old == new.0,
            (Some(_), None, Arrival::Fresh) => apart <= NEAR,
            (None, _, Arrival::Fresh) => false,
            // One connection tells it once.
            (None, _, Arrival::Kept(heard_from)) => self.key < heard_from && apart <= KEPT,
            (Some(_), None, Arrival::Kept(_)) => apart <= KEPT,
            // The archive has each of them under an id of its own, so that none is lost by taking one for the other.
            (_, _, Arrival::Archived) => apart <= ARCHIVED,
        }
    }

    /// The id of `new` is the one that we gave to this message of ours.
    pub fn is_named_by(&self, new: &Message) -> bool {
        new.direction == Direction::Out && new.origin.as_ref().and_then(|id| MessageKey::parse(&id.0)) == Some(self.key)
    }
}

impl Message {
    /// We wrote it to ourselves: servers archive it twice, as sent and as received.
    pub fn is_note(&self) -> bool {
        self.direction == Direction::Out && self.from.as_ref().is_some_and(|from| from.bare() == self.talk.peer)
    }

    /// We typed it on this computer.
    pub fn is_typed_here(&self) -> bool {
        self.direction == Direction::Out && (self.from.is_none() || self.known().is_named_by(self))
    }

    /// An archive tells it without any id (XEP-0136).
    pub fn is_nameless(&self) -> bool {
        self.arrival == Arrival::Archived && self.origin.is_none() && self.stanza_id.is_none()
    }

    fn known(&self) -> Known<'_> {
        let stanza_id = self.stanza_id.as_ref().map(|id| id.0.as_str());
        Known { key: self.key, stanza_id, stamp: self.stamp }
    }
}

/// How far two copies of a message are apart at most: its own stamp, or ours from when it came.
pub fn reach(new: &Message) -> Duration {
    match new.arrival {
        Arrival::Fresh => NEAR,
        Arrival::Kept(_) => KEPT,
        Arrival::Archived => ARCHIVED,
    }
}

fn apart(one: Stamp, other: Stamp) -> Duration {
    one.since(other).max(other.since(one))
}

fn same_sender_id(old: &Message, new: &Message) -> bool {
    let known = old.known();
    old.direction == new.direction
        && old.origin == new.origin
        && (known.is_named_by(new) || old.body.text() == new.body.text())
        && known.is_copied_by(new)
}

/// No id at all: the same words at the same time, and one of them not from the archive.
fn same_without_id(old: &Message, new: &Message) -> bool {
    old.direction == new.direction
        && old.origin.is_none()
        && (old.stanza_id.is_none() || new.stanza_id.is_none())
        && old.body.text() == new.body.text()
        && apart(old.stamp, new.stamp) <= NEAR
}

/// A hash without chance, so that the same events make the same model.
fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}
