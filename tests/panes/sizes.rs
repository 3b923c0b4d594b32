//! Every size from 1x1 to 200x60: nothing panics, nothing is drawn off the screen, and how one stands is never lost.
//!
//! Each size shows a busy evening in one of its states, every fourth one of the scenes too; the sizes around which layouts change
//! show every scene.

use super::*;
use butty::app::Show;
use butty::app::event::LinkFact;
use butty::ui::layout::{self, Kind};
use std::time::Duration;

/// Screens this small have one line (ux 2).
fn is_tiny(width: u16, height: u16) -> bool {
    width < 20 || height < 6
}

/// The sizes around which layouts change.
const WIDTHS: [u16; 14] = [1, 3, 7, 19, 20, 21, 26, 33, 50, 63, 64, 99, 100, 200];
const HEIGHTS: [u16; 14] = [1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 17, 27, 28, 60];

/// A scene at many sizes, each frame with what the eye remembers of the one before.
struct Look<'a> {
    name: &'static str,
    model: &'a Model,
    view: View,
}

impl Look<'_> {
    fn at(&mut self, width: u16, height: u16) -> Buffer {
        let area = ratatui::layout::Rect::new(0, 0, width, height);
        let mut shown = Buffer::empty(area);
        let cursor = ui::paint(self.model, &mut self.view, &mut shown);
        let size = format!("{} {width}x{height}", self.name);
        assert!(cursor.is_none_or(|at| area.contains(at)), "{size}: the cursor is off the screen");
        let viewport = self.view.viewport();
        assert_eq!((viewport.width, viewport.height), (width, height), "{size}");
        if is_tiny(width, height) {
            let line = row(&shown, 0);
            assert!(line.starts_with(&"butty"[..usize::from(width.min(5))]), "{size}: {line}");
            assert!((1..height).all(|y| row(&shown, y).trim().is_empty()), "{size}: one line, the rest blank");
        } else {
            let blank = shown.content().iter().all(|cell| cell.symbol() == " ");
            assert!(!blank, "{size} shows nothing");
        }
        for (x, y) in [(0, 0), (width - 1, height - 1), (width / 2, height / 2)] {
            ui::hit(self.model, &self.view, x, y);
        }
        shown
    }
}

fn row(shown: &Buffer, y: u16) -> String {
    (0..shown.area.width).map(|x| shown[(x, y)].symbol()).collect()
}

/// A talk with everything that is hard to draw, in its states: written in, with the list in front, with a message
/// selected, under an overlay, without a server.
fn busy() -> Vec<(&'static str, Model)> {
    let stage = || {
        let mut stage = cast::evening(unicode());
        for number in 0..12 {
            stage.command(&format!("/msg tab{number}@demo.butty"));
            stage.hears(&format!("tab{number}"), "hello");
        }
        stage.command("/msg bela@demo.butty");
        stage.appears("bela", Show::Available, &"learning 日本語 and the accordion ".repeat(4), None);
        stage.hears("bela", &"unbroken".repeat(40));
        stage.hears("bela", &"日本語の長い文を書きます。".repeat(9));
        stage.hears("bela", &"שלום לכולם, אני לומד אקורדיון (and English) ".repeat(6));
        stage.hears("bela", "👨‍👩‍👧 👋🏽 🇵🇱 e\u{301}\u{302} किताब ｶﾞ ﷽ \u{200d}");
        stage.hears(
            "bela",
            &format!("```\n{}\n\tx\n```\n/me *waves* _so_ https://a.example/{}", "wide ".repeat(60), "p/".repeat(90)),
        );
        stage.say(&"what I say is long, ".repeat(12));
        stage.type_text("日本語 שלום 👨‍👩‍👧 and\nmore than one row of text to write in a small box, over and over");
        stage
    };
    let pressed = |keys: &[&str]| {
        let mut stage = stage();
        for key in keys {
            stage.press(key);
        }
        stage.model
    };
    let lost = {
        let mut stage = stage();
        let problem = Some(Problem::ClosedByServer { host: Line::clean("demo.butty"), reason: None });
        stage.link(LinkFact::Down { problem, retry_in: Some(Duration::from_secs(12)) });
        stage.later(Duration::from_secs(4));
        stage.model
    };
    vec![
        ("written", stage().model),
        ("list", pressed(&["f3", "down"])),
        ("selected", pressed(&["ctrl-up", "ctrl-up", "ctrl-up"])),
        ("switcher", pressed(&["ctrl-k", "b"])),
        ("lost", lost),
    ]
}

/// The busy evening says how one stands, wherever the layout has it (ux 2).
fn assert_status(name: &str, shown: &Buffer, model: &Model) {
    let (width, height) = (shown.area.width, shown.area.height);
    let size = format!("{name} {width}x{height}");
    let clock = butty::app::words::clock(model.now.wall, &model.options);
    let rows: Vec<String> = (0..height).map(|y| row(shown, y)).collect();
    let unread = model.talks.values().filter(|talk| talk.unread > 0).count();
    if is_tiny(width, height) {
        let trouble = if name == "lost" { " !" } else { "" };
        let line: String = format!("butty ({unread}){trouble}").chars().take(usize::from(width)).collect();
        assert_eq!(rows[0].trim_end(), line.trim_end(), "{size}");
        return;
    }
    if name == "switcher" && height < 24 {
        return; // an overlay may cover all of a low screen
    }
    match layout::kind(width, height, model.options.layout) {
        Kind::Wide | Kind::Standard => {
            let bar = &rows[usize::from(height) - 2];
            let state = if name == "lost" { "○ Offline" } else { "● Available" };
            assert!(bar.starts_with(&format!(" {state} · anna@")), "{size}: {bar}");
            assert!(bar.trim_end().ends_with(&clock) && bar.contains("elsewhere"), "{size}: {bar}");
        }
        _ if name == "list" => {
            assert!(rows[0].starts_with("● Anna") && rows[0].contains(&clock), "{size}: {}", rows[0]);
        }
        _ if height >= 8 => assert!(rows[0].trim_end().ends_with(&format!(") {clock}")), "{size}: {}", rows[0]),
        // The header is folded into the rule over the box.
        _ => {
            let rule =
                rows.iter().find(|row| row.starts_with("── To Bela")).unwrap_or_else(|| panic!("{size}: {rows:#?}"));
            assert!(rule.contains(&clock) || width < 26, "{size}: {rule}");
        }
    }
    if name == "lost" {
        assert!(rows.iter().any(|row| row.contains(" ! ") || row.contains("│! ")), "{size}: no banner in {rows:#?}");
    }
}

/// Every size, dealt to as many hands as the computer has.
fn on_all_cores(work: impl Fn(&mut dyn Iterator<Item = (u16, u16)>) + Sync) {
    let hands = std::thread::available_parallelism().map_or(2, usize::from);
    let all = || (1..=60_u16).flat_map(|height| (1..=200_u16).map(move |width| (width, height)));
    std::thread::scope(|scope| {
        for hand in 0..hands {
            let work = &work;
            scope.spawn(move || work(&mut all().skip(hand).step_by(hands)));
        }
    });
}

#[test]
fn every_size_is_drawn_without_panic_and_says_how_one_stands() {
    let busy = busy();
    let scenes: Vec<(&str, Model)> = every_scene().into_iter().map(|(name, make)| (name, make(unicode()))).collect();
    let drawn = std::sync::atomic::AtomicUsize::new(0);
    on_all_cores(|sizes| {
        let mut evenings: Vec<Look<'_>> =
            busy.iter().map(|(name, model)| Look { name, model, view: View::new() }).collect();
        let mut others: Vec<Look<'_>> =
            scenes.iter().map(|(name, model)| Look { name, model, view: View::new() }).collect();
        for (width, height) in sizes {
            let turn = usize::from(width) + 7 * usize::from(height);
            let at = turn % evenings.len();
            let evening = &mut evenings[at];
            let shown = evening.at(width, height);
            assert_status(evening.name, &shown, evening.model);
            let at_border = WIDTHS.contains(&width) && HEIGHTS.contains(&height);
            // A square is worked out for each frame: few sizes of each scene beside its borders.
            let at = turn / 4 % others.len();
            let scene = if turn.is_multiple_of(4) { at..at + 1 } else { 0..0 };
            let shown = if at_border { &mut others[..] } else { &mut others[scene] };
            for scene in shown {
                scene.at(width, height);
            }
            drawn.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    });
    assert_eq!(drawn.into_inner(), 12_000);
}
