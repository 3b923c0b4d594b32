//! The system keyring: a real Secret Service (gnome-keyring) on a D-Bus of its own.

#![allow(clippy::disallowed_methods, reason = "a test has a clock and an environment")]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may stop")]

#[path = "harness/command.rs"]
#[allow(dead_code, reason = "shared with other targets")]
mod command;
#[path = "harness/peers.rs"]
#[allow(dead_code, reason = "shared with other targets")]
mod peers;
#[path = "harness/terminal.rs"]
#[allow(dead_code, reason = "shared with other targets")]
mod terminal;

use butty::oauth::{Durable, Vault, VaultError, VaultKey};
use butty::store::HomeVault;
use butty::types::Secret;
use command::{butty_command, each_file, words};
use peers::Peers;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use terminal::Terminal;

/// A D-Bus without services that start by themselves, and an unlocked keyring on it.
struct Desktop {
    home: tempfile::TempDir,
    bus: Child,
    keyring: Child,
    address: String,
}

const OPEN_BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:dir=HOME</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>"#;

impl Desktop {
    fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let config = home.path().join("bus.conf");
        std::fs::write(&config, OPEN_BUS.replace("HOME", &home.path().to_string_lossy())).unwrap();
        let mut bus = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", config.display()))
            .args(["--nofork", "--print-address=1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("dbus-daemon (tests/servers/install)");
        let mut address = String::new();
        BufReader::new(bus.stdout.take().unwrap()).read_line(&mut address).unwrap();
        let address = address.trim().to_owned();
        let keyring = Self::keyring(home.path(), &address);
        let desktop = Self { home, bus, keyring, address };
        desktop.wait_until_it_answers();
        desktop
    }

    fn keyring(home: &Path, address: &str) -> Child {
        let mut keyring = Command::new("gnome-keyring-daemon")
            .args(["--foreground", "--unlock", "--components=secrets"])
            .env_clear()
            .envs([("PATH", "/usr/bin:/bin"), ("LANG", "C.UTF-8")])
            .envs(["HOME", "XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME"].map(|name| (name, home)))
            .env("DBUS_SESSION_BUS_ADDRESS", address)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("gnome-keyring-daemon (tests/servers/install)");
        keyring.stdin.take().unwrap().write_all(b"open sesame").unwrap();
        keyring
    }

    fn wait_until_it_answers(&self) {
        let until = Instant::now() + Duration::from_secs(20);
        while self.vault("probe").keyring().is_err() {
            assert!(Instant::now() < until, "the keyring does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// A vault as a process of its own has it.
    fn vault(&self, folder: &str) -> HomeVault {
        HomeVault::on_bus(self.home.path().join(folder), &self.address)
    }

    /// Calls a method of the service; gives what it printed.
    fn call(&self, path: &str, method: &str, arguments: &[&str]) -> String {
        let sent = Command::new("dbus-send")
            .args([&format!("--bus={}", self.address), "--print-reply", "--dest=org.freedesktop.secrets", path, method])
            .args(arguments)
            .output()
            .expect("dbus-send");
        assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
        String::from_utf8_lossy(&sent.stdout).into_owned()
    }

    /// How many items of ours it holds.
    fn items(&self) -> usize {
        let found = self.call(
            "/org/freedesktop/secrets",
            "org.freedesktop.Secret.Service.SearchItems",
            &["dict:string:string:application,butty"],
        );
        found.matches("object path").count()
    }

    fn lock(&self) {
        let collection = "array:objpath:/org/freedesktop/secrets/collection/login";
        self.call("/org/freedesktop/secrets", "org.freedesktop.Secret.Service.Lock", &[collection]);
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.keyring.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// butty, in this session.
    fn butty(&self, home: &Path, arguments: &[&str], input: &str) -> Output {
        let mut command = butty_command(home, arguments);
        command.env("DBUS_SESSION_BUS_ADDRESS", &self.address);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("butty runs");
        drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
        child.wait_with_output().expect("butty ends")
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        for child in [&mut self.keyring, &mut self.bus] {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

fn tokens(account: &str) -> VaultKey {
    VaultKey::Tokens { issuer: "https://id.test".into(), client: "c".into(), account: account.into() }
}

#[test]
fn row_004_12_tokens_of_every_size_and_byte_survive_a_real_keyring() {
    let desktop = Desktop::start();
    let vault = desktop.vault("tokens");
    vault.settle("a@a", Durable::Keyring);
    let odd = "*%!$+/=\u{e9}\"\\\n\u{0} ";
    for length in [0, 1, 4096, 60_000] {
        let token: String = odd.chars().cycle().take(length).collect();
        vault.save(&tokens("a@a"), &Secret::new(token.clone()), true).unwrap();
        let again = desktop.vault("tokens").load(&tokens("a@a")).unwrap().unwrap();
        assert!(*again.expose() == token, "{length} characters");
        assert_eq!(desktop.items(), 1, "replaced, not added");
    }
    vault.forget(&tokens("a@a")).unwrap();
    assert_eq!(desktop.items(), 0);
}

#[test]
fn two_homes_do_not_share_an_item() {
    let desktop = Desktop::start();
    for folder in ["one", "two"] {
        let vault = desktop.vault(folder);
        vault.settle("a@a", Durable::Keyring);
        vault.save(&tokens("a@a"), &Secret::from(folder), true).unwrap();
    }
    assert_eq!(desktop.vault("one").load(&tokens("a@a")).unwrap().unwrap().expose(), "one");
}

#[test]
fn locked_stopped_and_gone_are_told_apart_and_soon() {
    let desktop = Desktop::start();
    let vault = desktop.vault("tokens");
    vault.settle("a@a", Durable::Keyring);
    vault.save(&tokens("a@a"), &Secret::from("t"), true).unwrap();
    desktop.lock();
    // Nobody is there to be asked on this bus.
    let begun = Instant::now();
    assert_eq!(vault.load(&tokens("a@a")).unwrap_err(), VaultError::Locked);
    assert!(begun.elapsed() < Duration::from_secs(45));
    desktop.signal("-STOP");
    let begun = Instant::now();
    assert_eq!(vault.keyring().unwrap_err(), VaultError::NoKeyring, "it says nothing any more");
    assert!(begun.elapsed() < Duration::from_secs(15));
    desktop.signal("-CONT");
    desktop.signal("-KILL");
    let until = Instant::now() + Duration::from_secs(10);
    while vault.keyring().unwrap_err() != VaultError::NoKeyring {
        assert!(Instant::now() < until);
    }
    assert_eq!(HomeVault::on_bus("/nowhere".into(), "unix:path=/nowhere/bus").keyring(), Err(VaultError::NoKeyring));
    assert_eq!(HomeVault::on_bus("/nowhere".into(), "disabled:").keyring(), Err(VaultError::NoKeyring));
}

#[test]
fn row_002_15_a_sign_in_is_kept_in_the_keyring_used_from_there_and_gone_after_sign_out() {
    let (peers, desktop) = (Peers::find(), Desktop::start());
    let home = tempfile::tempdir().unwrap();
    peers.config(home.path(), &[("juliet@p12.test", "")]);
    let login = desktop.butty(home.path(), &["login", "juliet@p12.test", "--password-stdin"], "pw-juliet\n");
    assert!(words(&login).contains("Kept in the system keyring."), "{}", words(&login));
    let mut files = 0;
    each_file(home.path(), &mut |file, mode| {
        files += 1;
        let text = String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned();
        assert!(!text.contains("pw-juliet"), "{}", file.display());
        assert!(mode.trailing_zeros() >= 6 || !file.to_string_lossy().contains("tokens"), "{}", file.display());
    });
    assert!(files > 0 && desktop.items() == 1);
    let roster = desktop.butty(home.path(), &["roster"], "");
    assert_eq!(roster.status.code(), Some(0), "{}", words(&roster));
    let gone = desktop.butty(home.path(), &["logout"], "");
    assert_eq!(gone.status.code(), Some(0), "{}", words(&gone));
    assert_eq!(desktop.items(), 0);
}

#[test]
fn without_a_keyring_a_person_is_asked_once() {
    let peers = Peers::find();
    for (answer, kept) in [("f", "Kept in a file"), ("m", "Not kept.")] {
        let home = tempfile::tempdir().unwrap();
        peers.config(home.path(), &[]);
        let ca = peers.get("CA").to_owned();
        let login = ["login", "juliet@p12.test", "--password", "--ca-file", &ca];
        let mut login = Terminal::start(home.path(), &login, 100, 30);
        login.wait_for("Password for");
        login.line("pw-juliet");
        login.wait_for("No keyring answers on this computer.");
        login.line(answer);
        login.wait_for(kept);
        assert_eq!(login.end(), 0);
        let file = home.path().join("butty/data/accounts.toml");
        let remembered = std::fs::read_to_string(file).unwrap_or_default().contains("keep = \"file\"");
        assert_eq!(remembered, answer == "f");
    }
}

#[test]
fn without_a_keyring_it_is_a_file_and_told() {
    let peers = Peers::find();
    let home = tempfile::tempdir().unwrap();
    peers.config(home.path(), &[("juliet@p12.test", "")]);
    let login =
        command::butty_with_input(home.path(), &["login", "juliet@p12.test", "--password-stdin"], "pw-juliet\n");
    let said = words(&login);
    assert!(said.contains("No keyring answers") && said.contains("in a file that only you can read"), "{said}");
    let never = ["login", "juliet@p12.test", "--password-stdin", "--store", "keyring"];
    let refused = words(&command::butty_with_input(home.path(), &never, "pw-juliet\n"));
    assert!(refused.contains("BTY-AUTH-40"), "{refused}");
}
