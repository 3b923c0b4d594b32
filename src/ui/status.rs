//! The bars at the foot: how we stand, and what the keys do.

use super::conversation::margin;
use super::facts;
use super::layout::{Kind, Panes};
use super::paint::Paint;
use super::text;
use super::theme::Role;
use super::view::View;
use crate::app::model::{Focus, Model};
use crate::app::ops::Ending;
use crate::app::words::screens as words;
use ratatui::layout::Rect;

/// Something in the hint bar: the action, and what it does in more and in fewer words.
struct Hint {
    key: String,
    long: &'static str,
    short: &'static str,
}

/// The label of an action's key.
pub fn key(model: &Model, id: &str) -> String {
    crate::app::keymap::label_of(&model.options, id)
}

/// Draws the status bar.
pub fn draw(model: &Model, rect: Rect, kind: Kind, paint: &mut Paint<'_>) {
    if rect.height == 0 {
        return;
    }
    let edge = rect.right().saturating_sub(1);
    let elsewhere = facts::elsewhere(model);
    let clock = crate::app::words::clock(model.now.wall, &model.options);
    let right = match (elsewhere, kind) {
        (0, _) => clock,
        (count, Kind::Wide) => format!("{}: {} · {clock}", words::elsewhere(count), words::chats(count)),
        (count, _) => format!("{} · {clock}", words::elsewhere(count)),
    };
    let role = if elsewhere > 0 { Role::Unread } else { Role::Text };
    let limit = paint.put_right(edge, rect.y, &right, role).saturating_sub(2);
    let x = rect.x + 1;
    if let Some(toast) = model.toast.as_ref().filter(|toast| toast.until > model.now.mono) {
        paint.put_fit(x, rect.y, limit, &toast.text, Role::Title);
        return;
    }
    let Some(account) = facts::main_account(model) else { return };
    let (sign, state) = facts::own_sign(account);
    let x = paint.put(x, rect.y, limit, paint.theme.sign(sign), Role::Presence(sign));
    let line = |long_link: bool, long_end: bool| {
        let mut line = format!(" {state} · {}", facts::own_address(account));
        if let Some(version) = account.tls.filter(|_| account.link == crate::app::event::LinkState::Online) {
            line.push_str(" · ");
            line.push_str(&if long_link { words::encrypted_link(version) } else { words::TLS.to_owned() });
        }
        if let Some(Ending::Counted { left }) = account.ending(model.now.wall) {
            line.push_str(" · ");
            line.push_str(&words::sign_in_ends(left, !long_end));
        }
        line
    };
    // In many words where there is room for all of them; when the sign-in ends is worth more than how good the link is.
    let many = [(true, true), (false, true)].into_iter().filter(|_| kind == Kind::Wide);
    let mut many = many.map(|(link, end)| line(link, end));
    let fits = many.find(|many| x.saturating_add(paint.width(many)) <= limit);
    paint.put_fit(x, rect.y, limit, &fits.unwrap_or_else(|| line(false, false)), Role::Text);
}

/// What the one-pane layout has in its top right corner: unread elsewhere, and the clock.
pub fn corner_words(model: &Model) -> String {
    let clock = crate::app::words::clock(model.now.wall, &model.options);
    match facts::elsewhere(model) {
        0 => clock,
        count => format!("({count}) {clock}"),
    }
}

/// Draws the corner; returns the column where it begins.
pub fn corner(model: &Model, rect: Rect, paint: &mut Paint<'_>) -> u16 {
    let role = if facts::elsewhere(model) > 0 { Role::Unread } else { Role::Text };
    paint.put_right(rect.right().saturating_sub(1), rect.y, &corner_words(model), role)
}

/// Draws the hint bar of the main screen. `/ commands · F1 help` is the last thing to be cut.
pub fn hints(model: &Model, view: &mut View, panes: &Panes, paint: &mut Paint<'_>) {
    let rect = panes.hints;
    if rect.height == 0 {
        return;
    }
    if let Some(toast) = model.toast.as_ref().filter(|toast| toast.until > model.now.mono && panes.status.height == 0) {
        paint.put_fit(rect.x, rect.y, rect.right().saturating_sub(1), &toast.text, Role::Title);
        return;
    }
    let narrow = panes.kind == Kind::Narrow;
    let list_in_front = narrow && panes.composer.height == 0;
    let help = key(model, "help");
    let right = match (narrow, list_in_front) {
        (true, true) => help,
        (true, false) => format!("/ · {help} {}", words::HELP),
        (false, _) => format!("/ {} · {help} {}", words::COMMANDS, words::HELP),
    };
    let edge = rect.right().saturating_sub(1);
    let start = paint.put_right(edge, rect.y, &right, Role::Hint);
    let slash = if narrow { 1 } else { 2 + paint.width(words::COMMANDS) };
    if !list_in_front {
        view.commands_hit = Some((rect.y, start..start + slash));
    }
    let hints = if list_in_front || model.focus == Focus::List { list_hints(model) } else { talk_hints(model, narrow) };
    put_hints(&hints, rect.x + margin(panes.kind), start.saturating_sub(2), rect.y, panes.kind, paint);
}

/// Hints from left to right as long as they fit, divided by `·`.
fn put_hints(hints: &[Hint], left: u16, limit: u16, y: u16, kind: Kind, paint: &mut Paint<'_>) {
    let mut x = left;
    for (at, hint) in hints.iter().enumerate() {
        let what = if kind == Kind::Wide { hint.long } else { hint.short };
        let gap = if at == 0 { "" } else { " · " };
        let cells = text::width(gap) + paint.width(&hint.key) + 1 + text::width(what);
        if x + cells > limit {
            return;
        }
        x = paint.put(x, y, limit, gap, Role::Dim);
        x = paint.put(x, y, limit, &hint.key, Role::Key);
        x = paint.put(x + u16::from(!hint.key.is_empty()), y, limit, what, Role::Hint);
    }
}

fn hint(model: &Model, id: &str, long: &'static str, short: &'static str) -> Option<Hint> {
    let can = crate::app::action::find(id).is_some_and(|action| (action.unavailable)(model).is_none());
    let key = key(model, id);
    (can && !key.is_empty()).then_some(Hint { key, long, short })
}

fn talk_hints(model: &Model, narrow: bool) -> Vec<Hint> {
    let all: &[(&str, &str, &str)] = match model.focus {
        Focus::Messages => words::HINTS_MESSAGES,
        _ if model.open.is_none() => words::HINTS_NO_TALK,
        _ if narrow => words::HINTS_NARROW,
        _ => words::HINTS_COMPOSER,
    };
    let unread = facts::elsewhere(model) > 0;
    let wanted = |id: &str| id != "next-unread" || unread || !narrow;
    let walking = Hint { key: words::ARROWS.to_owned(), long: words::CHOOSE, short: words::CHOOSE };
    let named = all.iter().filter(|(id, ..)| wanted(id)).filter_map(|(id, long, short)| hint(model, id, long, short));
    Some(walking).filter(|_| model.focus == Focus::Messages).into_iter().chain(named).collect()
}

fn list_hints(model: &Model) -> Vec<Hint> {
    let mut hints: Vec<Hint> = hint(model, "list-open", words::OPEN, words::OPEN).into_iter().collect();
    hints.push(Hint { key: String::new(), long: words::TYPE_TO_FIND, short: words::TYPE_TO_FIND });
    hints.extend(hint(model, "status", words::STATUS, words::STATUS));
    hints.extend(hint(model, "list-menu", words::MENU, words::MENU));
    hints
}
