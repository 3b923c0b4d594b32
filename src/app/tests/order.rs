//! Two clocks, and the archive: what stands where, and what a page that breaks off does to that.

use super::*;
use crate::app::model::Asked;
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
    world.model.accounts[0].asked.insert(PAGE, Asked::Check);
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
