//! The buddy list, answers to queries, and what is kept at the account: only the account speaks of these.

use super::world::{HEADER, PLAIN, ROMEO, World, key};
use butty::types::Domain;
use butty::xmpp::Verified;

const EVIL: &str = "<item jid='evil@example.org' name='Romeo' subscription='both'/>";

fn push(from: &str, items: &str) -> String {
    format!("<iq type='set' id='p1' {from}><query xmlns='jabber:iq:roster' ver='evil'>{items}</query></iq>")
}

/// The true one is obeyed.
fn is_heard_from_home(world: &mut World) {
    for (from, name) in [("", "Mercutio"), ("from='juliet@capulet.lit'", "Benvolio")] {
        world.hear(&push(from, &format!("<item jid='friend@montague.lit' name='{name}' subscription='both'/>")));
        assert_eq!(world.model.name_of(&key("friend@montague.lit")), name);
    }
}

pub fn pushes_by_a_stranger(world: &mut World) {
    for item in [
        EVIL,
        "<item jid='romeo@montague.lit' name='Forged' subscription='both'/>",
        "<item jid='romeo@montague.lit' subscription='remove'/>",
    ] {
        world.ignores(&push("from='tybalt@capulet.lit/street'", item));
    }
    assert!(world.sent.ends_with("</error></iq>"), "there is no such thing here, he is told: {}", world.sent);
    is_heard_from_home(world);
}

pub fn pushes_by_all_but_our_account(world: &mut World) {
    for from in [
        "from='capulet.lit'",
        "from='montague.lit'",
        "from='juliet@capulet.lit/phone'",
        "from='juliet@capulet.lit.evil.example'",
        "from='juliet@capulet.1it'",
        "from='jul\u{456}et@capulet.lit'",
        "from='evil.example/juliet@capulet.lit'",
        "from=''",
        "from='@'",
    ] {
        world.ignores(&push(from, EVIL));
    }
    is_heard_from_home(world);
}

pub fn a_push_by_the_buddy_it_is_about(world: &mut World) {
    world
        .ignores(&push("from='paris@verona.lit/x'", "<item jid='paris@verona.lit' name='Romeo' subscription='both'/>"));
    world.ignores(&push("from='romeo@montague.lit'", "<item jid='paris@verona.lit' subscription='remove'/>"));
    is_heard_from_home(world);
}

/// With the true id of the query for the whole list, the strongest guess that there is.
pub fn an_answer_by_a_stranger(world: &mut World) {
    let proof = Verified::for_domain(Domain::parse("capulet.lit").unwrap(), "TLS 1.3");
    world.session.handle_secured(world.now, proof);
    world.drain();
    world.hear(&format!("{HEADER}{PLAIN}"));
    world.provide();
    world.hear("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    world.hear(&format!("{HEADER}<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>"));
    let bound = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>juliet@capulet.lit/balcony</jid></bind>";
    world.answer("urn:ietf:params:xml:ns:xmpp-bind", bound);
    let id = world.id_of("jabber:iq:roster");
    for from in
        ["tybalt@capulet.lit/street", "romeo@montague.lit", "capulet.lit.evil.example", "juliet@capulet.lit/phone"]
    {
        let answer = |kind: &str, query: &str| format!("<iq type='{kind}' id='{id}' from='{from}'>{query}</iq>");
        world.ignores(&answer("result", &format!("<query xmlns='jabber:iq:roster'>{EVIL}</query>")));
        world.ignores(&answer("result", ""));
        world.ignores(&answer("error", "<error type='cancel'/>"));
    }
    let list =
        "<query xmlns='jabber:iq:roster'><item jid='romeo@montague.lit' name='Romeo' subscription='both'/></query>";
    world.answer("jabber:iq:roster", list);
    assert_eq!(world.model.name_of(&key(ROMEO)), "Romeo", "the true answer still counts");
}

pub fn answers_that_nobody_asked_for(world: &mut World) {
    let page = world.id_of("urn:xmpp:mam:2");
    for from in ["", "from='juliet@capulet.lit'", "from='capulet.lit'", "from='tybalt@capulet.lit/street'"] {
        for query in [format!("<query xmlns='jabber:iq:roster'>{EVIL}</query>"), String::new()] {
            world.ignores(&format!("<iq type='result' id='unasked' {from}>{query}</iq>"));
            world.ignores(&format!("<iq type='error' id='unasked' {from}>{query}</iq>"));
        }
    }
    // The end of a page that is awaited, from others than the archive.
    for from in ["tybalt@capulet.lit/street", "romeo@montague.lit", "capulet.lit.evil.example"] {
        let fin = "<fin xmlns='urn:xmpp:mam:2' complete='true'/>";
        world.ignores(&format!("<iq type='result' id='{page}' from='{from}'>{fin}</iq>"));
        world.ignores(&format!("<iq type='error' id='{page}' from='{from}'/>"));
    }
    world.answer("urn:xmpp:mam:2", "<fin xmlns='urn:xmpp:mam:2' complete='true'/>");
    assert!(!world.events.is_empty(), "the true end still counts");
}

pub fn pushes_that_are_none(world: &mut World) {
    for items in ["", "<item/>", "<item jid=''/>", "<item jid='@'/>", "<item jid='a@b/c'/>", &format!("{EVIL}{EVIL}")] {
        world.ignores(&push("", items));
    }
    world.ignores(&push("", EVIL).replace("type='set'", "type='get'"));
    world.ignores(&push("", EVIL).replace(" id='p1'", ""));
    is_heard_from_home(world);
}

/// Pushed from whom they may be: rooms are not joined, and what is kept at the account is not taken from a push.
pub fn bookmarks_by_anybody(world: &mut World) {
    let room = "<conference xmlns='urn:xmpp:bookmarks:1' name='Romeo' autojoin='true'/>";
    let older = "<storage xmlns='storage:bookmarks'><conference jid='room@evil.example' autojoin='true'/></storage>";
    for from in ["tybalt@capulet.lit", "romeo@montague.lit", "capulet.lit", "juliet@capulet.lit.evil.example"] {
        for (node, item) in [("urn:xmpp:bookmarks:1", room), ("storage:bookmarks", older)] {
            let written = world.sent.len();
            world.ignores(&format!(
                "<message from='{from}' type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'>\
                 <items node='{node}'><item id='room@evil.example'>{item}</item></items></event></message>"
            ));
            world.ignores(&format!(
                "<message from='{from}'><x xmlns='jabber:x:conference' jid='room@evil.example'/></message>"
            ));
            assert_eq!(world.sent.len(), written, "nobody is joined");
        }
        world.hear(&format!(
            "<iq from='{from}' type='set' id='b'><query xmlns='jabber:iq:private'>{older}</query></iq>"
        ));
        assert!(world.sent.ends_with("</error></iq>"), "{}", world.sent);
    }
}

/// Who says "accepted", "refused" or "no longer" changes nothing: the list tells. Who asks is shown by address.
pub fn answers_to_no_request(world: &mut World) {
    for kind in ["subscribed", "unsubscribed", "unsubscribe", "probe", "error"] {
        for from in ["tybalt@capulet.lit", "romeo@montague.lit", "montague.lit"] {
            world.ignores(&format!("<presence from='{from}' type='{kind}'/>"));
        }
    }
    world.ignores("<presence type='subscribe'/>");
    world.ignores("<presence from='' type='subscribe'/>");
    world.ignores("<presence/>");
    let nick = "<nick xmlns='http://jabber.org/protocol/nick'>Romeo</nick>";
    world.hear(&format!("<presence from='tybalt@capulet.lit/street' type='subscribe'>{nick}</presence>"));
    let requests = &world.model.accounts[0].requests;
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].from.as_str(), "tybalt@capulet.lit");
    let rows = butty::app::list::rows(&world.model);
    let asks = rows.iter().find_map(|row| match row {
        butty::app::list::Row::Request { name, .. } => Some(name.as_str()),
        _ => None,
    });
    assert_eq!(asks, Some("tybalt@capulet.lit"), "the name is another buddy's");
}
