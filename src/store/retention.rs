//! How long messages stay (`history.keep`).
//!
//! What is older goes in small batches, at the start and then daily, whenever nobody wants anything of the store. Where
//! nothing is to stay, messages lie in tables of the connection's own, in memory: they have the names of those on the
//! disk and stand before them, so that everything else works as ever, search and the recognising of copies too. On the
//! disk is only what is not sent yet.

use super::{history, search};
use crate::app::model::Retention;
use crate::types::Stamp;
use rusqlite::{Connection, OptionalExtension, params};

/// Rows that go in one transaction: short enough for a reader who waits.
const BATCH: usize = 500;
/// Messages held in memory where nothing is to stay.
const IN_MEMORY: usize = 20_000;
const DAY: i64 = 24 * 3600 * 1_000;

/// From now on it is so.
pub(super) fn begin(db: &Connection, retention: Retention) -> rusqlite::Result<()> {
    match (retention, in_memory(db)?) {
        (Retention::Nothing, false) if on_disk(db) => shadow(db),
        (Retention::Nothing, _) | (_, false) => Ok(()),
        (_, true) => {
            db.execute_batch("DROP TABLE temp.message; DROP TABLE temp.search;")?;
            search::list_terms(db, search::Index::Main)
        }
    }
}

/// A batch of what has to go. True: there is more.
pub(super) fn tidy(db: &mut Connection, retention: Retention, now: Stamp) -> rusqlite::Result<bool> {
    let batch = i64::try_from(BATCH).unwrap_or(0);
    let transaction = db.transaction()?;
    let gone = match retention {
        Retention::Days(days) => {
            let until = now.0.saturating_sub(i64::from(days) * DAY);
            transaction.prepare_cached(OLD)?.execute(params![history::first_id(until), until, batch])?
        }
        Retention::Nothing if in_memory(&transaction)? => {
            let most = i64::try_from(IN_MEMORY).unwrap_or(0);
            let above = transaction.prepare_cached(ABOVE)?.execute(params![batch, most])?;
            above.max(transaction.prepare_cached(KEPT_BEFORE)?.execute([batch])?)
        }
        Retention::Forever | Retention::Nothing => 0,
    };
    transaction.commit()?;
    Ok(gone == BATCH)
}

pub(super) const OLD: &str = "DELETE FROM message WHERE id IN (SELECT id FROM message WHERE id < ?1 AND stamp < ?2
     AND state NOT IN (1, 5) ORDER BY id LIMIT ?3)";
const ABOVE: &str = "DELETE FROM temp.message WHERE id IN (SELECT id FROM temp.message WHERE state NOT IN (1, 5)
     ORDER BY id DESC LIMIT ?1 OFFSET ?2)";
const KEPT_BEFORE: &str = "DELETE FROM main.message WHERE id IN (SELECT id FROM main.message WHERE state NOT IN (1, 5)
     LIMIT ?1)";

/// Where nothing stays: what is not sent yet does. Called in the transaction of whatever changed it.
pub(super) fn keep_unsent(db: &Connection) -> rusqlite::Result<()> {
    if !in_memory(db)? {
        return Ok(());
    }
    db.execute_batch(
        "DELETE FROM main.message WHERE state IN (1, 5) AND NOT EXISTS
             (SELECT 1 FROM temp.message t WHERE t.key = main.message.key AND t.state = main.message.state);
         INSERT INTO main.search (rowid, body, place)
             SELECT id, words(body), place(account, peer, kind) FROM temp.message WHERE state IN (1, 5)
             AND body_kind <> 2 AND key NOT IN (SELECT key FROM main.message);
         INSERT INTO main.message SELECT * FROM temp.message WHERE state IN (1, 5)
             AND key NOT IN (SELECT key FROM main.message);",
    )
}

/// Messages lie in memory now, not on the disk.
pub(super) fn in_memory(db: &Connection) -> rusqlite::Result<bool> {
    let mut named = db.prepare_cached("SELECT 1 FROM temp.sqlite_schema WHERE name = 'message'")?;
    named.query_row([], |_| Ok(())).optional().map(|found| found.is_some())
}

fn on_disk(db: &Connection) -> bool {
    db.path().is_some_and(|path| !path.is_empty())
}

/// Makes the tables in memory: the same ones that the migrations made, whatever they are by now.
fn shadow(db: &Connection) -> rusqlite::Result<()> {
    let mut made = db.prepare(
        "SELECT sql FROM main.sqlite_schema WHERE tbl_name IN ('message', 'search') AND sql IS NOT NULL
         ORDER BY CASE type WHEN 'table' THEN 0 WHEN 'index' THEN 1 ELSE 2 END",
    )?;
    let made = made.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    for sql in made {
        // The texts are ours, out of `assets/migrations`.
        let sql = sql
            .replacen("CREATE TABLE \"message\"", "CREATE TABLE temp.message", 1)
            .replacen("CREATE VIRTUAL TABLE ", "CREATE VIRTUAL TABLE temp.", 1)
            .replacen("CREATE INDEX ", "CREATE INDEX temp.", 1)
            .replacen("CREATE TRIGGER ", "CREATE TEMP TRIGGER ", 1);
        db.execute_batch(&sql)?;
    }
    db.execute_batch(
        "INSERT INTO temp.message SELECT * FROM main.message WHERE state IN (1, 5);
         INSERT INTO temp.search (rowid, body, place)
             SELECT id, words(body), place(account, peer, kind) FROM temp.message WHERE body_kind <> 2;",
    )?;
    search::list_terms(db, search::Index::Temp)
}

#[cfg(test)]
mod tests;
