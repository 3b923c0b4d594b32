//! What goes, and what stays.

use super::super::requests::{self, Outcome};
use super::super::{Place, lock::AccountLocks, schema, search};
use super::*;
use crate::app::event::Stored;
use crate::app::model::{Author, Body, ConversationKey, Message, MessageState};
use crate::app::{Search, SearchIn, StoreRequest};
use crate::types::{AccountId, BareJid, MessageKey, OriginId, Problem, Prose, RequestId};
use crate::xmpp::Direction;
use std::path::Path;

const NOW: Stamp = Stamp(1_795_442_820_000);

fn message(number: u128, days_ago: i64, state: MessageState) -> Message {
    let ours = state != MessageState::Received;
    Message {
        key: MessageKey(number),
        talk: ConversationKey::direct(AccountId::new("anna@a.test"), BareJid::parse("bela@a.test").unwrap()),
        direction: if ours { Direction::Out } else { Direction::In },
        author: if ours { Author::Me } else { Author::Contact },
        stamp: Stamp(NOW.0 - days_ago * DAY),
        body: Body::Plain(Prose::clean("some words")),
        state,
        origin: Some(OriginId(format!("o{number}"))),
        stanza_id: None,
        relation: None,
        attachments: Vec::new(),
        from: None,
        owes_receipt: false,
        edited: false,
        markable: false,
        arrival: crate::app::model::Arrival::Fresh,
    }
}

fn file(folder: &Path) -> Connection {
    schema::open(&Place::Folder(folder.to_owned())).unwrap().0
}

fn ask(db: &mut Connection, request: &StoreRequest) -> Outcome {
    requests::carry_out(db, &mut AccountLocks::new(&Place::Memory, false), [request]).unwrap()
}

fn insert(db: &mut Connection, message: &Message) -> Outcome {
    ask(db, &StoreRequest::Insert(Box::new(message.clone())))
}

fn keys(db: &Connection, table: &str) -> Vec<u128> {
    let mut query = db.prepare(&format!("SELECT key FROM {table} ORDER BY key")).unwrap();
    let rows = query.query_map([], |row| row.get::<_, [u8; 16]>(0)).unwrap();
    rows.map(|key| u128::from_be_bytes(key.unwrap())).collect()
}

fn found(db: &Connection) -> usize {
    found_by(db, "words")
}

fn found_by(db: &Connection, words: &str) -> usize {
    let within = SearchIn::Everywhere;
    let search = Search { words: words.into(), within, direction: None, before: None, links: false };
    match search::find(db, RequestId(1), &search, None, 1_000).unwrap() {
        Stored::Found { hits, .. } => hits.len(),
        other => panic!("{other:?}"),
    }
}

fn tidy_all(db: &mut Connection, retention: Retention) -> usize {
    let mut batches = 1;
    while tidy(db, retention, NOW).unwrap() {
        batches += 1;
    }
    batches
}

#[test]
fn what_is_typed_so_far_is_looked_for_where_the_messages_are() {
    let home = tempfile::tempdir().unwrap();
    let mut db = file(home.path());
    let said = |number, body: &str| Message {
        body: Body::Plain(Prose::clean(body)),
        ..message(number, 0, MessageState::Received)
    };
    insert(&mut db, &said(1, "harmonium"));
    insert(&mut db, &Message { state: MessageState::Pending, ..said(2, "harmonica") });
    assert_eq!(found_by(&db, "harm"), 2);
    ask(&mut db, &StoreRequest::Retain(Retention::Nothing));
    insert(&mut db, &said(3, "harmony"));
    insert(&mut db, &said(4, "harmless"));
    assert_eq!((found_by(&db, "harm"), found_by(&db, "harmon")), (3, 2), "what came before is not looked at any more");
    ask(&mut db, &StoreRequest::Retain(Retention::Forever));
    assert_eq!((found_by(&db, "harm"), found_by(&db, "harmony")), (2, 0));
    ask(&mut db, &StoreRequest::Retain(Retention::Nothing));
    assert_eq!(found_by(&db, "harm"), 1);
}

#[test]
fn what_is_too_old_goes_in_batches_and_what_is_not_sent_stays() {
    let (mut db, _) = schema::open(&Place::Memory).unwrap();
    for number in 0..1_200 {
        insert(&mut db, &message(number, 91, MessageState::Received));
    }
    insert(&mut db, &message(2_000, 91, MessageState::Pending));
    insert(&mut db, &message(2_001, 400, MessageState::Failed(Problem::NotSent)));
    insert(&mut db, &message(2_002, 89, MessageState::Received));
    insert(&mut db, &message(2_003, -9_999, MessageState::Received));
    assert_eq!(tidy_all(&mut db, Retention::Forever), 1);
    assert_eq!(keys(&db, "message").len(), 1_204);
    assert_eq!(tidy_all(&mut db, Retention::Days(90)), 3);
    assert_eq!(keys(&db, "message"), [2_000, 2_001, 2_002, 2_003]);
    assert_eq!(found(&db), 4);
}

#[test]
fn where_nothing_stays_only_what_is_not_sent_is_on_the_disk() {
    let home = tempfile::tempdir().unwrap();
    let mut db = file(home.path());
    insert(&mut db, &message(1, 1, MessageState::Received));
    insert(&mut db, &message(2, 1, MessageState::Pending));
    ask(&mut db, &StoreRequest::Retain(Retention::Nothing));
    tidy_all(&mut db, Retention::Nothing);
    assert_eq!((keys(&db, "main.message"), keys(&db, "message")), (vec![2], vec![2]));

    let came = message(3, 0, MessageState::Received);
    assert_eq!(insert(&mut db, &came).committed, [came.key]);
    let arrival = crate::app::model::Arrival::Archived;
    let stanza_id = Some(crate::types::StanzaId("s".into()));
    let copy = Message { key: MessageKey(4), stanza_id, arrival, ..came };
    assert!(matches!(insert(&mut db, &copy).answers[..], [Stored::Duplicate { existing: MessageKey(3), .. }]));
    let mine = message(5, 0, MessageState::Pending);
    insert(&mut db, &mine);
    assert_eq!((keys(&db, "main.message"), keys(&db, "message")), (vec![2, 5], vec![2, 3, 5]));
    assert_eq!(found(&db), 3, "this session's words are found");

    ask(&mut db, &StoreRequest::SetState { key: mine.key, state: MessageState::Sent });
    ask(&mut db, &StoreRequest::SetState { key: MessageKey(2), state: MessageState::Failed(Problem::NotSent) });
    assert_eq!(keys(&db, "main.message"), [2]);
    drop(db);
    let db = file(home.path());
    assert_eq!((keys(&db, "message"), found(&db)), (vec![2], 1));
    let state: u8 = db.query_row("SELECT state FROM message", [], |row| row.get(0)).unwrap();
    assert_eq!(state, 5);
}

#[test]
fn a_change_of_mind_counts_from_then_on() {
    let home = tempfile::tempdir().unwrap();
    let mut db = file(home.path());
    ask(&mut db, &StoreRequest::Retain(Retention::Nothing));
    ask(&mut db, &StoreRequest::Retain(Retention::Nothing));
    insert(&mut db, &message(1, 0, MessageState::Received));
    ask(&mut db, &StoreRequest::Retain(Retention::Forever));
    insert(&mut db, &message(2, 0, MessageState::Received));
    drop(db);
    assert_eq!(keys(&file(home.path()), "message"), [2]);
}

#[test]
fn in_memory_the_newest_are_held() {
    let home = tempfile::tempdir().unwrap();
    let mut db = file(home.path());
    ask(&mut db, &StoreRequest::Retain(Retention::Nothing));
    let batch: Vec<StoreRequest> = (0..20_600)
        .map(|number| Message {
            stamp: Stamp(i64::try_from(number).unwrap()),
            ..message(number, 0, MessageState::Received)
        })
        .map(|message| StoreRequest::Insert(Box::new(message)))
        .collect();
    requests::carry_out(&mut db, &mut AccountLocks::new(&Place::Memory, false), &batch).unwrap();
    tidy_all(&mut db, Retention::Nothing);
    let held = keys(&db, "message");
    assert_eq!((held.len(), held[0]), (20_000, 600));
}
