//! Clicks and wheels.

use super::*;
use crate::app::event::{MouseAction, Target, Viewport};
use crate::app::list::{Row, rows};
use crate::app::model::{Focus, Overlay, Scroll};

fn click(world: &mut World, target: Target) {
    world.give(Event::Mouse(MouseAction::Click, target));
}

fn row_of(world: &World, name: &str) -> usize {
    let named = |row: &Row| matches!(row, Row::Buddy(buddy) if buddy.name == name);
    rows(&world.model).iter().position(named).expect("a row")
}

#[test]
fn a_click_on_a_buddy_opens_on_a_group_folds_on_a_request_asks() {
    let mut world = World::online(false);
    let bela = row_of(&world, "Bela");
    click(&mut world, Target::ListRow(bela));
    assert_eq!(world.model.open, Some(world.key(BELA)));
    assert_eq!(world.model.focus, Focus::Composer);
    click(&mut world, Target::ListRow(bela - 1));
    assert!(world.model.list.folded.contains("Friends"));
    let from = bare("carol@example.com");
    world.session(xmpp::Event::SubscriptionRequest { from, nick: None, text: None });
    click(&mut world, Target::ListRow(1));
    assert!(matches!(world.model.overlays.last(), Some(Overlay::Request { .. })));
    let tab = Target::Tab(world.key("dad@example.org"));
    click(&mut world, tab);
    assert_eq!(world.model.open, Some(world.key(BELA)), "what lies below an overlay does not answer");
}

#[test]
fn the_wheel_moves_what_is_under_it_and_nothing_else() {
    let mut world = World::online(false);
    let viewport = Viewport { width: 80, height: 24, messages: 15, list: 1, composer: 50, hidden: 0 };
    world.give(Event::Viewport(viewport));
    world.open(BELA);
    world.hears(says("bela@example.org/phone", "1", "hi"));
    let key = world.talk(BELA).messages[0].key;
    world.give(Event::Mouse(MouseAction::Wheel(-3), Target::Conversation));
    assert_eq!(world.talk(BELA).scroll, Scroll::At { key, rows: -3 });
    let selected = world.model.list.selected;
    world.give(Event::Mouse(MouseAction::Wheel(2), Target::List));
    assert_eq!((world.model.list.top, world.model.list.selected), (2, selected));
    world.give(Event::Mouse(MouseAction::Wheel(200), Target::List));
    assert!(world.model.list.top < rows(&world.model).len());
}

#[test]
fn tabs_messages_state_and_commands_answer() {
    let mut world = World::online(false);
    world.open(BELA);
    world.hears(says("bela@example.org/phone", "1", "hi"));
    world.open("dad@example.org");
    let tab = Target::Tab(world.key(BELA));
    click(&mut world, tab);
    let key = world.talk(BELA).messages[0].key;
    click(&mut world, Target::Message(key));
    assert_eq!((world.model.focus, world.talk(BELA).selected), (Focus::Messages, Some(key)));
    click(&mut world, Target::Composer { row: 0, column: 0 });
    assert_eq!((world.model.focus, world.talk(BELA).selected), (Focus::Composer, None));
    world.give(Event::Mouse(MouseAction::Middle, Target::Tab(world.key("dad@example.org"))));
    assert_eq!(world.model.tabs, [world.key(BELA)]);
    click(&mut world, Target::OwnState);
    assert!(matches!(world.model.overlays.pop(), Some(Overlay::Status { .. })));
    click(&mut world, Target::Commands);
    assert!(matches!(world.model.overlays.pop(), Some(Overlay::Palette(_))));
}
