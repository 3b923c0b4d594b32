//! Signing out everywhere: the server ends the account's other sign-ins (XEP-0494), before ours is given up.

use super::fast::Demand;
use super::secrets::{self, Means};
use super::{End, Link, Supply};
use crate::types::{Line, Problem};
use crate::xmpp::{CredentialKind, Elsewhere, Purpose};
use std::sync::Arc;
use std::time::Duration;

/// How long it may take in all; what was not begun by then is told.
const DISMISSAL: Duration = Duration::from_secs(45);

impl Link {
    /// One session for it, with whatever there is to sign in with. Nobody is asked for anything.
    pub(super) async fn dismiss_others(&mut self) -> Elsewhere {
        self.short.forget_session();
        match tokio::time::timeout(DISMISSAL, self.dismissal()).await {
            Ok(End::Dismissed(elsewhere)) => elsewhere,
            Ok(End::Problem(problem)) => Elsewhere::NotAsked(problem),
            // Disturbed, or out of time.
            Ok(End::Wish(_) | End::Clean | End::Discovered { .. }) | Err(_) => {
                let host = Line::clean(self.setup.domain.as_str());
                Elsewhere::NotAsked(Problem::NoAnswer { host, waited: DISMISSAL })
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
