//! The code, or the page's address, on the command line.

use super::super::Desk;
use crate::app::event::{BrowserPrompt, CodePrompt, Outlook};
use crate::app::words::{self, screens};
use crate::cli::Record;
use crate::term;
use crate::types::Line;
use std::io::IsTerminal;
use std::time::Duration;

/// The code. `data`: it is the answer, not talk.
pub(super) fn code(desk: &Desk, prompt: &CodePrompt, data: bool) {
    if desk.voice.json || data {
        let record = Record::new("code")
            .column("address", prompt.address.as_str())
            .column("code", prompt.code.as_str())
            .field("complete", prompt.complete.as_ref().map(|text| text.as_str().to_owned()))
            .field("expires_in", prompt.lifetime.as_secs())
            .field("lasting", prompt.outlook == Outlook::Lasting);
        drop(desk.voice.answer(&record));
        return;
    }
    desk.voice.say(&format!(
        "Open   {}   on any device\nType   {}\n{}",
        prompt.address,
        prompt.code,
        asks_for(&prompt.scopes, prompt.outlook)
    ));
    if let Some((columns, rows)) = Some(()).filter(|()| std::io::stderr().is_terminal()).and_then(|()| term::size()) {
        let target = prompt.complete.as_ref().unwrap_or(&prompt.address);
        let painted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        if let Some(square) = square(target.as_str(), columns, rows, painted) {
            desk.voice.show(&square);
        }
    }
    waiting(desk, screens::CODE_IS_GOOD, prompt.lifetime);
    desk.voice.say("Somebody sent you this code? Stop: only you should ask for it.");
}

/// Rows that the words above and below a square take, and the one where the cursor rests.
const WORDS: usize = 7;

/// A square, if a terminal of this size shows it together with the words; nothing may scroll away. Dark on light, where
/// it may be painted, whatever the theme is.
fn square(target: &str, columns: u16, rows: u16, painted: bool) -> Option<String> {
    const QUIET: usize = 2;
    let code = qrcode::QrCode::with_error_correction_level(target, qrcode::EcLevel::L).ok()?;
    let drawn = code.render::<qrcode::render::unicode::Dense1x2>().quiet_zone(false).build();
    let width = code.width() + 2 * QUIET;
    let blank = " ".repeat(width);
    let inner = drawn.lines().map(|line| format!("{0}{line}{0}", " ".repeat(QUIET)));
    let lines: Vec<String> = std::iter::once(blank.clone()).chain(inner).chain([blank]).collect();
    if lines.len() + WORDS > usize::from(rows) || width > usize::from(columns) {
        return None;
    }
    let paint = |line: String| if painted { format!("\x1b[38;5;16;48;5;231m{line}\x1b[0m") } else { line };
    Some(lines.into_iter().map(paint).collect::<Vec<_>>().join("\n"))
}

/// The address to open. `data`: it is the answer, not talk.
pub(super) fn page(desk: &Desk, prompt: &BrowserPrompt, data: bool) {
    if desk.voice.json || data {
        let record = Record::new("page")
            .column("address", &prompt.address)
            .field("listening", prompt.listening)
            .field("expires_in", prompt.lifetime.as_secs())
            .field("lasting", prompt.outlook == Outlook::Lasting);
        drop(desk.voice.answer(&record));
        return;
    }
    desk.voice.say(&format!("Open\n\n{}\n\n{}", prompt.address, asks_for(&prompt.scopes, prompt.outlook)));
    desk.voice.say(if prompt.listening { screens::COMES_BACK_OR_PASTE } else { screens::PASTE_HERE });
    waiting(desk, screens::PAGE_IS_GOOD, prompt.lifetime);
    desk.voice.say(screens::PHISHING_PAGE);
}

/// What is asked for, and, where the sign-in will not last, that: it must be known before anybody agrees.
fn asks_for(scopes: &[Line], outlook: Outlook) -> String {
    let asks: Vec<String> = scopes.iter().map(|scope| screens::scope(scope.as_str(), true)).collect();
    let warning = screens::outlook(outlook).map(|words| format!("\n{words}")).unwrap_or_default();
    format!("Asks for: {}{warning}", asks.join(", "))
}

fn waiting(desk: &Desk, what: &str, lifetime: Duration) {
    desk.voice.say(&format!("Waiting … {what} {}. Ctrl+C cancels.", words::duration(lifetime)));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The address of the mock-up (ux 1.3).
    const ADDRESS: &str = "https://id.example.org/device?user_code=WDJB-MJHT";

    #[test]
    fn a_square_is_shown_where_the_words_stay_on_the_screen() {
        let square = |columns, rows| super::square(ADDRESS, columns, rows, false);
        let drawn = square(80, 24).unwrap();
        assert!(drawn.lines().count() + WORDS <= 24, "{}", drawn.lines().count());
        assert!(drawn.lines().all(|line| line.chars().count() == 33), "33 columns with their quiet zone");
        assert_eq!(square(80, 22), None, "too low: the words alone");
        assert_eq!(square(32, 24), None, "too narrow");
        assert_eq!(super::square(&format!("{ADDRESS}{}", "x".repeat(60)), 80, 24, false), None);
        assert!(super::square(ADDRESS, 80, 24, true).unwrap().starts_with("\u{1b}[38;5;16;48;5;231m "));
    }
}
