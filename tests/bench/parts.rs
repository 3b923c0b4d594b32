//! The parts of a busy evening, each alone: `cargo bench --bench parts`. No server, no terminal.
//!
//! Each figure is the median of seven rounds, with the least and the most. They are for comparing before and after a
//! change on one computer; nothing is asserted on time.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a bench may stop")]
#![allow(clippy::disallowed_methods, reason = "benches live in real time")]
#![allow(clippy::cast_precision_loss, reason = "counts of a few million at most")]

#[path = "parts/history.rs"]
mod history;
#[path = "parts/written.rs"]
#[allow(dead_code, reason = "shared with the evening")]
mod written;

use butty::app::event::{Key, KeyCode, Stored};
use butty::app::model::{Conversation, Message, Options};
use butty::app::setup::AccountSetup;
use butty::app::{Effect, Effects, Event, LinkEvent, LinkFact, Model, StoreRequest};
use butty::store::{Place, Store};
use butty::types::{AccountId, BareJid, Epoch, FullJid, Jid, Line, Now, OriginId, Prose, Stamp};
use butty::ui::{self, View};
use butty::xml::{Frame, Framer, Limits};
use butty::xmpp::{
    self, Content, CredentialKind, Direction, Features, Incoming, Presence, RosterItem, Show, SignedIn, Subscription,
    Via,
};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::fmt::Write;
use std::hint::black_box;
use std::sync::mpsc;
use std::time::{Duration, Instant};

const ADDRESS: &str = "anna@example.org";
const BUDDIES: usize = 1_000;
/// The buddy whose talk is open.
const TALKER: usize = 3;
/// Messages given to the mind and to the store in a round.
const MESSAGES: usize = 10_000;

fn main() {
    parse();
    let inserts = update();
    draw();
    key();
    store(&inserts);
    history::measure();
}

/// Seven rounds of `once`, which says how many units it did in which time; `figure` makes the number.
fn rounds(label: &str, unit: &str, figure: fn(f64, Duration) -> f64, mut once: impl FnMut() -> (usize, Duration)) {
    once(); // the first one pays for caches and pages
    let mut figures: Vec<f64> = (0..7).map(|_| once()).map(|(count, time)| figure(count as f64, time)).collect();
    figures.sort_by(f64::total_cmp);
    println!("{label}: {:.2} {unit} ({:.2} – {:.2})", figures[3], figures[0], figures[6]);
}

fn microseconds_each(count: f64, time: Duration) -> f64 {
    time.as_secs_f64() * 1e6 / count
}

fn millions_a_second(count: f64, time: Duration) -> f64 {
    count / time.as_secs_f64() / 1e6
}

fn thousands_a_second(count: f64, time: Duration) -> f64 {
    count / time.as_secs_f64() / 1e3
}

/// Framer and parser: bytes as they come from the wire, in pieces of 4 KiB, to elements.
fn parse() {
    let header = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
                  xmlns:stream='http://etherx.jabber.org/streams' from='example.org' version='1.0'>";
    let mut bytes = header.to_owned();
    for number in 0..MESSAGES {
        write!(
            bytes,
            "<message type='chat' to='anna@example.org/butty' from='buddy3@example.org/phone' id='m{number}'>\
             <body>What is said &amp; done, number {number}</body><active xmlns='http://jabber.org/protocol/chatstates'/>\
             <stanza-id xmlns='urn:xmpp:sid:0' by='anna@example.org' id='{number:032}'/></message>"
        )
        .expect("memory");
    }
    rounds("framer and parser", "MB/s", millions_a_second, || {
        let mut framer = Framer::new(Limits::SIGNED_IN);
        let mut elements = 0;
        let began = Instant::now();
        for piece in bytes.as_bytes().chunks(4096) {
            framer.feed(piece);
            while let Some(frame) = framer.next_frame().expect("well-formed") {
                elements += usize::from(matches!(black_box(frame), Frame::Element(_)));
            }
        }
        let time = began.elapsed();
        assert_eq!(elements, MESSAGES);
        (bytes.len(), time)
    });
}

/// A mind that is signed in, with its buddies online and a talk open.
struct Evening {
    model: Model,
    account: AccountId,
    now: Now,
    said: usize,
    inserts: Vec<Message>,
}

impl Evening {
    fn new() -> Self {
        let now = Now { mono: Duration::from_secs(1), wall: Stamp(1_763_650_800_000) };
        let (model, _) = Model::new(Options::default(), vec![setup()], 7, now);
        let mut evening = Self { model, account: AccountId::new(ADDRESS), now, said: 0, inserts: Vec::new() };
        let (account, cache) = (evening.account.clone(), Box::default());
        evening.give(Event::Stored(Stored::Cache { account, cache }));
        evening.give(Event::Stored(Stored::CacheDone));
        evening.link(LinkFact::Dialing { host: Line::clean("example.org") });
        evening.session(xmpp::Event::SignedIn(SignedIn {
            jid: FullJid::parse("anna@example.org/butty").unwrap(),
            mechanism: "SCRAM-SHA-256".to_owned(),
            offered: Vec::new(),
        }));
        evening.session(xmpp::Event::Roster { items: Some((0..BUDDIES).map(item).collect()), version: None });
        evening.session(xmpp::Event::Features(Features { carbons: true, ..Features::default() }));
        for number in 0..BUDDIES {
            evening.session(xmpp::Event::Presence(presence(number)));
        }
        evening.give(Event::Command(format!("/msg {}", buddy(TALKER))));
        evening
    }

    fn give(&mut self, event: Event) {
        self.now = Now { mono: self.now.mono + Duration::from_micros(50), wall: self.now.wall };
        let wanted: Effects = self.model.update(self.now, event);
        for effect in wanted {
            if let Effect::Store(StoreRequest::Insert(message)) = effect {
                self.inserts.push(*message);
            }
        }
    }

    fn link(&mut self, fact: LinkFact) {
        let event = LinkEvent { epoch: Epoch(1), fact };
        self.give(Event::Link(self.account.clone(), event));
    }

    fn session(&mut self, event: xmpp::Event) {
        self.link(LinkFact::Session(event));
    }

    /// That many messages of the open talk, in the store's time with it.
    fn hear(&mut self, count: usize) {
        let mut told = self.inserts.len();
        for number in 0..count {
            self.said += 1;
            let incoming = says(self.said);
            self.session(xmpp::Event::Message(Box::new(incoming)));
            if number % 256 == 255 || number + 1 == count {
                let keys = self.inserts[told..].iter().map(|message| message.key).collect();
                told = self.inserts.len();
                self.give(Event::Stored(Stored::Committed { keys }));
            }
        }
    }
}

/// The mind: a message from the wire to effects, with the store's answers. Gives what the store is asked to keep.
fn update() -> Vec<Message> {
    let mut inserts = Vec::new();
    rounds("Model::update, a message", "µs", microseconds_each, || {
        let mut evening = Evening::new();
        let began = Instant::now();
        evening.hear(MESSAGES);
        let time = began.elapsed();
        inserts = evening.inserts;
        assert_eq!(inserts.len(), MESSAGES);
        (MESSAGES, time)
    });
    inserts
}

/// The eye: a frame of 120 by 40, with ratatui's comparison to the last one, into memory.
fn draw() {
    const FRAMES: usize = 200;
    let mut evening = Evening::new();
    evening.hear(Conversation::KEEP);
    let mut view = View::new();
    let mut terminal = Terminal::new(TestBackend::new(120, 40)).expect("memory");
    terminal.draw(|frame| ui::draw(&evening.model, &mut view, frame)).expect("memory");
    evening.give(Event::Viewport(view.viewport()));
    let mut frames = |label: &str, change: &mut dyn FnMut(&mut Evening)| {
        rounds(label, "µs", microseconds_each, || {
            let mut time = Duration::ZERO;
            for _ in 0..FRAMES {
                change(&mut evening);
                let began = Instant::now();
                terminal.draw(|frame| ui::draw(&evening.model, &mut view, frame)).expect("memory");
                time += began.elapsed();
            }
            (FRAMES, time)
        });
    };
    frames("ui::draw, nothing changed", &mut |_| {});
    frames("ui::draw, after a message", &mut |evening| evening.hear(1));
    let letter = Key { code: KeyCode::Char('x'), ctrl: false, alt: false, shift: false };
    let back = Key { code: KeyCode::Backspace, ..letter };
    let mut typed = false;
    let mut type_one = |evening: &mut Evening| {
        typed = !typed;
        evening.give(Event::Key(if typed { letter } else { back }));
    };
    frames("ui::draw, after a key that begins or ends a draft", &mut type_one);
    frames("ui::draw, after any other key", &mut {
        let mut begun = false;
        move |evening| {
            if !std::mem::replace(&mut begun, true) {
                evening.give(Event::Key(letter));
            }
            type_one(evening);
        }
    });
    let screen = terminal.backend().to_string();
    assert!(screen.contains("Buddy 3") && screen.contains("done, number"), "the wrong screen:\n{screen}");
}

/// A letter in the box, between the terminal and the terminal: the mind, the eye painting what changed, and when the
/// loop wakes next. To be held against `ui::draw, after any other key`, which paints and compares all.
fn key() {
    const KEYS: usize = 200;
    let mut evening = Evening::new();
    evening.hear(Conversation::KEEP);
    let area = Rect::new(0, 0, 120, 40);
    let (mut view, mut paper) = (View::new(), Buffer::empty(area));
    ui::paint(&evening.model, &mut view, &mut paper);
    evening.give(Event::Viewport(view.viewport()));
    let letter = Key { code: KeyCode::Char('x'), ctrl: false, alt: false, shift: false };
    let back = Key { code: KeyCode::Backspace, ..letter };
    evening.give(Event::Key(letter));
    ui::repaint(&evening.model, &mut view, area, &mut paper);
    let [mut mind, mut eye, mut clock] = [const { Vec::<Duration>::new() }; 3];
    for _ in 0..8 {
        let mut spent = [Duration::ZERO; 3];
        for number in 0..KEYS {
            let began = Instant::now();
            evening.give(Event::Key(if number % 2 == 0 { letter } else { back }));
            spent[0] += began.elapsed();
            let began = Instant::now();
            black_box(ui::repaint(&evening.model, &mut view, area, &mut paper));
            spent[1] += began.elapsed();
            assert_ne!(paper.area, area, "the whole was painted");
            let began = Instant::now();
            black_box(evening.model.deadline());
            spent[2] += began.elapsed();
        }
        mind.push(spent[0]);
        eye.push(spent[1]);
        clock.push(spent[2]);
    }
    for (label, times) in [("Model::update", mind), ("ui::repaint", eye), ("Model::deadline", clock)] {
        let mut times = times.into_iter();
        rounds(&format!("{label}, a letter in the box"), "µs", microseconds_each, || {
            (KEYS, times.next().expect("eight rounds"))
        });
    }
}

/// The memory: inserts until the last one is told to be committed, in a new database on disk.
fn store(inserts: &[Message]) {
    rounds("store, inserts", "thousand/s", thousands_a_second, || {
        let folder = tempfile::tempdir().expect("a folder");
        let (tell, told) = mpsc::channel();
        let store = Store::start(Place::Folder(folder.path().to_owned()), false, move |stored| {
            drop(tell.send(stored));
        });
        let store = store.expect("a thread");
        let began = Instant::now();
        for message in inserts {
            store.send(StoreRequest::Insert(Box::new(message.clone())));
        }
        let mut committed = 0;
        while committed < inserts.len() {
            match told.recv().expect("the store lives") {
                Stored::Committed { keys } => committed += keys.len(),
                other => panic!("the store said {other:?}"),
            }
        }
        let time = began.elapsed();
        store.close();
        (inserts.len(), time)
    });
}

fn buddy(number: usize) -> String {
    format!("buddy{number}@example.org")
}

fn item(number: usize) -> RosterItem {
    RosterItem {
        jid: BareJid::parse(&buddy(number)).unwrap(),
        name: Some(Line::clean(&format!("Buddy {number}"))),
        groups: vec![Line::clean(["Friends", "Family", "Work", "Club", "Elsewhere"][number % 5])],
        subscription: Subscription::Both,
        pending: false,
    }
}

fn presence(number: usize) -> Presence {
    Presence {
        from: Jid::parse(&format!("{}/phone", buddy(number))).unwrap(),
        show: Show::Available,
        status: Some(Line::clean("learning the accordion")),
        priority: 0,
        since: None,
        nick: None,
        caps: None,
    }
}

fn says(number: usize) -> Incoming {
    let from = Jid::parse(&format!("{}/phone", buddy(TALKER))).unwrap();
    Incoming {
        peer: from.bare(),
        from,
        direction: Direction::In,
        via: Via::Live,
        id: Some(OriginId(format!("m{number}"))),
        stanza_id: None,
        stamp: None,
        body: Content::Plain(Prose::clean(&format!("What is said and done, number {number}"))),
        state: None,
        wants_receipt: true,
        receipt_of: None,
        wants_marker: false,
        displayed: None,
        nick: None,
        delayed: false,
        page: None,
    }
}

fn setup() -> AccountSetup {
    let address = BareJid::parse(ADDRESS).unwrap();
    AccountSetup { credential: Some(CredentialKind::Password), ..AccountSetup::new(&address) }
}
