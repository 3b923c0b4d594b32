//! butty killed with SIGKILL at random moments while it sends and receives, at real servers (`tests/servers/up`): no file
//! is broken, nothing that was written is lost, and nothing arrives twice.
//!
//! A sample with a fixed seed; `BUTTY_LONG=1` kills it a thousand times, `BUTTY_KILLS=N` N times at each of the two
//! servers. `BUTTY_SEED` is another seed.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may stop")]
#![allow(clippy::disallowed_methods, reason = "a program lives in real time")]

#[path = "harness/command.rs"]
#[allow(dead_code, reason = "the harness is shared")]
mod command;
#[path = "harness/peers.rs"]
#[allow(dead_code, reason = "the harness is shared")]
mod peers;
#[path = "soak/record.rs"]
#[allow(dead_code, reason = "shared with other targets")]
mod record;
#[path = "harness/terminal.rs"]
#[allow(dead_code, reason = "the harness is shared")]
mod terminal;

use butty::app::model::Chance;
use butty::types::BareJid;
use command::{butty_with_input, words};
use peers::{Peers, Talker};
use record::{Balance, count, kept};
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use terminal::Terminal;

/// The longest life. A start takes a third of it, a sign-in another.
const LIFE: Duration = Duration::from_millis(1_500);
/// How often the players are looked at.
const STEP: Duration = Duration::from_millis(5);
/// One of so many steps brings a message, for each side.
const QUIET: u64 = 20;
/// How far the other one may be ahead of its server. Hundreds of half-dead sessions of butty make that one slow: were it
/// more than a minute behind, it would end the other one's own session, and slixmpp loses and doubles in the next. More
/// than five: slixmpp asks for an acknowledgement with every fifth.
const AHEAD: usize = 20;
/// How long stragglers may take in the end.
const PATIENCE: Duration = Duration::from_secs(600);
/// How long a copy may take to turn up after that.
const AFTERMATH: Duration = Duration::from_secs(2);

/// Kills at each of the two servers.
fn kills() -> u32 {
    if let Ok(text) = std::env::var("BUTTY_KILLS") {
        return text.parse().unwrap();
    }
    if std::env::var_os("BUTTY_LONG").is_some() { 500 } else { 25 }
}

fn seed() -> u64 {
    std::env::var("BUTTY_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(7)
}

struct Play {
    home: tempfile::TempDir,
    peer: Talker,
    /// The other side of the talk, for each.
    to: [BareJid; 2],
    chance: Chance,
    typed: usize,
    said: Vec<String>,
    /// How often the other one had more to say than its server could take.
    held_back: usize,
    /// What was found on disk so far: nothing of it may go.
    rows: BTreeMap<Vec<u8>, String>,
}

impl Play {
    fn one_in(&mut self, n: u64) -> bool {
        self.chance.draw().is_multiple_of(n)
    }

    fn folder(&self) -> PathBuf {
        self.home.path().join("butty/data")
    }

    /// The other one says the next thing, if its server keeps up.
    fn hears(&mut self) {
        if self.said.len() >= self.peer.count("ACKED\t") + AHEAD {
            self.held_back += 1;
            return;
        }
        let text = format!("theirs {}", self.said.len());
        self.peer.tell(&format!("say {} {text}", self.to[1]));
        self.said.push(text);
    }

    /// From the start to the kill.
    fn live(&mut self) {
        let life = LIFE.mul_f64(f64::from(u32::try_from(self.chance.draw() % 1_000).unwrap()) / 1_000.0);
        let mut butty = Terminal::start(self.home.path(), &[], 80, 24);
        let began = Instant::now();
        let mut drawn = false;
        while began.elapsed() < life {
            if !drawn && !butty.bytes().is_empty() {
                drawn = true;
                butty.line(&format!("/msg {}", self.to[0]));
                butty.send("\x15"); // no draft of the life before
            }
            if drawn && self.one_in(QUIET) {
                butty.line(&format!("ours {}", self.typed));
                self.typed += 1;
            }
            if self.one_in(QUIET) {
                self.hears();
            }
            std::thread::sleep(STEP);
        }
        let killed = Command::new("kill").args(["-KILL", &butty.pid().to_string()]).status().unwrap();
        assert!(killed.success());
        butty.end();
        self.look();
    }

    /// The file is whole, and everything that was in it is.
    fn look(&mut self) {
        let lost = self.peer.fields("CLOSED", 0).len();
        assert_eq!(lost, 0, "the other one lost its line: what it sent then nobody knows");
        let file = self.folder().join("butty.db");
        if !file.exists() {
            assert!(self.rows.is_empty());
            return;
        }
        let db = Connection::open(file).unwrap();
        let whole: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(whole, "ok");
        let tables: i64 =
            db.query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'message'", [], |row| row.get(0)).unwrap();
        let mut rows = BTreeMap::new();
        if tables > 0 {
            let mut query = db.prepare("SELECT key, body FROM message").unwrap();
            let found = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
            rows = found.collect::<Result<_, _>>().unwrap();
        }
        for (key, body) in &self.rows {
            assert_eq!(rows.get(key), Some(body), "it was on the disk");
        }
        self.rows = rows;
        for entry in fs::read_dir(self.folder()).unwrap() {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            assert!(!name.contains("broken"), "{name} was set aside");
        }
    }

    fn unsent(&self) -> usize {
        let db = Connection::open_with_flags(self.folder().join("butty.db"), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        db.query_row("SELECT count(*) FROM message WHERE state = 1", [], |row| row.get::<_, i64>(0))
            .map(|count| usize::try_from(count).unwrap())
            .unwrap()
    }

    /// A last life, as long as it takes.
    fn finish(mut self, who: &str) {
        let butty = Terminal::start(self.home.path(), &[], 80, 24);
        butty.wait_for("Available");
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            std::thread::sleep(STEP * 20);
            let [ours, theirs] = [true, false].map(|ours| count(&self.folder(), &self.to[0], ours));
            if self.unsent() == 0 && theirs >= self.said.len() && self.peer.count("GOT\t") >= ours {
                break;
            }
        }
        std::thread::sleep(AFTERMATH);
        assert_eq!(butty.quit(), 0);
        self.look();
        let (ours, theirs) = (kept(&self.folder(), &self.to[0], true), kept(&self.folder(), &self.to[0], false));
        println!("{who}: {} typed, {} kept and sent; {} heard", self.typed, ours.len(), theirs.len());
        println!("{who}: the other one had to wait {} times", self.held_back);
        assert!(self.said.len() > AHEAD, "the server never said that it had anything");
        let distinct: std::collections::BTreeSet<&String> = ours.iter().collect();
        assert_eq!(distinct.len(), ours.len(), "what was typed once is there once");
        Balance::assert_even(&ours, &self.peer.fields("GOT", 3), "the other one of butty");
        // In what order they stand is the archive's word against the clock's: what a life saw last is not always known to
        // the next one before the rest is read.
        let balance = Balance::of(&self.said, &theirs);
        let uneven = rows_of_uneven(&self.folder(), &self.said, &theirs);
        assert_eq!(Balance { disordered: 0, ..balance }, Balance::default(), "butty of the other one:\n{uneven}");
    }
}

/// What the history has of the texts that are there more than once, or not at all.
fn rows_of_uneven(folder: &Path, said: &[String], kept: &[String]) -> String {
    let db = Connection::open_with_flags(folder.join("butty.db"), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut query = db.prepare("SELECT hex(key), stamp, origin, stanza_id FROM message WHERE body = ?1").unwrap();
    let uneven = said.iter().filter(|text| kept.iter().filter(|other| other == text).count() != 1).take(5);
    let lines = uneven.map(|text| {
        let rows = query.query_map([text], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, Option<String>>(2)?, row.get(3)?))
        });
        let rows: Vec<(String, i64, Option<String>, Option<String>)> = rows.unwrap().map(Result::unwrap).collect();
        format!("{text}: {rows:?}\n")
    });
    lines.collect()
}

fn begin(name: &str, host: &str) -> Play {
    let peers = Peers::find();
    let [ours, theirs] = ["killed", "friend"].map(|who| format!("{who}{}", std::process::id()));
    peers.make_accounts(host, &[&ours, &theirs]);
    let home = tempfile::Builder::new().prefix("butty-kills-").tempdir().unwrap();
    sign_in(&peers, home.path(), &format!("{ours}@{host}"), &ours);
    let mut command = peers.python("phone.py");
    command.args([&format!("{theirs}@{host}"), "--connect", peers.get(name), "--ca", peers.get("CA")]);
    command.args(["--seconds", "20000", "--password", &format!("pw-{theirs}")]);
    let peer = Talker::start(command);
    peer.wait_for("READY");
    let address = |who: &str| BareJid::parse(&format!("{who}@{host}")).unwrap();
    let to = [address(&theirs), address(&ours)];
    let chance = Chance { seed: seed(), drawn: 0 };
    Play { home, peer, to, chance, typed: 0, said: Vec::new(), held_back: 0, rows: BTreeMap::new() }
}

fn sign_in(peers: &Peers, home: &Path, address: &str, user: &str) {
    peers.config(home, &[(address, "")]);
    let done = butty_with_input(home, &["login", address, "--password-stdin"], &format!("pw-{user}\n"));
    assert!(done.status.success(), "{}", words(&done));
}

fn kill_at(name: &str, host: &str) {
    let mut play = begin(name, host);
    for _ in 0..kills() {
        play.live();
    }
    play.finish(host);
}

#[test]
fn kills_at_prosody_13_cost_nothing_that_was_kept() {
    kill_at("PROSODY13", "beta.test");
}

#[test]
fn kills_at_ejabberd_cost_nothing_that_was_kept() {
    kill_at("EJABBERD", "ej23.test");
}
