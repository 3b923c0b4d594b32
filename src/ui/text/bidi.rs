//! Order of mixed scripts (UAX #9), by whole clusters.
//!
//! Each paragraph is an island. Clusters of a right-to-left run are reversed as wholes, so a vowel sign stays behind
//! its letter, and brackets are mirrored.

use super::super::text;
use std::borrow::Cow;
use std::ops::Range;
use unicode_bidi::{BidiClass, BidiInfo, bidi_class};
use unicode_segmentation::UnicodeSegmentation;

/// The order of one paragraph that holds something right-to-left.
pub struct Order<'text> {
    text: &'text str,
    info: BidiInfo<'text>,
}

impl<'text> Order<'text> {
    /// `None` when nothing in the paragraph needs ordering, which is the common and cheap case.
    pub fn of(text: &'text str) -> Option<Self> {
        let mixed = !text.is_ascii()
            && text.chars().any(|c| {
                c >= '\u{590}'
                    && matches!(bidi_class(c), BidiClass::R | BidiClass::AL | BidiClass::RLE | BidiClass::RLO)
            });
        mixed.then(|| Self { text, info: BidiInfo::new(text, None) })
    }

    /// The first strong character says that the paragraph runs from right to left.
    pub fn is_rtl(&self) -> bool {
        self.info.paragraphs.first().is_some_and(|paragraph| paragraph.level.is_rtl())
    }

    /// Hands over the clusters of a row from left to right: where each begins in the text, and how it is shown.
    pub fn visual(&self, row: Range<usize>, mut push: impl FnMut(usize, &str)) {
        let Some(paragraph) = self.info.paragraphs.iter().find(|p| p.range.contains(&row.start)) else { return };
        if row.end > paragraph.range.end {
            return;
        }
        let (levels, runs) = self.info.visual_runs(paragraph, row);
        for run in runs {
            let rtl = levels.get(run.start).is_some_and(unicode_bidi::Level::is_rtl);
            let Some(part) = self.text.get(run.clone()) else { continue };
            if rtl {
                for (at, cluster) in part.grapheme_indices(true).rev() {
                    push(run.start + at, mirrored(cluster));
                }
            } else {
                for (at, cluster) in part.grapheme_indices(true) {
                    push(run.start + at, cluster);
                }
            }
        }
    }
}

/// A name or one line in visual order.
pub fn line(text: &str) -> Cow<'_, str> {
    match Order::of(text) {
        None => Cow::Borrowed(text),
        Some(order) => {
            let mut shown = String::with_capacity(text.len());
            order.visual(0..text.len(), |_, cluster| shown.push_str(cluster));
            debug_assert_eq!(text::width(&shown), text::width(text));
            Cow::Owned(shown)
        }
    }
}

/// UAX #9 rule L4, for the brackets that people type.
fn mirrored(cluster: &str) -> &str {
    match cluster {
        "(" => ")",
        ")" => "(",
        "[" => "]",
        "]" => "[",
        "{" => "}",
        "}" => "{",
        "<" => ">",
        ">" => "<",
        "«" => "»",
        "»" => "«",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latin_is_left_alone() {
        assert!(matches!(line("Bela Novák"), Cow::Borrowed(_)));
    }

    #[test]
    fn mixed_text_keeps_numbers_and_mirrors_brackets() {
        assert_eq!(line("שלום (123)"), "(123) םולש");
        assert_eq!(line("say שלום now"), "say םולש now");
    }

    #[test]
    fn vowel_signs_stay_with_their_letter() {
        assert_eq!(line("שָׁב"), "בשָׁ");
    }
}
