//! Time as an argument. Nobody below floor 4 asks a clock.

use std::time::Duration;

/// A moment of the civil clock: milliseconds since 1970-01-01T00:00:00Z. For showing and ordering, never for waiting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stamp(pub i64);

impl Stamp {
    /// The moment `by` later, saturating.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// So much earlier.
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The minute on the face of a clock, counted from 1970.
    pub fn minute(self) -> i64 {
        self.0.div_euclid(60_000)
    }

    /// How long after `earlier` this is; zero when it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// Both clocks at once, handed to every machine.
///
/// `mono` is the time since the program started and never jumps: deadlines are made of it. Where the system can tell, it
/// runs on while the computer sleeps. `wall` is what a person would read off the clock, and may be set at any time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Time since the start of the program, monotonic.
    pub mono: Duration,
    /// The civil clock.
    pub wall: Stamp,
}

impl Now {
    /// Both clocks moved on by the same time, as tests do.
    #[must_use]
    pub fn after(self, by: Duration) -> Self {
        Self { mono: self.mono.saturating_add(by), wall: self.wall.plus(by) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_instead_of_panicking() {
        assert_eq!(Stamp(i64::MAX).plus(Duration::MAX), Stamp(i64::MAX));
        assert_eq!(Stamp(5).since(Stamp(9)), Duration::ZERO);
        assert_eq!(Stamp(i64::MIN).since(Stamp(i64::MAX)), Duration::ZERO);
        assert_eq!(Stamp(9).since(Stamp(5)), Duration::from_millis(4));
    }
}
