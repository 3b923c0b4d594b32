//! How you appear to others.

use super::{Action, BLANK, Effects, YOU, needs_account};
use crate::app::composer::Composer;
use crate::app::model::{Model, Overlay};
use crate::app::slash::first_word;
use crate::app::words::toasts;
use crate::types::{Line, Problem};
use crate::xmpp::Show;

/// An entry of this file.
const SELF: Action = Action { section: YOU, unavailable: needs_account, ..BLANK };

/// Words for a state, as typed after `/status`; the four of the menu first.
pub(super) const STATES: &[(&str, Show)] = &[
    ("available", Show::Available),
    ("busy", Show::Busy),
    ("away", Show::Away),
    ("invisible", Show::Offline),
    ("online", Show::Available),
    ("back", Show::Available),
    ("chat", Show::Available),
    ("dnd", Show::Busy),
    ("xa", Show::Gone),
    ("gone", Show::Gone),
    ("offline", Show::Offline),
    ("hide", Show::Offline),
];

/// The states of the menu, top to bottom.
pub const MENU: [Show; 4] = [Show::Available, Show::Busy, Show::Away, Show::Offline];

pub(super) const ACTIONS: &[Action] = &[
    Action {
        id: "status",
        title: "Change how you appear",
        keys: &["alt-s"],
        slash: &["status"],
        arguments: "[STATE [TEXT]]",
        act: status,
        ..SELF
    },
    Action {
        id: "personal",
        title: "Edit your personal message",
        keys: &["alt-m"],
        slash: &["personal-message"],
        act: |model, _, _| menu(model, true),
        ..SELF
    },
    Action {
        id: "set-personal",
        title: "Set your personal message; nothing clears it",
        slash: &["personal", "psm"],
        arguments: "[TEXT]",
        act: |model, text, fx| {
            let show = current(model).0;
            model.appear(None, show, Some(Some(text.to_owned()).filter(|text| !text.is_empty())), fx);
        },
        ..SELF
    },
    Action {
        id: "away",
        title: "Appear away",
        slash: &["away", "xa"],
        arguments: "[TEXT]",
        act: |model, text, fx| appear(model, Show::Away, text, fx),
        ..SELF
    },
    Action {
        id: "busy",
        title: "Appear busy",
        slash: &["busy", "dnd"],
        arguments: "[TEXT]",
        act: |model, text, fx| appear(model, Show::Busy, text, fx),
        ..SELF
    },
    Action {
        id: "available",
        title: "Appear available",
        slash: &["back", "online", "available"],
        arguments: "[TEXT]",
        act: |model, text, fx| appear(model, Show::Available, text, fx),
        ..SELF
    },
    Action {
        id: "invisible",
        title: "Appear offline",
        slash: &["invisible", "offline", "hide"],
        act: |model, _, fx| appear(model, Show::Offline, "", fx),
        ..SELF
    },
];

/// The state that a word names.
pub(super) fn state(word: &str) -> Option<Show> {
    STATES.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, show)| *show)
}

fn status(model: &mut Model, arguments: &str, fx: &mut Effects) {
    let (word, text) = first_word(arguments);
    match state(word) {
        _ if word.is_empty() => menu(model, false),
        Some(show) => appear(model, show, text, fx),
        None => {
            let why = Line::clean(toasts::STATE_WORDS);
            model.toast(toasts::problem(&Problem::BadArgument { command: Line::clean("/status"), why }));
        }
    }
}

/// A text given with the state replaces the personal message; none keeps it.
fn appear(model: &mut Model, show: Show, text: &str, fx: &mut Effects) {
    let status = Some(text).filter(|text| !text.is_empty()).map(|text| Some(text.to_owned()));
    model.appear(None, show, status, fx);
}

/// Opens the status menu, at the state or at the personal message.
fn menu(model: &mut Model, editing: bool) {
    let (show, status) = current(model);
    let same = |row: &Show| *row == show || (show == Show::Gone && *row == Show::Away);
    let selected = MENU.iter().position(same).unwrap_or(0);
    let message = Composer::with_text(&status.unwrap_or_default());
    model.overlays.push(Overlay::Status { selected, message, editing });
}

/// How the account in use appears.
fn current(model: &Model) -> (Show, Option<String>) {
    let used = model.account_in_use();
    let account = model.accounts.iter().find(|account| Some(&account.setup.id) == used);
    account.map_or((Show::Available, None), |account| (account.appearance.show, account.appearance.status.clone()))
}
