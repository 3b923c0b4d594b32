//! Carries out what the mind wants.

use super::Clock;
use crate::app::setup::AccountSetup;
use crate::app::{Effect, LinkCommand, LinkEvent, StoreRequest};
use crate::config::{self, Folders};
use crate::net::{self, LinkHandle, LinkOptions, Network};
use crate::store::Store;
use crate::term;
use crate::types::{AccountId, Problem};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Longest wait for goodbyes at the end.
const GOODBYE: Duration = Duration::from_secs(1);

/// What the loop itself has to do after an effect.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum After {
    /// Nothing.
    Nothing,
    /// Draw everything anew.
    Redraw,
    /// Read the config file again.
    ReloadConfig,
    /// Start the demo.
    StartDemo,
    /// The demo's page is answered from here.
    DemoAnswer(bool),
    /// The process was stopped and goes on.
    Resumed,
    /// Leave with this code.
    Quit(u8),
}

/// How links behave in this process.
#[derive(Clone, Debug)]
pub(super) struct Manner {
    /// Resource to ask for; `None`: the server chooses.
    pub resource: Option<String>,
    /// Tell others the program's name.
    pub show_client: bool,
    /// Give up instead of trying again.
    pub one_shot: bool,
}

/// Everything that acts on the world.
pub(super) struct Hands {
    network: Arc<Network>,
    links: HashMap<AccountId, LinkHandle>,
    events: mpsc::Sender<(AccountId, LinkEvent)>,
    store: Store,
    folders: Option<Folders>,
    manner: Manner,
    /// Told to the mind at the next turn.
    pub(super) problems: Vec<Problem>,
    mouse: bool,
    /// The window title that is still to be told.
    title: Option<String>,
}

impl Hands {
    /// `folders`: where accounts that were signed in to are written; `None`: nowhere (the demo).
    pub(super) fn new(
        network: Arc<Network>,
        events: mpsc::Sender<(AccountId, LinkEvent)>,
        store: Store,
        folders: Option<Folders>,
        manner: Manner,
        mouse: bool,
    ) -> Self {
        Self {
            network,
            links: HashMap::new(),
            events,
            store,
            folders,
            manner,
            problems: Vec::new(),
            mouse,
            title: None,
        }
    }

    /// Carries out one wish.
    pub(super) fn act(&mut self, effect: Effect) -> After {
        match effect {
            Effect::StartLink { setup, roster_version, connect } => self.start_link(*setup, roster_version, connect),
            Effect::StopLink(account) => drop(self.links.remove(&account)),
            Effect::Link(account, command) => self.link(&account, command),
            Effect::Store(request) => self.store(request),
            Effect::Notify { bell, .. } => {
                if bell {
                    term::bell();
                }
            }
            Effect::Title(text) => self.title = Some(text),
            Effect::Clipboard(text) => term::copy(&text),
            Effect::OpenUrl(address) => drop(term::open_url(&address)),
            Effect::Mouse(on) => {
                self.mouse = on;
                term::mouse(on);
            }
            Effect::Suspend => {
                term::suspend(self.mouse);
                return After::Resumed;
            }
            Effect::Redraw => return After::Redraw,
            Effect::ReloadConfig => return After::ReloadConfig,
            Effect::StartDemo => return After::StartDemo,
            Effect::DemoAnswer(yes) => return After::DemoAnswer(yes),
            Effect::Quit(code) => return After::Quit(code),
        }
        After::Nothing
    }

    /// Tells the window title as it is by now: of thousands in a flood of messages, the last one.
    pub(super) fn tell_title(&mut self) {
        if let Some(text) = self.title.take() {
            term::title(&text);
        }
    }

    fn start_link(&mut self, setup: AccountSetup, roster_version: Option<String>, connect: bool) {
        let options = LinkOptions {
            connect,
            resource: self.manner.resource.clone(),
            show_client: self.manner.show_client,
            one_shot: self.manner.one_shot,
        };
        let account = setup.id.clone();
        let handle = net::start_link(&self.network, setup, roster_version, options, self.events.clone());
        self.links.insert(account, handle);
    }

    fn link(&self, account: &AccountId, command: LinkCommand) {
        match self.links.get(account) {
            Some(link) => link.send(command),
            None => tracing::debug!("a command for an account without a link"),
        }
    }

    fn store(&mut self, request: StoreRequest) {
        let written = match (&request, &self.folders) {
            (StoreRequest::SaveAccount(setup), Some(folders)) => config::save_account(folders, setup),
            (StoreRequest::ForgetAccount { account, .. }, Some(folders)) => config::forget_account(folders, account),
            _ => Ok(()),
        };
        self.problems.extend(written.err());
        self.store.send(request);
    }

    /// Says goodbye to every server, at most a second long, then commits.
    pub(super) async fn goodbye(self, clock: Clock) {
        let until = tokio::time::Instant::from_std(clock.instant(clock.now().mono + GOODBYE));
        let farewells: Vec<_> = self.links.into_values().map(|link| tokio::spawn(link.closed())).collect();
        for farewell in farewells {
            // A link that takes longer is left behind: the process ends anyway.
            drop(tokio::time::timeout_at(until, farewell).await);
        }
        // Joining the thread blocks: nothing else is left to do here.
        drop(tokio::task::spawn_blocking(move || self.store.close()).await);
    }
}

/// A folder for a process that leaves no trace.
pub(super) fn temporary_folder() -> Option<(tempfile::TempDir, PathBuf)> {
    let folder = tempfile::Builder::new().prefix("butty-demo-").tempdir().ok()?;
    let path = folder.path().to_owned();
    Some((folder, path))
}
