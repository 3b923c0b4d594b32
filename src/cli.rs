//! Floor 4: the command line. Arguments in, text or JSON out.
//!
//! Standard output is data, standard error is talk. [`Args`] is what was asked for; [`Voice`] is how answers are
//! given: plain rows, or JSON with `--json`, and errors in the form of the screen with their code.

mod args;
mod mask;
mod voice;

pub use args::{AccountsCommand, Args, Command, ConfigCommand, Keeping, RosterCommand, Waiting};
pub use mask::Mask;
pub use voice::{Record, Voice, exit_code};
