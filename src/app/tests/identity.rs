//! One message, one row: whatever way it comes, however often. And two messages, two rows.

use super::*;
use crate::app::model::MessageState;

fn copy_of_ours(peer: &str, id: &str, text: &str, via: Via) -> Incoming {
    Incoming { peer: bare(peer), direction: Direction::Out, via, ..says("anna@example.org/phone", id, text) }
}

#[test]
fn live_and_archive_are_one_by_the_archive_id() {
    let mut world = World::online(true);
    world.hears(stanza_id(says(PHONE, "1", "hi"), "s1"));
    let at = world.now.wall;
    world.hears(archived(says(PHONE, "1", "hi"), "s1", at));
    assert_eq!(world.texts(BELA), ["hi"]);
    assert_eq!(world.talk(BELA).unread, 1);
}

#[test]
fn a_live_message_without_archive_id_learns_it_from_the_archive() {
    let mut world = World::online(true);
    world.hears(says(PHONE, "1", "hi"));
    world.fx.clear();
    let at = world.now.wall;
    world.hears(archived(says(PHONE, "1", "hi"), "s1", at));
    assert_eq!(world.texts(BELA), ["hi"]);
    assert_eq!(world.talk(BELA).messages[0].stanza_id, Some(StanzaId("s1".to_owned())));
    assert!(world.requests().iter().any(|r| matches!(r, StoreRequest::SetStanzaId { .. })));
}

#[test]
fn id_reuse_both_shown() {
    let mut world = World::online(true);
    world.hears(says(PHONE, "1", "transfer to account A"));
    world.hears(says(PHONE, "1", "transfer to account B"));
    let at = world.now.wall;
    world.hears(archived(says(PHONE, "1", "and to C"), "s9", at));
    assert_eq!(world.texts(BELA).len(), 3, "reused ids: all are shown");
}

#[test]
fn a_client_that_never_changes_its_id_loses_nothing() {
    let mut world = World::online(true);
    for _ in 0..3 {
        world.hears(says(PHONE, "1", "ok"));
    }
    assert_eq!(world.texts(BELA), ["ok", "ok", "ok"]);
    // The archive has all three, under ids of its own.
    let at = world.now.wall;
    for id in ["s1", "s2", "s3"] {
        world.hears(archived(says(PHONE, "1", "ok"), id, at));
    }
    assert_eq!(world.texts(BELA).len(), 3);
}

#[test]
fn the_server_telling_a_kept_message_again_makes_no_second_row() {
    let mut world = World::online(false);
    world.hears(says(PHONE, "7", "hi"));
    world.drop_link();
    world.sign_in(false);
    let again = Incoming { delayed: true, stamp: Some(world.now.wall), ..says(PHONE, "7", "hi") };
    world.hears(again);
    assert_eq!(world.texts(BELA), ["hi"]);
}

#[test]
fn without_any_id_words_and_time_decide() {
    let mut world = World::online(true);
    let bare_words = |text| Incoming { id: None, ..says(PHONE, "", text) };
    world.hears(bare_words("hi"));
    let at = world.now.wall;
    world.hears(archived(bare_words("hi"), "s1", at));
    assert_eq!(world.texts(BELA).len(), 1);
    world.hears(archived(bare_words("hi"), "s2", at));
    assert_eq!(world.texts(BELA).len(), 2, "the archive knows two");
}

#[test]
fn what_the_phone_says_appears_here_and_counts_as_read() {
    let mut world = World::online(false);
    world.hears(says(PHONE, "1", "are you there?"));
    world.hears(copy_of_ours(BELA, "p1", "yes", Via::Carbon));
    assert_eq!(world.texts(BELA), ["are you there?", "yes"]);
    assert_eq!(world.talk(BELA).messages[1].state, MessageState::Sent);
    assert_eq!(world.talk(BELA).unread, 0, "answered elsewhere");
}

#[test]
fn a_copy_of_our_own_message_proves_that_it_was_sent() {
    let mut world = World::online(true);
    world.open(BELA);
    let key = world.send(BELA, "hi");
    let at = world.now.wall;
    world.hears(archived(copy_of_ours(BELA, &key.to_string(), "hi", Via::Archive), "s1", at));
    assert_eq!(world.texts(BELA), ["hi"]);
    assert_eq!(world.message(BELA, key).state, MessageState::Sent);
    assert!(world.own().outbox.is_empty());
}

#[test]
fn a_poisoned_archive_id_in_the_other_direction_merges_nothing() {
    let mut world = World::online(true);
    world.open(BELA);
    world.hears(stanza_id(says(PHONE, "1", "hi"), "s1"));
    world.hears(stanza_id(copy_of_ours(BELA, "p1", "hi", Via::Carbon), "s1"));
    assert_eq!(world.texts(BELA).len(), 2);
}

#[test]
fn a_look_alike_gets_a_talk_of_its_own() {
    let mut world = World::online(false);
    world.hears(says(PHONE, "1", "hi"));
    world.hears(says("bela@example.org.evil.test/phone", "1", "hi"));
    world.hears(says("bеla@example.org/phone", "1", "hi")); // Cyrillic
    assert_eq!(world.model.talks.len(), 3);
    assert_eq!(world.texts(BELA).len(), 1);
    let stranger = world.key("bela@example.org.evil.test");
    assert!(world.model.name_of(&stranger).contains("evil.test"), "a stranger is called by address");
}

#[test]
fn a_name_that_somebody_chose_is_marked_so_and_has_the_address_beside_it() {
    let mut world = World::online(false);
    let mut incoming = says("mallory@evil.test/x", "1", "it is me");
    incoming.nick = Some(line("Mum"));
    world.hears(incoming);
    assert_eq!(world.model.name_of(&world.key("mallory@evil.test")), "“Mum” (mallory@evil.test)");
    // No less so once they are a buddy whom we gave no name.
    calls_themselves(&mut world, "Mum");
    assert_eq!(world.model.name_of(&world.key(MALLORY)), "“Mum” (mallory@evil.test)");
    world.session(xmpp::Event::RosterPush { item: item(MALLORY, "Mal", ""), version: None });
    assert_eq!(world.model.name_of(&world.key(MALLORY)), "Mal", "ours stands over theirs");
}

const MALLORY: &str = "mallory@evil.test";

/// A buddy whom we gave no name calls themselves this.
fn calls_themselves(world: &mut World, nick: &str) {
    world.session(xmpp::Event::RosterPush { item: item(MALLORY, "", ""), version: None });
    let told = xmpp::Presence { nick: Some(line(nick)), ..presence("mallory@evil.test/x", Show::Available) };
    world.session(xmpp::Event::Presence(told));
}

#[test]
fn a_name_that_is_like_an_address_or_like_somebody_else_is_not_shown_at_all() {
    let mut world = World::online(false);
    world.model.accounts[0].told_name = Some(line("Anna Karenina"));
    let chosen = [
        "bela@example.org",
        "someone＠example.net",
        "Bela",
        "BELA",
        " B e l a ",
        "Веla", // Cyrillic
        "Béla",
        "You",
        "Anna Karenina",
    ];
    for nick in chosen {
        calls_themselves(&mut world, nick);
        assert_eq!(world.model.name_of(&world.key(MALLORY)), MALLORY, "{nick}");
        let mut incoming = says("stranger@evil.test/x", nick, "it is me");
        incoming.nick = Some(line(nick));
        world.hears(incoming);
        assert_eq!(world.model.name_of(&world.key("stranger@evil.test")), "stranger@evil.test", "{nick}");
        let asks =
            xmpp::Event::SubscriptionRequest { from: bare("asks@evil.test"), nick: Some(line(nick)), text: None };
        world.session(asks);
        let rows = crate::app::list::rows(&world.model);
        let asks = rows.iter().find_map(|row| match row {
            crate::app::list::Row::Request { name, .. } => Some(name.clone()),
            _ => None,
        });
        assert_eq!(asks.as_deref(), Some("asks@evil.test"), "{nick}");
    }
    calls_themselves(&mut world, "Mal");
    assert_eq!(world.model.name_of(&world.key(MALLORY)), "“Mal” (mallory@evil.test)");
    // The name is somebody's from the moment on that it is given.
    let mut other = item("carol@example.com", "Mal", "");
    world.session(xmpp::Event::RosterPush { item: other.clone(), version: None });
    assert_eq!(world.model.name_of(&world.key(MALLORY)), MALLORY);
    for number in 0..100 {
        other.name = Some(line(&format!("Carol the {number}th")));
        world.session(xmpp::Event::RosterPush { item: other.clone(), version: None });
    }
    assert_eq!(world.model.name_of(&world.key(MALLORY)), "“Mal” (mallory@evil.test)", "and not for ever");
    assert!(world.own().taken.count() < 100, "nor do the names grow without end");
}

#[test]
fn where_addresses_are_opaque_a_chosen_name_is_marked_and_stands_alone() {
    let mut world = World::online(false);
    world.session(xmpp::Event::Features(Features { messenger: true, ..Features::default() }));
    calls_themselves(&mut world, "Mal");
    assert_eq!(world.model.name_of(&world.key(MALLORY)), "“Mal”");
    calls_themselves(&mut world, "Bela");
    assert_eq!(world.model.name_of(&world.key(MALLORY)), MALLORY, "better an opaque address than another's name");
}

#[test]
fn a_chosen_name_that_misleads_is_not_taken_over_with_a_yes() {
    let mut world = World::online(false);
    let account = world.account.clone();
    for (nick, taken) in [("Bela", None), ("bela@example.org", None), ("Mal", Some("Mal"))] {
        let asks = xmpp::Event::SubscriptionRequest { from: bare(MALLORY), nick: Some(line(nick)), text: None };
        world.session(asks);
        world.fx.clear();
        world.does(|model, fx| model.answer_request(&account, &bare(MALLORY), true, fx));
        let named = world.commands().into_iter().find_map(|command| match command {
            Command::SetBuddy { name, .. } => Some(name),
            _ => None,
        });
        assert_eq!(named, Some(taken.map(str::to_owned)), "{nick}");
    }
}

#[test]
fn words_are_not_sent_to_who_only_calls_themselves_so() {
    let mut world = World::online(false);
    let mut incoming = says("mallory@evil.test/x", "1", "it is me");
    incoming.nick = Some(line("Mum"));
    world.hears(incoming);
    assert_eq!(world.model.find_peer("mum"), None, "a stranger");
    assert_eq!(world.model.find_peer("mallory"), Some(world.key(MALLORY)));
    calls_themselves(&mut world, "Mum");
    assert_eq!(world.model.find_peer("mum"), Some(world.key(MALLORY)), "a buddy, whom nobody else is called like");
    world.session(xmpp::Event::RosterPush { item: item("eva@example.org", "Mum", ""), version: None });
    assert_eq!(world.model.find_peer("mum"), Some(world.key("eva@example.org")));
}

#[test]
fn the_store_finding_an_old_row_makes_the_two_one() {
    let mut world = World::online(true);
    world.commits = false;
    let old = MessageKey(42);
    let at = world.now.wall;
    world.hears(archived(says(PHONE, "1", "hi"), "s1", at));
    let new = world.talk(BELA).messages[0].key;
    let row = Message { key: old, ..world.talk(BELA).messages[0].clone() };
    world.stored(Stored::Duplicate { key: new, existing: old, stamp: at });
    assert!(world.talk(BELA).messages.iter().all(|message| message.key == old));
    assert_eq!((world.talk(BELA).unread, world.model.waiting.len()), (0, 0));
    // And when the old row is loaded too, there is one.
    world.open(BELA);
    world.page(BELA, vec![row], false);
    assert_eq!(world.texts(BELA), ["hi"]);
}

#[test]
fn order_is_by_time_and_arrivals_of_one_moment_keep_theirs() {
    let mut world = World::reading(BELA);
    let at = world.now.wall;
    for n in 0..20 {
        world.hears(archived(says(PHONE, &n.to_string(), &n.to_string()), &format!("s{n}"), at));
    }
    let hour_ago = Stamp(at.0 - 3_600_000);
    world.hears(archived(says(PHONE, "old", "old"), "s-old", hour_ago));
    let expected: Vec<String> = std::iter::once("old".to_owned()).chain((0..20).map(|n| n.to_string())).collect();
    assert_eq!(world.texts(BELA), expected);
}

#[test]
fn a_clock_that_is_behind_does_not_put_new_words_above_old_ones() {
    let mut world = World::online(true);
    world.open(BELA);
    let ahead = world.now.wall.plus(second(300));
    world.hears(archived(says(PHONE, "1", "question"), "s1", ahead));
    world.send(BELA, "answer");
    world.hears(says(PHONE, "2", "thanks"));
    assert_eq!(world.texts(BELA), ["question", "answer", "thanks"]);
}

#[test]
fn a_live_message_from_the_future_is_one_of_now() {
    let mut world = World::online(false);
    let future = world.now.wall.plus(second(365 * 86_400));
    world.hears(Incoming { stamp: Some(future), delayed: true, ..says(PHONE, "1", "hi") });
    assert_eq!(world.talk(BELA).messages[0].stamp, world.now.wall);
}

#[test]
fn whole_seconds_do_not_change_the_order_in_which_messages_came() {
    let mut world = World::reading(BELA);
    world.now.wall = Stamp(world.now.wall.0 + 700);
    world.hears(says(PHONE, "1", "one"));
    let second = Stamp(world.now.wall.0 - 700);
    // What was kept for us while the line was down says so in whole seconds.
    let kept = Incoming { delayed: true, stamp: Some(second), ..says(PHONE, "2", "two") };
    world.hears(kept);
    world.model.accounts[0].sync.complete = true;
    world.drop_link();
    world.sign_in(true);
    world.hears(archived(says(PHONE, "3", "three"), "s3", second));
    assert_eq!(world.texts(BELA), ["one", "two", "three"]);
    // Long ago is long ago.
    let old = Stamp(second.0 - 60_000);
    world.hears(archived(says(PHONE, "0", "zero"), "s0", old));
    assert_eq!(world.texts(BELA), ["zero", "one", "two", "three"]);
}

#[test]
fn what_was_archived_before_stands_before_in_whatever_order_it_comes() {
    let mut world = World::online(true);
    let told = |number: u32, id: &str| stanza_id(says(PHONE, &number.to_string(), id), id);
    world.hears(told(1, "1795649240947093"));
    world.after(second(1));
    world.hears(told(3, "1795649240962383"));
    world.hears(told(4, "1795649240988302"));
    world.hears(told(2, "1795649240960296"));
    assert_eq!(world.texts(BELA), ["1795649240947093", "1795649240960296", "1795649240962383", "1795649240988302"]);
    // Ids that are no moments say nothing.
    world.hears(told(5, "00000000-aaaa"));
    assert_eq!(world.texts(BELA).last().map(String::as_str), Some("00000000-aaaa"));
}

#[test]
fn a_note_to_oneself_stands_there_once() {
    let mut world = World::online(false);
    world.open(ANNA);
    let key = world.send(ANNA, "buy milk");
    world.hears(says("anna@example.org/butty", &key.to_string(), "buy milk"));
    assert_eq!(world.texts(ANNA), ["buy milk"]);
    assert_eq!(world.message(ANNA, key).state, MessageState::Delivered);
}

/// What the server kept while we were away, over the connection of now.
fn kept(world: &World, incoming: Incoming) -> Incoming {
    Incoming { delayed: true, stamp: Some(world.now.wall), ..incoming }
}

#[test]
fn two_kept_messages_under_one_id_are_two() {
    let mut world = World::online(false);
    for _ in 0..2 {
        let incoming = kept(&world, says(PHONE, "1", "ok"));
        world.hears(incoming);
    }
    assert_eq!(world.texts(BELA), ["ok", "ok"], "one connection tells each once");
    world.drop_link();
    world.sign_in(false);
    let again = kept(&world, says(PHONE, "1", "ok"));
    world.hears(again);
    assert_eq!(world.texts(BELA).len(), 2, "and this one is told again");
}

#[test]
fn an_archive_that_gives_one_id_twice_hides_nothing() {
    let mut world = World::online(true);
    let at = world.now.wall;
    world.hears(archived(says(PHONE, "1", "first"), "s1", at));
    world.hears(archived(says(PHONE, "2", "second"), "s1", at));
    world.hears(archived(says(PHONE, "1", "first"), "s1", at));
    let mut texts = world.texts(BELA);
    texts.sort();
    assert_eq!(texts, ["first", "second"]);
}

#[test]
fn a_device_of_ours_that_uses_an_id_twice_loses_nothing() {
    let mut world = World::online(true);
    world.hears(copy_of_ours(BELA, "1", "yes", Via::Carbon));
    world.hears(copy_of_ours(BELA, "1", "no", Via::Carbon));
    let at = world.now.wall;
    for (id, text) in [("s1", "yes"), ("s2", "no")] {
        world.hears(archived(copy_of_ours(BELA, "1", text, Via::Archive), id, at));
    }
    assert_eq!(world.texts(BELA), ["yes", "no"]);
}

#[test]
fn a_note_from_another_device_is_archived_twice_and_shown_once() {
    let mut world = World::online(true);
    let at = world.now.wall;
    for id in ["s1", "s2"] {
        world.hears(archived(copy_of_ours(ANNA, "n", "buy milk", Via::Archive), id, at));
    }
    assert_eq!(world.texts(ANNA), ["buy milk"]);
}

#[test]
fn one_of_ours_that_the_archive_has_twice_is_shown_once() {
    let mut world = World::online(true);
    world.open(BELA);
    let key = world.send(BELA, "hi").to_string();
    let at = world.now.wall;
    for id in ["s1", "s2"] {
        world.hears(archived(copy_of_ours(BELA, &key, "hi", Via::Archive), id, at));
    }
    assert_eq!(world.texts(BELA), ["hi"]);
}

#[test]
fn id_poison() {
    let mut world = World::online(true);
    world.open(BELA);
    let key = world.send(BELA, "pay the baker");
    // She answers under our own id, and under the one that the archive will give to ours.
    world.hears(says(PHONE, &key.to_string(), "pay the baker"));
    world.hears(stanza_id(says(PHONE, "2", "and me"), "s1"));
    let at = world.now.wall;
    world.hears(archived(copy_of_ours(BELA, &key.to_string(), "pay the baker", Via::Archive), "s1", at));
    assert_eq!(world.texts(BELA), ["pay the baker", "pay the baker", "and me"]);
    assert_eq!(world.message(BELA, key).state, MessageState::Sent, "hers is no proof that ours arrived further");
}
