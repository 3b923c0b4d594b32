//! Keys of the switcher, the palette and the help.

use super::{After, edits, walks};
use crate::app::action::{self, Action, Effects, buddies, send};
use crate::app::composer::Composer;
use crate::app::event::{Key, KeyCode};
use crate::app::model::{Focus, Model, Picker};
use crate::app::picker::{self, GoToRow};
use crate::app::slash::{self, Meaning};
use crate::app::words::toasts;

/// Ctrl+K: the next row with every further Ctrl+K or Tab.
pub(super) fn go_to_key(model: &mut Model, picker: &mut Picker, key: Key, meant: &str, fx: &mut Effects) -> After {
    let key = if meant == "go-to" || key.code == KeyCode::Tab { down() } else { key };
    if key.code == KeyCode::Enter {
        return go_to_enter(model, picker, fx);
    }
    let mut selected = picker.selected;
    let walked = walks(&mut selected, || picker::go_to(model, picker).len(), key);
    picker.selected = selected;
    if !walked && edits(model, &mut picker.filter, key) {
        picker.selected = 0;
    }
    After::Stay
}

pub(super) fn go_to_enter(model: &mut Model, picker: &mut Picker, fx: &mut Effects) -> After {
    let mut rows = picker::go_to(model, picker);
    if picker.selected >= rows.len() {
        return After::Stay;
    }
    match rows.swap_remove(picker.selected) {
        GoToRow::Buddy { key, .. } => model.open_talk(&key, fx),
        GoToRow::Command(action) => action::run(model, action, "", fx),
        GoToRow::Add { address } => buddies::ask_whom_to_add(model, &address),
    }
    After::Close
}

pub(super) fn palette_key(model: &mut Model, picker: &mut Picker, key: Key, fx: &mut Effects) -> After {
    match key.code {
        KeyCode::Enter => return palette_enter(model, picker, fx),
        KeyCode::Tab => complete(model, picker),
        KeyCode::Backspace if picker.filter.is_empty() => return After::Close,
        _ => {
            let mut selected = picker.selected;
            let walked = walks(&mut selected, || picker::palette(model, picker).len(), key);
            picker.selected = selected;
            if !walked && edits(model, &mut picker.filter, key) {
                picker.selected = 0;
            }
        }
    }
    After::Stay
}

/// Tab: the name of the selected command, ready for what follows it.
fn complete(model: &Model, picker: &mut Picker) {
    let rows = picker::palette(model, picker);
    let name = rows.get(picker.selected).and_then(|row| row.action.slash.first());
    if let Some(name) = name.filter(|_| !picker.filter.text().contains(' ')) {
        picker.filter = Composer::with_text(&format!("{name} "));
        picker.selected = 0;
    }
}

/// Enter. What was typed in full is obeyed as typed; the beginning of a name means the row it shows; anything else is
/// never run by guess: `/edit` is no "Edit your personal message".
fn palette_enter(model: &mut Model, picker: &mut Picker, fx: &mut Effects) -> After {
    let typed = picker.filter.text().to_owned();
    let rows = picker::palette(model, picker);
    let whole = typed.contains(' ') || typed.starts_with('/');
    match rows.get(picker.selected) {
        Some(row) if !whole && (picker.selected > 0 || picker::begins_name(row.action, &typed)) => {
            choose(model, row.action, picker, fx)
        }
        _ => obey(model, &format!("/{typed}"), fx),
    }
}

/// A click on a row means that row, whatever was typed.
pub(super) fn palette_choose(model: &mut Model, picker: &mut Picker, fx: &mut Effects) -> After {
    match picker::palette(model, picker).get(picker.selected) {
        Some(row) => choose(model, row.action, picker, fx),
        None => After::Stay,
    }
}

/// Runs an action, or begins its command where it needs more: in the box, if that is free.
fn choose(model: &mut Model, action: &Action, picker: &mut Picker, fx: &mut Effects) -> After {
    let Some(name) = action.slash.first().filter(|_| action.needs_arguments()) else {
        action::run(model, action, "", fx);
        return After::Close;
    };
    if let Some(why) = (action.unavailable)(model) {
        model.toast(toasts::not_now(why));
        return After::Close;
    }
    let begun = format!("{name} ");
    if put_in_box(model, &format!("/{begun}"), fx) {
        return After::Close;
    }
    picker.filter = Composer::with_text(&begun);
    picker.selected = 0;
    After::Stay
}

/// A whole line typed into the palette is the same as that line in the box.
fn obey(model: &mut Model, line: &str, fx: &mut Effects) -> After {
    match slash::read(line) {
        Meaning::Command(action, arguments) => {
            action::run(model, action, arguments, fx);
            After::Close
        }
        Meaning::Text(_) | Meaning::Unknown(_) | Meaning::Blanks(_) if put_in_box(model, line, fx) => {
            send::send_now(model, fx);
            After::Close
        }
        Meaning::Unknown(name) | Meaning::Blanks(name) | Meaning::Text(name) => {
            // The draft in the box is in the way: the line stays here, where it can be changed.
            model.toast(toasts::no_command_here(name));
            After::Stay
        }
    }
}

/// Puts a line into the empty box of the open talk.
fn put_in_box(model: &mut Model, line: &str, fx: &mut Effects) -> bool {
    let talk = model.open.as_ref().and_then(|open| model.talks.get_mut(open));
    let Some(talk) = talk.filter(|talk| talk.composer.is_empty()) else { return false };
    talk.composer.set_text(line);
    // A command's trailing blank must stand, so that its argument can follow.
    model.focus = Focus::Composer;
    model.edited(fx);
    true
}

/// The parts of the help overlay.
pub(super) type HelpParts<'a> = (&'a mut Composer, &'a mut usize, &'a mut bool);

pub(super) fn help_key(model: &mut Model, parts: HelpParts<'_>, key: Key, meant: &str, fx: &mut Effects) -> After {
    let (filter, selected, all) = parts;
    if meant == "help" {
        *all = !*all;
        *selected = 0;
        return After::Stay;
    }
    if key.code == KeyCode::Enter {
        return help_enter(model, filter, *selected, *all, fx);
    }
    let rows = || picker::help(model, filter.text(), *all).len();
    if !walks(selected, rows, key) && edits(model, filter, key) {
        *selected = 0;
    }
    After::Stay
}

pub(super) fn help_enter(model: &mut Model, filter: &Composer, row: usize, all: bool, fx: &mut Effects) -> After {
    let rows = picker::help(model, filter.text(), all);
    let Some(row) = rows.get(row) else { return After::Stay };
    choose(model, row.action, &mut Picker::default(), fx);
    After::Close
}

fn down() -> Key {
    Key { code: KeyCode::Down, ctrl: false, alt: false, shift: false }
}
