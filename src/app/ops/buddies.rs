//! Adding, answering, renaming, removing. The server's pushes change the list; nothing is changed ahead of them.

use crate::app::action::Effects;
use crate::app::model::{Asked, Contact, ConversationKey, Model};
use crate::app::words::notices;
use crate::types::{AccountId, BareJid, Line, Problem};
use crate::xmpp::{Command, Subscription, SubscriptionStep};

impl Model {
    /// Answers somebody who asks to be a buddy. Yes asks back, unless we see them already.
    pub fn answer_request(&mut self, account: &AccountId, from: &BareJid, yes: bool, fx: &mut Effects) {
        let Some(own) = self.account_mut(account) else { return };
        if !own.online() {
            self.toast(notices::offline());
            return;
        }
        let nick = own.requests.iter().find(|request| request.from == *from).and_then(|r| r.nick.clone());
        own.requests.retain(|request| request.from != *from);
        let sees = own.roster.get(from).is_some_and(|contact| {
            contact.item.pending || matches!(contact.item.subscription, Subscription::To | Subscription::Both)
        });
        let known = own.roster.contains_key(from);
        let step = if yes { SubscriptionStep::Accept } else { SubscriptionStep::Deny };
        if yes && !sees && !known {
            // Before the yes, which makes an entry by itself: some lists take a name only together with the entry.
            let name = nick.filter(|nick| !self.misleads(nick)).map(|nick| nick.to_string());
            self.set_buddy(account, from, name, Vec::new(), fx);
        }
        self.command(account, Command::Subscription { who: from.clone(), step }, fx);
        if yes && !sees {
            self.command(account, Command::Subscription { who: from.clone(), step: SubscriptionStep::Ask }, fx);
        }
    }

    /// Asks somebody to be a buddy.
    pub fn add_buddy(
        &mut self,
        account: &AccountId,
        address: &str,
        group: Option<&str>,
        fx: &mut Effects,
    ) -> Result<(), Problem> {
        let wrong = |why: &str| Problem::BadArgument { command: Line::clean("/add"), why: Line::clean(why) };
        let who = BareJid::parse(address.trim()).ok().filter(|jid| jid.local().is_some());
        let who = who.ok_or_else(|| wrong(notices::NO_ADDRESS))?;
        let own = self.account(account).filter(|own| own.online()).ok_or_else(|| wrong(notices::NOT_SIGNED_IN))?;
        if own.jid.as_ref().is_some_and(|jid| jid.bare() == who) {
            return Err(wrong(notices::THAT_IS_YOU));
        }
        let asked = own.requests.iter().any(|request| request.from == who);
        let buddy = own.roster.get(&who).is_some_and(sees);
        let key = ConversationKey::direct(account.clone(), who.clone());
        if buddy && self.is_hidden(&key) {
            self.hide_here(&key, false, fx);
        } else if buddy {
            self.toast(notices::already_a_buddy(&self.name_of_peer(account, &who)));
        } else if own.features.look_up {
            self.look_up_address(account, address.trim(), group, fx);
        } else {
            self.ask_buddy(account, &who, group, fx);
        }
        if asked && !buddy {
            self.answer_request(account, &who, true, fx);
        }
        Ok(())
    }

    fn look_up_address(&mut self, account: &AccountId, email: &str, group: Option<&str>, fx: &mut Effects) {
        let request = self.fresh_request();
        let asked = Asked::Address { email: email.to_owned(), group: group.map(str::to_owned) };
        self.ask(account, request, asked);
        self.command(account, Command::LookUp { request, email: email.to_owned() }, fx);
    }

    /// The look-up of an e-mail was answered.
    pub(crate) fn on_address(&mut self, account: &AccountId, asked: Asked, found: Option<BareJid>, fx: &mut Effects) {
        match (asked, found) {
            (Asked::Address { group, .. }, Some(who)) => self.ask_buddy(account, &who, group.as_deref(), fx),
            (Asked::Address { email, .. }, None) => {
                self.toast(notices::nobody_uses(Line::clean(&email).as_str()));
            }
            _ => {}
        }
    }

    fn ask_buddy(&mut self, account: &AccountId, who: &BareJid, group: Option<&str>, fx: &mut Effects) {
        let key = ConversationKey::direct(account.clone(), who.clone());
        if self.is_hidden(&key) {
            // Whoever adds them again wants to see them.
            self.hide_here(&key, false, fx);
            if self.contact(&key).is_some_and(sees) {
                return;
            }
        }
        let old = self.account(account).and_then(|own| own.roster.get(who));
        let name = old.and_then(|contact| contact.item.name.as_ref()).map(Line::to_string);
        let mut groups = old.map(groups_of).unwrap_or_default();
        groups.extend(group.map(str::to_owned).filter(|group| !groups.contains(group)));
        self.set_buddy(account, who, name, groups, fx);
        self.command(account, Command::Subscription { who: who.clone(), step: SubscriptionStep::Ask }, fx);
        self.toast(notices::asked_to_be_buddies(&self.name_of_peer(account, who)));
    }

    /// Takes a buddy off the list, and ends that each sees the other; out of sight alone where the service cannot.
    pub fn remove_buddy(&mut self, key: &ConversationKey, fx: &mut Effects) {
        if self.changes_only_here(key) {
            self.hide_here(key, true, fx);
        } else if self.may_change(key) {
            let request = self.fresh_request();
            self.ask(&key.account, request, Asked::Buddy(key.peer.clone()));
            self.command(&key.account, Command::RemoveBuddy { request, who: key.peer.clone() }, fx);
        }
    }

    /// Gives a buddy another name; an empty one takes ours back.
    pub fn rename_buddy(&mut self, key: &ConversationKey, name: &str, fx: &mut Effects) {
        if self.changes_only_here(key) {
            self.rename_here(key, name, fx);
        } else if self.may_change(key) {
            self.tell_rather(key, fx, |here| here.name = None);
            let groups = self.contact(key).map(groups_of).unwrap_or_default();
            let name = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
            self.set_buddy(&key.account, &key.peer, name, groups, fx);
        }
    }

    /// Puts a buddy into exactly these groups.
    pub fn set_groups(&mut self, key: &ConversationKey, groups: Vec<String>, fx: &mut Effects) {
        if self.changes_only_here(key) {
            self.group_here(key, &groups, fx);
        } else if self.may_change(key) {
            self.tell_rather(key, fx, |here| here.groups = None);
            let name = self.contact(key).and_then(|contact| contact.item.name.as_ref()).map(Line::to_string);
            self.set_buddy(&key.account, &key.peer, name, groups, fx);
        }
    }

    /// Why the list cannot be changed for this buddy now, if so.
    pub fn list_barred(&self, key: &ConversationKey) -> Option<String> {
        match self.account(&key.account) {
            Some(own) if own.online() || own.list_is_fixed() => None,
            _ => Some(notices::offline()),
        }
    }

    /// Whether the list can be changed for this buddy; says why not.
    fn may_change(&mut self, key: &ConversationKey) -> bool {
        let barred = self.list_barred(key);
        let may = barred.is_none();
        if let Some(why) = barred {
            self.toast(why);
        }
        may && self.contact(key).is_some()
    }

    fn set_buddy(
        &mut self,
        account: &AccountId,
        who: &BareJid,
        name: Option<String>,
        groups: Vec<String>,
        fx: &mut Effects,
    ) {
        let request = self.fresh_request();
        self.ask(account, request, Asked::Buddy(who.clone()));
        self.command(account, Command::SetBuddy { request, who: who.clone(), name, groups }, fx);
    }

    /// Remembers why a request goes out.
    fn ask(&mut self, account: &AccountId, request: crate::types::RequestId, asked: Asked) {
        if let Some(own) = self.account_mut(account) {
            own.asked.insert(request, asked);
        }
    }
}

/// Their presence comes to us.
fn sees(contact: &Contact) -> bool {
    matches!(contact.item.subscription, Subscription::To | Subscription::Both)
}

fn groups_of(contact: &Contact) -> Vec<String> {
    contact.item.groups.iter().map(Line::to_string).collect()
}
