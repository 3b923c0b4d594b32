//! The words of the index that begin with what was typed so far.
//!
//! For a beginning FTS5 first makes the list of all its hits, unless such beginnings have an index of their own (those
//! of two and of three letters): over a million messages, a tenth of a second for a common one. For whole words it hands
//! out the hits one by one. So a beginning that few words share is looked for as those words.
//!
//! To look at its words FTS5 writes out what it holds of a transaction: a search in the middle of a batch of messages
//! costs one piece of the index more.

use rusqlite::{Connection, OptionalExtension};

/// Beginnings of so many letters have an index of their own (`assets/migrations/004_search.sql`).
const INDEXED: usize = 3;
/// More words than these are not told one by one,
const MOST: usize = 32;
/// nor longer ones.
const LONGEST: usize = 64;

/// Whose words are listed: those of the index on the disk, or of the one in memory that stands before it.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) enum Index {
    /// Of the database.
    Main,
    /// Of the connection (`retention`).
    Temp,
}

/// Opens the list of an index's words, in the place of the one before (SQLite's documentation of FTS5, "The fts5vocab
/// Virtual Table Module": the type `instance`, which counts nothing). It is the connection's own.
pub(in crate::store) fn list(db: &Connection, index: Index) -> rusqlite::Result<()> {
    let schema = match index {
        Index::Main => "main",
        Index::Temp => "temp",
    };
    db.execute_batch(&format!(
        "DROP TABLE IF EXISTS temp.term; CREATE VIRTUAL TABLE temp.term USING fts5vocab ({schema}, search, instance);"
    ))
}

/// All words of the index that begin like this one, folded as the index folds them, in their order; `None` where it is
/// better to ask the index: for beginnings that it has, or that too many words share, and wherever a letter is not of
/// ASCII, as only the index knows how it folds those.
pub(super) fn beginning_like(db: &Connection, word: &str) -> rusqlite::Result<Option<Vec<String>>> {
    let Some(word) = plain(word.as_bytes()).filter(|word| word.len() > INDEXED) else { return Ok(None) };
    let word = word.to_ascii_lowercase();
    let mut query = db.prepare_cached("SELECT term FROM temp.term WHERE term >= ?1 LIMIT 1")?;
    let mut next = |from: &str| {
        // Bytes: FTS5 cuts a word of tens of thousands in the middle of a letter, and anybody can send one.
        let term = query.query_row([from], |row| Ok(row.get_ref(0)?.as_bytes().unwrap_or_default().to_vec()));
        term.optional()
    };
    let (mut terms, mut from) = (Vec::new(), word.clone());
    while let Some(term) = next(&from)?.filter(|term| term.starts_with(word.as_bytes())) {
        let Some(term) = plain(&term).filter(|_| terms.len() < MOST) else { return Ok(None) };
        // Past every hit of this word, and before every other word: none holds a control character.
        from = format!("{term}\u{1}");
        terms.push(term);
    }
    Ok(Some(terms))
}

/// The word, if it is short and of plain letters and digits.
fn plain(word: &[u8]) -> Option<String> {
    let is_plain = word.len() <= LONGEST && word.iter().all(u8::is_ascii_alphanumeric);
    if is_plain { String::from_utf8(word.to_vec()).ok() } else { None }
}
