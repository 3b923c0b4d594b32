//! The archive (XEP-0313): what happened while we were away, and what is older than our own store.
//!
//! The cursor is the archive's own id, never a clock, wherever one is known. Pages are asked for one at a time, and
//! the next one only when the store keeps up. Everything is bounded.

use super::action::Effects;
use super::effect::{Effect, LinkCommand, StoreRequest};
use super::model::{Asked, ConversationKey, Model};
use crate::types::{AccountId, ArchiveId, Problem, RequestId, Stamp};
use crate::xmpp::{ArchiveQuery, Command};
use std::time::Duration;

/// Messages in a page when catching up.
const PAGE: u16 = 100;
/// Messages in the page of one talk.
const TALK_PAGE: u16 = 50;
/// Pages after which catching up stops: ten thousand messages.
const PAGES: u16 = 100;
/// Without a cursor we go back this far behind the newest message we know: clocks differ.
const MARGIN: Duration = Duration::from_secs(3600);
/// The cursor is told to the store at most this often while messages come in.
const TELL: Duration = Duration::from_secs(60);
/// A talk with fewer messages than this asks the archive when it is opened.
const FEW: usize = 30;

/// What is known of an account's archive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sync {
    /// Everything up to this result is here.
    pub cursor: Option<ArchiveId>,
    /// The newest live message's archive id, while catching up.
    pub ahead: Option<ArchiveId>,
    /// Catching up now.
    pub running: bool,
    /// Caught up in this session: a live message moves the cursor.
    pub complete: bool,
    /// Pages read.
    pub pages: u16,
    /// The next page, held back until the store keeps up.
    pub next: Option<ArchiveQuery>,
    /// What the store was told last, and when (`Now::mono`).
    pub told: Option<(Option<ArchiveId>, Duration)>,
    /// The newest message known at start.
    pub newest: Option<Stamp>,
}

impl Model {
    /// Begins to catch up, if there is an archive and it was not done in this session.
    pub(super) fn catch_up(&mut self, id: &AccountId, fx: &mut Effects) {
        let request = self.fresh_request();
        let cached = self.cache_known;
        let Some(account) = self.account_mut(id) else { return };
        let sync = &account.sync;
        if !cached || !account.online() || !account.features.archive || sync.running || sync.complete {
            return;
        }
        let cursor = sync.cursor.clone();
        let since = sync.newest.filter(|_| cursor.is_none()).map(|newest| back(newest, MARGIN));
        // Nothing known at all: the last page is enough, talks ask for their own when they are opened.
        let before = (cursor.is_none() && since.is_none()).then_some(None);
        let query = ArchiveQuery { request, with: None, after: cursor, before, since, max: PAGE };
        account.sync.running = true;
        account.sync.pages = 0;
        self.ask_archive(id, query, Asked::CatchUp, fx);
    }

    /// A page came whole.
    pub(super) fn on_catch_up_page(
        &mut self,
        id: &AccountId,
        last: Option<ArchiveId>,
        complete: bool,
        fx: &mut Effects,
    ) {
        let request = self.fresh_request();
        let Some(account) = self.account_mut(id) else { return };
        let sync = &mut account.sync;
        let first_ever = sync.cursor.is_none() && sync.newest.is_none();
        sync.pages = sync.pages.saturating_add(1);
        if let Some(last) = &last {
            sync.cursor = Some(last.clone());
        }
        let more = last.filter(|_| !complete && !first_ever);
        match more {
            // Enough for one session. The cursor stays below the gap, so the next one goes on there.
            Some(_) if sync.pages >= PAGES => sync.running = false,
            Some(after) => {
                let after = Some(after);
                let query = ArchiveQuery { request, with: None, after, before: None, since: None, max: PAGE };
                if account.paused {
                    account.sync.next = Some(query);
                } else {
                    self.ask_archive(id, query, Asked::CatchUp, fx);
                }
            }
            None => self.caught_up(id, fx),
        }
    }

    fn caught_up(&mut self, id: &AccountId, fx: &mut Effects) {
        let now = self.now.wall;
        let Some(account) = self.account_mut(id) else { return };
        account.sync.running = false;
        account.sync.complete = true;
        account.synced_to = Some(now);
        if let Some(ahead) = account.sync.ahead.take() {
            account.sync.cursor = Some(ahead);
        }
        self.tell_cursor(id, true, fx);
    }

    /// Catching up was refused. A cursor that the archive has forgotten is given up for the time.
    pub(super) fn on_catch_up_failed(&mut self, id: &AccountId, _problem: &Problem, fx: &mut Effects) {
        let Some(account) = self.account_mut(id) else { return };
        let retry = account.sync.cursor.is_some() && account.sync.pages == 0;
        account.sync.running = false;
        if retry {
            account.sync.cursor = None;
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
        let sync = &mut account.sync;
        let (told, when) = sync.told.clone().map_or((None, None), |(told, when)| (told, Some(when)));
        let due = at_once || when.is_none_or(|when| now.mono.saturating_sub(when) >= TELL);
        if !due || !sync.complete || (told == sync.cursor && when.is_some()) {
            return;
        }
        sync.told = Some((sync.cursor.clone(), now.mono));
        let last = sync.cursor.clone();
        fx.push(Effect::Store(StoreRequest::Synced { account: id.clone(), last, at: now.wall }));
    }

    /// An archived message of this moment happened while we were away, as far as clocks can tell. Before the first
    /// time that we were here there is nothing to miss.
    pub(super) fn was_missed(&self, id: &AccountId, stamp: Stamp) -> bool {
        let account = self.account(id);
        let known = account.and_then(|account| account.synced_to.or(account.sync.newest));
        known.is_some_and(|known| stamp > back(known, MARGIN))
    }

    /// The session is over: catching up begins anew in the next one.
    pub(super) fn lose_sync(&mut self, id: &AccountId, fx: &mut Effects) {
        self.tell_cursor(id, true, fx);
        let now = self.now.wall;
        let Some(account) = self.account_mut(id) else { return };
        if account.sync.complete {
            account.synced_to = Some(now);
        }
        account.sync.running = false;
        account.sync.complete = false;
        account.sync.ahead = None;
        account.sync.next = None;
    }

    /// Asks the archive about one talk: its last page when it is opened with little in it, or what is older than
    /// all we have.
    pub(super) fn ask_talk_archive(&mut self, key: &ConversationKey, older: bool, fx: &mut Effects) {
        let request = self.fresh_request();
        let Some(account) = self.account(&key.account) else { return };
        let Some(talk) = self.talks.get(key) else { return };
        let busy = account.asked.values().any(|asked| *asked == Asked::Talk(key.clone()));
        let once = talk.archive_asked == Some(account.epoch);
        let skip = if older { talk.archive_start || talk.more_stored } else { once || talk.messages.len() >= FEW };
        if busy || skip || !talk.loaded || !account.online() || !account.features.archive {
            return;
        }
        let first = talk.messages.iter().find_map(|m| m.stanza_id.as_ref()).map(|id| ArchiveId(id.0.clone()));
        let before = if older { first } else { None };
        if older && before.is_none() && once {
            return;
        }
        let epoch = account.epoch;
        let with = Some(key.peer.clone());
        let query = ArchiveQuery { request, with, after: None, before: Some(before), since: None, max: TALK_PAGE };
        self.talk_mut(key).archive_asked = Some(epoch);
        self.ask_archive(&key.account, query, Asked::Talk(key.clone()), fx);
    }

    /// A page of one talk is here.
    pub(super) fn on_talk_page(&mut self, key: &ConversationKey, complete: bool) {
        if let Some(talk) = self.talks.get_mut(key) {
            talk.archive_start |= complete;
        }
    }

    /// The store keeps up again.
    pub(super) fn resume_sync(&mut self, id: &AccountId, fx: &mut Effects) {
        if let Some(query) = self.account_mut(id).and_then(|account| account.sync.next.take()) {
            self.ask_archive(id, query, Asked::CatchUp, fx);
        }
    }

    fn ask_archive(&mut self, id: &AccountId, query: ArchiveQuery, asked: Asked, fx: &mut Effects) {
        if let Some(account) = self.account_mut(id) {
            account.asked.insert(query.request, asked);
            fx.push(Effect::Link(id.clone(), LinkCommand::Session(Command::Archive(query))));
        }
    }

    /// Which request this answers; each is answered once.
    pub(super) fn answered(&mut self, id: &AccountId, request: RequestId) -> Option<Asked> {
        self.account_mut(id).and_then(|account| account.asked.remove(&request))
    }
}

fn back(stamp: Stamp, by: Duration) -> Stamp {
    Stamp(stamp.0.saturating_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
}
