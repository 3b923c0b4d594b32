//! What links hear of the person.

use super::*;
use crate::app::event::{Key, KeyCode};

impl World {
    fn press_a_key(&mut self) {
        let key = Key { code: KeyCode::Char('x'), ctrl: false, alt: false, shift: false };
        self.give(Event::Key(key));
    }

    fn attends(&mut self) -> usize {
        self.commands().iter().filter(|command| **command == Command::Attend).count()
    }

    /// What links heard of somebody looking, or nobody.
    fn looks(&mut self) -> Vec<bool> {
        let fx = std::mem::take(&mut self.fx);
        let told = fx.into_iter().filter_map(|effect| match effect {
            Effect::Link(_, LinkCommand::Attention { active }) => Some(active),
            _ => None,
        });
        told.collect()
    }
}

#[test]
fn the_first_key_is_told_and_more_of_them_every_two_seconds() {
    let mut world = World::online(false);
    world.open(BELA);
    world.fx.clear();
    for _ in 0..100 {
        world.press_a_key();
        world.after(Duration::from_millis(100));
    }
    assert_eq!(world.attends(), 5, "ten seconds of writing");
    world.after(second(60));
    world.fx.clear();
    world.press_a_key();
    assert_eq!(world.attends(), 1);
}

#[test]
fn nobody_is_told_of_keys_while_offline_and_the_first_one_online_is() {
    let mut world = World::online(false);
    world.open(BELA);
    world.drop_link();
    world.fx.clear();
    world.press_a_key();
    assert_eq!(world.attends(), 0);
    world.sign_in(false);
    world.fx.clear();
    world.press_a_key();
    assert_eq!(world.attends(), 1);
}

#[test]
fn nobody_looks_five_minutes_after_the_last_key() {
    let mut world = World::online(false);
    world.press_a_key();
    world.fx.clear();
    world.after(second(299));
    assert!(world.looks().is_empty());
    world.after(second(1));
    assert_eq!(world.looks(), [false]);
    world.after(second(3600));
    assert!(world.looks().is_empty(), "told once");
    world.press_a_key();
    assert_eq!(world.looks(), [true]);
}

#[test]
fn nobody_looks_a_minute_after_the_focus_is_lost() {
    let mut world = World::online(false);
    world.press_a_key();
    world.after(second(30));
    world.give(Event::Focus(false));
    world.fx.clear();
    world.after(second(59));
    assert!(world.looks().is_empty(), "a glance elsewhere");
    world.after(second(1));
    assert_eq!(world.looks(), [false]);
    world.give(Event::Focus(true));
    assert_eq!(world.looks(), [true]);
    world.after(second(299));
    assert!(world.looks().is_empty());
    world.after(second(1));
    assert_eq!(world.looks(), [false]);
}

#[test]
fn what_is_told_of_looking_changes_nothing_that_shows() {
    let mut world = World::online(false);
    world.press_a_key();
    world.after(second(250));
    let (revision, minute) = (world.model.revision, world.now.wall.minute());
    world.after(second(50));
    assert_eq!(world.looks(), [false]);
    let ticked = u64::try_from(world.now.wall.minute() - minute).unwrap();
    assert!(world.model.revision - revision <= 2 * ticked, "only the clock moved");
}

#[test]
fn a_clock_set_a_year_on_or_back_asks_for_a_sign_of_life_once_and_hurts_nothing() {
    for days in [365, -365_i64] {
        let mut world = World::reading(BELA);
        world.hears(says(PHONE, "1", "before"));
        world.fx.clear();
        world.now.wall = Stamp(world.now.wall.0 + days * 86_400_000);
        world.give(Event::Focus(true));
        let pings =
            |world: &mut World| world.commands().iter().filter(|command| matches!(command, Command::Ping(_))).count();
        assert_eq!(pings(&mut world), 1, "{days}");
        world.after(second(600));
        assert_eq!(pings(&mut world), 0, "{days}");
        let first = world.send(BELA, "one");
        let second = world.send(BELA, "two");
        world.hears(says(PHONE, "2", "after"));
        assert!(second > first, "keys grow whatever the clock does");
        let texts = world.texts(BELA);
        let now: Vec<_> = texts.iter().filter(|text| *text != "before").collect();
        assert_eq!(now, ["one", "two", "after"], "{days}");
    }
}
