//! Opening the database: migrations, safety settings, and what to do with a broken file.

use super::Place;
use crate::types::{Line, Problem};
use rusqlite::{Connection, ErrorCode};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Numbered steps; the database's `user_version` counts those that were taken.
const MIGRATIONS: &[&str] = &[
    include_str!("../../assets/migrations/001_start.sql"),
    include_str!("../../assets/migrations/002_pictures_asked.sql"),
    include_str!("../../assets/migrations/003_only_here.sql"),
    "",
    include_str!("../../assets/migrations/005_archive.sql"),
];

/// Name of the database file in the data folder.
pub(super) const FILE: &str = "butty.db";

/// Opens the database and brings it up to date. A file that is no database, or a damaged one, is set aside and
/// told; a new one takes its place.
pub(super) fn open(place: &Place) -> Result<(Connection, Option<Problem>), Problem> {
    let Place::Folder(folder) = place else {
        return prepare(Connection::open_in_memory().map_err(|_| Problem::DiskFull)?)
            .map(|db| (db, None))
            .map_err(|_| Problem::DiskFull);
    };
    make_private_folder(folder)?;
    let file = folder.join(FILE);
    match open_file(&file) {
        Ok(db) => Ok((db, None)),
        Err(error) if is_broken(&error) => {
            let told = set_aside(&file)?;
            let db = open_file(&file).map_err(|error| unusable(folder, &error))?;
            Ok((db, Some(told)))
        }
        Err(error) => Err(unusable(folder, &error)),
    }
}

fn open_file(file: &Path) -> rusqlite::Result<Connection> {
    // Made before SQLite does, so that history is never readable by others, not even for a moment.
    drop(private_options().create(true).append(true).open(file));
    prepare(Connection::open(file)?)
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

fn prepare(db: Connection) -> rusqlite::Result<Connection> {
    db.busy_timeout(Duration::from_secs(5))?;
    db.pragma_update(None, "journal_mode", "wal")?;
    // FULL: a message that was acknowledged survives a power cut. Batches make it cheap.
    db.pragma_update(None, "synchronous", "full")?;
    db.pragma_update(None, "cache_size", -1024)?;
    db.set_prepared_statement_cache_capacity(32);
    let taken: u32 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for (number, migration) in MIGRATIONS.iter().enumerate().skip(taken as usize) {
        db.execute_batch(&format!("BEGIN; {migration}; PRAGMA user_version = {}; COMMIT;", number + 1))?;
    }
    // Reading the schema finds a damaged file now instead of in the middle of an evening.
    db.query_row("SELECT count(*) FROM message WHERE key IS NULL", [], |_| Ok(()))?;
    Ok(db)
}

fn is_broken(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt))
}

fn set_aside(file: &Path) -> Result<Problem, Problem> {
    let stamp = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S").to_string();
    let kept_as = file.with_extension(format!("db.broken-{stamp}"));
    fs::rename(file, &kept_as).map_err(|error| Problem::NoDataFolder {
        folder: Line::clean(&file.to_string_lossy()),
        why: Line::clean(&error.kind().to_string()),
    })?;
    for side in ["db-wal", "db-shm"] {
        // They belong to the broken file; without it they would be replayed into the new one.
        drop(fs::remove_file(file.with_extension(side)));
    }
    Ok(Problem::SetAside { file: base_name(file), kept_as: base_name(&kept_as) })
}

/// The last part of a path, for showing.
pub(super) fn base_name(path: &Path) -> Line {
    Line::clean(&path.file_name().unwrap_or_default().to_string_lossy())
}

fn unusable(folder: &Path, error: &rusqlite::Error) -> Problem {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Problem::DiskFull,
        code => Problem::NoDataFolder { folder: Line::clean(&folder.to_string_lossy()), why: reason(code) },
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
mod tests {
    use super::*;

    #[test]
    fn a_new_folder_gets_a_private_database() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("deep/data");
        let (db, told) = open(&Place::Folder(folder.clone())).unwrap();
        assert!(told.is_none());
        let version: u32 = db.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!(version as usize, MIGRATIONS.len());
        #[cfg(unix)]
        for (path, mode) in [(folder.join(FILE), 0o600), (folder, 0o700)] {
            let found = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
            assert_eq!(found & 0o777, mode, "{}", path.display());
        }
    }

    #[test]
    fn a_file_of_the_first_version_keeps_everything_and_learns_the_rest() {
        let home = tempfile::tempdir().unwrap();
        let old = Connection::open(home.path().join(FILE)).unwrap();
        old.execute_batch(&format!(
            "{}; PRAGMA user_version = 1;
             INSERT INTO account (id, jid, folded) VALUES ('anna@a.test', 'anna@a.test/b', '[\"Work\"]');
             INSERT INTO contact VALUES ('anna@a.test', 'bela@a.test', 'Bela', '[\"Band\"]', 3, 0);
             INSERT INTO talk VALUES ('anna@a.test', 'bela@a.test', 0, 7, 'half a word');
             INSERT INTO message (key, account, peer, kind, direction, stamp, body_kind, body, state)
                 VALUES (x'00112233445566778899aabbccddeeff', 'anna@a.test', 'bela@a.test', 0, 0, 6, 0, 'hi', 0);",
            MIGRATIONS[0]
        ))
        .unwrap();
        drop(old);
        let (db, told) = open(&Place::Folder(home.path().to_owned())).unwrap();
        assert!(told.is_none());
        let account = crate::types::AccountId::new("anna@a.test");
        let cache = super::super::accounts::cache(&db, &account).unwrap();
        assert_eq!(cache.roster.len(), 1);
        assert_eq!(cache.roster[0].name.as_ref().map(Line::as_str), Some("Bela"));
        assert_eq!((cache.folded, cache.drafts.len(), cache.talks.len()), (vec!["Work".to_owned()], 1, 1));
        assert!(cache.jid.is_some() && cache.only_here.is_empty() && cache.pictures_asked.is_none());
        db.execute("INSERT INTO only_here VALUES ('anna@a.test', 'bela@a.test', NULL, NULL, 1)", []).unwrap();
        drop(db);
        // Once is enough.
        let (db, _) = open(&Place::Folder(home.path().to_owned())).unwrap();
        assert_eq!(super::super::accounts::cache(&db, &account).unwrap().only_here.len(), 1);
    }

    #[test]
    fn a_broken_file_is_kept_and_told() {
        for noise in
            [b"this is no database, it is a poem about one".repeat(99), vec![0; 4096], b"SQLite format 3\0".to_vec()]
        {
            let home = tempfile::tempdir().unwrap();
            fs::write(home.path().join(FILE), &noise).unwrap();
            let (db, told) = open(&Place::Folder(home.path().to_owned())).unwrap();
            db.execute("INSERT INTO account (id) VALUES ('a@b')", []).unwrap();
            let Some(Problem::SetAside { kept_as, .. }) = told else {
                // An all-zero or empty-headed file may count as empty to SQLite; then nothing was lost by using it.
                assert_ne!(noise[0], b't');
                continue;
            };
            assert_eq!(fs::read(home.path().join(kept_as.as_str())).unwrap(), noise);
        }
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_a_problem_with_a_code() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("file"), "").unwrap();
        let problem = open(&Place::Folder(home.path().join("file/data"))).unwrap_err();
        assert_eq!(problem.code(), "BTY-DATA-04");
    }
}
