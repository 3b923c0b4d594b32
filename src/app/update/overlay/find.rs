//! Keys of the search.

use super::{After, edits, walks};
use crate::app::action::Effects;
use crate::app::event::{Key, KeyCode};
use crate::app::model::{Find, Model};

/// Letters are looked for at once. In a talk Up goes to what was said before; in the list of everywhere Down does, for it
/// lies below.
pub(super) fn on_key(model: &mut Model, find: &mut Find, key: Key, meant: &str, fx: &mut Effects) -> After {
    match key.code {
        KeyCode::Enter => return enter(model, find, fx),
        KeyCode::Tab if find.talk.is_some() => {
            find.everywhere = !find.everywhere;
            model.look_for(find, fx);
        }
        _ if find.everywhere => {
            let count = find.hits.len();
            if walks(&mut find.selected, || count, key) {
                model.look_further(find, fx);
            } else if edits(model, &mut find.words, key) {
                model.look_for(find, fx);
            }
        }
        KeyCode::Up => step(model, find, true, fx),
        KeyCode::Down => step(model, find, false, fx),
        _ if meant == "find" => step(model, find, true, fx),
        _ => {
            if edits(model, &mut find.words, key) {
                model.look_for(find, fx);
            }
        }
    }
    After::Stay
}

/// The next hit before this one, or after it.
fn step(model: &mut Model, find: &mut Find, before: bool, fx: &mut Effects) {
    let last = find.hits.len().saturating_sub(1);
    find.selected = if before { (find.selected + 1).min(last) } else { find.selected.saturating_sub(1) };
    model.look_further(find, fx);
    model.show_hit(find, fx);
}

/// Goes to the chosen hit, and stays there.
pub(super) fn enter(model: &mut Model, find: &mut Find, fx: &mut Effects) -> After {
    let Some(hit) = find.hits.get(find.selected) else { return After::Stay };
    let (talk, at) = (hit.talk.clone(), (hit.stamp, hit.key));
    model.go_to_message(&talk, at, fx);
    After::Close
}
