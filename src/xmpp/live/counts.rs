//! Stream management (XEP-0198) as the live half carries it out.

use super::{Live, LiveOutput};
use crate::types::{Line, MessageKey, Now, Problem};
use crate::xml::Element;
use crate::xmpp::ext::sm;
use crate::xmpp::managed::TooHigh;
use crate::xmpp::{Event, SignedIn};

impl Live {
    /// One of the elements of XEP-0198.
    pub(super) fn counted(&mut self, element: &Element) {
        match element.name() {
            "r" => {
                if let Some(handled) = self.managed.handled() {
                    self.pass(sm::answer(handled));
                }
            }
            "a" => {
                let keys = sm::count(element).map_or(Err(TooHigh), |count| self.managed.acknowledge(count));
                match keys {
                    Ok(keys) => {
                        self.alive();
                        self.acknowledged(keys);
                    }
                    Err(TooHigh) => self.miscounted(),
                }
            }
            "enabled" => self.managed.enabled(sm::resumable(element)),
            "failed" => self.managed.refused(),
            _ => {}
        }
    }

    fn acknowledged(&mut self, keys: Vec<MessageKey>) {
        for key in keys {
            self.pulse.forget(key);
            self.tell(Event::Acknowledged(key));
        }
    }

    /// Section 6: nothing that is counted can be believed any more.
    fn miscounted(&mut self) {
        self.ended = true;
        let host = Line::clean(self.home.domain().as_str());
        let what = Line::clean("a count of messages that were never sent");
        self.out.push_back(LiveOutput::End(Some(Problem::Rubbish { host, what })));
    }

    /// The last word before the footer: what has come need not come again.
    pub(crate) fn farewell(&self) -> Option<Element> {
        self.managed.handled().map(sm::answer)
    }

    /// By what name, and from where on, this session can be taken up on another connection.
    pub(crate) fn resumable(&self) -> Option<(&str, u32)> {
        self.managed.resumable()
    }

    /// The server has taken no session up, but says how many stanzas of this one it had.
    pub(crate) fn arrived(&mut self, count: u32) -> Vec<MessageKey> {
        // A count that cannot be is no news.
        self.managed.acknowledge(count).unwrap_or_default()
    }

    /// Taken up on another connection, where the server had this many stanzas of ours: the others are written again,
    /// and nothing is asked anew.
    pub(crate) fn resumed(&mut self, now: Now, count: u32, signed_in: SignedIn) {
        self.now = now;
        // Silence ended the line alone.
        self.ended = false;
        self.out.clear();
        self.pulse.renew(now.mono);
        self.tracker.renew(now.mono);
        match self.managed.acknowledge(count) {
            Ok(keys) => self.acknowledged(keys),
            Err(TooHigh) => return self.miscounted(),
        }
        let pending = self.managed.pending();
        self.tell(Event::Resumed { signed_in, pending });
        if let Some(features) = self.survey.again() {
            self.tell(Event::Features(features));
        }
        let again: Vec<Element> = self.managed.unacknowledged().cloned().collect();
        for stanza in again {
            self.pass(stanza);
        }
        self.written = self.managed.pending();
    }
}
