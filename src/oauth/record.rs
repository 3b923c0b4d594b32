//! How an account signed in, so that the next start needs no discovery. Holds no secret but the
//! client's.

use super::VaultKey;
use super::registration::ClientIdentity;
use super::service::{KeptService, Service};
use crate::types::{AccountId, Secret};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The issuer is pinned here at first consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInRecord {
    /// Addresses.
    pub service: Service,
    /// The client that the tokens were given to.
    pub client: String,
    /// All of it, where it came from a registration: the issuer's current one may be another by now.
    pub identity: Option<ClientIdentity>,
    /// Scopes asked for.
    pub scopes: Vec<String>,
    /// False: everything stays in memory.
    pub durable: bool,
    /// The issuer's name for the person, where it told one.
    pub person: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    service: KeptService,
    client: String,
    scopes: Vec<String>,
    durable: bool,
    #[serde(default)]
    person: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identity: Option<Hidden>,
}

/// A text inside the text that is a secret itself.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
struct Hidden(String);

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
            service: KeptService::from(&self.service),
            client: self.client.clone(),
            scopes: self.scopes.clone(),
            durable: self.durable,
            person: self.person.clone(),
            identity: self.identity.as_ref().map(|client| Hidden(client.to_text().expose().clone())),
        };
        Secret::new(serde_json::to_string(&kept).unwrap_or_default())
    }

    /// Reads the kept text back; `None` when it is none of ours.
    pub fn from_text(text: &Secret<String>) -> Option<Self> {
        let Kept { service, client, scopes, durable, person, identity } = serde_json::from_str(text.expose()).ok()?;
        // One that cannot be read is as good as none: the tokens may do without.
        let identity = identity.and_then(|text| ClientIdentity::from_text(&Secret::from(text.0.as_str())));
        let identity = identity.filter(|identity| identity.id == client);
        Some(Self { service: service.service()?, client, identity, scopes, durable, person })
    }
}

#[cfg(test)]
mod tests {
    use super::super::page;
    use super::*;

    #[test]
    fn a_record_survives_its_text() {
        let at = |path: &str| page::endpoint(&format!("https://alpha.test:15281/oauth2/{path}"));
        let service = Service {
            revocation: at("revoke"),
            authorization: at("authorize"),
            iss_in_redirect: true,
            ..Service::new("https://alpha.test:15281", at("token").unwrap())
        };
        let record = SignInRecord {
            service,
            client: "c".into(),
            identity: Some(ClientIdentity::given("c", Some(Secret::from("s3")))),
            scopes: vec!["xmpp".into()],
            durable: true,
            person: Some("juliet".into()),
        };
        assert_eq!(SignInRecord::from_text(&record.to_text()), Some(record.clone()));
        assert!(!format!("{record:?}").contains("s3"));
        let downgraded = record.to_text().expose().replace("https://", "http://");
        assert_eq!(SignInRecord::from_text(&Secret::new(downgraded)), None);
    }

    #[test]
    fn a_record_of_the_first_version_is_read() {
        let text = r#"{"issuer":"https://a.test","client":"c","token":"https://a.test/token","device":null,
            "revocation":null,"scopes":["xmpp"],"durable":true}"#;
        let record = SignInRecord::from_text(&Secret::from(text)).unwrap();
        assert_eq!(record.service, Service::new("https://a.test", page::endpoint("https://a.test/token").unwrap()));
    }
}
