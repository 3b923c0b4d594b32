//! A consent beside sessions that began with the server's own token (XEP-0484), at Prosody 13.

use super::short::lasting;
use super::{Memory, account, answer, network_with, next, outcome, prompt, start};
use butty::app::effect::LinkCommand;
use butty::app::event::{Keep, LinkFact};
use butty::app::setup::AccountSetup;
use butty::net::Network;
use butty::oauth::{SignInRecord, Token, Vault, VaultKey};
use butty::types::Secret;
use butty::xmpp;
use std::sync::Arc;
use std::time::Duration;

/// What a vault keeps of juliet's sign-in by a code: the place of her tokens, and them.
fn tokens(vault: &Memory, setup: &AccountSetup) -> (VaultKey, Token) {
    let record = vault.kept(&SignInRecord::key(&setup.id)).expect("signed in");
    let key = SignInRecord::from_text(&Secret::new(record)).unwrap().tokens_key(&setup.id);
    let token = Token::from_text(&Secret::new(vault.kept(&key).expect("a token"))).unwrap();
    (key, token)
}

fn age(vault: &Memory, setup: &AccountSetup) -> Token {
    let (key, token) = tokens(vault, setup);
    let aged = Token { expires: Some(butty::types::Stamp(1)), ..token };
    vault.save(&key, &aged.to_text(), true).unwrap();
    aged
}

fn holds_fast(vault: &Memory) -> bool {
    vault.keys().iter().any(|key| matches!(key, VaultKey::Fast { .. }))
}

/// Signs in by a code, and again until the server's own token does it.
async fn short(network: &Arc<Network>, setup: &AccountSetup) {
    let (link, mut facts) = start(network, setup.clone(), false);
    link.send(LinkCommand::SignInWithCode { keep: Keep::File });
    let url = prompt(&mut facts).await;
    tokio::task::spawn_blocking(move || answer(&url, false)).await.unwrap();
    link.send(LinkCommand::PollNow);
    outcome(&mut facts).await.unwrap();
    drop(facts);
    link.closed().await;
    let mut by = String::new();
    for _ in 0..4 {
        let (link, mut facts) = lasting(network, setup.clone());
        by = outcome(&mut facts).await.unwrap().1;
        drop(facts);
        link.closed().await;
    }
    assert_eq!(by, "HT-SHA-256-EXPR");
}

#[tokio::test]
async fn a_wrong_token_that_is_handed_in_takes_nothing_away() {
    let vault = Arc::new(Memory::default());
    let (network, setup) = (network_with(Arc::clone(&vault)), account("alpha.test"));
    short(&network, &setup).await;
    let (link, mut facts) = start(&network, setup.clone(), false);
    link.send(LinkCommand::Token { token: Secret::from("wrong"), keep: Keep::Memory });
    let problem = outcome(&mut facts).await.unwrap_err();
    assert!(matches!(problem, butty::types::Problem::TokenRefused { .. }), "{problem:?}");
    assert!(holds_fast(&vault), "what was there before it is what the next try finds");
}

/// The server's own token asks no sign-in service. All the same the consent is kept alive beside a session that began with
/// it, and where it was taken back that is noticed.
#[tokio::test]
async fn row_003_06_a_consent_lives_and_ends_beside_the_servers_own_token() {
    let vault = Arc::new(Memory::default());
    let (network, setup) = (network_with(Arc::clone(&vault)), account("alpha.test"));
    short(&network, &setup).await;

    let aged = age(&vault, &setup);
    let (link, mut facts) = lasting(&network, setup.clone());
    assert_eq!(outcome(&mut facts).await.unwrap().1, "HT-SHA-256-EXPR");
    let renewed = async {
        while tokens(&vault, &setup).1.access == aged.access {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), renewed).await.expect("refreshed beside the session");
    link.send(LinkCommand::Session(xmpp::Command::Ping(butty::types::RequestId(1))));
    while !matches!(next(&mut facts).await, LinkFact::Session(xmpp::Event::Pong(_))) {}
    drop(facts);
    link.closed().await;

    // Taken back from somewhere else: of this sign-in, the server's own token alone is left.
    let elsewhere = network_with(Arc::new(vault.copy_of(|key| !matches!(key, VaultKey::Fast { .. }))));
    let (link, mut facts) = start(&elsewhere, setup.clone(), false);
    link.send(LinkCommand::SignOut { everywhere: false });
    while !matches!(next(&mut facts).await, LinkFact::SignedOut { told: butty::oauth::Farewelled::Told, .. }) {}
    age(&vault, &setup);
    let (_link, mut facts) = lasting(&network, setup.clone());
    assert_eq!(outcome(&mut facts).await.unwrap().1, "HT-SHA-256-EXPR");
    let (problem, retry_in) = loop {
        if let LinkFact::Down { problem: Some(problem), retry_in } = next(&mut facts).await {
            break (problem, retry_in);
        }
    };
    assert_eq!((problem.code(), retry_in), ("BTY-AUTH-04", None));
    assert!(!holds_fast(&vault), "nor does that go on without it");
}
