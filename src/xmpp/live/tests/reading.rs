//! Read positions (XEP-0490) and displayed markers (XEP-0333).

use super::{Rig, id_of};
use crate::types::{BareJid, Jid, MessageKey, OriginId, Stamp, StanzaId};
use crate::xmpp::{Command, Event};

fn up_to(rig: &mut Rig) -> String {
    let talk = BareJid::parse("romeo@montague.lit").unwrap();
    rig.command(Command::ReadUpTo { talk, id: StanzaId("s1".to_owned()) });
    rig.sent.pop().unwrap()
}

#[test]
fn a_position_is_published_for_us_alone() {
    let mut rig = Rig::settled();
    let publish = up_to(&mut rig);
    assert!(publish.contains("by='juliet@capulet.lit' id='s1'") && publish.contains("whitelist"), "{publish}");
    rig.answer(&publish, "");
    assert!(rig.events.is_empty() && rig.sent.is_empty());
}

#[test]
fn a_node_that_others_may_read_is_put_right_once() {
    let mut rig = Rig::settled();
    let publish = up_to(&mut rig);
    rig.refuse(&publish, "conflict");
    let configure = rig.sent.pop().unwrap();
    assert!(configure.contains("pubsub#owner") && configure.contains("whitelist"), "{configure}");
    rig.answer(&configure, "");
    let again = rig.sent.pop().unwrap();
    assert!(again.contains("<publish node='urn:xmpp:mds:displayed:0'>") && id_of(&again) != id_of(&publish));
    rig.refuse(&again, "conflict");
    assert_eq!((&rig.events[..], rig.sent.len()), (&[Event::NoReadPositions][..], 0));
}

#[test]
fn what_is_known_is_asked_for_and_a_node_that_is_not_there_knows_nothing() {
    let mut rig = Rig::settled();
    rig.command(Command::AskReadPositions);
    let question = rig.sent.pop().unwrap();
    assert!(question.contains("<items node='urn:xmpp:mds:displayed:0'"), "{question}");
    rig.refuse(&question, "item-not-found");
    assert_eq!(rig.events, [Event::ReadPositions { all: true, positions: Vec::new() }]);
    rig.events.clear();
    rig.command(Command::AskReadPositions);
    let question = rig.sent.pop().unwrap();
    rig.refuse(&question, "feature-not-implemented");
    assert_eq!(rig.events, [Event::NoReadPositions]);
}

#[test]
fn markers_go_both_ways() {
    let mut rig = Rig::settled();
    let to = Jid::parse("romeo@montague.lit").unwrap();
    rig.command(Command::Displayed { key: MessageKey(5), to, of: OriginId("m1".to_owned()) });
    assert!(rig.sent[0].contains("<displayed xmlns='urn:xmpp:chat-markers:0' id='m1'/>"), "{}", rig.sent[0]);
    let ping = rig.sent.pop().unwrap();
    rig.answer(&ping, "");
    assert_eq!(rig.events, [Event::Acknowledged(MessageKey(5))], "the server has it, and it need not be said again");
    rig.events.clear();
    let marker = "<message from='romeo@montague.lit/orchard' type='chat'>
        <displayed xmlns='urn:xmpp:chat-markers:0' id='m2'/>
        <delay xmlns='urn:xmpp:delay' from='capulet.lit' stamp='2002-09-10T23:08:25Z'/></message>";
    let events = rig.events_of(marker);
    let [Event::Displayed { from, of, at }] = &events[..] else { panic!("{events:?}") };
    assert_eq!((from.as_str(), of.0.as_str()), ("romeo@montague.lit/orchard", "m2"));
    assert_eq!(*at, Some(Stamp(1_031_699_305_000)));
}
