//! Messages and presences become events.

use super::Live;
use crate::types::{BareJid, Jid, MessageKey, OriginId, RequestId, StanzaId};
use crate::xml::Element;
use crate::xmpp::entitled::Claim;
use crate::xmpp::ext::carbons::{self, Carbon};
use crate::xmpp::ext::{archive_136, mam, mds};
use crate::xmpp::stanza::error::StanzaError;
use crate::xmpp::stanza::message::{self, Way};
use crate::xmpp::stanza::{Sender, identifier, presence};
use crate::xmpp::{ArchivePage, Content, Direction, Event, Incoming, ReadPosition, Via};

impl Live {
    pub(super) fn presence(&mut self, stanza: &Element) {
        let sender = Sender::of(stanza);
        if self.home.lets(&sender, Claim::State)
            && let Sender::Known(from) = sender
            && let Some(event) = presence::read(stanza, from)
        {
            self.tell(event);
        }
    }

    /// A copy or an archive result is the envelope of another message; nothing else in such an envelope is read.
    pub(super) fn message(&mut self, stanza: &Element) {
        let sender = Sender::of(stanza);
        if stanza.get("type") == Some("error") {
            self.bounce(stanza, &sender);
        } else if let Some(result) = mam::result_of(stanza) {
            self.archived(result, &sender);
        } else if let Some(carbon) = carbons::read(stanza) {
            if self.home.lets(&sender, Claim::Carbon) {
                self.copy(carbon);
            }
        } else if let Some(positions) = self.news_of_reading(stanza) {
            if self.home.lets(&sender, Claim::ReadPosition) {
                self.tell(Event::ReadPositions { all: false, positions });
            }
        } else if message::is_direct(stanza) && self.home.lets(&sender, Claim::Words) {
            self.direct(stanza, sender);
        }
    }

    /// A message to us. Without `from` it is the server that speaks.
    fn direct(&mut self, stanza: &Element, sender: Sender<'_>) {
        let from = match sender {
            Sender::Known(from) => from,
            Sender::Absent => match Jid::parse(self.home.domain().as_str()) {
                Ok(server) => server,
                Err(_) => return,
            },
            Sender::Unreadable(_) => return,
        };
        let peer = from.bare();
        // Another device of ours wrote to our own address: a note to ourselves.
        let direction = if peer == *self.home.bare() { Direction::Out } else { Direction::In };
        let way = Way { peer, from, direction, via: Via::Live, ids_kept: self.survey.ids_kept() };
        let incoming = message::read(stanza, &self.home, way);
        self.emit(incoming);
    }

    fn news_of_reading(&self, stanza: &Element) -> Option<Vec<ReadPosition>> {
        mds::read_news(stanza, |by| self.home.lets(&Sender::Known(by.clone()), Claim::StanzaId))
    }

    fn copy(&mut self, carbon: Carbon<'_>) {
        let Some(inner) = carbon.forwarded else { return };
        let Some(incoming) = self.unwrap(inner.message, Via::Carbon) else { return };
        // The server says what its account's devices sent and got; the addresses have to agree with it.
        if incoming.direction == carbon.direction || incoming.peer == *self.home.bare() {
            let stamp = incoming.stamp.or(inner.stamp);
            self.emit(Incoming { stamp, direction: carbon.direction, ..incoming });
        }
    }

    fn archived(&mut self, result: &Element, sender: &Sender<'_>) {
        let Some(found) = mam::read(result) else { return };
        let asked = self.tracker.awaits_page(found.query_id);
        if !self.home.lets(sender, Claim::ArchiveResult { asked }) {
            return;
        }
        let page = self.tracker.found(self.now.mono, found.query_id, found.id, found.stamp);
        if let Some((page, incoming)) = page.zip(self.unwrap(found.message, Via::Archive)) {
            let stanza_id = Some(StanzaId(found.id.to_owned()));
            self.emit(Incoming { stamp: found.stamp.or(incoming.stamp), stanza_id, page: Some(page), ..incoming });
        }
    }

    /// Messenger's archive answers with all that it has of a talk.
    pub(super) fn last_ten(&mut self, request: RequestId, with: &BareJid, stanza: &Element) {
        let lines = archive_136::read(stanza);
        let (count, oldest) = (lines.len(), lines.first().map(|line| line.at));
        for archive_136::Line { direction, at, words } in lines {
            let from = match direction {
                Direction::In => Jid::Bare(with.clone()),
                Direction::Out => Jid::Full(self.home.full().clone()),
            };
            self.tell(Event::Message(Box::new(Incoming {
                peer: with.clone(),
                from,
                direction,
                via: Via::Archive,
                id: None,
                stanza_id: None,
                stamp: Some(at),
                body: Content::Plain(words),
                state: None,
                wants_receipt: false,
                receipt_of: None,
                wants_marker: false,
                displayed: None,
                nick: None,
                delayed: true,
                page: Some(request),
            })));
        }
        let (first, last, complete, met) = (None, None, true, false);
        self.tell(Event::ArchivePage(ArchivePage { request, first, last, complete, count, oldest, met }));
    }

    /// Reads a message out of its envelope. Inside, the addresses are as they were on the way: ours is one of the two.
    /// An envelope within is not opened.
    fn unwrap(&self, inner: &Element, via: Via) -> Option<Incoming> {
        if !message::is_direct(inner) || mam::result_of(inner).is_some() || carbons::read(inner).is_some() {
            return None;
        }
        let Sender::Known(from) = Sender::of(inner) else { return None };
        let direction = if from.bare() == *self.home.bare() { Direction::Out } else { Direction::In };
        let peer = match (direction, inner.get("to")) {
            (Direction::In, _) => from.bare(),
            (Direction::Out, None) => self.home.bare().clone(),
            (Direction::Out, Some(to)) => Jid::parse(to).ok()?.bare(),
        };
        let way = Way { peer, from, direction, via, ids_kept: self.survey.ids_kept() };
        Some(message::read(inner, &self.home, way))
    }

    fn emit(&mut self, mut incoming: Incoming) {
        if incoming.direction == Direction::In
            && let Some(of) = &incoming.receipt_of
        {
            let sender = Sender::Known(incoming.from.clone());
            if self.home.lets(&sender, Claim::Receipt(self.peer_of(&of.0))) {
                let (from, of) = (incoming.from.clone(), of.clone());
                self.tell(Event::Receipt { from, of, delayed: incoming.stamp });
            } else {
                incoming.receipt_of = None;
            }
        }
        if incoming.direction == Direction::In
            && let Some(of) = &incoming.displayed
        {
            let sender = Sender::Known(incoming.from.clone());
            if self.home.lets(&sender, Claim::Marker(self.peer_of(&of.0))) {
                let (from, of) = (incoming.from.clone(), of.clone());
                self.tell(Event::Displayed { from, of, at: incoming.stamp });
            }
        }
        if incoming.body != Content::None {
            return self.tell(Event::Message(Box::new(incoming)));
        }
        let Incoming { direction, via, state, ref receipt_of, ref displayed, delayed, .. } = incoming;
        match (direction, state) {
            // Of our other devices: what they have read. Their typing is nobody's news.
            (Direction::Out, _) if receipt_of.is_some() || displayed.is_some() => {
                self.tell(Event::Message(Box::new(incoming)));
            }
            (Direction::In, Some(state)) if via != Via::Archive && !delayed => {
                self.tell(Event::ChatState { from: incoming.from, state });
            }
            _ => {}
        }
    }

    /// A message of ours came back.
    fn bounce(&mut self, stanza: &Element, sender: &Sender<'_>) {
        let Some(id) = identifier(stanza.get("id")) else { return };
        let peer = self.peer_of(id);
        if !self.home.lets(sender, Claim::Bounce(peer)) {
            return;
        }
        let peer = peer.cloned();
        if let Some(key) = MessageKey::parse(id) {
            self.written.retain(|known| *known != key);
            self.pulse.forget(key);
            self.managed.forget(key);
        }
        let from = match sender {
            Sender::Known(from) => Some(from.clone()),
            _ => None,
        };
        let peer = peer.or_else(|| from.as_ref().map(Jid::bare)).unwrap_or_else(|| self.home.bare().clone());
        let problem = StanzaError::read(stanza).about_message(peer, self.home.domain().clone());
        self.tell(Event::Bounced { key: OriginId(id.to_owned()), from, problem });
    }

    /// To whom the message of ours with this id went, if we still know.
    fn peer_of(&self, id: &str) -> Option<&BareJid> {
        let key = MessageKey::parse(id)?;
        self.sent.iter().rev().find(|(sent, _)| *sent == key).map(|(_, peer)| peer)
    }
}
