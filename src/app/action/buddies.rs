//! Buddies: talking to one, adding, naming, grouping, answering requests.

use super::{Action, BLANK, BUDDIES, Effects, needs_account, needs_talk, send};
use crate::app::composer::Composer;
use crate::app::model::{ConversationKey, Model, Overlay};
use crate::app::slash::first_word;
use crate::app::words::{self, toasts};
use crate::types::{AccountId, BareJid, Line, Problem};
use crate::xmpp::Show;

/// An entry of this file.
const BUDDY: Action = Action { section: BUDDIES, unavailable: needs_account, ..BLANK };

pub(super) const ACTIONS: &[Action] = &[
    Action {
        id: "msg",
        title: "Open a conversation, and say TEXT there",
        slash: &["msg", "query", "message", "m", "chat"],
        arguments: "WHO [TEXT]",
        act: message,
        ..BUDDY
    },
    Action {
        id: "new",
        title: "Add a buddy",
        keys: &["ctrl-n"],
        act: |model, _, _| ask_whom_to_add(model, ""),
        ..BUDDY
    },
    Action {
        id: "add",
        title: "Add a buddy by address",
        slash: &["add", "sub"],
        arguments: "WHO [GROUP]",
        act: add,
        ..BUDDY
    },
    Action {
        id: "remove",
        title: "Remove a buddy from the list",
        slash: &["remove"],
        arguments: "WHO",
        act: remove,
        ..BUDDY
    },
    Action {
        id: "accept",
        title: "Say yes to somebody who wants to be your buddy",
        slash: &["accept"],
        arguments: "[WHO]",
        unavailable: needs_request,
        act: |model, who, fx| answer(model, who, true, fx),
        ..BUDDY
    },
    Action {
        id: "deny",
        title: "Say no to somebody who wants to be your buddy",
        slash: &["deny"],
        arguments: "[WHO]",
        unavailable: needs_request,
        act: |model, who, fx| answer(model, who, false, fx),
        ..BUDDY
    },
    Action {
        id: "rename",
        title: "Give this buddy another name",
        slash: &["rename"],
        arguments: "NAME",
        unavailable: needs_talk,
        act: |model, name, fx| {
            if let Some(key) = model.open.clone() {
                model.rename_buddy(&key, name, fx);
            }
        },
        ..BUDDY
    },
    Action {
        id: "group",
        title: "Put this buddy into a group, or out of all",
        slash: &["group"],
        arguments: "[NAME]",
        unavailable: needs_talk,
        act: |model, name, fx| {
            if let Some(key) = model.open.clone() {
                let groups = Some(name.to_owned()).filter(|name| !name.is_empty());
                model.set_groups(&key, groups.into_iter().collect(), fx);
            }
        },
        ..BUDDY
    },
    Action {
        id: "card",
        title: "Who this is: the buddy's card",
        keys: &["f4"],
        slash: &["card", "whois", "info", "vcard", "lastactivity"],
        arguments: "[WHO]",
        act: card,
        ..BUDDY
    },
    Action {
        id: "who",
        title: "Who is here",
        slash: &["who", "names", "occupants"],
        arguments: "[STATE]",
        act: who,
        ..BUDDY
    },
];

/// `WHO TEXT`, where WHO may have blanks in it: the longest beginning that names somebody counts.
fn message(model: &mut Model, arguments: &str, fx: &mut Effects) {
    match split_peer(model, arguments) {
        Ok((key, text)) => {
            let text = text.to_owned();
            model.open_talk(&key, fx);
            if !text.is_empty() {
                send::say(model, &key, &text, fx);
            }
        }
        Err(problem) => model.toast(toasts::problem(&problem)),
    }
}

fn split_peer<'a>(model: &Model, arguments: &'a str) -> Result<(ConversationKey, &'a str), Problem> {
    let (first, rest) = first_word(arguments);
    let ends = arguments.char_indices().filter(|(_, c)| c.is_whitespace()).map(|(at, _)| at);
    // More than eight words are no name.
    let mut ends: Vec<usize> = ends.take(8).chain([arguments.len()]).collect();
    ends.sort_unstable_by(|a, b| b.cmp(a));
    for end in ends.into_iter().filter(|_| !arguments.starts_with('"')) {
        let (name, text) = arguments.split_at_checked(end).unwrap_or((arguments, ""));
        if let Some(key) = model.find_peer(name.trim()) {
            return Ok((key, text.trim_start()));
        }
    }
    match peer(model, first) {
        Ok(key) => Ok((key, rest)),
        Err(problem) => Err(problem),
    }
}

/// A buddy by name, or anybody by address.
fn peer(model: &Model, who: &str) -> Result<ConversationKey, Problem> {
    let stranger = || {
        let jid = BareJid::parse(who).ok().filter(|jid| jid.local().is_some())?;
        Some(ConversationKey::direct(model.account_in_use()?.clone(), jid))
    };
    model.find_peer(who).or_else(stranger).ok_or_else(|| Problem::UnknownBuddy { who: Line::clean(who) })
}

/// Opens the question whom to add, with an address already in it.
pub(in crate::app) fn ask_whom_to_add(model: &mut Model, address: &str) {
    if let Some(account) = model.account_in_use().cloned() {
        model.overlays.push(Overlay::Add { account, address: Composer::with_text(address), complaint: None });
    }
}

fn add(model: &mut Model, arguments: &str, fx: &mut Effects) {
    let (address, group) = first_word(arguments);
    let Some(account) = model.account_in_use().cloned() else { return };
    // A stranger in the open talk can be added by the name that the talk shows.
    let known = model.find_peer(address).map(|key| key.peer.as_str().to_owned());
    let address = known.unwrap_or_else(|| address.to_owned());
    if let Err(problem) = model.add_buddy(&account, &address, Some(group).filter(|group| !group.is_empty()), fx) {
        model.toast(toasts::problem(&problem));
    }
}

fn remove(model: &mut Model, who: &str, fx: &mut Effects) {
    match model.find_peer(who.trim_matches('"')) {
        Some(key) => model.remove_buddy(&key, fx),
        None => model.toast(toasts::problem(&Problem::UnknownBuddy { who: Line::clean(who) })),
    }
}

fn needs_request(model: &Model) -> Option<&'static str> {
    let none = model.accounts.iter().all(|account| account.requests.is_empty());
    needs_account(model).or_else(|| none.then_some(toasts::NOBODY_ASKS))
}

/// Answers the request that is meant: by name or address, else the only one.
fn answer(model: &mut Model, who: &str, yes: bool, fx: &mut Effects) {
    let lower = who.to_lowercase();
    let all: Vec<(AccountId, BareJid)> = model
        .accounts
        .iter()
        .flat_map(|account| account.requests.iter().map(move |request| (account, request)))
        .filter(|(_, request)| {
            let nick = request.nick.as_ref().is_some_and(|nick| nick.as_str().to_lowercase() == lower);
            lower.is_empty() || nick || request.from.as_str() == lower || request.from.local() == Some(&lower)
        })
        .map(|(account, request)| (account.setup.id.clone(), request.from.clone()))
        .collect();
    match all.as_slice() {
        [(account, from)] => model.answer_request(account, from, yes, fx),
        [] => model.toast(toasts::problem(&Problem::UnknownBuddy { who: Line::clean(who) })),
        several => {
            let addresses: Vec<&str> = several.iter().map(|(_, from)| from.as_str()).collect();
            model.toast(toasts::which_of(&addresses));
        }
    }
}

fn card(model: &mut Model, who: &str, _: &mut Effects) {
    let key =
        if who.is_empty() { model.open.clone().ok_or(None) } else { peer(model, who.trim_matches('"')).map_err(Some) };
    match key {
        Ok(key) => model.overlays.push(Overlay::Card(key)),
        Err(None) => model.toast(toasts::not_now(toasts::OPEN_A_TALK)),
        Err(Some(problem)) => model.toast(toasts::problem(&problem)),
    }
}

/// Names those who are here, best state first.
fn who(model: &mut Model, state: &str, _: &mut Effects) {
    let wanted = super::you::state(state);
    let keys = model.accounts.iter().flat_map(|account| {
        let id = &account.setup.id;
        account.roster.keys().map(|peer| ConversationKey::direct(id.clone(), peer.clone()))
    });
    let mut here: Vec<(Show, String)> = keys
        .filter_map(|key| Some((model.show_of(&key)?, model.name_of(&key))))
        .filter(|(show, _)| match wanted {
            Some(wanted) => words::show(*show) == words::show(wanted),
            None => *show != Show::Offline,
        })
        .collect();
    here.sort();
    let names: Vec<&str> = here.iter().map(|(_, name)| name.as_str()).collect();
    model.toast(toasts::here(&names));
}
