//! The server's stanzas: how many have come, and how many of them are kept so well that it may forget them.
//!
//! Only what is kept is acknowledged. What had come and was not acknowledged when the connection was lost comes once
//! more, under the same numbers; what of it is the very message that was told before is not told again.

use crate::types::Tally;
use crate::xml::Element;
use crate::xmpp::ext::delay;
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

/// So many messages that are not known to be kept, and it is asked whether they are.
const MANY: usize = 256;
/// Most that are remembered. Of more than these only their ids tell a copy.
const MOST: usize = 8_192;

/// The counts of one session. Numbers go round behind the last one (XEP-0198 section 4), so they are compared by how far
/// they are from `base`.
#[derive(Debug, Default)]
pub(super) struct Received {
    /// Keeps this session apart from every other one.
    session: u64,
    /// The count that this connection began with.
    base: u32,
    /// How many have come.
    count: u32,
    /// How many have ever come, on whatever connection.
    reached: u32,
    /// How many are kept.
    kept: u32,
    /// What the mind was last asked to keep, while it has not answered.
    asked: Option<u32>,
    /// The messages that are not known to be kept, oldest first: their numbers, and what they can be told by.
    told: VecDeque<(u32, u64)>,
}

impl Received {
    pub(super) fn new(session: u64) -> Self {
        Self { session, ..Self::default() }
    }

    /// Counts a stanza. False: it is the copy of a message that was told before.
    pub(super) fn take(&mut self, stanza: &Element) -> bool {
        self.count = self.count.wrapping_add(1);
        let again = self.beyond(self.count) <= self.beyond(self.reached);
        if !again {
            self.reached = self.count;
        }
        if stanza.name() != "message" {
            return true;
        }
        let known = (self.count, print(stanza));
        if again && self.told.contains(&known) {
            self.forget();
            return false;
        }
        if self.told.len() >= MOST {
            self.told.pop_front();
        }
        self.told.push_back(known);
        true
    }

    /// Forgets what will not come again.
    fn forget(&mut self) {
        let (base, safe) = (self.base, self.beyond(self.safe()));
        self.told.retain(|(number, _)| number.wrapping_sub(base) > safe);
    }

    /// How many have come.
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// So many, or more, may be acknowledged.
    pub(super) fn covers(&self, count: u32) -> bool {
        self.beyond(self.safe()) >= self.beyond(count)
    }

    /// How many may be acknowledged. Never more than have come on this connection: what comes again has to come first.
    pub(super) fn safe(&self) -> u32 {
        if self.beyond(self.kept) > self.beyond(self.count) { self.count } else { self.kept }
    }

    /// Everything that has come is safe.
    pub(super) fn is_settled(&self) -> bool {
        self.safe() == self.count
    }

    /// So much is not known to be kept that it is time to ask.
    pub(super) fn is_due(&self) -> bool {
        self.asked.is_none() && self.told.len() >= MANY
    }

    /// What the mind is to be asked, unless it is being asked already, or has nothing to keep.
    pub(super) fn ask(&mut self) -> Option<Tally> {
        if self.asked.is_some() { None } else { self.ask_anew() }
    }

    /// The same, whatever it is being asked: for the last word of a connection.
    pub(super) fn ask_anew(&mut self) -> Option<Tally> {
        if self.kept == self.reached {
            return None;
        }
        self.asked = Some(self.reached);
        Some(Tally { session: self.session, count: self.reached })
    }

    /// The mind has kept everything up to there. False: that is nothing new, or about another session.
    pub(super) fn keep(&mut self, tally: Tally) -> bool {
        if tally.session != self.session {
            return false;
        }
        self.asked.take_if(|asked| *asked == tally.count);
        let (before, now) = (self.beyond(self.kept), self.beyond(tally.count));
        if now <= before || now > self.beyond(self.reached) {
            return false;
        }
        self.kept = tally.count;
        self.forget();
        true
    }

    /// Another connection: the server goes on behind what it was told last.
    pub(super) fn resume(&mut self) {
        self.count = self.safe();
        self.base = self.count;
        self.asked = None;
    }

    fn beyond(&self, number: u32) -> u32 {
        number.wrapping_sub(self.base)
    }
}

/// What a message is told by: all of it, save what a server adds when it sends a message once more (XEP-0203).
fn print(message: &Element) -> u64 {
    let mut hasher = DefaultHasher::new();
    attributes(message).hash(&mut hasher);
    for child in message.children().filter(|child| !child.is("delay", delay::NS)) {
        whole(child, &mut hasher);
    }
    hasher.finish()
}

fn whole(element: &Element, hasher: &mut DefaultHasher) {
    (element.ns(), element.name(), attributes(element), element.content()).hash(hasher);
    for child in element.children() {
        whole(child, hasher);
    }
}

/// Written again they may stand in another order.
fn attributes(element: &Element) -> u64 {
    let one = |attribute: (Option<&str>, &str, &str)| {
        let mut hasher = DefaultHasher::new();
        attribute.hash(&mut hasher);
        hasher.finish()
    };
    element.values().map(one).fold(0, u64::wrapping_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::stanza::testing::parse;

    fn message(words: &str) -> Element {
        parse(&format!("<message from='romeo@a.test/x' id='{words}'><body>{words}</body></message>"))
    }

    fn two_told() -> Received {
        let mut received = Received::new(7);
        assert!(received.take(&message("one")) && received.take(&message("two")));
        received
    }

    #[test]
    fn only_what_is_kept_is_safe() {
        let mut received = two_told();
        assert!(received.safe() == 0 && !received.is_settled());
        let tally = received.ask().unwrap();
        assert_eq!(tally, Tally { session: 7, count: 2 });
        received.take(&message("three"));
        assert_eq!(received.ask(), None, "one question at a time");
        assert!(!received.keep(Tally { session: 8, count: 2 }), "of another session");
        assert!(received.keep(tally));
        assert!(received.safe() == 2 && !received.is_settled());
        assert!(!received.keep(tally), "no news");
        assert!(!received.keep(Tally { session: 7, count: 9 }), "more than has come");
        assert_eq!(received.ask(), Some(Tally { session: 7, count: 3 }));
    }

    #[test]
    fn what_comes_again_is_told_once() {
        let mut received = two_told();
        received.take(&Element::new("presence", ""));
        received.keep(Tally { session: 7, count: 1 });
        received.resume();
        let again = "<message id='two' from='romeo@a.test/x'><body>two</body><delay xmlns='urn:xmpp:delay' stamp='x'/></message>";
        assert!(!received.take(&parse(again)), "with a delay, and its attributes in another order");
        assert!(received.take(&Element::new("presence", "")), "a presence does no harm");
        assert!(received.take(&message("two")), "the same words under a new number are a new message");
        assert_eq!(received.count, 4);
    }

    #[test]
    fn another_message_in_the_place_of_a_copy_is_told() {
        let mut received = two_told();
        received.resume();
        assert!(received.take(&message("another")));
        assert!(!received.take(&message("two")));
    }

    #[test]
    fn what_is_kept_meanwhile_is_not_acknowledged_before_it_came_again() {
        let mut received = two_told();
        received.resume();
        assert!(received.keep(Tally { session: 7, count: 2 }));
        assert_eq!(received.safe(), 0);
        assert!(!received.take(&message("one")));
        assert_eq!(received.safe(), 1);
        // The line is lost once more, half way: the server goes on behind what it heard last.
        received.resume();
        assert_eq!((received.count, received.safe()), (1, 1));
        assert!(!received.take(&message("two")), "kept, and told all the same");
        assert!(received.is_settled() && received.ask().is_none() && received.told.is_empty());
    }

    #[test]
    fn counts_go_round_behind_the_last_number() {
        let mut received = two_told();
        let last = u32::MAX;
        (received.base, received.count, received.reached, received.kept) = (last - 2, last, last, last - 1);
        received.told = VecDeque::from([(last, print(&message("two")))]);
        received.take(&message("three"));
        assert_eq!((received.count, received.safe()), (0, last - 1));
        received.resume();
        assert!(!received.take(&message("two")) && !received.take(&message("three")));
        assert!(received.keep(Tally { session: 7, count: 0 }) && received.is_settled());
        assert!(received.told.is_empty());
    }

    #[test]
    fn a_mind_that_never_answers_costs_no_memory_without_end() {
        let mut received = Received::new(7);
        for _ in 0..MANY {
            assert!(!received.is_due());
            received.take(&message("x"));
        }
        assert!(received.is_due() && received.ask().is_some() && !received.is_due());
        for _ in 0..MOST {
            received.take(&message("x"));
        }
        assert_eq!(received.told.len(), MOST);
    }
}
