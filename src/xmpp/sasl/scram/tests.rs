//! The RFCs' own examples, hostile servers, and rsasl's server as a second opinion.

use super::*;
use crate::xmpp::BindingType;
use crate::xmpp::sasl::{Offer, Plan};
use ring::pbkdf2;
use rsasl::callback::{Context, Request, SessionCallback, SessionData};
use rsasl::mechanisms::scram::properties::ScramStoredPassword;
use rsasl::prelude::{Mechname, SASLConfig, SASLServer, SessionError, Validation};
use rsasl::property::AuthId;
use rsasl::validate::{Validate, ValidationError};

fn begin(mechanism: &'static Mechanism, user: &str, password: &str, nonce: &str) -> Started {
    begin_over(mechanism, user, password, nonce, Channel::default())
}

fn begin_over(mechanism: &'static Mechanism, user: &str, password: &str, nonce: &str, channel: Channel) -> Started {
    Plan { mechanism, channel, fall_back: None }.start(user, &Secret::from(password), nonce).unwrap()
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
    for seen_otherwise in ["e=channel-bindings-dont-match", "e=server-does-support-channel-binding,x=1"] {
        assert_eq!(started.exchange.success(Some(seen_otherwise.as_bytes())), Err(SaslFault::Intercepted));
    }
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
fn the_sums_are_the_callers_up_to_the_ceiling() {
    for count in ["4096", "1500001", "10000000"] {
        let mut started = begin(&SHA_512, "user", "pencil", "abc");
        let first = format!("r=abcd,s=QSXCR+Q6sek8bf92,i={count}");
        let Ok(Answer::Sums(sums)) = started.exchange.answer(first.as_bytes()) else { panic!("{count}") };
        assert_eq!(format!("{sums:?}"), format!("Sums({count} times)"), "no secret is shown");
        assert!(started.exchange.answer(b"v=AAAA").is_err() && started.exchange.success(Some(b"v=AAAA")).is_err());
    }
    let (mut at_once, mut later) = (begin(&SHA_256, "u", "p", "abc"), begin(&SHA_256, "u", "p", "abc"));
    let first = "r=abcd,s=QSXCR+Q6sek8bf92,i=5000";
    let Ok(Answer::Sums(sums)) = later.exchange.answer(first.as_bytes()) else { panic!("no sums") };
    let salted = sums.carry_out();
    let message = later.exchange.summed(&salted).unwrap();
    assert_eq!(answer(&mut at_once.exchange, first).unwrap().as_bytes(), message.expose());
    assert!(later.exchange.summed(&salted).is_err(), "once");
    let mut looks = 0;
    let stopped = sums.carry_out_while(|| {
        looks += 1;
        false
    });
    assert!(stopped.is_none() && looks == 1, "nobody wants them: {looks} looks");
    assert!(sums.carry_out_while(|| true).is_some(), "somebody does");
}

#[test]
fn unknown_attributes_are_let_pass() {
    let mut started = begin(&SHA_1, "user", "pencil", "abc");
    assert!(answer(&mut started.exchange, "r=abcd,s=QSXCR+Q6sek8bf92,i=4096,d=ZGVm,x=1").is_ok());
}

fn offer(mechanisms: &[&str], bindings: Option<&[&str]>) -> String {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Offer { mechanisms: owned(mechanisms), bindings: bindings.map(owned) }.vouched_text()
}

/// XEP-0474 0.5.0 section 5.3. (Its `c=` and `p=` are made of another binding and hold an `x=` that nothing explains.)
#[test]
fn the_example_of_xep_0474() {
    let types = Some(&["tls-server-end-point", "tls-exporter"][..]);
    let channel = Channel {
        flag: Flag::Bound(BindingType::Exporter, b"THIS IS FAKE CB DATA".to_vec()),
        offer: offer(&["SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"], types),
        weaker_than: None,
    };
    let nonce = "12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6";
    let challenge = format!(
        "r={nonce}a09117a6-ac50-4f2f-93f1-93799c2bddf6,s=QSXCR+Q6sek8bf92,i=4096,h=G6k/rBLDqgOhRRaCuuatSDFkJ08="
    );
    let mut started = begin_over(&SHA_1_PLUS, "user", "pencil", nonce, channel.clone());
    assert_eq!(started.initial.expose(), format!("p=tls-exporter,,n=user,r={nonce}").as_bytes());
    let last = answer(&mut started.exchange, &challenge).unwrap();
    assert!(last.starts_with("c=cD10bHMtZXhwb3J0ZXIsLFRISVMgSVMgRkFLRSBDQiBEQVRB,r=12C4CD5C"), "{last}");
    for (what, offer) in [
        ("a mechanism taken away", offer(&["SCRAM-SHA-1-PLUS"], types)),
        ("one added", offer(&["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"], types)),
        ("a type taken away", offer(&["SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"], Some(&["tls-exporter"]))),
        ("all types taken away", offer(&["SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"], None)),
    ] {
        let mut started = begin_over(&SHA_1_PLUS, "user", "pencil", nonce, Channel { offer, ..channel.clone() });
        assert_eq!(answer(&mut started.exchange, &challenge), Err(SaslFault::OfferAltered), "{what}");
    }
}

/// As recorded at Prosody 13.0.1.
#[test]
fn what_prosody_vouches_for_is_what_it_offered() {
    let text = offer(&["SCRAM-SHA-1-PLUS", "OAUTHBEARER", "SCRAM-SHA-1", "PLAIN"], Some(&["tls-exporter"]));
    let channel = Channel { offer: text, ..Channel::default() };
    let challenge = "r=abc442a747c,s=ODUzMDllY2E=,i=10000,h=0d03IyFgz9MW5VJ5XbFp7h72iRU=";
    let mut started = begin_over(&SHA_1, "juliet", "pw-juliet", "abc", channel);
    assert!(answer(&mut started.exchange, challenge).is_ok());
}

#[test]
fn a_weaker_offer_needs_the_servers_word_before_any_proof() {
    let text = offer(&["PLAIN", "SCRAM-SHA-1"], None);
    let word = BASE64_STANDARD.encode(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()));
    let channel = Channel { offer: text, weaker_than: Some("SCRAM-SHA-512".to_owned()), ..Channel::default() };
    let plain = "r=abcd,s=QSXCR+Q6sek8bf92,i=4096";
    let mut started = begin_over(&SHA_1, "user", "pencil", "abc", channel.clone());
    assert_eq!(answer(&mut started.exchange, plain), Err(SaslFault::Weaker("SCRAM-SHA-512".to_owned())));
    let mut started = begin_over(&SHA_1, "user", "pencil", "abc", channel.clone());
    assert!(answer(&mut started.exchange, &format!("{plain},h={word}")).is_ok());
    let mut started = begin_over(&SHA_1, "user", "pencil", "abc", channel);
    assert_eq!(answer(&mut started.exchange, &format!("{plain},h=AAAA")), Err(SaslFault::OfferAltered));
}

#[test]
fn a_mechanism_that_binds_needs_a_binding_and_the_others_take_none() {
    let bound = Channel { flag: Flag::Bound(BindingType::EndPoint, vec![1]), ..Channel::default() };
    for (mechanism, channel) in [(&SHA_256_PLUS, Channel::default()), (&SHA_256, bound)] {
        let plan = Plan { mechanism, channel, fall_back: None };
        assert!(plan.start("user", &Secret::from("pencil"), "abc").is_err(), "{}", mechanism.name);
    }
}

#[test]
fn names_are_escaped() {
    let started = begin(&SHA_1, "a=b,c", "pencil", "abc");
    assert_eq!(started.initial.expose(), b"n,,n=a=3Db=2Cc,r=abc");
    let empty = Credentials { user: "", secret: &Secret::from("pencil"), nonce: "abc", channel: &Channel::default() };
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
        // Not our own sums, but ring's.
        let stretch = match salted.len() {
            20 => pbkdf2::PBKDF2_HMAC_SHA1,
            32 => pbkdf2::PBKDF2_HMAC_SHA256,
            _ => pbkdf2::PBKDF2_HMAC_SHA512,
        };
        pbkdf2::derive(stretch, count, SALT, password.as_bytes(), &mut salted);
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
