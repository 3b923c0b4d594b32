//! Faults of the line, at real servers: lines that die without a word, servers that start again, a process that is
//! stopped, names that nobody answers for, and signals in every state of a connection.
//!
//! `BUTTY_PEERS` names the folder of the running servers. With `BUTTY_LONG=1` the process is stopped for a minute. Measured
//! times are printed.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may stop")]
#![allow(clippy::disallowed_methods, reason = "faults take real time and are told where the servers are")]

#[path = "harness/command.rs"]
#[allow(dead_code, reason = "each target uses what it needs")]
mod command;
#[path = "faults/leaving.rs"]
mod leaving;
#[path = "faults/line.rs"]
mod line;
#[path = "harness/link.rs"]
#[allow(dead_code, reason = "each target uses what it needs")]
mod link;
#[path = "faults/names.rs"]
mod names;
#[path = "harness/peers.rs"]
mod peers;
#[path = "faults/state.rs"]
mod state;
#[path = "harness/terminal.rs"]
#[allow(dead_code, reason = "each target uses what it needs")]
mod terminal;

use butty::types::Problem;
use command::{butty_with_input, words};
use line::Line;
use names::Names;
use peers::{Peers, Talker};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use terminal::Terminal;

/// What a process may take to be drawn on a busy computer, on top of what is promised.
const GRACE: Duration = Duration::from_secs(2);

fn home() -> TempDir {
    tempfile::Builder::new().prefix("butty-faults-").tempdir().expect("a folder")
}

/// Signs in by password from the command line; `more`: of the account's settings.
fn sign_in(peers: &Peers, home: &Path, address: &str, more: &str) {
    peers.config(home, &[(address, more)]);
    let user = address.split('@').next().expect("a user");
    let done = butty_with_input(home, &["login", address, "--password-stdin"], &format!("pw-{user}\n"));
    assert!(done.status.success(), "{}", words(&done));
}

/// The setting that leads through a line.
fn through(line: &Line) -> String {
    format!("server = \"127.0.0.1:{}\"", line.port)
}

fn bot(peers: &Peers, address: &str, server: &str) -> Talker {
    let user = address.split('@').next().expect("a user");
    let password = format!("pw-{user}");
    let mut command = peers.python("bot.py");
    command.args([address, "--connect", peers.get(server), "--ca", peers.get("CA"), "--password", &password]);
    let bot = Talker::start(command);
    bot.wait_for("READY");
    bot
}

fn signal(butty: &Terminal, name: &str) {
    let done = Command::new("kill").args([name, &butty.pid().to_string()]).status();
    assert!(done.expect("kill runs").success());
}

fn unique(of: &str) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    format!("{of}-{}", now.as_nanos() % 1_000_000_007)
}

/// Signed in through a line of its own.
fn online(peers: &Peers, server: &str, address: &str) -> (TempDir, Line, Terminal) {
    let (home, line) = (home(), Line::to(peers.get(server)));
    sign_in(peers, home.path(), address, &through(&line));
    let butty = Terminal::start(home.path(), &[], 100, 40);
    butty.wait_for("Available");
    (home, line, butty)
}

/// What takes its time, at a time: a line that dies without a word is noticed in half a minute where nobody does anything,
/// and in ten seconds behind a message, which arrives once; names that nobody answers for are asked again.
#[test]
fn what_dies_without_a_word_is_noticed_and_replaced() {
    let peers = Peers::find();
    std::thread::scope(|scope| {
        scope.spawn(|| half_open_and_idle(&peers));
        scope.spawn(|| half_open_with_a_message(&peers));
        scope.spawn(|| dead_names(&peers));
    });
}

fn half_open_and_idle(peers: &Peers) {
    let (_home, line, butty) = online(peers, "PROSODY13", "admin@alpha.test");
    // So that the last sign of life is as young as can be.
    std::thread::sleep(Duration::from_secs(1));
    let (before, began) = (line.connections(), Instant::now());
    line.halve();
    let noticed = line.came(before) - began;
    println!("half-open and idle: another connection after {noticed:.1?}");
    // A second or so is the first wait of every link that was lost.
    assert!(noticed <= Duration::from_millis(31_200) + GRACE, "{noticed:?}");
    assert_eq!(butty.quit(), 0);
}

fn half_open_with_a_message(peers: &Peers) {
    let bot = bot(peers, "romeo@alpha.test", "PROSODY13");
    let (_home, line, mut butty) = online(peers, "PROSODY13", "juliet@alpha.test");
    butty.line("/msg romeo@alpha.test");
    butty.wait_for("To romeo");
    std::thread::sleep(Duration::from_secs(2));
    let before = line.connections();
    line.halve();
    let said = unique("written-while-half-open");
    let began = Instant::now();
    butty.line(&said);
    let noticed = line.came(before) - began;
    bot.wait_for(&said);
    let back = began.elapsed();
    println!("half-open and a message: another connection after {noticed:.1?}, delivered after {back:.1?}");
    assert!(noticed <= Duration::from_millis(11_200) + GRACE, "{noticed:?}");
    butty.wait_for(&format!("echo: {said}"));
    assert_eq!(bot.count(&format!("\t{said}")), 1, "once");
    assert_eq!(butty.quit(), 0);
}

fn dead_names(peers: &Peers) {
    let home = home();
    sign_in(peers, home.path(), "juliet@p12.test", "");
    let names = Names::dead_before(peers.get("RESOLVER"));
    let config = home.path().join("butty/config/config.toml");
    let text = std::fs::read_to_string(&config).expect("a file").replace(peers.get("RESOLVER"), &names.address);
    std::fs::write(&config, text).expect("a file");
    let butty = Terminal::start(home.path(), &[], 100, 40);
    let began = Instant::now();
    butty.wait_until("another try", |screen| screen.contains("attempt 2"));
    let (tries, asked) = (began.elapsed(), names.asked());
    println!("dead names: the second try is over after {tries:.1?}; {asked} questions");
    // Two kinds of service, asked once a second for five seconds or so, and twice.
    assert!(asked <= 40, "{asked} questions are a flood");
    let began = Instant::now();
    names.wake();
    butty.wait_for("Available");
    let back = began.elapsed();
    println!("names are alive again: signed in after {back:.1?}");
    assert!(back <= Duration::from_secs(5) + GRACE, "the next try is five seconds away at most: {back:?}");
    assert_eq!(butty.quit(), 0);
}

/// What the service records say counts: none where there is to be none, the domain itself only where there are none.
#[tokio::test]
async fn service_records_are_believed() {
    let outcome = async |domain: &str| {
        let (_link, mut facts) = link::start(&link::network(), link::with_password(domain), true);
        link::outcome(&mut facts).await.expect_err("nobody is there")
    };
    assert_eq!(outcome("none.test").await.code(), "BTY-NET-07");
    assert!(matches!(outcome("nosrv.test").await, Problem::Refused { port: 5222, .. }));
    assert!(matches!(outcome("closed.test").await, Problem::Refused { port: 15222, .. }));
    assert!(matches!(outcome("nothing.test").await, Problem::NameNotFound { .. }));
}

fn prosody(peers: &Peers, version: &str, what: &str) {
    let script = PathBuf::from(peers.get("SCRIPTS")).join("prosody");
    let done = Command::new(script).args([version, what, peers.get("DATA")]).output().expect("a script");
    assert!(done.status.success(), "{}", words(&done));
}

#[test]
fn a_server_that_starts_again_gets_what_was_written_meanwhile_once() {
    let peers = Peers::find();
    let home = home();
    sign_in(&peers, home.path(), "juliet@p12b.test", "");
    let mut butty = Terminal::start(home.path(), &[], 100, 40);
    butty.wait_for("Available");
    butty.line("/msg romeo@p12b.test");
    butty.wait_for("To romeo");
    prosody(&peers, "12", "stop");
    let said = [unique("while-away-1"), unique("while-away-2")];
    for text in &said {
        butty.line(text);
        butty.wait_for(text);
    }
    std::thread::sleep(Duration::from_secs(2));
    prosody(&peers, "12", "start");
    let began = Instant::now();
    // Its own two tries beside, this is what another client needs as well.
    let bot = bot(&peers, "romeo@p12b.test", "PROSODY12");
    for text in &said {
        bot.wait_for(text);
    }
    let back = began.elapsed();
    println!("after a restart of the server: delivered {back:.1?} after it was there");
    assert!(back <= Duration::from_secs(10) + GRACE, "{back:?}");
    for text in &said {
        butty.wait_for(&format!("echo: {text}"));
        assert_eq!(bot.count(&format!("\t{text}")), 1, "once");
    }
    assert_eq!(butty.quit(), 0);
}

#[test]
fn a_process_that_was_stopped_has_everything_once_when_it_goes_on() {
    let long = std::env::var_os("BUTTY_LONG").is_some();
    let (peers, seconds) = (Peers::find(), if long { 60 } else { 12 });
    let home = home();
    sign_in(&peers, home.path(), "juliet@p12.test", "");
    let mut bot = bot(&peers, "romeo@p12.test", "PROSODY12");
    // High enough for all of it.
    let mut butty = Terminal::start(home.path(), &[], 100, 40 + 3 * seconds);
    butty.wait_for("Available");
    butty.line("/msg romeo@p12.test");
    butty.wait_for("To romeo");
    let mark = unique("stopped");
    signal(&butty, "-STOP");
    let texts: Vec<String> = (1..=seconds).map(|number| format!("{mark}-{number:02}.")).collect();
    for text in &texts {
        bot.tell(&format!("say juliet@p12.test {text}"));
        std::thread::sleep(Duration::from_secs(1));
    }
    let began = Instant::now();
    signal(&butty, "-CONT");
    butty.wait_for(&texts[texts.len() - 1]);
    let shown = began.elapsed();
    println!("stopped for {seconds} s: all shown {shown:.1?} after it went on");
    assert!(shown <= Duration::from_secs(5) + GRACE, "{shown:?}");
    let reply = unique("and-now-from-here");
    butty.line(&reply);
    bot.wait_for(&reply);
    let screen = butty.wait_for(&format!("echo: {reply}"));
    let at: Vec<usize> = texts.iter().map(|text| screen.find(text.as_str()).expect("shown")).collect();
    assert!(at.is_sorted(), "in order:\n{screen}");
    for text in &texts {
        assert_eq!(screen.matches(text.as_str()).count(), 1, "once:\n{screen}");
    }
    assert_eq!(butty.quit(), 0);
}
