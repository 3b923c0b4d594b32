//! Signing in on a page, and who may be mixed up with whom.

use super::*;
use crate::app::event::{BrowserPrompt, Fallback};
use crate::app::setup::GrantChoice;
use base64::Engine;
use std::collections::HashMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn page(facts: &mut Facts) -> BrowserPrompt {
    loop {
        match next(facts).await {
            LinkFact::Consent(Consent::Browser(prompt)) => return prompt,
            LinkFact::Consent(Consent::Failed(problem)) => panic!("{problem:?}"),
            _ => {}
        }
    }
}

/// The person agrees: the service notes the challenge, and gives the address that the browser is sent to.
fn agree(world: &World, prompt: &BrowserPrompt) -> Url {
    let address = Url::parse(&prompt.address).unwrap();
    assert_eq!(address.origin(), Url::parse(&world.service.base).unwrap().origin());
    let asked: HashMap<String, String> = address.query_pairs().into_owned().collect();
    asked["code_challenge"].clone_into(&mut world.service.manner.lock().unwrap().challenge);
    let mut back = Url::parse(&asked["redirect_uri"]).unwrap();
    back.query_pairs_mut()
        .append_pair("code", "C1")
        .append_pair("state", &asked["state"])
        .append_pair("iss", &world.service.base);
    back
}

/// A browser on this computer.
async fn open(back: &Url) -> String {
    let port = back.port().unwrap();
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let target = &back[url::Position::BeforePath..];
    let line = format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    stream.write_all(line.as_bytes()).await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    reply
}

async fn on_a_page() -> World {
    let world = world().await;
    world.service.manner.lock().unwrap().page = true;
    world.service.manner.lock().unwrap().device = false;
    world
}

fn begin(world: &World) -> (crate::net::LinkHandle, Facts) {
    let (events, facts) = mpsc::channel(256);
    let link = start_link(&world.network, world.setup.clone(), rest(), events);
    link.send(LinkCommand::SignInWithCode { keep: Keep::File });
    (link, facts)
}

#[tokio::test]
async fn a_service_without_codes_steps_down_to_a_page_with_a_sentence() {
    let world = on_a_page().await;
    let (_link, mut facts) = begin(&world);
    let mut told = Vec::new();
    let prompt = loop {
        match next(&mut facts).await {
            LinkFact::Consent(Consent::Browser(prompt)) => break prompt,
            LinkFact::Consent(step) => told.push(step),
            other => panic!("{other:?}"),
        }
    };
    assert!(matches!(told.last(), Some(Consent::SteppingDown { to: Fallback::Page, .. })), "{told:?}");
    assert!(open(&agree(&world, &prompt)).await.contains("Return to the terminal"));
    assert_eq!(steps(&mut facts).await, ["granted 3", "kept File"]);
    assert!(world.shelf.has(&SignInRecord::key(&world.setup.id)));
}

#[tokio::test]
async fn codes_that_are_not_for_this_client_step_down_too() {
    let world = world().await;
    world.service.manner.lock().unwrap().page = true;
    world.service.manner.lock().unwrap().device_refused = true;
    let (link, mut facts) = begin(&world);
    let prompt = page(&mut facts).await;
    // Meanwhile the answer can be pasted as well.
    let address = Secret::new(agree(&world, &prompt).to_string());
    link.send(LinkCommand::Redirected { address });
    assert_eq!(steps(&mut facts).await, ["granted 3", "kept File"]);
}

#[tokio::test]
async fn a_way_that_was_chosen_is_taken_or_missing_by_name() {
    for (grant, device, expected) in [
        (GrantChoice::Device, false, "BTY-AUTH-01"),
        (GrantChoice::Code, true, "BTY-AUTH-33"),
        (GrantChoice::Auto, false, "BTY-AUTH-01"),
    ] {
        let mut world = world().await;
        world.setup.oauth.grant = grant;
        world.service.manner.lock().unwrap().device = device;
        let (_link, mut facts) = begin(&world);
        assert_eq!(steps(&mut facts).await.last().unwrap(), expected, "{grant:?}");
    }
    let mut world = world().await;
    world.setup.oauth.grant = GrantChoice::Code;
    world.service.manner.lock().unwrap().page = true;
    let (_link, mut facts) = begin(&world);
    let prompt = page(&mut facts).await;
    assert!(prompt.listening, "chosen: no sentence, no code");
    assert!(!world.shelf.log.lock().unwrap().iter().any(|line| line == "service /device"));
}

#[tokio::test]
async fn row_000_14_each_issuer_sees_its_own_client_alone() {
    let (one, mut two) = (on_a_page().await, on_a_page().await);
    one.service.manner.lock().unwrap().name = "one";
    two.service.manner.lock().unwrap().name = "two";
    // One person, one vault, two accounts.
    two.network = Arc::clone(&one.network);
    two.setup.id = AccountId::new("juliet@beta.test");
    for _ in 0..2 {
        for world in [&one, &two] {
            let (_link, mut facts) = begin(world);
            let prompt = page(&mut facts).await;
            open(&agree(world, &prompt)).await;
            assert_eq!(steps(&mut facts).await.last().unwrap(), "kept File");
        }
    }
    for (world, name) in [(&one, "one"), (&two, "two")] {
        let shown = world.service.shown.lock().unwrap().clone();
        assert!(!shown.is_empty());
        let own = format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(format!("{name}-0:s3")));
        assert!(shown.iter().all(|header| *header == own), "{name}: {shown:?}");
        assert_eq!(*world.service.clients.lock().unwrap(), [format!("{name}-0")], "registered once");
    }
}

#[tokio::test]
async fn an_answer_of_another_issuer_ends_it_and_its_code_is_not_shown_to_anybody() {
    let world = on_a_page().await;
    let (_link, mut facts) = begin(&world);
    let prompt = page(&mut facts).await;
    let mut back = agree(&world, &prompt);
    let query = back.query().unwrap().replace("iss=", "iss=https%3A%2F%2Fevil.example&was=");
    back.set_query(Some(&query));
    open(&back).await;
    assert_eq!(steps(&mut facts).await, ["BTY-AUTH-30"]);
    assert!(!world.shelf.log.lock().unwrap().iter().any(|line| line == "service /token"));
}

#[tokio::test]
async fn row_003_12_what_was_granted_is_compared_with_what_was_asked() {
    let world = on_a_page().await;
    world.service.manner.lock().unwrap().scope = "xmpp";
    let (_link, mut facts) = begin(&world);
    let prompt = page(&mut facts).await;
    open(&agree(&world, &prompt)).await;
    assert_eq!(steps(&mut facts).await, ["granted 1", "kept File"], "less is told, and will do");
    world.service.manner.lock().unwrap().scope = "openid offline_access";
    let (_link, mut facts) = begin(&world);
    let prompt = page(&mut facts).await;
    open(&agree(&world, &prompt)).await;
    assert_eq!(steps(&mut facts).await, ["BTY-AUTH-06"], "without “chat as you” nothing is of use");
    let revoked = world.shelf.log.lock().unwrap().iter().filter(|line| *line == "service /revoke").count();
    assert_eq!(revoked, 1, "and nothing is left behind but what the sign-in that stands lives by");
}

#[tokio::test]
async fn row_000_16_another_person_at_the_page_is_refused_and_nothing_is_overwritten() {
    let world = on_a_page().await;
    let (_link, mut facts) = begin(&world);
    let prompt = page(&mut facts).await;
    open(&agree(&world, &prompt)).await;
    assert_eq!(steps(&mut facts).await.last().unwrap(), "kept File");
    let record = record_of(&world.network, &world.setup).await.unwrap().unwrap();
    let key = record.tokens_key(&world.setup.id);
    let before = world.network.load(&key).await.unwrap().unwrap();
    world.service.manner.lock().unwrap().person = "romeo";
    let (_link, mut facts) = begin(&world);
    let prompt = page(&mut facts).await;
    open(&agree(&world, &prompt)).await;
    assert_eq!(steps(&mut facts).await, ["BTY-AUTH-35"]);
    assert!(world.network.load(&key).await.unwrap().unwrap() == before);
    assert_eq!(record_of(&world.network, &world.setup).await.unwrap(), Some(record));
}

#[tokio::test]
async fn row_004_03_where_the_port_is_taken_the_answer_is_pasted() {
    let mut world = on_a_page().await;
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    world.setup.oauth.redirect = Some(format!("http://127.0.0.1:{}/done", taken.local_addr().unwrap().port()));
    let (link, mut facts) = begin(&world);
    let prompt = page(&mut facts).await;
    assert!(!prompt.listening);
    let back = agree(&world, &prompt);
    assert_eq!((back.port(), back.path()), (Some(taken.local_addr().unwrap().port()), "/done"));
    link.send(LinkCommand::Redirected { address: Secret::new(back.to_string()) });
    assert_eq!(steps(&mut facts).await, ["granted 3", "kept File"]);
}

#[tokio::test]
async fn a_service_without_codes_and_proofs_gives_its_token_in_the_address() {
    let mut world = world().await;
    let at = |path: &str| format!("{}/{path}", world.service.base);
    world.setup.oauth.endpoints = Some(Endpoints {
        token: at("token"),
        authorization: Some(at("authorize")),
        token_in_redirect: true,
        ..Endpoints::default()
    });
    world.setup.oauth.client_id = Some("butty".to_owned());
    world.setup.oauth.scopes = vec!["sasl_auth".to_owned()];
    let (_link, mut facts) = begin(&world);
    let prompt = page(&mut facts).await;
    let asked: HashMap<String, String> = Url::parse(&prompt.address).unwrap().query_pairs().into_owned().collect();
    assert_eq!((asked["response_type"].as_str(), asked["client_id"].as_str()), ("token", "butty"));
    let mut back = Url::parse(&asked["redirect_uri"]).unwrap();
    // As ejabberd answers: in the query.
    let answer = [("access_token", "aw8z"), ("token_type", "bearer"), ("expires_in", "3600"), ("scope", "sasl_auth")];
    back.query_pairs_mut().extend_pairs(answer).append_pair("state", "of another");
    assert!(open(&back).await.starts_with("HTTP/1.1 400"), "its state is looked at all the same");
    back.query_pairs_mut().clear().extend_pairs(answer).append_pair("state", &asked["state"]);
    assert!(open(&back).await.starts_with("HTTP/1.1 200"));
    assert_eq!(steps(&mut facts).await, ["granted 1", "kept File"]);
    let record = record_of(&world.network, &world.setup).await.unwrap().unwrap();
    let kept = world.network.load(&record.tokens_key(&world.setup.id)).await.unwrap().unwrap();
    let token = Token::from_text(&kept).unwrap();
    assert_eq!((token.access.expose().as_str(), token.refresh), ("aw8z", None));
}

#[tokio::test]
async fn a_connection_that_rested_while_the_person_read_is_not_used_for_the_code() {
    let world = world().await;
    let later = Arc::new(Mutex::new(Duration::ZERO));
    let clock = Arc::clone(&later);
    let now = move || crate::types::Now { mono: *clock.lock().unwrap(), wall: Stamp(1_000_000) };
    let vault = Arc::clone(&world.shelf) as Arc<dyn crate::oauth::Vault>;
    let network = Arc::new(Network::new(NetworkSettings::default(), vault, Arc::new(now)));
    let web = Web::new(network, Arc::new(world.setup.clone()), true);
    let address = Url::parse(&format!("{}/token", world.service.base)).unwrap();
    let authority = world.service.base.strip_prefix("https://").unwrap();
    for (rest, kept) in [(5, true), (60, false)] {
        web.fetch(crate::oauth::discovery::request(&address)).await.unwrap();
        *later.lock().unwrap() += Duration::from_secs(rest);
        assert_eq!(web.keeps(authority).await, kept, "{rest} s");
    }
}

#[tokio::test]
async fn what_a_public_issuer_names_may_not_lead_into_a_private_network() {
    let mut world = world().await;
    world.setup.server = None;
    let place = Place::Asked { issuer: world.service.base.clone(), trusted: true };
    let (events, _facts) = mpsc::channel(256);
    let teller = Teller::new(world.setup.id.clone(), events);
    let flow = Flow::new(Arc::clone(&world.network), Arc::new(world.setup.clone()), teller, Keep::Memory);
    let request = || crate::oauth::discovery::request(&Url::parse(&format!("{}/token", world.service.base)).unwrap());
    let web = flow.web(&place);
    web.pretend_first_was(false);
    assert!(matches!(web.fetch(request()).await, Err(Problem::RedirectInward { .. })));
    let web = flow.web(&place);
    assert_eq!(web.fetch(request()).await.unwrap().status(), 401, "an issuer that is private itself may");
    assert_eq!(web.fetch(request()).await.unwrap().status(), 401);
}

/// What a public issuer far away has named: everything is on this computer.
fn named_by_a_stranger(service: &Service) -> Service {
    Service { issuer: "https://example.org".to_owned(), inside: false, ..service.clone() }
}

#[tokio::test]
async fn nor_may_it_once_nobody_looks_on() {
    let world = world().await;
    let at_home = stale(&world);
    let client = ClientIdentity::given("client-0", Some(Secret::from("s3")));
    let strange = SignInRecord {
        service: named_by_a_stranger(&at_home.service),
        identity: Some(client.clone()),
        ..at_home.clone()
    };
    let token = world.network.load(&at_home.tokens_key(&world.setup.id)).await.unwrap().unwrap();
    world.shelf.put(&strange.tokens_key(&world.setup.id), token.expose());
    let setup = Arc::new(world.setup.clone());
    let refreshed = |record| access_token(Arc::clone(&world.network), Arc::clone(&setup), record, None, None);
    assert!(matches!(refreshed(strange.clone()).await, Err(Problem::RedirectInward { .. })));
    let hands = Reach::quiet(&world.network, &setup, &strange.service);
    let token = Token::from_text(&token).unwrap();
    assert_ne!(crate::oauth::grant::revoke(&hands, &strange.service, &client, &token).await, Farewelled::Told);
    assert!(!world.shelf.log.lock().unwrap().iter().any(|line| line.starts_with("service")), "nobody came there");
    // The issuer's own host is where it is: another network finds it by another address.
    let own = SignInRecord { service: Service { inside: false, ..at_home.service.clone() }, ..at_home };
    refreshed(own).await.unwrap();
}

#[tokio::test]
async fn nor_may_it_where_a_sign_in_is_taken_up() {
    let world = world().await;
    let (events, mut facts) = mpsc::channel(256);
    let link = start_link(&world.network, world.setup.clone(), rest(), events);
    link.send(LinkCommand::BeginSignIn { keep: Keep::File });
    while !matches!(next(&mut facts).await, LinkFact::Consent(Consent::Parked)) {}
    let key = crate::oauth::Pending::key(&world.setup.id);
    let kept = world.network.load(&key).await.unwrap().unwrap();
    let mut pending = crate::oauth::Pending::from_text(&kept, false).unwrap();
    assert!(pending.service.inside, "it was named by somebody trusted");
    pending.service = named_by_a_stranger(&pending.service);
    world.shelf.put(&key, pending.to_text().expose());
    link.send(LinkCommand::ResumeSignIn { keep: Keep::File });
    assert_eq!(steps(&mut facts).await.last().unwrap(), "BTY-NET-10");
    let log = world.shelf.log.lock().unwrap().clone();
    assert!(!log.iter().any(|line| line == "service /token"), "{log:?}");
}

#[tokio::test]
async fn a_page_that_waits_is_taken_up_after_everything_was_forgotten() {
    let world = on_a_page().await;
    let (events, mut facts) = mpsc::channel(256);
    let link = start_link(&world.network, world.setup.clone(), rest(), events);
    link.send(LinkCommand::BeginSignIn { keep: Keep::File });
    let prompt = page(&mut facts).await;
    assert!(!prompt.listening);
    while !matches!(next(&mut facts).await, LinkFact::Consent(Consent::Parked)) {}
    drop(facts);
    link.closed().await;
    let back = agree(&world, &prompt);
    // Another process: only the vault is the same.
    let again = network(&world.shelf, NetworkSettings::default());
    let (events, mut facts) = mpsc::channel(256);
    let link = start_link(&again, world.setup.clone(), rest(), events);
    link.send(LinkCommand::ResumeSignIn { keep: Keep::File });
    let shown = page(&mut facts).await;
    assert_eq!((&shown.address, shown.listening), (&prompt.address, true), "on the same port");
    open(&back).await;
    assert_eq!(steps(&mut facts).await, ["granted 3", "kept File"]);
    while !matches!(next(&mut facts).await, LinkFact::Dialing { .. }) {}
    assert!(!world.shelf.has(&crate::oauth::Pending::key(&world.setup.id)), "good for one answer");
}

#[tokio::test]
async fn a_token_that_is_none_is_told_by_where_it_came_from() {
    let world = world().await;
    for text in ["to ken", "tok\r\nen", "tok\0en", "\u{1b}[2J"] {
        let (events, mut facts) = mpsc::channel(256);
        let link = start_link(&world.network, world.setup.clone(), rest(), events);
        link.send(LinkCommand::Token { token: Secret::from(text), keep: Keep::File });
        loop {
            match next(&mut facts).await {
                // Nothing listens there: the token is looked at while it is dialled.
                LinkFact::Down { problem: Some(problem), .. } => {
                    assert!(["BTY-AUTH-34", "BTY-NET-06"].contains(&problem.code()), "{problem:?}");
                    break;
                }
                LinkFact::Dialing { .. } => {}
                other => panic!("{other:?}"),
            }
        }
        assert!(!world.shelf.has(&given_key(&world.setup)), "never kept");
        link.closed().await;
    }
}

#[tokio::test]
async fn a_page_that_nobody_came_back_from_costs_no_other_sign_in_its_client() {
    let world = on_a_page().await;
    let other = stale(&world); // of an account that signed in before, by the same client
    let (events, _facts) = mpsc::channel(256);
    let teller = Teller::new(world.setup.id.clone(), events);
    let flow = Flow::new(Arc::clone(&world.network), Arc::new(world.setup.clone()), teller, Keep::File);
    let place = || Place::Asked { issuer: world.service.base.clone(), trusted: true };
    let hands = Reach::watched(&flow, flow.web(&place()));
    let (pending, _) = flow.begin(&hands, place(), false).await.unwrap();
    assert_eq!(pending.client.id, "client-0");
    let over = crate::oauth::Pending { expires: Stamp(0), ..pending };
    assert_eq!(flow.finish(&hands, over, None).await.unwrap_err().code(), "BTY-AUTH-31");
    let client = client_of(&world.network, &world.setup, &other).await.unwrap();
    assert_eq!(client.secret, Some(Secret::from("s3")), "still good for a refresh");
    let (pending, _) = flow.begin(&hands, place(), false).await.unwrap();
    assert_eq!(pending.client.id, "client-1", "but the page is not tried with it again");
}
