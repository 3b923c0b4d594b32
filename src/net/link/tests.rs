//! A link against servers of a few lines on loopback TCP.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop")]

mod again;
mod change;
mod everywhere;
mod short;

use super::*;
use crate::app::setup::TlsMode;
use crate::net::testing::{Authority, PATIENCE, Shelf, network, setup};
use crate::net::{NetworkSettings, Status, Step, StepReport, doctor};
use crate::types::Stage;
use crate::xmpp::Known;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{Receiver, channel};

const HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
    xmlns:stream='http://etherx.jabber.org/streams' id='1' from='example.org' version='1.0'>";
const STARTTLS: &str = "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>\
    </stream:features>";

type Facts = Receiver<(AccountId, LinkEvent)>;

async fn next(facts: &mut Facts) -> (Epoch, LinkFact) {
    let (_, event) = tokio::time::timeout(PATIENCE, facts.recv()).await.unwrap().unwrap();
    (event.epoch, event.fact)
}

/// Facts until the link is down; the problem's code and whether it tries again.
async fn until_down(facts: &mut Facts) -> (Vec<(u64, String)>, Option<Problem>, Option<Duration>) {
    let mut dialed = Vec::new();
    loop {
        match next(facts).await {
            (epoch, LinkFact::Dialing { host }) => dialed.push((epoch.0, host.as_str().to_owned())),
            (_, LinkFact::Down { problem, retry_in }) => return (dialed, problem, retry_in),
            _ => {}
        }
    }
}

async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

fn account(port: u16) -> AccountSetup {
    let mut setup = setup("example.org");
    setup.server = Some(("127.0.0.1".to_owned(), port));
    setup.credential = Some(CredentialKind::Password);
    setup.password_command = vec!["/bin/echo".to_owned(), "pw-juliet".to_owned()];
    setup
}

fn start(setup: AccountSetup, one_shot: bool) -> (LinkHandle, Facts) {
    let (events, facts) = channel(256);
    let network = network(&Arc::new(Shelf::default()), NetworkSettings::default());
    let options = LinkOptions { connect: true, resource: None, show_client: false, one_shot };
    (start_link(&network, setup, options, events), facts)
}

/// Reads until the client's stream header, or its next element, is complete.
async fn heard(tcp: &mut TcpStream, end: &str) -> String {
    let mut all = Vec::new();
    let mut piece = [0; 1024];
    while !String::from_utf8_lossy(&all).contains(end) {
        let count = tcp.read(&mut piece).await.unwrap();
        assert!(count > 0, "closed before {end}: {}", String::from_utf8_lossy(&all));
        all.extend_from_slice(&piece[..count]);
    }
    String::from_utf8(all).unwrap()
}

fn redirect(to: &str) -> String {
    format!(
        "{HEADER}<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>{to}</see-other-host>\
        </stream:error></stream:stream>"
    )
}

#[tokio::test]
async fn a_closed_port_is_named_and_tried_again_with_growing_waits() {
    let (listener, port) = listen().await;
    drop(listener);
    let (link, mut facts) = start(account(port), false);
    for (try_number, least, most) in [(1, 800, 1200), (2, 1600, 2400)] {
        let (dialed, problem, wait) = until_down(&mut facts).await;
        assert_eq!(dialed, [(try_number, format!("127.0.0.1:{port}"))], "each try is an epoch of its own");
        assert_eq!(problem, Some(Problem::Refused { host: Line::clean("127.0.0.1"), port }));
        let wait = wait.unwrap().as_millis();
        assert!((least..=most).contains(&wait), "{wait}");
        link.send(LinkCommand::Session(crate::xmpp::Command::Ping(crate::types::RequestId(1))));
    }
    link.send(LinkCommand::Connect);
    let (_, _, wait) = until_down(&mut facts).await;
    assert!(wait.unwrap() <= Duration::from_millis(1200), "the person's own try starts over");
}

#[tokio::test]
async fn a_one_shot_link_waits_after_its_first_failure() {
    let (listener, port) = listen().await;
    drop(listener);
    let (_link, mut facts) = start(account(port), true);
    assert_eq!(until_down(&mut facts).await.2, None);
}

#[tokio::test]
async fn a_server_that_closes_at_once_is_no_riddle() {
    let (listener, port) = listen().await;
    let (_link, mut facts) = start(account(port), true);
    let (mut tcp, _) = listener.accept().await.unwrap();
    heard(&mut tcp, "version=").await;
    drop(tcp);
    let (_, problem, _) = until_down(&mut facts).await;
    assert!(matches!(problem, Some(Problem::ClosedAt { stage: Stage::Accept | Stage::Header, .. })), "{problem:?}");
}

#[tokio::test]
async fn who_is_replaced_by_what_is_left_of_a_lost_line_comes_back_once() {
    let (listener, port) = listen().await;
    let (link, mut facts) = start(account(port), false);
    let conflict = format!(
        "{HEADER}<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>"
    );
    // What the server says in each connection, and whether the link comes back by itself.
    for (says, returns) in [("", true), (&conflict, true), (&conflict, false), (&conflict, false)] {
        let (mut tcp, _) = listener.accept().await.unwrap();
        heard(&mut tcp, "version=").await;
        tcp.write_all(says.as_bytes()).await.unwrap();
        drop(tcp);
        let (_, problem, wait) = until_down(&mut facts).await;
        assert_eq!(matches!(problem, Some(Problem::Replaced { .. })), !says.is_empty(), "{problem:?}");
        assert_eq!(wait.is_some(), returns, "{problem:?}");
        link.send(LinkCommand::Connect);
    }
}

#[tokio::test]
async fn a_password_that_comes_during_the_look_into_the_vault_is_used() {
    let (listener, port) = listen().await;
    let (link, _facts) = start(AccountSetup { password_command: Vec::new(), ..account(port) }, false);
    link.send(LinkCommand::Password { password: Secret::from("pw-juliet"), keep: Keep::Memory });
    drop(tokio::time::timeout(PATIENCE, listener.accept()).await.unwrap().unwrap());
}

#[tokio::test]
async fn a_word_before_tls_ends_no_sign_in_that_stood_before() {
    for met in [true, false] {
        let (listener, port) = listen().await;
        let setup = account(port);
        let shelf = Arc::new(Shelf::default());
        if met {
            let known = Known { address: Some("juliet@example.org".to_owned()), ..Known::default() };
            let key = crate::oauth::VaultKey::Known { account: setup.id.as_str().to_owned() };
            shelf.put(&key, &known.to_text());
        }
        let (events, mut facts) = channel(256);
        let options = LinkOptions { connect: true, resource: None, show_client: false, one_shot: false };
        let _link = start_link(&network(&shelf, NetworkSettings::default()), setup, options, events);
        for _ in 0..2 {
            let (mut tcp, _) = listener.accept().await.unwrap();
            heard(&mut tcp, "version=").await;
            let unknown = "<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>";
            tcp.write_all(format!("{HEADER}{unknown}</stream:stream>").as_bytes()).await.unwrap();
            let (_, problem, wait) = until_down(&mut facts).await;
            assert!(matches!(problem, Some(Problem::HostUnknown { .. })), "{problem:?}");
            assert_eq!(wait.is_some(), met, "the first sign-in is told that the address may be wrong");
            if !met {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_server_without_tls_gets_no_password() {
    let (listener, port) = listen().await;
    let (_link, mut facts) = start(account(port), true);
    let (mut tcp, _) = listener.accept().await.unwrap();
    heard(&mut tcp, "version=").await;
    let plain = "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism>\
        </mechanisms></stream:features>";
    tcp.write_all(format!("{HEADER}{plain}").as_bytes()).await.unwrap();
    let mut rest = Vec::new();
    tcp.read_to_end(&mut rest).await.unwrap();
    assert!(!String::from_utf8_lossy(&rest).contains("<auth"));
    assert_eq!(until_down(&mut facts).await.1.unwrap().code(), "BTY-TLS-03");
}

#[tokio::test]
async fn a_wrong_certificate_behind_starttls_gets_no_byte_of_xmpp() {
    let (listener, port) = listen().await;
    let ca = Authority::new();
    let mut setup = account(port);
    setup.ca_pem = Some(ca.pem.clone());
    let (_link, mut facts) = start(setup, true);
    let (mut tcp, _) = listener.accept().await.unwrap();
    heard(&mut tcp, "<starttls").await;
    tcp.write_all(format!("{HEADER}{STARTTLS}").as_bytes()).await.unwrap();
    tcp.write_all(b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>").await.unwrap();
    assert!(ca.acceptor(&["other.example"], |_| {}).accept(tcp).await.is_err());
    let (_, problem, wait) = until_down(&mut facts).await;
    assert_eq!((problem.unwrap().code(), wait), ("BTY-TLS-01", None));
}

#[tokio::test]
async fn redirects_are_followed_with_the_same_to_until_a_loop() {
    let (first, port) = listen().await;
    let (second, other) = listen().await;
    let (_link, mut facts) = start(account(port), true);
    let serve = |listener: TcpListener, to: u16| {
        tokio::spawn(async move {
            let (mut tcp, _) = listener.accept().await.unwrap();
            let header = heard(&mut tcp, "version=").await;
            tcp.write_all(redirect(&format!("127.0.0.1:{to}")).as_bytes()).await.unwrap();
            header
        })
    };
    let (one, two) = (serve(first, other), serve(second, port));
    let (dialed, problem, _) = until_down(&mut facts).await;
    assert_eq!(dialed, [(1, format!("127.0.0.1:{port}")), (2, format!("127.0.0.1:{other}"))]);
    assert_eq!(problem.unwrap().code(), "BTY-NET-08");
    for header in [one.await.unwrap(), two.await.unwrap()] {
        assert!(header.contains("to='example.org'") || header.contains("to=\"example.org\""), "{header}");
    }
}

#[tokio::test]
async fn a_redirect_that_names_no_host_is_told() {
    let (listener, port) = listen().await;
    let (_link, mut facts) = start(account(port), true);
    let (mut tcp, _) = listener.accept().await.unwrap();
    heard(&mut tcp, "version=").await;
    tcp.write_all(redirect("no host").as_bytes()).await.unwrap();
    assert_eq!(until_down(&mut facts).await.1.unwrap().code(), "BTY-NET-09");
}

#[tokio::test]
async fn goodbye_takes_no_longer_than_a_second_from_a_deaf_server() {
    let (listener, port) = listen().await;
    let (link, mut facts) = start(account(port), true);
    let (tcp, _) = listener.accept().await.unwrap();
    assert!(matches!(next(&mut facts).await.1, LinkFact::Dialing { .. }));
    let begun = std::time::Instant::now();
    link.closed().await;
    assert!(begun.elapsed() < Duration::from_millis(1500));
    drop(tcp);
}

#[tokio::test]
async fn a_password_is_asked_for_when_none_is_known() {
    let (_listener, port) = listen().await;
    let mut setup = account(port);
    setup.password_command.clear();
    let (link, mut facts) = start(setup, true);
    assert!(matches!(next(&mut facts).await.1, LinkFact::PasswordWanted { problem: None, .. }));
    link.send(LinkCommand::Connect);
    link.send(LinkCommand::Password { password: Secret::from("x"), keep: Keep::Memory });
    loop {
        match next(&mut facts).await.1 {
            LinkFact::Dialing { .. } => break,
            LinkFact::Down { problem: None, .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_slow_password_command_does_not_make_the_link_deaf() {
    let (_listener, port) = listen().await;
    let mut setup = account(port);
    setup.password_command = vec!["/bin/sleep".to_owned(), "30".to_owned()];
    let (link, mut facts) = start(setup, false);
    assert!(matches!(next(&mut facts).await.1, LinkFact::Dialing { .. }), "it runs beside the dialling");
    link.send(LinkCommand::Disconnect);
    let (_, problem, wait) = until_down(&mut facts).await;
    assert_eq!((problem, wait), (None, None));
    link.send(LinkCommand::Connect);
    let begun = std::time::Instant::now();
    link.closed().await;
    while facts.recv().await.is_some() {}
    assert!(begun.elapsed() < Duration::from_secs(1));
}

fn resting() -> (Link, Facts) {
    let (events, facts) = channel(256);
    // Its sender is gone: nobody commands here.
    let (_, inbox) = unbounded_channel();
    let options = LinkOptions { connect: true, resource: None, show_client: false, one_shot: false };
    let network = network(&Arc::new(Shelf::default()), NetworkSettings::default());
    (Link::new(network, setup("example.org"), options, events, inbox), facts)
}

#[tokio::test]
async fn a_computer_without_a_network_looks_for_one_every_few_seconds() {
    let (mut link, _facts) = resting();
    for _ in 0..20 {
        assert!(link.pause_after(&Problem::Offline).unwrap() <= pause::LOCAL);
    }
    let server = Problem::SilentAt { host: Line::default(), stage: Stage::Idle };
    assert!(link.pause_after(&server).unwrap() >= Duration::from_secs(48), "a server in trouble is spared");
    assert_eq!(link.pause_after(&Problem::AccountInUse), None);
}

#[tokio::test]
async fn whoever_agrees_to_a_weaker_sign_in_is_held_to_nothing_once() {
    let (mut link, _facts) = resting();
    let scram = Known { strongest: Some("SCRAM-SHA-256".to_owned()), ..Known::default() };
    link.learn(scram.clone());
    assert_eq!(link.known().await, scram);
    assert!(link.hear(LinkCommand::AcceptWeaker).is_none(), "it connects when told so");
    assert_eq!(link.known().await, Known::default());
    link.learn(scram.clone());
    assert_eq!(link.known().await, scram, "what is seen from then on holds");
}

#[tokio::test]
async fn a_password_that_did_its_work_is_kept_once() {
    let (events, mut facts) = channel(256);
    let (_commands, inbox) = unbounded_channel();
    let shelf = Arc::new(Shelf::default());
    let options = LinkOptions { connect: true, resource: None, show_client: false, one_shot: true };
    let network = network(&shelf, NetworkSettings::default());
    let mut link = Link::new(network, setup("example.org"), options, events, inbox);
    shelf.full.store(true, Ordering::Relaxed);
    link.password = Some((Secret::from("x"), Keep::File));
    link.keep_password().await;
    link.keep_password().await;
    assert!(matches!(next(&mut facts).await.1, LinkFact::Kept(Keep::Memory)));
    assert!(facts.try_recv().is_err(), "told once");
    assert_eq!(*shelf.log.lock().unwrap(), ["save password", "hold password"]);
}

#[tokio::test]
async fn what_was_learned_of_a_server_is_there_after_a_restart_but_for_those_who_leave_no_trace() {
    for (ephemeral, kept) in [(false, "save known"), (true, "hold known")] {
        let shelf = Arc::new(Shelf::default());
        let start = || {
            let (events, facts) = channel(256);
            let options = LinkOptions { connect: true, resource: None, show_client: false, one_shot: true };
            let setup = AccountSetup { ephemeral, ..setup("example.org") };
            let network = network(&shelf, NetworkSettings::default());
            (Link::new(network, setup, options, events, unbounded_channel().1), facts)
        };
        let (mut link, _facts) = start();
        assert_eq!(link.known().await, Known::default());
        let known = Known { strongest: Some("SCRAM-SHA-256".to_owned()), ..Known::default() };
        link.learn(known.clone());
        link.keep_known();
        link.learn(known.clone());
        link.known_kept().await;
        assert_eq!(link.known().await, known);
        let (mut link, _facts) = start();
        assert_eq!(link.known().await, known);
        assert_eq!(*shelf.log.lock().unwrap(), ["load known", kept, "load known"], "written once");
    }
}

#[tokio::test]
async fn the_doctor_names_the_step_that_fails_and_skips_the_rest() {
    let (listener, port) = listen().await;
    drop(listener);
    let network = network(&Arc::new(Shelf::default()), NetworkSettings::default());
    let reports = doctor(network.clone(), account(port), None).await;
    let told: Vec<_> = reports.iter().map(|report| (report.step, report.status)).collect();
    assert_eq!(
        told,
        [
            (Step::Proxy, Status::Skipped),
            (Step::Dns, Status::Ok),
            (Step::Tcp, Status::Fail),
            (Step::Tls, Status::Skipped),
            (Step::Xmpp, Status::Skipped),
            (Step::Mechanisms, Status::Skipped),
            (Step::Discovery, Status::Skipped),
            (Step::Registration, Status::Skipped),
            (Step::Token, Status::Ok),
            (Step::Session, Status::Skipped)
        ]
    );
    assert_eq!(reports[2].problem.as_ref().unwrap().code(), "BTY-NET-06");
    let only: Vec<StepReport> = doctor(network.clone(), account(port), Some(Step::Dns)).await;
    assert_eq!(only.len(), 1);
    let only: Vec<StepReport> = doctor(network, account(port), Some(Step::Xmpp)).await;
    let told: Vec<_> = only.iter().map(|report| (report.step, report.status)).collect();
    assert_eq!(told, [(Step::Tcp, Status::Fail), (Step::Xmpp, Status::Skipped)], "why it was not tried is told too");
}
