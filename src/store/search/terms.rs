//! The words of the index that begin with what was typed so far.
//!
//! For a beginning FTS5 first makes the list of all its hits, unless such beginnings have an index of their own (those
//! of two and of three letters): over a million messages, a tenth of a second for a common one. For whole words it hands
//! out the hits one by one. So a beginning that few words share is looked for as those words.

use rusqlite::{Connection, OptionalExtension};

/// Beginnings of so many letters have an index of their own (`assets/migrations/004_search.sql`).
const INDEXED: usize = 3;
/// More words than these are not told one by one.
const MOST: usize = 32;

/// Opens the list of the index's words (SQLite's documentation of FTS5, section 9: the type `instance`, which counts
/// nothing). Like the words themselves it is the connection's own, and nothing of it is kept.
pub(in crate::store) fn list(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch("CREATE VIRTUAL TABLE temp.term USING fts5vocab (main, search, instance)")
}

/// All words of the index that begin like this one, folded as the index folds them, in their order; `None` where it is
/// better to ask the index: for beginnings that it has, or that too many words share, and wherever a letter is not of
/// ASCII, as only the index knows how it folds those.
pub(super) fn beginning_like(db: &Connection, word: &str) -> rusqlite::Result<Option<Vec<String>>> {
    if word.len() <= INDEXED || !is_plain(word) {
        return Ok(None);
    }
    let word = word.to_ascii_lowercase();
    let mut query = db.prepare_cached("SELECT term FROM temp.term WHERE term >= ?1 LIMIT 1")?;
    let mut next = |from: &str| {
        let term = query.query_row([from], |row| row.get_ref(0)?.as_str().map(str::to_owned).map_err(Into::into));
        term.optional()
    };
    let (mut terms, mut from) = (Vec::new(), word.clone());
    while let Some(term) = next(&from)?.filter(|term| term.starts_with(&word)) {
        if terms.len() == MOST || !is_plain(&term) {
            return Ok(None);
        }
        // Past every hit of this word, and before every other word: none holds a control character.
        from = format!("{term}\u{1}");
        terms.push(term);
    }
    Ok(Some(terms))
}

fn is_plain(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
