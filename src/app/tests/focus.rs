//! Nothing that arrives moves what the person has under the fingers (ux 0 rule 2, ux 10.4).

use super::*;
use crate::app::model::{Chance, Focus, Scroll};
use crate::types::{ArchiveId, Problem, RequestId};
use crate::xmpp::ChatState;

const PEERS: [&str; 6] = [
    "bela@example.org",
    "dad@example.org",
    "stranger@example.com",
    "anna@example.org",
    "carol@example.com",
    "bela@example.org.evil.test",
];
const SHOWS: [Show; 5] = [Show::Available, Show::Busy, Show::Away, Show::Gone, Show::Offline];

/// Numbers below `n`.
fn below(chance: &mut Chance, n: usize) -> usize {
    usize::try_from(chance.draw() % u64::try_from(n).unwrap()).unwrap()
}

fn message(chance: &mut Chance, world: &World) -> Incoming {
    let peer = PEERS[below(chance, PEERS.len())];
    let id = below(chance, 300).to_string();
    let words = ["hi", "ok", "", "…", "/quit", "a\nb"][below(chance, 6)];
    let mut incoming = says(&format!("{peer}/d{}", below(chance, 3)), &id, words);
    incoming.via = [Via::Live, Via::Carbon, Via::Archive][below(chance, 3)];
    incoming.direction = if below(chance, 4) == 0 { Direction::Out } else { Direction::In };
    incoming.delayed = below(chance, 3) == 0;
    if below(chance, 2) == 0 {
        incoming.stanza_id = Some(StanzaId(below(chance, 300).to_string()));
    }
    if below(chance, 2) == 0 {
        let back = i64::try_from(below(chance, 1_000_000_000)).unwrap();
        incoming.stamp = Some(Stamp(world.now.wall.0 - back + 50_000));
    }
    if below(chance, 9) == 0 {
        incoming.body = Content::Encrypted { name: line("OMEMO") };
    }
    incoming
}

fn push(chance: &mut Chance, peer: &str) -> xmpp::Event {
    let all = [Subscription::Both, Subscription::None, Subscription::To, Subscription::Removed];
    let item = RosterItem { subscription: all[below(chance, 4)], ..item(peer, "Name", "G") };
    xmpp::Event::RosterPush { item, version: None }
}

/// Any fact that a session can tell, but not one that ends it.
fn fact(chance: &mut Chance, world: &World) -> xmpp::Event {
    let peer = PEERS[below(chance, PEERS.len())];
    let from = Jid::parse(&format!("{peer}/d{}", below(chance, 3))).unwrap();
    let of = OriginId(below(chance, 300).to_string());
    let request = RequestId(chance.draw());
    match below(chance, 12) {
        0..=4 => xmpp::Event::Message(Box::new(message(chance, world))),
        5 | 6 => xmpp::Event::Presence(presence(from.as_str(), SHOWS[below(chance, 5)])),
        7 => push(chance, peer),
        8 => xmpp::Event::SubscriptionRequest { from: bare(peer), nick: None, text: None },
        9 => xmpp::Event::ChatState { from, state: [ChatState::Composing, ChatState::Paused][below(chance, 2)] },
        10 => xmpp::Event::Receipt { from, of, delayed: None },
        _ => {
            let last = Some(ArchiveId(below(chance, 300).to_string()));
            page_end(request, last.clone(), last, below(chance, 2) == 0)
        }
    }
}

fn anything(chance: &mut Chance, world: &mut World) {
    match below(chance, 40) {
        0 => world.drop_link(),
        1 => world.sign_in(true),
        2 => world.stored(Stored::Failed(Problem::DiskFull)),
        3 => world.stored(Stored::Recovered),
        4 => world.after(Duration::from_millis(300)),
        5 => world.session(xmpp::Event::Features(Features { archive: true, ..Features::default() })),
        _ => {
            let fact = fact(chance, world);
            world.session(fact);
        }
    }
}

#[test]
fn ten_thousand_arrivals_while_typing_move_nothing() {
    for (seed, focus) in [(1, Focus::Composer), (2, Focus::List), (3, Focus::Composer)] {
        let mut world = World::online(true);
        world.model.options.auto_away = None;
        let mut chance = Chance { seed, drawn: 0 };
        world.open(BELA);
        world.page(BELA, Vec::new(), false);
        for n in 0..30 {
            world.hears(says("bela@example.org/phone", &format!("x{n}"), &format!("row {n}")));
        }
        let anchor = Scroll::At { key: world.talk(BELA).messages[12].key, rows: 2 };
        let key = world.key(BELA);
        let talk = world.model.talks.get_mut(&key).unwrap();
        talk.composer.set_text("half a sentence");
        talk.scroll = if seed == 3 { Scroll::Bottom } else { anchor };
        let before = talk.clone();
        world.model.focus = focus;
        world.model.list.selected = 1;
        world.give(Event::Focus(true));
        let (selected, rows) = (world.model.list.selected, crate::app::list::rows(&world.model).len());
        for n in 0..10_000 {
            anything(&mut chance, &mut world);
            let talk = world.talk(BELA);
            assert_eq!(
                (&talk.composer, talk.scroll, talk.selected),
                (&before.composer, before.scroll, before.selected)
            );
            assert_eq!(world.model.open.as_ref(), Some(&key), "the recipient");
            assert_eq!((world.model.focus, world.model.list.selected), (focus, selected));
            assert!(world.model.overlays.is_empty() && matches!(world.model.screen, crate::app::model::Screen::Main));
            if focus == Focus::List {
                assert_eq!(crate::app::list::rows(&world.model).len(), rows);
            }
            if n % 100 == 0 {
                let order: Vec<_> = talk.messages.iter().map(|m| (m.stamp, m.key)).collect();
                assert!(order.is_sorted());
            }
            world.fx.clear();
        }
    }
}
