//! Against a sign-in service on loopback HTTPS.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop")]

mod consent;
mod doctor;
mod guest;
mod leaving;
mod lost;
mod pages;
mod rows;
mod service;

use super::tokens::client_of;
use super::*;
use crate::app::effect::LinkCommand;
use crate::app::event::LinkEvent;
use crate::app::setup::Endpoints;
use crate::net::NetworkSettings;
use crate::net::link::{LinkOptions, start_link};
use crate::net::testing::{Authority, PATIENCE, Shelf, network, setup};
use crate::oauth::{ClientIdentity, Farewell, Farewelled, Former, Matter, SignInRecord, Token};
use crate::types::{AccountId, Stamp};
use service::{Service13, serve};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use url::Url;

struct World {
    service: Arc<Service13>,
    shelf: Arc<Shelf>,
    network: Arc<Network>,
    setup: AccountSetup,
}

/// The service runs; the setup knows its issuer.
async fn world() -> World {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("https://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let ca = Authority::new();
    let acceptor = ca.acceptor(&["127.0.0.1"], |_| {});
    let shelf = Arc::new(Shelf::default());
    let service = Arc::new(Service13 {
        base: base.clone(),
        shelf: Arc::clone(&shelf),
        pending: AtomicUsize::new(1),
        refresh: Mutex::default(),
        refreshes: AtomicUsize::new(0),
        busy: AtomicBool::new(false),
        lost: AtomicUsize::new(0),
        used: AtomicBool::new(false),
        merciful: AtomicBool::new(false),
        clients: Mutex::default(),
        manner: Mutex::default(),
        asked: Mutex::default(),
        shown: Mutex::default(),
        revoked: Mutex::default(),
    });
    tokio::spawn(serve(listener, acceptor, Arc::clone(&service)));
    let mut setup = setup("alpha.test");
    setup.ca_pem = Some(ca.pem);
    setup.oauth.issuer = Some(base);
    // Nothing listens there: the session that follows a sign-in fails at once.
    setup.server = Some(("127.0.0.1".to_owned(), 1));
    World { network: network(&shelf, NetworkSettings::default()), service, shelf, setup }
}

type Facts = mpsc::Receiver<(AccountId, LinkEvent)>;

async fn next(facts: &mut Facts) -> LinkFact {
    tokio::time::timeout(PATIENCE, facts.recv()).await.unwrap().unwrap().1.fact
}

fn rest() -> LinkOptions {
    LinkOptions { connect: false, resource: None, show_client: false, one_shot: true }
}

/// Steps of the sign-in until it failed or its token was kept.
async fn steps(facts: &mut Facts) -> Vec<String> {
    let mut steps = Vec::new();
    loop {
        match next(facts).await {
            LinkFact::Consent(Consent::LookingUp { .. }) => steps.push("looking up".to_owned()),
            LinkFact::Consent(Consent::AskingForCode { .. }) => steps.push("asking".to_owned()),
            LinkFact::Consent(Consent::Code(prompt)) => steps.push(format!("code {}", prompt.code)),
            LinkFact::Consent(Consent::SteppingDown { to, .. }) => steps.push(format!("down to {to:?}")),
            LinkFact::Agreed(_) => {}
            LinkFact::Consent(Consent::Granted { scopes }) => steps.push(format!("granted {}", scopes.len())),
            LinkFact::Consent(Consent::Failed(problem)) => {
                steps.push(problem.code().to_owned());
                return steps;
            }
            LinkFact::Kept(keep) => {
                steps.push(format!("kept {keep:?}"));
                return steps;
            }
            other => steps.push(format!("{other:?}")),
        }
    }
}

fn record(world: &World) -> SignInRecord {
    let base = &world.service.base;
    let at = |path: &str| page::endpoint(&format!("{base}/{path}"));
    SignInRecord {
        service: Service { device: at("device"), revocation: at("revoke"), ..Service::new(base, at("token").unwrap()) },
        client: "client-0".to_owned(),
        identity: None,
        scopes: vec!["xmpp".to_owned()],
        durable: true,
        person: None,
        granted: None,
        since: None,
        until: None,
        lasting: None,
    }
}

/// As after an earlier sign-in: a token that ran out, with the refresh token `R-old`.
fn stale(world: &World) -> SignInRecord {
    let record = record(world);
    world.service.clients.lock().unwrap().push("client-0".to_owned());
    "R-old".clone_into(&mut world.service.refresh.lock().unwrap());
    let old = Token {
        refresh: Some(Secret::from("R-old")),
        expires: Some(Stamp(0)),
        lifetime: Some(Duration::from_secs(3600)),
        ..Token::given("A-old").unwrap()
    };
    let client = ClientIdentity::given("client-0", Some(Secret::from("s3")));
    let account = &world.setup.id;
    world.shelf.put(&record.tokens_key(account), old.to_text().expose());
    world.shelf.put(&SignInRecord::key(account), record.to_text().expose());
    world.shelf.put(&VaultKey::Client { issuer: world.service.base.clone() }, client.to_text().expose());
    record
}

#[tokio::test]
async fn a_sign_in_with_a_code_from_discovery_to_the_kept_token() {
    let world = world().await;
    let (events, mut facts) = mpsc::channel(256);
    let link = start_link(&world.network, world.setup.clone(), rest(), events);
    link.send(LinkCommand::SignInWithCode { keep: Keep::File });
    assert_eq!(steps(&mut facts).await, ["looking up", "asking", "code R669-F1RU", "granted 3", "kept File"]);
    while !matches!(next(&mut facts).await, LinkFact::Down { .. }) {}
    let log = world.shelf.log.lock().unwrap().clone();
    let told: Vec<&str> = log.iter().map(String::as_str).collect();
    assert_eq!(
        told[..17],
        [
            "load former",
            "save probe",
            "forget probe",
            "service /.well-known/oauth-authorization-server",
            "load client",
            "service /register",
            "save client",
            "service /device",
            "service /token",
            "service /token",
            "load sign-in",
            "lock tokens",
            "load farewells",
            "save tokens",
            "save sign-in",
            "forget given token",
            "forget fast"
        ],
        "probed before a code is asked for; kept before it is used"
    );
    // What is used is loaded beside the dialling, which fails here: any part of it may have come by now.
    let beside = |step: &&str| step.starts_with("load ") || *step == "save known";
    assert!(told[17..].iter().all(beside), "{told:?}");
    link.closed().await;
}

#[tokio::test]
async fn a_full_disk_is_told_before_a_code_is_asked_for() {
    let world = world().await;
    world.shelf.full.store(true, Ordering::Relaxed);
    let (events, mut facts) = mpsc::channel(256);
    let link = start_link(&world.network, world.setup.clone(), rest(), events);
    link.send(LinkCommand::SignInWithCode { keep: Keep::File });
    assert_eq!(steps(&mut facts).await, ["BTY-AUTH-08"]);
    assert!(!world.shelf.log.lock().unwrap().iter().any(|line| line.starts_with("service")));
    link.send(LinkCommand::SignInWithCode { keep: Keep::Memory });
    assert_eq!(steps(&mut facts).await.last().unwrap(), "kept Memory");
}

#[tokio::test]
async fn a_forgotten_client_registers_again() {
    let world = world().await;
    let old = ClientIdentity::given("client-of-yore", Some(Secret::from("s3")));
    world.shelf.put(&VaultKey::Client { issuer: world.service.base.clone() }, old.to_text().expose());
    let (events, mut facts) = mpsc::channel(256);
    let link = start_link(&world.network, world.setup.clone(), rest(), events);
    link.send(LinkCommand::SignInWithCode { keep: Keep::File });
    assert_eq!(steps(&mut facts).await.last().unwrap(), "kept File");
    assert_eq!(*world.service.clients.lock().unwrap(), ["client-0"]);
}

#[tokio::test]
async fn cancel_ends_the_wait() {
    let world = world().await;
    world.service.pending.store(usize::MAX, Ordering::SeqCst);
    let (events, mut facts) = mpsc::channel(256);
    let link = start_link(&world.network, world.setup.clone(), rest(), events);
    link.send(LinkCommand::SignInWithCode { keep: Keep::File });
    while !matches!(next(&mut facts).await, LinkFact::Consent(Consent::Code(_))) {}
    link.send(LinkCommand::CancelSignIn);
    link.send(LinkCommand::SignOut { everywhere: false });
    assert!(matches!(next(&mut facts).await, LinkFact::SignedOut { told: Farewelled::Nothing, .. }));
    assert!(!world.shelf.has(&SignInRecord::key(&world.setup.id)));
}

#[tokio::test]
async fn a_new_refresh_token_is_kept_before_its_access_token_is_used() {
    let world = world().await;
    let record = stale(&world);
    let setup = Arc::new(world.setup.clone());
    let access = access_token(Arc::clone(&world.network), setup, record, None, None).await.unwrap();
    world.shelf.note("used");
    assert_eq!(access.expose(), "A0");
    let log = world.shelf.log.lock().unwrap().clone();
    let before = ["load tokens", "lock tokens", "load tokens", "load farewells", "load client"];
    let order = [&before[..], &["service /token", "save tokens", "used"]].concat();
    assert_eq!(log, order);
}

#[tokio::test]
async fn the_end_of_the_process_waits_for_a_refresh_under_way() {
    let world = world().await;
    let record = stale(&world);
    let flight = world.network.flight(&record.tokens_key(&world.setup.id));
    let held = flight.lock().await;
    let setup = Arc::new(world.setup.clone());
    tokio::spawn(access_token(Arc::clone(&world.network), setup, record, None, None));
    let begun = async {
        while world.network.refreshes_done(Duration::ZERO).await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, begun).await.unwrap();
    drop(held);
    assert!(world.network.refreshes_done(PATIENCE).await);
    assert!(world.shelf.log.lock().unwrap().contains(&"save tokens".to_owned()));
}

#[tokio::test]
async fn ten_at_once_refresh_once() {
    let world = world().await;
    let record = stale(&world);
    let setup = Arc::new(world.setup.clone());
    let all: Vec<_> = (0..10)
        .map(|_| tokio::spawn(access_token(Arc::clone(&world.network), Arc::clone(&setup), record.clone(), None, None)))
        .collect();
    for one in all {
        assert_eq!(one.await.unwrap().unwrap().expose(), "A0");
    }
    assert_eq!(world.service.refreshes.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_refused_token_is_refreshed_once_for_all_who_met_the_refusal() {
    let world = world().await;
    let record = stale(&world);
    let setup = Arc::new(world.setup.clone());
    let ask = |refused: &str| {
        access_token(Arc::clone(&world.network), Arc::clone(&setup), record.clone(), Some(Secret::from(refused)), None)
    };
    assert_eq!(ask("A-old").await.unwrap().expose(), "A0");
    assert_eq!(ask("A-old").await.unwrap().expose(), "A0", "found done");
    assert_eq!(ask("A0").await.unwrap().expose(), "A1");
    *world.service.refresh.lock().unwrap() = "revoked".to_owned();
    assert_eq!(ask("A1").await, Err(Problem::SignInExpired { domain: setup.domain.clone() }));
}

#[tokio::test]
async fn what_cannot_be_kept_on_disk_is_kept_in_memory_and_told() {
    let world = world().await;
    let record = stale(&world);
    world.shelf.full.store(true, Ordering::Relaxed);
    let setup = Arc::new(world.setup.clone());
    let access = access_token(Arc::clone(&world.network), setup, record, None, None).await.unwrap();
    assert_eq!(access.expose(), "A0");
    assert_eq!(world.shelf.log.lock().unwrap().last().unwrap(), "hold tokens");
}

#[tokio::test]
async fn an_old_token_is_not_shown_to_the_service_by_another_client() {
    let world = world().await;
    let record = stale(&world);
    let newer = ClientIdentity::given("client-1", Some(Secret::from("s3")));
    world.shelf.put(&VaultKey::Client { issuer: world.service.base.clone() }, newer.to_text().expose());
    let client = client_of(&world.network, &world.setup, &record).await.unwrap();
    assert_eq!(client, ClientIdentity::given("client-0", None));
    // One that remembers its own needs no other.
    let own = ClientIdentity::given("client-0", Some(Secret::from("s3")));
    let record = SignInRecord { identity: Some(own.clone()), ..record };
    assert_eq!(client_of(&world.network, &world.setup, &record).await.unwrap(), own);
}

#[tokio::test]
async fn another_issuer_than_before_is_told_unless_the_config_names_it() {
    let world = world().await;
    let mut before = record(&world);
    before.service.issuer = "https://id.example".to_owned();
    world.shelf.put(&SignInRecord::key(&world.setup.id), before.to_text().expose());
    let (events, _facts) = mpsc::channel(256);
    let teller = Teller::new(world.setup.id.clone(), events);
    let flow = Flow::new(Arc::clone(&world.network), Arc::new(world.setup.clone()), teller, Keep::Memory);
    flow.is_inside(true);
    let place = |trusted| Place::Asked { issuer: world.service.base.clone(), trusted };
    assert_eq!(flow.run(place(false)).await.unwrap_err().code(), "BTY-AUTH-19");
    assert_eq!(flow.run(place(true)).await, Ok(()));
    assert_eq!(flow.run(place(false)).await, Ok(()), "the new one is pinned now");
}

#[tokio::test]
async fn a_public_server_may_not_point_at_this_computer() {
    let world = world().await;
    let web = Web::new(Arc::clone(&world.network), Arc::new(world.setup.clone()), false);
    let address = Url::parse(&format!("{}/token", world.service.base)).unwrap();
    let request = || crate::oauth::discovery::request(&address);
    assert!(matches!(web.fetch(request()).await, Err(Problem::RedirectInward { .. })));
    let web = Web::new(Arc::clone(&world.network), Arc::new(world.setup.clone()), true);
    assert_eq!(web.fetch(request()).await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_reply_without_end_is_cut_and_a_redirect_is_not_followed() {
    let world = world().await;
    let web = Web::new(Arc::clone(&world.network), Arc::new(world.setup.clone()), true);
    let at = |path: &str| {
        let address = Url::parse(&format!("{}/{path}", world.service.base)).unwrap();
        crate::oauth::discovery::request(&address)
    };
    assert_eq!(web.fetch(at("big")).await.unwrap_err().code(), "BTY-AUTH-14");
    for _ in 0..3 {
        assert_eq!(web.fetch(at("moved")).await.unwrap().status(), 302, "on one kept connection");
    }
    let plain = Url::parse("http://127.0.0.1:1/token").unwrap();
    let problem = web.fetch(crate::oauth::discovery::request(&plain)).await.unwrap_err();
    assert_eq!(problem.code(), "BTY-TLS-06", "never in the clear");
}

#[tokio::test]
async fn a_service_without_our_ca_is_refused_by_name() {
    let mut world = world().await;
    world.setup.ca_pem = Some(Authority::named("Nobody").pem);
    let web = Web::new(Arc::clone(&world.network), Arc::new(world.setup.clone()), true);
    let address = Url::parse(&world.service.base).unwrap();
    let problem = web.fetch(crate::oauth::discovery::request(&address)).await.unwrap_err();
    assert_eq!(problem.code(), "BTY-TLS-04");
}

#[tokio::test]
async fn the_first_line_of_a_command_is_the_secret() {
    let command = |text: &str| ["/bin/sh", "-c", text].map(str::to_owned).to_vec();
    assert_eq!(first_line(&command("printf 'one\\ntwo\\n'")).await.unwrap().expose(), "one");
    for text in ["exit 3", "true", "echo secret; exit 1", "echo", "printf '\\377'"] {
        assert_eq!(first_line(&command(text)).await, None, "{text}");
    }
    assert_eq!(first_line(&["/nowhere/at/all".to_owned()]).await, None);
    assert_eq!(first_line(&[]).await, None);
}

#[test]
fn addresses_of_a_profile_come_before_an_issuer() {
    let mut setup = setup("messenger.live.com");
    setup.oauth.issuer = Some("https://login.live.com".to_owned());
    assert!(matches!(Place::of(&setup), Ok(Some(Place::Asked { trusted: true, .. }))));
    setup.oauth.endpoints = Some(Endpoints {
        device: "https://login.live.com/oauth20_connect.srf".to_owned(),
        token: "https://login.live.com/oauth20_token.srf".to_owned(),
        revocation: None,
        device_response_type: true,
        ..Endpoints::default()
    });
    assert!(matches!(Place::of(&setup), Ok(Some(Place::Given(service))) if service.device_response_type));
    setup.oauth.endpoints.as_mut().unwrap().token = "http://login.live.com/".to_owned();
    assert!(matches!(Place::of(&setup), Err(Problem::NoIssuer { .. })));
}
