//! The short ways in: tokens of the server's own, and sessions that are taken up.

use super::again::{heard_in, returning};
use super::*;
use crate::oauth::{Farewelled, VaultKey};
use crate::xmpp::{Command, Event};

const SHORT: &str = "<stream:features><authentication xmlns='urn:xmpp:sasl:2'><mechanism>PLAIN</mechanism><inline>\
    <bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:sm:3'/></inline></bind><sm xmlns='urn:xmpp:sm:3'/>\
    <fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-NONE</mechanism></fast></inline></authentication>\
    </stream:features>";

fn success(inner: &str) -> String {
    format!(
        "<success xmlns='urn:xmpp:sasl:2'><authorization-identifier>juliet@example.org/x</authorization-identifier>\
         {inner}</success><stream:features/>"
    )
}

fn key(setup: &AccountSetup) -> VaultKey {
    VaultKey::Fast { account: setup.id.as_str().to_owned() }
}

#[tokio::test]
async fn a_session_that_is_taken_up_is_a_sign_in_as_any_other() {
    let (listener, port) = listen().await;
    let ca = Authority::new();
    let setup = AccountSetup { tls: TlsMode::Direct, ca_pem: Some(ca.pem.clone()), ..account(port) };
    let shelf = Arc::new(Shelf::default());
    let (events, mut facts) = channel(256);
    let options = LinkOptions { connect: true, resource: None, show_client: false, one_shot: false };
    let link = start_link(&network(&shelf, NetworkSettings::default()), setup.clone(), options, events);
    let acceptor = ca.acceptor(&["example.org"], |_| {});

    let (tcp, _) = listener.accept().await.unwrap();
    let mut tls = acceptor.accept(tcp).await.unwrap();
    heard_in(&mut tls, "xml:lang='en'>").await;
    tls.write_all(format!("{HEADER}{SHORT}").as_bytes()).await.unwrap();
    heard_in(&mut tls, "</authenticate>").await;
    let bound = "<bound xmlns='urn:xmpp:bind:0'><enabled xmlns='urn:xmpp:sm:3' id='sm-1' resume='true'/></bound>";
    tls.write_all(success(bound).as_bytes()).await.unwrap();
    while !matches!(next(&mut facts).await.1, LinkFact::Session(Event::SignedIn(_))) {}
    drop(tls);
    until_down(&mut facts).await;
    // A mind that has not heard of it yet speaks to the session all the same; what it says only once is not lost.
    let bela = crate::types::BareJid::parse("bela@example.org").unwrap();
    let of = crate::types::OriginId("m-1".to_owned());
    let receipt = Command::Receipt { to: crate::types::Jid::Bare(bela.clone()), of };
    let accept = Command::Subscription { who: bela, step: crate::xmpp::SubscriptionStep::Accept };
    for command in [receipt, accept, Command::AskOwnCard] {
        link.send(LinkCommand::Session(command));
    }
    link.send(LinkCommand::Connect);

    let (tcp, _) = listener.accept().await.unwrap();
    let mut tls = acceptor.accept(tcp).await.unwrap();
    heard_in(&mut tls, "xml:lang='en'>").await;
    tls.write_all(format!("{HEADER}{SHORT}").as_bytes()).await.unwrap();
    let asked = heard_in(&mut tls, "</authenticate>").await;
    assert!(asked.contains("previd='sm-1'"), "{asked}");
    assert!(!shelf.has(&key(&setup)));
    let resumed = "<resumed xmlns='urn:xmpp:sm:3' previd='sm-1' h='0'/>\
        <token xmlns='urn:xmpp:fast:0' token='tok' expiry='2099-01-01T00:00:00Z'/>";
    tls.write_all(success(resumed).as_bytes()).await.unwrap();
    while !matches!(next(&mut facts).await.1, LinkFact::Session(Event::Resumed { .. })) {}
    let said = heard_in(&mut tls, "type='subscribed'").await;
    let (receipt, accept) = (said.find("urn:xmpp:receipts"), said.find("type='subscribed'"));
    assert!(receipt.is_some() && receipt < accept && !said.contains("vcard-temp"), "{said}");
    let kept = async {
        while !shelf.has(&key(&setup)) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, kept).await.unwrap();
}

/// Whoever wrote it finds out that another session stands, asks the archive what became of it, and sends it again: here
/// it would go out twice.
#[tokio::test]
async fn what_was_meant_for_the_session_before_is_not_sent_in_this_one() {
    let (listener, port) = listen().await;
    let ca = Authority::new();
    let setup = AccountSetup { tls: TlsMode::Direct, ca_pem: Some(ca.pem.clone()), ..account(port) };
    let (events, mut facts) = channel(256);
    let options = LinkOptions { connect: true, resource: None, show_client: false, one_shot: false };
    let network = network(&Arc::new(Shelf::default()), NetworkSettings::default());
    let link = start_link(&network, setup, options, events);
    let acceptor = ca.acceptor(&["example.org"], |_| {});
    let mut sessions = Vec::new();
    let mut tls = loop {
        let (tcp, _) = listener.accept().await.unwrap();
        let mut tls = acceptor.accept(tcp).await.unwrap();
        heard_in(&mut tls, "xml:lang='en'>").await;
        tls.write_all(format!("{HEADER}{SHORT}").as_bytes()).await.unwrap();
        heard_in(&mut tls, "</authenticate>").await;
        tls.write_all(success("<bound xmlns='urn:xmpp:bind:0'/>").as_bytes()).await.unwrap();
        let session = loop {
            let (session, fact) = next(&mut facts).await;
            if matches!(fact, LinkFact::Session(Event::SignedIn(_))) {
                break session;
            }
        };
        sessions.push(session);
        if sessions.len() > 1 {
            break tls;
        }
        drop(tls);
        until_down(&mut facts).await;
        link.send(LinkCommand::Connect);
    };
    let say = |key: u128, session: Option<Epoch>| {
        let to = crate::types::Jid::parse("bela@example.org").unwrap();
        let key = crate::types::MessageKey(key);
        let body = format!("words {}", key.0);
        let message = crate::xmpp::Outgoing { key, to, body, ask_receipt: false, delayed: None, session };
        link.send(LinkCommand::Session(Command::Send(message)));
    };
    say(1, Some(sessions[0]));
    say(2, Some(sessions[1]));
    say(3, None);
    let said = heard_in(&mut tls, "words 3").await;
    assert!(said.contains("words 2") && !said.contains("words 1"), "{said}");
}

#[tokio::test]
async fn a_session_that_a_server_leaves_without_an_answer_is_given_up() {
    let (listener, port) = listen().await;
    let ca = Authority::new();
    let setup = AccountSetup { tls: TlsMode::Direct, ca_pem: Some(ca.pem.clone()), ..account(port) };
    let (events, mut facts) = channel(256);
    let options = LinkOptions { connect: true, resource: None, show_client: false, one_shot: false };
    let network = network(&Arc::new(Shelf::default()), NetworkSettings::default());
    let link = start_link(&network, setup, options, events);
    let acceptor = ca.acceptor(&["example.org"], |_| {});
    let bound = "<bound xmlns='urn:xmpp:bind:0'><enabled xmlns='urn:xmpp:sm:3' id='sm-1' resume='true'/></bound>";
    let mut offers = 0;
    loop {
        let (tcp, _) = listener.accept().await.unwrap();
        let mut tls = acceptor.accept(tcp).await.unwrap();
        heard_in(&mut tls, "xml:lang='en'>").await;
        tls.write_all(format!("{HEADER}{SHORT}").as_bytes()).await.unwrap();
        let asked = heard_in(&mut tls, "</authenticate>").await;
        if asked.contains("previd='sm-1'") {
            offers += 1;
        } else {
            tls.write_all(success(bound).as_bytes()).await.unwrap();
            while !matches!(next(&mut facts).await.1, LinkFact::Session(Event::SignedIn(_))) {}
            if offers > 0 {
                break;
            }
        }
        drop(tls);
        until_down(&mut facts).await;
        link.send(LinkCommand::Connect);
    }
    assert_eq!(offers, 3, "and then another one is bound");
}

#[tokio::test]
async fn a_session_is_taken_up_where_its_server_wants_it_and_else_at_home() {
    let (home, port) = listen().await;
    let (other, elsewhere) = listen().await;
    let ca = Authority::new();
    let setup = AccountSetup { tls: TlsMode::Direct, ca_pem: Some(ca.pem.clone()), ..account(port) };
    let (events, mut facts) = channel(256);
    let options = LinkOptions { connect: true, resource: None, show_client: false, one_shot: false };
    let network = network(&Arc::new(Shelf::default()), NetworkSettings::default());
    let link = start_link(&network, setup, options, events);
    let acceptor = ca.acceptor(&["example.org"], |_| {});
    let asked = async |listener: &tokio::net::TcpListener| {
        let (tcp, _) = tokio::time::timeout(PATIENCE, listener.accept()).await.expect("somebody comes").unwrap();
        let mut tls = acceptor.accept(tcp).await.unwrap();
        heard_in(&mut tls, "xml:lang='en'>").await;
        tls.write_all(format!("{HEADER}{SHORT}").as_bytes()).await.unwrap();
        let asked = heard_in(&mut tls, "</authenticate>").await;
        (tls, asked)
    };
    let (mut tls, _) = asked(&home).await;
    let bound = format!(
        "<bound xmlns='urn:xmpp:bind:0'><enabled xmlns='urn:xmpp:sm:3' id='sm-1' resume='true' \
         location='127.0.0.1:{elsewhere}'/></bound>"
    );
    tls.write_all(success(&bound).as_bytes()).await.unwrap();
    while !matches!(next(&mut facts).await.1, LinkFact::Session(Event::SignedIn(_))) {}
    drop(tls);
    until_down(&mut facts).await;
    link.send(LinkCommand::Connect);
    let (tls, said) = asked(&other).await;
    assert!(said.contains("previd='sm-1'"), "{said}");
    // It hangs up there: the usual way leads on.
    drop(tls);
    until_down(&mut facts).await;
    link.send(LinkCommand::Connect);
    let (mut tls, said) = asked(&home).await;
    assert!(said.contains("previd='sm-1'"), "{said}");
    tls.write_all(success("<resumed xmlns='urn:xmpp:sm:3' previd='sm-1' h='0'/>").as_bytes()).await.unwrap();
    while !matches!(next(&mut facts).await.1, LinkFact::Session(Event::Resumed { .. })) {}
    // Nobody is there any more: not a try is lost over it.
    drop(other);
    drop(tls);
    until_down(&mut facts).await;
    link.send(LinkCommand::Connect);
    let (_tls, said) = asked(&home).await;
    assert!(said.contains("previd='sm-1'"), "{said}");
}

const TOKENS: &str = "<stream:features><authentication xmlns='urn:xmpp:sasl:2'><mechanism>OAUTHBEARER</mechanism>\
    <inline><bind xmlns='urn:xmpp:bind:0'/></inline></authentication></stream:features>";

const REFUSED: &str =
    "<failure xmlns='urn:xmpp:sasl:2'><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>";

/// Whether the server's own token is still there after the token of the service was refused, and then answered so.
async fn kept_behind_a_refusal(then: &str) -> bool {
    let (listener, port) = listen().await;
    let ca = Authority::new();
    let token_command = ["/bin/sh", "-c", "echo token"].map(str::to_owned).to_vec();
    let setup = AccountSetup {
        tls: TlsMode::Direct,
        ca_pem: Some(ca.pem.clone()),
        credential: Some(CredentialKind::Token),
        token_command,
        ..account(port)
    };
    let shelf = Arc::new(Shelf::default());
    returning(&shelf, &setup);
    let (events, mut facts) = channel(256);
    let options = LinkOptions { connect: true, resource: None, show_client: false, one_shot: false };
    let _link = start_link(&network(&shelf, NetworkSettings::default()), setup.clone(), options, events);
    // Where it is not offered, the server's own token is kept for another day.
    let mut lines = Vec::new();
    for answer in [REFUSED, then] {
        let (tcp, _) = tokio::time::timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
        let mut tls = ca.acceptor(&["example.org"], |_| {}).accept(tcp).await.unwrap();
        heard_in(&mut tls, "xml:lang='en'>").await;
        tls.write_all(format!("{HEADER}{TOKENS}").as_bytes()).await.unwrap();
        let asked = heard_in(&mut tls, "</authenticate>").await;
        assert!(asked.contains("mechanism='OAUTHBEARER'"), "{asked}");
        tls.write_all(answer.as_bytes()).await.unwrap();
        lines.push(tls);
    }
    let settled = |fact: &LinkFact| matches!(fact, LinkFact::Session(Event::SignedIn(_)) | LinkFact::Down { .. });
    while !settled(&next(&mut facts).await.1) {}
    shelf.has(&key(&setup))
}

#[tokio::test]
async fn the_servers_own_token_is_given_up_when_a_fresh_one_of_the_service_is_refused_too() {
    assert!(kept_behind_a_refusal(&success("<bound xmlns='urn:xmpp:bind:0'/>")).await, "a fresh one mended it");
    assert!(!kept_behind_a_refusal(REFUSED).await);
}

/// How signing out by a command is told, where the server answers so.
async fn signed_out(condition: &str) -> Farewelled {
    let (listener, port) = listen().await;
    let ca = Authority::new();
    let mechanisms = vec!["PLAIN".to_owned()];
    let setup = AccountSetup { tls: TlsMode::Direct, ca_pem: Some(ca.pem.clone()), mechanisms, ..account(port) };
    let shelf = Arc::new(Shelf::default());
    returning(&shelf, &setup);
    let (events, mut facts) = channel(256);
    let options = LinkOptions { connect: false, resource: None, show_client: false, one_shot: true };
    let link = start_link(&network(&shelf, NetworkSettings::default()), setup.clone(), options, events);
    link.send(LinkCommand::SignOut { everywhere: false });
    let told = async {
        loop {
            if let LinkFact::SignedOut { told, .. } = next(&mut facts).await.1 {
                return told;
            }
        }
    };
    let server = async {
        let (tcp, _) = listener.accept().await.unwrap();
        let mut tls = ca.acceptor(&["example.org"], |_| {}).accept(tcp).await.unwrap();
        let asked = heard_in(&mut tls, "</authenticate>").await;
        assert!(asked.contains("mechanism='HT-SHA-256-NONE'") && asked.contains("invalidate='true'"), "{asked}");
        assert!(asked.contains("<user-agent id="), "the token is this installation's: {asked}");
        assert!(!shelf.has(&key(&setup)), "what is to go is gone before anybody is asked");
        let answer = format!(
            "{HEADER}{SHORT}<failure xmlns='urn:xmpp:sasl:2'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>"
        );
        tls.write_all(answer.as_bytes()).await.unwrap();
        tls
    };
    let server = async { tokio::time::timeout(PATIENCE, server).await.unwrap() };
    let (told, _tls) = tokio::join!(told, server);
    assert!(!shelf.has(&key(&setup)), "gone here in any case");
    told
}

#[tokio::test]
async fn signing_out_by_a_command_takes_the_token_back_at_the_server() {
    for (condition, expected) in [
        ("not-authorized", Farewelled::Told),
        ("credentials-expired", Farewelled::Told),
        ("temporary-auth-failure", Farewelled::Never),
        ("invalid-mechanism", Farewelled::Never),
    ] {
        assert_eq!(signed_out(condition).await, expected, "{condition}");
    }
}

/// Takes the token back from whoever comes; gives what was said to it.
async fn taken_back(listener: &TcpListener, ca: &Authority, condition: &str) -> String {
    let (tcp, _) = listener.accept().await.unwrap();
    let mut tls = ca.acceptor(&["example.org"], |_| {}).accept(tcp).await.unwrap();
    let mut said = heard_in(&mut tls, "xml:lang='en'>").await;
    tls.write_all(format!("{HEADER}{SHORT}").as_bytes()).await.unwrap();
    if !said.contains("</authenticate>") {
        said += &heard_in(&mut tls, "</authenticate>").await;
    }
    let answer =
        format!("<failure xmlns='urn:xmpp:sasl:2'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>");
    tls.write_all(answer.as_bytes()).await.unwrap();
    heard_in(&mut tls, "</stream:stream>").await;
    said
}

#[tokio::test]
async fn a_server_that_could_not_be_told_is_told_later_and_what_came_since_stays() {
    let (listener, port) = listen().await;
    let ca = Authority::new();
    let roots = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(roots.path(), &ca.pem).unwrap();
    let ca_file = Some(roots.path().to_owned());
    let setup = AccountSetup { tls: TlsMode::Direct, ca_file, password_command: Vec::new(), ..account(port) };
    let shelf = Arc::new(Shelf::default());
    returning(&shelf, &setup);
    let id = setup.id.as_str().to_owned();
    let installation = "6e5c5ef5-ffd5-4c1e-a6ad-9c9d1e9a1f11";
    let known = Known { installation: Some(installation.to_owned()), ..Known::default() };
    shelf.put(&VaultKey::Known { account: id }, &known.to_text());
    let network = network(&shelf, NetworkSettings::default());
    let (events, mut facts) = channel(256);
    let options = LinkOptions { connect: false, resource: None, show_client: false, one_shot: true };
    let link = start_link(&network, setup.clone(), options, events);
    link.send(LinkCommand::SignOut { everywhere: false });
    let told = async {
        loop {
            if let LinkFact::SignedOut { told, .. } = next(&mut facts).await.1 {
                return told;
            }
        }
    };
    let (told, said) = tokio::join!(told, taken_back(&listener, &ca, "temporary-auth-failure"));
    assert_eq!(told, Farewelled::Later);
    assert!(said.contains("count='8' invalidate='true'") && said.contains(installation), "{said}");
    assert!(!shelf.has(&key(&setup)) && shelf.has(&VaultKey::Farewells));

    shelf.put(&key(&setup), "the token of a new sign-in");
    let later = Arc::clone(&network).say_farewells();
    let ((), said) = tokio::join!(later, taken_back(&listener, &ca, "credentials-expired"));
    assert!(said.contains("count='9' invalidate='true'") && said.contains(installation), "{said}");
    assert!(shelf.has(&key(&setup)) && !shelf.has(&VaultKey::Farewells));
    assert!(!shelf.log.lock().unwrap().iter().any(|line| line == "hold fast"), "nothing is kept of it either");
}

#[tokio::test]
async fn behind_another_consent_nothing_of_the_last_one_signs_in() {
    let (mut link, _facts) = resting();
    let shelf = Shelf::default();
    returning(&shelf, &link.setup);
    let kept = crate::oauth::Vault::load(&shelf, &key(&link.setup)).unwrap().unwrap();
    link.network.save(&key(&link.setup), kept, true).await.unwrap();
    let before = Known { address: Some("romeo@example.org".to_owned()), stumbles: 1, ..Known::default() };
    link.learn(before.clone());
    assert!(link.has_fast().await);
    link.begin_anew().await;
    assert!(!link.has_fast().await);
    assert!(link.network.load(&key(&link.setup)).await.unwrap().is_none());
    assert_eq!(link.known().await, Known { address: None, ..before });
}
