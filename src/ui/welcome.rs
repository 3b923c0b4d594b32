//! The welcome screen: four ways to begin.

use super::facts;
use super::paint::Paint;
use super::sign_in;
use super::theme::Role;
use super::view::View;
use crate::app::model::{Model, Welcome};
use crate::app::words::screens as words;
use ratatui::layout::Rect;
use std::time::Duration;

/// Columns for which the screen is laid out; wider ones leave air on both sides.
const COLUMNS: u16 = 80;
/// From here on the description stands beside its title.
const BESIDE: u16 = 72;
/// A row highlighted for so long names its command.
const SETTLED: Duration = Duration::from_secs(2);

/// Draws it.
pub fn draw(model: &Model, welcome: &Welcome, view: &mut View, area: Rect, paint: &mut Paint<'_>) {
    let body = sign_in::bottom(model, &hints(model, welcome), words::WELCOME_KEYS, area, view, paint);
    let left = area.x + area.width.saturating_sub(COLUMNS) / 2;
    let mut y = body.y;
    if body.height >= 14 {
        for (row, line) in (body.y + 1..).zip([words::NAME, words::TAGLINE]) {
            paint.put(area.x + area.width.saturating_sub(paint.width(line)) / 2, row, area.right(), line, Role::Title);
        }
        y = body.y + 4;
    }
    let beside = area.width >= BESIDE;
    // Lines of description for each, with a blank row between: as many as the window holds.
    let rows = body.bottom().saturating_sub(y);
    let says = match (beside, rows) {
        (true, 11..) | (false, 13..) => 2,
        (true, 7..) | (false, 11..) => 1,
        _ => 0,
    };
    let airy = says > 0;
    for (at, choice) in words::WELCOME.iter().enumerate() {
        let selected = at == welcome.selected;
        if y >= body.bottom() {
            return;
        }
        let (marker, role) = if selected { ("▸", Role::Accent) } else { (" ", Role::Text) };
        let x = left + if beside { 3 } else { 1 };
        paint.put(x, y, area.right(), marker, role);
        let title = if selected { Role::Title } else { Role::Text };
        paint.put_fit(x + 2, y, area.right(), &format!("{}  {}", at + 1, choice.title), title);
        if selected {
            paint.place_cursor(x, y);
        }
        let from = y;
        y = describe(choice, beside, says, (x, y), body, paint);
        view.welcome_hits.extend((from..y.min(body.bottom())).map(|row| (row, at)));
        y += u16::from(airy);
    }
    let foot = body.y + 19;
    if y < body.bottom() && area.height >= 16 {
        let foot = if foot < body.bottom() { foot.max(y) } else { body.bottom() - 1 };
        match facts::banner(model, 1) {
            // Such as a config file that is broken: here is no other place for it.
            Some(trouble) => paint.put_fit(left + 3, foot, area.right(), &trouble, Role::Warn),
            None => paint.put_fit(left + 3, foot, area.right(), words::NEW_HERE, Role::Dim),
        };
    }
}

/// The description, beside the title or under it; returns the row below.
fn describe(
    choice: &words::Choice,
    beside: bool,
    says: usize,
    (x, y): (u16, u16),
    body: Rect,
    paint: &mut Paint<'_>,
) -> u16 {
    let first = if beside { y } else { y + 1 };
    let left = if beside { x + 30 } else { x + 5 };
    let lines = choice.says.iter().filter(|line| !line.is_empty()).take(if beside { says.max(1) } else { says });
    let mut row = first;
    for line in lines {
        if row < body.bottom() {
            paint.put_fit(left, row, body.right(), line, Role::Dim);
        }
        row += 1;
    }
    row.max(y + 1)
}

fn hints(model: &Model, welcome: &Welcome) -> String {
    let settled = model.now.mono.saturating_sub(welcome.since) >= SETTLED;
    match words::WELCOME.get(welcome.selected) {
        Some(choice) if settled => words::same_as(choice.command),
        _ => words::WELCOME_HINTS.to_owned(),
    }
}
