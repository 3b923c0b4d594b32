//! Floor 2: grants as values.
//!
//! What to ask a sign-in service, and what its answers mean. The `oauth2` crate builds the requests and reads the
//! replies; [`smooth`] first straightens what real services send. Nothing in here opens a socket, waits or asks
//! a clock: whoever calls brings [`Hands`].
//!
//! Refused at this door: addresses that are not https, pages for the person that are not web pages, tokens with
//! blanks or control characters, replies that are no JSON object, an issuer that speaks for another.

pub mod agreement;
mod asking;
pub mod discovery;
pub mod farewell;
pub mod former;
pub mod grant;
pub mod page;
pub mod pending;
pub mod record;
pub mod registration;
pub mod scopes;
mod service;
pub mod smooth;
pub mod token;
pub mod vault;

pub use agreement::{Agreement, Outlook, Terms};
pub use asking::Asking;
pub use discovery::Issuer;
pub use farewell::{Farewell, Matter};
pub use former::Former;
pub use grant::{DeviceCode, Service};
pub use oauth2::{HttpRequest, HttpResponse};
pub use pending::Pending;
pub use record::SignInRecord;
pub use registration::ClientIdentity;
pub use token::Token;
pub use vault::{Durable, Vault, VaultError, VaultKey};

use crate::types::{Domain, Line, Now, Problem};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// A boxed future, so that [`Hands`] can be a trait object.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a grant needs from the outside.
pub trait Hands: Send + Sync {
    /// One request, one reply; no redirect is followed.
    fn fetch(&self, request: HttpRequest) -> Later<'_, Result<HttpResponse, Problem>>;
    /// Waits, or less when the person is impatient.
    fn pause(&self, wait: Duration) -> Later<'_, ()>;
    /// Both clocks.
    fn now(&self) -> Now;
    /// The polling went a step that the person should see.
    fn tell(&self, pace: Pace) -> Later<'_, ()>;
}

/// Whether a service knows that a sign-in has ended. The worst of several is the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Farewelled {
    /// There was nothing to tell: it knew a password, and knows it on.
    Nothing,
    /// It confirmed.
    Told,
    /// It cannot be reached now.
    Later,
    /// It cannot be told: it has no revocation endpoint, or refused.
    Never,
}

/// Steps while waiting for consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// The service asked for a slower pace (`slow_down`): this one, from now on.
    Slower(Duration),
    /// The service cannot be reached; next try after this time. The code still lives.
    Unreachable(Duration),
    /// Reachable again.
    Reachable,
}

/// How a request to a sign-in service can end badly.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// It was not reached, or not safely.
    #[error("not reached")]
    Unreached(Problem),
    /// The person said no.
    #[error("denied")]
    Denied,
    /// Nobody used the code in time.
    #[error("code expired")]
    CodeExpired,
    /// `invalid_grant`: the token is dead; a person has to sign in again.
    #[error("token is dead")]
    Dead,
    /// `invalid_client`: our registration is gone.
    #[error("client unknown")]
    UnknownClient,
    /// `unauthorized_client`, `unsupported_grant_type`: this grant is not for this client.
    #[error("not for this client: {0}")]
    NotForClient(Line),
    /// The person said yes, and the answer got lost on its way: what it held is gone.
    #[error("answer lost")]
    AnswerLost,
    /// Another error code of the service.
    #[error("refused: {0}")]
    Refused(Line),
    /// The service has trouble of its own (5xx): try later.
    #[error("service has trouble")]
    Busy,
    /// No answer that makes sense.
    #[error("not an OAuth answer")]
    Rubbish,
    /// It has no device endpoint.
    #[error("no device endpoint")]
    NoDevice,
    /// It has no page for a browser.
    #[error("no authorization endpoint")]
    NoPage,
    /// The answer in the browser is another issuer's (RFC 9207).
    #[error("answer of another issuer")]
    WrongIssuer(Line),
    /// It has no metadata where it should be, or they are another's.
    #[error("no metadata")]
    NoMetadata,
}

impl GrantError {
    /// The failure as a person sees it. `host` is the sign-in service, `code` and `lifetime` those of the device code.
    pub fn problem(&self, domain: &Domain, host: &Line, code: Option<(&Line, Duration)>) -> Problem {
        let domain = domain.clone();
        let host = host.clone();
        match self {
            Self::Unreached(problem) => problem.clone(),
            Self::Denied => Problem::SignInDenied { domain },
            Self::CodeExpired => {
                let (code, lifetime) = code.map_or((Line::default(), Duration::ZERO), |(c, l)| (c.clone(), l));
                Problem::CodeExpired { code, lifetime }
            }
            Self::Dead => Problem::SignInExpired { domain },
            Self::AnswerLost => Problem::AnswerLost { host },
            Self::UnknownClient => Problem::NoClient { host },
            Self::Refused(error) | Self::NotForClient(error) => Problem::OAuthRefused { host, error: error.clone() },
            Self::Busy | Self::Rubbish => Problem::OAuthRubbish { host },
            Self::NoDevice => Problem::NoDeviceSignIn { domain },
            Self::NoPage => Problem::NoPageSignIn { domain },
            Self::WrongIssuer(other) => Problem::WrongIssuer { domain, host: other.clone() },
            Self::NoMetadata => Problem::NoIssuer { domain },
        }
    }
}
