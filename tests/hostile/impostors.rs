//! R2: nobody speaks as somebody else, whatever the forgery.

use super::server::{ACCOUNT, Server, attribute};
use super::world::{home, open};
use std::path::Path;

const BUDDY: &str = "romeo@hostile.test";
const MALLORY: &str = "mallory@evil.test/x";
const ROSTER: &str = "<item jid='romeo@hostile.test' name='Romeo' subscription='both'/>";

/// A message of the buddy, wrapped as proof of itself.
fn forwarded(text: &str) -> String {
    format!(
        "<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2026-01-01T00:00:00Z'/>\
         <message xmlns='jabber:client' type='chat' from='{BUDDY}/balcony' to='{ACCOUNT}/here'>\
         <body>{text}</body></message></forwarded>"
    )
}

fn carbon(from: &str, kind: &str, text: &str) -> String {
    let from = if from.is_empty() { String::new() } else { format!(" from='{from}'") };
    format!("<message type='chat'{from}><{kind} xmlns='urn:xmpp:carbons:2'>{}</{kind}></message>", forwarded(text))
}

fn archived(from: &str, text: &str) -> String {
    format!(
        "<message from='{from}'><result xmlns='urn:xmpp:mam:2' id='{text}' by='{ACCOUNT}'>{}</result></message>",
        forwarded(text)
    )
}

fn push(from: &str, item: &str) -> String {
    format!("<iq type='set' id='p' from='{from}'><query xmlns='jabber:iq:roster' ver='evil'>{item}</query></iq>")
}

/// What would be the buddy's words, or the list's, if a check were missing. Each holds `FORGED`.
fn forgeries() -> Vec<String> {
    let mut all = Vec::new();
    for from in [MALLORY, "mallory@evil.test", BUDDY, "romeo@hostile.test/balcony", "hostile.test", "evil.test", ""] {
        for kind in ["received", "sent"] {
            all.push(carbon(from, kind, &format!("FORGED copy {kind} by {from}")));
        }
    }
    for from in [MALLORY, BUDDY, "romeo@hostile.test/balcony", "evil.test", "juliet@hostile.test.evil.test"] {
        all.push(archived(from, &format!("FORGED archive by {from}")));
        let newcomer = "<item jid='forged@evil.test' name='FORGED buddy' subscription='both'/>";
        all.push(push(from, newcomer));
        all.push(push(from, "<item jid='romeo@hostile.test' name='FORGED name' subscription='both'/>"));
        all.push(push(from, "<item jid='romeo@hostile.test' subscription='remove'/>"));
    }
    for from in [MALLORY, "romeo@hostile.test.evil.test/x", "r\u{43e}meo@hostile.test/x", "romeo@h\u{43e}stile.test/x"]
    {
        all.push(format!("<message type='chat' from='{from}'><body>FORGED by {from}</body></message>"));
        all.push(format!("<presence from='{from}'><status>FORGED state by {from}</status></presence>"));
        all.push(format!(
            "<message type='chat' from='{from}'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>"
        ));
    }
    all.push("<message type='chat'><body>FORGED by nobody</body></message>".to_owned());
    all.push("<message type='chat' from=''><body>FORGED by nothing</body></message>".to_owned());
    all.push(format!("<message type='chat' from='{MALLORY}'>{}</message>", forwarded("FORGED forward")));
    all.push(format!("<message type='groupchat' from='{BUDDY}/x'><body>FORGED in a room</body></message>"));
    all.push(format!("<message type='error' from='{BUDDY}/x'><body>FORGED in an error</body></message>"));
    all.push(format!(
        "<message type='chat' from='{MALLORY}'><x xmlns='http://jabber.org/protocol/address'/>\
         <nick xmlns='http://jabber.org/protocol/nick'>Romeo</nick><body>FORGED name</body></message>"
    ));
    all.push(format!("<message type='chat' from='{MALLORY}'><body>x\n12:34  Romeo\nFORGED line</body></message>"));
    all
}

#[test]
fn forgeries_are_not_the_buddys_words() {
    let server = Server::friendly(ROSTER);
    let home = home();
    let mut butty = open(home.path(), &server);
    server.await_online();
    server.push(format!("<presence from='{BUDDY}/balcony'/>"));
    butty.wait_for("Romeo");
    butty.line(&format!("/msg {BUDDY}"));
    butty.wait_for("To Romeo");
    butty.line("my question");
    server.await_heard("my question</body>");
    let forgeries = forgeries();
    for forgery in &forgeries {
        server.push(forgery.as_str());
    }
    server.settle();
    server.push(format!("<message type='chat' from='{BUDDY}/balcony'><body>true words</body></message>"));
    let screen = butty.wait_for("true words");
    assert!(!screen.contains("FORGED"), "of {} forgeries:\n{screen}", forgeries.len());
    assert!(!screen.contains("typing") && screen.contains("Romeo"), "{screen}");
    assert_eq!(butty.quit(), 0);
    // What is kept tells more than what fits on a screen: who is said to have said what.
    let kept = kept(home.path());
    assert!(kept.contains("true words"), "{}", kept.len());
    for line in kept.split("FORGED").skip(1) {
        let line: String = line.chars().take(40).collect();
        for bad in [" copy", " archive", " buddy", " forward", " state", " in a", " name\u{0}"] {
            assert!(!line.starts_with(bad), "kept: FORGED{line}");
        }
    }
}

/// Receipts and bounces of somebody else change nothing; the buddy's own do.
#[test]
fn marks_are_set_by_those_entitled() {
    let server = Server::friendly(ROSTER);
    let home = home();
    let mut butty = open(home.path(), &server);
    server.await_online();
    server.push(format!("<presence from='{BUDDY}/balcony'/>"));
    butty.wait_for("Romeo");
    butty.line(&format!("/msg {BUDDY}"));
    butty.wait_for("To Romeo");
    butty.line("did it arrive");
    server.await_heard("did it arrive</body>");
    let said = server.proved();
    let begin = said[..said.find("did it arrive").unwrap()].rfind("<message").unwrap();
    let id = attribute(&said[begin..], "id").unwrap();
    let receipt =
        |from: &str| format!("<message from='{from}'><received xmlns='urn:xmpp:receipts' id='{id}'/></message>");
    let bounce = |from: &str| {
        format!(
            "<message type='error' id='{id}' from='{from}'><error type='cancel'>\
             <item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
        )
    };
    for from in [MALLORY, "romeo@evil.test/balcony", "evil.test"] {
        server.push(receipt(from));
        server.push(bounce(from));
    }
    server.settle();
    server.push(format!("<message type='chat' from='{BUDDY}/balcony'><body>a sign</body></message>"));
    let screen = butty.wait_for("a sign");
    assert!(!screen.contains("✓✓") && !screen.contains("BTY-MSG"), "{screen}");
    server.push(receipt(&format!("{BUDDY}/balcony")));
    butty.wait_for("✓✓");
    assert_eq!(butty.quit(), 0);
}

/// Somebody who guesses the id of a query cannot answer it first.
#[test]
fn a_stranger_answers_no_query() {
    let server = Server::friendly(ROSTER);
    let forged = "<query xmlns='jabber:iq:roster'><item jid='x@evil.test' name='FORGED' subscription='both'/></query>";
    *server.stage.forged_answer.lock().unwrap() = Some(forged.to_owned());
    let home = home();
    let butty = open(home.path(), &server);
    server.await_online();
    server.push(format!("<presence from='{BUDDY}/balcony'/><presence from='x@evil.test/y'/>"));
    let screen = butty.wait_for("Romeo");
    assert!(!screen.contains("FORGED"), "{screen}");
    assert_eq!(butty.quit(), 0);
    assert!(!kept(home.path()).contains("FORGED"));
}

/// Everything that butty has written, as text.
fn kept(home: &Path) -> String {
    let mut all = String::new();
    super::command::each_file(home, &mut |path, _| {
        all.push_str(&String::from_utf8_lossy(&std::fs::read(path).unwrap()));
    });
    all
}
