//! The real servers that `tests/run` started: their addresses, and the second clients.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// How long a peer may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Addresses and files of the running servers.
pub struct Peers {
    values: HashMap<String, String>,
}

impl Peers {
    /// The servers behind `BUTTY_PEERS`. Their absence is a failure: no test is left out for it.
    pub fn find() -> Self {
        let folder = std::env::var("BUTTY_PEERS").expect("BUTTY_PEERS names the folder of tests/servers/up");
        let text = fs::read_to_string(Path::new(&folder).join("env")).expect("servers are up");
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        Self { values: pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect() }
    }

    /// One value.
    pub fn get(&self, name: &str) -> &str {
        self.values.get(name).unwrap_or_else(|| panic!("no {name} in env"))
    }

    /// A config file for one account at one of the servers.
    pub fn config(&self, home: &Path, accounts: &[(&str, &str)]) {
        let mut text = format!("[network]\nresolver = \"{}\"\n", self.get("RESOLVER"));
        for (address, more) in accounts {
            let account = format!("[[accounts]]\naddress = \"{address}\"\nca_file = \"{}\"\n{more}\n", self.get("CA"));
            text.push_str(&account);
        }
        let folder = home.join("butty/config");
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("config.toml"), text).expect("a file");
    }

    /// Accounts at a host of Prosody 13 or ejabberd, with the password pw-NAME.
    #[allow(dead_code, reason = "not every target needs people of its own")]
    pub fn make_accounts(&self, host: &str, names: &[&str]) {
        let script = |name: &str| Command::new(PathBuf::from(self.get("SCRIPTS")).join(name));
        let done = |mut command: Command| {
            let done = command.output().expect("the script runs");
            assert!(done.status.success(), "{done:?}");
        };
        if host.starts_with("ej") {
            for name in names {
                let mut command = script("ejabberd");
                command.args(["ctl", self.get("DATA"), "register", name, host, &format!("pw-{name}")]);
                done(command);
            }
            return;
        }
        let mut command = script("prosody");
        command.args(["13", "fill", self.get("DATA"), "people", host]).args(names);
        done(command);
    }

    /// A script of `tests/servers`, started with the right Python.
    pub fn python(&self, script: &str) -> Command {
        let mut command = Command::new(self.get("PYTHON"));
        command.arg(PathBuf::from(self.get("SCRIPTS")).join(script));
        command
    }
}

/// A program that talks in lines, such as the bot or the phone.
pub struct Talker {
    child: Child,
    input: Option<ChildStdin>,
    heard: Arc<(Mutex<Vec<String>>, Condvar)>,
}

impl Talker {
    /// Starts it.
    pub fn start(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the peer starts");
        let heard = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
        let outputs: [Box<dyn std::io::Read + Send>; 2] =
            [Box::new(child.stdout.take().expect("piped")), Box::new(child.stderr.take().expect("piped"))];
        for output in outputs {
            let heard = heard.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    heard.0.lock().expect("no listener panics").push(line);
                    heard.1.notify_all();
                }
            });
        }
        let input = child.stdin.take();
        Self { child, input, heard }
    }

    /// Tells it a line.
    pub fn tell(&mut self, line: &str) {
        let input = self.input.as_mut().expect("piped");
        writeln!(input, "{line}").and_then(|()| input.flush()).expect("the peer listens");
    }

    /// Waits for a line that holds this text, after `from` lines; gives its number and the line.
    #[track_caller]
    pub fn wait_for(&self, text: &str) -> String {
        let until = Instant::now() + PATIENCE;
        let mut heard = self.heard.0.lock().expect("no listener panics");
        loop {
            if let Some(line) = heard.iter().find(|line| line.contains(text)) {
                return line.clone();
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "waited for {text:?}; heard:\n{}", heard.join("\n"));
            heard = self.heard.1.wait_timeout(heard, left).expect("no listener panics").0;
        }
    }

    /// One field of every line that begins with this word, in order. The word is field 0.
    #[allow(dead_code, reason = "not every target keeps books")]
    pub fn fields(&self, word: &str, number: usize) -> Vec<String> {
        let heard = self.heard.0.lock().expect("no listener panics");
        let lines = heard.iter().map(|line| line.split('\t').collect::<Vec<_>>());
        let lines = lines.filter(|fields| fields.first() == Some(&word));
        lines.filter_map(|fields| fields.get(number).map(|field| (*field).to_owned())).collect()
    }

    /// Waits until what was heard is right.
    #[allow(dead_code, reason = "each target uses what it needs")]
    #[track_caller]
    pub fn wait_until(&self, what: &str, right: impl Fn(&Self) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !right(self) {
            assert!(Instant::now() < until, "waited for {what}; heard:\n{}", self.lines("").join("\n"));
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The lines so far that hold this text.
    #[allow(dead_code, reason = "each target uses what it needs")]
    pub fn lines(&self, text: &str) -> Vec<String> {
        let heard = self.heard.0.lock().expect("no listener panics");
        heard.iter().filter(|line| line.contains(text)).cloned().collect()
    }

    /// How many lines hold this text by now.
    pub fn count(&self, text: &str) -> usize {
        self.heard.0.lock().expect("no listener panics").iter().filter(|line| line.contains(text)).count()
    }
}

impl Drop for Talker {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
