//! Sign-ins at Prosody 13 that are cut after so many bytes: like `cuts`, at a real server (`tests/servers/up`).
//!
//! `BUTTY_PEERS` names the folder of the running servers.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may stop")]
#![allow(clippy::disallowed_methods, reason = "sign-ins live in real time")]

#[path = "cuts/gate.rs"]
#[allow(dead_code, reason = "shared with the other target")]
mod gate;
#[path = "cuts/home.rs"]
#[allow(dead_code, reason = "shared with a bench")]
mod home;
#[path = "harness/peers.rs"]
#[allow(dead_code, reason = "shared with other targets")]
mod peers;
#[path = "cuts/sweep.rs"]
mod sweep;

use butty::app::setup::{AccountSetup, TlsMode};
use butty::oauth::{Vault, VaultKey};
use butty::types::{BareJid, Problem, Proxy, Proxying, Secret};
use butty::xmpp::CredentialKind;
use gate::Gate;
use home::Home;
use peers::Peers;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, Once, OnceLock};
use std::time::Duration;
use sweep::{Position, Proof, World, is_long, sweep};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Sign-ins at a time. Each is an account of its own: sessions that were cut are kept for a while.
const ROWS: usize = 16;
/// The same where most of the time is waiting: for the second question after a lost answer, and for the pace of Prosody,
/// which wants to be asked for a code's answer every five seconds.
const ROWS_OF_WAITING: usize = 64;
/// The gate of the sign-in service, where there are more than one.
const ISSUER: usize = 2;

fn name(row: usize) -> String {
    format!("cut{row}")
}

/// The accounts of all rows.
fn people() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let peers = Peers::find();
        for host in ["alpha.test", "beta.test"] {
            let mut fill = Command::new(PathBuf::from(peers.get("SCRIPTS")).join("prosody"));
            fill.args(["13", "fill", peers.get("DATA"), "people", host]).args((0..=ROWS_OF_WAITING).map(name));
            let done = fill.output().unwrap();
            assert!(done.status.success(), "{done:?}");
        }
    });
}

async fn at(host: &str, row: usize, tls: TlsMode) -> (Gate, Home) {
    tokio::task::spawn_blocking(people).await.unwrap();
    let peers = Peers::find();
    let address = peers.get(if tls == TlsMode::Direct { "PROSODY13_TLS" } else { "PROSODY13" });
    let gate = Gate::to(address.parse().unwrap()).await;
    let address = BareJid::parse(&format!("{}@{host}", name(row))).unwrap();
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
    async fn open(host: &str, row: usize, tls: TlsMode) -> Self {
        let (gate, mut home) = at(host, row, tls).await;
        home.setup.credential = Some(CredentialKind::Password);
        let key = VaultKey::Password { account: home.setup.id.as_str().to_owned() };
        home.vault().save(&key, &Secret::new(format!("pw-{}", name(row))), true).unwrap();
        Self { gates: [gate], home }
    }
}

/// The server's own token was not lost: nothing else was shown.
fn by_fast(mechanism: Result<String, String>) -> Result<Proof, String> {
    match mechanism? {
        mechanism if mechanism.starts_with("HT-SHA-256-") => Ok(Proof::Works),
        mechanism => Err(format!("by {mechanism}")),
    }
}

/// STARTTLS and SCRAM, with nothing known of the server but what this installation is called there.
struct Scram(Password);

impl World for Scram {
    async fn open(row: usize) -> Self {
        let scram = Self(Password::open("beta.test", row, TlsMode::StartTls).await);
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
    async fn prove(&self) -> Result<Proof, String> {
        by_fast(self.home().visit().await)
    }
    async fn begin_anew(&self) {
        self.0.home.visit().await.unwrap();
    }
}

/// Direct TLS and the server's own token, said ahead (SASL2, FAST): the short way.
struct Fast(Password);

impl World for Fast {
    async fn open(row: usize) -> Self {
        let fast = Self(Password::open("alpha.test", row, TlsMode::Direct).await);
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
    async fn prove(&self) -> Result<Proof, String> {
        by_fast(self.home().visit().await)
    }
    async fn begin_anew(&self) {
        self.0.home.visit().await.unwrap();
    }
}

/// A session that lost its connection is taken up again (XEP-0198), along with the short sign-in. That is what is cut.
struct TakenUp {
    of: Password,
    position: Mutex<Option<Position>>,
}

impl World for TakenUp {
    async fn open(row: usize) -> Self {
        let of = Password::open("alpha.test", row, TlsMode::Direct).await;
        let taken_up = Self { of, position: Mutex::default() };
        taken_up.begin_anew().await;
        taken_up
    }
    fn home(&self) -> &Home {
        &self.of.home
    }
    fn gates(&self) -> &[Gate] {
        &self.of.gates
    }
    fn prepare(&self) {}
    fn arm(&self, position: Option<Position>) {
        *self.position.lock().unwrap() = position;
    }
    async fn sign_in(&self) -> Result<String, String> {
        let gate = &self.of.gates[0];
        gate.arm(None);
        let lose = || {
            gate.arm(self.position.lock().unwrap().map(|position| position.cut));
            gate.end_all();
        };
        self.of.home.come_back(lose).await
    }
    async fn prove(&self) -> Result<Proof, String> {
        by_fast(self.of.home.visit().await)
    }
    async fn begin_anew(&self) {
        self.of.home.visit().await.unwrap();
    }
}

/// Where the people at the browsers are asked. They end with this process.
fn people_at_browsers() -> u16 {
    static PORT: OnceLock<(u16, Child)> = OnceLock::new();
    let start = || {
        let mut robot = Peers::find().python("robot.py");
        let mut robot = robot.arg("--serve").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut port = String::new();
        BufReader::new(robot.stdout.as_mut().unwrap()).read_line(&mut port).unwrap();
        (port.trim().parse().unwrap(), robot)
    };
    PORT.get_or_init(start).0
}

/// The person at the browser.
async fn approve(page: String, row: usize) {
    let (peers, name) = (Peers::find(), name(row));
    let password = format!("pw-{name}");
    let visit =
        [&page, "--ca", peers.get("CA"), "--map", "alpha.test=127.0.0.13", "--user", &name, "--password", &password];
    let visit = format!("{}\n", serde_json::to_string(&visit).unwrap());
    let port = tokio::task::spawn_blocking(people_at_browsers).await.unwrap();
    let mut person = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    person.write_all(visit.as_bytes()).await.unwrap();
    let mut answer = String::new();
    person.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("0 "), "{answer}");
}

/// OAUTHBEARER with an access token that still lives for some seconds and is to be refreshed.
///
/// Prosody takes a refresh token once and gives no second answer (`mod_http_oauth2` revokes it before it makes the new
/// one). Where that answer is cut no client can have the new one. What butty owes there: it signs in by what is left, and
/// from then on by the server's own token, so that nobody is asked. Everywhere else the refresh token must not be lost.
struct Bearer {
    row: usize,
    gates: [Gate; 2],
    home: Home,
}

impl World for Bearer {
    async fn open(row: usize) -> Self {
        let (gate, home) = at("alpha.test", row, TlsMode::StartTls).await;
        let issuer = Gate::to(Peers::find().get("PROSODY13_HTTPS").parse().unwrap()).await;
        let bearer = Self { row, gates: [gate, issuer], home };
        bearer.begin_anew().await;
        bearer
    }
    fn home(&self) -> &Home {
        &self.home
    }
    fn gates(&self) -> &[Gate] {
        &self.gates
    }
    fn prepare(&self) {
        self.home.forget_fast();
        self.home.ends_in(Duration::from_secs(50));
    }
    async fn prove(&self) -> Result<Proof, String> {
        by_fast(self.home.visit().await)?;
        match self.home.refresh().await {
            Ok(()) => Ok(Proof::Works),
            Err(Problem::SignInExpired { .. }) => Ok(Proof::Spent),
            Err(problem) => Err(format!("no new token: {problem:?}")),
        }
    }
    async fn begin_anew(&self) {
        // A server with its hands full may be silent for once. Who begins anew here is no part of what is measured.
        for left in (0..4).rev() {
            match self.home.sign_in(|page| approve(page, self.row)).await {
                Ok(_) => break,
                Err(fault) => assert!(left > 0, "{fault}"),
            }
        }
        self.home.fetch_at(self.gates[1].port);
        // From its second visit on butty knows that the server has tokens of its own to give.
        self.home.visit().await.unwrap();
    }
}

/// The first sign-in of all, by a code: the server is asked where its sign-in service is, that what it can do, butty
/// registers, and somebody approves. Prosody gives the tokens for a code once: where that answer is cut the person is
/// shown another code, and approves that.
struct First {
    row: usize,
    gates: [Gate; 3],
    home: Home,
}

impl World for First {
    async fn open(row: usize) -> Self {
        let (_, mut home) = at("alpha.test", row, TlsMode::StartTls).await;
        let (gates, port) = Gate::behind_a_proxy([127, 0, 0, 13].into(), 15_222).await;
        home.setup.server = Some(("alpha.test".to_owned(), 15_222));
        home.settings.proxy = Proxying::Through(Box::new(Proxy::parse(&format!("http://127.0.0.13:{port}")).unwrap()));
        Self { row, gates, home }
    }
    fn home(&self) -> &Home {
        &self.home
    }
    fn gates(&self) -> &[Gate] {
        &self.gates
    }
    fn prepare(&self) {
        self.home.wipe();
    }
    async fn prove(&self) -> Result<Proof, String> {
        self.home.refresh().await.map_err(|problem| format!("{problem:?}"))?;
        self.home.visit().await.map(|_| Proof::Works)
    }
    async fn begin_anew(&self) {}
    async fn sign_in(&self) -> Result<String, String> {
        self.home.sign_in(|page| approve(page, self.row)).await
    }
    fn is_swept(&self, gate: usize) -> bool {
        gate == ISSUER || is_long()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_by_a_token_that_is_refreshed_survives_every_cut() {
    let mechanism = sweep::<Bearer>("Prosody 13, STARTTLS, a refresh", ROWS_OF_WAITING).await;
    assert_eq!(mechanism, "OAUTHBEARER");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_sign_in_by_a_code_survives_every_cut() {
    let mechanism = sweep::<First>("Prosody 13, first sign-in by a code", ROWS_OF_WAITING).await;
    assert_eq!(mechanism, "OAUTHBEARER");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_by_scram_survives_every_cut() {
    let mechanism = sweep::<Scram>("Prosody 13, STARTTLS, first sight", ROWS).await;
    assert_eq!(mechanism, "SCRAM-SHA-256-PLUS");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn taking_up_a_session_survives_every_cut() {
    let mechanism = sweep::<TakenUp>("Prosody 13, direct TLS, FAST, a session taken up", ROWS).await;
    assert_eq!(mechanism, "HT-SHA-256-EXPR");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_sign_in_survives_every_cut() {
    let mechanism = sweep::<Fast>("Prosody 13, direct TLS, FAST", ROWS).await;
    assert_eq!(mechanism, "HT-SHA-256-EXPR");
}
