//! How an account signed in, so that the next start needs no discovery. Holds no secret but the
//! client's.

use super::registration::ClientIdentity;
use super::service::{KeptService, Service};
use super::{Agreement, VaultKey};
use crate::types::{AccountId, Secret, Stamp};
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
    /// Scopes granted; `None`: those asked for, as far as is known.
    pub granted: Option<Vec<String>>,
    /// When the person agreed, where it was noted.
    pub since: Option<Stamp>,
    /// When that ends, where somebody said it.
    pub until: Option<Stamp>,
    /// A refresh token came, where it was noted.
    pub lasting: Option<bool>,
}

/// The stored form. What came after the first version may be missing. Times are Unix milliseconds.
#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    service: KeptService,
    client: String,
    scopes: Vec<String>,
    durable: bool,
    #[serde(default)]
    person: Option<String>,
    #[serde(default)]
    granted: Option<Vec<String>>,
    #[serde(default)]
    since: Option<i64>,
    #[serde(default)]
    until: Option<i64>,
    #[serde(default)]
    lasting: Option<bool>,
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
            granted: self.granted.clone(),
            since: self.since.map(|stamp| stamp.0),
            until: self.until.map(|stamp| stamp.0),
            lasting: self.lasting,
            identity: self.identity.as_ref().map(|client| Hidden(client.to_text().expose().clone())),
        };
        Secret::new(serde_json::to_string(&kept).unwrap_or_default())
    }

    /// Reads the kept text back; `None` when it is none of ours.
    pub fn from_text(text: &Secret<String>) -> Option<Self> {
        let kept: Kept = serde_json::from_str(text.expose()).ok()?;
        // One that cannot be read is as good as none: the tokens may do without.
        let identity = kept.identity.and_then(|text| ClientIdentity::from_text(&Secret::from(text.0.as_str())));
        Some(Self {
            service: kept.service.service()?,
            identity: identity.filter(|identity| identity.id == kept.client),
            client: kept.client,
            scopes: kept.scopes,
            durable: kept.durable,
            person: kept.person,
            granted: kept.granted,
            since: kept.since.map(Stamp),
            until: kept.until.map(Stamp),
            lasting: kept.lasting,
        })
    }

    /// True when what the person agreed to is over.
    pub fn is_over(&self, now: Stamp) -> bool {
        self.until.is_some_and(|until| now >= until)
    }

    /// What the person agreed to.
    pub fn agreement(&self) -> Agreement {
        Agreement {
            asked: self.scopes.clone(),
            granted: self.granted.clone().unwrap_or_else(|| self.scopes.clone()),
            since: self.since,
            until: self.until,
            lasting: self.lasting,
            page: self.service.consents.as_ref().map(ToString::to_string),
        }
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
            consents: at("grants"),
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
            granted: Some(vec!["xmpp".into(), "email".into()]),
            since: Some(Stamp(1_795_442_820_000)),
            until: Some(Stamp(1_826_978_820_000)),
            lasting: Some(true),
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
        let agreed = record.agreement();
        assert_eq!((agreed.granted, agreed.since, agreed.until, agreed.lasting), (record.scopes, None, None, None));
    }
}
