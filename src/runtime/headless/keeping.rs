//! Where `butty login` keeps the sign-in: the system keyring, else where the person says.

use super::{Desk, login};
use crate::app::event::Keep;
use crate::app::setup::AccountSetup;
use crate::app::words;
use crate::cli::Keeping;
use crate::types::{Line, Problem};
use std::io::IsTerminal;

/// The place that is tried.
pub(super) fn first(asked: Keeping, setup: &AccountSetup) -> Keep {
    match asked {
        Keeping::Auto => setup.keep.unwrap_or(Keep::Keyring),
        Keeping::Keyring => Keep::Keyring,
        Keeping::File => Keep::File,
        Keeping::Memory => Keep::Memory,
    }
}

/// No keyring took it, and nobody said where else: asks, once. What was said for another account holds for this one
/// too. Where nobody can be asked, it is a file, and told.
pub(super) async fn instead(desk: &Desk, keyring: &Problem, no_input: bool) -> Result<Keep, Problem> {
    let why = words::problem_in_shell(keyring).what;
    if desk.accounts.iter().any(|other| other.keep == Some(Keep::File)) {
        return Ok(Keep::File);
    }
    if no_input || !std::io::stdin().is_terminal() {
        desk.voice.say(&format!("{why} Keeping the sign-in in a file (--store says where else)."));
        return Ok(Keep::File);
    }
    desk.voice.ask(&format!("{why} Keep the sign-in in a file only you can read, or not at all?"));
    loop {
        desk.voice.ask("Type f for in a file, or m for not at all, then press Enter.");
        let typed = login::read_line().await?;
        if typed.is_empty() {
            // The end of the input is no answer, above all none that puts a secret on the disk.
            let instead = Line::clean("--store file, or --store memory, says it beforehand");
            return Err(Problem::NothingTyped { what: Line::clean("answer"), instead });
        }
        if let Some(keep) = answered(&typed) {
            return Ok(keep);
        }
    }
}

/// What an answer means. Anything else than the two letters is asked again, Enter alone too: it may have been pressed
/// before there was a question, and puts no secret on the disk.
fn answered(typed: &str) -> Option<Keep> {
    match typed.trim() {
        "f" | "F" => Some(Keep::File),
        "m" | "M" => Some(Keep::Memory),
        _ => None,
    }
}

/// As it is asked for once more.
pub(super) fn as_option(asked: Keeping) -> &'static str {
    match asked {
        Keeping::Auto => "",
        Keeping::Keyring => " --store keyring",
        Keeping::File => " --store file",
        Keeping::Memory => " --store memory",
    }
}

/// Where it went, as a sentence.
pub(super) fn told(desk: &Desk, keep: Keep) -> String {
    match keep {
        Keep::Keyring => "Kept in the system keyring.".to_owned(),
        Keep::File => format!("Kept in a file that only you can read, in {}.", desk.folders.tokens().display()),
        Keep::Memory => "Not kept.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_known_letter_says_where_the_sign_in_is_kept() {
        for (typed, keep) in [("f\n", Keep::File), (" M \n", Keep::Memory)] {
            assert_eq!(answered(typed), Some(keep), "{typed:?}");
        }
        for typed in ["\n", "n\n", "no\n", "memory\n", "fm\n", "\u{1b}[A\n"] {
            assert_eq!(answered(typed), None, "{typed:?}");
        }
    }
}
