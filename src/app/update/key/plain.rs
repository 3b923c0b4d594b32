//! Plain writing: keys that change the box of the open talk, and nothing else that shows.
//!
//! The eye paints only the box after such a key ([`Model::around`] stands still). So this file is the whole list of
//! what one may do: text and cursor of one composer; and, unseen, when its draft is due and whether typing was told. A
//! key that may do more is not taken here.

use super::{composer_key, is_char, layers, place};
use crate::app::action::{Effects, Place};
use crate::app::event::{Key, KeyCode};
use crate::app::keymap;
use crate::app::model::{Conversation, Model, Screen};

/// Takes a key that only writes; false: it is no such key, and nothing was done.
pub fn on_key(model: &mut Model, key: Key, fx: &mut Effects) -> bool {
    let key = keymap::normal(key);
    let Some(before) = written(model).filter(|_| only_writes(model, key)) else { return false };
    model.quit_armed = None;
    composer_key(model, key, fx);
    // The list tells of drafts, and an empty box is none.
    if written(model) == Some(before) {
        model.touch_box();
    } else {
        model.touch();
    }
    true
}

/// What other panes know of the text in the box: whether there is one, and whether it counts as a draft.
fn written(model: &Model) -> Option<(bool, bool)> {
    let talk: &Conversation = model.talks.get(model.open.as_ref()?)?;
    Some((talk.composer.is_empty(), talk.has_draft()))
}

fn only_writes(model: &Model, key: Key) -> bool {
    let in_the_box = matches!(model.screen, Screen::Main)
        && model.overlays.is_empty()
        && place(model) == Place::Composer
        && !layers::tiny(model);
    in_the_box && is_plain(key) && !is_char(key, '/') && keymap::action(&model.options, Place::Composer, key).is_none()
}

/// A character, or a key that moves or deletes by one.
fn is_plain(key: Key) -> bool {
    use KeyCode::{Backspace, Char, Delete, Down, Left, Right, Up};
    !key.ctrl && !key.alt && matches!(key.code, Char(_) | Backspace | Delete | Left | Right | Up | Down)
}
