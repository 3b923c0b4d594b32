//! XEP-0319 (1.0.2), Last User Interaction in Presence.

use super::datetime;
use crate::types::Stamp;
use crate::xml::Element;

pub(crate) const NS: &str = "urn:xmpp:idle:1";

/// Since when the person has not touched the device.
pub(crate) fn read(presence: &Element) -> Option<Stamp> {
    presence.find("idle", NS)?.get("since").and_then(datetime::read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::stanza::testing::parse;

    #[test]
    fn example_1_went_away_at_the_moon_landing() {
        let presence = parse(
            "<presence from='juliet@capulet.com/balcony'>
               <show>away</show>
               <idle xmlns='urn:xmpp:idle:1' since='1969-07-21T02:56:15Z'/>
             </presence>",
        );
        assert_eq!(read(&presence), Some(Stamp(-14_159_025_000)));
    }
}
