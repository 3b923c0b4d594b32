//! The same problems on the command line: next steps that a shell takes, and the place in a file.

use super::short;
use crate::types::Problem;

/// Steps of the screen, and what they are in a shell; `None`: nothing, there butty has ended.
const STEPS: &[(&str, Option<&str>)] = &[
    ("butty tries again by itself", None),
    ("F5 now", None),
    ("F5 takes it back", None),
    ("F5 tries again", Some("Try again")),
    ("F4 card", None),
    ("Still using the old settings", None),
    ("Nothing is lost while butty runs", None),
    ("Reading and searching still work", None),
    ("/discard", None),
    ("/retry", Some("Send it again")),
    ("/add", Some("Add them as a buddy first")),
    ("/add with an address", Some("An address works too")),
    ("/who", Some("butty roster lists them")),
    ("/help", Some("butty --help")),
    ("/help lists them", Some("butty --help lists them")),
    ("/quit here, or close the other one", Some("Close the other one")),
    ("/login --weaker if it is right", Some("butty login ADDRESS --weaker if it is right")),
    ("/login with a password", Some("butty login ADDRESS --password")),
    ("/login with a code, or with a password", Some("butty login ADDRESS, or with --password")),
    ("/login, and choose the right person there", Some("butty login, and choose the right person there")),
    ("/login, and keep it until butty closes", Some("butty login --store memory")),
    ("/login asks where else to keep it", Some("butty login --store file")),
    ("/login keeps the sign-in elsewhere", Some("butty login --store file")),
    ("Unlock it, then F5", Some("Unlock it and try again")),
    ("Set the clock, then F5", Some("Set the clock and try again")),
    ("/reload after mending it", Some("butty config check, after mending it")),
    ("/account lists them", Some("butty accounts lists them")),
    ("/account shows the address", Some("butty accounts shows the address")),
];

/// A next step as a shell takes it.
pub(super) fn step(step: &str) -> Option<String> {
    match STEPS.iter().find(|(screen, _)| *screen == step) {
        Some((_, shell)) => shell.map(str::to_owned),
        // The others have the same name on both sides: `/doctor`, `/login`.
        None => Some(step.strip_prefix('/').map_or_else(|| step.to_owned(), |command| format!("butty {command}"))),
    }
}

/// The line of a config file with a caret under the place, where a problem has one.
pub(super) fn excerpt(problem: &Problem) -> Option<String> {
    const MOST: usize = 72;
    let Problem::BadConfig { line, column, excerpt, .. } = problem else { return None };
    let shown = excerpt.as_str().replace('\t', " ");
    let before: String = shown.chars().take(column.saturating_sub(1)).collect();
    // Of a long line the part that ends with the place, and a little more.
    let skipped = before.chars().count().saturating_sub(MOST / 2);
    let before: String = before.chars().skip(skipped).collect();
    let shown: String = shown.chars().skip(skipped).collect();
    let number = line.to_string();
    let (margin, blank) = (" ".repeat(number.len()), " ".repeat(unicode_width::UnicodeWidthStr::width(&*before)));
    Some(format!("{number} | {}\n{margin} | {blank}^", short(shown.trim_end(), MOST)))
}
