//! Buddies, and what is kept about an account itself.

use super::{gaps, history, only_here, talks};
use crate::app::event::AccountCache;
use crate::types::{AccountId, ArchiveId, BareJid, FullJid, Line, Stamp};
use crate::xmpp::{Appearance, RosterItem, Show, Subscription};
use rusqlite::{Connection, OptionalExtension, Row, params};

/// Everything known about an account before the server answers.
pub(super) fn cache(db: &Connection, account: &AccountId) -> rusqlite::Result<AccountCache> {
    let mut cache = db
        .query_row(
            "SELECT roster_version, jid, show, status, priority, folded, synced_id, synced_at, pictures_asked
             FROM account WHERE id = ?1",
            [account.as_str()],
            account_row,
        )
        .optional()?
        .unwrap_or_default();
    cache.roster = contacts(db, account)?;
    cache.only_here = only_here::all(db, account)?;
    cache.gaps = gaps::all(db, account)?;
    cache.talks = talks::talks(db, account, &cache.roster)?;
    cache.read_to = talks::read_to(db, account)?;
    cache.undisplayed = talks::undisplayed(db, account)?;
    cache.drafts = talks::drafts(db, account)?;
    cache.outbox = history::outbox(db, account)?;
    cache.last_key = history::last_key(db)?;
    Ok(cache)
}

fn account_row(row: &Row<'_>) -> rusqlite::Result<AccountCache> {
    let jid: Option<String> = row.get(1)?;
    let show: Option<u8> = row.get(2)?;
    let (status, priority): (Option<String>, Option<i8>) = (row.get(3)?, row.get(4)?);
    let folded: Option<String> = row.get(5)?;
    let (synced_id, synced_at): (Option<String>, Option<i64>) = (row.get(6)?, row.get(7)?);
    Ok(AccountCache {
        roster_version: row.get(0)?,
        jid: jid.and_then(|text| FullJid::parse(&text).ok()),
        appearance: show.map(|show| Appearance { show: show_of(show), status, priority: priority.unwrap_or(0) }),
        folded: folded.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
        synced: synced_at.map(|at| (synced_id.map(ArchiveId), Stamp(at))),
        pictures_asked: row.get::<_, Option<i64>>(8)?.map(Stamp),
        ..AccountCache::default()
    })
}

fn contacts(db: &Connection, account: &AccountId) -> rusqlite::Result<Vec<RosterItem>> {
    let mut query =
        db.prepare_cached("SELECT jid, name, groups, subscription, pending FROM contact WHERE account = ?1")?;
    let rows = query.query_map([account.as_str()], |row| {
        let jid: String = row.get(0)?;
        let groups: String = row.get(2)?;
        let groups: Vec<String> = serde_json::from_str(&groups).unwrap_or_default();
        Ok(BareJid::parse(&jid).ok().map(|jid| RosterItem {
            jid,
            name: row.get::<_, Option<String>>(1).ok().flatten().map(|name| Line::clean(&name)),
            groups: groups.iter().map(|group| Line::clean(group)).collect(),
            subscription: subscription_of(row.get(3).unwrap_or(0)),
            pending: row.get(4).unwrap_or(false),
        }))
    })?;
    rows.filter_map(Result::transpose).collect()
}

/// Replaces the roster.
pub(super) fn roster(
    db: &Connection,
    account: &AccountId,
    items: &[RosterItem],
    version: Option<&str>,
) -> rusqlite::Result<()> {
    db.execute("DELETE FROM contact WHERE account = ?1", [account.as_str()])?;
    for item in items {
        put(db, account, item)?;
    }
    set_version(db, account, version)
}

/// One change of the roster.
pub(super) fn roster_item(
    db: &Connection,
    account: &AccountId,
    item: &RosterItem,
    version: Option<&str>,
) -> rusqlite::Result<()> {
    if item.subscription == Subscription::Removed {
        db.prepare_cached("DELETE FROM contact WHERE account = ?1 AND jid = ?2")?
            .execute([account.as_str(), item.jid.as_str()])?;
    } else {
        put(db, account, item)?;
    }
    set_version(db, account, version)
}

fn put(db: &Connection, account: &AccountId, item: &RosterItem) -> rusqlite::Result<()> {
    let groups: Vec<&str> = item.groups.iter().map(Line::as_str).collect();
    let groups = serde_json::to_string(&groups).unwrap_or_else(|_| "[]".to_owned());
    db.prepare_cached(
        "INSERT OR REPLACE INTO contact (account, jid, name, groups, subscription, pending)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        account.as_str(),
        item.jid.as_str(),
        item.name.as_ref().map(Line::as_str),
        groups,
        subscription_number(item.subscription),
        item.pending
    ])?;
    Ok(())
}

fn set_version(db: &Connection, account: &AccountId, version: Option<&str>) -> rusqlite::Result<()> {
    set(db, account, "roster_version", version)
}

pub(super) fn bound(db: &Connection, account: &AccountId, jid: &FullJid) -> rusqlite::Result<()> {
    set(db, account, "jid", Some(jid.as_str()))
}

pub(super) fn folded(db: &Connection, account: &AccountId, groups: &[String]) -> rusqlite::Result<()> {
    set(db, account, "folded", serde_json::to_string(groups).ok().as_deref())
}

fn set(db: &Connection, account: &AccountId, column: &'static str, value: Option<&str>) -> rusqlite::Result<()> {
    db.prepare_cached(&format!(
        "INSERT INTO account (id, {column}) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET {column} = excluded.{column}"
    ))?
    .execute(params![account.as_str(), value])?;
    Ok(())
}

pub(super) fn appearance(db: &Connection, account: &AccountId, appearance: &Appearance) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO account (id, show, status, priority) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET show = excluded.show, status = excluded.status, priority = excluded.priority",
    )?
    .execute(params![account.as_str(), show_number(appearance.show), appearance.status, appearance.priority])?;
    Ok(())
}

/// The archive is here up to this result, this moment.
pub(super) fn synced(
    db: &Connection,
    account: &AccountId,
    last: Option<&ArchiveId>,
    at: Stamp,
) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO account (id, synced_id, synced_at) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET synced_id = excluded.synced_id, synced_at = excluded.synced_at",
    )?
    .execute(params![account.as_str(), last.map(|id| &id.0), at.0])?;
    Ok(())
}

/// The person was asked then to agree once more, for display pictures.
pub(super) fn pictures_asked(db: &Connection, account: &AccountId, at: Stamp) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO account (id, pictures_asked) VALUES (?1, ?2)
         ON CONFLICT DO UPDATE SET pictures_asked = excluded.pictures_asked",
    )?
    .execute(params![account.as_str(), at.0])?;
    Ok(())
}

/// Forgets an account; its messages only if the person says so.
pub(super) fn forget(db: &Connection, account: &AccountId, messages: bool) -> rusqlite::Result<()> {
    db.execute("DELETE FROM contact WHERE account = ?1", [account.as_str()])?;
    db.execute("DELETE FROM account WHERE id = ?1", [account.as_str()])?;
    db.execute("DELETE FROM archive_gap WHERE account = ?1", [account.as_str()])?;
    if messages {
        db.execute("DELETE FROM message WHERE account = ?1", [account.as_str()])?;
        db.execute("DELETE FROM talk WHERE account = ?1", [account.as_str()])?;
        // The person's own work, like the messages: it goes only with them.
        only_here::forget(db, account)?;
    }
    Ok(())
}

fn show_number(show: Show) -> u8 {
    match show {
        Show::Available => 0,
        Show::Busy => 1,
        Show::Away => 2,
        Show::Gone => 3,
        Show::Offline => 4,
    }
}

fn show_of(number: u8) -> Show {
    match number {
        1 => Show::Busy,
        2 => Show::Away,
        3 => Show::Gone,
        4 => Show::Offline,
        _ => Show::Available,
    }
}

fn subscription_number(subscription: Subscription) -> u8 {
    match subscription {
        Subscription::None | Subscription::Removed => 0,
        Subscription::To => 1,
        Subscription::From => 2,
        Subscription::Both => 3,
    }
}

fn subscription_of(number: u8) -> Subscription {
    match number {
        1 => Subscription::To,
        2 => Subscription::From,
        3 => Subscription::Both,
        _ => Subscription::None,
    }
}
