//! Stream management (XEP-0198) as the live half carries it out.

use super::{Live, LiveOutput, MOST_VAIN};
use crate::types::{Line, MessageKey, Now, Problem, Tally};
use crate::xml::Element;
use crate::xmpp::ext::{mam, sm};
use crate::xmpp::managed::TooHigh;
use crate::xmpp::{Event, SignedIn};

impl Live {
    /// One of the elements of XEP-0198.
    pub(super) fn counted(&mut self, element: &Element) {
        match element.name() {
            "r" => {
                if let Some(count) = self.managed.requested(self.now.mono) {
                    self.pass(sm::answer(count));
                }
                self.ask_to_keep();
            }
            "a" => {
                let count = sm::count(element);
                match count.map_or(Err(TooHigh), |count| self.managed.acknowledge(count)) {
                    Ok(keys) => {
                        self.alive();
                        self.acknowledged(keys);
                    }
                    Err(TooHigh) => self.miscounted(count),
                }
            }
            "enabled" => self.managed.enabled(sm::resumable(element)),
            "failed" => self.managed.refused(),
            _ => {}
        }
    }

    /// Where it is time to, the mind is asked whether all that was told is kept.
    pub(super) fn ask_to_keep(&mut self) {
        if let Some(tally) = self.managed.tally() {
            self.tell(Event::KeepAsked(tally));
        }
    }

    /// All up to there is kept: the server may forget it.
    pub(super) fn kept(&mut self, tally: Tally) {
        if let Some(count) = self.managed.kept(tally) {
            self.pass(sm::answer(count));
        }
        self.ask_to_keep();
    }

    /// The same, while there is no connection.
    pub(crate) fn kept_aside(&mut self, tally: Tally) {
        // The server hears of it when it is asked to take the session up.
        let _ = self.managed.kept(tally);
    }

    /// The connection is lost: what the mind is to keep, so that as little as can be comes again.
    pub(crate) fn last_tally(&mut self) -> Option<Tally> {
        self.managed.last_tally()
    }

    fn acknowledged(&mut self, keys: Vec<MessageKey>) {
        for key in keys {
            self.pulse.forget(key);
            self.tell(Event::Acknowledged(key));
        }
    }

    /// Section 6: nothing that is counted can be believed any more.
    fn miscounted(&mut self, count: Option<u32>) {
        self.ended = true;
        if let Some(count) = count {
            self.out.push_back(LiveOutput::Fail(sm::too_high(count, self.managed.sent_in_all())));
        }
        let host = Line::clean(self.home.domain().as_str());
        let what = Line::clean("a count of messages that were never sent");
        self.out.push_back(LiveOutput::End(Some(Problem::Rubbish { host, what })));
    }

    /// The last word before the footer: what is kept need not come again.
    pub(crate) fn farewell(&self) -> Option<Element> {
        self.managed.safe().map(sm::answer)
    }

    /// Where the server would have us take this session up.
    pub(crate) fn location(&self) -> Option<&str> {
        self.managed.location()
    }

    /// By what name, and from where on, this session can be taken up on another connection.
    pub(crate) fn resumable(&self) -> Option<(&str, u32)> {
        self.managed.resumable().filter(|_| self.vain.silent < MOST_VAIN)
    }

    /// The server has taken no session up, but says how many stanzas of this one it had.
    pub(crate) fn arrived(&mut self, count: u32) -> Vec<MessageKey> {
        // A count that cannot be is no news.
        self.managed.acknowledge(count).unwrap_or_default()
    }

    /// Taken up on another connection, where the server had this many stanzas of ours: the others are written again, and
    /// nothing is asked anew. But for messages: the mind sends them again when it has made sure. A server may take in what
    /// it does not count (ejabberd 23 does, when it is asked while it still reads from the line before).
    pub(crate) fn resumed(&mut self, now: Now, count: u32, signed_in: SignedIn) {
        self.now = now;
        // Silence ended the line alone.
        self.ended = false;
        self.vain.unanswered = true;
        self.out.clear();
        self.pulse.renew(now.mono);
        // XEP-0352 section 4.3: to the server we look again.
        self.attention.absent = false;
        self.tracker.renew(now.mono);
        self.managed.resume();
        match self.managed.acknowledge(count) {
            Ok(keys) => self.acknowledged(keys),
            Err(TooHigh) => return self.miscounted(Some(count)),
        }
        let pending = self.managed.give_back();
        // Half of an archive page may have been lost on the way, and the end of it would not say so: pages are asked anew.
        self.tracker.forget_pages();
        self.managed.take_back(mam::is_query);
        let asked = self.tracker.requests().collect();
        self.tell(Event::Resumed { signed_in, pending, asked });
        if let Some(features) = self.survey.again() {
            self.tell(Event::Features(features));
        }
        let again: Vec<Element> = self.managed.unacknowledged().cloned().collect();
        for stanza in again {
            self.pass(stanza);
        }
        self.written.clear();
    }
}
