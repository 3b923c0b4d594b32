//! The real binary against a server that means harm: XMPP and sign-in pages on loopback, played by the test itself.
//!
//! What must hold whatever it says: nothing drives the terminal, nobody speaks as somebody else, no secret leaves
//! before a proved server, memory stays bounded, the screen answers, and the terminal is given back.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may stop")]
#![allow(clippy::disallowed_methods, reason = "a running program lives in real time")]

#[path = "hostile/acts.rs"]
mod acts;
#[path = "harness/command.rs"]
#[allow(dead_code, reason = "the harness is shared")]
mod command;
#[path = "hostile/endings.rs"]
mod endings;
#[path = "hostile/floods.rs"]
mod floods;
#[path = "hostile/impostors.rs"]
mod impostors;
#[path = "hostile/leaks.rs"]
mod leaks;
#[path = "hostile/pages.rs"]
mod pages;
#[path = "hostile/proof.rs"]
mod proof;
#[path = "hostile/scram.rs"]
mod scram;
#[path = "hostile/server.rs"]
mod server;
#[path = "hostile/stages.rs"]
mod stages;
#[path = "harness/terminal.rs"]
#[allow(dead_code, reason = "the harness is shared")]
mod terminal;
#[path = "hostile/terminal_safety.rs"]
mod terminal_safety;
#[path = "hostile/trust.rs"]
mod trust;
#[path = "hostile/world.rs"]
mod world;
