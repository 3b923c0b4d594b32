//! What lies at a place of the screen, as the last frame drew it.

use super::layout::Kind;
use super::view::View;
use crate::app::event::Target;
use crate::app::model::Model;
use ratatui::layout::{Position, Rect};

/// The target at a cell. Overlays cover what is under them.
pub fn hit(model: &Model, view: &View, column: u16, row: u16) -> Target {
    let at = Position { x: column, y: row };
    if let Some((rect, rows)) = &view.overlay {
        let found = rows.iter().find(|(y, _)| *y == row && rect.contains(at));
        return found.map_or(Target::Nothing, |(_, index)| Target::OverlayRow(*index));
    }
    if let Some((y, columns)) = &view.commands_hit
        && *y == row
        && columns.contains(&column)
    {
        return Target::Commands;
    }
    if let Some((_, index)) = view.welcome_hits.iter().find(|(y, _)| *y == row) {
        return Target::WelcomeRow(*index);
    }
    if let Some((_, _, key)) = view.tab_hits.iter().find(|(y, columns, _)| *y == row && columns.contains(&column)) {
        return Target::Tab(key.clone());
    }
    pane(model, view, at)
}

fn pane(model: &Model, view: &View, at: Position) -> Target {
    let panes = &view.panes;
    if panes.card.contains(at) {
        return Target::OwnState;
    }
    if panes.list.contains(at) || panes.find.contains(at) {
        let row = view.list_hits.iter().find(|(y, _)| *y == at.y);
        return row.map_or(Target::List, |(_, index)| Target::ListRow(*index));
    }
    if panes.composer.contains(at) {
        let left = panes.composer.x + super::conversation::margin(panes.kind);
        let top = u16::try_from(view.composer_top).unwrap_or(0);
        return Target::Composer { row: at.y - panes.composer.y + top, column: at.x.saturating_sub(left) };
    }
    // In the one-pane layout the words `‹ Esc` lead back to the list.
    if panes.kind == Kind::Narrow && panes.header.contains(at) && at.x < 6 {
        return Target::List;
    }
    let talk =
        [panes.messages, panes.typing, panes.composer_rule, panes.header].iter().any(|rect: &Rect| rect.contains(at));
    match view.message_hits.iter().find(|(y, _)| *y == at.y && panes.messages.contains(at)) {
        Some((_, key)) => Target::Message(*key),
        None if talk && model.open.is_some() => Target::Conversation,
        None => Target::Nothing,
    }
}
