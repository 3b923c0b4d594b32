//! The choice of a mechanism, its one fall-back, and what is remembered of both.

use super::ending::Ending;
use super::{Expect, Negotiation};
use crate::types::{Line, Now, Problem};
use crate::xml::Element;
use crate::xmpp::sasl::{self, Denied, Flag, Plan, Wish};
use crate::xmpp::wire::Wire;
use crate::xmpp::{Event, Known, ns};

/// Most mechanism names that are told when none fits.
const MOST_TOLD: usize = 8;
/// Failures that have nothing to do with how the sign-in was made (RFC 6120 section 6.5).
const OF_THE_ACCOUNT: [&str; 3] = ["account-disabled", "credentials-expired", "temporary-auth-failure"];

impl Negotiation {
    /// The plan for the offer; the pin is set before anything is sent, so that a server that shows its strength once
    /// and fails is held to it the next time.
    pub(super) fn choose(&mut self, wire: &mut Wire) -> Result<Plan, Ending> {
        let Some(proof) = &self.proof else {
            return Err(Problem::NoTls { domain: self.sign_in.domain.clone() }.into());
        };
        let strongest = sasl::strongest(&self.offer, &proof.bindings);
        let wish = Wish {
            kind: self.sign_in.credential,
            named: &self.sign_in.mechanisms,
            bindings: &proof.bindings,
            known: &self.sign_in.known,
        };
        let chosen = sasl::choose(&self.offer, wish);
        self.learn(wire, |known| pin(known, strongest));
        chosen.map_err(|denied| self.denied(denied))
    }

    fn denied(&self, denied: Denied) -> Ending {
        let domain = self.sign_in.domain.clone();
        match denied {
            Denied::NothingFits => {
                let offered = self.offered.iter().take(MOST_TOLD).map(|name| Line::clean(name)).collect();
                Problem::NoMechanism { domain, offered }
            }
            Denied::Weaker { was, now } => {
                Problem::WeakerSignIn { domain, was: Line::clean(&was), now: Line::clean(now) }
            }
        }
        .into()
    }

    /// `<failure/>`: where a guessed channel binding may be the reason, the plain form follows on the same stream (RFC
    /// 6120 section 6.4.5); else it is the end.
    pub(super) fn fall_back(&mut self, now: Now, failure: &Element, wire: &mut Wire) -> Result<(), Ending> {
        let plain = self.plan.as_mut().and_then(|plan| plan.fall_back.take());
        let of_the_account = OF_THE_ACCOUNT.iter().any(|condition| failure.find(condition, ns::SASL).is_some());
        let Some(plain) = plain.filter(|_| !of_the_account) else {
            return Err(if self.blames_the_binding(failure) {
                Problem::Intercepted { domain: self.sign_in.domain.clone() }.into()
            } else {
                self.refused(failure)
            });
        };
        self.fell_back = true;
        self.exchange = None;
        debug_assert!(matches!(self.expected.front(), Some(Expect::SaslOutcome)), "an outcome was awaited");
        self.met(now);
        self.begin_plan(now, *plain, wire)
    }

    /// ejabberd says in words what RFC 5802 section 7 has codes for: it sees another connection or offer than we do.
    fn blames_the_binding(&self, failure: &Element) -> bool {
        let told = self.plan.as_ref().is_some_and(|plan| plan.channel.flag != Flag::Unbound);
        let text = failure.find_text("text", ns::SASL).unwrap_or_default();
        told && failure.find("not-authorized", ns::SASL).is_some() && text.contains("channel binding")
    }

    /// The server proved itself: what it vouched for is the pin, and what it refused is not tried again.
    pub(super) fn remember_success(&mut self, wire: &mut Wire) {
        let Some(plan) = self.plan.take() else { return };
        let strongest = self.proof.as_ref().and_then(|proof| sasl::strongest(&self.offer, &proof.bindings));
        let refused = self.fell_back;
        self.learn(wire, |known| {
            if plan.channel.weaker_than.is_some() {
                known.strongest = strongest.map(str::to_owned);
            }
            pin(known, plan.mechanism.binds().then_some(plan.mechanism.name));
            known.guess_refused |= refused;
        });
    }

    /// A server that hangs up on a second try would do so for ever.
    pub(super) fn remember_end(&mut self, ending: &Ending, wire: &mut Wire) {
        let hung_up = matches!(ending, Ending::Problem(problem) if problem.passes_by_itself());
        if self.fell_back && !self.authenticated && hung_up {
            self.learn(wire, |known| known.guess_refused = true);
        }
    }

    fn learn(&mut self, wire: &mut Wire, change: impl FnOnce(&mut Known)) {
        let mut known = self.sign_in.known.clone();
        change(&mut known);
        if known != self.sign_in.known {
            self.sign_in.known = known.clone();
            wire.event(Event::Learned(Box::new(known)));
        }
    }
}

/// Raises the pin.
fn pin(known: &mut Known, name: Option<&str>) {
    let better = name.filter(|name| sasl::beats(name, known.strongest.as_deref()));
    if let Some(name) = better {
        known.strongest = Some(name.to_owned());
    }
}
