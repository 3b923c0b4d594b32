//! What must hold for any bytes at each door. The fuzzer looks for bytes where it does not (`src/main.rs`); every run of
//! the tests replays what it found worth keeping (`tests/corpora.rs`).

mod config;
mod element;
mod framer;
mod input;
mod jid;
mod oauth;
mod rows;
mod sasl;
mod session;
mod stanza;
mod text;

/// A door: its name, which is that of its corpus, and what must hold there.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 10] = [
    ("config", config::check),
    ("element", element::check),
    ("framer", framer::check),
    ("jid", jid::check),
    ("oauth", oauth::check),
    ("rows", rows::check),
    ("sasl", sasl::check),
    ("session", session::check),
    ("stanza", stanza::check),
    ("text", text::check),
];
