//! Secrets in files that only their owner can read.
//!
//! One file per key, named by a hash of it, holding the key beside the secret: a file that was copied to another
//! account's name is not taken for that account's. A secret is durable before [`Vault::save`] returns: temporary
//! file, sync, rename, sync of the folder. A broken file is set aside, never overwritten.

use super::schema::{self, base_name, make_private_folder, private_options};
use crate::oauth::{Vault, VaultError, VaultKey};
use crate::types::{Line, Secret};
use ring::digest;
use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Nobody writes a file for so long.
const ABANDONED: Duration = Duration::from_secs(60);
/// Longest wait for another process: a refresh with all its waits is shorter.
const OTHERS: Duration = Duration::from_secs(20);
/// Between two looks at its lock.
const LOOK: Duration = Duration::from_millis(25);

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

    /// What there is, in memory or on disk.
    pub(super) fn kept(&self, key: &VaultKey) -> Result<Option<Kept>, VaultError> {
        if let Some(secret) = self.memory().get(key) {
            return Ok(Some(Kept::Secret(secret.clone())));
        }
        self.kept_on_disk(key)
    }

    /// What the file holds.
    pub(super) fn kept_on_disk(&self, key: &VaultKey) -> Result<Option<Kept>, VaultError> {
        let Some(file) = self.file(key) else { return Ok(None) };
        let text = match fs::read_to_string(&file) {
            Ok(text) => Secret::new(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(set_aside(&file)),
            Err(error) => return Err(VaultError::Read(said(&error))),
        };
        only_ours(&file)?;
        // Another key's secret under this name: somebody moved files about. It is not ours to use.
        Stored::from_text(&text, key).map(Some).ok_or_else(|| set_aside(&file))
    }

    /// Writes down that the keyring has it, under this name.
    pub(super) fn note_keyring(&self, key: &VaultKey, name: &str) -> Result<(), VaultError> {
        let note = Stored { v: 1, key: text_of(key), secret: String::new(), keyring: Some(name.to_owned()) };
        self.write(key, &note)
    }

    /// Forgets what was kept in memory alone.
    pub(super) fn forget_memory(&self, key: &VaultKey) {
        self.memory().remove(key);
    }

    fn write(&self, key: &VaultKey, stored: &Stored) -> Result<(), VaultError> {
        let file = self.file(key).ok_or_else(|| VaultError::Write(Line::clean("no folder")))?;
        let text = stored.to_text()?;
        write_durably(&file, text.expose().as_bytes()).map_err(|error| VaultError::Write(said(&error)))
    }
}

impl Vault for FileVault {
    fn load(&self, key: &VaultKey) -> Result<Option<Secret<String>>, VaultError> {
        match self.kept(key)? {
            None => Ok(None),
            Some(Kept::Secret(secret)) => Ok(Some(secret)),
            Some(Kept::InKeyring(_)) => Err(VaultError::NoKeyring),
        }
    }

    fn save(&self, key: &VaultKey, secret: &Secret<String>, durable: bool) -> Result<(), VaultError> {
        if !durable || self.folder.is_none() {
            self.memory().insert(key.clone(), secret.clone());
            return Ok(());
        }
        self.write(key, &Stored::secret(key, secret))?;
        self.memory().remove(key);
        Ok(())
    }

    fn forget(&self, key: &VaultKey) -> Result<(), VaultError> {
        self.memory().remove(key);
        let Some(file) = self.file(key) else { return Ok(()) };
        sweep(&file, Duration::ZERO);
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(VaultError::Write(said(&error))),
            _ => Ok(()),
        }
    }

    fn lock(&self, key: &VaultKey) -> Result<Box<dyn Send>, VaultError> {
        let Some(file) = self.file(key) else { return Ok(Box::new(())) };
        let opened = make_folder(&file)
            .and_then(|()| private_options().create(true).append(true).open(file.with_extension("lock")));
        let lock = opened.map_err(|error| VaultError::Write(said(&error)))?;
        lock_within(&lock, OTHERS)?;
        Ok(Box::new(lock))
    }
}

/// Locks the file; waits at most so long. Whoever holds it may have been stopped, and `File::lock` would wait with it.
#[allow(clippy::disallowed_methods, reason = "a lock of another process tells nobody when it is free")]
fn lock_within(lock: &File, limit: Duration) -> Result<(), VaultError> {
    let begun = Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(VaultError::Write(said(&error))),
            Err(TryLockError::WouldBlock) if begun.elapsed() >= limit => return Err(VaultError::Held),
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOOK),
        }
    }
}

/// What there is of a key.
pub(super) enum Kept {
    /// The secret.
    Secret(Secret<String>),
    /// The name of the item in the keyring that holds it.
    InKeyring(String),
}

/// What a file, or an item of the keyring, holds. Its text is wiped by whoever read or wrote it.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Stored {
    v: u32,
    key: String,
    secret: String,
    /// The secret is not here but there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keyring: Option<String>,
}

impl Stored {
    /// A secret with its key.
    pub(super) fn secret(key: &VaultKey, secret: &Secret<String>) -> Self {
        Self { v: 1, key: text_of(key), secret: secret.expose().clone(), keyring: None }
    }

    /// As JSON.
    pub(super) fn to_text(&self) -> Result<Secret<String>, VaultError> {
        let text = serde_json::to_string(self).map(Secret::new);
        text.map_err(|_| VaultError::Write(Line::clean("not text")))
    }

    /// Reads it back; `None`: it is broken, or another key's.
    pub(super) fn from_text(text: &Secret<String>, key: &VaultKey) -> Option<Kept> {
        let mut stored: Self = serde_json::from_str(text.expose()).ok()?;
        if stored.key != text_of(key) {
            return None;
        }
        Some(match stored.keyring.take() {
            Some(name) => Kept::InKeyring(name),
            None => Kept::Secret(Secret::new(std::mem::take(&mut stored.secret))),
        })
    }
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
        VaultKey::Known { account } => format!("known {account}"),
        VaultKey::Fast { account } => format!("fast {account}"),
        VaultKey::GivenToken { account } => format!("given-token {account}"),
        VaultKey::Pending { account } => format!("pending {account}"),
        VaultKey::Former { account } => format!("former {account}"),
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
    sweep(file, ABANDONED);
    let prefix = halves(file);
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix);
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

/// Beginning of the names of files that are still being written.
fn halves(file: &Path) -> String {
    format!(".{}-", file.file_stem().unwrap_or_default().to_string_lossy())
}

/// Removes what a process left behind that was killed while it wrote: there is a secret in it. What is younger may
/// belong to a process that still lives.
fn sweep(file: &Path, age: Duration) {
    let prefix = halves(file);
    let entries = file.parent().and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix)) {
        let modified = entry.metadata().and_then(|data| data.modified()).ok();
        if modified.and_then(|at| at.elapsed().ok()).is_some_and(|old| old >= age) {
            drop(fs::remove_file(entry.path())); // the next one tries again
        }
    }
}

fn set_aside(file: &Path) -> VaultError {
    let kept_as = schema::aside_name(file, "broken");
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
    fn row_004_12_a_long_odd_token_survives_byte_for_byte() {
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
    fn row_004_22_a_file_moved_to_another_accounts_name_is_not_used() {
        let home = tempfile::tempdir().unwrap();
        let vault = FileVault::new(Some(home.path().to_owned()));
        vault.save(&tokens("a@a"), &Secret::from("of a"), true).unwrap();
        fs::rename(vault.file(&tokens("a@a")).unwrap(), vault.file(&tokens("b@a")).unwrap()).unwrap();
        assert!(matches!(vault.load(&tokens("b@a")), Err(VaultError::SetAside { .. })));
    }

    #[test]
    fn what_a_killed_process_left_half_written_is_swept_away() {
        let home = tempfile::tempdir().unwrap();
        let vault = FileVault::new(Some(home.path().to_owned()));
        vault.save(&tokens("a@a"), &Secret::from("t"), true).unwrap();
        let file = vault.file(&tokens("a@a")).unwrap();
        let half = home.path().join(format!("{}x1", halves(&file)));
        let write_half = |old: bool| {
            fs::write(&half, "{\"v\":1,\"secret\":\"tok").unwrap();
            let age = if old { ABANDONED * 2 } else { Duration::ZERO };
            let written = fs::metadata(&half).unwrap().modified().unwrap();
            File::options().write(true).open(&half).unwrap().set_modified(written - age).unwrap();
        };
        write_half(false);
        vault.save(&tokens("a@a"), &Secret::from("t"), true).unwrap();
        assert!(half.exists(), "somebody may be at it");
        write_half(true);
        vault.save(&tokens("a@a"), &Secret::from("t"), true).unwrap();
        assert!(!half.exists());
        write_half(false);
        vault.forget(&tokens("a@a")).unwrap();
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0, "nothing is left of a sign-out");
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
        // Nor does anybody wait for ever for one that was stopped.
        let file = vault.file(&tokens("a@a")).unwrap().with_extension("lock");
        let lock = private_options().append(true).open(file).unwrap();
        assert_eq!(lock_within(&lock, Duration::ZERO), Err(VaultError::Held));
        drop(guard);
        told.recv().unwrap();
        waiter.join().unwrap();
    }
}
