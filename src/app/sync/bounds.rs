//! Between what else of its talk a message of the archive stands.

use super::gap::Way;
use crate::app::model::{Above, Account, Asked, ConversationKey, Heard, Model};
use crate::types::Stamp;
use crate::xmpp::{Incoming, Via};

/// What a page says of the place of its messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::app) struct Bounds {
    /// Behind all that was here when the archive was last complete.
    pub(in crate::app) beyond: Option<Heard>,
    /// So the archive says; else as far as clocks can tell.
    pub(in crate::app) sure: bool,
    /// Before this moment: what stands there is of the page above, or as much of it as the same side said.
    pub(in crate::app) below: Option<Stamp>,
    /// Where the page above begins, in this talk.
    pub(in crate::app) above: Option<Above>,
    /// Where that begins which came since; what is new stands before it.
    pub(in crate::app) since: Option<Above>,
}

impl Bounds {
    /// Where that begins before which what is new stands.
    pub(in crate::app) fn first_above(&self) -> Option<Above> {
        self.above.into_iter().chain(self.since).min()
    }

    /// The same, as a moment.
    pub(in crate::app) fn end(&self) -> Option<Stamp> {
        let since = self.since.map(|since| since.at.0);
        self.below.into_iter().chain(since).min()
    }

    /// What was here already when the page's messages were missed, if the archive says so.
    pub(in crate::app) fn was_here(&self) -> Option<Heard> {
        self.beyond.filter(|_| self.sure)
    }
}

impl Model {
    /// Where that begins, of what this side said in the talk, which the page above has, if this is a page of a gap. Where
    /// that begins with something else, what the talk knows of the gap tells.
    fn bound_above(&self, key: &ConversationKey, incoming: &Incoming) -> Option<Above> {
        let (account, talk) = self.account(&key.account).zip(self.talks.get(key))?;
        let is_of_gap = matches!(account.asked.get(&incoming.page?), Some(Asked::Gap));
        let gap = account.sync.gaps.last().filter(|_| is_of_gap && account.sync.filling.way != Way::Time)?;
        let end = gap.before.id.as_ref().and_then(|id| talk.archived(id));
        let end = end.filter(|message| message.direction == incoming.direction && !message.is_typed_here());
        let end = end.map(|message| Above { at: (message.stamp, message.key), firm: false });
        end.or_else(|| talk.place_above(incoming.direction))
    }

    /// Between what else of the talk a message of the archive stands, as far as the query says it.
    pub(in crate::app) fn bounds(&mut self, key: &ConversationKey, incoming: &Incoming) -> Bounds {
        if incoming.via != Via::Archive {
            return Bounds::default();
        }
        let above = self.bound_above(key, incoming);
        let stanza_id = incoming.stanza_id.as_ref().map(|id| &id.0);
        let talk = self.talks.get(key);
        let top = talk.and_then(|talk| talk.archived(talk.archive_top.as_ref()?)).map(|message| message.stamp);
        let before_session = talk.and_then(|talk| talk.before_session);
        let own = |account: &&mut Account| account.setup.id == key.account;
        let Some(account) = self.accounts.iter_mut().find(own) else { return Bounds::default() };
        let sync = &mut account.sync;
        let Some(page) = incoming.page else {
            return Bounds { beyond: before_session.filter(|_| sync.running), ..Bounds::default() };
        };
        match account.asked.get(&page) {
            Some(Asked::CatchUp) => {
                let sure = sync.beyond;
                if let Some((first, told)) = sync.first.as_mut().zip(incoming.stamp).filter(|_| !sync.complete) {
                    first.note(told);
                }
                sync.beyond |= sync.base.as_ref().is_some_and(|base| stanza_id == Some(&base.0));
                Bounds { beyond: before_session, sure, ..Bounds::default() }
            }
            Some(Asked::Gap) => {
                let (gap, way) = (sync.gaps.last(), sync.filling.way);
                let heard = gap.filter(|_| way == Way::Both).zip(talk).and_then(|(gap, talk)| talk.before_gap(gap));
                let since = heard.zip(talk).and_then(|(heard, talk)| talk.place_since(heard, incoming));
                // Behind nothing is anywhere.
                let beyond = heard.filter(|heard| heard.to > Stamp::default());
                let below = gap.filter(|_| way != Way::Time).map(|gap| above.map_or(gap.before.at, |above| above.at.0));
                Bounds { beyond, sure: beyond.is_some(), below, above, since }
            }
            Some(Asked::TalkGap(_, after)) => {
                let gap = sync.gaps.iter().find(|gap| gap.after == *after);
                let end = gap.and_then(|gap| gap.end_in(&key.peer)).filter(|end| end.id.is_some());
                Bounds { below: end.map(|end| end.at), ..Bounds::default() }
            }
            Some(Asked::Talk(_)) => Bounds { below: top, ..Bounds::default() },
            // Of one talk alone, or of a session before this one.
            Some(_) | None => Bounds::default(),
        }
    }
}
