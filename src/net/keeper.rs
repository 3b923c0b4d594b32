//! The vault, off the async thread: a disk may be slow.

use super::Network;
use crate::app::event::Keep;
use crate::app::setup::AccountSetup;
use crate::oauth::{Durable, VaultError, VaultKey};
use crate::types::{Line, Problem, Secret};
use std::sync::Arc;

impl Network {
    pub(super) async fn load(&self, key: &VaultKey) -> Result<Option<Secret<String>>, Problem> {
        let (vault, key) = (Arc::clone(&self.vault), key.clone());
        off(move || vault.load(&key)).await
    }

    pub(super) async fn save(&self, key: &VaultKey, secret: Secret<String>, durable: bool) -> Result<(), Problem> {
        let (vault, key) = (Arc::clone(&self.vault), key.clone());
        off(move || vault.save(&key, &secret, durable)).await
    }

    pub(super) async fn forget(&self, key: &VaultKey) -> Result<(), Problem> {
        let (vault, key) = (Arc::clone(&self.vault), key.clone());
        off(move || vault.forget(&key)).await
    }

    /// Makes ready for secrets of an account: says where they go, and fails where that place takes none. True: they
    /// outlive the process.
    pub(super) async fn settle(&self, setup: &AccountSetup, keep: Keep) -> Result<bool, Problem> {
        if setup.ephemeral || keep == Keep::Memory {
            return Ok(false);
        }
        let (vault, account) = (Arc::clone(&self.vault), setup.id.as_str().to_owned());
        off(move || {
            let place = if keep == Keep::Keyring { Durable::Keyring } else { Durable::File };
            if place == Durable::Keyring {
                vault.keyring()?;
            }
            vault.settle(&account, place);
            Ok(true)
        })
        .await
    }

    /// Lets sign-outs that wait be kept as safely as this secret is.
    pub(super) async fn shelter(&self, key: &VaultKey) -> Result<(), Problem> {
        let (vault, key) = (Arc::clone(&self.vault), key.clone());
        off(move || vault.shelter(&key)).await
    }

    /// Holds the key against other processes.
    pub(super) async fn hold(&self, key: &VaultKey) -> Result<Box<dyn Send>, Problem> {
        let (vault, key) = (Arc::clone(&self.vault), key.clone());
        off(move || vault.lock(&key)).await
    }
}

async fn off<T: Send + 'static>(work: impl FnOnce() -> Result<T, VaultError> + Send + 'static) -> Result<T, Problem> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(problem_of),
        Err(_) => Err(Problem::Bug { what: Line::clean("the keeper of secrets stopped") }),
    }
}

fn problem_of(error: VaultError) -> Problem {
    match error {
        VaultError::Write(why) | VaultError::Read(why) => Problem::TokenNotKept { why },
        VaultError::Held => Problem::SecretsHeld,
        VaultError::NoKeyring => Problem::NoKeyring,
        VaultError::Locked => Problem::KeyringLocked,
        VaultError::SetAside { file, kept_as } => Problem::SetAside { file, kept_as },
    }
}
