//! A thousand lost links, and kills in between: nothing lost, nothing doubled (facts R7, R8, R11).
//!
//! The server has an archive and counts what it passes on. The store writes in order and late; a kill loses what was
//! not written yet.

mod missed;
mod taken_up;

use super::*;
use crate::app::model::{Chance, MessageState};
use crate::app::sync::Gap;
use crate::types::ArchiveId;
use crate::xmpp::ArchiveQuery;
use std::collections::{BTreeMap, VecDeque};

/// The server gives no more than this in a page, unless it is said.
const PAGE: usize = 7;

/// What the server keeps.
#[derive(Default)]
struct Server {
    archive: Vec<Incoming>,
    /// What came while nobody was there, told again at the next sign-in.
    queue: Vec<Incoming>,
    /// How often each message of ours was passed on.
    passed: BTreeMap<MessageKey, u32>,
    /// The wire still works, whatever the client thinks.
    alive: bool,
    /// So many milliseconds its clock is ahead.
    ahead: i64,
    /// Most that it gives in a page.
    most: usize,
    /// Its archive knows whole seconds alone.
    coarse: bool,
    /// Its archive's ids are moments, and of what a session that is taken up was not told it loses some, and tells some
    /// late: ejabberd does both now and then.
    lossy: bool,
    /// Sessions can be taken up on another connection: what the last one was not told, and when it would have been.
    suspended: Option<VecDeque<(Stamp, Incoming)>>,
    /// The line takes its time: what is on its way to the client, and since when, and to the server.
    wire: Option<Wire>,
}

/// What is on its way.
#[derive(Default)]
struct Wire {
    down: VecDeque<(Stamp, xmpp::Event)>,
    up: VecDeque<Command>,
}

/// What the disk keeps: requests wait in order, rows are what was written.
#[derive(Default)]
struct Disk {
    waiting: VecDeque<StoreRequest>,
    rows: BTreeMap<MessageKey, Message>,
    synced: Option<(Option<ArchiveId>, Stamp)>,
    gaps: Vec<Gap>,
}

impl Disk {
    /// Writes the next request; tells what the store would.
    fn write(&mut self) -> Option<Stored> {
        match self.waiting.pop_front()? {
            StoreRequest::Insert(message) => {
                let same = |row: &&Message| {
                    let archive = row.stanza_id.is_some() && row.stanza_id == message.stanza_id;
                    let own = message.direction == Direction::Out && row.origin == message.origin;
                    row.direction == message.direction && (archive || own)
                };
                if let Some(row) = self.rows.values().find(same) {
                    return Some(Stored::Duplicate { key: message.key, existing: row.key, stamp: row.stamp });
                }
                let keys = vec![message.key];
                self.rows.insert(message.key, *message);
                return Some(Stored::Committed { keys });
            }
            StoreRequest::SetState { key, state } => {
                if let Some(row) = self.rows.get_mut(&key) {
                    row.state = state;
                }
            }
            StoreRequest::SetStanzaId { key, stanza_id } => {
                if let Some(row) = self.rows.get_mut(&key) {
                    row.stanza_id = Some(stanza_id);
                }
            }
            StoreRequest::SetStamp { key, stamp } => {
                if let Some(row) = self.rows.get_mut(&key) {
                    row.stamp = stamp;
                }
            }
            StoreRequest::Order { ids, .. } => {
                let mut last = (Stamp(0), MessageKey(0));
                for id in ids {
                    let theirs = |row: &&mut Message| row.direction == Direction::In;
                    let row = self.rows.values_mut().filter(theirs).find(|row| row.stanza_id.as_ref() == Some(&id));
                    let Some(row) = row else { continue };
                    if (row.stamp, row.key) < last {
                        row.stamp = Stamp(last.0.0 + i64::from(row.key < last.1));
                    }
                    last = (row.stamp, row.key);
                }
            }
            StoreRequest::Page { request, talk, before, limit } => {
                let rows = self.in_order();
                let mut older: Vec<Message> =
                    rows.into_iter().filter(|row| before.is_none_or(|at| (row.stamp, row.key) < at)).collect();
                let messages = older.split_off(older.len().saturating_sub(usize::from(limit)));
                return Some(Stored::Page { request, talk, displayed: Stamp(0), messages, more: !older.is_empty() });
            }
            StoreRequest::Synced { last, at, gaps, .. } => {
                self.synced = Some((last, at));
                self.gaps = gaps;
            }
            _ => {}
        }
        None
    }

    /// As it shows them.
    fn in_order(&self) -> Vec<Message> {
        let mut rows: Vec<Message> = self.rows.values().cloned().collect();
        rows.sort_by_key(|row| (row.stamp, row.key));
        rows
    }

    fn cache(&self, key: &ConversationKey) -> AccountCache {
        let outbox = self.rows.values().filter(|row| row.state == MessageState::Pending).cloned().collect();
        let newest = self.rows.values().map(|row| row.stamp).max();
        let talks = newest.map(|newest| (key.clone(), 0, newest)).into_iter().collect();
        AccountCache { outbox, talks, synced: self.synced.clone(), gaps: self.gaps.clone(), ..AccountCache::default() }
    }
}

struct Play {
    world: World,
    server: Server,
    disk: Disk,
    chance: Chance,
    cuts: u32,
    said: u32,
    typed: u32,
    taken_up: u32,
}

impl Play {
    fn one_in(&mut self, n: u64) -> bool {
        self.chance.draw().is_multiple_of(n)
    }

    /// Carries out what the mind wants, until it wants nothing more. `cuts`: the wire may break at any point.
    fn carry(&mut self, cuts: bool) {
        loop {
            let wanted = std::mem::take(&mut self.world.fx);
            if wanted.is_empty() {
                break;
            }
            for effect in wanted {
                match effect {
                    Effect::Store(request) => self.disk.waiting.push_back(request),
                    Effect::Link(_, LinkCommand::Session(command)) => {
                        self.server.alive &= !(cuts && self.one_in(40));
                        match &mut self.server.wire {
                            _ if !self.server.alive => {}
                            Some(wire) => wire.up.push_back(command),
                            None => self.serve(command, cuts),
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    fn serve(&mut self, command: Command, cuts: bool) {
        match command {
            Command::Send(out) => {
                *self.server.passed.entry(out.key).or_default() += 1;
                let id = out.key.to_string();
                let copy = Incoming { peer: bare(BELA), direction: Direction::Out, ..says(PHONE, &id, &out.body) };
                self.keep(copy);
                self.tell(xmpp::Event::Acknowledged(out.key), cuts);
            }
            Command::Archive(query) => self.page(&query, cuts),
            _ => {}
        }
    }

    /// The archive takes a message and gives it an id.
    fn keep(&mut self, incoming: Incoming) -> Incoming {
        let at = self.world.now.wall.0 + self.server.ahead;
        let count = self.server.archive.len();
        let moment = at * 1_000 + i64::try_from(count % 1_000).unwrap_or_default();
        let id = if self.server.lossy { format!("{moment:016}") } else { format!("s{count:06}") };
        let kept = archived(incoming, &id, Stamp(if self.server.coarse { at - at % 1_000 } else { at }));
        self.server.archive.push(kept.clone());
        kept
    }

    /// A fact goes to the client, if the wire holds.
    fn tell(&mut self, event: xmpp::Event, cuts: bool) {
        self.server.alive &= !(cuts && self.one_in(40));
        match &mut self.server.wire {
            _ if !self.server.alive => {}
            Some(wire) => wire.down.push_back((self.world.now.wall, event)),
            None => self.world.session(event),
        }
    }

    fn page(&mut self, query: &ArchiveQuery, cuts: bool) {
        let id = |m: &Incoming| ArchiveId(m.stanza_id.as_ref().map(|id| id.0.clone()).unwrap_or_default());
        let fits = |m: &&Incoming| {
            query.after.as_ref().is_none_or(|after| id(m) > *after)
                && query.before.iter().flatten().all(|before| id(m) < *before)
                && query.since.is_none_or(|since| m.stamp >= Some(since))
                && query.until.is_none_or(|until| m.stamp <= Some(until))
        };
        let all: Vec<Incoming> = self.server.archive.iter().filter(fits).cloned().collect();
        // Who gives more than usual gives it to whoever asks for less.
        let generous = self.server.most > PAGE;
        let most = if generous { self.server.most } else { PAGE.min(usize::from(query.max)) };
        let from = if query.before.is_some() { all.len().saturating_sub(most) } else { 0 };
        let page: Vec<Incoming> = all.iter().skip(from).take(most).cloned().collect();
        let complete = page.len() == all.len();
        let (first, last) = (page.first().map(id), page.last().map(id));
        let count = page.len();
        let oldest = page.first().and_then(|message| message.stamp);
        for message in page {
            self.tell(xmpp::Event::Message(Box::new(in_page(query.request, message))), cuts);
        }
        let (request, met) = (query.request, false);
        let end = ArchivePage { request, first, last, complete, count, oldest, met };
        self.tell(xmpp::Event::ArchivePage(end), cuts);
    }

    /// Bela says the next thing.
    fn bela_says(&mut self, cuts: bool) {
        self.said += 1;
        // Her client starts its ids anew now and then.
        let kept = self.keep(says(PHONE, &format!("b{}", self.said % 10), &format!("said {}", self.said)));
        if self.server.alive {
            // It may come while a page is being told, or behind others that the server has for us.
            let live = Incoming { via: Via::Live, stamp: None, delayed: false, ..kept };
            self.tell(xmpp::Event::Message(Box::new(live)), cuts);
        } else if self.said.is_multiple_of(2) {
            self.server.queue.push(kept);
        }
    }

    fn write_disk(&mut self, most: usize) {
        for _ in 0..most {
            if let Some(stored) = self.disk.write() {
                self.world.stored(stored);
            }
        }
    }

    fn sign_in(&mut self, cuts: bool) {
        self.server.alive = true;
        self.world.sign_in(true);
        for kept in std::mem::take(&mut self.server.queue) {
            self.tell(xmpp::Event::Message(Box::new(Incoming { via: Via::Live, ..kept })), cuts);
        }
        self.carry(cuts);
    }

    /// Killed: the mind and what the disk had not written are gone; a new process begins.
    fn kill(&mut self) {
        self.disk.waiting.clear();
        self.server.alive = false;
        self.cuts += 1;
        let seed = self.chance.draw();
        let (model, fx) = Model::new(Options::default(), vec![setup(ANNA)], seed, self.world.now);
        let account = self.world.account.clone();
        let cache = Box::new(self.disk.cache(&self.world.key(BELA)));
        self.world =
            World { model, now: self.world.now, epoch: Epoch(0), account: account.clone(), fx, commits: false };
        self.world.stored(Stored::Cache { account, cache });
        self.world.stored(Stored::CacheDone);
        // A store that has just begun answers sooner than any server.
        self.carry(false);
        self.write_disk(1_000);
    }

    fn step(&mut self) {
        self.world.after(Duration::from_millis(500));
        match self.chance.draw() % 10 {
            0..=2 => self.bela_says(true),
            3..=5 => {
                self.typed += 1;
                let text = format!("typed {}", self.typed);
                self.world.send(BELA, &text);
            }
            6 => self.write_disk(5),
            7 => self.write_disk(50),
            8 if self.one_in(20) => self.kill(),
            _ if !self.server.alive && self.world.own().online() => {
                self.cuts += 1;
                self.world.drop_link();
            }
            _ if !self.world.own().online() => self.sign_in(true),
            _ => {}
        }
        self.carry(true);
    }
}

fn body(told: &Incoming) -> String {
    if let Content::Plain(text) = &told.body { text.to_string() } else { String::new() }
}

fn begin(seed: u64, server: Server) -> Play {
    let mut world = World::new(AccountCache::default());
    world.commits = false;
    world.fx.clear();
    let chance = Chance { seed, drawn: 0 };
    let mut play = Play { world, server, disk: Disk::default(), chance, cuts: 0, said: 0, typed: 0, taken_up: 0 };
    play.sign_in(false);
    play.write_disk(1_000);
    play
}

fn play(seed: u64, steps: u32, ahead: i64, most: usize) -> Play {
    let mut play = begin(seed, Server { ahead, most, ..Server::default() });
    for _ in 0..steps {
        play.step();
    }
    // The weather clears up.
    if play.world.own().online() {
        play.world.drop_link();
    }
    play.sign_in(false);
    while !play.disk.waiting.is_empty() || !play.world.own().outbox.is_empty() {
        play.write_disk(1_000);
        play.world.after(second(1));
        play.carry(false);
    }
    play
}

#[test]
fn nothing_is_lost_and_nothing_doubled_over_a_thousand_cuts_and_kills() {
    let mut cuts = 0;
    for seed in 0..20 {
        let play = play(seed, 1_000, 0, PAGE);
        cuts += play.cuts;
        let twice: Vec<_> = play.server.passed.iter().filter(|(_, times)| **times != 1).collect();
        assert!(twice.is_empty(), "seed {seed}: passed on more than once: {twice:?}");
        assert!(play.world.own().outbox.is_empty(), "seed {seed}: the outbox empties");
        let mut texts: Vec<String> = play.disk.rows.values().map(text).collect();
        texts.sort();
        let rows = texts.len();
        texts.dedup();
        assert_eq!(texts.len(), rows, "seed {seed}: a row twice");
        for n in 1..=play.said {
            assert!(texts.binary_search(&format!("said {n}")).is_ok(), "seed {seed}: lost what Bela said: {n}");
        }
        for row in play.disk.rows.values().filter(|row| row.direction == Direction::Out) {
            assert!(row.state.rank() >= MessageState::Sent.rank(), "seed {seed}: {row:?}");
        }
        assert_eq!(play.server.passed.len(), play.disk.rows.values().filter(|r| r.direction == Direction::Out).count());
    }
    assert!(cuts > 1_000, "{cuts}");
}

/// Whatever the two clocks say, as long as they are less than an hour apart. Where they are far apart and more was missed
/// than one page holds, the pages may overlap by as much.
#[test]
fn the_order_is_that_of_the_archive_on_the_disk_and_on_the_screen() {
    let near = [(0, PAGE), (-700, PAGE), (3_000, PAGE), (3_000, 200)].map(|(ahead, most)| (ahead, most, 6));
    let far = [-45_000, 45_000, -1_000_000, 1_000_000].map(|ahead| (ahead, 200, 3));
    for (ahead, most, seeds) in near.into_iter().chain(far) {
        for seed in 0..seeds {
            let play = play(seed, 300, ahead, most);
            let of = |direction: Direction, texts: &mut dyn Iterator<Item = (Direction, String)>| {
                texts.filter(|(way, _)| *way == direction).map(|(_, text)| text).collect::<Vec<_>>()
            };
            for direction in [Direction::In, Direction::Out] {
                let told = of(direction, &mut play.server.archive.iter().map(|m| (m.direction, body(m))));
                let kept = of(direction, &mut play.disk.in_order().iter().map(|m| (m.direction, text(m))));
                assert_eq!(kept, told, "{ahead} ms, seed {seed}, {direction:?}");
            }
            // What is on the screen is what a restart would show.
            let screen: Vec<MessageKey> = play.world.talk(BELA).messages.iter().map(|m| m.key).collect();
            let mut disk: Vec<MessageKey> = play.disk.in_order().iter().map(|m| m.key).collect();
            let end = disk.split_off(disk.len().saturating_sub(screen.len()));
            assert_eq!(screen, end, "{ahead} ms, seed {seed}: no holes");
        }
    }
}
