//! How a negotiation ends when it does not end in a session, and what a stream error means.

use crate::types::{Domain, Line, Problem};
use crate::xmpp::stream::StreamError;

/// Longest text of a redirect that is handed on, in characters; an address needs far less.
const LONGEST_TARGET: usize = 1_024;

/// The end of a negotiation.
pub(in crate::xmpp) enum Ending {
    /// Something went wrong.
    Problem(Box<Problem>),
    /// Another host is to be asked.
    Redirected { to: String, secured: bool },
    /// All that was wanted is known.
    Discovered { metadata: Option<String> },
    /// All that was wanted is done.
    Done,
}

impl From<Problem> for Ending {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

/// What a stream error before bind leads to. Only then is `see-other-host` obeyed: a session that is up and is told
/// to go elsewhere begins again at the account's own domain.
pub(super) fn of(error: &StreamError, domain: &Domain, secured: bool) -> Ending {
    if error.condition == "see-other-host" {
        let to = error.content.trim().chars().take(LONGEST_TARGET).collect();
        return Ending::Redirected { to, secured };
    }
    problem_of(error, domain).into()
}

/// The problem behind a stream error (RFC 6120 section 4.9.3).
pub(in crate::xmpp) fn problem_of(error: &StreamError, domain: &Domain) -> Problem {
    let domain = domain.clone();
    match error.condition.as_str() {
        "host-unknown" | "host-gone" => Problem::HostUnknown { domain },
        "conflict" => Problem::Replaced { domain },
        "system-shutdown"
        | "connection-timeout"
        | "reset"
        | "resource-constraint"
        | "internal-server-error"
        | "remote-connection-failed"
        | "see-other-host" => {
            let reason = error.text.clone().unwrap_or_else(|| Line::clean(&error.condition.replace('-', " ")));
            Problem::ClosedByServer { host: Line::clean(domain.as_str()), reason: Some(reason) }
        }
        _ => Problem::StreamError { domain, condition: with_text(&error.condition, error.text.as_ref()) },
    }
}

/// `condition`, and the server's own words where there are any.
pub(super) fn with_text(condition: &str, text: Option<&Line>) -> Line {
    match text.filter(|text| !text.is_empty()) {
        Some(text) => Line::clean(&format!("{condition}: {text}")),
        None => Line::clean(condition),
    }
}
