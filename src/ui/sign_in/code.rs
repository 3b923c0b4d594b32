//! The screen with the code: the square if it fits, and always the words.

use super::{numbered, theme};
use crate::app::event::{CodePrompt, Consent, Outlook};
use crate::app::model::{Model, SignInScreen};
use crate::app::words::screens;
use crate::types::Line as Clean;
use crate::ui::dialog::{self, Dialog, Line};
use crate::ui::facts;
use crate::ui::paint::Paint;
use crate::ui::square::Square;
use crate::ui::text::{self, Piece};
use crate::ui::theme::Role;
use ratatui::layout::Rect;
use std::time::Duration;

/// Columns that the words need beside the square.
const WORDS: u16 = 38;

/// Draws it.
pub fn draw(
    model: &Model,
    screen: &SignInScreen,
    prompt: &CodePrompt,
    trouble: Option<&Consent>,
    body: Rect,
    paint: &mut Paint<'_>,
) {
    let mut body = body;
    warning(screens::PHISHING, &mut body, paint);
    if let Some(trouble) = trouble {
        return waiting_box(model, prompt, trouble, body, paint);
    }
    let square = Square::of(prompt.complete.as_ref().unwrap_or(&prompt.address).as_str());
    if screen.big_square {
        return alone(model, screen, prompt, square.as_ref(), body, paint);
    }
    let beside = square.as_ref().and_then(|square| {
        let room = body.width.saturating_sub(WORDS + 2);
        // Beside the words the square has a quiet zone of two, as in the mock-up.
        let (wide, high) = square.size(2, paint.theme.ascii);
        (wide <= room && high <= body.height).then_some((square, wide, high))
    });
    let mut left = body.x + 3;
    if let Some((square, wide, high)) = beside {
        square.draw(Rect::new(body.x + 2, body.y, wide, high), 2, screen.invert, paint);
        left = body.x + wide + 6;
    }
    let words = lines(model, screen, prompt, beside.is_some(), body.right().saturating_sub(left));
    put_lines(words, left, body, paint);
}

/// The warning that never leaves the screen; takes its rows off the foot of the body.
pub(super) fn warning(words: &str, body: &mut Rect, paint: &mut Paint<'_>) {
    let said = paint.theme.say(words).into_owned();
    let rows = text::wrap(&said, &[], Role::Warn, body.width.saturating_sub(3));
    let count = u16::try_from(rows.len()).unwrap_or(1);
    let air = u16::from(body.height > 17);
    let y = body.bottom().saturating_sub(count + air);
    for (y, row) in (y..body.bottom()).zip(rows) {
        let mut x = body.x + 2;
        for piece in row.pieces {
            x = paint.put(x, y, body.right(), &piece.text, piece.role);
        }
    }
    body.height = body.height.saturating_sub(count + air);
}

/// The words, with air between them.
fn lines(model: &Model, screen: &SignInScreen, prompt: &CodePrompt, square: bool, columns: u16) -> Vec<Vec<Piece>> {
    let mut lines = Vec::new();
    let first = if prompt.local_only {
        screens::OPEN_HERE
    } else if square {
        screens::SCAN_OR_OPEN
    } else {
        screens::OPEN_ANYWHERE
    };
    for (at, words) in first.iter().enumerate() {
        lines.push(numbered(if at == 0 { "1" } else { "" }, words));
    }
    lines.push(Vec::new());
    for row in text::wrap(prompt.address.as_str(), &[], Role::Link, columns.saturating_sub(6)) {
        lines.push(std::iter::once(Piece::new("     ", Role::Text)).chain(row.pieces).collect());
    }
    lines.push(Vec::new());
    lines.push(numbered("2", screens::TYPE_CODE));
    lines.push(Vec::new());
    let spaced = spaced(prompt.code.as_str());
    let code = if text::width(&spaced) + 8 <= columns { spaced } else { prompt.code.to_string() };
    lines.push(vec![Piece::new("       ", Role::Text), Piece::new(code, Role::Title)]);
    lines.push(Vec::new());
    let scopes = scope_lines(&prompt.scopes, screen.raw_scopes, false);
    for (at, words) in screens::CHECK_PAGE.iter().enumerate().take(if scopes.is_empty() { 1 } else { 2 }) {
        lines.push(numbered(if at == 0 { "3" } else { "" }, words));
    }
    lines.extend(scopes.into_iter().map(|words| scope_line(&words, prompt.outlook)));
    if let Some(words) = screens::outlook(prompt.outlook) {
        let rows = text::wrap(words, &[], Role::Warn, columns.saturating_sub(3));
        lines.extend(rows.into_iter().map(|row| [vec![Piece::new("   ", Role::Text)], row.pieces].concat()));
    }
    lines.push(Vec::new());
    lines.push(vec![Piece::new(screens::waiting(&facts::left(left(model, prompt))), Role::Dim)]);
    lines
}

/// A thing that is asked for. Staying signed in can be left out, where it is of use.
fn scope_line(words: &str, outlook: Outlook) -> Vec<Piece> {
    let mut line = vec![Piece::new(format!("     · {words}"), Role::Text)];
    if words == screens::STAY && outlook == Outlook::Lasting {
        line.push(Piece::new(format!("  {}", screens::LEAVES_OUT), Role::Hint));
    }
    line
}

/// The key for the other purpose, where there is a choice.
pub(super) fn other_purpose(screen: &SignInScreen, outlook: Outlook) -> Option<&'static str> {
    let other = Model::other_purpose(screen, outlook)?;
    Some(if other.stays() { screens::ASK_MORE } else { screens::ASK_LESS })
}

fn left(model: &Model, prompt: &CodePrompt) -> Duration {
    prompt.expires.since(model.now.wall)
}

/// Puts the lines down; where they do not fit, without the air, and the first ones last to go.
fn put_lines(lines: Vec<Vec<Piece>>, x: u16, body: Rect, paint: &mut Paint<'_>) {
    let fits = lines.len() < usize::from(body.height);
    let kept: Vec<_> = lines.into_iter().filter(|line| fits || !line.is_empty()).collect();
    let y = body.y + u16::from(fits);
    for (y, line) in (y..body.bottom()).zip(kept) {
        let mut x = x;
        for piece in line {
            x = paint.put_fit(x, y, body.right(), &piece.text, piece.role);
        }
    }
}

/// `W D J B - M J H T`.
pub fn spaced(code: &str) -> String {
    let letters: Vec<String> = code.chars().filter(|c| !c.is_whitespace()).map(String::from).collect();
    letters.join(" ")
}

/// What is asked for, or was granted: sentences, or the raw names.
pub fn scope_lines(scopes: &[Clean], raw: bool, granted: bool) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for scope in scopes {
        let line = if raw { scope.to_string() } else { screens::scope(scope.as_str(), granted) };
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

/// The service cannot be reached, or asked for a slower pace. The code stays in sight: somebody may be typing it.
fn waiting_box(model: &Model, prompt: &CodePrompt, trouble: &Consent, body: Rect, paint: &mut Paint<'_>) {
    let left = facts::left(left(model, prompt));
    let width = dialog::WIDE.min(body.width);
    let mut dialog = Dialog { title: screens::WAITING_TITLE.into(), width, ..Dialog::default() };
    let ascii = theme(model).ascii;
    match trouble {
        Consent::Unreachable { host, retry_in } => {
            dialog.say(&screens::cannot_reach(host.as_str()), Role::Warn, ascii);
            dialog.say(&screens::trying_again(retry_in.as_secs(), &left), Role::Text, ascii);
            dialog.say(screens::GO_ON, Role::Text, ascii);
            dialog.blank();
            dialog.lines.push(Line::new(screens::UNREACHABLE_KEYS, Role::Hint));
        }
        Consent::SlowerPace { every } => {
            dialog.say(&screens::asked_to_slow(prompt.service.as_str()), Role::Text, ascii);
            dialog.say(&screens::now_every(every.as_secs()), Role::Text, ascii);
            dialog.blank();
            dialog.say(&format!("  {}", screens::waiting(&left)), Role::Dim, ascii);
        }
        other => dialog.say(&screens::working(other), Role::Text, ascii),
    }
    let wanted = u16::try_from(dialog.lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let beside = body.height > wanted + 4;
    let box_area = Rect { height: if beside { wanted + 2 } else { body.height.saturating_sub(2) }, ..body };
    dialog::show(&dialog, box_area, paint);
    let code = spaced(prompt.code.as_str());
    for (y, (label, words)) in (box_area.bottom()..body.bottom())
        .zip([(screens::PAGE_LABEL, prompt.address.as_str()), (screens::CODE_LABEL, code.as_str())])
    {
        let x = paint.put(body.x + 3, y, body.right(), label, Role::Dim);
        paint.put_fit(x + 2, y, body.right(), words, Role::Title);
    }
}

/// The square alone, as large as its quiet zone may be, with the code under it.
fn alone(
    model: &Model,
    screen: &SignInScreen,
    prompt: &CodePrompt,
    square: Option<&Square>,
    body: Rect,
    paint: &mut Paint<'_>,
) {
    let ascii = theme(model).ascii;
    let room = body.height.saturating_sub(1);
    let fitting = square.and_then(|s| s.quiet_zone(body.width, room, ascii).map(|quiet| (s, quiet)));
    let Some((square, quiet)) = fitting else {
        let (wide, high) = square.map_or((0, 0), |square| square.size(2, ascii));
        let words = if wide == 0 { screens::NO_SQUARE.to_owned() } else { screens::square_needs(wide, high + 6) };
        let y = super::say(&[(words, Role::Text)], body, paint);
        if y < body.bottom() {
            paint.put_fit(body.x + 3, y, body.right(), &spaced(prompt.code.as_str()), Role::Title);
        }
        return;
    };
    let (wide, high) = square.size(quiet, ascii);
    let x = body.x + (body.width - wide) / 2;
    square.draw(Rect::new(x, body.y, wide, high), quiet, screen.invert, paint);
    let code = spaced(prompt.code.as_str());
    let x = body.x + body.width.saturating_sub(text::width(&code)) / 2;
    paint.put(x, body.y + high, body.right(), &code, Role::Title);
}

/// Keys of this screen. The browser is offered only where one could open; `i` where colour is missing.
pub fn hints(model: &Model, screen: &SignInScreen, outlook: Outlook) -> String {
    let mut hints = Vec::new();
    if model.options.demo {
        hints.push(screens::DEMO_ANSWER);
    }
    if screen.big_square {
        // The way back, and what helps a camera: the last ones are cut where there is little room.
        hints.extend([screens::SMALLER_SQUARE, screens::SWAP_SQUARE]);
    }
    if model.options.can_open_browser && !model.options.over_ssh {
        hints.push(screens::OPEN_BROWSER);
    }
    hints.extend([screens::COPY_CODE, screens::COPY_ADDRESS]);
    if !screen.big_square {
        hints.extend(model.options.mono.then_some(screens::SWAP_SQUARE));
        hints.push(screens::BIGGER_SQUARE);
    }
    hints.extend(other_purpose(screen, outlook));
    hints.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_002_05_a_scope_that_others_will_see_is_warned_of_before_and_after() {
        let asked = ["WL_Activities.Update", "wl.messenger"].map(Clean::clean);
        for granted in [false, true] {
            let lines = scope_lines(&asked, false, granted);
            assert!(lines[0].contains("others will see it"), "{lines:?}");
            assert_eq!(lines[1], "chat as you");
        }
        assert_eq!(scope_lines(&asked, true, false), ["WL_Activities.Update", "wl.messenger"]);
    }
}
