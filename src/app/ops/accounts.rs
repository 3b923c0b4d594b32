//! Being online or not, and leaving a service.

use crate::app::action::Effects;
use crate::app::effect::{Effect, LinkCommand, StoreRequest};
use crate::app::event::LinkState;
use crate::app::model::{Files, Leaving, Model, Overlay, Screen, SignOutBox, Welcome};
use crate::app::words::notices;
use crate::oauth::Farewelled;
use crate::types::{AccountId, Line, Problem, Stage};
use crate::xmpp::Elsewhere;

impl Model {
    /// Goes online, or tries again now.
    pub fn connect(&mut self, account: Option<&AccountId>, fx: &mut Effects) {
        let now = self.now;
        for id in self.meant(account) {
            let Some(account) = self.account_mut(&id).filter(|account| !account.online()) else { continue };
            if account.files != Files::Ours {
                // Never online beside the one that holds them. The answer goes on from here.
                account.files = Files::Asked;
                fx.push(Effect::Store(StoreRequest::Open { account: id }));
                continue;
            }
            account.wanted = true;
            account.down_since.get_or_insert(now.wall);
            account.down_at.get_or_insert(now.mono);
            if matches!(account.link, LinkState::Idle | LinkState::Offline { .. }) {
                account.link = LinkState::Connecting(Stage::Lookup);
            }
            fx.push(Effect::Link(id, LinkCommand::Connect));
        }
    }

    /// Goes offline and stays so.
    pub fn disconnect(&mut self, account: Option<&AccountId>, fx: &mut Effects) {
        for id in self.meant(account) {
            if let Some(account) = self.account_mut(&id) {
                account.wanted = false;
                account.down_since = None;
                account.down_at = None;
                account.back = None;
            }
            fx.push(Effect::Link(id.clone(), LinkCommand::Disconnect));
            self.lose_session(&id, fx);
            if let Some(account) = self.account_mut(&id) {
                account.link = LinkState::Idle;
            }
        }
    }

    /// Asks whether to sign out.
    pub fn ask_sign_out(&mut self, account: &AccountId, fx: &mut Effects) {
        if self.says_read_only(account) {
            return;
        }
        let Some(own) = self.account(account) else { return };
        let pending = own.pending();
        let account = account.clone();
        fx.push(Effect::Store(StoreRequest::Count { account: account.clone() }));
        let question = SignOutBox { account, forget: true, everywhere: false, selected: 0, kept: None, pending };
        self.overlays.push(Overlay::SignOut(question));
    }

    /// Asks whether to take back what was agreed to. False: nothing was.
    pub fn ask_take_back(&mut self, account: &AccountId) -> bool {
        let agreed = self.account(account).is_some_and(|own| own.agreement.is_some());
        if agreed && !self.says_read_only(account) {
            self.overlays.push(Overlay::TakeBack { account: account.clone() });
        }
        agreed
    }

    /// Signs out. How long the services may take to be told the link alone decides: it answers in any case, and this is
    /// forgotten here when it has.
    pub fn sign_out(&mut self, account: &AccountId, what: Leaving, fx: &mut Effects) {
        let everywhere = what.is_everywhere();
        let Some(own) = self.account_mut(account).filter(|own| own.signing_out.is_none()) else { return };
        own.wanted = false;
        own.signing_out = Some(what);
        fx.push(Effect::Link(account.clone(), LinkCommand::SignOut { everywhere }));
    }

    /// It could not be done, and everything stands as it did: the account goes on, and the person hears why.
    pub(crate) fn fail_sign_out(&mut self, id: &AccountId, problem: Problem, fx: &mut Effects) {
        let Some(own) = self.account_mut(id).filter(|own| own.signing_out.is_some()) else { return };
        own.signing_out = None;
        own.wanted = true;
        fx.push(Effect::Link(id.clone(), LinkCommand::Connect));
        self.overlays.push(Overlay::Trouble(problem));
    }

    /// The service was told, or cannot be.
    pub(crate) fn end_sign_out(
        &mut self,
        id: &AccountId,
        told: Farewelled,
        elsewhere: Option<Elsewhere>,
        browser: Option<Line>,
        fx: &mut Effects,
    ) {
        let Some(own) = self.account(id) else { return };
        let Some(what) = own.signing_out else { return };
        let domain = Line::clean(own.setup.domain.as_str());
        // Who takes back a consent is about to go to that browser.
        let browser = browser.filter(|_| what != Leaving::Consent);
        match what {
            Leaving::Consent => self.await_consent(id, fx),
            Leaving::Account { messages, .. } => {
                fx.push(Effect::StopLink(id.clone()));
                fx.push(Effect::Store(StoreRequest::ForgetAccount { account: id.clone(), messages }));
                self.forget_account(id);
            }
        }
        let knows = matches!(told, Farewelled::Nothing | Farewelled::Told);
        let is_over = knows && elsewhere.as_ref().is_none_or(Elsewhere::is_over);
        // A box takes the keys: where somebody may be typing to others it is not worth that.
        if is_over && (browser.is_none() || !self.accounts.is_empty()) {
            self.toast(notices::signed_out_of(domain.as_str(), told, elsewhere.as_ref()));
        } else {
            // Two sentences, with something to do: too much for a line that passes.
            self.overlays.push(Overlay::SignedOut { domain, told, elsewhere, browser });
        }
        self.tell_title(fx);
    }

    /// The consent is gone, and the account waits for another one.
    fn await_consent(&mut self, id: &AccountId, fx: &mut Effects) {
        let now = self.now;
        self.lose_session(id, fx);
        let Some(own) = self.account_mut(id) else { return };
        own.signing_out = None;
        own.agreement = None;
        own.photo = None;
        own.scopes.clear();
        own.keep = None;
        own.wanted = true;
        own.down_since = Some(now.wall);
        own.down_at = Some(now.mono);
        let problem = Problem::SignInNeeded { account: Line::clean(id.as_str()) };
        own.link = LinkState::Offline { problem: Some(problem), retry_at: None, since: now.wall };
    }

    /// Takes an account and all that hangs on it out of the mind.
    pub(crate) fn forget_account(&mut self, id: &AccountId) {
        self.accounts.retain(|account| account.setup.id != *id);
        self.talks.retain(|key, _| key.account != *id);
        self.tabs.retain(|key| key.account != *id);
        self.pages.retain(|_, key| key.account != *id);
        let rows: Vec<_> =
            self.waiting.iter().filter(|(_, row)| row.talk.account == *id).map(|(key, _)| *key).collect();
        for key in rows {
            self.take_waiting(key);
        }
        let gone = |key: &crate::app::model::ConversationKey| key.account == *id;
        self.open.take_if(|key| gone(key));
        self.last_open.take_if(|key| gone(key));
        self.list.held = None;
        self.list.frozen = None;
        self.overlays.retain(|overlay| match overlay {
            Overlay::Request { account, .. }
            | Overlay::SignOut(SignOutBox { account, .. })
            | Overlay::TakeBack { account }
            | Overlay::AgreeAgain { account }
            | Overlay::Add { account, .. }
            | Overlay::Account { account, .. } => account != id,
            Overlay::Card(key) | Overlay::Menu { key, .. } | Overlay::Info { talk: key, .. } => !gone(key),
            Overlay::Bare | Overlay::Find(_) => false,
            _ => true,
        });
        if self.accounts.is_empty() {
            self.screen = Screen::Welcome(Welcome { selected: 0, since: self.now.mono });
        }
    }
}
