//! XEP-0054 (1.2), vcard-temp: our own name, as the service keeps it. Nothing is ever written.

use crate::types::Line;
use crate::xml::Element;

pub(crate) const NS: &str = "vcard-temp";

/// The question for our own card (section 3.1).
pub(crate) fn write() -> Element {
    Element::new("vCard", NS)
}

/// The full name, else the nickname; `None`: the card names nobody.
pub(crate) fn read_name(iq: &Element) -> Option<Line> {
    let card = iq.find("vCard", NS)?;
    let named = |field: &str| card.find_text(field, NS).map(|text| Line::clean(text.trim()));
    ["FN", "NICKNAME"].into_iter().filter_map(named).find(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::stanza::testing::{parse, written};

    #[test]
    fn example_1_asks_and_example_2_answers() {
        assert_eq!(written(&write()), "<vCard xmlns='vcard-temp'/>");
        let card = |inside: &str| parse(&format!("<iq id='v1' type='result'>{inside}</iq>"));
        let example = "<vCard xmlns='vcard-temp'><FN>Peter Saint-Andre</FN><N><FAMILY>Saint-Andre</FAMILY>\
                       <GIVEN>Peter</GIVEN><MIDDLE/></N><NICKNAME>stpeter</NICKNAME></vCard>";
        assert_eq!(read_name(&card(example)).as_ref().map(Line::as_str), Some("Peter Saint-Andre"));
        let nick = "<vCard xmlns='vcard-temp'><FN> </FN><NICKNAME>stpeter</NICKNAME></vCard>";
        assert_eq!(read_name(&card(nick)).as_ref().map(Line::as_str), Some("stpeter"));
        for nobody in ["", "<vCard xmlns='vcard-temp'/>", "<vCard xmlns='vcard-temp'><FN/></vCard>", "<FN>x</FN>"] {
            assert_eq!(read_name(&card(nobody)), None, "{nobody}");
        }
    }
}
