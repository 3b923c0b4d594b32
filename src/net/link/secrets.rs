//! What a link signs in with: where it is found, asked for and kept.

use super::{End, Link, Supply, Wish};
use crate::app::event::{Keep, LinkFact};
use crate::app::setup::AccountSetup;
use crate::net::{Network, sign_in};
use crate::oauth::{SignInRecord, Token};
use crate::types::{Line, Problem, Secret};
use crate::xmpp::{CredentialKind, Purpose};
use std::sync::Arc;

/// What there is to sign in with.
pub(super) enum Means {
    Password(Secret<String>),
    Token(TokenSource),
    NoPassword,
    NoSignIn,
    Unknown,
}

/// Where tokens come from.
#[derive(Clone)]
pub(super) enum TokenSource {
    Command,
    Record(Box<SignInRecord>),
}

impl Link {
    /// Asks for a password and waits until something is wished for.
    pub(super) async fn want_password(&mut self, problem: Option<Problem>) -> End {
        let device_sign_in = self.code_on_offer;
        self.teller.tell(LinkFact::PasswordWanted { problem, device_sign_in }).await;
        loop {
            match self.rest().await {
                // Without a password "connect" asks the same question again.
                Wish::Connect if self.password.is_none() => {}
                wish => return End::Wish(wish),
            }
        }
    }

    /// Asked before a typed password is used: where to keep it instead is the person's to say.
    pub(super) async fn place_for_password(&mut self) -> Result<(), End> {
        let Some((_, keep)) = self.password else { return Ok(()) };
        let (network, setup) = (Arc::clone(&self.network), Arc::clone(&self.setup));
        match self.unless_told(async move { network.settle(&setup, keep).await }).await {
            Ok(settled) => settled.map(drop).map_err(End::Problem),
            Err(wish) => Err(End::Wish(wish)),
        }
    }

    pub(super) async fn with_token(&mut self, source: TokenSource) -> End {
        let supply = self.token(&source, None);
        let (secret, end) = self.session_with(Purpose::Chat, CredentialKind::Token, supply).await;
        let End::Problem(Problem::SignInExpired { .. }) = end else { return end };
        // Refused: one refresh, one more try, then the person.
        let Some(refused) = secret else { return end };
        let supply = self.token(&source, Some(refused));
        self.session(Purpose::Chat, CredentialKind::Token, supply).await
    }

    /// A token on its way. The task is never aborted: a refresh that was sent must be kept.
    pub(super) fn token(&self, source: &TokenSource, refused: Option<Secret<String>>) -> Supply {
        let (network, setup) = (Arc::clone(&self.network), Arc::clone(&self.setup));
        let teller = self.teller.clone();
        Supply::Coming(match source.clone() {
            TokenSource::Command => tokio::spawn(async move {
                let needed = || Problem::SignInNeeded { account: Line::clean(setup.id.as_str()) };
                let printed = sign_in::first_line(&setup.token_command).await.ok_or_else(needed)?;
                let token = Token::given(printed.expose());
                token.map(|token| token.access).map_err(|_| Problem::SignInExpired { domain: setup.domain.clone() })
            }),
            TokenSource::Record(record) => {
                tokio::spawn(sign_in::access_token(network, setup, *record, refused, Some(teller)))
            }
        })
    }

    /// The password did its work: from here on it is kept where the person said, or as near to it as can be.
    pub(super) async fn keep_password(&mut self) {
        let Some((password, keep)) = self.password.take() else { return };
        let key = sign_in::password_key(&self.setup);
        let durable = keep != Keep::Memory && !self.setup.ephemeral;
        let kept = self.network.save(&key, password.clone(), durable).await;
        let keep = if kept.is_ok() && durable { keep } else { Keep::Memory };
        if let Err(problem) = kept {
            tracing::warn!(target: "butty::net", code = problem.code(), "the password is kept in memory only");
            if self.network.save(&key, password.clone(), false).await.is_err() {
                self.password = Some((password, Keep::Memory));
            }
        }
        self.teller.tell(LinkFact::Kept(keep)).await;
    }
}

/// What there is to sign in with, by the setup, the vault, and the person, who has just `typed` it.
pub(super) async fn means(
    network: Arc<Network>,
    setup: Arc<AccountSetup>,
    typed: Option<Secret<String>>,
) -> Result<Means, Problem> {
    let kind = setup.credential;
    if kind != Some(CredentialKind::Password) {
        if !setup.token_command.is_empty() {
            return Ok(Means::Token(TokenSource::Command));
        }
        if let Some(record) = sign_in::record_of(&network, &setup).await? {
            return Ok(Means::Token(TokenSource::Record(Box::new(record))));
        }
        if kind == Some(CredentialKind::Token) {
            return Ok(Means::NoSignIn);
        }
    }
    if let Some(password) = typed {
        return Ok(Means::Password(password));
    }
    if !setup.password_command.is_empty() {
        let needed = || Problem::PasswordNeeded { domain: setup.domain.clone() };
        let password = sign_in::first_line(&setup.password_command).await.ok_or_else(needed)?;
        return Ok(Means::Password(password));
    }
    Ok(match network.load(&sign_in::password_key(&setup)).await? {
        Some(password) => Means::Password(password),
        None if kind.is_some() => Means::NoPassword,
        None => Means::Unknown,
    })
}
