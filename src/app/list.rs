//! The rows of the buddy list: what the eye draws and the keys walk.

use super::likeness;
use super::model::{Account, Contact, ConversationKey, Held, Model};
use crate::types::{AccountId, BareJid, Line, Stamp};
use crate::xmpp::{Show, Subscription};
use std::collections::{BTreeMap, BTreeSet};

/// `Row::Group::id` of the fold at the end.
pub const OFFLINE: &str = "(offline)";
/// `Row::Group::id` of who asks to be a buddy.
pub const REQUESTS: &str = "(requests)";
/// `Row::Group::id` of buddies without a group.
pub const UNGROUPED: &str = "(buddies)";
/// The group that stands first, by the name that people give it.
const FAVOURITES: &str = "Favourites";
/// The place of those without a group: after the named ones.
const LAST: (u8, String) = (2, String::new());
/// Stands in the store for "nothing is folded", which differs from "nothing is known".
const NOTHING_FOLDED: &str = "(none)";

/// One row, top to bottom.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the nouns of what their variant says")]
pub enum Row {
    /// Header of an account; only when there are two or more.
    Account { account: AccountId, name: String, online: bool, folded: bool },
    /// Header of a group. `id` names it in `ListState::folded`.
    Group { id: String, name: String, kind: GroupKind, online: usize, total: usize, folded: bool, unread: u32 },
    /// Somebody asks to be a buddy.
    Request { account: AccountId, from: BareJid, name: String },
    /// A buddy (or a stranger with whom there is a talk).
    Buddy(BuddyRow),
}

/// The group headers with a place of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupKind {
    /// On top.
    Requests,
    /// A group from the roster.
    Named,
    /// Buddies without a group, and strangers.
    Ungrouped,
    /// At the end.
    Offline,
}

/// A buddy's row, ready to be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuddyRow {
    /// The talk that Enter opens.
    pub key: ConversationKey,
    /// Name shown.
    pub name: String,
    /// State; `None`: not known yet (connecting).
    pub show: Option<Show>,
    /// Personal message.
    pub status: Option<Line>,
    /// Since when, for Away.
    pub since: Option<Stamp>,
    /// Unread messages.
    pub unread: u32,
    /// Types now.
    pub typing: bool,
    /// A draft waits.
    pub draft: bool,
    /// We asked to be buddies and wait.
    pub waiting: bool,
}

/// The rows: held still while the list has the focus, else as things stand.
pub fn rows(model: &Model) -> Vec<Row> {
    match &model.list.held {
        Some(held) if held.filter == model.list.filter && held.folded == model.list.folded => {
            let mut rows: Vec<Row> = held.rows.iter().map(|row| refreshed(model, row)).collect();
            tell_unread(&mut rows, &arranged(model));
            rows
        }
        _ => arranged(model),
    }
}

/// In a list that is held still the headers of groups say what is unread as things stand: its row may be folded away.
fn tell_unread(rows: &mut [Row], now: &[Row]) {
    let (mut facts, mut of) = (BTreeMap::new(), None);
    for row in now {
        match row {
            Row::Account { account, .. } => of = Some(account),
            Row::Group { id, unread, .. } => drop(facts.insert((of, id), *unread)),
            Row::Request { .. } | Row::Buddy(_) => {}
        }
    }
    let mut of = None;
    for row in rows {
        match row {
            Row::Account { account, .. } => of = now.iter().find_map(|row| same_account(row, account)),
            Row::Group { id, unread, .. } => *unread = facts.get(&(of, &*id)).copied().unwrap_or_default(),
            Row::Request { .. } | Row::Buddy(_) => {}
        }
    }
}

fn same_account<'r>(row: &'r Row, account: &AccountId) -> Option<&'r AccountId> {
    if let Row::Account { account: own, .. } = row { Some(own).filter(|own| *own == account) } else { None }
}

/// The rows in order, made anew.
fn arranged(model: &Model) -> Vec<Row> {
    let several = model.accounts.len() > 1;
    // Looked up once for each row: a search in the list itself would take seconds with 20,000 buddies.
    let frozen = model.list.frozen.iter().flatten().enumerate().map(|(place, key)| (key, place)).collect();
    let mut rows = Vec::new();
    for account in &model.accounts {
        let id = account_fold(&account.setup.id);
        let folded = several && model.list.folded.contains(&id) && model.list.filter.is_empty();
        if several {
            let name = own_name(account);
            rows.push(Row::Account { account: account.setup.id.clone(), name, online: account.online(), folded });
        }
        account_rows(model, account, folded, &frozen, &mut rows);
    }
    rows
}

/// How a fold of a whole account is named in `ListState::folded`.
pub fn account_fold(account: &AccountId) -> String {
    format!("(account) {account}")
}

/// The folds as they are kept.
pub fn kept_folds(folded: &BTreeSet<String>) -> Vec<String> {
    if folded.is_empty() { vec![NOTHING_FOLDED.to_owned()] } else { folded.iter().cloned().collect() }
}

/// The folds that were kept; nothing kept: the last group is folded.
pub fn folds_from(kept: &[String]) -> BTreeSet<String> {
    if kept.is_empty() {
        return BTreeSet::from([OFFLINE.to_owned()]);
    }
    kept.iter().filter(|id| *id != NOTHING_FOLDED).cloned().collect()
}

fn own_name(account: &Account) -> String {
    if account.setup.name.is_empty() { account.setup.id.to_string() } else { account.setup.name.clone() }
}

/// A group as it is being filled.
#[derive(Default)]
struct Members {
    rows: Vec<BuddyRow>,
    total: usize,
    online: usize,
    unread: u32,
}

/// The places that rows had when the list was given the focus.
type Frozen<'a> = BTreeMap<&'a ConversationKey, usize>;

fn account_rows(model: &Model, account: &Account, folded: bool, frozen: &Frozen<'_>, rows: &mut Vec<Row>) {
    request_rows(model, account, folded, rows);
    let mut groups: BTreeMap<(u8, String), Members> = BTreeMap::new();
    let mut offline = Members::default();
    for contact in account.roster.values() {
        let row = buddy_row(model, account, contact);
        if !fits(model, &row) || is_hidden(model, contact, &row) {
            continue;
        }
        let away = !contact.present() && !lifted(&row) && !awaited(model, account, &row);
        if away {
            offline.total += 1;
            offline.rows.push(row.clone());
        }
        for place in places(contact) {
            let members = groups.entry(place).or_default();
            members.total += 1;
            members.online += usize::from(contact.present());
            members.unread = members.unread.saturating_add(row.unread);
            if !away {
                members.rows.push(row.clone());
            }
        }
    }
    let strangers = strangers(model, account);
    if !strangers.is_empty() {
        let members = groups.entry(LAST).or_default();
        members.total += strangers.len();
        members.unread = strangers.iter().fold(members.unread, |sum, row| sum.saturating_add(row.unread));
        members.rows.extend(strangers);
    }
    for ((rank, name), members) in groups {
        let kind = if rank == LAST.0 { GroupKind::Ungrouped } else { GroupKind::Named };
        let (id, name) =
            if rank == LAST.0 { (UNGROUPED.to_owned(), "Buddies".to_owned()) } else { (name.clone(), name) };
        group_rows(model, frozen, (id, name, kind), members, folded, rows);
    }
    if offline.total > 0 && !model.options.hide_offline {
        let header = (OFFLINE.to_owned(), "Offline".to_owned(), GroupKind::Offline);
        group_rows(model, frozen, header, offline, folded, rows);
    }
}

fn request_rows(model: &Model, account: &Account, folded: bool, rows: &mut Vec<Row>) {
    let asking: Vec<Row> = account
        .requests
        .iter()
        .map(|request| {
            let name = model.chosen_name(&account.setup.id, &request.from, request.nick.as_ref());
            Row::Request { account: account.setup.id.clone(), from: request.from.clone(), name }
        })
        .filter(|row| matches!(row, Row::Request { name, .. } if matches(&model.list.filter, name)))
        .collect();
    if asking.is_empty() || folded {
        return;
    }
    let (id, kind, total) = (REQUESTS.to_owned(), GroupKind::Requests, asking.len());
    let folded = model.list.folded.contains(REQUESTS) && model.list.filter.is_empty();
    rows.push(Row::Group { id, name: "Requests".to_owned(), kind, online: total, total, folded, unread: 0 });
    if !folded {
        rows.extend(asking);
    }
}

/// A header and its members. What is folded away still shows who has something unread.
fn group_rows(
    model: &Model,
    frozen: &Frozen<'_>,
    (id, name, kind): (String, String, GroupKind),
    mut members: Members,
    hidden: bool,
    rows: &mut Vec<Row>,
) {
    members.rows.sort_by_cached_key(|row| order(model, frozen, row));
    let folded = model.list.folded.contains(&id) && model.list.filter.is_empty();
    let Members { rows: buddies, total, online, unread } = members;
    if !hidden {
        rows.push(Row::Group { id, name, kind, online, total, folded, unread });
    }
    rows.extend(buddies.into_iter().filter(|row| !(folded || hidden) || row.unread > 0).map(Row::Buddy));
}

/// By state, then by name. While the list has the focus the old order goes first.
fn order(model: &Model, frozen: &Frozen<'_>, row: &BuddyRow) -> (usize, u8, String, ConversationKey) {
    let frozen = frozen.get(&row.key).copied();
    let sorted = model.contact(&row.key).and_then(|contact| contact.sorted_as).map(|(show, _)| show);
    let name = row.name.trim_start_matches(likeness::QUOTE).to_lowercase();
    (frozen.unwrap_or(usize::MAX), rank(sorted.or(row.show)), name, row.key.clone())
}

fn rank(show: Option<Show>) -> u8 {
    match show {
        Some(Show::Available) => 0,
        Some(Show::Busy) => 1,
        Some(Show::Away) => 2,
        Some(Show::Gone) => 3,
        Some(Show::Offline) | None => 4,
    }
}

/// The groups of a buddy, Favourites first, those without one last.
fn places(contact: &Contact) -> Vec<(u8, String)> {
    let groups = contact.groups().iter().filter(|group| !group.is_empty());
    let named: BTreeSet<(u8, String)> =
        groups.map(|group| (u8::from(group.as_str() != FAVOURITES), group.to_string())).collect();
    if named.is_empty() { vec![LAST] } else { named.into_iter().collect() }
}

/// People who are no buddies and have something unread, a tab or a draft.
fn strangers(model: &Model, account: &Account) -> Vec<BuddyRow> {
    let talks = model.talks.values().filter(|talk| talk.key.account == account.setup.id);
    talks
        .filter(|talk| !account.roster.contains_key(&talk.key.peer))
        .filter(|talk| talk.unread > 0 || talk.has_draft() || model.tabs.contains(&talk.key))
        .map(|talk| stranger_row(model, talk.key.clone()))
        .filter(|row| fits(model, row))
        .collect()
}

fn stranger_row(model: &Model, key: ConversationKey) -> BuddyRow {
    BuddyRow {
        name: model.name_of(&key),
        show: None,
        status: None,
        since: None,
        unread: model.unread(&key),
        typing: false,
        draft: model.talks.get(&key).is_some_and(super::model::Conversation::has_draft),
        waiting: false,
        key,
    }
}

fn buddy_row(model: &Model, account: &Account, contact: &Contact) -> BuddyRow {
    let key = ConversationKey::direct(account.setup.id.clone(), contact.item.jid.clone());
    let waiting = contact.item.pending && matches!(contact.item.subscription, Subscription::None | Subscription::From);
    BuddyRow {
        name: model.name_of(&key),
        show: contact.show(),
        status: model.status_of(&key).cloned(),
        since: contact.since,
        unread: model.unread(&key),
        typing: model.is_typing(&key),
        draft: model.talks.get(&key).is_some_and(super::model::Conversation::has_draft),
        waiting,
        key,
    }
}

/// A row of the held list with today's facts; its place is kept even if the buddy is gone.
fn refreshed(model: &Model, row: &Row) -> Row {
    let mut row = row.clone();
    match &mut row {
        Row::Buddy(buddy) => {
            let account = model.account(&buddy.key.account);
            let contact = account.and_then(|account| account.roster.get(&buddy.key.peer));
            *buddy = match (account, contact) {
                (Some(account), Some(contact)) => buddy_row(model, account, contact),
                _ => BuddyRow { name: buddy.name.clone(), ..stranger_row(model, buddy.key.clone()) },
            };
        }
        Row::Account { account, online, .. } => *online = model.account(account).is_some_and(Account::online),
        // What is unread in groups is told behind this.
        Row::Group { .. } | Row::Request { .. } => {}
    }
    row
}

/// Nobody knows yet whether they are there: names need not wait for that. Once all was known, a lost connection takes
/// nobody out of the fold.
fn awaited(model: &Model, account: &Account, row: &BuddyRow) -> bool {
    row.show.is_none() && !account.settled && !model.options.hide_offline
}

/// The person wants them out of sight here: until something of theirs waits, or somebody looks for them.
fn is_hidden(model: &Model, contact: &Contact, row: &BuddyRow) -> bool {
    contact.here.hidden && model.list.filter.is_empty() && row.unread == 0 && !row.draft
}

/// Somebody offline who is shown among the others all the same.
fn lifted(row: &BuddyRow) -> bool {
    row.unread > 0 || row.draft || row.typing || row.waiting
}

fn fits(model: &Model, row: &BuddyRow) -> bool {
    matches(&model.list.filter, &row.name) || matches(&model.list.filter, row.key.peer.as_str())
}

fn matches(filter: &str, text: &str) -> bool {
    filter.is_empty() || text.to_lowercase().contains(&filter.to_lowercase())
}

/// Keeps the rows where they are while the list has the focus, and lets them go afterwards. `selected` is what was
/// selected before: if the list was only just given the focus, the open talk is.
pub(super) fn hold(model: &mut Model, focused: bool, selected: usize) {
    if !focused {
        model.list.held = None;
        model.list.frozen = None;
        return;
    }
    let held = model.list.held.as_ref();
    if held.is_some_and(|held| held.filter == model.list.filter && held.folded == model.list.folded) {
        return;
    }
    let rows = arranged(model);
    if model.list.frozen.is_none() {
        let key = |row: &Row| if let Row::Buddy(buddy) = row { Some(buddy.key.clone()) } else { None };
        model.list.frozen = Some(rows.iter().filter_map(key).collect());
        let open = model.open.as_ref().and_then(|open| rows.iter().position(|row| key(row).as_ref() == Some(open)));
        if model.list.selected == selected {
            model.list.selected = open.unwrap_or(selected);
        }
    }
    model.list.selected = model.list.selected.min(rows.len().saturating_sub(1));
    model.list.held = Some(Held { rows, filter: model.list.filter.clone(), folded: model.list.folded.clone() });
}
