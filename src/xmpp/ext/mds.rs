//! XEP-0490 (1.0.1), Message Displayed Synchronization: how far each talk was read, told to our other devices through our
//! own account (XEP-0163, XEP-0223).

use crate::types::{BareJid, Jid, StanzaId};
use crate::xml::Element;
use crate::xmpp::ReadPosition;
use crate::xmpp::ext::stanza_ids;
use crate::xmpp::stanza::identifier;

pub(crate) const NS: &str = "urn:xmpp:mds:displayed:0";
/// What we announce to be told (XEP-0163 section 4.3.2).
pub(crate) const NOTIFY: &str = "urn:xmpp:mds:displayed:0+notify";
/// XEP-0060: without it a server would make the node readable for every buddy.
pub(crate) const PUBLISH_OPTIONS: &str = "http://jabber.org/protocol/pubsub#publish-options";
const PUBSUB: &str = "http://jabber.org/protocol/pubsub";
const EVENT: &str = "http://jabber.org/protocol/pubsub#event";
const OWNER: &str = "http://jabber.org/protocol/pubsub#owner";
const CONFIG: &str = "http://jabber.org/protocol/pubsub#node_config";
/// XEP-0004.
const FORM: &str = "jabber:x:data";
/// Talks asked for, the last published ones; an answer with more could be larger than a stanza may be.
const ITEMS: usize = 1_000;

/// The question for what is known.
pub(crate) fn ask() -> Element {
    let items = Element::new("items", PUBSUB).attr("node", NS).attr("max_items", ITEMS.to_string());
    Element::new("pubsub", PUBSUB).child(items)
}

/// This talk was read up to this message; `by` is our account, whose archive named it.
pub(crate) fn publish(talk: &BareJid, up_to: &StanzaId, by: &BareJid) -> Element {
    let id = Element::new("stanza-id", stanza_ids::NS).attr("by", by.as_str()).attr("id", up_to.0.as_str());
    let item = Element::new("item", PUBSUB).attr("id", talk.as_str()).child(Element::new("displayed", NS).child(id));
    let publish = Element::new("publish", PUBSUB).attr("node", NS).child(item);
    let options = Element::new("publish-options", PUBSUB).child(form(PUBLISH_OPTIONS));
    Element::new("pubsub", PUBSUB).child(publish).child(options)
}

/// Makes a node that was there already what it has to be: for us alone, and one item for each talk.
pub(crate) fn configure() -> Element {
    let configure = Element::new("configure", OWNER).attr("node", NS).child(form(CONFIG));
    Element::new("pubsub", OWNER).child(configure)
}

fn form(kind: &str) -> Element {
    let field = |var: &str, value: &str| {
        Element::new("field", FORM).attr("var", var).child(Element::new("value", FORM).text(value))
    };
    Element::new("x", FORM)
        .attr("type", "submit")
        .child(field("FORM_TYPE", kind).attr("type", "hidden"))
        .child(field("pubsub#persist_items", "true"))
        .child(field("pubsub#max_items", "max"))
        .child(field("pubsub#send_last_published_item", "never"))
        .child(field("pubsub#access_model", "whitelist"))
}

/// The answer to [`ask`].
pub(crate) fn read(iq: &Element, trusted: impl Fn(&Jid) -> bool) -> Vec<ReadPosition> {
    let items = iq.find("pubsub", PUBSUB).and_then(|pubsub| pubsub.find("items", PUBSUB));
    items.map_or_else(Vec::new, |items| positions(items, PUBSUB, trusted))
}

/// The news that this message brings; believe it only from our own bare address. `None`: it brings none.
pub(crate) fn read_news(message: &Element, trusted: impl Fn(&Jid) -> bool) -> Option<Vec<ReadPosition>> {
    let items = message.find("event", EVENT)?.find("items", EVENT)?;
    (items.get("node") == Some(NS)).then(|| positions(items, EVENT, trusted))
}

/// Ids of other archives, such as those of rooms, are left out.
fn positions(items: &Element, ns: &str, trusted: impl Fn(&Jid) -> bool) -> Vec<ReadPosition> {
    let all = items.children().filter(|item| item.is("item", ns)).take(ITEMS);
    let position = |item: &Element| {
        let talk = BareJid::parse(item.get("id")?).ok()?;
        let displayed = item.find("displayed", NS)?;
        // slixmpp leaves `by` out; with whom the talk is says whose archive is meant.
        let unsigned = displayed.find("stanza-id", stanza_ids::NS).filter(|id| id.get("by").is_none());
        let up_to = match unsigned {
            Some(id) => StanzaId(identifier(id.get("id"))?.to_owned()),
            None => stanza_ids::read(displayed, &trusted)?,
        };
        Some(ReadPosition { talk, up_to })
    };
    all.filter_map(position).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::stanza::testing::{parse, written};

    fn juliet(by: &Jid) -> bool {
        by.as_str() == "juliet@capulet.lit"
    }

    fn position(talk: &str, id: &str) -> ReadPosition {
        ReadPosition { talk: BareJid::parse(talk).unwrap(), up_to: StanzaId(id.to_owned()) }
    }

    #[test]
    fn the_example_of_section_4_2_is_written_so() {
        let (talk, by) = (BareJid::parse("romeo@montegue.lit").unwrap(), BareJid::parse("juliet@capulet.lit").unwrap());
        let text = written(&publish(&talk, &StanzaId("0f710f2b".to_owned()), &by));
        assert_eq!(
            text,
            "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:xmpp:mds:displayed:0'>\
             <item id='romeo@montegue.lit'><displayed xmlns='urn:xmpp:mds:displayed:0'>\
             <stanza-id xmlns='urn:xmpp:sid:0' by='juliet@capulet.lit' id='0f710f2b'/></displayed></item></publish>\
             <publish-options><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'>\
             <value>http://jabber.org/protocol/pubsub#publish-options</value></field>\
             <field var='pubsub#persist_items'><value>true</value></field>\
             <field var='pubsub#max_items'><value>max</value></field>\
             <field var='pubsub#send_last_published_item'><value>never</value></field>\
             <field var='pubsub#access_model'><value>whitelist</value></field></x></publish-options></pubsub>"
        );
        assert!(written(&configure()).contains("<configure node='urn:xmpp:mds:displayed:0'>"));
    }

    #[test]
    fn the_answer_holds_our_archives_positions_alone() {
        let iq = parse(
            "<iq type='result' to='juliet@capulet.lit/balcony' id='catchup-1'>
               <pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:mds:displayed:0'>
                 <item id='romeo@montegue.lit'><displayed xmlns='urn:xmpp:mds:displayed:0'>
                   <stanza-id xmlns='urn:xmpp:sid:0' id='0f710f2b' by='juliet@capulet.lit'/></displayed></item>
                 <item id='example@conference.shakespeare.lit'><displayed xmlns='urn:xmpp:mds:displayed:0'>
                   <stanza-id xmlns='urn:xmpp:sid:0' id='ca21deaf' by='example@conference.shakespeare.lit'/>
                 </displayed></item>
                 <item id='@'><displayed xmlns='urn:xmpp:mds:displayed:0'>
                   <stanza-id xmlns='urn:xmpp:sid:0' id='x' by='juliet@capulet.lit'/></displayed></item>
                 <item id='nobody@montegue.lit'/>
                 <item id='mercutio@montegue.lit'><displayed xmlns='urn:xmpp:mds:displayed:0'>
                   <stanza-id xmlns='urn:xmpp:sid:0' id='unsigned'/></displayed></item>
               </items></pubsub></iq>",
        );
        assert_eq!(
            read(&iq, juliet),
            [position("romeo@montegue.lit", "0f710f2b"), position("mercutio@montegue.lit", "unsigned")]
        );
        assert!(read(&parse("<iq type='result' id='a'/>"), juliet).is_empty());
    }

    #[test]
    fn news_are_of_this_node_alone() {
        let news = |node: &str| {
            parse(&format!(
                "<message from='juliet@capulet.lit' type='headline'>
                   <event xmlns='http://jabber.org/protocol/pubsub#event'><items node='{node}'>
                     <item id='romeo@montegue.lit'><displayed xmlns='urn:xmpp:mds:displayed:0'>
                       <stanza-id xmlns='urn:xmpp:sid:0' by='juliet@capulet.lit' id='0423e3a9'/>
                     </displayed></item></items></event></message>"
            ))
        };
        assert_eq!(read_news(&news(NS), juliet), Some(vec![position("romeo@montegue.lit", "0423e3a9")]));
        assert_eq!(read_news(&news("urn:xmpp:bookmarks:1"), juliet), None);
        assert_eq!(read_news(&parse("<message/>"), juliet), None);
    }
}
