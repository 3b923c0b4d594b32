//! What the store tells.

mod cache;
mod rows;

use super::sign_in;
use crate::app::action::Effects;
use crate::app::effect::{Effect, LinkCommand, StoreRequest};
use crate::app::event::{LinkState, Stored};
use crate::app::model::{Conversation, ConversationKey, Files, Message, Model, Options, Overlay};
use crate::app::words;
use crate::types::{AccountId, Problem, RequestId};
use crate::xmpp::Command;

/// Talks in which something came since the archive was last known to be here, within a minute or so.
const TAILS: usize = 32;

/// An answer of the store.
pub(super) fn on_stored(model: &mut Model, stored: Stored, fx: &mut Effects) {
    if !matches!(stored, Stored::Committed { .. } | Stored::Confirmed { .. } | Stored::Marked { .. }) {
        model.touch();
    }
    match stored {
        Stored::Cache { account, cache } => model.on_cache(&account, *cache, fx),
        Stored::CacheDone => model.on_cache_done(fx),
        Stored::Page { request, talk, displayed, messages, more } => {
            model.know_displayed(&talk, displayed);
            model.on_stored_page(request, &talk, messages, more, fx);
        }
        Stored::Around { request, talk, displayed, messages, more, newer } => {
            model.know_displayed(&talk, displayed);
            model.on_stored_around(request, &talk, messages, (more, newer), fx);
        }
        Stored::Found { request, hits, next, count } => model.on_hits(request, hits, next, count, fx),
        Stored::Read { request, talk, up_to, displayed, unread, ours } => {
            model.marking = model.marking.saturating_sub(1);
            model.on_recounted(request, &talk, (up_to, displayed), unread, ours, fx);
            model.release(fx);
        }
        Stored::Committed { keys } => model.on_committed(&keys, fx),
        Stored::NotKept { keys } => model.on_not_kept(&keys, fx),
        Stored::Marked { count } => {
            model.marking = model.marking.saturating_sub(count);
            model.release(fx);
        }
        Stored::Duplicate { key, existing, stamp } => model.on_duplicate(key, existing, stamp, fx),
        Stored::Confirmed { account, tally } => {
            // Also to a link whose session has lost its connection: it may be taken up again.
            fx.push(Effect::Link(account, LinkCommand::Session(Command::Kept(tally))));
        }
        Stored::Refused { key, problem } => model.on_row_refused(key, problem, fx),
        Stored::Failed(problem) => model.on_store_failed(problem, fx),
        Stored::SetAside(problem) => model.on_set_aside(problem, fx),
        Stored::Recovered => model.on_recovered(),
        Stored::InUse { account } => model.on_in_use(&account, fx),
        Stored::Count { account, messages } => model.on_count(&account, messages),
    }
}

impl Model {
    fn on_cache_done(&mut self, fx: &mut Effects) {
        self.cache_known = true;
        self.load_tails(fx);
        for id in self.meant(None) {
            self.begin_post(&id, fx);
            self.catch_up(&id, fx);
        }
    }

    /// We ended without a word: the last messages of these talks came behind the last known place in the archive, which
    /// tells them once more, and what it has between them can only be put there if they are here.
    fn load_tails(&mut self, fx: &mut Effects) {
        let since = |talk: &&Conversation| {
            let account = self.account(&talk.key.account).filter(|account| account.sync.cursor.is_some());
            account.and_then(|account| account.synced_to).is_some_and(|at| talk.last_at > Some(at))
        };
        let late: Vec<_> = self.talks.values().filter(since).map(|talk| talk.key.clone()).take(TAILS).collect();
        for key in late {
            self.load(&key, fx);
        }
    }

    fn on_stored_page(
        &mut self,
        request: RequestId,
        key: &ConversationKey,
        page: Vec<Message>,
        more: bool,
        fx: &mut Effects,
    ) {
        self.pages.remove(&request);
        let Some(talk) = self.talks.get_mut(key).filter(|talk| talk.page == Some(request)) else { return };
        talk.page = None;
        talk.loaded = true;
        // What is here and older than the page would leave a hole.
        if let Some(first) = page.first().filter(|_| more) {
            let from = (first.stamp, first.key);
            talk.messages.retain(|message| (message.stamp, message.key) >= from);
        }
        talk.place_page(page);
        talk.more_stored = more;
        if talk.new_count > 0 && talk.new_from.is_none() {
            talk.new_from = talk.first_new();
        }
        self.apply_late_marks(key, fx);
        self.note_undisplayed(key, fx);
        self.ask_talk_archive(key, false, fx);
        self.look_up(key, fx);
    }

    fn apply_late_marks(&mut self, key: &ConversationKey, fx: &mut Effects) {
        for (of, state) in std::mem::take(&mut self.talk_mut(key).late_marks) {
            if let Some(own) = self.talks.get(key).and_then(|talk| talk.own(&of)).map(|message| message.key) {
                self.mark(&key.account, own, &state, fx);
            }
        }
    }

    /// A file was damaged. What waits to be sent is handed over once more: of the new file it knows nothing.
    fn on_set_aside(&mut self, problem: Problem, fx: &mut Effects) {
        self.trouble = Some(problem);
        let unsent = self.accounts.iter().flat_map(|account| account.post.unsent.values().cloned().collect::<Vec<_>>());
        let again: Vec<Effect> = unsent.map(|message| Effect::Store(StoreRequest::Insert(Box::new(message)))).collect();
        fx.extend(again);
    }

    /// Nothing is kept from here on. What waits to be sent is sent all the same: it is on the screen, and so is this.
    fn on_store_failed(&mut self, problem: Problem, fx: &mut Effects) {
        self.trouble = Some(problem);
        self.not_kept = true;
        for id in self.meant(None) {
            self.pump(&id, fx);
        }
    }

    fn on_recovered(&mut self) {
        self.not_kept = false;
        // That a file was set aside stays to be read.
        let passed = |problem: &mut Problem| {
            problem.code().starts_with("BTY-DATA") && !matches!(problem, Problem::SetAside { .. })
        };
        self.trouble.take_if(passed);
    }

    /// Another butty has the account: it can be read here, and nothing is sent or written. That is asked once; later
    /// tries only say that nothing changed.
    fn on_in_use(&mut self, id: &AccountId, fx: &mut Effects) {
        self.disconnect(Some(id), fx);
        let now = self.now.wall;
        let Some(account) = self.account_mut(id) else { return };
        let again = account.files != Files::Ours;
        account.files = Files::Elsewhere;
        account.link = LinkState::Offline { problem: Some(Problem::AccountInUse), retry_at: None, since: now };
        self.trouble = Some(Problem::AccountInUse);
        if again {
            self.toast(words::toasts::STILL_IN_USE);
        } else if !sign_in::not_now(self, id, Problem::AccountInUse) {
            self.overlays.push(Overlay::Trouble(Problem::AccountInUse));
        }
    }

    fn on_count(&mut self, id: &AccountId, messages: u64) {
        for overlay in &mut self.overlays {
            if let Overlay::SignOut(question) = overlay
                && question.account == *id
            {
                question.kept = Some(messages);
            }
        }
    }

    /// Options that were read again.
    pub(super) fn on_options(&mut self, fresh: Options, fx: &mut Effects) {
        let old = std::mem::replace(&mut self.options, fresh);
        (self.options.zone, self.options.demo) = (old.zone, old.demo);
        if self.options.retention != old.retention {
            fx.push(Effect::Store(StoreRequest::Retain(self.options.retention)));
        }
        if self.options.mouse != old.mouse {
            fx.push(Effect::Mouse(self.options.mouse && !self.is_bare()));
        }
        self.on_config(None);
        self.toast(if self.options.restart_for_rest {
            words::toasts::CONFIG_READ_IN_PART
        } else {
            words::toasts::CONFIG_READ
        });
    }

    pub(super) fn on_config(&mut self, problem: Option<Problem>) {
        match problem {
            Some(problem) => self.trouble = Some(problem),
            None => drop(self.trouble.take_if(|problem| problem.code().starts_with("BTY-CONF"))),
        }
    }
}
