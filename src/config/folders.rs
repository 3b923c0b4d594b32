//! Where butty's files are.

use crate::types::{Line, Problem};
use directories::ProjectDirs;
use std::path::{Path, PathBuf};

/// The folders; none is made before something is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    /// `config.toml`.
    pub config: PathBuf,
    /// History, accounts, secrets.
    pub data: PathBuf,
    /// The log.
    pub state: PathBuf,
    /// The config file itself: `BUTTY_CONFIG`, else in `config`.
    pub config_file: PathBuf,
}

impl Folders {
    /// The system's own places, moved by `BUTTY_HOME` (all) and `BUTTY_CONFIG` (the file).
    pub fn find(environment: &[(String, String)]) -> Result<Self, Problem> {
        let variable = |name: &str| {
            environment.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| Path::new(value))
        };
        let (config, data, state) = match variable("BUTTY_HOME") {
            Some(home) => (home.join("config"), home.join("data"), home.join("state")),
            None => {
                let dirs = ProjectDirs::from("", "", "butty").ok_or_else(|| Problem::NoDataFolder {
                    folder: Line::clean("the home folder"),
                    why: Line::clean("this user has none; BUTTY_HOME can name one"),
                })?;
                let state = dirs.state_dir().unwrap_or(dirs.data_dir()).to_owned();
                (dirs.config_dir().to_owned(), dirs.data_dir().to_owned(), state)
            }
        };
        let config_file = variable("BUTTY_CONFIG").map_or_else(|| config.join("config.toml"), Path::to_owned);
        Ok(Self { config, data, state, config_file })
    }

    /// The accounts that were signed in to.
    pub fn accounts_file(&self) -> PathBuf {
        self.data.join("accounts.toml")
    }

    /// Provider profiles of the person's own, beside the config file.
    pub fn profiles(&self) -> PathBuf {
        profiles_beside(&self.config_file)
    }

    /// Secrets.
    pub fn tokens(&self) -> PathBuf {
        self.data.join("tokens")
    }

    /// The log.
    pub fn log_file(&self) -> PathBuf {
        self.state.join("butty.log")
    }
}

/// Where provider profiles are, for a config file.
pub(super) fn profiles_beside(config_file: &Path) -> PathBuf {
    config_file.parent().map_or_else(|| PathBuf::from("profiles"), |folder| folder.join("profiles"))
}
