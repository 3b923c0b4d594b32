//! Telling services later that the person has signed out.

use super::parting::Parting;
use super::sign_in::{quiet, settle_former};
use super::{Network, link};
use crate::app::setup::AccountSetup;
use crate::oauth::{Farewell, Farewelled, Matter, SignInRecord, Token, VaultKey, grant};
use crate::types::{BareJid, Domain, Problem};
use std::sync::Arc;
use std::time::Duration;

/// After a try that reached nobody; doubled each time.
const FIRST_WAIT: Duration = Duration::from_secs(60);
/// Longest wait between tries.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

impl Network {
    /// Gives up what an earlier process replaced at these accounts, and did not live to see confirmed.
    pub async fn settle_sign_ins(self: &Arc<Self>, accounts: Vec<AccountSetup>) {
        for setup in accounts {
            if let Err(problem) = settle_former(self, &Arc::new(setup)).await {
                tracing::warn!(target: "butty::net", code = problem.code(), "the sign-in before stays behind");
            }
        }
    }

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
            let over = farewell.is_over(self.now().wall) || self.is_in_use(&farewell).await?;
            if over || self.tell_farewell(&farewell).await? != Farewelled::Later {
                self.drop_farewell(&farewell).await?;
                left = left.saturating_sub(1);
            }
        }
        Ok(left)
    }

    /// What was to be revoked stands again: it was taken back while the list could not be changed, or the process ended
    /// between noting it and forgetting it.
    async fn is_in_use(&self, farewell: &Farewell) -> Result<bool, Problem> {
        let (Matter::Revoke { service, client, token }, Some(account)) = (&farewell.matter, &farewell.account) else {
            return Ok(false);
        };
        let record = self.load(&SignInRecord::key(account)).await?.as_ref().and_then(SignInRecord::from_text);
        let Some(record) = record.filter(|own| own.service.issuer == service.issuer && own.client == client.id) else {
            return Ok(false);
        };
        let current = self.load(&record.tokens_key(account)).await?.as_ref().and_then(Token::from_text);
        Ok(current.is_some_and(|current| current.is_of(token)))
    }

    async fn tell_farewell(self: &Arc<Self>, farewell: &Farewell) -> Result<Farewelled, Problem> {
        let ca_file = farewell.ca_file.clone();
        match &farewell.matter {
            Matter::Revoke { service, client, token } => {
                let Ok(address) = BareJid::parse(farewell.domain.as_str()) else { return Ok(Farewelled::Never) };
                let setup = AccountSetup { ca_file, ..AccountSetup::new(&address) };
                Ok(grant::revoke(&quiet(self, &Arc::new(setup)), service, client, token).await)
            }
            Matter::Forget(text) => {
                let Some(parting) = Parting::from_text(text) else { return Ok(Farewelled::Never) };
                if parting.token.ticket.expires <= self.now().wall {
                    return Ok(Farewelled::Told);
                }
                let parting = parting.counted();
                let counted = Farewell { matter: Matter::Forget(parting.to_text()), ..farewell.clone() };
                self.replace_farewell(farewell, &counted).await?;
                let told = link::invalidate(self, AccountSetup { ca_file, ..parting.setup.clone() }, parting).await;
                if told != Farewelled::Later {
                    self.drop_farewell(&counted).await?;
                }
                Ok(told)
            }
        }
    }

    /// Notes one, before anything is forgotten: it waits beyond the end of this process. `kept_as`: where its tokens are
    /// kept, which were kept beyond it too. A sign-out is never held up by a full disk: `None`, and the service is told
    /// now, or never.
    pub(super) async fn note_farewell(
        &self,
        setup: &AccountSetup,
        matter: Matter,
        kept_as: &VaultKey,
    ) -> Option<Farewell> {
        let (domain, ca_file) = (setup.domain.clone(), setup.ca_file.clone());
        let account = Some(setup.id.clone());
        let farewell = Farewell { account, domain, ca_file, matter, since: self.now().wall };
        match self.add_farewell(farewell.clone(), kept_as).await {
            Ok(()) => Some(farewell),
            Err(problem) => {
                tracing::warn!(target: "butty::net", code = problem.code(), "a sign-out cannot be noted for later");
                None
            }
        }
    }

    /// The service was told, or not: what was noted goes, unless it is to be told later.
    pub(super) async fn settle_farewell(&self, noted: Option<Farewell>, outcome: Farewelled) -> Farewelled {
        match (outcome, noted) {
            (Farewelled::Later, None) => return Farewelled::Never,
            (Farewelled::Later, Some(_)) | (_, None) => {}
            (_, Some(farewell)) => {
                if let Err(problem) = self.drop_farewell(&farewell).await {
                    // It is told once more, which harms nobody.
                    tracing::warn!(target: "butty::net", code = problem.code(), "a sign-out that was told is still noted");
                }
            }
        }
        outcome
    }

    async fn replace_farewell(&self, old: &Farewell, new: &Farewell) -> Result<(), Problem> {
        let _alone = self.hold(&Farewell::KEY).await?;
        let mut all = self.farewells().await?;
        for farewell in all.iter_mut().filter(|farewell| *farewell == old) {
            farewell.clone_from(new);
        }
        self.save(&Farewell::KEY, Farewell::to_text(&all), true).await
    }

    async fn add_farewell(&self, farewell: Farewell, kept_as: &VaultKey) -> Result<(), Problem> {
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
            let Matter::Revoke { service, client, .. } = &farewell.matter else { return false };
            service.issuer == record.service.issuer && client.id == record.client && farewell.domain == *domain
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
