//! Every sentence that a person reads, for screen and command line alike.

pub mod notices;
pub mod screens;

use crate::types::Problem;

/// A problem in words: what happened, why, what to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// One sentence.
    pub what: String,
    /// One sentence, or nothing.
    pub why: Option<String>,
    /// What can be done, each a short phrase with its key or command. For places where the composer has the
    /// focus: F-keys and `/commands` only.
    pub next: Vec<String>,
    /// Its code.
    pub code: &'static str,
}

/// A problem in words.
pub fn problem(problem: &Problem) -> Said {
    Said { what: String::new(), why: None, next: Vec::new(), code: problem.code() }
}
