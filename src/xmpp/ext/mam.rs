//! XEP-0313 (1.1.3), Message Archive Management, for our own archive.

use super::{datetime, forward, rsm};
use crate::types::{ArchiveId, Stamp};
use crate::xml::Element;
use crate::xmpp::ArchiveQuery;
use crate::xmpp::stanza::identifier;

pub(crate) const NS: &str = "urn:xmpp:mam:2";
/// More fields of the form: ids as ends (section 4.1.4).
pub(crate) const EXTENDED: &str = "urn:xmpp:mam:2#extended";
/// XEP-0004, the form of the query.
const FORM: &str = "jabber:x:data";
/// Largest page that is asked for.
const PAGE: u16 = 200;

/// Asks for a page.
pub(crate) fn is_query(stanza: &Element) -> bool {
    stanza.name() == "iq" && stanza.children().any(|child| child.is("query", NS))
}

/// One page, by `query_id`.
pub(crate) fn write(query: &ArchiveQuery, query_id: &str) -> Element {
    let field = |var: &str, value: String| {
        Element::new("field", FORM).attr("var", var).child(Element::new("value", FORM).text(value))
    };
    let with = query.with.as_ref().map(|with| field("with", with.to_string()));
    let start = query.since.and_then(datetime::write).map(|start| field("start", start));
    let end = query.until.and_then(datetime::write).map(|end| field("end", end));
    // RSM leaves it open what `after` and `before` mean together.
    let (older_end, after) =
        if query.before.is_some() { (query.after.as_ref(), None) } else { (None, query.after.as_ref()) };
    let after_id = older_end.map(|id| field("after-id", id.0.clone()));
    let form = (with.is_some() || start.is_some() || end.is_some() || after_id.is_some()).then(|| {
        let kind = field("FORM_TYPE", NS.to_owned()).attr("type", "hidden");
        Element::new("x", FORM)
            .attr("type", "submit")
            .child(kind)
            .child_opt(with)
            .child_opt(start)
            .child_opt(end)
            .child_opt(after_id)
    });
    let after = after.map(|id| id.0.as_str());
    let before = query.before.as_ref().map(|id| id.as_ref().map_or("", |id| id.0.as_str()));
    Element::new("query", NS).attr("queryid", query_id).child_opt(form).child(rsm::write(
        query.max.clamp(1, PAGE),
        after,
        before,
    ))
}

/// One message out of the archive.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found<'a> {
    /// The query that it answers, so it says.
    pub(crate) query_id: &'a str,
    /// Its id in the archive.
    pub(crate) id: &'a str,
    /// When the archive got it.
    pub(crate) stamp: Option<Stamp>,
    /// The message as it was.
    pub(crate) message: &'a Element,
}

/// The `<result/>` element of a message, whatever is in it.
pub(crate) fn result_of(message: &Element) -> Option<&Element> {
    message.find("result", NS)
}

/// Reads a `<result/>`; `None` when something that must be there is missing.
pub(crate) fn read(result: &Element) -> Option<Found<'_>> {
    let forwarded = forward::read(result)?;
    Some(Found {
        query_id: identifier(result.get("queryid"))?,
        id: identifier(result.get("id"))?,
        stamp: forwarded.stamp,
        message: forwarded.message,
    })
}

/// The end of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fin {
    /// Id of its first message.
    pub(crate) first: Option<ArchiveId>,
    /// Id of its last message.
    pub(crate) last: Option<ArchiveId>,
    /// There is nothing beyond it.
    pub(crate) complete: bool,
}

/// Reads the answer to the query; `None` for one without `<fin/>`.
pub(crate) fn read_fin(iq: &Element) -> Option<Fin> {
    let fin = iq.find("fin", NS)?;
    let (first, last) = rsm::read(fin);
    let complete = matches!(fin.get("complete"), Some("true" | "1"));
    Some(Fin { first: first.map(ArchiveId), last: last.map(ArchiveId), complete })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{BareJid, RequestId};
    use crate::xmpp::stanza::testing::{parse, written};

    fn query() -> ArchiveQuery {
        ArchiveQuery { before: None, ..ArchiveQuery::newest(RequestId(1), 50) }
    }

    #[test]
    fn a_page_with_one_buddy_since_a_moment() {
        let with = BareJid::parse("juliet@capulet.lit").ok();
        let since = datetime::read("2010-08-07T00:00:00Z");
        let after = Some(ArchiveId("09af3-cc343-b409f".to_owned()));
        let until = datetime::read("2010-07-07T00:00:00Z");
        let text = written(&write(&ArchiveQuery { with, after, since, until, ..query() }, "f27"));
        assert_eq!(
            text,
            "<query xmlns='urn:xmpp:mam:2' queryid='f27'><x xmlns='jabber:x:data' type='submit'>\
             <field var='FORM_TYPE' type='hidden'><value>urn:xmpp:mam:2</value></field>\
             <field var='with'><value>juliet@capulet.lit</value></field>\
             <field var='start'><value>2010-08-07T00:00:00Z</value></field>\
             <field var='end'><value>2010-07-07T00:00:00Z</value></field></x>\
             <set xmlns='http://jabber.org/protocol/rsm'><max>50</max><after>09af3-cc343-b409f</after></set></query>"
        );
    }

    #[test]
    fn the_last_page_of_all_has_no_form_and_a_sane_size() {
        let text = written(&write(&ArchiveQuery { before: Some(None), max: 9_999, ..query() }, "q"));
        assert_eq!(
            text,
            "<query xmlns='urn:xmpp:mam:2' queryid='q'><set xmlns='http://jabber.org/protocol/rsm'>\
             <max>200</max><before/></set></query>"
        );
    }

    #[test]
    fn an_older_end_beside_a_place_is_a_field_of_the_form() {
        let after = Some(ArchiveId("old".to_owned()));
        let text = written(&write(&ArchiveQuery { after, before: Some(None), ..query() }, "q"));
        assert!(text.contains("<field var='after-id'><value>old</value></field>"), "{text}");
        assert!(text.ends_with("<max>50</max><before/></set></query>"), "{text}");
    }

    #[test]
    fn example_3_is_a_result() {
        let message = parse(
            r#"<message id='aeb213' to='juliet@capulet.lit/chamber'>
              <result xmlns='urn:xmpp:mam:2' queryid='f27' id='28482-98726-73623'>
                <forwarded xmlns='urn:xmpp:forward:0'>
                  <delay xmlns='urn:xmpp:delay' stamp='2010-07-10T23:08:25Z'/>
                  <message xmlns='jabber:client' from="witch@shakespeare.lit" to="macbeth@shakespeare.lit">
                    <body>Hail to thee</body>
                  </message>
                </forwarded>
              </result>
            </message>"#,
        );
        let found = read(result_of(&message).unwrap()).unwrap();
        assert_eq!((found.query_id, found.id), ("f27", "28482-98726-73623"));
        assert_eq!(found.stamp, Some(Stamp(1_278_803_305_000)));
        assert_eq!(found.message.get("from"), Some("witch@shakespeare.lit"));
    }

    #[test]
    fn example_4_ends_the_page() {
        let iq = |complete: &str| {
            parse(&format!(
                "<iq type='result' id='juliet1'>
                   <fin xmlns='urn:xmpp:mam:2'{complete}>
                     <set xmlns='http://jabber.org/protocol/rsm'>
                       <first index='0'>28482-98726-73623</first>
                       <last>09af3-cc343-b409f</last>
                     </set>
                   </fin>
                 </iq>"
            ))
        };
        let fin = read_fin(&iq("")).unwrap();
        assert_eq!(fin.first, Some(ArchiveId("28482-98726-73623".to_owned())));
        assert_eq!(fin.last, Some(ArchiveId("09af3-cc343-b409f".to_owned())));
        assert!(!fin.complete);
        assert!(read_fin(&iq(" complete='true'")).unwrap().complete);
        assert_eq!(read_fin(&parse("<iq type='result' id='juliet1'/>")), None);
    }
}
