//! Messages: what is kept, recognised and marked.

use super::requests::Outcome;
use super::rows::{self, COLUMNS, state_columns};
use super::search;
use super::talks::kind_number;
use crate::app::event::Stored;
use crate::app::model::{Arrival, ConversationKey, Message, MessageState};
use crate::app::timeline;
use crate::types::{AccountId, MessageKey, OriginId, Stamp, StanzaId};
use crate::xmpp::Direction;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::time::Duration;

/// Keeps a message, unless it is another copy of one that is here ([`timeline::Known::is_copied_by`]). A sender who uses
/// one id for two texts, or always the same id, gets all of them shown.
pub(super) fn insert(db: &Connection, message: &Message, outcome: &mut Outcome) -> rusqlite::Result<()> {
    if let Some(existing) = twin(db, message)? {
        return tell_duplicate(db, message, existing, outcome);
    }
    // Ours go by the slow way: where nothing is to stay, their id has to be free in two tables.
    let is_theirs = message.direction == Direction::In;
    let is_kept = is_theirs && rows::write(db, message, Some(likely_id(outcome.last_id, message)))?;
    if !is_kept {
        if let Some(existing) = one_key(db, BY_KEY, params![message.key.0.to_be_bytes()])? {
            return tell_duplicate(db, message, existing, outcome);
        }
        let id = free_id(db, message)?;
        if !rows::write(db, message, id)? {
            // Not reached: both were just looked for, in this transaction.
            return Err(rusqlite::Error::StatementChangedRows(0));
        }
    }
    let id = db.last_insert_rowid();
    outcome.last_id = Some(id);
    search::index(db, id, message)?;
    outcome.committed.push(message.key);
    Ok(())
}

/// It is here already: that row gets what this copy proves, and is told.
fn tell_duplicate(
    db: &Connection,
    message: &Message,
    existing: MessageKey,
    outcome: &mut Outcome,
) -> rusqlite::Result<()> {
    if let Some(stanza_id) = &message.stanza_id {
        set_stanza_id(db, existing, stanza_id)?;
    }
    if message.direction == Direction::Out && message.state == MessageState::Sent {
        // Whoever tells of ours has it: a row that failed without a word, or waits, has arrived there.
        mark(db, &message.talk, existing, &message.state)?;
    }
    let stamp = db
        .prepare_cached("SELECT stamp FROM message WHERE key = ?1")?
        .query_row([existing.0.to_be_bytes()], |row| row.get(0))
        .map(Stamp)?;
    outcome.answers.push(Stored::Duplicate { key: message.key, existing, stamp });
    Ok(())
}

/// Bits of a row's id that tell apart what has one stamp.
const APART: u32 = 20;

/// The least id that a row of this moment has: the index of what was said hands out its hits in this order.
pub(super) fn first_id(stamp: i64) -> i64 {
    stamp.clamp(0, (1 << (63 - APART)) - 2) << APART
}

/// The id behind that of the row before in this transaction, if both are of one moment, or the first of the message's:
/// nearly always it is free, and to try it costs less than to ask. At worst hits of one moment stand in another order.
pub(super) fn likely_id(last: Option<i64>, message: &Message) -> i64 {
    let first = first_id(message.stamp.0);
    let next = last.map(|last| last.saturating_add(1));
    next.filter(|next| (first..first + (1 << APART)).contains(next)).unwrap_or(first)
}

/// An id that no row has, among those of the message's moment: the next one. The index of what was said writes out all
/// that it holds whenever an id is not above the one before it. A moment that a server filled with rows by the million
/// has none that is found soon: then SQLite chooses (`None`), and only the order of hits suffers.
fn free_id(db: &Connection, message: &Message) -> rusqlite::Result<Option<i64>> {
    let first = first_id(message.stamp.0);
    let last = first + ((1 << APART) - 1);
    let newest: i64 = db.prepare_cached(NEWEST_OF_MOMENT)?.query_row([first, last], |row| row.get(0))?;
    if newest < last {
        return Ok(Some(first.max(newest + 1)));
    }
    let mut taken = db.prepare_cached("SELECT 1 FROM message WHERE id = ?1")?;
    for attempt in 0..4_u64 {
        let spread = (message.key.0 as u64).wrapping_add(attempt.wrapping_mul(0x9E37_79B9)) & ((1 << APART) - 1);
        let id = first + i64::try_from(spread).unwrap_or(0);
        if !taken.exists([id])? {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// Where nothing is to stay, there are two tables of that name (`retention`); what goes from one to the other keeps its id.
const NEWEST_OF_MOMENT: &str = "SELECT max(
     ifnull((SELECT max(id) FROM message WHERE id BETWEEN ?1 AND ?2), -1),
     ifnull((SELECT max(id) FROM main.message WHERE id BETWEEN ?1 AND ?2), -1))";

/// What [`insert`] asks.
pub(super) const BY_KEY: &str = "SELECT key FROM message WHERE key = ?1";
pub(super) const BY_OWN_KEY: &str =
    "SELECT key FROM message WHERE key = ?1 AND account = ?2 AND peer = ?3 AND direction = 1";
pub(super) const BY_STANZA_ID: &str = "SELECT key FROM message
     WHERE account = ?1 AND stanza_id = ?2 AND peer = ?3 AND direction = ?4 AND body = ?5 LIMIT 1";
pub(super) const BY_ARCHIVE: &str = "SELECT key, stamp FROM message
     WHERE account = ?1 AND stanza_id = ?2 AND peer = ?3 AND direction = 0 LIMIT 1";
/// Who gives all messages one id makes nobody read all of them each time: the nearest are looked at.
pub(super) const BY_SENDER_ID: &str = "SELECT key, stanza_id, stamp FROM
         (SELECT * FROM (SELECT key, stanza_id, stamp, direction, body FROM message
              WHERE account = ?1 AND peer = ?2 AND origin = ?3 AND stamp BETWEEN ?4 AND ?8 ORDER BY stamp DESC LIMIT 128)
          UNION ALL
          SELECT * FROM (SELECT key, stanza_id, stamp, direction, body FROM message
              WHERE account = ?1 AND peer = ?2 AND origin = ?3 AND stamp > ?8 AND stamp <= ?5 ORDER BY stamp LIMIT 128))
     WHERE direction = ?6 AND body = ?7 ORDER BY abs(stamp - ?8)";
pub(super) const BY_WORDS: &str =
    "SELECT key FROM message WHERE account = ?1 AND peer = ?2 AND kind = ?3 AND stamp BETWEEN ?4 AND ?5
     AND origin IS NULL AND direction = ?6 AND body = ?7 AND (stanza_id IS NULL OR ?8) LIMIT 1";

/// The same message under another key.
fn twin(db: &Connection, message: &Message) -> rusqlite::Result<Option<MessageKey>> {
    if let Some(twin) = by_stanza_id(db, message)? {
        return Ok(Some(twin));
    }
    // Of a row without an archive's id nothing fresh is a copy, and of one with an id only what has the same.
    let may_repeat = message.arrival != Arrival::Fresh || message.stanza_id.is_none();
    match &message.origin {
        Some(origin) if may_repeat || message.direction == Direction::Out => by_sender_id(db, message, origin),
        // What has no id at all was compared where it is shown, copy by copy.
        None if message.arrival == Arrival::Archived && message.stanza_id.is_some() => by_words(db, message),
        _ => Ok(None),
    }
}

fn by_stanza_id(db: &Connection, message: &Message) -> rusqlite::Result<Option<MessageKey>> {
    let Some(stanza_id) = &message.stanza_id else { return Ok(None) };
    let (account, peer, out) = place(message);
    one_key(db, BY_STANZA_ID, params![account, stanza_id.0, peer, out, message.body.text()])
}

fn by_sender_id(db: &Connection, message: &Message, origin: &OriginId) -> rusqlite::Result<Option<MessageKey>> {
    let (account, peer, out) = place(message);
    if let Some(own) = MessageKey::parse(&origin.0).filter(|_| out)
        && let Some(own) = one_key(db, BY_OWN_KEY, params![own.0.to_be_bytes(), account, peer])?
    {
        return Ok(Some(own));
    }
    let reach = i64::try_from(timeline::reach(message).as_millis()).unwrap_or(i64::MAX);
    let stamp = message.stamp.0;
    let (from, to) = (stamp.saturating_sub(reach), stamp.saturating_add(reach));
    let mut query = db.prepare_cached(BY_SENDER_ID)?;
    let mut rows = query.query(params![account, peer, origin.0, from, to, out, message.body.text(), stamp])?;
    while let Some(row) = rows.next()? {
        let (key, stanza_id): (_, Option<String>) = (key_of_row(row)?, row.get(1)?);
        let known = timeline::Known { key, stanza_id: stanza_id.as_deref(), stamp: Stamp(row.get(2)?) };
        if known.is_copied_by(message) {
            return Ok(Some(key));
        }
    }
    Ok(None)
}

/// No id at all: the same words at the same time, and one of the two not from the archive.
fn by_words(db: &Connection, message: &Message) -> rusqlite::Result<Option<MessageKey>> {
    let (account, peer, out) = place(message);
    let near = i64::try_from(timeline::NEAR.as_millis()).unwrap_or(i64::MAX);
    let (from, to) = (message.stamp.0.saturating_sub(near), message.stamp.0.saturating_add(near));
    let kind = kind_number(message.talk.kind);
    one_key(db, BY_WORDS, params![account, peer, kind, from, to, out, message.body.text(), message.stanza_id.is_none()])
}

fn place(message: &Message) -> (&str, &str, bool) {
    (message.talk.account.as_str(), message.talk.peer.as_str(), message.direction == Direction::Out)
}

fn one_key(db: &Connection, query: &str, values: impl rusqlite::Params) -> rusqlite::Result<Option<MessageKey>> {
    db.prepare_cached(query)?.query_row(values, key_of_row).optional()
}

fn key_of_row(row: &Row<'_>) -> rusqlite::Result<MessageKey> {
    row.get(0).map(|bytes| MessageKey(u128::from_be_bytes(bytes)))
}

pub(super) fn set_state(db: &Connection, key: MessageKey, state: &MessageState) -> rusqlite::Result<()> {
    let (state, detail) = state_columns(state);
    db.prepare_cached("UPDATE message SET state = ?2, detail = ?3 WHERE key = ?1")?.execute(params![
        key.0.to_be_bytes(),
        state,
        detail
    ])?;
    Ok(())
}

/// That a server has a message says nothing against who refused it ([`Problem::refuses_message`]).
const SENT_BEHIND: &str = "(state = 1 OR (state = 5 AND ifnull(substr(detail, 1, 10), '')
    NOT IN ('BTY-MSG-02', 'BTY-MSG-03', 'BTY-MSG-04', 'BTY-MSG-05')))";

/// A message of ours to this person came so far. Marks only go up, and nobody marks what was written to somebody else.
pub(super) fn mark(
    db: &Connection,
    talk: &ConversationKey,
    key: MessageKey,
    state: &MessageState,
) -> rusqlite::Result<()> {
    let below = match state {
        MessageState::Sent => SENT_BEHIND,
        MessageState::Delivered => "state IN (1, 2, 5)",
        MessageState::Read(_) => "state IN (1, 2, 3, 5)",
        MessageState::Failed(problem) if problem.refuses_message() => "state IN (1, 2)",
        MessageState::Failed(_) => "state = 1",
        MessageState::Pending | MessageState::Received => return Ok(()),
    };
    let (state, detail) = state_columns(state);
    db.prepare_cached(&format!(
        "UPDATE message SET state = ?2, detail = ?3
         WHERE key = ?1 AND account = ?4 AND peer = ?5 AND direction = 1 AND {below}"
    ))?
    .execute(params![key.0.to_be_bytes(), state, detail, talk.account.as_str(), talk.peer.as_str()])?;
    Ok(())
}

/// Moves a message. Its id stays, for the index of what was said goes by it: among hits it stands where it stood.
pub(super) fn set_stamp(db: &Connection, key: MessageKey, stamp: Stamp) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE message SET stamp = ?2 WHERE key = ?1")?
        .execute(params![key.0.to_be_bytes(), stamp.0])?;
    Ok(())
}

/// Two clocks less apart than this: then the archive's order is believed against their stamps.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Puts messages of theirs in the order of the archive: who stands before the one before moves behind that.
pub(super) fn order(db: &Connection, talk: &ConversationKey, ids: &[StanzaId]) -> rusqlite::Result<()> {
    let mut row = db.prepare_cached(BY_ARCHIVE)?;
    let mut last: Option<(Stamp, MessageKey)> = None;
    for id in ids {
        let found = row.query_row(params![talk.account.as_str(), id.0, talk.peer.as_str()], |row| {
            Ok((Stamp(row.get(1)?), key_of_row(row)?))
        });
        let Some((stamp, key)) = found.optional()? else { continue };
        last = match last {
            Some((behind, other)) if (stamp, key) < (behind, other) && behind.since(stamp) <= DAY => {
                let to = if key > other { behind } else { Stamp(behind.0.saturating_add(1)) };
                set_stamp(db, key, to)?;
                Some((to, key))
            }
            _ => Some((stamp, key)),
        };
    }
    Ok(())
}

pub(super) fn set_stanza_id(db: &Connection, key: MessageKey, stanza_id: &StanzaId) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE message SET stanza_id = ?2 WHERE key = ?1 AND stanza_id IS NULL")?
        .execute(params![key.0.to_be_bytes(), stanza_id.0])?;
    Ok(())
}

/// Forgets a message of ours that did not go out.
pub(super) fn discard(db: &Connection, key: MessageKey) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM message WHERE key = ?1 AND state IN (1, 5)")?.execute([key.0.to_be_bytes()])?;
    Ok(())
}

/// Own messages without an acknowledgement, oldest first.
pub(super) fn outbox(db: &Connection, account: &AccountId) -> rusqlite::Result<Vec<Message>> {
    let mut query = db.prepare_cached(&outbox_sql())?;
    query.query_map([account.as_str()], |row| Ok(rows::read(row)))?.filter_map(Result::transpose).collect()
}

/// The highest key that a message has.
pub(super) fn last_key(db: &Connection) -> rusqlite::Result<Option<MessageKey>> {
    db.query_row(LAST_KEY, [], key_of_row).optional()
}

/// Nobody's key has its highest bit: no moment is so late. What else somebody wrote there counts for nothing.
pub(super) const LAST_KEY: &str = "SELECT key FROM message
     WHERE key < x'80' AND typeof(key) = 'blob' AND length(key) = 16 ORDER BY key DESC LIMIT 1";

pub(super) fn outbox_sql() -> String {
    format!("SELECT {COLUMNS} FROM message WHERE account = ?1 AND state = 1 ORDER BY stamp, key LIMIT 10000")
}

pub(super) fn count(db: &Connection, account: &AccountId) -> rusqlite::Result<u64> {
    db.query_row("SELECT count(*) FROM message WHERE account = ?1", [account.as_str()], |row| row.get::<_, i64>(0))
        .map(|count| u64::try_from(count).unwrap_or(0))
}
