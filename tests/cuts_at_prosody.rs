//! Sign-ins at Prosody 13 that are cut after so many bytes: like `cuts`, at a real server (`tests/servers/up`).
//!
//! `BUTTY_PEERS` names the folder of the running servers.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may stop")]
#![allow(clippy::disallowed_methods, reason = "sign-ins live in real time")]

#[path = "cuts/gate.rs"]
mod gate;
#[path = "cuts/home.rs"]
mod home;
#[path = "harness/peers.rs"]
#[allow(dead_code, reason = "shared with other targets")]
mod peers;
#[path = "cuts/sweep.rs"]
mod sweep;

use butty::app::setup::{AccountSetup, TlsMode};
use butty::oauth::{Vault, VaultKey};
use butty::types::{BareJid, Secret};
use butty::xmpp::CredentialKind;
use gate::Gate;
use home::Home;
use peers::Peers;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Once;
use std::time::Duration;
use sweep::{Position, World, sweep};

/// Sign-ins at a time. Each is an account of its own: sessions that were cut are kept for a while.
const ROWS: usize = 8;
/// The gates: XMPP and the sign-in service.
const XMPP: usize = 0;
const ISSUER: usize = 1;

fn name(row: usize) -> String {
    format!("cut{row}")
}

/// The accounts of all rows.
fn people() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let peers = Peers::find();
        let mut fill = Command::new(PathBuf::from(peers.get("SCRIPTS")).join("prosody"));
        fill.args(["13", "fill", peers.get("DATA"), "people", "alpha.test"]).args((0..=ROWS).map(name));
        let done = fill.output().unwrap();
        assert!(done.status.success(), "{done:?}");
    });
}

async fn at(row: usize, tls: TlsMode) -> (Gate, Home) {
    tokio::task::spawn_blocking(people).await.unwrap();
    let peers = Peers::find();
    let address = peers.get(if tls == TlsMode::Direct { "PROSODY13_TLS" } else { "PROSODY13" });
    let gate = Gate::to(address.parse().unwrap()).await;
    let address = BareJid::parse(&format!("{}@alpha.test", name(row))).unwrap();
    let setup = AccountSetup {
        server: Some(("127.0.0.13".to_owned(), gate.port)),
        tls,
        ca_file: Some(peers.get("CA").into()),
        resolver: Some(peers.get("RESOLVER").parse().unwrap()),
        ..AccountSetup::new(&address)
    };
    (gate, Home::new(setup))
}

/// Somebody whose password is kept.
struct Password {
    gates: [Gate; 1],
    home: Home,
}

impl Password {
    async fn open(row: usize, tls: TlsMode) -> Self {
        let (gate, mut home) = at(row, tls).await;
        home.setup.credential = Some(CredentialKind::Password);
        let key = VaultKey::Password { account: home.setup.id.as_str().to_owned() };
        home.vault().save(&key, &Secret::new(format!("pw-{}", name(row))), true).unwrap();
        Self { gates: [gate], home }
    }
}

/// STARTTLS and SCRAM, with nothing known of the server but what this installation is called there.
struct Scram(Password);

impl World for Scram {
    async fn open(row: usize) -> Self {
        let scram = Self(Password::open(row, TlsMode::StartTls).await);
        scram.begin_anew().await;
        scram
    }
    fn home(&self) -> &Home {
        &self.0.home
    }
    fn gates(&self) -> &[Gate] {
        &self.0.gates
    }
    fn prepare(&self) {
        self.0.home.forget_server();
    }
    fn prepare_proof(&self) {}
    async fn begin_anew(&self) {
        self.0.home.visit().await.unwrap();
    }
}

/// Direct TLS and the server's own token, said ahead (SASL2, FAST): the short way.
struct Fast(Password);

impl World for Fast {
    async fn open(row: usize) -> Self {
        let fast = Self(Password::open(row, TlsMode::Direct).await);
        fast.begin_anew().await;
        fast
    }
    fn home(&self) -> &Home {
        &self.0.home
    }
    fn gates(&self) -> &[Gate] {
        &self.0.gates
    }
    fn prepare(&self) {}
    fn prepare_proof(&self) {}
    async fn begin_anew(&self) {
        self.0.home.visit().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_by_scram_survives_every_cut() {
    let mechanism = sweep::<Scram>("Prosody 13, STARTTLS, first sight", ROWS).await;
    assert_eq!(mechanism, "SCRAM-SHA-1-PLUS");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_sign_in_survives_every_cut() {
    let mechanism = sweep::<Fast>("Prosody 13, direct TLS, FAST", ROWS).await;
    assert_eq!(mechanism, "HT-SHA-256-EXPR");
}
