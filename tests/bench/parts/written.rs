//! Long histories, written by butty's own store: a million messages in two hundred talks, or one long talk.

#![allow(clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "every number here is above nothing, and small")]

use butty::app::StoreRequest;
use butty::app::event::Stored;
use butty::app::model::{Arrival, Author, Body, ConversationKey, Message, MessageState};
use butty::store::{Place, Store};
use butty::types::{AccountId, BareJid, MessageKey, Prose, Stamp, StanzaId};
use butty::xmpp::Direction;
use std::path::Path;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// Messages of the long history.
pub const MESSAGES: usize = 1_000_000;
/// Talks that they belong to. The first holds most of them, a hundred thousand and more.
pub const TALKS: u64 = 200;
/// Words of the language; the first is in every second message, as in others.
const VOCABULARY: usize = 30_000;
/// The moment of the first message.
pub const BEGIN: i64 = 1_700_000_000_000;

/// A talk with the buddy of that number, as the servers of the tests name them.
pub fn talk(account: &str, number: u64) -> ConversationKey {
    let host = account.split_once('@').expect("an address").1;
    let peer = BareJid::parse(&format!("buddy{number}@{host}")).expect("an address");
    ConversationKey::direct(AccountId::new(account), peer)
}

/// The word of that rank.
pub fn word(rank: usize) -> String {
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

/// What writing took.
pub struct Written {
    /// From the first message to the last commit.
    pub time: Duration,
    /// Transactions.
    pub commits: u32,
}

/// Writes a million messages of words that are as common as words are.
pub fn million(folder: &Path, account: &str) -> Written {
    let words: Vec<String> = (0..VOCABULARY).map(word).collect();
    let mut numbers = Numbers(1);
    let mut stamp = BEGIN;
    let messages = (0..MESSAGES).map(|number| {
        stamp += i64::try_from(numbers.next() % 3_000).expect("small");
        let chance = numbers.chance();
        let place = (chance * chance * chance * TALKS as f64) as u64;
        let count = [2, 3, 5, 8, 8, 12, 20][usize::try_from(numbers.next()).expect("small") % 7];
        let said: Vec<&str> = (0..count).map(|_| words[numbers.rank()].as_str()).collect();
        let key = MessageKey::new(Stamp(stamp), u128::from(numbers.next()) << 40 | number as u128);
        theirs(talk(account, place), key, stamp, &said.join(" "))
    });
    write(folder, messages)
}

/// Writes a talk of that many messages, ten minutes apart, the last of them just now: `line 0`, `line 1` and so on.
pub fn long_talk(folder: &Path, account: &str, buddy: u64, count: usize, now: Stamp) -> Written {
    let first = now.0 - i64::try_from(count).expect("small") * 600_000;
    let messages = (0..count).map(|number| {
        let stamp = first + i64::try_from(number).expect("small") * 600_000;
        let key = MessageKey::new(Stamp(stamp), number as u128);
        theirs(talk(account, buddy), key, stamp, &line(number))
    });
    write(folder, messages)
}

/// What the message of that number in the long talk says.
pub fn line(number: usize) -> String {
    format!("line {number} of it")
}

fn theirs(talk: ConversationKey, key: MessageKey, stamp: i64, text: &str) -> Message {
    Message {
        key,
        talk,
        direction: Direction::In,
        author: Author::Contact,
        stamp: Stamp(stamp),
        body: Body::Plain(Prose::clean(text)),
        state: MessageState::Received,
        origin: None,
        stanza_id: Some(StanzaId(format!("{:032x}", key.0))),
        relation: None,
        attachments: Vec::new(),
        from: None,
        owes_receipt: false,
        edited: false,
        markable: false,
        arrival: Arrival::Fresh,
    }
}

fn write(folder: &Path, mut messages: impl Iterator<Item = Message>) -> Written {
    /// Most that are on their way to the disk.
    const AHEAD: usize = 4_096;
    let (tell, told) = channel();
    let store = Store::start(Place::Folder(folder.to_owned()), false, move |stored| drop(tell.send(stored)));
    let store = store.expect("a thread");
    let began = Instant::now();
    let (mut sent, mut committed, mut commits, mut all) = (0, 0, 0, false);
    loop {
        while !all && sent < committed + AHEAD {
            match messages.next() {
                Some(message) => {
                    store.send(StoreRequest::Insert(Box::new(message)));
                    sent += 1;
                }
                None => all = true,
            }
        }
        if committed == sent {
            break;
        }
        match told.recv().expect("the store lives") {
            Stored::Committed { keys } => {
                committed += keys.len();
                commits += 1;
            }
            other => panic!("the store said {other:?}"),
        }
    }
    let time = began.elapsed();
    store.close();
    Written { time, commits }
}

/// Numbers without chance.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    /// From 0 to 1.
    fn chance(&mut self) -> f64 {
        self.next() as f64 / (1_u64 << 31) as f64
    }

    /// The rank of a word: half as rare, twice as often (Zipf).
    fn rank(&mut self) -> usize {
        ((VOCABULARY as f64).powf(self.chance()) as usize).saturating_sub(1)
    }
}
