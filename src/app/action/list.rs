//! Walking in the buddy list.

use super::{Action, BLANK, GOING, Place, needs_account};
use crate::app::model::{Focus, Model};
use crate::app::update::key::focus;

/// An entry for the list.
const LIST: Action = Action { section: GOING, place: Place::List, unavailable: needs_account, ..BLANK };
/// Steps beyond any list.
const FAR: i32 = 1_000_000;

pub(super) const ACTIONS: &[Action] = &[
    Action { id: "list-up", title: "One row up", keys: &["up"], act: |model, _, _| model.list_move(-1), ..LIST },
    Action { id: "list-down", title: "One row down", keys: &["down"], act: |model, _, _| model.list_move(1), ..LIST },
    Action {
        id: "list-page-up",
        title: "One page up in the list",
        keys: &["page-up"],
        act: |model, _, _| model.list_move(-page(model)),
        ..LIST
    },
    Action {
        id: "list-page-down",
        title: "One page down in the list",
        keys: &["page-down"],
        act: |model, _, _| model.list_move(page(model)),
        ..LIST
    },
    Action {
        id: "list-first",
        title: "To the top of the list",
        keys: &["home"],
        act: |model, _, _| model.list_move(-FAR),
        ..LIST
    },
    Action {
        id: "list-last",
        title: "To the end of the list",
        keys: &["end"],
        act: |model, _, _| model.list_move(FAR),
        ..LIST
    },
    Action {
        id: "list-open",
        title: "Open the conversation, or fold the group",
        keys: &["enter"],
        act: |model, _, fx| model.list_open(fx),
        ..LIST
    },
    Action {
        id: "fold",
        title: "Fold the group",
        keys: &["left"],
        act: |model, _, fx| model.list_fold(Some(false), fx),
        ..LIST
    },
    Action {
        id: "unfold",
        title: "Open the group",
        keys: &["right"],
        act: |model, _, fx| model.list_fold(Some(true), fx),
        ..LIST
    },
    Action {
        id: "list-menu",
        title: "What can be done with this buddy",
        keys: &["."],
        act: |model, _, _| model.list_menu(),
        ..LIST
    },
    Action {
        id: "list-filter",
        title: "Find in the list: type any letter there",
        slash: &["filter"],
        arguments: "[TEXT]",
        act: |model, text, _| filter(model, text),
        ..LIST
    },
];

fn page(model: &Model) -> i32 {
    i32::from(model.viewport.list.saturating_sub(1).max(1))
}

fn filter(model: &mut Model, text: &str) {
    focus::set(model, Focus::List);
    text.clone_into(&mut model.list.filter);
    model.list.selected = 0;
}
