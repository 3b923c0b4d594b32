//! The public face of one session.
//!
//! A [`Session`] is first a negotiation, then live, then over; what exists in one of these only is owned by it. Once
//! over it does nothing more and says nothing more. Refused: a second sign-in, and any command before bind but
//! [`Command::SignOut`].

mod dismissing;

use super::dismissal::Dismissal;
use super::live::{Live, LiveOutput, Start};
use super::sasl::{Salted, Sums};
use super::sign_in::{Bound, Negotiation, Step, ending};
use super::stream::Received;
use super::wire::Wire;
use super::{Bindings, Command, Event, Purpose, SignIn, TokenSlot, ns};
use crate::types::{Domain, Line, Now, Problem, Secret, Stage, Tally};
use crate::xml::Element;
use std::fmt;
use std::time::Duration;

/// How long the server may take to answer our footer (RFC 6120 section 4.4) before we leave all the same.
const FAREWELL: Duration = Duration::from_secs(1);

/// Proof that the peer's certificate was checked for the account's domain. Only the dialler makes one.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The domain that was proved.
    pub domain: Domain,
    /// For the status bar, such as `TLS 1.3`.
    pub version: &'static str,
    /// What a sign-in can be tied to this connection by.
    pub bindings: Bindings,
}

impl Verified {
    /// For the dialler alone, right behind its check of the certificate.
    pub fn for_domain(domain: Domain, version: &'static str) -> Self {
        Self { domain, version, bindings: Bindings::default() }
    }

    /// With what the connection can be told by.
    #[must_use]
    pub fn bound_by(self, bindings: Bindings) -> Self {
        Self { bindings, ..self }
    }
}

/// What the hand has to do next, in this order.
pub enum Output {
    /// Write these bytes.
    Transmit(Vec<u8>),
    /// Tell the mind.
    Event(Event),
    /// Everything before was written: start TLS now, then `handle_secured`.
    StartTls,
    /// Bring the secret, then `provide`.
    WantSecret(TokenSlot),
    /// Do these sums, wherever there is time, then `summed`.
    Sums(Box<Sums>),
    /// Nothing more until input, a command, or this moment (`Now::mono`).
    Wait(Option<Duration>),
}

/// Bytes may hold a password or token, so only their number is shown.
impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transmit(bytes) => write!(f, "Transmit({} bytes)", bytes.len()),
            Self::Event(event) => write!(f, "Event({event:?})"),
            Self::StartTls => f.write_str("StartTls"),
            Self::WantSecret(slot) => write!(f, "WantSecret({slot:?})"),
            Self::Sums(sums) => write!(f, "{sums:?}"),
            Self::Wait(until) => write!(f, "Wait({until:?})"),
        }
    }
}

/// One sign-in to one server, from header to footer.
pub struct Session {
    domain: Domain,
    wire: Wire,
    phase: Phase,
    /// The connection was lost, and the session may be taken up on another.
    suspended: Option<Suspended>,
}

/// A session that lost its connection (XEP-0198 section 5). It is given to the next one of the same account.
#[derive(Debug)]
pub struct Suspended(Box<Live>);

impl Suspended {
    /// Everything up to there is kept, as `Command::Kept` says to a session with a connection.
    pub fn kept(&mut self, tally: Tally) {
        self.0.kept_aside(tally);
    }

    /// Where the server would have us come back, as it says in a redirect. Raw: `route` parses it.
    pub fn location(&self) -> Option<&str> {
        self.0.location()
    }
}

enum Phase {
    SigningIn(Box<Negotiation>),
    /// `leaving`: our footer is written, theirs is awaited until then.
    SignedIn {
        live: Box<Live>,
        leaving: Option<Duration>,
    },
    /// The other sign-ins are being ended.
    Dismissing(Box<Dismissal>),
    Over,
}

impl Session {
    /// Opens the stream: queues the header, or with direct TLS waits for `handle_secured` first.
    /// `roster_version` is that of the cached roster (XEP-0237), where it is known already.
    pub fn new(now: Now, sign_in: SignIn, roster_version: Option<String>) -> Self {
        let mut wire = Wire::new();
        let domain = sign_in.domain.clone();
        let negotiation = Negotiation::new(now, sign_in, roster_version, &mut wire);
        Self { domain, wire, phase: Phase::SigningIn(Box::new(negotiation)), suspended: None }
    }

    /// Takes up this session, where the server still has it; else begins anew. To be called right after [`Self::new`].
    pub fn take_up(&mut self, Suspended(live): Suspended) {
        if let Phase::SigningIn(negotiation) = &mut self.phase {
            negotiation.take_up_later(live);
        }
    }

    /// Once it is over, or given up: what the next session can take up. Also what this one was given and did not get
    /// to.
    pub fn suspended(&mut self) -> Option<Suspended> {
        match &mut self.phase {
            Phase::SigningIn(negotiation) => negotiation.not_taken_up().map(Suspended),
            _ => self.suspended.take(),
        }
    }

    /// The version of the cached roster became known. In time if the roster was not asked for yet, else without effect.
    pub fn know_roster(&mut self, version: &str) {
        if let Phase::SigningIn(negotiation) = &mut self.phase {
            negotiation.know_roster(version);
        }
    }

    /// Bytes from the server.
    pub fn handle_input(&mut self, now: Now, bytes: &[u8]) {
        match &mut self.phase {
            Phase::SigningIn(negotiation) => {
                let step = negotiation.handle_input(now, bytes, &mut self.wire);
                self.take(now, step);
            }
            Phase::SignedIn { live, .. } => {
                live.heard(now);
                self.wire.stream.feed(bytes);
                self.read(now);
            }
            Phase::Dismissing(_) => {
                self.wire.stream.feed(bytes);
                self.read_dismissal();
            }
            Phase::Over => {}
        }
    }

    /// Bytes of ours left that had waited because the connection took no more.
    pub fn handle_eased(&mut self, now: Now) {
        if let Phase::SignedIn { live, .. } = &mut self.phase {
            live.eased(now);
        }
    }

    /// The server closed the connection; `truncated` when TLS ended without its `close_notify`. Either way what was
    /// half read is no message and is dropped.
    pub fn handle_eof(&mut self, now: Now, _truncated: bool) {
        match &mut self.phase {
            Phase::SigningIn(negotiation) => {
                let step = negotiation.handle_eof(&mut self.wire);
                self.take(now, step);
            }
            Phase::SignedIn { .. } => {
                let host = self.host();
                self.lose(Problem::ClosedAt { host, stage: Stage::Idle });
            }
            Phase::Dismissing(_) => self.cut_dismissal(Problem::ClosedAt { host: self.host(), stage: Stage::Idle }),
            Phase::Over => {}
        }
    }

    /// TLS stands and the certificate is right.
    pub fn handle_secured(&mut self, now: Now, proof: Verified) {
        if let Phase::SigningIn(negotiation) = &mut self.phase {
            let step = negotiation.handle_secured(now, proof, &mut self.wire);
            self.take(now, step);
        }
    }

    /// The moment told by `Wait` has come.
    pub fn handle_timeout(&mut self, now: Now) {
        match &mut self.phase {
            Phase::SigningIn(negotiation) => {
                let step = negotiation.handle_timeout(now, &mut self.wire);
                self.take(now, step);
            }
            Phase::SignedIn { leaving: Some(until), .. } => {
                if now.mono >= *until {
                    self.end(None);
                }
            }
            Phase::SignedIn { live, leaving: None } => {
                live.handle_timeout(now);
                self.drain();
            }
            Phase::Dismissing(_) => self.dismissal_timeout(now),
            Phase::Over => {}
        }
    }

    /// A request of the mind.
    pub fn handle_command(&mut self, now: Now, command: Command) {
        match (&mut self.phase, command) {
            (Phase::SigningIn(_), Command::SignOut) => self.end(None),
            (Phase::Dismissing(_), Command::SignOut) => self.give_up_dismissal(),
            (Phase::SignedIn { leaving: leaving @ None, live }, Command::SignOut) => {
                *leaving = Some(now.mono.saturating_add(FAREWELL));
                if let Some(count) = live.farewell() {
                    self.wire.send(&count);
                }
                self.wire.send(&Element::new("presence", ns::CLIENT).attr("type", "unavailable"));
                self.wire.stream.close();
            }
            (Phase::SignedIn { live, leaving: None }, command) => {
                live.handle_command(now, command);
                self.drain();
            }
            // Dropped, as `Command` says.
            (Phase::SigningIn(_) | Phase::SignedIn { .. } | Phase::Dismissing(_) | Phase::Over, _) => {}
        }
    }

    /// The secret for a slot.
    pub fn provide(&mut self, now: Now, slot: TokenSlot, secret: Secret<String>) {
        if let Phase::SigningIn(negotiation) = &mut self.phase {
            let step = negotiation.provide(now, slot, &secret, &mut self.wire);
            self.take(now, step);
        }
        // Wiped now, not when the caller thinks of it.
        drop(secret);
    }

    /// What came of sums.
    pub fn summed(&mut self, now: Now, salted: &Salted) {
        if let Phase::SigningIn(negotiation) = &mut self.phase {
            let step = negotiation.summed(now, salted, &mut self.wire);
            self.take(now, step);
        }
    }

    /// The next thing to do. Call until it says `Wait`.
    pub fn poll_output(&mut self) -> Output {
        self.wire.next().unwrap_or_else(|| Output::Wait(self.deadline()))
    }

    fn deadline(&self) -> Option<Duration> {
        match &self.phase {
            Phase::SigningIn(negotiation) => negotiation.deadline(),
            Phase::SignedIn { leaving: Some(until), .. } => Some(*until),
            Phase::SignedIn { live, leaving: None } => live.deadline(),
            Phase::Dismissing(dismissal) => Some(dismissal.deadline()),
            Phase::Over => None,
        }
    }

    /// Follows the negotiation where it went.
    fn take(&mut self, now: Now, step: Step) {
        match step {
            Step::On => {}
            Step::Over => {
                self.suspended = self.suspended();
                self.phase = Phase::Over;
            }
            Step::Bound(bound) if bound.sign_in.purpose == Purpose::Dismiss => self.begin_dismissal(now, *bound),
            Step::Bound(bound) => self.go_live(now, *bound),
        }
    }

    fn go_live(&mut self, now: Now, bound: Bound) {
        let Bound {
            signed_in, sign_in, roster_version, copies, managed, manageable, attention, resumed, early, ..
        } = bound;
        let mut live = match resumed {
            Some((mut live, count)) => {
                live.resumed(now, count, signed_in);
                live
            }
            None => {
                let start = Start { roster_version, copies, managed, manageable, attention };
                let live = Live::new(now, signed_in.jid.clone(), &sign_in, start);
                self.wire.event(Event::SignedIn(signed_in));
                Box::new(live)
            }
        };
        if let Some(stanza) = early {
            live.handle_stanza(now, stanza);
        }
        self.phase = Phase::SignedIn { live, leaving: None };
        self.drain();
        // What came in the same read as the last answer.
        self.read(now);
    }

    /// Hands what the stream holds to the live half.
    fn read(&mut self, now: Now) {
        while let Phase::SignedIn { live, leaving } = &mut self.phase {
            self.wire.stream.set_limits(live.limits());
            let problem = match self.wire.stream.receive() {
                Ok(None) => return,
                Ok(Some(Received::Element(element))) => {
                    live.handle_stanza(now, element);
                    self.drain();
                    continue;
                }
                Ok(Some(Received::PassedOver(left, why))) => {
                    live.pass_over(now, left, why);
                    self.drain();
                    continue;
                }
                Ok(Some(Received::Header(_))) => continue,
                Ok(Some(Received::Footer)) if leaving.is_some() => None,
                Ok(Some(Received::Footer)) => Some(Problem::ClosedByServer { host: self.host(), reason: None }),
                Ok(Some(Received::Error(error))) => Some(ending::problem_of(&error, &self.domain)),
                Err(rubbish) => Some(Problem::Rubbish { host: self.host(), what: Line::clean(rubbish.0) }),
            };
            self.end(problem);
        }
    }

    /// Takes what the live half has to say. After our footer its stanzas go nowhere, its events still count.
    fn drain(&mut self) {
        while let Phase::SignedIn { live, .. } = &mut self.phase {
            match live.poll() {
                None => return,
                Some(LiveOutput::Send(element)) => self.wire.send(&element),
                Some(LiveOutput::Event(event)) => self.wire.event(event),
                Some(LiveOutput::Fail(why)) => self.wire.stream.fail_because(why),
                Some(LiveOutput::End(Some(problem @ Problem::SilentAt { .. }))) => self.lose(problem),
                Some(LiveOutput::End(problem)) => self.end(problem),
            }
        }
    }

    /// The end of the connection, without a word: the session itself may live on.
    fn lose(&mut self, problem: Problem) {
        let phase = std::mem::replace(&mut self.phase, Phase::Over);
        let Phase::SignedIn { mut live, leaving } = phase else { return };
        if leaving.is_none() && live.resumable().is_some() {
            if let Some(tally) = live.last_tally() {
                self.wire.event(Event::KeepAsked(tally));
            }
            self.suspended = Some(Suspended(live));
            // A footer would end the session at a server that hears us after all.
            return self.wire.event(Event::Ended(Some(problem)));
        }
        self.wire.end(leaving.is_none().then_some(problem));
    }

    /// The end. Whatever goes wrong after we chose to leave is no problem any more.
    fn end(&mut self, problem: Option<Problem>) {
        let left = matches!(self.phase, Phase::SignedIn { leaving: Some(_), .. });
        self.suspended = self.suspended();
        self.phase = Phase::Over;
        self.wire.end(problem.filter(|_| !left));
    }

    fn host(&self) -> Line {
        Line::clean(self.domain.as_str())
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = match &self.phase {
            Phase::SigningIn(_) => "signing in",
            Phase::SignedIn { leaving: None, .. } => "signed in",
            Phase::SignedIn { .. } => "leaving",
            Phase::Dismissing(_) => "ending other sign-ins",
            Phase::Over => "over",
        };
        write!(f, "Session({}, {phase})", self.domain)
    }
}

#[cfg(test)]
mod tests;
