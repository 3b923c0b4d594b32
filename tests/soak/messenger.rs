//! butty without a screen: the real link, the real mind and the real store on disk, joined as the runtime joins them.

use butty::app::effect::{Effect, LinkCommand, StoreRequest};
use butty::app::event::{Event, LinkEvent, LinkState, Stored};
use butty::app::model::{ConversationKey, Model, Options};
use butty::app::setup::AccountSetup;
use butty::net::{LinkHandle, LinkOptions, Network, NetworkSettings, start_link};
use butty::oauth::{Vault, VaultKey};
use butty::store::{FileVault, Place, Store};
use butty::types::{AccountId, BareJid, Now, Secret, Stamp};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::mpsc::{Receiver, channel};

/// One person at one account.
pub struct Messenger {
    pub model: Model,
    account: AccountId,
    network: Arc<Network>,
    began: Instant,
    store: Store,
    stored: Receiver<Stored>,
    link: Option<LinkHandle>,
    links: Receiver<(AccountId, LinkEvent)>,
    events: tokio::sync::mpsc::Sender<(AccountId, LinkEvent)>,
}

impl Messenger {
    /// Starts as butty does, with all its files in `home`.
    pub fn start(home: &Path, setup: AccountSetup, password: &str, seed: u64) -> Self {
        let vault = FileVault::new(Some(home.join("tokens")));
        let account = setup.id.clone();
        let key = VaultKey::Password { account: account.as_str().to_owned() };
        vault.save(&key, &Secret::from(password), true).unwrap();
        let began = Instant::now();
        let clock = move || now(began);
        let network = Arc::new(Network::new(NetworkSettings::default(), Arc::new(vault), Arc::new(clock)));
        let (tell, stored) = channel(64);
        let place = Place::Folder(home.to_owned());
        let store = Store::start(place, true, move |answer| drop(tell.blocking_send(answer))).unwrap();
        let (events, links) = channel(256);
        let (model, wishes) = Model::new(Options::default(), vec![setup], seed, now(began));
        let mut messenger = Self { model, account, network, began, store, stored, link: None, links, events };
        messenger.carry_out(wishes);
        messenger
    }

    fn mind(&mut self, event: Event) {
        let wishes = self.model.update(now(self.began), event);
        self.carry_out(wishes);
    }

    fn carry_out(&mut self, wishes: Vec<Effect>) {
        for wish in wishes {
            match wish {
                Effect::StartLink { setup, connect } => {
                    let options = LinkOptions { connect, resource: None, show_client: false, one_shot: false };
                    self.link = Some(start_link(&self.network, *setup, options, self.events.clone()));
                }
                Effect::Link(_, command) => self.link(command),
                Effect::Store(StoreRequest::Close) => {}
                Effect::Store(request) => self.store.send(request),
                _ => {}
            }
        }
    }

    fn link(&self, command: LinkCommand) {
        if let Some(link) = &self.link {
            link.send(command);
        }
    }

    /// Lives for so long.
    pub async fn live(&mut self, long: Duration) {
        let end = Instant::now() + long;
        loop {
            let due = self.model.deadline().map(|at| self.began + at);
            let until = due.map_or(end, |due| due.min(end));
            tokio::select! {
                biased;
                Some(stored) = self.stored.recv() => self.mind(Event::Stored(stored)),
                Some((account, event)) = self.links.recv() => self.mind(Event::Link(account, event)),
                () = tokio::time::sleep_until(until.into()) => {
                    if due.is_some_and(|due| due <= Instant::now()) {
                        self.mind(Event::Tick);
                    }
                }
            }
            if Instant::now() >= end {
                return;
            }
        }
    }

    /// Writes to somebody, online or not.
    pub fn say(&mut self, to: &BareJid, text: &str) {
        let key = ConversationKey::direct(self.account.clone(), to.clone());
        let mut wishes = Vec::new();
        self.model.send_text(&key, text, &mut wishes);
        self.carry_out(wishes);
    }

    /// The network is there again, and the system has said so: nobody waits any longer.
    pub fn wake(&mut self) {
        let waits =
            |account: &butty::app::model::Account| matches!(account.link, LinkState::Offline { retry_at: Some(_), .. });
        if self.model.accounts.iter().any(waits) {
            self.mind(Event::Resumed);
        }
    }

    /// Nothing waits to be sent, or to be written down.
    pub fn is_quiet(&self) -> bool {
        self.model.waiting.is_empty() && self.model.accounts.iter().all(|account| account.outbox.is_empty())
    }

    /// Leaves, with everything on disk.
    pub async fn leave(self) {
        drop(self.links);
        if let Some(link) = self.link {
            link.closed().await;
        }
        self.store.close();
    }
}

fn now(began: Instant) -> Now {
    let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Now { mono: began.elapsed(), wall: Stamp(i64::try_from(wall.as_millis()).unwrap()) }
}
