//! A sign-in at the demo that is cut after so many bytes, at every one of its connections, in both directions, by FIN and
//! by RST: butty comes back by itself, and what it keeps still works.
//!
//! Every 37th byte; with `BUTTY_LONG` every one. The figures are printed. `cuts_at_prosody` does the same at a real server.

#![cfg(all(unix, feature = "demo"))]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may stop")]
#![allow(clippy::disallowed_methods, reason = "sign-ins live in real time")]

#[path = "harness/command.rs"]
#[allow(dead_code, reason = "the harness is shared")]
mod command;
#[path = "cuts/gate.rs"]
#[allow(dead_code, reason = "shared with the other target")]
mod gate;
#[path = "cuts/home.rs"]
#[allow(dead_code, reason = "shared with the other target")]
mod home;
#[path = "cuts/program.rs"]
mod program;
#[path = "cuts/sweep.rs"]
mod sweep;
#[path = "harness/terminal.rs"]
#[allow(dead_code, reason = "the harness is shared")]
mod terminal;
#[path = "rows/town.rs"]
#[allow(dead_code, reason = "the harness is shared")]
mod town;

use butty::app::setup::Endpoints;
use butty::demo::{Running, Switches};
use butty::types::Problem;
use gate::Gate;
use home::Home;
use std::net::SocketAddr;
use std::time::Duration;
use sweep::{Proof, World, is_long, sweep};

/// Sign-ins at a time.
const AT_ONCE: usize = 24;
/// The gates: the host that redirects, the one that lets in, and the sign-in service.
const GATES: usize = 3;
const ISSUER: usize = 2;

/// A service of its own for each row of sign-ins, and somebody who signs in there.
struct Place {
    _service: Running,
    gates: [Gate; GATES],
    home: Home,
}

impl Place {
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
        Self { _service: service, gates: [first, second, issuer], home: Home::new(setup) }
    }

    /// A person who says yes at once, and a service that redirects every time.
    fn switches() -> Switches {
        Switches { fast: true, redirect_always: true, answered: Some(true), ..Switches::default() }
    }
}

/// The access token on disk has long been dead: a refresh comes first. The service takes the last refresh token once
/// more as long as nothing that it gave for it was used: an answer may get lost.
struct Kept(Place);

impl World for Kept {
    async fn open(_: usize) -> Self {
        let kept = Self(Place::open(Place::switches()).await);
        kept.begin_anew().await;
        kept
    }
    fn home(&self) -> &Home {
        &self.0.home
    }
    fn gates(&self) -> &[Gate] {
        &self.0.gates
    }
    fn prepare(&self) {
        self.0.home.ends_in(Duration::ZERO);
    }
    async fn prove(&self) -> Result<Proof, String> {
        self.0.home.ends_in(Duration::ZERO);
        self.0.home.visit().await.map(|_| Proof::Works)
    }
    async fn begin_anew(&self) {
        self.0.home.sign_in(|_| async {}).await.unwrap();
    }
}

/// A service without mercy: a spent refresh token that comes again ends everything. What is left of the access token lives
/// for some seconds. Where the answer with the new refresh token is cut no client can have it; butty owes a sign-in all
/// the same, by what is left, and not one lost token elsewhere.
struct Merciless(Place);

impl World for Merciless {
    async fn open(_: usize) -> Self {
        let switches = Switches { forgives_lost_answers: false, ..Place::switches() };
        let merciless = Self(Place::open(switches).await);
        merciless.begin_anew().await;
        merciless
    }
    fn home(&self) -> &Home {
        &self.0.home
    }
    fn gates(&self) -> &[Gate] {
        &self.0.gates
    }
    fn prepare(&self) {
        self.0.home.ends_in(Duration::from_secs(50));
    }
    async fn prove(&self) -> Result<Proof, String> {
        match self.0.home.refresh().await {
            Ok(()) => self.0.home.visit().await.map(|_| Proof::Works),
            Err(Problem::SignInExpired { .. }) => Ok(Proof::Spent),
            Err(problem) => Err(format!("no new token: {problem:?}")),
        }
    }
    async fn begin_anew(&self) {
        self.0.home.sign_in(|_| async {}).await.unwrap();
    }
    fn is_swept(&self, gate: usize) -> bool {
        gate == ISSUER
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merciless_service_takes_no_more_than_what_it_answered_in_vain() {
    let mechanism = sweep::<Merciless>("demo without mercy, refresh", AT_ONCE).await;
    assert_eq!(mechanism, "X-MESSENGER-OAUTH2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kept_sign_in_at_the_demo_survives_every_cut() {
    let mechanism = sweep::<Kept>("demo, refresh and redirect", AT_ONCE).await;
    assert_eq!(mechanism, "X-MESSENGER-OAUTH2");
}

/// The first sign-in of all, by a code that a person says yes to. The code and the token come through one connection.
struct First(Place);

impl World for First {
    async fn open(_: usize) -> Self {
        Self(Place::open(Place::switches()).await)
    }
    fn home(&self) -> &Home {
        &self.0.home
    }
    fn gates(&self) -> &[Gate] {
        &self.0.gates
    }
    fn prepare(&self) {
        self.0.home.wipe();
    }
    async fn prove(&self) -> Result<Proof, String> {
        self.0.home.ends_in(Duration::ZERO);
        self.0.home.visit().await.map(|_| Proof::Works)
    }
    async fn begin_anew(&self) {}
    async fn sign_in(&self) -> Result<String, String> {
        self.0.home.sign_in(|_| async {}).await
    }
    fn is_swept(&self, gate: usize) -> bool {
        gate == ISSUER || is_long()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_sign_in_at_the_demo_survives_every_cut() {
    let mechanism = sweep::<First>("demo, first sign-in by a code", AT_ONCE).await;
    assert_eq!(mechanism, "X-MESSENGER-OAUTH2");
}
