//! One-shot commands: the same links, store and vault as the interface, without a screen and without presence.
//!
//! Nothing is shown, so there is no model: an `Errand` drives one link and reads its facts. It takes no account
//! lock and never announces presence: `send` must not make anybody blink online.

mod accounts;
mod doctor;
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
use crate::store::FileVault;
use crate::types::{AccountId, Domain, Line, Problem};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// How long a command waits when nobody said.
const PATIENCE: Duration = Duration::from_secs(60);

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
}

impl Desk {
    /// The account that is meant: the one named, else the first enabled one.
    fn account(&self, named: Option<&str>) -> Result<&AccountSetup, Problem> {
        match named {
            None => self.accounts.iter().find(|account| account.enabled).ok_or(Problem::NoAccount),
            Some(text) => {
                let id = config::setup_for(text, "auto").map(|setup| setup.id);
                let unknown = || Problem::UnknownAccount { account: Line::clean(text) };
                self.accounts.iter().find(|account| Some(&account.id) == id.as_ref()).ok_or_else(unknown)
            }
        }
    }

    fn vault(&self) -> Arc<dyn Vault> {
        Arc::new(FileVault::new(Some(self.folders.tokens())))
    }

    fn network(&self) -> Arc<Network> {
        let settings = NetworkSettings {
            resolver: self.config.network.resolver,
            connect_timeout: self.config.network.connect_timeout,
            ..NetworkSettings::default()
        };
        let clock = self.clock;
        Arc::new(Network::new(settings, self.vault(), Arc::new(move || clock.now())))
    }
}

/// Runs a command to its exit code.
pub fn run(args: &Args, command: &Command, desk: &Desk) -> u8 {
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return desk.voice.fail(&Problem::Bug { what: Line::clean(&error.to_string()) }),
    };
    let code = runtime.block_on(async {
        let outcome = async {
            match command {
                Command::Login { .. } => login::run(args, command, desk).await,
                Command::Logout { address, everywhere, forget_history } => {
                    let named = address.as_deref().or(args.account.as_deref());
                    logout::run(desk, named, *everywhere, *forget_history, args.timeout).await
                }
                Command::Accounts { command } => accounts::run(desk, command.as_ref()),
                Command::Whoami => accounts::whoami(desk, args.account.as_deref()),
                Command::Send { who, text, wait } => send::run(args, desk, who, text, *wait).await,
                Command::Roster { command } => roster::run(args, desk, command.as_ref()).await,
                Command::Doctor { address, offline } => {
                    doctor::run(desk, address.as_deref().or(args.account.as_deref()), *offline).await
                }
                // Answered before a runtime is needed.
                Command::Demo { .. } | Command::Config { .. } | Command::Keys => Ok(0),
            }
        };
        tokio::select! {
            outcome = outcome => outcome.unwrap_or_else(|problem| desk.voice.fail(&problem)),
            () = interrupted() => 130,
        }
    });
    // A reader of standard input may still wait for a line: the process does not wait for it.
    runtime.shutdown_background();
    code
}

async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
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
