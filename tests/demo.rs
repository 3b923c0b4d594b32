//! The demo, from the first screen to an answered message, as a newcomer sees it. Needs no server and no network:
//! the service runs inside, behind real loopback TCP, TLS, HTTPS and DNS.

#![cfg(feature = "demo")]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may stop")]
#![allow(clippy::disallowed_methods, reason = "journeys live in real time")]
#![allow(dead_code, reason = "the harness is shared")]

#[path = "harness/command.rs"]
mod command;
#[path = "harness/terminal.rs"]
mod terminal;

use command::{butty, butty_with_input, words};
use terminal::Terminal;

fn home() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

/// The demo, with a yes to the code: the buddies are there.
fn signed_in(home: &tempfile::TempDir) -> Terminal {
    let mut butty = Terminal::start(home.path(), &["demo", "--fast"], 80, 24);
    butty.wait_for("Type this code");
    butty.send("a");
    butty.wait_for("You are signed in");
    butty.send("\r");
    butty.wait_for("Bela");
    butty
}

#[test]
fn row_000_28_the_demo_runs_from_welcome_to_an_answered_message() {
    let home = home();
    let mut butty = Terminal::start(home.path(), &[], 80, 24);
    butty.wait_for("Try it now");
    butty.send("\r");
    butty.wait_for("Type this code");
    butty.send("a");
    butty.wait_for("You are signed in");
    butty.send("\r");
    butty.wait_for("Bela");
    butty.wait_for("(1)"); // she writes first
    butty.send("\x0b"); // Ctrl+K
    butty.wait_for("Go to");
    butty.send("bela\r");
    butty.wait_for("To Bela");
    let before = butty.screen().matches("Bela says").count();
    butty.line("hello from a test");
    butty.wait_for("hello from a test");
    butty.wait_until("her answer", |screen| screen.matches("Bela says").count() > before);
    assert_eq!(butty.quit(), 0);
    assert!(!home.path().join("butty").exists(), "the demo leaves nothing behind");
}

#[test]
fn a_service_that_ends_no_other_sign_ins_is_left_and_says_what_to_do_instead() {
    let home = home();
    let mut butty = signed_in(&home);
    butty.line("/logout");
    butty.wait_for("[ ] sign out everywhere");
    butty.send("\x1b[B");
    butty.send(" ");
    butty.wait_for("[x] sign out everywhere");
    butty.send("\r");
    let screen = butty.wait_for("has no way to end your other");
    assert!(screen.contains("has forgotten this computer"), "{screen}");
    butty.send("\r");
    butty.wait_for("Sign in with a code");
    assert_eq!(butty.quit(), 0);
}

#[test]
fn a_no_is_a_no() {
    let home = home();
    let mut butty = Terminal::start(home.path(), &["demo", "--fast"], 80, 24);
    butty.wait_for("Type this code");
    butty.send("x");
    butty.wait_for("BTY-AUTH-02");
    butty.send("n");
    butty.wait_for("Type this code");
    butty.send("a");
    butty.wait_for("You are signed in");
    butty.send("\r");
    butty.wait_for("Bela");
    assert_eq!(butty.quit(), 0);
}

#[test]
fn any_size_while_it_lives() {
    let home = home();
    let mut butty = Terminal::start(home.path(), &["demo", "--fast"], 120, 40);
    butty.wait_for("Type this code");
    butty.send("a");
    butty.wait_for("You are signed in");
    butty.send("\r");
    butty.wait_for("Bela");
    for (columns, rows) in [(1, 1), (20, 6), (200, 60), (3, 50), (64, 12), (99, 28), (80, 24)] {
        butty.resize(columns, rows);
    }
    butty.wait_for("Bela");
    assert_eq!(butty.quit(), 0);
}

#[test]
fn the_terminal_is_given_back() {
    let home = home();
    let mut butty = Terminal::start(home.path(), &["demo", "--fast"], 80, 24);
    butty.wait_for("Type this code");
    let pid = butty.pid().to_string();
    std::process::Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs");
    butty.end();
    let bytes = butty.bytes();
    let text = String::from_utf8_lossy(&bytes);
    for (on, off) in [("\x1b[?1049h", "\x1b[?1049l"), ("\x1b[?2004h", "\x1b[?2004l"), ("\x1b[?1000h", "\x1b[?1000l")] {
        let (on, off) = (text.rfind(on).expect("switched on"), text.rfind(off).expect("switched off"));
        assert!(on < off);
    }
    assert!(text.rfind("\x1b[?25h").is_some(), "the cursor is shown");
}

fn signal(butty: &Terminal, name: &str) {
    let pid = butty.pid().to_string();
    assert!(std::process::Command::new("kill").args([name, &pid]).status().expect("kill runs").success());
}

#[test]
fn an_interrupt_from_outside_ends_with_130_and_a_hang_up_reads_the_config_again() {
    let home = home();
    let mut butty = signed_in(&home);
    signal(&butty, "-HUP");
    butty.wait_for("The configuration was read again");
    signal(&butty, "-INT");
    assert_eq!(butty.end(), 130);
}

/// Under `su` or `setsid` a closed window sends no SIGHUP; butty must not stay behind, online and unseen.
#[cfg(target_os = "linux")]
#[test]
fn a_terminal_that_vanishes_without_a_signal_takes_butty_along() {
    use portable_pty::{CommandBuilder, PtySize, native_pty_system};
    use std::io::Read;
    let home = home();
    let pair = native_pty_system().openpty(PtySize::default()).expect("a pseudo-terminal");
    let mut command = CommandBuilder::new("setsid");
    command.args(["-w", env!("CARGO_BIN_EXE_butty"), "demo"]);
    command.env("BUTTY_HOME", home.path());
    let mut leader = pair.slave.spawn_command(command).expect("setsid starts");
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().expect("a reader");
    let mut seen = Vec::new();
    while !seen.windows(12).any(|part| part.starts_with(b"Waiting")) {
        let mut buffer = [0; 4096];
        let read = reader.read(&mut buffer).expect("butty draws");
        assert!(read > 0, "butty ended before it was shown");
        seen.extend_from_slice(&buffer[..read]);
    }
    let parent = leader.process_id().expect("running");
    let child = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).expect("its child");
    let child = format!("/proc/{}", child.trim());
    drop((reader, pair.master));
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while std::path::Path::new(&child).exists() {
        assert!(std::time::Instant::now() < until, "butty stays as a ghost");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    drop(leader.wait());
}

#[test]
fn a_pipe_is_told_what_to_do() {
    let home = home();
    let done = butty(home.path(), &[]);
    assert_eq!(done.status.code(), Some(4), "{}", words(&done));
    assert!(words(&done).contains("BTY-CLI-02") && done.stdout.is_empty());
    let done = butty(home.path(), &["demo"]);
    assert_eq!(done.status.code(), Some(2), "{}", words(&done));
    assert!(words(&done).contains("BTY-TERM-02"));
}

#[test]
fn the_demo_says_what_it_is() {
    let done = butty(home().path(), &["demo", "--about"]);
    let about = words(&done);
    for word in ["documented", "inferred", "added"] {
        assert!(about.contains(word), "{about}");
    }
}

#[test]
fn wrong_usage_is_two_and_config_three() {
    let home = home();
    assert_eq!(butty(home.path(), &["frobnicate"]).status.code(), Some(2));
    assert_eq!(butty(home.path(), &["--version"]).status.code(), Some(0));
    let folder = home.path().join("butty/config");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("config.toml"), "[ui]\nmouse = \"maybe\"\n").expect("a file");
    let done = butty(home.path(), &["config", "check"]);
    assert_eq!(done.status.code(), Some(3), "{}", words(&done));
    let said = words(&done);
    assert!(said.contains("BTY-CONF-01") && said.contains("line 2"), "{said}");
    let done = butty_with_input(home.path(), &["login", "not an address", "--password-stdin"], "x\n");
    assert!(!done.status.success());
}
