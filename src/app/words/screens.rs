//! The words of the screens: labels, hints, questions. Plurals by rule, nothing glued together elsewhere.

use super::count;
use crate::app::model::Options;
use crate::app::ops::{Banner, Ending};
use crate::app::sync::Missing;
use crate::types::{Problem, Stamp};
use std::time::Duration;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)*) => {
        $($(#[$doc])* #[allow(missing_docs, reason = "the text says it")] pub const $name: &str = $text;)*
    };
}

mod boxes;
mod consent;
mod sign_in;

pub use boxes::*;
pub use consent::*;
pub use sign_in::*;

// States.
/// A span that counts down.
pub fn minutes_and_seconds(span: Duration) -> String {
    let (minutes, seconds) = (span.as_secs() / 60, span.as_secs() % 60);
    if minutes == 0 { format!("{seconds} s") } else { format!("{minutes} min {seconds:02} s") }
}

words! {
    AVAILABLE = "Available";
    BUSY = "Busy";
    AWAY = "Away";
    OFFLINE = "Offline";
    APPEAR_OFFLINE = "Appear offline";
    SIGNED_OUT = "Signed out";
    PAGE_FOOT = "b open browser · u copy address · Enter close";
    COPY_FOOT = "u copy address · Enter close";
    BROWSER_STAYS = "Your browser may still be signed in there. This page ends that:";
    CONNECTING = "Connecting …";
    UNKNOWN = "…";
    WAITING = "Waiting";
}

/// "Away since 13:20".
pub fn state_since(state: &str, since: &str) -> String {
    format!("{state} since {since}")
}

/// "away since 13:20", in the list.
pub fn away_since(since: &str) -> String {
    format!("away since {since}")
}

/// A personal message.
pub fn quoted(text: &str) -> String {
    format!("“{text}”")
}

// The list.
words! {
    FIND_A_BUDDY = "Find a buddy…";
    FIND_LABEL = "Find:";
}
/// An empty list.
pub const NO_BUDDIES: [&str; 3] = ["Nobody is here yet.", "", "/add name@example.org"];

// The talk.
words! {
    YOU_SAY = "You say:";
    CARD_HINT = "F4 card";
    BACK_TO_LIST = "‹ Esc";
    ENCRYPTED = "Encrypted for your other devices; butty cannot read it";
    EDITED = "(edited)";
    FAILED_KEYS = "Enter try again · Del discard";
    YOU_APPEAR_OFFLINE = " (you appear offline)";
}
/// No talk is open.
pub const NOBODY_OPEN: [&str; 3] = ["Nobody is on this side yet.", "", "Choose a buddy, or type a name."];

/// "Bela says:".
pub fn says(name: &str) -> String {
    format!("{name} says:")
}

/// `/me waves`.
pub fn action(name: &str, deed: &str) -> String {
    format!("* {name} {deed}")
}

/// "Bela is typing …".
pub fn is_typing(name: &str) -> String {
    format!("{name} is typing …")
}

/// Rule above the first unread message.
pub fn new_messages(count: u32) -> String {
    format!("{count} new")
}

/// Rule where the archive has messages that are not here.
pub fn missing(missing: Missing) -> &'static str {
    match missing {
        Missing::OnItsWay => "Earlier messages are on their way",
        Missing::Later => "Earlier messages follow once you are online",
        Missing::Refused => "Earlier messages could not be fetched",
    }
}

/// Stands under a message that is too long to be shown whole.
pub fn left_out(characters: usize) -> String {
    format!("… and {} that do not fit here", count(characters, "more character", "more characters"))
}

/// The mark of a message that was read; short where there is little room.
pub fn read(at: Option<&str>, short: bool) -> String {
    match at {
        Some(at) if !short => format!("read {at}"),
        _ => "read".to_owned(),
    }
}

/// A sentence behind a sign, in the middle of a line.
pub fn in_line(what: &str) -> String {
    let mut letters = what.chars();
    match letters.next() {
        Some(first) if what.starts_with("Not ") => first.to_lowercase().chain(letters).collect(),
        _ => what.to_owned(),
    }
}

/// On the rule over the composer.
pub fn to(name: &str) -> String {
    format!("To {name}")
}

/// A large paste in the box, folded to one row: its lines, or its characters where it is one line.
pub fn folded(text: &str, ascii: bool) -> String {
    let lines = text.split('\n').count();
    let what =
        if lines > 1 { count(lines, "line", "lines") } else { count(text.chars().count(), "character", "characters") };
    if ascii { format!("[{what} pasted]") } else { format!("¶ {what} pasted") }
}

/// Through which account.
pub fn as_account(account: &str) -> String {
    format!(" as {account}")
}

/// At the right of that rule.
pub fn edit_elsewhere(key: &str) -> String {
    if key.is_empty() { String::new() } else { format!("edit in $EDITOR: {key}") }
}

/// At the foot of the talk alone.
pub fn bare_foot(key: &str) -> String {
    format!("{key} or Esc back · ↑↓ PgUp PgDn scroll · the mouse is the terminal's")
}

/// Tabs that do not fit.
pub fn more_tabs(count: usize) -> String {
    format!("+{count} ›")
}

// Bars.
words! {
    IN_USE = "! Read only: open in another butty. F5 tries again";
    TLS = "TLS";
    COMMANDS = "commands";
    HELP = "help";
    OPEN = "open";
    STATUS = "status";
    TYPE_TO_FIND = "type to find";
    ARROWS = "↑↓";
    CHOOSE = "choose";
    MENU = "menu";
}

/// Action, long words, short words: while writing.
pub const HINTS_COMPOSER: &[(&str, &str, &str)] = &[
    ("send", "send", "send"),
    ("newline", "new line", "line"),
    ("go-to", "find", "find"),
    ("next-unread", "next unread", "unread"),
    ("status", "status", "status"),
];
/// The same where there is room for little.
pub const HINTS_NARROW: &[(&str, &str, &str)] = &[
    ("send", "send", "send"),
    ("next-unread", "next unread", "unread"),
    ("go-to", "find", "find"),
    ("newline", "new line", "line"),
];
/// While a message is selected.
pub const HINTS_MESSAGES: &[(&str, &str, &str)] = &[
    ("msg-open", "open", "open"),
    ("copy", "copy", "copy"),
    ("info", "info", "info"),
    ("discard", "discard", "discard"),
    ("back", "back", "back"),
];
/// Without a talk.
pub const HINTS_NO_TALK: &[(&str, &str, &str)] = &[
    ("list-open", "open", "open"),
    ("go-to", "find", "find"),
    ("next-unread", "next unread", "unread"),
    ("status", "status", "status"),
];

/// The link, in the wide status bar.
pub fn encrypted_link(version: &str) -> String {
    format!("encrypted link ({version})")
}

/// Talks with something unread.
pub fn elsewhere(count: usize) -> String {
    format!("{count} elsewhere")
}

/// Of what sort they are.
pub fn chats(count: usize) -> String {
    if count == 1 { "1 chat".to_owned() } else { format!("{count} chats") }
}

/// All that fits on a tiny screen.
pub fn tiny(unread: usize, trouble: bool) -> String {
    let mark = if trouble { " !" } else { "" };
    if unread == 0 { format!("butty{mark}") } else { format!("butty ({unread}){mark}") }
}

/// The banner; `facts`: of what can be done beside pressing keys, so much at most.
pub fn banner(banner: &Banner, options: &Options, facts: usize) -> String {
    let clock: &dyn Fn(Stamp) -> String = &|stamp| super::clock(stamp, options);
    match banner {
        Banner::Ending { ending, .. } => ending_says(*ending, options),
        Banner::Trouble(problem) | Banner::NeedsYou { problem, .. } => trouble(problem, facts),
        Banner::Lost { waiting, .. } if *waiting > 0 => {
            format!("! Still offline. What you write is kept and sent in order.  ({waiting})")
        }
        Banner::Lost { first, since, problem, retry_in, retry_at, attempt, .. } => {
            let what = match problem {
                Some(problem) if *first => super::problem(problem).what,
                _ if *first => "Not connected yet.".to_owned(),
                _ => format!("Connection lost at {}.", clock(*since)),
            };
            format!("! {what} {}F5 now · /doctor", again(*retry_in, *retry_at, *attempt, clock))
        }
        Banner::Back { after, sent, received, .. } => {
            let after = super::duration(*after);
            format!("✓ Back online after {after}. {sent} sent, {received} received.")
        }
    }
}

/// How a sign-in ends, and what to do before or after.
fn ending_says(ending: Ending, options: &Options) -> String {
    match ending {
        Ending::Counted { left } => {
            format!("! Your sign-in ends in {}. What you write is kept. Renew: /login", minutes_left(left))
        }
        Ending::Over => "! Your sign-in is over. You are here until the connection is lost. /login".to_owned(),
        Ending::Due { until } => format!("! Your sign-in ends on {}. Renew: /login", date(until, options)),
    }
}

/// In the status bar, where nothing renews the sign-in; short where there is little room.
pub fn sign_in_ends(left: Duration, short: bool) -> String {
    format!("{} {}", if short { "sign-in:" } else { "sign-in ends in" }, minutes_left(left))
}

/// The last minute counts as one.
fn minutes_left(left: Duration) -> String {
    super::duration(Duration::from_secs(left.as_secs().div_ceil(60).max(1) * 60))
}

/// What happened, and what to do.
fn trouble(problem: &Problem, facts: usize) -> String {
    if matches!(problem, Problem::AccountInUse) {
        return IN_USE.to_owned();
    }
    let said = super::problem(problem);
    let is_key = |step: &&String| step.starts_with('/') || step.starts_with("F5");
    let keys: Vec<&str> = said.next.iter().filter(is_key).map(String::as_str).collect();
    let mut sentences = vec![said.what];
    // Where there is no key, a fact is all that leads on.
    let facts = if keys.is_empty() { facts.max(1) } else { facts };
    sentences.extend(said.next.iter().filter(|step| !is_key(step)).take(facts).map(|fact| format!("{fact}.")));
    format!("! {} {}", sentences.join(" "), keys.join(" · ")).trim_end().to_owned()
}

/// When the next try comes: whole seconds below ten, else the time of day.
fn again(wait: Option<Duration>, at: Option<Stamp>, attempt: u32, clock: &dyn Fn(Stamp) -> String) -> String {
    let attempt = if attempt > 1 { format!(" (attempt {attempt})") } else { String::new() };
    match (wait, at) {
        (Some(wait), _) if wait <= Duration::from_secs(10) => {
            format!("Trying again in {} s{attempt}. ", wait.as_millis().div_ceil(1000))
        }
        (Some(_), Some(at)) => format!("Trying again at {}{attempt}. ", clock(at)),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::scopes::{self, Access, Resource};

    #[test]
    fn plurals_follow_the_rule() {
        assert!(not_sent_yet(1).starts_with("1 message has not") && not_sent_yet(2).starts_with("2 messages have not"));
        assert_eq!((chats(1), chats(3)), ("1 chat".to_owned(), "3 chats".to_owned()));
        assert_eq!(more_lines(1), "… 1 more line …");
    }

    #[test]
    fn row_002_02_scopes_are_sentences_that_tell_reading_from_changing() {
        assert_eq!(scope("wl.messenger", false), "chat as you");
        assert_eq!(scope("openid", true), "see your name and picture");
        assert_eq!(scope("openid", false), "your name and picture");
        assert_eq!(scope("WL_Photos.View", true), "see your photos and videos");
        assert_eq!(scope("wl.skydrive", false), "your files");
        assert_eq!(scope("wl.skydrive_update", false), "see and change your files");
        assert_eq!(scope("WL_Activities.Update", true), "see and change what you do and post (others will see it)");
        for known in scopes::all() {
            let (asked, granted) = (scope(known.name, false), scope(known.name, true));
            assert!(!asked.contains('“') && !granted.contains('“'), "{granted}: no name of the wire");
            assert_eq!(asked.contains("others will see"), known.others_see(), "{asked}");
            let acts = matches!(known.resource, Resource::Chat | Resource::Stay | Resource::Status);
            match known.access {
                Access::Read => assert_eq!(granted, format!("see {asked}")),
                Access::Write => assert!(acts || granted.starts_with("see and change "), "{granted}"),
            }
        }
        assert!(scope("admin:all", true).contains("admin:all"));
    }

    #[test]
    fn in_the_middle_of_a_line_only_not_loses_its_capital() {
        assert_eq!(in_line("Not sent: no answer from the server."), "not sent: no answer from the server.");
        assert_eq!(in_line("Dad's server is gone."), "Dad's server is gone.");
    }
}
