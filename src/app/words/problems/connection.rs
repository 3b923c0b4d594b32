//! On the way to the server: network, TLS, the stream itself.

use super::{NETWORK, Parts, name, quoted, reason, sentence, short};
use crate::app::words::counts::duration;
use crate::app::words::time::calendar_day;
use crate::types::{CertificateFault, Line, Problem, Stage};

const OPERATOR: &[&str] = &["/doctor", "Tell the operator"];
const NO_CONNECTION: &[&str] = &["butty does not connect", "/doctor", "Tell the operator"];

pub(super) fn network(problem: &Problem) -> Parts {
    match problem {
        Problem::Offline => {
            Parts::what("This computer seems to be offline.").why("No network address answers.").next(NETWORK)
        }
        Problem::NameNotFound { host } => Parts::what(format!("The name {host} cannot be found.", host = name(host)))
            .why("DNS knows no such name. A typing slip?")
            .next(&["/account shows the address", "F5 tries again", "/doctor"]),
        Problem::NoAnswer { host, waited } => {
            Parts::what(format!("{host} did not answer within {}.", duration(*waited), host = name(host)))
                .why("The server is down, or a firewall blocks ports 5222 and 5223.")
                .next(NETWORK)
        }
        Problem::ClosedByServer { host, reason: given } => {
            Parts::what(format!("{host} closed the connection.", host = name(host)))
                .why(given.as_ref().map_or_else(|| "It gave no reason.".to_owned(), reason))
                .next(NETWORK)
        }
        Problem::ClosedAt { host, stage } => closed(host, *stage),
        Problem::RedirectClosed { from, to } => {
            Parts::what(format!("{} hung up without a word.", short(to.as_str(), 50)))
                .why(format!("{} had pointed to it. Others there may work.", short(from.as_str(), 40)))
                .next(NETWORK)
        }
        Problem::SilentAt { host, stage } => {
            Parts::what(format!("{host} went silent while {}.", doing(*stage), host = name(host)))
                .why("The server is overloaded, or the network swallows what it sends.")
                .next(NETWORK)
        }
        Problem::Refused { host, port } => {
            Parts::what(format!("Nothing answers at port {port} of {host}.", host = name(host)))
                .why("The server is down, or this is not the port that it uses.")
                .next(NETWORK)
        }
        Problem::NoService { domain } => Parts::what(format!("{domain} has no chat service.", domain = name(domain)))
            .why("Its DNS entry says so.")
            .next(&["/account shows the address", "/login with another one"]),
        Problem::RedirectLoop { domain, last } => {
            Parts::what(format!("{domain} sends butty in circles.", domain = name(domain)))
                .why(format!("The last place that it named was {}.", quoted(last)))
                .next(OPERATOR)
        }
        Problem::RedirectUnreadable { domain, text } => {
            Parts::what(format!("{domain} points to a server whose name cannot be read.", domain = name(domain)))
                .why(format!("It said {}.", quoted(text)))
                .next(OPERATOR)
        }
        Problem::RedirectInward { domain, target } => {
            Parts::what(format!("{domain} points into a private network.", domain = name(domain)))
                .why(format!("It named {}; butty does not follow.", quoted(target)))
                .next(OPERATOR)
        }
        Problem::NoResolver => {
            Parts::what("No DNS server answers.").why("Without one no name can be looked up.").next(NETWORK)
        }
        _ => Parts::misplaced(),
    }
}

/// The connection ended without a word: what had been going on tells most.
fn closed(host: &Line, stage: Stage) -> Parts {
    let (what, why) = match stage {
        Stage::Lookup | Stage::Accept => (
            format!("{host} hung up without a word.", host = name(host)),
            "Perhaps it is overloaded, or no chat server at all.",
        ),
        Stage::Header => (
            format!("{host} hung up instead of greeting.", host = name(host)),
            "Perhaps another sort of server is there.",
        ),
        Stage::Redirect => (
            format!("The server that {host} pointed to hung up.", host = name(host)),
            "It may be down while others are not.",
        ),
        Stage::Tls => (
            format!("{host} hung up while the link was being encrypted.", host = name(host)),
            "Server and butty found no common way, or something in between interferes.",
        ),
        Stage::Features => {
            (format!("{host} hung up before saying what it offers.", host = name(host)), "Perhaps it is starting up.")
        }
        Stage::Auth => (
            format!("{host} hung up during sign-in.", host = name(host)),
            "It may allow only so many tries in a while.",
        ),
        Stage::Bind => {
            (format!("{host} hung up right after sign-in.", host = name(host)), "It may allow only so many devices.")
        }
        Stage::Idle => (
            format!("The connection to {host} was lost.", host = name(host)),
            "The network changed, or the server restarted.",
        ),
    };
    Parts::what(what).why(why).next(NETWORK)
}

/// What was going on at a stage.
fn doing(stage: Stage) -> &'static str {
    match stage {
        Stage::Lookup => "its name was being looked up",
        Stage::Accept => "butty was connecting",
        Stage::Header => "butty said hello",
        Stage::Redirect => "butty followed its redirect",
        Stage::Tls => "the link was being encrypted",
        Stage::Features => "it was to say what it offers",
        Stage::Auth => "you were being signed in",
        Stage::Bind => "this device was being registered",
        Stage::Idle => "you were signed in",
    }
}

pub(super) fn certificate(domain: &str, fault: &CertificateFault) -> Parts {
    match fault {
        CertificateFault::WrongName(names) => {
            let shown: Vec<String> = names.iter().take(2).map(|name| short(name.as_str(), 28)).collect();
            let named = if shown.is_empty() { "no host at all".to_owned() } else { shown.join(", ") };
            Parts::what(wrong_name(domain))
                .why(format!("It names {named}. Someone may be in between."))
                .next(NO_CONNECTION)
        }
        CertificateFault::Expired(day) => {
            let when = day.as_ref().map_or_else(String::new, |day| format!(" on {}", calendar_day(day.as_str())));
            Parts::what(format!("The certificate of {domain} ran out{when}.", domain = name(domain)))
                .why("The operator has not renewed it, or this computer's clock is wrong.")
                .next(&["/doctor", "Look at the clock", "Tell the operator"])
        }
        CertificateFault::NotYetValid(day) => {
            let domain = name(domain);
            let what = day.as_ref().map_or_else(
                || format!("The certificate of {domain} is not good yet."),
                |day| format!("The certificate of {domain} is good only from {}.", calendar_day(day.as_str())),
            );
            Parts::what(what)
                .why("This computer's clock is wrong, or the operator was early.")
                .next(&["/doctor", "Look at the clock"])
        }
        CertificateFault::UnknownIssuer => {
            Parts::what(format!("Nobody whom this computer trusts stands for {domain}.", domain = name(domain)))
                .why("Its certificate is signed by itself, or by somebody unknown here.")
                .next(&["butty does not connect", "/doctor", "ca_file in config.toml for a private server"])
        }
        CertificateFault::Revoked => {
            Parts::what(format!("The certificate of {domain} was withdrawn.", domain = name(domain)))
                .why("Whoever issued it no longer stands for it.")
                .next(NO_CONNECTION)
        }
        CertificateFault::Unusable => {
            Parts::what(format!("The certificate of {domain} cannot be used.", domain = name(domain)))
                .why("It is damaged, wrongly signed, or not made for a server.")
                .next(NO_CONNECTION)
        }
    }
}

/// The name twice, as people say it, where that fits into one line.
fn wrong_name(domain: &str) -> String {
    let whose = if domain.len() <= 32 { domain } else { "this name" };
    format!("The certificate of {} is not for {whose}.", name(domain))
}

pub(super) fn tls(problem: &Problem) -> Parts {
    match problem {
        Problem::NoTls { domain } => {
            Parts::what(format!("{domain} offers no encrypted connection.", domain = name(domain)))
                .why("butty never signs in without one. Someone in between may hide the offer.")
                .next(&["Choose another service", "Try another network", "/doctor"])
        }
        Problem::TlsFailed { domain } => {
            Parts::what(format!("The link to {domain} could not be encrypted.", domain = name(domain)))
                .why("Server and butty found no common way, or something in between interferes.")
                .next(NETWORK)
        }
        Problem::TlsInjected { domain } => {
            Parts::what(format!("Something was slipped into the link to {domain}.", domain = name(domain)))
                .why("It came in the clear where encryption was to begin. Someone may be in between.")
                .next(&["butty does not connect", "Try another network", "/doctor"])
        }
        Problem::NoTrust { file: Some(file) } => {
            Parts::what(format!("The certificates in {} cannot be used.", short(file.as_str(), 60)))
                .why("Set by ca_file of this account in config.toml.")
                .next(&["/reload after mending it", "/doctor"])
        }
        Problem::NoTrust { file: None } => {
            Parts::what("This computer's list of trusted certificates cannot be read.").next(&["/doctor"])
        }
        _ => Parts::misplaced(),
    }
}

pub(super) fn stream(problem: &Problem) -> Parts {
    match problem {
        Problem::Rubbish { host, what } => {
            Parts::what(format!("{host} sent something that makes no sense.", host = name(host)))
                .why(sentence(&Line::clean(&format!("it was {}", short(what.as_str(), 60)))))
                .next(NETWORK)
        }
        Problem::BindRefused { domain, condition } => {
            Parts::what(format!("{domain} signed you in, but has no place for this device.", domain = name(domain)))
                .why(reason(condition))
                .next(NETWORK)
        }
        Problem::HostUnknown { domain } => {
            Parts::what(format!("The server does not serve {domain}.", domain = name(domain)))
                .why("It answered, but for other addresses.")
                .next(&["/account shows the address", "/doctor"])
        }
        Problem::Replaced { domain } => {
            Parts::what(format!("Another program took over your place at {domain}.", domain = name(domain)))
                .why("It uses the same device name as this one.")
                .next(&["F5 takes it back"])
        }
        Problem::StreamError { domain, condition } => {
            Parts::what(format!("{domain} ended the session.", domain = name(domain)))
                .why(reason(condition))
                .next(NETWORK)
        }
        Problem::RequestRefused { domain, condition } => {
            Parts::what(format!("{domain} did not do what butty asked.", domain = name(domain)))
                .why(reason(condition))
                .next(&["/doctor"])
        }
        _ => Parts::misplaced(),
    }
}
