//! From the first frame to goodbye.

use super::*;
use crate::app::event::LinkState;
use crate::app::model::{MessageState, Overlay, Screen, SignInWay};
use crate::app::ops::Banner;

#[test]
fn without_an_account_the_welcome_screen_is_there_and_nothing_is_asked() {
    let (model, fx) = Model::new(Options::default(), Vec::new(), 1, Now::default());
    assert!(matches!(model.screen, Screen::Welcome(_)));
    assert!(fx.is_empty());
}

#[test]
fn a_start_opens_the_cache_before_it_dials() {
    let (model, fx) = Model::new(Options::default(), vec![setup(ANNA)], 1, Now::default());
    assert!(matches!(model.screen, Screen::Main));
    assert!(matches!(fx[0], Effect::Store(StoreRequest::Open { .. })));
    assert!(matches!(fx[1], Effect::StartLink { connect: true, .. }));
}

#[test]
fn a_whole_evening() {
    let mut world = World::new(AccountCache { roster: vec![item(BELA, "Bela", "")], ..AccountCache::default() });
    assert_eq!(world.model.show_of(&world.key(BELA)), None, "cached, not known yet");
    world.sign_in(false);
    assert!(matches!(world.commands()[0], Command::Appear(_)), "presence first");
    world.session(xmpp::Event::Presence(presence("bela@example.org/phone", Show::Busy)));
    assert_eq!(world.model.show_of(&world.key(BELA)), Some(Show::Busy));

    world.hears(says("bela@example.org/phone", "b1", "are you there?"));
    assert_eq!(world.talk(BELA).unread, 1);
    assert!(world.fx.iter().any(|effect| matches!(effect, Effect::Notify { bell: true, .. })));
    assert!(world.fx.iter().any(|effect| matches!(effect, Effect::Title(title) if title == "butty (1)")));
    let receipt = |command: &Command| matches!(command, Command::Receipt { of, .. } if of.0 == "b1");
    assert!(world.commands().iter().any(receipt));

    world.open(BELA);
    world.page(BELA, Vec::new(), false);
    assert_eq!(world.talk(BELA).unread, 0);
    assert!(world.fx.iter().any(|effect| matches!(effect, Effect::Title(title) if title == "butty")));

    let key = world.send(BELA, "yes!");
    let sent = world.sent();
    assert_eq!(sent[0].to.as_str(), "bela@example.org/phone", "the device that spoke last (RFC 6121 5.1)");
    assert_eq!((sent[0].key, sent[0].delayed), (key, None));
    assert_eq!(world.message(BELA, key).state, MessageState::Pending);
    world.session(xmpp::Event::Acknowledged(key));
    assert_eq!(world.message(BELA, key).state, MessageState::Sent);
    let from = Jid::parse("bela@example.org/phone").unwrap();
    world.session(xmpp::Event::Receipt { from, of: OriginId(key.to_string()), delayed: None });
    assert_eq!(world.message(BELA, key).state, MessageState::Delivered);
    assert!(world.own().outbox.is_empty());

    world.fx.clear();
    world.does(Model::quit);
    assert_eq!(world.model.leaving, Some(0));
    let told: Vec<_> = world.fx.iter().map(std::mem::discriminant).collect();
    assert!(matches!(world.fx.last(), Some(Effect::Quit(0))), "{told:?}");
    assert!(matches!(world.fx[0], Effect::Link(_, LinkCommand::Disconnect)));
}

#[test]
fn facts_of_a_dead_session_are_dropped() {
    let mut world = World::online(false);
    world.drop_link();
    world.dial();
    let now = world.epoch;
    world.epoch = Epoch(now.0 - 1);
    world.hears(says("bela@example.org/phone", "x", "from the grave"));
    world.session(xmpp::Event::Presence(presence("bela@example.org/phone", Show::Offline)));
    assert!(world.model.talks.is_empty());
    assert_eq!(world.model.show_of(&world.key(BELA)), Some(Show::Available), "greyed, not gone");
    assert!(world.own().roster[&bare(BELA)].stale);
}

#[test]
fn an_outage_is_told_after_three_seconds_and_the_way_back_with_its_counts() {
    let mut world = World::online(false);
    world.blip();
    assert_eq!(world.model.banner(), None, "no flashing on blips");
    assert!(world.model.deadline().unwrap() <= world.now.mono + second(3));
    world.after(second(3));
    let Some(Banner::Lost { first: false, waiting: 0, .. }) = world.model.banner() else {
        panic!("{:?}", world.model.banner())
    };
    world.open(BELA);
    let key = world.send(BELA, "kept");
    assert!(world.sent().is_empty());
    world.after(second(77));
    world.sign_in(false);
    world.hears(says("bela@example.org/phone", "1", "one"));
    world.session(xmpp::Event::Acknowledged(key));
    let Some(Banner::Back { after, sent: 1, received: 1, .. }) = world.model.banner() else {
        panic!("{:?}", world.model.banner())
    };
    assert_eq!(after, second(80));
    world.after(second(10));
    assert_eq!(world.model.banner(), None);
}

#[test]
fn a_short_blip_is_not_spoken_of() {
    let mut world = World::online(false);
    world.blip();
    world.after(second(1));
    world.sign_in(false);
    assert_eq!(world.model.banner(), None);
}

#[test]
fn the_countdown_moves_every_second_below_ten_and_not_above() {
    let mut world = World::online(false);
    world.link(LinkFact::Down { problem: None, retry_in: Some(Duration::from_millis(20_500)) });
    world.after(second(4));
    let until = world.model.banner_at().unwrap().saturating_sub(world.now.mono);
    assert_eq!(until, Duration::from_millis(6_500));
    world.after(until);
    assert_eq!(world.model.banner_at().unwrap().saturating_sub(world.now.mono), second(1));
}

#[test]
fn presence_after_an_outage_replaces_what_was_grey() {
    let mut world = World::online(false);
    world.session(xmpp::Event::Presence(presence("dad@example.org/pc", Show::Away)));
    world.drop_link();
    world.after(second(5));
    world.sign_in(false);
    world.session(xmpp::Event::Presence(presence("bela@example.org/tablet", Show::Busy)));
    let devices: Vec<_> = world.own().roster[&bare(BELA)].devices.keys().cloned().collect();
    assert_eq!(devices, ["tablet"], "the phone of the old session is gone");
    assert_eq!(world.model.show_of(&world.key("dad@example.org")), Some(Show::Away), "still grey");
    world.after(second(4));
    assert_eq!(world.model.show_of(&world.key("dad@example.org")), Some(Show::Offline), "silent: not there");
}

#[test]
fn state_and_personal_message_come_back_with_each_sign_in() {
    let mut world = World::online(false);
    world.does(|model, fx| model.appear(None, Show::Busy, Some(Some("off to the sea".to_owned())), fx));
    world.drop_link();
    world.commands();
    world.sign_in(false);
    let Command::Appear(appearance) = &world.commands()[0] else { panic!("no presence") };
    assert_eq!((appearance.show, appearance.status.as_deref()), (Show::Busy, Some("off to the sea")));
}

#[test]
fn away_by_itself_and_back_exactly() {
    let mut world = World::online(false);
    world.does(|model, fx| model.appear(None, Show::Available, Some(Some("here".to_owned())), fx));
    world.commands();
    world.after(second(601));
    assert!(matches!(&world.commands()[..], [Command::Appear(a)] if a.show == Show::Away));
    world.drop_link();
    world.sign_in(false);
    assert!(matches!(&world.commands()[0], Command::Appear(a) if a.show == Show::Away), "still away");
    world.give(Event::Paste("x".to_owned()));
    let commands = world.commands();
    let Some(Command::Appear(back)) = commands.first() else { panic!("nothing said") };
    assert_eq!((back.show, back.status.as_deref()), (Show::Available, Some("here")));
}

#[test]
fn leaving_asks_only_if_something_would_be_lost() {
    let mut world = World::online(false);
    world.open(BELA);
    world.send(BELA, "hello");
    world.does(Model::quit);
    assert!(matches!(world.model.overlays.last(), Some(Overlay::Quit { pending: 1 })));
    assert_eq!(world.model.leaving, None);
    world.give(Event::Terminate);
    assert_eq!(world.model.leaving, Some(0), "SIGTERM does not wait for an answer");
}

#[test]
fn what_the_disk_refuses_would_be_lost_and_what_it_had_before_would_not() {
    let mut world = World::online(false);
    world.drop_link();
    world.open(BELA);
    world.send(BELA, "on the disk");
    world.stored(Stored::Failed(crate::types::Problem::DiskFull));
    assert!(!world.model.is_unsent_unkept());
    world.commits = false;
    let key = world.send(BELA, "not on it");
    world.stored(Stored::NotKept { keys: vec![key] });
    assert!(world.model.is_unsent_unkept());
    world.stored(Stored::Recovered);
    world.stored(Stored::Committed { keys: vec![key] });
    assert!(!world.model.is_unsent_unkept());
}

#[test]
fn an_account_in_use_elsewhere_goes_offline_and_says_so() {
    let mut world = World::online(false);
    let account = world.account.clone();
    world.stored(Stored::InUse { account });
    assert!(matches!(world.own().link, LinkState::Offline { retry_at: None, .. }));
    assert!(matches!(world.model.banner(), Some(Banner::Trouble(crate::types::Problem::AccountInUse))));
}

#[test]
fn an_account_in_use_elsewhere_is_not_taken_online_before_its_files_are_ours() {
    let connects = |fx: &[Effect]| fx.iter().any(|e| matches!(e, Effect::Link(_, LinkCommand::Connect)));
    let mut world = World::online(false);
    let account = world.account.clone();
    world.stored(Stored::InUse { account: account.clone() });
    world.fx.clear();
    world.does(|model, fx| model.connect(None, fx));
    assert!(!connects(&world.fx), "F5 beside the other one");
    assert!(world.requests().iter().any(|request| matches!(request, StoreRequest::Open { .. })));
    world.stored(Stored::InUse { account: account.clone() });
    world.stored(Stored::Cache { account: account.clone(), cache: Box::default() });
    assert!(!connects(&world.fx), "it still runs");
    world.does(|model, fx| model.connect(None, fx));
    world.stored(Stored::Cache { account, cache: Box::default() });
    assert!(connects(&world.fx), "it has gone");
    assert!(world.model.trouble.is_none());
}

#[test]
fn an_account_that_another_butty_has_is_read_here_and_nothing_of_it_is_sent_or_written() {
    let mut world = World::online(false);
    let account = world.account.clone();
    world.hears(says("bela@example.org/phone", "1", "hello"));
    world.stored(Stored::InUse { account: account.clone() });
    assert!(matches!(world.model.overlays.last(), Some(Overlay::Trouble(crate::types::Problem::AccountInUse))));
    world.give(Event::Key(crate::app::keymap::parse("enter").unwrap()));
    assert!(world.model.overlays.is_empty());
    world.fx.clear();
    world.give(Event::Command("/msg bela".to_owned()));
    let requests = world.requests();
    let reads = |request: &StoreRequest| matches!(request, StoreRequest::Page { .. });
    assert!(!requests.is_empty() && requests.iter().all(reads), "{requests:?}");
    world.give(Event::Paste("an answer".to_owned()));
    for command in ["/busy", "/msg bela and this", "/retry", "/logout"] {
        world.give(Event::Command(command.to_owned()));
    }
    world.give(Event::Key(crate::app::keymap::parse("enter").unwrap()));
    assert_eq!(world.talk(BELA).composer.text(), "an answer", "it stays in its box");
    world.after(second(5));
    let wanted = world.fx.iter().filter(|fx| matches!(fx, Effect::Link(..) | Effect::Store(_)));
    assert_eq!(wanted.count(), 0, "{:?}", world.fx);
    assert!(world.own().outbox.is_empty());
    world.stored(Stored::InUse { account });
    assert!(world.model.overlays.is_empty(), "asked once");
}

#[test]
fn no_sign_in_begins_beside_another_butty() {
    let mut world = World::online(false);
    let account = world.account.clone();
    world.stored(Stored::InUse { account: account.clone() });
    world.fx.clear();
    for way in [SignInWay::Code, SignInWay::Password] {
        world.model.show_sign_in(way, account.as_str());
        if let Screen::SignIn(screen) = &mut world.model.screen {
            screen.password.set_text("secret");
        }
        let mut fx = Vec::new();
        let begun = world.model.start_sign_in(way, account.as_str(), &mut fx);
        assert!(matches!(begun, Err(crate::types::Problem::AccountInUse)), "{begun:?}");
        assert!(!fx.iter().any(|effect| matches!(effect, Effect::Link(..))), "{fx:?}");
    }
}

#[test]
fn an_interrupt_from_outside_is_told_to_the_shell() {
    let mut world = World::online(false);
    world.give(Event::Interrupt);
    assert_eq!(world.model.leaving, Some(130));
}

#[test]
fn what_a_reload_cannot_change_is_said() {
    let mut world = World::online(false);
    let toast = |world: &World| world.model.toast.as_ref().map(|toast| toast.text.clone()).unwrap_or_default();
    world.give(Event::Options(Box::default()));
    assert_eq!(toast(&world), "The configuration was read again");
    world.give(Event::Options(Box::new(Options { restart_for_rest: true, ..Options::default() })));
    assert!(toast(&world).contains("next start"), "{}", toast(&world));
}

#[test]
fn row_004_01_after_sleep_the_server_is_asked_for_a_sign_of_life() {
    let mut world = World::online(false);
    world.now.wall = world.now.wall.plus(second(3600));
    world.give(Event::Focus(true));
    assert!(world.commands().iter().any(|command| matches!(command, Command::Ping(_))));
}

#[test]
fn the_same_events_make_the_same_mind() {
    let play = || {
        let mut world = World::online(true);
        world.hears(says("bela@example.org/phone", "1", "one"));
        world.open(BELA);
        world.send(BELA, "two");
        world.after(second(700));
        format!("{:?}", world.model)
    };
    assert_eq!(play(), play());
}

#[test]
fn the_link_learns_which_roster_the_cache_holds() {
    let cache = AccountCache { roster_version: Some("ver6".to_owned()), ..AccountCache::default() };
    let world = World::new(cache);
    let told =
        |effect: &Effect| matches!(effect, Effect::Link(_, LinkCommand::KnowRoster { version }) if version == "ver6");
    assert_eq!(world.fx.iter().filter(|effect| told(effect)).count(), 1);
    assert!(!World::new(AccountCache::default()).fx.iter().any(|effect| matches!(effect, Effect::Link(..))));
}
