//! XEP-0494 (0.1.0), Client Access Management: who has access to the account, and taking it away.
//!
//! Refused: ids that are empty or longer than 1 KiB, and more than [`MOST`] clients.

use super::datetime;
use crate::types::Stamp;
use crate::xml::Element;
use crate::xmpp::stanza::CLIENT;

pub(crate) const NS: &str = "urn:xmpp:cam:0";
/// So many clients are read; nobody has as many devices.
const MOST: usize = 256;
/// Longest id that is sent back.
const LONGEST: usize = 1 << 10;

/// One that has access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    /// What the server calls it: for the way back alone.
    pub(crate) id: String,
    /// It has a session now, or one that can be taken up.
    pub(crate) connected: bool,
    /// When it was seen last, where the server says so.
    pub(crate) seen: Option<Stamp>,
}

/// Asks for all of them.
pub(crate) fn list() -> Element {
    Element::new("list", NS)
}

/// Takes the access of one away.
pub(crate) fn revoke(id: &str) -> Element {
    Element::new("revoke", NS).attr("id", id)
}

/// The clients in an answer; `None`: it is another answer.
pub(crate) fn read(iq: &Element) -> Option<Vec<Client>> {
    let clients = iq.find("clients", NS)?.children().filter(|child| child.is("client", NS));
    let client = |client: &Element| {
        let id = client.get("id").filter(|id| !id.is_empty() && id.len() <= LONGEST)?;
        let connected = matches!(client.get("connected"), Some("true" | "1"));
        let seen = client.find("last-seen", NS).and_then(|seen| datetime::read(&seen.content()));
        Some(Client { id: id.to_owned(), connected, seen })
    };
    Some(clients.filter_map(client).take(MOST).collect())
}

/// The refusal says that the client knows the password: only another one shuts it out.
pub(crate) fn wants_new_password(iq: &Element) -> bool {
    iq.find("error", CLIENT).is_some_and(|error| error.find("password-reset-required", NS).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::stanza::testing::{parse, written};

    #[test]
    fn the_examples_of_section_4() {
        assert_eq!(written(&list()), "<list xmlns='urn:xmpp:cam:0'/>");
        assert_eq!(written(&revoke("HjEEr45_LQr")), "<revoke xmlns='urn:xmpp:cam:0' id='HjEEr45_LQr'/>");
        let answer = parse(
            "<iq id='5468616e6b73' to='user@example.com/UYJKBHKT' type='result'><clients xmlns='urn:xmpp:cam:0'>
               <client connected='true' id='zeiP41HLglIu' type='session'><auth><password/></auth></client>
               <client connected='false' id='HjEEr45_LQr' type='access'><auth><grant/></auth>
                 <last-seen>2023-03-27T15:37:24Z</last-seen></client>
             </clients></iq>",
        );
        let client = |id: &str, connected, seen| Client { id: id.to_owned(), connected, seen };
        let seen = Some(Stamp(1_679_931_444_000));
        assert_eq!(read(&answer), Some(vec![client("zeiP41HLglIu", true, None), client("HjEEr45_LQr", false, seen)]));
        let refused = |inner: &str| {
            parse(&format!(
                "<iq id='4e4c6e6574' type='error'><error type='cancel'>
                   <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>{inner}</error></iq>"
            ))
        };
        assert!(wants_new_password(&refused("<password-reset-required xmlns='urn:xmpp:cam:0'/>")));
        assert!(!wants_new_password(&refused("")));
    }

    #[test]
    fn odd_lists_are_read_as_far_as_they_make_sense() {
        let list = |inner: &str| read(&parse(&format!("<iq><clients xmlns='urn:xmpp:cam:0'>{inner}</clients></iq>")));
        let long = "x".repeat(1_025);
        let odd = format!(
            "<client/><client id=''/><client id='{long}'/><other id='a'/>
             <client id='b' connected='x'><last-seen>yesterday</last-seen></client>"
        );
        assert_eq!(list(&odd), Some(vec![Client { id: "b".to_owned(), connected: false, seen: None }]));
        assert_eq!(list(&"<client id='a'/>".repeat(300)).map(|all| all.len()), Some(256));
        assert_eq!(read(&parse("<iq><other xmlns='urn:xmpp:cam:0'/></iq>")), None);
    }
}
