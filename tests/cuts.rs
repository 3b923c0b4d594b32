//! A sign-in at the demo that is cut after so many bytes, at every one of its connections, in both directions, by FIN and
//! by RST: butty comes back by itself, and what it keeps still works.
//!
//! Every 37th byte; with `BUTTY_LONG` every one. The figures are printed. `cuts_at_prosody` does the same at a real server.

#![cfg(feature = "demo")]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may stop")]
#![allow(clippy::disallowed_methods, reason = "sign-ins live in real time")]

#[path = "cuts/gate.rs"]
mod gate;
#[path = "cuts/home.rs"]
mod home;
#[path = "cuts/sweep.rs"]
mod sweep;

use butty::app::setup::Endpoints;
use butty::demo::{Running, Switches};
use gate::Gate;
use home::Home;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use sweep::{Figures, Position, count_crashes, positions};

/// Sign-ins at a time.
const AT_ONCE: usize = 24;
/// The gates: the host that redirects, the one that lets in, and the sign-in service.
const GATES: usize = 3;
const ISSUER: usize = 2;

/// A service of its own for each row of sign-ins, and somebody who signs in there.
struct Town {
    service: Running,
    gates: [Gate; GATES],
    home: Home,
}

impl Town {
    async fn open(switches: Switches) -> Self {
        let service = butty::demo::start(switches).await.unwrap();
        let (device, token, revocation) = service.endpoints();
        let real = url::Url::parse(&token).unwrap().port().unwrap();
        let issuer = Gate::to(SocketAddr::from(([127, 0, 0, 1], real))).await;
        let (first, second) = Gate::pair(service.server()).await;
        let through = |address: String| address.replace(&format!(":{real}/"), &format!(":{}/", issuer.port));
        let mut setup = butty::config::setup_for(service.address(), "messenger").unwrap();
        setup.oauth.endpoints = Some(Endpoints {
            device: through(device),
            token: through(token),
            revocation: Some(through(revocation)),
            device_response_type: true,
            ..Endpoints::default()
        });
        setup.oauth.client_id = Some(service.client_id().to_owned());
        setup.oauth.allow_local_page = true;
        setup.ca_pem = Some(service.ca_pem().to_owned());
        setup.resolver = Some(service.resolver());
        setup.server = Some(("127.0.0.1".to_owned(), first.port));
        Self { service, gates: [first, second, issuer], home: Home::new(setup) }
    }

    /// A person who says yes at once, and a service that redirects every time.
    fn switches() -> Switches {
        Switches { fast: true, redirect_always: true, answered: Some(true), ..Switches::default() }
    }

    async fn sign_in(&self) -> Result<String, String> {
        self.home.sign_in(async |_| {}).await
    }

    /// Bytes of the first connection through each gate.
    fn lengths(&self) -> Vec<[usize; 2]> {
        self.gates.iter().map(|gate| gate.passed().first().copied().unwrap_or_default()).collect()
    }

    fn arm(&self, position: Option<Position>) {
        for (number, gate) in self.gates.iter().enumerate() {
            gate.arm(position.filter(|position| position.gate == number).map(|position| position.cut));
        }
    }
}


#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kept_sign_in_at_the_demo_survives_every_cut() {
    count_crashes();
    let town = Town::open(Town::switches()).await;
    town.sign_in().await.unwrap();
    town.home.ends_in(Duration::ZERO);
    town.arm(None);
    let begun = std::time::Instant::now();
    assert_eq!(town.home.visit().await.unwrap().trim(), "X-MESSENGER-OAUTH2");
    println!("one visit: {:?}", begun.elapsed());
    let lengths = town.lengths();
    let list = Arc::new(positions(&lengths));
    let (figures, next) = (Arc::new(Figures::default()), Arc::new(AtomicUsize::new(0)));
    let rows: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let (list, figures, next) = (Arc::clone(&list), Arc::clone(&figures), Arc::clone(&next));
            tokio::spawn(async move {
                let town = Town::open(Town::switches()).await;
                town.sign_in().await.unwrap();
                while let Some(&position) = list.get(next.fetch_add(1, Ordering::Relaxed)) {
                    town.home.ends_in(Duration::ZERO);
                    town.arm(Some(position));
                    let outcome = town.home.visit().await;
                    let cut = town.gates[position.gate].has_cut();
                    town.arm(None);
                    town.home.ends_in(Duration::ZERO);
                    let outcome = match outcome {
                        Ok(_) => town.home.visit().await.map(drop).map_err(|fault| format!("the next time: {fault}")),
                        Err(fault) => Err(fault),
                    };
                    if outcome.is_err() {
                        town.sign_in().await.unwrap();
                    }
                    figures.note(position, cut, outcome);
                }
            })
        })
        .collect();
    for row in rows {
        row.await.unwrap();
    }
    figures.close("demo, kept sign-in, refresh and redirect", &lengths);
    println!("{:?}", begun.elapsed());
}
