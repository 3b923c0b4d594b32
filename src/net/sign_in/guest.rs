//! Another person came back from a sign-in than the account belongs to.
//!
//! What the account had before comes back at once. What the other person was given is revoked, or put aside until the
//! person says that it is to be kept: as an account of its own.

use super::Replaced;
use super::reach::Reach;
use super::tokens::{client_of, given_key, hold_if_possible, record_of};
use crate::app::event::Keep;
use crate::app::setup::AccountSetup;
use crate::net::Network;
use crate::oauth::{ClientIdentity, Farewell, Farewelled, Former, Matter, SignInRecord, Token, grant};
use crate::types::Problem;
use std::sync::Arc;

/// What another person was given, in nobody's name yet. It is in memory alone; where a sign-in is kept beyond the
/// process, what is to be revoked is noted, so that none is left behind if the process ends before the person answers.
pub(in crate::net) struct Guest {
    keep: Keep,
    record: SignInRecord,
    client: ClientIdentity,
    token: Token,
    noted: Option<Farewell>,
}

/// Puts back what a sign-in had replaced, and revokes what had come of it.
pub(in crate::net) async fn take_back(
    network: &Arc<Network>,
    setup: &Arc<AccountSetup>,
    replaced: Replaced,
) -> Result<(), Problem> {
    if let Some(guest) = put_back(network, setup, replaced).await? {
        dismiss(network, setup, guest).await;
    }
    Ok(())
}

/// Puts back what a sign-in had replaced, and holds on to what had come of it.
pub(in crate::net) async fn set_aside(
    network: &Arc<Network>,
    setup: &Arc<AccountSetup>,
    replaced: Replaced,
) -> Result<Option<Guest>, Problem> {
    let Some(mut guest) = put_back(network, setup, replaced).await? else { return Ok(None) };
    guest.noted = guest.note(network, setup).await;
    Ok(Some(guest))
}

impl Guest {
    /// Notes that it is to be revoked, where it was kept beyond the process.
    async fn note(&self, network: &Network, setup: &AccountSetup) -> Option<Farewell> {
        if !self.record.durable {
            return None;
        }
        let (service, client) = (Box::new(self.record.service.clone()), self.client.clone());
        let matter = Matter::Revoke { service, client, token: Box::new(self.token.clone()) };
        network.note_farewell(setup, matter, &self.record.tokens_key(&setup.id)).await
    }
}

async fn put_back(
    network: &Arc<Network>,
    setup: &Arc<AccountSetup>,
    replaced: Replaced,
) -> Result<Option<Guest>, Problem> {
    let Some(record) = record_of(network, setup).await? else { return Ok(None) };
    let key = record.tokens_key(&setup.id);
    let client = client_of(network, setup, &record).await?;
    let flight = network.flight(&key);
    let _alone_here = flight.lock().await;
    let token = network.load(&key).await?.as_ref().and_then(Token::from_text);
    network.forget(&key).await?;
    let Replaced { keep, record: before, tokens, noted } = replaced;
    match before {
        Some(before) => {
            if let Some(tokens) = tokens {
                network.save(&before.tokens_key(&setup.id), tokens, before.durable).await?;
            }
            network.save(&SignInRecord::key(&setup.id), before.to_text(), before.durable).await?;
            // What stands again is not to be revoked by what an earlier process left undone.
            if let Err(problem) = network.forgo_farewells(&before, setup).await {
                tracing::warn!(target: "butty::net", code = problem.code(), "sign-outs that wait are not taken back");
            }
        }
        None => network.forget(&SignInRecord::key(&setup.id)).await?,
    }
    if noted.is_some() {
        network.forget(&Former::key(&setup.id)).await?;
    }
    Ok(token.map(|token| Guest { keep, record, client, token, noted: None }))
}

/// Nobody keeps it: the service is told.
pub(in crate::net) async fn dismiss(network: &Arc<Network>, setup: &Arc<AccountSetup>, mut guest: Guest) -> Farewelled {
    let service = &guest.record.service;
    let outcome = grant::revoke(&Reach::quiet(network, setup, service), service, &guest.client, &guest.token).await;
    if outcome == Farewelled::Later && guest.noted.is_none() {
        guest.noted = guest.note(network, setup).await;
    }
    network.settle_farewell(guest.noted, outcome).await
}

/// Keeps it as the sign-in of this account, where the last one was kept; says where that is. In whatever state the
/// process ends: what is kept there is in use, and not to be revoked.
pub(in crate::net) async fn hand_over(
    network: &Arc<Network>,
    to: &AccountSetup,
    guest: &mut Guest,
) -> Result<Keep, Problem> {
    let durable = guest.record.durable && network.settle(to, guest.keep).await?;
    // The other account's settings may know this client, its own need not.
    let identity = guest.record.identity.clone().or_else(|| Some(guest.client.clone()));
    let record = SignInRecord { identity, durable, ..guest.record.clone() };
    if let Some(noted) = &mut guest.noted {
        let theirs = Farewell { account: Some(to.id.clone()), ..noted.clone() };
        network.replace_farewell(noted, &theirs).await?;
        *noted = theirs;
    }
    let key = record.tokens_key(&to.id);
    let flight = network.flight(&key);
    let _alone_here = flight.lock().await;
    let _alone_everywhere = hold_if_possible(network, &key).await;
    network.save(&key, guest.token.to_text(), durable).await?;
    network.save(&SignInRecord::key(&to.id), record.to_text(), durable).await?;
    network.forget(&given_key(to)).await?;
    if let Some(noted) = &guest.noted
        && let Err(problem) = network.drop_farewell(noted).await
    {
        // It ends nothing that is in use.
        tracing::warn!(target: "butty::net", code = problem.code(), "a note of what is kept now stays behind");
    }
    Ok(if durable { guest.keep } else { Keep::Memory })
}
