//! Floor 5: the demo, a reconstruction of the Windows Live Messenger service from its documents.
//!
//! XMPP, the sign-in service, the page for the person and DNS, over real loopback sockets with real TLS. There is no
//! back door into the client: it gets an account whose resolver and authority are this run's, and that is all.
//!
//! - [`start`] gives a [`Running`] service; [`Switches`] holds every quirk.
//! - [`about()`] tells what is documented, what is inferred, what was added.
//!
//! The cores are pure (`service`, `stream`, `oauth`, `people`); sockets live in `wire`, `web` and `names`. Nothing
//! listens beyond loopback and nothing is written to disk.

mod about;
mod cert;
mod names;
mod oauth;
mod page;
mod people;
mod service;
mod shared;
mod stanza;
mod stream;
mod switches;
mod web;
mod wire;

pub use about::about;
pub use switches::{CloseAt, IqFrom, MOST_HOPS, OwnCard, Redirect, Switches, Target};

use crate::types::{BareJid, Secret};
use cert::Authority;
use names::{Names, Zone};
use oauth::Desk;
use people::Cast;
use service::Service;
use shared::{Parts, Shared, fill, random_hex};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// The XMPP domain.
const DOMAIN: &str = "demo.butty";
/// What the XMPP certificate proves when it is a foreign one.
const FOREIGN: &str = "edge.example.net";
const XMPP_HOST: &str = "xmpp.demo.butty";
const SIGN_IN_HOST: &str = "login.demo.butty";
/// The port meant where a redirect names none.
const USUAL_PORT: u16 = 5222;

/// A service that runs. Dropped or [stopped](Running::stop), it is gone and leaves nothing.
pub struct Running {
    shared: Arc<Shared>,
    names: Names,
    ca_pem: String,
    server: SocketAddr,
    page: String,
    tasks: JoinSet<()>,
}

/// Starts the service on random ports of loopback; works on either of tokio's runtimes.
pub async fn start(switches: Switches) -> io::Result<Running> {
    let cast = Cast::read()?;
    let authority = Authority::make()?;
    let account = BareJid::parse(&format!("{}@{DOMAIN}", random_hex(16)?)).map_err(io::Error::other)?;
    let sign_in = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let page_listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let page_origin = format!("http://{}", page_listener.local_addr()?);
    let page = format!("{page_origin}{}", web::LINK);
    let issuer = format!("https://{SIGN_IN_HOST}:{}", sign_in.local_addr()?.port());
    let told_page = if switches.modern { format!("{issuer}{}", web::LINK) } else { page.clone() };
    let hosts = Hosts::open(&switches).await?;
    let names = names::serve(&hosts.zone()?).await?;
    let server = hosts.first()?.listener.local_addr()?;
    let proves = if switches.foreign_certificate { FOREIGN } else { DOMAIN };
    let xmpp_tls = authority.acceptor(proves, b"xmpp-client")?;
    let sign_in_tls = authority.acceptor(SIGN_IN_HOST, b"http/1.1")?;

    let shared = Arc::new(Shared::new(Parts {
        you: cast.you.name.clone(),
        email: cast.you.email.clone(),
        targets: hosts.targets(&switches)?,
        desk: Desk::new(switches.clone(), told_page),
        service: Service::new(switches.clone(), account.clone(), cast),
        page_origin,
        issuer,
        account,
        switches,
    })?);
    let mut tasks = JoinSet::new();
    tasks.spawn(web::serve(shared.clone(), sign_in, Some(sign_in_tls)));
    tasks.spawn(web::serve(shared.clone(), page_listener, None));
    for (hop, host) in hosts.0.into_iter().enumerate() {
        tasks.spawn(wire::serve(shared.clone(), host.listener, xmpp_tls.clone(), hop));
    }
    let timed = shared.clone();
    tasks.spawn(async move { timed.keep_time().await });
    Ok(Running { shared, names, ca_pem: authority.pem(), server, page, tasks })
}

impl Running {
    /// The XMPP domain, which is all that the client needs to know of XMPP.
    pub fn domain(&self) -> &str {
        self.shared.domain.as_str()
    }

    /// The XMPP host that DNS names, for whoever names it by hand.
    pub fn server(&self) -> SocketAddr {
        self.server
    }

    /// The resolver that knows it.
    pub fn resolver(&self) -> SocketAddr {
        self.names.address
    }

    /// The authority behind every certificate of this run, PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// Addresses of the device authorization, token and revocation endpoints; their host is in the demo's DNS.
    pub fn endpoints(&self) -> (String, String, String) {
        let address = |path: &str| format!("{}{path}", self.shared.issuer);
        (address(web::DEVICE), address(web::TOKEN), address(web::REVOKE))
    }

    /// The sign-in service's name for itself; its metadata is there where [`Switches::modern`] is on.
    pub fn issuer(&self) -> &str {
        &self.shared.issuer
    }

    /// Name of the person who signs in here.
    pub fn person(&self) -> &str {
        &self.shared.you
    }

    /// What that person would type: their e-mail, which is never the address that the service gives them.
    pub fn address(&self) -> &str {
        &self.shared.email
    }

    /// The registered client.
    #[allow(clippy::unused_self, reason = "it belongs to the run, whose other addresses stand beside it")]
    pub fn client_id(&self) -> &str {
        oauth::CLIENT_ID
    }

    /// The page for the person, `http://127.0.0.1:PORT/…`.
    pub fn page(&self) -> &str {
        &self.page
    }

    /// The page where that person sees, and takes back, what was granted.
    pub fn consents(&self) -> String {
        format!("{}{}", self.shared.page_origin, web::GRANTS)
    }

    /// Answers every open code, as the page's buttons would with the box ticked.
    pub fn answer(&self, yes: bool) {
        let answered = self.shared.desk().answer_all(self.shared.desk_time(), yes);
        self.shared.note(format!("answered from here: {} ({answered} open)", if yes { "yes" } else { "no" }));
    }

    /// An access token with these scopes, for a program that gets its tokens from elsewhere.
    pub fn hand_out(&self, scopes: &[&str]) -> Option<Secret<String>> {
        self.shared.desk().hand_out(self.shared.desk_time(), scopes, &mut fill).map(Secret::new)
    }

    /// From now on somebody else sits at the page and agrees.
    pub fn seat_a_stranger(&self) {
        self.shared.desk().seat(1);
    }

    /// The sign-in service's clock moves on.
    pub fn pass(&self, time: Duration) {
        self.shared.pass(time);
        self.shared.note(format!("{} s later", time.as_secs()));
    }

    /// Every access token dies before its time; what was granted stays.
    pub fn end_access(&self) {
        self.shared.desk().end_access();
        self.shared.note("access tokens ended from here");
    }

    /// What was granted is taken back, as on the page for that.
    pub fn take_back(&self) {
        self.shared.desk().take_back();
        self.shared.note("taken back from here");
    }

    /// From now on XMPP refuses every token, or no longer.
    pub fn refuse_tokens(&self, all: bool) {
        self.shared.refuse(all);
    }

    /// Ends every connection to XMPP, without a word.
    pub fn cut(&self) {
        self.shared.cut();
    }

    /// Ends every connection and listens no more.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }

    /// What the service saw, oldest first, without tokens and codes.
    pub fn log(&self) -> Vec<String> {
        self.shared.journal()
    }
}

/// The XMPP hosts: the one that DNS names, then the gateways.
struct Hosts(Vec<Host>);

struct Host {
    name: String,
    listener: TcpListener,
}

impl Hosts {
    fn first(&self) -> io::Result<&Host> {
        self.0.first().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    async fn open(switches: &Switches) -> io::Result<Self> {
        let first = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let mut hosts = vec![Host { name: XMPP_HOST.to_owned(), listener: first }];
        for number in 1..=switches.gateways() {
            let listener = match switches.redirect_target {
                Target::NameAndPort => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?,
                Target::Ipv6 => TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).await?,
                Target::Name => usual_port().await?,
            };
            hosts.push(Host { name: format!("bay{number}.gateway.{DOMAIN}"), listener });
        }
        Ok(Self(hosts))
    }

    fn zone(&self) -> io::Result<Zone> {
        let mut hosts = vec![(SIGN_IN_HOST.to_owned(), Ipv4Addr::LOCALHOST)];
        for host in &self.0 {
            if let SocketAddr::V4(address) = host.listener.local_addr()? {
                hosts.push((host.name.clone(), *address.ip()));
            }
        }
        let first = self.first()?;
        let port = first.listener.local_addr()?.port();
        Ok(Zone { service: (DOMAIN.to_owned(), first.name.clone(), port), hosts })
    }

    /// Where each host sends on to; the last lets in, or sends back to the first gateway.
    fn targets(&self, switches: &Switches) -> io::Result<Vec<Option<String>>> {
        let last = self.0.len().saturating_sub(1);
        let target = |to: usize| self.0.get(to).map(|host| host.target(switches.redirect_target)).transpose();
        (0..self.0.len())
            .map(|from| match from {
                _ if from < last => target(from + 1),
                _ if switches.redirect_loop && last > 0 => target(1),
                _ => Ok(None),
            })
            .collect()
    }
}

impl Host {
    fn target(&self, form: Target) -> io::Result<String> {
        let address = self.listener.local_addr()?;
        Ok(match form {
            Target::NameAndPort => format!("{}:{}", self.name, address.port()),
            Target::Name => self.name.clone(),
            Target::Ipv6 => address.to_string(),
        })
    }
}

/// The usual port of some address in 127/8; a random one, so that two demos can run side by side.
async fn usual_port() -> io::Result<TcpListener> {
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..20 {
        let mut random = [0_u8; 3];
        fill(&mut random).ok_or_else(|| io::Error::other("no random numbers"))?;
        let [a, b, c] = random.map(|byte| byte.clamp(2, 250));
        match TcpListener::bind((Ipv4Addr::new(127, a, b, c), USUAL_PORT)).await {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests;
