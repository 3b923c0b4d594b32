//! Everything after resource binding: roster, presence, messages, archive, and the pulse of the line.
//!
//! [`Live`] takes whole stanzas, commands and time, and gives one ordered list of [`LiveOutput`]s. The same law of use
//! holds as for the session: mutate once, drain [`Live::poll`], mutate again.
//!
//! # What is refused
//! Whoever says something is first asked whether he may: see [`Home::lets`](super::entitled::Home::lets). Queries that
//! we cannot answer are answered so; errors are never answered; stanzas that make no sense are dropped.

mod ask;
mod counts;
mod emit;
mod entrance;
mod pulse;
mod query;
mod survey;

#[cfg(test)]
mod properties;
#[cfg(test)]
pub(crate) mod tests;

use super::entitled::Home;
use super::ext::csi::Attention;
use super::ext::{disco, sm};
use super::managed::Managed;
use super::stanza::CLIENT;
use super::tracker::{Ids, Tracker};
use super::{Command, Event, SignIn};
use crate::types::{BareJid, FullJid, Line, MessageKey, Now, Problem, Stage};
use crate::xml::{Element, Limits, XmlError};
use entrance::Entrance;
use pulse::{Beat, Pulse};
use std::collections::VecDeque;
use std::time::Duration;
use survey::Survey;

/// A session that is signed in.
#[derive(Debug)]
pub(crate) struct Live {
    home: Home,
    ours: disco::Ours,
    show_client: bool,
    out: VecDeque<LiveOutput>,
    ids: Ids,
    tracker: Tracker,
    pulse: Pulse,
    survey: Survey,
    entrance: Entrance,
    /// Of the roster that the mind has.
    roster_version: Option<String>,
    /// The whole roster has not come yet.
    roster_due: bool,
    /// To whom our last messages went, oldest first: receipts and errors are checked against it.
    sent: VecDeque<(MessageKey, BareJid)>,
    /// Messages and markers that no ping, nor the request to acknowledge, has followed yet.
    written: Vec<MessageKey>,
    /// The counts of stanzas.
    managed: Managed,
    /// Whether somebody looks.
    attention: Attention,
    now: Now,
    ended: bool,
    vain: Vain,
    /// Something was more than we take, and that is told.
    passed_over: bool,
}

/// How often the session was taken up in vain: the line stands, and nobody answers. Prosody 13 has sessions that hang, and
/// hands them out again and again.
#[derive(Debug, Default)]
struct Vain {
    /// It was taken up on this connection, and nothing of ours was answered since.
    unanswered: bool,
    /// Connections in a row that ended so, in silence.
    silent: u8,
}

/// So many of them, and another session has to do.
const MOST_VAIN: u8 = 2;

/// What the sign-in came to.
#[derive(Debug, Default)]
pub(crate) struct Start {
    /// Given if the server announced versions (XEP-0237); the empty one stands for no cache.
    pub(crate) roster_version: Option<String>,
    /// Copies are on already.
    pub(crate) copies: bool,
    /// Stanzas are counted already.
    pub(crate) managed: Managed,
    /// They can be.
    pub(crate) manageable: bool,
    /// What the server knows of the person.
    pub(crate) attention: Attention,
}

/// What the session has to do next.
#[derive(Debug)]
pub(crate) enum LiveOutput {
    /// Write this stanza.
    Send(Element),
    /// Tell the mind.
    Event(Event),
    /// Write a stream error of undefined condition, with this in it.
    Fail(Element),
    /// The line is dead; nothing follows.
    End(Option<Problem>),
}

impl Live {
    /// Begins with everything that can be asked at once: roster, features of server and account, copies. The last is
    /// asked for without waiting whether it is offered; a refusal costs nothing, a round trip would lose messages.
    ///
    pub(crate) fn new(now: Now, jid: FullJid, sign_in: &SignIn, start: Start) -> Self {
        let Start { roster_version, copies, managed, manageable, attention } = start;
        let home = Home::new(jid);
        let mut live = Self {
            survey: Survey::new(home.domain()),
            home,
            ours: disco::Ours::new(sign_in.show_client),
            show_client: sign_in.show_client,
            out: VecDeque::new(),
            ids: Ids::new(&sign_in.seed),
            tracker: Tracker::default(),
            pulse: Pulse::new(now.mono),
            entrance: Entrance::new(now.mono, roster_version.as_deref()),
            roster_version,
            roster_due: true,
            sent: VecDeque::new(),
            written: Vec::new(),
            managed,
            attention,
            now,
            ended: false,
            vain: Vain::default(),
            passed_over: false,
        };
        live.begin(copies, manageable);
        live
    }

    /// Our own address.
    pub(crate) fn address(&self) -> &FullJid {
        self.home.full()
    }

    /// A whole stanza from the server. What is none is dropped.
    #[allow(clippy::needless_pass_by_value, reason = "a stanza is read once and belongs to nobody afterwards")]
    pub(crate) fn handle_stanza(&mut self, now: Now, element: Element) {
        self.heard(now);
        if self.ended {
            return;
        }
        if element.ns() == sm::NS {
            return self.counted(&element);
        }
        if element.ns() != CLIENT {
            return;
        }
        let stanza = matches!(element.name(), "message" | "presence" | "iq");
        if !stanza || !self.managed.count(&element) {
            return;
        }
        match element.name() {
            "message" => self.message(&element),
            "presence" => self.presence(&element),
            _ => self.query(&element),
        }
        self.ask_to_keep();
    }

    /// What is left of a stanza that is more than we take. Told once: whoever writes one can write thousands.
    pub(crate) fn pass_over(&mut self, now: Now, left: Element, why: XmlError) {
        if !std::mem::replace(&mut self.passed_over, true) {
            self.tell(Event::PassedOver(why));
        }
        self.handle_stanza(now, left);
    }

    /// A request of the mind; signing out is the session's own business.
    pub(crate) fn handle_command(&mut self, now: Now, command: Command) {
        self.come_to(now);
        if !self.ended {
            self.ask(command);
        }
    }

    /// The moment told by [`Live::deadline`] has come; too early does no harm.
    pub(crate) fn handle_timeout(&mut self, now: Now) {
        self.come_to(now);
        if self.ended {
            return;
        }
        for asked in self.tracker.expired(now.mono) {
            self.unanswered(asked);
        }
        if self.entrance.is_due(now.mono) {
            self.enter();
        }
        if let Some(count) = self.managed.overdue(now.mono) {
            self.pass(sm::answer(count));
        }
        match self.pulse.beat(now.mono) {
            Beat::Steady => {}
            Beat::Ask(patience) => self.probe(patience, Vec::new()),
            Beat::Dead => {
                self.ended = true;
                self.vain.silent = self.vain.silent.saturating_add(u8::from(self.vain.unanswered));
                let host = Line::clean(self.home.domain().as_str());
                self.out.push_back(LiveOutput::End(Some(Problem::SilentAt { host, stage: Stage::Idle })));
            }
        }
    }

    /// Bytes came, whatever they are: the line lives.
    pub(crate) fn heard(&mut self, now: Now) {
        self.come_to(now);
        self.pulse.heard(now.mono);
    }

    /// Bytes of ours left that had been stuck: the other side takes them.
    pub(crate) fn eased(&mut self, now: Now) {
        self.come_to(now);
        self.pulse.eased(now.mono);
    }

    /// It is that late now. Where it is much later than it should be, the computer slept or the process was stopped: nobody
    /// is called late for that, but the line is asked at once.
    fn come_to(&mut self, now: Now) {
        if pulse::was_absent(self.deadline(), now.mono) {
            self.tracker.renew(now.mono);
            self.pulse.woke(now.mono);
        }
        self.now = now;
    }

    /// What the server's next stanza may cost. A late roster is still let pass: refusing it would end the session, and
    /// the next one just so.
    pub(crate) fn limits(&self) -> Limits {
        if self.roster_due { Limits::ROSTER } else { Limits::SIGNED_IN }
    }

    /// When [`Live::handle_timeout`] is due, as `Now::mono`.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        let moments =
            [Some(self.pulse.deadline()), self.tracker.deadline(), self.entrance.deadline(), self.managed.deadline()];
        moments.into_iter().flatten().min().filter(|_| !self.ended)
    }

    /// The next thing to do; `None` until something happens. Messages written since the last call that gave `None`
    /// are followed by one question, whose answer acknowledges them all: a ping, or the request of XEP-0198. Only one
    /// is out at a time.
    pub(crate) fn poll(&mut self) -> Option<LiveOutput> {
        let due = !self.written.is_empty() || self.managed.is_due();
        if self.out.is_empty() && due && !self.pulse.is_asking() && !self.ended {
            let written = std::mem::take(&mut self.written);
            self.probe(pulse::QUIET, written);
        }
        self.out.pop_front()
    }

    fn send(&mut self, element: Element) {
        self.send_as(element, None);
    }

    /// A stanza; `key` where it is one that is to be acknowledged.
    fn send_as(&mut self, element: Element, key: Option<MessageKey>) {
        // Whom the count does not acknowledge any more, a ping has to.
        self.written.extend(self.managed.sent(&element, key));
        self.pass(element);
    }

    /// An element that is no stanza, or one that is counted already.
    fn pass(&mut self, element: Element) {
        self.pulse.spoke(self.now.mono);
        self.out.push_back(LiveOutput::Send(element));
    }

    fn tell(&mut self, event: Event) {
        self.out.push_back(LiveOutput::Event(event));
    }
}
