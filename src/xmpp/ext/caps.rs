//! XEP-0115 (1.6.0), Entity Capabilities.

use super::disco::Identity;
use crate::xml::Element;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

pub(crate) const NS: &str = "http://jabber.org/protocol/caps";
/// Longest `node#ver` that is kept, in bytes.
const LENGTH: usize = 512;

/// The verification string (section 5.1). SHA-1 is what everybody expects here; it protects nothing of ours.
pub(crate) fn hash(identities: &[Identity<'_>], features: &[&str]) -> String {
    let mut identities = identities.to_vec();
    identities.sort_unstable();
    let mut features = features.to_vec();
    features.sort_unstable();
    let mut text = String::with_capacity(512);
    for Identity { category, kind, lang, name } in identities {
        text.extend([category, "/", kind, "/", lang, "/", name, "<"]);
    }
    for feature in features {
        text.extend([feature, "<"]);
    }
    STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()))
}

/// The mark on our presence.
pub(crate) fn write(node: &str, hash: &str) -> Element {
    Element::new("c", NS).attr("hash", "sha-1").attr("node", node).attr("ver", hash)
}

/// `node#ver` of somebody's presence; nothing is asked for it here.
pub(crate) fn read(presence: &Element) -> Option<String> {
    let mark = presence.find("c", NS)?;
    let (node, ver) = (mark.get("node")?, mark.get("ver")?);
    (node.len() + ver.len() < LENGTH).then(|| format!("{node}#{ver}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::stanza::testing::parse;

    #[test]
    fn the_simple_example_of_section_5_2_gives_its_string() {
        let exodus = Identity { category: "client", kind: "pc", lang: "", name: "Exodus 0.9.1" };
        let features = [
            "http://jabber.org/protocol/muc",
            "http://jabber.org/protocol/disco#info",
            "http://jabber.org/protocol/disco#items",
            "http://jabber.org/protocol/caps",
        ];
        assert_eq!(hash(&[exodus], &features), "QgayPKawpkPSDYmwT/WM94uAlu0=");
    }

    #[test]
    fn example_1_is_read_as_node_and_string() {
        let presence = parse(
            "<presence from='romeo@montague.lit/orchard'>
               <c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='http://code.google.com/p/exodus'
                  ver='QgayPKawpkPSDYmwT/WM94uAlu0='/>
             </presence>",
        );
        let expected = "http://code.google.com/p/exodus#QgayPKawpkPSDYmwT/WM94uAlu0=";
        assert_eq!(read(&presence).as_deref(), Some(expected));
        let long = format!("<presence><c xmlns='{NS}' node='{}' ver='x'/></presence>", "n".repeat(600));
        assert_eq!(read(&parse(&long)), None);
    }
}
