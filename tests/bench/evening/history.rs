//! Long histories: opening a talk, scrolling in it, and finding what was said. The histories are written by butty's own
//! store before it starts, so these rows are butty's alone; a peer's would have to be in its own form.

use super::client::Client;
use super::process;
use super::rows::{Bench, Evening, TALKER, TEN, milliseconds};
use super::server::HOST;
use super::written;
use butty::types::Stamp;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Messages of the long talk.
const LONG_TALK: usize = 100_000;
/// Lines that are scrolled up; each message is one.
const LINES: usize = 1_000;

fn data(home: &Path) -> PathBuf {
    home.join("butty/data")
}

impl Bench {
    /// A talk of 100,000 messages. From the key that opens it to its newest message on the screen; then, page by page
    /// with the Page Up key, each as soon as the one before is seen, to the message a thousand above the newest: the sum
    /// of the times from each key to its page, so that the bench's own looking does not count; and memory after that.
    pub fn talk(&mut self, client: Client) {
        if client != Client::Butty {
            return;
        }
        let user = self.fresh_user(client);
        let home = self.home(client, &user, TEN.len());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_millis();
        let now = Stamp(i64::try_from(now).expect("this age"));
        let account = format!("{user}@{HOST}");
        written::long_talk(&data(home.path()), &account, u64::try_from(TALKER).expect("small"), LONG_TALK, now);
        let terminal = client.start(home.path(), &user);
        let mut evening = Self::signed_in(client, user, home, terminal, TEN.len());
        let command = format!("/msg buddy{TALKER}@{HOST}");
        evening.terminal.send(&command);
        evening.until("command", |screen| screen.contains(&command));
        evening.terminal.calm(Duration::from_millis(500), Duration::from_secs(5));

        let newest = written::line(LONG_TALK - 1);
        let began = Instant::now();
        evening.terminal.send("\r");
        let opened = evening.until_exactly("newest message", |screen| screen.contains(&newest)) - began;
        self.add("talk of 100,000 messages: open", "ms", client, milliseconds(opened));

        evening.terminal.calm(Duration::from_millis(500), Duration::from_secs(5));
        let (mut top, aim) = (highest(&evening.terminal.screen()), LONG_TALK - LINES);
        let mut waited = Duration::ZERO;
        while top > aim {
            let began = Instant::now();
            evening.terminal.send(Client::PAGE_UP);
            waited += evening.until_exactly("page above", |screen| highest(screen) < top) - began;
            top = highest(&evening.terminal.screen());
        }
        self.add("talk of 100,000 messages: 1,000 lines up", "ms", client, milliseconds(waited));
        let (resident, _) = evening.memory();
        self.add("talk of 100,000 messages: memory (RSS)", "MiB", client, resident);
        evening.quit();
    }

    /// A million messages in two hundred talks. From the last key of what is looked for, all of it typed at once, to the
    /// list of what was found: for the commonest word there is, half of it, a usual one and a rare one.
    pub fn search(&mut self, client: Client) {
        if client != Client::Butty {
            return;
        }
        let (user, home) = match self.million.take() {
            Some(million) => million,
            None => {
                let user = self.fresh_user(client);
                let home = self.home(client, &user, TEN.len());
                eprintln!("writing a million messages");
                written::million(&data(home.path()), &format!("{user}@{HOST}"));
                (user, home)
            }
        };
        let terminal = client.start(home.path(), &user);
        let mut evening = Self::signed_in(client, user.clone(), home, terminal, TEN.len());
        let common = written::word(0);
        for (label, words) in [
            ("1,000,000 messages: the commonest word", common.clone()),
            ("1,000,000 messages: half of that word", common[..4].to_owned()),
            ("1,000,000 messages: two common words", format!("{common} {}", written::word(1))),
            ("1,000,000 messages: a usual word", written::word(40)),
            ("1,000,000 messages: a rare word", written::word(25_000)),
        ] {
            evening.terminal.send("\x06");
            evening.until("search", |screen| screen.contains("has:link"));
            evening.terminal.calm(Duration::from_millis(300), Duration::from_secs(5));
            let began = Instant::now();
            evening.terminal.send(&words);
            // It stands in the field, and in what was found.
            let last = words.split(' ').next_back().expect("a word").to_owned();
            let found = evening.until_exactly("hit", |screen| {
                screen.contains(&words) && screen.matches(&last).count() > 1 && screen.contains("1 of ")
            });
            self.add(label, "ms", client, milliseconds(found - began));
            evening.terminal.send("\x1b");
            evening.until("end of the search", |screen| !screen.contains("1 of "));
        }
        let (resident, _) = evening.memory();
        self.add("1,000,000 messages: memory (RSS)", "MiB", client, resident);
        let cost = process::processor_time(evening.terminal.pid());
        self.add("1,000,000 messages: processors from start to end", "s", client, cost);
        self.million = Some((user, evening.quit()));
    }
}

impl Evening {
    fn until_exactly(&mut self, what: &str, right: impl FnMut(&str) -> bool) -> Instant {
        let at = self.terminal.until_exactly(Duration::from_secs(60), right);
        at.unwrap_or_else(|| panic!("no {what}; the screen is:\n{}", self.terminal.screen()))
    }
}

/// The number of the first message of the long talk that is on the screen.
fn highest(screen: &str) -> usize {
    let number = |at: usize| screen[at + 5..].split(' ').next()?.parse().ok();
    screen.match_indices("line ").find_map(|(at, _)| number(at)).unwrap_or(usize::MAX)
}
