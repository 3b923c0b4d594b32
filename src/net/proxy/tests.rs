//! Through proxies on loopback, honest and hostile ones.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop")]

use super::*;
use crate::app::setup::TlsMode;
use crate::net::NetworkSettings;
use crate::net::dial::{Goal, Stream};
use crate::net::http::Web;
use crate::net::testing::{Authority, PATIENCE, Shelf, network, setup};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// A proxy that answers every connection with this, and notes what it was told.
struct Stub {
    url: String,
    heard: Arc<Mutex<Vec<u8>>>,
}

/// `answers`: one after each piece that is heard; then the connection is kept open, or closed.
async fn stub(scheme: &str, answers: &'static [&'static [u8]], stays: bool) -> Stub {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("{scheme}://{}", listener.local_addr().unwrap());
    let heard = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&heard);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let notes = Arc::clone(&notes);
            tokio::spawn(async move {
                let mut piece = [0; 1024];
                for answer in answers {
                    let count = stream.read(&mut piece).await.unwrap_or(0);
                    notes.lock().unwrap().extend_from_slice(&piece[..count]);
                    let _ = stream.write_all(answer).await;
                }
                if stays {
                    while stream.read(&mut piece).await.unwrap_or(0) > 0 {}
                }
            });
        }
    });
    Stub { url, heard }
}

/// A SOCKS5 proxy that leads every name to one place.
async fn leading_to(place: SocketAddr) -> Stub {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("socks5://{}", listener.local_addr().unwrap());
    let heard = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&heard);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let notes = Arc::clone(&notes);
            tokio::spawn(async move {
                let mut start = [0; 3];
                stream.read_exact(&mut start).await.unwrap();
                stream.write_all(&[5, 0]).await.unwrap();
                let mut asked = [0; 5];
                stream.read_exact(&mut asked).await.unwrap();
                let mut rest = vec![0; usize::from(asked[4]) + 2];
                stream.read_exact(&mut rest).await.unwrap();
                notes.lock().unwrap().extend_from_slice(&rest);
                let mut onward = TcpStream::connect(place).await.unwrap();
                stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut onward).await;
            });
        }
    });
    Stub { url, heard }
}

fn through(url: &str) -> Arc<Network> {
    let proxy = Proxying::Through(Box::new(Proxy::parse(url).unwrap()));
    let settings = NetworkSettings { proxy, connect_timeout: Duration::from_secs(2), ..NetworkSettings::default() };
    network(&Arc::new(Shelf::default()), settings)
}

async fn problem_at(url: &str) -> Problem {
    match through(url).way(&setup("alpha.test"), "chat.alpha.test", 5222, true).await {
        Ok(_) => panic!("{url} opened a way"),
        Err(problem) => problem,
    }
}

#[tokio::test]
async fn every_failure_of_a_proxy_has_a_code() {
    let socks = |answers| stub("socks5", answers, true);
    let http = |answers| stub("http", answers, true);
    for (stub, code) in [
        (socks(&[&[5, 0], &[5, 2, 0, 1, 0, 0, 0, 0, 0, 0]]).await, "BTY-NET-05"),
        (http(&[b"HTTP/1.1 403 Forbidden\r\n\r\n"]).await, "BTY-NET-05"),
        (socks(&[]).await, "BTY-NET-31"),
        (http(&[b"HTTP/1.1 200 OK\r\nX: "]).await, "BTY-NET-31"),
        (socks(&[&[5, 0xff]]).await, "BTY-NET-32"),
        (http(&[b"HTTP/1.1 407 Who\r\n\r\n"]).await, "BTY-NET-32"),
        (socks(&[&[5, 0], &[5, 4, 0, 1]]).await, "BTY-NET-34"),
        (http(&[b"HTTP/1.1 502 Bad Gateway\r\n\r\n"]).await, "BTY-NET-34"),
        (socks(&[b"HTTP/1.1 400 Bad Request\r\n\r\n"]).await, "BTY-NET-35"),
        (http(&[&[5, 0]]).await, "BTY-NET-35"),
        (http(&[b"HTTP/1.1 200 OK\r\n\r\n<stream:features>"]).await, "BTY-NET-35"),
        (stub("socks5", &[&[5, 0]], false).await, "BTY-NET-35"),
        (stub("http", &[b""], false).await, "BTY-NET-35"),
    ] {
        assert_eq!(problem_at(&stub.url).await.code(), code, "{}", stub.url);
    }
    assert_eq!(problem_at("socks5://127.0.0.1:1").await.code(), "BTY-NET-30");
}

#[tokio::test]
async fn the_time_of_a_slow_command_is_not_the_proxys() {
    let proxy = stub("socks5", &[&[5, 2], &[1, 0], &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]], true).await;
    let mut named = Proxy::parse(&proxy.url.replace("://", "://anna@")).unwrap();
    named.password_command = ["sh", "-c", "sleep 2.2; echo late"].map(str::to_owned).to_vec();
    let settings = NetworkSettings {
        proxy: Proxying::Through(Box::new(named)),
        connect_timeout: Duration::from_secs(2),
        ..NetworkSettings::default()
    };
    let network = network(&Arc::new(Shelf::default()), settings);
    let server = Some(("chat.alpha.test".to_owned(), 5222));
    let setup = crate::app::setup::AccountSetup { server, tls: TlsMode::StartTls, ..setup("alpha.test") };
    let dialed = tokio::time::timeout(PATIENCE, network.dial(&setup, &Goal::Home)).await.unwrap();
    assert!(matches!(dialed.map(|dialed| dialed.stream), Ok(Stream::Plain(_))));
    assert!(String::from_utf8_lossy(&proxy.heard.lock().unwrap()).contains("late"));
}

#[tokio::test]
async fn a_command_that_takes_too_long_is_told_apart_from_one_that_prints_nothing() {
    let asked = async |script: &str, limit| {
        let command = ["sh", "-c", script].map(str::to_owned);
        sign_in::first_line_within(&command, limit).await.unwrap_err()
    };
    let brief = Duration::from_millis(20);
    assert_eq!(asked("exec sleep 1000", brief).await, Unprinted::TooSlow(brief));
    assert_eq!(asked("exit 1", COMMAND).await, Unprinted::Nothing);
    let said = |why| match no_password(why) {
        crate::types::Problem::ProxyUnknown { why } => why.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(said(Unprinted::TooSlow(COMMAND)), "proxy_password_command took longer than 120 s");
    assert_eq!(said(Unprinted::Nothing), "proxy_password_command printed nothing");
}

#[tokio::test]
async fn the_login_comes_from_a_command_and_is_asked_for_again_when_refused() {
    let proxy = stub("socks5", &[&[5, 2], &[1, 1]], true).await;
    let mut named = Proxy::parse(&proxy.url.replace("://", "://anna@")).unwrap();
    let printed = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(printed.path(), "first\n").unwrap();
    named.password_command = vec!["cat".to_owned(), printed.path().to_string_lossy().into_owned()];
    let settings = NetworkSettings { proxy: Proxying::Through(Box::new(named)), ..NetworkSettings::default() };
    let network = network(&Arc::new(Shelf::default()), settings);
    let setup = setup("alpha.test");
    let refused = network.way(&setup, "a.test", 1, true).await.err().unwrap();
    assert_eq!(refused.code(), "BTY-NET-33");
    std::fs::write(printed.path(), "second\n").unwrap();
    drop(network.way(&setup, "a.test", 1, true).await);
    let heard = proxy.heard.lock().unwrap().clone();
    let holds = |word: &[u8]| heard.windows(word.len()).any(|window| window == word);
    assert!(holds(b"\x01\x04anna\x05first") && holds(b"\x01\x04anna\x06second"), "{heard:?}");
    std::fs::write(printed.path(), "").unwrap();
    assert_eq!(network.way(&setup, "a.test", 1, true).await.err().unwrap().code(), "BTY-NET-36");
}

#[tokio::test]
async fn a_command_that_fails_for_one_has_failed_for_all_who_waited() {
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("runs");
    let script = format!("echo run >> '{}'; sleep 0.5", runs.display());
    let command = ["sh", "-c", &script].map(str::to_owned);
    let printed = Printed::default();
    let [one, two, three] = [(); 3].map(|()| printed.get(&command));
    let (one, two, three) = tokio::join!(one, two, three);
    assert!([&one, &two, &three].iter().all(|it| matches!(it, Err(Unprinted::Nothing))));
    assert_eq!(std::fs::read_to_string(&runs).unwrap(), "run\n", "once for all three");
    assert!(printed.get(&command).await.is_err());
    assert_eq!(std::fs::read_to_string(&runs).unwrap(), "run\nrun\n", "a later one asks again");
}

#[tokio::test]
async fn names_go_to_the_proxy_and_nothing_is_looked_up_here() {
    // A resolver that hears every question.
    let dns = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let ca = Authority::new();
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = server.local_addr().unwrap();
    let acceptor = ca.acceptor(&["alpha.test"], |_| {});
    tokio::spawn(async move {
        while let Ok((stream, _)) = server.accept().await {
            drop(acceptor.accept(stream).await);
        }
    });
    let proxy = leading_to(place).await;
    let network = through(&proxy.url);
    let mut setup = setup("alpha.test");
    setup.ca_pem = Some(ca.pem);
    setup.tls = TlsMode::Direct;
    let dialed = tokio::time::timeout(PATIENCE, network.dial(&setup, &Goal::Home)).await.unwrap().unwrap();
    assert!(matches!(dialed.stream, Stream::Secure(_)), "the certificate of the domain, at the end of the tunnel");
    assert_eq!(dialed.peer, None);
    assert_eq!(*proxy.heard.lock().unwrap(), b"alpha.test\x14\x67");
    // OAuth goes the same way.
    let web = Web::new(Arc::clone(&network), Arc::new(setup.clone()), false);
    let request = http_request("https://alpha.test:8443/token");
    assert!(web.fetch(request).await.is_err(), "this server speaks no HTTP");
    assert_eq!(*proxy.heard.lock().unwrap(), b"alpha.test\x14\x67alpha.test\x20\xfb");
    let mut nothing = [0; 16];
    assert!(dns.try_recv(&mut nothing).is_err());
    // Only a name server that the person chose is asked for SRV.
    assert!(network.asks_no_srv(&setup, "alpha.test").unwrap());
    setup.resolver = Some(dns.local_addr().unwrap());
    assert!(!network.asks_no_srv(&setup, "alpha.test").unwrap());
}

fn http_request(address: &str) -> crate::oauth::HttpRequest {
    let mut request = crate::oauth::HttpRequest::new(Vec::new());
    *request.uri_mut() = address.parse().unwrap();
    request
}

#[tokio::test]
async fn what_cannot_be_told_is_not_gone_around() {
    let why = Line::clean("config.toml cannot be read");
    let settings = NetworkSettings { proxy: Proxying::Unknown(why), ..NetworkSettings::default() };
    let network = network(&Arc::new(Shelf::default()), settings);
    let setup = setup("alpha.test");
    assert_eq!(network.dial(&setup, &Goal::Home).await.err().unwrap().code(), "BTY-NET-36");
    let web = Web::new(Arc::clone(&network), Arc::new(setup), true);
    assert_eq!(web.fetch(http_request("https://127.0.0.1:1/")).await.unwrap_err().code(), "BTY-NET-36");
}

#[tokio::test]
async fn ways_inward_are_refused_before_the_proxy_hears_of_them() {
    let proxy = stub("socks5", &[], true).await;
    let network = through(&proxy.url);
    for host in ["127.0.0.1", "10.0.0.1", "::1", "localhost", "a.localhost."] {
        let problem = network.way(&setup("alpha.test"), host, 443, false).await.err().unwrap();
        assert_eq!(problem.code(), "BTY-NET-10", "{host}");
    }
    assert!(proxy.heard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_spared_host_is_reached_straight() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let proxy = Proxy::parse("socks5://127.0.0.1:1").unwrap().around("127.0.0.0/8");
    let settings = NetworkSettings { proxy: Proxying::Through(Box::new(proxy)), ..NetworkSettings::default() };
    let network = network(&Arc::new(Shelf::default()), settings);
    let way = network.way(&setup("alpha.test"), "127.0.0.1", port, true).await.unwrap();
    assert_eq!(way.peer.unwrap().port(), port);
}
