//! What is awaited, how long, and where it ends.

use super::ending::Ending;
use super::{Bound, Expect, Negotiation, Step};
use crate::types::{Now, Problem, Stage};
use crate::xmpp::wire::Wire;
use crate::xmpp::{Entrance, Event, SignedIn};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::hmac;
use std::time::Duration;

/// How long the server may take for each thing that we wait for.
const LIMIT: Duration = Duration::from_secs(15);

impl Negotiation {
    pub(super) fn expect<const N: usize>(&mut self, now: Now, more: [Expect; N]) {
        self.expected.extend(more);
        self.renew(now);
    }

    /// What stood in front has come.
    pub(super) fn met(&mut self, now: Now) {
        self.expected.pop_front();
        self.renew(now);
    }

    pub(super) fn renew(&mut self, now: Now) {
        let ours = matches!(self.expected.front(), Some(Expect::Secret | Expect::Sums) | None);
        self.deadline = (!ours).then(|| now.mono.saturating_add(LIMIT));
    }

    /// How far we have come, by what is awaited.
    pub(super) fn stage(&self) -> Stage {
        match self.expected.front() {
            _ if self.authenticated => Stage::Bind,
            Some(Expect::Header) if self.proof.is_some() && !self.sign_in.direct_tls => Stage::Header,
            Some(Expect::Header) if self.sign_in.after_redirect => Stage::Redirect,
            Some(Expect::Header) if self.proof.is_none() && !self.heard => Stage::Accept,
            Some(Expect::Header) => Stage::Header,
            Some(Expect::Features) => Stage::Features,
            Some(Expect::Proceed | Expect::Secured) => Stage::Tls,
            Some(Expect::Secret | Expect::Sums | Expect::SaslOutcome) => Stage::Auth,
            Some(Expect::Resumed | Expect::Bound { .. } | Expect::Session { .. }) | None => Stage::Bind,
        }
    }

    pub(super) fn conclude(&mut self, result: Result<(), Ending>, wire: &mut Wire) -> Step {
        let Err(ending) = result else {
            let done = self.expected.is_empty();
            return match self.signed_in.take_if(|_| done) {
                Some(signed_in) => Step::Bound(Box::new(self.bound(signed_in, wire))),
                None => Step::On,
            };
        };
        // The footer goes ahead of every word about the end.
        wire.stream.close();
        self.remember_end(&ending, wire);
        self.exchange = None;
        match ending {
            Ending::Problem(problem) if self.is_worth_another_try(&problem) => {
                wire.event(Event::Again);
                wire.end(None);
            }
            Ending::Problem(problem) => wire.end(Some(*problem)),
            Ending::Redirected { to, secured } => {
                wire.event(Event::Redirected { to, secured });
                wire.end(None);
            }
            Ending::Discovered { metadata } => {
                let mechanisms = self.entrance.as_ref().map(Entrance::names).unwrap_or_default();
                wire.event(Event::Discovered { mechanisms, metadata });
                wire.end(None);
            }
            Ending::Done => wire.end(None),
        }
        Step::Over
    }

    /// The server hung up, or said something odd, where it had been spoken to ahead of its offer or been shown a token
    /// of its own: perhaps because of that, so it is worth the same once more without.
    fn is_worth_another_try(&self, problem: &Problem) -> bool {
        let gambled = self.ahead || self.stumbled || self.fast_refused;
        gambled
            && !self.authenticated
            && matches!(
                problem,
                Problem::ClosedAt { .. }
                    | Problem::ClosedByServer { .. }
                    | Problem::StreamError { .. }
                    | Problem::Rubbish { .. }
            )
    }

    fn bound(&mut self, signed_in: SignedIn, wire: &mut Wire) -> Bound {
        self.remember_bound(&signed_in, wire);
        Bound {
            signed_in,
            sign_in: self.sign_in.clone(),
            installation: self.installation(),
            roster_version: self.roster_version.clone(),
            copies: self.copies,
            managed: std::mem::take(&mut self.managed),
            manageable: self.manageable && self.sign_in.lasting,
            attention: self.attention,
            resumed: self.resumed.and_then(|count| Some((self.suspended.take()?, count))),
            early: self.early.take(),
        }
    }

    /// A text that nobody can guess and no other session has, for a nonce or an id.
    pub(super) fn unguessable(&self, purpose: &str) -> String {
        BASE64_STANDARD.encode(self.random(purpose).get(..18).unwrap_or_default())
    }

    /// Bytes that nobody can guess and no other session has.
    pub(super) fn random(&self, purpose: &str) -> Vec<u8> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.sign_in.seed);
        hmac::sign(&key, purpose.as_bytes()).as_ref().to_vec()
    }
}
