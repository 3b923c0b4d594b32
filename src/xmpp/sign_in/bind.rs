//! Resource binding (RFC 6120 section 7), and the session of RFC 3921 where a server insists on it.

use super::ending::Ending;
use super::{Expect, Negotiation};
use crate::types::{FullJid, Now, Problem, Stage};
use crate::xml::Element;
use crate::xmpp::ext::{csi, sm};
use crate::xmpp::stanza::error::StanzaError;
use crate::xmpp::stanza::iq;
use crate::xmpp::wire::Wire;
use crate::xmpp::{Event, ns};

impl Negotiation {
    /// Asks for a resource, right behind the new header: every server of XMPP 1.0 binds (RFC 6120 section 7.2).
    pub(super) fn bind(&mut self, now: Now, wire: &mut Wire) {
        let resource = self.resource().map(|resource| Element::new("resource", ns::BIND).text(resource));
        let id = self.ask(Element::new("bind", ns::BIND).child_opt(resource), "bind", wire);
        self.expect(now, [Expect::Bound { id }]);
    }

    /// Features behind SASL.
    pub(super) fn read_bind_features(&mut self, now: Now, features: &Element, wire: &mut Wire) -> Result<(), Ending> {
        let bound = self.signed_in.is_some();
        if !bound && features.find("bind", ns::BIND).is_none() {
            return Err(self.rubbish("features without resource binding"));
        }
        let session = features.find("session", ns::SESSION);
        self.session_wanted = session.is_some_and(|session| session.find("optional", ns::SESSION).is_none());
        self.manageable = features.find("sm", sm::NS).is_some();
        self.attention.wanted |= features.find("csi", csi::NS).is_some();
        // RFC 6121 section 2.6.1: no version is named to a server that keeps none.
        let versions = features.find("ver", ns::ROSTER_VERSIONS).is_some();
        self.roster_version = versions.then(|| self.roster_version.take().unwrap_or_default());
        wire.event(Event::Reached(Stage::Bind));
        // Behind SASL2 nothing was asked yet, unless a resource came along.
        if !bound && self.expected.is_empty() {
            self.settle(now, wire);
        }
        Ok(())
    }

    /// The resource that was wished for.
    pub(super) fn resource(&self) -> Option<&str> {
        self.sign_in.resource.as_deref().filter(|resource| !resource.is_empty())
    }

    /// The answer to the bind request: the address in it is ours, whatever was typed.
    pub(super) fn read_bound(&mut self, now: Now, id: &str, answer: &Element, wire: &mut Wire) -> Result<(), Ending> {
        self.check_answer(id, answer, wire)?;
        let jid = answer.find("bind", ns::BIND).and_then(|bind| bind.find_text("jid", ns::BIND));
        let jid = jid.and_then(|jid| FullJid::parse(jid.trim()).ok());
        let jid = jid.ok_or_else(|| self.rubbish("a bound address that is none"))?;
        self.signed_in = Some(self.signed_in_as(jid));
        self.met(now);
        if self.session_wanted {
            let id = self.ask(Element::new("session", ns::SESSION), "session", wire);
            self.expect(now, [Expect::Session { id }]);
        }
        Ok(())
    }

    /// The answer to the session request.
    pub(super) fn read_session(&mut self, now: Now, id: &str, answer: &Element, wire: &mut Wire) -> Result<(), Ending> {
        self.check_answer(id, answer, wire)?;
        self.met(now);
        Ok(())
    }

    fn ask(&self, payload: Element, purpose: &str, wire: &mut Wire) -> String {
        let id = self.unguessable(purpose);
        wire.send(&iq::set(&id, None, payload));
        id
    }

    /// A result to this id, or why not. Who it is from does not matter: servers differ, and nobody else can speak yet.
    fn check_answer(&self, id: &str, answer: &Element, wire: &mut Wire) -> Result<(), Ending> {
        if !answer.is("iq", ns::CLIENT) || answer.get("id") != Some(id) {
            return Err(self.out_of_turn(answer, wire));
        }
        match answer.get("type") {
            Some("result") => Ok(()),
            Some("error") => {
                let condition = StanzaError::read(answer).condition;
                Err(Problem::BindRefused { domain: self.sign_in.domain.clone(), condition }.into())
            }
            _ => Err(self.out_of_turn(answer, wire)),
        }
    }
}
