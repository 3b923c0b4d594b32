//! Whether the line lives, and whether somebody looks: keys, sleep, slow lines, client state.

use super::Rig;
use crate::types::{Line, Now, Problem, RequestId, Stage, Stamp};
use crate::xmpp::{Command, Event};
use std::time::Duration;

const COUNTED: &str = "<enabled xmlns='urn:xmpp:sm:3' id='sm-1' resume='true'/>";

fn silence() -> Problem {
    Problem::SilentAt { host: Line::clean("capulet.lit"), stage: Stage::Idle }
}

fn is_ping(stanza: &str) -> bool {
    stanza.contains("<ping xmlns='urn:xmpp:ping'/>")
}

/// Time goes by, and nobody is there to see it.
fn sleep(rig: &mut Rig, seconds: u64) {
    rig.now = rig.now.after(Duration::from_secs(seconds));
    rig.sent.clear();
}

#[test]
fn a_key_finds_a_dead_line_in_ten_seconds() {
    for before in 0..20 {
        let mut rig = Rig::settled();
        rig.wait(before);
        rig.command(Command::Attend);
        rig.wait(5);
        assert_eq!(rig.end, None, "{before}");
        assert!(rig.sent.len() == 1 && is_ping(&rig.sent[0]), "{before}: {:?}", rig.sent);
        rig.wait(5);
        assert_eq!(rig.end, Some(silence()), "{before}");
    }
}

#[test]
fn a_key_on_a_line_that_lives_costs_two_questions_at_most() {
    let mut rig = Rig::settled();
    rig.wait(15);
    rig.command(Command::Attend);
    rig.wait(0);
    for _ in 0..2 {
        let ping = rig.sent.pop().expect("a question");
        rig.answer(&ping, "");
        rig.wait(4);
    }
    assert!(rig.sent.is_empty(), "{:?}", rig.sent);
    rig.wait(15);
    assert_eq!(rig.sent.len(), 0, "the usual silence counts again");
    rig.wait(1);
    assert_eq!((rig.sent.len(), rig.end), (1, None));
}

#[test]
fn after_a_sleep_the_line_is_asked_at_once_and_has_three_seconds() {
    let mut rig = Rig::settled();
    sleep(&mut rig, 8 * 3600);
    rig.wait(0);
    assert!(rig.sent.len() == 1 && is_ping(&rig.sent[0]), "{:?}", rig.sent);
    rig.wait(2);
    assert_eq!(rig.end, None);
    rig.wait(1);
    assert_eq!(rig.end, Some(silence()));
}

#[test]
fn a_question_from_before_the_sleep_is_not_late() {
    let mut rig = Rig::settled();
    rig.wait(20);
    let first = rig.sent[0].clone();
    sleep(&mut rig, 3600);
    rig.wait(0);
    assert_eq!((rig.sent.len(), rig.end.clone()), (1, None), "it is asked once more instead");
    rig.answer(&first, "");
    rig.wait(19);
    assert_eq!(rig.end, None, "an answer to either will do");
}

#[test]
fn what_was_waited_for_before_the_sleep_gets_its_time_again() {
    let mut rig = Rig::settled();
    rig.command(Command::Ping(RequestId(7)));
    let question = rig.sent[0].clone();
    sleep(&mut rig, 3600);
    rig.wait(1);
    assert!(rig.events.is_empty(), "{:?}", rig.events);
    rig.answer(&question, "");
    assert_eq!(rig.events, [Event::Pong(RequestId(7))]);
}

#[test]
fn bytes_that_had_come_before_the_sleep_prove_nothing() {
    let mut rig = Rig::settled();
    sleep(&mut rig, 3600);
    rig.hear("<message from='a@b'><body>sent before</body></message>");
    assert_eq!(rig.events.len(), 1);
    rig.wait(0);
    assert!(rig.sent.len() == 1 && is_ping(&rig.sent[0]), "{:?}", rig.sent);
    rig.wait(3);
    assert_eq!(rig.end, Some(silence()));
}

#[test]
fn a_wall_clock_that_jumps_a_year_changes_nothing_here() {
    for jump in [365, -365_i64] {
        let mut rig = Rig::settled();
        rig.now = Now { wall: Stamp(rig.now.wall.0 + jump * 86_400_000), ..rig.now };
        assert_eq!(rig.wait(19), 0);
        rig.wait(1);
        assert_eq!((rig.sent.len(), rig.end.clone()), (1, None));
    }
}

#[test]
fn a_line_over_which_ours_still_leave_is_not_dead() {
    let mut rig = Rig::settled();
    rig.wait(20);
    for _ in 0..10 {
        rig.wait(9);
        rig.live.eased(rig.now);
    }
    assert_eq!(rig.end, None);
    rig.wait(10);
    assert_eq!(rig.end, Some(silence()));
}

#[test]
fn the_question_is_the_count_where_stanzas_are_counted() {
    let mut rig = Rig::counting();
    rig.hear(COUNTED);
    rig.sent.clear();
    rig.command(Command::Attend);
    rig.wait(4);
    assert_eq!(rig.sent, ["<r xmlns='urn:xmpp:sm:3'/>"]);
    rig.hear("<a xmlns='urn:xmpp:sm:3' h='4'/>");
    rig.wait(9);
    assert_eq!(rig.end, None);
}

#[test]
fn client_state_is_told_where_it_is_wanted_and_once() {
    let mut rig = Rig::settled();
    rig.command(Command::ClientState { active: false });
    assert!(rig.sent.is_empty(), "nobody wants to know: {:?}", rig.sent);
    rig.live.attention.wanted = true;
    for active in [true, false, false, true, true] {
        rig.command(Command::ClientState { active });
    }
    assert_eq!(rig.sent, ["<inactive xmlns='urn:xmpp:csi:0'/>", "<active xmlns='urn:xmpp:csi:0'/>"]);
}
