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

use butty::app::Model;
use butty::app::event::{Consent, Event, Keep, LinkFact, Target};
use butty::app::model::*;
use butty::types::*;
use butty::ui::{self, View};
use butty::xmpp::Content;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};
use std::time::Duration;

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

fn screen(model: &Model, width: u16, height: u16) -> String {
    text(&draw(model, width, height).0)
}

fn unicode() -> Options {
    Options { can_open_browser: true, ..Options::default() }
}

fn ascii() -> Options {
    Options { ascii: true, ..unicode() }
}

fn mono() -> Options {
    Options { mono: true, ..unicode() }
}

fn domain() -> Domain {
    Domain::parse("example.org").unwrap()
}

fn keyed(options: Options, keys: &[&str], typed: &str) -> Model {
    let mut stage = cast::evening(options);
    for key in keys {
        stage.press(key);
    }
    stage.type_text(typed);
    stage.model
}

fn over(options: Options, overlay: Overlay) -> Model {
    let mut model = cast::evening(options).model;
    model.overlays.push(overlay);
    model
}

fn lost(options: Options, waiting: bool) -> Model {
    let mut stage = cast::evening(options);
    if !waiting {
        // Nothing is left to send.
        let pending: Vec<MessageKey> = stage.model.accounts[0].outbox.iter().copied().collect();
        for key in pending {
            stage.session(butty::xmpp::Event::Acknowledged(key));
        }
    }
    let host = Line::clean("demo.butty");
    let problem = Some(Problem::ClosedByServer { host, reason: None });
    stage.link(LinkFact::Down { problem, retry_in: Some(Duration::from_secs(12)) });
    stage.later(Duration::from_secs(4));
    stage.model
}

fn back(options: Options) -> Model {
    let mut model = lost(options, false);
    let back =
        Back { after: Duration::from_secs(80), sent: 2, received: 5, until: model.now.mono + Duration::from_secs(4) };
    model.accounts[0].link = butty::app::event::LinkState::Online;
    model.accounts[0].back = Some(back);
    model
}

/// What is only told in words: an encrypted message, a deed, a correction, a long line of code.
fn odd_messages(options: Options) -> Model {
    let mut stage = cast::signed_in(options, &["anna@demo.butty"]);
    stage.command("/msg bela@demo.butty");
    stage.hears("bela", "/me waves");
    stage.hears("bela", "*strong* words, see https://a.example/x.");
    let name = Line::clean("OMEMO");
    stage.hears_content("bela", Content::Encrypted { name });
    let code =
        "fn main() { println!(\"a long line of code that is cut at the edge and never wrapped, whatever comes\"); }";
    stage.hears("bela", &format!("```\n{code}\n```"));
    stage.hears("bela", "日本語の文 👨‍👩‍👧 (שלום) é");
    stage.model
}

fn failed(problem: Problem) -> impl Fn(Options) -> Model {
    move |options| cast::signing_in(options, SignInWay::Code, SignInStep::Failed(problem.clone()))
}

fn step(way: SignInWay, step: SignInStep) -> impl Fn(Options) -> Model {
    move |options| cast::signing_in(options, way, step.clone())
}

type Scene = (&'static str, Box<dyn Fn(Options) -> Model>);

fn scene(name: &'static str, make: impl Fn(Options) -> Model + 'static) -> Scene {
    (name, Box::new(make))
}

fn main_scenes() -> Vec<Scene> {
    vec![
        scene("main", |options| cast::evening(options).model),
        scene("list", |options| keyed(options, &["f3"], "")),
        scene("find", |options| keyed(options, &["f3"], "be")),
        scene("selected", |options| keyed(options, &["ctrl-up", "ctrl-up"], "")),
        scene("nobody_open", |options| cast::signed_in(options, &["anna@demo.butty"]).model),
        scene("odd_messages", odd_messages),
        scene("two_accounts", |options| {
            cast::with_talk(cast::signed_in(options, &["anna@demo.butty", "anna@work.example"])).model
        }),
        scene("hidden", |options| {
            let mut stage = cast::evening(options);
            stage.command("/invisible");
            stage.model
        }),
        scene("lost", |options| lost(options, false)),
        scene("lost_waiting", |options| lost(options, true)),
        scene("back", back),
        scene("connecting", |options| cast::Stage::new(options, vec![cast::setup("anna@demo.butty", "")]).model),
    ]
}

fn overlay_scenes() -> Vec<Scene> {
    let account = cast::id;
    vec![
        scene("go_to", |options| keyed(options, &["ctrl-k"], "be")),
        scene("go_to_empty", |options| keyed(options, &["ctrl-k"], "")),
        scene("palette", |options| keyed(options, &["ctrl-p"], "st")),
        scene("help", |options| keyed(options, &["f1"], "")),
        scene("help_filtered", |options| keyed(options, &["f1"], "find")),
        scene("status", |options| keyed(options, &["alt-s"], "")),
        scene("status_message", |options| keyed(options, &["alt-m"], "")),
        scene("request", |options| {
            over(options, Overlay::Request { account: cast::id(), from: cast::key("carol").peer })
        }),
        scene("card", |options| keyed(options, &["f4"], "")),
        scene("sign_out", move |options| {
            let account = account();
            over(options, Overlay::SignOut { account, forget: true, kept: Some(214), pending: 1 })
        }),
        scene("paste", |options| {
            let mut stage = cast::evening(options);
            stage.press("ctrl-c");
            stage.feed(Event::Paste(format!("def main():\n    print(\"hello\")\n{}main()", "x = 1\n".repeat(31))));
            stage.press("enter");
            stage.model
        }),
        scene("quit", |options| over(options, Overlay::Quit { pending: 1 })),
        scene("trouble", |options| over(options, Overlay::Trouble(Problem::AccountInUse))),
        scene("plain_reply", |options| over(options, Overlay::PlainReply)),
        scene("add", |options| {
            let complaint = Some(Problem::UnknownBuddy { who: Line::clean("x") });
            let address = butty::app::composer::Composer::with_text("bela@example.org");
            over(options, Overlay::Add { account: cast::id(), address, complaint })
        }),
    ]
}

fn sign_in_scenes() -> Vec<Scene> {
    let host = || Line::clean("id.example.org");
    let scopes = || cast::prompt().scopes;
    let code = Line::clean("WDJB-MJHT");
    vec![
        scene("welcome", |options| Model::new(options, Vec::new(), 7, cast::now()).0),
        scene("where", step(SignInWay::Code, SignInStep::Where)),
        scene("where_password", step(SignInWay::Password, SignInStep::Where)),
        scene("where_messenger", step(SignInWay::Messenger, SignInStep::Where)),
        scene("ask_keep", step(SignInWay::Code, SignInStep::AskKeep)),
        scene("working", step(SignInWay::Code, SignInStep::Working(Consent::AskingForCode { host: host() }))),
        scene("code", |options| cast::with_code(options, None)),
        scene("code_unreachable", move |options| {
            let retry_in = Duration::from_secs(8);
            cast::with_code(options, Some(Consent::Unreachable { host: host(), retry_in }))
        }),
        scene("code_slower", |options| {
            cast::with_code(options, Some(Consent::SlowerPace { every: Duration::from_secs(10) }))
        }),
        scene("opening", step(SignInWay::Code, SignInStep::Opening)),
        scene("review", move |options| {
            let mut model = cast::signing_in(options, SignInWay::Code, SignInStep::Review { scopes: scopes() });
            model.accounts[0].keep = Some(Keep::File);
            model
        }),
        scene("refused", failed(Problem::SignInDenied { domain: domain() })),
        scene("weaker", |options| {
            let (was, now) = (Line::clean("SCRAM-SHA-256-PLUS"), Line::clean("PLAIN"));
            let problem = Problem::WeakerSignIn { domain: domain(), was, now };
            step(SignInWay::Password, SignInStep::Failed(problem))(options)
        }),
        scene("expired", failed(Problem::CodeExpired { code, lifetime: Duration::from_secs(900) })),
    ]
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
            // Without colour every word and sign is still there: the same text, so no file of its own.
            assert_eq!(above_hints(&screen(&make(mono()), width, height)), above_hints(&plain), "{size}");
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
}

#[test]
fn welcome_and_sign_in_in_every_look() {
    snapshots(&sign_in_scenes(), &[(80, 24)]);
}

fn every_scene() -> Vec<Scene> {
    let mut all = main_scenes();
    all.extend(overlay_scenes());
    all.extend(sign_in_scenes());
    all
}

/// For three scenes every width and height up to 40, and steps up to 200x60; for every other one the sizes around
/// which layouts change.
fn sizes(name: &str) -> Vec<(u16, u16)> {
    let full = matches!(name, "main" | "lost_waiting" | "code");
    let (widths, heights): (Vec<u16>, Vec<u16>) = if full {
        ((1..=40).chain((41..=200).step_by(17)).chain([200]).collect(), (1..=40).chain([47, 60]).collect())
    } else {
        (
            vec![1, 3, 7, 19, 20, 21, 26, 33, 50, 63, 64, 99, 100, 200],
            vec![1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 17, 27, 28, 60],
        )
    };
    widths.iter().flat_map(|width| heights.iter().map(|height| (*width, *height))).collect()
}

#[test]
fn every_size_is_drawn_without_panic_and_within_the_screen() {
    for (name, make) in every_scene() {
        let model = make(unicode());
        let mut view = View::new();
        for (width, height) in sizes(name) {
            let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
            terminal.draw(|frame| ui::draw(&model, &mut view, frame)).unwrap();
            let viewport = view.viewport();
            assert_eq!((viewport.width, viewport.height), (width, height), "{name}");
            let shown = terminal.backend().buffer();
            if width < 20 || height < 6 {
                let line: String = (0..width).map(|x| shown[(x, 0)].symbol()).collect();
                assert!(line.starts_with(&"butty"[..usize::from(width.min(5))]), "{name} {width}x{height}: {line}");
            } else {
                let blank = shown.content().iter().all(|cell| cell.symbol() == " ");
                assert!(!blank, "{name} {width}x{height} shows nothing");
            }
            for (x, y) in [(0, 0), (width - 1, height - 1), (width / 2, height / 2)] {
                ui::hit(&model, &view, x, y);
            }
        }
    }
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
    for (name, make) in sign_in_scenes().into_iter().chain(overlay_scenes()) {
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
