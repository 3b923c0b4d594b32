//! Somebody else signed in than the account belongs to, and is kept as an account of their own.

use super::sign_in::screen_of;
use crate::app::action::Effects;
use crate::app::effect::{Effect, LinkCommand, StoreRequest};
use crate::app::event::{Keep, LinkState};
use crate::app::model::{Model, Screen, SignInScreen, SignInStep, SignInWay};
use crate::app::setup::AccountSetup;
use crate::types::{AccountId, BareJid, Problem};
use crate::xmpp::CredentialKind;

impl Model {
    /// The account that whoever came back instead would have: as the first is set up, with nothing in it that is the
    /// first one's alone. `None`: they have one here already, or nobody else came back.
    pub fn second_account(&self, id: &AccountId, problem: &Problem) -> Option<AccountSetup> {
        let Problem::OtherPerson { got, .. } = problem else { return None };
        let first = &self.account(id)?.setup;
        let by_code = matches!(&self.screen, Screen::SignIn(screen) if screen.way != SignInWay::Password);
        if !by_code || self.has_account(got) {
            return None;
        }
        let mut oauth = first.oauth.clone();
        oauth.token_file = None;
        Some(AccountSetup {
            id: AccountId::new(got.as_str()),
            domain: got.domain(),
            local: got.local().map(str::to_owned),
            name: String::new(),
            enabled: true,
            credential: Some(CredentialKind::Token),
            password_command: Vec::new(),
            token_command: Vec::new(),
            oauth,
            ..first.clone()
        })
    }

    /// An account of this address is here, by what was typed or by what its service calls it.
    pub fn has_account(&self, address: &BareJid) -> bool {
        self.accounts.iter().any(|account| {
            let bound = account.jid.as_ref().is_some_and(|jid| jid.bare() == *address);
            bound || account.setup.id.as_str() == address.as_str()
        })
    }

    /// Keeps whoever came back as a second account; the link that holds their sign-in hands it over.
    pub fn keep_second(&mut self, problem: &Problem, fx: &mut Effects) {
        let Screen::SignIn(screen) = &self.screen else { return };
        let to = screen.account.as_ref().and_then(|id| Some((id.clone(), self.second_account(id, problem)?)));
        fx.extend(to.map(|(id, to)| Effect::Link(id, LinkCommand::HandOver { to: Box::new(to) })));
    }
}

/// The sign-in of the second account is kept: it goes online, and the first one is again what it was. Otherwise it is
/// said why, in place.
pub(super) fn on_handed_over(
    model: &mut Model,
    id: &AccountId,
    to: AccountSetup,
    kept: Result<Keep, Problem>,
    fx: &mut Effects,
) {
    let waits = |screen: &&mut SignInScreen| matches!(&screen.step, SignInStep::Failed(Problem::OtherPerson { got, .. }) if got.as_str() == to.id.as_str());
    let second = to.id.clone();
    let kept = match kept {
        Ok(kept) => kept,
        Err(problem) => {
            if let Some(screen) = screen_of(model, id).filter(waits) {
                screen.step = SignInStep::Failed(problem);
            }
            return;
        }
    };
    let resumes = screen_of(model, id).filter(waits).map(|screen| {
        screen.account = Some(second.clone());
        screen.address.set_text(second.as_str());
        screen.step = SignInStep::Opening;
        screen.broke_off = 0;
        screen.resumes.take()
    });
    if model.account(&second).is_none() {
        model.add_account(to, true, fx);
    }
    // What was agreed to was that person's yes; the first account's own is told before its next session.
    let agreed = model.account_mut(id).map(|first| (std::mem::take(&mut first.scopes), first.agreement.take()));
    let Some(account) = model.account_mut(&second) else { return };
    account.keep = Some(kept);
    (account.scopes, account.agreement) = agreed.unwrap_or_default();
    let setup = account.setup.clone();
    if !setup.ephemeral {
        fx.push(Effect::Store(StoreRequest::SaveAccount(Box::new(setup))));
    }
    if let Some(resumes) = resumes {
        model.leave_first(id, resumes, fx);
    }
}

impl Model {
    /// The first account as it was before the sign-in: online, offline, or not there at all.
    fn leave_first(&mut self, id: &AccountId, resumes: Option<bool>, fx: &mut Effects) {
        let fresh = self.account(id).is_some_and(|account| account.fresh);
        if fresh {
            return self.drop_fresh(None, fx);
        }
        if let Some(account) = self.account_mut(id) {
            // What was wrong with that sign-in is settled.
            account.link = LinkState::Idle;
        }
        match resumes {
            Some(true) => self.connect(Some(id), fx),
            Some(false) | None => self.disconnect(Some(id), fx),
        }
    }
}
