//! One-shot commands: the same links, store and vault as the interface, without a screen and without presence.
//!
//! Nothing is shown, so there is no model: an `Errand` drives one link and reads its facts. It takes no account
//! lock and never announces presence: `send` must not make anybody blink online.

mod accounts;
mod doctor;
mod keeping;
mod login;
mod logout;
mod roster;
mod send;

use super::Clock;
use crate::app::event::LinkFact;
use crate::app::setup::AccountSetup;
use crate::app::{LinkCommand, LinkEvent};
use crate::cli::{Args, Command, Voice};
use crate::config::{self, Config, Folders};
use crate::net::{self, LinkHandle, LinkOptions, Network, NetworkSettings};
use crate::oauth::Vault;
use crate::store::HomeVault;
use crate::term;
use crate::types::{AccountId, Domain, Line, Problem};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;

/// How long a command waits when nobody said.
const PATIENCE: Duration = Duration::from_secs(60);
/// Exit code after Ctrl+C.
const INTERRUPTED: u8 = 130;
/// Exit code after SIGTERM, as shells count it.
const TERMINATED: u8 = 143;

/// Ends when a link has said goodbye.
type Gone = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What every command is given.
pub struct Desk {
    /// How to answer.
    pub voice: Voice,
    /// What was configured.
    pub config: Config,
    /// Every account, the config file's first.
    pub accounts: Vec<AccountSetup>,
    /// Where files are.
    pub folders: Folders,
    /// Both clocks.
    pub clock: Clock,
    links: Mutex<Vec<Gone>>,
    network: OnceLock<Arc<Network>>,
}

impl Desk {
    /// A desk with these things on it.
    pub fn new(voice: Voice, config: Config, accounts: Vec<AccountSetup>, folders: Folders, clock: Clock) -> Self {
        Self { voice, config, accounts, folders, clock, links: Mutex::default(), network: OnceLock::new() }
    }

    /// The account that is meant: the one named, else the first enabled one.
    fn account(&self, named: Option<&str>) -> Result<&AccountSetup, Problem> {
        match named {
            None => self.accounts.iter().find(|account| account.enabled).ok_or(Problem::NoAccount),
            Some(named) => account_named(&self.accounts, named),
        }
    }

    /// The account stands in the config file, and what is saved elsewhere does not count for it.
    fn is_configured(&self, account: &AccountId) -> bool {
        self.config.accounts.iter().any(|other| other.id == *account)
    }

    fn vault(&self) -> Arc<dyn Vault> {
        Arc::new(HomeVault::new(self.folders.tokens()))
    }

    /// One for the whole command: whoever waits for its refreshes waits for all.
    fn network(&self) -> Arc<Network> {
        Arc::clone(self.network.get_or_init(|| self.new_network()))
    }

    fn new_network(&self) -> Arc<Network> {
        let settings = NetworkSettings {
            resolver: self.config.network.resolver,
            connect_timeout: self.config.network.connect_timeout,
            proxy: self.config.network.proxy.clone(),
            ..NetworkSettings::default()
        };
        let clock = self.clock;
        Arc::new(Network::new(settings, self.vault(), Arc::new(move || clock.now())))
    }
}

/// The account of this address.
pub(super) fn account_named<'a>(accounts: &'a [AccountSetup], named: &str) -> Result<&'a AccountSetup, Problem> {
    let id = config::setup_for(named, "auto").map(|setup| setup.id);
    let unknown = || Problem::UnknownAccount { account: Line::clean(named) };
    accounts.iter().find(|account| Some(&account.id) == id.as_ref()).ok_or_else(unknown)
}

/// Runs a command to its exit code.
pub fn run(args: &Args, command: &Command, desk: &Desk) -> u8 {
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return desk.voice.fail(&Problem::Bug { what: Line::clean(&error.to_string()) }),
    };
    let code = runtime.block_on(async {
        #[cfg(unix)]
        super::outlive_file_limits();
        let code = tokio::select! {
            outcome = carry_out(args, command, desk) => outcome.unwrap_or_else(|problem| desk.voice.fail(&problem)),
            code = interrupted() => {
                term::end_asking();
                code
            }
        };
        // Whatever the end was, servers are told.
        let links = std::mem::take(&mut *desk.links.lock().unwrap_or_else(PoisonError::into_inner));
        for gone in links {
            gone.await;
        }
        if let Some(network) = desk.network.get() {
            // A refresh that was sent and is not kept costs the sign-in. Who interrupts once more knows better.
            network.hurry();
            tokio::select! {
                _ = network.refreshes_done(Network::REFRESH_PATIENCE) => {}
                _ = interrupted() => {}
            }
        }
        code
    });
    // A reader of standard input may still wait for a line: the process does not wait for it.
    runtime.shutdown_background();
    code
}

async fn carry_out(args: &Args, command: &Command, desk: &Desk) -> Result<u8, Problem> {
    let named = |address: &Option<String>| address.clone().or_else(|| args.account.clone());
    match command {
        Command::Login(login) => login::run(args, login, desk).await,
        Command::Logout { address, all, forget_history, everywhere } => {
            let wish = logout::Wish { forget_history: *forget_history, everywhere: *everywhere };
            match all {
                true => logout::all(desk, wish, args.timeout).await,
                false => logout::run(desk, named(address).as_deref(), wish, args.timeout).await,
            }
        }
        Command::Accounts { command } => accounts::run(desk, command.as_ref()),
        Command::Whoami { scopes } => accounts::whoami(desk, args.account.as_deref(), *scopes).await,
        Command::Send { who, text, wait } => send::run(args, desk, who, text, *wait).await,
        Command::Roster { command } => roster::run(args, desk, command.as_ref()).await,
        Command::Doctor { address, offline, share, step } => {
            let wish = doctor::Wish { offline: *offline, share: *share, step: step.as_deref() };
            doctor::run(desk, named(address).as_deref(), wish).await
        }
        // Answered before a runtime is needed.
        Command::Demo { .. } | Command::Config { .. } | Command::Keys => Ok(0),
    }
}

/// The exit code of the signal that came.
async fn interrupted() -> u8 {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            return tokio::select! {
                () = interrupt => INTERRUPTED,
                _ = terminate.recv() => TERMINATED,
            };
        }
    }
    interrupt.await;
    INTERRUPTED
}

/// Waits for what blocks, such as a person at standard input, while signals are heard.
async fn blocking<T: Send + 'static>(wait: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    let stopped = |_| Problem::Bug { what: Line::clean("reading standard input stopped") };
    tokio::task::spawn_blocking(wait).await.map_err(stopped)
}

/// One link, driven to one end.
struct Errand {
    link: LinkHandle,
    facts: mpsc::Receiver<(AccountId, LinkEvent)>,
    until: tokio::time::Instant,
    patience: Duration,
    domain: Domain,
}

impl Errand {
    fn start(desk: &Desk, setup: &AccountSetup, connect: bool, timeout: Option<Duration>) -> Self {
        let (tell, facts) = mpsc::channel(256);
        let options = LinkOptions { connect, resource: None, show_client: desk.config.show_client, one_shot: true };
        let link = net::start_link(&desk.network(), setup.clone(), options, tell);
        desk.links.lock().unwrap_or_else(PoisonError::into_inner).push(Box::pin(link.gone()));
        let patience = timeout.unwrap_or(PATIENCE);
        let until = tokio::time::Instant::from_std(desk.clock.instant(desk.clock.now().mono + patience));
        Self { link, facts, until, patience, domain: setup.domain.clone() }
    }

    fn send(&self, command: LinkCommand) {
        self.link.send(command);
    }

    /// The next fact; a lost link or a wanted secret is a failure here.
    async fn next(&mut self) -> Result<LinkFact, Problem> {
        match self.next_raw().await? {
            LinkFact::Down { problem, .. } => Err(problem.unwrap_or(Problem::NotSent)),
            LinkFact::PasswordWanted { problem, .. } => {
                Err(problem.unwrap_or_else(|| Problem::PasswordNeeded { domain: self.domain.clone() }))
            }
            fact => Ok(fact),
        }
    }

    /// The next fact, whatever it is.
    async fn next_raw(&mut self) -> Result<LinkFact, Problem> {
        match tokio::time::timeout_at(self.until, self.facts.recv()).await {
            Ok(Some((_, event))) => Ok(event.fact),
            Ok(None) => Err(Problem::Bug { what: Line::clean("the link ended without a word") }),
            Err(_) => Err(Problem::TimedOut { waited: self.patience }),
        }
    }

    /// Says goodbye: a second at most.
    async fn finish(self) {
        drop(tokio::time::timeout(Duration::from_secs(1), self.link.closed()).await);
    }
}
