//! The hands that a grant is given: the real network, and the person who looks on.

use super::Flow;
use crate::app::event::{Consent, LinkFact};
use crate::app::setup::AccountSetup;
use crate::net::Network;
use crate::net::http::Web;
use crate::oauth::{Hands, HttpRequest, HttpResponse, Later, Pace, Service};
use crate::types::{Line, Now, Problem};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// [`Hands`] over the real network.
pub(super) struct Reach<'f> {
    web: Web,
    /// Whom to tell; `None`: nobody looks on.
    flow: Option<&'f Flow>,
    clock: Arc<Network>,
    /// Asked last.
    host: Mutex<Line>,
}

impl<'f> Reach<'f> {
    /// For a sign-in that a person looks at.
    pub(super) fn watched(flow: &'f Flow, web: Web) -> Self {
        Self { web, flow: Some(flow), clock: Arc::clone(&flow.network), host: Mutex::default() }
    }

    /// What was asked so far may name services in a private network.
    pub(super) fn is_inside(&self) -> bool {
        self.web.is_inside()
    }
}

/// Hands for what nobody looks at; see [`Reach::quiet`].
pub(in crate::net) fn quiet(
    network: &Arc<Network>,
    setup: &Arc<AccountSetup>,
    service: &Service,
) -> impl Hands + use<> {
    Reach::quiet(network, setup, service)
}

impl Reach<'_> {
    /// For refresh and revocation, which have nothing to show. The addresses were pinned at consent, and nobody has gone
    /// to some of them yet.
    pub(super) fn quiet(network: &Arc<Network>, setup: &Arc<AccountSetup>, service: &Service) -> Self {
        let web = Web::to(service, Arc::clone(network), Arc::clone(setup));
        Self { web, flow: None, clock: Arc::clone(network), host: Mutex::default() }
    }
}

impl Hands for Reach<'_> {
    fn fetch(&self, request: HttpRequest) -> Later<'_, Result<HttpResponse, Problem>> {
        *self.host.lock().unwrap_or_else(PoisonError::into_inner) =
            Line::clean(request.uri().authority().map_or("", |authority| authority.as_str()));
        Box::pin(self.web.fetch(request))
    }

    fn pause(&self, wait: Duration) -> Later<'_, ()> {
        Box::pin(async move {
            match self.flow {
                Some(flow) => drop(tokio::time::timeout(wait, flow.poll_now.notified()).await),
                None => tokio::time::sleep(wait).await,
            }
        })
    }

    fn now(&self) -> Now {
        self.clock.now()
    }

    fn tell(&self, pace: Pace) -> Later<'_, ()> {
        Box::pin(async move {
            let Some(flow) = self.flow else { return };
            let step = match pace {
                Pace::Slower(every) => Consent::SlowerPace { every },
                Pace::Unreachable(retry_in) => {
                    let host = self.host.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    Consent::Unreachable { host, retry_in }
                }
                Pace::Reachable => Consent::Reachable,
            };
            flow.teller.tell(LinkFact::Consent(step)).await;
        })
    }
}
