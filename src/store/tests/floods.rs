//! In a flood the thread sleeps, here for an hour, and what somebody waits for wakes it: a test that would have to wait
//! for that hour has failed.

use super::super::pace::{FULL, LOOK};
use super::*;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);
const PATIENCE: Duration = Duration::from_secs(60);

/// A store in a flood: what may follow at once has come.
fn flooded() -> Bench {
    let (tell, told) = channel();
    let store = Store::start_paced(Place::Memory, true, HOUR, move |stored| drop(tell.send(stored)));
    let bench = Bench { store: store.unwrap(), told };
    bench.store.send(StoreRequest::Open { account: account() });
    bench.until(|told| matches!(told, Stored::Cache { .. }));
    for number in 1..=11 {
        bench.flood(number);
        bench.until(|told| matches!(told, Stored::Committed { .. }));
    }
    bench
}

impl Bench {
    fn flood(&self, number: u128) {
        self.store.send(StoreRequest::Insert(Box::new(message(number, "flood"))));
    }

    fn until(&self, right: impl Fn(&Stored) -> bool) {
        while !right(&self.told.recv_timeout(PATIENCE).expect("it is asleep")) {}
    }

    /// Until so many of them are kept.
    fn until_kept(&self, mut left: usize) {
        while left > 0 {
            if let Stored::Committed { keys } = self.told.recv_timeout(PATIENCE).expect("it is asleep") {
                left = left.saturating_sub(keys.len());
            }
        }
    }

    fn ask_page(&self) {
        self.store.send(StoreRequest::Page { request: RequestId(1), talk: talk(), before: None, limit: 50 });
        self.until(|told| matches!(told, Stored::Page { .. }));
    }
}

#[test]
fn a_page_wakes_it() {
    let bench = flooded();
    bench.flood(100);
    bench.ask_page();
}

#[test]
fn a_page_behind_more_than_a_batch_wakes_it() {
    let bench = flooded();
    bench.flood(100);
    for number in 0..2_000 {
        bench.store.send(StoreRequest::MarkRead { talk: talk(), up_to: Stamp(number) });
    }
    bench.ask_page();
}

#[test]
fn many_messages_wake_it_and_so_do_long_ones_and_marks() {
    let bench = flooded();
    // It looks whenever a quarter of what is worth a commit has come: so much of it may lie there unseen.
    let much = FULL + LOOK;
    (0..much).for_each(|number| bench.flood(100 + number as u128));
    bench.until_kept(FULL);
    for number in 0..much {
        let key = MessageKey(number as u128);
        bench.store.send(StoreRequest::Mark { talk: talk(), key, state: MessageState::Delivered });
    }
    bench.until(|told| matches!(told, Stored::Marked { .. }));
    let long = message(10_000, &"x".repeat(crate::types::limits::UNCOMMITTED_BYTES / 5));
    bench.store.send(StoreRequest::Insert(Box::new(long)));
    bench.until_kept(1);
}

#[test]
fn the_end_wakes_it() {
    let bench = flooded();
    bench.flood(100);
    let Bench { store, told } = bench;
    let (done, ended) = channel();
    std::thread::spawn(move || {
        store.close();
        done.send(()).unwrap();
    });
    ended.recv_timeout(PATIENCE).expect("it is asleep");
    assert!(told.iter().any(|told| matches!(told, Stored::Committed { .. })), "and nothing is lost");
}
