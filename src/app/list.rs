//! The rows of the buddy list: what the eye draws and the keys walk.

use super::model::{ConversationKey, Model};
use crate::types::{AccountId, BareJid, Line, Stamp};
use crate::xmpp::Show;

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

/// The rows as they stand.
pub fn rows(_model: &Model) -> Vec<Row> {
    Vec::new()
}
