//! butty: a terminal messenger. Sign in with a short code, see who is there, chat.
//!
//! # The idea
//! Two pure machines, and hands that do as told.
//! - [`xmpp::Session`]: bytes and time in, bytes and facts out. Knows no socket.
//! - [`app::Model`]: events in, effects out. Knows no terminal, no socket, no disk.
//! - Hands: [`net`] (sockets, TLS, HTTP), [`store`] (SQLite, tokens), [`ui`] (draws, reads only), [`term`] (keys,
//!   mouse, screen), [`cli`] (arguments in, text and JSON out), [`config`] (file and environment in, checked values
//!   out), [`log`] (a file).
//! - [`runtime`] joins them and decides nothing: [`runtime::interface`] is the loop behind the screen,
//!   [`runtime::headless`] runs one-shot commands. Those have no model, for nothing is shown: an errand drives one
//!   link and reads its facts.
//! - The model outlives every connection. The loop never waits for anybody.
//!
//! # Floors
//! Imports point down, and `tests/floors.rs` says so.
//!
//! ```text
//!  5   main ──► runtime                                   demo
//!  4   net   store   ui   term   cli   config   log
//!  3   app
//!  2   xmpp   oauth   route
//!  1   xml
//!  0   types
//! ```
//!
//! On floor 4 two lean on another: `cli` and `log` know `config`. The demo is a service that happens to live in this
//! program: it may name `xml` and `xmpp`, is reached over loopback like any server, and only the runtime starts it.
//!
//! # Threads
//! The loop has the main thread, all links share one worker, and the store, the reader of the keyboard and the writer
//! of the accounts file (once there is something to write) have one each.
//!
//! # Laws
//! - Bytes, time and chance are arguments: no clock, entropy, file or environment on floors 0 to 3.
//! - The asker owns the words: what the mind asks for ([`app::Effect`]) and hears ([`app::Event`]) is defined in
//!   `app`; the hands import it.
//! - Up is bounded and the hand waits; down is unbounded and the mind never waits.
//! - Text from outside becomes a [`types::Line`] or a [`types::Prose`] where it enters.
//! - A failure is a [`types::Problem`]; its sentence is made in [`app::words`], for screen and shell alike.

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
