use super::*;
use crate::types::{BareJid, CertificateFault, Domain, Prose, Stage, Term};
use std::collections::BTreeSet;
use std::time::Duration;

fn line(text: &str) -> Line {
    Line::clean(text)
}

/// One of each, with arguments as they come in life.
fn network_problems(domain: &str) -> Vec<Problem> {
    let host = line(&format!("chat.{domain}"));
    let domain = Domain::parse(domain).unwrap();
    let stages = [
        Stage::Lookup,
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

fn account_problems(domain: &str) -> Vec<Problem> {
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
        Problem::NoReturn { domain: domain.clone(), waited: Duration::from_secs(600) },
        Problem::NoPendingSignIn { account: line("anna@example.org") },
        Problem::NoPageSignIn { domain: domain.clone() },
        Problem::TokenUnusable { from: line("the token command") },
        Problem::OtherSignIn { account: line("anna@example.org") },
        Problem::NotSent,
        Problem::NoSuchAddress { peer: bela.clone() },
        Problem::TooLong { domain },
        Problem::BuddiesOnly { peer: bela.clone() },
        Problem::Bounced { peer: bela, condition: line("internal-server-error") },
    ]
}

fn local_problems() -> Vec<Problem> {
    let file = line("/home/anna/.config/butty/config.toml");
    let excerpt = Prose::clean("mouse = \"maybe\"");
    vec![
        Problem::BadConfig { file: file.clone(), line: 12, column: 9, excerpt, why: line("`mouse` is on or off") },
        Problem::UnreadableConfig { file: file.clone(), why: line("it is not UTF-8") },
        Problem::SecretInConfig { file: file.clone(), line: 3, key: line("password") },
        Problem::DiskFull,
        Problem::AccountInUse,
        Problem::SetAside { file: file.clone(), kept_as: line("tokens.json.broken-1") },
        Problem::NoDataFolder { folder: file, why: line("permission denied") },
        Problem::NotKept { why: line("the disk did not take it") },
        Problem::NotATerminal,
        Problem::Usage { why: line("--jsn is no option; did you mean --json?") },
        Problem::NoAccount,
        Problem::UnknownAccount { account: line("nobody@example.org") },
        Problem::UnknownBuddy { who: line("Nobody") },
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

fn every_problem() -> Vec<Problem> {
    [network_problems("example.org"), account_problems("example.org"), local_problems()].concat()
}

#[test]
fn every_problem_says_what_and_next_in_short_lines() {
    let long = format!("{}.{}.example.org", "a".repeat(60), "b".repeat(60));
    let long = [network_problems(&long), account_problems(&long)].concat();
    for problem in every_problem().into_iter().chain(long) {
        let said = say(&problem);
        assert!(said.what.len() > 10 && said.what.ends_with('.'), "{problem:?}: {}", said.what);
        assert!(!said.what.contains("no words"), "{problem:?}");
        assert!(!said.next.is_empty(), "{problem:?}");
        assert!(said.why.as_ref().is_none_or(|why| why.ends_with(['.', '?'])), "{problem:?}: {:?}", said.why);
        for text in [Some(&said.what), said.why.as_ref()].into_iter().flatten().chain(&said.next) {
            let columns = unicode_width::UnicodeWidthStr::width(text.as_str());
            assert!(columns <= 100, "{columns} columns: {text}");
            assert!(!text.trim().is_empty());
        }
    }
}

#[test]
fn every_problem_has_a_code_of_its_own() {
    let all = every_problem();
    let codes: BTreeSet<&str> = all.iter().map(|problem| say(problem).code).collect();
    assert_eq!(codes.len(), all.len());
    assert!(codes.iter().all(|code| code.starts_with("BTY-")));
}

#[test]
fn nobody_is_blamed_or_shouted_at() {
    for problem in every_problem() {
        let said = say(&problem);
        let all = [vec![said.what], said.why.into_iter().collect(), said.next].concat().join(" ");
        // Words of others, which stand in quotes, are theirs.
        let ours: String = all.split('“').map(|part| part.rsplit('”').next().unwrap_or_default()).collect();
        for word in ["invalid", "Oops", "!", "error", "Error", "illegal", "failed", "please"] {
            assert!(!ours.contains(word), "{word} in: {ours}");
        }
    }
}

#[test]
fn next_steps_name_only_keys_that_work_while_writing() {
    for problem in every_problem() {
        for step in say(&problem).next {
            let first = step.split(' ').next().unwrap_or_default();
            let command = first.strip_prefix('/').map(|name| name.trim_end_matches(','));
            assert!(command.is_none_or(|name| crate::app::slash::find(name).is_some()), "{step}");
            assert!(!["Enter", "Esc", "Del"].contains(&first) && first.chars().count() > 1, "{step}");
        }
    }
}

#[test]
fn a_long_name_shows_whose_it_is() {
    let host = line(&format!("example.org.{}.evil.example", "a".repeat(80)));
    let said = say(&Problem::NameNotFound { host });
    assert!(said.what.starts_with("The name …aaa") && said.what.contains("a.evil.example cannot"), "{}", said.what);
}

#[test]
fn a_wrong_certificate_reads_like_the_table() {
    let domain = Domain::parse("example.org").unwrap();
    let fault = CertificateFault::Expired(Some(line("2026-11-20")));
    let said = say(&Problem::Certificate { domain, fault });
    assert_eq!(said.what, "The certificate of example.org ran out on 20 November 2026.");
    assert_eq!(said.code, "BTY-TLS-02");
}

#[test]
fn on_the_command_line_next_steps_are_for_a_shell() {
    for problem in every_problem() {
        let next = say_in_shell(&problem).next;
        assert!(!next.is_empty(), "{problem:?}");
        for step in next {
            let key = step.starts_with('F') && step.chars().nth(1).is_some_and(|c| c.is_ascii_digit());
            assert!(!step.starts_with('/') && !key && !step.contains("by itself"), "{problem:?}: {step}");
        }
    }
    assert_eq!(say_in_shell(&Problem::Offline).next, ["butty doctor"]);
    let domain = Domain::parse("a.test").unwrap();
    assert_eq!(say_in_shell(&Problem::NoDeviceSignIn { domain }).next, ["butty login ADDRESS --password"]);
}

#[test]
fn the_caret_stands_under_the_place() {
    let bad = |text: &str, column| Problem::BadConfig {
        file: line("config.toml"),
        line: 12,
        column,
        excerpt: Prose::clean(text),
        why: line("mouse takes on or off"),
    };
    assert_eq!(excerpt(&bad("\tmouse = 5", 10)).unwrap(), "12 |  mouse = 5\n   |          ^");
    // Two columns each.
    assert_eq!(excerpt(&bad("漢字 = 5", 6)).unwrap(), "12 | 漢字 = 5\n   |        ^");
    assert_eq!(excerpt(&bad("", 1)).unwrap(), "12 | \n   | ^");
    let long = excerpt(&bad(&format!("x = \"{}\"", "y".repeat(500)), 300)).unwrap();
    let rows: Vec<&str> = long.lines().collect();
    assert!(rows[0].chars().count() < 80 && rows[1].len() < 80 && rows[1].ends_with('^'), "{long}");
    assert_eq!(excerpt(&Problem::Offline), None);
}
