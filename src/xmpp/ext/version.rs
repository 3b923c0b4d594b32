//! XEP-0092 (1.1), Software Version: answered only when the person agrees to tell.

use crate::xml::Element;

pub(crate) const NS: &str = "jabber:iq:version";

/// True for a query that asks for the version.
pub(crate) fn is_asked(iq: &Element) -> bool {
    iq.find("query", NS).is_some()
}

/// Name and version; the operating system is nobody's business (section 6).
pub(crate) fn answer() -> Element {
    Element::new("query", NS)
        .child(Element::new("name", NS).text(env!("CARGO_PKG_NAME")))
        .child(Element::new("version", NS).text(env!("CARGO_PKG_VERSION")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::stanza::testing::{parse, written};

    #[test]
    fn example_1_is_a_question() {
        let question = parse(
            "<iq type='get' from='romeo@montague.net/orchard' to='juliet@capulet.com/balcony' id='version_1'>
               <query xmlns='jabber:iq:version'/>
             </iq>",
        );
        assert!(is_asked(&question));
        assert!(written(&answer()).starts_with("<query xmlns='jabber:iq:version'><name>butty</name><version>"));
        assert!(answer().find("os", NS).is_none());
    }
}
