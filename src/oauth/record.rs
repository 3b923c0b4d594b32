//! How an account signed in, so that the next start needs no discovery. Holds no secret.

use super::grant::Service;
use super::{VaultKey, page};
use crate::types::{AccountId, Secret};
use serde::{Deserialize, Serialize};

/// The issuer is pinned here at first consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInRecord {
    /// Addresses.
    pub service: Service,
    /// The client that the tokens were given to.
    pub client: String,
    /// Scopes asked for.
    pub scopes: Vec<String>,
    /// False: everything stays in memory.
    pub durable: bool,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    issuer: String,
    client: String,
    token: String,
    device: Option<String>,
    revocation: Option<String>,
    scopes: Vec<String>,
    durable: bool,
}

impl SignInRecord {
    /// Where the record of an account is kept.
    pub fn key(account: &AccountId) -> VaultKey {
        VaultKey::SignIn { account: account.as_str().to_owned() }
    }

    /// Where the tokens that it speaks of are kept.
    pub fn tokens_key(&self, account: &AccountId) -> VaultKey {
        VaultKey::Tokens {
            issuer: self.service.issuer.clone(),
            client: self.client.clone(),
            account: account.as_str().to_owned(),
        }
    }

    /// The text that a vault keeps.
    pub fn to_text(&self) -> Secret<String> {
        let kept = Kept {
            issuer: self.service.issuer.clone(),
            client: self.client.clone(),
            token: self.service.token.to_string(),
            device: self.service.device.as_ref().map(ToString::to_string),
            revocation: self.service.revocation.as_ref().map(ToString::to_string),
            scopes: self.scopes.clone(),
            durable: self.durable,
        };
        Secret::new(serde_json::to_string(&kept).unwrap_or_default())
    }

    /// Reads the kept text back; `None` when it is none of ours.
    pub fn from_text(text: &Secret<String>) -> Option<Self> {
        let kept: Kept = serde_json::from_str(text.expose()).ok()?;
        let service = Service {
            issuer: kept.issuer,
            token: page::endpoint(&kept.token)?,
            device: kept.device.as_deref().and_then(page::endpoint),
            revocation: kept.revocation.as_deref().and_then(page::endpoint),
            device_response_type: false,
        };
        Some(Self { service, client: kept.client, scopes: kept.scopes, durable: kept.durable })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_its_text() {
        let service = Service {
            issuer: "https://alpha.test:15281".to_owned(),
            token: page::endpoint("https://alpha.test:15281/oauth2/token").unwrap(),
            device: None,
            revocation: page::endpoint("https://alpha.test:15281/oauth2/revoke"),
            device_response_type: false,
        };
        let record = SignInRecord { service, client: "c".into(), scopes: vec!["xmpp".into()], durable: true };
        assert_eq!(SignInRecord::from_text(&record.to_text()), Some(record.clone()));
        let downgraded = record.to_text().expose().replace("https://", "http://");
        assert_eq!(SignInRecord::from_text(&Secret::new(downgraded)), None);
    }
}
