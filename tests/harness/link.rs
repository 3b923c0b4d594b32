//! Links at the real servers that `tests/run` started: accounts there, a vault in memory, the person at the browser.

use butty::app::event::{BrowserPrompt, Consent, LinkEvent, LinkFact};
use butty::app::setup::{AccountSetup, GrantChoice, OAuthSetup, TlsMode};
use butty::net::{LinkHandle, LinkOptions, Network, NetworkSettings, start_link};
use butty::oauth::{Vault, VaultError, VaultKey};
use butty::types::{AccountId, Domain, Now, Problem, Secret, Stamp};
use butty::xmpp::{self, CredentialKind};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::mpsc::{Receiver, channel};

/// Only a failing test waits that long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Keeps secrets in memory.
#[derive(Default)]
pub struct Memory {
    kept: Mutex<HashMap<VaultKey, String>>,
    ever: Mutex<Vec<(VaultKey, String)>>,
}

impl Memory {
    /// What it keeps under this key.
    pub fn kept(&self, key: &VaultKey) -> Option<String> {
        self.kept.lock().unwrap().get(key).cloned()
    }

    /// The names of all that it keeps.
    pub fn keys(&self) -> Vec<VaultKey> {
        self.kept.lock().unwrap().keys().cloned().collect()
    }

    /// Another one that keeps what this one keeps under such keys.
    pub fn copy_of(&self, wanted: impl Fn(&VaultKey) -> bool) -> Self {
        let kept = self.kept.lock().unwrap();
        let copied = kept.iter().filter(|(key, _)| wanted(key)).map(|(key, text)| (key.clone(), text.clone()));
        Self { kept: Mutex::new(copied.collect()), ever: Mutex::default() }
    }

    /// All that it was ever given, forgotten or not.
    pub fn ever(&self) -> Vec<(VaultKey, String)> {
        self.ever.lock().unwrap().clone()
    }
}

impl Vault for Memory {
    fn load(&self, key: &VaultKey) -> Result<Option<Secret<String>>, VaultError> {
        Ok(self.kept(key).map(Secret::new))
    }
    fn save(&self, key: &VaultKey, secret: &Secret<String>, _: bool) -> Result<(), VaultError> {
        let (key, text) = (key.clone(), secret.expose().clone());
        self.ever.lock().unwrap().push((key.clone(), text.clone()));
        self.kept.lock().unwrap().insert(key, text);
        Ok(())
    }
    fn forget(&self, key: &VaultKey) -> Result<(), VaultError> {
        self.kept.lock().unwrap().remove(key);
        Ok(())
    }
    fn lock(&self, _: &VaultKey) -> Result<Box<dyn Send>, VaultError> {
        Ok(Box::new(()))
    }
}

/// The folder of the servers.
pub fn data() -> PathBuf {
    std::env::var_os("BUTTY_PEERS").expect("BUTTY_PEERS names the folder of the servers").into()
}

/// A script of `tests/servers`.
pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers").join(name)
}

/// juliet's, of which no secret is known.
pub fn account(domain: &str) -> AccountSetup {
    AccountSetup {
        id: AccountId::new(&format!("juliet@{domain}")),
        domain: Domain::parse(domain).unwrap(),
        local: Some("juliet".to_owned()),
        name: "Juliet".to_owned(),
        enabled: true,
        credential: None,
        profile: String::new(),
        server: None,
        tls: TlsMode::Auto,
        ca_file: Some(data().join("ca/ca.crt")),
        ca_pem: None,
        mechanisms: Vec::new(),
        by_profile: false,
        password_command: Vec::new(),
        token_command: Vec::new(),
        oauth: OAuthSetup::default(),
        resolver: Some("127.0.0.53:15353".parse().unwrap()),
        keep: None,
        ephemeral: false,
    }
}

/// The same with her password.
pub fn with_password(domain: &str) -> AccountSetup {
    let mut setup = account(domain);
    setup.credential = Some(CredentialKind::Password);
    setup.password_command = vec!["/bin/echo".to_owned(), "pw-juliet".to_owned()];
    setup
}

/// With a vault of its own.
pub fn network() -> Arc<Network> {
    network_with(Arc::default())
}

pub fn network_with(vault: Arc<Memory>) -> Arc<Network> {
    network_of(NetworkSettings::default(), vault)
}

pub fn network_of(settings: NetworkSettings, vault: Arc<Memory>) -> Arc<Network> {
    let begun = Instant::now();
    let clock = move || {
        let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        Now { mono: begun.elapsed(), wall: Stamp(0).plus(wall) }
    };
    Arc::new(Network::new(settings, vault, Arc::new(clock)))
}

pub type Facts = Receiver<(AccountId, LinkEvent)>;

/// A link for one sign-in.
pub fn start(network: &Arc<Network>, setup: AccountSetup, connect: bool) -> (LinkHandle, Facts) {
    let (events, facts) = channel(256);
    let options = LinkOptions { connect, resource: None, show_client: false, one_shot: true };
    (start_link(network, setup, options, events), facts)
}

pub async fn next(facts: &mut Facts) -> LinkFact {
    tokio::time::timeout(PATIENCE, facts.recv()).await.expect("in time").expect("a fact").1.fact
}

/// The bound address and the mechanism, or the problem.
pub async fn outcome(facts: &mut Facts) -> Result<(String, String), Problem> {
    loop {
        match next(facts).await {
            LinkFact::Session(xmpp::Event::SignedIn(done) | xmpp::Event::Resumed { signed_in: done, .. }) => {
                return Ok((done.jid.bare().to_string(), done.mechanism));
            }
            LinkFact::Down { problem: Some(problem), .. }
            | LinkFact::PasswordWanted { problem: Some(problem), .. }
            | LinkFact::Consent(Consent::Failed(problem)) => return Err(problem),
            _ => {}
        }
    }
}

/// The person at the browser.
pub fn answer(url: &str, deny: bool) {
    let mut robot = Command::new("python3");
    robot.arg(script("robot.py")).arg(url).arg("--ca").arg(data().join("ca/ca.crt"));
    robot.args([
        "--user",
        "juliet",
        "--password",
        "pw-juliet",
        "--map",
        "alpha.test=127.0.0.13",
        "--map",
        "oidc.test=127.0.0.40",
    ]);
    if deny {
        robot.arg("--deny");
    }
    let output = robot.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Until there is a code: the address that holds it.
pub async fn prompt(facts: &mut Facts) -> String {
    loop {
        match next(facts).await {
            LinkFact::Consent(Consent::Code(prompt)) => return prompt.complete.unwrap().as_str().to_owned(),
            LinkFact::Consent(Consent::Failed(problem)) => panic!("{problem:?}"),
            _ => {}
        }
    }
}

/// Her account, with oidc-provider for its sign-in service.
pub fn at_the_other_family() -> AccountSetup {
    let mut setup = account("alpha.test");
    setup.oauth.issuer = Some("https://oidc.test:15443".to_owned());
    setup.oauth.client_id = Some("tui".to_owned());
    setup
}

/// With a token that a command fetches at each sign-in.
pub fn with_token(domain: &str) -> AccountSetup {
    let mut setup = account(domain);
    setup.credential = Some(CredentialKind::Token);
    let oauth = script("oauth.py").display().to_string();
    let data = data().display().to_string();
    setup.token_command = ["python3", &oauth, &data, "token", domain, "juliet"].map(str::to_owned).to_vec();
    setup
}

/// An account that signs in on a page at Prosody.
pub fn on_a_page() -> AccountSetup {
    let mut setup = account("alpha.test");
    setup.oauth.grant = GrantChoice::Code;
    setup
}

/// The same at oidc-provider, with the client that is registered there by hand.
pub fn at_oidc(client: &str) -> AccountSetup {
    let mut setup = at_the_other_family();
    setup.oauth.client_id = Some(client.to_owned());
    setup.oauth.grant = GrantChoice::Code;
    setup.oauth.redirect = Some("http://127.0.0.1/cb".to_owned());
    setup
}

/// Until there is a page to open.
pub async fn page(facts: &mut Facts) -> BrowserPrompt {
    loop {
        match next(facts).await {
            LinkFact::Consent(Consent::Browser(prompt)) => return prompt,
            LinkFact::Consent(Consent::Failed(problem)) => panic!("{problem:?}"),
            _ => {}
        }
    }
}

/// Walks the pages; gives the address that the browser ended on. `deliver`: opens it, as a browser would.
pub async fn walk(address: &str, more: &'static [&'static str]) -> String {
    let address = address.to_owned();
    let walked = tokio::task::spawn_blocking(move || {
        let mut robot = Command::new("python3");
        robot.arg(script("robot.py")).arg(&address).arg("--ca").arg(data().join("ca/ca.crt"));
        robot.args(["--user", "juliet", "--password", "pw-juliet"]);
        robot.args(["--map", "alpha.test=127.0.0.13", "--map", "oidc.test=127.0.0.40"]).args(more);
        robot.output().unwrap()
    });
    let output = walked.await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said.lines().last().unwrap_or_default().to_owned()
}

/// Until the token is kept; what was granted.
pub async fn kept(facts: &mut Facts) -> Vec<String> {
    let mut granted = Vec::new();
    loop {
        match next(facts).await {
            LinkFact::Kept(_) => return granted,
            LinkFact::Consent(Consent::Granted { scopes }) => {
                granted = scopes.iter().map(|scope| scope.as_str().to_owned()).collect();
            }
            LinkFact::Consent(Consent::Failed(problem)) => panic!("{problem:?}"),
            _ => {}
        }
    }
}

/// What a script printed first.
fn printed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().split_whitespace().next().expect("a word").to_owned()
}

/// An access token of Prosody 13 for her.
pub fn prosody_token(domain: &str) -> String {
    printed(Command::new("python3").arg(script("oauth.py")).arg(data()).args(["token", domain, "juliet"]))
}

/// An access token of ejabberd for her, made by its operator.
pub fn ejabberd_token() -> String {
    printed(Command::new(script("ejabberd")).arg("token").arg(data()).arg("juliet@ej23.test"))
}
