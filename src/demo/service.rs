//! The core of the XMPP service: who is signed in, who is in the list, what is due. Pure: stanzas and time in,
//! stanzas out.
//!
//! There is one account; all its sessions share list, talks and kept messages. Requests are answered in `requests`,
//! messages and the cast's timing in `talk`, and who is a buddy is settled in `buddies`.

mod buddies;
mod requests;
mod talk;

use super::people::{Cast, Person, Show};
use super::stanza::error_of;
use super::stream::{CLIENT, stream_error};
use super::switches::Switches;
use crate::types::{BareJid, FullJid, Now};
use crate::xml::Element;
use buddies::Buddy;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;
use std::time::Duration;
use talk::Cue;

const CAPS: &str = "http://jabber.org/protocol/caps";
const NICK: &str = "http://jabber.org/protocol/nick";
/// What the cast's own program is called in entity capabilities.
const NODE: &str = "https://butty.example/demo";
/// Sessions of the account at a time.
const MOST_SESSIONS: usize = 16;

/// Something for one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// A stanza.
    Stanza(Element),
    /// The last element before the end of the stream.
    Last(Element),
}

/// The service.
pub(super) struct Service {
    switches: Switches,
    domain: String,
    account: BareJid,
    cast: Cast,
    /// What changes about the cast, in its order.
    folk: Vec<Folk>,
    roster: Vec<Buddy>,
    sessions: BTreeMap<u64, Session>,
    out: Vec<(u64, Delivery)>,
    cues: BTreeMap<(Duration, u64), Cue>,
    /// Messages that found nobody at home.
    kept: VecDeque<Element>,
    /// Somebody has signed in before, so the cast's clocks run.
    began: bool,
    next: u64,
}

struct Session {
    address: FullJid,
    available: bool,
    /// Asked for the list, so hears of its changes (RFC 6121 section 2.1.6).
    interested: bool,
    /// The token that opened it also opens the person's picture.
    sees_photo: bool,
}

/// What changes about a person of the cast.
struct Folk {
    address: BareJid,
    show: Show,
    status: String,
    /// Answers given so far.
    turns: usize,
    /// Answers under way.
    pending: usize,
    /// When the last of them is said.
    busy_until: Duration,
    /// Unread messages: text, and the id of a wanted receipt.
    mail: Vec<(String, Option<String>)>,
    /// The last of the talk, for XEP-0136.
    archive: VecDeque<talk::Remark>,
    /// Has asked to be a buddy and was not answered.
    asking: bool,
    /// The welcome line was said.
    welcomed: bool,
}

impl Service {
    /// A service at `account`'s domain, nobody signed in.
    pub(super) fn new(switches: Switches, account: BareJid, cast: Cast) -> Self {
        let domain = account.domain().as_str().to_owned();
        let address = |person: &Person| address_of(&switches, &account, person);
        let folk: Vec<Folk> = cast.people.iter().map(|person| Folk::new(address(person), person)).collect();
        let buddies = cast.people.iter().zip(&folk).filter(|(person, _)| person.buddy);
        let roster = buddies.map(|(person, folk)| Buddy::mutual(&folk.address, person)).collect();
        let (sessions, cues) = (BTreeMap::new(), BTreeMap::new());
        let (out, kept) = (Vec::new(), VecDeque::new());
        Self { switches, domain, account, cast, folk, roster, sessions, out, cues, kept, began: false, next: 0 }
    }

    /// A resource was bound. An older session of the same name ends; `None`: too many sessions.
    pub(super) fn arrived(&mut self, address: FullJid) -> Option<u64> {
        if let Some(&old) = self.sessions.iter().find(|(_, session)| session.address == address).map(|(id, _)| id) {
            self.out.push((old, Delivery::Last(stream_error("conflict"))));
            self.sessions.remove(&old);
        }
        if self.sessions.len() >= MOST_SESSIONS {
            return None;
        }
        let id = self.number();
        self.sessions.insert(id, Session { address, available: false, interested: false, sees_photo: false });
        Some(id)
    }

    /// What the session's token opens beyond chatting.
    pub(super) fn let_see_photo(&mut self, id: u64) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.sees_photo = true;
        }
    }

    /// A session's connection is gone.
    pub(super) fn left(&mut self, id: u64) {
        self.sessions.remove(&id);
    }

    /// What was said since the last call, in its order.
    pub(super) fn drain(&mut self) -> Vec<(u64, Delivery)> {
        std::mem::take(&mut self.out)
    }

    /// A stanza of session `id`.
    pub(super) fn stanza(&mut self, now: Now, id: u64, stanza: &Element) {
        let Some(session) = self.sessions.get(&id) else { return };
        let own = [session.address.as_str(), self.account.as_str()];
        if stanza.get("from").is_some_and(|from| !own.contains(&from)) {
            return self.end(id, "invalid-from");
        }
        match stanza.name() {
            "presence" if stanza.ns() == CLIENT => self.presence(now, id, stanza),
            "message" if stanza.ns() == CLIENT => self.message(now, id, stanza),
            "iq" if stanza.ns() == CLIENT => self.request(id, stanza),
            _ => self.end(id, "unsupported-stanza-type"),
        }
    }

    fn end(&mut self, id: u64, condition: &str) {
        self.out.push((id, Delivery::Last(stream_error(condition))));
        self.sessions.remove(&id);
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn send(&mut self, id: u64, stanza: Element) {
        let to = self.sessions.get(&id).map(|session| session.address.as_str().to_owned());
        self.out.push((id, Delivery::Stanza(stanza.attr_opt("to", to))));
    }

    /// To every session that is available; false when there is none.
    fn send_all(&mut self, stanza: &Element) -> bool {
        let ids: Vec<u64> = self.sessions.iter().filter(|(_, session)| session.available).map(|(&id, _)| id).collect();
        for &id in &ids {
            self.send(id, stanza.clone());
        }
        !ids.is_empty()
    }

    /// Who of the cast has this address, with or without resource.
    fn who(&self, address: &str) -> Option<usize> {
        let bare = crate::types::Jid::parse(address).ok()?.bare();
        self.folk.iter().position(|folk| folk.address == bare)
    }
}

/// Presence.
impl Service {
    fn presence(&mut self, now: Now, id: u64, presence: &Element) {
        let to = presence.get("to").filter(|to| *to != self.account.as_str() && *to != self.domain);
        match (presence.get("type"), to) {
            (None, None) => self.available(now, id, presence),
            (Some("unavailable"), None) => {
                if let Some(session) = self.sessions.get_mut(&id) {
                    session.available = false;
                }
            }
            (Some("subscribe"), Some(to)) => self.subscribe(now, to),
            (Some("subscribed"), Some(to)) => self.let_in(now, to),
            (Some("unsubscribed"), Some(to)) => {
                if let Some(who) = self.who(to) {
                    self.forget_request(who);
                }
            }
            (Some("unsubscribe"), Some(_)) => self.send(id, error_of(presence, "cancel", "not-allowed")),
            // No probes, and presence for one person changes nothing here.
            _ => {}
        }
    }

    fn available(&mut self, now: Now, id: u64, presence: &Element) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let first = !std::mem::replace(&mut session.available, true);
        let from = session.address.as_str().to_owned();
        let mirrored = ["show", "status", "priority"].iter().filter_map(|name| presence.find(name, CLIENT).cloned());
        let own = Element::new("presence", CLIENT).attr("from", from).children_from(mirrored);
        self.send_all(&own);
        if !first {
            return;
        }
        for who in 0..self.folk.len() {
            if self.is_seen(who) && self.folk.get(who).is_some_and(|folk| folk.show != Show::Offline) {
                let appearance = self.appearance(who);
                self.out_to(id, appearance);
            }
            if self.folk.get(who).is_some_and(|folk| folk.asking) {
                let request = self.asking(who);
                self.out_to(id, request);
            }
        }
        for kept in std::mem::take(&mut self.kept) {
            self.send(id, kept);
        }
        if !std::mem::replace(&mut self.began, true) {
            self.begin(now);
        }
    }

    fn out_to(&mut self, id: u64, stanza: Option<Element>) {
        if let Some(stanza) = stanza {
            self.send(id, stanza);
        }
    }

    /// True when your list shows this person's presence.
    fn is_seen(&self, who: usize) -> bool {
        self.folk.get(who).and_then(|folk| self.buddy(folk.address.as_str())).is_some_and(|buddy| buddy.to)
    }

    /// How somebody appears now, as presence.
    fn appearance(&self, who: usize) -> Option<Element> {
        let (folk, person) = (self.folk.get(who)?, self.cast.people.get(who)?);
        let presence = Element::new("presence", CLIENT).attr("from", self.device(who)?);
        let show = match folk.show {
            Show::Offline => return Some(presence.attr("type", "unavailable")),
            Show::Available => None,
            Show::Away => Some("away"),
            Show::Busy => Some("dnd"),
        };
        let status = (!folk.status.is_empty()).then(|| Element::new("status", CLIENT).text(folk.status.as_str()));
        let nick = Element::new("nick", NICK).text(person.name.as_str());
        let caps = self.switches.extras().then(|| {
            let caps = Element::new("c", CAPS).attr("hash", "sha-1").attr("node", NODE);
            caps.attr("ver", verification(requests::FEATURES_OF_PEOPLE))
        });
        let show = show.map(|show| Element::new("show", CLIENT).text(show));
        Some(presence.child_opt(show).child_opt(status).child(nick).child_opt(caps))
    }

    /// Changes how somebody appears and tells it.
    fn appear(&mut self, who: usize, show: Show, status: &str) {
        let Some(folk) = self.folk.get_mut(who) else { return };
        folk.show = show;
        status.clone_into(&mut folk.status);
        if self.is_seen(who)
            && let Some(appearance) = self.appearance(who)
        {
            self.send_all(&appearance);
        }
    }

    /// The address of somebody's one device.
    fn device(&self, who: usize) -> Option<String> {
        Some(format!("{}/{}", self.folk.get(who)?.address, self.cast.people.get(who)?.device))
    }
}

impl Folk {
    fn new(address: BareJid, person: &Person) -> Self {
        Self {
            address,
            show: person.show,
            status: person.status.clone(),
            turns: 0,
            pending: 0,
            busy_until: Duration::ZERO,
            mail: Vec::new(),
            archive: VecDeque::new(),
            asking: false,
            welcomed: person.buddy,
        }
    }
}

/// The address of somebody: readable, or opaque as the real service's were.
fn address_of(switches: &Switches, account: &BareJid, person: &Person) -> BareJid {
    let domain = account.domain();
    let readable = format!("{}@{domain}", person.id);
    let hash = digest(&SHA256, format!("{account} {}", person.id).as_bytes());
    let opaque = hash.as_ref().iter().take(16).fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    let chosen = if switches.strict { format!("{opaque}@{domain}") } else { readable };
    // Both forms are addresses; the account's own stands in for what cannot be.
    BareJid::parse(&chosen).unwrap_or_else(|_| account.clone())
}

/// The verification string of XEP-0115 section 5, for one identity and no forms.
fn verification(features: &[&str]) -> String {
    let mut features = features.to_vec();
    features.sort_unstable();
    let text = features.iter().fold(format!("{}<", requests::IDENTITY), |text, feature| format!("{text}{feature}<"));
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
    base64::Engine::encode(&base64::engine::general_purpose::STANDARD, hash.as_ref())
}

#[cfg(test)]
mod tests;
