//! A bug inside the interface: the terminal is given back, a report is written, the code is said, the status is 1.
//!
//! The panic happens in a process of its own, in a pseudo-terminal: this very test binary, started again for its one
//! other test. Nothing in butty itself can be made to panic for this.

#![cfg(unix)]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may stop")]
#![allow(clippy::disallowed_methods, reason = "the inner process learns from its environment that it is one")]

use butty::cli::Voice;
use butty::runtime::guarded;
use butty::term::Guard;
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::io::Read;
use std::path::PathBuf;

/// Names the log file for the inner process.
const INNER: &str = "BUTTY_TEST_CRASH";

/// The inner process; as a test among others it has nothing to do.
#[test]
fn inner() {
    let Some(log) = std::env::var_os(INNER).map(PathBuf::from) else { return };
    let ended = guarded(Some(&log), || {
        let _guard = Guard::enter(true)?;
        let rows: Vec<u8> = Vec::new();
        let missing = rows.len();
        Ok(rows[missing])
    });
    let problem = ended.expect_err("it cannot end well");
    std::process::exit(i32::from(Voice { json: false, quiet: false, columns: None }.fail(&problem)));
}

#[test]
fn a_bug_gives_the_terminal_back_and_leaves_a_report() {
    let home = tempfile::tempdir().expect("a folder");
    let log = home.path().join("state/butty.log");
    let pair = native_pty_system().openpty(PtySize::default()).expect("a pseudo-terminal");
    let mut command = CommandBuilder::new(std::env::current_exe().expect("this test"));
    command.args(["--exact", "inner", "--nocapture"]);
    command.env(INNER, &log);
    let mut inner = pair.slave.spawn_command(command).expect("it starts");
    drop(pair.slave);
    let mut bytes = Vec::new();
    // The end of a pseudo-terminal is an error on Linux.
    drop(pair.master.try_clone_reader().expect("a reader").read_to_end(&mut bytes));
    let status = inner.wait().expect("it ends");
    let said = String::from_utf8_lossy(&bytes);
    assert_eq!(status.exit_code(), 1, "{said}");
    let told = said.find("BTY-BUG-01").expect("the code is said");
    for (on, off) in [("\x1b[?1049h", "\x1b[?1049l"), ("\x1b[?2004h", "\x1b[?2004l"), ("\x1b[?1000h", "\x1b[?1000l")] {
        let (on, off) = (said.find(on).expect("switched on"), said.find(off).expect("switched off"));
        assert!(on < off && off < told, "{said:?}");
    }
    assert!(said.contains("butty.crash.txt") && !said.contains("index out of bounds"), "{said}");
    let report = std::fs::read_to_string(log.with_file_name("butty.crash.txt")).expect("a report");
    assert!(report.contains("index out of bounds") && report.contains("tests/crash.rs:"), "{report}");
}
