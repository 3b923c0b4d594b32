//! Small shapes that several parts write.

use super::stream::CLIENT;
use crate::types::Stamp;
use crate::xml::Element;

const STANZA_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-stanzas";

/// The answer to a stanza that cannot be served (RFC 6120 section 8.3), addressed back to its sender.
pub(super) fn error_of(stanza: &Element, kind: &str, condition: &str) -> Element {
    let error = Element::new("error", CLIENT).attr("type", kind).child(Element::new(condition, STANZA_ERRORS));
    Element::new(stanza.name(), CLIENT)
        .attr("type", "error")
        .attr_opt("id", stanza.get("id"))
        .attr_opt("from", stanza.get("to"))
        .child(error)
}

/// A moment as XEP-0082 writes it.
pub(super) fn date_time(stamp: Stamp) -> String {
    jiff::Timestamp::from_millisecond(stamp.0).map_or_else(|_| "1970-01-01T00:00:00Z".to_owned(), |at| at.to_string())
}

/// Cuts foreign text to so many characters.
pub(super) fn shortened(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_utc_and_no_number_is_too_large() {
        assert_eq!(date_time(Stamp(1_031_699_305_000)), "2002-09-10T23:08:25Z");
        assert_eq!(date_time(Stamp(i64::MAX)), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn errors_go_back_to_where_they_came_from() {
        let probe = Element::new("iq", CLIENT).attr("type", "get").attr("id", "7").attr("to", "a@b");
        let error = error_of(&probe, "cancel", "service-unavailable");
        assert_eq!((error.get("from"), error.get("id"), error.get("type")), (Some("a@b"), Some("7"), Some("error")));
    }
}
