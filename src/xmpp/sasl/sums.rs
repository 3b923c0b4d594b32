//! The long part of SCRAM: hashing a password thousands of times over (RFC 5802 section 2.2, `Hi`).
//!
//! A server says how often, and at the ceiling that takes seconds. So these sums are no part of the exchange: they are
//! handed out, done wherever there is time, and handed back.

use super::Wiped;
use crate::types::Secret;
use ring::pbkdf2;
use std::fmt;
use std::num::NonZeroU32;

/// The longest hash, that of SHA-512.
const LONGEST: usize = 64;

/// Sums to be done. They hold the password.
pub struct Sums {
    pub(super) stretch: pbkdf2::Algorithm,
    /// Bytes of the hash, at most 64.
    pub(super) length: usize,
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
        let mut bytes = Wiped([0; LONGEST]);
        let length = self.length.min(LONGEST);
        let room = bytes.0.get_mut(..length).unwrap_or_default();
        pbkdf2::derive(self.stretch, self.count, &self.salt, self.password.expose().as_bytes(), room);
        Salted { bytes, length }
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
