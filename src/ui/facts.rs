//! What the panes ask the model, in the words of the screen.

use super::theme::Sign;
use crate::app::event::LinkState;
use crate::app::model::{Account, Contact, ConversationKey, Model};
use crate::app::words::screens as words;
use crate::types::{AccountId, BareJid, Line, Stamp};
use crate::xmpp::{Show, Subscription};
use std::borrow::Cow;
use std::time::Duration;

/// Longest name shown, in cells.
const NAME_CELLS: u16 = 40;

/// An account.
pub fn account<'m>(model: &'m Model, id: &AccountId) -> Option<&'m Account> {
    model.accounts.iter().find(|account| account.setup.id == *id)
}

/// A buddy; `None` for a stranger.
pub fn contact<'m>(model: &'m Model, key: &ConversationKey) -> Option<&'m Contact> {
    account(model, &key.account)?.roster.get(&key.peer)
}

/// The name of the other side: the one we gave, the one they chose, else the address.
pub fn name(model: &Model, key: &ConversationKey) -> String {
    let found = contact(model, key);
    let given = found.and_then(|contact| contact.item.name.as_ref().or(contact.nick.as_ref()));
    let nick = model.talks.get(key).and_then(|talk| talk.nick.as_ref());
    match given.or(nick).map(Line::as_str).filter(|name| !name.is_empty()) {
        Some(name) => super::text::fit(name, NAME_CELLS, "…"),
        None => super::text::fit(key.peer.as_str(), NAME_CELLS, "…"),
    }
}

/// Their state; `None`: not known now.
pub fn show(model: &Model, key: &ConversationKey) -> Option<Show> {
    let contact = contact(model, key)?;
    if contact.stale {
        return None;
    }
    Some(best(contact).map_or(Show::Offline, |(_, show)| show))
}

/// The sign of the other side.
pub fn sign(model: &Model, key: &ConversationKey) -> Sign {
    let waiting = contact(model, key).is_none_or(|contact| {
        contact.item.pending && !matches!(contact.item.subscription, Subscription::To | Subscription::Both)
    });
    if waiting { Sign::Request } else { Sign::of(show(model, key)) }
}

/// The best device: Available, Busy, Away, Gone, in this order.
fn best(contact: &Contact) -> Option<(&str, Show)> {
    contact.devices.iter().map(|(name, device)| (name.as_str(), device.show)).min_by_key(|(_, show)| *show)
}

/// Their personal message.
pub fn status<'m>(model: &'m Model, key: &ConversationKey) -> Option<&'m Line> {
    let contact = contact(model, key)?;
    let device =
        best(contact).and_then(|(name, _)| contact.devices.get(name)).and_then(|device| device.status.as_ref());
    device.or(contact.status.as_ref()).filter(|line| !line.is_empty())
}

/// Since when their state holds.
pub fn since(model: &Model, key: &ConversationKey) -> Option<Stamp> {
    contact(model, key)?.since
}

/// They type now.
pub fn is_typing(model: &Model, key: &ConversationKey) -> bool {
    contact(model, key).and_then(|contact| contact.typing).is_some_and(|until| until > model.now.mono)
}

/// Our own address: the one that the server gave, else the one that was typed.
pub fn own_address(account: &Account) -> String {
    match &account.jid {
        Some(jid) if jid.bare().local().is_some() => jid.bare().to_string(),
        _ => account.setup.id.to_string(),
    }
}

/// Our own name: as configured, else what stands before the `@`.
pub fn own_name(account: &Account) -> String {
    if !account.setup.name.is_empty() {
        return super::text::fit(&account.setup.name, NAME_CELLS, "…");
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
        other => (Sign::of(Some(other)), words::state(Some(other))),
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
            Some(words::away_since(&super::clock::since(since, model.now.wall, &model.options)))
        }
        _ => None,
    }
}

/// What somebody who is no buddy yet is called in a narrow row: without the domain.
pub fn short_address(name: &str) -> Cow<'_, str> {
    match name.split_once('@') {
        Some((local, _)) if BareJid::parse(name).is_ok() => Cow::Borrowed(local),
        _ => Cow::Borrowed(name),
    }
}

/// A span of time in words: seconds below two minutes or where they count, else minutes.
pub fn left(span: Duration) -> String {
    words::minutes_and_seconds(span.as_secs() / 60, span.as_secs() % 60)
}

/// The banner as a sentence.
pub fn banner(model: &Model) -> Option<String> {
    model.banner().map(|banner| words::banner(&banner, &|stamp| super::clock::time(stamp, &model.options)))
}
