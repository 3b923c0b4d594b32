//! Messages both ways through a line that is cut at random points, at real servers (`tests/servers/up`): none is lost,
//! none doubled, and their order stays.
//!
//! A sample with a fixed seed; `BUTTY_LONG=1` lets 10,000 messages go each way through 1,000 cuts. `BUTTY_SEED` is
//! another seed.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may stop")]
#![allow(clippy::disallowed_methods, reason = "sessions live in real time")]

#[path = "cuts/gate.rs"]
#[allow(dead_code, reason = "shared with other targets")]
mod gate;
#[path = "soak/messenger.rs"]
mod messenger;
#[path = "harness/peers.rs"]
#[allow(dead_code, reason = "shared with other targets")]
mod peers;
#[path = "soak/record.rs"]
#[allow(dead_code, reason = "shared with other targets")]
mod record;

use butty::app::model::Chance;
use butty::app::setup::{AccountSetup, TlsMode};
use butty::types::BareJid;
use butty::xmpp::CredentialKind;
use gate::{Cut, Gate, Way};
use messenger::Messenger;
use peers::{Peers, Talker};
use record::{Balance, count, kept};
use std::time::{Duration, Instant};

/// How often the players are looked at.
const STEP: Duration = Duration::from_millis(5);
/// Messages of one side between two cuts come within this time.
const SPREAD: Duration = Duration::from_millis(200);
/// A line on which everything has arrived is cut all the same after this time.
const IDLE: Duration = Duration::from_millis(30);
/// How long stragglers may take in the end.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long a copy may take to turn up after that.
const AFTERMATH: Duration = Duration::from_secs(2);

struct Length {
    cuts: u32,
    messages: u32,
}

fn length() -> Length {
    let long = std::env::var_os("BUTTY_LONG").is_some();
    if long { Length { cuts: 1_000, messages: 10_000 } } else { Length { cuts: 25, messages: 300 } }
}

fn seed() -> u64 {
    std::env::var("BUTTY_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(7)
}

/// A server, and how accounts are made there.
struct Server {
    name: &'static str,
    host: &'static str,
}

const PROSODY: Server = Server { name: "PROSODY13", host: "beta.test" };
const EJABBERD: Server = Server { name: "EJABBERD", host: "ej23.test" };

/// One soak.
struct Play {
    home: tempfile::TempDir,
    server: Server,
    chance: Chance,
    gate: Gate,
    butty: Messenger,
    peer: Talker,
    /// The other side of the talk, for each.
    to: [BareJid; 2],
    /// What butty said, and what the other one said.
    said: [Vec<String>; 2],
    /// Bytes of whole connections, out and in.
    whole: [usize; 2],
    cuts: u32,
    idle_cuts: u32,
    /// What is still to be said, latest first: after so much of this stretch, and by whom.
    due: Vec<(Duration, usize)>,
}

impl Play {
    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.chance.draw() % u64::try_from(most.max(1)).unwrap()).unwrap()
    }

    fn say(&mut self, who: usize) {
        let text = format!("{} {}", ["ours", "theirs"][who], self.said[who].len());
        if who == 0 {
            self.butty.say(&self.to[0], &text);
        } else {
            self.peer.tell(&format!("say {} {text}", self.to[1]));
        }
        self.said[who].push(text);
    }

    /// Everything that was said has come, as far as numbers tell.
    fn arrived(&self) -> bool {
        self.butty.is_quiet()
            && self.peer.count("GOT\t") >= self.said[0].len()
            && count(self.home.path(), &self.to[0], false) >= self.said[1].len()
    }

    /// From one cut to the next, with so many messages of each side.
    async fn cycle(&mut self, messages: u32) {
        let way = Way::BOTH[self.below(2)];
        let after = 1 + self.below(self.whole[usize::from(way == Way::In)] * 5 / 4);
        let reset = self.below(2) == 0;
        self.gate.arm(Some(Cut { way, after, reset }));
        let spread = usize::try_from(SPREAD.as_millis()).unwrap();
        let mut due: Vec<_> = self.due.drain(..).map(|(_, who)| (Duration::ZERO, who)).collect();
        for who in [0, 1] {
            for _ in 0..messages {
                due.push((Duration::from_millis(u64::try_from(self.below(spread)).unwrap()), who));
            }
        }
        due.sort_unstable();
        due.reverse();
        self.due = due;
        let began = Instant::now();
        let mut calm: Option<Instant> = None;
        while !self.gate.has_cut() {
            while let Some((_, who)) = self.due.pop_if(|(at, _)| *at <= began.elapsed()) {
                self.say(who);
            }
            self.butty.live(STEP).await;
            self.butty.wake();
            if self.due.is_empty() && self.arrived() {
                if calm.get_or_insert_with(Instant::now).elapsed() >= IDLE {
                    self.idle_cut();
                    break;
                }
            } else {
                calm = None;
            }
            assert!(began.elapsed() < PATIENCE, "nothing moves: {}", self.state());
        }
        self.cuts += 1;
    }

    /// The cut lay behind all that this connection had to carry.
    fn idle_cut(&mut self) {
        for passed in self.gate.passed() {
            for way in [0, 1] {
                self.whole[way] = (self.whole[way] * 3 + passed[way]) / 4;
            }
        }
        self.gate.end_all();
        self.idle_cuts += 1;
    }

    fn state(&self) -> String {
        let account = &self.butty.model.accounts[0];
        format!(
            "said {} and {}; the other got {}; butty has {} in its outbox, {} unwritten, {:?}, {:?}",
            self.said[0].len(),
            self.said[1].len(),
            self.peer.count("GOT\t"),
            account.outbox.len(),
            self.butty.model.waiting.len(),
            account.link,
            account.post.check,
        )
    }

    async fn finish(mut self) {
        while let Some((_, who)) = self.due.pop() {
            self.say(who);
        }
        self.gate.arm(None);
        self.gate.end_all();
        let until = Instant::now() + PATIENCE;
        loop {
            self.butty.live(STEP * 10).await;
            self.butty.wake();
            if self.arrived() || Instant::now() > until {
                break;
            }
        }
        self.butty.live(AFTERMATH).await;
        println!(
            "{}: {} cuts, {} of them on an idle line; {}",
            self.server.host,
            self.cuts,
            self.idle_cuts,
            self.state()
        );
        self.butty.leave().await;
        let (home, got) = (self.home.path(), self.peer.fields("GOT", 3));
        Balance::assert_even(&self.said[0], &got, "the other one of butty");
        Balance::assert_even(&self.said[0], &kept(home, &self.to[0], true), "butty of itself");
        Balance::assert_even(&self.said[1], &kept(home, &self.to[0], false), "butty of the other one");
    }
}

async fn soak(server: Server) {
    let peers = Peers::find();
    let [ours, theirs] = ["soak", "other"].map(|who| format!("{who}{}", std::process::id()));
    peers.make_accounts(server.host, &[&ours, &theirs]);
    let gate = Gate::to(peers.get(server.name).parse().unwrap()).await;
    let home = tempfile::tempdir().unwrap();
    let host = server.host;
    let address = |who: &str| BareJid::parse(&format!("{who}@{host}")).unwrap();
    let setup = AccountSetup {
        server: Some((gate.number().to_string(), gate.port)),
        tls: TlsMode::StartTls,
        credential: Some(CredentialKind::Password),
        ca_file: Some(peers.get("CA").into()),
        resolver: Some(peers.get("RESOLVER").parse().unwrap()),
        ..AccountSetup::new(&address(&ours))
    };
    let mut command = peers.python("phone.py");
    command.args([&format!("{theirs}@{}", server.host), "--connect", peers.get(server.name), "--ca", peers.get("CA")]);
    command.args(["--seconds", "20000", "--password", &format!("pw-{theirs}")]);
    let peer = Talker::start(command);
    peer.wait_for("READY");
    let butty = Messenger::start(home.path(), setup, &format!("pw-{ours}"), seed());
    let mut play = Play {
        home,
        server,
        chance: Chance { seed: seed(), drawn: 0 },
        gate,
        butty,
        peer,
        to: [address(&theirs), address(&ours)],
        said: [Vec::new(), Vec::new()],
        whole: [12_000, 20_000],
        cuts: 0,
        idle_cuts: 0,
        due: Vec::new(),
    };
    let Length { cuts, messages } = length();
    for _ in 0..cuts {
        play.cycle(messages / cuts).await;
    }
    play.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_at_prosody_13() {
    soak(PROSODY).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_at_ejabberd() {
    soak(EJABBERD).await;
}

#[test]
fn what_is_missing_doubled_or_out_of_order_is_seen() {
    let [one, two, three] = ["one", "two", "three"].map(str::to_owned);
    let said = [one.clone(), two.clone(), three.clone()];
    assert_eq!(Balance::of(&said, &said), Balance::default());
    assert_eq!(Balance::of(&said, &[one.clone(), three.clone()]), Balance { lost: 1, ..Balance::default() });
    assert_eq!(
        Balance::of(&said, &[one.clone(), two.clone(), two.clone(), three.clone()]),
        Balance { doubled: 1, ..Balance::default() }
    );
    assert_eq!(
        Balance::of(&said, &[two, one, three, "four".to_owned()]),
        Balance { disordered: 1, strange: 1, ..Balance::default() }
    );
}
