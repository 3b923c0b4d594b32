//! Signing in with a code or on a page, and signing out, as the link carries them out.

use super::{End, Link, Order, Part, Wish};
use crate::app::effect::LinkCommand;
use crate::app::event::{Consent, Fallback, LinkFact};
use crate::app::setup::GrantChoice;
use crate::net::chance;
use crate::net::sign_in::{self, Flow, Place, Replaced};
use crate::oauth::Farewelled;
use crate::route::Backoff;
use crate::types::{Line, Problem};
use std::sync::Arc;

/// How often a sign-in is begun by itself while its connections break: within a quarter of a minute.
const BEGINNINGS: u32 = 5;

impl Link {
    pub(super) async fn sign_in(&mut self, order: Order) -> Wish {
        self.teller.next_epoch();
        match self.consent(order).await {
            Ok(()) if order.part == Part::Begin => Wish::Rest,
            Ok(()) => {
                self.begin_anew().await;
                Wish::Connect
            }
            Err(End::Problem(problem)) => {
                tracing::warn!(target: "butty::net", code = problem.code(), "no sign-in");
                self.teller.tell(LinkFact::Consent(Consent::Failed(problem))).await;
                Wish::Rest
            }
            Err(End::Wish(wish)) => wish,
            Err(End::Clean | End::Discovered { .. } | End::Dismissed(_)) => Wish::Rest,
        }
    }

    /// Another grant, perhaps of another person: nothing that the last one left signs in before it.
    pub(super) async fn begin_anew(&mut self) {
        self.learn_fast(None).await;
        self.forget_address().await;
        self.short.forget_session();
    }

    async fn consent(&mut self, order: Order) -> Result<(), End> {
        let (network, setup) = (Arc::clone(&self.network), Arc::clone(&self.setup));
        let mut flow = Flow::new(network, setup, self.teller.clone(), order.keep);
        flow.asks_for = std::mem::take(&mut self.asks_for);
        self.look_up().await;
        flow.probe().await.map_err(End::Problem)?;
        let done = self.persevere(&mut flow, order).await;
        match (self.replaced.take(), flow.replaced()) {
            // Of sign-ins that nobody confirmed, what stood before the first of them is what may have to come back.
            (Some(first), Some(between)) => {
                let keep = between.keep;
                if !first.shares_place_with(&between, &self.setup.id) {
                    self.leave_behind(between);
                }
                self.replaced = Some(Replaced { keep, ..first });
            }
            (first, last) => self.replaced = first.or(last),
        }
        done
    }

    async fn look_up(&self) {
        let domain = Line::clean(self.setup.domain.as_str());
        self.teller.tell(LinkFact::Consent(Consent::LookingUp { domain })).await;
    }

    /// A connection that breaks before the person has seen anything is made anew, some times over. Where one broke with
    /// the tokens in it, which the service gives once, another code is shown.
    async fn persevere(&mut self, flow: &mut Flow, order: Order) -> Result<(), End> {
        let mut waits = Backoff::default();
        for _ in 1..BEGINNINGS {
            let problem = match self.carry_out(flow, order).await {
                Err(End::Problem(problem)) => problem,
                done => return done,
            };
            if let Problem::AnswerLost { host } = &problem
                && flow.is_by_code()
                && order.part == Part::Whole
            {
                self.teller.tell(LinkFact::Consent(Consent::AnswerLost { host: host.clone() })).await;
                flow.forget_shown();
                continue;
            }
            if !problem.is_cut() || !flow.is_unseen() {
                return Err(End::Problem(problem));
            }
            tracing::warn!(target: "butty::net", code = problem.code(), "a sign-in is begun once more");
            let (host, retry_in) = (self.host_of(&problem), waits.next(self.network.now().mono, chance()));
            self.teller.tell(LinkFact::Consent(Consent::Unreachable { host, retry_in })).await;
            let pause = async {
                tokio::time::sleep(retry_in).await;
                Ok(())
            };
            self.attend(flow, pause).await?;
            self.look_up().await;
        }
        self.carry_out(flow, order).await
    }

    /// Whose connection broke.
    fn host_of(&self, problem: &Problem) -> Line {
        match problem {
            Problem::ClosedByServer { host, .. } | Problem::ClosedAt { host, .. } => host.clone(),
            _ => Line::clean(self.setup.domain.as_str()),
        }
    }

    async fn carry_out(&mut self, flow: &mut Flow, order: Order) -> Result<(), End> {
        if order.part == Part::Resume {
            return self.attend(flow, flow.resume()).await;
        }
        let place = match Place::of(&self.setup).map_err(End::Problem)? {
            Some(place) => place,
            None => self.place().await?,
        };
        flow.inside = self.inside;
        match order.part {
            Part::Begin => self.attend(flow, flow.park(place)).await,
            Part::Whole | Part::Resume => self.attend(flow, flow.run(place)).await,
        }
    }

    /// The sign-in service that the server names. Where there is none, the password comes next.
    async fn place(&mut self) -> Result<Place, End> {
        match self.discover().await {
            End::Discovered { metadata: Some(issuer), .. } => Ok(Place::Asked { issuer, trusted: false }),
            End::Discovered { metadata: None, mechanisms } => {
                let domain = self.setup.domain.clone();
                let password = mechanisms.iter().any(|name| name.starts_with("SCRAM-") || name == "PLAIN");
                match self.setup.oauth.grant {
                    GrantChoice::Code => return Err(End::Problem(Problem::NoPageSignIn { domain })),
                    GrantChoice::Auto if password => {
                        let domain = Line::clean(domain.as_str());
                        let step = Consent::SteppingDown { domain, to: Fallback::Password };
                        self.teller.tell(LinkFact::Consent(step)).await;
                    }
                    GrantChoice::Auto | GrantChoice::Device => {}
                }
                Err(End::Problem(Problem::NoDeviceSignIn { domain }))
            }
            end => Err(end),
        }
    }

    /// Runs a part of the flow and hears the person meanwhile.
    async fn attend(&mut self, flow: &Flow, part: impl Future<Output = Result<(), Problem>>) -> Result<(), End> {
        let running = part;
        tokio::pin!(running);
        loop {
            tokio::select! {
                done = &mut running => return done.map_err(End::Problem),
                command = self.commands.recv() => match command {
                    None => return Err(End::Wish(Wish::Leave)),
                    Some(LinkCommand::PollNow) => flow.poll_now.notify_one(),
                    Some(LinkCommand::Redirected { address }) => flow.pasted.put(address),
                    Some(LinkCommand::CancelSignIn) => return Err(End::Wish(Wish::Rest)),
                    Some(command) => match self.hear(command) {
                        None | Some(Wish::Connect) => {}
                        Some(wish) => return Err(End::Wish(wish)),
                    },
                },
            }
        }
    }

    /// The right person came back: what was there before is left behind, beside what the link goes on with.
    pub(super) fn confirm(&mut self) {
        if let Some(replaced) = self.replaced.take() {
            self.leave_behind(replaced);
        }
    }

    fn leave_behind(&self, replaced: Replaced) {
        let (network, setup) = (Arc::clone(&self.network), Arc::clone(&self.setup));
        tokio::spawn(async move {
            // Whoever ends the process waits for it: a token that nobody notes is never revoked.
            let _under_way = network.refreshing();
            match sign_in::leave_behind(&network, &setup, replaced).await {
                Ok(Farewelled::Nothing | Farewelled::Told) => {}
                Ok(told) => tracing::info!(target: "butty::net", ?told, "the sign-in before is not revoked yet"),
                Err(problem) => {
                    tracing::warn!(target: "butty::net", code = problem.code(), "the sign-in before stays behind");
                }
            }
        });
    }

    pub(super) async fn sign_out(&mut self, everywhere: bool) -> Wish {
        // While there is still something to sign in with.
        let elsewhere = if everywhere { Some(self.dismiss_others().await) } else { None };
        if let Some(replaced) = self.replaced.take()
            && let Err(problem) = sign_in::leave_behind(&self.network, &self.setup, replaced).await
        {
            tracing::warn!(target: "butty::net", code = problem.code(), "the sign-in before stays behind");
        }
        self.password = None;
        self.given_token = None;
        let forgotten = self.invalidate_fast().await;
        match sign_in::sign_out(&self.network, &self.setup).await.map(|told| told.max(forgotten)) {
            Ok(told) => self.teller.tell(LinkFact::SignedOut { told, elsewhere }).await,
            Err(problem) => self.teller.tell(LinkFact::NotSignedOut(problem)).await,
        }
        Wish::Rest
    }
}
