//! Keys of the questions: sign out, quit, a request, a large paste, a plain reply.

use super::{After, walks};
use crate::app::action::{Effects, send};
use crate::app::effect::Effect;
use crate::app::event::{Key, KeyCode};
use crate::app::model::{Leaving, Model, SignOutBox};
use crate::app::words::toasts;
use crate::types::{AccountId, BareJid, Line, Problem};

/// The letter of a plain key, or `\n` for Enter; `None` for any other.
fn letter(key: Key) -> Option<char> {
    match key.code {
        KeyCode::Char(c) if !key.ctrl && !key.alt => Some(c.to_ascii_lowercase()),
        KeyCode::Enter if !key.ctrl && !key.alt => Some('\n'),
        _ => None,
    }
}

/// `a` or Enter accepts, `d` says no, Esc leaves the question open.
pub(super) fn request_key(model: &mut Model, account: &AccountId, from: &BareJid, key: Key, fx: &mut Effects) -> After {
    match letter(key) {
        Some('a' | '\n') => model.answer_request(account, from, true, fx),
        Some('d') => model.answer_request(account, from, false, fx),
        _ => return After::Stay,
    }
    After::Close
}

/// `s` signs out, `r` takes the consent back, `b` and `u` open and copy the service's page for that, `p` asks for the
/// picture, `i` shows raw names, Tab goes to the next account.
pub(super) fn account_key(
    model: &mut Model,
    account: &mut AccountId,
    raw: &mut bool,
    key: Key,
    fx: &mut Effects,
) -> After {
    match letter(key) {
        Some('\n') => return After::Close,
        Some('i') => *raw = !*raw,
        Some('s') => {
            model.ask_sign_out(account, fx);
            return After::Close;
        }
        Some('r') if model.ask_take_back(account) => return After::Close,
        Some('p') => model.ask_for_picture(account, fx),
        Some(letter @ ('b' | 'u')) => visit_consents(model, account, letter, fx),
        None if matches!(key.code, KeyCode::Tab | KeyCode::BackTab) => {
            let ids: Vec<&AccountId> = model.accounts.iter().map(|other| &other.setup.id).collect();
            let here = ids.iter().position(|id| *id == account).unwrap_or(0);
            let step = if key.code == KeyCode::Tab { 1 } else { ids.len().saturating_sub(1) };
            if let Some(next) = (here + step).checked_rem(ids.len()).and_then(|at| ids.get(at)) {
                *account = (*next).clone();
                model.offer_picture(account, fx);
            }
        }
        _ => {}
    }
    After::Stay
}

/// The service's own page for consents.
fn visit_consents(model: &mut Model, account: &AccountId, letter: char, fx: &mut Effects) {
    let agreed = model.account(account).and_then(|own| own.agreement.as_ref());
    if let Some(page) = agreed.and_then(|agreed| agreed.page.clone()) {
        visit(model, page, letter, fx);
    }
}

/// Enter closes; `b` and `u` open and copy the page that signs the browser out.
pub(super) fn signed_out_key(model: &mut Model, browser: Option<&Line>, key: Key, fx: &mut Effects) -> After {
    match (letter(key), browser) {
        (Some('\n'), _) => return After::Close,
        (Some(letter @ ('b' | 'u')), Some(page)) => visit(model, page.as_str().to_owned(), letter, fx),
        _ => {}
    }
    After::Stay
}

/// A page of the service: opened where a browser can be, or copied.
fn visit(model: &mut Model, page: String, letter: char, fx: &mut Effects) {
    let ssh = model.options.over_ssh;
    if letter == 'u' {
        fx.push(Effect::Clipboard(page));
        model.toast(toasts::address_copied(ssh));
    } else if model.options.can_open_browser && !ssh {
        fx.push(Effect::OpenUrl(page));
    }
}

/// Enter takes back what was agreed to.
pub(super) fn take_back_key(model: &mut Model, account: &AccountId, key: Key, fx: &mut Effects) -> After {
    if letter(key) != Some('\n') {
        return After::Stay;
    }
    model.sign_out(account, Leaving::Consent, fx);
    After::Close
}

/// Enter signs in once more, with the picture.
pub(super) fn agree_again_key(model: &mut Model, account: &AccountId, key: Key, fx: &mut Effects) -> After {
    if letter(key) != Some('\n') {
        return After::Stay;
    }
    model.agree_again(account, fx);
    After::Close
}

/// Up and Down choose what Space ticks; Enter signs out.
pub(super) fn sign_out_key(model: &mut Model, question: &mut SignOutBox, key: Key, fx: &mut Effects) -> After {
    if walks(&mut question.selected, || SignOutBox::ROWS, key) {
        return After::Stay;
    }
    match letter(key) {
        Some(' ') => question.tick(question.selected),
        Some('\n') => {
            let what = Leaving::Account { messages: question.forget, everywhere: question.everywhere };
            model.sign_out(&question.account, what, fx);
            return After::Close;
        }
        _ => {}
    }
    After::Stay
}

/// Enter sends it as one message, `k` as a code block.
pub(super) fn paste_key(model: &mut Model, key: Key, fx: &mut Effects) -> After {
    let letter = letter(key);
    if !matches!(letter, Some('\n' | 'k')) {
        return After::Stay;
    }
    if let Some(talk) = model.open.as_ref().and_then(|open| model.talks.get_mut(open)) {
        if letter == Some('k') {
            let text = format!("```\n{}\n```", talk.composer.text().trim_end());
            talk.composer.set_text(&text);
        }
        talk.composer.forget_big_paste();
    }
    send::send_now(model, fx);
    After::Close
}

/// Enter sends in the clear; from then on this talk does not ask.
pub(super) fn plain_key(model: &mut Model, key: Key, fx: &mut Effects) -> After {
    if !matches!(letter(key), Some('\n' | 'y')) {
        return After::Stay;
    }
    if let Some(talk) = model.open.as_ref().and_then(|open| model.talks.get_mut(open)) {
        talk.warn_plain = false;
    }
    send::send_now(model, fx);
    After::Close
}

pub(super) fn quit_key(model: &mut Model, key: Key, fx: &mut Effects) -> After {
    if !matches!(letter(key), Some('\n' | 'q' | 'y')) {
        return After::Stay;
    }
    model.leave(0, fx);
    After::Close
}

pub(super) fn trouble_key(model: &mut Model, problem: &Problem, key: Key, fx: &mut Effects) -> After {
    match letter(key) {
        Some('\n') => After::Close,
        Some('q') if matches!(problem, Problem::AccountInUse) => {
            model.quit(fx);
            After::Close
        }
        _ => After::Stay,
    }
}
