//! Telling services later that the person has signed out.

use super::Network;
use super::sign_in::quiet;
use crate::app::setup::AccountSetup;
use crate::oauth::{Farewell, Farewelled, SignInRecord, VaultKey, grant};
use crate::types::{BareJid, Domain, Problem};
use std::sync::Arc;
use std::time::Duration;

/// After a try that reached nobody; doubled each time.
const FIRST_WAIT: Duration = Duration::from_secs(60);
/// Longest wait between tries.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

impl Network {
    /// Tells every service that waits for it; tries again for as long as one cannot be reached. Ends when none waits.
    pub async fn say_farewells(self: Arc<Self>) {
        let mut wait = FIRST_WAIT;
        loop {
            match self.try_farewells().await {
                Ok(0) => return,
                Ok(left) => tracing::info!(target: "butty::net", left, "sign-outs are still to be told"),
                Err(problem) => {
                    tracing::warn!(target: "butty::net", code = problem.code(), "sign-outs cannot be read or kept");
                    return;
                }
            }
            tokio::time::sleep(wait).await;
            wait = wait.saturating_mul(2).min(LONGEST_WAIT);
        }
    }

    /// One try for each; says how many still wait.
    async fn try_farewells(self: &Arc<Self>) -> Result<usize, Problem> {
        let waiting = self.farewells().await?;
        let mut left = waiting.len();
        for farewell in waiting {
            if !self.farewells().await?.contains(&farewell) {
                // Taken back meanwhile: the person signed in again.
                left = left.saturating_sub(1);
                continue;
            }
            let over = farewell.is_over(self.now().wall);
            if over || self.tell_farewell(&farewell).await != Farewelled::Later {
                self.drop_farewell(&farewell).await?;
                left = left.saturating_sub(1);
            }
        }
        Ok(left)
    }

    async fn tell_farewell(self: &Arc<Self>, farewell: &Farewell) -> Farewelled {
        let Ok(address) = BareJid::parse(farewell.domain.as_str()) else { return Farewelled::Never };
        let mut setup = AccountSetup::new(&address);
        setup.ca_file.clone_from(&farewell.ca_file);
        grant::revoke(&quiet(self, &Arc::new(setup)), &farewell.service, &farewell.client, &farewell.token).await
    }

    /// Notes one, before anything is forgotten: it waits beyond the end of this process. `kept_as`: where its tokens are
    /// kept, which were kept beyond it too.
    pub(super) async fn note_farewell(&self, farewell: Farewell, kept_as: &VaultKey) -> Result<(), Problem> {
        let _alone = self.hold(&Farewell::KEY).await?;
        self.shelter(kept_as).await?;
        let mut all = self.farewells().await?;
        all.retain(|other| !other.is_over(self.now().wall));
        all.push(farewell);
        self.save(&Farewell::KEY, Farewell::to_text(&all), true).await
    }

    /// Takes back all of this client at this service for this domain: to revoke its old refresh token can revoke what the
    /// person agreed to since (RFC 7009 section 2.1).
    pub(super) async fn forgo_farewells(&self, record: &SignInRecord, domain: &Domain) -> Result<(), Problem> {
        let same = |farewell: &Farewell| {
            farewell.service.issuer == record.service.issuer
                && farewell.client.id == record.client
                && farewell.domain == *domain
        };
        if !self.farewells().await?.iter().any(same) {
            return Ok(());
        }
        self.keep_farewells_but(same).await
    }

    /// Takes one back.
    pub(super) async fn drop_farewell(&self, farewell: &Farewell) -> Result<(), Problem> {
        self.keep_farewells_but(|other| other == farewell).await
    }

    async fn keep_farewells_but(&self, gone: impl Fn(&Farewell) -> bool) -> Result<(), Problem> {
        let _alone = self.hold(&Farewell::KEY).await?;
        let mut all = self.farewells().await?;
        all.retain(|farewell| !gone(farewell));
        if all.is_empty() {
            return self.forget(&Farewell::KEY).await;
        }
        self.save(&Farewell::KEY, Farewell::to_text(&all), true).await
    }

    async fn farewells(&self) -> Result<Vec<Farewell>, Problem> {
        Ok(self.load(&Farewell::KEY).await?.as_ref().map(Farewell::from_text).unwrap_or_default())
    }
}
