//! Two clocks, and the archive: what stands where, and what a page that breaks off does to that.

use super::*;
use crate::app::model::Asked;
use crate::app::sync::{Edge, Gap};
use crate::types::limits::MOVES;
use crate::types::{ArchiveId, RequestId};

const PAGE: RequestId = RequestId(77);

impl World {
    /// A talk with three live messages of one second, and a page of the archive on its way, whose clock is ahead.
    fn three_and_a_page() -> Self {
        let mut world = Self::reading(BELA);
        for n in ["1", "2", "3"] {
            world.hears(stanza_id(says(PHONE, n, n), &format!("s{n}")));
            world.after(Duration::from_millis(100));
        }
        world.model.accounts[0].asked.insert(PAGE, Asked::Gap);
        world.fx.clear();
        world
    }

    fn pages(&mut self, id: &str, text: &str, stamp: Stamp) {
        self.hears(in_page(PAGE, archived(says(PHONE, id, text), &format!("s{id}"), stamp)));
    }

    /// A page of a gap is awaited that ends before this result.
    fn ends_at(&mut self, id: &str, at: Stamp) {
        let before = Edge { id: Some(ArchiveId(id.to_owned())), at };
        self.model.accounts[0].sync.gaps = vec![Gap::new(Edge { id: None, at: Stamp(0) }, before)];
        self.model.accounts[0].asked.insert(PAGE, Asked::Gap);
        self.fx.clear();
    }

    fn moved(&mut self) -> usize {
        self.requests().iter().filter(|request| matches!(request, StoreRequest::SetStamp { .. })).count()
    }
}

#[test]
fn a_page_that_breaks_off_behind_a_message_that_it_moved_leaves_the_rest_behind_that() {
    let mut world = World::three_and_a_page();
    let ahead = world.now.wall.plus(second(4));
    world.pages("0", "0", ahead);
    assert_eq!(world.texts(BELA), ["1", "2", "3", "0"], "by the clocks");
    world.pages("1", "1", ahead);
    assert_eq!(world.texts(BELA), ["0", "1", "2", "3"]);
    let stamps: Vec<_> = world.talk(BELA).messages.iter().map(|message| (message.stamp, message.key)).collect();
    assert!(stamps.is_sorted(), "the disk has them in this order: {stamps:?}");
    assert_eq!(world.moved(), 3, "and is told of all that moved");
    world.pages("2", "2", ahead);
    world.pages("3", "3", ahead);
    assert_eq!((world.texts(BELA), world.moved()), (["0", "1", "2", "3"].map(str::to_owned).to_vec(), 0));
}

#[test]
fn what_was_typed_between_two_of_theirs_takes_nothing_from_the_place_of_the_second() {
    let mut world = World::reading(BELA);
    let typed = world.send(BELA, "mine").to_string();
    world.after(second(60));
    world.hears(stanza_id(says(PHONE, "1", "1"), "s1"));
    // The page above begins so soon that there is room for one moment alone.
    let before = Edge { id: None, at: world.now.wall.plus(Duration::from_millis(50)) };
    world.model.accounts[0].sync.gaps = vec![Gap::new(Edge { id: None, at: Stamp(0) }, before)];
    world.model.accounts[0].asked.insert(PAGE, Asked::Gap);
    let ahead = world.now.wall.plus(second(4));
    world.pages("0", "0", ahead);
    let mine =
        Incoming { peer: bare(BELA), direction: Direction::Out, ..says("anna@example.org/butty", &typed, "mine") };
    world.hears(in_page(PAGE, archived(mine, "s00", ahead)));
    world.pages("1", "1", ahead);
    assert_eq!(world.texts(BELA), ["mine", "0", "1"]);
}

#[test]
fn what_an_archive_has_twice_under_one_id_moves_nothing_the_second_time() {
    let mut world = World::three_and_a_page();
    let at = world.talk(BELA).messages[0].stamp;
    for n in ["1", "1", "2", "2"] {
        world.pages(n, n, at);
    }
    assert_eq!((world.texts(BELA), world.moved()), (["1", "2", "3"].map(str::to_owned).to_vec(), 0));
}

#[test]
fn of_a_talk_that_was_never_opened_only_an_unbroken_end_is_in_memory() {
    let mut world = World::online(true);
    for n in 0..300 {
        world.hears(stanza_id(says(PHONE, &n.to_string(), &n.to_string()), &format!("s{n}")));
        world.after(Duration::from_millis(10));
    }
    let first = world.talk(BELA).messages[0].stamp;
    world.model.accounts[0].asked.insert(PAGE, Asked::Gap);
    world.fx.clear();
    let texts = world.texts(BELA);
    for n in ["7", "9"] {
        world.pages(n, n, Stamp(first.0 - 1_000));
    }
    assert_eq!((world.texts(BELA), world.moved()), (texts, 0), "what lies between is on the disk alone");
}

#[test]
fn what_comes_while_the_store_reads_a_page_is_in_it() {
    let mut world = World::online(true);
    for n in ["7", "8", "9"] {
        world.hears(stanza_id(says(PHONE, n, n), &format!("s{n}")));
        world.after(Duration::from_millis(10));
    }
    let first = world.talk(BELA).messages[0].clone();
    world.open(BELA);
    world.model.accounts[0].asked.insert(PAGE, Asked::Gap);
    world.pages("6", "6", Stamp(first.stamp.0 - 1_000));
    let older = Message { key: MessageKey(5), stamp: Stamp(first.stamp.0 - 2_000), ..first.clone() };
    world.page(BELA, vec![older, first], true);
    assert_eq!(world.texts(BELA), ["7", "6", "7", "8", "9"]);
}

#[test]
fn what_waited_to_be_sent_bounds_nothing_of_a_gap() {
    let mut world = World::reading(BELA);
    world.hears(stanza_id(says(PHONE, "0", "before"), "s0"));
    world.blip();
    world.after(second(600));
    let typed = world.send(BELA, "typed offline");
    world.after(second(7_200));
    world.sign_in(true);
    let at = world.now.wall;
    let newest = RequestId(50);
    world.model.accounts[0].asked.insert(newest, Asked::CatchUp);
    let ours = Incoming { direction: Direction::Out, ..says(PHONE, &typed.to_string(), "typed offline") };
    world.hears(in_page(newest, archived(ours, "s9", at)));
    let first = Some(ArchiveId("s9".to_owned()));
    world.session(page_end(newest, first.clone(), first, false));
    world.model.accounts[0].asked.insert(PAGE, Asked::Gap);
    let elsewhere = Incoming { direction: Direction::Out, ..says(PHONE, "5", "from the phone") };
    world.hears(in_page(PAGE, archived(elsewhere, "s5", Stamp(at.0 - 3_600_000))));
    assert_eq!(world.texts(BELA), ["before", "typed offline", "from the phone"]);
    assert_eq!(world.talk(BELA).messages[2].stamp, Stamp(at.0 - 3_600_000));
}

#[test]
fn a_page_made_to_be_work_moves_so_many_and_no_more() {
    let mut world = World::reading(BELA);
    for n in 0..1_000 {
        world.hears(stanza_id(says(PHONE, &n.to_string(), "old"), &format!("s{n}")));
    }
    world.model.accounts[0].asked.insert(PAGE, Asked::Gap);
    world.fx.clear();
    let mut moved = 0;
    for n in 0..100 {
        let at = world.now.wall.plus(second(10 * (n + 1)));
        world.pages(&format!("new {n}"), "new", at);
        world.pages(&n.to_string(), "old", at);
        moved += world.moved();
    }
    assert!((2_000..=MOVES + 1_000).contains(&moved), "{moved}");
}

#[test]
fn a_page_that_is_to_prove_what_became_of_ours_moves_nothing_and_brings_nothing_new() {
    let mut world = World::three_and_a_page();
    world.model.accounts[0].asked.insert(PAGE, Asked::Check);
    let before: Vec<_> = world.talk(BELA).messages.iter().map(|message| message.stamp).collect();
    let at = Stamp(before[0].0 - 500);
    for n in ["2", "missed", "1", "3"] {
        world.pages(n, n, at);
    }
    let after: Vec<_> = world.talk(BELA).messages.iter().map(|message| message.stamp).collect();
    assert_eq!((after, world.texts(BELA)), (before, ["1", "2", "3"].map(str::to_owned).to_vec()));
}

/// The gap began when three messages were here, which had been on their way for a second; another session is lost and
/// begun before it is filled.
#[test]
fn a_gap_of_an_earlier_session_lies_behind_what_was_here_when_it_began() {
    let mut world = World::reading(BELA);
    let newest = |world: &mut World| {
        let asked = world.own().asked.iter().find(|(_, asked)| matches!(asked, Asked::CatchUp));
        *asked.expect("it catches up").0
    };
    let request = newest(&mut world);
    world.session(page_end(request, None, None, true));
    for n in ["1", "2", "3"] {
        world.hears(stanza_id(says(PHONE, n, n), &format!("s{n}")));
    }
    let heard = world.now.wall;
    world.drop_link();
    world.sign_in(true);
    let request = newest(&mut world);
    world.hears(in_page(request, archived(says(PHONE, "5", "5"), "s5", Stamp(heard.0 + 900))));
    let end = Some(ArchiveId("s5".to_owned()));
    world.session(page_end(request, end.clone(), end, false));
    world.drop_link();
    world.sign_in(true);
    let request = newest(&mut world);
    let end = Some(ArchiveId("s6".to_owned()));
    world.hears(in_page(request, archived(says(PHONE, "6", "6"), "s6", Stamp(heard.0 + 1_200))));
    world.session(page_end(request, end.clone(), end, true));
    let gap = world.own().asked.iter().find(|(_, asked)| matches!(asked, Asked::Gap)).map(|(request, _)| *request);
    world.hears(in_page(gap.expect("it is filled"), archived(says(PHONE, "4", "4"), "s4", Stamp(heard.0 - 500))));
    assert_eq!(world.texts(BELA), ["1", "2", "3", "4", "5", "6"]);
}

#[test]
fn a_page_of_a_gap_moves_nothing_past_what_is_on_the_disk_alone() {
    let mut world = World::online(true);
    for n in 0..300 {
        world.hears(stanza_id(says(PHONE, &n.to_string(), &n.to_string()), &format!("s{n}")));
        world.after(Duration::from_millis(10));
    }
    let first = world.talk(BELA).messages[0].clone();
    let id = |n: u32| Some(ArchiveId(format!("s{n}")));
    let (after, before) = (Edge { id: None, at: Stamp(0) }, Edge { id: id(250), at: first.stamp });
    world.model.accounts[0].sync.gaps = vec![Gap::new(after, before)];
    world.model.accounts[0].asked.insert(PAGE, Asked::Gap);
    world.pages("280", "280", Stamp(first.stamp.0 - 60_000));
    let at = world.texts(BELA).iter().position(|text| text == "280");
    assert_eq!((at, world.talk(BELA).messages[0].key), (Some(1), first.key), "as far up as its neighbours are known");
}

/// Three hundred messages, of which the archive gave no id, and the last of them in memory; and a page of a gap that the
/// disk alone has, a second before those.
fn with_a_page_on_the_disk_alone() -> (World, Message) {
    let mut world = World::online(true);
    for n in 0..300 {
        world.hears(says(PHONE, &n.to_string(), &n.to_string()));
        world.after(Duration::from_millis(10));
    }
    let first = world.talk(BELA).messages[0].clone();
    world.ends_at("s250", first.stamp);
    world.pages("new", "new", Stamp(first.stamp.0 - 1_000));
    let told = Some(ArchiveId("snew".to_owned()));
    world.session(page_end(PAGE, told.clone(), told, false));
    assert_eq!(world.talk(BELA).messages[0].key, first.key, "it is on the disk alone");
    world.ends_at("snew", Stamp(first.stamp.0 - 1_000));
    (world, first)
}

/// There is one thing that is known of the disk: where the page above was put.
#[test]
fn what_stands_above_a_page_that_is_on_the_disk_alone_moves_below_it() {
    let (mut world, first) = with_a_page_on_the_disk_alone();
    let key = world.talk(BELA).messages.iter().find(|message| text(message) == "280").expect("in memory").key;
    let below = Stamp(first.stamp.0 - 60_000);
    world.pages("280", "280", below);
    let requests = world.requests();
    let to = |request: &StoreRequest| match request {
        StoreRequest::SetStamp { key, stamp } => Some((*key, *stamp)),
        _ => None,
    };
    assert_eq!(requests.iter().filter_map(to).collect::<Vec<_>>(), [(key, below)]);
    assert!(!world.texts(BELA).contains(&"280".to_owned()));
    let named = |request: &StoreRequest| matches!(request, StoreRequest::SetStanzaId { key: of, .. } if *of == key);
    assert!(requests.iter().any(named), "and has its id though it is not in memory any more");
}

/// The page was read before the move.
#[test]
fn what_moves_below_while_the_store_reads_a_page_stays_in_memory() {
    let (mut world, first) = with_a_page_on_the_disk_alone();
    world.open(BELA);
    world.pages("280", "280", Stamp(first.stamp.0 - 60_000));
    let older = Message { key: MessageKey(5), stamp: Stamp(first.stamp.0 - 90_000), ..first };
    world.page(BELA, vec![older], true);
    assert_eq!(world.texts(BELA).iter().position(|text| text == "280"), Some(1));
}

/// Else what the archive has of the time between, which nobody saw, would count as read.
#[test]
fn a_talk_is_read_up_to_what_was_heard_and_not_to_what_was_typed_here() {
    let mut world = World::online(true);
    world.hears(stanza_id(says(PHONE, "1", "1"), "s1"));
    let heard = world.now.wall;
    world.after(second(5));
    world.send(BELA, "typed");
    world.open(BELA);
    world.page(BELA, Vec::new(), false);
    assert_eq!((world.talk(BELA).unread, world.talk(BELA).read_to), (0, heard));
}

/// Its query was dropped meanwhile: it proves nothing, and what is new in it comes by itself.
#[test]
fn a_page_that_nobody_waits_for_any_more_moves_nothing_and_brings_nothing_new() {
    let mut world = World::three_and_a_page();
    world.model.accounts[0].asked.clear();
    let at = Stamp(world.talk(BELA).messages[0].stamp.0 - 500);
    for n in ["2", "missed", "1"] {
        world.pages(n, n, at);
    }
    assert_eq!((world.texts(BELA), world.moved()), (["1", "2", "3"].map(str::to_owned).to_vec(), 0));
}

/// Else the store would put what another page tells behind them.
#[test]
fn what_a_check_brings_of_old_is_not_put_in_order_with_what_another_page_brings() {
    let mut world = World::online(true);
    world.hears(stanza_id(says(PHONE, "9", "9"), "s9"));
    let at = world.now.wall;
    world.model.accounts[0].sync.complete = true;
    let check = RequestId(78);
    world.model.accounts[0].asked.extend([(PAGE, Asked::Gap), (check, Asked::Check)]);
    for (n, ago) in [("5", 4_000), ("6", 3_000)] {
        world.hears(in_page(check, archived(says(PHONE, n, n), &format!("s{n}"), Stamp(at.0 - ago))));
    }
    for (n, ago) in [("3", 9_000), ("4", 8_000)] {
        world.pages(n, n, Stamp(at.0 - ago));
    }
    world.session(page_end(PAGE, None, None, true));
    let orders = world.requests().into_iter().filter_map(|request| match request {
        StoreRequest::Order { ids, .. } => Some(ids),
        _ => None,
    });
    assert_eq!(orders.collect::<Vec<_>>(), [["s3", "s4"].map(|id| StanzaId(id.to_owned()))]);
}

/// What the server kept for us has its stamp and what came before it has ours. By itself it comes in its order.
#[test]
fn what_the_server_kept_stands_behind_what_came_by_itself_before_it_whatever_was_typed_since() {
    let mut world = World::online(true);
    world.hears(stanza_id(says(PHONE, "1", "1"), "s1"));
    let heard = world.now.wall;
    world.after(second(20));
    world.give(Event::Tick);
    world.send(BELA, "typed");
    let kept = Incoming { stamp: Some(Stamp(heard.0 - 3_000)), delayed: true, ..says(PHONE, "2", "2") };
    world.hears(stanza_id(kept, "s2"));
    assert_eq!(world.texts(BELA), ["1", "2", "typed"]);
}

#[test]
fn a_talk_off_the_screen_keeps_more_in_memory_while_the_archive_is_put_in_order() {
    let mut world = World::online(true);
    let end = Edge { id: None, at: world.now.wall };
    world.model.accounts[0].features.archive = true;
    world.model.accounts[0].sync.complete = true;
    world.model.accounts[0].sync.gaps = vec![Gap::new(Edge { id: None, at: Stamp(0) }, end)];
    let hears = |world: &mut World, n: u32| {
        world.hears(stanza_id(says(PHONE, &n.to_string(), &n.to_string()), &format!("s{n}")));
    };
    (0..300).for_each(|n| hears(&mut world, n));
    assert_eq!(world.talk(BELA).messages.len(), 300);
    world.model.accounts[0].sync.gaps.clear();
    hears(&mut world, 300);
    assert!(world.talk(BELA).messages.len() <= 200, "{}", world.talk(BELA).messages.len());
}

/// A message of another device that no carbon told, and that the cursor has passed: nothing else brings it.
#[test]
fn what_a_check_alone_brings_is_taken_in_once_the_archive_is_here() {
    let mut world = World::online(true);
    world.hears(stanza_id(says(PHONE, "2", "2"), "s2"));
    let at = world.now.wall;
    let (check, newest) = (RequestId(78), RequestId(79));
    world.model.accounts[0].asked.extend([(check, Asked::Check), (newest, Asked::CatchUp)]);
    world.model.accounts[0].sync.complete = false;
    for (n, later) in [("1", -500), ("3", 500)] {
        world.hears(in_page(check, archived(says(PHONE, n, n), &format!("s{n}"), Stamp(at.0 + later))));
    }
    assert_eq!(world.texts(BELA), ["2"], "the page that has them may come");
    world.hears(in_page(newest, archived(says(PHONE, "3", "3"), "s3", Stamp(at.0 + 500))));
    let end = Some(ArchiveId("s3".to_owned()));
    world.session(page_end(newest, end.clone(), end, true));
    let kept = world.requests().into_iter().filter_map(|request| match request {
        StoreRequest::Insert(message) => Some(text(&message)),
        _ => None,
    });
    assert_eq!(kept.collect::<Vec<_>>().iter().filter(|text| *text == "1").count(), 1, "and not lost");
    assert!(world.own().sync.put_by.is_empty());
}

/// It passes nothing that is on the disk alone; further up it might.
#[test]
fn the_first_message_in_memory_moves_on_and_stays_there_and_moves_up_to_the_disk() {
    let mut world = World::online(true);
    world.hears(stanza_id(says(PHONE, "1", "1"), "s1"));
    world.after(second(2));
    world.hears(stanza_id(says(PHONE, "2", "2"), "s2"));
    let key = world.key(BELA);
    let talk = world.model.talk_mut(&key);
    assert!(talk.more_stored);
    let (first, at) = (talk.messages[0].key, talk.messages[0].stamp);
    talk.place_anew(first, at.plus(second(1)));
    assert_eq!(world.texts(BELA), ["1", "2"]);
    world.model.talk_mut(&key).place_anew(first, at);
    assert_eq!(world.texts(BELA), ["2"]);
}
