//! Tokens that are refreshed by several processes, and by processes that are killed: at oidc-provider, which gives a
//! new refresh token each time and ends the whole sign-in when an old one comes again.

#![allow(clippy::disallowed_methods, reason = "a test has a clock and an environment")]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may stop")]

#[path = "harness/command.rs"]
#[allow(dead_code, reason = "shared with other targets")]
mod command;
#[path = "harness/peers.rs"]
#[allow(dead_code, reason = "shared with other targets")]
mod peers;
#[path = "harness/rotation.rs"]
mod rotation;

use butty::oauth::{SignInRecord, Token, Vault};
use butty::types::AccountId;
use command::{butty, butty_command, words};
use rotation::{Home, USE};
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

fn no_file_is_broken(home: &Home) {
    for entry in std::fs::read_dir(home.tokens()).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        assert!(!name.contains("broken"), "{name}");
        if file.extension().is_some_and(|extension| extension == "json") {
            let text = std::fs::read(&file).unwrap();
            let object: serde_json::Value = serde_json::from_slice(&text).expect("whole");
            assert!(object["secret"].is_string(), "{name}");
        }
    }
}

fn code_of(output: &Output) -> Option<String> {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let last: serde_json::Value = serde_json::from_str(said.lines().last()?).ok()?;
    last["code"].as_str().map(str::to_owned)
}

/// `SplitMix64`: the same moments in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: Duration) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Duration::from_micros((bits ^ (bits >> 31)) % u64::try_from(most.as_micros().max(1)).unwrap())
    }
}

#[test]
fn row_004_20_two_processes_at_once_do_one_refresh_fifty_times_over() {
    let home = Home::signed_in();
    for round in 0..50 {
        home.expire();
        let (before, refresh) = (home.refreshes(), home.token().refresh);
        for done in home.used_by_two_at_once() {
            assert!(done.status.success(), "round {round}: {}", words(&done));
        }
        assert_eq!(home.refreshes() - before, 1, "round {round}");
        assert!(home.token().refresh.is_some_and(|new| Some(new) != refresh), "round {round}: the new one is kept");
    }
    let done = butty(home.folder.path(), &USE);
    assert!(done.status.success() && code_of(&done).is_none(), "{}", words(&done));
}

#[test]
fn row_004_13_a_process_killed_around_a_refresh_costs_one_sign_in_at_most() {
    let home = Home::signed_in();
    let kills = if std::env::var_os("BUTTY_LONG").is_some() { 200 } else { 15 };
    // How long a refresh takes here: kills fall before, into and behind it.
    home.expire();
    let begun = Instant::now();
    assert!(butty(home.folder.path(), &USE).status.success());
    let whole = begun.elapsed() * 11 / 10;
    let mut chance = Chance(20_261_125);
    let mut prompts = 0;
    for kill in 0..kills {
        home.expire();
        let before = home.refreshes();
        let mut process = butty_command(home.folder.path(), &USE);
        let mut process = process.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(chance.below(whole));
        process.kill().unwrap(); // SIGKILL
        process.wait().unwrap();
        no_file_is_broken(&home);
        let next = butty(home.folder.path(), &USE);
        if !next.status.success() {
            assert_eq!(code_of(&next).as_deref(), Some("BTY-AUTH-04"), "kill {kill}: {}", words(&next));
            // The service gives new tokens to the one that was killed. It says so last of all: when it is busy, behind its
            // refusal to the one that came next.
            let patience = Instant::now() + Duration::from_secs(10);
            while home.refreshes() == before {
                assert!(Instant::now() < patience, "kill {kill}: the old token still lived");
                std::thread::sleep(Duration::from_millis(20));
            }
            prompts += 1;
            home.sign_in();
        }
    }
    println!("{kills} kills, {prompts} sign-ins");
    let gone = butty(home.folder.path(), &["logout"]);
    assert!(gone.status.success(), "{}", words(&gone));
    let left = std::fs::read_dir(home.tokens()).unwrap().map(|entry| entry.unwrap().path());
    // What is known of the server stays: who comes back after an alarm is held to it (XEP-0474). It is no secret.
    let known = |file: &PathBuf| std::fs::read_to_string(file).unwrap_or_default().contains("known juliet@alpha.test");
    let lock = |file: &PathBuf| file.extension().is_some_and(|extension| extension == "lock");
    let left: Vec<_> = left.filter(|file| !lock(file) && !known(file)).collect();
    assert_eq!(left, Vec::<PathBuf>::new(), "nothing half-written is left behind either");
}

#[test]
fn row_004_22_tokens_swapped_between_accounts_are_refused() {
    let home = Home::signed_in();
    let other = AccountId::new("romeo@alpha.test");
    let (vault, record) = home.vault();
    vault.save(&SignInRecord::key(&other), &record.to_text(), true).unwrap();
    vault.save(&record.tokens_key(&other), &Token::given("x").unwrap().to_text(), true).unwrap();
    let tokens: Vec<PathBuf> = std::fs::read_dir(home.tokens())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|file| std::fs::read_to_string(file).is_ok_and(|text| text.contains("\"key\":\"tokens ")))
        .collect();
    let [one, two] = tokens.as_slice() else { panic!("{tokens:?}") };
    let aside = home.tokens().join("aside");
    for (from, to) in [(one, &aside), (two, one), (&aside, two)] {
        std::fs::rename(from, to).unwrap();
    }
    let done = butty(home.folder.path(), &USE);
    assert_eq!(code_of(&done).as_deref(), Some("BTY-DATA-03"), "set aside, not used: {}", words(&done));
    let again = butty(home.folder.path(), &USE);
    assert_eq!(code_of(&again).as_deref(), Some("BTY-AUTH-17"), "and then it is a sign-in: {}", words(&again));
}
