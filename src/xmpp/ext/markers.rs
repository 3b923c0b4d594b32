//! XEP-0333 (1.0.0), Displayed Markers: telling the other side what was read. Copies of our own tell our other devices.

use crate::types::OriginId;
use crate::xml::Element;
use crate::xmpp::stanza::identifier;

pub(crate) const NS: &str = "urn:xmpp:chat-markers:0";

/// Asks to be told; the message must have an id.
pub(crate) fn request() -> Element {
    Element::new("markable", NS)
}

/// Everything up to the message with this id was displayed.
pub(crate) fn displayed(of: &OriginId) -> Element {
    Element::new("displayed", NS).attr("id", of.0.as_str())
}

/// True when the sender wants to be told and can be.
pub(crate) fn is_requested(message: &Element) -> bool {
    identifier(message.get("id")).is_some() && message.find("markable", NS).is_some()
}

/// The message up to which all was displayed.
pub(crate) fn read(message: &Element) -> Option<OriginId> {
    identifier(message.find("displayed", NS)?.get("id")).map(|id| OriginId(id.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::stanza::testing::{parse, written};

    #[test]
    fn the_examples_of_section_4_ask_and_answer() {
        let message = parse(
            "<message to='juliet@capulet.lit' from='romeo@montegue.lit/orchard' id='the-msg-1'>
               <body>Hi. How are you?</body><markable xmlns='urn:xmpp:chat-markers:0'/></message>",
        );
        assert!(is_requested(&message) && read(&message).is_none());
        let marker = parse("<message><displayed xmlns='urn:xmpp:chat-markers:0' id='the-msg-1'/></message>");
        assert_eq!(read(&marker), Some(OriginId("the-msg-1".to_owned())));
        assert_eq!(
            written(&displayed(&OriginId("the-msg-1".to_owned()))),
            "<displayed xmlns='urn:xmpp:chat-markers:0' id='the-msg-1'/>"
        );
        assert_eq!(read(&parse("<message><displayed xmlns='urn:xmpp:chat-markers:0'/></message>")), None);
        assert!(!is_requested(&parse("<message><markable xmlns='urn:xmpp:chat-markers:0'/></message>")));
    }
}
