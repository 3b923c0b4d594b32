//! The boxes about one thing that is chosen: a message, or somebody in the list.

use super::boxes::hanging;
use super::{Dialog, Line};
use crate::app::model::{Author, Body, ConversationKey, MenuStep, Message, MessageState, Model};
use crate::app::update::overlay::{is_only_here, menu_rows};
use crate::app::words::{self, screens};
use crate::types::{Jid, Line as Clean, MessageKey};
use crate::ui::facts;
use crate::ui::text::Piece;
use crate::ui::theme::Role;

/// What is known about a message.
pub fn message(model: &Model, talk: &ConversationKey, key: MessageKey, width: u16) -> Dialog {
    let mut dialog =
        Dialog { title: screens::INFO_TITLE.into(), foot: screens::INFO_FOOT.into(), width, ..Dialog::default() };
    let ascii = model.options.ascii;
    let Some(message) = model.talks.get(talk).and_then(|talk| talk.message(key)) else {
        dialog.say(screens::INFO_GONE, Role::Dim, ascii);
        return dialog;
    };
    let mut row = |label: &str, words: &str| {
        hanging(&mut dialog, label, words, Role::Text, width.saturating_sub(4), ascii);
    };
    let who = match &message.author {
        Author::Me => screens::FROM_YOU.to_owned(),
        Author::Contact => facts::name(model, talk),
        Author::Occupant(name) => name.to_string(),
    };
    row(screens::INFO_WHO, &who);
    let day = words::day(message.stamp, model.now.wall, &model.options.zone);
    row(screens::INFO_WHEN, &screens::day_and_time(&day, &words::clock(message.stamp, &model.options)));
    if let Some(Jid::Full(from)) = &message.from {
        row(screens::INFO_DEVICE, Clean::clean(from.resource()).as_str());
    }
    if let Some(id) = &message.origin {
        row(screens::INFO_ID, Clean::clean(&id.0).as_str());
    }
    if let Some(id) = &message.stanza_id {
        row(screens::INFO_ARCHIVE, Clean::clean(&id.0).as_str());
    }
    dialog.blank();
    for (said, role) in state(model, message) {
        dialog.say(&said, role, ascii);
    }
    dialog
}

/// How far it came, and how it travelled.
fn state(model: &Model, message: &Message) -> Vec<(String, Role)> {
    let mut said = Vec::new();
    match &message.state {
        MessageState::Received => said.push((screens::RECEIVED.to_owned(), Role::Text)),
        MessageState::Pending => said.push((screens::NOT_YET_SENT.to_owned(), Role::Text)),
        MessageState::Sent => said.push((screens::SENT.to_owned(), Role::Text)),
        MessageState::Delivered => said.push((screens::DELIVERED.to_owned(), Role::Text)),
        MessageState::Read(at) => {
            let at = at.map(|at| screens::read_since(&words::clock(at, &model.options)));
            said.push((at.unwrap_or_else(|| screens::WAS_READ.to_owned()), Role::Text));
        }
        MessageState::Failed(problem) => {
            let problem = words::problem(problem);
            said.push((format!("✗ {}", problem.what), Role::Error));
            said.extend(problem.why.map(|why| (why, Role::Text)));
        }
    }
    if message.edited {
        said.push((screens::WAS_EDITED.to_owned(), Role::Text));
    }
    let travelled = match &message.body {
        Body::Plain(_) => screens::NOT_ENCRYPTED,
        Body::Sealed(_) => screens::WAS_ENCRYPTED,
        Body::Unreadable(_) => screens::ENCRYPTED,
    };
    said.push((travelled.to_owned(), Role::Dim));
    said
}

/// What can be done with somebody in the list, or the field that the choice needs.
pub fn menu(model: &Model, key: &ConversationKey, selected: usize, step: &MenuStep, width: u16) -> Dialog {
    let name = facts::name(model, key);
    let mut dialog = Dialog { title: name.clone(), foot: screens::MENU_FOOT.into(), width, ..Dialog::default() };
    let ascii = model.options.ascii;
    let (title, foot, says, field) = match step {
        MenuStep::Choose => {
            for (at, (row, barred)) in menu_rows(model, key).into_iter().enumerate() {
                let role = if barred.is_some() { Role::Dim } else { Role::Text };
                let words = barred.map_or_else(
                    || screens::menu_row(row).to_owned(),
                    |why| screens::not_now(screens::menu_row(row), &why),
                );
                let line = Line::choice(at, at == selected, vec![Piece::new(words, role)]);
                let only_here = is_only_here(model, key, row);
                dialog.lines.push(if only_here { line.with_right(screens::ONLY_HERE, Role::Dim) } else { line });
            }
            return dialog;
        }
        MenuStep::Name(field) => (screens::NAME_TITLE, screens::FIELD_FOOT, screens::NAME_SAYS.to_owned(), Some(field)),
        MenuStep::Group(field) => {
            (screens::GROUP_TITLE, screens::FIELD_FOOT, screens::GROUP_SAYS.to_owned(), Some(field))
        }
        MenuStep::Remove if model.changes_only_here(key) => {
            (screens::HIDE_TITLE, screens::HIDE_FOOT, screens::hide_says(&name), None)
        }
        MenuStep::Remove => (screens::REMOVE_TITLE, screens::REMOVE_FOOT, screens::remove_says(&name), None),
    };
    dialog.title = title.into();
    dialog.foot = foot.into();
    if let Some(field) = field {
        dialog.field("> ", field, "", true);
    }
    dialog.say(&says, if field.is_some() { Role::Dim } else { Role::Text }, ascii);
    if field.is_some() && model.changes_only_here(key) {
        dialog.say(screens::ONLY_HERE_SAYS, Role::Dim, ascii);
    }
    dialog
}
