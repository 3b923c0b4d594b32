//! What is asked by IQ: the list, addresses by e-mail, cards, features, pings, the short archive.
//!
//! Refused: every change of the list but adding, writing a card, and what no document names.

use super::super::stanza::{date_time, error_of};
use super::super::stream::CLIENT;
use super::super::switches::{IqFrom, OwnCard};
use super::{CAPS, NODE, Service, verification};
use crate::types::BareJid;
use crate::xml::Element;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

pub(super) const ROSTER: &str = "jabber:iq:roster";
/// Identity of the cast's program, as XEP-0115 joins it: category, type, language, name.
pub(super) const IDENTITY: &str = "client/pc//butty demo";
const SESSION: &str = "urn:ietf:params:xml:ns:xmpp-session";
const LOOK_UP: &str = "http://messenger.live.com/xmpp/jidlookup";
const CARD: &str = "vcard-temp";
const PING: &str = "urn:xmpp:ping";
const FEATURES: &str = "http://jabber.org/protocol/disco#info";
const ITEMS: &str = "http://jabber.org/protocol/disco#items";
const ARCHIVE: &str = "urn:xmpp:archive";
const CHAT_STATES: &str = "http://jabber.org/protocol/chatstates";
const RECEIPTS: &str = "urn:xmpp:receipts";
const ATTENTION: &str = "urn:xmpp:attention:0";
const INVISIBLE: &str = "urn:xmpp:invisible:1";

/// What the cast's program says it can do.
pub(super) const FEATURES_OF_PEOPLE: &[&str] = &[ATTENTION, CAPS, CHAT_STATES, FEATURES, PING, RECEIPTS];

impl Service {
    /// Answers a request; answers of the client itself are of no interest.
    pub(super) fn request(&mut self, id: u64, iq: &Element) {
        let writes = match iq.get("type") {
            Some("get") => false,
            Some("set") => true,
            Some("result" | "error") => return,
            _ => return self.answer(id, iq, Err(("modify", "bad-request"))),
        };
        let mut children = iq.children();
        let (Some(payload), None, Some(_)) = (children.next(), children.next(), iq.get("id")) else {
            return self.answer(id, iq, Err(("modify", "bad-request")));
        };
        let to = iq.get("to").filter(|to| *to != self.domain && !self.is_own(to));
        let outcome = match to {
            _ if payload.ns() == LOOK_UP && !writes && !self.switches.core_only => Ok(Some(self.look_up(iq.get("to")))),
            None if payload.is("vCard", CARD) && self.switches.own_card == OwnCard::Silence => return,
            None => self.own_request(id, payload, writes),
            Some(to) => self.ask_person(to, payload, writes),
        };
        self.answer(id, iq, outcome);
    }

    fn is_own(&self, to: &str) -> bool {
        to == self.account.as_str() || self.sessions.values().any(|session| session.address.as_str() == to)
    }

    fn answer(&mut self, id: u64, iq: &Element, outcome: Outcome) {
        let answer = match outcome {
            Ok(payload) => Element::new("iq", CLIENT).attr("type", "result").child_opt(payload),
            Err((kind, condition)) => error_of(iq, kind, condition),
        };
        let from = match (iq.get("to"), self.switches.iq_from) {
            (Some(to), _) => Some(to.to_owned()),
            (None, IqFrom::Domain) => Some(self.domain.clone()),
            (None, IqFrom::Bare) => Some(self.account.as_str().to_owned()),
            (None, IqFrom::Full) => self.sessions.get(&id).map(|session| session.address.as_str().to_owned()),
            (None, IqFrom::Absent) => None,
        };
        self.send(id, answer.attr_opt("id", iq.get("id")).attr_opt("from", from));
    }

    fn own_request(&mut self, id: u64, payload: &Element, writes: bool) -> Outcome {
        match (payload.name(), payload.ns(), writes) {
            ("query", ROSTER, false) => {
                if let Some(session) = self.sessions.get_mut(&id) {
                    session.interested = true;
                }
                let items = self.roster.iter().map(super::Buddy::item);
                Ok(Some(Element::new("query", ROSTER).children_from(items)))
            }
            ("query", ROSTER, true) => self.add(payload),
            ("session", SESSION, true) => Ok(None),
            _ if self.switches.core_only => Err(UNKNOWN),
            ("ping", PING, false) => Ok(None),
            ("query", FEATURES, false) => Ok(Some(described(payload, "server/im//Messenger demo", &self.features()))),
            ("query", ITEMS, false) => Ok(Some(Element::new("query", ITEMS))),
            ("vCard", CARD, false) => match self.switches.own_card {
                OwnCard::Refused => Err(("auth", "not-authorized")),
                OwnCard::Broken => Err(("wait", "internal-server-error")),
                _ => {
                    let photo = self.sessions.get(&id).is_some_and(|session| session.sees_photo).then(photo);
                    Ok(Some(card(&self.cast.you.name, &self.cast.you.email).child_opt(photo)))
                }
            },
            ("vCard", CARD, true) => Err(("auth", "forbidden")),
            ("list", ARCHIVE, false) => Ok(Some(self.archive_list(payload.get("with")))),
            ("retrieve", ARCHIVE, false) => Ok(Some(self.archive_page(payload.get("with")))),
            ("invisible" | "visible", INVISIBLE, true) if self.switches.extras() => Ok(None),
            _ => Err(UNKNOWN),
        }
    }

    /// Adds a buddy; there is no other change (documented).
    fn add(&mut self, query: &Element) -> Outcome {
        let mut items = query.children();
        let (Some(item), None) = (items.next(), items.next()) else { return Err(("modify", "bad-request")) };
        if item.get("subscription") == Some("remove") {
            return Err(("cancel", "not-allowed"));
        }
        let address = item.get("jid").and_then(|jid| BareJid::parse(jid).ok()).ok_or(("modify", "jid-malformed"))?;
        if self.buddy(address.as_str()).is_some() {
            return Err(("cancel", "not-allowed"));
        }
        let name = item.get("name").map(str::to_owned);
        let groups = item.children().filter(|child| child.is("group", ROSTER)).map(Element::content);
        let groups: Vec<String> = groups.collect();
        let buddy = self.entry(address.as_str()).ok_or(("wait", "resource-constraint"))?;
        let name = name.unwrap_or_else(|| buddy.name.clone());
        buddy.rename(&name, groups.into_iter());
        self.push(address.as_str());
        Ok(None)
    }

    /// E-mail to address. The e-mail stands in `to` as it is, as Gabble sent it.
    fn look_up(&self, to: Option<&str>) -> Element {
        let to = to.unwrap_or_default();
        let known = self.cast.people.iter().position(|person| person.email.eq_ignore_ascii_case(to));
        let found = known.or_else(|| self.who(to)).and_then(|who| self.folk.get(who));
        let jid = found.map(|folk| Element::new("jid", LOOK_UP).text(folk.address.as_str()));
        Element::new("getjid", LOOK_UP).child_opt(jid)
    }

    /// The service answers for somebody's card, their program for its features.
    fn ask_person(&self, to: &str, payload: &Element, writes: bool) -> Outcome {
        let person = self.who(to).and_then(|who| self.cast.people.get(who)).ok_or(("cancel", "item-not-found"))?;
        match (payload.name(), payload.ns(), writes) {
            _ if self.switches.core_only => Err(UNKNOWN),
            ("vCard", CARD, false) => Ok(Some(card(&person.name, &person.email))),
            ("query", FEATURES, false) if self.switches.extras() => {
                Ok(Some(described(payload, IDENTITY, FEATURES_OF_PEOPLE)))
            }
            ("ping", PING, false) if self.switches.extras() => Ok(None),
            _ => Err(UNKNOWN),
        }
    }

    fn features(&self) -> Vec<&'static str> {
        let documented = [FEATURES, ITEMS, CARD, PING, ARCHIVE, LOOK_UP];
        let added = [INVISIBLE].into_iter().filter(|_| self.switches.extras());
        documented.into_iter().chain(added).collect()
    }

    /// XEP-0136: the collections; one for each talk that has lines.
    fn archive_list(&self, with: Option<&str>) -> Element {
        let all = self.folk.iter().filter(|folk| with.is_none_or(|with| folk.address.as_str() == with));
        let chats = all.filter_map(|folk| {
            let start = date_time(folk.archive.front()?.at);
            let chat = Element::new("chat", ARCHIVE).attr("with", folk.address.as_str());
            Some(chat.attr("start", start))
        });
        Element::new("list", ARCHIVE).children_from(chats)
    }

    /// XEP-0136: the last ten of one talk at most; times and pages asked for are ignored (documented).
    fn archive_page(&self, with: Option<&str>) -> Element {
        let folk = with.and_then(|with| self.who(with)).and_then(|who| self.folk.get(who));
        let chat = Element::new("chat", ARCHIVE).attr_opt("with", with);
        let Some((folk, first)) = folk.and_then(|folk| Some((folk, folk.archive.front()?))) else { return chat };
        let lines = folk.archive.iter().map(|remark| {
            let seconds = remark.at.since(first.at).as_secs();
            let body = Element::new("body", ARCHIVE).text(remark.text.as_str());
            let name = if remark.mine { "to" } else { "from" };
            Element::new(name, ARCHIVE).attr("secs", seconds.to_string()).child(body)
        });
        chat.attr("start", date_time(first.at)).children_from(lines)
    }
}

type Outcome = Result<Option<Element>, (&'static str, &'static str)>;

const UNKNOWN: (&str, &str) = ("cancel", "service-unavailable");

fn card(name: &str, email: &str) -> Element {
    let email = Element::new("EMAIL", CARD).child(Element::new("USERID", CARD).text(email));
    Element::new("vCard", CARD).child(Element::new("FN", CARD).text(name)).child(email)
}

/// The picture of the person who signs in.
fn photo() -> Element {
    let data = STANDARD.encode(include_bytes!("../../../assets/demo/anna.png"));
    let parts = [("TYPE", "image/png".to_owned()), ("BINVAL", data)];
    let parts = parts.map(|(name, text)| Element::new(name, CARD).text(text));
    Element::new("PHOTO", CARD).children_from(parts)
}

/// A disco#info answer; the asked node comes back, for that of the capabilities is the only one.
fn described(query: &Element, identity: &str, features: &[&'static str]) -> Element {
    let mut parts = identity.split('/');
    let mut part = || parts.next().unwrap_or_default();
    let (category, kind, _, name) = (part(), part(), part(), part());
    let identity = Element::new("identity", FEATURES).attr("category", category).attr("type", kind).attr("name", name);
    let known = format!("{NODE}#{}", verification(features));
    let node = query.get("node").filter(|node| *node == known);
    let features = features.iter().map(|feature| Element::new("feature", FEATURES).attr("var", *feature));
    Element::new("query", FEATURES).attr_opt("node", node).child(identity).children_from(features)
}
