//! On this computer: files, the command line, commands.

use super::{Parts, quoted, sentence, short};
use crate::app::words::counts::duration;
use crate::types::Problem;

/// The time of day here.
pub(super) fn clock(problem: &Problem) -> Parts {
    match problem {
        Problem::ClockOff { by, ahead } => {
            let side = if *ahead { "ahead of" } else { "behind" };
            Parts::what(format!("This computer's clock is {} off.", duration(*by)))
                .why(format!("It is {side} the sign-in service's. Sign-ins carry a time and are rejected."))
                .next(&["Set the clock, then F5"])
        }
        _ => Parts::misplaced(),
    }
}

/// Config and data.
pub(super) fn files(problem: &Problem) -> Parts {
    match problem {
        Problem::BadConfig { file, line, column, excerpt: _, why } => {
            let file = short(base_name(file.as_str()), 30);
            Parts::what(format!("{file} line {line}: {}.", short(why.as_str().trim_end_matches('.'), 56)))
                .why(format!("It stands at column {column}."))
                .next(&["Still using the old settings", "/reload after mending it"])
        }
        Problem::UnreadableConfig { file, why } => {
            Parts::what(format!("{} cannot be read.", short(base_name(file.as_str()), 60)))
                .why(sentence(why))
                .next(&["Still using the old settings", "/reload after mending it"])
        }
        Problem::SecretInConfig { file, line, key } => {
            let file = short(base_name(file.as_str()), 30);
            Parts::what(format!("{file} line {line}: a secret does not belong here ({}).", short(key.as_str(), 20)))
                .why("Config files are copied and shown around.")
                .next(&["Take the line out", "/login keeps secrets safe"])
        }
        Problem::DiskFull => Parts::what("Messages cannot be saved: the disk is full.")
            .why("Nothing more fits where butty keeps its data.")
            .next(&["Free some space", "Nothing is lost while butty runs"]),
        Problem::AccountInUse => Parts::what("Another butty is using this account's files.")
            .why("It runs in another terminal.")
            .next(&["Close it, then F5", "/quit"]),
        // A file of letters and digits says nothing; that the sign-in is gone does.
        Problem::SetAside { file, .. }
            if std::path::Path::new(file.as_str()).extension().is_some_and(|e| e == "json") =>
        {
            Parts::what("The saved sign-in was damaged and was set aside.")
                .why("The file that holds it cannot be read.")
                .next(&["/login"])
        }
        Problem::SetAside { file, kept_as } => {
            Parts::what(format!("{} was damaged and was set aside.", short(base_name(file.as_str()), 60)))
                .why(format!("It is kept as {}.", short(base_name(kept_as.as_str()), 60)))
                .next(&["butty goes on with a new one"])
        }
        Problem::NewerHistory { file } => {
            Parts::what(format!("{} was written by a newer butty.", short(base_name(file.as_str()), 60)))
                .why("This one leaves it as it is, and keeps nothing.")
                .next(&["Start the newer butty", "BUTTY_HOME names another folder"])
        }
        Problem::NoDataFolder { folder, why } => {
            Parts::what(format!("Nothing can be kept in {}.", short(folder.as_str(), 60)))
                .why(sentence(why))
                .next(&["BUTTY_HOME names another folder"])
        }
        Problem::NotKept { why } => Parts::what("Messages cannot be saved now.")
            .why(sentence(why))
            .next(&["butty tries again by itself", "Nothing is lost while butty runs"]),
        _ => Parts::misplaced(),
    }
}

/// The command line, and commands.
pub(super) fn commands(problem: &Problem) -> Parts {
    match problem {
        Problem::NotATerminal => Parts::what("This is not a terminal.")
            .why("butty draws its screen on one; a pipe or a file cannot show it.")
            .next(&["butty --help lists what works without one"]),
        Problem::Usage { why } => {
            Parts::what("This command line cannot be read.").why(sentence(why)).next(&["butty --help"])
        }
        Problem::NoAccount => {
            Parts::what("No account is set up here.").next(&["butty login", "butty demo tries it without one"])
        }
        Problem::UnknownAccount { account } => {
            Parts::what(format!("There is no account {} here.", quoted(account))).next(&["/account lists them"])
        }
        Problem::UnknownBuddy { who } => Parts::what(format!("Nobody on your list is called {}.", quoted(who)))
            .next(&["/add with an address", "/who"]),
        Problem::TimedOut { waited } => Parts::what(format!("It took longer than {}.", duration(*waited)))
            .why("That was the limit that was set.")
            .next(&["--timeout gives it more"]),
        Problem::NothingTyped { what, instead } => Parts::what(format!("No {} was typed.", short(what.as_str(), 60)))
            .why("The question was left, or the input ended.")
            .next(&["Type it when asked", short(instead.as_str(), 90).as_str()]),
        Problem::UnknownCommand { name } => {
            Parts::what(format!("No command /{}.", short(name.as_str(), 40))).next(&["/help lists them"])
        }
        Problem::BadArgument { command, why } => {
            Parts::what(format!("{}: {}.", short(command.as_str(), 20), short(why.as_str().trim_end_matches('.'), 70)))
                .next(&["/help"])
        }
        Problem::NotOffered { what } => {
            Parts::what(format!("This service does not offer {}.", short(what.as_str(), 60))).next(&["/doctor"])
        }
        Problem::TerminalLost { why } => Parts::what("The terminal does not answer any more.")
            .why(sentence(why))
            .next(&["butty in another terminal"]),
        Problem::DemoFailed { why } => Parts::what("The demo cannot begin on this computer.")
            .why(sentence(why))
            .next(&["Close other programs, then butty demo", "The log says more"]),
        Problem::Crashed { report } => {
            let said = Parts::what("butty has a bug and had to stop. Your drafts are safe.");
            match report {
                Some(file) => {
                    said.next(&["Start butty again", &format!("The report is in {}", short(file.as_str(), 80))])
                }
                None => said.next(&["Start butty again"]),
            }
        }
        Problem::Bug { what } => Parts::what("butty has a bug. Nothing that you wrote is lost.")
            .why(format!("It has to do with {}.", short(what.as_str(), 60)))
            .next(&["/doctor"]),
        _ => Parts::misplaced(),
    }
}

/// The name of a file without its folders: the whole path is in the log.
fn base_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}
