//! XEP-0198 (1.6.3), Stream Management: the elements. The counting is in [`managed`](super::super::managed).

use crate::xml::Element;

pub(crate) const NS: &str = "urn:xmpp:sm:3";
/// Longest id that is kept (section 5: it SHOULD NOT be longer).
const LONGEST: usize = 4_000;
/// Longest location: a name, or an address in brackets, and a port.
const LONGEST_LOCATION: usize = 300;

/// Switches it on, and asks to be let in again after a lost connection.
pub(crate) fn enable() -> Element {
    Element::new("enable", NS).attr("resume", "true")
}

/// Asks to be let in again.
pub(crate) fn resume(id: &str, handled: u32) -> Element {
    Element::new("resume", NS).attr("h", handled.to_string()).attr("previd", id)
}

/// Asks how many of our stanzas have arrived.
pub(crate) fn request() -> Element {
    Element::new("r", NS)
}

/// Says how many of theirs have.
pub(crate) fn answer(handled: u32) -> Element {
    Element::new("a", NS).attr("h", handled.to_string())
}

/// How a session is found again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its name at the server.
    pub(crate) id: String,
    /// Where the server would have us come back; raw, as in a redirect.
    pub(crate) location: Option<String>,
}

/// The place of a session that can be resumed; `None` where it cannot.
pub(crate) fn resumable(enabled: &Element) -> Option<Place> {
    let willing = matches!(enabled.get("resume"), Some("true" | "1"));
    let id = enabled.get("id").filter(|id| willing && !id.is_empty() && id.len() <= LONGEST)?;
    let location = enabled.get("location").filter(|text| !text.is_empty() && text.len() <= LONGEST_LOCATION);
    Some(Place { id: id.to_owned(), location: location.map(str::to_owned) })
}

/// What a stream error says to a server that has acknowledged more than it was sent (section 6).
pub(crate) fn too_high(count: u32, sent: u32) -> Element {
    Element::new("handled-count-too-high", NS).attr("h", count.to_string()).attr("send-count", sent.to_string())
}

/// How many of our stanzas are said to have arrived.
pub(crate) fn count(element: &Element) -> Option<u32> {
    element.get("h").and_then(|count| count.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::stanza::testing::parse;

    #[test]
    fn the_examples_of_sections_3_to_5() {
        assert_eq!(enable().to_xml(""), "<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        assert_eq!(
            resume("some-long-sm-id", 7).to_xml(""),
            "<resume xmlns='urn:xmpp:sm:3' h='7' previd='some-long-sm-id'/>"
        );
        assert_eq!(answer(1).to_xml(""), "<a xmlns='urn:xmpp:sm:3' h='1'/>");
        assert_eq!(request().to_xml(""), "<r xmlns='urn:xmpp:sm:3'/>");
        let id = |xml: &str| resumable(&parse(xml)).map(|place| place.id);
        assert_eq!(id("<enabled xmlns='urn:xmpp:sm:3' id='some' resume='true'/>").as_deref(), Some("some"));
        assert_eq!(id("<enabled xmlns='urn:xmpp:sm:3' id='some' resume='1'/>").as_deref(), Some("some"));
        assert_eq!(id("<enabled xmlns='urn:xmpp:sm:3' id='some'/>"), None);
        assert_eq!(id("<enabled xmlns='urn:xmpp:sm:3' resume='true'/>"), None);
        assert_eq!(id(&format!("<enabled xmlns='urn:xmpp:sm:3' resume='true' id='{}'/>", "x".repeat(4_001))), None);
        let at = "<enabled xmlns='urn:xmpp:sm:3' id='x' location='[2001:41D0:1:A49b::1]:9222' resume='true'/>";
        let location = |xml: &str| resumable(&parse(xml)).and_then(|place| place.location);
        assert_eq!(location(at).as_deref(), Some("[2001:41D0:1:A49b::1]:9222"));
        assert_eq!(location(&at.replace("[2001", &"[".repeat(300))), None);
        assert_eq!(too_high(10, 8).to_xml(""), "<handled-count-too-high xmlns='urn:xmpp:sm:3' h='10' send-count='8'/>");
        for (h, counted) in
            [("0", Some(0)), ("4294967295", Some(u32::MAX)), ("4294967296", None), ("-1", None), ("", None)]
        {
            assert_eq!(count(&parse(&format!("<a xmlns='urn:xmpp:sm:3' h='{h}'/>"))), counted, "{h}");
        }
    }
}
