//! A session taken up on another connection: nothing is asked or sent twice, and nothing is lost.

use super::*;
use crate::app::event::LinkState;
use crate::types::{ArchiveId, RequestId};

impl World {
    fn resume(&mut self, pending: Vec<MessageKey>) {
        let asked = self.own().asked.keys().copied().collect();
        self.resume_asked(pending, asked);
    }

    /// Taken up by a session that had heard of these questions alone.
    fn resume_asked(&mut self, pending: Vec<MessageKey>, asked: Vec<RequestId>) {
        self.dial();
        self.fx.clear();
        let signed_in = SignedIn {
            jid: FullJid::parse("anna@example.org/butty").unwrap(),
            mechanism: "HT-SHA-256-EXPR".to_owned(),
            offered: Vec::new(),
        };
        self.session(xmpp::Event::Resumed { signed_in, pending, asked });
    }
}

#[test]
fn buddies_are_as_they_were_and_nothing_is_said_anew() {
    let mut world = World::online(true);
    world.session(xmpp::Event::Presence(presence("bela@example.org/phone", Show::Busy)));
    world.drop_link();
    assert!(world.own().roster[&bare(BELA)].stale);
    world.resume(Vec::new());
    assert!(matches!(world.own().link, LinkState::Online));
    assert!(!world.own().roster[&bare(BELA)].stale && world.own().roster_known);
    assert_eq!(world.model.show_of(&world.key(BELA)), Some(Show::Busy));
    assert!(world.commands().is_empty(), "no presence, no archive, no roster");
}

#[test]
fn how_we_appear_is_said_if_it_changed_meanwhile() {
    let mut world = World::online(false);
    world.drop_link();
    world.does(|model, fx| model.appear(None, Show::Away, None, fx));
    world.resume(Vec::new());
    assert!(matches!(&world.commands()[..], [Command::Appear(appearance)] if appearance.show == Show::Away));
}

#[test]
fn what_the_session_has_is_not_sent_again_and_what_it_never_got_is_sent_at_once() {
    let mut world = World::online(true);
    world.open(BELA);
    world.page(BELA, Vec::new(), false);
    let arrived = world.send(BELA, "arrived");
    let pending = world.send(BELA, "on its way");
    let never = world.send(BELA, "into the dead line");
    world.drop_link();
    assert_eq!(world.sent().len(), 3);
    let later = world.send(BELA, "while away");
    world.session(xmpp::Event::Acknowledged(arrived));
    world.resume(vec![pending]);
    assert!(world.sent().is_empty(), "the archive knows what became of the one that the server does not speak of");
    let features = Features { archive: true, ..Features::default() };
    world.session(xmpp::Event::Features(features));
    let query = world.commands().into_iter().find_map(|command| match command {
        Command::Archive(query) if query.with.is_some() => Some(query),
        _ => None,
    });
    let request = query.expect("asked").request;
    let at = world.now.wall;
    let ours = |key: MessageKey, text: &str| {
        let id = key.to_string();
        Incoming { peer: bare(BELA), direction: Direction::Out, ..says("anna@example.org/butty", &id, text) }
    };
    world.hears(in_page(request, archived(ours(arrived, "arrived"), "s1", at)));
    let (first, last, oldest) = (None, None, None);
    let page = xmpp::ArchivePage { request, first, last, complete: false, count: 1, oldest, met: false };
    world.session(xmpp::Event::ArchivePage(page));
    let sent: Vec<_> = world.sent().iter().map(|outgoing| outgoing.key).collect();
    assert_eq!(sent, [pending, never, later], "one that went out before was seen: there is no need to read on");
    world.session(xmpp::Event::Acknowledged(pending));
    assert_eq!(world.own().outbox.iter().copied().collect::<Vec<_>>(), [never, later]);
}

/// The look at the archive that a lost session calls for.
fn look(world: &mut World) -> xmpp::ArchiveQuery {
    let features = Features { archive: true, ..Features::default() };
    world.session(xmpp::Event::Features(features));
    let commands = world.commands().into_iter();
    let mut queries = commands.filter_map(|c| if let Command::Archive(query) = c { Some(query) } else { None });
    queries.find(|query| query.with.is_some()).expect("the archive was asked")
}

#[test]
fn what_the_server_said_to_lack_needs_one_look_however_often_that_is_disturbed() {
    let mut world = World::online(true);
    world.open(BELA);
    world.page(BELA, Vec::new(), false);
    let lacking = world.send(BELA, "into the dead line");
    world.drop_link();
    world.resume(vec![lacking]);
    look(&mut world);
    // The session has given it back, so it speaks of it no more.
    world.drop_link();
    world.resume_asked(Vec::new(), Vec::new());
    let again = look(&mut world);
    let end = |request| page_end(request, Some(ArchiveId("s9".to_owned())), None, false);
    world.session(end(again.request));
    assert_eq!(world.sent().iter().map(|out| out.key).collect::<Vec<_>>(), [lacking], "one page was enough");
    // Written once more, it is in doubt as any other.
    world.drop_link();
    world.sign_in(true);
    let whole = look(&mut world);
    world.session(end(whole.request));
    assert!(world.sent().is_empty(), "the archive is read on");
}

#[test]
fn a_short_look_goes_back_to_where_what_is_in_doubt_must_be() {
    let mut world = World::online(true);
    let pending = world.send(BELA, "on its way");
    world.after(second(10));
    world.drop_link();
    world.commands();
    world.resume(vec![pending]);
    world.session(xmpp::Event::Features(Features { archive: true, ..Features::default() }));
    let asked = |world: &mut World| {
        world.commands().into_iter().find_map(|command| match command {
            Command::Archive(query) if query.with.is_some() => Some(query),
            _ => None,
        })
    };
    let first = asked(&mut world).expect("asked");
    // Their own answer, thirty times, is all that the newest page has.
    let at = world.now.wall;
    world.hears(in_page(first.request, archived(says("bela@example.org/phone", "b", "newer"), "s40", at)));
    let id = |text: &str| Some(crate::types::ArchiveId(text.to_owned()));
    world.session(page_end(first.request, id("s40"), id("s70"), false));
    let second_page = asked(&mut world).expect("it is not in there, which proves nothing");
    assert_eq!(second_page.before, Some(id("s40")));
    let of = pending.to_string();
    let ours =
        Incoming { peer: bare(BELA), direction: Direction::Out, ..says("anna@example.org/butty", &of, "on its way") };
    world.hears(in_page(second_page.request, archived(ours, "s39", at)));
    world.session(page_end(second_page.request, id("s10"), id("s39"), false));
    assert!(world.sent().is_empty(), "it had arrived");
    assert_eq!(world.message(BELA, pending).state, crate::app::model::MessageState::Sent);
}

#[test]
fn where_a_new_session_begins_instead_everything_written_is_in_doubt_as_ever() {
    let mut world = World::online(false);
    world.open(BELA);
    world.page(BELA, Vec::new(), false);
    let key = world.send(BELA, "perhaps");
    assert_eq!(world.sent().len(), 1);
    world.drop_link();
    world.sign_in(false);
    let again: Vec<_> = world.sent().iter().map(|outgoing| outgoing.key).collect();
    assert_eq!(again, [key]);
    world.drop_link();
    world.resume(vec![key]);
    assert!(world.sent().is_empty(), "nobody knows yet whether there is an archive to ask");
    world.session(xmpp::Event::Features(Features::default()));
    assert_eq!(world.sent().len(), 1);
}

#[test]
fn a_short_look_shows_what_a_server_lost_while_it_was_taken_up() {
    let mut world = World::online(true);
    let newest = world.own().asked.keys().copied().next().expect("the newest page was asked for");
    let id = |id: &str| Some(ArchiveId(id.to_owned()));
    world.session(page_end(newest, id("s1"), id("s5"), true));
    world.drop_link();
    world.resume(Vec::new());
    world.session(xmpp::Event::Features(Features { archive: true, ..Features::default() }));
    let commands = world.commands().into_iter();
    let queries: Vec<_> =
        commands.filter_map(|c| if let Command::Archive(query) = c { Some(query) } else { None }).collect();
    let [query] = &queries[..] else { panic!("{queries:?}") };
    assert_eq!((query.max, &query.meets), (10, &id("s5")));
    let lost = archived(says("bela@example.org/phone", "7", "lost on the way"), "s6", world.now.wall);
    world.hears(in_page(query.request, lost));
    let (request, first, last, oldest) = (query.request, id("s2"), id("s6"), None);
    world.session(xmpp::Event::ArchivePage(xmpp::ArchivePage {
        request,
        first,
        last,
        complete: false,
        count: 5,
        oldest,
        met: true,
    }));
    assert_eq!(world.texts(BELA), ["lost on the way"]);
    assert!(world.own().sync.complete && world.own().sync.gaps.is_empty());
}

#[test]
fn what_came_in_a_long_outage_is_news_however_often_was_tried() {
    let mut world = World::online(true);
    let newest = world.own().asked.keys().copied().next().expect("the newest page was asked for");
    world.session(page_end(newest, None, None, true));
    world.drop_link();
    world.after(Duration::from_secs(3 * 3600));
    world.dial();
    world.sign_in(true);
    let mut commands = world.commands().into_iter();
    let query = commands.find_map(|c| if let Command::Archive(query) = c { Some(query) } else { None });
    let request = query.expect("the archive was asked").request;
    let missed = Stamp(world.now.wall.0 - 9_000_000);
    world.hears(in_page(request, archived(says("bela@example.org/phone", "7", "missed"), "s6", missed)));
    world.session(page_end(request, None, None, true));
    assert_eq!(world.talk(BELA).unread, 1, "of two and a half hours ago");
}

/// A laptop that sleeps notices hours later that the line is dead.
#[test]
fn what_came_while_nobody_noticed_that_the_line_was_dead_is_missed() {
    let mut world = World::online(true);
    let newest = world.own().asked.keys().copied().next().expect("the newest page was asked for");
    world.session(page_end(newest, None, None, true));
    let heard = world.now.wall;
    world.now = world.now.after(Duration::from_secs(8 * 3600));
    // What is still to be kept of it is no word of the server.
    world.session(xmpp::Event::KeepAsked(crate::types::Tally { session: 1, count: 1 }));
    world.drop_link();
    world.fx.clear();
    world.sign_in(true);
    let mut commands = world.commands().into_iter();
    let query = commands.find_map(|c| if let Command::Archive(query) = c { Some(query) } else { None });
    let query = query.expect("the archive was asked");
    assert_eq!(query.since, Some(heard.minus(Duration::from_secs(3600))));
    let missed = Stamp(heard.0 + 1_800_000);
    world.hears(in_page(query.request, archived(says("bela@example.org/phone", "7", "missed"), "s6", missed)));
    assert_eq!(world.talk(BELA).unread, 1);
}
