//! Once more a consent, for display pictures: asked where the account is looked at, seldom, and nothing is lost by it.

use super::ending::{DAY, agreed, list};
use super::*;
use crate::app::event::Consent;
use crate::app::keymap;
use crate::app::model::{Overlay, Screen, SignInStep, SignInWay};
use crate::oauth::Asking;
use crate::types::Problem;

const GRANTED: &str = "wl.messenger wl.offline_access";

/// Online at a Messenger-style service that has cards.
fn with_cards(granted: &str) -> World {
    let mut world = agreed(granted, true, 365 * DAY);
    world.session(xmpp::Event::Features(Features { cards: true, ..Features::default() }));
    world.fx.clear();
    world
}

/// Looks at the account, and closes its view again; whether the question came over it.
fn looks(world: &mut World) -> bool {
    world.model.overlays.clear();
    world.give(Event::Command("/account".to_owned()));
    assert!(matches!(world.model.overlays.first(), Some(Overlay::Account { .. })));
    is_asked(world)
}

fn is_asked(world: &World) -> bool {
    matches!(world.model.overlays.last(), Some(Overlay::AgreeAgain { account }) if *account == world.account)
}

fn press(world: &mut World, key: &str) {
    world.give(Event::Key(keymap::parse(key).unwrap()));
}

/// What went to the link, in words.
fn told(world: &World) -> Vec<String> {
    let name = |effect: &Effect| match effect {
        Effect::Link(_, LinkCommand::AskFor(Asking::These { scopes, stays })) => {
            Some(format!("ask for {}{}", scopes.join(" "), if *stays { ", to last" } else { "" }))
        }
        Effect::Link(_, LinkCommand::SignInWithCode { .. }) => Some("sign in".to_owned()),
        Effect::Link(_, LinkCommand::CancelSignIn) => Some("cancel".to_owned()),
        Effect::Link(_, LinkCommand::Connect) => Some("connect".to_owned()),
        Effect::Link(_, LinkCommand::Session(_) | LinkCommand::Attention { .. })
        | Effect::Store(_)
        | Effect::Title(_) => None,
        other => Some(format!("{other:?}")),
    };
    world.fx.iter().filter_map(name).collect()
}

#[test]
fn the_picture_is_asked_for_once_a_month_and_at_any_time_by_a_key() {
    let mut world = with_cards(GRANTED);
    assert!(world.model.overlays.is_empty(), "not at the start");
    let first = world.now.wall;
    assert!(looks(&mut world));
    let noted =
        |effect: &Effect| matches!(effect, Effect::Store(StoreRequest::PicturesAsked { at, .. }) if *at == first);
    assert!(world.fx.iter().any(noted), "{:?}", world.fx);
    press(&mut world, "esc");
    assert!(matches!(world.model.overlays.last(), Some(Overlay::Account { .. })), "back to what was opened");
    assert!(!looks(&mut world), "not a second time");
    press(&mut world, "p");
    assert!(is_asked(&world), "who wants it need not wait");
    world.after(29 * DAY);
    assert!(!looks(&mut world));
    world.after(DAY);
    assert!(looks(&mut world), "a month later");
    assert!(told(&world).is_empty(), "nothing is done before the person says so: {:?}", world.fx);
}

#[test]
fn a_restart_does_not_ask_again_and_a_clock_that_was_wrong_does_not_silence_it() {
    for (asked, again) in [(-2 * 86_400_000, false), (86_400_000, false), (400 * 86_400_000, true)] {
        let mut world = with_cards(GRANTED);
        let asked = Stamp(world.now.wall.0 + asked);
        let cache = AccountCache { pictures_asked: Some(asked), ..AccountCache::default() };
        let account = world.account.clone();
        world.stored(Stored::Cache { account, cache: Box::new(cache) });
        assert_eq!(looks(&mut world), again, "{asked:?}");
    }
}

#[test]
fn who_was_asked_in_a_sign_in_and_did_not_agree_has_a_month_of_peace() {
    let mut world = with_cards(GRANTED);
    let account = world.account.clone();
    let agreed = world.model.account_mut(&account).unwrap().agreement.as_mut().unwrap();
    agreed.asked.push("wl.basic".to_owned());
    assert!(!looks(&mut world));
    world.after(30 * DAY);
    assert!(looks(&mut world));
}

#[test]
fn nobody_is_asked_where_nothing_would_come_of_it() {
    for granted in ["wl.messenger wl.basic", "xmpp openid offline_access"] {
        assert!(!looks(&mut with_cards(granted)), "{granted}");
    }
    let mut off = with_cards(GRANTED);
    off.model.options.pictures = Some(false);
    assert!(!looks(&mut off), "no picture would be drawn");
    let mut bare = with_cards(GRANTED);
    bare.session(xmpp::Event::Features(Features::default()));
    assert!(!looks(&mut bare), "there are no cards");
    let mut password = with_cards(GRANTED);
    let account = password.account.clone();
    password.model.account_mut(&account).unwrap().setup.credential = Some(CredentialKind::Password);
    assert!(!looks(&mut password), "who signed in by password agrees to nothing");
    let mut offline = with_cards(GRANTED);
    offline.drop_link();
    assert!(!looks(&mut offline));
    press(&mut offline, "p");
    assert!(!is_asked(&offline));
}

#[test]
fn enter_asks_for_what_was_granted_and_the_picture_and_everything_else_stays() {
    let mut world = with_cards(GRANTED);
    world.open(BELA);
    world.give(Event::Paste("half a".to_owned()));
    assert!(looks(&mut world));
    world.fx.clear();
    press(&mut world, "x");
    assert!(is_asked(&world) && told(&world).is_empty(), "only Enter");
    press(&mut world, "enter");
    assert_eq!(told(&world), ["ask for wl.messenger wl.offline_access wl.basic, to last", "sign in"]);
    let Screen::SignIn(screen) = &world.model.screen else { panic!("{:?}", world.model.screen) };
    assert_eq!((screen.way, screen.account.as_ref()), (SignInWay::Messenger, Some(&world.account)));
    assert!(matches!(screen.step, SignInStep::Working(_)));
    world.epoch = Epoch(world.epoch.0 + 1);
    world.link(LinkFact::Consent(Consent::Granted { scopes: vec![line("wl.messenger"), line("wl.basic")] }));
    world.sign_in(false);
    press(&mut world, "enter");
    assert!(matches!(world.model.screen, Screen::Main));
    assert_eq!(world.talk(BELA).composer.text(), "half a");
}

#[test]
fn it_lasts_as_before_whatever_the_service_calls_that() {
    for (lasting, asked) in [(true, "ask for wl.messenger wl.basic, to last"), (false, "ask for wl.messenger wl.basic")]
    {
        let mut world = with_cards("wl.messenger");
        let account = world.account.clone();
        let agreed = world.model.account_mut(&account).unwrap().agreement.as_mut().unwrap();
        agreed.asked = list("wl.messenger");
        agreed.lasting = Some(lasting);
        assert!(looks(&mut world));
        world.fx.clear();
        press(&mut world, "enter");
        assert_eq!(told(&world), [asked, "sign in"]);
    }
}

#[test]
fn a_no_leaves_the_sign_in_as_it_was_and_goes_on_with_it() {
    let mut world = with_cards(GRANTED);
    assert!(looks(&mut world));
    press(&mut world, "enter");
    world.epoch = Epoch(world.epoch.0 + 1);
    let domain = world.own().setup.domain.clone();
    world.link(LinkFact::Consent(Consent::Failed(Problem::SignInDenied { domain })));
    world.fx.clear();
    press(&mut world, "esc");
    assert!(matches!(world.model.screen, Screen::Main));
    assert_eq!(told(&world), ["cancel", "connect"], "by what was kept before");
    let granted = world.own().agreement.as_ref().map(|agreed| agreed.granted.clone());
    assert_eq!(granted, Some(list(GRANTED)));
    world.sign_in(false);
    world.session(xmpp::Event::Features(Features { cards: true, ..Features::default() }));
    assert!(!looks(&mut world), "and it is not asked again this month");
}
