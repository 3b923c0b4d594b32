//! The program itself: help, leaving, backing out, drawing.

use super::{Action, BLANK, GOING, PROGRAM, Place, go};
use crate::app::effect::Effect;
use crate::app::update::key::layers;
use crate::app::words::toasts;

/// An entry of this file.
const HERE: Action = Action { section: PROGRAM, place: Place::Global, ..BLANK };

pub(super) const ACTIONS: &[Action] = &[
    Action {
        id: "help",
        title: "Help: what can be done here",
        keys: &["f1"],
        slash: &["help"],
        arguments: "[X]",
        act: |model, filter, _| go::help(model, filter, false),
        ..HERE
    },
    Action {
        id: "keys",
        title: "Every key and command",
        slash: &["keys"],
        arguments: "[X]",
        act: |model, filter, _| go::help(model, filter, true),
        ..HERE
    },
    Action {
        id: "palette",
        title: "Commands: or type / in an empty box",
        section: GOING,
        keys: &["ctrl-p"],
        act: |model, _, _| go::palette(model),
        ..HERE
    },
    Action {
        id: "back",
        title: "One step back; never quits, never deletes text",
        keys: &["esc"],
        act: |model, _, fx| layers::back(model, fx),
        ..HERE
    },
    Action {
        id: "interrupt",
        title: "Close, clear, and at last quit",
        keys: &["ctrl-c"],
        act: |model, _, fx| layers::interrupt(model, fx),
        ..HERE
    },
    Action {
        id: "redraw",
        title: "Draw the screen anew",
        keys: &["ctrl-l"],
        act: |_, _, fx| fx.push(Effect::Redraw),
        ..HERE
    },
    Action {
        id: "reload",
        title: "Read the config file again",
        slash: &["reload"],
        act: |_, _, fx| fx.push(Effect::ReloadConfig),
        ..HERE
    },
    Action {
        id: "doctor",
        title: "How to find out what is wrong with a connection",
        slash: &["doctor"],
        act: |model, _, _| model.toast(toasts::DOCTOR),
        ..HERE
    },
    Action {
        id: "omemo",
        title: "About end-to-end encryption",
        slash: &["omemo"],
        act: |model, _, _| model.toast(toasts::NO_OMEMO),
        ..HERE
    },
    Action {
        id: "suspend",
        title: "Stop butty and return to the shell",
        slash: &["suspend"],
        // A stopped client is a ghost that looks online: it says Away first.
        act: |model, _, fx| {
            model.step_away(fx);
            fx.push(Effect::Suspend);
        },
        ..HERE
    },
    Action {
        id: "quit",
        title: "Quit",
        keys: &["ctrl-q"],
        slash: &["quit", "exit", "bye"],
        arguments: "[TEXT]",
        act: |model, _, fx| model.quit(fx),
        ..HERE
    },
];
