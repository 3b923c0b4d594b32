//! Messenger's look-up of addresses by e-mail (`http://messenger.live.com/xmpp/jidlookup`).
//!
//! No specification is left; the form is the one that telepathy-gabble used (`conn_wlm_jid_lookup_*`). The e-mail
//! goes into `to` as it is, though it need not be an XMPP address.

use crate::types::BareJid;
use crate::xml::Element;

pub(crate) const NS: &str = "http://messenger.live.com/xmpp/jidlookup";

/// The question.
pub(crate) fn write() -> Element {
    Element::new("getjid", NS)
}

/// The address in the answer; `None`: nobody there.
pub(crate) fn read(iq: &Element) -> Option<BareJid> {
    let text = iq.find("getjid", NS)?.find_text("jid", NS)?;
    BareJid::parse(text.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::stanza::testing::{parse, written};

    #[test]
    fn the_answer_holds_an_address_or_nobody() {
        let found = parse(
            "<iq type='result' id='1'><getjid xmlns='http://messenger.live.com/xmpp/jidlookup'>\
             <jid>00c0ffee@messenger.live.com</jid></getjid></iq>",
        );
        assert_eq!(read(&found).unwrap().as_str(), "00c0ffee@messenger.live.com");
        let nobody = parse("<iq type='result' id='1'><getjid xmlns='http://messenger.live.com/xmpp/jidlookup'/></iq>");
        assert_eq!(read(&nobody), None);
        assert_eq!(written(&write()), "<getjid xmlns='http://messenger.live.com/xmpp/jidlookup'/>");
    }
}
