//! Editing in the box of a talk.

use super::{Action, BLANK, Effects, Place, WRITING, edit, needs_talk};
use crate::app::model::Model;

/// An entry that only edits.
const EDIT: Action = Action { section: WRITING, place: Place::Composer, unavailable: needs_talk, ..BLANK };

pub(super) const ACTIONS: &[Action] = &[
    Action {
        id: "line-start",
        title: "To the start of the line",
        keys: &["home", "ctrl-a"],
        act: |model, _, fx| with(model, "line-start", fx),
        ..EDIT
    },
    Action {
        id: "line-end",
        title: "To the end of the line",
        keys: &["end", "ctrl-e"],
        act: |model, _, fx| with(model, "line-end", fx),
        ..EDIT
    },
    Action {
        id: "word-left",
        title: "One word back",
        keys: &["ctrl-left", "alt-b", "alt-left"],
        act: |model, _, fx| with(model, "word-left", fx),
        ..EDIT
    },
    Action {
        id: "word-right",
        title: "One word on",
        keys: &["ctrl-right", "alt-f", "alt-right"],
        act: |model, _, fx| with(model, "word-right", fx),
        ..EDIT
    },
    Action {
        id: "del-word-back",
        title: "Delete back to the start of the word",
        keys: &["ctrl-w", "alt-backspace", "ctrl-backspace"],
        act: |model, _, fx| with(model, "del-word-back", fx),
        ..EDIT
    },
    Action {
        id: "del-word",
        title: "Delete to the end of the word",
        keys: &["ctrl-delete", "alt-d"],
        act: |model, _, fx| with(model, "del-word", fx),
        ..EDIT
    },
    Action {
        id: "kill-start",
        title: "Delete back to the start of the line",
        keys: &["ctrl-u"],
        act: |model, _, fx| with(model, "kill-start", fx),
        ..EDIT
    },
    Action {
        id: "kill-end",
        title: "Delete to the end of the line",
        // Ctrl+K finds people here; Shift+Del is the "cut" of old editors and needs no Alt.
        keys: &["alt-k", "shift-delete"],
        act: |model, _, fx| with(model, "kill-end", fx),
        ..EDIT
    },
    Action {
        id: "yank",
        title: "Put back what was deleted last",
        keys: &["ctrl-y"],
        act: |model, _, fx| with(model, "yank", fx),
        ..EDIT
    },
    Action {
        id: "undo",
        title: "Undo",
        // Many terminals send Ctrl+7 for Ctrl+_.
        keys: &["ctrl-z", "ctrl-_", "ctrl-7"],
        slash: &["undo"],
        act: |model, _, fx| with(model, "undo", fx),
        ..EDIT
    },
    Action {
        id: "redo",
        title: "Take an undo back",
        keys: &["alt-z"],
        slash: &["redo"],
        act: |model, _, fx| with(model, "redo", fx),
        ..EDIT
    },
];

fn with(model: &mut Model, id: &str, fx: &mut Effects) {
    let Some(talk) = model.open.as_ref().and_then(|key| model.talks.get_mut(key)) else { return };
    edit::apply(&mut talk.composer, id, &mut model.killed);
    model.edited(fx);
}
