//! Links against real servers on loopback (`tests/servers/up`): passwords, device codes, redirects, refusals.
//!
//! `BUTTY_PEERS` names the folder of the running servers.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may stop")]
#![allow(clippy::disallowed_methods, reason = "a test has a clock and an environment")]

#[path = "harness/link.rs"]
#[allow(dead_code, reason = "shared with other targets")]
mod link;
#[path = "links/mechanisms.rs"]
mod mechanisms;
#[path = "links/pages.rs"]
mod pages;
#[path = "links/short.rs"]
mod short;
#[path = "links/upkeep.rs"]
mod upkeep;

use butty::app::effect::LinkCommand;
use butty::app::event::{Consent, Keep, LinkFact};
use butty::app::setup::{AccountSetup, TlsMode};
use butty::net::{LinkOptions, Status, Step, doctor, start_link};
use butty::types::{Problem, Secret};
use butty::xmpp::{self, CredentialKind};
use link::{
    Facts, Memory, account, answer, at_oidc, at_the_other_family, data, ejabberd_token, kept, network, network_with,
    next, on_a_page, outcome, page, prompt, prosody_token, script, start, walk, with_password, with_token,
};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc::channel;

async fn try_out(setup: AccountSetup) -> Result<(String, String), Problem> {
    let (link, mut facts) = start(&network(), setup, true);
    let outcome = outcome(&mut facts).await;
    drop(facts);
    link.closed().await;
    outcome
}

fn code_of(outcome: Result<(String, String), Problem>) -> &'static str {
    outcome.expect_err("a problem").code()
}

#[tokio::test]
async fn passwords_sign_in_over_direct_tls_and_starttls() {
    for domain in ["alpha.test", "beta.test"] {
        for tls in [TlsMode::Auto, TlsMode::StartTls] {
            let (jid, mechanism) = try_out(AccountSetup { tls, ..with_password(domain) }).await.unwrap();
            assert_eq!(jid, format!("juliet@{domain}"), "beta's first endpoint is dead, its second stands");
            assert!(mechanism.starts_with("SCRAM-SHA-"), "{mechanism}");
        }
    }
}

#[tokio::test]
async fn each_refusal_of_the_way_has_its_code() {
    assert_eq!(code_of(try_out(with_password("none.test")).await), "BTY-NET-07");
    assert_eq!(code_of(try_out(with_password("closed.test")).await), "BTY-NET-06");
    assert_eq!(code_of(try_out(with_password("nowhere.test")).await), "BTY-NET-02");
    assert_eq!(code_of(try_out(with_password("loop.test")).await), "BTY-NET-08");
    let mut wrong = with_password("alpha.test");
    wrong.password_command = vec!["/bin/echo".to_owned(), "not-it".to_owned()];
    assert_eq!(code_of(try_out(wrong).await), "BTY-AUTH-05");
    let mut stranger = with_password("alpha.test");
    stranger.ca_file = None;
    assert_eq!(code_of(try_out(stranger).await), "BTY-TLS-04");
}

#[tokio::test]
async fn each_wrong_certificate_has_its_code() {
    for (domain, code) in [
        ("expired.test", "BTY-TLS-02"),
        ("early.test", "BTY-TLS-05"),
        ("othername.test", "BTY-TLS-01"),
        ("unknown.test", "BTY-TLS-04"),
    ] {
        for tls in [TlsMode::Auto, TlsMode::StartTls] {
            assert_eq!(code_of(try_out(AccountSetup { tls, ..with_password(domain) }).await), code, "{domain} {tls:?}");
        }
    }
}

#[tokio::test]
async fn a_redirect_to_an_address_where_nobody_is_names_that_address() {
    let problem = try_out(with_password("redirect6.test")).await.unwrap_err();
    assert!(matches!(&problem, Problem::Refused { host, port: 15222 } if host.as_str() == "::1"), "{problem:?}");
}

/// Passes bytes on until it is told to cut.
async fn relay(to: &'static str) -> (u16, tokio::sync::watch::Sender<u32>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (cut, cuts) = tokio::sync::watch::channel(0);
    tokio::spawn(async move {
        loop {
            let (mut near, _) = listener.accept().await.unwrap();
            let mut far = tokio::net::TcpStream::connect(to).await.unwrap();
            let mut cuts = cuts.clone();
            cuts.mark_unchanged();
            tokio::spawn(async move {
                tokio::select! {
                    _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                    _ = cuts.changed() => {}
                }
            });
        }
    });
    (port, cut)
}

#[tokio::test]
async fn a_lost_link_comes_back_by_itself() {
    let (port, cut) = relay("127.0.0.13:15222").await;
    let mut setup = with_password("alpha.test");
    setup.server = Some(("127.0.0.1".to_owned(), port));
    let (events, mut facts) = channel(256);
    let options = LinkOptions { connect: true, resource: None, show_client: false, one_shot: false };
    let link = start_link(&network(), setup, options, events);
    for round in 1..=3 {
        assert!(outcome(&mut facts).await.is_ok());
        cut.send(round).unwrap();
        loop {
            if let LinkFact::Down { problem, retry_in } = next(&mut facts).await {
                assert_eq!(problem.unwrap().code(), "BTY-NET-19");
                assert!(retry_in.is_some());
                break;
            }
        }
        link.send(LinkCommand::Connect);
    }
    drop(facts);
    link.closed().await;
}

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_fullest_log_holds_no_secret() {
    let page = Page::default();
    let writer = page.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    // For all threads: what the other tests write is looked at, too.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let mut plain = with_password("alpha.test");
    plain.mechanisms = vec!["PLAIN".to_owned()];
    assert_eq!(try_out(plain).await.unwrap().1, "PLAIN");
    let token = prosody_token("beta.test");
    let mut bearer = with_token("beta.test");
    bearer.mechanisms = vec!["X-MESSENGER-OAUTH2".to_owned()];
    bearer.token_command = vec!["/bin/echo".to_owned(), token.clone()];
    assert_eq!(try_out(bearer).await.unwrap().1, "X-MESSENGER-OAUTH2");
    let log = String::from_utf8_lossy(&page.0.lock().unwrap()).into_owned();
    assert!(log.contains("butty::wire") && log.contains("mechanism="), "the wire is logged");
    // "\0juliet\0pw-juliet" as PLAIN writes it.
    for secret in ["pw-juliet", "AGp1bGlldABwdy1qdWxpZXQ", token.as_str()] {
        assert!(!log.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn row_002_16_one_command_does_the_whole_sign_in_and_it_stays_until_sign_out() {
    let network = network();
    // Nothing is known about the account but its address: discovery finds the way to the code.
    let (link, mut facts) = start(&network, account("alpha.test"), false);
    link.send(LinkCommand::SignInWithCode { keep: Keep::Memory });
    let url = prompt(&mut facts).await;
    tokio::task::spawn_blocking(move || answer(&url, false)).await.unwrap();
    link.send(LinkCommand::PollNow);
    let expected = ("juliet@alpha.test".to_owned(), "OAUTHBEARER".to_owned());
    assert_eq!(outcome(&mut facts).await, Ok(expected.clone()));
    drop(facts);
    link.closed().await;

    let (link, mut facts) = start(&network, account("alpha.test"), true);
    assert_eq!(outcome(&mut facts).await, Ok(expected), "without a person");
    link.send(LinkCommand::SignOut { everywhere: false });
    loop {
        if let LinkFact::SignedOut { told, .. } = next(&mut facts).await {
            assert_eq!(told, butty::oauth::Farewelled::Told, "the service confirmed");
            break;
        }
    }
    let mut again = account("alpha.test");
    again.credential = Some(CredentialKind::Token);
    let (_link, mut facts) = start(&network, again, true);
    assert_eq!(outcome(&mut facts).await.unwrap_err().code(), "BTY-AUTH-17");
}

#[tokio::test]
async fn a_denied_code_is_told_as_that() {
    let (link, mut facts) = start(&network(), account("alpha.test"), false);
    link.send(LinkCommand::SignInWithCode { keep: Keep::Memory });
    let url = prompt(&mut facts).await;
    tokio::task::spawn_blocking(move || answer(&url, true)).await.unwrap();
    link.send(LinkCommand::PollNow);
    assert_eq!(outcome(&mut facts).await.unwrap_err().code(), "BTY-AUTH-02");
}

#[tokio::test]
async fn no_code_appears_that_nobody_asked_for() {
    let (link, mut facts) = start(&network(), account("alpha.test"), true);
    loop {
        match next(&mut facts).await {
            LinkFact::Dialing { .. } | LinkFact::Secured { .. } => {}
            LinkFact::Down { problem: Some(problem), retry_in: None } => {
                assert_eq!(problem.code(), "BTY-AUTH-17");
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    drop(facts);
    link.closed().await;
}

/// What the server says to a client whose cache holds this version.
async fn roster(version: Option<String>) -> (Option<usize>, Option<String>) {
    let (link, mut facts) = start(&network(), with_password("alpha.test"), false);
    link.send(LinkCommand::Connect);
    if let Some(version) = version {
        link.send(LinkCommand::KnowRoster { version });
    }
    let told = loop {
        if let LinkFact::Session(xmpp::Event::Roster { items, version }) = next(&mut facts).await {
            break (items.map(|items| items.len()), version);
        }
    };
    drop(facts);
    link.closed().await;
    told
}

#[tokio::test]
async fn a_roster_that_is_in_the_cache_does_not_come_again() {
    let (items, version) = roster(None).await;
    assert!(items.is_some() && version.is_some(), "{version:?}");
    assert_eq!(roster(version.clone()).await, (None, version));
}

#[tokio::test]
async fn a_service_of_another_family_gives_a_code_refreshes_and_revokes() {
    let network = network();
    let (link, mut facts) = start(&network, at_the_other_family(), false);
    link.send(LinkCommand::SignInWithCode { keep: Keep::Memory });
    let url = prompt(&mut facts).await;
    tokio::task::spawn_blocking(move || answer(&url, false)).await.unwrap();
    link.send(LinkCommand::PollNow);
    loop {
        match next(&mut facts).await {
            LinkFact::Kept(Keep::Memory) => break,
            LinkFact::Consent(Consent::Failed(problem)) => panic!("{problem:?}"),
            _ => {}
        }
    }
    // Prosody knows nothing of these tokens. It refuses the first; the second, fresh from a refresh, it refuses too.
    assert_eq!(outcome(&mut facts).await.unwrap_err().code(), "BTY-AUTH-04");
    link.send(LinkCommand::SignOut { everywhere: false });
    loop {
        if let LinkFact::SignedOut { told, .. } = next(&mut facts).await {
            assert_eq!(told, butty::oauth::Farewelled::Told);
            break;
        }
    }
}

/// Signs in where redirect.test lets in; the places on the way, the address and the mechanism.
async fn redirected(setup: AccountSetup) -> (Vec<String>, String, String) {
    let (link, mut facts) = start(&network(), AccountSetup { local: Some("_".to_owned()), ..setup }, true);
    let mut hosts = Vec::new();
    let (jid, mechanism) = loop {
        match next(&mut facts).await {
            LinkFact::Dialing { host } => hosts.push(host.as_str().to_owned()),
            LinkFact::Session(xmpp::Event::SignedIn(done)) => break (done.jid.bare().to_string(), done.mechanism),
            LinkFact::Down { problem, .. } => panic!("{problem:?}"),
            _ => {}
        }
    };
    drop(facts);
    link.closed().await;
    (hosts, jid, mechanism)
}

#[tokio::test]
async fn a_redirect_leads_to_the_messenger_mechanism() {
    let (hosts, jid, mechanism) = redirected(with_token("redirect.test")).await;
    assert_eq!(hosts, ["redirect.test", "127.0.0.13:15222"]);
    assert_eq!((jid.as_str(), mechanism.as_str()), ("juliet@redirect.test", "X-MESSENGER-OAUTH2"), "adopted from bind");
}

/// jabberd2 redirects inside TLS to where TLS comes first as well.
#[tokio::test]
async fn a_redirect_inside_direct_tls_is_followed_in_direct_tls() {
    let point = |port: &str| {
        for action in ["stop", "start"] {
            let mut server = std::process::Command::new(script("jabberd2"));
            let done = server.arg(action).arg(data()).env("REDIRECT_PORT", port).output().unwrap();
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        }
    };
    point("15223");
    let server = Some(("127.0.0.14".to_owned(), 15_223));
    let setup = AccountSetup { tls: TlsMode::Direct, server, ..with_token("redirect.test") };
    let outcome = tokio::spawn(redirected(setup)).await;
    point("15222");
    let (hosts, jid, mechanism) = outcome.unwrap();
    assert_eq!(hosts, ["127.0.0.14:15223", "127.0.0.13:15223"]);
    assert_eq!((jid.as_str(), mechanism.as_str()), ("juliet@redirect.test", "X-MESSENGER-OAUTH2"));
}

#[tokio::test]
async fn a_dead_token_is_fetched_once_more_and_then_the_person_is_asked() {
    let mut setup = account("beta.test");
    setup.credential = Some(CredentialKind::Token);
    setup.token_command = vec!["/bin/echo".to_owned(), "secret-token:bm90LW9uZQ==".to_owned()];
    assert_eq!(code_of(try_out(setup).await), "BTY-AUTH-04");
}

#[tokio::test]
async fn what_brings_no_token_is_named() {
    let mut setup = account("beta.test");
    setup.credential = Some(CredentialKind::Token);
    setup.oauth.token_file = Some("/nowhere/at/all".into());
    assert_eq!(code_of(try_out(setup.clone()).await), "BTY-AUTH-34");
    setup.token_command = vec!["/bin/false".to_owned()];
    assert_eq!(code_of(try_out(setup).await), "BTY-AUTH-34", "it goes before the file");
}

#[tokio::test]
async fn the_doctor_walks_all_the_way() {
    let reports = doctor(network(), with_password("alpha.test"), None).await;
    let told: Vec<_> = reports.iter().map(|report| (report.step, report.status)).collect();
    let expected = Step::ALL.map(|step| match step {
        Step::Proxy => (step, Status::Skipped),
        _ => (step, Status::Ok),
    });
    assert_eq!(told, expected, "{reports:#?}");
    let tls = reports.iter().find(|report| report.step == Step::Tls).unwrap();
    assert!(tls.detail[0].as_str().ends_with(" days left"), "{tls:?}");
}

#[tokio::test]
async fn the_doctor_says_what_a_sign_in_would_ask_for() {
    // Nobody has signed in: one server gives codes, the other knows passwords alone.
    for (domain, code) in [("alpha.test", "BTY-AUTH-17"), ("p12.test", "BTY-AUTH-16")] {
        let reports = doctor(network(), account(domain), None).await;
        let token = reports.into_iter().find(|report| report.step == Step::Token).unwrap();
        assert_eq!(token.problem.map(|problem| problem.code()), Some(code), "{domain}");
    }
}
