//! Signing out everywhere, with somebody who cannot wait and a server that takes its time.

use super::again::{heard_in, let_in};
use super::*;
use crate::xmpp::Elsewhere;
use tokio_rustls::server::TlsStream;

/// Signed in at a server that tells of these clients, none of which is connected.
async fn asked_for_clients(listener: &TcpListener, ca: &Authority, clients: &[&str]) -> TlsStream<TcpStream> {
    let (tcp, _) = listener.accept().await.unwrap();
    let mut tls = ca.acceptor(&["example.org"], |_| {}).accept(tcp).await.unwrap();
    let_in(&mut tls).await;
    let id = asked(&mut tls, "<list xmlns='urn:xmpp:cam:0'/>").await;
    let clients = clients.iter().map(|client| format!("<client id='{client}'/>")).collect::<Vec<_>>().concat();
    let answer = format!("<iq type='result' id='{id}'><clients xmlns='urn:xmpp:cam:0'>{clients}</clients></iq>");
    tls.write_all(answer.as_bytes()).await.unwrap();
    tls
}

/// The id of the question that ends so.
async fn asked(tls: &mut TlsStream<TcpStream>, question: &str) -> String {
    let said = heard_in(tls, &format!("{question}</iq>")).await;
    let (_, iq) = said.rsplit_once("<iq").unwrap();
    iq.split_once("id='").and_then(|(_, rest)| rest.split_once('\'')).unwrap().0.to_owned()
}

async fn revoked(tls: &mut TlsStream<TcpStream>, client: &str) {
    let id = asked(tls, &format!("<revoke xmlns='urn:xmpp:cam:0' id='{client}'/>")).await;
    tls.write_all(format!("<iq type='result' id='{id}'/>").as_bytes()).await.unwrap();
}

fn options() -> LinkOptions {
    LinkOptions { connect: false, resource: None, show_client: false, one_shot: true }
}

#[tokio::test]
async fn what_was_done_by_the_end_of_the_time_is_told() {
    let ca = Authority::new();
    let wanted = Elsewhere::Asked { ended: 1, by_password: 0, left: 2 };
    // Shorter than the session's own patience; where the way there takes longer, once more with more time.
    for limit in [2, 8, 16].map(Duration::from_secs) {
        let (listener, port) = listen().await;
        let setup = AccountSetup { tls: TlsMode::Direct, ca_pem: Some(ca.pem.clone()), ..account(port) };
        let ((events, _facts), (_mind, inbox)) = (channel(256), unbounded_channel());
        let network = network(&Arc::new(Shelf::default()), NetworkSettings::default());
        let mut link = Link::new(network, setup, options(), events, inbox);
        let (heard, listener, ca) = (tokio::sync::Notify::new(), &listener, &ca);
        let server = async {
            let mut tls = asked_for_clients(listener, ca, &["phone", "desk", "tablet"]).await;
            revoked(&mut tls, "phone").await;
            heard.notify_one();
            std::future::pending::<()>().await;
        };
        let told = tokio::select! {
            told = link.dismiss_others(limit) => told,
            () = server => unreachable!("it waits for the end"),
        };
        let in_time = tokio::time::timeout(Duration::ZERO, heard.notified()).await.is_ok();
        if in_time || limit == Duration::from_secs(16) {
            return assert_eq!(told, wanted);
        }
    }
}

#[tokio::test]
async fn what_is_wished_for_during_a_sign_out_disturbs_nothing_and_comes_next() {
    let (listener, port) = listen().await;
    let ca = Authority::new();
    let setup = AccountSetup { tls: TlsMode::Direct, ca_pem: Some(ca.pem.clone()), ..account(port) };
    let (events, mut facts) = channel(256);
    let network = network(&Arc::new(Shelf::default()), NetworkSettings::default());
    let link = start_link(&network, setup, options(), events);
    link.send(LinkCommand::SignOut { everywhere: true });
    let mut tls = asked_for_clients(&listener, &ca, &["phone"]).await;
    for command in [LinkCommand::Disconnect, LinkCommand::SignOut { everywhere: false }, LinkCommand::Connect] {
        link.send(command);
    }
    // They are heard while the answer is waited for.
    tokio::time::sleep(Duration::from_millis(50)).await;
    revoked(&mut tls, "phone").await;
    let mut told = Vec::new();
    while told.len() < 2 {
        if let LinkFact::SignedOut { elsewhere, .. } = next(&mut facts).await.1 {
            told.push(elsewhere);
        }
    }
    assert_eq!(told, [Some(Elsewhere::Asked { ended: 1, by_password: 0, left: 0 }), None], "each is answered");
    while !matches!(next(&mut facts).await.1, LinkFact::Dialing { .. }) {}
    drop(tls);
}

#[tokio::test]
async fn a_sign_out_is_carried_out_though_the_handle_is_let_go() {
    let (listener, port) = listen().await;
    let ca = Authority::new();
    let setup = AccountSetup { tls: TlsMode::Direct, ca_pem: Some(ca.pem.clone()), ..account(port) };
    let shelf = Arc::new(Shelf::default());
    let password = crate::net::sign_in::password_key(&setup);
    shelf.put(&password, "pw-juliet");
    let (events, _facts) = channel(256);
    let network = network(&shelf, NetworkSettings::default());
    let link = start_link(&network, setup, LinkOptions { connect: true, ..options() }, events);
    let (tcp, _) = listener.accept().await.unwrap();
    let mut tls = ca.acceptor(&["example.org"], |_| {}).accept(tcp).await.unwrap();
    let_in(&mut tls).await;
    link.send(LinkCommand::SignOut { everywhere: true });
    let begun = std::time::Instant::now();
    drop(link);
    let forgotten = async {
        while shelf.has(&password) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, forgotten).await.unwrap();
    assert!(network.refreshes_done(PATIENCE).await);
    assert!(begun.elapsed() < PATIENCE, "and nobody is waited for, who would be for longer");
}
