//! Tokens of a sign-in that stands: brought, kept fresh, given up.
//!
//! The order that nothing may change: a new refresh token is kept before its access token is used, and the old
//! one is kept until then. One refresh at a time: in this process by a lock per token, across processes by the
//! vault's; whoever comes second reads again and finds the work done. A refresh whose answer got lost is asked again.

use super::command::first_line;
use super::reach::Reach;
use super::{Held, Replaced};
use crate::app::event::{Keep, LinkFact, TokenFrom};
use crate::app::setup::AccountSetup;
use crate::net::Network;
use crate::net::link::Teller;
use crate::oauth::{
    Agreement, ClientIdentity, Farewelled, Former, GrantError, Later, Matter, Pending, SignInRecord, Token, VaultKey,
    grant, page,
};
use crate::types::{Line, Problem, Secret, Stamp};
use crate::xmpp::CredentialKind;
use std::sync::Arc;
use std::time::Duration;

/// A service has this long to confirm that it forgets us; then we go without its word.
const TELLING: Duration = Duration::from_secs(10);
/// Until a refresh whose answer got lost is tried again, where that can wait.
const MERCY: Duration = Duration::from_secs(4);

/// The client that the config names, or that a registration left in the vault.
pub(in crate::net) async fn known_client(
    network: &Network,
    setup: &AccountSetup,
    issuer: &str,
) -> Result<Option<ClientIdentity>, Problem> {
    if let Some(id) = &setup.oauth.client_id {
        let secret = match setup.oauth.client_secret_command.as_slice() {
            [] => None,
            command => {
                let none = || Problem::NoClient { host: Line::clean(issuer) };
                Some(first_line(command).await.ok_or_else(none)?)
            }
        };
        return Ok(Some(ClientIdentity::given(id, secret)));
    }
    let client = kept_client(network, issuer).await?;
    Ok(client.filter(|client| !client.is_expired(network.now().wall)))
}

/// The client that a registration left in the vault, dead or alive.
pub(super) async fn kept_client(network: &Network, issuer: &str) -> Result<Option<ClientIdentity>, Problem> {
    let kept = network.load(&VaultKey::Client { issuer: issuer.to_owned() }).await?;
    Ok(kept.as_ref().and_then(ClientIdentity::from_text))
}

/// How the account signed in, if it did.
pub(in crate::net) async fn record_of(
    network: &Network,
    setup: &AccountSetup,
) -> Result<Option<SignInRecord>, Problem> {
    let text = network.load(&SignInRecord::key(&setup.id)).await?;
    Ok(text.as_ref().and_then(SignInRecord::from_text))
}

impl Network {
    /// What the person agreed to, from what is kept here; `None`: no sign-in of butty's own.
    pub async fn agreement(&self, setup: &AccountSetup) -> Result<Option<Agreement>, Problem> {
        Ok(record_of(self, setup).await?.map(|record| record.agreement()))
    }

    /// The token that goes before butty's own sign-in, from what is set and kept here; `None`: there is none.
    pub async fn token_from(&self, setup: &AccountSetup) -> Result<Option<TokenFrom>, Problem> {
        if setup.credential == Some(CredentialKind::Password) {
            return Ok(None);
        }
        if !setup.token_command.is_empty() {
            return Ok(Some(TokenFrom::Command));
        }
        if setup.oauth.token_file.is_some() {
            return Ok(Some(TokenFrom::File));
        }
        Ok(self.load(&given_key(setup)).await?.map(|_| TokenFrom::Person))
    }
}

/// A token that will do now; refreshed if need be. `refused` is one that the server has just refused.
pub(in crate::net) async fn access_token(
    network: Arc<Network>,
    setup: Arc<AccountSetup>,
    record: SignInRecord,
    refused: Option<Secret<String>>,
    teller: Option<Teller>,
) -> Result<Secret<String>, Problem> {
    let key = record.tokens_key(&setup.id);
    let good = |token: &Token, now: Stamp| !token.is_stale(now) && refused.as_ref() != Some(&token.access);
    let token = kept_token(&network, &setup, &key).await?;
    if good(&token, network.now().wall) {
        return Ok(token.access.clone());
    }
    // Before the wait for the others: whoever ends the process waits for this one from here on.
    let under_way = network.refreshing();
    let flight = network.flight(&key);
    let _alone_here = flight.lock().await;
    let _alone_everywhere = network.hold(&key).await?;
    let token = kept_token(&network, &setup, &key).await?;
    let now = network.now().wall;
    if good(&token, now) {
        return Ok(token.access.clone());
    }
    // Stale is not dead: what is left of its life will do when only the service is out of reach.
    let (unexpired, was_refused) = (token.expires.is_none_or(|end| now < end), refused.as_ref() == Some(&token.access));
    let alive = unexpired && !was_refused;
    if token.refresh.is_none() {
        // Before its time: somebody ended it. After that: it was for this time, and nothing renews it.
        let ended = Problem::SignInExpired { domain: setup.domain.clone() };
        return Err(if unexpired && was_refused { ended } else { record.agreement().over(&setup.domain) });
    }
    // What is in use and noted to be revoked all the same goes before there are other tokens: by those nobody could
    // tell.
    if let Err(problem) = network.forgo_grant(&token).await {
        tracing::warn!(target: "butty::net", code = problem.code(), "sign-outs that wait are not taken back");
    }
    let mut renewed = renew(&network, &setup, &record, &token).await;
    if is_lost(&renewed) && !alive {
        // The service may have taken the refresh token and be willing to answer once more, for a moment; if it is not,
        // the token is lost already.
        renewed = renew(&network, &setup, &record, &token).await;
    }
    match renewed {
        Ok(new) => {
            if let Err(problem) = network.save(&key, new.to_text(), record.durable).await {
                tracing::warn!(target: "butty::net", code = problem.code(), "the sign-in is kept in memory only");
                network.save(&key, new.to_text(), false).await?;
                drop(under_way); // nothing more is lost, and the one to be told may listen no more
                if let Some(teller) = teller {
                    teller.tell(LinkFact::Kept(Keep::Memory)).await;
                }
            }
            Ok(new.access.clone())
        }
        Err(problem) if alive && problem.passes_by_itself() => {
            // On a line that went dead the answer is as lost as behind one that was cut.
            if problem.is_cut() || matches!(problem, Problem::NoAnswer { .. }) {
                again_soon(&network, setup, record, token.access.clone());
            }
            Ok(token.access.clone())
        }
        Err(problem) => Err(problem),
    }
}

/// The answer did not arrive: the new refresh token may have been in it.
fn is_lost(renewed: &Result<Token, Problem>) -> bool {
    renewed.as_ref().is_err_and(Problem::is_cut)
}

/// Refreshes once more when the sign-in by what is left has had its time. Not before: a service without mercy ends
/// everything that it gave when a spent refresh token comes again (RFC 9700 section 4.14.2). And not much later: one
/// with mercy has it for some seconds.
fn again_soon(network: &Arc<Network>, setup: Arc<AccountSetup>, record: SignInRecord, old: Secret<String>) {
    // Counted from here on: the process does not end before it; and one that wants to end does not wait for the time.
    let (network, under_way) = (Arc::clone(network), network.refreshing());
    let again: Later<'static, ()> = Box::pin(async move {
        drop(tokio::time::timeout(MERCY, network.leaving()).await);
        let renewed = access_token(network, setup, record, Some(old), None).await;
        drop(under_way);
        if let Err(problem) = renewed {
            tracing::warn!(target: "butty::net", code = problem.code(), "a refresh was lost");
        }
    });
    tokio::spawn(again);
}

async fn kept_token(network: &Network, setup: &AccountSetup, key: &VaultKey) -> Result<Token, Problem> {
    let text = network.load(key).await?;
    let needed = || Problem::SignInNeeded { account: Line::clean(setup.id.as_str()) };
    text.as_ref().and_then(Token::from_text).ok_or_else(needed)
}

async fn renew(
    network: &Arc<Network>,
    setup: &Arc<AccountSetup>,
    record: &SignInRecord,
    token: &Token,
) -> Result<Token, Problem> {
    let host = Line::clean(&page::host_of(&record.service.token));
    let client = client_of(network, setup, record).await?;
    // A fresh connection each time: a request that dies on an old one might have cost the refresh token.
    let hands = Reach::quiet(network, setup, &record.service);
    match grant::refresh(&hands, &record.service, &client, token).await {
        Ok(new) => Ok(new),
        // Without its client a refresh token is worth nothing.
        Err(GrantError::Dead) if record.is_over(network.now().wall) => Err(record.agreement().over(&setup.domain)),
        Err(GrantError::Dead | GrantError::UnknownClient | GrantError::NotForClient(_)) => {
            Err(Problem::SignInExpired { domain: setup.domain.clone() })
        }
        Err(error) => Err(error.problem(&setup.domain, &host, None)),
    }
}

/// The client that the tokens were given to; another one that the config or the vault names by now would only spoil
/// them (RFC 6749 section 10.4).
pub(super) async fn client_of(
    network: &Network,
    setup: &AccountSetup,
    record: &SignInRecord,
) -> Result<ClientIdentity, Problem> {
    let issuer = &record.service.issuer;
    let known = if setup.oauth.client_id.as_ref() == Some(&record.client) {
        known_client(network, setup, issuer).await?
    } else if record.identity.is_some() {
        record.identity.clone()
    } else {
        kept_client(network, issuer).await?
    };
    let same = known.filter(|client| client.id == record.client);
    Ok(same.unwrap_or_else(|| ClientIdentity::given(&record.client, None)))
}

/// Forgets what there is, then tells the service.
///
/// In this order, since the service may take its time and the process may end: what the person wants gone is gone. What
/// is to be told was noted before, and is told later where it cannot be told now.
pub(in crate::net) async fn sign_out(network: &Arc<Network>, setup: &Arc<AccountSetup>) -> Result<Farewelled, Problem> {
    for key in [password_key(setup), given_key(setup), Pending::key(&setup.id)] {
        network.forget(&key).await?;
    }
    let Some(record) = record_of(network, setup).await? else { return Ok(Farewelled::Nothing) };
    give_up(network, setup, &record, None, Some(SignInRecord::key(&setup.id))).await
}

/// The page that ends the browser's own sign-in at the service that signed this account in.
pub(in crate::net) async fn logout_page(network: &Network, setup: &AccountSetup) -> Option<Line> {
    // What cannot be read is told by the sign-out itself.
    let record = record_of(network, setup).await.ok().flatten()?;
    let mut page = record.service.logout?;
    page.query_pairs_mut().append_pair("client_id", &record.client);
    if let Some(back) = &setup.oauth.redirect {
        page.query_pairs_mut().append_pair("redirect_uri", back);
    }
    Some(Line::whole(page.as_str()))
}

/// Forgets the tokens of a sign-in, and what is kept `beside` them, then has them revoked: now, or later. With nothing
/// beside them they are those of a sign-in before: nothing is done where the one that stands has the same place, for to
/// revoke an old token of the same client can revoke what the person agreed to since (RFC 7009 section 2.1). `known`:
/// the tokens, where they are not kept any more but in the note of what stood before.
async fn give_up(
    network: &Arc<Network>,
    setup: &Arc<AccountSetup>,
    record: &SignInRecord,
    known: Option<Token>,
    beside: Option<VaultKey>,
) -> Result<Farewelled, Problem> {
    let key = record.tokens_key(&setup.id);
    let client = client_of(network, setup, record).await?;
    let flight = network.flight(&key);
    let noted;
    let token = {
        // A refresh under way would keep its new token after this one was forgotten.
        let _alone_here = flight.lock().await;
        let _alone_everywhere = hold_if_possible(network, &key).await;
        // Asked here, where nobody can sign in to the same place meanwhile.
        if beside.is_none() && record_of(network, setup).await?.is_some_and(|own| own.tokens_key(&setup.id) == key) {
            return Ok(Farewelled::Nothing);
        }
        let kept = network.load(&key).await?.as_ref().and_then(Token::from_text);
        let kept_as = if kept.is_some() { key.clone() } else { Former::key(&setup.id) };
        let token = kept.or(known);
        // What was kept in memory alone is told now or never: its secrets go on no disk.
        noted = match token.clone().filter(|_| record.durable) {
            Some(token) => {
                let service = Box::new(record.service.clone());
                let matter = Matter::Revoke { service, client: client.clone(), token: Box::new(token) };
                network.note_farewell(setup, matter, &kept_as).await
            }
            None => None,
        };
        for key in std::iter::once(&key).chain(&beside) {
            network.forget(key).await?;
        }
        token
    };
    let Some(token) = token else { return Ok(Farewelled::Nothing) };
    let hands = Reach::quiet(network, setup, &record.service);
    let outcome = tokio::select! {
        outcome = grant::revoke(&hands, &record.service, &client, &token) => outcome,
        () = tokio::time::sleep(TELLING) => Farewelled::Later,
        () = network.leaving(), if noted.is_some() => Farewelled::Later,
    };
    Ok(network.settle_farewell(noted, outcome).await)
}

/// The new sign-in was the right one, or is gone: the one that it replaced is given up, where the two have nothing in
/// common.
pub(in crate::net) async fn leave_behind(
    network: &Arc<Network>,
    setup: &Arc<AccountSetup>,
    replaced: Replaced,
) -> Result<Farewelled, Problem> {
    let Replaced { record: Some(old), tokens, noted, .. } = replaced else { return Ok(Farewelled::Nothing) };
    let known = tokens.as_ref().and_then(Token::from_text);
    let told = give_up(network, setup, &old, known, None).await?;
    if noted.is_some() {
        network.forget(&Former::key(&setup.id)).await?;
    }
    Ok(told)
}

/// Held before a sign-in puts another one out of its place, and before its tokens are: in this order everywhere.
pub(super) async fn hold_former(network: &Network, setup: &AccountSetup) -> Option<Box<dyn Send>> {
    hold_if_possible(network, &Former::key(&setup.id)).await
}

/// Notes what a sign-in is about to put out of its place, beyond this process. Held until it is put back or given up;
/// what cannot be noted hinders no sign-in. A note that is there stays: what it speaks of is in nobody's hands.
pub(super) async fn note_former(
    network: &Network,
    setup: &AccountSetup,
    record: &SignInRecord,
    tokens: Option<&Secret<String>>,
    held: Box<dyn Send>,
) -> Option<Held> {
    let key = Former::key(&setup.id);
    let former = Former { record: record.clone(), token: tokens.and_then(Token::from_text) };
    let done = match network.load(&key).await {
        Ok(None) => network.save(&key, former.to_text(), true).await,
        Ok(Some(_)) => return None,
        Err(problem) => Err(problem),
    };
    if let Err(problem) = &done {
        tracing::warn!(target: "butty::net", code = problem.code(), "the sign-in before is not noted");
    }
    done.is_ok().then(|| Held::new(held))
}

/// What an earlier process replaced, and did not live to see confirmed, as if this one had replaced it. `None`: there
/// is nothing. An error where a process holds it that may still put it back.
pub(in crate::net) async fn adopt_former(network: &Network, setup: &AccountSetup) -> Result<Option<Replaced>, Problem> {
    let key = Former::key(&setup.id);
    if network.load(&key).await?.is_none() {
        return Ok(None);
    }
    let held = network.hold(&key).await?;
    let Some(text) = network.load(&key).await? else { return Ok(None) };
    let Some(former) = Former::from_text(&text) else {
        network.forget(&key).await?;
        return Ok(None);
    };
    // Where the new one is kept is noted nowhere.
    let keep = setup.keep.unwrap_or(Keep::File);
    let tokens = former.token.map(|token| token.to_text());
    Ok(Some(Replaced { keep, record: Some(former.record), tokens, noted: Some(Held::new(held)) }))
}

/// Gives up what an earlier process replaced, and did not live to see confirmed: the new sign-in is the right one, or
/// there is none.
pub(in crate::net) async fn settle_former(
    network: &Arc<Network>,
    setup: &Arc<AccountSetup>,
) -> Result<Farewelled, Problem> {
    match adopt_former(network, setup).await? {
        Some(replaced) => leave_behind(network, setup, replaced).await,
        None => Ok(Farewelled::Nothing),
    }
}

/// Holds the key against other processes; a lock that cannot be had hinders nobody who is about to decide anyway.
pub(super) async fn hold_if_possible(network: &Network, key: &VaultKey) -> Option<Box<dyn Send>> {
    let held = network.hold(key).await;
    if let Err(problem) = &held {
        tracing::warn!(target: "butty::net", code = problem.code(), "not held against other processes");
    }
    held.ok()
}

/// Where the password of an account is kept.
pub(in crate::net) fn password_key(setup: &AccountSetup) -> VaultKey {
    VaultKey::Password { account: setup.id.as_str().to_owned() }
}

/// Where a token that was handed in is kept.
pub(in crate::net) fn given_key(setup: &AccountSetup) -> VaultKey {
    VaultKey::GivenToken { account: setup.id.as_str().to_owned() }
}
