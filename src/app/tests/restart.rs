//! What a process before this one left behind, and a history that can only be read later.

use super::*;
use crate::app::model::Arrival;
use crate::app::sync::{Edge, Gap};

fn id(text: &str) -> ArchiveId {
    ArchiveId(text.to_owned())
}

fn newest_page(world: &mut World) -> xmpp::ArchiveQuery {
    let queries = world.commands().into_iter();
    let mut queries = queries.filter_map(|c| if let Command::Archive(query) = c { Some(query) } else { None });
    queries.next().expect("the archive is asked")
}

#[test]
fn what_was_heard_before_a_restart_is_known_when_the_server_tells_it_again() {
    let mut before = World::online(false);
    before.hears(says(PHONE, "7", "hi"));
    let row = before.talk(BELA).messages[0].clone();
    let cache = AccountCache {
        talks: vec![(before.key(BELA), 1, row.stamp)],
        last_key: Some(row.key),
        ..AccountCache::default()
    };
    // No archive: the server counted, and did not hear that it came.
    let again = Incoming { delayed: true, stamp: Some(row.stamp), ..says(PHONE, "7", "hi") };
    let started = || {
        let mut world = World::new(cache.clone());
        world.sign_in(false);
        world
    };
    let mut world = started();
    world.hears(again.clone());
    let told = world.talk(BELA).messages[0].clone();
    assert!(
        matches!(told.arrival, Arrival::Kept(heard_from) if row.key < heard_from),
        "the store goes by that: {told:?}"
    );
    let mut world = started();
    world.open(BELA);
    world.page(BELA, vec![row], false);
    world.hears(again.clone());
    assert_eq!(world.texts(BELA), ["hi"], "where its talk is in memory, too");
    world.hears(Incoming { id: Some(OriginId("8".to_owned())), ..again });
    assert_eq!(world.texts(BELA).len(), 2, "another id is another message");
}

#[test]
fn a_restart_within_one_millisecond_takes_no_key_of_the_process_before() {
    let mut before = World::online(false);
    before.hears(says(PHONE, "7", "hi"));
    let key = before.talk(BELA).messages[0].key;
    let world = |last_key| {
        let mut world = World::new(AccountCache { last_key, ..AccountCache::default() });
        world.sign_in(false);
        world.hears(says(PHONE, "8", "ho"));
        world.talk(BELA).messages[0].key
    };
    assert!(world(Some(key)) > key);
    let tomorrow = MessageKey::new(Stamp(1_763_650_800_000 + 86_400_000), 5);
    assert!(world(Some(tomorrow)) > tomorrow, "the clock went back");
    assert!(world(Some(MessageKey(u128::MAX >> 1))) < MessageKey::new(Stamp(1_763_650_900_000), 0), "no key of ours");
}

#[test]
fn strangers_do_not_push_out_what_a_buddy_wrote() {
    let mut talks: Vec<_> = (0..1_000_i64)
        .map(|n| {
            let stranger = bare(&format!("stranger{n}@evil.test"));
            (ConversationKey::direct(AccountId::new(ANNA), stranger), 1, Stamp(1_000_000 - n))
        })
        .collect();
    talks.push((ConversationKey::direct(AccountId::new(ANNA), bare(BELA)), 2, Stamp(5)));
    let roster = vec![item(BELA, "Bela", ""), item("dad@example.org", "Dad", "")];
    let world = World::new(AccountCache { roster, talks, ..AccountCache::default() });
    assert_eq!(world.talk(BELA).unread, 2);
    assert!(world.model.talks.len() < 300, "{}", world.model.talks.len());
}

/// Signed in while the history could not be read, with one page of the archive read.
fn unread() -> World {
    let mut world = World::new(AccountCache { stand_in: true, ..AccountCache::default() });
    world.sign_in(true);
    let query = newest_page(&mut world);
    assert_eq!(query.after, None);
    let at = world.now.wall;
    world.hears(in_page(query.request, archived(says(PHONE, "9", "newest"), "s9", at)));
    world.session(page_end(query.request, Some(id("s9")), Some(id("s9")), false));
    world
}

#[test]
fn while_the_history_cannot_be_read_nothing_is_told_of_how_far_it_goes() {
    let mut world = unread();
    world.hears(stanza_id(says(PHONE, "10", "live"), "s10"));
    world.after(second(120));
    world.drop_link();
    assert!(!world.requests().iter().any(|r| matches!(r, StoreRequest::Synced { .. })));
}

#[test]
fn a_history_that_can_be_read_at_last_is_as_if_it_had_been_read_at_first() {
    let mut world = unread();
    world.open(BELA);
    world.page(BELA, Vec::new(), false);
    world.commands();
    let mut earlier = World::new(AccountCache::default());
    earlier.open(BELA);
    let unsent = earlier.send(BELA, "typed yesterday");
    let outbox = vec![earlier.message(BELA, unsent).clone()];
    let edge = |name: &str, at| Edge { id: Some(id(name)), at: Stamp(at) };
    let gaps = vec![Gap::new(edge("s1", 1_000), edge("s3", 3_000))];
    let synced = Some((Some(id("s5")), Stamp(5_000)));
    let account = world.account.clone();
    let talks = vec![(world.key(BELA), 0, Stamp(5_000))];
    let cache = AccountCache { outbox, gaps: gaps.clone(), synced, talks, ..AccountCache::default() };
    world.stored(Stored::Cache { account, cache: Box::new(cache) });
    assert!(world.talk(BELA).page.is_some(), "the talk on the screen is read anew");
    let fx = std::mem::take(&mut world.fx);
    let asked = |effect: &Effect| match effect {
        Effect::Link(_, LinkCommand::Session(Command::Archive(query))) => Some(query.clone()),
        _ => None,
    };
    let queries: Vec<_> = fx.iter().filter_map(asked).collect();
    let newest = queries.iter().find(|query| query.after == Some(id("s5"))).expect("from where the history ends");
    assert!(queries.iter().any(|query| query.with == Some(bare(BELA))), "what is in doubt is looked for");
    assert_eq!(world.own().sync.gaps, gaps, "what was missing still is");
    assert!(world.own().outbox.contains(&unsent));
    world.session(page_end(newest.request, Some(id("s9")), Some(id("s9")), false));
    let told = world.requests();
    let Some(StoreRequest::Synced { gaps: told, .. }) =
        told.iter().rev().find(|r| matches!(r, StoreRequest::Synced { .. }))
    else {
        panic!("nothing was told: {told:?}")
    };
    assert_eq!(told.first(), gaps.first());
    assert_eq!(told.len(), 2, "and what came meanwhile");
}
