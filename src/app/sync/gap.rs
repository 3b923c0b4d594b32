//! Stretches of the archive that are not here, and how they are filled.

use super::{MARGIN, PAGE};
use crate::app::action::Effects;
use crate::app::model::{Asked, Conversation, ConversationKey, GapHere, Heard, Model};
use crate::types::{AccountId, ArchiveId, BareJid, MessageKey, RequestId, Stamp};
use crate::xmpp::{ArchivePage, ArchiveQuery};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Gaps that are kept apart; the two oldest become one beyond it.
const GAPS: usize = 16;
/// Talks of a gap whose own part is kept apart.
const TALKS: usize = 64;
/// Pages after which filling stops in a session: a server may have no end.
const PAGES: u32 = 5_000;
/// Where an id was forgotten, we go so far beyond its moment: its clock may have been ours.
const FAR: Duration = Duration::from_secs(24 * 3600);

/// An end of a gap: a result that is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Its id; `None`: only the moment is known.
    pub id: Option<ArchiveId>,
    /// When it was archived, or came.
    pub at: Stamp,
}

/// A stretch of the archive that is not here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// It begins behind this result.
    pub after: Edge,
    /// And ends before this one.
    pub before: Edge,
    /// Talks of which more is here: their part of the gap ends before this result.
    pub talks: BTreeMap<BareJid, Edge>,
}

/// How the archive is asked for a page of a gap. Each is tried once where the one before is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// By both ends, where the archive takes ids as ends.
    #[default]
    Both,
    /// By the newer end alone: the older one is met, or the beginning of the archive.
    Down,
    /// By time: the server has forgotten an id.
    Time,
}

/// What stands over a message where something is missing before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Missing {
    /// It comes by itself.
    OnItsWay,
    /// It comes once we are online.
    Later,
    /// The archive did not give it.
    Refused,
}

/// Takes a new gap in, newer than all. Returns whether the two oldest had to become one.
pub(super) fn add(gaps: &mut Vec<Gap>, gap: Gap) -> bool {
    gaps.push(gap);
    let merges = gaps.len() > GAPS;
    while gaps.len() > GAPS {
        let oldest = gaps.remove(0);
        if let Some(next) = gaps.first_mut() {
            next.after = oldest.after;
        }
    }
    merges
}

impl super::Filling {
    /// The archive is asked once more, as at first; but not where it gave enough.
    pub(super) fn restart(&mut self) {
        if self.stopped && self.pages < PAGES {
            (self.stopped, self.way, self.of_gap) = (false, Way::Both, 0);
        }
    }
}

impl Gap {
    /// Nothing of it is here.
    pub fn new(after: Edge, before: Edge) -> Self {
        Self { after, before, talks: BTreeMap::new() }
    }

    /// Something archived at this moment may lie in it.
    pub fn holds(&self, stamp: Stamp) -> bool {
        stamp > self.after.at.minus(MARGIN) && stamp <= self.before.at
    }

    /// Where the part of a talk ends; `None`: nothing of that is missing.
    pub fn end_in(&self, peer: &BareJid) -> Option<&Edge> {
        let end = self.talks.get(peer).unwrap_or(&self.before);
        (end.at > self.after.at).then_some(end)
    }

    /// More of a talk is here: down to this result, or all of it.
    pub(super) fn fill_in(&mut self, peer: &BareJid, down_to: Option<Edge>) {
        if self.talks.len() >= TALKS && !self.talks.contains_key(peer) {
            self.talks.pop_first();
        }
        let end = down_to.unwrap_or(Edge { id: None, at: self.after.at });
        self.talks.insert(peer.clone(), end);
    }

    fn query(&self, request: RequestId, way: Way) -> ArchiveQuery {
        let by_moment = self.after.id.is_none().then(|| self.after.at.minus(MARGIN));
        let query =
            ArchiveQuery { meets: self.after.id.clone(), since: by_moment, ..ArchiveQuery::newest(request, PAGE) };
        let before = Some(self.before.id.clone());
        match way {
            Way::Both => ArchiveQuery { after: self.after.id.clone(), before, ..query },
            Way::Down => ArchiveQuery { before, ..query },
            Way::Time => {
                ArchiveQuery { since: Some(self.after.at.minus(FAR)), until: Some(self.before.at.plus(FAR)), ..query }
            }
        }
    }

    /// A page lies under the newer end.
    fn shrink(&mut self, to: Edge, by_time: bool) {
        self.before = to;
        if by_time {
            // The rest is asked for by the id of now, down to this moment.
            self.after = Edge { id: None, at: self.after.at.minus(FAR) };
        }
        let end = self.before.at;
        self.talks.retain(|_, edge| edge.at < end);
    }
}

impl Model {
    /// A gap began, in each talk behind what was here when the archive was last complete. `merged`: the two oldest became
    /// one, and what was told above the older of them is in the middle of it.
    pub(super) fn note_gap(&mut self, id: &AccountId, merged: bool) {
        self.forget_filled(id);
        let Some(gaps) = self.account(id).map(|account| &account.sync.gaps) else { return };
        let oldest = gaps.first().filter(|_| merged).map(|gap| gap.after.clone());
        let Some(begins) = gaps.last().map(|gap| Arc::new(gap.after.clone())) else { return };
        for talk in self.talks.values_mut().filter(|talk| talk.key.account == *id) {
            for gap in talk.gaps.iter_mut().filter(|gap| oldest.as_ref() == Some(&*gap.after)) {
                gap.above = [None; 2];
            }
            talk.gaps.retain(|gap| gap.after != begins);
            if talk.heard_at.is_some() {
                let heard = Some(talk.before_session.unwrap_or_default());
                talk.gaps.push(GapHere { after: begins.clone(), heard, above: talk.walk.above });
            }
        }
    }

    /// What talks know of gaps that are no more.
    fn forget_filled(&mut self, id: &AccountId) {
        let Some(account) = self.account(id) else { return };
        let open: Vec<Edge> = account.sync.gaps.iter().map(|gap| gap.after.clone()).collect();
        for talk in self.talks.values_mut().filter(|talk| talk.key.account == *id) {
            talk.gaps.retain(|gap| open.contains(&*gap.after));
        }
    }

    /// The newest gap is read on, in this session or another: what was told above it bounds what it has.
    fn know_above(&mut self, id: &AccountId) {
        let Some(gap) = self.account(id).and_then(|account| account.sync.gaps.last()) else { return };
        let after = gap.after.clone();
        for talk in self.talks.values_mut().filter(|talk| talk.key.account == *id) {
            let noted = talk.gaps.iter().find(|gap| *gap.after == after);
            talk.walk.above = noted.map_or([None; 2], |gap| gap.above);
        }
    }

    /// A page of the newest gap has been told.
    fn note_above(&mut self, id: &AccountId) {
        // A page by time moves both ends.
        self.forget_filled(id);
        let Some(gap) = self.account(id).and_then(|account| account.sync.gaps.last()) else { return };
        let after = Arc::new(gap.after.clone());
        for talk in self.talks.values_mut().filter(|talk| talk.key.account == *id) {
            let above = talk.walk.above;
            match talk.gaps.iter_mut().find(|gap| gap.after == after) {
                Some(gap) => gap.above = above,
                None if above == [None; 2] => {}
                None => talk.gaps.push(GapHere { after: after.clone(), heard: None, above }),
            }
        }
    }

    /// Asks for the next page of the newest gap, if there is one and the store keeps up.
    pub(in crate::app) fn fill(&mut self, id: &AccountId, fx: &mut Effects) {
        let behind = self.store_is_behind();
        let Some(account) = self.account_mut(id).filter(|account| account.online() && account.features.archive) else {
            return;
        };
        let sync = &mut account.sync;
        if !sync.complete || sync.gaps.is_empty() || sync.filling.running || sync.filling.stopped {
            return;
        }
        sync.filling.held = behind;
        sync.filling.stopped = sync.filling.pages >= PAGES;
        if behind || sync.filling.stopped {
            return;
        }
        sync.filling.running = true;
        if !account.features.archive_ids && sync.filling.way == Way::Both {
            sync.filling.way = Way::Down;
        }
        let way = sync.filling.way;
        let request = self.fresh_request();
        self.know_above(id);
        let gap = self.account(id).and_then(|account| account.sync.gaps.last());
        if let Some(query) = gap.map(|gap| gap.query(request, way)) {
            self.ask_archive(id, query, Asked::Gap, fx);
        }
    }

    /// The store keeps up again.
    pub(in crate::app) fn resume_fill(&mut self, fx: &mut Effects) {
        let held: Vec<_> = self.accounts.iter().filter(|a| a.sync.filling.held).map(|a| a.setup.id.clone()).collect();
        for id in held {
            self.fill(&id, fx);
        }
    }

    /// A page of a gap is here.
    pub(in crate::app) fn on_gap_page(&mut self, id: &AccountId, page: ArchivePage, fx: &mut Effects) {
        let Some(account) = self.account_mut(id) else { return };
        let sync = &mut account.sync;
        sync.torn = sync.torn.saturating_sub(1);
        let filling = &mut sync.filling;
        let (way, first_of_gap) = (filling.way, filling.of_gap == 0);
        filling.running = false;
        filling.pages = filling.pages.saturating_add(1);
        filling.of_gap = filling.of_gap.saturating_add(1);
        let Some(gap) = sync.gaps.last_mut() else { return };
        // There are servers that answer so when they have forgotten the id: that proves no end.
        let doubtful = page.count == 0 && first_of_gap && way != Way::Time && gap.after.id.is_some();
        let filled = (page.complete || page.met) && !doubtful;
        let edge = |first| Edge { id: Some(first), at: page.oldest.unwrap_or(gap.before.at) };
        match page.first.map(edge) {
            _ if doubtful => filling.way = Way::Time,
            _ if filled => {
                sync.gaps.pop();
                sync.first = sync.first.filter(|_| !sync.gaps.is_empty());
                (filling.way, filling.of_gap) = (Way::Both, 0);
            }
            Some(edge) if edge.id != gap.before.id => {
                gap.shrink(edge, way == Way::Time);
                if way == Way::Time {
                    filling.way = Way::Both;
                }
            }
            _ => return self.on_gap_failed(id, fx),
        }
        if filled {
            self.forget_filled(id);
            self.settle(id, fx);
        } else {
            self.note_above(id);
        }
        self.tell_sync(id, fx);
        self.fill(id, fx);
    }

    /// A page of a gap could not be had: it is asked for in another way, and then no more for a while.
    pub(in crate::app) fn on_gap_failed(&mut self, id: &AccountId, fx: &mut Effects) {
        let Some(account) = self.account_mut(id) else { return };
        let filling = &mut account.sync.filling;
        filling.running = false;
        match filling.way {
            Way::Both => filling.way = Way::Down,
            Way::Down => filling.way = Way::Time,
            Way::Time => {
                filling.stopped = true;
                self.rest_sync(id);
                self.take_put_by(id, fx);
            }
        }
        self.fill(id, fx);
    }

    /// Where something is missing in a talk: above these messages.
    pub fn missing_in(&self, talk: &Conversation) -> Vec<(MessageKey, Missing)> {
        let Some(account) = self.account(&talk.key.account).filter(|account| !account.sync.gaps.is_empty()) else {
            return Vec::new();
        };
        let missing = match (account.online(), account.sync.filling.stopped) {
            (false, _) => Missing::Later,
            (true, true) => Missing::Refused,
            (true, false) => Missing::OnItsWay,
        };
        let places = account.sync.gaps.iter().filter_map(|gap| place_in(talk, gap.end_in(&talk.key.peer)?));
        places.filter_map(|at| talk.messages.get(at)).map(|message| (message.key, missing)).collect()
    }

    /// The person comes near a gap of this talk: it goes first.
    pub(in crate::app) fn ask_talk_gap(&mut self, key: &ConversationKey, eye: usize, near: usize, fx: &mut Effects) {
        let request = self.fresh_request();
        let Some(account) = self.account(&key.account).filter(|account| account.online()) else { return };
        let Some(talk) = self.talks.get(key).filter(|talk| talk.loaded) else { return };
        let asked = |asked: &Asked| matches!(asked, Asked::Talk(talk) | Asked::TalkGap(talk, _) if talk == key);
        if !account.features.archive || talk.archive_failed == Some(account.epoch) || account.asked.values().any(asked)
        {
            return;
        }
        let in_sight = |gap: &&Gap| {
            let place = gap.end_in(&key.peer).and_then(|end| place_in(talk, end));
            place.is_some_and(|at| at.abs_diff(eye) <= near)
        };
        let Some(gap) = account.sync.gaps.iter().rev().find(in_sight) else { return };
        let Some(end) = gap.end_in(&key.peer).filter(|end| end.id.is_some()).cloned() else { return };
        let way = if account.features.archive_ids { Way::Both } else { Way::Down };
        let query = Gap { before: end, ..gap.clone() }.query(request, way);
        let asked = Asked::TalkGap(key.clone(), gap.after.clone());
        self.ask_archive(&key.account, ArchiveQuery { with: Some(key.peer.clone()), ..query }, asked, fx);
    }

    /// A page of what a talk lacks is here.
    pub(in crate::app) fn on_talk_gap_page(
        &mut self,
        key: &ConversationKey,
        after: &Edge,
        page: ArchivePage,
        fx: &mut Effects,
    ) {
        let Some(account) = self.account_mut(&key.account) else { return };
        let epoch = account.epoch;
        if let Some(gap) = account.sync.gaps.iter_mut().find(|gap| gap.after == *after) {
            let end = gap.end_in(&key.peer).cloned();
            let down_to = page.first.map(|first| Edge { id: Some(first), at: page.oldest.unwrap_or(gap.before.at) });
            let stands = down_to.is_some() && down_to.as_ref().map(|to| &to.id) == end.as_ref().map(|end| &end.id);
            if page.complete || page.met {
                gap.fill_in(&key.peer, None);
            } else if down_to.is_some() && !stands {
                gap.fill_in(&key.peer, down_to);
            } else {
                self.talk_mut(key).archive_failed = Some(epoch);
            }
            self.tell_sync(&key.account, fx);
            self.touch();
        }
    }
}

impl Conversation {
    /// What was here when this gap began.
    pub(super) fn before_gap(&self, gap: &Gap) -> Option<Heard> {
        let noted = self.gaps.iter().find(|here| *here.after == gap.after).and_then(|here| here.heard);
        // Where it began with a butty before this one, its first end may tell.
        let end = || gap.after.id.as_ref().and_then(|id| self.archived(id));
        noted.or_else(|| end().map(|message| Heard { last: message.key, to: message.stamp }))
    }
}

/// The first message at or behind this end, if something stands before it.
fn place_in(talk: &Conversation, end: &Edge) -> Option<usize> {
    let at = talk.messages.partition_point(|message| message.stamp < end.at);
    (at < talk.messages.len() && (at > 0 || !talk.more_stored)).then_some(at)
}
