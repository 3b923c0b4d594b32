//! Queries: the answers to ours, and our answers to those of others (RFC 6120 section 8.2.3).

use super::{Live, Vain};
use crate::types::limits::RESULTS;
use crate::types::{BareJid, Line, Problem, RequestId};
use crate::xml::Element;
use crate::xmpp::entitled::Claim;
use crate::xmpp::ext::{disco, jid_lookup, mam, mds, ping, vcard, version};
use crate::xmpp::stanza::error::StanzaError;
use crate::xmpp::stanza::{Sender, identifier, iq};
use crate::xmpp::tracker::{Asked, Come, PATIENCE};
use crate::xmpp::{ArchivePage, Event, roster};

impl Live {
    pub(super) fn query(&mut self, stanza: &Element) {
        let Some(id) = identifier(stanza.get("id")) else { return };
        let sender = Sender::of(stanza);
        match stanza.get("type") {
            Some("get") => self.question_from(stanza, &sender),
            Some("set") => self.order_from(stanza, &sender),
            Some("result") => {
                if let Some(asked) = self.tracker.answered(id, &sender, &self.home) {
                    self.vain = Vain::default();
                    self.answered(&asked, stanza);
                }
            }
            Some("error") => {
                if let Some(asked) = self.tracker.answered(id, &sender, &self.home) {
                    self.vain = Vain::default();
                    self.refused(asked, StanzaError::read(stanza));
                }
            }
            _ => {}
        }
    }

    fn question_from(&mut self, stanza: &Element, sender: &Sender<'_>) {
        let answer = if matches!(sender, Sender::Unreadable(_)) {
            // Whoever that is, no answer would arrive there.
            return;
        } else if ping::is_asked(stanza) {
            iq::result(stanza, None)
        } else if stanza.find("query", disco::NS).is_some() {
            match self.ours.answer(stanza) {
                Some(ours) => iq::result(stanza, Some(ours)),
                None => iq::refusal(stanza, "cancel", "item-not-found"),
            }
        } else if self.show_client && version::is_asked(stanza) {
            iq::result(stanza, Some(version::answer()))
        } else {
            iq::refusal(stanza, "cancel", "service-unavailable")
        };
        self.send(answer);
    }

    /// The only order that is obeyed is a roster push. To a stranger who tries one there is no such thing here.
    fn order_from(&mut self, stanza: &Element, sender: &Sender<'_>) {
        if matches!(sender, Sender::Unreadable(_)) {
            return;
        }
        let push = stanza.find("query", roster::NS).filter(|_| self.home.lets(sender, Claim::RosterPush));
        let Some(push) = push else {
            return self.send(iq::refusal(stanza, "cancel", "service-unavailable"));
        };
        let Some(item) = roster::read_push(push) else {
            return self.send(iq::refusal(stanza, "modify", "bad-request"));
        };
        let version = roster::version(push);
        self.send(iq::result(stanza, None));
        self.tell(Event::RosterPush { item, version });
    }

    fn answered(&mut self, asked: &Asked, stanza: &Element) {
        match asked {
            Asked::Roster => self.roster(stanza),
            Asked::Carbons => self.survey.carbons(),
            Asked::ServerFeatures => self.survey.server(&disco::read(stanza)),
            Asked::AccountFeatures => self.survey.account(&disco::read(stanza)),
            Asked::Probe => self.alive(),
            Asked::Ping(request) => self.tell(Event::Pong(*request)),
            // The push tells.
            Asked::Buddy { .. } | Asked::ReadUpTo { .. } => {}
            Asked::LastTen { request, with } => self.last_ten(*request, with, stanza),
            Asked::ReadNode { talk, id } => self.read_up_to(talk.clone(), id.clone(), true),
            Asked::ReadPositions => {
                let positions = mds::read(stanza, |by| self.home.lets(&Sender::Known(by.clone()), Claim::StanzaId));
                self.tell(Event::ReadPositions { all: true, positions });
            }
            Asked::LookUp(request) => {
                self.tell(Event::AddressFound { request: *request, jid: jid_lookup::read(stanza) });
            }
            Asked::OwnCard => {
                if let Some(name) = vcard::read_name(stanza) {
                    self.tell(Event::OwnName(name));
                }
                if let Some(photo) = vcard::read_photo(stanza) {
                    self.tell(Event::OwnPhoto(Box::new(photo)));
                }
            }
            Asked::Archive { request, come, .. } => self.page_end(*request, come, stanza),
        }
        self.tell_features();
    }

    fn page_end(&mut self, request: RequestId, come: &Come, stanza: &Element) {
        let end = mam::read_fin(stanza).filter(|_| come.count < RESULTS);
        if let Some(mam::Fin { first, last, complete }) = end {
            let Come { count, oldest, met } = *come;
            self.tell(Event::ArchivePage(ArchivePage { request, first, last, complete, count, oldest, met }));
        } else {
            let host = Line::clean(self.home.domain().as_str());
            self.failed(request, Problem::Rubbish { host, what: Line::clean("archive") });
        }
    }

    /// An empty answer means that our version is still right (XEP-0237 section 2.3); without a version it is an empty
    /// roster.
    fn roster(&mut self, stanza: &Element) {
        self.roster_due = false;
        let event = match stanza.find("query", roster::NS) {
            Some(query) => Event::Roster { items: Some(roster::read(query)), version: roster::version(query) },
            None if self.roster_version.as_ref().is_some_and(|version| !version.is_empty()) => self.same_roster(),
            None => Event::Roster { items: Some(Vec::new()), version: None },
        };
        self.tell(event);
        self.enter();
    }

    fn same_roster(&mut self) -> Event {
        Event::Roster { items: None, version: self.roster_version.clone() }
    }

    fn refused(&mut self, asked: Asked, error: StanzaError) {
        self.roster_due &= asked != Asked::Roster;
        let domain = self.home.domain().clone();
        match asked {
            // An error proves the round trip as well as an answer does.
            Asked::Probe => self.alive(),
            Asked::Ping(request) => self.tell(Event::Pong(request)),
            Asked::LookUp(request) if error.condition.as_str() == "item-not-found" => {
                self.tell(Event::AddressFound { request, jid: None });
            }
            // The node is there, and is not as we need it (XEP-0060 section 7.1.5).
            Asked::ReadUpTo { talk, id, again: false } if error.condition.as_str() == "conflict" => {
                self.put_node_right(talk, id);
            }
            // Nobody has read anything yet.
            Asked::ReadPositions if error.condition.as_str() == "item-not-found" => {
                self.tell(Event::ReadPositions { all: true, positions: Vec::new() });
            }
            asked => self.without(asked, |what, peer| error.about_request(what, peer, domain)),
        }
    }

    /// Nobody answered in time.
    pub(super) fn unanswered(&mut self, asked: Asked) {
        let host = Line::clean(self.home.domain().as_str());
        self.without(asked, |_, _| Problem::NoAnswer { host, waited: PATIENCE });
    }

    /// Goes on without what was asked for. What we know of the roster stays right as far as anybody can say.
    fn without(&mut self, asked: Asked, problem: impl FnOnce(&str, Option<BareJid>) -> Problem) {
        match asked {
            Asked::Roster => {
                let event = self.same_roster();
                self.tell(event);
                self.enter();
            }
            Asked::Carbons | Asked::ServerFeatures | Asked::AccountFeatures => self.survey.refused(),
            // Without a name of theirs we are called as before.
            Asked::Probe | Asked::OwnCard => {}
            Asked::ReadPositions | Asked::ReadUpTo { .. } | Asked::ReadNode { .. } => self.tell(Event::NoReadPositions),
            Asked::Ping(request) => self.failed(request, problem("ping", None)),
            Asked::Buddy { request, who } => self.failed(request, problem("buddy list", Some(who))),
            Asked::Archive { request, .. } | Asked::LastTen { request, .. } => {
                self.failed(request, problem("archive", None));
            }
            Asked::LookUp(request) => self.failed(request, problem("look-up", None)),
        }
        self.tell_features();
    }

    pub(super) fn alive(&mut self) {
        self.vain = Vain::default();
        for key in self.pulse.answered() {
            self.managed.forget(key);
            self.tell(Event::Acknowledged(key));
        }
    }

    fn tell_features(&mut self) {
        if let Some(features) = self.survey.done() {
            self.tell(Event::Features(features));
        }
    }

    fn failed(&mut self, request: RequestId, problem: Problem) {
        self.tell(Event::RequestFailed { request, problem });
    }
}
