//! Slash commands: what a line means, and running one.
//!
//! A line that begins with `/` is a command, unless it cannot be one: `//text` is "/text", and what looks like a
//! path (`/etc/hosts`) is text. An unknown command is neither sent nor lost (ux 3.7).

use super::action::{self, Action, Effects};
use super::model::Model;
use crate::types::{Line, Problem};

/// What a line means.
#[derive(Clone, Debug)]
pub enum Meaning<'a> {
    /// To be sent as it stands here.
    Text(&'a str),
    /// A command, and what follows it, trimmed.
    Command(&'static Action, &'a str),
    /// Looks like a command and is none.
    Unknown(&'a str),
    /// A known command behind blanks: a slip, or text?
    Blanks(&'a str),
}

/// Reads a line. Only the part up to the first blank decides.
pub fn read(line: &str) -> Meaning<'_> {
    let trimmed = line.trim_start();
    let Some(rest) = trimmed.strip_prefix('/') else { return Meaning::Text(line) };
    if trimmed.len() < line.len() {
        return match read(trimmed) {
            Meaning::Command(action, _) => Meaning::Blanks(action.slash.first().copied().unwrap_or_default()),
            _ => Meaning::Text(line),
        };
    }
    if rest.starts_with('/') {
        return Meaning::Text(rest);
    }
    let name = rest.split(char::is_whitespace).next().unwrap_or_default();
    if !could_be_name(name) {
        return Meaning::Text(line);
    }
    match find(name) {
        Some(action) => Meaning::Command(action, rest.get(name.len()..).unwrap_or_default().trim()),
        None => Meaning::Unknown(name),
    }
}

/// The action behind a command's name or alias, whatever its case.
pub fn find(name: &str) -> Option<&'static Action> {
    action::all().iter().find(|action| action.slash.iter().any(|slash| slash.eq_ignore_ascii_case(name)))
}

/// Runs a command line, with or without its slash; for origins that are no box to write in.
pub fn run(model: &mut Model, line: &str, fx: &mut Effects) -> Result<(), Problem> {
    let line = line.trim();
    let name = line.trim_start_matches('/').split(char::is_whitespace).next().unwrap_or_default();
    let Some(action) = find(name) else { return Err(Problem::UnknownCommand { name: Line::clean(name) }) };
    let arguments = line.trim_start_matches('/').get(name.len()..).unwrap_or_default().trim();
    action::run(model, action, arguments, fx);
    Ok(())
}

/// The first word of what follows a command, and the rest. Quotes hold a name with blanks together.
pub fn first_word(arguments: &str) -> (&str, &str) {
    let arguments = arguments.trim();
    if let Some((word, rest)) = arguments.strip_prefix('"').and_then(|quoted| quoted.split_once('"')) {
        return (word, rest.trim_start());
    }
    let (word, rest) = arguments.split_once(char::is_whitespace).unwrap_or((arguments, ""));
    (word, rest.trim_start())
}

/// Letters, digits and hyphens: `/etc/hosts`, `/*` and `/` alone are text.
fn could_be_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(line: &str) -> String {
        match read(line) {
            Meaning::Text(text) => format!("text {text}"),
            Meaning::Command(action, arguments) => format!("{} <{arguments}>", action.id),
            Meaning::Unknown(name) => format!("unknown {name}"),
            Meaning::Blanks(name) => format!("blanks {name}"),
        }
    }

    #[test]
    fn lines_mean_what_people_mean() {
        for (line, expected) in [
            ("hello /msg", "text hello /msg"),
            ("/msg bela  hi there", "msg <bela  hi there>"),
            ("/QUERY bela", "msg <bela>"),
            ("/m bela\nsecond line", "msg <bela\nsecond line>"),
            ("//shrug", "text /shrug"),
            ("/etc/hosts", "text /etc/hosts"),
            ("/", "text /"),
            ("/ msg", "text / msg"),
            ("/*", "text /*"),
            ("/foo bar", "unknown foo"),
            (" /msg bela", "blanks msg"),
            (" /foo", "text  /foo"),
            ("", "text "),
        ] {
            assert_eq!(meaning(line), expected, "{line:?}");
        }
    }

    #[test]
    fn every_alias_of_the_design_is_known() {
        for name in [
            "msg query message m chat me win w window buffer b next prev last close wc part leave clear status away xa",
            "busy dnd back online available invisible offline hide personal psm add sub remove accept deny rename",
            "group card whois info vcard lastactivity who names occupants retry discard account login logout connect",
            "reconnect disconnect doctor quit exit bye help keys buddies undo again reload omemo suspend find search lastlog s",
        ]
        .join(" ")
        .split(' ')
        {
            assert!(find(name).is_some(), "/{name}");
        }
        assert!(find("nudge").is_none(), "comes with the feature");
    }

    #[test]
    fn quotes_hold_a_name_together() {
        assert_eq!(first_word("\"Bela Novák\" hi you"), ("Bela Novák", "hi you"));
        assert_eq!(first_word("bela  hi"), ("bela", "hi"));
        assert_eq!(first_word(""), ("", ""));
    }
}
