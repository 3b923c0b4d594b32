//! What the other side was told of what was read.

use super::*;

fn read(bench: &Bench, up_to: i64) {
    bench.store.send(StoreRequest::MarkRead { talk: talk(), up_to: Stamp(up_to) });
}

#[test]
fn a_talk_is_named_at_the_start_until_what_was_read_in_it_is_told() {
    let home = tempfile::tempdir().unwrap();
    let undisplayed = || at(home.path()).cache().undisplayed.clone();
    let bench = at(home.path());
    for number in 1..=3 {
        let origin = Some(OriginId(format!("o{number}")));
        bench.insert(&Message { origin, markable: number == 2, ..message(number, "hi") });
    }
    assert!(bench.page(None, 10).0.iter().map(|message| message.markable).eq([false, true, false]));
    drop(bench);
    assert!(undisplayed().is_empty(), "nobody has read it");
    let bench = at(home.path());
    read(&bench, 1_001);
    drop(bench);
    assert!(undisplayed().is_empty(), "nor what asks to be told");
    let bench = at(home.path());
    read(&bench, 1_003);
    drop(bench);
    assert_eq!(undisplayed(), [talk()]);
    let bench = at(home.path());
    for up_to in [1_002, 7] {
        bench.store.send(StoreRequest::Displayed { talk: talk(), up_to: Stamp(up_to) });
    }
    drop(bench);
    let cache = at(home.path()).cache();
    assert!(cache.undisplayed.is_empty());
    assert_eq!(cache.read_to, [(talk(), Stamp(1_003), Stamp(1_002))], "it only moves forward");
}

#[test]
fn what_another_device_has_read_is_told_by_that_device() {
    let bench = start(Place::Memory);
    for number in 1..=3 {
        let origin = Some(OriginId(format!("o{number}")));
        bench.insert(&Message { origin, markable: true, ..message(number, "hi") });
    }
    let displayed = |number, ahead| {
        let to = Position::Theirs(OriginId(format!("o{number}")));
        bench.store.send(StoreRequest::ReadTo { request: RequestId(1), talk: talk(), to, ahead });
        match bench.told.recv().unwrap() {
            Stored::Read { up_to, displayed, .. } => (up_to, displayed),
            other => panic!("{other:?}"),
        }
    };
    let [first, second, third] = [1, 2, 3].map(|number| message(number, "").stamp);
    read(&bench, first.0);
    assert_eq!(displayed(1, true), (Some(first), Stamp(0)), "what was read here was perhaps told as read by us");
    assert_eq!(displayed(2, true), (Some(second), second), "what nobody has read here was not");
    assert_eq!(displayed(3, false), (Some(third), third));
    let page = StoreRequest::Page { request: RequestId(2), talk: talk(), before: None, limit: 1 };
    bench.store.send(page);
    assert!(matches!(bench.told.recv(), Ok(Stored::Page { displayed, .. }) if displayed == third));
}
