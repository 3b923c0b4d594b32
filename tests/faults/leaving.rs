//! Every way out, in every state of a connection: gone within a second, and the terminal as it was.

use super::line::Line;
use super::peers::{Peers, Talker};
use super::terminal::Terminal;
use super::{home, sign_in, signal};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// What is promised.
const PROMISE: Duration = Duration::from_secs(1);
/// What a busy computer may add to it.
const GRACE: Duration = Duration::from_millis(700);
/// Switched on, and off again.
const SWITCHES: [(&str, &str); 4] = [
    ("\x1b[?1049h", "\x1b[?1049l"),
    ("\x1b[?2004h", "\x1b[?2004l"),
    ("\x1b[?1000h", "\x1b[?1000l"),
    ("\x1b[?1004h", "\x1b[?1004l"),
];

/// How butty is made to leave, and the exit code.
const WAYS: [(&str, u32); 4] = [("-TERM", 0), ("-INT", 130), ("-QUIT", 0), ("Ctrl+Q", 0)];

/// Leaves by each way from the state that `reach` brings a new butty into, all at a time. `asks`: Ctrl+Q asks first there.
fn leaves(state: &str, asks: bool, reach: impl Fn() -> (TempDir, Terminal) + Sync) {
    let ways = if asks { &WAYS[..3] } else { &WAYS[..] };
    std::thread::scope(|scope| {
        for (way, code) in ways {
            let reach = &reach;
            scope.spawn(move || leaves_by(way, *code, state, reach()));
        }
        scope.spawn(|| {
            let (_home, mut butty) = reach();
            // Nobody is left to restore anything for.
            butty.close();
            let began = Instant::now();
            butty.end();
            in_time("a closed terminal", state, began.elapsed());
        });
    });
}

fn leaves_by(way: &str, code: u32, state: &str, (_home, mut butty): (TempDir, Terminal)) {
    let began = Instant::now();
    match way {
        "Ctrl+Q" => butty.send("\x11"),
        _ => signal(&butty, way),
    }
    assert_eq!(butty.end(), code, "{way} while {state}");
    in_time(way, state, began.elapsed());
    let bytes = String::from_utf8_lossy(&butty.bytes()).into_owned();
    for (on, off) in SWITCHES {
        let (switched, back) = (bytes.rfind(on).expect("switched on"), bytes.rfind(off).expect("switched off"));
        assert!(switched < back, "{way} while {state} leaves {on:?} on");
    }
}

fn in_time(way: &str, state: &str, took: Duration) {
    println!("{way} while {state}: gone after {took:.2?}");
    assert!(took <= PROMISE + GRACE, "{way} while {state} took {took:?}");
}

#[test]
fn while_dialling() {
    // A port whose queue is full: the kernel lets further connections wait for their answer.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address: SocketAddr = listener.local_addr().expect("bound");
    let mut queue = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
        queue.push(stream);
        assert!(queue.len() < 10_000, "a queue without end");
    }
    leaves("dialling", false, || at_an_address(&address.to_string()));
    drop(queue);
}

#[test]
fn while_signing_in() {
    // It takes the connection, reads, and says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound").to_string();
    std::thread::spawn(move || {
        let mut taken: Vec<TcpStream> = Vec::new();
        taken.extend(listener.incoming().map_while(Result::ok));
    });
    leaves("signing in", false, || at_an_address(&address));
}

/// Somebody with a password, on the way to this server.
fn at_an_address(address: &str) -> (TempDir, Terminal) {
    let (peers, home) = (Peers::find(), home());
    let more = format!("server = \"{address}\"\npassword_command = [\"/bin/echo\", \"pw-juliet\"]");
    peers.config(home.path(), &[("juliet@p12.test", &more)]);
    let butty = Terminal::start(home.path(), &[], 100, 30);
    butty.wait_for("Connecting");
    std::thread::sleep(Duration::from_millis(300));
    (home, butty)
}

/// Online, and then nothing passes any more.
fn online_and_dead(writes: bool) -> (TempDir, Terminal) {
    let (peers, home) = (Peers::find(), home());
    let line = Line::to(peers.get("PROSODY13"));
    sign_in(&peers, home.path(), "juliet@alpha.test", &super::through(&line));
    let mut butty = Terminal::start(home.path(), &[], 100, 30);
    butty.wait_for("Available");
    line.die();
    if writes {
        butty.line("/msg romeo@alpha.test");
        butty.wait_for("To romeo");
        butty.line("into the void");
        butty.wait_for("into the void");
    }
    (home, butty)
}

/// Online, and another process keeps the history locked.
fn online_and_locked() -> (TempDir, Terminal) {
    let (peers, home) = (Peers::find(), home());
    sign_in(&peers, home.path(), "juliet@alpha.test", "");
    let mut butty = Terminal::start(home.path(), &[], 100, 30);
    butty.wait_for("Available");
    butty.line("/msg romeo@alpha.test");
    butty.wait_for("To romeo");
    let mut lock = std::process::Command::new("python3");
    lock.args(["-c", LOCK]).arg(home.path());
    let lock = Talker::start(lock);
    lock.wait_for("LOCKED");
    butty.line("nowhere to go");
    butty.wait_for("nowhere to go");
    // It stays locked until the test is over, and a little longer does no harm.
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(4));
        drop(lock);
    });
    (home, butty)
}

const LOCK: &str = r#"
import pathlib, sqlite3, sys
[file] = pathlib.Path(sys.argv[1]).rglob("*.db")
held = sqlite3.connect(file, isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("LOCKED", flush=True)
sys.stdin.read()
"#;

#[test]
fn while_the_history_is_locked() {
    leaves("the history is locked", true, online_and_locked);
}

#[test]
fn while_online_with_a_silent_server() {
    leaves("online with a silent server", false, || online_and_dead(false));
}

#[test]
fn on_a_half_open_line_with_a_message_under_way() {
    leaves("half-open with a message under way", true, || online_and_dead(true));
}
