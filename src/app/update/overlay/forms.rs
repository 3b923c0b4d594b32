//! Keys of the status menu and of "add a buddy".

use super::{After, edits};
use crate::app::action::{Effects, MENU};
use crate::app::composer::Composer;
use crate::app::event::{Key, KeyCode};
use crate::app::model::Model;
use crate::types::{AccountId, Problem};

/// The parts of the status menu: row, personal message, and whether that has the cursor.
pub(super) type StatusParts<'a> = (&'a mut usize, &'a mut Composer, &'a mut bool);

pub(super) fn status_key(model: &mut Model, parts: StatusParts<'_>, key: Key, meant: &str, fx: &mut Effects) -> After {
    let (selected, message, editing) = parts;
    let last = MENU.len() - 1;
    match key.code {
        KeyCode::Enter => return set(model, *selected, message, fx),
        KeyCode::Tab | KeyCode::BackTab => *editing = !*editing,
        KeyCode::Up if *editing => *editing = false,
        KeyCode::Up => *selected = selected.saturating_sub(1),
        KeyCode::Down if !*editing && *selected < last => *selected += 1,
        KeyCode::Down => *editing = true,
        _ if meant == "status" => *selected = if *selected < last { *selected + 1 } else { 0 },
        // Typing can only mean the message.
        _ => *editing |= edits(model, message, key),
    }
    After::Stay
}

pub(super) fn status_click(model: &mut Model, parts: StatusParts<'_>, row: usize, fx: &mut Effects) -> After {
    let (selected, message, editing) = parts;
    if row >= MENU.len() {
        *editing = true;
        return After::Stay;
    }
    *selected = row;
    set(model, row, message, fx)
}

fn set(model: &mut Model, row: usize, message: &Composer, fx: &mut Effects) -> After {
    if let Some(show) = MENU.get(row) {
        let text = message.text().trim();
        model.appear(None, *show, Some(Some(text.to_owned()).filter(|text| !text.is_empty())), fx);
    }
    After::Close
}

/// The field of "add a buddy", and what is wrong with it.
pub(super) type AddParts<'a> = (&'a mut Composer, &'a mut Option<Problem>);

pub(super) fn add_key(
    model: &mut Model,
    account: &AccountId,
    parts: AddParts<'_>,
    key: Key,
    fx: &mut Effects,
) -> After {
    let (address, complaint) = parts;
    if key.code != KeyCode::Enter {
        if edits(model, address, key) {
            *complaint = None;
        }
        return After::Stay;
    }
    let text = address.text().trim().to_owned();
    if text.is_empty() {
        return After::Stay;
    }
    match model.add_buddy(account, &text, None, fx) {
        Ok(()) => After::Close,
        Err(problem) => {
            *complaint = Some(problem);
            After::Stay
        }
    }
}
