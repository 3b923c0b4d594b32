//! Finding what was said.

use super::*;
use crate::app::event::FoundPlace;
use crate::app::keymap;
use crate::app::model::{Find, Focus, Overlay, Scroll};
use crate::app::{Search, SearchIn};
use crate::types::RequestId;
use crate::types::limits::UNCOMMITTED;

const BELA_SAYS: &str = "bela@example.org/phone";

impl World {
    fn press(&mut self, keys: &str) {
        for key in keys.split(' ') {
            self.give(Event::Key(keymap::parse(key).unwrap()));
        }
    }

    fn find(&self) -> &Find {
        match self.model.overlays.last() {
            Some(Overlay::Find(find)) => find,
            other => panic!("{other:?}"),
        }
    }

    /// What the store was asked for since this was asked last.
    fn searched(&mut self) -> Option<(RequestId, Search)> {
        let asked = self.requests().into_iter().rev().find_map(|request| match request {
            StoreRequest::Search { request, search, .. } => Some((request, *search)),
            _ => None,
        });
        self.fx.clear();
        asked
    }

    fn around(&mut self) -> Option<(RequestId, MessageKey)> {
        let asked = self.requests().into_iter().rev().find_map(|request| match request {
            StoreRequest::Around { request, at, .. } => Some((request, at.1)),
            _ => None,
        });
        self.fx.clear();
        asked
    }
}

/// A talk with Bela of three messages, and their keys.
fn talked() -> (World, Vec<Message>) {
    let mut world = World::online(false);
    for (id, text) in ["tea at four", "bring cake", "tea is ready"].iter().enumerate() {
        world.hears(says(BELA_SAYS, &id.to_string(), text));
    }
    world.open(BELA);
    world.page(BELA, Vec::new(), false);
    let said = world.talk(BELA).messages.iter().cloned().collect();
    world.fx.clear();
    (world, said)
}

#[test]
fn letters_are_looked_for_at_once_and_the_pane_goes_along() {
    let (mut world, said) = talked();
    world.press("ctrl-f t");
    let (first, search) = world.searched().unwrap();
    assert_eq!((search.words.as_str(), search.within), ("t", SearchIn::Talk(world.key(BELA))));
    world.press("e a");
    assert!(world.searched().is_none(), "one at a time");
    world.stored(Stored::Found { request: first, hits: Vec::new(), next: None, count: Some(0) });
    let (request, search) = world.searched().unwrap();
    assert_eq!(search.words, "tea");
    let hits = vec![said[2].clone(), said[0].clone()];
    world.stored(Stored::Found { request, hits, next: None, count: Some(2) });
    assert_eq!(world.talk(BELA).selected, Some(said[2].key));
    world.press("up");
    assert_eq!((world.talk(BELA).selected, world.find().selected), (Some(said[0].key), 1));
    world.press("up");
    assert_eq!(world.find().selected, 1, "there is no older one");
    world.press("down enter");
    assert!(world.model.overlays.is_empty());
    assert_eq!((world.talk(BELA).selected, world.model.focus), (Some(said[2].key), Focus::Messages));
}

#[test]
fn esc_lets_go_and_a_late_answer_changes_nothing() {
    let (mut world, said) = talked();
    world.press("ctrl-f t e");
    let (request, _) = world.searched().unwrap();
    world.press("esc");
    world.stored(Stored::Found { request, hits: vec![said[0].clone()], next: None, count: Some(1) });
    assert!(world.model.overlays.is_empty());
    assert_eq!((world.talk(BELA).selected, world.model.focus), (None, Focus::Composer));
}

#[test]
fn everywhere_is_a_list_and_enter_goes_to_the_message_whatever_lies_between() {
    let (mut world, said) = talked();
    world.press("ctrl-f tab c");
    let (request, search) = world.searched().unwrap();
    assert_eq!(search.within, SearchIn::Everywhere);
    let carol = ConversationKey::direct(world.key(BELA).account, bare("carol@example.org"));
    let old = Message { key: MessageKey(7), talk: carol.clone(), stamp: Stamp(1_000), ..said[1].clone() };
    let hits = vec![said[1].clone(), old.clone()];
    world.stored(Stored::Found { request, hits, next: None, count: Some(2) });
    assert_eq!(world.talk(BELA).selected, None, "a list moves nothing behind it");
    world.press("down enter");
    assert_eq!(world.model.open.as_ref(), Some(&carol));
    let (request, at) = world.around().unwrap();
    assert_eq!(at, old.key);
    let newer = Message { key: MessageKey(8), stamp: Stamp(2_000), ..old.clone() };
    let messages = vec![old.clone(), newer];
    world.stored(Stored::Around {
        request,
        talk: carol.clone(),
        displayed: Stamp(0),
        messages,
        more: true,
        newer: true,
    });
    let talk = &world.model.talks[&carol];
    assert_eq!((talk.selected, talk.messages.len()), (Some(old.key), 2));
    assert!(talk.more_stored && talk.tail_missing && matches!(talk.scroll, Scroll::At { key, .. } if key == old.key));
    // Back to the present.
    world.does(Model::scroll_to_end);
    assert!(world.requests().iter().any(|r| matches!(r, StoreRequest::Page { before: None, .. })));
}

#[test]
fn what_the_disk_has_not_got_yet_stays_in_sight() {
    let (mut world, said) = talked();
    world.commits = false;
    world.hears(says(BELA_SAYS, "9", "not on the disk yet"));
    let old = Message { key: MessageKey(7), stamp: Stamp(1_000), ..said[1].clone() };
    let (key, at) = (world.key(BELA), (old.stamp, old.key));
    world.does(|model, fx| model.go_to_message(&key, at, fx));
    let (request, _) = world.around().unwrap();
    let messages = vec![old];
    world.stored(Stored::Around { request, talk: key, displayed: Stamp(0), messages, more: false, newer: false });
    assert_eq!(world.texts(BELA), ["bring cake", "not on the disk yet"]);
}

#[test]
fn more_hits_are_asked_for_where_the_list_ends() {
    let (mut world, said) = talked();
    world.press("ctrl-f tab x");
    let (request, _) = world.searched().unwrap();
    let hit = |number: u128| Message { key: MessageKey(number), ..said[0].clone() };
    let next = Some(FoundPlace(5));
    world.stored(Stored::Found { request, hits: (0..50).map(hit).collect(), next, count: Some(80) });
    world.press("up");
    let asked = world.requests().into_iter().find_map(|asked| match asked {
        StoreRequest::Search { request, before: Some(FoundPlace(5)), .. } => Some(request),
        _ => None,
    });
    world.stored(Stored::Found { request: asked.unwrap(), hits: (50..80).map(hit).collect(), next: None, count: None });
    assert_eq!((world.find().hits.len(), world.find().count, world.find().selected), (80, Some(80), 49));
}

#[test]
fn words_narrow_a_search() {
    let (mut world, _) = talked();
    let mut meant = |typed: &str| {
        world.give(Event::Command(format!("/find {typed}")));
        let searched = world.searched().unwrap().1;
        world.press("esc");
        searched
    };
    let search = meant("from:me tea  has:link before:2026-11-01 ");
    assert_eq!((search.words.trim(), search.direction, search.links), ("tea", Some(Direction::Out), true));
    assert!(search.before.is_some());
    let search = meant("from:bela tea");
    assert_eq!((search.words.as_str(), search.direction), ("tea", Some(Direction::In)));
    assert!(matches!(search.within, SearchIn::Talk(talk) if talk.peer == bare(BELA)));
    let search = meant("from:nobody before:soon a:b tea");
    assert_eq!((search.words.as_str(), search.before), ("from:nobody before:soon a:b tea", None));
}

#[test]
fn rows_that_wait_for_the_disk_are_shown_once_and_the_wire_goes_on() {
    let mut world = World::online(false);
    world.commits = false;
    let many = UNCOMMITTED + 200;
    for number in 0..many {
        world.hears(says(BELA_SAYS, &number.to_string(), "x"));
    }
    let keys: Vec<MessageKey> = world.model.waiting.keys().copied().collect();
    assert!(world.own().paused, "rows on their way are bounded");
    world.stored(Stored::Failed(crate::types::Problem::DiskFull));
    world.stored(Stored::NotKept { keys: keys.clone() });
    assert!(!world.own().paused, "what the disk refuses is shown all the same");
    let unread = u32::try_from(many).unwrap();
    assert_eq!((world.talk(BELA).unread, world.model.waiting.len()), (unread, many));
    world.stored(Stored::Recovered);
    world.stored(Stored::Committed { keys });
    assert_eq!((world.talk(BELA).unread, world.model.waiting.len()), (unread, 0));
}

/// The disk is well, and all others are kept.
#[test]
fn a_row_that_is_kept_nowhere_is_shown_told_and_forgotten() {
    let mut world = World::online(false);
    world.open(BELA);
    world.commits = false;
    let problem = || crate::types::Problem::NotKept { why: line("the history file did not take it") };
    world.hears(Incoming { wants_receipt: true, ..says(BELA_SAYS, "1", "poison") });
    let theirs = *world.model.waiting.keys().next().unwrap();
    let (ours, behind) = (world.send(BELA, "poison too"), world.send(BELA, "behind it"));
    assert!(world.sent().is_empty());
    for key in [theirs, ours] {
        world.stored(Stored::Refused { key: Some(key), problem: problem() });
    }
    assert!(world.model.toast.is_some() && world.model.trouble.is_some(), "told");
    assert!(!world.model.not_kept, "and all others are");
    assert_eq!(world.model.waiting.keys().collect::<Vec<_>>(), [&behind], "nobody waits for them");
    world.stored(Stored::Recovered);
    world.stored(Stored::Committed { keys: vec![behind] });
    assert!(world.model.trouble.is_none(), "the sign goes with the next one");
    let (mut sent, mut told) = (Vec::new(), 0);
    for command in world.commands() {
        match command {
            Command::Send(out) => sent.push(out.key),
            Command::Receipt { .. } => told += 1,
            _ => {}
        }
    }
    assert_eq!((sent, told), (vec![ours, behind], 0), "ours go out; nobody is told that theirs came");
    assert!(world.model.waiting.is_empty());
}
