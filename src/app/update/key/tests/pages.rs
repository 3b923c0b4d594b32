//! The screen of a sign-in on a page: its keys, and the field for what the browser ended on.

use super::*;
use crate::app::effect::LinkCommand;
use crate::app::event::{BrowserPrompt, Consent, Fallback, LinkEvent, LinkFact, Outlook, PasteFault};
use crate::app::model::{SignInScreen, SignInWay};
use crate::types::{Epoch, Stamp};

const BACK: &str = "http://127.0.0.1:4711/callback?code=abc&state=xyz";

fn screen(person: &Person) -> &SignInScreen {
    match &person.model.screen {
        Screen::SignIn(screen) => screen,
        other => panic!("{other:?}"),
    }
}

fn told(person: &mut Person, consent: Consent) {
    let id = screen(person).account.clone().unwrap();
    let epoch = person.model.account(&id).map_or(Epoch(0), |account| account.epoch);
    person.happen(Event::Link(id, LinkEvent { epoch, fact: LinkFact::Consent(consent) }));
}

fn prompt() -> BrowserPrompt {
    BrowserPrompt {
        service: Line::clean("example.org"),
        host: Line::clean("id.example.org"),
        address: "https://id.example.org/authorize?state=xyz".to_owned(),
        listening: true,
        scopes: Vec::new(),
        outlook: Outlook::Lasting,
        expires: Stamp(600_000),
        lifetime: Duration::from_secs(600),
    }
}

/// Somebody who looks at a page's address.
fn at_page(options: Options) -> Person {
    let mut person = Person::newcomer();
    person.model.options = options;
    person.press("2").write("anna@example.org").press("enter m");
    told(&mut person, Consent::SteppingDown { domain: Line::clean("example.org"), to: Fallback::Page });
    told(&mut person, Consent::Browser(prompt()));
    person
}

fn here() -> Options {
    Options { can_open_browser: true, ..Options::default() }
}

fn handed_on(person: &Person) -> Vec<String> {
    let address = |effect: &Effect| match effect {
        Effect::Link(_, LinkCommand::Redirected { address }) => Some(address.expose().clone()),
        _ => None,
    };
    person.fx.iter().filter_map(address).collect()
}

#[test]
fn nothing_is_opened_or_copied_unasked() {
    let mut person = at_page(here());
    assert_eq!(screen(&person).stepped_down, Some(Fallback::Page), "it is said why");
    assert!(!person.fx.iter().any(|effect| matches!(effect, Effect::OpenUrl(_) | Effect::Clipboard(_))));
    person.press("b");
    assert!(matches!(&person.fx[..], [Effect::OpenUrl(address)] if *address == prompt().address));
    person.press("u");
    assert!(matches!(&person.fx[..], [Effect::Clipboard(address)] if *address == prompt().address));
    let mut far = at_page(Options { over_ssh: true, ..here() });
    far.press("b");
    assert!(far.fx.is_empty(), "over ssh there is no browser to open");
}

#[test]
fn a_paste_goes_into_the_field_and_enter_hands_it_on_once() {
    let mut person = at_page(here());
    person.paste(&format!("{BACK}\n"));
    assert!(handed_on(&person).is_empty(), "a paste sends nothing");
    assert_eq!(screen(&person).pasted.text(), BACK);
    person.press("enter");
    assert_eq!(handed_on(&person), [BACK]);
    assert!(screen(&person).pasted.is_empty(), "it holds a code: not kept on the screen");
    person.press("enter");
    assert!(handed_on(&person).is_empty(), "nothing is handed on twice");
}

#[test]
fn what_was_refused_gets_a_hint_and_another_try() {
    let mut person = at_page(here());
    person.paste("https://id.example.org/authorize");
    person.press("enter");
    told(&mut person, Consent::PasteRefused(PasteFault::OtherPage));
    assert!(matches!(screen(&person).step, SignInStep::Browser { fault: Some(PasteFault::OtherPage), .. }));
    assert_eq!(screen(&person).field, 1);
    person.write("junk");
    person.paste(BACK);
    person.press("enter");
    assert_eq!(handed_on(&person), [BACK], "a paste takes the place of what stood there");
    assert!(matches!(screen(&person).step, SignInStep::Browser { fault: None, .. }));
}

#[test]
fn letters_are_keys_until_the_field_has_the_cursor() {
    let mut person = at_page(here());
    person.press("p").write("bu");
    assert_eq!(screen(&person).pasted.text(), "bu", "typed, not obeyed");
    assert!(person.model.killed.is_empty());
    person.press("esc");
    assert_eq!((screen(&person).field, screen(&person).pasted.text()), (0, "bu"), "one step back, nothing lost");
    person.press("tab ctrl-c");
    assert!(screen(&person).pasted.is_empty());
    person.press("ctrl-c");
    assert_eq!(screen(&person).field, 0);
    person.press("esc");
    assert!(matches!(person.model.screen, Screen::Welcome(_)), "the second gives it up");
}

#[test]
fn without_web_sign_in_the_password_form_stands_there_with_the_reason() {
    let mut person = Person::newcomer();
    person.press("2").write("anna@example.org").press("enter m");
    told(&mut person, Consent::SteppingDown { domain: Line::clean("example.org"), to: Fallback::Password });
    let domain = crate::types::Domain::parse("example.org").unwrap();
    told(&mut person, Consent::Failed(crate::types::Problem::NoDeviceSignIn { domain }));
    let form = screen(&person);
    assert_eq!((form.way, form.field, form.stepped_down), (SignInWay::Password, 1, Some(Fallback::Password)));
    assert!(matches!(form.step, SignInStep::Where), "no box lies over it");
    assert_eq!(form.address.text(), "anna@example.org");
    person.write("secret").press("enter");
    assert!(person.fx.iter().any(|effect| matches!(effect, Effect::Link(_, LinkCommand::Password { .. }))));
}
