//! Stanza errors (RFC 6120 section 8.3), read and written.

use super::CLIENT;
use crate::types::{BareJid, Domain, Line, Problem};
use crate::xml::Element;
use crate::xmpp::ns::STANZAS;

/// Why a stanza was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StanzaError {
    /// The defined condition, cleaned; `undefined-condition` where none is told.
    pub(crate) condition: Line,
    /// The server's words, for finding out what it meant; not shown.
    text: String,
}

impl StanzaError {
    /// Reads the `<error/>` of a stanza of type `error`. Old servers leave the condition out.
    pub(crate) fn read(stanza: &Element) -> Self {
        let error = stanza.find("error", CLIENT);
        let condition =
            error.and_then(|error| error.children().find(|child| child.ns() == STANZAS && child.name() != "text"));
        Self {
            condition: Line::clean(condition.map_or("undefined-condition", Element::name)),
            text: error.and_then(|error| error.find_text("text", STANZAS)).unwrap_or_default(),
        }
    }

    /// What the error means for a message of ours to `peer`.
    pub(crate) fn about_message(self, peer: BareJid, domain: Domain) -> Problem {
        match self.condition.as_str() {
            "item-not-found" | "remote-server-not-found" | "jid-malformed" | "gone" => Problem::NoSuchAddress { peer },
            "policy-violation" | "not-acceptable" | "resource-constraint" if speaks_of_size(&self.text) => {
                Problem::TooLong { domain }
            }
            "forbidden" | "subscription-required" => Problem::BuddiesOnly { peer },
            _ => Problem::Bounced { peer, condition: self.condition },
        }
    }

    /// What the error means for a request of ours; `what` names the request, `peer` whom it was about.
    pub(crate) fn about_request(self, what: &str, peer: Option<BareJid>, domain: Domain) -> Problem {
        match (self.condition.as_str(), peer) {
            ("feature-not-implemented" | "service-unavailable", _) => Problem::NotOffered { what: Line::clean(what) },
            ("item-not-found" | "remote-server-not-found" | "jid-malformed" | "gone", Some(peer)) => {
                Problem::NoSuchAddress { peer }
            }
            _ => Problem::RequestRefused { domain, condition: self.condition },
        }
    }
}

/// No condition of RFC 6120 means "too long"; servers say it in words.
pub(crate) fn speaks_of_size(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["too long", "too large", "too big", "size"].iter().any(|word| text.contains(word))
}

/// An `<error/>` of ours. `kind` is the error type (RFC 6120 section 8.3.2).
pub(crate) fn write(kind: &str, condition: &str) -> Element {
    Element::new("error", CLIENT).attr("type", kind).child(Element::new(condition, STANZAS))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, written};
    use super::*;

    fn about_message(condition: &str, text: &str) -> &'static str {
        let stanza = parse(&format!(
            "<message type='error'><error type='cancel'><{condition} xmlns='{STANZAS}'/>\
             <text xmlns='{STANZAS}'>{text}</text></error></message>"
        ));
        let peer = BareJid::parse("romeo@montague.lit").unwrap();
        StanzaError::read(&stanza).about_message(peer, Domain::parse("capulet.lit").unwrap()).code()
    }

    #[test]
    fn each_condition_finds_its_problem() {
        for (condition, text, code) in [
            ("item-not-found", "", "BTY-MSG-02"),
            ("remote-server-not-found", "Server-to-server connection failed", "BTY-MSG-02"),
            ("policy-violation", "Stanza is too large", "BTY-MSG-03"),
            ("not-acceptable", "Message too long", "BTY-MSG-03"),
            ("forbidden", "", "BTY-MSG-04"),
            ("subscription-required", "", "BTY-MSG-04"),
            ("policy-violation", "", "BTY-MSG-05"),
            ("service-unavailable", "", "BTY-MSG-05"),
            ("no-such-condition", "", "BTY-MSG-05"),
        ] {
            assert_eq!(about_message(condition, text), code, "{condition}");
        }
    }

    #[test]
    fn an_error_without_a_condition_is_still_one() {
        for text in ["<message type='error'/>", "<message type='error'><error code='404'/></message>"] {
            assert_eq!(StanzaError::read(&parse(text)).condition.as_str(), "undefined-condition");
        }
    }

    #[test]
    fn refused_requests_say_what_is_missing() {
        let read = |condition: &str| {
            StanzaError::read(&parse(&format!(
                "<iq type='error'><error type='cancel'><{condition} xmlns='{STANZAS}'/></error></iq>"
            )))
        };
        let domain = || Domain::parse("capulet.lit").unwrap();
        let what = |condition| read(condition).about_request("archive", None, domain()).code();
        assert_eq!(what("service-unavailable"), "BTY-CMD-03");
        assert_eq!(what("feature-not-implemented"), "BTY-CMD-03");
        assert_eq!(what("not-allowed"), "BTY-XMPP-06");
        assert_eq!(what("item-not-found"), "BTY-XMPP-06");
        let peer = BareJid::parse("romeo@montague.lit").unwrap();
        assert_eq!(read("item-not-found").about_request("", Some(peer), domain()).code(), "BTY-MSG-02");
    }

    #[test]
    fn ours_are_written_as_rfc_6120_has_them() {
        assert_eq!(
            written(&write("cancel", "service-unavailable")),
            "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
        );
    }
}
