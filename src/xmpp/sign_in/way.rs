//! How we sign in: which mechanism, by which of the two profiles, and what goes along.

use super::ending::Ending;
use super::{Expect, Negotiation};
use crate::types::{Line, Now, Problem};
use crate::xmpp::sasl::{self, Coding, Denied, HashedToken, Plan, Wish, choose};
use crate::xmpp::wire::Wire;
use crate::xmpp::{Bindings, Entrance, FastTicket, Purpose, Sasl2, TokenSlot};
use std::fmt::Write;

/// Most mechanisms that are told when none fits.
const MOST_TOLD: usize = 8;
/// So many failures in a row, and this server is not spoken ahead of any more.
pub(super) const MOST_STUMBLES: u8 = 2;

/// How the messages of a mechanism are carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Profile {
    /// RFC 6120 section 6.
    Sasl,
    /// XEP-0388.
    Sasl2,
}

/// What was chosen.
#[derive(Clone, Debug)]
pub(super) enum Way {
    /// The account's own secret.
    Secret { plan: Plan, profile: Profile },
    /// A token of the server's own (XEP-0484).
    Fast(HashedToken),
}

impl Way {
    pub(super) fn mechanism(&self) -> &'static str {
        match self {
            Self::Secret { plan, .. } => plan.mechanism.name,
            Self::Fast(hashed) => hashed.name,
        }
    }

    pub(super) fn profile(&self) -> Profile {
        match self {
            Self::Secret { profile, .. } => *profile,
            Self::Fast(_) => Profile::Sasl2,
        }
    }

    pub(super) fn coding(&self) -> Coding {
        match self {
            Self::Secret { plan, .. } => plan.mechanism.coding,
            Self::Fast(_) => Coding::Base64,
        }
    }

    fn is_fast(&self) -> bool {
        matches!(self, Self::Fast(_))
    }

    /// Still on offer.
    fn stands_in(&self, entrance: &Entrance) -> bool {
        let sasl2 = entrance.sasl2.as_ref();
        match self {
            Self::Fast(hashed) => sasl2.is_some_and(|sasl2| sasl2.fast.iter().any(|name| name == hashed.name)),
            Self::Secret { plan, profile: Profile::Sasl2 } => {
                sasl2.is_some_and(|sasl2| sasl2.offer.has(plan.mechanism.name))
            }
            Self::Secret { plan, profile: Profile::Sasl } => entrance.sasl.has(plan.mechanism.name),
        }
    }
}

impl Negotiation {
    /// The best way through this entrance.
    fn pick(&self, now: Now, entrance: &Entrance) -> Result<Way, Denied> {
        if let Some(sasl2) = &entrance.sasl2 {
            if let Some(hashed) = self.fast(now, sasl2) {
                return Ok(Way::Fast(hashed));
            }
            if self.sign_in.purpose == Purpose::Invalidate {
                return Err(Denied::NothingFits);
            }
            // Whoever named mechanisms has an order of their own.
            let any = self.sign_in.mechanisms.is_empty();
            match (choose(&sasl2.offer, self.wish(entrance)), choose(&entrance.sasl, self.wish(entrance))) {
                // The stronger of both lists, the newer way where they are level.
                (Ok(plan), Ok(older)) if any && sasl::beats(older.mechanism.name, Some(plan.mechanism.name)) => {
                    return Ok(Way::Secret { plan: older, profile: Profile::Sasl });
                }
                (Ok(plan), _) if plan.mechanism.coding == Coding::Base64 => {
                    return Ok(Way::Secret { plan, profile: Profile::Sasl2 });
                }
                // What this list cannot do, or not in this coding, the older one may.
                (Err(denied @ Denied::Weaker { .. }), Err(_)) => return Err(denied),
                _ => {}
            }
        }
        choose(&entrance.sasl, self.wish(entrance)).map(|plan| Way::Secret { plan, profile: Profile::Sasl })
    }

    fn wish(&self, entrance: &Entrance) -> Wish<'_> {
        Wish {
            kind: self.sign_in.credential,
            named: &self.sign_in.mechanisms,
            bindings: self.bindings(),
            known: &self.sign_in.known,
            bound_elsewhere: entrance.can_bind(),
        }
    }

    pub(super) fn bindings(&self) -> &Bindings {
        const NONE: &Bindings = &Bindings { exporter: None, end_point: None };
        self.proof.as_ref().map_or(NONE, |proof| &proof.bindings)
    }

    /// The token can be used here and now. Nothing else is used where the person named mechanisms.
    fn fast(&self, now: Now, sasl2: &Sasl2) -> Option<HashedToken> {
        let ticket = self.ticket(now)?;
        let offered = sasl2.fast.contains(&ticket.mechanism);
        HashedToken::named(&ticket.mechanism, self.bindings()).filter(|_| offered)
    }

    /// The token, where tokens can be used at all: the server must know who we are, and which installation.
    fn ticket(&self, now: Now) -> Option<&FastTicket> {
        let able = self.takes_tokens() && !self.fast_refused && !self.sign_in.stepwise;
        self.sign_in.fast.as_ref().filter(|ticket| able && ticket.expires > now.wall)
    }

    pub(super) fn takes_tokens(&self) -> bool {
        // To take a token back is no sign-in: it goes as the installation that it was given to, whatever was named.
        let any = self.sign_in.mechanisms.is_empty() || !self.sign_in.forced;
        let may = self.sign_in.lasting && any;
        (may || self.sign_in.purpose == Purpose::Invalidate) && self.from().is_some()
    }

    /// The way to speak before the features of this stream are seen: out of what was seen last time.
    pub(super) fn ahead(&self, now: Now) -> Option<Way> {
        let known = &self.sign_in.known;
        let may = self.sign_in.purpose != Purpose::Discover && !self.sign_in.stepwise && known.stumbles < MOST_STUMBLES;
        // What is offered to nobody in particular is offered to everybody (XEP-0388 section 2.1), not the other way
        // round.
        let for_us = |entrance: &&Entrance| !entrance.named || self.from().is_some();
        let entrance = known.entrance.as_ref().filter(|_| may).filter(for_us)?;
        let way = self.pick(now, entrance).ok()?;
        self.may_go_ahead(&way).then_some(way)
    }

    /// Chooses by the features of this stream, and asks for the secret.
    pub(super) fn choose(&mut self, now: Now, wire: &mut Wire) -> Result<(), Ending> {
        let entrance = self.entrance.clone().unwrap_or_default();
        let picked = self.pick(now, &entrance);
        self.pin_offer(wire);
        let way = picked.map_err(|denied| self.denied(denied, &entrance))?;
        self.go(now, way, wire)
    }

    /// Asks for the secret that this way needs.
    pub(super) fn go(&mut self, now: Now, way: Way, wire: &mut Wire) -> Result<(), Ending> {
        self.way = Some(way);
        self.want(wire)?;
        self.expect(now, [Expect::Secret]);
        Ok(())
    }

    /// Asks for the secret of the chosen way, unless it is on its way already.
    pub(super) fn want(&mut self, wire: &mut Wire) -> Result<(), Ending> {
        let slot = self.slot().ok_or_else(|| Problem::NoTls { domain: self.sign_in.domain.clone() })?;
        if self.asked.replace(slot) != Some(slot) {
            wire.want(slot);
        }
        Ok(())
    }

    /// The only place where a slot is made: without a proved certificate there is none.
    fn slot(&self) -> Option<TokenSlot> {
        let fast = self.way.as_ref().is_some_and(Way::is_fast);
        self.proof.as_ref().map(|_| TokenSlot { kind: self.sign_in.credential, fast })
    }

    /// What was said ahead is not on offer, or was not understood: the server has not judged the secret.
    pub(super) fn misjudged(&self, condition: &str) -> bool {
        let stands = |way: &Way| self.entrance.as_ref().is_some_and(|entrance| way.stands_in(entrance));
        condition == "invalid-mechanism" || self.misled || !self.way.as_ref().is_some_and(stands)
    }

    /// What went ahead tells of, or will check, another offer than the one of this stream: the flag of the GS2 header
    /// and the hash of XEP-0474 are about the offer, and so an honest server may refuse them.
    pub(super) fn is_misled(&self) -> bool {
        let vouched = |entrance: Option<&Entrance>| {
            entrance.map(|entrance| {
                let sasl2 = entrance.sasl2.as_ref().map(|sasl2| sasl2.offer.vouched_text());
                (entrance.sasl.vouched_text(), sasl2)
            })
        };
        let scram = matches!(&self.way, Some(Way::Secret { plan, .. }) if plan.mechanism.is_scram());
        scram && vouched(self.sign_in.known.entrance.as_ref()) != vouched(self.entrance.as_ref())
    }

    fn denied(&self, denied: Denied, entrance: &Entrance) -> Ending {
        let domain = self.sign_in.domain.clone();
        match denied {
            Denied::NothingFits => {
                let offered = entrance.names().iter().take(MOST_TOLD).map(|name| Line::clean(name)).collect();
                Problem::NoMechanism { domain, offered }.into()
            }
            Denied::Weaker { was, now } => {
                Problem::WeakerSignIn { domain, was: Line::clean(&was), now: Line::clean(now) }.into()
            }
        }
    }

    /// Which installation of butty this is (XEP-0388 section 2.3): the same for all sign-ins of the account. A session
    /// that may run beside another has none, for a server ends the earlier one of the same installation.
    pub(super) fn installation(&self) -> Option<String> {
        let known = self.sign_in.known.installation.clone().filter(|id| is_uuid(id));
        // What ends sign-ins ends that of this installation too, so it may take its place.
        let ends = matches!(self.sign_in.purpose, Purpose::Invalidate | Purpose::Dismiss);
        let lasting = self.sign_in.lasting || ends;
        lasting.then(|| known.unwrap_or_else(|| self.uuid()))
    }

    /// A random UUID (RFC 9562 section 5.4).
    fn uuid(&self) -> String {
        let mut bytes = self.random("installation");
        for (at, byte) in bytes.iter_mut().enumerate() {
            match at {
                6 => *byte = *byte & 0x0F | 0x40,
                8 => *byte = *byte & 0x3F | 0x80,
                _ => {}
            }
        }
        let mut text = String::with_capacity(36);
        for (at, byte) in bytes.iter().take(16).enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

/// The form that XEP-0388 prescribes; what was kept may have been changed by anybody.
fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}
