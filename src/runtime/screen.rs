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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Event;
    use crate::app::event::{Key, KeyCode};
    use crate::app::model::Options;
    use crate::types::{Now, Stamp};
    use ratatui::backend::TestBackend;

    /// A mind with an open talk.
    fn talking() -> Model {
        let setup = crate::config::setup_for("anna@example.org", "auto").expect("an address");
        let now = Now { mono: std::time::Duration::from_secs(1), wall: Stamp(1_763_650_800_000) };
        let (mut model, _) = Model::new(Options::default(), vec![setup], 7, now);
        model.update(now, Event::Command("/msg bela@example.org".to_owned()));
        model
    }

    fn press(model: &mut Model, code: KeyCode) {
        let key = Key { code, ctrl: false, alt: false, shift: false };
        model.update(model.now, Event::Key(key));
    }

    /// What a terminal shows that gets the whole picture.
    fn whole(model: &Model) -> TestBackend {
        let mut screen = Screen::new(TestBackend::new(70, 20)).expect("memory");
        screen.draw(model, &mut View::new()).expect("memory");
        screen.backend
    }

    #[test]
    fn a_terminal_that_is_told_parts_shows_the_whole() {
        let mut model = talking();
        let mut view = View::new();
        let mut screen = Screen::new(TestBackend::new(70, 20)).expect("memory");
        screen.draw(&model, &mut view).expect("memory");
        model.update(model.now, Event::Viewport(view.viewport()));
        let typed = "a日b本c 👋🏽 é שלום".chars().map(KeyCode::Char);
        let moved = [KeyCode::Left, KeyCode::Left, KeyCode::Backspace, KeyCode::Delete, KeyCode::Char('日')];
        for code in typed.chain(moved).chain([KeyCode::Backspace; 14]) {
            press(&mut model, code);
            screen.draw(&model, &mut view).expect("memory");
            let mut expected = whole(&model);
            assert_eq!(screen.backend.buffer(), expected.buffer(), "after {code:?}");
            assert_eq!(screen.backend.get_cursor_position(), expected.get_cursor_position(), "after {code:?}");
            assert_eq!(screen.backend.cursor_visible(), expected.cursor_visible());
        }
    }

    #[test]
    fn what_something_else_wrote_over_is_drawn_anew() {
        let (mut model, mut view) = (talking(), View::new());
        let mut screen = Screen::new(TestBackend::new(70, 20)).expect("memory");
        screen.draw(&model, &mut view).expect("memory");
        press(&mut model, KeyCode::Char('x'));
        screen.draw(&model, &mut view).expect("memory");
        screen.forget().expect("memory");
        screen.draw(&model, &mut view).expect("memory");
        assert_eq!(screen.backend.buffer(), whole(&model).buffer());
        screen.backend.resize(90, 30);
        screen.fit().expect("memory");
        screen.draw(&model, &mut view).expect("memory");
        assert_eq!(view.viewport().width, 90);
        assert!(screen.backend.to_string().contains('x'));
    }
}
