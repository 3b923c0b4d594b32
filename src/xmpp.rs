//! Floor 2: the protocol, without I/O.
//!
//! [`Session`] is one sign-in to one server, from header to footer. It takes bytes, time and commands, and gives
//! one ordered list of [`Output`]s. It knows no socket, asks no clock and draws no random number.
//!
//! The one law of use: *mutate once, drain to [`Output::Wait`], mutate again.*

mod binding;
pub mod command;
mod dismissal;
pub(crate) mod entitled;
pub mod entrance;
pub mod event;
pub(crate) mod ext;
mod known;
mod live;
mod managed;
pub mod ns;
pub(crate) mod roster;
pub mod sasl;
pub mod session;
mod sign_in;
pub(crate) mod stanza;
pub mod stream;
pub(crate) mod tracker;
mod wire;

pub use binding::{BindingType, Bindings};
pub use command::{
    Appearance, ArchiveQuery, ChatState, Command, CredentialKind, Outgoing, Purpose, Show, SignIn, SubscriptionStep,
    TokenSlot,
};
pub use entrance::{Entrance, Sasl2};
pub use event::{
    ArchivePage, Content, Direction, Elsewhere, Event, Features, Incoming, Presence, ReadPosition, RosterItem,
    SignedIn, Subscription, Via,
};
pub use ext::fast::{FastTicket, FastToken};
pub use known::Known;
pub use session::{Output, Session, Suspended, Verified};
pub use stream::{Header, Received, Rubbish, Stream, StreamError};

/// The mechanism that a sign-in would take of those offered: the first of `wished`, else the strongest. What ties it to
/// a connection, and what was seen before, is left aside.
pub fn chosen_mechanism(offered: &[String], wished: &[String], kind: CredentialKind) -> Option<&'static str> {
    let offer = sasl::Offer { mechanisms: offered.to_vec(), bindings: None };
    let (bindings, known) = (Bindings::default(), Known::default());
    let wish = sasl::Wish { kind, named: wished, bindings: &bindings, known: &known, bound_elsewhere: false };
    sasl::choose(&offer, wish).ok().map(|plan| plan.mechanism.name)
}
