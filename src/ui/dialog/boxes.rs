//! The boxes that ask or tell: status menu, request, card, sign-out, paste, quit, trouble, plain reply, add.

use super::{Dialog, Line, SMALL, WIDE, about, consent};
use crate::app::composer::Composer;
use crate::app::model::{Account, ConversationKey, Model, Overlay, SignOutBox};
use crate::app::words::{self, notices, screens};
use crate::app::{Show, Subscription};
use crate::types::{AccountId, BareJid, Problem};
use crate::ui::facts;
use crate::ui::text::Piece;
use crate::ui::theme::{Role, Sign, Theme};
use crate::xmpp::CredentialKind;

/// The box of an overlay that is no list.
pub fn of(model: &Model, overlay: &Overlay, width: &dyn Fn(u16) -> u16) -> Dialog {
    match overlay {
        Overlay::Status { selected, message, editing } => status(model, *selected, message, *editing, width(SMALL)),
        Overlay::Request { account, from } => request(model, account, from, width(WIDE)),
        Overlay::Card(key) => card(model, key, width(WIDE)),
        Overlay::SignOut(question) => sign_out(model, question, width(WIDE)),
        Overlay::SignedOut { domain, told, elsewhere, browser } => {
            let opens = model.options.can_open_browser && !model.options.over_ssh;
            let foot = match browser {
                Some(_) if opens => screens::PAGE_FOOT,
                Some(_) => screens::COPY_FOOT,
                None => screens::CLOSE_FOOT,
            };
            let (title, foot) = (screens::SIGNED_OUT.into(), foot.into());
            let mut dialog = Dialog { title, foot, width: width(WIDE), ..Dialog::default() };
            dialog.say(&format!("{}.", notices::signed_out(domain.as_str(), *told)), Role::Text, model.options.ascii);
            if let Some(others) = elsewhere {
                dialog.blank();
                let said = format!("{}.", notices::elsewhere(domain.as_str(), others));
                dialog.say(&said, Role::Text, model.options.ascii);
            }
            if let Some(page) = browser {
                dialog.blank();
                dialog.say(screens::BROWSER_STAYS, Role::Text, model.options.ascii);
                dialog.say(page.as_str(), Role::Text, model.options.ascii);
            }
            dialog
        }
        Overlay::TakeBack { account } => consent::take_back(model, account, width(WIDE)),
        Overlay::AgreeAgain { account } => consent::agree_again(model, account, width(WIDE)),
        Overlay::PasteSend { lines } => paste(model, *lines, width(SMALL)),
        Overlay::Quit { pending } => quit(model, *pending, width(WIDE)),
        Overlay::Trouble(problem @ Problem::AccountInUse) => {
            trouble(model, "", problem, &[screens::IN_USE_KEYS.to_owned()], width(WIDE))
        }
        Overlay::Trouble(problem) => trouble(model, "", problem, &[], width(WIDE)),
        Overlay::PlainReply => question(model, &screens::PLAIN_REPLY, width(WIDE)),
        Overlay::Add { account, address, complaint } => add(model, account, address, complaint.as_ref(), width(WIDE)),
        Overlay::Info { talk, message } => about::message(model, talk, *message, width(WIDE)),
        Overlay::Account { account, raw } => consent::account(model, account, *raw, width(WIDE)),
        Overlay::Menu { key, selected, step } => about::menu(model, key, *selected, step, width(SMALL)),
        Overlay::Bare | Overlay::GoTo(_) | Overlay::Find(_) | Overlay::Palette(_) | Overlay::Help { .. } => {
            Dialog::default()
        }
    }
}

fn status(model: &Model, selected: usize, message: &Composer, editing: bool, width: u16) -> Dialog {
    let mut dialog =
        Dialog { title: screens::APPEAR_AS.into(), foot: screens::APPEAR_FOOT.into(), width, ..Dialog::default() };
    let theme = Theme::new(&model.options);
    let invisible = facts::main_account(model).is_some_and(|account| account.features.invisible);
    let states = [Show::Available, Show::Busy, Show::Away, Show::Offline];
    for (row, show) in states.into_iter().enumerate() {
        let (sign, word) = facts::own_wish(show);
        let pieces =
            vec![Piece::new(theme.sign(sign), Role::Presence(sign)), Piece::new(format!(" {word}"), Role::Text)];
        let line = Line::choice(row, !editing && row == selected, pieces);
        let note = match show {
            Show::Busy => screens::BUSY_NOTE,
            Show::Offline if invisible => screens::CAN_HIDE,
            _ => "",
        };
        dialog.lines.push(if note.is_empty() { line } else { line.with_right(note, Role::Dim) });
    }
    if !invisible {
        dialog.say(screens::CANNOT_HIDE, Role::Dim, theme.ascii);
    }
    dialog.blank();
    dialog.lines.push(Line { row: Some(4), ..Line::new(screens::PERSONAL_MESSAGE, Role::Text) });
    dialog.field("“", message, "”", editing);
    if let Some(line) = dialog.lines.last_mut() {
        line.row = Some(4);
        line.selected = editing;
    }
    dialog
}

fn request(model: &Model, account: &AccountId, from: &BareJid, width: u16) -> Dialog {
    let asked = facts::account(model, account).and_then(|account| account.requests.iter().find(|r| r.from == *from));
    let nick = asked.and_then(|request| request.nick.as_ref()).filter(|nick| !model.misleads(nick));
    let messenger = facts::account(model, account).is_some_and(|account| account.features.messenger);
    let name = nick.map_or_else(|| from.to_string(), |nick| screens::quoted(nick.as_str()));
    let mut dialog =
        Dialog { title: screens::REQUEST_TITLE.into(), foot: screens::REQUEST_FOOT.into(), width, ..Dialog::default() };
    let ascii = model.options.ascii;
    dialog.say(&screens::wants_to_be_your_buddy(&name), Role::Title, ascii);
    if nick.is_some() && !messenger {
        dialog.say(from.as_str(), Role::Dim, ascii);
    }
    if let Some(text) = asked.and_then(|request| request.text.as_ref()) {
        dialog.blank();
        dialog.say(&screens::quoted(text.as_str()), Role::Text, ascii);
    }
    dialog.blank();
    dialog.say(screens::REQUEST_MEANS, Role::Text, ascii);
    if model.accounts.len() > 1 {
        dialog.say(&screens::for_account(account.as_str()), Role::Dim, ascii);
    }
    dialog
}

fn card(model: &Model, key: &ConversationKey, width: u16) -> Dialog {
    let name = facts::name(model, key);
    let mut dialog =
        Dialog { title: screens::CARD_TITLE.into(), foot: screens::CARD_FOOT.into(), width, ..Dialog::default() };
    let (theme, ascii) = (Theme::new(&model.options), model.options.ascii);
    let sign = facts::sign(model, key);
    dialog.say(&name, Role::Title, ascii);
    let messenger = facts::account(model, &key.account).is_some_and(|account| account.features.messenger);
    if !messenger && name != key.peer.as_str() {
        dialog.say(key.peer.as_str(), Role::Dim, ascii);
    }
    dialog.blank();
    dialog.lines.push(Line::of(vec![
        Piece::new(theme.sign(sign), Role::Presence(sign)),
        Piece::new(format!(" {}", state_words(model, key, sign)), Role::Text),
    ]));
    if let Some(status) = facts::status(model, key) {
        dialog.say(&screens::quoted(status.as_str()), Role::Text, ascii);
    }
    let Some(contact) = facts::contact(model, key) else {
        dialog.blank();
        dialog.say(screens::NOT_A_BUDDY, Role::Dim, ascii);
        return dialog;
    };
    if !contact.devices.is_empty() {
        dialog.blank();
        dialog.say(screens::DEVICES, Role::Title, ascii);
        for (resource, device) in &contact.devices {
            let name = crate::types::Line::clean(resource);
            let name = if name.is_empty() { screens::UNNAMED_DEVICE.to_owned() } else { name.to_string() };
            let sign = Sign::of(Some(device.show));
            dialog.lines.push(Line::of(vec![
                Piece::new(format!("  {} ", theme.sign(sign)), Role::Presence(sign)),
                Piece::new(format!("{name}  {}", words::show(device.show)), Role::Text),
            ]));
        }
    }
    dialog.blank();
    if !contact.groups().is_empty() {
        let groups: Vec<&str> = contact.groups().iter().map(crate::types::Line::as_str).collect();
        dialog.say(&screens::in_groups(&groups.join(", ")), Role::Text, ascii);
    }
    if contact.here.hidden {
        dialog.say(screens::HIDDEN_HERE, Role::Text, ascii);
    }
    dialog.say(subscription(contact.item.subscription, contact.item.pending), Role::Dim, ascii);
    dialog
}

fn state_words(model: &Model, key: &ConversationKey, sign: Sign) -> String {
    let word = sign.word();
    match facts::since(model, key) {
        Some(since) if matches!(sign, Sign::Away | Sign::Gone | Sign::Offline) => {
            screens::state_since(word, &words::since(since, model.now.wall, &model.options))
        }
        _ => word.to_owned(),
    }
}

fn subscription(state: Subscription, pending: bool) -> &'static str {
    match state {
        Subscription::Both => screens::SEE_EACH_OTHER,
        Subscription::To => screens::YOU_SEE_THEM,
        Subscription::From if pending => screens::THEY_SEE_YOU_WAITING,
        Subscription::From => screens::THEY_SEE_YOU,
        Subscription::None | Subscription::Removed if pending => screens::NOBODY_SEES_WAITING,
        Subscription::None | Subscription::Removed => screens::NOBODY_SEES,
    }
}

fn sign_out(model: &Model, question: &SignOutBox, width: u16) -> Dialog {
    let SignOutBox { account, forget, everywhere, selected, kept, pending } = question;
    let found = facts::account(model, account);
    let address = found.map_or_else(|| account.to_string(), facts::own_address);
    let domain = found.map_or("", |account: &Account| account.setup.domain.as_str());
    let ascii = model.options.ascii;
    let mut dialog = Dialog {
        title: screens::sign_out_title(&address),
        foot: screens::SIGN_OUT_FOOT.into(),
        width,
        ..Dialog::default()
    };
    let by_password = found.is_some_and(|account| account.setup.credential == Some(CredentialKind::Password));
    dialog.say(&screens::sign_out_means(domain, by_password), Role::Text, ascii);
    dialog.blank();
    let rows = [(screens::forget_messages(*kept), *forget), (screens::SIGN_OUT_EVERYWHERE.to_owned(), *everywhere)];
    for (row, (words, ticked)) in rows.into_iter().enumerate() {
        let tick = if ticked { "[x]" } else { "[ ]" };
        let pieces = vec![Piece::new(format!("{tick} {words}"), Role::Text)];
        dialog.lines.push(Line::choice(row, row == *selected, pieces));
    }
    if *pending > 0 {
        dialog.blank();
        dialog.say(&screens::would_be_lost(*pending), Role::Warn, ascii);
    }
    dialog
}

/// The first lines and the last one of what would be sent.
fn paste(model: &Model, lines: usize, width: u16) -> Dialog {
    let mut dialog = Dialog { title: screens::send_lines(lines), foot: String::new(), width, ..Dialog::default() };
    let text = model.open.as_ref().and_then(|key| model.talks.get(key)).map_or("", |talk| talk.composer.text());
    let shown = |line: &str| Line::new(crate::ui::text::without_tabs(line).into_owned(), Role::Code);
    let all: Vec<&str> = text.lines().collect();
    match all.as_slice() {
        [first, second, middle @ .., last] if !middle.is_empty() => {
            dialog.lines.push(shown(first));
            dialog.lines.push(shown(second));
            dialog.lines.push(Line::new(screens::more_lines(middle.len()), Role::Dim));
            dialog.lines.push(shown(last));
        }
        few => dialog.lines.extend(few.iter().map(|line| shown(line))),
    }
    dialog.blank();
    dialog.lines.extend(screens::PASTE_KEYS.map(|keys| Line::new(keys, Role::Hint)));
    dialog
}

/// A question in words: title, what it means, keys.
fn question(model: &Model, words: &screens::Question, width: u16) -> Dialog {
    let mut dialog = Dialog { title: words.title.into(), foot: words.foot.into(), width, ..Dialog::default() };
    for (at, paragraph) in words.says.iter().enumerate() {
        if at > 0 {
            dialog.blank();
        }
        dialog.say(paragraph, Role::Text, model.options.ascii);
    }
    dialog
}

fn quit(model: &Model, pending: usize, width: u16) -> Dialog {
    let mut dialog = question(model, &screens::QUIT, width);
    dialog.lines.clear();
    // What leaves no trace on disk, or is not on it because it refuses, cannot go out later.
    let ephemeral = model.accounts.iter().any(|account| account.setup.ephemeral && !account.outbox.is_empty());
    let kept = !ephemeral && !model.is_unsent_unkept();
    let words = if kept { screens::not_sent_yet(pending) } else { screens::would_be_lost(pending) };
    dialog.say(&words, if kept { Role::Text } else { Role::Warn }, model.options.ascii);
    dialog
}

/// A problem: what, why, next, and its code on the lower edge. `keys`: what works in this place; empty: what the
/// words say.
pub fn trouble(model: &Model, title: &str, problem: &Problem, keys: &[String], width: u16) -> Dialog {
    let said = words::problem(problem);
    let title = if title.is_empty() { screens::TROUBLE } else { title };
    let mut dialog = Dialog { title: title.into(), foot: said.code.into(), width, ..Dialog::default() };
    let inside = width.saturating_sub(4);
    hanging(&mut dialog, "✗ ", &said.what, Role::Error, inside, model.options.ascii);
    dialog.blank();
    if let Some(why) = &said.why {
        hanging(&mut dialog, screens::WHY, why, Role::Text, inside, model.options.ascii);
    }
    let next = if keys.is_empty() { said.next.as_slice() } else { keys };
    for (at, step) in next.iter().enumerate() {
        let label = if at == 0 { screens::NEXT } else { screens::NEXT_BLANK };
        hanging(&mut dialog, label, step, Role::Text, inside, model.options.ascii);
    }
    dialog
}

/// Words behind a label; their later lines stand under the first.
pub(super) fn hanging(dialog: &mut Dialog, label: &str, words: &str, role: Role, inside: u16, ascii: bool) {
    let theme = Theme { ascii, mono: true };
    let indent = crate::ui::text::width(label);
    let said = theme.say(words).into_owned();
    for (at, row) in crate::ui::text::wrap(&said, &[], role, inside.saturating_sub(indent)).into_iter().enumerate() {
        let lead = if at == 0 { label.to_owned() } else { " ".repeat(usize::from(indent)) };
        let role = if label.trim().is_empty() || at > 0 { Role::Text } else { Role::Dim };
        let mut pieces = vec![Piece::new(lead, if label.starts_with('✗') { Role::Error } else { role })];
        pieces.extend(row.pieces);
        dialog.lines.push(Line::of(pieces));
    }
}

fn add(model: &Model, account: &AccountId, address: &Composer, complaint: Option<&Problem>, width: u16) -> Dialog {
    let mut dialog =
        Dialog { title: screens::ADD_TITLE.into(), foot: screens::ADD_FOOT.into(), width, ..Dialog::default() };
    let ascii = model.options.ascii;
    let look_up = facts::account(model, account).is_some_and(|account| account.features.look_up);
    dialog.say(if look_up { screens::ADD_BY_MAIL } else { screens::ADD_BY_ADDRESS }, Role::Text, ascii);
    dialog.field("> ", address, "", true);
    if let Some(problem) = complaint {
        let said = words::problem(problem);
        dialog.blank();
        dialog.say(&format!("✗ {}", said.what), Role::Error, ascii);
        if let Some(why) = said.why {
            dialog.say(&why, Role::Text, ascii);
        }
    }
    if model.accounts.len() > 1 {
        dialog.say(&screens::for_account(account.as_str()), Role::Dim, ascii);
    }
    dialog
}
