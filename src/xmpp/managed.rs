//! Counting stanzas, both ways (XEP-0198): what has arrived is known, and what has not is sent again when the session
//! is taken up on another connection.
//!
//! Refused: a server that says more has arrived than was sent.

mod received;

use crate::types::{MessageKey, Tally};
use crate::xml::Element;
use crate::xmpp::ext::sm::Place;
use received::Received;
use std::collections::VecDeque;
use std::time::Duration;

/// Most stanzas that are kept for a server that acknowledges none. Beyond, it is as if it could not count.
const MOST: usize = 1_000;
/// So many without an acknowledgement, and we ask.
const MANY: usize = 100;
/// How long a request to acknowledge may wait for the disk (section 4 lets it wait for a time-out only). Servers give up a
/// line that answers none for a minute.
const PATIENCE: Duration = Duration::from_secs(5);

/// The counts of one session.
#[derive(Debug, Default)]
pub(crate) struct Managed {
    state: State,
    /// Of theirs.
    received: Received,
    /// They have asked how many: so many had come, and they hear it then at the latest, kept or not.
    owed: Option<(u32, Duration)>,
    /// Of ours that they have.
    acknowledged: u32,
    /// Of ours that they may not have, oldest first.
    waiting: VecDeque<Waiting>,
}

#[derive(Debug, Default)]
enum State {
    /// Not counted.
    #[default]
    Off,
    /// We count ours since we asked.
    Asked,
    /// The same, but so many went out meanwhile that ours are not counted any more.
    Outrun,
    /// Both count.
    On { place: Option<Place> },
    /// They do not acknowledge: only theirs are counted, for their sake.
    Halved,
}

#[derive(Debug)]
struct Waiting {
    stanza: Element,
    key: Option<MessageKey>,
}

/// More was acknowledged than was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooHigh;

impl Managed {
    /// Counts since the server was asked to; `session`: a number that no other session has.
    pub(crate) fn asked(session: u64) -> Self {
        Self { state: State::Asked, received: Received::new(session), ..Self::default() }
    }

    /// The server counts; `place`: where the session can be taken up, if it can.
    pub(crate) fn enabled(&mut self, place: Option<Place>) {
        match self.state {
            State::Asked => self.state = State::On { place },
            // It will ask for theirs all the same, and give the line up where nobody answers.
            State::Outrun => self.state = State::Halved,
            State::Off | State::On { .. } | State::Halved => {}
        }
    }

    /// The server does not count after all.
    pub(crate) fn refused(&mut self) {
        if matches!(self.state, State::Asked | State::Outrun) {
            *self = Self::default();
        }
    }

    /// Acknowledgements can be asked for.
    pub(crate) fn is_on(&self) -> bool {
        matches!(self.state, State::On { .. })
    }

    /// By what name, and from where on, the session can be taken up.
    pub(crate) fn resumable(&self) -> Option<(&str, u32)> {
        match &self.state {
            State::On { place: Some(place) } => Some((&place.id, self.received.safe())),
            _ => None,
        }
    }

    /// Where the server would have us come back to.
    pub(crate) fn location(&self) -> Option<&str> {
        match &self.state {
            State::On { place: Some(place) } => place.location.as_deref(),
            _ => None,
        }
    }

    /// How many of ours were sent in all.
    pub(crate) fn sent_in_all(&self) -> u32 {
        let waiting = u32::try_from(self.waiting.len()).unwrap_or(u32::MAX);
        self.acknowledged.wrapping_add(waiting)
    }

    /// Theirs are counted.
    pub(crate) fn counts(&self) -> bool {
        matches!(self.state, State::On { .. } | State::Halved)
    }

    /// How many of theirs need not come again; `None` when they are not counted.
    pub(crate) fn safe(&self) -> Option<u32> {
        self.counts().then(|| self.received.safe())
    }

    /// One of theirs came. False: it came before, and was told.
    pub(crate) fn count(&mut self, stanza: &Element) -> bool {
        !self.counts() || self.received.take(stanza)
    }

    /// They ask how many have come. What there is to answer at once.
    pub(crate) fn requested(&mut self, now: Duration) -> Option<u32> {
        if !self.counts() || self.received.is_settled() {
            return self.safe();
        }
        let by = self.owed.map_or(now.saturating_add(PATIENCE), |(_, by)| by);
        self.owed = Some((self.received.count(), by));
        None
    }

    /// What the mind is to be asked now: whether everything up to there is kept.
    pub(crate) fn tally(&mut self) -> Option<Tally> {
        let due = self.owed.is_some() || self.received.is_due();
        if due { self.received.ask() } else { None }
    }

    /// The same, at the loss of a connection.
    pub(crate) fn last_tally(&mut self) -> Option<Tally> {
        if self.counts() { self.received.ask_anew() } else { None }
    }

    /// The mind has kept everything up to there. What the server is to be told.
    pub(crate) fn kept(&mut self, tally: Tally) -> Option<u32> {
        let before = self.safe()?;
        if !self.received.keep(tally) {
            return None;
        }
        self.owed.take_if(|(count, _)| self.received.covers(*count));
        self.safe().filter(|now| *now != before)
    }

    /// The disk is too slow: what the server hears in place of the whole count.
    pub(crate) fn overdue(&mut self, now: Duration) -> Option<u32> {
        self.owed.take_if(|(_, by)| *by <= now)?;
        self.safe()
    }

    /// When [`Managed::overdue`] is due.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.owed.map(|(_, by)| by)
    }

    /// Taken up on another connection.
    pub(crate) fn resume(&mut self) {
        self.received.resume();
        self.owed = None;
    }

    /// One of ours goes out. Gives the keys back that nobody will acknowledge by count any more.
    pub(crate) fn sent(&mut self, stanza: &Element, key: Option<MessageKey>) -> Vec<MessageKey> {
        if !matches!(self.state, State::Asked | State::On { .. }) {
            return Vec::new();
        }
        self.waiting.push_back(Waiting { stanza: stanza.clone(), key });
        if self.waiting.len() <= MOST {
            return Vec::new();
        }
        self.state = if self.is_on() { State::Halved } else { State::Outrun };
        self.waiting.drain(..).filter_map(|waiting| waiting.key).collect()
    }

    /// So much is unacknowledged that it is time to ask.
    pub(crate) fn is_due(&self) -> bool {
        self.is_on() && self.waiting.len() >= MANY
    }

    /// This many of ours have arrived in all; the messages among those that were not known to have.
    pub(crate) fn acknowledge(&mut self, count: u32) -> Result<Vec<MessageKey>, TooHigh> {
        if !self.is_on() {
            return Ok(Vec::new());
        }
        let more = usize::try_from(count.wrapping_sub(self.acknowledged)).map_err(|_| TooHigh)?;
        if more > self.waiting.len() {
            return Err(TooHigh);
        }
        self.acknowledged = count;
        Ok(self.waiting.drain(..more).filter_map(|waiting| waiting.key).collect())
    }

    /// Nothing more is to be said about this message.
    pub(crate) fn forget(&mut self, key: MessageKey) {
        for waiting in self.waiting.iter_mut().filter(|waiting| waiting.key == Some(key)) {
            waiting.key = None;
        }
    }

    /// What may not have arrived, in order.
    pub(crate) fn unacknowledged(&self) -> impl Iterator<Item = &Element> {
        self.waiting.iter().map(|waiting| &waiting.stanza)
    }

    /// Those of ours that need not be written again are taken back.
    pub(crate) fn take_back(&mut self, fits: impl Fn(&Element) -> bool) {
        self.waiting.retain(|waiting| !fits(&waiting.stanza));
    }

    /// Gives back the messages among it: whether they are sent again is for others to say.
    pub(crate) fn give_back(&mut self) -> Vec<MessageKey> {
        let keys = self.waiting.iter().filter_map(|waiting| waiting.key).collect();
        self.waiting.retain(|waiting| waiting.key.is_none());
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(id: &str) -> Place {
        Place { id: id.to_owned(), location: None }
    }

    fn on(id: Option<&str>) -> Managed {
        let mut managed = Managed::asked(7);
        managed.enabled(id.map(place));
        managed
    }

    fn keys() -> (MessageKey, MessageKey) {
        (MessageKey(1), MessageKey(2))
    }

    #[test]
    fn only_what_arrived_is_acknowledged_and_the_rest_waits() {
        let (mut managed, message, (first, second)) = (on(Some("id")), Element::new("message", ""), keys());
        managed.sent(&Element::new("presence", ""), None);
        managed.sent(&message, Some(first));
        managed.sent(&message, Some(second));
        assert_eq!(managed.acknowledge(2), Ok(vec![first]));
        assert_eq!(managed.acknowledge(2), Ok(Vec::new()), "told once");
        assert_eq!(managed.unacknowledged().count(), 1);
        managed.sent(&Element::new("iq", ""), None);
        assert_eq!(managed.give_back(), [second]);
        assert_eq!(managed.acknowledge(3), Ok(Vec::new()), "the query is the third now");
        managed.sent(&message, Some(first));
        managed.forget(first);
        assert_eq!(managed.acknowledge(4), Ok(Vec::new()));
    }

    #[test]
    fn more_than_was_sent_or_less_than_before_is_a_fault() {
        let mut managed = on(None);
        assert_eq!(managed.acknowledge(1), Err(TooHigh));
        managed.sent(&Element::new("iq", ""), None);
        assert_eq!(managed.acknowledge(1), Ok(Vec::new()));
        assert_eq!(managed.acknowledge(0), Err(TooHigh));
        assert_eq!(managed.acknowledge(u32::MAX), Err(TooHigh));
    }

    #[test]
    fn counts_go_round_behind_the_last_number() {
        let mut managed = on(Some("id"));
        managed.acknowledged = u32::MAX;
        managed.sent(&Element::new("iq", ""), None);
        assert_eq!(managed.acknowledge(0), Ok(Vec::new()));
        assert_eq!(managed.unacknowledged().count(), 0);
    }

    #[test]
    fn a_server_that_never_acknowledges_costs_no_memory_without_end() {
        let (mut managed, (first, _)) = (on(Some("id")), keys());
        managed.sent(&Element::new("message", ""), Some(first));
        let mut back = Vec::new();
        for _ in 0..MOST {
            assert!(back.is_empty());
            back = managed.sent(&Element::new("iq", ""), None);
        }
        assert_eq!(back, [first], "somebody else has to see to it");
        assert!(!managed.is_on() && managed.resumable().is_none() && managed.unacknowledged().count() == 0);
        assert!(managed.count(&Element::new("message", "")));
        assert_eq!(managed.requested(Duration::ZERO), None);
        let tally = managed.tally().unwrap();
        assert_eq!(managed.kept(tally), Some(1), "theirs are still counted");
        assert_eq!(managed.acknowledge(900), Ok(Vec::new()));
    }

    #[test]
    fn who_says_too_much_before_the_server_agrees_to_count_still_counts_theirs() {
        let mut managed = Managed::asked(7);
        let mut back = Vec::new();
        for number in 0..=MOST {
            back = managed.sent(&Element::new("message", ""), Some(MessageKey(number as u128)));
        }
        assert_eq!(back.len(), MOST + 1, "somebody else has to see to them");
        assert!(managed.sent(&Element::new("message", ""), Some(MessageKey(0))).is_empty());
        managed.enabled(Some(place("id")));
        assert!(!managed.is_on() && managed.resumable().is_none());
        managed.count(&Element::new("message", ""));
        assert_eq!(managed.requested(Duration::ZERO), None, "it is on its way to the disk");
        let tally = managed.tally().unwrap();
        assert_eq!(managed.kept(tally), Some(1), "a server that nobody answers would give the line up");
        let mut managed = Managed::asked(7);
        managed.state = State::Outrun;
        managed.refused();
        assert!(managed.safe().is_none());
    }

    #[test]
    fn nothing_is_counted_that_nobody_asked_for() {
        let mut managed = Managed::default();
        managed.enabled(Some(place("id")));
        managed.count(&Element::new("message", ""));
        assert!(managed.safe().is_none() && !managed.is_on());
        assert!(managed.requested(Duration::ZERO).is_none() && managed.deadline().is_none());
        assert!(managed.last_tally().is_none() && managed.tally().is_none());
        let mut refused = Managed::asked(7);
        refused.sent(&Element::new("iq", ""), None);
        refused.refused();
        assert!(refused.unacknowledged().count() == 0 && refused.safe().is_none());
    }

    #[test]
    fn a_request_waits_for_the_disk_but_not_for_ever() {
        let (mut managed, message) = (on(Some("id")), Element::new("message", ""));
        assert_eq!(managed.requested(Duration::ZERO), Some(0), "nothing has come");
        managed.count(&message);
        assert_eq!(managed.requested(Duration::ZERO), None);
        let tally = managed.tally().unwrap();
        assert_eq!(managed.tally(), None, "asked once");
        managed.count(&message);
        assert_eq!(managed.kept(tally), Some(1), "told at once");
        assert_eq!((managed.deadline(), managed.tally()), (None, None), "and that was all they asked for");
        assert_eq!(managed.requested(Duration::ZERO), None);
        assert!(managed.tally().is_some());
        assert_eq!(managed.overdue(PATIENCE / 2), None);
        assert_eq!(managed.overdue(PATIENCE), Some(1));
        assert_eq!((managed.deadline(), managed.overdue(PATIENCE)), (None, None), "said once");
        let tally = managed.last_tally().unwrap();
        assert_eq!(managed.kept(tally), Some(2), "the server hears what came late");
    }
}
