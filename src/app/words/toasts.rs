//! What the status bar says for four seconds after a key or a command, and why an action cannot be done now.

use crate::app::action::Action;
use crate::app::keymap;
use crate::app::model::Options;
use crate::app::words::{self, count};
use crate::types::Problem;

/// Reason: there is no account.
pub const SIGN_IN_FIRST: &str = "sign in first";
/// Reason: a sign-in is on the screen.
pub const FINISH_SIGNING_IN: &str = "finish signing in first";
/// Reason: no talk is open.
pub const OPEN_A_TALK: &str = "open a conversation first";
/// Reason: no message is selected.
pub const SELECT_A_MESSAGE: &str = "select a message first";
/// `.` on a row that is nobody.
pub const CHOOSE_A_BUDDY: &str = "Choose a buddy first";
/// Reason: there is nothing to send again.
pub const NOTHING_FAILED: &str = "no message here has failed";
/// See [`NOTHING_FAILED`]; of the one that is selected.
pub const NOT_FAILED: &str = "the message that is selected has not failed";
/// Reason: there is no request.
pub const NOBODY_ASKS: &str = "nobody is waiting for an answer";

/// `/login --weaker`, and no account was refused for that.
pub const NOTHING_WEAKER: &str = "No account waits for a weaker sign-in";
/// `/reload`, and the file was fine.
pub const CONFIG_READ: &str = "The configuration was read again";
/// `/reload`, and accounts, network or log changed too.
pub const CONFIG_READ_IN_PART: &str = "Read again; accounts, network, log: from the next start";
/// The account is in use by another butty: nothing can be sent or changed.
pub const READ_ONLY: &str = "Read only: another butty has this account open";
/// The same, after trying again.
pub const STILL_IN_USE: &str = "Still open in another butty";
/// The history does not take one message, or something else, and takes all others.
pub const ONE_NOT_KEPT: &str = "One thing could not be saved: it will be gone after butty is closed";
/// Nothing is unread.
pub const NOTHING_UNREAD: &str = "Nothing unread";
/// Alt+P, and nothing was sent yet.
pub const NOTHING_SENT_BEFORE: &str = "Nothing else was sent here";
/// Tab, and nothing begins like that.
pub const NOTHING_FITS: &str = "Nothing begins like that";
/// Enter on a message without an address in it.
pub const NOTHING_TO_OPEN: &str = "Nothing to open in this message";
/// `y` on a message that could not be read.
pub const NOTHING_TO_COPY: &str = "This message has no text to copy";
/// The paste was longer than a message can be.
pub const PASTE_CUT: &str = "Too long: the end of the paste was left out";
/// Ctrl+C with nothing left to close.
pub const AGAIN_TO_QUIT: &str = "Press Ctrl+C again to quit";
/// `/doctor`: it is a command of the shell.
pub const DOCTOR: &str = "“butty doctor” in a shell names the step that fails";
/// `/omemo`.
pub const NO_OMEMO: &str = "Not end-to-end encrypted: only the link to the server is";
/// Words that `/status` takes.
pub const STATE_WORDS: &str = "say available, busy, away or invisible";

/// Another code, or page, was asked for.
pub const ASKING_FOR_OTHER: &str = "Asking anew. What is shown here works until then.";

/// It could not be had.
pub fn no_other(by_code: bool, problem: &Problem) -> String {
    let stands = if by_code { "This code still works." } else { "This page still works." };
    format!("{stands} {}", words::problem(problem).what)
}

/// An action cannot be done now.
pub fn not_now(reason: &str) -> String {
    format!("Not now: {reason}")
}

/// A command was given without what it needs.
pub fn usage(action: &Action) -> String {
    format!("/{} {}", action.slash.first().unwrap_or(&action.id), action.arguments)
}

/// The problem, short.
pub fn problem(problem: &Problem) -> String {
    words::one_line(problem)
}

/// The server did not do what was asked: that, and its reason.
pub fn refused(problem: &Problem) -> String {
    let said = words::problem(problem);
    said.why.map_or_else(|| said.what.clone(), |why| format!("{} {why}", said.what))
}

/// An unknown command waits in the box.
pub fn no_command(name: &str) -> String {
    format!("No command /{name}. Enter again sends it as text · Tab shows commands")
}

/// An unknown command in the palette, with a draft in the box.
pub fn no_command_here(name: &str) -> String {
    format!("No command /{}", name.trim_start_matches('/'))
}

/// A known command behind blanks waits in the box.
pub fn blanks_before(name: &str) -> String {
    format!("A blank stands before /{name}. Enter again sends it as text")
}

/// There is no such tab.
pub fn no_conversation(number: usize) -> String {
    format!("There is no conversation {number}")
}

/// The box was emptied; how to get the text back.
pub fn cleared(options: &Options) -> String {
    format!("Cleared. {} brings it back", keymap::label_of(options, "undo"))
}

/// Something was copied, and through what.
pub fn copied(what: &str, over_ssh: bool) -> String {
    if over_ssh { format!("{what} copied (through your terminal)") } else { format!("{what} copied") }
}

/// The code of the sign-in was copied.
pub fn code_copied(over_ssh: bool) -> &'static str {
    if over_ssh { "Code copied (through your terminal)" } else { "Code copied" }
}

/// The address of the sign-in was copied.
pub fn address_copied(over_ssh: bool) -> &'static str {
    if over_ssh { "Address copied (through your terminal)" } else { "Address copied" }
}

/// A paste was cleaned.
pub fn control_characters(removed: usize) -> String {
    format!("{} removed", count(removed, "control character", "control characters"))
}

/// A large paste is in the box.
pub fn lines_pasted(lines: usize) -> String {
    format!("{} pasted. Up opens it; Enter asks before it sends", count(lines, "line", "lines"))
}

/// Several are meant by what was typed.
pub fn which_of(names: &[&str]) -> String {
    format!("Which one: {}?", some(names))
}

/// Who is here.
pub fn here(names: &[&str]) -> String {
    match names.len() {
        0 => "Nobody is here".to_owned(),
        number => format!("{} here: {}", words::counts::grouped(number), some(names)),
    }
}

/// The first few of many.
fn some(names: &[&str]) -> String {
    const FEW: usize = 5;
    let shown = names.iter().take(FEW).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(FEW) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_told_in_short() {
        assert_eq!(here(&[]), "Nobody is here");
        assert_eq!(here(&["Bela"]), "1 here: Bela");
        assert_eq!(here(&["a", "b", "c", "d", "e", "f", "g"]), "7 here: a, b, c, d, e and 2 more");
    }

    #[test]
    fn what_a_command_says_fits_beside_the_clock_at_80_columns() {
        // " 12 elsewhere · 14:07 " and two blanks are taken.
        for said in [
            CONFIG_READ,
            CONFIG_READ_IN_PART,
            READ_ONLY,
            NOTHING_SENT_BEFORE,
            NOTHING_TO_OPEN,
            NOTHING_TO_COPY,
            PASTE_CUT,
            DOCTOR,
            NO_OMEMO,
        ] {
            assert!(said.chars().count() <= 80 - 24, "{said}");
        }
        assert!(lines_pasted(34).chars().count() <= 80 - 24);
    }

    #[test]
    fn the_undo_key_is_the_one_that_is_bound() {
        assert_eq!(cleared(&Options::default()), "Cleared. Ctrl+Z brings it back");
    }
}
