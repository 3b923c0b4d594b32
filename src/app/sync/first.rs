//! The first time that an account is online with nothing known of its archive.
//!
//! Its last page is enough then: what is older was not missed, and talks ask for their own. But if the line breaks before
//! that page has come whole, the next one may begin later than we did: what lies between is a gap.

use crate::app::model::{Account, Model};
use crate::types::{AccountId, Stamp};
use std::time::Duration;

/// The clocks of two honest computers differ by less: what is so much older than our first time was not missed.
const CLOCKS: Duration = Duration::from_secs(60);

/// The first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct First {
    /// When it was.
    pub at: Stamp,
    /// The oldest result that a page told which did not come whole.
    pub told_from: Option<Stamp>,
    /// A session ended since, and no newest page has come whole yet.
    pub broke: bool,
}

impl First {
    /// Since when something may be missing, if anything may.
    pub(super) fn missed_from(&self) -> Option<Stamp> {
        self.broke.then(|| self.told_from.map_or(self.at, |told| told.min(self.at)))
    }

    /// The same, for another process: that takes what came since for news, so not what is older than our first time. Where
    /// a page began with something older, it goes on behind the newest message that is kept.
    pub(super) fn kept_from(&self) -> Option<Stamp> {
        self.missed_from().filter(|from| *from == self.at)
    }

    /// What was archived at this moment was so before we were there.
    pub(super) fn is_after(&self, stamp: Stamp) -> bool {
        stamp < self.at.minus(CLOCKS)
    }

    /// The newest page tells of a result of this moment.
    pub(super) fn note(&mut self, told: Stamp) {
        self.told_from = Some(self.told_from.map_or(told, |from| from.min(told)));
    }
}

impl Account {
    /// Nothing is known of what its archive has, or of when it was asked.
    fn knows_nothing(&self) -> bool {
        self.sync.cursor.is_none() && self.synced_to.or(self.sync.newest).is_none()
    }
}

impl Model {
    /// This is the first time, if nothing is known.
    pub(super) fn note_first(&mut self, id: &AccountId, at: Stamp) {
        let cached = self.cache_known;
        if let Some(account) = self.account_mut(id).filter(|account| cached && account.knows_nothing()) {
            account.sync.first.get_or_insert(First { at, told_from: None, broke: false });
        }
    }

    /// A session ends. If it was the first one, and no newest page has come whole, the next page has something to join.
    pub(in crate::app) fn break_first(&mut self, id: &AccountId) {
        let Some(account) = self.account(id).filter(|account| account.online()) else { return };
        self.note_first(id, account.heard_to(self.now.wall));
        if let Some(account) = self.account_mut(id).filter(|account| account.knows_nothing()) {
            account.sync.first = account.sync.first.map(|first| First { broke: true, ..first });
        }
    }
}
