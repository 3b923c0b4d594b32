//! What a link signs in with: where it is found, asked for and kept.

use super::fast::Demand;
use super::upkeep::Upkeep;
use super::{End, Link, Wish};
use crate::app::event::{Keep, LinkFact};
use crate::app::setup::AccountSetup;
use crate::net::{Network, sign_in};
use crate::oauth::{SignInRecord, Token};
use crate::types::{Line, Problem, Secret};
use crate::xmpp::{CredentialKind, Purpose};
use std::sync::Arc;

/// What there is to sign in with.
pub(in crate::net) enum Means {
    Password(Secret<String>),
    /// A command prints it.
    PasswordCommand,
    Token(TokenSource),
    NoPassword,
    NoSignIn,
    Unknown,
}

/// What a try needs beyond the setup.
pub(in crate::net) enum Supply {
    /// Nothing: a probe.
    Nothing,
    /// To be fetched when it is asked for: a token of the server's own may do.
    OnDemand(Demand),
    /// Here it is.
    Ready(Secret<String>),
    /// On its way, in parallel with the dialling.
    Coming(tokio::task::JoinHandle<Result<Secret<String>, Problem>>),
}

/// Where tokens come from.
#[derive(Clone)]
pub(in crate::net) enum TokenSource {
    Command,
    File,
    Given(Secret<String>),
    Record(Box<SignInRecord>),
}

impl Link {
    /// Asks for a password and waits until something is wished for.
    pub(super) async fn want_password(&mut self, problem: Option<Problem>) -> End {
        if self.password.is_some() {
            // It came while nothing was known of it, such as during the look into the vault.
            return End::Wish(Wish::Connect);
        }
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

    /// Asked before a secret is used that the person gave: where to keep it instead is theirs to say.
    pub(super) async fn place_for_given(&mut self) -> Result<(), End> {
        let Some((_, keep)) = self.password.as_ref().or(self.given_token.as_ref()) else { return Ok(()) };
        let keep = *keep;
        let (network, setup) = (Arc::clone(&self.network), Arc::clone(&self.setup));
        match self.unless_told(async move { network.settle(&setup, keep).await }).await {
            Ok(settled) => settled.map(drop).map_err(End::Problem),
            Err(wish) => Err(End::Wish(wish)),
        }
    }

    pub(super) async fn with_password(&mut self, supply: Supply) -> End {
        self.upkeep = Upkeep::default();
        match self.session(Purpose::Chat, CredentialKind::Password, supply).await {
            End::Problem(problem @ Problem::WrongPassword { .. }) => {
                self.password = None;
                self.want_password(Some(problem)).await
            }
            end => end,
        }
    }

    pub(super) async fn with_token(&mut self, purpose: Purpose, source: TokenSource) -> End {
        self.upkeep = Upkeep::of(if let TokenSource::Record(record) = &source { Some(record) } else { None });
        if let TokenSource::Record(record) = &source {
            self.teller.tell(LinkFact::Agreed(Box::new(record.agreement()))).await;
            if record.is_over(self.network.now().wall) {
                // The server's own token would go on beyond what the person agreed to.
                self.learn_fast(None).await;
            }
        }
        let lazily = self.has_fast().await;
        let supply = self.supply(Demand::Token(source.clone()), lazily);
        let (secret, end) = self.session_with(purpose, CredentialKind::Token, supply).await;
        let is_refused = |end: &End| matches!(end, End::Problem(Problem::SignInExpired { .. }));
        // Nobody can make fresh what was handed in.
        let refused = secret.filter(|_| is_refused(&end) && !matches!(source, TokenSource::Given(_)));
        let end = match refused {
            // Refused: one refresh, one more try, then the person.
            Some(refused) => {
                let supply = self.token(&source, Some(refused));
                self.session(purpose, CredentialKind::Token, supply).await
            }
            None => end,
        };
        if !is_refused(&end) {
            return end;
        }
        // What a person has just handed in was never proved, and says nothing of what was there before.
        if self.given_token.is_none() && purpose == Purpose::Chat {
            self.give_fast_up().await;
        }
        if matches!(source, TokenSource::Given(_)) { self.forget_given().await } else { end }
    }

    /// A token that was handed in is refused: it goes, and what was there before it is what the next try finds.
    async fn forget_given(&mut self) -> End {
        self.given_token = None;
        self.stood = false;
        let forgotten = self.network.forget(&sign_in::given_key(&self.setup)).await;
        let refused = Problem::TokenRefused { domain: self.setup.domain.clone() };
        End::Problem(forgotten.map_or_else(|problem| problem, |()| refused))
    }

    /// A token on its way. The task is never aborted: a refresh that was sent must be kept.
    pub(super) fn token(&self, source: &TokenSource, refused: Option<Secret<String>>) -> Supply {
        let (network, setup) = (Arc::clone(&self.network), Arc::clone(&self.setup));
        let teller = self.teller.clone();
        let needed = Problem::SignInNeeded { account: Line::clean(setup.id.as_str()) };
        Supply::Coming(match source.clone() {
            TokenSource::Command => {
                tokio::spawn(
                    async move { usable(sign_in::first_line(&setup.token_command).await, "the token command") },
                )
            }
            TokenSource::File => tokio::spawn(async move {
                let file = setup.oauth.token_file.as_deref().ok_or(needed)?;
                usable(sign_in::first_line_of(file).await, "the token file")
            }),
            TokenSource::Given(token) => tokio::spawn(async move { usable(Some(token), "what was handed in") }),
            TokenSource::Record(record) => {
                tokio::spawn(sign_in::access_token(network, setup, *record, refused, Some(teller)))
            }
        })
    }

    /// The token that was handed in did its work, and is kept where the person said.
    pub(super) async fn keep_token(&mut self) {
        let Some((token, keep)) = self.given_token.take() else { return };
        let durable = keep != Keep::Memory && !self.setup.ephemeral;
        let key = sign_in::given_key(&self.setup);
        let kept = self.network.save(&key, token.clone(), durable).await;
        let keep = if kept.is_ok() && durable { keep } else { Keep::Memory };
        if let Err(problem) = kept {
            tracing::warn!(target: "butty::net", code = problem.code(), "the token is kept in memory only");
            if self.network.save(&key, token.clone(), false).await.is_err() {
                self.given_token = Some((token, Keep::Memory));
            }
        }
        self.teller.tell(LinkFact::Kept(keep)).await;
    }

    /// The password did its work: from here on it is kept where the person said, or as near to it as can be.
    pub(super) async fn keep_password(&mut self) {
        let Some((password, keep)) = self.password.take() else { return };
        let key = sign_in::password_key(&self.setup);
        let durable = keep != Keep::Memory && !self.setup.ephemeral;
        let kept = self.network.save(&key, password.clone(), durable).await;
        let keep = if kept.is_ok() && durable { keep } else { Keep::Memory };
        self.short.memory_only = keep == Keep::Memory;
        if let Err(problem) = kept {
            tracing::warn!(target: "butty::net", code = problem.code(), "the password is kept in memory only");
            if self.network.save(&key, password.clone(), false).await.is_err() {
                self.password = Some((password, Keep::Memory));
            }
        }
        self.teller.tell(LinkFact::Kept(keep)).await;
    }
}

/// The token, if one came and it is one.
pub(in crate::net) fn usable(text: Option<Secret<String>>, from: &str) -> Result<Secret<String>, Problem> {
    let token = Token::given(text.unwrap_or_else(|| Secret::from("")).expose().trim());
    token.map(|token| token.access).map_err(|_| Problem::TokenUnusable { from: Line::clean(from) })
}

/// What there is to sign in with, by the setup, the vault, and the person, who has just `typed` a password or handed
/// in a `token`.
pub(in crate::net) async fn means(
    network: Arc<Network>,
    setup: Arc<AccountSetup>,
    typed: Option<Secret<String>>,
    token: Option<Secret<String>>,
) -> Result<Means, Problem> {
    let kind = setup.credential;
    if kind != Some(CredentialKind::Password) {
        if let Some(source) = token_source(&network, &setup, token).await? {
            return Ok(Means::Token(source));
        }
        if kind == Some(CredentialKind::Token) {
            return Ok(Means::NoSignIn);
        }
    }
    if let Some(password) = typed {
        return Ok(Means::Password(password));
    }
    if !setup.password_command.is_empty() {
        return Ok(Means::PasswordCommand);
    }
    Ok(match network.load(&sign_in::password_key(&setup)).await? {
        Some(password) => Means::Password(password),
        None if kind.is_some() => Means::NoPassword,
        None => Means::Unknown,
    })
}

/// Where a token comes from: the person now, the config, the person before, butty's own sign-in.
async fn token_source(
    network: &Network,
    setup: &AccountSetup,
    token: Option<Secret<String>>,
) -> Result<Option<TokenSource>, Problem> {
    if let Some(token) = token {
        return Ok(Some(TokenSource::Given(token)));
    }
    if !setup.token_command.is_empty() {
        return Ok(Some(TokenSource::Command));
    }
    if setup.oauth.token_file.is_some() {
        return Ok(Some(TokenSource::File));
    }
    if let Some(token) = network.load(&sign_in::given_key(setup)).await? {
        return Ok(Some(TokenSource::Given(token)));
    }
    let record = sign_in::record_of(network, setup).await?;
    Ok(record.map(|record| TokenSource::Record(Box::new(record))))
}
