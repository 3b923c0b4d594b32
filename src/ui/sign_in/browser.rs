//! The screen with the page's address, for a sign-in in a browser, and the field for its answer.

use super::{code, field, numbered};
use crate::app::event::{BrowserPrompt, Outlook, PasteFault};
use crate::app::model::{Model, SignInScreen};
use crate::app::words::screens;
use crate::ui::facts;
use crate::ui::paint::Paint;
use crate::ui::text::{self, Piece};
use crate::ui::theme::Role;
use ratatui::layout::Rect;

/// Columns before the words.
const MARGIN: u16 = 3;

/// Draws it. The address gets the rows that all other words leave; `u` copies it whole.
pub fn draw(
    model: &Model,
    screen: &SignInScreen,
    prompt: &BrowserPrompt,
    fault: Option<PasteFault>,
    body: Rect,
    paint: &mut Paint<'_>,
) {
    let mut body = body;
    code::warning(screens::PHISHING_PAGE_SCREEN, &mut body, paint);
    let columns = body.width.saturating_sub(2 * MARGIN).min(96);
    let before = before(model, screen, prompt, columns, paint);
    let (mut steps, foot) = after(model, prompt, fault, columns, paint);
    let field_rows = 1;
    let taken = |steps: &[Vec<Vec<Piece>>]| before.len() + steps.concat().len() + foot.len() + field_rows;
    // Who has pasted something has read the steps: what is wrong with it comes first.
    while fault.is_some() && !steps.is_empty() && taken(&steps) >= usize::from(body.height) {
        steps.pop();
    }
    let others = taken(&steps);
    let steps = steps.concat();
    let address = address(prompt, columns, usize::from(body.height).saturating_sub(others).max(1));
    let airy = others + address.len() < usize::from(body.height);
    let mut y = body.y + u16::from(airy);
    for line in before.into_iter().chain(address).chain(steps) {
        y = put(line, y, body, paint);
    }
    y = field((screens::ANSWER, ""), &screen.pasted, false, screen.field == 1, (body, y), paint);
    for line in foot {
        y = put(line, y, body, paint);
    }
}

fn put(line: Vec<Piece>, y: u16, body: Rect, paint: &mut Paint<'_>) -> u16 {
    if y < body.bottom() {
        let mut x = body.x + MARGIN;
        for piece in line {
            x = paint.put_fit(x, y, body.right(), &piece.text, piece.role);
        }
    }
    y + 1
}

/// A numbered step, wrapped.
fn step(number: &str, words: &str, columns: u16, paint: &Paint<'_>) -> Vec<Vec<Piece>> {
    let said = paint.theme.say(words).into_owned();
    let rows = text::wrap(&said, &[], Role::Text, columns.saturating_sub(3));
    let line = |(at, row): (usize, text::Row)| {
        let words: String = row.pieces.iter().map(|piece| piece.text.as_str()).collect();
        numbered(if at == 0 { number } else { "" }, &words)
    };
    rows.into_iter().enumerate().map(line).collect()
}

fn before(
    model: &Model,
    screen: &SignInScreen,
    prompt: &BrowserPrompt,
    columns: u16,
    paint: &Paint<'_>,
) -> Vec<Vec<Piece>> {
    let mut lines = Vec::new();
    if let Some(to) = screen.stepped_down {
        lines.extend(step("", &screens::stepping_down(prompt.service.as_str(), to), columns, paint));
    }
    lines.extend(step("1", screens::open_page(can_open(model)), columns, paint));
    lines
}

/// The steps behind the address, each with its rows, and what stands below the field.
fn after(
    model: &Model,
    prompt: &BrowserPrompt,
    fault: Option<PasteFault>,
    columns: u16,
    paint: &Paint<'_>,
) -> (Vec<Vec<Vec<Piece>>>, Vec<Vec<Piece>>) {
    let asks = code::scope_lines(&prompt.scopes, false, false).join(", ");
    let mut check = step("2", &screens::check_page_of(prompt.host.as_str(), &asks), columns, paint);
    if let Some(words) = screens::outlook(prompt.outlook) {
        check.extend(step("", words, columns, paint));
    }
    let here = prompt.listening && !model.options.over_ssh;
    let steps = vec![check, step("3", screens::agree_there(here), columns, paint)];
    let mut foot = Vec::new();
    if let Some(fault) = fault {
        let said = format!("✗ {}", paint.theme.say(screens::paste_fault(fault)));
        foot.extend(text::wrap(&said, &[], Role::Error, columns).into_iter().map(|row| row.pieces));
    }
    let left = facts::left(prompt.expires.since(model.now.wall));
    foot.push(vec![Piece::new(screens::waiting(&left), Role::Dim)]);
    (steps, foot)
}

/// The address in at most so many rows.
fn address(prompt: &BrowserPrompt, columns: u16, most: usize) -> Vec<Vec<Piece>> {
    let wide = usize::from(columns.saturating_sub(3).max(8));
    let letters: Vec<char> = prompt.address.chars().collect();
    let mut rows: Vec<String> = letters.chunks(wide).map(|row| row.iter().collect()).collect();
    if rows.len() > most {
        rows.truncate(most);
        if let Some(last) = rows.last_mut() {
            last.pop();
            last.push('…');
        }
    }
    rows.into_iter().map(|row| vec![Piece::new("   ", Role::Text), Piece::new(row, Role::Link)]).collect()
}

fn can_open(model: &Model) -> bool {
    model.options.can_open_browser && !model.options.over_ssh
}

/// Keys of this screen.
pub fn hints(model: &Model, screen: &SignInScreen, outlook: Outlook) -> String {
    if screen.field == 1 {
        return screens::ANSWER_HINTS.to_owned();
    }
    let mut hints = Vec::new();
    if model.options.demo {
        hints.push(screens::DEMO_ANSWER);
    }
    if can_open(model) {
        hints.push(screens::OPEN_BROWSER);
    }
    hints.extend([screens::COPY_ADDRESS, screens::PASTE_ANSWER]);
    hints.extend(code::other_purpose(screen, outlook));
    hints.join(" · ")
}
