//! Disk and configuration in trouble.

use super::*;
use crate::app::ops::Banner;
use crate::types::Problem;

#[test]
fn a_full_disk_is_told_messages_are_shown_and_nobody_is_told_that_they_arrived() {
    let mut world = World::online(false);
    world.commits = false;
    world.stored(Stored::Failed(Problem::DiskFull));
    assert_eq!(world.model.banner(), Some(Banner::Trouble(Problem::DiskFull)));
    world.hears(says("bela@example.org/phone", "1", "hi"));
    assert_eq!(world.texts(BELA), ["hi"]);
    assert_eq!(world.model.waiting.len(), 1);
    assert!(!world.commands().iter().any(|c| matches!(c, Command::Receipt { .. })));
    world.stored(Stored::Recovered);
    assert_eq!(world.model.banner(), None);
    let key = world.talk(BELA).messages[0].key;
    world.stored(Stored::Committed { keys: vec![key] });
    assert!(world.commands().iter().any(|c| matches!(c, Command::Receipt { .. })));
}

#[test]
fn a_bad_config_file_is_told_until_it_is_fine() {
    let mut world = World::online(false);
    let problem = Problem::UnreadableConfig { file: line("config.toml"), why: line("x") };
    world.give(Event::ConfigProblem(Some(problem.clone())));
    assert_eq!(world.model.banner(), Some(Banner::Trouble(problem)));
    world.stored(Stored::Recovered);
    assert!(world.model.banner().is_some(), "another trouble");
    world.give(Event::ConfigProblem(None));
    assert_eq!(world.model.banner(), None);
}
