//! XEP-0199 (2.0.1), XMPP Ping.

use crate::xml::Element;

pub(crate) const NS: &str = "urn:xmpp:ping";

/// The question. Any answer to it, an error too, proves the round trip (section 4.2).
pub(crate) fn write() -> Element {
    Element::new("ping", NS)
}

/// True for a query that is a ping.
pub(crate) fn is_asked(iq: &Element) -> bool {
    iq.find("ping", NS).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::stanza::iq;
    use crate::xmpp::stanza::testing::{parse, written};

    #[test]
    fn examples_1_and_2_answer_the_server() {
        let question = parse(
            "<iq from='capulet.lit' to='juliet@capulet.lit/balcony' id='s2c1' type='get'>
               <ping xmlns='urn:xmpp:ping'/>
             </iq>",
        );
        assert!(is_asked(&question));
        assert_eq!(written(&iq::result(&question, None)), "<iq type='result' id='s2c1' to='capulet.lit'/>");
    }

    #[test]
    fn example_4_asks_the_server() {
        assert_eq!(
            written(&iq::get("c2s1", Some("capulet.lit"), write())),
            "<iq type='get' id='c2s1' to='capulet.lit'><ping xmlns='urn:xmpp:ping'/></iq>"
        );
    }
}
