//! The terminal's picture: what it shows now, and the least that makes it show something else.

use crate::app::model::Model;
use crate::ui::{self, View};
use ratatui::backend::{Backend, ClearType, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::io::{self, BufWriter, Stdout};

/// A terminal, and the cells that it shows.
///
/// Not [`ratatui::Terminal`]: that one compares every cell of the screen for every key.
#[derive(Debug)]
pub(super) struct Screen<B> {
    backend: B,
    shown: Buffer,
    /// Where the next frame, or a part of it, is painted.
    paper: Buffer,
    /// Nothing was drawn yet, or something else wrote on the terminal: the next frame is a whole one.
    blank: bool,
    /// The cursor can be seen; `None`: nothing is known of it.
    cursor: Option<bool>,
}

impl Screen<CrosstermBackend<BufWriter<Stdout>>> {
    /// The terminal that standard output leads to. It is blank already.
    pub(super) fn open() -> io::Result<Self> {
        Self::new(CrosstermBackend::new(BufWriter::with_capacity(64 * 1024, io::stdout())))
    }
}

impl<B: Backend> Screen<B> {
    fn new(backend: B) -> Result<Self, B::Error> {
        let area = Rect::from((Position::ORIGIN, backend.size()?));
        Ok(Self { backend, shown: Buffer::empty(area), paper: Buffer::empty(Rect::ZERO), blank: true, cursor: None })
    }

    /// Takes on the terminal's size: before every frame that no key waits for, so a change without a word counts too.
    /// Not before every frame: asking for it opens `/dev/tty`.
    pub(super) fn fit(&mut self) -> Result<(), B::Error> {
        let area = Rect::from((Position::ORIGIN, self.backend.size()?));
        if area == self.shown.area { Ok(()) } else { self.blank(area) }
    }

    /// Something else wrote on the terminal: everything is drawn anew.
    pub(super) fn forget(&mut self) -> Result<(), B::Error> {
        self.blank(self.shown.area)
    }

    fn blank(&mut self, area: Rect) -> Result<(), B::Error> {
        self.backend.clear_region(ClearType::All)?;
        self.shown = Buffer::empty(area);
        (self.blank, self.cursor) = (true, None);
        Ok(())
    }

    /// Shows the model as it is.
    pub(super) fn draw(&mut self, model: &Model, view: &mut View) -> Result<(), B::Error> {
        if std::mem::take(&mut self.blank) {
            view.forget();
        }
        let cursor = ui::repaint(model, view, self.shown.area, &mut self.paper);
        if self.paper.area == self.shown.area {
            self.backend.draw(self.shown.diff_iter(&self.paper))?;
            std::mem::swap(&mut self.shown, &mut self.paper);
        } else {
            let before = cut(&self.shown, self.paper.area);
            self.backend.draw(before.diff_iter(&self.paper))?;
            paste(&self.paper, &mut self.shown);
        }
        if self.cursor != Some(cursor.is_some()) {
            if cursor.is_some() { self.backend.show_cursor() } else { self.backend.hide_cursor() }?;
            self.cursor = Some(cursor.is_some());
        }
        if let Some(at) = cursor {
            self.backend.set_cursor_position(at)?;
        }
        self.backend.flush()
    }
}

/// A part of a picture.
fn cut(from: &Buffer, area: Rect) -> Buffer {
    let mut part = Buffer::empty(area);
    for at in area.positions() {
        if let (Some(to), Some(cell)) = (part.cell_mut(at), from.cell(at)) {
            to.clone_from(cell);
        }
    }
    part
}

/// Lays a part over the picture.
fn paste(part: &Buffer, onto: &mut Buffer) {
    for at in part.area.positions() {
        if let (Some(to), Some(cell)) = (onto.cell_mut(at), part.cell(at)) {
            to.clone_from(cell);
        }
    }
}
