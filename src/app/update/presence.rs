//! Who is there, on which device, and who types.

use crate::app::model::{Account, Contact, ConversationKey, Device, Model};
use crate::types::limits::DEVICES;
use crate::types::{AccountId, Jid, Now};
use crate::xmpp::{ChatState, Direction, Incoming, Presence, Show, Via};
use std::time::Duration;

/// Somebody who vanishes keeps the place in the list for this time.
const FLAP: Duration = Duration::from_secs(10);
/// "Typing" is believed for this time without a word.
const TYPING: Duration = Duration::from_secs(60);
/// After sign-in, presence that has not come this long after the last one does not come.
const SETTLE: Duration = Duration::from_secs(3);

/// A buddy's device appears, changes or vanishes. Only buddies count: a stranger's word takes no memory.
pub(super) fn on_presence(model: &mut Model, id: &AccountId, presence: Presence) {
    let now = model.now;
    let peer = presence.from.bare();
    let Some(account) = model.account_mut(id) else { return };
    if account.settle_at.is_some() {
        account.settle_at = Some(now.mono.saturating_add(SETTLE));
    }
    if !account.roster.hear(presence, now) {
        return;
    }
    let key = ConversationKey::direct(id.clone(), peer);
    if let Some(talk) = model.talks.get_mut(&key) {
        talk.locked_to = None; // RFC 6121 section 5.1
    }
}

impl Contact {
    /// Called by the list, which keeps count of the words.
    pub(in crate::app) fn hear(&mut self, presence: Presence, now: Now) {
        if self.stale {
            self.devices.clear();
            self.stale = false;
        }
        let before = self.best().map(|device| device.show);
        if presence.nick.is_some() {
            self.nick = presence.nick;
        }
        let resource = presence.from.resource().unwrap_or_default().to_owned();
        let since = presence.since.unwrap_or(now.wall).min(now.wall);
        if presence.show == Show::Offline {
            if resource.is_empty() {
                self.devices.clear();
            } else {
                self.devices.remove(&resource);
            }
            self.status = presence.status.or(self.status.take());
        } else if self.devices.len() < DEVICES || self.devices.contains_key(&resource) {
            let Presence { show, status, priority, .. } = presence;
            let old = self.devices.get(&resource).filter(|old| old.show == show && presence.since.is_none());
            let since = old.map_or(since, |old| old.since);
            self.status.clone_from(&status);
            self.devices.insert(resource, Device { show, status, priority, since });
        }
        self.moved(before, since, now);
    }

    /// The state as a whole may have changed.
    fn moved(&mut self, before: Option<Show>, since: crate::types::Stamp, now: Now) {
        let after = self.best().map(|device| device.show);
        if after != before {
            self.since = Some(since);
        }
        match (before, after) {
            (Some(show), None) => {
                self.typing = None;
                self.sorted_as = Some((show, now.mono.saturating_add(FLAP)));
            }
            (None, Some(_)) => self.sorted_as = None,
            _ => {}
        }
    }

    /// The device that speaks for the buddy: the best state wins, then the higher priority, then the latest.
    pub fn best(&self) -> Option<&Device> {
        self.devices.values().min_by_key(|device| {
            (rank(device.show), std::cmp::Reverse(device.priority), std::cmp::Reverse(device.since))
        })
    }

    /// State as a whole; `None`: not known.
    pub fn show(&self) -> Option<Show> {
        match self.best() {
            Some(device) => Some(device.show),
            None if self.stale => None,
            None => Some(Show::Offline),
        }
    }

    /// Online, or was until a moment ago: does not move in the list yet.
    pub fn present(&self) -> bool {
        !self.devices.is_empty() || self.sorted_as.is_some()
    }
}

fn rank(show: Show) -> u8 {
    match show {
        Show::Available => 0,
        Show::Busy => 1,
        Show::Away => 2,
        Show::Gone => 3,
        Show::Offline => 4,
    }
}

impl Account {
    /// Presence has come in: who was silent is offline. A Messenger-style service answers no probes, so there the
    /// last known state is kept.
    pub(super) fn settle(&mut self) {
        self.settle_at = None;
        self.settled = true;
        let keeps = self.features.messenger;
        for contact in self.roster.values_mut().filter(|contact| contact.stale) {
            contact.stale = false;
            if !keeps {
                contact.devices.clear();
            }
        }
        self.roster.recount();
    }

    /// The roster is known: presence follows.
    pub(super) fn begin_settling(&mut self, now: Now) {
        self.settle_at = Some(now.mono.saturating_add(SETTLE));
    }
}

/// A typing notice without a message.
pub(super) fn on_chat_state(model: &mut Model, id: &AccountId, from: &Jid, state: ChatState) {
    let until = model.now.mono.saturating_add(TYPING);
    let contact = model.account_mut(id).and_then(|account| account.roster.get_mut(&from.bare()));
    if let Some(contact) = contact {
        contact.typing = (state == ChatState::Composing).then_some(until);
    }
}

/// They said something: typing is over, unless they say that it goes on.
pub(super) fn on_spoken(model: &mut Model, id: &AccountId, incoming: &Incoming) {
    let state = incoming.state.unwrap_or(ChatState::Active);
    on_chat_state(model, id, &incoming.from, state);
}

/// Answers go to the device that spoke last (RFC 6121 section 5.1), if it is there.
pub(super) fn lock(model: &mut Model, key: &ConversationKey, incoming: &Incoming) {
    let live = incoming.via == Via::Live && incoming.direction == Direction::In && !incoming.delayed;
    let Jid::Full(full) = &incoming.from else { return };
    let there = model.contact(key).is_some_and(|contact| contact.devices.contains_key(full.resource()));
    if let Some(talk) = model.talks.get_mut(key).filter(|_| live && there) {
        talk.locked_to = Some(full.clone());
    }
}
