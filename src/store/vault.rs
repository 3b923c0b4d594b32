//! Secrets in the system keyring or in files, by account.
//!
//! Where a secret went is told by its file: it holds the secret, or the random name of an item in the keyring. So the
//! next process knows where to look, a keyring is asked only for what it holds, and the locks are the same. The item
//! holds its key beside the secret: one that was swapped for another account's is not used.

use super::tokens::{FileVault, Kept, Stored};
use crate::oauth::{Durable, Vault, VaultError, VaultKey};
use crate::types::{Line, Secret};
use ring::rand::SecureRandom;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// A keyring. Calls may block, but not for ever.
pub(super) trait Wallet: Send + Sync {
    /// Whether it takes secrets now.
    fn probe(&self) -> Result<(), WalletError>;
    /// The secret of this name.
    fn read(&self, name: &str) -> Result<Option<Secret<String>>, WalletError>;
    /// Keeps a secret, in place of an earlier one.
    fn write(&self, name: &str, label: &str, secret: &Secret<String>) -> Result<(), WalletError>;
    /// Forgets it.
    fn delete(&self, name: &str) -> Result<(), WalletError>;
}

/// Why a keyring does not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "keyring"), allow(dead_code, reason = "only a keyring can be locked"))]
pub(super) enum WalletError {
    /// Nothing answers.
    Absent,
    /// Locked, and nobody unlocked it.
    Locked,
    /// It answered, and not as it should.
    Failed,
}

/// Built without one.
#[cfg(not(feature = "keyring"))]
struct NoWallet;

#[cfg(not(feature = "keyring"))]
impl Wallet for NoWallet {
    fn probe(&self) -> Result<(), WalletError> {
        Err(WalletError::Absent)
    }
    fn read(&self, _: &str) -> Result<Option<Secret<String>>, WalletError> {
        Err(WalletError::Absent)
    }
    fn write(&self, _: &str, _: &str, _: &Secret<String>) -> Result<(), WalletError> {
        Err(WalletError::Absent)
    }
    fn delete(&self, _: &str) -> Result<(), WalletError> {
        Err(WalletError::Absent)
    }
}

/// The keeper of secrets of a person's butty.
pub struct HomeVault {
    files: FileVault,
    wallet: Box<dyn Wallet>,
    settled: Mutex<Settled>,
}

#[derive(Default)]
struct Settled {
    by_account: HashMap<String, Durable>,
    /// For what belongs to no account.
    last: Durable,
    /// Sign-outs that wait hold something that was in the keyring.
    farewells_in_keyring: bool,
}

impl HomeVault {
    /// A vault whose files lie in this folder. The keyring is asked only when it is needed.
    pub fn new(folder: PathBuf) -> Self {
        #[cfg(feature = "keyring")]
        let wallet = Box::new(super::keyring::SecretService::default());
        #[cfg(not(feature = "keyring"))]
        let wallet = Box::new(NoWallet);
        Self::over(folder, wallet)
    }

    /// The same, with the keyring of another D-Bus session than this process's own.
    #[cfg(feature = "keyring")]
    pub fn on_bus(folder: PathBuf, address: &str) -> Self {
        Self::over(folder, Box::new(super::keyring::SecretService { bus: Some(address.to_owned()) }))
    }

    fn over(folder: PathBuf, wallet: Box<dyn Wallet>) -> Self {
        Self { files: FileVault::new(Some(folder)), wallet, settled: Mutex::default() }
    }

    /// Where a durable secret goes: as was settled, else where it is, else where the account's others are.
    fn place(&self, key: &VaultKey, is: Option<&Kept>) -> Result<Durable, VaultError> {
        let place_of = |kept: &Kept| match kept {
            Kept::Secret(_) => Durable::File,
            Kept::InKeyring(_) => Durable::Keyring,
        };
        if matches!(key, VaultKey::Known { .. }) {
            return Ok(Durable::File); // no secret, and asked for at each sign-in: it wakes no keyring
        }
        if let VaultKey::Former { account } = key {
            // It holds what the sign-in before holds, wherever the next one is to go.
            let sign_in = VaultKey::SignIn { account: account.clone() };
            if let Some(kept) = self.files.kept_on_disk(&sign_in)? {
                return Ok(place_of(&kept));
            }
        }
        let settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        if settled.farewells_in_keyring && *key == VaultKey::Farewells {
            return Ok(Durable::Keyring);
        }
        let Some(account) = key.account() else { return Ok(is.map_or(settled.last, place_of)) };
        if let Some(place) = settled.by_account.get(account).copied().or(is.map(place_of)) {
            return Ok(place);
        }
        let account = account.to_owned();
        for key in [VaultKey::SignIn { account: account.clone() }, VaultKey::Password { account }] {
            if let Some(kept) = self.files.kept(&key)? {
                return Ok(place_of(&kept));
            }
        }
        Ok(Durable::File)
    }

    fn save_in_keyring(&self, key: &VaultKey, secret: &Secret<String>, is: Option<Kept>) -> Result<(), VaultError> {
        let (name, is_new) = match is {
            Some(Kept::InKeyring(name)) => (name, false),
            _ => (random_name()?, true),
        };
        let label = key.account().map_or_else(|| "butty".to_owned(), |account| format!("butty, {account}"));
        let text = Stored::secret(key, secret).to_text()?;
        self.wallet.write(&name, &label, &text).map_err(problem_of)?;
        if is_new {
            // First the item, then the file that speaks of it: what is written here is there.
            self.files.note_keyring(key, &name)?;
        }
        Ok(())
    }
}

impl Vault for HomeVault {
    fn load(&self, key: &VaultKey) -> Result<Option<Secret<String>>, VaultError> {
        let name = match self.files.kept(key)? {
            None => return Ok(None),
            Some(Kept::Secret(secret)) => return Ok(Some(secret)),
            Some(Kept::InKeyring(name)) => name,
        };
        let Some(text) = self.wallet.read(&name).map_err(problem_of)? else { return Ok(None) };
        match Stored::from_text(&text, key) {
            Some(Kept::Secret(secret)) => Ok(Some(secret)),
            _ => Err(VaultError::Read(Line::clean("the keyring holds something else in its place"))),
        }
    }

    fn save(&self, key: &VaultKey, secret: &Secret<String>, durable: bool) -> Result<(), VaultError> {
        if !durable {
            return self.files.save(key, secret, false);
        }
        let is = self.files.kept_on_disk(key)?;
        match self.place(key, is.as_ref())? {
            Durable::Keyring => {
                self.save_in_keyring(key, secret, is)?;
                self.files.forget_memory(key);
                Ok(())
            }
            Durable::File => {
                self.files.save(key, secret, true)?;
                if let Some(Kept::InKeyring(name)) = is {
                    // It moved; that an old copy stays behind in a keyring that is gone is no reason to fail.
                    let _ = self.wallet.delete(&name);
                }
                Ok(())
            }
        }
    }

    fn forget(&self, key: &VaultKey) -> Result<(), VaultError> {
        self.files.forget_memory(key);
        if let Some(Kept::InKeyring(name)) = self.files.kept_on_disk(key)? {
            self.wallet.delete(&name).map_err(problem_of)?;
        }
        self.files.forget(key)
    }

    fn lock(&self, key: &VaultKey) -> Result<Box<dyn Send>, VaultError> {
        self.files.lock(key)
    }

    fn keyring(&self) -> Result<(), VaultError> {
        self.wallet.probe().map_err(problem_of)
    }

    fn shelter(&self, key: &VaultKey) -> Result<(), VaultError> {
        if matches!(self.files.kept_on_disk(key)?, Some(Kept::InKeyring(_))) {
            self.settled.lock().unwrap_or_else(PoisonError::into_inner).farewells_in_keyring = true;
        }
        Ok(())
    }

    fn settle(&self, account: &str, place: Durable) {
        let mut settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        settled.by_account.insert(account.to_owned(), place);
        settled.last = place;
    }
}

fn problem_of(error: WalletError) -> VaultError {
    match error {
        WalletError::Absent => VaultError::NoKeyring,
        WalletError::Locked => VaultError::Locked,
        WalletError::Failed => VaultError::Write(Line::clean("the keyring refused")),
    }
}

/// 128 random bits.
fn random_name() -> Result<String, VaultError> {
    let mut bytes = [0_u8; 16];
    let filled = ring::rand::SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| VaultError::Write(Line::clean("no random numbers")))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

#[cfg(test)]
mod tests;
