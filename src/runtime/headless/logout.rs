//! `butty logout`: the service is told, then everything saved is deleted.

use super::{Desk, Errand, accounts};
use crate::app::event::{LinkFact, Stored};
use crate::app::words::{notices, screens};
use crate::app::{LinkCommand, StoreRequest};
use crate::cli::{Record, exit_code};
use crate::config;
use crate::net::LONGEST_SIGN_OUT;
use crate::oauth::Farewelled;
use crate::store::{Place, Store};
use crate::types::{AccountId, Line, Problem};
use crate::xmpp::Elsewhere;
use std::time::Duration;

/// Exit code where the server did not do all that was asked of it.
const REFUSED: u8 = 6;

/// What goes beyond this computer's own sign-in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    /// Delete the messages kept here too.
    pub(super) forget_history: bool,
    /// Have the server end the account's other sign-ins.
    pub(super) everywhere: bool,
}

/// Every account, whatever becomes of one of them; what went wrong first is told.
pub(super) async fn all(desk: &Desk, wish: Wish, timeout: Option<Duration>) -> Result<u8, Problem> {
    if desk.accounts.is_empty() {
        return Err(Problem::NoAccount);
    }
    let mut first = Ok(0);
    for setup in &desk.accounts {
        let done = run(desk, Some(setup.id.as_str()), wish, timeout).await;
        if first == Ok(0) {
            first = done;
        }
    }
    first
}

pub(super) async fn run(
    desk: &Desk,
    named: Option<&str>,
    wish: Wish,
    timeout: Option<Duration>,
) -> Result<u8, Problem> {
    let setup = desk.account(named)?.clone();
    // How long it takes the link decides, unless the person does.
    let mut errand = Errand::start(desk, &setup, false, timeout.or(Some(LONGEST_SIGN_OUT)));
    errand.send(LinkCommand::SignOut { everywhere: wish.everywhere });
    let (told, elsewhere, browser) = loop {
        let fact = errand.next_raw().await.map_err(|problem| match problem {
            // Nobody set that limit, and nothing should come near it.
            Problem::TimedOut { .. } if timeout.is_none() => {
                Problem::Bug { what: Line::clean("the sign-out did not come to its end") }
            }
            problem => problem,
        });
        match fact? {
            LinkFact::SignedOut { told, elsewhere, browser } => break (told, elsewhere, browser),
            LinkFact::NotSignedOut(problem) => return Err(problem),
            _ => {}
        }
    };
    errand.finish().await;
    config::forget_account(&desk.folders, &setup.id)?;
    forget(desk, &setup.id, wish.forget_history)?;
    if matches!(told, Farewelled::Later | Farewelled::Never) {
        desk.voice.say(&format!("{}.", notices::signed_out(setup.domain.as_str(), told)));
    }
    if let Some(others) = &elsewhere {
        desk.voice.say(&format!("{}.", notices::elsewhere(setup.domain.as_str(), others)));
        if let Elsewhere::NotAsked(_) = others {
            desk.voice.say(&notices::ask_elsewhere_again(setup.id.as_str()));
        }
    }
    if let Some(page) = &browser {
        desk.voice.say(&format!("{} {page}", screens::BROWSER_STAYS));
    }
    if desk.voice.json {
        let knows = match told {
            Farewelled::Nothing => "nothing",
            Farewelled::Told => "told",
            Farewelled::Later => "later",
            Farewelled::Never => "never",
        };
        let done = Record::new("signed_out").account(setup.id.as_str()).field("service", knows);
        let everywhere = elsewhere.as_ref().map(Elsewhere::is_over);
        accounts::told(
            desk.voice
                .answer(&done.field("everywhere", everywhere).field("browser", browser.as_ref().map(Line::as_str))),
        )?;
    }
    if desk.is_configured(&setup.id) {
        desk.voice.say("The account itself stands in config.toml and stays there.");
    }
    Ok(match elsewhere {
        Some(Elsewhere::NotAsked(problem)) => exit_code(&problem),
        Some(others) if !others.is_over() => REFUSED,
        _ => 0,
    })
}

/// What the store keeps of an account goes; its messages where that is wished.
fn forget(desk: &Desk, account: &AccountId, messages: bool) -> Result<(), Problem> {
    if !desk.folders.data.exists() {
        return Ok(());
    }
    let (tell, answers) = std::sync::mpsc::channel();
    let place = Place::Folder(desk.folders.data.clone());
    let store = Store::start(place, false, move |stored| drop(tell.send(stored)));
    let store = store.map_err(|error| Problem::NotKept { why: Line::clean(&error.kind().to_string()) })?;
    store.send(StoreRequest::ForgetAccount { account: account.clone(), messages });
    store.close();
    for stored in answers {
        if let Stored::Failed(problem) | Stored::Refused { problem, .. } | Stored::SetAside(problem) = stored {
            desk.voice.fail(&problem); // told; the sign-out itself is done
        }
    }
    Ok(())
}
