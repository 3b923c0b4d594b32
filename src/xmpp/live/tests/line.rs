//! The line: first flush, pulse, acknowledgements, and queries from others.

use super::{Rig, id_of};
use crate::types::{BareJid, Jid, Line, MessageKey, Problem, RequestId, Stage};
use crate::xmpp::{
    Appearance, Command, Event, Features, Outgoing, Presence, RosterItem, Show, Subscription, SubscriptionStep,
};

fn message(key: u128) -> Command {
    Command::Send(Outgoing {
        key: MessageKey(key),
        to: Jid::parse("romeo@montague.lit").unwrap(),
        body: "hi".to_owned(),
        ask_receipt: true,
        delayed: None,
        session: None,
    })
}

fn silence() -> Problem {
    Problem::SilentAt { host: Line::clean("capulet.lit"), stage: Stage::Idle }
}

#[test]
fn everything_is_asked_in_the_first_flush() {
    let rig = Rig::of("juliet@capulet.lit/balcony", Some("ver6"), false);
    assert_eq!(rig.sent.len(), 4);
    assert!(rig.sent[0].contains("<query xmlns='jabber:iq:roster' ver='ver6'/>") && !rig.sent[0].contains(" to="));
    assert!(rig.sent[1].contains("type='set'") && rig.sent[1].contains("<enable xmlns='urn:xmpp:carbons:2'/>"));
    assert!(rig.sent[2].contains("to='juliet@capulet.lit'") && rig.sent[2].contains("disco#info"));
    assert!(rig.sent[3].contains("to='capulet.lit'") && rig.sent[3].contains("disco#info"));
    assert!(Rig::new().sent[0].contains("<query xmlns='jabber:iq:roster'/>"), "no version, no attribute");
}

#[test]
fn a_whole_roster_a_cached_one_and_an_empty_one() {
    let mut rig = Rig::of("juliet@capulet.lit/balcony", Some("ver6"), false);
    let question = rig.sent[0].clone();
    rig.answer(&question, "");
    assert_eq!(rig.events, [Event::Roster { items: None, version: Some("ver6".to_owned()) }]);

    let mut rig = Rig::new();
    let question = rig.sent[0].clone();
    rig.answer(&question, "<query xmlns='jabber:iq:roster' ver='v'><item jid='a@b' name='A'/><item/></query>");
    let item = RosterItem {
        jid: BareJid::parse("a@b").unwrap(),
        name: Some(Line::clean("A")),
        groups: Vec::new(),
        subscription: Subscription::None,
        pending: false,
    };
    assert_eq!(rig.events, [Event::Roster { items: Some(vec![item]), version: Some("v".to_owned()) }]);

    let mut rig = Rig::new();
    let question = rig.sent[0].clone();
    rig.answer(&question, "");
    assert_eq!(rig.events, [Event::Roster { items: Some(Vec::new()), version: None }]);
}

#[test]
fn a_roster_that_comes_late_is_welcome_and_one_that_is_unchanged_wipes_nothing() {
    let mut rig = Rig::new();
    let question = rig.sent[0].clone();
    rig.wait(15);
    rig.hear("<presence from='a@b/c'/>");
    rig.wait(16);
    assert!(rig.events.contains(&Event::Roster { items: None, version: None }), "meanwhile what is known holds");
    rig.events.clear();
    rig.answer(&question, "<query xmlns='jabber:iq:roster'><item jid='a@b'/></query>");
    assert!(matches!(&rig.events[..], [Event::Roster { items: Some(items), .. }] if items.len() == 1));

    let mut rig = Rig::of("juliet@capulet.lit/balcony", Some("ver7"), false);
    let question = rig.sent[0].clone();
    rig.wait(15);
    rig.hear("<presence from='a@b/c'/>");
    rig.wait(16);
    rig.events.clear();
    rig.answer(&question, "");
    assert_eq!(rig.events, [Event::Roster { items: None, version: Some("ver7".to_owned()) }]);
}

#[test]
fn features_are_told_once_even_if_nobody_answers() {
    let mut rig = Rig::new();
    let first = rig.sent.clone();
    rig.refuse(&first[1], "service-unavailable");
    rig.refuse(&first[2], "service-unavailable");
    rig.refuse(&first[3], "feature-not-implemented");
    assert_eq!(rig.events, [Event::Features(Features::default())]);

    let mut rig = Rig::new();
    rig.wait(30);
    let features = rig.events.iter().filter(|event| matches!(event, Event::Features(_))).count();
    assert_eq!(features, 1, "{:?}", rig.events);
    assert!(rig.events.contains(&Event::Roster { items: None, version: None }));
}

#[test]
fn a_batch_is_followed_by_one_ping_that_acknowledges_it() {
    let mut rig = Rig::settled();
    for key in [1, 2, 3] {
        rig.live.handle_command(rig.now, message(key));
    }
    rig.drain();
    assert_eq!(rig.sent.len(), 4, "{:?}", rig.sent);
    let ping = rig.sent[3].clone();
    assert!(ping.contains("to='capulet.lit'><ping xmlns='urn:xmpp:ping'/>"), "{ping}");
    rig.command(message(4));
    assert!(rig.sent[4].starts_with("<message") && rig.sent.len() == 5, "one ping at a time");
    rig.answer(&ping, "");
    let acknowledged = |keys: &[u128]| keys.iter().map(|key| Event::Acknowledged(MessageKey(*key))).collect::<Vec<_>>();
    assert_eq!(rig.events, acknowledged(&[1, 2, 3]));
    let second = rig.sent[5].clone();
    rig.events.clear();
    rig.refuse(&second, "service-unavailable");
    assert_eq!(rig.events, acknowledged(&[4]), "a refused ping went round as well");
}

#[test]
fn what_came_back_is_not_acknowledged_as_well() {
    let mut rig = Rig::settled();
    rig.live.handle_command(rig.now, message(1));
    rig.command(message(2));
    rig.command(message(3));
    let ping = rig.sent[2].clone();
    for key in [1, 3] {
        let id = MessageKey(key);
        rig.hear(&format!("<message type='error' id='{id}' from='romeo@montague.lit'><error/></message>"));
    }
    rig.events.clear();
    rig.answer(&ping, "");
    assert_eq!(rig.events, [Event::Acknowledged(MessageKey(2))]);
    assert_eq!(rig.sent.len(), 4, "and no ping is needed behind it");
}

#[test]
fn a_strangers_answer_acknowledges_nothing() {
    let mut rig = Rig::settled();
    rig.command(message(1));
    let id = id_of(&rig.sent[1]);
    for from in ["romeo@montague.lit/orchard", "montague.lit", "juliet@capulet.lit/phone", "@"] {
        rig.hear(&format!("<iq type='result' id='{id}' from='{from}'/>"));
    }
    assert_eq!(rig.events, []);
}

#[test]
fn no_answer_behind_a_message_ends_the_session_after_ten_seconds() {
    let mut rig = Rig::settled();
    rig.command(message(1));
    rig.wait(9);
    assert_eq!(rig.end, None);
    rig.wait(1);
    assert_eq!(rig.end, Some(silence()));
    rig.sent.clear();
    rig.command(message(2));
    rig.hear("<message from='a@b'><body>late</body></message>");
    assert!(rig.sent.is_empty() && rig.events.is_empty() && rig.live.deadline().is_none(), "the end is the end");
}

#[test]
fn a_busy_line_is_not_a_dead_one() {
    let mut rig = Rig::settled();
    rig.command(message(1));
    for _ in 0..20 {
        rig.wait(9);
        rig.hear("<message from='a@b'><body>one of ten thousand</body></message>");
    }
    assert_eq!(rig.end, None);
    rig.wait(10);
    assert_eq!(rig.end, Some(silence()));
}

#[test]
fn an_idle_line_is_asked_thrice_a_minute_and_wakes_us_for_nothing_else() {
    let mut rig = Rig::settled();
    let mut wakes = 0;
    for _ in 0..180 {
        rig.sent.clear();
        wakes += rig.wait(20);
        assert_eq!(rig.sent.len(), 1, "one ping");
        let ping = rig.sent[0].clone();
        rig.answer(&ping, "");
    }
    assert!(wakes <= 180, "{wakes} in an hour");
    assert_eq!(rig.end, None);
    rig.wait(29);
    assert_eq!(rig.end, None);
    rig.wait(1);
    assert_eq!(rig.end, Some(silence()));
}

#[test]
fn a_server_that_talks_without_end_hears_from_us_all_the_same() {
    let mut rig = Rig::settled();
    for _ in 0..13 {
        rig.wait(5);
        rig.hear("<presence from='a@b/c'/>");
    }
    assert_eq!(rig.sent.len(), 1, "{:?}", rig.sent);
    assert!(rig.sent[0].contains("urn:xmpp:ping"));
}

#[test]
fn the_minds_ping_finds_a_dead_line_in_ten_seconds() {
    let mut rig = Rig::settled();
    rig.command(Command::Ping(RequestId(1)));
    rig.wait(9);
    assert_eq!(rig.end, None);
    rig.wait(1);
    assert_eq!(rig.end, Some(silence()));
}

#[test]
fn the_minds_ping_is_answered_or_failed() {
    let mut rig = Rig::settled();
    rig.command(Command::Ping(RequestId(1)));
    let ping = rig.sent[0].clone();
    rig.answer(&ping, "");
    rig.command(Command::Ping(RequestId(2)));
    for _ in 0..29 {
        rig.wait(1);
        rig.hear("<presence from='a@b/c'/>");
    }
    rig.wait(1);
    assert_eq!(rig.events[0], Event::Pong(RequestId(1)));
    assert!(matches!(
        rig.events.last(),
        Some(Event::RequestFailed { request: RequestId(2), problem: Problem::NoAnswer { .. } })
    ));
}

#[test]
fn queries_of_others_are_answered_or_refused_and_errors_are_not_answered() {
    let mut rig = Rig::settled();
    let mut reply = |inside: &str| rig.reply_to(&format!("<iq from='a@b/c' id='x' {inside}</iq>")).join("");
    assert_eq!(reply("type='get'><ping xmlns='urn:xmpp:ping'/>"), "<iq type='result' id='x' to='a@b/c'/>");
    assert!(reply("type='get'><query xmlns='http://jabber.org/protocol/disco#info'/>").contains("client"));
    let wrong_node = "type='get'><query xmlns='http://jabber.org/protocol/disco#info' node='n'/>";
    assert!(reply(wrong_node).contains("<item-not-found "));
    for refused in [
        "type='get'><query xmlns='jabber:iq:version'/>",
        "type='get'><query xmlns='jabber:iq:last'/>",
        "type='set'><query xmlns='jabber:iq:roster'><item jid='evil@example.org'/></query>",
        "type='set'><command xmlns='http://jabber.org/protocol/commands'/>",
        "type='get'>",
    ] {
        assert!(reply(refused).contains("<service-unavailable "), "{refused}");
    }
    for unanswered in ["type='result'>", "type='error'><error/>", "type='nonsense'>", ">"] {
        assert_eq!(reply(unanswered), "", "{unanswered}");
    }
    assert!(rig.reply_to("<iq from='a@b/c' type='get'><ping xmlns='urn:xmpp:ping'/></iq>").is_empty(), "no id");
    assert!(rig.reply_to("<iq from='@' id='1' type='get'><ping xmlns='urn:xmpp:ping'/></iq>").is_empty());
    assert!(rig.events.is_empty());
}

#[test]
fn the_version_is_told_only_if_the_person_agrees() {
    let mut rig = Rig::of("juliet@capulet.lit/balcony", None, true);
    let reply = rig.reply_to("<iq from='a@b/c' id='x' type='get'><query xmlns='jabber:iq:version'/></iq>");
    assert!(reply[0].contains("<name>butty</name>"));
}

#[test]
fn presence_goes_out_with_capabilities_and_comes_in_from_own_devices_too() {
    let mut rig = Rig::settled();
    rig.command(Command::Appear(Appearance { show: Show::Away, status: Some("tea".to_owned()), priority: 0 }));
    assert!(rig.sent[0].starts_with("<presence><show>away</show><status>tea</status><c xmlns="), "{:?}", rig.sent);
    let events = rig.events_of("<presence from='juliet@capulet.lit/phone'><priority>5</priority></presence>");
    let [Event::Presence(Presence { from, show: Show::Available, priority: 5, .. })] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(from.as_str(), "juliet@capulet.lit/phone");
    assert!(rig.events_of("<presence/>").is_empty() && rig.events_of("<presence from='@'/>").is_empty());
}

#[test]
fn buddies_are_changed_by_query_and_a_refusal_is_told() {
    let mut rig = Rig::settled();
    let who = BareJid::parse("nurse@capulet.lit").unwrap();
    rig.command(Command::SetBuddy { request: RequestId(1), who: who.clone(), name: None, groups: Vec::new() });
    let (first, now) = (rig.sent[0].clone(), rig.events.len());
    rig.answer(&first, "");
    assert_eq!(rig.events.len(), now, "the push tells");
    rig.command(Command::RemoveBuddy { request: RequestId(2), who: who.clone() });
    let second = rig.sent[1].clone();
    rig.refuse(&second, "item-not-found");
    let problem = Problem::NoSuchAddress { peer: who.clone() };
    assert_eq!(rig.events, [Event::RequestFailed { request: RequestId(2), problem }]);
    rig.command(Command::Subscription { who, step: SubscriptionStep::Ask });
    assert_eq!(rig.sent[2], "<presence to='nurse@capulet.lit' type='subscribe'/>");
}

#[test]
fn a_push_from_our_account_changes_the_roster_and_is_answered() {
    let mut rig = Rig::settled();
    for from in ["", " from='juliet@capulet.lit'"] {
        rig.sent.clear();
        let events = rig.events_of(&format!(
            "<iq{from} id='p1' type='set'><query xmlns='jabber:iq:roster' ver='ver34'>
               <item jid='romeo@montague.lit' subscription='remove'/></query></iq>"
        ));
        let [Event::RosterPush { item, version }] = &events[..] else { panic!("{events:?}") };
        assert_eq!((item.subscription, version.as_deref()), (Subscription::Removed, Some("ver34")));
        assert!(rig.sent[0].starts_with("<iq type='result' id='p1'"));
    }
    let two = "<iq id='p' type='set'><query xmlns='jabber:iq:roster'><item jid='a@b'/><item jid='c@d'/></query></iq>";
    assert!(rig.reply_to(two)[0].contains("<bad-request "));
}
