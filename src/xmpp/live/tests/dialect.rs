//! What Messenger did its own way (`facts/protocol.md` 1.3, 1.4 and 1.6).

use super::{Rig, id_of};
use crate::types::{BareJid, Line, RequestId, Stamp};
use crate::xmpp::{ArchiveQuery, ChatState, Command, Direction, Event};

const OWN: &str = "00c0ffee@messenger.live.com/r1";

fn messenger() -> Rig {
    Rig::of(OWN, None, false)
}

#[test]
fn queries_without_to_are_answered_under_any_of_four_names() {
    for from in ["", " from='messenger.live.com'", " from='00c0ffee@messenger.live.com'", &format!(" from='{OWN}'")] {
        let mut rig = messenger();
        let id = id_of(&rig.sent[0]);
        rig.hear(&format!(
            "<iq type='result' id='{id}'{from}><query xmlns='jabber:iq:roster'>\
             <item jid='0badcafe@messenger.live.com' name='Bela'/></query></iq>"
        ));
        let [Event::Roster { items: Some(items), .. }] = &rig.events[..] else { panic!("{from}: {:?}", rig.events) };
        assert_eq!(items[0].name, Some(Line::clean("Bela")), "addresses are unreadable, the name is shown");
    }
}

#[test]
fn an_email_becomes_an_address() {
    for from in [" from='bela@example.com'", "", " from='messenger.live.com'"] {
        let mut rig = messenger();
        rig.sent.clear();
        rig.command(Command::LookUp { request: RequestId(1), email: "bela@example.com".to_owned() });
        let question = rig.sent[0].clone();
        assert!(question.contains("to='bela@example.com' from='00c0ffee@messenger.live.com'"), "{question}");
        let id = id_of(&question);
        rig.hear(&format!(
            "<iq type='result' id='{id}'{from}><getjid xmlns='http://messenger.live.com/xmpp/jidlookup'>
               <jid>0badcafe@messenger.live.com</jid></getjid></iq>"
        ));
        let jid = BareJid::parse("0badcafe@messenger.live.com").ok();
        assert_eq!(rig.events, [Event::AddressFound { request: RequestId(1), jid }], "{from}");
    }
}

#[test]
fn an_unknown_email_is_nobody_and_one_that_is_no_address_can_be_asked_for() {
    let mut rig = messenger();
    rig.sent.clear();
    for (email, from) in [("bela@example.com", "bela@example.com"), ("be la&@example.com", "be la&amp;@example.com")] {
        rig.command(Command::LookUp { request: RequestId(1), email: email.to_owned() });
        let id = id_of(&rig.sent.pop().unwrap());
        rig.hear(&format!("<iq type='result' id='{id}' from='mallory@example.com'/>"));
        assert!(rig.events.is_empty(), "nobody else may answer");
        rig.hear(&format!(
            "<iq type='error' id='{id}' from='{from}'><error type='cancel'>
               <item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
        ));
        assert_eq!(rig.events.pop(), Some(Event::AddressFound { request: RequestId(1), jid: None }), "{email}");
    }
}

#[test]
fn an_invitation_is_readable_by_its_nickname() {
    let mut rig = messenger();
    let events = rig.events_of(
        "<presence from='0badcafe@messenger.live.com' type='subscribe'>
           <nick xmlns='http://jabber.org/protocol/nick'>Bela</nick></presence>",
    );
    let from = BareJid::parse("0badcafe@messenger.live.com").unwrap();
    assert_eq!(events, [Event::SubscriptionRequest { from, nick: Some(Line::clean("Bela")), text: None }]);
}

#[test]
fn row_000_03_probes_are_neither_sent_nor_answered() {
    let mut rig = messenger();
    assert!(rig.reply_to("<presence from='0badcafe@messenger.live.com' type='probe'/>").is_empty());
    assert!(rig.events.is_empty());
}

#[test]
fn a_server_that_refuses_all_extras_still_lets_us_chat() {
    let mut rig = messenger();
    let first = rig.sent.clone();
    for question in &first[1..] {
        rig.refuse(question, "service-unavailable");
    }
    let [Event::Features(features)] = &rig.events[..] else { panic!("{:?}", rig.events) };
    assert!(features.messenger && !features.carbons && !features.archive);
}

#[test]
fn the_lookup_feature_makes_it_messenger_under_any_domain() {
    let mut rig = Rig::of("00c0ffee@redirect.test/r1", None, false);
    let first = rig.sent.clone();
    rig.refuse(&first[1], "service-unavailable");
    rig.refuse(&first[2], "service-unavailable");
    rig.answer(
        &first[3],
        "<query xmlns='http://jabber.org/protocol/disco#info'>\
         <feature var='http://messenger.live.com/xmpp/jidlookup'/></query>",
    );
    let [Event::Features(features)] = &rig.events[..] else { panic!("{:?}", rig.events) };
    assert!(features.messenger && features.look_up);
}

#[test]
fn states_and_kept_messages_are_understood() {
    let mut rig = messenger();
    let bela = "from='0badcafe@messenger.live.com/x' type='chat'";
    let typing = format!("<message {bela}><composing xmlns='http://jabber.org/protocol/chatstates'/></message>");
    assert!(matches!(&rig.events_of(&typing)[..], [Event::ChatState { state: ChatState::Composing, .. }]));
    let kept = format!(
        "<message {bela}><body>you there?</body>
           <delay xmlns='urn:xmpp:delay' from='messenger.live.com' stamp='2012-04-01T00:00:00Z'/></message>"
    );
    let events = rig.events_of(&kept);
    let [Event::Message(message)] = &events[..] else { panic!("{events:?}") };
    assert_eq!((message.delayed, message.stamp), (true, Some(Stamp(1_333_238_400_000))));
}

#[test]
fn the_last_ten_of_a_talk_come_from_the_old_archive() {
    let mut rig = messenger();
    let first = rig.sent.clone();
    rig.refuse(&first[1], "service-unavailable");
    rig.refuse(&first[2], "service-unavailable");
    rig.answer(
        &first[3],
        "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='urn:xmpp:archive'/></query>",
    );
    assert!(matches!(&rig.events[..], [Event::Features(features)] if features.last_ten && !features.archive));
    (rig.sent, rig.events) = (Vec::new(), Vec::new());
    let with = BareJid::parse("0badcafe@messenger.live.com").ok();
    rig.command(Command::Archive(ArchiveQuery { with, ..ArchiveQuery::newest(RequestId(4), 50) }));
    let question = rig.sent.pop().unwrap();
    assert!(question.contains("<retrieve xmlns='urn:xmpp:archive' with='0badcafe@messenger.live.com'"), "{question}");
    rig.answer(
        &question,
        "<chat xmlns='urn:xmpp:archive' with='0badcafe@messenger.live.com' start='2012-04-01T00:00:00Z'>
           <from secs='0'><body>you there?</body></from><to secs='60'><body>yes</body></to></chat>",
    );
    let [Event::Message(theirs), Event::Message(ours), Event::ArchivePage(page)] = &rig.events[..] else {
        panic!("{:?}", rig.events)
    };
    assert_eq!((theirs.direction, ours.direction), (Direction::In, Direction::Out));
    assert_eq!((ours.stamp, &ours.id), (Some(Stamp(1_333_238_460_000)), &None));
    assert_eq!((page.request, page.count, page.complete), (RequestId(4), 2, true));
    rig.events.clear();
    let with = BareJid::parse("0badcafe@messenger.live.com").ok();
    rig.command(Command::Archive(ArchiveQuery { with, ..ArchiveQuery::newest(RequestId(5), 50) }));
    let question = rig.sent.pop().unwrap();
    rig.answer(&question, "");
    assert!(
        matches!(&rig.events[..], [Event::ArchivePage(page)] if page.count == 0 && page.complete),
        "nobody keeps it"
    );
}
