//! Floor 4: the hand on the wire.
//!
//! One task per account ([`start_link`]) dials, proves the server's certificate, drives an
//! [`xmpp::Session`](crate::xmpp::Session) and reports; [`doctor`] walks the same path step by step. Everything
//! that links share (resolvers, trust, running refreshes) is in [`Network`].
//!
//! Refused: any byte of a secret before the certificate was checked for the account's domain, plain http,
//! redirects of HTTP, ways from the public network into a private one.

#![allow(clippy::disallowed_methods, reason = "floor 4 may wait and ask clocks")]

mod alarm;
mod command;
mod dial;
mod doctor;
mod drive;
mod farewell;
mod horizon;
mod http;
mod keeper;
mod link;
mod loopback;
mod parting;
mod proxy;
mod refreshing;
mod resolve;
mod sign_in;
#[cfg(all(test, feature = "demo"))]
mod testing;
mod tls;
mod wire_log;

pub use doctor::{Status, Step, StepReport, doctor};
pub use link::{LONGEST_SIGN_OUT, LinkHandle, LinkOptions, start_link};
pub use tls::TlsMinimum;

use crate::oauth::{Vault, VaultKey};
use crate::types::{Now, Proxying};
use horizon::Horizon;
use resolve::Names;
use ring::rand::SecureRandom;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What the person can set about the network.
#[derive(Clone, Debug)]
pub struct NetworkSettings {
    /// Own resolver; `None`: the system's.
    pub resolver: Option<SocketAddr>,
    /// Longest wait for one endpoint, TCP and direct TLS together.
    pub connect_timeout: Duration,
    /// Lowest TLS version.
    pub tls_min: TlsMinimum,
    /// Through which everything goes, DNS included.
    pub proxy: Proxying,
}

impl Default for NetworkSettings {
    fn default() -> Self {
        Self {
            resolver: None,
            connect_timeout: Duration::from_secs(15),
            tls_min: TlsMinimum::V12,
            proxy: Proxying::Direct,
        }
    }
}

/// Tells both clocks.
type Clock = Arc<dyn Fn() -> Now + Send + Sync>;

/// What all links share. Cheap to make: no file is read and no name looked up before the first dial.
pub struct Network {
    settings: NetworkSettings,
    vault: Arc<dyn Vault>,
    clock: Clock,
    names: Mutex<HashMap<Option<SocketAddr>, Arc<Names>>>,
    tls: tls::Configs,
    flights: Mutex<HashMap<VaultKey, Arc<tokio::sync::Mutex<()>>>>,
    /// How many refreshes are under way.
    refreshes: tokio::sync::watch::Sender<usize>,
    /// The process is about to end.
    leaving: tokio::sync::watch::Sender<bool>,
    /// What the command for the proxy's password printed.
    proxy_password: proxy::Printed,
    horizon: Horizon,
}

impl Network {
    /// A network with these settings, this keeper of secrets and this clock.
    pub fn new(settings: NetworkSettings, vault: Arc<dyn Vault>, clock: Clock) -> Self {
        let tls = tls::Configs::new(settings.tls_min);
        let (names, flights, proxy_password) = (Mutex::default(), Mutex::default(), proxy::Printed::default());
        let (refreshes, leaving) = (tokio::sync::watch::Sender::new(0), tokio::sync::watch::Sender::new(false));
        let horizon = Horizon::default();
        Self { settings, vault, clock, names, tls, flights, refreshes, leaving, proxy_password, horizon }
    }

    fn now(&self) -> Now {
        (self.clock)()
    }

    /// The resolver of an account: its own, else the setting's, else the system's.
    fn names(&self, own: Option<SocketAddr>) -> Arc<Names> {
        let server = own.or(self.settings.resolver);
        let mut all = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(server).or_insert_with(|| Arc::new(Names::new(server))))
    }

    /// The lock that lets one task at a time work on a secret.
    fn flight(&self, key: &VaultKey) -> Arc<tokio::sync::Mutex<()>> {
        let mut all = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(key.clone()).or_default())
    }
}

/// Fresh random bytes. Without entropy nothing may go on the wire, so the caller has to stop.
fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    ring::rand::SystemRandom::new().fill(&mut bytes).ok()?;
    Some(bytes)
}

/// A number for spreading and drawing; never for secrets.
fn chance() -> u32 {
    u32::from_ne_bytes(random().unwrap_or_default())
}
