//! The database and what waits for it, in good times and in bad ones.
//!
//! While the disk refuses, what was handed in waits in its order and is tried again every two seconds; each message in
//! it is told as not kept. Questions are answered meanwhile. Where there is no usable file at all, a database in memory
//! stands in: it takes everything as the file would, so that pages, search and the recognising of copies work, and the
//! file gets the same requests once it can be opened. What it holds of an account is asked for then as well, and told
//! once more. A damaged file is set aside, and a new one goes on with what waits; if only the index of what was said is
//! damaged, it is made anew.

#![allow(clippy::disallowed_methods, reason = "when the disk is asked again, and what is too old, is decided here")]

use super::lock::AccountLocks;
use super::pace::Pace;
use super::requests::{self, Outcome};
use super::thread::BATCH;
use super::{Place, retention, schema, search};
use crate::app::StoreRequest;
use crate::app::event::Stored;
use crate::app::model::Retention;
use crate::types::{Problem, Stamp};
use rusqlite::{Connection, ErrorCode};
use std::collections::VecDeque;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long to wait before the disk is asked again.
const RETRY: Duration = Duration::from_secs(2);
/// How often old messages are looked for.
const DAY: Duration = Duration::from_secs(24 * 3600);
/// The same where messages lie in memory alone, whose number is bounded.
const OFTEN: Duration = Duration::from_secs(600);

/// See the module.
pub(super) struct Keeper<'a> {
    place: &'a Place,
    /// `None`: not even memory can be had; everything is thrown away, and told so.
    db: Option<Connection>,
    /// `db` is what was asked for, not its stand-in.
    proper: bool,
    locks: AccountLocks,
    /// Requests in their order.
    pub waiting: VecDeque<StoreRequest>,
    /// So many of them, from the first, were looked at while the disk refused.
    seen: usize,
    /// The disk refuses since; it is asked again then.
    again_at: Option<Instant>,
    /// One of so many requests is refused for itself: which one is found out one by one.
    apart: usize,
    /// One was refused for itself, and no message was kept since.
    refused: bool,
    /// The index of what was said was made anew, and nothing was carried out since.
    rebuilt: bool,
    retention: Retention,
    tidy_at: Instant,
    pace: Pace,
}

impl<'a> Keeper<'a> {
    /// Opens the database, or its stand-in, and tells what is wrong.
    pub(super) fn open(
        place: &'a Place,
        take_locks: bool,
        retention: Retention,
        apart: Duration,
        tell: &impl Fn(Stored),
    ) -> Self {
        let mut keeper = Self {
            place,
            db: None,
            proper: false,
            locks: AccountLocks::new(place, take_locks),
            waiting: VecDeque::new(),
            seen: 0,
            again_at: None,
            apart: 0,
            refused: false,
            rebuilt: false,
            retention,
            tidy_at: Instant::now(),
            pace: Pace::begin(Instant::now(), apart),
        };
        if let Err(problem) = keeper.open_proper(tell) {
            keeper.refuse(problem, tell);
            keeper.stand_in();
        }
        keeper.waiting.push_back(StoreRequest::Retain(retention));
        keeper
    }

    pub(super) fn is_failing(&self) -> bool {
        self.again_at.is_some()
    }

    /// How long it can be left alone, if nothing comes.
    pub(super) fn rest(&self) -> Duration {
        let until = match self.again_at {
            Some(again) => again,
            None if self.retention == Retention::Forever => return DAY,
            None => self.tidy_at,
        };
        until.saturating_duration_since(Instant::now())
    }

    /// How long all that waits may go on waiting ([`Pace::pause`]).
    pub(super) fn pause(&self) -> Option<Duration> {
        let calm = self.again_at.is_none() && self.apart == 0 && !self.waiting.is_empty();
        calm.then(|| self.pace.pause(Instant::now(), self.waiting.iter())).flatten()
    }

    /// Carries out what waits, as far as it goes now.
    pub(super) fn work(&mut self, tell: &impl Fn(Stored)) {
        let due = self.again_at.is_none_or(|again| again <= Instant::now());
        if self.proper && due {
            self.carry_out(tell);
        } else if due {
            self.try_file(tell);
        }
        self.look_on(tell);
        if self.waiting.is_empty() && !self.is_failing() && self.tidy_at <= Instant::now() {
            self.tidy(tell);
        }
    }

    /// The program leaves: the disk is asked once more, whenever it was to be asked next.
    pub(super) fn hurry(&mut self) {
        self.again_at = self.again_at.map(|_| Instant::now());
    }

    fn carry_out(&mut self, tell: &impl Fn(Stored)) {
        let size = if self.apart > 0 { 1 } else { BATCH };
        let count = self.waiting.len().min(size);
        let Some(db) = self.db.as_mut().filter(|_| count > 0 || self.again_at.is_some()) else { return };
        match requests::carry_out(db, &mut self.locks, self.waiting.iter().take(count)) {
            Ok(outcome) => {
                self.pace.committed(Instant::now(), self.waiting.iter().take(count));
                self.done(count);
                (self.apart, self.rebuilt) = (self.apart.saturating_sub(1), false);
                let passed = self.again_at.take().is_some();
                let passed = passed || (self.refused && !outcome.committed.is_empty());
                if passed {
                    self.refused = false;
                    tell(Stored::Recovered);
                }
                told(outcome, tell);
            }
            Err(error) => self.on_error(&error, tell),
        }
    }

    /// The first ones are done with.
    fn done(&mut self, count: usize) {
        for request in self.waiting.drain(..count) {
            if let StoreRequest::Retain(retention) = request {
                self.retention = retention;
                self.tidy_at = Instant::now();
            }
        }
        self.seen = self.seen.saturating_sub(count);
    }

    fn on_error(&mut self, error: &rusqlite::Error, tell: &impl Fn(Stored)) {
        tracing::warn!(code = ?error.sqlite_error_code(), %error, "the database refused");
        if schema::is_index_broken(error)
            && !std::mem::replace(&mut self.rebuilt, true)
            && self.db.as_ref().is_some_and(|db| search::rebuild(db).is_ok())
        {
            return; // the same again, at once
        }
        if schema::is_broken(error) {
            return self.replace(error, tell);
        }
        if is_of_the_disk(error) {
            return self.refuse(problem_of(error), tell);
        }
        // Not the disk: one of the requests is such that the database will never take it.
        if self.waiting.is_empty() {
            (self.apart, self.again_at) = (0, None);
        } else if self.apart > 0 || self.waiting.len() == 1 {
            self.apart = self.apart.saturating_sub(1);
            if self.proper && self.waiting.front().and_then(requests::opens).is_some() {
                return self.replace(error, tell);
            }
            let key = self.waiting.front().and_then(requests::key_of);
            let answer = self.waiting.front().and_then(requests::nothing_there);
            self.done(1);
            self.refused = true;
            answer.into_iter().for_each(tell);
            tell(Stored::Refused { key, problem: problem_of(error) });
        } else {
            self.apart = self.waiting.len().min(BATCH);
        }
    }

    /// The file is damaged: it is set aside, and a new one goes on.
    fn replace(&mut self, error: &rusqlite::Error, tell: &impl Fn(Stored)) {
        let Place::Folder(folder) = self.place else { return self.refuse(problem_of(error), tell) };
        self.db = None; // nothing may write to it any more, not even its journal
        let aside = schema::set_aside(&folder.join(schema::FILE));
        let opened = aside.and_then(|aside| {
            tell(Stored::SetAside(aside));
            self.open_proper(tell)
        });
        match opened {
            Ok(()) => {
                self.waiting.push_front(StoreRequest::Retain(self.retention));
                (self.seen, self.again_at) = (0, None);
            }
            Err(problem) => {
                self.refuse(problem, tell);
                self.stand_in();
            }
        }
    }

    fn refuse(&mut self, problem: Problem, tell: &impl Fn(Stored)) {
        if self.again_at.replace(Instant::now() + RETRY).is_none() {
            tell(Stored::Failed(problem));
        }
    }

    fn open_proper(&mut self, tell: &impl Fn(Stored)) -> Result<(), Problem> {
        let (db, aside) = schema::open(self.place)?;
        if let Some(problem) = aside {
            tell(Stored::SetAside(problem));
        }
        (self.db, self.proper) = (Some(db), true);
        Ok(())
    }

    fn stand_in(&mut self) {
        self.db = schema::open(&Place::Memory).ok().map(|(db, _)| db);
        (self.proper, self.seen) = (false, 0);
    }

    /// Without a usable file: is there one by now?
    fn try_file(&mut self, tell: &impl Fn(Stored)) {
        match self.open_proper(tell) {
            Ok(()) => {
                self.seen = 0;
                self.carry_out(tell);
            }
            Err(problem) => self.refuse(problem, tell),
        }
    }

    /// While the disk refuses: looks at what came since, answers what can be answered, and says what is not kept.
    fn look_on(&mut self, tell: &impl Fn(Stored)) {
        if !self.is_failing() {
            return;
        }
        let mut not_kept = Vec::new();
        while self.seen < self.waiting.len() {
            let Some(request) = self.waiting.get(self.seen) else { break };
            // What the stand-in knows of an account is not what the file holds: that is told once it can be read.
            let told_later = requests::opens(request).filter(|_| !self.proper);
            let is_again = told_later.is_some()
                && self.waiting.iter().take(self.seen).any(|before| requests::opens(before) == told_later);
            let is_answered = requests::only_asks(request) && (told_later.is_none() || is_again);
            not_kept.extend(requests::key_of(request));
            let answers = match self.db.as_mut() {
                // What is in memory alone goes with it: the server is to keep its copy.
                _ if matches!(request, StoreRequest::Confirm { .. }) => Ok(Vec::new()),
                Some(db) if self.proper && requests::only_asks(request) => {
                    requests::answer(db, &mut self.locks, request)
                }
                Some(db) if !self.proper => {
                    requests::carry_out(db, &mut self.locks, [request]).map(|outcome| outcome.answers)
                }
                Some(_) | None => Ok(Vec::new()),
            };
            if is_answered && answers.is_ok() {
                self.waiting.remove(self.seen);
            } else {
                self.seen += 1;
            }
            if let Err(error) = &answers {
                tracing::warn!(code = ?error.sqlite_error_code(), "nor does the database answer");
            }
            let proper = self.proper;
            answers.into_iter().flatten().map(|answer| told_by(proper, answer)).for_each(tell);
        }
        if !not_kept.is_empty() {
            tell(Stored::NotKept { keys: not_kept });
        }
    }

    /// Lets go of what is too old, a batch at a time.
    fn tidy(&mut self, tell: &impl Fn(Stored)) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = Stamp(i64::try_from(now.as_millis()).unwrap_or(0));
        let retention = self.retention;
        let more = self.db.as_mut().filter(|_| self.proper).map(|db| retention::tidy(db, retention, now));
        let later = if retention == Retention::Nothing { OFTEN } else { DAY };
        self.tidy_at = match more {
            Some(Ok(true)) => Instant::now(),
            Some(Err(error)) if schema::is_broken(&error) => {
                self.on_error(&error, tell);
                Instant::now() + OFTEN
            }
            Some(Err(error)) => {
                tracing::warn!(code = ?error.sqlite_error_code(), "old messages could not be deleted");
                Instant::now() + OFTEN
            }
            Some(Ok(false)) | None => Instant::now() + later,
        };
    }
}

fn told(outcome: Outcome, tell: &impl Fn(Stored)) {
    if !outcome.committed.is_empty() {
        tell(Stored::Committed { keys: outcome.committed });
    }
    if outcome.marked > 0 {
        tell(Stored::Marked { count: outcome.marked });
    }
    outcome.answers.into_iter().for_each(tell);
}

/// An answer of the database that was asked for, or of its stand-in.
fn told_by(proper: bool, mut answer: Stored) -> Stored {
    if let Stored::Cache { cache, .. } = &mut answer {
        cache.stand_in = !proper;
    }
    answer
}

/// It may pass: the same will be taken another time.
fn is_of_the_disk(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DiskFull
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied
                | ErrorCode::CannotOpen
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::FileLockingProtocolFailed
                | ErrorCode::SystemIoFailure
                | ErrorCode::OutOfMemory
        )
    )
}

fn problem_of(error: &rusqlite::Error) -> Problem {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Problem::DiskFull,
        code => Problem::NotKept { why: schema::reason(code) },
    }
}

#[cfg(test)]
mod tests;
