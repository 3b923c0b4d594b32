//! The store as the mind sees it: requests in, answers out.

mod copies;
mod displayed;
mod floods;

use super::{Place, Store};
use crate::app::StoreRequest;
use crate::app::effect::Position;
use crate::app::event::{AccountCache, Stored};
use crate::app::model::{Arrival, Author, Body, ConversationKey, Message, MessageState};
use crate::app::sync::{Edge, Gap};
use crate::types::{
    AccountId, ArchiveId, BareJid, FullJid, Line, MessageKey, OriginId, Problem, Prose, RequestId, Stamp, StanzaId,
};
use crate::xmpp::{Appearance, Direction, RosterItem, Show, Subscription};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};

struct Bench {
    store: Store,
    told: Receiver<Stored>,
}

fn start(place: Place) -> Bench {
    let (tell, told) = channel();
    Bench { store: Store::start(place, true, move |stored| drop(tell.send(stored))).unwrap(), told }
}

fn at(folder: &Path) -> Bench {
    start(Place::Folder(folder.to_owned()))
}

pub(super) fn account() -> AccountId {
    AccountId::new("anna@a")
}

pub(super) fn talk() -> ConversationKey {
    ConversationKey::direct(account(), BareJid::parse("bela@a").unwrap())
}

pub(super) fn message(number: u128, body: &str) -> Message {
    Message {
        key: MessageKey(number),
        talk: talk(),
        direction: Direction::In,
        author: Author::Contact,
        stamp: Stamp(1_000 + i64::try_from(number).unwrap()),
        body: Body::Plain(Prose::clean(body)),
        state: MessageState::Received,
        origin: None,
        stanza_id: None,
        relation: None,
        attachments: Vec::new(),
        arrival: Arrival::Fresh,
        from: None,
        owes_receipt: false,
        edited: false,
        markable: false,
    }
}

impl Bench {
    fn insert(&self, message: &Message) -> Stored {
        self.store.send(StoreRequest::Insert(Box::new(message.clone())));
        self.told.recv().unwrap()
    }

    fn page(&self, before: Option<(Stamp, MessageKey)>, limit: u16) -> (Vec<Message>, bool) {
        self.store.send(StoreRequest::Page { request: RequestId(7), talk: talk(), before, limit });
        match self.told.recv().unwrap() {
            Stored::Page { request: RequestId(7), messages, more, .. } => (messages, more),
            other => panic!("{other:?}"),
        }
    }

    fn cache(&self) -> Box<AccountCache> {
        self.store.send(StoreRequest::Open { account: account() });
        match self.told.recv().unwrap() {
            Stored::Cache { cache, .. } => cache,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn every_field_of_a_message_survives_a_restart() {
    let home = tempfile::tempdir().unwrap();
    let states = [
        MessageState::Pending,
        MessageState::Sent,
        MessageState::Delivered,
        MessageState::Read(Some(Stamp(99))),
        MessageState::Failed(Problem::Bounced { peer: talk().peer, condition: Line::clean("gone") }),
        MessageState::Failed(Problem::NotSent),
    ];
    let sent: Vec<Message> = states
        .into_iter()
        .zip(1..)
        .map(|(state, number)| Message {
            state,
            direction: Direction::Out,
            author: Author::Me,
            origin: Some(OriginId(format!("o{number}"))),
            stanza_id: Some(StanzaId(format!("s{number}"))),
            from: crate::types::Jid::parse("anna@a/desk").ok(),
            ..message(number, "line one\n\ttwo")
        })
        .collect();
    let bench = at(home.path());
    for message in &sent {
        assert!(matches!(bench.insert(message), Stored::Committed { keys } if keys == [message.key]));
    }
    drop(bench);
    let (kept, more) = at(home.path()).page(None, 100);
    assert_eq!((kept, more), (sent, false));
}

#[test]
fn pages_walk_back_without_gap_or_overlap() {
    let bench = start(Place::Memory);
    for number in 1..=25 {
        bench.insert(&Message { stamp: Stamp(5), ..message(number, "same moment") });
    }
    let (newest, more) = bench.page(None, 10);
    assert!(more);
    let mut all = newest;
    while let Some(first) = all.first().map(|first| (first.stamp, first.key)) {
        let (mut older, _) = bench.page(Some(first), 10);
        if older.is_empty() {
            break;
        }
        older.append(&mut all);
        all = older;
    }
    assert_eq!(all.iter().map(|message| message.key.0).collect::<Vec<_>>(), (1..=25).collect::<Vec<_>>());
}

#[test]
fn unread_drafts_outbox_and_buddies_are_there_again() {
    let home = tempfile::tempdir().unwrap();
    let bench = at(home.path());
    bench.insert(&message(1, "seen"));
    bench.insert(&message(2, "new"));
    let mine =
        Message { direction: Direction::Out, author: Author::Me, state: MessageState::Pending, ..message(3, "mine") };
    bench.insert(&mine);
    let item = RosterItem {
        jid: talk().peer,
        name: Some(Line::clean("Bela")),
        groups: vec![Line::clean("Friends")],
        subscription: Subscription::Both,
        pending: false,
    };
    let away = Appearance { show: Show::Away, status: Some("tea".into()), priority: 0 };
    let jid = FullJid::parse("x@a/y").unwrap();
    for request in [
        StoreRequest::MarkRead { talk: talk(), up_to: Stamp(1_001) },
        StoreRequest::Draft { talk: talk(), text: "half a".into() },
        StoreRequest::Roster { account: account(), items: vec![item.clone()], version: Some("v1".into()) },
        StoreRequest::Appearance { account: account(), appearance: away.clone() },
        StoreRequest::Bound { account: account(), jid: jid.clone() },
        StoreRequest::Folded { account: account(), groups: vec!["Work".into()] },
        StoreRequest::PicturesAsked { account: account(), at: Stamp(77) },
    ] {
        bench.store.send(request);
    }
    drop(bench);
    let bench = at(home.path());
    let cache = bench.cache();
    assert_eq!(cache.talks, [(talk(), 1, Stamp(1_003))]);
    assert_eq!(cache.drafts, [(talk(), "half a".to_owned())]);
    assert_eq!(cache.outbox, [mine]);
    assert_eq!(cache.roster, std::slice::from_ref(&item));
    assert_eq!((cache.roster_version.as_deref(), cache.jid), (Some("v1"), Some(jid)));
    assert_eq!((cache.appearance, cache.folded), (Some(away), vec!["Work".to_owned()]));
    assert_eq!(cache.pictures_asked, Some(Stamp(77)));
    let removed = RosterItem { subscription: Subscription::Removed, ..item };
    bench.store.send(StoreRequest::RosterItem { account: account(), item: removed, version: None });
    assert!(matches!(bench.told.recv().unwrap(), Stored::Marked { count: 1 }), "whoever waits for it hears of it");
    bench.store.send(StoreRequest::Draft { talk: talk(), text: String::new() });
    let cache = bench.cache();
    assert!(cache.roster.is_empty() && cache.drafts.is_empty());
}

#[test]
fn a_mark_goes_up_only_and_only_in_its_talk() {
    let bench = start(Place::Memory);
    let ours = Message { direction: Direction::Out, author: Author::Me, state: MessageState::Sent, ..message(5, "hi") };
    bench.insert(&ours);
    let stranger = ConversationKey::direct(account(), BareJid::parse("mallory@evil").unwrap());
    let mark = |talk: ConversationKey, state| {
        bench.store.send(StoreRequest::Mark { talk, key: ours.key, state });
        assert!(matches!(bench.told.recv(), Ok(Stored::Marked { count: 1 })), "answered, whosever it is");
        bench.page(None, 10).0[0].state.clone()
    };
    assert_eq!(mark(stranger, MessageState::Delivered), MessageState::Sent);
    assert_eq!(mark(talk(), MessageState::Delivered), MessageState::Delivered);
    assert_eq!(mark(talk(), MessageState::Sent), MessageState::Delivered);
}

#[test]
fn a_message_that_moves_stands_in_its_new_place_and_is_still_found() {
    let bench = start(Place::Memory);
    for number in 1..=3 {
        bench.insert(&message(number, &format!("word{number}")));
    }
    let last = bench.page(None, 10).0[2].stamp;
    bench.store.send(StoreRequest::SetStamp { key: MessageKey(1), stamp: Stamp(last.0 + 1) });
    let order: Vec<u128> = bench.page(None, 10).0.iter().map(|message| message.key.0).collect();
    assert_eq!(order, [2, 3, 1]);
    let search = crate::app::Search {
        words: "word1".to_owned(),
        within: crate::app::SearchIn::Everywhere,
        direction: None,
        before: None,
        links: false,
    };
    let request = RequestId(9);
    bench.store.send(StoreRequest::Search { request, search: Box::new(search), before: None, limit: 10 });
    let found = bench.told.iter().find_map(|stored| match stored {
        Stored::Found { hits, .. } => Some(hits),
        _ => None,
    });
    assert_eq!(found.unwrap().iter().map(|message| message.stamp).collect::<Vec<_>>(), [Stamp(last.0 + 1)]);
}

#[test]
fn the_order_of_the_archive_moves_only_what_stands_against_it() {
    let bench = start(Place::Memory);
    let archived = |number: u128, at: i64| Message {
        stanza_id: Some(StanzaId(format!("s{number}"))),
        stamp: Stamp(at),
        ..message(number, &number.to_string())
    };
    let day = 24 * 3_600_000;
    for (number, at) in [(1, day + 50), (2, day + 60), (3, day + 60), (4, day + 20), (5, day + 70), (6, 10)] {
        bench.insert(&archived(number, at));
    }
    let ids = ["s1", "s9", "s4", "s2", "s3", "s5", "s6"].map(|id| StanzaId(id.to_owned()));
    bench.store.send(StoreRequest::Order { talk: talk(), ids: ids.to_vec() });
    let order: Vec<(u128, i64)> = bench.page(None, 10).0.iter().map(|m| (m.key.0, m.stamp.0 - day)).collect();
    let far = 10 - day;
    assert_eq!(order, [(6, far), (1, 50), (4, 50), (2, 60), (3, 60), (5, 70)], "more than a day is a clock that lies");
}

#[test]
fn forgetting_an_account_keeps_its_messages_unless_told() {
    let bench = start(Place::Memory);
    bench.insert(&message(1, "hi"));
    bench.store.send(StoreRequest::ForgetAccount { account: account(), messages: false });
    assert_eq!(bench.page(None, 10).0.len(), 1);
    bench.store.send(StoreRequest::ForgetAccount { account: account(), messages: true });
    assert_eq!(bench.page(None, 10).0.len(), 0);
}

#[test]
fn nothing_is_written_before_something_is_kept() {
    let home = tempfile::tempdir().unwrap();
    let bench = at(&home.path().join("data"));
    bench.store.send(StoreRequest::CacheDone);
    assert!(matches!(bench.told.recv().unwrap(), Stored::CacheDone));
    bench.store.close();
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn the_second_interface_is_told_and_still_served() {
    let home = tempfile::tempdir().unwrap();
    let first = at(home.path());
    first.cache();
    let second = at(home.path());
    second.store.send(StoreRequest::Open { account: account() });
    assert!(matches!(second.told.recv().unwrap(), Stored::InUse { .. }));
    assert!(matches!(second.told.recv().unwrap(), Stored::Cache { .. }));
}

#[test]
fn what_waits_at_the_end_is_committed() {
    let home = tempfile::tempdir().unwrap();
    let bench = at(home.path());
    for number in 1..=2_000 {
        bench.store.send(StoreRequest::Insert(Box::new(message(number, "flood"))));
    }
    bench.store.close();
    let committed: usize =
        bench.told.iter().map(|told| if let Stored::Committed { keys } = told { keys.len() } else { 0 }).sum();
    assert_eq!(committed, 2_000);
    let bench = at(home.path());
    bench.store.send(StoreRequest::Count { account: account() });
    assert!(matches!(bench.told.recv().unwrap(), Stored::Count { messages: 2_000, .. }));
}

#[test]
fn a_thread_that_falls_says_so() {
    let (out, told) = std::sync::mpsc::channel();
    let store = Store::start(Place::Memory, false, move |stored| {
        assert!(!matches!(stored, Stored::CacheDone), "a bug, for this test");
        drop(out.send(stored));
    });
    let store = store.unwrap();
    store.send(StoreRequest::CacheDone);
    assert!(matches!(told.recv(), Ok(Stored::Failed(Problem::NotKept { .. }))));
    store.close();
}

#[test]
fn gaps_of_the_archive_survive_a_restart_in_their_order() {
    let home = tempfile::tempdir().unwrap();
    let edge = |id: &str, at| Edge { id: Some(ArchiveId(id.to_owned())), at: Stamp(at) };
    let mut newer = Gap::new(Edge { id: None, at: Stamp(30) }, edge("e", 40));
    newer.talks.insert(talk().peer, edge("d", 35));
    let gaps = vec![Gap::new(edge("a", 10), edge("b", 20)), newer];
    let bench = at(home.path());
    let tell = |gaps: &[Gap]| {
        let last = Some(ArchiveId("z".to_owned()));
        bench.store.send(StoreRequest::Synced { account: account(), last, at: Stamp(50), gaps: gaps.to_vec() });
    };
    tell(&gaps);
    assert_eq!(bench.cache().gaps, gaps);
    tell(&gaps[..1]);
    drop(bench);
    let cache = at(home.path()).cache();
    assert_eq!((&cache.gaps, cache.synced.is_some()), (&gaps[..1].to_vec(), true));
}

#[test]
fn what_another_device_has_seen_only_moves_forward() {
    let bench = start(Place::Memory);
    for number in 1..=5 {
        let origin = Some(OriginId(format!("o{number}")));
        bench.insert(&Message { origin, stanza_id: Some(StanzaId(format!("s{number}"))), ..message(number, "hi") });
    }
    let read = |to: Position, ahead| {
        bench.store.send(StoreRequest::ReadTo { request: RequestId(1), talk: talk(), to, ahead });
        match bench.told.recv().unwrap() {
            Stored::Read { up_to, unread, ours, .. } => (up_to.map(|at| at.0), unread, ours.map(|id| id.0)),
            other => panic!("{other:?}"),
        }
    };
    let archive = |id: &str| Position::Archive(StanzaId(id.to_owned()));
    assert_eq!(read(archive("s9"), true), (None, 5, None), "not here: nothing moves");
    assert_eq!(read(archive("s2"), true), (Some(1_002), 3, None));
    assert_eq!(read(Position::Theirs(OriginId("o4".to_owned())), false), (Some(1_004), 1, None));
    assert_eq!(read(archive("s1"), false), (Some(1_004), 1, None), "not backwards");
    assert_eq!(read(archive("s1"), true), (Some(1_004), 1, Some("s4".to_owned())), "and it is told what was seen here");
    assert_eq!(read(Position::Moment(Stamp(9_999)), false), (Some(9_999), 0, None));
}

#[test]
fn how_far_each_talk_is_read_is_kept_whatever_comes_between() {
    let bench = start(Place::Memory);
    for number in 1..=9 {
        bench.insert(&message(number, "hi"));
    }
    let other = ConversationKey::direct(account(), BareJid::parse("carol@a").unwrap());
    let read = |talk: &ConversationKey, up_to| StoreRequest::MarkRead { talk: talk.clone(), up_to: Stamp(up_to) };
    // Together in one transaction, and a question in their middle.
    for request in [
        read(&talk(), 1_002),
        StoreRequest::Insert(Box::new(message(10, "hi"))),
        read(&talk(), 1_005),
        read(&talk(), 1_004),
        read(&other, 77),
        StoreRequest::ReadTo { request: RequestId(1), talk: talk(), to: Position::Moment(Stamp(1_001)), ahead: false },
        read(&talk(), 1_007),
    ] {
        bench.store.send(request);
    }
    let asked = bench.told.iter().find_map(|told| match told {
        Stored::Read { up_to, unread, .. } => Some((up_to.map(|at| at.0), unread)),
        _ => None,
    });
    assert_eq!(asked, Some((Some(1_005), 5)));
    let cache = loop {
        bench.store.send(StoreRequest::Open { account: account() });
        if let Some(Stored::Cache { cache, .. }) = bench.told.iter().find(|told| matches!(told, Stored::Cache { .. })) {
            break cache;
        }
    };
    assert_eq!(cache.read_to, [(talk(), Stamp(1_007), Stamp(1_001)), (other, Stamp(77), Stamp(0))]);
}

#[test]
fn strangers_do_not_push_out_a_buddy_who_waits() {
    let bench = start(Place::Memory);
    let (jid, subscription) = (talk().peer, Subscription::Both);
    let buddy = RosterItem { jid, name: None, groups: Vec::new(), subscription, pending: false };
    bench.store.send(StoreRequest::Roster { account: account(), items: vec![buddy], version: None });
    bench.store.send(StoreRequest::Insert(Box::new(message(1, "are you there?"))));
    for number in 2..=5_100 {
        let stranger = BareJid::parse(&format!("stranger{number}@evil.test")).unwrap();
        let talk = ConversationKey::direct(account(), stranger);
        bench.store.send(StoreRequest::Insert(Box::new(Message { talk, ..message(number, "buy") })));
    }
    bench.store.send(StoreRequest::Open { account: account() });
    let told = std::iter::from_fn(|| bench.told.recv().ok());
    let cache = told.into_iter().find_map(|it| if let Stored::Cache { cache, .. } = it { Some(cache) } else { None });
    let talks = cache.unwrap().talks;
    assert!(talks.contains(&(talk(), 1, message(1, "").stamp)) && talks.len() < 5_010, "{}", talks.len());
}
