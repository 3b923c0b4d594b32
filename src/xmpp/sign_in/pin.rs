//! What is remembered of a server's offer, and of what came of it.

use super::Negotiation;
use super::ending::Ending;
use super::way::{MOST_STUMBLES, Way};
use crate::types::Problem;
use crate::xmpp::sasl::{self, Plan};
use crate::xmpp::wire::Wire;
use crate::xmpp::{CredentialKind, Event, Known, SignedIn};

impl Negotiation {
    /// The pin is set before anything is sent that this offer leads to, so that a server that shows its strength once
    /// and fails is held to it the next time.
    pub(super) fn pin_offer(&mut self, wire: &mut Wire) {
        let strongest = self.strongest();
        self.learn(wire, |known| pin(known, strongest));
    }

    /// The strongest of both profiles.
    fn strongest(&self) -> Option<&'static str> {
        let entrance = self.entrance.as_ref()?;
        let offers = [Some(&entrance.sasl), entrance.sasl2.as_ref().map(|sasl2| &sasl2.offer)];
        let mut all = offers.into_iter().flatten().filter_map(|offer| sasl::strongest(offer, self.bindings()));
        let first = all.next()?;
        Some(all.fold(first, |best, other| if sasl::beats(other, Some(best)) { other } else { best }))
    }

    /// The server proved itself by this plan: what it vouched for is the pin, and what it refused is not tried again.
    pub(super) fn remember_success(&mut self, wire: &mut Wire) {
        let Some(Way::Secret { plan, .. }) = &self.way else { return };
        let Plan { mechanism, channel, .. } = plan;
        let (binds, weaker) = (mechanism.binds().then_some(mechanism.name), channel.weaker_than.is_some());
        let (strongest, refused) = (self.strongest(), self.fell_back);
        self.learn(wire, |known| {
            if weaker {
                known.strongest = strongest.map(str::to_owned);
            }
            pin(known, binds);
            known.guess_refused |= refused;
        });
    }

    /// Bound: what was seen is known from now on, so that the next visit may speak ahead.
    pub(super) fn remember_bound(&mut self, signed_in: &SignedIn, wire: &mut Wire) {
        let (stepwise, stumbled, spoke_ahead) = (self.sign_in.stepwise, self.stumbled, self.spoke_ahead);
        let (entrance, installation) = (self.entrance.clone(), self.installation());
        let address = signed_in.jid.bare().as_str().to_owned();
        self.learn(wire, |known| {
            // Another offer may be of another server program.
            let other = entrance.is_some() && known.entrance.is_some() && known.entrance != entrance;
            known.stumbles = match (stepwise || stumbled, spoke_ahead || other) {
                (true, _) => known.stumbles.saturating_add(1),
                (false, true) => 0,
                // Servers are mended: now and then it is tried again.
                (false, false) => known.stumbles.min(MOST_STUMBLES).saturating_sub(1),
            };
            known.entrance = entrance.or(known.entrance.take());
            known.installation = installation.or(known.installation.take());
            known.address = Some(address);
        });
    }

    /// A server that hangs up on a second try would do so for ever; and silence after speaking ahead is not worth a
    /// second silence at once, but next time it is done step by step.
    pub(super) fn remember_end(&mut self, ending: &Ending, wire: &mut Wire) {
        let Ending::Problem(problem) = ending else { return };
        if self.fell_back && !self.authenticated && problem.passes_by_itself() {
            self.learn(wire, |known| known.guess_refused = true);
        }
        if self.ahead && matches!(**problem, Problem::SilentAt { .. }) {
            self.learn(wire, |known| known.stumbles = MOST_STUMBLES);
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

    /// What was pinned allows to speak ahead: SCRAM gives nothing away to a server that cannot prove itself, and tokens
    /// go where they went before. PLAIN never, nor a binding that is a guess.
    pub(super) fn may_go_ahead(&self, way: &Way) -> bool {
        match way {
            Way::Fast(_) => true,
            Way::Secret { plan, .. } if plan.fall_back.is_some() => false,
            Way::Secret { plan, .. } => {
                let pinned = plan.mechanism.is_scram() && self.sign_in.known.strongest.is_some();
                pinned || plan.mechanism.kind == CredentialKind::Token
            }
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
