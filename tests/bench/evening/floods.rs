//! Floods, and what they cost: time, processors, the terminal, the disk, memory.

use super::client::Client;
use super::process;
use super::rows::{Bench, Evening, TALKER, TEN, milliseconds};
use std::fs;
use std::time::{Duration, Instant};

/// Messages of a flood.
const FLOOD: usize = 10_000;
/// Messages after which memory is looked at.
const LONG_FLOOD: usize = 50_000;

/// What a client took for a flood.
struct Taken {
    /// From the first message to the last one on the screen, and in butty's history.
    shown: Duration,
    stored: Option<Duration>,
    /// Seconds of the processors.
    processors: f64,
    /// Bytes that went to the terminal.
    written: f64,
}

impl Evening {
    /// The end of a flood that began then: the last one on the screen, and for butty all of them in its history, each
    /// once. What a peer has left to do behind its screen is not counted against it.
    fn outlast(&mut self, count: usize, began: Instant, before: (f64, usize)) -> Taken {
        let last = format!("flood {} of {count}", count - 1);
        let shown = self.until("last message", |screen| screen.contains(&last)) - began;
        let stored = (self.client == Client::Butty).then(|| self.stored(count) - began);
        Taken {
            shown,
            stored,
            processors: process::processor_time(self.terminal.pid()) - before.0,
            written: f64::from(u32::try_from(self.terminal.written - before.1).expect("small")),
        }
    }

    /// Processors and terminal so far, with nothing on its way.
    fn so_far(&mut self) -> (f64, usize) {
        self.terminal.calm(Duration::from_millis(500), Duration::from_secs(5));
        (process::processor_time(self.terminal.pid()), self.terminal.written)
    }
}

impl Bench {
    /// Ten thousand messages in the open talk. The client is stopped while the server handles them all, so that they
    /// lie ready in the server and the client alone sets the pace; then it is woken. The end is the last one on the
    /// screen; for butty also all of them in its history, each once.
    pub fn flood(&mut self, client: Client) {
        let mut evening = self.fresh(client);
        client.open_talk(&mut evening.terminal, TALKER);
        let before = evening.so_far();
        let pid = evening.terminal.pid();
        process::signal(pid, "STOP");
        self.crowd.flood(TALKER, &evening.user, FLOOD, 0);
        self.crowd.flooded();
        let began = Instant::now();
        process::signal(pid, "CONT");
        let taken = evening.outlast(FLOOD, began, before);
        self.add("10,000 messages → last on screen", "ms", client, milliseconds(taken.shown));
        if let Some(stored) = taken.stored {
            self.add("10,000 messages → all in history", "ms", client, milliseconds(stored));
        }
        self.add("10,000 queued messages: processors", "s", client, taken.processors);
        let (resident, _) = evening.memory();
        self.add("memory after 10,000 messages (RSS)", "MiB", client, resident);
        evening.quit();
    }

    /// The same while the client runs: they come as fast as the server passes them on, and it draws all the while. What
    /// it takes of the processors (itself and the kernel for it), and how much it writes to the terminal.
    pub fn live(&mut self, client: Client) {
        let mut evening = self.fresh(client);
        client.open_talk(&mut evening.terminal, TALKER);
        let before = evening.so_far();
        let began = Instant::now();
        self.crowd.flood(TALKER, &evening.user, FLOOD, 0);
        let taken = evening.outlast(FLOOD, began, before);
        self.crowd.flooded();
        let count = f64::from(u32::try_from(FLOOD).expect("small"));
        self.add("live flood of 10,000: time", "ms", client, milliseconds(taken.shown));
        self.add("live flood of 10,000: processors", "s", client, taken.processors);
        self.add("live flood: bytes to the terminal, each message", "", client, taken.written / count);
        evening.quit();
    }

    /// How often the client waits for the disk in such a flood, in a run of its own: `strace` counts fsync, fdatasync,
    /// msync and `sync_file_range` of all its threads, from the first message to the last.
    pub fn syncs(&mut self, client: Client) {
        let user = self.fresh_user(client);
        let home = self.home(client, &user, TEN.len());
        let file = home.path().join("syncs");
        let terminal = client.start_watched(home.path(), &user, &file);
        let mut evening = Self::signed_in(client, user, home, terminal, TEN.len());
        client.open_talk(&mut evening.terminal, TALKER);
        let before = evening.so_far();
        let calls = || {
            let text = fs::read_to_string(&file).expect("strace writes");
            text.lines().filter(|line| line.contains("sync(") || line.contains("sync_file_range(")).count()
        };
        let syncs = calls();
        self.crowd.flood(TALKER, &evening.user, FLOOD, 0);
        evening.outlast(FLOOD, Instant::now(), before);
        self.crowd.flooded();
        evening.terminal.watch(Duration::from_secs(1));
        let syncs = f64::from(u32::try_from(calls() - syncs).expect("small"));
        self.add("live flood: syncs to the disk, each message", "", client, syncs / 10_000.0);
        evening.quit();
    }

    /// Fifty thousand messages in the open talk, as fast as the server passes them on; then memory.
    pub fn heap(&mut self, client: Client) {
        let mut evening = self.fresh(client);
        client.open_talk(&mut evening.terminal, TALKER);
        self.crowd.flood(TALKER, &evening.user, LONG_FLOOD, 0);
        let last = format!("flood {} of {LONG_FLOOD}", LONG_FLOOD - 1);
        evening.until("last message", |screen| screen.contains(&last));
        self.crowd.flooded();
        let (resident, proportional) = evening.memory();
        self.add("memory after 50,000 messages (RSS)", "MiB", client, resident);
        if let Some(proportional) = proportional {
            self.add("memory after 50,000 messages (PSS)", "MiB", client, proportional);
        }
        evening.quit();
    }
}
