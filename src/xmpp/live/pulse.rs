//! Whether the line is alive.
//!
//! Messenger killed a stream that was idle for one to two minutes, and white space did not count; a real ping did
//! (`XEP-0199`). So both directions are kept alive: a server that talks all the time may still wait for a word of ours.
//! A half-open line must be noticed, soonest when the person has just written something.

use crate::types::MessageKey;
use std::time::Duration;

/// Silence of either side after which we ask.
const IDLE: Duration = Duration::from_secs(60);
/// How long the answer to a ping into silence may take.
pub(super) const QUIET: Duration = Duration::from_secs(20);
/// How long the answer to a ping behind a message may take.
pub(super) const AFTER_MESSAGE: Duration = Duration::from_secs(10);

/// What there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beat {
    /// Nothing.
    Steady,
    /// Ping.
    Ask,
    /// Nobody is there any more.
    Dead,
}

/// One ping at a time. Its answer is late only when nothing at all is heard meanwhile: behind ten thousand kept
/// messages it may take long, and yet the line lives.
#[derive(Debug)]
pub(super) struct Pulse {
    heard: Duration,
    spoke: Duration,
    probe: Option<Probe>,
}

#[derive(Debug)]
struct Probe {
    /// When it was written, or something was heard after it.
    since: Duration,
    patience: Duration,
    /// The messages before it.
    keys: Vec<MessageKey>,
}

impl Pulse {
    pub(super) fn new(now: Duration) -> Self {
        Self { heard: now, spoke: now, probe: None }
    }

    /// Begins anew on another connection.
    pub(super) fn renew(&mut self, now: Duration) {
        *self = Self::new(now);
    }

    /// Something came.
    pub(super) fn heard(&mut self, now: Duration) {
        self.heard = now;
        if let Some(probe) = &mut self.probe {
            probe.since = now;
        }
    }

    /// Something goes out.
    pub(super) fn spoke(&mut self, now: Duration) {
        self.spoke = now;
    }

    /// A ping goes out behind these messages.
    pub(super) fn asked(&mut self, now: Duration, patience: Duration, keys: Vec<MessageKey>) {
        self.probe = Some(Probe { since: now, patience, keys });
    }

    /// A message goes out while a ping is out: the person waits, so the ping may no longer take its time.
    pub(super) fn hurry(&mut self, now: Duration) {
        if let Some(probe) = &mut self.probe
            && now.saturating_add(AFTER_MESSAGE) < probe.deadline()
        {
            (probe.since, probe.patience) = (now, AFTER_MESSAGE);
        }
    }

    /// The ping was answered: these messages are with the server.
    pub(super) fn answered(&mut self) -> Vec<MessageKey> {
        self.probe.take().map(|probe| probe.keys).unwrap_or_default()
    }

    /// This message came back: nothing about it is good news any more.
    pub(super) fn forget(&mut self, key: MessageKey) {
        if let Some(probe) = &mut self.probe {
            probe.keys.retain(|known| *known != key);
        }
    }

    /// True while a ping waits for its answer.
    pub(super) fn is_asking(&self) -> bool {
        self.probe.is_some()
    }

    pub(super) fn beat(&self, now: Duration) -> Beat {
        match &self.probe {
            _ if now < self.deadline() => Beat::Steady,
            Some(_) => Beat::Dead,
            None => Beat::Ask,
        }
    }

    pub(super) fn deadline(&self) -> Duration {
        let quiet_since = self.heard.min(self.spoke);
        self.probe.as_ref().map_or(quiet_since.saturating_add(IDLE), Probe::deadline)
    }
}

impl Probe {
    fn deadline(&self) -> Duration {
        self.since.saturating_add(self.patience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_minute_of_silence_asks_and_twenty_seconds_more_end_it() {
        let mut pulse = Pulse::new(5 * SECOND);
        assert_eq!(pulse.deadline(), 65 * SECOND);
        assert_eq!(pulse.beat(64 * SECOND), Beat::Steady);
        assert_eq!(pulse.beat(65 * SECOND), Beat::Ask);
        pulse.asked(65 * SECOND, QUIET, Vec::new());
        assert_eq!(pulse.beat(84 * SECOND), Beat::Steady);
        assert_eq!(pulse.beat(85 * SECOND), Beat::Dead);
        pulse.heard(84 * SECOND);
        assert_eq!(pulse.beat(85 * SECOND), Beat::Steady, "anything heard is a sign of life");
        assert!(pulse.answered().is_empty());
        pulse.spoke(84 * SECOND);
        assert_eq!(pulse.deadline(), 144 * SECOND);
        pulse.heard(100 * SECOND);
        assert_eq!(pulse.deadline(), 144 * SECOND, "what they say does not keep our side alive");
    }

    #[test]
    fn a_message_makes_a_waiting_ping_impatient_once() {
        let mut pulse = Pulse::new(Duration::ZERO);
        pulse.asked(60 * SECOND, QUIET, Vec::new());
        pulse.hurry(61 * SECOND);
        assert_eq!(pulse.deadline(), 71 * SECOND);
        pulse.hurry(65 * SECOND);
        assert_eq!(pulse.deadline(), 71 * SECOND, "more messages give it no more time");
    }
}
