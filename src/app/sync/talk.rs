//! Pages of one talk: the last one when it is opened with little in it, and older ones when the person scrolls up.

use super::gap::Edge;
use crate::app::action::Effects;
use crate::app::model::{Asked, ConversationKey, Model};
use crate::types::ArchiveId;
use crate::xmpp::{ArchivePage, ArchiveQuery};

/// Messages in the page of one talk.
const TALK_PAGE: u16 = 50;
/// A talk with fewer messages than this asks the archive when it is opened.
const FEW: usize = 30;

impl Model {
    /// Asks the archive about one talk: its last page when it is opened with little in it, or what is older than
    /// all we have.
    pub(in crate::app) fn ask_talk_archive(&mut self, key: &ConversationKey, older: bool, fx: &mut Effects) {
        let request = self.fresh_request();
        let Some(account) = self.account(&key.account) else { return };
        let Some(talk) = self.talks.get(key) else { return };
        let asked = |asked: &Asked| matches!(asked, Asked::Talk(talk) | Asked::TalkGap(talk, _) if talk == key);
        let busy = account.asked.values().any(asked) || talk.archive_failed == Some(account.epoch);
        let once = talk.archive_asked == Some(account.epoch);
        let skip = if older { talk.archive_start || talk.more_stored } else { once || talk.messages.len() >= FEW };
        let archived = account.features.archive || (account.features.last_ten && !older);
        if busy || skip || !talk.loaded || !account.online() || !archived {
            return;
        }
        let first = || talk.messages.iter().find_map(|m| m.stanza_id.as_ref()).map(|id| ArchiveId(id.0.clone()));
        let before = if older { talk.archive_top.clone().or_else(first) } else { None };
        if older && before.is_none() && once {
            return;
        }
        let epoch = account.epoch;
        let query = ArchiveQuery {
            with: Some(key.peer.clone()),
            before: Some(before.clone()),
            ..ArchiveQuery::newest(request, TALK_PAGE)
        };
        let talk = self.talk_mut(key);
        talk.archive_asked = Some(epoch);
        talk.archive_top = before;
        talk.claimed.clear();
        self.ask_archive(&key.account, query, Asked::Talk(key.clone()), fx);
    }

    /// A page of one talk is here. One without anything, or with the same beginning, is the last one: a server that goes
    /// on so would be asked for ever.
    pub(in crate::app) fn on_talk_page(&mut self, key: &ConversationKey, page: ArchivePage, fx: &mut Effects) {
        let Some(talk) = self.talks.get_mut(key) else { return };
        talk.archive_start |= page.complete || page.first.is_none() || page.first == talk.archive_top;
        talk.archive_top = page.first.clone().or(talk.archive_top.take());
        let (Some(first), Some(at)) = (page.first, page.oldest) else { return };
        // Where the page ends inside a gap, so much of the talk is not missing any more.
        let Some(account) = self.account_mut(&key.account) else { return };
        let reached = account.sync.gaps.iter_mut().filter(|gap| at > gap.after.at);
        let mut changed = false;
        for gap in reached.filter(|gap| gap.end_in(&key.peer).is_some_and(|end| at < end.at)) {
            gap.fill_in(&key.peer, Some(Edge { id: Some(first.clone()), at }));
            changed = true;
        }
        if changed {
            self.tell_sync(&key.account, fx);
        }
    }

    /// A page of one talk could not be had: not in this session.
    pub(in crate::app) fn on_talk_page_failed(&mut self, key: &ConversationKey) {
        let epoch = self.account(&key.account).map(|account| account.epoch);
        if let Some(talk) = self.talks.get_mut(key) {
            talk.archive_failed = epoch;
        }
    }
}
