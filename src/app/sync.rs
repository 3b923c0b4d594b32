//! The archive (XEP-0313): what happened while we were away, and what is older than our own store.
//!
//! The newest page is read first, so that the person sees at once what is new. What lies between it and what we had is a
//! [`Gap`]: it is written down, and filled from its newer end in the background, page by page, the next one only when the
//! store keeps up. The cursor never passes a gap that was not written down, so a restart goes on where it was.
//!
//! Ids of the archive decide, never a clock, wherever they are known. Everything is bounded.

mod bounds;
mod first;
mod gap;
mod put_by;
mod talk;

pub(super) use bounds::Bounds;
pub use first::First;
use gap::Way;
pub use gap::{Edge, Gap, Missing};

use super::action::Effects;
use super::effect::{Effect, LinkCommand, StoreRequest};
use super::model::{Asked, Conversation, Model, News, Retention, Waiting};
use crate::types::{AccountId, ArchiveId, RequestId, Stamp};
use crate::xmpp::{ArchivePage, ArchiveQuery, Command, Incoming};
use std::time::Duration;

/// Messages in a page.
const PAGE: u16 = 100;
/// The same where a session was taken up: nothing should be missing, and a short look shows whether it is so.
const BRIEF: u16 = 10;
/// The line broke in the middle of a page so often that it is not made any shorter: halved each time.
const TORN: u8 = 3;
/// Without an id we go back this far behind the moment we know: clocks differ.
const MARGIN: Duration = Duration::from_secs(3600);
/// The cursor is told to the store at most this often while messages come in.
const TELL: Duration = Duration::from_secs(60);
/// An archive that refuses, or does not answer, is asked again after so long, and after twice as long each time.
const REST: Duration = Duration::from_secs(60);
/// But not later than this.
const LONGEST_REST: Duration = Duration::from_secs(15 * 60);

/// What is known of an account's archive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sync {
    /// Everything up to this result is here, but for the gaps.
    pub cursor: Option<ArchiveId>,
    /// What is not here, oldest first.
    pub gaps: Vec<Gap>,
    /// The newest live message's archive id, until the newest page is here.
    pub ahead: Option<ArchiveId>,
    /// The newest page is awaited.
    pub running: bool,
    /// It was asked for without the cursor: the archive does not take both.
    pub plain: bool,
    /// The cursor as the newest page was asked for: what was here then is not beyond it.
    pub base: Option<ArchiveId>,
    /// What comes in the newest page lies beyond it: so it was asked for, or it was met.
    pub beyond: bool,
    /// It came in this session, or in the last one, until another begins: a live message moves the cursor.
    pub complete: bool,
    /// It came in the session that this one has taken up. Servers promise that nothing is lost by that (XEP-0198 section
    /// 5), and ejabberd 23 loses a message now and then, which its archive has.
    pub taken_up: bool,
    /// What the store was told last, and when (`Now::mono`).
    pub told: Option<(Option<ArchiveId>, Duration)>,
    /// The newest message known at start.
    pub newest: Option<Stamp>,
    /// The first time, if this process saw it.
    pub first: Option<First>,
    /// The history cannot be read: the store is told nothing of this, for it may know better.
    pub stand_in: bool,
    /// How the gaps are being filled.
    pub filling: Filling,
    /// When the archive, which refused, is asked again in this session (`Now::mono`).
    pub again_at: Option<Duration>,
    /// How often it refused in this session.
    pub refused: u32,
    /// How many sessions ended in the middle of a page, less those in which the newest one came whole: a line that does
    /// not carry a page gets shorter ones, or nothing would ever come to its end.
    pub torn: u8,
    /// What a check told, and the page that may have it has yet to tell.
    pub put_by: Vec<Incoming>,
}

/// The filling of gaps in this session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filling {
    /// A page is awaited.
    pub running: bool,
    /// The next page waits for the store.
    pub held: bool,
    /// The archive does not give it, for a while, or gave enough in this session.
    pub stopped: bool,
    /// How it is asked.
    pub way: Way,
    /// Pages read.
    pub pages: u32,
    /// Pages read of the gap at hand.
    pub of_gap: u32,
}

impl Sync {
    /// Another session: catching up begins anew. `torn`: the last one ended in the middle of a page.
    pub(super) fn begin_anew(&mut self, torn: bool) {
        self.torn = self.torn.saturating_add(u8::from(torn)).min(TORN);
        (self.running, self.complete, self.taken_up, self.ahead) = (false, false, false, None);
        self.filling = Filling::default();
        (self.again_at, self.refused) = (None, 0);
    }

    /// The session was taken up: a short look shows whether anything was lost. `torn`: in the middle of a page.
    pub(super) fn take_up(&mut self, torn: bool) {
        let taken_up = self.taken_up || self.complete;
        let filling = Filling { running: false, held: false, ..std::mem::take(&mut self.filling) };
        self.begin_anew(torn);
        (self.taken_up, self.filling) = (taken_up, filling);
    }
}

impl Model {
    /// Begins to catch up, if there is an archive and it was not done in this session.
    pub(super) fn catch_up(&mut self, id: &AccountId, fx: &mut Effects) {
        let cached = self.cache_known;
        let Some(account) = self.account(id) else { return };
        let sync = &account.sync;
        if cached && account.online() && account.features.archive && !sync.running && !sync.complete {
            self.ask_newest(id, false, fx);
        }
        self.fill(id, fx);
    }

    /// Asks for the newest page: of what came since the cursor, or (`plain`) of all.
    fn ask_newest(&mut self, id: &AccountId, plain: bool, fx: &mut Effects) {
        let request = self.fresh_request();
        self.note_first(id, self.now.wall);
        let Some(account) = self.account_mut(id) else { return };
        // Nothing known at all: the last page is enough, talks ask for their own when they are opened.
        let since = account.synced_to.or(account.sync.newest).filter(|_| account.sync.cursor.is_none());
        // Where an archive takes no id as an end, the cursor is met in the page, or the gap begins behind it.
        let plain = plain || !account.features.archive_ids;
        let sync = &mut account.sync;
        (sync.running, sync.plain) = (true, plain);
        sync.base.clone_from(&sync.cursor);
        sync.beyond = sync.cursor.is_some() && !plain;
        let query = ArchiveQuery {
            after: sync.cursor.clone().filter(|_| !plain),
            meets: sync.cursor.clone(),
            since: since.map(|since| since.minus(MARGIN)),
            ..ArchiveQuery::newest(request, if sync.taken_up { BRIEF } else { PAGE })
        };
        self.forget_above(id);
        self.ask_archive(id, query, Asked::CatchUp, fx);
    }

    /// The newest page came whole.
    pub(super) fn on_newest_page(&mut self, id: &AccountId, page: ArchivePage, fx: &mut Effects) {
        let now = self.now.wall;
        let Some(account) = self.account_mut(id) else { return };
        let known = account.synced_to.or(account.sync.newest);
        let sync = &mut account.sync;
        sync.running = false;
        let missed_from = sync.first.and_then(|first| first.missed_from());
        let reaches_back = |from: Stamp| page.oldest.is_none_or(|oldest| oldest < from.minus(MARGIN));
        let nothing_missed = sync.cursor.is_none() && known.is_none() && missed_from.is_none_or(reaches_back);
        let joined = page.complete || page.met || nothing_missed;
        let mut merged = false;
        match (joined, page.first) {
            (true, _) => {}
            (false, Some(first)) => {
                let after = Edge { id: sync.cursor.clone(), at: known.or(missed_from).unwrap_or(now) };
                let before = Edge { id: Some(first), at: page.oldest.unwrap_or(now) };
                merged = gap::add(&mut sync.gaps, Gap::new(after, before));
                // How the one before was asked for says nothing of this one.
                (sync.filling.way, sync.filling.of_gap) = (Way::Both, 0);
            }
            // Neither whole nor anything in it: that says nothing.
            (false, None) => {
                self.rest_sync(id);
                return self.tell_what_was_read(id, true, fx);
            }
        }
        sync.complete = true;
        // With nothing missing, nobody asks any more when that was.
        sync.first = sync.first.filter(|_| !sync.gaps.is_empty()).map(|first| First { broke: false, ..first });
        sync.torn = sync.torn.saturating_sub(1);
        sync.cursor = sync.ahead.take().or(page.last).or(sync.cursor.take());
        account.synced_to = Some(now);
        if !joined {
            self.note_gap(id, merged);
        }
        self.tell_sync(id, fx);
        self.tell_what_was_read(id, true, fx);
        self.settle(id, fx);
        self.fill(id, fx);
    }

    /// A page came to its end, whole or not. `one_of_many`: it was one of all talks.
    pub(super) fn end_page(&mut self, id: &AccountId, page: RequestId, one_of_many: bool, fx: &mut Effects) {
        let talks = self.talks.values_mut().filter(|talk| talk.key.account == *id);
        fx.extend(talks.filter_map(|talk| talk.end_page(page, one_of_many)).map(Effect::Store));
    }

    /// What is read next does not lie below what was read last.
    fn forget_above(&mut self, id: &AccountId) {
        for talk in self.talks.values_mut().filter(|talk| talk.key.account == *id) {
            talk.walk.above = [None; 2];
        }
    }

    /// The newest page was refused. A cursor that the archive has forgotten, or does not take there, is left out once.
    pub(super) fn on_newest_failed(&mut self, id: &AccountId, fx: &mut Effects) {
        let Some(account) = self.account_mut(id) else { return };
        account.sync.running = false;
        if account.sync.cursor.is_some() && !account.sync.plain {
            self.ask_newest(id, true, fx);
        } else {
            self.rest_sync(id);
            self.take_put_by(id, fx);
            self.tell_what_was_read(id, true, fx);
        }
    }

    /// The archive refuses, perhaps for the moment only. What was missed must not wait for the next session.
    fn rest_sync(&mut self, id: &AccountId) {
        let now = self.now.mono;
        let Some(account) = self.account_mut(id) else { return };
        let sync = &mut account.sync;
        let rest = REST.saturating_mul(1 << sync.refused.min(8)).min(LONGEST_REST);
        sync.again_at = Some(now.saturating_add(rest));
        sync.refused = sync.refused.saturating_add(1);
    }

    /// It has had its rest.
    pub(super) fn sync_again(&mut self, id: &AccountId, fx: &mut Effects) {
        let now = self.now.mono;
        let Some(account) = self.account_mut(id) else { return };
        if account.sync.again_at.take_if(|at| *at <= now).is_some() {
            account.sync.filling.restart();
            self.catch_up(id, fx);
        }
    }

    /// A live message has this archive id.
    pub(super) fn note_cursor(&mut self, id: &AccountId, archive: ArchiveId, fx: &mut Effects) {
        let Some(account) = self.account_mut(id) else { return };
        if account.sync.complete {
            account.sync.cursor = Some(archive);
            self.tell_cursor(id, false, fx);
        } else {
            account.sync.ahead = Some(archive);
        }
    }

    /// Tells the store how far the archive is here; not for each message.
    pub(super) fn tell_cursor(&mut self, id: &AccountId, at_once: bool, fx: &mut Effects) {
        let now = self.now;
        let Some(account) = self.account_mut(id) else { return };
        let sync = &account.sync;
        let (told, when) = sync.told.clone().map_or((None, None), |(told, when)| (told, Some(when)));
        let due = at_once || when.is_none_or(|when| now.mono.saturating_sub(when) >= TELL);
        if due && (told != sync.cursor || when.is_none()) {
            self.tell_sync(id, fx);
        }
    }

    /// Tells the store what of the archive is here and what is not.
    fn tell_sync(&mut self, id: &AccountId, fx: &mut Effects) {
        let now = self.now;
        // Where nothing is kept, the archive has to tell once more what nobody has read yet.
        let unread = |talk: &Conversation| talk.key.account == *id && (talk.unread > 0 || talk.recount.is_some());
        let coming = |row: &Waiting| row.talk.account == *id && row.news != News::Old;
        let gone = self.options.retention == Retention::Nothing
            && (self.talks.values().any(unread) || self.waiting.values().any(coming));
        let Some(account) = self.account_mut(id).filter(|account| !account.sync.stand_in && !gone) else { return };
        // Of a session that is over it was said how far it told, and what something else has told since is not of it.
        let told_to = if account.online() { Some(account.heard_to(now.wall)) } else { account.synced_to };
        let at = if account.sync.complete { told_to } else { account.sync.first.and_then(|first| first.kept_from()) };
        let Some(at) = at.filter(|_| account.features.archive) else { return };
        let sync = &mut account.sync;
        sync.told = Some((sync.cursor.clone(), now.mono));
        let (last, gaps) = (sync.cursor.clone(), sync.gaps.clone());
        fx.push(Effect::Store(StoreRequest::Synced { account: id.clone(), last, at, gaps }));
    }

    /// What an archived message of this moment is to the person, as far as clocks can tell. Before the first time that
    /// we were here there is nothing to miss.
    pub(super) fn news_of(&self, id: &AccountId, stamp: Stamp) -> News {
        let Some(account) = self.account(id) else { return News::Old };
        let sync = &account.sync;
        let before_first = sync.first.is_some_and(|first| first.is_after(stamp));
        let missed = match account.synced_to.or(sync.newest) {
            Some(known) => stamp > known.minus(MARGIN),
            None => sync.first.is_some_and(|first| first.broke) && !before_first,
        };
        if sync.gaps.iter().any(|gap| gap.holds(stamp)) {
            if before_first { News::Old } else { News::Quiet }
        } else if missed {
            News::Fresh
        } else {
            News::Old
        }
    }

    /// The session is over: this far the archive is here. That is said of the session, not of the time behind it, nor of
    /// the time in which nobody noticed that it was over: what came then is missed.
    pub(super) fn lose_sync(&mut self, id: &AccountId, fx: &mut Effects) {
        let now = self.now.wall;
        if let Some(account) = self.account_mut(id).filter(|account| account.online() && account.sync.complete) {
            account.synced_to = Some(account.heard_to(now));
        }
        self.break_first(id);
        self.tell_cursor(id, true, fx);
    }

    /// Asks for a page: as long as the query says, or as the line will carry.
    pub(super) fn ask_archive(&mut self, id: &AccountId, query: ArchiveQuery, asked: Asked, fx: &mut Effects) {
        if let Some(account) = self.account_mut(id) {
            account.asked.insert(query.request, asked);
            let query = ArchiveQuery { max: query.max >> account.sync.torn, ..query };
            fx.push(Effect::Link(id.clone(), LinkCommand::Session(Command::Archive(query))));
        }
    }

    /// Which request this answers; each is answered once.
    pub(super) fn answered(&mut self, id: &AccountId, request: RequestId) -> Option<Asked> {
        self.account_mut(id).and_then(|account| account.asked.remove(&request))
    }
}
