//! The box where one writes, and the rule that says to whom.

use super::conversation::margin;
use super::layout::{Kind, Panes};
use super::paint::Paint;
use super::text;
use super::theme::Role;
use super::view::View;
use super::{facts, status};
use crate::app::Show;
use crate::app::composer::Layout;
use crate::app::event::LinkState;
use crate::app::model::{Conversation, Focus, Model};
use crate::app::words::screens as words;
use std::ops::Range;

/// The text of the open talk as rows of so many columns; made once a frame, it may be long.
pub fn layout(model: &Model, columns: u16) -> Option<Layout> {
    let talk = model.open.as_ref().and_then(|key| model.talks.get(key))?;
    Some(talk.composer.layout(columns))
}

/// Draws the rule and the text, and puts the cursor where it belongs.
pub fn draw(model: &Model, view: &mut View, panes: &Panes, (layout, columns): (&Layout, u16), paint: &mut Paint<'_>) {
    let Some(talk) = model.open.as_ref().and_then(|key| model.talks.get(key)) else { return };
    rule(model, talk, panes, paint);
    rows(model, talk, view, panes, (layout, columns), paint);
}

/// Draws the text alone.
pub fn draw_text(model: &Model, view: &mut View, panes: &Panes, text: (&Layout, u16), paint: &mut Paint<'_>) {
    if let Some(talk) = model.open.as_ref().and_then(|key| model.talks.get(key)) {
        rows(model, talk, view, panes, text, paint);
    }
}

fn rows(
    model: &Model,
    talk: &Conversation,
    view: &mut View,
    panes: &Panes,
    (layout, columns): (&Layout, u16),
    paint: &mut Paint<'_>,
) {
    let height = usize::from(panes.composer.height);
    let last_top = layout.lines.len().saturating_sub(height);
    let top = view.composer_top.clamp((layout.row + 1).saturating_sub(height), layout.row).min(last_top);
    view.composer_top = top;
    let x = panes.composer.x + margin(panes.kind);
    let cursor = talk.composer.cursor();
    let rows = layout.lines.iter().enumerate().skip(top);
    for (y, (at, line)) in (panes.composer.y..panes.composer.bottom()).zip(rows) {
        let row = if line.folded {
            folded(talk.composer.text(), line.start..line.end, cursor, paint.theme.ascii)
        } else {
            visual(talk.composer.text(), line.start..line.end, cursor, columns)
        };
        let role = if line.folded { Role::Strong } else { Role::Text };
        paint.raw(x + row.left, y, panes.composer.right(), &row.shown, paint.theme.style(role));
        if at == layout.row && model.focus == Focus::Composer {
            paint.place_cursor(x + row.cursor.min(columns.saturating_sub(1)), y);
        }
    }
}

/// A row of the text as it is shown.
struct VisualRow {
    shown: String,
    /// Columns before it: a paragraph that runs from right to left begins at the right edge.
    left: u16,
    /// Column of the cell where the cursor stands, if it stands in this row.
    cursor: u16,
}

/// A folded paste: what is in it stands in the box, only its size is shown.
fn folded(all: &str, row: Range<usize>, cursor: usize, ascii: bool) -> VisualRow {
    let shown = words::folded(all.get(row.clone()).unwrap_or(""), ascii);
    let cursor = if cursor > row.start { text::width(&shown) } else { 0 };
    VisualRow { shown, left: 0, cursor }
}

/// A row in visual order.
fn visual(all: &str, row: Range<usize>, cursor: usize, columns: u16) -> VisualRow {
    let line = all.get(row.clone()).unwrap_or("");
    // The paragraph decides the direction, the row is a part of it.
    let start = all.get(..row.start).and_then(|head| head.rfind('\n')).map_or(0, |at| at + 1);
    let end = all.get(row.end..).and_then(|tail| tail.find('\n')).map_or(all.len(), |at| row.end + at);
    let Some(order) = text::bidi::Order::of(all.get(start..end).unwrap_or("")) else {
        let before = all.get(row.start..cursor).unwrap_or("");
        return VisualRow { shown: line.to_owned(), left: 0, cursor: text::width(before) };
    };
    let (mut shown, mut column) = (String::with_capacity(line.len()), None);
    order.visual(row.start - start..row.end - start, |at, cluster| {
        if start + at == cursor {
            column = Some(text::width(&shown));
        }
        shown.push_str(cluster);
    });
    let width = text::width(&shown);
    let left = if order.is_rtl() { columns.saturating_sub(width) } else { 0 };
    // Behind the last letter is its left in such a paragraph, its right else.
    let behind = if order.is_rtl() { left.saturating_sub(1) } else { width };
    VisualRow { shown, left, cursor: column.map_or(behind, |column| left + column) }
}

fn rule(model: &Model, talk: &Conversation, panes: &Panes, paint: &mut Paint<'_>) {
    let rect = panes.composer_rule;
    let name = facts::name(model, &talk.key);
    let sign = facts::sign(model, &talk.key);
    let to = words::to(paint.fit(text::first_word(&name), rect.width.saturating_sub(12)).as_str());
    let label = format!("{to} {}{}", paint.theme.sign(sign), suffix(model, talk));
    let right = match panes.kind {
        Kind::Wide => words::edit_elsewhere(&status::key(model, "editor")),
        // The header is folded into the rule.
        Kind::Narrow if panes.header.height == 0 => status::corner_words(model),
        _ => String::new(),
    };
    paint.rule(rect, &label, &right, Role::Title);
    let x = rect.x + 3 + paint.width(&to) + 1;
    if x < rect.right() {
        paint.put(x, rect.y, rect.right(), paint.theme.sign(sign), Role::Presence(sign));
    }
}

/// Through which account, where there are several; and that we appear offline, where we do.
fn suffix(model: &Model, talk: &Conversation) -> String {
    let mut suffix = String::new();
    if model.accounts.len() > 1 {
        suffix.push_str(&words::as_account(talk.key.account.as_str()));
    }
    let hidden = facts::account(model, &talk.key.account)
        .is_some_and(|account| account.link == LinkState::Online && account.appearance.show == Show::Offline);
    if hidden {
        suffix.push_str(words::YOU_APPEAR_OFFLINE);
    }
    suffix
}
