//! What the switcher, the palette and the help show for a filter.

use super::action::Action;
use super::model::{ConversationKey, Model, Picker};
use crate::xmpp::Show;

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

/// Rows of Ctrl+K.
pub fn go_to(_model: &Model, _picker: &Picker) -> Vec<GoToRow> {
    Vec::new()
}

/// Rows of the palette.
pub fn palette(_model: &Model, _picker: &Picker) -> Vec<ActionRow> {
    Vec::new()
}

/// Rows of the help; `all`: every place.
pub fn help(_model: &Model, _filter: &str, _all: bool) -> Vec<ActionRow> {
    Vec::new()
}
