//! Boxes over the screen: questions, menus, cards.
//!
//! A box is lines between a title and a foot. Lines at its head stay; the rest scrolls to what is chosen.

mod about;
mod boxes;
mod consent;

pub use boxes::trouble;
pub use consent::review;

use super::paint::Paint;
use super::picker;
use super::text::{self, Piece};
use super::theme::Role;
use super::view::View;
use crate::app::composer::Composer;
use crate::app::model::{Model, Overlay};
use ratatui::layout::Rect;
use unicode_segmentation::UnicodeSegmentation;

/// Columns of a box, frame counted.
pub const WIDE: u16 = 64;
/// Columns of a small one.
pub const SMALL: u16 = 52;

/// One line of a box.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// From the left.
    pub pieces: Vec<Piece>,
    /// At the right edge.
    pub right: Option<Piece>,
    /// The row of the overlay that a click here means.
    pub row: Option<usize>,
    /// Drawn as chosen.
    pub selected: bool,
    /// The real cursor stands at this column.
    pub cursor: Option<u16>,
}

impl Line {
    /// A line of one piece.
    pub fn new(words: impl Into<String>, role: Role) -> Self {
        Self { pieces: vec![Piece::new(words, role)], ..Self::default() }
    }

    /// A line of several.
    pub fn of(pieces: Vec<Piece>) -> Self {
        Self { pieces, ..Self::default() }
    }

    /// A line that answers as row `row`, chosen or not.
    pub fn choice(row: usize, selected: bool, pieces: Vec<Piece>) -> Self {
        let marker = Piece::new(if selected { "▸ " } else { "  " }, Role::Accent);
        let pieces = std::iter::once(marker).chain(pieces).collect();
        Self { pieces, row: Some(row), selected, ..Self::default() }
    }

    /// With something at the right edge.
    #[must_use]
    pub fn with_right(mut self, words: impl Into<String>, role: Role) -> Self {
        self.right = Some(Piece::new(words, role));
        self
    }
}

/// A box.
#[derive(Clone, Debug, Default)]
pub struct Dialog {
    /// On the upper edge.
    pub title: String,
    /// On the lower edge, at the right.
    pub foot: String,
    /// Columns wanted.
    pub width: u16,
    /// What it says.
    pub lines: Vec<Line>,
    /// So many lines at the head never scroll away.
    pub fixed: usize,
}

impl Dialog {
    /// Puts words over as many lines as they need.
    pub fn say(&mut self, words: &str, role: Role, ascii: bool) {
        let inside = self.width.saturating_sub(4);
        let said = super::theme::Theme { ascii, mono: true }.say(words).into_owned();
        for row in text::wrap(&said, &[], role, inside) {
            self.lines.push(Line::of(row.pieces));
        }
    }

    /// An empty line.
    pub fn blank(&mut self) {
        self.lines.push(Line::default());
    }

    /// A field with its cursor, in quotes or behind a prompt.
    pub fn field(&mut self, before: &str, field: &Composer, after: &str, cursor: bool) {
        let room = self.width.saturating_sub(4 + text::width(before) + text::width(after));
        let (shown, column) = window(field.text(), field.before_cursor(), room);
        let mut line = Line::of(vec![Piece::new(format!("{before}{shown}{after}"), Role::Text)]);
        line.cursor = cursor.then_some(text::width(before) + column);
        self.lines.push(line);
    }
}

/// The part of a one-line field that fits, and the column of the cursor in it.
pub fn window(all: &str, before: &str, columns: u16) -> (String, u16) {
    let room = columns.saturating_sub(1);
    let mut skip = 0;
    let mut used = text::width(before);
    for (at, cluster) in before.grapheme_indices(true) {
        if used <= room {
            break;
        }
        used = used.saturating_sub(text::cluster_width(cluster));
        skip = at + cluster.len();
    }
    let shown = text::take(all.get(skip..).unwrap_or(""), columns);
    (shown.to_owned(), used)
}

/// Rows that a box may have for lines on a screen of this height.
pub fn room(height: u16) -> usize {
    usize::from(height.saturating_sub(if height > 12 { 4.max(height / 5) } else { 2 }))
}

/// Draws the overlay on top, over whatever is there.
pub fn draw(model: &Model, view: &mut View, area: Rect, paint: &mut Paint<'_>) {
    let Some(overlay) = model.overlays.last() else { return };
    let room = room(area.height);
    let width = |wanted: u16| wanted.min(area.width);
    let dialog = match overlay {
        Overlay::GoTo(state) => picker::go_to(model, state, width(WIDE), room),
        Overlay::Palette(state) => picker::palette(model, state, width(WIDE), room),
        Overlay::Find(find) if !find.everywhere => {
            paint.cursor = None;
            view.overlay = Some((super::find::line(find, area, paint), Vec::new()));
            return;
        }
        Overlay::Find(find) => super::find::list(model, find, width(WIDE), room),
        Overlay::Help { filter, selected, all } => picker::help(model, filter, *selected, *all, width(WIDE), room),
        other => boxes::of(model, other, &width),
    };
    paint.cursor = None;
    view.overlay = Some(show(&dialog, area, paint));
}

/// Draws a box in the middle. Returns where it lies and which of its rows answer.
pub fn show(dialog: &Dialog, area: Rect, paint: &mut Paint<'_>) -> (Rect, Vec<(u16, usize)>) {
    let width = dialog.width.min(area.width).max(4);
    let wanted = u16::try_from(dialog.lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let height = wanted.min(area.height);
    let rect = Rect::new(
        area.x + area.width.saturating_sub(width) / 2,
        area.y + area.height.saturating_sub(height) / 2,
        width,
        height,
    );
    paint.clear(rect);
    let mut rows = Vec::new();
    let inside = Rect::new(rect.x + 2, rect.y + 1, width.saturating_sub(4), height.saturating_sub(2));
    // What is chosen, or written, comes into view by itself.
    let still = !dialog.lines.iter().any(leads);
    paint.hidden = if still { wanted.saturating_sub(2).saturating_sub(inside.height) } else { 0 };
    frame(dialog, rect, paint);
    let lines = visible(dialog, usize::from(inside.height), usize::from(paint.box_top));
    for (y, line) in (inside.top()..inside.bottom()).zip(lines) {
        draw_line(line, Rect::new(inside.x, y, inside.width, 1), paint);
        rows.extend(line.row.map(|row| (y, row)));
    }
    (rect, rows)
}

/// The eye goes there.
fn leads(line: &Line) -> bool {
    line.selected || line.cursor.is_some()
}

/// The lines that fit: the fixed ones, and the others around what is chosen or being written; else from `top` on.
fn visible(dialog: &Dialog, height: usize, top: usize) -> impl Iterator<Item = &Line> {
    let fixed = dialog.fixed.min(height).min(dialog.lines.len());
    let (head, tail) = dialog.lines.split_at(fixed);
    let room = height - fixed;
    let focus = tail.iter().position(leads);
    let start = focus.map_or(top, |focus| (focus + 1).saturating_sub(room)).min(tail.len().saturating_sub(room));
    head.iter().chain(tail.iter().skip(start).take(room))
}

fn frame(dialog: &Dialog, rect: Rect, paint: &mut Paint<'_>) {
    let (right, bottom) = (rect.right(), rect.bottom().saturating_sub(1));
    let bar = "─".repeat(usize::from(rect.width.saturating_sub(2)));
    paint.put(rect.x, rect.y, right, &format!("┌{bar}┐"), Role::Rule);
    if bottom > rect.y {
        paint.put(rect.x, bottom, right, &format!("└{bar}┘"), Role::Rule);
    }
    let title = paint.fit(&dialog.title, rect.width.saturating_sub(8));
    if !title.is_empty() {
        paint.put(rect.x + 3, rect.y, right.saturating_sub(1), &format!(" {title} "), Role::Title);
    }
    let foot = paint.fit(&dialog.foot, rect.width.saturating_sub(6));
    if !foot.is_empty() && bottom > rect.y {
        paint.put_right(right.saturating_sub(2), bottom, &format!(" {foot} "), Role::Hint);
    }
    for y in rect.y + 1..bottom {
        paint.put(rect.x, y, right, "│", Role::Rule);
        let edge = match y {
            _ if y == rect.y + 1 && paint.hidden > 0 && paint.box_top > 0 => "↑",
            _ if y + 1 == bottom && paint.box_top < paint.hidden => "↓",
            _ => "│",
        };
        let role = if edge == "│" { Role::Rule } else { Role::Hint };
        paint.put(right.saturating_sub(1), y, right, edge, role);
    }
}

fn draw_line(line: &Line, rect: Rect, paint: &mut Paint<'_>) {
    let mut limit = rect.right();
    if let Some(right) = &line.right {
        limit = paint.put_right(limit, rect.y, &right.text, right.role).saturating_sub(1);
    }
    let mut x = rect.x;
    for piece in &line.pieces {
        x = paint.put_fit(x, rect.y, limit, &piece.text, piece.role);
    }
    if line.selected {
        paint.highlight(rect, Role::Strong);
        if line.cursor.is_none() && paint.cursor.is_none() {
            paint.place_cursor(rect.x, rect.y);
        }
    }
    if let Some(column) = line.cursor {
        paint.place_cursor(rect.x + column.min(rect.width.saturating_sub(1)), rect.y);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_shows_the_part_with_the_cursor() {
        assert_eq!(window("abcdef", "abcdef", 4), ("def".to_owned(), 3));
        assert_eq!(window("abcdef", "ab", 4), ("abcd".to_owned(), 2));
        assert_eq!(window("日本語", "日本", 4), ("本語".to_owned(), 2));
        assert_eq!(window("x", "x", 0), (String::new(), 0));
    }

    #[test]
    fn lines_scroll_to_the_chosen_one_and_the_head_stays() {
        let lines = (0..9).map(|at| Line { selected: at == 7, ..Line::new(at.to_string(), Role::Text) }).collect();
        let dialog = Dialog { lines, fixed: 1, width: 20, ..Dialog::default() };
        let shown: Vec<&str> = visible(&dialog, 4, 0).map(|line| line.pieces[0].text.as_str()).collect();
        assert_eq!(shown, ["0", "5", "6", "7"]);
        let still = Dialog { lines: (0..9).map(|at| Line::new(at.to_string(), Role::Text)).collect(), ..dialog };
        let from = |top| visible(&still, 4, top).map(|line| line.pieces[0].text.clone()).collect::<String>();
        assert_eq!([from(0), from(2), from(99)], ["0123", "0345", "0678"]);
    }
}
