//! Names to addresses, by the system's resolver or an own one.

use crate::route::redirect::is_local;
use crate::route::{SrvAnswer, SrvRecord};
use crate::types::{Line, Problem};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::RData;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// One try.
const PATIENCE: Duration = Duration::from_secs(5);
/// All tries of one question.
const LIMIT: Duration = Duration::from_secs(12);
/// "There is no such name" is believed this long, so that a repaired zone is seen soon.
const NEGATIVE: Duration = Duration::from_secs(10);

/// Why there is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DnsFailure {
    /// The name, or the asked type, does not exist.
    NotFound,
    /// The resolver does not answer, or says that it cannot.
    Silent,
    /// No way out of this computer.
    Offline,
}

impl DnsFailure {
    pub(super) fn problem(self, host: &str) -> Problem {
        match self {
            Self::NotFound => Problem::NameNotFound { host: Line::clean(host) },
            Self::Silent => Problem::NoResolver,
            Self::Offline => Problem::Offline,
        }
    }
}

/// A resolver that is made when first asked, and made anew after the network was gone: the system's settings
/// change when a laptop moves.
pub(super) struct Names {
    server: Option<SocketAddr>,
    patience: Duration,
    made: Mutex<Option<Arc<TokioResolver>>>,
}

impl Names {
    pub(super) fn new(server: Option<SocketAddr>) -> Self {
        Self { server, patience: PATIENCE, made: Mutex::default() }
    }

    /// True when an own resolver of this network is set: then private addresses are what it is for.
    pub(super) fn is_own_and_local(&self) -> bool {
        self.server.is_some_and(|server| is_local(server.ip()))
    }

    /// SRV records of `_SERVICE._tcp.DOMAIN`.
    pub(super) async fn srv(&self, service: &str, domain: &str) -> Result<SrvAnswer, DnsFailure> {
        let resolver = self.resolver()?;
        let name = format!("_{service}._tcp.{}.", domain.trim_end_matches('.'));
        let answer = tokio::time::timeout(LIMIT, resolver.srv_lookup(name)).await;
        let lookup = match answer.map_err(|_| self.failed(DnsFailure::Silent))? {
            Ok(lookup) => lookup,
            Err(error) => {
                return match failure_of(&error) {
                    DnsFailure::NotFound => Ok(SrvAnswer::Absent),
                    other => Err(self.failed(other)),
                };
            }
        };
        let records: Vec<SrvRecord> = lookup
            .answers()
            .iter()
            .filter_map(|record| match &record.data {
                RData::SRV(srv) => Some(SrvRecord {
                    priority: srv.priority,
                    weight: srv.weight,
                    port: srv.port,
                    target: srv.target.to_ascii().trim_end_matches('.').to_lowercase(),
                }),
                _ => None,
            })
            .collect();
        Ok(if records.is_empty() { SrvAnswer::Absent } else { SrvAnswer::Records(records) })
    }

    /// Addresses of a host, IPv6 and IPv4 by turns (RFC 8305 section 4). An address is its own answer.
    pub(super) async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, DnsFailure> {
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        let resolver = self.resolver()?;
        let name = format!("{}.", host.trim_end_matches('.'));
        let answer = tokio::time::timeout(LIMIT, resolver.lookup_ip(name)).await;
        let lookup =
            answer.map_err(|_| self.failed(DnsFailure::Silent))?.map_err(|error| self.failed(failure_of(&error)))?;
        let list = by_turns(lookup.iter());
        if list.is_empty() { Err(DnsFailure::NotFound) } else { Ok(list) }
    }

    fn resolver(&self) -> Result<Arc<TokioResolver>, DnsFailure> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(resolver) = &*made {
            return Ok(Arc::clone(resolver));
        }
        let resolver = Arc::new(build(self.server, self.patience).map_err(|_| DnsFailure::Silent)?);
        *made = Some(Arc::clone(&resolver));
        Ok(resolver)
    }

    /// Drops the resolver when it, or the network, failed.
    fn failed(&self, failure: DnsFailure) -> DnsFailure {
        if failure != DnsFailure::NotFound {
            *self.made.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        failure
    }
}

fn build(server: Option<SocketAddr>, patience: Duration) -> Result<TokioResolver, NetError> {
    let provider = TokioRuntimeProvider::default();
    let mut builder = match server {
        Some(server) => TokioResolver::builder_with_config(only(server), provider),
        None => TokioResolver::builder_tokio().unwrap_or_else(|_| {
            // Without /etc/resolv.conf the C library asks this computer; so do we.
            let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 53));
            TokioResolver::builder_with_config(only(here), TokioRuntimeProvider::default())
        }),
    };
    settle(builder.options_mut(), patience);
    builder.build()
}

fn only(server: SocketAddr) -> ResolverConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()]
        .into_iter()
        .map(|mut connection| {
            connection.port = server.port();
            connection
        })
        .collect();
    ResolverConfig::from_parts(None, Vec::new(), vec![NameServerConfig::new(server.ip(), true, connections)])
}

fn settle(options: &mut ResolverOpts, patience: Duration) {
    options.timeout = patience;
    options.attempts = 1;
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    options.negative_max_ttl = Some(NEGATIVE);
    options.cache_size = 256;
}

fn failure_of(error: &NetError) -> DnsFailure {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => match none.response_code {
            ResponseCode::NoError | ResponseCode::NXDomain => DnsFailure::NotFound,
            _ => DnsFailure::Silent,
        },
        NetError::Io(io) => match io.kind() {
            ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable | ErrorKind::NetworkDown => DnsFailure::Offline,
            _ => DnsFailure::Silent,
        },
        // A name that cannot be written as DNS has it.
        NetError::Proto(_) | NetError::Msg(_) | NetError::Message(_) => DnsFailure::NotFound,
        _ => DnsFailure::Silent,
    }
}

fn by_turns(all: impl Iterator<Item = IpAddr>) -> Vec<IpAddr> {
    let (six, four): (Vec<_>, Vec<_>) = all.partition(IpAddr::is_ipv6);
    let longest = six.len().max(four.len());
    (0..longest).flat_map(|n| [six.get(n).copied(), four.get(n).copied()]).flatten().collect()
}

#[cfg(test)]
pub(super) mod tests;
