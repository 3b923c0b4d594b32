//! What can be done with a message.

use super::{Action, BLANK, Effects, MESSAGES, Place, needs_talk};
use crate::app::effect::Effect;
use crate::app::model::{Author, Conversation, Message, MessageState, Model, Overlay};
use crate::app::update::key::focus;
use crate::app::words::{self, toasts};
use crate::types::MessageKey;
use crate::xmpp::Direction;

/// An entry for a selected message.
const SELECTED: Action = Action { section: MESSAGES, place: Place::Messages, unavailable: needs_selection, ..BLANK };
/// Steps beyond any talk.
const FAR: i32 = 1_000_000;
/// Messages that a page key passes.
const PAGE: i32 = 10;

pub(super) const ACTIONS: &[Action] = &[
    Action {
        id: "select-message",
        title: "Select a message",
        section: MESSAGES,
        keys: &["ctrl-up"],
        unavailable: needs_talk,
        act: |model, _, fx| {
            focus::messages(model, fx);
        },
        ..BLANK
    },
    Action {
        id: "msg-up",
        title: "One message up",
        keys: &["up"],
        act: |model, _, fx| model.select_message(-1, fx),
        ..SELECTED
    },
    Action {
        id: "msg-down",
        title: "One message down",
        keys: &["down", "ctrl-down"],
        act: |model, _, fx| model.select_message(1, fx),
        ..SELECTED
    },
    Action {
        id: "msg-page-up",
        title: "Some messages up",
        keys: &["page-up"],
        act: |model, _, fx| model.select_message(-PAGE, fx),
        ..SELECTED
    },
    Action {
        id: "msg-page-down",
        title: "Some messages down",
        keys: &["page-down"],
        act: |model, _, fx| model.select_message(PAGE, fx),
        ..SELECTED
    },
    Action {
        id: "msg-first",
        title: "The oldest message",
        keys: &["home"],
        act: |model, _, fx| model.select_message(-FAR, fx),
        ..SELECTED
    },
    Action {
        id: "msg-last",
        title: "The newest message",
        keys: &["end"],
        act: |model, _, fx| {
            focus::messages(model, fx);
        },
        ..SELECTED
    },
    Action { id: "msg-open", title: "Open its link, or send it again", keys: &["enter"], act: open, ..SELECTED },
    Action { id: "copy", title: "Copy the text", keys: &["y"], act: |model, _, fx| copy(model, false, fx), ..SELECTED },
    Action {
        id: "copy-signed",
        title: "Copy with name and time",
        keys: &["Y"],
        act: |model, _, fx| copy(model, true, fx),
        ..SELECTED
    },
    Action { id: "info", title: "About this message", keys: &["i"], act: info, ..SELECTED },
    Action {
        id: "retry",
        title: "Send again what was not sent",
        section: MESSAGES,
        slash: &["retry"],
        unavailable: needs_failed,
        act: |model, _, fx| {
            if let Some(key) = failed(model) {
                model.retry(key, fx);
            }
        },
        ..BLANK
    },
    Action {
        id: "discard",
        title: "Discard what was not sent",
        section: MESSAGES,
        place: Place::Messages,
        keys: &["delete"],
        slash: &["discard"],
        unavailable: needs_failed,
        act: |model, _, fx| {
            if let Some(key) = failed(model) {
                model.discard(key, fx);
            }
        },
        ..BLANK
    },
    Action {
        id: "clear",
        title: "Scroll everything out of sight; nothing is deleted",
        section: MESSAGES,
        slash: &["clear"],
        unavailable: needs_talk,
        act: |model, _, fx| {
            let now = model.now.wall;
            if let Some(talk) = open_talk_mut(model) {
                talk.cleared_at = Some(now);
                talk.selected = None;
            }
            model.scroll_to_end(fx);
        },
        ..BLANK
    },
];

fn needs_selection(model: &Model) -> Option<&'static str> {
    needs_talk(model).or_else(|| selected(model).is_none().then_some(toasts::SELECT_A_MESSAGE))
}

fn needs_failed(model: &Model) -> Option<&'static str> {
    let reason = if selected(model).is_some() { toasts::NOT_FAILED } else { toasts::NOTHING_FAILED };
    needs_talk(model).or_else(|| failed(model).is_none().then_some(reason))
}

fn open(model: &mut Model, _: &str, fx: &mut Effects) {
    let Some(message) = selected(model) else { return };
    if matches!(message.state, MessageState::Failed(_)) {
        let key = message.key;
        return model.retry(key, fx);
    }
    match words::text_of(&message.body).and_then(link_in) {
        Some(link) if model.options.can_open_browser && !model.options.over_ssh => {
            fx.push(Effect::OpenUrl(link.to_owned()));
        }
        Some(link) => {
            fx.push(Effect::Clipboard(link.to_owned()));
            model.toast(toasts::copied("Link", model.options.over_ssh));
        }
        None => model.toast(toasts::NOTHING_TO_OPEN),
    }
}

fn info(model: &mut Model, _: &str, _: &mut Effects) {
    let Some(message) = selected(model) else { return };
    let overlay = Overlay::Info { talk: message.talk.clone(), message: message.key };
    model.overlays.push(overlay);
}

/// The first address of a page in a text, without the punctuation of the sentence around it.
fn link_in(text: &str) -> Option<&str> {
    let word = text.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '“' | '”')).find(|word| {
        let lower = word.trim_start_matches('(').to_ascii_lowercase();
        lower.starts_with("https://") || lower.starts_with("http://")
    })?;
    let open = word.starts_with('(');
    let word = word.trim_start_matches('(').trim_end_matches(['.', ',', ';', ':', '!', '?']);
    Some(if open || !word.contains('(') { word.trim_end_matches(')') } else { word })
}

fn copy(model: &mut Model, signed: bool, fx: &mut Effects) {
    let Some(message) = selected(model) else { return };
    let Some(text) = words::text_of(&message.body) else { return model.toast(toasts::NOTHING_TO_COPY) };
    let text = if signed {
        let name = match &message.author {
            Author::Me => words::YOU.to_owned(),
            Author::Contact => model.name_of(&message.talk),
            Author::Occupant(name) => name.as_str().to_owned(),
        };
        format!("{} {name}: {text}", words::clock(message.stamp, &model.options))
    } else {
        text.to_owned()
    };
    fx.push(Effect::Clipboard(text));
    model.toast(toasts::copied("Message", model.options.over_ssh));
}

/// The message that retry and discard mean: the selected one, else the newest that failed.
fn failed(model: &Model) -> Option<MessageKey> {
    let has_failed =
        |message: &&Message| message.direction == Direction::Out && matches!(message.state, MessageState::Failed(_));
    match selected(model) {
        Some(message) => Some(message).filter(has_failed),
        None => open_talk(model)?.messages.iter().rev().find(has_failed),
    }
    .map(|message| message.key)
}

fn selected(model: &Model) -> Option<&Message> {
    let talk = open_talk(model)?;
    let key = talk.selected?;
    talk.messages.iter().find(|message| message.key == key)
}

fn open_talk(model: &Model) -> Option<&Conversation> {
    model.talks.get(model.open.as_ref()?)
}

fn open_talk_mut(model: &mut Model) -> Option<&mut Conversation> {
    model.talks.get_mut(model.open.as_ref()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_end_where_people_end_them() {
        for (text, link) in [
            ("see https://butty.example/guide.", Some("https://butty.example/guide")),
            ("(http://a.example/x)", Some("http://a.example/x")),
            ("HTTPS://A.example/(x) and", Some("HTTPS://A.example/(x)")),
            ("<https://a.example>", Some("https://a.example")),
            ("javascript:alert(1) file:///etc", None),
        ] {
            assert_eq!(link_in(text), link, "{text}");
        }
    }
}
