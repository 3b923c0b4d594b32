//! XEP-0085 (2.1), Chat State Notifications.

use crate::xml::Element;
use crate::xmpp::ChatState;

pub(crate) const NS: &str = "http://jabber.org/protocol/chatstates";

/// The state that a message tells, with or without a body. The first one counts.
pub(crate) fn read(message: &Element) -> Option<ChatState> {
    message.children().filter(|child| child.ns() == NS).find_map(|child| match child.name() {
        "active" => Some(ChatState::Active),
        "composing" => Some(ChatState::Composing),
        "paused" => Some(ChatState::Paused),
        "inactive" => Some(ChatState::Inactive),
        "gone" => Some(ChatState::Gone),
        _ => None,
    })
}

/// A state of ours.
pub(crate) fn write(state: ChatState) -> Element {
    let name = match state {
        ChatState::Active => "active",
        ChatState::Composing => "composing",
        ChatState::Paused => "paused",
        ChatState::Inactive => "inactive",
        ChatState::Gone => "gone",
    };
    Element::new(name, NS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::stanza::CLIENT;
    use crate::xmpp::stanza::testing::parse;

    #[test]
    fn example_3_comes_with_words() {
        let message = parse(
            "<message from='bernardo@shakespeare.lit/pda' to='francisco@shakespeare.lit' type='chat'>
               <body>Who's there?</body>
               <active xmlns='http://jabber.org/protocol/chatstates'/>
             </message>",
        );
        assert_eq!(read(&message), Some(ChatState::Active));
    }

    #[test]
    fn every_state_goes_round() {
        for state in [ChatState::Active, ChatState::Composing, ChatState::Paused, ChatState::Inactive, ChatState::Gone]
        {
            assert_eq!(read(&Element::new("message", CLIENT).child(write(state))), Some(state));
        }
        assert_eq!(read(&parse("<message><dancing xmlns='http://jabber.org/protocol/chatstates'/></message>")), None);
    }
}
