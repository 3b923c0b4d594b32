//! Answers that get lost on their way.

use super::*;

fn requests(world: &World, path: &str) -> usize {
    world.shelf.log.lock().unwrap().iter().filter(|line| **line == format!("service {path}")).count()
}

async fn access(world: &World, record: &SignInRecord) -> Result<String, Problem> {
    let (network, setup) = (Arc::clone(&world.network), Arc::new(world.setup.clone()));
    access_token(network, setup, record.clone(), None, None).await.map(|access| access.expose().clone())
}

#[tokio::test]
async fn a_refresh_whose_answer_is_lost_is_asked_again_at_once_where_nothing_else_is_left() {
    for merciful in [true, false] {
        let world = world().await;
        let record = stale(&world);
        world.service.lost.store(1, Ordering::SeqCst);
        world.service.merciful.store(merciful, Ordering::SeqCst);
        let expired = Problem::SignInExpired { domain: world.setup.domain.clone() };
        let expected = if merciful { Ok("A1".to_owned()) } else { Err(expired) };
        assert_eq!(access(&world, &record).await, expected);
        assert_eq!(requests(&world, "/token"), 2);
    }
}

#[tokio::test]
async fn a_service_that_loses_every_answer_is_not_besieged() {
    let world = world().await;
    let record = stale(&world);
    world.service.lost.store(usize::MAX, Ordering::SeqCst);
    assert!(access(&world, &record).await.unwrap_err().passes_by_itself(), "later, by the link's own pace");
    assert_eq!(requests(&world, "/token"), 2);
}

/// What is left of the old token signs in first: a service without mercy may end it as soon as it is asked again.
#[tokio::test]
async fn a_token_that_still_lives_is_used_first_and_the_lost_refresh_follows_soon() {
    let world = world().await;
    let record = stale(&world);
    let key = record.tokens_key(&world.setup.id);
    let old = Token::from_text(&world.network.load(&key).await.unwrap().unwrap()).unwrap();
    let living = Token { expires: Some(world.network.now().wall.plus(Duration::from_secs(50))), ..old };
    world.shelf.put(&key, living.to_text().expose());
    world.service.lost.store(1, Ordering::SeqCst);
    world.service.merciful.store(true, Ordering::SeqCst);
    assert_eq!(access(&world, &record).await.as_deref(), Ok("A-old"));
    assert_eq!(requests(&world, "/token"), 1);
    assert!(world.network.refreshes_done(PATIENCE).await);
    let kept = Token::from_text(&world.network.load(&key).await.unwrap().unwrap()).unwrap();
    assert_eq!((kept.access.expose().as_str(), requests(&world, "/token")), ("A1", 2));
}

#[tokio::test]
async fn a_sign_in_that_was_cut_before_anything_was_shown_is_begun_once_more() {
    let world = world().await;
    world.service.lost.store(1, Ordering::SeqCst);
    let (events, mut facts) = mpsc::channel(256);
    let link = start_link(&world.network, world.setup.clone(), LinkOptions { one_shot: false, ..rest() }, events);
    link.send(LinkCommand::SignInWithCode { keep: Keep::File });
    let mut steps = steps(&mut facts).await;
    assert!(steps.remove(1).starts_with("Consent(Unreachable"), "the person is told");
    assert_eq!(steps, ["looking up", "looking up", "asking", "code R669-F1RU", "granted 3", "kept File"]);
}

#[tokio::test]
async fn who_does_not_want_to_wait_for_it_is_not_kept() {
    let world = world().await;
    world.service.lost.store(usize::MAX, Ordering::SeqCst);
    let (events, mut facts) = mpsc::channel(256);
    let link = start_link(&world.network, world.setup.clone(), LinkOptions { one_shot: false, ..rest() }, events);
    link.send(LinkCommand::SignInWithCode { keep: Keep::File });
    while !matches!(next(&mut facts).await, LinkFact::Consent(Consent::Unreachable { .. })) {}
    link.send(LinkCommand::CancelSignIn);
    link.send(LinkCommand::SignOut { everywhere: false });
    assert!(matches!(next(&mut facts).await, LinkFact::SignedOut { .. }));
}

#[tokio::test]
async fn a_code_whose_answer_got_lost_is_replaced_by_another() {
    let world = world().await;
    world.service.pending.store(0, Ordering::SeqCst);
    world.service.manner.lock().unwrap().codes_once = true;
    let (events, mut facts) = mpsc::channel(256);
    let link = start_link(&world.network, world.setup.clone(), LinkOptions { one_shot: false, ..rest() }, events);
    link.send(LinkCommand::SignInWithCode { keep: Keep::File });
    while !matches!(next(&mut facts).await, LinkFact::Consent(Consent::Code(_))) {}
    world.service.lost.store(1, Ordering::SeqCst);
    while !matches!(next(&mut facts).await, LinkFact::Consent(Consent::AnswerLost { .. })) {}
    assert_eq!(steps(&mut facts).await, ["asking", "code R669-F1RU", "granted 3", "kept File"]);
}
