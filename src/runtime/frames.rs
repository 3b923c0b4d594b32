//! When the next frame is due that no key asks for.
//!
//! Frames are a little apart (`max_fps`). In a flood they are further apart: each would show other lines, and be gone
//! before anybody has read one, at the cost of drawing all of them and of the way to the terminal.

use std::time::Duration;

/// More than so many events for one frame are a flood.
const FLOOD: usize = 16;
/// Frames of a flood are at most so far apart,
const APART: Duration = Duration::from_millis(200);
/// and nearer where it pauses for so long: then what stands there can be read. Servers send a flood in pieces; those of
/// Prosody are some 25 ms apart, and 40 now and then.
const PAUSE: Duration = Duration::from_millis(50);

/// Frames and what came since the last one. Times are of the monotonic clock.
#[derive(Debug, Default)]
pub(super) struct Frames {
    drawn_at: Duration,
    heard: usize,
    heard_at: Duration,
}

impl Frames {
    /// One was drawn.
    pub(super) fn drawn(&mut self, now: Duration) {
        (self.drawn_at, self.heard) = (now, 0);
    }

    /// What a key asked for has come: it is as much awaited as the key was.
    pub(super) fn answered(&mut self) {
        (self.drawn_at, self.heard) = (Duration::ZERO, 0);
    }

    /// So many events of the links came.
    pub(super) fn heard(&mut self, events: usize, now: Duration) {
        (self.heard, self.heard_at) = (self.heard.saturating_add(events), now);
    }

    /// When the next one is due, if there is something to draw.
    pub(super) fn next(&self, max_fps: u16) -> Duration {
        let frame = self.drawn_at.saturating_add(Duration::from_secs(1) / u32::from(max_fps.max(1)));
        if self.heard <= FLOOD {
            return frame;
        }
        frame.max(self.heard_at.saturating_add(PAUSE).min(self.drawn_at.saturating_add(APART)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames of a second in which so many events come, evenly.
    fn frames(events: u32) -> usize {
        let (mut frames, mut drawn, mut stale) = (Frames::default(), 0, false);
        for tick in 0..100_000_u32 {
            let now = Duration::from_secs(9) + Duration::from_micros(u64::from(tick) * 10);
            if tick % (100_000 / events) == 0 {
                frames.heard(1, now);
                stale = true;
            }
            if stale && frames.next(30) <= now {
                frames.drawn(now);
                (drawn, stale) = (drawn + 1, false);
            }
        }
        drawn
    }

    #[test]
    fn a_flood_is_drawn_five_times_a_second_and_anything_less_as_often_as_it_may_be() {
        assert_eq!(frames(10), 10);
        assert!((25..=31).contains(&frames(200)), "{}", frames(200));
        assert!((5..=7).contains(&frames(2_000)), "{}", frames(2_000));
    }

    #[test]
    fn what_stands_after_a_flood_is_drawn_soon() {
        let at = Duration::from_millis;
        let mut frames = Frames::default();
        frames.drawn(at(1_000));
        frames.heard(500, at(1_020));
        assert_eq!(frames.next(100), at(1_070));
        frames.heard(500, at(1_070));
        assert_eq!(frames.next(100), at(1_120));
        frames.heard(500, at(1_160));
        assert_eq!(frames.next(100), at(1_200), "it does not go on for ever");
        frames.heard(1, at(1_199));
        assert_eq!(frames.next(4), at(1_250), "and is never drawn more often than it may be");
        frames.answered();
        assert!(frames.next(5) <= at(1_100), "but for what somebody asked for");
    }
}
