//! An evening, measured from outside: butty beside mcabber and Profanity at one Prosody 12, in a terminal of 120 by 40.
//!
//!     tests/servers/install bench
//!     tests/servers/up prosody12 DATA
//!     BUTTY_PEERS=DATA cargo bench --features peers --bench evening -- [--runs N] [--only CLIENT]… [--homes FOLDER] [--butty PROGRAM] [ROW…]
//!     tests/servers/down DATA
//!
//! Rows (default: all): `start`, `thousand`, `flood`, `live`, `syncs`, `heap`, `talk`, `search`, `keys`, `idle`, `size`;
//! what each measures stands at its function in `evening/rows.rs`, `floods.rs` and `history.rs`. The clients take turns, and another one begins each run, so that what else the computer does
//! falls on all of them. Times vary from computer to computer; the ratios are what counts. Nothing is asserted on time:
//! only a screen that never becomes right ends the bench.
//!
//! `--butty` measures another build in the place of this one.
//! Other work on the same computer spreads all figures. On a busy one put `chrt -r 1` before both commands (as root;
//! `nice` does not reach programs in terminals of their own): then server, clients and bench have the processors to
//! themselves, absolute times flatter, and the ratios hold. Not so for the p99 of `keys`: Linux stops such programs for
//! 50 ms when together they take too much. There only a computer at rest helps, and `cat` in the table tells whether it
//! was one.
//! Homes lie in memory unless `--homes` names a folder on a disk, and DATA is best there too: `/dev/shm/butty-peers`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a bench may stop"
)]
#![allow(clippy::disallowed_methods, reason = "benches live in real time and are told where the server is")]

#[path = "evening/client.rs"]
mod client;
#[path = "evening/floods.rs"]
mod floods;
#[path = "evening/history.rs"]
mod history;
#[path = "evening/process.rs"]
mod process;
#[path = "evening/rows.rs"]
mod rows;
#[path = "evening/server.rs"]
mod server;
#[path = "evening/table.rs"]
mod table;
#[path = "evening/terminal.rs"]
mod terminal;
#[path = "parts/written.rs"]
#[allow(dead_code, reason = "shared with the parts")]
mod written;

use client::Client;
use rows::Bench;
use std::path::PathBuf;

/// Takes one sample of a row.
type Sample = fn(&mut Bench, Client);

/// The rows that the clients take turns at.
const ROWS: &[(&str, Sample)] = &[
    ("start", Bench::start),
    ("thousand", Bench::thousand),
    ("flood", Bench::flood),
    ("live", Bench::live),
    ("syncs", Bench::syncs),
    ("heap", Bench::heap),
    ("talk", Bench::talk),
    ("search", Bench::search),
    ("keys", Bench::keys),
];

fn main() {
    let mut runs = 5;
    let mut homes = PathBuf::from("/dev/shm");
    let (mut wanted, mut only) = (Vec::new(), Vec::new());
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench"); // cargo's own
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--runs" => runs = arguments.next().and_then(|it| it.parse().ok()).expect("--runs wants a number"),
            "--homes" => homes = arguments.next().map(PathBuf::from).expect("--homes wants a folder"),
            "--butty" => {
                let program = arguments.next().map(PathBuf::from).expect("--butty wants a program");
                client::BUTTY.set(program).expect("--butty once");
            }
            "--only" => only.push(arguments.next().expect("--only wants a client")),
            _ => wanted.push(argument),
        }
    }
    let clients: Vec<Client> =
        Client::ALL.into_iter().filter(|it| only.is_empty() || only.iter().any(|o| o == it.name())).collect();
    assert!(!clients.is_empty(), "no client is called {only:?}");
    let names: Vec<&str> = ROWS.iter().map(|(name, _)| *name).chain(["idle", "size"]).collect();
    for row in &wanted {
        assert!(names.contains(&row.as_str()), "no row is called {row}; there are {}", names.join(" "));
    }
    let wants = |name: &str| wanted.is_empty() || wanted.iter().any(|row| row == name);

    let mut bench = Bench::prepare(clients.clone(), homes);
    for (name, sample) in ROWS.iter().filter(|(name, _)| wants(name)) {
        for run in 0..runs {
            for turn in 0..clients.len() {
                let client = clients[(run + turn) % clients.len()];
                eprintln!("{name} {}/{runs}: {}", run + 1, client.name());
                sample(&mut bench, client);
            }
        }
    }
    if wants("idle") {
        eprintln!("idle: all at once");
        bench.idle();
    }
    if wants("size") {
        bench.size();
    }
}
