//! When to try again: 1, 2, 4 … 60 s, each spread by ±20 %, and from the start again after a minute of health.
//!
//! RFC 6120 section 3.3 asks for truncated exponential growth and a spread, so that a server that comes back is
//! not met by all its users in the same second. Whatever makes us begin anew meanwhile, a network that comes and goes
//! say, no server is tried more than six times in ten seconds.

use std::time::Duration;

/// The first wait.
const FIRST: Duration = Duration::from_secs(1);
/// The longest wait, before the spread.
const LONGEST: Duration = Duration::from_secs(60);
/// A session this long counts as health.
const HEALTHY: Duration = Duration::from_secs(60);
/// So that an outage of a few seconds is over within five more: the longest of the first three waits, spread and all.
const SOON: Duration = Duration::from_millis(4_400);
/// The most tries...
const MOST: usize = 6;
/// ...in this time.
const WINDOW: Duration = Duration::from_secs(10);

/// The waits of one account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backoff {
    failures: u32,
    /// When the last tries began (`Now::mono`), oldest first.
    tries: [Option<Duration>; MOST],
}

impl Backoff {
    /// The next wait. `chance` is any random number; it decides the spread of ±20 %.
    pub fn next(&mut self, now: Duration, chance: u32) -> Duration {
        let doubled = FIRST.saturating_mul(2_u32.saturating_pow(self.failures.min(16))).min(LONGEST);
        let most = if self.failures < 3 { SOON } else { Duration::MAX };
        self.failures = self.failures.saturating_add(1);
        let per_mille = 800 + chance % 401;
        (doubled.saturating_mul(per_mille) / 1000).min(most).max(self.spared(now))
    }

    /// A try begins.
    pub fn tried(&mut self, now: Duration) {
        self.tries.rotate_left(1);
        if let Some(last) = self.tries.last_mut() {
            *last = Some(now);
        }
    }

    /// How long the server is to be spared, even if there is reason to try at once.
    pub fn spared(&self, now: Duration) -> Duration {
        let oldest = self.tries.first().copied().flatten();
        oldest.map_or(Duration::ZERO, |oldest| oldest.saturating_add(WINDOW).saturating_sub(now))
    }

    /// A session ended after having been signed in for `lived`.
    pub fn lived(&mut self, lived: Duration) {
        if lived >= HEALTHY {
            self.failures = 0;
        }
    }

    /// The person asked for it, or something changed: begin again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(failures: u32) -> Backoff {
        Backoff { failures, ..Backoff::default() }
    }

    #[test]
    fn an_outage_of_less_than_five_seconds_is_over_within_five_more() {
        for chance in 0..401 {
            let (mut backoff, mut at) = (Backoff::default(), Duration::ZERO);
            while at < Duration::from_secs(5) {
                let wait = backoff.next(at, chance);
                assert!(wait <= SOON, "{wait:?} at {at:?}");
                at += wait;
            }
        }
    }

    #[test]
    fn six_tries_in_ten_seconds_are_the_most_whatever_happens() {
        let (mut backoff, mut now, mut tries) = (Backoff::default(), Duration::ZERO, Vec::new());
        while now < Duration::from_secs(60) {
            backoff.tried(now);
            tries.push(now);
            // The network comes and goes, and each time it is tried as soon as it may be.
            backoff.reset();
            let wait = backoff.next(now, 0).min(Duration::from_millis(50)).max(backoff.spared(now));
            now += wait;
        }
        for window in tries.windows(MOST + 1) {
            assert!(window[MOST] >= window[0] + WINDOW, "{window:?}");
        }
        assert!(tries.len() > 30, "{}", tries.len());
    }

    #[test]
    fn waits_double_to_a_minute() {
        let mut backoff = Backoff::default();
        let waits: Vec<u64> = (0..9).map(|_| backoff.next(Duration::ZERO, 200).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn the_spread_is_a_fifth_either_way() {
        for chance in (0..5_000).chain([u32::MAX]) {
            let mut backoff = failed(4);
            let wait = backoff.next(Duration::ZERO, chance);
            assert!((Duration::from_millis(12_800)..=Duration::from_millis(19_200)).contains(&wait), "{wait:?}");
        }
        assert_eq!(failed(30).next(Duration::ZERO, 0), Duration::from_secs(48));
        assert_eq!(failed(u32::MAX).next(Duration::ZERO, 400), Duration::from_secs(72));
    }

    #[test]
    fn only_a_minute_of_health_starts_over() {
        let mut backoff = failed(5);
        backoff.lived(Duration::from_millis(59_999));
        assert_eq!(backoff.failures, 5);
        backoff.lived(Duration::from_secs(60));
        assert_eq!(backoff.failures, 0);
    }
}
