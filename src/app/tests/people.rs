//! Who is on the list, who asks to be, and on which devices they are.

use super::*;
use crate::types::Problem;
use crate::xmpp::{ChatState, SubscriptionStep};

const CAROL: &str = "carol@example.com";

fn asks(world: &mut World, who: &str) {
    world.session(xmpp::Event::SubscriptionRequest { from: bare(who), nick: Some(line("Carol")), text: None });
}

fn steps(world: &mut World) -> Vec<(String, SubscriptionStep)> {
    let commands = world.commands().into_iter();
    commands
        .filter_map(|c| match c {
            Command::Subscription { who, step } => Some((who.to_string(), step)),
            _ => None,
        })
        .collect()
}

#[test]
fn saying_yes_asks_back() {
    let mut world = World::online(false);
    asks(&mut world, CAROL);
    asks(&mut world, CAROL);
    assert_eq!(world.own().requests.len(), 1, "asked twice is one question");
    let account = world.account.clone();
    world.does(|model, fx| model.answer_request(&account, &bare(CAROL), true, fx));
    // The name comes first: a list that can only be added to takes it with the entry or not at all.
    let said: Vec<&str> = world
        .commands()
        .iter()
        .map(|command| match command {
            Command::SetBuddy { name, .. } if name.as_deref() == Some("Carol") => "name",
            Command::Subscription { step: SubscriptionStep::Accept, .. } => "yes",
            Command::Subscription { step: SubscriptionStep::Ask, .. } => "ask",
            _ => "?",
        })
        .collect();
    assert_eq!(said, ["name", "yes", "ask"]);
    assert!(world.own().requests.is_empty());
}

#[test]
fn saying_no_adds_nobody() {
    let mut world = World::online(false);
    asks(&mut world, CAROL);
    let account = world.account.clone();
    world.does(|model, fx| model.answer_request(&account, &bare(CAROL), false, fx));
    assert_eq!(steps(&mut world), [(CAROL.to_owned(), SubscriptionStep::Deny)]);
    assert!(!world.own().roster.contains_key(&bare(CAROL)));
}

#[test]
fn whom_we_asked_ourselves_may_see_us_without_a_question() {
    let mut world = World::online(false);
    let account = world.account.clone();
    world.does(|model, fx| model.add_buddy(&account, CAROL, Some("Friends"), fx)).unwrap();
    let commands = world.commands();
    assert!(matches!(&commands[0], Command::SetBuddy { groups, .. } if groups == &["Friends".to_owned()]));
    let pending = RosterItem { subscription: Subscription::None, pending: true, ..item(CAROL, "", "") };
    world.session(xmpp::Event::RosterPush { item: pending, version: None });
    asks(&mut world, CAROL);
    assert!(world.own().requests.is_empty());
    assert_eq!(steps(&mut world), [(CAROL.to_owned(), SubscriptionStep::Accept)]);
}

#[test]
fn adding_refuses_rubbish_oneself_and_being_offline_in_words() {
    let mut world = World::online(false);
    let account = world.account.clone();
    for wrong in ["", "carol", "a@b@c", ANNA] {
        let result = world.does(|model, fx| model.add_buddy(&account, wrong, None, fx));
        assert!(matches!(result, Err(Problem::BadArgument { .. })), "{wrong:?}");
    }
    world.drop_link();
    assert!(world.does(|model, fx| model.add_buddy(&account, CAROL, None, fx)).is_err());
    assert!(world.commands().is_empty());
}

#[test]
fn where_addresses_are_opaque_an_e_mail_is_looked_up_first() {
    let mut world = World::online(false);
    let features = Features { look_up: true, messenger: true, ..Features::default() };
    world.session(xmpp::Event::Features(features));
    let account = world.account.clone();
    world.does(|model, fx| model.add_buddy(&account, CAROL, None, fx)).unwrap();
    let Some(Command::LookUp { request, email }) = world.commands().pop() else { panic!("no look-up") };
    assert_eq!(email, CAROL);
    world.session(xmpp::Event::AddressFound { request, jid: Some(bare("00ab@messenger.example")) });
    assert!(steps(&mut world).contains(&("00ab@messenger.example".to_owned(), SubscriptionStep::Ask)));
    world.does(|model, fx| model.add_buddy(&account, CAROL, None, fx)).unwrap();
    let Some(Command::LookUp { request, .. }) = world.commands().pop() else { panic!("no look-up") };
    world.session(xmpp::Event::AddressFound { request, jid: None });
    assert!(world.model.toast.as_ref().is_some_and(|toast| toast.text.contains(CAROL)));
    world.does(|model, fx| model.rename_buddy(&ConversationKey::direct(account, bare(BELA)), "B", fx));
    assert!(world.commands().is_empty(), "this dialect can only add");
}

#[test]
fn changes_of_the_list_wait_for_the_servers_word() {
    let mut world = World::online(false);
    let key = world.key(BELA);
    world.does(|model, fx| model.rename_buddy(&key, "Bela Novák", fx));
    assert_eq!(world.model.name_of(&key), "Bela");
    let Some(Command::SetBuddy { request, groups, .. }) = world.commands().pop() else { panic!("not asked") };
    assert_eq!(groups, ["Friends"], "groups stay");
    let problem = Problem::NotOffered { what: line("x") };
    world.session(xmpp::Event::RequestFailed { request, problem });
    assert!(world.model.toast.is_some(), "a refusal is told");
    world.session(xmpp::Event::RosterPush { item: item(BELA, "Bela Novák", "Friends"), version: None });
    assert_eq!(world.model.name_of(&key), "Bela Novák");
    let gone = RosterItem { subscription: Subscription::Removed, ..item(BELA, "", "") };
    world.session(xmpp::Event::RosterPush { item: gone, version: None });
    assert!(!world.own().roster.contains_key(&bare(BELA)));
}

#[test]
fn of_several_devices_the_best_one_counts() {
    let mut world = World::online(false);
    let key = world.key(BELA);
    world.session(xmpp::Event::Presence(presence("bela@example.org/pc", Show::Away)));
    assert_eq!(world.model.show_of(&key), Some(Show::Available));
    world.session(xmpp::Event::Presence(presence("bela@example.org/phone", Show::Offline)));
    assert_eq!(world.model.show_of(&key), Some(Show::Away));
    world.session(xmpp::Event::Presence(presence(BELA, Show::Offline)));
    assert_eq!(world.model.show_of(&key), Some(Show::Offline), "a word of the bare address is for all");
}

#[test]
fn typing_is_shown_until_a_message_a_pause_or_silence() {
    let mut world = World::online(false);
    let key = world.key(BELA);
    let from = Jid::parse("bela@example.org/phone").unwrap();
    let types = |world: &mut World, state| {
        world.session(xmpp::Event::ChatState { from: from.clone(), state });
        world.model.is_typing(&key)
    };
    assert!(types(&mut world, ChatState::Composing));
    assert!(!types(&mut world, ChatState::Paused));
    assert!(types(&mut world, ChatState::Composing));
    world.hears(says("bela@example.org/phone", "1", "there"));
    assert!(!world.model.is_typing(&key));
    assert!(types(&mut world, ChatState::Composing));
    world.after(second(61));
    assert!(!world.model.is_typing(&key));
}

#[test]
fn answers_go_to_the_device_that_spoke_until_presence_changes() {
    let mut world = World::online(false);
    world.open(BELA);
    world.hears(says("bela@example.org/phone", "1", "hi"));
    world.commands();
    world.send(BELA, "one");
    assert_eq!(world.sent()[0].to.as_str(), "bela@example.org/phone");
    world.session(xmpp::Event::Presence(presence("bela@example.org/pc", Show::Available)));
    world.send(BELA, "two");
    assert_eq!(world.sent()[0].to.as_str(), BELA);
}

#[test]
fn receipts_go_to_buddies_who_may_see_us_and_to_nobody_else() {
    let mut world = World::online(false);
    let receipts = |world: &mut World| world.commands().iter().filter(|c| matches!(c, Command::Receipt { .. })).count();
    world.hears(says("bela@example.org/phone", "1", "hi"));
    assert_eq!(receipts(&mut world), 1);
    world.hears(says("stranger@example.com/x", "1", "hi"));
    let at = world.now.wall;
    world.hears(archived(says("bela@example.org/phone", "2", "old"), "s2", at));
    world.hears(Incoming { via: Via::Carbon, ..says("bela@example.org/phone", "3", "elsewhere") });
    let one_way = RosterItem { subscription: Subscription::To, ..item("dad@example.org", "Dad", "") };
    world.session(xmpp::Event::RosterPush { item: one_way, version: None });
    world.hears(says("dad@example.org/x", "4", "hi"));
    assert_eq!(receipts(&mut world), 0);
    world.does(|model, fx| model.appear(None, Show::Offline, None, fx));
    world.hears(says("bela@example.org/phone", "6", "hi"));
    assert_eq!(receipts(&mut world), 0, "who hides does not betray it");
    world.does(|model, fx| model.appear(None, Show::Available, None, fx));
    world.model.options.send_delivered = false;
    world.hears(says("bela@example.org/phone", "5", "hi"));
    assert_eq!(receipts(&mut world), 0);
}

#[test]
fn a_cached_list_does_not_overwrite_the_servers() {
    let now = Now { mono: second(1), wall: Stamp(1_000_000) };
    let (model, fx) = Model::new(Options::default(), vec![setup(ANNA)], 7, now);
    let account = AccountId::new(ANNA);
    let mut world = World { model, now, epoch: Epoch(0), account: account.clone(), fx, commits: true };
    world.sign_in(false);
    let cache = AccountCache { roster: vec![item("old@example.org", "Old", "")], ..AccountCache::default() };
    world.stored(Stored::Cache { account, cache: Box::new(cache) });
    assert!(world.own().roster.contains_key(&bare(BELA)));
    assert!(!world.own().roster.contains_key(&bare("old@example.org")));
}

#[test]
fn row_000_03_a_service_that_answers_no_probes_keeps_the_last_known_state() {
    let mut world = World::online(false);
    world.drop_link();
    world.sign_in(false);
    world.session(xmpp::Event::Features(Features { messenger: true, ..Features::default() }));
    world.after(second(10));
    assert_eq!(world.model.show_of(&world.key(BELA)), Some(Show::Available));
}

#[test]
fn people_are_found_by_name_beginning_and_address() {
    let world = World::online(false);
    let found = |text: &str| world.model.find_peer(text).map(|key| key.peer.to_string());
    assert_eq!(found("bela").as_deref(), Some(BELA));
    assert_eq!(found("DA").as_deref(), Some("dad@example.org"));
    assert_eq!(found("new@example.com").as_deref(), Some("new@example.com"));
    assert_eq!(found("nobody"), None);
    assert_eq!(found(""), None);
}

#[test]
fn the_same_buddy_in_two_accounts_is_two_talks_and_each_link_its_own() {
    let mut world = World::online(false);
    let work = AccountId::new("anna@work.example");
    world.does(|model, fx| model.add_account(setup("anna@work.example"), true, fx));
    let event = |epoch, fact| Event::Link(work.clone(), super::super::event::LinkEvent { epoch, fact });
    world.give(event(Epoch(1), LinkFact::Dialing { host: line("work.example") }));
    let jid = FullJid::parse("anna@work.example/x").unwrap();
    let signed_in = SignedIn { jid, mechanism: String::new(), offered: Vec::new() };
    world.give(event(Epoch(1), LinkFact::Session(xmpp::Event::SignedIn(signed_in))));
    world.give(event(
        Epoch(1),
        LinkFact::Session(xmpp::Event::Message(Box::new(says("bela@example.org/x", "1", "work")))),
    ));
    world.hears(says("bela@example.org/phone", "1", "home"));
    let at_work = ConversationKey::direct(work.clone(), bare(BELA));
    assert_eq!(world.texts(BELA), ["home"]);
    assert_eq!(world.model.talks[&at_work].messages.len(), 1);
    world.fx.clear();
    world.does(|model, fx| model.send_text(&at_work, "hi", fx));
    let to_work = |e: &Effect| matches!(e, Effect::Link(id, LinkCommand::Session(Command::Send(_))) if *id == work);
    assert!(world.fx.iter().any(to_work));
    world.drop_link();
    assert!(world.model.account(&work).is_some_and(super::super::model::Account::online));
    assert_eq!(world.model.account_in_use(), Some(&world.account), "no talk is open: the first one");
    world.model.open = Some(at_work);
    assert_eq!(world.model.account_in_use(), Some(&work));
}

#[test]
fn where_we_gave_ourselves_no_name_the_services_counts() {
    let cards = || xmpp::Event::Features(Features { cards: true, ..Features::default() });
    for (given, pictures, asked) in [("", false, true), ("Anna K", false, false), ("Anna K", true, true)] {
        let mut world = World::online(false);
        world.model.options.pictures = Some(pictures);
        given.clone_into(&mut world.model.accounts[0].setup.name);
        world.commands();
        world.session(cards());
        assert_eq!(world.commands().contains(&Command::AskOwnCard), asked);
        world.session(xmpp::Event::OwnName(line("Anna Kowalska")));
        assert_eq!(world.own().told_name, Some(line("Anna Kowalska")));
    }
}

#[test]
fn an_opaque_address_stands_beside_no_name() {
    let mut world = World::online(false);
    let shown = |world: &World| {
        let rows = crate::app::list::rows(&world.model).into_iter();
        rows.filter_map(|row| if let crate::app::list::Row::Request { name, .. } = row { Some(name) } else { None })
            .collect::<Vec<_>>()
    };
    asks(&mut world, CAROL);
    assert_eq!(shown(&world), [format!("“Carol” ({CAROL})")], "a name is claimed, an address is not");
    world.session(xmpp::Event::Features(Features { messenger: true, ..Features::default() }));
    assert_eq!(shown(&world), ["“Carol”"]);
}

#[test]
fn a_talk_begun_on_another_device_is_in_the_list_and_nothing_else_moves() {
    for via in [Via::Carbon, Via::Live] {
        let mut world = World::online(false);
        world.open(BELA);
        let peer = if via == Via::Live { ANNA } else { CAROL };
        let sent = Incoming { direction: Direction::Out, via, wants_receipt: false, ..says(ANNA, "c1", "hello") };
        world.hears(Incoming { peer: bare(peer), ..sent });
        let listed = crate::app::list::rows(&world.model);
        let is_it = |row: &crate::app::list::Row| matches!(row, crate::app::list::Row::Buddy(buddy) if buddy.key.peer == bare(peer) && buddy.unread == 0);
        assert_eq!(listed.iter().filter(|row| is_it(row)).count(), 1, "{via:?}: {listed:?}");
        assert_eq!(world.model.open, Some(world.key(BELA)));
    }
    // What the archive tells of long ago opens nothing.
    let mut world = World::online(true);
    let sent = Incoming { direction: Direction::Out, peer: bare(CAROL), ..says(ANNA, "c1", "hello") };
    let stamp = world.now.wall;
    world.hears(archived(sent, "s1", stamp));
    assert!(world.model.tabs.is_empty());
}
