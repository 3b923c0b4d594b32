//! The ways in, and out again.

use super::*;
use crate::app::event::{CodePrompt, Consent, Keep, Outlook};
use crate::app::model::{Leaving, Overlay, Screen, SignInScreen, SignInStep, SignInWay, SignOutBox};
use crate::app::slash;
use crate::oauth::Farewelled;
use crate::types::{Problem, Stage};
use crate::xmpp::Elsewhere;

const NEW: &str = "juliet@alpha.test";

/// No account yet; the sign-in is begun.
fn begun(way: SignInWay, address: &str) -> World {
    let now = Now { mono: second(1), wall: Stamp(1_763_650_800_000) };
    let (model, fx) = Model::new(Options::default(), Vec::new(), 7, now);
    let account = AccountId::new(address);
    let mut world = World { model, now, epoch: Epoch(0), account, fx, commits: true };
    world.model.show_sign_in(way, address);
    world.does(|model, fx| model.start_sign_in(way, address, fx)).unwrap();
    world
}

pub(super) fn screen(world: &World) -> &SignInScreen {
    match &world.model.screen {
        Screen::SignIn(screen) => screen,
        other => panic!("{other:?}"),
    }
}

pub(super) fn prompt(world: &World) -> CodePrompt {
    CodePrompt {
        service: line("alpha.test"),
        address: line("https://alpha.test/device"),
        complete: None,
        code: line("WDJB-MJHT"),
        expires: world.now.wall.plus(second(900)),
        lifetime: second(900),
        scopes: vec![line("xmpp")],
        outlook: Outlook::Lasting,
        local_only: false,
    }
}

fn asked_for_code(world: &World) -> bool {
    let code = |c: &LinkCommand| matches!(c, LinkCommand::SignInWithCode { .. });
    world.fx.iter().any(|effect| matches!(effect, Effect::Link(_, c) if code(c)))
}

#[test]
fn with_a_code_from_the_address_to_the_buddies() {
    let mut world = begun(SignInWay::Code, NEW);
    assert!(asked_for_code(&world), "the keyring is tried, and nothing is asked before it has failed");
    assert!(matches!(screen(&world).step, SignInStep::Working(_)));
    assert!(world.fx.iter().any(|effect| matches!(effect, Effect::StartLink { connect: false, .. })));
    world.fx.clear();
    world.link(LinkFact::Consent(Consent::Failed(Problem::NoKeyring)));
    assert!(matches!(screen(&world).step, SignInStep::AskKeep), "asked before the code: no approved sign-in is lost");
    assert!(!asked_for_code(&world));
    world.does(|model, fx| model.choose_keep(Keep::File, fx));
    assert!(asked_for_code(&world));
    let code = prompt(&world);
    world.link(LinkFact::Consent(Consent::AskingForCode { host: line("alpha.test") }));
    assert!(matches!(screen(&world).step, SignInStep::Working(_)));
    world.link(LinkFact::Consent(Consent::Code(code)));
    world.link(LinkFact::Consent(Consent::SlowerPace { every: second(10) }));
    assert!(matches!(&screen(&world).step, SignInStep::Code { trouble: Some(Consent::SlowerPace { .. }), .. }));
    let host = line("alpha.test");
    world.link(LinkFact::Consent(Consent::Unreachable { host, retry_in: second(8) }));
    world.link(LinkFact::Consent(Consent::Reachable));
    assert!(matches!(&screen(&world).step, SignInStep::Code { trouble: None, .. }));
    world.link(LinkFact::Consent(Consent::Granted { scopes: vec![line("xmpp")] }));
    assert!(matches!(screen(&world).step, SignInStep::Opening));
    world.link(LinkFact::Kept(Keep::File));
    world.fx.clear();
    world.sign_in_as("juliet@alpha.test/butty", false);
    assert!(matches!(&screen(&world).step, SignInStep::Review { scopes } if scopes.len() == 1));
    let saved = |r: &&StoreRequest| {
        matches!(r, StoreRequest::SaveAccount(s) if s.id.as_str() == NEW
        && s.keep == Some(Keep::File))
    };
    assert!(world.requests().iter().any(|r| saved(&r)), "and it is not asked again another day");
    world.does(Model::finish_sign_in);
    assert!(matches!(world.model.screen, Screen::Main));
}

#[test]
fn the_countdown_wakes_every_ten_seconds_and_in_the_last_minute_every_one() {
    let mut world = begun(SignInWay::Code, NEW);
    world.does(|model, fx| model.choose_keep(Keep::Memory, fx));
    let code = prompt(&world);
    world.link(LinkFact::Consent(Consent::Code(code)));
    let wait = |world: &World| world.model.deadline().map(|at| at.saturating_sub(world.now.mono));
    assert_eq!(wait(&world), Some(second(10)));
    world.after(second(850));
    assert_eq!(wait(&world), Some(second(1)));
    world.after(second(60));
    assert_eq!(wait(&world), None, "nothing moves once the code is dead");
}

#[test]
fn refused_expired_and_impossible_are_shown_in_place_and_a_new_code_can_be_had() {
    let domain = Domain::parse("alpha.test").unwrap();
    for problem in [
        Problem::SignInDenied { domain: domain.clone() },
        Problem::CodeExpired { code: line("WDJB-MJHT"), lifetime: second(900) },
        Problem::NoDeviceSignIn { domain },
    ] {
        let mut world = begun(SignInWay::Code, NEW);
        world.does(|model, fx| model.choose_keep(Keep::Memory, fx));
        world.link(LinkFact::Consent(Consent::Failed(problem.clone())));
        assert!(matches!(&screen(&world).step, SignInStep::Failed(p) if *p == problem));
        world.fx.clear();
        world.does(|model, fx| model.start_sign_in(SignInWay::Code, NEW, fx)).unwrap();
        assert!(asked_for_code(&world), "where to keep it is not asked again");
        assert_eq!(world.model.accounts.len(), 1);
    }
}

#[test]
fn a_wrong_password_keeps_the_address_and_says_why() {
    let mut world = begun(SignInWay::Password, NEW);
    assert_eq!(screen(&world).field, 1);
    let type_password = |world: &mut World, text: &str| {
        let Screen::SignIn(screen) = &mut world.model.screen else { panic!("left") };
        screen.password.set_text(text);
        world.does(|model, fx| model.start_sign_in(SignInWay::Password, NEW, fx)).unwrap();
    };
    type_password(&mut world, "hunter2");
    let given = |world: &World| {
        let password = |c: &LinkCommand| matches!(c, LinkCommand::Password { keep: Keep::Keyring, .. });
        world.fx.iter().filter(|effect| matches!(effect, Effect::Link(_, c) if password(c))).count()
    };
    assert_eq!(given(&world), 1);
    world.does(Model::give_password);
    assert_eq!(given(&world), 1, "given once");
    assert!(!format!("{:?}", world.fx).contains("hunter2"));
    world.dial();
    let problem = Problem::WrongPassword { domain: Domain::parse("alpha.test").unwrap() };
    world.link(LinkFact::PasswordWanted { problem: Some(problem.clone()), device_sign_in: true });
    assert!(matches!(screen(&world).step, SignInStep::Where));
    assert_eq!(screen(&world).complaint, Some(problem));
    assert_eq!((screen(&world).address.text(), screen(&world).password.text(), screen(&world).field), (NEW, "", 1));
    assert!(world.own().device_sign_in);
    type_password(&mut world, "hunter3");
    world.sign_in_as("juliet@alpha.test/butty", false);
    assert!(matches!(world.model.screen, Screen::Main), "nothing to review");
}

#[test]
fn a_weaker_sign_in_than_before_is_asked_about_and_the_command_agrees_too() {
    let (domain, was, now) = (Domain::parse("alpha.test").unwrap(), line("SCRAM-SHA-256"), line("PLAIN"));
    let problem = Problem::WeakerSignIn { domain, was, now };
    let mut world = begun(SignInWay::Password, NEW);
    let Screen::SignIn(form) = &mut world.model.screen else { panic!("left") };
    form.password.set_text("hunter2");
    world.does(|model, fx| model.start_sign_in(SignInWay::Password, NEW, fx)).unwrap();
    world.dial();
    world.link(LinkFact::Down { problem: Some(problem.clone()), retry_in: None });
    assert!(matches!(&screen(&world).step, SignInStep::Failed(told) if *told == problem), "with its keys");
    world.model.screen = Screen::Main;
    let agreed = |world: &mut World, command: &str| {
        world.fx.clear();
        world.does(|model, fx| slash::run(model, command, fx)).unwrap();
        matches!(&world.fx[..], [Effect::Link(_, LinkCommand::AcceptWeaker), Effect::Link(_, LinkCommand::Connect)])
    };
    assert!(agreed(&mut world, "/login --weaker"));
    assert!(agreed(&mut world, &format!("/login --weaker {NEW}")));
    assert!(!agreed(&mut world, "/login --weaker other@alpha.test"));
    world.link(LinkFact::Down { problem: Some(Problem::Offline), retry_in: None });
    assert!(!agreed(&mut world, "/login --weaker"), "only what was refused for it");
}

#[test]
fn a_server_that_cannot_be_reached_is_told_on_the_form() {
    let mut world = begun(SignInWay::Password, NEW);
    let Screen::SignIn(form) = &mut world.model.screen else { panic!("left") };
    form.password.set_text("x");
    world.does(Model::give_password);
    world.dial();
    world.fx.clear();
    let problem = Problem::NameNotFound { host: line("alpha.test") };
    world.link(LinkFact::Down { problem: Some(problem.clone()), retry_in: Some(second(1)) });
    assert_eq!(screen(&world).complaint, Some(problem));
    assert_eq!(screen(&world).address.text(), NEW);
    assert!(world.fx.iter().any(|e| matches!(e, Effect::Link(_, LinkCommand::Disconnect))), "not tried for ever");
}

#[test]
fn a_code_in_place_of_one_whose_answer_got_lost_says_why_it_is_there() {
    let mut world = begun(SignInWay::Code, NEW);
    let code = prompt(&world);
    let host = line("login.alpha.test");
    world.link(LinkFact::Consent(Consent::Code(code.clone())));
    let lost = Consent::AnswerLost { host: host.clone() };
    world.link(LinkFact::Consent(lost.clone()));
    world.link(LinkFact::Consent(Consent::AskingForCode { host }));
    for expected in [Some(lost), None] {
        world.link(LinkFact::Consent(Consent::Code(code.clone())));
        let SignInStep::Code { trouble, .. } = &screen(&world).step else { panic!("no code") };
        assert_eq!(*trouble, expected);
    }
}

#[test]
fn a_connection_that_breaks_off_in_the_first_sign_in_is_left_to_the_link_and_not_for_ever() {
    let cut = Problem::ClosedAt { host: line("alpha.test"), stage: Stage::Auth };
    let disconnected =
        |world: &World| world.fx.iter().any(|effect| matches!(effect, Effect::Link(_, LinkCommand::Disconnect)));
    for breaks in 1..=5 {
        let mut world = begun(SignInWay::Password, NEW);
        let Screen::SignIn(form) = &mut world.model.screen else { panic!("left") };
        form.password.set_text("x");
        world.does(Model::give_password);
        world.fx.clear();
        for number in 1..=breaks {
            world.dial();
            world.link(LinkFact::Down { problem: Some(cut.clone()), retry_in: Some(second(1)) });
            assert_eq!(disconnected(&world), number == 5, "{number}");
        }
        if breaks < 5 {
            assert!(matches!(screen(&world).step, SignInStep::Opening) && screen(&world).complaint.is_none());
            world.sign_in_as("juliet@alpha.test/butty", false);
            assert!(matches!(world.model.screen, Screen::Main));
        } else {
            assert_eq!(screen(&world).complaint.as_ref(), Some(&cut));
            assert_eq!(screen(&world).broke_off, 0, "the person's next try has as many");
        }
    }
}

#[test]
fn what_is_no_address_is_refused_where_it_was_typed() {
    let mut world = begun(SignInWay::Code, NEW);
    for wrong in ["", "a b", "@x", "a@b/c"] {
        assert!(world.does(|model, fx| model.start_sign_in(SignInWay::Code, wrong, fx)).is_err(), "{wrong:?}");
        assert!(screen(&world).complaint.is_some());
    }
    let nameless = world.does(|model, fx| model.start_sign_in(SignInWay::Password, "alpha.test", fx));
    assert!(nameless.is_err(), "a password needs a name");
    world.does(|model, fx| model.start_sign_in(SignInWay::Code, "Alpha.Test.", fx)).unwrap();
    assert_eq!(world.model.accounts.last().map(|a| a.setup.id.as_str()), Some("alpha.test"));
    assert_eq!(world.model.accounts.len(), 1, "the first try is forgotten");
}

#[test]
fn giving_up_leaves_nothing_behind() {
    let mut world = begun(SignInWay::Code, NEW);
    world.does(|model, fx| model.choose_keep(Keep::File, fx));
    world.fx.clear();
    world.does(Model::cancel_sign_in);
    assert!(matches!(world.model.screen, Screen::Welcome(_)));
    assert!(world.model.accounts.is_empty());
    assert!(world.fx.iter().any(|e| matches!(e, Effect::StopLink(_))));
    let keeps = |r: &StoreRequest| matches!(r, StoreRequest::ForgetAccount { messages: false, .. });
    assert!(world.requests().iter().any(keeps));
}

#[test]
fn the_last_word_of_a_stopped_link_does_not_deafen_the_next_one() {
    let mut world = begun(SignInWay::Code, NEW);
    world.does(|model, fx| model.choose_keep(Keep::File, fx));
    world.does(Model::cancel_sign_in);
    world
        .does(|model, fx| {
            model.show_sign_in(SignInWay::Code, NEW);
            model.start_sign_in(SignInWay::Code, NEW, fx)
        })
        .unwrap();
    world.does(|model, fx| model.choose_keep(Keep::File, fx));
    world.epoch = Epoch(9);
    world.link(LinkFact::Down { problem: None, retry_in: None });
    world.epoch = Epoch(1);
    let code = prompt(&world);
    world.link(LinkFact::Consent(Consent::Code(code)));
    assert!(matches!(screen(&world).step, SignInStep::Code { .. }));
}

#[test]
fn somebody_elses_sign_in_is_refused_and_nothing_of_theirs_is_taken() {
    let mut world = begun(SignInWay::Code, NEW);
    world.does(|model, fx| model.choose_keep(Keep::File, fx));
    world.link(LinkFact::Consent(Consent::Granted { scopes: Vec::new() }));
    world.fx.clear();
    world.sign_in_as("romeo@alpha.test/butty", false);
    let Screen::SignIn(form) = &world.model.screen else { panic!("left") };
    assert!(
        matches!(&form.step, SignInStep::Failed(Problem::OtherPerson { got, .. }) if got.as_str() == "romeo@alpha.test")
    );
    assert!(world.own().roster.is_empty() && world.own().jid.is_none());
    let requests = world.requests();
    assert!(!requests.iter().any(|r| matches!(r, StoreRequest::Roster { .. } | StoreRequest::SaveAccount(_))));
    world.link(LinkFact::Down { problem: None, retry_in: None });
    assert!(matches!(
        world.model.banner(),
        Some(crate::app::Banner::NeedsYou { problem: Problem::OtherPerson { .. }, .. })
    ));
}

#[test]
fn a_messenger_service_may_hand_out_another_address_but_not_a_second_one() {
    let mut world = begun(SignInWay::Messenger, "messenger.example");
    assert_eq!(world.own().setup.profile, "messenger");
    world.does(|model, fx| model.choose_keep(Keep::File, fx));
    world.sign_in_as("00ab@messenger.example/x", false);
    assert_eq!(world.own().jid.as_ref().map(|jid| jid.bare().to_string()).as_deref(), Some("00ab@messenger.example"));
    world.drop_link();
    world.sign_in_as("00cd@messenger.example/x", false);
    assert!(!world.own().online(), "another person signed in in that browser");
    assert_eq!(world.own().jid.as_ref().map(|jid| jid.bare().to_string()).as_deref(), Some("00ab@messenger.example"));
}

#[test]
fn a_sign_in_that_is_given_up_leaves_the_account_as_it_was() {
    let connects = |world: &World| world.fx.iter().any(|e| matches!(e, Effect::Link(_, LinkCommand::Connect)));
    let give_up = |world: &mut World| {
        world.give(Event::Command("/login".to_owned()));
        world.does(|model, fx| model.start_sign_in(SignInWay::Code, ANNA, fx)).unwrap();
        world.does(|model, fx| model.choose_keep(Keep::Memory, fx));
        // The link lets the session go for it.
        world.epoch = Epoch(world.epoch.0 + 1);
        world.link(LinkFact::Consent(Consent::LookingUp { domain: line("example.org") }));
        assert!(!world.own().online());
        world.fx.clear();
        world.give(Event::Key(crate::app::keymap::parse("esc").unwrap()));
        assert!(matches!(world.model.screen, Screen::Main));
    };
    let mut world = World::online(false);
    give_up(&mut world);
    assert!(connects(&world), "online before, online again");
    let mut world = World::online(false);
    world.does(|model, fx| model.disconnect(None, fx));
    give_up(&mut world);
    assert!(!connects(&world) && !world.own().wanted, "offline by wish, and so it stays");
}

#[test]
fn an_account_that_needs_a_password_says_so_without_opening_anything() {
    let mut world = World::online(false);
    world.drop_link();
    world.dial();
    let problem = Problem::WrongPassword { domain: Domain::parse("example.org").unwrap() };
    world.link(LinkFact::PasswordWanted { problem: Some(problem.clone()), device_sign_in: false });
    assert!(matches!(world.model.screen, Screen::Main));
    assert!(matches!(world.model.banner(), Some(crate::app::Banner::NeedsYou { problem: p, .. }) if p == problem));
}

#[test]
fn signing_out_tells_the_service_then_forgets_here() {
    let mut world = World::online(false);
    let account = world.account.clone();
    world.open(BELA);
    world.send(BELA, "hi");
    world.does(|model, fx| model.ask_sign_out(&account, fx));
    world.stored(Stored::Count { account: account.clone(), messages: 214 });
    let Some(Overlay::SignOut(SignOutBox { kept: Some(214), pending: 1, .. })) = world.model.overlays.last() else {
        panic!("{:?}", world.model.overlays)
    };
    world.fx.clear();
    world.does(|model, fx| model.sign_out(&account, Leaving::Account { messages: true, everywhere: false }, fx));
    assert!(world.fx.iter().any(|e| matches!(e, Effect::Link(_, LinkCommand::SignOut { everywhere: false }))));
    assert!(!world.fx.iter().any(|e| matches!(e, Effect::StopLink(_))), "not before the service was told");
    world.link(LinkFact::SignedOut { told: Farewelled::Told, elsewhere: None, browser: None });
    assert!(world.fx.iter().any(|e| matches!(e, Effect::StopLink(_))));
    assert!(world.requests().iter().any(|r| matches!(r, StoreRequest::ForgetAccount { messages: true, .. })));
    assert!(world.model.accounts.is_empty() && world.model.talks.is_empty() && world.model.open.is_none());
    assert!(matches!(world.model.screen, Screen::Welcome(_)) && world.model.overlays.is_empty());
}

#[test]
fn the_page_that_signs_the_browser_out_is_shown_where_the_account_goes() {
    for what in [Leaving::Consent, Leaving::Account { messages: true, everywhere: false }] {
        let mut world = World::online(false);
        let account = world.account.clone();
        world.does(|model, fx| model.sign_out(&account, what, fx));
        let browser = Some(Line::clean("https://login.example.org/logout"));
        world.link(LinkFact::SignedOut { told: Farewelled::Told, elsewhere: None, browser: browser.clone() });
        let shown = world.model.overlays.iter().find_map(|overlay| match overlay {
            Overlay::SignedOut { browser, .. } => browser.clone(),
            _ => None,
        });
        assert_eq!(shown, browser.filter(|_| what != Leaving::Consent));
    }
}

#[test]
fn a_sign_out_that_cannot_be_done_changes_nothing_and_says_why() {
    for what in [Leaving::Consent, Leaving::Account { messages: true, everywhere: false }] {
        let mut world = World::online(false);
        let account = world.account.clone();
        world.does(|model, fx| model.sign_out(&account, what, fx));
        world.fx.clear();
        world.link(LinkFact::NotSignedOut(Problem::KeyringLocked));
        assert!(matches!(world.model.overlays.last(), Some(Overlay::Trouble(Problem::KeyringLocked))));
        assert!(world.fx.iter().any(|e| matches!(e, Effect::Link(_, LinkCommand::Connect))), "and goes on");
        assert!(!world.fx.iter().any(|e| matches!(e, Effect::StopLink(_))) && world.requests().is_empty());
        world.after(second(60));
        assert_eq!(world.model.accounts.len(), 1, "nor is it done later");
    }
}

#[test]
fn a_box_that_comes_on_top_is_read_from_its_head() {
    let mut world = World::online(false);
    let account = world.account.clone();
    world.does(|model, fx| model.sign_out(&account, Leaving::Consent, fx));
    world.model.overlays.push(Overlay::Trouble(Problem::NoKeyring));
    world.model.box_top = 3;
    world.after(second(1));
    assert_eq!(world.model.box_top, 3, "as long as it is the same box");
    world.link(LinkFact::NotSignedOut(Problem::KeyringLocked));
    assert!(matches!(world.model.overlays.last(), Some(Overlay::Trouble(Problem::KeyringLocked))));
    assert_eq!(world.model.box_top, 0);
}

#[test]
fn the_link_alone_decides_when_a_sign_out_is_over_and_how_it_went() {
    let told = |elsewhere: Elsewhere| {
        let mut world = World::online(false);
        let account = world.account.clone();
        world.does(|model, fx| model.sign_out(&account, Leaving::Account { messages: false, everywhere: true }, fx));
        assert!(world.fx.iter().any(|e| matches!(e, Effect::Link(_, LinkCommand::SignOut { everywhere: true }))));
        world.after(second(120));
        assert_eq!(world.model.accounts.len(), 1, "nobody gives up before it has answered");
        world.fx.clear();
        world.does(|model, fx| model.sign_out(&account, Leaving::Consent, fx));
        assert!(!world.fx.iter().any(|e| matches!(e, Effect::Link(_, LinkCommand::SignOut { .. }))), "once is enough");
        world.link(LinkFact::SignedOut { told: Farewelled::Told, elsewhere: Some(elsewhere), browser: None });
        assert!(world.model.accounts.is_empty());
        match world.model.overlays.last() {
            Some(Overlay::SignedOut { elsewhere: Some(elsewhere), .. }) => Some(elsewhere.is_over()),
            Some(other) => panic!("{other:?}"),
            None => None,
        }
    };
    let asked = |ended, by_password, left| Elsewhere::Asked { ended, by_password, left };
    assert_eq!(told(asked(2, 0, 0)), None, "a line that passes is enough");
    assert_eq!(told(asked(2, 1, 0)), Some(false));
    assert_eq!(told(asked(2, 0, 1)), Some(false));
    assert_eq!(told(Elsewhere::NoWay), Some(false));
    let (host, waited) = (line("example.org"), second(45));
    assert_eq!(told(Elsewhere::NotAsked(Problem::NoAnswer { host, waited })), Some(false));
}

#[test]
fn the_demo_begins_with_its_code() {
    let options = Options { demo: true, ..Options::default() };
    let demo = AccountSetup { ephemeral: true, ..setup("_@messenger.example") };
    let (model, fx) = Model::new(options, vec![demo], 1, Now::default());
    assert!(matches!(&model.screen, Screen::SignIn(form) if matches!(form.step, SignInStep::Working(_))));
    let code = |c: &LinkCommand| matches!(c, LinkCommand::SignInWithCode { keep: Keep::Memory });
    assert!(fx.iter().any(|effect| matches!(effect, Effect::Link(_, c) if code(c))));
    assert!(fx.iter().any(|effect| matches!(effect, Effect::StartLink { connect: false, .. })));
}

#[test]
fn a_password_that_no_keyring_takes_is_kept_where_the_person_says() {
    let mut world = begun(SignInWay::Password, NEW);
    let Screen::SignIn(form) = &mut world.model.screen else { panic!("left") };
    form.password.set_text("secret");
    world.does(Model::give_password);
    let problem = Some(Problem::KeyringLocked);
    world.link(LinkFact::Down { problem, retry_in: None });
    assert!(matches!(screen(&world).step, SignInStep::AskKeep));
    world.fx.clear();
    world.does(|model, fx| model.choose_keep(Keep::Memory, fx));
    let there = |c: &LinkCommand| matches!(c, LinkCommand::KeepGiven { keep: Keep::Memory });
    assert!(world.fx.iter().any(|effect| matches!(effect, Effect::Link(_, c) if there(c))), "and is not typed again");
    assert!(matches!(screen(&world).step, SignInStep::Opening));
}
