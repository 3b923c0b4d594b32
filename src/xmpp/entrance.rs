//! What a server offers inside TLS, before sign-in: everything that a later visit needs to speak ahead of it.

use super::ext::{bind2, fast, sm};
use super::ns;
use super::sasl::Offer;
use crate::xml::Element;
use serde::{Deserialize, Serialize};

/// Most names that are kept of each list.
const MOST: usize = 64;
/// Longest name that is kept.
const LONGEST: usize = 128;

/// Both ways to sign in. XEP-0388 section 2.1 allows to keep it: it is stable for the same `from`, `to` and TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entrance {
    /// The way of RFC 6120 section 6.
    pub sasl: Offer,
    /// The way of XEP-0388.
    pub sasl2: Option<Sasl2>,
    /// Our header said who we are: some of it is offered only then.
    pub named: bool,
}

/// XEP-0388 (1.0.4), with what can be done along with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sasl2 {
    /// The mechanisms.
    pub offer: Offer,
    /// XEP-0386: what a resource can be bound with; `None` where it cannot be bound along.
    pub bind: Option<Vec<String>>,
    /// XEP-0198: a session can be resumed along.
    pub resume: bool,
    /// XEP-0484: the mechanisms that take a token of the server's own.
    pub fast: Vec<String>,
}

impl Entrance {
    /// Reads the features of a stream inside TLS.
    pub(crate) fn read(features: &Element, named: bool) -> Self {
        let sasl = Offer::read(features, features.find("mechanisms", ns::SASL));
        let list = features.find("authentication", ns::SASL2);
        let sasl2 = list.map(|list| {
            let inline = list.find("inline", ns::SASL2);
            let find = |name, ns| inline.and_then(|inline| inline.find(name, ns));
            Sasl2 {
                offer: Offer::read(features, Some(list)),
                bind: find("bind", bind2::NS).map(bind2::features),
                resume: find("sm", sm::NS).is_some(),
                fast: find("fast", fast::NS).map(fast::mechanisms).unwrap_or_default(),
            }
        });
        Self { sasl, sasl2, named }
    }

    /// A mechanism that binds the channel is on offer by either way.
    pub(crate) fn can_bind(&self) -> bool {
        self.sasl.can_bind() || self.sasl2.as_ref().is_some_and(|sasl2| sasl2.offer.can_bind())
    }

    /// Every mechanism for which the usual secret is taken, by either way, each once.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.sasl.names().map(str::to_owned).collect();
        for name in self.sasl2.iter().flat_map(|sasl2| sasl2.offer.names()) {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        names.truncate(MOST);
        names
    }
}

/// Names out of a list, within bounds.
pub(crate) fn bounded(names: impl Iterator<Item = String>) -> Vec<String> {
    names.map(|name| name.trim().to_owned()).filter(|name| name.len() <= LONGEST).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::stanza::testing::parse;

    fn read(inside: &str) -> Entrance {
        Entrance::read(&parse(&format!("<features xmlns='{}'>{inside}</features>", ns::STREAM)), true)
    }

    #[test]
    fn what_prosody_13_offers() {
        let entrance = read(
            "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1</mechanism></mechanisms>\
             <sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-exporter'/></sasl-channel-binding>\
             <authentication xmlns='urn:xmpp:sasl:2'><mechanism>OAUTHBEARER</mechanism><mechanism>SCRAM-SHA-1</mechanism>\
             <inline><bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:carbons:2'/><feature var='urn:xmpp:sm:3'/>\
             </inline></bind><fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-EXPR</mechanism></fast>\
             <sm xmlns='urn:xmpp:sm:3'/></inline></authentication>",
        );
        assert_eq!(entrance.names(), ["SCRAM-SHA-1", "OAUTHBEARER"]);
        let sasl2 = entrance.sasl2.unwrap();
        assert_eq!(sasl2.bind.as_deref(), Some(&["urn:xmpp:carbons:2".to_owned(), "urn:xmpp:sm:3".to_owned()][..]));
        assert_eq!(sasl2.fast, ["HT-SHA-256-EXPR"]);
        assert!(sasl2.resume && sasl2.offer.bindings.is_some());
    }

    #[test]
    fn lists_without_end_are_cut() {
        let many = "<mechanism>X</mechanism>".repeat(1_000);
        let long = format!("<mechanism>{}</mechanism>", "Y".repeat(4_000));
        let entrance = read(&format!(
            "<authentication xmlns='urn:xmpp:sasl:2'><inline><fast xmlns='urn:xmpp:fast:0'>{long}{many}</fast></inline>\
             </authentication>"
        ));
        let sasl2 = entrance.sasl2.unwrap();
        assert_eq!(sasl2.fast.len(), MOST);
        assert!(sasl2.bind.is_none() && !sasl2.resume);
    }
}
