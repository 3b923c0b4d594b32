//! butty: a terminal messenger. Sign in with a short code, see who is there, chat.
//!
//! # The idea
//! Two pure machines, and hands that do as told.
//! - [`xmpp::Session`]: bytes and time in, bytes and facts out. Knows no socket.
//! - [`app::Model`]: events in, effects out. Knows no terminal, no socket, no disk.
//! - Hands: [`net`] (sockets, TLS, HTTP), [`store`] (SQLite, tokens), [`ui`] (draws, reads only), [`term`] (keys,
//!   mouse, screen), [`cli`] (one-shot commands, text and JSON).
//! - [`runtime`] is the one loop that joins them; it decides nothing.
//! - The model outlives every connection. The loop never waits for anybody.
//!
//! # Floors
//! Imports point down, and `tests/floors.rs` says so.
//!
//! ```text
//!  5   main, runtime                                      demo
//!  4   net   store   ui   term   cli   config   log
//!  3   app
//!  2   xmpp   oauth   route
//!  1   xml
//!  0   types
//! ```
//!
//! # Laws
//! - Bytes, time and chance are arguments: no clock, entropy, file or environment on floors 0 to 3.
//! - The asker owns the words: what the mind asks for ([`app::Effect`]) and hears ([`app::Event`]) is defined in
//!   `app`; the hands import it.
//! - Up is bounded and the hand waits; down is unbounded and the mind never waits.
//! - Text from outside becomes a [`types::Line`] or a [`types::Prose`] where it enters.

pub mod app;
pub mod cli;
pub mod config;
#[cfg(feature = "demo")]
pub mod demo;
pub mod log;
pub mod net;
pub mod oauth;
pub mod route;
pub mod runtime;
pub mod store;
pub mod term;
pub mod types;
pub mod ui;
pub mod xml;
pub mod xmpp;
