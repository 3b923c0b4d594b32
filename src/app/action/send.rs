//! Sending, new lines, completion, and what was sent before.

use super::{Action, BLANK, Effects, Place, WRITING, needs_talk};
use crate::app::action;
use crate::app::composer::Composer;
use crate::app::model::{Body, Conversation, ConversationKey, Focus, Message, Model, Overlay, Picker};
use crate::app::slash::{self, Meaning};
use crate::app::update::key::focus;
use crate::app::words::toasts;
use crate::xmpp::Direction;

/// An entry for the box.
const BOX: Action = Action { section: WRITING, place: Place::Composer, unavailable: needs_talk, ..BLANK };

pub(super) const ACTIONS: &[Action] = &[
    Action { id: "send", title: "Send", keys: &["enter"], act: enter, ..BOX },
    Action { id: "newline", title: "New line", keys: &["ctrl-j", "alt-enter", "shift-enter"], act: other_enter, ..BOX },
    Action {
        id: "complete",
        title: "Complete a command; in an empty box: select messages",
        keys: &["tab"],
        act: complete,
        ..BOX
    },
    Action {
        id: "history-prev",
        title: "What you sent here before",
        keys: &["alt-p"],
        slash: &["again"],
        act: |model, _, fx| recall(model, Composer::older, fx),
        ..BOX
    },
    Action {
        id: "history-next",
        title: "Back towards what you are writing",
        keys: &["alt-n"],
        slash: &["newer"],
        act: |model, _, fx| recall(model, Composer::newer, fx),
        ..BOX
    },
    Action {
        id: "me",
        title: "Say what you do: “* Anna waves”",
        section: WRITING,
        slash: &["me"],
        arguments: "TEXT",
        unavailable: needs_talk,
        act: |model, text, fx| {
            if let Some(key) = model.open.clone() {
                say(model, &key, &format!("/me {text}"), fx);
            }
        },
        ..BLANK
    },
];

fn enter(model: &mut Model, _: &str, fx: &mut Effects) {
    if model.options.enter_newline { newline(model, fx) } else { send_now(model, fx) }
}

fn other_enter(model: &mut Model, _: &str, fx: &mut Effects) {
    if model.options.enter_newline { send_now(model, fx) } else { newline(model, fx) }
}

fn newline(model: &mut Model, fx: &mut Effects) {
    if let Some(talk) = open_talk(model) {
        talk.composer.newline();
        model.edited(fx);
    }
}

/// Enter in the box: runs a command, asks what must be asked, or sends.
pub fn send_now(model: &mut Model, fx: &mut Effects) {
    let Some(talk) = open_talk(model) else { return };
    let line = talk.composer.text().to_owned();
    if line.trim().is_empty() {
        return;
    }
    match slash::read(&line) {
        Meaning::Command(action, arguments) => {
            if action.needs_arguments() && arguments.is_empty() {
                return model.toast(toasts::usage(action));
            }
            talk.composer.take();
            model.edited(fx);
            action::run(model, action, arguments, fx);
        }
        Meaning::Text(text) => ask_or_deliver(model, text, fx),
        Meaning::Unknown(name) => twice(model, &line, &toasts::no_command(name), fx),
        Meaning::Blanks(name) => twice(model, &line, &toasts::blanks_before(name), fx),
    }
}

/// Says what is odd about a line the first time, and sends it the second.
fn twice(model: &mut Model, line: &str, oddity: &str, fx: &mut Effects) {
    match open_talk(model).map(|talk| talk.composer.asked_before()) {
        Some(true) => ask_or_deliver(model, line, fx),
        Some(false) => model.toast(oddity),
        None => {}
    }
}

fn ask_or_deliver(model: &mut Model, text: &str, fx: &mut Effects) {
    let limit = model.options.paste_ask_lines;
    if model.open.clone().is_some_and(|open| model.says_read_only(&open.account)) {
        return;
    }
    let Some(talk) = open_talk(model) else { return };
    if talk.warn_plain {
        return model.overlays.push(Overlay::PlainReply);
    }
    let lines = text.split('\n').count();
    if talk.composer.has_big_paste() && is_big(lines, text, limit) {
        return model.overlays.push(Overlay::PasteSend { lines });
    }
    let key = talk.key.clone();
    talk.composer.take();
    model.edited(fx);
    model.send_text(&key, text, fx);
}

/// A paste that Enter asks about (ux 3.4).
pub(in crate::app) fn is_big(lines: usize, text: &str, limit: usize) -> bool {
    lines > limit || text.chars().count() > 2_000
}

/// Says something in a talk, unless that talk was encrypted and a plain reply has not been agreed to: then the
/// text waits in its box.
pub(super) fn say(model: &mut Model, key: &ConversationKey, text: &str, fx: &mut Effects) {
    if !model.talks.get(key).is_some_and(|talk| talk.warn_plain) {
        return model.send_text(key, text, fx);
    }
    model.open_talk(key, fx);
    if let Some(talk) = model.talks.get_mut(key) {
        talk.composer.set_text(text);
    }
    model.edited(fx);
    model.overlays.push(Overlay::PlainReply);
}

fn recall(model: &mut Model, step: fn(&mut Composer, &[&str]) -> bool, fx: &mut Effects) {
    let Some(Conversation { messages, composer, .. }) = open_talk(model) else { return };
    let sent: Vec<&str> = messages.iter().rev().filter_map(own_text).take(100).collect();
    if step(composer, &sent) {
        model.edited(fx);
    } else {
        model.toast(toasts::NOTHING_SENT_BEFORE);
    }
}

fn own_text(message: &Message) -> Option<&str> {
    match (message.direction, &message.body) {
        (Direction::Out, Body::Plain(text) | Body::Sealed(text)) => Some(text.as_str()),
        _ => None,
    }
}

/// Tab: completes a command or its argument; in an empty box it goes on to the messages.
fn complete(model: &mut Model, _: &str, fx: &mut Effects) {
    let Some(talk) = open_talk(model) else { return };
    let before = talk.composer.before_cursor().to_owned();
    if talk.composer.is_empty() {
        return focus::next(model, fx);
    }
    let Some(rest) = before.strip_prefix('/') else { return };
    if let Some((name, argument)) = rest.split_once(' ') {
        return complete_argument(model, name, argument.trim_start(), fx);
    }
    let names: Vec<&str> = matching_commands(rest);
    if let [one] = names.as_slice() {
        return insert_completion(model, before.len(), &format!("/{one} "), fx);
    }
    // Several, or none: the palette shows what there is, with what was typed as its filter.
    talk.composer.clear();
    model.edited(fx);
    let picker = Picker { filter: Composer::with_text(rest), ..Picker::default() };
    model.overlays.push(Overlay::Palette(picker));
}

/// Names of commands that begin like this; one name for each action.
fn matching_commands(start: &str) -> Vec<&'static str> {
    let lower = start.to_lowercase();
    let mut names: Vec<&str> = Vec::new();
    for action in action::all() {
        names.extend(action.slash.iter().find(|name| name.starts_with(&lower)));
    }
    names
}

fn complete_argument(model: &mut Model, name: &str, argument: &str, fx: &mut Effects) {
    let Some(action) = slash::find(name) else { return };
    let lower = argument.to_lowercase();
    let choices: Vec<String> = if action.id == "status" {
        super::you::STATES.iter().map(|(word, _)| (*word).to_owned()).collect()
    } else if action.arguments.contains("WHO") || action.id == "win" {
        let accounts = model.accounts.iter();
        let peers = accounts.flat_map(|account| account.roster.keys().map(move |peer| (&account.setup.id, peer)));
        peers.map(|(account, peer)| model.name_of_peer(account, peer)).collect()
    } else {
        return;
    };
    let fitting: Vec<&String> = choices.iter().filter(|choice| choice.to_lowercase().starts_with(&lower)).collect();
    let [one] = fitting.as_slice() else {
        let shown = fitting.iter().take(6).map(|choice| choice.as_str()).collect::<Vec<_>>().join(" · ");
        return if shown.is_empty() { model.toast(toasts::NOTHING_FITS) } else { model.toast(shown) };
    };
    let whole = if one.contains(' ') { format!("\"{one}\" ") } else { format!("{one} ") };
    insert_completion(model, argument.len(), &whole, fx);
}

/// Replaces so many bytes before the cursor.
fn insert_completion(model: &mut Model, bytes: usize, text: &str, fx: &mut Effects) {
    if let Some(talk) = open_talk(model) {
        let end = talk.composer.cursor();
        talk.composer.replace_range(end.saturating_sub(bytes)..end, text);
        model.focus = Focus::Composer;
        model.edited(fx);
    }
}

fn open_talk(model: &mut Model) -> Option<&mut Conversation> {
    let key = model.open.as_ref()?;
    model.talks.get_mut(key)
}
