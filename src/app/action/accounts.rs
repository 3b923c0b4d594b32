//! Signing in and out, and the connection.

use super::{ACCOUNTS, Action, BLANK, Effects, account_named, needs_account};
use crate::app::event::LinkState;
use crate::app::model::{Account, Model, Overlay, Screen, SignInStep, SignInWay};
use crate::app::ops::Ending;
use crate::app::slash;
use crate::app::words::toasts;
use crate::types::{AccountId, Problem, Stamp};

/// An entry of this file.
const ACCOUNT: Action = Action { section: ACCOUNTS, unavailable: needs_account, ..BLANK };

pub(super) const ACTIONS: &[Action] = &[
    Action {
        id: "reconnect",
        title: "Connect now",
        keys: &["f5"],
        slash: &["connect", "reconnect"],
        arguments: "[ACCOUNT]",
        act: |model, text, fx| with_account(model, text, fx, Model::connect),
        ..ACCOUNT
    },
    Action {
        id: "disconnect",
        title: "Go offline; what you write is kept and sent later",
        slash: &["disconnect"],
        arguments: "[ACCOUNT]",
        act: |model, text, fx| with_account(model, text, fx, Model::disconnect),
        ..ACCOUNT
    },
    Action {
        id: "account",
        title: "Your account: what you agreed to, and where it is kept",
        slash: &["account"],
        arguments: "[ACCOUNT]",
        act: |model, text, fx| with_account(model, text, fx, show_account),
        ..ACCOUNT
    },
    Action {
        id: "login",
        title: "Sign in",
        section: ACCOUNTS,
        slash: &["login"],
        arguments: "[--weaker] [ADDRESS]",
        act: login,
        unavailable: one_at_a_time,
        ..BLANK
    },
    Action {
        id: "logout",
        title: "Sign out, and forget the saved sign-in",
        slash: &["logout"],
        arguments: "[ACCOUNT]",
        act: |model, text, fx| {
            with_account(model, text, fx, |model, account, fx| {
                if let Some(account) = account.or(model.account_in_use()).cloned() {
                    model.ask_sign_out(&account, fx);
                }
            });
        },
        ..ACCOUNT
    },
];

fn with_account(
    model: &mut Model,
    text: &str,
    fx: &mut Effects,
    act: impl FnOnce(&mut Model, Option<&AccountId>, &mut Effects),
) {
    match account_named(model, text) {
        Ok(account) => act(model, account.as_ref(), fx),
        Err(problem) => model.toast(toasts::problem(&problem)),
    }
}

fn show_account(model: &mut Model, account: Option<&AccountId>, fx: &mut Effects) {
    if let Some(account) = account.or(model.account_in_use()).cloned() {
        model.overlays.push(Overlay::Account { account: account.clone(), raw: false });
        model.offer_picture(&account, fx);
    }
}

/// A sign-in under way would go on where nobody sees it: its code would still be good, and its answer be taken.
fn one_at_a_time(model: &Model) -> Option<&'static str> {
    let Screen::SignIn(screen) = &model.screen else { return None };
    match screen.step {
        SignInStep::Where | SignInStep::Failed(_) | SignInStep::Review { .. } => None,
        SignInStep::AskKeep
        | SignInStep::Working(_)
        | SignInStep::Code { .. }
        | SignInStep::Browser { .. }
        | SignInStep::Opening => Some(toasts::FINISH_SIGNING_IN),
    }
}

/// `/login`: an account that waits for a sign-in gets one at once; otherwise the screen asks where.
fn login(model: &mut Model, text: &str, fx: &mut Effects) {
    let address = match slash::first_word(text) {
        ("--weaker", address) => return login_weaker(model, address, fx),
        _ => text,
    };
    let waiting = model.accounts.iter().find(|account| {
        let meant = address.is_empty() || account.setup.id.as_str() == address.to_lowercase();
        meant && needs_sign_in(account, model.now.wall)
    });
    let (way, known) = match waiting {
        Some(account) => (SignInWay::of(account), Some(account.setup.id.as_str().to_owned())),
        None => (SignInWay::Code, None),
    };
    let field = known.clone().unwrap_or_else(|| address.to_owned());
    model.show_sign_in(way, &field);
    if let Some(address) = known
        && let Err(problem) = model.start_sign_in(way, &address, fx)
    {
        model.toast(toasts::problem(&problem));
    }
}

/// `/login --weaker`: the person has found out that the weaker sign-in is right.
fn login_weaker(model: &mut Model, address: &str, fx: &mut Effects) {
    let refused = model.accounts.iter().find(|account| {
        let meant = address.is_empty() || account.setup.id.as_str() == address.to_lowercase();
        meant && matches!(&account.link, LinkState::Offline { problem: Some(Problem::WeakerSignIn { .. }), .. })
    });
    match refused.map(|account| account.setup.id.clone()) {
        Some(id) => model.accept_weaker(&id, fx),
        None => model.toast(toasts::NOTHING_WEAKER),
    }
}

/// The link waits for a person: what ended it was about who signs in, not about the network. Or it soon will.
fn needs_sign_in(account: &Account, now: Stamp) -> bool {
    match &account.link {
        LinkState::Offline { problem: Some(problem), retry_at: None, .. } => problem.code().starts_with("BTY-AUTH"),
        LinkState::Online => account.ending(now).is_some_and(Ending::presses),
        LinkState::Offline { .. } | LinkState::Idle | LinkState::Connecting(_) => false,
    }
}
