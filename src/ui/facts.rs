//! What the panes ask the model, in the words of the screen.

use super::theme::Sign;
use crate::app::event::LinkState;
use crate::app::model::{Account, Contact, ConversationKey, Model};
use crate::app::words::screens as words;
use crate::app::{Show, Subscription};
use crate::types::{AccountId, Line, Stamp};
use std::time::Duration;

/// Longest name shown, in cells.
const NAME_CELLS: u16 = 40;

/// An account.
pub fn account<'m>(model: &'m Model, id: &AccountId) -> Option<&'m Account> {
    model.account(id)
}

/// A buddy; `None` for a stranger.
pub fn contact<'m>(model: &'m Model, key: &ConversationKey) -> Option<&'m Contact> {
    model.contact(key)
}

/// The name of the other side, no longer than a name may be.
pub fn name(model: &Model, key: &ConversationKey) -> String {
    super::text::fit(&model.name_of(key), NAME_CELLS, "…")
}

/// Their state; `None`: not known now.
pub fn show(model: &Model, key: &ConversationKey) -> Option<Show> {
    model.show_of(key)
}

/// The sign of the other side. Who is no buddy, or has not said yes yet, is a question.
pub fn sign(model: &Model, key: &ConversationKey) -> Sign {
    let waiting = contact(model, key).is_none_or(|contact| {
        contact.item.pending && !matches!(contact.item.subscription, Subscription::To | Subscription::Both)
    });
    if waiting { Sign::Request } else { Sign::of(show(model, key)) }
}

/// Their personal message.
pub fn status<'m>(model: &'m Model, key: &ConversationKey) -> Option<&'m Line> {
    model.status_of(key).filter(|line| !line.is_empty())
}

/// Since when their state holds.
pub fn since(model: &Model, key: &ConversationKey) -> Option<Stamp> {
    contact(model, key)?.since
}

/// They type now.
pub fn is_typing(model: &Model, key: &ConversationKey) -> bool {
    model.is_typing(key)
}

/// Our own address: the one that the server gave, else the one that was typed. The one that a Messenger-style service
/// gives says nothing to anybody (ux 1.5): there the typed one stays.
pub fn own_address(account: &Account) -> String {
    let opaque = account.features.messenger || account.setup.profile == "messenger";
    match &account.jid {
        Some(jid) if !opaque && jid.bare().local().is_some() => jid.bare().to_string(),
        _ => account.setup.id.to_string(),
    }
}

/// Our own name: as configured, else as the service has it, else what stands before the `@`.
pub fn own_name(account: &Account) -> String {
    let told = account.told_name.as_ref().map_or("", Line::as_str);
    let named = if account.setup.name.is_empty() { told } else { &account.setup.name };
    if !named.is_empty() {
        return super::text::fit(named, NAME_CELLS, "…");
    }
    let address = own_address(account);
    address.split('@').next().unwrap_or(&address).to_owned()
}

/// How we appear, as it really is: what we wish counts only while the link stands.
pub fn own_sign(account: &Account) -> (Sign, &'static str) {
    match &account.link {
        LinkState::Idle => (Sign::Offline, words::SIGNED_OUT),
        LinkState::Connecting(_) => (Sign::Unknown, words::CONNECTING),
        LinkState::Offline { .. } => (Sign::Offline, words::OFFLINE),
        LinkState::Online => own_wish(account.appearance.show),
    }
}

/// A wished state.
pub fn own_wish(show: Show) -> (Sign, &'static str) {
    match show {
        Show::Offline => (Sign::Hidden, words::APPEAR_OFFLINE),
        other => (Sign::of(Some(other)), crate::app::words::own_show(other)),
    }
}

/// The account that the bars speak of: the open talk's, else the first.
pub fn main_account(model: &Model) -> Option<&Account> {
    model.open.as_ref().and_then(|key| account(model, &key.account)).or_else(|| model.accounts.first())
}

/// Talks elsewhere with something unread.
pub fn elsewhere(model: &Model) -> usize {
    model.talks.iter().filter(|(key, talk)| talk.unread > 0 && Some(*key) != model.open.as_ref()).count()
}

/// What a buddy's second line says: the personal message, else since when they are away.
pub fn detail(show: Option<Show>, status: Option<&Line>, since: Option<Stamp>, model: &Model) -> Option<String> {
    if let Some(line) = status.filter(|line| !line.is_empty()) {
        return Some(words::quoted(line.as_str()));
    }
    match (show, since) {
        (Some(Show::Away | Show::Gone), Some(since)) => {
            Some(words::away_since(&crate::app::words::since(since, model.now.wall, &model.options)))
        }
        _ => None,
    }
}

/// A span of time in words: seconds below two minutes or where they count, else minutes.
pub fn left(span: Duration) -> String {
    words::minutes_and_seconds(span)
}

/// The banner as a sentence, with so much of what can be done beside pressing keys.
pub fn banner(model: &Model, facts: usize) -> Option<String> {
    model.banner().map(|banner| words::banner(&banner, &model.options, facts))
}
