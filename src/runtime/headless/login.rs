//! `butty login`: a code, or a password, from the command line. Talk goes to standard error, the address to
//! standard output.

use super::accounts::told;
use super::{Desk, Errand, INTERRUPTED, blocking};
use crate::app::LinkCommand;
use crate::app::event::{CodePrompt, Consent, Keep, LinkFact};
use crate::app::setup::AccountSetup;
use crate::app::words;
use crate::cli::{Args, Command, Keeping, Record};
use crate::config;
use crate::term::{self, Asked};
use crate::types::{Line, Problem, Secret};
use crate::xmpp::{CredentialKind, Event};
use std::io::{BufRead, IsTerminal};
use std::time::Duration;

/// A person needs longer than a command.
const PATIENCE: Duration = Duration::from_secs(20 * 60);

pub(super) async fn run(args: &Args, command: &Command, desk: &Desk) -> Result<u8, Problem> {
    let Command::Login { address, device, password, password_stdin, profile, store, server, ca_file, weaker } = command
    else {
        return Ok(2);
    };
    let mut setup = setup(args, desk, address.as_deref(), profile).await?;
    if let Some(server) = server {
        setup.server = Some(host_and_port(server)?);
    }
    if let Some(ca_file) = ca_file {
        setup.ca_file = Some(std::path::absolute(ca_file).unwrap_or_else(|_| ca_file.clone()));
    }
    let keep = if *store == Keeping::File { Keep::File } else { Keep::Memory };
    let way = way(desk, &setup, *device, *password || *password_stdin)?;
    let password = match way {
        CredentialKind::Token => None,
        CredentialKind::Password if *password_stdin => Some(password_from_stdin().await?),
        CredentialKind::Password => match ask_password(args, &setup).await? {
            Asked::Given(password) => Some(password),
            Asked::Nothing => return Err(Problem::PasswordNeeded { domain: setup.domain }),
            Asked::Interrupted => return Ok(INTERRUPTED),
        },
    };
    setup.credential = Some(way);
    let mut errand = Errand::start(desk, &setup, false, Some(args.timeout.unwrap_or(PATIENCE)));
    if *weaker {
        errand.send(LinkCommand::AcceptWeaker);
    }
    errand.send(match password {
        Some(password) => LinkCommand::Password { password, keep },
        None => LinkCommand::SignInWithCode { keep },
    });
    let jid = follow(desk, &mut errand).await;
    errand.finish().await;
    let jid = jid?;
    let kept = keep == Keep::File;
    if kept && !desk.is_configured(&setup.id) {
        config::save_account(&desk.folders, &setup)?;
    }
    let place = desk.folders.tokens();
    desk.voice.say(&if kept {
        format!("Signed in as {jid}. Kept in a file that only you can read, in {}.", place.display())
    } else {
        format!("Signed in as {jid}. Not kept.")
    });
    if desk.is_configured(&setup.id) && (server.is_some() || ca_file.is_some()) {
        desk.voice.say("The account stands in config.toml: server and ca_file counted for this time only.");
    }
    told(desk.voice.answer(&Record::new("account").account(setup.id.as_str()).column("address", &jid)))
}

/// By code or by password: what was asked for, else what the config says, else a code. What contradicts the config
/// would be forgotten by the next start, and is refused.
fn way(desk: &Desk, setup: &AccountSetup, device: bool, password: bool) -> Result<CredentialKind, Problem> {
    let configured = setup.credential.filter(|_| desk.is_configured(&setup.id));
    match (configured, device, password) {
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
    if profile != "auto" && profile != "messenger" {
        return Err(Problem::Usage { why: Line::clean("--profile takes auto or messenger") });
    }
    let typed = typed.trim();
    let why =
        || Problem::Usage { why: Line::clean(&format!("“{typed}” is not an address such as you@example.org")) };
    let fresh = config::setup_for(typed, profile).ok_or_else(why)?;
    // What the person configured for this account stays as it is.
    let known = desk.accounts.iter().find(|account| account.id == fresh.id);
    Ok(known.filter(|_| profile == "auto").cloned().unwrap_or(fresh))
}

/// Follows the link to a signed-in session; gives the address.
async fn follow(desk: &Desk, errand: &mut Errand) -> Result<String, Problem> {
    loop {
        match errand.next().await {
            Ok(LinkFact::Consent(consent)) => consent_step(desk, consent)?,
            Ok(LinkFact::Session(Event::SignedIn(signed_in))) => return Ok(signed_in.jid.bare().to_string()),
            Ok(_) => {}
            Err(Problem::PasswordNeeded { .. }) => {
                let why = "this server signs in by password: butty login ADDRESS --password";
                return Err(Problem::Usage { why: Line::clean(why) });
            }
            Err(problem) => return Err(problem),
        }
    }
}

fn consent_step(desk: &Desk, consent: Consent) -> Result<(), Problem> {
    match consent {
        Consent::Failed(problem) => return Err(problem),
        Consent::Code(prompt) => show_code(desk, &prompt),
        Consent::Unreachable { host, retry_in } => {
            let wait = words::duration(retry_in);
            desk.voice.say(&format!("Cannot reach {host} now. Your code still works. Trying again in {wait} …"));
        }
        Consent::SlowerPace { every } => {
            desk.voice.say(&format!("The service asked to check less often: every {} now.", words::duration(every)));
        }
        Consent::LookingUp { domain } => desk.voice.say(&format!("Looking up {domain} …")),
        Consent::AskingForCode { host } => desk.voice.say(&format!("Asking {host} for a code …")),
        Consent::Reachable | Consent::Granted { .. } => {}
    }
    Ok(())
}

fn show_code(desk: &Desk, prompt: &CodePrompt) {
    if desk.voice.json {
        let record = Record::new("code")
            .column("address", prompt.address.as_str())
            .column("code", prompt.code.as_str())
            .field("complete", prompt.complete.as_ref().map(|text| text.as_str().to_owned()))
            .field("expires_in", prompt.lifetime.as_secs());
        drop(desk.voice.answer(&record));
        return;
    }
    let asks: Vec<String> = prompt.scopes.iter().map(|scope| words::screens::scope(scope.as_str(), true)).collect();
    desk.voice.say(&format!(
        "Open   {}   on any device\nType   {}\nAsks for: {}",
        prompt.address,
        prompt.code,
        asks.join(", ")
    ));
    if std::io::stderr().is_terminal() {
        let target = prompt.complete.as_ref().unwrap_or(&prompt.address);
        if let Ok(code) = qrcode::QrCode::with_error_correction_level(target.as_str(), qrcode::EcLevel::L) {
            desk.voice.say(&code.render::<qrcode::render::unicode::Dense1x2>().quiet_zone(true).build());
        }
    }
    let lifetime = words::duration(prompt.lifetime);
    desk.voice.say(&format!("Waiting … the code is good for {lifetime}. Ctrl+C cancels."));
    desk.voice.say("Somebody sent you this code? Stop: only you should ask for it.");
}

fn host_and_port(text: &str) -> Result<(String, u16), Problem> {
    let why = || Problem::Usage { why: Line::clean("--server takes host:port, such as xmpp.example.org:5222") };
    let (host, port) = text.rsplit_once(':').ok_or_else(why)?;
    let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    let port = port.parse().ok().filter(|port| *port > 0).ok_or_else(why)?;
    Ok((host.to_owned(), port))
}

async fn read_line() -> Result<String, Problem> {
    let read = blocking(|| {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    read.await?.map_err(|_| Problem::Usage { why: Line::clean("standard input is not text in UTF-8") })
}

async fn password_from_stdin() -> Result<Secret<String>, Problem> {
    let line = Secret::new(read_line().await?);
    let password = line.expose().trim_end_matches(['\n', '\r']);
    if password.is_empty() {
        return Err(Problem::Usage { why: Line::clean("standard input holds no password") });
    }
    Ok(Secret::from(password))
}

async fn ask_password(args: &Args, setup: &AccountSetup) -> Result<Asked, Problem> {
    if args.no_input || !std::io::stdin().is_terminal() {
        return Err(Problem::Usage { why: Line::clean("there is no terminal to ask on: use --password-stdin") });
    }
    let prompt = format!("Password for {}: ", setup.id);
    blocking(move || term::ask_secret(&prompt)).await
}
