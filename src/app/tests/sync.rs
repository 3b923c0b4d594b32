//! Catching up with the archive.

use super::*;
use crate::types::{ArchiveId, Problem};
use crate::xmpp::ArchiveQuery;

const PHONE: &str = "bela@example.org/phone";

fn queries(world: &mut World) -> Vec<ArchiveQuery> {
    let commands = world.commands().into_iter();
    commands.filter_map(|c| if let Command::Archive(query) = c { Some(query) } else { None }).collect()
}

fn id(text: &str) -> ArchiveId {
    ArchiveId(text.to_owned())
}

fn answer(world: &mut World, query: &ArchiveQuery, last: &str, complete: bool) {
    let last = Some(id(last));
    let request = query.request;
    world.session(xmpp::Event::ArchivePage { request, first: last.clone(), last, complete, count: 1 });
}

#[test]
fn the_first_time_only_the_last_page_is_read_and_nothing_of_it_is_unread() {
    let mut world = World::new(AccountCache::default());
    world.sign_in(true);
    let asked = queries(&mut world);
    assert_eq!(asked.len(), 1);
    assert_eq!((&asked[0].before, &asked[0].after, asked[0].since), (&Some(None), &None, None));
    let at = world.now.wall;
    world.hears(archived(says(PHONE, "1", "old"), "s1", at));
    answer(&mut world, &asked[0], "s1", false);
    assert!(queries(&mut world).is_empty(), "history is not fetched unasked");
    assert_eq!(world.talk(BELA).unread, 0);
}

#[test]
fn after_an_outage_it_goes_on_from_the_archives_own_id_page_by_page() {
    let mut world = World::new(AccountCache { synced: Some((Some(id("s5")), Stamp(0))), ..AccountCache::default() });
    world.sign_in(true);
    let first = queries(&mut world).remove(0);
    assert_eq!((&first.after, first.with.clone()), (&Some(id("s5")), None));
    let at = world.now.wall;
    world.hears(archived(says(PHONE, "1", "missed"), "s6", at));
    assert_eq!(world.talk(BELA).unread, 1);
    answer(&mut world, &first, "s6", false);
    let next = queries(&mut world).remove(0);
    assert_eq!(next.after, Some(id("s6")));
    world.fx.clear();
    answer(&mut world, &next, "s7", true);
    let told = |r: &StoreRequest| matches!(r, StoreRequest::Synced { last: Some(last), .. } if *last == id("s7"));
    assert!(world.requests().iter().any(told));
}

#[test]
fn live_messages_move_the_cursor_only_when_there_is_no_gap() {
    let mut world = World::new(AccountCache { synced: Some((Some(id("s5")), Stamp(0))), ..AccountCache::default() });
    world.sign_in(true);
    let first = queries(&mut world).remove(0);
    world.hears(stanza_id(says(PHONE, "9", "live"), "s9"));
    assert_eq!(world.own().sync.cursor, Some(id("s5")), "what lies between is not here yet");
    answer(&mut world, &first, "s8", true);
    assert_eq!(world.own().sync.cursor, Some(id("s9")));
    world.hears(stanza_id(says(PHONE, "10", "live"), "s10"));
    world.drop_link();
    world.sign_in(true);
    assert_eq!(queries(&mut world).last().map(|q| q.after.clone()), Some(Some(id("s10"))));
}

#[test]
fn a_link_lost_in_the_middle_goes_on_where_it_was() {
    let mut world = World::new(AccountCache { synced: Some((Some(id("s5")), Stamp(0))), ..AccountCache::default() });
    world.sign_in(true);
    let first = queries(&mut world).remove(0);
    world.hears(stanza_id(says(PHONE, "9", "live"), "s20"));
    answer(&mut world, &first, "s8", false);
    world.drop_link();
    world.commands();
    world.sign_in(true);
    assert_eq!(queries(&mut world)[0].after, Some(id("s8")), "not from the live one: that would leave a gap");
}

#[test]
fn a_forgotten_cursor_is_replaced_by_time() {
    let newest = Stamp(1_763_650_000_000);
    let talks = vec![(ConversationKey::direct(AccountId::new(ANNA), bare(BELA)), 0, newest)];
    let synced = Some((Some(id("gone")), newest));
    let mut world = World::new(AccountCache { talks, synced, ..AccountCache::default() });
    world.sign_in(true);
    let request = queries(&mut world)[0].request;
    let problem = Problem::NotOffered { what: line("item-not-found") };
    world.session(xmpp::Event::RequestFailed { request, problem: problem.clone() });
    let again = queries(&mut world);
    assert_eq!(again.len(), 1);
    assert!(again[0].after.is_none() && again[0].since.is_some_and(|since| since < newest));
    let request = again[0].request;
    world.session(xmpp::Event::RequestFailed { request, problem });
    assert!(queries(&mut world).is_empty(), "not for ever");
}

#[test]
fn a_year_away_is_read_in_parts_and_leaves_no_gap() {
    let mut world = World::new(AccountCache { synced: Some((Some(id("s")), Stamp(0))), ..AccountCache::default() });
    world.sign_in(true);
    let mut pages = 0;
    while let Some(query) = queries(&mut world).pop() {
        pages += 1;
        answer(&mut world, &query, &format!("s{pages}"), false);
    }
    assert_eq!(pages, 100);
    world.hears(stanza_id(says(PHONE, "1", "live"), "s999"));
    world.drop_link();
    world.sign_in(true);
    assert_eq!(queries(&mut world)[0].after, Some(id("s100")));
}

#[test]
fn opening_a_talk_with_little_in_it_asks_its_last_page_once_in_a_session() {
    let mut world = World::online(true);
    world.commands();
    world.open(BELA);
    world.page(BELA, Vec::new(), false);
    let asked = queries(&mut world);
    assert_eq!((asked[0].with.clone(), &asked[0].before), (Some(bare(BELA)), &Some(None)));
    let at = Stamp(world.now.wall.0 - 86_400_000);
    world.hears(archived(says(PHONE, "1", "yesterday"), "s1", at));
    answer(&mut world, &asked[0], "s1", true);
    assert_eq!(world.texts(BELA), ["yesterday"]);
    assert_eq!(world.talk(BELA).unread, 0, "history is not news");
    world.open("dad@example.org");
    world.commands();
    world.open(BELA);
    assert!(queries(&mut world).is_empty());
}

#[test]
fn a_store_that_falls_behind_slows_the_wire_and_frees_it_again() {
    let mut world = World::online(false);
    world.commits = false;
    let mut keys = Vec::new();
    let pauses = |world: &World| {
        let count = |wanted: fn(&LinkCommand) -> bool| {
            world.fx.iter().filter(|e| matches!(e, Effect::Link(_, c) if wanted(c))).count()
        };
        (count(|c| matches!(c, LinkCommand::Pause)), count(|c| matches!(c, LinkCommand::Resume)))
    };
    for n in 0..1_200 {
        world.hears(says(PHONE, &n.to_string(), &n.to_string()));
        keys.extend(world.talk(BELA).messages.back().map(|m| m.key));
    }
    assert_eq!(pauses(&world), (1, 0));
    assert!(!world.commands().iter().any(|c| matches!(c, Command::Receipt { .. })), "nothing is safe yet");
    let rest = keys.split_off(900);
    world.stored(Stored::Committed { keys });
    assert_eq!(pauses(&world), (0, 0));
    world.stored(Stored::Committed { keys: rest[..50].to_vec() });
    assert_eq!(pauses(&world), (0, 1));
    assert_eq!(world.model.uncommitted, 250);
    let receipts = world.commands().iter().filter(|c| matches!(c, Command::Receipt { .. })).count();
    assert_eq!(receipts, 950);
}

#[test]
fn memory_of_a_talk_is_bounded_and_newest_first() {
    let mut world = World::online(false);
    for n in 0..5_000 {
        world.hears(says(PHONE, &n.to_string(), &n.to_string()));
    }
    assert!(world.talk(BELA).messages.len() <= 200, "not on the screen");
    world.open(BELA);
    let newest = world.talk(BELA).messages.iter().cloned().collect();
    world.page(BELA, newest, true);
    for n in 5_000..10_000 {
        world.hears(says(PHONE, &n.to_string(), &n.to_string()));
    }
    assert!(world.talk(BELA).messages.len() <= Conversation::KEEP);
    assert_eq!(world.texts(BELA).last().map(String::as_str), Some("9999"));
    assert!(world.talk(BELA).known_ids.len() <= 5 * Conversation::KEEP);
}

#[test]
fn a_flood_of_strangers_takes_bounded_memory() {
    let mut world = World::online(false);
    for n in 0..5_000 {
        world.hears(says(&format!("s{n}@spam.test/x"), "1", "buy"));
        world.session(xmpp::Event::Presence(presence(&format!("s{n}@spam.test/x"), Show::Available)));
        let from = bare(&format!("s{n}@spam.test"));
        world.session(xmpp::Event::SubscriptionRequest { from, nick: None, text: None });
    }
    assert!(world.model.talks.len() <= 2_000);
    assert!(world.own().requests.len() <= 100);
    assert_eq!(world.own().roster.len(), 2);
    let receipts = world.commands().iter().filter(|c| matches!(c, Command::Receipt { .. })).count();
    assert_eq!(receipts, 0, "strangers are told nothing");
}
