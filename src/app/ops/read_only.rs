//! An account that another butty has open: it is read here, and nothing of it is sent or written.

use crate::app::action::Effects;
use crate::app::effect::{Effect, StoreRequest};
use crate::app::model::{Files, Model};
use crate::app::words::toasts;
use crate::types::AccountId;

impl Model {
    /// The files of this account are another's.
    pub fn is_read_only(&self, id: &AccountId) -> bool {
        self.account(id).is_some_and(|account| account.files != Files::Ours)
    }

    /// As [`Model::is_read_only`], and the person is told, for they wanted more.
    pub(crate) fn says_read_only(&mut self, id: &AccountId) -> bool {
        let read_only = self.is_read_only(id);
        if read_only {
            self.toast(toasts::READ_ONLY);
        }
        read_only
    }

    /// Takes out every wish to write into files that are another's: what it knows is newer than what we do.
    pub(crate) fn keep_hands_off(&self, fx: &mut Effects) {
        if self.accounts.iter().all(|account| account.files == Files::Ours) {
            return;
        }
        fx.retain(|effect| match effect {
            Effect::Store(request) => !written_to(request).is_some_and(|id| self.is_read_only(id)),
            _ => true,
        });
    }
}

/// The account whose files a request changes; `None`: it only reads, or its row alone says whose it is (the state of
/// a message, which no person and no link can change while the account is read only).
fn written_to(request: &StoreRequest) -> Option<&AccountId> {
    match request {
        StoreRequest::Insert(message) => Some(&message.talk.account),
        StoreRequest::MarkRead { talk, .. }
        | StoreRequest::Displayed { talk, .. }
        | StoreRequest::ReadTo { talk, .. }
        | StoreRequest::Draft { talk, .. }
        | StoreRequest::Order { talk, .. }
        | StoreRequest::Mark { talk, .. } => Some(&talk.account),
        StoreRequest::Roster { account, .. }
        | StoreRequest::RosterItem { account, .. }
        | StoreRequest::OnlyHere { account, .. }
        | StoreRequest::Appearance { account, .. }
        | StoreRequest::Bound { account, .. }
        | StoreRequest::Folded { account, .. }
        | StoreRequest::Synced { account, .. }
        | StoreRequest::PicturesAsked { account, .. }
        | StoreRequest::Confirm { account, .. }
        | StoreRequest::ForgetAccount { account, .. } => Some(account),
        StoreRequest::Open { .. }
        | StoreRequest::CacheDone
        | StoreRequest::SetState { .. }
        | StoreRequest::Discard { .. }
        | StoreRequest::SetStanzaId { .. }
        | StoreRequest::SetStamp { .. }
        | StoreRequest::Page { .. }
        | StoreRequest::Around { .. }
        | StoreRequest::Search { .. }
        | StoreRequest::Retain(_)
        | StoreRequest::SaveAccount(_)
        | StoreRequest::Count { .. }
        | StoreRequest::Close => None,
    }
}
