//! Pages of a talk, and how much a page may hold.

use super::rows::{COLUMNS, read};
use super::talks::{displayed_to, kind_number};
use crate::app::event::Stored;
use crate::app::model::{ConversationKey, Message};
use crate::types::limits::PAGE_BYTES;
use crate::types::{MessageKey, RequestId, Stamp};
use rusqlite::{Connection, params};

/// At most `limit` messages older than `before`, oldest first.
pub(super) fn page(
    db: &Connection,
    request: RequestId,
    talk: &ConversationKey,
    before: Option<(Stamp, MessageKey)>,
    limit: u16,
) -> rusqlite::Result<Stored> {
    let (messages, more) = older(db, talk, before, limit)?;
    Ok(Stored::Page { request, displayed: displayed_to(db, talk)?, talk: talk.clone(), messages, more })
}

/// Messages around one, oldest first: at most `limit` up to and with it, and as many behind it.
pub(super) fn around(
    db: &Connection,
    request: RequestId,
    talk: &ConversationKey,
    at: (Stamp, MessageKey),
    limit: u16,
) -> rusqlite::Result<Stored> {
    // Its own place counts among those before.
    let (mut messages, more) = older(db, talk, Some((at.0, MessageKey(at.1.0.saturating_add(1)))), limit)?;
    let (mut behind, newer) = stretch(db, &newer_sql(), talk, at, limit)?;
    messages.append(&mut behind);
    Ok(Stored::Around { request, displayed: displayed_to(db, talk)?, talk: talk.clone(), messages, more, newer })
}

/// The last messages before a place, oldest first, and whether there are more.
fn older(
    db: &Connection,
    talk: &ConversationKey,
    before: Option<(Stamp, MessageKey)>,
    limit: u16,
) -> rusqlite::Result<(Vec<Message>, bool)> {
    let place = before.unwrap_or((Stamp(i64::MAX), MessageKey(u128::MAX)));
    let (mut messages, more) = stretch(db, &older_sql(), talk, place, limit)?;
    messages.reverse();
    Ok((messages, more))
}

/// A page of a talk from a place on, as the query goes, and whether there are more. A row that no longer parses is no
/// message: what lies behind it still comes.
fn stretch(
    db: &Connection,
    sql: &str,
    talk: &ConversationKey,
    (stamp, key): (Stamp, MessageKey),
    limit: u16,
) -> rusqlite::Result<(Vec<Message>, bool)> {
    let mut query = db.prepare_cached(sql)?;
    let (account, peer, kind) = (talk.account.as_str(), talk.peer.as_str(), kind_number(talk.kind));
    let mut rows = query.query(params![account, peer, kind, stamp.0, key.0.to_be_bytes()])?;
    let mut page = Page::of(limit);
    while let Some(row) = rows.next()? {
        let Some(message) = read(row) else { continue };
        if !page.has_room_for(&message) {
            return Ok((page.messages, true));
        }
        page.messages.push(message);
    }
    Ok((page.messages, false))
}

pub(super) fn older_sql() -> String {
    format!(
        "SELECT {COLUMNS} FROM message WHERE account = ?1 AND peer = ?2 AND kind = ?3 AND (stamp, key) < (?4, ?5)
         ORDER BY stamp DESC, key DESC"
    )
}

pub(super) fn newer_sql() -> String {
    format!(
        "SELECT {COLUMNS} FROM message WHERE account = ?1 AND peer = ?2 AND kind = ?3 AND (stamp, key) > (?4, ?5)
         ORDER BY stamp, key"
    )
}

/// Messages that are read together: so many of them, and no more bytes than [`PAGE_BYTES`], but always one.
pub(super) struct Page {
    limit: usize,
    bytes: usize,
    /// Those that it has.
    pub messages: Vec<Message>,
}

impl Page {
    /// An empty one.
    pub(super) fn of(limit: u16) -> Self {
        Self { limit: usize::from(limit), bytes: 0, messages: Vec::new() }
    }

    /// Whether this one still belongs to it; what it weighs is counted.
    pub(super) fn has_room_for(&mut self, message: &Message) -> bool {
        self.bytes = self.bytes.saturating_add(message.bytes());
        self.messages.len() < self.limit && (self.messages.is_empty() || self.bytes <= PAGE_BYTES)
    }
}

#[cfg(test)]
mod tests;
