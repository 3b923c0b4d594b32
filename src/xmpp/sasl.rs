//! SASL (RFC 4422, as RFC 6120 section 6 carries it).
//!
//! A mechanism is data plus a function: its name, what secret it needs, how its bytes become text, and what starts
//! it. A running one is an [`Exchange`]. [`choose`] picks the strongest, whatever the server's order.
//!
//! Refused: a mechanism that does not fit the secret (a token never goes out by PLAIN), a challenge where none can
//! come, success before the server has proved what its mechanism makes it prove.

mod messenger;
mod oauthbearer;
mod plain;
mod scram;
mod x_oauth2;

use super::CredentialKind;
use crate::types::Secret;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroize;

pub(crate) use oauthbearer::{MECHANISM as OAUTHBEARER, probe};

/// How a mechanism's bytes stand in `<auth/>`, `<challenge/>`, `<response/>` and `<success/>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// As RFC 6120 section 6.4.2 says; `=` is a message of no bytes.
    Base64,
    /// As they are. Messenger's alone: its token looks like base64 and is not encoded again.
    Verbatim,
}

/// One mechanism.
#[derive(Debug)]
pub(crate) struct Mechanism {
    /// The registered name.
    pub(crate) name: &'static str,
    /// The secret that it needs.
    pub(crate) kind: CredentialKind,
    /// How its bytes become text.
    pub(crate) coding: Coding,
    /// Makes the first message.
    pub(crate) start: fn(&Mechanism, &Credentials<'_>) -> Result<Started, SaslFault>,
}

/// What to sign in with.
pub(crate) struct Credentials<'a> {
    /// The local part of the address.
    pub(crate) user: &'a str,
    /// Password or token.
    pub(crate) secret: &'a Secret<String>,
    /// Printable, without comma, never used before (RFC 5802 section 5.1).
    pub(crate) nonce: &'a str,
}

/// A first message, and who answers what comes back.
pub(crate) struct Started {
    pub(crate) initial: Secret<Vec<u8>>,
    pub(crate) exchange: Box<dyn Exchange + Send>,
}

/// A mechanism that has begun.
pub(crate) trait Exchange {
    /// Answers a challenge.
    fn challenge(&mut self, data: &[u8]) -> Result<Secret<Vec<u8>>, SaslFault>;

    /// The server says that it is done; an error where it still owes a proof.
    fn success(&mut self, data: Option<&[u8]>) -> Result<(), SaslFault>;

    /// What the server told about a refused token (RFC 7628 section 3.2.2).
    fn refusal(&self) -> Option<&Refusal> {
        None
    }
}

/// Why a token was refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// `status`, such as `invalid_token`.
    pub(crate) status: String,
    /// `openid-configuration`: where the OAuth metadata is.
    pub(crate) metadata: Option<String>,
}

/// Why an exchange cannot go on. None of them is worth another try with the same server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SaslFault {
    /// A message that breaks the mechanism's rules.
    #[error("{0}")]
    Malformed(&'static str),
    /// The server's proof is wrong or missing.
    #[error("server unproven")]
    Unproven,
    /// The hash count is out of bounds.
    #[error("hash count {0}")]
    HashCount(u64),
    /// The server says inside the mechanism that name or password is wrong.
    #[error("refused")]
    Refused,
    /// The secret cannot be sent by this mechanism.
    #[error("unusable secret")]
    UnusableSecret,
}

/// Strongest first.
const KNOWN: &[&Mechanism] = &[
    &scram::SHA_512,
    &scram::SHA_256,
    &scram::SHA_1,
    &plain::MECHANISM,
    &oauthbearer::MECHANISM,
    &messenger::MECHANISM,
    &x_oauth2::MECHANISM,
];

/// The names of all that are built in, strongest first.
pub fn names() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|mechanism| mechanism.name)
}

/// True when one of these takes a password.
pub fn takes_password(offered: &[String]) -> bool {
    choose(offered, &[], CredentialKind::Password).is_some()
}

/// The mechanism to use: the first of `wished` that is offered, or the strongest offered where nothing is wished.
/// Names are compared trimmed, for Messenger sent a trailing blank.
pub(crate) fn choose(offered: &[String], wished: &[String], kind: CredentialKind) -> Option<&'static Mechanism> {
    let usable = || {
        let fits =
            move |known: &&&Mechanism| known.kind == kind && offered.iter().any(|name| name.trim() == known.name);
        KNOWN.iter().filter(fits).copied()
    };
    if wished.is_empty() {
        return usable().next();
    }
    wished.iter().find_map(|wish| usable().find(|known| known.name.eq_ignore_ascii_case(wish.trim())))
}

impl Coding {
    /// Bytes to text.
    pub(crate) fn encode(self, bytes: &[u8]) -> Secret<String> {
        Secret::new(match self {
            Self::Base64 if bytes.is_empty() => "=".to_owned(),
            Self::Base64 => BASE64_STANDARD.encode(bytes),
            Self::Verbatim => String::from_utf8_lossy(bytes).into_owned(),
        })
    }

    /// Text to bytes. Nothing at all is no bytes; whether that is a message is for the caller to know.
    pub(crate) fn decode(self, text: &str) -> Result<Vec<u8>, SaslFault> {
        match (self, text.trim()) {
            (Self::Base64, "" | "=") => Ok(Vec::new()),
            (Self::Base64, text) => BASE64_STANDARD.decode(text).map_err(|_| SaslFault::Malformed("no base64")),
            (Self::Verbatim, text) => Ok(text.as_bytes().to_vec()),
        }
    }
}

/// Joins parts that hold a secret, without leaving copies behind: the buffer never grows.
fn join(parts: &[&[u8]]) -> Secret<Vec<u8>> {
    let mut joined = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
    for part in parts {
        joined.extend_from_slice(part);
    }
    Secret::new(joined)
}

/// True when a token can be sent: RFC 6750 section 2.1 knows neither blanks nor control characters, and a line
/// break or NUL would end it early.
fn is_sendable(token: &str) -> bool {
    !token.is_empty() && !token.chars().any(|c| c.is_control() || c.is_whitespace())
}

/// The exchange of a mechanism that says everything in its first message.
struct OneMessage;

impl Exchange for OneMessage {
    fn challenge(&mut self, _data: &[u8]) -> Result<Secret<Vec<u8>>, SaslFault> {
        Err(SaslFault::Malformed("a challenge that this mechanism does not have"))
    }

    fn success(&mut self, _data: Option<&[u8]>) -> Result<(), SaslFault> {
        Ok(())
    }
}

/// Prepares a name or password (RFC 4013).
fn prepare(text: &str) -> Secret<String> {
    // Where the profile refuses (it knows Unicode 3.2 alone, so every newer emoji), the server that took this
    // password must have taken the text as it is.
    Secret::new(match stringprep::saslprep(text) {
        Ok(prepared) => prepared.into_owned(),
        Err(_) => text.to_owned(),
    })
}

/// Wipes a buffer when it goes.
struct Wiped<const N: usize>([u8; N]);

impl<const N: usize> Drop for Wiped<N> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::test_runner::{Config, RngSeed, TestRunner};

    fn names(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    fn chosen(offered: &str, wished: &[String], kind: CredentialKind) -> Option<&'static str> {
        choose(&names(offered), wished, kind).map(|mechanism| mechanism.name)
    }

    #[test]
    fn the_strongest_wins_whatever_the_order() {
        let offered = "PLAIN,SCRAM-SHA-1,SCRAM-SHA-512-PLUS,X-OAUTH2,SCRAM-SHA-512,OAUTHBEARER,SCRAM-SHA-256";
        assert_eq!(chosen(offered, &[], CredentialKind::Password), Some("SCRAM-SHA-512"));
        assert_eq!(chosen(offered, &[], CredentialKind::Token), Some("OAUTHBEARER"));
        assert_eq!(chosen("PLAIN,SCRAM-SHA-1", &[], CredentialKind::Password), Some("SCRAM-SHA-1"));
        assert_eq!(chosen("X-OAUTH2,X-MESSENGER-OAUTH2 ", &[], CredentialKind::Token), Some("X-MESSENGER-OAUTH2"));
        assert_eq!(chosen("DIGEST-MD5,EXTERNAL", &[], CredentialKind::Password), None);
    }

    #[test]
    fn a_wish_is_kept_or_nothing_is_sent() {
        let offered = "OAUTHBEARER,X-MESSENGER-OAUTH2,PLAIN,SCRAM-SHA-1";
        assert_eq!(chosen(offered, &names("x-messenger-oauth2"), CredentialKind::Token), Some("X-MESSENGER-OAUTH2"));
        assert_eq!(chosen(offered, &names("SCRAM-SHA-256,PLAIN"), CredentialKind::Password), Some("PLAIN"));
        assert_eq!(chosen(offered, &names("SCRAM-SHA-256"), CredentialKind::Password), None);
    }

    #[test]
    fn a_token_never_goes_out_by_plain() {
        assert_eq!(chosen("PLAIN,SCRAM-SHA-1", &names("PLAIN"), CredentialKind::Token), None);
        assert_eq!(chosen("OAUTHBEARER", &[], CredentialKind::Password), None);
    }

    #[test]
    fn base64_is_strict_and_knows_the_empty_message() {
        assert_eq!(*Coding::Base64.encode(b"").expose(), "=");
        assert_eq!(Coding::Base64.decode(" = "), Ok(Vec::new()));
        assert_eq!(Coding::Base64.decode("AQ=="), Ok(vec![1]));
        for text in ["AQ", "AQ=", "A", "!!!!", "AQ==AQ=="] {
            assert!(Coding::Base64.decode(text).is_err(), "{text}");
        }
    }

    #[test]
    fn passwords_are_prepared_and_odd_ones_are_kept() {
        // RFC 4013 section 3.
        assert_eq!(prepare("I\u{AD}X").expose(), "IX");
        assert_eq!(prepare("\u{AA}").expose(), "a");
        assert_eq!(prepare("\u{2168}").expose(), "IX");
        assert_eq!(prepare("\u{1F9C0}\u{A0}").expose(), "\u{1F9C0}\u{A0}");
    }

    #[test]
    fn a_challenge_of_any_bytes_and_a_success_of_any_bytes_do_no_harm() {
        let config = Config { rng_seed: RngSeed::Fixed(4422), failure_persistence: None, ..Config::default() };
        let server = "(r=abc[d,]{0,2})?(,?[rsimvex]=[A-Za-z0-9+/=]{0,8}){0,5}";
        let said = prop_oneof![server.prop_map(String::into_bytes), vec(any::<u8>(), 0..60)];
        let outcome = TestRunner::new(config).run(&vec(said, 1..4), |all| {
            for mechanism in KNOWN {
                let secret = Secret::from("pencil");
                let started =
                    (mechanism.start)(mechanism, &Credentials { user: "user", secret: &secret, nonce: "abc" });
                let mut exchange = started.unwrap().exchange;
                for said in &all {
                    let _ = exchange.challenge(said);
                }
                let scram = mechanism.name.starts_with("SCRAM");
                prop_assert!(!scram || exchange.success(all.first().map(Vec::as_slice)).is_err(), "{}", mechanism.name);
            }
            Ok(())
        });
        assert_eq!(outcome, Ok(()));
    }

    #[test]
    fn tokens_with_blanks_or_controls_are_not_sent() {
        assert!(is_sendable("EwCo+/=="));
        for token in ["", "a b", "a\n", "a\0", "\u{85}a", "a\u{2028}"] {
            assert!(!is_sendable(token), "{token:?}");
        }
    }
}
