//! The grants: a device code and the wait for consent (RFC 8628), refresh (RFC 6749 section 6), revocation
//! (RFC 7009).
//!
//! The `oauth2` crate writes every request, runs the polling and reads every reply. What it leaves to its HTTP
//! client happens in `Polling`: a service out of reach is not the end of a code that still lives.

use super::registration::ClientIdentity;
use super::smooth::{self, smooth};
use super::{GrantError, Hands, HttpRequest, HttpResponse, Issuer, Later, Pace, Token, discovery, page, registration};
use crate::types::{Line, Problem};
use oauth2::basic::{BasicClient, BasicErrorResponseType};
use oauth2::http::StatusCode;
use oauth2::{
    AsyncHttpClient, AuthType, ClientId, ClientSecret, DeviceAuthorizationUrl, DeviceCodeErrorResponseType,
    EndpointNotSet, EndpointSet, RefreshToken, RequestTokenError, RevocationUrl, Scope,
    StandardDeviceAuthorizationResponse, StandardErrorResponse, StandardRevocableToken, TokenUrl,
};
use std::sync::Mutex;
use std::time::Duration;
use url::Url;

/// Longest wait between tries while a service is out of reach.
const LONGEST_RETRY: Duration = Duration::from_secs(60);
/// Longest user code that is shown.
const LONGEST_CODE: usize = 64;
/// The crate's own end of polling, which asks a clock; ours comes first, from [`Hands::now`].
const BEYOND: Duration = Duration::from_secs(24 * 3600);

/// The addresses of a sign-in service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Identity of the issuer; for a profile without metadata, its token endpoint.
    pub issuer: String,
    /// Token endpoint.
    pub token: Url,
    /// Device authorization endpoint.
    pub device: Option<Url>,
    /// Revocation endpoint.
    pub revocation: Option<Url>,
    /// Send `response_type=device_code` too (Live Connect).
    pub device_response_type: bool,
}

impl From<&Issuer> for Service {
    fn from(issuer: &Issuer) -> Self {
        Self {
            issuer: issuer.name.clone(),
            token: issuer.token.clone(),
            device: issuer.device.clone(),
            revocation: issuer.revocation.clone(),
            device_response_type: false,
        }
    }
}

/// A code that waits for the person.
#[derive(Clone, Debug)]
pub struct DeviceCode {
    /// Page to open.
    pub page: Url,
    /// Page with the code in it.
    pub complete: Option<Url>,
    /// Code to type.
    pub code: Line,
    /// Its whole life.
    pub lifetime: Duration,
    /// Pace of polling.
    pub interval: Duration,
    details: StandardDeviceAuthorizationResponse,
}

/// The issuer that `asked` names (its identity, or the address of its metadata).
pub async fn discover(hands: &dyn Hands, asked: &str) -> Result<Issuer, GrantError> {
    let mut failure = GrantError::NoMetadata;
    for address in discovery::addresses(asked) {
        match hands.fetch(discovery::request(&address)).await {
            Ok(reply) if reply.status() == StatusCode::OK => return Issuer::read(reply.body(), &address, asked),
            Ok(reply) if smooth::is_busy(&reply) => failure = GrantError::Busy,
            Ok(_) => {}
            Err(problem) => return Err(GrantError::Unreached(problem)),
        }
    }
    Err(failure)
}

/// Registers butty (RFC 7591).
pub async fn register(hands: &dyn Hands, endpoint: &Url, scopes: &[String]) -> Result<ClientIdentity, GrantError> {
    let reply = hands.fetch(registration::request(endpoint, scopes)).await.map_err(GrantError::Unreached)?;
    registration::read(&reply)
}

/// Asks for a code. `local_page`: the page may be plain http on this computer.
pub async fn ask_for_code(
    hands: &dyn Hands,
    service: &Service,
    client: &ClientIdentity,
    scopes: &[String],
    local_page: bool,
) -> Result<DeviceCode, GrantError> {
    let device = service.device.as_ref().ok_or(GrantError::NoDevice)?;
    let client = oauth_client(service, client)?.set_device_authorization_url(
        DeviceAuthorizationUrl::new(device.to_string()).map_err(|_| GrantError::NoDevice)?,
    );
    let mut request = client.exchange_device_code().add_scopes(scopes.iter().cloned().map(Scope::new));
    if service.device_response_type {
        request = request.add_extra_param("response_type", "device_code");
    }
    let details: StandardDeviceAuthorizationResponse = request.request_async(&Once(hands)).await.map_err(plain)?;
    let page = page::for_person(details.verification_uri(), local_page).ok_or(GrantError::Rubbish)?;
    let code = details.user_code().secret();
    if code.trim().is_empty() || code.len() > LONGEST_CODE || details.device_code().secret().is_empty() {
        return Err(GrantError::Rubbish);
    }
    // A page elsewhere than the one that is shown in text would hide where the square leads.
    let complete = details
        .verification_uri_complete()
        .and_then(|uri| page::for_person(uri.secret(), local_page))
        .filter(|complete| complete.origin() == page.origin());
    Ok(DeviceCode {
        page,
        complete,
        code: Line::clean(code),
        lifetime: details.expires_in(),
        interval: details.interval(),
        details,
    })
}

/// Polls until the person has answered or the code is dead. Dropping the future cancels; the service is told
/// nothing.
pub async fn wait_for_consent(
    hands: &dyn Hands,
    service: &Service,
    client: &ClientIdentity,
    code: &DeviceCode,
) -> Result<Token, GrantError> {
    let client = oauth_client(service, client)?;
    let polling =
        Polling { hands, ends: hands.now().mono.saturating_add(code.lifetime), interval: Mutex::new(code.interval) };
    polling.wait(code.interval).await;
    let answer = client
        .exchange_device_access_token(&code.details)
        .request_async(&polling, |interval| polling.wait(interval), Some(BEYOND))
        .await;
    let reply = answer.map_err(|error| match error {
        RequestTokenError::ServerResponse(body) => match body.error() {
            DeviceCodeErrorResponseType::AccessDenied => GrantError::Denied,
            DeviceCodeErrorResponseType::ExpiredToken => GrantError::CodeExpired,
            DeviceCodeErrorResponseType::Basic(kind) => of_kind(kind),
            other => GrantError::Refused(Line::clean(other.as_ref())),
        },
        _ => GrantError::Rubbish,
    })?;
    Token::from_response(&reply, hands.now().wall)
}

/// A new pair for a refresh token. Ask once: many services kill the whole family when an old one comes again.
pub async fn refresh(
    hands: &dyn Hands,
    service: &Service,
    client: &ClientIdentity,
    old: &Token,
) -> Result<Token, GrantError> {
    let refresh = old.refresh.as_ref().ok_or(GrantError::Dead)?;
    let refresh = RefreshToken::new(refresh.expose().clone());
    let client = oauth_client(service, client)?;
    let answer = client.exchange_refresh_token(&refresh).request_async(&Once(hands)).await.map_err(plain)?;
    Ok(Token::from_response(&answer, hands.now().wall)?.or_from(old))
}

/// Revokes the refresh token, then the access token. True when the service confirmed all of it.
pub async fn revoke(hands: &dyn Hands, service: &Service, client: &ClientIdentity, token: &Token) -> bool {
    let Some(address) = service.revocation.as_ref().and_then(|url| RevocationUrl::new(url.to_string()).ok()) else {
        return false;
    };
    let Ok(client) = oauth_client(service, client) else { return false };
    let client = client.set_revocation_url(address);
    let refresh = token.refresh.as_ref().map(|token| RefreshToken::new(token.expose().clone()).into());
    let access = oauth2::AccessToken::new(token.access.expose().clone()).into();
    let mut told = true;
    for token in refresh.into_iter().chain([access]) {
        let token: StandardRevocableToken = token;
        told &= match client.revoke_token(token) {
            Ok(request) => request.request_async(&Revoking(hands)).await.is_ok(),
            Err(_) => false,
        };
    }
    told
}

type TokenClient = BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// Basic where there is a secret (Prosody takes nothing else), the id in the body where there is none.
fn oauth_client(service: &Service, client: &ClientIdentity) -> Result<TokenClient, GrantError> {
    let token = TokenUrl::new(service.token.to_string()).map_err(|_| GrantError::NoMetadata)?;
    let mut built = BasicClient::new(ClientId::new(client.id.clone())).set_token_uri(token);
    if let Some(secret) = &client.secret {
        built = built.set_client_secret(ClientSecret::new(secret.expose().clone()));
    }
    Ok(built.set_auth_type(AuthType::BasicAuth))
}

fn plain(error: RequestTokenError<Unfetched, StandardErrorResponse<BasicErrorResponseType>>) -> GrantError {
    match error {
        RequestTokenError::ServerResponse(body) => of_kind(body.error()),
        RequestTokenError::Request(Unfetched(error)) => error,
        _ => GrantError::Rubbish,
    }
}

fn of_kind(kind: &BasicErrorResponseType) -> GrantError {
    match kind {
        BasicErrorResponseType::InvalidGrant => GrantError::Dead,
        BasicErrorResponseType::InvalidClient | BasicErrorResponseType::UnauthorizedClient => GrantError::UnknownClient,
        other => match other.as_ref() {
            "access_denied" => GrantError::Denied,
            "expired_token" => GrantError::CodeExpired,
            code => GrantError::Refused(Line::clean(code)),
        },
    }
}

/// A reply that never came, as an error that the crate takes.
#[derive(Debug, thiserror::Error)]
#[error("not fetched")]
struct Unfetched(GrantError);

impl From<Problem> for Unfetched {
    fn from(problem: Problem) -> Self {
        Self(GrantError::Unreached(problem))
    }
}

/// One request, one smoothed reply.
struct Once<'h>(&'h dyn Hands);

impl<'c> AsyncHttpClient<'c> for Once<'_> {
    type Error = Unfetched;
    type Future = Later<'c, Result<HttpResponse, Unfetched>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let reply = self.0.fetch(request).await?;
            if smooth::is_busy(&reply) {
                return Err(Unfetched(GrantError::Busy));
            }
            Ok(smooth(reply))
        })
    }
}

/// Revocation has no body to read. A token that the service does not know is as good as revoked: RFC 7009 says
/// 200, Prosody says 404.
struct Revoking<'h>(&'h dyn Hands);

impl<'c> AsyncHttpClient<'c> for Revoking<'_> {
    type Error = Unfetched;
    type Future = Later<'c, Result<HttpResponse, Unfetched>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let mut reply = self.0.fetch(request).await?;
            if reply.status().is_success() || reply.status() == StatusCode::NOT_FOUND {
                *reply.status_mut() = StatusCode::OK;
            }
            Ok(reply)
        })
    }
}

/// Polls through bad networks until the code is dead.
struct Polling<'h> {
    hands: &'h dyn Hands,
    ends: Duration,
    interval: Mutex<Duration>,
}

impl Polling<'_> {
    /// The wait that the crate asks for; longer than the last one means that the service said `slow_down`.
    async fn wait(&self, interval: Duration) {
        let slower = match self.interval.lock() {
            Ok(mut last) => std::mem::replace(&mut *last, interval) < interval,
            Err(_) => false,
        };
        if slower {
            self.hands.tell(Pace::Slower(interval)).await;
        }
        self.pause(interval).await;
    }

    /// Waits. Who is impatient shortens a wait that grew, but never below the interval: the next poll would come
    /// sooner than the service allows (RFC 8628 section 3.5), which answers it with `slow_down`.
    async fn pause(&self, wait: Duration) {
        let now = self.hands.now().mono;
        let left = self.ends.saturating_sub(now);
        let least = self.interval.lock().map_or(wait, |interval| wait.min(*interval)).min(left);
        self.hands.pause(wait.min(left)).await;
        loop {
            let rest = now.saturating_add(least).saturating_sub(self.hands.now().mono);
            if rest.is_zero() {
                return;
            }
            self.hands.pause(rest).await;
        }
    }

    async fn poll(&self, request: HttpRequest) -> HttpResponse {
        let mut wait = self.interval.lock().map_or(Duration::from_secs(5), |last| *last);
        let mut unreachable = false;
        loop {
            if self.hands.now().mono >= self.ends {
                let expired = serde_json::Value::from(serde_json::Map::from_iter([smooth::error("expired_token")]));
                return smooth::answer(StatusCode::BAD_REQUEST, &expired);
            }
            match self.hands.fetch(request.clone()).await {
                Ok(reply) if !smooth::is_busy(&reply) => {
                    if unreachable {
                        self.hands.tell(Pace::Reachable).await;
                    }
                    return smooth(reply);
                }
                // RFC 8628 section 3.5: double the interval when a poll is lost.
                Ok(_) | Err(_) => {
                    unreachable = true;
                    wait = wait.saturating_mul(2).min(LONGEST_RETRY);
                    self.hands.tell(Pace::Unreachable(wait)).await;
                    self.pause(wait).await;
                }
            }
        }
    }
}

impl<'c> AsyncHttpClient<'c> for Polling<'_> {
    type Error = Unfetched;
    type Future = Later<'c, Result<HttpResponse, Unfetched>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move { Ok(self.poll(request).await) })
    }
}

#[cfg(test)]
mod tests;
