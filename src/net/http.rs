//! One function: a request to a sign-in service, and its reply.
//!
//! hyper over our own TLS and our own resolver, so that OAuth obeys the same trust and DNS as XMPP. Refused:
//! plain http, bodies above 1 MiB, waits above 15 s (for a proxy's password aside), private addresses where the way
//! there came from a public one. Redirects are replies like any other; nothing follows them.

use super::tls::{self, Trust, Use};
use super::{Network, dial};
use crate::app::setup::AccountSetup;
use crate::oauth::{HttpRequest, HttpResponse, Service};
use crate::route::redirect::is_local;
use crate::types::{Domain, Line, Problem};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{HOST, HeaderValue, USER_AGENT};
use hyper_util::rt::TokioIo;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::Mutex;

/// For one request, from name look-up to last byte.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);
/// A connection that rested longer is not used again: one that died meanwhile could cost the code or the token that the
/// request is about. Polling at its usual pace (RFC 8628 section 3.2: 5 s) rests less.
const FRESH: Duration = Duration::from_secs(8);
/// Largest reply.
const MOST: usize = 1024 * 1024;

type Sender = SendRequest<Full<Bytes>>;

/// A connection that waits for the next request.
struct Idle {
    to: String,
    sender: Sender,
    /// Monotonic time of its last reply.
    since: Duration,
}

/// A way to the sign-in services of one account. Keeps the last connection for polling.
pub(super) struct Web {
    network: Arc<Network>,
    setup: Arc<AccountSetup>,
    inside: bool,
    /// The first connection decides whether later ones may go to private addresses.
    first_decides: bool,
    /// The first connection went to a private address.
    first: OnceLock<bool>,
    /// The issuer's own host and port may be anywhere: its certificate tells whether it is the same, and somebody else
    /// hears a greeting and no more.
    home: Option<(String, u16)>,
    idle: Mutex<Option<Idle>>,
}

impl Web {
    /// `inside`: services on private addresses are fine.
    pub(super) fn new(network: Arc<Network>, setup: Arc<AccountSetup>, inside: bool) -> Self {
        let (first, idle) = (OnceLock::new(), Mutex::default());
        Self { network, setup, inside, first_decides: false, first, home: None, idle }
    }

    /// To a service that was found before. What it names lies in a private network only if that was fine then; but its
    /// own host is found by another address at home than on the road now and then.
    pub(super) fn to(service: &Service, network: Arc<Network>, setup: Arc<AccountSetup>) -> Self {
        Self { home: service.home(), ..Self::new(network, setup, service.inside) }
    }

    /// From a public first service on, private addresses are refused: what it names is the wire's word.
    pub(super) fn no_further_in(self) -> Self {
        Self { first_decides: true, ..self }
    }

    #[cfg(all(test, feature = "demo"))]
    pub(super) fn pretend_first_was(&self, private: bool) {
        self.first.get_or_init(|| private);
    }

    /// Services on private addresses are fine, as far as is known by now.
    pub(super) fn is_inside(&self) -> bool {
        self.inside && (!self.first_decides || self.first.get().copied().unwrap_or(true))
    }

    /// One request, one reply.
    pub(super) async fn fetch(&self, request: HttpRequest) -> Result<HttpResponse, Problem> {
        let host = Line::clean(request.uri().host().unwrap_or_default());
        self.network.ready_proxy(host.as_str()).await?;
        match tokio::time::timeout(PATIENCE, self.exchange(request)).await {
            Ok(result) => result,
            Err(_) => Err(Problem::NoAnswer { host, waited: PATIENCE }),
        }
    }

    async fn exchange(&self, mut request: HttpRequest) -> Result<HttpResponse, Problem> {
        let uri = request.uri().clone();
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        let shown = Line::clean(&host);
        let rubbish = || Problem::OAuthRubbish { host: shown.clone() };
        let domain = dial::domain_of(&host).ok_or_else(rubbish)?;
        if uri.scheme_str() != Some("https") {
            return Err(Problem::TlsFailed { domain });
        }
        let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
        let headers = request.headers_mut();
        headers.insert(HOST, HeaderValue::from_str(&authority).map_err(|_| rubbish())?);
        headers.insert(USER_AGENT, HeaderValue::from_static("butty"));
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        *request.uri_mut() = path.parse().map_err(|_| rubbish())?;
        let request = request.map(|body| Full::new(Bytes::from(body)));

        let mut sender = match self.kept(&authority).await {
            Some(sender) => sender,
            None => self.connect(&domain, &host, uri.port_u16().unwrap_or(443)).await?,
        };
        let cut = || Problem::ClosedByServer { host: shown.clone(), reason: None };
        let reply = sender.send_request(request).await.map_err(|_| cut())?;
        let (parts, body) = reply.into_parts();
        let body = Limited::new(body, MOST).collect().await;
        // One that breaks off says nothing of the service.
        let body = body.map_err(|error| if error.is::<LengthLimitError>() { rubbish() } else { cut() })?.to_bytes();
        if !sender.is_closed() {
            *self.idle.lock().await = Some(Idle { to: authority, sender, since: self.network.now().mono });
        }
        Ok(HttpResponse::from_parts(parts, body.to_vec()))
    }

    /// The kept connection, if it goes there, still stands and has not rested long.
    async fn kept(&self, authority: &str) -> Option<Sender> {
        let Idle { to, mut sender, since } = self.idle.lock().await.take()?;
        let fresh = self.network.now().mono.saturating_sub(since) <= FRESH;
        (fresh && to == authority && sender.ready().await.is_ok()).then_some(sender)
    }

    #[cfg(all(test, feature = "demo"))]
    pub(super) async fn keeps(&self, authority: &str) -> bool {
        self.kept(authority).await.is_some()
    }

    async fn connect(&self, domain: &Domain, host: &str, port: u16) -> Result<Sender, Problem> {
        let is_home = self.home.as_ref().is_some_and(|(home, own)| home == host && *own == port);
        let inside = self.is_inside() || is_home;
        let way = self.network.way(&self.setup, host, port, inside).await?;
        // Where a proxy looked the name up, nobody here knows: then the first service counts as a public one.
        self.first.get_or_init(|| way.peer.is_some_and(|peer| is_local(peer.ip())));
        let closed = || Problem::ClosedByServer { host: Line::clean(host), reason: None };
        let config = self.network.tls_config(Trust::of(&self.setup), Use::Web).await?;
        let stream = tls::connect(config, domain, way.stream).await?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|_| closed())?;
        tokio::spawn(async move {
            // Its errors come out at the sender too.
            let _ = connection.await;
        });
        Ok(sender)
    }
}
