//! XEP-0386 (1.1.0), Bind 2: a resource bound along with the sign-in. (The examples of XEP-0198 name another namespace,
//! which no server has.)

use super::{carbons, csi, sm};
use crate::xml::Element;
use crate::xmpp::entrance::bounded;

pub(crate) const NS: &str = "urn:xmpp:bind:0";
/// What our resource begins with, where others may know the program.
const TAG: &str = "butty";

/// The names of what can be switched on along with it (section 3.1).
pub(crate) fn features(bind: &Element) -> Vec<String> {
    let features = bind.find("inline", NS).into_iter().flat_map(Element::children);
    bounded(
        features
            .filter(|feature| feature.is("feature", NS))
            .filter_map(|feature| feature.get("var").map(str::to_owned)),
    )
}

/// Asks for a resource, and for what of ours the server can switch on along with it. The tag becomes part of the
/// address that others see. `absent`: nobody looks at the messages now.
pub(crate) fn write(features: &[String], tagged: bool, absent: bool) -> Element {
    let has = |name: &str| features.iter().any(|feature| feature == name);
    Element::new("bind", NS)
        .child_opt(tagged.then(|| Element::new("tag", NS).text(TAG)))
        .child_opt(has(carbons::NS).then(carbons::enable))
        .child_opt(has(sm::NS).then(sm::enable))
        .child_opt((absent && has(csi::NS)).then(|| csi::write(false)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::stanza::testing::parse;

    #[test]
    fn examples_1_and_3_as_far_as_we_have_it() {
        let offered = parse(
            "<bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:carbons:2'/><feature var='urn:xmpp:csi:0'/>\
             <feature var='urn:xmpp:sm:3'/></inline></bind>",
        );
        let asked = write(&features(&offered), true, false).to_xml("");
        assert_eq!(
            asked,
            "<bind xmlns='urn:xmpp:bind:0'><tag>butty</tag><enable xmlns='urn:xmpp:carbons:2'/>\
             <enable xmlns='urn:xmpp:sm:3' resume='true'/></bind>"
        );
        assert_eq!(
            write(&features(&offered)[1..2], false, true).to_xml(""),
            "<bind xmlns='urn:xmpp:bind:0'><inactive xmlns='urn:xmpp:csi:0'/></bind>"
        );
        assert_eq!(write(&[], false, true).to_xml(""), "<bind xmlns='urn:xmpp:bind:0'/>");
    }
}
