//! Read positions: told to our other devices, and heard from them.

use super::*;
use crate::app::effect::Position;
use crate::app::model::{MessageState, News};
use crate::types::RequestId;
use crate::xmpp::ReadPosition;

fn with_positions() -> World {
    let mut world = World::online(true);
    let sync = &mut world.model.accounts[0].sync;
    (sync.running, sync.complete) = (false, true);
    world.session(xmpp::Event::Features(Features { archive: true, read_positions: true, ..Features::default() }));
    world
}

fn archive(text: &str) -> StanzaId {
    StanzaId(text.to_owned())
}

fn told(world: &mut World) -> Vec<String> {
    let commands = world.commands().into_iter();
    commands.filter_map(|c| if let Command::ReadUpTo { id, .. } = c { Some(id.0) } else { None }).collect()
}

fn markers(world: &mut World) -> Vec<String> {
    let commands = world.commands().into_iter();
    commands.filter_map(|c| if let Command::Displayed { of, .. } = c { Some(of.0) } else { None }).collect()
}

/// What the store is asked, and how it is to be answered.
fn asked(world: &mut World) -> Vec<(RequestId, Position, bool)> {
    let requests = world.requests().into_iter();
    let read =
        |r| if let StoreRequest::ReadTo { request, to, ahead, .. } = r { Some((request, to, ahead)) } else { None };
    requests.filter_map(read).collect()
}

fn elsewhere(world: &mut World, all: bool, id: &str) {
    let positions = vec![ReadPosition { talk: bare(BELA), up_to: archive(id) }];
    world.session(xmpp::Event::ReadPositions { all, positions });
}

fn answer(world: &mut World, request: RequestId, up_to: Option<Stamp>, unread: u32, ours: Option<&str>) {
    let (talk, ours) = (world.key(BELA), ours.map(archive));
    world.stored(Stored::Read { request, talk, up_to, displayed: Stamp(0), unread, ours });
}

#[test]
fn what_was_seen_is_told_once_after_a_rest() {
    let mut world = with_positions();
    assert!(world.commands().iter().any(|command| matches!(command, Command::AskReadPositions)));
    world.open(BELA);
    for n in 1..=50 {
        world.hears(stanza_id(says(PHONE, &n.to_string(), "hi"), &format!("s{n}")));
    }
    assert!(told(&mut world).is_empty());
    world.after(second(2));
    assert_eq!(told(&mut world), ["s50"]);
    world.after(second(60));
    assert!(told(&mut world).is_empty());
    world.give(Event::Focus(false));
    world.hears(stanza_id(says(PHONE, "x", "nobody looks"), "s51"));
    world.after(second(60));
    assert!(told(&mut world).is_empty());
}

#[test]
fn who_leaves_at_once_has_told_what_was_seen() {
    let mut world = with_positions();
    world.open(BELA);
    world.hears(stanza_id(says(PHONE, "1", "hi"), "s1"));
    world.fx.clear();
    world.does(|model, fx| model.leave(0, fx));
    assert_eq!(told(&mut world), ["s1"]);
}

#[test]
fn another_device_lowers_what_is_unread_and_what_comes_meanwhile_counts() {
    let mut world = with_positions();
    for n in 1..=3 {
        world.hears(stanza_id(says(PHONE, &n.to_string(), "hi"), &format!("s{n}")));
    }
    world.fx.clear();
    elsewhere(&mut world, false, "s2");
    let (request, to, ahead) = asked(&mut world).remove(0);
    assert_eq!((to, ahead), (Position::Archive(archive("s2")), false));
    world.hears(stanza_id(says(PHONE, "4", "hi"), "s4"));
    let stamp = world.talk(BELA).messages[1].stamp;
    answer(&mut world, request, Some(stamp), 1, None);
    assert_eq!(world.talk(BELA).unread, 2);
    assert!(told(&mut world).is_empty(), "two devices must not answer each other for ever");
}

#[test]
fn rows_on_their_way_to_the_disk_are_counted_once() {
    let mut world = World::new(AccountCache { synced: Some((None, Stamp(0))), ..AccountCache::default() });
    world.sign_in(true);
    world.commits = false;
    let at = world.now.wall;
    world.hears(archived(says(PHONE, "1", "hi"), "s1", at));
    let key = world.talk(BELA).messages[0].key;
    world.fx.clear();
    elsewhere(&mut world, false, "s0");
    let request = asked(&mut world).remove(0).0;
    assert_eq!(world.model.waiting[&key].news, News::Counted);
    world.stored(Stored::Committed { keys: vec![key] });
    answer(&mut world, request, None, 1, None);
    assert_eq!(world.talk(BELA).unread, 1);
}

/// Where our devices have read is told before the disk has what was missed meanwhile.
#[test]
fn what_was_missed_rings_though_it_is_counted_with_a_position() {
    for looked_at in [false, true] {
        let mut world = World::new(AccountCache { synced: Some((None, Stamp(0))), ..AccountCache::default() });
        world.sign_in(true);
        world.commits = false;
        if looked_at {
            world.open(BELA);
            world.page(BELA, Vec::new(), false);
        }
        let at = world.now.wall;
        world.hears(archived(says(PHONE, "1", "hi"), "s1", at));
        let key = world.talk(BELA).messages[0].key;
        elsewhere(&mut world, true, "s0");
        world.fx.clear();
        world.stored(Stored::Committed { keys: vec![key] });
        let request = world.talk(BELA).recount.unwrap().request;
        answer(&mut world, request, None, 1, None);
        let rings = world.fx.iter().filter(|effect| matches!(effect, Effect::Notify { .. })).count();
        assert_eq!((rings, world.talk(BELA).unread), if looked_at { (0, 0) } else { (1, 1) });
        world.hears(says(PHONE, "2", "ho"));
        let rings = world.fx.iter().filter(|effect| matches!(effect, Effect::Notify { .. })).count();
        assert_eq!(rings, usize::from(!looked_at), "and no more than a flood does");
    }
}

#[test]
fn a_position_that_is_not_here_yet_waits_for_its_message() {
    let mut world = with_positions();
    world.fx.clear();
    world.hears(stanza_id(says(PHONE, "1", "hi"), "s1"));
    elsewhere(&mut world, true, "s9");
    let request = asked(&mut world).remove(0).0;
    answer(&mut world, request, None, 1, None);
    assert_eq!(world.talk(BELA).unread, 1, "what is not known moves nothing");
    world.hears(stanza_id(says(PHONE, "2", "ho"), "s2"));
    assert!(asked(&mut world).is_empty());
    let at = world.now.wall;
    world.hears(archived(says(PHONE, "9", "there"), "s9", at));
    assert_eq!(asked(&mut world).len(), 1);
}

#[test]
fn at_the_start_our_devices_are_told_what_was_read_here_while_offline() {
    let mut world = with_positions();
    world.hears(stanza_id(says(PHONE, "1", "hi"), "s1"));
    world.fx.clear();
    elsewhere(&mut world, true, "s1");
    let (request, _, ahead) = asked(&mut world).remove(0);
    assert!(ahead);
    let stamp = world.now.wall;
    answer(&mut world, request, Some(stamp), 0, Some("s7"));
    assert_eq!(told(&mut world), ["s7"]);
}

/// A restart: what was read while there was no line is in the store alone.
fn read_before_the_restart() -> World {
    let newest = Stamp(1_763_650_000_000);
    let key = ConversationKey::direct(AccountId::new(ANNA), bare(BELA));
    let dad = ConversationKey::direct(AccountId::new(ANNA), bare("dad@example.org"));
    let talks = vec![(key.clone(), 0, newest), (dad, 3, newest)];
    let mut world = World::new(AccountCache { talks, read_to: vec![(key, newest, newest)], ..AccountCache::default() });
    world.sign_in(true);
    world
}

#[test]
fn what_was_read_offline_is_told_after_a_restart_also_where_the_server_knows_nothing_yet() {
    for page_first in [false, true] {
        let mut world = read_before_the_restart();
        let newest = super::sync::queries(&mut world).remove(0);
        let features = Features { archive: true, read_positions: true, ..Features::default() };
        world.session(xmpp::Event::Features(features));
        let nothing = xmpp::Event::ReadPositions { all: true, positions: Vec::new() };
        if page_first {
            super::sync::answer(&mut world, &newest, "s7", true);
            assert!(asked(&mut world).is_empty(), "nobody knows what the server knows");
            world.session(nothing);
        } else {
            world.session(nothing);
            assert!(asked(&mut world).is_empty(), "the archive has not named what was read");
            super::sync::answer(&mut world, &newest, "s7", true);
        }
        let (request, to, ahead) = asked(&mut world).remove(0);
        assert_eq!((to, ahead), (Position::Moment(Stamp(0)), true));
        answer(&mut world, request, Some(Stamp(1_763_650_000_000)), 0, Some("s7"));
        assert_eq!(told(&mut world), ["s7"]);
        assert_eq!(asked(&mut world).len(), 0, "nothing of whom nothing was read");
    }
}

#[test]
fn what_was_read_offline_is_told_once_there_is_a_line() {
    let mut world = with_positions();
    world.hears(Incoming { wants_marker: true, ..stanza_id(says(PHONE, "1", "hi"), "s1") });
    world.drop_link();
    world.open(BELA);
    assert_eq!(world.talk(BELA).unread, 0);
    world.after(second(60));
    world.fx.clear();
    world.sign_in(true);
    let newest = super::sync::queries(&mut world).remove(0);
    world.session(xmpp::Event::Features(Features { archive: true, read_positions: true, ..Features::default() }));
    world.after(second(5));
    assert!(told(&mut world).is_empty(), "first the archive");
    super::sync::answer(&mut world, &newest, "s1", true);
    world.fx.clear();
    world.after(second(5));
    let commands = world.commands();
    assert!(commands.iter().any(|c| matches!(c, Command::ReadUpTo { id, .. } if id.0 == "s1")), "{commands:?}");
    assert!(commands.iter().any(|c| matches!(c, Command::Displayed { of, .. } if of.0 == "1")), "{commands:?}");
}

#[test]
fn a_server_that_refuses_is_not_asked_again_in_this_session() {
    let mut world = with_positions();
    world.open(BELA);
    world.session(xmpp::Event::NoReadPositions);
    world.hears(stanza_id(says(PHONE, "1", "hi"), "s1"));
    world.after(second(5));
    assert!(told(&mut world).is_empty());
}

#[test]
fn the_other_side_is_told_only_where_the_person_allows_it_and_looks() {
    let marked = |n: &str| Incoming { wants_marker: true, ..says(PHONE, n, "hi") };
    let mut world = World::online(false);
    world.open(BELA);
    world.hears(marked("1"));
    world.hears(marked("2"));
    world.after(second(2));
    assert_eq!(markers(&mut world), ["2"], "the last one speaks for all");
    world.hears(says(PHONE, "3", "does not ask"));
    world.after(second(2));
    assert!(markers(&mut world).is_empty());
    world.give(Event::Focus(false));
    world.hears(marked("4"));
    world.after(second(2));
    assert!(markers(&mut world).is_empty(), "nobody looks");
    world.give(Event::Focus(true));
    world.after(second(2));
    assert_eq!(markers(&mut world), ["4"]);
    world.model.options.send_read = false;
    world.hears(marked("5"));
    world.after(second(2));
    assert!(markers(&mut world).is_empty(), "not allowed");
    world.model.options.send_read = true;
    world.open("mallory@evil.test");
    world.hears(Incoming { wants_marker: true, ..says("mallory@evil.test/x", "1", "hi") });
    world.after(second(2));
    assert!(markers(&mut world).is_empty(), "strangers learn nothing");
}

#[test]
fn a_copy_of_a_marker_from_our_phone_says_what_was_read_there() {
    let mut world = World::online(false);
    world.hears(says(PHONE, "m1", "hi"));
    world.fx.clear();
    world.hears(marked_by_our_phone("m1"));
    let (request, to, _) = asked(&mut world).remove(0);
    assert_eq!(to, Position::Theirs(OriginId("m1".to_owned())));
    let stamp = world.now.wall;
    answer(&mut world, request, Some(stamp), 0, None);
    assert_eq!(world.talk(BELA).unread, 0);
}

#[test]
fn a_marker_of_theirs_marks_all_of_ours_up_to_it() {
    let mut world = World::online(false);
    world.open(BELA);
    let keys: Vec<MessageKey> = ["a", "b", "c"].into_iter().map(|text| world.send(BELA, text)).collect();
    for key in &keys {
        world.session(xmpp::Event::Acknowledged(*key));
    }
    let at = Some(world.now.wall);
    let marker = |of: MessageKey, from: &str| {
        let (from, of) = (Jid::parse(from).unwrap(), OriginId(of.to_string()));
        xmpp::Event::Displayed { from, of, at }
    };
    world.session(marker(keys[1], PHONE));
    world.session(marker(keys[2], "dad@example.org/x"));
    let states: Vec<MessageState> = keys.iter().map(|key| world.message(BELA, *key).state.clone()).collect();
    assert_eq!(states, [MessageState::Read(at), MessageState::Read(at), MessageState::Sent]);
}

#[test]
fn ours_from_another_device_reads_what_stood_before_it_and_not_what_came_after() {
    let mut world = World::new(AccountCache { synced: Some((None, Stamp(0))), ..AccountCache::default() });
    world.sign_in(true);
    world.fx.clear();
    let at = |ago: i64, world: &World| Stamp(world.now.wall.0 - 1_000 * ago);
    let (late, ours) = (at(10, &world), at(20, &world));
    world.hears(archived(says(PHONE, "2", "after it"), "s2", late));
    let answer_there =
        Incoming { peer: bare(BELA), direction: Direction::Out, ..says("anna@example.org/phone", "p", "yes") };
    world.hears(archived(answer_there, "s1", ours));
    assert_eq!(asked(&mut world).iter().map(|(_, to, _)| to.clone()).collect::<Vec<_>>(), [Position::Moment(ours)]);
}
