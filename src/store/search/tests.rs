//! What is found, and what is not.

use super::super::requests::Outcome;
use super::super::{Place, schema};
use super::*;
use crate::app::model::{Author, MessageState};
use crate::types::{AccountId, BareJid, MessageKey, Prose, Stamp};

fn talk(account: &str, peer: &str) -> ConversationKey {
    ConversationKey::direct(AccountId::new(account), BareJid::parse(peer).unwrap())
}

fn said(db: &Connection, number: u128, talk: &ConversationKey, body: &str) -> Message {
    let message = shaped(number, talk, body);
    history::insert(db, &message, &mut Outcome::default()).unwrap();
    message
}

fn shaped(number: u128, talk: &ConversationKey, body: &str) -> Message {
    Message {
        key: MessageKey(number << 64),
        talk: talk.clone(),
        direction: if number.is_multiple_of(2) { Direction::Out } else { Direction::In },
        author: if number.is_multiple_of(2) { Author::Me } else { Author::Contact },
        stamp: Stamp(1_700_000_000_000 + i64::try_from(number).unwrap()),
        body: Body::Plain(Prose::clean(body)),
        state: MessageState::Received,
        origin: None,
        stanza_id: None,
        relation: None,
        attachments: Vec::new(),
        from: None,
        owes_receipt: false,
        edited: false,
        markable: false,
        arrival: crate::app::model::Arrival::Fresh,
    }
}

fn everywhere(words: &str) -> Search {
    Search { words: words.to_owned(), within: SearchIn::Everywhere, direction: None, before: None, links: false }
}

fn hits(db: &Connection, search: &Search) -> Vec<u128> {
    match find(db, RequestId(1), search, None, 50).unwrap() {
        Stored::Found { hits, next: None, count, .. } => {
            assert_eq!(count, Some(u32::try_from(hits.len()).unwrap()));
            hits.into_iter().map(|message| message.key.0 >> 64).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn memory() -> Connection {
    schema::open(&Place::Memory).unwrap().0
}

#[test]
fn words_are_found_whatever_their_accents_their_case_and_their_script() {
    let db = memory();
    let bela = talk("anna@a.test", "bela@a.test");
    for (number, body) in (1..).zip([
        "The ACCORDION is at the café",
        "cafe\u{301} au lait, and \u{1F44D} for it",
        "我们明天去北京吃饭",
        "ที่นั่นอากาศดี",
        "हिन्दी भाषा",
        "Προσοχή: Ταχύτητα",
        "привет, ёлка",
        "東京タワーに行く",
        "plain words\nover two lines",
        "don't",
    ]) {
        said(&db, number, &bela, body);
    }
    for (words, found) in [
        ("accord", &[1][..]),
        ("cafe", &[2, 1]),
        ("CAFÉ", &[2, 1]),
        ("the at", &[1]),
        ("at the", &[1]),
        ("北京", &[3]),
        ("明天去", &[3]),
        ("京北", &[]),
        ("อากาศ", &[4]),
        ("หมา", &[]),
        ("हिन्", &[5]),
        ("प्रोसोची", &[]),
        ("προσοχη", &[6]),
        ("Привет елка", &[7]),
        ("タワー", &[8]),
        ("京", &[8, 3]),
        ("\u{1F44D}", &[2]),
        ("two lines", &[9]),
        ("lines plain", &[9]),
        ("don't", &[10]),
        ("ccord", &[]),
        ("a", &[]),
        ("accord ", &[]),
        ("accordion ", &[1]),
    ] {
        assert_eq!(hits(&db, &everywhere(words)), found, "{words:?}");
    }
}

#[test]
fn what_is_typed_is_never_a_command_of_the_index() {
    let db = memory();
    let bela = talk("anna@a.test", "bela@a.test");
    said(&db, 1, &bela, "one AND two OR three NOT four NEAR five");
    said(&db, 2, &bela, "place body rowid \" ' * ^ : ( ) { } + -");
    for words in [
        "\"",
        "\"\"",
        "'",
        "*",
        "one*",
        "body:one",
        "place : one",
        "NOT",
        "AND",
        "one AND",
        "NEAR(one two)",
        "(one",
        "^one",
        "-one",
        "one\" OR body:\"two",
        "\0one",
        "{body place}: one",
        "one + two",
        ";--",
        "%",
        "_",
        "\u{202e}one",
        "\u{fffd}",
        &"x ".repeat(5_000),
        &"y".repeat(50_000),
        "\n\t",
    ] {
        hits(&db, &everywhere(words));
    }
    assert_eq!(hits(&db, &everywhere("one AND")), [1], "words like others");
    assert_eq!(hits(&db, &everywhere("body:one")), [0_u128; 0], "two words in a row, which nobody said");
    assert_eq!(hits(&db, &everywhere("place")), [2]);
    assert_eq!(hits(&db, &everywhere("\"one\"")), [1]);
    assert!(hits(&db, &everywhere("... !!! \"")).is_empty());
}

#[test]
fn a_search_stays_where_it_was_asked_to() {
    let db = memory();
    let (bela, carol) = (talk("anna@a.test", "bela@a.test"), talk("anna@a.test", "carol@a.test"));
    let other = talk("other@a.test", "bela@a.test");
    for (number, place) in (1..).zip([&bela, &carol, &other, &bela]) {
        said(&db, number, place, if number == 4 { "tea at https://tea.test" } else { "tea" });
    }
    let within = |within| Search { within, ..everywhere("tea") };
    assert_eq!(hits(&db, &everywhere("tea")), [4, 3, 2, 1]);
    assert_eq!(hits(&db, &within(SearchIn::Account(bela.account.clone()))), [4, 2, 1]);
    assert_eq!(hits(&db, &within(SearchIn::Talk(bela.clone()))), [4, 1]);
    assert_eq!(hits(&db, &within(SearchIn::Talk(other))), [3]);
    assert_eq!(hits(&db, &Search { direction: Some(Direction::In), ..everywhere("tea") }), [3, 1]);
    assert_eq!(hits(&db, &Search { before: Some(Stamp(1_700_000_000_003)), ..everywhere("tea") }), [2, 1]);
    assert_eq!(hits(&db, &Search { links: true, ..everywhere("tea") }), [4]);
    assert!(hits(&db, &Search { links: true, ..everywhere(" ") }).is_empty(), "nothing was asked for");
}

#[test]
fn hits_come_in_pages_newest_first_whenever_they_were_stored() {
    let db = memory();
    let bela = talk("anna@a.test", "bela@a.test");
    // As an archive is read: the newest page first.
    for number in (61..=120).chain(1..=60) {
        said(&db, number, &bela, &format!("number {number} of many"));
    }
    let (mut all, mut before, mut counted) = (Vec::new(), None, None);
    loop {
        let Stored::Found { hits, next, count, .. } = find(&db, RequestId(1), &everywhere("many"), before, 50).unwrap()
        else {
            panic!()
        };
        counted = counted.or(count);
        all.extend(hits.into_iter().map(|message| message.key.0 >> 64));
        before = next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!((all, counted), ((1..=120).rev().collect::<Vec<_>>(), Some(120)));
}

#[test]
fn heavy_hits_come_in_smaller_pages_and_are_counted_all_the_same() {
    let db = memory();
    let bela = talk("anna@a.test", "bela@a.test");
    for number in 1..=30 {
        said(&db, number, &bela, &format!("heavy {}", "words ".repeat(10_000)));
    }
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let Stored::Found { hits, next, count, .. } =
            find(&db, RequestId(1), &everywhere("heavy"), before, 50).unwrap()
        else {
            panic!()
        };
        assert_eq!(count, before.is_none().then_some(30));
        let weight: usize = hits.iter().map(crate::app::model::Message::bytes).sum();
        assert!(!hits.is_empty() && weight <= crate::types::limits::PAGE_BYTES);
        all.extend(hits.into_iter().map(|message| message.key.0 >> 64));
        before = next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(all, (1..=30).rev().collect::<Vec<_>>());
}

#[test]
fn more_than_a_thousand_hits_count_as_a_thousand() {
    let db = memory();
    let bela = talk("anna@a.test", "bela@a.test");
    for number in 1..=1_100 {
        said(&db, number, &bela, "tea");
    }
    let Stored::Found { hits, next, count, .. } = find(&db, RequestId(1), &everywhere("tea"), None, 50).unwrap() else {
        panic!()
    };
    assert_eq!((hits.len(), next.is_some(), count), (50, true, Some(1_000)));
    let Stored::Found { hits, .. } = find(&db, RequestId(1), &everywhere("tea"), next, 50).unwrap() else { panic!() };
    assert_eq!(hits[0].key.0 >> 64, 1_050, "the next page begins behind the first");
}

#[test]
fn a_beginning_finds_all_its_words_be_they_few_or_many_plain_or_not() {
    let mut db = memory();
    let bela = talk("anna@a.test", "bela@a.test");
    // What is not committed yet is found as well.
    let db = db.transaction().unwrap();
    for (number, body) in (1..).zip(["the Strasbourg train", "strasse", "stra\u{df}e", "Str\u{e5}sjo", "stra", "astra"])
    {
        said(&db, number, &bela, body);
    }
    // Told word by word or asked of the index: the same is found. "stra" has a word that ASCII cannot tell.
    for (words, found, is_told) in [
        ("stras", &[4, 2, 1][..], true),
        ("STRAS", &[4, 2, 1], true),
        ("strasb", &[1], true),
        ("strasx", &[], true),
        ("train stras", &[1], true),
        ("stra", &[5, 4, 3, 2, 1], false),
        ("str\u{e5}s", &[4, 2, 1], false),
        ("stra-s", &[], false),
        ("str", &[5, 4, 3, 2, 1], false),
    ] {
        assert_eq!(hits(&db, &everywhere(words)), found, "{words}");
        let told = terms::beginning_like(&db, words.split(' ').next_back().unwrap()).unwrap();
        assert_eq!(told.is_some(), is_told, "{words}");
    }
    assert_eq!(hits(&db, &everywhere("strasb ")), [0; 0], "a whole word");
    let told = |word: &str| terms::beginning_like(&db, word).unwrap().map(|terms| terms.len());
    for number in 0..32 {
        said(&db, 100 + number, &bela, &format!("wordy{number}"));
    }
    assert_eq!((told("wordy"), hits(&db, &everywhere("wordy")).len()), (Some(32), 32));
    said(&db, 200, &bela, "wordy32");
    assert_eq!((told("wordy"), hits(&db, &everywhere("wordy")).len()), (None, 33), "too many to tell");
    let place = Search { within: SearchIn::Talk(talk("anna@a.test", "carla@a.test")), ..everywhere("wordy1") };
    assert_eq!((told("wordy1"), hits(&db, &everywhere("wordy1")).len(), hits(&db, &place).len()), (Some(11), 11, 0));
    history::discard(&db, MessageKey(1 << 64)).unwrap();
    db.execute("DELETE FROM message WHERE body = 'strasse'", []).unwrap();
    assert_eq!(hits(&db, &everywhere("stras")), [4, 1]);
}

#[test]
fn words_that_no_one_types_hide_no_others() {
    let db = memory();
    let bela = talk("anna@a.test", "bela@a.test");
    // The index cuts a word after 32,768 bytes, here within a letter.
    for (number, body) in (1..).zip([format!("hello{}", "\u{436}".repeat(20_000)), "hello".into(), "hella".into()]) {
        said(&db, number, &bela, &body);
    }
    assert!(
        db.query_row("SELECT term FROM temp.term WHERE term > 'hello'", [], |row| row.get::<_, String>(0)).is_err()
    );
    for (words, found) in [("hell", &[3, 2, 1][..]), ("hello", &[2, 1]), ("hella", &[3]), ("hello ", &[2])] {
        assert_eq!(hits(&db, &everywhere(words)), found, "{words}");
    }
    said(&db, 4, &bela, &"help".repeat(1_000));
    assert_eq!(hits(&db, &everywhere("help")), [4]);
}

#[test]
fn what_goes_is_not_found_any_more() {
    let db = memory();
    let bela = talk("anna@a.test", "bela@a.test");
    let first = said(&db, 1, &bela, "secret plan");
    said(&db, 2, &bela, "secret other");
    history::set_state(&db, first.key, &MessageState::Pending).unwrap();
    history::discard(&db, first.key).unwrap();
    assert_eq!(hits(&db, &everywhere("secret")), [2]);
    db.execute("UPDATE message SET body = 'public'", []).unwrap();
    assert_eq!((hits(&db, &everywhere("secret")).len(), hits(&db, &everywhere("public"))), (0, vec![2]));
    super::super::accounts::forget(&db, &bela.account, true).unwrap();
    assert!(hits(&db, &everywhere("public")).is_empty());
}

#[test]
fn an_index_made_anew_finds_the_same() {
    let db = memory();
    said(&db, 1, &talk("anna@a.test", "bela@a.test"), "我们 and they");
    db.execute("INSERT INTO search (search) VALUES ('delete-all')", []).unwrap();
    assert!(hits(&db, &everywhere("they")).is_empty());
    rebuild(&db).unwrap();
    assert_eq!((hits(&db, &everywhere("they")), hits(&db, &everywhere("我"))), (vec![1], vec![1]));
}

#[test]
fn a_moment_full_of_rows_takes_more_of_them() {
    let db = memory();
    let bela = talk("anna@a.test", "bela@a.test");
    for stamp in [i64::MIN, -1, 0, i64::MAX] {
        for number in 0..20_u128 {
            // The low bits of all keys are the same.
            let key = MessageKey(((number + 1) << 64) | u128::from(stamp.cast_unsigned() % 7) << 100);
            let message = Message { key, stamp: Stamp(stamp), ..said(&db, number + 1_000, &bela, "x") };
            let mut outcome = Outcome::default();
            history::insert(&db, &message, &mut outcome).unwrap();
        }
    }
    let kept: i64 = db.query_row("SELECT count(*) FROM message WHERE stamp IN (-1, 0)", [], |row| row.get(0)).unwrap();
    assert!(kept >= 20, "{kept}");
}

#[test]
fn rows_of_one_moment_stand_as_they_came_whatever_came_between() {
    let mut db = memory();
    let bela = talk("anna@a.test", "bela@a.test");
    let keep_all = |db: &Connection| {
        let mut outcome = Outcome::default();
        // Another moment between, and one before; the last of all is told twice.
        for (number, moment) in [(1, 70), (2, 70), (3, 80), (4, 70), (5, 70), (6, 60), (7, 70), (9, 80), (9, 80)] {
            let message = Message { stamp: Stamp(moment), ..shaped(number, &bela, "again") };
            history::insert(db, &message, &mut outcome).unwrap();
        }
        assert!(matches!(outcome.answers[..], [Stored::Duplicate { .. }]), "{:?}", outcome.answers);
    };
    // What the disk refused for once is done again.
    let refused = db.transaction().unwrap();
    keep_all(&refused);
    drop(refused);
    keep_all(&db);
    assert_eq!(hits(&db, &everywhere("again")), [9, 3, 7, 5, 4, 2, 1, 6]);
    let mut ids = db.prepare("SELECT id - (stamp << 20) FROM message ORDER BY id").unwrap();
    let ids: Vec<i64> = ids.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(ids, [0, 0, 1, 2, 3, 4, 0, 1]);
}

#[test]
fn the_next_id_of_a_moment_is_tried_and_never_one_of_another() {
    let message = Message { stamp: Stamp(70), ..shaped(1, &talk("anna@a.test", "bela@a.test"), "x") };
    let (first, last) = (70 << 20, (71 << 20) - 1);
    assert_eq!(history::likely_id(None, &message), first);
    assert_eq!(history::likely_id(Some(first), &message), first + 1);
    assert_eq!(history::likely_id(Some(last), &message), first);
    assert_eq!(history::likely_id(Some(80 << 20), &message), first);
    assert_eq!(history::likely_id(Some(i64::MAX), &message), first);
}
