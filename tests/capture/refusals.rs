//! Who does not prove themselves hears nothing: STARTTLS spoiled, certificates wrong, redirects to strangers, sign-in
//! pages in the clear. At servers that the test plays, and at Prosody with certificates that are wrong for real.

use super::acts::{in_the_clear, redirect, with_certificate, wrong_tls};
use super::command::{butty_with_input, words};
use super::link::{Memory, account, network_of, outcome, start, with_password};
use super::proof::{Authority, self_signed};
use super::record::Recorder;
use super::secrets::Secrets;
use super::server::{ACCOUNT, DOMAIN, FEATURES_PLAIN, FEATURES_TLS, HEADER, PROCEED, SECRET, SUCCESS, Server};
use super::ways::{recorded, visit};
use super::world::{configure, home, login};
use super::{Played, Scenario};
use butty::app::effect::LinkCommand;
use butty::app::event::Keep;
use butty::app::setup::{AccountSetup, Endpoints};
use butty::net::NetworkSettings;
use butty::oauth::{SignInRecord, Token, Vault};
use butty::types::{Secret, Stamp};
use butty::xmpp::CredentialKind;
use rcgen::CertificateParams;
use std::net::TcpListener;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

pub const SCENARIOS: &[Scenario] = &[
    ("STARTTLS stripped", || spoiled(&offer(FEATURES_PLAIN), "", "BTY-TLS-03")),
    ("STARTTLS refused", || spoiled(&offer(FEATURES_TLS), TLS_FAILURE, "BTY-TLS-06")),
    ("success in the clear", || spoiled(&offer(SUCCESS), "", "BTY-XMPP-01")),
    ("mechanisms in place of the leave for TLS", || spoiled(&offer(FEATURES_TLS), FEATURES_PLAIN, "BTY-")),
    ("mechanisms slipped in behind the leave for TLS", || {
        spoiled(&offer(FEATURES_TLS), &format!("{PROCEED}{FEATURES_PLAIN}"), "BTY-TLS-07")
    }),
    ("a self-signed certificate", || at_the_door(&with_certificate(self_signed(&[DOMAIN])), "BTY-TLS-04")),
    ("a certificate of another authority", || at_the_door(&stranger(), "BTY-TLS-04")),
    ("a certificate for another name", || certified("other.test", |_| {}, "BTY-TLS-01")),
    ("a certificate for the address dialled", || certified("127.0.0.1", |_| {}, "BTY-TLS-01")),
    ("an expired certificate", || certified(DOMAIN, |c| c.not_after = rcgen::date_time_ymd(2020, 1, 1), "BTY-TLS-02")),
    ("a certificate of tomorrow", || {
        certified(DOMAIN, |c| c.not_before = rcgen::date_time_ymd(2100, 1, 1), "BTY-TLS-05")
    }),
    ("a redirect to a server without TLS", || redirected(&in_the_clear(offer(FEATURES_PLAIN), ""), "BTY-TLS-03")),
    ("a redirect to a stranger's certificate", || redirected(&stranger(), "BTY-TLS-04")),
    ("jabberd2 redirects in a circle", in_a_circle),
    ("jabberd2 redirects to IPv6, to a stranger's certificate", to_a_stranger_by_ipv6),
    ("Prosody with each wrong certificate", at_prosody),
    ("a self-signed certificate, direct TLS", || directly(self_signed(&[DOMAIN]), "BTY-TLS-04")),
    ("a certificate of another authority, direct TLS", || {
        directly(Authority::new("somebody else").acceptor(&[DOMAIN], |_| {}), "BTY-TLS-04")
    }),
    ("a sign-in service named by plain http", || plain_http(false)),
    ("sign-in addresses of plain http", || plain_http(true)),
    ("a refresh at a service with a stranger's certificate", refresh_at_a_stranger),
];

const TLS_FAILURE: &str = "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>";

fn offer(markup: &str) -> String {
    format!("{HEADER}{markup}")
}

/// One sign-in at a server that the test plays; it fails, and whoever holds the key has read nothing.
fn at_the_door(server: &Server, code: &str) -> Played {
    let home = home();
    let recorder = Recorder::start();
    let (done, _) = login(home.path(), server);
    let traffic = recorder.stop();
    let said = words(&done);
    assert!(!done.status.success() && said.contains(code), "{code}? {said}");
    server.assert_nothing_leaked(code);
    Played::refused(traffic, Secrets::of("juliet", &[SECRET]))
}

fn spoiled(first: &str, then: &str, code: &str) -> Played {
    at_the_door(&in_the_clear(first, then), code)
}

fn stranger() -> Server {
    with_certificate(Authority::new("somebody else").acceptor(&[DOMAIN], |_| {}))
}

/// Signed by the authority that butty trusts, and still wrong.
fn certified(name: &'static str, spoil: fn(&mut CertificateParams), code: &str) -> Played {
    let server = Server::start(move |talk| {
        let acceptor = talk.stage.authority.acceptor(&[name], spoil);
        Box::pin(wrong_tls(talk, acceptor))
    });
    Played { secured: 1, ..at_the_door(&server, code) }
}

fn redirected(to: &Server, code: &str) -> Played {
    let played = at_the_door(&redirect(format!("127.0.0.1:{}", to.port)), code);
    to.assert_nothing_leaked(code);
    assert_eq!(to.connections(), 1, "it was followed");
    played
}

/// jabberd2 sends on from this domain, before TLS.
fn sent_on(domain: &str, code: &str) -> Played {
    let network = network_of(NetworkSettings::default(), Arc::default());
    let (traffic, told) = recorded(visit(&network, with_password(domain)));
    assert_eq!(told, code, "{domain}");
    Played::refused(traffic, Secrets::of("juliet", &["pw-juliet"]))
}

/// To itself: followed once, and seen when it comes again.
fn in_a_circle() -> Played {
    let played = sent_on("loop.test", "BTY-NET-08");
    let jabberd2 = "127.0.0.14:15222".parse().unwrap();
    let calls = played.traffic.connections.iter().filter(|call| call.server == jabberd2 && call.said.len() > 1);
    assert_eq!(calls.count(), 2, "it was followed");
    played
}

/// To where the test plays a server, for jabberd2 names no other address of IPv6.
fn to_a_stranger_by_ipv6() -> Played {
    let acceptor = Authority::new("somebody else").acceptor(&["redirect6.test"], |_| {});
    let stranger = Server::start_at("[::1]:15222", move |talk| Box::pin(wrong_tls(talk, acceptor.clone())));
    let played = sent_on("redirect6.test", "BTY-TLS-04");
    stranger.assert_nothing_leaked("by IPv6");
    assert_eq!(stranger.connections(), 1, "it was followed");
    Played { secured: 1, ..played }
}

fn at_prosody() -> Played {
    let hosts = [("expired.test", "02"), ("early.test", "05"), ("othername.test", "01"), ("unknown.test", "04")];
    let (traffic, ()) = recorded(async {
        for (domain, code) in hosts {
            let network = network_of(NetworkSettings::default(), Arc::default());
            let (_link, mut facts) = start(&network, with_password(domain), true);
            let told = outcome(&mut facts).await.unwrap_err().code();
            assert_eq!(told, format!("BTY-TLS-{code}"), "{domain}");
        }
    });
    Played { secured: hosts.len(), ..Played::refused(traffic, Secrets::of("juliet", &["pw-juliet"])) }
}

/// The same at a server that the test plays, with TLS from the first byte.
fn directly(acceptor: TlsAcceptor, code: &str) -> Played {
    let server = from_the_first_byte(acceptor);
    let home = home();
    configure(home.path(), &server, "tls = \"direct\"");
    let recorder = Recorder::start();
    let done = butty_with_input(home.path(), &["login", ACCOUNT, "--password-stdin"], &format!("{SECRET}\n"));
    let traffic = recorder.stop();
    assert!(words(&done).contains(code), "{code}? {}", words(&done));
    server.assert_nothing_leaked(code);
    Played { secured: 1, ..Played::refused(traffic, Secrets::of("juliet", &[SECRET])) }
}

/// Nobody even knocks there.
fn plain_http(endpoints: bool) -> Played {
    const CLIENT: &str = "client-secret-of-nobody";
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap();
    let mut setup = account("p12.test");
    let at = |path: &str| format!("http://{place}{path}");
    setup.oauth.issuer = Some(at(""));
    setup.oauth.client_id = Some("tui".to_owned());
    setup.oauth.client_secret_command = vec!["/bin/echo".to_owned(), CLIENT.to_owned()];
    if endpoints {
        setup.oauth.endpoints = Some(Endpoints { device: at("/device"), token: at("/token"), ..Endpoints::default() });
    }
    let (traffic, code) = recorded(async {
        let (link, mut facts) = start(&network_of(NetworkSettings::default(), Arc::default()), setup, false);
        link.send(LinkCommand::SignInWithCode { keep: Keep::Memory });
        outcome(&mut facts).await.unwrap_err().code()
    });
    assert!(code.starts_with("BTY-AUTH-") || code.starts_with("BTY-TLS-"), "{code}");
    assert!(traffic.connections.iter().all(|connection| connection.server != place), "{code}: somebody went there");
    Played { secured: 0, ..Played::new(traffic, Secrets::of("juliet", &["pw-juliet", CLIENT])) }
}

/// A refresh token is due, and who answers at the service's address cannot prove who they are.
fn refresh_at_a_stranger() -> Played {
    const REFRESH: &str = "refresh-token-that-must-not-leave";
    let stranger = from_the_first_byte(self_signed(&["127.0.0.1"]));
    let issuer = format!("https://127.0.0.1:{}", stranger.port);
    let setup = AccountSetup { credential: Some(CredentialKind::Token), ..account("alpha.test") };
    let text = format!(
        r#"{{"issuer":"{issuer}","client":"c","token":"{issuer}/token","device":null,"revocation":null,
            "scopes":["xmpp"],"durable":true}}"#
    );
    let record = SignInRecord::from_text(&Secret::new(text)).unwrap();
    let (refresh, expires) = (Some(Secret::from(REFRESH)), Some(Stamp(0)));
    let token = Token { refresh, expires, ..Token::given("access-token-that-is-over").unwrap() };
    let vault = Arc::new(Memory::default());
    vault.save(&SignInRecord::key(&setup.id), &record.to_text(), true).unwrap();
    vault.save(&record.tokens_key(&setup.id), &token.to_text(), true).unwrap();
    let network = network_of(NetworkSettings::default(), vault.clone());
    let place = format!("127.0.0.1:{}", stranger.port).parse().unwrap();
    let (mut traffic, code) = recorded(async {
        let (_link, mut facts) = start(&network, setup, true);
        outcome(&mut facts).await.unwrap_err().code()
    });
    assert_eq!(code, "BTY-TLS-04");
    stranger.assert_nothing_leaked("a refresh");
    assert_eq!(stranger.unproved(), "", "not one request");
    // The account's own server is a right one, and was called meanwhile.
    traffic.connections.retain(|connection| connection.server == place);
    let mut secrets = Secrets::of("juliet", &[]);
    secrets.add_all(&vault);
    Played { secured: 1, ..Played::refused(traffic, secrets) }
}

/// TLS at once, unproved.
fn from_the_first_byte(acceptor: TlsAcceptor) -> Server {
    Server::start(move |talk| {
        let acceptor = acceptor.clone();
        Box::pin(async move { talk.tls(&acceptor, false).await?.until_gone().await })
    })
}
