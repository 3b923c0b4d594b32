//! What the archive has and we have not.

use crate::app::sync::{Edge, Gap};
use crate::types::{AccountId, ArchiveId, BareJid, Stamp};
use rusqlite::{Connection, params};

/// Replaces the gaps of an account; there are few.
pub(super) fn put(db: &Connection, account: &AccountId, gaps: &[Gap]) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM archive_gap WHERE account = ?1")?.execute([account.as_str()])?;
    let mut insert = db.prepare_cached(
        "INSERT INTO archive_gap (account, number, peer, after_id, after_at, before_id, before_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for (number, gap) in (0_i64..).zip(gaps) {
        let whole = std::iter::once(("", &gap.before));
        for (peer, before) in whole.chain(gap.talks.iter().map(|(peer, end)| (peer.as_str(), end))) {
            let (after_id, before_id) = (id_of(&gap.after), id_of(before));
            insert.execute(params![
                account.as_str(),
                number,
                peer,
                after_id,
                gap.after.at.0,
                before_id,
                before.at.0
            ])?;
        }
    }
    Ok(())
}

/// The gaps of an account, oldest first.
pub(super) fn all(db: &Connection, account: &AccountId) -> rusqlite::Result<Vec<Gap>> {
    let mut query = db.prepare_cached(
        "SELECT peer, after_id, after_at, before_id, before_at FROM archive_gap WHERE account = ?1 ORDER BY number, peer",
    )?;
    let rows = query.query_map([account.as_str()], |row| {
        let edge = |id: Option<String>, at| Edge { id: id.map(ArchiveId), at: Stamp(at) };
        let peer: String = row.get(0)?;
        Ok((peer, edge(row.get(1)?, row.get(2)?), edge(row.get(3)?, row.get(4)?)))
    })?;
    let mut gaps: Vec<Gap> = Vec::new();
    for row in rows {
        // The empty peer, which stands for all, comes first.
        match row? {
            (peer, after, before) if peer.is_empty() => gaps.push(Gap::new(after, before)),
            (peer, _, end) => {
                let (Ok(peer), Some(gap)) = (BareJid::parse(&peer), gaps.last_mut()) else { continue };
                gap.talks.insert(peer, end);
            }
        }
    }
    Ok(gaps)
}

fn id_of(edge: &Edge) -> Option<&str> {
    edge.id.as_ref().map(|id| id.0.as_str())
}
