//! What became of what a lost line had been given: the archive is asked, and only what is not there is written again.

use super::*;
use crate::app::model::MessageState;
use crate::types::{ArchiveId, Problem, RequestId};
use crate::xmpp::ArchiveQuery;

fn query(world: &mut World, fits: impl Fn(&ArchiveQuery) -> bool) -> ArchiveQuery {
    let commands = world.commands().into_iter();
    let mut queries = commands.filter_map(|c| if let Command::Archive(query) = c { Some(query) } else { None });
    queries.find(|query| fits(query)).expect("the archive was asked")
}

fn page(request: RequestId, first: Option<&str>, complete: bool) -> xmpp::Event {
    let first = first.map(|id| ArchiveId(id.to_owned()));
    page_end(request, first.clone(), first, complete)
}

/// Where it was typed there is nothing.
fn nothing_aside(world: &mut World) {
    let aside = query(world, |q| q.with.is_some() && q.before.is_none());
    world.session(page(aside.request, None, true));
}

fn ours(key: MessageKey, text: &str) -> Incoming {
    let id = key.to_string();
    Incoming { peer: bare(BELA), direction: Direction::Out, ..says("anna@example.org/butty", &id, text) }
}

#[test]
fn after_a_lost_link_without_archive_the_doubtful_go_again_under_their_old_id() {
    let mut world = World::online(false);
    world.open(BELA);
    let key = world.send(BELA, "did this arrive?");
    let typed = world.message(BELA, key).stamp;
    world.drop_link();
    world.after(second(40));
    world.commands();
    world.sign_in(false);
    let sent = world.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!((sent[0].key, sent[0].delayed), (key, Some(typed)));
    assert_eq!(sent[0].to.as_str(), BELA, "the old device may be gone");
}

#[test]
fn after_a_lost_link_the_archive_is_asked_first() {
    let mut world = World::online(true);
    world.open(BELA);
    let arrived = world.send(BELA, "arrived");
    let lost = world.send(BELA, "lost");
    world.drop_link();
    let third = world.send(BELA, "typed meanwhile");
    world.commands();
    world.sign_in(true);
    let asked = query(&mut world, |q| q.with == Some(bare(BELA)) && q.before == Some(None));
    let at = world.now.wall;
    world.hears(archived(ours(arrived, "arrived"), "s1", at));
    assert!(world.sent().is_empty(), "nothing before the archive has answered");
    world.session(page(asked.request, Some("s1"), true));
    let sent: Vec<_> = world.sent().iter().map(|out| out.key).collect();
    assert_eq!(sent, [lost, third], "what arrived is not written again, the order stays");
    assert_eq!(world.message(BELA, arrived).state, MessageState::Sent);
    assert_eq!(world.texts(BELA), ["arrived", "lost", "typed meanwhile"]);
}

#[test]
fn the_archive_is_read_back_until_the_doubtful_one_must_have_come() {
    let mut world = World::online(true);
    world.open(BELA);
    let key = world.send(BELA, "long ago");
    world.drop_link();
    world.commands();
    world.after(second(4 * 3600));
    world.sign_in(true);
    let newest = query(&mut world, |q| q.with.is_some());
    let at = world.now.wall;
    world.hears(in_page(newest.request, archived(says("bela@example.org/phone", "n1", "new"), "s9", at)));
    world.session(page(newest.request, Some("s9"), false));
    nothing_aside(&mut world);
    let older = query(&mut world, |q| q.before == Some(Some(ArchiveId("s9".to_owned()))));
    let long_ago = archived(ours(key, "long ago"), "s1", Stamp(at.0 - 4 * 3_600_000));
    world.hears(in_page(older.request, long_ago));
    world.session(page(older.request, Some("s1"), false));
    assert!(world.sent().is_empty());
    assert_eq!(world.message(BELA, key).state, MessageState::Sent);
}

/// A buddy said much since: the archive is not read back message by message to where ours should stand.
#[test]
fn what_is_in_doubt_is_looked_for_at_its_own_moment_before_all_is_read_back() {
    for arrived in [true, false] {
        let mut world = World::online(true);
        world.open(BELA);
        let key = world.send(BELA, "long ago");
        let typed = world.message(BELA, key).stamp;
        world.drop_link();
        world.commands();
        world.after(second(4 * 3600));
        world.sign_in(true);
        let newest = query(&mut world, |q| q.with.is_some());
        let at = world.now.wall;
        world.hears(in_page(newest.request, archived(says("bela@example.org/phone", "n1", "new"), "s9", at)));
        world.session(page(newest.request, Some("s9"), false));
        let aside = query(&mut world, |q| q.with.is_some());
        assert_eq!((aside.before, aside.since, aside.until), (None, Some(Stamp(typed.0 - 120_000)), None));
        // What is there lies before all that is in doubt, and says nothing of how far back the archive was read.
        let before = archived(says("bela@example.org/phone", "n0", "old"), "s0", Stamp(typed.0 - 4_000_000));
        world.hears(in_page(aside.request, before));
        if arrived {
            world.hears(in_page(aside.request, archived(ours(key, "long ago"), "s1", typed)));
        }
        world.session(page(aside.request, Some("s0"), false));
        let (mut sent, mut asked) = (0, Vec::new());
        for command in world.commands() {
            match command {
                Command::Send(_) => sent += 1,
                Command::Archive(query) => asked.push(query.before),
                _ => {}
            }
        }
        let before = Some(Some(ArchiveId("s9".to_owned())));
        assert_eq!(asked, if arrived { vec![] } else { vec![before] }, "nothing is left to be found");
        assert_eq!(sent, 0);
        assert_eq!(world.message(BELA, key).state == MessageState::Sent, arrived);
    }
}

#[test]
fn an_archive_that_refuses_does_not_hold_messages_for_ever() {
    let mut world = World::online(true);
    world.open(BELA);
    let key = world.send(BELA, "hi");
    world.drop_link();
    world.commands();
    world.sign_in(true);
    for round in 0..3 {
        assert!(world.message(BELA, key).state == MessageState::Pending, "a refusal proves nothing");
        let request = query(&mut world, |q| q.with.is_some()).request;
        let problem = Problem::TimedOut { waited: second(30) };
        world.session(xmpp::Event::RequestFailed { request, problem });
        if round < 2 {
            world.after(second(3));
            assert!(world.commands().is_empty(), "it has a rest");
            world.after(second(10));
        }
    }
    assert_eq!(world.sent().iter().map(|out| out.key).collect::<Vec<_>>(), [key]);
}

/// As where the database of the server is away for a minute.
#[test]
fn an_archive_that_says_to_be_busy_is_asked_for_two_minutes_before_anything_is_written_blindly() {
    let mut world = World::online(true);
    world.open(BELA);
    world.send(BELA, "hi");
    world.drop_link();
    world.commands();
    world.sign_in(true);
    let waited = refused_until_sent(&mut world);
    assert!(waited >= second(120) && waited < second(180), "{waited:?}");
}

/// Answers each question about a talk so, until something is sent; how long that took.
fn refused_until_sent(world: &mut World) -> Duration {
    let began = world.now.mono;
    while world.now.mono < began + second(600) {
        let commands = world.commands();
        let sent = commands.iter().any(|command| matches!(command, Command::Send(_)));
        for command in commands {
            if let Command::Archive(ArchiveQuery { request, with: Some(_), .. }) = command {
                busy(world, request);
            }
        }
        if sent {
            break;
        }
        world.after(second(1));
    }
    world.now.mono.saturating_sub(began)
}

fn busy(world: &mut World, request: RequestId) {
    let (domain, condition) = (Domain::parse("example.org").unwrap(), line("internal-server-error"));
    world.session(xmpp::Event::RequestFailed { request, problem: Problem::RequestRefused { domain, condition } });
}

/// One that answers has its three refusals again.
#[test]
fn refusals_count_from_the_last_answer_on() {
    let mut world = World::online(true);
    let dad = "dad@example.org";
    for peer in [BELA, dad] {
        world.open(peer);
        world.send(peer, "hi");
    }
    world.drop_link();
    world.commands();
    world.sign_in(true);
    let refuse = |world: &mut World, request| {
        let problem = Problem::TimedOut { waited: second(30) };
        world.session(xmpp::Event::RequestFailed { request, problem });
        world.after(second(20));
    };
    for _ in 0..2 {
        let request = query(&mut world, |q| q.with.is_some()).request;
        refuse(&mut world, request);
    }
    let request = query(&mut world, |q| q.with.is_some()).request;
    world.session(page(request, None, true));
    for _ in 0..2 {
        let request = query(&mut world, |q| q.with.is_some()).request;
        refuse(&mut world, request);
        let talk = world.key(dad);
        assert!(world.own().post.written.iter().all(|key| world.own().post.unsent[key].talk != talk));
    }
}

#[test]
fn two_minutes_of_a_busy_archive_are_waited_for_once_and_in_one_session() {
    let mut world = World::online(true);
    for peer in [BELA, "dad@example.org"] {
        world.open(peer);
        world.send(peer, "hi");
    }
    world.drop_link();
    world.commands();
    world.sign_in(true);
    // The line is lost in the middle of it, and what is lost with it is no time that the archive had.
    for _ in 0..3 {
        let request = query(&mut world, |q| q.with.is_some()).request;
        busy(&mut world, request);
        world.after(second(20));
    }
    world.drop_link();
    world.after(second(300));
    world.commands();
    world.sign_in(true);
    assert!(refused_until_sent(&mut world) >= second(120));
    let other = refused_until_sent(&mut world);
    assert!(other <= second(60), "the second buddy waits for as long again: {other:?}");
}

/// Our clock is three hours ahead: the archive has what we typed at a moment that we take for long ago.
#[test]
fn a_clock_that_is_hours_ahead_doubles_nothing() {
    let mut world = World::online(true);
    world.open(BELA);
    let key = world.send(BELA, "did this arrive?");
    let typed = Stamp(world.message(BELA, key).stamp.0 - 3 * 3_600_000);
    world.drop_link();
    world.commands();
    world.after(second(300));
    world.sign_in(true);
    let newest = query(&mut world, |q| q.with.is_some());
    // Much came since: the newest page begins behind it.
    for (n, ago) in [("n2", 1_000), ("n1", 200_000)] {
        let at = Stamp(world.now.wall.0 - 3 * 3_600_000 - ago);
        world.hears(in_page(newest.request, archived(says("bela@example.org/phone", n, "new"), n, at)));
    }
    world.session(page(newest.request, Some("n1"), false));
    let aside = query(&mut world, |q| q.with.is_some());
    world.session(page(aside.request, None, true));
    let older = query(&mut world, |q| q.with.is_some());
    assert_eq!(older.before, Some(Some(ArchiveId("n1".to_owned()))));
    world.hears(in_page(older.request, archived(ours(key, "did this arrive?"), "s1", typed)));
    world.session(page(older.request, Some("s1"), false));
    world.after(second(60));
    assert!(world.sent().is_empty(), "it is there");
    assert_eq!(world.message(BELA, key).state, MessageState::Sent);
}

#[test]
fn what_is_in_doubt_with_one_buddy_holds_up_nobody_else() {
    let mut world = World::online(true);
    let (bela, dad) = (BELA, "dad@example.org");
    let doubtful = world.send(bela, "did this arrive?");
    world.drop_link();
    let (behind, other) = (world.send(bela, "behind it"), world.send(dad, "to somebody else"));
    world.commands();
    world.dial();
    world.session(xmpp::Event::SignedIn(SignedIn {
        jid: FullJid::parse("anna@example.org/butty").unwrap(),
        mechanism: "PLAIN".to_owned(),
        offered: Vec::new(),
    }));
    let sent = |world: &mut World| world.sent().iter().map(|out| out.key).collect::<Vec<_>>();
    assert_eq!(sent(&mut world), [other], "not even until it is known whether there is an archive");
    world.session(xmpp::Event::Features(Features { archive: true, ..Features::default() }));
    let asked = query(&mut world, |q| q.with == Some(bare(bela)));
    let later = world.send(dad, "and this");
    assert_eq!(sent(&mut world), [later]);
    world.session(page(asked.request, None, true));
    assert_eq!(sent(&mut world), [doubtful, behind]);
}

#[test]
fn what_went_out_to_others_during_a_question_is_in_doubt_with_the_rest() {
    let mut world = World::online(true);
    let dad = "dad@example.org";
    let one = world.send(BELA, "did this arrive?");
    world.drop_link();
    world.sign_in(true);
    world.commands();
    let other = world.send(dad, "to somebody else");
    assert_eq!(world.sent().iter().map(|out| out.key).collect::<Vec<_>>(), [other]);
    world.drop_link();
    world.sign_in(true);
    let mut asked = Vec::new();
    for _ in 0..2 {
        let query = query(&mut world, |q| q.with.is_some());
        asked.extend(query.with.clone());
        if query.with == Some(bare(dad)) {
            let id = other.to_string();
            let ours = Incoming {
                peer: bare(dad),
                direction: Direction::Out,
                ..says("anna@example.org/b", &id, "to somebody else")
            };
            world.hears(in_page(query.request, archived(ours, "s1", world.now.wall)));
        }
        let sent: Vec<_> = world.sent().iter().map(|out| out.key).collect();
        assert!(sent.is_empty(), "{sent:?}");
        world.session(page(query.request, None, true));
        if query.with == Some(bare(BELA)) {
            let (send, ask): (Vec<_>, Vec<_>) =
                world.commands().into_iter().partition(|c| matches!(c, Command::Send(_)));
            assert!(matches!(&send[..], [Command::Send(out)] if out.key == one));
            world.fx.extend(ask.into_iter().map(|c| Effect::Link(world.account.clone(), LinkCommand::Session(c))));
        }
    }
    assert_eq!(asked, [bare(BELA), bare(dad)]);
    assert!(world.sent().is_empty() && world.message(dad, other).state == MessageState::Sent);
}

#[test]
fn of_two_buddies_in_doubt_the_first_that_is_settled_goes_first() {
    let mut world = World::online(true);
    let (one, other) = (world.send(BELA, "one"), world.send("dad@example.org", "other"));
    world.drop_link();
    world.commands();
    world.sign_in(true);
    let first = query(&mut world, |q| q.with.is_some());
    world.session(page(first.request, None, true));
    let mut sent = Vec::new();
    let mut second = None;
    for command in world.commands() {
        match command {
            Command::Send(out) => sent.push(out.key),
            Command::Archive(query) => second = query.with.map(|with| (with, query.request)),
            _ => {}
        }
    }
    let (with, request) = second.expect("the other one");
    assert_ne!(Some(with), first.with);
    assert_eq!(sent, [if first.with == Some(bare(BELA)) { one } else { other }]);
    world.session(page(request, None, true));
    assert_eq!(world.sent().len(), 1);
}

#[test]
fn a_second_loss_during_the_question_loses_nothing() {
    let mut world = World::online(true);
    world.open(BELA);
    let key = world.send(BELA, "hi");
    world.commands();
    for _ in 0..3 {
        world.drop_link();
        world.after(second(1));
        world.sign_in(true);
        assert!(world.sent().is_empty());
    }
    world.drop_link();
    world.sign_in(false);
    assert_eq!(world.sent().iter().map(|out| out.key).collect::<Vec<_>>(), [key]);
}

#[test]
fn a_question_that_is_disturbed_goes_on_in_the_next_session() {
    let mut world = World::online(true);
    world.open(BELA);
    let key = world.send(BELA, "long ago");
    world.drop_link();
    world.after(second(60));
    let mut before = None;
    for number in 0..3 {
        world.commands();
        world.sign_in(true);
        let asked = query(&mut world, |q| q.with.is_some());
        assert_eq!(asked.before, Some(before), "from where the last session came to");
        let id = format!("s{number}");
        let theirs = archived(says(PHONE, &id, "new"), &id, world.now.wall);
        world.hears(in_page(asked.request, theirs));
        world.session(page(asked.request, Some(&id), false));
        before = Some(ArchiveId(id));
        world.drop_link();
    }
    world.commands();
    world.sign_in(true);
    let last = query(&mut world, |q| q.with.is_some());
    world.session(page(last.request, None, true));
    assert_eq!(world.sent().iter().map(|out| out.key).collect::<Vec<_>>(), [key]);
}

/// A message is in doubt, the archive was asked at once and has nothing; and what it is asked a little later.
fn asked_too_early() -> (World, MessageKey, ArchiveQuery) {
    let mut world = World::online(true);
    world.open(BELA);
    let key = world.send(BELA, "just now");
    world.blip();
    world.commands();
    world.sign_in(true);
    let asked = query(&mut world, |q| q.with.is_some());
    world.session(page(asked.request, None, true));
    assert!(world.commands().is_empty(), "the server may still read what the lost line had brought");
    world.after(second(3));
    let newest = query(&mut world, |q| q.with.is_some());
    assert_eq!(newest.before, Some(None));
    (world, key, newest)
}

#[test]
fn what_the_lost_line_had_carried_and_was_archived_late_is_not_sent_again() {
    let (mut world, key, newest) = asked_too_early();
    world.hears(in_page(newest.request, archived(ours(key, "just now"), "s9", world.now.wall)));
    world.session(page(newest.request, Some("s9"), false));
    assert!(world.sent().is_empty());
    assert_eq!(world.message(BELA, key).state, MessageState::Sent);
}

#[test]
fn what_was_not_archived_after_a_while_is_sent_again_without_another_walk() {
    let (mut world, key, newest) = asked_too_early();
    world.hears(in_page(newest.request, archived(says(PHONE, "8", "new"), "s8", world.now.wall)));
    world.session(page(newest.request, Some("s8"), false));
    assert_eq!(world.sent().iter().map(|out| out.key).collect::<Vec<_>>(), [key]);
}

#[test]
fn pages_of_other_questions_prove_nothing_about_the_doubtful() {
    let mut world = World::online(true);
    world.open(BELA);
    let before = world.send(BELA, "before");
    world.session(xmpp::Event::Acknowledged(before));
    let key = world.send(BELA, "perhaps");
    world.drop_link();
    world.after(second(4 * 3600));
    world.commands();
    world.sign_in(true);
    let asked = query(&mut world, |q| q.with.is_some());
    // A gap of long ago is being filled meanwhile, and a page of it has what went out before.
    let old = archived(ours(before, "before"), "s1", Stamp(world.now.wall.0 - 9 * 3_600_000));
    world.hears(in_page(RequestId(0), old));
    world.session(page(asked.request, Some("s7"), false));
    nothing_aside(&mut world);
    let older = query(&mut world, |q| q.before == Some(Some(ArchiveId("s7".to_owned()))));
    world.hears(in_page(older.request, archived(ours(key, "perhaps"), "s2", world.now.wall)));
    world.session(page(older.request, Some("s2"), false));
    assert!(world.sent().is_empty());
    assert_eq!(world.message(BELA, key).state, MessageState::Sent);
}

#[test]
fn what_was_tried_once_more_says_nothing_of_what_was_written_after_it() {
    let mut world = World::online(true);
    world.open(BELA);
    let failed = world.send(BELA, "refused at first");
    let (of, from) = (OriginId(failed.to_string()), Jid::parse(BELA).ok());
    world.session(xmpp::Event::Bounced { key: of, from, problem: Problem::NoSuchAddress { peer: bare(BELA) } });
    let doubtful = world.send(BELA, "perhaps");
    world.does(|model, fx| model.retry(failed, fx));
    world.session(xmpp::Event::Acknowledged(failed));
    world.drop_link();
    world.after(second(2 * 3600));
    world.commands();
    world.sign_in(true);
    let asked = query(&mut world, |q| q.with.is_some());
    world.hears(in_page(asked.request, archived(ours(failed, "refused at first"), "s9", world.now.wall)));
    world.session(page(asked.request, Some("s9"), false));
    nothing_aside(&mut world);
    let older = query(&mut world, |q| q.before == Some(Some(ArchiveId("s9".to_owned()))));
    assert!(world.sent().is_empty(), "it may stand further back");
    world.hears(in_page(older.request, archived(ours(doubtful, "perhaps"), "s8", world.now.wall)));
    world.session(page(older.request, Some("s8"), false));
    assert!(world.sent().is_empty());
}
