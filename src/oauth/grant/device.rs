//! A code for any device, and the wait for consent (RFC 8628).
//!
//! The `oauth2` crate runs the polling. What it leaves to its HTTP client happens in `Polling`: a service out of
//! reach is not the end of a code that still lives.

use super::{Once, Service, Unfetched, oauth_client, of_kind, plain};
use crate::oauth::smooth::{self, smooth};
use crate::oauth::{ClientIdentity, GrantError, Hands, HttpRequest, HttpResponse, Later, Pace, Token, page};
use crate::types::{Line, Problem, Secret};
use oauth2::basic::BasicErrorResponseType;
use oauth2::http::StatusCode;
use oauth2::{
    AsyncHttpClient, DeviceAuthorizationUrl, DeviceCodeErrorResponseType, RequestTokenError, Scope,
    StandardDeviceAuthorizationResponse,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;
use url::Url;

/// Longest wait between tries while a service is out of reach.
const LONGEST_RETRY: Duration = Duration::from_secs(60);
/// Longest user code that is shown.
const LONGEST_CODE: usize = 64;
/// The crate's own end of polling, which asks a clock; ours comes first, from [`Hands::now`].
const BEYOND: Duration = Duration::from_secs(24 * 3600);

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
    let details = request.request_async(&Once(hands)).await.map_err(plain)?;
    DeviceCode::from_details(details, local_page)
}

impl DeviceCode {
    fn from_details(details: StandardDeviceAuthorizationResponse, local_page: bool) -> Result<Self, GrantError> {
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
        Ok(Self {
            page,
            complete,
            code: Line::clean(code),
            lifetime: details.expires_in(),
            interval: details.interval(),
            details,
        })
    }

    /// The text that a vault keeps while the person is away.
    pub(in crate::oauth) fn to_text(&self) -> Secret<String> {
        Secret::new(serde_json::to_string(&self.details).unwrap_or_default())
    }

    /// Reads the kept text back; `None` when it is none of ours.
    pub(in crate::oauth) fn from_text(text: &str, local_page: bool) -> Option<Self> {
        Self::from_details(serde_json::from_str(text).ok()?, local_page).ok()
    }
}

/// Polls until the person has answered or the code, with `left` of its life, is dead. Dropping the future cancels; the
/// service is told nothing.
pub async fn wait_for_consent(
    hands: &dyn Hands,
    service: &Service,
    client: &ClientIdentity,
    code: &DeviceCode,
    left: Duration,
) -> Result<Token, GrantError> {
    let client = oauth_client(service, client)?;
    let ends = hands.now().mono.saturating_add(left);
    let polling = Polling {
        hands,
        ends,
        interval: Mutex::new(code.interval),
        lost: AtomicBool::new(false),
        barred: OnceLock::new(),
    };
    polling.wait(code.interval).await;
    let answer = client
        .exchange_device_access_token(&code.details)
        .request_async(&polling, |interval| polling.wait(interval), Some(BEYOND))
        .await;
    if let Some(problem) = polling.barred.into_inner() {
        return Err(GrantError::Unreached(problem));
    }
    let reply = answer.map_err(|error| match error {
        RequestTokenError::ServerResponse(body) => match body.error() {
            // It is not over by the clock, so it was used: the answer that used it is the one that did not arrive.
            DeviceCodeErrorResponseType::ExpiredToken
            | DeviceCodeErrorResponseType::Basic(BasicErrorResponseType::InvalidGrant)
                if polling.lost.load(Ordering::Relaxed) && hands.now().mono < ends =>
            {
                GrantError::AnswerLost
            }
            DeviceCodeErrorResponseType::AccessDenied => GrantError::Denied,
            DeviceCodeErrorResponseType::ExpiredToken => GrantError::CodeExpired,
            DeviceCodeErrorResponseType::Basic(kind) => of_kind(kind),
            other => GrantError::Refused(Line::clean(other.as_ref())),
        },
        _ => GrantError::Rubbish,
    })?;
    Token::from_response(&reply, hands.now().wall)
}

/// Polls through bad networks until the code is dead.
struct Polling<'h> {
    hands: &'h dyn Hands,
    ends: Duration,
    interval: Mutex<Duration>,
    /// The answer before the last one did not arrive.
    lost: AtomicBool,
    /// The way there is not to be gone, now or later.
    barred: OnceLock<Problem>,
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
        self.lost.store(false, Ordering::Relaxed);
        loop {
            if self.hands.now().mono >= self.ends || self.barred.get().is_some() {
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
                Err(problem @ Problem::RedirectInward { .. }) => drop(self.barred.set(problem)),
                // RFC 8628 section 3.5: double the interval when a poll is lost.
                reply => {
                    unreachable = true;
                    let asked = |problem: &Problem| problem.is_cut() || matches!(problem, Problem::NoAnswer { .. });
                    if reply.as_ref().is_err_and(asked) {
                        self.lost.store(true, Ordering::Relaxed);
                    }
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
