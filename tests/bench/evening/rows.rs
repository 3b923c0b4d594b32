//! What is measured, and where each measurement begins and ends.

use super::client::Client;
use super::process;
use super::server::{Crowd, Server};
use super::table::{Table, quantile};
use super::terminal::Terminal;
use rusqlite::{Connection, OpenFlags};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The buddies of the small list: all are online.
pub(super) const TEN: &[usize] = &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

/// Those of the long list that are waited for, beside whom the ten are online too. They belong to the group that comes
/// first by name, and are the first in it: mcabber sorts by name, the others by presence, so all three show them
/// without scrolling.
const FIRST_OF_CLUB: &[usize] = &[103, 108, 113, 118, 123, 128, 13, 133, 138, 143];

/// Who floods, and whose talk is open.
pub(super) const TALKER: usize = 3;

/// How long a screen may take before the bench stops; Profanity on a slow disk takes minutes for a flood.
pub(super) const PATIENCE: Duration = Duration::from_secs(300);

/// The server, the buddies, and what was measured.
pub struct Bench {
    server: Server,
    pub(super) crowd: Crowd,
    /// Accounts made so far, so that each is made once.
    filled: Vec<String>,
    serial: usize,
    /// Who is measured.
    pub clients: Vec<Client>,
    /// Where their homes are made.
    pub(super) homes: PathBuf,
    /// The processors there are.
    processors: Vec<u32>,
    /// A history of a million messages and its account, once there is one.
    pub(super) million: Option<(String, TempDir)>,
    /// The result, printed when this goes.
    table: Table,
}

/// A client that is signed in.
pub(super) struct Evening {
    pub(super) client: Client,
    pub(super) user: String,
    home: TempDir,
    pub(super) terminal: Terminal,
    frame: Duration,
    names: Duration,
    live: Duration,
}

impl Bench {
    /// Finds the server and brings the buddies online.
    pub fn prepare(clients: Vec<Client>, homes: PathBuf) -> Self {
        let server = Server::find();
        // Makes the buddies, of whom some go online.
        server.fill("bench", 1_000);
        let crowd = server.crowd(&[TEN, FIRST_OF_CLUB].concat());
        let processors = process::processors();
        let table = Table::of(format!("homes in {}", homes.display()));
        Self { server, crowd, filled: Vec::new(), serial: 0, clients, homes, processors, million: None, table }
    }

    /// Signs in with an empty home, up to the presence of the last buddy waited for.
    fn sign_in(&mut self, client: Client, user: String, buddies: usize) -> Evening {
        let home = self.home(client, &user, buddies);
        let terminal = client.start(home.path(), &user);
        Self::signed_in(client, user, home, terminal, buddies)
    }

    /// An account with so many buddies, and an empty home for it.
    pub(super) fn home(&mut self, client: Client, user: &str, buddies: usize) -> TempDir {
        if !self.filled.iter().any(|filled| filled == user) {
            self.server.fill(user, buddies);
            self.filled.push(user.to_owned());
        }
        client.home(&self.server, user, &self.homes)
    }

    /// Waits for the presence of the last buddy waited for.
    pub(super) fn signed_in(
        client: Client,
        user: String,
        home: TempDir,
        mut terminal: Terminal,
        buddies: usize,
    ) -> Evening {
        let mut waited = |what: &str, right: &mut dyn FnMut(&str) -> bool| {
            let at = terminal.until_exactly(PATIENCE, right);
            let at =
                at.unwrap_or_else(|| panic!("{}: no {what}; the screen is:\n{}", client.name(), terminal.screen()));
            at - terminal.began
        };
        let frame = waited("first frame", &mut |screen| !screen.trim().is_empty());
        let last = if buddies > TEN.len() { FIRST_OF_CLUB } else { TEN };
        let names = waited("names", &mut |screen| Client::shows_names(screen, last));
        let live = waited("buddies", &mut |screen| client.shows_live(screen, last));
        Evening { client, user, home, terminal, frame, names, live }
    }

    /// An account that no message has reached yet, so that no run finds the archive of the one before it.
    pub(super) fn fresh(&mut self, client: Client) -> Evening {
        let user = self.fresh_user(client);
        self.sign_in(client, user, TEN.len())
    }

    pub(super) fn fresh_user(&mut self, client: Client) -> String {
        self.serial += 1;
        format!("fresh-{}-{}-{}", client.name(), std::process::id(), self.serial)
    }

    pub(super) fn add(&mut self, label: &'static str, unit: &'static str, client: Client, sample: f64) {
        self.table.add(label, unit, client, sample);
    }

    /// Ten buddies, all online. From the making of the process to the first screen that is not blank, and to the screen
    /// that shows the presence of all ten; then memory after 3 s of reading on.
    pub fn start(&mut self, client: Client) {
        let mut evening = self.sign_in(client, format!("ten-{}", client.name()), TEN.len());
        self.add("start → first frame", "ms", client, milliseconds(evening.frame));
        self.add("start → 10 buddies live", "ms", client, milliseconds(evening.live));
        let (resident, proportional) = evening.memory();
        self.add("memory, 10 buddies (RSS)", "MiB", client, resident);
        if let Some(proportional) = proportional {
            self.add("memory, 10 buddies (PSS)", "MiB", client, proportional);
        }
        evening.quit();
    }

    /// A thousand buddies, of whom twenty are online. The server answers the roster before any presence, and sends
    /// *unavailable* for each who is not there, in no order of its own; no client can show all. So three marks: the names
    /// of ten particular buddies on the screen, their presence on the screen, and the last output before 1 s without any.
    pub fn thousand(&mut self, client: Client) {
        let mut evening = self.sign_in(client, format!("thousand-{}", client.name()), 1_000);
        self.add("1,000 buddies: start → names", "ms", client, milliseconds(evening.names));
        self.add("1,000 buddies: start → live", "ms", client, milliseconds(evening.live));
        let settled = evening.terminal.calm(Duration::from_secs(1), PATIENCE) - evening.terminal.began;
        self.add("1,000 buddies: start → last output", "ms", client, milliseconds(settled));
        let (resident, proportional) = evening.memory();
        self.add("memory, 1,000 buddies (RSS)", "MiB", client, resident);
        if let Some(proportional) = proportional {
            self.add("memory, 1,000 buddies (PSS)", "MiB", client, proportional);
        }
        evening.quit();
    }

    /// Two hundred keys in an open talk: from the write to the terminal until the screen shows the letter. First in
    /// silence, then while the buddy of this talk sends 500 messages a second. Between the keys others go to `cat` in a
    /// terminal of its own, each 10 to 30 ms after the last: how long that takes is what the computer takes for a key,
    /// whatever the client does, and no client can be below it.
    ///
    /// Meant is the client, not its fight for processors with the server and the buddy, who run elsewhere in life. So
    /// where there are two processors or more, the last is left to the client, `cat`, and who reads their terminals;
    /// server, buddy and what this bench does with the screen have the others. Other programs may run on all of them.
    pub fn keys(&mut self, client: Client) {
        let mut evening = self.fresh(client);
        client.open_talk(&mut evening.terminal, TALKER);
        let mut echo = Terminal::echo();
        self.set_apart(&[&evening.terminal, &echo]);
        let (idle, echoed) = evening.type_keys(200, &mut echo);
        self.add("key → character, idle, p50", "ms", client, quantile(&idle, 0.5));
        self.add("key → character, idle, p99", "ms", client, quantile(&idle, 0.99));
        self.add("… by `cat` beside it, idle, p50", "ms", client, quantile(&echoed, 0.5));
        self.add("… by `cat` beside it, idle, p99", "ms", client, quantile(&echoed, 0.99));
        self.crowd.flood(TALKER, &evening.user, 500 * 15, 500);
        evening.until("flood", |screen| screen.contains("flood "));
        let (busy, echoed) = evening.type_keys(200, &mut echo);
        self.add("key → character, 500 messages/s, p50", "ms", client, quantile(&busy, 0.5));
        self.add("key → character, 500 messages/s, p99", "ms", client, quantile(&busy, 0.99));
        self.add("… by `cat` beside it, 500 messages/s, p50", "ms", client, quantile(&echoed, 0.5));
        self.add("… by `cat` beside it, 500 messages/s, p99", "ms", client, quantile(&echoed, 0.99));
        self.crowd.flooded();
        process::pin(self.bystanders(), &self.processors);
        evening.quit();
    }

    /// Leaves the last processor to these programs and the threads that read their terminals.
    fn set_apart(&self, terminals: &[&Terminal]) {
        let [others @ .., last] = self.processors.as_slice() else { return };
        if others.is_empty() {
            return;
        }
        process::pin(self.bystanders(), others);
        for terminal in terminals {
            process::pin(process::threads(terminal.pid()).into_iter().chain([terminal.reader]), &[*last]);
        }
    }

    /// Every thread of the server, of the buddies, and of this bench.
    fn bystanders(&self) -> Vec<u32> {
        let all = [self.server.pid(), self.crowd.pid(), std::process::id()];
        all.into_iter().flat_map(process::threads).collect()
    }

    /// A minute in which nothing happens, for all clients at once: wake-ups of all threads, and bytes to the terminal. It
    /// begins when no thread of any client has come or gone for longer than idle threads are kept (10 s in butty). Output
    /// that leaves the screen as it was but for digits is a clock and counted apart; the wake-up for it is in the count.
    pub fn idle(&mut self) {
        const MINUTE: u32 = 60;
        const SECOND: Duration = Duration::from_secs(1);
        let mut evenings: Vec<Evening> = Vec::new();
        for client in self.clients.clone() {
            evenings.push(self.sign_in(client, format!("ten-{}", client.name()), TEN.len()));
        }
        wait_for_quiet(&mut evenings);
        let watchers = evenings.into_iter().map(|mut evening| {
            std::thread::spawn(move || {
                let mut sleeps = process::Sleeps::begin(evening.terminal.pid());
                let (mut clock, mut other) = (0_u32, 0_u32);
                for _ in 0..MINUTE {
                    evening.terminal.each_piece(SECOND, |before, after, length| {
                        let same = without_digits(before) == without_digits(after);
                        *(if same { &mut clock } else { &mut other }) += u32::try_from(length).expect("a piece");
                    });
                    sleeps.look();
                }
                let client = evening.client;
                evening.quit();
                (client, sleeps.count() / f64::from(MINUTE), clock, other)
            })
        });
        for watcher in watchers.collect::<Vec<_>>() {
            let (client, wakes, clock, other) = watcher.join().expect("a watcher");
            self.add("idle: wake-ups", "1/s", client, wakes);
            self.add("idle: output but for the clock", "bytes/min", client, f64::from(other));
            self.add("idle: output of the clock", "bytes/min", client, f64::from(clock));
        }
    }

    /// The files of the programs; what the peers use of shared libraries is not in it, while butty brings all it needs.
    pub fn size(&mut self) {
        for client in self.clients.clone() {
            let bytes = fs::metadata(client.program()).expect("the program").len();
            self.add(
                "size of the program",
                "MiB",
                client,
                f64::from(u32::try_from(bytes / 1024).expect("small")) / 1024.0,
            );
        }
    }
}

impl Evening {
    pub(super) fn until(&mut self, what: &str, right: impl FnMut(&str) -> bool) -> Instant {
        let at = self.terminal.until(PATIENCE, right);
        at.unwrap_or_else(|| panic!("{}: no {what}; the screen is:\n{}", self.client.name(), self.terminal.screen()))
    }

    /// MiB after 3 s: resident, proportional.
    pub(super) fn memory(&mut self) -> (f64, Option<f64>) {
        self.terminal.watch(Duration::from_secs(3));
        let (resident, proportional) = process::memory(self.terminal.pid());
        (resident / 1024.0, proportional.map(|it| it / 1024.0))
    }

    /// Types that many letters, and as many to `echo`; milliseconds until each was on its screen, sorted.
    fn type_keys(&mut self, count: usize, echo: &mut Terminal) -> (Vec<f64>, Vec<f64>) {
        const LETTERS: &[u8] = b"bcdfghjkmpqrtvwxz";
        let mut chance: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut next = |below: u64| {
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            chance % below
        };
        let mut typed = String::new();
        let (mut times, mut echoed) = (Vec::new(), Vec::new());
        while times.len() < count {
            if typed.is_empty() || typed.len() > 43 {
                // The line is taken back before it wraps; a beginning that stands nowhere else on the screen.
                self.terminal.send("\x15");
                self.until("empty line", |screen| typed.is_empty() || !screen.contains(&typed));
                "zqx".clone_into(&mut typed);
                self.terminal.send(&typed);
                self.until("typed text", |screen| screen.contains("zqx"));
            }
            let letter = char::from(LETTERS[usize::try_from(next(17)).expect("small")]);
            self.terminal.watch(Duration::from_millis(10 + next(21)));
            let began = Instant::now();
            echo.send(letter.encode_utf8(&mut [0; 4]));
            echoed.push(milliseconds(echo.next(PATIENCE).expect("cat goes on") - began));
            self.terminal.watch(Duration::from_millis(10 + next(21)));
            typed.push(letter);
            let began = Instant::now();
            self.terminal.send(letter.encode_utf8(&mut [0; 4]));
            let shown = self.terminal.until_exactly(PATIENCE, |screen| screen.contains(&typed));
            let shown =
                shown.unwrap_or_else(|| panic!("{}: no {typed}:\n{}", self.client.name(), self.terminal.screen()));
            times.push(milliseconds(shown - began));
        }
        self.terminal.send("\x15");
        times.sort_by(f64::total_cmp);
        echoed.sort_by(f64::total_cmp);
        (times, echoed)
    }

    /// Waits until butty's history holds that many messages of the flood, no two alike.
    pub(super) fn stored(&mut self, count: usize) -> Instant {
        let count = i64::try_from(count).expect("small");
        let end = Instant::now() + PATIENCE;
        let file = database(self.home.path()).expect("butty keeps a history");
        let history = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("a database");
        let sql = "SELECT count(DISTINCT body), count(*) FROM message WHERE body LIKE 'flood %'";
        loop {
            let (distinct, all): (i64, i64) =
                history.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).expect("a count");
            assert!(all == distinct, "{all} rows of {distinct} messages");
            if distinct == count {
                return Instant::now();
            }
            assert!(Instant::now() < end, "butty stored {distinct} of {count}");
            self.terminal.watch(Duration::from_millis(10));
        }
    }

    /// Leaves, and gives back the home.
    pub(super) fn quit(self) -> TempDir {
        self.terminal.quit(self.client.quit_keys());
        self.home
    }
}

/// Waits until no thread of any of them has come or gone for 12 s, and what they wrote is taken.
fn wait_for_quiet(evenings: &mut [Evening]) {
    const QUIET: Duration = Duration::from_secs(12);
    let (end, mut since) = (Instant::now() + PATIENCE, Instant::now());
    let mut known = Vec::new();
    while since.elapsed() < QUIET {
        for evening in &mut *evenings {
            evening.terminal.watch(Duration::from_millis(100));
        }
        let now: Vec<_> = evenings.iter().map(|evening| process::threads(evening.terminal.pid())).collect();
        if now != known {
            (known, since) = (now, Instant::now());
        }
        assert!(Instant::now() < end, "threads come and go for ever");
    }
}

pub(super) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn without_digits(screen: &str) -> String {
    screen.chars().filter(|character| !character.is_ascii_digit()).collect()
}

/// The one database below butty's home.
fn database(folder: &Path) -> Option<PathBuf> {
    fs::read_dir(folder).ok()?.filter_map(Result::ok).map(|entry| entry.path()).find_map(|path| {
        if path.is_dir() {
            return database(&path);
        }
        path.extension().is_some_and(|extension| extension == "db" || extension == "sqlite").then_some(path)
    })
}
