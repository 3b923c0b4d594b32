//! The way to a host: straight, or through the proxy that is set, for XMPP and OAuth alike.
//!
//! Through a proxy no name is looked up here but the proxy's own: names go there as they are, and SRV, which cannot be
//! asked through a proxy, is asked only of a name server that the person set. What comes back is an open stream, not
//! one byte further: TLS and everything in it are the account's and the server's. Refused: a way around a proxy that
//! is set but cannot be used.

use super::sign_in::Unprinted;
use super::{Network, dial, sign_in};
use crate::app::setup::AccountSetup;
use crate::route::redirect::is_local;
use crate::route::tunnel::{Login, Next, Refusal, Tunnel};
use crate::types::{Line, Problem, Proxy, Proxying, Secret};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

/// Read at once; no answer that is taken is longer.
const PIECE: usize = 8 * 1024;
/// How long the command may take that prints the password: somebody may have to unlock something.
const COMMAND: Duration = Duration::from_secs(120);

/// What `proxy_password_command` printed. It is asked by one link at a time.
#[derive(Default)]
pub(super) struct Printed {
    last: tokio::sync::Mutex<Option<Result<Secret<String>, Unprinted>>>,
    /// How often it has ended.
    runs: AtomicU64,
}

impl Printed {
    /// What it printed, or prints now. Who waited while it ran for another takes part in what that came to, so that
    /// many accounts do not wait one after another for a person who is away.
    async fn get(&self, command: &[String]) -> Result<Secret<String>, Unprinted> {
        let before = self.runs.load(Ordering::Acquire);
        let mut last = self.last.lock().await;
        match &*last {
            Some(Ok(password)) => return Ok(password.clone()),
            Some(Err(why)) if self.runs.load(Ordering::Acquire) != before => return Err(*why),
            _ => {}
        }
        let printed = sign_in::first_line_within(command, COMMAND).await;
        self.runs.fetch_add(1, Ordering::Release);
        last.insert(printed).clone()
    }

    /// This one was refused: the next one asks again. What has been printed since stays.
    async fn forget(&self, refused: &Secret<String>) {
        self.last.lock().await.take_if(|last| last.as_ref().is_ok_and(|password| password == refused));
    }
}

/// An open way. `peer`: who is at its end, where that is known.
pub(super) struct Way {
    pub(super) stream: TcpStream,
    pub(super) peer: Option<SocketAddr>,
}

impl Network {
    /// The proxy for a host, if one is set and the host is not spared.
    pub(super) fn proxy_for(&self, host: &str) -> Result<Option<&Proxy>, Problem> {
        match &self.settings.proxy {
            Proxying::Direct => Ok(None),
            Proxying::Through(proxy) => Ok(Some(&**proxy).filter(|proxy| !proxy.spares(host))),
            Proxying::Unknown(why) => Err(Problem::ProxyUnknown { why: why.clone() }),
        }
    }

    /// True where SRV cannot be asked without telling a resolver that nobody chose where the way leads.
    pub(super) fn asks_no_srv(&self, setup: &AccountSetup, host: &str) -> Result<bool, Problem> {
        let chosen = setup.resolver.or(self.settings.resolver).is_some();
        Ok(self.proxy_for(host)?.is_some() && !chosen)
    }

    /// Opens a way to a host: a name in ASCII or an address without brackets. `inward`: it may lie on a private
    /// address; where a proxy looks the name up, only addresses and `localhost` can be told from the others.
    pub(super) async fn way(&self, setup: &AccountSetup, host: &str, port: u16, inward: bool) -> Result<Way, Problem> {
        let refused = || Problem::RedirectInward { domain: setup.domain.clone(), target: Line::clean(host) };
        if let Some(proxy) = self.proxy_for(host)? {
            let address: Option<IpAddr> = host.parse().ok();
            if !inward && (address.is_some_and(is_local) || is_this_computer(host)) {
                return Err(refused());
            }
            let stream = self.through(proxy, host, port).await?;
            return Ok(Way { stream, peer: address.map(|address| SocketAddr::new(address, port)) });
        }
        let names = self.names(setup.resolver);
        let mut addresses = names.addresses(host).await.map_err(|failure| failure.problem(host))?;
        if !inward {
            addresses.retain(|address| !is_local(*address));
            if addresses.is_empty() {
                return Err(refused());
            }
        }
        let opened = dial::reach(&addresses, port).await;
        let (stream, peer) = opened.map_err(|error| dial::tcp_problem(&error, host, port))?;
        Ok(Way { stream, peer: Some(peer) })
    }

    /// Asks for what the proxy to this host wants to know, where a command has to be asked, which may ask a person in
    /// its turn. To be done before the time for a way begins to count.
    pub(super) async fn ready_proxy(&self, host: &str) -> Result<(), Problem> {
        let Some(proxy) = self.proxy_for(host)? else { return Ok(()) };
        self.login(proxy).await.map(drop)
    }

    async fn through(&self, proxy: &Proxy, host: &str, port: u16) -> Result<TcpStream, Problem> {
        let shown = Line::clean(&proxy.to_string());
        let login = self.login(proxy).await?;
        // Before the time for the whole way is up: who was silent is to be told.
        let waited = self.settings.connect_timeout * 9 / 10;
        let deadline = Instant::now() + waited;
        let unreachable = || Problem::ProxyUnreachable { proxy: shown.clone() };
        let names = self.names(None);
        let reached = timeout_at(deadline, async {
            let addresses = names.addresses(&proxy.host).await.map_err(|_| unreachable())?;
            dial::reach(&addresses, proxy.port).await.map_err(|error| match error.kind() {
                io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => Problem::Offline,
                _ => unreachable(),
            })
        });
        let (mut stream, _) = reached.await.map_err(|_| unreachable())??;
        let tunnel = Tunnel::new(proxy.kind, host, port, login.clone());
        let talked = timeout_at(deadline, talk(&mut stream, tunnel)).await;
        let refusal = match talked {
            Ok(Ok(())) => return Ok(stream),
            Ok(Err(refusal)) => refusal,
            Err(_) => return Err(Problem::ProxySilent { proxy: shown, waited: whole_seconds(waited) }),
        };
        tracing::debug!(target: "butty::net", %refusal, "the proxy opens no way");
        if let Some(login) = login.filter(|_| refusal == Refusal::LoginRefused) {
            self.proxy_password.forget(&login.password).await; // it may have changed: the command is asked again
        }
        let target = Line::clean(host);
        Err(match refusal {
            Refusal::Rubbish => Problem::ProxyRubbish { proxy: shown },
            Refusal::LoginNeeded => Problem::ProxyLoginNeeded { proxy: shown },
            Refusal::LoginRefused => Problem::ProxyLoginRefused { proxy: shown },
            Refusal::Refused(reason) => Problem::ProxyRefused { proxy: shown, target, reason },
            Refusal::NoWay(reason) => Problem::ProxyNoWay { proxy: shown, target, reason },
        })
    }

    /// Who asks. The command that prints the password runs once, until the proxy refuses what it printed.
    async fn login(&self, proxy: &Proxy) -> Result<Option<Login>, Problem> {
        let Some(user) = proxy.user.clone() else { return Ok(None) };
        let password = match (&proxy.password, proxy.password_command.as_slice()) {
            (Some(password), _) => password.clone(),
            (None, []) => Secret::from(""),
            (None, command) => self.proxy_password.get(command).await.map_err(no_password)?,
        };
        Ok(Some(Login { user, password }))
    }
}

fn no_password(why: Unprinted) -> Problem {
    let why = match why {
        Unprinted::Nothing => "proxy_password_command printed nothing".to_owned(),
        Unprinted::TooSlow(limit) => format!("proxy_password_command took longer than {} s", limit.as_secs()),
    };
    Problem::ProxyUnknown { why: Line::clean(&why) }
}

/// Says what the machine wants said, reads no more than it wants to read.
async fn talk(stream: &mut TcpStream, mut tunnel: Tunnel) -> Result<(), Refusal> {
    let mut piece = vec![0; PIECE]; // not in the future, which waits in many others
    loop {
        match tunnel.poll() {
            Next::Open => return Ok(()),
            Next::Send(bytes) => stream.write_all(bytes.expose()).await.map_err(|_| Refusal::Rubbish)?,
            Next::Read(most) => {
                let room = piece.get_mut(..most.min(PIECE)).unwrap_or_default();
                let count = stream.read(room).await.map_err(|_| Refusal::Rubbish)?;
                if count == 0 {
                    return Err(Refusal::Rubbish);
                }
                tunnel.take(room.get(..count).unwrap_or_default())?;
            }
        }
    }
}

/// RFC 6761 section 6.3.
fn is_this_computer(host: &str) -> bool {
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// As a person would say it.
fn whole_seconds(time: Duration) -> Duration {
    Duration::from_secs(time.as_secs().max(1))
}

#[cfg(all(test, feature = "demo"))]
mod tests;
