//! The public face of one session.

use super::{Command, Event, SignIn, TokenSlot};
use crate::types::{Domain, Now, Secret};
use std::time::Duration;

/// Proof that the peer's certificate was checked for the account's domain. Only the dialler makes one.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The domain that was proved.
    pub domain: Domain,
    /// For the status bar, such as `TLS 1.3`.
    pub version: &'static str,
}

/// What the hand has to do next, in this order.
#[derive(Debug)]
pub enum Output {
    /// Write these bytes.
    Transmit(Vec<u8>),
    /// Tell the mind.
    Event(Event),
    /// Everything before was written: start TLS now, then `handle_secured`.
    StartTls,
    /// Bring the secret, then `provide`.
    WantSecret(TokenSlot),
    /// Nothing more until input, a command, or this moment (`Now::mono`).
    Wait(Option<Duration>),
}

/// One sign-in to one server, from header to footer.
#[derive(Debug)]
pub struct Session {}

impl Session {
    /// Opens the stream: queues the header, or with direct TLS waits for `handle_secured` first.
    /// `roster_version` is that of the cached roster (XEP-0237).
    pub fn new(_now: Now, _sign_in: SignIn, _roster_version: Option<String>) -> Self {
        Self {}
    }

    /// Bytes from the server.
    pub fn handle_input(&mut self, _now: Now, _bytes: &[u8]) {}

    /// The server closed the connection; `truncated` when TLS ended without its `close_notify`.
    pub fn handle_eof(&mut self, _now: Now, _truncated: bool) {}

    /// TLS stands and the certificate is right.
    pub fn handle_secured(&mut self, _now: Now, _proof: Verified) {}

    /// The moment told by `Wait` has come.
    pub fn handle_timeout(&mut self, _now: Now) {}

    /// A request of the mind.
    pub fn handle_command(&mut self, _now: Now, _command: Command) {}

    /// The secret for a slot.
    pub fn provide(&mut self, _now: Now, _slot: TokenSlot, _secret: Secret<String>) {}

    /// The next thing to do. Call until it says `Wait`.
    pub fn poll_output(&mut self) -> Output {
        Output::Wait(None)
    }
}
