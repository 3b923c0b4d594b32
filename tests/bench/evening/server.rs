//! The Prosody 12 that `tests/servers/up` started, and the buddies at it.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The host whose accounts are used.
pub const HOST: &str = "p12.test";

/// The running server.
pub struct Server {
    values: HashMap<String, String>,
}

impl Server {
    /// The server behind `BUTTY_PEERS`.
    pub fn find() -> Self {
        let folder = std::env::var("BUTTY_PEERS").expect("BUTTY_PEERS names the folder of tests/servers/up");
        let text = fs::read_to_string(Path::new(&folder).join("env")).expect("tests/servers/up prosody12 has run");
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        Self { values: pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect() }
    }

    fn value(&self, name: &str) -> &str {
        self.values.get(name).unwrap_or_else(|| panic!("no {name} in env"))
    }

    /// `address:port` with STARTTLS. Clients are told it, so that no DNS is measured.
    pub fn address(&self) -> &str {
        self.value("PROSODY12")
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        let file = Path::new(self.value("DATA")).join("pids/prosody12.pid");
        let text = fs::read_to_string(file).expect("the server's number");
        text.split_whitespace().next().and_then(|number| number.parse().ok()).expect("the server's number")
    }

    /// The authority to trust.
    pub fn ca(&self) -> &str {
        self.value("CA")
    }

    /// Makes the account `user`, password `pw-USER`, with that many buddies.
    pub fn fill(&self, user: &str, buddies: usize) {
        let script = PathBuf::from(self.value("SCRIPTS")).join("roster");
        let mut command = Command::new(script);
        command.args([self.value("DATA"), HOST, user, &buddies.to_string()]).stdout(Stdio::null());
        assert!(command.status().expect("roster runs").success(), "no roster for {user}");
    }

    /// Brings these buddies online.
    pub fn crowd(&self, numbers: &[usize]) -> Crowd {
        let list: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        let mut command = Command::new(self.value("PYTHON"));
        command.arg(PathBuf::from(self.value("SCRIPTS")).join("crowd.py"));
        command.args([self.address(), HOST, self.ca(), &list.join(",")]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("crowd.py starts");
        let orders = child.stdin.take().expect("piped");
        let told = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut crowd = Crowd { child, orders, told };
        crowd.wait_for("READY");
        crowd
    }
}

/// Buddies who are online, and flood on demand.
pub struct Crowd {
    child: Child,
    orders: ChildStdin,
    told: Lines<BufReader<ChildStdout>>,
}

impl Crowd {
    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Begins to send `count` messages to the user, `rate` in a second, 0: as fast as it goes.
    pub fn flood(&mut self, buddy: usize, user: &str, count: usize, rate: usize) {
        writeln!(self.orders, "flood {buddy} {user}@{HOST} {count} {rate}").expect("crowd.py listens");
        self.orders.flush().expect("crowd.py listens");
    }

    /// Waits until the server has handled all of a flood.
    pub fn flooded(&mut self) {
        self.wait_for("FLOODED");
    }

    fn wait_for(&mut self, word: &str) {
        let line = self.told.next().expect("crowd.py goes on").expect("text");
        assert!(line.starts_with(word), "crowd.py said: {line}");
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
