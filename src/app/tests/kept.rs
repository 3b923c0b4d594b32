//! Nothing of ours is on the wire, and nothing of theirs acknowledged, before it is on the disk.

use super::*;
use crate::app::model::MessageState;
use crate::types::Problem;

#[test]
fn a_message_is_on_the_disk_before_it_is_on_the_wire() {
    let mut world = World::online(false);
    world.open(BELA);
    world.commits = false;
    let keys = [world.send(BELA, "one"), world.send(BELA, "two"), world.send(BELA, "three")];
    assert!(world.sent().is_empty(), "nothing is kept yet");
    world.stored(Stored::Committed { keys: keys[..2].to_vec() });
    assert_eq!(world.sent().iter().map(|out| out.key).collect::<Vec<_>>(), keys[..2]);
    // Going offline and on again changes nothing of it.
    world.drop_link();
    world.sign_in(false);
    assert_eq!(world.sent().iter().map(|out| out.key).collect::<Vec<_>>(), keys[..2]);
    world.stored(Stored::Committed { keys: keys[2..].to_vec() });
    assert_eq!(world.sent().iter().map(|out| out.key).collect::<Vec<_>>(), keys[2..]);
}

#[test]
fn what_an_earlier_life_left_goes_out_before_what_is_typed_now() {
    let now = World::new(AccountCache::default()).now;
    let (model, fx) = Model::new(Options::default(), vec![setup(ANNA)], 9, now);
    let account = AccountId::new(ANNA);
    let mut world = World { model, now, epoch: Epoch(0), account: account.clone(), fx, commits: true };
    world.open(BELA);
    world.sign_in(false);
    let typed = world.send(BELA, "typed before the disk had answered");
    assert!(world.sent().is_empty());
    let left = Message { key: MessageKey(5), ..world.message(BELA, typed).clone() };
    let cache = AccountCache { outbox: vec![left], ..AccountCache::default() };
    world.stored(Stored::Cache { account, cache: Box::new(cache) });
    world.stored(Stored::CacheDone);
    assert_eq!(world.sent().iter().map(|out| out.key).collect::<Vec<_>>(), [MessageKey(5), typed]);
}

#[test]
fn a_disk_that_takes_nothing_does_not_keep_anybody_from_talking() {
    let mut world = World::online(false);
    world.open(BELA);
    world.commits = false;
    let first = world.send(BELA, "one");
    world.stored(Stored::Failed(Problem::DiskFull));
    let second = world.send(BELA, "two");
    assert_eq!(world.sent().iter().map(|out| out.key).collect::<Vec<_>>(), [first, second]);
    world.stored(Stored::Recovered);
    world.stored(Stored::Committed { keys: vec![first, second] });
    assert!(world.sent().is_empty(), "not twice");
    world.send(BELA, "three");
    assert!(world.sent().is_empty(), "as before");
}

#[test]
fn the_server_may_forget_what_the_disk_has_and_not_before() {
    let mut world = World::online(false);
    world.commits = false;
    world.hears(says("bela@example.org/phone", "1", "hi"));
    let tally = crate::types::Tally { session: 1, count: 5 };
    world.session(xmpp::Event::KeepAsked(tally));
    let asked = |fx: &[Effect]| {
        let at = |wanted: &dyn Fn(&StoreRequest) -> bool| {
            fx.iter().position(|effect| matches!(effect, Effect::Store(request) if wanted(request)))
        };
        let insert = at(&|request| matches!(request, StoreRequest::Insert(_)));
        (insert, at(&|request| matches!(request, StoreRequest::Confirm { tally: asked, .. } if *asked == tally)))
    };
    let (insert, confirm) = asked(&world.fx);
    assert!(insert.is_some() && insert < confirm, "in this order");
    assert!(!world.commands().contains(&Command::Kept(tally)));
    // The connection is lost meanwhile: whoever may take the session up again has to hear it all the same.
    world.drop_link();
    world.commands();
    world.stored(Stored::Confirmed { account: AccountId::new(ANNA), tally });
    assert_eq!(world.commands(), [Command::Kept(tally)]);
}

#[test]
fn a_copy_that_comes_once_more_is_acknowledged_to_its_sender_too() {
    let mut world = World::online(false);
    world.commits = false;
    let key = world.hears_one("1", "hi");
    world.stored(Stored::Duplicate { key, existing: MessageKey(1), stamp: Stamp(1) });
    let receipts = world.commands().into_iter().filter(|command| matches!(command, Command::Receipt { .. })).count();
    assert_eq!(receipts, 1, "the one before may have been lost with the process");
}

#[test]
fn a_refusal_of_a_message_that_is_only_on_the_disk_is_written_there() {
    let mut world = World::online(false);
    let key = MessageKey(77);
    let problem = Problem::NoSuchAddress { peer: bare(BELA) };
    let from = Some(Jid::parse(BELA).unwrap());
    world.session(xmpp::Event::Bounced { key: OriginId(key.to_string()), from, problem });
    assert!(world.fx.iter().any(|effect| matches!(effect,
        Effect::Store(StoreRequest::Mark { key: marked, talk, state: MessageState::Failed(_) })
            if *marked == key && talk.peer == bare(BELA))));
}
