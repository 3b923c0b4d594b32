//! What others can make grow has an end (`butty::types::limits`). Each is filled tenfold.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a test may stop")]

#[path = "senders/world.rs"]
#[allow(dead_code, reason = "shared with the test of senders")]
mod world;

use butty::app::effect::{Effect, LinkCommand, StoreRequest};
use butty::app::event::{Event, Stored};
use butty::app::model::Conversation;
use butty::types::MessageKey;
use butty::types::limits::*;
use butty::xmpp;
use std::fmt::Write as _;
use world::{ROMEO, World, key};

fn chat(from: &str, id: usize, text: &str) -> String {
    format!("<message type='chat' from='{from}' id='m{id}'><body>{text}</body></message>")
}

/// The one account.
fn own(world: &World) -> &butty::app::model::Account {
    &world.model.accounts[0]
}

fn item(number: usize) -> String {
    format!("<item jid='b{number}@montague.lit' subscription='both'/>")
}

/// By the whole list, and by one push after the other.
#[test]
fn buddies_beyond_the_limit_are_not_taken_in() {
    let push =
        |item: &str| format!("<iq type='set' id='p'><query xmlns='jabber:iq:roster' ver='v'>{item}</query></iq>");
    let all: String = (0..BUDDIES + 10_000).map(item).collect();
    let mut world = World::signed_in(&all);
    assert_eq!(own(&world).roster.len(), BUDDIES);
    for number in BUDDIES..BUDDIES + 1_000 {
        world.hear(&push(&item(number)));
        assert!(own(&world).roster_version.is_none(), "the version that has them is not ours");
    }
    assert_eq!(own(&world).roster.len(), BUDDIES);
    world.hear(&push("<item jid='b7@montague.lit' name='New' subscription='both'/>"));
    assert_eq!(world.model.name_of(&key("b7@montague.lit")), "New", "who is on it can change");
    world.hear(&push("<item jid='b7@montague.lit' subscription='remove'/>"));
    world.hear(&push(&item(BUDDIES)));
    assert_eq!(own(&world).roster.len(), BUDDIES, "and go, and make room");
}

/// A server that makes the list long by its words: each push is within the limit of a stanza.
#[test]
fn a_buddy_list_has_an_end_in_bytes() {
    let long = |number: usize, letter: char| {
        let words = "\u{1F469}\u{200D}\u{1F467}".repeat(190);
        let groups = (0..GROUPS).fold(String::new(), |all, group| format!("{all}<group>{group}{words}</group>"));
        let name = letter.to_string().repeat(190);
        format!("<item jid='b{number}@montague.lit' name='{name}' subscription='both'>{groups}</item>")
    };
    let size = |world: &World| -> usize {
        let items = own(world).roster.values().map(|contact| &contact.item);
        let lines = items.flat_map(|item| item.groups.iter().chain(&item.name));
        lines.map(|line| line.as_str().len()).sum()
    };
    let push =
        |item: &str| format!("<iq type='set' id='p'><query xmlns='jabber:iq:roster' ver='v'>{item}</query></iq>");
    let mut world = World::signed_in("");
    let mut number = 0;
    while own(&world).roster.len() == number {
        world.hear(&push(&long(number, 'n')));
        number += 1;
        assert!(number < BUDDIES, "a list without end");
    }
    assert!(size(&world) <= ROSTER_BYTES && size(&world) > ROSTER_BYTES / 2, "{}", size(&world));
    let kept = world.effects.iter().filter(|fx| matches!(fx, Effect::Store(StoreRequest::RosterItem { .. }))).count();
    assert_eq!(kept, number - 1, "nor does the disk take the last");
    world.hear(&push("<item jid='b0@montague.lit' subscription='remove'/>"));
    world.hear(&push(&long(number, 'x')));
    assert_eq!(own(&world).roster.len(), number - 1, "who goes makes room");
}

/// Each place in the list has the name and the words once more, so short groups make long lists.
#[test]
fn places_in_the_list_have_an_end() {
    let push =
        |item: &str| format!("<iq type='set' id='p'><query xmlns='jabber:iq:roster' ver='v'>{item}</query></iq>");
    let groups = (0..GROUPS).fold(String::new(), |all, group| format!("{all}<group>{group}</group>"));
    let name = "n".repeat(190);
    let mut world = World::signed_in("");
    let mut number = 0;
    while own(&world).roster.len() == number {
        world.hear(&push(&format!("<item jid='b{number}@m.lit' name='{name}' subscription='both'>{groups}</item>")));
        number += 1;
        assert!(number < 10_000, "a list without end");
    }
    assert!(number * GROUPS * 190 <= ROSTER_BYTES, "{number} of them");
    let version = own(&world).roster_version.clone();
    world.hear(&push("<item jid='b0@m.lit' subscription='remove'/>"));
    world.hear(&push("<item jid='small@m.lit' subscription='both'/>"));
    assert!(own(&world).roster.len() == number - 1, "who goes makes room");
    assert_eq!(own(&world).roster_version, version, "but what was left out is not said to be here");
}

/// The same by what buddies say of themselves. Who is there is still seen.
#[test]
fn words_of_buddies_have_an_end_in_bytes() {
    let people = PRESENCE_BYTES / (DEVICES * 2_000);
    let all: String = (0..people).map(item).collect();
    let mut world = World::signed_in(&all);
    let words = "\u{1F469}\u{200D}\u{1F467}".repeat(199);
    let said = |world: &World| -> usize {
        let statuses =
            own(world).roster.values().flat_map(|c| c.devices.values().map(|d| &d.status).chain([&c.status]));
        statuses.flatten().map(|line| line.as_str().len()).sum()
    };
    for number in 0..people {
        for device in 0..DEVICES {
            let from = format!("b{number}@montague.lit/{device}");
            world.hear(&format!("<presence from='{from}'><status>{words}</status></presence>"));
        }
    }
    assert!(said(&world) <= PRESENCE_BYTES / 2 && said(&world) > PRESENCE_BYTES / 4, "{}", said(&world));
    let last = own(&world).roster.values().find(|c| c.item.jid.as_str() == format!("b{}@montague.lit", people - 1));
    let last = last.expect("on the list");
    assert_eq!((last.show(), last.status.as_ref()), (Some(xmpp::Show::Available), None));
    for number in 0..people / 2 {
        world.hear(&format!("<presence from='b{number}@montague.lit' type='unavailable'/>"));
    }
    world.hear(&format!("<presence from='b{}@montague.lit/0'><status>room</status></presence>", people - 1));
    let last = own(&world).roster.values().find(|c| c.item.jid.as_str() == format!("b{}@montague.lit", people - 1));
    assert_eq!(
        last.and_then(|c| c.status.as_ref()).map(butty::types::Line::as_str),
        Some("room"),
        "who goes makes room"
    );
}

#[test]
fn groups_beyond_the_limit_are_not_read() {
    let groups = (0..10 * GROUPS).fold(String::new(), |all, number| format!("{all}<group>G{number}</group>"));
    let world = World::signed_in(&format!("<item jid='{ROMEO}' subscription='both'>{groups}</item>"));
    let contact = own(&world).roster.values().next().expect("Romeo");
    assert_eq!(contact.item.groups.len(), GROUPS);
}

#[test]
fn names_and_personal_messages_have_an_end() {
    let long = "x".repeat(100_000);
    let mut world = World::signed_in(&format!("<item jid='{ROMEO}' name='{long}' subscription='both'/>"));
    world.hear(&format!("<presence from='{ROMEO}/x'><status>{long}</status></presence>"));
    let contact = own(&world).roster.values().next().expect("Romeo");
    let name = contact.item.name.as_ref().expect("a name");
    let status = contact.status.as_ref().expect("a personal message");
    let family = "\u{1F469}\u{200D}\u{1F467}\u{200D}\u{1F466}\u{200D}\u{1F466}".repeat(10_000);
    let line = butty::types::Line::clean(&family);
    assert!(line.as_str().len() <= LINE_BYTES && line.as_str().ends_with('…'), "{}", line.as_str().len());
    assert_eq!(butty::types::Line::clean(line.as_str()), line, "cut once");
    assert!(name.as_str().len() < 300 && name.as_str().ends_with('…'), "{name}");
    assert!(status.as_str().len() < 300, "{status}");
}

#[test]
fn devices_beyond_the_limit_are_not_seen_until_others_go() {
    let mut world = World::new();
    for number in 0..10 * DEVICES {
        world.hear(&format!("<presence from='{ROMEO}/device{number}'/>"));
    }
    let devices =
        |world: &World| own(world).roster.values().find(|c| c.item.jid.as_str() == ROMEO).unwrap().devices.len();
    assert_eq!(devices(&world), DEVICES);
    world.hear(&format!("<presence from='{ROMEO}/device1' type='unavailable'/>"));
    assert_eq!(devices(&world), DEVICES - 1);
    world.hear(&format!("<presence from='{ROMEO}/new'/>"));
    assert_eq!(devices(&world), DEVICES);
}

#[test]
fn presence_and_typing_of_strangers_and_of_our_own_devices_are_not_kept() {
    let mut world = World::new();
    let before = world.belief();
    let mut flood = String::new();
    for number in 0..10_000 {
        write!(
            flood,
            "<presence from='s{number}@evil.example/x'><status>buy</status></presence>\
             <presence from='juliet@capulet.lit/d{number}'/><message from='s{number}@evil.example/x'>\
             <composing xmlns='http://jabber.org/protocol/chatstates'/></message>"
        )
        .unwrap();
    }
    world.hear(&flood);
    assert_eq!(world.belief(), before);
}

#[test]
fn of_those_who_ask_the_newest_wait() {
    let mut world = World::new();
    for number in 0..10 * REQUESTS {
        let ask = format!("<presence from='s{number}@evil.example' type='subscribe'><status>hi</status></presence>");
        world.hear(&ask);
    }
    assert_eq!(own(&world).requests.len(), REQUESTS);
    assert_eq!(own(&world).requests[0].from.as_str(), "s0@evil.example", "the oldest is asked about first");
    world.hear("<presence from='s0@evil.example' type='subscribe'><status>again</status></presence>");
    assert_eq!(own(&world).requests.len(), REQUESTS);
}

/// Their messages are kept on the disk all the same, and a buddy still gets through.
#[test]
fn talks_begun_by_strangers_have_an_end_and_no_message_is_lost() {
    let mut world = World::new();
    let mut kept = 0;
    for number in 0..10 * STRANGERS {
        world.hear(&chat(&format!("s{number}@evil.example/x"), number, "buy"));
        kept += world.effects.iter().filter(|fx| matches!(fx, Effect::Store(StoreRequest::Insert(_)))).count();
        world.look_away();
    }
    assert_eq!(world.model.talks.len(), STRANGERS);
    assert_eq!(kept, 10 * STRANGERS);
    world.hear(&chat("romeo@montague.lit/orchard", 1, "but soft"));
    assert_eq!(world.words(ROMEO), ["In: but soft"]);
}

fn bytes(talk: &Conversation) -> usize {
    talk.messages.iter().map(butty::app::model::Message::bytes).sum()
}

/// More than off the screen in general, for what the archive brings has to find its place.
#[test]
fn a_talk_in_memory_has_an_end_while_the_archive_is_read() {
    let mut world = World::new();
    assert!(!world.model.accounts[0].sync.complete);
    for number in 0..2_000 {
        world.hear(&chat("romeo@montague.lit/orchard", number, "short"));
        assert!(bytes(world.talk(ROMEO).unwrap()) <= ORDERED_TALK_BYTES);
    }
    assert!(world.talk(ROMEO).unwrap().messages.len() <= 1_000);
    let long = "x".repeat(ORDERED_TALK_BYTES / 4);
    for number in 0..40 {
        world.hear(&chat("romeo@montague.lit/orchard", number, &long));
        let talk = world.talk(ROMEO).unwrap();
        assert!(bytes(talk) <= ORDERED_TALK_BYTES, "{}", bytes(talk));
    }
}

/// By number, and by the length of what they say.
#[test]
fn a_talk_in_memory_has_an_end() {
    let mut world = World::new();
    world.model.accounts[0].sync.complete = true;
    for number in 0..2_000 {
        world.hear(&chat("romeo@montague.lit/orchard", number, "short"));
    }
    assert!(world.talk(ROMEO).unwrap().messages.len() <= 200);
    let long = "x".repeat(CLOSED_TALK_BYTES / 4);
    for number in 0..40 {
        world.hear(&chat("romeo@montague.lit/orchard", number, &long));
        let talk = world.talk(ROMEO).unwrap();
        assert!(bytes(talk) <= CLOSED_TALK_BYTES, "{}", bytes(talk));
    }
    let giant = "x".repeat(10 * CLOSED_TALK_BYTES);
    world.hear(&chat("romeo@montague.lit/orchard", 1, &giant));
    let talk = world.talk(ROMEO).unwrap();
    assert!(talk.messages.is_empty() && !talk.loaded && talk.more_stored, "it is read from the disk when wanted");
    assert_eq!(world.model.unread(&key(ROMEO)), 2_041, "and still counts");

    world.does(|model, fx| model.open_talk(&key(ROMEO), fx));
    let huge = "x".repeat(900 << 10);
    for number in 0..12 {
        world.hear(&chat("romeo@montague.lit/orchard", number, &huge));
        let talk = world.talk(ROMEO).unwrap();
        assert!(bytes(talk) <= TALK_BYTES && !talk.messages.is_empty(), "{}", bytes(talk));
        world.look_away();
    }
    // Reading far up: the newest wait on the disk, and what is looked at stays.
    let first = world.talk(ROMEO).unwrap().messages[0].key;
    world.does(|model, fx| model.scroll_rows(-3, fx));
    world.give(Event::Settled(key(ROMEO), butty::app::model::Scroll::At { key: first, rows: 0 }));
    for number in 0..12 {
        world.hear(&chat("romeo@montague.lit/orchard", number, &huge));
        world.look_away();
    }
    let talk = world.talk(ROMEO).unwrap();
    assert!(talk.message(first).is_some() && talk.tail_missing && bytes(talk) <= TALK_BYTES, "{}", bytes(talk));
}

/// The line is not read on while so much waits for the disk; nothing is lost.
#[test]
fn what_is_not_on_the_disk_brakes_the_line() {
    for (text, most) in [("short".to_owned(), UNCOMMITTED), ("x".repeat(900 << 10), UNCOMMITTED_BYTES / (900 << 10))] {
        let mut world = World::new();
        world.commits = false;
        let mut keys: Vec<MessageKey> = Vec::new();
        let (mut number, mut braked) = (0, false);
        while !braked {
            world.hear(&chat("romeo@montague.lit/orchard", number, &text));
            number += 1;
            assert!(number <= most + 1, "never braked");
            for effect in &world.effects {
                match effect {
                    Effect::Store(StoreRequest::Insert(message)) => keys.push(message.key),
                    Effect::Link(_, LinkCommand::Pause) => braked = true,
                    _ => {}
                }
            }
            world.look_away();
        }
        assert_eq!((number, world.model.waiting.len()), (most + 1, most + 1));
        world.give(Event::Stored(Stored::Committed { keys }));
        assert!(world.effects.iter().any(|fx| matches!(fx, Effect::Link(_, LinkCommand::Resume))));
        assert_eq!((world.model.waiting.len(), world.model.uncommitted_bytes), (0, 0));
        assert!(world.model.waiting.is_empty(), "and no receipt is owed any more");
    }
}

#[test]
fn marks_for_what_is_not_loaded_have_an_end() {
    let mut world = World::new();
    world.does(|model, fx| model.open_talk(&key(ROMEO), fx));
    for number in 0..10 * LATE_MARKS {
        let id = MessageKey(u128::try_from(number).unwrap() + 1);
        world.hear(&format!(
            "<message from='romeo@montague.lit/x'><received xmlns='urn:xmpp:receipts' id='{id}'/></message>"
        ));
    }
    assert_eq!(world.talk(ROMEO).unwrap().late_marks.len(), LATE_MARKS);
}

/// Whoever names messages that nobody wrote makes no work without end: the line is read no faster than they are looked
/// up, and nothing that is true gets lost by that.
#[test]
fn marks_for_what_is_perhaps_nowhere_brake_the_line() {
    let received = "<received xmlns='urn:xmpp:receipts'";
    let displayed = "<displayed xmlns='urn:xmpp:chat-markers:0'";
    for (kind, word) in [("chat", received), ("chat", displayed), ("error", "<error type='cancel'")] {
        let mut world = World::new();
        let (mut told, mut braked) = (0, false);
        while !braked {
            let id = MessageKey(u128::try_from(told).unwrap() + 1);
            let payload = if kind == "error" { format!("{word}/>") } else { format!("{word} id='{id}'/>") };
            world.hear(&format!("<message type='{kind}' from='tybalt@evil.example/x' id='{id}'>{payload}</message>"));
            told += 1;
            assert!(told <= UNCOMMITTED + 1, "{word}: never braked");
            braked = world.effects.iter().any(|fx| matches!(fx, Effect::Link(_, LinkCommand::Pause)));
            let marks = world.effects.iter().filter(|fx| matches!(fx, Effect::Store(StoreRequest::Mark { .. })));
            assert_eq!(marks.count(), 1, "{word}: each is looked up");
            world.look_away();
        }
        assert_eq!((told, world.model.marking), (UNCOMMITTED + 1, UNCOMMITTED + 1));
        world.give(Event::Stored(Stored::Marked { count: told / 2 }));
        assert!(world.effects.is_empty(), "{word}: not yet");
        world.give(Event::Stored(Stored::Marked { count: told - told / 2 }));
        assert!(world.effects.iter().any(|fx| matches!(fx, Effect::Link(_, LinkCommand::Resume))), "{word}");
        assert_eq!(world.model.marking, 0);
    }
}

/// A server that ignores how much was asked for.
#[test]
fn an_archive_page_has_an_end_and_counts_as_failed_then() {
    let mut world = World::new();
    let query = world.id_of("urn:xmpp:mam:2");
    let mut told = 0;
    for number in 0..RESULTS + 1_000 {
        world.hear(&format!(
            "<message from='juliet@capulet.lit'><result xmlns='urn:xmpp:mam:2' queryid='{query}' id='a{number}'>\
             <forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2026-11-01T00:00:00Z'/>\
             <message xmlns='jabber:client' from='{ROMEO}/x' to='juliet@capulet.lit' id='i{number}'>\
             <body>old</body></message></forwarded></result></message>"
        ));
        told += world.events.iter().filter(|event| matches!(event, xmpp::Event::Message(_))).count();
        world.look_away();
    }
    assert_eq!(told, RESULTS);
    world.answer(&query, "<fin xmlns='urn:xmpp:mam:2' complete='true'/>");
    assert!(world.events.iter().any(|event| matches!(event, xmpp::Event::RequestFailed { .. })), "{:?}", world.events);
}

/// Ours alone make them; then the person is told, as when nobody answers.
#[test]
fn queries_without_an_answer_have_an_end() {
    let mut world = World::new();
    let ask = |world: &mut World, number: u64| {
        let command = xmpp::Command::LookUp { request: butty::types::RequestId(number), email: "a@b.test".to_owned() };
        world.session.handle_command(world.now, command);
        world.drain();
    };
    for number in 0..10 * u64::try_from(QUERIES).unwrap() {
        ask(&mut world, number);
    }
    let written = world.sent.matches("jidlookup").count();
    assert!(written <= QUERIES && written + 10 > QUERIES, "{written}");
    let failed = world.events.iter().filter(|event| matches!(event, xmpp::Event::RequestFailed { .. })).count();
    assert_eq!(failed, 10 * QUERIES - written);
    // Whatever others say makes none.
    let written = world.sent.len();
    world.hear("<iq type='result' id='x' from='evil.example'/><iq type='error' id='y' from='evil.example'/>");
    assert_eq!(world.sent.len(), written);
}

#[test]
fn features_and_ids_of_any_length_are_survived() {
    let mut world = World::dialled(true);
    let domain = butty::types::Domain::parse("capulet.lit").unwrap();
    world.session.handle_secured(world.now, xmpp::Verified::for_domain(domain, "TLS 1.3"));
    world.drain();
    let mechanisms = (0..1_000).fold(String::new(), |all, n| format!("{all}<mechanism>M-{n}</mechanism>"));
    world.hear(&format!(
        "{}{}",
        world::HEADER,
        world::PLAIN.replace("<mechanism>", &format!("{mechanisms}<mechanism>"))
    ));
    let offered = world.events.iter().find_map(|event| match event {
        xmpp::Event::Offered(all) => Some(all.len()),
        _ => None,
    });
    assert_eq!(offered, Some(64));

    let long = "v".repeat(10 * ID_BYTES);
    let mut world = World::signed_in("");
    world.hear(&format!("<iq type='set' id='p'><query xmlns='jabber:iq:roster' ver='{long}'>{}</query></iq>", item(1)));
    assert_eq!(own(&world).roster_version, None);
    world.hear(&format!("<message from='{ROMEO}/x' id='{long}'><body>x</body></message>"));
    assert!(world.talk(ROMEO).unwrap().messages[0].origin.is_none());
}
