//! The store's thread: takes requests, groups them into transactions, tells what came of them.

use super::lock::AccountLocks;
use super::{Place, accounts, history, only_here, schema, talks};
use crate::app::StoreRequest;
use crate::app::event::Stored;
use crate::types::Problem;
use rusqlite::{Connection, ErrorCode};
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

/// Most requests in one transaction: a bound for memory and for how long a reader waits.
const BATCH: usize = 512;
/// How long to wait before a refused batch is tried again.
const RETRY: Duration = Duration::from_secs(2);

/// What one request leaves to be told, once its transaction is committed.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Messages written.
    pub committed: Vec<crate::types::MessageKey>,
    /// Other answers, in order.
    pub answers: Vec<Stored>,
}

/// Runs until the senders are gone or `Close` comes.
pub(super) fn run(place: &Place, take_locks: bool, inbox: &Receiver<StoreRequest>, tell: &impl Fn(Stored)) {
    let Some(first) = wait_for_need(inbox, tell) else { return };
    let Some(mut db) = open_patiently(place, inbox, tell) else { return };
    let mut locks = AccountLocks::new(place, take_locks);
    let mut waiting = VecDeque::from([first]);
    let mut failing = false;
    let mut open = true;
    while open || !waiting.is_empty() {
        open = fill(inbox, &mut waiting, open, failing);
        let batch: Vec<&StoreRequest> = waiting.iter().take(BATCH).collect();
        if batch.is_empty() {
            continue;
        }
        match carry_out(&mut db, &mut locks, &batch) {
            Ok(outcome) => {
                let done = batch.len();
                waiting.drain(..done);
                if std::mem::take(&mut failing) {
                    tell(Stored::Recovered);
                }
                if !outcome.committed.is_empty() {
                    tell(Stored::Committed { keys: outcome.committed });
                }
                outcome.answers.into_iter().for_each(tell);
            }
            Err(error) => {
                tracing::warn!(code = ?error.sqlite_error_code(), "the database refused a batch");
                if !std::mem::replace(&mut failing, true) {
                    tell(Stored::Failed(problem_of(&error)));
                }
                if !open {
                    return; // the program is leaving and the disk still refuses: it was told
                }
            }
        }
    }
}

/// Waits for the first request that needs a database: no file is made for somebody who only looks at the welcome
/// screen.
fn wait_for_need(inbox: &Receiver<StoreRequest>, tell: &impl Fn(Stored)) -> Option<StoreRequest> {
    loop {
        match inbox.recv().ok()? {
            StoreRequest::CacheDone => tell(Stored::CacheDone),
            StoreRequest::Close => return None,
            request => return Some(request),
        }
    }
}

/// Opens the database. Where that fails it is told, and history goes to memory for as long as butty runs; without
/// memory either, requests are thrown away until nobody sends any.
fn open_patiently(place: &Place, inbox: &Receiver<StoreRequest>, tell: &impl Fn(Stored)) -> Option<Connection> {
    match schema::open(place) {
        Ok((db, aside)) => {
            if let Some(problem) = aside {
                tell(Stored::SetAside(problem));
            }
            Some(db)
        }
        Err(problem) => {
            tell(Stored::Failed(problem));
            let memory = schema::open(&Place::Memory).ok().map(|(db, _)| db);
            if memory.is_none() {
                inbox.iter().for_each(drop);
            }
            memory
        }
    }
}

/// Takes what waits. Blocks when nothing does; while failing, at most for `RETRY`. False: no more will come.
fn fill(inbox: &Receiver<StoreRequest>, waiting: &mut VecDeque<StoreRequest>, open: bool, failing: bool) -> bool {
    if !open {
        return false;
    }
    let mut more = true;
    if failing {
        match inbox.recv_timeout(RETRY) {
            Ok(request) => waiting.push_back(request),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => more = false,
        }
    } else if waiting.is_empty() {
        match inbox.recv() {
            Ok(request) => waiting.push_back(request),
            Err(_) => more = false,
        }
    }
    waiting.extend(inbox.try_iter().take(BATCH));
    if let Some(at) = waiting.iter().position(|request| matches!(request, StoreRequest::Close)) {
        waiting.truncate(at);
        more = false;
    }
    more
}

fn carry_out(db: &mut Connection, locks: &mut AccountLocks, batch: &[&StoreRequest]) -> rusqlite::Result<Outcome> {
    let mut outcome = Outcome::default();
    let transaction = db.transaction()?;
    for request in batch {
        one(&transaction, locks, request, &mut outcome)?;
    }
    transaction.commit()?;
    Ok(outcome)
}

fn one(
    db: &Connection,
    locks: &mut AccountLocks,
    request: &StoreRequest,
    outcome: &mut Outcome,
) -> rusqlite::Result<()> {
    match request {
        StoreRequest::Open { account } => {
            if !locks.take(account) {
                outcome.answers.push(Stored::InUse { account: account.clone() });
            }
            let cache = Box::new(accounts::cache(db, account)?);
            outcome.answers.push(Stored::Cache { account: account.clone(), cache });
        }
        StoreRequest::CacheDone => outcome.answers.push(Stored::CacheDone),
        StoreRequest::Insert(message) => history::insert(db, message, outcome)?,
        StoreRequest::SetState { key, state } => history::set_state(db, *key, state)?,
        StoreRequest::Mark { talk, key, state } => history::mark(db, talk, *key, state)?,
        StoreRequest::SetStanzaId { key, stanza_id } => history::set_stanza_id(db, *key, stanza_id)?,
        StoreRequest::Discard { key } => history::discard(db, *key)?,
        StoreRequest::Synced { account, last, at } => accounts::synced(db, account, last.as_ref(), *at)?,
        StoreRequest::Page { request, talk, before, limit } => {
            outcome.answers.push(history::page(db, *request, talk, *before, *limit)?);
        }
        StoreRequest::MarkRead { talk, up_to } => talks::mark_read(db, talk, *up_to)?,
        StoreRequest::Draft { talk, text } => talks::draft(db, talk, text)?,
        StoreRequest::Roster { account, items, version } => accounts::roster(db, account, items, version.as_deref())?,
        StoreRequest::RosterItem { account, item, version } => {
            accounts::roster_item(db, account, item, version.as_deref())?;
        }
        StoreRequest::OnlyHere { account, who, here } => only_here::put(db, account, who, here)?,
        StoreRequest::Appearance { account, appearance } => accounts::appearance(db, account, appearance)?,
        StoreRequest::Bound { account, jid } => accounts::bound(db, account, jid)?,
        StoreRequest::Folded { account, groups } => accounts::folded(db, account, groups)?,
        StoreRequest::PicturesAsked { account, at } => accounts::pictures_asked(db, account, *at)?,
        StoreRequest::ForgetAccount { account, messages } => accounts::forget(db, account, *messages)?,
        StoreRequest::Count { account } => {
            let messages = history::count(db, account)?;
            outcome.answers.push(Stored::Count { account: account.clone(), messages });
        }
        // Accounts live in a file that people can read; the runtime sees to it.
        StoreRequest::SaveAccount(_) | StoreRequest::Close => {}
    }
    Ok(())
}

fn problem_of(error: &rusqlite::Error) -> Problem {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Problem::DiskFull,
        code => Problem::NotKept { why: schema::reason(code) },
    }
}
