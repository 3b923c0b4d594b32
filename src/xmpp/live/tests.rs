//! Whole exchanges, line by line. Juliet is us; `{id}` is whatever id was sent.

mod archive;
mod dialect;
mod entrance;
mod life;
mod line;
mod reading;
mod talk;
mod trust;

use super::{Live, LiveOutput, Start};
use crate::types::{FullJid, Now, Problem};
use crate::xmpp::stanza::testing::{parse, written};
use crate::xmpp::{Command, CredentialKind, Event, Purpose, SignIn};
use std::time::Duration;

/// A session, what it wrote and what it told.
pub(super) struct Rig {
    pub(super) live: Live,
    pub(super) now: Now,
    pub(super) sent: Vec<String>,
    pub(super) events: Vec<Event>,
    pub(super) end: Option<Problem>,
}

impl Rig {
    /// Signed in as Juliet, first flush taken.
    pub(super) fn new() -> Self {
        Self::of("juliet@capulet.lit/balcony", None, false)
    }

    pub(super) fn of(jid: &str, roster_version: Option<&str>, show_client: bool) -> Self {
        Self::with(jid, roster_version, show_client, false)
    }

    /// Where stanzas can be counted.
    pub(super) fn counting() -> Self {
        Self::with("juliet@capulet.lit/balcony", None, false, true)
    }

    fn with(jid: &str, roster_version: Option<&str>, show_client: bool, manageable: bool) -> Self {
        let jid = FullJid::parse(jid).unwrap();
        let sign_in = SignIn {
            domain: jid.bare().domain(),
            local: None,
            resource: None,
            mechanisms: Vec::new(),
            forced: true,
            credential: CredentialKind::Password,
            after_redirect: false,
            direct_tls: false,
            purpose: Purpose::Chat,
            seed: [7; 32],
            show_client,
            known: crate::xmpp::Known::default(),
            lasting: true,
            fast: None,
            absent: false,
            stepwise: false,
        };
        let now = Now::default();
        let start = Start { roster_version: roster_version.map(str::to_owned), manageable, ..Start::default() };
        let live = Live::new(now, jid, &sign_in, start);
        let mut rig = Self { live, now, sent: Vec::new(), events: Vec::new(), end: None };
        rig.drain();
        rig
    }

    /// As [`Rig::new`], with the first flush answered the way Prosody does, and forgotten.
    pub(super) fn settled() -> Self {
        let mut rig = Self::new();
        let first = std::mem::take(&mut rig.sent);
        let info = |features: &str| format!("<query xmlns='http://jabber.org/protocol/disco#info'>{features}</query>");
        rig.answer(&first[0], "<query xmlns='jabber:iq:roster'/>");
        rig.answer(&first[1], "");
        rig.answer(&first[2], &info("<feature var='urn:xmpp:mam:2'/><feature var='urn:xmpp:sid:0'/>"));
        rig.answer(&first[3], &info("<feature var='urn:xmpp:carbons:2'/>"));
        rig.events.clear();
        rig
    }

    /// Something from the server.
    pub(super) fn hear(&mut self, stanza: &str) {
        self.live.handle_stanza(self.now, parse(stanza));
        self.drain();
    }

    /// The events that this stanza makes, and nothing from before.
    pub(super) fn events_of(&mut self, stanza: &str) -> Vec<Event> {
        self.events.clear();
        self.hear(stanza);
        std::mem::take(&mut self.events)
    }

    /// What is written back to this stanza.
    pub(super) fn reply_to(&mut self, stanza: &str) -> Vec<String> {
        self.sent.clear();
        self.hear(stanza);
        std::mem::take(&mut self.sent)
    }

    /// The good answer to `question`, a query that was written.
    pub(super) fn answer(&mut self, question: &str, payload: &str) {
        let id = id_of(question);
        self.hear(&format!("<iq type='result' id='{id}'>{payload}</iq>"));
    }

    /// The bad answer.
    pub(super) fn refuse(&mut self, question: &str, condition: &str) {
        let id = id_of(question);
        self.hear(&format!(
            "<iq type='error' id='{id}'><error type='cancel'>\
             <{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
        ));
    }

    pub(super) fn command(&mut self, command: Command) {
        self.live.handle_command(self.now, command);
        self.drain();
    }

    /// Time goes by; every timeout is handled at its moment. Gives how many there were.
    pub(super) fn wait(&mut self, seconds: u64) -> usize {
        let until = self.now.mono + Duration::from_secs(seconds);
        let mut wakes = 0;
        while let Some(deadline) = self.live.deadline().filter(|deadline| *deadline <= until) {
            self.now = self.now.after(deadline.saturating_sub(self.now.mono));
            self.live.handle_timeout(self.now);
            self.drain();
            wakes += 1;
        }
        self.now = self.now.after(until.saturating_sub(self.now.mono));
        wakes
    }

    pub(super) fn drain(&mut self) {
        while let Some(output) = self.live.poll() {
            match output {
                LiveOutput::Send(element) => self.sent.push(written(&element)),
                LiveOutput::Event(event) => self.events.push(event),
                LiveOutput::Fail(why) => self.sent.push(written(&why)),
                LiveOutput::End(problem) => self.end = problem,
            }
        }
    }
}

/// The id of a stanza that was written.
pub(super) fn id_of(stanza: &str) -> String {
    parse(stanza).get("id").unwrap().to_owned()
}
