//! What foreign text has done to a terminal.

use std::collections::BTreeSet;

/// A colour that butty never uses.
pub const SGR: &str = "[6;7;35mPWN";

/// One of everything that XML lets through and a terminal, or an eye, falls for.
pub fn poison() -> String {
    let c1: String = ('\u{80}'..='\u{9f}').collect();
    format!(
        "a\u{9b}{SGR}\u{9d}0;PWN\u{9c}b\u{7f}{c1}\u{202e}c\u{2066}d\u{2067}\u{2068}\u{2069}\u{202a}\u{202b}\u{202c}\
         \u{202d}\u{200e}\u{200f}\u{61c}\u{200b}\u{2060}\u{feff}\u{2028}e\u{2029}f\u{e0041}\u{e007f}\u{ad}g"
    )
}

/// The same as markup, with the controls that need a reference.
pub fn poison_markup() -> String {
    format!("{}&#13;h&#9;i&#10;j&#x9b;2J", poison())
}

/// As JSON, where ESC itself is possible.
pub fn poison_json() -> String {
    format!("\\u001b{SGR}\\u001b]0;PWN\\u0007\\u0008\\u001b]52;c;UFdO\\u0007{}", poison())
}

/// Fails if something foreign has reached the terminal. `innocent`: what a session among friends has written.
#[track_caller]
pub fn assert_none(what: &str, bytes: &[u8], innocent: &BTreeSet<String>) {
    let text = std::str::from_utf8(bytes).expect("UTF-8 to the terminal");
    for (at, c) in text.char_indices() {
        let near: String = text[..at].chars().rev().take(30).collect::<String>().chars().rev().collect();
        let control = c < ' ' && !matches!(c, '\x1b' | '\r' | '\n' | '\x07');
        assert!(!drives(c) && !control, "{what}: {c:?} behind {near:?}");
    }
    let drawn = sequences(text);
    let foreign: Vec<_> = drawn.difference(innocent).collect();
    assert!(foreign.is_empty(), "{what}: foreign sequences {foreign:?}");
    for payload in ["[6;7;35m", "]0;PWN", "]52;"] {
        assert!(!text.contains(&format!("\x1b{payload}")), "{what}: {payload}");
    }
}

/// No control but the usual ones: for text that is no screen.
#[track_caller]
pub fn assert_plain(what: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let bad = text.chars().find(|c| drives(*c) || (c.is_control() && !matches!(c, '\n' | '\r' | '\t')));
    assert_eq!(bad, None, "{what}: {text:?}");
}

fn drives(c: char) -> bool {
    matches!(c,
        '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

/// The kinds of escape sequences: introducer and final, and the whole for modes and reports.
pub fn sequences(text: &str) -> BTreeSet<String> {
    let mut kinds = BTreeSet::new();
    for part in text.split('\x1b').skip(1) {
        let kind = if let Some(rest) = part.strip_prefix('[') {
            let end = rest.find(|c: char| ('@'..='~').contains(&c)).unwrap_or(rest.len().saturating_sub(1));
            let (parameters, last) = (&rest[..end], rest[end..].chars().next().unwrap_or('?'));
            match last {
                'H' | 'A' | 'B' | 'C' | 'D' | 'G' | 'm' => format!("[{last}"),
                last => format!("[{parameters}{last}"),
            }
        } else if let Some(rest) = part.strip_prefix(']') {
            format!("]{}", rest.split(';').next().unwrap_or_default())
        } else {
            part.chars().take(1).collect()
        };
        kinds.insert(kind);
    }
    kinds
}
