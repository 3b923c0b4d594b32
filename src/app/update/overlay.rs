//! Keys and clicks for what lies over the screen. Whatever is not for the overlay on top is swallowed: nothing
//! leaks into the text behind.

mod answers;
mod find;
mod forms;
mod menu;
mod pickers;

pub use menu::{MenuRow, is_only_here, menu_rows};

use super::key::sign_in;
use crate::app::action::{self, Effects, Place, edit};
use crate::app::event::{Key, KeyCode};
use crate::app::keymap;
use crate::app::model::{Model, Overlay};

/// What becomes of the overlay after a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    /// It stays.
    Stay,
    /// It is done.
    Close,
}

/// Actions whose keys work over every overlay.
const EVERYWHERE: [&str; 5] = ["back", "interrupt", "quit", "redraw", "suspend"];

/// A key for the overlay on top.
pub fn on_key(model: &mut Model, key: Key, fx: &mut Effects) {
    let global = keymap::action(&model.options, Place::Global, key);
    if let Some(action) = global.filter(|action| EVERYWHERE.contains(&action.id)) {
        return action::run(model, action, "", fx);
    }
    if scrolls(model, key) {
        return;
    }
    let meant = global.map_or("", |action| action.id);
    with_top(model, |model, top| match top {
        Overlay::GoTo(picker) => pickers::go_to_key(model, picker, key, meant, fx),
        Overlay::Palette(picker) => pickers::palette_key(model, picker, key, fx),
        Overlay::Find(searched) => find::on_key(model, searched, key, meant, fx),
        Overlay::Help { filter, selected, all } => pickers::help_key(model, (filter, selected, all), key, meant, fx),
        Overlay::Status { selected, message, editing } => {
            forms::status_key(model, (selected, message, editing), key, meant, fx)
        }
        Overlay::Add { account, address, complaint } => forms::add_key(model, account, (address, complaint), key, fx),
        Overlay::SignOut(question) => answers::sign_out_key(model, question, key, fx),
        Overlay::TakeBack { account } => answers::take_back_key(model, account, key, fx),
        Overlay::AgreeAgain { account } => answers::agree_again_key(model, account, key, fx),
        Overlay::Request { account, from } => answers::request_key(model, account, from, key, fx),
        Overlay::PasteSend { .. } => answers::paste_key(model, key, fx),
        Overlay::PlainReply => answers::plain_key(model, key, fx),
        Overlay::Quit { .. } => answers::quit_key(model, key, fx),
        Overlay::Trouble(problem) => answers::trouble_key(model, problem, key, fx),
        Overlay::Account { account, raw } => answers::account_key(model, account, raw, key, fx),
        Overlay::Menu { key: who, selected, step } => menu::on_key(model, who, (selected, step), key, fx),
        Overlay::Info { .. } if key.code == KeyCode::Enter || key.code == KeyCode::Char('i') => After::Close,
        Overlay::Bare => bare_key(model, key, meant, fx),
        Overlay::SignedOut { browser, .. } => answers::signed_out_key(model, browser.as_ref(), key, fx),
        Overlay::Card(_) if key.code == KeyCode::Enter || meant == "card" => After::Close,
        Overlay::Card(_) | Overlay::Info { .. } => After::Stay,
    });
}

/// Moves the lines of a box that is higher than the screen; true when the key was for that. Any other key starts at
/// the head again: what it shows next is another box, or the same with other words.
pub(super) fn scrolls(model: &mut Model, key: Key) -> bool {
    let most = model.viewport.hidden;
    let page = model.viewport.height.saturating_sub(4).max(1);
    let top = std::mem::take(&mut model.box_top).min(most);
    if most == 0 || key.ctrl || key.alt {
        return false;
    }
    model.box_top = match key.code {
        KeyCode::Up => top.saturating_sub(1),
        KeyCode::Down => top.saturating_add(1).min(most),
        KeyCode::PageUp => top.saturating_sub(page),
        KeyCode::PageDown => top.saturating_add(page).min(most),
        KeyCode::Home => 0,
        KeyCode::End => most,
        _ => return false,
    };
    true
}

/// A click on a row of the overlay on top: what Enter, Space or the cursor would do there.
pub fn activate_row(model: &mut Model, row: usize, fx: &mut Effects) {
    with_top(model, |model, top| match top {
        Overlay::GoTo(picker) => {
            picker.selected = row;
            pickers::go_to_enter(model, picker, fx)
        }
        Overlay::Palette(picker) => {
            picker.selected = row;
            pickers::palette_choose(model, picker, fx)
        }
        Overlay::Find(searched) => {
            searched.selected = row;
            find::enter(model, searched, fx)
        }
        Overlay::Help { filter, selected, all } => {
            *selected = row;
            pickers::help_enter(model, filter, row, *all, fx)
        }
        Overlay::Status { selected, message, editing } => {
            forms::status_click(model, (selected, message, editing), row, fx)
        }
        Overlay::Menu { key, selected, step } => {
            *selected = row;
            menu::enter(model, key, (selected, step), fx)
        }
        Overlay::SignOut(question) => {
            question.tick(row);
            After::Stay
        }
        _ => After::Stay,
    });
}

/// A click on a row of the welcome screen.
pub fn activate_welcome(model: &mut Model, row: usize, fx: &mut Effects) {
    sign_in::choose(model, row, fx);
}

/// Takes the top overlay off while it is worked on, so that what it does finds the model without it.
fn with_top(model: &mut Model, work: impl FnOnce(&mut Model, &mut Overlay) -> After) {
    let Some(mut top) = model.overlays.pop() else { return };
    let depth = model.overlays.len();
    if work(model, &mut top) == After::Stay {
        // Below whatever the work put on top.
        model.overlays.insert(depth.min(model.overlays.len()), top);
    }
}

/// The talk alone: keys scroll it or end it; nothing is typed where it is not seen.
fn bare_key(model: &mut Model, key: Key, meant: &str, fx: &mut Effects) -> After {
    let page = i32::from(model.viewport.messages.saturating_sub(2).max(1));
    match key.code {
        _ if meant == "bare" => return After::Close,
        KeyCode::Up => model.scroll_rows(-1, fx),
        KeyCode::Down => model.scroll_rows(1, fx),
        KeyCode::PageUp => model.scroll_rows(-page, fx),
        KeyCode::PageDown => model.scroll_rows(page, fx),
        KeyCode::End => model.scroll_to_end(fx),
        _ => {}
    }
    After::Stay
}

/// Moves a selection among so many rows; true when the key was for that. The rows are counted only then.
fn walks(selected: &mut usize, count: impl FnOnce() -> usize, key: Key) -> bool {
    if !matches!(key.code, KeyCode::Up | KeyCode::BackTab | KeyCode::Down | KeyCode::PageUp | KeyCode::PageDown) {
        return false;
    }
    let last = count().saturating_sub(1);
    let here = (*selected).min(last);
    *selected = match key.code {
        _ if key.ctrl || key.alt => return false,
        KeyCode::Up | KeyCode::BackTab => here.checked_sub(1).unwrap_or(last),
        KeyCode::Down => {
            if here == last {
                0
            } else {
                here + 1
            }
        }
        KeyCode::PageUp => here.saturating_sub(10),
        KeyCode::PageDown => (here + 10).min(last),
        _ => return false,
    };
    true
}

/// A key for the field of an overlay; true when its text changed.
fn edits(model: &mut Model, field: &mut crate::app::composer::Composer, key: Key) -> bool {
    let before = field.text().to_owned();
    edit::field_key(&model.options, field, key, &mut model.killed);
    field.text() != before
}
