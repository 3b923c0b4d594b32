//! The buddy list as the server keeps it, and who asks to be on it.

use crate::app::action::Effects;
use crate::app::effect::{Effect, StoreRequest};
use crate::app::model::{Account, Model, Request};
use crate::types::limits::REQUESTS;
use crate::types::{AccountId, BareJid, Line};
use crate::xmpp::{Command, RosterItem, Subscription, SubscriptionStep};

/// The whole roster, or the word that the cached one is right.
pub(super) fn on_roster(
    model: &mut Model,
    id: &AccountId,
    items: Option<Vec<RosterItem>>,
    version: Option<String>,
    fx: &mut Effects,
) {
    let now = model.now;
    let Some(account) = model.account_mut(id) else { return };
    account.roster_known = true;
    account.begin_settling(now);
    let Some(items) = items else { return };
    let (items, whole) = account.set_roster(items);
    let version = version.filter(|_| whole);
    account.roster_version.clone_from(&version);
    fx.push(Effect::Store(StoreRequest::Roster { account: id.clone(), items, version }));
}

impl Account {
    /// Replaces the list; what is known of who stays on it is kept. As much as there is room for, and whether that is all.
    pub(super) fn set_roster(&mut self, items: Vec<RosterItem>) -> (Vec<RosterItem>, bool) {
        let taken = self.roster.replace(items, &self.only_here);
        self.take_names();
        taken
    }
}

/// One change of the roster. Who does not fit in any more is left out, and so is the version that has them.
pub(super) fn on_push(model: &mut Model, id: &AccountId, item: RosterItem, version: Option<String>, fx: &mut Effects) {
    let Some(account) = model.account_mut(id) else { return };
    let jid = item.jid.clone();
    let is_new = !account.roster.contains_key(&jid);
    if item.subscription != Subscription::Removed && !account.roster.set(&item) {
        return;
    }
    // What was left out would be said to be here.
    let version = version.filter(|_| account.roster.is_whole());
    if version.is_some() {
        account.roster_version.clone_from(&version);
    }
    if item.subscription == Subscription::Removed {
        account.roster.remove(&jid);
    } else {
        let settled = account.settle_at.is_none();
        if let Some(contact) = account.roster.get_mut(&jid) {
            contact.here = account.only_here.get(&jid).cloned().unwrap_or_default();
            if settled && contact.stale && contact.devices.is_empty() {
                contact.stale = false;
            }
        }
        if matches!(item.subscription, Subscription::From | Subscription::Both) {
            account.requests.retain(|request| request.from != jid);
        }
        account.take_name_of(&jid);
        if is_new {
            // Where nobody was before, whoever is added is seen at once.
            drop(model.list.held.take_if(|held| held.rows.is_empty()));
        }
    }
    fx.push(Effect::Store(StoreRequest::RosterItem { account: id.clone(), item, version }));
    model.await_store(id, fx);
}

/// Somebody asks to be a buddy. Whom we asked ourselves needs no question.
pub(super) fn on_request(
    model: &mut Model,
    id: &AccountId,
    from: BareJid,
    nick: Option<Line>,
    text: Option<Line>,
    fx: &mut Effects,
) {
    let Some(account) = model.account_mut(id) else { return };
    let known = account.roster.get(&from).map(|contact| &contact.item);
    if known.is_some_and(|item| item.pending || item.subscription != Subscription::None) {
        let step = SubscriptionStep::Accept;
        model.command(id, Command::Subscription { who: from, step }, fx);
        return;
    }
    let request = Request { from: from.clone(), nick, text };
    if let Some(old) = account.requests.iter_mut().find(|old| old.from == from) {
        *old = request;
    } else if account.requests.len() < REQUESTS {
        account.requests.push(request);
    }
}
