//! Several accounts: one sign-in at a time is on the screen, and the others go on.

use super::sign_in::{prompt, screen};
use super::*;
use crate::app::event::{Consent, LinkState};
use crate::app::model::{Screen, SignInStep, SignInWay};
use crate::app::ops::Banner;
use crate::app::words::toasts;
use crate::types::Problem;

const JULIET: &str = "juliet@alpha.test";

/// Anna is online; Juliet begins to sign in. What is told from here on is told by Anna's link.
fn anna_online_and_juliet_signing_in(by: CredentialKind) -> World {
    let now = Now { mono: second(1), wall: Stamp(1_763_650_800_000) };
    let juliet = AccountSetup { credential: Some(by), ..setup(JULIET) };
    let (model, fx) = Model::new(Options::default(), vec![setup(ANNA), juliet], 7, now);
    let mut world = World { model, now, epoch: Epoch(0), account: AccountId::new(ANNA), fx, commits: true };
    for address in [ANNA, JULIET] {
        let cache = Box::new(AccountCache::default());
        world.stored(Stored::Cache { account: AccountId::new(address), cache });
    }
    world.stored(Stored::CacheDone);
    world.sign_in(false);
    juliets(&mut world, LinkFact::Dialing { host: line("alpha.test") });
    juliets(&mut world, LinkFact::Down { problem: Some(sign_in_needed(JULIET)), retry_in: None });
    world.give(Event::Command("/login".to_owned()));
    world.fx.clear();
    world
}

fn anna_online_and_juliet_at_her_code() -> World {
    let mut world = anna_online_and_juliet_signing_in(CredentialKind::Token);
    let code = prompt(&world);
    juliets(&mut world, LinkFact::Consent(Consent::Code(code)));
    assert_code_of_juliet(&world);
    world
}

/// Juliet's link tells this.
fn juliets(world: &mut World, fact: LinkFact) {
    let event = LinkEvent { epoch: Epoch(1), fact };
    world.give(Event::Link(AccountId::new(JULIET), event));
}

fn sign_in_needed(account: &str) -> Problem {
    Problem::SignInNeeded { account: line(account) }
}

fn assert_code_of_juliet(world: &World) {
    let shown = screen(world);
    assert_eq!(shown.account, Some(AccountId::new(JULIET)));
    assert!(matches!(&shown.step, SignInStep::Code { trouble: None, .. }), "{:?}", shown.step);
    assert_eq!(shown.complaint, None);
}

#[test]
fn while_one_account_signs_in_the_others_go_on() {
    let mut world = anna_online_and_juliet_at_her_code();
    world.hears_one("m-1", "are you there?");
    assert_eq!(world.texts(BELA), ["are you there?"]);
    world.session(xmpp::Event::Presence(presence(PHONE, Show::Busy)));
    world.drop_link();
    assert!(matches!(world.own().link, LinkState::Offline { retry_at: Some(_), .. }));
    assert_code_of_juliet(&world);
    world.fx.clear();
    world.sign_in(false);
    assert!(world.own().online());
    world.hears_one("m-2", "hello?");
    assert_eq!(world.texts(BELA), ["are you there?", "hello?"]);
    assert!(!world.fx.iter().any(|effect| matches!(effect, Effect::Link(id, _) if id.as_str() == JULIET)));
    assert_code_of_juliet(&world);
}

#[test]
fn another_account_that_wants_a_sign_in_waits_until_the_first_is_done() {
    let domain = Domain::parse("example.org").unwrap();
    for demand in [
        LinkFact::PasswordWanted {
            problem: Some(Problem::WrongPassword { domain: domain.clone() }),
            device_sign_in: true,
        },
        LinkFact::PasswordWanted { problem: None, device_sign_in: false },
        LinkFact::Down { problem: Some(sign_in_needed(ANNA)), retry_in: None },
        LinkFact::Down { problem: Some(Problem::SignInExpired { domain }), retry_in: None },
    ] {
        let mut world = anna_online_and_juliet_at_her_code();
        world.blip();
        world.dial();
        world.link(demand.clone());
        assert_code_of_juliet(&world);
        world.give(Event::Command(format!("/login {ANNA}")));
        assert_code_of_juliet(&world);
        let told = world.model.toast.as_ref().map(|toast| toast.text.clone());
        assert_eq!(told, Some(toasts::not_now(toasts::FINISH_SIGNING_IN)));

        juliets(&mut world, LinkFact::Consent(Consent::Granted { scopes: vec![line("xmpp")] }));
        world.link(demand);
        assert!(matches!(screen(&world).step, SignInStep::Opening), "nor while it is being opened");
        let jid = FullJid::parse("juliet@alpha.test/butty").unwrap();
        let signed_in = SignedIn { jid, mechanism: "OAUTHBEARER".to_owned(), offered: Vec::new() };
        juliets(&mut world, LinkFact::Session(xmpp::Event::SignedIn(signed_in)));
        assert!(matches!(screen(&world).step, SignInStep::Review { .. }));
        world.does(Model::finish_sign_in);
        assert!(matches!(world.model.screen, Screen::Main));
        let banner = world.model.banner();
        assert!(matches!(&banner, Some(Banner::NeedsYou { account, .. }) if account.as_str() == ANNA), "{banner:?}");
        world.give(Event::Command("/login".to_owned()));
        let next = screen(&world);
        assert_eq!((next.way, next.account.as_ref().map(AccountId::as_str)), (SignInWay::Password, Some(ANNA)));
    }
}

#[test]
fn a_password_that_is_being_typed_is_not_taken_away_by_another_account_that_wants_one() {
    let mut world = anna_online_and_juliet_signing_in(CredentialKind::Password);
    world.give(Event::Paste("pw-jul".to_owned()));
    world.blip();
    world.dial();
    let problem = Some(Problem::WrongPassword { domain: Domain::parse("example.org").unwrap() });
    world.link(LinkFact::PasswordWanted { problem, device_sign_in: true });
    let shown = screen(&world);
    assert_eq!((shown.account.as_ref().map(AccountId::as_str), shown.password.text()), (Some(JULIET), "pw-jul"));
    assert_eq!(shown.complaint, None);
}
