//! SCRAM (RFC 5802) over SHA-1, SHA-256 (RFC 7677) and SHA-512; as `-PLUS` bound to the TLS connection.
//!
//! Refused: a nonce that does not extend ours, `m=` (a mandatory extension, and none is known), a hash count below
//! what RFC 7677 section 4 demands or above our ceiling, a server that vouches for another offer than the one that
//! arrived (`h=`, XEP-0474 0.5.0) or for none where it would have to, and success without the server's signature. All
//! but the last end the exchange before a proof is sent. Other attributes are let pass.

use super::{
    Answer, Channel, Coding, Credentials, Exchange, Flag, Mechanism, Salted, SaslFault, Started, Sums, join, prepare,
};
use crate::types::Secret;
use crate::xmpp::CredentialKind;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::{digest, hmac};
use std::num::NonZeroU32;
use std::ops::RangeInclusive;

/// Below: too cheap to guess by (RFC 7677 section 4). Above: our own computer would be the victim, for some seconds at
/// the ceiling; what is recommended today is 600,000.
const COUNTS: RangeInclusive<u64> = 4_096..=10_000_000;
pub(super) const SHA_1_PLUS: Mechanism = mechanism("SCRAM-SHA-1-PLUS");
pub(super) const SHA_256_PLUS: Mechanism = mechanism("SCRAM-SHA-256-PLUS");
pub(super) const SHA_512_PLUS: Mechanism = mechanism("SCRAM-SHA-512-PLUS");
pub(super) const SHA_1: Mechanism = mechanism("SCRAM-SHA-1");
pub(super) const SHA_256: Mechanism = mechanism("SCRAM-SHA-256");
pub(super) const SHA_512: Mechanism = mechanism("SCRAM-SHA-512");

const fn mechanism(name: &'static str) -> Mechanism {
    Mechanism { name, kind: CredentialKind::Password, coding: Coding::Base64, start }
}

/// The two forms of one hash.
#[derive(Clone, Copy)]
struct Hash {
    digest: &'static digest::Algorithm,
    hmac: hmac::Algorithm,
}

impl Hash {
    fn of(mechanism: &str) -> Self {
        match mechanism.trim_end_matches("-PLUS") {
            "SCRAM-SHA-1" => {
                Self { digest: &digest::SHA1_FOR_LEGACY_USE_ONLY, hmac: hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY }
            }
            "SCRAM-SHA-256" => Self { digest: &digest::SHA256, hmac: hmac::HMAC_SHA256 },
            _ => Self { digest: &digest::SHA512, hmac: hmac::HMAC_SHA512 },
        }
    }
}

fn start(mechanism: &Mechanism, credentials: &Credentials<'_>) -> Result<Started, SaslFault> {
    if credentials.user.is_empty() || credentials.secret.expose().is_empty() {
        return Err(SaslFault::UnusableSecret);
    }
    if mechanism.binds() != matches!(credentials.channel.flag, Flag::Bound(..)) {
        return Err(SaslFault::Malformed("a mechanism that binds, without a binding"));
    }
    let user = prepare(credentials.user).expose().replace('=', "=3D").replace(',', "=2C");
    let client_first = format!("n={user},r={}", credentials.nonce);
    let header = credentials.channel.flag.header();
    let initial = join(&[header.as_bytes(), client_first.as_bytes()]);
    let scram = Scram {
        hash: Hash::of(mechanism.name),
        nonce: credentials.nonce.to_owned(),
        client_first,
        channel: credentials.channel.clone(),
        state: State::First { password: prepare(credentials.secret.expose()) },
    };
    Ok(Started { initial, exchange: Box::new(scram) })
}

struct Scram {
    hash: Hash,
    nonce: String,
    /// Our first message without its header: part of what is signed.
    client_first: String,
    channel: Channel,
    state: State,
}

enum State {
    /// The server's salt and count are awaited.
    First { password: Secret<String> },
    /// The salted password is being made; `message`: our last one, but for the proof.
    Summing { signed: String, message: String },
    /// Its signature is awaited; `verified` once it came in a challenge.
    Final { key: hmac::Key, signed: String, verified: bool },
}

impl Exchange for Scram {
    fn challenge(&mut self, data: &[u8]) -> Result<Secret<Vec<u8>>, SaslFault> {
        match self.answer(data)? {
            Answer::Say(message) => Ok(message),
            Answer::Sums(sums) => self.summed(&sums.carry_out()),
        }
    }

    fn answer(&mut self, data: &[u8]) -> Result<Answer, SaslFault> {
        let text = std::str::from_utf8(data).map_err(|_| SaslFault::Malformed("a challenge that is no text"))?;
        match &mut self.state {
            State::First { .. } => self.ask(text).map(Answer::Sums),
            State::Summing { .. } => Err(SaslFault::Malformed("a challenge ahead of our answer")),
            State::Final { verified: true, .. } => Err(SaslFault::Malformed("a challenge too many")),
            // RFC 4422 section 3.6: where success carries no data, the last message is a challenge of its own.
            State::Final { key, signed, verified } => {
                check_signature(key, signed, text)?;
                *verified = true;
                Ok(Answer::Say(Secret::new(Vec::new())))
            }
        }
    }

    fn summed(&mut self, salted: &Salted) -> Result<Secret<Vec<u8>>, SaslFault> {
        self.prove(salted)
    }

    fn success(&mut self, data: Option<&[u8]>) -> Result<(), SaslFault> {
        match (&self.state, data) {
            (State::Final { verified: true, .. }, None) => Ok(()),
            (State::Final { key, signed, .. }, Some(data)) => {
                check_signature(key, signed, std::str::from_utf8(data).unwrap_or_default())
            }
            _ => Err(SaslFault::Unproven),
        }
    }
}

impl Scram {
    /// The server's word about its offer (XEP-0474 section 5.2). It is not proved yet, but signed along with the rest:
    /// a false one makes the signatures of both sides differ.
    fn check_offer(&self, vouched: Option<&str>) -> Result<(), SaslFault> {
        let Some(vouched) = vouched else {
            // Nobody vouches for an offer that is weaker than before.
            return self.channel.weaker_than.clone().map_or(Ok(()), |was| Err(SaslFault::Weaker(was)));
        };
        let ours = digest::digest(self.hash.digest, self.channel.offer.as_bytes());
        if vouched == BASE64_STANDARD.encode(ours) { Ok(()) } else { Err(SaslFault::OfferAltered) }
    }

    /// Everything about the client's last message but the proof in it (RFC 5802 section 3).
    fn ask(&mut self, server_first: &str) -> Result<Box<Sums>, SaslFault> {
        let State::First { password } = &self.state else {
            return Err(SaslFault::Malformed("a challenge too many"));
        };
        let ServerFirst { nonce, salt, count, vouched } = ServerFirst::read(server_first, &self.nonce)?;
        self.check_offer(vouched)?;
        let flag = &self.channel.flag;
        let binding = join(&[flag.header().as_bytes(), flag.data()]);
        let message = format!("c={},r={nonce}", BASE64_STANDARD.encode(binding.expose()));
        let signed = format!("{},{server_first},{message}", self.client_first);
        let sums = Box::new(Sums { hash: self.hash.hmac, password: password.clone(), salt, count });
        self.state = State::Summing { signed, message };
        Ok(sums)
    }

    /// The client's last message.
    fn prove(&mut self, salted: &Salted) -> Result<Secret<Vec<u8>>, SaslFault> {
        let State::Summing { signed, message } = &mut self.state else {
            return Err(SaslFault::Malformed("sums that nobody asked for"));
        };
        let (signed, message) = (std::mem::take(signed), std::mem::take(message));
        let salted = hmac::Key::new(self.hash.hmac, salted.expose());
        let client_key = hmac::sign(&salted, b"Client Key");
        let stored_key = digest::digest(self.hash.digest, client_key.as_ref());
        let signature = hmac::sign(&hmac::Key::new(self.hash.hmac, stored_key.as_ref()), signed.as_bytes());
        let proof = Secret::new(
            client_key.as_ref().iter().zip(signature.as_ref()).map(|(key, sign)| key ^ sign).collect::<Vec<u8>>(),
        );
        let server_key = hmac::sign(&salted, b"Server Key");
        let key = hmac::Key::new(self.hash.hmac, server_key.as_ref());
        self.state = State::Final { key, signed, verified: false };
        let proof = Coding::Base64.encode(proof.expose());
        Ok(join(&[message.as_bytes(), b",p=", proof.expose().as_bytes()]))
    }
}

/// `r=…,s=…,i=…` and perhaps more (RFC 5802 section 7).
struct ServerFirst<'a> {
    nonce: &'a str,
    salt: Vec<u8>,
    count: NonZeroU32,
    /// `h=`: the hash of the offer as the server made it (XEP-0474).
    vouched: Option<&'a str>,
}

impl<'a> ServerFirst<'a> {
    fn read(text: &'a str, ours: &str) -> Result<Self, SaslFault> {
        let mut attributes = text.split(',');
        let mut next = |name: &str| attributes.next().and_then(|attribute| attribute.strip_prefix(name));
        let nonce = next("r=").ok_or(SaslFault::Malformed("a challenge without nonce"))?;
        let extended = nonce.strip_prefix(ours).is_some_and(|theirs| !theirs.is_empty());
        if !extended || !nonce.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(SaslFault::Malformed("a nonce that is not ours"));
        }
        let salt = next("s=").and_then(|salt| BASE64_STANDARD.decode(salt).ok()).filter(|salt| !salt.is_empty());
        let salt = salt.ok_or(SaslFault::Malformed("a challenge without salt"))?;
        let count = next("i=").filter(|count| !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit()));
        let count = count.ok_or(SaslFault::Malformed("a challenge without hash count"))?;
        let (mut vouched, mut mandatory) = (None, false);
        for attribute in attributes {
            mandatory |= attribute.starts_with("m=");
            vouched = vouched.or(attribute.strip_prefix("h="));
        }
        if mandatory {
            return Err(SaslFault::Malformed("an extension that we do not know"));
        }
        // All digits, so only too large a number fails to parse.
        let count = count.parse().unwrap_or(u64::MAX);
        let in_bounds = COUNTS.contains(&count).then_some(count);
        let usable = in_bounds.and_then(|count| u32::try_from(count).ok()).and_then(NonZeroU32::new);
        Ok(Self { nonce, salt, count: usable.ok_or(SaslFault::HashCount(count))?, vouched })
    }
}

/// `v=…`, compared in constant time, or `e=…` (RFC 5802 section 7).
fn check_signature(key: &hmac::Key, signed: &str, text: &str) -> Result<(), SaslFault> {
    let first = text.split(',').next().unwrap_or_default();
    if let Some(error) = first.strip_prefix("e=") {
        let seen_otherwise = ["channel-bindings-dont-match", "server-does-support-channel-binding"].contains(&error);
        return Err(if seen_otherwise { SaslFault::Intercepted } else { SaslFault::Refused });
    }
    let signature = first.strip_prefix("v=").and_then(|value| BASE64_STANDARD.decode(value).ok());
    let signature = signature.ok_or(SaslFault::Unproven)?;
    hmac::verify(key, signed.as_bytes(), &signature).map_err(|_| SaslFault::Unproven)
}

#[cfg(test)]
mod tests;
