//! Box, messages and list.

use super::*;

#[test]
fn type_and_press_enter_and_it_goes_to_the_name_on_the_box() {
    let mut person = Person::talking();
    person.write("are we on for sunday?").press("enter");
    assert_eq!(person.said(), ["are we on for sunday?"]);
    assert_eq!(person.draft(), "");
    person.press("ctrl-z");
    assert_eq!(person.draft(), "are we on for sunday?", "undo brings back what was sent");
}

#[test]
fn blank_text_is_not_sent() {
    let mut person = Person::talking();
    person.write("   ").press("enter");
    assert!(person.said().is_empty());
}

#[test]
fn new_lines_are_written_and_enter_can_be_swapped() {
    let mut person = Person::talking();
    person.write("one").press("ctrl-j").write("two").press("enter");
    assert_eq!(person.said(), ["one\ntwo"]);
    person.model.options.enter_newline = true;
    person.write("three").press("enter").write("four").press("ctrl-j");
    assert_eq!(person.said(), ["one\ntwo", "three\nfour"]);
}

#[test]
fn an_unknown_command_is_neither_sent_nor_lost() {
    let mut person = Person::talking();
    person.paste("/foo bar");
    person.press("enter");
    assert_eq!(person.toast(), "No command /foo. Enter again sends it as text · Tab shows commands");
    assert_eq!((person.draft(), person.said().len()), ("/foo bar", 0));
    person.press("enter");
    assert_eq!(person.said(), ["/foo bar"]);
}

#[test]
fn a_command_behind_a_blank_asks_first() {
    let mut person = Person::talking();
    person.write(" /quit").press("enter");
    assert!(person.model.leaving.is_none() && person.said().is_empty());
    person.press("enter");
    assert_eq!(person.said(), [" /quit"]);
}

#[test]
fn two_slashes_and_paths_are_text() {
    let mut person = Person::talking();
    for text in ["//shrug", "/etc/hosts"] {
        person.paste(text);
        person.press("enter");
    }
    assert_eq!(person.said(), ["/shrug", "/etc/hosts"]);
}

#[test]
fn commands_of_the_box_run() {
    let mut person = Person::talking();
    person.paste("/msg Dad are you up?");
    person.press("enter");
    assert_eq!(person.opened(), Some("dad@example.org"));
    assert_eq!(person.said_to("dad@example.org"), ["are you up?"]);
    assert_eq!(person.draft(), "");
    person.paste("/msg bela novák hello there");
    person.press("enter");
    assert_eq!(person.said(), ["hello there"], "a name of two words");
    person.paste("/me waves");
    person.press("enter");
    assert_eq!(person.said(), ["hello there", "/me waves"]);
    person.paste("/busy in a meeting");
    person.press("enter");
    let appearance = &person.model.accounts[0].appearance;
    assert_eq!((appearance.show, appearance.status.as_deref()), (Show::Busy, Some("in a meeting")));
    person.paste("/back");
    person.press("enter");
    assert_eq!(person.model.accounts[0].appearance.status.as_deref(), Some("in a meeting"), "the message stays");
    person.paste("/personal");
    person.press("enter");
    assert_eq!(person.model.accounts[0].appearance.status, None, "nothing clears it");
}

#[test]
fn a_command_for_nobody_says_so() {
    let mut person = Person::talking();
    person.paste("/msg zelda hi");
    person.press("enter");
    assert!(person.toast().starts_with("Nobody on your list is called “zelda”."), "{}", person.toast());
    person.press("ctrl-z");
    assert_eq!(person.draft(), "/msg zelda hi");
    person.press("ctrl-u");
    person.paste("/msg stranger@example.net hi");
    person.press("enter");
    assert_eq!(person.opened(), Some("stranger@example.net"), "an address needs no list");
}

#[test]
fn drafts_stay_with_their_talk() {
    let mut person = Person::talking();
    person.write("to bela");
    person.open("dad@example.org");
    person.write("to dad").press("alt-/");
    assert_eq!(person.opened(), Some("bela@example.org"));
    assert_eq!((person.draft(), person.draft_of("dad@example.org")), ("to bela", "to dad"));
}

#[test]
fn what_was_sent_comes_back_with_alt_p() {
    let mut person = Person::talking();
    person.write("first").press("enter").write("second").press("enter").write("dra");
    person.press("alt-p alt-p");
    assert_eq!(person.draft(), "first");
    person.press("alt-n alt-n");
    assert_eq!(person.draft(), "dra");
}

#[test]
fn letters_typed_anywhere_but_in_the_list_reach_the_box() {
    let mut person = Person::talking();
    person.write("hello").press("enter ctrl-up");
    assert_eq!(person.model.focus, Focus::Messages);
    person.write("ok");
    assert_eq!((person.model.focus, person.draft()), (Focus::Composer, "ok"));
}

#[test]
fn a_selected_message_is_copied_and_left() {
    let mut person = Person::talking();
    person.write("hello").press("enter").write("draft").press("ctrl-up y");
    assert!(matches!(&person.fx[..], [Effect::Clipboard(text)] if text == "hello"), "{:?}", person.fx);
    assert_eq!(person.toast(), "Message copied");
    person.press("esc");
    assert_eq!((person.model.focus, person.draft()), (Focus::Composer, "draft"));
}

#[test]
fn a_failed_message_is_sent_again_or_discarded() {
    let mut person = Person::talking();
    person.write("hello").press("enter");
    let fail = |person: &mut Person| {
        let talk = person.model.talks.get_mut(&talk("bela@example.org")).unwrap();
        talk.messages.back_mut().unwrap().state = MessageState::Failed(Problem::NotSent);
    };
    fail(&mut person);
    person.press("ctrl-up enter");
    let talk_of = |person: &Person| person.model.talks[&talk("bela@example.org")].messages.back().cloned();
    assert_eq!(talk_of(&person).unwrap().state, MessageState::Pending);
    fail(&mut person);
    person.press("esc");
    person.paste("/discard");
    person.press("enter");
    assert_eq!(talk_of(&person), None);
    person.paste("/retry");
    person.press("enter");
    assert_eq!(person.toast(), "Not now: no message here has failed");
}

#[test]
fn typing_in_the_list_finds_a_buddy() {
    let mut person = Person::talking();
    person.write("draft").press("f3").write("beck");
    assert_eq!((person.model.list.filter.as_str(), person.draft()), ("beck", "draft"));
    person.press("enter");
    assert_eq!(person.opened(), Some("robert@example.org"));
    assert_eq!((person.model.focus, person.model.list.filter.as_str()), (Focus::Composer, ""));
}

#[test]
fn without_a_talk_keys_are_the_lists() {
    let mut person = Person::new();
    person.write("dad");
    assert_eq!((person.model.focus, person.model.list.filter.as_str()), (Focus::List, "dad"));
    person.press("backspace");
    assert_eq!(person.model.list.filter, "da");
    person.press("esc");
    assert_eq!(person.model.list.filter, "");
}

#[test]
fn tab_walks_round_and_completes_commands() {
    let mut person = Person::talking();
    person.write("hi").press("enter");
    let mut places = Vec::new();
    for _ in 0..3 {
        person.press("tab");
        places.push(person.model.focus);
    }
    assert_eq!(places, [Focus::Messages, Focus::List, Focus::Composer]);
    person.press("shift-tab");
    assert_eq!(person.model.focus, Focus::List);
    person.press("esc");
    person.paste("/renam");
    person.press("tab");
    assert_eq!(person.draft(), "/rename ");
    person.press("ctrl-u");
    person.paste("/msg bel");
    person.press("tab").write("hello").press("enter");
    assert_eq!(person.said(), ["hi", "hello"], "a name with a blank is quoted");
}

#[test]
fn esc_never_deletes_and_never_quits() {
    let mut person = Person::talking();
    person.write("text").press("esc esc esc esc esc");
    assert_eq!((person.draft(), person.model.leaving), ("text", None));
}

#[test]
fn in_a_narrow_window_esc_leads_to_the_list_and_back() {
    let mut person = Person::talking();
    person.model.viewport.width = 50;
    person.press("esc");
    assert_eq!(person.model.focus, Focus::List);
    person.press("esc");
    assert_eq!(person.model.focus, Focus::Composer);
}

#[test]
fn ctrl_c_goes_layer_by_layer() {
    let mut person = Person::talking();
    person.write("hi").press("enter").write("draft").press("ctrl-up ctrl-k");
    person.press("ctrl-c");
    assert!(person.top().is_none() && person.model.focus == Focus::Messages);
    person.press("ctrl-c");
    assert_eq!((person.model.focus, person.draft()), (Focus::Composer, "draft"));
    person.press("ctrl-c");
    assert_eq!((person.draft(), person.toast()), ("", "Cleared. Ctrl+Z brings it back"));
    person.press("ctrl-z");
    assert_eq!(person.draft(), "draft");
}

#[test]
fn ctrl_c_twice_within_two_seconds_quits() {
    let mut person = Person::new();
    person.press("ctrl-c");
    assert_eq!(person.toast(), "Press Ctrl+C again to quit");
    person.wait(Duration::from_secs(3));
    person.press("ctrl-c");
    assert_eq!(person.model.leaving, None, "too late: armed anew");
    person.press("ctrl-l ctrl-c");
    assert_eq!(person.model.leaving, None, "another key came between");
    person.press("ctrl-c");
    assert_eq!(person.model.leaving, Some(0));
}

#[test]
fn in_a_tiny_window_only_leaving_works() {
    let mut person = Person::talking();
    person.model.viewport.height = 5;
    person.write("x").press("ctrl-k");
    assert!(person.draft().is_empty() && person.top().is_none());
    person.press("ctrl-q");
    assert_eq!(person.model.leaving, Some(0));
}

#[test]
fn a_paste_is_text_and_sends_nothing() {
    let mut person = Person::talking();
    person.paste("one\u{1b}[2J\n/quit\n");
    assert_eq!((person.draft(), person.said().len()), ("one[2J\n/quit", 0));
    assert_eq!(person.toast(), "1 control character removed");
    person.press("enter");
    assert_eq!(person.said(), ["one[2J\n/quit"]);
}

#[test]
fn own_keys_are_obeyed() {
    let mut person = Person::talking();
    let bindings = [("ctrl-k".to_owned(), "kill-end".to_owned())].into();
    person.model.options.keys.insert("composer".to_owned(), bindings);
    person.write("hello there").press("home ctrl-right ctrl-k");
    assert_eq!(person.draft(), "hello");
    person.open("dad@example.org");
    person.press("ctrl-y");
    assert_eq!(person.draft_of("dad@example.org"), " there", "put back in another talk");
}
