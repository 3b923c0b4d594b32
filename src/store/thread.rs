//! The store's thread: takes requests, groups them into transactions, tells what came of them.

use super::keeper::Keeper;
use super::{Place, requests};
use crate::app::StoreRequest;
use crate::app::event::Stored;
use crate::app::model::Retention;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};

/// Most requests in one transaction: a bound for memory and for how long a reader waits.
pub(super) const BATCH: usize = 512;

/// Runs until the senders are gone or `Close` comes.
pub(super) fn run(place: &Place, take_locks: bool, inbox: &Receiver<StoreRequest>, tell: &impl Fn(Stored)) {
    let Some((retention, first)) = wait_for_need(inbox, tell) else { return };
    let mut keeper = Keeper::open(place, take_locks, retention, tell);
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
fn wait_for_need(inbox: &Receiver<StoreRequest>, tell: &impl Fn(Stored)) -> Option<(Retention, StoreRequest)> {
    let mut retention = Retention::default();
    loop {
        match inbox.recv().ok()? {
            StoreRequest::CacheDone => tell(Stored::CacheDone),
            StoreRequest::Retain(said) => retention = said,
            StoreRequest::Close => return None,
            request => return Some((retention, request)),
        }
    }
}

/// Takes what has come. Blocks when there is nothing to do: until a request comes, or until the keeper wants something
/// by itself. False: no more will come.
fn take(inbox: &Receiver<StoreRequest>, keeper: &mut Keeper<'_>) -> bool {
    let mut more = true;
    if keeper.waiting.is_empty() || keeper.is_failing() {
        match inbox.recv_timeout(keeper.rest()) {
            Ok(request) if requests::is_close(&request) => more = false,
            Ok(request) => keeper.waiting.push_back(request),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => more = false,
        }
    }
    while more {
        more = take_all(inbox, keeper);
        let Some(pause) = keeper.pause().filter(|_| more) else { break };
        // Asleep, and not listening: to be woken for each message of a flood costs more than to keep it.
        std::thread::sleep(pause);
    }
    more
}

/// Takes what has come, a batch at most. False: no more will come.
fn take_all(inbox: &Receiver<StoreRequest>, keeper: &mut Keeper<'_>) -> bool {
    for _ in 0..BATCH {
        match inbox.try_recv() {
            Ok(request) if requests::is_close(&request) => return false,
            Ok(request) => keeper.waiting.push_back(request),
            Err(TryRecvError::Empty) => return true,
            Err(TryRecvError::Disconnected) => return false,
        }
    }
    true
}
