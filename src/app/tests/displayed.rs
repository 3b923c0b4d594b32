//! Displayed markers (XEP-0333): each is told once, and none is lost with a line or a process.

use super::*;

fn marked(n: &str) -> Incoming {
    Incoming { wants_marker: true, ..says(PHONE, n, "hi") }
}

/// Reading the first message of Bela's, which asks to be told; it was told.
fn told_once() -> (World, MessageKey) {
    let mut world = World::online(false);
    world.open(BELA);
    world.hears(marked("1"));
    world.fx.clear();
    world.after(second(2));
    let (of, key) = markers(&mut world).remove(0);
    assert_eq!(of, "1");
    (world, key)
}

fn markers(world: &mut World) -> Vec<(String, MessageKey)> {
    let told = |c| if let Command::Displayed { of, key, .. } = c { Some((of.0, key)) } else { None };
    world.commands().into_iter().filter_map(told).collect()
}

fn of(world: &mut World) -> Vec<String> {
    markers(world).into_iter().map(|(of, _)| of).collect()
}

/// What is kept of it.
fn kept(world: &mut World) -> Vec<Stamp> {
    let kept = |r| if let StoreRequest::Displayed { up_to, .. } = r { Some(up_to) } else { None };
    world.requests().into_iter().filter_map(kept).collect()
}

#[test]
fn that_it_was_told_is_kept_when_the_server_has_it_and_not_before() {
    let (mut world, key) = told_once();
    world.after(second(60));
    assert!(kept(&mut world).is_empty(), "it may be lost yet");
    world.session(xmpp::Event::Acknowledged(key));
    assert_eq!(kept(&mut world), [world.talk(BELA).messages[0].stamp]);
    world.session(xmpp::Event::Acknowledged(key));
    assert!(kept(&mut world).is_empty(), "once");
}

#[test]
fn what_was_cut_off_on_its_way_is_told_in_the_next_session() {
    let (mut world, _) = told_once();
    world.drop_link();
    world.sign_in(false);
    world.fx.clear();
    world.after(second(2));
    let (of, key) = markers(&mut world).remove(0);
    assert_eq!(of, "1");
    world.session(xmpp::Event::Acknowledged(key));
    world.drop_link();
    world.sign_in(false);
    world.fx.clear();
    world.after(second(2));
    assert!(markers(&mut world).is_empty(), "the server has it");
}

#[test]
fn the_newest_stands_for_one_that_was_lost_before_it() {
    let (mut world, _) = told_once();
    world.hears(marked("2"));
    world.after(second(2));
    let newest = markers(&mut world).remove(0);
    assert_eq!(newest.0, "2");
    world.drop_link();
    world.sign_in(false);
    world.fx.clear();
    world.after(second(2));
    assert_eq!(of(&mut world), ["2"]);
}

/// The next start, with what this world has read, and the history's word on how far that was told.
fn started(world: &World, displayed: Stamp, undisplayed: Vec<ConversationKey>) -> World {
    let (key, at) = (world.key(BELA), world.talk(BELA).messages[0].stamp);
    let (talks, read_to) = (vec![(key.clone(), 0, at)], vec![(key, at, displayed)]);
    World::new(AccountCache { talks, read_to, undisplayed, ..AccountCache::default() })
}

#[test]
fn at_the_next_start_the_history_shows_what_was_not_told() {
    let (world, _) = told_once();
    let row = world.talk(BELA).messages[0].clone();
    let mut begun = started(&world, Stamp(0), vec![world.key(BELA)]);
    begun.page(BELA, vec![row.clone()], false);
    begun.after(second(5));
    assert!(markers(&mut begun).is_empty(), "there is no line yet");
    begun.sign_in(false);
    begun.fx.clear();
    begun.after(second(2));
    assert_eq!(of(&mut begun), ["1"]);
    let mut begun = started(&world, row.stamp, Vec::new());
    begun.sign_in(false);
    begun.open(BELA);
    begun.page(BELA, vec![row.clone()], false);
    begun.fx.clear();
    begun.after(second(2));
    assert!(markers(&mut begun).is_empty(), "the history knows that it was told");
}

#[test]
fn what_came_before_the_start_and_is_read_after_it_is_told() {
    let (world, _) = told_once();
    let row = world.talk(BELA).messages[0].clone();
    let talks = vec![(world.key(BELA), 1, row.stamp)];
    let mut begun = World::new(AccountCache { talks, ..AccountCache::default() });
    begun.sign_in(false);
    begun.fx.clear();
    begun.open(BELA);
    begun.page(BELA, vec![row], false);
    begun.after(second(2));
    assert_eq!(of(&mut begun), ["1"]);
}

#[test]
fn who_was_not_to_be_told_is_not_told_later_either() {
    let mut world = World::online(false);
    world.model.options.send_read = false;
    world.open(BELA);
    world.hears(marked("1"));
    world.fx.clear();
    world.after(second(2));
    assert_eq!(kept(&mut world), [world.talk(BELA).messages[0].stamp]);
    world.model.options.send_read = true;
    world.drop_link();
    world.sign_in(false);
    world.open("dad@example.org");
    world.open(BELA);
    world.fx.clear();
    world.after(second(60));
    assert!(markers(&mut world).is_empty());
}

#[test]
fn what_comes_while_reading_rests_to_be_told_is_not_called_seen() {
    let mut world = World::online(false);
    world.open(BELA);
    world.hears(marked("1"));
    world.give(Event::Focus(false));
    world.after(Duration::from_millis(5));
    world.hears(marked("2"));
    world.fx.clear();
    world.after(second(2));
    assert_eq!(of(&mut world), ["1"], "nobody has looked at the second");
}

#[test]
fn an_answer_from_here_does_not_keep_the_marker_back_and_one_from_the_phone_stands_for_it() {
    let mut world = World::online(false);
    world.open(BELA);
    world.hears(marked("1"));
    world.send(BELA, "hi yourself");
    world.fx.clear();
    world.after(second(2));
    assert_eq!(of(&mut world), ["1"]);
    world.hears(marked("2"));
    let there = Incoming {
        peer: bare(BELA),
        direction: Direction::Out,
        via: Via::Carbon,
        ..says("anna@example.org/phone", "p", "from the phone")
    };
    world.hears(there);
    world.fx.clear();
    world.after(second(2));
    assert!(markers(&mut world).is_empty());
}

#[test]
fn what_another_device_has_told_is_not_told_here() {
    let mut world = World::online(false);
    world.hears(marked("1"));
    world.fx.clear();
    world.hears(marked_by_our_phone("1"));
    let asked = world.requests().into_iter();
    let request = asked.filter_map(|r| if let StoreRequest::ReadTo { request, .. } = r { Some(request) } else { None });
    let (talk, at) = (world.key(BELA), world.talk(BELA).messages[0].stamp);
    for request in request.collect::<Vec<_>>() {
        let (talk, up_to) = (talk.clone(), Some(at));
        world.stored(Stored::Read { request, talk, up_to, displayed: at, unread: 0, ours: None });
    }
    world.open(BELA);
    let page = world.talk(BELA).messages.iter().cloned().collect();
    world.page(BELA, page, false);
    world.fx.clear();
    world.after(second(60));
    assert!(markers(&mut world).is_empty());
}

#[test]
fn who_leaves_without_a_line_tells_at_the_next_start() {
    let mut world = World::online(false);
    world.open(BELA);
    world.hears(marked("1"));
    world.drop_link();
    world.fx.clear();
    world.does(|model, fx| model.leave(0, fx));
    let said = |effect: &Effect| matches!(effect, Effect::Link(_, LinkCommand::Session(Command::Displayed { .. })));
    assert!(!world.fx.iter().any(said), "to whom?");
    assert!(kept(&mut world).is_empty(), "so it is not kept as told");
    let mut begun = started(&world, Stamp(0), vec![world.key(BELA)]);
    begun.page(BELA, vec![world.talk(BELA).messages[0].clone()], false);
    begun.sign_in(false);
    begun.fx.clear();
    begun.after(second(2));
    assert_eq!(of(&mut begun), ["1"]);
}

#[test]
fn a_session_that_is_taken_up_lacks_it_or_has_it() {
    for lacks in [true, false] {
        let (mut world, key) = told_once();
        world.drop_link();
        world.dial();
        if !lacks {
            world.session(xmpp::Event::Acknowledged(key));
        }
        let signed_in = SignedIn {
            jid: FullJid::parse("anna@example.org/butty").unwrap(),
            mechanism: "HT-SHA-256-EXPR".to_owned(),
            offered: Vec::new(),
        };
        let pending = if lacks { vec![key] } else { Vec::new() };
        world.fx.clear();
        world.session(xmpp::Event::Resumed { signed_in, pending, asked: Vec::new() });
        world.session(xmpp::Event::Features(Features::default()));
        world.after(second(60));
        assert_eq!(of(&mut world).len(), usize::from(lacks));
    }
}

#[test]
fn strangers_and_those_who_are_hidden_from_learn_nothing_after_a_restart_either() {
    let (world, _) = told_once();
    let row = world.talk(BELA).messages[0].clone();
    let mut begun = started(&world, Stamp(0), vec![world.key(BELA)]);
    begun.page(BELA, vec![row.clone()], false);
    begun.does(|model, fx| model.appear(None, Show::Offline, None, fx));
    begun.sign_in(false);
    begun.fx.clear();
    begun.after(second(2));
    assert_eq!(kept(&mut begun), [row.stamp]);
    begun.does(|model, fx| model.appear(None, Show::Available, None, fx));
    begun.open("dad@example.org");
    begun.open(BELA);
    begun.fx.clear();
    begun.after(second(60));
    assert!(markers(&mut begun).is_empty());
}

/// What stands far back was told, or was not to be, before this start: only the history knows.
#[test]
fn an_old_talk_is_not_told_of_anew_because_something_else_is_read_in_it() {
    let (world, _) = told_once();
    let row = world.talk(BELA).messages[0].clone();
    let mut begun = World::new(AccountCache::default());
    begun.sign_in(false);
    begun.open(BELA);
    let (request, talk) = (begun.talk(BELA).page.expect("a page is asked for"), begun.key(BELA));
    let displayed = row.stamp;
    begun.stored(Stored::Page { request, talk, displayed, messages: vec![row], more: false });
    begun.after(second(1));
    begun.hears(says(PHONE, "2", "does not ask"));
    begun.fx.clear();
    begun.after(second(60));
    let effects = std::mem::take(&mut begun.fx);
    let said = |effect: &&Effect| matches!(effect, Effect::Link(_, LinkCommand::Session(Command::Displayed { .. })));
    assert_eq!(effects.iter().filter(said).count(), 0);
    begun.fx = effects;
    let newest = begun.talk(BELA).messages.back().unwrap().stamp;
    assert_eq!(kept(&mut begun), [newest], "and this talk is not looked into at the next start");
}

#[test]
fn what_was_settled_while_a_marker_was_on_its_way_stays_settled_when_that_is_lost() {
    let (mut world, _) = told_once();
    world.model.options.send_read = false;
    world.hears(marked("2"));
    world.after(second(2));
    world.drop_link();
    world.model.options.send_read = true;
    world.sign_in(false);
    world.fx.clear();
    world.after(second(60));
    assert!(markers(&mut world).is_empty());
}
