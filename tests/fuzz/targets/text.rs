//! Any text through the cleaners: nothing that drives a terminal is left, and cleaning again changes nothing.

use butty::types::{Line, Prose};
use unicode_segmentation::UnicodeSegmentation;

/// A line is cut behind so many letters, and says so by one more.
const LINE: usize = 200 + 1;

pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let line = Line::clean(&text);
    assert!(!line.as_str().contains(drives), "{:?}", line.as_str());
    assert!(!line.as_str().contains(['\n', '\t']));
    assert!(line.as_str().graphemes(true).count() <= LINE, "{}", line.as_str().graphemes(true).count());
    assert_eq!(Line::clean(line.as_str()).as_str(), line.as_str(), "clean is clean");
    let prose = Prose::clean(&text);
    assert!(!prose.as_str().contains(drives), "{:?}", prose.as_str());
    assert_eq!(Prose::clean(prose.as_str()).as_str(), prose.as_str(), "clean is clean");
}

/// C0 but for tab and line feed, DEL, C1, the separators, and what turns the direction of writing.
fn drives(character: char) -> bool {
    let controls = character.is_control() && !matches!(character, '\n' | '\t');
    controls
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
        || matches!(character, '\u{200E}' | '\u{200F}' | '\u{061C}')
}
