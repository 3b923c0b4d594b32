//! TLS: who is trusted, and what is wrong with a certificate.
//!
//! System roots through the platform's verifier, plus the account's own; ring as the explicit provider; 1.2 at
//! least. The name that a certificate must prove is always handed in, never taken from the wire.

mod binding;
mod der;
mod validity;

use crate::app::setup::AccountSetup;
use crate::types::{CertificateFault, Domain, Line, Problem, Stage};
use rustls_platform_verifier::Verifier;
use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{CertificateError, ClientConfig, Error, ProtocolVersion, SupportedProtocolVersion, version};

pub(super) use binding::bindings_of;
pub(super) use validity::good_until;

/// Sessions kept for resumption, per trust and use.
const SESSIONS: usize = 64;
/// Names of a certificate that are told.
const MOST_NAMES: usize = 4;

/// Lowest TLS version taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsMinimum {
    /// TLS 1.2.
    #[default]
    V12,
    /// TLS 1.3.
    V13,
}

/// Roots beyond the system's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Trust {
    file: Option<PathBuf>,
    pem: Option<String>,
}

impl Trust {
    pub(super) fn of(setup: &AccountSetup) -> Self {
        Self { file: setup.ca_file.clone(), pem: setup.ca_pem.clone() }
    }

    /// The base name of the file, for showing.
    fn name(&self) -> Option<Line> {
        self.file.as_ref()?.file_name().map(|name| Line::clean(&name.to_string_lossy()))
    }
}

/// What a connection is for: ALPN differs, and sessions are never resumed across.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Use {
    /// XEP-0368.
    Direct,
    /// RFC 6120 section 5.
    StartTls,
    /// OAuth.
    Web,
}

/// Configurations, each made once. Clones share them.
#[derive(Clone)]
pub(super) struct Configs {
    minimum: TlsMinimum,
    made: Arc<Mutex<Made>>,
}

#[derive(Default)]
struct Made {
    verifiers: HashMap<Trust, Arc<Verifier>>,
    configs: HashMap<(Trust, Use), Arc<ClientConfig>>,
}

impl Configs {
    pub(super) fn new(minimum: TlsMinimum) -> Self {
        Self { minimum, made: Arc::default() }
    }

    /// The configuration for this trust and use. Reads files the first time: not for the async thread.
    pub(super) fn get(&self, trust: &Trust, purpose: Use) -> Result<Arc<ClientConfig>, Problem> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (trust.clone(), purpose);
        if let Some(config) = made.configs.get(&key) {
            return Ok(Arc::clone(config));
        }
        let provider = Arc::new(ring::default_provider());
        let verifier = match made.verifiers.get(trust) {
            Some(verifier) => Arc::clone(verifier),
            None => verifier(trust, &provider)?,
        };
        made.verifiers.insert(trust.clone(), Arc::clone(&verifier));
        let config = Arc::new(self.build(provider, verifier, purpose).ok_or(Problem::NoTrust { file: None })?);
        made.configs.insert(key, Arc::clone(&config));
        Ok(config)
    }

    fn build(&self, provider: Arc<CryptoProvider>, verifier: Arc<Verifier>, purpose: Use) -> Option<ClientConfig> {
        const BOTH: &[&SupportedProtocolVersion] = &[&version::TLS13, &version::TLS12];
        const NEW: &[&SupportedProtocolVersion] = &[&version::TLS13];
        let versions = if self.minimum == TlsMinimum::V13 { NEW } else { BOTH };
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).ok()?;
        // "Dangerous" because it replaces the built-in verifier; ours is the platform's, and it checks everything.
        let mut config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
        config.resumption = Resumption::in_memory_sessions(SESSIONS);
        // What went out with the hello would go ahead of the proof, and could be played again (RFC 8446 section 8).
        config.enable_early_data = false;
        config.alpn_protocols = match purpose {
            Use::Direct => vec![b"xmpp-client".to_vec()],
            Use::StartTls => Vec::new(),
            Use::Web => vec![b"http/1.1".to_vec()],
        };
        Some(config)
    }
}

fn verifier(trust: &Trust, provider: &Arc<CryptoProvider>) -> Result<Arc<Verifier>, Problem> {
    let unusable = || Problem::NoTrust { file: trust.name() };
    let mut roots: Vec<CertificateDer<'static>> = Vec::new();
    if let Some(file) = &trust.file {
        let certificates = CertificateDer::pem_file_iter(file).map_err(|_| unusable())?;
        roots.extend(certificates.collect::<Result<Vec<_>, _>>().map_err(|_| unusable())?);
    }
    if let Some(pem) = &trust.pem {
        let certificates = CertificateDer::pem_slice_iter(pem.as_bytes());
        roots.extend(certificates.collect::<Result<Vec<_>, _>>().map_err(|_| unusable())?);
    }
    if roots.is_empty() && (trust.file.is_some() || trust.pem.is_some()) {
        return Err(unusable());
    }
    let verifier = Verifier::new_with_extra_roots(roots, Arc::clone(provider)).map_err(|_| unusable())?;
    Ok(Arc::new(verifier))
}

/// Shakes hands; the certificate must prove `domain`.
pub(super) async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
    config: Arc<ClientConfig>,
    domain: &Domain,
    io: S,
) -> Result<TlsStream<S>, Problem> {
    let failed = || Problem::TlsFailed { domain: domain.clone() };
    let name = ServerName::try_from(ascii_host(domain.as_str()).ok_or_else(failed)?).map_err(|_| failed())?;
    TlsConnector::from(config).connect(name, io).await.map_err(|error| problem_of(&error, domain))
}

/// The form of a domain that DNS and certificates use: A-labels, addresses without brackets.
pub(super) fn ascii_host(domain: &str) -> Option<String> {
    match url::Host::parse(domain).ok()? {
        url::Host::Domain(name) => Some(name),
        url::Host::Ipv4(address) => Some(address.to_string()),
        url::Host::Ipv6(address) => Some(address.to_string()),
    }
}

/// For the status bar.
pub(super) fn version_of<S>(stream: &TlsStream<S>) -> &'static str {
    match stream.get_ref().1.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
        Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
        _ => "TLS",
    }
}

fn problem_of(error: &io::Error, domain: &Domain) -> Problem {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match inner {
        Some(Error::InvalidCertificate(fault)) => {
            Problem::Certificate { domain: domain.clone(), fault: fault_of(fault) }
        }
        Some(_) => Problem::TlsFailed { domain: domain.clone() },
        None => Problem::ClosedAt { host: Line::clean(domain.as_str()), stage: Stage::Tls },
    }
}

fn fault_of(error: &CertificateError) -> CertificateFault {
    match error {
        CertificateError::Expired => CertificateFault::Expired(None),
        CertificateError::ExpiredContext { not_after, .. } => CertificateFault::Expired(day(*not_after)),
        CertificateError::NotValidYet => CertificateFault::NotYetValid(None),
        CertificateError::NotValidYetContext { not_before, .. } => CertificateFault::NotYetValid(day(*not_before)),
        CertificateError::Revoked => CertificateFault::Revoked,
        CertificateError::UnknownIssuer => CertificateFault::UnknownIssuer,
        CertificateError::NotValidForName => CertificateFault::WrongName(Vec::new()),
        CertificateError::NotValidForNameContext { presented, .. } => {
            CertificateFault::WrongName(presented.iter().take(MOST_NAMES).map(|name| presented_name(name)).collect())
        }
        // A certificate that signed itself is "a CA used as a server": to a person, nobody has vouched for it.
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            CertificateFault::UnknownIssuer
        }
        _ => CertificateFault::Unusable,
    }
}

/// rustls writes `DnsName("mail.example")`.
fn presented_name(debugged: &str) -> Line {
    let inside = debugged.split_once("(\"").and_then(|(_, rest)| rest.split_once("\")"));
    Line::clean(inside.map_or(debugged, |(name, _)| name))
}

fn day(time: UnixTime) -> Option<Line> {
    let seconds = i64::try_from(time.as_secs()).ok()?;
    let stamp = jiff::Timestamp::from_second(seconds).ok()?;
    Some(Line::clean(&stamp.strftime("%Y-%m-%d").to_string()))
}

#[cfg(all(test, feature = "demo"))]
mod tests;
