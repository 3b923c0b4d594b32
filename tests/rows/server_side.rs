//! Document 004: what a program that keeps a session has to do.

use super::command::words;
use super::hands::{Keeper, Line};
use super::town::{CHAT, Town, ask_for_code, code_in, modern, plain, say};
use butty::app::effect::LinkCommand;
use butty::app::event::{Keep, LinkFact};
use butty::demo::{OwnCard, Redirect, Switches};
use butty::xmpp::Event;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

const LOGIN: &[&str] = &["login", "anna@demo.butty", "--device"];

#[test]
fn row_004_01_the_session_lives_over_restarts_and_comes_back_by_itself() {
    let town = Town::open(modern());
    let home = town.messenger_home("");
    home.does(LOGIN);
    for _ in 0..2 {
        let butty = home.open();
        butty.wait_until("online", |screen| screen.contains("Bela") && screen.contains("● Available"));
        let before = town.seen("token accepted").len();
        town.service.cut();
        town.wait_seen("token accepted", before + 1);
        butty.wait_for("● Available");
        assert_eq!(butty.quit(), 0);
    }
    assert_eq!(town.seen("_connect.srf: ok").len(), 1, "one consent");
}

#[test]
fn row_004_02_the_screen_asks_for_what_the_page_asks_for() {
    let town = Town::open(Switches { answered: None, ..modern() });
    let home = town.messenger_home("");
    let waiting = home.begin_login("anna@demo.butty");
    let asks = waiting.said.lines().find_map(|line| line.strip_prefix("Asks for: ")).expect("a list").to_owned();
    let code = code_in(&waiting.said).to_owned();
    let page = town.visit(&code, "yes", &[("stay", "on")]);
    for part in ["chat as you", "stay signed in"] {
        assert!(asks.contains(part) && page.contains(part), "{part}: {asks} / {page}");
    }
    let listed = page.matches("<li>").count();
    assert_eq!(asks.split(", ").count(), listed, "as many things: {asks}");
    assert_eq!(waiting.end().0, Some(0));
}

/// A sign-in that will not last says so before the person has agreed to anything, and ends as it was said.
#[test]
fn row_004_21_only_with_its_scope_there_is_a_refresh_and_without_that_is_told_in_advance() {
    const TOLD: &str = "When this sign-in ends, you sign in again.";
    for (scopes, lasts) in [(CHAT, true), (&CHAT[..1], false)] {
        let town = Town::open(Switches { answered: None, ..modern() });
        let home = town.messenger_home(&format!("scopes = \"{}\"\n", scopes.join(" ")));
        let waiting = home.begin_login("anna@demo.butty");
        assert_eq!(waiting.said.contains(TOLD), !lasts, "{}", waiting.said);
        assert!(town.seen("page answered").is_empty(), "nobody has agreed yet");
        town.service.answer(true);
        assert_eq!(waiting.end().0, Some(0));
        assert_eq!(home.kept()["refresh"].is_null(), !lasts);
        home.does(&["roster"]);
        home.age();
        if lasts {
            home.does(&["roster"]);
        } else {
            home.fails(&["roster"], 4, "BTY-AUTH-");
            assert!(town.seen("grant=refresh_token").is_empty(), "there is nothing to refresh with");
        }
        // The same on the screen.
        let mut butty = home.open();
        butty.wait_until("an end", |screen| screen.contains("● Available") || screen.contains("sign-in is over"));
        ask_for_code(&mut butty, "anna@demo.butty");
        let screen = butty.wait_for("bigger QR");
        assert_eq!(screen.contains("to stay signed in. When this"), !lasts, "{screen}");
        butty.send("\x1b");
        butty.wait_gone("Type this code");
        butty.send("\x11");
        butty.end();
    }
}

/// Found by metadata, the service is asked by the name that it has for that.
#[test]
fn row_004_21_a_service_that_is_found_is_asked_to_stay_by_its_own_name() {
    let town = Town::open(modern());
    let home = town.home();
    home.does(&["login", "demo.butty", "--device"]);
    assert!(home.kept()["refresh"].is_string());
    home.age();
    home.does(&["roster"]);
    assert_eq!(town.seen("grant=refresh_token").len(), 1);
}

#[test]
fn row_004_06_the_token_is_used_until_it_nears_its_end_or_is_refused() {
    // A minute before the end counts as the end.
    for (lifetime, refreshes) in [(3_600, 0), (5, 0)] {
        let access_lifetime = Duration::from_secs(lifetime);
        let town = Town::open(Switches { access_lifetime, ..modern() });
        let home = town.messenger_home("");
        home.does(LOGIN);
        home.does(&["roster"]);
        assert_eq!(town.seen("grant=refresh_token").len(), refreshes, "{lifetime} s");
        let left = home.kept()["expires"].as_i64().unwrap();
        home.set_expiry(left - 1_000 * i64::try_from(lifetime).unwrap());
        home.does(&["roster"]);
        assert_eq!(town.seen("grant=refresh_token").len(), refreshes + 1, "{lifetime} s");
    }
    // The server ends it before its time: the refusal is the sign.
    let town = Town::open(modern());
    let home = town.messenger_home("");
    home.does(LOGIN);
    town.service.end_access();
    home.does(&["roster"]);
    assert_eq!(town.seen("grant=refresh_token").len(), 1);
    assert_eq!((town.seen("token refused").len(), town.seen("token accepted").len()), (1, 2));
}

#[test]
fn row_004_07_an_expiry_in_the_middle_is_mended_unseen() {
    let town = Town::open(modern());
    let home = town.messenger_home("");
    home.does(LOGIN);
    let butty = home.open();
    butty.wait_until("online", |screen| screen.contains("Bela") && screen.contains("● Available"));
    let from = butty.bytes().len();
    let before = town.seen("token accepted").len();
    town.service.end_access();
    town.service.cut();
    town.wait_seen("token accepted", before + 1);
    town.wait_seen("< <presence", 2);
    let screen = butty.wait_for("● Available");
    assert!(screen.contains("Bela"), "{screen}");
    let since = String::from_utf8_lossy(&butty.bytes()[from..]).into_owned();
    assert!(!since.contains("expired") && !since.contains("code"), "no question: {since}");
    assert_eq!(town.seen("grant=refresh_token").len(), 1);
    assert_eq!(butty.quit(), 0);
}

#[test]
fn row_004_08_when_the_refresh_has_ended_too_one_prompt_keeps_everything() {
    let town = Town::open(modern());
    let home = town.messenger_home("");
    home.does(LOGIN);
    let mut butty = home.open();
    butty.wait_until("online", |screen| screen.contains("Bela") && screen.contains("● Available"));
    town.service.pass(Duration::from_secs(366 * 24 * 3600));
    town.service.cut();
    let screen = butty.wait_for("Your sign-in has expired");
    assert_eq!(screen.matches("has expired").count(), 1, "{screen}");
    assert!(screen.contains("Bela Novák") && screen.contains("Dad"), "{screen}");
    butty.send("\x11");
    butty.end();
    home.fails(&["roster"], 4, "BTY-AUTH-04");
    home.does(LOGIN);
    home.does(&["roster"]);
}

#[test]
fn row_004_12_a_refresh_token_of_four_kilobytes_survives() {
    let town = Town::open(Switches { long_tokens: true, ..modern() });
    let home = town.messenger_home("");
    home.does(LOGIN);
    let mut tokens = Vec::new();
    for _ in 0..3 {
        let token = home.kept()["refresh"].as_str().unwrap().to_owned();
        assert!(token.len() >= 4_000 && "*%!$+/=&".chars().all(|odd| token.contains(odd)), "{}", token.len());
        tokens.push(token);
        home.age();
        home.does(&["roster"]); // the service compares every byte
    }
    tokens.dedup();
    assert_eq!(tokens.len(), 3, "each refresh gives another");
    assert_eq!(town.seen("_token.srf: ok").iter().filter(|line| line.contains("refresh_token")).count(), 3);
}

#[test]
fn row_004_15_a_refused_sign_in_and_a_lost_network_are_two_things() {
    let town = Town::open(modern());
    let home = town.messenger_home("");
    home.does(LOGIN);
    let issuer = town.service.issuer().to_owned();
    // XMPP is down: network.
    let down = town.home_with(&format!("server = \"127.0.0.1:1\"\n{}", town.bring(&town.token())));
    down.fails(&["roster"], 5, "BTY-NET-");
    // The sign-in service is down: network as well, and it is the one that is named.
    let dead = town.home_with(&town.messenger("").replace(&issuer, "https://login.demo.butty:1"));
    let said = dead.fails(LOGIN, 5, "BTY-NET-");
    assert!(said.contains("login.demo.butty"), "{said}");
    // Both are down: still network.
    let lines = town.messenger("").replace(&issuer, "https://login.demo.butty:1");
    town.home_with(&format!("server = \"127.0.0.1:1\"\n{lines}")).fails(LOGIN, 5, "BTY-NET-");
    // Both are up and say no: sign-in.
    town.service.take_back();
    home.age();
    home.fails(&["roster"], 4, "BTY-AUTH-04");
}

#[test]
fn row_004_16_every_failure_has_a_line_on_the_screen_and_one_in_the_log() {
    let failing = |switches: Switches, code: &str| {
        let town = Town::open(switches);
        let home = town.home_with_token(&town.token());
        home.log_as_usual();
        let said = words(&home.butty(&["roster"]));
        assert!(said.contains(code), "{code}? {said}");
        assert!(home.log().contains(code), "{code} in the log? {}", home.log());
    };
    failing(Switches { refuse_token: true, ..plain() }, "BTY-AUTH-");
    failing(Switches { no_starttls: true, ..plain() }, "BTY-TLS-03");
    failing(Switches { foreign_certificate: true, ..plain() }, "BTY-TLS-01");
    failing(Switches { redirect: Redirect::BeforeTls, redirect_hops: 6, ..plain() }, "BTY-NET-08");
    // And of the sign-in service.
    for (switches, code) in [
        (Switches { answered: Some(false), ..modern() }, "BTY-AUTH-02"),
        (Switches { code_lifetime: Duration::from_secs(1), answered: None, ..modern() }, "BTY-AUTH-03"),
    ] {
        let town = Town::open(switches);
        let home = town.messenger_home("");
        home.log_as_usual();
        home.fails(LOGIN, 4, code);
        assert!(home.log().contains(code), "{code} in the log? {}", home.log());
    }
}

#[test]
fn row_004_18_the_service_tells_the_persons_name_and_chat_does_not_wait_for_it() {
    for own_card in [OwnCard::Given, OwnCard::Refused, OwnCard::Broken, OwnCard::Silence] {
        let town = Town::open(Switches { own_card, ..plain() });
        let home = town.home_with_token(&town.token());
        let mut butty = home.open();
        let name = if own_card == OwnCard::Given { "Anna Kowalska" } else { "anna" };
        butty.wait_until("the name", |screen| screen.lines().next().is_some_and(|line| line.contains(name)));
        butty.wait_for("● Available");
        town.wait_seen("vcard-temp", 1);
        butty.send("\x0b");
        butty.wait_for("Go to");
        butty.send("bela\r");
        butty.wait_for("To Bela");
        say(&mut butty, "hello there");
        butty.wait_for("Bela says");
        assert_eq!(butty.quit(), 0, "{own_card:?}");
    }
}

#[test]
fn row_004_19_the_newest_refresh_token_replaces_the_old_one() {
    let town = Town::open(modern());
    let home = town.messenger_home("");
    home.does(LOGIN);
    let mut seen = vec![home.kept()["refresh"].as_str().unwrap().to_owned()];
    for _ in 0..5 {
        home.age();
        home.does(&["roster"]);
        let token = home.kept()["refresh"].as_str().unwrap().to_owned();
        assert!(!seen.contains(&token), "a new one each time");
        for (file, _) in home.files() {
            let bytes = fs::read(&file).unwrap();
            let old = seen.last().unwrap().as_bytes();
            assert!(!bytes.windows(old.len()).any(|window| window == old), "the old one is gone: {}", file.display());
        }
        seen.push(token);
    }
    // Used twice, a token ends the whole consent here: so none ever was.
    assert!(town.seen("_token.srf: invalid_grant").is_empty());
}

#[test]
fn row_004_20_two_processes_refresh_once() {
    let town = Town::open(modern());
    let home = town.messenger_home("");
    home.does(LOGIN);
    for round in 1..=5 {
        home.age();
        let both: Vec<_> = (0..2).map(|_| home.begin(&["roster"])).collect();
        for child in both {
            let done = child.wait_with_output().unwrap();
            assert!(done.status.success(), "{}", words(&done));
        }
        let refreshes = town.seen("grant=refresh_token");
        assert_eq!(refreshes.len(), round, "{refreshes:#?}");
    }
}

/// Fetched, refreshed, kept, used: in this order.
#[test]
fn row_004_20_a_new_token_is_kept_before_it_is_used() {
    let town = Arc::new(Town::open(Switches { answered: Some(true), ..plain() }));
    let keeper = Keeper::new(&town);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for again in [false, true] {
            let mut line = Line::start(&town, &keeper, again);
            if !again {
                line.link.send(LinkCommand::SignInWithCode { keep: Keep::File });
            }
            while !matches!(line.next().await, LinkFact::Session(Event::SignedIn(_))) {}
            line.end().await;
            if !again {
                keeper.age();
                keeper.steps();
            }
        }
    });
    let steps = keeper.steps();
    let names: Vec<&str> = steps.iter().map(|(what, _)| what.as_str()).collect();
    assert_eq!(names, ["load tokens", "lock tokens", "load tokens", "save tokens"]);
    let log = town.service.log();
    let last = |text: &str| log.iter().rposition(|line| line.contains(text)).unwrap();
    let (refreshed, kept, used) = (last("grant=refresh_token"), steps[3].1, last("< <auth"));
    assert!(refreshed < kept && kept <= used, "{refreshed} {kept} {used}");
}

#[test]
fn row_004_22_a_token_is_its_own_accounts_alone() {
    let (one, other) = (Town::open(modern()), Town::open(modern()));
    let at = |town: &Town, address: &str| {
        let (issuer, server) = (town.service.issuer(), town.service.server());
        let oauth = format!("issuer = \"{issuer}\"\nscopes = \"{}\"", CHAT.join(" "));
        town.account(address, &format!("server = \"{server}\"\n[accounts.oauth]\n{oauth}"))
    };
    let home = one.home_of(&[at(&one, "anna@demo.butty"), at(&other, "olga@demo.butty")]);
    for address in ["anna@demo.butty", "olga@demo.butty"] {
        home.does(&["login", address, "--device"]);
    }
    let before = one.seen("token accepted").len();
    let [(first, a), (second, b)] = &home.kept_tokens()[..] else { panic!("two tokens") };
    fs::write(first, b).unwrap();
    fs::write(second, a).unwrap();
    for address in ["anna@demo.butty", "olga@demo.butty"] {
        home.fails(&["--account", address, "roster"], 1, "BTY-DATA-03");
    }
    assert_eq!(one.seen("token accepted").len(), before, "nobody got in with the other's");
    assert!(one.seen("token refused").is_empty() && other.seen("token refused").is_empty(), "none was even shown");
}

#[test]
fn row_004_23_a_second_start_within_the_hour_asks_nothing() {
    let town = Town::open(modern());
    let home = town.messenger_home("");
    home.does(LOGIN);
    let calls = || town.seen("POST ").len() + town.seen("GET ").len();
    let before = calls();
    home.does(&["roster"]);
    let butty = home.open();
    butty.wait_until("online", |screen| screen.contains("Bela") && screen.contains("● Available"));
    assert_eq!(butty.quit(), 0);
    assert_eq!(calls(), before, "{:#?}", town.service.log());
}

#[test]
fn row_004_24_signing_out_is_told_and_leaves_nothing_behind() {
    let town = Town::open(modern());
    let home = town.messenger_home("");
    home.does(LOGIN);
    let kept = home.kept();
    let mut butty = home.open();
    butty.wait_until("online", |screen| screen.contains("Bela") && screen.contains("● Available"));
    butty.send("/");
    butty.send("logout\r");
    butty.wait_for("Sign out");
    butty.send("\r");
    butty.wait_gone("● Available");
    town.wait_seen("_revoke.srf: ok", 1);
    butty.send("\x11");
    butty.end();
    let log = town.service.log();
    assert!(log.iter().any(|line| line.contains("< end")), "the stream was closed: {log:#?}");
    assert!(home.kept_tokens().is_empty());
    let access = kept["access"].as_str().unwrap();
    town.home_with_token(access).fails(&["roster"], 4, "BTY-AUTH-");
    home.fails(&["roster"], 4, "BTY-AUTH-17");
}

#[test]
fn row_004_25_the_examples_of_the_papers_run() {
    let root = env!("CARGO_MANIFEST_DIR");
    let readme = fs::read_to_string(format!("{root}/README.md")).unwrap();
    let section = readme.split("### From scripts").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("scripts");
    let examples: Vec<&str> = section.lines().filter_map(|line| line.strip_prefix("    butty ")).collect();
    assert!(examples.len() >= 3, "{section}");
    let town = Town::open(modern());
    let home = town.messenger_home("");
    home.does(LOGIN);
    for example in examples {
        let example = example.split('#').next().unwrap().trim().replace("bela@example.org", "bela@demo.butty");
        let script = format!("'{}' {example}", env!("CARGO_BIN_EXE_butty"));
        let mut shell = std::process::Command::new("/bin/sh");
        shell.args(["-c", &script]).env_clear().env("BUTTY_HOME", home.path().join("butty")).env("HOME", home.path());
        let done = shell.output().unwrap();
        assert!(done.status.success() && !done.stdout.is_empty(), "{example}: {}", words(&done));
    }
    // The Rust example runs with the documentation's tests; here it is only made sure that it is there, and run.
    let library = fs::read_to_string(format!("{root}/src/lib.rs")).unwrap();
    let example = library.split("//! # Signing in from a program").nth(1).expect("its section");
    let opening = example.lines().find(|line| line.starts_with("//! ```")).expect("code");
    assert_eq!(opening, "//! ```", "neither ignored nor only compiled");
}
