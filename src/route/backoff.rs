//! When to try again: 1, 2, 4 … 60 s, each spread by ±20 %, and from the start again after a minute of health.
//!
//! RFC 6120 section 3.3 asks for truncated exponential growth and a spread, so that a server that comes back is
//! not met by all its users in the same second.

use std::time::Duration;

/// The first wait.
const FIRST: Duration = Duration::from_secs(1);
/// The longest wait, before the spread.
const LONGEST: Duration = Duration::from_secs(60);
/// A session this long counts as health.
const HEALTHY: Duration = Duration::from_secs(60);

/// The waits of one account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The next wait. `chance` is any random number; it decides the spread of ±20 %.
    pub fn next(&mut self, chance: u32) -> Duration {
        let doubled = FIRST.saturating_mul(2_u32.saturating_pow(self.failures.min(16))).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let per_mille = 800 + chance % 401;
        doubled.saturating_mul(per_mille) / 1000
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

    #[test]
    fn waits_double_to_a_minute() {
        let mut backoff = Backoff::default();
        let waits: Vec<u64> = (0..9).map(|_| backoff.next(200).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn the_spread_is_a_fifth_either_way() {
        for chance in (0..5_000).chain([u32::MAX]) {
            let mut backoff = Backoff { failures: 4 };
            let wait = backoff.next(chance);
            assert!((Duration::from_millis(12_800)..=Duration::from_millis(19_200)).contains(&wait), "{wait:?}");
        }
        assert_eq!(Backoff { failures: 30 }.next(0), Duration::from_secs(48));
        assert_eq!(Backoff { failures: u32::MAX }.next(400), Duration::from_secs(72));
    }

    #[test]
    fn only_a_minute_of_health_starts_over() {
        let mut backoff = Backoff { failures: 5 };
        backoff.lived(Duration::from_millis(59_999));
        assert_eq!(backoff.failures, 5);
        backoff.lived(Duration::from_secs(60));
        assert_eq!(backoff.failures, 0);
    }
}
