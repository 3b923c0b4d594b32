//! The menu of somebody in the list: its rows, and its keys (ux 3.2, `list-menu`).

use super::{After, edits, walks};
use crate::app::action::Effects;
use crate::app::composer::Composer;
use crate::app::event::{Key, KeyCode};
use crate::app::model::{Contact, ConversationKey, MenuStep, Model, Overlay};
use crate::app::words::toasts;
use crate::types::Line;

/// What can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MenuRow {
    /// Open the conversation.
    Open,
    /// Look at the card.
    Card,
    /// Give another name.
    Rename,
    /// Put into a group.
    Group,
    /// Take off the list.
    Remove,
    /// Out of sight, where the service takes nobody off the list.
    Hide,
    /// Back in sight.
    Unhide,
    /// Ask a stranger to be a buddy.
    Add,
}

/// The rows for somebody, and why one cannot be chosen now. A stranger can only be added.
pub fn menu_rows(model: &Model, key: &ConversationKey) -> Vec<(MenuRow, Option<String>)> {
    let last = match (model.changes_only_here(key), model.is_hidden(key)) {
        (_, true) => MenuRow::Unhide,
        (true, false) => MenuRow::Hide,
        (false, false) => MenuRow::Remove,
    };
    let buddy = [MenuRow::Open, MenuRow::Card, MenuRow::Rename, MenuRow::Group, last];
    let rows: &[MenuRow] =
        if model.contact(key).is_some() { &buddy } else { &[MenuRow::Open, MenuRow::Card, MenuRow::Add] };
    let barred = |row: MenuRow| {
        let changes = matches!(row, MenuRow::Rename | MenuRow::Group | MenuRow::Remove);
        changes.then(|| model.list_barred(key)).flatten()
    };
    rows.iter().map(|row| (*row, barred(*row))).collect()
}

/// What this row changes stays on this computer.
pub fn is_only_here(model: &Model, key: &ConversationKey, row: MenuRow) -> bool {
    let changes = matches!(row, MenuRow::Rename | MenuRow::Group | MenuRow::Hide | MenuRow::Unhide);
    changes && model.changes_only_here(key)
}

/// The parts of the menu: row and step.
type Parts<'a> = (&'a mut usize, &'a mut MenuStep);

pub(super) fn on_key(model: &mut Model, who: &ConversationKey, parts: Parts<'_>, key: Key, fx: &mut Effects) -> After {
    let (selected, step) = parts;
    if key.code == KeyCode::Enter {
        return enter(model, who, (selected, step), fx);
    }
    match step {
        MenuStep::Choose => {
            walks(selected, || menu_rows(model, who).len(), key);
        }
        MenuStep::Name(field) | MenuStep::Group(field) => {
            edits(model, field, key);
        }
        MenuStep::Remove => {}
    }
    After::Stay
}

/// Does what is chosen, or asks what it needs first.
pub(super) fn enter(model: &mut Model, who: &ConversationKey, parts: Parts<'_>, fx: &mut Effects) -> After {
    let (selected, step) = parts;
    match step {
        MenuStep::Choose => return choose(model, who, *selected, step, fx),
        MenuStep::Name(field) => model.rename_buddy(who, field.text(), fx),
        MenuStep::Group(field) => {
            let group = field.text().trim().to_owned();
            model.set_groups(who, Some(group).filter(|group| !group.is_empty()).into_iter().collect(), fx);
        }
        MenuStep::Remove => model.remove_buddy(who, fx),
    }
    After::Close
}

fn choose(model: &mut Model, who: &ConversationKey, row: usize, step: &mut MenuStep, fx: &mut Effects) -> After {
    let Some((row, barred)) = menu_rows(model, who).into_iter().nth(row) else { return After::Stay };
    if let Some(why) = barred {
        model.toast(toasts::not_now(&why));
        return After::Stay;
    }
    let contact = model.contact(who);
    match row {
        MenuRow::Open => model.open_talk(who, fx),
        MenuRow::Card => model.overlays.push(Overlay::Card(who.clone())),
        MenuRow::Rename => {
            let name = contact.and_then(Contact::given_name).map_or("", Line::as_str);
            *step = MenuStep::Name(Composer::with_text(name));
            return After::Stay;
        }
        MenuRow::Group => {
            let group = contact.and_then(|contact| contact.groups().first()).map_or("", Line::as_str);
            *step = MenuStep::Group(Composer::with_text(group));
            return After::Stay;
        }
        MenuRow::Unhide => model.hide_here(who, false, fx),
        MenuRow::Remove | MenuRow::Hide => {
            *step = MenuStep::Remove;
            return After::Stay;
        }
        MenuRow::Add => {
            let address = Composer::with_text(who.peer.as_str());
            model.overlays.push(Overlay::Add { account: who.account.clone(), address, complaint: None });
        }
    }
    After::Close
}
