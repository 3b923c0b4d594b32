//! Moving the focus between box, messages and list.

use crate::app::action::Effects;
use crate::app::model::{Focus, Model};

/// Gives a place the focus. What only lived while the old place had it ends: a selection, a filter.
pub fn set(model: &mut Model, to: Focus) {
    if model.focus != to {
        match model.focus {
            Focus::Messages => unselect(model),
            Focus::List => model.list.filter.clear(),
            Focus::Composer => {}
        }
    }
    if to == Focus::List {
        model.list.hidden = false;
    }
    model.focus = to;
}

/// Box, messages, list, box.
pub fn next(model: &mut Model, fx: &mut Effects) {
    let from = model.focus;
    if from == Focus::List {
        set(model, Focus::Composer);
    } else if from == Focus::Messages || !messages(model, fx) {
        set(model, Focus::List);
    }
}

/// The other way round.
pub fn previous(model: &mut Model, fx: &mut Effects) {
    match model.focus {
        Focus::Composer => set(model, Focus::List),
        Focus::Messages => set(model, Focus::Composer),
        Focus::List => {
            set(model, Focus::Composer);
            messages(model, fx);
        }
    }
}

/// Selects the newest message of the open talk; false when there is none.
pub fn messages(model: &mut Model, fx: &mut Effects) -> bool {
    set(model, Focus::Composer);
    model.select_message(-1, fx);
    let selected =
        model.open.as_ref().and_then(|open| model.talks.get(open)).is_some_and(|talk| talk.selected.is_some());
    if selected {
        set(model, Focus::Messages);
    }
    selected
}

fn unselect(model: &mut Model) {
    if let Some(talk) = model.open.as_ref().and_then(|open| model.talks.get_mut(open)) {
        talk.selected = None;
    }
}
