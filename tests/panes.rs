//! Every pane and screen as text, drawn from a live model; and every size without a panic.
//!
//! The model is made by events alone (`panes/cast.rs`), so a snapshot shows what a person would see. Snapshots hold
//! the words; where colour or attribute carries something, the look of single cells is asserted.

#![allow(
    missing_docs,
    clippy::wildcard_imports,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop"
)]

#[path = "panes/cast.rs"]
#[allow(dead_code, reason = "shared with the tests of scrolling")]
mod cast;
#[path = "panes/dialogs.rs"]
mod dialogs;
#[path = "panes/problems.rs"]
mod problems;
#[path = "panes/repaint.rs"]
mod repaint;
#[path = "panes/scenes.rs"]
mod scenes;
#[path = "panes/sizes.rs"]
mod sizes;

use butty::app::Model;
use butty::app::event::Target;
use butty::app::model::Options;
use butty::types::*;
use butty::ui::{self, View};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};
use scenes::*;

/// The three sizes of the mock-ups.
const SIZES: [(u16, u16); 3] = [(120, 40), (80, 24), (50, 18)];

/// What is measured is what is drawn: the same clusters take the same cells.
#[test]
fn widths_are_those_of_the_terminal_library() {
    let texts = [
        "plain",
        "Bela Novák",
        "日本語",
        "👨‍👩‍👧 👋🏽 🇵🇱",
        "किताब",
        "e\u{301}\u{302}",
        "שָׁלום",
        "ｶﾞ",
        "● ◐ ◔ ⊖ ○ ◌ ✎ ¶ ✓✓ ✗ ▌ ›",
    ];
    for text in texts {
        let mut buffer = Buffer::empty(ratatui::layout::Rect::new(0, 0, 60, 1));
        let (end, _) = buffer.set_stringn(0, 0, text, 60, ratatui::style::Style::new());
        assert_eq!(ui::text::width(text), end, "{text}");
        assert_eq!(ui::text::width(ui::text::take(text, end)), end, "{text}");
    }
}

fn draw(model: &Model, width: u16, height: u16) -> (Buffer, View, Option<(u16, u16)>) {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut view = View::new();
    terminal.draw(|frame| ui::draw(model, &mut view, frame)).unwrap();
    let at = terminal.get_cursor_position().unwrap();
    let shown = terminal.backend().cursor_visible().then_some((at.x, at.y));
    (terminal.backend().buffer().clone(), view, shown)
}

/// The screen as lines; the second cell of a wide cluster is not repeated.
fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut skip = 0;
        for x in 0..buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            if skip == 0 {
                line.push_str(symbol);
                skip = ui::text::width(symbol).max(1);
            }
            skip -= 1;
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// What a screen without colour has instead: for each cell `b`old, `d`im, `u`nderlined, `r`everse, or `R`everse and
/// bold. Nothing else may carry meaning there.
fn looks(buffer: &Buffer) -> String {
    let look = |x: u16, y: u16| {
        let cell = &buffer[(x, y)];
        assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "colour at {x},{y}");
        let has = |modifier| cell.modifier.contains(modifier);
        match (has(Modifier::REVERSED), has(Modifier::BOLD)) {
            (true, true) => 'R',
            (true, false) => 'r',
            _ if has(Modifier::UNDERLINED) => 'u',
            (false, true) => 'b',
            _ if has(Modifier::DIM) => 'd',
            _ => ' ',
        }
    };
    let row = |y| (0..buffer.area.width).map(|x| look(x, y)).collect::<String>();
    (0..buffer.area.height).flat_map(|y| ["|".to_owned(), row(y).trim_end().to_owned(), "\n".to_owned()]).collect()
}

fn screen(model: &Model, width: u16, height: u16) -> String {
    text(&draw(model, width, height).0)
}

/// The text without the hint bar: without colour it has one hint more, to swap dark and light.
fn above_hints(text: &str) -> &str {
    text.trim_end_matches('\n').rsplit_once('\n').map_or(text, |(above, _)| above)
}

fn snapshots(scenes: &[Scene], ascii_sizes: &[(u16, u16)]) {
    for (name, make) in scenes {
        for (width, height) in SIZES {
            let size = format!("{name}_{width}x{height}");
            let plain = screen(&make(unicode()), width, height);
            insta::assert_snapshot!(format!("{size}_unicode"), plain);
            if ascii_sizes.contains(&(width, height)) {
                insta::assert_snapshot!(format!("{size}_ascii"), screen(&make(ascii()), width, height));
            }
            // Without colour every word and sign is still there.
            let (bare, ..) = draw(&make(mono()), width, height);
            assert_eq!(above_hints(&text(&bare)), above_hints(&plain), "{size}");
            if (width, height) == (80, 24) {
                insta::assert_snapshot!(format!("{size}_mono"), format!("{}{}", text(&bare), looks(&bare)));
            }
        }
    }
}

#[test]
fn the_main_screen_in_every_look() {
    snapshots(&main_scenes(), &SIZES);
}

#[test]
fn overlays_in_every_look() {
    snapshots(&overlay_scenes(), &[(80, 24)]);
    snapshots(&account_scenes(), &[(80, 24)]);
}

#[test]
fn welcome_and_sign_in_in_every_look() {
    snapshots(&sign_in_scenes(), &[(80, 24)]);
    snapshots(&code_scenes(), &[(80, 24)]);
    snapshots(&page_scenes(), &[(80, 24)]);
    snapshots(&consent_scenes(), &[(80, 24)]);
}

#[test]
fn a_tiny_screen_counts_what_is_unread_and_warns() {
    assert_eq!(screen(&cast::evening(unicode()).model, 19, 3).lines().next(), Some("butty (2)"));
    assert_eq!(screen(&lost(unicode(), false), 12, 1), "butty (2) !\n");
}

#[test]
fn help_is_the_last_hint_to_go() {
    let model = cast::evening(unicode()).model;
    for width in 20..=200 {
        let shown = screen(&model, width, 30);
        let hints = shown.lines().last().unwrap();
        assert!(hints.ends_with("F1 help"), "{width}: {hints}");
    }
}

/// The cell of the first occurrence of `needle`, which must be ASCII or start a line of one-cell clusters.
fn find(buffer: &Buffer, needle: &str) -> (u16, u16) {
    for y in 0..buffer.area.height {
        let cells: Vec<&str> = (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect();
        let starts = |x: usize| cells[x..].concat().starts_with(needle);
        if let Some(x) = (0..cells.len()).find(|x| starts(*x)) {
            return (u16::try_from(x).unwrap(), y);
        }
    }
    panic!("{needle} is not on the screen");
}

#[test]
fn states_have_the_colours_of_the_table_and_no_cell_has_blue_or_bright_black() {
    let (buffer, ..) = draw(&cast::evening(unicode()).model, 120, 40);
    let colour = |needle: &str| buffer[find(&buffer, needle)].fg;
    assert_eq!(colour("● Bela Novák"), Color::Green);
    assert_eq!(colour("◐ Dad   "), Color::Yellow);
    assert_eq!(colour("⊖ Ned Nudge"), Color::Red);
    assert_eq!(colour("? carol"), Color::Cyan);
    assert!(buffer[find(&buffer, "○ Marta")].modifier.contains(Modifier::DIM));
    assert!(buffer[find(&buffer, "(2)    │")].modifier.contains(Modifier::BOLD));
    assert!(buffer[find(&buffer, "https://")].modifier.contains(Modifier::UNDERLINED));
    assert_eq!(colour("✗ not sent"), Color::Red);
    for cell in buffer.content() {
        assert!(!matches!(cell.fg, Color::Blue | Color::DarkGray | Color::Indexed(_) | Color::Rgb(..)));
        assert_eq!(cell.bg, Color::Reset, "the background is the terminal's");
    }
}

#[test]
fn without_colour_nothing_is_coloured_on_any_screen() {
    for (name, make) in every_scene() {
        let (buffer, ..) = draw(&make(mono()), 120, 40);
        let coloured = buffer.content().iter().any(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset);
        assert!(!coloured, "{name}");
    }
}

#[test]
fn ascii_draws_no_other_sign_of_its_own() {
    // What people wrote stays as it is; these screens hold no foreign text but names and one message.
    let all = [sign_in_scenes(), code_scenes(), page_scenes(), consent_scenes(), overlay_scenes(), account_scenes()];
    for (name, make) in all.into_iter().flatten() {
        for (width, height) in SIZES {
            let shown = screen(&make(ascii()), width, height);
            let foreign = ["á", "🎉", "אני לומד אקורדיון"];
            let own: String = shown.chars().filter(|c| !foreign.iter().any(|text| text.contains(*c))).collect();
            assert!(own.is_ascii(), "{name} {width}x{height}: {:?}", own.chars().find(|c| !c.is_ascii()));
        }
    }
}

#[test]
fn the_square_is_dark_on_light_in_colours_that_no_theme_changes() {
    let (buffer, ..) = draw(&cast::with_code(unicode(), None), 80, 24);
    let corner = &buffer[(2, 2)];
    assert_eq!((corner.fg, corner.bg), (Color::Indexed(16), Color::Indexed(231)));
    let (buffer, ..) = draw(&cast::with_code(mono(), None), 80, 24);
    assert!(buffer[(2, 2)].modifier.contains(Modifier::REVERSED));
}

/// The person's own picture in its place of six by three cells; initials where it is not given or cannot be drawn.
#[test]
fn row_002_08_the_own_picture_is_drawn_in_half_blocks_and_initials_stand_for_it() {
    let with_photo = |options: Options| {
        let mut model = cast::evening(options).model;
        model.accounts[0].photo = Picture::read(include_bytes!("../assets/demo/anna.png"));
        assert!(model.accounts[0].photo.is_some());
        model
    };
    let (buffer, ..) = draw(&with_photo(unicode()), 120, 40);
    for y in 0..3 {
        for x in 0..6 {
            let cell = &buffer[(x, y)];
            let coloured = |colour| matches!(colour, Color::Indexed(16..=231));
            assert!(cell.symbol() == "▀" && coloured(cell.fg) && coloured(cell.bg), "{x},{y}: {cell:?}");
        }
    }
    let colours: std::collections::BTreeSet<String> =
        (0..3).flat_map(|y| (0..6).map(move |x| (x, y))).map(|at| format!("{:?}", buffer[at].fg)).collect();
    assert!(colours.len() > 3, "it is a picture, not a patch: {colours:?}");
    assert!(text(&buffer).contains("Anna Kowalska"), "the name stands beside it");
    let far = Options { over_ssh: true, ..unicode() };
    for (options, initials) in [
        (mono(), "│ AK │"),
        (ascii(), "[AK]"),
        (far.clone(), "│ AK │"),
        (Options { pictures: Some(false), ..unicode() }, "│ AK │"),
    ] {
        assert!(screen(&with_photo(options), 120, 40).contains(initials), "{initials}");
    }
    let wanted = Options { pictures: Some(true), ..far };
    assert!(screen(&with_photo(wanted), 120, 40).starts_with("▀▀▀▀▀▀ Anna Kowalska"));
    assert!(screen(&cast::evening(unicode()).model, 120, 40).contains("│ AK │"), "no picture was given");
}

#[test]
fn the_real_cursor_stands_where_one_writes() {
    let cursor = |model: &Model| draw(model, 80, 24).2;
    let model = cast::evening(unicode()).model;
    assert_eq!(cursor(&model), Some((35, 20)), "behind `two lines`");
    assert_eq!(cursor(&keyed(unicode(), &["ctrl-k"], "be")), Some((14, 8)), "in the switcher's field");
    assert_eq!(cursor(&keyed(unicode(), &["f3"], "")), Some((0, 6)), "on the selected row");
    assert_eq!(cursor(&cast::with_code(unicode(), None)), None, "nothing to write");
}

#[test]
fn hebrew_in_the_box_is_ordered_and_the_cursor_stands_at_its_left() {
    let mut stage = cast::signed_in(unicode(), &["anna@demo.butty"]);
    stage.command("/msg bela@demo.butty");
    stage.type_text("שלום");
    let (buffer, _, cursor) = draw(&stage.model, 80, 24);
    let row: String = (76..80).map(|x| buffer[(x, 20)].symbol()).collect();
    assert_eq!(row, "םולש", "it begins at the right edge");
    assert_eq!(cursor, Some((75, 20)));
}

#[test]
fn a_request_shows_the_address_short_whatever_the_stranger_calls_themselves() {
    let mut stage = cast::signed_in(unicode(), &["anna@demo.butty"]);
    stage.session(butty::xmpp::Event::SubscriptionRequest {
        from: cast::key("dora").peer,
        nick: Some(Line::clean("Your Bank")),
        text: None,
    });
    let shown = screen(&stage.model, 80, 24);
    assert!(shown.lines().any(|line| line.starts_with("  ? dora  ")), "{shown}");
}

#[test]
fn an_address_in_the_bare_view_has_no_gap_in_it() {
    let mut stage = cast::evening(unicode());
    let address = "https://butty.example/a-long/way-to/go/with-many/places-to/break/a/row-at/and-nobody/wants-it";
    stage.hears("bela", address);
    stage.press("f9");
    let shown = screen(&stage.model, 50, 18);
    assert!(shown.replace('\n', "").contains(address), "{shown}");
}

#[test]
fn clicks_find_what_is_under_them() {
    let model = cast::evening(unicode()).model;
    let (_, view, _) = draw(&model, 120, 40);
    let at = |x, y| ui::hit(&model, &view, x, y);
    assert_eq!(at(3, 1), Target::OwnState);
    assert_eq!(at(5, 9), Target::ListRow(3), "Bela");
    assert_eq!(at(5, 10), Target::ListRow(3), "her second line");
    assert_eq!(at(5, 30), Target::List);
    assert_eq!(at(36, 0), Target::Tab(cast::key("bela")));
    assert_eq!(at(50, 0), Target::Tab(cast::key("dad")));
    let second = model.talks[&cast::key("bela")].messages[1].key;
    assert_eq!(at(40, 9), Target::Message(second));
    assert_eq!(at(40, 10), Target::Conversation, "a day rule is no message");
    assert_eq!(at(40, 36), Target::Composer { row: 1, column: 5 });
    assert_eq!(at(101, 39), Target::Commands);
    assert_eq!(at(60, 38), Target::Nothing);
    let model = keyed(unicode(), &["ctrl-k"], "be");
    let (_, view, _) = draw(&model, 80, 24);
    assert_eq!(ui::hit(&model, &view, 20, 9), Target::OverlayRow(0));
    assert_eq!(ui::hit(&model, &view, 2, 8), Target::Nothing, "an overlay covers what is under it");
    let welcome = Model::new(unicode(), Vec::new(), 7, cast::now()).0;
    let (_, view, _) = draw(&welcome, 80, 24);
    assert_eq!(ui::hit(&welcome, &view, 20, 7), Target::WelcomeRow(1));
}

/// A box that is higher than the screen says so, and its lines can be walked to the last one.
#[test]
fn a_box_that_does_not_fit_scrolls_to_its_end() {
    let scene = account_scenes().into_iter().find(|(name, _)| *name == "account").expect("the scene");
    let mut model = (scene.1)(unicode());
    let whole = screen(&model, 80, 40);
    let mut view = View::new();
    let mut look = |model: &mut Model| {
        let mut terminal = Terminal::new(TestBackend::new(20, 6)).unwrap();
        terminal.draw(|frame| ui::draw(model, &mut view, frame)).unwrap();
        model.update(cast::now(), butty::app::event::Event::Viewport(view.viewport()));
        text(terminal.backend().buffer())
    };
    let head = look(&mut model);
    assert!(head.contains('↓') && !head.contains('↑'), "{head}");
    insta::assert_snapshot!("account_20x6", head);
    let mut seen = head.clone();
    let press = |model: &mut Model, key: &str| {
        model.update(cast::now(), butty::app::event::Event::Key(butty::app::keymap::parse(key).unwrap()))
    };
    let mut before = String::new();
    let mut now = head.clone();
    while now != before {
        press(&mut model, "down");
        before = std::mem::replace(&mut now, look(&mut model));
        seen.push_str(&now);
    }
    assert!(now.contains('↑') && !now.contains('↓'), "{now}");
    insta::assert_snapshot!("account_20x6_end", now);
    let rows = whole.lines().skip_while(|row| !row.contains('┌')).skip(1).take_while(|row| !row.contains('└'));
    // The frame is 64 columns in the middle of 80.
    let inside: Vec<String> = rows.map(|row| row.chars().skip(9).take(62).collect()).collect();
    let words = inside.iter().flat_map(|row| row.split(' ')).filter(|word| !word.is_empty());
    let lost: Vec<&str> = words.filter(|word| word.chars().count() < 14 && !seen.contains(word)).collect();
    assert!(lost.is_empty(), "{lost:?} of\n{whole}\nin\n{seen}");
    press(&mut model, "up");
    assert_ne!(look(&mut model), now, "the way back begins at once");
    press(&mut model, "home");
    assert_eq!(look(&mut model), head);
}
