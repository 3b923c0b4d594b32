//! The menu of somebody in the list, the box about a message, and the talk alone.

use super::*;
use crate::app::effect::LinkCommand;
use crate::app::model::MenuStep;
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

#[test]
fn a_list_that_cannot_be_changed_says_why_and_asks_nothing() {
    let mut person = at_bela();
    person.model.accounts[0].features.messenger = true;
    person.press(". down down enter");
    assert!(matches!(person.top(), Some(Overlay::Menu { step: MenuStep::Choose, .. })));
    assert!(person.toast().starts_with("Not now: This service can only add"), "{}", person.toast());
    person.press("esc");
    person.model.list.selected = 0;
    person.press(".");
    assert!(person.top().is_none(), "a group is nobody");
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
