//! Going from talk to talk.

use crate::app::action::Effects;
use crate::app::list::{self, Row};
use crate::app::model::{ConversationKey, Model};
use crate::types::BareJid;

impl Model {
    /// Opens the talk that waits longest among those with something unread; buddies come before strangers.
    pub fn next_unread(&mut self, fx: &mut Effects) -> bool {
        let waiting = self.talks.values().filter(|talk| talk.unread > 0 && self.open.as_ref() != Some(&talk.key));
        let next = waiting
            .min_by_key(|talk| (self.contact(&talk.key).is_none(), talk.last_at, talk.key.clone()))
            .map(|talk| talk.key.clone());
        if let Some(key) = &next {
            self.open_talk(key, fx);
        } else if let Some(open) = self.open.clone().filter(|open| self.unread(open) > 0) {
            self.open_talk(&open, fx);
            self.scroll_to_end(fx);
            return true;
        }
        next.is_some()
    }

    /// Opens the next (1) or previous (−1) talk in the order of the list.
    pub fn step_talk(&mut self, by: i32, fx: &mut Effects) {
        let order = self.talk_order();
        let Ok(len) = i32::try_from(order.len()) else { return };
        if len == 0 {
            return;
        }
        let here = self.open.as_ref().and_then(|open| order.iter().position(|key| key == open));
        let to = match here.and_then(|at| i32::try_from(at).ok()) {
            Some(at) => at.saturating_add(by).rem_euclid(len),
            None if by < 0 => len - 1,
            None => 0,
        };
        if let Some(key) = usize::try_from(to).ok().and_then(|to| order.get(to)).cloned() {
            self.open_talk(&key, fx);
        }
    }

    /// Opens the talk that was open before.
    pub fn last_talk(&mut self, fx: &mut Effects) {
        if let Some(last) = self.last_open.clone() {
            self.open_talk(&last, fx);
        }
    }

    /// Opens a tab by its number, from 1.
    pub fn go_to_tab(&mut self, number: usize, fx: &mut Effects) -> bool {
        let Some(key) = number.checked_sub(1).and_then(|at| self.tabs.get(at)).cloned() else { return false };
        self.open_talk(&key, fx);
        true
    }

    /// Talks in the order of the list; those with a tab that the list does not show come last.
    fn talk_order(&self) -> Vec<ConversationKey> {
        let mut order: Vec<ConversationKey> = Vec::new();
        let shown = list::rows(self).into_iter().filter_map(|row| match row {
            Row::Buddy(buddy) => Some(buddy.key),
            _ => None,
        });
        for key in shown.chain(self.tabs.iter().cloned()) {
            if !order.contains(&key) {
                order.push(key);
            }
        }
        order
    }

    /// Whom a typed name means: an address, a name as shown, or the only name that begins so.
    pub fn find_peer(&self, text: &str) -> Option<ConversationKey> {
        let text = text.trim();
        if let Some(peer) = BareJid::parse(text).ok().filter(|_| text.contains('@')) {
            let known = self.accounts.iter().find(|account| account.roster.contains_key(&peer));
            let account = known.map(|account| &account.setup.id).or_else(|| self.account_in_use())?;
            return Some(ConversationKey::direct(account.clone(), peer));
        }
        let wanted = text.to_lowercase();
        if wanted.is_empty() {
            return None;
        }
        let named: Vec<(String, ConversationKey)> = self.everybody();
        let one = |fits: &dyn Fn(&str) -> bool| {
            let mut hits = named.iter().filter(|(name, _)| fits(name)).map(|(_, key)| key);
            let first = hits.next()?;
            hits.all(|key| key == first).then(|| first.clone())
        };
        one(&|name| name == wanted).or_else(|| one(&|name| name.starts_with(&wanted)))
    }

    /// Every buddy and stranger, under every name that one could type: in lower case.
    fn everybody(&self) -> Vec<(String, ConversationKey)> {
        let in_use = self.account_in_use();
        let mut accounts: Vec<_> = self.accounts.iter().collect();
        accounts.sort_by_key(|account| Some(&account.setup.id) != in_use);
        let buddies = accounts.into_iter().flat_map(|account| {
            account.roster.keys().map(|peer| ConversationKey::direct(account.setup.id.clone(), peer.clone()))
        });
        let strangers = self.talks.keys().filter(|key| self.contact(key).is_none()).cloned();
        let names = buddies.chain(strangers).flat_map(|key| {
            let shown = self.name_of(&key).to_lowercase();
            let local = key.peer.local().unwrap_or_default().to_lowercase();
            // Who is no buddy cannot have words sent to them by a name of their choice, but where there is no other.
            let known = self.contact(&key).is_some_and(|contact| contact.given_name().is_none());
            let opaque = self.account(&key.account).is_some_and(|own| own.features.messenger);
            let chosen = self.own_word_of(&key).filter(|_| known || opaque).map(|nick| nick.as_str().to_lowercase());
            [(shown, key.clone()), (local, key.clone()), (chosen.unwrap_or_default(), key)]
        });
        names.filter(|(name, _)| !name.is_empty()).collect()
    }
}
