//! Wrapping for the screen: which bytes stand on which row, and where the cursor is.
//!
//! Words are kept whole where they fit; longer ones break between clusters. The last column is kept for the
//! cursor and for one blank that ends a row, so the cursor is always inside the box and no cell is lost.

use super::{Composer, clusters};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// One row on the screen: a range of bytes of the text, without its newline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VisualLine {
    /// First byte.
    pub start: usize,
    /// Behind the last byte.
    pub end: usize,
    /// Cells.
    pub width: usize,
    /// The row goes on in the next one: wrapped, not ended by a newline.
    pub wrapped: bool,
    /// The row stands for a folded paste: its range is hidden, and a label is shown instead.
    pub folded: bool,
}

/// The text as rows; there is always at least one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Top to bottom.
    pub lines: Vec<VisualLine>,
    /// Row of the cursor.
    pub row: usize,
    /// Column of the cursor, in cells.
    pub column: usize,
}

impl Composer {
    /// Wraps the text to `width` columns (at least 1 is taken).
    pub fn layout(&self, width: u16) -> Layout {
        let width = usize::from(width.max(1));
        let lines = self.rows(width);
        let row = lines.iter().rposition(|line| line.start <= self.cursor).unwrap_or(0);
        let start = lines.get(row).filter(|line| !line.folded).map_or(self.cursor, |line| line.start);
        let column = cells(self.text.get(start..self.cursor).unwrap_or_default());
        Layout { lines, row, column: column.min(width - 1) }
    }

    /// One row up in the wrapped text; false at the first. A fold there, or right above, is opened instead.
    pub fn move_up(&mut self, width: u16) -> bool {
        let layout = self.layout(width);
        let near = layout.lines.iter().take(layout.row + 1).skip(layout.row.saturating_sub(1));
        if near.into_iter().any(|line| line.folded) {
            self.unfold();
            return true;
        }
        layout.row.checked_sub(1).is_some_and(|row| self.go_to_row(&layout, row))
    }

    /// One row down in the wrapped text; false at the last.
    pub fn move_down(&mut self, width: u16) -> bool {
        let layout = self.layout(width);
        layout.row + 1 < layout.lines.len() && self.go_to_row(&layout, layout.row + 1)
    }

    /// Puts the cursor where the mouse points; places outside go to the nearest one.
    pub fn click(&mut self, row: usize, column: usize, width: u16) {
        let layout = self.layout(width);
        let row = row.min(layout.lines.len().saturating_sub(1));
        if let Some(line) = layout.lines.get(row) {
            self.go(self.at_column(line, column));
        }
    }

    /// The rows of the text, with every fold as a row of its own.
    fn rows(&self, width: usize) -> Vec<VisualLine> {
        let mut lines = Vec::new();
        let mut start = 0;
        for fold in self.folds.iter() {
            // A line break beside a fold is the end of its row, not an empty one.
            let before = self.text.get(start..fold.start).unwrap_or_default();
            if !before.is_empty() {
                wrap(before.strip_suffix('\n').unwrap_or(before), start, width, &mut lines);
            }
            lines.push(VisualLine { start: fold.start, end: fold.end, width: 0, wrapped: false, folded: true });
            start = fold.end;
            if self.text.get(start..).is_some_and(|rest| rest.starts_with('\n')) {
                start += 1;
            }
        }
        let rest = self.text.get(start..).unwrap_or_default();
        if start == 0 || start > self.last_fold_end() || !rest.is_empty() {
            wrap(rest, start, width, &mut lines);
        }
        lines
    }

    fn last_fold_end(&self) -> usize {
        self.folds.iter().last().map_or(0, |fold| fold.end)
    }

    fn go_to_row(&mut self, layout: &Layout, row: usize) -> bool {
        let goal = self.goal.unwrap_or(layout.column);
        let Some(line) = layout.lines.get(row) else { return false };
        self.go(self.at_column(line, goal));
        self.goal = Some(goal);
        true
    }

    /// The cluster under a column. Behind the end of a wrapped row it is the last one, since the place behind
    /// that belongs to the next row.
    fn at_column(&self, line: &VisualLine, column: usize) -> usize {
        if line.folded {
            return if column == 0 { line.start } else { line.end };
        }
        let text = self.text.get(line.start..line.end).unwrap_or_default();
        let mut used = 0;
        for (at, cluster) in text.grapheme_indices(true) {
            used += cells(cluster);
            if used > column {
                return line.start + at;
            }
        }
        if line.wrapped { clusters::previous(&self.text, line.end).max(line.start) } else { line.end }
    }
}

/// Cells of a text; of one cluster it is the width that the terminal library takes.
fn cells(text: &str) -> usize {
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// Wraps a part of the text, whose first byte is `start` of the whole.
fn wrap(text: &str, mut start: usize, width: usize, lines: &mut Vec<VisualLine>) {
    for paragraph in text.split('\n') {
        wrap_paragraph(paragraph, start, width, lines);
        start += paragraph.len() + 1;
    }
}

/// Wraps one line as typed, whose first byte is `offset` of the whole text.
fn wrap_paragraph(text: &str, offset: usize, width: usize, lines: &mut Vec<VisualLine>) {
    let limit = width.saturating_sub(1).max(1);
    let mut row = Row { start: 0, width: 0, word: None };
    for (at, cluster) in text.grapheme_indices(true) {
        let blank = cluster == " ";
        let wide = cells(cluster);
        let hangs = blank && row.width == limit && width > 1;
        if row.width + wide > limit && !hangs && row.width > 0 {
            let (cut, kept) = row.word.filter(|(cut, _)| !blank && *cut > row.start).unwrap_or((at, row.width));
            lines.push(VisualLine {
                start: offset + row.start,
                end: offset + cut,
                width: kept,
                wrapped: true,
                folded: false,
            });
            row = Row { start: cut, width: row.width - kept, word: None };
        }
        row.width += wide;
        if blank {
            row.word = Some((at + cluster.len(), row.width));
        }
    }
    let (start, end) = (offset + row.start, offset + text.len());
    lines.push(VisualLine { start, end, width: row.width, wrapped: false, folded: false });
}

/// The row being filled.
#[derive(Clone, Copy)]
struct Row {
    start: usize,
    width: usize,
    /// Where the last word on it begins, and the cells before that.
    word: Option<(usize, usize)>,
}
