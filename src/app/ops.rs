//! What the mind can do, whoever asked for it: a key, a click, a command line, or an event.
//!
//! Everything here is a method of [`Model`]. Actions, keys and clicks only choose which.

mod accounts;
mod appear;
mod attention;
mod banner;
mod buddies;
mod displayed;
mod ending;
mod find;
mod leave;
mod names;
mod notice;
mod only_here;
mod pictures;
mod read_only;
mod reading;
mod scroll;
mod select;
mod sign_in;
mod talk;
mod walk;
mod write;

pub use banner::Banner;
pub use ending::Ending;

use super::action::Effects;
use super::effect::{Effect, LinkCommand};
use super::event::LinkState;
use super::model::{Account, Conversation, ConversationKey, Model, Toast};
use crate::types::{AccountId, MessageKey, RequestId};
use crate::xmpp::Command;
use std::time::Duration;

/// How long a line stays in the status bar.
const TOAST: Duration = Duration::from_secs(4);

impl Model {
    /// Shows a passing line in the status bar.
    pub fn toast(&mut self, text: impl Into<String>) {
        self.toast = Some(Toast { text: text.into(), until: self.now.mono.saturating_add(TOAST) });
    }

    /// An account.
    pub fn account(&self, id: &AccountId) -> Option<&Account> {
        self.accounts.iter().find(|account| account.setup.id == *id)
    }

    /// An account, to change it.
    pub fn account_mut(&mut self, id: &AccountId) -> Option<&mut Account> {
        self.accounts.iter_mut().find(|account| account.setup.id == *id)
    }

    /// The account that a command means when it names none: that of the open talk, else the first one.
    pub fn account_in_use(&self) -> Option<&AccountId> {
        self.open.as_ref().map(|key| &key.account).or_else(|| self.accounts.first().map(|account| &account.setup.id))
    }

    /// The talk, made if it is not there.
    pub(super) fn talk_mut(&mut self, key: &ConversationKey) -> &mut Conversation {
        self.talks.entry(key.clone()).or_insert_with(|| Conversation::new(key.clone()))
    }

    /// A key greater than every one before, also when the clock went back or stands still.
    pub(super) fn fresh_key(&mut self) -> MessageKey {
        let chance = (u128::from(self.chance.draw()) << 64) | u128::from(self.chance.draw());
        let key = MessageKey::new(self.now.wall, chance);
        self.last_key = if key > self.last_key { key } else { MessageKey(self.last_key.0.saturating_add(1)) };
        self.last_key
    }

    /// A number for a request.
    pub(super) fn fresh_request(&mut self) -> RequestId {
        RequestId(self.chance.draw())
    }

    /// Asks the session of an account, if there is one. What was asked while offline is not kept: it would be
    /// stale by then.
    pub(super) fn command(&self, account: &AccountId, command: Command, fx: &mut Effects) -> bool {
        let online = self.account(account).is_some_and(Account::online);
        if online {
            fx.push(Effect::Link(account.clone(), LinkCommand::Session(command)));
        }
        online
    }
}

impl Account {
    /// Signed in.
    pub fn online(&self) -> bool {
        self.link == LinkState::Online
    }
}
