//! XEP-0380 (0.4.0), Explicit Message Encryption, and the methods that are recognised without it.

use crate::types::Line;
use crate::xml::Element;

pub(crate) const NS: &str = "urn:xmpp:eme:0";

/// Namespaces of encrypted payloads, and what people call them.
const METHODS: &[(&str, &str)] = &[
    ("eu.siacs.conversations.axolotl", "OMEMO"),
    ("urn:xmpp:omemo:1", "OMEMO"),
    ("urn:xmpp:omemo:2", "OMEMO"),
    ("urn:xmpp:openpgp:0", "OpenPGP"),
    ("jabber:x:encrypted", "OpenPGP"),
    ("urn:xmpp:otr:0", "OTR"),
    ("urn:xmpp:sce:1", "SCE"),
];

/// What a message says about encryption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// Words for others, by this method.
    Sealed(Line),
    /// Keys only, no words: nothing to tell.
    KeysOnly,
}

/// How a message is encrypted; `None` for a plain one. `body` is its fallback text.
pub(crate) fn read(message: &Element, body: Option<&str>) -> Option<Encryption> {
    let payload = message.children().find(|child| is_payload(child));
    if payload.is_some_and(|payload| payload.name() == "encrypted" && is_omemo(payload) && !has_words(payload)) {
        return Some(Encryption::KeysOnly);
    }
    let hint = message.find("encryption", NS);
    let method = match (hint, payload) {
        (Some(hint), _) => {
            let namespace = hint.get("namespace").unwrap_or_default();
            name_of(namespace).or_else(|| hint.get("name")).unwrap_or(namespace)
        }
        (None, Some(payload)) => name_of(payload.ns())?,
        (None, None) if body.is_some_and(is_otr) => "OTR",
        (None, None) => return None,
    };
    Some(Encryption::Sealed(Line::clean(method)))
}

fn name_of(namespace: &str) -> Option<&'static str> {
    METHODS.iter().find(|(known, _)| *known == namespace).map(|(_, name)| *name)
}

/// The old way of `OpenPGP` has a mere `<x/>`; the others have an element of their own.
fn is_payload(child: &Element) -> bool {
    matches!(child.name(), "encrypted" | "openpgp" | "x" | "envelope") && name_of(child.ns()).is_some()
}

/// Data, fragments of it, and the two ways to ask for it. "?OTR" alone may be said in plain words.
fn is_otr(body: &str) -> bool {
    body.strip_prefix("?OTR").is_some_and(|rest| rest.starts_with([':', ',', '|', '?', 'v']))
}

fn is_omemo(payload: &Element) -> bool {
    name_of(payload.ns()) == Some("OMEMO")
}

/// XEP-0384 section 4.5: a message without `<payload/>` only carries keys.
fn has_words(payload: &Element) -> bool {
    payload.find("payload", payload.ns()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::stanza::testing::parse;

    fn sealed(name: &str) -> Encryption {
        Encryption::Sealed(Line::clean(name))
    }

    #[test]
    fn examples_1_and_2_are_told_by_their_hint() {
        let otr = parse(
            "<message to='juliet@capulet.lit/balcony' from='romeo@montague.lit/orchard' id='secret1'>
               <body>?OTR?v23?...</body>
               <encryption xmlns='urn:xmpp:eme:0' namespace='urn:xmpp:otr:0'/>
             </message>",
        );
        assert_eq!(read(&otr, Some("?OTR?v23?...")), Some(sealed("OTR")));
        let openpgp = parse(
            "<message to='juliet@capulet.lit/balcony' from='romeo@montague.lit/orchard' id='secret2'>
               <openpgp xmlns='urn:xmpp:openpgp:0'>...</openpgp>
               <body>This message is encrypted with OpenPGP for XMPP.</body>
               <encryption xmlns='urn:xmpp:eme:0' namespace='urn:xmpp:openpgp:0'/>
             </message>",
        );
        assert_eq!(read(&openpgp, None), Some(sealed("OpenPGP")));
    }

    #[test]
    fn a_custom_method_is_told_by_its_own_name_cleaned() {
        let own = parse(
            "<message><encryption xmlns='urn:xmpp:eme:0' name='Custom\u{202e}' namespace='im:example:custom'/></message>",
        );
        assert_eq!(read(&own, None), Some(sealed("Custom\u{fffd}")));
    }

    #[test]
    fn known_payloads_need_no_hint() {
        let text =
            |ns: &str, inside: &str| parse(&format!("<message><encrypted xmlns='{ns}'>{inside}</encrypted></message>"));
        assert_eq!(read(&text("eu.siacs.conversations.axolotl", "<header/><payload/>"), None), Some(sealed("OMEMO")));
        assert_eq!(read(&text("urn:xmpp:omemo:2", "<header/><payload/>"), None), Some(sealed("OMEMO")));
        assert_eq!(read(&text("urn:xmpp:omemo:2", "<header/>"), None), Some(Encryption::KeysOnly));
        assert_eq!(
            read(&parse("<message><x xmlns='jabber:x:encrypted'>q</x></message>"), None),
            Some(sealed("OpenPGP"))
        );
        assert_eq!(read(&parse("<message/>"), Some("?OTR:AAM")), Some(sealed("OTR")));
        assert_eq!(read(&parse("<message/>"), Some("?OTR was a method")), None);
        assert_eq!(read(&parse("<message><x xmlns='jabber:x:data'/></message>"), Some("hello")), None);
    }
}
