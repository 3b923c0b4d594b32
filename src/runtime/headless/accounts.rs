//! `butty accounts` and `butty whoami`: what is known without a network.

use super::super::zone;
use super::Desk;
use crate::app::event::{AccountCache, Stored, TokenFrom};
use crate::app::model::Options;
use crate::app::words::screens;
use crate::app::{StoreRequest, setup::AccountSetup};
use crate::cli::{AccountsCommand, Record};
use crate::config;
use crate::oauth::Agreement;
use crate::store::{Place, Store};
use crate::types::{AccountId, Line, Problem, Stamp};
use crate::xmpp::CredentialKind;
use serde_json::{Value, json};
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

/// The address that the service gave last; where it never did, the configured one. `scopes`: and what butty may do
/// there.
pub(super) async fn whoami(desk: &Desk, named: Option<&str>, scopes: bool) -> Result<u8, Problem> {
    let setup = desk.account(named)?;
    let address = bound_address(desk, &setup.id)?.unwrap_or_else(|| setup.id.to_string());
    let record = Record::new("account").account(setup.id.as_str()).column("address", &address);
    if !scopes {
        return told(desk.voice.answer(&record));
    }
    let brought = desk.network().token_from(setup).await?;
    let agreed = if brought.is_none() { desk.network().agreement(setup).await? } else { None };
    let Some(agreed) = agreed else {
        let (said, from) = other_way(setup, brought);
        desk.voice.say(said);
        return told(desk.voice.answer(&record.field("scopes", Vec::<Value>::new()).field("token", from)));
    };
    agreed_rows(desk, setup, agreed, record)
}

/// How an account signs in that has no consent of butty's own, and for `--json` where its token is from.
fn other_way(setup: &AccountSetup, brought: Option<TokenFrom>) -> (&'static str, Option<&'static str>) {
    match (brought, setup.credential) {
        (Some(TokenFrom::Command), _) => (screens::BY_TOKEN_COMMAND, Some("command")),
        (Some(TokenFrom::File), _) => (screens::BY_TOKEN_FILE, Some("file")),
        (Some(TokenFrom::Person), _) => (screens::BY_TOKEN_GIVEN, Some("given")),
        (None, Some(CredentialKind::Password)) => (screens::BY_PASSWORD, None),
        (None, _) => (screens::NOT_SIGNED_IN_YET, None),
    }
}

fn agreed_rows(desk: &Desk, setup: &AccountSetup, agreed: Agreement, record: Record) -> Result<u8, Problem> {
    let now = desk.clock.now().wall;
    let options = Options { zone: zone::around(now), ..Options::default() };
    let words = screens::consent(&agreed, false, setup.profile == "messenger", now, &options);
    if desk.voice.json {
        let rows = agreed.rows().map(|(name, granted)| {
            json!({"name": name, "access": screens::access(name), "says": screens::scope(name, true), "granted": granted})
        });
        let record = record
            .field("scopes", rows.collect::<Vec<_>>())
            .field("agreed", agreed.since.map(iso))
            .field("until", agreed.until.map(iso))
            .field("lasting", agreed.lasting)
            .field("ended", words.ended.is_some())
            .field("page", agreed.page);
        return told(desk.voice.answer(&record));
    }
    told(desk.voice.answer(&record))?;
    let ended = words.ended.is_some();
    let rows: Vec<Record> = agreed.rows().map(|(name, granted)| scope_row(name, granted, ended)).collect();
    told(desk.voice.table(&["scope", "access", "says", "state"], &rows))?;
    let term = words.term.map(|line| format!("butty may {line}."));
    words.ended.into_iter().chain(term).chain(words.since).for_each(|line| desk.voice.say(&line));
    desk.voice.say(&screens::take_back_in_shell(setup.domain.as_str(), agreed.page.as_deref()));
    Ok(0)
}

fn scope_row(name: &str, granted: bool, ended: bool) -> Record {
    let state = match (granted, ended) {
        (true, false) => "granted",
        (true, true) => "ended",
        (false, _) => "not granted",
    };
    Record::new("scope")
        .column("scope", Line::clean(name).as_str())
        .column("access", screens::access(name))
        .column("says", &screens::scope(Line::clean(name).as_str(), true))
        .column("state", state)
}

fn iso(stamp: Stamp) -> String {
    jiff::Timestamp::from_millisecond(stamp.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string()
}

pub(super) fn bound_address(desk: &Desk, account: &AccountId) -> Result<Option<String>, Problem> {
    Ok(cache(desk, account)?.and_then(|cache| cache.jid).map(|jid| jid.bare().to_string()))
}

/// What is known of an account without asking its server.
pub(super) fn cache(desk: &Desk, account: &AccountId) -> Result<Option<Box<AccountCache>>, Problem> {
    if !desk.folders.data.exists() {
        return Ok(None);
    }
    let (tell, answers) = mpsc::channel();
    let place = Place::Folder(desk.folders.data.clone());
    let store = Store::start(place, false, move |stored| drop(tell.send(stored)))
        .map_err(|error| Problem::Bug { what: Line::clean(&error.to_string()) })?;
    store.send(StoreRequest::Open { account: account.clone() });
    store.close();
    Ok(answers.into_iter().find_map(|stored| match stored {
        Stored::Cache { cache, .. } => Some(cache),
        _ => None,
    }))
}

/// A failed write to standard output is a failure; a reader that left is not, and never gets here.
pub(super) fn told(result: std::io::Result<()>) -> Result<u8, Problem> {
    result.map(|()| 0).map_err(|error| Problem::NotKept { why: Line::clean(&error.kind().to_string()) })
}
