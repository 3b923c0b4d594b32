//! From the proxy to what the server offers.

use super::{LIMIT, Status, Step, StepReport, Visit};
use crate::app::event::LinkFact;
use crate::net::dial::{self, Goal};
use crate::net::link::{End, Link, LinkOptions};
use crate::net::sign_in;
use crate::route::{Endpoint, Transport};
use crate::types::{Line, Problem, ProxyKind, Proxying, Stage};
use crate::xmpp::{CredentialKind, chosen_mechanism};
use std::sync::Arc;
use tokio::sync::mpsc::{channel, unbounded_channel};

/// Seconds of a day.
const DAY: u64 = 24 * 60 * 60;
/// Days before its end that a certificate is told as ending: renewed by then, where somebody sees to it.
const SOON: u64 = 14;

impl Visit {
    /// Whether the proxy is there. What it says to a real question is found with TCP.
    pub(super) async fn proxy(&self) -> StepReport {
        let settings = &self.network.settings;
        let proxy = match &settings.proxy {
            Proxying::Direct => return StepReport::new(Step::Proxy, Status::Skipped, &["none is set".to_owned()]),
            Proxying::Unknown(why) => {
                return StepReport::failed(Step::Proxy, Problem::ProxyUnknown { why: why.clone() });
            }
            Proxying::Through(proxy) => proxy,
        };
        let names = self.network.names(None);
        let begun = self.network.now().mono;
        let reached = tokio::time::timeout(LIMIT, async {
            let addresses = names.addresses(&proxy.host).await.ok()?;
            dial::reach(&addresses, proxy.port).await.ok()
        });
        let took = || self.network.now().mono.saturating_sub(begun).as_millis();
        let kind = match proxy.kind {
            ProxyKind::Socks5 => "SOCKS5",
            ProxyKind::Http => "HTTP CONNECT",
        };
        match reached.await {
            Ok(Some(_)) => StepReport::ok(Step::Proxy, format!("{kind} at {proxy} in {} ms", took())),
            _ => {
                let proxy = Line::clean(&proxy.to_string());
                StepReport::failed(Step::Proxy, Problem::ProxyUnreachable { proxy })
            }
        }
    }

    pub(super) async fn dns(&mut self) -> StepReport {
        let named = async {
            let endpoints = self.network.endpoints(&self.setup, &Goal::Home).await?;
            self.some_has_an_address(&endpoints).await?;
            Ok(endpoints)
        };
        let endpoints = match self.limited(Stage::Lookup, named).await {
            Ok(endpoints) => endpoints,
            Err(problem) => return StepReport::failed(Step::Dns, problem),
        };
        let mut shown: Vec<String> = endpoints.iter().map(written).collect();
        if self.network.asks_no_srv(&self.setup, self.setup.domain.as_str()).unwrap_or(false) {
            shown.push("names are looked up by the proxy".to_owned());
        }
        self.found.endpoints = endpoints;
        StepReport::new(Step::Dns, Status::Ok, &shown)
    }

    /// Where none has one there is nothing to connect to. What a proxy looks up is found with TCP.
    async fn some_has_an_address(&self, endpoints: &[Endpoint]) -> Result<(), Problem> {
        let names = self.network.names(self.setup.resolver);
        let mut why = Ok(());
        for Endpoint { host, .. } in endpoints {
            if self.network.proxy_for(host)?.is_some() {
                return Ok(());
            }
            match names.addresses(host).await {
                Ok(_) => return Ok(()),
                Err(failure) => why = why.and_then(|()| Err(failure.problem(host))),
            }
        }
        why
    }

    pub(super) async fn tcp(&mut self) -> StepReport {
        let mut dead = Vec::new();
        let mut why = None;
        for endpoint in &self.found.endpoints {
            if let Err(problem) = self.network.ready_proxy(&endpoint.host).await {
                return StepReport::failed(Step::Tcp, problem);
            }
            let begun = self.network.now().mono;
            let way = self.network.way(&self.setup, &endpoint.host, endpoint.port, true);
            match self.limited(Stage::Accept, way).await {
                Ok(way) => {
                    let took = self.network.now().mono.saturating_sub(begun).as_millis();
                    let status = if dead.is_empty() { Status::Ok } else { Status::Warn };
                    let address = way.peer.map_or_else(|| written(endpoint), |peer| peer.to_string());
                    let mut detail = vec![format!("{address} in {took} ms")];
                    detail.extend(dead);
                    self.found.peer = way.peer.map(|peer| peer.ip());
                    return StepReport { problem: why, ..StepReport::new(Step::Tcp, status, &detail) };
                }
                Err(problem) => {
                    dead.push(format!("{} does not answer", written(endpoint)));
                    why.get_or_insert(problem);
                }
            }
        }
        let none = Problem::NoService { domain: self.setup.domain.clone() };
        StepReport { problem: why.or(Some(none)), ..StepReport::new(Step::Tcp, Status::Fail, &dead) }
    }

    /// TLS and XMPP are one conversation; what it tells of the second is kept for the next step.
    pub(super) async fn tls(&mut self) -> StepReport {
        let (events, mut facts) = channel(256);
        let (_commands, inbox) = unbounded_channel();
        let options = LinkOptions { connect: true, resource: None, show_client: false, one_shot: true };
        let mut link = Link::new(Arc::clone(&self.network), (*self.setup).clone(), options, events, inbox);
        let end = tokio::time::timeout(LIMIT, link.discover()).await;
        let mut secured = None;
        while let Ok((_, event)) = facts.try_recv() {
            if let LinkFact::Secured { version, until } = event.fact {
                secured = Some((version, until));
            }
        }
        let stage = if secured.is_some() { Stage::Features } else { Stage::Tls };
        let host = Line::clean(self.setup.domain.as_str());
        let problem = match end {
            Ok(End::Discovered { mechanisms, metadata }) => {
                self.found.mechanisms = mechanisms;
                self.found.metadata = metadata;
                None
            }
            Ok(End::Problem(problem)) => Some(problem),
            Ok(End::Clean | End::Wish(_) | End::Dismissed(_)) => Some(Problem::ClosedAt { host, stage }),
            Err(_) => Some(Problem::SilentAt { host, stage }),
        };
        // A problem of this conversation belongs to TLS until TLS stands.
        let Some((version, until)) = secured else {
            let unknown = Problem::TlsFailed { domain: self.setup.domain.clone() };
            return StepReport::failed(Step::Tls, problem.unwrap_or(unknown));
        };
        self.found.xmpp = Some(match problem {
            Some(problem) => StepReport::failed(Step::Xmpp, problem),
            None => StepReport::ok(Step::Xmpp, format!("{} answers", self.setup.domain)),
        });
        let proved = format!("{version}, certificate for {}", self.setup.domain);
        match until.map(|until| until.since(self.network.now().wall).as_secs() / DAY) {
            Some(days @ ..SOON) => StepReport::new(Step::Tls, Status::Warn, &[format!("{proved}, {days} days left")]),
            Some(days) => StepReport::ok(Step::Tls, format!("{proved}, {days} days left")),
            None => StepReport::ok(Step::Tls, proved),
        }
    }

    pub(super) fn mechanisms(&self) -> StepReport {
        let offered = &self.found.mechanisms;
        let kinds = match self.setup.credential {
            Some(kind) => vec![kind],
            None => vec![CredentialKind::Token, CredentialKind::Password],
        };
        let chosen = kinds.into_iter().find_map(|kind| chosen_mechanism(offered, &self.setup.mechanisms, kind));
        let Some(chosen) = chosen else {
            return StepReport::failed(Step::Mechanisms, sign_in::no_mechanism(&self.setup, offered));
        };
        let offered = format!("offers {}", offered.join(", "));
        StepReport::new(Step::Mechanisms, Status::Ok, &[format!("{chosen} fits"), offered])
    }
}

fn written(endpoint: &Endpoint) -> String {
    let way = match endpoint.transport {
        Transport::Direct => "direct TLS",
        Transport::StartTls => "STARTTLS",
    };
    format!("{}, {way}", dial::place(endpoint))
}
