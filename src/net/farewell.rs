//! Telling services later that the person has signed out.

use super::Network;
use super::sign_in::quiet;
use crate::app::setup::AccountSetup;
use crate::oauth::{Farewell, Farewelled, grant};
use crate::types::{BareJid, Problem};
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

    /// Notes one, before anything is forgotten. `durable`: it waits beyond the end of this process.
    pub(super) async fn note_farewell(&self, farewell: Farewell, durable: bool) -> Result<(), Problem> {
        let _alone = self.hold(&Farewell::KEY).await?;
        let mut all = self.farewells().await?;
        all.push(farewell);
        self.save(&Farewell::KEY, Farewell::to_text(&all), durable).await
    }

    /// Takes one back.
    pub(super) async fn drop_farewell(&self, farewell: &Farewell) -> Result<(), Problem> {
        let _alone = self.hold(&Farewell::KEY).await?;
        let mut all = self.farewells().await?;
        all.retain(|other| other != farewell);
        if all.is_empty() {
            return self.forget(&Farewell::KEY).await;
        }
        self.save(&Farewell::KEY, Farewell::to_text(&all), true).await
    }

    async fn farewells(&self) -> Result<Vec<Farewell>, Problem> {
        Ok(self.load(&Farewell::KEY).await?.as_ref().map(Farewell::from_text).unwrap_or_default())
    }
}
