//! What the link answers while the person signs in.

use crate::app::action::Effects;
use crate::app::effect::{Effect, LinkCommand, StoreRequest};
use crate::app::event::{BrowserPrompt, CodePrompt, Consent, Fallback, LinkState, MOST_BREAKS};
use crate::app::model::{Model, Screen, SignInScreen, SignInStep, SignInWay};
use crate::app::words::toasts;
use crate::types::{AccountId, Problem};
use crate::xmpp::CredentialKind;

/// The sign-in screen, if it is about this account.
pub(super) fn screen_of<'a>(model: &'a mut Model, id: &AccountId) -> Option<&'a mut SignInScreen> {
    match &mut model.screen {
        Screen::SignIn(screen) if screen.account.as_ref() == Some(id) => Some(screen),
        _ => None,
    }
}

/// The service wants a password: shown in place during a sign-in, else told by the banner.
pub(super) fn on_password_wanted(model: &mut Model, id: &AccountId, problem: Option<Problem>, device: bool) {
    let now = model.now;
    let Some(account) = model.account_mut(id) else { return };
    account.device_sign_in = device;
    let domain = account.setup.domain.clone();
    let since = account.down_since.unwrap_or(now.wall);
    let told = problem.clone().or(Some(Problem::PasswordNeeded { domain }));
    account.link = LinkState::Offline { problem: told, retry_at: None, since };
    let Some(screen) = screen_of(model, id).filter(|screen| screen.way == SignInWay::Password) else { return };
    if problem.is_some() || !matches!(screen.step, SignInStep::Opening) {
        screen.step = SignInStep::Where;
        screen.field = 1;
        screen.password.wipe();
        screen.complaint = problem;
    }
}

/// The sign-in with a code went a step.
pub(super) fn on_consent(model: &mut Model, id: &AccountId, consent: Consent) {
    if let (Consent::Granted { scopes }, Some(account)) = (&consent, model.account_mut(id)) {
        account.scopes.clone_from(scopes);
    }
    let Some(screen) = screen_of(model, id).filter(|screen| screen.way != SignInWay::Password) else { return };
    if let Consent::SteppingDown { to, .. } = &consent {
        screen.stepped_down = Some(*to);
        if *to == Fallback::Password {
            return ask_password_instead(model, id);
        }
    }
    if let Consent::Code(CodePrompt { scopes, .. }) | Consent::Browser(BrowserPrompt { scopes, .. }) = &consent {
        screen.asked.clone_from(scopes);
    }
    match &consent {
        Consent::AnswerLost { host } => screen.answer_lost = Some(host.clone()),
        Consent::Code(_) | Consent::Browser(_) => screen.instead_of = None,
        Consent::NoOther(problem) => return no_other(model, id, &problem.clone()),
        _ => {}
    }
    screen.step = match (consent, std::mem::replace(&mut screen.step, SignInStep::Opening)) {
        (Consent::Code(prompt), _) => {
            let trouble = screen.answer_lost.take().map(|host| Consent::AnswerLost { host });
            SignInStep::Code { prompt: Box::new(prompt), trouble }
        }
        (Consent::Browser(prompt), _) => {
            screen.field = 0;
            SignInStep::Browser { prompt: Box::new(prompt), fault: None }
        }
        (Consent::PasteRefused(fault), SignInStep::Browser { prompt, .. }) => {
            screen.field = 1;
            SignInStep::Browser { prompt, fault: Some(fault) }
        }
        (Consent::Granted { .. }, _) => SignInStep::Opening,
        (Consent::Failed(problem), _) if is_of_keeping(&problem) => return Model::ask_keep(screen, problem),
        (Consent::Failed(problem), _) => SignInStep::Failed(problem),
        (Consent::Reachable, SignInStep::Code { prompt, .. }) => SignInStep::Code { prompt, trouble: None },
        (trouble @ (Consent::SlowerPace { .. } | Consent::Unreachable { .. }), SignInStep::Code { prompt, .. }) => {
            SignInStep::Code { prompt, trouble: Some(trouble) }
        }
        // What is asked for beside it takes nothing off the screen before it is there.
        (Consent::PasteRefused(_) | Consent::Parked | Consent::Reachable | Consent::NoOther(_), step)
        | (
            Consent::LookingUp { .. } | Consent::AskingForCode { .. } | Consent::SteppingDown { .. },
            step @ (SignInStep::Code { .. } | SignInStep::Browser { .. }),
        ) => step,
        (working, _) => SignInStep::Working(working),
    };
}

/// The other code could not be had: what is on the screen is still what it was.
fn no_other(model: &mut Model, id: &AccountId, problem: &Problem) {
    let Some(screen) = screen_of(model, id) else { return };
    if let Some(before) = screen.instead_of.take() {
        screen.asking = before;
    }
    let by_code = matches!(screen.step, SignInStep::Code { .. });
    model.toast(toasts::no_other(by_code, problem));
}

/// Asked for a place to keep the sign-in, the person has an answer to this.
fn is_of_keeping(problem: &Problem) -> bool {
    matches!(problem, Problem::NoKeyring | Problem::KeyringLocked | Problem::TokenNotKept { .. })
}

/// The same address, with the password form; the sentence above it says why.
fn ask_password_instead(model: &mut Model, id: &AccountId) {
    if let Some(account) = model.account_mut(id) {
        account.setup.credential = Some(CredentialKind::Password);
    }
    let Some(screen) = screen_of(model, id) else { return };
    if screen.address.is_empty() {
        screen.address.set_text(id.as_str());
    }
    screen.way = SignInWay::Password;
    screen.step = SignInStep::Where;
    // A domain alone has no password: its name is missing first.
    screen.field = usize::from(screen.address.text().contains('@'));
    screen.password.wipe();
    screen.complaint = None;
}

/// Bound: the account is real now.
pub(super) fn on_success(model: &mut Model, id: &AccountId, fx: &mut Effects) {
    let Some(account) = model.account_mut(id) else { return };
    let scopes = account.scopes.clone();
    let fresh = std::mem::take(&mut account.fresh);
    let setup = account.setup.clone();
    let step = match screen_of(model, id) {
        Some(screen) if screen.way == SignInWay::Password => None,
        Some(screen) => Some(screen),
        None => return,
    };
    if let Some(screen) = step {
        screen.step = SignInStep::Review { scopes };
    } else {
        model.screen = Screen::Main;
    }
    if fresh && !setup.ephemeral {
        fx.push(Effect::Store(StoreRequest::SaveAccount(Box::new(setup))));
    }
}

/// The link is down in the middle of a sign-in: said in place, and not tried for ever. Where the server was there, and
/// the connection broke off, the link's next tries may well go through: the person has done their part.
pub(super) fn on_down(model: &mut Model, id: &AccountId, problem: Option<Problem>, retries: bool, fx: &mut Effects) {
    let Some(problem) = problem else { return };
    let Some(screen) = screen_of(model, id) else { return };
    match screen.step {
        SignInStep::Opening if retries && problem.is_cut() && screen.broke_off < MOST_BREAKS => {
            screen.broke_off += 1;
            return;
        }
        SignInStep::Opening => {}
        SignInStep::Working(_) if !retries => {}
        _ => return,
    }
    screen.broke_off = 0;
    if screen.way == SignInWay::Password && matches!(problem, Problem::NoKeyring | Problem::KeyringLocked) {
        return Model::ask_keep(screen, problem); // the link rests, with the password, until that is answered
    }
    // A box where there is something to decide.
    if screen.way == SignInWay::Password && !matches!(problem, Problem::WeakerSignIn { .. }) {
        screen.step = SignInStep::Where;
        screen.field = usize::from(matches!(problem, Problem::WrongPassword { .. }));
        screen.complaint = Some(problem);
    } else {
        screen.step = SignInStep::Failed(problem);
    }
    fx.push(Effect::Link(id.clone(), LinkCommand::Disconnect));
}

/// The sign-in on the screen cannot go on now; it says why. False: there is none about this account.
pub(super) fn not_now(model: &mut Model, id: &AccountId, problem: Problem) -> bool {
    let Some(screen) = screen_of(model, id) else { return false };
    screen.step = SignInStep::Where;
    screen.field = 0;
    screen.password.wipe();
    screen.complaint = Some(problem);
    true
}

/// Somebody else was let in: nothing of theirs is taken, nothing of ours is overwritten.
pub(super) fn refuse_person(model: &mut Model, id: &AccountId, problem: Problem, fx: &mut Effects) {
    let now = model.now.wall;
    let kept = screen_of(model, id).is_some() && model.second_account(id, &problem).is_some();
    let command = if kept { LinkCommand::SetAside } else { LinkCommand::TakeBack };
    fx.push(Effect::Link(id.clone(), command));
    fx.push(Effect::Link(id.clone(), LinkCommand::Disconnect));
    if let Some(account) = model.account_mut(id) {
        let since = account.down_since.unwrap_or(now);
        account.refused = Some(account.epoch);
        account.link = LinkState::Offline { problem: Some(problem.clone()), retry_at: None, since };
    }
    if let Some(screen) = screen_of(model, id) {
        screen.step = SignInStep::Failed(problem);
    }
}
