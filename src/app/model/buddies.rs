//! The buddies of an account. What a server says of them, and what they say of themselves, has an end.

use super::{Contact, OnlyHere};
use crate::types::limits::{BUDDIES, PRESENCE_BYTES, ROSTER_BYTES};
use crate::types::{BareJid, Line, Now};
use crate::xmpp::{Presence, RosterItem, Show, Subscription};
use std::collections::{BTreeMap, btree_map};
use std::ops::Deref;

/// Buddies by address, no more of them than there is room for.
#[derive(Clone, Debug, Default)]
pub struct Buddies {
    all: BTreeMap<BareJid, Contact>,
    /// The list as the server keeps it, in bytes.
    listed: usize,
    /// What they say of themselves, in bytes, or more: what went is counted out when a session settles.
    told: usize,
    /// Something that the server has did not fit: its version is not ours until a whole list does.
    partial: bool,
}

impl Deref for Buddies {
    type Target = BTreeMap<BareJid, Contact>;

    fn deref(&self) -> &Self::Target {
        &self.all
    }
}

impl Buddies {
    /// One of them, for what takes no room.
    pub(in crate::app) fn get_mut(&mut self, who: &BareJid) -> Option<&mut Contact> {
        self.all.get_mut(who)
    }

    /// All of them, for what takes no room.
    pub(in crate::app) fn values_mut(&mut self) -> btree_map::ValuesMut<'_, BareJid, Contact> {
        self.all.values_mut()
    }

    /// Another list in this one's place; what is known of who stays is kept. `only_here`: what the person changed. What of
    /// it was taken in, and whether that is all.
    pub(in crate::app) fn replace(
        &mut self,
        items: Vec<RosterItem>,
        only_here: &BTreeMap<BareJid, OnlyHere>,
    ) -> (Vec<RosterItem>, bool) {
        let mut old = std::mem::take(&mut self.all);
        self.listed = 0;
        let number = items.len();
        let taken: Vec<RosterItem> = items.into_iter().filter(|item| self.put(item, only_here, &mut old)).collect();
        self.recount();
        let whole = taken.len() == number;
        self.partial = !whole;
        (taken, whole)
    }

    fn put(
        &mut self,
        item: &RosterItem,
        only_here: &BTreeMap<BareJid, OnlyHere>,
        old: &mut BTreeMap<BareJid, Contact>,
    ) -> bool {
        if item.subscription == Subscription::Removed {
            return true;
        }
        if !self.set(item) {
            return false;
        }
        let here = only_here.get(&item.jid).cloned().unwrap_or_default();
        if let Some(contact) = self.all.get_mut(&item.jid) {
            let known = old.remove(&item.jid).unwrap_or_else(|| Contact::new(item.clone()));
            *contact = Contact { item: item.clone(), here, ..known };
        }
        true
    }

    /// Adds somebody, or changes what the server keeps of them. False: there is no room, and nothing changed.
    pub(in crate::app) fn set(&mut self, item: &RosterItem) -> bool {
        let before = self.all.get(&item.jid).map(|contact| listed(&contact.item));
        let after = self.listed.saturating_sub(before.unwrap_or_default()).saturating_add(listed(item));
        if after > ROSTER_BYTES || (before.is_none() && self.all.len() >= BUDDIES) {
            self.partial = true;
            return false;
        }
        self.listed = after;
        match self.all.get_mut(&item.jid) {
            Some(contact) => {
                // In more places, or fewer, the same words take another room.
                let before = told(contact);
                contact.item = item.clone();
                self.told = self.told.saturating_sub(before).saturating_add(told(contact));
            }
            None => drop(self.all.insert(item.jid.clone(), Contact::new(item.clone()))),
        }
        true
    }

    /// Nothing that the server has was left out.
    pub(in crate::app) fn is_whole(&self) -> bool {
        !self.partial
    }

    /// Takes somebody off.
    pub(in crate::app) fn remove(&mut self, who: &BareJid) {
        if let Some(contact) = self.all.remove(who) {
            self.listed = self.listed.saturating_sub(listed(&contact.item));
            self.told = self.told.saturating_sub(told(&contact));
        }
    }

    /// A buddy's device appears, changes or vanishes. Where half of the room is taken their words are left out, so that it
    /// is still seen who is there; where all of it is, a device that was not seen before. False: nobody on the list.
    pub(in crate::app) fn hear(&mut self, mut presence: Presence, now: Now) -> bool {
        let Some(contact) = self.all.get_mut(&presence.from.bare()) else { return false };
        let device = presence.from.resource().unwrap_or_default();
        let is_new = presence.show != Show::Offline && !contact.devices.contains_key(device);
        let name = if is_new { ENTRY.saturating_add(device.len()) } else { 0 };
        let (nick, status) = (bytes(presence.nick.as_ref()), bytes(presence.status.as_ref()));
        let words = nick.saturating_add(status).saturating_mul(places(&contact.item)).saturating_add(status);
        if self.told.saturating_add(name).saturating_add(words) > PRESENCE_BYTES / 2 {
            (presence.nick, presence.status) = (None, None);
            if is_new && self.told.saturating_add(name) > PRESENCE_BYTES {
                return true;
            }
        }
        let before = told(contact);
        contact.hear(presence, now);
        self.told = self.told.saturating_sub(before).saturating_add(told(contact));
        true
    }

    /// Counts anew what they say of themselves.
    pub(in crate::app) fn recount(&mut self) {
        self.told = self.all.values().map(told).sum();
    }
}

fn bytes(line: Option<&Line>) -> usize {
    line.map_or(0, |line| line.as_str().len())
}

/// What keeping an entry takes beside its words.
const ENTRY: usize = 128;

/// In how many places of the list somebody stands, each with the name and the personal message.
fn places(item: &RosterItem) -> usize {
    item.groups.len().max(1)
}

fn listed(item: &RosterItem) -> usize {
    let place = ENTRY + item.jid.as_str().len() + bytes(item.name.as_ref());
    place * places(item) + item.groups.iter().map(|group| bytes(Some(group))).sum::<usize>()
}

fn told(contact: &Contact) -> usize {
    let devices = contact.devices.iter().map(|(name, device)| ENTRY + name.len() + bytes(device.status.as_ref()));
    let place = bytes(contact.nick.as_ref()) + bytes(contact.status.as_ref());
    place * places(&contact.item) + devices.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Jid;

    fn item(groups: usize) -> RosterItem {
        RosterItem {
            jid: BareJid::parse("bela@example.org").unwrap(),
            name: None,
            groups: (0..groups).map(|group| Line::clean(&group.to_string())).collect(),
            subscription: Subscription::Both,
            pending: false,
        }
    }

    fn presence(show: Show, status: Option<&str>) -> Presence {
        Presence {
            from: Jid::parse("bela@example.org/phone").unwrap(),
            show,
            status: status.map(Line::clean),
            priority: 0,
            nick: None,
            caps: None,
            since: None,
        }
    }

    /// What a count forgets could be taken as often as one likes.
    #[test]
    fn the_counts_are_those_of_what_is_here() {
        let mut buddies = Buddies::default();
        let words = "w".repeat(150);
        for step in 0..60 {
            match step % 6 {
                0 => assert!(buddies.set(&item(1))),
                1 | 4 => assert!(buddies.hear(presence(Show::Available, Some(&words)), Now::default())),
                2 => assert!(buddies.set(&item(32))),
                3 => assert!(buddies.hear(presence(Show::Away, None), Now::default())),
                _ if step % 12 == 5 => buddies.remove(&item(0).jid),
                _ => assert!(buddies.hear(presence(Show::Offline, None), Now::default())),
            }
            let counted = (buddies.listed, buddies.told);
            buddies.recount();
            let listed: usize = buddies.all.values().map(|contact| listed(&contact.item)).sum();
            assert_eq!(counted, (listed, buddies.told), "step {step}");
        }
    }
}
