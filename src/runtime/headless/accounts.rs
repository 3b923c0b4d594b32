//! `butty accounts` and `butty whoami`: what is known without a network.

use super::Desk;
use crate::app::event::Stored;
use crate::app::{StoreRequest, setup::AccountSetup};
use crate::cli::{AccountsCommand, Record};
use crate::config;
use crate::store::{Place, Store};
use crate::types::{AccountId, Line, Problem};
use crate::xmpp::CredentialKind;
use std::sync::mpsc;

pub(super) fn run(desk: &Desk, command: Option<&AccountsCommand>) -> Result<u8, Problem> {
    match command {
        None | Some(AccountsCommand::List) => list(desk),
        Some(AccountsCommand::Disable { address }) => change(desk, address, |setup| setup.enabled = false),
        Some(AccountsCommand::Enable { address }) => change(desk, address, |setup| setup.enabled = true),
        Some(AccountsCommand::Rename { address, name }) => {
            change(desk, address, |setup| Line::clean(name).as_str().clone_into(&mut setup.name))
        }
    }
}

fn list(desk: &Desk) -> Result<u8, Problem> {
    let records: Vec<Record> = desk
        .accounts
        .iter()
        .map(|setup| {
            let way = match setup.credential {
                None => "auto",
                Some(CredentialKind::Token) => "code",
                Some(CredentialKind::Password) => "password",
            };
            Record::new("account")
                .account(setup.id.as_str())
                .column("address", setup.id.as_str())
                .column("name", &setup.name)
                .column("state", if setup.enabled { "enabled" } else { "disabled" })
                .column("sign_in", way)
        })
        .collect();
    if records.is_empty() {
        return Err(Problem::NoAccount);
    }
    told(desk.voice.table(&["address", "name", "state", "sign-in"], &records))
}

fn change(desk: &Desk, address: &str, edit: impl FnOnce(&mut AccountSetup)) -> Result<u8, Problem> {
    let mut setup = desk.account(Some(address))?.clone();
    if desk.is_configured(&setup.id) {
        let why = "this account stands in config.toml: change it there";
        return Err(Problem::Usage { why: Line::clean(why) });
    }
    edit(&mut setup);
    config::save_account(&desk.folders, &setup)?;
    Ok(0)
}

/// The address that the service gave last; where it never did, the configured one.
pub(super) fn whoami(desk: &Desk, named: Option<&str>) -> Result<u8, Problem> {
    let setup = desk.account(named)?;
    let address = bound_address(desk, &setup.id)?.unwrap_or_else(|| setup.id.to_string());
    told(desk.voice.answer(&Record::new("account").account(setup.id.as_str()).column("address", &address)))
}

fn bound_address(desk: &Desk, account: &AccountId) -> Result<Option<String>, Problem> {
    if !desk.folders.data.exists() {
        return Ok(None);
    }
    let (tell, answers) = mpsc::channel();
    let place = Place::Folder(desk.folders.data.clone());
    let store = Store::start(place, false, move |stored| drop(tell.send(stored)))
        .map_err(|error| Problem::Bug { what: Line::clean(&error.to_string()) })?;
    store.send(StoreRequest::Open { account: account.clone() });
    store.close();
    let cache = answers.into_iter().find_map(|stored| match stored {
        Stored::Cache { cache, .. } => Some(cache),
        _ => None,
    });
    Ok(cache.and_then(|cache| cache.jid).map(|jid| jid.bare().to_string()))
}

/// A failed write to standard output is a failure; a reader that left is not, and never gets here.
pub(super) fn told(result: std::io::Result<()>) -> Result<u8, Problem> {
    result.map(|()| 0).map_err(|error| Problem::NotKept { why: Line::clean(&error.kind().to_string()) })
}
