//! From the first command to a session, or to a sign-in that waits: what the link tells, and what the person answers.

use super::super::accounts::bound_address;
use super::super::{Desk, Errand, keeping};
use super::show;
use crate::app::LinkCommand;
use crate::app::event::{Consent, Fallback, Keep, LinkFact, MOST_BREAKS};
use crate::app::setup::AccountSetup;
use crate::app::words::screens;
use crate::cli::{Args, Login};
use crate::term::{self, Asked};
use crate::types::{BareJid, Line, Problem, Secret};
use crate::xmpp::Event;
use std::io::{BufRead, IsTerminal};
use tokio::sync::mpsc::{Receiver, channel};

/// How it ended.
pub(super) enum Outcome {
    /// There is a session.
    SignedIn { jid: String, by_password: bool },
    /// The code or the page waits for the person.
    Parked,
    /// The person left.
    Interrupted,
}

/// Follows the link.
pub(super) async fn follow(
    args: &Args,
    login: &Login,
    desk: &Desk,
    errand: &mut Errand,
    setup: &AccountSetup,
    keep: Keep,
) -> Result<Outcome, Problem> {
    let mut pasted: Option<Receiver<Secret<String>>> = None;
    let mut by_password = false;
    let (mut shown, mut granted, mut breaks) = (false, false, 0);
    loop {
        let fact = tokio::select! {
            fact = errand.next() => fact,
            line = next(&mut pasted) => {
                errand.send(LinkCommand::Redirected { address: line });
                continue;
            }
        };
        match fact {
            Ok(LinkFact::Consent(Consent::Parked)) => {
                desk.voice.say(&screens::go_on_with(setup.id.as_str(), keeping::as_option(login.store)));
                return Ok(Outcome::Parked);
            }
            Ok(LinkFact::Consent(Consent::Failed(Problem::NoDeviceSignIn { .. }))) if by_password => {
                match super::ask_password(args, setup).await? {
                    Asked::Given(password) => errand.send(LinkCommand::Password { password, keep }),
                    Asked::Nothing => return Err(super::no_password()),
                    Asked::Interrupted => return Ok(Outcome::Interrupted),
                }
            }
            Ok(LinkFact::Consent(consent)) => {
                let password = matches!(consent, Consent::SteppingDown { to: Fallback::Password, .. });
                by_password |= password && can_ask(args) && !login.no_wait;
                shown |= matches!(consent, Consent::Code(_) | Consent::Browser(_));
                granted |= matches!(consent, Consent::Granted { .. });
                if matches!(consent, Consent::Browser(_)) && !args.no_input && !login.no_wait {
                    pasted = Some(lines());
                }
                if !password || by_password {
                    step(login, desk, consent, shown)?; // else what ends it here says the same, and what to do
                }
            }
            Ok(LinkFact::Session(Event::SignedIn(done))) => {
                let before = bound_address(desk, &setup.id)?.and_then(|jid| BareJid::parse(&jid).ok());
                if let Some(problem) = setup.other_person(before, &done) {
                    errand.send(LinkCommand::TakeBack);
                    while !matches!(errand.next_raw().await?, LinkFact::Down { .. }) {}
                    return Err(problem);
                }
                errand.send(LinkCommand::Confirm);
                return Ok(Outcome::SignedIn { jid: done.jid.bare().to_string(), by_password });
            }
            Ok(_) => {}
            Err(Problem::PasswordNeeded { .. }) => {
                let why = "this server signs in by password: butty login ADDRESS --password";
                return Err(Problem::Usage { why: Line::clean(why) });
            }
            // The person has done their part, and the tokens are kept.
            Err(problem) if granted && problem.is_cut() && breaks < MOST_BREAKS => {
                breaks += 1;
                desk.voice.say(&screens::broke_off(setup.domain.as_str()));
                errand.send(LinkCommand::Connect);
            }
            Err(problem) => return Err(problem),
        }
    }
}

fn can_ask(args: &Args) -> bool {
    !args.no_input && std::io::stdin().is_terminal()
}

/// `shown`: there is a code, or a page, that goes on being good.
fn step(login: &Login, desk: &Desk, consent: Consent, shown: bool) -> Result<(), Problem> {
    let voice = desk.voice;
    match consent {
        Consent::Failed(problem) => return Err(problem),
        Consent::Code(prompt) => {
            show::code(desk, &prompt, login.no_wait);
            let page = prompt.complete.as_ref().unwrap_or(&prompt.address);
            open(login, desk, page.as_str());
        }
        Consent::Browser(prompt) => {
            show::page(desk, &prompt, login.no_wait);
            open(login, desk, &prompt.address);
        }
        Consent::PasteRefused(fault) => voice.say(screens::paste_fault(fault)),
        Consent::SteppingDown { domain, to } => voice.say(&screens::stepping_down(domain.as_str(), to)),
        Consent::Unreachable { host, .. } if !shown => voice.say(&screens::broke_off(host.as_str())),
        Consent::Unreachable { host, retry_in } => {
            let wait = crate::app::words::duration(retry_in);
            voice.say(&format!("Cannot reach {host} now. Your code still works. Trying again in {wait} …"));
        }
        Consent::SlowerPace { every } => {
            let every = crate::app::words::duration(every);
            voice.say(&format!("The service asked to check less often: every {every} now."));
        }
        Consent::LookingUp { .. } | Consent::AskingForCode { .. } | Consent::AnswerLost { .. } => {
            voice.say(&screens::working(&consent));
        }
        // Nobody asks for another one on the command line.
        Consent::Reachable | Consent::Parked | Consent::Granted { .. } | Consent::NoOther(_) => {}
    }
    Ok(())
}

/// Only where the person asked for it.
fn open(login: &Login, desk: &Desk, address: &str) {
    if login.open && !term::open_url(address) {
        desk.voice.say(screens::NO_BROWSER);
    }
}

/// Lines of standard input, for as long as somebody wants them.
fn lines() -> Receiver<Secret<String>> {
    let (tell, told) = channel(1);
    // A thread of its own: the one line that never comes must not hold the process.
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok).filter(|line| !line.trim().is_empty()) {
            if tell.blocking_send(Secret::new(line)).is_err() {
                return;
            }
        }
    });
    told
}

/// The next line, if there ever is one.
async fn next(lines: &mut Option<Receiver<Secret<String>>>) -> Secret<String> {
    loop {
        match lines {
            None => std::future::pending().await,
            Some(open) => match open.recv().await {
                Some(line) => return line,
                None => *lines = None,
            },
        }
    }
}
