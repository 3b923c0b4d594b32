//! Every pane and screen as text, drawn from a live model; and every size without a panic.

#![allow(missing_docs, clippy::wildcard_imports, clippy::unwrap_used, clippy::expect_used, reason = "a test may stop")]

#[path = "panes/cast.rs"]
mod cast;

use butty::app::Model;
use butty::app::model::Options;
use butty::ui::{self, View};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

fn draw(model: &Model, width: u16, height: u16) -> (Buffer, View, Option<(u16, u16)>) {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut view = View::new();
    let mut cursor = None;
    terminal.draw(|frame| ui::draw(model, &mut view, frame)).unwrap();
    if let Ok(at) = terminal.get_cursor_position() {
        cursor = Some((at.x, at.y));
    }
    (terminal.backend().buffer().clone(), view, cursor)
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

#[test]
fn show() {
    for (width, height) in [(120, 40), (80, 24), (50, 18)] {
        let model = cast::evening(Options::default());
        println!("{}", text(&draw(&model, width, height).0));
    }
}

#[test]
fn show2() {
    use butty::app::event::Consent;
    use butty::app::model::*;
    use butty::types::*;
    let domain = || Domain::parse("example.org").unwrap();
    let host = || Line::clean("id.example.org");
    let step = |step| cast::signing_in(Options::default(), SignInWay::Code, step);
    let mut models = vec![
        Model::new(Options::default(), Vec::new(), 7, cast::now()).0,
        cast::with_code(Options { can_open_browser: true, ..Options::default() }, None),
        cast::with_code(
            Options::default(),
            Some(Consent::Unreachable { host: host(), retry_in: std::time::Duration::from_secs(8) }),
        ),
        cast::with_code(Options::default(), Some(Consent::SlowerPace { every: std::time::Duration::from_secs(10) })),
        step(SignInStep::Where),
        cast::signing_in(Options::default(), SignInWay::Password, SignInStep::Where),
        cast::signing_in(Options::default(), SignInWay::Messenger, SignInStep::Where),
        step(SignInStep::AskKeep),
        step(SignInStep::Working(Consent::AskingForCode { host: host() })),
        step(SignInStep::Opening),
        step(SignInStep::Review { scopes: cast::prompt().scopes }),
        step(SignInStep::Failed(Problem::SignInDenied { domain: domain() })),
        step(SignInStep::Failed(Problem::CodeExpired {
            code: Line::clean("WDJB-MJHT"),
            lifetime: std::time::Duration::from_secs(900),
        })),
    ];
    for model in &mut models {
        for (w, h) in [(80, 24), (50, 18)] {
            println!("{}", text(&draw(model, w, h).0));
        }
    }
}
