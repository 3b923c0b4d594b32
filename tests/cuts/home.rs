//! One person's files, and links that start from them like a new process.

use butty::app::effect::LinkCommand;
use butty::app::event::{Consent, Keep, LinkEvent, LinkFact};
use butty::app::setup::AccountSetup;
use butty::net::{LinkHandle, LinkOptions, Network, NetworkSettings, Step, doctor, start_link};
use butty::oauth::{SignInRecord, Token, Vault, VaultKey};
use butty::store::FileVault;
use butty::types::{AccountId, Now, Problem, RequestId, Secret, Stamp};
use butty::xmpp::{Command, Event, Known};
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::mpsc::{Receiver, channel};

/// Only a failing run waits that long.
const PATIENCE: Duration = Duration::from_secs(60);

type Facts = Receiver<(AccountId, LinkEvent)>;

/// A home with one account.
pub struct Home {
    folder: tempfile::TempDir,
    pub setup: AccountSetup,
    pub settings: NetworkSettings,
    /// What to do when a session is there.
    on_bound: OnceLock<Box<dyn Fn() + Send + Sync>>,
    /// Who is let in here: the first address that was given.
    address: OnceLock<String>,
}

impl Home {
    pub fn new(setup: AccountSetup) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            setup,
            settings: NetworkSettings::default(),
            on_bound: OnceLock::new(),
            address: OnceLock::new(),
        }
    }

    /// From now on this is done when a session is there.
    pub fn when_bound(&self, act: impl Fn() + Send + Sync + 'static) {
        assert!(self.on_bound.set(Box::new(act)).is_ok());
    }

    fn tokens(&self) -> PathBuf {
        self.folder.path().join("tokens")
    }

    pub fn vault(&self) -> FileVault {
        FileVault::new(Some(self.tokens()))
    }

    /// A new process: nothing is known but what is on disk.
    fn network(&self) -> Arc<Network> {
        let began = Instant::now();
        let clock = move || Now { mono: began.elapsed(), wall: wall() };
        Arc::new(Network::new(self.settings.clone(), Arc::new(self.vault()), Arc::new(clock)))
    }

    /// A link that goes on trying.
    fn link(&self, network: &Arc<Network>, connect: bool) -> (LinkHandle, Facts) {
        let (events, facts) = channel(256);
        let options = LinkOptions { connect, resource: None, show_client: false, one_shot: false };
        (start_link(network, self.setup.clone(), options, events), facts)
    }

    /// The end of a process: a refresh under way is not left behind.
    async fn leave(&self, network: &Network, link: LinkHandle, facts: Facts) -> Result<(), String> {
        drop(facts);
        link.closed().await;
        network.hurry();
        if !network.refreshes_done(PATIENCE).await {
            return Err("a refresh without end".to_owned());
        }
        self.whole()
    }

    fn record(&self) -> SignInRecord {
        let record = self.vault().load(&SignInRecord::key(&self.setup.id)).unwrap().expect("signed in");
        SignInRecord::from_text(&record).unwrap()
    }

    /// Tokens are fetched at another port from here on.
    pub fn fetch_at(&self, port: u16) {
        let mut record = self.record();
        record.service.token.set_port(Some(port)).unwrap();
        self.vault().save(&SignInRecord::key(&self.setup.id), &record.to_text(), true).unwrap();
    }

    fn token(&self) -> Token {
        let key = self.record().tokens_key(&self.setup.id);
        Token::from_text(&self.vault().load(&key).unwrap().expect("a token")).unwrap()
    }

    /// The access token on disk ends so much from now, or has ended.
    pub fn ends_in(&self, left: Duration) {
        let token = Token { expires: Some(wall().plus(left)), ..self.token() };
        self.vault().save(&self.record().tokens_key(&self.setup.id), &token.to_text(), true).unwrap();
    }

    /// What makes a sign-in short is gone.
    pub fn forget_fast(&self) {
        self.vault().forget(&VaultKey::Fast { account: self.account() }).unwrap();
    }

    /// The same, and everything that was seen of the server; but not what this installation is called there.
    pub fn forget_server(&self) {
        self.forget_fast();
        let (vault, key) = (self.vault(), VaultKey::Known { account: self.account() });
        let known = vault.load(&key).unwrap().map(|text| Known::from_text(text.expose())).unwrap_or_default();
        let known = Known { installation: known.installation, ..Known::default() };
        vault.save(&key, &Secret::new(known.to_text()), true).unwrap();
    }

    /// Nobody ever signed in here.
    pub fn wipe(&self) {
        drop(std::fs::remove_dir_all(self.tokens()));
    }

    fn account(&self) -> String {
        self.setup.id.as_str().to_owned()
    }

    /// Signs in and out again, without a person.
    pub async fn visit(&self) -> Result<String, String> {
        let network = self.network();
        let (link, mut facts) = self.link(&network, true);
        let done = self.online(&mut facts, &link).await;
        self.leave(&network, link, facts).await?;
        done
    }

    /// Signs in, loses the connection by what is done then, and comes back without a person.
    pub async fn come_back(&self, lose: impl FnOnce() + Send) -> Result<String, String> {
        let network = self.network();
        let (link, mut facts) = self.link(&network, true);
        let mut done = self.online(&mut facts, &link).await;
        if done.is_ok() {
            lose();
            done = self.online(&mut facts, &link).await;
        }
        self.leave(&network, link, facts).await?;
        done
    }

    /// Asks for a code, and gives up when it is there: that moment.
    pub async fn until_code(&self) -> Instant {
        let network = self.network();
        let (link, mut facts) = self.link(&network, false);
        link.send(LinkCommand::SignInWithCode { keep: Keep::File });
        while !matches!(next(&mut facts).await.unwrap(), LinkFact::Consent(Consent::Code(_))) {}
        let shown = Instant::now();
        self.leave(&network, link, facts).await.unwrap();
        shown
    }

    /// Signs in with a code; the person answers somewhere else.
    pub async fn sign_in<F: Future<Output = ()> + Send>(&self, answer: impl Fn(String) -> F) -> Result<String, String> {
        let network = self.network();
        let (link, mut facts) = self.link(&network, false);
        link.send(LinkCommand::SignInWithCode { keep: Keep::File });
        let done = loop {
            match next(&mut facts).await? {
                LinkFact::Consent(Consent::Code(prompt)) => {
                    answer(prompt.complete.unwrap_or(prompt.address).as_str().to_owned()).await;
                }
                LinkFact::Consent(Consent::Failed(problem)) => break Err(format!("no sign-in: {problem:?}")),
                LinkFact::Consent(Consent::Granted { .. }) => break self.online(&mut facts, &link).await,
                _ => {}
            }
        };
        self.leave(&network, link, facts).await?;
        done
    }

    /// Fetches new tokens without signing in. Asked again where the service is silent for once, as a server with its hands
    /// full is: a token that was lost is not found by that.
    pub async fn refresh(&self) -> Result<(), Problem> {
        self.ends_in(Duration::ZERO);
        for left in (0..3).rev() {
            let reports = doctor(self.network(), self.setup.clone(), Some(Step::Token)).await;
            let token = reports.into_iter().find(|report| report.step == Step::Token).expect("the step");
            match token.problem {
                Some(problem) if left > 0 && problem.passes_by_itself() => println!("asked again: {problem:?}"),
                Some(problem) => return Err(problem),
                None => break,
            }
        }
        Ok(())
    }

    /// Waits until the link is online and its session answers, whatever comes between; the mechanism. An end that nobody
    /// but a person can mend, another address than before and a bug are faults.
    async fn online(&self, facts: &mut Facts, link: &LinkHandle) -> Result<String, String> {
        let (begun, mut mechanism, mut past) = (Instant::now(), String::new(), Vec::new());
        loop {
            if begun.elapsed() > PATIENCE {
                return Err(format!("not online after {PATIENCE:?}: {past:?}"));
            }
            match next(facts).await.map_err(|fault| format!("{fault}: {past:?}"))? {
                LinkFact::Session(Event::SignedIn(done) | Event::Resumed { signed_in: done, .. }) => {
                    let address = done.jid.bare().to_string();
                    if *self.address.get_or_init(|| address.clone()) != address {
                        return Err(format!("signed in as {address}"));
                    }
                    mechanism = done.mechanism;
                    self.on_bound.get().into_iter().for_each(|act| act());
                    link.send(LinkCommand::Session(Command::Ping(RequestId(1))));
                }
                LinkFact::Session(Event::Pong(_)) => return Ok(mechanism),
                LinkFact::Down { problem: Some(problem), retry_in } => {
                    past.push(problem.code());
                    if retry_in.is_none() || problem.code().contains("BUG") {
                        return Err(format!("down for good: {problem:?}, after {past:?}"));
                    }
                }
                LinkFact::PasswordWanted { problem, .. } => {
                    return Err(format!("a password is asked for: {problem:?}"));
                }
                LinkFact::Consent(Consent::Failed(problem)) => return Err(format!("no sign-in: {problem:?}")),
                _ => {}
            }
        }
    }

    /// No file was set aside as broken.
    fn whole(&self) -> Result<(), String> {
        let Ok(entries) = std::fs::read_dir(self.tokens()) else { return Ok(()) };
        let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        match names.into_iter().find(|name| name.contains("broken")) {
            Some(name) => Err(format!("a broken file: {name}")),
            None => Ok(()),
        }
    }
}

fn wall() -> Stamp {
    Stamp(0).plus(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap())
}

async fn next(facts: &mut Facts) -> Result<LinkFact, String> {
    match tokio::time::timeout(PATIENCE, facts.recv()).await {
        Ok(Some((_, event))) => Ok(event.fact),
        Ok(None) => Err("the link ended".to_owned()),
        Err(_) => Err(format!("nothing happens for {PATIENCE:?}")),
    }
}
