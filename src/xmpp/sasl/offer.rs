//! What a server offers to sign in with: mechanisms (RFC 6120 section 6.4.1), and the types of channel binding that go
//! with them (XEP-0440 1.0.0).

use crate::xml::Element;
use crate::xmpp::ns;
use serde::{Deserialize, Serialize};

/// Most names that are kept of each list. Servers have a dozen.
const MOST: usize = 256;

/// An offer, as it stood in the features of one stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The names of all mechanisms in the server's order, trimmed: Messenger sent a trailing blank.
    pub mechanisms: Vec<String>,
    /// The announced types of channel binding; `None` where the server announces nothing about them.
    pub bindings: Option<Vec<String>>,
}

impl Offer {
    /// Reads the list `list` of features, such as `<mechanisms/>`, and what is announced beside it.
    pub(crate) fn read(features: &Element, list: Option<&Element>) -> Self {
        let mechanisms = list.into_iter().flat_map(|list| {
            let children = list.children().filter(|child| child.is("mechanism", list.ns()));
            children.map(|child| child.content().trim().to_owned())
        });
        let announced = features.find("sasl-channel-binding", ns::CHANNEL_BINDING);
        let bindings = announced.map(|announced| {
            let kinds = announced.children().filter(|child| child.is("channel-binding", ns::CHANNEL_BINDING));
            kinds.filter_map(|kind| kind.get("type").map(str::to_owned)).take(MOST).collect()
        });
        Self { mechanisms: mechanisms.take(MOST).collect(), bindings }
    }

    /// The names that can be names of mechanisms (RFC 4422 section 3.1), for showing.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let is_name = move |name: &&str| (1..=64).contains(&name.len()) && name.bytes().all(legal);
        self.mechanisms.iter().map(String::as_str).filter(is_name)
    }

    /// Is this mechanism on offer?
    pub fn has(&self, mechanism: &str) -> bool {
        self.mechanisms.iter().any(|name| name == mechanism)
    }

    /// A mechanism that binds the channel is on offer.
    pub fn can_bind(&self) -> bool {
        self.mechanisms.iter().any(|name| name.ends_with("-PLUS"))
    }

    /// The text whose hash a server vouches for (XEP-0474 0.5.0 section 5.1): both lists, sorted, joined by U+001E and
    /// set apart by U+001F. Neither can stand in XML.
    pub fn vouched_text(&self) -> String {
        let sorted = |names: &[String]| {
            let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
            names.sort_unstable();
            names.join("\u{1E}")
        };
        let mechanisms = sorted(&self.mechanisms);
        match &self.bindings {
            Some(kinds) => format!("{mechanisms}\u{1F}{}", sorted(kinds)),
            None => mechanisms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::stanza::testing::parse;

    fn read(inside: &str) -> Offer {
        let features = parse(&format!("<features xmlns='{}'>{inside}</features>", ns::STREAM));
        Offer::read(&features, features.find("mechanisms", ns::SASL))
    }

    #[test]
    fn the_example_of_xep_0440() {
        let offer = read(
            "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-server-end-point'/>\
             <channel-binding type='tls-exporter'/></sasl-channel-binding>\
             <mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism>\
             <mechanism>SCRAM-SHA-1-PLUS</mechanism><mechanism> PLAIN \n</mechanism></mechanisms>",
        );
        assert_eq!(offer.mechanisms, ["EXTERNAL", "SCRAM-SHA-1-PLUS", "PLAIN"]);
        assert_eq!(
            offer.bindings.as_deref(),
            Some(&["tls-server-end-point".to_owned(), "tls-exporter".to_owned()][..])
        );
        assert!(offer.can_bind() && offer.has("PLAIN") && !offer.has("SCRAM-SHA-1"));
    }

    #[test]
    fn what_cannot_be_a_name_is_vouched_for_and_not_shown() {
        let offer = read(
            "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>b</mechanism><mechanism>a b</mechanism>\
             <mechanism/><mechanism xmlns='urn:other'>c</mechanism></mechanisms>",
        );
        assert_eq!(offer.names().collect::<Vec<_>>(), ["b"]);
        assert_eq!(offer.vouched_text(), "\u{1E}a b\u{1E}b");
        assert_eq!(offer.bindings, None);
        assert_eq!(read(""), Offer::default());
    }
}
