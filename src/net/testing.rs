//! Stand-ins for tests: a vault that remembers what was done to it, certificates, a setup.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop")]

use super::{Network, NetworkSettings};
use crate::app::setup::AccountSetup;
use crate::oauth::{Vault, VaultError, VaultKey};
use crate::types::{BareJid, Line, Now, Secret, Stamp};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// In memory; `log` says what happened, in order.
#[derive(Default)]
pub(super) struct Shelf {
    kept: Mutex<HashMap<VaultKey, String>>,
    pub(super) log: Mutex<Vec<String>>,
    /// Writes fail.
    pub(super) full: std::sync::atomic::AtomicBool,
    /// What another process holds.
    pub(super) held: Mutex<Option<VaultKey>>,
}

impl Shelf {
    pub(super) fn note(&self, what: &str) {
        self.log.lock().unwrap().push(what.to_owned());
    }

    fn note_key(&self, what: &str, key: &VaultKey) {
        let kind = match key {
            VaultKey::Password { .. } => "password",
            VaultKey::Tokens { issuer, .. } if issuer == "probe" => "probe",
            VaultKey::Tokens { .. } => "tokens",
            VaultKey::Client { .. } => "client",
            VaultKey::Known { .. } => "known",
            VaultKey::Fast { .. } => "fast",
            VaultKey::GivenToken { .. } => "given token",
            VaultKey::Pending { .. } => "pending",
            VaultKey::Former { .. } => "former",
            VaultKey::Farewells => "farewells",
            VaultKey::SignIn { .. } => "sign-in",
        };
        self.note(&format!("{what} {kind}"));
    }

    pub(super) fn put(&self, key: &VaultKey, text: &str) {
        self.kept.lock().unwrap().insert(key.clone(), text.to_owned());
    }

    pub(super) fn has(&self, key: &VaultKey) -> bool {
        self.kept.lock().unwrap().contains_key(key)
    }
}

impl Vault for Shelf {
    fn load(&self, key: &VaultKey) -> Result<Option<Secret<String>>, VaultError> {
        self.note_key("load", key);
        Ok(self.kept.lock().unwrap().get(key).map(|text| Secret::from(text.as_str())))
    }

    fn save(&self, key: &VaultKey, secret: &Secret<String>, durable: bool) -> Result<(), VaultError> {
        self.note_key(if durable { "save" } else { "hold" }, key);
        if durable && self.full.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(VaultError::Write(Line::clean("disk full")));
        }
        self.kept.lock().unwrap().insert(key.clone(), secret.expose().clone());
        Ok(())
    }

    fn forget(&self, key: &VaultKey) -> Result<(), VaultError> {
        self.note_key("forget", key);
        self.kept.lock().unwrap().remove(key);
        Ok(())
    }

    fn lock(&self, key: &VaultKey) -> Result<Box<dyn Send>, VaultError> {
        self.note_key("lock", key);
        if self.held.lock().unwrap().as_ref() == Some(key) {
            return Err(VaultError::Held);
        }
        Ok(Box::new(()))
    }
}

pub(super) fn network(shelf: &Arc<Shelf>, settings: NetworkSettings) -> Arc<Network> {
    let begun = Instant::now();
    let clock = move || Now { mono: begun.elapsed(), wall: Stamp(1_000_000).plus(begun.elapsed()) };
    Arc::new(Network::new(settings, Arc::clone(shelf) as Arc<dyn Vault>, Arc::new(clock)))
}

pub(super) fn setup(domain: &str) -> AccountSetup {
    let address = BareJid::parse(&format!("juliet@{domain}")).unwrap();
    AccountSetup { name: "Juliet".to_owned(), profile: String::new(), ..AccountSetup::new(&address) }
}

/// A CA of our own.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(super) pem: String,
}

impl Authority {
    pub(super) fn new() -> Self {
        Self::named("Test CA")
    }

    pub(super) fn named(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A server that shows a certificate for these names, changed by `change`.
    pub(super) fn acceptor(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        acceptor(certificate.der().clone(), &key)
    }
}

pub(super) fn acceptor(certificate: CertificateDer<'static>, key: &KeyPair) -> TlsAcceptor {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// Long enough for a slow machine; a test that waits this long has failed.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
