//! Taking up a session that lost its connection (XEP-0198 section 5).

use super::ending::Ending;
use super::{Expect, Negotiation};
use crate::types::Now;
use crate::xml::Element;
use crate::xmpp::Event;
use crate::xmpp::ext::sm;
use crate::xmpp::live::Live;
use crate::xmpp::wire::Wire;

impl Negotiation {
    /// Hands in the session that is to be taken up.
    pub(in crate::xmpp) fn take_up_later(&mut self, live: Box<Live>) {
        self.suspended = Some(live);
    }

    /// Handed back, for nothing came of it: the server has not said that it is gone. It may even have been taken up,
    /// and the word of that was lost with the connection.
    pub(in crate::xmpp) fn not_taken_up(&mut self) -> Option<Box<Live>> {
        self.suspended.take()
    }

    /// Its name, and how much of theirs it has handled.
    pub(super) fn resumable(&self) -> Option<(String, u32)> {
        let (id, handled) = self.suspended.as_ref()?.resumable()?;
        Some((id.to_owned(), handled))
    }

    /// Behind the new header: the old session where there is one, else a new resource.
    pub(super) fn settle(&mut self, now: Now, wire: &mut Wire) {
        match self.resumable() {
            Some((id, handled)) => {
                wire.send(&sm::resume(&id, handled));
                self.expect(now, [Expect::Resumed]);
            }
            None => self.bind(now, wire),
        }
    }

    /// The answer to `<resume/>` outside of SASL2.
    pub(super) fn read_resumed(&mut self, now: Now, element: &Element, wire: &mut Wire) -> Result<(), Ending> {
        if element.is("resumed", sm::NS) {
            self.take_up(element)?;
            self.met(now);
            return Ok(());
        }
        if !element.is("failed", sm::NS) {
            return Err(self.out_of_turn(element, wire));
        }
        self.not_resumed(element, wire);
        self.met(now);
        self.bind(now, wire);
        Ok(())
    }

    /// `<resumed/>`: it must be ours.
    pub(super) fn take_up(&mut self, resumed: &Element) -> Result<(), Ending> {
        let ours = self.resumable().map(|(id, _)| id);
        let count = sm::count(resumed).filter(|_| ours.is_some() && resumed.get("previd") == ours.as_deref());
        let jid = self.suspended.as_ref().map(|live| live.address().clone());
        let (Some(count), Some(jid)) = (count, jid) else {
            // Whoever mixes sessions up would do so again.
            self.suspended = None;
            return Err(self.rubbish("a session taken up that is not ours"));
        };
        self.resumed = Some(count);
        self.signed_in = Some(self.signed_in_as(jid));
        Ok(())
    }

    /// `<failed/>`: it is gone. What the server says to have got of it is told, for it need not be sent again.
    pub(super) fn not_resumed(&mut self, failed: &Element, wire: &mut Wire) {
        let Some(mut live) = self.suspended.take() else { return };
        for key in sm::count(failed).map(|count| live.arrived(count)).unwrap_or_default() {
            wire.event(Event::Acknowledged(key));
        }
    }
}
