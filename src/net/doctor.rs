//! The way to a session, step by step, so that the step that fails can be named.
//!
//! Proxy → DNS → TCP → TLS → XMPP → mechanisms → discovery → registration → token → session. Each step has ten
//! seconds; what hangs on a failed one is skipped, and one step alone is walked with what it needs and nothing else.
//! Results are facts; sentences are made elsewhere. Refused: any change of what is kept, but for a refresh of a token
//! that is due.

mod secrets;
mod wire;

use super::Network;
use crate::app::setup::AccountSetup;
use crate::oauth::Issuer;
use crate::route::Endpoint;
use crate::types::{Line, Problem, Stage};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// For one step.
const LIMIT: Duration = Duration::from_secs(10);

/// A part of the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The proxy, where one is set.
    Proxy,
    /// Names of the service.
    Dns,
    /// A connection.
    Tcp,
    /// A certificate that proves the domain.
    Tls,
    /// The stream.
    Xmpp,
    /// What there is to sign in by.
    Mechanisms,
    /// Metadata of the sign-in service.
    Discovery,
    /// Who butty is there.
    Registration,
    /// The kept sign-in, refreshed if it is due; or the kept password.
    Token,
    /// The whole sign-in.
    Session,
}

impl Step {
    /// All of them, in order.
    pub const ALL: [Self; 10] = [
        Self::Proxy,
        Self::Dns,
        Self::Tcp,
        Self::Tls,
        Self::Xmpp,
        Self::Mechanisms,
        Self::Discovery,
        Self::Registration,
        Self::Token,
        Self::Session,
    ];

    /// As reports name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Proxy => "Proxy",
            Self::Dns => "DNS",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Xmpp => "XMPP",
            Self::Mechanisms => "Mechanisms",
            Self::Discovery => "Discovery",
            Self::Registration => "Registration",
            Self::Token => "Token",
            Self::Session => "Session",
        }
    }

    /// The step of this name, in any case of letters.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name().eq_ignore_ascii_case(name))
    }

    /// What has to stand before.
    fn needs(self, setup: &AccountSetup) -> &'static [Self] {
        let addresses_known = setup.oauth.issuer.is_some() || setup.oauth.endpoints.is_some();
        match self {
            Self::Proxy => &[],
            Self::Dns | Self::Token => &[Self::Proxy],
            Self::Discovery if addresses_known => &[Self::Proxy],
            Self::Tcp => &[Self::Dns],
            Self::Tls => &[Self::Tcp],
            Self::Xmpp => &[Self::Tls],
            Self::Mechanisms | Self::Discovery => &[Self::Xmpp],
            Self::Registration => &[Self::Discovery],
            Self::Session => &[Self::Mechanisms, Self::Token],
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

    fn ok(step: Step, detail: impl Into<String>) -> Self {
        Self::new(step, Status::Ok, &[detail.into()])
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
    let wanted = |step: Step| only.is_none_or(|only| step == only || stands_on(only, step, &setup));
    let mut visit = Visit { network, setup: Arc::new(setup.clone()), found: Found::default() };
    let mut reports: Vec<StepReport> = Vec::new();
    for step in Step::ALL.into_iter().filter(|step| wanted(*step)) {
        let bad = |need: &Step| {
            // A step that does not apply keeps nobody from the next.
            reports.iter().any(|report| report.step == *need && (report.status == Status::Fail || report.is_barred()))
        };
        let barred = step.needs(&setup).iter().any(bad);
        reports.push(if barred { StepReport::skipped(step) } else { visit.walk(step).await });
    }
    reports.retain(|report| only.is_none_or(|step| report.step == step || report.status == Status::Fail));
    reports
}

impl StepReport {
    /// Skipped for what came before, not because it does not apply.
    fn is_barred(&self) -> bool {
        self.status == Status::Skipped && self.detail.is_empty()
    }
}

/// Whether a step stands on another, over any number of others.
fn stands_on(step: Step, other: Step, setup: &AccountSetup) -> bool {
    step.needs(setup).iter().any(|need| *need == other || stands_on(*need, other, setup))
}

/// What the steps so far have found.
#[derive(Default)]
struct Found {
    endpoints: Vec<Endpoint>,
    /// The server that answered.
    peer: Option<IpAddr>,
    mechanisms: Vec<String>,
    /// Where the server says that its sign-in service is.
    metadata: Option<String>,
    issuer: Option<Box<Issuer>>,
    /// Of the stream, found together with TLS.
    xmpp: Option<StepReport>,
}

struct Visit {
    network: Arc<Network>,
    setup: Arc<AccountSetup>,
    found: Found,
}

impl Visit {
    async fn walk(&mut self, step: Step) -> StepReport {
        match step {
            Step::Proxy => self.proxy().await,
            Step::Dns => self.dns().await,
            Step::Tcp => self.tcp().await,
            Step::Tls => self.tls().await,
            Step::Xmpp => self.found.xmpp.take().unwrap_or_else(|| StepReport::skipped(Step::Xmpp)),
            Step::Mechanisms => self.mechanisms(),
            Step::Discovery => self.discovery().await,
            Step::Registration => self.registration().await,
            Step::Token => self.token().await,
            Step::Session => self.session().await,
        }
    }

    async fn limited<T>(&self, stage: Stage, work: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
        match tokio::time::timeout(LIMIT, work).await {
            Ok(result) => result,
            Err(_) => Err(Problem::SilentAt { host: Line::clean(self.setup.domain.as_str()), stage }),
        }
    }
}

#[cfg(all(test, feature = "demo"))]
mod tests;
