//! Sessions that are taken up on another connection (XEP-0198), where the server tells what it kept for them with a stamp
//! of whole seconds, as Prosody does; and others that begin anew. The line takes its time, and what is on it when it
//! breaks is lost.

use super::*;

impl Play {
    /// Bela's next message, to whoever listens; else the session keeps it.
    fn bela_says_to_the_session(&mut self) {
        self.said += 1;
        let kept = self.keep(says(PHONE, &format!("b{}", self.said), &format!("said {}", self.said)));
        self.pass_on(self.world.now.wall, kept);
    }

    /// A live message, or one that was kept since that moment.
    fn pass_on(&mut self, at: Stamp, kept: Incoming) {
        let (since, late) = (at, at != self.world.now.wall);
        if self.server.alive {
            let at = Stamp(at.0 + self.server.ahead);
            let whole = Stamp(at.0 - at.0.rem_euclid(1_000));
            let live = Incoming { via: Via::Live, stamp: late.then_some(whole), delayed: late, ..kept };
            let wire = self.server.wire.as_mut().expect("slow");
            wire.down.push_back((since, xmpp::Event::Message(Box::new(live))));
        } else if let Some(suspended) = &mut self.server.suspended {
            suspended.push_back((at, kept));
        }
    }

    /// The line carries some of what is on it.
    fn pass_some(&mut self) {
        for _ in 0..self.chance.draw() % 8 {
            let Some(command) = self.server.wire.as_mut().and_then(|wire| wire.up.pop_front()) else { break };
            self.serve(command, false);
        }
        for _ in 0..self.chance.draw() % 12 {
            let Some((_, event)) = self.server.wire.as_mut().and_then(|wire| wire.down.pop_front()) else { break };
            self.world.session(event);
        }
    }

    /// The line breaks. What was on it downwards the session keeps; of what was on it upwards the server may still read some.
    fn cut(&mut self) {
        if self.one_in(2) {
            for _ in 0..self.chance.draw() % 4 {
                let Some(command) = self.server.wire.as_mut().and_then(|wire| wire.up.pop_front()) else { break };
                self.serve(command, false);
            }
        }
        self.server.alive = false;
        let wire = self.server.wire.replace(Wire::default()).expect("slow");
        let live = |(at, event)| match event {
            xmpp::Event::Message(message) if message.via == Via::Live => Some((at, *message)),
            _ => None,
        };
        let kept = wire.down.into_iter().filter_map(live);
        self.server.suspended.get_or_insert_default().extend(kept);
    }

    fn take_up(&mut self) {
        let Some(kept) = self.server.suspended.take() else { return self.begin_session() };
        self.server.alive = true;
        self.taken_up += 1;
        self.world.dial();
        let had: Vec<MessageKey> = self.server.passed.keys().copied().collect();
        let suspended = self.world.own().post.suspended.clone();
        let (had, pending): (Vec<_>, Vec<_>) = suspended.into_iter().partition(|key| had.contains(key));
        for key in had {
            self.world.session(xmpp::Event::Acknowledged(key));
        }
        let jid = FullJid::parse("anna@example.org/butty").unwrap();
        let signed_in = SignedIn { jid, mechanism: "PLAIN".to_owned(), offered: Vec::new() };
        self.world.session(xmpp::Event::Resumed { signed_in, pending, asked: Vec::new() });
        let features = Features { carbons: true, archive: true, archive_ids: true, ..Features::default() };
        self.world.session(xmpp::Event::Features(features));
        self.server.suspended = Some(VecDeque::new());
        let mut late = Vec::new();
        for (at, kept) in kept {
            match self.server.lossy.then(|| self.chance.draw() % 12) {
                Some(0) => {}
                Some(1 | 2) => late.push((at, kept)),
                _ => self.pass_on(at, kept),
            }
        }
        for (at, kept) in late {
            self.pass_on(at, kept);
        }
    }

    fn begin_session(&mut self) {
        self.server.suspended = Some(VecDeque::new());
        self.server.wire = Some(Wire::default());
        self.sign_in(false);
    }

    /// A moment of a busy talk on a bad line.
    fn moment(&mut self, most: u64) {
        let wait = self.chance.draw() % most;
        self.world.after(Duration::from_millis(wait));
        match self.chance.draw() % 14 {
            0..=3 => self.bela_says_to_the_session(),
            4..=6 => {
                self.typed += 1;
                let text = format!("typed {}", self.typed);
                self.world.send(BELA, &text);
            }
            7 => self.write_disk(50),
            8 if self.server.alive && self.one_in(3) => self.cut(),
            9..=10 => self.pass_some(),
            _ if !self.server.alive && self.world.own().online() => {
                self.cuts += 1;
                self.world.blip();
            }
            _ if !self.world.own().online() && self.one_in(3) => self.begin_session(),
            _ if !self.world.own().online() => self.take_up(),
            _ => {}
        }
        self.carry(false);
    }
}

/// How a server and a line are.
#[derive(Clone, Copy, Default)]
struct Circumstances {
    /// So many milliseconds the server's clock is ahead.
    ahead: i64,
    /// Its archive knows whole seconds alone.
    coarse: bool,
    /// It loses messages, and tells some late.
    lossy: bool,
    /// The line is bad from the first session on.
    early: bool,
    /// The talk is on the screen; else little of it is in memory.
    open: bool,
}

/// So many moments of so many milliseconds at most.
fn play(seed: u64, (moments, most): (u32, u64), is: Circumstances) -> Play {
    let Circumstances { ahead, coarse, lossy, early, open } = is;
    let bad_line = || (Some(Wire::default()), Some(VecDeque::new()));
    let (wire, suspended) = if early { bad_line() } else { Default::default() };
    let mut play = begin(seed, Server { most: PAGE, ahead, coarse, lossy, wire, suspended, ..Server::default() });
    if open {
        play.world.open(BELA);
    }
    play.carry(false);
    play.write_disk(1_000);
    if !early {
        (play.server.wire, play.server.suspended) = bad_line();
    }
    for _ in 0..moments {
        play.moment(most);
    }
    if play.world.own().online() {
        play.cut();
        play.world.blip();
    }
    (play.server.wire, play.server.suspended) = (None, None);
    play.sign_in(false);
    while !play.disk.waiting.is_empty() || !play.world.own().outbox.is_empty() {
        play.write_disk(1_000);
        play.world.after(second(1));
        play.carry(false);
    }
    play
}

/// Plays it; returns how often the line broke, and how many sessions were taken up.
fn order_survives(seed: usize, is: Circumstances) -> (u32, u32) {
    let pace = [30, 100, 300, 1_000][seed / 4 % 4];
    let play = play(seed as u64, (300, pace), is);
    for direction in [Direction::In, Direction::Out] {
        let told = play.server.archive.iter().filter(|told| told.direction == direction);
        let told: Vec<_> = told.map(body).collect();
        let kept = play.disk.in_order().into_iter().filter(|row| row.direction == direction);
        let kept: Vec<_> = kept.map(|row| text(&row)).collect();
        assert_eq!(kept, told, "seed {seed}, {direction:?}");
    }
    let screen: Vec<_> = play.world.talk(BELA).messages.iter().map(|m| (m.stamp, m.key)).collect();
    let mut disk: Vec<_> = play.disk.in_order().iter().map(|m| (m.stamp, m.key)).collect();
    assert_eq!(disk.split_off(disk.len().saturating_sub(screen.len())), screen, "seed {seed}");
    (play.cuts, play.taken_up)
}

#[test]
fn the_order_survives_sessions_that_are_taken_up_and_others_that_begin_anew() {
    let clocks = [(0, false), (0, true), (-700, false), (-45_000, false)];
    let (mut cuts, mut taken_up) = (0, 0);
    for seed in 0..240 {
        let (ahead, coarse) = clocks[seed % 4];
        let told = order_survives(seed, Circumstances { ahead, coarse, open: true, ..Circumstances::default() });
        (cuts, taken_up) = (cuts + told.0, taken_up + told.1);
    }
    assert!(cuts > 500 && taken_up > 500, "{cuts} cuts, {taken_up} taken up");
}

/// Little of it is in memory, and most of what the archive brings is on the disk alone.
#[test]
fn the_order_survives_them_in_a_talk_that_is_not_on_the_screen() {
    for seed in 0..240 {
        order_survives(seed, Circumstances { coarse: seed % 2 == 1, ..Circumstances::default() });
    }
}

/// Until the newest page has come for the first time, nothing is known that it could join.
#[test]
fn nothing_is_lost_and_the_order_survives_where_the_very_first_session_breaks() {
    for seed in 0..240 {
        order_survives(seed, Circumstances { early: true, open: seed % 2 == 1, ..Circumstances::default() });
    }
}

#[test]
fn the_order_survives_a_server_that_loses_messages_and_tells_some_late() {
    for seed in 0..240 {
        let early = seed % 2 == 1;
        order_survives(seed, Circumstances { lossy: true, early, open: true, ..Circumstances::default() });
    }
}
