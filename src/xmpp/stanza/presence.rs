//! Presence (RFC 6121 sections 3 and 4).

use super::{CLIENT, text_of};
use crate::types::{BareJid, Jid, Line};
use crate::xml::Element;
use crate::xmpp::ext::{caps, delay, idle, nick};
use crate::xmpp::{Appearance, Event, Presence, Show, SubscriptionStep};

/// What a presence from this sender means. Answers to our own requests (`subscribed` and the like) mean nothing:
/// the roster push that goes with them tells. Probes are the server's business, errors need nobody.
pub(crate) fn read(presence: &Element, from: Jid) -> Option<Event> {
    let line = |text: String| Some(Line::clean(&text)).filter(|line| !line.is_empty());
    let status = text_of(presence, "status").and_then(line);
    let nick = nick::read(presence);
    let show = match presence.get("type") {
        None => show_of(presence),
        Some("unavailable") => Show::Offline,
        Some("subscribe") => return Some(Event::SubscriptionRequest { from: from.bare(), nick, text: status }),
        Some(_) => return None,
    };
    let priority = text_of(presence, "priority").and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    let since = idle::read(presence).or_else(|| delay::read(presence).next().map(|delay| delay.stamp));
    Some(Event::Presence(Presence { from, show, status, priority, since, nick, caps: caps::read(presence) }))
}

/// An unknown `<show/>` counts as none (RFC 6121 section 4.7.2.1).
fn show_of(presence: &Element) -> Show {
    match text_of(presence, "show").as_deref().map(str::trim) {
        Some("dnd") => Show::Busy,
        Some("away") => Show::Away,
        Some("xa") => Show::Gone,
        _ => Show::Available,
    }
}

/// How we appear to all who may see us. `mark` says what we can (XEP-0115).
pub(crate) fn write(appearance: &Appearance, mark: Element) -> Element {
    let text = |name: &str, value: &str| Element::new(name, CLIENT).text(value);
    let status = appearance.status.as_deref().filter(|status| !status.is_empty()).map(|status| text("status", status));
    let show = match appearance.show {
        Show::Offline => return Element::new("presence", CLIENT).attr("type", "unavailable").child_opt(status),
        Show::Available => None,
        Show::Busy => Some("dnd"),
        Show::Away => Some("away"),
        Show::Gone => Some("xa"),
    };
    let priority = (appearance.priority != 0).then(|| text("priority", &appearance.priority.to_string()));
    Element::new("presence", CLIENT)
        .child_opt(show.map(|show| text("show", show)))
        .child_opt(status)
        .child_opt(priority)
        .child(mark)
}

/// A step of the subscription handshake. It goes to the account, never to a device.
pub(crate) fn subscription(who: &BareJid, step: SubscriptionStep) -> Element {
    let kind = match step {
        SubscriptionStep::Ask => "subscribe",
        SubscriptionStep::Accept => "subscribed",
        SubscriptionStep::Deny => "unsubscribed",
        SubscriptionStep::Cancel => "unsubscribe",
    };
    Element::new("presence", CLIENT).attr("to", who.as_str()).attr("type", kind)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, written};
    use super::*;
    use crate::types::Stamp;

    fn heard(text: &str) -> Option<Event> {
        read(&parse(text), Jid::parse("juliet@example.com/balcony").unwrap())
    }

    fn presence(text: &str) -> Presence {
        match heard(text) {
            Some(Event::Presence(presence)) => presence,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_show_is_read_and_unknown_ones_are_none() {
        for (text, show) in [
            ("<presence/>", Show::Available),
            ("<presence><show>chat</show></presence>", Show::Available),
            ("<presence><show>dnd</show></presence>", Show::Busy),
            ("<presence><show> away\n</show></presence>", Show::Away),
            ("<presence><show>xa</show></presence>", Show::Gone),
            ("<presence><show>dancing</show></presence>", Show::Available),
            ("<presence type='unavailable'><show>away</show></presence>", Show::Offline),
        ] {
            assert_eq!(presence(text).show, show, "{text}");
        }
    }

    #[test]
    fn example_2_of_xep_0203_is_an_old_state() {
        let old = presence(
            "<presence from='juliet@capulet.com/balcony' to='romeo@montague.net'>
               <status>anon!</status><show>xa</show><priority>1</priority>
               <delay xmlns='urn:xmpp:delay' from='juliet@capulet.com/balcony' stamp='2002-09-10T23:41:07Z'/>
             </presence>",
        );
        assert_eq!((old.show, old.priority, old.since), (Show::Gone, 1, Some(Stamp(1_031_701_267_000))));
        assert_eq!(old.status.unwrap().as_str(), "anon!");
    }

    #[test]
    fn absurd_priorities_are_none() {
        for text in ["128", "-129", "1.5", "", "high"] {
            assert_eq!(presence(&format!("<presence><priority>{text}</priority></presence>")).priority, 0, "{text}");
        }
        assert_eq!(presence("<presence><priority>-128</priority></presence>").priority, -128);
    }

    #[test]
    fn requests_are_told_and_their_answers_are_not() {
        let request = heard(
            "<presence type='subscribe'><status>it is me</status>
               <nick xmlns='http://jabber.org/protocol/nick'>Juliet</nick></presence>",
        );
        let expected = Event::SubscriptionRequest {
            from: BareJid::parse("juliet@example.com").unwrap(),
            nick: Some(Line::clean("Juliet")),
            text: Some(Line::clean("it is me")),
        };
        assert_eq!(request, Some(expected));
        for kind in ["subscribed", "unsubscribed", "unsubscribe", "probe", "error", "nonsense"] {
            assert_eq!(heard(&format!("<presence type='{kind}'/>")), None, "{kind}");
        }
    }

    #[test]
    fn ours_say_only_what_is_not_taken_for_granted() {
        let say = |show, status: Option<&str>, priority| {
            let appearance = Appearance { show, status: status.map(str::to_owned), priority };
            written(&write(&appearance, Element::new("c", caps::NS)))
        };
        let mark = "<c xmlns='http://jabber.org/protocol/caps'/>";
        assert_eq!(say(Show::Available, None, 0), format!("<presence>{mark}</presence>"));
        assert_eq!(
            say(Show::Busy, Some("a&b"), -1),
            format!("<presence><show>dnd</show><status>a&amp;b</status><priority>-1</priority>{mark}</presence>")
        );
        assert_eq!(
            say(Show::Gone, Some(""), 5),
            format!("<presence><show>xa</show><priority>5</priority>{mark}</presence>")
        );
        assert_eq!(say(Show::Offline, Some("bye"), 1), "<presence type='unavailable'><status>bye</status></presence>");
    }

    #[test]
    fn the_handshake_has_four_steps() {
        let romeo = BareJid::parse("romeo@example.net").unwrap();
        for (step, kind) in [
            (SubscriptionStep::Ask, "subscribe"),
            (SubscriptionStep::Accept, "subscribed"),
            (SubscriptionStep::Deny, "unsubscribed"),
            (SubscriptionStep::Cancel, "unsubscribe"),
        ] {
            assert_eq!(
                written(&subscription(&romeo, step)),
                format!("<presence to='romeo@example.net' type='{kind}'/>")
            );
        }
    }
}
