//! The SASL steps (RFC 6120 section 6).

use super::ending::{Ending, with_text};
use super::{Expect, Negotiation};
use crate::types::{BareJid, Line, Now, Problem, Secret, Stage};
use crate::xml::{Element, escape_text};
use crate::xmpp::sasl::{self, Coding, Mechanism, Offer, Plan, SaslFault, Started};
use crate::xmpp::wire::Wire;
use crate::xmpp::{CredentialKind, Event, Purpose, TokenSlot, ns};

/// Most mechanism names that are kept of an offer.
const MOST_OFFERED: usize = 64;

impl Negotiation {
    /// Features inside TLS, before SASL.
    pub(super) fn read_mechanisms(&mut self, now: Now, features: &Element, wire: &mut Wire) -> Result<(), Ending> {
        self.offer = Offer::read(features, features.find("mechanisms", ns::SASL));
        self.offered = self.offer.names().take(MOST_OFFERED).map(str::to_owned).collect();
        wire.event(Event::Offered(self.offered.clone()));
        if self.sign_in.purpose == Purpose::Discover {
            return self.probe(now, wire);
        }
        let plan = self.choose(wire)?;
        self.begin_plan(now, plan, wire)
    }

    /// Asks for the secret that the plan needs.
    pub(super) fn begin_plan(&mut self, now: Now, plan: Plan, wire: &mut Wire) -> Result<(), Ending> {
        self.mechanism = Some(plan.mechanism);
        self.plan = Some(plan);
        let slot = self.slot().ok_or_else(|| Problem::NoTls { domain: self.sign_in.domain.clone() })?;
        self.expect(now, [Expect::Secret]);
        wire.want(slot);
        Ok(())
    }

    /// The only place where a slot is made: without a proved certificate there is none.
    fn slot(&self) -> Option<TokenSlot> {
        self.proof.as_ref().map(|_| TokenSlot { kind: self.sign_in.credential })
    }

    /// Asks where the OAuth metadata is, by a response without a token.
    fn probe(&mut self, now: Now, wire: &mut Wire) -> Result<(), Ending> {
        if !self.offered.iter().any(|name| name == sasl::OAUTHBEARER.name) {
            return Err(Ending::Discovered { metadata: None });
        }
        self.begin(now, &sasl::OAUTHBEARER, sasl::probe(), wire);
        Ok(())
    }

    /// Writes `<auth/>` with the secret that came.
    pub(super) fn authenticate(&mut self, now: Now, secret: &Secret<String>, wire: &mut Wire) -> Result<(), Ending> {
        let Some(plan) = &self.plan else {
            return Err(Problem::Bug { what: Line::clean("a secret without a mechanism") }.into());
        };
        let mechanism = plan.mechanism;
        let nonce = self.unguessable(if self.fell_back { "second nonce" } else { "nonce" });
        // RFC 6120 section 6.3.7: the simple user name is the local part, as the server compares it.
        let address = self.address();
        let user = address.as_ref().and_then(BareJid::local).unwrap_or_default();
        let started = plan.start(user, secret, &nonce).map_err(|fault| self.fault(&fault))?;
        self.begin(now, mechanism, started, wire);
        wire.event(Event::Reached(Stage::Auth));
        Ok(())
    }

    fn begin(&mut self, now: Now, mechanism: &'static Mechanism, started: Started, wire: &mut Wire) {
        let Started { initial, exchange } = started;
        self.mechanism = Some(mechanism);
        self.exchange = Some(exchange);
        let text = mechanism.coding.encode(initial.expose());
        // By hand, for Messenger documents these very bytes, quotes included.
        wire.stream.send_xml(&format!("<auth xmlns=\"{}\" mechanism=\"{}\">", ns::SASL, mechanism.name));
        wire.stream.send_xml(&escape_text(text.expose()));
        wire.stream.send_xml("</auth>");
        self.expect(now, [Expect::SaslOutcome]);
    }

    /// Challenge, success or failure.
    pub(super) fn read_outcome(&mut self, now: Now, element: &Element, wire: &mut Wire) -> Result<(), Ending> {
        let result = match element.name() {
            _ if element.ns() != ns::SASL => return Err(self.out_of_turn(element, wire)),
            "challenge" => self.answer(now, element, wire),
            "success" => self.succeed(element),
            "failure" => return self.fall_back(now, element, wire),
            _ => return Err(self.out_of_turn(element, wire)),
        };
        match result {
            Ok(()) if element.name() == "success" => self.authenticated(now, wire),
            Ok(()) => Ok(()),
            Err(fault) => {
                if element.name() == "challenge" {
                    wire.send(&Element::new("abort", ns::SASL));
                }
                Err(if self.sign_in.purpose == Purpose::Discover { self.discovered() } else { self.fault(&fault) })
            }
        }
    }

    fn answer(&mut self, now: Now, challenge: &Element, wire: &mut Wire) -> Result<(), SaslFault> {
        let coding = self.coding();
        let exchange = self.exchange.as_mut().ok_or(SaslFault::Malformed("a challenge before the start"))?;
        let data = coding.decode(&challenge.content())?;
        let answer = exchange.challenge(&data)?;
        // A response may be empty, and then is not `=` (RFC 6120 section 6.4.3).
        let text = if answer.expose().is_empty() { Secret::from("") } else { coding.encode(answer.expose()) };
        wire.send(&Element::new("response", ns::SASL).text(text.expose().as_str()));
        self.met(now);
        self.expect(now, [Expect::SaslOutcome]);
        Ok(())
    }

    fn succeed(&mut self, success: &Element) -> Result<(), SaslFault> {
        let coding = self.coding();
        let exchange = self.exchange.as_mut().ok_or(SaslFault::Unproven)?;
        let text = success.content();
        let data = if text.trim().is_empty() { None } else { Some(coding.decode(&text)?) };
        exchange.success(data.as_deref())
    }

    /// The stream begins anew (RFC 6120 section 6.4.6).
    fn authenticated(&mut self, now: Now, wire: &mut Wire) -> Result<(), Ending> {
        if self.sign_in.purpose == Purpose::Discover {
            return Err(self.discovered());
        }
        self.exchange = None;
        self.remember_success(wire);
        self.authenticated = true;
        self.met(now);
        wire.stream.restart();
        self.open(now, wire);
        Ok(())
    }

    fn coding(&self) -> Coding {
        self.mechanism.map_or(Coding::Base64, |mechanism| mechanism.coding)
    }
}

/// What went wrong.
impl Negotiation {
    fn discovered(&self) -> Ending {
        let refusal = self.exchange.as_ref().and_then(|exchange| exchange.refusal());
        Ending::Discovered { metadata: refusal.and_then(|refusal| refusal.metadata.clone()) }
    }

    /// `<failure/>` (RFC 6120 section 6.5).
    pub(super) fn refused(&self, failure: &Element) -> Ending {
        if self.sign_in.purpose == Purpose::Discover {
            return self.discovered();
        }
        let domain = self.sign_in.domain.clone();
        let condition = failure.children().find(|child| child.ns() == ns::SASL && child.name() != "text");
        let condition = condition.map_or("not-authorized", Element::name);
        let token = self.sign_in.credential == CredentialKind::Token;
        let status = self.exchange.as_ref().and_then(|exchange| exchange.refusal()).map(|refusal| &*refusal.status);
        match condition {
            _ if status == Some("insufficient_scope") => Problem::ChatNotGranted { domain },
            "not-authorized" | "credentials-expired" if token => Problem::SignInExpired { domain },
            "not-authorized" => Problem::WrongPassword { domain },
            condition => {
                let text = failure.find_text("text", ns::SASL).map(|text| Line::clean(&text));
                Problem::AccountRefused { domain, condition: with_text(condition, text.as_ref()) }
            }
        }
        .into()
    }

    fn fault(&self, fault: &SaslFault) -> Ending {
        let domain = self.sign_in.domain.clone();
        match fault {
            SaslFault::Malformed(what) => return self.rubbish(what),
            SaslFault::Unproven => Problem::ServerUnproven { domain },
            SaslFault::Intercepted => Problem::Intercepted { domain },
            SaslFault::OfferAltered => Problem::OfferAltered { domain },
            SaslFault::Weaker(was) => {
                let now = Line::clean(self.mechanism.map_or("", |mechanism| mechanism.name));
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
}
