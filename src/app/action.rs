//! The one registry of actions. Key map, slash commands, palette, help, hint bar and manual are views of it.

use super::effect::Effect;
use super::model::Model;

/// What an action leaves to be done.
pub type Effects = Vec<Effect>;

/// Where an action can be meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// Everywhere.
    Global,
    /// While writing.
    Composer,
    /// While a message is selected.
    Messages,
    /// While the list has the focus.
    List,
}

/// Something a person can mean.
#[derive(Debug)]
pub struct Action {
    /// Its name, as in the config file.
    pub id: &'static str,
    /// What it does, in a few words.
    pub title: &'static str,
    /// Heading in the help.
    pub section: &'static str,
    /// Where it can be meant.
    pub place: Place,
    /// Default keys, as texts of `keymap`, such as `ctrl-k`.
    pub keys: &'static [&'static str],
    /// Slash command, without the slash; the first is the name, the others are aliases.
    pub slash: &'static [&'static str],
    /// What follows the command, such as `WHO [TEXT]`; empty: nothing.
    pub arguments: &'static str,
    /// Why it cannot be done now, if so.
    pub unavailable: fn(&Model) -> Option<&'static str>,
    /// Does it. The text is what followed the slash command; empty from a key.
    pub act: fn(&mut Model, &str, &mut Effects),
}

/// Every action.
pub fn all() -> &'static [Action] {
    &[]
}
