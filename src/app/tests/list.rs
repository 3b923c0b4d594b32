//! The rows of the buddy list.

use super::*;
use crate::app::list::{BuddyRow, GroupKind, Row, rows};
use crate::app::model::Focus;

const DAD: &str = "dad@example.org";

fn names(model: &Model) -> Vec<String> {
    rows(model)
        .into_iter()
        .map(|row| match row {
            Row::Account { name, .. } => format!("= {name}"),
            Row::Group { name, online, total, folded, unread, .. } => {
                format!("{} {name} ({online}/{total}) {unread}", if folded { ">" } else { "v" })
            }
            Row::Request { name, .. } => format!("? {name}"),
            Row::Buddy(BuddyRow { name, .. }) => format!("  {name}"),
        })
        .collect()
}

fn town() -> World {
    let mut world = World::online(false);
    let items = vec![
        item(BELA, "Bela", "Favourites"),
        item(DAD, "Dad", "Family"),
        item("ned@example.org", "Ned", "Family"),
        item("olga@example.org", "olga", "Family"),
        item("zoe@example.org", "Zoe", ""),
    ];
    world.session(xmpp::Event::Roster { items: Some(items), version: None });
    for (who, show) in [(DAD, Show::Away), ("ned@example.org", Show::Busy), ("olga@example.org", Show::Available)] {
        world.session(xmpp::Event::Presence(presence(&format!("{who}/x"), show)));
    }
    world.after(second(5));
    world
}

#[test]
fn groups_by_name_buddies_by_state_offline_folded_at_the_end() {
    let world = town();
    let favourites = ["v Favourites (1/1) 0", "  Bela", "v Family (3/3) 0", "  olga", "  Ned", "  Dad"];
    let rest = ["v Buddies (0/1) 0", "> Offline (0/1) 0"];
    assert_eq!(names(&world.model), [favourites.to_vec(), rest.to_vec()].concat());
}

#[test]
fn names_stand_in_their_groups_before_it_is_known_who_is_there() {
    let mut world = World::online(false);
    let items = vec![item(DAD, "Dad", "Work"), item("ned@example.org", "Ned", "Work")];
    world.session(xmpp::Event::Roster { items: Some(items), version: None });
    assert_eq!(names(&world.model), ["v Work (0/2) 0", "  Dad", "  Ned"]);
    assert!(matches!(&rows(&world.model)[1], Row::Buddy(BuddyRow { show: None, .. })));
    world.model.options.hide_offline = true;
    assert_eq!(names(&world.model), ["v Work (0/2) 0"], "whoever hides the absent sees nobody come and go");
    world.model.options.hide_offline = false;
    world.session(xmpp::Event::Presence(presence("ned@example.org/x", Show::Available)));
    assert_eq!(names(&world.model), ["v Work (1/2) 0", "  Ned", "  Dad"]);
    world.after(second(4));
    assert_eq!(names(&world.model), ["v Work (1/2) 0", "  Ned", "> Offline (0/1) 0"], "silence means offline");
    world.link(LinkFact::Down { problem: None, retry_in: Some(second(9)) });
    assert_eq!(names(&world.model), ["v Work (1/2) 0", "  Ned", "> Offline (0/1) 0"], "nobody leaves the fold again");
}

#[test]
fn folded_and_hidden_never_hide_what_is_unread() {
    let mut world = town();
    world.model.list.folded.insert("Family".to_owned());
    world.model.options.hide_offline = true;
    world.hears(says("dad@example.org/x", "1", "ring me"));
    world.hears(says("zoe@example.org/x", "1", "me too"));
    let expected = ["v Favourites (1/1) 0", "  Bela", "> Family (3/3) 1", "  Dad", "v Buddies (0/1) 1", "  Zoe"];
    assert_eq!(names(&world.model), expected);
}

#[test]
fn strangers_stand_with_the_buddies_while_there_is_something_to_say() {
    let mut world = town();
    world.hears(says("new@example.com/x", "1", "hello"));
    assert!(names(&world.model).contains(&"  new@example.com".to_owned()));
    world.open("new@example.com");
    world.page("new@example.com", Vec::new(), false);
    assert!(names(&world.model).contains(&"  new@example.com".to_owned()), "a tab is open");
    world.does(Model::close_open);
    assert!(!names(&world.model).contains(&"  new@example.com".to_owned()));
}

#[test]
fn requests_come_first() {
    let mut world = town();
    let from = bare("carol@example.com");
    world.session(xmpp::Event::SubscriptionRequest { from, nick: Some(line("Carol")), text: None });
    assert_eq!(names(&world.model)[..2], ["v Requests (1/1) 0", "? “Carol” (carol@example.com)"]);
    assert!(matches!(&rows(&world.model)[0], Row::Group { kind: GroupKind::Requests, .. }));
}

#[test]
fn somebody_who_vanishes_for_a_moment_keeps_the_place() {
    let mut world = town();
    let before = names(&world.model);
    world.session(xmpp::Event::Presence(presence("olga@example.org/x", Show::Offline)));
    let after: Vec<_> = names(&world.model);
    assert_eq!(after, before, "flaps are held back");
    assert_eq!(world.model.show_of(&world.key("olga@example.org")), Some(Show::Offline), "but not lied about");
    world.after(second(11));
    assert!(!names(&world.model).contains(&"  olga".to_owned()));
}

#[test]
fn while_the_list_has_the_focus_nothing_moves() {
    let mut world = town();
    world.model.focus = Focus::List;
    world.give(Event::Focus(true));
    let before = names(&world.model);
    world.session(xmpp::Event::Presence(presence("olga@example.org/x", Show::Away)));
    world.session(xmpp::Event::Presence(presence("zoe@example.org/x", Show::Available)));
    let from = bare("carol@example.com");
    world.session(xmpp::Event::SubscriptionRequest { from, nick: None, text: None });
    world.after(second(20));
    assert_eq!(names(&world.model), before);
    let Row::Buddy(olga) = &rows(&world.model)[3] else { panic!("olga's row") };
    assert_eq!(olga.show, Some(Show::Away), "the facts are of today");
    world.model.focus = Focus::Composer;
    world.give(Event::Focus(true));
    assert_ne!(names(&world.model), before);
}

#[test]
fn the_filter_finds_by_name_and_address_in_folded_groups_too() {
    let mut world = town();
    world.model.list.folded.insert("Family".to_owned());
    world.model.list.filter = "OLG".to_owned();
    assert_eq!(names(&world.model), ["v Family (1/1) 0", "  olga"]);
    world.model.list.filter = "zoe@".to_owned();
    assert_eq!(names(&world.model), ["v Buddies (0/1) 0", "v Offline (0/1) 0", "  Zoe"]);
}

#[test]
fn folds_are_kept_even_when_nothing_is_folded() {
    let mut world = town();
    world.model.list.selected = 7;
    world.fx.clear();
    world.does(|model, fx| model.list_fold(Some(true), fx));
    let folded = |world: &mut World| {
        let requests = world.requests().into_iter();
        requests
            .filter_map(|r| if let StoreRequest::Folded { groups, .. } = r { Some(groups) } else { None })
            .next_back()
    };
    let kept = folded(&mut world).expect("kept");
    let again = World::new(AccountCache { folded: kept, ..AccountCache::default() });
    assert!(!again.model.list.folded.contains("(offline)"));
}

#[test]
fn several_accounts_have_headers() {
    let options = Options::default();
    let now = Now { mono: second(1), wall: Stamp(1_000_000) };
    let (model, _) = Model::new(options, vec![setup(ANNA), setup("anna@work.example")], 1, now);
    assert_eq!(names(&model), ["= anna@example.org", "= anna@work.example"]);
}

#[test]
fn a_thousand_buddies_are_arranged_in_no_time_to_speak_of() {
    let mut world = World::online(false);
    let items = (0..1_000).map(|n| item(&format!("b{n}@example.org"), &format!("Buddy {n}"), &format!("G{}", n % 20)));
    world.session(xmpp::Event::Roster { items: Some(items.collect()), version: None });
    for n in 0..1_000 {
        let from = format!("b{n}@example.org/x");
        world.session(xmpp::Event::Presence(presence(&from, Show::Available)));
    }
    assert_eq!(rows(&world.model).len(), 1_020);
}

#[test]
fn headers_of_a_list_that_is_held_still_say_what_is_unread() {
    let mut world = town();
    world.model.list.folded.insert("Family".to_owned());
    world.model.focus = Focus::List;
    world.give(Event::Focus(true));
    let header = |world: &World| names(&world.model).into_iter().find(|name| name.contains("Family")).unwrap();
    assert_eq!(header(&world), "> Family (3/3) 0");
    world.hears(says(&format!("{DAD}/x"), "1", "are you there?"));
    assert_eq!(header(&world), "> Family (3/3) 1");
    world.open(DAD);
    assert_eq!(header(&world), "> Family (3/3) 0");
}

#[test]
fn the_first_buddy_of_all_is_seen_at_once() {
    let mut world = World::online(false);
    world.session(xmpp::Event::Roster { items: Some(Vec::new()), version: None });
    world.model.focus = Focus::List;
    world.give(Event::Focus(true));
    assert_eq!(names(&world.model), Vec::<String>::new());
    world.session(xmpp::Event::RosterPush { item: item(DAD, "Dad", ""), version: None });
    assert!(names(&world.model).contains(&"  Dad".to_owned()), "{:?}", names(&world.model));
}
