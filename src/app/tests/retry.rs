//! What failed: tried again, or found to have arrived.

use super::*;
use crate::app::model::{Author, Body, MessageState};
use crate::types::Problem;

/// As `butty send` leaves it when the line broke behind the message.
fn failed(world: &World, key: u128) -> Message {
    Message {
        key: MessageKey::new(world.now.wall, key),
        talk: world.key(BELA),
        direction: Direction::Out,
        author: Author::Me,
        stamp: world.now.wall,
        body: Body::Plain(Prose::clean("hello")),
        state: MessageState::Failed(Problem::NotSent),
        origin: Some(OriginId(MessageKey::new(world.now.wall, key).to_string())),
        stanza_id: None,
        relation: None,
        attachments: Vec::new(),
        arrival: crate::app::model::Arrival::Fresh,
        from: None,
        owes_receipt: false,
        edited: false,
        markable: false,
    }
}

/// With a talk on the screen whose last message failed.
fn reading_one_that_failed(problem: Problem) -> (World, MessageKey) {
    let mut world = World::online(true);
    let message = Message { state: MessageState::Failed(problem), ..failed(&world, 1) };
    let key = message.key;
    world.open(BELA);
    world.page(BELA, vec![message], false);
    world.commands();
    (world, key)
}

#[test]
fn what_may_have_arrived_is_looked_for_before_it_is_sent_again() {
    let (mut world, key) = reading_one_that_failed(Problem::NotSent);
    world.does(|model, fx| model.retry(key, fx));
    let commands = world.commands();
    assert!(commands.iter().any(|c| matches!(c, Command::Archive(query) if query.with == Some(bare(BELA)))));
    assert!(!commands.iter().any(|c| matches!(c, Command::Send(_))), "{commands:?}");
    assert_eq!(world.message(BELA, key).state, MessageState::Pending);
}

#[test]
fn what_was_refused_is_sent_again_at_once() {
    let (mut world, key) = reading_one_that_failed(Problem::NoSuchAddress { peer: bare(BELA) });
    world.does(|model, fx| model.retry(key, fx));
    assert_eq!(world.sent().iter().map(|out| out.key).collect::<Vec<_>>(), [key]);
}

#[test]
fn that_the_server_has_it_says_nothing_against_who_refused_it() {
    for (problem, becomes_sent) in
        [(Problem::NotSent, true), (Problem::Bounced { peer: bare(BELA), condition: line("gone") }, false)]
    {
        let (mut world, key) = reading_one_that_failed(problem);
        let at = world.now.wall;
        let copy = Incoming {
            peer: bare(BELA),
            direction: Direction::Out,
            id: Some(OriginId(key.to_string())),
            ..says("anna@example.org/cli", "", "hello")
        };
        world.hears(archived(copy, "s1", at));
        assert_eq!(world.message(BELA, key).state == MessageState::Sent, becomes_sent);
    }
}
