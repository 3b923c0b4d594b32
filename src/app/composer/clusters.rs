//! Boundaries of grapheme clusters (UAX #29) and of words, looked up around one place instead of over the whole
//! text, so that a key press costs the same in a long text.

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

/// The boundary before `at`; 0 at the start.
pub(super) fn previous(text: &str, at: usize) -> usize {
    cursor(text, at).prev_boundary(text, 0).ok().flatten().unwrap_or(0)
}

/// The boundary behind `at`; the length at the end.
pub(super) fn next(text: &str, at: usize) -> usize {
    cursor(text, at).next_boundary(text, 0).ok().flatten().unwrap_or(text.len())
}

/// The last boundary that is not behind `at`.
pub(super) fn floor(text: &str, at: usize) -> usize {
    if is_boundary(text, at) { at } else { previous(text, at) }
}

/// The first boundary that is not before `at`.
pub(super) fn ceil(text: &str, at: usize) -> usize {
    if is_boundary(text, at) { at } else { next(text, at) }
}

/// The start of the word that ends before or around `at`; blanks and punctuation between are passed.
pub(super) fn word_left(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    floor(text, before.unicode_word_indices().next_back().map_or(0, |(start, _)| start))
}

/// The end of the word that begins behind or around `at`.
pub(super) fn word_right(text: &str, at: usize) -> usize {
    let behind = text.get(at..).unwrap_or_default();
    let end = behind.unicode_word_indices().next().map_or(behind.len(), |(start, word)| start + word.len());
    ceil(text, at + end)
}

fn cursor(text: &str, at: usize) -> GraphemeCursor {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    GraphemeCursor::new(at, text.len(), true)
}

fn is_boundary(text: &str, at: usize) -> bool {
    at <= text.len() && text.is_char_boundary(at) && cursor(text, at).is_boundary(text, 0).unwrap_or(false)
}
