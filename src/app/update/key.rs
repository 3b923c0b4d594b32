//! What keys do: the place on top takes them, then the map, then typing.
//!
//! A key always goes to one place: the overlay on top, else the sign-in screens, else the place with the focus.
//! Nothing typed for one of them reaches another.

pub mod focus;
pub mod layers;
pub mod plain;
pub mod sign_in;

use crate::app::action::{self, Action, Effects, Place, edit, go};
use crate::app::event::{Key, KeyCode};
use crate::app::keymap;
use crate::app::list::{self, Row};
use crate::app::model::{Focus, Model, Screen};
use crate::app::slash;
use crate::app::update::overlay;
use crate::app::words::toasts;

/// A key press.
pub fn on_key(model: &mut Model, key: Key, fx: &mut Effects) {
    let key = keymap::normal(key);
    let meant = keymap::action(&model.options, Place::Global, key).map_or("", |action| action.id);
    if meant != "interrupt" {
        model.quit_armed = None;
    }
    if layers::tiny(model) && !matches!(meant, "interrupt" | "quit") {
        return;
    }
    if !model.overlays.is_empty() {
        return overlay::on_key(model, key, fx);
    }
    match model.screen {
        Screen::Main => main_key(model, key, fx),
        Screen::Welcome(_) | Screen::SignIn(_) => sign_in::on_key(model, key, fx),
    }
}

/// A line from the command line or another origin of actions.
pub fn on_command(model: &mut Model, line: &str, fx: &mut Effects) {
    if let Err(problem) = slash::run(model, line, fx) {
        model.toast(toasts::problem(&problem));
    }
}

/// The place that takes keys on the main screen. Without a talk there is no box to write in: keys are the list's.
pub fn place(model: &Model) -> Place {
    match model.focus {
        Focus::Composer if model.open.is_none() => Place::List,
        Focus::Composer => Place::Composer,
        Focus::Messages => Place::Messages,
        Focus::List => Place::List,
    }
}

fn main_key(model: &mut Model, key: Key, fx: &mut Effects) {
    let place = place(model);
    match keymap::action(&model.options, place, key) {
        Some(action) => mapped(model, action, fx),
        None => match place {
            Place::Composer => composer_key(model, key, fx),
            Place::Messages => message_key(model, key, fx),
            Place::List | Place::Global => list_key(model, key),
        },
    }
}

fn mapped(model: &mut Model, action: &Action, fx: &mut Effects) {
    if action.place == Place::List && model.focus != Focus::List && !model.accounts.is_empty() {
        focus::set(model, Focus::List);
    }
    action::run(model, action, "", fx);
}

fn composer_key(model: &mut Model, key: Key, fx: &mut Effects) {
    let width = model.viewport.composer.max(1);
    let Some(talk) = model.open.as_ref().and_then(|open| model.talks.get_mut(open)) else { return };
    if is_char(key, '/') && talk.composer.is_empty() {
        return go::palette(model);
    }
    let before = talk.composer.text().len();
    let plain = !key.ctrl && !key.alt && !key.shift;
    match key.code {
        KeyCode::Up if plain => drop(talk.composer.move_up(width)),
        KeyCode::Down if plain => drop(talk.composer.move_down(width)),
        _ => drop(edit::basic_key(&mut talk.composer, key)),
    }
    // Every plain key that edits changes the length.
    if talk.composer.text().len() != before {
        model.edited(fx);
    }
}

/// A message is selected: letters that mean nothing there are typing, and go to the box.
fn message_key(model: &mut Model, key: Key, fx: &mut Effects) {
    if is_char(key, '?') {
        return go::help(model, "", false);
    }
    if edit::types(key) || key.code == KeyCode::Backspace {
        focus::set(model, Focus::Composer);
        composer_key(model, key, fx);
    }
}

/// "Type to find a buddy."
fn list_key(model: &mut Model, key: Key) {
    match key.code {
        KeyCode::Char('/') if is_char(key, '/') && model.list.filter.is_empty() => go::palette(model),
        KeyCode::Char('?') if is_char(key, '?') && model.list.filter.is_empty() => go::help(model, "", false),
        KeyCode::Char(c) if edit::types(key) && !model.accounts.is_empty() => {
            let mut filter = model.list.filter.clone();
            filter.push(c);
            find_in_list(model, filter.trim_start());
        }
        KeyCode::Backspace => {
            let mut filter = model.list.filter.clone();
            filter.pop();
            find_in_list(model, &filter);
        }
        _ => {}
    }
}

/// Sets the filter of the list and selects the first buddy who fits.
pub fn find_in_list(model: &mut Model, filter: &str) {
    focus::set(model, Focus::List);
    // A name is short; what is longer came from a paste gone wrong.
    model.list.filter = filter.chars().filter(|c| !c.is_control()).take(100).collect();
    let first = list::rows(model).iter().position(|row| matches!(row, Row::Buddy(_)));
    model.list.selected = first.filter(|_| !filter.is_empty()).unwrap_or(0);
    model.list.top = 0;
}

fn is_char(key: Key, c: char) -> bool {
    key.code == KeyCode::Char(c) && !key.ctrl && !key.alt
}

#[cfg(test)]
mod tests;
