//! XEP-0280 (1.0.1), Message Carbons: what our other devices send and get.

use super::forward::{self, Forwarded};
use crate::xml::Element;
use crate::xmpp::Direction;

pub(crate) const NS: &str = "urn:xmpp:carbons:2";

/// Switches copies on.
pub(crate) fn enable() -> Element {
    Element::new("enable", NS)
}

/// A copy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Carbon<'a> {
    /// `In` for what another device received, `Out` for what it sent.
    pub(crate) direction: Direction,
    /// The message; `None` for an envelope without one.
    pub(crate) forwarded: Option<Forwarded<'a>>,
}

/// The copy that this message claims to be. Believe it only from our own bare address (section 11).
pub(crate) fn read(message: &Element) -> Option<Carbon<'_>> {
    message.children().filter(|child| child.ns() == NS).find_map(|child| {
        let direction = match child.name() {
            "received" => Direction::In,
            "sent" => Direction::Out,
            _ => return None,
        };
        Some(Carbon { direction, forwarded: forward::read(child) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::stanza::testing::{parse, written};

    #[test]
    fn example_12_is_a_copy_of_what_another_device_got() {
        let message = parse(
            "<message xmlns='jabber:client' from='romeo@montague.example' to='romeo@montague.example/home' type='chat'>
               <received xmlns='urn:xmpp:carbons:2'>
                 <forwarded xmlns='urn:xmpp:forward:0'>
                   <message xmlns='jabber:client' from='juliet@capulet.example/balcony'
                            to='romeo@montague.example/garden' type='chat'>
                     <body>What man art thou that, thus bescreen'd in night, so stumblest on my counsel?</body>
                     <thread>0e3141cd80894871a68e6fe6b1ec56fa</thread>
                   </message>
                 </forwarded>
               </received>
             </message>",
        );
        let carbon = read(&message).unwrap();
        assert_eq!(carbon.direction, Direction::In);
        assert_eq!(carbon.forwarded.unwrap().message.get("from"), Some("juliet@capulet.example/balcony"));
    }

    #[test]
    fn private_is_no_copy_and_enable_is_bare() {
        assert!(read(&parse("<message><private xmlns='urn:xmpp:carbons:2'/></message>")).is_none());
        assert_eq!(written(&enable()), "<enable xmlns='urn:xmpp:carbons:2'/>");
    }
}
