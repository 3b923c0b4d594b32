//! Words, and what is said about words: receipts, errors, corrections, ids, moments.

use super::world::{HEADER, PLAIN, ROMEO, SECRET, World, key};
use butty::app::effect::{Effect, StoreRequest};
use butty::app::model::MessageState;
use butty::types::Domain;
use butty::xmpp::{Direction, Verified};

const TYBALT: &str = "tybalt@capulet.lit";

fn chat(from: &str, id: &str, inside: &str) -> String {
    format!("<message type='chat' from='{from}' to='juliet@capulet.lit' id='{id}'>{inside}</message>")
}

fn body(text: &str) -> String {
    format!("<body>{text}</body>")
}

fn replace(id: &str) -> String {
    format!("<replace xmlns='urn:xmpp:message-correct:0' id='{id}'/>")
}

/// How far our message to Romeo came.
fn state(world: &World, id: &str) -> MessageState {
    let talk = world.talk(ROMEO).expect("a talk");
    talk.messages.iter().find(|message| message.key.to_string() == id).expect("ours").state.clone()
}

/// It crashed. Corrections are not carried out: they are shown as what they are, other words.
pub fn a_correction_of_itself(world: &mut World) {
    for _ in 0..2 {
        let xml = chat("romeo@montague.lit/orchard", "m1", &format!("{}{}", body("again"), replace("m1")));
        world.is_said_by(ROMEO, &xml, "again");
    }
    assert_eq!(world.words(ROMEO), ["In: again", "In: again"]);
}

pub fn a_correction_of_another(world: &mut World) {
    let ours = world.write("my true love");
    world.is_said_by(ROMEO, &chat("romeo@montague.lit/orchard", "m1", &body("but soft")), "but soft");
    let before = world.words(ROMEO);
    for of in ["m1", &ours] {
        let xml = chat("tybalt@capulet.lit/street", "m2", &format!("{}{}", body("forged"), replace(of)));
        world.is_said_by(TYBALT, &xml, "forged");
    }
    assert_eq!(world.words(ROMEO), before);
    // Nor does Romeo change ours, though it is the same talk.
    let xml = chat("romeo@montague.lit/orchard", "m3", &format!("{}{}", body("forged"), replace(&ours)));
    world.is_said_by(ROMEO, &xml, "forged");
    assert_eq!(world.words(ROMEO)[..2], before);
}

pub fn a_retraction(world: &mut World) {
    let ours = world.write("my true love");
    world.is_said_by(ROMEO, &chat("romeo@montague.lit/orchard", "m1", &body("but soft")), "but soft");
    for from in ["tybalt@capulet.lit/street", "romeo@montague.lit/orchard", "montague.lit", "juliet@capulet.1it"] {
        for of in ["m1", &ours] {
            world.ignores(&chat(from, "r", &format!("<retract xmlns='urn:xmpp:message-retract:1' id='{of}'/>")));
            world.ignores(&chat(
                from,
                "r",
                &format!("<apply-to xmlns='urn:xmpp:fasten:0' id='{of}'><retract xmlns='urn:xmpp:message-retract:0'/></apply-to>"),
            ));
        }
    }
}

/// No name of a file is taken from anybody: nothing is fetched, opened or written but the words.
pub fn names_of_files(world: &mut World) {
    for path in ["../../.bashrc", "/etc/passwd", "..\\..\\x", ".profile", "a\u{202e}fdp.exe", "-rf"] {
        let oob = format!("<x xmlns='jabber:x:oob'><url>https://evil.example/{path}</url><desc>{path}</desc></x>");
        world.look_away();
        world.hear(&chat("romeo@montague.lit/orchard", "f", &format!("{}{oob}", body("look"))));
        only_words(world);
        let share = format!(
            "<file-sharing xmlns='urn:xmpp:sfs:0'><file xmlns='urn:xmpp:file:metadata:0'><name>{path}</name></file>\
             </file-sharing>"
        );
        world.ignores(&chat("romeo@montague.lit/orchard", "f", &share));
    }
    let shown = world.talk(ROMEO).expect("a talk");
    assert!(shown.messages.iter().all(|message| message.attachments.is_empty()));
}

/// Every offer is refused, whoever makes it.
pub fn offers_of_files(world: &mut World) {
    let offers = [
        "<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='s'><content creator='initiator' name='f'>\
         <description xmlns='urn:xmpp:jingle:apps:file-transfer:5'><file><name>../../.bashrc</name></file></description>\
         </content></jingle>",
        "<si xmlns='http://jabber.org/protocol/si' id='s'><file xmlns='http://jabber.org/protocol/si/profile/file-transfer' \
         name='../../.bashrc' size='1'/></si>",
        "<query xmlns='jabber:iq:oob'><url>https://evil.example/x</url></query>",
    ];
    for offer in offers {
        for from in ["romeo@montague.lit/orchard", "tybalt@capulet.lit/street"] {
            world.ignores(&format!("<iq type='set' id='o' from='{from}'>{offer}</iq>"));
            let told = world.sent.rsplit_once("<iq").expect("an answer").1;
            assert!(told.contains("type='error'") && told.contains(from), "{told}");
        }
    }
}

/// The wishes are to keep the words and to tell that there are some: no command, no address, no clipboard.
#[track_caller]
fn only_words(world: &World) {
    for effect in &world.effects {
        let harmless = matches!(
            effect,
            Effect::Store(StoreRequest::Insert(_) | StoreRequest::MarkRead { .. })
                | Effect::Notify { .. }
                | Effect::Title(_)
        );
        assert!(harmless, "{effect:?}");
    }
}

pub fn commands_of_a_shell(world: &mut World) {
    for text in
        ["$(touch /tmp/x)", "`id`", "; rm -rf ~", "| sh", "/quit", "/msg romeo hi", "!ls", "%s%n", "&lt;script&gt;"]
    {
        let from = format!("romeo@montague.lit/{}", text.replace('`', "'").replace('\'', "&apos;"));
        world.look_away();
        world.hear(&chat(&from, "s", &body(text)));
        only_words(world);
    }
    assert_eq!(world.words(ROMEO).len(), 9);
    assert!(world.model.leaving.is_none());
}

pub fn codes_of_colours(world: &mut World) {
    for text in ["\u{9b}31m", "\u{85}", "\u{9d}0;title\u{9c}", "\u{202e}x", "&#x9b;", "3,4\u{7f}", "\u{e0001}"] {
        world.hear(&chat("romeo@montague.lit/orchard", "c", &body(&format!("a{text}b"))));
        let shown = world.words(ROMEO).pop().expect("words");
        assert!(shown.chars().all(|c| c == '\n' || !c.is_control()) && !shown.contains('\u{202e}'), "{shown:?}");
    }
    assert_eq!(world.words(ROMEO).len(), 7);
}

pub fn special_characters(world: &mut World) {
    for text in
        ["\u{fffd}", "\u{200d}\u{200d}", "\u{feff}", "\u{10fffd}", "e\u{301}\u{301}", "\u{1F468}\u{200D}\u{1F469}"]
    {
        world.look_away();
        world.hear(&chat("romeo@montague.lit/orchard", "c", &body(text)));
        only_words(world);
    }
    world.is_said_by(ROMEO, &chat("romeo@montague.lit/orchard", "d", &body("still here")), "still here");
}

/// No word of the password before a certificate was proved, whatever the server says.
pub fn a_server_without_proof(world: &mut World) {
    world.hear(&format!("{HEADER}{PLAIN}<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"));
    world.provide();
    assert!(!world.sent.contains("<auth") && !world.sent.contains(SECRET), "{}", world.sent);
    let mut stripped = World::dialled(false);
    stripped.hear(&format!("{HEADER}{PLAIN}"));
    stripped.provide();
    assert!(!stripped.sent.contains("<auth") && !stripped.sent.contains(SECRET), "{}", stripped.sent);
}

pub fn a_server_with_anothers_proof(world: &mut World) {
    let proof = Verified::for_domain(Domain::parse("evil.example").unwrap(), "TLS 1.3");
    world.session.handle_secured(world.now, proof);
    world.drain();
    world.hear(&format!("{HEADER}{PLAIN}"));
    world.provide();
    assert!(!world.sent.contains("<auth") && !world.sent.contains(SECRET), "{}", world.sent);
}

pub fn a_forged_archive_id(world: &mut World) {
    let id = |by: &str, id: &str| format!("<stanza-id xmlns='urn:xmpp:sid:0' by='{by}' id='{id}'/>");
    for by in ["romeo@montague.lit", "capulet.lit", "juliet@capulet.lit/phone", "juliet@capulet.1it", "@", ""] {
        let xml = chat("romeo@montague.lit/orchard", "m", &format!("{}{}", body("one"), id(by, "poison")));
        world.is_said_by(ROMEO, &xml, "one");
    }
    let talk = world.talk(ROMEO).expect("a talk");
    assert!(talk.messages.iter().all(|message| message.stanza_id.is_none()));
    assert_eq!(talk.messages.len(), 6, "none hides another");
}

/// A stranger, or Romeo, takes the id of a message that waits for its receipt, or of another's.
pub fn the_id_of_another(world: &mut World) {
    let ours = world.write("my true love");
    world.is_said_by(TYBALT, &chat("tybalt@capulet.lit/street", &ours, &body("mine")), "mine");
    world.is_said_by(ROMEO, &chat("romeo@montague.lit/orchard", &ours, &body("mine")), "mine");
    world.is_said_by(ROMEO, &chat("romeo@montague.lit/orchard", "m1", &body("but soft")), "but soft");
    world.is_said_by(TYBALT, &chat("tybalt@capulet.lit/street", "m1", &body("but soft")), "but soft");
    assert_eq!(world.words(ROMEO), ["Out: my true love", "In: mine", "In: but soft"]);
    assert_eq!(world.words(TYBALT), ["In: mine", "In: but soft"]);
    assert_eq!(state(world, &ours), MessageState::Pending);
}

pub fn one_id_twice(world: &mut World) {
    for text in ["one", "two", "two"] {
        world.is_said_by(ROMEO, &chat("romeo@montague.lit/orchard", "same", &body(text)), text);
    }
    assert_eq!(world.words(ROMEO), ["In: one", "In: two", "In: two"]);
}

pub fn receipts_by_others(world: &mut World) {
    let ours = world.write("my true love");
    let receipt = format!("<received xmlns='urn:xmpp:receipts' id='{ours}'/>");
    for from in [
        "tybalt@capulet.lit/street",
        "montague.lit",
        "capulet.lit",
        "juliet@capulet.lit",
        "juliet@capulet.lit/phone",
        "romeo@montague.lit.evil.example",
        "romeo@evil.montague.lit",
        "evil.example/romeo@montague.lit",
        "",
        "@",
    ] {
        world.is_unmoved_by(&chat(from, "r", &receipt));
        // Nor behind other words.
        world.hear(&chat(from, "r", &format!("{}{receipt}", body("look"))));
        assert_eq!(state(world, &ours), MessageState::Pending, "{from}");
    }
    world.is_unmoved_by(&format!("<message>{receipt}</message>"));
    world.hear(&chat("romeo@montague.lit/orchard", "r", &receipt));
    assert_eq!(state(world, &ours), MessageState::Delivered);
}

pub fn errors_by_others(world: &mut World) {
    let ours = world.write("my true love");
    let error = |from: &str| {
        format!(
            "<message type='error' from='{from}' id='{ours}'><error type='cancel'>\
             <item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
        )
    };
    for from in [
        "tybalt@capulet.lit/street",
        "paris@verona.lit",
        "verona.lit",
        "juliet@capulet.lit/phone",
        "romeo@montague.lit.evil.example",
        "evil.montague.lit",
        "montague.lit.evil.example",
        "@",
    ] {
        world.ignores(&error(from));
    }
    world.hear(&error("montague.lit"));
    assert!(matches!(state(world, &ours), MessageState::Failed(_)), "{:?}", state(world, &ours));
}

/// Whoever sits in a room under Romeo's name is somebody in that room.
pub fn whispers_in_a_room(world: &mut World) {
    let room = "verona@rooms.evil.example";
    let xml = chat(
        &format!("{room}/Romeo"),
        "w",
        &format!("{}<x xmlns='http://jabber.org/protocol/muc#user'/>", body("psst")),
    );
    world.is_said_by(room, &xml, "psst");
    assert_eq!(world.model.name_of(&key(room)), room);
    world.ignores(&chat(&format!("{ROMEO}/x"), "g", &body("in a room")).replace("type='chat'", "type='groupchat'"));
}

pub fn nobodys_words(world: &mut World) {
    world.is_said_by("capulet.lit", "<message><body>maintenance at ten</body></message>", "maintenance at ten");
    for from in ["", "@", "romeo@", "@montague.lit", "romeo@montague.lit/", " "] {
        world.ignores(&chat(from, "n", &body("forged")));
        world.ignores(&format!("<presence from='{from}'><status>forged</status></presence>"));
    }
}

pub fn addresses_that_look_alike(world: &mut World) {
    for from in [
        "r\u{43e}meo@montague.lit",
        "romeo@m\u{43e}ntague.lit",
        "rorneo@montague.lit",
        "romeo@montague.1it",
        "romeo@montague.lit.evil.example",
        "romeo@evil.montague.lit",
        "montague.lit",
        "romeo.@montague.lit",
    ] {
        world.look_away();
        world.hear(&chat(from, "l", &body("forged")));
        assert!(world.words(ROMEO).is_empty(), "{from}");
        let [butty::xmpp::Event::Message(message)] = &world.events[..] else { panic!("{from}: {:?}", world.events) };
        let (peer, direction) = (message.peer.clone(), message.direction);
        assert_eq!(direction, Direction::In);
        assert_ne!(world.model.name_of(&key(peer.as_str())), "Romeo", "{from}");
        world.is_unmoved_by(&format!("<presence from='{from}/x'><show>dnd</show><status>forged</status></presence>"));
    }
    for from in ["evil.example/romeo@montague.lit", "tybalt@evil.example/romeo@montague.lit"] {
        world.hear(&chat(from, "l", &body("forged")));
        assert!(world.words(ROMEO).is_empty(), "{from}");
    }
}

/// The address stands beside a name that a stranger chose; a buddy's is the one that we gave.
pub fn a_borrowed_name(world: &mut World) {
    let nick = "<nick xmlns='http://jabber.org/protocol/nick'>Romeo</nick>";
    world.is_said_by(TYBALT, &chat("tybalt@capulet.lit/street", "n", &format!("{}{nick}", body("hi"))), "hi");
    assert_eq!(world.model.name_of(&key(TYBALT)), TYBALT, "nobody goes by the name of another");
    world.hear(&chat("tybalt@capulet.lit/street", "o", &format!("{}{}", body("hi"), nick.replace("Romeo", "Mum"))));
    assert_eq!(world.model.name_of(&key(TYBALT)), "“Mum” (tybalt@capulet.lit)");
    world.hear(&format!("<presence from='paris@verona.lit/x'>{nick}</presence>"));
    world.hear(&chat("paris@verona.lit/x", "n", &format!("{}{nick}", body("hi"))));
    assert_eq!(world.model.name_of(&key("paris@verona.lit")), "Paris");
    assert_eq!(world.model.name_of(&key(ROMEO)), "Romeo");
}

/// When it was written can be told by the author and the servers on its way.
pub fn a_moment_told_by_a_third(world: &mut World) {
    let told = |by: &str| format!("<delay xmlns='urn:xmpp:delay' {by} stamp='2002-09-10T23:08:25Z'/>");
    for (by, believed) in [
        ("from='tybalt@capulet.lit'", false),
        ("from='evil.example'", false),
        ("from='paris@verona.lit/x'", false),
        ("from='evil.montague.lit'", false),
        ("from='juliet@capulet.lit/phone'", false),
        ("from='@'", false),
        ("from=''", false),
        ("from='capulet.lit'", true),
        ("from='montague.lit'", true),
        ("from='romeo@montague.lit/orchard'", true),
        ("", true),
    ] {
        let mut world = World::new();
        world.hear(&chat("romeo@montague.lit/orchard", "d", &format!("{}{}", body("old"), told(by))));
        let stamp = world.talk(ROMEO).expect("a talk").messages[0].stamp;
        assert_eq!(stamp.0 == 1_031_699_305_000, believed, "{by}: {stamp:?}");
    }
    // None of them makes a word of the future.
    let future = told("from='capulet.lit'").replace("2002", "2102");
    world.hear(&chat("romeo@montague.lit/orchard", "d", &format!("{}{future}", body("new"))));
    assert!(world.talk(ROMEO).expect("a talk").messages[0].stamp <= world.now.wall);
}

pub fn typing_by_others(world: &mut World) {
    let typing = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";
    let before = world.belief();
    for from in
        ["tybalt@capulet.lit/street", "montague.lit", "romeo@montague.lit.evil.example", "juliet@capulet.lit", ""]
    {
        world.hear(&chat(from, "t", typing));
        assert_eq!(world.belief(), before, "{from}");
    }
    assert!(!world.model.is_typing(&key(ROMEO)));
    world.hear(&chat("romeo@montague.lit/orchard", "t", typing));
    assert!(world.model.is_typing(&key(ROMEO)));
}
