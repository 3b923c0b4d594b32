//! How often the disk is waited for.
//!
//! A commit costs a wait for the disk, and work on every index, whatever it holds. What comes alone is kept at once, and
//! so is whatever somebody waits for: what the person sent, a page, a search. In a flood of messages commits are a little
//! apart, and each keeps many. Until it is kept a message is on the screen all the same, and nobody is told that it came:
//! a receipt or an acknowledgement is late by that much.

use super::requests;
use crate::app::StoreRequest;
use crate::types::limits::UNCOMMITTED;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Commits are so far apart when there are many.
pub(super) const APART: Duration = Duration::from_millis(250);
/// So many may follow each other at once before.
const AT_ONCE: u32 = 10;
/// With so much ([`requests::weight`]) a commit is worth it at once. Less than what a braked line is freed at: nobody
/// waits for somebody who waits.
pub(super) const FULL: usize = UNCOMMITTED / 5;
/// What waits is looked through whenever so much has come.
pub(super) const LOOK: usize = FULL / 4;

/// Wakes a thread that sleeps over a flood: to be woken for each message of it costs more than to keep it.
#[derive(Debug, Default)]
pub(super) struct Alarm(AtomicUsize);

impl Alarm {
    /// From now on counts what is sent.
    pub(super) fn set(&self) {
        self.0.store(0, Ordering::SeqCst);
    }

    /// A request was sent. True: the thread is to be woken, by this one or for all since the alarm was set.
    pub(super) fn rings(&self, urgency: Urgency) -> bool {
        match urgency {
            Urgency::Awaited => true,
            Urgency::Waits { weight } => {
                let before = self.0.fetch_add(weight, Ordering::SeqCst);
                before < LOOK && before.saturating_add(weight) >= LOOK
            }
        }
    }
}

/// Whether a request may wait a little.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Urgency {
    /// Somebody waits for it.
    Awaited,
    /// Nobody does, until there is much of it.
    Waits { weight: usize },
}

impl Urgency {
    pub(super) fn of(request: &StoreRequest) -> Self {
        if requests::may_wait(request) { Self::Waits { weight: requests::weight(request) } } else { Self::Awaited }
    }
}

/// When commits were.
#[derive(Debug)]
pub(super) struct Pace {
    /// How far apart they should be when there are many.
    apart: Duration,
    /// When the last of them would have been, were they all so far apart.
    due: Instant,
    /// When the last of them was.
    last: Instant,
    /// How long the next one takes to fill, if it comes as fast as the last.
    fills_in: Duration,
}

impl Pace {
    /// There was none yet.
    pub(super) fn begin(now: Instant, apart: Duration) -> Self {
        Self { apart, due: now, last: now, fills_in: apart }
    }

    /// There was one, of that which waited. What is carried out because somebody waits is not counted: nobody asks so
    /// often that it matters, and others do not wait for that.
    pub(super) fn committed<'a>(&mut self, now: Instant, batch: impl Iterator<Item = &'a StoreRequest>) {
        let mut weight = 0_usize;
        for request in batch {
            let Urgency::Waits { weight: more } = Urgency::of(request) else { return };
            weight = weight.saturating_add(more);
        }
        self.due = (self.due.max(now) + self.apart).min(now + self.apart * (AT_ONCE + 1));
        // Twice: pieces of a flood come unevenly.
        let pace = now.saturating_duration_since(self.last).saturating_mul(2 * FULL as u32);
        self.fills_in = (pace / u32::try_from(weight.max(1)).unwrap_or(u32::MAX)).min(self.apart);
        self.last = now;
    }

    /// How long all that waits may go on waiting if nothing else comes; `None`: it is to be carried out.
    pub(super) fn pause<'a>(&self, now: Instant, waiting: impl Iterator<Item = &'a StoreRequest>) -> Option<Duration> {
        // The rest of a flood that is over does not wait for what comes no more.
        let until = self.due.checked_sub(self.apart * AT_ONCE)?.min(self.last + self.fills_in);
        let left = until.saturating_duration_since(now);
        let mut weight = 0_usize;
        for request in waiting {
            let Urgency::Waits { weight: more } = Urgency::of(request) else { return None };
            weight = weight.saturating_add(more);
            if weight >= FULL {
                return None;
            }
        }
        (!left.is_zero()).then_some(left)
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a moment to count from; nothing here waits")]
mod tests {
    use super::super::tests::{message, talk};
    use super::*;
    use crate::app::model::{Author, Message, MessageState};
    use crate::types::limits::UNCOMMITTED_BYTES;
    use crate::types::{MessageKey, RequestId, Stamp};
    use crate::xmpp::Direction;

    fn insert(number: u128) -> StoreRequest {
        StoreRequest::Insert(Box::new(message(number, "hi")))
    }

    /// In a flood: what may be kept at once was kept.
    fn flooded(now: Instant) -> Pace {
        let mut at = now.checked_sub(Duration::from_secs(1)).unwrap();
        let mut pace = Pace::begin(at, APART);
        while at < now {
            at += Duration::from_millis(20);
            pace.committed(at, [insert(1)].iter());
        }
        pace
    }

    /// Commits in a time, when a message comes every so often.
    fn commits(every: Duration, time: Duration) -> (u32, usize) {
        let began = Instant::now() + Duration::from_secs(9);
        let (mut pace, mut waiting, mut commits, mut most) = (Pace::begin(began, APART), Vec::new(), 0, 0);
        let mut now = began;
        while now < began + time {
            waiting.push(insert(1));
            most = most.max(waiting.len());
            if pace.pause(now, waiting.iter()).is_none() {
                pace.committed(now, waiting.iter());
                waiting.clear();
                commits += 1;
            }
            now += every;
        }
        (commits, most)
    }

    #[test]
    fn what_comes_now_and_then_is_kept_at_once() {
        assert_eq!(commits(Duration::from_millis(250), Duration::from_secs(25)), (100, 1));
        // Five a second, for eight seconds: a lively evening.
        assert_eq!(commits(Duration::from_millis(200), Duration::from_secs(8)), (40, 1));
        // A few at once as well.
        assert_eq!(commits(Duration::from_millis(1), Duration::from_millis(10)), (10, 1));
    }

    #[test]
    fn in_a_flood_each_commit_keeps_many() {
        // Four hundred a second: four commits, after the first ten.
        let (commits_in_ten, most) = commits(Duration::from_micros(2_500), Duration::from_secs(10));
        assert!((40..=60).contains(&commits_in_ten), "{commits_in_ten}");
        assert!(most <= 101, "{most}");
        // Ten thousand in a third of a second.
        let (commits, most) = commits(Duration::from_micros(33), Duration::from_millis(330));
        assert!(commits <= 70, "{commits}");
        assert_eq!(most, FULL, "and none is left to wait behind a braked line");
    }

    #[test]
    fn what_somebody_waits_for_waits_for_nothing() {
        let now = Instant::now() + Duration::from_secs(9);
        let pace = flooded(now);
        let waits = |requests: &[StoreRequest]| pace.pause(now, requests.iter());
        assert_eq!(waits(&[insert(1), insert(2)]), Some(APART));
        let mine = Message {
            direction: Direction::Out,
            author: Author::Me,
            state: MessageState::Pending,
            ..message(3, "typed")
        };
        assert_eq!(waits(&[insert(1), StoreRequest::Insert(Box::new(mine))]), None);
        let page = StoreRequest::Page { request: RequestId(1), talk: talk(), before: None, limit: 50 };
        assert_eq!(waits(&[insert(1), page]), None);
        assert_eq!(pace.pause(now + APART, [insert(1)].iter()), None, "never longer than that");
    }

    #[test]
    fn the_rest_of_a_flood_waits_no_longer_than_it_took_to_fill_a_commit() {
        let mut now = Instant::now() + Duration::from_secs(9);
        let mut pace = Pace::begin(now, APART);
        let full: Vec<StoreRequest> = (0..FULL).map(|_| insert(1)).collect();
        for _ in 0..50 {
            now += Duration::from_millis(6);
            pace.committed(now, full.iter());
        }
        assert_eq!(pace.pause(now, [insert(1)].iter()), Some(Duration::from_millis(12)));
        // Half a commit as fast as that is of the same flood.
        now += Duration::from_millis(3);
        pace.committed(now, full[..FULL / 2].iter());
        assert_eq!(pace.pause(now, [insert(1)].iter()), Some(Duration::from_millis(12)));
        now += Duration::from_millis(12);
        pace.committed(now, [insert(1)].iter());
        assert_eq!(
            pace.pause(now, [insert(1)].iter()),
            Some(APART),
            "what trickles in behind it is no flood of that kind"
        );
    }

    #[test]
    fn what_is_asked_takes_nothing_of_what_may_come_at_once() {
        let now = Instant::now() + Duration::from_secs(9);
        let mut pace = Pace::begin(now, APART);
        let page = || StoreRequest::Page { request: RequestId(1), talk: talk(), before: None, limit: 50 };
        for _ in 0..50 {
            pace.committed(now, [insert(1), page()].iter());
        }
        assert_eq!(pace.pause(now, [insert(1)].iter()), None);
    }

    #[test]
    fn marks_and_long_messages_fill_a_commit_as_they_brake_the_line() {
        let now = Instant::now() + Duration::from_secs(9);
        let pace = flooded(now);
        let mark = || StoreRequest::Mark { talk: talk(), key: MessageKey(1), state: MessageState::Delivered };
        let full: Vec<StoreRequest> = (0..FULL / 2).flat_map(|_| [mark(), insert(1)]).collect();
        assert!(pace.pause(now, full.iter().skip(1)).is_some());
        assert_eq!(pace.pause(now, full.iter()), None);
        let long = StoreRequest::Insert(Box::new(message(1, &"x".repeat(UNCOMMITTED_BYTES / 5))));
        assert_eq!(pace.pause(now, [long].iter()), None);
    }

    #[test]
    fn a_flood_wakes_nobody_until_there_is_much_of_it_or_somebody_waits() {
        let alarm = Alarm::default();
        let page = StoreRequest::Page { request: RequestId(1), talk: talk(), before: None, limit: 50 };
        assert!(alarm.rings(Urgency::of(&page)));
        assert!(alarm.rings(Urgency::of(&StoreRequest::Close)));
        for _ in 0..2 {
            alarm.set();
            let rings = (0..LOOK).filter(|_| alarm.rings(Urgency::of(&insert(1)))).count();
            assert_eq!(rings, 1, "with the last of them");
        }
        alarm.set();
        let read = StoreRequest::MarkRead { talk: talk(), up_to: Stamp(1) };
        assert!((0..1_000).all(|_| !alarm.rings(Urgency::of(&read))), "it is there when the rest is looked at");
    }
}
