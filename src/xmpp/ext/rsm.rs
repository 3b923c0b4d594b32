//! XEP-0059 (1.0), Result Set Management: pages.

use crate::xml::Element;
use crate::xmpp::stanza::identifier;

pub(crate) const NS: &str = "http://jabber.org/protocol/rsm";

/// Asks for one page. An empty `before` is the last page (section 2.5).
pub(crate) fn write(max: u16, after: Option<&str>, before: Option<&str>) -> Element {
    let text = |name: &str, value: &str| Element::new(name, NS).text(value);
    Element::new("set", NS)
        .child(text("max", &max.to_string()))
        .child_opt(after.map(|id| text("after", id)))
        .child_opt(before.map(|id| text("before", id)))
}

/// The ids of the first and last item of the page that `parent` describes.
pub(crate) fn read(parent: &Element) -> (Option<String>, Option<String>) {
    let set = parent.find("set", NS);
    let text = |name: &str| set.and_then(|set| set.find_text(name, NS)).filter(|id| identifier(Some(id)).is_some());
    (text("first"), text("last"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::stanza::testing::{parse, written};

    #[test]
    fn sections_2_3_to_2_5_are_written_so() {
        let set = |max, after, before| {
            written(&write(max, after, before)).replace(" xmlns='http://jabber.org/protocol/rsm'", "")
        };
        assert_eq!(set(10, None, None), "<set><max>10</max></set>");
        let after = set(10, Some("peterpan@neverland.lit"), None);
        assert_eq!(after, "<set><max>10</max><after>peterpan@neverland.lit</after></set>");
        let before = set(10, None, Some("peter@pixyland.org"));
        assert_eq!(before, "<set><max>10</max><before>peter@pixyland.org</before></set>");
        assert_eq!(set(10, None, Some("")), "<set><max>10</max><before/></set>");
    }

    #[test]
    fn example_6_of_section_2_2_tells_the_ends() {
        let query = parse(
            "<query xmlns='jabber:iq:search'>
               <set xmlns='http://jabber.org/protocol/rsm'>
                 <first index='0'>stpeter@jabber.org</first>
                 <last>peterpan@neverland.lit</last>
                 <count>800</count>
               </set>
             </query>",
        );
        let (first, last) = read(&query);
        assert_eq!(first.as_deref(), Some("stpeter@jabber.org"));
        assert_eq!(last.as_deref(), Some("peterpan@neverland.lit"));
        assert_eq!(read(&parse("<query><set xmlns='http://jabber.org/protocol/rsm'/></query>")), (None, None));
    }
}
