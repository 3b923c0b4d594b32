//! The list, and becoming buddies.
//!
//! An entry comes by adding or by a request either way (RFC 6121 section 3); it never goes. The cast says yes to
//! everybody.

use super::super::people::Person;
use super::super::stanza::shortened;
use super::super::stream::CLIENT;
use super::talk::Cue;
use super::{NICK, Service, requests};
use crate::types::{BareJid, Now};
use crate::xml::Element;
use std::time::Duration;

/// The most buddies: nobody tries the demo with more.
const MOST_BUDDIES: usize = 300;
/// Characters of a name or group that is kept.
const NAME: usize = 200;

/// An entry of the list.
#[derive(Clone)]
pub(super) struct Buddy {
    pub(super) address: String,
    pub(super) name: String,
    pub(super) groups: Vec<String>,
    /// You see them.
    pub(super) to: bool,
    /// They see you.
    pub(super) from: bool,
    /// You asked.
    pub(super) asked: bool,
}

impl Service {
    pub(super) fn buddy(&self, address: &str) -> Option<&Buddy> {
        self.roster.iter().find(|buddy| buddy.address == address)
    }

    /// The entry of an address, made if there is none; `None`: the list is full.
    pub(super) fn entry(&mut self, address: &str) -> Option<&mut Buddy> {
        if let Some(at) = self.roster.iter().position(|buddy| buddy.address == address) {
            return self.roster.get_mut(at);
        }
        if self.roster.len() >= MOST_BUDDIES {
            return None;
        }
        let name = self.who(address).and_then(|who| self.cast.people.get(who)).map(|person| person.name.clone());
        let (name, groups) = (name.unwrap_or_default(), Vec::new());
        self.roster.push(Buddy { address: address.to_owned(), name, groups, to: false, from: false, asked: false });
        self.roster.last_mut()
    }

    /// You ask somebody. The cast says yes; nobody else is there to.
    pub(super) fn subscribe(&mut self, now: Now, to: &str) {
        let Ok(address) = BareJid::parse(to) else { return };
        let who = self.who(to);
        let Some(buddy) = self.entry(address.as_str()) else { return };
        if buddy.to {
            return;
        }
        buddy.asked = true;
        self.push(address.as_str());
        if let Some(who) = who {
            self.cue(now, Duration::from_millis(900), Cue::Accept(who));
        }
    }

    /// The cast's yes, and their own wish to see you.
    pub(super) fn accept(&mut self, now: Now, who: usize) {
        let Some(address) = self.folk.get(who).map(|folk| folk.address.as_str().to_owned()) else { return };
        let Some(buddy) = self.entry(&address) else { return };
        (buddy.to, buddy.asked) = (true, false);
        let asks = !buddy.from;
        let answer = Element::new("presence", CLIENT).attr("type", "subscribed").attr("from", address.as_str());
        self.send_all(&answer);
        self.push(&address);
        if let Some(appearance) = self.appearance(who) {
            self.send_all(&appearance);
        }
        if asks {
            self.ask(who);
        }
        self.welcome(now, who);
    }

    /// Somebody wants to see you.
    pub(super) fn ask(&mut self, who: usize) {
        if let Some(folk) = self.folk.get_mut(who) {
            folk.asking = true;
        }
        if let Some(request) = self.asking(who) {
            self.send_all(&request);
        }
    }

    pub(super) fn asking(&self, who: usize) -> Option<Element> {
        let (folk, person) = (self.folk.get(who)?, self.cast.people.get(who)?);
        let request = Element::new("presence", CLIENT).attr("type", "subscribe").attr("from", folk.address.as_str());
        Some(request.child(Element::new("nick", NICK).text(person.name.as_str())))
    }

    pub(super) fn forget_request(&mut self, who: usize) {
        if let Some(folk) = self.folk.get_mut(who) {
            folk.asking = false;
        }
    }

    /// You said yes to somebody who asked.
    pub(super) fn let_in(&mut self, now: Now, to: &str) {
        let Some(who) = self.who(to) else { return };
        if !self.folk.get(who).is_some_and(|folk| folk.asking) {
            return;
        }
        self.forget_request(who);
        let Some(address) = self.folk.get(who).map(|folk| folk.address.as_str().to_owned()) else { return };
        if let Some(buddy) = self.entry(&address) {
            buddy.from = true;
        }
        self.push(&address);
        self.welcome(now, who);
    }

    /// Tells every interested session about one entry (RFC 6121 section 2.1.6).
    pub(super) fn push(&mut self, address: &str) {
        let Some(item) = self.buddy(address).map(Buddy::item) else { return };
        let ids: Vec<u64> = self.sessions.iter().filter(|(_, session)| session.interested).map(|(&id, _)| id).collect();
        for id in ids {
            let query = Element::new("query", requests::ROSTER).child(item.clone());
            let number = self.number();
            let push = Element::new("iq", CLIENT).attr("type", "set").attr("id", format!("push{number}")).child(query);
            self.send(id, push);
        }
    }
}

impl Buddy {
    pub(super) fn mutual(address: &BareJid, person: &Person) -> Self {
        let (name, groups) = (person.name.clone(), person.groups.clone());
        Self { address: address.as_str().to_owned(), name, groups, to: true, from: true, asked: false }
    }

    pub(super) fn item(&self) -> Element {
        let subscription = match (self.to, self.from) {
            (true, true) => "both",
            (true, false) => "to",
            (false, true) => "from",
            (false, false) => "none",
        };
        let groups = self.groups.iter().map(|group| Element::new("group", requests::ROSTER).text(group.as_str()));
        Element::new("item", requests::ROSTER)
            .attr("jid", self.address.as_str())
            .attr_opt("name", Some(self.name.as_str()).filter(|name| !name.is_empty()))
            .attr("subscription", subscription)
            .attr_opt("ask", self.asked.then_some("subscribe"))
            .children_from(groups)
    }

    pub(super) fn rename(&mut self, name: &str, groups: impl Iterator<Item = String>) {
        self.name = shortened(name, NAME);
        self.groups = groups.take(8).map(|group| shortened(&group, NAME)).collect();
    }
}
