//! Copies (XEP-0280) and archive results (XEP-0313): envelopes that say who wrote what is in them.

use super::world::{ROMEO, US, World};

/// A message of Romeo's, as it would be in an envelope.
const INNER: &str = "<message xmlns='jabber:client' type='chat' id='i' from='romeo@montague.lit/orchard' \
    to='juliet@capulet.lit/balcony'><body>I never loved thee</body></message>";

fn forwarded(inner: &str) -> String {
    format!(
        "<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2026-11-01T00:00:00Z'/>{inner}\
         </forwarded>"
    )
}

/// `from`: the attribute, or nothing.
fn copy(from: &str, kind: &str, inner: &str) -> String {
    format!(
        "<message {from} to='juliet@capulet.lit/balcony'><{kind} xmlns='urn:xmpp:carbons:2'>{}</{kind}></message>",
        forwarded(inner)
    )
}

fn result(from: &str, query: &str, id: &str) -> String {
    format!(
        "<message {from} to='juliet@capulet.lit/balcony'><result xmlns='urn:xmpp:mam:2' {query} id='{id}' by='{US}'>\
         {}</result></message>",
        forwarded(INNER)
    )
}

/// The true one is believed, so that a row does not pass because nothing is.
fn is_heard_from_home(world: &mut World) {
    world.hear(&copy("from='juliet@capulet.lit'", "received", INNER));
    assert_eq!(world.words(ROMEO), ["In: I never loved thee"]);
}

pub fn received_by_a_stranger(world: &mut World) {
    world.ignores(&copy("from='tybalt@capulet.lit/street'", "received", INNER));
    is_heard_from_home(world);
}

pub fn sent_by_a_stranger(world: &mut World) {
    let ours = "<message xmlns='jabber:client' type='chat' from='juliet@capulet.lit/phone' to='romeo@montague.lit'>\
        <body>I never loved thee</body></message>";
    world.ignores(&copy("from='tybalt@capulet.lit/street'", "sent", ours));
    world.hear(&copy("from='juliet@capulet.lit'", "sent", ours));
    assert_eq!(world.words(ROMEO), ["Out: I never loved thee"]);
}

pub fn by_a_bare_address(world: &mut World) {
    for kind in ["received", "sent"] {
        world.ignores(&copy("from='tybalt@capulet.lit'", kind, INNER));
        world.ignores(&copy("from='montague.lit'", kind, INNER));
    }
    is_heard_from_home(world);
}

/// Not even of his own words: they come as themselves.
pub fn by_a_buddy(world: &mut World) {
    let of_paris = INNER.replace("romeo@montague.lit/orchard", "paris@verona.lit/x");
    for from in ["from='romeo@montague.lit/orchard'", "from='romeo@montague.lit'"] {
        world.ignores(&copy(from, "received", &of_paris));
        world.ignores(&copy(from, "received", INNER));
    }
    is_heard_from_home(world);
}

pub fn by_nobody(world: &mut World) {
    for from in ["", "from=''", "from='@'", "from='juliet@'"] {
        world.ignores(&copy(from, "received", INNER));
        world.ignores(&copy(from, "sent", INNER));
    }
    is_heard_from_home(world);
}

pub fn by_our_server(world: &mut World) {
    for from in ["from='capulet.lit'", "from='capulet.lit/x'", "from='carbons.capulet.lit'"] {
        world.ignores(&copy(from, "received", INNER));
    }
    is_heard_from_home(world);
}

pub fn by_our_other_device(world: &mut World) {
    for from in ["from='juliet@capulet.lit/phone'", "from='juliet@capulet.lit/balcony'"] {
        world.ignores(&copy(from, "received", INNER));
    }
    is_heard_from_home(world);
}

pub fn by_addresses_that_look_like_ours(world: &mut World) {
    for from in [
        "juliet@capulet.lit.evil.example",
        "juliet@evil.capulet.lit",
        "juliet@capulet.1it",
        "juliet@capu1et.lit",
        "jul\u{456}et@capulet.lit",
        "juliet@c\u{430}pulet.lit",
        "juliet.@capulet.lit",
    ] {
        world.ignores(&copy(&format!("from='{from}'"), "received", INNER));
    }
    is_heard_from_home(world);
}

pub fn within_a_copy(world: &mut World) {
    let of_tybalt = format!(
        "<message xmlns='jabber:client' type='chat' from='tybalt@capulet.lit/street' to='{US}'>\
         <received xmlns='urn:xmpp:carbons:2'>{}</received></message>",
        forwarded(INNER)
    );
    world.ignores(&copy("from='juliet@capulet.lit'", "received", &of_tybalt));
    is_heard_from_home(world);
}

pub fn by_our_address_in_another_part(world: &mut World) {
    for from in [
        "evil.example/juliet@capulet.lit",
        "tybalt@evil.example/juliet@capulet.lit",
        "juliet\\40capulet.lit@evil.example",
        "juliet@evil.example/capulet.lit",
        "capulet.lit@juliet",
    ] {
        world.ignores(&copy(&format!("from='{from}'"), "received", INNER));
    }
    is_heard_from_home(world);
}

pub fn of_every_type(world: &mut World) {
    for kind in ["chat", "normal", "headline", "groupchat", "unheard-of"] {
        let typed = copy("from='tybalt@capulet.lit/street'", "received", INNER);
        let beside = "<body>outer</body><received";
        world.ignores(&typed.replacen("<message ", &format!("<message type='{kind}' "), 1).replacen(
            "<received",
            beside,
            1,
        ));
    }
    is_heard_from_home(world);
}

/// Our own server is believed that it is a copy; what is in it must be ours all the same.
pub fn whose_addresses_disagree(world: &mut World) {
    let home = "from='juliet@capulet.lit'";
    world.ignores(&copy(home, "sent", INNER));
    let ours = INNER.replace("from='romeo@montague.lit/orchard'", "from='juliet@capulet.lit/phone'");
    world.ignores(&copy(home, "received", &ours.replace("to='juliet@capulet.lit/balcony'", "to='romeo@montague.lit'")));
    for from in ["", "from=''", "from='@'"] {
        world.ignores(&copy(home, "received", &INNER.replace("from='romeo@montague.lit/orchard'", from)));
    }
    is_heard_from_home(world);
}

pub fn and_archives_by_a_stranger(world: &mut World) {
    let query = format!("queryid='{}'", world.id_of("urn:xmpp:mam:2"));
    for from in ["from='tybalt@capulet.lit/street'", "from='romeo@montague.lit/orchard'"] {
        world.ignores(&copy(from, "received", INNER));
        world.ignores(&result(from, &query, "a1"));
    }
    is_heard_from_home(world);
}

pub fn archives_by_a_stranger(world: &mut World) {
    let query = format!("queryid='{}'", world.id_of("urn:xmpp:mam:2"));
    for from in [
        "from='tybalt@capulet.lit/street'",
        "from='romeo@montague.lit'",
        "from='capulet.lit'",
        "from='juliet@capulet.lit/phone'",
        "from='juliet@capulet.lit.evil.example'",
        "from='@'",
    ] {
        world.ignores(&result(from, &query, "a1"));
    }
    world.hear(&result("from='juliet@capulet.lit'", &query, "a1"));
    assert_eq!(world.words(ROMEO), ["In: I never loved thee"]);
}

/// Measured there: a stranger's result is shown as the buddy's words, with `by` or without. Here not even our own account
/// can bring what was not asked for.
pub fn archives_that_nobody_asked_for(world: &mut World) {
    let query = world.id_of("urn:xmpp:mam:2");
    for from in ["", "from='juliet@capulet.lit'", "from='tybalt@capulet.lit/street'", "from='romeo@montague.lit'"] {
        for asked in ["", "queryid=''", "queryid='x'", "queryid='other'"] {
            world.ignores(&result(from, asked, "a1"));
            world.ignores(&result(from, asked, "a1").replace(" by='juliet@capulet.lit'", ""));
        }
    }
    world.answer("urn:xmpp:mam:2", "<fin xmlns='urn:xmpp:mam:2' complete='true'/>");
    world.ignores(&result("from='juliet@capulet.lit'", &format!("queryid='{query}'"), "a1"));
}

/// It crashed on the second one.
pub fn one_archive_id_twice(world: &mut World) {
    let query = format!("queryid='{}'", world.id_of("urn:xmpp:mam:2"));
    for _ in 0..2 {
        world.hear(&result("from='juliet@capulet.lit'", &query, "a1"));
    }
    assert_eq!(world.words(ROMEO), ["In: I never loved thee"]);
}
