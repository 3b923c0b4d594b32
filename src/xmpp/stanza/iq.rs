//! Queries and their answers (RFC 6120 section 8.2.3), written.

use super::{CLIENT, error};
use crate::xml::Element;

/// A question. Without `to` it is for our own account.
pub(crate) fn get(id: &str, to: Option<&str>, payload: Element) -> Element {
    iq("get", id, to).child(payload)
}

/// A change. Without `to` it is for our own account.
pub(crate) fn set(id: &str, to: Option<&str>, payload: Element) -> Element {
    iq("set", id, to).child(payload)
}

/// The good answer to `request`, which must have an id.
pub(crate) fn result(request: &Element, payload: Option<Element>) -> Element {
    iq("result", request.get("id").unwrap_or_default(), request.get("from")).child_opt(payload)
}

/// The bad answer to `request`, which must have an id.
pub(crate) fn refusal(request: &Element, kind: &str, condition: &str) -> Element {
    iq("error", request.get("id").unwrap_or_default(), request.get("from")).child(error::write(kind, condition))
}

fn iq(kind: &str, id: &str, to: Option<&str>) -> Element {
    Element::new("iq", CLIENT).attr("type", kind).attr("id", id).attr_opt("to", to)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, written};
    use super::*;

    #[test]
    fn answers_go_back_where_the_question_came_from() {
        let question = parse("<iq from='capulet.lit' to='juliet@capulet.lit/balcony' id='s2c1' type='get'/>");
        assert_eq!(written(&result(&question, None)), "<iq type='result' id='s2c1' to='capulet.lit'/>");
        assert!(
            written(&refusal(&question, "cancel", "service-unavailable")).starts_with("<iq type='error' id='s2c1'")
        );
        let unsigned = parse("<iq id='a' type='set'/>");
        assert_eq!(written(&result(&unsigned, None)), "<iq type='result' id='a'/>");
    }

    #[test]
    fn questions_carry_their_payload() {
        let payload = Element::new("ping", "urn:xmpp:ping");
        assert_eq!(
            written(&get("c2s1", Some("capulet.lit"), payload.clone())),
            "<iq type='get' id='c2s1' to='capulet.lit'><ping xmlns='urn:xmpp:ping'/></iq>"
        );
        assert!(written(&set("1", None, payload)).starts_with("<iq type='set' id='1'><ping"));
    }
}
