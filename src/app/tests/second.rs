//! Somebody else came back from a sign-in, and is kept as a second account.

use super::*;
use crate::app::event::{Consent, Keep, LinkState};
use crate::app::model::{Screen, SignInStep, SignInWay};
use crate::types::Problem;

const THEIRS: &str = "bela@example.org/butty";

/// Anna signs in anew, and the browser is Bela's.
fn refused(mut world: World) -> World {
    world.give(Event::Command("/login".to_owned()));
    world.does(|model, fx| model.start_sign_in(SignInWay::Code, ANNA, fx)).unwrap();
    world.epoch = Epoch(world.epoch.0 + 1);
    world.link(LinkFact::Consent(Consent::LookingUp { domain: line("example.org") }));
    world.link(LinkFact::Consent(Consent::Granted { scopes: vec![line("xmpp")] }));
    world.link(LinkFact::Kept(Keep::File));
    world.fx.clear();
    world.sign_in_as(THEIRS, false);
    world.link(LinkFact::Down { problem: None, retry_in: None });
    world
}

fn press(world: &mut World, key: &str) {
    world.give(Event::Key(crate::app::keymap::parse(key).unwrap()));
}

fn told(world: &World, id: &str, wanted: impl Fn(&LinkCommand) -> bool) -> bool {
    world.fx.iter().any(|effect| matches!(effect, Effect::Link(to, c) if to.as_str() == id && wanted(c)))
}

/// Presses `k`; returns what is to be set up.
fn keeps(world: &mut World) -> AccountSetup {
    assert!(told(world, ANNA, |c| matches!(c, LinkCommand::SetAside)), "held, for the person to decide");
    press(world, "k");
    let setup = world.fx.iter().find_map(|effect| match effect {
        Effect::Link(_, LinkCommand::HandOver { to }) => Some((**to).clone()),
        _ => None,
    });
    setup.expect("handed over")
}

#[test]
fn another_person_becomes_a_second_account_and_the_first_is_as_it_was() {
    let mut world = refused(World::online(false));
    let to = keeps(&mut world);
    assert_eq!((to.id.as_str(), to.local.as_deref(), to.credential), (BELA, Some("bela"), Some(CredentialKind::Token)));
    assert_eq!(world.model.accounts.len(), 1, "not before it is kept");
    world.fx.clear();
    world.link(LinkFact::HandedOver { to: Box::new(to), kept: Ok(Keep::File) });
    assert_eq!(world.model.accounts.len(), 2);
    assert!(
        world.fx.iter().any(|e| matches!(e, Effect::StartLink { setup, connect: true } if setup.id.as_str() == BELA))
    );
    assert!(told(&world, ANNA, |c| matches!(c, LinkCommand::Connect)), "online before, online again");
    let saved = |r: &StoreRequest| matches!(r, StoreRequest::SaveAccount(s) if s.id.as_str() == BELA);
    assert!(world.requests().iter().any(saved));
    assert!(world.own().scopes.is_empty(), "what Bela agreed to is Bela's");
    // Bela's own link, Bela's own list.
    world.account = AccountId::new(BELA);
    world.epoch = Epoch(0);
    world.sign_in_as(THEIRS, false);
    let Screen::SignIn(form) = &world.model.screen else { panic!("left") };
    assert!(matches!(&form.step, SignInStep::Review { scopes } if scopes.len() == 1));
    assert!(world.own().online() && world.own().keep == Some(Keep::File));
    assert_eq!(world.own().jid.as_ref().map(ToString::to_string).as_deref(), Some(THEIRS));
}

#[test]
fn who_was_offline_stays_so_and_who_never_was_here_goes() {
    let mut world = World::online(false);
    world.does(|model, fx| model.disconnect(None, fx));
    let mut world = refused(world);
    let to = keeps(&mut world);
    world.fx.clear();
    world.link(LinkFact::HandedOver { to: Box::new(to), kept: Ok(Keep::File) });
    assert!(!told(&world, ANNA, |c| matches!(c, LinkCommand::Connect)));
    assert_eq!((&world.own().link, world.own().wanted), (&LinkState::Idle, false));

    let now = Now { mono: second(1), wall: Stamp(1_763_650_800_000) };
    let (model, fx) = Model::new(Options::default(), Vec::new(), 7, now);
    let world = World { model, now, epoch: Epoch(0), account: AccountId::new(ANNA), fx, commits: true };
    let mut world = refused(world);
    let to = keeps(&mut world);
    world.link(LinkFact::HandedOver { to: Box::new(to), kept: Ok(Keep::Memory) });
    let here: Vec<&str> = world.model.accounts.iter().map(|account| account.setup.id.as_str()).collect();
    assert_eq!(here, [BELA]);
}

#[test]
fn what_cannot_be_kept_is_told_in_place_and_adds_nobody() {
    let mut world = refused(World::online(false));
    let to = keeps(&mut world);
    let kept = Err(Problem::TokenNotKept { why: line("disk full") });
    world.link(LinkFact::HandedOver { to: Box::new(to), kept });
    let Screen::SignIn(form) = &world.model.screen else { panic!("left") };
    assert!(matches!(form.step, SignInStep::Failed(Problem::TokenNotKept { .. })));
    assert_eq!(world.model.accounts.len(), 1);
}

#[test]
fn who_is_here_already_is_not_kept_twice() {
    let mut world = World::online(false);
    world.does(|model, fx| model.add_account(setup(BELA), false, fx));
    let mut world = refused(world);
    assert!(told(&world, ANNA, |c| matches!(c, LinkCommand::TakeBack)));
    press(&mut world, "k");
    assert!(!told(&world, ANNA, |c| matches!(c, LinkCommand::HandOver { .. })));
    assert_eq!(world.model.accounts.len(), 2);
}
