//! Which mechanism, and how it is tied to the connection.
//!
//! - The strongest that both sides have, whatever the server's order; or the first that the person named.
//! - Channel binding by a type that the server announces (XEP-0440); `tls-exporter` is guessed where a server lists a
//!   `-PLUS` form and announces nothing, and where the guess is wrong the plain form follows.
//! - The flag of RFC 5802 section 6: `p` where we bind, `y` where we could and no `-PLUS` form was on offer, `n`
//!   otherwise. Never `y` where one was: an honest server would take that for an attack. Nor where the person named
//!   the mechanism: some releases of ejabberd never take it.
//! - Nothing weaker than what this server offered before ([`Known::strongest`]), unless the person named it. Within
//!   SCRAM a server may vouch for its shorter offer (XEP-0474); PLAIN has nothing to vouch with.

use super::{Credentials, MECHANISMS, Mechanism, Offer, SaslFault, Started};
use crate::types::Secret;
use crate::xmpp::{BindingType, Bindings, CredentialKind, Known};

/// What a choice depends on, beyond the offer.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// The secret that there is.
    pub kind: CredentialKind,
    /// The mechanisms that the person named, in order; empty: any.
    pub named: &'a [String],
    /// What the connection can be told by.
    pub bindings: &'a Bindings,
    /// What was seen before.
    pub known: &'a Known,
    /// A mechanism that binds the channel is on offer by another way in than the one of the offer: a server knows no
    /// more of `y` than that nothing of the kind was.
    pub bound_elsewhere: bool,
}

/// A mechanism, and how it is tied to the connection.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Which.
    pub mechanism: &'static Mechanism,
    /// How.
    pub channel: Channel,
    /// What to do when the server refuses: only for a binding that it did not announce.
    pub fall_back: Option<Box<Plan>>,
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denied {
    /// Nothing on offer fits.
    NothingFits,
    /// Only something weaker than before fits.
    Weaker {
        /// The strongest that was on offer once.
        was: String,
        /// The strongest that is on offer now.
        now: &'static str,
    },
}

/// What a mechanism can tell, and check, of the connection around it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Channel {
    /// The flag of the GS2 header.
    pub flag: Flag,
    /// What the server has to vouch for if it vouches ([`Offer::vouched_text`]).
    pub offer: String,
    /// The offer is weaker than the pin of this name: only a server that vouches for it gets a proof from us.
    pub weaker_than: Option<String>,
}

/// RFC 5802 section 6.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Flag {
    /// `n`: not bound.
    #[default]
    Unbound,
    /// `y`: not bound, for no mechanism that binds was on offer.
    NotOffered,
    /// `p=…`: bound by this.
    Bound(BindingType, Vec<u8>),
}

impl Flag {
    /// The GS2 header (RFC 5801 section 4), without an authorization identity.
    pub fn header(&self) -> String {
        match self {
            Self::Unbound => "n,,".to_owned(),
            Self::NotOffered => "y,,".to_owned(),
            Self::Bound(kind, _) => format!("p={},,", kind.name()),
        }
    }

    /// The data that stands behind the header in `c=`.
    pub fn data(&self) -> &[u8] {
        match self {
            Self::Bound(_, data) => data,
            Self::Unbound | Self::NotOffered => &[],
        }
    }
}

impl Plan {
    /// The first message.
    pub fn start(&self, user: &str, secret: &Secret<String>, nonce: &str) -> Result<Started, SaslFault> {
        (self.mechanism.start)(self.mechanism, &Credentials { user, secret, nonce, channel: &self.channel })
    }
}

/// The plan for this offer.
pub fn choose(offer: &Offer, wish: Wish<'_>) -> Result<Plan, Denied> {
    let announced = plan(offer, wish, false);
    let guessed = plan(offer, wish, true).filter(|guessed| guessed.mechanism.binds());
    let mut chosen = match (guessed, announced) {
        (Some(guessed), Some(plain)) if !plain.mechanism.binds() => {
            // Where the guess was right before, a refusal has another reason. And PLAIN is no way out of SCRAM.
            let right_before = wish.known.strongest.as_deref().is_some_and(binds);
            let fall_back = (!right_before && plain.mechanism.is_scram()).then(|| Box::new(plain));
            Plan { fall_back, ..guessed }
        }
        (Some(guessed), None) => guessed,
        (_, announced) => announced.ok_or(Denied::NothingFits)?,
    };
    if wish.named.is_empty() {
        guard(&mut chosen, wish.known)?;
        if let Some(plain) = &mut chosen.fall_back {
            guard(plain, wish.known)?;
        }
    }
    Ok(chosen)
}

/// The strongest mechanism for a password that this offer has for us, without any guess: what is worth a pin.
pub fn strongest(offer: &Offer, bindings: &Bindings) -> Option<&'static str> {
    let known = Known::default();
    let wish = Wish { kind: CredentialKind::Password, named: &[], bindings, known: &known, bound_elsewhere: false };
    plan(offer, wish, false).map(|plan| plan.mechanism.name)
}

/// Does `name` beat the pin? Everything beats none.
pub fn beats(name: &str, pin: Option<&str>) -> bool {
    pin.is_none_or(|pin| rank(name) < rank(pin))
}

fn plan(offer: &Offer, wish: Wish<'_>, guess: bool) -> Option<Plan> {
    let binding = binding(offer, wish, guess);
    let usable = |known: &&&'static Mechanism| {
        known.kind == wish.kind && offer.has(known.name) && (!known.binds() || binding.is_some())
    };
    let all: Vec<&'static Mechanism> = MECHANISMS.iter().filter(usable).copied().collect();
    let find = |name: &String| all.iter().find(|known| known.name.eq_ignore_ascii_case(name.trim()));
    let mechanism = if wish.named.is_empty() { all.first() } else { wish.named.iter().find_map(find) }?;
    let flag = match binding.filter(|_| mechanism.binds()) {
        Some((kind, data)) => Flag::Bound(kind, data.to_vec()),
        // Whoever names a mechanism without a binding does not want one.
        None if offer.can_bind() || wish.bound_elsewhere => Flag::Unbound,
        None if wish.bindings.is_empty() || !wish.named.is_empty() => Flag::Unbound,
        None => Flag::NotOffered,
    };
    let channel = Channel { flag, offer: offer.vouched_text(), weaker_than: None };
    Some(Plan { mechanism, channel, fall_back: None })
}

/// The strongest type that both sides have. Where the server announces none, it is a guess.
fn binding<'a>(offer: &Offer, wish: Wish<'a>, guess: bool) -> Option<(BindingType, &'a [u8])> {
    let ours = |kind: BindingType| wish.bindings.get(kind).map(|data| (kind, data));
    match &offer.bindings {
        Some(announced) => {
            let mut both = BindingType::ALL.into_iter().filter(|kind| announced.iter().any(|name| name == kind.name()));
            both.find_map(ours)
        }
        None if guess && !wish.known.guess_refused => ours(BindingType::Exporter),
        None => None,
    }
}

/// Nothing weaker than before: refused, or, within SCRAM, left to what the server vouches for.
fn guard(plan: &mut Plan, known: &Known) -> Result<(), Denied> {
    let (Some(was), CredentialKind::Password) = (&known.strongest, plan.mechanism.kind) else { return Ok(()) };
    if rank(plan.mechanism.name) <= rank(was) {
        return Ok(());
    }
    if !plan.mechanism.is_scram() {
        return Err(Denied::Weaker { was: was.clone(), now: plan.mechanism.name });
    }
    plan.channel.weaker_than = Some(was.clone());
    Ok(())
}

/// The place in the list of strength; the name of another program's mechanism is behind all.
fn rank(name: &str) -> usize {
    MECHANISMS.iter().position(|known| known.name == name).unwrap_or(usize::MAX)
}

fn binds(name: &str) -> bool {
    name.ends_with("-PLUS")
}

impl Mechanism {
    /// It ties the sign-in to the connection.
    pub fn binds(&self) -> bool {
        binds(self.name)
    }

    /// It is one of the SCRAM family.
    pub fn is_scram(&self) -> bool {
        self.name.starts_with("SCRAM-")
    }
}

#[cfg(test)]
mod tests;
