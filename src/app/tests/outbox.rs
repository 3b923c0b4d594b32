//! What was typed arrives once, in order, or is said to have failed.

use super::*;
use crate::app::model::{MessageState, Screen};
use crate::types::Problem;

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

/// It would be the first of each session, and nothing behind it would ever go out.
#[test]
fn what_the_server_ends_the_stream_for_as_too_long_fails_and_the_rest_goes_out() {
    let mut world = World::online(false);
    world.open(BELA);
    let short = world.send(BELA, "short");
    let long = world.send(BELA, &"long ".repeat(10_000));
    let behind = world.send(BELA, "behind it");
    assert_eq!(world.sent().len(), 3);
    let broken = |condition: &str| {
        let (domain, condition) = (Domain::parse("example.org").unwrap(), line(condition));
        LinkFact::Down { problem: Some(Problem::StreamError { domain, condition }), retry_in: Some(second(1)) }
    };
    for other in ["not-well-formed", "policy-violation: too many unacked stanzas"] {
        world.link(broken(other));
        assert_eq!(world.message(BELA, long).state, MessageState::Pending, "that may be anything");
        // Nothing was written in what ends before it has begun.
        world.dial();
        world.link(broken("policy-violation: XML stanza is too big"));
        assert_eq!(world.message(BELA, long).state, MessageState::Pending);
        world.sign_in(false);
        assert_eq!(world.sent().len(), 3);
    }
    world.link(broken("policy-violation: XML stanza is too big"));
    let MessageState::Failed(problem) = &world.message(BELA, long).state else { panic!("not failed") };
    assert_eq!(problem.code(), "BTY-MSG-03");
    world.commands();
    world.sign_in(false);
    assert_eq!(world.sent().iter().map(|out| out.key).collect::<Vec<_>>(), [short, behind]);
    world.link(broken("policy-violation: XML stanza is too big"));
    assert_eq!(world.message(BELA, behind).state, MessageState::Pending, "no server calls that long");
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
