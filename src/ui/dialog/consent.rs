//! What was agreed to, and where the sign-in is kept: the review of a sign-in, and `/account`.

use super::boxes::hanging;
use super::{Dialog, WIDE};
use crate::app::event::LinkState;
use crate::app::model::{Account, Agreement, Model};
use crate::app::words::{self, screens};
use crate::types::AccountId;
use crate::ui::facts;
use crate::ui::theme::Role;

/// The review at the end of a sign-in.
pub fn review(model: &Model, account: Option<&Account>, raw: bool, width: u16) -> Dialog {
    let mut dialog = Dialog {
        title: screens::REVIEW_TITLE.into(),
        foot: screens::REVIEW_FOOT.into(),
        width: WIDE.min(width),
        ..Dialog::default()
    };
    let Some(account) = account else { return dialog };
    name(&mut dialog, account, model.options.ascii);
    dialog.blank();
    agreement(&mut dialog, model, account, raw);
    dialog.blank();
    dialog.say(kept(account), Role::Text, model.options.ascii);
    dialog
}

/// `/account`: the same for any account at any time, and how its link stands.
pub fn account(model: &Model, id: &AccountId, raw: bool, width: u16) -> Dialog {
    let ascii = model.options.ascii;
    let several = model.accounts.len() > 1;
    let agreed = facts::account(model, id).is_some_and(|account| account.agreement.is_some());
    let foot = match (agreed, several) {
        (false, false) => screens::ACCOUNT_FOOT,
        (false, true) => screens::ACCOUNT_FOOT_NEXT,
        (true, false) => screens::ACCOUNT_FOOT_AGREED,
        (true, true) => screens::ACCOUNT_FOOT_AGREED_NEXT,
    };
    let mut dialog = Dialog { title: screens::ACCOUNT_TITLE.into(), foot: foot.into(), width, ..Dialog::default() };
    let Some(account) = facts::account(model, id) else { return dialog };
    name(&mut dialog, account, ascii);
    dialog.say(&words::account_state(account), Role::Text, ascii);
    if let LinkState::Offline { problem: Some(problem), .. } = &account.link {
        dialog.say(&words::one_line(problem), Role::Warn, ascii);
    }
    dialog.blank();
    let mut names_raw = !raw;
    if account.agreement.is_some() {
        let said = agreement(&mut dialog, model, account, raw);
        dialog.blank();
        if let Some(since) = &said.since {
            dialog.say(since, Role::Text, ascii);
        }
        names_raw &= said.ended.is_none();
    } else {
        dialog.say(way(account), Role::Text, ascii);
    }
    if account.agreement.is_some() || account.was_online {
        dialog.say(kept(account), Role::Text, ascii);
    }
    if let Some(agreed) = &account.agreement {
        if names_raw {
            dialog.say(screens::RAW_NAMES, Role::Dim, ascii);
        }
        let opens = model.options.can_open_browser && !model.options.over_ssh;
        if model.waits_for_picture(id) {
            dialog.say(screens::PICTURE_KEY, Role::Dim, ascii);
        }
        if let Some(page) = &agreed.page {
            dialog.say(&screens::consents_page(page, opens), Role::Text, ascii);
        }
    }
    dialog
}

/// Take back what was agreed to?
pub fn take_back(model: &Model, id: &AccountId, width: u16) -> Dialog {
    let (title, foot) = (screens::TAKE_BACK_TITLE.into(), screens::TAKE_BACK_FOOT.into());
    let mut dialog = Dialog { title, foot, width, ..Dialog::default() };
    let domain = facts::account(model, id).map_or("", |account| account.setup.domain.as_str());
    dialog.say(&screens::take_back_means(domain), Role::Text, model.options.ascii);
    dialog
}

/// Agree once more, for display pictures?
pub fn agree_again(model: &Model, id: &AccountId, width: u16) -> Dialog {
    let roomy = width >= WIDE;
    let foot = if roomy { screens::AGREE_AGAIN_FOOT } else { screens::AGREE_AGAIN_FOOT_SHORT };
    let title = screens::AGREE_AGAIN_TITLE.into();
    let mut dialog = Dialog { title, foot: foot.into(), width, ..Dialog::default() };
    let (theirs, ascii) = (facts::account(model, id), model.options.ascii);
    let domain = theirs.map_or("", |account| account.setup.domain.as_str());
    dialog.say(&screens::agree_again(domain), Role::Text, ascii);
    dialog.say(screens::ADDRESS_BOOK_TOO, Role::Dim, ascii);
    if !roomy {
        dialog.blank();
        dialog.say(screens::ASKS_NEXT_MONTH, Role::Dim, ascii);
    }
    dialog
}

fn name(dialog: &mut Dialog, account: &Account, ascii: bool) {
    let (name, address) = (facts::own_name(account), facts::own_address(account));
    dialog.say(&name, Role::Title, ascii);
    if name != address {
        dialog.say(&address, Role::Dim, ascii);
    }
}

/// What butty may and may not do; returns all that there is to say about it.
fn agreement(dialog: &mut Dialog, model: &Model, account: &Account, raw: bool) -> screens::ConsentWords {
    let ascii = model.options.ascii;
    let granted = || account.scopes.iter().map(ToString::to_string).collect();
    let agreed = account.agreement.clone().unwrap_or_else(|| Agreement { granted: granted(), ..Agreement::default() });
    let messenger = account.setup.profile == "messenger";
    let said = screens::consent(&agreed, raw, messenger, model.now.wall, &model.options);
    if let Some(ended) = &said.ended {
        dialog.say(ended, Role::Warn, ascii);
    }
    let inside = dialog.width.saturating_sub(4);
    for (head, lines) in [(screens::MAY_NOW, &said.may), (screens::MAY_NOT, &said.may_not)] {
        if !lines.is_empty() {
            dialog.say(head, Role::Text, ascii);
        }
        for line in lines {
            hanging(dialog, "  · ", line, Role::Text, inside, ascii);
        }
    }
    said
}

fn way(account: &Account) -> &'static str {
    use crate::xmpp::CredentialKind::{Password, Token};
    match account.setup.credential {
        Some(Password) => screens::BY_PASSWORD,
        _ if !account.setup.token_command.is_empty() => screens::BY_TOKEN_COMMAND,
        _ if account.setup.oauth.token_file.is_some() => screens::BY_TOKEN_FILE,
        // A sign-in of butty's own is known by what was agreed to.
        Some(Token) if account.was_online => screens::BY_TOKEN_GIVEN,
        _ => screens::NOT_SIGNED_IN_YET,
    }
}

fn kept(account: &Account) -> &'static str {
    use crate::app::event::Keep;
    screens::kept_in(account.keep.or(account.setup.keep).unwrap_or(Keep::Memory))
}
