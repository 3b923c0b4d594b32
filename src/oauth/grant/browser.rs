//! A page in a browser: authorization code + PKCE (RFC 6749 section 4.1, RFC 7636, RFC 8252), and what comes back.
//!
//! An [`Attempt`] builds the address to open and reads the answer, whether a browser brought it to this computer or
//! a person pasted it. Refused: an answer to another attempt (`state`), of another issuer (RFC 9207), to another
//! page, with repeated parameters; a token where a code was asked for.

use super::{Once, Service, oauth_client, plain};
use crate::oauth::{ClientIdentity, GrantError, Hands, Token};
use crate::types::{Line, Secret, Stamp};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use oauth2::basic::BasicClient;
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
};
use std::time::Duration;
use url::{Url, form_urlencoded};

/// Longest answer that is read.
const LONGEST: usize = 16 * 1024;
/// Longest code: RFC 6749 sets no limit; 8 KiB is above all that was seen.
const LONGEST_CODE: usize = 8 * 1024;

/// One try to sign in on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    redirect: Url,
    state: Secret<String>,
    verifier: Secret<String>,
}

/// What a browser brought back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callback {
    /// To be exchanged, once.
    Code(Secret<String>),
    /// The token itself, where the service knows nothing better.
    Token(Box<Token>),
    /// The page, or the person, said no.
    Refused(GrantError),
}

/// Why something is not the answer; it is waited on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackFault {
    /// No address, and no part of one.
    NoAddress,
    /// Another page's address.
    OtherPage,
    /// The right page, without a readable answer.
    NoAnswer,
    /// The answer to another attempt.
    OtherSignIn,
}

/// Who brought it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Anything on this computer, and any web page, can knock at the listener.
    Listener,
    /// The person, who may also tell a refusal that came without its `state`.
    Pasted,
}

impl Attempt {
    /// How long the page may take; codes live no longer (RFC 6749 section 4.1.2).
    pub const LIFETIME: Duration = Duration::from_secs(600);

    /// A try whose answer comes to `redirect`. `entropy` must be fresh: 256 bits for the verifier (RFC 7636 section
    /// 4.1 and 7.1), as many for the state.
    pub fn new(redirect: Url, entropy: &[u8; 64]) -> Self {
        let (verifier, state) = entropy.split_at(32);
        let text = |bytes: &[u8]| Secret::new(BASE64_URL_SAFE_NO_PAD.encode(bytes));
        Self { redirect, state: text(state), verifier: text(verifier) }
    }

    /// A try that was kept; `None` when its parts cannot be from here.
    pub(in crate::oauth) fn restored(redirect: Url, state: Secret<String>, verifier: Secret<String>) -> Option<Self> {
        let sound = |text: &str| (43..=128).contains(&text.len()) && text.bytes().all(is_unreserved);
        (sound(state.expose()) && sound(verifier.expose())).then_some(Self { redirect, state, verifier })
    }

    /// Redirect, state and verifier, to be kept.
    pub(in crate::oauth) fn parts(&self) -> (&Url, &Secret<String>, &Secret<String>) {
        (&self.redirect, &self.state, &self.verifier)
    }

    /// Where the browser is sent back to.
    pub fn redirect(&self) -> &Url {
        &self.redirect
    }

    /// The address to open.
    pub fn address(&self, service: &Service, client: &ClientIdentity, scopes: &[String]) -> Result<Url, GrantError> {
        let page = service.authorization.clone().ok_or(GrantError::NoPage)?;
        let client = BasicClient::new(ClientId::new(client.id.clone()))
            .set_auth_uri(AuthUrl::from_url(page))
            .set_redirect_uri(RedirectUrl::from_url(self.redirect.clone()));
        let state = || CsrfToken::new(self.state.expose().clone());
        let mut request = client.authorize_url(state).add_scopes(scopes.iter().cloned().map(Scope::new));
        request = if service.token_in_redirect {
            request.use_implicit_flow()
        } else {
            let verifier = PkceCodeVerifier::new(self.verifier.expose().clone());
            request.set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
        };
        let has = |scope: &str| scopes.iter().any(|other| other == scope);
        if has("openid") && has("offline_access") {
            // OpenID Connect Core section 11: without it a sign-in that lasts is not given.
            request = request.add_extra_param("prompt", "consent");
        }
        Ok(request.url().0)
    }

    /// Reads an answer: a whole address, or its query, or its fragment. Percent-decoded once.
    pub fn callback(
        &self,
        service: &Service,
        text: &str,
        source: Source,
        now: Stamp,
    ) -> Result<Callback, CallbackFault> {
        let answer = Answer::read(text, &self.redirect)?;
        let [code, token, error] = ["code", "access_token", "error"].map(|name| answer.get(name));
        if code.is_none() && token.is_none() && error.is_none() {
            return Err(CallbackFault::NoAnswer);
        }
        match answer.get("state") {
            Some(state) if state == self.state.expose() => {}
            None if error.is_some() && source == Source::Pasted => {}
            _ => return Err(CallbackFault::OtherSignIn),
        }
        if let Some(other) = wrong_issuer(service, answer.get("iss"), error.is_some()) {
            return Ok(Callback::Refused(GrantError::WrongIssuer(other)));
        }
        if let Some(error) = error {
            return Ok(Callback::Refused(refusal(error, answer.get("error_description"))));
        }
        if service.token_in_redirect {
            let token = token.ok_or(CallbackFault::NoAnswer)?;
            let token = Token::from_redirect(token, answer.get("expires_in"), answer.get("scope"), now);
            return Ok(token.map_or_else(Callback::Refused, |token| Callback::Token(Box::new(token))));
        }
        let visible = |code: &&str| code.len() <= LONGEST_CODE && code.bytes().all(|b| (0x20..0x7f).contains(&b));
        let code = code.filter(|code| !code.is_empty()).filter(visible).ok_or(CallbackFault::NoAnswer)?;
        Ok(Callback::Code(Secret::from(code)))
    }

    /// Trades the code for a token. Once: a code that comes twice kills what it gave (RFC 6749 section 4.1.2). But
    /// where the connection broke, it may never have come; and if it had, what it gave is lost already.
    pub async fn exchange(
        &self,
        hands: &dyn Hands,
        service: &Service,
        client: &ClientIdentity,
        code: &Secret<String>,
    ) -> Result<Token, GrantError> {
        match self.trade(hands, service, client, code).await {
            Err(GrantError::Unreached(problem)) if problem.is_cut() => {
                match self.trade(hands, service, client, code).await {
                    Err(GrantError::Refused(why)) if why.as_str() == "invalid_grant" => Err(GrantError::AnswerLost),
                    // How Prosody calls a code that was used; the client was good enough for the page.
                    Err(GrantError::UnknownClient) => Err(GrantError::AnswerLost),
                    answer => answer,
                }
            }
            answer => answer,
        }
    }

    async fn trade(
        &self,
        hands: &dyn Hands,
        service: &Service,
        client: &ClientIdentity,
        code: &Secret<String>,
    ) -> Result<Token, GrantError> {
        let client = oauth_client(service, client)?.set_redirect_uri(RedirectUrl::from_url(self.redirect.clone()));
        let answer = client
            .exchange_code(AuthorizationCode::new(code.expose().clone()))
            .set_pkce_verifier(PkceCodeVerifier::new(self.verifier.expose().clone()))
            .request_async(&Once(hands))
            .await
            .map_err(plain);
        match answer {
            // The code is dead, not a sign-in of before.
            Err(GrantError::Dead) => Err(GrantError::Refused(Line::clean("invalid_grant"))),
            Err(error) => Err(error),
            Ok(reply) => Token::from_response(&reply, hands.now().wall),
        }
    }
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Whose answer it is, if not the service's.
fn wrong_issuer(service: &Service, iss: Option<&str>, is_error: bool) -> Option<Line> {
    match iss {
        // The answer came to this sign-in's own door, with its own state.
        Some(_) if service.nameless => None,
        Some(iss) if iss.trim_end_matches('/') == service.issuer.trim_end_matches('/') => None,
        Some(iss) => Some(Line::clean(iss)),
        None if service.iss_in_redirect && !is_error => Some(Line::clean("nobody who says so")),
        None => None,
    }
}

/// RFC 6749 section 4.1.2.1. The description is told once, cleaned.
fn refusal(error: &str, description: Option<&str>) -> GrantError {
    match error {
        "access_denied" | "authorization_declined" => GrantError::Denied,
        "server_error" | "temporarily_unavailable" => GrantError::Busy,
        "unauthorized_client" | "invalid_client" => GrantError::UnknownClient,
        error => {
            let told = description.filter(|text| !text.trim().is_empty());
            GrantError::Refused(Line::clean(&told.map_or(error.to_owned(), |text| format!("{error}: {text}"))))
        }
    }
}

/// The parameters of an answer, each once.
struct Answer(Vec<(String, Secret<String>)>);

impl Answer {
    fn read(text: &str, redirect: &Url) -> Result<Self, CallbackFault> {
        if text.len() > LONGEST {
            return Err(CallbackFault::NoAddress);
        }
        // A terminal breaks long lines, and people copy brackets and quotes with an address.
        let text: String = text.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
        let text = text.trim_matches(['<', '>', '"', '\'', '“', '”', '(', ')']);
        let start = text.find(['?', '#']);
        let (page, parameters) = text.split_at(start.unwrap_or(0));
        if start.is_none() && text.contains("://") {
            let here = same_page(text, redirect);
            return Err(if here { CallbackFault::NoAnswer } else { CallbackFault::OtherPage });
        }
        if !parameters.contains('=') {
            return Err(CallbackFault::NoAddress);
        }
        if !page.is_empty() && !same_page(page, redirect) {
            return Err(CallbackFault::OtherPage);
        }
        let mut pairs: Vec<(String, Secret<String>)> = Vec::new();
        for part in parameters.split(['?', '#', '&']).filter(|part| !part.is_empty()) {
            // A token has no blank in it, so its plus sign is one.
            let is_token = part.starts_with("access_token=");
            let part = if is_token { part.replace('+', "%2B") } else { part.to_owned() };
            let decoded = form_urlencoded::parse(part.as_bytes()).next();
            let Some((name, value)) = decoded else { continue };
            if pairs.iter().any(|(known, _)| *known == name) {
                return Err(CallbackFault::NoAnswer);
            }
            pairs.push((name.into_owned(), Secret::new(value.into_owned())));
        }
        Ok(Self(pairs))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.expose().as_str())
    }
}

/// True for the redirect's own page; browsers hide the scheme.
fn same_page(page: &str, redirect: &Url) -> bool {
    let whole = if page.contains("://") { page.to_owned() } else { format!("{}://{page}", redirect.scheme()) };
    Url::parse(&whole).is_ok_and(|page| page.origin() == redirect.origin() && page.path() == redirect.path())
}

#[cfg(test)]
mod tests;
