//! A sign-in that was begun and waits for the person while butty is not running.

use super::grant::{Attempt, DeviceCode};
use super::registration::ClientIdentity;
use super::service::{KeptService, Service};
use super::{VaultKey, page};
use crate::types::{AccountId, Secret, Stamp};
use serde::{Deserialize, Serialize};
use url::Url;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Everything that is needed to go on.
#[derive(Clone, Debug)]
pub struct Pending {
    /// Where.
    pub service: Service,
    /// As whom.
    pub client: ClientIdentity,
    /// Scopes asked for.
    pub scopes: Vec<String>,
    /// A refresh token is wanted; else one that comes is kept for its revocation alone.
    pub stays: bool,
    /// When it is over.
    pub expires: Stamp,
    /// What is waited for.
    pub way: Way,
}

/// What is waited for.
#[derive(Clone, Debug)]
pub enum Way {
    /// A code that is typed anywhere.
    Device(Box<DeviceCode>),
    /// A page whose answer comes back.
    Browser(Box<Attempt>),
}

#[derive(Serialize, Deserialize)]
struct Kept {
    service: KeptService,
    client: String,
    scopes: Vec<String>,
    #[serde(default)]
    chat_only: bool,
    expires: i64,
    device: Option<String>,
    browser: Option<KeptAttempt>,
}

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct KeptAttempt {
    redirect: String,
    state: String,
    verifier: String,
}

impl Pending {
    /// Where the pending sign-in of an account is kept.
    pub fn key(account: &AccountId) -> VaultKey {
        VaultKey::Pending { account: account.as_str().to_owned() }
    }

    /// The text that a vault keeps.
    pub fn to_text(&self) -> Secret<String> {
        let (device, browser) = match &self.way {
            Way::Device(code) => (Some(code.to_text().expose().clone()), None),
            Way::Browser(attempt) => {
                let (redirect, state, verifier) = attempt.parts();
                let (state, verifier) = (state.expose().clone(), verifier.expose().clone());
                (None, Some(KeptAttempt { redirect: redirect.to_string(), state, verifier }))
            }
        };
        let kept = Kept {
            service: KeptService::from(&self.service),
            client: self.client.to_text().expose().clone(),
            scopes: self.scopes.clone(),
            chat_only: !self.stays,
            expires: self.expires.0,
            device,
            browser,
        };
        Secret::new(serde_json::to_string(&kept).unwrap_or_default())
    }

    /// Reads the kept text back; `None` when it is none of ours. `local_page`: as for [`super::grant::ask_for_code`].
    pub fn from_text(text: &Secret<String>, local_page: bool) -> Option<Self> {
        let kept: Kept = serde_json::from_str(text.expose()).ok()?;
        let way = match (kept.device.map(Secret::new), &kept.browser) {
            (Some(code), None) => Way::Device(Box::new(DeviceCode::from_text(code.expose(), local_page)?)),
            (None, Some(KeptAttempt { redirect, state, verifier })) => {
                let redirect = page::redirect(redirect)?;
                let (state, verifier) = (Secret::from(state.as_str()), Secret::from(verifier.as_str()));
                Way::Browser(Box::new(Attempt::restored(redirect, state, verifier)?))
            }
            _ => return None,
        };
        let client = ClientIdentity::from_text(&Secret::new(kept.client))?;
        let (stays, expires) = (!kept.chat_only, Stamp(kept.expires));
        Some(Self { service: kept.service.service()?, client, scopes: kept.scopes, stays, expires, way })
    }

    /// Where the browser is sent back to, if one is waited for.
    pub fn redirect(&self) -> Option<&Url> {
        match &self.way {
            Way::Browser(attempt) => Some(attempt.redirect()),
            Way::Device(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service() -> Service {
        let at = |path: &str| page::endpoint(&format!("https://id.example/{path}"));
        Service { authorization: at("authorize"), ..Service::new("https://id.example", at("token").unwrap()) }
    }

    #[test]
    fn a_page_that_waits_survives_its_text() {
        let attempt = Attempt::new(page::redirect("http://127.0.0.1:4711/callback").unwrap(), &[7; 64]);
        let pending = Pending {
            service: service(),
            client: ClientIdentity::given("c", Some(Secret::from("s"))),
            scopes: vec!["xmpp".to_owned()],
            stays: false,
            expires: Stamp(17),
            way: Way::Browser(Box::new(attempt.clone())),
        };
        let back = Pending::from_text(&pending.to_text(), false).unwrap();
        assert_eq!((&back.service, &back.client, &back.scopes), (&pending.service, &pending.client, &pending.scopes));
        assert!(!back.stays, "what the person wanted holds when it goes on");
        assert_eq!(back.redirect(), Some(attempt.redirect()));
        assert!(matches!(back.way, Way::Browser(kept) if *kept == attempt));
        for (from, to) in [("http://127.0.0.1", "http://10.0.0.1"), ("https://id", "http://id"), ("BwcH", "\\u0000")] {
            let spoilt = Secret::new(pending.to_text().expose().replace(from, to));
            assert!(Pending::from_text(&spoilt, false).is_none(), "{from}");
        }
        assert!(Pending::from_text(&Secret::from("{}"), false).is_none());
    }
}
