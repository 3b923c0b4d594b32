//! HT-SHA-256-* (draft-schmaus-kitten-sasl-ht-09): proves a token of the server's own by one hash, and has the server
//! prove it back. Only FAST (XEP-0484) uses it, so it is none of [`MECHANISMS`](super::MECHANISMS).
//!
//! Refused: success without the server's hash.

use super::{Exchange, SaslFault, Started, join};
use crate::types::Secret;
use crate::xmpp::{BindingType, Bindings};
use ring::hmac;

/// One of the family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashedToken {
    /// The registered name.
    pub name: &'static str,
    /// What ties it to the connection.
    binding: Option<BindingType>,
}

/// All that we have, strongest first. HT-SHA-256-UNIQ is none of them: `tls-unique` is not safe.
const ALL: [HashedToken; 3] = [
    HashedToken { name: "HT-SHA-256-EXPR", binding: Some(BindingType::Exporter) },
    HashedToken { name: "HT-SHA-256-ENDP", binding: Some(BindingType::EndPoint) },
    HashedToken { name: "HT-SHA-256-NONE", binding: None },
];

impl HashedToken {
    /// The strongest that is on offer and that this connection can do.
    pub fn strongest(offered: &[String], bindings: &Bindings) -> Option<Self> {
        ALL.into_iter().find(|known| offered.iter().any(|name| name == known.name) && known.data(bindings).is_some())
    }

    /// The one of this name, if this connection can do it.
    pub fn named(name: &str, bindings: &Bindings) -> Option<Self> {
        ALL.into_iter().find(|known| known.name == name && known.data(bindings).is_some())
    }

    fn data(self, bindings: &Bindings) -> Option<&[u8]> {
        self.binding.map_or(Some(&[][..]), |kind| bindings.get(kind))
    }

    /// The only message, and who checks what comes back.
    pub fn start(self, user: &str, token: &Secret<String>, bindings: &Bindings) -> Result<Started, SaslFault> {
        let data = self.data(bindings).ok_or(SaslFault::UnusableSecret)?;
        if user.is_empty() || user.contains('\0') || token.expose().is_empty() {
            return Err(SaslFault::UnusableSecret);
        }
        let key = hmac::Key::new(hmac::HMAC_SHA256, token.expose().as_bytes());
        let hash = hmac::sign(&key, &[b"Initiator", data].concat());
        let initial = join(&[user.as_bytes(), b"\0", hash.as_ref()]);
        Ok(Started { initial, exchange: Box::new(Hashed { key, owed: [b"Responder", data].concat() }) })
    }
}

struct Hashed {
    key: hmac::Key,
    owed: Vec<u8>,
}

impl Exchange for Hashed {
    fn challenge(&mut self, _data: &[u8]) -> Result<Secret<Vec<u8>>, SaslFault> {
        Err(SaslFault::Malformed("a challenge that this mechanism does not have"))
    }

    fn success(&mut self, data: Option<&[u8]>) -> Result<(), SaslFault> {
        hmac::verify(&self.key, &self.owed, data.unwrap_or_default()).map_err(|_| SaslFault::Unproven)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bindings() -> Bindings {
        Bindings { exporter: Some([7; 32]), end_point: None }
    }

    #[test]
    fn the_strongest_that_both_sides_have() {
        let all: Vec<String> = ALL.iter().map(|known| known.name.to_owned()).collect();
        let best =
            |offered: &[String], bindings: &Bindings| HashedToken::strongest(offered, bindings).map(|ht| ht.name);
        assert_eq!(best(&all, &bindings()), Some("HT-SHA-256-EXPR"));
        assert_eq!(best(&all[1..], &bindings()), Some("HT-SHA-256-NONE"));
        assert_eq!(best(&all, &Bindings::default()), Some("HT-SHA-256-NONE"));
        assert_eq!(best(&["HT-SHA-256-UNIQ".to_owned()], &bindings()), None);
        assert_eq!(HashedToken::named("HT-SHA-256-ENDP", &bindings()), None);
    }

    #[test]
    fn both_sides_prove_the_token() {
        let token = Secret::from("secret-token:fast-Zm9v");
        let bound = HashedToken::named("HT-SHA-256-EXPR", &bindings()).unwrap();
        let mut started = bound.start("juliet", &token, &bindings()).unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, token.expose().as_bytes());
        let expected = [b"juliet\0", hmac::sign(&key, &[b"Initiator", &[7; 32][..]].concat()).as_ref()].concat();
        assert_eq!(*started.initial.expose(), expected);
        let owed = hmac::sign(&key, &[b"Responder", &[7; 32][..]].concat());
        assert_eq!(started.exchange.success(Some(owed.as_ref())), Ok(()));
        let unbound = hmac::sign(&key, b"Responder");
        for wrong in [None, Some(&b""[..]), Some(unbound.as_ref())] {
            assert_eq!(started.exchange.success(wrong), Err(SaslFault::Unproven));
        }
        assert!(started.exchange.challenge(b"").is_err());
    }
}
