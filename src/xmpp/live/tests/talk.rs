//! Messages, states, receipts and errors as the mind gets them.

use super::Rig;
use crate::types::{BareJid, Jid, MessageKey, OriginId, Problem, Prose};
use crate::xmpp::{ChatState, Command, Content, Direction, Event, Incoming, Outgoing, Via};

fn only_message(events: Vec<Event>) -> Incoming {
    match <[Event; 1]>::try_from(events) {
        Ok([Event::Message(incoming)]) => *incoming,
        other => panic!("not one message: {other:?}"),
    }
}

fn plain(text: &str) -> Content {
    Content::Plain(Prose::clean(text))
}

#[test]
fn a_message_is_theirs_and_live() {
    let mut rig = Rig::settled();
    let events = rig.events_of(
        "<message from='romeo@montague.lit/orchard' to='juliet@capulet.lit' type='chat' id='m1'>
           <body>But soft</body><composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
    );
    let message = only_message(events);
    assert_eq!((message.peer.as_str(), message.from.as_str()), ("romeo@montague.lit", "romeo@montague.lit/orchard"));
    assert_eq!((message.direction, message.via), (Direction::In, Via::Live));
    assert_eq!((message.body, message.state), (plain("But soft"), Some(ChatState::Composing)));
}

#[test]
fn types_other_than_talk_are_left_out() {
    let mut rig = Rig::settled();
    let mut count =
        |kind: &str, body: &str| rig.events_of(&format!("<message from='a@b/c' type='{kind}'>{body}</message>")).len();
    let body = "<body>x</body>";
    assert_eq!(
        (count("chat", body), count("normal", body), count("headline", body), count("unheard-of", body)),
        (1, 1, 1, 1)
    );
    assert_eq!((count("groupchat", body), count("headline", ""), count("chat", "<subject>x</subject>")), (0, 0, 0));
}

#[test]
fn a_message_without_from_is_the_servers_never_a_buddys() {
    let mut rig = Rig::settled();
    let message = only_message(rig.events_of("<message><body>maintenance at ten</body></message>"));
    assert_eq!((message.peer.as_str(), message.direction), ("capulet.lit", Direction::In));
    assert!(rig.events_of("<message from='@'><body>x</body></message>").is_empty());
    assert!(rig.events_of("<message from=''><body>x</body></message>").is_empty());
}

#[test]
fn bare_states_and_receipts_are_events_of_their_own() {
    let mut rig = Rig::settled();
    let from = Jid::parse("romeo@montague.lit/orchard").unwrap();
    let wrap =
        |inside: &str| format!("<message from='romeo@montague.lit/orchard' type='chat' id='1'>{inside}</message>");
    let composing = wrap("<composing xmlns='http://jabber.org/protocol/chatstates'/>");
    assert_eq!(rig.events_of(&composing), [Event::ChatState { from: from.clone(), state: ChatState::Composing }]);
    let receipt = wrap("<received xmlns='urn:xmpp:receipts' id='k'/>");
    assert_eq!(rig.events_of(&receipt), [Event::Receipt { from, of: OriginId("k".to_owned()), delayed: None }]);
    let late = wrap(
        "<composing xmlns='http://jabber.org/protocol/chatstates'/>
         <delay xmlns='urn:xmpp:delay' from='capulet.lit' stamp='2002-09-10T23:08:25Z'/>",
    );
    assert!(rig.events_of(&late).is_empty(), "nobody is typing since 2002");
}

#[test]
fn copies_come_from_both_sides_of_the_talk() {
    let mut rig = Rig::settled();
    let copy = |kind: &str, from: &str, to: &str, inside: &str| {
        format!(
            "<message from='juliet@capulet.lit' to='juliet@capulet.lit/balcony'><{kind} xmlns='urn:xmpp:carbons:2'>
               <forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' type='chat' id='c1'
                 from='{from}' to='{to}'>{inside}</message></forwarded></{kind}></message>"
        )
    };
    let (phone, romeo) = ("juliet@capulet.lit/phone", "romeo@montague.lit/orchard");
    let sent =
        only_message(rig.events_of(&copy("sent", phone, romeo, "<body>a</body><request xmlns='urn:xmpp:receipts'/>")));
    assert_eq!((sent.peer.as_str(), sent.direction, sent.via), ("romeo@montague.lit", Direction::Out, Via::Carbon));
    assert!(!sent.wants_receipt, "we never acknowledge ourselves");
    let received = only_message(rig.events_of(&copy("received", romeo, phone, "<body>b</body>")));
    assert_eq!((received.peer.as_str(), received.direction), ("romeo@montague.lit", Direction::In));
    let note = only_message(rig.events_of(&copy("sent", phone, "juliet@capulet.lit", "<body>note</body>")));
    assert_eq!((note.peer.as_str(), note.direction), ("juliet@capulet.lit", Direction::Out));

    let read_there = copy("sent", phone, romeo, "<received xmlns='urn:xmpp:receipts' id='theirs'/>");
    let read_there = only_message(rig.events_of(&read_there));
    assert_eq!((read_there.body, read_there.receipt_of), (Content::None, Some(OriginId("theirs".to_owned()))));
    let receipt = copy("received", romeo, phone, "<received xmlns='urn:xmpp:receipts' id='ours'/>");
    assert!(matches!(&rig.events_of(&receipt)[..], [Event::Receipt { of, .. }] if of.0 == "ours"));

    let typing = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";
    assert!(rig.events_of(&copy("sent", phone, romeo, typing)).is_empty());
    assert_eq!(rig.events_of(&copy("received", romeo, phone, typing)).len(), 1);
    assert!(rig.events_of(&copy("sent", romeo, phone, "<body>x</body>")).is_empty(), "addresses must agree");
    assert!(rig.events_of(&copy("received", phone, romeo, "<body>x</body>")).is_empty(), "addresses must agree");
    for odd in ["", "@"] {
        assert!(rig.events_of(&copy("sent", phone, odd, "<body>x</body>")).is_empty(), "{odd:?}");
    }
}

#[test]
fn reused_ids_are_both_shown() {
    let mut rig = Rig::settled();
    for _ in 0..2 {
        let message = "<message from='a@b/c' type='chat' id='same'><body>x</body></message>";
        assert_eq!(rig.events_of(message).len(), 1);
    }
}

fn send(rig: &mut Rig, key: u128) -> String {
    let to = Jid::parse("romeo@montague.lit/orchard").unwrap();
    let outgoing =
        Outgoing { key: MessageKey(key), to, body: "hi".to_owned(), ask_receipt: true, delayed: None, session: None };
    rig.command(Command::Send(outgoing));
    MessageKey(key).to_string()
}

#[test]
fn errors_bring_a_message_back_with_its_reason() {
    let mut rig = Rig::settled();
    let id = send(&mut rig, 1);
    let events = rig.events_of(&format!(
        "<message type='error' id='{id}' from='romeo@montague.lit/orchard'><body>hi</body><error type='cancel'>
           <item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
    ));
    let peer = BareJid::parse("romeo@montague.lit").unwrap();
    let [Event::Bounced { key, problem, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!((&key.0, problem), (&id, &Problem::NoSuchAddress { peer }));
    assert!(rig.events_of("<message type='error' from='a@b'><error/></message>").is_empty(), "no id, no message");
}

#[test]
fn only_the_peer_its_server_or_ours_can_bring_a_message_back_and_only_the_peer_can_receive_it() {
    let mut rig = Rig::settled();
    let id = send(&mut rig, 1);
    let mut events = |from: &str, inside: &str| rig.events_of(&format!("<message {from} {inside}</message>")).len();
    let error = format!("type='error' id='{id}'><error/>");
    let receipt = format!("id='2'><received xmlns='urn:xmpp:receipts' id='{id}'/>");
    for (from, bounces, receives) in [
        ("from='romeo@montague.lit/orchard'", 1, 1),
        ("from='romeo@montague.lit'", 1, 1),
        ("from='montague.lit'", 1, 0),
        ("from='capulet.lit'", 1, 0),
        ("", 1, 0),
        ("from='tybalt@capulet.lit/street'", 0, 0),
        ("from='montague.lit.evil.example'", 0, 0),
    ] {
        assert_eq!((events(from, &error), events(from, &receipt)), (bounces, receives), "{from}");
    }
}

#[test]
fn only_the_last_thousand_addresses_are_remembered() {
    let mut rig = Rig::settled();
    for key in 0..1_500 {
        send(&mut rig, key);
    }
    assert_eq!(rig.live.sent.len(), crate::types::limits::SENT);
}
