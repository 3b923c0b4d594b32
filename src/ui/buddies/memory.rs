//! The rows of the list, made anew only when something in them may have changed.
//!
//! Sorting a thousand buddies for every key press would cost more than all the rest of a frame. So everything that
//! `list::rows` reads is reduced to one number, which is cheap, and the rows are kept while it stays the same. In
//! debug builds the kept rows are compared with new ones, so that an input forgotten here fails the tests.

use crate::app::list::{self, Row};
use crate::app::model::{Account, Contact, Model};
use std::hash::{Hash, Hasher};

/// The rows as last made.
#[derive(Clone, Debug, Default)]
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
    let mut hasher = Mixer::default();
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

fn hash_account(account: &Account, model: &Model, state: &mut Mixer) {
    (&account.setup.id, &account.setup.name, account.online(), account.roster_known).hash(state);
    (&account.told_name, account.features.messenger).hash(state);
    for request in &account.requests {
        (&request.from, &request.nick).hash(state);
    }
    for contact in account.roster.values() {
        hash_contact(contact, model, state);
    }
}

fn hash_contact(contact: &Contact, model: &Model, state: &mut Mixer) {
    let item = &contact.item;
    (&item.jid, &item.name, &item.groups, item.subscription, item.pending).hash(state);
    contact.here.hash(state);
    (&contact.nick, &contact.status, contact.since, contact.stale).hash(state);
    let now = model.now.mono;
    (contact.typing.is_some_and(|until| until > now), contact.sorted_as).hash(state);
    contact.sorted_as.is_some_and(|(_, until)| until > now).hash(state);
    for (name, device) in &contact.devices {
        (name, device.show, &device.status, device.priority, device.since).hash(state);
    }
}

/// A quick hash. The standard one guards tables against chosen keys, at four times the price, for every buddy at every
/// key; here two states that meet would leave a row as it was until the next change.
#[derive(Debug, Default)]
struct Mixer(u64);

impl Mixer {
    fn mix(&mut self, word: u64) {
        // A rotation, so that order counts; the golden ratio's bits, so that each bit reaches many.
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        self.mix(u64::from_le_bytes(last) ^ ((rest.len() as u64) << 56));
    }

    fn write_u8(&mut self, number: u8) {
        self.mix(u64::from(number));
    }

    fn write_u32(&mut self, number: u32) {
        self.mix(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        self.mix(number);
    }

    fn write_usize(&mut self, number: usize) {
        self.mix(number as u64);
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn print(value: impl Hash) -> u64 {
        let mut mixer = Mixer::default();
        value.hash(&mut mixer);
        mixer.finish()
    }

    #[test]
    fn small_changes_make_other_prints() {
        let mut seen = HashSet::new();
        for number in 0..10_000_u32 {
            assert!(seen.insert(print((format!("buddy{number}@example.org"), "Buddy", number % 7))), "{number}");
            assert!(seen.insert(print(("buddy@example.org", format!("Buddy {number}"), number % 7))), "{number}");
            assert!(seen.insert(print(("buddy@example.org", Some(u64::from(number)), false))), "{number}");
        }
        assert_ne!(print(("a", "bc")), print(("ab", "c")));
        assert_ne!(print((None::<u8>, Some(0_u8))), print((Some(0_u8), None::<u8>)));
        assert_ne!(print([1_u8, 2]), print([2_u8, 1]));
    }
}
