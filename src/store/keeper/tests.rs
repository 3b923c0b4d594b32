//! Bad times: what is told, what waits, and that all is well afterwards.

use super::super::Store;
use super::super::tests::{account, message, talk};
use super::*;
use crate::app::effect::Position;
use crate::app::model::Message;
use crate::app::{Search, SearchIn};
use crate::types::{MessageKey, OriginId, RequestId};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};

struct Watched {
    store: Store,
    told: Receiver<Stored>,
}

fn at(folder: &Path) -> Watched {
    let (tell, told) = channel();
    let place = Place::Folder(folder.to_owned());
    Watched { store: Store::start(place, true, move |stored| drop(tell.send(stored))).unwrap(), told }
}

impl Watched {
    fn insert(&self, message: &Message) {
        self.store.send(StoreRequest::Insert(Box::new(message.clone())));
    }

    fn page(&self) -> Vec<MessageKey> {
        self.store.send(StoreRequest::Page { request: RequestId(7), talk: talk(), before: None, limit: 100 });
        self.until(|stored| match stored {
            Stored::Page { messages, .. } => Some(messages.iter().map(|message| message.key).collect()),
            _ => None,
        })
    }

    /// Waits for an answer of this kind; what comes before it is dropped.
    fn until<T>(&self, wanted: impl Fn(&Stored) -> Option<T>) -> T {
        loop {
            let stored = self.told.recv_timeout(Duration::from_secs(30)).expect("an answer");
            if let Some(found) = wanted(&stored) {
                return found;
            }
        }
    }

    fn failed(&self) -> Problem {
        self.until(|stored| if let Stored::Failed(problem) = stored { Some(problem.clone()) } else { None })
    }

    fn not_kept(&self) -> Vec<MessageKey> {
        self.until(|stored| if let Stored::NotKept { keys } = stored { Some(keys.clone()) } else { None })
    }

    fn committed(&self) -> Vec<MessageKey> {
        self.until(|stored| if let Stored::Committed { keys } = stored { Some(keys.clone()) } else { None })
    }

    fn found(&self, words: &str) -> usize {
        let within = SearchIn::Everywhere;
        let search = Box::new(Search { words: words.into(), within, direction: None, before: None, links: false });
        self.store.send(StoreRequest::Search { request: RequestId(8), search, before: None, limit: 100 });
        self.until(|stored| if let Stored::Found { hits, .. } = stored { Some(hits.len()) } else { None })
    }
}

fn keys(numbers: impl IntoIterator<Item = u128>) -> Vec<MessageKey> {
    numbers.into_iter().map(MessageKey).collect()
}

/// A store whose database never takes such a row.
fn poisoned(folder: &Path, row: &str) -> Watched {
    at(folder).page();
    let other = Connection::open(folder.join(schema::FILE)).unwrap();
    let trigger = format!("CREATE TRIGGER poison BEFORE INSERT ON {row} BEGIN SELECT RAISE(ABORT, 'never'); END");
    other.execute_batch(&trigger).unwrap();
    drop(other);
    at(folder)
}

#[test]
fn without_a_folder_memory_stands_in_and_the_file_gets_all_of_it_later() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("data"), "a file is in the way").unwrap();
    let folder = home.path().join("data/butty");
    let watched = at(&folder);
    let first = Message { origin: Some(OriginId("x".into())), ..message(1, "while nothing is kept") };
    watched.insert(&first);
    assert_eq!(watched.failed().code(), "BTY-DATA-04");
    assert_eq!(watched.not_kept(), keys([1]));
    watched.insert(&message(2, "and more"));
    assert_eq!(watched.not_kept(), keys([2]));
    assert_eq!(watched.page(), keys([1, 2]), "shown all the same");
    assert_eq!(watched.found("kept"), 1);
    let arrival = crate::app::model::Arrival::Archived;
    let stanza_id = Some(crate::types::StanzaId("s".into()));
    let copy = Message { key: MessageKey(3), stanza_id, arrival, ..first };
    watched.insert(&copy);
    watched.until(|stored| matches!(stored, Stored::Duplicate { existing: MessageKey(1), .. }).then_some(()));

    std::fs::remove_file(home.path().join("data")).unwrap();
    watched.until(|stored| matches!(stored, Stored::Recovered).then_some(()));
    assert_eq!(watched.committed(), keys([1, 2]));
    watched.insert(&message(4, "well again"));
    assert_eq!(watched.committed(), keys([4]));
    watched.store.close();
    assert_eq!(at(&folder).page(), keys([1, 2, 4]));
}

#[test]
fn what_a_history_holds_is_told_once_it_can_be_read_and_nothing_of_it_is_overwritten() {
    let home = tempfile::tempdir().unwrap();
    let (folder, away) = (home.path().join("data"), home.path().join("away"));
    let first = at(&folder);
    first.store.send(StoreRequest::Open { account: account() });
    let mine = Message {
        direction: crate::xmpp::Direction::Out,
        state: crate::app::model::MessageState::Pending,
        ..message(7, "waits since yesterday")
    };
    first.insert(&mine);
    let last = Some(crate::types::ArchiveId("s5".to_owned()));
    let gaps = Vec::new();
    first.store.send(StoreRequest::Synced { account: account(), last: last.clone(), at: Stamp(5), gaps });
    first.store.close();
    std::fs::rename(&folder, &away).unwrap();
    std::fs::write(&folder, "a file is in the way").unwrap();
    let watched = at(&folder);
    watched.store.send(StoreRequest::Open { account: account() });
    watched.insert(&message(8, "meanwhile"));
    let cache = |watched: &Watched| {
        watched.until(|stored| if let Stored::Cache { cache, .. } = stored { Some(cache.clone()) } else { None })
    };
    let told = cache(&watched);
    assert!(told.stand_in && told.outbox.is_empty() && told.synced.is_none(), "{told:?}");
    std::fs::remove_file(&folder).unwrap();
    std::fs::rename(&away, &folder).unwrap();
    let told = cache(&watched);
    assert!(!told.stand_in, "{told:?}");
    assert_eq!(told.outbox.iter().map(|message| message.key).collect::<Vec<_>>(), keys([7]));
    assert_eq!((told.synced, told.last_key), (Some((last, Stamp(5))), Some(MessageKey(7))));
    assert_eq!(watched.page(), keys([7, 8]));
}

#[test]
fn a_key_that_nobody_made_is_not_gone_on_from() {
    let home = tempfile::tempdir().unwrap();
    let watched = at(home.path());
    watched.insert(&message(7, "ours"));
    assert_eq!(watched.committed(), keys([7]));
    let other = Connection::open(home.path().join(schema::FILE)).unwrap();
    let odd = |key: &str| {
        let copy = format!(
            "INSERT INTO message (id, key, account, peer, kind, direction, stamp, body_kind, body, state)
             SELECT abs(random()), {key}, account, peer, kind, direction, stamp, 2, body, state FROM message LIMIT 1"
        );
        other.execute_batch(&copy).unwrap();
    };
    ["x'ffffffffffffffffffffffffffffffff'", "x'7f'", "'text'", "99"].into_iter().for_each(odd);
    watched.store.send(StoreRequest::Open { account: account() });
    let last =
        watched.until(|stored| if let Stored::Cache { cache, .. } = stored { Some(cache.last_key) } else { None });
    assert_eq!(last, Some(MessageKey(7)));
}

#[test]
fn a_database_that_another_holds_is_waited_for_and_questions_are_answered_meanwhile() {
    let home = tempfile::tempdir().unwrap();
    let watched = at(home.path());
    watched.insert(&message(1, "before"));
    assert_eq!(watched.committed(), keys([1]));
    let other = Connection::open(home.path().join(schema::FILE)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    watched.insert(&message(2, "meanwhile"));
    assert!(matches!(watched.failed(), Problem::NotKept { .. }));
    assert_eq!(watched.not_kept(), keys([2]));
    watched.insert(&message(3, "and this"));
    assert_eq!(watched.not_kept(), keys([3]));
    assert_eq!(watched.page(), keys([1]));
    assert_eq!(watched.found("before"), 1);
    other.execute_batch("COMMIT").unwrap();
    watched.until(|stored| matches!(stored, Stored::Recovered).then_some(()));
    assert_eq!(watched.committed(), keys([2, 3]));
    assert_eq!(watched.page(), keys([1, 2, 3]));
}

#[test]
fn a_page_that_turns_out_damaged_sets_the_file_aside_and_all_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let watched = at(home.path());
    for number in 1..=3_000 {
        watched.insert(&message(number, "some words that fill a page or two of the file"));
    }
    watched.store.close();
    let file = home.path().join(schema::FILE);
    let mut bytes = std::fs::read(&file).unwrap();
    let (_, middle) = bytes.split_at_mut(30 * 4_096);
    middle.fill(0x5a);
    std::fs::write(&file, &bytes).unwrap();

    let watched = at(home.path());
    watched.store.send(StoreRequest::CacheDone);
    watched.until(|stored| matches!(stored, Stored::CacheDone).then_some(()));
    watched.insert(&message(5_000, "new"));
    let aside = watched.until(|stored| match stored {
        Stored::SetAside(Problem::SetAside { kept_as, .. }) => Some(kept_as.to_string()),
        Stored::Committed { .. } => panic!("the damage was not noticed"),
        _ => None,
    });
    assert_eq!(watched.committed(), keys([5_000]));
    assert_eq!(watched.page(), keys([5_000]));
    watched.store.close();
    assert_eq!(std::fs::read(home.path().join(aside)).unwrap().len(), bytes.len(), "what there was is still there");
    assert_eq!(at(home.path()).page(), keys([5_000]));
}

#[test]
fn a_damaged_index_is_made_anew_and_no_message_is_lost() {
    let home = tempfile::tempdir().unwrap();
    let watched = at(home.path());
    for number in 1..=50 {
        watched.insert(&message(number, "findable words"));
    }
    watched.store.close();
    let other = Connection::open(home.path().join(schema::FILE)).unwrap();
    other.execute_batch("DELETE FROM search_data WHERE id > 10").unwrap();
    drop(other);
    let watched = at(home.path());
    assert_eq!(watched.found("findable"), 50);
    watched.insert(&message(99, "findable too"));
    assert_eq!(watched.committed(), keys([99]));
    assert_eq!(watched.found("findable"), 51);
}

#[test]
fn one_row_that_the_database_never_takes_holds_up_no_other() {
    let home = tempfile::tempdir().unwrap();
    let watched = poisoned(home.path(), "message WHEN new.body = 'poison'");
    for (number, body) in (1..).zip(["fine", "poison", "fine", "fine"]) {
        watched.insert(&message(number, body));
    }
    let mut told = String::new();
    while told.matches("kept").count() < 3 {
        told += &watched.until(|stored| match stored {
            Stored::Committed { keys } => Some("kept ".repeat(keys.len())),
            Stored::Refused { key, problem } => Some(format!("refused {} {} ", key.unwrap().0, problem.code())),
            Stored::Recovered => Some("well ".to_owned()),
            Stored::NotKept { .. } | Stored::Failed(_) => Some("failing ".to_owned()),
            _ => None,
        });
    }
    // Whichever of them came together.
    assert!(
        ["kept refused 2 BTY-DATA-05 well kept kept ", "refused 2 BTY-DATA-05 well kept kept kept "]
            .contains(&told.as_str()),
        "{told}"
    );
    assert_eq!(watched.page(), keys([1, 3, 4]));
}

#[test]
fn what_is_refused_for_itself_is_told_until_something_else_is_kept() {
    let home = tempfile::tempdir().unwrap();
    let watched = poisoned(home.path(), "talk WHEN new.draft = 'poison'");
    let next = || watched.told.recv_timeout(Duration::from_secs(30)).expect("an answer");
    watched.store.send(StoreRequest::Draft { talk: talk(), text: "poison".into() });
    assert!(matches!(next(), Stored::Refused { key: None, .. }));
    watched.store.send(StoreRequest::Draft { talk: talk(), text: "fine".into() });
    assert_eq!(watched.page(), keys([]), "no message was kept, and the sign stands");
    watched.insert(&message(1, "fine"));
    assert!(matches!(next(), Stored::Recovered));
    assert!(matches!(next(), Stored::Committed { .. }));
    watched.insert(&message(2, "fine"));
    assert!(matches!(next(), Stored::Committed { .. }), "told once");
}

#[test]
fn a_later_versions_file_is_left_alone_and_nothing_is_kept() {
    let home = tempfile::tempdir().unwrap();
    at(home.path()).page();
    let file = home.path().join(schema::FILE);
    let newer = Connection::open(&file).unwrap();
    newer.execute_batch("PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE);").unwrap();
    drop(newer);
    let before = std::fs::read(&file).unwrap();
    let watched = at(home.path());
    watched.insert(&message(1, "hi"));
    assert_eq!(watched.failed().code(), "BTY-DATA-06");
    assert_eq!(watched.not_kept(), keys([1]));
    watched.store.send(StoreRequest::Open { account: account() });
    watched.until(|stored| matches!(stored, Stored::Cache { .. }).then_some(()));
    assert_eq!(watched.page(), keys([1]));
    watched.store.close();
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn a_row_that_cannot_be_read_costs_nothing_but_itself() {
    let home = tempfile::tempdir().unwrap();
    let watched = at(home.path());
    for number in 1..=3 {
        watched.insert(&message(number, "fine"));
    }
    assert_eq!(watched.page(), keys([1, 2, 3]));
    watched.store.close();
    let other = Connection::open(home.path().join(schema::FILE)).unwrap();
    other.execute("UPDATE message SET sender = x'ff', stamp = 'noon' WHERE key = ?1", [2_u128.to_be_bytes()]).unwrap();
    drop(other);
    assert_eq!(at(home.path()).page(), keys([1, 3]));
}

#[test]
fn a_question_that_the_database_refuses_is_answered_all_the_same() {
    let home = tempfile::tempdir().unwrap();
    let watched = poisoned(home.path(), "talk WHEN new.read_to = 7");
    let (request, to) = (RequestId(5), Position::Moment(Stamp(7)));
    watched.store.send(StoreRequest::ReadTo { request, talk: talk(), to, ahead: false });
    let next = || watched.told.recv_timeout(Duration::from_secs(30)).expect("an answer");
    assert!(matches!(next(), Stored::Read { request: RequestId(5), up_to: None, .. }));
    assert!(matches!(next(), Stored::Refused { key: None, .. }));
}
