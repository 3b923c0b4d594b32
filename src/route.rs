//! Floor 2: where to go next, as pure decisions.
//!
//! [`srv`] orders what DNS answered, [`redirect`] judges see-other-host, [`backoff`] says when to try again,
//! [`tunnel`] talks to a proxy.
//! Nothing in here looks a name up, opens a socket, asks a clock or draws a random number.

pub mod backoff;
pub mod redirect;
pub mod srv;
pub mod tunnel;

pub use backoff::Backoff;
pub use redirect::{Refusal, Target, Trail};
pub use srv::{Endpoint, Plan, SrvAnswer, SrvRecord, Transport};
pub use tunnel::Tunnel;
