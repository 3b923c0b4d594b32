//! What goes wrong, and what it is called.

use super::Negotiation;
use super::ending::{Ending, with_text};
use super::way::Way;
use crate::types::{Line, Now, Problem};
use crate::xml::Element;
use crate::xmpp::sasl::{Flag, SaslFault};
use crate::xmpp::wire::Wire;
use crate::xmpp::{CredentialKind, Event, Purpose, ns};

/// Failures that have nothing to do with how the sign-in was made (RFC 6120 section 6.5).
const OF_THE_ACCOUNT: [&str; 3] = ["account-disabled", "credentials-expired", "temporary-auth-failure"];

impl Negotiation {
    pub(super) fn discovered(&self) -> Ending {
        let refusal = self.exchange.as_ref().and_then(|exchange| exchange.refusal());
        Ending::Discovered { metadata: refusal.and_then(|refusal| refusal.metadata.clone()) }
    }

    /// `<failure/>` (RFC 6120 section 6.5, XEP-0388 section 2.6.2): the last word about the account's own secret; about
    /// a token of the server's own, or what was said ahead of its offer, only a reason to choose anew on the same
    /// stream.
    pub(super) fn refused(&mut self, now: Now, failure: &Element, wire: &mut Wire) -> Result<(), Ending> {
        if self.sign_in.purpose == Purpose::Discover {
            return Err(self.discovered());
        }
        let condition = failure.children().find(|child| child.ns() == ns::SASL && child.name() != "text");
        let condition = condition.map_or("not-authorized", Element::name).to_owned();
        let ahead = std::mem::take(&mut self.ahead);
        if let Some(plain) = self.fall_back(&condition) {
            self.fell_back = true;
            self.exchange = None;
            self.met(now);
            return self.go(now, plain, wire);
        }
        if let Some(Way::Fast(_)) = self.way {
            wire.event(Event::Fast(None));
            if self.sign_in.purpose == Purpose::Invalidate {
                // Only these say that the token is worth nothing.
                let dead = matches!(condition.as_str(), "not-authorized" | "credentials-expired");
                return Err(if dead { Ending::Done } else { self.refusal(&condition, failure) });
            }
            self.fast_refused = true;
        } else if ahead && self.misjudged(&condition) {
            self.stumbled = true;
        } else if self.blames_the_binding(&condition, failure) {
            return Err(Problem::Intercepted { domain: self.sign_in.domain.clone() }.into());
        } else {
            return Err(self.refusal(&condition, failure));
        }
        self.exchange = None;
        self.met(now);
        self.choose(now, wire)
    }

    /// Where a guessed channel binding may be the reason, the plain form follows (RFC 6120 section 6.4.5).
    fn fall_back(&mut self, condition: &str) -> Option<Way> {
        let Some(Way::Secret { plan, profile }) = &mut self.way else { return None };
        let plain = plan.fall_back.take_if(|_| !OF_THE_ACCOUNT.contains(&condition))?;
        Some(Way::Secret { plan: *plain, profile: *profile })
    }

    /// ejabberd says in words what RFC 5802 section 7 has codes for: it sees another connection or offer than we do.
    fn blames_the_binding(&self, condition: &str, failure: &Element) -> bool {
        let Some(Way::Secret { plan, .. }) = &self.way else { return false };
        let told = plan.channel.flag != Flag::Unbound && condition == "not-authorized";
        told && words_of(failure).is_some_and(|text| text.contains("channel binding"))
    }

    fn refusal(&self, condition: &str, failure: &Element) -> Ending {
        let domain = self.sign_in.domain.clone();
        let token = self.sign_in.credential == CredentialKind::Token;
        let status = self.exchange.as_ref().and_then(|exchange| exchange.refusal()).map(|refusal| &*refusal.status);
        match condition {
            _ if status == Some("insufficient_scope") => Problem::ChatNotGranted { domain },
            "not-authorized" | "credentials-expired" if token => Problem::SignInExpired { domain },
            "not-authorized" => Problem::WrongPassword { domain },
            condition => {
                let text = words_of(failure).map(|text| Line::clean(&text));
                Problem::AccountRefused { domain, condition: with_text(condition, text.as_ref()) }
            }
        }
        .into()
    }

    pub(super) fn fault(&self, fault: &SaslFault) -> Ending {
        let domain = self.sign_in.domain.clone();
        match fault {
            SaslFault::Malformed(what) => return self.rubbish(what),
            SaslFault::Unproven => Problem::ServerUnproven { domain },
            SaslFault::Intercepted => Problem::Intercepted { domain },
            SaslFault::OfferAltered => Problem::OfferAltered { domain },
            SaslFault::Weaker(was) => {
                let now = Line::clean(self.way.as_ref().map_or("", Way::mechanism));
                Problem::WeakerSignIn { domain, was: Line::clean(was), now }
            }
            SaslFault::HashCount(count) => Problem::HashCount { domain, count: *count },
            SaslFault::UnusableSecret if self.sign_in.credential == CredentialKind::Token => {
                Problem::SignInExpired { domain }
            }
            SaslFault::Refused | SaslFault::UnusableSecret => Problem::WrongPassword { domain },
        }
        .into()
    }

    pub(super) fn host(&self) -> Line {
        Line::clean(self.sign_in.domain.as_str())
    }

    pub(super) fn closed(&self) -> Ending {
        Problem::ClosedAt { host: self.host(), stage: self.stage() }.into()
    }

    pub(super) fn injected(&self) -> Ending {
        Problem::TlsInjected { domain: self.sign_in.domain.clone() }.into()
    }

    pub(super) fn rubbish(&self, what: &str) -> Ending {
        Problem::Rubbish { host: self.host(), what: Line::clean(what) }.into()
    }

    pub(super) fn out_of_turn(&self, element: &Element, wire: &mut Wire) -> Ending {
        wire.stream.fail("policy-violation", "");
        self.rubbish(&format!("<{}/> out of turn", element.name()))
    }

    pub(super) fn outdated_server(&self, wire: &mut Wire) -> Ending {
        wire.stream.fail("unsupported-version", "");
        self.rubbish("a stream from before XMPP 1.0")
    }
}

/// What a server says to a failure, by either profile.
fn words_of(failure: &Element) -> Option<String> {
    failure.find_text("text", ns::SASL).or_else(|| failure.find_text("text", ns::SASL2))
}
