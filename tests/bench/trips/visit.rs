//! One account that visits its server: for the first time, again, and after a lost connection.

use super::link::{Facts, data, ejabberd_token, network, next, prosody_token};
use super::proxy::{Delay, Proxy};
use butty::app::effect::LinkCommand;
use butty::app::event::LinkFact;
use butty::app::setup::{AccountSetup, TlsMode};
use butty::net::{LinkHandle, LinkOptions, Network, start_link};
use butty::types::BareJid;
use butty::xmpp::{CredentialKind, Event};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::channel;

/// What there is to sign in with.
#[derive(Clone, Copy, PartialEq)]
pub enum Secret {
    Password,
    Token,
}

/// A server, and how it is spoken to.
#[derive(Clone)]
pub struct Way {
    pub domain: &'static str,
    pub address: &'static str,
    pub tls: TlsMode,
    pub secret: Secret,
    /// By the server's own token from the second visit on, and taken up after a cut.
    pub short: bool,
}

pub struct Visitor {
    way: Way,
    printed: String,
}

impl Visitor {
    pub fn new(way: Way) -> Self {
        let printed = match way.secret {
            Secret::Password => "pw-juliet".to_owned(),
            Secret::Token => token(way.domain),
        };
        Self { way, printed }
    }

    /// The best of each: first visit, the next one, taken up after a cut.
    pub async fn best(&self, runs: usize, delay: Delay) -> [Option<Duration>; 3] {
        let mut best = [None; 3];
        for _ in 0..runs {
            for (best, took) in best.iter_mut().zip(self.run(delay).await) {
                *best = match (*best, took) {
                    (Some(best), Some(took)) => Some(took.min(best)),
                    (best, took) => took.or(best),
                };
            }
        }
        best
    }

    async fn run(&self, delay: Delay) -> [Option<Duration>; 3] {
        let port = if self.way.tls == TlsMode::Direct { 15_223 } else { 15_222 };
        let to: SocketAddr = format!("{}:{port}", self.way.address).parse().unwrap();
        let (proxy, network) = (Proxy::start(to, delay).await, network());
        let (link, mut facts) = self.link(&network, &proxy);
        let first = online(&mut facts, &proxy).await;
        settled(&mut facts).await;
        drop(facts);
        link.closed().await;
        let (link, mut facts) = self.link(&network, &proxy);
        let after = online(&mut facts, &proxy).await;
        let mut taken_up = None;
        if self.way.short {
            settled(&mut facts).await;
            proxy.cut();
            while !matches!(next(&mut facts).await, LinkFact::Down { .. }) {}
            link.send(LinkCommand::Connect);
            taken_up = Some(online(&mut facts, &proxy).await);
        }
        drop(facts);
        link.closed().await;
        [Some(first), Some(after), taken_up]
    }

    fn link(&self, network: &Arc<Network>, proxy: &Proxy) -> (LinkHandle, Facts) {
        let (events, facts) = channel(256);
        // Only a lasting link is given a token.
        let one_shot = !self.way.short;
        let options = LinkOptions { connect: true, resource: None, show_client: false, one_shot };
        (start_link(network, self.setup(proxy.port), options, events), facts)
    }

    fn setup(&self, port: u16) -> AccountSetup {
        let print = vec!["/bin/echo".to_owned(), self.printed.clone()];
        let token = self.way.secret == Secret::Token;
        let address = BareJid::parse(&format!("juliet@{}", self.way.domain)).unwrap();
        AccountSetup {
            credential: Some(if token { CredentialKind::Token } else { CredentialKind::Password }),
            server: Some(("127.0.0.1".to_owned(), port)),
            tls: self.way.tls,
            ca_file: Some(data().join("ca/ca.crt")),
            password_command: if token { Vec::new() } else { print.clone() },
            token_command: if token { print } else { Vec::new() },
            ..AccountSetup::new(&address)
        }
    }
}

/// An access token for juliet.
fn token(domain: &str) -> String {
    if domain == "ej23.test" { ejabberd_token() } else { prosody_token(domain) }
}

/// From the connection's beginning until messages may flow.
async fn online(facts: &mut Facts, proxy: &Proxy) -> Duration {
    loop {
        match next(facts).await {
            LinkFact::Session(Event::SignedIn(_) | Event::Resumed { .. }) => return proxy.began().elapsed(),
            LinkFact::Down { problem: Some(problem), retry_in: None } => panic!("{problem:?}"),
            LinkFact::PasswordWanted { problem, .. } => panic!("{problem:?}"),
            _ => {}
        }
    }
}

/// Until everything is known, so that a farewell disturbs nothing.
async fn settled(facts: &mut Facts) {
    while !matches!(next(facts).await, LinkFact::Session(Event::Features(_))) {}
}
