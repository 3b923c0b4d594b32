//! Answers that get lost on their way (an addition to RFC 9700 section 4.14.2).
//!
//! Whoever shows a spent refresh token is a thief, or a client whose connection broke before the new one arrived. Only
//! the second has never used anything of the new pair: until that happens, the same question is answered once more, by
//! another pair, and the one before is void. So a thief gains nothing: the client that uses its own is told, as ever.

use super::chance::Chance;
use super::{Answer, Consent, Desk};
use crate::types::Now;

/// The last answer of a consent, as long as nothing of it was shown.
pub(super) struct Unseen {
    /// What was shown for it: a refresh token or a device code.
    shown: String,
    /// The access token in it.
    access: String,
}

impl Unseen {
    pub(super) fn new(shown: &str, access: &str) -> Self {
        Self { shown: shown.to_owned(), access: access.to_owned() }
    }
}

impl Desk {
    /// The last answer once more, if it was one to this and nothing of it was seen since.
    pub(super) fn again(&mut self, now: Now, client: &str, shown: &str, chance: Chance<'_>) -> Option<Answer> {
        let waits = |consent: &Consent| {
            let unseen = consent.unseen.as_ref().is_some_and(|unseen| unseen.shown == shown);
            unseen && consent.client == client && now.mono < consent.ends
        };
        let at = self.consents.iter().position(waits)?;
        let consent = self.consents.get_mut(at)?;
        let void = consent.unseen.take()?.access;
        consent.access.retain(|(access, _)| *access != void);
        Some(self.issue(now, at, shown, chance))
    }
}

impl Consent {
    /// An access token was shown.
    pub(super) fn see(&mut self, token: &str) {
        self.unseen.take_if(|unseen| unseen.access == token);
    }
}
