//! A long history: a million messages in two hundred talks, of which one holds a hundred thousand and more.

use super::rounds;
use super::written::{self, BEGIN, MESSAGES, TALKS, word};
use butty::app::event::{AccountCache, FoundPlace, Stored};
use butty::app::model::{ConversationKey, Message};
use butty::app::{Search, SearchIn, StoreRequest};
use butty::store::{Place, Store};
use butty::types::{AccountId, MessageKey, RequestId, Stamp};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const ACCOUNT: &str = "anna@example.org";

pub fn measure() {
    let folder = tempfile::tempdir().expect("a folder");
    let done = written::million(folder.path(), ACCOUNT);
    println!(
        "history, {MESSAGES} messages written: {:.1} µs each, {:.4} commits each, {} bytes each",
        done.time.as_secs_f64() * 1e6 / MESSAGES as f64,
        f64::from(done.commits) / MESSAGES as f64,
        std::fs::metadata(folder.path().join("butty.db")).expect("a file").len() / MESSAGES as u64
    );
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

fn account() -> AccountId {
    AccountId::new(ACCOUNT)
}

fn talk(number: u64) -> ConversationKey {
    written::talk(ACCOUNT, number)
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
