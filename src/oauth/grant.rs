//! The grants: a code for any device (RFC 8628), a page in a browser (RFC 8252), refresh (RFC 6749 section 6),
//! revocation (RFC 7009).
//!
//! The `oauth2` crate writes every request and reads every reply.

mod browser;
mod device;

pub use super::service::Service;
pub use browser::{Attempt, Callback, CallbackFault, Source};
pub use device::{DeviceCode, ask_for_code, wait_for_consent};

use super::registration::{self, ClientAuth, ClientIdentity};
use super::smooth::{self, smooth};
use super::token::Extra;
use super::{Farewelled, GrantError, Hands, HttpRequest, HttpResponse, Issuer, Later, Token, discovery};
use crate::types::{Line, Problem};
use oauth2::basic::{
    BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
    BasicTokenType,
};
use oauth2::http::StatusCode;
use oauth2::{
    AsyncHttpClient, AuthType, Client, ClientId, ClientSecret, EndpointNotSet, EndpointSet, RefreshToken,
    RequestTokenError, RevocationUrl, StandardErrorResponse, StandardRevocableToken, StandardTokenResponse, TokenUrl,
};

/// The issuer that `asked` names (its identity, or the address of its metadata).
pub async fn discover(hands: &dyn Hands, asked: &str) -> Result<Issuer, GrantError> {
    let mut failure = GrantError::NoMetadata;
    for address in discovery::addresses(asked) {
        match hands.fetch(discovery::request(&address)).await {
            // A page where the document should be is how some services say 404.
            Ok(reply) if reply.status() == StatusCode::OK => match Issuer::read(reply.body(), &address, asked) {
                Ok(issuer) => return Ok(issuer),
                Err(error) => failure = error,
            },
            Ok(reply) if smooth::is_busy(&reply) => failure = GrantError::Busy,
            Ok(_) => {}
            Err(problem) => return Err(GrantError::Unreached(problem)),
        }
    }
    Err(failure)
}

/// Registers butty (RFC 7591), if the issuer does that.
pub async fn register(hands: &dyn Hands, issuer: &Issuer, scopes: &[String]) -> Result<ClientIdentity, GrantError> {
    let request = registration::request(issuer, scopes).ok_or(GrantError::UnknownClient)?;
    let reply = hands.fetch(request).await.map_err(GrantError::Unreached)?;
    registration::read(&reply)
}

/// A new pair for a refresh token. Ask once: many services kill the whole family when an old one comes again. Only
/// where the answer got lost there is nothing more to lose.
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

/// Revokes the refresh token, also one that nobody wanted, then the access token (RFC 7009).
pub async fn revoke(hands: &dyn Hands, service: &Service, client: &ClientIdentity, token: &Token) -> Farewelled {
    let Some(address) = service.revocation.as_ref().and_then(|url| RevocationUrl::new(url.to_string()).ok()) else {
        return Farewelled::Never;
    };
    let Ok(client) = oauth_client(service, client) else { return Farewelled::Never };
    let client = client.set_revocation_url(address);
    let refresh = [&token.refresh, &token.unasked].into_iter().flatten();
    let refresh = refresh.map(|token| RefreshToken::new(token.expose().clone()).into());
    let access = oauth2::AccessToken::new(token.access.expose().clone()).into();
    let mut outcome = Farewelled::Told;
    for token in refresh.chain([access]) {
        let token: StandardRevocableToken = token;
        let Ok(request) = client.revoke_token(token) else { return Farewelled::Never };
        match request.request_async(&Revoking(hands)).await {
            Ok(()) => {}
            Err(RequestTokenError::Request(_)) => return Farewelled::Later,
            Err(_) => outcome = Farewelled::Never,
        }
    }
    outcome
}

type TokenClient = Client<
    BasicErrorResponse,
    StandardTokenResponse<Extra, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// A secret goes where registration or metadata say, else into HTTP Basic; the id alone goes into the body.
fn oauth_client(service: &Service, client: &ClientIdentity) -> Result<TokenClient, GrantError> {
    let token = TokenUrl::new(service.token.to_string()).map_err(|_| GrantError::NoMetadata)?;
    let mut built = Client::new(ClientId::new(client.id.clone())).set_token_uri(token);
    if let Some(secret) = &client.secret {
        built = built.set_client_secret(ClientSecret::new(secret.expose().clone()));
    }
    let usual = if service.secret_in_body { ClientAuth::Post } else { ClientAuth::Basic };
    Ok(built.set_auth_type(match client.auth.unwrap_or(usual) {
        ClientAuth::Basic => AuthType::BasicAuth,
        ClientAuth::Post => AuthType::RequestBody,
    }))
}

fn plain(error: RequestTokenError<Unfetched, StandardErrorResponse<BasicErrorResponseType>>) -> GrantError {
    match error {
        RequestTokenError::ServerResponse(body) => match (of_kind(body.error()), body.error_description()) {
            (GrantError::Refused(code), Some(words)) => GrantError::Refused(Line::clean(&format!("{code}: {words}"))),
            (error, _) => error,
        },
        RequestTokenError::Request(Unfetched(error)) => error,
        _ => GrantError::Rubbish,
    }
}

fn of_kind(kind: &BasicErrorResponseType) -> GrantError {
    match kind {
        BasicErrorResponseType::InvalidGrant => GrantError::Dead,
        BasicErrorResponseType::InvalidClient => GrantError::UnknownClient,
        BasicErrorResponseType::UnauthorizedClient | BasicErrorResponseType::UnsupportedGrantType => {
            GrantError::NotForClient(Line::clean(kind.as_ref()))
        }
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
            // RFC 7009 section 2.2.1: after a 503 the token is still good.
            if smooth::is_busy(&reply) {
                return Err(Unfetched(GrantError::Busy));
            }
            if reply.status().is_success() || reply.status() == StatusCode::NOT_FOUND {
                *reply.status_mut() = StatusCode::OK;
            }
            Ok(reply)
        })
    }
}

#[cfg(test)]
mod tests;
