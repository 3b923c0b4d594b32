//! What the archive of a real server holds, and what other devices of the account say and read: the real binary in a
//! pseudo-terminal, at Prosody 13, and what is missing of it at ejabberd.
//!
//! The long archive has 3,000 messages, and 100,000 with `BUTTY_LONG=1`. Figures are printed.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may stop")]
#![allow(clippy::disallowed_methods, reason = "journeys live in real time and are told where the servers are")]

#[allow(dead_code, reason = "each target uses what it needs")]
#[path = "harness/command.rs"]
mod command;
#[path = "archive/devices.rs"]
mod devices;
#[path = "archive/gap.rs"]
mod gap;
#[path = "archive/long.rs"]
mod long;
#[path = "archive/markers.rs"]
mod markers;
#[path = "harness/peers.rs"]
mod peers;
#[path = "archive/poison.rs"]
mod poison;
#[allow(dead_code, reason = "each target uses what it needs")]
#[path = "harness/terminal.rs"]
mod terminal;

use command::{butty_with_input, words};
use peers::{Peers, Talker};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

/// Where all of this happens: its archive is made for many messages.
const HOST: &str = "beta.test";

fn home() -> TempDir {
    tempfile::Builder::new().prefix("butty-archive-").tempdir().expect("a folder")
}

/// Runs `fill.lua` inside the server.
fn fill(peers: &Peers, arguments: &[&str]) {
    let mut command = Command::new(Path::new(peers.get("SCRIPTS")).join("prosody"));
    command.args(["13", "fill", peers.get("DATA")]).args(arguments);
    let done = command.output().expect("the script runs");
    assert!(done.status.success(), "{}", words(&done));
}

/// Accounts that no earlier run has used, with passwords `pw-NAME`.
fn accounts<const N: usize>(peers: &Peers, names: [&str; N]) -> [String; N] {
    accounts_at(peers, HOST, names)
}

fn accounts_at<const N: usize>(peers: &Peers, host: &str, names: [&str; N]) -> [String; N] {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
    let users = names.map(|name| format!("{name}{}", now % 1_000_000_000));
    let mut arguments = vec!["people", host];
    arguments.extend(users.iter().map(String::as_str));
    fill(peers, &arguments);
    users.map(|user| format!("{user}@{host}"))
}

fn user(address: &str) -> &str {
    address.split('@').next().expect("a user")
}

fn sign_in(peers: &Peers, home: &Path, address: &str) {
    peers.config(home, &[(address, "")]);
    let done = butty_with_input(home, &["login", address, "--password-stdin"], &format!("pw-{}\n", user(address)));
    assert!(done.status.success(), "{}", words(&done));
}

/// A device of slixmpp's.
fn phone(peers: &Peers, address: &str) -> Talker {
    phone_at(peers, "PROSODY13", address)
}

fn phone_at(peers: &Peers, server: &str, address: &str) -> Talker {
    let mut command = peers.python("phone.py");
    command.args([address, "--connect", peers.get(server), "--ca", peers.get("CA")]);
    command.args(["--password", &format!("pw-{}", user(address))]);
    let phone = Talker::start(command);
    phone.wait_for("READY");
    phone
}

/// What butty has kept, looked at from beside it.
fn kept(home: &Path) -> Connection {
    let file = home.join("butty/data/butty.db");
    let kept = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("a database");
    kept.busy_timeout(Duration::from_secs(5)).expect("a patient reader");
    kept
}

fn number(kept: &Connection, query: &str) -> i64 {
    kept.query_row(query, [], |row| row.get(0)).unwrap_or(0)
}

/// Waits for the database to be so.
#[track_caller]
fn wait_for_rows(home: &Path, what: &str, patience: Duration, right: impl Fn(&Connection) -> bool) {
    let until = Instant::now() + patience;
    while !home.join("butty/data/butty.db").exists() || !right(&kept(home)) {
        assert!(Instant::now() < until, "waited for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
