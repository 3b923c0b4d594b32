//! The rows of the list, made anew only when something in them may have changed.
//!
//! Sorting a thousand buddies for every key press would cost more than all the rest of a frame. So everything that
//! `list::rows` reads is reduced to one number, which is cheap, and the rows are kept while it stays the same. In
//! debug builds the kept rows are compared with new ones, so that an input forgotten here fails the tests.

use crate::app::list::{self, Row};
use crate::app::model::{Account, Contact, Model};
use std::hash::{DefaultHasher, Hash, Hasher};

/// The rows as last made.
#[derive(Debug, Default)]
pub struct Memory {
    print: Option<u64>,
    rows: Vec<Row>,
}

impl Memory {
    /// The rows as they stand.
    pub fn rows(&mut self, model: &Model) -> &[Row] {
        let print = fingerprint(model);
        if self.print != Some(print) {
            self.rows = list::rows(model);
            self.print = Some(print);
        }
        debug_assert!(self.rows == list::rows(model), "the rows changed and their fingerprint did not");
        &self.rows
    }
}

fn fingerprint(model: &Model) -> u64 {
    let mut hasher = DefaultHasher::new();
    let state = &mut hasher;
    (&model.list.filter, &model.list.folded, &model.list.frozen, model.options.hide_offline).hash(state);
    // While the list has the focus its rows are held still: the same ones as long as they lie in the same place.
    model.list.held.as_ref().map(|held| (held.rows.as_ptr() as usize, held.rows.len())).hash(state);
    (&model.tabs, &model.open).hash(state);
    for account in &model.accounts {
        hash_account(account, model, state);
    }
    for (key, talk) in &model.talks {
        let draft = talk.has_draft();
        if talk.unread > 0 || draft || talk.nick.is_some() {
            (key, talk.unread, draft, &talk.nick).hash(state);
        }
    }
    hasher.finish()
}

fn hash_account(account: &Account, model: &Model, state: &mut DefaultHasher) {
    (&account.setup.id, &account.setup.name, account.online(), account.roster_known).hash(state);
    for request in &account.requests {
        (&request.from, &request.nick).hash(state);
    }
    for contact in account.roster.values() {
        hash_contact(contact, model, state);
    }
}

fn hash_contact(contact: &Contact, model: &Model, state: &mut DefaultHasher) {
    let item = &contact.item;
    (&item.jid, &item.name, &item.groups, item.subscription, item.pending).hash(state);
    (&contact.nick, &contact.status, contact.since, contact.stale).hash(state);
    let now = model.now.mono;
    (contact.typing.is_some_and(|until| until > now), contact.sorted_as).hash(state);
    contact.sorted_as.is_some_and(|(_, until)| until > now).hash(state);
    for (name, device) in &contact.devices {
        (name, device.show, &device.status, device.priority, device.since).hash(state);
    }
}
