//! Floor 3: the mind. Events in, effects out.
//!
//! Pure: the same model, event, [`Now`](crate::types::Now) and seed give the same model and effects. It knows no
//! terminal, socket or disk; what it wants from the world it says as an [`Effect`], what it learns comes as an
//! [`Event`].

pub mod action;
pub mod composer;
pub mod effect;
pub mod event;
pub mod find;
pub mod keymap;
pub mod likeness;
pub mod list;
pub mod model;
pub mod ops;
pub mod outbox;
pub mod picker;
pub mod setup;
pub mod slash;
pub mod start;
pub mod sync;
pub mod timeline;
pub mod update;
pub mod words;

pub use action::Effects;
pub use effect::{Effect, LinkCommand, Search, SearchIn, StoreRequest};
pub use event::{Event, LinkEvent, LinkFact};
pub use model::Model;
pub use ops::Banner;

/// Words of the protocol that are also words of the screen: floor 4 draws them without knowing the protocol.
pub use crate::xmpp::{Direction, Show, Subscription};

#[cfg(test)]
mod tests;
