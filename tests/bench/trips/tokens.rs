//! Somebody whose token has ended: the refresh runs beside the way to the server.

use super::home::Home;
use super::link::{answer, data};
use super::proxy::{Delay, Proxy};
use butty::app::setup::{AccountSetup, TlsMode};
use butty::types::BareJid;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The server and its sign-in service.
const PROSODY: [u8; 4] = [127, 0, 0, 13];
const XMPP: u16 = 15_222;
const HTTPS: u16 = 15_281;

/// The best of each at this delay.
pub struct Took {
    /// From nothing to a usable session, with a token that still lives.
    pub living: Duration,
    /// The same with one that has ended.
    pub refreshed: Duration,
}

/// One sign-in by a code, and visits by what it left: to a server that is known by now, without its own token.
pub async fn best(runs: usize, delay: Delay) -> Took {
    let server = Proxy::start_at(PROSODY, SocketAddr::from((PROSODY, XMPP)), delay).await;
    let issuer = Proxy::start_at(PROSODY, SocketAddr::from((PROSODY, HTTPS)), delay).await;
    let address = BareJid::parse("juliet@alpha.test").unwrap();
    let home = Home::new(AccountSetup {
        server: Some(("127.0.0.13".to_owned(), server.port)),
        tls: TlsMode::StartTls,
        ca_file: Some(data().join("ca/ca.crt")),
        resolver: Some("127.0.0.53:15353".parse().unwrap()),
        ..AccountSetup::new(&address)
    });
    let bound = Arc::new(Mutex::new(None));
    let noted = Arc::clone(&bound);
    home.when_bound(move || *noted.lock().unwrap() = Some(Instant::now()));
    home.sign_in(|page| async move { tokio::task::spawn_blocking(move || answer(&page, false)).await.unwrap() })
        .await
        .unwrap();
    home.fetch_at(issuer.port);
    // From its second visit on it knows the server.
    home.visit().await.unwrap();
    let (mut living, mut refreshed) = (Duration::MAX, Duration::MAX);
    for _ in 0..runs {
        for (took, left) in [(&mut living, Duration::from_secs(900)), (&mut refreshed, Duration::ZERO)] {
            home.forget_fast();
            home.ends_in(left);
            let begun = Instant::now();
            home.visit().await.unwrap();
            *took = (*took).min(bound.lock().unwrap().take().expect("bound").duration_since(begun));
        }
    }
    Took { living, refreshed }
}
