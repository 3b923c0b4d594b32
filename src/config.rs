//! Floor 4: the config file, the environment, the folders.
//!
//! Raw text becomes checked values here: [`load`] gives [`Config`], which holds only what the program obeys. A
//! wrong value is a [`Problem::BadConfig`] with line and column, an unknown name a [`Warning`] with a suggestion.
//! Secrets are refused: there is no place for one in the file.
//!
//! A file that is wrong stays where it is. Unlike the history and the tokens, which are butty's and are set aside when
//! they are broken, it is the person's own text: butty goes on with the defaults and says what is wrong, and `/reload`
//! takes it in once that is mended.

mod accounts;
mod fields;
mod folders;
mod options;
mod profile;
mod proxy;

pub use accounts::{forget_account, load_accounts, save_account, setup_for};
pub use folders::Folders;
pub use options::{Network, OptionRow, rows};
pub use profile::Profiles;

use crate::app::keymap;
use crate::app::model::Options;
use crate::app::setup::AccountSetup;
use crate::app::words;
use crate::types::{Line, Problem, Prose};
use accounts::Reading;
use std::fs;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Everything that was configured, checked.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// For the mind and the eye.
    pub options: Options,
    /// For the hands on the wire.
    pub network: Network,
    /// How much is logged.
    pub log_level: LogLevel,
    /// Name of program and system may be told to others.
    pub show_client: bool,
    /// From the file alone; those that were signed in to come from [`load_accounts`].
    pub accounts: Vec<AccountSetup>,
    /// Things to tell that change nothing.
    pub warnings: Vec<Warning>,
    /// Kinds of services, the person's own among them.
    pub profiles: Profiles,
}

impl Config {
    /// Whether nothing differs but what takes effect at once: the options of the mind and the eye.
    pub fn same_but_options(&self, other: &Self) -> bool {
        self.network == other.network
            && self.log_level == other.log_level
            && self.show_client == other.show_client
            && self.accounts == other.accounts
    }

    /// What stands in the file, or beside it, and does nothing, a sentence each: unknown options, bindings that cannot
    /// work, broken profiles.
    pub fn complaints(&self) -> Vec<String> {
        let unknown = self.warnings.iter().map(|warning| {
            let meant = warning.meant.as_ref().map(|meant| format!(" (did you mean {meant}?)")).unwrap_or_default();
            format!("line {}: unknown option {}{meant}", warning.line, warning.name)
        });
        let keys = keymap::complaints(&self.options).into_iter();
        let keys = keys.map(|(place, key, why)| {
            format!("keys.{place}: {} does nothing: {}", Line::clean(&key), Line::clean(&why))
        });
        // Named by no account, or the whole file would have been refused.
        let profiles = self.profiles.faults().map(|fault| format!("profiles: {}", words::problem(fault).what));
        unknown.chain(keys).chain(profiles).collect()
    }
}

/// How much is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the usual names")]
pub enum LogLevel {
    Error,
    #[default]
    Warn,
    Info,
    Debug,
}

/// A name that no option has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Line in the file, from 1.
    pub line: usize,
    /// What stands there.
    pub name: Line,
    /// The option that was perhaps meant.
    pub meant: Option<String>,
}

/// Reads the file (none is fine) and then the environment, which wins.
pub fn load(file: &Path, environment: &[(String, String)]) -> Result<Config, Problem> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => {
            return Err(Problem::UnreadableConfig { file: shown(file), why: Line::clean(&error.kind().to_string()) });
        }
    };
    let profiles = Profiles::load(&folders::profiles_beside(file));
    let mut config = parse_with(&text, file, &Reading { profiles: &profiles, lenient: false })?;
    config.profiles = profiles;
    options::apply_environment(&mut config, environment)?;
    proxy::settle(&mut config.network, environment);
    Ok(config)
}

/// The defaults, for a file that is wrong: but where it names a proxy, or may name one, nothing goes out around that.
pub fn defaults_beside(file: &Path, environment: &[(String, String)]) -> Config {
    let mut config = Config::default();
    let text = match fs::read(file) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(Vec::new()),
        Err(_) => None,
    };
    let text = text.as_deref().map(String::from_utf8_lossy);
    proxy::beside(&mut config.network, text.as_deref(), environment);
    config
}

/// The file's text as a config, with the profiles that come with butty. `file` is for messages and to resolve relative
/// paths.
pub fn parse(text: &str, file: &Path) -> Result<Config, Problem> {
    let profiles = Profiles::built_in();
    let config = parse_with(text, file, &Reading { profiles: &profiles, lenient: false })?;
    Ok(Config { profiles, ..config })
}

fn parse_with(text: &str, file: &Path, reading: &Reading<'_>) -> Result<Config, Problem> {
    let source = Source { text, file };
    let table = source.table()?;
    let mut config = Config::default();
    for (name, value) in table.get_ref() {
        match (name.get_ref().as_ref(), value.get_ref()) {
            ("accounts", DeValue::Array(list)) => {
                for account in list {
                    config.accounts.push(accounts::read(account, &source, reading, &mut config.warnings)?);
                }
            }
            ("keys", DeValue::Table(places)) => options::read_keys(&mut config, places, &source)?,
            (section, DeValue::Table(entries)) if options::is_section(section) => {
                for (key, value) in entries {
                    options::read(&mut config, section, key, value, &source)?;
                }
            }
            (other, _) => {
                source.refuse_secret(other, name)?;
                let meant = options::closest_section(other);
                config.warnings.push(source.unknown(name, other, meant));
            }
        }
    }
    Ok(config)
}

/// A text with its place, for messages.
struct Source<'a> {
    text: &'a str,
    file: &'a Path,
}

impl<'a> Source<'a> {
    fn table(&self) -> Result<Spanned<DeTable<'a>>, Problem> {
        DeTable::parse(self.text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            self.bad(at, "this is not TOML: look for a missing quote or bracket")
        })
    }

    fn line_of(&self, at: usize) -> usize {
        self.text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
    }

    fn bad(&self, at: usize, why: &str) -> Problem {
        let at = at.min(self.text.len());
        let start = self.text.as_bytes().iter().take(at).rposition(|byte| *byte == b'\n').map_or(0, |nl| nl + 1);
        let column = self.text.get(start..at).map_or(1, |before| before.chars().count() + 1);
        let excerpt = self.text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or("");
        Problem::BadConfig {
            file: shown(self.file),
            line: self.line_of(at),
            column,
            // Not a `Line`, which loses the blanks at its beginning: the caret counts columns from there.
            excerpt: Prose::clean(excerpt),
            why: Line::clean(why),
        }
    }

    fn unknown<T>(&self, name: &Spanned<T>, text: &str, meant: Option<String>) -> Warning {
        Warning { line: self.line_of(name.span().start), name: Line::clean(text), meant }
    }

    /// A password or token in the file is an error wherever it stands.
    fn refuse_secret<T>(&self, key: &str, name: &Spanned<T>) -> Result<(), Problem> {
        if matches!(key, "password" | "token" | "access_token" | "refresh_token" | "client_secret" | "secret") {
            return Err(self.secret(key, name));
        }
        Ok(())
    }

    fn secret<T>(&self, key: &str, name: &Spanned<T>) -> Problem {
        let line = self.line_of(name.span().start);
        Problem::SecretInConfig { file: shown(self.file), line, key: Line::clean(key) }
    }
}

fn shown(file: &Path) -> Line {
    Line::clean(&file.file_name().unwrap_or(file.as_os_str()).to_string_lossy())
}

/// A path of the config, relative to the config file, with `~/` opened.
fn path_from(text: &str, file: &Path) -> PathBuf {
    if let (Some(rest), Some(home)) = (text.strip_prefix("~/"), std::env::home_dir()) {
        return home.join(rest);
    }
    file.parent().map_or_else(|| PathBuf::from(text), |folder| folder.join(text))
}

/// The known name that is closest to a mistyped one, if any is close.
fn closest<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    known
        .map(|name| (distance(typed, name), name))
        .min()
        .filter(|(steps, name)| *steps <= 2.max(name.len() / 3))
        .map(|(_, name)| name.to_owned())
}

/// Levenshtein distance, for short names.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(64).enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (j, y) in b.iter().enumerate() {
            let above = row.get(j + 1).copied().unwrap_or(0);
            let cost = (diagonal + usize::from(x != *y)).min(above + 1).min(left + 1);
            diagonal = above;
            if let Some(slot) = row.get_mut(j) {
                *slot = left;
            }
            left = cost;
        }
        if let Some(slot) = row.last_mut() {
            *slot = left;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests;
