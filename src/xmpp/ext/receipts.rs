//! XEP-0184 (1.4.0), Message Delivery Receipts.

use crate::types::OriginId;
use crate::xml::Element;
use crate::xmpp::stanza::identifier;

pub(crate) const NS: &str = "urn:xmpp:receipts";

/// Asks for a receipt; the message must have an id.
pub(crate) fn request() -> Element {
    Element::new("request", NS)
}

/// The receipt for the message with this id.
pub(crate) fn received(of: &OriginId) -> Element {
    Element::new("received", NS).attr("id", of.0.as_str())
}

/// True when the message asks for a receipt and can be given one.
pub(crate) fn is_requested(message: &Element) -> bool {
    identifier(message.get("id")).is_some() && message.find("request", NS).is_some()
}

/// The message that this one is a receipt for.
pub(crate) fn read(message: &Element) -> Option<OriginId> {
    identifier(message.find("received", NS)?.get("id")).map(|id| OriginId(id.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::stanza::testing::{parse, written};

    #[test]
    fn example_3_asks() {
        let message = parse(
            "<message from='northumberland@shakespeare.lit/westminster' id='richard2-4.1.247'
                      to='kingrichard@royalty.england.lit/throne'>
               <body>My lord, dispatch; read o'er these articles.</body>
               <request xmlns='urn:xmpp:receipts'/>
             </message>",
        );
        assert!(is_requested(&message));
        assert_eq!(read(&message), None);
        assert!(!is_requested(&parse("<message><request xmlns='urn:xmpp:receipts'/></message>")), "no id, no receipt");
    }

    #[test]
    fn example_4_answers() {
        let message = parse(
            "<message from='kingrichard@royalty.england.lit/throne' id='bi29sg183b4v'
                      to='northumberland@shakespeare.lit/westminster'>
               <received xmlns='urn:xmpp:receipts' id='richard2-4.1.247'/>
             </message>",
        );
        let of = OriginId("richard2-4.1.247".to_owned());
        assert_eq!(read(&message), Some(of.clone()));
        assert_eq!(written(&received(&of)), "<received xmlns='urn:xmpp:receipts' id='richard2-4.1.247'/>");
        assert_eq!(read(&parse("<message><received xmlns='urn:xmpp:receipts'/></message>")), None);
    }
}
