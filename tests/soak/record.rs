//! What both sides have in the end, compared with what was said.

use butty::types::BareJid;
use rusqlite::{Connection, OpenFlags};
use std::collections::HashMap;
use std::path::Path;

/// The texts that butty keeps of a talk, in the order in which it shows them. `ours`: those that it sent, or has to send.
pub fn kept(home: &Path, peer: &BareJid, ours: bool) -> Vec<String> {
    let file = home.join("butty.db");
    let db = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut query =
        db.prepare("SELECT body FROM message WHERE peer = ?1 AND direction = ?2 ORDER BY stamp, key").unwrap();
    let rows = query.query_map((peer.as_str(), u8::from(ours)), |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// How many texts butty keeps of a talk.
pub fn count(home: &Path, peer: &BareJid, ours: bool) -> usize {
    let db = Connection::open_with_flags(home.join("butty.db"), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let all = "SELECT count(*) FROM message WHERE peer = ?1 AND direction = ?2";
    let count: i64 = db.query_row(all, (peer.as_str(), u8::from(ours)), |row| row.get(0)).unwrap();
    usize::try_from(count).unwrap()
}

/// Lost, doubled and out of order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Balance {
    pub lost: usize,
    pub doubled: usize,
    pub strange: usize,
    pub disordered: usize,
}

impl Balance {
    /// What became of messages that were said in this order.
    pub fn of(said: &[String], arrived: &[String]) -> Self {
        let places: HashMap<&str, usize> = said.iter().enumerate().map(|(at, text)| (text.as_str(), at)).collect();
        let mut times = vec![0_usize; said.len()];
        let mut balance = Self::default();
        let mut last = None;
        for text in arrived {
            let Some(&at) = places.get(text.as_str()) else {
                balance.strange += 1;
                continue;
            };
            times[at] += 1;
            if times[at] == 1 {
                if last.is_some_and(|last| at < last) {
                    balance.disordered += 1;
                }
                last = Some(at);
            }
        }
        balance.lost = times.iter().filter(|times| **times == 0).count();
        balance.doubled = times.iter().map(|times| times.saturating_sub(1)).sum();
        balance
    }

    /// Panics with what went wrong first, unless nothing did.
    #[track_caller]
    pub fn assert_even(said: &[String], arrived: &[String], who: &str) {
        let balance = Self::of(said, arrived);
        if balance == Self::default() {
            return;
        }
        let at = said.iter().zip(arrived).position(|(said, arrived)| said != arrived).unwrap_or(arrived.len());
        let around = at.saturating_sub(3)..(at + 8).min(arrived.len());
        panic!("{who}: {balance:?} of {}; first near {at}: {:?}", said.len(), arrived.get(around));
    }
}
