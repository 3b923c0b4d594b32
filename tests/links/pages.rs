//! Signing in on a page of real services: a robot is the person at the browser.

use super::*;
use butty::app::setup::GrantChoice;

/// Signed in as her, by token.
fn juliet() -> (String, String) {
    ("juliet@alpha.test".to_owned(), "OAUTHBEARER".to_owned())
}

#[tokio::test]
async fn row_000_15_a_page_at_prosody_signs_in_by_the_listener_and_the_sign_in_stays() {
    let network = network();
    let (link, mut facts) = start(&network, on_a_page(), false);
    link.send(LinkCommand::SignInWithCode { keep: Keep::Memory });
    let prompt = page(&mut facts).await;
    assert!(prompt.listening && prompt.host.as_str() == "alpha.test:15281", "{prompt:?}");
    walk(&prompt.address, &["--deliver"]).await;
    assert_eq!(outcome(&mut facts).await, Ok(juliet()));
    drop(facts);
    link.closed().await;
    let (link, mut facts) = start(&network, on_a_page(), true);
    assert_eq!(outcome(&mut facts).await, Ok(juliet()), "without a person");
    link.send(LinkCommand::SignOut { everywhere: false });
    while !matches!(next(&mut facts).await, LinkFact::SignedOut { told: butty::oauth::Farewelled::Told, .. }) {}
}

#[tokio::test]
async fn row_000_22_a_page_at_prosody_signs_in_by_the_pasted_address() {
    let (link, mut facts) = start(&network(), on_a_page(), false);
    link.send(LinkCommand::SignInWithCode { keep: Keep::Memory });
    let prompt = page(&mut facts).await;
    // First the address of the page itself, as people do.
    link.send(LinkCommand::Redirected { address: Secret::from(prompt.address.as_str()) });
    while !matches!(next(&mut facts).await, LinkFact::Consent(Consent::PasteRefused(_))) {}
    let ended_on = walk(&prompt.address, &[]).await;
    assert!(ended_on.starts_with("http://127.0.0.1:") && ended_on.contains("iss="), "{ended_on}");
    link.send(LinkCommand::Redirected { address: Secret::from(ended_on.as_str()) });
    assert_eq!(outcome(&mut facts).await, Ok(juliet()));
}

#[tokio::test]
async fn a_page_at_prosody_that_is_answered_no_is_a_refusal() {
    let (link, mut facts) = start(&network(), on_a_page(), false);
    link.send(LinkCommand::SignInWithCode { keep: Keep::Memory });
    let prompt = page(&mut facts).await;
    walk(&prompt.address, &["--deny", "--deliver"]).await;
    assert_eq!(outcome(&mut facts).await.unwrap_err().code(), "BTY-AUTH-02");
}

#[tokio::test]
async fn row_004_09_a_code_is_good_once() {
    let network = network();
    let (link, mut facts) = start(&network, on_a_page(), false);
    link.send(LinkCommand::SignInWithCode { keep: Keep::Memory });
    let first = page(&mut facts).await;
    let ended_on = walk(&first.address, &["--deliver"]).await;
    assert_eq!(outcome(&mut facts).await, Ok(juliet()));
    // The same answer to the next sign-in: another state, so it is not even tried.
    link.send(LinkCommand::SignInWithCode { keep: Keep::Memory });
    let second = page(&mut facts).await;
    assert_ne!(first.address, second.address);
    link.send(LinkCommand::Redirected { address: Secret::from(ended_on.as_str()) });
    loop {
        match next(&mut facts).await {
            LinkFact::Consent(Consent::PasteRefused(fault)) => {
                // The listener has another port by now: another page, as far as that goes.
                assert_ne!(fault, butty::app::event::PasteFault::NoAddress);
                break;
            }
            LinkFact::Consent(Consent::Granted { .. }) => panic!("an old code was taken"),
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_sign_in_at_prosody_is_parked_and_taken_up_by_another_process() {
    let network = network();
    let (link, mut facts) = start(&network, on_a_page(), false);
    link.send(LinkCommand::BeginSignIn { keep: Keep::Memory });
    let prompt = page(&mut facts).await;
    assert!(!prompt.listening, "nobody is there to listen");
    while !matches!(next(&mut facts).await, LinkFact::Consent(Consent::Parked)) {}
    drop(facts);
    link.closed().await;
    let ended_on = walk(&prompt.address, &[]).await;
    let (link, mut facts) = start(&network, on_a_page(), false);
    link.send(LinkCommand::ResumeSignIn { keep: Keep::Memory });
    assert_eq!(page(&mut facts).await.address, prompt.address);
    link.send(LinkCommand::Redirected { address: Secret::from(ended_on.as_str()) });
    assert_eq!(outcome(&mut facts).await, Ok(juliet()));
    // It is over: there is nothing left to take up.
    link.send(LinkCommand::ResumeSignIn { keep: Keep::Memory });
    assert_eq!(outcome(&mut facts).await.unwrap_err().code(), "BTY-AUTH-32");
}

#[tokio::test]
async fn a_code_at_prosody_is_parked_and_taken_up_too() {
    let network = network();
    let (link, mut facts) = start(&network, account("alpha.test"), false);
    link.send(LinkCommand::BeginSignIn { keep: Keep::Memory });
    let url = prompt(&mut facts).await;
    while !matches!(next(&mut facts).await, LinkFact::Consent(Consent::Parked)) {}
    drop(facts);
    link.closed().await;
    tokio::task::spawn_blocking(move || answer(&url, false)).await.unwrap();
    let (link, mut facts) = start(&network, account("alpha.test"), false);
    link.send(LinkCommand::ResumeSignIn { keep: Keep::Memory });
    prompt(&mut facts).await;
    link.send(LinkCommand::PollNow);
    assert_eq!(outcome(&mut facts).await, Ok(juliet()));
}

#[tokio::test]
async fn row_000_12_a_public_client_and_one_with_a_secret_sign_in_at_oidc_provider() {
    for client in ["tui", "tui-secret"] {
        let mut setup = at_oidc(client);
        if client == "tui-secret" {
            setup.oauth.client_secret_command = vec!["/bin/echo".to_owned(), "tui-secret-value".to_owned()];
        }
        let (link, mut facts) = start(&network(), setup, false);
        link.send(LinkCommand::SignInWithCode { keep: Keep::Memory });
        let prompt = page(&mut facts).await;
        walk(&prompt.address, &["--deliver"]).await;
        let granted = kept(&mut facts).await;
        assert!(granted.contains(&"offline_access".to_owned()), "{client}: {granted:?}");
        link.send(LinkCommand::SignOut { everywhere: false });
        while !matches!(next(&mut facts).await, LinkFact::SignedOut { told: butty::oauth::Farewelled::Told, .. }) {}
    }
}

#[tokio::test]
async fn a_page_of_oidc_provider_that_is_answered_no_is_a_refusal_there_too() {
    let (link, mut facts) = start(&network(), at_oidc("tui"), false);
    link.send(LinkCommand::SignInWithCode { keep: Keep::Memory });
    let prompt = page(&mut facts).await;
    walk(&prompt.address, &["--deny", "--deliver"]).await;
    assert_eq!(outcome(&mut facts).await.unwrap_err().code(), "BTY-AUTH-02");
}

#[tokio::test]
async fn a_code_of_oidc_provider_that_is_answered_no_is_a_refusal() {
    let (link, mut facts) = start(&network(), at_the_other_family(), false);
    link.send(LinkCommand::SignInWithCode { keep: Keep::Memory });
    let url = prompt(&mut facts).await;
    tokio::task::spawn_blocking(move || answer(&url, true)).await.unwrap();
    link.send(LinkCommand::PollNow);
    assert_eq!(outcome(&mut facts).await.unwrap_err().code(), "BTY-AUTH-02");
}

#[tokio::test]
async fn row_000_13_oidc_provider_registers_butty_and_a_client_that_nobody_knows_is_told() {
    let mut setup = at_oidc("nobody");
    setup.oauth.grant = GrantChoice::Device;
    let (link, mut facts) = start(&network(), setup, false);
    link.send(LinkCommand::SignInWithCode { keep: Keep::Memory });
    assert_eq!(outcome(&mut facts).await.unwrap_err().code(), "BTY-AUTH-18", "it does not know butty");
    let mut setup = at_the_other_family();
    setup.oauth.client_id = None;
    setup.oauth.grant = GrantChoice::Code;
    let (link, mut facts) = start(&network(), setup, false);
    link.send(LinkCommand::SignInWithCode { keep: Keep::Memory });
    let prompt = page(&mut facts).await;
    walk(&prompt.address, &["--deliver"]).await;
    assert!(kept(&mut facts).await.contains(&"openid".to_owned()), "registered, asked and exchanged");
}

#[tokio::test]
async fn row_001_05_a_token_from_a_file_or_by_hand_signs_in_without_a_sign_in_service() {
    let token = ejabberd_token();
    let bearer = ("juliet@ej23.test".to_owned(), "X-OAUTH2".to_owned());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, format!("{token}\nsecond line\n")).unwrap();
    let mut setup = account("ej23.test");
    setup.mechanisms = vec!["X-OAUTH2".to_owned()];
    setup.credential = Some(CredentialKind::Token);
    // Nothing listens where its sign-in pages would be.
    setup.oauth.issuer = Some("https://127.0.0.1:9".to_owned());
    let mut by_file = setup.clone();
    by_file.oauth.token_file = Some(file.clone());
    assert_eq!(try_out(by_file.clone()).await, Ok(bearer.clone()));
    let network = network();
    let (link, mut facts) = start(&network, setup.clone(), false);
    link.send(LinkCommand::Token { token: Secret::from(token.as_str()), keep: Keep::Memory });
    assert_eq!(outcome(&mut facts).await, Ok(bearer.clone()));
    drop(facts);
    link.closed().await;
    let (_link, mut facts) = start(&network, setup, true);
    assert_eq!(outcome(&mut facts).await, Ok(bearer), "kept");
    for text in ["", "to ken\n", "tok\0en\n"] {
        std::fs::write(&file, text).unwrap();
        assert_eq!(code_of(try_out(by_file.clone()).await), "BTY-AUTH-34", "{text:?}");
    }
}
