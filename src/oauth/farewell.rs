//! Sign-outs that a service has not been told of yet.
//!
//! What the person signed out of is forgotten at once. Where the service could not be reached, the tokens alone wait
//! here until it is told (RFC 7009, XEP-0484), at most [`PATIENCE`]: then a token that nobody used has died by itself.

use super::registration::ClientIdentity;
use super::service::{KeptService, Service};
use super::{Token, VaultKey};
use crate::types::{AccountId, Domain, Secret, Stamp};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// How long a sign-out waits to be told.
pub const PATIENCE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// So many wait at most; the oldest gives way.
pub const MOST: usize = 32;

/// One sign-out that is still to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Farewell {
    /// Whose it was; `None`: noted by an older butty.
    pub account: Option<AccountId>,
    /// The account's domain, which names its certificate policy.
    pub domain: Domain,
    /// Extra roots that the account trusted.
    pub ca_file: Option<PathBuf>,
    /// What is to be told, and to whom.
    pub matter: Matter,
    /// When the person signed out.
    pub since: Stamp,
}

/// What is still to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the nouns of what their variant says")]
pub enum Matter {
    /// The sign-in service is to revoke this token of this client.
    Revoke { service: Box<Service>, client: ClientIdentity, token: Box<Token> },
    /// The account's own server is to forget a token of its own: in a text that only who tells it can read.
    Forget(Secret<String>),
}

#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(default)]
    account: Option<String>,
    domain: String,
    ca_file: Option<PathBuf>,
    #[serde(flatten)]
    matter: KeptMatter,
    since: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum KeptMatter {
    Revoke { service: KeptService, client: Hidden, token: Hidden },
    Forget { forget: Hidden },
}

/// A text inside the text that is a secret itself.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
struct Hidden(String);

impl Farewell {
    /// Where all of them are kept.
    pub const KEY: VaultKey = VaultKey::Farewells;

    /// True when it has waited long enough.
    pub fn is_over(&self, now: Stamp) -> bool {
        now >= self.since.plus(PATIENCE)
    }

    /// The text that a vault keeps: the newest [`MOST`].
    pub fn to_text(all: &[Self]) -> Secret<String> {
        let newest = all.get(all.len().saturating_sub(MOST)..).unwrap_or_default();
        let kept: Vec<Kept> = newest.iter().map(Kept::from).collect();
        Secret::new(serde_json::to_string(&kept).unwrap_or_default())
    }

    /// Reads the kept text back, without what is none of ours.
    pub fn from_text(text: &Secret<String>) -> Vec<Self> {
        let kept: Vec<serde_json::Value> = serde_json::from_str(text.expose()).unwrap_or_default();
        let one = |value| serde_json::from_value::<Kept>(value).ok().and_then(Kept::farewell);
        kept.into_iter().take(MOST).filter_map(one).collect()
    }
}

impl From<&Farewell> for Kept {
    fn from(farewell: &Farewell) -> Self {
        Self {
            account: farewell.account.as_ref().map(|account| account.as_str().to_owned()),
            domain: farewell.domain.as_str().to_owned(),
            ca_file: farewell.ca_file.clone(),
            matter: match &farewell.matter {
                Matter::Revoke { service, client, token } => KeptMatter::Revoke {
                    service: KeptService::from(&**service),
                    client: Hidden(client.to_text().expose().clone()),
                    token: Hidden(token.to_text().expose().clone()),
                },
                Matter::Forget(text) => KeptMatter::Forget { forget: Hidden(text.expose().clone()) },
            },
            since: farewell.since.0,
        }
    }
}

impl Kept {
    fn farewell(self) -> Option<Farewell> {
        Some(Farewell {
            account: self.account.as_deref().map(AccountId::new),
            domain: Domain::parse(&self.domain).ok()?,
            ca_file: self.ca_file,
            matter: match self.matter {
                KeptMatter::Revoke { service, client, token } => Matter::Revoke {
                    service: Box::new(service.service()?),
                    client: ClientIdentity::from_text(&Secret::from(client.0.as_str()))?,
                    token: Box::new(Token::from_text(&Secret::from(token.0.as_str()))?),
                },
                KeptMatter::Forget { forget } => Matter::Forget(Secret::from(forget.0.as_str())),
            },
            since: Stamp(self.since),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::page;
    use super::*;

    fn farewell(day: u64) -> Farewell {
        let service = Service {
            revocation: page::endpoint("https://id.example/revoke"),
            ..Service::new("https://id.example", page::endpoint("https://id.example/token").unwrap())
        };
        Farewell {
            account: Some(AccountId::new("anna@example.org")),
            domain: Domain::parse("example.org").unwrap(),
            ca_file: Some("ca.pem".into()),
            matter: Matter::Revoke {
                service: Box::new(service),
                client: ClientIdentity::given("c", Some(Secret::from("s"))),
                token: Box::new(Token::given("A*%!$+/=").unwrap()),
            },
            since: Stamp(0).plus(Duration::from_secs(day * 86_400)),
        }
    }

    #[test]
    fn what_waits_survives_its_text_and_rubbish_beside_it_does_not() {
        let to_server = Farewell { matter: Matter::Forget(Secret::from("{\"tok\"}")), ..farewell(2) };
        let all = [farewell(1), to_server, farewell(2)];
        assert_eq!(Farewell::from_text(&Farewell::to_text(&all)), all);
        let one = Farewell::to_text(&all[..1]);
        let older = Secret::new(one.expose().replace(r#""account":"anna@example.org","#, ""));
        assert_eq!(Farewell::from_text(&older), [Farewell { account: None, ..farewell(1) }]);
        let mixed = one.expose().replacen('[', r#"[7,{"domain":"x"},"#, 1);
        assert_eq!(Farewell::from_text(&Secret::new(mixed)), all[..1]);
        let downgraded = one.expose().replace("https://", "http://");
        assert!(Farewell::from_text(&Secret::new(downgraded)).is_empty());
        assert!(Farewell::from_text(&Secret::from("no json")).is_empty());
    }

    #[test]
    fn neither_number_nor_time_is_without_end() {
        let all: Vec<Farewell> = (0..40).map(farewell).collect();
        assert_eq!(Farewell::from_text(&Farewell::to_text(&all)), all[8..]);
        assert!(!all[0].is_over(all[29].since) && all[0].is_over(all[30].since));
    }
}
