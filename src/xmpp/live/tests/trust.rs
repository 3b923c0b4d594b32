//! Strangers who speak as somebody else (`facts/reliability.md` sections 4 and 5, "Sender"). The rule itself has its
//! table in `entitled.rs`; here whole stanzas try to get past it.

use super::{Rig, id_of};
use crate::xmpp::{Direction, Event};

/// Everybody who is not our account.
const STRANGERS: [&str; 6] = [
    "tybalt@capulet.lit/street",
    "romeo@montague.lit/orchard",
    "capulet.lit",
    "juliet@capulet.lit/phone",
    "juliet@capulet.lit.evil.example",
    "juliet@capulet.1it",
];

#[test]
fn carbon_spoof() {
    let mut rig = Rig::settled();
    for kind in ["sent", "received"] {
        for from in STRANGERS {
            let spoofed = format!(
                "<message from='{from}' to='juliet@capulet.lit/balcony'><body>outer</body>
                   <{kind} xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>
                   <message xmlns='jabber:client' from='romeo@montague.lit/orchard' to='juliet@capulet.lit' type='chat'>
                     <body>I never loved thee</body></message></forwarded></{kind}></message>"
            );
            assert_eq!(rig.events_of(&spoofed), [], "{kind} {from}");
        }
    }
}

#[test]
fn carbon_in_carbon() {
    let mut rig = Rig::settled();
    let nested = "<message from='juliet@capulet.lit'><received xmlns='urn:xmpp:carbons:2'>
        <forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='tybalt@capulet.lit/street'
          to='juliet@capulet.lit'><body>outer</body><received xmlns='urn:xmpp:carbons:2'>
            <forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='romeo@montague.lit/orchard'
              to='juliet@capulet.lit'><body>inner</body></message></forwarded></received></message>
        </forwarded></received></message>";
    assert_eq!(rig.events_of(nested), []);
}

#[test]
fn roster_push_spoof() {
    let mut rig = Rig::settled();
    for from in STRANGERS {
        rig.sent.clear();
        let spoofed = format!(
            "<iq from='{from}' type='set' id='1'><query xmlns='jabber:iq:roster'>
               <item jid='evil@example.org' name='Romeo' subscription='both'/></query></iq>"
        );
        assert_eq!(rig.events_of(&spoofed), [], "{from}");
        assert!(rig.sent[0].contains("type='error'"));
    }
}

#[test]
fn iq_result_spoof() {
    let mut rig = Rig::new();
    let id = id_of(&rig.sent[0]);
    for from in STRANGERS.into_iter().filter(|from| *from != "capulet.lit") {
        let spoofed = format!(
            "<iq from='{from}' type='result' id='{id}'><query xmlns='jabber:iq:roster'>
               <item jid='evil@example.org' subscription='both'/></query></iq>"
        );
        assert_eq!(rig.events_of(&spoofed), [], "{from}");
    }
    let good = format!("<iq type='result' id='{id}'><query xmlns='jabber:iq:roster'/></iq>");
    assert!(matches!(&rig.events_of(&good)[..], [Event::Roster { .. }]), "the true answer still counts");
}

#[test]
fn stanza_id_poison() {
    let mut rig = Rig::settled();
    for by in STRANGERS {
        let poisoned = format!(
            "<message from='romeo@montague.lit/orchard' type='chat' id='1'><body>x</body>
               <stanza-id xmlns='urn:xmpp:sid:0' by='{by}' id='poison'/></message>"
        );
        let events = rig.events_of(&poisoned);
        assert!(matches!(&events[..], [Event::Message(message)] if message.stanza_id.is_none()), "{by}");
    }
    // Before the server has said that it keeps ids clean, none is believed.
    let mut rig = Rig::new();
    let events = rig.events_of(
        "<message from='romeo@montague.lit/orchard' id='1'><body>x</body>
           <stanza-id xmlns='urn:xmpp:sid:0' by='juliet@capulet.lit' id='poison'/></message>",
    );
    assert!(matches!(&events[..], [Event::Message(message)] if message.stanza_id.is_none()));
}

#[test]
fn a_forwarded_message_of_a_stranger_is_his_own() {
    let mut rig = Rig::settled();
    let events = rig.events_of(
        "<message from='tybalt@capulet.lit/street' type='chat'><body>look</body>
           <forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='romeo@montague.lit/orchard'>
             <body>I never loved thee</body></message></forwarded></message>",
    );
    let [Event::Message(message)] = &events[..] else { panic!("{events:?}") };
    assert_eq!((message.peer.as_str(), message.direction), ("tybalt@capulet.lit", Direction::In));
}

#[test]
fn look_alike_addresses_are_other_people() {
    let mut rig = Rig::settled();
    let events = rig.events_of("<message from='r\u{43e}meo@montague.lit/orchard'><body>x</body></message>");
    let [Event::Message(message)] = &events[..] else { panic!("{events:?}") };
    assert_ne!(message.peer.as_str(), "romeo@montague.lit");
}

#[test]
fn read_position_spoof() {
    let mut rig = Rig::settled();
    let news = |from: &str, by: &str| {
        format!(
            "<message from='{from}' type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'>
               <items node='urn:xmpp:mds:displayed:0'><item id='romeo@montague.lit'>
                 <displayed xmlns='urn:xmpp:mds:displayed:0'><stanza-id xmlns='urn:xmpp:sid:0' by='{by}' id='s1'/>
               </displayed></item></items></event></message>"
        )
    };
    for from in STRANGERS {
        assert_eq!(rig.events_of(&news(from, "juliet@capulet.lit")), [], "{from}");
    }
    let ours = rig.events_of(&news("juliet@capulet.lit", "juliet@capulet.lit"));
    assert!(matches!(&ours[..], [Event::ReadPositions { all: false, positions }] if positions.len() == 1), "{ours:?}");
    let foreign = rig.events_of(&news("juliet@capulet.lit", "room@capulet.lit"));
    assert!(matches!(&foreign[..], [Event::ReadPositions { positions, .. }] if positions.is_empty()), "{foreign:?}");
}

#[test]
fn an_archive_that_does_not_say_that_it_takes_forged_ids_out_is_not_believed() {
    let mut rig = Rig::new();
    let first = std::mem::take(&mut rig.sent);
    let features = "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='urn:xmpp:mam:2'/></query>";
    rig.answer(&first[2], features);
    rig.answer(&first[3], features);
    let events = rig.events_of(
        "<message from='romeo@montague.lit/orchard' type='chat' id='m'><body>words</body>
           <stanza-id xmlns='urn:xmpp:sid:0' by='juliet@capulet.lit' id='of another message'/></message>",
    );
    assert!(matches!(&events[..], [Event::Message(message)] if message.stanza_id.is_none()), "{events:?}");
}
