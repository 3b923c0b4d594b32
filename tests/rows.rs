//! The rows of the source documents that no smaller test shows: the real binary, or the library from outside, with
//! the demo service behind it, every quirk a switch. One module a document. `tests/requirements.toml` says which
//! test shows which row; `tests/requirements` compares.

#![cfg(all(unix, feature = "demo"))]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may stop")]
#![allow(clippy::disallowed_methods, reason = "a running program lives in real time")]

#[path = "hostile/acts.rs"]
#[allow(dead_code, reason = "the harness is shared")]
mod acts;
#[path = "harness/command.rs"]
#[allow(dead_code, reason = "the harness is shared")]
mod command;
#[path = "rows/consent.rs"]
mod consent;
#[path = "rows/finding.rs"]
mod finding;
#[path = "rows/hands.rs"]
mod hands;
#[path = "rows/library.rs"]
mod library;
#[path = "rows/names.rs"]
mod names;
#[path = "hostile/proof.rs"]
#[allow(dead_code, reason = "the harness is shared")]
mod proof;
#[path = "rows/scopes.rs"]
mod scopes;
#[path = "hostile/scram.rs"]
#[allow(dead_code, reason = "the harness is shared")]
mod scram;
#[path = "hostile/server.rs"]
#[allow(dead_code, reason = "the harness is shared")]
mod server;
#[path = "rows/server_side.rs"]
mod server_side;
#[path = "rows/signing_in.rs"]
mod signing_in;
#[path = "harness/terminal.rs"]
#[allow(dead_code, reason = "the harness is shared")]
mod terminal;
#[path = "rows/town.rs"]
mod town;
#[path = "hostile/world.rs"]
#[allow(dead_code, reason = "the harness is shared")]
mod world;
