//! XEP-0030 (2.5.0), Service Discovery: what the server can do, and what we can.

use super::{caps, chat_states, delay, eme, idle, markers, mds, nick, ping, receipts, stanza_ids, version};
use crate::types::limits::FEATURES;
use crate::xml::Element;
use std::collections::BTreeSet;

pub(crate) const NS: &str = "http://jabber.org/protocol/disco#info";

/// The question, without a node.
pub(crate) fn write() -> Element {
    Element::new("query", NS)
}

/// The features in an answer.
pub(crate) fn read(iq: &Element) -> BTreeSet<String> {
    let features = iq.find("query", NS).into_iter().flat_map(Element::children).filter(|child| child.is("feature", NS));
    features.filter_map(|feature| feature.get("var")).take(FEATURES).map(str::to_owned).collect()
}

/// Category, type, language and name of an entity; the name may be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Identity<'a> {
    pub(crate) category: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) lang: &'a str,
    pub(crate) name: &'a str,
}

/// What we are and can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ours {
    identity: Identity<'static>,
    features: Vec<&'static str>,
    node: String,
    hash: String,
}

impl Ours {
    /// `show_client`: the person agrees that others learn which program this is. Otherwise we are a console like any.
    pub(crate) fn new(show_client: bool) -> Self {
        let name = if show_client { env!("CARGO_PKG_NAME") } else { "" };
        let identity = Identity { category: "client", kind: "console", lang: "", name };
        let mut features = vec![
            NS,
            caps::NS,
            chat_states::NS,
            receipts::NS,
            ping::NS,
            delay::NS,
            eme::NS,
            idle::NS,
            nick::NS,
            stanza_ids::NS,
            markers::NS,
            mds::NOTIFY,
        ];
        features.extend(show_client.then_some(version::NS));
        let hash = caps::hash(&[identity], &features);
        // The node is a mere prefix for the question that may follow; naming a program is customary, not needed.
        let node = if show_client { "https://butty.example/" } else { caps::NS };
        Self { identity, features, node: node.to_owned(), hash }
    }

    /// The mark on our presence.
    pub(crate) fn caps(&self) -> Element {
        caps::write(&self.node, &self.hash)
    }

    /// The answer to `iq`; `None` when it is about a node that we do not have.
    pub(crate) fn answer(&self, iq: &Element) -> Option<Element> {
        let node = iq.find("query", NS)?.get("node");
        if node.is_some_and(|node| {
            node.strip_prefix(&*self.node).and_then(|rest| rest.strip_prefix('#')) != Some(&*self.hash)
        }) {
            return None;
        }
        let Identity { category, kind, name, .. } = self.identity;
        let named = (!name.is_empty()).then_some(name);
        let identity =
            Element::new("identity", NS).attr("category", category).attr("type", kind).attr_opt("name", named);
        let features = self.features.iter().map(|var| Element::new("feature", NS).attr("var", *var));
        Some(Element::new("query", NS).attr_opt("node", node).child(identity).children_from(features))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::stanza::testing::{parse, written};

    #[test]
    fn example_2_lists_features() {
        let iq = parse(
            "<iq type='result' from='plays.shakespeare.lit' to='romeo@montague.net/orchard' id='info1'>
               <query xmlns='http://jabber.org/protocol/disco#info'>
                 <identity category='conference' type='text' name='Play-Specific Chatrooms'/>
                 <feature var='http://jabber.org/protocol/disco#info'/>
                 <feature var='http://jabber.org/protocol/muc'/>
                 <feature/>
               </query>
             </iq>",
        );
        let features: Vec<String> = read(&iq).into_iter().collect();
        assert_eq!(features, [NS, "http://jabber.org/protocol/muc"]);
        assert!(read(&parse("<iq type='result' id='info1'/>")).is_empty());
    }

    fn ask(node: Option<&str>) -> Element {
        let query = Element::new("query", NS).attr_opt("node", node);
        Element::new("iq", "jabber:client").child(query)
    }

    #[test]
    fn we_answer_with_and_without_our_node_and_for_no_other() {
        let ours = Ours::new(false);
        let caps = ours.caps();
        let node = format!("{}#{}", caps.get("node").unwrap(), caps.get("ver").unwrap());
        assert_eq!(ours.answer(&ask(Some(&node))).unwrap().get("node"), Some(&*node));
        assert!(ours.answer(&ask(Some("http://example.org#x"))).is_none());
        assert!(ours.answer(&ask(Some(""))).is_none());
        let plain = written(&ours.answer(&ask(None)).unwrap());
        assert!(plain.contains("<identity category='client' type='console'/>"), "{plain}");
    }

    #[test]
    fn the_program_is_named_only_if_the_person_agrees() {
        let shy = Ours::new(false);
        let text = written(&shy.answer(&ask(None)).unwrap()) + &written(&shy.caps());
        assert!(!text.contains("butty") && !text.contains(version::NS), "{text}");
        let open = written(&Ours::new(true).answer(&ask(None)).unwrap());
        assert!(open.contains("name='butty'") && open.contains(version::NS), "{open}");
    }
}
