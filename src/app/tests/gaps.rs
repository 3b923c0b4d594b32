//! What the archive has and we have not: written down, filled downwards, shown.

use super::sync::{answer, ended, id, page, queries, synced};
use super::*;
use crate::types::Problem;

/// Signed in after a long absence: the newest page, from s90 to s99, is here, and what lies behind s5 is not.
fn long_away() -> World {
    let mut world = World::new(AccountCache { synced: Some((Some(id("s5")), Stamp(0))), ..AccountCache::default() });
    world.sign_in(true);
    let newest = queries(&mut world).remove(0);
    let at = world.now.wall;
    world.hears(archived(says(PHONE, "90", "the newest"), "s90", at));
    world.fx.clear();
    page(&mut world, &newest, ("s90", at), "s99", false);
    world
}

#[test]
fn after_a_long_absence_the_newest_page_comes_first_and_the_gap_is_filled_downwards() {
    let mut world = long_away();
    let told = synced(&mut world);
    assert_eq!(told.len(), 1);
    assert_eq!((&told[0].0, told[0].1.len()), (&Some(id("s99")), 1), "the cursor moves with the gap written down");
    assert_eq!((&told[0].1[0].after.id, &told[0].1[0].before.id), (&Some(id("s5")), &Some(id("s90"))));
    // The gap was asked for at once.
    let mut world = long_away();
    let down = queries(&mut world).remove(0);
    assert_eq!((&down.before, &down.after), (&Some(Some(id("s90"))), &Some(id("s5"))));
    let at = world.now.wall;
    page(&mut world, &down, ("s40", at), "s89", false);
    let next = queries(&mut world).remove(0);
    assert_eq!(next.before, Some(Some(id("s40"))));
    page(&mut world, &next, ("s6", at), "s39", true);
    assert_eq!(synced(&mut world), [(Some(id("s99")), Vec::new())]);
    assert!(world.own().sync.gaps.is_empty());
}

#[test]
fn a_gap_half_filled_goes_on_in_the_next_session_and_after_a_restart() {
    let mut world = long_away();
    let down = queries(&mut world).remove(0);
    let at = world.now.wall;
    page(&mut world, &down, ("s40", at), "s89", false);
    let kept = world.own().sync.gaps.clone();
    world.drop_link();
    world.commands();
    world.sign_in(true);
    let newest = queries(&mut world).remove(0);
    assert_eq!(newest.after, Some(id("s99")), "what was read is not read again");
    answer(&mut world, &newest, "s100", true);
    assert_eq!(queries(&mut world)[0].before, Some(Some(id("s40"))));
    let synced = Some((Some(id("s99")), at));
    let mut world = World::new(AccountCache { synced, gaps: kept, ..AccountCache::default() });
    world.sign_in(true);
    let newest = queries(&mut world).remove(0);
    assert_eq!(newest.after, Some(id("s99")));
    answer(&mut world, &newest, "s99", true);
    assert_eq!(queries(&mut world)[0].before, Some(Some(id("s40"))));
}

#[test]
fn a_server_that_ignores_the_older_end_meets_it() {
    let mut world = long_away();
    let down = queries(&mut world).remove(0);
    let end = xmpp::ArchivePage { met: true, ..ended(&down, "s3", "s89", false) };
    world.session(xmpp::Event::ArchivePage(end));
    assert!(world.own().sync.gaps.is_empty() && queries(&mut world).is_empty());
}

#[test]
fn a_forgotten_end_is_replaced_by_time_and_nothing_is_asked_for_ever() {
    let mut world = long_away();
    let gap = world.own().sync.gaps[0].clone();
    let problem = Problem::NotOffered { what: line("item-not-found") };
    let mut asked = Vec::new();
    while let Some(query) = queries(&mut world).pop() {
        world.session(xmpp::Event::RequestFailed { request: query.request, problem: problem.clone() });
        asked.push(query);
    }
    assert_eq!(asked.len(), 3);
    assert!(asked[1].after.is_none() && asked[1].before == asked[0].before);
    assert!(asked[2].before == Some(None) && asked[2].until.is_some_and(|until| until > gap.before.at));
    assert_eq!(world.own().sync.gaps, [gap], "it is not given up");
}

#[test]
fn an_empty_answer_to_a_forgotten_end_does_not_close_the_gap() {
    let mut world = long_away();
    let down = queries(&mut world).remove(0);
    let nothing = xmpp::ArchivePage { first: None, last: None, count: 0, ..ended(&down, "", "", true) };
    world.session(xmpp::Event::ArchivePage(nothing));
    let by_time = queries(&mut world).remove(0);
    assert!(by_time.since.is_some() && by_time.until.is_some());
    let at = world.now.wall;
    page(&mut world, &by_time, ("s60", at), "s89", false);
    let next = queries(&mut world).remove(0);
    assert_eq!((next.before.clone(), next.after.clone()), (Some(Some(id("s60"))), None));
    assert!(next.since.is_some());
    page(&mut world, &next, ("s6", at), "s59", true);
    assert!(world.own().sync.gaps.is_empty());
}

#[test]
fn gaps_wait_for_the_store() {
    let mut world = World::new(AccountCache { synced: Some((Some(id("s5")), Stamp(0))), ..AccountCache::default() });
    world.sign_in(true);
    let newest = queries(&mut world).remove(0);
    world.commits = false;
    let at = world.now.wall;
    // Above a quarter of what slows the wire nothing more is asked for.
    for n in 0..crate::types::limits::UNCOMMITTED / 4 + 50 {
        world.hears(archived(says(PHONE, &n.to_string(), &n.to_string()), &format!("t{n}"), at));
    }
    let keys: Vec<MessageKey> = world.model.waiting.keys().copied().collect();
    page(&mut world, &newest, ("t0", at), "t299", false);
    assert!(queries(&mut world).is_empty(), "the disk is behind");
    world.stored(Stored::Committed { keys: keys[..100].to_vec() });
    assert_eq!(queries(&mut world).len(), 1);
    world.stored(Stored::Committed { keys: keys[100..].to_vec() });
    assert!(queries(&mut world).is_empty(), "one at a time");
}

#[test]
fn what_a_gap_brings_is_unread_but_rings_for_nobody_and_what_was_read_is_not() {
    let mut world = long_away();
    queries(&mut world);
    let (old, older) = (Stamp(world.now.wall.0 - 3_600_000), Stamp(world.now.wall.0 - 7_200_000));
    let unread = world.talk(BELA).unread;
    let key = world.key(BELA);
    world.does(|model, _| model.talk_mut(&key).read_to = older);
    world.after(second(60));
    world.fx.clear();
    world.hears(archived(says(PHONE, "50", "unread"), "s50", old));
    world.hears(archived(says(PHONE, "49", "read elsewhere"), "s49", older));
    assert_eq!(world.talk(BELA).unread, unread + 1);
    assert!(!world.fx.iter().any(|effect| matches!(effect, Effect::Notify { .. })));
}

#[test]
fn an_archive_without_end_is_read_in_parts_and_leaves_no_gap() {
    let mut world = long_away();
    let (mut pages, at) = (0, world.now.wall);
    while let Some(query) = queries(&mut world).pop() {
        pages += 1;
        page(&mut world, &query, (&format!("r{pages}"), at), "r", false);
    }
    assert_eq!(pages, 5_000);
    world.hears(stanza_id(says(PHONE, "1", "live"), "s999"));
    world.drop_link();
    world.sign_in(true);
    assert_eq!(queries(&mut world)[0].after, Some(id("s999")));
    assert_eq!(world.own().sync.gaps[0].before.id, Some(id("r5000")));
}

#[test]
fn many_absences_leave_a_bounded_number_of_gaps_and_lose_none() {
    let mut world = World::new(AccountCache { synced: Some((Some(id("s0")), Stamp(0))), ..AccountCache::default() });
    for n in 1..=40 {
        world.commands();
        world.sign_in(true);
        let newest = queries(&mut world).remove(0);
        let at = world.now.wall;
        page(&mut world, &newest, (&format!("f{n}"), at), &format!("s{n}"), false);
        world.after(second(10));
        world.drop_link();
    }
    let gaps = &world.own().sync.gaps;
    assert_eq!(gaps.len(), 16);
    assert_eq!((&gaps[0].after.id, &gaps[15].before.id), (&Some(id("s0")), &Some(id("f40"))));
}

#[test]
fn in_a_talk_the_gap_stands_above_the_first_message_behind_it_and_goes_first_there() {
    let mut world = long_away();
    world.commands();
    world.open(BELA);
    let mut before = world.talk(BELA).messages[0].clone();
    (before.key, before.stamp, before.stanza_id) = (MessageKey(1), Stamp(1_000), Some(StanzaId("s4".to_owned())));
    world.page(BELA, vec![before], false);
    let newest = world.talk(BELA).messages[1].key;
    let missing = |world: &World| world.model.missing_in(world.talk(BELA));
    assert_eq!(missing(&world), [(newest, crate::app::sync::Missing::OnItsWay)]);
    let asked = queries(&mut world);
    let of_talk = asked.iter().find(|query| query.with == Some(bare(BELA))).expect("the talk's own part").clone();
    assert_eq!(of_talk.before, Some(None), "with so little in it its last page is asked for");
    let at = Stamp(world.now.wall.0 - 5_000);
    world.hears(archived(says(PHONE, "70", "in between"), "s70", at));
    page(&mut world, &of_talk, ("s70", at), "s99", false);
    assert_eq!(missing(&world), [(world.talk(BELA).messages[1].key, crate::app::sync::Missing::OnItsWay)]);
    assert_eq!(world.texts(BELA).len(), 3);
    world.does(|model, fx| model.scroll_rows(-1, fx));
    let older = queries(&mut world).pop().expect("the next page of the talk");
    assert_eq!((&older.before, &older.after), (&Some(Some(id("s70"))), &Some(id("s5"))));
    page(&mut world, &older, ("s6", at), "s69", true);
    assert_eq!(missing(&world), [], "all of this talk is here");
    assert_eq!(world.own().sync.gaps.len(), 1, "though not of the others");
}

#[test]
fn an_archive_that_takes_no_id_as_an_end_is_read_down_to_where_it_is_met() {
    let mut world = World::new(AccountCache { synced: Some((Some(id("s5")), Stamp(0))), ..AccountCache::default() });
    // A server that does not say what it has, as a busy one may: what gave us an id is an archive.
    world.sign_in(false);
    let newest = queries(&mut world).remove(0);
    assert_eq!((&newest.after, &newest.meets, &newest.before), (&None, &Some(id("s5")), &Some(None)));
    let at = world.now.wall;
    page(&mut world, &newest, ("s90", at), "s99", false);
    let down = queries(&mut world).remove(0);
    assert_eq!((&down.after, &down.meets, &down.before), (&None, &Some(id("s5")), &Some(Some(id("s90")))));
    let end = xmpp::ArchivePage { met: true, ..ended(&down, "s3", "s89", false) };
    world.session(xmpp::Event::ArchivePage(end));
    assert!(world.own().sync.gaps.is_empty() && queries(&mut world).is_empty());
}
