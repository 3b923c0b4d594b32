//! What is kept about a talk beside its messages: how far it was read, and the draft.

use crate::app::effect::Position;
use crate::app::event::Stored;
use crate::app::model::{ConversationKey, ConversationKind};
use crate::types::{AccountId, BareJid, RequestId, Stamp, StanzaId};
use crate::xmpp::RosterItem;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashSet;

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

/// The other side knows, or needs not be told, how far a talk was read; that only moves forward.
pub(super) fn displayed(db: &Connection, talk: &ConversationKey, up_to: Stamp) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO talk (account, peer, kind, displayed_to) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET displayed_to = max(displayed_to, excluded.displayed_to)",
    )?
    .execute(params![talk.account.as_str(), talk.peer.as_str(), kind_number(talk.kind), up_to.0])?;
    Ok(())
}

/// How far they know it.
pub(super) fn displayed_to(db: &Connection, talk: &ConversationKey) -> rusqlite::Result<Stamp> {
    how_far(db, talk).map(|(_, displayed)| Stamp(displayed))
}

/// How far a talk was read, and how far the other side knows that.
fn how_far(db: &Connection, talk: &ConversationKey) -> rusqlite::Result<(i64, i64)> {
    let far = db
        .prepare_cached("SELECT read_to, displayed_to FROM talk WHERE account = ?1 AND peer = ?2 AND kind = ?3")?
        .query_row(params![talk.account.as_str(), talk.peer.as_str(), kind_number(talk.kind)], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    Ok(far.unwrap_or_default())
}

/// A device of ours has seen a talk up to here; it only moves forward. `ahead`: say how far we had seen if that is more.
pub(super) fn read_up_to(
    db: &Connection,
    request: RequestId,
    talk: &ConversationKey,
    to: &Position,
    ahead: bool,
) -> rusqlite::Result<Stored> {
    let (account, peer, kind) = (talk.account.as_str(), talk.peer.as_str(), kind_number(talk.kind));
    let one = |query: &str, id: &str| {
        db.prepare_cached(query)?.query_row(params![account, id, peer, kind], |row| row.get(0)).optional()
    };
    let stamp: Option<i64> = match to {
        Position::Archive(id) => one(
            "SELECT max(stamp) FROM message WHERE account = ?1 AND stanza_id = ?2 AND peer = ?3 AND kind = ?4",
            &id.0,
        )?
        .flatten(),
        Position::Theirs(id) => one(
            "SELECT max(stamp) FROM message WHERE account = ?1 AND origin = ?2 AND peer = ?3 AND kind = ?4
             AND direction = 0",
            &id.0,
        )?
        .flatten(),
        Position::Moment(at) => Some(at.0),
    };
    if let Some(stamp) = stamp {
        // What nobody has read here was read there, and it is for that device to tell the other side. At the start of a
        // session the position may be our own.
        if !ahead || stamp > how_far(db, talk)?.0 {
            displayed(db, talk, Stamp(stamp))?;
        }
        mark_read(db, talk, Stamp(stamp))?;
    }
    let (read_to, displayed) = how_far(db, talk)?;
    let unread: i64 = db
        .prepare_cached(
            "SELECT count(*) FROM message WHERE account = ?1 AND peer = ?2 AND kind = ?3 AND direction = 0 AND stamp > ?4",
        )?
        .query_row(params![account, peer, kind, read_to], |row| row.get(0))?;
    let ours = match stamp.filter(|stamp| ahead && *stamp < read_to) {
        Some(stamp) => newest_between(db, talk, stamp, read_to)?,
        None => None,
    };
    let (up_to, unread) = (stamp.map(|_| Stamp(read_to)), u32::try_from(unread).unwrap_or(u32::MAX));
    Ok(Stored::Read { request, talk: talk.clone(), up_to, displayed: Stamp(displayed), unread, ours })
}

/// Our archive's id of the newest message of theirs behind the one moment and up to the other.
fn newest_between(db: &Connection, talk: &ConversationKey, behind: i64, to: i64) -> rusqlite::Result<Option<StanzaId>> {
    db.prepare_cached(
        "SELECT stanza_id FROM message WHERE account = ?1 AND peer = ?2 AND kind = ?3 AND stamp > ?4 AND stamp <= ?5
         AND direction = 0 AND stanza_id IS NOT NULL ORDER BY stamp DESC, key DESC LIMIT 1",
    )?
    .query_row(params![talk.account.as_str(), talk.peer.as_str(), kind_number(talk.kind), behind, to], |row| row.get(0))
    .map(StanzaId)
    .optional()
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

/// How far each talk was read, and how far the other side knows that.
pub(super) fn read_to(db: &Connection, account: &AccountId) -> rusqlite::Result<Vec<(ConversationKey, Stamp, Stamp)>> {
    let mut query =
        db.prepare_cached("SELECT peer, kind, read_to, displayed_to FROM talk WHERE account = ?1 AND read_to > 0")?;
    let rows = query.query_map([account.as_str()], |row| {
        let peer: String = row.get(0)?;
        Ok((key_of(account, &peer, row.get(1)?), Stamp(row.get(2)?), Stamp(row.get(3)?)))
    })?;
    rows.filter_map(|row| row.map(|(key, to, displayed)| key.map(|key| (key, to, displayed))).transpose()).collect()
}

/// Talks in which the other side has perhaps not been told what was read, among those that were read last.
pub(super) fn undisplayed(db: &Connection, account: &AccountId) -> rusqlite::Result<Vec<ConversationKey>> {
    let mut query = db.prepare_cached(UNDISPLAYED)?;
    let rows = query.query_map([account.as_str()], |row| {
        let peer: String = row.get(0)?;
        Ok(key_of(account, &peer, row.get(1)?))
    })?;
    rows.filter_map(Result::transpose).collect()
}

/// One of the last few messages that were read asks to be told of. Of talks read long ago nobody waits to hear.
pub(super) const UNDISPLAYED: &str = "SELECT peer, kind FROM
     (SELECT peer, kind, read_to, displayed_to FROM talk WHERE account = ?1 AND read_to > displayed_to
      ORDER BY read_to DESC LIMIT 32) read
     WHERE (SELECT max(markable) FROM
         (SELECT markable FROM message WHERE account = ?1 AND peer = read.peer AND kind = read.kind
          AND stamp > read.displayed_to AND stamp <= read.read_to ORDER BY stamp DESC, key DESC LIMIT 10)) = 1";

/// Talks that are told of, newest first.
const MOST_TALKS: usize = 5_000;

/// Talks with messages, newest first: unread count and stamp of the newest message. Steps from talk to talk in the
/// index, whatever number of messages lies between. Strangers do not push out what a buddy wrote and nobody read.
pub(super) fn talks(
    db: &Connection,
    account: &AccountId,
    buddies: &[RosterItem],
) -> rusqlite::Result<Vec<(ConversationKey, u32, Stamp)>> {
    let buddies: HashSet<&BareJid> = buddies.iter().map(|buddy| &buddy.jid).collect();
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
    let mut others = 0;
    talks.retain(|(key, unread, _)| {
        let waits = *unread > 0 && buddies.contains(&key.peer);
        others += usize::from(!waits);
        waits || others <= MOST_TALKS
    });
    Ok(talks)
}

pub(super) const NEXT_TALK: &str = "SELECT peer, kind FROM message WHERE account = ?1 AND (peer, kind) > (?2, ?3)
     ORDER BY peer, kind LIMIT 1";
pub(super) const NEWEST: &str =
    "SELECT stamp FROM message WHERE account = ?1 AND peer = ?2 AND kind = ?3 ORDER BY stamp DESC LIMIT 1";
pub(super) const UNREAD: &str =
    "SELECT count(*) FROM message WHERE account = ?1 AND peer = ?2 AND kind = ?3 AND direction = 0
     AND stamp > coalesce((SELECT read_to FROM talk WHERE account = ?1 AND peer = ?2 AND kind = ?3), 0)";
