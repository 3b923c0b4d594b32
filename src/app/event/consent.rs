//! What a sign-in with a code or on a page tells on its way.

use crate::oauth::Outlook;
use crate::types::{Line, Problem, Stamp};
use std::time::Duration;

/// Steps of a sign-in with a code (RFC 8628) or on a page (RFC 8252), for the sign-in screen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the nouns of what their variant says")]
pub enum Consent {
    /// Looking for the service's sign-in addresses.
    LookingUp { domain: Line },
    /// Asking the service for a code.
    AskingForCode { host: Line },
    /// Show this; the link polls by itself.
    Code(CodePrompt),
    /// Show this; the link waits for the browser, or for `LinkCommand::Redirected`.
    Browser(BrowserPrompt),
    /// What was pasted is not the answer; the link goes on waiting.
    PasteRefused(PasteFault),
    /// The service lacks the better way; this one comes next.
    SteppingDown { domain: Line, to: Fallback },
    /// After `LinkCommand::BeginSignIn`: what was shown is kept and waits for `LinkCommand::ResumeSignIn`.
    Parked,
    /// The service asked for a slower pace.
    SlowerPace { every: Duration },
    /// The service cannot be reached now; the code still lives.
    Unreachable { host: Line, retry_in: Duration },
    /// Reachable again.
    Reachable,
    /// The person had said yes to the code, and the answer got lost on its way: another code follows.
    AnswerLost { host: Line },
    /// Another code, or page, was asked for and could not be had: the one that was shown goes on being good.
    NoOther(Problem),
    /// The person said yes.
    Granted { scopes: Vec<Line> },
    /// It ended without a sign-in.
    Failed(Problem),
}

/// What the person needs to sign in elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodePrompt {
    /// Who asks, as the person knows it: the account's domain.
    pub service: Line,
    /// Address to open. Its host is in ASCII form.
    pub address: Line,
    /// Address with the code in it (RFC 8628 section 3.3.1); for the square only.
    pub complete: Option<Line>,
    /// Code to type.
    pub code: Line,
    /// When the code dies.
    pub expires: Stamp,
    /// Its whole life.
    pub lifetime: Duration,
    /// Scopes asked for, raw.
    pub scopes: Vec<Line>,
    /// Whether the sign-in will last.
    pub outlook: Outlook,
    /// The page can only be opened on this computer (demo).
    pub local_only: bool,
}

/// What the person needs to sign in on a page in a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowserPrompt {
    /// Who asks, as the person knows it: the account's domain.
    pub service: Line,
    /// Host of the page in ASCII form: what the browser must show.
    pub host: Line,
    /// Address to open: ASCII without blanks, often longer than a `Line` may be.
    pub address: String,
    /// A browser on this computer brings the answer back by itself. False: it has to be pasted.
    pub listening: bool,
    /// Scopes asked for, raw.
    pub scopes: Vec<Line>,
    /// Whether the sign-in will last.
    pub outlook: Outlook,
    /// When waiting ends.
    pub expires: Stamp,
    /// How long it is waited in all.
    pub lifetime: Duration,
}

/// Why what was pasted is not the answer of the sign-in page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasteFault {
    /// No address, and no part of one.
    NoAddress,
    /// The address of another page, such as the sign-in page itself.
    OtherPage,
    /// The right page, but cut off before the answer.
    NoAnswer,
    /// The answer to another sign-in, such as an earlier one.
    OtherSignIn,
}

/// What comes next where the better way is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// No code: a page in a browser.
    Page,
    /// No page either: the password.
    Password,
}
