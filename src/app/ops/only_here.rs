//! Names, groups and hiding where the service takes no such changes: they live on this computer (ux 1.5).

use crate::app::action::Effects;
use crate::app::effect::{Effect, StoreRequest};
use crate::app::model::{Account, ConversationKey, Model, OnlyHere};
use crate::app::words::notices;
use crate::types::Line;

/// The profile of such services, before they have said themselves what they can do.
const PROFILE: &str = "messenger";

impl Account {
    /// The service takes no change of the list but somebody new.
    pub fn list_is_fixed(&self) -> bool {
        self.features.messenger || (!self.features_known && self.setup.profile == PROFILE)
    }
}

impl Model {
    /// Changes of this buddy stay on this computer.
    pub fn changes_only_here(&self, key: &ConversationKey) -> bool {
        self.account(&key.account).is_some_and(Account::list_is_fixed)
    }

    /// The buddy is out of sight here.
    pub fn is_hidden(&self, key: &ConversationKey) -> bool {
        self.contact(key).is_some_and(|contact| contact.here.hidden)
    }

    /// Another name; an empty one takes ours back.
    pub(super) fn rename_here(&mut self, key: &ConversationKey, name: &str, fx: &mut Effects) {
        let name = Some(Line::clean(name.trim())).filter(|name| !name.is_empty());
        if self.change_here(key, fx, |here| here.name = name) {
            self.toast(notices::CHANGED_HERE);
        }
    }

    /// Exactly these groups.
    pub(super) fn group_here(&mut self, key: &ConversationKey, groups: &[String], fx: &mut Effects) {
        let groups: Vec<Line> = groups.iter().map(|group| Line::clean(group)).collect();
        let same = self.contact(key).is_some_and(|contact| contact.item.groups == groups);
        if self.change_here(key, fx, |here| here.groups = Some(groups).filter(|_| !same)) {
            self.toast(notices::CHANGED_HERE);
        }
    }

    /// Out of sight, or back in the list; nothing changes at the service.
    pub fn hide_here(&mut self, key: &ConversationKey, hidden: bool, fx: &mut Effects) {
        if !self.change_here(key, fx, |here| here.hidden = hidden) {
            return;
        }
        let name = self.name_of(key);
        self.toast(if hidden { notices::hidden_here(&name) } else { notices::back_in_list(&name) });
    }

    /// False: it cannot be changed.
    fn change_here(&mut self, key: &ConversationKey, fx: &mut Effects, change: impl FnOnce(&mut OnlyHere)) -> bool {
        if self.says_read_only(&key.account) {
            return false;
        }
        let Some(account) = self.account_mut(&key.account) else { return false };
        let Some(contact) = account.roster.get_mut(&key.peer) else { return false };
        change(&mut contact.here);
        let here = contact.here.clone();
        if here == OnlyHere::default() {
            account.only_here.remove(&key.peer);
        } else {
            account.only_here.insert(key.peer.clone(), here.clone());
        }
        account.take_name_of(&key.peer);
        // The list is held while it has the focus; who is hidden goes all the same.
        self.list.held = None;
        fx.push(Effect::Store(StoreRequest::OnlyHere { account: key.account.clone(), who: key.peer.clone(), here }));
        true
    }

    /// What was changed here gives way to what the service is told now.
    pub(super) fn tell_rather(&mut self, key: &ConversationKey, fx: &mut Effects, change: impl FnOnce(&mut OnlyHere)) {
        if self.contact(key).is_some_and(|contact| contact.here != OnlyHere::default()) {
            self.change_here(key, fx, change);
        }
    }
}
