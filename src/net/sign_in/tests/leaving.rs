//! Signing out, and what of a sign-in is left behind.

use super::*;

#[tokio::test]
async fn sign_out_revokes_and_forgets() {
    let world = world().await;
    let record = stale(&world);
    let setup = Arc::new(world.setup.clone());
    assert_eq!(sign_out(&world.network, &setup).await, Ok(Farewelled::Told));
    let revoked = world.shelf.log.lock().unwrap().iter().filter(|line| *line == "service /revoke").count();
    assert_eq!(revoked, 2);
    assert!(!world.shelf.has(&record.tokens_key(&setup.id)) && !world.shelf.has(&SignInRecord::key(&setup.id)));
    assert_eq!(sign_out(&world.network, &setup).await, Ok(Farewelled::Nothing), "nothing left to tell");
}

/// The tokens end with the sign-out; what the browser remembers ends at a page alone.
#[tokio::test]
async fn row_004_24_the_page_that_signs_the_browser_out_is_named() {
    let world = world().await;
    let record = stale(&world);
    assert_eq!(logout_page(&world.network, &world.setup).await, None, "this service has none");
    let logout = Some(url::Url::parse("https://login.live.com/oauth20_logout.srf").unwrap());
    let record = SignInRecord { service: Service { logout, ..record.service.clone() }, ..record };
    world.shelf.put(&SignInRecord::key(&world.setup.id), record.to_text().expose());
    let (events, mut facts) = mpsc::channel(256);
    let link = start_link(&world.network, world.setup.clone(), rest(), events);
    link.send(LinkCommand::SignOut { everywhere: false });
    loop {
        if let LinkFact::SignedOut { browser, .. } = next(&mut facts).await {
            let page = format!("https://login.live.com/oauth20_logout.srf?client_id={}", record.client);
            assert_eq!(browser, Some(Line::clean(&page)));
            break;
        }
    }
}

#[tokio::test]
async fn what_is_signed_out_is_forgotten_before_the_service_is_told() {
    let world = world().await;
    stale(&world);
    sign_out(&world.network, &Arc::new(world.setup.clone())).await.unwrap();
    let log = world.shelf.log.lock().unwrap().clone();
    let at = |line: &str| log.iter().position(|known| known == line).unwrap();
    assert!(at("lock tokens") < at("forget tokens"), "another process may be refreshing: {log:?}");
    assert!(at("forget tokens") < at("service /revoke") && at("forget sign-in") < at("service /revoke"), "{log:?}");
}

#[tokio::test]
async fn a_service_that_cannot_be_reached_is_told_later() {
    let mut world = world().await;
    let record = stale(&world);
    // What waits knows the roots by their file alone.
    let roots = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(roots.path(), world.setup.ca_pem.take().unwrap()).unwrap();
    world.setup.ca_file = Some(roots.path().to_owned());
    let setup = Arc::new(world.setup.clone());
    world.service.busy.store(true, Ordering::SeqCst);
    assert_eq!(sign_out(&world.network, &setup).await, Ok(Farewelled::Later));
    assert!(!world.shelf.has(&record.tokens_key(&setup.id)) && world.shelf.has(&Farewell::KEY));
    world.service.busy.store(false, Ordering::SeqCst);
    Arc::clone(&world.network).say_farewells().await;
    let told = world.shelf.log.lock().unwrap().iter().filter(|line| *line == "service /revoke").count();
    assert_eq!(told, 3, "one in vain, then both tokens");
    assert!(!world.shelf.has(&Farewell::KEY));
}

#[tokio::test]
async fn what_was_in_memory_alone_is_told_now_or_never() {
    let world = world().await;
    let record = SignInRecord { durable: false, ..stale(&world) };
    world.shelf.put(&SignInRecord::key(&world.setup.id), record.to_text().expose());
    world.service.busy.store(true, Ordering::SeqCst);
    assert_eq!(sign_out(&world.network, &Arc::new(world.setup.clone())).await, Ok(Farewelled::Never));
    assert!(!world.shelf.has(&Farewell::KEY));
}

#[tokio::test]
async fn who_signs_in_again_takes_back_the_sign_out_that_waits() {
    let world = world().await;
    let record = stale(&world);
    let setup = Arc::new(world.setup.clone());
    world.service.busy.store(true, Ordering::SeqCst);
    assert_eq!(sign_out(&world.network, &setup).await, Ok(Farewelled::Later));
    let waiting = world.network.load(&Farewell::KEY).await.unwrap().unwrap();
    let mut all = Farewell::from_text(&waiting);
    let mut other = all[0].clone();
    if let Matter::Revoke { client, .. } = &mut other.matter {
        client.id = "another".to_owned();
    }
    all.push(other);
    world.shelf.put(&Farewell::KEY, Farewell::to_text(&all).expose());
    world.service.busy.store(false, Ordering::SeqCst);
    let (events, _facts) = mpsc::channel(256);
    let teller = Teller::new(setup.id.clone(), events);
    let flow = Flow::new(Arc::clone(&world.network), setup, teller, Keep::File);
    flow.run(Place::Asked { issuer: world.service.base.clone(), trusted: true }).await.unwrap();
    let kept = record_of(&world.network, &world.setup).await.unwrap().unwrap();
    assert_eq!(kept.client, record.client);
    let waiting = world.network.load(&Farewell::KEY).await.unwrap().unwrap();
    assert_eq!(Farewell::from_text(&waiting), all[1..], "to tell it would end the new sign-in");
}

/// An earlier sign-in at another issuer, whose tokens lie beside those of the next.
fn elsewhere(world: &World) -> SignInRecord {
    let here = stale(world);
    let account = &world.setup.id;
    let tokens = crate::oauth::Vault::load(&*world.shelf, &here.tokens_key(account)).unwrap().unwrap();
    let service = Service { issuer: "https://elsewhere.test".to_owned(), ..here.service.clone() };
    let identity = Some(ClientIdentity::given("client-0", Some(Secret::from("s3"))));
    let there = SignInRecord { service, identity, ..here };
    world.shelf.put(&there.tokens_key(account), tokens.expose());
    world.shelf.put(&SignInRecord::key(account), there.to_text().expose());
    there
}

fn revoked(world: &World) -> usize {
    world.shelf.log.lock().unwrap().iter().filter(|line| *line == "service /revoke").count()
}

async fn until(what: impl Fn() -> bool) {
    let wait = async {
        while !what() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap();
}

#[tokio::test]
async fn the_sign_in_before_is_revoked_once_the_new_one_is_the_right_persons() {
    let mut world = world().await;
    let roots = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(roots.path(), world.setup.ca_pem.take().unwrap()).unwrap();
    world.setup.ca_file = Some(roots.path().to_owned());
    for busy in [false, true] {
        let old = elsewhere(&world);
        let key = old.tokens_key(&world.setup.id);
        let (events, mut facts) = mpsc::channel(256);
        let link = start_link(&world.network, world.setup.clone(), rest(), events);
        link.send(LinkCommand::SignInWithCode { keep: Keep::File });
        while !matches!(next(&mut facts).await, LinkFact::Kept(_)) {}
        assert!(world.shelf.has(&key) && world.shelf.has(&Former::key(&world.setup.id)), "kept until it is sure");
        let before = revoked(&world);
        world.service.busy.store(busy, Ordering::SeqCst);
        link.send(LinkCommand::Confirm);
        until(|| revoked(&world) == before + if busy { 1 } else { 2 }).await;
        assert!(!world.shelf.has(&key));
        let new = record_of(&world.network, &world.setup).await.unwrap().unwrap();
        assert!(new.service.issuer == world.service.base && world.shelf.has(&new.tokens_key(&world.setup.id)));
        assert!(world.network.refreshes_done(PATIENCE).await);
        assert_eq!(world.shelf.has(&Farewell::KEY), busy);
        assert!(!world.shelf.has(&Former::key(&world.setup.id)));
        // Once is enough.
        link.send(LinkCommand::Confirm);
        link.closed().await;
    }
    world.service.busy.store(false, Ordering::SeqCst);
    let before = revoked(&world);
    Arc::clone(&world.network).say_farewells().await;
    assert_eq!((revoked(&world), world.shelf.has(&Farewell::KEY)), (before + 2, false));
}

#[tokio::test]
async fn what_is_taken_back_comes_back_and_is_revoked_by_nothing_that_waits() {
    for list_is_held in [false, true] {
        let world = world().await;
        let old = elsewhere(&world);
        let key = old.tokens_key(&world.setup.id);
        let token = Token::from_text(&world.network.load(&key).await.unwrap().unwrap()).unwrap();
        let client = ClientIdentity::given("client-0", Some(Secret::from("s3")));
        let matter = Matter::Revoke { service: Box::new(old.service.clone()), client, token: Box::new(token) };
        let (events, mut facts) = mpsc::channel(256);
        let link = start_link(&world.network, world.setup.clone(), rest(), events);
        link.send(LinkCommand::SignInWithCode { keep: Keep::File });
        while !matches!(next(&mut facts).await, LinkFact::Kept(_)) {}
        // Left by a process that ended in the middle of it.
        assert!(world.network.note_farewell(&world.setup, matter, &key).await.is_some());
        *world.shelf.held.lock().unwrap() = Some(Farewell::KEY).filter(|_| list_is_held);
        link.send(LinkCommand::TakeBack);
        until(|| revoked(&world) == 2).await;
        link.closed().await;
        assert!(world.shelf.has(&key) && !world.shelf.has(&Former::key(&world.setup.id)));
        assert_eq!(world.shelf.has(&Farewell::KEY), list_is_held);
        assert_eq!(record_of(&world.network, &world.setup).await.unwrap(), Some(old));
        // The note that could not be taken back ends nothing that is in use, and goes.
        *world.shelf.held.lock().unwrap() = None;
        Arc::clone(&world.network).say_farewells().await;
        assert_eq!((revoked(&world), world.shelf.has(&Farewell::KEY)), (2, false));
    }
}

/// A process that ends before anybody confirmed; and one that is still there, and may yet put back what it replaced.
/// Whose the new sign-in is, the next process hears when it is let in.
#[tokio::test]
async fn what_a_process_replaced_that_died_is_revoked_by_the_next_and_not_beside_a_living_one() {
    for (before, revokes) in [(elsewhere as fn(&World) -> SignInRecord, &["R-old", "A-old"][..]), (stale, &[])] {
        let world = world().await;
        let old = before(&world);
        let (events, mut facts) = mpsc::channel(256);
        let link = start_link(&world.network, world.setup.clone(), rest(), events);
        link.send(LinkCommand::SignInWithCode { keep: Keep::File });
        while !matches!(next(&mut facts).await, LinkFact::Kept(_)) {}
        link.closed().await;
        let former = Former::key(&world.setup.id);
        let new = record_of(&world.network, &world.setup).await.unwrap();
        let next_process = network(&world.shelf, NetworkSettings::default());
        *world.shelf.held.lock().unwrap() = Some(former.clone());
        let (events, _facts) = mpsc::channel(256);
        let link = start_link(&next_process, world.setup.clone(), rest(), events);
        link.send(LinkCommand::Confirm);
        let looks = || world.shelf.log.lock().unwrap().iter().filter(|line| *line == "lock former").count();
        let before = looks();
        until(|| looks() > before).await;
        assert!(next_process.refreshes_done(PATIENCE).await);
        assert!(world.shelf.has(&former) && revoked(&world) == 0);
        *world.shelf.held.lock().unwrap() = None;
        next_process.settle_sign_ins(vec![world.setup.clone()]).await;
        assert!(world.shelf.has(&former) && revoked(&world) == 0, "nobody knows yet whose the new one is");
        link.send(LinkCommand::Confirm);
        until(|| !world.shelf.has(&former)).await;
        link.closed().await;
        // What was given to the same client may be the same grant: it is not revoked under the new one.
        assert_eq!(*world.service.revoked.lock().unwrap(), revokes);
        assert!(!world.shelf.has(&former) && !world.shelf.has(&Farewell::KEY));
        let kept = new.unwrap();
        assert!(world.shelf.has(&kept.tokens_key(&world.setup.id)));
        assert_eq!(world.shelf.has(&old.tokens_key(&world.setup.id)), revokes.is_empty());
        assert_eq!(record_of(&next_process, &world.setup).await.unwrap(), Some(kept));
    }
}

#[tokio::test]
async fn what_a_sign_in_for_one_run_alone_replaced_is_revoked_when_that_run_died() {
    let world = world().await;
    stale(&world);
    let (events, mut facts) = mpsc::channel(256);
    let link = start_link(&world.network, world.setup.clone(), rest(), events);
    link.send(LinkCommand::SignInWithCode { keep: Keep::Memory });
    while !matches!(next(&mut facts).await, LinkFact::Kept(_)) {}
    link.closed().await;
    // What was in memory died with the process.
    let record = record_of(&world.network, &world.setup).await.unwrap().unwrap();
    for key in [record.tokens_key(&world.setup.id), SignInRecord::key(&world.setup.id)] {
        world.network.forget(&key).await.unwrap();
    }
    let next_process = network(&world.shelf, NetworkSettings::default());
    next_process.settle_sign_ins(vec![world.setup.clone()]).await;
    assert_eq!(*world.service.revoked.lock().unwrap(), ["R-old", "A-old"]);
}

#[tokio::test]
async fn a_note_of_another_sign_in_of_the_same_client_is_told() {
    let mut world = world().await;
    let roots = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(roots.path(), world.setup.ca_pem.take().unwrap()).unwrap();
    world.setup.ca_file = Some(roots.path().to_owned());
    let record = stale(&world);
    let client = ClientIdentity::given("client-0", Some(Secret::from("s3")));
    let token = Token { refresh: Some(Secret::from("R-guest")), ..Token::given("A-guest").unwrap() };
    let matter = Matter::Revoke { service: Box::new(record.service.clone()), client, token: Box::new(token) };
    let key = record.tokens_key(&world.setup.id);
    assert!(world.network.note_farewell(&world.setup, matter, &key).await.is_some());
    Arc::clone(&world.network).say_farewells().await;
    assert_eq!(*world.service.revoked.lock().unwrap(), ["R-guest", "A-guest"]);
    assert!(world.shelf.has(&key) && !world.shelf.has(&Farewell::KEY));
}

#[tokio::test]
async fn what_stood_before_two_sign_ins_that_nobody_confirmed_comes_back() {
    for (same_place, before) in [(false, elsewhere as fn(&World) -> SignInRecord), (true, stale)] {
        let world = world().await;
        let old = before(&world);
        let key = old.tokens_key(&world.setup.id);
        let kept = world.network.load(&key).await.unwrap().unwrap();
        let (events, mut facts) = mpsc::channel(256);
        let link = start_link(&world.network, world.setup.clone(), rest(), events);
        for _ in 0..2 {
            link.send(LinkCommand::SignInWithCode { keep: Keep::File });
            while !matches!(next(&mut facts).await, LinkFact::Kept(_)) {}
        }
        link.send(LinkCommand::TakeBack);
        until(|| revoked(&world) >= 2).await;
        link.closed().await;
        assert_eq!(record_of(&world.network, &world.setup).await.unwrap(), Some(old), "{same_place}");
        assert_eq!(world.network.load(&key).await.unwrap().unwrap().expose(), kept.expose(), "{same_place}");
    }
}

#[tokio::test]
async fn a_second_sign_in_for_this_run_alone_leaves_nothing_of_the_first_on_disk() {
    let world = world().await;
    stale(&world);
    let (events, _facts) = mpsc::channel(256);
    let teller = Teller::new(world.setup.id.clone(), events);
    let flow = Flow::new(Arc::clone(&world.network), Arc::new(world.setup.clone()), teller, Keep::Memory);
    flow.run(Place::Asked { issuer: world.service.base.clone(), trusted: true }).await.unwrap();
    let log = world.shelf.log.lock().unwrap().clone();
    let at = |line: &str| log.iter().position(|known| known == line).unwrap();
    assert!(at("forget tokens") < at("hold tokens") && at("forget sign-in") < at("hold sign-in"), "{log:?}");
}

#[tokio::test]
async fn a_full_disk_does_not_hold_up_a_sign_out() {
    let world = world().await;
    let record = stale(&world);
    world.shelf.full.store(true, Ordering::Relaxed);
    let setup = Arc::new(world.setup.clone());
    assert_eq!(sign_out(&world.network, &setup).await, Ok(Farewelled::Told));
    assert!(!world.shelf.has(&record.tokens_key(&setup.id)));
}

#[tokio::test]
async fn a_refresh_under_way_does_not_undo_a_sign_out() {
    let world = world().await;
    let record = stale(&world);
    let setup = Arc::new(world.setup.clone());
    let key = record.tokens_key(&setup.id);
    let flight = world.network.flight(&key);
    let refreshing = flight.lock().await;
    let out = sign_out(&world.network, &setup);
    tokio::pin!(out);
    assert!(tokio::time::timeout(Duration::from_millis(200), &mut out).await.is_err(), "waits for the refresh");
    world.shelf.put(&key, Token::given("A-new").unwrap().to_text().expose());
    drop(refreshing);
    assert_eq!(out.await, Ok(Farewelled::Told));
    assert!(!world.shelf.has(&key));
}

#[tokio::test]
async fn what_a_process_replaced_that_died_comes_back_where_the_next_hears_that_it_was_the_wrong_person() {
    for before in [elsewhere as fn(&World) -> SignInRecord, stale] {
        let world = world().await;
        let old = before(&world);
        let key = old.tokens_key(&world.setup.id);
        let kept = world.network.load(&key).await.unwrap().unwrap();
        let (events, mut facts) = mpsc::channel(256);
        let link = start_link(&world.network, world.setup.clone(), rest(), events);
        link.send(LinkCommand::SignInWithCode { keep: Keep::File });
        while !matches!(next(&mut facts).await, LinkFact::Kept(_)) {}
        link.closed().await;
        let next_process = network(&world.shelf, NetworkSettings::default());
        next_process.settle_sign_ins(vec![world.setup.clone()]).await;
        let (events, _facts) = mpsc::channel(256);
        let link = start_link(&next_process, world.setup.clone(), rest(), events);
        link.send(LinkCommand::TakeBack);
        until(|| revoked(&world) == 2).await;
        link.closed().await;
        assert!(!world.service.revoked.lock().unwrap().contains(&"R-old".to_owned()));
        assert_eq!(record_of(&next_process, &world.setup).await.unwrap(), Some(old));
        assert_eq!(next_process.load(&key).await.unwrap().unwrap().expose(), kept.expose());
        assert!(!world.shelf.has(&Former::key(&world.setup.id)));
    }
}

#[tokio::test]
async fn a_sign_out_takes_what_a_sign_in_of_the_same_client_replaced_with_it() {
    for died in [false, true] {
        let world = world().await;
        stale(&world);
        let (events, mut facts) = mpsc::channel(256);
        let mut link = start_link(&world.network, world.setup.clone(), rest(), events);
        link.send(LinkCommand::SignInWithCode { keep: Keep::File });
        while !matches!(next(&mut facts).await, LinkFact::Kept(_)) {}
        if died {
            let (events, later) = mpsc::channel(256);
            link.closed().await;
            facts = later;
            let next_process = network(&world.shelf, NetworkSettings::default());
            link = start_link(&next_process, world.setup.clone(), rest(), events);
        }
        link.send(LinkCommand::SignOut { everywhere: false });
        while !matches!(next(&mut facts).await, LinkFact::SignedOut { told: Farewelled::Told, .. }) {}
        let gone = world.service.revoked.lock().unwrap().clone();
        assert_eq!((gone.len(), &gone[2..]), (4, &["R-old", "A-old"].map(str::to_owned)[..]), "{died}");
        assert!(!world.shelf.has(&Former::key(&world.setup.id)) && !world.shelf.has(&Farewell::KEY));
        link.closed().await;
    }
}

/// A note of this account's sign-in, with these tokens.
fn noted(world: &World, record: &SignInRecord, token: Token) -> Farewell {
    let client = ClientIdentity::given("client-0", Some(Secret::from("s3")));
    Farewell {
        account: Some(world.setup.id.clone()),
        domain: world.setup.domain.clone(),
        ca_file: world.setup.ca_file.clone(),
        matter: Matter::Revoke { service: Box::new(record.service.clone()), client, token: Box::new(token) },
        since: Stamp(1_000_000),
    }
}

#[tokio::test]
async fn a_note_of_another_account_of_the_same_client_waits_on() {
    let world = world().await;
    let record = stale(&world);
    let own = noted(&world, &record, Token::given("A-own").unwrap());
    let other = Farewell { account: Some(AccountId::new("romeo@alpha.test")), ..own.clone() };
    world.shelf.put(&Farewell::KEY, Farewell::to_text(&[own, other.clone()]).expose());
    world.network.forgo_farewells(&record, &world.setup).await.unwrap();
    let waiting = world.network.load(&Farewell::KEY).await.unwrap().unwrap();
    assert_eq!(Farewell::from_text(&waiting), [other]);
}

#[tokio::test]
async fn a_refresh_takes_back_the_note_of_the_grant_that_is_in_use() {
    let world = world().await;
    let record = stale(&world);
    let key = record.tokens_key(&world.setup.id);
    let token = Token::from_text(&world.network.load(&key).await.unwrap().unwrap()).unwrap();
    let other = noted(&world, &record, Token::given("A-other").unwrap());
    let all = [noted(&world, &record, token), other.clone()];
    world.shelf.put(&Farewell::KEY, Farewell::to_text(&all).expose());
    access_token(Arc::clone(&world.network), Arc::new(world.setup.clone()), record, None, None).await.unwrap();
    let waiting = world.network.load(&Farewell::KEY).await.unwrap().unwrap();
    assert_eq!(Farewell::from_text(&waiting), [other], "the new tokens are of the same grant");
}

#[tokio::test]
async fn a_note_whose_sign_in_another_process_holds_waits_and_hinders_no_other() {
    let mut world = world().await;
    let roots = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(roots.path(), world.setup.ca_pem.take().unwrap()).unwrap();
    world.setup.ca_file = Some(roots.path().to_owned());
    let record = stale(&world);
    let key = record.tokens_key(&world.setup.id);
    let held = noted(&world, &record, Token::given("A-held").unwrap());
    let free = Farewell {
        account: Some(AccountId::new("romeo@alpha.test")),
        ..noted(&world, &record, Token::given("A-free").unwrap())
    };
    world.shelf.put(&Farewell::KEY, Farewell::to_text(&[held.clone(), free]).expose());
    *world.shelf.held.lock().unwrap() = Some(key);
    let telling = tokio::spawn(Arc::clone(&world.network).say_farewells());
    until(|| revoked(&world) == 1).await;
    let left = async {
        loop {
            let waiting = world.network.load(&Farewell::KEY).await.unwrap().unwrap();
            if Farewell::from_text(&waiting) == [held.clone()] {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, left).await.unwrap();
    assert_eq!(*world.service.revoked.lock().unwrap(), ["A-free"]);
    assert!(!telling.is_finished(), "it is tried again");
    telling.abort();
}
