//! Two clocks, and the archive: what stands where, and what a page that breaks off does to that.

use super::*;
use crate::app::model::Asked;
use crate::types::RequestId;

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
