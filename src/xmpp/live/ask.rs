//! Commands become stanzas.

use super::{Live, pulse};
use crate::types::limits::SENT;
use crate::types::{BareJid, MessageKey, RequestId, StanzaId};
use crate::xml::Element;
use crate::xmpp::entitled::Whom;
use crate::xmpp::ext::{archive_136, carbons, disco, jid_lookup, mam, mds, ping, sm, vcard};
use crate::xmpp::managed::Managed;
use crate::xmpp::stanza::{iq, message, presence};
use crate::xmpp::tracker::{Asked, Come};
use crate::xmpp::{Appearance, ArchiveQuery, Command, Outgoing, roster};
use std::time::Duration;

impl Live {
    /// The first flush.
    pub(super) fn begin(&mut self, copies: bool, manageable: bool) {
        if manageable && !self.managed.counts() {
            self.managed = Managed::asked(self.ids.session());
            self.pass(sm::enable());
        }
        let server = self.home.domain().to_string();
        let account = self.home.bare().to_string();
        let roster = roster::query(self.roster_version.as_deref());
        self.question(Asked::Roster, |id| iq::get(id, None, roster));
        if copies {
            self.survey.carbons();
        } else {
            self.question(Asked::Carbons, |id| iq::set(id, None, carbons::enable()));
        }
        self.question(Asked::AccountFeatures, |id| iq::get(id, Some(&account), disco::write()));
        self.question(Asked::ServerFeatures, |id| iq::get(id, Some(&server), disco::write()));
    }

    pub(super) fn ask(&mut self, command: Command) {
        match command {
            Command::Send(outgoing) => self.say(outgoing),
            Command::Appear(appearance) => {
                if let Some(appearance) = self.entrance.appear(appearance) {
                    self.appear(&appearance);
                }
            }
            Command::ChatState { to, state } => self.send(message::chat_state(&to, state)),
            Command::Receipt { to, of } => {
                let id = self.ids.next();
                self.send(message::receipt(&id, &to, &of));
            }
            Command::Kept(tally) => self.kept(tally),
            Command::Displayed { key, to, of } => {
                let id = self.ids.next();
                self.written.push(key);
                self.send_as(message::marker(&id, &to, &of), Some(key));
            }
            Command::AskReadPositions => self.question(Asked::ReadPositions, |id| iq::get(id, None, mds::ask())),
            Command::ReadUpTo { talk, id } => self.read_up_to(talk, id, false),
            Command::Subscription { who, step } => self.send(presence::subscription(&who, step)),
            Command::SetBuddy { request, who, name, groups } => {
                let change = roster::set(&who, name.as_deref(), &groups);
                self.question(Asked::Buddy { request, who }, |id| iq::set(id, None, change));
            }
            Command::RemoveBuddy { request, who } => {
                let change = roster::remove(&who);
                self.question(Asked::Buddy { request, who }, |id| iq::set(id, None, change));
            }
            Command::Archive(query) => self.page(&query),
            Command::LookUp { request, email } => self.look_up(request, email),
            Command::AskOwnCard => self.question(Asked::OwnCard, |id| iq::get(id, None, vcard::write())),
            Command::Ping(request) => {
                let server = self.home.domain().to_string();
                self.question(Asked::Ping(request), |id| iq::get(id, Some(&server), ping::write()));
                self.doubt();
            }
            Command::ClientState { active } => {
                if let Some(element) = self.attention.tell(active) {
                    self.pass(element);
                }
            }
            Command::Attend => self.pulse.attended(self.now.mono),
            Command::SignOut => {}
        }
    }

    /// What of presence was held back goes out.
    pub(super) fn enter(&mut self) {
        if let Some(appearance) = self.entrance.open() {
            self.appear(&appearance);
        }
    }

    fn appear(&mut self, appearance: &Appearance) {
        self.send(presence::write(appearance, self.ours.caps()));
    }

    fn say(&mut self, outgoing: Outgoing) {
        if self.sent.len() >= SENT {
            self.sent.pop_front();
        }
        self.sent.push_back((outgoing.key, outgoing.to.bare()));
        self.written.push(outgoing.key);
        let key = outgoing.key;
        let stanza = message::chat(outgoing, &self.home);
        self.send_as(stanza, Some(key));
    }

    fn page(&mut self, query: &ArchiveQuery) {
        if let Some(with) = query.with.as_ref().filter(|_| self.survey.has_last_ten_alone()) {
            let asked = Asked::LastTen { request: query.request, with: with.clone() };
            return self.question(asked, |id| iq::get(id, None, archive_136::write(with)));
        }
        let asked = Asked::Archive { request: query.request, meets: query.meets.clone(), come: Come::default() };
        self.question(asked, |id| iq::set(id, None, mam::write(query, id)));
    }

    /// Keeps how far a talk was read.
    pub(super) fn read_up_to(&mut self, talk: BareJid, up_to: StanzaId, again: bool) {
        let payload = mds::publish(&talk, &up_to, self.home.bare());
        self.question(Asked::ReadUpTo { talk, id: up_to, again }, |id| iq::set(id, None, payload));
    }

    /// Makes the node of read positions ours alone, before the next try.
    pub(super) fn put_node_right(&mut self, talk: BareJid, id: StanzaId) {
        self.question(Asked::ReadNode { talk, id }, |id| iq::set(id, None, mds::configure()));
    }

    /// `from` is our bare address: Messenger wanted it so.
    fn look_up(&mut self, request: RequestId, email: String) {
        if self.tracker.is_full() {
            return self.unanswered(Asked::LookUp(request));
        }
        let id = self.ids.next();
        let question = iq::get(&id, Some(&email), jid_lookup::write()).attr("from", self.home.bare().as_str());
        self.tracker.expect(self.now.mono, id, Whom::Named(email), Asked::LookUp(request));
        self.send(question);
    }

    /// The mind asks for a sign of life (after a sleep, say): the line has to give one as soon as behind a message.
    fn doubt(&mut self) {
        if !self.pulse.is_asking() {
            self.probe(pulse::QUIET, Vec::new());
        }
    }

    /// A ping, or the request of XEP-0198, ahead of everything else that waits to be written: nothing does when this is
    /// called.
    pub(super) fn probe(&mut self, patience: Duration, keys: Vec<MessageKey>) {
        if self.managed.is_on() {
            // The count says which messages have arrived.
            self.pulse.asked(self.now.mono, patience, Vec::new());
            return self.pass(sm::request());
        }
        self.pulse.asked(self.now.mono, patience, keys);
        let server = self.home.domain().to_string();
        self.question(Asked::Probe, |id| iq::get(id, Some(&server), ping::write()));
    }

    /// Writes a query to our account or server and remembers what it was for.
    fn question(&mut self, asked: Asked, write: impl FnOnce(&str) -> Element) {
        // A ping asks for the line itself, and there is one at a time.
        if self.tracker.is_full() && asked != Asked::Probe {
            return self.unanswered(asked);
        }
        let id = self.ids.next();
        self.send(write(&id));
        self.tracker.expect(self.now.mono, id, Whom::Home, asked);
    }
}
