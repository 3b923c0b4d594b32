//! A home with an account at a hostile server, and what the process costs.

use super::command::butty_with_input;
use super::server::{ACCOUNT, SECRET, Server};
use super::terminal::Terminal;
use std::fs;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A key that is answered later than this was waiting for something. Speed itself is measured by the benchmarks;
/// this has to hold on a machine that builds something else at the same time.
pub const FROZEN: Duration = Duration::from_secs(3);

pub fn home() -> TempDir {
    tempfile::Builder::new().prefix("butty-hostile-").tempdir().unwrap()
}

/// Writes a config with the account; `more` are further lines of it.
pub fn configure(home: &Path, server: &Server, more: &str) {
    let folder = home.join("butty/config");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("ca.pem"), &server.stage.authority.pem).unwrap();
    let ca = folder.join("ca.pem");
    let text = format!(
        "[[accounts]]\naddress = \"{ACCOUNT}\"\nserver = \"127.0.0.1:{}\"\nca_file = \"{}\"\n{more}\n",
        server.port,
        ca.display()
    );
    fs::write(folder.join("config.toml"), text).unwrap();
}

/// The messenger in a terminal, with the account's password at hand.
pub fn open(home: &Path, server: &Server) -> Terminal {
    configure(home, server, &format!("password_command = [\"/bin/echo\", \"{SECRET}\"]"));
    Terminal::start(home, &[], 100, 30)
}

/// One sign-in by password from the command line, and how long it took.
pub fn login(home: &Path, server: &Server) -> (Output, Duration) {
    configure(home, server, "");
    let begun = Instant::now();
    let done = butty_with_input(home, &["login", ACCOUNT, "--password-stdin"], &format!("{SECRET}\n"));
    (done, begun.elapsed())
}

/// The most memory that a process ever had, in MiB; `None` once it has ended.
pub fn peak(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib / 1024)
}

/// Types a letter that is nowhere on the screen and waits until it is; how long that took.
#[track_caller]
pub fn key_echo(butty: &mut Terminal, key: &str) -> Duration {
    let before = butty.screen().matches(key).count();
    let begun = Instant::now();
    butty.send(key);
    butty.wait_until("the key", |screen| screen.matches(key).count() > before);
    begun.elapsed()
}
