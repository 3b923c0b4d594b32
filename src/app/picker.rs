//! What the switcher, the palette and the help show for a filter.
//!
//! The switcher matches loosely (letters in order, accents and case folded); the palette and the help by
//! beginnings and words first, because a command that runs by a loose guess is a trap.

use super::action::{self, Action, Place, SECTIONS};
use super::keymap;
use super::likeness;
use super::model::{ConversationKey, Model, Picker, Screen};
use super::update::key;
use super::words;
use crate::types::BareJid;
use crate::xmpp::Show;
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// A row of Ctrl+K.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields are the nouns of what their variant says")]
pub enum GoToRow {
    /// A buddy.
    Buddy { key: ConversationKey, name: String, show: Option<Show>, detail: String, unread: u32, typing: bool },
    /// A command.
    Command(&'static Action),
    /// Add what was typed as a new buddy.
    Add { address: String },
}

/// A row of the palette or of the help.
#[derive(Clone, Debug)]
pub struct ActionRow {
    /// Which.
    pub action: &'static Action,
    /// Its key here, such as `Ctrl+K`; empty: none.
    pub key: String,
    /// Why it cannot be done now.
    pub unavailable: Option<&'static str>,
}

/// Rows that a picker holds at most; more are found by typing.
const MOST: usize = 50;
/// Points for the newest talk; each older one has less.
const RECENT: u32 = 24;

/// Rows of Ctrl+K: buddies, then commands, then "add". Nothing typed: unread first, then last used.
pub fn go_to(model: &Model, picker: &Picker) -> Vec<GoToRow> {
    let typed = picker.filter.text().trim();
    let mut buddies = peers(model);
    if typed.is_empty() {
        buddies.sort_by_cached_key(|key| {
            (unread(model, key) == 0, age(picker, key), show_rank(model, key), name(model, key))
        });
        return buddies.into_iter().take(MOST).map(|key| buddy_row(model, key)).collect();
    }
    let mut matcher = Loose::new(typed);
    let mut scored: Vec<(u32, ConversationKey)> = buddies
        .into_iter()
        .filter_map(|key| {
            let score = matcher.score(&haystacks(model, &key))?;
            let recent = RECENT.saturating_sub(u32::try_from(age(picker, &key)).unwrap_or(RECENT).saturating_mul(4));
            Some((score + recent, key))
        })
        .collect();
    scored.sort_by_cached_key(|(score, key)| (Reverse(*score), show_rank(model, key), name(model, key)));
    let mut rows: Vec<GoToRow> = scored.into_iter().take(MOST).map(|(_, key)| buddy_row(model, key)).collect();
    let commands = action::all().iter().filter(|action| !action.slash.is_empty() && begins(action, typed));
    rows.extend(commands.take(10).map(GoToRow::Command));
    if could_be_added(model, typed) {
        rows.push(GoToRow::Add { address: typed.to_owned() });
    }
    rows
}

/// Rows of the palette.
pub fn palette(model: &Model, picker: &Picker) -> Vec<ActionRow> {
    let typed = picker.filter.text().trim_start();
    let word = typed.split(' ').next().unwrap_or_default();
    let mut matcher = Loose::new(word);
    let mut ranked: Vec<(u32, usize, &'static Action)> = action::all()
        .iter()
        .filter(|action| in_palette(action, word))
        .filter_map(|action| {
            let rank = rank(action, word, &mut matcher)?;
            Some((rank, palette_section(action), action))
        })
        .filter(|(_, _, action)| word.len() == typed.len() || action.slash.contains(&word))
        .collect();
    ranked.sort_by_key(|(rank, section, _)| (*rank, *section));
    ranked.into_iter().map(|(_, _, action)| row(model, action)).collect()
}

/// Rows of the help; `all`: every place.
pub fn help(model: &Model, filter: &str, all: bool) -> Vec<ActionRow> {
    // The welcome and the sign-in screens have neither box nor list, nor use for what needs them.
    let main = matches!(model.screen, Screen::Main);
    let here = if main { key::place(model) } else { Place::Global };
    let filter = filter.trim();
    let lower = filter.trim_start_matches('/').to_lowercase();
    let wanted = keymap::parse(filter).filter(|_| filter.chars().count() > 1).map(keymap::label);
    let mut rows: Vec<ActionRow> = action::all()
        .iter()
        .filter(|action| all || action.place == Place::Global || action.place == here)
        .filter(|action| !is_numbered(action) || action.id == "talk-1")
        .map(|action| row(model, action))
        .filter(|row| all || main || row.unavailable.is_none())
        .filter(|row| {
            let action = row.action;
            let by_key = wanted.as_ref().is_some_and(|wanted| labels(model, action).any(|label| label == *wanted));
            let by_name = action.slash.iter().chain([&action.id]).any(|name| name.starts_with(&lower));
            lower.is_empty() || by_key || by_name || action.title.to_lowercase().contains(&lower)
        })
        .collect();
    rows.sort_by_key(|row| SECTIONS.iter().position(|section| *section == row.action.section));
    rows
}

/// True when what was typed begins a name of this action: safe to run with Enter.
pub fn begins_name(action: &Action, typed: &str) -> bool {
    let lower = typed.to_lowercase();
    !lower.is_empty() && action.slash.iter().chain([&action.id]).any(|name| name.starts_with(&lower))
}

/// True when what was typed begins a name of this action or a word of its title: worth showing.
fn begins(action: &Action, typed: &str) -> bool {
    let lower = typed.to_lowercase();
    let words = action.title.split(|c: char| !c.is_alphanumeric());
    let title = words.filter(|word| word.chars().count() > 3).any(|word| word.to_lowercase().starts_with(&lower));
    begins_name(action, typed) || (title && !lower.is_empty())
}

/// Whether a row belongs into the palette: not what only makes sense as a key, and the nine tabs only by number.
fn in_palette(action: &Action, word: &str) -> bool {
    let useful = !action.slash.is_empty() || (action.place == Place::Global && !action.keys.is_empty());
    let only_keys = ["palette", "back", "interrupt", "focus-next", "focus-prev"];
    let numbered = is_numbered(action) && !word.starts_with(|c: char| c.is_ascii_digit());
    useful && !only_keys.contains(&action.id) && !numbered
}

fn is_numbered(action: &Action) -> bool {
    action.id.strip_prefix("talk-").is_some_and(|number| number.parse::<u8>().is_ok())
}

/// Lower is better: exact name, beginning of a name, beginning of a word, then loosely.
fn rank(action: &Action, word: &str, matcher: &mut Loose) -> Option<u32> {
    let lower = word.to_lowercase();
    let names = || action.slash.iter().copied().chain([action.id]);
    if lower.is_empty() {
        return Some(0);
    }
    if names().any(|name| name == lower) {
        return Some(0);
    }
    if action.slash.first().is_some_and(|name| name.starts_with(&lower)) {
        return Some(1);
    }
    if names().any(|name| name.starts_with(&lower)) {
        return Some(2);
    }
    if begins(action, word) {
        return Some(3);
    }
    let loose = names().map(str::to_owned).chain([action.title.to_owned()]).collect::<Vec<_>>();
    matcher.score(&loose).map(|score| 10_000_u32.saturating_sub(score).max(4))
}

/// The palette shows the places and the people first: nobody looks there for an arrow key.
fn palette_section(action: &Action) -> usize {
    let order = ["Going places", "Buddies", "You", "Messages", "Writing", "Accounts", "Program"];
    order.iter().position(|section| *section == action.section).unwrap_or(order.len())
}

fn row(model: &Model, action: &'static Action) -> ActionRow {
    let key = if action.id == "talk-1" {
        labels(model, action).next().map(|label| format!("{label}…9"))
    } else {
        labels(model, action).next()
    };
    ActionRow { action, key: key.unwrap_or_default(), unavailable: (action.unavailable)(model) }
}

fn labels<'a>(model: &'a Model, action: &'a Action) -> impl Iterator<Item = String> + 'a {
    keymap::keys_of(&model.options, action).into_iter().map(keymap::label)
}

/// Everybody who can be gone to: buddies, and strangers with whom there is a talk.
fn peers(model: &Model) -> Vec<ConversationKey> {
    let buddies = model.accounts.iter().flat_map(|account| {
        let id = &account.setup.id;
        account.roster.keys().map(move |peer| ConversationKey::direct(id.clone(), peer.clone()))
    });
    let all: BTreeSet<ConversationKey> = buddies.chain(model.talks.keys().cloned()).collect();
    all.into_iter().collect()
}

fn unread(model: &Model, key: &ConversationKey) -> u32 {
    model.talks.get(key).map_or(0, |talk| talk.unread)
}

/// Place in the order of last use; far behind when never used.
fn age(picker: &Picker, key: &ConversationKey) -> usize {
    picker.recent.iter().position(|recent| recent == key).unwrap_or(usize::MAX)
}

fn name(model: &Model, key: &ConversationKey) -> String {
    model.name_of(key).trim_start_matches(likeness::QUOTE).to_lowercase()
}

fn show_rank(model: &Model, key: &ConversationKey) -> (bool, Option<Show>) {
    let show = model.show_of(key);
    (show.is_none(), show)
}

/// What a buddy is found by: name, nick, address, groups.
fn haystacks(model: &Model, key: &ConversationKey) -> Vec<String> {
    let mut all = vec![model.name_of(key), key.peer.as_str().to_owned()];
    let contact = model.accounts.iter().find(|account| account.setup.id == key.account);
    if let Some(contact) = contact.and_then(|account| account.roster.get(&key.peer)) {
        all.extend(contact.nick.iter().map(|nick| nick.as_str().to_owned()));
        all.extend(contact.groups().iter().map(|group| group.as_str().to_owned()));
    }
    all
}

fn buddy_row(model: &Model, key: ConversationKey) -> GoToRow {
    let show = model.show_of(&key);
    let typing = model.is_typing(&key);
    let account = model.accounts.iter().find(|account| account.setup.id == key.account);
    let contact = account.and_then(|account| account.roster.get(&key.peer));
    let name = model.name_of(&key);
    let mut detail: Vec<String> = Vec::new();
    detail.extend(contact.and_then(|contact| contact.groups().first()).map(|group| group.as_str().to_owned()));
    if contact.is_some_and(|contact| contact.here.hidden) {
        detail.push(words::HIDDEN.to_owned());
    }
    if typing {
        detail.push(words::TYPING.to_owned());
    } else if let Some(show) = show {
        let since = contact.and_then(|contact| contact.since).filter(|_| show != Show::Available);
        detail.push(words::show_since(show, since, model.now.wall, &model.options));
    }
    if model.accounts.len() > 1 && collides(model, &key, &name) {
        detail.push(key.account.as_str().to_owned());
    }
    GoToRow::Buddy { name, show, detail: detail.join(" · "), unread: unread(model, &key), typing, key }
}

/// Another account has a buddy of the same name.
fn collides(model: &Model, key: &ConversationKey, name: &str) -> bool {
    let others = model.accounts.iter().filter(|account| account.setup.id != key.account);
    others
        .flat_map(|account| account.roster.keys().map(move |peer| (&account.setup.id, peer)))
        .any(|(account, peer)| model.name_of_peer(account, peer) == *name)
}

/// What was typed may be somebody new: an address, or at least one word.
fn could_be_added(model: &Model, typed: &str) -> bool {
    let known = BareJid::parse(typed).is_ok_and(|jid| model.accounts.iter().any(|a| a.roster.contains_key(&jid)));
    !model.accounts.is_empty() && !known && !typed.contains(char::is_whitespace)
}

/// Loose matching: letters in order, case and accents folded.
struct Loose {
    pattern: Pattern,
    matcher: Matcher,
    buffer: Vec<char>,
}

impl Loose {
    fn new(typed: &str) -> Self {
        use nucleo_matcher::pattern::AtomKind;
        let pattern = Pattern::new(typed, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy);
        let mut config = Config::DEFAULT;
        config.prefer_prefix = true;
        Self { pattern, matcher: Matcher::new(config), buffer: Vec::new() }
    }

    /// The best score of several texts; `None`: none fits.
    fn score(&mut self, texts: &[String]) -> Option<u32> {
        texts
            .iter()
            .filter_map(|text| {
                self.buffer.clear();
                self.pattern.score(Utf32Str::new(text, &mut self.buffer), &mut self.matcher)
            })
            .max()
    }
}
