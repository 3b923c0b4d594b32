//! What stands between `<` and `>`: a name and attributes.
//!
//! quick-xml lets much pass here that XML forbids (attributes without a blank between them, names that are none), so
//! this is read by hand, in one pass.

use super::XmlError;
use super::chars::{self, is_name, is_space};
use std::borrow::Cow;

/// An attribute as it stands in the tag.
#[derive(Clone, Copy)]
pub(super) struct RawAttribute<'a> {
    /// Empty where there is none.
    pub(super) prefix: &'a str,
    pub(super) local: &'a str,
    /// Between the quotes, references unresolved.
    pub(super) value: &'a str,
}

/// Cuts the inside of a start tag (without `<`, `/` and `>`) into its name and the rest.
pub(super) fn split_name(inside: &str) -> (&str, &str) {
    let end = inside.bytes().position(is_space).unwrap_or(inside.len());
    inside.split_at(end)
}

/// Cuts `prefix:local`, and checks both.
pub(super) fn split_prefix(name: &str) -> Result<(&str, &str), XmlError> {
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    let whole = is_name(local) && (is_name(prefix) || prefix.is_empty() && !name.starts_with(':'));
    if whole { Ok((prefix, local)) } else { Err(XmlError::NotWellFormed("bad name")) }
}

/// Reads the next attribute from `rest`, which begins right after the name or the attribute before.
pub(super) fn next_attribute<'a>(rest: &mut &'a str) -> Result<Option<RawAttribute<'a>>, XmlError> {
    let text = rest.trim_start_matches(is_blank);
    if text.is_empty() {
        return Ok(None);
    }
    if text.len() == rest.len() {
        return Err(XmlError::NotWellFormed("no space between attributes"));
    }
    let fault = XmlError::NotWellFormed("bad attribute");
    let (name, after) = text.split_once('=').ok_or(fault)?;
    let (prefix, local) = split_prefix(name.trim_end_matches(is_blank))?;
    let quoted = after.trim_start_matches(is_blank);
    let quote = quoted.chars().next().filter(|c| matches!(c, '\'' | '"')).ok_or(fault)?;
    let (value, tail) = quoted.get(1..).and_then(|inside| inside.split_once(quote)).ok_or(fault)?;
    *rest = tail;
    Ok(Some(RawAttribute { prefix, local, value }))
}

/// Resolves references and turns white space into blanks (XML 1.0, sections 2.11 and 3.3.3).
pub(super) fn value_of(raw: &str) -> Result<Cow<'_, str>, XmlError> {
    if !raw.bytes().any(|byte| matches!(byte, b'&' | b'\t' | b'\n' | b'\r')) {
        return Ok(Cow::Borrowed(raw));
    }
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find(['&', '\t', '\n', '\r']) {
        let (plain, special) = rest.split_at(at);
        value.push_str(plain);
        if let Some(reference) = special.strip_prefix('&') {
            let (name, tail) = reference.split_once(';').ok_or(XmlError::NotWellFormed("bad reference"))?;
            value.push(chars::resolve(name)?);
            rest = tail;
        } else {
            value.push(' ');
            // CR LF is one line end, so one blank.
            rest = special.strip_prefix("\r\n").or_else(|| special.get(1..)).unwrap_or("");
        }
    }
    value.push_str(rest);
    Ok(Cow::Owned(value))
}

/// Checks an XML declaration, without its `<?` and `?>` (XML 1.0, production 23).
pub(super) fn check_declaration(inside: &str) -> Result<(), XmlError> {
    let fault = XmlError::NotWellFormed("bad XML declaration");
    let (target, mut rest) = split_name(inside);
    if target != "xml" {
        return Err(XmlError::Restricted("processing instruction"));
    }
    let mut expected = ["version", "encoding", "standalone"].iter();
    let mut versioned = false;
    while let Some(RawAttribute { prefix, local, value }) = next_attribute(&mut rest)? {
        // In this order, each at most once, the version always.
        if !prefix.is_empty() || !expected.any(|name| *name == local) {
            return Err(fault);
        }
        match local {
            "version" if value == "1.0" => versioned = true,
            "encoding" if value.eq_ignore_ascii_case("utf-8") => {}
            "encoding" => return Err(XmlError::BadEncoding),
            "standalone" if matches!(value, "yes" | "no") => {}
            _ => return Err(fault),
        }
    }
    if versioned { Ok(()) } else { Err(fault) }
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(inside: &str) -> Result<Vec<(String, String)>, XmlError> {
        let mut rest = inside;
        let mut all = Vec::new();
        while let Some(RawAttribute { local, value, .. }) = next_attribute(&mut rest)? {
            all.push((local.to_owned(), value_of(value)?.into_owned()));
        }
        Ok(all)
    }

    #[test]
    fn attributes_are_read() {
        let all = attributes(" a='1'\r\n\tb = \"it's &lt;&#9;\" c:d=''").unwrap();
        let expected = [("a", "1"), ("b", "it's <\t"), ("d", "")];
        assert_eq!(all, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn attributes_that_are_none_are_refused() {
        for inside in [" a", " a=", " a=1", " a='1", " a='1'b='2'", "a='1'", " ='1'", " a b='1'", " a='1' /", " 1='a'"]
        {
            assert!(matches!(attributes(inside), Err(XmlError::NotWellFormed(_))), "{inside}");
        }
    }

    #[test]
    fn white_space_in_values_becomes_blanks_unless_referenced() {
        assert_eq!(value_of("a\r\nb\rc\nd\te&#13;&#10;&#9;").unwrap(), "a b c d e\r\n\t");
    }

    #[test]
    fn loose_ampersands_are_refused() {
        for raw in ["&", "a&b", "&;", "&amp", "&a b;", "&#;"] {
            assert!(matches!(value_of(raw), Err(XmlError::NotWellFormed(_))), "{raw}");
        }
    }

    #[test]
    fn names_have_at_most_one_prefix() {
        assert_eq!(split_prefix("stream:features"), Ok(("stream", "features")));
        assert_eq!(split_prefix("iq"), Ok(("", "iq")));
        for name in ["", ":a", "a:", "a:b:c", "1:a", "a:1", "a/b", "é\u{1}"] {
            assert!(split_prefix(name).is_err(), "{name}");
        }
    }

    #[test]
    fn declarations_say_one_point_nought_and_utf_8() {
        for inside in
            ["xml version='1.0'", "xml version=\"1.0\" encoding='utf-8' ", "xml version='1.0' standalone='yes'"]
        {
            assert_eq!(check_declaration(inside), Ok(()), "{inside}");
        }
        assert_eq!(check_declaration("xml version='1.0' encoding='latin-1'"), Err(XmlError::BadEncoding));
        assert_eq!(check_declaration("xml-stylesheet a='b'"), Err(XmlError::Restricted("processing instruction")));
        for inside in [
            "xml",
            "xml version='1.1'",
            "xml encoding='utf-8'",
            "xml encoding='utf-8' version='1.0'",
            "xml version='1.0' version='1.0'",
            "xml version='1.0' a='b'",
            "xml version='1.0' standalone='maybe'",
        ] {
            assert!(matches!(check_declaration(inside), Err(XmlError::NotWellFormed(_))), "{inside}");
        }
    }
}
