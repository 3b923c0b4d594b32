//! Identifiers. Ours are typed apart from the ones that other people and servers choose.

use std::fmt;
use std::sync::Arc;

/// One configured account: its address as normalised from the config file, such as `anna@example.org`.
///
/// Stamped on every event, effect, key and row. It is *not* the signed-in address: a Messenger-style service
/// hands out another one at bind.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(Arc<str>);

impl AccountId {
    /// The id for a configured address.
    pub fn new(address: &str) -> Self {
        Self(Arc::from(address))
    }

    /// The text that rows and files are keyed by.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountId({})", self.0)
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Our own identity of a message: 48 bits of Unix milliseconds, then 80 random bits, so keys sort by creation
/// and never collide between two butties that write the same history.
///
/// Its text form (32 hex digits) is also the `id` and origin-id (XEP-0359) of what we send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageKey(pub u128);

impl MessageKey {
    /// A key from a moment and a random number; only the low 80 bits of `chance` are used.
    pub fn new(at: super::Stamp, chance: u128) -> Self {
        let millis = u128::try_from(at.0).unwrap_or(0) & 0xffff_ffff_ffff;
        Self((millis << 80) | (chance & ((1 << 80) - 1)))
    }

    /// Reads the text form back; `None` when it is not 32 hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
        hex.then(|| u128::from_str_radix(text, 16).ok().map(Self)).flatten()
    }
}

impl fmt::Display for MessageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// So many of the server's stanzas, in a session that counts them (XEP-0198): what the session asks to be kept, and what
/// it is told to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tally {
    /// Which session; by chance no two have the same number.
    pub session: u64,
    /// How many stanzas; goes round behind 2^32 − 1.
    pub count: u32,
}

macro_rules! foreign_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub String);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

foreign_id! {
    /// The sender's own id of a message: the stanza's `id`, else `<origin-id/>` of XEP-0359. Can be forged.
    OriginId
}
foreign_id! {
    /// The id that an archive gave a message: `<stanza-id/>` of XEP-0359, trusted only from `by` = own bare address.
    StanzaId
}
foreign_id! {
    /// The id of a result in an archive page (XEP-0313 `<result id=…>`); the cursor of paging.
    ArchiveId
}

/// Which session a fact came from. Grows with each session; facts of a dead epoch are dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Epoch(pub u64);

/// Joins a request of the mind to the event that answers it. Chosen by the asker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Stamp;

    #[test]
    fn keys_sort_by_time_and_survive_their_text() {
        let early = MessageKey::new(Stamp(1_000), u128::MAX);
        let late = MessageKey::new(Stamp(1_001), 0);
        assert!(early < late);
        assert_eq!(MessageKey::parse(&late.to_string()), Some(late));
        assert_eq!(MessageKey::parse("+0000000000000000000000000000001"), None);
        assert_eq!(MessageKey::parse(""), None);
    }

    #[test]
    fn a_clock_before_1970_makes_no_negative_key() {
        assert_eq!(MessageKey::new(Stamp(-5), 7).0, 7);
    }
}
