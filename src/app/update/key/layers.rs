//! Esc and Ctrl+C: one layer at a time, and never a text that cannot be brought back.

use super::{focus, sign_in};
use crate::app::action::Effects;
use crate::app::model::{Focus, LayoutChoice, Model, Overlay, Screen};
use crate::app::words::toasts;
use std::time::Duration;

/// How long "Press Ctrl+C again" counts.
const ARMED: Duration = Duration::from_secs(2);

/// Esc: overlay, then selection or filter, then to the box; in a narrow window from the talk to the list.
pub fn back(model: &mut Model, fx: &mut Effects) {
    if let Some(top) = model.overlays.pop() {
        return keep_line(model, &top);
    }
    if !matches!(model.screen, Screen::Main) {
        return sign_in::back(model, fx);
    }
    match model.focus {
        Focus::Messages => focus::set(model, Focus::Composer),
        Focus::List if !model.list.filter.is_empty() => super::find_in_list(model, ""),
        Focus::List if model.open.is_some() => focus::set(model, Focus::Composer),
        Focus::Composer if narrow(model) => focus::set(model, Focus::List),
        Focus::List | Focus::Composer => {}
    }
}

/// Ctrl+C: closes, ends, clears; then asks to be pressed again, and quits.
pub fn interrupt(model: &mut Model, fx: &mut Effects) {
    if let Some(top) = model.overlays.pop() {
        return keep_line(model, &top);
    }
    if !matches!(model.screen, Screen::Main) {
        return if sign_in::interrupt(model, fx) { model.quit_armed = None } else { quit_or_arm(model, fx) };
    }
    match model.focus {
        Focus::Messages => return focus::set(model, Focus::Composer),
        Focus::List if !model.list.filter.is_empty() => return super::find_in_list(model, ""),
        Focus::List | Focus::Composer => {}
    }
    let talk = model.open.as_ref().and_then(|open| model.talks.get_mut(open));
    match talk.filter(|talk| !talk.composer.is_empty()) {
        Some(talk) => {
            talk.composer.clear();
            model.edited(fx);
            model.toast(toasts::cleared(&model.options));
        }
        None => quit_or_arm(model, fx),
    }
}

/// What is closed may leave something behind. A search lets go of its hit, and the place stays. A line typed into the
/// palette was typed into the box, for whoever does not look: undo brings it back there.
fn keep_line(model: &mut Model, closed: &Overlay) {
    if let Overlay::Find(_) = closed {
        model.jump = None;
        return focus::set(model, Focus::Composer);
    }
    let Overlay::Palette(picker) = closed else { return };
    let talk = model.open.as_ref().and_then(|open| model.talks.get_mut(open));
    if let Some(talk) = talk.filter(|talk| talk.composer.is_empty() && picker.filter.text().contains(' ')) {
        talk.composer.set_text(&format!("/{}", picker.filter.text()));
        talk.composer.clear();
    }
}

fn quit_or_arm(model: &mut Model, fx: &mut Effects) {
    if model.quit_armed.take().is_some_and(|until| model.now.mono < until) {
        return model.quit(fx);
    }
    model.quit_armed = Some(model.now.mono.saturating_add(ARMED));
    model.toast(toasts::AGAIN_TO_QUIT);
}

/// One pane at a time (ux 2).
pub fn narrow(model: &Model) -> bool {
    let (width, height) = (model.viewport.width, model.viewport.height);
    match model.options.layout {
        LayoutChoice::Narrow => true,
        _ if width == 0 => false,
        _ => width < 64 || height < 12,
    }
}

/// Too small for anything but leaving (ux 2).
pub fn tiny(model: &Model) -> bool {
    let (width, height) = (model.viewport.width, model.viewport.height);
    (width > 0 && width < 20) || (height > 0 && height < 6)
}
