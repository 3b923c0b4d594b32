//! The messages pane stands at a message, never at a row: nothing that arrives, and no resize, moves what is read.

#![allow(missing_docs, clippy::wildcard_imports, clippy::unwrap_used, clippy::expect_used, reason = "a test may stop")]
#![allow(dead_code, reason = "the cast is shared with the panes")]

#[path = "panes/cast.rs"]
mod cast;

use butty::app::event::Event;
use butty::app::model::*;
use butty::types::MessageKey;
use butty::ui::{self, View};
use cast::Stage;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

/// An eye that tells the mind what it settled, as the runtime does.
struct Eye {
    view: View,
    size: (u16, u16),
}

impl Eye {
    fn new(width: u16, height: u16) -> Self {
        Self { view: View::new(), size: (width, height) }
    }

    /// Draws until nothing is left to settle; returns the rows of the messages pane.
    fn look(&mut self, stage: &mut Stage) -> Vec<String> {
        for _ in 0..10 {
            let mut terminal = Terminal::new(TestBackend::new(self.size.0, self.size.1)).unwrap();
            terminal.draw(|frame| ui::draw(&stage.model, &mut self.view, frame)).unwrap();
            stage.feed(Event::Viewport(self.view.viewport()));
            if let Some((key, scroll)) = self.view.take_settled() {
                stage.feed(Event::Settled(key, scroll));
                continue;
            }
            let buffer = terminal.backend().buffer().clone();
            let rows = 2..2 + self.view.viewport().messages;
            let first = self.size.0 - if self.size.0 < 64 { self.size.0 } else { self.size.0 - 25 };
            return rows
                .map(|y| (first..self.size.0).map(|x| buffer[(x, y)].symbol()).collect::<String>())
                .map(|row| row.trim_end().to_owned())
                .collect();
        }
        unreachable!("the eye never settles");
    }
}

fn long_talk(messages: usize) -> Stage {
    let mut stage = cast::signed_in(Options::default(), &["anna@demo.butty"]);
    stage.command("/msg bela@demo.butty");
    for number in 0..messages {
        stage.hears("bela", &format!("message {number}"));
    }
    stage
}

fn scroll(stage: &Stage) -> Scroll {
    stage.model.talks[&cast::key("bela")].scroll
}

fn key_of(stage: &Stage, at: usize) -> MessageKey {
    stage.model.talks[&cast::key("bela")].messages[at].key
}

#[test]
fn the_newest_message_is_followed_until_one_scrolls() {
    let (mut stage, mut eye) = (long_talk(60), Eye::new(80, 24));
    assert!(eye.look(&mut stage).last().unwrap().contains("message 59"));
    stage.hears("bela", "one more");
    assert!(eye.look(&mut stage).last().unwrap().contains("one more"));
    stage.press("pageup");
    let before = eye.look(&mut stage);
    for number in 0..30 {
        stage.hears("bela", &format!("later {number}"));
        assert_eq!(eye.look(&mut stage), before, "what is read stays where it is");
    }
}

#[test]
fn the_top_is_reached_and_left_again() {
    let (mut stage, mut eye) = (long_talk(100), Eye::new(80, 24));
    eye.look(&mut stage);
    for _ in 0..12 {
        stage.press("pageup");
        eye.look(&mut stage);
    }
    let top = eye.look(&mut stage);
    assert!(top[0].contains("Today") && top[2].contains("message 0"), "{top:?}");
    stage.press("pagedown");
    let next = eye.look(&mut stage);
    assert_ne!(next, top, "one key leads away from the top at once");
    for _ in 0..12 {
        stage.press("pagedown");
        eye.look(&mut stage);
    }
    assert_eq!(scroll(&stage), Scroll::Bottom);
    assert!(eye.look(&mut stage).last().unwrap().contains("message 99"));
}

#[test]
fn a_position_is_told_in_normal_form_and_once() {
    let (mut stage, mut eye) = (long_talk(60), Eye::new(80, 24));
    eye.look(&mut stage);
    let key = key_of(&stage, 50);
    stage.model.talks.get_mut(&cast::key("bela")).unwrap().scroll = Scroll::At { key, rows: -10 };
    eye.look(&mut stage);
    assert_eq!(scroll(&stage), Scroll::At { key: key_of(&stage, 40), rows: 0 });
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    terminal.draw(|frame| ui::draw(&stage.model, &mut eye.view, frame)).unwrap();
    assert_eq!(eye.view.take_settled(), None);
    let past = Scroll::At { key: key_of(&stage, 59), rows: 500 };
    stage.model.talks.get_mut(&cast::key("bela")).unwrap().scroll = past;
    eye.look(&mut stage);
    assert_eq!(scroll(&stage), Scroll::Bottom, "below the end is the end");
}

#[test]
fn a_message_taller_than_the_pane_is_read_row_by_row() {
    let mut stage = long_talk(3);
    let tall: Vec<String> = (0..60).map(|row| format!("row {row}")).collect();
    stage.hears("bela", &tall.join("\n"));
    let mut eye = Eye::new(80, 24);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..80 {
        for row in eye.look(&mut stage) {
            seen.insert(row.trim().to_owned());
        }
        stage.model.talks.get_mut(&cast::key("bela")).unwrap().scroll = match scroll(&stage) {
            Scroll::Bottom => Scroll::At { key: key_of(&stage, 3), rows: -1 },
            Scroll::At { key, rows } => Scroll::At { key, rows: rows - 1 },
        };
    }
    for row in &tall {
        assert!(seen.contains(row), "{row}");
    }
    assert!(seen.contains("message 0"));
}

#[test]
fn resizing_keeps_the_message_at_the_bottom_edge() {
    let (mut stage, mut eye) = (long_talk(80), Eye::new(80, 24));
    eye.look(&mut stage);
    stage.press("pageup");
    let before = eye.look(&mut stage).last().unwrap().clone();
    for size in [(120, 30), (90, 13), (64, 40), (80, 24)] {
        // In *wide* the rows begin elsewhere; only the place is compared there.
        let place = scroll(&stage);
        eye.size = size;
        eye.look(&mut stage);
        assert_eq!(scroll(&stage), place, "{size:?}");
    }
    assert_eq!(eye.look(&mut stage).last(), Some(&before));
}

#[test]
fn walking_the_messages_brings_each_into_view() {
    let (mut stage, mut eye) = (long_talk(50), Eye::new(80, 24));
    eye.look(&mut stage);
    for number in (0..50).rev() {
        stage.press(if number == 49 { "ctrl-up" } else { "up" });
        let rows = eye.look(&mut stage);
        let bar = rows.iter().find(|row| row.starts_with('▌')).map_or("", String::as_str);
        assert!(bar.ends_with(&format!("message {number}")), "{number}: {rows:?}");
    }
}

#[test]
fn clearing_leaves_an_empty_pane_and_loses_nothing() {
    let (mut stage, mut eye) = (long_talk(10), Eye::new(80, 24));
    eye.look(&mut stage);
    stage.command("/clear");
    assert!(eye.look(&mut stage).iter().all(String::is_empty));
    stage.later(std::time::Duration::from_secs(1));
    stage.hears("bela", "after");
    let rows = eye.look(&mut stage);
    assert!(rows.iter().any(|row| row.contains("after")) && !rows.iter().any(|row| row.contains("message 9")));
    stage.press("pageup");
    assert!(eye.look(&mut stage).iter().any(|row| row.contains("message 9")));
}

#[test]
fn the_selected_buddy_is_always_in_view() {
    for (width, height) in [(120, 40), (80, 24), (50, 18)] {
        let mut stage = cast::crowd(Options::default(), 120);
        stage.model.options.mono = true;
        stage.press("f3");
        let mut eye = Eye::new(width, height);
        for _ in 0..70 {
            stage.press("down");
            eye.look(&mut stage);
            let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
            terminal.draw(|frame| ui::draw(&stage.model, &mut eye.view, frame)).unwrap();
            let buffer = terminal.backend().buffer();
            let reversed =
                (0..height).filter(|y| buffer[(1, *y)].modifier.contains(ratatui::style::Modifier::REVERSED));
            assert_eq!(reversed.count(), 1, "{width}x{height}, row {}", stage.model.list.selected);
        }
        assert!(stage.model.list.selected > 60);
    }
}
