//! The lists that are filtered while one types: go to, commands, help. Builds only the rows that show.

use super::dialog::{Dialog, Line};
use super::text::{self, Piece};
use super::theme::{Role, Sign};
use crate::app::composer::Composer;
use crate::app::model::{Model, Picker};
use crate::app::picker::{self as rows, ActionRow, GoToRow};
use crate::app::update::key;
use crate::app::words::screens as words;
use std::ops::Range;

/// Columns of a name, of a command (at least and at most), and of a key in the help.
const NAME: u16 = 16;
const COMMAND: std::ops::RangeInclusive<u16> = 11..=15;
const KEY: u16 = 16;

/// The part of a list of `count` rows that fits in `room` around the chosen one.
pub(super) fn part(count: usize, selected: usize, room: usize) -> Range<usize> {
    let start = (selected.min(count.saturating_sub(1)) + 1).saturating_sub(room);
    start..count.min(start + room)
}

/// Text filled up with blanks to so many cells, one at least.
pub(super) fn padded(text: &str, columns: u16) -> String {
    let blanks = columns.saturating_sub(text::width(text)).max(1);
    format!("{text}{}", " ".repeat(usize::from(blanks)))
}

/// Ctrl+K.
pub fn go_to(model: &Model, state: &Picker, width: u16, room: usize) -> Dialog {
    let mut dialog =
        Dialog { title: words::GO_TO.into(), foot: words::GO_TO_FOOT.into(), width, fixed: 1, ..Dialog::default() };
    dialog.field("> ", &state.filter, "", true);
    let all = rows::go_to(model, state);
    let theme = super::theme::Theme::new(&model.options);
    let part = part(all.len(), state.selected, room.saturating_sub(1).min(16));
    for (at, row) in all.iter().enumerate().skip(part.start).take(part.len()) {
        let selected = at == state.selected;
        let line = match row {
            GoToRow::Buddy { name, show, detail, unread, typing, .. } => {
                let sign = Sign::of(*show);
                let mut pieces = vec![
                    Piece::new(theme.sign(sign), Role::Presence(sign)),
                    Piece::new(format!(" {}", padded(name, NAME)), Role::Text),
                    Piece::new(detail.clone(), Role::Dim),
                ];
                if *unread > 0
                    && let Some(piece) = pieces.get_mut(1)
                {
                    piece.role = Role::Unread;
                }
                Line::choice(at, selected, pieces).with_right(marks(*unread, *typing), Role::Unread)
            }
            GoToRow::Command(action) => {
                let name = action.slash.first().copied().unwrap_or(action.id);
                let pieces = vec![
                    Piece::new(format!("/ {}", padded(name, NAME)), Role::Text),
                    Piece::new(words::command(action.title), Role::Dim),
                ];
                Line::choice(at, selected, pieces)
            }
            GoToRow::Add { address } => {
                Line::choice(at, selected, vec![Piece::new(words::add_as_buddy(address), Role::Text)])
            }
        };
        dialog.lines.push(line);
    }
    if all.is_empty() {
        dialog.lines.push(Line::new(words::NOTHING_FOUND, Role::Dim));
    }
    dialog
}

fn marks(unread: u32, typing: bool) -> String {
    match (typing, unread) {
        (true, 0) => "✎".to_owned(),
        (true, unread) => format!("✎ ({unread})"),
        (false, 0) => String::new(),
        (false, unread) => format!("({unread})"),
    }
}

/// `/`.
pub fn palette(model: &Model, state: &Picker, width: u16, room: usize) -> Dialog {
    let mut dialog =
        Dialog { title: words::PALETTE.into(), foot: words::PALETTE_FOOT.into(), width, fixed: 1, ..Dialog::default() };
    let slash = if state.filter.text().starts_with('/') { "" } else { "/" };
    dialog.field(slash, &state.filter, "", true);
    let all = rows::palette(model, state);
    let part = part(all.len(), state.selected, room.saturating_sub(3).min(14));
    // As wide as the longest name, whichever part of the rows shows: titles stand under one another.
    let longest =
        all.iter().map(|row| text::width(&command_name(row)) + 1).filter(|width| COMMAND.contains(width)).max();
    let columns = longest.unwrap_or(*COMMAND.start());
    for (at, row) in all.iter().enumerate().skip(part.start).take(part.len()) {
        dialog.lines.push(action(at, at == state.selected, row, padded(&command_name(row), columns)));
    }
    if all.is_empty() {
        dialog.lines.push(Line::new(words::NO_COMMAND, Role::Dim));
    }
    let arguments = all.get(state.selected).map_or("", |row| row.action.arguments);
    if !arguments.is_empty() {
        dialog.blank();
        dialog.lines.push(Line::new(words::arguments(arguments), Role::Dim));
    }
    dialog
}

/// `/status`; the plain name of what is no command.
fn command_name(row: &ActionRow) -> String {
    row.action.slash.first().map_or_else(|| row.action.id.to_owned(), |slash| format!("/{slash}"))
}

/// F1.
pub fn help(model: &Model, filter: &Composer, selected: usize, all: bool, width: u16, room: usize) -> Dialog {
    let title = if all { words::HELP_ALL } else { words::help_title(&model.screen, key::place(model)) };
    let mut dialog = Dialog { title: title.into(), width, fixed: 2, ..Dialog::default() };
    dialog.foot = if all { words::HELP_FOOT_ALL } else { words::HELP_FOOT }.into();
    if filter.text().is_empty() {
        dialog.lines.push(Line { cursor: Some(0), ..Line::new(words::TYPE_TO_FILTER, Role::Dim) });
    } else {
        dialog.field("", filter, "", true);
    }
    dialog.blank();
    let rows = rows::help(model, filter.text(), all);
    let mut section = "";
    let mut lines = Vec::new();
    let mut chosen = 0;
    for (at, row) in rows.iter().enumerate() {
        if row.action.section != section {
            section = row.action.section;
            lines.push(Line::new(format!("  {section}"), Role::Title));
        }
        if at == selected {
            chosen = lines.len();
        }
        let key = if row.key.is_empty() {
            row.action.slash.first().map_or_else(String::new, |slash| format!("/{slash}"))
        } else {
            row.key.clone()
        };
        let mut line = action(at, at == selected, row, padded(&key, KEY));
        line.pieces.insert(0, Piece::new("  ", Role::Text));
        lines.push(line);
    }
    if rows.is_empty() {
        lines.push(Line::new(words::NOTHING_FOUND, Role::Dim));
    }
    let part = part(lines.len(), chosen, room.saturating_sub(2));
    dialog.lines.extend(lines.into_iter().skip(part.start).take(part.len()));
    dialog
}

/// A row of palette or help: what to press or type, what it does, and why it cannot be done now.
fn action(at: usize, selected: bool, row: &ActionRow, label: String) -> Line {
    let pieces = match row.unavailable {
        None => vec![Piece::new(label, Role::Key), Piece::new(row.action.title, Role::Text)],
        Some(why) => {
            vec![Piece::new(label, Role::Dim), Piece::new(words::not_now(row.action.title, why), Role::Dim)]
        }
    };
    let line = Line::choice(at, selected, pieces);
    // The help names the key at the left already.
    if row.key.is_empty() || line.pieces.iter().any(|piece| piece.text.trim() == row.key) {
        line
    } else {
        line.with_right(row.key.clone(), Role::Dim)
    }
}
