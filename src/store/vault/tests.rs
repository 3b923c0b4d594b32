use super::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// A keyring in memory, in one of three moods.
#[derive(Default)]
struct Purse {
    items: Mutex<HashMap<String, (String, String)>>,
    mood: AtomicU8,
}

impl Purse {
    fn ready(&self) -> Result<(), WalletError> {
        match self.mood.load(Ordering::Relaxed) {
            0 => Ok(()),
            1 => Err(WalletError::Locked),
            _ => Err(WalletError::Absent),
        }
    }
}

impl Wallet for Arc<Purse> {
    fn probe(&self) -> Result<(), WalletError> {
        self.ready()
    }
    fn read(&self, name: &str) -> Result<Option<Secret<String>>, WalletError> {
        self.ready()?;
        Ok(self.items.lock().unwrap().get(name).map(|(_, text)| Secret::from(text.as_str())))
    }
    fn write(&self, name: &str, label: &str, secret: &Secret<String>) -> Result<(), WalletError> {
        self.ready()?;
        self.items.lock().unwrap().insert(name.to_owned(), (label.to_owned(), secret.expose().clone()));
        Ok(())
    }
    fn delete(&self, name: &str) -> Result<(), WalletError> {
        self.ready()?;
        self.items.lock().unwrap().remove(name);
        Ok(())
    }
}

struct Home {
    folder: tempfile::TempDir,
    purse: Arc<Purse>,
}

impl Home {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), purse: Arc::default() }
    }

    /// As a new process has it.
    fn vault(&self) -> HomeVault {
        HomeVault::over(self.folder.path().to_owned(), Box::new(Arc::clone(&self.purse)))
    }

    fn on_disk(&self) -> String {
        let files = std::fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        files.map(|file| std::fs::read_to_string(file).unwrap()).collect()
    }
}

fn tokens(account: &str) -> VaultKey {
    VaultKey::Tokens { issuer: "https://id.a".into(), client: "c".into(), account: account.into() }
}

fn sign_in(account: &str) -> VaultKey {
    VaultKey::SignIn { account: account.into() }
}

#[test]
fn row_004_12_a_long_odd_token_survives_the_keyring_byte_for_byte() {
    let home = Home::new();
    let token = "*%!$+/=".repeat(600);
    let vault = home.vault();
    vault.settle("a@a", Durable::Keyring);
    vault.save(&tokens("a@a"), &Secret::new(token.clone()), true).unwrap();
    assert_eq!(home.vault().load(&tokens("a@a")).unwrap().unwrap().expose(), &token);
    assert!(!home.on_disk().contains("*%!$"), "no byte of it is on disk");
    assert!(home.purse.items.lock().unwrap().values().all(|(label, _)| label == "butty, a@a"));
}

#[test]
fn the_next_process_finds_each_accounts_place_by_itself() {
    let home = Home::new();
    let vault = home.vault();
    vault.settle("ring@a", Durable::Keyring);
    vault.save(&sign_in("ring@a"), &Secret::from("r"), true).unwrap();
    vault.settle("file@a", Durable::File);
    vault.save(&sign_in("file@a"), &Secret::from("f"), true).unwrap();
    let next = home.vault();
    next.save(&tokens("ring@a"), &Secret::from("in the ring"), true).unwrap();
    next.save(&tokens("file@a"), &Secret::from("in the file"), true).unwrap();
    let disk = home.on_disk();
    assert!(disk.contains("in the file") && !disk.contains("in the ring"));
    assert_eq!(home.purse.items.lock().unwrap().len(), 2);
    assert_eq!(home.vault().load(&tokens("ring@a")).unwrap().unwrap().expose(), "in the ring");
}

#[test]
fn what_stood_before_is_noted_where_it_was_kept_wherever_the_next_one_goes() {
    let home = Home::new();
    let vault = home.vault();
    let former = VaultKey::Former { account: "a@a".into() };
    vault.settle("a@a", Durable::Keyring);
    vault.save(&sign_in("a@a"), &Secret::from("before"), true).unwrap();
    vault.settle("a@a", Durable::File);
    vault.save(&former, &Secret::from("noted"), true).unwrap();
    assert!(!home.on_disk().contains("noted"));
    assert_eq!(home.vault().load(&former).unwrap().unwrap().expose(), "noted");
}

#[test]
fn an_account_that_is_kept_in_files_never_wakes_the_keyring() {
    let home = Home::new();
    home.purse.mood.store(1, Ordering::Relaxed);
    let vault = home.vault();
    vault.save(&tokens("a@a"), &Secret::from("t"), true).unwrap();
    assert_eq!(vault.load(&tokens("a@a")).unwrap().unwrap().expose(), "t");
    assert!(vault.load(&tokens("b@a")).unwrap().is_none());
    vault.forget(&tokens("a@a")).unwrap();
    assert_eq!(vault.keyring(), Err(VaultError::Locked));
}

#[test]
fn locked_and_absent_are_told_and_nothing_is_lost() {
    let home = Home::new();
    let vault = home.vault();
    vault.settle("a@a", Durable::Keyring);
    vault.save(&tokens("a@a"), &Secret::from("old"), true).unwrap();
    for (mood, told) in [(1, VaultError::Locked), (2, VaultError::NoKeyring)] {
        home.purse.mood.store(mood, Ordering::Relaxed);
        let vault = home.vault();
        assert_eq!(vault.load(&tokens("a@a")).unwrap_err(), told, "which is not the same as not signed in");
        assert_eq!(vault.save(&tokens("a@a"), &Secret::from("new"), true).unwrap_err(), told);
        assert_eq!(vault.forget(&tokens("a@a")).unwrap_err(), told);
    }
    home.purse.mood.store(0, Ordering::Relaxed);
    assert_eq!(home.vault().load(&tokens("a@a")).unwrap().unwrap().expose(), "old");
}

#[test]
fn row_004_22_an_item_swapped_for_another_accounts_is_refused() {
    let home = Home::new();
    let vault = home.vault();
    for account in ["a@a", "b@a"] {
        vault.settle(account, Durable::Keyring);
        vault.save(&tokens(account), &Secret::from(account), true).unwrap();
    }
    let mut items = home.purse.items.lock().unwrap();
    let (names, mut texts): (Vec<_>, Vec<_>) = items.drain().unzip();
    texts.reverse();
    items.extend(names.into_iter().zip(texts));
    drop(items);
    assert!(matches!(home.vault().load(&tokens("a@a")), Err(VaultError::Read(_))));
    assert!(matches!(home.vault().load(&tokens("b@a")), Err(VaultError::Read(_))));
}

#[test]
fn moving_and_signing_out_leave_nothing_behind() {
    let home = Home::new();
    let vault = home.vault();
    vault.settle("a@a", Durable::Keyring);
    vault.save(&tokens("a@a"), &Secret::from("first"), true).unwrap();
    vault.settle("a@a", Durable::File);
    vault.save(&tokens("a@a"), &Secret::from("second"), true).unwrap();
    assert!(home.purse.items.lock().unwrap().is_empty());
    vault.settle("a@a", Durable::Keyring);
    vault.save(&tokens("a@a"), &Secret::from("third"), true).unwrap();
    assert!(!home.on_disk().contains("second"));
    vault.forget(&tokens("a@a")).unwrap();
    assert!(home.purse.items.lock().unwrap().is_empty() && home.on_disk().is_empty());
}

#[test]
fn what_is_kept_in_memory_stays_there() {
    let home = Home::new();
    let vault = home.vault();
    vault.settle("a@a", Durable::Keyring);
    vault.save(&tokens("a@a"), &Secret::from("t"), false).unwrap();
    assert_eq!(vault.load(&tokens("a@a")).unwrap().unwrap().expose(), "t");
    assert!(home.purse.items.lock().unwrap().is_empty() && home.on_disk().is_empty());
    vault.save(&tokens("a@a"), &Secret::from("kept"), true).unwrap();
    assert_eq!(vault.load(&tokens("a@a")).unwrap().unwrap().expose(), "kept");
}

#[test]
fn what_came_out_of_the_keyring_waits_for_its_sign_out_there() {
    let home = Home::new();
    let vault = home.vault();
    vault.settle("ring@a", Durable::Keyring);
    vault.save(&tokens("ring@a"), &Secret::from("r-token"), true).unwrap();
    home.vault().save(&VaultKey::Farewells, &Secret::from("of another"), true).unwrap();
    // As a new process has it: nothing is settled there.
    let vault = home.vault();
    vault.shelter(&tokens("ring@a")).unwrap();
    vault.save(&VaultKey::Farewells, &Secret::from("r-token"), true).unwrap();
    assert!(!home.on_disk().contains("r-token"));
    assert_eq!(home.vault().load(&VaultKey::Farewells).unwrap().unwrap().expose(), "r-token");
}

#[cfg(all(unix, feature = "keyring"))]
#[test]
fn a_bus_that_says_nothing_does_not_take_the_turn_of_others() {
    let home = tempfile::tempdir().unwrap();
    let socket = home.path().join("bus");
    let _silent = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let vault = HomeVault::on_bus(home.path().join("tokens"), &format!("unix:path={}", socket.display()));
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || drop(tell.send(vault.keyring())));
    let answer = told.recv_timeout(std::time::Duration::from_secs(9));
    assert_eq!(answer, Ok(Err(VaultError::NoKeyring)), "by its own limit, not by that of the whole call");
}
