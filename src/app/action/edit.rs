//! The keys of every field, large or small: the same in the box of a talk, a dialog and the sign-in screen.

use crate::app::action::Place;
use crate::app::composer::Composer;
use crate::app::event::{Key, KeyCode};
use crate::app::keymap;
use crate::app::model::Options;

/// Changes a field. The name of the editing action; true when it was one.
///
/// `killed` is what the last deletion of a word or line took; it is handed around so that it can be put back in
/// another field.
pub(in crate::app) fn apply(composer: &mut Composer, id: &str, killed: &mut String) -> bool {
    match id {
        "line-start" => composer.home(),
        "line-end" => composer.end(),
        "word-left" => composer.word_left(),
        "word-right" => composer.word_right(),
        "del-word-back" => keep(composer.kill_word_back(), killed),
        "del-word" => keep(composer.kill_word(), killed),
        "kill-start" => keep(composer.kill_start(), killed),
        "kill-end" => keep(composer.kill_end(), killed),
        "yank" => drop(composer.paste(killed)),
        "undo" => drop(composer.undo()),
        "redo" => drop(composer.redo()),
        _ => return false,
    }
    true
}

fn keep(text: String, killed: &mut String) {
    if !text.is_empty() {
        *killed = text;
    }
}

/// A key for a one-line field: moving, deleting, typing. True when it was for the field.
pub(in crate::app) fn field_key(options: &Options, composer: &mut Composer, key: Key, killed: &mut String) -> bool {
    if let Some(action) = keymap::action(options, Place::Composer, key)
        && apply(composer, action.id, killed)
    {
        return true;
    }
    basic_key(composer, key)
}

/// The keys that no map changes: arrows, Backspace, Delete, characters.
pub(in crate::app) fn basic_key(composer: &mut Composer, key: Key) -> bool {
    if key.ctrl || key.alt {
        return false;
    }
    match key.code {
        KeyCode::Left => composer.left(),
        KeyCode::Right => composer.right(),
        KeyCode::Backspace => drop(composer.backspace()),
        KeyCode::Delete => drop(composer.delete()),
        KeyCode::Char(c) => drop(composer.insert(c)),
        _ => return false,
    }
    true
}

/// The key writes a character.
pub(in crate::app) fn types(key: Key) -> bool {
    matches!(key.code, KeyCode::Char(_)) && !key.ctrl && !key.alt
}
