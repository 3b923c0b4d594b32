//! Going places: help, palette, switcher, talks, the list.

use super::{Action, BLANK, Effects, GOING, needs_account, needs_talk};
use crate::app::composer::Composer;
use crate::app::model::{ConversationKey, Focus, Model, Overlay, Picker};
use crate::app::update::key::focus;
use crate::app::words::toasts;
use crate::types::{Line, Problem};

/// An entry of this file.
const GO: Action = Action { section: GOING, unavailable: needs_account, ..BLANK };

pub(super) const ACTIONS: &[Action] = &[
    Action { id: "go-to", title: "Find a buddy", keys: &["ctrl-k"], act: |model, _, _| go_to(model), ..GO },
    Action {
        id: "find",
        title: "Find what was said",
        keys: &["ctrl-f"],
        slash: &["find", "search", "lastlog", "s"],
        arguments: "[TEXT]",
        act: |model, words, fx| model.open_find(words, fx),
        ..GO
    },
    Action {
        id: "next-unread",
        title: "Next unread conversation",
        keys: &["alt-a"],
        slash: &["next"],
        act: |model, _, fx| {
            if !model.next_unread(fx) {
                model.toast(toasts::NOTHING_UNREAD);
            }
        },
        ..GO
    },
    Action {
        id: "prev-talk",
        title: "Previous conversation in the list",
        keys: &["alt-up"],
        slash: &["prev"],
        act: |model, _, fx| model.step_talk(-1, fx),
        ..GO
    },
    Action {
        id: "next-talk",
        title: "Next conversation in the list",
        keys: &["alt-down"],
        slash: &["next-talk"],
        act: |model, _, fx| model.step_talk(1, fx),
        ..GO
    },
    Action {
        id: "win",
        title: "Open a conversation by its number or name",
        slash: &["win", "w", "window", "buffer", "b"],
        arguments: "N",
        act: window,
        ..GO
    },
    Action {
        id: "last-talk",
        title: "The conversation before this one",
        keys: &["alt-/"],
        slash: &["last"],
        act: |model, _, fx| model.last_talk(fx),
        ..GO
    },
    Action {
        id: "close-talk",
        title: "Close this conversation; its draft is kept",
        keys: &["alt-w"],
        slash: &["close", "wc", "part", "leave"],
        unavailable: needs_talk,
        act: |model, _, fx| model.close_open(fx),
        ..GO
    },
    Action {
        id: "focus-list",
        title: "Into the buddy list",
        keys: &["f3"],
        slash: &["to-list"],
        act: |model, _, _| focus::set(model, Focus::List),
        ..GO
    },
    Action {
        id: "focus-next",
        title: "On to the messages, the list, the box",
        keys: &["tab"],
        act: |model, _, fx| focus::next(model, fx),
        ..GO
    },
    Action {
        id: "focus-prev",
        title: "Back to the list, the messages, the box",
        keys: &["shift-tab"],
        act: |model, _, fx| focus::previous(model, fx),
        ..GO
    },
    Action {
        id: "toggle-list",
        title: "Show or hide the buddy list",
        keys: &["f2"],
        slash: &["buddies"],
        act: |model, _, _| {
            model.list.hidden = !model.list.hidden;
            if model.list.hidden && model.focus == Focus::List {
                focus::set(model, Focus::Composer);
            }
        },
        ..GO
    },
    Action {
        id: "bare",
        title: "The conversation alone, to select and copy from",
        keys: &["f9", "alt-l"],
        slash: &["bare"],
        unavailable: needs_talk,
        act: |model, _, _| model.overlays.push(Overlay::Bare),
        ..GO
    },
    Action {
        id: "scroll-up",
        title: "One page up in the conversation",
        keys: &["page-up"],
        unavailable: needs_talk,
        act: |model, _, fx| model.scroll_rows(-page(model), fx),
        ..GO
    },
    Action {
        id: "scroll-down",
        title: "One page down in the conversation",
        keys: &["page-down"],
        unavailable: needs_talk,
        act: |model, _, fx| model.scroll_rows(page(model), fx),
        ..GO
    },
    Action {
        id: "scroll-end",
        title: "To the newest message",
        keys: &["ctrl-end"],
        unavailable: needs_talk,
        act: |model, _, fx| model.scroll_to_end(fx),
        ..GO
    },
];

/// `talk-1` to `talk-9`: one entry each, because each has a key of its own.
pub(super) const TALKS: &[Action] = &[
    Action { act: |model, _, fx| tab(model, 1, fx), ..talk("talk-1", "Open conversation 1", &["alt-1"], &["1"]) },
    Action { act: |model, _, fx| tab(model, 2, fx), ..talk("talk-2", "Open conversation 2", &["alt-2"], &["2"]) },
    Action { act: |model, _, fx| tab(model, 3, fx), ..talk("talk-3", "Open conversation 3", &["alt-3"], &["3"]) },
    Action { act: |model, _, fx| tab(model, 4, fx), ..talk("talk-4", "Open conversation 4", &["alt-4"], &["4"]) },
    Action { act: |model, _, fx| tab(model, 5, fx), ..talk("talk-5", "Open conversation 5", &["alt-5"], &["5"]) },
    Action { act: |model, _, fx| tab(model, 6, fx), ..talk("talk-6", "Open conversation 6", &["alt-6"], &["6"]) },
    Action { act: |model, _, fx| tab(model, 7, fx), ..talk("talk-7", "Open conversation 7", &["alt-7"], &["7"]) },
    Action { act: |model, _, fx| tab(model, 8, fx), ..talk("talk-8", "Open conversation 8", &["alt-8"], &["8"]) },
    Action { act: |model, _, fx| tab(model, 9, fx), ..talk("talk-9", "Open conversation 9", &["alt-9"], &["9"]) },
];

const fn talk(
    id: &'static str,
    title: &'static str,
    keys: &'static [&'static str],
    slash: &'static [&'static str],
) -> Action {
    Action { id, title, keys, slash, ..GO }
}

fn tab(model: &mut Model, number: usize, fx: &mut Effects) {
    if !model.go_to_tab(number, fx) {
        model.toast(toasts::no_conversation(number));
    }
}

fn window(model: &mut Model, name: &str, fx: &mut Effects) {
    if let Ok(number) = name.parse() {
        return tab(model, number, fx);
    }
    match model.find_peer(name) {
        Some(key) => model.open_talk(&key, fx),
        None => model.toast(toasts::problem(&Problem::UnknownBuddy { who: Line::clean(name) })),
    }
}

fn page(model: &Model) -> i32 {
    i32::from(model.viewport.messages.saturating_sub(2).max(1))
}

/// Opens Ctrl+K, with the talks in order of last use.
pub(in crate::app) fn go_to(model: &mut Model) {
    let newest = |key: &ConversationKey| model.talks.get(key).and_then(|talk| talk.messages.back()).map(|m| m.stamp);
    let mut recent: Vec<ConversationKey> = model.talks.keys().cloned().collect();
    recent.sort_by_key(|key| {
        let here = model.open.as_ref() == Some(key);
        let before = model.last_open.as_ref() == Some(key);
        (here, !before, std::cmp::Reverse(newest(key)))
    });
    model.overlays.push(Overlay::GoTo(Picker { recent, ..Picker::default() }));
}

/// Opens the help with this filter.
pub(in crate::app) fn help(model: &mut Model, filter: &str, all: bool) {
    model.overlays.push(Overlay::Help { filter: Composer::with_text(filter), selected: 0, all });
}

/// Opens the palette.
pub(in crate::app) fn palette(model: &mut Model) {
    model.overlays.push(Overlay::Palette(Picker::default()));
}
