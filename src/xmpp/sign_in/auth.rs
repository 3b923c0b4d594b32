//! The SASL steps, by either profile (RFC 6120 section 6, XEP-0388).

use super::ending::Ending;
use super::way::{Profile, Way};
use super::{Expect, Negotiation};
use crate::types::{Line, Now, Problem, Secret, Stage};
use crate::xml::{Element, escape_text};
use crate::xmpp::sasl::{self, Answer, Channel, Coding, Plan, Salted, SaslFault, Started};
use crate::xmpp::wire::Wire;
use crate::xmpp::{Entrance, Event, Purpose, ns};

impl Negotiation {
    /// Features inside TLS, before SASL.
    pub(super) fn read_entrance(&mut self, now: Now, features: &Element, wire: &mut Wire) -> Result<(), Ending> {
        let entrance = Entrance::read(features, self.from().is_some());
        wire.event(Event::Offered(entrance.names()));
        self.entrance = Some(entrance);
        if self.sign_in.purpose == Purpose::Discover {
            return self.probe(now, wire);
        }
        if self.exchange.is_none() {
            return self.choose(now, wire);
        }
        // The sign-in went ahead: its answer will show whether it was right.
        self.pin_offer(wire);
        self.misled = self.is_misled();
        Ok(())
    }

    /// Asks where the OAuth metadata is, by a response without a token.
    fn probe(&mut self, now: Now, wire: &mut Wire) -> Result<(), Ending> {
        let name = sasl::OAUTHBEARER.name;
        let Some(entrance) = &self.entrance else { return Err(Ending::Discovered { metadata: None }) };
        let profile = if entrance.sasl.has(name) {
            Profile::Sasl
        } else if entrance.sasl2.as_ref().is_some_and(|sasl2| sasl2.offer.has(name)) {
            Profile::Sasl2
        } else {
            return Err(Ending::Discovered { metadata: None });
        };
        let plan = Plan { mechanism: &sasl::OAUTHBEARER, channel: Channel::default(), fall_back: None };
        self.way = Some(Way::Secret { plan, profile });
        self.begin(now, sasl::probe(), wire);
        Ok(())
    }

    /// Writes the first message with the secret that came.
    pub(super) fn authenticate(&mut self, now: Now, secret: &Secret<String>, wire: &mut Wire) -> Result<(), Ending> {
        let started = match &self.way {
            Some(Way::Fast(hashed)) => hashed.start(&self.user(true), secret, self.bindings()),
            Some(Way::Secret { plan, .. }) => plan.start(&self.user(false), secret, &self.nonce()),
            None => return Err(Problem::Bug { what: Line::clean("a secret without a mechanism") }.into()),
        };
        let started = started.map_err(|fault| self.fault(&fault))?;
        self.ahead = self.entrance.is_none();
        self.spoke_ahead |= self.ahead;
        self.attempts = self.attempts.saturating_add(1);
        self.begin(now, started, wire);
        wire.event(Event::Reached(Stage::Auth));
        Ok(())
    }

    /// Another one for each try: both would be known to whoever sees two tries with the same.
    fn nonce(&self) -> String {
        match self.attempts {
            0 => self.unguessable("nonce"),
            1 => self.unguessable("second nonce"),
            more => self.unguessable(&format!("nonce {more}")),
        }
    }

    fn begin(&mut self, now: Now, started: Started, wire: &mut Wire) {
        let Some(way) = &self.way else { return };
        let mechanism = way.mechanism();
        if way.profile() == Profile::Sasl2 {
            return self.begin_2(mechanism, started, now, wire);
        }
        let text = way.coding().encode(started.initial.expose());
        self.exchange = Some(started.exchange);
        // By hand, for Messenger documents these very bytes, quotes included.
        wire.stream.send_xml(&format!("<auth xmlns=\"{}\" mechanism=\"{mechanism}\">", ns::SASL));
        wire.stream.send_xml(&escape_text(text.expose()));
        wire.stream.send_xml("</auth>");
        self.expect(now, [Expect::SaslOutcome]);
    }

    /// Challenge, success or failure.
    pub(super) fn read_outcome(&mut self, now: Now, element: &Element, wire: &mut Wire) -> Result<(), Ending> {
        let profile = self.way.as_ref().map_or(Profile::Sasl, Way::profile);
        if element.ns() != namespace(profile) {
            return Err(self.out_of_turn(element, wire));
        }
        match (element.name(), profile) {
            ("challenge", _) if self.ahead && self.misled => {
                self.take_back(now, element, wire);
                Ok(())
            }
            ("challenge", _) => self.challenged(now, element, wire),
            ("success", Profile::Sasl) => {
                self.ahead = false;
                self.succeed(element).map_err(|fault| self.fallen(&fault))?;
                self.authenticated(now, wire)
            }
            ("success", Profile::Sasl2) => {
                self.ahead = false;
                self.succeed_2(now, element, wire)
            }
            ("failure", _) if self.taken_back => {
                self.taken_back = false;
                self.met(now);
                self.choose(now, wire)
            }
            ("failure", _) => self.refused(now, element, wire),
            ("continue", Profile::Sasl2) => Err(self.more_steps(element, wire)),
            _ => Err(self.out_of_turn(element, wire)),
        }
    }

    /// Ends an exchange that began by an offer of before (RFC 6120 section 6.4.4): what it would prove is not what is
    /// on offer here. The failure that answers this is no word about the secret.
    fn take_back(&mut self, now: Now, challenge: &Element, wire: &mut Wire) {
        wire.send(&Element::new("abort", challenge.ns()));
        (self.ahead, self.stumbled, self.taken_back) = (false, true, true);
        self.exchange = None;
        self.met(now);
        self.expect(now, [Expect::SaslOutcome]);
    }

    fn challenged(&mut self, now: Now, challenge: &Element, wire: &mut Wire) -> Result<(), Ending> {
        self.ahead = false;
        self.answer(now, challenge, wire).map_err(|fault| {
            wire.send(&Element::new("abort", challenge.ns()));
            self.fallen(&fault)
        })
    }

    fn fallen(&self, fault: &SaslFault) -> Ending {
        if self.sign_in.purpose == Purpose::Discover { self.discovered() } else { self.fault(fault) }
    }

    fn answer(&mut self, now: Now, challenge: &Element, wire: &mut Wire) -> Result<(), SaslFault> {
        let coding = self.coding();
        let exchange = self.exchange.as_mut().ok_or(SaslFault::Malformed("a challenge before the start"))?;
        let data = coding.decode(&challenge.content())?;
        match exchange.answer(&data)? {
            Answer::Say(message) => self.respond(now, &message, wire),
            Answer::Sums(sums) => {
                wire.sums(sums);
                self.met(now);
                self.expect(now, [Expect::Sums]);
            }
        }
        Ok(())
    }

    /// The sums are done that an answer needed.
    pub(super) fn read_sums(&mut self, now: Now, salted: &Salted, wire: &mut Wire) -> Result<(), Ending> {
        let Some(exchange) = self.exchange.as_mut().filter(|_| matches!(self.expected.front(), Some(Expect::Sums)))
        else {
            return Ok(());
        };
        let message = exchange.summed(salted).map_err(|fault| self.fallen(&fault))?;
        self.respond(now, &message, wire);
        Ok(())
    }

    fn respond(&mut self, now: Now, message: &Secret<Vec<u8>>, wire: &mut Wire) {
        // A response may be empty, and then is not `=` (RFC 6120 section 6.4.3).
        let text = if message.expose().is_empty() { Secret::from("") } else { self.coding().encode(message.expose()) };
        let profile = self.way.as_ref().map_or(Profile::Sasl, Way::profile);
        wire.send(&Element::new("response", namespace(profile)).text(text.expose().as_str()));
        self.met(now);
        self.expect(now, [Expect::SaslOutcome]);
    }

    fn succeed(&mut self, success: &Element) -> Result<(), SaslFault> {
        let coding = self.coding();
        let exchange = self.exchange.as_mut().ok_or(SaslFault::Unproven)?;
        let text = success.content();
        let data = if text.trim().is_empty() { None } else { Some(coding.decode(&text)?) };
        exchange.success(data.as_deref())
    }

    /// The stream begins anew (RFC 6120 section 6.4.6), and the next request goes out with it.
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
        self.settle(now, wire);
        Ok(())
    }

    fn coding(&self) -> Coding {
        self.way.as_ref().map_or(Coding::Base64, Way::coding)
    }
}

fn namespace(profile: Profile) -> &'static str {
    match profile {
        Profile::Sasl => ns::SASL,
        Profile::Sasl2 => ns::SASL2,
    }
}
