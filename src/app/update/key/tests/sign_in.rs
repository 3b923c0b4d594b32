//! Welcome and sign-in.

use super::*;
use crate::app::effect::LinkCommand;
use crate::app::event::{CodePrompt, Consent, Keep, LinkEvent, LinkFact, Outlook};
use crate::app::model::{SignInScreen, SignInWay};
use crate::app::ops::Banner;
use crate::oauth::Asking;
use crate::types::{Epoch, Stamp};

fn screen(person: &Person) -> &SignInScreen {
    match &person.model.screen {
        Screen::SignIn(screen) => screen,
        other => panic!("{other:?}"),
    }
}

fn screen_mut(person: &mut Person) -> &mut SignInScreen {
    match &mut person.model.screen {
        Screen::SignIn(screen) => screen,
        other => panic!("{other:?}"),
    }
}

/// Somebody who looks at a code.
fn at_code() -> Person {
    let mut person = Person::newcomer();
    person.press("2").write("anna@example.org").press("enter m");
    let prompt = Box::new(CodePrompt {
        service: Line::clean("example.org"),
        address: Line::clean("https://id.example.org/device"),
        complete: Some(Line::clean("https://id.example.org/device?user_code=WDJB-MJHT")),
        code: Line::clean("WDJB MJHT"),
        expires: Stamp(900_000),
        lifetime: Duration::from_secs(900),
        scopes: Vec::new(),
        outlook: Outlook::Lasting,
        local_only: false,
    });
    screen_mut(&mut person).step = SignInStep::Code { prompt, trouble: None };
    person
}

#[test]
fn the_welcome_screen_opens_each_of_its_rows() {
    let mut person = Person::newcomer();
    person.press("1");
    assert!(matches!(&person.fx[..], [Effect::StartDemo]));
    for (key, way) in [("2", SignInWay::Code), ("3", SignInWay::Password), ("4", SignInWay::Messenger)] {
        let mut person = Person::newcomer();
        person.press(key);
        assert_eq!(screen(&person).way, way);
        person.press("esc");
        assert!(matches!(person.model.screen, Screen::Welcome(_)));
    }
    person.press("down down up enter");
    assert_eq!(screen(&person).way, SignInWay::Code);
}

#[test]
fn commands_and_help_are_there_from_the_first_screen() {
    let mut person = Person::newcomer();
    person.write("/");
    assert!(matches!(person.top(), Some(Overlay::Palette(_))));
    person.press("esc f1");
    assert!(matches!(person.top(), Some(Overlay::Help { .. })));
    person.press("esc ctrl-q");
    assert_eq!(person.model.leaving, Some(0));
}

#[test]
fn without_a_keyring_an_address_leads_to_the_question_where_to_keep_it_and_then_to_a_code() {
    let mut person = Person::newcomer();
    person.press("2").write("anna@example.org").press("enter");
    let id = screen(&person).account.clone().unwrap();
    let fact = LinkFact::Consent(Consent::Failed(Problem::KeyringLocked));
    person.happen(Event::Link(id, LinkEvent { epoch: Epoch(0), fact }));
    assert!(matches!(screen(&person).step, SignInStep::AskKeep));
    person.fx.clear();
    person.press("u");
    let again =
        |effect: &Effect| matches!(effect, Effect::Link(_, LinkCommand::SignInWithCode { keep: Keep::Keyring }));
    assert!(person.fx.iter().any(again), "a locked one may have been unlocked");
    let id = screen(&person).account.clone().unwrap();
    let fact = LinkFact::Consent(Consent::Failed(Problem::NoKeyring));
    person.happen(Event::Link(id, LinkEvent { epoch: Epoch(0), fact }));
    person.press("f");
    let asked = |effect: &Effect| matches!(effect, Effect::Link(_, LinkCommand::SignInWithCode { keep: Keep::File }));
    assert!(person.fx.iter().any(asked), "{:?}", person.fx);
}

#[test]
fn what_is_no_address_is_complained_about_and_kept() {
    let mut person = Person::newcomer();
    person.press("2").write("a b@@").press("enter");
    assert!(matches!(screen(&person).step, SignInStep::Where) && screen(&person).complaint.is_some());
    assert_eq!(screen(&person).address.text(), "a b@@");
    person.press("backspace");
    assert!(screen(&person).complaint.is_none());
}

#[test]
fn a_password_is_given_and_leaves_no_trace() {
    let mut person = Person::newcomer();
    person.press("3").write("anna@example.org").press("enter").write("hunter2").press("ctrl-r");
    assert!(screen(&person).reveal);
    person.press("tab space up ctrl-w ctrl-z enter");
    let given = person.fx.iter().find_map(|effect| match effect {
        Effect::Link(_, LinkCommand::Password { password, keep }) => Some((password.expose().clone(), *keep)),
        _ => None,
    });
    assert_eq!(given, Some(("hunter2".to_owned(), Keep::Memory)), "the tick was taken away");
    assert_eq!(person.model.killed, "", "what is deleted from a password is not put back elsewhere");
    assert!(!format!("{:?}", person.model).contains("hunter2"));
}

#[test]
fn the_other_way_in_keeps_the_address() {
    let mut person = Person::newcomer();
    person.press("3").write("anna@example.org").press("enter").write("hunter2").press("ctrl-o");
    let now = screen(&person);
    assert_eq!((now.way, now.address.text(), now.password.text()), (SignInWay::Code, "anna@example.org", ""));
    person.press("ctrl-o");
    assert_eq!((screen(&person).way, screen(&person).field), (SignInWay::Password, 1));
}

#[test]
fn the_code_and_its_address_are_copied_only_when_asked_for() {
    let mut person = at_code();
    assert!(!person.fx.iter().any(|effect| matches!(effect, Effect::Clipboard(_) | Effect::OpenUrl(_))));
    person.press("c");
    assert!(matches!(&person.fx[..], [Effect::Clipboard(code)] if code == "WDJBMJHT"));
    assert_eq!(screen(&person).copied, Some("Code copied"));
    person.press("u");
    assert!(matches!(&person.fx[..], [Effect::Clipboard(text)] if text == "https://id.example.org/device"));
    person.press("b");
    assert!(person.fx.is_empty(), "no display here");
    person.model.options.can_open_browser = true;
    person.press("b");
    assert!(matches!(&person.fx[..], [Effect::OpenUrl(text)] if text.ends_with("user_code=WDJB-MJHT")));
    person.model.options.over_ssh = true;
    person.press("b");
    assert!(person.fx.is_empty(), "not over ssh");
}

#[test]
fn the_big_square_is_a_layer_of_its_own() {
    let mut person = at_code();
    person.press("q i");
    assert!(screen(&person).big_square && screen(&person).invert);
    person.press("esc");
    assert!(!screen(&person).big_square);
    person.press("esc");
    assert!(matches!(person.model.screen, Screen::Welcome(_)));
    assert!(person.model.accounts.is_empty(), "given up: nothing is left of it");
}

#[test]
fn demo_keys_answer_only_in_the_demo() {
    let mut person = at_code();
    person.press("a x");
    assert!(person.fx.is_empty());
    person.model.options.demo = true;
    person.press("a");
    assert!(matches!(&person.fx[..], [Effect::DemoAnswer(true)]));
    person.press("x");
    assert!(matches!(&person.fx[..], [Effect::DemoAnswer(false)]));
}

#[test]
fn a_refused_sign_in_offers_a_new_code_or_a_password() {
    let domain = Domain::parse("example.org").unwrap();
    let mut person = at_code();
    screen_mut(&mut person).step = SignInStep::Failed(Problem::SignInDenied { domain: domain.clone() });
    person.press("n");
    assert!(matches!(screen(&person).step, SignInStep::Working(_)), "{:?}", screen(&person).step);
    screen_mut(&mut person).step = SignInStep::Failed(Problem::NoDeviceSignIn { domain });
    person.press("enter");
    assert!(matches!(screen(&person).step, SignInStep::Where));
    let domain = Domain::parse("example.org").unwrap();
    screen_mut(&mut person).step = SignInStep::Failed(Problem::NoDeviceSignIn { domain });
    person.press("p");
    let now = screen(&person);
    assert_eq!((now.way, now.field, now.address.text()), (SignInWay::Password, 1, "anna@example.org"));
}

#[test]
fn who_runs_a_service_without_codes_is_told_how_to_offer_them() {
    let domain = Domain::parse("example.org").unwrap();
    let mut person = at_code();
    screen_mut(&mut person).step = SignInStep::Failed(Problem::SignInDenied { domain: domain.clone() });
    person.press("w");
    assert!(!screen(&person).for_operator, "only where it is the matter");
    screen_mut(&mut person).step = SignInStep::Failed(Problem::NoDeviceSignIn { domain });
    person.press("w p e");
    assert!(screen(&person).for_operator && screen(&person).way == SignInWay::Code);
    assert!(matches!(screen(&person).step, SignInStep::Failed(_)), "nothing but the way back answers there");
    person.press("esc");
    assert!(!screen(&person).for_operator && matches!(screen(&person).step, SignInStep::Failed(_)));
    person.press("p");
    assert_eq!(screen(&person).way, SignInWay::Password);
}

#[test]
fn a_weaker_sign_in_is_agreed_to_by_a_key_and_only_where_it_is_the_matter() {
    let domain = Domain::parse("example.org").unwrap();
    let mut person = at_code();
    screen_mut(&mut person).way = SignInWay::Password;
    screen_mut(&mut person).step = SignInStep::Failed(Problem::ServerUnproven { domain: domain.clone() });
    person.press("w");
    assert!(matches!(screen(&person).step, SignInStep::Failed(_)) && person.fx.is_empty());
    let (was, now) = (Line::clean("SCRAM-SHA-256-PLUS"), Line::clean("PLAIN"));
    screen_mut(&mut person).step = SignInStep::Failed(Problem::WeakerSignIn { domain, was, now });
    person.press("w");
    let [Effect::Link(_, first), Effect::Link(_, then)] = &person.fx[..] else { panic!("{:?}", person.fx) };
    assert!(matches!((first, then), (LinkCommand::AcceptWeaker, LinkCommand::Connect)));
    assert!(matches!(screen(&person).step, SignInStep::Opening));
}

#[test]
fn the_review_leads_to_the_buddies() {
    let mut person = at_code();
    screen_mut(&mut person).step = SignInStep::Review { scopes: Vec::new() };
    person.press("i");
    assert!(screen(&person).raw_scopes);
    person.press("enter");
    assert!(matches!(person.model.screen, Screen::Main));
}

/// What the link was told since.
fn told(person: &Person) -> Vec<String> {
    let name = |effect: &Effect| match effect {
        Effect::Link(_, LinkCommand::AskFor(Asking::These { scopes, .. })) => {
            Some(format!("ask for {}", scopes.join(" ")))
        }
        Effect::Link(_, LinkCommand::AskFor(asking)) => Some(format!("ask for {asking:?}")),
        Effect::Link(_, LinkCommand::SignInWithCode { .. }) => Some("sign in".to_owned()),
        _ => None,
    };
    person.fx.iter().filter_map(name).collect()
}

/// Chatting alone, or to stay signed in as well: chosen in the form, and on the screen with the code.
#[test]
fn row_003_02_the_purpose_is_chosen_before_anybody_signs_in() {
    let mut person = Person::newcomer();
    person.press("2").write("anna@example.org").press("tab space");
    assert_eq!(screen(&person).asking, Asking::ChatOnly);
    assert_eq!(screen(&person).address.text(), "anna@example.org", "the blank ticks, it is not typed");
    person.press("space space enter");
    assert_eq!(told(&person), ["ask for ChatOnly", "sign in"]);
    let mut person = at_code();
    person.press("l");
    assert_eq!(told(&person).last_chunk(), Some(&["ask for ChatOnly".to_owned(), "sign in".to_owned()]));
    let mut again = at_code();
    screen_mut(&mut again).asking = Asking::ChatOnly;
    if let SignInStep::Code { prompt, .. } = &mut screen_mut(&mut again).step {
        prompt.outlook = Outlook::Unasked;
    }
    again.fx.clear();
    again.press("l");
    assert_eq!(told(&again), ["sign in"], "and back to the usual");
    for (outlook, asking) in [(Outlook::Never, Asking::Usual), (Outlook::Unasked, Asking::Usual)] {
        let mut person = at_code();
        screen_mut(&mut person).asking = asking;
        if let SignInStep::Code { prompt, .. } = &mut screen_mut(&mut person).step {
            prompt.outlook = outlook;
        }
        person.fx.clear();
        person.press("l");
        assert!(told(&person).is_empty(), "there is no choice: {outlook:?}");
    }
}

#[test]
fn row_002_18_after_a_no_there_is_again_and_less_and_leaving() {
    let refused = || {
        let mut person = at_code();
        let screen = screen_mut(&mut person);
        screen.asked = ["xmpp", "offline_access"].map(Line::clean).to_vec();
        screen.step = SignInStep::Failed(Problem::SignInDenied { domain: Domain::parse("example.org").unwrap() });
        person.fx.clear();
        person
    };
    let mut again = refused();
    again.press("n");
    assert_eq!(told(&again), ["sign in"]);
    let mut less = refused();
    less.press("l");
    assert_eq!(told(&less), ["ask for xmpp", "sign in"], "row 003-11: without staying signed in");
    let mut smallest = refused();
    screen_mut(&mut smallest).asked = vec![Line::clean("xmpp")];
    smallest.press("l");
    assert!(told(&smallest).is_empty(), "where there is nothing less to ask for, no key asks for it");
    let mut leaving = refused();
    leaving.press("esc");
    assert!(matches!(leaving.model.screen, Screen::Welcome(_)));
}

#[test]
fn row_002_12_a_refused_scope_is_left_out_by_a_key() {
    let mut person = at_code();
    let rest = vec![Line::clean("xmpp")];
    let host = Line::clean("id.example.org");
    let problem = Problem::ScopeRefused { host, scope: Some(Line::clean("wl.basic")), rest };
    screen_mut(&mut person).step = SignInStep::Failed(problem);
    person.fx.clear();
    person.press("l");
    assert_eq!(told(&person), ["ask for xmpp", "sign in"]);
}

#[test]
fn nothing_typed_in_the_messenger_form_means_the_demo() {
    let mut person = Person::newcomer();
    person.press("4 enter");
    assert!(matches!(&person.fx[..], [Effect::StartDemo]));
    person.write("butty.example").press("enter");
    assert!(!person.fx.iter().any(|effect| matches!(effect, Effect::StartDemo)), "a service was named");
    // Somebody with an account has something to lose by leaving for it.
    let mut person = Person::new();
    person.model.show_sign_in(SignInWay::Messenger, "");
    person.press("enter");
    assert!(!person.fx.iter().any(|effect| matches!(effect, Effect::StartDemo)));
}

#[test]
fn pastes_go_into_the_field_with_the_cursor_and_nowhere_else() {
    let mut person = Person::newcomer();
    person.paste("ignored");
    person.press("3");
    person.paste("anna@example.org\n");
    person.press("enter");
    person.paste(" pass word \n");
    let now = screen(&person);
    assert_eq!((now.address.text(), now.password.text()), ("anna@example.org", " pass word "));
}

#[test]
fn the_code_stays_while_another_one_is_asked_for_and_when_it_cannot_be_had() {
    let mut person = at_code();
    let id = screen(&person).account.clone().unwrap();
    let link = |fact| Event::Link(id.clone(), LinkEvent { epoch: Epoch(0), fact: LinkFact::Consent(fact) });
    person.press("l");
    assert!(matches!(screen(&person).step, SignInStep::Code { .. }), "{:?}", screen(&person).step);
    person.happen(link(Consent::AskingForCode { host: Line::clean("id.example.org") }));
    assert!(matches!(screen(&person).step, SignInStep::Code { .. }));
    let problem = Problem::NoAnswer { host: Line::clean("id.example.org"), waited: Duration::from_secs(15) };
    person.happen(link(Consent::NoOther(problem)));
    assert!(matches!(screen(&person).step, SignInStep::Code { .. }));
    assert_eq!(screen(&person).asking, Asking::Usual, "what stands was asked for so");
    let toast = person.model.toast.as_ref().map(|toast| toast.text.clone()).unwrap_or_default();
    assert!(toast.starts_with("This code still works."), "{toast}");
    person.fx.clear();
    person.press("l");
    assert_eq!(told(&person), ["ask for ChatOnly", "sign in"]);
}

#[test]
fn esc_at_the_question_where_to_keep_it_leads_back_to_what_was_typed() {
    for (row, way) in [("2", SignInWay::Code), ("3", SignInWay::Password)] {
        let mut person = Person::newcomer();
        person.press(row).write("anna@example.org").press("enter");
        if way == SignInWay::Password {
            person.write("hunter2").press("enter");
        }
        screen_mut(&mut person).step = SignInStep::AskKeep;
        person.press("esc");
        let now = screen(&person);
        assert!(matches!(now.step, SignInStep::Where), "{way:?}: {:?}", now.step);
        assert_eq!((now.way, now.address.text(), now.field), (way, "anna@example.org", 0));
        let stopped =
            |effect: &Effect| matches!(effect, Effect::Link(_, LinkCommand::CancelSignIn | LinkCommand::Disconnect));
        assert!(person.fx.iter().any(stopped), "{:?}", person.fx);
        person.press("esc");
        assert!(matches!(person.model.screen, Screen::Welcome(_)));
    }
}

#[test]
fn who_leaves_the_first_sign_in_of_the_demo_is_told_the_way_back() {
    let mut person = Person::with_accounts(vec![setup("anna@demo.butty")]);
    let id = person.model.accounts[0].setup.id.clone();
    person.model.begin_demo(&id, &mut Vec::new());
    person.press("esc");
    assert!(matches!(person.model.screen, Screen::Main));
    let banner = person.model.banner();
    let needed = |banner: &Option<Banner>| {
        matches!(banner, Some(Banner::NeedsYou { problem: Problem::SignInNeeded { .. }, .. }))
    };
    assert!(needed(&banner), "{banner:?}");
    person.fx.clear();
    person.write("/login").press("enter");
    assert_eq!(screen(&person).account.as_ref(), Some(&id));
    assert_eq!(told(&person), ["sign in"]);
}
