//! Must show 5 of signing in: a capture of every scenario, and 0 bytes of a credential before verified TLS.
//!
//! Each scenario runs while all that passes on the loopback interface is recorded (`tests/servers/capture.py`, which
//! needs root as the servers do). Every connection of the recording is then put together and read, byte by byte and
//! both ways:
//!
//! - before TLS only what `grammar.rs` allows, and no name of a person in it; behind that only records of TLS;
//! - no secret in any form (`secrets.rs`), anywhere: passwords, tokens, client secrets, what a vault was ever given;
//! - no early data: not announced by any hello, not sent, resumed sessions included;
//! - where the certificate is wrong, no application data beyond an alert. What a server that holds the key can read
//!   of that is looked at by `Server::assert_nothing_leaked`.
//!
//! Plain HTTP is a browser on this computer alone: on its way back to the listener (RFC 8252 section 7.3), and at the
//! demo's page. Each scenario says how often.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may stop")]
#![allow(clippy::disallowed_methods, reason = "a test has a clock and an environment")]

#[path = "hostile/acts.rs"]
mod acts;
#[path = "capture/checks.rs"]
mod checks;
#[path = "harness/command.rs"]
#[allow(dead_code, reason = "the harness is shared")]
mod command;
#[path = "capture/demo.rs"]
mod demo;
#[path = "capture/grammar.rs"]
mod grammar;
#[path = "harness/link.rs"]
#[allow(dead_code, reason = "the harness is shared")]
mod link;
#[path = "capture/pages.rs"]
mod pages;
#[path = "harness/peers.rs"]
#[allow(dead_code, reason = "the harness is shared")]
mod peers;
#[path = "hostile/proof.rs"]
#[allow(dead_code, reason = "the harness is shared")]
mod proof;
#[path = "capture/record.rs"]
mod record;
#[path = "capture/refusals.rs"]
mod refusals;
#[path = "harness/rotation.rs"]
#[allow(dead_code, reason = "the harness is shared")]
mod rotation;
#[path = "capture/secrets.rs"]
mod secrets;
#[path = "hostile/server.rs"]
#[allow(dead_code, reason = "the harness is shared")]
mod server;
#[path = "harness/terminal.rs"]
#[allow(dead_code, reason = "the harness is shared")]
mod terminal;
#[path = "capture/tls.rs"]
mod tls;
#[path = "rows/town.rs"]
#[allow(dead_code, reason = "the harness is shared")]
mod town;
#[path = "capture/ways.rs"]
mod ways;
#[path = "hostile/world.rs"]
#[allow(dead_code, reason = "the harness is shared")]
mod world;

use grammar::{Kind, look};
use record::Traffic;
use secrets::Secrets;

/// A scenario that was played, and what passed meanwhile.
struct Played {
    traffic: Traffic,
    secrets: Secrets,
    /// Connections that must have come to TLS.
    secured: usize,
    /// Hellos that take up an earlier session: without one the rule about early data says little.
    resumed: usize,
    /// Times that a browser speaks plain HTTP on this computer.
    web: usize,
    /// Nobody proved who they are: nothing may be said inside TLS either.
    refused: bool,
}

impl Played {
    /// One that came to TLS.
    fn new(traffic: Traffic, secrets: Secrets) -> Self {
        Self { traffic, secrets, secured: 1, resumed: 0, web: 0, refused: false }
    }

    /// One that came nowhere.
    fn refused(traffic: Traffic, secrets: Secrets) -> Self {
        Self { secured: 0, refused: true, ..Self::new(traffic, secrets) }
    }
}

/// What a client says when it hangs up inside an unproved TLS: an alert, sealed (RFC 8446 sections 5.2 and 6).
const ALERT: usize = 2 + 1 + 16;

/// A row of the table, or what is wrong.
fn judge(played: &Played) -> Result<String, String> {
    let (mut clear, mut tls, mut credentials) = (0, 0, 0);
    let (mut secured, mut resumed, mut web) = (0, 0, 0);
    for connection in &played.traffic.connections {
        let what = |fault: &str| format!("{} to {}: {fault}", connection.client, connection.server);
        let passed = look(connection).map_err(|fault| what(&fault))?;
        let all: Vec<u8> = connection.said.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
        credentials += played.secrets.count(&all) + played.secrets.count(&passed.clear);
        let ours = matches!(passed.kind, Kind::Silent | Kind::Tls | Kind::Xmpp);
        if ours && played.secrets.names_in(&passed.clear) {
            return Err(what("a name in the clear"));
        }
        if played.refused && passed.words > ALERT {
            return Err(what(&format!("{} bytes to a stranger", passed.words)));
        }
        clear += if ours { passed.clear.len() } else { 0 };
        tls += passed.tls;
        secured += usize::from(passed.tls > 0);
        resumed += usize::from(passed.resumed);
        web += usize::from(passed.kind == Kind::Web);
    }
    for datagram in &played.traffic.datagrams {
        credentials += played.secrets.count(datagram);
        if played.secrets.names_in(datagram) {
            return Err("a name in a question to DNS".to_owned());
        }
    }
    if credentials > 0 {
        return Err(format!("{credentials} bytes of a credential"));
    }
    if secured < played.secured || resumed < played.resumed || web != played.web {
        return Err(format!("only {secured} came to TLS, {resumed} resumed; {web} of plain HTTP"));
    }
    Ok(format!("{clear:>8} {tls:>9} {credentials:>11}"))
}

/// A name and how it is played.
type Scenario = (&'static str, fn() -> Played);

#[test]
fn no_scenario_shows_a_credential_before_verified_tls() {
    println!("{:<64} {:>8} {:>9} {:>11}", "", "clear", "TLS", "credentials");
    let mut wrong = Vec::new();
    let all = [ways::SCENARIOS, pages::SCENARIOS, demo::SCENARIOS, refusals::SCENARIOS].concat();
    for (name, play) in all {
        let played = play();
        match judge(&played) {
            Ok(row) => println!("{name:<64} {row}"),
            Err(fault) => {
                println!("{name:<64} {fault}");
                wrong.push(name);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// What passed when a client said this to some server, and the server that.
fn overheard(client: &[u8], server: &[u8]) -> Traffic {
    let said = vec![(record::Side::Client, client.to_vec()), (record::Side::Server, server.to_vec())];
    let place = "127.0.0.1:1".parse().unwrap();
    Traffic { connections: vec![record::Connection { client: place, server: place, said }], datagrams: Vec::new() }
}

#[test]
fn a_credential_is_told_wherever_it_stands_and_a_scenario_that_came_nowhere_too() {
    let played = |traffic| Played { secured: 0, ..Played::new(traffic, Secrets::of("juliet", &["pw-juliet"])) };
    let header = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
        xmlns:stream='http://etherx.jabber.org/streams' to='alpha.test' version='1.0' xml:lang='en'>";
    let innocent = || overheard(header.as_bytes(), b"<stream:stream from='alpha.test'>");
    assert!(judge(&played(innocent())).is_ok());
    for (client, server) in [
        (header.replace("alpha.test", "pw-juliet"), ""),
        (header.to_owned(), "<stream:stream id='pw-juliet'>"),
        (header.to_owned(), "<stream:stream to='juliet@alpha.test'>"),
        ("\0\0erlang or whoever: pw-juliet".to_owned(), ""),
        ("GET /?password=%70%77%2d%6a%75%6c%69%65%74 HTTP/1.1\r\n\r\n".to_owned(), ""),
        ("\x16\x03\x01\x00\x09pw-juliet".to_owned(), ""),
    ] {
        let traffic = overheard(client.as_bytes(), server.as_bytes());
        assert!(judge(&Played { web: usize::from(client.starts_with("GET")), ..played(traffic) }).is_err(), "{client}");
    }
    for name in ["pw-juliet.alpha.test", "juliet.alpha.test"] {
        let datagrams = vec![name.as_bytes().to_vec()];
        assert!(judge(&played(Traffic { datagrams, ..Traffic::default() })).is_err(), "{name}");
    }
    for missing in [Played { secured: 1, ..played(innocent()) }, Played { web: 1, ..played(innocent()) }] {
        assert!(judge(&missing).is_err());
    }
}
