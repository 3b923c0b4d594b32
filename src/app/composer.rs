//! The editor: text being written, with a cursor.
//!
//! One [`Composer`] serves the box of a talk and every one-line field. Its unit is the grapheme cluster: one arrow
//! key passes a whole family emoji, flag or Devanagari syllable, one Backspace takes it away. It refuses control
//! and bidi characters (the rules of [`Prose`]) and text beyond [`Composer::LIMIT`]; everything else that a person
//! typed can be brought back with undo.

mod clusters;
mod fold;
mod layout;
mod recall;
mod undo;

pub use layout::{Layout, VisualLine};

use crate::types::{Prose, Secret};
use fold::Folds;
use recall::Recall;
use std::fmt;
use std::ops::Range;
use undo::{Change, Kind, Steps};
use zeroize::Zeroize;

/// Text being written, with a cursor. Serves the composer and every one-line field.
///
/// Two composers are equal when they look equal: text, folds and cursor. `Debug` tells the length only, because one of
/// them holds a password.
#[derive(Clone, Default)]
pub struct Composer {
    text: String,
    /// Byte offset; always on a cluster boundary.
    cursor: usize,
    /// Column that moving up and down tries to keep.
    goal: Option<usize>,
    steps: Steps,
    recall: Recall,
    /// This very text was asked about; the next Enter means it.
    asked: bool,
    /// A paste large enough to be asked about is in it.
    big_paste: bool,
    folds: Folds,
}

/// What became of pasted text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pasted {
    /// Lines that were inserted.
    pub lines: usize,
    /// Characters that were inserted.
    pub characters: usize,
    /// Control characters that were taken out.
    pub removed: usize,
    /// The end was cut off, because the text would be longer than [`Composer::LIMIT`].
    pub cut: bool,
}

impl Composer {
    /// Longest text, in bytes.
    pub const LIMIT: usize = 64 * 1024;
    /// Blanks that stand for a tab.
    const TAB: &'static str = "    ";

    /// A field that already says something, cursor at the end. Cleaned like a paste.
    pub fn with_text(text: &str) -> Self {
        let mut composer = Self::default();
        composer.set_text(text);
        composer.steps = Steps::default();
        composer
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// True when nothing is written.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Where the cursor stands, in bytes from the start of the text.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// The text before the cursor.
    pub fn before_cursor(&self) -> &str {
        self.text.get(..self.cursor).unwrap_or_default()
    }

    /// Puts in one typed character. Control and bidi characters are dropped; true when the text changed.
    pub fn insert(&mut self, c: char) -> bool {
        let joins = matches!(c, '\u{200C}' | '\u{200D}') && self.cursor > 0;
        let mut typed = [0; 4];
        let typed: &str = c.encode_utf8(&mut typed);
        if !joins && (c == '\n' || c == '\t' || Prose::clean(typed).as_str() != typed) {
            return false;
        }
        self.room_for(typed.len()) && self.replace(self.cursor..self.cursor, typed, Kind::Typed)
    }

    /// Begins a new line at the cursor; true when the text changed.
    pub fn newline(&mut self) -> bool {
        self.room_for(1) && self.replace(self.cursor..self.cursor, "\n", Kind::Other)
    }

    /// Puts in text that came whole: from a paste, a completion or the kill ring. Control characters go, tabs
    /// become blanks, newlines at the end go, and what does not fit goes.
    pub fn paste(&mut self, foreign: &str) -> Pasted {
        let (clean, removed) = cleaned(foreign);
        let free = Self::LIMIT.saturating_sub(self.text.len());
        let kept = clusters::floor(&clean, free.min(clean.len()));
        let fits = clean.get(..kept).unwrap_or_default();
        self.replace(self.cursor..self.cursor, fits, Kind::Other);
        let lines = if fits.is_empty() { 0 } else { fits.split('\n').count() };
        Pasted { lines, characters: fits.chars().count(), removed, cut: kept < clean.len() }
    }

    /// Replaces everything, cursor at the end; undo brings the old text back.
    pub fn set_text(&mut self, text: &str) {
        let (clean, _) = cleaned(text);
        let kept = clusters::floor(&clean, clean.len().min(Self::LIMIT));
        let whole = 0..self.text.len();
        self.replace(whole, clean.get(..kept).unwrap_or_default(), Kind::Other);
    }

    /// Replaces a part of the text, given in bytes, and puts the cursor behind it. A range that does not lie on
    /// character boundaries changes nothing.
    pub fn replace_range(&mut self, range: Range<usize>, text: &str) -> bool {
        let (clean, _) = cleaned(text);
        self.room_for(clean.len()) && self.replace(range, &clean, Kind::Other)
    }

    /// Takes the text out to be sent. Undo brings it back.
    pub fn take(&mut self) -> String {
        let text = self.text.clone();
        self.clear();
        text
    }

    /// Empties the box. Undo brings the text back.
    pub fn clear(&mut self) {
        let whole = 0..self.text.len();
        self.replace(whole, "", Kind::Other);
        self.recall = Recall::default();
        self.big_paste = false;
    }

    /// Takes a password out; neither the text nor any step of undo keeps a copy.
    pub fn take_secret(&mut self) -> Secret<String> {
        let secret = Secret::new(std::mem::take(&mut self.text));
        self.wipe();
        secret
    }

    /// Forgets everything, leaving no copy in memory.
    pub fn wipe(&mut self) {
        self.text.zeroize();
        self.steps.wipe();
        *self = Self::default();
    }

    /// Deletes the cluster before the cursor; true when the text changed.
    pub fn backspace(&mut self) -> bool {
        let start = clusters::previous(&self.text, self.cursor);
        self.replace(start..self.cursor, "", Kind::Erased)
    }

    /// Deletes the cluster behind the cursor; true when the text changed.
    pub fn delete(&mut self) -> bool {
        let end = clusters::next(&self.text, self.cursor);
        self.replace(self.cursor..end, "", Kind::Other)
    }

    /// Deletes back to the start of a word and returns what went.
    pub fn kill_word_back(&mut self) -> String {
        self.kill(clusters::word_left(&self.text, self.cursor)..self.cursor)
    }

    /// Deletes to the end of a word and returns what went.
    pub fn kill_word(&mut self) -> String {
        self.kill(self.cursor..clusters::word_right(&self.text, self.cursor))
    }

    /// Deletes to the start of the line, or the newline before it, and returns what went.
    pub fn kill_start(&mut self) -> String {
        let start = self.line_start();
        let start = if start == self.cursor { clusters::previous(&self.text, start) } else { start };
        self.kill(start..self.cursor)
    }

    /// Deletes to the end of the line, or the newline there, and returns what went.
    pub fn kill_end(&mut self) -> String {
        let end = self.line_end();
        let end = if end == self.cursor { clusters::next(&self.text, end) } else { end };
        self.kill(self.cursor..end)
    }

    /// One cluster back.
    pub fn left(&mut self) {
        self.go(clusters::previous(&self.text, self.cursor));
    }

    /// One cluster on.
    pub fn right(&mut self) {
        self.go(clusters::next(&self.text, self.cursor));
    }

    /// To the start of this word, or of the one before.
    pub fn word_left(&mut self) {
        self.go(clusters::word_left(&self.text, self.cursor));
    }

    /// To the end of this word, or of the next.
    pub fn word_right(&mut self) {
        self.go(clusters::word_right(&self.text, self.cursor));
    }

    /// To the start of the line as typed.
    pub fn home(&mut self) {
        self.go(self.line_start());
    }

    /// To the end of the line as typed.
    pub fn end(&mut self) {
        self.go(self.line_end());
    }

    /// One step of undo; false when there is none.
    pub fn undo(&mut self) -> bool {
        let Some(change) = self.steps.undo() else { return false };
        let (range, text, cursor) = change.backward();
        self.splice(range, &text, cursor);
        true
    }

    /// Takes one step of undo back; false when there is none.
    pub fn redo(&mut self) -> bool {
        let Some(change) = self.steps.redo() else { return false };
        let (range, text, cursor) = change.forward();
        self.splice(range, &text, cursor);
        true
    }

    /// Shows an older text that was sent. `sent` is newest first. The text being written waits at the near end.
    pub fn older(&mut self, sent: &[&str]) -> bool {
        match self.recall.older(&self.text, sent) {
            Some(text) => self.show_recalled(&text),
            None => false,
        }
    }

    /// Back towards the text being written.
    pub fn newer(&mut self, sent: &[&str]) -> bool {
        match self.recall.newer(sent) {
            Some(text) => self.show_recalled(&text),
            None => false,
        }
    }

    /// Asks once about this very text: false the first time, true when nothing was changed since.
    pub fn asked_before(&mut self) -> bool {
        std::mem::replace(&mut self.asked, true)
    }

    /// A large paste is in the text, so that Enter should ask.
    pub fn has_big_paste(&self) -> bool {
        self.big_paste
    }

    /// Remembers that a large paste is in the text.
    pub fn mark_big_paste(&mut self) {
        self.big_paste = true;
    }

    /// The large paste was agreed to.
    pub fn forget_big_paste(&mut self) {
        self.big_paste = false;
    }

    fn show_recalled(&mut self, text: &str) -> bool {
        let recall = std::mem::take(&mut self.recall);
        self.set_text(text);
        self.recall = recall;
        true
    }

    fn room_for(&self, bytes: usize) -> bool {
        self.text.len().saturating_add(bytes) <= Self::LIMIT
    }

    fn kill(&mut self, range: Range<usize>) -> String {
        let killed = self.text.get(self.folds.widen(range.clone())).unwrap_or_default().to_owned();
        self.replace(range, "", Kind::Other);
        killed
    }

    fn line_start(&self) -> usize {
        self.before_cursor().rfind('\n').map_or(0, |at| at + 1)
    }

    fn line_end(&self) -> usize {
        let rest = self.text.get(self.cursor..).unwrap_or_default();
        rest.find('\n').map_or(self.text.len(), |at| self.cursor + at)
    }

    fn go(&mut self, to: usize) {
        self.goal = None;
        let to = self.folds.rest(self.cursor, clusters::floor(&self.text, to));
        self.cursor = to;
        self.steps.seal();
    }

    /// Every change by a person goes through here, so every change can be undone.
    fn replace(&mut self, range: Range<usize>, with: &str, kind: Kind) -> bool {
        let range = self.folds.widen(range);
        let Some(removed) = self.text.get(range.clone()) else { return false };
        if removed.is_empty() && with.is_empty() {
            return false;
        }
        let change = Change::new(range.start, removed, with, self.cursor);
        self.steps.push(change, kind);
        let after = range.start + with.len();
        self.splice(range, with, after);
        self.recall.leave();
        true
    }

    fn splice(&mut self, range: Range<usize>, with: &str, cursor: usize) {
        if self.text.get(range.clone()).is_some() {
            self.move_folds(&range, with.len());
            self.text.replace_range(range, with);
        }
        // A mark typed behind a letter, or a deletion between two halves of a flag, moves the boundaries.
        self.cursor = self.folds.rest(0, clusters::ceil(&self.text, cursor));
        self.goal = None;
        self.asked = false;
        self.big_paste &= !self.text.is_empty();
    }
}

impl PartialEq for Composer {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.cursor == other.cursor && self.folds == other.folds
    }
}

impl Eq for Composer {}

impl fmt::Debug for Composer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Composer({} bytes, cursor {})", self.text.len(), self.cursor)
    }
}

/// Foreign text as it may stand in the box, and how many characters had to go.
fn cleaned(foreign: &str) -> (String, usize) {
    const MARK: char = '\u{FFFD}';
    let mut removed = 0;
    // `Prose` marks what it takes out; marks that were in the text before are kept apart from those.
    let pieces = foreign.split(MARK).map(|piece| {
        let marked = Prose::clean(piece);
        removed += marked.as_str().matches(MARK).count();
        marked.as_str().replace(MARK, "").replace('\t', Composer::TAB)
    });
    let clean = pieces.collect::<Vec<_>>().join("\u{FFFD}");
    (clean.trim_end_matches('\n').to_owned(), removed)
}

#[cfg(test)]
mod tests;
