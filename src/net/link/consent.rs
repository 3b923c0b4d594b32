//! Signing in with a code or on a page, and signing out, as the link carries them out.

use super::everywhere::DISMISSAL;
use super::{End, Link, Order, Part, Wish};
use crate::app::effect::LinkCommand;
use crate::app::event::{Consent, Fallback, LinkFact, MOST_BREAKS};
use crate::app::setup::GrantChoice;
use crate::net::chance;
use crate::net::sign_in::{self, Flow, Place, Replaced};
use crate::oauth::{Farewelled, page};
use crate::route::Backoff;
use crate::types::{Line, Problem};
use std::pin::Pin;
use std::sync::Arc;

/// A part of a sign-in, going on.
type Doing = Pin<Box<dyn Future<Output = Result<(), Problem>> + Send>>;

/// Waits until a sign-in beside has something to show, or has failed before that; for ever where there is none.
async fn is_shown(other: &mut Option<(Arc<Flow>, Doing)>) -> Result<(), Problem> {
    match other {
        Some((flow, doing)) => tokio::select! {
            biased;
            () = flow.showing() => Ok(()),
            done = doing => done,
        },
        None => std::future::pending().await,
    }
}

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
        self.adopt_former().await;
        let mut flow = self.flow(order);
        flow.probe().await.map_err(End::Problem)?;
        self.look_up().await;
        let done = self.persevere(&mut flow, order).await;
        match (self.replaced.take(), flow.replaced()) {
            // Of sign-ins that nobody confirmed, what stood before the first of them is what may have to come back.
            (Some(first), Some(between)) => {
                let keep = between.keep;
                if !first.shares_place_with(&between, &self.setup.id) {
                    self.leave_behind(Some(between));
                }
                self.replaced = Some(Replaced { keep, ..first });
            }
            (first, last) => self.replaced = first.or(last),
        }
        done
    }

    /// What a process before this one replaced, and did not live to see confirmed, is what may have to come back.
    async fn adopt_former(&mut self) {
        if self.replaced.is_some() {
            return;
        }
        match sign_in::adopt_former(&self.network, &self.setup).await {
            Ok(replaced) => self.replaced = replaced,
            Err(problem) => {
                tracing::warn!(target: "butty::net", code = problem.code(), "the sign-in before stays behind");
            }
        }
    }

    /// A sign-in for what was asked for last.
    fn flow(&mut self, order: Order) -> Arc<Flow> {
        let (network, setup) = (Arc::clone(&self.network), Arc::clone(&self.setup));
        let mut flow = Flow::new(network, setup, self.teller.clone(), order.keep);
        flow.asks_for = std::mem::take(&mut self.asks_for);
        flow.follows_another = self.replaced.is_some();
        Arc::new(flow)
    }

    async fn look_up(&self) {
        let domain = Line::clean(self.setup.domain.as_str());
        self.teller.tell(LinkFact::Consent(Consent::LookingUp { domain })).await;
    }

    /// A connection that breaks before the person has seen anything is made anew, some times over. Where one broke with
    /// the tokens in it, which the service gives once, another code is shown.
    async fn persevere(&mut self, flow: &mut Arc<Flow>, order: Order) -> Result<(), End> {
        let mut waits = Backoff::default();
        for _ in 0..MOST_BREAKS {
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
            let pause = Box::pin(async move {
                tokio::time::sleep(retry_in).await;
                Ok(())
            });
            self.attend(flow, pause, None).await?;
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

    async fn carry_out(&mut self, flow: &mut Arc<Flow>, order: Order) -> Result<(), End> {
        let own = Arc::clone(flow);
        if order.part == Part::Resume {
            return self.attend(flow, Box::pin(async move { own.resume().await }), None).await;
        }
        let place = match Place::of(&self.setup).map_err(End::Problem)? {
            Some(place) => place,
            None => self.place().await?,
        };
        flow.is_inside(self.inside);
        match order.part {
            Part::Begin => self.attend(flow, Box::pin(async move { own.park(place).await }), None).await,
            Part::Whole | Part::Resume => {
                let whole = place.clone();
                self.attend(flow, Box::pin(async move { own.run(whole).await }), Some(place)).await
            }
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

    /// Runs a part of the flow and hears the person meanwhile. `place`: where another one can be asked for, which then
    /// goes on in place of this one.
    async fn attend(&mut self, flow: &mut Arc<Flow>, part: Doing, place: Option<Place>) -> Result<(), End> {
        let mut running = part;
        let mut other: Option<(Arc<Flow>, Doing)> = None;
        loop {
            tokio::select! {
                biased;
                done = &mut running => match (done, other.take()) {
                    // What was shown is over before the other one is there: that goes on alone.
                    (Err(problem), Some(next)) if !flow.is_answered() => {
                        tracing::warn!(target: "butty::net", code = problem.code(), "what was shown is over");
                        (*flow, running) = next;
                    }
                    (done, _) => return done.map_err(End::Problem),
                },
                shown = is_shown(&mut other) => match (shown, other.take()) {
                    (Ok(()), Some(next)) if !flow.is_answered() => (*flow, running) = next,
                    (Err(problem), _) => {
                        tracing::warn!(target: "butty::net", code = problem.code(), "no other code");
                        self.teller.tell(LinkFact::Consent(Consent::NoOther(problem))).await;
                    }
                    (Ok(()), _) => {}
                },
                command = self.commands.recv() => match command {
                    None => return Err(End::Wish(Wish::Leave)),
                    Some(LinkCommand::PollNow) => flow.poll_now.notify_one(),
                    Some(LinkCommand::Redirected { address }) => flow.pasted.put(address),
                    Some(LinkCommand::CancelSignIn) => return Err(End::Wish(Wish::Rest)),
                    Some(command) => match (self.hear(command), &place) {
                        (None | Some(Wish::Connect), _) => {}
                        (Some(Wish::SignIn(order)), Some(place)) if self.leaves_standing(flow, order) => {
                            other = Some(self.beside(order, place.clone()));
                        }
                        (Some(wish), _) => return Err(End::Wish(wish)),
                    },
                },
            }
        }
    }

    /// What the person was shown stays good while another one is asked for: that may fail, or take its time. A page
    /// that answers at one port has to be gone first.
    fn leaves_standing(&self, flow: &Flow, order: Order) -> bool {
        let redirect = self.setup.oauth.redirect.as_deref();
        let held = !flow.is_by_code() && redirect.is_some_and(page::is_at_fixed_port);
        order.part == Part::Whole && !flow.is_unseen() && !held
    }

    fn beside(&mut self, order: Order, place: Place) -> (Arc<Flow>, Doing) {
        let flow = self.flow(order);
        flow.is_inside(self.inside);
        let own = Arc::clone(&flow);
        let doing = Box::pin(async move {
            own.probe().await?;
            own.run(place).await
        });
        (flow, doing)
    }

    /// The right person came back: what was there before is left behind, beside what the link goes on with.
    pub(super) fn confirm(&mut self) {
        let replaced = self.replaced.take();
        self.leave_behind(replaced);
    }

    /// `None`: what a process before this one replaced.
    fn leave_behind(&self, replaced: Option<Replaced>) {
        let (network, setup) = (Arc::clone(&self.network), Arc::clone(&self.setup));
        // Whoever ends the process waits for it: a token that nobody notes is never revoked.
        let under_way = self.network.refreshing();
        tokio::spawn(async move {
            let _under_way = under_way;
            let told = match replaced {
                Some(replaced) => sign_in::leave_behind(&network, &setup, replaced).await,
                None => sign_in::settle_former(&network, &setup).await,
            };
            match told {
                Ok(Farewelled::Nothing | Farewelled::Told) => {}
                Ok(told) => tracing::info!(target: "butty::net", ?told, "the sign-in before is not revoked yet"),
                Err(problem) => {
                    tracing::warn!(target: "butty::net", code = problem.code(), "the sign-in before stays behind");
                }
            }
        });
    }

    /// Nobody else decides when it is over: each of its steps has its time, and the answer always comes.
    pub(super) async fn sign_out(&mut self, everywhere: bool) -> Wish {
        self.commands.hold();
        // Whoever ends the process waits until nothing is left here, and what is still to be told is noted.
        let _under_way = self.network.refreshing();
        // While there is still something to sign in with.
        let elsewhere = if everywhere { Some(self.dismiss_others(DISMISSAL).await) } else { None };
        self.password = None;
        self.given_token = None;
        self.stood = false;
        self.short.forget_session();
        let untold = self.set_fast_aside().await;
        let browser = sign_in::logout_page(&self.network, &self.setup).await;
        let told = sign_in::sign_out(&self.network, &self.setup).await;
        let forgotten = match untold {
            Some(untold) => self.tell_of_fast(untold).await,
            None => Farewelled::Nothing,
        };
        match told {
            Ok(told) => {
                let told = told.max(forgotten).max(self.sign_out_before().await);
                self.teller.tell(LinkFact::SignedOut { told, elsewhere, browser }).await;
            }
            Err(problem) => self.teller.tell(LinkFact::NotSignedOut(problem)).await,
        }
        Wish::Rest
    }

    /// What the sign-in before left goes too, once nothing stands in its place: of the same client as well.
    async fn sign_out_before(&mut self) -> Farewelled {
        let before = match self.replaced.take() {
            Some(replaced) => sign_in::leave_behind(&self.network, &self.setup, replaced).await,
            None => sign_in::settle_former(&self.network, &self.setup).await,
        };
        before.unwrap_or_else(|problem| {
            tracing::warn!(target: "butty::net", code = problem.code(), "the sign-in before stays behind");
            Farewelled::Nothing
        })
    }
}
