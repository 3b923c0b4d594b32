//! The addresses of a sign-in service and how it wants to be spoken to, and their stored form.

use super::{Issuer, page};
use serde::{Deserialize, Serialize};
use url::Url;

/// A sign-in service, from its metadata or from a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Identity of the issuer; for a profile without metadata, its token endpoint.
    pub issuer: String,
    /// Token endpoint.
    pub token: Url,
    /// Device authorization endpoint.
    pub device: Option<Url>,
    /// Authorization endpoint: the page for a browser.
    pub authorization: Option<Url>,
    /// Revocation endpoint.
    pub revocation: Option<Url>,
    /// The page that ends the browser's own sign-in (Live Connect).
    pub logout: Option<Url>,
    /// The page where the person sees and takes back what programs were allowed.
    pub consents: Option<Url>,
    /// Send `response_type=device_code` too (Live Connect).
    pub device_response_type: bool,
    /// The page gives the token itself (`response_type=token`), because the service knows nothing better (ejabberd).
    pub token_in_redirect: bool,
    /// The answer of the page always says whose it is (RFC 9207).
    pub iss_in_redirect: bool,
    /// It gives no refresh tokens, by what it says of itself or by its kind.
    pub renews_nothing: bool,
    /// A client's secret goes into the body (`client_secret_post`), not into HTTP Basic.
    pub secret_in_body: bool,
    /// What it names may lie in a private network: the config names it, or the way to it was a private one itself.
    pub inside: bool,
    /// A profile names its addresses, and nobody says who it is: there is nothing to compare an answer's `iss` with (RFC
    /// 9207). Metadata never say so.
    pub nameless: bool,
}

impl Service {
    /// A service of which only this much is known, and that somebody trusted has named.
    pub fn new(issuer: &str, token: Url) -> Self {
        Self {
            issuer: issuer.to_owned(),
            token,
            device: None,
            authorization: None,
            revocation: None,
            logout: None,
            consents: None,
            device_response_type: false,
            token_in_redirect: false,
            iss_in_redirect: false,
            renews_nothing: false,
            secret_in_body: false,
            inside: true,
            nameless: false,
        }
    }

    /// The host and the port that the issuer itself is at.
    pub fn home(&self) -> Option<(String, u16)> {
        let issuer = Url::parse(&self.issuer).ok()?;
        let host = issuer.host_str()?.trim_start_matches('[').trim_end_matches(']');
        Some((host.to_owned(), issuer.port_or_known_default()?))
    }
}

impl From<&Issuer> for Service {
    fn from(issuer: &Issuer) -> Self {
        Self {
            device: issuer.device.clone(),
            authorization: issuer.authorization.clone(),
            revocation: issuer.revocation.clone(),
            consents: issuer.consents.clone(),
            iss_in_redirect: issuer.iss_in_redirect,
            renews_nothing: issuer.grants.is_some() && !issuer.renews(),
            secret_in_body: issuer.wants_secret_in_body(),
            ..Self::new(&issuer.name, issuer.token.clone())
        }
    }
}

/// The stored form. What came after the first version may be missing.
#[derive(Serialize, Deserialize)]
pub(super) struct KeptService {
    issuer: String,
    token: String,
    device: Option<String>,
    #[serde(default)]
    authorization: Option<String>,
    revocation: Option<String>,
    #[serde(default)]
    logout: Option<String>,
    #[serde(default)]
    consents: Option<String>,
    #[serde(default)]
    device_response_type: bool,
    #[serde(default)]
    token_in_redirect: bool,
    #[serde(default)]
    iss_in_redirect: bool,
    #[serde(default)]
    renews_nothing: bool,
    #[serde(default)]
    secret_in_body: bool,
    /// Older ones were written where nobody asked for it.
    #[serde(default = "unasked")]
    inside: bool,
    #[serde(default)]
    nameless: bool,
}

fn unasked() -> bool {
    true
}

impl From<&Service> for KeptService {
    fn from(service: &Service) -> Self {
        let text = |url: &Option<Url>| url.as_ref().map(ToString::to_string);
        Self {
            issuer: service.issuer.clone(),
            token: service.token.to_string(),
            device: text(&service.device),
            authorization: text(&service.authorization),
            revocation: text(&service.revocation),
            logout: text(&service.logout),
            consents: text(&service.consents),
            device_response_type: service.device_response_type,
            token_in_redirect: service.token_in_redirect,
            iss_in_redirect: service.iss_in_redirect,
            renews_nothing: service.renews_nothing,
            secret_in_body: service.secret_in_body,
            inside: service.inside,
            nameless: service.nameless,
        }
    }
}

impl KeptService {
    /// Back again; `None` when its token endpoint is none.
    pub(super) fn service(self) -> Option<Service> {
        let url = |text: Option<String>| text.as_deref().and_then(page::endpoint);
        Some(Service {
            token: page::endpoint(&self.token)?,
            issuer: self.issuer,
            device: url(self.device),
            authorization: url(self.authorization),
            revocation: url(self.revocation),
            logout: url(self.logout),
            // Judged when it was found.
            consents: self.consents.as_deref().and_then(|text| page::for_person(text, true)),
            device_response_type: self.device_response_type,
            token_in_redirect: self.token_in_redirect,
            iss_in_redirect: self.iss_in_redirect,
            renews_nothing: self.renews_nothing,
            secret_in_body: self.secret_in_body,
            inside: self.inside,
            nameless: self.nameless,
        })
    }
}
