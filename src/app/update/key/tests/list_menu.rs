//! The menu of somebody in the list, the box about a message, and the talk alone.

use super::*;
use crate::app::effect::{LinkCommand, StoreRequest};
use crate::app::model::{MenuStep, OnlyHere};
use crate::types::Line;
use crate::xmpp::Command;

/// The list with Bela selected.
fn at_bela() -> Person {
    let mut person = Person::new();
    person.press("f3").write("bel");
    person
}

fn commands(person: &Person) -> Vec<String> {
    let told = person.fx.iter().filter_map(|effect| match effect {
        Effect::Link(_, LinkCommand::Session(Command::SetBuddy { name, groups, .. })) => {
            Some(format!("set {} {}", name.as_deref().unwrap_or("-"), groups.join(",")))
        }
        Effect::Link(_, LinkCommand::Session(Command::RemoveBuddy { who, .. })) => Some(format!("remove {who}")),
        _ => None,
    });
    told.collect()
}

#[test]
fn the_menu_renames_with_the_present_name_in_its_field() {
    let mut person = at_bela();
    person.press(". down down enter");
    assert!(
        matches!(person.top(), Some(Overlay::Menu { step: MenuStep::Name(field), .. }) if field.text() == "Bela Novák")
    );
    person.press("ctrl-u").write("Bel").press("enter");
    assert_eq!(commands(&person), ["set Bel Friends"]);
    assert!(person.top().is_none());
}

#[test]
fn the_menu_moves_to_a_group_and_asks_before_it_removes() {
    let mut person = at_bela();
    person.press(". down down down enter ctrl-u").write("Band").press("enter");
    assert_eq!(commands(&person), ["set Bela Novák Band"]);
    person.press(". up enter");
    assert!(matches!(person.top(), Some(Overlay::Menu { step: MenuStep::Remove, .. })) && commands(&person).is_empty());
    person.press("enter");
    assert_eq!(commands(&person), ["remove bela@example.org"]);
}

/// The same, at a service that takes no change of its list.
fn at_fixed_bela() -> Person {
    let mut person = at_bela();
    person.model.accounts[0].features.messenger = true;
    person
}

fn kept(person: &Person) -> Vec<OnlyHere> {
    let kept = person.fx.iter().filter_map(|effect| match effect {
        Effect::Store(StoreRequest::OnlyHere { who, here, .. }) if who.as_str() == "bela@example.org" => {
            Some(here.clone())
        }
        _ => None,
    });
    kept.collect()
}

#[test]
fn where_the_service_keeps_no_names_and_groups_they_are_kept_here() {
    let mut person = at_fixed_bela();
    person.press(". down down enter ctrl-u").write("Bel").press("enter");
    assert_eq!(person.model.name_of(&talk("bela@example.org")), "Bel");
    person.press(". down down down enter");
    assert!(
        matches!(person.top(), Some(Overlay::Menu { step: MenuStep::Group(field), .. }) if field.text() == "Friends"),
        "the group that they are in"
    );
    person.press("ctrl-u").write("Favourites").press("enter");
    let favourites = Some(vec![Line::clean("Favourites")]);
    let here = OnlyHere { name: Some(Line::clean("Bel")), groups: favourites, hidden: false };
    assert_eq!(kept(&person).last(), Some(&here));
    // Nothing given is nothing kept.
    person
        .press(". down down enter ctrl-u enter")
        .press(". down down down enter ctrl-u")
        .write("Friends")
        .press("enter");
    assert_eq!(kept(&person).last(), Some(&OnlyHere::default()));
    assert!(person.model.accounts[0].only_here.is_empty());
    assert_eq!(commands(&person), Vec::<String>::new(), "the service is asked nothing");
}

#[test]
fn where_nobody_can_be_removed_they_are_hidden_and_come_back() {
    let bela = |person: &mut Person| {
        person.model.list.held = None;
        let mut rows = crate::app::list::rows(&person.model).into_iter();
        rows.any(|row| matches!(row, crate::app::list::Row::Buddy(row) if row.key == talk("bela@example.org")))
    };
    let mut person = at_fixed_bela();
    person.press(". up enter");
    assert!(
        matches!(person.top(), Some(Overlay::Menu { step: MenuStep::Remove, .. })) && bela(&mut person),
        "asked first"
    );
    person.press("enter");
    assert_eq!(person.toast(), "Bela Novák is hidden here. Ctrl+K finds them again");
    assert_eq!((commands(&person), kept(&person).len()), (Vec::new(), 1));
    person.press("esc esc");
    assert!(person.model.list.filter.is_empty() && !bela(&mut person));
    // What comes from there lifts them out.
    person.model.talk_mut(&talk("bela@example.org")).unread = 1;
    assert!(bela(&mut person));
    person.model.talk_mut(&talk("bela@example.org")).unread = 0;
    assert!(!bela(&mut person));
    // Whoever looks for them finds them, with the way back.
    person.press("f3").write("bel");
    assert!(bela(&mut person));
    person.press(". up enter");
    assert!(person.top().is_none());
    assert_eq!(person.toast(), "Bela Novák is in your list again");
    assert_eq!(kept(&person).last(), Some(&OnlyHere::default()));
    person.press("esc esc");
    assert!(bela(&mut person));
}

#[test]
fn a_group_is_nobody() {
    let mut person = at_bela();
    person.press("esc");
    person.model.list.selected = 0;
    person.press("f3 home .");
    assert!(person.top().is_none());
    assert_eq!(person.toast(), "Choose a buddy first");
}

#[test]
fn a_selected_message_tells_about_itself() {
    let mut person = Person::talking();
    person.write("hello").press("enter ctrl-up i");
    let own = person.model.talks[&talk("bela@example.org")].messages[0].key;
    assert!(matches!(person.top(), Some(Overlay::Info { message, .. }) if *message == own));
    person.press("x").press("i");
    assert!(person.top().is_none() && person.draft().is_empty(), "nothing leaked into the box");
}

#[test]
fn the_talk_alone_lets_the_mouse_go_and_takes_it_back() {
    let mouse = |person: &Person| {
        person.fx.iter().find_map(|effect| if let Effect::Mouse(on) = effect { Some(*on) } else { None })
    };
    for out in ["f9", "esc", "alt-l", "ctrl-c"] {
        let mut person = Person::talking();
        person.press("f9");
        assert_eq!((mouse(&person), person.model.is_bare()), (Some(false), true));
        person.write("xyz").press("enter");
        assert!(person.draft().is_empty() && person.said().is_empty(), "nothing is typed where it is not seen");
        if person.model.is_bare() {
            person.press(out);
        }
        assert!(!person.model.is_bare(), "{out}");
        assert_eq!(mouse(&person), Some(true), "{out}");
    }
    let mut person = Person::talking();
    person.model.options.mouse = false;
    person.press("f9 f9");
    assert_eq!(mouse(&person), Some(false), "who does not want it does not get it");
}
