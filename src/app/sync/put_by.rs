//! What waits until the archive is here whole: messages that a check told before their page did, and the room that talks
//! off the screen give back then.

use super::Gap;
use crate::app::action::Effects;
use crate::app::model::{Account, Asked, Model};
use crate::app::timeline::Room;
use crate::types::AccountId;
use crate::types::limits::{PUT_BY, PUT_BY_BYTES};
use crate::xmpp::{Content, Incoming, Via};

impl Model {
    /// This is of a page that is to prove what became of ours, or that nobody waits for any more; or was put by.
    pub(in crate::app) fn is_of_check(&self, id: &AccountId, incoming: &Incoming) -> bool {
        let Some(account) = self.account(id).filter(|_| incoming.via == Via::Archive) else { return false };
        incoming.page.is_none_or(|page| matches!(account.asked.get(&page), Some(Asked::Check) | None))
    }

    /// Puts by what a check has told before the page that may have it yet, the newest one or one of a gap, which knows
    /// better where it belongs. That is not certain: a message of another device that no carbon told (XEP-0280), and that
    /// stands before the cursor, comes by no page. False where there is nothing to wait for, or no room.
    pub(in crate::app) fn put_by(&mut self, id: &AccountId, incoming: &Incoming) -> bool {
        let Some(account) = self.account_mut(id).filter(|_| incoming.page.is_some() && incoming.stanza_id.is_some())
        else {
            return false;
        };
        let sync = &mut account.sync;
        let in_gap = |gap: &Gap| incoming.stamp.is_some_and(|stamp| gap.holds(stamp));
        if sync.complete && !sync.gaps.iter().any(in_gap) {
            return false;
        }
        // A check may read a page twice.
        if sync.put_by.iter().any(|other| other.stanza_id == incoming.stanza_id) {
            return true;
        }
        let bytes = sync.put_by.iter().map(weight).fold(weight(incoming), usize::saturating_add);
        let fits = sync.put_by.len() < PUT_BY && bytes <= PUT_BY_BYTES;
        if fits {
            sync.put_by.push(Incoming { page: None, ..incoming.clone() });
        }
        fits
    }

    /// Its page, or the line, has told of it.
    pub(in crate::app) fn no_longer_put_by(&mut self, id: &AccountId, incoming: &Incoming) {
        if let Some(account) = self.account_mut(id).filter(|account| !account.sync.put_by.is_empty()) {
            account.sync.put_by.retain(|other| other.stanza_id != incoming.stanza_id);
        }
    }

    /// Nothing else brings what was put by.
    pub(super) fn take_put_by(&mut self, id: &AccountId, fx: &mut Effects) {
        let put_by = self.account_mut(id).map(|account| std::mem::take(&mut account.sync.put_by));
        for incoming in put_by.into_iter().flatten() {
            self.hear(id, &incoming, fx);
        }
    }

    /// If the archive is here whole now, nothing is waited for any more, and talks off the screen need less room.
    pub(super) fn settle(&mut self, id: &AccountId, fx: &mut Effects) {
        if self.account(id).is_none_or(|account| !account.sync.complete || !account.sync.gaps.is_empty()) {
            return;
        }
        self.take_put_by(id, fx);
        let room = Room::Closed(self.talks.len());
        let open = self.open.as_ref();
        let closed = self.talks.values_mut().filter(|talk| talk.key.account == *id && Some(&talk.key) != open);
        closed.for_each(|talk| talk.trim(room));
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
}

/// Bytes of what others choose in it.
fn weight(incoming: &Incoming) -> usize {
    let body = match &incoming.body {
        Content::Plain(prose) => prose.as_str().len(),
        Content::None | Content::Encrypted { .. } => 0,
    };
    let ids = [incoming.id.as_ref().map(|id| &id.0), incoming.stanza_id.as_ref().map(|id| &id.0)];
    body + incoming.from.as_str().len() + ids.into_iter().flatten().map(String::len).sum::<usize>()
}
