//! Old files, new files, broken files.

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
        let Some(Problem::SetAside { kept_as, .. }) = told else { panic!("{told:?}") };
        assert_eq!(fs::read(home.path().join(kept_as.as_str())).unwrap(), noise);
    }
}

/// Nothing in it, and nothing beside it: as by a copy that failed, or a disk that lost power.
#[test]
fn an_emptied_file_is_set_aside_and_told() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join(FILE), "").unwrap();
    let (db, told) = open(&at(&home)).unwrap();
    let Some(Problem::SetAside { kept_as, .. }) = told else { panic!("{told:?}") };
    assert_eq!(fs::read(home.path().join(kept_as.as_str())).unwrap(), b"");
    db.execute("INSERT INTO account (id) VALUES ('a@b')", []).unwrap();
    drop(db);
    assert!(open(&at(&home)).unwrap().1.is_none(), "told once");
}

/// SQLite would throw it away for a file that is new.
#[test]
fn a_journal_without_its_file_or_beside_an_emptied_one_is_set_aside_as_it_is() {
    for emptied in [true, false] {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join(FILE);
        let (db, _) = open(&at(&home)).unwrap();
        db.execute("INSERT INTO account (id) VALUES ('a@b')", []).unwrap();
        let journal = fs::read(beside(&file, "-wal")).unwrap();
        // As the folder is found after a power cut.
        let found = tempfile::tempdir().unwrap();
        fs::write(beside(&found.path().join(FILE), "-wal"), &journal).unwrap();
        if emptied {
            fs::write(found.path().join(FILE), "").unwrap();
        }
        let (db, told) = open(&at(&found)).unwrap();
        let Some(Problem::SetAside { kept_as, .. }) = told else { panic!("{told:?}") };
        assert_eq!(fs::read(beside(&found.path().join(kept_as.as_str()), "-wal")).unwrap(), journal);
        let count: i64 = db.query_row("SELECT count(*) FROM account", [], |row| row.get(0)).unwrap();
        assert_eq!(count, 0, "and nothing of it gets into the new one");
    }
}

#[test]
fn a_new_file_stands_under_its_name_only_with_something_in_it() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join(FILE);
    make_file(&file).unwrap();
    assert!(fs::metadata(&file).unwrap().len() > 0);
    let (db, told) = open(&at(&home)).unwrap();
    db.execute("INSERT INTO account (id) VALUES ('a@b')", []).unwrap();
    assert!(told.is_none());
    // Another process that saw none a moment ago.
    make_file(&file).unwrap();
    drop(db);
    let (db, _) = open(&at(&home)).unwrap();
    let count: i64 = db.query_row("SELECT count(*) FROM account", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 1, "what was there first stays");
    drop(db);
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1, "and nothing is left lying about");
}

#[test]
fn a_folder_that_cannot_be_made_is_a_problem_with_a_code() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("file"), "").unwrap();
    let problem = open(&Place::Folder(home.path().join("file/data"))).unwrap_err();
    assert_eq!(problem.code(), "BTY-DATA-04");
}

/// A file as that version left it, in a folder of its own.
fn old_file(version: usize) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let stored = format!("{}/tests/stores/{version:03}.db", env!("CARGO_MANIFEST_DIR"));
    fs::copy(stored, home.path().join(FILE)).unwrap();
    home
}

fn at(home: &tempfile::TempDir) -> Place {
    Place::Folder(home.path().to_owned())
}

/// Everything that the old files hold is there, and everything in it is found.
fn holds_everything(db: &Connection, version: usize) {
    use crate::app::event::Stored;
    use crate::app::model::{Body, ConversationKey, MessageState};
    use crate::types::{AccountId, BareJid, MessageKey, RequestId, Stamp};
    let account = AccountId::new("anna@a.test");
    let cache = super::super::accounts::cache(db, &account).unwrap();
    let bela = ConversationKey::direct(account.clone(), BareJid::parse("bela@a.test").unwrap());
    let carol = ConversationKey { peer: BareJid::parse("carol@a.test").unwrap(), ..bela.clone() };
    assert_eq!(cache.roster.len(), 2);
    assert_eq!((cache.roster_version.as_deref(), cache.folded.len(), cache.drafts.len()), (Some("v7"), 1, 1));
    assert_eq!(cache.synced.map(|(id, at)| (id.unwrap().0, at.0)), Some(("r9".to_owned(), 1_700_000_000_900)));
    assert_eq!(cache.pictures_asked, (version >= 2).then_some(Stamp(1_700_000_000_077)));
    assert_eq!(cache.only_here.len(), usize::from(version >= 3));
    assert!(
        cache.read_to.iter().all(|(_, read, displayed)| read == displayed),
        "nobody is told of what was read long ago"
    );
    // Read up to the fifth of Bela's; every fourth is ours.
    assert_eq!(cache.talks, [(carol, 7, Stamp(1_700_000_000_020)), (bela.clone(), 19, Stamp(1_700_000_000_015))]);
    assert_eq!(cache.outbox.iter().map(|message| message.key.0).collect::<Vec<_>>(), [4]);
    let Ok(Stored::Page { messages, more: false, .. }) = super::super::pages::page(db, RequestId(1), &bela, None, 100)
    else {
        panic!()
    };
    assert_eq!(
        messages.iter().map(|message| message.key).collect::<Vec<_>>(),
        (1..=30).map(MessageKey).collect::<Vec<_>>()
    );
    assert!(matches!(&messages[6].body, Body::Unreadable(method) if method.as_str() == "OMEMO"));
    assert!(matches!(messages[15].state, MessageState::Read(Some(Stamp(1_700_000_000_500)))));
    assert!(matches!(&messages[19].state, MessageState::Failed(Problem::Bounced { .. })) && messages[8].edited);
    let found = |words: &str| {
        let within = crate::app::SearchIn::Everywhere;
        let search = crate::app::Search { words: words.into(), within, direction: None, before: None, links: false };
        match super::super::search::find(db, RequestId(1), &search, None, 100).unwrap() {
            Stored::Found { hits, .. } => hits.len(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((found("hello"), found("cafe"), found("北京"), found("lines"), found("OMEMO")), (10, 10, 10, 9, 0));
}

#[test]
fn the_file_of_every_older_version_is_taken_over_whole() {
    assert_eq!(MIGRATIONS.len(), 7, "a new step leaves a stored file of the version before it in tests/stores");
    for version in 1..=6 {
        let home = old_file(version);
        for _ in 0..2 {
            let (db, told) = open(&at(&home)).unwrap();
            assert!(told.is_none());
            holds_everything(&db, version);
        }
    }
}

#[test]
fn a_step_that_was_stopped_in_its_middle_was_not_taken() {
    // The steps from the fifth on are a few lines: nothing of them is on the disk before they are whole.
    for version in 1..=4 {
        let home = old_file(version);
        let stopped = Connection::open(home.path().join(FILE)).unwrap();
        super::super::search::register(&stopped).unwrap();
        // A small cache: what is not committed yet is written out all the same.
        stopped.pragma_update(None, "cache_size", 4).unwrap();
        let missing = MIGRATIONS[version..].join(";");
        stopped.execute_batch(&format!("BEGIN; {missing}")).unwrap();
        // As the disk is when the process is killed now.
        let left = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(home.path()).unwrap() {
            let entry = entry.unwrap();
            if !entry.file_name().to_string_lossy().ends_with("-shm") {
                fs::copy(entry.path(), left.path().join(entry.file_name())).unwrap();
            }
        }
        assert!(fs::metadata(left.path().join("butty.db-wal")).unwrap().len() > 4_096, "nothing was written out");
        let (db, told) = open(&at(&left)).unwrap();
        assert!(told.is_none());
        holds_everything(&db, version);
    }
}

#[test]
fn the_file_of_a_later_version_is_refused_and_not_touched() {
    for later in [MIGRATIONS.len() + 1, 9_999] {
        let home = old_file(3);
        let file = home.path().join(FILE);
        let newer = Connection::open(&file).unwrap();
        newer.execute_batch(&format!("PRAGMA user_version = {later}; PRAGMA wal_checkpoint(TRUNCATE);")).unwrap();
        drop(newer);
        let before = fs::read(&file).unwrap();
        let Err(problem) = open(&at(&home)) else { panic!("taken") };
        assert_eq!(problem.code(), "BTY-DATA-06");
        assert_eq!(fs::read(&file).unwrap(), before);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1, "nothing lies beside it");
    }
}

#[test]
fn a_file_that_was_cut_is_set_aside_with_its_journal() {
    let home = old_file(3);
    let file = home.path().join(FILE);
    let (db, _) = open(&at(&home)).unwrap();
    drop(db);
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let (db, told) = open(&at(&home)).unwrap();
    let Some(Problem::SetAside { kept_as, .. }) = told else { panic!("{told:?}") };
    assert_eq!(fs::read(home.path().join(kept_as.as_str())).unwrap(), whole[..whole.len() / 2]);
    // The same again within the second: the first one stays.
    drop(db);
    fs::write(&file, b"noise, noise, noise".repeat(300)).unwrap();
    let (_db, told) = open(&at(&home)).unwrap();
    let Some(Problem::SetAside { kept_as: second, .. }) = told else { panic!("{told:?}") };
    assert_ne!(second, kept_as);
    assert_eq!(fs::read(home.path().join(kept_as.as_str())).unwrap().len(), whole.len() / 2);
}

/// No page, no start and no recognising of a copy walks through messages or sorts them.
#[test]
fn every_query_of_an_evening_goes_by_an_index() {
    use super::super::{history, pages, retention, search, talks};
    let (db, _) = open(&Place::Memory).unwrap();
    let queries = [
        pages::older_sql(),
        pages::newer_sql(),
        history::outbox_sql(),
        search::page_sql(),
        history::BY_KEY.to_owned(),
        history::BY_STANZA_ID.to_owned(),
        history::BY_OWN_KEY.to_owned(),
        history::BY_WORDS.to_owned(),
        talks::NEXT_TALK.to_owned(),
        talks::NEWEST.to_owned(),
        talks::UNREAD.to_owned(),
        retention::OLD.to_owned(),
    ];
    for sql in queries {
        let mut plan = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let nothing = std::iter::repeat_n(rusqlite::types::Null, plan.parameter_count());
        let rows = plan.query_map(rusqlite::params_from_iter(nothing), |row| row.get::<_, String>(3)).unwrap();
        let steps: Vec<String> = rows.map(Result::unwrap).collect();
        let slow = |step: &&String| step.contains("TEMP B-TREE") || step.starts_with("SCAN message");
        assert!(!steps.iter().any(|step| slow(&step)), "{sql}\n{steps:#?}");
        assert!(!steps.is_empty());
    }
    // The one that sorts does so with talks, and asks each of a few for its last messages.
    let mut plan = db.prepare(&format!("EXPLAIN QUERY PLAN {}", talks::UNDISPLAYED)).unwrap();
    let steps = plan.query_map([rusqlite::types::Null], |row| row.get::<_, String>(3)).unwrap();
    let steps: Vec<String> = steps.map(Result::unwrap).collect();
    let sorts = steps.iter().filter(|step| step.contains("TEMP B-TREE")).count();
    assert!(sorts == 1 && !steps.iter().any(|step| step.starts_with("SCAN message")), "{steps:#?}");
}
