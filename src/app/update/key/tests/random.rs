//! Whatever is pressed, in whatever order.

use super::*;
use crate::app::action;
use proptest::prelude::*;

/// Every key of the map, letters, and some that mean nothing; without the ones that send.
fn keys() -> impl Strategy<Value = Vec<String>> {
    let mapped = action::all().iter().flat_map(|action| action.keys).map(|key| (*key).to_owned());
    let plain = ["a", "/", "?", "x", "backspace", "delete", "left", "up", "down", "f7", "ctrl-x", "é", "1", "y", "k"];
    let all: Vec<String> = mapped.chain(plain.map(str::to_owned)).filter(|key| !sends(key)).collect();
    prop::collection::vec(prop::sample::select(all), 0..120)
}

/// Enter sends and answers; a click on a question too.
fn sends(key: &str) -> bool {
    ["enter", "alt-enter", "shift-enter"].contains(&key)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn nothing_is_sent_without_enter(keys in keys(), width in 0_u16..120, height in 0_u16..40) {
        let mut person = Person::talking();
        person.model.viewport.width = width;
        person.model.viewport.height = height;
        for (at, key) in keys.iter().enumerate() {
            person.press(key);
            if at % 17 == 0 {
                person.paste("pasted /msg dad\n\n/quit\u{1b}");
            }
        }
        for peer in ["bela@example.org", "dad@example.org", "robert@example.org"] {
            prop_assert!(person.said_to(peer).is_empty());
        }
    }

    #[test]
    fn a_newcomer_can_press_anything(keys in keys(), enter_at in 1_usize..9) {
        let mut person = Person::newcomer();
        for (at, key) in keys.iter().enumerate() {
            person.press(key);
            if at % enter_at == 0 {
                person.press("enter");
            }
        }
        // Without an account there is nobody to write to, and the main screen cannot be reached.
        prop_assert!(person.model.open.is_none());
        prop_assert!(!matches!(person.model.screen, Screen::Main) || !person.model.accounts.is_empty());
    }

    #[test]
    fn a_key_for_an_overlay_never_changes_the_box(keys in keys(), opener in 0_usize..5) {
        let openers = ["ctrl-k", "f1", "alt-s", "f4", "ctrl-n"];
        let mut person = Person::talking();
        person.write("draft").press(openers[opener]);
        for key in keys {
            person.press(&key);
            if person.top().is_none() {
                break;
            }
            prop_assert_eq!(person.draft(), "draft");
        }
    }
}
