//! The first presence: behind the roster, and never lost.

use super::Rig;
use crate::xmpp::{Appearance, Command, Event, Show};
use std::time::Duration;

fn appear(show: Show) -> Command {
    Command::Appear(Appearance { show, status: None, priority: 0 })
}

fn presences(rig: &Rig) -> Vec<&String> {
    rig.sent.iter().filter(|stanza| stanza.starts_with("<presence")).collect()
}

#[test]
fn presence_follows_the_roster() {
    let mut rig = Rig::new();
    let question = rig.sent[0].clone();
    rig.command(appear(Show::Available));
    rig.command(appear(Show::Busy));
    assert!(presences(&rig).is_empty(), "{:?}", rig.sent);
    rig.answer(&question, "<query xmlns='jabber:iq:roster'><item jid='a@b'/></query>");
    assert!(matches!(rig.events[..], [Event::Roster { .. }]));
    let [only] = presences(&rig)[..] else { panic!("{:?}", rig.sent) };
    assert!(only.starts_with("<presence><show>dnd</show>"), "the latest word counts: {only}");
    rig.command(appear(Show::Away));
    assert_eq!(presences(&rig).len(), 2, "from then on at once");
    assert_eq!(rig.wait(5), 0, "nothing waits any more");
}

#[test]
fn presence_told_after_the_roster_goes_out_at_once() {
    let mut rig = Rig::settled();
    rig.sent.clear();
    rig.command(appear(Show::Available));
    assert_eq!(presences(&rig).len(), 1);
}

#[test]
fn a_refused_roster_opens_too() {
    let mut rig = Rig::new();
    let question = rig.sent[0].clone();
    rig.command(appear(Show::Available));
    rig.refuse(&question, "service-unavailable");
    assert_eq!(presences(&rig).len(), 1);
}

#[test]
fn without_an_answer_presence_waits_a_second_and_goes_out_once() {
    let mut rig = Rig::new();
    let question = rig.sent[0].clone();
    rig.command(appear(Show::Available));
    rig.now = rig.now.after(Duration::from_millis(999));
    rig.live.handle_timeout(rig.now);
    rig.drain();
    assert!(presences(&rig).is_empty(), "too early does no harm");
    assert_eq!(rig.wait(1), 1);
    assert_eq!(presences(&rig).len(), 1);
    rig.answer(&question, "<query xmlns='jabber:iq:roster'/>");
    rig.wait(30);
    assert_eq!(presences(&rig).len(), 1);
}

#[test]
fn with_a_cached_roster_nothing_waits() {
    let mut rig = Rig::of("juliet@capulet.lit/balcony", Some("ver6"), false);
    rig.command(appear(Show::Available));
    assert_eq!(presences(&rig).len(), 1);
    let mut rig = Rig::of("juliet@capulet.lit/balcony", Some(""), false);
    rig.command(appear(Show::Available));
    assert!(presences(&rig).is_empty(), "the empty version stands for no cache");
}

#[test]
fn whoever_does_not_appear_wakes_for_nothing() {
    let mut rig = Rig::new();
    assert_eq!(rig.wait(19), 0);
    assert!(presences(&rig).is_empty());
}
