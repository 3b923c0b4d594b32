//! OAUTHBEARER (RFC 7628). No `host` and `port` pairs: after a redirect they would be wrong, and the server must
//! check them. No authorization identity: the token says who we are.

use super::{Coding, Credentials, Exchange, Mechanism, Refusal, SaslFault, Started, is_sendable, join};
use crate::types::Secret;
use crate::xmpp::CredentialKind;

/// The mechanism.
pub const MECHANISM: Mechanism =
    Mechanism { name: "OAUTHBEARER", kind: CredentialKind::Token, coding: Coding::Base64, start };

/// The answer to every error (RFC 7628 section 3.2.3).
const ACKNOWLEDGED: &[u8] = b"\x01";
/// Longest address of a metadata document that is believed.
const LONGEST_ADDRESS: usize = 2_048;

fn start(_: &Mechanism, credentials: &Credentials<'_>) -> Result<Started, SaslFault> {
    let token = credentials.secret.expose();
    if !is_sendable(token) {
        return Err(SaslFault::UnusableSecret);
    }
    let initial = join(&[b"n,,\x01auth=Bearer ", token.as_bytes(), b"\x01\x01"]);
    Ok(Started { initial, exchange: Box::new(Bearer::default()) })
}

/// The response without a token that makes a server tell its OAuth address (RFC 7628 section 4.3; Prosody wants the
/// header and one pair).
pub fn probe() -> Started {
    Started { initial: join(&[b"n,,\x01auth=\x01\x01"]), exchange: Box::new(Bearer::default()) }
}

#[derive(Default)]
struct Bearer {
    refusal: Option<Refusal>,
}

impl Exchange for Bearer {
    fn challenge(&mut self, data: &[u8]) -> Result<Secret<Vec<u8>>, SaslFault> {
        if self.refusal.is_some() {
            return Err(SaslFault::Malformed("a second challenge"));
        }
        self.refusal = Some(read(data)?);
        Ok(Secret::new(ACKNOWLEDGED.to_vec()))
    }

    fn success(&mut self, _data: Option<&[u8]>) -> Result<(), SaslFault> {
        // An error was told, so this cannot be.
        if self.refusal.is_some() { Err(SaslFault::Malformed("success after an error")) } else { Ok(()) }
    }

    fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }
}

/// The error document (RFC 7628 section 3.2.2). What is not as it should be is left out: the failure follows anyway.
fn read(data: &[u8]) -> Result<Refusal, SaslFault> {
    let document: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(data).map_err(|_| SaslFault::Malformed("a challenge that is no error document"))?;
    let text = |name: &str| document.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
    let believable = |address: &String| address.len() <= LONGEST_ADDRESS && is_sendable(address);
    Ok(Refusal {
        status: text("status").unwrap_or_default(),
        metadata: text("openid-configuration").filter(believable),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::sasl::Channel;

    #[test]
    fn the_first_message_of_rfc_7628_without_host_and_port() {
        let secret = Secret::from("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
        let started =
            start(&MECHANISM, &Credentials { user: "user", secret: &secret, nonce: "", channel: &Channel::default() })
                .unwrap();
        let expected = b"n,,\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01";
        assert_eq!(started.initial.expose(), expected);
    }

    #[test]
    fn the_error_of_rfc_7628_is_acknowledged_by_one_byte() {
        let mut bearer = Bearer::default();
        let answer = bearer
            .challenge(br#"{"status":"invalid_token","scope":"example_scope","openid-configuration":"https://example.com/.well-known/openid-configuration"}"#)
            .unwrap();
        assert_eq!(Coding::Base64.encode(answer.expose()).expose(), "AQ==");
        let expected = Refusal {
            status: "invalid_token".to_owned(),
            metadata: Some("https://example.com/.well-known/openid-configuration".to_owned()),
        };
        assert_eq!(bearer.refusal(), Some(&expected));
        assert!(bearer.challenge(b"{}").is_err(), "the token is not sent again");
        assert!(bearer.success(None).is_err());
    }

    #[test]
    fn odd_documents_do_no_harm() {
        for data in [&b""[..], b"[]", b"null", b"\"x\"", b"\xff", b"{}{}"] {
            assert!(Bearer::default().challenge(data).is_err(), "{data:?}");
        }
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(Bearer::default().challenge(deep.as_bytes()).is_err());
        let refusal = read(b"{\"status\":1,\"openid-configuration\":\"https://a\\u001b[2J\"}").unwrap();
        assert_eq!(refusal, Refusal::default());
    }
}
