//! The long part of SCRAM: hashing a password thousands of times over (RFC 5802 section 2.2, `Hi`).
//!
//! A server says how often, and at the ceiling that takes seconds. So these sums are no part of the exchange: they are
//! handed out, done wherever there is time, and handed back; and whoever does them can stop, for nobody may want them
//! any more by then. That is why they are done here, round by round.

use super::Wiped;
use crate::types::Secret;
use ring::hmac;
use std::fmt;
use std::num::NonZeroU32;
use zeroize::Zeroizing;

/// The longest hash, that of SHA-512.
const LONGEST: usize = 64;
/// Bytes of a word, and how many words the longest hash has.
const WORD: usize = 16;
const WORDS: usize = LONGEST / WORD;

/// Rounds between two looks at whether they are still wanted: a few milliseconds.
const LOOK: u32 = 4_096;

/// Sums to be done. They hold the password.
pub struct Sums {
    pub(super) hash: hmac::Algorithm,
    pub(super) password: Secret<String>,
    pub(super) salt: Vec<u8>,
    pub(super) count: NonZeroU32,
}

/// What came of them: as good as the password, for this server.
pub struct Salted {
    bytes: Wiped<LONGEST>,
    length: usize,
}

impl Sums {
    /// Does them. May take seconds, and needs nothing but the processor.
    pub fn carry_out(&self) -> Salted {
        let mut salted = Salted::default();
        self.stretch(&mut salted, || true);
        salted
    }

    /// The same for as long as they are wanted, which is asked every few milliseconds. `None`: they are not.
    pub fn carry_out_while(&self, wanted: impl FnMut() -> bool) -> Option<Salted> {
        let mut salted = Salted::default();
        self.stretch(&mut salted, wanted).then_some(salted)
    }

    /// One block of PBKDF2 (RFC 8018 section 5.2), which is `Hi`. False: stopped before the end.
    fn stretch(&self, salted: &mut Salted, mut wanted: impl FnMut() -> bool) -> bool {
        let key = hmac::Key::new(self.hash, self.password.expose().as_bytes());
        let mut first = hmac::Context::with_key(&key);
        first.update(&self.salt);
        first.update(&1_u32.to_be_bytes());
        let mut round = first.sign();
        let mut sum = Zeroizing::new([0; WORDS]);
        add(&mut sum, round.as_ref());
        for done in 1..self.count.get() {
            if done % LOOK == 0 && !wanted() {
                return false;
            }
            round = hmac::sign(&key, round.as_ref());
            add(&mut sum, round.as_ref());
        }
        salted.length = round.as_ref().len().min(LONGEST);
        for (bytes, word) in salted.bytes.0.chunks_exact_mut(WORD).zip(sum.iter()) {
            bytes.copy_from_slice(&word.to_ne_bytes());
        }
        true
    }
}

/// By whole words: it is done millions of times.
fn add(sum: &mut [u128; WORDS], round: &[u8]) {
    let mut padded = [0; LONGEST];
    if let Some(room) = padded.get_mut(..round.len()) {
        room.copy_from_slice(round);
    }
    for (sum, word) in sum.iter_mut().zip(padded.chunks_exact(WORD)) {
        *sum ^= word.try_into().map_or(0, u128::from_ne_bytes);
    }
}

impl Default for Salted {
    fn default() -> Self {
        Self { bytes: Wiped([0; LONGEST]), length: 0 }
    }
}

impl Salted {
    pub(super) fn expose(&self) -> &[u8] {
        self.bytes.0.get(..self.length).unwrap_or_default()
    }
}

impl fmt::Debug for Sums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sums({} times)", self.count)
    }
}

impl fmt::Debug for Salted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salted")
    }
}
