//! How we appear to others, and stepping away by itself.

use crate::app::action::Effects;
use crate::app::effect::{Effect, StoreRequest};
use crate::app::model::{Account, Model};
use crate::types::AccountId;
use crate::xmpp::{Appearance, Command, Show};
use std::time::Duration;

impl Model {
    /// Appears so, in one account or in all. `status`: leave the personal message, or set it (`Some(None)`: none).
    pub fn appear(
        &mut self,
        account: Option<&AccountId>,
        show: Show,
        status: Option<Option<String>>,
        fx: &mut Effects,
    ) {
        let status = status.map(|text| text.filter(|text| !text.trim().is_empty()));
        for id in self.meant(account) {
            let Some(account) = self.account_mut(&id) else { continue };
            account.before_away = None;
            account.appearance.show = show;
            if let Some(status) = &status {
                account.appearance.status.clone_from(status);
            }
            let appearance = account.appearance.clone();
            fx.push(Effect::Store(StoreRequest::Appearance { account: id.clone(), appearance }));
            self.tell_appearance(&id, fx);
        }
    }

    /// Says it to the server; nothing is said while offline, sign-in says it anew.
    pub(crate) fn tell_appearance(&mut self, id: &AccountId, fx: &mut Effects) {
        let Some(account) = self.account_mut(id) else { return };
        let appearance = account.appearance.clone();
        if account.online() {
            account.told = Some(appearance.clone());
        }
        self.command(id, Command::Appear(appearance), fx);
    }

    /// The accounts that an argument means.
    pub(crate) fn meant(&self, account: Option<&AccountId>) -> Vec<AccountId> {
        let fits = |own: &&Account| account.is_none_or(|id| own.setup.id == *id);
        self.accounts.iter().filter(fits).map(|account| account.setup.id.clone()).collect()
    }

    /// The person did something: whoever stepped away by itself is back, exactly as before.
    pub(crate) fn note_input(&mut self, fx: &mut Effects) {
        self.last_input = self.now.mono;
        for id in self.meant(None) {
            let Some(account) = self.account_mut(&id) else { continue };
            if let Some(before) = account.before_away.take() {
                account.appearance = before;
                self.tell_appearance(&id, fx);
                self.touch();
            }
        }
        self.attend(fx);
    }

    /// When to step away by itself.
    pub(crate) fn away_at(&self) -> Option<Duration> {
        let waits = self.accounts.iter().any(steps_away);
        self.options.auto_away.filter(|_| waits).map(|after| self.last_input.saturating_add(after))
    }

    /// Steps away: only from Available, and only here; what is stored stays.
    pub(crate) fn step_away(&mut self, fx: &mut Effects) {
        for id in self.meant(None) {
            let Some(account) = self.account_mut(&id).filter(|account| steps_away(account)) else { continue };
            let away = Appearance { show: Show::Away, ..account.appearance.clone() };
            account.before_away = Some(std::mem::replace(&mut account.appearance, away));
            self.tell_appearance(&id, fx);
        }
    }
}

fn steps_away(account: &Account) -> bool {
    account.online() && account.before_away.is_none() && account.appearance.show == Show::Available
}
