//! Each step that fails is named, with why. Servers are a few lines that say the same to everybody.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop")]

use super::*;
use crate::app::setup::{Endpoints, TlsMode};
use crate::net::NetworkSettings;
use crate::net::resolve::tests::name_server;
use crate::net::testing::{Authority, Shelf, network, setup};
use crate::xmpp::CredentialKind;
use base64::Engine;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
    xmlns:stream='http://etherx.jabber.org/streams' id='1' from='example.org' version='1.0'>";
const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";

/// What a server says, each text after it heard this.
type Script = Vec<(&'static str, String)>;

async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// Recites to whoever comes, inside TLS where it has a certificate.
fn serve(listener: TcpListener, acceptor: Option<TlsAcceptor>, script: Script) {
    tokio::spawn(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            let (acceptor, script) = (acceptor.clone(), script.clone());
            tokio::spawn(async move {
                match acceptor {
                    None => recite(tcp, &script).await,
                    Some(acceptor) => {
                        if let Ok(tls) = acceptor.accept(tcp).await {
                            recite(tls, &script).await;
                        }
                    }
                }
            });
        }
    });
}

/// Whoever has nothing to say hangs up; otherwise the other side does, in the end.
async fn recite(mut io: impl AsyncRead + AsyncWrite + Unpin, script: &Script) {
    let (mut heard, mut piece) = (String::new(), [0; 1024]);
    for (end, says) in script.iter().map(|(end, says)| (*end, says.as_str())).chain([("\u{0}", "")]) {
        while !heard.contains(end) {
            match io.read(&mut piece).await {
                Ok(count @ 1..) => heard.push_str(&String::from_utf8_lossy(&piece[..count])),
                _ => return,
            }
        }
        heard.clear();
        if says.is_empty() || io.write_all(says.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// A server's greeting with these mechanisms.
fn offers(mechanism: &str) -> (&'static str, String) {
    let list = format!("<mechanisms xmlns='{SASL}'><mechanism>{mechanism}</mechanism></mechanisms>");
    ("version=", format!("{HEADER}<stream:features>{list}</stream:features>"))
}

/// The metadata of an issuer that registers nobody, as an answer of a web server.
fn metadata(base: &str) -> Script {
    let body = format!(
        r#"{{"issuer":"{base}","token_endpoint":"{base}/token","device_authorization_endpoint":"{base}/device"}}"#
    );
    vec![("\r\n\r\n", format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()))]
}

/// A sign-in service on this computer; gives its issuer.
async fn issuer(ca: &Authority) -> String {
    let (listener, port) = listen().await;
    let base = format!("https://127.0.0.1:{port}");
    serve(listener, Some(ca.acceptor(&["127.0.0.1"], |_| {})), metadata(&base));
    base
}

fn with_password(port: u16, ca: &Authority) -> AccountSetup {
    AccountSetup {
        server: Some(("127.0.0.1".to_owned(), port)),
        ca_pem: Some(ca.pem.clone()),
        credential: Some(CredentialKind::Password),
        password_command: vec!["/bin/echo".to_owned(), "pw-juliet".to_owned()],
        ..setup("example.org")
    }
}

fn quiet() -> Arc<Network> {
    network(&Arc::new(Shelf::default()), NetworkSettings::default())
}

/// The steps that failed, with their codes. What stands on them was not tried.
async fn failures(setup: AccountSetup, only: Option<Step>) -> Vec<(Step, &'static str)> {
    let reports = doctor(quiet(), setup.clone(), only).await;
    let failed: Vec<&StepReport> = reports.iter().filter(|report| report.status == Status::Fail).collect();
    for report in &reports {
        let barred = failed.iter().any(|failed| stands_on(report.step, failed.step, &setup));
        assert!(!barred || report.is_barred(), "{report:?} hangs on {failed:?}");
    }
    failed.iter().map(|report| (report.step, report.problem.as_ref().unwrap().code())).collect()
}

#[tokio::test]
async fn a_name_that_leads_nowhere_is_a_matter_of_dns() {
    let server = name_server().await;
    for (domain, code) in [("nothing.test", "BTY-NET-02"), ("none.test", "BTY-NET-07"), ("broken.test", "BTY-NET-11")] {
        let account = AccountSetup { resolver: Some(server), ..setup(domain) };
        assert_eq!(failures(account, Some(Step::Session)).await[0], (Step::Dns, code), "{domain}");
    }
    // It has an address, at which nobody answers.
    let account = AccountSetup { resolver: Some(server), ..setup("alpha.test") };
    assert_eq!(failures(account, Some(Step::Xmpp)).await, [(Step::Tcp, "BTY-NET-06")]);
}

#[tokio::test]
async fn a_server_that_fails_is_told_by_the_step_at_which_it_does() {
    let ca = Authority::new();
    let unknown = "<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>";
    let refused = |why: &str| ("</auth>", format!("<failure xmlns='{SASL}'><{why}/></failure>"));
    let says = |text: String| vec![("version=", text)];
    let junk = "HTTP/1.1 400 Bad Request\r\n\r\n<html>".to_owned();
    let ours = Some("example.org");
    for (certificate, script, step, code) in [
        (Some("other.example"), vec![], Step::Tls, "BTY-TLS-01"),
        (None, vec![offers("PLAIN")], Step::Tls, "BTY-TLS-03"),
        (ours, says(String::new()), Step::Xmpp, "BTY-NET-13"),
        (ours, says(HEADER.to_owned() + unknown), Step::Xmpp, "BTY-XMPP-03"),
        (ours, says(junk), Step::Xmpp, "BTY-XMPP-01"),
        (ours, vec![offers("X-HANDSHAKE")], Step::Mechanisms, "BTY-AUTH-10"),
        (ours, vec![offers("OAUTHBEARER"), refused("not-authorized")], Step::Mechanisms, "BTY-AUTH-10"),
        (ours, vec![offers("PLAIN"), refused("not-authorized")], Step::Session, "BTY-AUTH-05"),
        (ours, vec![offers("PLAIN"), refused("account-disabled")], Step::Session, "BTY-AUTH-15"),
        (ours, vec![offers("PLAIN"), ("</auth>", String::new())], Step::Session, "BTY-NET-17"),
    ] {
        let (listener, port) = listen().await;
        let tls = if certificate.is_some() { TlsMode::Direct } else { TlsMode::StartTls };
        let shown = format!("{certificate:?} {script:?}");
        serve(listener, certificate.map(|name| ca.acceptor(&[name], |_| {})), script);
        let account = AccountSetup { tls, ..with_password(port, &ca) };
        assert_eq!(failures(account, None).await, [(step, code)], "{shown}");
    }
}

#[tokio::test]
async fn who_cannot_be_registered_is_told_before_a_sign_in() {
    let ca = Authority::new();
    let mut account = AccountSetup { ca_pem: Some(ca.pem.clone()), ..setup("example.org") };
    account.oauth.issuer = Some(issuer(&ca).await);
    let unknown = [(Step::Registration, "BTY-AUTH-18")];
    assert_eq!(failures(account.clone(), Some(Step::Registration)).await, unknown, "an issuer that was found");
    let token = "https://id.example.org/token".to_owned();
    account.oauth.endpoints = Some(Endpoints { token, ..Endpoints::default() });
    assert_eq!(failures(account.clone(), Some(Step::Registration)).await, unknown, "the addresses of a profile");
    account.oauth.client_id = Some("butty".to_owned());
    assert_eq!(failures(account, Some(Step::Registration)).await, []);
}

#[tokio::test]
async fn an_issuer_where_nobody_answers_is_a_matter_of_discovery() {
    let (listener, port) = listen().await;
    drop(listener);
    let mut account = setup("example.org");
    account.oauth.issuer = Some(format!("https://127.0.0.1:{port}"));
    assert_eq!(failures(account, Some(Step::Registration)).await, [(Step::Discovery, "BTY-NET-06")]);
}

#[tokio::test]
async fn a_private_server_may_name_a_private_issuer_and_a_public_one_may_not() {
    let ca = Authority::new();
    let issuer = issuer(&ca).await;
    let document = format!("{issuer}/.well-known/oauth-authorization-server");
    let refusal = format!(r#"{{"status":"invalid_token","openid-configuration":"{document}"}}"#);
    let challenge = base64::prelude::BASE64_STANDARD.encode(refusal);
    let asked = ("</auth>", format!("<challenge xmlns='{SASL}'>{challenge}</challenge>"));
    let refused = ("</response>", format!("<failure xmlns='{SASL}'><not-authorized/></failure>"));
    let (listener, port) = listen().await;
    let script = vec![offers("OAUTHBEARER"), asked, refused];
    serve(listener, Some(ca.acceptor(&["example.org"], |_| {})), script);
    // By a name: that it is a private one is known from the connection alone.
    let server = Some(("localhost".to_owned(), port));
    let ca_pem = Some(ca.pem.clone());
    let account = AccountSetup { server, ca_pem, tls: TlsMode::Direct, ..setup("example.org") };
    let reports = doctor(quiet(), account.clone(), Some(Step::Discovery)).await;
    let told: Vec<_> = reports.iter().map(|report| (report.step, report.status)).collect();
    assert_eq!(told, [(Step::Discovery, Status::Ok)], "{reports:?}");

    for (peer, code) in [("192.168.1.7", None), ("203.0.113.7", Some("BTY-NET-10"))] {
        let found = Found { peer: peer.parse().ok(), metadata: Some(document.clone()), ..Found::default() };
        let mut visit = Visit { network: quiet(), setup: Arc::new(account.clone()), found };
        let report = visit.walk(Step::Discovery).await;
        assert_eq!(report.problem.map(|problem| problem.code()), code, "{peer}");
    }
}
