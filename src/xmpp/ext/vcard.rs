//! XEP-0054 (1.2), vcard-temp: our own name and picture, as the service keeps them. Nothing is ever written.

use crate::types::picture::LONGEST;
use crate::types::{Line, Picture};
use crate::xml::Element;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

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

/// The picture, where there is one that can be shown.
pub(crate) fn read_photo(iq: &Element) -> Option<Picture> {
    let coded = iq.find("vCard", NS)?.find("PHOTO", NS)?.find_text("BINVAL", NS)?;
    // With its line breaks a third longer than what it holds, and a little more.
    if coded.len() > LONGEST * 3 / 2 {
        return None;
    }
    let coded: String = coded.split_whitespace().collect();
    Picture::read(&BASE64_STANDARD.decode(coded).ok()?)
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
        let photo =
            |inside: &str| read_photo(&card(&format!("<vCard xmlns='vcard-temp'><PHOTO>{inside}</PHOTO></vCard>")));
        let png = BASE64_STANDARD.encode(include_bytes!("../../../assets/demo/anna.png"));
        let (first, rest) = png.split_at(76);
        assert!(photo(&format!("<TYPE>image/png</TYPE><BINVAL>{first}\n{rest}</BINVAL>")).is_some());
        for none in ["", "<BINVAL>!</BINVAL>", "<BINVAL>/9j/4A==</BINVAL>", "<EXTVAL>https://a.example/me.png</EXTVAL>"]
        {
            assert_eq!(photo(none), None, "{none}");
        }
        for nobody in ["", "<vCard xmlns='vcard-temp'/>", "<vCard xmlns='vcard-temp'><FN/></vCard>", "<FN>x</FN>"] {
            assert_eq!(read_name(&card(nobody)), None, "{nobody}");
        }
    }
}
