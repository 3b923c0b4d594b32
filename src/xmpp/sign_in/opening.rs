//! Headers, and TLS (RFC 6120 sections 4 and 5).

use super::ending::Ending;
use super::{Expect, Header, Negotiation};
use crate::types::{BareJid, CertificateFault, Line, Now, Problem, Stage};
use crate::xml::Element;
use crate::xmpp::wire::Wire;
use crate::xmpp::{CredentialKind, Event, Verified, ns};

impl Negotiation {
    /// Opens a stream, the first one or another on the same connection.
    pub(super) fn open(&mut self, now: Now, wire: &mut Wire) {
        wire.stream.open(&Header {
            from: self.from(),
            to: Some(self.sign_in.domain.as_str().to_owned()),
            id: None,
            lang: Some("en".to_owned()),
            version: Some("1.0".to_owned()),
        });
        self.expect(now, [Expect::Header, Expect::Features]);
    }

    /// Our address, which is for the server alone: inside TLS (RFC 6120 section 4.7.1), and only where it is known
    /// before bind. With a token it is that of the last sign-in: the token says who we are, whatever was typed.
    pub(super) fn from(&self) -> Option<String> {
        self.proof.as_ref()?;
        let address = match self.sign_in.credential {
            CredentialKind::Password => self.address(),
            CredentialKind::Token => self.last_address(),
        };
        address.map(|address| address.as_str().to_owned())
    }

    /// The one that was bound last time, if it is one of this server's.
    fn last_address(&self) -> Option<BareJid> {
        let address = BareJid::parse(self.sign_in.known.address.as_deref()?).ok()?;
        (address.domain() == self.sign_in.domain).then_some(address)
    }

    /// What was typed, normalised.
    fn address(&self) -> Option<BareJid> {
        let local = self.sign_in.local.as_deref()?;
        BareJid::parse(&format!("{local}@{}", self.sign_in.domain)).ok()
    }

    /// RFC 6120 section 6.3.7: the simple user name is the local part, as the server compares it.
    pub(super) fn user(&self, fast: bool) -> String {
        let address =
            if fast && self.sign_in.credential == CredentialKind::Token { self.last_address() } else { self.address() };
        address.as_ref().and_then(BareJid::local).unwrap_or_default().to_owned()
    }

    pub(super) fn secured(&mut self, now: Now, proof: Verified, wire: &mut Wire) -> Result<(), Ending> {
        if !matches!(self.expected.front(), Some(Expect::Secured)) {
            return Ok(());
        }
        if proof.domain != self.sign_in.domain {
            let fault = CertificateFault::WrongName(vec![Line::clean(proof.domain.as_str())]);
            return Err(Problem::Certificate { domain: self.sign_in.domain.clone(), fault }.into());
        }
        self.met(now);
        self.proof = Some(proof);
        self.open(now, wire);
        wire.event(Event::Reached(Stage::Features));
        self.way = self.ahead(now);
        if self.way.is_some() { self.want(wire) } else { Ok(()) }
    }

    pub(super) fn read_proceed(&mut self, now: Now, element: &Element, wire: &mut Wire) -> Result<(), Ending> {
        if element.is("failure", ns::TLS) {
            return Err(Problem::TlsFailed { domain: self.sign_in.domain.clone() }.into());
        }
        if !element.is("proceed", ns::TLS) {
            return Err(self.out_of_turn(element, wire));
        }
        let drained = wire.stream.is_drained();
        // From here on nothing more is written in the clear, not even a footer.
        wire.stream.secure();
        if !drained {
            return Err(self.injected());
        }
        self.met(now);
        self.expect(now, [Expect::Secured]);
        wire.start_tls();
        Ok(())
    }
}
