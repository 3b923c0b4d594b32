//! Signing in, and messages that did not arrive.

use super::{Parts, name, quoted, reason, sentence, short};
use crate::app::words::counts::{duration, grouped};
use crate::app::words::screens;
use crate::types::{Line, Problem, Term};
use std::time::Duration;

const NEW_CODE: &[&str] = &["/login gets a new code"];

/// Signing in with a code.
pub(super) fn code(problem: &Problem) -> Parts {
    match problem {
        Problem::NoDeviceSignIn { domain } => {
            Parts::what(format!("{domain} does not offer sign-in with a code.", domain = name(domain)))
                .why("Its sign-in page has no address for devices.")
                .next(&["/login with a password"])
        }
        Problem::SignInDenied { domain } => {
            Parts::what(format!("Sign-in at {domain} was refused.", domain = name(domain)))
                .why("The page was answered with No or Cancel.")
                .next(NEW_CODE)
        }
        Problem::CodeExpired { code, lifetime } => Parts::what("The code has run out.")
            .why(format!("Nobody used {} within {}.", short(code.as_str(), 24), duration(*lifetime)))
            .next(NEW_CODE),
        Problem::AnswerLost { host } => Parts::what("Your yes got lost on its way.")
            .why(format!("{} had heard it, but the connection broke before its answer was here.", name(host)))
            .next(NEW_CODE),
        Problem::ChatNotGranted { domain } => Parts::what("butty may not chat as you.")
            .why(format!("You did not agree to “chat as you” at {domain}.", domain = name(domain)))
            .next(&["/login asks again"]),
        Problem::OtherPerson { wanted, got } => {
            Parts::what(format!("You signed in as {got}.", got = name(got))) // two addresses do not fit into one line
                .why(format!(
                    "This account is {wanted}. The browser is another person's.",
                    wanted = name(wanted)
                ))
                .next(NEW_CODE)
        }
        Problem::TokenNotKept { .. } | Problem::NoKeyring | Problem::SecretsHeld | Problem::KeyringLocked => {
            keeping(problem)
        }
        Problem::NoIssuer { domain } => {
            Parts::what(format!("The sign-in addresses of {domain} cannot be found.", domain = name(domain)))
                .why("The page that should name them is missing.")
                .next(&["/doctor", "accounts.oauth.issuer in config.toml names it"])
        }
        Problem::OAuthRefused { host, error } => Parts::what(format!("{host} did not sign you in.", host = name(host)))
            .why(reason(error))
            .next(&["/login tries again", "/doctor"]),
        Problem::ScopeRefused { host, scope, rest } => scope_refused(&name(host), scope.as_ref(), rest),
        Problem::OAuthRubbish { host } => {
            Parts::what(format!("{host} sent something that is no answer.", host = name(host)))
                .why("It may be out of order, or no sign-in service.")
                .next(&["/login tries again", "/doctor"])
        }
        Problem::NoClient { host } => Parts::what(format!("{host} does not know butty.", host = name(host)))
            .why("It wants programs to be registered by hand.")
            .next(&["accounts.oauth.client_id in config.toml names one", "Tell the operator"]),
        Problem::IssuerChanged { domain, was, now } => {
            Parts::what(format!("{domain} names another sign-in service than before.", domain = name(domain)))
                .why(format!("{} then, {} now.", short(was.as_str(), 30), short(now.as_str(), 30)))
                .next(&["Ask the operator", "/logout and /login if it is right"])
        }
        _ => Parts::misplaced(),
    }
}

/// Keeping what was signed in with.
fn keeping(problem: &Problem) -> Parts {
    match problem {
        Problem::TokenNotKept { why } => Parts::what("The sign-in could not be kept.")
            .why(sentence(why))
            .next(&["/login, and keep it until butty closes"]),
        Problem::NoKeyring => Parts::what("No keyring answers on this computer.")
            .why("A keyring comes with a desktop; over ssh there is often none.")
            .next(&["/login asks where else to keep it"]),
        Problem::SecretsHeld => Parts::what("Another butty keeps this sign-in busy.")
            .why("It may have been stopped in the middle of it.")
            .next(&["Close or continue the other one, then F5"]),
        Problem::KeyringLocked => Parts::what("The keyring of this computer is locked.")
            .why("Nobody unlocked it in time.")
            .next(&["Unlock it, then F5", "/login keeps the sign-in elsewhere"]),
        _ => Parts::misplaced(),
    }
}

/// Signing in on a page, or with a token of others.
pub(super) fn page(problem: &Problem) -> Parts {
    match problem {
        Problem::WrongIssuer { domain, host } => {
            Parts::what(format!("The answer is not from {domain}'s sign-in service.", domain = name(domain)))
                .why(format!("It came from {}. It was not used.", name(host)))
                .next(&["/login tries again", "Tell the operator"])
        }
        Problem::NoReturn { domain, waited } => {
            Parts::what(format!("Nobody came back from the sign-in page of {domain}.", domain = name(domain)))
                .why(format!("butty waited {}.", duration(*waited)))
                .next(&["/login tries again"])
        }
        Problem::NoPendingSignIn { account } => {
            Parts::what(format!("No sign-in of {} waits for you.", short(account.as_str(), 60)))
                .why("None was begun with --no-wait, or it is over.")
                .next(&["/login"])
        }
        Problem::NoPageSignIn { domain } => {
            Parts::what(format!("{domain} has no sign-in page for programs.", domain = name(domain)))
                .why("Its sign-in service names no address for one.")
                .next(&["/login with a code, or with a password"])
        }
        Problem::TokenUnusable { from } => Parts::what("What should be a token is none.")
            .why(format!("It came from {from}, and is empty or has characters that no token has."))
            .next(&["Look at what writes it", "/doctor"]),
        Problem::TokenRefused { domain } => {
            Parts::what(format!("{domain} does not take what was handed in as a token.", domain = name(domain)))
                .why("It is no token of this service, or one that has run out.")
                .next(&["Look at what gives it out", "/login"])
        }
        Problem::OtherSignIn { account } => Parts::what("Somebody else signed in on the page.")
            .why(format!("This account is {}. Nothing was changed.", short(account.as_str(), 60)))
            .next(&["/login, and choose the right person there"]),
        _ => Parts::misplaced(),
    }
}

fn scope_refused(host: &str, scope: Option<&Line>, rest: &[Line]) -> Parts {
    let parts = match scope {
        Some(scope) => Parts::what(format!("{host} does not give butty all that it asked for.")).why(format!(
            "It refuses “{}”: {}.",
            short(scope.as_str(), 24),
            screens::scope(scope.as_str(), false)
        )),
        None => Parts::what(format!("{host} does not give butty what it asked for."))
            .why("It does not say which part of it."),
    };
    let rest: Vec<String> = rest.iter().map(|scope| format!("--scope {}", short(scope.as_str(), 24))).collect();
    let less = format!("/login {}", rest.join(" "));
    let operator = "Tell the operator";
    if rest.is_empty() { parts.next(&[operator]) } else { parts.next(&[&less, operator]) }
}

/// Signing in, whatever the way.
pub(super) fn sign_in(problem: &Problem) -> Parts {
    match problem {
        Problem::SignInExpired { domain } => Parts::what("Your sign-in has expired.")
            .why(format!("{domain} ended it, or you removed butty there.", domain = name(domain)))
            .next(&["/login", "Reading and searching still work"]),
        Problem::SignInOver { lasted, term, .. } => Parts::what("Your sign-in is over.")
            .why(over(*lasted, *term))
            .next(&["/login", "Reading and searching still work"]),
        Problem::WrongPassword { domain } => Parts::what("Name or password is not right.")
            .why(format!("{domain} did not accept them.", domain = name(domain)))
            .next(&["/login tries again"]),
        Problem::NoMechanism { domain, offered } => {
            let names: Vec<String> = offered.iter().take(3).map(|name| short(name.as_str(), 20)).collect();
            let list = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
            Parts::what(format!("{domain} offers no sign-in that fits.", domain = name(domain)))
                .why(format!("It offers {list}."))
                .next(&["/login another way", "/doctor"])
        }
        Problem::ServerUnproven { domain } => {
            Parts::what(format!("{domain} could not prove who it is.", domain = name(domain)))
                .why("It does not know your password. Someone may be in between.")
                .next(&["butty does not connect", "Try another network", "/doctor"])
        }
        Problem::WeakerSignIn { domain, was, now } => {
            Parts::what(format!("{domain} offers a weaker sign-in than before.", domain = name(domain)))
                .why(format!(
                    "{} then, {} now. Someone may be in between.",
                    short(was.as_str(), 20),
                    short(now.as_str(), 20)
                ))
                .next(&["Ask the operator", "/login --weaker if it is right"])
        }
        Problem::OfferAltered { domain } => {
            Parts::what(format!("The sign-in offer of {domain} was changed on its way.", domain = name(domain)))
                .why("It is not the one that the server vouches for. Someone is in between.")
                .next(&["butty does not connect", "Try another network", "/doctor"])
        }
        Problem::Intercepted { domain } => {
            Parts::what(format!("This connection does not end at {domain}.", domain = name(domain)))
                .why("Its server sees another one than this computer. Someone is in between.")
                .next(&["butty does not connect", "Try another network", "/doctor"])
        }
        Problem::HashCount { domain, count } => {
            let rounds = usize::try_from(*count).unwrap_or(usize::MAX);
            Parts::what(format!("{domain} asks for an odd amount of work at sign-in.", domain = name(domain)))
                .why(format!("It asks for {} rounds of hashing.", grouped(rounds)))
                .next(&["Tell the operator", "/doctor"])
        }
        Problem::AccountRefused { domain, condition } => {
            Parts::what(format!("{domain} does not let this account in.", domain = name(domain)))
                .why(reason(condition))
                .next(&["/login with another one", "Tell the operator"])
        }
        _ => Parts::misplaced(),
    }
}

/// Nobody has signed in yet, or not since then.
pub(super) fn needed(problem: &Problem) -> Parts {
    match problem {
        Problem::PasswordNeeded { domain } => {
            Parts::what(format!("{domain} asks for your password.", domain = name(domain)))
                .why("None is kept on this computer.")
                .next(&["/login"])
        }
        Problem::SignInNeeded { account } => Parts::what(format!("{} is not signed in.", short(account.as_str(), 60)))
            .why("A person has to do it once.")
            .next(&["/login"]),
        Problem::SignedOutElsewhere { account } => {
            Parts::what(format!("{} was signed out by another butty.", short(account.as_str(), 60)))
                .why("It runs, or ran, on this computer too.")
                .next(&["/login", "Reading and searching still work"])
        }
        _ => Parts::misplaced(),
    }
}

/// Why a sign-in is over, as it was agreed.
fn over(lasted: Option<Duration>, term: Term) -> String {
    let span = lasted.map(|span| format!(" for {}", duration(span))).unwrap_or_default();
    match term {
        Term::Consent => format!("You agreed{span}, and that time has passed."),
        Term::ChatOnly => format!("It was for chatting alone{span}: nothing renews it."),
        Term::Session => format!("You agreed to it{span}, not to stay signed in."),
    }
}

/// A sign-in that goes further than butty does.
pub(super) fn steps(problem: &Problem) -> Parts {
    match problem {
        Problem::MoreSteps { domain, tasks } => {
            let names: Vec<String> = tasks.iter().take(2).map(|task| short(task.as_str(), 30)).collect();
            let asked = if names.is_empty() { "more than a password".to_owned() } else { names.join(", ") };
            Parts::what(format!("{domain} wants another step at sign-in.", domain = name(domain)))
                .why(format!("It asks for {asked}; butty does not have that yet."))
                .next(&["/login another way", "Take the step elsewhere"])
        }
        _ => Parts::misplaced(),
    }
}

/// A message that did not arrive.
pub(super) fn message(problem: &Problem) -> Parts {
    match problem {
        Problem::NotSent => Parts::what("Not sent: no answer from the server.")
            .why("The connection was lost while sending.")
            .next(&["/retry", "/discard"]),
        Problem::NoSuchAddress { peer } => {
            Parts::what(format!("Not sent: {} does not know this address.", name(peer.domain())))
                .why(format!("{peer} may have moved or been deleted.", peer = name(peer)))
                .next(&["F4 card", "/discard"])
        }
        Problem::TooLong { domain } => Parts::what(format!("Not sent: too long for {domain}.", domain = name(domain)))
            .next(&["Send it in parts", "/discard"]),
        Problem::BuddiesOnly { peer } => Parts::what("Not sent: they accept messages from buddies only.")
            .why(format!("{peer} has to be your buddy first.", peer = name(peer)))
            .next(&["/add", "/retry", "/discard"]),
        Problem::Bounced { peer, condition } => Parts::what("Not sent: it came back.")
            .why(format!("From {peer}, with {}.", quoted(condition), peer = name(peer)))
            .next(&["/retry", "/discard"]),
        _ => Parts::misplaced(),
    }
}
