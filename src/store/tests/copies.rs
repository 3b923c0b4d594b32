//! Copies of a message are one row, and messages that share an id are not.

use super::*;

#[test]
fn one_message_by_two_ways_is_kept_once() {
    let bench = start(Place::Memory);
    let live = Message { origin: Some(OriginId("x".into())), ..message(1, "hi") };
    let archived = Message {
        stanza_id: Some(StanzaId("a1".into())),
        key: MessageKey(2),
        arrival: Arrival::Archived,
        ..live.clone()
    };
    bench.insert(&live);
    assert!(
        matches!(bench.insert(&archived), Stored::Duplicate { existing: MessageKey(1), key: MessageKey(2), stamp } if stamp == message(1, "").stamp)
    );
    // Now the archive's id is known, so a third way is recognised by it alone.
    let again = Message { origin: None, key: MessageKey(3), ..archived };
    assert!(matches!(bench.insert(&again), Stored::Duplicate { existing: MessageKey(1), .. }));
    assert_eq!(bench.page(None, 10).0.len(), 1);
}

#[test]
fn a_copy_of_ours_proves_that_it_arrived_unless_somebody_refused_it() {
    let bench = start(Place::Memory);
    let failed = |number, problem| Message {
        direction: Direction::Out,
        author: Author::Me,
        state: MessageState::Failed(problem),
        origin: Some(OriginId(MessageKey(number).to_string())),
        ..message(number, "hi")
    };
    let peer = talk().peer;
    let bounced = Problem::Bounced { peer: peer.clone(), condition: Line::clean("gone") };
    let refused = [Problem::NoSuchAddress { peer: peer.clone() }, bounced, Problem::BuddiesOnly { peer }];
    for (problem, number) in [Problem::NotSent].into_iter().chain(refused).zip(1..) {
        let row = failed(number, problem);
        bench.insert(&row);
        let (state, arrival) = (MessageState::Sent, Arrival::Archived);
        let copy = Message { key: MessageKey(100 + number), state, arrival, from: None, ..row.clone() };
        assert!(matches!(bench.insert(&copy), Stored::Duplicate { existing, .. } if existing == row.key));
        let kept = bench.page(None, 10).0.into_iter().find(|message| message.key == row.key).unwrap();
        let expected = if row.state == MessageState::Failed(Problem::NotSent) { MessageState::Sent } else { row.state };
        assert_eq!(kept.state, expected);
    }
}

#[test]
fn one_id_for_two_texts_shows_both() {
    let bench = start(Place::Memory);
    bench.insert(&Message { origin: Some(OriginId("x".into())), ..message(1, "yes") });
    bench.insert(&Message { origin: Some(OriginId("x".into())), ..message(2, "no") });
    let same_words = Message {
        origin: Some(OriginId("x".into())),
        stanza_id: Some(StanzaId("p".into())),
        arrival: Arrival::Archived,
        ..message(3, "yes")
    };
    bench.insert(&same_words);
    let other = Message { key: MessageKey(4), stanza_id: Some(StanzaId("q".into())), ..same_words };
    assert!(matches!(bench.insert(&other), Stored::Committed { .. }), "another archive id is another message");
    assert_eq!(bench.page(None, 10).0.len(), 3);
}

#[test]
fn a_sender_who_always_uses_one_id_loses_nothing() {
    let bench = start(Place::Memory);
    for number in 1..=3 {
        let same = Message { origin: Some(OriginId("1".into())), ..message(number, "ok") };
        assert!(matches!(bench.insert(&same), Stored::Committed { .. }));
    }
    let kept = Arrival::Kept(MessageKey(5));
    let copy = Message { origin: Some(OriginId("1".into())), stamp: Stamp(1_002), arrival: kept, ..message(9, "ok") };
    assert!(matches!(bench.insert(&copy), Stored::Duplicate { existing: MessageKey(2), .. }));
}

#[test]
fn an_archive_id_of_another_talk_is_no_twin() {
    let bench = start(Place::Memory);
    let here = Message { stanza_id: Some(StanzaId("a1".into())), ..message(1, "hi") };
    let peer = BareJid::parse("carol@a").unwrap();
    let there = Message { talk: ConversationKey::direct(account(), peer), key: MessageKey(2), ..here.clone() };
    bench.insert(&here);
    assert!(matches!(bench.insert(&there), Stored::Committed { .. }), "both are kept");
}

/// Theirs, under this id of the sender and perhaps one of the archive, so many milliseconds after the first.
fn copy(number: u128, archive: Option<&str>, arrival: Arrival, later: i64) -> Message {
    let stanza_id = archive.map(|id| StanzaId(id.to_owned()));
    let stamp = Stamp(1_763_650_800_000 + later);
    Message { origin: Some(OriginId("1".to_owned())), stanza_id, arrival, stamp, ..message(number, "ok") }
}

#[test]
fn copies_are_one_row_and_an_id_used_twice_is_two() {
    let (fresh, archived, kept) = (Arrival::Fresh, Arrival::Archived, Arrival::Kept(MessageKey(50)));
    let (minute, hours) = (60_000, 3 * 3_600_000);
    let table = [
        ("live, and again in the archive", copy(1, None, fresh, 0), copy(2, Some("a"), archived, minute), true),
        ("archive, and then live", copy(1, Some("a"), archived, 0), copy(2, None, fresh, minute), true),
        ("the same archive id", copy(1, Some("a"), fresh, 0), copy(2, Some("a"), archived, hours), true),
        ("two archive ids", copy(1, Some("a"), archived, 0), copy(2, Some("b"), archived, 0), false),
        ("live twice", copy(1, None, fresh, 0), copy(2, None, fresh, 0), false),
        ("live, then live with an id", copy(1, None, fresh, 0), copy(2, Some("b"), fresh, minute), false),
        ("archived long ago, now live", copy(1, Some("a"), archived, 0), copy(2, None, fresh, hours), false),
        ("live, told again after a cut", copy(1, None, fresh, 0), copy(60, None, kept, minute), true),
        ("kept twice over one connection", copy(51, None, kept, 0), copy(52, None, kept, 0), false),
        ("kept, long after", copy(1, None, fresh, 0), copy(60, None, kept, hours), false),
    ];
    for (name, first, second, one) in table {
        let bench = start(Place::Memory);
        assert!(matches!(bench.insert(&first), Stored::Committed { .. }), "{name}");
        match bench.insert(&second) {
            Stored::Duplicate { existing, .. } => assert!(one && existing == first.key, "{name}"),
            other => assert!(!one && matches!(other, Stored::Committed { .. }), "{name}"),
        }
    }
}

#[test]
fn an_archive_that_gives_one_id_to_two_texts_has_both_kept() {
    let bench = start(Place::Memory);
    let first = copy(1, Some("a"), Arrival::Archived, 0);
    bench.insert(&first);
    let other = Message { body: Body::Plain(Prose::clean("other words")), ..copy(2, Some("a"), Arrival::Archived, 0) };
    assert!(matches!(bench.insert(&other), Stored::Committed { .. }));
    assert!(matches!(bench.insert(&copy(3, Some("a"), Arrival::Archived, 0)), Stored::Duplicate { existing, .. }
        if existing == first.key));
}

#[test]
fn ours_is_known_by_its_key_whatever_the_archive_calls_it() {
    let bench = start(Place::Memory);
    let key = MessageKey(1);
    let own = |number, archive: &str| Message {
        direction: Direction::Out,
        author: Author::Me,
        state: MessageState::Sent,
        origin: Some(OriginId(key.to_string())),
        ..copy(number, Some(archive), Arrival::Archived, 0)
    };
    bench.insert(&Message { stanza_id: None, ..own(1, "a") });
    for archive in ["a", "b"] {
        assert!(matches!(bench.insert(&own(7, archive)), Stored::Duplicate { existing, .. } if existing == key));
    }
}
