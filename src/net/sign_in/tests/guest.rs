//! Another person came back, and is kept as an account of their own; or not.

use super::*;

fn revoked(world: &World) -> usize {
    world.shelf.log.lock().unwrap().iter().filter(|line| *line == "service /revoke").count()
}

/// Signed in over an earlier sign-in, and put aside. Also the record of before with its tokens, and the new tokens.
async fn put_aside(world: &World) -> (crate::net::LinkHandle, Facts, SignInRecord, [Secret<String>; 2]) {
    let before = stale(world);
    let key = before.tokens_key(&world.setup.id);
    let old = world.network.load(&key).await.unwrap().unwrap();
    let (events, mut facts) = mpsc::channel(256);
    let link = start_link(&world.network, world.setup.clone(), rest(), events);
    link.send(LinkCommand::SignInWithCode { keep: Keep::File });
    while !matches!(next(&mut facts).await, LinkFact::Kept(_)) {}
    let new = world.network.load(&key).await.unwrap().unwrap();
    link.send(LinkCommand::SetAside);
    link.send(LinkCommand::Disconnect);
    (link, facts, before, [old, new])
}

async fn handed_over(link: &crate::net::LinkHandle, facts: &mut Facts, to: &AccountSetup) -> Result<Keep, Problem> {
    link.send(LinkCommand::HandOver { to: Box::new(to.clone()) });
    loop {
        if let LinkFact::HandedOver { to: told, kept } = next(facts).await {
            assert_eq!(told.id, to.id);
            return kept;
        }
    }
}

#[tokio::test]
async fn another_person_is_kept_as_an_account_of_their_own() {
    let world = world().await;
    let second = setup("beta.test");
    let (link, mut facts, before, [old, new]) = put_aside(&world).await;
    assert_eq!(handed_over(&link, &mut facts, &second).await, Ok(Keep::File));
    // The first account is what it was.
    let first = &world.setup;
    assert_eq!(record_of(&world.network, first).await.unwrap(), Some(before.clone()));
    assert!(world.network.load(&before.tokens_key(&first.id)).await.unwrap() == Some(old));
    // The second one has what that person was given, with the client that it was given to.
    let record = record_of(&world.network, &second).await.unwrap().unwrap();
    assert!(record.durable && record.service.issuer == world.service.base);
    assert_eq!(record.identity.as_ref().map(|client| &client.id), Some(&record.client));
    assert!(world.network.load(&record.tokens_key(&second.id)).await.unwrap() == Some(new));
    // Neither now nor later is anything of it revoked.
    assert!(!world.shelf.has(&Farewell::KEY));
    assert!(handed_over(&link, &mut facts, &second).await.is_err(), "it is given once");
    link.closed().await;
    assert!(world.network.refreshes_done(PATIENCE).await);
    assert_eq!(revoked(&world), 0);
}

#[tokio::test]
async fn another_person_whom_nobody_keeps_is_revoked_whatever_comes_next() {
    let steps: [fn(crate::net::LinkHandle) -> Option<crate::net::LinkHandle>; 3] = [
        |link| {
            link.send(LinkCommand::CancelSignIn);
            Some(link)
        },
        |link| {
            link.send(LinkCommand::Connect);
            Some(link)
        },
        |_| None,
    ];
    for step in steps {
        let world = world().await;
        let (link, mut facts, before, [old, _]) = put_aside(&world).await;
        // Told to nobody yet, but noted: the process may end while the person thinks.
        while !world.shelf.has(&Farewell::KEY) {
            tokio::task::yield_now().await;
        }
        assert_eq!(revoked(&world), 0);
        let link = step(link);
        while revoked(&world) < 2 {
            let _ = tokio::time::timeout(Duration::from_millis(5), facts.recv()).await;
        }
        assert!(world.network.refreshes_done(PATIENCE).await);
        assert!(!world.shelf.has(&Farewell::KEY));
        assert!(world.network.load(&before.tokens_key(&world.setup.id)).await.unwrap() == Some(old));
        drop(link);
    }
}

#[tokio::test]
async fn what_cannot_be_kept_is_put_aside_still() {
    let world = world().await;
    let second = setup("beta.test");
    let (link, mut facts, ..) = put_aside(&world).await;
    while !world.shelf.has(&Farewell::KEY) {
        tokio::task::yield_now().await;
    }
    world.shelf.full.store(true, Ordering::Relaxed);
    assert!(handed_over(&link, &mut facts, &second).await.is_err());
    world.shelf.full.store(false, Ordering::Relaxed);
    assert_eq!(handed_over(&link, &mut facts, &second).await, Ok(Keep::File));
}

#[tokio::test]
async fn what_is_handed_over_is_revoked_by_nothing_that_waits_however_it_ends() {
    let world = world().await;
    let second = setup("beta.test");
    let (link, mut facts, ..) = put_aside(&world).await;
    while !world.shelf.has(&Farewell::KEY) {
        tokio::task::yield_now().await;
    }
    // Nothing is kept where its note cannot be changed.
    *world.shelf.held.lock().unwrap() = Some(Farewell::KEY);
    assert!(handed_over(&link, &mut facts, &second).await.is_err());
    assert!(!world.shelf.has(&SignInRecord::key(&second.id)));
    *world.shelf.held.lock().unwrap() = None;
    let noted = world.network.load(&Farewell::KEY).await.unwrap().unwrap();
    assert_eq!(handed_over(&link, &mut facts, &second).await, Ok(Keep::File));
    // As if the process had ended before the note was dropped, which is in the name of the second account by then.
    let mut all = Farewell::from_text(&noted);
    all[0].account = Some(second.id.clone());
    world.shelf.put(&Farewell::KEY, Farewell::to_text(&all).expose());
    Arc::clone(&world.network).say_farewells().await;
    assert_eq!((revoked(&world), world.shelf.has(&Farewell::KEY)), (0, false));
    link.closed().await;
}
