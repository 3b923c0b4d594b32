//! Messages, and the cast's sense of time.
//!
//! Refused: every type but `chat` (documented), and people who are not here. An answer is three cues: read, write,
//! say. At most a few are under way for each person, so that a flood gets a few answers and not a flood.

use super::super::people::{Show, filled, typing_time};
use super::super::stanza::{date_time, error_of, shortened};
use super::super::stream::CLIENT;
use super::{Folk, Service};
use crate::types::{Now, Stamp};
use crate::xml::Element;
use std::time::Duration;

const CHAT_STATES: &str = "http://jabber.org/protocol/chatstates";
const RECEIPTS: &str = "urn:xmpp:receipts";
const DELAY: &str = "urn:xmpp:delay";
const ATTENTION: &str = "urn:xmpp:attention:0";
/// Answers of one person under way at a time.
const MOST_PENDING: usize = 3;
/// Messages kept for somebody who is not there.
const MOST_KEPT: usize = 200;
/// The archive's length for each talk (documented).
const ARCHIVED: usize = 10;
/// Characters of an archived line.
const LINE: usize = 4_000;

/// Something that is due at a moment. The number is the place in the cast.
#[derive(Clone, Debug)]
pub(super) enum Cue {
    /// Begins to write.
    Write(usize),
    /// Says a line.
    Say(usize, String),
    /// Says a line that was due and counted as an answer.
    Answer(usize, String),
    /// The message of this id arrived.
    Receive(usize, String),
    /// Sends a nudge.
    Nudge(usize),
    /// Comes online to read what is waiting.
    Read(usize),
    /// The turn of this number in somebody's life.
    Live(usize, usize),
    /// Asks to be a buddy.
    Ask(usize),
    /// Says yes to you.
    Accept(usize),
}

/// A line of a talk, for the archive.
pub(super) struct Remark {
    pub(super) at: Stamp,
    pub(super) mine: bool,
    pub(super) text: String,
}

/// Time.
impl Service {
    /// When something is due next, on the monotonic clock.
    pub(in super::super) fn next_deadline(&self) -> Option<Duration> {
        self.cues.first_key_value().map(|(&(at, _), _)| at)
    }

    /// Does what is due, each thing as of its own moment, so that it does not matter how often this is called.
    pub(in super::super) fn tick(&mut self, now: Now) {
        while let Some(first) = self.cues.first_entry().filter(|first| first.key().0 <= now.mono) {
            let ((mono, _), cue) = first.remove_entry();
            let late = i64::try_from(now.mono.saturating_sub(mono).as_millis()).unwrap_or(0);
            self.act(Now { mono, wall: Stamp(now.wall.0.saturating_sub(late)) }, cue);
        }
    }

    /// Puts something on the clock; the wait is scaled here, and only here.
    pub(super) fn cue(&mut self, now: Now, wait: Duration, cue: Cue) {
        let at = now.mono.saturating_add(self.switches.pace(wait));
        let number = self.number();
        self.cues.insert((at, number), cue);
    }

    /// Lives are shortened less than answers are: a test must find people as they are for a while.
    fn cue_turn(&mut self, now: Now, wait: Duration, who: usize, turn: usize) {
        let wait = if self.switches.fast { wait.saturating_mul(10) } else { wait };
        self.cue(now, wait, Cue::Live(who, turn));
    }

    /// The first sign-in of the run: everybody's clock starts.
    pub(super) fn begin(&mut self, now: Now) {
        let you = self.cast.first_name().to_owned();
        let mut cues = Vec::new();
        let mut turns = Vec::new();
        for (who, person) in self.cast.people.iter().enumerate() {
            for opening in &person.opens {
                let line = filled(&opening.say, "", &you);
                cues.push((opening.after().saturating_sub(typing_time(&line)), Cue::Write(who)));
                cues.push((opening.after(), Cue::Say(who, line)));
            }
            cues.extend(person.asks_after().map(|after| (after, Cue::Ask(who))));
            turns.extend(person.life.iter().enumerate().map(|(turn, life)| (life.after(), who, turn)));
        }
        for (wait, who, turn) in turns {
            self.cue_turn(now, wait, who, turn);
        }
        for (wait, cue) in cues {
            self.cue(now, wait, cue);
        }
    }

    fn act(&mut self, now: Now, cue: Cue) {
        match cue {
            Cue::Write(who) => self.say(now, who, None),
            Cue::Say(who, line) => self.say(now, who, Some(line)),
            Cue::Answer(who, line) => {
                if let Some(folk) = self.folk.get_mut(who) {
                    folk.pending = folk.pending.saturating_sub(1);
                }
                self.say(now, who, Some(line));
            }
            Cue::Receive(who, id) => self.receive(now, who, &id),
            Cue::Nudge(who) => self.nudge(who),
            Cue::Read(who) => self.read(now, who),
            Cue::Live(who, turn) => self.live(now, who, turn),
            Cue::Ask(who) => {
                if self.folk.get(who).is_some_and(|folk| self.buddy(folk.address.as_str()).is_none()) {
                    self.ask(who);
                }
            }
            Cue::Accept(who) => self.accept(now, who),
        }
    }

    fn live(&mut self, now: Now, who: usize, turn: usize) {
        let Some(person) = self.cast.people.get(who) else { return };
        let Some(life) = person.life.get(turn).cloned() else { return };
        let last = person.life.last().map(super::super::people::Turn::after).unwrap_or_default();
        self.cue_turn(now, last + Duration::from_secs(60), who, turn);
        self.appear(who, life.show, &life.status);
    }
}

/// What you say.
impl Service {
    pub(super) fn message(&mut self, now: Now, id: u64, message: &Element) {
        let nudge = self.switches.extras() && message.find("attention", ATTENTION).is_some();
        match message.get("type") {
            Some("error") => return,
            Some("chat") => {}
            Some("headline") if nudge => {}
            _ => return self.send(id, error_of(message, "cancel", "service-unavailable")),
        }
        let to = message.get("to").unwrap_or_else(|| self.account.as_str());
        if crate::types::Jid::parse(to).is_ok_and(|to| to.bare() == self.account) {
            return self.note_to_yourself(now, id, message);
        }
        let Some(who) = self.who(to) else {
            return self.send(id, error_of(message, "cancel", "item-not-found"));
        };
        let body = message.find_text("body", CLIENT);
        if let Some(text) = body.filter(|text| !text.is_empty()) {
            let wanted = message.find("request", RECEIPTS).filter(|_| self.switches.extras());
            let receipt = wanted.and(message.get("id")).map(|id| shortened(id, 256));
            self.heard(now, who, &text, receipt);
        } else if nudge {
            self.nudged(now, who);
        }
    }

    fn note_to_yourself(&mut self, now: Now, id: u64, message: &Element) {
        let from = self.sessions.get(&id).map(|session| session.address.as_str().to_owned());
        let copy = message.clone().attr_opt("from", from);
        if !self.send_all(&copy) {
            self.keep(now, copy);
        }
    }

    fn heard(&mut self, now: Now, who: usize, text: &str, receipt: Option<String>) {
        let Some(folk) = self.folk.get_mut(who) else { return };
        folk.remember(now.wall, true, text);
        if folk.show == Show::Offline {
            let first = folk.mail.is_empty();
            if folk.mail.len() < MOST_KEPT {
                folk.mail.push((shortened(text, LINE), receipt));
            }
            let wait = self.cast.people.get(who).and_then(super::Person::reads_after);
            if let Some(wait) = wait.filter(|_| first) {
                self.cue(now, wait, Cue::Read(who));
            }
            return;
        }
        if let Some(receipt) = receipt {
            self.cue(now, Duration::from_millis(250), Cue::Receive(who, receipt));
        }
        let turn = folk_turn(self.folk.get_mut(who));
        let you = self.cast.first_name().to_owned();
        let answer = self.cast.people.get(who).and_then(|person| person.answer(text, turn, &you));
        self.reply(now, who, answer);
    }

    fn nudged(&mut self, now: Now, who: usize) {
        if self.folk.get(who).is_none_or(|folk| folk.show == Show::Offline || folk.pending >= MOST_PENDING) {
            return;
        }
        let turn = folk_turn(self.folk.get_mut(who));
        let you = self.cast.first_name().to_owned();
        let Some(person) = self.cast.people.get(who) else { return };
        let (answer, back) = (person.answer_to_nudge(turn, &you), person.nudges);
        if back {
            self.cue(now, Duration::from_millis(1_500), Cue::Nudge(who));
        }
        self.reply(now, who, answer);
    }

    /// Puts an answer on the clock, behind those under way.
    fn reply(&mut self, now: Now, who: usize, line: Option<String>) {
        let (Some(line), Some(person), Some(folk)) = (line, self.cast.people.get(who), self.folk.get_mut(who)) else {
            return;
        };
        if folk.pending >= MOST_PENDING {
            return;
        }
        folk.pending += 1;
        let (waits, types, typing) = (person.waits(), person.types, typing_time(&line));
        // Behind the answer before it, on the scaled clock.
        let later = folk.busy_until.saturating_sub(now.mono);
        let writes = later.max(self.switches.pace(waits));
        let says = writes + self.switches.pace(if types { typing } else { Duration::ZERO });
        folk.busy_until = now.mono + says;
        for (wait, cue) in [(writes, types.then_some(Cue::Write(who))), (says, Some(Cue::Answer(who, line)))] {
            if let Some(cue) = cue {
                let number = self.number();
                self.cues.insert((now.mono + wait, number), cue);
            }
        }
    }

    /// Comes online, tells what arrived, answers the last of it.
    fn read(&mut self, now: Now, who: usize) {
        self.appear(who, Show::Available, "back in range");
        let Some(folk) = self.folk.get_mut(who) else { return };
        let mail = std::mem::take(&mut folk.mail);
        for receipt in mail.iter().filter_map(|(_, receipt)| receipt.as_ref()) {
            self.receive(now, who, receipt);
        }
        let Some((text, _)) = mail.last() else { return };
        let turn = folk_turn(self.folk.get_mut(who));
        let you = self.cast.first_name().to_owned();
        let answer = self.cast.people.get(who).and_then(|person| person.answer(text, turn, &you));
        self.reply(now, who, answer);
    }
}

/// What the cast says.
impl Service {
    /// Says a line, or tells that one is being written.
    fn say(&mut self, now: Now, who: usize, line: Option<String>) {
        let Some(from) = self.device(who) else { return };
        let number = self.number();
        let message = Element::new("message", CLIENT).attr("type", "chat").attr("from", from);
        let Some(line) = line else {
            if !self.switches.core_only {
                self.send_all(&message.child(Element::new("composing", CHAT_STATES)));
            }
            return;
        };
        if let Some(folk) = self.folk.get_mut(who) {
            folk.remember(now.wall, false, &line);
        }
        let state = (!self.switches.core_only).then(|| Element::new("active", CHAT_STATES));
        let message =
            message.attr("id", format!("said{number}")).child(Element::new("body", CLIENT).text(line)).child_opt(state);
        if !self.send_all(&message) {
            self.keep(now, message);
        }
    }

    /// Keeps a message for the next sign-in, with the time that it was said (XEP-0203).
    fn keep(&mut self, now: Now, message: Element) {
        if self.kept.len() >= MOST_KEPT {
            self.kept.pop_front();
        }
        let delay = Element::new("delay", DELAY).attr("from", self.domain.as_str()).attr("stamp", date_time(now.wall));
        self.kept.push_back(message.child(delay));
    }

    fn receive(&mut self, now: Now, who: usize, id: &str) {
        let Some(from) = self.device(who) else { return };
        let receipt = Element::new("received", RECEIPTS).attr("id", id);
        let message = Element::new("message", CLIENT).attr("type", "chat").attr("from", from).child(receipt);
        if !self.send_all(&message) {
            self.keep(now, message);
        }
    }

    fn nudge(&mut self, who: usize) {
        let Some(from) = self.device(who) else { return };
        let number = self.number();
        let message = Element::new("message", CLIENT).attr("type", "headline").attr("from", from);
        let message = message.attr("id", format!("nudge{number}")).child(Element::new("attention", ATTENTION));
        // A nudge is of the moment: it is not kept.
        self.send_all(&message);
    }

    /// Both are buddies now.
    pub(super) fn welcome(&mut self, now: Now, who: usize) {
        let both = self.folk.get(who).and_then(|folk| self.buddy(folk.address.as_str()));
        let both = both.is_some_and(|buddy| buddy.from);
        let Some(folk) = self.folk.get_mut(who).filter(|folk| both && !folk.welcomed) else { return };
        folk.welcomed = true;
        let line = self.cast.people.get(who).and_then(|person| person.welcomed.clone());
        self.reply(now, who, line);
    }
}

impl Folk {
    fn remember(&mut self, at: Stamp, mine: bool, text: &str) {
        if self.archive.len() >= ARCHIVED {
            self.archive.pop_front();
        }
        self.archive.push_back(Remark { at, mine, text: shortened(text, LINE) });
    }
}

/// This person's next turn to speak.
fn folk_turn(folk: Option<&mut Folk>) -> usize {
    let Some(folk) = folk else { return 0 };
    let turn = folk.turns;
    folk.turns = turn.wrapping_add(1);
    turn
}
