//! Parses the arguments, starts what they name, turns the outcome into an exit code.

use butty::cli::Args;
use butty::runtime::{Clock, program};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let clock = Clock::start();
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version are answers (0); everything else is wrong usage (2). A closed pipe is neither.
            drop(error.print());
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let environment: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    ExitCode::from(program::run(&args, &environment, clock))
}
