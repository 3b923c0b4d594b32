//! Whether the line is alive.
//!
//! Messenger killed a stream that was idle for one to two minutes, and white space did not count; a real ping did
//! (`XEP-0199`). So both directions are kept alive: a server that talks all the time may still wait for a word of ours.
//! A half-open line is noticed within half a minute when nobody does anything, and within ten seconds of a key that is
//! pressed. An idle line wakes us twice in twenty seconds for that: for the question and for its answer.
//!
//! Whatever is heard is a sign of life: a server behind a slow line is not given up while bytes still come, nor while
//! ours still leave.

use crate::types::MessageKey;
use std::time::Duration;

/// Silence of the other side after which we ask.
const SILENT: Duration = Duration::from_secs(20);
/// Silence of our own side after which we say something: half of what Messenger bore.
const MUTE: Duration = Duration::from_secs(60);
/// The same as [`SILENT`] while the person is at the keys.
const ATTENDED: Duration = Duration::from_secs(4);
/// How long one word about that counts; the mind says no more than one in this time.
const ATTENTION: Duration = Duration::from_secs(2);
/// How long the answer to a question into silence may take, or to one behind a message.
pub(super) const QUIET: Duration = Duration::from_secs(10);
/// The same while the person is at the keys: together with [`ATTENDED`] ten seconds.
const HURRIED: Duration = Duration::from_secs(6);
/// The same for a line that may have died while this computer slept.
const WOKEN: Duration = Duration::from_secs(3);
/// Who comes so much too late to a deadline was not there: the computer slept, or the process was stopped.
const ABSENT: Duration = Duration::from_secs(5);

/// Whether somebody who was to be there at `due`, and comes `now`, was away in between. Nobody else can be called late
/// by such a one.
pub(super) fn was_absent(due: Option<Duration>, now: Duration) -> bool {
    due.is_some_and(|due| now >= due.saturating_add(ABSENT))
}

/// What there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beat {
    /// Nothing.
    Steady,
    /// Ping, and wait so long for the answer.
    Ask(Duration),
    /// Nobody is there any more.
    Dead,
}

/// One ping at a time, but for a second one after an absence. Its answer is late only when nothing at all is heard
/// meanwhile: behind ten thousand kept messages it may take long, and yet the line lives.
#[derive(Debug)]
pub(super) struct Pulse {
    heard: Duration,
    spoke: Duration,
    /// When we were last told that the person is at the keys.
    attended: Option<Duration>,
    /// We were away, and came back at this moment; nothing was asked since.
    woke: Option<Duration>,
    probe: Option<Probe>,
}

#[derive(Debug)]
struct Probe {
    /// When it was written, or there was a sign of life after it.
    since: Duration,
    patience: Duration,
    /// The messages before it.
    keys: Vec<MessageKey>,
}

impl Pulse {
    pub(super) fn new(now: Duration) -> Self {
        Self { heard: now, spoke: now, attended: None, woke: None, probe: None }
    }

    /// Begins anew on another connection.
    pub(super) fn renew(&mut self, now: Duration) {
        *self = Self::new(now);
    }

    /// Something came.
    pub(super) fn heard(&mut self, now: Duration) {
        self.heard = now;
        self.eased(now);
    }

    /// Of what waited to go out something went: the other side took what was before it.
    pub(super) fn eased(&mut self, now: Duration) {
        if let Some(probe) = &mut self.probe {
            probe.since = now;
        }
    }

    /// Something goes out.
    pub(super) fn spoke(&mut self, now: Duration) {
        self.spoke = now;
    }

    /// The person is at the keys, now and for the next two seconds.
    pub(super) fn attended(&mut self, now: Duration) {
        self.attended = Some(now);
    }

    /// We were away until now: what was heard before proves nothing.
    pub(super) fn woke(&mut self, now: Duration) {
        self.woke = Some(now);
    }

    /// A ping goes out behind these messages; a second one beside the first stands for the same as that.
    pub(super) fn asked(&mut self, now: Duration, patience: Duration, keys: Vec<MessageKey>) {
        let patience = if self.woke.take().is_some() { patience.min(WOKEN) } else { patience };
        // The answer to the first one says nothing about what was written after it.
        let keys = self.probe.take().map_or(keys, |probe| probe.keys);
        self.probe = Some(Probe { since: now, patience, keys });
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
            _ if self.woke.is_some() => Beat::Ask(WOKEN),
            Some(_) => Beat::Dead,
            None if self.hurries() => Beat::Ask(HURRIED),
            None => Beat::Ask(QUIET),
        }
    }

    pub(super) fn deadline(&self) -> Duration {
        let asks = || self.sooner().unwrap_or(Duration::MAX).min(self.usual());
        self.woke.unwrap_or_else(|| self.probe.as_ref().map_or_else(asks, Probe::deadline))
    }

    /// When we ask if nobody is at the keys.
    fn usual(&self) -> Duration {
        self.heard.saturating_add(SILENT).min(self.spoke.saturating_add(MUTE))
    }

    /// When we ask because somebody is; `None` once the line has lived longer than any key of theirs that we know of.
    fn sooner(&self) -> Option<Duration> {
        let told = self.attended.filter(|told| self.heard < told.saturating_add(ATTENTION))?;
        Some(self.heard.saturating_add(ATTENDED).max(told))
    }

    fn hurries(&self) -> bool {
        self.sooner().is_some_and(|sooner| sooner <= self.usual())
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
    fn twenty_seconds_of_silence_ask_and_ten_more_end_it() {
        let mut pulse = Pulse::new(5 * SECOND);
        assert_eq!(pulse.deadline(), 25 * SECOND);
        assert_eq!(pulse.beat(24 * SECOND), Beat::Steady);
        assert_eq!(pulse.beat(25 * SECOND), Beat::Ask(QUIET));
        pulse.asked(25 * SECOND, QUIET, Vec::new());
        assert_eq!(pulse.beat(34 * SECOND), Beat::Steady);
        assert_eq!(pulse.beat(35 * SECOND), Beat::Dead);
        pulse.heard(34 * SECOND);
        assert_eq!(pulse.beat(35 * SECOND), Beat::Steady, "anything heard is a sign of life");
        pulse.eased(43 * SECOND);
        assert_eq!(pulse.beat(52 * SECOND), Beat::Steady, "and so is what leaves after it was stuck");
        assert_eq!(pulse.beat(53 * SECOND), Beat::Dead);
        assert!(pulse.answered().is_empty());
        assert_eq!(pulse.deadline(), 54 * SECOND, "which does not keep the other side from being asked");
    }

    #[test]
    fn what_they_say_does_not_keep_our_side_alive() {
        let mut pulse = Pulse::new(Duration::ZERO);
        for second in 1..60 {
            pulse.heard(second * SECOND);
            assert_eq!(pulse.beat(second * SECOND), Beat::Steady);
        }
        assert_eq!(pulse.beat(60 * SECOND), Beat::Ask(QUIET));
    }

    /// When the end of a line is noticed that says nothing after its first moment, if a key is pressed at `key` and told
    /// at `told`; and how often it was asked.
    fn noticed(told: Duration) -> (Duration, u32) {
        let mut pulse = Pulse::new(Duration::ZERO);
        let (mut now, mut asked) = (Duration::ZERO, 0);
        loop {
            now += SECOND / 10;
            if now == told {
                pulse.attended(now);
            }
            match pulse.beat(now) {
                Beat::Steady => {}
                Beat::Ask(patience) => {
                    asked += 1;
                    pulse.asked(now, patience, Vec::new());
                }
                Beat::Dead => return (now, asked),
            }
        }
    }

    #[test]
    fn a_key_finds_a_dead_line_in_ten_seconds_whenever_it_is_pressed() {
        for tenths in 1..300 {
            let told = tenths * SECOND / 10;
            let (dead, asked) = noticed(told);
            assert!(dead <= told + 10 * SECOND, "told at {told:?}, noticed at {dead:?}");
            assert!(dead <= 30 * SECOND && asked == 1, "{asked} questions, noticed at {dead:?}");
        }
    }

    #[test]
    fn a_key_that_nobody_told_of_for_two_seconds_counts_as_well() {
        let mut pulse = Pulse::new(50 * SECOND);
        pulse.attended(60 * SECOND);
        assert_eq!(pulse.beat(60 * SECOND), Beat::Ask(HURRIED));
        pulse.asked(60 * SECOND, HURRIED, Vec::new());
        // The line answers, and dies before the next key, which comes too soon to be told.
        pulse.heard(61 * SECOND);
        pulse.answered();
        assert_eq!((pulse.deadline(), pulse.beat(65 * SECOND)), (65 * SECOND, Beat::Ask(HURRIED)));
        // Here it has outlived every key that there can have been.
        pulse.heard(62 * SECOND);
        assert_eq!(pulse.deadline(), 82 * SECOND);
    }

    #[test]
    fn who_writes_all_the_time_is_asked_for_every_fourth_second_at_most() {
        let mut pulse = Pulse::new(Duration::ZERO);
        let mut asked = 0;
        for tenths in 1..=600 {
            let now = tenths * SECOND / 10;
            pulse.spoke(now);
            if tenths % 20 == 0 {
                pulse.attended(now);
            }
            if let Beat::Ask(patience) = pulse.beat(now) {
                asked += 1;
                pulse.asked(now, patience, Vec::new());
                pulse.heard(now);
                pulse.answered();
            }
        }
        assert!((13..=15).contains(&asked), "{asked} in a minute");
    }

    #[test]
    fn who_slept_asks_anew_with_short_patience_and_keeps_what_was_asked_for() {
        let mut pulse = Pulse::new(Duration::ZERO);
        let key = MessageKey(1);
        pulse.asked(20 * SECOND, QUIET, vec![key]);
        assert!(!was_absent(Some(pulse.deadline()), 34 * SECOND) && was_absent(Some(pulse.deadline()), 35 * SECOND));
        pulse.woke(8_000 * SECOND);
        assert_eq!(pulse.beat(8_000 * SECOND), Beat::Ask(WOKEN), "nobody is called dead by who was not there");
        pulse.asked(8_000 * SECOND, QUIET, Vec::new());
        assert_eq!(pulse.beat(8_002 * SECOND), Beat::Steady);
        assert_eq!(pulse.beat(8_003 * SECOND), Beat::Dead);
        assert_eq!(pulse.answered(), [key], "either answer may be the one to the first question");
    }
}
