//! The first time that an account is online with nothing known of its archive, on a line that breaks.

use super::sync::{answer, id, page, queries, synced};
use super::*;
use crate::app::sync::Gap;
use crate::types::ArchiveId;

const HOUR: i64 = 3_600_000;

/// Online for the first time at that moment, for three seconds; then for the second time, six minutes later, with a live
/// message of before.
fn broken() -> (World, Stamp) {
    let mut world = World::new(AccountCache::default());
    let at = world.now.wall;
    world.sign_in(true);
    world.hears(says(PHONE, "1", "live"));
    world.drop_link();
    world.after(second(360));
    world.fx.clear();
    world.sign_in(true);
    (world, at)
}

/// What the store would tell another process.
fn kept(world: &mut World) -> Option<(Option<ArchiveId>, Stamp, Vec<Gap>)> {
    let told = world.requests().into_iter().rev();
    let mut told = told.filter_map(|request| match request {
        StoreRequest::Synced { last, at, gaps, .. } => Some((last, at, gaps)),
        _ => None,
    });
    told.next()
}

#[test]
fn what_was_missed_since_is_read_and_nothing_older() {
    for (ago, asks) in [(60_000, 1), (2 * HOUR, 0)] {
        let (mut world, at) = broken();
        let newest = queries(&mut world).remove(0);
        assert_eq!(newest.since, None, "as much is read of what is older as at any first time");
        page(&mut world, &newest, ("s5", Stamp(at.0 - ago)), "s9", false);
        let fx = world.fx.clone();
        let down = queries(&mut world);
        assert_eq!(down.len(), asks, "{ago} ms");
        let ends = (Some(Some(id("s5"))), Some(Stamp(at.0 - HOUR)));
        assert!(down.iter().all(|down| (down.before.clone(), down.since) == ends), "{down:?}");
        world.fx = fx;
        assert_eq!(synced(&mut world).iter().map(|(_, gaps)| gaps.len()).collect::<Vec<_>>(), [asks]);
    }
}

#[test]
fn only_what_came_since_is_unread() {
    let (mut world, at) = broken();
    let newest = queries(&mut world).remove(0);
    let unread = world.talk(BELA).unread;
    world.hears(archived(says(PHONE, "7", "read on the phone"), "s7", Stamp(at.0 - 300_000)));
    assert_eq!(world.talk(BELA).unread, unread);
    world.hears(archived(says(PHONE, "8", "missed"), "s8", Stamp(at.0 + 30_000)));
    assert_eq!(world.talk(BELA).unread, unread + 1);
    page(&mut world, &newest, ("s7", Stamp(at.0 - 300_000)), "s8", false);
    let down = queries(&mut world).remove(0);
    world.hears(in_page(down.request, archived(says(PHONE, "6", "read too"), "s6", Stamp(at.0 - 600_000))));
    assert_eq!(world.talk(BELA).unread, unread + 1);
    answer(&mut world, &down, "s6", true);
    assert!(world.own().sync.gaps.is_empty());
}

/// A page that broke had told its oldest results first.
#[test]
fn a_first_page_that_breaks_leaves_no_hole() {
    let (mut world, at) = broken();
    let torn = queries(&mut world).remove(0);
    let old = |hours: i64| Stamp(at.0 - hours * HOUR);
    world.hears(in_page(torn.request, archived(says(PHONE, "1", "of the page that breaks"), "s1", old(90))));
    world.drop_link();
    world.sign_in(true);
    let newest = queries(&mut world).remove(0);
    page(&mut world, &newest, ("s51", old(40)), "s90", false);
    let down = queries(&mut world).remove(0);
    assert_eq!((down.before, down.since), (Some(Some(id("s51"))), Some(old(91))));
}

/// It is told that nothing was missed before, for what a session brings live is no proof of what else came.
#[test]
fn another_process_goes_on_from_there() {
    let mut world = World::new(AccountCache::default());
    let at = world.now.wall;
    world.sign_in(true);
    world.fx.clear();
    world.drop_link();
    let (last, told, gaps) = kept(&mut world).expect("the store is told");
    assert_eq!((&last, told), (&None, at));
    // Something was typed since, with nobody online.
    let talks = vec![(world.key(BELA), 0, at.plus(second(9 * 3_600)))];
    let cache = AccountCache { synced: Some((last, told)), gaps, talks, ..AccountCache::default() };
    let mut world = World::new(cache);
    world.sign_in(true);
    assert_eq!(queries(&mut world)[0].since, Some(Stamp(at.0 - HOUR)));
}

#[test]
fn a_gap_with_nothing_in_it_is_no_gap() {
    let (mut world, at) = broken();
    let newest = queries(&mut world).remove(0);
    page(&mut world, &newest, ("s5", at), "s9", false);
    let down = queries(&mut world).remove(0);
    let nothing = xmpp::ArchivePage {
        request: down.request,
        first: None,
        last: None,
        complete: true,
        count: 0,
        oldest: None,
        met: false,
    };
    world.session(xmpp::Event::ArchivePage(nothing));
    assert!(world.own().sync.gaps.is_empty() && queries(&mut world).is_empty());
}

/// Our clock is five minutes fast, so that by it all of this was before the first time.
#[test]
fn what_comes_behind_a_known_result_is_missed_whatever_the_clocks_say() {
    let mut world = World::new(AccountCache::default());
    world.sign_in(true);
    let newest = queries(&mut world).remove(0);
    page(&mut world, &newest, ("s1", Stamp(0)), "s9", false);
    world.drop_link();
    world.after(second(120));
    world.fx.clear();
    world.sign_in(true);
    let newest = queries(&mut world).remove(0);
    let at = Stamp(world.now.wall.0 - 360_000);
    world.hears(in_page(newest.request, archived(says(PHONE, "20", "missed"), "s20", at)));
    assert_eq!(world.talk(BELA).unread, 1);
    // Nor in a gap before that.
    page(&mut world, &newest, ("s20", at), "s20", false);
    let down = queries(&mut world).remove(0);
    world.hears(in_page(down.request, archived(says(PHONE, "10", "missed too"), "s10", Stamp(at.0 - 1_000))));
    assert_eq!(world.talk(BELA).unread, 2);
}

/// Nothing would ever renew it, and a later process would take it for the place of all that came since.
#[test]
fn where_there_is_no_archive_nothing_is_told_of_it() {
    let mut world = World::new(AccountCache::default());
    world.sign_in(false);
    world.fx.clear();
    world.drop_link();
    assert_eq!(kept(&mut world), None);
}

#[test]
fn who_leaves_before_the_first_page_is_here_goes_on_from_there_too() {
    let mut world = World::new(AccountCache::default());
    let at = world.now.wall;
    world.sign_in(true);
    world.fx.clear();
    world.after(second(5));
    world.does(|model, fx| model.leave(0, fx));
    assert_eq!(kept(&mut world), Some((None, at, Vec::new())));
}

#[test]
fn who_leaves_in_the_middle_of_a_page_of_what_is_older_goes_on_behind_that() {
    let mut world = World::new(AccountCache::default());
    let at = world.now.wall;
    world.sign_in(true);
    let newest = queries(&mut world).remove(0);
    world.hears(in_page(newest.request, archived(says(PHONE, "1", "old"), "s1", Stamp(at.0 - 90 * HOUR))));
    world.fx.clear();
    world.does(|model, fx| model.leave(0, fx));
    assert_eq!(kept(&mut world), None);
}
