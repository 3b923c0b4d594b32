//! The buddy list: own card, groups, buddies. Draws only the rows that show.

pub mod memory;

use super::conversation::{photo, picture};
use super::facts;
use super::layout::{Kind, Panes};
use super::paint::Paint;
use super::theme::{Role, Sign};
use super::view::View;
use crate::app::Show;
use crate::app::list::{BuddyRow, GroupKind, Row};
use crate::app::model::{Account, Focus, Model};
use crate::app::words::screens as words;
use ratatui::layout::Rect;

/// Columns of a name in the one-pane layout; a longer one pushes what follows.
const NAME_NARROW: u16 = 10;

/// Draws the list's column.
pub fn draw(model: &Model, view: &mut View, panes: &Panes, paint: &mut Paint<'_>) {
    paint.divider(panes.divider);
    paint.rule(panes.list_rule, "", "", Role::Rule);
    card(model, panes, paint);
    find(model, panes, paint);
    rows(model, view, panes, paint);
}

fn card(model: &Model, panes: &Panes, paint: &mut Paint<'_>) {
    let rect = panes.card;
    let Some(account) = facts::main_account(model).filter(|_| rect.height > 0) else { return };
    let name = facts::own_name(account);
    let (sign, state) = facts::own_sign(account);
    let personal = account.appearance.status.as_deref().filter(|text| !text.is_empty()).map(words::quoted);
    let choice = format!("{state} ▾");
    match panes.kind {
        Kind::Wide => {
            match account.photo.as_ref().filter(|_| model.options.shows_pictures()) {
                Some(own) => photo(rect.x, rect.y, rect.right(), own, paint),
                None => picture(rect.x, rect.y, rect.right(), &name, paint),
            }
            let x = rect.x + 7;
            paint.put_fit(x, rect.y, rect.right().saturating_sub(1), &name, Role::Title);
            let after = paint.put(x, rect.y + 1, rect.right(), paint.theme.sign(sign), Role::Presence(sign));
            paint.put_fit(after + 1, rect.y + 1, rect.right().saturating_sub(1), &choice, Role::Text);
            let personal = personal.unwrap_or_default();
            paint.put_fit(x, rect.y + 2, rect.right().saturating_sub(1), &personal, Role::Dim);
        }
        Kind::Standard => {
            let edge = rect.right().saturating_sub(1);
            let limit = paint.put_right(edge, rect.y, &choice, Role::Text).saturating_sub(1);
            let x = paint.put(rect.x, rect.y, limit, paint.theme.sign(sign), Role::Presence(sign));
            paint.put_fit(x + 1, rect.y, limit, super::text::first_word(&name), Role::Title);
            paint.put_fit(rect.x, rect.y + 1, edge, &personal.unwrap_or_default(), Role::Dim);
        }
        Kind::Narrow | Kind::Tiny => {
            // Who has something unread is told by the rows below.
            let clock = crate::app::words::clock(model.now.wall, &model.options);
            let limit = paint.put_right(rect.right().saturating_sub(1), rect.y, &clock, Role::Text).saturating_sub(1);
            let x = paint.put(rect.x, rect.y, limit, paint.theme.sign(sign), Role::Presence(sign));
            let x = paint.put_fit(x + 1, rect.y, limit, super::text::first_word(&name), Role::Title);
            paint.put_fit(x, rect.y, limit, &format!(" · {choice}"), Role::Text);
        }
    }
}

/// The box row: what is typed to find a buddy. Where it has no row of its own it covers the rule while in use.
fn find(model: &Model, panes: &Panes, paint: &mut Paint<'_>) {
    let rect = panes.find;
    if rect.height == 0 {
        return;
    }
    let edge = rect.right().saturating_sub(if panes.kind == Kind::Wide { 2 } else { 1 });
    let x = rect.x + 1;
    if !model.list.filter.is_empty() {
        paint.clear(rect);
        let x = paint.put(x, rect.y, edge, words::FIND_LABEL, Role::Dim);
        let x = paint.put_fit(x + 1, rect.y, edge, &model.list.filter, Role::Text);
        if model.focus != Focus::Messages && model.overlays.is_empty() {
            paint.place_cursor(x, rect.y);
        }
    } else if panes.kind == Kind::Wide {
        paint.put(x, rect.y, edge, words::FIND_A_BUDDY, Role::Dim);
        paint.put_right(edge, rect.y, &super::status::key(model, "go-to"), Role::Dim);
    }
}

fn rows(model: &Model, view: &mut View, panes: &Panes, paint: &mut Paint<'_>) {
    let rect = panes.list;
    if rect.height == 0 {
        return;
    }
    let mut memory = std::mem::take(&mut view.list_memory);
    draw_rows(model, memory.rows(model), view, panes, paint);
    view.list_memory = memory;
}

fn draw_rows(model: &Model, rows: &[Row], view: &mut View, panes: &Panes, paint: &mut Paint<'_>) {
    let rect = panes.list;
    // Without a talk there is no box to write in: the keys are the list's.
    let focused = model.focus == Focus::List || (model.focus == Focus::Composer && model.open.is_none());
    let top = first_row(model, rows, rect.height, panes.kind, focused);
    let mut y = rect.y;
    let mut drawn = 0_u16;
    for (index, row) in rows.iter().enumerate().skip(top) {
        let height = height_of(row, panes.kind, model);
        if y + height > rect.bottom() && (y >= rect.bottom() || drawn > 0) {
            break;
        }
        let at = Rect::new(rect.x, y, rect.width, height.min(rect.bottom() - y));
        let selected = focused && index == model.list.selected;
        draw_row(model, row, at, panes.kind, selected, paint);
        for line in at.top()..at.bottom() {
            view.list_hits.push((line, index));
        }
        y += at.height;
        drawn += 1;
    }
    if top + usize::from(drawn) < rows.len() || top > 0 {
        view.set_list_rows(drawn.max(1));
    }
    if rows.is_empty() && model.list.filter.is_empty() {
        empty(model, rect, paint);
    }
}

/// Nobody is on the list yet, or the filter finds nobody.
fn empty(model: &Model, rect: Rect, paint: &mut Paint<'_>) {
    let known = model.accounts.iter().any(|account| account.roster_known);
    if known {
        for (y, line) in (rect.top()..rect.bottom()).zip(words::NO_BUDDIES) {
            paint.put_fit(rect.x + 1, y, rect.right(), line, Role::Dim);
        }
    }
}

/// The first row to draw: where the list stands, moved as far as the selected row needs.
fn first_row(model: &Model, rows: &[Row], height: u16, kind: Kind, focused: bool) -> usize {
    let mut top = model.list.top.min(rows.len().saturating_sub(1));
    if !focused {
        return top;
    }
    let selected = model.list.selected.min(rows.len().saturating_sub(1));
    if selected < top {
        return selected;
    }
    let mut used: u16 = 0;
    for at in (top..=selected).rev() {
        used = used.saturating_add(rows.get(at).map_or(1, |row| height_of(row, kind, model)));
        if used > height {
            top = (at + 1).min(selected);
            break;
        }
    }
    top
}

fn height_of(row: &Row, kind: Kind, model: &Model) -> u16 {
    match row {
        Row::Buddy(buddy) if kind == Kind::Wide => 1 + u16::from(second_line(buddy, model).is_some()),
        _ => 1,
    }
}

/// What stands under, or behind, the name of somebody who is online.
fn second_line(buddy: &BuddyRow, model: &Model) -> Option<String> {
    match buddy.show {
        _ if buddy.waiting => Some(words::WAITING.to_owned()),
        None | Some(Show::Offline) => None,
        show => facts::detail(show, buddy.status.as_ref(), buddy.since, model),
    }
}

fn draw_row(model: &Model, row: &Row, at: Rect, kind: Kind, selected: bool, paint: &mut Paint<'_>) {
    // The mock-ups keep four columns at the right in *wide*, one elsewhere.
    let edge = at.right().saturating_sub(if kind == Kind::Wide { 4 } else { 1 });
    match row {
        Row::Account { account, online, folded, .. } => {
            let sign = if *online { Sign::Available } else { Sign::Offline };
            let x = paint.put(at.x, at.y, edge, fold(*folded), Role::Dim);
            let x = paint.put_fit(x + 1, at.y, edge.saturating_sub(2), account.as_str(), Role::Title);
            paint.put(x + 1, at.y, edge, paint.theme.sign(sign), Role::Presence(sign));
        }
        Row::Group { name, kind, online, total, folded, unread, .. } => {
            let limit = match unread {
                0 => edge,
                // Unfolded, the buddies carry their own.
                _ if !folded => edge,
                unread => paint.put_right(edge, at.y, &format!("({unread})"), Role::Unread).saturating_sub(1),
            };
            let count = match kind {
                GroupKind::Requests | GroupKind::Offline => format!("({total})"),
                GroupKind::Named | GroupKind::Ungrouped => format!("({online}/{total})"),
            };
            let x = paint.put(at.x, at.y, limit, fold(*folded), Role::Dim);
            let room = limit.saturating_sub(paint.width(&count) + 1);
            let x = paint.put_fit(x + 1, at.y, room, name, Role::Title);
            paint.put(x + 1, at.y, limit, &count, Role::Dim);
        }
        Row::Request { account, from, name } => {
            // What strangers call themselves proves nothing, and both do not fit: the address counts, unless it is
            // opaque. The question shows it whole.
            let opaque = facts::account(model, account).is_some_and(|account| account.features.messenger);
            let short = kind == Kind::Standard && !opaque;
            let name = if short { from.local().unwrap_or(from.as_str()) } else { name };
            let sign = Sign::Request;
            let x = paint.put(at.x + 2, at.y, edge, paint.theme.sign(sign), Role::Presence(sign));
            paint.put_fit(x + 1, at.y, edge, name, Role::Text);
        }
        Row::Buddy(buddy) => draw_buddy(model, buddy, at, edge, kind, paint),
    }
    if selected {
        select(row, at, paint);
    }
}

fn fold(folded: bool) -> &'static str {
    if folded { "▸" } else { "▾" }
}

/// The selected row: reverse, `▸` where no sign of folding stands, and the real cursor.
fn select(row: &Row, at: Rect, paint: &mut Paint<'_>) {
    paint.highlight(Rect { height: 1, ..at }, Role::Selection);
    if matches!(row, Row::Request { .. } | Row::Buddy(_)) {
        paint.put(at.x, at.y, at.right(), "▸", Role::Accent);
    }
    if paint.cursor.is_none() {
        paint.place_cursor(at.x, at.y);
    }
}

fn draw_buddy(model: &Model, buddy: &BuddyRow, at: Rect, edge: u16, kind: Kind, paint: &mut Paint<'_>) {
    let sign = if buddy.waiting { Sign::Request } else { Sign::of(buddy.show) };
    // The open talk is in sight: neither its draft nor its count needs a mark.
    let open = model.open.as_ref() == Some(&buddy.key);
    let marks = marks(buddy, open);
    let limit =
        if marks.is_empty() { edge } else { paint.put_right(edge, at.y, &marks, Role::Unread).saturating_sub(1) };
    let role = match buddy.show {
        _ if buddy.unread > 0 => Role::Unread,
        None | Some(Show::Offline) => Role::Dim,
        Some(_) => Role::Text,
    };
    let online = facts::account(model, &buddy.key.account).is_some_and(Account::online);
    let look = if online { Role::Presence(sign) } else { Role::Stale(sign) };
    let x = paint.put(at.x + 2, at.y, limit, paint.theme.sign(sign), look);
    let end = paint.put_fit(x + 1, at.y, limit, &buddy.name, role);
    let Some(detail) = second_line(buddy, model) else { return };
    match kind {
        Kind::Wide if at.height > 1 => {
            paint.put_fit(at.x + 4, at.y + 1, edge, &detail, Role::Dim);
        }
        Kind::Narrow => {
            let start = end.max(x + 1 + NAME_NARROW) + 2;
            if start + 4 < limit {
                paint.put_fit(start, at.y, limit, &detail, Role::Dim);
            }
        }
        _ => {}
    }
}

/// `✎` types, `(2)` unread, `¶` a draft waits.
fn marks(buddy: &BuddyRow, open: bool) -> String {
    let mut marks = Vec::new();
    if buddy.draft && !open {
        marks.push("¶".to_owned());
    }
    if buddy.typing {
        marks.push("✎".to_owned());
    }
    if buddy.unread > 0 {
        marks.push(format!("({})", buddy.unread));
    }
    marks.join(" ")
}
