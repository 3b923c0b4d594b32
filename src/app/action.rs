//! The one registry of actions. Key map, slash commands, palette, help, hint bar and manual are views of it.
//!
//! An action of a later release is absent, not planted: what stands here works.

mod accounts;
pub(super) mod buddies;
pub(super) mod edit;
pub(super) mod go;
mod list;
mod messages;
mod program;
pub(super) mod send;
mod write;
mod you;

pub use send::send_now;
pub use you::MENU;

use super::effect::Effect;
use super::model::{Model, Screen};
use super::words::toasts;
use crate::types::{AccountId, Line, Problem};

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
#[derive(Clone, Copy, Debug)]
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

impl Action {
    /// The command cannot do without what follows it.
    pub fn needs_arguments(&self) -> bool {
        !self.arguments.is_empty() && !self.arguments.starts_with('[')
    }
}

/// Headings of the help, in their order.
pub const SECTIONS: &[&str] = &[WRITING, GOING, MESSAGES, BUDDIES, YOU, ACCOUNTS, PROGRAM];

const WRITING: &str = "Writing";
const GOING: &str = "Going places";
const MESSAGES: &str = "Messages";
const BUDDIES: &str = "Buddies";
const YOU: &str = "You";
const ACCOUNTS: &str = "Accounts";
const PROGRAM: &str = "Program";

/// Starting point of every entry: nothing in it but what all have in common.
const BLANK: Action = Action {
    id: "",
    title: "",
    section: PROGRAM,
    place: Place::Global,
    keys: &[],
    slash: &[],
    arguments: "",
    unavailable: always,
    act: nothing,
};

/// Every action, in the order of help and palette.
pub fn all() -> &'static [Action] {
    static ALL: std::sync::OnceLock<Vec<Action>> = std::sync::OnceLock::new();
    ALL.get_or_init(|| {
        let groups = [
            send::ACTIONS,
            write::ACTIONS,
            go::ACTIONS,
            go::TALKS,
            messages::ACTIONS,
            list::ACTIONS,
            buddies::ACTIONS,
            you::ACTIONS,
            accounts::ACTIONS,
            program::ACTIONS,
        ];
        groups.into_iter().flatten().copied().collect()
    })
}

/// The action of this name.
pub fn find(id: &str) -> Option<&'static Action> {
    all().iter().find(|action| action.id == id)
}

/// Does it, or says why not.
pub fn run(model: &mut Model, action: &Action, arguments: &str, fx: &mut Effects) {
    match (action.unavailable)(model) {
        Some(why) => model.toast(toasts::not_now(why)),
        None if action.needs_arguments() && arguments.is_empty() => model.toast(toasts::usage(action)),
        None => (action.act)(model, arguments, fx),
    }
}

/// Does the action of this name.
pub fn run_id(model: &mut Model, id: &str, fx: &mut Effects) {
    if let Some(action) = find(id) {
        run(model, action, "", fx);
    }
}

fn always(_: &Model) -> Option<&'static str> {
    None
}

fn nothing(_: &mut Model, _: &str, _: &mut Effects) {}

fn needs_account(model: &Model) -> Option<&'static str> {
    match model.screen {
        _ if model.accounts.is_empty() => Some(toasts::SIGN_IN_FIRST),
        Screen::Main => None,
        Screen::Welcome(_) | Screen::SignIn(_) => Some(toasts::FINISH_SIGNING_IN),
    }
}

fn needs_talk(model: &Model) -> Option<&'static str> {
    needs_account(model).or_else(|| model.open.is_none().then_some(toasts::OPEN_A_TALK))
}

/// The account that a person names by its address or its name; `None`: no name was given.
fn account_named(model: &Model, text: &str) -> Result<Option<AccountId>, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let lower = text.to_lowercase();
    let mut accounts = model.accounts.iter().map(|account| &account.setup);
    match accounts.find(|setup| setup.id.as_str() == lower || setup.name.to_lowercase() == lower) {
        Some(setup) => Ok(Some(setup.id.clone())),
        None => Err(Problem::UnknownAccount { account: Line::clean(text) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::event::KeyCode;
    use crate::app::keymap;
    use std::collections::BTreeSet;

    #[test]
    fn every_action_has_a_name_a_sentence_and_a_heading() {
        let mut ids = BTreeSet::new();
        for action in all() {
            assert!(ids.insert(action.id), "{} twice", action.id);
            assert!(
                action.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                "{}",
                action.id
            );
            assert!(action.title.len() > 3 && !action.title.ends_with('.'), "{}: {}", action.id, action.title);
            assert!(action.title.starts_with(char::is_uppercase) && action.title.len() < 60, "{}", action.id);
            assert!(SECTIONS.contains(&action.section), "{}: {}", action.id, action.section);
            assert!(!std::ptr::fn_addr_eq(action.act, nothing as fn(&mut Model, &str, &mut Effects)), "{}", action.id);
        }
    }

    #[test]
    fn every_action_can_be_reached_without_alt_and_without_function_keys() {
        for action in all() {
            let plain =
                action.keys.iter().filter_map(|text| keymap::parse(text)).any(|key| {
                    !key.alt && !matches!(key.code, KeyCode::Function(_)) && keymap::reserved(key).is_none()
                });
            assert!(plain || !action.slash.is_empty(), "{} has no plain way in", action.id);
        }
    }

    #[test]
    fn no_two_actions_share_a_command() {
        let mut names = BTreeSet::new();
        for name in all().iter().flat_map(|action| action.slash) {
            assert!(names.insert(name), "/{name} twice");
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "/{name}");
        }
    }
}
