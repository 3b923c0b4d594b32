//! Undo and redo: changes, not copies, so that 200 steps of a long text stay small.

use std::collections::VecDeque;
use std::ops::Range;
use zeroize::Zeroize;

/// Steps that are kept.
const KEEP: usize = 200;

/// What sort of change: runs of the same sort become one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One character was typed.
    Typed,
    /// One cluster was taken with Backspace.
    Erased,
    /// Anything else; always a step of its own.
    Other,
}

/// One replacement.
#[derive(Clone, Debug)]
pub(super) struct Change {
    at: usize,
    removed: String,
    inserted: String,
    cursor_before: usize,
}

impl Change {
    /// At byte `at`, `removed` became `inserted`.
    pub(super) fn new(at: usize, removed: &str, inserted: &str, cursor_before: usize) -> Self {
        Self { at, removed: removed.to_owned(), inserted: inserted.to_owned(), cursor_before }
    }

    /// How to take it back: what to replace, by what, and where the cursor goes.
    pub(super) fn backward(&self) -> (Range<usize>, String, usize) {
        (self.at..self.at + self.inserted.len(), self.removed.clone(), self.cursor_before)
    }

    /// How to do it again.
    pub(super) fn forward(&self) -> (Range<usize>, String, usize) {
        (self.at..self.at + self.removed.len(), self.inserted.clone(), self.at + self.inserted.len())
    }

    /// Makes this change include the next one, where they are one thing to a person: a word with its blank.
    fn absorb(&mut self, next: &Change, kind: Kind) -> bool {
        match kind {
            Kind::Typed => {
                let adjacent = self.removed.is_empty() && self.at + self.inserted.len() == next.at;
                let new_word = self.inserted.ends_with(char::is_whitespace) && !next.inserted.starts_with(' ');
                if adjacent && !new_word {
                    self.inserted.push_str(&next.inserted);
                }
                adjacent && !new_word
            }
            Kind::Erased => {
                let adjacent = self.inserted.is_empty() && next.at + next.removed.len() == self.at;
                if adjacent {
                    self.removed.insert_str(0, &next.removed);
                    self.at = next.at;
                }
                adjacent
            }
            Kind::Other => false,
        }
    }
}

/// What can be undone and redone.
#[derive(Clone, Debug, Default)]
pub(super) struct Steps {
    done: VecDeque<Change>,
    undone: Vec<Change>,
    /// The sort of the newest step, while it may still grow.
    open: Option<Kind>,
}

impl Steps {
    /// Notes a change.
    pub(super) fn push(&mut self, change: Change, kind: Kind) {
        self.undone.clear();
        let grows = self.open == Some(kind);
        self.open = Some(kind);
        if grows && self.done.back_mut().is_some_and(|last| last.absorb(&change, kind)) {
            return;
        }
        if self.done.len() == KEEP {
            self.done.pop_front();
        }
        self.done.push_back(change);
    }

    /// The newest step is complete: the cursor was moved.
    pub(super) fn seal(&mut self) {
        self.open = None;
    }

    /// The change to take back.
    pub(super) fn undo(&mut self) -> Option<Change> {
        self.open = None;
        let change = self.done.pop_back()?;
        self.undone.push(change.clone());
        Some(change)
    }

    /// The change to do again.
    pub(super) fn redo(&mut self) -> Option<Change> {
        self.open = None;
        let change = self.undone.pop()?;
        self.done.push_back(change.clone());
        Some(change)
    }

    /// Overwrites every text in it.
    pub(super) fn wipe(&mut self) {
        for change in self.done.iter_mut().chain(self.undone.iter_mut()) {
            change.removed.zeroize();
            change.inserted.zeroize();
        }
    }
}
