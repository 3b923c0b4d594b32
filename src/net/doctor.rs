//! The way to a session, step by step, so that the step that fails can be named.
//!
//! DNS → TCP → TLS → XMPP → OAuth → session. Each step has ten seconds; what hangs on a failed one is skipped.
//! Results are facts; sentences are made elsewhere.

use super::dial::Goal;
use super::http::Web;
use super::link::{End, Link, LinkOptions, start_link};
use super::{Network, dial};
use crate::app::event::{Consent, LinkFact};
use crate::app::setup::AccountSetup;
use crate::oauth::{HttpRequest, HttpResponse, Issuer, discovery, page};
use crate::route::{Endpoint, Transport};
use crate::types::{Line, Problem, Stage};
use crate::xmpp::Event;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{channel, unbounded_channel};

/// For one step.
const LIMIT: Duration = Duration::from_secs(10);

/// A part of the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Names of the service.
    Dns,
    /// A connection.
    Tcp,
    /// A certificate that proves the domain.
    Tls,
    /// Stream and mechanisms.
    Xmpp,
    /// Metadata of the sign-in service.
    OAuth,
    /// The whole sign-in.
    Session,
}

impl Step {
    /// All of them, in order.
    pub const ALL: [Self; 6] = [Self::Dns, Self::Tcp, Self::Tls, Self::Xmpp, Self::OAuth, Self::Session];

    /// As reports name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dns => "DNS",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Xmpp => "XMPP",
            Self::OAuth => "OAuth",
            Self::Session => "session",
        }
    }
}

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Well.
    Ok,
    /// Well enough; something to know.
    Warn,
    /// Badly.
    Fail,
    /// Not tried: it hangs on a failed step, or does not apply.
    Skipped,
}

/// What one step found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepReport {
    /// Which.
    pub step: Step,
    /// How it went.
    pub status: Status,
    /// What was found.
    pub detail: Vec<Line>,
    /// Why it failed.
    pub problem: Option<Problem>,
}

impl StepReport {
    fn new(step: Step, status: Status, detail: &[String]) -> Self {
        Self { step, status, detail: detail.iter().map(|text| Line::clean(text)).collect(), problem: None }
    }

    fn failed(step: Step, problem: Problem) -> Self {
        Self { step, status: Status::Fail, detail: Vec::new(), problem: Some(problem) }
    }

    fn skipped(step: Step) -> Self {
        Self::new(step, Status::Skipped, &[])
    }
}

/// Walks the way of an account. `only`: tell about this step alone; what it stands on is walked silently.
pub async fn doctor(network: Arc<Network>, setup: AccountSetup, only: Option<Step>) -> Vec<StepReport> {
    let last = only.unwrap_or(Step::Session);
    let mut reports = Visit { network, setup }.walk(last).await;
    for step in Step::ALL.into_iter().filter(|step| *step <= last) {
        if !reports.iter().any(|report| report.step == step) {
            reports.push(StepReport::skipped(step));
        }
    }
    reports.sort_by_key(|report| report.step);
    reports.retain(|report| only.is_none_or(|step| report.step == step));
    reports
}

struct Visit {
    network: Arc<Network>,
    setup: AccountSetup,
}

impl Visit {
    async fn walk(&self, last: Step) -> Vec<StepReport> {
        let mut reports = Vec::new();
        let endpoints = match self.limited(Stage::Lookup, self.network.endpoints(&self.setup, &Goal::Home)).await {
            Ok(endpoints) => endpoints,
            Err(problem) => return vec![StepReport::failed(Step::Dns, problem)],
        };
        let shown: Vec<String> = endpoints.iter().map(written).collect();
        reports.push(StepReport::new(Step::Dns, Status::Ok, &shown));
        if last == Step::Dns {
            return reports;
        }
        let tcp = self.tcp(&endpoints).await;
        let stands = tcp.status != Status::Fail;
        reports.push(tcp);
        if last == Step::Tcp || !stands {
            return reports;
        }
        let (tls_and_xmpp, metadata) = self.probe().await;
        let stands = tls_and_xmpp.iter().all(|report| report.status != Status::Fail);
        reports.extend(tls_and_xmpp);
        if last <= Step::Xmpp || !stands {
            return reports;
        }
        let oauth = self.oauth(metadata).await;
        let stands = oauth.status != Status::Fail;
        reports.push(oauth);
        if last == Step::Session && stands {
            reports.push(self.session().await);
        }
        reports
    }

    async fn limited<T>(&self, stage: Stage, work: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
        match tokio::time::timeout(LIMIT, work).await {
            Ok(result) => result,
            Err(_) => Err(Problem::SilentAt { host: Line::clean(self.setup.domain.as_str()), stage }),
        }
    }

    async fn tcp(&self, endpoints: &[Endpoint]) -> StepReport {
        let mut dead = Vec::new();
        let mut why = None;
        for endpoint in endpoints {
            let begun = self.network.now().mono;
            let opened =
                self.limited(Stage::Accept, self.network.way(&self.setup, &endpoint.host, endpoint.port, true)).await;
            match opened {
                Ok(way) => {
                    let took = self.network.now().mono.saturating_sub(begun).as_millis();
                    let status = if dead.is_empty() { Status::Ok } else { Status::Warn };
                    let address = way.peer.map_or_else(|| written(endpoint), |peer| peer.to_string());
                    let mut detail = vec![format!("{address} in {took} ms")];
                    detail.extend(dead);
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

    /// TLS and XMPP are one conversation.
    async fn probe(&self) -> (Vec<StepReport>, Option<String>) {
        let (events, mut facts) = channel(256);
        let (_commands, inbox) = unbounded_channel();
        let options = LinkOptions { connect: true, resource: None, show_client: false, one_shot: true };
        let mut link = Link::new(Arc::clone(&self.network), self.setup.clone(), options, events, inbox);
        let end = tokio::time::timeout(LIMIT, link.discover()).await;
        let mut version = None;
        while let Ok((_, event)) = facts.try_recv() {
            if let LinkFact::Secured { version: found } = event.fact {
                version = Some(found);
            }
        }
        let stage = if version.is_some() { Stage::Features } else { Stage::Tls };
        let silent = Problem::SilentAt { host: Line::clean(self.setup.domain.as_str()), stage };
        let tls = version.map(|version| {
            StepReport::new(Step::Tls, Status::Ok, &[format!("{version}, certificate for {}", self.setup.domain)])
        });
        match end {
            Ok(End::Discovered { mechanisms, metadata }) => {
                let xmpp = StepReport::new(Step::Xmpp, Status::Ok, &[format!("offers {}", mechanisms.join(", "))]);
                (tls.into_iter().chain([xmpp]).collect(), metadata)
            }
            Ok(End::Problem(problem)) => (failed_at(tls, problem), None),
            Ok(End::Clean | End::Wish(_)) => {
                (failed_at(tls, Problem::ClosedAt { host: Line::clean(self.setup.domain.as_str()), stage }), None)
            }
            Err(_) => (failed_at(tls, silent), None),
        }
    }

    async fn oauth(&self, metadata: Option<String>) -> StepReport {
        if self.setup.oauth.endpoints.is_some() {
            return StepReport::new(Step::OAuth, Status::Ok, &["addresses from the profile".to_owned()]);
        }
        let trusted = self.setup.oauth.issuer.is_some();
        let Some(asked) = self.setup.oauth.issuer.clone().or(metadata) else {
            return StepReport::skipped(Step::OAuth);
        };
        let inside = trusted || self.network.is_inside(&self.setup, None);
        let web = Web::new(Arc::clone(&self.network), Arc::new(self.setup.clone()), inside);
        let mut detail = Vec::new();
        for address in discovery::addresses(&asked) {
            let request: HttpRequest = discovery::request(&address);
            let reply: HttpResponse = match self.limited(Stage::Lookup, web.fetch(request)).await {
                Ok(reply) => reply,
                Err(problem) => return StepReport::failed(Step::OAuth, problem),
            };
            let read = Issuer::read(reply.body(), &address, &asked);
            match read {
                Ok(issuer) if reply.status().is_success() => return Self::issuer(&issuer),
                _ => detail.push(format!("{address} answered {}", reply.status().as_u16())),
            }
        }
        let problem = Problem::NoIssuer { domain: self.setup.domain.clone() };
        StepReport { problem: Some(problem), ..StepReport::new(Step::OAuth, Status::Fail, &detail) }
    }

    fn issuer(issuer: &Issuer) -> StepReport {
        match &issuer.device {
            Some(device) => {
                let detail = [issuer.name.clone(), format!("codes from {}", page::host_of(device))];
                StepReport::new(Step::OAuth, Status::Ok, &detail)
            }
            None => StepReport::new(Step::OAuth, Status::Warn, std::slice::from_ref(&issuer.name)),
        }
    }

    async fn session(&self) -> StepReport {
        let (events, mut facts) = channel(256);
        let options =
            LinkOptions { connect: true, resource: Some("doctor".to_owned()), show_client: false, one_shot: true };
        let link = start_link(&self.network, self.setup.clone(), options, events);
        let walked = tokio::time::timeout(LIMIT, async {
            while let Some((_, event)) = facts.recv().await {
                match event.fact {
                    LinkFact::Session(Event::SignedIn(done)) => {
                        let detail = [format!("{} by {}", done.jid, done.mechanism)];
                        return StepReport::new(Step::Session, Status::Ok, &detail);
                    }
                    LinkFact::Down { problem: Some(problem), .. }
                    | LinkFact::PasswordWanted { problem: Some(problem), .. } => {
                        return StepReport::failed(Step::Session, problem);
                    }
                    LinkFact::PasswordWanted { problem: None, .. } => {
                        let domain = self.setup.domain.clone();
                        return StepReport::failed(Step::Session, Problem::PasswordNeeded { domain });
                    }
                    LinkFact::Consent(Consent::LookingUp { .. }) => {
                        let account = Line::clean(self.setup.id.as_str());
                        return StepReport::failed(Step::Session, Problem::SignInNeeded { account });
                    }
                    _ => {}
                }
            }
            StepReport::skipped(Step::Session)
        })
        .await;
        drop(facts);
        link.closed().await;
        walked.unwrap_or_else(|_| {
            let host = Line::clean(self.setup.domain.as_str());
            StepReport::failed(Step::Session, Problem::SilentAt { host, stage: Stage::Auth })
        })
    }
}

/// A problem of the probe belongs to TLS until TLS stands.
fn failed_at(tls: Option<StepReport>, problem: Problem) -> Vec<StepReport> {
    match tls {
        Some(tls) => vec![tls, StepReport::failed(Step::Xmpp, problem)],
        None => vec![StepReport::failed(Step::Tls, problem)],
    }
}

fn written(endpoint: &Endpoint) -> String {
    let way = match endpoint.transport {
        Transport::Direct => "direct TLS",
        Transport::StartTls => "STARTTLS",
    };
    format!("{}, {way}", dial::place(endpoint))
}
