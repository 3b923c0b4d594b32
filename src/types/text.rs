//! Foreign text, cleaned once at the border.
//!
//! A terminal obeys control characters, and XML lets some through: U+009B is a one-character CSI. OAuth
//! documents and callbacks can carry ESC itself. Bidi controls reorder what stands around them, tag characters
//! hide text. So text from outside becomes a [`Line`] or a [`Prose`] where it enters, and only those are shown.
//! What was there stays visible as U+FFFD, so that a trick can be seen.

use super::limits::LINE_BYTES;
use std::fmt;
use unicode_segmentation::UnicodeSegmentation;

/// The mark for a character that was taken out.
const MARK: char = '\u{FFFD}';
/// Combining marks kept on one base character; more is a tower that climbs into other lines.
const MARKS_PER_BASE: usize = 8;
/// Characters kept of one grapheme cluster. A joiner can chain a million of them into one; the longest honest ones, a
/// kissing couple or a region's flag, have ten.
const CHARS_PER_CLUSTER: usize = 32;
/// Ends what was cut.
const MORE: char = '…';
/// Longest kept [`Line`], in grapheme clusters; longer ones end in `…`.
const LINE_CLUSTERS: usize = 200;

/// One line of clean text: a name, a personal message, the words of a server. Never holds a line break.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Line(String);

impl Line {
    /// Cleans foreign text into one line: breaks and tabs become blanks, ends are trimmed, length is limited.
    pub fn clean(foreign: &str) -> Self {
        let clean = scrub(&flat(foreign));
        // Cleaned once more it is the same: what ends in the mark is as long as a line may be.
        let most = LINE_BYTES - MORE.len_utf8();
        let end = match clean.grapheme_indices(true).nth(LINE_CLUSTERS) {
            Some((end, _)) if end <= most => end,
            None if clean.len() <= LINE_BYTES => return Self(clean),
            _ => clean.grapheme_indices(true).map(|(at, _)| at).take_while(|at| *at <= most).last().unwrap_or_default(),
        };
        Self(format!("{}{MORE}", &clean[..end]))
    }

    /// The same, and never cut: for addresses that were read and limited before, and lead nowhere without their end.
    pub fn whole(foreign: &str) -> Self {
        Self(scrub(&flat(foreign)))
    }

    /// The clean text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True when nothing is left to show.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Without breaks and ends.
fn flat(foreign: &str) -> String {
    let blank = |c| if matches!(c, '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}') { ' ' } else { c };
    foreign.chars().map(blank).collect::<String>().trim().to_owned()
}

/// Clean text of any number of lines: the body of a message. Breaks are `\n`; tabs are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Prose(String);

impl Prose {
    /// Cleans a foreign body. CR LF, CR and the two Unicode separators all become `\n`.
    pub fn clean(foreign: &str) -> Self {
        let breaks = foreign.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}', '\u{85}'], "\n");
        Self(scrub(&breaks))
    }

    /// The clean text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True when nothing is left to show.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Prose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Replaces what must never reach a terminal and thins towers of combining marks.
fn scrub(text: &str) -> String {
    // Most text is this, and needs no clusters looked for.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t')) {
        return text.to_owned();
    }
    let mut clean = String::with_capacity(text.len());
    for cluster in text.graphemes(true) {
        let (mut marks, mut kept) = (0, 0);
        let mut base: Option<char> = None;
        for c in cluster.chars() {
            if kept == CHARS_PER_CLUSTER {
                clean.push(MARK);
                break;
            }
            let joins = joins(c, base);
            let dangerous = is_dangerous(c) && !matches!(c, '\n' | '\t') && !joins;
            // A mark without a base stands behind what it followed, which may just have become a sign of its own.
            marks += usize::from(unicode_width::UnicodeWidthChar::width(c) == Some(0));
            if dangerous || joins || marks <= MARKS_PER_BASE {
                clean.push(if dangerous { MARK } else { c });
                kept += 1;
            }
            // What stands behind the mark stands behind that, also the next time it is cleaned.
            base = if dangerous { Some(MARK) } else { base.or(Some(c)) };
        }
    }
    clean
}

/// Zero-width (non-)joiners are part of scripts and of emoji; they are kept inside a cluster, never at its start.
/// Tag characters are kept only behind the black flag, where they spell a region (UTS #51).
fn joins(c: char, base: Option<char>) -> bool {
    match c {
        '\u{200C}' | '\u{200D}' => base.is_some(),
        '\u{E0020}'..='\u{E007F}' => base == Some('\u{1F3F4}'),
        _ => false,
    }
}

/// Control characters of both kinds, bidi controls, separators, invisible operators, tags, private controls.
fn is_dangerous(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{FFFE}' | '\u{FFFF}'
            | '\u{110BD}' | '\u{13430}'..='\u{1343F}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_drives_a_terminal_is_left() {
        for c in (0..=0x20_u32).chain(0x7f..=0x9f).filter_map(char::from_u32) {
            let line = Line::clean(&format!("a{c}b"));
            assert!(!line.as_str().chars().any(char::is_control), "{c:?} in {line:?}");
        }
        for c in ['\u{202E}', '\u{2066}', '\u{200E}', '\u{E0041}', '\u{FEFF}', '\u{61C}'] {
            assert_eq!(Prose::clean(&format!("a{c}b")).as_str(), "a\u{FFFD}b", "{c:?}");
        }
    }

    #[test]
    fn bodies_keep_lines_and_tabs_and_nothing_else() {
        assert_eq!(Prose::clean("a\r\nb\rc\u{2028}d\te\u{1b}[2J").as_str(), "a\nb\nc\nd\te\u{FFFD}[2J");
    }

    #[test]
    fn emoji_flags_and_scripts_survive() {
        for text in
            ["👨‍👩‍👧", "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}", "किताब", "می‌خواهم", "👋🏽", "é", "שלום"]
        {
            assert_eq!(Line::clean(text).as_str(), text);
        }
    }

    #[test]
    fn what_is_clean_is_clean() {
        // A tag that spells no region, between the flag and one that would.
        for text in ["🏴\u{E0001}\u{E0062}", "🏴\u{E0067}\u{E0FFF}\u{E0062}\u{E007F}", "a\u{301}\u{E0062}\u{200D}b"]
        {
            let once = Prose::clean(text);
            assert_eq!(Prose::clean(once.as_str()), once, "{text:?}");
        }
    }

    #[test]
    fn towers_of_marks_are_thinned() {
        let tower = format!("a{}b", "\u{301}".repeat(500));
        assert_eq!(Line::clean(&tower).as_str().chars().count(), 2 + MARKS_PER_BASE);
        let on_a_control = format!("\u{5}{}b", "\u{301}".repeat(500));
        assert_eq!(Line::clean(&on_a_control).as_str().chars().count(), 2 + MARKS_PER_BASE);
    }

    #[test]
    fn chains_of_joiners_are_cut() {
        for link in ["👩\u{200D}", "\u{200D}", "\u{1100}", "\u{915}\u{94D}\u{200D}"] {
            let chain = format!("{}{}", link.chars().next().unwrap(), link.repeat(100_000));
            let line = Line::clean(&chain);
            let longest = line.as_str().graphemes(true).map(|one| one.chars().count()).max();
            assert!(longest <= Some(CHARS_PER_CLUSTER), "{link:?}: {longest:?}");
        }
        let flag = format!("🏴{}", "\u{E0067}".repeat(100_000));
        assert!(Prose::clean(&flag).as_str().chars().count() <= CHARS_PER_CLUSTER + 1);
    }

    #[test]
    fn lines_are_short() {
        assert_eq!(Line::clean(&"x".repeat(100_000)).as_str().chars().count(), LINE_CLUSTERS + 1);
        assert_eq!(Line::clean("  a\nb \n").as_str(), "a b");
    }
}
