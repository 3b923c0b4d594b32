//! Opening the database: migrations, safety settings, and what to do with a broken file.

use super::{Place, search};
use crate::types::{Line, Problem};
use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Numbered steps; the database's `user_version` counts those that were taken.
const MIGRATIONS: &[&str] = &[
    include_str!("../../assets/migrations/001_start.sql"),
    include_str!("../../assets/migrations/002_pictures_asked.sql"),
    include_str!("../../assets/migrations/003_only_here.sql"),
    include_str!("../../assets/migrations/004_search.sql"),
    include_str!("../../assets/migrations/005_archive.sql"),
    include_str!("../../assets/migrations/006_index_by_hand.sql"),
    include_str!("../../assets/migrations/007_markers.sql"),
];

/// Name of the database file in the data folder.
pub(super) const FILE: &str = "butty.db";

/// Why a file cannot be opened.
#[derive(Debug)]
enum Refusal {
    /// A later version wrote it.
    Newer,
    /// SQLite says so.
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Opens the database and brings it up to date. A file that is no database, or a damaged one, is set aside and
/// told; a new one takes its place. One of a later version is not touched.
pub(super) fn open(place: &Place) -> Result<(Connection, Option<Problem>), Problem> {
    let Place::Folder(folder) = place else {
        return prepare(Connection::open_in_memory().map_err(|_| Problem::DiskFull)?)
            .map(|db| (db, None))
            .map_err(|_| Problem::DiskFull);
    };
    make_private_folder(folder)?;
    let file = folder.join(FILE);
    let emptied = if is_emptied(&file) { Some(set_aside(&file)?) } else { None };
    match open_file(&file) {
        Ok(db) => Ok((db, emptied)),
        Err(Refusal::Sqlite(error)) if is_broken(&error) => {
            let told = set_aside(&file)?;
            let db = open_file(&file).map_err(|refusal| unusable(folder, &refusal))?;
            Ok((db, Some(told)))
        }
        Err(refusal) => Err(unusable(folder, &refusal)),
    }
}

/// There was a history here, and what is left of it is nothing: a file without a byte, or a journal without its file.
/// SQLite would take the first for a new database and throw the second away.
fn is_emptied(file: &Path) -> bool {
    // In this order: a butty that begins just now makes its journal after its file, and the file whole ([`make_file`]).
    let journal = fs::metadata(beside(file, "-wal")).is_ok_and(|journal| journal.len() > 0);
    match fs::metadata(file) {
        Ok(found) => found.is_file() && found.len() == 0,
        Err(error) => journal && error.kind() == std::io::ErrorKind::NotFound,
    }
}

fn open_file(file: &Path) -> Result<Connection, Refusal> {
    if !file.exists() {
        make_file(file)?;
    }
    prepare(Connection::open(file)?)
}

/// Makes a new database: not readable by others, not even for a moment, and under its name only when its first page is
/// in it. So a file of this name without a byte in it is none that butty left there, whenever it was stopped.
fn make_file(file: &Path) -> Result<(), Refusal> {
    let Some(folder) = file.parent() else { return Ok(()) };
    // SQLite says better than this why a file cannot be made.
    let Ok(made) = tempfile::Builder::new().prefix("butty.db.new-").tempfile_in(folder) else { return Ok(()) };
    let db = Connection::open(made.path())?;
    db.pragma_update(None, "journal_mode", "wal")?;
    db.close().map_err(|(_, error)| error)?;
    if fs::metadata(made.path()).is_ok_and(|made| made.len() == 0) {
        return Ok(()); // where there is no such journal; the first step makes the page, at once
    }
    if let Err(error) = made.persist_noclobber(file) {
        // Where another process was quicker, its file is as good.
        tracing::debug!(%error, "the new history has no name");
    }
    Ok(())
}

/// Options that make new files readable by their owner alone.
pub(super) fn private_options() -> fs::OpenOptions {
    #[allow(unused_mut, reason = "changed on Unix only")]
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a folder that only its owner can enter.
pub(super) fn make_private_folder(folder: &Path) -> Result<(), Problem> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| Problem::NoDataFolder {
        folder: Line::clean(&folder.to_string_lossy()),
        why: Line::clean(&error.kind().to_string()),
    })
}

fn prepare(mut db: Connection) -> Result<Connection, Refusal> {
    db.busy_timeout(Duration::from_secs(5))?;
    // Before anything is written: the mode of the journal already stands in the file.
    if version(&db)? > MIGRATIONS.len() {
        return Err(Refusal::Newer);
    }
    db.pragma_update(None, "journal_mode", "wal")?;
    // FULL: a message that was acknowledged survives a power cut. Batches make it cheap.
    db.pragma_update(None, "synchronous", "full")?;
    db.pragma_update(None, "cache_size", -1024)?;
    db.pragma_update(None, "temp_store", "memory")?;
    // What was deleted is no longer in the file where that costs nothing more.
    db.pragma_update(None, "secure_delete", "fast")?;
    db.set_prepared_statement_cache_capacity(64);
    search::register(&db)?;
    migrate(&mut db)?;
    search::list_terms(&db, search::Index::Main)?;
    // Reading the schema finds a damaged file now instead of in the middle of an evening.
    db.query_row("SELECT count(*) FROM message WHERE key IS NULL", [], |_| Ok(()))?;
    Ok(db)
}

/// Takes the steps that are missing, each whole or not at all, whatever stops it. Two processes that begin at once take
/// them once.
fn migrate(db: &mut Connection) -> Result<(), Refusal> {
    while version(db)? < MIGRATIONS.len() {
        let step = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let taken = version(&step)?;
        if let Some(migration) = MIGRATIONS.get(taken) {
            step.execute_batch(migration)?;
            step.execute_batch(&format!("PRAGMA user_version = {}", taken + 1))?;
        }
        step.commit()?;
    }
    Ok(())
}

/// Steps that were taken.
fn version(db: &Connection) -> rusqlite::Result<usize> {
    let taken: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    // No butty writes a negative one: it is none of ours.
    Ok(usize::try_from(taken).unwrap_or(usize::MAX))
}

/// The file itself is damaged: as a whole, or a page of it.
pub(super) fn is_broken(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt))
}

/// Only the index of what was said is damaged (`SQLITE_CORRUPT_VTAB`).
pub(super) fn is_index_broken(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_CORRUPT_VTAB)
}

/// Puts a damaged file aside under a name that nothing has, with the journal that belongs to it: nothing of it is
/// overwritten, and nothing of it gets into the new one.
pub(super) fn set_aside(file: &Path) -> Result<Problem, Problem> {
    let kept_as = aside_name(file, "db.broken");
    let problem = |error: std::io::Error| Problem::NoDataFolder {
        folder: Line::clean(&file.to_string_lossy()),
        why: Line::clean(&error.kind().to_string()),
    };
    let mut found = Err(std::io::ErrorKind::NotFound.into());
    for side in ["", "-wal", "-shm"] {
        match fs::rename(beside(file, side), beside(&kept_as, side)) {
            Ok(()) => found = Ok(()),
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(problem(error)),
            Err(_) => {}
        }
    }
    found.map_err(problem)?;
    Ok(Problem::SetAside { file: base_name(file), kept_as: base_name(&kept_as) })
}

/// The name of what belongs to a database.
fn beside(file: &Path, side: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(side);
    PathBuf::from(name)
}

/// A name beside a damaged file that nothing has yet: with the moment, for whoever looks for it later.
pub(super) fn aside_name(file: &Path, extension: &str) -> PathBuf {
    let stamp = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S").to_string();
    let names = (0..1_000).map(|again| match again {
        0 => format!("{extension}-{stamp}"),
        _ => format!("{extension}-{stamp}-{again}"),
    });
    let mut names = names.map(|name| file.with_extension(name));
    names.find(|name| !name.exists()).unwrap_or_else(|| file.with_extension(extension))
}

/// The last part of a path, for showing.
pub(super) fn base_name(path: &Path) -> Line {
    Line::clean(&path.file_name().unwrap_or_default().to_string_lossy())
}

fn unusable(folder: &Path, refusal: &Refusal) -> Problem {
    match refusal {
        Refusal::Newer => Problem::NewerHistory { file: Line::clean(FILE) },
        Refusal::Sqlite(error) => match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Problem::DiskFull,
            code => Problem::NoDataFolder { folder: Line::clean(&folder.to_string_lossy()), why: reason(code) },
        },
    }
}

/// Why the database does not do what it was asked, in our words.
pub(super) fn reason(code: Option<ErrorCode>) -> Line {
    Line::clean(match code {
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => "it may only be read",
        Some(ErrorCode::CannotOpen) => "a file there cannot be opened",
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "another program holds it",
        Some(ErrorCode::SystemIoFailure) => "the disk did not take it",
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => "the history file is damaged",
        _ => "the history file did not take it",
    })
}

#[cfg(test)]
mod tests;
