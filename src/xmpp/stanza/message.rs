//! Messages (RFC 6121 section 5).

use super::{CLIENT, Sender, text_of};
use crate::types::{BareJid, Jid, OriginId, Prose};
use crate::xml::{Element, escape_text};
use crate::xmpp::entitled::{Claim, Home};
use crate::xmpp::ext::eme::{self, Encryption};
use crate::xmpp::ext::{chat_states, delay, hints, markers, nick, receipts, stanza_ids};
use crate::xmpp::{ChatState, Content, Direction, Incoming, Outgoing, Via};

/// How a message came, as the caller has checked it.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    pub(crate) peer: BareJid,
    pub(crate) from: Jid,
    pub(crate) direction: Direction,
    pub(crate) via: Via,
    /// The server stands up for `<stanza-id/>` by our account: it takes out what others put there.
    pub(crate) ids_kept: bool,
}

/// True for the types that belong to a talk between two: all but rooms and errors (RFC 6121 section 5.2.2). An
/// unknown type counts as `normal`.
pub(crate) fn is_direct(message: &Element) -> bool {
    !matches!(message.get("type"), Some("groupchat" | "error"))
}

/// Reads a message that came this way.
pub(crate) fn read(message: &Element, home: &Home, way: Way) -> Incoming {
    let Way { peer, from, direction, via, ids_kept } = way;
    let kept_by_us = |delay: &delay::Delay| {
        delay.from.clone().is_some_and(|from| home.lets(&Sender::Known(from), Claim::ServerDelay))
    };
    let author = from.bare();
    let told = |delay: &delay::Delay| {
        let by = delay.from.clone().map_or(Sender::Absent, Sender::Known);
        home.lets(&by, Claim::Delay(&author))
    };
    let mut delays = delay::read(message).filter(told);
    let mut delay = delays.next();
    if let Some(first) = &delay
        && !kept_by_us(first)
    {
        delay = delays.find(kept_by_us).or(delay);
    }
    let by_us = |by: &Jid| ids_kept && home.lets(&Sender::Known(by.clone()), Claim::StanzaId);
    Incoming {
        peer,
        from,
        direction,
        via,
        id: stanza_ids::read_origin(message),
        stanza_id: stanza_ids::read(message, by_us),
        delayed: delay.as_ref().is_some_and(kept_by_us),
        stamp: delay.map(|delay| delay.stamp),
        body: content(message),
        state: chat_states::read(message),
        wants_receipt: direction == Direction::In && receipts::is_requested(message),
        receipt_of: receipts::read(message),
        wants_marker: direction == Direction::In && markers::is_requested(message),
        displayed: markers::read(message),
        nick: nick::read(message),
        page: None,
    }
}

/// What a message says. An empty body says nothing.
fn content(message: &Element) -> Content {
    let body = text_of(message, "body");
    match eme::read(message, body.as_deref()) {
        Some(Encryption::Sealed(name)) => Content::Encrypted { name },
        Some(Encryption::KeysOnly) => Content::None,
        None => body.filter(|body| !body.is_empty()).map_or(Content::None, |body| Content::Plain(Prose::clean(&body))),
    }
}

/// A message of ours.
pub(crate) fn chat(outgoing: Outgoing, home: &Home) -> Element {
    let id = outgoing.key.to_string();
    let delay = outgoing.delayed.and_then(|at| delay::write(home.full().as_str(), at));
    Element::new("message", CLIENT)
        .attr("type", "chat")
        .attr("to", outgoing.to.as_str())
        .attr("id", id.as_str())
        .child(Element::new("body", CLIENT).text(outgoing.body))
        .child(chat_states::write(ChatState::Active))
        .child(stanza_ids::origin(&id))
        .child_opt(outgoing.ask_receipt.then(receipts::request))
        .child_opt(outgoing.ask_receipt.then(markers::request))
        .child_opt(delay)
}

/// A typing notice of ours. It has no id: nobody has to answer for it.
pub(crate) fn chat_state(to: &Jid, state: ChatState) -> Element {
    let message = Element::new("message", CLIENT).attr("type", "chat").attr("to", to.as_str());
    message.child(chat_states::write(state)).child(hints::no_store())
}

/// A receipt of ours.
pub(crate) fn receipt(id: &str, to: &Jid, of: &OriginId) -> Element {
    let message = Element::new("message", CLIENT).attr("type", "chat").attr("to", to.as_str()).attr("id", id);
    message.child(receipts::received(of)).child(hints::store())
}

/// What a body takes on the wire, in bytes: signs of markup are longer there.
pub(crate) fn bytes_of_body(text: &str) -> usize {
    escape_text(text).len()
}

/// A displayed marker of ours. It is kept, so that our other devices find it in the archive.
pub(crate) fn marker(id: &str, to: &Jid, of: &OriginId) -> Element {
    let message = Element::new("message", CLIENT).attr("type", "chat").attr("to", to.as_str()).attr("id", id);
    message.child(markers::displayed(of)).child(hints::store())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, written};
    use super::*;
    use crate::types::{FullJid, MessageKey, Stamp};

    fn home() -> Home {
        Home::new(FullJid::parse("juliet@capulet.lit/balcony").unwrap())
    }

    fn incoming(text: &str, ids_kept: bool) -> Incoming {
        let from = Jid::parse("romeo@montague.lit/orchard").unwrap();
        let way = Way { peer: from.bare(), from, direction: Direction::In, via: Via::Live, ids_kept };
        read(&parse(text), &home(), way)
    }

    #[test]
    fn everything_that_a_message_says_is_read() {
        let all = incoming(
            "<message id='1' type='chat'><body>Neither, fair saint\u{9b}31m</body>
               <active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/>
               <nick xmlns='http://jabber.org/protocol/nick'>Romeo</nick>
               <stanza-id xmlns='urn:xmpp:sid:0' by='juliet@capulet.lit' id='s1'/>
               <delay xmlns='urn:xmpp:delay' from='romeo@montague.lit/orchard' stamp='2002-09-10T00:00:00Z'/>
               <delay xmlns='urn:xmpp:delay' from='capulet.lit' stamp='2002-09-10T23:08:25Z'/></message>",
            true,
        );
        assert_eq!(all.body, Content::Plain(Prose::clean("Neither, fair saint\u{fffd}31m")));
        assert_eq!(all.id.unwrap().0, "1");
        assert_eq!(all.stanza_id.unwrap().0, "s1");
        assert_eq!(all.state, Some(ChatState::Active));
        assert!(all.wants_receipt && all.delayed);
        assert_eq!(all.stamp, Some(Stamp(1_031_699_305_000)), "our own server's word goes first");
        assert_eq!(all.nick.unwrap().as_str(), "Romeo");
    }

    #[test]
    fn a_delay_told_by_others_is_a_stamp_but_not_ours() {
        let told = incoming(
            "<message><body>a</body><delay xmlns='urn:xmpp:delay' from='romeo@montague.lit/orchard'
               stamp='2002-09-10T23:08:25Z'/></message>",
            true,
        );
        assert_eq!((told.stamp, told.delayed), (Some(Stamp(1_031_699_305_000)), false));
    }

    #[test]
    fn archive_ids_count_only_by_us_and_only_if_the_server_keeps_them_clean() {
        let id = |by: &str, kept| {
            let text = format!("<message><body>a</body><stanza-id xmlns='urn:xmpp:sid:0' by='{by}' id='x'/></message>");
            incoming(&text, kept).stanza_id
        };
        assert!(id("juliet@capulet.lit", true).is_some());
        assert_eq!(id("juliet@capulet.lit", false), None);
        for by in ["romeo@montague.lit", "capulet.lit", "juliet@capulet.lit/balcony", "@"] {
            assert_eq!(id(by, true), None, "{by}");
        }
    }

    #[test]
    fn bodies_are_plain_sealed_or_nothing() {
        assert_eq!(incoming("<message/>", true).body, Content::None);
        assert_eq!(incoming("<message><body/></message>", true).body, Content::None);
        let sealed = incoming(
            "<message><body>I sent you an OMEMO message</body>
               <encrypted xmlns='eu.siacs.conversations.axolotl'><payload/></encrypted></message>",
            true,
        );
        assert!(matches!(sealed.body, Content::Encrypted { name } if name.as_str() == "OMEMO"));
    }

    #[test]
    fn ours_carry_one_id_twice_and_what_was_asked_for() {
        let key = MessageKey(0xabc);
        let outgoing = Outgoing {
            key,
            to: Jid::parse("romeo@montague.lit").unwrap(),
            body: "a <b>\u{1b}".to_owned(),
            ask_receipt: true,
            delayed: Some(Stamp(1_031_699_305_000)),
            session: None,
        };
        assert_eq!(
            written(&chat(outgoing.clone(), &home())),
            format!(
                "<message type='chat' to='romeo@montague.lit' id='{key}'><body>a &lt;b&gt;\u{fffd}</body>\
                 <active xmlns='http://jabber.org/protocol/chatstates'/>\
                 <origin-id xmlns='urn:xmpp:sid:0' id='{key}'/><request xmlns='urn:xmpp:receipts'/>\
                 <markable xmlns='urn:xmpp:chat-markers:0'/>\
                 <delay xmlns='urn:xmpp:delay' from='juliet@capulet.lit/balcony' stamp='2002-09-10T23:08:25Z'/></message>"
            )
        );
        let plain = written(&chat(Outgoing { ask_receipt: false, delayed: None, ..outgoing }, &home()));
        assert!(!plain.contains("receipts") && !plain.contains("markers") && !plain.contains("delay"), "{plain}");
    }

    #[test]
    fn typing_is_kept_nowhere_and_receipts_are() {
        let to = Jid::parse("romeo@montague.lit/orchard").unwrap();
        assert_eq!(
            written(&chat_state(&to, ChatState::Composing)),
            "<message type='chat' to='romeo@montague.lit/orchard'>\
             <composing xmlns='http://jabber.org/protocol/chatstates'/><no-store xmlns='urn:xmpp:hints'/></message>"
        );
        assert_eq!(
            written(&receipt("7", &to, &OriginId("x'y".to_owned()))),
            "<message type='chat' to='romeo@montague.lit/orchard' id='7'>\
             <received xmlns='urn:xmpp:receipts' id='x&apos;y'/><store xmlns='urn:xmpp:hints'/></message>"
        );
    }
}
