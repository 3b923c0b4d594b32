//! The order that the archive tells, against that of our own clock.

use crate::app::effect::StoreRequest;
use crate::app::model::{Conversation, Message, Walked};
use crate::types::{MessageKey, RequestId, Stamp, StanzaId};
use crate::xmpp::Direction;

/// More than a page that was asked for has.
const MOST: usize = 200;

impl Conversation {
    /// The message that the archive told before this one in the same page.
    pub fn walked_before(&self, page: Option<RequestId>, told: Stamp) -> Option<Walked> {
        self.walked.filter(|walked| walked.page == page && walked.told <= told)
    }

    /// The archive tells of this page; what it told in the one before says nothing here.
    pub fn begin_page(&mut self, page: Option<RequestId>) -> Option<StoreRequest> {
        if self.walked.is_some_and(|last| last.page == page) {
            return None;
        }
        self.told.clear();
        self.order_stored()
    }

    /// This page came whole: what it has of this talk bounds what the next one has, which lies below it.
    pub fn end_page(&mut self, page: RequestId) -> Option<StoreRequest> {
        if self.walked.is_none_or(|last| last.page != Some(page)) {
            return None;
        }
        let told = self.messages.iter().filter(|message| self.told.contains(&message.key));
        for message in told.rev() {
            self.page_above[usize::from(message.direction == Direction::Out)] = Some(message.key);
        }
        self.order_stored()
    }

    /// This page has told of a message of theirs that is in the store alone.
    pub fn note_stored(&mut self, told: Option<StanzaId>) {
        if self.told_stored.len() < MOST {
            self.told_stored.extend(told);
        }
    }

    /// Where the store has to see to the order.
    fn order_stored(&mut self) -> Option<StoreRequest> {
        let ids = std::mem::take(&mut self.told_stored);
        (ids.len() > 1).then(|| StoreRequest::Order { talk: self.key.clone(), ids })
    }

    /// Where that begins of this side which the page above has.
    pub fn place_above(&self, side: Direction) -> Option<(Stamp, MessageKey)> {
        let key = self.page_above[usize::from(side == Direction::Out)]?;
        self.message(key).map(|message| (message.stamp, message.key))
    }

    /// One of ours that was written later, and that this page has told before, stands between this message and that moment.
    pub fn ours_told_between(&self, key: MessageKey, to: Stamp) -> bool {
        let back = self.messages.iter().rev().take_while(|message| message.key != key);
        let back = back.skip_while(|message| message.stamp > to);
        let mut later = back.filter(|message| message.key > key && self.told.contains(&message.key));
        later.any(|message| message.direction == Direction::Out)
    }

    /// Moves a message on to this moment. What the same side said after it stays behind it, but for what this page has
    /// told before it: a page may break off here, and nothing tells then where the rest belongs. What the other side said
    /// meanwhile proves nothing, as ours stands where it was typed. Returns what was moved, and where to, the last one first:
    /// wherever a disk is stopped in the middle of it, the order holds.
    pub fn move_on(&mut self, key: MessageKey, to: Stamp) -> Vec<(MessageKey, Stamp)> {
        let mut moved = vec![(key, to)];
        let mut last = (to, key);
        let mut rest = self.messages.iter().skip_while(|message| message.key != key);
        let side = rest.next().map(|message| message.direction);
        let goes_along = |m: &&Message| Some(m.direction) == side && !self.told.contains(&m.key);
        for message in rest.filter(goes_along) {
            if (message.stamp, message.key) > last {
                break;
            }
            last = (Stamp(last.0.0.saturating_add(1)), message.key);
            moved.push((last.1, last.0));
        }
        moved.reverse();
        for (key, stamp) in &moved {
            self.move_to(*key, *stamp);
        }
        moved
    }

    /// Puts a message in the place of this moment.
    fn move_to(&mut self, key: MessageKey, stamp: Stamp) {
        let Some(mut message) = self.index(key).and_then(|at| self.messages.remove(at)) else { return };
        message.stamp = stamp;
        let at = self.messages.partition_point(|m| (m.stamp, m.key) < (stamp, key));
        self.messages.insert(at, message);
        self.last_at = self.last_at.max(Some(stamp));
    }

    /// A message whose row proves to have this stamp has its place there, in memory or on the disk.
    pub fn place_anew(&mut self, key: MessageKey, stamp: Stamp) {
        let Some(message) = self.index(key).and_then(|at| self.messages.remove(at)) else { return };
        self.bytes = self.bytes.saturating_sub(message.bytes());
        self.place(Message { stamp, ..message });
    }
}
