//! Telling services later that the person has signed out.

use super::parting::Parting;
use super::sign_in::{quiet, record_of, settle_former};
use super::{Network, link};
use crate::app::setup::AccountSetup;
use crate::oauth::{Farewell, Farewelled, Matter, SignInRecord, Token, VaultKey, grant};
use crate::types::{BareJid, Problem};
use std::sync::Arc;
use std::time::Duration;

/// After a try that reached nobody; doubled each time.
const FIRST_WAIT: Duration = Duration::from_secs(60);
/// Longest wait between tries.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

impl Network {
    /// Gives up what an earlier process replaced at those of these accounts where nothing stands in its place any more.
    /// Where something does, it may be another person's: then the link decides, once it has been let in.
    pub async fn settle_sign_ins(self: &Arc<Self>, accounts: Vec<AccountSetup>) {
        for setup in accounts {
            let settled = match record_of(self, &setup).await {
                Ok(None) => settle_former(self, &Arc::new(setup)).await.map(drop),
                other => other.map(drop),
            };
            if let Err(problem) = settled {
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

    /// One try for each; says how many still wait. What hinders one, such as a keyring that is locked, hinders no
    /// other.
    pub(super) async fn try_farewells(self: &Arc<Self>) -> Result<usize, Problem> {
        let mut left = 0_usize;
        for farewell in self.farewells().await? {
            match Box::pin(self.try_farewell(&farewell)).await {
                Ok(true) => {}
                Ok(false) => left = left.saturating_add(1),
                Err(problem) => {
                    left = left.saturating_add(1);
                    tracing::warn!(target: "butty::net", code = problem.code(), "a sign-out cannot be told now");
                }
            }
        }
        Ok(left)
    }

    /// True: it waits no more.
    async fn try_farewell(self: &Arc<Self>, farewell: &Farewell) -> Result<bool, Problem> {
        if !self.farewells().await?.contains(farewell) {
            // Taken back meanwhile: the person signed in again.
            return Ok(true);
        }
        if farewell.is_over(self.now().wall) {
            return self.drop_farewell(farewell).await.map(|()| true);
        }
        if self.drop_if_in_use(farewell).await? {
            return Ok(true);
        }
        if self.tell_farewell(farewell).await? == Farewelled::Later {
            return Ok(false);
        }
        self.drop_farewell(farewell).await.map(|()| true)
    }

    /// What was to be revoked stands again: it was taken back while the list could not be changed, or the process ended
    /// between noting it and forgetting it. True: it was so, and is noted no more.
    async fn drop_if_in_use(&self, farewell: &Farewell) -> Result<bool, Problem> {
        let (Matter::Revoke { service, client, token }, Some(account)) = (&farewell.matter, &farewell.account) else {
            return Ok(false);
        };
        let (issuer, client) = (service.issuer.clone(), client.id.clone());
        let key = VaultKey::Tokens { issuer, client, account: account.as_str().to_owned() };
        // Where a sign-out is under way, here or in another process, it is noted already and not forgotten yet.
        let flight = self.flight(&key);
        let _alone_here = flight.lock().await;
        let _alone_everywhere = self.hold(&key).await?;
        let record = self.load(&SignInRecord::key(account)).await?.as_ref().and_then(SignInRecord::from_text);
        if record.is_none_or(|own| own.tokens_key(account) != key) {
            return Ok(false);
        }
        let current = self.load(&key).await?.as_ref().and_then(Token::from_text);
        let in_use = current.is_some_and(|current| current.is_of(token));
        if in_use {
            self.drop_farewell(farewell).await?;
        }
        Ok(in_use)
    }

    async fn tell_farewell(self: &Arc<Self>, farewell: &Farewell) -> Result<Farewelled, Problem> {
        let ca_file = farewell.ca_file.clone();
        match &farewell.matter {
            Matter::Revoke { service, client, token } => {
                let Ok(address) = BareJid::parse(farewell.domain.as_str()) else { return Ok(Farewelled::Never) };
                let setup = AccountSetup { ca_file, ..AccountSetup::new(&address) };
                Ok(grant::revoke(&quiet(self, &Arc::new(setup), service), service, client, token).await)
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

    /// Notes one, before anything is forgotten: it waits beyond the end of this process. `kept_as`: where its tokens
    /// are kept, which were kept beyond it too. A sign-out is never held up by a full disk: `None`, and the service is
    /// told now, or never.
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
                    tracing::warn!(target: "butty::net", code = problem.code(), "a sign-out is still noted");
                }
            }
        }
        outcome
    }

    /// Puts one in the place of another, if that still waits.
    pub(super) async fn replace_farewell(&self, old: &Farewell, new: &Farewell) -> Result<(), Problem> {
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

    /// Takes back all of this client at this service for this account: to revoke its old refresh token can revoke what
    /// the person agreed to since (RFC 7009 section 2.1).
    pub(super) async fn forgo_farewells(&self, record: &SignInRecord, setup: &AccountSetup) -> Result<(), Problem> {
        self.forgo(|farewell| {
            let Matter::Revoke { service, client, .. } = &farewell.matter else { return false };
            let ours = farewell.account.as_ref().is_none_or(|account| *account == setup.id);
            let same_client = service.issuer == record.service.issuer && client.id == record.client;
            ours && same_client && farewell.domain == setup.domain
        })
        .await
    }

    /// Takes back what is to revoke the grant of this token, which is in use.
    pub(super) async fn forgo_grant(&self, token: &Token) -> Result<(), Problem> {
        self.forgo(|farewell| matches!(&farewell.matter, Matter::Revoke { token: noted, .. } if noted.is_of(token)))
            .await
    }

    async fn forgo(&self, gone: impl Fn(&Farewell) -> bool) -> Result<(), Problem> {
        if !self.farewells().await?.iter().any(&gone) {
            return Ok(());
        }
        self.keep_farewells_but(gone).await
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
