//! What can go wrong, as a value.
//!
//! A [`Problem`] carries a code and typed arguments. The sentences (what happened, why, what next) are made in
//! one place for screen and command line alike, so no library's text reaches a person. Codes are listed in
//! [`Problem::code`]; each failure has its own and none is ever reused.

mod details;

use super::{BareJid, Domain, Line, Prose};
pub use details::{CertificateFault, Stage, Term};
use std::time::Duration;

/// A failure with everything that its sentence needs. The fields are named after what the sentence says.
#[allow(missing_docs, reason = "each field is the noun that its variant's sentence uses")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// No network at all.
    Offline,
    /// DNS knows no such name.
    NameNotFound { host: Line },
    /// Nothing came back in time.
    NoAnswer { host: Line, waited: Duration },
    /// The server ended the session and said why, or not.
    ClosedByServer { host: Line, reason: Option<Line> },
    /// The connection ended without a word at this stage.
    ClosedAt { host: Line, stage: Stage },
    /// The place that a redirect led to hung up.
    RedirectClosed { from: Line, to: Line },
    /// The server stayed silent at this stage.
    SilentAt { host: Line, stage: Stage },
    /// No process listens on the port.
    Refused { host: Line, port: u16 },
    /// SRV target `.`: the domain says that it offers no such service (RFC 2782).
    NoService { domain: Domain },
    /// More redirects than allowed, or back to one already visited.
    RedirectLoop { domain: Domain, last: Line },
    /// The redirect names no usable host.
    RedirectUnreadable { domain: Domain, text: Line },
    /// A public server points into a private network.
    RedirectInward { domain: Domain, target: Line },
    /// The resolver itself does not answer.
    NoResolver,

    /// No way to the proxy itself: its name is unknown, or nothing listens there.
    ProxyUnreachable { proxy: Line },
    /// The proxy took the connection and then said nothing.
    ProxySilent { proxy: Line, waited: Duration },
    /// The proxy wants a name and a password, and none is set.
    ProxyLoginNeeded { proxy: Line },
    /// The proxy did not accept the name and the password that are set.
    ProxyLoginRefused { proxy: Line },
    /// The proxy may not, or will not, connect to this place; in its own words.
    ProxyRefused { proxy: Line, target: Line, reason: Line },
    /// The proxy would, but could not reach this place; in its own words.
    ProxyNoWay { proxy: Line, target: Line, reason: Line },
    /// What answers there speaks something else, or hung up.
    ProxyRubbish { proxy: Line },
    /// A proxy is set, but which one cannot be told; why, in our words. Nothing goes out around it.
    ProxyUnknown { why: Line },

    /// The certificate does not prove the domain.
    Certificate { domain: Domain, fault: CertificateFault },
    /// No TLS offered: not configured, or stripped on the way.
    NoTls { domain: Domain },
    /// TLS failed for another reason.
    TlsFailed { domain: Domain },
    /// Bytes came in the clear behind the go-ahead for TLS.
    TlsInjected { domain: Domain },
    /// The trust store, or the account's `ca_file`, cannot be used.
    NoTrust { file: Option<Line> },

    /// The service has no device endpoint.
    NoDeviceSignIn { domain: Domain },
    /// The person answered No.
    SignInDenied { domain: Domain },
    /// The service gave the tokens once, for the person had said yes; but the connection broke before they were here.
    AnswerLost { host: Line },
    /// Nobody used the code in time.
    CodeExpired { code: Line, lifetime: Duration },
    /// The refresh token is dead: a person has to sign in again.
    SignInExpired { domain: Domain },
    /// The sign-in is over, as it was agreed: after this time, if known, because of this.
    SignInOver { domain: Domain, lasted: Option<Duration>, term: Term },
    /// Name or password refused.
    WrongPassword { domain: Domain },
    /// The scope that chatting needs was not granted.
    ChatNotGranted { domain: Domain },
    /// The token belongs to another person.
    OtherPerson { wanted: BareJid, got: BareJid },
    /// The sign-in could not be kept; why, in our words.
    TokenNotKept { why: Line },
    /// Another butty works on the same sign-in and does not let go of it.
    SecretsHeld,
    /// The system keyring does not answer on this computer.
    NoKeyring,
    /// The system keyring is locked, and nobody unlocked it in time.
    KeyringLocked,
    /// No metadata where it should be.
    NoIssuer { domain: Domain },
    /// Nothing in common with the offered mechanisms (at most eight are kept).
    NoMechanism { domain: Domain, offered: Vec<Line> },
    /// The server failed to prove that it knows the password (SCRAM).
    ServerUnproven { domain: Domain },
    /// The server offers something weaker than what it offered before; both by the names of their mechanisms.
    WeakerSignIn { domain: Domain, was: Line, now: Line },
    /// The server vouches for another list of mechanisms than the one that arrived (XEP-0474).
    OfferAltered { domain: Domain },
    /// The server sees another connection, or another offer, than we do (RFC 5802 section 7).
    Intercepted { domain: Domain },
    /// The server asks for a hash count out of bounds, RFC 7677 section 4 and our ceiling.
    HashCount { domain: Domain, count: u64 },
    /// The server wants more steps than butty has, such as a second factor or a new password.
    MoreSteps { domain: Domain, tasks: Vec<Line> },
    /// The sign-in service refused for a reason of its own.
    OAuthRefused { host: Line, error: Line },
    /// The sign-in service does not give a scope to butty; which, if it said so, and what could be asked for instead.
    ScopeRefused { host: Line, scope: Option<Line>, rest: Vec<Line> },
    /// The sign-in service sent something that is no answer.
    OAuthRubbish { host: Line },
    /// The server refuses this account for now, or for good.
    AccountRefused { domain: Domain, condition: Line },
    /// A password is needed and none is known.
    PasswordNeeded { domain: Domain },
    /// A sign-in is needed and nobody is there to give it.
    SignInNeeded { account: Line },
    /// This computer's clock differs from a service's by so much; `ahead`: it is later here.
    ClockOff { by: Duration, ahead: bool },
    /// The service wants a client id that this computer does not have.
    NoClient { host: Line },
    /// The server names another issuer than the one that the account signed in at before.
    IssuerChanged { domain: Domain, was: Line, now: Line },
    /// The answer that came back from the page is another sign-in service's (RFC 9207).
    WrongIssuer { domain: Domain, host: Line },
    /// Nobody came back from the sign-in page in time.
    NoReturn { domain: Domain, waited: Duration },
    /// There is no sign-in that was begun and could go on.
    NoPendingSignIn { account: Line },
    /// The service has no sign-in page for programs.
    NoPageSignIn { domain: Domain },
    /// What should be an access token is none; where it came from, in our words.
    TokenUnusable { from: Line },
    /// The server does not take the access token that was handed in.
    TokenRefused { domain: Domain },
    /// Somebody else than before signed in on the page.
    OtherSignIn { account: Line },
    /// What this butty had signed in with was taken away by another one on this computer.
    SignedOutElsewhere { account: Line },

    /// The server sent something that is not XMPP.
    Rubbish { host: Line, what: Line },
    /// The server refused a resource.
    BindRefused { domain: Domain, condition: Line },
    /// The server does not serve this domain.
    HostUnknown { domain: Domain },
    /// Another program took this session over.
    Replaced { domain: Domain },
    /// A stream error with a condition that has no code of its own.
    StreamError { domain: Domain, condition: Line },
    /// The server refused a request of ours with a condition that has no code of its own.
    RequestRefused { domain: Domain, condition: Line },

    /// A message was written but never acknowledged.
    NotSent,
    /// The address of the message does not exist.
    NoSuchAddress { peer: BareJid },
    /// The message is larger than the server takes.
    TooLong { domain: Domain },
    /// The other side takes messages from buddies only.
    BuddiesOnly { peer: BareJid },
    /// The message came back for another reason.
    Bounced { peer: BareJid, condition: Line },

    /// A value in the config file is wrong. `line` and `column` (in characters) count from 1; `excerpt` is the line
    /// itself with the blanks at its beginning.
    BadConfig { file: Line, line: usize, column: usize, excerpt: Prose, why: Line },
    /// The config file cannot be read.
    UnreadableConfig { file: Line, why: Line },
    /// A secret stands in the config file.
    SecretInConfig { file: Line, line: usize, key: Line },

    /// The disk refuses to take more.
    DiskFull,
    /// The disk refuses for another reason; which, in our words.
    NotKept { why: Line },
    /// Another butty has the account open.
    AccountInUse,
    /// A file of ours was unreadable and has been set aside under this name.
    SetAside { file: Line, kept_as: Line },
    /// The history file was written by a later version, and is left as it is.
    NewerHistory { file: Line },
    /// The data folder cannot be used.
    NoDataFolder { folder: Line, why: Line },

    /// Standard input or output is not a terminal.
    NotATerminal,
    /// The command line is wrong; how, in our words.
    Usage { why: Line },
    /// No account is configured.
    NoAccount,
    /// No such account.
    UnknownAccount { account: Line },
    /// No such buddy.
    UnknownBuddy { who: Line },
    /// A question was left without an answer: to what, and how it can be answered without one. Both in our words.
    NothingTyped { what: Line, instead: Line },
    /// A time limit of the command line ran out.
    TimedOut { waited: Duration },
    /// No such command.
    UnknownCommand { name: Line },
    /// What was typed after a command does not fit it.
    BadArgument { command: Line, why: Line },
    /// The service cannot do this (row of ux 1.5).
    NotOffered { what: Line },
    /// The terminal does not answer any more.
    TerminalLost { why: Line },
    /// The demo's service could not begin on this computer.
    DemoFailed { why: Line },
    /// A bug of ours stopped the program; where the report lies, if it could be written.
    Crashed { report: Option<Line> },
    /// A bug of ours that stopped one thing.
    Bug { what: Line },
}

impl Problem {
    /// The code that people quote. Stable for ever.
    #[allow(clippy::too_many_lines, reason = "a table, one row a failure")]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Offline => "BTY-NET-01",
            Self::NameNotFound { .. } => "BTY-NET-02",
            Self::NoAnswer { .. } => "BTY-NET-03",
            Self::ClosedByServer { .. } => "BTY-NET-04",
            Self::Refused { .. } => "BTY-NET-06",
            Self::NoService { .. } => "BTY-NET-07",
            Self::RedirectLoop { .. } => "BTY-NET-08",
            Self::RedirectUnreadable { .. } => "BTY-NET-09",
            Self::RedirectInward { .. } => "BTY-NET-10",
            Self::NoResolver => "BTY-NET-11",
            Self::ClosedAt { stage, .. } => match stage {
                Stage::Lookup | Stage::Accept => "BTY-NET-12",
                Stage::Header => "BTY-NET-13",
                Stage::Redirect => "BTY-NET-14",
                Stage::Tls => "BTY-NET-15",
                Stage::Features => "BTY-NET-16",
                Stage::Auth => "BTY-NET-17",
                Stage::Bind => "BTY-NET-18",
                Stage::Idle => "BTY-NET-19",
            },
            Self::SilentAt { .. } => "BTY-NET-20",
            Self::ProxyRefused { .. } => "BTY-NET-05",
            Self::ProxyUnreachable { .. } => "BTY-NET-30",
            Self::ProxySilent { .. } => "BTY-NET-31",
            Self::ProxyLoginNeeded { .. } => "BTY-NET-32",
            Self::ProxyLoginRefused { .. } => "BTY-NET-33",
            Self::ProxyNoWay { .. } => "BTY-NET-34",
            Self::ProxyRubbish { .. } => "BTY-NET-35",
            Self::ProxyUnknown { .. } => "BTY-NET-36",
            Self::RedirectClosed { .. } => "BTY-NET-21",
            Self::Certificate { fault, .. } => match fault {
                CertificateFault::WrongName(_) => "BTY-TLS-01",
                CertificateFault::Expired(_) => "BTY-TLS-02",
                CertificateFault::UnknownIssuer => "BTY-TLS-04",
                CertificateFault::NotYetValid(_) => "BTY-TLS-05",
                CertificateFault::Revoked => "BTY-TLS-09",
                CertificateFault::Unusable => "BTY-TLS-10",
            },
            Self::NoTls { .. } => "BTY-TLS-03",
            Self::TlsFailed { .. } => "BTY-TLS-06",
            Self::TlsInjected { .. } => "BTY-TLS-07",
            Self::NoTrust { .. } => "BTY-TLS-08",
            Self::NoDeviceSignIn { .. } => "BTY-AUTH-01",
            Self::SignInDenied { .. } => "BTY-AUTH-02",
            Self::CodeExpired { .. } => "BTY-AUTH-03",
            Self::SignInExpired { .. } => "BTY-AUTH-04",
            Self::SignInOver { .. } => "BTY-AUTH-61",
            Self::WrongPassword { .. } => "BTY-AUTH-05",
            Self::ChatNotGranted { .. } => "BTY-AUTH-06",
            Self::OtherPerson { .. } => "BTY-AUTH-07",
            Self::TokenNotKept { .. } => "BTY-AUTH-08",
            Self::NoIssuer { .. } => "BTY-AUTH-09",
            Self::NoMechanism { .. } => "BTY-AUTH-10",
            Self::ServerUnproven { .. } => "BTY-AUTH-11",
            Self::HashCount { .. } => "BTY-AUTH-12",
            Self::OAuthRefused { .. } => "BTY-AUTH-13",
            Self::OAuthRubbish { .. } => "BTY-AUTH-14",
            Self::ScopeRefused { .. } => "BTY-AUTH-60",
            Self::AccountRefused { .. } => "BTY-AUTH-15",
            Self::PasswordNeeded { .. } => "BTY-AUTH-16",
            Self::SignInNeeded { .. } => "BTY-AUTH-17",
            Self::NoClient { .. } => "BTY-AUTH-18",
            Self::ClockOff { .. } => "BTY-CLOCK-01",
            Self::IssuerChanged { .. } => "BTY-AUTH-19",
            Self::WeakerSignIn { .. } => "BTY-AUTH-42",
            Self::OfferAltered { .. } => "BTY-AUTH-43",
            Self::MoreSteps { .. } => "BTY-AUTH-50",
            Self::NoKeyring => "BTY-AUTH-40",
            Self::KeyringLocked => "BTY-AUTH-41",
            Self::Intercepted { .. } => "BTY-AUTH-44",
            Self::SecretsHeld => "BTY-AUTH-45",
            Self::WrongIssuer { .. } => "BTY-AUTH-30",
            Self::NoReturn { .. } => "BTY-AUTH-31",
            Self::NoPendingSignIn { .. } => "BTY-AUTH-32",
            Self::NoPageSignIn { .. } => "BTY-AUTH-33",
            Self::TokenUnusable { .. } => "BTY-AUTH-34",
            Self::OtherSignIn { .. } => "BTY-AUTH-35",
            Self::AnswerLost { .. } => "BTY-AUTH-36",
            Self::TokenRefused { .. } => "BTY-AUTH-37",
            Self::SignedOutElsewhere { .. } => "BTY-AUTH-62",
            Self::Rubbish { .. } => "BTY-XMPP-01",
            Self::BindRefused { .. } => "BTY-XMPP-02",
            Self::HostUnknown { .. } => "BTY-XMPP-03",
            Self::Replaced { .. } => "BTY-XMPP-04",
            Self::StreamError { .. } => "BTY-XMPP-05",
            Self::RequestRefused { .. } => "BTY-XMPP-06",
            Self::NotSent => "BTY-MSG-01",
            Self::NoSuchAddress { .. } => "BTY-MSG-02",
            Self::TooLong { .. } => "BTY-MSG-03",
            Self::BuddiesOnly { .. } => "BTY-MSG-04",
            Self::Bounced { .. } => "BTY-MSG-05",
            Self::BadConfig { .. } => "BTY-CONF-01",
            Self::UnreadableConfig { .. } => "BTY-CONF-02",
            Self::SecretInConfig { .. } => "BTY-CONF-03",
            Self::DiskFull => "BTY-DATA-01",
            Self::AccountInUse => "BTY-DATA-02",
            Self::SetAside { .. } => "BTY-DATA-03",
            Self::NoDataFolder { .. } => "BTY-DATA-04",
            Self::NotKept { .. } => "BTY-DATA-05",
            Self::NewerHistory { .. } => "BTY-DATA-06",
            Self::NotATerminal => "BTY-TERM-02",
            Self::Usage { .. } => "BTY-CLI-01",
            Self::NoAccount => "BTY-CLI-02",
            Self::UnknownAccount { .. } => "BTY-CLI-03",
            Self::UnknownBuddy { .. } => "BTY-CLI-04",
            Self::TimedOut { .. } => "BTY-CLI-05",
            Self::NothingTyped { .. } => "BTY-CLI-06",
            Self::UnknownCommand { .. } => "BTY-CMD-01",
            Self::BadArgument { .. } => "BTY-CMD-02",
            Self::NotOffered { .. } => "BTY-CMD-03",
            Self::TerminalLost { .. } => "BTY-TERM-03",
            Self::DemoFailed { .. } => "BTY-DEMO-01",
            Self::Crashed { .. } => "BTY-BUG-01",
            Self::Bug { .. } => "BTY-BUG-02",
        }
    }

    /// True where somebody was there, and the connection broke: the same may well go through the next time.
    pub fn is_cut(&self) -> bool {
        matches!(self, Self::ClosedByServer { .. } | Self::ClosedAt { .. } | Self::RedirectClosed { .. })
    }

    /// Somebody said that a message did not arrive, and why. Of one that failed in any other way nobody knows.
    pub fn refuses_message(&self) -> bool {
        matches!(
            self,
            Self::NoSuchAddress { .. } | Self::TooLong { .. } | Self::BuddiesOnly { .. } | Self::Bounced { .. }
        )
    }

    /// True when trying again by itself may help: the network, not the person, has to change.
    pub fn passes_by_itself(&self) -> bool {
        // RFC 6120 section 6.5.10: the one SASL failure that is about the server's day.
        let of_the_server = matches!(self, Self::AccountRefused { condition, .. }
            if condition.as_str().starts_with("temporary-auth-failure"));
        of_the_server
            || matches!(
                self,
                Self::Offline
                    | Self::NameNotFound { .. }
                    | Self::NoAnswer { .. }
                    | Self::ClosedByServer { .. }
                    | Self::ClosedAt { .. }
                    | Self::RedirectClosed { .. }
                    | Self::SilentAt { .. }
                    | Self::Refused { .. }
                    | Self::NoResolver
                    | Self::ProxyUnreachable { .. }
                    | Self::ProxySilent { .. }
                    | Self::ProxyRefused { .. }
                    | Self::ProxyNoWay { .. }
                    | Self::ProxyRubbish { .. }
                    | Self::TlsFailed { .. }
                    | Self::Rubbish { .. }
                    | Self::StreamError { .. }
                    | Self::BindRefused { .. }
                    | Self::OAuthRubbish { .. }
                    | Self::SecretsHeld
            )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_with_a_bad_day_is_asked_again_and_a_closed_account_is_not() {
        let refused = |condition: &str| Problem::AccountRefused {
            domain: Domain::parse("alpha.test").unwrap(),
            condition: Line::clean(condition),
        };
        assert!(refused("temporary-auth-failure").passes_by_itself());
        assert!(refused("temporary-auth-failure: database is down").passes_by_itself());
        assert!(!refused("account-disabled").passes_by_itself());
    }
}
