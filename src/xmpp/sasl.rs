//! SASL (RFC 4422, as RFC 6120 section 6 carries it).
//!
//! A mechanism is data plus a function: its name, what secret it needs, how its bytes become text, and what starts
//! it; [`MECHANISMS`] has them all. A running one is an [`Exchange`]. [`choose`] makes a [`Plan`] of an [`Offer`]: the
//! strongest, whatever the server's order.
//!
//! Refused: a mechanism that does not fit the secret (a token never goes out by PLAIN), one weaker than what the server
//! offered before, a challenge where none can come, success before the server has proved what its mechanism makes it
//! prove.
//!
//! # Without the session
//!
//! Whoever has a stream of their own needs nothing but this module. What the caller owes: verified TLS before anything,
//! and a nonce that was never used.
//!
//! ```
//! use butty::types::Secret;
//! use butty::xmpp::sasl::{self, Offer, Wish};
//! use butty::xmpp::{Bindings, CredentialKind, Known};
//!
//! let offer = Offer { mechanisms: vec!["PLAIN".into(), "SCRAM-SHA-256".into()], bindings: None };
//! let (bindings, known) = (Bindings::default(), Known::default());
//! let wish = Wish { kind: CredentialKind::Password, named: &[], bindings: &bindings, known: &known, bound_elsewhere:
//! false }; let plan = sasl::choose(&offer, wish).unwrap();
//! assert_eq!(plan.mechanism.name, "SCRAM-SHA-256");
//!
//! // The example of RFC 7677 section 3: what goes into `<auth/>`, `<response/>`, and what `<success/>` must hold.
//! let mut started = plan.start("user", &Secret::from("pencil"), "rOprNGfwEbeRWgbNEkqO").unwrap();
//! let auth = plan.mechanism.coding.encode(started.initial.expose());
//! assert_eq!(auth.expose(), "biwsbj11c2VyLHI9ck9wck5HZndFYmVSV2diTkVrcU8=");
//! let challenge = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
//! let response = started.exchange.challenge(challenge).unwrap();
//! assert!(response.expose().ends_with(b",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="));
//! started.exchange.success(Some(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")).unwrap();
//! assert!(started.exchange.success(None).is_err(), "a server that proves nothing");
//! ```

mod choice;
mod ht;
mod messenger;
mod oauthbearer;
mod offer;
mod plain;
mod scram;
mod sums;
mod x_oauth2;

use super::CredentialKind;
use crate::types::Secret;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroize;

pub use choice::{Channel, Denied, Flag, Plan, Wish, beats, choose, strongest};
pub use ht::HashedToken;
pub use oauthbearer::{MECHANISM as OAUTHBEARER, probe};
pub use offer::Offer;
pub use sums::{Salted, Sums};

/// How a mechanism's bytes stand in `<auth/>`, `<challenge/>`, `<response/>` and `<success/>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// As RFC 6120 section 6.4.2 says; `=` is a message of no bytes.
    Base64,
    /// As they are. Messenger's alone: its token looks like base64 and is not encoded again.
    Verbatim,
}

/// One mechanism.
#[derive(Debug)]
pub struct Mechanism {
    /// The registered name.
    pub name: &'static str,
    /// The secret that it needs.
    pub kind: CredentialKind,
    /// How its bytes become text.
    pub coding: Coding,
    /// Makes the first message.
    pub start: fn(&Mechanism, &Credentials<'_>) -> Result<Started, SaslFault>,
}

/// What to sign in with.
pub struct Credentials<'a> {
    /// The local part of the address.
    pub user: &'a str,
    /// Password or token.
    pub secret: &'a Secret<String>,
    /// Printable, without comma, never used before (RFC 5802 section 5.1).
    pub nonce: &'a str,
    /// The connection that it goes over.
    pub channel: &'a Channel,
}

/// A first message, and who answers what comes back.
pub struct Started {
    /// What goes out.
    pub initial: Secret<Vec<u8>>,
    /// Who answers.
    pub exchange: Box<dyn Exchange + Send>,
}

/// A mechanism that has begun.
pub trait Exchange {
    /// Answers a challenge.
    fn challenge(&mut self, data: &[u8]) -> Result<Secret<Vec<u8>>, SaslFault>;

    /// As [`Exchange::challenge`], but long sums are left to the caller: what comes of them goes to
    /// [`Exchange::summed`].
    fn answer(&mut self, data: &[u8]) -> Result<Answer, SaslFault> {
        self.challenge(data).map(Answer::Say)
    }

    /// The sums that an answer asked for are done: the message to send.
    fn summed(&mut self, _salted: &Salted) -> Result<Secret<Vec<u8>>, SaslFault> {
        Err(SaslFault::Malformed("sums that nobody asked for"))
    }

    /// The server says that it is done; an error where it still owes a proof.
    fn success(&mut self, data: Option<&[u8]>) -> Result<(), SaslFault>;

    /// What the server told about a refused token (RFC 7628 section 3.2.2).
    fn refusal(&self) -> Option<&Refusal> {
        None
    }
}

/// What an exchange has to say to a challenge.
#[derive(Debug)]
pub enum Answer {
    /// This message.
    Say(Secret<Vec<u8>>),
    /// Nothing before these are done.
    Sums(Box<Sums>),
}

/// Why a token was refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// `status`, such as `invalid_token`.
    pub status: String,
    /// `openid-configuration`: where the OAuth metadata is.
    pub metadata: Option<String>,
}

/// Why an exchange cannot go on. None of them is worth another try with the same server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SaslFault {
    /// A message that breaks the mechanism's rules.
    #[error("{0}")]
    Malformed(&'static str),
    /// The server's proof is wrong or missing.
    #[error("server unproven")]
    Unproven,
    /// The server says that it sees another connection, or another offer, than we do (RFC 5802 section 7).
    #[error("intercepted")]
    Intercepted,
    /// The hash count is out of bounds.
    #[error("hash count {0}")]
    HashCount(u64),
    /// The server says inside the mechanism that name or password is wrong.
    #[error("refused")]
    Refused,
    /// The server vouches for another offer than the one that arrived (XEP-0474): somebody changed it.
    #[error("offer altered")]
    OfferAltered,
    /// The offer is weaker than the pin, and the server does not vouch for it.
    #[error("weaker than {0}")]
    Weaker(String),
    /// The secret cannot be sent by this mechanism.
    #[error("unusable secret")]
    UnusableSecret,
}

/// All that this build knows. For each sort of secret the strongest first.
pub const MECHANISMS: &[&Mechanism] = &[
    &scram::SHA_512_PLUS,
    &scram::SHA_256_PLUS,
    &scram::SHA_1_PLUS,
    &scram::SHA_512,
    &scram::SHA_256,
    &scram::SHA_1,
    &plain::MECHANISM,
    &oauthbearer::MECHANISM,
    &messenger::MECHANISM,
    &x_oauth2::MECHANISM,
];

impl Coding {
    /// Bytes to text.
    pub fn encode(self, bytes: &[u8]) -> Secret<String> {
        Secret::new(match self {
            Self::Base64 if bytes.is_empty() => "=".to_owned(),
            Self::Base64 => BASE64_STANDARD.encode(bytes),
            Self::Verbatim => String::from_utf8_lossy(bytes).into_owned(),
        })
    }

    /// Text to bytes. Nothing at all is no bytes; whether that is a message is for the caller to know.
    pub fn decode(self, text: &str) -> Result<Vec<u8>, SaslFault> {
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
    use crate::xmpp::{BindingType, Bindings, Known};
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::test_runner::{Config, RngSeed, TestRunner};

    /// The first message of each mechanism, as it stands in `<auth/>`; by the public names alone.
    #[test]
    fn row_001_02_every_mechanism_of_the_registry_starts_as_its_document_says() {
        let token = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==";
        let first = |name: &str| match name {
            "X-MESSENGER-OAUTH2" => token.to_owned(),
            // RFC 7628 section 4.1 without host, port and authorization identity.
            "OAUTHBEARER" => BASE64_STANDARD.encode(format!("n,,\u{1}auth=Bearer {token}\u{1}\u{1}")),
            "X-OAUTH2" => BASE64_STANDARD.encode(format!("\0tim\0{token}")),
            // RFC 4616 section 4.
            "PLAIN" => BASE64_STANDARD.encode("\0tim\0tanstaaftanstaaf"),
            // RFC 5802 section 5, RFC 9266.
            name if name.ends_with("-PLUS") => {
                BASE64_STANDARD.encode("p=tls-exporter,,n=tim,r=fyko+d2lbbFgONRv9qkxdawL")
            }
            _ => BASE64_STANDARD.encode("n,,n=tim,r=fyko+d2lbbFgONRv9qkxdawL"),
        };
        for mechanism in MECHANISMS {
            let bindings = Bindings { exporter: Some([7; 32]), end_point: None };
            let bindings = if mechanism.binds() { bindings } else { Bindings::default() };
            let (known, names) = (Known::default(), vec![mechanism.name.to_owned()]);
            let offer = Offer { mechanisms: names, bindings: Some(vec!["tls-exporter".to_owned()]) };
            let wish =
                Wish { kind: mechanism.kind, named: &[], bindings: &bindings, known: &known, bound_elsewhere: false };
            let plan = choose(&offer, wish).unwrap();
            let secret = if mechanism.kind == CredentialKind::Token { token } else { "tanstaaftanstaaf" };
            let started = plan.start("tim", &Secret::from(secret), "fyko+d2lbbFgONRv9qkxdawL").unwrap();
            let text = plan.mechanism.coding.encode(started.initial.expose());
            assert_eq!((plan.mechanism.name, text.expose()), (mechanism.name, &first(mechanism.name)));
        }
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
            for mechanism in MECHANISMS {
                let bound = Channel { flag: Flag::Bound(BindingType::Exporter, vec![7; 32]), ..Channel::default() };
                let channel = if mechanism.binds() { bound } else { Channel::default() };
                let plan = Plan { mechanism, channel, fall_back: None };
                let mut exchange = plan.start("user", &Secret::from("pencil"), "abc").unwrap().exchange;
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
        for token in ["", "a b", "a\n", "a\r", "a\0", "\u{85}a", "a\u{2028}"] {
            assert!(!is_sendable(token), "{token:?}");
            for mechanism in MECHANISMS.iter().filter(|mechanism| mechanism.kind == CredentialKind::Token) {
                let plan = Plan { mechanism, channel: Channel::default(), fall_back: None };
                let started = plan.start("juliet", &Secret::from(token), "");
                assert!(matches!(started, Err(SaslFault::UnusableSecret)), "{} {token:?}", mechanism.name);
            }
        }
    }
}
