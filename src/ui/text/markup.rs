//! What stands out in a paragraph: web addresses, and the emphasis of XEP-0393. The signs stay visible.

use super::super::theme::Role;
use std::ops::Range;

/// Schemes that butty may open.
const SCHEMES: [&str; 4] = ["https://", "http://", "xmpp:", "mailto:"];

/// The special ranges of a paragraph, sorted, never overlapping.
pub fn roles(paragraph: &str) -> Vec<(Range<usize>, Role)> {
    let mut found = links(paragraph);
    let spans = emphasis(paragraph);
    found.extend(
        spans.into_iter().filter(|(span, _)| {
            !links(paragraph).iter().any(|(link, _)| link.start < span.end && span.start < link.end)
        }),
    );
    found.sort_by_key(|(range, _)| range.start);
    found
}

/// Addresses, from their scheme to the next blank, without the punctuation that closes a sentence.
pub fn links(paragraph: &str) -> Vec<(Range<usize>, Role)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(rest) = paragraph.get(from..) {
        let Some(start) = SCHEMES.iter().filter_map(|scheme| rest.find(scheme)).min() else { break };
        let begins = rest.get(..start).and_then(|before| before.chars().next_back());
        let tail = rest.get(start..).unwrap_or("");
        let end = tail.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"')).unwrap_or(tail.len());
        let address = trim_end(tail.get(..end).unwrap_or(""));
        let scheme = SCHEMES.iter().find(|scheme| tail.starts_with(**scheme)).map_or(0, |scheme| scheme.len());
        if begins.is_none_or(|c| !c.is_alphanumeric()) && address.len() > scheme {
            found.push((from + start..from + start + address.len(), Role::Link));
        }
        from += start + end.max(1);
    }
    found
}

/// A closing bracket belongs to the address only if it opens in it.
fn trim_end(address: &str) -> &str {
    let mut kept = address;
    loop {
        let shorter = kept.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '’', '”', '…']);
        let unopened = |open, close| shorter.ends_with(close) && !shorter.contains(open);
        let next = if unopened('(', ')') || unopened('[', ']') {
            shorter.get(..shorter.len() - 1).unwrap_or("")
        } else {
            shorter
        };
        if next.len() == kept.len() {
            return kept;
        }
        kept = next;
    }
}

/// XEP-0393 section 6.2: the sign opens behind a blank or at the start, touches the text on both sides, and spans do
/// not nest here.
fn emphasis(paragraph: &str) -> Vec<(Range<usize>, Role)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, char)> = None;
    let mut before: Option<char> = None;
    let mut letters = paragraph.char_indices().peekable();
    while let Some((at, c)) = letters.next() {
        let after = letters.peek().map(|(_, next)| *next);
        if let Some(role) = role_of(c) {
            match open {
                Some((start, sign)) if sign == c && at > start + 1 && before.is_some_and(|b| !b.is_whitespace()) => {
                    found.push((start..at + c.len_utf8(), role));
                    open = None;
                }
                None if before.is_none_or(|b| b.is_whitespace() || role_of(b).is_some())
                    && after.is_some_and(|a| !a.is_whitespace() && a != c) =>
                {
                    open = Some((at, c));
                }
                _ => {}
            }
        }
        before = Some(c);
    }
    found
}

fn role_of(sign: char) -> Option<Role> {
    match sign {
        '*' => Some(Role::Strong),
        '_' => Some(Role::Emphasis),
        '~' => Some(Role::Struck),
        '`' => Some(Role::Code),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&str, Role)> {
        roles(text).into_iter().map(|(range, role)| (&text[range], role)).collect()
    }

    #[test]
    fn addresses_end_before_the_full_stop() {
        assert_eq!(
            found("see https://a.example/b_c_d, and (https://x.example/y)."),
            [("https://a.example/b_c_d", Role::Link), ("https://x.example/y", Role::Link)]
        );
        assert_eq!(found("https://w.example/a_(b)"), [("https://w.example/a_(b)", Role::Link)]);
        assert_eq!(found("nohttp://x and https:// alone"), []);
    }

    #[test]
    fn emphasis_by_the_rules_of_xep_0393() {
        assert_eq!(
            found("that is *strong* and _emphasised_ and ~gone~"),
            [("*strong*", Role::Strong), ("_emphasised_", Role::Emphasis), ("~gone~", Role::Struck)]
        );
        assert_eq!(found("2 * 3 * 4, snake_case_name, ** and *not strong *"), []);
    }
}
