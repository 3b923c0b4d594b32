//! The brush: puts words and rules on the screen in the theme's signs, and never off it.

use super::text::{self, bidi};
use super::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

/// A brush on a buffer.
#[derive(Debug)]
pub struct Paint<'b> {
    buffer: &'b mut Buffer,
    /// The theme in force.
    pub theme: Theme,
    /// Where the real cursor goes; `None`: hidden.
    pub cursor: Option<Position>,
    /// First line to show of a box where nothing is chosen.
    pub box_top: u16,
    /// Lines of the last box that did not fit.
    pub hidden: u16,
}

impl<'b> Paint<'b> {
    /// A brush.
    pub fn new(buffer: &'b mut Buffer, theme: Theme) -> Self {
        Self { buffer, theme, cursor: None, box_top: 0, hidden: 0 }
    }

    /// Puts our own words, a name or one line at a place, up to the column `limit` (not included). Returns the
    /// column behind them.
    pub fn put(&mut self, x: u16, y: u16, limit: u16, words: &str, role: Role) -> u16 {
        let said = self.theme.say(words);
        self.raw(x, y, limit, &bidi::line(&said), self.theme.style(role))
    }

    /// As [`Paint::put`], cut with `…` where it does not fit.
    pub fn put_fit(&mut self, x: u16, y: u16, limit: u16, words: &str, role: Role) -> u16 {
        let cut = self.fit(words, limit.saturating_sub(x));
        self.raw(x, y, limit, &bidi::line(&cut), self.theme.style(role))
    }

    /// Puts words so that they end before the column `right`. Returns the column of their first cell.
    pub fn put_right(&mut self, right: u16, y: u16, words: &str, role: Role) -> u16 {
        let said = self.theme.say(words);
        let x = right.saturating_sub(text::width(&said));
        self.raw(x, y, right, &bidi::line(&said), self.theme.style(role));
        x
    }

    /// Puts text as it is, with nothing exchanged: for message bodies, already in visual order.
    pub fn raw(&mut self, x: u16, y: u16, limit: u16, shown: &str, style: Style) -> u16 {
        if x >= limit || !self.buffer.area.contains(Position { x, y }) {
            return x;
        }
        if shown.chars().all(is_one_cell) {
            return self.cells(x, y, limit, shown, style);
        }
        self.buffer.set_stringn(x, y, shown, usize::from(limit - x), style).0
    }

    /// A cell for each sign, with no search for clusters: that was a third of a frame.
    fn cells(&mut self, mut x: u16, y: u16, limit: u16, shown: &str, style: Style) -> u16 {
        for sign in shown.chars() {
            let cell = if x < limit { self.buffer.cell_mut(Position { x, y }) } else { None };
            let Some(cell) = cell else { break };
            cell.set_char(sign).set_style(style);
            x += 1;
        }
        x
    }

    /// The theme's words, cut to so many cells.
    pub fn fit(&self, words: &str, columns: u16) -> String {
        text::fit(&self.theme.say(words), columns, &self.theme.say("…"))
    }

    /// Cells that words take in this theme.
    pub fn width(&self, words: &str) -> u16 {
        text::width(&self.theme.say(words))
    }

    /// A horizontal rule over a whole rectangle row, with a label near its left end and one at its right.
    pub fn rule(&mut self, rect: Rect, label: &str, right: &str, role: Role) {
        if rect.height == 0 {
            return;
        }
        let line = self.theme.say("─").repeat(usize::from(rect.width));
        self.raw(rect.x, rect.y, rect.right(), &line, self.theme.style(Role::Rule));
        if !label.is_empty() {
            let cut = self.fit(label, rect.width.saturating_sub(5));
            self.put(rect.x + 2, rect.y, rect.right(), &format!(" {cut} "), role);
        }
        let taken = if label.is_empty() { 0 } else { self.width(label) + 4 };
        if !right.is_empty() && self.width(right) + taken + 3 <= rect.width {
            let edge = rect.right() - 1;
            self.put(edge, rect.y, rect.right(), " ", Role::Text);
            self.put_right(edge, rect.y, &format!(" {right}"), Role::Dim);
        }
    }

    /// A vertical rule.
    pub fn divider(&mut self, rect: Rect) {
        for y in rect.top()..rect.bottom() {
            self.put(rect.x, y, rect.right(), "│", Role::Rule);
        }
    }

    /// Blanks a rectangle, as paper for what is drawn over the rest.
    pub fn clear(&mut self, rect: Rect) {
        let rect = rect.intersection(self.buffer.area);
        for y in rect.top()..rect.bottom() {
            for x in rect.left()..rect.right() {
                if let Some(cell) = self.buffer.cell_mut(Position { x, y }) {
                    cell.reset();
                }
            }
        }
    }

    /// Lays a role's look over cells that are drawn already.
    pub fn highlight(&mut self, rect: Rect, role: Role) {
        let rect = rect.intersection(self.buffer.area);
        self.buffer.set_style(rect, self.theme.style(role));
    }

    /// Puts the real cursor here, if that is on the screen.
    pub fn place_cursor(&mut self, x: u16, y: u16) {
        let at = Position { x, y };
        if self.buffer.area.contains(at) {
            self.cursor = Some(at);
        }
    }
}

/// Printable ASCII and what rules are made of: always a cluster of its own, in one cell.
fn is_one_cell(sign: char) -> bool {
    matches!(sign, ' '..='~' | '─'..='╿')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_way_draws_what_ratatui_draws() {
        let all: String = (' '..='~').chain('─'..='╿').collect();
        let area = Rect::new(2, 1, 300, 3);
        for (x, limit) in [(2, 302), (2, 400), (5, 6), (299, 302), (301, 302), (40, 90)] {
            let (mut ours, mut theirs) = (Buffer::empty(area), Buffer::empty(area));
            let style = Style::new().red().bold();
            let mut paint = Paint::new(&mut ours, Theme::new(&crate::app::model::Options::default()));
            let end = paint.raw(x, 2, limit, &all, style);
            assert_eq!(end, theirs.set_stringn(x, 2, &all, usize::from(limit - x), style).0, "{x} to {limit}");
            assert_eq!(ours, theirs, "{x} to {limit}");
        }
        assert!(!is_one_cell('é') && !is_one_cell('\u{301}') && !is_one_cell('\t') && !is_one_cell('\u{7f}'));
    }
}
