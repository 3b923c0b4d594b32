//! The real binary on disks that are full, small or not to be written to, and with files that are broken.
//!
//! What must hold: messages are shown, it is told that they are not kept, nobody is told that they arrived, a broken file
//! is set aside and never overwritten, and all is well again when the disk is.

#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may stop")]
#![allow(clippy::disallowed_methods, reason = "a running program lives in real time")]

#[path = "harness/command.rs"]
#[allow(dead_code, reason = "the harness is shared")]
mod command;
#[path = "hostile/proof.rs"]
#[allow(dead_code, reason = "the harness is shared")]
mod proof;
#[path = "hostile/server.rs"]
#[allow(dead_code, reason = "the harness is shared")]
mod server;
#[path = "harness/terminal.rs"]
#[allow(dead_code, reason = "the harness is shared")]
mod terminal;
#[path = "hostile/world.rs"]
#[allow(dead_code, reason = "the harness is shared")]
mod world;

use command::{butty_with_input, words};
use server::{ACCOUNT, SECRET, Server};
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use terminal::Terminal;

const ROMEO: &str = "<item jid='romeo@hostile.test' name='Romeo' subscription='both'/>";
/// In a new mount namespace: as root, or as root of a user namespace where that is allowed.
const OWN_MOUNTS: [&str; 4] = ["/usr/bin/unshare", "--map-root-user", "--mount", "/bin/sh"];

fn data(home: &Path) -> PathBuf {
    home.join("butty/data")
}

fn ready() -> (TempDir, Server) {
    let (home, server) = (world::home(), Server::friendly(ROMEO));
    world::configure(home.path(), &server, &format!("password_command = [\"/bin/echo\", \"{SECRET}\"]"));
    fs::create_dir_all(data(home.path())).unwrap();
    (home, server)
}

/// Romeo says this, and wants to know that it arrived.
fn says(server: &Server, id: &str, text: &str) {
    server.push(format!(
        "<message from='romeo@hostile.test/x' to='{ACCOUNT}/here' type='chat' id='{id}'><body>{text}</body>\
         <request xmlns='urn:xmpp:receipts'/></message>"
    ));
}

fn acknowledged(server: &Server, id: &str) -> bool {
    server.proved().contains(&receipt(id))
}

fn receipt(id: &str) -> String {
    format!("<received xmlns='urn:xmpp:receipts' id='{id}'/>")
}

/// Waits until the talk with Romeo is open in a signed-in session.
fn with_romeo(butty: &mut Terminal, server: &Server) {
    server.await_online();
    butty.wait_for("Romeo");
    butty.line("/msg romeo@hostile.test");
    butty.wait_for("To Romeo");
}

/// What a process sees at this path.
fn inside(butty: &Terminal, path: &Path) -> PathBuf {
    Path::new(&format!("/proc/{}/root", butty.pid())).join(path.strip_prefix("/").unwrap())
}

fn mount_again(butty: &Terminal, how: &str, folder: &Path) {
    let namespace = format!("--mount=/proc/{}/ns/mnt", butty.pid());
    let user = format!("--user=/proc/{}/ns/user", butty.pid());
    let done = Command::new("/usr/bin/nsenter").args([&user, &namespace, "/bin/mount", "-o", how]).arg(folder).status();
    assert!(done.unwrap().success());
}

#[test]
fn a_full_disk_is_told_messages_are_shown_and_all_is_kept_once_there_is_room() {
    let (home, server) = ready();
    let folder = data(home.path());
    let script = format!("mount -t tmpfs -o size=16m tmpfs {} && exec \"$0\"", folder.display());
    let mut butty = Terminal::start_through(&[&OWN_MOUNTS[..], &["-c", &script]].concat(), home.path(), 100, 30);
    with_romeo(&mut butty, &server);
    says(&server, "before", "while there is room");
    server.await_heard(&receipt("before"));

    let filler = inside(&butty, &folder.join("filler"));
    let mut full = fs::File::create(&filler).unwrap();
    while full.write_all(&[0; 1024]).is_ok() {}
    // The journal has room of its own for a while.
    for number in 0..40 {
        says(&server, &format!("m{number}."), &"many words ".repeat(3_000));
    }
    butty.wait_for("the disk is full");
    says(&server, "late", "shown all the same");
    butty.wait_for("shown all the same");
    server.settle();
    assert!(!acknowledged(&server, "late"), "it is nowhere but in memory");
    assert_eq!(world::key_echo(&mut butty, "§").as_secs() / 60, 0, "and keys are answered");

    fs::remove_file(&filler).unwrap();
    drop(full);
    server.await_heard(&receipt("late"));
    butty.wait_gone("the disk is full");
    butty.send("\x15");
    assert_eq!(butty.quit(), 0);
}

#[test]
fn a_limit_of_file_sizes_is_no_end_and_what_waited_is_there_at_the_next_start() {
    let (home, server) = ready();
    let script = "ulimit -S -f 600; exec \"$0\""; // in blocks of 512 bytes
    let mut butty = Terminal::start_through(&["/bin/sh", "-c", script], home.path(), 100, 30);
    with_romeo(&mut butty, &server);
    for number in 0..40 {
        says(&server, &format!("m{number}."), &"many words ".repeat(3_000));
    }
    butty.wait_for("Messages cannot be saved now");
    says(&server, "late", "shown all the same");
    butty.wait_for("shown all the same");
    server.settle();
    assert!(!acknowledged(&server, "late"));
    let pid = butty.pid().to_string();
    assert!(Command::new("/usr/bin/prlimit").args(["--pid", &pid, "--fsize=unlimited"]).status().unwrap().success());
    server.await_heard(&receipt("late"));
    butty.wait_gone("Messages cannot be saved now");
    assert_eq!(butty.quit(), 0);

    let mut again = Terminal::start(home.path(), &[], 100, 30);
    again.wait_for("Romeo");
    again.line("/msg romeo@hostile.test");
    again.wait_for("shown all the same");
}

#[test]
fn a_home_that_may_only_be_read_keeps_nothing_and_says_so_until_it_may_be_written() {
    let (home, server) = ready();
    let butty_home = home.path().join("butty");
    let at = butty_home.display();
    let script = format!("mount --bind {at} {at} && mount -o remount,ro,bind {at} && exec \"$0\"");
    let mut butty = Terminal::start_through(&[&OWN_MOUNTS[..], &["-c", &script]].concat(), home.path(), 100, 30);
    butty.wait_for("Nothing can be kept");
    with_romeo(&mut butty, &server);
    says(&server, "one", "said to a locked house");
    butty.wait_for("said to a locked house");
    server.settle();
    assert!(!acknowledged(&server, "one"));
    assert_eq!(fs::read_dir(data(home.path())).unwrap().count(), 0);
    mount_again(&butty, "remount,rw,bind", &butty_home);
    server.await_heard(&receipt("one"));
    butty.wait_gone("Nothing can be kept");
    assert_eq!(butty.quit(), 0);
    assert!(data(home.path()).join("butty.db").exists());
}

/// Three ways to break a file, and a fourth for a database: some pages in its middle.
fn broken(whole: &[u8]) -> [(&'static str, Vec<u8>); 4] {
    let noise = whole.iter().enumerate().map(|(at, _)| (at * 7 + at / 3) as u8 | 1).collect();
    let mut middle = whole.to_vec();
    let from = middle.len().min(20 * 4_096);
    middle[from..].fill(0x5a);
    [("cut", whole[..whole.len() / 2].to_vec()), ("emptied", Vec::new()), ("noise", noise), ("middle", middle)]
}

#[test]
fn a_broken_database_is_set_aside_as_it_is_and_butty_goes_on() {
    let (home, server) = ready();
    let file = data(home.path()).join("butty.db");
    {
        let mut butty = Terminal::start(home.path(), &[], 100, 30);
        with_romeo(&mut butty, &server);
        for number in 0..60 {
            says(&server, &format!("m{number}."), &"many words ".repeat(500));
        }
        server.await_heard(&receipt("m59."));
        assert_eq!(butty.quit(), 0);
    }
    let whole = fs::read(&file).unwrap();
    for (way, bytes) in broken(&whole) {
        for entry in fs::read_dir(data(home.path())).unwrap().map(Result::unwrap) {
            if entry.file_name().to_string_lossy().starts_with("butty.db") {
                fs::remove_file(entry.path()).unwrap();
            }
        }
        fs::write(&file, &bytes).unwrap();
        let server = Server::friendly(ROMEO);
        world::configure(home.path(), &server, &format!("password_command = [\"/bin/echo\", \"{SECRET}\"]"));
        let mut butty = Terminal::start(home.path(), &[], 100, 30);
        with_romeo(&mut butty, &server);
        says(&server, "new", "after the damage");
        server.await_heard(&receipt("new"));
        butty.wait_for("after the damage");
        let aside: Vec<PathBuf> = fs::read_dir(data(home.path()))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| {
                path.to_string_lossy().contains("butty.db.broken")
                    && !path.to_string_lossy().contains("-wal")
                    && !path.to_string_lossy().contains("-shm")
            })
            .collect();
        butty.wait_for("butty.db was damaged and was set aside");
        assert_eq!(aside.len(), 1, "{way}");
        assert!(fs::read(&aside[0]).unwrap() == bytes, "{way}: it is not as it was");
        assert_eq!(butty.quit(), 0, "{way}");
        let mut again = Terminal::start(home.path(), &[], 100, 30);
        again.wait_for("Romeo");
        again.line("/msg romeo@hostile.test");
        again.wait_for("after the damage");
        assert_eq!(again.quit(), 0, "{way}");
    }
}

#[test]
fn a_broken_config_is_told_and_left_as_it_is() {
    let (home, _server) = ready();
    let file = home.path().join("butty/config/config.toml");
    let whole = fs::read(&file).unwrap();
    for (way, bytes) in broken(&whole).into_iter().take(3) {
        fs::write(&file, &bytes).unwrap();
        let mut butty = Terminal::start(home.path(), &[], 100, 30);
        match way {
            "emptied" => butty.wait_for("butty"),
            _ => butty.wait_for("config.toml"),
        };
        butty.send("\x11");
        assert_eq!(butty.end(), 0, "{way}");
        assert!(fs::read(&file).unwrap() == bytes, "{way}: it was written to");
    }
}

#[test]
fn a_broken_token_file_is_set_aside_as_it_is_and_the_sign_in_is_asked_for() {
    let (home, server) = ready();
    world::configure(home.path(), &server, "");
    let arguments = ["login", ACCOUNT, "--password-stdin", "--store", "file"];
    let done = butty_with_input(home.path(), &arguments, &format!("{SECRET}\n"));
    assert!(done.status.success(), "{}", words(&done));
    let tokens = data(home.path()).join("tokens");
    let files = |what: &str| -> Vec<PathBuf> {
        let all = fs::read_dir(&tokens).unwrap().map(|entry| entry.unwrap().path());
        all.filter(|path| path.extension().is_some_and(|end| end.to_string_lossy().starts_with(what))).collect()
    };
    let file = files("json").into_iter().next().expect("a saved sign-in");
    let whole = fs::read(&file).unwrap();
    for (count, (way, bytes)) in (1..).zip(broken(&whole).into_iter().take(3)) {
        fs::write(&file, &bytes).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let butty = Terminal::start(home.path(), &[], 100, 30);
        butty.wait_for("The saved sign-in was damaged and was set aside");
        assert_eq!(butty.quit(), 0, "{way}");
        assert_eq!(files("broken").len(), count, "{way}");
        assert!(files("broken").iter().any(|aside| fs::read(aside).unwrap() == bytes), "{way}: it is not as it was");
    }
}
