//! The RFCs' own examples, hostile servers, and rsasl's server as a second opinion.

use super::*;
use rsasl::callback::{Context, Request, SessionCallback, SessionData};
use rsasl::mechanisms::scram::properties::ScramStoredPassword;
use rsasl::prelude::{Mechname, SASLConfig, SASLServer, SessionError, Validation};
use rsasl::property::AuthId;
use rsasl::validate::{Validate, ValidationError};

fn begin(mechanism: &'static Mechanism, user: &str, password: &str, nonce: &str) -> Started {
    start(mechanism, &Credentials { user, secret: &Secret::from(password), nonce }).unwrap()
}

fn answer(exchange: &mut Box<dyn Exchange + Send>, text: &str) -> Result<String, SaslFault> {
    exchange.challenge(text.as_bytes()).map(|bytes| String::from_utf8(bytes.expose().clone()).unwrap())
}

struct Vector {
    mechanism: &'static Mechanism,
    nonce: &'static str,
    server_first: &'static str,
    client_final: &'static str,
    server_final: &'static str,
}

/// RFC 5802 section 5.
const RFC_5802: Vector = Vector {
    mechanism: &SHA_1,
    nonce: "fyko+d2lbbFgONRv9qkxdawL",
    server_first: "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
    client_final: "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
    server_final: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
};

/// RFC 7677 section 3.
const RFC_7677: Vector = Vector {
    mechanism: &SHA_256,
    nonce: "rOprNGfwEbeRWgbNEkqO",
    server_first: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    client_final: "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    server_final: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
};

#[test]
fn the_examples_of_both_rfcs() {
    for vector in [RFC_5802, RFC_7677] {
        let mut started = begin(vector.mechanism, "user", "pencil", vector.nonce);
        assert_eq!(started.initial.expose(), format!("n,,n=user,r={}", vector.nonce).as_bytes());
        assert_eq!(answer(&mut started.exchange, vector.server_first).as_deref(), Ok(vector.client_final));
        assert_eq!(started.exchange.success(Some(vector.server_final.as_bytes())), Ok(()));
    }
}

#[test]
fn the_signature_may_come_in_a_challenge_of_its_own() {
    let mut started = begin(&SHA_1, "user", "pencil", RFC_5802.nonce);
    answer(&mut started.exchange, RFC_5802.server_first).unwrap();
    assert_eq!(answer(&mut started.exchange, RFC_5802.server_final).as_deref(), Ok(""));
    assert_eq!(started.exchange.success(None), Ok(()));
    assert!(answer(&mut started.exchange, RFC_5802.server_final).is_err(), "once");
}

#[test]
fn success_without_proof_is_no_success() {
    let mut started = begin(&SHA_1, "user", "pencil", RFC_5802.nonce);
    assert_eq!(started.exchange.success(None), Err(SaslFault::Unproven), "before the challenge");
    assert_eq!(started.exchange.success(Some(RFC_5802.server_final.as_bytes())), Err(SaslFault::Unproven));
    answer(&mut started.exchange, RFC_5802.server_first).unwrap();
    assert_eq!(started.exchange.success(None), Err(SaslFault::Unproven));
    for wrong in ["", "v=", "v=rmF9pqV8S7suAoZWja4dJRkFsKR=", "v=rmF9pqV8S7suAoZWja4dJRkFsKU=", "v=!", "x=1", "v=AAAA"]
    {
        assert_eq!(started.exchange.success(Some(wrong.as_bytes())), Err(SaslFault::Unproven), "{wrong}");
    }
    assert_eq!(started.exchange.success(Some(b"e=invalid-proof")), Err(SaslFault::Refused));
}

#[test]
fn hostile_challenges_are_refused() {
    let malformed = [
        "",
        "r=",
        "r=other3rfc,s=QSXCR+Q6sek8bf92,i=4096",
        "r=fyko,s=QSXCR+Q6sek8bf92,i=4096",
        "r=fyko+d2lbbFgONRv9qkxdawL,s=QSXCR+Q6sek8bf92,i=4096",
        "r=fyko+d2lbbFgONRv9qkxdawL\u{e9},s=QSXCR+Q6sek8bf92,i=4096",
        "m=x,r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92,i=4096",
        "r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92,i=4096,m=x",
        "r=fyko+d2lbbFgONRv9qkxdawL3,s=,i=4096",
        "r=fyko+d2lbbFgONRv9qkxdawL3,s=?,i=4096",
        "r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92,i=",
        "r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92,i=-4096",
        "r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92,i=+4096",
        "s=QSXCR+Q6sek8bf92,i=4096,r=fyko+d2lbbFgONRv9qkxdawL3",
    ];
    for text in malformed {
        let mut started = begin(&SHA_1, "user", "pencil", RFC_5802.nonce);
        assert!(matches!(answer(&mut started.exchange, text), Err(SaslFault::Malformed(_))), "{text}");
    }
    let mut started = begin(&SHA_1, "user", "pencil", RFC_5802.nonce);
    assert!(started.exchange.challenge(b"r=\xff").is_err());
}

#[test]
fn hash_counts_have_a_floor_and_a_ceiling() {
    for (count, told) in [
        ("0", 0),
        ("1", 1),
        ("4095", 4_095),
        ("10000001", 10_000_001),
        ("2147483647", 2_147_483_647),
        ("99999999999999999999999", u64::MAX),
    ] {
        let mut started = begin(&SHA_1, "user", "pencil", "abc");
        let text = format!("r=abcd,s=QSXCR+Q6sek8bf92,i={count}");
        assert_eq!(answer(&mut started.exchange, &text), Err(SaslFault::HashCount(told)), "{count}");
    }
}

#[test]
fn unknown_attributes_are_let_pass() {
    let mut started = begin(&SHA_1, "user", "pencil", "abc");
    assert!(answer(&mut started.exchange, "r=abcd,s=QSXCR+Q6sek8bf92,i=4096,h=ZGVm,x=1").is_ok());
}

#[test]
fn names_are_escaped() {
    let started = begin(&SHA_1, "a=b,c", "pencil", "abc");
    assert_eq!(started.initial.expose(), b"n,,n=a=3Db=2Cc,r=abc");
    let empty = Credentials { user: "", secret: &Secret::from("pencil"), nonce: "abc" };
    assert!(matches!(start(&SHA_1, &empty), Err(SaslFault::UnusableSecret)));
}

/// What a server keeps of a password (RFC 5802 section 3).
struct Oracle {
    stored_key: Vec<u8>,
    server_key: Vec<u8>,
}

const SALT: &[u8] = b"bad salt";

impl Oracle {
    fn knowing(hash: Hash, password: &str) -> Self {
        let mut salted = vec![0; hash.digest.output_len()];
        let count = NonZeroU32::new(4_096).unwrap();
        pbkdf2::derive(hash.stretch, count, SALT, password.as_bytes(), &mut salted);
        let salted = hmac::Key::new(hash.hmac, &salted);
        let client_key = hmac::sign(&salted, b"Client Key");
        Self {
            stored_key: digest::digest(hash.digest, client_key.as_ref()).as_ref().to_vec(),
            server_key: hmac::sign(&salted, b"Server Key").as_ref().to_vec(),
        }
    }
}

struct Accepted;

impl Validation for Accepted {
    type Value = String;
}

impl SessionCallback for Oracle {
    fn callback(&self, _: &SessionData, _: &Context<'_>, request: &mut Request<'_>) -> Result<(), SessionError> {
        let kept = ScramStoredPassword::new(4_096, SALT, &self.stored_key, &self.server_key);
        request.satisfy::<ScramStoredPassword<'_>>(&kept)?;
        Ok(())
    }

    fn validate(
        &self,
        _: &SessionData,
        context: &Context<'_>,
        validate: &mut Validate<'_>,
    ) -> Result<(), ValidationError> {
        validate.with::<Accepted, _>(|| Ok(context.get_ref::<AuthId>().unwrap_or_default().to_owned()))?;
        Ok(())
    }
}

/// Plays one sign-in against rsasl's server: the name that it read, and what we made of its signature.
fn play(mechanism: &'static Mechanism, password: &str) -> Result<(String, Result<(), SaslFault>), String> {
    let oracle = Oracle::knowing(Hash::of(mechanism.name), "pw-=,é-IX");
    let config = SASLConfig::builder().with_defaults().with_callback(oracle).unwrap();
    let name = Mechname::parse(mechanism.name.as_bytes()).unwrap();
    let mut server = SASLServer::<Accepted>::new(config).start_suggested(name).map_err(|error| error.to_string())?;
    let mut ours = begin(mechanism, "julié", password, "fyko+d2lbbFgONRv9qkxdawL");
    let mut theirs = Vec::new();
    server.step(Some(ours.initial.expose()), &mut theirs).map_err(|error| error.to_string())?;
    let last = ours.exchange.challenge(&theirs).map_err(|error| error.to_string())?;
    theirs.clear();
    server.step(Some(last.expose()), &mut theirs).map_err(|error| error.to_string())?;
    let user = server.validation().ok_or("not accepted")?;
    Ok((user, ours.exchange.success(Some(&theirs))))
}

#[test]
fn an_independent_server_agrees() {
    for mechanism in [&SHA_1, &SHA_256, &SHA_512] {
        let accepted = play(mechanism, "pw-=,é-\u{2168}");
        assert_eq!(accepted, Ok(("julié".to_owned(), Ok(()))), "{}", mechanism.name);
        assert!(play(mechanism, "wrong").is_err(), "{}", mechanism.name);
    }
}
