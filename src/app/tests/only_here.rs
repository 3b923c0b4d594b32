//! Names, groups and hiding that live on this computer, over the list as it comes from the server.

use super::*;
use crate::app::model::OnlyHere;

fn here(name: &str, groups: &[&str], hidden: bool) -> OnlyHere {
    OnlyHere { name: Some(line(name)), groups: Some(groups.iter().map(|group| line(group)).collect()), hidden }
}

/// A messenger's account, whose cache says this of Bela.
fn world(here: OnlyHere) -> World {
    let cache = AccountCache {
        roster: vec![item(BELA, "Bela", "Friends")],
        only_here: vec![(bare(BELA), here)],
        ..AccountCache::default()
    };
    let mut world = World::new(cache);
    "messenger".clone_into(&mut world.model.accounts[0].setup.profile);
    world
}

fn bela(world: &World) -> (String, Vec<String>) {
    let contact = &world.own().roster[&bare(BELA)];
    (world.model.name_of(&world.key(BELA)), contact.groups().iter().map(ToString::to_string).collect())
}

#[test]
fn what_was_changed_here_stands_over_the_cache_the_list_and_its_changes() {
    let mut world = world(here("Béla", &["Band"], false));
    let changed = ("Béla".to_owned(), vec!["Band".to_owned()]);
    assert_eq!(bela(&world), changed, "from the start");
    world.sign_in(false);
    assert_eq!(bela(&world), changed, "over the list");
    world.fx.clear();
    world.session(xmpp::Event::RosterPush { item: item(BELA, "B. N.", "Work"), version: None });
    assert_eq!(bela(&world), changed, "over a change");
    let kept = |r: &StoreRequest| matches!(r, StoreRequest::RosterItem { item, .. } if item.name.as_ref().map(Line::as_str) == Some("B. N."));
    assert!(world.requests().iter().any(kept), "the server's word is kept as it is");
    // Gone from the list and back on it.
    let gone = RosterItem { subscription: Subscription::Removed, ..item(BELA, "", "") };
    world.session(xmpp::Event::RosterPush { item: gone, version: None });
    world.session(xmpp::Event::RosterPush { item: item(BELA, "Bela", ""), version: None });
    assert_eq!(bela(&world), changed);
    world.drop_link();
    let key = world.key(BELA);
    world.does(|model, fx| model.rename_buddy(&key, "", fx));
    world.does(|model, fx| model.set_groups(&key, Vec::new(), fx));
    assert_eq!(bela(&world), ("Bela".to_owned(), Vec::new()), "also offline; and the server's name is back");
}

#[test]
fn adding_a_hidden_buddy_again_shows_them_and_asks_nobody() {
    let mut world = world(here("Bela", &[], true));
    world.sign_in(false);
    let shown = |world: &World| {
        let mut rows = crate::app::list::rows(&world.model).into_iter();
        rows.any(|row| matches!(row, crate::app::list::Row::Buddy(row) if row.key.peer == bare(BELA)))
    };
    world.does(|model, _| model.list.folded.clear());
    assert!(!shown(&world), "hidden since the last time");
    world.fx.clear();
    let account = world.account.clone();
    world.does(|model, fx| model.add_buddy(&account, BELA, None, fx)).unwrap();
    assert!(shown(&world));
    assert!(world.commands().is_empty());
}

#[test]
fn a_list_that_the_service_changes_is_changed_there_alone() {
    let mut world = World::online(false);
    let key = world.key(BELA);
    world.does(|model, fx| model.rename_buddy(&key, "Bel", fx));
    world.does(|model, fx| model.remove_buddy(&key, fx));
    assert!(!world.fx.iter().any(|effect| matches!(effect, Effect::Store(StoreRequest::OnlyHere { .. }))));
    assert_eq!(world.commands().len(), 2);
}
