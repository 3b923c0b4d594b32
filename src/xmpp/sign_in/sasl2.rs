//! The Extensible SASL Profile (XEP-0388 1.0.4), with everything that goes along: Bind 2 (XEP-0386), FAST (XEP-0484),
//! stream management (XEP-0198).

use super::ending::Ending;
use super::way::Way;
use super::{Expect, Negotiation};
use crate::types::{FullJid, Jid, Line, Now, Problem, Stage};
use crate::xml::Element;
use crate::xmpp::ext::{bind2, carbons, csi, fast, sm};
use crate::xmpp::managed::Managed;
use crate::xmpp::sasl::{Coding, HashedToken, SaslFault, Started};
use crate::xmpp::stanza::error::StanzaError;
use crate::xmpp::tracker::Ids;
use crate::xmpp::wire::Wire;
use crate::xmpp::{Entrance, Event, Purpose, Sasl2, SignedIn, ns};

/// Most tasks that are told.
const MOST_TASKS: usize = 4;

/// What was asked for along with the sign-in.
#[derive(Debug, Default)]
pub(super) struct Along {
    bind: bool,
    copies: bool,
    manage: bool,
    /// Nobody looks.
    absent: bool,
    resume: bool,
    /// A token for this mechanism.
    token: Option<&'static str>,
}

impl Negotiation {
    /// Writes `<authenticate/>`.
    pub(super) fn begin_2(&mut self, mechanism: &str, started: Started, now: Now, wire: &mut Wire) {
        let Started { initial, exchange } = started;
        self.exchange = Some(exchange);
        let text = Coding::Base64.encode(initial.expose());
        // By hand, so that no copy of the secret stays behind in an element. Base64 needs no escaping.
        let head = format!("<authenticate xmlns='{}' mechanism='{mechanism}'><initial-response>", ns::SASL2);
        wire.stream.send_xml(&head);
        wire.stream.send_xml(text.expose());
        wire.stream.send_xml("</initial-response>");
        for child in self.along(now) {
            wire.stream.send_xml(&child.to_xml(ns::SASL2));
        }
        wire.stream.send_xml("</authenticate>");
        self.expect(now, [Expect::SaslOutcome]);
    }

    /// What goes along. By what is on offer on this stream or, ahead of it, was last time.
    fn along(&mut self, now: Now) -> Vec<Element> {
        let offered = self.entrance.as_ref().or(self.sign_in.known.entrance.as_ref());
        let sasl2 = offered.and_then(|entrance| entrance.sasl2.clone()).unwrap_or_default();
        let chat = self.sign_in.purpose == Purpose::Chat;
        let binds = chat || self.sign_in.purpose == Purpose::Dismiss;
        self.asked_along = Along::default();
        let mut along = vec![self.user_agent()];
        if chat
            && sasl2.resume
            && let Some((id, handled)) = self.resumable()
        {
            along.push(sm::resume(&id, handled));
            self.asked_along.resume = true;
        }
        // A resource of our own choice cannot be had here, so it is bound behind.
        if let Some(features) = sasl2.bind.as_ref().filter(|_| binds && self.resource().is_none()) {
            along.push(self.bind_2(features));
        }
        if let (Some(Way::Fast(_)), Some(ticket)) = (&self.way, &self.sign_in.fast) {
            along.push(fast::write(ticket.count, self.sign_in.purpose == Purpose::Invalidate));
        } else if chat && let Some(mechanism) = self.wanted_token(&sasl2, now) {
            along.push(fast::request(mechanism));
            self.asked_along.token = Some(mechanism);
        }
        along
    }

    fn user_agent(&self) -> Element {
        let software = self.sign_in.show_client.then(|| Element::new("software", ns::SASL2).text("butty"));
        Element::new("user-agent", ns::SASL2).attr_opt("id", self.installation()).child_opt(software)
    }

    fn bind_2(&mut self, features: &[String]) -> Element {
        self.asked_along.bind = true;
        // To end other sign-ins nothing else is needed.
        let features = if self.sign_in.purpose == Purpose::Chat { features } else { &[] };
        let has = |name: &str| features.iter().any(|feature| feature == name);
        self.asked_along.copies = has(carbons::NS);
        self.asked_along.manage = has(sm::NS) && self.sign_in.lasting;
        self.asked_along.absent = has(csi::NS) && self.sign_in.absent;
        // A session that may run beside another is not taken up again, and so not counted.
        let features = features.iter().filter(|name| *name != sm::NS || self.sign_in.lasting).cloned();
        bind2::write(&features.collect::<Vec<_>>(), self.sign_in.show_client, self.sign_in.absent)
    }

    /// The mechanism to ask a token for.
    fn wanted_token(&self, sasl2: &Sasl2, _now: Now) -> Option<&'static str> {
        let hashed = HashedToken::strongest(&sasl2.fast, self.bindings())?;
        self.takes_tokens().then_some(hashed.name)
    }

    /// `<success/>`. First the proof, then everything that it proves.
    pub(super) fn succeed_2(&mut self, now: Now, success: &Element, wire: &mut Wire) -> Result<(), Ending> {
        let data = success.find_text("additional-data", ns::SASL2);
        let proved = match data.map(|text| Coding::Base64.decode(&text)).transpose() {
            Ok(data) => match self.exchange.as_mut() {
                Some(exchange) => exchange.success(data.as_deref()),
                None => Err(SaslFault::Unproven),
            },
            Err(fault) => Err(fault),
        };
        proved.map_err(|fault| self.fault(&fault))?;
        match self.sign_in.purpose {
            Purpose::Chat | Purpose::Dismiss => {}
            Purpose::Discover => return Err(self.discovered()),
            Purpose::Invalidate => {
                wire.event(Event::Fast(None));
                return Err(Ending::Done);
            }
        }
        self.exchange = None;
        self.remember_success(wire);
        self.authenticated = true;
        self.met(now);
        self.keep_token(now, success, wire);
        let said = ["authorization-identifier", "authorization-identity"];
        let said = said.iter().find_map(|name| success.find_text(name, ns::SASL2));
        let address = said.and_then(|text| Jid::parse(text.trim()).ok());
        let address = address.ok_or_else(|| self.rubbish("a sign-in without an address"))?;
        if let Some(resumed) = success.find("resumed", sm::NS) {
            return self.resumed_along(resumed, &address, wire);
        }
        if let Some(failed) = success.find("failed", sm::NS) {
            self.not_resumed(failed, wire);
        }
        self.bound_along(success, address)?;
        self.expect(now, [Expect::Features]);
        Ok(())
    }

    fn keep_token(&self, now: Now, success: &Element, wire: &mut Wire) {
        let renewed = match &self.way {
            Some(Way::Fast(hashed)) => Some(hashed.name),
            _ => self.asked_along.token,
        };
        // Where rotation failed the old one stays right (XEP-0484 section 3.5), so nothing is dropped here.
        if let Some(token) = renewed.and_then(|mechanism| fast::read(success, mechanism, now.wall)) {
            wire.event(Event::Fast(Some(Box::new(token))));
        }
    }

    fn resumed_along(&mut self, resumed: &Element, address: &Jid, wire: &mut Wire) -> Result<(), Ending> {
        if !self.asked_along.resume {
            return Err(self.rubbish("a session taken up that was not asked for"));
        }
        self.take_up(resumed)?;
        let same = self.signed_in.as_ref().is_some_and(|done| done.jid.bare() == address.bare());
        if !same {
            self.suspended = None;
            return Err(self.rubbish("a session taken up that is not ours"));
        }
        wire.event(Event::Reached(Stage::Bind));
        Ok(())
    }

    fn bound_along(&mut self, success: &Element, address: Jid) -> Result<(), Ending> {
        if let Some(failed) = success.find("failed", bind2::NS) {
            let condition = StanzaError::read(failed).condition;
            return Err(Problem::BindRefused { domain: self.sign_in.domain.clone(), condition }.into());
        }
        // Without it the resource is bound behind, where the features offer that.
        let Some(bound) = success.find("bound", bind2::NS).filter(|_| self.asked_along.bind) else { return Ok(()) };
        let Jid::Full(jid) = address else { return Err(self.rubbish("a bound address that is none")) };
        self.signed_in = Some(self.signed_in_as(jid));
        self.copies = self.asked_along.copies;
        self.attention.absent = self.asked_along.absent;
        self.attention.wanted |= self.asked_along.absent;
        if self.asked_along.manage
            && let Some(enabled) = bound.find("enabled", sm::NS)
        {
            self.managed = Managed::asked(Ids::new(&self.sign_in.seed).session());
            self.managed.enabled(sm::resumable(enabled));
        }
        Ok(())
    }

    pub(super) fn signed_in_as(&self, jid: FullJid) -> SignedIn {
        let mechanism = self.way.as_ref().map_or("", Way::mechanism).to_owned();
        let offered = self.entrance.as_ref().map(Entrance::names).unwrap_or_default();
        SignedIn { jid, mechanism, offered }
    }

    /// `<continue/>`: more steps are wanted, and we have none.
    pub(super) fn more_steps(&self, element: &Element, wire: &mut Wire) -> Ending {
        wire.send(&Element::new("abort", ns::SASL2));
        let tasks = element.find("tasks", ns::SASL2).into_iter().flat_map(Element::children);
        let tasks = tasks.filter(|task| task.is("task", ns::SASL2)).take(MOST_TASKS);
        let tasks = tasks.map(|task| Line::clean(task.content().trim())).collect();
        Problem::MoreSteps { domain: self.sign_in.domain.clone(), tasks }.into()
    }
}
