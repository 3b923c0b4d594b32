//! The sentences of each [`Problem`]. Every variant is named here, so that a new one cannot be left without words.

mod account;
mod connection;
mod local;
mod proxy;
mod shell;

use super::Said;
use crate::types::{Line, Problem};

/// A problem in words.
pub(super) fn say(problem: &Problem) -> Said {
    let parts = parts(problem);
    Said { what: parts.what, why: parts.why, next: parts.next, code: problem.code() }
}

/// A problem in words for the command line: its next steps are commands of a shell.
pub(super) fn say_in_shell(problem: &Problem) -> Said {
    let said = say(problem);
    let mut next: Vec<String> = said.next.iter().filter_map(|step| shell::step(step)).collect();
    if next.is_empty() {
        next.push("butty doctor".to_owned());
    }
    Said { next, ..said }
}

/// The same for somebody who has run the doctor already.
pub(super) fn say_in_doctor(problem: &Problem) -> Said {
    let said = say_in_shell(problem);
    let mut next: Vec<String> = said.next.into_iter().filter(|step| step != "butty doctor").collect();
    if next.is_empty() {
        let waits = if problem.passes_by_itself() { "Try again in a while" } else { "Tell the operator" };
        next.push(waits.to_owned());
    }
    Said { next, ..said }
}

/// The line of a file with a caret under the place that is wrong.
pub(super) fn excerpt(problem: &Problem) -> Option<String> {
    shell::excerpt(problem)
}

/// Which family a problem belongs to. No `_` here: a new variant must find its words.
#[allow(clippy::too_many_lines, reason = "one name per line, and nothing else")]
fn parts(problem: &Problem) -> Parts {
    match problem {
        Problem::Offline
        | Problem::NameNotFound { .. }
        | Problem::NoAnswer { .. }
        | Problem::ClosedByServer { .. }
        | Problem::ClosedAt { .. }
        | Problem::RedirectClosed { .. }
        | Problem::SilentAt { .. }
        | Problem::Refused { .. }
        | Problem::NoService { .. }
        | Problem::RedirectLoop { .. }
        | Problem::RedirectUnreadable { .. }
        | Problem::RedirectInward { .. }
        | Problem::NoResolver => connection::network(problem),
        Problem::ProxyUnreachable { .. }
        | Problem::ProxySilent { .. }
        | Problem::ProxyLoginNeeded { .. }
        | Problem::ProxyLoginRefused { .. }
        | Problem::ProxyRefused { .. }
        | Problem::ProxyNoWay { .. }
        | Problem::ProxyRubbish { .. }
        | Problem::ProxyUnknown { .. } => proxy::proxy(problem),
        Problem::Certificate { domain, fault } => connection::certificate(domain.as_str(), fault),
        Problem::NoTls { .. } | Problem::TlsFailed { .. } | Problem::TlsInjected { .. } | Problem::NoTrust { .. } => {
            connection::tls(problem)
        }
        Problem::Rubbish { .. }
        | Problem::BindRefused { .. }
        | Problem::HostUnknown { .. }
        | Problem::Replaced { .. }
        | Problem::StreamError { .. }
        | Problem::RequestRefused { .. } => connection::stream(problem),
        Problem::NoDeviceSignIn { .. }
        | Problem::SignInDenied { .. }
        | Problem::CodeExpired { .. }
        | Problem::AnswerLost { .. }
        | Problem::ChatNotGranted { .. }
        | Problem::OtherPerson { .. }
        | Problem::TokenNotKept { .. }
        | Problem::NoKeyring
        | Problem::KeyringLocked
        | Problem::SecretsHeld
        | Problem::NoIssuer { .. }
        | Problem::OAuthRefused { .. }
        | Problem::ScopeRefused { .. }
        | Problem::OAuthRubbish { .. }
        | Problem::NoClient { .. }
        | Problem::IssuerChanged { .. } => account::code(problem),
        Problem::WrongIssuer { .. }
        | Problem::NoReturn { .. }
        | Problem::NoPendingSignIn { .. }
        | Problem::NoPageSignIn { .. }
        | Problem::TokenUnusable { .. }
        | Problem::TokenRefused { .. }
        | Problem::OtherSignIn { .. } => account::page(problem),
        Problem::SignInExpired { .. }
        | Problem::SignInOver { .. }
        | Problem::WrongPassword { .. }
        | Problem::NoMechanism { .. }
        | Problem::ServerUnproven { .. }
        | Problem::HashCount { .. }
        | Problem::WeakerSignIn { .. }
        | Problem::OfferAltered { .. }
        | Problem::Intercepted { .. }
        | Problem::AccountRefused { .. } => account::sign_in(problem),
        Problem::PasswordNeeded { .. } | Problem::SignInNeeded { .. } | Problem::SignedOutElsewhere { .. } => {
            account::needed(problem)
        }
        Problem::MoreSteps { .. } => account::steps(problem),
        Problem::ClockOff { .. } => local::clock(problem),
        Problem::NotSent
        | Problem::NoSuchAddress { .. }
        | Problem::TooLong { .. }
        | Problem::BuddiesOnly { .. }
        | Problem::Bounced { .. } => account::message(problem),
        Problem::BadConfig { .. }
        | Problem::UnreadableConfig { .. }
        | Problem::SecretInConfig { .. }
        | Problem::DiskFull
        | Problem::AccountInUse
        | Problem::SetAside { .. }
        | Problem::NewerHistory { .. }
        | Problem::NoDataFolder { .. }
        | Problem::NotKept { .. } => local::files(problem),
        Problem::NotATerminal
        | Problem::Usage { .. }
        | Problem::NoAccount
        | Problem::UnknownAccount { .. }
        | Problem::UnknownBuddy { .. }
        | Problem::TimedOut { .. }
        | Problem::NothingTyped { .. }
        | Problem::UnknownCommand { .. }
        | Problem::BadArgument { .. }
        | Problem::NotOffered { .. }
        | Problem::DemoFailed { .. }
        | Problem::TerminalLost { .. }
        | Problem::Crashed { .. }
        | Problem::Bug { .. } => local::commands(problem),
    }
}

/// A sentence in the making.
struct Parts {
    what: String,
    why: Option<String>,
    next: Vec<String>,
}

impl Parts {
    /// What happened.
    fn what(what: impl Into<String>) -> Self {
        Self { what: what.into(), why: None, next: Vec::new() }
    }

    /// Why.
    fn why(mut self, why: impl Into<String>) -> Self {
        self.why = Some(why.into());
        self
    }

    /// What can be done.
    fn next(mut self, steps: &[&str]) -> Self {
        self.next = steps.iter().map(|step| (*step).to_owned()).collect();
        self
    }

    /// A problem that came to the wrong family of sentences: a bug, and said as one.
    fn misplaced() -> Self {
        Self::what("butty has a bug: a problem has no words.").next(&["/doctor"])
    }
}

/// What is worth doing whenever the network is at fault.
const NETWORK: &[&str] = &["butty tries again by itself", "F5 now", "/doctor"];

/// Words of others, in quotes and no longer than a line bears.
fn quoted(text: &Line) -> String {
    format!("“{}”", short(text.as_str(), 48))
}

/// The name of a host or the address of somebody. A long one loses its beginning: who stands behind it is told by
/// its end.
fn name(text: impl std::fmt::Display) -> String {
    const MOST: usize = 44;
    let text = text.to_string();
    match text.char_indices().rev().nth(MOST - 1) {
        Some((start, _)) if start > 0 => format!("…{}", text.get(start..).unwrap_or_default()),
        _ => text,
    }
}

/// A text cut to so many characters.
fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The reason that a server gave, as a sentence.
fn reason(text: &Line) -> String {
    format!("It gave this reason: {}.", quoted(text))
}

/// Our own half-sentence, as a sentence. The name of a file or a setting stays as it is.
fn sentence(text: &Line) -> String {
    let first_word = text.as_str().split(' ').next().unwrap_or_default();
    let mut characters = text.as_str().chars();
    if first_word.contains(['.', '_', '/']) {
        return ended(text.as_str());
    }
    let first: String = characters.next().into_iter().flat_map(char::to_uppercase).collect();
    ended(&format!("{first}{}", characters.as_str()))
}

fn ended(whole: &str) -> String {
    if whole.ends_with(['.', '?', '…']) { whole.to_owned() } else { format!("{whole}.") }
}

#[cfg(test)]
mod tests;
