//! The person's consent, kept alive beside a session.
//!
//! A token of the server's own (XEP-0484) signs in without asking the sign-in service, and a session can stand for weeks.
//! Meanwhile a refresh token that nobody uses runs out (Prosody's after a week), and a consent that was taken back would
//! never be noticed (RFC 7009). So a token that has aged is refreshed beside the session: once soon after its beginning, where
//! the sign-in did not do it, and then each day. A consent whose time has run out is left to the next sign-in.

use super::Teller;
use crate::app::setup::AccountSetup;
use crate::net::{Network, chance, sign_in};
use crate::oauth::SignInRecord;
use crate::types::{Problem, Secret};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Until the first look, where the sign-in asked nobody, and as much again by chance: who has a short look at the program is
/// gone by then and leaves no refresh under way, and those who came back together do not ask together.
const SOON: Duration = Duration::from_secs(10);
/// Between two looks at it.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What is looked after in a session; by default, nothing.
#[derive(Default)]
pub(super) struct Upkeep {
    of: Option<Box<SignInRecord>>,
    due: Option<Instant>,
    under_way: Option<JoinHandle<Result<Secret<String>, Problem>>>,
}

impl Upkeep {
    /// The sign-in that the coming sessions stand on.
    pub(super) fn of(record: Option<&SignInRecord>) -> Self {
        Self { of: record.cloned().map(Box::new), ..Self::default() }
    }

    /// A session stands. `asked`: its sign-in had the token brought, and refreshed where it had aged.
    pub(super) fn stands(&mut self, asked: bool) {
        let now = Instant::now();
        let first = if asked { DAY } else { SOON + SOON / 100 * (chance() % 100) };
        self.due = self.of.as_ref().map(|_| now + first);
    }

    /// No session stands. A refresh under way goes on: what it brings is kept.
    pub(super) fn rests(&mut self) {
        (self.due, self.under_way) = (None, None);
    }

    /// Looks after it, for ever; ends when the service has said that the consent is gone. Can be dropped at any moment, and
    /// begun again.
    pub(super) async fn ended(
        &mut self,
        network: &Arc<Network>,
        setup: &Arc<AccountSetup>,
        teller: &Teller,
    ) -> Problem {
        loop {
            if let Some(task) = &mut self.under_way {
                let done = task.await;
                self.under_way = None;
                match done {
                    Ok(Err(problem @ Problem::SignInExpired { .. })) => return problem,
                    Ok(Err(problem)) => {
                        tracing::info!(target: "butty::net", code = problem.code(), "the token is not refreshed yet");
                    }
                    Ok(Ok(_)) | Err(_) => {}
                }
            }
            let (Some(due), Some(record)) = (self.due, &self.of) else { return std::future::pending().await };
            tokio::time::sleep_until(due).await;
            self.due = Some(due + DAY);
            let (network, setup, record) = (Arc::clone(network), Arc::clone(setup), (**record).clone());
            self.under_way =
                Some(tokio::spawn(sign_in::access_token(network, setup, record, None, Some(teller.clone()))));
        }
    }
}
