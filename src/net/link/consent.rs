//! Signing in with a code, and signing out, as the link carries them out.

use super::{End, Link, Wish};
use crate::app::effect::LinkCommand;
use crate::app::event::{Consent, Keep, LinkFact};
use crate::net::sign_in::{self, Flow, Place};
use crate::types::{Line, Problem};
use std::sync::Arc;
use tokio::sync::Notify;

impl Link {
    pub(super) async fn sign_in(&mut self, keep: Keep) -> Wish {
        self.teller.next_epoch();
        match self.consent(keep).await {
            Ok(()) => Wish::Connect,
            Err(End::Problem(problem)) => {
                tracing::warn!(target: "butty::net", code = problem.code(), "no sign-in");
                self.teller.tell(LinkFact::Consent(Consent::Failed(problem))).await;
                Wish::Rest
            }
            Err(End::Wish(wish)) => wish,
            Err(End::Clean | End::Discovered { .. }) => Wish::Rest,
        }
    }

    async fn consent(&mut self, keep: Keep) -> Result<(), End> {
        let domain = Line::clean(self.setup.domain.as_str());
        self.teller.tell(LinkFact::Consent(Consent::LookingUp { domain })).await;
        let mut flow = Flow {
            network: Arc::clone(&self.network),
            setup: Arc::clone(&self.setup),
            teller: self.teller.clone(),
            poll_now: Arc::new(Notify::new()),
            keep,
            inside: false,
        };
        flow.probe().await.map_err(End::Problem)?;
        let place = match Place::of(&self.setup).map_err(End::Problem)? {
            Some(place) => place,
            None => match self.discover().await {
                End::Discovered { metadata: Some(issuer), .. } => Place::Asked { issuer, trusted: false },
                End::Discovered { metadata: None, .. } => {
                    return Err(End::Problem(Problem::NoDeviceSignIn { domain: self.setup.domain.clone() }));
                }
                end => return Err(end),
            },
        };
        flow.inside = self.inside;
        self.attend(&flow, place).await
    }

    /// Runs the flow and hears the person meanwhile.
    async fn attend(&mut self, flow: &Flow, place: Place) -> Result<(), End> {
        let running = flow.run(place);
        tokio::pin!(running);
        loop {
            tokio::select! {
                done = &mut running => return done.map_err(End::Problem),
                command = self.commands.recv() => match command {
                    None => return Err(End::Wish(Wish::Leave)),
                    Some(LinkCommand::PollNow) => flow.poll_now.notify_one(),
                    Some(LinkCommand::CancelSignIn) => return Err(End::Wish(Wish::Rest)),
                    Some(command) => match self.hear(command) {
                        None | Some(Wish::Connect) => {}
                        Some(wish) => return Err(End::Wish(wish)),
                    },
                },
            }
        }
    }

    pub(super) async fn sign_out(&mut self) -> Wish {
        self.password = None;
        let invalidated = self.invalidate_fast().await;
        match sign_in::sign_out(&self.network, &self.setup).await.map(|told| told && invalidated) {
            Ok(told) => self.teller.tell(LinkFact::SignedOut { told }).await,
            Err(problem) => self.down(Some(problem), None).await,
        }
        Wish::Rest
    }
}
