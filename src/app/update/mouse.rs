//! Clicks and wheels: each means what a key means.

use super::{key, overlay};
use crate::app::action::{self, Effects};
use crate::app::event::{Key, KeyCode, MouseAction, Target};
use crate::app::model::{Focus, Model, Screen};

/// What a click on a row of the welcome screen means.
const ENTER: Key = Key { code: KeyCode::Enter, ctrl: false, alt: false, shift: false };

/// A click or a turn of the wheel.
pub(super) fn on_mouse(model: &mut Model, action: MouseAction, target: Target, fx: &mut Effects) {
    match (action, target) {
        (MouseAction::Wheel(rows), target) => wheel(model, rows, &target, fx),
        (MouseAction::Middle, Target::Tab(key)) => model.close_talk(&key, fx),
        (MouseAction::Click, Target::OverlayRow(row)) => overlay::activate_row(model, row, fx),
        // What lies below an overlay does not answer.
        (MouseAction::Click, _) if !model.overlays.is_empty() => {}
        (MouseAction::Click, Target::WelcomeRow(row)) => welcome(model, row, fx),
        (MouseAction::Click, Target::ListRow(row)) => list_row(model, row, fx),
        (MouseAction::Click, Target::Message(key)) => model.select(key),
        (MouseAction::Click, Target::Tab(key)) => model.open_talk(&key, fx),
        (MouseAction::Click, Target::OwnState) => act(model, "status", fx),
        (MouseAction::Click, Target::Commands) => act(model, "palette", fx),
        (MouseAction::Click, Target::Composer { row, column }) => composer(model, row, column),
        (MouseAction::Click, Target::List) => model.focus = Focus::List,
        _ => {}
    }
}

fn wheel(model: &mut Model, rows: i32, target: &Target, fx: &mut Effects) {
    match target {
        Target::ListRow(_) | Target::List => model.list_wheel(rows),
        Target::Message(_) | Target::Conversation => model.scroll_rows(rows, fx),
        _ => {}
    }
}

fn list_row(model: &mut Model, row: usize, fx: &mut Effects) {
    model.list.selected = row;
    model.list_open(fx);
}

fn welcome(model: &mut Model, row: usize, fx: &mut Effects) {
    if let Screen::Welcome(welcome) = &mut model.screen {
        welcome.selected = row;
        key::on_key(model, ENTER, fx);
    }
}

fn composer(model: &mut Model, row: u16, column: u16) {
    model.focus = Focus::Composer;
    let width = model.viewport.composer;
    let Some(key) = model.open.clone() else { return };
    let talk = model.talk_mut(&key);
    talk.selected = None;
    talk.composer.click(usize::from(row), usize::from(column), width);
}

/// Does what an action of the registry does.
fn act(model: &mut Model, id: &str, fx: &mut Effects) {
    action::run_id(model, id, fx);
}
