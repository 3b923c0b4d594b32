//! Opening, reading, scrolling.

use super::*;
use crate::app::event::Viewport;
use crate::app::model::{Focus, Scroll};

/// Rows as the store would tell them: one a second, ending `before` seconds ago.
fn rows(world: &World, count: u64, before: u64) -> Vec<Message> {
    let mut other = World::online(false);
    for n in 0..count {
        let at = Stamp(world.now.wall.0 - i64::try_from((before + count - n) * 1_000).unwrap());
        other.hears(archived(
            says(PHONE, &format!("r{before}-{n}"), &format!("row {n}")),
            &format!("s{before}-{n}"),
            at,
        ));
    }
    let own_key = |message: &Message| Message { key: MessageKey::new(message.stamp, 1), ..message.clone() };
    other.talk(BELA).messages.iter().map(own_key).collect()
}

fn opened(count: u64) -> World {
    let mut world = World::online(false);
    world.give(Event::Viewport(Viewport { width: 80, height: 24, messages: 15, list: 18, composer: 50, hidden: 0 }));
    world.open(BELA);
    let page = rows(&world, count, 60);
    world.page(BELA, page, true);
    world.fx.clear();
    world
}

fn asked_older(world: &mut World) -> bool {
    world.requests().iter().any(|r| matches!(r, StoreRequest::Page { before: Some(_), .. }))
}

#[test]
fn the_rule_stands_above_the_first_unread_and_stays_until_the_talk_is_left() {
    let mut world = World::online(false);
    for n in 0..3 {
        world.hears(says(PHONE, &n.to_string(), &n.to_string()));
    }
    world.open(BELA);
    let first = world.talk(BELA).messages[0].key;
    assert_eq!((world.talk(BELA).new_from, world.talk(BELA).new_count), (Some(first), 3));
    assert_eq!(world.talk(BELA).unread, 0);
    world.hears(says(PHONE, "9", "more"));
    assert_eq!(world.talk(BELA).new_count, 3);
    world.open("dad@example.org");
    assert_eq!((world.talk(BELA).new_from, world.talk(BELA).new_count), (None, 0));
}

#[test]
fn the_rule_finds_its_place_when_the_page_comes_later() {
    let mut source = World::online(false);
    source.hears(says(PHONE, "1", "one"));
    source.hears(says(PHONE, "2", "two"));
    let page: Vec<Message> = source.talk(BELA).messages.iter().cloned().collect();
    let talks = vec![(source.key(BELA), 1, page[1].stamp)];
    let mut world = World::new(AccountCache { talks, ..AccountCache::default() });
    world.open(BELA);
    let second = page[1].key;
    world.page(BELA, page, false);
    assert_eq!(world.talk(BELA).new_from, Some(second));
}

#[test]
fn only_what_is_looked_at_counts_as_read() {
    let mut world = opened(20);
    world.give(Event::Focus(false));
    world.hears(says(PHONE, "1", "are you there?"));
    assert_eq!(world.talk(BELA).unread, 1, "the window has no focus");
    assert!(world.fx.iter().any(|effect| matches!(effect, Effect::Notify { .. })));
    world.give(Event::Focus(true));
    assert_eq!(world.talk(BELA).unread, 0);
    assert!(world.requests().iter().any(|r| matches!(r, StoreRequest::MarkRead { .. })));
    world.does(|model, fx| model.scroll_rows(-30, fx));
    world.hears(says(PHONE, "2", "hello?"));
    assert_eq!(world.talk(BELA).unread, 1, "scrolled up");
    world.does(Model::scroll_to_end);
    assert_eq!(world.talk(BELA).unread, 0);
}

#[test]
fn what_comes_behind_all_that_was_read_is_unread_after_a_restart_though_our_clock_be_behind() {
    let mut world = opened(1);
    let ahead = Stamp(world.now.wall.0 + 600_000);
    world.hears(archived(says(PHONE, "1", "read"), "s1", ahead));
    let key = world.key(BELA);
    world.model.talks.get_mut(&key).unwrap().read_to = ahead;
    world.open("dad@example.org");
    for text in ["unread", "and this"] {
        world.hears(says(PHONE, text, text));
        let last = world.talk(BELA).messages.back().unwrap();
        assert!(last.stamp > ahead, "the store counts what is behind that moment");
        assert!(last.stamp <= Stamp(ahead.0 + 1), "and no more is made up");
    }
}

/// Another butty that was offline says when it was typed; no server has kept it.
#[test]
fn what_its_author_dates_back_is_unread_after_a_restart_too() {
    let mut world = opened(1);
    world.hears(says(PHONE, "1", "read"));
    let read_to = world.talk(BELA).read_to;
    world.open("dad@example.org");
    let typed = Stamp(world.now.wall.0 - 600_000);
    world.hears(Incoming { stamp: Some(typed), ..says(PHONE, "2", "typed offline") });
    let last = world.talk(BELA).messages.back().unwrap();
    assert_eq!(text(last), "typed offline");
    assert!(last.stamp > read_to, "the store counts what is behind that moment");
}

#[test]
fn a_flood_rings_once() {
    let mut world = World::online(false);
    for n in 0..100 {
        world.hears(says(PHONE, &n.to_string(), "x"));
    }
    let rings = world.fx.iter().filter(|effect| matches!(effect, Effect::Notify { .. })).count();
    assert_eq!(rings, 1);
    world.does(|model, fx| model.appear(None, Show::Busy, None, fx));
    world.after(second(60));
    world.fx.clear();
    world.hears(says(PHONE, "b", "x"));
    assert!(!world.fx.iter().any(|effect| matches!(effect, Effect::Notify { .. })), "busy: no sounds, no pop-ups");
}

#[test]
fn scrolling_hangs_on_a_message_and_arrivals_do_not_move_it() {
    let mut world = opened(50);
    let last = world.talk(BELA).messages.back().unwrap().key;
    world.does(|model, fx| model.scroll_rows(-4, fx));
    let stands = Scroll::At { key: last, rows: -4 };
    assert_eq!(world.talk(BELA).scroll, stands);
    world.hears(says(PHONE, "1", "new"));
    let at = Stamp(world.now.wall.0 - 90_000);
    world.hears(archived(says(PHONE, "late", "late"), "late", at));
    assert_eq!(world.talk(BELA).scroll, stands);
    let key = world.key(BELA);
    world.give(Event::Settled(key, Scroll::Bottom));
    assert_eq!(world.talk(BELA).scroll, Scroll::Bottom);
}

#[test]
fn coming_near_the_top_asks_the_store_for_older_ones_once() {
    let mut world = opened(50);
    world.does(|model, fx| model.scroll_rows(-5, fx));
    assert!(!asked_older(&mut world), "far from the top");
    let first = world.talk(BELA).messages.front().unwrap().key;
    let key = world.key(BELA);
    world.give(Event::Settled(key.clone(), Scroll::At { key: first, rows: 0 }));
    assert!(asked_older(&mut world));
    world.give(Event::Settled(key, Scroll::At { key: first, rows: 0 }));
    assert!(!asked_older(&mut world), "it is on its way");
    let older = rows(&world, 50, 200);
    world.page(BELA, older, false);
    assert_eq!(world.talk(BELA).messages.len(), 100);
    assert_eq!(world.talk(BELA).scroll, Scroll::At { key: first, rows: 0 }, "the eye stays where it was");
    let stamps: Vec<_> = world.talk(BELA).messages.iter().map(|m| m.stamp).collect();
    assert!(stamps.is_sorted());
}

#[test]
fn reading_far_up_in_a_flood_keeps_place_and_memory_and_finds_the_end_again() {
    let mut world = opened(50);
    let first = world.talk(BELA).messages.front().unwrap().key;
    let key = world.key(BELA);
    world.give(Event::Settled(key, Scroll::At { key: first, rows: 0 }));
    let stands = world.talk(BELA).scroll;
    for n in 0..10_000 {
        world.hears(says(PHONE, &format!("f{n}"), "x"));
    }
    assert_eq!(world.talk(BELA).scroll, stands);
    assert!(world.talk(BELA).index(first).is_some(), "what is looked at is still here");
    assert!(world.talk(BELA).messages.len() <= 2 * Conversation::KEEP);
    world.fx.clear();
    world.does(Model::scroll_to_end);
    let newest = |r: &StoreRequest| matches!(r, StoreRequest::Page { before: None, .. });
    assert!(world.requests().iter().any(newest), "the end is read from the store");
    assert_eq!(world.talk(BELA).scroll, Scroll::Bottom);
}

#[test]
fn a_selected_message_stays_selected_in_a_flood() {
    let mut world = opened(50);
    world.does(|model, fx| model.select_message(-1, fx));
    let selected = world.talk(BELA).selected;
    for n in 0..5_000 {
        world.hears(says(PHONE, &format!("f{n}"), "x"));
    }
    assert_eq!((world.talk(BELA).selected, world.model.focus), (selected, Focus::Messages));
    assert!(selected.is_some_and(|key| world.talk(BELA).index(key).is_some()));
}

#[test]
fn a_page_that_starts_later_than_what_is_here_leaves_no_gap() {
    let mut world = World::online(true);
    let at = Stamp(world.now.wall.0 - 86_400_000 * 3);
    world.hears(archived(says(PHONE, "old", "three days ago"), "old", at));
    world.open(BELA);
    let page = rows(&world, 50, 60);
    world.page(BELA, page, true);
    assert_eq!(world.texts(BELA).len(), 50, "the old one comes back with its own page");
    assert!(world.talk(BELA).more_stored);
}

#[test]
fn walking_messages_ends_in_the_composer() {
    let mut world = opened(3);
    world.does(|model, fx| model.select_message(-1, fx));
    assert_eq!(world.model.focus, Focus::Messages);
    world.does(|model, fx| model.select_message(-10, fx));
    assert_eq!(world.talk(BELA).selected, Some(world.talk(BELA).messages[0].key));
    world.does(|model, fx| model.select_message(2, fx));
    assert_eq!(world.talk(BELA).selected, Some(world.talk(BELA).messages[2].key));
    world.does(|model, fx| model.select_message(1, fx));
    assert_eq!((world.talk(BELA).selected, world.model.focus), (None, Focus::Composer));
}

#[test]
fn talks_are_walked_by_unread_number_and_order() {
    let mut world = World::online(false);
    world.hears(says("dad@example.org/x", "1", "first"));
    world.after(second(5));
    world.hears(says(PHONE, "1", "second"));
    world.hears(says("stranger@example.com/x", "1", "third"));
    let peer = |world: &World| world.model.open.as_ref().map(|key| key.peer.to_string());
    assert!(world.does(Model::next_unread));
    assert_eq!(peer(&world).as_deref(), Some("dad@example.org"));
    assert!(world.does(Model::next_unread));
    assert_eq!(peer(&world).as_deref(), Some(BELA));
    assert!(world.does(Model::next_unread));
    assert_eq!(peer(&world).as_deref(), Some("stranger@example.com"), "buddies come first");
    assert!(!world.does(Model::next_unread));
    world.does(Model::last_talk);
    assert_eq!(peer(&world).as_deref(), Some(BELA));
    assert!(world.does(|model, fx| model.go_to_tab(1, fx)));
    assert!(!world.does(|model, fx| model.go_to_tab(9, fx)));
    world.does(Model::close_open);
    assert_eq!(peer(&world).as_deref(), Some(BELA), "back to the one before");
    for by in [1, 1, 1, -1, -1, -1] {
        world.does(|model, fx| model.step_talk(by, fx));
    }
    assert_eq!(peer(&world).as_deref(), Some(BELA));
}
