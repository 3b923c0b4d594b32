//! Search over everything that is kept. What the index holds, and why, is told in `assets/migrations/004_search.sql` and
//! `006_index_by_hand.sql`.

use super::history;
use super::pages::Page;
use super::rows::{COLUMNS, read};
use super::talks::kind_number;
use crate::app::event::{FoundPlace, Stored};
use crate::app::model::{Body, ConversationKey, Message};
use crate::app::{Search, SearchIn};
use crate::types::RequestId;
use crate::xmpp::Direction;
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, params};

mod terms;

pub(super) use terms::{Index, list as list_terms};

/// Words of a query that are looked for; those behind them are not.
const MOST_WORDS: usize = 12;
/// Characters of a query.
const MOST_TYPED: usize = 400;
/// Hits are counted up to here: "1000" means that many or more.
const MOST_COUNTED: u32 = 1_000;

/// Teaches a connection the two functions that the triggers use.
pub(super) fn register(db: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    db.create_scalar_function("words", 1, flags, |context| Ok(words(context.get_raw(0).as_str().unwrap_or(""))))?;
    db.create_scalar_function("place", 3, flags, |context| {
        let text = |at: usize| context.get_raw(at).as_str().unwrap_or("");
        let kind = u8::try_from(context.get_raw(2).as_i64().unwrap_or(0)).unwrap_or(0);
        Ok(place(text(0), text(1), kind))
    })
}

/// A message that was just kept under this id can be found from now on.
pub(super) fn index(db: &Connection, id: i64, message: &Message) -> rusqlite::Result<()> {
    let text = match &message.body {
        Body::Plain(text) | Body::Sealed(text) => text.as_str(),
        Body::Unreadable(_) => return Ok(()),
    };
    let (account, peer) = (message.talk.account.as_str(), message.talk.peer.as_str());
    let place = place(account, peer, kind_number(message.talk.kind));
    db.prepare_cached("INSERT INTO search (rowid, body, place) VALUES (?1, ?2, ?3)")?.execute(params![
        id,
        words(text),
        place
    ])?;
    Ok(())
}

/// The signs of a talk, which a search in one place looks for.
fn place(account: &str, peer: &str, kind: u8) -> String {
    format!("{} {}", account_sign(account), talk_sign(account, peer, kind))
}

/// Fills the index anew from the messages: for one that broke.
pub(super) fn rebuild(db: &Connection) -> rusqlite::Result<()> {
    let whole = db.unchecked_transaction()?;
    whole.execute_batch(
        "INSERT INTO search (search) VALUES ('delete-all');
         INSERT INTO search (rowid, body, place)
             SELECT id, words(body), place(account, peer, kind) FROM message WHERE body_kind <> 2 ORDER BY id;",
    )?;
    whole.commit()
}

/// A page of hits, newest first, and on the first page how many there are.
pub(super) fn find(
    db: &Connection,
    request: RequestId,
    search: &Search,
    before: Option<FoundPlace>,
    limit: u16,
) -> rusqlite::Result<Stored> {
    let found = |hits, next, count| Stored::Found { request, hits, next, count };
    let Some(expression) = expression(db, search)? else { return Ok(found(Vec::new(), None, Some(0))) };
    let (account, peer, kind) = place_columns(&search.within);
    let direction = search.direction.map(|direction| u8::from(direction == Direction::Out));
    let until = search.before.map(|stamp| stamp.0);
    let below = before.map_or(i64::MAX, |place| place.0).min(until.map_or(i64::MAX, history::first_id));
    let mut query = db.prepare_cached(&page_sql())?;
    let mut rows = query.query(params![expression, below, account, peer, kind, direction, until, search.links])?;
    let (mut page, mut last, mut next) = (Page::of(limit), None, None);
    let mut count = 0;
    // They are counted on the same way: to begin once more is what takes time, for the beginning of a common word.
    while count < MOST_COUNTED
        && let Some(row) = rows.next()?
    {
        if next.is_some() {
            count += 1;
            continue;
        }
        let Some(message) = read(row) else { continue };
        count += 1;
        if page.has_room_for(&message) {
            last = Some(FoundPlace(row.get("place")?));
            page.messages.push(message);
        } else {
            next = last;
            if before.is_some() {
                break;
            }
        }
    }
    Ok(found(page.messages, next, before.is_none().then_some(count)))
}

/// Signs of two places may be the same: the columns decide.
const FROM: &str = "FROM search CROSS JOIN message ON message.id = search.rowid
     WHERE search MATCH ?1 AND search.rowid < ?2
       AND (?3 IS NULL OR account = ?3) AND (?4 IS NULL OR (peer = ?4 AND kind = ?5))
       AND (?6 IS NULL OR direction = ?6) AND (?7 IS NULL OR stamp < ?7)
       AND (NOT ?8 OR message.body LIKE '%http://%' OR message.body LIKE '%https://%')";

pub(super) fn page_sql() -> String {
    let columns = COLUMNS.split(',').map(|column| format!("message.{}", column.trim())).collect::<Vec<_>>().join(", ");
    format!("SELECT {columns}, search.rowid AS place {FROM} ORDER BY search.rowid DESC")
}

fn place_columns(within: &SearchIn) -> (Option<&str>, Option<&str>, u8) {
    match within {
        SearchIn::Everywhere => (None, None, 0),
        SearchIn::Account(account) => (Some(account.as_str()), None, 0),
        SearchIn::Talk(talk) => (Some(talk.account.as_str()), Some(talk.peer.as_str()), kind_number(talk.kind)),
    }
}

/// What was typed in the index's own language; `None` when there is nothing to look for. Whatever people type is
/// quoted: none of it is ever an operator, a column or a bracket.
fn expression(db: &Connection, search: &Search) -> rusqlite::Result<Option<String>> {
    let typed: String = search.words.chars().take(MOST_TYPED).filter(|c| *c != '\0').collect();
    let mut words: Vec<&str> =
        typed.split_whitespace().filter(|word| word.chars().any(is_looked_for)).take(MOST_WORDS).collect();
    let Some(last) = words.pop() else { return Ok(None) };
    let mut parts: Vec<String> = words.into_iter().map(whole).collect();
    let still_typing = !typed.ends_with(char::is_whitespace);
    parts.push(if still_typing { beginning(db, last)? } else { whole(last) });
    match &search.within {
        SearchIn::Everywhere => {}
        SearchIn::Account(account) => parts.push(format!("place : \"{}\"", account_sign(account.as_str()))),
        SearchIn::Talk(talk) => parts.push(format!("place : \"{}\"", sign_of(talk))),
    }
    Ok(Some(parts.join(" AND ")))
}

/// Messages with this word.
fn whole(word: &str) -> String {
    format!("body : \"{}\"", words(word).trim().replace('"', "\"\""))
}

/// Messages with this word, or with one that begins like it.
fn beginning(db: &Connection, word: &str) -> rusqlite::Result<String> {
    // Of one letter alone half of all words begin.
    if word.chars().filter(|c| is_looked_for(*c)).nth(1).is_none() {
        return Ok(whole(word));
    }
    Ok(match terms::beginning_like(db, word)? {
        Some(terms) if terms.len() > 1 => format!("body : (\"{}\")", terms.join("\" OR \"")),
        Some(terms) => whole(terms.first().map_or(word, String::as_str)),
        None => whole(word) + " *",
    })
}

fn sign_of(talk: &ConversationKey) -> char {
    talk_sign(talk.account.as_str(), talk.peer.as_str(), kind_number(talk.kind))
}

/// The index takes it for a part of a word.
fn is_looked_for(c: char) -> bool {
    c.is_alphanumeric() || stands_alone(c)
}

/// The text as the index takes it: some accents are gone, and signs that are words of their own stand apart.
fn words(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut apart = String::with_capacity(text.len() + text.len() / 2);
    let mut alone = false;
    for c in text.chars() {
        let stands = stands_alone(c);
        // What belongs to the sign before it (a vowel, a tone) stays with it.
        if stands || (alone && c.is_alphanumeric()) {
            apart.push(' ');
        }
        if stands || c.is_alphanumeric() || c.is_whitespace() {
            alone = stands;
        }
        apart.push(unaccented(c));
    }
    apart
}

/// The index folds the accents of Latin letters by itself; these are written without by many as well.
fn unaccented(c: char) -> char {
    match c {
        'ά' | 'Ά' => 'α',
        'έ' | 'Έ' => 'ε',
        'ή' | 'Ή' => 'η',
        'ί' | 'ϊ' | 'ΐ' | 'Ί' | 'Ϊ' => 'ι',
        'ό' | 'Ό' => 'ο',
        'ύ' | 'ϋ' | 'ΰ' | 'Ύ' | 'Ϋ' => 'υ',
        'ώ' | 'Ώ' => 'ω',
        'ё' | 'Ё' => 'е',
        other => other,
    }
}

/// Scripts that write no blanks between words (Unicode blocks), and pictures.
fn stands_alone(c: char) -> bool {
    matches!(u32::from(c),
        0x0E01..=0x0E30 | 0x0E32..=0x0E33 | 0x0E40..=0x0E46 // Thai, without the marks over and under a letter
        | 0x0E81..=0x0EB0 | 0x0EB2..=0x0EB3 | 0x0EBD..=0x0EC6 // Lao, the same
        | 0x1000..=0x102A | 0x1050..=0x1055 // Myanmar
        | 0x1780..=0x17B3 // Khmer
        | 0x2190..=0x2BFF | 0x1F000..=0x1FAFF // arrows, signs, pictures
        | 0x3005..=0x3007 | 0x3041..=0x3096 | 0x309D..=0x30FF | 0x31F0..=0x31FF | 0xFF66..=0xFF9F // kana
        | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF) // Han
}

/// One sign for an account: too short to be in the indices of beginnings.
fn account_sign(account: &str) -> char {
    sign(hash([account.as_bytes()]), 0x3400, 0x4DBF)
}

/// One sign for a talk.
fn talk_sign(account: &str, peer: &str, kind: u8) -> char {
    sign(hash([account.as_bytes(), peer.as_bytes(), &[kind]]), 0x2_0000, 0x2_A6DF)
}

fn sign(hash: u64, first: u32, last: u32) -> char {
    let span = u64::from(last - first) + 1;
    u32::try_from(hash % span).ok().and_then(|at| char::from_u32(first + at)).unwrap_or('\u{3400}')
}

/// FNV-1a: the same in every version, for the index outlives them.
fn hash<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        for byte in part.iter().chain([&0xff]) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
    hash
}

#[cfg(test)]
mod tests;
