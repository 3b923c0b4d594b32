//! Floor 4: the memory. One thread, one SQLite connection, and files for secrets.
//!
//! [`Store::start`] never blocks the caller for a disk: the thread opens the database and tells what it finds.
//! Requests go in unbounded (the mind never waits); answers come out through the given function, which may block
//! the thread: a slow loop slows the store, never the other way round.
//!
//! Requests that wait together are committed together, and in a flood commits are a little apart (`pace`). When the disk
//! refuses, the batch is kept and tried again every two seconds: nothing that was handed in is lost while the program
//! runs.

mod accounts;
mod gaps;
mod history;
mod keeper;
#[cfg(feature = "keyring")]
mod keyring;
mod lock;
mod only_here;
mod pace;
mod pages;
mod requests;
mod retention;
mod rows;
mod schema;
mod search;
mod talks;
#[cfg(test)]
mod tests;
mod thread;
pub mod tokens;
mod vault;

pub use tokens::FileVault;
pub use vault::HomeVault;

use crate::app::StoreRequest;
use crate::app::event::Stored;
use crate::types::{Line, Problem};
use pace::{Alarm, Urgency};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

/// Where the database lives.
#[derive(Clone, Debug)]
pub enum Place {
    /// In this folder, which is made if needed.
    Folder(PathBuf),
    /// Nowhere: gone with the process.
    Memory,
}

/// A running store. Dropping it commits what was asked and ends the thread.
#[derive(Debug)]
pub struct Store {
    requests: Option<mpsc::Sender<StoreRequest>>,
    alarm: Arc<Alarm>,
    thread: Option<JoinHandle<()>>,
}

impl Store {
    /// Starts the thread. `take_locks`: be the interface, of which there is one per account; one-shot commands
    /// pass `false`. `tell` gets every answer, on the store's own thread.
    pub fn start(place: Place, take_locks: bool, tell: impl Fn(Stored) + Send + 'static) -> std::io::Result<Self> {
        Self::start_paced(place, take_locks, pace::APART, tell)
    }

    /// `apart`: how far apart commits are in a flood.
    fn start_paced(
        place: Place,
        take_locks: bool,
        apart: Duration,
        tell: impl Fn(Stored) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (requests, inbox) = mpsc::channel();
        let alarm = Arc::new(Alarm::default());
        let inbox = thread::Inbox { requests: inbox, alarm: Arc::clone(&alarm) };
        let thread = std::thread::Builder::new().name("store".into()).spawn(move || {
            let run = AssertUnwindSafe(|| thread::run(&place, take_locks, apart, &inbox, &tell));
            if catch_unwind(run).is_err() {
                // The hook has logged it. Whoever relies on this thread must know that it is gone.
                tell(Stored::Failed(Problem::NotKept { why: Line::clean("the keeper of messages stopped") }));
            }
        })?;
        Ok(Self { requests: Some(requests), alarm, thread: Some(thread) })
    }

    /// Asks for something. After the store ended this does nothing, as a request to a closed program would.
    pub fn send(&self, request: StoreRequest) {
        let Some(requests) = &self.requests else { return };
        let urgency = Urgency::of(&request);
        // The receiver is gone only after `Close`, when nobody waits for an answer any more.
        drop(requests.send(request));
        if self.alarm.rings(urgency) {
            self.wake();
        }
    }

    fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }

    /// Commits what was asked and ends the thread.
    pub fn close(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.requests = None;
        self.wake();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was told by itself.
            drop(thread.join());
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.end();
    }
}
