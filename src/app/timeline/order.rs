//! The order that the archive tells, against that of our own clock.

use crate::app::effect::StoreRequest;
use crate::app::model::{Above, Conversation, Heard, Message, Scroll, Walked};
use crate::types::limits::{MOVES, ORDERED};
use crate::types::{MessageKey, RequestId, Stamp, StanzaId};
use crate::xmpp::{Direction, Incoming};
use std::collections::BTreeSet;

impl Conversation {
    /// The message that the archive told before this one in the same page.
    pub fn walked_before(&self, page: Option<RequestId>, told: Stamp) -> Option<Walked> {
        self.walk.last.filter(|walked| walked.page == page && walked.told <= told)
    }

    /// The archive tells of this page; what it told in the one before says nothing here.
    pub fn begin_page(&mut self, page: Option<RequestId>) -> Option<StoreRequest> {
        if self.walk.last.is_some_and(|last| last.page == page) { None } else { self.leave_page() }
    }

    /// This page came to its end. Where it is `one_of_many`, that are read downwards, what it has of this talk bounds what
    /// the next one has. But for what waited here to be sent: that stands where it was typed.
    pub fn end_page(&mut self, page: RequestId, one_of_many: bool) -> Option<StoreRequest> {
        if self.walk.last.is_none_or(|last| last.page != Some(page)) {
            return None;
        }
        for direction in [Direction::In, Direction::Out].into_iter().filter(|_| one_of_many) {
            let told = |m: &&Message| m.direction == direction && self.walk.told.contains(&m.key) && !m.is_typed_here();
            let here = self.messages.iter().find(told).map(|message| (message.stamp, message.key));
            let put = self.walk.first[side(direction)].filter(|(_, key)| self.index(*key).is_none());
            let above = &mut self.walk.above[side(direction)];
            *above = here.into_iter().chain(put).min().or(*above);
        }
        self.leave_page()
    }

    /// No more of this page comes. Returns where the store has to see to the order.
    pub fn leave_page(&mut self) -> Option<StoreRequest> {
        (self.walk.last, self.walk.moved) = (None, 0);
        (self.walk.told, self.walk.first) = (BTreeSet::new(), [None; 2]);
        let ids = std::mem::take(&mut self.walk.stored);
        (ids.len() > 1).then(|| StoreRequest::Order { talk: self.key.clone(), ids })
    }

    /// This page has told of a message of theirs that is in the store alone.
    pub fn note_stored(&mut self, told: Option<StanzaId>) {
        if let Some(told) = told.filter(|told| self.walk.stored.len() < ORDERED && !self.walk.stored.contains(told)) {
            self.walk.stored.push(told);
        }
    }

    /// This page tells of a message that stands there.
    pub fn note_first(&mut self, direction: Direction, place: (Stamp, MessageKey)) {
        self.walk.first[side(direction)].get_or_insert(place);
    }

    /// Where that begins of this side which the page above has, or of both where it is on the disk alone: there it was put
    /// as the archive has it, whoever said it. What was typed here stands where it was typed, and bounds nothing.
    pub fn place_above(&self, direction: Direction) -> Option<Above> {
        let bound = |(stamp, key): (Stamp, MessageKey)| {
            let here = self.message(key);
            let at = (here.map_or(stamp, |message| message.stamp), key);
            here.is_none_or(|message| !message.is_typed_here()).then_some(Above { at, firm: here.is_none() })
        };
        let mut bounds = self.walk.above.map(|place| place.and_then(bound));
        let own = bounds[side(direction)].take();
        own.into_iter().chain(bounds.into_iter().flatten().filter(|other| other.firm)).min()
    }

    /// A message came by itself; it is here already as this one (`twin`), or is put in its place now.
    pub fn came_live(&mut self, twin: Option<MessageKey>, message: &Message) {
        let here = twin.map_or(Some(message), |twin| self.message(twin)).filter(|here| !here.is_typed_here());
        let place = here.map(|here| (here.stamp, here.key));
        let furthest = &mut self.live[side(message.direction)];
        *furthest = (*furthest).max(place);
    }

    /// Where the furthest message of this side stands that came by itself.
    pub fn live_before(&self, direction: Direction) -> Option<Stamp> {
        self.live[side(direction)].map(|(stamp, _)| stamp)
    }

    /// Where that begins of this message's side, but for what was typed here and what this page has told, which came later
    /// than what was here at that time: the archive has it behind this message, or tells of it next.
    pub fn place_since(&self, heard: Heard, told: &Incoming) -> Option<Above> {
        // What stands before the archive's own stamp was either archived before it, or is known to be of the page above.
        let from = told.stamp.map_or(heard.to, |told| heard.to.max(told));
        let from = self.messages.partition_point(|message| message.stamp < from);
        let came = |m: &&Message| {
            let other = m.direction == told.direction && (m.stanza_id.is_none() || m.stanza_id != told.stanza_id);
            other && m.key > heard.last && !m.is_typed_here() && !self.walk.told.contains(&m.key)
        };
        let first = self.messages.iter().skip(from).find(came);
        first.map(|message| Above { at: (message.stamp, message.key), firm: false })
    }

    /// This moment, or the first at which the message stands among those in memory, if there are others on the disk alone.
    pub fn in_memory(&self, at: Stamp, key: MessageKey) -> Stamp {
        match self.messages.front().filter(|first| self.more_stored && (at, key) < (first.stamp, first.key)) {
            Some(first) => Stamp(first.stamp.0.saturating_add(i64::from(key < first.key))),
            None => at,
        }
    }

    /// This page may still move messages here: not where others may stand between that are on the disk alone.
    pub fn may_move(&self) -> bool {
        !self.tail_missing && self.walk.moved < MOVES
    }

    /// One of ours that was written later, and that this page has told before, stands between this message and that moment.
    pub fn ours_told_between(&self, key: MessageKey, to: Stamp) -> bool {
        let back = self.messages.iter().rev().take_while(|message| message.key != key);
        let back = back.skip_while(|message| message.stamp > to);
        let mut later = back.filter(|message| message.key > key && self.walk.told.contains(&message.key));
        later.any(|message| message.direction == Direction::Out)
    }

    /// Moves a message on to this moment. What the same side said after it stays behind it, but for what was here already
    /// when it was missed (`stays`), and for what this page has told before it: a page may break off here, and nothing
    /// tells then where the rest belongs. What the other side said meanwhile proves nothing, as ours stands where it was
    /// typed. Returns what was moved, and where to, the last one first: wherever a disk is stopped in the middle of it, the
    /// order holds.
    pub fn move_on(&mut self, key: MessageKey, to: Stamp, stays: Option<Heard>) -> Vec<(MessageKey, Stamp)> {
        let mut moved = vec![(key, to)];
        let mut last = (to, key);
        let mut rest = self.messages.iter().skip_while(|message| message.key != key);
        let side = rest.next().map(|message| message.direction);
        let was_here = |m: &Message| !m.is_typed_here() && stays.is_some_and(|heard| m.key <= heard.last);
        let goes_along = |m: &&Message| Some(m.direction) == side && !self.walk.told.contains(&m.key) && !was_here(m);
        for message in rest.filter(goes_along) {
            if (message.stamp, message.key) > last {
                break;
            }
            last = (Stamp(last.0.0.saturating_add(1)), message.key);
            moved.push((last.1, last.0));
        }
        moved.reverse();
        self.walk.moved = self.walk.moved.saturating_add(moved.len());
        for (key, stamp) in &moved {
            self.place_anew(*key, *stamp);
        }
        moved
    }

    /// Puts a message in the place of this moment; where that is on the disk alone, it goes from here.
    pub fn place_anew(&mut self, key: MessageKey, stamp: Stamp) {
        let first = self.messages.front().map(|first| (first.stamp, first.key));
        let Some(mut message) = self.index(key).and_then(|at| self.messages.remove(at)) else { return };
        if !message.is_typed_here() {
            self.heard_at = self.heard_at.max(Some(stamp));
            // Else what comes behind it would come before it.
            let ends = self.gaps.iter_mut().filter_map(|gap| gap.heard.as_mut()).chain(&mut self.before_session);
            ends.filter(|end| key <= end.last).for_each(|end| end.to = end.to.max(stamp));
            let live = self.live.iter_mut().flatten().filter(|(_, last)| *last == key);
            live.for_each(|(at, _)| *at = (*at).max(stamp));
        }
        message.stamp = stamp;
        let order = (stamp, key);
        // While a page of the store is on its way, nobody knows what that has: it sorts it out.
        let above = first.is_none_or(|first| order < first) && self.more_stored && self.page.is_none();
        let below = self.messages.back().is_none_or(|last| order > (last.stamp, last.key)) && self.tail_missing;
        if above || below {
            self.bytes = self.bytes.saturating_sub(message.bytes());
            return self.let_go_of(key);
        }
        let at = self.messages.partition_point(|m| (m.stamp, m.key) < order);
        self.messages.insert(at, message);
        self.last_at = self.last_at.max(Some(stamp));
    }

    /// Nothing points at a message any more that is not in memory.
    fn let_go_of(&mut self, key: MessageKey) {
        self.selected = self.selected.filter(|selected| *selected != key);
        self.new_from = self.new_from.filter(|from| *from != key);
        if matches!(self.scroll, Scroll::At { key: anchor, .. } if anchor == key) {
            self.scroll = Scroll::Bottom;
        }
    }
}

/// Theirs or ours.
fn side(direction: Direction) -> usize {
    usize::from(direction == Direction::Out)
}
