//! XEP-0359 (0.7.0), Unique and Stable Stanza IDs.

use crate::types::{Jid, OriginId, StanzaId};
use crate::xml::Element;
use crate::xmpp::stanza::identifier;

pub(crate) const NS: &str = "urn:xmpp:sid:0";

/// Marks a message of ours.
pub(crate) fn origin(id: &str) -> Element {
    Element::new("origin-id", NS).attr("id", id)
}

/// The sender's own id: the stanza's `id`, by which receipts (XEP-0184 section 5) and corrections name it, else
/// `<origin-id/>`, which should say the same. Either can be forged.
pub(crate) fn read_origin(message: &Element) -> Option<OriginId> {
    let marked = || message.find("origin-id", NS).and_then(|origin| identifier(origin.get("id")));
    identifier(message.get("id")).or_else(marked).map(|id| OriginId(id.to_owned()))
}

/// The id given by the archive that `trusted` recognises by its address (section 5: by no other).
pub(crate) fn read(message: &Element, trusted: impl Fn(&Jid) -> bool) -> Option<StanzaId> {
    let mut all = message.children().filter(|child| child.is("stanza-id", NS)).take(16);
    all.find_map(|child| {
        let by = Jid::parse(child.get("by")?).ok().filter(|by| trusted(by));
        by.and_then(|_| identifier(child.get("id"))).map(|id| StanzaId(id.to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::stanza::testing::{parse, written};

    fn room_message() -> Element {
        parse(
            "<message xmlns='jabber:client' to='room@muc.example.com' type='groupchat' id='other'>
               <body>Typical body text</body>
               <stanza-id xmlns='urn:xmpp:sid:0' id='5f3dbc5e-e1d3-4077-a492-693f3769c7ad' by='room@muc.example.com'/>
               <origin-id xmlns='urn:xmpp:sid:0' id='de305d54-75b4-431b-adb2-eb6b9e546013'/>
             </message>",
        )
    }

    #[test]
    fn example_2_has_both_ids() {
        let message = room_message();
        assert_eq!(read_origin(&message).unwrap().0, "other", "receipts name the attribute");
        let by_room = read(&message, |by| by.as_str() == "room@muc.example.com");
        assert_eq!(by_room.unwrap().0, "5f3dbc5e-e1d3-4077-a492-693f3769c7ad");
    }

    #[test]
    fn an_id_by_another_is_not_read() {
        assert_eq!(read(&room_message(), |by| by.as_str() == "juliet@capulet.lit"), None);
        let unsigned = parse("<message><stanza-id xmlns='urn:xmpp:sid:0' id='x'/></message>");
        assert_eq!(read(&unsigned, |_| true), None);
    }

    #[test]
    fn without_an_id_the_mark_counts() {
        assert_eq!(read_origin(&parse("<message id='a'/>")).unwrap().0, "a");
        let marked = parse("<message><origin-id xmlns='urn:xmpp:sid:0' id='b'/></message>");
        assert_eq!(read_origin(&marked).unwrap().0, "b");
        assert_eq!(read_origin(&parse("<message/>")), None);
        assert_eq!(written(&origin("b")), "<origin-id xmlns='urn:xmpp:sid:0' id='b'/>");
    }
}
