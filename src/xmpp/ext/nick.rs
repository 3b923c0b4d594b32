//! XEP-0172 (1.1), User Nickname: makes an invitation from an opaque address readable.

use crate::types::Line;
use crate::xml::Element;

pub(crate) const NS: &str = "http://jabber.org/protocol/nick";

/// The name that the sender gives itself; anybody can claim any.
pub(crate) fn read(stanza: &Element) -> Option<Line> {
    stanza.find_text("nick", NS).map(|nick| Line::clean(&nick)).filter(|nick| !nick.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::stanza::testing::parse;

    #[test]
    fn example_2_says_who_asks() {
        let presence = parse(
            "<presence from='narrator@moby-dick.lit' to='starbuck@moby-dick.lit' type='subscribe'>
               <nick xmlns='http://jabber.org/protocol/nick'>Ishmael</nick>
             </presence>",
        );
        assert_eq!(read(&presence).unwrap().as_str(), "Ishmael");
        assert_eq!(read(&parse("<presence><nick xmlns='http://jabber.org/protocol/nick'> </nick></presence>")), None);
    }
}
