//! One of each problem, with arguments as they come in life. The tests of the panes draw them too.

use super::{BareJid, CertificateFault, Domain, Line, Problem, Prose, Stage, Term};
use std::time::Duration;

pub(super) fn line(text: &str) -> Line {
    Line::clean(text)
}

/// On the way to the server.
pub(super) fn network_problems(domain: &str) -> Vec<Problem> {
    let host = line(&format!("chat.{domain}"));
    let domain = Domain::parse(domain).unwrap();
    let stages = [
        Stage::Accept,
        Stage::Header,
        Stage::Redirect,
        Stage::Tls,
        Stage::Features,
        Stage::Auth,
        Stage::Bind,
        Stage::Idle,
    ];
    let mut all = vec![
        Problem::Offline,
        Problem::NameNotFound { host: host.clone() },
        Problem::NoAnswer { host: host.clone(), waited: Duration::from_secs(15) },
        Problem::ClosedByServer { host: host.clone(), reason: Some(line("shutting down")) },
        Problem::SilentAt { host: host.clone(), stage: Stage::Features },
        Problem::Refused { host: host.clone(), port: 5222 },
        Problem::NoService { domain: domain.clone() },
        Problem::RedirectLoop { domain: domain.clone(), last: line("gw.example.net:5222") },
        Problem::RedirectUnreadable { domain: domain.clone(), text: line(&"x".repeat(900)) },
        Problem::RedirectInward { domain: domain.clone(), target: line("192.168.1.1") },
        Problem::NoResolver,
        Problem::ProxyUnreachable { proxy: line("192.0.2.1:1080") },
        Problem::ProxySilent { proxy: line("192.0.2.1:1080"), waited: Duration::from_secs(15) },
        Problem::ProxyLoginNeeded { proxy: line("192.0.2.1:1080") },
        Problem::ProxyLoginRefused { proxy: line("192.0.2.1:1080") },
        Problem::ProxyRefused { proxy: line("192.0.2.1:1080"), target: host.clone(), reason: line("403 Forbidden") },
        Problem::ProxyNoWay { proxy: line("192.0.2.1:1080"), target: host.clone(), reason: line("no such host") },
        Problem::ProxyRubbish { proxy: line("192.0.2.1:1080") },
        Problem::ProxyUnknown { why: line("config.toml cannot be read") },
        Problem::NoTls { domain: domain.clone() },
        Problem::TlsFailed { domain: domain.clone() },
        Problem::TlsInjected { domain: domain.clone() },
        Problem::NoTrust { file: Some(line("/etc/ssl/private-ca.pem")) },
        Problem::Rubbish { host: host.clone(), what: line("markup that XMPP forbids") },
        Problem::BindRefused { domain: domain.clone(), condition: line("resource-constraint") },
        Problem::HostUnknown { domain: domain.clone() },
        Problem::Replaced { domain: domain.clone() },
        Problem::StreamError { domain: domain.clone(), condition: line("policy-violation") },
        Problem::RequestRefused { domain: domain.clone(), condition: line("feature-not-implemented") },
    ];
    all.push(Problem::RedirectClosed { from: host.clone(), to: line("gw.example.net:5222") });
    all.extend(stages.map(|stage| Problem::ClosedAt { host: host.clone(), stage }));
    let faults = [
        CertificateFault::WrongName(vec![line("mail.example.net"), line(&"y".repeat(90))]),
        CertificateFault::Expired(Some(line("2026-11-20"))),
        CertificateFault::NotYetValid(Some(line("2027-01-01"))),
        CertificateFault::UnknownIssuer,
        CertificateFault::Revoked,
        CertificateFault::Unusable,
    ];
    all.extend(faults.map(|fault| Problem::Certificate { domain: domain.clone(), fault }));
    all
}

/// Of accounts and messages.
pub(super) fn account_problems(domain: &str) -> Vec<Problem> {
    let host = line(&format!("id.{domain}"));
    let anna = BareJid::parse(&format!("anna@{domain}")).unwrap();
    let bela = BareJid::parse(&format!("bela@{domain}")).unwrap();
    let domain = Domain::parse(domain).unwrap();
    vec![
        Problem::NoDeviceSignIn { domain: domain.clone() },
        Problem::SignInDenied { domain: domain.clone() },
        Problem::CodeExpired { code: line("WDJB-MJHT"), lifetime: Duration::from_secs(900) },
        Problem::SignInExpired { domain: domain.clone() },
        Problem::SignInOver {
            domain: domain.clone(),
            lasted: Some(Duration::from_secs(3 * 3600)),
            term: Term::Session,
        },
        Problem::WrongPassword { domain: domain.clone() },
        Problem::ChatNotGranted { domain: domain.clone() },
        Problem::OtherPerson { wanted: anna, got: bela.clone() },
        Problem::TokenNotKept { why: line("the folder cannot be written") },
        Problem::NoKeyring,
        Problem::KeyringLocked,
        Problem::SecretsHeld,
        Problem::NoIssuer { domain: domain.clone() },
        Problem::NoMechanism { domain: domain.clone(), offered: vec![line("GSSAPI"), line("EXTERNAL")] },
        Problem::ServerUnproven { domain: domain.clone() },
        Problem::HashCount { domain: domain.clone(), count: 4_000_000_000 },
        Problem::WeakerSignIn { domain: domain.clone(), was: line("SCRAM-SHA-512-PLUS"), now: line("PLAIN") },
        Problem::OfferAltered { domain: domain.clone() },
        Problem::MoreSteps { domain: domain.clone(), tasks: vec![line("HOTP-EXAMPLE")] },
        Problem::Intercepted { domain: domain.clone() },
        Problem::OAuthRefused { host: host.clone(), error: line("invalid_client") },
        Problem::ScopeRefused {
            host: host.clone(),
            scope: Some(line("wl.basic")),
            rest: vec![line("wl.messenger"), line("wl.offline_access")],
        },
        Problem::OAuthRubbish { host: host.clone() },
        Problem::AccountRefused { domain: domain.clone(), condition: line("account-disabled") },
        Problem::PasswordNeeded { domain: domain.clone() },
        Problem::SignInNeeded { account: line("anna@example.org") },
        Problem::NoClient { host },
        Problem::IssuerChanged {
            domain: domain.clone(),
            was: line("https://id.example.org"),
            now: line("https://id.example.net"),
        },
        Problem::WrongIssuer { domain: domain.clone(), host: line("https://evil.example") },
        Problem::AnswerLost { host: line("login.example.org") },
        Problem::NoReturn { domain: domain.clone(), waited: Duration::from_secs(600) },
        Problem::NoPendingSignIn { account: line("anna@example.org") },
        Problem::NoPageSignIn { domain: domain.clone() },
        Problem::TokenUnusable { from: line("the token command") },
        Problem::TokenRefused { domain: domain.clone() },
        Problem::OtherSignIn { account: line("anna@example.org") },
        Problem::SignedOutElsewhere { account: line("anna@example.org") },
        Problem::NotSent,
        Problem::NoSuchAddress { peer: bela.clone() },
        Problem::TooLong { domain },
        Problem::BuddiesOnly { peer: bela.clone() },
        Problem::Bounced { peer: bela, condition: line("internal-server-error") },
    ]
}

/// Of this computer.
fn local_problems() -> Vec<Problem> {
    let file = line("/home/anna/.config/butty/config.toml");
    let excerpt = Prose::clean("mouse = \"maybe\"");
    vec![
        Problem::BadConfig { file: file.clone(), line: 12, column: 9, excerpt, why: line("`mouse` is on or off") },
        Problem::UnreadableConfig { file: file.clone(), why: line("it is not UTF-8") },
        Problem::SecretInConfig { file: file.clone(), line: 3, key: line("password") },
        Problem::ClockOff { by: Duration::from_secs(14 * 60), ahead: true },
        Problem::DiskFull,
        Problem::AccountInUse,
        Problem::SetAside { file: file.clone(), kept_as: line("tokens.json.broken-1") },
        Problem::NewerHistory { file: line("butty.db") },
        Problem::NoDataFolder { folder: file, why: line("permission denied") },
        Problem::NotKept { why: line("the disk did not take it") },
        Problem::NotATerminal,
        Problem::Usage { why: line("--jsn is no option; did you mean --json?") },
        Problem::NoAccount,
        Problem::UnknownAccount { account: line("nobody@example.org") },
        Problem::UnknownBuddy { who: line("Nobody") },
        Problem::NothingTyped { what: line("password"), instead: line("--password-stdin reads it from a pipe") },
        Problem::TimedOut { waited: Duration::from_secs(30) },
        Problem::UnknownCommand { name: line("foo") },
        Problem::BadArgument { command: line("/status"), why: line("say available, busy, away or invisible") },
        Problem::DemoFailed { why: line("address in use") },
        Problem::NotOffered { what: line("rooms") },
        Problem::TerminalLost { why: line("permission denied") },
        Problem::Crashed { report: Some(line("/home/anna/.local/state/butty/butty.crash.txt")) },
        Problem::Bug { what: line("a page without a talk") },
    ]
}

/// All of them.
pub(super) fn every_problem() -> Vec<Problem> {
    [network_problems("example.org"), account_problems("example.org"), local_problems()].concat()
}
