//! Overlays: nothing leaks through them.

use super::*;
use crate::app::effect::LinkCommand;
use crate::app::model::Request;
use crate::app::picker::{self, GoToRow};
use crate::app::update::overlay;
use crate::xmpp::Command;

fn request(person: &mut Person) {
    let from = BareJid::parse("carol@example.org").unwrap();
    person.model.accounts[0].requests.push(Request { from, nick: Some(Line::clean("Carol")), text: None });
}

fn steps(fx: &Effects) -> Vec<&Command> {
    fx.iter()
        .filter_map(|effect| match effect {
            Effect::Link(_, LinkCommand::Session(command)) => Some(command),
            _ => None,
        })
        .collect()
}

#[test]
fn nothing_typed_over_an_overlay_reaches_the_box() {
    let openers = ["ctrl-k", "ctrl-p", "f1", "alt-s", "f4", "ctrl-n"];
    for opener in openers {
        let mut person = Person::talking();
        person.write("dr").press(opener);
        assert!(person.top().is_some(), "{opener}");
        person.write("xyz 1?").press("left home backspace ctrl-w alt-a ctrl-y up");
        person.paste("pasted\ntext");
        person.model.overlays.clear();
        assert_eq!((person.draft(), person.model.list.filter.as_str()), ("dr", ""), "{opener}");
        assert_eq!(person.model.focus, Focus::Composer, "{opener}");
    }
}

#[test]
fn slash_in_an_empty_box_is_the_palette() {
    let mut person = Person::talking();
    person.write("/");
    assert!(matches!(person.top(), Some(Overlay::Palette(_))));
    person.press("backspace");
    assert!(person.top().is_none());
    person.write("a/b");
    assert_eq!(person.draft(), "a/b", "elsewhere it is a letter");
}

#[test]
fn a_line_typed_into_the_palette_blindly_does_what_it_says() {
    let mut person = Person::talking();
    person.write("/msg dad are you up?").press("enter");
    assert_eq!(person.said_to("dad@example.org"), ["are you up?"]);
    person.open("bela@example.org");
    person.write("/away").press("enter");
    assert_eq!(person.model.accounts[0].appearance.show, Show::Away);
    person.write("//shrug").press("enter").write("/etc/hosts").press("enter");
    assert_eq!(person.said(), ["/shrug", "/etc/hosts"]);
    assert!(person.top().is_none());
}

#[test]
fn a_line_in_the_palette_survives_esc() {
    let mut person = Person::talking();
    person.write("/msg dad a long story").press("esc");
    assert_eq!(person.draft(), "");
    person.press("ctrl-z");
    assert_eq!(person.draft(), "/msg dad a long story");
}

#[test]
fn the_palette_runs_nothing_by_guess() {
    let mut person = Person::talking();
    person.write("/foo").press("enter");
    assert!(person.top().is_none());
    assert_eq!(person.draft(), "/foo");
    assert!(person.toast().starts_with("No command /foo."));
    person.press("enter");
    assert_eq!(person.said(), ["/foo"]);
    person.write("/sttus");
    let Some(Overlay::Palette(shown)) = person.top() else { panic!("no palette") };
    assert_eq!(picker::palette(&person.model, shown)[0].action.id, "status", "found loosely");
    person.press("enter");
    assert_eq!((person.top().is_none(), person.draft()), (true, "/sttus"), "but not run");
    person.press("ctrl-u").write("/sttus").press("down up enter");
    assert_eq!(person.draft(), "/sttus", "going there and back is no choice");
    person.press("ctrl-u").write("/edit");
    person.press("enter");
    assert_eq!((person.top().is_none(), person.draft()), (true, "/edit"), "a word of a title is no name");
}

#[test]
fn a_beginning_means_the_row_it_shows() {
    let mut person = Person::talking();
    person.write("/stat").press("enter");
    assert!(matches!(person.top(), Some(Overlay::Status { editing: false, .. })));
    person.press("esc").write("/rena").press("enter");
    assert_eq!(person.draft(), "/rename ", "what needs more goes on in the box");
}

#[test]
fn a_draft_is_never_overwritten_by_the_palette() {
    let mut person = Person::talking();
    person.write("draft").press("ctrl-p").write("rena").press("enter");
    assert_eq!(person.draft(), "draft");
    assert!(matches!(person.top(), Some(Overlay::Palette(picker)) if picker.filter.text() == "rename "));
    person.press("esc ctrl-p").write("foo").press("enter");
    assert_eq!((person.draft(), person.toast()), ("draft", "No command /foo"));
}

#[test]
fn ctrl_k_and_a_few_letters_go_there() {
    let mut person = Person::talking();
    person.press("ctrl-k").write("novak").press("enter");
    assert_eq!(person.opened(), Some("bela@example.org"), "accents fold");
    person.press("ctrl-k").write("wrk").press("enter");
    assert_eq!(person.opened(), Some("robert@example.org"), "found by group, loosely");
}

#[test]
fn an_empty_ctrl_k_is_the_next_thing() {
    let mut person = Person::talking();
    person.open("dad@example.org");
    person.press("ctrl-k enter");
    assert_eq!(person.opened(), Some("bela@example.org"), "the talk before");
    person.model.talks.entry(talk("robert@example.org")).or_insert_with(|| {
        let mut unread = crate::app::model::Conversation::new(talk("robert@example.org"));
        unread.unread = 2;
        unread
    });
    person.press("ctrl-k enter");
    assert_eq!(person.opened(), Some("robert@example.org"), "unread comes first");
}

#[test]
fn the_switcher_ends_with_commands_and_adding() {
    let mut person = Person::talking();
    person.press("ctrl-k").write("gro");
    let Some(Overlay::GoTo(shown)) = person.top() else { panic!("no switcher") };
    let rows = picker::go_to(&person.model, shown);
    let [.., GoToRow::Command(action), GoToRow::Add { address }] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((action.section, address.as_str()), ("Buddies", "gro"));
    person.press("up enter");
    assert!(matches!(person.top(), Some(Overlay::Add { address, .. }) if address.text() == "gro"));
}

#[test]
fn a_buddy_is_added_or_the_address_complained_about() {
    let mut person = Person::talking();
    person.press("ctrl-n").write("carol").press("enter");
    assert!(matches!(person.top(), Some(Overlay::Add { complaint: Some(_), .. })));
    person.write("@example.org").press("enter");
    assert!(person.top().is_none());
    assert!(steps(&person.fx).iter().any(|command| matches!(command, Command::Subscription { .. })));
}

#[test]
fn the_status_menu_sets_state_and_message() {
    let mut person = Person::talking();
    person.press("alt-s down").write("off to the sea").press("enter");
    let appearance = &person.model.accounts[0].appearance;
    assert_eq!((appearance.show, appearance.status.as_deref()), (Show::Busy, Some("off to the sea")));
    person.press("alt-m ctrl-u enter");
    let appearance = &person.model.accounts[0].appearance;
    assert_eq!((appearance.show, appearance.status.as_deref()), (Show::Busy, None));
    person.press("alt-s");
    overlay::activate_row(&mut person.model, 2, &mut person.fx);
    assert_eq!(person.model.accounts[0].appearance.show, Show::Away, "by a click");
}

#[test]
fn requests_are_answered_by_letter_or_command() {
    let mut person = Person::talking();
    request(&mut person);
    let open = || {
        let account = AccountId::new("anna@example.org");
        Overlay::Request { account, from: BareJid::parse("carol@example.org").unwrap() }
    };
    person.model.overlays.push(open());
    person.write("x").press("esc");
    assert_eq!(person.model.accounts[0].requests.len(), 1, "Esc leaves it open");
    person.model.overlays.push(open());
    person.press("d");
    assert!(person.model.accounts[0].requests.is_empty() && person.top().is_none());
    request(&mut person);
    person.paste("/accept carol");
    person.press("enter");
    assert!(person.model.accounts[0].requests.is_empty());
    person.paste("/deny");
    person.press("enter");
    assert_eq!(person.toast(), "Not now: nobody is waiting for an answer");
}

#[test]
fn a_large_paste_is_asked_about() {
    let mut person = Person::talking();
    let text = "line\n".repeat(34);
    person.paste(&text);
    assert_eq!(person.toast(), "34 lines pasted. Up opens it; Enter asks before it sends");
    person.press("enter");
    assert!(matches!(person.top(), Some(Overlay::PasteSend { lines: 34 })));
    person.write("x").press("esc");
    assert!(person.said().is_empty() && person.draft().lines().count() == 34);
    person.press("enter k");
    assert_eq!(person.said(), [format!("```\n{}\n```", text.trim_end())]);
}

#[test]
fn a_plain_reply_in_an_encrypted_talk_is_asked_about_once() {
    let mut person = Person::talking();
    person.model.talks.get_mut(&talk("bela@example.org")).unwrap().warn_plain = true;
    person.write("hello").press("enter");
    assert!(matches!(person.top(), Some(Overlay::PlainReply)));
    person.press("esc");
    assert_eq!((person.draft(), person.said().len()), ("hello", 0));
    person.press("enter enter").write("again").press("enter");
    assert_eq!(person.said(), ["hello", "again"]);
}

#[test]
fn signing_out_asks_and_ticks() {
    let mut person = Person::talking();
    person.paste("/logout");
    person.press("enter");
    let ticks = |person: &Person| match person.top() {
        Some(Overlay::SignOut(question)) => (question.forget, question.everywhere),
        _ => panic!("no question"),
    };
    assert_eq!(ticks(&person), (true, false), "nobody else is signed out by mistake");
    person.press("space down");
    assert_eq!(ticks(&person), (false, false));
    person.press("space");
    assert_eq!(ticks(&person), (false, true));
    person.press("down space");
    assert_eq!(ticks(&person), (true, true), "once around");
    person.press("esc");
    assert!(person.top().is_none() && person.model.accounts[0].signing_out.is_none());
    person.paste("/logout");
    person.press("enter enter");
    assert!(person.model.accounts.is_empty() || person.model.accounts[0].signing_out.is_some());
}

#[test]
fn quitting_with_something_pending_asks() {
    let mut person = Person::talking();
    person.model.accounts[0].link = LinkState::Idle;
    person.write("hello").press("enter ctrl-q");
    assert!(matches!(person.top(), Some(Overlay::Quit { pending: 1 })));
    person.press("esc");
    assert_eq!(person.model.leaving, None);
    person.press("ctrl-q q");
    assert_eq!(person.model.leaving, Some(0));
}

#[test]
fn help_filters_by_text_and_by_key_and_does_what_it_shows() {
    let mut person = Person::talking();
    let rows = picker::help(&person.model, "ctrl-g", true);
    assert!(rows.is_empty(), "nothing is bound to it yet");
    let rows = picker::help(&person.model, "ctrl-k", false);
    assert_eq!(rows.iter().map(|row| row.action.id).collect::<Vec<_>>(), ["go-to"]);
    let here = picker::help(&person.model, "", false).len();
    assert!(here < picker::help(&person.model, "", true).len());
    person.press("f1").write("find a buddy").press("enter");
    assert!(matches!(person.top(), Some(Overlay::GoTo(_))));
    person.press("esc f1 f1");
    assert!(matches!(person.top(), Some(Overlay::Help { all: true, .. })));
}

#[test]
fn palette_rows_tell_why_they_cannot_be_run() {
    let person = Person::newcomer();
    let rows = picker::palette(&person.model, &crate::app::model::Picker::default());
    let row = |id: &str| rows.iter().find(|row| row.action.id == id).unwrap();
    assert_eq!(row("msg").unavailable, Some("sign in first"));
    assert_eq!(row("login").unavailable, None);
    assert!(rows.iter().all(|row| !row.action.id.starts_with("talk-")), "nine rows for nine keys help nobody");
}

#[test]
fn slash_account_shows_what_was_agreed_to_and_goes_round() {
    let mut person = Person::with_accounts(vec![setup("anna@example.org"), setup("anna@work.example")]);
    let shown = |person: &Person| match person.top() {
        Some(Overlay::Account { account, raw }) => (account.to_string(), *raw),
        other => panic!("{other:?}"),
    };
    person.write("/account anna@work.example").press("enter");
    assert_eq!(shown(&person), ("anna@work.example".to_owned(), false));
    person.press("tab");
    assert_eq!(shown(&person).0, "anna@example.org");
    person.press("shift-tab i");
    assert_eq!(shown(&person), ("anna@work.example".to_owned(), true));
    person.press("s");
    assert!(
        matches!(person.top(), Some(Overlay::SignOut(question)) if question.account.as_str() == "anna@work.example")
    );
    person.press("esc").write("/account").press("enter");
    assert_eq!(shown(&person).0, "anna@example.org");
    person.press("enter");
    assert!(person.top().is_none());
}

#[test]
fn row_003_06_the_account_leads_to_taking_back_here_and_to_the_page_for_it() {
    let page = "https://id.example.org/consents";
    let agreed = crate::oauth::Agreement { page: Some(page.to_owned()), ..Default::default() };
    let mut person = Person::talking();
    person.write("/account").press("enter r");
    assert!(matches!(person.top(), Some(Overlay::Account { .. })), "there is no consent to take back");
    person.press("esc");
    person.model.accounts[0].agreement = Some(agreed);
    person.model.options.can_open_browser = true;
    person.write("/account").press("enter");
    person.press("u");
    assert!(matches!(&person.fx[..], [Effect::Clipboard(to)] if to == page), "{:?}", person.fx);
    person.press("b");
    assert!(matches!(&person.fx[..], [Effect::OpenUrl(to)] if to == page), "{:?}", person.fx);
    person.press("r esc");
    assert!(person.model.accounts[0].signing_out.is_none(), "it asks first");
    person.write("/account").press("enter r");
    person.press("enter");
    assert!(matches!(&person.fx[..], [Effect::Link(_, LinkCommand::SignOut { everywhere: false })]), "{:?}", person.fx);
    let what = person.model.accounts[0].signing_out;
    assert_eq!(what, Some(crate::app::model::Leaving::Consent));
}
