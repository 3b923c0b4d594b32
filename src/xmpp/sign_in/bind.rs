//! Resource binding (RFC 6120 section 7), and the session of RFC 3921 where a server insists on it.

use super::ending::{Ending, with_text};
use super::{Expect, Negotiation};
use crate::types::{FullJid, Line, Now, Problem, Stage};
use crate::xml::Element;
use crate::xmpp::wire::Wire;
use crate::xmpp::{Event, SignedIn, ns};

impl Negotiation {
    /// Features after SASL: asks for a resource.
    pub(super) fn bind(&mut self, now: Now, features: &Element, wire: &mut Wire) -> Result<(), Ending> {
        if features.find("bind", ns::BIND).is_none() {
            return Err(self.rubbish("features without resource binding"));
        }
        let session = features.find("session", ns::SESSION);
        self.session_wanted = session.is_some_and(|session| session.find("optional", ns::SESSION).is_none());
        // RFC 6121 section 2.6.1: no version is named to a server that keeps none.
        let versions = features.find("ver", ns::ROSTER_VERSIONS).is_some();
        self.roster_version = versions.then(|| self.roster_version.take().unwrap_or_default());

        let resource = self.sign_in.resource.as_deref().filter(|resource| !resource.is_empty());
        let resource = resource.map(|resource| Element::new("resource", ns::BIND).text(resource));
        let id = self.ask(Element::new("bind", ns::BIND).child_opt(resource), "bind", wire);
        wire.event(Event::Reached(Stage::Bind));
        self.expect(now, [Expect::Bound { id }]);
        Ok(())
    }

    /// The answer to the bind request: the address in it is ours, whatever was typed.
    pub(super) fn read_bound(&mut self, now: Now, id: &str, iq: &Element, wire: &mut Wire) -> Result<(), Ending> {
        self.check_answer(id, iq, wire)?;
        let jid = iq.find("bind", ns::BIND).and_then(|bind| bind.find_text("jid", ns::BIND));
        let jid = jid.and_then(|jid| FullJid::parse(jid.trim()).ok());
        let jid = jid.ok_or_else(|| self.rubbish("a bound address that is none"))?;
        let mechanism = self.mechanism.map_or("", |mechanism| mechanism.name).to_owned();
        self.signed_in = Some(SignedIn { jid, mechanism, offered: std::mem::take(&mut self.offered) });
        self.met(now);
        if self.session_wanted {
            let id = self.ask(Element::new("session", ns::SESSION), "session", wire);
            self.expect(now, [Expect::Session { id }]);
        }
        Ok(())
    }

    /// The answer to the session request.
    pub(super) fn read_session(&mut self, now: Now, id: &str, iq: &Element, wire: &mut Wire) -> Result<(), Ending> {
        self.check_answer(id, iq, wire)?;
        self.met(now);
        Ok(())
    }

    fn ask(&self, payload: Element, purpose: &str, wire: &mut Wire) -> String {
        let id = self.unguessable(purpose);
        wire.send(&Element::new("iq", ns::CLIENT).attr("type", "set").attr("id", id.as_str()).child(payload));
        id
    }

    /// A result to this id, or why not. Who it is from does not matter: servers differ, and nobody else can speak yet.
    fn check_answer(&self, id: &str, iq: &Element, wire: &mut Wire) -> Result<(), Ending> {
        if !iq.is("iq", ns::CLIENT) || iq.get("id") != Some(id) {
            return Err(self.out_of_turn(iq, wire));
        }
        match iq.get("type") {
            Some("result") => Ok(()),
            Some("error") => {
                let error = iq.find("error", ns::CLIENT);
                let defined = |child: &&Element| child.ns() == ns::STANZAS && child.name() != "text";
                let condition = error.and_then(|error| error.children().find(defined)).map(Element::name);
                let text = error.and_then(|error| error.find_text("text", ns::STANZAS)).map(|text| Line::clean(&text));
                let condition = with_text(condition.unwrap_or("undefined-condition"), text.as_ref());
                Err(Problem::BindRefused { domain: self.sign_in.domain.clone(), condition }.into())
            }
            _ => Err(self.out_of_turn(iq, wire)),
        }
    }
}
