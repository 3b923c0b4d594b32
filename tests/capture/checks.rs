//! The check itself is checked: what must not pass is seen.

use super::grammar::{Kind, Passed, look};
use super::record::Side::{Client, Server};
use super::record::{Connection, Side};
use std::sync::Arc;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore};

const HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
    xmlns:stream='http://etherx.jabber.org/streams' to='alpha.test' version='1.0' xml:lang='en'>";
const WISH: &str = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const FOOTER: &str = "</stream:stream>";
const PROCEED: &str = "<?xml version='1.0'?><stream:stream><stream:features/>\
    <proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const HIDDEN: [u8; 9] = [23, 3, 3, 0, 4, 1, 2, 3, 4];
const ANSWER: [u8; 9] = [22, 3, 3, 0, 4, 2, 0, 0, 0];

fn judge(said: &[(Side, &[u8])]) -> Result<Passed, String> {
    let place = "127.0.0.1:1".parse().unwrap();
    look(&Connection {
        client: place,
        server: place,
        said: said.iter().map(|(side, bytes)| (*side, bytes.to_vec())).collect(),
    })
}

fn error(condition: &str) -> String {
    format!("<stream:error xmlns:stream='http://etherx.jabber.org/streams'>{condition}</stream:error>")
}

/// A hello as rustls says it.
fn hello() -> Vec<u8> {
    let builder =
        ClientConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions();
    let config = builder.unwrap().with_root_certificates(RootCertStore::empty()).with_no_client_auth();
    let name = ServerName::try_from("alpha.test").unwrap();
    let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut bytes = Vec::new();
    connection.write_tls(&mut bytes).unwrap();
    bytes
}

/// The same with one more, empty extension.
fn hello_with(extension: u16) -> Vec<u8> {
    let mut bytes = hello();
    // Length of the extensions: behind version, random, session id, suites and compression.
    let mut at = 5 + 4 + 34;
    at += 1 + usize::from(bytes[at]);
    at += 2 + usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
    at += 1 + usize::from(bytes[at]);
    for length in [3, 7, at] {
        let longer = u16::from_be_bytes([bytes[length], bytes[length + 1]]) + 4;
        bytes[length..length + 2].copy_from_slice(&longer.to_be_bytes());
    }
    bytes.extend(extension.to_be_bytes());
    bytes.extend([0, 0]);
    bytes
}

#[test]
fn what_butty_says_is_within_the_rules() {
    let opening = format!("{HEADER}{WISH}");
    let passed = judge(&[
        (Client, opening.as_bytes()),
        (Server, PROCEED.as_bytes()),
        (Client, &hello()),
        (Server, &ANSWER),
        (Client, &HIDDEN),
    ]);
    let passed = passed.unwrap();
    assert_eq!((passed.kind, passed.words, passed.resumed), (Kind::Xmpp, 4, false));
    assert_eq!(passed.clear.len(), opening.len() + PROCEED.len());
    assert_eq!(passed.tls, hello().len() + 18);
    let failed = error("<policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>");
    for end in [FOOTER, "", &format!("{failed}{FOOTER}")] {
        let ended = format!("{opening}{end}");
        assert_eq!(judge(&[(Client, ended.as_bytes()), (Server, b"anything")]).unwrap().tls, 0);
    }
    let passed = judge(&[(Client, &hello()), (Server, &ANSWER), (Client, &HIDDEN[..7])]).unwrap();
    assert_eq!((passed.kind, passed.clear.len()), (Kind::Tls, 0), "cut in a record");
    assert!(judge(&[(Client, &hello_with(41))]).unwrap().resumed);
    assert_eq!(judge(&[(Client, b"GET /?code=x HTTP/1.1\r\n\r\n")]).unwrap().kind, Kind::Web);
    assert_eq!(judge(&[(Client, b"\x00\x01")]).unwrap().kind, Kind::Other);
    assert_eq!(judge(&[]).unwrap().kind, Kind::Silent);
}

#[test]
fn whatever_else_stands_before_tls_is_seen() {
    let auth = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGEAYg==</auth>";
    for said in [
        HEADER.replace("to='alpha.test'", "from='juliet@alpha.test' to='alpha.test'"),
        HEADER.replace("alpha.test", "juliet@alpha.test"),
        HEADER.replace("version='1.0' xml", "version='1.0' token='x' xml"),
        format!("{HEADER}{auth}"),
        format!("{HEADER}{WISH}{auth}"),
        format!("{HEADER}{auth}{WISH}{FOOTER}"),
        format!("{HEADER}{WISH}{FOOTER}x"),
        format!("{HEADER}{WISH}{}", error("<text>it is juliet</text>")),
        format!("{HEADER}{WISH}{}", error("<policy-violation xmlns='x'/>")),
        format!("{HEADER}<message to='a@alpha.test'/>"),
        format!("{WISH}{HEADER}"),
        HEADER[..HEADER.len() - 1].to_owned(),
    ] {
        let told = judge(&[(Client, said.as_bytes()), (Server, PROCEED.as_bytes())]);
        assert!(told.is_err(), "{said}");
    }
}

#[test]
fn tls_ahead_of_its_time_and_what_is_no_tls_is_seen() {
    let opening = format!("{HEADER}{WISH}");
    let (opening, proceed, hello) = (opening.as_bytes(), PROCEED.as_bytes(), hello());
    let both = [opening, &hello[..]].concat();
    for (what, said) in [
        ("no leave", vec![(Client, opening), (Server, b"<stream:features/>"), (Client, &hello)]),
        ("ahead of the leave", vec![(Client, &both[..]), (Server, proceed)]),
        ("text behind the hello", vec![(Client, &hello), (Client, b"<auth/>")]),
        ("text of the server", vec![(Client, &hello), (Server, b"HTTP/1.1 400")]),
        ("a word at once", vec![(Client, &hello), (Client, &HIDDEN), (Server, &ANSWER)]),
        ("a word and no answer", vec![(Client, &hello), (Client, &HIDDEN)]),
        ("no hello", vec![(Client, &ANSWER)]),
        ("early data", vec![(Client, &hello_with(42))]),
    ] {
        assert!(judge(&said).is_err(), "{what}");
    }
}

#[test]
fn behind_a_proxy_the_same_rules_hold() {
    let socks: [(Side, &[u8]); 5] = [
        (Client, b"\x05\x02\x00\x02"),
        (Server, b"\x05\x02"),
        (Client, b"\x01\x04anna\x02pw"),
        (Server, b"\x01\x00"),
        (Client, b"\x05\x01\x00\x03\x0aalpha.test\x14\x66"),
    ];
    let open: (Side, &[u8]) = (Server, b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00");
    let connect: [(Side, &[u8]); 2] = [
        (
            Client,
            b"CONNECT alpha.test:5222 HTTP/1.1\r\nHost: alpha.test:5222\r\nProxy-Authorization: Basic eA==\r\n\r\n",
        ),
        (Server, b"HTTP/1.0 200 Connection established\r\nProxy-agent: tinyproxy\r\n\r\n"),
    ];
    let opening = format!("{HEADER}{WISH}");
    let hello = hello();
    for way in [[&socks[..], &[open]].concat(), connect.to_vec()] {
        let with = |more: &[(Side, &'static [u8])]| judge(&[&way[..], more].concat());
        let inner = [(Client, opening.as_bytes()), (Server, PROCEED.as_bytes()), (Client, &hello[..])];
        let passed = judge(&[&way[..], &inner].concat()).unwrap();
        assert_eq!((passed.kind, passed.tls), (Kind::Xmpp, hello.len()));
        assert_eq!(judge(&[&way[..], &[(Client, &hello[..])]].concat()).unwrap().kind, Kind::Tls);
        assert_eq!(with(&[]).unwrap().kind, Kind::Silent);
        // Not TLS, and told as that: no scenario of butty's may hold any.
        let web = b"GET / HTTP/1.1\r\nAuthorization: Bearer x\r\n\r\n";
        assert_eq!(with(&[(Client, web)]).unwrap().kind, Kind::Web);
        for bad in [&b"<auth>"[..], b"\x05\x00", b"juliet"] {
            assert!(with(&[(Client, bad)]).is_err(), "{bad:?}");
        }
    }
    assert_eq!(judge(&socks).unwrap().kind, Kind::Silent, "refused");
    assert!(judge(&[&socks[..], &[(Server, b"\x05\x05\x00"), (Client, b"<auth/>")]].concat()).is_err());
    let more = b"CONNECT a.test:1 HTTP/1.1\r\nHost: a.test:1\r\nX-Account: juliet\r\n\r\n";
    assert!(judge(&[(Client, more)]).is_err());
    assert!(judge(&[connect[0], (Server, b"HTTP/1.0 403 no\r\n\r\n"), (Client, b"<auth/>")]).is_err());
}
