//! The command line and the config file, with the real binary and without any server.

#![cfg(unix)]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may stop")]
#![allow(clippy::disallowed_methods, reason = "real programs live in real time")]
#![allow(dead_code, reason = "the harness is shared")]

#[path = "harness/command.rs"]
mod command;
#[path = "harness/terminal.rs"]
mod terminal;

use command::{butty, butty_command, butty_with_input, words};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use terminal::Terminal;

/// An account that never comes online: nobody listens on port 1.
const ACCOUNT: &str = "[[accounts]]\naddress = \"anna@a.test\"\nserver = \"127.0.0.1:1\"\nsign_in = \"password\"\n";

fn home(config: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().expect("a folder");
    write(home.path(), config);
    home
}

fn write(home: &Path, config: &str) {
    std::fs::create_dir_all(home.join("butty/config")).expect("a folder");
    std::fs::write(home.join("butty/config/config.toml"), config).expect("a file");
}

#[test]
fn a_wrong_value_is_shown_with_a_caret_under_it() {
    let home = home("[ui]\n  mouse = \"maybe\"\n");
    for line in [&["config", "check"][..], &["roster"], &[]] {
        let done = butty(home.path(), line);
        assert_eq!(done.status.code(), Some(3), "{}", words(&done));
        let said = words(&done);
        assert!(said.contains("\n    2 |   mouse = \"maybe\"\n      |           ^\n"), "{said}");
        assert!(said.contains("BTY-CONF-01") && !said.contains("/reload"), "{said}");
    }
    let done = butty(home.path(), &["config", "check", "--json"]);
    let said = words(&done);
    assert!(said.contains("\"line\":2") && said.contains("\"column\":11") && done.stdout.is_empty(), "{said}");
}

/// Row 001-10: the mechanisms of this very build, as the registry in the code has them.
#[test]
fn row_001_10_the_version_and_the_release_notes_name_the_mechanisms_of_the_build() {
    let home = home("");
    let done = butty(home.path(), &["--version"]);
    let said = String::from_utf8_lossy(&done.stdout);
    assert_eq!(said.lines().next(), Some(concat!("butty ", env!("CARGO_PKG_VERSION"))));
    let built: Vec<&str> = butty::xmpp::sasl::MECHANISMS.iter().map(|mechanism| mechanism.name).collect();
    let listed = said.lines().find_map(|line| line.strip_prefix("sign-in mechanisms: ")).expect("the list");
    assert_eq!(listed.split(' ').collect::<Vec<_>>(), built);
    assert!(built.contains(&"X-MESSENGER-OAUTH2"));
    let short = butty(home.path(), &["-V"]);
    assert_eq!(String::from_utf8_lossy(&short.stdout).trim(), concat!("butty ", env!("CARGO_PKG_VERSION")));

    let notes = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/CHANGELOG.md")).expect("release notes");
    let newest = notes.split("\n## ").nth(1).expect("a release");
    let noted = newest.lines().find_map(|line| line.strip_prefix("- Sign-in mechanisms: ")).expect("the list");
    assert_eq!(noted.trim_end_matches('.').split(", ").collect::<Vec<_>>(), built);
}

#[test]
fn a_check_names_what_does_nothing() {
    let home = home("[ui]\nmuose = \"on\"\n[keys.composer]\n\"ctrl-h\" = \"send\"\n[keys.list]\n\"x\" = \"fly\"\n");
    let done = butty(home.path(), &["config", "check"]);
    let said = String::from_utf8_lossy(&done.stdout);
    assert_eq!(done.status.code(), Some(0), "{}", words(&done));
    assert_eq!(said.lines().count(), 3, "{said}");
    for part in ["line 2: unknown option muose (did you mean mouse?)", "ctrl-h does nothing", "no such action: fly"] {
        assert!(said.contains(part), "{said}");
    }
    let done = butty(home.path(), &["doctor", "--offline"]);
    assert!(words(&done).contains("no such action: fly"), "{}", words(&done));
}

#[test]
fn own_keys_are_those_of_the_list_of_keys() {
    let home = home("[keys.global]\n\"ctrl-x\" = \"go-to\"\n");
    let done = butty(home.path(), &["keys"]);
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(said.lines().any(|line| line.starts_with("Ctrl+X") && line.contains("\tgo-to\t")), "{said}");
}

#[test]
fn with_json_wrong_usage_is_json_too() {
    let home = home("");
    let done = butty(home.path(), &["--json", "frobnicate"]);
    assert_eq!((done.status.code(), done.stdout.len()), (Some(2), 0), "{}", words(&done));
    let error: serde_json::Value = serde_json::from_slice(&done.stderr).expect("one object");
    assert_eq!(error["error"]["code"], "BTY-CLI-01");
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let home = home("");
    let mut child = butty_command(home.path(), &["keys"]).stdout(Stdio::piped()).spawn().expect("butty runs");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("butty ends").code(), Some(0));
}

#[test]
fn signals_end_a_command_that_waits_for_its_input() {
    let home = home(ACCOUNT);
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let mut child = butty_command(home.path(), &["login", "anna@a.test", "--password-stdin"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("butty runs");
        let input = child.stdin.take(); // `wait` would close it, and that is an end of its own
        wait_for_handler(child.id());
        Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill runs");
        assert_eq!(child.wait().expect("butty ends").code(), Some(code));
        drop(input);
    }
}

/// Until the process has taken both signals into its hands, as the kernel tells.
fn wait_for_handler(pid: u32) {
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let status = std::fs::File::open(format!("/proc/{pid}/status")).expect("Linux tells");
        let caught = BufReader::new(status)
            .lines()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("SigCgt:").and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()));
        // SIGINT is 2, SIGTERM 15: bits count from 0.
        if caught.is_some_and(|mask| mask & (1 << 1) != 0 && mask & (1 << 14) != 0) {
            return;
        }
        assert!(std::time::Instant::now() < until, "butty listens for no signals");
        std::thread::yield_now();
    }
}

#[test]
fn a_sign_in_that_the_config_contradicts_is_refused() {
    let home = home(ACCOUNT);
    let done = butty(home.path(), &["login", "anna@a.test", "--device"]);
    assert_eq!(done.status.code(), Some(2), "{}", words(&done));
    assert!(words(&done).contains("the config file has sign_in"), "{}", words(&done));
    // Said without a flag it is the way that the config names: by password, for which there is no terminal here.
    let done = butty(home.path(), &["login", "anna@a.test"]);
    assert!(words(&done).contains("--password-stdin"), "{}", words(&done));
    let done = butty_with_input(home.path(), &["login", "anna@a.test", "--password-stdin"], "secret\n");
    assert_eq!(done.status.code(), Some(5), "{}", words(&done));
    assert!(!words(&done).contains("secret"));
}

#[test]
fn an_account_that_is_named_is_the_only_one() {
    let home = home(ACCOUNT);
    assert_eq!(butty(home.path(), &["--account", "nobody@a.test"]).status.code(), Some(8));
    assert_eq!(butty(home.path(), &["--account", "anna@a.test"]).status.code(), Some(2));
}

#[test]
fn own_keys_and_reload_work_on_the_screen() {
    let keys = "[keys.global]\n\"ctrl-x\" = \"go-to\"\n";
    let home = home(&format!("{keys}{ACCOUNT}"));
    let mut butty = Terminal::start(home.path(), &[], 80, 24);
    butty.wait_for("F1 help");
    butty.send("\x18"); // Ctrl+X
    butty.wait_for("Go to");
    butty.send("\x1b");
    butty.wait_until("the box is gone", |screen| !screen.contains("Go to"));
    write(home.path(), &format!("[ui]\nhints = false\n{keys}{ACCOUNT}"));
    butty.send("/");
    butty.send("reload\r");
    butty.wait_until("the bar of keys is gone", |screen| !screen.contains("F1 help"));
    write(home.path(), &format!("[ui]\nhints = 5\n{keys}{ACCOUNT}"));
    butty.send("/");
    butty.send("reload\r");
    butty.wait_for("config.toml line 2");
    butty.send("\x18");
    butty.wait_for("Go to");
    butty.send("\x1b");
    butty.wait_until("the box is gone", |screen| !screen.contains("Go to"));
    assert_eq!(butty.quit(), 0);
}

/// Whoever leaves a question has not answered it: nothing is chosen in silence, and no command is named that was just run.
#[test]
fn the_end_of_the_input_is_no_answer() {
    let home = home("");
    // Who is asked sees the question, however quiet all else is.
    let mut butty = Terminal::start(home.path(), &["--quiet", "login", "anna@a.test", "--device"], 100, 30);
    butty.wait_for("m for not at all");
    butty.send("\r");
    butty.wait_until("it is asked again", |screen| screen.matches("m for not at all").count() == 2);
    butty.send("\x04"); // Ctrl+D
    butty.wait_for("BTY-CLI-06");
    let said = butty.wait_for("--store file");
    assert!(said.contains("No answer was typed.") && !said.contains("in data/tokens"), "{said}");
    assert_ne!(butty.end(), 0);
    for nothing in ["\r", "\x1b"] {
        let mut butty = Terminal::start(home.path(), &["login", "anna@a.test", "--password"], 100, 30);
        butty.wait_for("Password for");
        butty.send(nothing);
        let said = butty.wait_for("BTY-CLI-06");
        assert!(said.contains("No password was typed.") && said.contains("--password-stdin"), "{said}");
        assert!(!said.contains("Next  butty login"), "it was just run: {said}");
        assert_ne!(butty.end(), 0);
    }
}

#[test]
fn a_certificate_file_that_cannot_be_read_is_the_fault_of_the_option() {
    let home = home("");
    let file = "/nonexistent";
    let login = ["login", "anna@a.test", "--password-stdin", "--store", "file", "--ca-file", file];
    let done = butty_with_input(home.path(), &login, "secret\n");
    let said = words(&done);
    assert_eq!(done.status.code(), Some(2), "{said}");
    assert!(said.contains("--ca-file") && said.contains(file) && said.contains("cannot be read"), "{said}");
    assert!(!said.contains("config"), "{said}");
}
/// What a token allows that butty did not ask for nobody here knows; that there is one is known.
#[test]
fn whoami_says_that_a_token_is_given_and_from_where() {
    use butty::oauth::{Vault, VaultKey};
    let account = |more: &str| format!("[[accounts]]\naddress = \"anna@a.test\"\nserver = \"127.0.0.1:1\"\n{more}");
    let given = home(&account("sign_in = \"code\"\n"));
    let none = words(&butty(given.path(), &["whoami", "--scopes"]));
    assert!(none.contains("Nobody is signed in."), "{none}");
    let vault = butty::store::HomeVault::new(given.path().join("butty/data/tokens"));
    let key = VaultKey::GivenToken { account: "anna@a.test".to_owned() };
    vault.save(&key, &butty::types::Secret::from("tok-given"), true).unwrap();
    let file = home(&account("sign_in = \"code\"\ntoken_file = \"token\"\n"));
    let command = home(&account("sign_in = \"code\"\ntoken_command = [\"false\"]\n"));
    for (home, says, from) in [
        (&given, "a token that you handed in", "given"),
        (&file, "a token from a file", "file"),
        (&command, "a token that a command prints", "command"),
    ] {
        let done = butty(home.path(), &["whoami", "--scopes"]);
        let said = words(&done);
        assert!(done.status.success() && said.contains(says) && !said.contains("Nobody"), "{said}");
        let json = words(&butty(home.path(), &["whoami", "--scopes", "--json"]));
        assert!(json.contains(&format!("\"token\":\"{from}\"")) && !json.contains("tok-given"), "{json}");
    }
}
