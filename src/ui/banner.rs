//! One row, or two, for what concerns the whole account: the highest priority only.

use super::paint::Paint;
use super::text;
use super::theme::{Role, Theme};
use crate::app::model::Model;
use ratatui::layout::Rect;

/// Most rows that it takes.
const MOST: usize = 2;
/// Most of what can be done that it tells beside keys.
const MOST_FACTS: usize = 3;

/// Rows that it takes at this width: none without a banner, two at most.
pub fn rows_wanted(model: &Model, columns: u16) -> u16 {
    let lines = lines(model, columns).len();
    u16::try_from(lines).unwrap_or(0)
}

/// Draws it.
pub fn draw(model: &Model, rect: Rect, paint: &mut Paint<'_>) {
    let role = if is_good(model) { Role::Ok } else { Role::Warn };
    for (y, line) in (rect.top()..rect.bottom()).zip(lines(model, rect.width)) {
        paint.put_fit(rect.x + 1, y, rect.right(), &line, role);
    }
}

fn lines(model: &Model, columns: u16) -> Vec<String> {
    // A key is never cut for the sake of a fact.
    let tries = (0..=MOST_FACTS).rev().map(|facts| wrapped(model, columns, facts));
    let lines = tries.reduce(|lines, shorter| if lines.len() > MOST { shorter } else { lines }).unwrap_or_default();
    match lines.as_slice() {
        [first, second, _, ..] => vec![first.clone(), format!("{second}…")],
        _ => lines,
    }
}

fn wrapped(model: &Model, columns: u16, facts: usize) -> Vec<String> {
    let Some(text) = super::facts::banner(model, facts) else { return Vec::new() };
    // A key stays together with what it does.
    let said = Theme::new(&model.options).say(&text).replace("F5 now", "F5\u{a0}now");
    let rows = text::wrap(&said, &[], Role::Text, columns.saturating_sub(2).max(1));
    let text_of = |row: text::Row| row.pieces.into_iter().map(|piece| piece.text.replace('\u{a0}', " ")).collect();
    rows.into_iter().map(text_of).collect()
}

fn is_good(model: &Model) -> bool {
    super::facts::banner(model, 0).is_some_and(|text| text.starts_with('✓'))
}
