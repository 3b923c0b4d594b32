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
//! # Signing in from a program
//! One command to a link finds the sign-in pages, asks for a code, waits for the person, keeps the tokens and signs in.
//! It is told in facts; the same link refreshes the tokens from then on. Here the demo is the service, and says yes:
//!
//! ```
//! # #[cfg(feature = "demo")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! use butty::app::event::{Consent, Keep, LinkFact};
//! use butty::app::{LinkCommand, setup::Endpoints};
//! use butty::net::{LinkOptions, Network, NetworkSettings, start_link};
//! use butty::types::{Now, Stamp};
//! use butty::xmpp::Event;
//! use std::sync::Arc;
//! use std::time::{Duration, Instant, SystemTime};
//!
//! let service = butty::demo::start(butty::demo::Switches { fast: true, ..Default::default() }).await?;
//!
//! // Where the account is. Servers of today need the address alone: they say where their pages are.
//! let mut account = butty::config::setup_for(service.address(), "messenger").ok_or("an address")?;
//! let (device, token, revocation) = service.endpoints();
//! let revocation = Some(revocation);
//! account.oauth.endpoints =
//!     Some(Endpoints { device, token, revocation, device_response_type: true, ..Endpoints::default() });
//! account.oauth.client_id = Some(service.client_id().to_owned());
//! account.oauth.allow_local_page = true;
//! account.ca_pem = Some(service.ca_pem().to_owned());
//! account.resolver = Some(service.resolver());
//!
//! // Who keeps the tokens, and what time it is. Nothing else comes from outside.
//! let vault = Arc::new(butty::store::FileVault::new(None));
//! let began = Instant::now();
//! let clock = move || {
//!     let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
//!     Now { mono: began.elapsed(), wall: Stamp(0).plus(wall) }
//! };
//! let network = Arc::new(Network::new(NetworkSettings::default(), vault, Arc::new(clock)));
//!
//! let (events, mut facts) = tokio::sync::mpsc::channel(64);
//! let options = LinkOptions { connect: false, resource: None, show_client: false, one_shot: true };
//! let link = start_link(&network, account, options, events);
//! link.send(LinkCommand::SignInWithCode { keep: Keep::Memory });
//! loop {
//!     let (_, event) = facts.recv().await.ok_or("the link ended")?;
//!     match event.fact {
//!         LinkFact::Consent(Consent::Code(code)) => {
//!             println!("Open {} and type {}", code.address, code.code);
//!             service.answer(true); // what the person does on that page
//!         }
//!         LinkFact::Session(Event::SignedIn(done)) => {
//!             assert_eq!(done.mechanism.trim(), "X-MESSENGER-OAUTH2");
//!             break;
//!         }
//!         LinkFact::Down { problem: Some(problem), .. } => return Err(problem.code().into()),
//!         _ => {}
//!     }
//! }
//! drop(facts);
//! link.closed().await;
//! # Ok(())
//! # })
//! # }
//! # #[cfg(not(feature = "demo"))]
//! # fn main() {}
//! ```
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
