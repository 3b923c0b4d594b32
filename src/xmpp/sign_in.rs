//! From the first header to the bound resource (RFC 6120 sections 4 to 7).
//!
//! A [`Negotiation`] is a queue of expectations, not a ladder: each thing written adds what must come back, and what
//! comes back must be what stands in front. One time limit holds for whatever stands in front; only while a person
//! or a token service is asked for the secret does no limit run.
//!
//! Order of safety: nothing but a header and `<starttls/>` is written before the certificate is proved; bytes behind
//! the go-ahead for TLS end the session; a [`TokenSlot`] is made from the proof alone; a restart forgets what was
//! half read. Refused: everything out of turn.

mod auth;
mod bind;
mod choice;
pub(super) mod ending;

use super::sasl::{Exchange, Mechanism, Offer, Plan};
use super::stream::{Header, Received};
use super::wire::Wire;
use super::{CredentialKind, Event, SignIn, SignedIn, TokenSlot, Verified, ns};
use crate::types::{BareJid, CertificateFault, Line, Now, Problem, Secret, Stage};
use crate::xml::Element;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ending::Ending;
use ring::hmac;
use std::collections::VecDeque;
use std::time::Duration;

/// How long the server may take for each thing that we wait for.
const LIMIT: Duration = Duration::from_secs(15);

/// Where a negotiation went.
pub(super) enum Step {
    /// It goes on.
    On,
    /// A resource is bound.
    Bound(Box<Bound>),
    /// It has ended, and the last event is out.
    Over,
}

/// What the live half needs.
pub(super) struct Bound {
    pub(super) signed_in: SignedIn,
    /// With the mechanism that was used as the only one.
    pub(super) sign_in: SignIn,
    /// The version to ask the roster with: `None` where the server keeps no versions, empty where we have none.
    pub(super) roster_version: Option<String>,
}

/// What must come next.
enum Expect {
    /// The server's header.
    Header,
    /// Its features.
    Features,
    /// The go-ahead for TLS.
    Proceed,
    /// TLS itself, from our own side.
    Secured,
    /// The secret, from our own side.
    Secret,
    /// Challenge, success or failure.
    SaslOutcome,
    /// The answer to the bind request of this id.
    Bound { id: String },
    /// The answer to the session request of this id (RFC 3921 section 3).
    Session { id: String },
}

/// A sign-in under way.
pub(super) struct Negotiation {
    sign_in: SignIn,
    roster_version: Option<String>,
    expected: VecDeque<Expect>,
    /// When what stands in front must have come; `None` while we wait for our own side.
    deadline: Option<Duration>,
    /// Any byte came at all.
    heard: bool,
    /// The header named no version, or one before 1.0.
    outdated: bool,
    /// The certificate was proved.
    proof: Option<Verified>,
    /// What SASL names were offered inside TLS.
    offered: Vec<String>,
    /// The whole offer.
    offer: Offer,
    plan: Option<Plan>,
    /// A channel binding that the server did not announce was refused: the plain form is being tried.
    fell_back: bool,
    mechanism: Option<&'static Mechanism>,
    exchange: Option<Box<dyn Exchange + Send>>,
    /// SASL succeeded.
    authenticated: bool,
    /// The server insists on the session of RFC 3921.
    session_wanted: bool,
    signed_in: Option<SignedIn>,
}

impl Negotiation {
    /// Writes the header, unless TLS must stand first.
    pub(super) fn new(now: Now, sign_in: SignIn, roster_version: Option<String>, wire: &mut Wire) -> Self {
        let mut new = Self {
            sign_in,
            roster_version,
            expected: VecDeque::new(),
            deadline: None,
            heard: false,
            outdated: false,
            proof: None,
            offered: Vec::new(),
            offer: Offer::default(),
            plan: None,
            fell_back: false,
            mechanism: None,
            exchange: None,
            authenticated: false,
            session_wanted: false,
            signed_in: None,
        };
        if new.sign_in.direct_tls {
            wire.event(Event::Reached(Stage::Tls));
            new.expect(now, [Expect::Secured]);
        } else {
            // Whether TLS is on offer is seen before the answer to this: one round trip less.
            new.open(now, wire);
            wire.send(&Element::new("starttls", ns::TLS));
            new.expect(now, [Expect::Proceed]);
            wire.event(Event::Reached(Stage::Header));
        }
        new
    }

    /// When `handle_timeout` is due.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    /// The version of the cached roster. Once the features behind SASL were read, `None` says that the server keeps none.
    pub(super) fn know_roster(&mut self, version: &str) {
        let read = matches!(self.expected.front(), Some(Expect::Bound { .. } | Expect::Session { .. }));
        if self.roster_version.is_some() || !read {
            self.roster_version = Some(version.to_owned());
        }
    }

    /// Bytes from the server.
    pub(super) fn handle_input(&mut self, now: Now, bytes: &[u8], wire: &mut Wire) -> Step {
        self.heard |= !bytes.is_empty();
        wire.stream.feed(bytes);
        let result = self.read(now, wire);
        self.conclude(result, wire)
    }

    /// The server closed the connection.
    pub(super) fn handle_eof(&mut self, wire: &mut Wire) -> Step {
        self.conclude(Err(self.closed()), wire)
    }

    /// The certificate is proved: the stream begins anew.
    pub(super) fn handle_secured(&mut self, now: Now, proof: Verified, wire: &mut Wire) -> Step {
        let result = self.secured(now, proof, wire);
        self.conclude(result, wire)
    }

    /// The limit of what stands in front has run out.
    pub(super) fn handle_timeout(&mut self, now: Now, wire: &mut Wire) -> Step {
        if self.deadline.is_none_or(|deadline| now.mono < deadline) {
            return Step::On;
        }
        let silent = match self.expected.front() {
            Some(Expect::Features) if self.outdated => self.outdated_server(wire),
            _ => Problem::SilentAt { host: self.host(), stage: self.stage() }.into(),
        };
        self.conclude(Err(silent), wire)
    }

    /// The secret has come.
    pub(super) fn provide(&mut self, now: Now, slot: TokenSlot, secret: &Secret<String>, wire: &mut Wire) -> Step {
        if slot.kind() != self.sign_in.credential || !matches!(self.expected.front(), Some(Expect::Secret)) {
            return Step::On;
        }
        self.expected.pop_front();
        let result = self.authenticate(now, secret, wire);
        self.conclude(result, wire)
    }
}

/// Reading.
impl Negotiation {
    fn read(&mut self, now: Now, wire: &mut Wire) -> Result<(), Ending> {
        loop {
            if matches!(self.expected.front(), Some(Expect::Secured)) {
                return if wire.stream.is_drained() { Ok(()) } else { Err(self.injected()) };
            }
            let received = wire.stream.receive().map_err(|rubbish| self.rubbish(rubbish.0))?;
            match received {
                None => return Ok(()),
                Some(Received::Header(header)) => self.read_header(now, &header),
                Some(Received::Element(element)) => self.read_element(now, &element, wire)?,
                Some(Received::Error(error)) => {
                    return Err(ending::of(&error, &self.sign_in.domain, self.proof.is_some()));
                }
                Some(Received::Footer) => return Err(self.closed()),
            }
            if self.signed_in.is_some() && self.expected.is_empty() {
                return Ok(());
            }
        }
    }

    fn read_header(&mut self, now: Now, header: &Header) {
        // A header without version is let pass here, so that a stream error behind it is still heard.
        self.outdated = !header.is_xmpp_1();
        self.met(now);
    }

    fn read_element(&mut self, now: Now, element: &Element, wire: &mut Wire) -> Result<(), Ending> {
        match self.expected.front() {
            Some(Expect::Features) if self.outdated => Err(self.outdated_server(wire)),
            Some(Expect::Features) if element.is("features", ns::STREAM) => {
                self.met(now);
                self.read_features(now, element, wire)
            }
            Some(Expect::Proceed) => self.read_proceed(now, element, wire),
            Some(Expect::SaslOutcome) => self.read_outcome(now, element, wire),
            Some(Expect::Bound { id }) => {
                let id = id.clone();
                self.read_bound(now, &id, element, wire)
            }
            Some(Expect::Session { id }) => {
                let id = id.clone();
                self.read_session(now, &id, element, wire)
            }
            _ => Err(self.out_of_turn(element, wire)),
        }
    }

    fn read_features(&mut self, now: Now, features: &Element, wire: &mut Wire) -> Result<(), Ending> {
        if self.authenticated {
            return self.read_bind_features(features, wire);
        }
        if self.proof.is_some() {
            return self.read_mechanisms(now, features, wire);
        }
        if features.find("starttls", ns::TLS).is_none() {
            return Err(Problem::NoTls { domain: self.sign_in.domain.clone() }.into());
        }
        wire.event(Event::Reached(Stage::Tls));
        Ok(())
    }

    fn read_proceed(&mut self, now: Now, element: &Element, wire: &mut Wire) -> Result<(), Ending> {
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

/// Writing.
impl Negotiation {
    /// Opens a stream, the first one or another on the same connection.
    fn open(&mut self, now: Now, wire: &mut Wire) {
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
    /// before bind. With a token it is not: the token says who we are.
    fn from(&self) -> Option<String> {
        let known = self.proof.is_some() && self.sign_in.credential == CredentialKind::Password;
        self.address().filter(|_| known).map(|address| address.as_str().to_owned())
    }

    /// What was typed, normalised.
    fn address(&self) -> Option<BareJid> {
        let local = self.sign_in.local.as_deref()?;
        BareJid::parse(&format!("{local}@{}", self.sign_in.domain)).ok()
    }

    fn secured(&mut self, now: Now, proof: Verified, wire: &mut Wire) -> Result<(), Ending> {
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
        Ok(())
    }
}

/// The queue.
impl Negotiation {
    fn expect<const N: usize>(&mut self, now: Now, more: [Expect; N]) {
        self.expected.extend(more);
        self.renew(now);
    }

    /// What stood in front has come.
    fn met(&mut self, now: Now) {
        self.expected.pop_front();
        self.renew(now);
    }

    fn renew(&mut self, now: Now) {
        let ours = matches!(self.expected.front(), Some(Expect::Secret) | None);
        self.deadline = (!ours).then(|| now.mono.saturating_add(LIMIT));
    }

    /// How far we have come, by what is awaited.
    fn stage(&self) -> Stage {
        match self.expected.front() {
            _ if self.authenticated => Stage::Bind,
            Some(Expect::Header) if self.proof.is_some() && !self.sign_in.direct_tls => Stage::Header,
            Some(Expect::Header) if self.sign_in.after_redirect => Stage::Redirect,
            Some(Expect::Header) if self.proof.is_none() && !self.heard => Stage::Accept,
            Some(Expect::Header) => Stage::Header,
            Some(Expect::Features) => Stage::Features,
            Some(Expect::Proceed | Expect::Secured) => Stage::Tls,
            Some(Expect::Secret | Expect::SaslOutcome) => Stage::Auth,
            Some(Expect::Bound { .. } | Expect::Session { .. }) | None => Stage::Bind,
        }
    }

    fn conclude(&mut self, result: Result<(), Ending>, wire: &mut Wire) -> Step {
        let Err(ending) = result else {
            let done = self.expected.is_empty();
            return match self.signed_in.take_if(|_| done) {
                Some(signed_in) => Step::Bound(Box::new(self.bound(signed_in))),
                None => Step::On,
            };
        };
        // The footer goes ahead of every word about the end.
        wire.stream.close();
        self.remember_end(&ending, wire);
        self.exchange = None;
        match ending {
            Ending::Problem(problem) => wire.end(Some(*problem)),
            Ending::Redirected { to, secured } => {
                wire.event(Event::Redirected { to, secured });
                wire.end(None);
            }
            Ending::Discovered { metadata } => {
                let mechanisms = std::mem::take(&mut self.offered);
                wire.event(Event::Discovered { mechanisms, metadata });
                wire.end(None);
            }
        }
        Step::Over
    }

    fn bound(&self, signed_in: SignedIn) -> Bound {
        let sign_in = SignIn { mechanisms: vec![signed_in.mechanism.clone()], ..self.sign_in.clone() };
        Bound { signed_in, sign_in, roster_version: self.roster_version.clone() }
    }

    /// A text that nobody can guess and no other session has, for a nonce or an id.
    fn unguessable(&self, purpose: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.sign_in.seed);
        let tag = hmac::sign(&key, purpose.as_bytes());
        BASE64_STANDARD.encode(tag.as_ref().get(..18).unwrap_or_default())
    }
}

/// Endings that more than one step knows.
impl Negotiation {
    fn host(&self) -> Line {
        Line::clean(self.sign_in.domain.as_str())
    }

    fn closed(&self) -> Ending {
        Problem::ClosedAt { host: self.host(), stage: self.stage() }.into()
    }

    fn injected(&self) -> Ending {
        Problem::TlsInjected { domain: self.sign_in.domain.clone() }.into()
    }

    fn rubbish(&self, what: &str) -> Ending {
        Problem::Rubbish { host: self.host(), what: Line::clean(what) }.into()
    }

    fn out_of_turn(&self, element: &Element, wire: &mut Wire) -> Ending {
        wire.stream.fail("policy-violation", "");
        self.rubbish(&format!("<{}/> out of turn", element.name()))
    }

    fn outdated_server(&self, wire: &mut Wire) -> Ending {
        wire.stream.fail("unsupported-version", "");
        self.rubbish("a stream from before XMPP 1.0")
    }
}
