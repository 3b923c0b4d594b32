//! The library from outside: a keeper of secrets that remembers what was done to it, an account in a town, a link.

use super::town::Town;
use butty::app::event::{LinkEvent, LinkFact};
use butty::app::setup::{AccountSetup, Endpoints};
use butty::net::{LinkHandle, LinkOptions, Network, NetworkSettings, start_link};
use butty::oauth::{Vault, VaultError, VaultKey};
use butty::types::{AccountId, Now, Secret, Stamp};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::mpsc;

/// Keeps secrets in memory, and notes each step with the length that the service's journal had then.
pub struct Keeper {
    town: Arc<Town>,
    kept: Mutex<HashMap<VaultKey, String>>,
    steps: Mutex<Vec<(String, usize)>>,
}

impl Keeper {
    pub fn new(town: &Arc<Town>) -> Arc<Self> {
        Arc::new(Self { town: Arc::clone(town), kept: Mutex::default(), steps: Mutex::default() })
    }

    fn note(&self, what: &str, key: &VaultKey) {
        let kind = match key {
            VaultKey::Tokens { .. } => "tokens",
            VaultKey::Client { .. } => "client",
            _ => "other",
        };
        self.steps.lock().unwrap().push((format!("{what} {kind}"), self.town.service.log().len()));
    }

    /// What was done with tokens since the last look.
    pub fn steps(&self) -> Vec<(String, usize)> {
        let steps = std::mem::take(&mut *self.steps.lock().unwrap());
        steps.into_iter().filter(|(what, _)| what.ends_with("tokens")).collect()
    }

    /// Makes kept tokens look as if their time had come.
    pub fn age(&self) {
        for (key, text) in self.kept.lock().unwrap().iter_mut() {
            if matches!(key, VaultKey::Tokens { .. }) {
                let mut token: serde_json::Value = serde_json::from_str(text).unwrap();
                token["expires"] = 1.into();
                *text = token.to_string();
            }
        }
    }
}

impl Vault for Keeper {
    fn load(&self, key: &VaultKey) -> Result<Option<Secret<String>>, VaultError> {
        self.note("load", key);
        Ok(self.kept.lock().unwrap().get(key).map(|text| Secret::from(text.as_str())))
    }
    fn save(&self, key: &VaultKey, secret: &Secret<String>, _: bool) -> Result<(), VaultError> {
        self.note("save", key);
        self.kept.lock().unwrap().insert(key.clone(), secret.expose().clone());
        Ok(())
    }
    fn forget(&self, key: &VaultKey) -> Result<(), VaultError> {
        self.note("forget", key);
        self.kept.lock().unwrap().remove(key);
        Ok(())
    }
    fn lock(&self, key: &VaultKey) -> Result<Box<dyn Send>, VaultError> {
        self.note("lock", key);
        Ok(Box::new(()))
    }
}

/// An account there, of the Messenger kind.
fn account(town: &Town) -> AccountSetup {
    let mut setup = butty::config::setup_for("_@demo.butty", "messenger").expect("an address");
    let (device, token, revocation) = town.service.endpoints();
    let endpoints =
        Endpoints { device, token, revocation: Some(revocation), device_response_type: true, ..Endpoints::default() };
    setup.oauth.endpoints = Some(endpoints);
    setup.oauth.client_id = Some(town.service.client_id().to_owned());
    setup.oauth.allow_local_page = true;
    setup.ca_pem = Some(town.service.ca_pem().to_owned());
    setup.resolver = Some(town.service.resolver());
    setup
}

/// A link and what it tells.
pub struct Line {
    pub link: LinkHandle,
    facts: mpsc::Receiver<(AccountId, LinkEvent)>,
}

impl Line {
    /// `connect`: at once, with what is kept; else it waits to be told.
    pub fn start(town: &Town, keeper: &Arc<Keeper>, connect: bool) -> Self {
        let begun = Instant::now();
        let clock = move || {
            let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
            Now { mono: begun.elapsed(), wall: Stamp(0).plus(wall) }
        };
        let vault = Arc::clone(keeper) as Arc<dyn Vault>;
        let network = Arc::new(Network::new(NetworkSettings::default(), vault, Arc::new(clock)));
        let (events, facts) = mpsc::channel(256);
        let options = LinkOptions { connect, resource: None, show_client: false, one_shot: true };
        Self { link: start_link(&network, account(town), options, events), facts }
    }

    pub async fn next(&mut self) -> LinkFact {
        let fact = tokio::time::timeout(Duration::from_secs(30), self.facts.recv());
        match fact.await.expect("in time").expect("a fact").1.fact {
            LinkFact::Down { problem: Some(problem), .. } => panic!("{problem:?}"),
            fact => fact,
        }
    }

    pub async fn end(self) {
        drop(self.facts);
        self.link.closed().await;
    }
}
