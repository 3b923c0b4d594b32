//! Signing out everywhere: the server ends the account's other sign-ins (XEP-0494), before ours is given up.

use super::fast::Demand;
use super::secrets::{self, Means};
use super::{End, FAREWELL, Link, Supply};
use crate::types::{Line, Problem};
use crate::xmpp::{CredentialKind, Elsewhere, Purpose};
use std::sync::Arc;
use std::time::Duration;

/// How long it may take in all; what was not done by then is told.
pub(super) const DISMISSAL: Duration = Duration::from_secs(45);

impl Link {
    /// One session for it, with whatever there is to sign in with. Nobody is asked for anything.
    pub(super) async fn dismiss_others(&mut self, limit: Duration) -> Elsewhere {
        self.short.forget_session();
        self.dismissal_ends = Some(tokio::time::Instant::now() + limit);
        // The session ends in time by itself and says how far it came; what there was before it has nothing to say.
        let end = tokio::time::timeout(limit + FAREWELL, self.dismissal()).await;
        self.dismissal_ends = None;
        match end {
            Ok(End::Dismissed(elsewhere)) => elsewhere,
            Ok(End::Problem(problem)) => Elsewhere::NotAsked(problem),
            Ok(End::Wish(_) | End::Clean | End::Discovered { .. }) | Err(_) => {
                let host = Line::clean(self.setup.domain.as_str());
                Elsewhere::NotAsked(Problem::NoAnswer { host, waited: limit })
            }
        }
    }

    async fn dismissal(&mut self) -> End {
        let (typed, token) = (self.password.as_ref(), self.given_token.as_ref());
        let (typed, token) = (typed.map(|(secret, _)| secret.clone()), token.map(|(secret, _)| secret.clone()));
        let means = match secrets::means(Arc::clone(&self.network), Arc::clone(&self.setup), typed, token).await {
            Ok(means) => means,
            Err(problem) => return End::Problem(problem),
        };
        let short = self.has_fast().await;
        let supply = match means {
            Means::Token(source) => return Box::pin(self.with_token(Purpose::Dismiss, source)).await,
            Means::NoSignIn => return End::Problem(self.sign_in_needed()),
            Means::Password(password) => Supply::Ready(password),
            Means::PasswordCommand => self.supply(Demand::PasswordCommand, short),
            Means::NoPassword | Means::Unknown => Supply::OnDemand(Demand::Nowhere),
        };
        self.session(Purpose::Dismiss, CredentialKind::Password, supply).await
    }
}
