//! The talk: tabs, header, messages, who is typing.

pub mod rows;
pub mod walk;

use self::rows::{Row, RowKind, text_columns};
use self::walk::{Shown, Walk};
use super::facts;
use super::layout::{Kind, Panes};
use super::paint::Paint;
use super::text;
use super::theme::Role;
use super::view::View;
use crate::app::model::{Conversation, ConversationKey, Focus, Model};
use crate::app::words::screens as words;
use crate::types::Picture;
use ratatui::layout::Rect;

/// Draws everything of the talk's pane but the composer.
pub fn draw(model: &Model, view: &mut View, panes: &Panes, paint: &mut Paint<'_>) {
    if panes.kind == Kind::Wide {
        tabs(model, view, panes.tabs, paint);
    }
    paint.rule(panes.header_rule, "", "", Role::Rule);
    let Some(talk) = model.open.as_ref().and_then(|key| model.talks.get(key)) else {
        nobody(panes, paint);
        return;
    };
    header(model, &talk.key, panes, paint);
    messages(model, view, talk, panes, paint);
    if facts::is_typing(model, &talk.key) {
        let name = facts::name(model, &talk.key);
        let x = panes.typing.x + margin(panes.kind);
        paint_typing(panes, paint, x, &words::is_typing(text::first_word(&name)));
    }
}

fn paint_typing(panes: &Panes, paint: &mut Paint<'_>, x: u16, words: &str) {
    if panes.typing.height > 0 {
        paint.put_fit(x, panes.typing.y, panes.typing.right().saturating_sub(1), words, Role::Dim);
    }
}

/// Blank columns at the left of the pane.
pub fn margin(kind: Kind) -> u16 {
    u16::from(kind != Kind::Narrow)
}

/// No talk is open: where to begin.
fn nobody(panes: &Panes, paint: &mut Paint<'_>) {
    let pane = panes.messages;
    for (row, line) in words::NOBODY_OPEN.iter().enumerate() {
        let y = pane.y + pane.height / 3 + u16::try_from(row).unwrap_or(0);
        let x = pane.x + pane.width.saturating_sub(paint.width(line)) / 2;
        if y < pane.bottom() {
            paint.put_fit(x, y, pane.right(), line, Role::Dim);
        }
    }
}

fn tabs(model: &Model, view: &mut View, strip: Rect, paint: &mut Paint<'_>) {
    let limit = strip.right().saturating_sub(1);
    let mut x = strip.x + 1;
    let start = first_tab(model, strip, paint);
    for (at, key) in model.tabs.iter().enumerate().skip(start) {
        let label = tab_label(model, key, at, paint);
        let hidden = model.tabs.len() - at - 1;
        let more = if hidden == 0 { 0 } else { paint.width(&words::more_tabs(hidden)) + 3 };
        if x + paint.width(&label) + more > limit && at > start {
            paint.put_right(limit, strip.y, &words::more_tabs(model.tabs.len() - at), Role::Dim);
            return;
        }
        let open = model.open.as_ref() == Some(key);
        let unread = model.talks.get(key).is_some_and(|talk| talk.unread > 0);
        let role = if open || unread { Role::Unread } else { Role::Text };
        let end = paint.put_fit(x, strip.y, limit, &label, role);
        if open {
            paint.highlight(Rect::new(x, strip.y, end - x, 1), Role::Link);
        }
        view.tab_hits.push((strip.y, x..end, key.clone()));
        x = end + 3;
    }
}

/// The first tab of the strip, such that the open one shows.
fn first_tab(model: &Model, strip: Rect, paint: &Paint<'_>) -> usize {
    let Some(open) = model.tabs.iter().position(|key| model.open.as_ref() == Some(key)) else { return 0 };
    let room = strip.width.saturating_sub(10);
    let mut start = open;
    let mut used = model.tabs.get(open).map_or(0, |key| paint.width(&tab_label(model, key, open, paint)));
    while let Some(before) = start.checked_sub(1) {
        let Some(key) = model.tabs.get(before) else { break };
        used += paint.width(&tab_label(model, key, before, paint)) + 3;
        if used > room {
            break;
        }
        start = before;
    }
    start
}

/// `1 Bela ●✎`, `3 Dad ◐ (2)`.
fn tab_label(model: &Model, key: &ConversationKey, at: usize, paint: &Paint<'_>) -> String {
    let name = facts::name(model, key);
    let sign = paint.theme.sign(facts::sign(model, key));
    let typing = if facts::is_typing(model, key) { "✎" } else { "" };
    let unread = model.talks.get(key).map_or(0, |talk| talk.unread);
    let count = if unread > 0 && model.open.as_ref() != Some(key) { format!(" ({unread})") } else { String::new() };
    format!("{} {} {sign}{typing}{count}", at + 1, paint.fit(text::first_word(&name), 16))
}

fn header(model: &Model, key: &ConversationKey, panes: &Panes, paint: &mut Paint<'_>) {
    let rect = panes.header;
    match panes.kind {
        _ if rect.height == 0 => {}
        Kind::Wide => wide_header(model, key, rect, paint),
        Kind::Standard => standard_header(model, key, rect, paint),
        Kind::Narrow | Kind::Tiny => narrow_header(model, key, rect, paint),
    }
}

fn wide_header(model: &Model, key: &ConversationKey, rect: Rect, paint: &mut Paint<'_>) {
    let (name, sign) = (facts::name(model, key), facts::sign(model, key));
    picture(rect.x + 1, rect.y, rect.right(), &name, paint);
    let edge = rect.right().saturating_sub(1);
    let messenger = facts::account(model, &key.account).is_some_and(|account| account.features.messenger);
    let address = if messenger { "" } else { key.peer.as_str() };
    let limit = paint.put_right(edge, rect.y, &paint.fit(address, rect.width / 3), Role::Dim).saturating_sub(2);
    let x = paint.put_fit(rect.x + 9, rect.y, limit, &name, Role::Title);
    let x = paint.put(x + 1, rect.y, limit, paint.theme.sign(sign), Role::Presence(sign));
    paint.put_fit(x + 1, rect.y, limit, sign.word(), Role::Text);
    let limit = paint.put_right(edge, rect.y + 1, words::CARD_HINT, Role::Dim).saturating_sub(2);
    let (status, since) = (facts::status(model, key), facts::since(model, key));
    if let Some(detail) = facts::detail(facts::show(model, key), status, since, model) {
        paint.put_fit(rect.x + 9, rect.y + 1, limit, &detail, Role::Dim);
    }
}

/// Columns and rows of a picture's place.
const PLACE: (u16, u16) = (6, 3);

/// A display picture in a place of 6x3: two points a cell, one above the other.
pub fn photo(x: u16, y: u16, limit: u16, photo: &Picture, paint: &mut Paint<'_>) {
    let (columns, rows) = PLACE;
    let points = photo.points(usize::from(columns), usize::from(2 * rows));
    let mut lines = points.chunks(usize::from(columns));
    for y in y..y + rows {
        let (Some(above), Some(below)) = (lines.next(), lines.next()) else { return };
        for ((x, upper), lower) in (x..).zip(above).zip(below) {
            paint.raw(x, y, limit, "▀", paint.theme.points(*upper, *lower));
        }
    }
}

/// Initials in a frame of 6x3, where there is no picture.
pub fn picture(x: u16, y: u16, limit: u16, name: &str, paint: &mut Paint<'_>) {
    let letters = text::initials(name);
    if paint.theme.ascii {
        paint.put(x, y, limit, &format!("[{letters:^2}]"), Role::Title);
        return;
    }
    paint.put(x, y, limit, "┌────┐", Role::Rule);
    paint.put(x, y + 1, limit, "│", Role::Rule);
    let pad = u16::from(text::width(&letters) < 2);
    paint.put(x + 2 + pad, y + 1, limit, &letters, Role::Title);
    paint.put(x + 5, y + 1, limit, "│", Role::Rule);
    paint.put(x, y + 2, limit, "└────┘", Role::Rule);
}

fn standard_header(model: &Model, key: &ConversationKey, rect: Rect, paint: &mut Paint<'_>) {
    let (name, sign) = (facts::name(model, key), facts::sign(model, key));
    let edge = rect.right().saturating_sub(1);
    let tab = model.tabs.iter().position(|tab| tab == key);
    let place = tab.map_or(String::new(), |at| format!("{}/{}", at + 1, model.tabs.len()));
    let limit = paint.put_right(edge, rect.y, &place, Role::Dim).saturating_sub(1);
    let x = paint.put_fit(rect.x + 1, rect.y, limit.saturating_sub(2), &name, Role::Title);
    let x = paint.put(x + 1, rect.y, limit, paint.theme.sign(sign), Role::Presence(sign));
    let (status, since) = (facts::status(model, key), facts::since(model, key));
    let detail = facts::detail(facts::show(model, key), status, since, model);
    paint.put_fit(x + 1, rect.y, limit, detail.as_deref().unwrap_or(sign.word()), Role::Dim);
}

fn narrow_header(model: &Model, key: &ConversationKey, rect: Rect, paint: &mut Paint<'_>) {
    let (name, sign) = (facts::name(model, key), facts::sign(model, key));
    let limit = super::status::corner(model, rect, paint).saturating_sub(1);
    let x = paint.put(rect.x, rect.y, limit, words::BACK_TO_LIST, Role::Dim);
    let x = paint.put_fit(x + 2, rect.y, limit.saturating_sub(2), &name, Role::Title);
    paint.put(x + 1, rect.y, limit, paint.theme.sign(sign), Role::Presence(sign));
}

fn messages(model: &Model, view: &mut View, talk: &Conversation, panes: &Panes, paint: &mut Paint<'_>) {
    let pane = panes.messages;
    let margin = margin(panes.kind);
    // Text never runs wider than the option says; what stands at the right edge stays near it.
    let inside = (pane.width.saturating_sub(margin + 1)).min(model.options.max_text_width.max(20).saturating_add(5));
    let reveal = view.selection_moved(talk);
    let window = Walk::new(model, talk, view.wrapped_for(&talk.key), inside).window(usize::from(pane.height), reveal);
    view.settle(talk, window.scroll, window.at_top);
    let mut y = pane.y;
    for shown in &window.shown {
        for row in shown.rows.get(shown.from..shown.to).unwrap_or(&[]) {
            if y >= pane.bottom() {
                return;
            }
            message_row(row, shown, Rect::new(pane.x, y, pane.width, 1), margin, inside, paint);
            if !matches!(row.kind, RowKind::Rule(_)) {
                view.message_hits.push((y, shown.key));
            }
            let chosen = shown.selected && model.focus == Focus::Messages;
            if row.kind == RowKind::Text && chosen && paint.cursor.is_none() {
                paint.place_cursor(pane.x, y);
            }
            y += 1;
        }
    }
}

fn message_row(row: &Row, shown: &Shown, at: Rect, margin: u16, inside: u16, paint: &mut Paint<'_>) {
    if let RowKind::Rule(label) = &row.kind {
        paint.rule(at, label, "", Role::Dim);
        return;
    }
    let left = at.x + margin;
    let edge = left + inside;
    let start = if row.rtl {
        (left + row.indent + text_columns(inside)).saturating_sub(row.width).max(left + row.indent)
    } else {
        left + row.indent
    };
    let mut x = start;
    for piece in &row.pieces {
        x = paint.raw(x, at.y, at.right(), &piece.text, paint.theme.style(piece.role));
    }
    if let Some(right) = &row.right {
        paint.put_right(edge, at.y, &right.text, right.role);
    }
    if shown.selected && row.kind == RowKind::Text {
        paint.highlight(Rect::new(left, at.y, inside, 1), Role::Selection);
        let bar = if margin > 0 || row.indent > 0 { at.x } else { return };
        paint.put(bar, at.y, at.right(), "▌", Role::Accent);
    }
}
