//! The same picture with less work: after a key that only wrote, the box alone is painted.
//!
//! What changed is known from the model, never guessed: [`Model::around`] stands still, and neither a moment at which
//! time itself changes something nor a new minute has come. Everything else is painted whole. In debug builds each part
//! is compared with the whole, so that an input forgotten here fails the tests.

use super::layout::Panes;
use super::paint::Paint;
use super::theme::Theme;
use super::view::View;
use super::{arrange, composer};
use crate::app::composer::Layout;
use crate::app::model::{Focus, Model, Screen};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::time::Duration;

/// Of which state of the model a frame was, but for the box of the open talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// `Model::around`.
    around: u64,
    /// The civil minute.
    minute: i64,
    /// Time alone changes nothing before this (`Now::mono`).
    until: Option<Duration>,
}

impl Seen {
    /// What a frame shows that is painted now.
    pub(super) fn now(model: &Model) -> Self {
        Self { around: model.around, minute: model.now.wall.minute(), until: model.next_sight() }
    }

    /// Nothing but the box can look otherwise.
    pub(super) fn holds(&self, model: &Model) -> bool {
        let in_time = self.until.is_none_or(|until| model.now.mono < until);
        self.around == model.around && self.minute == model.now.wall.minute() && in_time
    }
}

/// Paints what changed since the last frame of this view: afterwards `paper` covers that part of a screen of this
/// `area`, and no cell outside it differs. Gives the place of the cursor; `None`: hidden.
pub fn repaint(model: &Model, view: &mut View, area: Rect, paper: &mut Buffer) -> Option<Position> {
    let Some((panes, columns, written)) = box_alone(model, view, area) else {
        spread(paper, area);
        return super::paint(model, view, paper);
    };
    spread(paper, panes.composer);
    let mut paint = Paint::new(paper, Theme::new(&model.options));
    composer::draw_text(model, view, &panes, (&written, columns), &mut paint);
    let cursor = paint.cursor;
    debug_assert!(is_part(model, view, area, (paper, cursor)), "more than the box changed");
    cursor
}

/// Blank cells for that part of the screen.
fn spread(paper: &mut Buffer, area: Rect) {
    paper.resize(area);
    paper.reset();
}

/// The panes and the text, if the box is all there is to paint.
fn box_alone(model: &Model, view: &View, area: Rect) -> Option<(Panes, u16, Layout)> {
    let same_size = (view.viewport().width, view.viewport().height) == (area.width, area.height);
    let writing = matches!(model.screen, Screen::Main) && model.overlays.is_empty() && model.focus == Focus::Composer;
    if !(same_size && writing && view.seen.is_some_and(|seen| seen.holds(model))) {
        return None;
    }
    let (panes, columns, written) = arrange(model, area);
    // A text that takes another row moves what is around it.
    (panes == view.panes && panes.composer.height > 0).then_some(())?;
    Some((panes, columns, written?))
}

/// The part looks as it does in the whole.
fn is_part(model: &Model, view: &View, area: Rect, (part, cursor): (&Buffer, Option<Position>)) -> bool {
    let mut whole = Buffer::empty(area);
    super::paint(model, &mut view.clone(), &mut whole) == cursor
        && part.area.positions().all(|at| whole.cell(at) == part.cell(at))
}
