//! What the history holds of an account, as it is told at the start, or once it can be read.

use crate::app::action::Effects;
use crate::app::effect::{Effect, LinkCommand};
use crate::app::event::AccountCache;
use crate::app::list;
use crate::app::model::{Account, Asked, ConversationKey, Files, Heard, Model};
use crate::app::outbox::Post;
use crate::app::sync::{Gap, Sync};
use crate::types::{AccountId, ArchiveId, MessageKey, Problem, Stamp};
use crate::xmpp::Appearance;
use std::collections::BTreeMap;
use std::time::Duration;

/// Talks of the cache that are taken in...
const TALKS: usize = 200;
/// ...and, whoever wrote since, talks with buddies in which something is unread.
const UNREAD_TALKS: usize = 2_000;

/// How far ahead a clock may have been that made a kept key.
const YEAR: Duration = Duration::from_secs(366 * 24 * 3600);

/// A talk, how much in it is unread, and when its newest message was written.
type Kept = (ConversationKey, u32, Stamp);

impl Account {
    /// How far the archive was here, and what of it was not, the last time.
    fn know_archive(&mut self, synced: Option<(Option<ArchiveId>, Stamp)>, gaps: Vec<Gap>, newest: Option<Stamp>) {
        if let Some((cursor, at)) = synced {
            self.sync.cursor = self.sync.cursor.take().or(cursor);
            self.synced_to = self.synced_to.or(Some(at));
        }
        if self.sync.gaps.is_empty() {
            self.sync.gaps = gaps;
        }
        self.sync.newest = self.synced_to.or(newest);
    }
}

impl Model {
    pub(super) fn on_cache(&mut self, id: &AccountId, cache: AccountCache, fx: &mut Effects) {
        let retaken = self.retake(id);
        let read_now = self.end_stand_in(id, cache.stand_in);
        self.know_keys(id, cache.last_key);
        let Some(account) = self.account_mut(id) else { return };
        // What was changed while it could not be read holds.
        let changed = if read_now { std::mem::take(&mut account.only_here) } else { BTreeMap::new() };
        account.only_here = cache.only_here.into_iter().chain(changed).collect();
        for contact in account.roster.values_mut() {
            contact.here = account.only_here.get(&contact.item.jid).cloned().unwrap_or_default();
        }
        account.take_names();
        if !account.roster_known {
            let (_, whole) = account.set_roster(cache.roster);
            let version = cache.roster_version.filter(|_| whole);
            account.roster_version.clone_from(&version);
            let known = version.map(|version| LinkCommand::KnowRoster { version });
            fx.extend(known.map(|command| Effect::Link(id.clone(), command)));
        }
        for (peer, since) in cache.last_seen {
            if let Some(contact) = account.roster.get_mut(&peer) {
                contact.since = contact.since.or(Some(since));
            }
        }
        account.jid = account.jid.take().or(cache.jid);
        account.pictures_asked = account.pictures_asked.or(cache.pictures_asked);
        let chosen = read_now && account.appearance != Appearance::default();
        if let Some(appearance) = cache.appearance.filter(|_| !chosen) {
            account.appearance = appearance;
        }
        let newest = cache.talks.iter().map(|(_, _, newest)| *newest).max();
        account.know_archive(cache.synced, cache.gaps, newest);
        let synced_to = account.synced_to;
        for message in cache.outbox.into_iter().filter(|message| message.talk.account == *id) {
            account.post(message, true);
        }
        // What was typed while these were read comes behind them.
        account.outbox.make_contiguous().sort_unstable();
        if !read_now {
            self.list.folded = list::folds_from(&cache.folded);
        }
        self.take_talks(id, cache.talks, cache.read_to, cache.drafts, synced_to);
        for key in cache.undisplayed.iter().filter(|key| key.account == *id) {
            // Its page shows what is to be told.
            if self.talks.contains_key(key) {
                self.load(key, fx);
            }
        }
        self.tell_appearance(id, fx);
        self.tell_title(fx);
        self.begin_post(id, fx);
        if retaken {
            self.connect(Some(id), fx);
        }
        if read_now {
            self.read_again(id, fx);
        }
    }

    /// What is kept of talks. `synced_to`: so far the archive was here.
    fn take_talks(
        &mut self,
        id: &AccountId,
        talks: Vec<Kept>,
        read_to: Vec<(ConversationKey, Stamp, Stamp)>,
        drafts: Vec<(ConversationKey, String)>,
        synced_to: Option<Stamp>,
    ) {
        for (key, unread, newest) in self.taken_in(id, talks) {
            let talk = self.talk_mut(&key);
            talk.unread = talk.unread.saturating_add(unread);
            talk.last_at = talk.last_at.max(Some(newest));
            talk.heard_at = talk.heard_at.max(Some(newest));
            // What came later may have others before it that the archive has yet to tell.
            let to = synced_to.map_or(newest, |at| newest.min(at));
            if talk.before_session.is_none_or(|before| before.to < to) {
                talk.before_session = Some(Heard { last: MessageKey::new(synced_to.unwrap_or(to), u128::MAX), to });
            }
        }
        for (key, read_to, displayed_to) in read_to {
            if let Some(talk) = self.talks.get_mut(&key).filter(|_| key.account == *id) {
                talk.read_to = talk.read_to.max(read_to);
                talk.displayed_to = talk.displayed_to.max(displayed_to);
            }
        }
        for (key, draft) in drafts.into_iter().filter(|(key, _)| key.account == *id) {
            let talk = self.talk_mut(&key);
            if talk.composer.text().is_empty() {
                talk.composer.set_text(&draft);
            }
            talk.draft_saved = draft;
        }
    }

    /// Which talks are taken in: the newest, and none that a buddy waits in is pushed out by strangers.
    fn taken_in(&self, id: &AccountId, talks: Vec<Kept>) -> Vec<Kept> {
        let account = self.account(id);
        let waits = |(key, unread, _): &Kept| {
            *unread > 0 && account.is_some_and(|account| account.roster.contains_key(&key.peer))
        };
        let (waiting, rest): (Vec<_>, Vec<_>) =
            talks.into_iter().filter(|(key, ..)| key.account == *id).partition(waits);
        waiting.into_iter().take(UNREAD_TALKS).chain(rest.into_iter().take(TALKS)).collect()
    }

    /// What is told of the history now is what it holds, or nothing (`stand_in`). True: it could not be read before. What
    /// was concluded from that is forgotten, and nothing of it was told to the store.
    fn end_stand_in(&mut self, id: &AccountId, stand_in: bool) -> bool {
        let Some(account) = self.account_mut(id) else { return false };
        let read_now = std::mem::replace(&mut account.sync.stand_in, stand_in) && !stand_in;
        if read_now {
            account.sync = Sync::default();
            account.synced_to = None;
            account.asked.retain(|_, asked| !matches!(asked, Asked::CatchUp | Asked::Gap | Asked::TalkGap(..)));
            for talk in self.talks.values_mut().filter(|talk| talk.key.account == *id) {
                (talk.loaded, talk.page, talk.more_stored) = (false, None, true);
                (talk.before_session, talk.gaps) = (None, Vec::new());
            }
        }
        read_now
    }

    /// Reads the archive from where the history ends, and the talk on the screen from the history.
    fn read_again(&mut self, id: &AccountId, fx: &mut Effects) {
        if let Some(open) = self.open.clone().filter(|open| open.account == *id) {
            self.load(&open, fx);
        }
        self.catch_up(id, fx);
    }

    /// Keys go on from the highest one that was kept, whatever the clock says. Until a session begins, what has one of them
    /// was heard before it.
    fn know_keys(&mut self, id: &AccountId, last: Option<MessageKey>) {
        // No clock is so far ahead: somebody wrote that there, and keys would come to their end.
        let end = MessageKey::new(self.now.wall.plus(YEAR), 0);
        self.last_key = self.last_key.max(last.filter(|last| *last < end).unwrap_or_default());
        let next = MessageKey(self.last_key.0.saturating_add(1));
        if let Some(account) = self.account_mut(id).filter(|account| !account.online()) {
            account.heard_from = account.heard_from.max(next);
        }
    }

    /// Makes room for what is told of files that were another's: what was known of them before is stale. True when
    /// they are ours now.
    fn retake(&mut self, id: &AccountId) -> bool {
        let Some(account) = self.account_mut(id).filter(|account| account.files != Files::Ours) else { return false };
        account.outbox.clear();
        account.post = Post::default();
        let ours = account.files == Files::Asked;
        for (_, talk) in self.talks.iter_mut().filter(|(key, _)| key.account == *id) {
            talk.unread = 0;
        }
        if !ours {
            return false;
        }
        if let Some(account) = self.account_mut(id) {
            account.files = Files::Ours;
        }
        self.open = self.open.take().filter(|open| open.account != *id);
        self.talks.retain(|key, talk| key.account != *id || !talk.composer.is_empty());
        for (_, talk) in self.talks.iter_mut().filter(|(key, _)| key.account == *id) {
            talk.messages.clear();
            (talk.loaded, talk.page) = (false, None);
            (talk.before_session, talk.gaps, talk.live) = (None, Vec::new(), [None; 2]);
        }
        self.trouble.take_if(|problem| matches!(problem, Problem::AccountInUse));
        true
    }
}
