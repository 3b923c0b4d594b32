//! XEP-0297 (1.0), Stanza Forwarding: the envelope of copies and archive results.

use super::delay;
use crate::types::Stamp;
use crate::xml::Element;
use crate::xmpp::stanza::CLIENT;

pub(crate) const NS: &str = "urn:xmpp:forward:0";

/// A message in its envelope.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Forwarded<'a> {
    /// When it was first sent, as the forwarder says.
    pub(crate) stamp: Option<Stamp>,
    /// The message itself.
    pub(crate) message: &'a Element,
}

/// The message inside `parent`; `None` where there is none.
pub(crate) fn read(parent: &Element) -> Option<Forwarded<'_>> {
    let envelope = parent.find("forwarded", NS)?;
    let message = envelope.find("message", CLIENT)?;
    Some(Forwarded { stamp: delay::read(envelope).next().map(|delay| delay.stamp), message })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::stanza::testing::parse;

    #[test]
    fn example_2_carries_a_message_and_its_moment() {
        let outer = parse(
            "<message to='mercutio@verona.lit' from='romeo@montague.lit/orchard' type='chat' id='28gs'>
               <body>A most courteous exposition!</body>
               <forwarded xmlns='urn:xmpp:forward:0'>
                 <delay xmlns='urn:xmpp:delay' stamp='2010-07-10T23:08:25Z'/>
                 <message from='juliet@capulet.lit/orchard' id='0202197' to='romeo@montague.lit' type='chat'
                          xmlns='jabber:client'>
                   <body>Yet I should kill thee with much cherishing.</body>
                 </message>
               </forwarded>
             </message>",
        );
        let forwarded = read(&outer).unwrap();
        assert_eq!(forwarded.message.get("id"), Some("0202197"));
        assert_eq!(forwarded.stamp, Some(Stamp(1_278_803_305_000)));
    }

    #[test]
    fn an_envelope_around_something_else_is_empty() {
        let outer =
            parse("<message><forwarded xmlns='urn:xmpp:forward:0'><iq xmlns='jabber:client'/></forwarded></message>");
        assert!(read(&outer).is_none());
    }
}
