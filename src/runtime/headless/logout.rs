//! `butty logout`: the service is told, then everything saved is deleted.

use super::{Desk, Errand};
use crate::app::event::LinkFact;
use crate::app::words::notices;
use crate::app::{LinkCommand, StoreRequest};
use crate::config;
use crate::oauth::Farewelled;
use crate::store::{Place, Store};
use crate::types::{Line, Problem};
use std::time::Duration;

/// Every account, whatever becomes of one of them; what went wrong first is told.
pub(super) async fn all(desk: &Desk, forget_history: bool, timeout: Option<Duration>) -> Result<u8, Problem> {
    if desk.accounts.is_empty() {
        return Err(Problem::NoAccount);
    }
    let mut failed = None;
    for setup in &desk.accounts {
        let done = run(desk, Some(setup.id.as_str()), forget_history, timeout).await;
        failed = failed.or(done.err());
    }
    failed.map_or(Ok(0), Err)
}

pub(super) async fn run(
    desk: &Desk,
    named: Option<&str>,
    forget_history: bool,
    timeout: Option<Duration>,
) -> Result<u8, Problem> {
    let setup = desk.account(named)?.clone();
    let mut errand = Errand::start(desk, &setup, false, timeout);
    errand.send(LinkCommand::SignOut);
    let told = loop {
        if let LinkFact::SignedOut { told } = errand.next_raw().await? {
            break told;
        }
    };
    errand.finish().await;
    config::forget_account(&desk.folders, &setup.id)?;
    if desk.folders.data.exists() {
        let store = Store::start(Place::Folder(desk.folders.data.clone()), false, |_| ());
        let store = store.map_err(|error| Problem::NotKept { why: Line::clean(&error.kind().to_string()) })?;
        store.send(StoreRequest::ForgetAccount { account: setup.id.clone(), messages: forget_history });
        store.close();
    }
    if told != Farewelled::Told {
        desk.voice.say(&format!("{}.", notices::signed_out(setup.domain.as_str(), told)));
    }
    if desk.is_configured(&setup.id) {
        desk.voice.say("The account itself stands in config.toml and stays there.");
    }
    Ok(0)
}
