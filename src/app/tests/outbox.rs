//! What was typed arrives once, in order, or is said to have failed.

use super::*;
use crate::app::model::{MessageState, Screen};
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
fn typed_offline_is_kept_and_goes_out_in_order_saying_when() {
    let mut world = World::new(AccountCache::default());
    world.open(BELA);
    let first = world.send(BELA, "one");
    world.after(second(60));
    let last = world.send(BELA, "two");
    assert!(world.sent().is_empty());
    assert_eq!(world.message(BELA, first).state, MessageState::Pending);
    world.sign_in(false);
    let sent = world.sent();
    assert_eq!(sent.iter().map(|out| out.key).collect::<Vec<_>>(), [first, last]);
    assert_eq!(sent[0].delayed, Some(world.message(BELA, first).stamp), "waited for a minute");
    assert_eq!(sent[1].delayed, None);
}

/// So many were typed offline; them, and those that went out at sign-in.
fn queue(length: usize) -> (World, Vec<MessageKey>, Vec<MessageKey>) {
    let mut world = World::new(AccountCache::default());
    world.open(BELA);
    let keys: Vec<_> = (0..length).map(|number| world.send(BELA, &format!("m{number}"))).collect();
    world.sign_in(false);
    let sent: Vec<_> = world.sent().iter().map(|out| out.key).collect();
    assert_eq!(sent.len(), 500);
    (world, keys, sent)
}

/// More at a time would outrun the count that lets a lost session be taken up.
#[test]
fn a_long_queue_goes_out_as_the_server_takes_it() {
    let (mut world, keys, mut sent) = queue(1_700);
    let mut most = 0;
    for (arrived, key) in keys.iter().enumerate() {
        world.session(xmpp::Event::Acknowledged(*key));
        sent.extend(world.sent().iter().map(|out| out.key));
        most = most.max(sent.len() - arrived);
    }
    assert_eq!(sent, keys, "each once, in order");
    assert!(most <= 501, "{most}");
}

/// A server that refuses what is for an address that is gone may say so before it acknowledges, and then it does not
/// acknowledge that one any more.
#[test]
fn what_bounces_makes_room_for_what_waits() {
    let (mut world, keys, mut sent) = queue(700);
    for key in &keys[..500] {
        let (of, from) = (OriginId(key.to_string()), Jid::parse(BELA).ok());
        world.session(xmpp::Event::Bounced { key: of, from, problem: Problem::NoSuchAddress { peer: bare(BELA) } });
        sent.extend(world.sent().iter().map(|out| out.key));
    }
    assert_eq!(sent, keys);
}

#[test]
fn each_message_is_written_once_in_a_session() {
    let mut world = World::online(false);
    world.open(BELA);
    world.send(BELA, "one");
    world.send(BELA, "two");
    assert_eq!(world.sent().len(), 2);
    world.session(xmpp::Event::Features(Features::default()));
    assert!(world.sent().is_empty());
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

#[test]
fn a_row_that_is_on_the_disk_already_is_no_proof_that_it_went_out() {
    let mut world = World::online(false);
    world.open(BELA);
    world.commits = false;
    let key = world.send(BELA, "hi");
    let stamp = world.message(BELA, key).stamp;
    world.stored(Stored::Duplicate { key, existing: key, stamp });
    assert_eq!(world.message(BELA, key).state, MessageState::Pending);
    assert_eq!(world.sent().iter().map(|out| out.key).collect::<Vec<_>>(), [key]);
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

#[test]
fn the_outbox_survives_a_restart() {
    let mut before = World::new(AccountCache::default());
    before.open(BELA);
    let key = before.send(BELA, "typed before the power went");
    let kept = before.message(BELA, key).clone();
    let mut world = World::new(AccountCache { outbox: vec![kept], ..AccountCache::default() });
    world.sign_in(false);
    assert_eq!(world.sent().iter().map(|out| out.key).collect::<Vec<_>>(), [key]);
    world.session(xmpp::Event::Acknowledged(key));
    let told =
        |r: &StoreRequest| matches!(r, StoreRequest::SetState { key: k, state: MessageState::Sent } if *k == key);
    assert!(world.requests().iter().any(told), "also while its talk is not loaded");
}

#[test]
fn a_message_that_comes_back_says_why_and_can_be_tried_again() {
    let mut world = World::online(false);
    world.open(BELA);
    let key = world.send(BELA, "hi");
    let problem = Problem::NoSuchAddress { peer: bare(BELA) };
    let from = Jid::parse(BELA).ok();
    let of = OriginId(key.to_string());
    world.session(xmpp::Event::Bounced { key: of, from, problem: problem.clone() });
    assert_eq!(world.message(BELA, key).state, MessageState::Failed(problem));
    assert!(world.own().outbox.is_empty());
    world.commands();
    world.does(|model, fx| model.retry(key, fx));
    assert_eq!(world.sent().len(), 1);
    assert_eq!(world.message(BELA, key).state, MessageState::Pending);
}

#[test]
fn a_stranger_can_neither_bounce_nor_acknowledge_our_words() {
    let mut world = World::online(false);
    world.open(BELA);
    let key = world.send(BELA, "hi");
    world.session(xmpp::Event::Acknowledged(key));
    let of = OriginId(key.to_string());
    let mallory = Jid::parse("mallory@evil.test/x").unwrap();
    let problem = Problem::NoSuchAddress { peer: bare(BELA) };
    world.session(xmpp::Event::Bounced { key: of.clone(), from: Some(mallory.clone()), problem });
    world.session(xmpp::Event::Receipt { from: mallory, of, delayed: None });
    assert_eq!(world.message(BELA, key).state, MessageState::Sent);
}

#[test]
fn marks_only_go_up() {
    let mut world = World::online(false);
    world.open(BELA);
    let key = world.send(BELA, "hi");
    let of = OriginId(key.to_string());
    let from = Jid::parse("bela@example.org/phone").unwrap();
    world.session(xmpp::Event::Receipt { from: from.clone(), of: of.clone(), delayed: None });
    world.session(xmpp::Event::Acknowledged(key));
    let problem = Problem::Bounced { peer: bare(BELA), condition: line("x") };
    world.session(xmpp::Event::Bounced { key: of, from: Some(from), problem });
    assert_eq!(world.message(BELA, key).state, MessageState::Delivered);
}

#[test]
fn a_receipt_for_a_message_that_is_not_in_memory_goes_to_the_store_with_the_talk_it_must_be_of() {
    let key = MessageKey(99 << 100);
    let of = OriginId(key.to_string());
    let from = Jid::parse("bela@example.org/phone").unwrap();
    let marked = |world: &mut World, whose: &ConversationKey| {
        world.requests().iter().any(|request| {
            matches!(request, StoreRequest::Mark { talk, key: k, state: MessageState::Delivered } if talk == whose && *k == key)
        })
    };
    let mut world = World::online(false);
    world.session(xmpp::Event::Receipt { from: from.clone(), of: of.clone(), delayed: None });
    let bela = world.key(BELA);
    assert!(marked(&mut world, &bela), "a talk that was never opened");
    world.open(BELA);
    world.page(BELA, Vec::new(), true);
    world.fx.clear();
    world.session(xmpp::Event::Receipt { from, of, delayed: None });
    assert!(marked(&mut world, &bela), "older than the page that is loaded");
    let from = Jid::parse("mallory@evil.test/x").unwrap();
    world.session(xmpp::Event::Receipt { from, of: OriginId(key.to_string()), delayed: None });
    assert!(!marked(&mut world, &bela), "who it was not written to says nothing about it");
}

#[test]
fn a_receipt_that_comes_while_the_page_is_on_its_way_is_not_lost() {
    let mut before = World::online(false);
    before.open(BELA);
    let key = before.send(BELA, "yesterday");
    before.session(xmpp::Event::Acknowledged(key));
    let row = before.message(BELA, key).clone();
    let talks = vec![(before.key(BELA), 0, row.stamp)];
    let mut world = World::new(AccountCache { talks, ..AccountCache::default() });
    world.sign_in(false);
    let from = Jid::parse("bela@example.org/phone").unwrap();
    world.open(BELA);
    world.session(xmpp::Event::Receipt { from, of: OriginId(key.to_string()), delayed: None });
    world.page(BELA, vec![row], false);
    assert_eq!(world.message(BELA, key).state, MessageState::Delivered);
}

#[test]
fn what_is_given_up_is_gone_here_and_on_the_disk() {
    let mut world = World::new(AccountCache::default());
    world.open(BELA);
    let key = world.send(BELA, "never mind");
    world.fx.clear();
    world.does(|model, fx| model.discard(key, fx));
    assert!(world.talk(BELA).messages.is_empty());
    assert!(world.requests().iter().any(|r| matches!(r, StoreRequest::Discard { key: k } if *k == key)));
    world.sign_in(false);
    assert!(world.sent().is_empty());
}

#[test]
fn after_an_encrypted_message_the_first_plain_reply_asks_and_keeps_the_text() {
    let mut world = World::online(false);
    world.open(BELA);
    let body = Content::Encrypted { name: line("OMEMO") };
    world.hears(Incoming { body, ..says("bela@example.org/phone", "1", "") });
    assert_eq!(world.texts(BELA), ["<OMEMO>"]);
    let key = world.key(BELA);
    world.commands();
    world.does(|model, fx| model.send_text(&key, "in the clear", fx));
    assert!(world.sent().is_empty());
    assert_eq!(world.talk(BELA).composer.text(), "in the clear");
    assert!(matches!(world.model.screen, Screen::Main));
}

#[test]
fn typing_is_told_once_paused_when_it_rests_and_ended_by_the_message() {
    use crate::xmpp::ChatState;
    let mut world = World::online(false);
    world.open(BELA);
    world.commands();
    let key = world.key(BELA);
    let states = |world: &mut World| -> Vec<ChatState> {
        let commands = world.commands().into_iter();
        commands.filter_map(|c| if let Command::ChatState { state, .. } = c { Some(state) } else { None }).collect()
    };
    let types = |world: &mut World, text: &str| {
        world.model.talks.get_mut(&key).unwrap().composer.set_text(text);
        world.does(Model::edited);
    };
    for text in ["h", "he", "hel"] {
        types(&mut world, text);
    }
    assert_eq!(states(&mut world), [ChatState::Composing]);
    world.after(second(11));
    assert_eq!(states(&mut world), [ChatState::Paused]);
    types(&mut world, "hell");
    assert_eq!(states(&mut world), [ChatState::Composing]);
    types(&mut world, "");
    world.send(BELA, "hello");
    world.after(second(1));
    assert_eq!(states(&mut world), [], "the message says it");
    types(&mut world, "/msg dad");
    assert_eq!(states(&mut world), [], "a command is said to nobody");
}

#[test]
fn typing_is_told_to_nobody_who_may_not_see_us() {
    let mut world = World::online(false);
    world.open("stranger@example.com");
    world.commands();
    let key = world.key("stranger@example.com");
    world.model.talks.get_mut(&key).unwrap().composer.set_text("h");
    world.does(Model::edited);
    assert!(world.commands().is_empty());
}

#[test]
fn a_draft_is_on_the_disk_a_second_after_the_last_key_and_at_once_when_one_leaves() {
    let mut world = World::online(false);
    world.open(BELA);
    let key = world.key(BELA);
    world.model.talks.get_mut(&key).unwrap().composer.set_text("half a sen");
    world.does(Model::edited);
    world.fx.clear();
    world.after(Duration::from_millis(1_100));
    let kept = |r: &StoreRequest| matches!(r, StoreRequest::Draft { text, .. } if text == "half a sen");
    assert!(world.requests().iter().any(kept));
    world.model.talks.get_mut(&key).unwrap().composer.set_text("half a sentence");
    world.does(Model::edited);
    world.open("dad@example.org");
    let kept = |r: &StoreRequest| matches!(r, StoreRequest::Draft { text, .. } if text == "half a sentence");
    assert!(world.requests().iter().any(kept));
    assert_eq!(world.talk(BELA).composer.text(), "half a sentence");
}
