//! What is kept about a talk beside its messages: how far it was read, and the draft.

use crate::app::model::{ConversationKey, ConversationKind};
use crate::types::{AccountId, BareJid, Stamp};
use rusqlite::{Connection, OptionalExtension, params};

/// The number of a kind in the database.
pub(super) fn kind_number(kind: ConversationKind) -> u8 {
    match kind {
        ConversationKind::Direct => 0,
        ConversationKind::Room => 1,
    }
}

/// A talk's key out of its columns; `None` for an address that no longer parses.
pub(super) fn key_of(account: &AccountId, peer: &str, kind: u8) -> Option<ConversationKey> {
    let kind = if kind == 1 { ConversationKind::Room } else { ConversationKind::Direct };
    BareJid::parse(peer).ok().map(|peer| ConversationKey { account: account.clone(), peer, kind })
}

pub(super) fn mark_read(db: &Connection, talk: &ConversationKey, up_to: Stamp) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO talk (account, peer, kind, read_to) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET read_to = max(read_to, excluded.read_to)",
    )?
    .execute(params![talk.account.as_str(), talk.peer.as_str(), kind_number(talk.kind), up_to.0])?;
    Ok(())
}

pub(super) fn draft(db: &Connection, talk: &ConversationKey, text: &str) -> rusqlite::Result<()> {
    let text = (!text.is_empty()).then_some(text);
    db.prepare_cached(
        "INSERT INTO talk (account, peer, kind, draft) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET draft = excluded.draft",
    )?
    .execute(params![talk.account.as_str(), talk.peer.as_str(), kind_number(talk.kind), text])?;
    Ok(())
}

/// Every draft of an account.
pub(super) fn drafts(db: &Connection, account: &AccountId) -> rusqlite::Result<Vec<(ConversationKey, String)>> {
    let mut query = db.prepare_cached("SELECT peer, kind, draft FROM talk WHERE account = ?1 AND draft IS NOT NULL")?;
    let rows = query.query_map([account.as_str()], |row| {
        let peer: String = row.get(0)?;
        Ok((key_of(account, &peer, row.get(1)?), row.get(2)?))
    })?;
    rows.filter_map(|row| row.map(|(key, text)| key.map(|key| (key, text))).transpose()).collect()
}

/// Talks that are told of, newest first.
const MOST_TALKS: usize = 5_000;

/// Talks with messages, newest first: unread count and stamp of the newest message. Steps from talk to talk in the
/// index, whatever number of messages lies between.
pub(super) fn talks(db: &Connection, account: &AccountId) -> rusqlite::Result<Vec<(ConversationKey, u32, Stamp)>> {
    let mut next = db.prepare_cached(NEXT_TALK)?;
    let mut newest = db.prepare_cached(NEWEST)?;
    let mut unread = db.prepare_cached(UNREAD)?;
    let mut talks = Vec::new();
    let mut last = (String::new(), -1_i64);
    let pair = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?));
    while let Some((peer, kind)) = next.query_row(params![account.as_str(), last.0, last.1], pair).optional()? {
        let place = params![account.as_str(), peer, kind];
        let stamp = Stamp(newest.query_row(place, |row| row.get(0))?);
        let count: u32 = unread.query_row(place, |row| row.get(0))?;
        talks.extend(key_of(account, &peer, u8::try_from(kind).unwrap_or(0)).map(|key| (key, count, stamp)));
        last = (peer, kind);
    }
    talks.sort_by(|(_, _, one), (_, _, other)| other.cmp(one));
    talks.truncate(MOST_TALKS);
    Ok(talks)
}

pub(super) const NEXT_TALK: &str = "SELECT peer, kind FROM message WHERE account = ?1 AND (peer, kind) > (?2, ?3)
     ORDER BY peer, kind LIMIT 1";
pub(super) const NEWEST: &str =
    "SELECT stamp FROM message WHERE account = ?1 AND peer = ?2 AND kind = ?3 ORDER BY stamp DESC LIMIT 1";
pub(super) const UNREAD: &str =
    "SELECT count(*) FROM message WHERE account = ?1 AND peer = ?2 AND kind = ?3 AND direction = 0
     AND stamp > coalesce((SELECT read_to FROM talk WHERE account = ?1 AND peer = ?2 AND kind = ?3), 0)";
