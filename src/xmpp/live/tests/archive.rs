//! Archive pages (XEP-0313).

use super::{Rig, id_of};
use crate::types::{ArchiveId, BareJid, Problem, RequestId, Stamp, StanzaId};
use crate::xmpp::{ArchivePage, ArchiveQuery, Command, Direction, Event, Via};

fn ask(rig: &mut Rig) -> String {
    let with = BareJid::parse("romeo@montague.lit").ok();
    let meets = Some(ArchiveId("a2".to_owned()));
    let query = ArchiveQuery { with, meets, ..ArchiveQuery::newest(RequestId(9), 20) };
    rig.command(Command::Archive(query));
    rig.sent.pop().unwrap()
}

fn result(query: &str, id: &str, from: &str, to: &str) -> String {
    format!(
        "<message to='juliet@capulet.lit/balcony'><result xmlns='urn:xmpp:mam:2' queryid='{query}' id='{id}'>
           <forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2010-07-10T23:08:25Z'/>
             <message xmlns='jabber:client' type='chat' id='m{id}' from='{from}' to='{to}'><body>words</body>
               <stanza-id xmlns='urn:xmpp:sid:0' by='juliet@capulet.lit' id='forged'/></message>
           </forwarded></result></message>"
    )
}

#[test]
fn a_page_is_its_messages_in_order_and_then_its_end() {
    let mut rig = Rig::settled();
    let question = ask(&mut rig);
    let id = id_of(&question);
    assert!(question.contains(&format!("queryid='{id}'")));
    rig.hear(&result(&id, "a1", "romeo@montague.lit/orchard", "juliet@capulet.lit/balcony"));
    rig.hear(&result(&id, "a2", "juliet@capulet.lit/phone", "romeo@montague.lit"));
    rig.answer(
        &question,
        "<fin xmlns='urn:xmpp:mam:2' complete='true'><set xmlns='http://jabber.org/protocol/rsm'>
           <first index='0'>a1</first><last>a2</last><count>2</count></set></fin>",
    );
    let [Event::Message(first), Event::Message(second), page] = &rig.events[..] else { panic!("{:?}", rig.events) };
    assert_eq!((first.direction, first.via), (Direction::In, Via::Archive));
    assert_eq!(first.stanza_id, Some(StanzaId("a1".to_owned())));
    assert_eq!(first.stamp, Some(Stamp(1_278_803_305_000)));
    assert_eq!((second.direction, second.peer.as_str()), (Direction::Out, "romeo@montague.lit"));
    let id = |text: &str| Some(ArchiveId(text.to_owned()));
    let (request, complete) = (RequestId(9), true);
    let (first, last, oldest) = (id("a1"), id("a2"), Some(Stamp(1_278_803_305_000)));
    assert_eq!(*page, Event::ArchivePage(ArchivePage { request, first, last, complete, count: 2, oldest, met: true }));
}

#[test]
fn results_that_nobody_asked_for_are_not_read() {
    let mut rig = Rig::settled();
    let good = id_of(&ask(&mut rig));
    let (romeo, juliet) = ("romeo@montague.lit/orchard", "juliet@capulet.lit");
    for (query, from) in [
        ("other", ""),
        ("", ""),
        (&*good, " from='tybalt@capulet.lit/street'"),
        (&*good, " from='capulet.lit'"),
        (&*good, " from='juliet@capulet.lit/phone'"),
        (&*good, " from='@'"),
    ] {
        let spoofed = result(query, "a1", romeo, juliet).replacen("<message", &format!("<message{from}"), 1);
        assert!(rig.events_of(&spoofed).is_empty(), "{query} {from}");
    }
    let from_home = result(&good, "a1", romeo, juliet).replacen("<message", "<message from='juliet@capulet.lit'", 1);
    assert_eq!(rig.events_of(&from_home).len(), 1);
}

#[test]
fn a_result_after_the_end_is_not_read() {
    let mut rig = Rig::settled();
    let question = ask(&mut rig);
    rig.answer(&question, "<fin xmlns='urn:xmpp:mam:2'/>");
    let late = result(&id_of(&question), "a1", "romeo@montague.lit/orchard", "juliet@capulet.lit");
    assert!(rig.events_of(&late).is_empty());
}

#[test]
fn a_page_that_cannot_be_had_is_told() {
    let mut rig = Rig::settled();
    let failed = |rig: &mut Rig| match rig.events.pop() {
        Some(Event::RequestFailed { request: RequestId(9), problem }) => problem.code(),
        other => panic!("{other:?}"),
    };
    for (condition, code) in [
        ("service-unavailable", "BTY-CMD-03"),
        ("feature-not-implemented", "BTY-CMD-03"),
        ("item-not-found", "BTY-XMPP-06"),
    ] {
        let question = ask(&mut rig);
        rig.refuse(&question, condition);
        assert_eq!(failed(&mut rig), code, "{condition}");
    }
    let question = ask(&mut rig);
    rig.answer(&question, "");
    assert_eq!(failed(&mut rig), "BTY-XMPP-01", "an answer without an end is none");
    ask(&mut rig);
    rig.wait(30);
    let host = crate::types::Line::clean("capulet.lit");
    let problem = Problem::NoAnswer { host, waited: crate::xmpp::tracker::PATIENCE };
    assert_eq!(failed(&mut rig), problem.code());
}
