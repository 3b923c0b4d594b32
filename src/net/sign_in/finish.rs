//! The second half of a sign-in: waiting for the person, and keeping what came of it.

use super::reach::Reach;
use super::tokens::{given_key, hold_former, hold_if_possible, note_former, record_of};
use super::{Flow, Replaced};
use crate::app::event::{Consent, Keep, LinkFact, PasteFault};
use crate::net::loopback::{Judge, Listener};
use crate::oauth::grant::{self, Attempt, Callback, CallbackFault, DeviceCode, Source};
use crate::oauth::pending::Way;
use crate::oauth::{Agreement, GrantError, Pending, SignInRecord, Token, page, scopes};
use crate::types::{Line, Problem};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

impl Flow {
    /// Waits for the person, and keeps the token.
    pub(super) async fn finish(
        &self,
        hands: &Reach<'_>,
        pending: Pending,
        door: Option<Listener>,
    ) -> Result<(), Problem> {
        let token = match &pending.way {
            Way::Device(code) => self.wait_for_code(hands, &pending, code).await?,
            Way::Browser(attempt) => self.wait_for_browser(hands, &pending, attempt, door).await?,
        };
        self.answered.store(true, Ordering::Relaxed);
        if !scopes::chat_granted(&pending.scopes, token.scopes.as_deref()) {
            let before = record_of(&self.network, &self.setup).await?;
            let stands = before.is_some_and(|record| {
                record.service.issuer == pending.service.issuer && record.client == pending.client.id
            });
            // The refresh token may carry a sign-in of the same client that stands (RFC 7009 section 2.1).
            let refresh = token.refresh.clone().filter(|_| !stands);
            let token = Token { refresh, ..token };
            grant::revoke(hands, &pending.service, &pending.client, &token).await;
            return Err(Problem::ChatNotGranted { domain: self.setup.domain.clone() });
        }
        let before = record_of(&self.network, &self.setup).await?;
        if is_somebody_else(before.as_ref(), &pending, &token) {
            grant::revoke(hands, &pending.service, &pending.client, &token).await;
            return Err(Problem::OtherSignIn { account: Line::clean(self.setup.id.as_str()) });
        }
        // What was not wanted renews nothing, whoever gives it unasked; it is kept for the sign-out, which revokes it.
        let token = if pending.stays { token } else { token.for_this_time() };
        self.keep(pending, &token, before).await
    }

    fn left(&self, pending: &Pending) -> Duration {
        pending.expires.since(self.network.now().wall)
    }

    async fn wait_for_code(&self, hands: &Reach<'_>, pending: &Pending, code: &DeviceCode) -> Result<Token, Problem> {
        let host = Line::clean(&page::host_of(&code.page));
        let left = self.left(pending);
        let answer = grant::wait_for_consent(hands, &pending.service, &pending.client, code, left).await;
        answer.map_err(|error| error.problem(&self.setup.domain, &host, Some((&code.code, code.lifetime))))
    }

    async fn wait_for_browser(
        &self,
        hands: &Reach<'_>,
        pending: &Pending,
        attempt: &Attempt,
        door: Option<Listener>,
    ) -> Result<Token, Problem> {
        let host = Line::clean(&page::host_of(&pending.service.token));
        let told = |error: GrantError| self.told(&error, &host, &pending.scopes);
        let answer = tokio::time::timeout(self.left(pending), self.callback(pending, attempt, door)).await;
        let Ok(callback) = answer else {
            // A page that knows no such client never sends anybody back.
            self.doubt_client(pending).await.map_err(told)?;
            return Err(Problem::NoReturn { domain: self.setup.domain.clone(), waited: Attempt::LIFETIME });
        };
        match callback {
            Callback::Refused(error) => Err(told(error)),
            Callback::Token(token) => Ok(*token),
            Callback::Code(code) => match attempt.exchange(hands, &pending.service, &pending.client, &code).await {
                Err(GrantError::UnknownClient) if self.setup.oauth.client_id.is_none() => {
                    self.doubt_client(pending).await.map_err(told)?;
                    Err(told(GrantError::Refused(Line::clean("invalid_client"))))
                }
                token => token.map_err(told),
            },
        }
    }

    /// What came back, through the door or by the person's hand.
    async fn callback(&self, pending: &Pending, attempt: &Attempt, door: Option<Listener>) -> Callback {
        let judge: Judge = {
            let (attempt, service) = (attempt.clone(), pending.service.clone());
            let network = Arc::clone(&self.network);
            Arc::new(move |query| attempt.callback(&service, query, Source::Listener, network.now().wall))
        };
        let listening = async {
            match door {
                Some(door) => door.answer(attempt.redirect().path(), judge).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(listening);
        loop {
            tokio::select! {
                callback = &mut listening => return callback,
                text = self.pasted.next() => {
                    let now = self.network.now().wall;
                    match attempt.callback(&pending.service, text.expose(), Source::Pasted, now) {
                        Ok(callback) => return callback,
                        Err(fault) => self.tell(Consent::PasteRefused(hint(fault))).await,
                    }
                }
            }
        }
    }

    async fn keep(&self, pending: Pending, token: &Token, before: Option<SignInRecord>) -> Result<(), Problem> {
        let terms = self.setup.oauth.terms;
        let page = pending.service.consents.as_ref().map(ToString::to_string);
        let agreement = Agreement { page, ..Agreement::new(&pending.scopes, token, terms, self.network.now().wall) };
        let granted = agreement.granted.iter().map(|scope| Line::clean(scope)).collect();
        let record = SignInRecord {
            service: pending.service,
            identity: self.setup.oauth.client_id.is_none().then(|| pending.client.clone()),
            client: pending.client.id,
            scopes: pending.scopes,
            durable: self.durable(),
            person: token.person.clone(),
            granted: token.scopes.clone(),
            since: agreement.since,
            until: agreement.until,
            lasting: agreement.lasting,
        };
        let key = record.tokens_key(&self.setup.id);
        let former = match &before {
            Some(before) if before.durable && !self.follows_another => hold_former(&self.network, &self.setup).await,
            _ => None,
        };
        let flight = self.network.flight(&key);
        // A refresh of the old token that is still under way must not come last.
        let _alone_here = flight.lock().await;
        let _alone_everywhere = hold_if_possible(&self.network, &key).await;
        // Whose sign-in this is shows only in XMPP where the issuer does not tell: until then what was there is not
        // lost.
        let tokens = match &before {
            Some(record) => self.network.load(&record.tokens_key(&self.setup.id)).await?,
            None => None,
        };
        let noted = match (&before, former) {
            (Some(before), Some(held)) => note_former(&self.network, &self.setup, before, tokens.as_ref(), held).await,
            _ => None,
        };
        *self.replaced.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Replaced { keep: self.keep, record: before, tokens, noted });
        if !record.durable {
            // What is on disk would be found there by the next process, and taken for this one.
            for key in [&key, &SignInRecord::key(&self.setup.id)] {
                if let Err(problem) = self.network.forget(key).await {
                    tracing::warn!(target: "butty::net", code = problem.code(), "an earlier sign-in stays behind");
                }
            }
        }
        if let Err(problem) = self.network.forgo_farewells(&record, &self.setup).await {
            tracing::warn!(target: "butty::net", code = problem.code(), "sign-outs that wait are not taken back");
        }
        self.network.save(&key, token.to_text(), record.durable).await?;
        self.network.save(&SignInRecord::key(&self.setup.id), record.to_text(), record.durable).await?;
        // One that was handed in before would go first.
        self.network.forget(&given_key(&self.setup)).await?;
        let keep = if record.durable { Keep::File } else { Keep::Memory };
        self.teller.tell(LinkFact::Agreed(Box::new(agreement))).await;
        self.tell(Consent::Granted { scopes: granted }).await;
        self.teller.tell(LinkFact::Kept(keep)).await;
        Ok(())
    }
}

/// True when the issuer itself says that another person signed in than before.
fn is_somebody_else(before: Option<&SignInRecord>, pending: &Pending, token: &Token) -> bool {
    let same_place = before.filter(|record| record.service.issuer == pending.service.issuer);
    let both = same_place.and_then(|record| record.person.as_ref()).zip(token.person.as_ref());
    both.is_some_and(|(before, now)| before != now)
}

fn hint(fault: CallbackFault) -> PasteFault {
    match fault {
        CallbackFault::NoAddress => PasteFault::NoAddress,
        CallbackFault::OtherPage => PasteFault::OtherPage,
        CallbackFault::NoAnswer => PasteFault::NoAnswer,
        CallbackFault::OtherSignIn => PasteFault::OtherSignIn,
    }
}
