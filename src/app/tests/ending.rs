//! Consents come to their end: counted down, told, and nothing is lost by it.

use super::*;
use crate::app::event::LinkState;
use crate::app::model::{Agreement, MessageState, Screen, SignInStep};
use crate::app::ops::{Banner, Ending};
use crate::app::words::screens;
use crate::oauth::Terms;
use crate::types::{Problem, Term};

const HOUR: Duration = Duration::from_secs(3_600);
pub(super) const DAY: Duration = Duration::from_secs(24 * 3_600);

pub(super) fn list(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Online by a consent of a Messenger-style service that holds for so long from now on.
pub(super) fn agreed(granted: &str, lasting: bool, holds: Duration) -> World {
    let mut world = World::online(false);
    let now = world.now.wall;
    let account = world.account.clone();
    let own = world.model.account_mut(&account).unwrap();
    own.setup.credential = Some(CredentialKind::Token);
    own.setup.profile = "messenger".to_owned();
    own.setup.oauth.terms = Terms { lasting: Some(365 * DAY), session: Some(3 * HOUR) };
    world.link(LinkFact::Agreed(Box::new(Agreement {
        asked: list("wl.messenger wl.offline_access"),
        granted: list(granted),
        since: Some(now),
        until: Some(now.plus(holds)),
        lasting: Some(lasting),
        page: None,
    })));
    world
}

fn says(world: &World) -> String {
    world.model.banner().map(|banner| screens::banner(&banner, &world.model.options, usize::MAX)).unwrap_or_default()
}

#[test]
fn row_003_05_three_hours_are_counted_down_and_end_in_order() {
    let mut world = agreed("wl.messenger", false, 3 * HOUR);
    let left = |world: &World| world.own().ending(world.now.wall);
    assert_eq!(left(&world), Some(Ending::Counted { left: 3 * HOUR }));
    assert_eq!(screens::sign_in_ends(3 * HOUR, false), "sign-in ends in 3 h");
    assert_eq!(says(&world), "", "no banner yet");
    world.open(BELA);
    world.after(2 * HOUR + 50 * second(60));
    assert_eq!(says(&world), "! Your sign-in ends in 10 min. What you write is kept. Renew: /login");
    world.after(9 * second(60));
    assert!(world.own().online() && says(&world).contains("ends in 1 min"), "2 h 59 min: {}", says(&world));
    let on_its_way = world.send(BELA, "not there yet");
    world.give(Event::Paste("half a".to_owned()));
    world.fx.clear();
    world.after(2 * second(60));
    // 3 h 01 min: goodbye was said, and why is said.
    assert!(world.fx.iter().any(|effect| matches!(effect, Effect::Link(_, LinkCommand::Disconnect))));
    world.link(LinkFact::Down { problem: None, retry_in: None });
    let over =
        Problem::SignInOver { domain: world.own().setup.domain.clone(), lasted: Some(3 * HOUR), term: Term::Session };
    assert!(
        matches!(&world.own().link, LinkState::Offline { problem: Some(told), retry_at: None, .. } if *told == over)
    );
    let shown = says(&world);
    assert!(shown.contains("Your sign-in is over.") && shown.contains("/login"), "{shown}");
    let why = crate::app::words::problem(&over).why;
    assert_eq!(why.as_deref(), Some("You agreed to it for 3 h, not to stay signed in."));
    // No surprise: what was typed stands there, what was sent waits.
    assert_eq!(world.talk(BELA).composer.text(), "half a");
    assert_eq!(world.message(BELA, on_its_way).state, MessageState::Pending);
    world.give(Event::Command("/login".to_owned()));
    assert!(world.fx.iter().any(|effect| matches!(effect, Effect::Link(_, LinkCommand::SignInWithCode { .. }))));
    world.fx.clear();
    world.sign_in(false);
    assert_eq!(world.sent().iter().map(|out| out.key).collect::<Vec<_>>(), [on_its_way]);
}

#[test]
fn row_003_05_a_session_outlives_a_token_that_nobody_limited() {
    let mut world = agreed("wl.messenger", false, HOUR);
    let account = world.account.clone();
    world.model.account_mut(&account).unwrap().setup.oauth.terms = Terms::default();
    world.after(HOUR + second(1));
    assert!(world.own().online(), "a lost connection would end it; a token alone does not");
    assert_eq!(world.own().ending(world.now.wall), Some(Ending::Over));
    assert!(says(&world).starts_with("! Your sign-in is over. You are here until"), "{}", says(&world));
}

#[test]
fn who_signed_in_by_password_since_is_not_held_to_an_old_consent() {
    let mut world = agreed("wl.messenger", false, 3 * HOUR);
    let account = world.account.clone();
    world.model.account_mut(&account).unwrap().setup.credential = Some(CredentialKind::Password);
    world.after(4 * HOUR);
    assert!(world.own().online() && world.model.banner().is_none());
}

#[test]
fn row_003_03_the_end_of_the_year_is_reminded_of_and_a_new_one_is_one_command_away() {
    let mut world = agreed("wl.messenger wl.offline_access", true, 365 * DAY);
    let until = world.own().agreement.as_ref().unwrap().until.unwrap();
    world.after(350 * DAY);
    assert_eq!(world.model.banner(), None, "too early");
    world.after(2 * DAY);
    let ending = Ending::Due { until };
    assert_eq!(world.model.banner(), Some(Banner::Ending { account: world.account.clone(), ending }));
    assert_eq!(says(&world), "! Your sign-in ends on 20 November 2026. Renew: /login");
    world.fx.clear();
    world.give(Event::Command("/login".to_owned()));
    let Screen::SignIn(screen) = &world.model.screen else { panic!("{:?}", world.model.screen) };
    assert!(matches!(screen.step, SignInStep::Working(_)), "no address is asked for: {:?}", screen.step);
    world.does(Model::cancel_sign_in);
    // Not renewed: it goes on while the connection stands, and after that asks.
    world.sign_in(false);
    world.after(14 * DAY);
    assert_eq!(world.own().ending(world.now.wall), Some(Ending::Over));
}
