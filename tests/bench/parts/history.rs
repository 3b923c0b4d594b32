//! A long history: a million messages in two hundred talks, of which one holds a hundred thousand and more.

#![allow(clippy::cast_sign_loss, reason = "every number here is above nothing")]

use super::rounds;
use butty::app::event::{AccountCache, FoundPlace, Stored};
use butty::app::model::{Author, Body, ConversationKey, Message, MessageState};
use butty::app::{Direction, Search, SearchIn, StoreRequest};
use butty::store::{Place, Store};
use butty::types::{AccountId, BareJid, MessageKey, Prose, RequestId, Stamp, StanzaId};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const MESSAGES: usize = 1_000_000;
const TALKS: u64 = 200;
/// Words of the language; the first is in every eighth word said, as in others.
const VOCABULARY: usize = 30_000;

pub fn measure() {
    let folder = tempfile::tempdir().expect("a folder");
    fill(folder.path());
    let history = History::open(folder.path());
    rounds("history, the list at a start", "ms", milliseconds, || timed(|| drop(history.cache())));
    rounds("history, a page of the longest talk", "ms", milliseconds, || {
        timed(|| assert_eq!(history.page(&talk(0), None).len(), 50))
    });
    rounds("history, 1,000 messages up", "ms", milliseconds, || {
        timed(|| {
            let mut before = None;
            for _ in 0..20 {
                let page = history.page(&talk(0), before);
                before = page.first().map(|first| (first.stamp, first.key));
            }
        })
    });
    rounds("history, around a message of long ago", "ms", milliseconds, || {
        timed(|| history.around(&talk(0), Stamp(BEGIN + 400_000_000)))
    });
    let common = word(0);
    for (what, words, within) in [
        ("the commonest word", common.clone(), SearchIn::Everywhere),
        ("two letters of it", common[..2].to_owned(), SearchIn::Everywhere),
        ("three letters of it", common[..3].to_owned(), SearchIn::Everywhere),
        ("a usual word, typed so far", word(40), SearchIn::Everywhere),
        ("a rare word", word(25_000), SearchIn::Everywhere),
        ("no word", "qqqqq".to_owned(), SearchIn::Everywhere),
        ("two common words", format!("{common} {} ", word(1)), SearchIn::Everywhere),
        ("a common word in a small talk", format!("{common} "), SearchIn::Talk(talk(TALKS - 1))),
        ("a common word in one account", format!("{common} "), SearchIn::Account(account())),
    ] {
        rounds(&format!("history, search for {what}"), "ms", milliseconds, || {
            timed(|| drop(history.search(&words, &within)))
        });
    }
}

fn milliseconds(count: f64, time: Duration) -> f64 {
    time.as_secs_f64() * 1e3 / count
}

const BEGIN: i64 = 1_700_000_000_000;

fn account() -> AccountId {
    AccountId::new("anna@example.org")
}

fn talk(number: u64) -> ConversationKey {
    ConversationKey::direct(account(), BareJid::parse(&format!("buddy{number}@example.org")).expect("an address"))
}

/// Numbers without chance.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    /// The rank of a word: half as rare, twice as often (Zipf).
    fn rank(&mut self) -> usize {
        let chance = self.next() as f64 / (1_u64 << 31) as f64;
        ((VOCABULARY as f64).powf(chance) as usize).saturating_sub(1)
    }
}

fn word(rank: usize) -> String {
    let mut numbers = Numbers(rank as u64 + 7);
    let consonants = b"bcdfghjklmnprstvwz";
    let length = 2 + numbers.next() % 3;
    (0..length)
        .flat_map(|_| {
            let consonant = consonants[usize::try_from(numbers.next()).expect("small") % consonants.len()];
            [char::from(consonant), char::from(b"aeiou"[usize::try_from(numbers.next()).expect("small") % 5])]
        })
        .collect()
}

fn fill(folder: &Path) {
    let words: Vec<String> = (0..VOCABULARY).map(word).collect();
    let (tell, told) = channel();
    let store = Store::start(Place::Folder(folder.to_owned()), false, move |stored| drop(tell.send(stored)));
    let store = store.expect("a thread");
    let mut numbers = Numbers(1);
    let mut stamp = BEGIN;
    let began = Instant::now();
    let (mut sent, mut committed, mut commits) = (0, 0, 0);
    while committed < MESSAGES {
        while sent < MESSAGES && sent < committed + 4_096 {
            stamp += i64::try_from(numbers.next() % 3_000).expect("small");
            let chance = numbers.next() as f64 / (1_u64 << 31) as f64;
            let number = (chance * chance * chance * TALKS as f64) as u64;
            let count = [2, 3, 5, 8, 8, 12, 20][usize::try_from(numbers.next()).expect("small") % 7];
            let said: Vec<&str> = (0..count).map(|_| words[numbers.rank()].as_str()).collect();
            let message = Message {
                key: MessageKey::new(Stamp(stamp), u128::from(numbers.next()) << 40 | sent as u128),
                talk: talk(number),
                direction: Direction::In,
                author: Author::Contact,
                stamp: Stamp(stamp),
                body: Body::Plain(Prose::clean(&said.join(" "))),
                state: MessageState::Received,
                origin: None,
                stanza_id: Some(StanzaId(format!("{sent:016}"))),
                relation: None,
                attachments: Vec::new(),
                from: None,
                owes_receipt: false,
                edited: false,
                arrival: butty::app::model::Arrival::Fresh,
            };
            store.send(StoreRequest::Insert(Box::new(message)));
            sent += 1;
        }
        match told.recv().expect("the store lives") {
            Stored::Committed { keys } => {
                committed += keys.len();
                commits += 1;
            }
            other => panic!("the store said {other:?}"),
        }
    }
    let each = began.elapsed().as_secs_f64() * 1e6 / MESSAGES as f64;
    store.close();
    let bytes = std::fs::metadata(folder.join("butty.db")).expect("a file").len();
    println!(
        "history, {MESSAGES} messages written: {each:.1} µs each, {:.4} commits each, {} bytes each",
        f64::from(commits) / MESSAGES as f64,
        bytes / MESSAGES as u64
    );
}

fn timed(work: impl Fn()) -> (usize, Duration) {
    let began = Instant::now();
    work();
    (1, began.elapsed())
}

struct History {
    store: Store,
    told: Receiver<Stored>,
}

impl History {
    fn open(folder: &Path) -> Self {
        let (tell, told) = channel();
        let store = Store::start(Place::Folder(folder.to_owned()), false, move |stored| drop(tell.send(stored)));
        Self { store: store.expect("a thread"), told }
    }

    fn cache(&self) -> Box<AccountCache> {
        self.store.send(StoreRequest::Open { account: account() });
        match self.told.recv().expect("the store lives") {
            Stored::Cache { cache, .. } => cache,
            other => panic!("the store said {other:?}"),
        }
    }

    fn page(&self, talk: &ConversationKey, before: Option<(Stamp, MessageKey)>) -> Vec<Message> {
        self.store.send(StoreRequest::Page { request: RequestId(1), talk: talk.clone(), before, limit: 50 });
        match self.told.recv().expect("the store lives") {
            Stored::Page { messages, .. } => messages,
            other => panic!("the store said {other:?}"),
        }
    }

    fn around(&self, talk: &ConversationKey, at: Stamp) {
        let at = (at, MessageKey(0));
        self.store.send(StoreRequest::Around { request: RequestId(1), talk: talk.clone(), at, limit: 50 });
        match self.told.recv().expect("the store lives") {
            Stored::Around { messages, .. } => assert_eq!(messages.len(), 100),
            other => panic!("the store said {other:?}"),
        }
    }

    fn search(&self, words: &str, within: &SearchIn) -> (Vec<Message>, Option<FoundPlace>) {
        let within = within.clone();
        let search = Search { words: words.to_owned(), within, direction: None, before: None, links: false };
        let request = RequestId(1);
        self.store.send(StoreRequest::Search { request, search: Box::new(search), before: None, limit: 50 });
        match self.told.recv().expect("the store lives") {
            Stored::Found { hits, next, .. } => (hits, next),
            other => panic!("the store said {other:?}"),
        }
    }
}
