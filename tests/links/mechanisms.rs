//! Mechanisms at real servers: bound to the connection, guessed and refused, with tokens of ejabberd.

use super::{Memory, account, code_of, ejabberd_token, network_with, outcome, start, try_out, with_password};
use butty::app::setup::{AccountSetup, TlsMode};
use butty::net::Network;
use butty::oauth::VaultKey;
use butty::types::AccountId;
use butty::xmpp::{CredentialKind, Known};
use std::sync::Arc;

fn network() -> (Arc<Network>, Arc<Memory>) {
    let vault = Arc::new(Memory::default());
    (network_with(vault.clone()), vault)
}

/// The mechanism of one sign-in over this network, and what is known of the server behind it.
async fn sign_in(network: &Arc<Network>, vault: &Memory, setup: AccountSetup) -> (String, Known) {
    let id = setup.id.clone();
    let (link, mut facts) = start(network, setup, true);
    let (_, mechanism) = outcome(&mut facts).await.unwrap();
    drop(facts);
    link.closed().await;
    (mechanism, known(vault, &id))
}

fn known(vault: &Memory, account: &AccountId) -> Known {
    let key = VaultKey::Known { account: account.as_str().to_owned() };
    vault.kept(&key).map(|text| Known::from_text(&text)).unwrap_or_default()
}

#[tokio::test]
async fn at_prosody_13_the_sign_in_is_bound_to_its_connection() {
    for (domain, mechanism) in [("alpha.test", "SCRAM-SHA-1-PLUS"), ("beta.test", "SCRAM-SHA-256-PLUS")] {
        for tls in [TlsMode::Direct, TlsMode::StartTls] {
            // beta.test says that it has no direct TLS.
            let tls = if domain == "beta.test" { TlsMode::StartTls } else { tls };
            let (network, vault) = network();
            let setup = AccountSetup { tls, ..with_password(domain) };
            let (used, known) = sign_in(&network, &vault, setup.clone()).await;
            assert_eq!(used, mechanism, "{domain} {tls:?}");
            assert_eq!((known.strongest.as_deref(), known.guess_refused), (Some(mechanism), false));
            // The second connection may resume the TLS session of the first: its binding is another.
            assert_eq!(sign_in(&network, &vault, setup).await.0, mechanism, "{domain} {tls:?}, again");
        }
    }
}

#[tokio::test]
async fn a_wrong_password_over_a_bound_sign_in_is_told_as_such() {
    let mut setup = with_password("alpha.test");
    setup.password_command = vec!["/bin/echo".to_owned(), "pw-romeo".to_owned()];
    assert_eq!(code_of(try_out(setup).await), "BTY-AUTH-05");
}

/// Prosody 0.12 hides its -PLUS forms on TLS 1.3: `y` says that we could.
#[tokio::test]
async fn prosody_12_takes_the_flag_that_says_we_could_bind() {
    let (network, vault) = network();
    let (used, known) = sign_in(&network, &vault, with_password("p12.test")).await;
    assert_eq!((used.as_str(), known.strongest.as_deref()), ("SCRAM-SHA-1", Some("SCRAM-SHA-1")));
    assert!(!known.guess_refused);
}

#[tokio::test]
async fn at_ejabberd_the_strongest_plain_form_follows_on_a_binding_that_it_does_not_know() {
    let (network, vault) = network();
    for visit in 1..=2 {
        let (used, known) = sign_in(&network, &vault, with_password("ej23.test")).await;
        assert_eq!((used.as_str(), known.strongest.as_deref()), ("SCRAM-SHA-512", Some("SCRAM-SHA-512")));
        assert!(known.guess_refused, "visit {visit}");
    }
}

#[tokio::test]
async fn a_token_of_ejabberd_signs_in_by_x_oauth2() {
    let token = ejabberd_token();
    let with = |token: &str| {
        let mut setup = account("ej23.test");
        setup.credential = Some(CredentialKind::Token);
        setup.token_command = vec!["/bin/echo".to_owned(), token.to_owned()];
        setup
    };
    let (jid, mechanism) = try_out(with(&token)).await.unwrap();
    assert_eq!((jid.as_str(), mechanism.as_str()), ("juliet@ej23.test", "X-OAUTH2"));
    assert_eq!(code_of(try_out(with("not-a-token")).await), "BTY-AUTH-04");
}

/// Row 001-04: one of several is forced; one that is not there is told with the list.
#[tokio::test]
async fn row_001_04_a_forced_mechanism_is_used_at_a_real_server_or_told_as_absent() {
    let forced = |names: &[&str]| {
        let mechanisms = names.iter().map(|name| (*name).to_owned()).collect();
        AccountSetup { mechanisms, ..with_password("ej23.test") }
    };
    for name in ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"] {
        assert_eq!(try_out(forced(&[name])).await.unwrap().1, name);
    }
    let problem = try_out(forced(&["OAUTHBEARER", "SCRAM-SHA-3"])).await.unwrap_err();
    let said = butty::app::words::problem(&problem);
    assert_eq!(said.code, "BTY-AUTH-10");
    assert!(said.why.unwrap().contains("PLAIN"), "the list on offer");
}
