//! The one row that says what is wrong: the most important thing only.

use super::Ending;
use crate::app::event::LinkState;
use crate::app::model::{Account, Model};
use crate::types::{AccountId, Problem, Stamp};
use std::time::Duration;

/// A connection that comes back within this time was never said to be lost.
const PATIENCE: Duration = Duration::from_secs(3);

/// What the banner says, as data; `words` makes the sentence. In order of importance.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the nouns of the sentence")]
pub enum Banner {
    /// Disk or configuration.
    Trouble(Problem),
    /// An account waits for the person, and does not try by itself.
    NeedsYou { account: AccountId, problem: Problem },
    /// No server since then. `first`: it was not reached at all since the start. `waiting`: messages kept.
    Lost {
        account: AccountId,
        first: bool,
        since: Stamp,
        problem: Option<Problem>,
        retry_in: Option<Duration>,
        retry_at: Option<Stamp>,
        attempt: u32,
        waiting: usize,
    },
    /// The sign-in of an account comes to its end, or has: see [`Ending`].
    Ending { account: AccountId, ending: Ending },
    /// An outage has ended.
    Back { account: AccountId, after: Duration, sent: u32, received: u32 },
}

impl Model {
    /// The most important thing that is wrong, or was until now.
    pub fn banner(&self) -> Option<Banner> {
        let trouble = || self.trouble.clone().map(Banner::Trouble);
        let needs = || self.accounts.iter().find_map(needs_you);
        let lost = || self.accounts.iter().find_map(|account| self.lost(account));
        let back = || self.accounts.iter().find_map(|account| self.back(account));
        let ending = || self.accounts.iter().find_map(|account| self.ending(account));
        trouble().or_else(needs).or_else(lost).or_else(back).or_else(ending)
    }

    fn ending(&self, account: &Account) -> Option<Banner> {
        let ending = account.ending(self.now.wall).filter(|ending| account.wanted && ending.presses())?;
        Some(Banner::Ending { account: account.setup.id.clone(), ending })
    }

    fn lost(&self, account: &Account) -> Option<Banner> {
        let at = account.down_at.filter(|_| account.wanted && !account.online())?;
        if self.now.mono < at.saturating_add(PATIENCE) {
            return None;
        }
        let (problem, retry) = match &account.link {
            LinkState::Offline { problem, retry_at, .. } => (problem.clone(), *retry_at),
            _ => (None, None),
        };
        let retry_in = retry.map(|at| at.saturating_sub(self.now.mono));
        Some(Banner::Lost {
            account: account.setup.id.clone(),
            first: !account.was_online,
            since: account.down_since.unwrap_or(self.now.wall),
            problem,
            retry_in,
            retry_at: retry_in.map(|wait| self.now.wall.plus(wait)),
            attempt: account.attempts,
            waiting: account.pending(),
        })
    }

    fn back(&self, account: &Account) -> Option<Banner> {
        let back = account.back.filter(|back| account.online() && back.until > self.now.mono)?;
        let account = account.setup.id.clone();
        Some(Banner::Back { account, after: back.after, sent: back.sent, received: back.received })
    }

    /// When the banner changes by itself.
    pub(crate) fn banner_at(&self) -> Option<Duration> {
        self.accounts.iter().filter_map(|account| self.banner_change(account)).min()
    }

    fn banner_change(&self, account: &Account) -> Option<Duration> {
        let now = self.now.mono;
        if account.online() {
            return account.back.map(|back| back.until).filter(|until| *until > now);
        }
        let shown = account.down_at.filter(|_| account.wanted)?.saturating_add(PATIENCE);
        if shown > now {
            return Some(shown);
        }
        let LinkState::Offline { retry_at: Some(at), .. } = account.link else { return None };
        let left = at.checked_sub(now).filter(|left| !left.is_zero())?;
        // Whole seconds below ten, else nothing moves until then.
        let ten = Duration::from_secs(10);
        if left > ten {
            return at.checked_sub(ten);
        }
        let part = Duration::from_nanos(u64::from(left.subsec_nanos()));
        now.checked_add(if part.is_zero() { Duration::from_secs(1) } else { part })
    }
}

fn needs_you(account: &Account) -> Option<Banner> {
    match &account.link {
        LinkState::Offline { problem: Some(problem), retry_at: None, .. } if account.wanted => {
            Some(Banner::NeedsYou { account: account.setup.id.clone(), problem: problem.clone() })
        }
        _ => None,
    }
}
