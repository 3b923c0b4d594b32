//! The roster (RFC 6121 section 2; versions XEP-0237 1.3).
//!
//! Items without a readable address are skipped, the rest is kept; lengths and numbers are limited.

use super::{RosterItem, Subscription};
use crate::types::limits::{BUDDIES, GROUPS, ID_BYTES};
use crate::types::{BareJid, Line};
use crate::xml::Element;

pub(crate) const NS: &str = "jabber:iq:roster";

/// Asks for the roster; with a version only for what changed since. The empty version asks for all and says that
/// versions are understood.
pub(crate) fn query(version: Option<&str>) -> Element {
    Element::new("query", NS).attr_opt("ver", version)
}

/// Adds or changes one buddy.
pub(crate) fn set(who: &BareJid, name: Option<&str>, groups: &[String]) -> Element {
    let groups = groups.iter().take(GROUPS).map(|group| Element::new("group", NS).text(group.as_str()));
    query(None).child(Element::new("item", NS).attr("jid", who.as_str()).attr_opt("name", name).children_from(groups))
}

/// Removes one buddy and both subscriptions.
pub(crate) fn remove(who: &BareJid) -> Element {
    query(None).child(Element::new("item", NS).attr("jid", who.as_str()).attr("subscription", "remove"))
}

/// The version that a query or push carries. One too long to keep is none: then the whole list comes each time.
pub(crate) fn version(query: &Element) -> Option<String> {
    query.get("ver").filter(|version| version.len() <= ID_BYTES).map(str::to_owned)
}

/// Every item of a whole roster that can be read. `remove` makes no sense there and counts as `none`.
pub(crate) fn read(query: &Element) -> Vec<RosterItem> {
    query
        .children()
        .take(BUDDIES)
        .filter_map(item)
        .map(|item| match item.subscription {
            Subscription::Removed => RosterItem { subscription: Subscription::None, ..item },
            _ => item,
        })
        .collect()
}

/// The one item of a push; `None` when there is another number of them, or it has no address.
pub(crate) fn read_push(query: &Element) -> Option<RosterItem> {
    let mut items = query.children().filter(|child| child.is("item", NS));
    let only = items.next().filter(|_| items.next().is_none())?;
    item(only)
}

fn item(item: &Element) -> Option<RosterItem> {
    if !item.is("item", NS) {
        return None;
    }
    let line = |text: &str| Some(Line::clean(text)).filter(|line| !line.is_empty());
    let groups = item.children().filter(|child| child.is("group", NS)).take(GROUPS);
    let subscription = match item.get("subscription") {
        Some("to") => Subscription::To,
        Some("from") => Subscription::From,
        Some("both") => Subscription::Both,
        Some("remove") => Subscription::Removed,
        _ => Subscription::None,
    };
    Some(RosterItem {
        jid: BareJid::parse(item.get("jid")?).ok()?,
        name: item.get("name").and_then(line),
        groups: groups.filter_map(|group| line(&group.content())).collect(),
        subscription,
        pending: item.get("ask") == Some("subscribe"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::stanza::testing::{parse, written};

    #[test]
    fn the_result_of_rfc_6121_section_2_1_4_is_read() {
        let query = parse(
            "<query xmlns='jabber:iq:roster' ver='ver7'>
               <item jid='nurse@example.com'/>
               <item jid='romeo@example.net' name='Romeo' subscription='both'><group>Friends</group></item>
               <item jid='mercutio@example.net' subscription='from' ask='subscribe'/>
             </query>",
        );
        let items = read(&query);
        assert_eq!(version(&query).as_deref(), Some("ver7"));
        assert_eq!(
            items.iter().map(|item| item.jid.as_str()).collect::<Vec<_>>(),
            ["nurse@example.com", "romeo@example.net", "mercutio@example.net"]
        );
        assert_eq!(items[1].name.as_ref().unwrap().as_str(), "Romeo");
        assert_eq!(items[1].groups, [Line::clean("Friends")]);
        assert_eq!(items[1].subscription, Subscription::Both);
        assert!(items[2].pending && !items[1].pending);
    }

    #[test]
    fn items_without_an_address_are_skipped_and_towers_cut() {
        let groups = "<group>g</group>".repeat(1_000);
        let text = format!(
            "<query xmlns='jabber:iq:roster'><item/><item jid='@'/><item jid='a@b/c'/><item jid=''/>\
             <item xmlns='urn:other' jid='x@y'/><item jid='a@b' name='{}' subscription='remove'>{groups}</item></query>",
            "n".repeat(10_000)
        );
        let items = read(&parse(&text));
        assert_eq!(items.len(), 1);
        assert_eq!(items[0].groups.len(), GROUPS);
        assert!(items[0].name.as_ref().unwrap().as_str().len() < 1_000);
        assert_eq!(items[0].subscription, Subscription::None, "nobody is removed by a whole roster");
    }

    #[test]
    fn a_push_has_exactly_one_item() {
        let push = |items: &str| read_push(&parse(&format!("<query xmlns='jabber:iq:roster'>{items}</query>")));
        assert_eq!(push("<item jid='a@b' subscription='remove'/>").unwrap().subscription, Subscription::Removed);
        assert_eq!(push(""), None);
        assert_eq!(push("<item jid='a@b'/><item jid='c@d'/>"), None);
        assert_eq!(push("<item name='nobody'/>"), None);
    }

    #[test]
    fn changes_are_written_as_sections_2_3_to_2_5_have_them() {
        let nurse = BareJid::parse("nurse@example.com").unwrap();
        assert_eq!(
            written(&set(&nurse, Some("Nurse"), &["Servants".to_owned()])),
            "<query xmlns='jabber:iq:roster'><item jid='nurse@example.com' name='Nurse'>\
             <group>Servants</group></item></query>"
        );
        assert_eq!(
            written(&remove(&nurse)),
            "<query xmlns='jabber:iq:roster'><item jid='nurse@example.com' subscription='remove'/></query>"
        );
        assert_eq!(written(&query(Some("ver6"))), "<query xmlns='jabber:iq:roster' ver='ver6'/>");
        assert_eq!(written(&query(None)), "<query xmlns='jabber:iq:roster'/>");
    }
}
