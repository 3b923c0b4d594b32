//! What is left to do once the archive is here whole: talks off the screen need less room, and what a check has told, and
//! no other page, is taken in.

use super::Gap;
use crate::app::action::Effects;
use crate::app::model::{Account, Asked, Model};
use crate::app::timeline::Room;
use crate::types::AccountId;
use crate::types::limits::{LATE, LATE_BYTES};
use crate::xmpp::{Content, Incoming, Via};

impl Model {
    /// This is of a page that is to prove what became of ours, or that nobody waits for any more; or was put by.
    pub(in crate::app) fn is_of_check(&self, id: &AccountId, incoming: &Incoming) -> bool {
        let Some(account) = self.account(id).filter(|_| incoming.via == Via::Archive) else { return false };
        incoming.page.is_none_or(|page| matches!(account.asked.get(&page), Some(Asked::Check) | None))
    }

    /// Another page may have yet to bring this, the newest one or one of a gap, and knows better where it belongs: it is
    /// put by for it. A message of another device that no carbon told (XEP-0280), and that stands before the cursor,
    /// comes by none. False where there is no room for more, or nothing to wait for.
    pub(in crate::app) fn put_by(&mut self, id: &AccountId, incoming: &Incoming) -> bool {
        let Some(account) = self.account_mut(id).filter(|_| incoming.page.is_some()) else { return false };
        let in_gap = |gap: &Gap| incoming.stamp.is_some_and(|stamp| gap.holds(stamp));
        let sync = &mut account.sync;
        if sync.complete && !sync.gaps.iter().any(in_gap) {
            return false;
        }
        // It has its place already.
        if sync.late.iter().any(|late| late.stanza_id == incoming.stanza_id) {
            return true;
        }
        let bytes: usize = sync.late.iter().map(length).sum();
        let fits = sync.late.len() < LATE && bytes.saturating_add(length(incoming)) <= LATE_BYTES;
        if fits && incoming.stanza_id.is_some() {
            sync.late.push(Incoming { page: None, ..incoming.clone() });
        }
        fits && incoming.stanza_id.is_some()
    }

    /// It came by another way.
    pub(in crate::app) fn forget_late(&mut self, id: &AccountId, incoming: &Incoming) {
        if let Some(account) = self.account_mut(id).filter(|account| !account.sync.late.is_empty()) {
            account.sync.late.retain(|late| late.stanza_id != incoming.stanza_id);
        }
    }

    /// Nothing else brings it.
    pub(super) fn take_late(&mut self, id: &AccountId, fx: &mut Effects) {
        let late = self.account_mut(id).map(|account| std::mem::take(&mut account.sync.late));
        for incoming in late.into_iter().flatten() {
            self.hear(id, &incoming, fx);
        }
    }

    /// The archive is here whole, perhaps.
    pub(super) fn settle(&mut self, id: &AccountId, fx: &mut Effects) {
        if self.account(id).is_some_and(|account| account.sync.complete && account.sync.gaps.is_empty()) {
            self.take_late(id, fx);
            self.trim_off_screen(id);
        }
    }

    /// How much of a talk of this account is kept off the screen.
    pub(in crate::app) fn room_off_screen(&self, id: &AccountId) -> Room {
        let talks = self.talks.len();
        // What the server kept comes before it says what it can.
        let archive = |own: &&Account| own.features.archive || (!own.features_known && own.sync.cursor.is_some());
        let account = self.account(id).filter(archive);
        let read = account.is_none_or(|account| account.sync.complete && account.sync.gaps.is_empty());
        if read { Room::Closed(talks) } else { Room::InOrder(talks) }
    }

    /// Nothing more is to be put in order, perhaps.
    pub(super) fn trim_off_screen(&mut self, id: &AccountId) {
        let room = self.room_off_screen(id);
        let open = self.open.clone();
        let closed = self.talks.values_mut().filter(|talk| talk.key.account == *id && Some(&talk.key) != open.as_ref());
        closed.for_each(|talk| talk.trim(room));
    }
}

fn length(incoming: &Incoming) -> usize {
    match &incoming.body {
        Content::Plain(prose) => prose.as_str().len(),
        Content::None | Content::Encrypted { .. } => 0,
    }
}
