//! How often the disk is waited for.
//!
//! A commit costs a wait for the disk, and work on the index of what was said, whatever it holds. What comes alone is
//! kept at once, and so is whatever somebody waits for: what the person sent, a page, a search. In a flood of messages
//! commits are a little apart, and each keeps many. Until it is kept a message is on the screen all the same, and
//! nobody is told that it came: a receipt or an acknowledgement is late by that much.

use super::requests;
use crate::app::StoreRequest;
use crate::types::limits::UNCOMMITTED;
use std::time::{Duration, Instant};

/// Commits are so far apart when there are many.
const APART: Duration = Duration::from_millis(100);
/// So many may follow each other at once before.
const AT_ONCE: u32 = 10;
/// With so many messages a commit is worth it at once. Less than what a braked line is freed at: nobody waits for
/// somebody who waits.
const FULL: usize = UNCOMMITTED / 5;
/// How often what waits is looked through for something that must not.
const LOOK: Duration = Duration::from_millis(5);

/// When commits were.
#[derive(Debug)]
pub(super) struct Pace {
    /// When the last of them would have been, were they all as far apart as they should be.
    due: Instant,
}

impl Pace {
    /// There was none yet.
    pub(super) fn begin(now: Instant) -> Self {
        Self { due: now }
    }

    /// There was one.
    pub(super) fn committed(&mut self, now: Instant) {
        self.due = (self.due.max(now) + APART).min(now + APART * (AT_ONCE + 1));
    }

    /// How long all that waits may go on waiting before it is looked at again; `None`: it is to be carried out.
    pub(super) fn pause<'a>(&self, now: Instant, waiting: impl Iterator<Item = &'a StoreRequest>) -> Option<Duration> {
        let left = self.due.checked_sub(APART * AT_ONCE)?.saturating_duration_since(now);
        let mut messages = 0;
        for request in waiting {
            messages += usize::from(requests::key_of(request).is_some());
            if messages == FULL || !requests::may_wait(request) {
                return None;
            }
        }
        (!left.is_zero()).then(|| left.min(LOOK))
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a moment to count from; nothing here waits")]
mod tests {
    use super::super::tests::{message, talk};
    use super::*;
    use crate::app::model::{Author, Message, MessageState};
    use crate::types::RequestId;
    use crate::xmpp::Direction;

    fn insert(number: u128) -> StoreRequest {
        StoreRequest::Insert(Box::new(message(number, "hi")))
    }

    /// Commits in a time, when a message comes every so often.
    fn commits(every: Duration, time: Duration) -> (u32, usize) {
        let began = Instant::now() + Duration::from_secs(9);
        let (mut pace, mut waiting, mut commits, mut most) = (Pace::begin(began), Vec::new(), 0, 0);
        let mut now = began;
        while now < began + time {
            waiting.push(insert(1));
            most = most.max(waiting.len());
            if pace.pause(now, waiting.iter()).is_none() {
                waiting.clear();
                pace.committed(now);
                commits += 1;
            }
            now += every;
        }
        (commits, most)
    }

    #[test]
    fn what_comes_now_and_then_is_kept_at_once() {
        assert_eq!(commits(Duration::from_millis(120), Duration::from_secs(12)), (100, 1));
        // A few at once as well.
        assert_eq!(commits(Duration::from_millis(1), Duration::from_millis(10)), (10, 1));
    }

    #[test]
    fn in_a_flood_each_commit_keeps_many() {
        // A thousand a second: ten commits, after the first ten.
        let (commits_in_ten, most) = commits(Duration::from_millis(1), Duration::from_secs(10));
        assert!((100..=120).contains(&commits_in_ten), "{commits_in_ten}");
        assert!(most <= 101, "{most}");
        // Ten thousand in a third of a second.
        let (commits, most) = commits(Duration::from_micros(33), Duration::from_millis(330));
        assert!(commits <= 70, "{commits}");
        assert_eq!(most, FULL, "and none is left to wait behind a braked line");
    }

    #[test]
    fn what_somebody_waits_for_waits_for_nothing() {
        let now = Instant::now() + Duration::from_secs(9);
        let mut pace = Pace::begin(now);
        for _ in 0..50 {
            pace.committed(now);
        }
        let waits = |requests: &[StoreRequest]| pace.pause(now, requests.iter());
        assert_eq!(waits(&[insert(1), insert(2)]), Some(LOOK));
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
}
