//! Pages end by their number of messages, and by their weight.

use super::super::requests::Outcome;
use super::super::tests::{message, talk};
use super::super::{Place, history, schema};
use super::*;

/// A talk of messages that long, the first is number 1.
fn said(lengths: &[usize]) -> Connection {
    let db = schema::open(&Place::Memory).unwrap().0;
    for (number, length) in (1..).zip(lengths) {
        history::insert(&db, &message(number, &"x".repeat(*length)), &mut Outcome::default()).unwrap();
    }
    db
}

/// Numbers of the messages of a page, and whether there are more.
fn read_page(db: &Connection, before: Option<(Stamp, MessageKey)>) -> (Vec<Message>, bool) {
    match page(db, RequestId(1), &talk(), before, 50).unwrap() {
        Stored::Page { messages, more, .. } => (messages, more),
        other => panic!("{other:?}"),
    }
}

fn weight(messages: &[Message]) -> usize {
    messages.iter().map(Message::bytes).sum()
}

#[test]
fn heavy_messages_come_in_smaller_pages_without_gap_or_overlap() {
    let db = said(&[64 << 10; 50]);
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let (messages, more) = read_page(&db, before);
        assert!(!messages.is_empty() && weight(&messages) <= PAGE_BYTES, "{}", messages.len());
        before = messages.first().map(|first| (first.stamp, first.key));
        all.extend(messages.iter().rev().map(|message| message.key.0));
        assert_eq!(more, all.len() < 50);
        if !more {
            break;
        }
    }
    assert_eq!(all, (1..=50).rev().collect::<Vec<_>>());
}

#[test]
fn a_message_heavier_than_a_page_comes_alone_and_what_lies_before_it_still_comes() {
    let db = said(&[10, 2 * PAGE_BYTES, 10]);
    let numbers = |(messages, more): (Vec<Message>, bool)| {
        let first = messages.first().map(|first| (first.stamp, first.key));
        (messages.iter().map(|message| message.key.0).collect::<Vec<_>>(), more, first)
    };
    let (newest, more, before) = numbers(read_page(&db, None));
    assert_eq!((newest, more), (vec![3], true));
    let (heavy, more, before) = numbers(read_page(&db, before));
    assert_eq!((heavy, more), (vec![2], true));
    let (oldest, more, _) = numbers(read_page(&db, before));
    assert_eq!((oldest, more), (vec![1], false));
}

#[test]
fn as_many_light_ones_come_as_were_asked_for() {
    let (messages, more) = read_page(&said(&[10; 51]), None);
    assert_eq!((messages.len(), more), (50, true));
    let (messages, more) = read_page(&said(&[10; 50]), None);
    assert_eq!((messages.len(), more), (50, false));
}

#[test]
fn around_a_message_both_sides_have_an_end() {
    let db = said(&[64 << 10; 60]);
    let middle = message(30, "");
    let Stored::Around { messages, more, newer, .. } =
        around(&db, RequestId(1), &talk(), (middle.stamp, middle.key), 50).unwrap()
    else {
        panic!()
    };
    assert!(more && newer && weight(&messages) <= 2 * PAGE_BYTES);
    let numbers: Vec<u128> = messages.iter().map(|message| message.key.0).collect();
    assert!(numbers.contains(&30) && numbers.contains(&31));
    assert!(numbers.is_sorted_by(|one, other| one + 1 == *other), "{numbers:?}");
}
