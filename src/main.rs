//! Parses the arguments, starts what they name, turns the outcome into an exit code.

fn main() {}
