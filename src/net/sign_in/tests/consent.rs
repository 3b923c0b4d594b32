//! What is asked for, what is granted, and what is kept of it.

use super::*;
use crate::app::event::{CodePrompt, Outlook};
use crate::app::setup::Terms;
use crate::oauth::{Agreement, Asking};
use crate::xmpp::{FastTicket, FastToken, Known};

fn started(world: &World) -> (crate::net::LinkHandle, Facts) {
    let (events, facts) = mpsc::channel(256);
    (start_link(&world.network, world.setup.clone(), rest(), events), facts)
}

fn asked(world: &World) -> Vec<String> {
    world.service.asked.lock().unwrap().clone()
}

/// The agreement that the link tells.
async fn agreed(facts: &mut Facts) -> Agreement {
    loop {
        match next(facts).await {
            LinkFact::Agreed(agreement) => return *agreement,
            LinkFact::Consent(Consent::Failed(problem)) => panic!("{problem:?}"),
            _ => {}
        }
    }
}

#[tokio::test]
async fn row_003_12_what_was_granted_is_kept_beside_what_was_asked() {
    let mut world = world().await;
    let day = Duration::from_secs(24 * 3600);
    world.setup.oauth.terms = Terms { lasting: Some(365 * day), session: Some(day / 8) };
    world.service.manner.lock().unwrap().scope = "xmpp offline_access";
    let (link, mut facts) = started(&world);
    link.send(LinkCommand::SignInWithCode { keep: Keep::File });
    let told = agreed(&mut facts).await;
    assert_eq!(told.may_not().collect::<Vec<_>>(), ["openid"]);
    assert!(told.stays());
    let since = told.since.unwrap();
    assert_eq!(told.until, Some(since.plus(365 * day)), "as the profile says");
    while !matches!(next(&mut facts).await, LinkFact::Kept(_)) {}
    assert_eq!(world.network.agreement(&world.setup).await, Ok(Some(told.clone())), "and at the next start");
    // Before the session that follows, the link tells it again.
    assert_eq!(agreed(&mut facts).await, told);
}

#[tokio::test]
async fn a_new_consent_forgets_the_short_ways_in_before_it_signs_in() {
    let world = world().await;
    let account = world.setup.id.as_str().to_owned();
    let (fast, seen) = (VaultKey::Fast { account: account.clone() }, VaultKey::Known { account });
    let ticket = FastTicket { mechanism: "HT-SHA-256-NONE".to_owned(), expires: Stamp(i64::MAX), count: 1 };
    let token = FastToken { token: Secret::from("tok"), ticket };
    world.shelf.put(&fast, token.to_text().expose());
    let known = Known { address: Some("romeo@alpha.test".to_owned()), stumbles: 1, ..Known::default() };
    world.shelf.put(&seen, &known.to_text());
    let (link, mut facts) = started(&world);
    link.send(LinkCommand::SignInWithCode { keep: Keep::File });
    while !matches!(next(&mut facts).await, LinkFact::Kept(_)) {}
    while !matches!(next(&mut facts).await, LinkFact::Dialing { .. }) {}
    assert!(!world.shelf.has(&fast));
    while !matches!(next(&mut facts).await, LinkFact::Down { .. }) {}
    let kept = world.network.load(&seen).await.unwrap().unwrap();
    assert_eq!(Known::from_text(kept.expose()), Known { address: None, ..known }, "who comes is not known yet");
    link.closed().await;
}

#[tokio::test]
async fn row_003_11_the_smaller_set_is_asked_for_once() {
    let world = world().await;
    let (link, mut facts) = started(&world);
    world.service.manner.lock().unwrap().session_only = true;
    link.send(LinkCommand::AskFor(Asking::these(vec!["xmpp".to_owned()])));
    link.send(LinkCommand::SignInWithCode { keep: Keep::File });
    let told = agreed(&mut facts).await;
    assert_eq!((told.asked.join(" ").as_str(), told.lasting), ("xmpp", Some(false)));
    assert!(!told.stay_refused(), "it was not asked for");
    while !matches!(next(&mut facts).await, LinkFact::Down { .. }) {}
    link.send(LinkCommand::SignInWithCode { keep: Keep::File });
    agreed(&mut facts).await;
    assert_eq!(asked(&world), ["xmpp", "xmpp openid offline_access"], "the next one asks for the usual again");
    assert_eq!(world.service.clients.lock().unwrap().len(), 1, "butty had registered for the usual");
}

/// Prosody lists roles and claims alone, and gives no refresh token to who does not ask for it.
const LIKE_PROSODY: &str =
    r#""scopes_supported":["xmpp","openid"],"grant_types_supported":["refresh_token","device_code"]"#;

async fn code(facts: &mut Facts) -> CodePrompt {
    loop {
        match next(facts).await {
            LinkFact::Consent(Consent::Code(prompt)) => return prompt,
            LinkFact::Consent(Consent::Failed(problem)) => panic!("{problem:?}"),
            _ => {}
        }
    }
}

#[tokio::test]
async fn row_004_21_to_stay_is_asked_for_where_it_is_not_listed_and_not_where_that_is_refused() {
    let world = world().await;
    world.service.manner.lock().unwrap().listed = LIKE_PROSODY;
    let (link, mut facts) = started(&world);
    link.send(LinkCommand::SignInWithCode { keep: Keep::File });
    assert_eq!(code(&mut facts).await.outlook, Outlook::Lasting);
    agreed(&mut facts).await;
    assert_eq!(asked(&world), ["xmpp openid offline_access"]);
    // A service that takes nothing but what it lists: asked again at once, and told before anybody agrees.
    world.service.manner.lock().unwrap().scope_refused = Some("offline_access");
    while !matches!(next(&mut facts).await, LinkFact::Down { .. }) {}
    link.send(LinkCommand::SignInWithCode { keep: Keep::File });
    assert_eq!(code(&mut facts).await.outlook, Outlook::Unasked);
    assert_eq!(asked(&world), ["xmpp openid offline_access", "xmpp openid offline_access", "xmpp openid"]);
}

#[tokio::test]
async fn row_003_02_for_chatting_alone_no_more_is_asked_and_what_comes_unasked_is_only_revoked() {
    let world = world().await;
    let (link, mut facts) = started(&world);
    link.send(LinkCommand::AskFor(Asking::ChatOnly));
    link.send(LinkCommand::SignInWithCode { keep: Keep::File });
    assert_eq!(code(&mut facts).await.outlook, Outlook::Unasked);
    let told = agreed(&mut facts).await;
    assert!(told.chat_only() && told.until.is_some(), "as long as the token: {told:?}");
    assert_eq!(asked(&world), ["xmpp"]);
    while !matches!(next(&mut facts).await, LinkFact::Down { .. }) {}
    let record =
        SignInRecord::from_text(&world.network.load(&SignInRecord::key(&world.setup.id)).await.unwrap().unwrap());
    let kept = world.network.load(&record.unwrap().tokens_key(&world.setup.id)).await.unwrap().unwrap();
    let kept = Token::from_text(&kept).unwrap();
    assert_eq!(kept.refresh, None, "this service gives one to everybody");
    let unasked = kept.unasked.unwrap();
    link.send(LinkCommand::SignOut { everywhere: false });
    while !matches!(next(&mut facts).await, LinkFact::SignedOut { told: Farewelled::Told, .. }) {}
    let gone = world.service.revoked.lock().unwrap().clone();
    assert_eq!(gone, [unasked.expose(), kept.access.expose()].map(ToString::to_string));
    assert_eq!(world.service.refreshes.load(Ordering::SeqCst), 1, "no second pair was ever asked for");
}

#[tokio::test]
async fn row_004_21_a_service_without_the_refresh_grant_is_told_apart_before_anybody_agrees() {
    let world = world().await;
    world.service.manner.lock().unwrap().listed = r#""grant_types_supported":["authorization_code","device_code"]"#;
    let (link, mut facts) = started(&world);
    link.send(LinkCommand::SignInWithCode { keep: Keep::File });
    assert_eq!(code(&mut facts).await.outlook, Outlook::Never);
}

#[tokio::test]
async fn row_002_12_a_scope_that_is_not_registered_is_named_with_a_smaller_set() {
    let mut world = world().await;
    world.setup.oauth.scopes = ["xmpp", "wl.basic"].map(str::to_owned).to_vec();
    world.service.manner.lock().unwrap().scope_refused = Some("wl.basic");
    let (link, mut facts) = started(&world);
    link.send(LinkCommand::SignInWithCode { keep: Keep::File });
    let problem = loop {
        if let LinkFact::Consent(Consent::Failed(problem)) = next(&mut facts).await {
            break problem;
        }
    };
    let Problem::ScopeRefused { scope, rest, .. } = &problem else { panic!("{problem:?}") };
    assert_eq!(scope.as_ref().map(Line::as_str), Some("wl.basic"));
    let rest: Vec<String> = rest.iter().map(ToString::to_string).collect();
    assert_eq!(rest, ["xmpp"]);
    link.send(LinkCommand::AskFor(Asking::these(rest)));
    link.send(LinkCommand::SignInWithCode { keep: Keep::File });
    agreed(&mut facts).await;
    assert_eq!(asked(&world), ["xmpp wl.basic", "xmpp"]);
}

#[tokio::test]
async fn row_000_16_another_person_behind_a_silent_issuer_overwrites_nothing() {
    let world = world().await;
    let before = stale(&world);
    let (key, record) = (before.tokens_key(&world.setup.id), SignInRecord::key(&world.setup.id));
    let old = world.network.load(&key).await.unwrap().unwrap();
    let (link, mut facts) = started(&world);
    link.send(LinkCommand::SignInWithCode { keep: Keep::File });
    while !matches!(next(&mut facts).await, LinkFact::Kept(_)) {}
    assert!(world.network.load(&key).await.unwrap().unwrap() != old);
    link.send(LinkCommand::TakeBack);
    // Commands are heard in order: what is told after this comes after the taking back.
    link.send(LinkCommand::Connect);
    // The record is put back last.
    while world.network.load(&record).await.unwrap().is_none_or(|kept| kept != before.to_text()) {
        next(&mut facts).await;
    }
    assert!(world.network.load(&key).await.unwrap().unwrap() == old);
    let revoked = || world.shelf.log.lock().unwrap().iter().filter(|line| *line == "service /revoke").count();
    while revoked() == 0 {
        next(&mut facts).await;
    }
}

/// Until the other code that was asked for is refused.
async fn no_other(facts: &mut Facts) -> Problem {
    loop {
        match next(facts).await {
            LinkFact::Consent(Consent::NoOther(problem)) => return problem,
            LinkFact::Consent(Consent::Failed(problem)) => panic!("the first one was given up: {problem:?}"),
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_code_lives_on_until_another_one_is_there() {
    let world = world().await;
    world.service.pending.store(1000, Ordering::SeqCst);
    let (link, mut facts) = started(&world);
    let other = || {
        link.send(LinkCommand::AskFor(Asking::ChatOnly));
        link.send(LinkCommand::SignInWithCode { keep: Keep::File });
    };
    link.send(LinkCommand::SignInWithCode { keep: Keep::File });
    assert_eq!(code(&mut facts).await.outlook, Outlook::Lasting);
    // It cannot be had: what was shown is waited for still, and does its work.
    world.service.manner.lock().unwrap().scope_refused = Some("xmpp");
    other();
    assert_eq!(no_other(&mut facts).await.code(), "BTY-AUTH-60");
    world.service.pending.store(0, Ordering::SeqCst);
    link.send(LinkCommand::PollNow);
    assert!(agreed(&mut facts).await.asked.contains(&"offline_access".to_owned()));
    while !matches!(next(&mut facts).await, LinkFact::Down { .. }) {}
    // It can: the first one is not waited for any more.
    world.service.manner.lock().unwrap().scope_refused = None;
    world.service.pending.store(1000, Ordering::SeqCst);
    link.send(LinkCommand::SignInWithCode { keep: Keep::File });
    assert_eq!(code(&mut facts).await.outlook, Outlook::Lasting);
    other();
    assert_eq!(code(&mut facts).await.outlook, Outlook::Unasked);
    world.service.pending.store(0, Ordering::SeqCst);
    link.send(LinkCommand::PollNow);
    assert!(!agreed(&mut facts).await.asked.contains(&"offline_access".to_owned()));
    // Given up, both are.
    while !matches!(next(&mut facts).await, LinkFact::Down { .. }) {}
    world.service.pending.store(1000, Ordering::SeqCst);
    link.send(LinkCommand::SignInWithCode { keep: Keep::File });
    code(&mut facts).await;
    other();
    link.send(LinkCommand::CancelSignIn);
    link.send(LinkCommand::Connect);
    while !matches!(next(&mut facts).await, LinkFact::Down { problem: Some(_), .. }) {}
    link.closed().await;
}
