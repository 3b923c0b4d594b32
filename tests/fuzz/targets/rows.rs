//! A database that somebody wrote into: it is read without a panic, what cannot be meant is left out, and what is shown
//! is clean.

use super::input::Input;
use butty::app::StoreRequest;
use butty::app::event::Stored;
use butty::app::model::{Body, ConversationKey, Message};
use butty::store::{Place, Store};
use butty::types::{AccountId, BareJid, Prose, RequestId};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use std::path::Path;
use std::sync::{LazyLock, mpsc};

const TABLES: [&str; 4] = ["message", "talk", "contact", "account"];
const LIMIT: u16 = 50;
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// An empty one, made once.
static EMPTY: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    Store::start(Place::Folder(folder.path().to_owned()), false, |_| {}).unwrap().close();
    let db = Connection::open(folder.path().join("butty.db")).unwrap();
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(db);
    std::fs::read(folder.path().join("butty.db")).unwrap()
});

pub fn check(data: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("butty.db"), &*EMPTY).unwrap();
    write(&folder.path().join("butty.db"), &mut Input(data));
    let (teller, told) = mpsc::channel();
    let store = Store::start(Place::Folder(folder.path().to_owned()), false, move |answer| drop(teller.send(answer)));
    let store = store.unwrap();
    let account = AccountId::new("a@a.test");
    let talk = ConversationKey::direct(account.clone(), BareJid::parse("b@b.test").unwrap());
    store.send(StoreRequest::Open { account: account.clone() });
    store.send(StoreRequest::CacheDone);
    store.send(StoreRequest::Page { request: RequestId(1), talk, before: None, limit: LIMIT });
    store.send(StoreRequest::Count { account });
    let mut cached = false;
    loop {
        match told.recv_timeout(PATIENCE).expect("the store answers") {
            Stored::Cache { cache, .. } => cache.outbox.iter().for_each(is_clean),
            Stored::CacheDone => cached = true,
            Stored::Page { messages, .. } => {
                assert!(messages.len() <= usize::from(LIMIT));
                messages.iter().for_each(is_clean);
            }
            Stored::Failed(problem) | Stored::Refused { problem, .. } => panic!("{problem:?}"),
            Stored::Count { .. } => break,
            _ => {}
        }
    }
    assert!(cached);
    store.close();
}

fn is_clean(message: &Message) {
    if let Body::Plain(text) | Body::Sealed(text) = &message.body {
        assert_eq!(Prose::clean(text.as_str()), *text);
    }
}

/// Rows of what the input says; those that the tables refuse are left out.
fn write(file: &Path, input: &mut Input<'_>) {
    let db = Connection::open(file).unwrap();
    db.pragma_update(None, "synchronous", "off").unwrap();
    while !input.is_empty() {
        let table = TABLES[usize::from(input.byte()) % TABLES.len()];
        let count: u16 = db.query_row("SELECT count(*) FROM pragma_table_info(?1)", [table], |row| row.get(0)).unwrap();
        let values: Vec<Value> = (0..count).map(|_| value(input)).collect();
        let places = vec!["?"; usize::from(count)].join(", ");
        drop(db.execute(&format!("INSERT INTO {table} VALUES ({places})"), params_from_iter(values)));
    }
}

fn value(input: &mut Input<'_>) -> Value {
    match input.byte() % 9 {
        0 => Value::Null,
        1 => Value::Integer(i64::from(input.byte())),
        2 => Value::Integer(i64::MAX - i64::from(input.byte())),
        3 => Value::Real(f64::from(input.byte()) / 3.0),
        4 => Value::Text(input.text(60)),
        5 => Value::Blob(input.piece(60).to_vec()),
        6 => Value::Text("a@a.test".to_owned()),
        7 => Value::Text("b@b.test".to_owned()),
        _ => Value::Blob([input.byte(); 16].to_vec()),
    }
}
