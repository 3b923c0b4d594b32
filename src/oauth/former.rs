//! What a new sign-in put out of its place, for as long as nobody has confirmed that it is the right person's.
//!
//! A process that lives to hear it puts the old one back, or gives it up. One that does not leaves this note: from it
//! the next process gives up what nobody would know of any more.

use super::{SignInRecord, Token, VaultKey};
use crate::types::{AccountId, Secret};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// An account's earlier sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Former {
    /// How it was made.
    pub record: SignInRecord,
    /// Its tokens, where there were any.
    pub token: Option<Token>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    record: Hidden,
    token: Option<Hidden>,
}

/// A text inside the text that is a secret itself.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
struct Hidden(String);

impl Former {
    /// Where that of an account is kept.
    pub fn key(account: &AccountId) -> VaultKey {
        VaultKey::Former { account: account.as_str().to_owned() }
    }

    /// The text that a vault keeps.
    pub fn to_text(&self) -> Secret<String> {
        let hidden = |text: Secret<String>| Hidden(text.expose().clone());
        let token = self.token.as_ref().map(|token| hidden(token.to_text()));
        let kept = Kept { record: hidden(self.record.to_text()), token };
        Secret::new(serde_json::to_string(&kept).unwrap_or_default())
    }

    /// Reads the kept text back; `None` when it is none of ours.
    pub fn from_text(text: &Secret<String>) -> Option<Self> {
        let kept: Kept = serde_json::from_str(text.expose()).ok()?;
        let secret = |hidden: &Hidden| Secret::from(hidden.0.as_str());
        let token = kept.token.as_ref().and_then(|token| Token::from_text(&secret(token)));
        Some(Self { record: SignInRecord::from_text(&secret(&kept.record))?, token })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Service, page};
    use super::*;

    #[test]
    fn what_stood_before_survives_its_text() {
        let record = SignInRecord {
            service: Service::new("https://a.test", page::endpoint("https://a.test/token").unwrap()),
            client: "c".into(),
            identity: None,
            scopes: vec!["xmpp".into()],
            durable: true,
            person: None,
            granted: None,
            since: None,
            until: None,
            lasting: None,
        };
        for token in [None, Some(Token::given("A*%!$+/=").unwrap())] {
            let former = Former { record: record.clone(), token };
            assert_eq!(Former::from_text(&former.to_text()), Some(former));
        }
        assert_eq!(Former::from_text(&Secret::from("{}")), None);
    }
}
