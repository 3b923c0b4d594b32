//! Every sentence that a person reads, for screen and command line alike.
//!
//! The form of a problem is that of ux 7: what happened, why, what to do next, and its code. No library's text,
//! no blame, no bare numbers. Text of others comes in as [`Line`](crate::types::Line) and stands in quotes.

pub mod counts;
pub mod notices;
pub mod pages;
mod problems;
pub mod screens;
pub mod time;
pub mod toasts;

pub use counts::{count, duration};
pub use time::{clock, day, since};

use super::event::LinkState;
use super::model::{Account, Body, Options};
use crate::types::{Problem, Stamp};
use crate::xmpp::Show;

/// What we call ourselves in front of what we said.
pub const YOU: &str = "You";
/// Out of sight in the list.
pub const HIDDEN: &str = "hidden";
/// Somebody types.
pub const TYPING: &str = "typing";

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
    problems::say(problem)
}

/// A problem in words for the command line: its next steps are commands of a shell.
pub fn problem_in_shell(problem: &Problem) -> Said {
    problems::say_in_shell(problem)
}

/// A problem in words for `butty doctor`, which has nothing to say to who would run it.
pub fn problem_in_doctor(problem: &Problem) -> Said {
    problems::say_in_doctor(problem)
}

/// The line of a file with a caret under the place that is wrong, for problems that have one.
pub fn excerpt(problem: &Problem) -> Option<String> {
    problems::excerpt(problem)
}

/// A problem on one line: what happened and the first thing to do.
pub fn one_line(problem: &Problem) -> String {
    let said = problems::say(problem);
    match said.next.first() {
        Some(next) => format!("{} {next}", said.what),
        None => said.what,
    }
}

/// What a person can do about a problem beside the keys of the box that tells it.
pub fn to_do(problem: &Problem) -> Option<String> {
    // Keys and commands of the main screen, and what butty does.
    let other = |step: &&String| step.starts_with('/') || step.contains("F5") || step.starts_with("butty ");
    let next = problems::say(problem).next;
    let steps: Vec<&str> = next.iter().filter(|step| !other(step)).map(String::as_str).collect();
    (!steps.is_empty()).then(|| steps.join(" · "))
}

/// The word of a state. Gone a while is Away too: the difference is in "since".
pub fn show(show: Show) -> &'static str {
    match show {
        Show::Available => "Available",
        Show::Busy => "Busy",
        Show::Away | Show::Gone => "Away",
        Show::Offline => "Offline",
    }
}

/// The word of an own state: Offline is something that we appear to be.
pub fn own_show(own: Show) -> &'static str {
    if own == Show::Offline { "Appear offline" } else { show(own) }
}

/// A state in the middle of a line: `away since 13:20`.
pub fn show_since(state: Show, since: Option<Stamp>, now: Stamp, options: &Options) -> String {
    let word = show(state).to_lowercase();
    match since {
        Some(since) => format!("{word} since {}", time::since(since, now, options)),
        None => word,
    }
}

/// Where the link of an account stands: `signed in, encrypted link (TLS 1.3)`.
pub fn account_state(account: &Account) -> String {
    match (&account.link, account.tls) {
        (LinkState::Online, Some(tls)) => format!("signed in, encrypted link ({tls})"),
        (LinkState::Online, None) => "signed in".to_owned(),
        (LinkState::Connecting(_), _) => "connecting …".to_owned(),
        (LinkState::Offline { retry_at: Some(_), .. }, _) => "offline, trying again by itself".to_owned(),
        (LinkState::Offline { .. } | LinkState::Idle, _) => "offline. F5 connects".to_owned(),
    }
}

/// The text of a message, where there is one to read.
pub fn text_of(body: &Body) -> Option<&str> {
    match body {
        Body::Plain(text) | Body::Sealed(text) => Some(text.as_str()),
        Body::Unreadable(_) => None,
    }
}
