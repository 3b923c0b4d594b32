//! Parses the arguments, starts what they name, turns the outcome into an exit code.

use butty::cli::Args;
use butty::runtime::{Clock, program};
use std::process::ExitCode;

fn main() -> ExitCode {
    let clock = Clock::start();
    let args = match Args::read(std::env::args_os()) {
        Ok(args) => args,
        Err(code) => return ExitCode::from(code),
    };
    let environment: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    ExitCode::from(program::run(&args, &environment, clock))
}
