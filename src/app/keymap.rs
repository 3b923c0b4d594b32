//! Keys: their texts, and which action each one means.
//!
//! A text such as `ctrl-k`, `alt-up` or `f5` is what the config file and the registry write; [`label`] is what
//! people read (`Ctrl+K`). The default map comes from the registry; `Options::keys` changes it place by place.
//! Keys that a terminal cannot tell apart from others are refused everywhere (ux 3.1).

use super::action::{self, Action, Place};
use super::event::{Key, KeyCode};
use super::model::Options;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Names of keys that are not one character: text, what people read, code.
const NAMED: &[(&str, &str, KeyCode)] = &[
    ("enter", "Enter", KeyCode::Enter),
    ("return", "Enter", KeyCode::Enter),
    ("esc", "Esc", KeyCode::Escape),
    ("escape", "Esc", KeyCode::Escape),
    ("tab", "Tab", KeyCode::Tab),
    ("backtab", "Shift+Tab", KeyCode::BackTab),
    ("backspace", "Backspace", KeyCode::Backspace),
    ("delete", "Del", KeyCode::Delete),
    ("del", "Del", KeyCode::Delete),
    ("insert", "Ins", KeyCode::Insert),
    ("ins", "Ins", KeyCode::Insert),
    ("up", "Up", KeyCode::Up),
    ("down", "Down", KeyCode::Down),
    ("left", "Left", KeyCode::Left),
    ("right", "Right", KeyCode::Right),
    ("home", "Home", KeyCode::Home),
    ("end", "End", KeyCode::End),
    ("page-up", "PgUp", KeyCode::PageUp),
    ("pageup", "PgUp", KeyCode::PageUp),
    ("pgup", "PgUp", KeyCode::PageUp),
    ("page-down", "PgDn", KeyCode::PageDown),
    ("pagedown", "PgDn", KeyCode::PageDown),
    ("pgdn", "PgDn", KeyCode::PageDown),
    ("space", "Space", KeyCode::Char(' ')),
    ("minus", "-", KeyCode::Char('-')),
];

/// Reads the text of a key; `None` when it names none.
pub fn parse(text: &str) -> Option<Key> {
    let mut rest = text;
    let mut key = plain(KeyCode::Escape);
    loop {
        let lower = rest.to_ascii_lowercase();
        let (modifier, length) = ["ctrl-", "alt-", "shift-"]
            .into_iter()
            .find(|prefix| lower.starts_with(prefix) && lower.len() > prefix.len())
            .map_or(("", 0), |prefix| (prefix, prefix.len()));
        match modifier {
            "ctrl-" => key.ctrl = true,
            "alt-" => key.alt = true,
            "shift-" => key.shift = true,
            _ => break,
        }
        rest = rest.get(length..)?;
    }
    key.code = code(rest)?;
    Some(normal(key))
}

fn code(text: &str) -> Option<KeyCode> {
    let mut characters = text.chars();
    if let (Some(c), None) = (characters.next(), characters.next()) {
        return Some(KeyCode::Char(c));
    }
    let lower = text.to_lowercase();
    if let Some((_, _, code)) = NAMED.iter().find(|(name, _, _)| *name == lower) {
        return Some(*code);
    }
    let number = lower.strip_prefix('f')?.parse().ok().filter(|number| (1..=24).contains(number))?;
    Some(KeyCode::Function(number))
}

/// One form for every way in which terminals tell the same key.
pub fn normal(mut key: Key) -> Key {
    match key.code {
        KeyCode::Tab if key.shift => key = Key { code: KeyCode::BackTab, shift: false, ..key },
        KeyCode::BackTab => key.shift = false,
        KeyCode::Char(c) => {
            // AltGr is told as Ctrl+Alt on some systems: `@` is a character, not a command.
            if key.ctrl && key.alt && !c.is_ascii_alphanumeric() && c != ' ' {
                (key.ctrl, key.alt) = (false, false);
            }
            let held = key.ctrl || key.alt;
            let c = if key.shift && c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c };
            // Caps Lock changes no command.
            key.code = KeyCode::Char(if held { c.to_ascii_lowercase() } else { c });
            key.shift = false;
        }
        _ => {}
    }
    key
}

/// A key as people read it, such as `Ctrl+K`.
pub fn label(key: Key) -> String {
    let mut text = String::new();
    for (held, name) in [(key.ctrl, "Ctrl+"), (key.alt, "Alt+"), (key.shift, "Shift+")] {
        if held {
            text.push_str(name);
        }
    }
    match key.code {
        KeyCode::Char(c) if key.ctrl || key.alt => text.extend(c.to_uppercase()),
        KeyCode::Function(number) => text.extend(["F", &number.to_string()]),
        code => match (NAMED.iter().find(|(_, _, named)| *named == code), code) {
            (Some((_, name, _)), _) => text.push_str(name),
            (None, KeyCode::Char(c)) => text.push(c),
            (None, _) => {}
        },
    }
    text
}

/// Why a key is never bound, if so: terminals send the same bytes for another key, or people press it meaning
/// something else (ux 3.1).
pub fn reserved(key: Key) -> Option<&'static str> {
    if !key.ctrl || key.alt {
        return None;
    }
    match key.code {
        KeyCode::Char('h') => Some("terminals send Backspace for it"),
        KeyCode::Char('i') => Some("terminals send Tab for it"),
        KeyCode::Char('m') => Some("terminals send Enter for it"),
        KeyCode::Char('[') => Some("terminals send Esc for it"),
        KeyCode::Char('b') => Some("tmux takes it"),
        KeyCode::Char('d') => Some("people press it to leave a shell"),
        _ => None,
    }
}

/// The name of a place in the config file.
pub fn place_name(place: Place) -> &'static str {
    match place {
        Place::Global => "global",
        Place::Composer => "composer",
        Place::Messages => "messages",
        Place::List => "list",
    }
}

/// The action that a key means in a place. The person's own bindings come first, here and then everywhere; then
/// the defaults in the same order.
pub fn action(options: &Options, place: Place, key: Key) -> Option<&'static Action> {
    let key = normal(key);
    let mut unbound = false;
    if !options.keys.is_empty() {
        for at in places(place) {
            match own(options, at, key) {
                Some("") => unbound |= at == place,
                Some(id) => return action::find(id),
                None => {}
            }
        }
    }
    places(place)
        .into_iter()
        .filter(|at| !(unbound && *at == place) && own(options, *at, key).is_none())
        .find_map(|at| defaults().get(&(at, key)).copied())
}

/// The keys of an action, its own place's bindings counted: the first is the one to show.
pub fn keys_of(options: &Options, action: &Action) -> Vec<Key> {
    let own_keys = options
        .keys
        .get(place_name(action.place))
        .into_iter()
        .flatten()
        .filter(|(_, id)| *id == action.id)
        .filter_map(|(text, _)| parse(text));
    let default_keys = action
        .keys
        .iter()
        .filter_map(|text| parse(text))
        .filter(|key| self::action(options, action.place, *key).is_some_and(|meant| meant.id == action.id));
    own_keys.chain(default_keys).filter(|key| reserved(*key).is_none()).collect()
}

/// The label of the first key of an action, such as `Ctrl+K`; empty when it has none.
pub fn label_of(options: &Options, id: &str) -> String {
    action::find(id)
        .and_then(|action| keys_of(options, action).first().copied().or_else(|| parse(action.keys.first()?)))
        .map(label)
        .unwrap_or_default()
}

/// What is wrong with the person's own bindings: place, key text, and why it does nothing.
pub fn complaints(options: &Options) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for (place, bindings) in &options.keys {
        let known = ["global", "composer", "messages", "list"].contains(&place.as_str());
        for (text, id) in bindings {
            let why = match parse(text) {
                _ if !known => Some("there is no such place".to_owned()),
                None => Some("no such key".to_owned()),
                Some(key) => match reserved(key) {
                    Some(why) => Some(why.to_owned()),
                    None if id.is_empty() || action::find(id).is_some() => None,
                    None => Some(format!("no such action: {id}")),
                },
            };
            found.extend(why.map(|why| (place.clone(), text.clone(), why)));
        }
    }
    found
}

fn places(place: Place) -> [Place; 2] {
    [place, Place::Global]
}

/// The person's own binding of a key in one place; empty: unbound.
fn own(options: &Options, place: Place, key: Key) -> Option<&str> {
    let bindings = options.keys.get(place_name(place))?;
    let (_, id) = bindings.iter().find(|(text, _)| parse(text) == Some(key) && reserved(key).is_none())?;
    (id.is_empty() || action::find(id).is_some()).then_some(id.as_str())
}

/// The map as the registry has it, made once.
fn defaults() -> &'static BTreeMap<(Place, Key), &'static Action> {
    static DEFAULTS: OnceLock<BTreeMap<(Place, Key), &'static Action>> = OnceLock::new();
    DEFAULTS.get_or_init(|| {
        let every = action::all().iter();
        every
            .flat_map(|action| action.keys.iter().filter_map(move |text| Some(((action.place, parse(text)?), action))))
            .collect()
    })
}

const fn plain(code: KeyCode) -> Key {
    Key { code, ctrl: false, alt: false, shift: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn with(place: &str, key: &str, id: &str) -> Options {
        let bindings = BTreeMap::from([(key.to_owned(), id.to_owned())]);
        Options { keys: BTreeMap::from([(place.to_owned(), bindings)]), ..Options::default() }
    }

    fn meant(options: &Options, place: Place, text: &str) -> Option<&'static str> {
        action(options, place, parse(text).unwrap()).map(|action| action.id)
    }

    #[test]
    fn texts_become_keys_and_labels() {
        for (text, shown) in [
            ("ctrl-k", "Ctrl+K"),
            ("Ctrl-Alt-Left", "Ctrl+Alt+Left"),
            ("f5", "F5"),
            ("shift-tab", "Shift+Tab"),
            ("alt-/", "Alt+/"),
            ("space", "Space"),
            ("y", "y"),
            ("Y", "Y"),
            ("shift-y", "Y"),
            ("pgdn", "PgDn"),
            ("ctrl--", "Ctrl+-"),
            ("-", "-"),
            ("esc", "Esc"),
            ("alt-A", "Alt+A"),
            ("ctrl-alt-@", "@"),
        ] {
            assert_eq!(parse(text).map(label).as_deref(), Some(shown), "{text}");
        }
        for text in ["", "ctrl-", "f0", "f25", "hyper-k", "ctrl-kk", "fx"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_default_key_is_readable_free_and_unreserved() {
        let mut seen = BTreeSet::new();
        for action in action::all() {
            for text in action.keys {
                let key = parse(text).unwrap_or_else(|| panic!("{}: {text}", action.id));
                assert_eq!(reserved(key), None, "{}: {text}", action.id);
                assert!(seen.insert((action.place, key)), "{}: {text} is taken", action.id);
                assert!(text.to_lowercase() != "ctrl-a" || action.id == "line-start");
            }
        }
    }

    #[test]
    fn the_default_map_is_the_one_of_the_design() {
        let options = Options::default();
        assert_eq!(meant(&options, Place::Composer, "ctrl-k"), Some("go-to"));
        assert_eq!(meant(&options, Place::Composer, "ctrl-a"), Some("line-start"));
        assert_eq!(meant(&options, Place::List, "enter"), Some("list-open"));
        assert_eq!(meant(&options, Place::Composer, "enter"), Some("send"));
        assert_eq!(meant(&options, Place::Messages, "y"), Some("copy"));
        assert_eq!(meant(&options, Place::Composer, "y"), None);
    }

    #[test]
    fn own_keys_win_and_the_empty_name_unbinds() {
        let options = with("composer", "ctrl-k", "kill-end");
        assert_eq!(meant(&options, Place::Composer, "ctrl-k"), Some("kill-end"));
        assert_eq!(meant(&options, Place::List, "ctrl-k"), Some("go-to"));
        assert_eq!(label_of(&options, "kill-end"), "Ctrl+K");
        assert_eq!(meant(&with("composer", "ctrl-w", ""), Place::Composer, "ctrl-w"), None);
        assert_eq!(meant(&with("global", "ctrl-q", ""), Place::Composer, "ctrl-q"), None);
        assert_eq!(meant(&with("global", "ctrl-w", "close-talk"), Place::Composer, "ctrl-w"), Some("close-talk"));
    }

    #[test]
    fn bindings_that_cannot_work_are_named_and_ignored() {
        for (place, key, id) in [
            ("composer", "ctrl-h", "send"),
            ("composer", "ctrl-kk", "send"),
            ("list", "x", "fly"),
            ("moon", "x", "send"),
        ] {
            let options = with(place, key, id);
            assert_eq!(complaints(&options).len(), 1, "{place} {key} {id}");
        }
        assert_eq!(meant(&with("composer", "ctrl-h", "send"), Place::Composer, "ctrl-h"), None);
        assert!(complaints(&with("composer", "ctrl-x", "send")).is_empty());
    }
}
