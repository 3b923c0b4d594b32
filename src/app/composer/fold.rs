//! Large pastes folded to one row: the text is there, whole and to be sent, but only its size is shown (ux 3.4).
//!
//! The cursor stands before a fold or behind it, never inside, and what is deleted takes it whole: nothing that is
//! not seen is changed by halves. Undo brings it back, open.

use super::{Composer, clusters};
use std::ops::Range;

/// The folds of a text, as ranges of bytes, in order and apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Folds(Vec<Range<usize>>);

impl Folds {
    /// Every fold, first to last.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Range<usize>> {
        self.0.iter()
    }

    /// The same range, widened to the whole of every fold that it would cut.
    pub(super) fn widen(&self, range: Range<usize>) -> Range<usize> {
        let cut = |fold: &&Range<usize>| range.start < fold.end && fold.start < range.end;
        self.0.iter().filter(cut).fold(range.clone(), |all, fold| all.start.min(fold.start)..all.end.max(fold.end))
    }

    /// Where the cursor comes to rest on its way from one place to another.
    pub(super) fn rest(&self, from: usize, to: usize) -> usize {
        match self.0.iter().find(|fold| fold.start < to && to < fold.end) {
            Some(fold) if to < from => fold.start,
            Some(fold) => fold.end,
            None => to,
        }
    }

    /// A range of the text is about to give way to so many bytes: folds in it go, those behind it move.
    fn replaced(&mut self, range: &Range<usize>, with: usize) {
        self.0.retain(|fold| fold.end <= range.start || range.end <= fold.start);
        for fold in self.0.iter_mut().filter(|fold| range.end <= fold.start) {
            let moved = |at: usize| at.saturating_add(with).saturating_sub(range.len());
            *fold = moved(fold.start)..moved(fold.end);
        }
    }
}

impl Composer {
    /// Folds a part of the text, given in bytes, to one row.
    pub fn fold(&mut self, range: Range<usize>) {
        let range = clusters::floor(&self.text, range.start)..clusters::ceil(&self.text, range.end);
        if range.is_empty() || range.end > self.text.len() {
            return;
        }
        let range = self.folds.widen(range);
        self.folds.0.retain(|fold| fold.end <= range.start || range.end <= fold.start);
        self.folds.0.push(range);
        self.folds.0.sort_by_key(|fold| fold.start);
        self.cursor = self.folds.rest(0, self.cursor);
    }

    /// Some of the text is folded.
    pub fn has_folds(&self) -> bool {
        !self.folds.0.is_empty()
    }

    /// Shows everything that was folded.
    pub fn unfold(&mut self) {
        self.folds.0.clear();
        self.goal = None;
    }

    /// Keeps the folds in step with a change of the text.
    pub(super) fn move_folds(&mut self, range: &Range<usize>, with: usize) {
        self.folds.replaced(range, with);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ab`, a paste of three lines folded, `cd`; the cursor behind the fold.
    fn folded() -> Composer {
        let mut composer = Composer::with_text("abcd");
        composer.left();
        composer.left();
        composer.paste("1\n2\n3");
        composer.fold(2..7);
        composer
    }

    /// The rows as they are shown, a fold in brackets.
    fn rows(composer: &Composer) -> Vec<String> {
        let layout = composer.layout(20);
        let row = |line: &super::super::VisualLine| {
            let text = &composer.text()[line.start..line.end];
            if line.folded { format!("[{text}]") } else { text.to_owned() }
        };
        layout.lines.iter().map(row).collect()
    }

    #[test]
    fn a_fold_is_one_row_and_the_text_stays_whole() {
        let composer = folded();
        assert_eq!(rows(&composer), ["ab", "[1\n2\n3]", "cd"]);
        assert_eq!(composer.text(), "ab1\n2\n3cd");
        let mut alone = Composer::default();
        alone.paste("1\n2\n3");
        alone.fold(0..5);
        assert_eq!(rows(&alone), ["[1\n2\n3]"]);
        assert_eq!(alone.layout(20).row, 0, "the cursor stands behind it on its row");
    }

    #[test]
    fn a_line_break_beside_a_fold_makes_no_empty_row() {
        let mut composer = folded();
        composer.newline();
        assert_eq!(rows(&composer), ["ab", "[1\n2\n3]", "cd"]);
        composer.newline();
        assert_eq!(rows(&composer), ["ab", "[1\n2\n3]", "", "cd"]);
    }

    #[test]
    fn the_cursor_passes_a_fold_in_one_step() {
        let mut composer = folded();
        composer.left();
        assert_eq!(composer.cursor(), 2);
        composer.right();
        assert_eq!(composer.cursor(), 7);
        composer.word_left();
        assert_eq!(composer.cursor(), 2);
        composer.end();
        assert_eq!(composer.cursor(), 7);
        composer.home();
        assert_eq!(composer.cursor(), 2);
        composer.click(1, 3, 20);
        assert!(matches!(composer.cursor(), 2 | 7));
        assert!(composer.has_folds());
    }

    #[test]
    fn up_opens_a_fold_and_down_passes_it() {
        let mut composer = folded();
        assert_eq!(composer.layout(20).row, 2, "text follows: the cursor is before that");
        assert!(composer.move_up(20));
        assert!(!composer.has_folds() && composer.cursor() == 7);
        let mut composer = folded();
        composer.left();
        composer.left();
        assert!(composer.move_down(20), "from the row above to the fold");
        assert!(composer.has_folds() && composer.cursor() == 7);
    }

    #[test]
    fn what_is_folded_is_deleted_whole_and_undo_brings_it_back() {
        for delete in [
            (|composer| composer.backspace()) as fn(&mut Composer) -> bool,
            |composer| composer.kill_word_back() == "1\n2\n3",
            |composer| composer.kill_start() == "1\n2\n3",
            |composer| {
                composer.left();
                composer.delete()
            },
        ] {
            let mut composer = folded();
            assert!(delete(&mut composer));
            assert_eq!((composer.text(), composer.cursor(), composer.has_folds()), ("abcd", 2, false));
            assert!(composer.undo());
            assert_eq!((composer.text(), composer.has_folds()), ("ab1\n2\n3cd", false));
        }
    }

    #[test]
    fn folds_move_with_the_text_around_them() {
        let mut composer = folded();
        composer.insert('x');
        assert_eq!(rows(&composer), ["ab", "[1\n2\n3]", "xcd"]);
        composer.left();
        composer.left();
        composer.insert('y');
        assert_eq!(rows(&composer), ["aby", "[1\n2\n3]", "xcd"]);
        composer.undo();
        assert_eq!(rows(&composer), ["ab", "[1\n2\n3]", "xcd"]);
        composer.set_text("new");
        assert_eq!(rows(&composer), ["new"]);
    }

    #[test]
    fn two_pastes_are_two_rows() {
        let mut composer = folded();
        let at = composer.cursor();
        composer.paste("4\n5");
        composer.fold(at..composer.cursor());
        assert_eq!(rows(&composer), ["ab", "[1\n2\n3]", "[4\n5]", "cd"]);
        composer.backspace();
        assert_eq!(rows(&composer), ["ab", "[1\n2\n3]", "cd"]);
    }
}
