//! The end of a consent that can be seen coming: counted down, reminded of, and kept.
//!
//! Without a refresh token the end of the access token is the end of what the person agreed to. A session that stands
//! does not need the token any more and goes on, with one exception: where the person limited the access itself
//! (Messenger: three hours without *connect automatically*), butty leaves when that time is over, and says why.

use crate::app::action::Effects;
use crate::app::effect::{Effect, LinkCommand};
use crate::app::event::LinkState;
use crate::app::model::{Account, Agreement, Model};
use crate::types::{AccountId, Stamp};
use crate::xmpp::CredentialKind;
use std::time::Duration;

/// So long before the end of a sign-in that nothing renews, the banner counts down.
const SOON: Duration = Duration::from_secs(10 * 60);
/// So long before the end of a consent that lasts, the banner reminds of it.
const REMINDER: Duration = Duration::from_secs(14 * 24 * 60 * 60);
const MINUTE: Duration = Duration::from_secs(60);

/// What is known about the end of an account's sign-in while it is online.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Nothing renews it, and so much is left.
    Counted {
        /// More than nothing.
        left: Duration,
    },
    /// It is over; the session goes on as long as it stands.
    Over,
    /// The consent ends then, soon; a new one can be had before.
    Due {
        /// When.
        until: Stamp,
    },
}

impl Ending {
    /// True when it is worth the banner.
    pub fn presses(self) -> bool {
        !matches!(self, Self::Counted { left } if left > SOON)
    }
}

impl Account {
    /// The end of the sign-in, if there is something to say about it now.
    pub fn ending(&self, now: Stamp) -> Option<Ending> {
        let agreed = self.lives_by()?;
        let until = agreed.until?;
        let left = until.since(now);
        match (left.is_zero(), agreed.stays()) {
            (true, _) => Some(Ending::Over),
            (false, false) => Some(Ending::Counted { left }),
            (false, true) => (left <= REMINDER).then_some(Ending::Due { until }),
        }
    }

    /// The consent that the session lives by: none while offline, and none behind a password.
    pub(super) fn lives_by(&self) -> Option<&Agreement> {
        let by_consent = self.online() && self.setup.credential != Some(CredentialKind::Password);
        self.agreement.as_ref().filter(|_| by_consent)
    }

    /// When the access itself ends, because the person agreed to no more.
    fn access_ends(&self) -> Option<Stamp> {
        let agreed = self.lives_by().filter(|agreed| agreed.stay_refused())?;
        Some(agreed.since?.plus(self.setup.oauth.terms.session?))
    }

    /// The next moment at which any of this changes.
    fn ending_at(&self, now: Stamp) -> Option<Stamp> {
        let agreed = self.lives_by()?;
        let until = agreed.until.filter(|until| *until > now);
        let left = until.map(|until| until.since(now));
        let next = left.map(|left| match if agreed.stays() { REMINDER } else { SOON } {
            early if left > early => left.saturating_sub(early),
            _ if agreed.stays() => left,
            // Whole minutes.
            _ => Some(Duration::from_millis(u64::try_from(left.as_millis() % MINUTE.as_millis()).unwrap_or(0)))
                .filter(|part| !part.is_zero())
                .unwrap_or(MINUTE),
        });
        let access = self.access_ends().filter(|end| *end > now).map(|end| end.since(now));
        next.into_iter().chain(access).min().map(|wait| now.plus(wait))
    }
}

impl Model {
    /// When something about the end of a sign-in is due next (`Now::mono`).
    pub(in crate::app) fn ending_at(&self) -> Option<Duration> {
        let wall = self.now.wall;
        let next = self.accounts.iter().filter_map(|account| account.ending_at(wall)).min()?;
        self.now.mono.checked_add(next.since(wall))
    }

    /// Leaves where the person agreed to no more.
    pub(in crate::app) fn keep_to_agreements(&mut self, fx: &mut Effects) {
        let wall = self.now.wall;
        let over = |account: &&Account| account.online() && account.access_ends().is_some_and(|end| end <= wall);
        let gone: Vec<AccountId> = self.accounts.iter().filter(over).map(|account| account.setup.id.clone()).collect();
        for id in gone {
            self.end_access(&id, fx);
        }
    }

    /// Says goodbye. What was written and not yet sent waits for the next sign-in.
    fn end_access(&mut self, id: &AccountId, fx: &mut Effects) {
        let now = self.now;
        fx.push(Effect::Link(id.clone(), LinkCommand::Disconnect));
        self.lose_session(id, fx);
        let Some(account) = self.account_mut(id) else { return };
        let problem = account.agreement.as_ref().map(|agreed| agreed.over(&account.setup.domain));
        account.down_since = Some(now.wall);
        account.down_at = Some(now.mono);
        account.back = None;
        account.link = LinkState::Offline { problem, retry_at: None, since: now.wall };
    }
}
