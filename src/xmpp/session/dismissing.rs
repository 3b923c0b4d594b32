//! A session that ends the account's other sign-ins, and then itself.

use super::{Phase, Session};
use crate::types::{Line, Now, Problem, Stage};
use crate::xml::Limits;
use crate::xmpp::Event;
use crate::xmpp::dismissal::{Cut, Dismissal, Next};
use crate::xmpp::sign_in::{Bound, ending};
use crate::xmpp::stream::Received;

impl Session {
    pub(super) fn begin_dismissal(&mut self, now: Now, bound: Bound) {
        let Bound { signed_in, sign_in, installation, .. } = bound;
        let (dismissal, question) = Dismissal::new(now, signed_in.jid, &sign_in.seed, installation);
        self.wire.stream.set_limits(Limits::SIGNED_IN);
        self.wire.send(&question);
        self.phase = Phase::Dismissing(Box::new(dismissal));
        self.read_dismissal();
    }

    pub(super) fn read_dismissal(&mut self) {
        while let Phase::Dismissing(dismissal) = &mut self.phase {
            let problem = match self.wire.stream.receive() {
                Ok(None) => return,
                Ok(Some(Received::Header(_) | Received::PassedOver(..))) => continue,
                Ok(Some(Received::Element(element))) => {
                    match dismissal.handle_stanza(&element) {
                        Next::On => {}
                        Next::Ask(question) => self.wire.send(&question),
                        Next::Done(elsewhere) => {
                            self.wire.stream.close();
                            self.wire.event(Event::Dismissed(elsewhere));
                            self.end(None);
                        }
                    }
                    continue;
                }
                Ok(Some(Received::Footer)) => Problem::ClosedByServer { host: self.host(), reason: None },
                Ok(Some(Received::Error(error))) => ending::problem_of(&error, &self.domain),
                Err(rubbish) => Problem::Rubbish { host: self.host(), what: Line::clean(rubbish.0) },
            };
            self.cut_dismissal(problem);
        }
    }

    /// The end of the connection, or of our patience: what was done by then is told.
    pub(super) fn cut_dismissal(&mut self, problem: Problem) {
        let Phase::Dismissing(dismissal) = &self.phase else { return };
        let by = if matches!(problem, Problem::SilentAt { .. }) { Cut::Silent } else { Cut::Closed };
        let elsewhere = dismissal.cut(by);
        self.wire.stream.close();
        let problem = if let Some(elsewhere) = elsewhere {
            self.wire.event(Event::Dismissed(elsewhere));
            None
        } else {
            Some(problem)
        };
        self.end(problem);
    }

    pub(super) fn dismissal_timeout(&mut self, now: Now) {
        if let Phase::Dismissing(dismissal) = &self.phase
            && now.mono >= dismissal.deadline()
        {
            self.give_up_dismissal();
        }
    }

    /// Nobody waits any longer.
    pub(super) fn give_up_dismissal(&mut self) {
        self.cut_dismissal(Problem::SilentAt { host: self.host(), stage: Stage::Idle });
    }
}
