//! Signing in on a page, from the command line and on the screen; a robot is the person at the browser.

use super::*;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Stdio};

/// The robot at a page of Prosody 13; gives where the browser ended. With `--deliver` it opens that too.
fn walk(peers: &Peers, address: &str, more: &[&str]) -> String {
    let mut command = Command::new("python3");
    command.arg(Path::new(peers.get("SCRIPTS")).join("robot.py"));
    command.args([address, "--ca", peers.get("CA"), "--user", "juliet", "--password", "pw-juliet"]);
    command.args(["--map", "alpha.test=127.0.0.13"]).args(more);
    let done = command.output().expect("the robot runs");
    assert!(done.status.success(), "{}", words(&done));
    String::from_utf8_lossy(&done.stdout).lines().last().unwrap_or_default().to_owned()
}

/// `butty login` that waits for the person, with `--json`.
struct Waiting {
    child: Child,
    answers: BufReader<ChildStdout>,
}

impl Waiting {
    fn start(home: &Path, arguments: &[&str]) -> Self {
        let mut command = command::butty_command(home, arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().expect("butty runs");
        let answers = BufReader::new(child.stdout.take().expect("piped"));
        Self { child, answers }
    }

    fn next(&mut self) -> serde_json::Value {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("a line");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    fn paste(&mut self, text: &str) {
        writeln!(self.child.stdin.as_mut().expect("piped"), "{text}").expect("it listens");
    }

    fn end(mut self) -> Option<i32> {
        self.child.wait().expect("it ends").code()
    }
}

#[test]
fn row_001_03_a_domain_alone_signs_in_on_a_page_by_the_listener() {
    let peers = Peers::find();
    let home = home();
    peers.config(home.path(), &[]);
    let ca = peers.get("CA");
    let mut login = Waiting::start(home.path(), &["login", "alpha.test", "--ca-file", ca, "--grant", "code", "--json"]);
    let page = login.next();
    assert_eq!((page["type"].as_str(), page["listening"].as_bool()), (Some("page"), Some(true)), "{page}");
    // Its metadata do not list this scope; later versions of its module give no refresh token without it.
    let asks = page["address"].as_str().expect("an address");
    assert!(asks.contains("offline_access") && page["lasting"] == true, "{page}");
    walk(&peers, asks, &["--deliver"]);
    let account = login.next();
    assert_eq!(account["address"], "juliet@alpha.test", "{account}");
    assert_eq!(login.end(), Some(0));
    let sent = butty(home.path(), &["send", "juliet@alpha.test", &random_words("to myself")]);
    assert!(sent.status.success(), "the next command needs nobody: {}", words(&sent));
}

#[test]
fn row_001_07_without_a_browser_on_this_computer_a_code_ends_signed_in() {
    let peers = Peers::find();
    let home = home();
    peers.config(home.path(), &[("juliet@alpha.test", "")]);
    let mut command = command::butty_command(home.path(), &["login", "juliet@alpha.test", "--json"]);
    // No display, no browser, no program at all.
    command.env("PATH", "/nowhere").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut child = command.spawn().expect("butty runs");
    let answers = BufReader::new(child.stdout.take().expect("piped"));
    let mut login = Waiting { child, answers };
    let code = login.next();
    assert_eq!(code["type"], "code", "{code}");
    let text = |name: &str| code[name].as_str().expect("a text").to_owned();
    let done = robot(&peers, &text("address"), &text("code"), false);
    assert!(done.status.success(), "{}", words(&done));
    assert_eq!(login.next()["address"], "juliet@alpha.test");
    assert_eq!(login.end(), Some(0));
}

#[test]
fn row_001_06_a_missing_token_starts_the_sign_in_and_a_kept_one_does_not() {
    let peers = Peers::find();
    let home = home();
    peers.config(home.path(), &[("juliet@alpha.test", "profile = \"prosody\"")]);
    let unsigned = butty(home.path(), &["send", "juliet@alpha.test", "x"]);
    assert_eq!(unsigned.status.code(), Some(4), "a command never waits for a person: {}", words(&unsigned));
    let mut login = Waiting::start(home.path(), &["login", "juliet@alpha.test", "--json"]);
    let code = login.next();
    let done = robot(&peers, code["complete"].as_str().expect("an address"), "", false);
    assert!(done.status.success(), "{}", words(&done));
    assert_eq!(login.next()["address"], "juliet@alpha.test");
    assert_eq!(login.end(), Some(0));
    let sent = butty(home.path(), &["send", "juliet@alpha.test", &random_words("to myself")]);
    assert!(sent.status.success(), "{}", words(&sent));
}

/// What stands in every source file of the program.
fn every_source(folder: &Path, look: &mut impl FnMut(&Path, &str)) {
    for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            every_source(&entry, look);
        } else {
            look(&entry, &std::fs::read_to_string(&entry).expect("text"));
        }
    }
}

#[test]
fn row_001_09_a_password_is_posted_by_the_test_robot_alone_and_only_to_this_computer() {
    let peers = Peers::find();
    let mut command = Command::new("python3");
    command.arg(Path::new(peers.get("SCRIPTS")).join("robot.py"));
    command.args(["https://alpha.test:15281/", "--user", "u", "--password", "p", "--map", "alpha.test=192.0.2.1"]);
    let refused = command.output().expect("the robot runs");
    assert!(!refused.status.success() && words(&refused).contains("not this computer"), "{}", words(&refused));
    every_source(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut |path, text| {
        for grant in ["exchange_password", "grant_type=password", "ResourceOwner"] {
            assert!(!text.contains(grant), "{grant} in {}", path.display());
        }
    });
}

#[test]
fn row_001_08_the_address_is_pasted_and_the_password_is_seen_by_the_page_alone() {
    let peers = Peers::find();
    let home = home();
    peers.config(home.path(), &[("juliet@alpha.test", "oauth.grant = \"code\"")]);
    let mut command = command::butty_command(home.path(), &["login", "--account", "juliet@alpha.test", "--json"]);
    command.env("BUTTY_LOG", "debug").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("butty runs");
    let answers = BufReader::new(child.stdout.take().expect("piped"));
    let mut login = Waiting { child, answers };
    let page = login.next();
    let address = page["address"].as_str().expect("an address").to_owned();
    login.paste(&address);
    login.paste(&walk(&peers, &address, &[]));
    assert_eq!(login.next()["address"], "juliet@alpha.test", "a wrong paste before the right one harms nothing");
    assert_eq!(login.end(), Some(0));
    let log = std::fs::read_to_string(home.path().join("butty/state/butty.log")).expect("a log was written");
    assert!(log.contains("OAUTHBEARER"));
    command::each_file(home.path(), &mut |path, mode| {
        assert_eq!(mode & 0o077, 0, "others can read {}", path.display());
        let text = String::from_utf8_lossy(&std::fs::read(path).expect("a file")).into_owned();
        assert!(!text.contains("pw-juliet"), "the password is in {}", path.display());
        assert!(path.ends_with("butty.log") || !text.contains("code_verifier"), "{}", path.display());
    });
    for secret in kept_secrets(home.path()) {
        assert!(!log.contains(&secret), "a token is in the log");
    }
}

#[test]
fn a_sign_in_is_printed_left_and_taken_up_again() {
    let peers = Peers::find();
    let home = home();
    peers.config(home.path(), &[("juliet@alpha.test", "")]);
    let begun = butty(home.path(), &["login", "juliet@alpha.test", "--grant", "code", "--no-wait"]);
    assert!(begun.status.success(), "{}", words(&begun));
    assert!(words(&begun).contains("--resume"), "it says how to go on: {}", words(&begun));
    let address = String::from_utf8_lossy(&begun.stdout).trim().to_owned();
    let ended_on = walk(&peers, &address, &[]);
    let done = butty_with_input(home.path(), &["login", "juliet@alpha.test", "--resume"], &format!("{ended_on}\n"));
    assert!(done.status.success(), "{}", words(&done));
    assert_eq!(String::from_utf8_lossy(&done.stdout).trim(), "juliet@alpha.test");
    let again = butty(home.path(), &["login", "juliet@alpha.test", "--resume"]);
    assert_eq!(again.status.code(), Some(4), "{}", words(&again));
    assert!(words(&again).contains("BTY-AUTH-32"), "{}", words(&again));
    // With a code: the same, and nothing has to be brought back.
    let begun = butty(home.path(), &["login", "juliet@alpha.test", "--device", "--no-wait", "--json"]);
    let code: serde_json::Value = serde_json::from_slice(&begun.stdout).expect("one object");
    let done =
        robot(&peers, code["complete"].as_str().expect("an address"), code["code"].as_str().expect("a code"), false);
    assert!(done.status.success(), "{}", words(&done));
    let done = butty(home.path(), &["login", "juliet@alpha.test", "--resume"]);
    assert!(done.status.success(), "{}", words(&done));
}

#[test]
fn the_page_is_opened_when_that_was_asked_for() {
    let peers = Peers::find();
    let home = home();
    peers.config(home.path(), &[("juliet@alpha.test", "")]);
    // A browser that agrees to everything.
    let opener = home.path().join("xdg-open");
    let python = Command::new("sh").args(["-c", "command -v python3"]).output().expect("sh");
    let python = String::from_utf8_lossy(&python.stdout).trim().to_owned();
    let robot = Path::new(peers.get("SCRIPTS")).join("robot.py");
    let line = format!(
        "#!/bin/sh\nexec {python} {} \"$1\" --ca {} --user juliet --password pw-juliet --map alpha.test=127.0.0.13 --deliver\n",
        robot.display(),
        peers.get("CA")
    );
    std::fs::write(&opener, line).expect("a file");
    std::fs::set_permissions(&opener, std::os::unix::fs::PermissionsExt::from_mode(0o700)).expect("a mode");
    let mut command = command::butty_command(home.path(), &["login", "juliet@alpha.test", "--grant", "code", "--open"]);
    let path = format!("{}:/usr/bin:/bin", home.path().display());
    let done = command.env("PATH", path).stdin(Stdio::null()).output().expect("butty runs");
    assert!(done.status.success(), "{}", words(&done));
    assert_eq!(String::from_utf8_lossy(&done.stdout).trim(), "juliet@alpha.test");
}

#[test]
fn row_001_05_a_token_on_standard_input_is_kept_and_no_argument() {
    let peers = Peers::find();
    let home = home();
    peers.config(home.path(), &[("juliet@ej23.test", "profile = \"ejabberd\"")]);
    let made = Command::new(Path::new(peers.get("SCRIPTS")).join("ejabberd"))
        .args(["token", peers.get("DATA"), "juliet@ej23.test"])
        .output()
        .expect("the script runs");
    let token = String::from_utf8_lossy(&made.stdout).into_owned();
    let done = butty_with_input(home.path(), &["login", "juliet@ej23.test", "--token-stdin"], &token);
    assert!(done.status.success(), "{}", words(&done));
    assert!(!words(&done).contains(token.trim()));
    let sent = butty(home.path(), &["send", "juliet@ej23.test", &random_words("by token")]);
    assert!(sent.status.success(), "{}", words(&sent));
    assert!(butty(home.path(), &["logout"]).status.success());
    assert_eq!(butty(home.path(), &["send", "juliet@ej23.test", "x"]).status.code(), Some(4), "forgotten");
    for (input, code) in [("", "BTY-CLI-01"), ("no token\n", "BTY-AUTH-34"), ("junk\n", "BTY-AUTH-37")] {
        let done = butty_with_input(home.path(), &["login", "juliet@ej23.test", "--token-stdin"], input);
        assert!(!done.status.success() && words(&done).contains(code), "{input:?}: {}", words(&done));
    }
}

/// What the terminal was asked to put on its clipboard last.
fn copied(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let start = text.rfind("\x1b]52;").expect("something was copied");
    let payload = text[start..].split(';').nth(2).expect("a payload");
    let payload: String = payload.chars().take_while(|c| c.is_ascii_alphanumeric() || "+/=".contains(*c)).collect();
    let out = Command::new("sh").args(["-c", "printf %s \"$0\" | base64 -d"]).arg(payload).output().expect("base64");
    String::from_utf8_lossy(&out.stdout).into_owned()
}

#[test]
fn over_ssh_the_address_is_copied_and_the_answer_pasted_on_the_screen() {
    let peers = Peers::find();
    let home = home();
    peers.config(home.path(), &[("juliet@alpha.test", "oauth.grant = \"code\"")]);
    let over_ssh = [("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22")];
    let mut butty = Terminal::start_with(home.path(), &[], 100, 30, &over_ssh);
    butty.wait_for("/login");
    butty.line("/login");
    let asked = butty.wait_until("the page, or where to keep it", |screen| {
        screen.contains("paste the answer") || screen.contains("until butty closes")
    });
    if !asked.contains("paste the answer") {
        butty.send("m");
    }
    let screen = butty.wait_for("paste the answer");
    assert!(!screen.contains("open browser"), "no browser is there to open:\n{screen}");
    butty.send("u");
    butty.wait_for("copied");
    let address = copied(&butty.bytes());
    butty.send(&format!("\x1b[200~{address}\x1b[201~"));
    butty.send("\r");
    butty.wait_for("That is another page");
    let ended_on = walk(&peers, &address, &[]);
    butty.send(&format!("\x1b[200~{ended_on}\x1b[201~"));
    butty.send("\r");
    butty.wait_for("You are signed in");
    butty.send("\r");
    butty.wait_for("Available");
    assert_eq!(butty.quit(), 0);
}

/// oidc-provider, ended and started again with codes that live so many seconds; empty: as usual.
fn issuer_with_codes_of(peers: &Peers, seconds: &str) {
    for action in ["stop", "start"] {
        let mut command = Command::new(Path::new(peers.get("SCRIPTS")).join("issuer"));
        command.args([action, peers.get("DATA")]);
        if !seconds.is_empty() {
            command.env("DEVICE_TTL", seconds);
        }
        let done = command.output().expect("the script runs");
        assert!(done.status.success(), "{}", words(&done));
    }
}

#[test]
fn a_code_that_nobody_uses_runs_out_at_oidc_provider() {
    let peers = Peers::find();
    let home = home();
    let more = "oauth.issuer = \"https://oidc.test:15443\"\noauth.client_id = \"tui\"";
    peers.config(home.path(), &[("juliet@alpha.test", more)]);
    issuer_with_codes_of(&peers, "2");
    let done = butty(home.path(), &["login", "juliet@alpha.test", "--device"]);
    issuer_with_codes_of(&peers, "");
    assert_eq!(done.status.code(), Some(4), "{}", words(&done));
    assert!(words(&done).contains("BTY-AUTH-03"), "{}", words(&done));
}

#[test]
fn a_server_without_web_sign_in_asks_for_the_password_with_a_sentence() {
    let peers = Peers::find();
    let home = home();
    peers.config(home.path(), &[]);
    let ca = peers.get("CA").to_owned();
    let arguments = ["login", "juliet@p12.test", "--ca-file", &ca, "--store", "file"];
    let mut login = Terminal::start_with(home.path(), &arguments, 100, 30, &[]);
    let screen = login.wait_for("Password for");
    assert!(screen.contains("has no sign-in on a web page"), "{screen}");
    login.send("pw-juliet\r");
    login.wait_for("Signed in as juliet@p12.test");
    assert_eq!(login.end(), 0);
    let sent = butty(home.path(), &["send", "juliet@p12.test", &random_words("to myself")]);
    assert!(sent.status.success(), "the password was kept: {}", words(&sent));
    // On the screen: the same sentence above the form for the password.
    let home = self::home();
    peers.config(home.path(), &[("juliet@p12.test", "sign_in = \"auto\"")]);
    let mut butty = Terminal::start(home.path(), &[], 100, 30);
    butty.wait_for("juliet@p12.test");
    butty.line("/login juliet@p12.test");
    butty.wait_for("Where is your account?");
    butty.send("\r");
    let asked = butty.wait_until("the form, or where to keep it", |screen| {
        screen.contains("wants your password") || screen.contains("until butty closes")
    });
    if !asked.contains("wants your password") {
        butty.send("m");
    }
    butty.wait_for("wants your password instead");
    butty.send("pw-juliet\r");
    butty.wait_for("Available");
    assert_eq!(butty.quit(), 0);
}
