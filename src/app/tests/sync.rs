//! Catching up with the archive.

use super::*;
use crate::types::limits::UNCOMMITTED;
use crate::types::{ArchiveId, Problem};
use crate::xmpp::ArchiveQuery;

pub(super) fn queries(world: &mut World) -> Vec<ArchiveQuery> {
    let commands = world.commands().into_iter();
    commands.filter_map(|c| if let Command::Archive(query) = c { Some(query) } else { None }).collect()
}

pub(super) fn id(text: &str) -> ArchiveId {
    ArchiveId(text.to_owned())
}

pub(super) fn answer(world: &mut World, query: &ArchiveQuery, last: &str, complete: bool) {
    let last = Some(id(last));
    let request = query.request;
    world.session(page_end(request, last.clone(), last, complete));
}

/// The end of a page that begins with this result, of this moment.
pub(super) fn page(world: &mut World, query: &ArchiveQuery, first: (&str, Stamp), last: &str, complete: bool) {
    let end = xmpp::ArchivePage { oldest: Some(first.1), ..ended(query, first.0, last, complete) };
    world.session(xmpp::Event::ArchivePage(end));
}

pub(super) fn ended(query: &ArchiveQuery, first: &str, last: &str, complete: bool) -> xmpp::ArchivePage {
    let (first, last) = (Some(id(first)), Some(id(last)));
    xmpp::ArchivePage { request: query.request, first, last, complete, count: 50, oldest: None, met: false }
}

/// What the store was told of the archive since the last look.
pub(super) fn synced(world: &mut World) -> Vec<(Option<ArchiveId>, Vec<crate::app::sync::Gap>)> {
    let told = world.requests().into_iter();
    told.filter_map(|r| if let StoreRequest::Synced { last, gaps, .. } = r { Some((last, gaps)) } else { None })
        .collect()
}

#[test]
fn the_first_time_only_the_last_page_is_read_and_nothing_of_it_is_unread() {
    let mut world = World::new(AccountCache::default());
    world.sign_in(true);
    let asked = queries(&mut world);
    assert_eq!(asked.len(), 1);
    assert_eq!((&asked[0].before, &asked[0].after, asked[0].since), (&Some(None), &None, None));
    let at = world.now.wall;
    world.hears(archived(says(PHONE, "1", "old"), "s1", at));
    answer(&mut world, &asked[0], "s1", false);
    assert!(queries(&mut world).is_empty(), "history is not fetched unasked");
    assert_eq!(world.talk(BELA).unread, 0);
}

#[test]
fn after_an_outage_what_came_since_the_cursor_is_read() {
    let mut world = World::new(AccountCache { synced: Some((Some(id("s5")), Stamp(0))), ..AccountCache::default() });
    world.sign_in(true);
    let first = queries(&mut world).remove(0);
    assert_eq!((&first.after, &first.before, first.with.clone()), (&Some(id("s5")), &Some(None), None));
    assert_eq!(first.meets, Some(id("s5")), "a server may not obey both ends");
    let at = world.now.wall;
    world.hears(archived(says(PHONE, "1", "missed"), "s6", at));
    assert_eq!(world.talk(BELA).unread, 1);
    world.fx.clear();
    answer(&mut world, &first, "s6", true);
    assert_eq!(synced(&mut world), [(Some(id("s6")), Vec::new())]);
    assert!(queries(&mut world).is_empty());
}

#[test]
fn live_messages_move_the_cursor_only_when_the_newest_page_is_here() {
    let mut world = World::new(AccountCache { synced: Some((Some(id("s5")), Stamp(0))), ..AccountCache::default() });
    world.sign_in(true);
    let first = queries(&mut world).remove(0);
    world.hears(stanza_id(says(PHONE, "9", "live"), "s9"));
    assert_eq!(world.own().sync.cursor, Some(id("s5")), "what lies between is not here yet");
    answer(&mut world, &first, "s8", true);
    assert_eq!(world.own().sync.cursor, Some(id("s9")));
    world.hears(stanza_id(says(PHONE, "10", "live"), "s10"));
    world.drop_link();
    world.sign_in(true);
    assert_eq!(queries(&mut world).last().map(|q| q.after.clone()), Some(Some(id("s10"))));
}

/// Killed between the two, the other way round, it would never be asked for again.
#[test]
fn a_live_message_goes_to_the_disk_before_the_cursor_behind_it() {
    let mut world = World::new(AccountCache { synced: Some((Some(id("s5")), Stamp(0))), ..AccountCache::default() });
    world.sign_in(true);
    let first = queries(&mut world).remove(0);
    answer(&mut world, &first, "s8", true);
    world.after(second(120));
    world.fx.clear();
    world.hears(stanza_id(says(PHONE, "10", "live"), "s10"));
    let told = world.requests();
    let message = told.iter().position(|request| matches!(request, StoreRequest::Insert(_)));
    let cursor = told.iter().position(|request| matches!(request, StoreRequest::Synced { .. }));
    assert!(message.is_some() && message < cursor, "{told:?}");
}

#[test]
fn a_link_lost_before_the_newest_page_goes_on_where_it_was() {
    let mut world = World::new(AccountCache { synced: Some((Some(id("s5")), Stamp(0))), ..AccountCache::default() });
    world.sign_in(true);
    world.hears(stanza_id(says(PHONE, "9", "live"), "s20"));
    world.drop_link();
    world.commands();
    world.sign_in(true);
    assert_eq!(queries(&mut world)[0].after, Some(id("s5")), "not from the live one: that would leave a gap");
}

#[test]
fn an_archive_that_fails_for_a_moment_is_asked_again_in_the_same_session() {
    let mut world = World::new(AccountCache { synced: Some((Some(id("s5")), Stamp(0))), ..AccountCache::default() });
    world.sign_in(true);
    let problem = Problem::TimedOut { waited: second(30) };
    for (round, rest) in [60, 120, 240, 480, 900, 900].into_iter().enumerate() {
        for way in 0..2 {
            let asked = queries(&mut world);
            assert_eq!(asked.len(), 1, "round {round}, way {way}");
            world.session(xmpp::Event::RequestFailed { request: asked[0].request, problem: problem.clone() });
        }
        world.after(second(rest - 1));
        assert!(queries(&mut world).is_empty(), "round {round}: it has a rest");
        world.after(second(1));
    }
    let newest = queries(&mut world).remove(0);
    assert_eq!(newest.after, Some(id("s5")));
    let at = world.now.wall;
    world.hears(archived(says(PHONE, "1", "missed"), "s9", at));
    page(&mut world, &newest, ("s9", at), "s9", false);
    // The same for what lies behind it.
    for _ in 0..3 {
        let request = queries(&mut world).remove(0).request;
        world.session(xmpp::Event::RequestFailed { request, problem: problem.clone() });
    }
    assert!(queries(&mut world).is_empty());
    world.after(second(900));
    assert_eq!(queries(&mut world)[0].before, Some(Some(id("s9"))));
    world.drop_link();
    world.after(second(3_600));
    assert!(queries(&mut world).is_empty(), "nobody is asked who is not there");
}

#[test]
fn a_forgotten_cursor_is_left_out() {
    let newest = Stamp(1_763_650_000_000);
    let talks = vec![(ConversationKey::direct(AccountId::new(ANNA), bare(BELA)), 0, newest)];
    let synced = Some((Some(id("gone")), newest));
    let mut world = World::new(AccountCache { talks, synced, ..AccountCache::default() });
    world.sign_in(true);
    let request = queries(&mut world)[0].request;
    let problem = Problem::NotOffered { what: line("item-not-found") };
    world.session(xmpp::Event::RequestFailed { request, problem: problem.clone() });
    let again = queries(&mut world);
    assert_eq!(again.len(), 1);
    assert!(again[0].after.is_none() && again[0].before == Some(None));
    let request = again[0].request;
    world.session(xmpp::Event::RequestFailed { request, problem });
    assert!(queries(&mut world).is_empty(), "not for ever");
}

#[test]
fn a_message_of_the_outage_stands_in_its_place_in_the_open_talk() {
    let mut world = World::new(AccountCache::default());
    world.sign_in(true);
    let newest = queries(&mut world).remove(0);
    answer(&mut world, &newest, "s0", true);
    world.open(BELA);
    world.page(BELA, Vec::new(), false);
    world.hears(stanza_id(says(PHONE, "1", "before"), "s1"));
    world.after(second(100));
    world.drop_link();
    let missed = world.now.wall;
    world.give(Event::Focus(false));
    world.after(second(100));
    world.sign_in(true);
    world.commands();
    world.hears(stanza_id(says(PHONE, "3", "after"), "s3"));
    world.hears(archived(says(PHONE, "2", "meanwhile"), "s2", missed));
    assert_eq!(world.texts(BELA), ["before", "meanwhile", "after"]);
    assert_eq!(world.talk(BELA).unread, 2, "nobody looked");
    let first_new = world.talk(BELA).messages[1].key;
    assert_eq!((world.talk(BELA).new_from, world.talk(BELA).new_count), (Some(first_new), 2));
    world.give(Event::Focus(true));
    assert_eq!(world.talk(BELA).unread, 0);
}

#[test]
fn scrolling_up_asks_no_archive_for_ever() {
    let mut world = World::online(true);
    world.open(BELA);
    world.page(BELA, Vec::new(), false);
    let newest = queries(&mut world).pop().expect("the last page of the talk");
    let at = world.now.wall;
    world.hears(archived(says(PHONE, "1", "one"), "s9", at));
    page(&mut world, &newest, ("s9", at), "s9", false);
    let up = |world: &mut World| {
        world.does(|model, fx| model.scroll_rows(-1, fx));
        queries(world).pop()
    };
    let older = up(&mut world).expect("older ones");
    assert_eq!(older.before, Some(Some(id("s9"))));
    // A page of receipts alone: it shows nothing, and the next one begins before it all the same.
    page(&mut world, &older, ("s5", at), "s8", false);
    let older = up(&mut world).expect("older ones");
    assert_eq!(older.before, Some(Some(id("s5"))));
    page(&mut world, &older, ("s5", at), "s5", false);
    assert!(up(&mut world).is_none(), "the same again is the end");
    let mut world = World::online(true);
    world.open(BELA);
    world.page(BELA, Vec::new(), false);
    let newest = queries(&mut world).pop().expect("the last page of the talk");
    let problem = Problem::NotOffered { what: line("archive") };
    world.session(xmpp::Event::RequestFailed { request: newest.request, problem });
    world.hears(stanza_id(says(PHONE, "1", "one"), "s9"));
    assert!(up(&mut world).is_none(), "refused once in a session is enough");
}

#[test]
fn opening_a_talk_with_little_in_it_asks_its_last_page_once_in_a_session() {
    let mut world = World::online(true);
    world.commands();
    world.open(BELA);
    world.page(BELA, Vec::new(), false);
    let asked = queries(&mut world);
    assert_eq!((asked[0].with.clone(), &asked[0].before), (Some(bare(BELA)), &Some(None)));
    let at = Stamp(world.now.wall.0 - 86_400_000);
    world.hears(archived(says(PHONE, "1", "yesterday"), "s1", at));
    answer(&mut world, &asked[0], "s1", true);
    assert_eq!(world.texts(BELA), ["yesterday"]);
    assert_eq!(world.talk(BELA).unread, 0, "history is not news");
    world.open("dad@example.org");
    world.commands();
    world.open(BELA);
    assert!(queries(&mut world).is_empty());
}

#[test]
fn a_store_that_falls_behind_slows_the_wire_and_frees_it_again() {
    let mut world = World::online(false);
    world.commits = false;
    let mut keys = Vec::new();
    let pauses = |world: &World| {
        let count = |wanted: fn(&LinkCommand) -> bool| {
            world.fx.iter().filter(|e| matches!(e, Effect::Link(_, c) if wanted(c))).count()
        };
        (count(|c| matches!(c, LinkCommand::Pause)), count(|c| matches!(c, LinkCommand::Resume)))
    };
    for n in 0..UNCOMMITTED + 200 {
        world.hears(says(PHONE, &n.to_string(), &n.to_string()));
        keys.extend(world.talk(BELA).messages.back().map(|m| m.key));
    }
    assert_eq!(pauses(&world), (1, 0));
    assert!(!world.commands().iter().any(|c| matches!(c, Command::Receipt { .. })), "nothing is safe yet");
    let rest = keys.split_off(900);
    world.stored(Stored::Committed { keys });
    assert_eq!(pauses(&world), (0, 0));
    let left = UNCOMMITTED / 4;
    world.stored(Stored::Committed { keys: rest[..rest.len() - left].to_vec() });
    assert_eq!(pauses(&world), (0, 1));
    assert_eq!(world.model.waiting.len(), left);
    let receipts = world.commands().iter().filter(|c| matches!(c, Command::Receipt { .. })).count();
    assert_eq!(receipts, UNCOMMITTED + 200 - left);
}

#[test]
fn memory_of_a_talk_is_bounded_and_newest_first() {
    let mut world = World::online(false);
    for n in 0..5_000 {
        world.hears(says(PHONE, &n.to_string(), &n.to_string()));
    }
    assert!(world.talk(BELA).messages.len() <= 200, "not on the screen");
    world.open(BELA);
    let newest = world.talk(BELA).messages.iter().cloned().collect();
    world.page(BELA, newest, true);
    for n in 5_000..10_000 {
        world.hears(says(PHONE, &n.to_string(), &n.to_string()));
    }
    assert!(world.talk(BELA).messages.len() <= Conversation::KEEP);
    assert_eq!(world.texts(BELA).last().map(String::as_str), Some("9999"));
    assert!(world.talk(BELA).known_ids.len() <= 5 * Conversation::KEEP);
}

#[test]
fn a_flood_of_strangers_takes_bounded_memory() {
    let mut world = World::online(false);
    for n in 0..5_000 {
        world.hears(says(&format!("s{n}@spam.test/x"), "1", "buy"));
        world.session(xmpp::Event::Presence(presence(&format!("s{n}@spam.test/x"), Show::Available)));
        let from = bare(&format!("s{n}@spam.test"));
        world.session(xmpp::Event::SubscriptionRequest { from, nick: None, text: None });
    }
    assert!(world.model.talks.len() <= 2_000);
    assert!(world.own().requests.len() <= 100);
    assert_eq!(world.own().roster.len(), 2);
    let receipts = world.commands().iter().filter(|c| matches!(c, Command::Receipt { .. })).count();
    assert_eq!(receipts, 0, "strangers are told nothing");
}

/// Words out of Messenger's archive, so many seconds ago.
fn nameless(world: &World, text: &str, ago: i64) -> Incoming {
    let stamp = Some(Stamp(world.now.wall.0 - 1_000 * ago));
    Incoming { id: None, stanza_id: None, stamp, via: Via::Archive, delayed: true, ..says(PHONE, "", text) }
}

#[test]
fn the_last_ten_fill_a_talk_once_and_double_nothing() {
    let mut world = World::online(false);
    world.session(xmpp::Event::Features(Features { last_ten: true, messenger: true, ..Features::default() }));
    world.hears(says(PHONE, "1", "ok"));
    world.hears(says(PHONE, "2", "ok"));
    world.open(BELA);
    world.commands();
    world.page(BELA, Vec::new(), false);
    let asked = queries(&mut world).remove(0);
    for (text, ago) in [("before", 600), ("ok", 3), ("ok", 2), ("ok", 1)] {
        let incoming = nameless(&world, text, ago);
        world.hears(incoming);
    }
    let nothing = xmpp::ArchivePage { first: None, last: None, ..ended(&asked, "", "", true) };
    world.session(xmpp::Event::ArchivePage(nothing));
    assert_eq!(world.texts(BELA), ["before", "ok", "ok", "ok"], "three were said, and two had come");
    world.does(|model, fx| model.scroll_rows(-1, fx));
    assert!(queries(&mut world).is_empty(), "there is no more");
}

#[test]
fn at_the_start_the_store_is_asked_to_say_when_all_was_told_for_only_then_it_is_known_what_is_missing() {
    let now = Now { mono: second(1), wall: Stamp(1_763_650_800_000) };
    let (_, fx) = Model::new(Options::default(), vec![setup(ANNA)], 7, now);
    let asked: Vec<&StoreRequest> =
        fx.iter().filter_map(|e| if let Effect::Store(r) = e { Some(r) } else { None }).collect();
    assert!(matches!(asked[..], [StoreRequest::Open { .. }, StoreRequest::CacheDone]), "{asked:?}");
    let mut world = World::new(AccountCache::default());
    world.model.cache_known = false;
    world.sign_in(true);
    assert!(queries(&mut world).is_empty());
    world.stored(Stored::CacheDone);
    assert_eq!(queries(&mut world).len(), 1);
}

#[test]
fn a_line_that_breaks_in_the_middle_of_pages_gets_shorter_ones() {
    let mut world = World::new(AccountCache::default());
    let mut asked = Vec::new();
    let mut next = |world: &mut World| {
        let mut commands = world.commands().into_iter();
        let query = commands.find_map(|c| if let Command::Archive(query) = c { Some(query) } else { None });
        let query = query.expect("the archive was asked");
        asked.push(query.max);
        query.request
    };
    for _ in 0..5 {
        world.sign_in(true);
        next(&mut world);
        world.drop_link();
    }
    world.sign_in(true);
    let request = next(&mut world);
    world.session(page_end(request, None, None, true));
    world.drop_link();
    world.sign_in(true);
    next(&mut world);
    assert_eq!(asked, [100, 50, 25, 12, 12, 12, 25], "and longer ones again where one came whole");
}

/// The rows are gone with the process; the archive has them.
#[test]
fn where_nothing_is_kept_the_archive_tells_once_more_what_nobody_has_read() {
    use crate::app::model::Retention;
    for retention in [Retention::Nothing, Retention::Forever] {
        let options = Options { retention, ..Options::default() };
        let mut world = World::with(options, AccountCache::default());
        world.sign_in(true);
        let newest = queries(&mut world).remove(0);
        answer(&mut world, &newest, "s0", true);
        world.after(second(60));
        world.fx.clear();
        world.hears(stanza_id(says(PHONE, "1", "unread"), "s1"));
        world.after(second(60));
        world.drop_link();
        assert_eq!(!synced(&mut world).is_empty(), retention == Retention::Forever, "{retention:?}");
        // What was missed is unread before the disk has it.
        world.commits = false;
        world.sign_in(true);
        let newest = queries(&mut world).remove(0);
        let at = world.now.wall;
        world.hears(in_page(newest.request, archived(says(PHONE, "2", "missed"), "s2", at)));
        answer(&mut world, &newest, "s2", true);
        assert_eq!(!synced(&mut world).is_empty(), retention == Retention::Forever, "{retention:?}");
        let keys = world.talk(BELA).messages.iter().map(|message| message.key).collect();
        world.stored(Stored::Committed { keys });
        world.open(BELA);
        world.drop_link();
        assert_eq!(!synced(&mut world).is_empty(), retention == Retention::Nothing, "now it was read");
    }
}
