//! The store's thread: takes requests, groups them into transactions, tells what came of them.

use super::keeper::Keeper;
use super::pace::Alarm;
use super::{Place, requests};
use crate::app::StoreRequest;
use crate::app::event::Stored;
use crate::app::model::Retention;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::Duration;

/// Most requests in one transaction: a bound for memory and for how long a reader waits.
pub(super) const BATCH: usize = 512;

/// Where requests come in.
pub(super) struct Inbox {
    /// In their order.
    pub requests: Receiver<StoreRequest>,
    /// Wakes the thread where it does not wait for every one of them.
    pub alarm: Arc<Alarm>,
}

/// Runs until the senders are gone or `Close` comes.
pub(super) fn run(place: &Place, take_locks: bool, apart: Duration, inbox: &Inbox, tell: &impl Fn(Stored)) {
    let Some((retention, first)) = wait_for_need(inbox, tell) else { return };
    let mut keeper = Keeper::open(place, take_locks, retention, apart, tell);
    keeper.waiting.push_back(first);
    while take(inbox, &mut keeper) {
        keeper.work(tell);
    }
    keeper.hurry();
    keeper.work(tell);
    // Either all gets done, or the disk still refuses while the program leaves: that was told.
    while !keeper.waiting.is_empty() && !keeper.is_failing() {
        keeper.work(tell);
    }
}

/// Waits for the first request that needs a database: no file is made for somebody who only looks at the welcome screen.
fn wait_for_need(inbox: &Inbox, tell: &impl Fn(Stored)) -> Option<(Retention, StoreRequest)> {
    let mut retention = Retention::default();
    loop {
        match inbox.requests.recv().ok()? {
            StoreRequest::CacheDone => tell(Stored::CacheDone),
            StoreRequest::Retain(said) => retention = said,
            StoreRequest::Close => return None,
            request => return Some((retention, request)),
        }
    }
}

/// Takes what has come. Blocks when there is nothing to do: until a request comes, or until the keeper wants something
/// by itself. False: no more will come.
fn take(inbox: &Inbox, keeper: &mut Keeper<'_>) -> bool {
    if keeper.waiting.is_empty() || keeper.is_failing() {
        match inbox.requests.recv_timeout(keeper.rest()) {
            Ok(request) if requests::is_close(&request) => return false,
            Ok(request) => keeper.waiting.push_back(request),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
    loop {
        inbox.alarm.set();
        match take_all(&inbox.requests, keeper) {
            Came::Last => return false,
            Came::Batch => return true,
            Came::All => {}
        }
        let Some(pause) = keeper.pause() else { return true };
        // What somebody waits for, sent since the alarm was set, has woken this thread already: then it does not sleep.
        std::thread::park_timeout(pause);
    }
}

/// What was taken.
enum Came {
    /// All that there was.
    All,
    /// A whole batch: there may be more.
    Batch,
    /// And no more will come.
    Last,
}

/// Takes what has come, a batch at most.
fn take_all(inbox: &Receiver<StoreRequest>, keeper: &mut Keeper<'_>) -> Came {
    for _ in 0..BATCH {
        match inbox.try_recv() {
            Ok(request) if requests::is_close(&request) => return Came::Last,
            Ok(request) => keeper.waiting.push_back(request),
            Err(TryRecvError::Empty) => return Came::All,
            Err(TryRecvError::Disconnected) => return Came::Last,
        }
    }
    Came::Batch
}
