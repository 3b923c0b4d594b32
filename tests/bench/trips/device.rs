//! The screen with the code: how long after the sign-in service first answered it is up.

use super::home::Home;
use super::proxy::{Delay, Noted, relay_noting};
use butty::app::setup::{AccountSetup, TlsMode};
use butty::types::{BareJid, Proxy, Proxying};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const PROSODY: [u8; 4] = [127, 0, 0, 13];
const XMPP: u16 = 15_222;
const HTTPS: u16 = 15_281;

/// From the service's first answer, which says what it can do, to the code.
pub struct Shown {
    /// butty is not registered there yet.
    pub unknown: Duration,
    /// It is.
    pub known: Duration,
}

/// The best of each at this delay.
pub async fn best(runs: usize, delay: Delay) -> Shown {
    let mut best = Shown { unknown: Duration::MAX, known: Duration::MAX };
    for _ in 0..runs {
        let noted = Noted::default();
        let home = home(connecting_proxy(noted.clone(), delay).await);
        for took in [&mut best.unknown, &mut best.known] {
            let shown = home.until_code().await;
            *took = (*took).min(shown.duration_since(first_answer(&noted.lock().unwrap())));
        }
    }
    best
}

/// When the answer to the first request was there: the first turn of the connection is the handshake of TLS.
fn first_answer(noted: &[(Instant, bool)]) -> Instant {
    let (mut turns, mut asking, mut last) = (0, false, None);
    for (at, is_answer) in noted {
        if !is_answer && !asking {
            if turns == 2 {
                break;
            }
            turns += 1;
        }
        asking = !is_answer;
        if *is_answer {
            last = Some(*at);
        }
    }
    assert_eq!(turns, 2, "TLS, and what the service can do");
    last.expect("it answered")
}

fn home(port: u16) -> Home {
    let address = BareJid::parse("juliet@alpha.test").unwrap();
    let mut home = Home::new(AccountSetup {
        server: Some(("alpha.test".to_owned(), XMPP)),
        tls: TlsMode::StartTls,
        ca_file: Some(super::link::data().join("ca/ca.crt")),
        resolver: Some("127.0.0.53:15353".parse().unwrap()),
        ..AccountSetup::new(&address)
    });
    home.settings.proxy = Proxying::Through(Box::new(Proxy::parse(&format!("http://127.0.0.1:{port}")).unwrap()));
    home
}

/// HTTP CONNECT to Prosody's ports. What passes at the sign-in service is noted.
async fn connecting_proxy(noted: Arc<Mutex<Vec<(Instant, bool)>>>, delay: Delay) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let noted = noted.clone();
            tokio::spawn(async move {
                let (near, port) = asked_for(near).await;
                let noted = (port == HTTPS).then_some(noted);
                if let Some(noted) = &noted {
                    // One connection for each code: what ends the one before is none of it.
                    noted.lock().unwrap().clear();
                }
                relay_noting(near, SocketAddr::from((PROSODY, port)), delay, noted).await;
            });
        }
    });
    port
}

/// The port that is asked for.
async fn asked_for(mut near: TcpStream) -> (TcpStream, u16) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(near.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let target = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()).expect("CONNECT");
    let port = target.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    near.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    (near, port)
}
