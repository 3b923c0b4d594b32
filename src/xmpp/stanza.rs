//! Stanzas (RFC 6120 section 8): what is common to messages, presences and queries.
//!
//! Reading never fails as a whole: an absurd attribute counts as absent, and an address that cannot be read makes
//! its sender [`Sender::Unreadable`], who is entitled to nothing.

pub(crate) mod error;
pub(crate) mod iq;
pub(crate) mod message;
pub(crate) mod presence;
#[cfg(test)]
pub(crate) mod testing;

pub(crate) use super::ns::CLIENT;
use crate::types::Jid;
use crate::types::limits::ID_BYTES;
use crate::xml::Element;

/// Who sent a stanza, as `from` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sender<'a> {
    /// No `from`: our own account on the server (RFC 6120 section 8.1.2.1). Nobody else can leave it out.
    Absent,
    /// A good address.
    Known(Jid),
    /// Text that is no address.
    Unreadable(&'a str),
}

impl<'a> Sender<'a> {
    /// Reads `from`.
    pub(crate) fn of(stanza: &'a Element) -> Self {
        match stanza.get("from") {
            None => Self::Absent,
            Some(text) => Jid::parse(text).map_or(Self::Unreadable(text), Self::Known),
        }
    }
}

/// An identifier from outside; `None` for one that is empty or longer than any honest one.
pub(crate) fn identifier(text: Option<&str>) -> Option<&str> {
    text.filter(|id| !id.is_empty() && id.len() <= ID_BYTES)
}

/// The text of the first child of this name that has no language of its own, else of the first of any language
/// (RFC 6121 sections 4.7.2.2 and 5.2.3: several may stand side by side).
pub(crate) fn text_of(stanza: &Element, name: &str) -> Option<String> {
    let mut all = stanza.children().filter(|child| child.is(name, CLIENT));
    let first = all.next()?;
    let plain = if first.lang().is_none() { None } else { all.find(|child| child.lang().is_none()) };
    Some(plain.unwrap_or(first).content())
}

#[cfg(test)]
mod tests {
    use super::testing::parse;
    use super::*;

    #[test]
    fn text_without_a_language_comes_first() {
        let message = parse(
            "<message><body xml:lang='cs'>ahoj</body><body>hello</body><body xml:lang='de'>hallo</body>\
             <subject xml:lang='de'>eins</subject><subject xml:lang='fr'>deux</subject></message>",
        );
        assert_eq!(text_of(&message, "body").as_deref(), Some("hello"));
        assert_eq!(text_of(&message, "subject").as_deref(), Some("eins"));
        assert_eq!(text_of(&message, "thread"), None);
    }

    #[test]
    fn absurd_identifiers_are_absent() {
        assert_eq!(identifier(Some("a")), Some("a"));
        assert_eq!(identifier(Some("")), None);
        assert_eq!(identifier(Some(&"x".repeat(1_024))), None);
    }

    #[test]
    fn senders_are_absent_known_or_unreadable() {
        assert_eq!(Sender::of(&parse("<message/>")), Sender::Absent);
        assert!(matches!(Sender::of(&parse("<message from='a@b/c'/>")), Sender::Known(jid) if jid.as_str() == "a@b/c"));
        assert_eq!(Sender::of(&parse("<message from='@@'/>")), Sender::Unreadable("@@"));
        assert_eq!(Sender::of(&parse("<message from=''/>")), Sender::Unreadable(""));
    }
}
