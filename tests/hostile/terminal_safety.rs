//! R1: whatever others write, into whatever field, the terminal obeys butty alone.

use super::command::{butty, words};
use super::leaks::{assert_none, assert_plain, poison, poison_markup, sequences};
use super::proof::Authority;
use super::server::{DOMAIN, FEATURES_PLAIN, HEADER, PROCEED, Server, Talk, attribute};
use super::world::{configure, home, login, open};
use std::collections::BTreeSet;

const BUDDY: &str = "romeo@hostile.test";

/// An hour with a buddy who writes `word` wherever somebody can write something. Gives all that was drawn.
fn evening(word: &str) -> Vec<u8> {
    let roster = format!(
        "<item jid='{BUDDY}' name='Romeo {word}' subscription='both'><group>Friends {word}</group></item>\
         <item jid='nick@hostile.test' subscription='both'/>"
    );
    let server = Server::friendly(&roster);
    let home = home();
    let mut butty = open(home.path(), &server);
    server.await_online();
    let nick = format!("<nick xmlns='http://jabber.org/protocol/nick'>Nick {word}</nick>");
    server.push(format!(
        "<presence from='{BUDDY}/balcony {word}'><status>busy {word}</status></presence>\
         <presence from='{BUDDY}/balcony'><show>dnd</show><status>busy {word}</status>{nick}</presence>\
         <presence from='nick@hostile.test/x'><show>{word}</show><status>{word}</status>{nick}</presence>\
         <presence type='subscribe' from='tybalt@hostile.test'><status>let me in {word}</status>{nick}</presence>\
         <message type='chat' from='{BUDDY}/balcony' id='{word}'><body>soft {word}</body></message>\
         <message type='chat' from='{BUDDY}/{word}'><body>light {word}</body></message>\
         <message type='chat' from='paris@hostile.test/x'><body>{word}</body>{nick}</message>\
         <message type='chat' from='nick@hostile.test/x'><body>x</body>\
         <encryption xmlns='urn:xmpp:eme:0' namespace='urn:x' name='secret {word}'/></message>"
    ));
    server.settle();
    butty.line(&format!("/msg {BUDDY}"));
    butty.wait_for("soft");
    butty.line("my own words");
    server.await_heard("my own words</body>");
    let said = server.proved();
    let begin = said[..said.find("my own words</body>").unwrap()].rfind("<message").unwrap();
    let id = attribute(&said[begin..], "id").unwrap();
    server.push(format!(
        "<message type='error' from='{BUDDY}' id='{id}'><error type='cancel'>\
         <policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>\
         <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>bounced {word}</text></error></message>"
    ));
    server.settle();
    for (columns, rows) in [(50, 18), (120, 40), (80, 24)] {
        butty.resize(columns, rows);
        butty.wait_for("soft");
    }
    butty.line("/msg paris@hostile.test");
    butty.wait_until("the stranger's talk", |screen| !screen.contains("soft"));
    butty.line("/accept tybalt@hostile.test");
    butty.send("\x0b");
    butty.wait_for("Go to");
    butty.send("\x1b");
    server.push(format!(
        "<stream:error><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>\
         <text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>thrown out {word}</text></stream:error></stream:stream>"
    ));
    server.await_sessions(2);
    let listed = butty_roster(home.path());
    assert_plain("butty roster", &listed);
    butty.send("\x11");
    butty.end();
    butty.bytes()
}

fn butty_roster(home: &std::path::Path) -> Vec<u8> {
    let done = butty(home, &["roster"]);
    assert!(done.status.success(), "{}", words(&done));
    [done.stdout, done.stderr].concat()
}

/// What a screen among friends is made of.
fn innocent() -> BTreeSet<String> {
    sequences(&String::from_utf8(evening("word")).unwrap())
}

#[test]
fn text_of_others_is_text() {
    let innocent = innocent();
    let drawn = evening(&poison_markup());
    assert_none("an evening", &drawn, &innocent);
    assert!(String::from_utf8_lossy(&drawn).contains("\u{fffd}"), "a trick stays visible");
}

/// Refusals that carry words, as the terminal and a pipe get them.
#[test]
fn refusals_are_text() {
    let innocent = innocent();
    let poison = poison_markup();
    let error = |inner: String| format!("<stream:error>{inner}</stream:error></stream:stream>");
    let host = "xmlns='urn:ietf:params:xml:ns:xmpp-streams'";
    let in_the_clear = [
        ("a redirect", error(format!("<see-other-host {host}>{poison}</see-other-host>"))),
        ("a stream error", error(format!("<policy-violation {host}/><text {host}>{poison}</text>"))),
        ("a condition", error(format!("<x-{} {host}/>", poison_name()))),
    ];
    for (what, markup) in in_the_clear {
        let server = Server::start(move |mut talk| {
            let markup = markup.clone();
            Box::pin(async move {
                talk.header().await?;
                talk.say(format!("{HEADER}{markup}")).await?;
                talk.until_gone().await
            })
        });
        refused(what, &server, &innocent);
    }
    let sasl = format!(
        "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><temporary-auth-failure/><text>{poison}</text></failure>"
    );
    let mechanisms = FEATURES_PLAIN.replace("PLAIN", &poison);
    let server = Server::start(move |talk| Box::pin(fail_sign_in(talk, FEATURES_PLAIN.to_owned(), sasl.clone())));
    refused("a refusal", &server, &innocent);
    let server = Server::start(move |talk| Box::pin(fail_sign_in(talk, mechanisms.clone(), String::new())));
    refused("mechanisms", &server, &innocent);
}

/// A name that XML allows and that drives no terminal, but is a nuisance.
fn poison_name() -> String {
    "n".repeat(5_000)
}

async fn fail_sign_in(talk: Talk, features: String, failure: String) -> Option<()> {
    let mut talk = talk.up_to_tls().await?;
    talk.say(features).await?;
    talk.hear("</auth>").await?;
    talk.say(failure).await?;
    talk.until_gone().await
}

#[test]
fn names_in_certificates_are_text() {
    let innocent = innocent();
    let names = ["evil\u{1b}[6;7;35mPWN.test", "x\u{1b}]0;PWN\u{7}.test", "plain.test"];
    let wrong = Authority::new(&poison());
    let server = Server::start(move |talk| {
        let acceptor = talk.stage.authority.acceptor(&["plain.test"], |params| {
            params.distinguished_name.push(rcgen::DnType::CommonName, poison());
            for name in names {
                let name = rcgen::string::Ia5String::try_from(name).unwrap();
                params.subject_alt_names.push(rcgen::SanType::DnsName(name));
            }
        });
        Box::pin(only_tls(talk, acceptor))
    });
    refused("names of a certificate", &server, &innocent);
    let acceptor = wrong.acceptor(&[DOMAIN], |_| {});
    let server = Server::start(move |talk| Box::pin(only_tls(talk, acceptor.clone())));
    refused("the name of an issuer", &server, &innocent);
}

async fn only_tls(mut talk: Talk, acceptor: tokio_rustls::TlsAcceptor) -> Option<()> {
    talk.up_to_starttls().await?;
    talk.say(PROCEED).await?;
    talk.tls(&acceptor, false).await?.until_gone().await
}

/// The sign-in fails; neither the command nor the screen passes on more than text.
#[track_caller]
fn refused(what: &str, server: &Server, innocent: &BTreeSet<String>) {
    let home = home();
    let (done, _) = login(home.path(), server);
    assert!(!done.status.success(), "{what}: {}", words(&done));
    assert_plain(what, &done.stderr);
    assert_plain(what, &done.stdout);
    let json = butty(home.path(), &["--json", "doctor"]);
    assert_plain(what, &json.stdout);
    configure(home.path(), server, "");
    let mut butty = open(home.path(), server);
    butty.wait_for("│ ! ");
    butty.send("\x11");
    butty.end();
    assert_none(what, &butty.bytes(), innocent);
}
