//! What the server may forget (XEP-0198): only what is kept here.

use super::managed::{BEFORE, BOUND_2, RESUME, asked, counted, success_2};
use super::*;

#[test]
fn a_disk_that_keeps_nothing_has_nothing_acknowledged_and_the_server_hears_so_in_time() {
    let mut scene = counted();
    scene.hear(&format!("{}<r xmlns='urn:xmpp:sm:3'/>", from_romeo("one")));
    assert_eq!(scene.sent, "");
    scene.now = scene.now.after(Duration::from_secs(5));
    scene.session.handle_timeout(scene.now);
    scene.drain();
    assert_eq!(scene.sent, "<a xmlns='urn:xmpp:sm:3' h='0'/>");
    scene.sent.clear();
    scene.keep();
    assert_eq!(scene.sent, "<a xmlns='urn:xmpp:sm:3' h='1'/>", "late is better than never");
}

#[test]
fn one_answer_does_for_many_messages() {
    let mut scene = counted();
    let flood: String = (0..100).map(|number| from_romeo(&number.to_string())).collect();
    scene.hear(&flood.replacen("</message>", "</message><r xmlns='urn:xmpp:sm:3'/>", 1));
    assert_eq!(scene.told().len(), 100);
    let asked = scene.events.iter().filter(|event| matches!(event, Event::KeepAsked(_))).count();
    assert_eq!(asked, 1);
    // Whoever does not ask is told now and then all the same.
    scene.keep();
    scene.sent.clear();
    let flood: String = (0..300).map(|number| from_romeo(&number.to_string())).collect();
    scene.hear(&flood);
    scene.keep();
    assert_eq!(scene.sent, "<a xmlns='urn:xmpp:sm:3' h='257'/>");
}

/// A message of his.
fn from_romeo(words: &str) -> String {
    format!("<message from='romeo@alpha.test/x' type='chat' id='{words}'><body>{words}</body></message>")
}

#[test]
fn what_is_not_kept_comes_again_and_is_told_once() {
    let mut scene = counted();
    scene.hear(&format!("{}<r xmlns='urn:xmpp:sm:3'/>", from_romeo("one")));
    scene.keep();
    scene.hear(&format!("{}{}", from_romeo("two"), from_romeo("three")));
    assert_eq!(scene.told(), ["one", "two", "three"]);
    let lost = scene.lose();
    let last = scene.tally();
    let mut scene = asked(lost);
    assert!(scene.sent.contains(&format!("{RESUME} h='1' previd='sm-1'/>")), "{}", scene.sent);
    scene.sent.clear();
    scene.hear(&success_2(&format!("<resumed xmlns='urn:xmpp:sm:3' previd='sm-1' h='{BEFORE}'/>")));
    let again = format!("{}{}{}", from_romeo("two"), from_romeo("three"), from_romeo("four"));
    scene.hear(&again.replace("</body>", "</body><delay xmlns='urn:xmpp:delay' stamp='2026-01-01T00:00:00Z'/>"));
    assert_eq!(scene.told(), ["four"]);
    scene.hear("<r xmlns='urn:xmpp:sm:3'/>");
    // What was asked of the mind on the old connection is as good on the new one.
    scene.session.handle_command(scene.now, Command::Kept(last));
    scene.drain();
    scene.keep();
    assert_eq!(scene.sent, "<a xmlns='urn:xmpp:sm:3' h='3'/><a xmlns='urn:xmpp:sm:3' h='4'/>");
}

#[test]
fn what_is_kept_while_there_is_no_connection_does_not_come_again() {
    let mut scene = counted();
    scene.hear(&from_romeo("one"));
    let mut lost = scene.lose().unwrap();
    lost.kept(scene.tally());
    let scene = asked(Some(lost));
    assert!(scene.sent.contains(&format!("{RESUME} h='1' previd='sm-1'/>")), "{}", scene.sent);
}

#[test]
fn a_session_says_where_it_is_to_be_taken_up() {
    let mut scene = asked(None);
    scene.hear(&success_2(&BOUND_2.replace("resume=", "location='node-2.alpha.test:5299' resume=")));
    scene.hear("<stream:features/>");
    assert_eq!(scene.lose().unwrap().location(), Some("node-2.alpha.test:5299"));
    assert_eq!(counted().lose().unwrap().location(), None);
}
