//! The talk alone: words from the left edge to the right, so that what the terminal selects is what was said.

use super::conversation::rows::RowKind;
use super::conversation::walk::Walk;
use super::layout::Panes;
use super::paint::Paint;
use super::status;
use super::theme::Role;
use super::view::View;
use crate::app::model::Model;
use crate::app::words::screens as words;
use ratatui::layout::Rect;

/// Draws it. The last row says how to leave, where there is more than one.
pub fn draw(model: &Model, view: &mut View, area: Rect, paint: &mut Paint<'_>) {
    let Some(talk) = model.open.as_ref().and_then(|key| model.talks.get(key)) else { return };
    let foot = u16::from(area.height > 1);
    let pane = Rect { height: area.height - foot, ..area };
    view.set_panes(Panes { messages: pane, ..Panes::default() }, model.viewport.composer);
    let window =
        Walk::bare(model, talk, view.wrapped_for(&talk.key), area.width).window(usize::from(pane.height), None);
    view.settle(talk, window.scroll, window.at_top);
    let rows = window.shown.iter().flat_map(|shown| shown.rows.get(shown.from..shown.to).unwrap_or(&[]));
    for (y, row) in (pane.top()..pane.bottom()).zip(rows) {
        if let RowKind::Rule(label) = &row.kind {
            paint.put_fit(pane.x, y, pane.right(), label, Role::Dim);
            continue;
        }
        let mut x = pane.x + if row.rtl { pane.width.saturating_sub(row.width) } else { 0 };
        for piece in &row.pieces {
            x = paint.raw(x, y, pane.right(), &piece.text, paint.theme.style(piece.role));
        }
    }
    if foot > 0 {
        paint.put_fit(area.x, pane.bottom(), area.right(), &words::bare_foot(&status::key(model, "bare")), Role::Hint);
    }
}
