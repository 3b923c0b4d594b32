//! Floor 2: the protocol, without I/O.
//!
//! [`Session`] is one sign-in to one server, from header to footer. It takes bytes, time and commands, and gives
//! one ordered list of [`Output`]s. It knows no socket, asks no clock and draws no random number.
//!
//! The one law of use: *mutate once, drain to [`Output::Wait`], mutate again.*

pub mod command;
pub(crate) mod entitled;
pub mod event;
pub(crate) mod ext;
mod live;
pub mod ns;
pub(crate) mod roster;
mod sasl;
pub mod session;
mod sign_in;
pub(crate) mod stanza;
pub mod stream;
pub(crate) mod tracker;
mod wire;

pub use command::{
    Appearance, ArchiveQuery, ChatState, Command, CredentialKind, Outgoing, Purpose, Show, SignIn, SubscriptionStep,
    TokenSlot,
};
pub use event::{Content, Direction, Event, Features, Incoming, Presence, RosterItem, SignedIn, Subscription, Via};
pub use session::{Output, Session, Verified};
pub use stream::{Header, Received, Rubbish, Stream, StreamError};

/// The mechanism that a sign-in would take of those offered: the first of `wished`, else the strongest.
pub fn chosen_mechanism(offered: &[String], wished: &[String], kind: CredentialKind) -> Option<&'static str> {
    sasl::choose(offered, wished, kind).map(|mechanism| mechanism.name)
}
