//! Counting stanzas, both ways (XEP-0198): what has arrived is known, and what has not is sent again when the session
//! is taken up on another connection.
//!
//! Refused: a server that says more has arrived than was sent.

use crate::types::MessageKey;
use crate::xml::Element;
use std::collections::VecDeque;

/// Most stanzas that are kept for a server that acknowledges none. Beyond, it is as if it could not count.
const MOST: usize = 1_000;
/// So many without an acknowledgement, and we ask.
const MANY: usize = 100;

/// The counts of one session.
#[derive(Debug, Default)]
pub(crate) struct Managed {
    state: State,
    /// Of theirs.
    handled: u32,
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
    /// Both count.
    On { id: Option<String> },
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
    /// Counts since the server was asked to.
    pub(crate) fn asked() -> Self {
        Self { state: State::Asked, ..Self::default() }
    }

    /// The server counts; `id`: by which the session can be taken up.
    pub(crate) fn enabled(&mut self, id: Option<String>) {
        if matches!(self.state, State::Asked) {
            self.state = State::On { id };
        }
    }

    /// The server does not count after all.
    pub(crate) fn refused(&mut self) {
        if matches!(self.state, State::Asked) {
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
            State::On { id: Some(id) } => Some((id, self.handled)),
            _ => None,
        }
    }

    /// How many of theirs have come; `None` when they are not counted.
    pub(crate) fn handled(&self) -> Option<u32> {
        matches!(self.state, State::On { .. } | State::Halved).then_some(self.handled)
    }

    /// One of theirs came.
    pub(crate) fn count(&mut self) {
        if self.handled().is_some() {
            self.handled = self.handled.wrapping_add(1);
        }
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
        self.state = if self.is_on() { State::Halved } else { State::Off };
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

    /// The messages among it.
    pub(crate) fn pending(&self) -> Vec<MessageKey> {
        self.waiting.iter().filter_map(|waiting| waiting.key).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(id: Option<&str>) -> Managed {
        let mut managed = Managed::asked();
        managed.enabled(id.map(str::to_owned));
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
        assert_eq!(managed.pending(), [second]);
        managed.forget(second);
        assert_eq!(managed.acknowledge(3), Ok(Vec::new()));
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
        (managed.acknowledged, managed.handled) = (u32::MAX, u32::MAX);
        managed.count();
        assert_eq!(managed.resumable(), Some(("id", 0)));
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
        managed.count();
        assert_eq!(managed.handled(), Some(1), "theirs are still counted");
        assert_eq!(managed.acknowledge(900), Ok(Vec::new()));
    }

    #[test]
    fn nothing_is_counted_that_nobody_asked_for() {
        let mut managed = Managed::default();
        managed.enabled(Some("id".to_owned()));
        managed.count();
        assert!(managed.handled().is_none() && !managed.is_on());
        let mut refused = Managed::asked();
        refused.sent(&Element::new("iq", ""), None);
        refused.refused();
        assert!(refused.unacknowledged().count() == 0 && refused.handled().is_none());
    }
}
