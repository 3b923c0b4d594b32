//! From a domain, or a redirect's target, to an open stream.
//!
//! DNS names the endpoints in order; each is tried with all its addresses at a stagger (RFC 8305), direct TLS
//! included, until one stands. The problem that is told is the one that says most.

use super::proxy::Way;
use super::resolve::{DnsFailure, Names};
use super::tls::{self, Trust, Use};
use super::{Network, chance};
use crate::app::setup::{AccountSetup, TlsMode};
use crate::route::redirect::is_local;
use crate::route::{Endpoint, Plan, SrvAnswer, Target, Transport, srv};
use crate::types::{Domain, Line, Problem, Stage};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;

/// RFC 8305 section 5.
const STAGGER: Duration = Duration::from_millis(250);
/// Longest wait for a TLS handshake after STARTTLS.
pub(super) const HANDSHAKE: Duration = Duration::from_secs(15);

/// Where to dial.
#[derive(Clone, Debug)]
pub(super) enum Goal {
    /// The account's own domain.
    Home,
    /// Where a redirect points. `public`: the redirect came from the public network, so private targets are refused.
    Redirected { target: Target, public: bool, direct: bool },
}

/// An open way to a server.
pub(super) struct Dialed {
    pub(super) stream: Stream,
    pub(super) endpoint: Endpoint,
    /// Who is at its end; `None`: only a proxy knows.
    pub(super) peer: Option<SocketAddr>,
}

/// How far it is open.
pub(super) enum Stream {
    /// STARTTLS comes later.
    Plain(TcpStream),
    /// The certificate is right.
    Secure(Box<TlsStream<TcpStream>>),
}

impl Network {
    /// Endpoints for a goal, in order.
    pub(super) async fn endpoints(&self, setup: &AccountSetup, goal: &Goal) -> Result<Vec<Endpoint>, Problem> {
        let default = if setup.tls == TlsMode::Direct { Transport::Direct } else { Transport::StartTls };
        let host = match goal {
            Goal::Home => match &setup.server {
                Some((host, port)) => {
                    let endpoint = Endpoint { host: host.clone(), port: *port, transport: default };
                    return Ok(both_ways(setup.tls, endpoint));
                }
                None => tls::ascii_host(setup.domain.as_str())
                    .ok_or(Problem::NameNotFound { host: Line::clean(setup.domain.as_str()) })?,
            },
            Goal::Redirected { target, direct, .. } => {
                if let Some(port) = target.port.or(target.address().map(|_| 5222)) {
                    // A redirect inside TLS may name the one port that its server tells everybody.
                    let transports = match (*direct, setup.tls) {
                        (true, TlsMode::Auto) => vec![Transport::Direct, Transport::StartTls],
                        (true, _) => vec![Transport::Direct],
                        (false, _) => vec![default],
                    };
                    let at = |transport| Endpoint { host: target.host.clone(), port, transport };
                    return Ok(transports.into_iter().map(at).collect());
                }
                target.host.clone()
            }
        };
        self.look_up(setup, &host).await
    }

    async fn look_up(&self, setup: &AccountSetup, host: &str) -> Result<Vec<Endpoint>, Problem> {
        let names = self.names(setup.resolver);
        if host.parse::<IpAddr>().is_ok() {
            let transport = if setup.tls == TlsMode::Direct { Transport::Direct } else { Transport::StartTls };
            return Ok(vec![Endpoint { host: host.to_owned(), port: 5222, transport }]);
        }
        if self.asks_no_srv(setup, host)? {
            return Ok(unasked(setup.tls, host));
        }
        let (direct, starttls) = tokio::join!(
            ask(&names, "xmpps-client", host, setup.tls != TlsMode::StartTls),
            ask(&names, "xmpp-client", host, setup.tls != TlsMode::Direct),
        );
        let (direct, starttls) = match (direct, starttls) {
            // One kind that fails must not hide the other.
            (Err(failure), Ok(None | Some(SrvAnswer::Absent))) | (Ok(None | Some(SrvAnswer::Absent)), Err(failure)) => {
                return Err(failure.problem(host));
            }
            (Err(failure), Err(_)) => return Err(failure.problem(host)),
            (direct, starttls) => (direct.unwrap_or(None), starttls.unwrap_or(None)),
        };
        match srv::plan(host, direct, starttls, chance) {
            Plan::Named(list) => Ok(list),
            Plan::Fallback(endpoint) => Ok(vec![endpoint]),
            Plan::NoService => Err(Problem::NoService { domain: setup.domain.clone() }),
        }
    }

    /// The first endpoint that stands.
    pub(super) async fn dial(&self, setup: &AccountSetup, goal: &Goal) -> Result<Dialed, Problem> {
        self.warm(setup);
        let endpoints = self.endpoints(setup, goal).await?;
        let mut worst: Option<Problem> = None;
        // Where a certificate was wrong, another way of speaking leads to the same: it would only hide why.
        let mut wrong = None;
        for endpoint in endpoints {
            let place = (endpoint.host.clone(), endpoint.port);
            if wrong.as_ref() == Some(&place) {
                continue;
            }
            let host = Line::clean(&endpoint.host);
            let waited = self.settings.connect_timeout;
            self.ready_proxy(&endpoint.host).await?;
            let problem = match tokio::time::timeout(waited, self.open(setup, goal, endpoint)).await {
                Ok(Ok(dialed)) => return Ok(dialed),
                Ok(Err(problem)) => problem,
                Err(_) => Problem::NoAnswer { host, waited },
            };
            tracing::debug!(target: "butty::net", code = problem.code(), "an endpoint does not stand");
            if matches!(problem, Problem::Certificate { .. } | Problem::NoTrust { .. }) {
                wrong = Some(place);
            }
            if worst.as_ref().is_none_or(|other| weight(&problem) > weight(other)) {
                worst = Some(problem);
            }
        }
        Err(worst.unwrap_or(Problem::NoService { domain: setup.domain.clone() }))
    }

    /// Reads the trust store, once, on a thread of its own: the system's is some hundred files, longer to read than a
    /// server nearby takes to ask for TLS. Best called before anything is dialled; a dial does it too.
    pub(super) fn warm(&self, setup: &AccountSetup) {
        let (configs, trust) = (self.tls.clone(), Trust::of(setup));
        tokio::task::spawn_blocking(move || drop(configs.get(&trust, Use::StartTls)));
    }

    async fn open(&self, setup: &AccountSetup, goal: &Goal, endpoint: Endpoint) -> Result<Dialed, Problem> {
        let inward = !matches!(goal, Goal::Redirected { public: true, .. });
        let Way { stream: tcp, peer } = self.way(setup, &endpoint.host, endpoint.port, inward).await?;
        let stream = match endpoint.transport {
            Transport::StartTls => Stream::Plain(tcp),
            Transport::Direct => {
                let config = self.tls_config(Trust::of(setup), Use::Direct).await?;
                Stream::Secure(Box::new(tls::connect(config, &setup.domain, tcp).await?))
            }
        };
        Ok(Dialed { stream, endpoint, peer })
    }

    /// TLS over a stream that has just been told to start it.
    pub(super) async fn secure(&self, setup: &AccountSetup, tcp: TcpStream) -> Result<TlsStream<TcpStream>, Problem> {
        let config = self.tls_config(Trust::of(setup), Use::StartTls).await?;
        match tokio::time::timeout(HANDSHAKE, tls::connect(config, &setup.domain, tcp)).await {
            Ok(result) => result,
            Err(_) => Err(Problem::SilentAt { host: Line::clean(setup.domain.as_str()), stage: Stage::Tls }),
        }
    }

    /// The configuration, made on a thread that may read files.
    pub(super) async fn tls_config(&self, trust: Trust, purpose: Use) -> Result<Arc<ClientConfig>, Problem> {
        let configs = self.tls.clone();
        match tokio::task::spawn_blocking(move || configs.get(&trust, purpose)).await {
            Ok(result) => result,
            Err(_) => Err(Problem::Bug { what: Line::clean("reading the trust store stopped") }),
        }
    }

    /// True where private addresses are what the account is about: its resolver or its server is itself local.
    pub(super) fn is_inside(&self, setup: &AccountSetup, peer: Option<IpAddr>) -> bool {
        let named = setup.server.as_ref().and_then(|(host, _)| host.parse::<IpAddr>().ok());
        self.names(setup.resolver).is_own_and_local() || peer.or(named).is_some_and(is_local)
    }
}

async fn ask(names: &Names, service: &str, host: &str, wanted: bool) -> Result<Option<SrvAnswer>, DnsFailure> {
    if wanted { names.srv(service, host).await.map(Some) } else { Ok(None) }
}

/// A named server without a wish for one way of TLS: STARTTLS, and direct on the port that is customary for it.
fn both_ways(mode: TlsMode, endpoint: Endpoint) -> Vec<Endpoint> {
    if mode == TlsMode::Auto && endpoint.port == 5223 {
        return vec![Endpoint { transport: Transport::Direct, ..endpoint }];
    }
    vec![endpoint]
}

/// Races the addresses, each a quarter of a second behind the one before, or as soon as that one failed.
pub(super) async fn reach(addresses: &[IpAddr], port: u16) -> io::Result<(TcpStream, SocketAddr)> {
    let mut race = JoinSet::new();
    let mut queue = addresses.iter().map(|address| SocketAddr::new(*address, port)).collect::<Vec<_>>().into_iter();
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    loop {
        if let Some(address) = queue.next() {
            race.spawn(async move { TcpStream::connect(address).await.map(|stream| (stream, address)) });
        } else if race.is_empty() {
            return Err(last);
        }
        let more = queue.len() > 0;
        tokio::select! {
            done = race.join_next() => match done {
                Some(Ok(Ok((stream, address)))) => {
                    stream.set_nodelay(true)?;
                    return Ok((stream, address));
                }
                Some(Ok(Err(error))) => last = error,
                Some(Err(_)) | None => {}
            },
            () = tokio::time::sleep(STAGGER), if more => {}
        }
    }
}

/// Where SRV is not asked: both ways of TLS at their customary ports (RFC 6120 section 3.2.2, XEP-0368).
fn unasked(mode: TlsMode, host: &str) -> Vec<Endpoint> {
    let at = |port, transport| Endpoint { host: host.to_owned(), port, transport };
    let (starttls, direct) = (at(5222, Transport::StartTls), at(5223, Transport::Direct));
    match mode {
        TlsMode::Auto => vec![starttls, direct],
        TlsMode::StartTls => vec![starttls],
        TlsMode::Direct => vec![direct],
    }
}

/// What an attempt to connect failed of.
pub(super) fn tcp_problem(error: &io::Error, host: &str, port: u16) -> Problem {
    let host = Line::clean(host);
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Problem::Refused { host, port },
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown | io::ErrorKind::AddrNotAvailable => {
            Problem::Offline
        }
        io::ErrorKind::TimedOut | io::ErrorKind::HostUnreachable => {
            Problem::NoAnswer { host, waited: Duration::from_secs(15) }
        }
        _ => Problem::ClosedAt { host, stage: Stage::Accept },
    }
}

/// Of several failures, the one that says most to the person.
fn weight(problem: &Problem) -> u8 {
    match problem {
        Problem::RedirectInward { .. }
        | Problem::ProxyLoginNeeded { .. }
        | Problem::ProxyLoginRefused { .. }
        | Problem::ProxyUnknown { .. } => 9,
        Problem::Certificate { .. } | Problem::NoTrust { .. } => 8,
        Problem::TlsFailed { .. } => 7,
        Problem::ClosedAt { .. } => 6,
        Problem::Refused { .. } | Problem::ProxyRefused { .. } | Problem::ProxyRubbish { .. } => 5,
        Problem::NoAnswer { .. } | Problem::ProxyNoWay { .. } | Problem::ProxySilent { .. } => 4,
        Problem::NameNotFound { .. } | Problem::ProxyUnreachable { .. } => 3,
        Problem::NoResolver => 2,
        _ => 1,
    }
}

/// The place a redirect came from.
pub(super) fn place(endpoint: &Endpoint) -> Target {
    Target { host: endpoint.host.clone(), port: Some(endpoint.port) }
}

/// A host as a domain, for problems of web services.
pub(super) fn domain_of(host: &str) -> Option<Domain> {
    Domain::parse(host).ok()
}

#[cfg(all(test, feature = "demo"))]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop")]

    use super::*;
    use crate::net::NetworkSettings;
    use crate::net::testing::{Shelf, network, setup};
    use tokio::net::TcpListener;

    fn redirected(text: &str, public: bool, direct: bool) -> Goal {
        Goal::Redirected { target: crate::route::redirect::parse(text).unwrap(), public, direct }
    }

    #[tokio::test]
    async fn a_dead_address_does_not_hold_up_the_next() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let addresses = ["127.0.0.99", "127.0.0.98", "127.0.0.1"].map(|text| text.parse().unwrap());
        let begun = tokio::time::Instant::now();
        let (stream, address) = reach(&addresses, port).await.unwrap();
        assert_eq!(address.ip().to_string(), "127.0.0.1");
        assert!(stream.nodelay().unwrap());
        assert!(begun.elapsed() < STAGGER, "a refusal starts the next at once");
        let error = reach(&addresses[..2], port).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        assert!(reach(&[], port).await.is_err());
    }

    #[tokio::test]
    async fn a_public_redirect_does_not_lead_inward() {
        let network = network(&Arc::new(Shelf::default()), NetworkSettings::default());
        let setup = setup("example.org");
        for text in ["127.0.0.1:5222", "[::1]", "10.0.0.1", "[::ffff:192.168.0.1]:5222", "169.254.169.254:80"] {
            let Err(problem) = network.dial(&setup, &redirected(text, true, false)).await else { panic!("{text}") };
            assert_eq!(problem.code(), "BTY-NET-10", "{text}");
        }
    }

    #[tokio::test]
    async fn named_places_need_no_dns() {
        let network = network(&Arc::new(Shelf::default()), NetworkSettings::default());
        let mut setup = setup("example.org");
        let ends = async |setup: &AccountSetup, goal: &Goal| {
            let list = network.endpoints(setup, goal).await.unwrap();
            list.into_iter().map(|end| (end.host, end.port, end.transport)).collect::<Vec<_>>()
        };
        let host = |text: &str, port, transport| vec![(text.to_owned(), port, transport)];
        let (direct, starttls) = (Transport::Direct, Transport::StartTls);
        let goal = redirected("gw.example:5269", false, false);
        assert_eq!(ends(&setup, &goal).await, host("gw.example", 5269, starttls));
        let goal = redirected("gw.example:5223", false, true);
        let both = [host("gw.example", 5223, direct), host("gw.example", 5223, starttls)].concat();
        assert_eq!(ends(&setup, &goal).await, both);
        assert_eq!(ends(&setup, &redirected("[2001:db8::1]", false, false)).await, host("2001:db8::1", 5222, starttls));
        setup.server = Some(("chat.example".to_owned(), 5223));
        assert_eq!(ends(&setup, &Goal::Home).await, host("chat.example", 5223, direct));
        setup.tls = TlsMode::StartTls;
        assert_eq!(ends(&setup, &Goal::Home).await, host("chat.example", 5223, starttls));
        setup.tls = TlsMode::Direct;
        assert_eq!(ends(&setup, &goal).await, host("gw.example", 5223, direct), "as it was wished");
        setup.server = Some(("chat.example".to_owned(), 443));
        assert_eq!(ends(&setup, &Goal::Home).await, host("chat.example", 443, direct));
    }

    #[test]
    fn what_says_most_is_told() {
        let refused = Problem::Refused { host: Line::default(), port: 1 };
        let domain = Domain::parse("example.org").unwrap();
        let wrong = Problem::Certificate { domain, fault: crate::types::CertificateFault::UnknownIssuer };
        assert!(weight(&wrong) > weight(&refused) && weight(&refused) > weight(&Problem::Offline));
    }
}
