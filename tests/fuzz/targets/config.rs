//! Any text as `config.toml`: it is taken, with complaints that can be shown, or refused with file and line.

use butty::config;
use std::path::Path;

pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match config::parse(text, Path::new("config.toml")) {
        Ok(config) => {
            for complaint in config.complaints() {
                assert!(!complaint.contains(char::is_control), "{complaint:?}");
            }
        }
        Err(problem) => assert!(problem.code().starts_with("BTY-CONF-"), "{problem:?}"),
    }
}
