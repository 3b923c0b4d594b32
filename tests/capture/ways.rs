//! Passwords and tokens at real servers, by every mechanism and both ways of TLS, straight and through proxies.

use super::link::{
    Facts, Memory, account, data, ejabberd_token, network_of, next, outcome, prosody_token, script, start,
    with_password,
};
use super::record::Recorder;
use super::secrets::Secrets;
use super::{Played, Scenario};
use butty::app::effect::LinkCommand;
use butty::app::event::LinkFact;
use butty::app::setup::{AccountSetup, TlsMode};
use butty::net::{LinkHandle, LinkOptions, Network, NetworkSettings, start_link};
use butty::oauth::{Farewelled, VaultKey};
use butty::types::{Proxy, Proxying};
use butty::xmpp::{CredentialKind, Event};
use std::process::Command;
use std::sync::Arc;
use tokio::sync::mpsc::channel;

pub const SCENARIOS: &[Scenario] = &[
    ("password, PLAIN, STARTTLS", || password("p12.test", TlsMode::StartTls, "PLAIN")),
    ("password, PLAIN, direct TLS", || password("p12.test", TlsMode::Direct, "PLAIN")),
    ("password, SCRAM-SHA-1, STARTTLS", || password("p12.test", TlsMode::StartTls, "SCRAM-SHA-1")),
    ("password, SCRAM-SHA-1, direct TLS", || password("p12.test", TlsMode::Direct, "SCRAM-SHA-1")),
    ("password, SCRAM-SHA-512 at ejabberd", || password("ej23.test", TlsMode::StartTls, "SCRAM-SHA-512")),
    ("password, SCRAM-SHA-1-PLUS, STARTTLS", || password("alpha.test", TlsMode::StartTls, "SCRAM-SHA-1-PLUS")),
    ("password, SCRAM-SHA-1-PLUS, direct TLS", || password("alpha.test", TlsMode::Direct, "SCRAM-SHA-1-PLUS")),
    ("SASL2, Bind 2, FAST: three visits, STARTTLS", || fast(TlsMode::StartTls)),
    ("SASL2, Bind 2, FAST: three visits, direct TLS", || fast(TlsMode::Direct)),
    ("SASL2, Bind 2, FAST: sign-out, STARTTLS", || fast_given_up(TlsMode::StartTls)),
    ("SASL2, Bind 2, FAST: sign-out, direct TLS", || fast_given_up(TlsMode::Direct)),
    ("OAUTHBEARER, STARTTLS", || token("alpha.test", TlsMode::StartTls, "OAUTHBEARER")),
    ("OAUTHBEARER, direct TLS", || token("alpha.test", TlsMode::Direct, "OAUTHBEARER")),
    ("X-OAUTH2 at ejabberd", || token("ej23.test", TlsMode::StartTls, "X-OAUTH2")),
    ("X-MESSENGER-OAUTH2", || token("beta.test", TlsMode::StartTls, "X-MESSENGER-OAUTH2")),
    ("X-MESSENGER-OAUTH2, jabberd2 redirects before TLS", || redirected(TlsMode::StartTls)),
    ("X-MESSENGER-OAUTH2, jabberd2 redirects inside direct TLS", || redirected(TlsMode::Direct)),
    ("a token that is refused", refused_token),
    ("PLAIN through SOCKS5, STARTTLS", || proxied("socks5://anna:pw-anna@127.0.0.61:1080", TlsMode::StartTls)),
    ("PLAIN through SOCKS5, direct TLS", || proxied("socks5://anna:pw-anna@127.0.0.61:1080", TlsMode::Direct)),
    ("PLAIN through HTTP CONNECT, STARTTLS", || proxied("http://anna:pw-anna@127.0.0.62:8888", TlsMode::StartTls)),
    ("PLAIN through HTTP CONNECT, direct TLS", || proxied("http://anna:pw-anna@127.0.0.62:8888", TlsMode::Direct)),
];

/// Plays the part and records it.
pub fn recorded<T>(part: impl Future<Output = T>) -> (super::Traffic, T) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let recorder = Recorder::start();
    let outcome = runtime.block_on(part);
    drop(runtime);
    (recorder.stop(), outcome)
}

fn network(vault: &Arc<Memory>) -> Arc<Network> {
    network_of(NetworkSettings::default(), vault.clone())
}

/// Signs in once; the mechanism, or the code of the problem.
pub async fn visit(network: &Arc<Network>, setup: AccountSetup) -> String {
    let (link, mut facts) = start(network, setup, true);
    let outcome = outcome(&mut facts).await;
    gone(link, facts).await;
    outcome.map_or_else(|problem| problem.code().to_owned(), |(_, mechanism)| mechanism)
}

pub async fn gone(link: LinkHandle, facts: Facts) {
    drop(facts);
    link.closed().await;
}

/// Two visits, the second with what the first taught.
fn twice(setup: &AccountSetup, mechanism: &str, settings: NetworkSettings, secrets: Secrets) -> Played {
    let network = network_of(settings, Arc::default());
    let (traffic, ()) = recorded(async {
        for _ in 0..2 {
            assert_eq!(visit(&network, setup.clone()).await, mechanism);
        }
    });
    Played { secured: 2, ..Played::new(traffic, secrets) }
}

fn password(domain: &str, tls: TlsMode, mechanism: &str) -> Played {
    let mut setup = AccountSetup { tls, ..with_password(domain) };
    if !mechanism.ends_with("PLUS") {
        setup.mechanisms = vec![mechanism.to_owned()];
    }
    let secrets = Secrets::of("juliet", &["pw-juliet"]);
    // Prosody and ejabberd give session tickets: the second hello takes the first session up.
    Played { resumed: 1, ..twice(&setup, mechanism, NetworkSettings::default(), secrets) }
}

fn fast(tls: TlsMode) -> Played {
    let vault = Arc::new(Memory::default());
    let network = network(&vault);
    let (traffic, used) = recorded(async {
        let mut used = Vec::new();
        for _ in 0..3 {
            let (link, facts, mechanism) = at_length(&network, tls).await;
            used.push(mechanism);
            gone(link, facts).await;
        }
        used
    });
    assert!(used[0] == "SCRAM-SHA-1-PLUS" && used[2].starts_with("HT-SHA-256-"), "{used:?}");
    Played { secured: 3, resumed: 2, ..Played::new(traffic, with_hers(&vault)) }
}

/// The server's own token is shown once more at sign-out, for the server to forget it.
fn fast_given_up(tls: TlsMode) -> Played {
    let vault = Arc::new(Memory::default());
    let network = network(&vault);
    let (traffic, used) = recorded(async {
        let (link, facts, first) = at_length(&network, tls).await;
        gone(link, facts).await;
        let (link, mut facts, second) = at_length(&network, tls).await;
        sign_out(&link, &mut facts).await;
        gone(link, facts).await;
        [first, second]
    });
    assert!(used[0] == "SCRAM-SHA-1-PLUS" && used[1].starts_with("HT-SHA-256-"), "{used:?}");
    assert!(!vault.keys().iter().any(|key| matches!(key, VaultKey::Fast { .. })), "it is given up");
    // The third tells the server.
    Played { secured: 3, resumed: 2, ..Played::new(traffic, with_hers(&vault)) }
}

/// Signs in as one who stays, whom the server gives a token of its own; the mechanism.
async fn at_length(network: &Arc<Network>, tls: TlsMode) -> (LinkHandle, Facts, String) {
    let (events, mut facts) = channel(256);
    let options = LinkOptions { connect: true, resource: None, show_client: false, one_shot: false };
    let link = start_link(network, AccountSetup { tls, ..with_password("alpha.test") }, options, events);
    let mechanism = outcome(&mut facts).await.unwrap().1;
    while !matches!(next(&mut facts).await, LinkFact::Session(Event::Features(_))) {}
    (link, facts, mechanism)
}

/// Leaves; whoever gave a token confirms that it is dead.
pub async fn sign_out(link: &LinkHandle, facts: &mut Facts) {
    link.send(LinkCommand::SignOut { everywhere: false });
    while !matches!(next(facts).await, LinkFact::SignedOut { told: Farewelled::Told, .. }) {}
}

/// Her password, and all that this vault was ever given.
pub fn with_hers(vault: &Memory) -> Secrets {
    let mut secrets = Secrets::of("juliet", &["pw-juliet"]);
    secrets.add_all(vault);
    secrets
}

fn with_this_token(domain: &str, token: &str) -> AccountSetup {
    let mut setup = account(domain);
    setup.credential = Some(CredentialKind::Token);
    setup.token_command = vec!["/bin/echo".to_owned(), token.to_owned()];
    setup
}

fn token(domain: &str, tls: TlsMode, mechanism: &str) -> Played {
    let token = if domain == "ej23.test" { ejabberd_token() } else { prosody_token(domain) };
    let mechanisms = vec![mechanism.to_owned()];
    let setup = AccountSetup { tls, mechanisms, ..with_this_token(domain, &token) };
    twice(&setup, mechanism, NetworkSettings::default(), Secrets::of("juliet", &[&token]))
}

fn refused_token() -> Played {
    const DEAD: &str = "secret-token:bm90LW9uZQ-but-long-enough";
    twice(
        &with_this_token("beta.test", DEAD),
        "BTY-AUTH-04",
        NetworkSettings::default(),
        Secrets::of("juliet", &[DEAD]),
    )
}

/// jabberd2 sends on to Prosody 13, by the same way of TLS that it was reached by.
fn redirected(tls: TlsMode) -> Played {
    let token = prosody_token("redirect.test");
    let mut setup = AccountSetup { tls, local: Some("_".to_owned()), ..with_this_token("redirect.test", &token) };
    let direct = tls == TlsMode::Direct;
    if direct {
        setup.server = Some(("127.0.0.14".to_owned(), 15_223));
        restart("jabberd2", "REDIRECT_PORT", "15223");
    }
    let played = twice(&setup, "X-MESSENGER-OAUTH2", NetworkSettings::default(), Secrets::of("juliet", &[&token]));
    if direct {
        restart("jabberd2", "REDIRECT_PORT", "15222");
    }
    // Inside direct TLS the redirect itself is sealed, too.
    Played { secured: if direct { 4 } else { 2 }, ..played }
}

/// Starts a server anew, with one of its switches set.
pub fn restart(server: &str, switch: &str, value: &str) {
    for order in ["stop", "start"] {
        let mut command = Command::new(script(server));
        let done = command.arg(order).arg(data()).env(switch, value).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

fn proxied(proxy: &str, tls: TlsMode) -> Played {
    let proxy = Proxying::Through(Box::new(Proxy::parse(proxy).unwrap()));
    let port = if tls == TlsMode::Direct { 15_223 } else { 15_222 };
    let server = Some(("p12.test".to_owned(), port));
    let setup =
        AccountSetup { tls, server, mechanisms: vec!["PLAIN".to_owned()], resolver: None, ..with_password("p12.test") };
    let settings = NetworkSettings { proxy, ..NetworkSettings::default() };
    let played = twice(&setup, "PLAIN", settings, Secrets::of("juliet", &["pw-juliet"]));
    // To the proxy, and from it to the server.
    Played { secured: 4, resumed: 2, ..played }
}
