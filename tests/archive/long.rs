//! A long absence: the newest messages at once, the rest in the background, typing never waits, and nothing is read
//! twice.

use super::command::{butty, words};
use super::terminal::Terminal;
use super::{HOST, Peers, accounts, home, kept, number, sign_in, user, wait_for_rows};
use std::path::Path;
use std::time::{Duration, Instant};

/// The newest of the archive, when butty was there last.
const BEFORE: u32 = 10;
/// Messages that Prosody gives in a page at most.
const PAGE: u32 = 50;
/// A character that stands nowhere else on the screen.
const KEY: char = '§';
const ALL: &str = "SELECT count(*) FROM message";

fn is_long() -> bool {
    std::env::var("BUTTY_LONG").is_ok()
}

/// Kilobytes of memory that the process had at most.
fn peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a peak");
    line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).expect("kilobytes")
}

/// Pages of the archive that were asked for, by the log.
pub fn asked(home: &Path) -> usize {
    let log = std::fs::read_to_string(home.join("butty/state/butty.log")).expect("a log");
    log.lines().filter(|line| line.contains("<query xmlns='urn:xmpp:mam:2'")).count()
}

fn fill_archive(peers: &Peers, own: &str, other: &str, from: u32, to: u32) {
    let mut command = peers.python("archive.py");
    command.args([peers.get("DATA"), HOST, user(own), user(other), &from.to_string(), &to.to_string()]);
    let done = command.output().expect("the script runs");
    assert!(done.status.success(), "{}", words(&done));
}

/// Prosody makes the table of its archive for the first message in it.
fn begin_archive(peers: &Peers, address: &str) {
    let home = home();
    sign_in(peers, home.path(), address);
    let done = butty(home.path(), &["send", address, "the first of all"]);
    assert!(done.status.success(), "{}", words(&done));
}

/// A first visit: what is in the archive then is not missing later.
fn visit(home: &Path) {
    let butty = Terminal::start(home, &[], 100, 30);
    let patience = Duration::from_secs(30);
    let caught_up = |kept: &rusqlite::Connection| number(kept, "SELECT count(synced_id) FROM account") == 1;
    wait_for_rows(home, "the first visit", patience, caught_up);
    assert_eq!(butty.quit(), 0);
}

/// Types while the archive comes in, until so many rows are kept. Gives the keys, and how long the slowest took to show.
fn type_until(butty: &mut Terminal, home: &Path, half: i64) -> (u32, Duration) {
    let began = Instant::now();
    let (mut keys, mut slowest, mut typed) = (0_u32, Duration::ZERO, String::new());
    let mut rows = 0;
    while rows < half {
        assert!(began.elapsed() < Duration::from_secs(900), "the archive does not come in");
        typed.push(KEY);
        let pressed = Instant::now();
        butty.send(&KEY.to_string());
        butty.wait_for(&typed);
        slowest = slowest.max(pressed.elapsed());
        keys += 1;
        if keys.is_multiple_of(20) {
            butty.send("\x15"); // Ctrl+U
            typed.clear();
            butty.wait_gone(&KEY.to_string());
        }
        rows = number(&kept(home), ALL);
        std::thread::sleep(Duration::from_millis(10));
    }
    (keys, slowest)
}

/// A restart reads the newest page, finds nothing new, and asks no more.
fn restart_asks_once(home: &Path) {
    let synced = number(&kept(home), "SELECT max(synced_at) FROM account");
    let again = Terminal::start_with(home, &[], 100, 30, &[("BUTTY_LOG", "debug")]);
    again.wait_for("Available");
    wait_for_rows(home, "the restart to be caught up", Duration::from_secs(30), |kept| {
        number(kept, "SELECT max(synced_at) FROM account") > synced
    });
    assert_eq!(again.quit(), 0);
    assert_eq!(asked(home), 1, "a restart needs no new synchronisation");
}

#[test]
fn must_show_4_a_long_archive_comes_newest_first_and_only_once() {
    let peers = Peers::find();
    let count = if is_long() { 100_000 } else { 3_000 };
    let [own, other] = accounts(&peers, ["erik", "flora"]);
    let home = home();
    sign_in(&peers, home.path(), &own);
    begin_archive(&peers, &other);
    fill_archive(&peers, &own, &other, 1, BEFORE);
    visit(home.path());
    fill_archive(&peers, &own, &other, BEFORE + 1, count);

    // The newest at once, and keys are answered while the rest comes in.
    let began = Instant::now();
    let mut butty = Terminal::start(home.path(), &[], 100, 30);
    butty.wait_for("Find a buddy");
    butty.line(&format!("/msg {other}"));
    butty.wait_for(&format!("number {count} of the long archive"));
    let first_screen = began.elapsed();
    let (keys, slowest) = type_until(&mut butty, home.path(), i64::from(count / 2));
    let so_far = began.elapsed();
    let memory = peak(butty.pid());

    // Killed in the middle: it goes on where it was.
    drop(butty);
    let have = u32::try_from(number(&kept(home.path()), ALL)).expect("rows");
    assert!(have < count, "it was fast, and nothing was left to test: {have}");
    let log = if is_long() { "warn" } else { "debug" };
    let resumed = Instant::now();
    let butty = Terminal::start_with(home.path(), &[], 100, 30, &[("BUTTY_LOG", log)]);
    let patience = Duration::from_secs(900);
    wait_for_rows(home.path(), "the whole archive", patience, |kept| number(kept, ALL) >= i64::from(count));
    wait_for_rows(home.path(), "no gap", patience, |kept| number(kept, "SELECT count(*) FROM archive_gap") == 0);
    let (rest, memory) = (resumed.elapsed(), memory.max(peak(butty.pid())));
    assert_eq!(butty.quit(), 0);
    let (different, all) = {
        let kept = kept(home.path());
        (number(&kept, "SELECT count(DISTINCT body) FROM message"), number(&kept, ALL))
    };
    assert_eq!((all, different), (i64::from(count), i64::from(count)), "each once");
    if !is_long() {
        let needed = (count - have).div_ceil(PAGE) as usize;
        assert!(asked(home.path()) <= needed + 4, "{} pages for {needed}", asked(home.path()));
        std::fs::remove_file(home.path().join("butty/state/butty.log")).expect("a log");
    }

    restart_asks_once(home.path());
    println!(
        "{count} messages (debug build): first screen {} ms, half in {} ms, the rest after kill -9 in {} ms, slowest \
         of {keys} keys {} ms, memory at most {memory} kB",
        first_screen.as_millis(),
        so_far.as_millis(),
        rest.as_millis(),
        slowest.as_millis(),
    );
    assert!(first_screen < Duration::from_secs(10), "first screen after {first_screen:?}");
    assert!(slowest < Duration::from_secs(1), "a key waited {slowest:?}");
    assert!(memory < 100_000, "{memory} kB");
}
