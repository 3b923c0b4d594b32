//! Whether two messages are one.
//!
//! A message can reach us live, as a copy from another device, out of the archive and out of our own store. Ids that
//! other people choose prove little: the same id with other words is another message, and both are shown (XEP-0359
//! section 5).

use super::LOOK_BACK;
use crate::app::model::{Arrival, Conversation, Message};
use crate::types::{MessageKey, Stamp};
use crate::xmpp::Direction;
use std::time::Duration;

/// Two copies without any id are one if they say the same and were written this close together.
pub const NEAR: Duration = Duration::from_secs(120);
/// What the server kept has its stamp, and what it told before has ours: clocks differ.
const KEPT: Duration = Duration::from_secs(3600);
/// So do those of the archive.
const ARCHIVED: Duration = Duration::from_secs(24 * 3600);

impl Conversation {
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

    /// `new`, which has no id at all, is perhaps this one, and no copy before it was.
    fn may_be_named(&self, old: &Message, new: &Message) -> bool {
        old.direction == new.direction
            && old.body.text() == new.body.text()
            && apart(old.stamp, new.stamp) <= NEAR
            && !self.claimed.contains(&old.key)
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
