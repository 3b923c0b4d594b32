//! R5 and R6: whatever a server sends, memory stays bounded, the screen answers, and butty comes back.

use super::server::Server;
use super::terminal::Terminal;
use super::world::{FROZEN, home, key_echo, open, peak};
use std::fmt::Write;
use std::time::{Duration, Instant};

const BUDDY: &str = "romeo@hostile.test";
const ROSTER: &str = "<item jid='romeo@hostile.test' name='Romeo' subscription='both'/>";
/// MiB that no attack may cost; the aim of the project, far below what it must keep (200).
const MOST: u64 = 64;

/// A talk with the buddy is open.
fn talking(home: &std::path::Path, server: &Server) -> Terminal {
    let mut butty = open(home, server);
    server.await_online();
    server.push(format!("<presence from='{BUDDY}/x'/>"));
    butty.wait_for("Romeo");
    butty.line(&format!("/msg {BUDDY}"));
    butty.wait_for("To Romeo");
    butty
}

/// The session must end and another begin; the screen answers.
#[track_caller]
fn survives(what: &str, attack: Vec<u8>) {
    let server = Server::friendly(ROSTER);
    let home = home();
    let mut butty = talking(home.path(), &server);
    let begun = Instant::now();
    server.push(attack);
    let echo = key_echo(&mut butty, "ж");
    server.await_sessions(2);
    let back = begun.elapsed();
    server.push(format!("<message type='chat' from='{BUDDY}/x'><body>still there</body></message>"));
    butty.wait_for("still there");
    let peak = peak(butty.pid()).expect("running");
    eprintln!("{what}: peak {peak} MiB, key {echo:?}, back after {back:?}");
    assert!(peak < MOST, "{what}: {peak} MiB");
    assert!(echo < FROZEN, "{what}: {echo:?}");
    assert!(back < Duration::from_secs(20), "{what}: {back:?}");
    butty.quit();
}

#[test]
fn one_stanza_of_64_mib_ends_the_session() {
    let mut attack = b"<message><body>".to_vec();
    attack.resize(64 << 20, b'x');
    survives("64 MiB of text", attack);
}

#[test]
fn a_hundred_thousand_levels_end_the_session() {
    survives("100,000 levels", "<a>".repeat(100_000).into_bytes());
}

#[test]
fn endless_tags_end_the_session() {
    let mut name = b"<".to_vec();
    name.resize(8 << 20, b'n');
    survives("an endless name", name);
    let mut value = b"<message from='".to_vec();
    value.resize(8 << 20, b'v');
    survives("an endless value", value);
    let attributes: String = (0..200_000).fold("<message".to_owned(), |mut tag, number| {
        write!(tag, " a{number}='x'").unwrap();
        tag
    });
    survives("200,000 attributes", attributes.into_bytes());
}

#[test]
fn forbidden_markup_ends_the_session() {
    for (what, attack) in [
        ("a document type", "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]>"),
        ("an entity", "<message><body>&a;</body></message>"),
        ("bad nesting", "<message><body></message></body>"),
    ] {
        survives(what, attack.as_bytes().to_vec());
    }
}

#[test]
fn half_a_million_elements_in_a_stanza_cost_little() {
    let mut attack = "<message>".to_owned();
    attack.push_str(&"<a/>".repeat(500_000));
    attack.push_str("</message>");
    survives("500,000 elements", attack.into_bytes());
}

#[test]
fn strangers_cost_little() {
    let server = Server::friendly(ROSTER);
    let home = home();
    let mut butty = talking(home.path(), &server);
    let (begun, mut slowest) = (Instant::now(), Duration::ZERO);
    for round in 0..25 {
        let mut flood = String::new();
        for number in 0..1_000 {
            let from = format!("stranger{round}x{number}@evil{number}.test/resource");
            write!(
                flood,
                "<presence from='{from}'><status>buy {number}</status></presence>\
                 <message type='chat' from='{from}' id='m{number}'><body>hello number {number} {round}</body></message>\
                 <presence type='subscribe' from='{from}'/>"
            )
            .unwrap();
        }
        server.push(flood);
        slowest = slowest.max(key_echo(&mut butty, "ж"));
    }
    server.settle();
    let peak = peak(butty.pid()).expect("running");
    eprintln!("25,000 strangers: peak {peak} MiB, slowest key {slowest:?}, done after {:?}", begun.elapsed());
    assert!(peak < MOST, "{peak} MiB");
    assert!(slowest < FROZEN, "{slowest:?}");
    server.push(format!("<message type='chat' from='{BUDDY}/x'><body>still there</body></message>"));
    butty.wait_for("still there");
    butty.send("\x15");
    assert_eq!(butty.quit(), 0);
}

/// Bodies that are hard to lay out. Each is below the limit of a stanza.
#[test]
fn monstrous_bodies_are_shown() {
    let server = Server::friendly(ROSTER);
    let home = home();
    let mut butty = talking(home.path(), &server);
    for (what, piece) in [
        ("one line", "x"),
        ("breaks", "\n"),
        ("marks", "\u{301}"),
        ("wide", "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}"),
        ("right to left", "\u{5d0}\u{5d1} "),
        ("both ways", "a \u{5d0} "),
        ("tabs", "\t"),
        ("joiners", "\u{200D}"),
    ] {
        let body = piece.repeat((900 << 10) / piece.len());
        let begun = Instant::now();
        server.push(format!("<message type='chat' from='{BUDDY}/x'><body>b{body}e</body></message>"));
        server.push(format!("<message type='chat' from='{BUDDY}/x'><body>behind {what}</body></message>"));
        butty.wait_for(&format!("behind {what}"));
        let shown = begun.elapsed();
        let echo = key_echo(&mut butty, "ж");
        eprintln!("900 KiB of {what}: shown after {shown:?}, key {echo:?}");
        assert!(echo < FROZEN, "{what}: {echo:?}");
        assert!(shown < Duration::from_secs(8), "{what}: {shown:?}");
    }
    butty.resize(60, 20);
    butty.wait_for("behind joiners");
    let peak = peak(butty.pid()).expect("running");
    eprintln!("monstrous bodies: peak {peak} MiB");
    assert!(peak < 2 * MOST, "{peak} MiB");
    butty.send("\x15");
    assert_eq!(butty.quit(), 0);
}

/// While the roster is awaited a stanza may be larger; that is no door for an attack.
#[test]
fn what_comes_instead_of_a_roster_costs_little() {
    let server = Server::start(|talk| {
        Box::pin(async move {
            let mut talk = talk.up_to_session().await?;
            talk.hear("jabber:iq:roster").await?;
            talk.hear("</iq>").await?;
            let attributes: String = (0..60).fold(String::new(), |mut all, number| {
                write!(all, " a{number}=''").unwrap();
                all
            });
            let element = format!("<x{attributes}/>");
            let count = (4 << 20) / element.len() - 1;
            talk.say(format!("<message>{}</message>", element.repeat(count))).await?;
            talk.live().await
        })
    });
    let home = home();
    let butty = open(home.path(), &server);
    server.await_sessions(1);
    server.settle();
    let peak = peak(butty.pid()).expect("running");
    eprintln!("4 MiB of attributes: peak {peak} MiB");
    assert!(peak < 2 * MOST, "{peak} MiB");
    assert_eq!(butty.quit(), 0);
}

#[test]
fn a_roster_of_20_000_works() {
    // On top of everything, so that it can be seen.
    let mut roster = ROSTER.replace("/>", "><group>Favourites</group></item>");
    for number in 0..20_000 {
        write!(
            roster,
            "<item jid='buddy{number}@hostile.test' name='Buddy number {number}' subscription='both'>\
             <group>Group {}</group></item>",
            number % 50
        )
        .unwrap();
    }
    let bytes = roster.len();
    let server = Server::friendly(&roster);
    let home = home();
    let begun = Instant::now();
    let mut butty = talking(home.path(), &server);
    let up = begun.elapsed();
    let echo = key_echo(&mut butty, "ж");
    butty.send("\x15");
    butty.send("\x1b[Z"); // Shift+Tab: the list, where letters filter
    let begun = Instant::now();
    butty.send("b");
    butty.wait_for("Find: b");
    eprintln!("filter {:?}", begun.elapsed());
    butty.send("\x1b");
    server.push("<presence from='buddy0@hostile.test/x'/>");
    butty.wait_for("Buddy number 0");
    server.settle();
    let peak = peak(butty.pid()).expect("running");
    eprintln!("roster of {bytes} bytes: up after {up:?}, peak {peak} MiB, key {echo:?}");
    assert!(peak < 2 * MOST, "{peak} MiB");
    assert!(echo < FROZEN, "{echo:?}");
    butty.send("\x15");
    assert_eq!(butty.quit(), 0);
}
