//! Which characters XML 1.0 allows, and where.

use super::XmlError;

/// True for white space in markup (XML 1.0, production 3).
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// True for a character that a document may hold (XML 1.0, production 2), written out or as a reference.
pub(super) fn is_legal(c: char) -> bool {
    !matches!(c, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}')
}

/// Refuses text that holds a character which XML 1.0 forbids. Quick on the usual text, which holds none.
pub(super) fn check_legal(text: &str) -> Result<(), XmlError> {
    let control = text.bytes().any(|byte| byte < b' ' && !is_space(byte));
    if control || text.contains('\u{FFFE}') || text.contains('\u{FFFF}') {
        return Err(XmlError::NotWellFormed("forbidden character"));
    }
    Ok(())
}

/// True for a name without a colon (Namespaces in XML 1.0, production 4).
pub(super) fn is_name(text: &str) -> bool {
    if text.is_ascii() {
        let (first, rest) = text.as_bytes().split_first().map_or((b'-', [].as_slice()), |(first, rest)| (*first, rest));
        let starts = first.is_ascii_alphabetic() || first == b'_';
        return starts && rest.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    }
    let mut chars = text.chars();
    chars.next().is_some_and(starts_name) && chars.all(continues_name)
}

/// True for a character that a name may begin with (XML 1.0, production 4, less the colon).
pub(super) fn starts_name(c: char) -> bool {
    matches!(c, 'a'..='z' | 'A'..='Z' | '_' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

/// True for a character that may stand further on in a name (XML 1.0, production 4a, less the colon).
pub(super) fn continues_name(c: char) -> bool {
    starts_name(c) || matches!(c, '0'..='9' | '-' | '.' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// What a reference between `&` and `;` stands for: one of the five entities, or a character by its number.
pub(super) fn resolve(reference: &str) -> Result<char, XmlError> {
    match reference {
        "lt" => return Ok('<'),
        "gt" => return Ok('>'),
        "amp" => return Ok('&'),
        "apos" => return Ok('\''),
        "quot" => return Ok('"'),
        _ => {}
    }
    let Some(number) = reference.strip_prefix('#') else {
        let named = is_name(reference);
        return Err(if named { XmlError::Restricted("entity") } else { XmlError::NotWellFormed("bad reference") });
    };
    let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |digits| (digits, 16));
    // `from_str_radix` would let a sign pass.
    let code = if digits.starts_with('+') { None } else { u32::from_str_radix(digits, radix).ok() };
    code.and_then(char::from_u32).filter(|&c| is_legal(c)).ok_or(XmlError::NotWellFormed("bad character reference"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved() {
        for (reference, c) in [("lt", '<'), ("quot", '"'), ("#65", 'A'), ("#x1F44b", '👋'), ("#x00000041", 'A')] {
            assert_eq!(resolve(reference), Ok(c), "{reference}");
        }
    }

    #[test]
    fn references_to_nothing_are_refused() {
        for reference in
            ["#0", "#x0", "#27", "#xD800", "#x110000", "#xFFFE", "#", "#x", "#+65", "#x+41", "#X41", "#-1", ""]
        {
            assert!(matches!(resolve(reference), Err(XmlError::NotWellFormed(_))), "{reference}");
        }
        assert_eq!(resolve("nbsp"), Err(XmlError::Restricted("entity")));
    }

    #[test]
    fn names_begin_like_names() {
        for name in ["a", "_", "stream-features", "e\u{301}", "été", "x1.2"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "1a", "-a", ".a", "a:b", "a b", "\u{301}", "a×", "a\u{37E}"] {
            assert!(!is_name(name), "{name}");
        }
    }
}
