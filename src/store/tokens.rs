//! Secrets in files that only their owner can read.
//!
//! One file per key, named by a hash of it, holding the key beside the secret: a file that was copied to another
//! account's name is not taken for that account's. A secret is durable before [`Vault::save`] returns: temporary
//! file, sync, rename, sync of the folder. A broken file is set aside, never overwritten.

use super::schema::{base_name, make_private_folder, private_options};
use crate::oauth::{Vault, VaultError, VaultKey};
use crate::types::{Line, Secret};
use ring::digest;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use zeroize::Zeroizing;

/// A keeper of secrets in a folder, with a memory for those that must not be written.
#[derive(Debug)]
pub struct FileVault {
    folder: Option<PathBuf>,
    memory: Mutex<HashMap<VaultKey, Secret<String>>>,
}

impl FileVault {
    /// A vault in this folder; `None`: in memory alone.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, memory: Mutex::new(HashMap::new()) }
    }

    fn memory(&self) -> MutexGuard<'_, HashMap<VaultKey, Secret<String>>> {
        // A poisoned map is still a map: it holds whole entries only.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self, key: &VaultKey) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(format!("{}.json", file_stem(&text_of(key)))))
    }
}

impl Vault for FileVault {
    fn load(&self, key: &VaultKey) -> Result<Option<Secret<String>>, VaultError> {
        if let Some(secret) = self.memory().get(key) {
            return Ok(Some(secret.clone()));
        }
        let Some(file) = self.file(key) else { return Ok(None) };
        let text = match fs::read_to_string(&file) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(set_aside(&file)),
            Err(error) => return Err(VaultError::Read(said(&error))),
        };
        only_ours(&file)?;
        match serde_json::from_str::<Stored>(&text) {
            Ok(mut stored) if stored.key == text_of(key) => Ok(Some(Secret::new(std::mem::take(&mut stored.secret)))),
            // Another key's secret under this name: somebody moved files about. It is not ours to use.
            Ok(_) | Err(_) => Err(set_aside(&file)),
        }
    }

    fn save(&self, key: &VaultKey, secret: &Secret<String>, durable: bool) -> Result<(), VaultError> {
        let Some(file) = self.file(key).filter(|_| durable) else {
            self.memory().insert(key.clone(), secret.clone());
            return Ok(());
        };
        let stored = Stored { v: 1, key: text_of(key), secret: secret.expose().clone() };
        let text = serde_json::to_string(&stored).map(Zeroizing::new);
        let text = text.map_err(|_| VaultError::Write(Line::clean("not text")))?;
        write_durably(&file, text.as_bytes()).map_err(|error| VaultError::Write(said(&error)))?;
        self.memory().remove(key);
        Ok(())
    }

    fn forget(&self, key: &VaultKey) -> Result<(), VaultError> {
        self.memory().remove(key);
        let Some(file) = self.file(key) else { return Ok(()) };
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(VaultError::Write(said(&error))),
            _ => Ok(()),
        }
    }

    fn lock(&self, key: &VaultKey) -> Result<Box<dyn Send>, VaultError> {
        let Some(file) = self.file(key) else { return Ok(Box::new(())) };
        let locked = || -> io::Result<File> {
            make_folder(&file)?;
            let lock = private_options().create(true).append(true).open(file.with_extension("lock"))?;
            lock.lock()?;
            Ok(lock)
        };
        locked().map(|lock| Box::new(lock) as Box<dyn Send>).map_err(|error| VaultError::Write(said(&error)))
    }
}

/// What a file holds. Its text is wiped by whoever read or wrote it.
#[derive(serde::Serialize, serde::Deserialize)]
struct Stored {
    v: u32,
    key: String,
    secret: String,
}

impl Drop for Stored {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.secret);
    }
}

/// A name for any text that is safe as a file name and the same on every system.
pub(super) fn file_stem(text: &str) -> String {
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    let start = hash.as_ref().iter().take(16).fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
    format!("{start:032x}")
}

fn text_of(key: &VaultKey) -> String {
    match key {
        VaultKey::Password { account } => format!("password {account}"),
        VaultKey::Tokens { issuer, client, account } => format!("tokens {account} {issuer} {client}"),
        VaultKey::Client { issuer } => format!("client {issuer}"),
        VaultKey::GivenToken { account } => format!("given-token {account}"),
        VaultKey::Pending { account } => format!("pending {account}"),
        VaultKey::Farewells => "farewells".to_owned(),
        VaultKey::SignIn { account } => format!("sign-in {account}"),
    }
}

fn only_ours(file: &Path) -> Result<(), VaultError> {
    #[cfg(unix)]
    {
        let data = fs::metadata(file).map_err(|error| VaultError::Read(said(&error)))?;
        if std::os::unix::fs::PermissionsExt::mode(&data.permissions()) & 0o077 != 0 {
            return Err(VaultError::Read(Line::clean(&format!("others can read {}", base_name(file)))));
        }
    }
    Ok(())
}

fn make_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().ok_or(io::ErrorKind::NotFound)?;
    make_private_folder(folder).map_err(|_| io::ErrorKind::PermissionDenied.into())
}

fn write_durably(file: &Path, text: &[u8]) -> io::Result<()> {
    make_folder(file)?;
    let folder = file.parent().ok_or(io::ErrorKind::NotFound)?;
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600));
    let mut temporary = builder.tempfile_in(folder)?;
    temporary.write_all(text)?;
    temporary.as_file().sync_all()?;
    temporary.persist(file).map_err(|error| error.error)?;
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

fn set_aside(file: &Path) -> VaultError {
    let stamp = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S").to_string();
    let kept_as = file.with_extension(format!("broken-{stamp}"));
    match fs::rename(file, &kept_as) {
        Ok(()) => VaultError::SetAside { file: base_name(file), kept_as: base_name(&kept_as) },
        Err(error) => VaultError::Read(said(&error)),
    }
}

/// An I/O error in few words, without a path.
fn said(error: &io::Error) -> Line {
    Line::clean(&error.kind().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(account: &str) -> VaultKey {
        VaultKey::Tokens { issuer: "https://id.a".into(), client: "c".into(), account: account.into() }
    }

    #[test]
    fn a_long_odd_token_survives_byte_for_byte() {
        let home = tempfile::tempdir().unwrap();
        let token = "*%!$+/=\u{e9}\"\\\n".repeat(400);
        FileVault::new(Some(home.path().to_owned())).save(&tokens("a@a"), &Secret::new(token.clone()), true).unwrap();
        let again = FileVault::new(Some(home.path().to_owned()));
        assert_eq!(again.load(&tokens("a@a")).unwrap().unwrap().expose(), &token);
        assert!(again.load(&tokens("b@a")).unwrap().is_none());
        again.forget(&tokens("a@a")).unwrap();
        assert!(again.load(&tokens("a@a")).unwrap().is_none());
    }

    #[cfg(unix)]
    #[test]
    fn files_are_private_and_wider_ones_are_refused() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let vault = FileVault::new(Some(home.path().join("tokens")));
        vault.save(&tokens("a@a"), &Secret::from("t"), true).unwrap();
        let file = vault.file(&tokens("a@a")).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(vault.load(&tokens("a@a")), Err(VaultError::Read(_))));
    }

    #[test]
    fn a_broken_file_is_set_aside_and_kept() {
        let home = tempfile::tempdir().unwrap();
        let vault = FileVault::new(Some(home.path().to_owned()));
        for noise in ["", "{\"v\":1,\"key\":", "\u{0}\u{1}"] {
            let file = vault.file(&tokens("a@a")).unwrap();
            private_options()
                .create(true)
                .write(true)
                .truncate(true)
                .open(&file)
                .unwrap()
                .write_all(noise.as_bytes())
                .unwrap();
            let Err(VaultError::SetAside { kept_as, .. }) = vault.load(&tokens("a@a")) else { panic!("{noise:?}") };
            assert_eq!(fs::read_to_string(home.path().join(kept_as.as_str())).unwrap(), noise);
            assert!(vault.load(&tokens("a@a")).unwrap().is_none());
        }
    }

    #[test]
    fn a_file_moved_to_another_accounts_name_is_not_used() {
        let home = tempfile::tempdir().unwrap();
        let vault = FileVault::new(Some(home.path().to_owned()));
        vault.save(&tokens("a@a"), &Secret::from("of a"), true).unwrap();
        fs::rename(vault.file(&tokens("a@a")).unwrap(), vault.file(&tokens("b@a")).unwrap()).unwrap();
        assert!(matches!(vault.load(&tokens("b@a")), Err(VaultError::SetAside { .. })));
    }

    #[test]
    fn memory_leaves_no_file() {
        let home = tempfile::tempdir().unwrap();
        let vault = FileVault::new(Some(home.path().to_owned()));
        vault.save(&tokens("a@a"), &Secret::from("t"), false).unwrap();
        assert_eq!(vault.load(&tokens("a@a")).unwrap().unwrap().expose(), "t");
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    }

    #[test]
    fn one_at_a_time_holds_the_lock() {
        let home = tempfile::tempdir().unwrap();
        let vault = std::sync::Arc::new(FileVault::new(Some(home.path().to_owned())));
        let guard = vault.lock(&tokens("a@a")).unwrap();
        let (tell, told) = std::sync::mpsc::channel();
        let other = vault.clone();
        let waiter = std::thread::spawn(move || {
            let _guard = other.lock(&tokens("a@a")).unwrap();
            tell.send(()).unwrap();
        });
        assert!(told.try_recv().is_err());
        drop(guard);
        told.recv().unwrap();
        waiter.join().unwrap();
    }
}
