//! `butty login`: a code, a page, a password, or a token of others, from the command line. Talk goes to standard error,
//! the address to standard output.

mod follow;
mod show;

use super::accounts::told;
use super::{Desk, Errand, INTERRUPTED, blocking, keeping};
use crate::app::LinkCommand;
use crate::app::event::Keep;
use crate::app::setup::{AccountSetup, GrantChoice};
use crate::cli::{Args, Granting, Keeping, Login, Record};
use crate::config;
use crate::oauth::Asking;
use crate::term::{self, Asked};
use crate::types::{Line, Problem, Secret};
use crate::xmpp::CredentialKind;
use follow::{Outcome, follow};
use std::io::{BufRead, IsTerminal};
use std::path::Path;
use std::time::Duration;

/// A person needs longer than a command.
const PATIENCE: Duration = Duration::from_secs(20 * 60);

pub(super) async fn run(args: &Args, login: &Login, desk: &Desk) -> Result<u8, Problem> {
    let mut setup = setup(args, desk, login.address.as_deref(), &login.profile).await?;
    if let Some(server) = &login.server {
        setup.server = Some(host_and_port(server)?);
    }
    if let Some(ca_file) = &login.ca_file {
        std::fs::File::open(ca_file).map_err(|_| wrong_ca_file(ca_file, "cannot be read"))?;
        setup.ca_file = Some(std::path::absolute(ca_file).unwrap_or_else(|_| ca_file.clone()));
    }
    setup.oauth.grant = grant(login).unwrap_or(setup.oauth.grant);
    let mut keep = keeping::first(login.store, &setup);
    let way = way(desk, &setup, login)?;
    let Some(command) = first_command(args, login, &setup, way, keep).await? else { return Ok(INTERRUPTED) };
    setup.credential = Some(way);
    let mut errand = Errand::start(desk, &setup, false, Some(args.timeout.unwrap_or(PATIENCE)));
    if login.weaker {
        errand.send(LinkCommand::AcceptWeaker);
    }
    ask_for(login, &errand);
    errand.send(command);
    let mut outcome = follow(args, login, desk, &mut errand, &setup, keep).await;
    if let (Err(keyring @ (Problem::NoKeyring | Problem::KeyringLocked)), Keeping::Auto) = (&outcome, login.store) {
        keep = keeping::instead(desk, keyring, args.no_input).await?;
        ask_for(login, &errand);
        errand.send(again(login, way, keep));
        outcome = follow(args, login, desk, &mut errand, &setup, keep).await;
    }
    errand.finish().await;
    let jid = match outcome.map_err(|problem| blamed(problem, login))? {
        Outcome::SignedIn { jid, by_password } => {
            if by_password {
                setup.credential = Some(CredentialKind::Password);
            }
            jid
        }
        Outcome::Parked => return Ok(0),
        Outcome::Interrupted => return Ok(INTERRUPTED),
    };
    setup.keep = Some(keep);
    let kept = keep != Keep::Memory;
    if kept && !desk.is_configured(&setup.id) {
        config::save_account(&desk.folders, &setup)?;
    }
    let address = known_as(&setup, &jid);
    desk.voice.say(&format!("Signed in as {address}. {}", keeping::told(desk, keep)));
    if desk.is_configured(&setup.id) && (login.server.is_some() || login.ca_file.is_some()) {
        desk.voice.say("The account stands in config.toml: server and ca_file counted for this time only.");
    }
    told(desk.voice.answer(&Record::new("account").account(setup.id.as_str()).column("address", address)))
}

/// As whom: the address of the session, save where that is a number that nobody knows (ux 1.5).
fn known_as<'a>(setup: &'a AccountSetup, bound: &'a str) -> &'a str {
    match (setup.profile.as_str(), setup.name.as_str()) {
        ("messenger", "") => setup.id.as_str(),
        ("messenger", name) if setup.local.is_none() => name,
        ("messenger", _) => setup.id.as_str(),
        _ => bound,
    }
}

/// The option that is at fault, where the link can only tell of the account.
fn blamed(problem: Problem, login: &Login) -> Problem {
    match (problem, &login.ca_file) {
        (Problem::NoTrust { file: Some(_) }, Some(ca_file)) => wrong_ca_file(ca_file, "holds no usable certificate"),
        (problem, _) => problem,
    }
}

fn wrong_ca_file(ca_file: &Path, why: &str) -> Problem {
    Problem::Usage { why: Line::clean(&format!("--ca-file names {}, which {why}", ca_file.display())) }
}

/// What the command line wants to be asked for: a purpose, or scopes, parted by blanks or commas too. For this sign-in
/// alone.
fn ask_for(login: &Login, errand: &Errand) {
    let scopes = login.scope.iter().flat_map(|list| list.split([' ', ','])).filter(|scope| !scope.is_empty());
    let scopes: Vec<String> = scopes.map(str::to_owned).collect();
    if login.chat_only {
        errand.send(LinkCommand::AskFor(Asking::ChatOnly));
    } else if !scopes.is_empty() {
        errand.send(LinkCommand::AskFor(Asking::these(scopes)));
    }
}

fn grant(login: &Login) -> Option<GrantChoice> {
    if login.device {
        return Some(GrantChoice::Device);
    }
    login.grant.map(|grant| match grant {
        Granting::Auto => GrantChoice::Auto,
        Granting::Device => GrantChoice::Device,
        Granting::Code => GrantChoice::Code,
    })
}

/// What the link is told first; `None`: the person left.
async fn first_command(
    args: &Args,
    login: &Login,
    setup: &AccountSetup,
    way: CredentialKind,
    keep: Keep,
) -> Result<Option<LinkCommand>, Problem> {
    Ok(Some(match way {
        CredentialKind::Password if login.password_stdin => {
            LinkCommand::Password { password: secret_from_stdin("password").await?, keep }
        }
        CredentialKind::Password => match ask_password(args, setup).await? {
            Asked::Given(password) => LinkCommand::Password { password, keep },
            Asked::Nothing => return Err(no_password()),
            Asked::Interrupted => return Ok(None),
        },
        CredentialKind::Token if login.token_stdin => {
            LinkCommand::Token { token: secret_from_stdin("token").await?, keep }
        }
        CredentialKind::Token if login.no_wait => LinkCommand::BeginSignIn { keep },
        CredentialKind::Token if login.resume => LinkCommand::ResumeSignIn { keep },
        CredentialKind::Token => LinkCommand::SignInWithCode { keep },
    }))
}

/// The same once more, kept elsewhere. What was typed or handed in is with the link.
fn again(login: &Login, way: CredentialKind, keep: Keep) -> LinkCommand {
    match way {
        CredentialKind::Password => LinkCommand::KeepGiven { keep },
        CredentialKind::Token if login.token_stdin => LinkCommand::KeepGiven { keep },
        CredentialKind::Token if login.no_wait => LinkCommand::BeginSignIn { keep },
        CredentialKind::Token if login.resume => LinkCommand::ResumeSignIn { keep },
        CredentialKind::Token => LinkCommand::SignInWithCode { keep },
    }
}

/// By token or by password: what was asked for, else what the config says, else a token. What contradicts the config
/// would be forgotten by the next start, and is refused.
fn way(desk: &Desk, setup: &AccountSetup, login: &Login) -> Result<CredentialKind, Problem> {
    let configured = setup.credential.filter(|_| desk.is_configured(&setup.id));
    let password = login.password || login.password_stdin;
    let token = login.device || login.grant.is_some() || login.token_stdin || login.no_wait || login.resume;
    let token = token || login.chat_only || !login.scope.is_empty();
    match (configured, token, password) {
        (Some(CredentialKind::Password), true, _) => Err(Problem::Usage {
            why: Line::clean("for this account the config file has sign_in = \"password\": change it there first"),
        }),
        (Some(CredentialKind::Token), _, true) => Err(Problem::Usage {
            why: Line::clean("for this account the config file has sign_in = \"code\": change it there first"),
        }),
        (Some(configured), ..) => Ok(configured),
        (None, _, true) => Ok(CredentialKind::Password),
        (None, ..) => Ok(CredentialKind::Token),
    }
}

async fn setup(args: &Args, desk: &Desk, address: Option<&str>, profile: &str) -> Result<AccountSetup, Problem> {
    let typed = match address.or(args.account.as_deref()) {
        Some(address) => address.to_owned(),
        None if args.no_input || !std::io::stdin().is_terminal() => {
            return Err(Problem::Usage { why: Line::clean("no address was given: butty login you@example.org") });
        }
        None => {
            desk.voice.say("Where is your account? (name@example.org, or example.org)");
            read_line().await?
        }
    };
    let profiles = &desk.config.profiles;
    if let Some(fault) = profiles.fault(profile) {
        let why = Line::clean(&format!("--profile takes {}", profiles.names().join(", ")));
        return Err(fault.unwrap_or(Problem::Usage { why }));
    }
    let typed = typed.trim();
    let why =
        || Problem::Usage { why: Line::clean(&format!("“{typed}” is not an address such as you@example.org")) };
    let mut fresh = config::setup_for(typed, "auto").ok_or_else(why)?;
    profile.clone_into(&mut fresh.profile);
    profiles.complete(&mut fresh);
    // What the person configured for this account stays as it is.
    let known = desk.accounts.iter().find(|account| account.id == fresh.id);
    Ok(known.filter(|_| profile == "auto").cloned().unwrap_or(fresh))
}

fn host_and_port(text: &str) -> Result<(String, u16), Problem> {
    let why = || Problem::Usage { why: Line::clean("--server takes host:port, such as xmpp.example.org:5222") };
    let (host, port) = text.rsplit_once(':').ok_or_else(why)?;
    let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    let port = port.parse().ok().filter(|port| *port > 0).ok_or_else(why)?;
    Ok((host.to_owned(), port))
}

pub(super) async fn read_line() -> Result<String, Problem> {
    let read = blocking(|| {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    read.await?.map_err(|_| Problem::Usage { why: Line::clean("standard input is not text in UTF-8") })
}

async fn secret_from_stdin(what: &str) -> Result<Secret<String>, Problem> {
    let line = Secret::new(read_line().await?);
    let secret = line.expose().trim_end_matches(['\n', '\r']);
    if secret.is_empty() {
        return Err(Problem::Usage { why: Line::clean(&format!("standard input holds no {what}")) });
    }
    Ok(Secret::from(secret))
}

/// The question for it was left: it needs no command to ask it again.
fn no_password() -> Problem {
    let instead = Line::clean("--password-stdin reads it from a pipe");
    Problem::NothingTyped { what: Line::clean("password"), instead }
}

async fn ask_password(args: &Args, setup: &AccountSetup) -> Result<Asked, Problem> {
    if args.no_input || !std::io::stdin().is_terminal() {
        return Err(Problem::Usage { why: Line::clean("there is no terminal to ask on: use --password-stdin") });
    }
    let prompt = format!("Password for {}: ", setup.id);
    blocking(move || term::ask_secret(&prompt)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_a_number_as_their_address() {
        let told = |typed: &str, profile: &str, name: &str| {
            let setup = AccountSetup {
                profile: profile.to_owned(),
                name: name.to_owned(),
                ..config::setup_for(typed, "auto").unwrap()
            };
            known_as(&setup, "00ab12@messenger.example").to_owned()
        };
        assert_eq!(told("anna@messenger.example", "messenger", "Anna"), "anna@messenger.example");
        assert_eq!(told("messenger.example", "messenger", "Anna"), "Anna");
        assert_eq!(told("messenger.example", "messenger", ""), "messenger.example");
        assert_eq!(told("anna@example.org", "auto", "Anna"), "00ab12@messenger.example");
    }
}
