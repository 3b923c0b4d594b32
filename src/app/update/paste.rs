//! A paste is text, never keys; nothing is ever sent by it (ux 3.4).

use super::key::{self, focus, sign_in};
use crate::app::action::{Effects, Place, send};
use crate::app::composer::{Composer, Pasted};
use crate::app::model::{Focus, MenuStep, Model, Overlay, Screen, SignInStep};
use crate::app::words::toasts;

/// Text came from the terminal's paste. It goes where typing goes.
pub fn on_paste(model: &mut Model, text: &str, fx: &mut Effects) {
    model.quit_armed = None;
    if let Some(top) = model.overlays.last_mut() {
        let pasted = overlay_field(top).map(|field| paste_line(field, text));
        look_for(model, fx);
        return tell(model, pasted);
    }
    match &mut model.screen {
        Screen::Welcome(_) => {}
        Screen::SignIn(screen) => {
            if matches!(screen.step, SignInStep::Browser { .. }) {
                // There is one thing that can be meant. It takes the place of what did not do.
                screen.field = 1;
                screen.pasted.wipe();
            }
            screen.complaint = None;
            let pasted = sign_in::field(screen).map(|field| paste_line(field, text.trim_matches(['\n', '\r'])));
            tell(model, pasted);
        }
        Screen::Main => match key::place(model) {
            Place::Composer | Place::Messages => into_box(model, text, fx),
            Place::List | Place::Global => {
                let line = text.lines().next().unwrap_or_default();
                let filter = format!("{}{line}", model.list.filter);
                if !model.accounts.is_empty() {
                    key::find_in_list(model, filter.trim());
                }
            }
        },
    }
}

/// What was pasted into a search is looked for at once.
fn look_for(model: &mut Model, fx: &mut Effects) {
    if let Some(Overlay::Find(mut find)) = model.overlays.pop_if(|top| matches!(top, Overlay::Find(_))) {
        model.look_for(&mut find, fx);
        model.overlays.push(Overlay::Find(find));
    }
}

fn into_box(model: &mut Model, text: &str, fx: &mut Effects) {
    focus::set(model, Focus::Composer);
    let limit = model.options.paste_ask_lines;
    let Some(talk) = model.open.as_ref().and_then(|open| model.talks.get_mut(open)) else { return };
    let before = talk.composer.cursor();
    let pasted = talk.composer.paste(text);
    let big = send::is_big(pasted.lines, text, limit);
    if big {
        talk.composer.mark_big_paste();
        talk.composer.fold(before..talk.composer.cursor());
    }
    model.edited(fx);
    tell(model, Some(pasted));
    if big && pasted.removed == 0 && !pasted.cut {
        model.toast(toasts::lines_pasted(pasted.lines));
    }
}

/// The field of an overlay that takes text.
fn overlay_field(overlay: &mut Overlay) -> Option<&mut Composer> {
    match overlay {
        Overlay::GoTo(picker) | Overlay::Palette(picker) => {
            picker.selected = 0;
            Some(&mut picker.filter)
        }
        Overlay::Find(find) => Some(&mut find.words),
        Overlay::Help { filter, selected, .. } => {
            *selected = 0;
            Some(filter)
        }
        Overlay::Status { message, editing, .. } => {
            *editing = true;
            Some(message)
        }
        Overlay::Add { address, complaint, .. } => {
            *complaint = None;
            Some(address)
        }
        Overlay::Menu { step: MenuStep::Name(field) | MenuStep::Group(field), .. } => Some(field),
        Overlay::Menu { .. }
        | Overlay::Info { .. }
        | Overlay::Account { .. }
        | Overlay::Bare
        | Overlay::Request { .. }
        | Overlay::Card(_)
        | Overlay::SignOut(_)
        | Overlay::TakeBack { .. }
        | Overlay::AgreeAgain { .. }
        | Overlay::SignedOut { .. }
        | Overlay::PasteSend { .. }
        | Overlay::Quit { .. }
        | Overlay::Trouble(_)
        | Overlay::PlainReply => None,
    }
}

/// Into a field of one line.
fn paste_line(field: &mut Composer, text: &str) -> Pasted {
    let flat: String = text.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c }).collect();
    field.paste(&flat)
}

fn tell(model: &mut Model, pasted: Option<Pasted>) {
    match pasted {
        Some(Pasted { cut: true, .. }) => model.toast(toasts::PASTE_CUT),
        Some(Pasted { removed, .. }) if removed > 0 => model.toast(toasts::control_characters(removed)),
        _ => {}
    }
}
