//! Whole evenings: the real binary in a pseudo-terminal, against real servers and second clients of other families.
//!
//! `tests/run` starts the servers and runs these one after another: they share accounts.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may stop")]
#![allow(clippy::disallowed_methods, reason = "journeys live in real time and are told where the servers are")]

#[path = "harness/command.rs"]
mod command;
#[path = "journeys/everywhere.rs"]
mod everywhere;
#[path = "journeys/pages.rs"]
mod pages;
#[path = "harness/peers.rs"]
mod peers;
#[allow(dead_code, reason = "each target uses what it needs")]
#[path = "harness/terminal.rs"]
mod terminal;

use command::{butty, butty_with_input, words};
use peers::{Peers, Talker};
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;
use terminal::Terminal;

/// A text that no earlier run has sent.
fn random_words(of: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos();
    let list = ["harbour", "accordion", "quince", "lantern", "velvet", "tram", "sparrow", "ginger"];
    let word = |shift: u32| list[usize::try_from((now >> shift) & 7).expect("small")];
    format!("{of} {} {} {}", word(3), word(11), now % 1_000_000_007)
}

fn home() -> TempDir {
    tempfile::Builder::new().prefix("butty-journey-").tempdir().expect("a folder")
}

/// Signs in by password from the command line, as a script would.
fn sign_in(peers: &Peers, home: &Path, address: &str, more: &str) {
    peers.config(home, &[(address, more)]);
    let user = address.split('@').next().expect("a user");
    let done = butty_with_input(home, &["login", address, "--password-stdin"], &format!("pw-{user}\n"));
    assert!(done.status.success(), "{}", words(&done));
    assert_eq!(String::from_utf8_lossy(&done.stdout).trim(), address);
}

fn bot(peers: &Peers, address: &str, server: &str) -> Talker {
    let user = address.split('@').next().expect("a user");
    let mut command = peers.python("bot.py");
    command.args([
        address,
        "--connect",
        peers.get(server),
        "--ca",
        peers.get("CA"),
        "--password",
        &format!("pw-{user}"),
    ]);
    let bot = Talker::start(command);
    bot.wait_for("READY");
    bot
}

/// Text, typing, receipt and presence, both ways, with a client of another family.
fn an_evening_with_the_bot(peers: &Peers, server: &str, juliet: &str, romeo: &str) {
    let home = home();
    sign_in(peers, home.path(), juliet, "");
    let mut bot = bot(peers, romeo, server);
    let mut butty = Terminal::start(home.path(), &[], 100, 30);
    butty.wait_for("Available");
    butty.line(&format!("/add {romeo}"));
    butty.line(&format!("/msg {romeo}"));
    butty.wait_for("To romeo");
    let said = random_words("from juliet");
    butty.line(&said);
    bot.wait_for(&said);
    butty.wait_for(&format!("echo: {said}"));
    // The bot acknowledged ours, and got a receipt for its own. Its marker may follow its receipt at once.
    bot.wait_for("RECEIPT");
    bot.wait_for("STATE");
    butty.wait_until("a receipt or a marker", |screen| {
        let mut lines = screen.lines().filter(|line| line.contains(&said) && !line.contains("echo"));
        lines.any(|line| line.contains("✓✓") || line.contains("read "))
    });
    // Presence, seen on both sides.
    bot.tell(&format!("show dnd {}", "busy with a quince"));
    butty.wait_for("busy with a quince");
    butty.line("/away gone for tea");
    bot.wait_for("gone for tea");
    // Typing, seen on both sides.
    bot.tell(&format!("state {juliet} composing"));
    butty.wait_for("typing");
    butty.send("half a thought");
    bot.wait_for("composing");
    let answer = random_words("from romeo");
    bot.tell(&format!("say {juliet} {answer}"));
    let screen = butty.wait_for(&answer);
    assert!(screen.contains("half a thought"), "what is being written stays:\n{screen}");
    butty.send("\x15"); // Ctrl+U: the rest of the evening needs no draft
    assert_eq!(butty.quit(), 0);
}

#[test]
fn g1_an_evening_at_prosody_12() {
    an_evening_with_the_bot(&Peers::find(), "PROSODY12", "juliet@p12.test", "romeo@p12.test");
}

#[test]
fn g1_an_evening_at_prosody_12_with_sha_256() {
    an_evening_with_the_bot(&Peers::find(), "PROSODY12", "juliet@p12b.test", "romeo@p12b.test");
}

#[test]
fn g1_an_evening_at_ejabberd() {
    an_evening_with_the_bot(&Peers::find(), "EJABBERD", "juliet@ej23.test", "romeo@ej23.test");
}

#[test]
fn g1_an_evening_with_profanity() {
    let peers = Peers::find();
    let home = home();
    sign_in(&peers, home.path(), "admin@p12.test", "");
    let mut butty = Terminal::start(home.path(), &[], 100, 30);
    butty.wait_for("Available");
    let (there, back) = (random_words("to profanity"), random_words("from profanity"));
    let mut command = Command::new("python3");
    command.arg(Path::new(peers.get("SCRIPTS")).join("profanity.py"));
    command.args(["romeo@p12.test", "pw-romeo", peers.get("PROSODY12")]).arg(home.path());
    let mut profanity = Talker::start(command);
    profanity.tell("/sub request admin@p12.test");
    butty.wait_for("romeo");
    butty.line("/accept romeo@p12.test");
    profanity.tell("/sub allow admin@p12.test");
    profanity.tell(&format!("/msg admin@p12.test {back}"));
    butty.line("/msg romeo@p12.test");
    butty.wait_for(&back);
    butty.line(&there);
    profanity.tell(&format!("until {there}"));
    profanity.tell("screen");
    profanity.wait_for(&there);
    butty.wait_for("✓✓");
    profanity.tell("/status set away \"writing a test\"");
    butty.wait_for("writing a test");
    assert_eq!(butty.quit(), 0);
}

/// Plays the person at the browser.
fn robot(peers: &Peers, address: &str, code: &str, deny: bool) -> std::process::Output {
    robot_as(peers, "juliet", address, code, deny)
}

/// Plays this person.
fn robot_as(peers: &Peers, user: &str, address: &str, code: &str, deny: bool) -> std::process::Output {
    let mut command = Command::new("python3");
    command.arg(Path::new(peers.get("SCRIPTS")).join("robot.py"));
    command.args([address, "--ca", peers.get("CA"), "--user", user, "--password", &format!("pw-{user}")]);
    command.arg(format!("--code={code}")); // it may begin with a dash
    for host in ["alpha.test", "redirect.test", "beta.test"] {
        command.args(["--map", &format!("{host}=127.0.0.13")]);
    }
    if deny {
        command.arg("--deny");
    }
    command.output().expect("the robot runs")
}

/// The address and the code on a device-code screen.
fn address_and_code(screen: &str) -> (String, String) {
    let start = screen.find("https://").expect("an address on the screen");
    let address: String = screen[start..].chars().take_while(|c| !c.is_whitespace()).collect();
    // The code is shown with blanks between its letters.
    let spaced = |line: &&str| {
        let tail = line.trim_end();
        let cells: Vec<&str> = tail.rsplit(' ').take_while(|cell| cell.chars().count() == 1).collect();
        cells.len() >= 8
    };
    let line = screen.lines().find(spaced).expect("a code on the screen");
    let mut cells: Vec<&str> = line.trim_end().rsplit(' ').take_while(|cell| cell.chars().count() == 1).collect();
    cells.reverse();
    (address, cells.concat())
}

#[test]
fn g2_a_device_sign_in_on_the_screen_approved() {
    let peers = Peers::find();
    let home = home();
    peers.config(home.path(), &[]);
    let ca = peers.get("CA").to_owned();
    let mut butty = Terminal::start_with(home.path(), &[], 80, 24, &[("SSL_CERT_FILE", &ca)]);
    butty.wait_for("Sign in with a code");
    butty.send("2");
    butty.wait_for("Where is your account?");
    butty.line("juliet@alpha.test");
    let asked = butty.wait_until("the code, or where to keep it", |screen| {
        screen.contains("Type this code") || screen.contains("until butty closes")
    });
    if !asked.contains("Type this code") {
        butty.send("f");
    }
    let (address, code) = address_and_code(&butty.wait_for("Type this code"));
    let done = robot(&peers, &address, &code, false);
    assert!(done.status.success(), "{}", words(&done));
    butty.wait_for("You are signed in");
    butty.send("\r");
    butty.wait_for("juliet@alpha.test");
    butty.wait_for("Available");
    assert_eq!(butty.quit(), 0);
    // Again, without a question.
    let again = Terminal::start_with(home.path(), &[], 80, 24, &[("SSL_CERT_FILE", &ca)]);
    again.wait_for("Available");
    again.wait_for("TLS");
    assert_eq!(again.quit(), 0);
    assert_eq!(String::from_utf8_lossy(&butty_run(home.path(), &["whoami"], &ca).stdout).trim(), "juliet@alpha.test");
    let out = butty_run(home.path(), &["logout"], &ca);
    assert!(out.status.success(), "{}", words(&out));
    assert!(!out.stderr.windows(8).any(|w| w == b"could no"), "the service was told: {}", words(&out));
}

fn butty_run(home: &Path, arguments: &[&str], ca: &str) -> std::process::Output {
    command::butty_command(home, arguments).env("SSL_CERT_FILE", ca).output().expect("butty runs")
}

#[test]
fn g2_a_device_sign_in_on_the_screen_denied() {
    let peers = Peers::find();
    let home = home();
    peers.config(home.path(), &[("juliet@alpha.test", "sign_in = \"code\"")]);
    let mut butty = Terminal::start(home.path(), &[], 80, 24);
    butty.wait_for("/login");
    butty.line("/login");
    let asked = butty.wait_until("the code, or where to keep it", |screen| {
        screen.contains("Type this code") || screen.contains("until butty closes")
    });
    if !asked.contains("Type this code") {
        butty.send("m");
    }
    let (address, code) = address_and_code(&butty.wait_for("Type this code"));
    let done = robot(&peers, &address, &code, true);
    assert!(done.status.success(), "{}", words(&done));
    let screen = butty.wait_for("BTY-AUTH-02");
    assert!(screen.contains("new code"), "{screen}");
    butty.send("\x1b");
    butty.wait_gone("BTY-AUTH-02");
    assert_eq!(butty.quit(), 0);
}

/// Signs in with a code from the command line; the robot says yes.
fn sign_in_with_code(peers: &Peers, home: &Path, address: &str) {
    let mut login =
        Terminal::start_with(home, &["login", address, "--store", "file"], 100, 50, &[("BUTTY_LOG", "debug")]);
    let screen = login.wait_for("Type ");
    let field = |name: &str| {
        let line = screen.lines().find(|line| line.starts_with(name)).expect("a line").to_owned();
        line.split_whitespace().nth(1).expect("a word").to_owned()
    };
    let user = address.split_once('@').map_or("juliet", |(user, _)| user);
    let done = robot_as(peers, user, &field("Open"), &field("Type"), false);
    assert!(done.status.success(), "{}", words(&done));
    login.wait_for("Signed in as ");
    assert_eq!(login.end(), 0);
}

/// Every secret that lies in the token files: access and refresh tokens, client secrets.
fn kept_secrets(home: &Path) -> Vec<String> {
    let mut all = Vec::new();
    command::each_file(home, &mut |path, _| {
        if path.extension().is_some_and(|ending| ending == "json") {
            let text = std::fs::read_to_string(path).expect("a token file");
            let outer: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            let inner = serde_json::from_str::<serde_json::Value>(outer["secret"].as_str().expect("a secret"));
            let fields = inner.ok().and_then(|inner| inner.as_object().cloned()).unwrap_or_default();
            let secret =
                |name: &str| name.contains("token") || name.contains("secret") || name == "access" || name == "refresh";
            all.extend(
                fields.iter().filter(|(name, _)| secret(name)).filter_map(|(_, v)| v.as_str().map(str::to_owned)),
            );
        }
    });
    all.retain(|text| text.len() > 15);
    all
}

/// Tokens that live six seconds: each sign-in needs a fresh one, gets it without a word, and the old one is replaced on
/// disk. Twenty of them with `BUTTY_LONG`.
#[test]
fn g2_tokens_are_refreshed_silently_and_told_to_nobody() {
    let peers = Peers::find();
    let home = home();
    peers.config(home.path(), &[("juliet@alpha.test", "sign_in = \"code\"")]);
    server(&peers, "13", "stop", "");
    server(&peers, "13", "start", "6");
    sign_in_with_code(&peers, home.path(), "juliet@alpha.test");
    let mut seen = kept_secrets(home.path());
    assert!(seen.len() >= 2, "an access and a refresh token at least");
    let rounds = if std::env::var_os("BUTTY_LONG").is_some() { 20 } else { 3 };
    for round in 0..rounds {
        let before = kept_secrets(home.path());
        // The one thing that only time does: the token runs out, or nearly so.
        std::thread::sleep(std::time::Duration::from_secs(5));
        let done = command::butty_command(home.path(), &["send", "romeo@alpha.test", "still here"])
            .env("BUTTY_LOG", "debug")
            .output()
            .expect("butty runs");
        assert!(done.status.success(), "round {round}: {}", words(&done));
        let after = kept_secrets(home.path());
        assert_ne!(before, after, "round {round}: the tokens were rotated on disk");
        seen.extend(after);
    }
    server(&peers, "13", "stop", "");
    server(&peers, "13", "start", "");
    let log = std::fs::read_to_string(home.path().join("butty/state/butty.log")).expect("a log was written");
    assert!(log.contains("OAUTHBEARER"), "the log tells what happened");
    for secret in &seen {
        assert!(!log.contains(secret.as_str()), "a secret is in the log");
    }
}

/// DNS, jabberd2's redirect, Prosody: foreign software all the way; only the mechanism's plugin is ours.
#[test]
fn g3_the_messenger_way_as_one_chain() {
    let peers = Peers::find();
    let home = home();
    let more = "profile = \"messenger\"\noauth.issuer = \"https://redirect.test:15281\"\n\
                oauth.scopes = [\"xmpp\", \"openid\", \"offline_access\"]";
    peers.config(home.path(), &[("redirect.test", more)]);
    sign_in_with_code(&peers, home.path(), "redirect.test");
    let butty = Terminal::start(home.path(), &[], 100, 30);
    butty.wait_for("redirect.test");
    butty.wait_for("Available");
    // The address that the service handed out is for scripts; the screen shows what the person typed.
    assert!(!butty.screen().contains("juliet@redirect.test"), "{}", butty.screen());
    assert_eq!(butty.quit(), 0);
    let who = butty_run(home.path(), &["whoami"], peers.get("CA"));
    assert_eq!(String::from_utf8_lossy(&who.stdout).trim(), "juliet@redirect.test");
}

#[test]
fn g5_what_the_phone_says_is_here_and_what_we_say_is_there() {
    let peers = Peers::find();
    let home = home();
    sign_in(&peers, home.path(), "juliet@p12.test", "");
    let bot = bot(&peers, "romeo@p12.test", "PROSODY12");
    let mut command = peers.python("phone.py");
    command.args(["juliet@p12.test", "--connect", peers.get("PROSODY12"), "--ca", peers.get("CA")]);
    command.args(["--password", "pw-juliet"]);
    let mut phone = Talker::start(command);
    phone.wait_for("READY");
    let mut butty = Terminal::start(home.path(), &[], 100, 30);
    butty.wait_for("Available");
    butty.line("/msg romeo@p12.test");
    butty.wait_for("To romeo");
    let (phoned, typed) = (random_words("on the phone"), random_words("in butty"));
    phone.tell(&format!("say romeo@p12.test {phoned}"));
    bot.wait_for(&phoned);
    butty.wait_for(&phoned);
    butty.wait_for(&format!("echo: {phoned}"));
    butty.line(&typed);
    phone.wait_for(&typed);
    butty.wait_for(&format!("echo: {typed}"));
    assert_eq!(butty.quit(), 0);
    // And it is all there again after a restart, without the network.
    let mut again = Terminal::start_with(home.path(), &[], 100, 30, &[("BUTTY_NETWORK_RESOLVER", "127.0.0.1:9")]);
    again.wait_for("juliet@p12.test");
    again.line("/msg romeo@p12.test");
    again.wait_for(&typed);
    again.wait_for(&phoned);
    assert_eq!(again.quit(), 0);
}

/// A new computer: what was said before it existed comes out of the server's archive when the talk is opened.
#[test]
fn g5_a_new_computer_shows_what_was_said_before() {
    let peers = Peers::find();
    let bot = bot(&peers, "romeo@ej23.test", "EJABBERD");
    let mut command = peers.python("phone.py");
    command.args(["juliet@ej23.test", "--connect", peers.get("EJABBERD"), "--ca", peers.get("CA")]);
    command.args(["--password", "pw-juliet"]);
    let mut phone = Talker::start(command);
    phone.wait_for("READY");
    let said = random_words("before butty");
    phone.tell(&format!("say romeo@ej23.test {said}"));
    bot.wait_for(&said);
    phone.wait_for(&format!("echo: {said}"));
    phone.tell("quit");
    let home = home();
    sign_in(&peers, home.path(), "juliet@ej23.test", "");
    let mut butty = Terminal::start(home.path(), &[], 100, 30);
    butty.wait_for("Available");
    butty.line("/msg romeo@ej23.test");
    // The echo may be told once more by itself, where the phone had not acknowledged it, and before the archive is read.
    butty.wait_for(&format!("echo: {said}"));
    let screen = butty.wait_for(&format!("  {said}"));
    assert_eq!(screen.matches(said.as_str()).count(), 2, "{screen}");
    assert_eq!(butty.quit(), 0);
}

#[test]
fn g5_the_server_dies_and_what_was_typed_meanwhile_arrives_once() {
    let peers = Peers::find();
    let home = home();
    sign_in(&peers, home.path(), "juliet@p12b.test", "");
    let bot = bot(&peers, "romeo@p12b.test", "PROSODY12");
    let mut butty = Terminal::start(home.path(), &[], 100, 30);
    butty.wait_for("Available");
    butty.line("/msg romeo@p12b.test");
    let before = random_words("before");
    butty.line(&before);
    butty.wait_for(&format!("echo: {before}"));
    server(&peers, "12", "stop", "");
    let meanwhile = random_words("meanwhile");
    butty.line(&meanwhile);
    butty.wait_for(&meanwhile);
    butty.wait_for("!"); // the banner
    server(&peers, "12", "start", "");
    butty.wait_for(&format!("echo: {meanwhile}"));
    assert_eq!(bot.count(&format!("\t{meanwhile}")), 1, "it arrives once");
    assert_eq!(butty.quit(), 0);
}

/// Stops or starts a Prosody; `lifetime` of its access tokens in seconds, empty: as usual.
fn server(peers: &Peers, version: &str, action: &str, lifetime: &str) {
    let mut command = Command::new(Path::new(peers.get("SCRIPTS")).join("prosody"));
    command.args([version, action, peers.get("DATA")]);
    if !lifetime.is_empty() {
        command.env("ACCESS_TTL", lifetime);
    }
    let done = command.output().expect("the script runs");
    assert!(done.status.success(), "{}", words(&done));
}

/// After a session with the log at its loudest: no secret in log, arguments, screen, or a file that others can read.
#[test]
fn no_password_leaks() {
    let peers = Peers::find();
    let home = home();
    sign_in(&peers, home.path(), "juliet@ej23b.test", "");
    let butty = Terminal::start_with(home.path(), &[], 100, 30, &[("BUTTY_LOG", "debug")]);
    let secrets = ["pw-juliet".to_owned(), base64_of("\0juliet\0pw-juliet")];
    nothing_leaks(butty, home.path(), "romeo@ej23b.test", &secrets);
}

/// The same with tokens: those of the sign-in, and those that a refresh in mid-session brings.
#[test]
fn no_token_leaks() {
    let peers = Peers::find();
    let home = home();
    peers.config(home.path(), &[("juliet@alpha.test", "sign_in = \"code\"")]);
    server(&peers, "13", "stop", "");
    server(&peers, "13", "start", "1");
    sign_in_with_code(&peers, home.path(), "juliet@alpha.test");
    let mut secrets = kept_secrets(home.path());
    // The token of one second is stale by the time that the screen is up: the interface refreshes it.
    let butty = Terminal::start_with(home.path(), &[], 100, 30, &[("BUTTY_LOG", "debug")]);
    butty.wait_for("Available");
    server(&peers, "13", "stop", "");
    server(&peers, "13", "start", "");
    secrets.extend(kept_secrets(home.path()));
    secrets.sort();
    secrets.dedup();
    assert!(secrets.len() >= 3, "tokens from before and after a refresh");
    nothing_leaks(butty, home.path(), "romeo@alpha.test", &secrets);
}

/// Chats a little, leaves, and looks for the secrets everywhere that others could.
fn nothing_leaks(mut butty: Terminal, home: &Path, peer: &str, secrets: &[String]) {
    butty.wait_for("Available");
    let arguments = std::fs::read(format!("/proc/{}/cmdline", butty.pid())).expect("its arguments");
    let environment = std::fs::read(format!("/proc/{}/environ", butty.pid())).expect("its environment");
    butty.line(&format!("/msg {peer}"));
    let said = random_words("secret test");
    butty.line(&said);
    butty.wait_until("the message to be sent", |screen| {
        screen.lines().any(|line| line.contains(&said) && line.trim_end().ends_with('✓'))
    });
    let screen = butty.bytes();
    assert_eq!(butty.quit(), 0);
    let log = std::fs::read(home.join("butty/state/butty.log")).expect("a log was written");
    assert!(!log.is_empty());
    let places = [("log", &log), ("arguments", &arguments), ("environment", &environment), ("screen", &screen)];
    for secret in secrets {
        for (name, bytes) in places {
            assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "a secret is in the {name}");
        }
    }
    command::each_file(home, &mut |path, mode| {
        assert_eq!(mode & 0o077, 0, "others can read {}", path.display());
    });
}

fn base64_of(text: &str) -> String {
    let out = Command::new("sh").args(["-c", "printf '%b' \"$0\" | base64"]).arg(text.replace('\0', "\\0")).output();
    String::from_utf8_lossy(&out.expect("base64").stdout).trim().to_owned()
}

/// Wrong things at a real server: each its own code, nothing lost.
#[test]
fn what_goes_wrong_is_named() {
    let peers = Peers::find();
    let home = home();
    let cases: &[(&str, &str, &[&str], &str)] = &[
        ("juliet@p12.test", "", &["--password-stdin"], "BTY-AUTH-05"),
        ("juliet@expired.test", "", &["--password-stdin"], "BTY-TLS-02"),
        ("juliet@early.test", "", &["--password-stdin"], "BTY-TLS-05"),
        ("juliet@othername.test", "", &["--password-stdin"], "BTY-TLS-01"),
        ("juliet@unknown.test", "", &["--password-stdin"], "BTY-TLS-04"),
        ("juliet@none.test", "", &["--password-stdin"], "BTY-NET-07"),
        ("juliet@nowhere.test", "", &["--password-stdin"], "BTY-NET-02"),
        ("juliet@loop.test", "", &["--password-stdin"], "BTY-NET-08"),
        ("juliet@target.test", "", &["--password-stdin"], "BTY-XMPP-03"),
        ("juliet@p12.test", "server = \"127.0.0.12:9\"", &["--password-stdin"], "BTY-NET-06"),
        ("juliet@p12.test", "mechanisms = [\"SCRAM-SHA-512\"]", &["--password-stdin"], "BTY-AUTH-10"),
        ("juliet@p12.test", "", &[], "BTY-AUTH-01"),
    ];
    for (address, more, arguments, code) in cases {
        peers.config(home.path(), &[(address, more)]);
        let mut all = vec!["login", address];
        all.extend_from_slice(arguments);
        let done = butty_with_input(home.path(), &all, "wrong\n");
        assert!(!done.status.success() && words(&done).contains(code), "{address} {more}: {}", words(&done));
        assert!(done.stdout.is_empty());
    }
}

#[test]
fn one_shot_commands_do_their_work() {
    let peers = Peers::find();
    let home = home();
    sign_in(&peers, home.path(), "admin@ej23.test", "");
    let mut bot = bot(&peers, "juliet@ej23.test", "EJABBERD");
    let said = random_words("one shot");
    let done = butty(home.path(), &["send", "juliet@ej23.test", &said]);
    assert!(done.status.success(), "{}", words(&done));
    bot.wait_for(&said);
    assert_eq!(bot.count("PRESENCE\tadmin"), 0, "nobody blinks online");
    bot.tell("ask admin@ej23.test");
    let done = butty(home.path(), &["roster", "--json"]);
    assert!(done.status.success(), "{}", words(&done));
    let done = butty(home.path(), &["doctor"]);
    let report = words(&done);
    assert!(done.status.success() && report.contains("TLS") && report.contains("Session "), "{report}");
    let done = butty(home.path(), &["accounts", "--json"]);
    assert!(words(&done).contains("\"address\":\"admin@ej23.test\""), "{}", words(&done));
    let done = butty(home.path(), &["logout"]);
    assert!(done.status.success(), "{}", words(&done));
    assert_eq!(butty(home.path(), &["send", "juliet@ej23.test", "x"]).status.code(), Some(4));
}
