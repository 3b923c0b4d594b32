//! What each request does to the database.

use super::lock::AccountLocks;
use super::{accounts, gaps, history, only_here, pages, retention, search, talks};
use crate::app::StoreRequest;
use crate::app::event::Stored;
use crate::app::model::{ConversationKey, MessageState};
use crate::types::limits::{UNCOMMITTED, UNCOMMITTED_BYTES};
use crate::types::{AccountId, MessageKey, Stamp};
use crate::xmpp::Direction;
use rusqlite::Connection;

/// What requests leave to be told, once their transaction is committed.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Messages written.
    pub committed: Vec<MessageKey>,
    /// Marks carried out.
    pub marked: usize,
    /// Other answers, in order.
    pub answers: Vec<Stored>,
    /// The id of the row that was written last.
    pub last_id: Option<i64>,
}

pub(super) fn is_close(request: &StoreRequest) -> bool {
    matches!(request, StoreRequest::Close)
}

/// It changes nothing on the disk: it can be answered while nothing can be written.
pub(super) fn only_asks(request: &StoreRequest) -> bool {
    matches!(
        request,
        StoreRequest::Open { .. }
            | StoreRequest::CacheDone
            | StoreRequest::Page { .. }
            | StoreRequest::Around { .. }
            | StoreRequest::Search { .. }
            | StoreRequest::Count { .. }
    )
}

/// What one that asks is answered where the database never will: nothing is there. Who waits does not wait for ever.
pub(super) fn nothing_there(request: &StoreRequest) -> Option<Stored> {
    Some(match request {
        StoreRequest::Count { account } => Stored::Count { account: account.clone(), messages: 0 },
        StoreRequest::Page { request, talk, .. } => {
            let (talk, displayed) = (talk.clone(), Stamp(0));
            Stored::Page { request: *request, talk, displayed, messages: Vec::new(), more: false }
        }
        StoreRequest::Around { request, talk, .. } => {
            let (talk, displayed) = (talk.clone(), Stamp(0));
            Stored::Around { request: *request, talk, displayed, messages: Vec::new(), more: true, newer: true }
        }
        StoreRequest::Search { request, .. } => {
            Stored::Found { request: *request, hits: Vec::new(), next: None, count: Some(0) }
        }
        StoreRequest::ReadTo { request, talk, .. } => Stored::Read {
            request: *request,
            talk: talk.clone(),
            up_to: None,
            displayed: Stamp(0),
            unread: 0,
            ours: None,
        },
        StoreRequest::Mark { .. } | StoreRequest::RosterItem { .. } => Stored::Marked { count: 1 },
        _ => return None,
    })
}

/// Nobody waits for what it does, and nothing that follows depends on it: in a flood it may be kept a moment later.
pub(super) fn may_wait(request: &StoreRequest) -> bool {
    match request {
        StoreRequest::Insert(message) => message.state != MessageState::Pending,
        StoreRequest::Confirm { .. }
        | StoreRequest::MarkRead { .. }
        | StoreRequest::Displayed { .. }
        | StoreRequest::SetStanzaId { .. }
        | StoreRequest::SetStamp { .. }
        | StoreRequest::Order { .. }
        | StoreRequest::Mark { .. }
        | StoreRequest::Draft { .. } => true,
        _ => false,
    }
}

/// The account that it asks about. Nothing can be done with a file that does not give this.
pub(super) fn opens(request: &StoreRequest) -> Option<&AccountId> {
    if let StoreRequest::Open { account } = request { Some(account) } else { None }
}

/// The message that it hands over.
pub(super) fn key_of(request: &StoreRequest) -> Option<MessageKey> {
    if let StoreRequest::Insert(message) = request { Some(message.key) } else { None }
}

/// How much it is of what the mind has under way at most (`app::ops::write`), in messages: one for a message of usual
/// length or for a mark, more for a long one, 0 for what does not count.
pub(super) fn weight(request: &StoreRequest) -> usize {
    match request {
        StoreRequest::Insert(message) => 1 + message.bytes() / (UNCOMMITTED_BYTES / UNCOMMITTED),
        StoreRequest::Mark { .. } => 1,
        _ => 0,
    }
}

/// Carries out all of them in one transaction, or none.
pub(super) fn carry_out<'a>(
    db: &mut Connection,
    locks: &mut AccountLocks,
    batch: impl IntoIterator<Item = &'a StoreRequest>,
) -> rusqlite::Result<Outcome> {
    let mut outcome = Outcome::default();
    let mut unsent = false;
    let transaction = db.transaction()?;
    // Each message of a talk that is looked at says how far it is read: the last of them says it for all.
    let mut read: Option<(&ConversationKey, Stamp)> = None;
    for request in batch {
        match (request, &mut read) {
            (StoreRequest::MarkRead { talk, up_to }, Some((same, so_far))) if *same == talk => {
                *so_far = (*so_far).max(*up_to);
                continue;
            }
            // Neither asks how far.
            (StoreRequest::Insert(_) | StoreRequest::Confirm { .. }, _) => {}
            _ => mark_read(&transaction, read.take())?,
        }
        if let StoreRequest::MarkRead { talk, up_to } = request {
            read = Some((talk, *up_to));
            continue;
        }
        one(&transaction, locks, request, &mut outcome)?;
        unsent |= touches_unsent(request);
    }
    mark_read(&transaction, read)?;
    if unsent {
        retention::keep_unsent(&transaction)?;
    }
    transaction.commit()?;
    Ok(outcome)
}

fn mark_read(db: &Connection, read: Option<(&ConversationKey, Stamp)>) -> rusqlite::Result<()> {
    read.map_or(Ok(()), |(talk, up_to)| talks::mark_read(db, talk, up_to))
}

/// It may change which messages wait to be sent.
fn touches_unsent(request: &StoreRequest) -> bool {
    match request {
        StoreRequest::Insert(message) => {
            message.direction == Direction::Out
                && matches!(message.state, MessageState::Pending | MessageState::Failed(_))
        }
        StoreRequest::SetState { .. }
        | StoreRequest::Mark { .. }
        | StoreRequest::Discard { .. }
        | StoreRequest::ForgetAccount { .. } => true,
        _ => false,
    }
}

/// Answers one that only asks, outside of any transaction.
pub(super) fn answer(
    db: &Connection,
    locks: &mut AccountLocks,
    request: &StoreRequest,
) -> rusqlite::Result<Vec<Stored>> {
    let mut outcome = Outcome::default();
    one(db, locks, request, &mut outcome)?;
    Ok(outcome.answers)
}

fn one(
    db: &Connection,
    locks: &mut AccountLocks,
    request: &StoreRequest,
    outcome: &mut Outcome,
) -> rusqlite::Result<()> {
    match request {
        StoreRequest::Open { account } => {
            let cache = Box::new(accounts::cache(db, account)?);
            if !locks.take(account) {
                outcome.answers.push(Stored::InUse { account: account.clone() });
            }
            outcome.answers.push(Stored::Cache { account: account.clone(), cache });
        }
        StoreRequest::CacheDone => outcome.answers.push(Stored::CacheDone),
        StoreRequest::Confirm { account, tally } => {
            outcome.answers.push(Stored::Confirmed { account: account.clone(), tally: *tally });
        }
        StoreRequest::Insert(message) => history::insert(db, message, outcome)?,
        StoreRequest::SetState { key, state } => history::set_state(db, *key, state)?,
        StoreRequest::Mark { talk, key, state } => {
            history::mark(db, talk, *key, state)?;
            outcome.marked += 1;
        }
        StoreRequest::RosterItem { account, item, version } => {
            accounts::roster_item(db, account, item, version.as_deref())?;
            outcome.marked += 1;
        }
        StoreRequest::SetStamp { key, stamp } => history::set_stamp(db, *key, *stamp)?,
        StoreRequest::Order { talk, ids } => history::order(db, talk, ids)?,
        StoreRequest::SetStanzaId { key, stanza_id } => history::set_stanza_id(db, *key, stanza_id)?,
        StoreRequest::Discard { key } => history::discard(db, *key)?,
        StoreRequest::Synced { account, last, at, gaps } => {
            accounts::synced(db, account, last.as_ref(), *at)?;
            gaps::put(db, account, gaps)?;
        }
        StoreRequest::ReadTo { request, talk, to, ahead } => {
            outcome.answers.push(talks::read_up_to(db, *request, talk, to, *ahead)?);
        }
        StoreRequest::MarkRead { talk, up_to } => mark_read(db, Some((talk, *up_to)))?,
        StoreRequest::Displayed { talk, up_to } => talks::displayed(db, talk, *up_to)?,
        StoreRequest::Draft { talk, text } => talks::draft(db, talk, text)?,
        StoreRequest::Retain(retention) => retention::begin(db, *retention)?,
        StoreRequest::Page { .. }
        | StoreRequest::Around { .. }
        | StoreRequest::Search { .. }
        | StoreRequest::Count { .. } => outcome.answers.extend(asked(db, request)?),
        _ => of_account(db, request)?,
    }
    Ok(())
}

fn asked(db: &Connection, request: &StoreRequest) -> rusqlite::Result<Option<Stored>> {
    Ok(match request {
        StoreRequest::Page { request, talk, before, limit } => Some(pages::page(db, *request, talk, *before, *limit)?),
        StoreRequest::Around { request, talk, at, limit } => Some(pages::around(db, *request, talk, *at, *limit)?),
        StoreRequest::Search { request, search, before, limit } => {
            Some(search::find(db, *request, search, *before, *limit)?)
        }
        StoreRequest::Count { account } => {
            let messages = history::count(db, account)?;
            Some(Stored::Count { account: account.clone(), messages })
        }
        _ => None,
    })
}

/// What is kept about accounts and buddies.
fn of_account(db: &Connection, request: &StoreRequest) -> rusqlite::Result<()> {
    match request {
        StoreRequest::Roster { account, items, version } => accounts::roster(db, account, items, version.as_deref()),
        StoreRequest::OnlyHere { account, who, here } => only_here::put(db, account, who, here),
        StoreRequest::Appearance { account, appearance } => accounts::appearance(db, account, appearance),
        StoreRequest::Bound { account, jid } => accounts::bound(db, account, jid),
        StoreRequest::Folded { account, groups } => accounts::folded(db, account, groups),
        StoreRequest::PicturesAsked { account, at } => accounts::pictures_asked(db, account, *at),
        StoreRequest::ForgetAccount { account, messages } => accounts::forget(db, account, *messages),
        // Accounts live in a file that people can read; the runtime sees to it. The others are carried out above.
        _ => Ok(()),
    }
}
