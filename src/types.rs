//! Floor 0: the words that every other floor uses.
//!
//! Nothing in here performs I/O, asks a clock or draws a random number. Types that hold text from outside
//! ([`Line`], [`Prose`], [`BareJid`]) can only be made by parsing, so whoever holds one may show it.

pub mod id;
pub mod jid;
pub mod limits;
pub mod picture;
pub mod problem;
pub mod proxy;
pub mod secret;
pub mod stamp;
pub mod text;

pub use id::{AccountId, ArchiveId, Epoch, MessageKey, OriginId, RequestId, StanzaId, Tally};
pub use jid::{BareJid, Domain, FullJid, Jid, JidError};
pub use picture::Picture;
pub use problem::{CertificateFault, Problem, Stage, Term};
pub use proxy::{Proxy, ProxyFault, ProxyKind, Proxying};
pub use secret::Secret;
pub use stamp::{Now, Stamp};
pub use text::{Line, Prose};
