//! From the first header to the bound resource (RFC 6120 sections 4 to 7).
//!
//! A [`Negotiation`] is a queue of expectations, not a ladder: each thing written adds what must come back, and what
//! comes back must be what stands in front. So as much as can be known goes out in one write: `<starttls/>` with the
//! first header, the request for a resource with the last, and, where an earlier visit saw what is on offer, the
//! sign-in itself with the header inside TLS. One time limit holds for whatever stands in front; only while a person or
//! a token service is asked for the secret, or our own side does long sums, does no limit run.
//!
//! Order of safety: nothing but a header and `<starttls/>` is written before the certificate is proved; bytes behind
//! the go-ahead for TLS end the session; a [`TokenSlot`] is made from the proof alone; a restart forgets what was
//! half read. Refused: everything out of turn.
//!
//! Never said ahead is the header behind `<success/>` (RFC 6120 section 6.4.6), though a trip less would do if it and
//! the request for a resource went with the sign-in (XEP-0305). Servers read what came in one read to its end with the
//! parser of the old stream: to ejabberd the header is an element without end, and all is silent; Prosody binds, but
//! its new parser has seen no header, so it ends the stream at the next stanza (`tests/servers/check` proves both). Nor
//! is a pause in between a remedy: what comes in one read is up to the network.
//!
//! What was said ahead and was not understood costs one more exchange on the same stream, or, where the server hung up
//! on it, the same connection once more without ([`Event::Again`]).

mod auth;
mod bind;
pub(super) mod ending;
mod opening;
mod pin;
mod queue;
mod resume;
mod sasl2;
mod trouble;
mod way;

use super::ext::csi::Attention;
use super::live::Live;
use super::managed::Managed;
use super::sasl::{Exchange, Salted};
use super::stream::{Header, Received};
use super::wire::Wire;
use super::{Entrance, Event, SignIn, SignedIn, TokenSlot, Verified, ns};
use crate::types::{Now, Problem, Secret, Stage};
use crate::xml::{Element, Limits};
use ending::Ending;
use sasl2::Along;
use std::collections::VecDeque;
use std::time::Duration;
use way::Way;

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
    pub(super) sign_in: SignIn,
    /// The version to ask the roster with: `None` where the server keeps no versions, empty where we have none.
    pub(super) roster_version: Option<String>,
    /// Copies are on already.
    pub(super) copies: bool,
    /// The counts of stanzas, where they are counted already.
    pub(super) managed: Managed,
    /// Stanzas can be counted, and nobody has asked yet.
    pub(super) manageable: bool,
    /// Whether the server wants to know that nobody looks, and what it was told along with the sign-in.
    pub(super) attention: Attention,
    /// The session that was taken up, and how many of its stanzas the server had.
    pub(super) resumed: Option<(Box<Live>, u32)>,
    /// The name of this installation, if it has one.
    pub(super) installation: Option<String>,
    /// A stanza that came in place of the last features.
    pub(super) early: Option<Element>,
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
    /// Long sums, from our own side.
    Sums,
    /// Challenge, success or failure.
    SaslOutcome,
    /// The answer to the wish to take a session up.
    Resumed,
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
    /// What is on offer on this stream inside TLS, once seen.
    entrance: Option<Entrance>,
    /// How we sign in, once chosen.
    way: Option<Way>,
    /// The secret that was asked for and has not come.
    asked: Option<TokenSlot>,
    /// The sign-in was written before the offer was seen, and has no answer yet.
    ahead: bool,
    /// It was, at any time.
    spoke_ahead: bool,
    /// What was said ahead was not understood.
    stumbled: bool,
    /// What was said ahead is about another offer than the one of this stream.
    misled: bool,
    /// It was taken back, and the server's word about that has not come.
    taken_back: bool,
    /// The server does not take the token.
    fast_refused: bool,
    /// A channel binding that the server did not announce was refused: the plain form is being tried.
    fell_back: bool,
    /// First messages written so far.
    attempts: u8,
    exchange: Option<Box<dyn Exchange + Send>>,
    asked_along: Along,
    /// SASL succeeded.
    authenticated: bool,
    /// The server insists on the session of RFC 3921.
    session_wanted: bool,
    signed_in: Option<SignedIn>,
    copies: bool,
    managed: Managed,
    manageable: bool,
    attention: Attention,
    /// The session that is to be taken up.
    suspended: Option<Box<Live>>,
    /// It was, and the server had so many of its stanzas.
    resumed: Option<u32>,
    early: Option<Element>,
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
            entrance: None,
            way: None,
            asked: None,
            ahead: false,
            spoke_ahead: false,
            stumbled: false,
            misled: false,
            taken_back: false,
            fast_refused: false,
            fell_back: false,
            attempts: 0,
            exchange: None,
            asked_along: Along::default(),
            authenticated: false,
            session_wanted: false,
            signed_in: None,
            copies: false,
            managed: Managed::default(),
            manageable: false,
            attention: Attention::default(),
            suspended: None,
            resumed: None,
            early: None,
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

    /// The version of the cached roster. Once the features behind SASL were read, `None` says that the server keeps
    /// none.
    pub(super) fn know_roster(&mut self, version: &str) {
        let read =
            matches!(self.expected.front(), Some(Expect::Bound { .. } | Expect::Session { .. } | Expect::Resumed));
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
        if self.asked != Some(slot) {
            return Step::On;
        }
        self.asked = None;
        if matches!(self.expected.front(), Some(Expect::Secret)) {
            self.expected.pop_front();
        }
        let result = self.authenticate(now, secret, wire);
        self.conclude(result, wire)
    }
}

impl Negotiation {
    /// Long sums are done.
    pub(super) fn summed(&mut self, now: Now, salted: &Salted, wire: &mut Wire) -> Step {
        let result = self.read_sums(now, salted, wire);
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
            if self.signed_in.is_some() {
                // A stanza may come at once, of anybody's making.
                wire.stream.set_limits(Limits::SIGNED_IN);
            }
            let received = wire.stream.receive().map_err(|rubbish| self.rubbish(rubbish.0))?;
            match received {
                None => return Ok(()),
                Some(Received::Header(header)) => self.read_header(now, &header),
                Some(Received::Element(element)) => self.read_element(now, &element, wire)?,
                Some(Received::PassedOver(left, _)) => self.read_element(now, &left, wire)?,
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
            // Behind a sign-in that has bound a resource, stanzas may come at once.
            Some(Expect::Features) if self.signed_in.is_some() && element.ns() == ns::CLIENT => {
                self.early = Some(element.clone());
                self.met(now);
                Ok(())
            }
            Some(Expect::SaslOutcome) => self.read_outcome(now, element, wire),
            Some(Expect::Resumed) => self.read_resumed(now, element, wire),
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
            return self.read_bind_features(now, features, wire);
        }
        if self.proof.is_some() {
            return self.read_entrance(now, features, wire);
        }
        if features.find("starttls", ns::TLS).is_none() {
            return Err(Problem::NoTls { domain: self.sign_in.domain.clone() }.into());
        }
        wire.event(Event::Reached(Stage::Tls));
        Ok(())
    }
}
