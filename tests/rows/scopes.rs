//! Document 002: scopes, and the consent to them.

use super::hands::{Keeper, Line};
use super::town::{CHAT, Home, Town, ask_for_code, code_in, modern, plain};
use butty::app::effect::LinkCommand;
use butty::app::event::{Consent, Keep, LinkFact};
use butty::demo::Switches;
use butty::xmpp::Event;
use std::fs;
use std::sync::Arc;

const LOGIN: &[&str] = &["login", "anna@demo.butty", "--device"];

/// Scopes that were asked for, one text for each time.
fn asked(town: &Town) -> Vec<String> {
    let lines = town.seen("_connect.srf: ");
    lines.iter().filter_map(|line| line.split_once(" scope=")).map(|(_, scope)| scope.to_owned()).collect()
}

#[test]
fn row_002_06_the_list_needs_no_e_mail_addresses() {
    let town = Town::open(Switches { strict: true, ..plain() });
    let home = town.home_with_token(&town.token());
    let butty = home.open();
    let names = ["Bela Novák", "Dad", "Demo Bot", "Ned Nudge", "Olga"];
    let screen = butty.wait_until("everybody", |screen| names.iter().all(|name| screen.contains(name)));
    let addresses = screen.matches("@demo.butty").count();
    assert_eq!(addresses, 1, "our own, in the status bar: {screen}");
    assert_eq!(butty.quit(), 0);
    let roster = home.does(&["roster"]);
    for name in names {
        assert!(roster.contains(name), "{roster}");
    }
    let looked_up = town.seen("jidlookup");
    assert!(looked_up.is_empty(), "nobody's e-mail was asked for: {looked_up:?}");
}

/// Name and picture where they were granted; where not, initials.
#[test]
fn row_002_08_the_own_picture_is_shown_where_it_was_granted_and_initials_where_not() {
    for (scopes, granted) in
        [("wl.messenger wl.offline_access wl.basic", true), ("wl.messenger wl.offline_access", false)]
    {
        let town = Town::open(modern());
        let home = town.messenger_home(&format!("scopes = \"{scopes}\"\n"));
        home.does(LOGIN);
        let butty = home.open();
        let screen = butty.wait_until("the own card", |screen| {
            screen.contains("Anna Kowalska")
                && screen.contains(if granted { "▀▀▀▀▀▀" } else { "│ AK │" })
        });
        assert_eq!(screen.starts_with("▀▀▀▀▀▀ Anna Kowalska"), granted, "{screen}");
        assert_eq!(screen.contains("│ AK │"), !granted, "{screen}");
        assert_eq!(butty.quit(), 0);
    }
    // A service that trims what was asked for.
    let town = Town::open(Switches { withheld_scopes: vec!["wl.basic".to_owned()], ..modern() });
    let home = town.messenger_home("scopes = \"wl.messenger wl.offline_access wl.basic\"\n");
    home.does(LOGIN);
    let butty = home.open();
    butty.wait_for("│ AK │");
    assert_eq!(butty.quit(), 0);
}

/// Where it was not granted, the account's own view asks for it: a No costs nothing, a yes leads to the picture.
#[test]
fn row_002_08_the_picture_is_asked_for_where_it_is_missed_and_a_no_costs_nothing() {
    let town = Town::open(Switches { answered: None, ..modern() });
    let home = town.messenger_home("");
    let waiting = home.begin_login("anna@demo.butty");
    town.visit(code_in(&waiting.said), "yes", &[("stay", "on")]);
    assert_eq!(waiting.end().0, Some(0));
    let before = home.kept();
    let question = "wants you to agree once";
    let mut butty = home.open();
    butty.wait_for("│ AK │");
    butty.send("/");
    butty.send("account\r");
    butty.wait_for(question);
    butty.send("\r");
    butty.wait_for("Keep the sign-in?");
    butty.send("f");
    town.wait_seen("_connect.srf: ok", 2);
    town.service.answer(false);
    butty.wait_for("BTY-AUTH-02");
    assert_eq!(home.kept(), before, "what is there stays until there is something better");
    butty.send("\x1b");
    butty.wait_for("● Available");
    assert_eq!(butty.quit(), 0);
    // The next start remembers that it was asked; a key asks all the same.
    let mut butty = home.open();
    butty.wait_for("│ AK │");
    butty.send("/");
    butty.send("account\r");
    let screen = butty.wait_for("p asks for your picture");
    assert!(!screen.contains(question), "{screen}");
    butty.send("p");
    butty.wait_for(question);
    butty.send("\r");
    butty.wait_for("Keep the sign-in?");
    butty.send("f");
    town.wait_seen("_connect.srf: ok", 3);
    town.service.answer(true);
    butty.wait_for("You are signed in");
    butty.send("\r");
    butty.wait_until("the own picture", |screen| screen.starts_with("▀▀▀▀▀▀ Anna Kowalska"));
    assert_eq!(asked(&town).last().map(String::as_str), Some("wl.messenger wl.offline_access wl.basic"));
    assert!(home.kept()["refresh"].is_string(), "it lasts as before");
    assert_eq!(butty.quit(), 0);
}

#[test]
fn row_002_09_without_the_scope_of_messaging_xmpp_stays_closed() {
    let town = Town::open(modern());
    let token = town.service.hand_out(&["wl.basic", "wl.offline_access"]).expect("a token");
    for mechanism in ["X-MESSENGER-OAUTH2", "OAUTHBEARER"] {
        let home = town.home_with(&format!("mechanisms = [\"{mechanism}\"]\n{}", town.bring(token.expose())));
        let said = home.fails(&["roster"], 4, "BTY-AUTH-");
        assert!(said.contains("butty login"), "what to do is said: {said}");
    }
    assert!(town.seen("token accepted").is_empty() && town.seen("token refused").len() >= 2);
    // A service that gives everything but this is told apart before XMPP is tried.
    let town = Town::open(Switches { withheld_scopes: vec!["wl.messenger".to_owned()], ..modern() });
    let said = town.messenger_home("").fails(LOGIN, 4, "BTY-AUTH-06");
    assert!(said.contains("chat as you"), "{said}");
    assert!(town.seen("< <auth").is_empty());
}

#[test]
fn row_002_10_nothing_is_asked_of_the_service_before_consent() {
    let town = Town::open(Switches { answered: None, ..modern() });
    let home = town.messenger_home("");
    let waiting = home.begin_login("anna@demo.butty");
    town.wait_seen("authorization_pending", 2);
    assert!(town.seen("host 0").is_empty(), "XMPP is not even dialled: {:#?}", town.service.log());
    assert!(home.kept_tokens().is_empty());
    town.service.answer(true);
    assert_eq!(waiting.end().0, Some(0));
    assert!(town.at("answered from here: yes") < town.at("_token.srf: ok"));
    assert!(town.at("_token.srf: ok") < town.at("host 0: accepted"));
}

#[test]
fn row_002_11_by_default_the_minimum_is_asked_for() {
    let town = Town::open(modern());
    town.messenger_home("").does(LOGIN);
    town.home().does(&["login", "demo.butty", "--device"]);
    let [messenger, found] = &asked(&town)[..] else { panic!("{:?}", asked(&town)) };
    let two: Vec<&str> = messenger.split(' ').collect();
    assert_eq!(two, CHAT, "two entries, no more");
    assert!(found.split(' ').all(|scope| CHAT.contains(&scope)), "of all that the metadata offers: {found}");
}

#[test]
fn row_002_13_scopes_may_be_parted_by_blanks_or_commas() {
    let town = Town::open(modern());
    for scopes in [
        "\"wl.messenger wl.basic\"",
        "\"wl.messenger,wl.basic\"",
        "\"wl.messenger, wl.basic\"",
        "[\"wl.messenger\", \"wl.basic\"]",
    ] {
        town.messenger_home(&format!("scopes = {scopes}\n")).does(LOGIN);
    }
    assert_eq!(asked(&town), ["wl.messenger wl.basic"; 4]);
}

/// A secret stands in one place only.
#[track_caller]
fn only_in_private_files(home: &Home, secret: &str) {
    let mut holders = 0;
    for (file, mode) in home.files() {
        let bytes = fs::read(&file).unwrap();
        if bytes.windows(secret.len()).any(|window| window == secret.as_bytes()) {
            holders += 1;
            assert_eq!(mode & 0o777, 0o600, "{}", file.display());
            assert!(file.parent().is_some_and(|folder| folder.ends_with("tokens")), "{}", file.display());
        }
    }
    assert_eq!(holders, 1, "one file holds it");
}

#[test]
fn row_002_15_tokens_are_kept_in_a_private_file_and_nowhere_else() {
    let town = Town::open(modern());
    let home = town.messenger_home("");
    let said = home.does(LOGIN);
    let roster = home.does(&["roster"]);
    home.does(&["send", "bela@demo.butty", "hello"]);
    let kept = home.kept();
    assert!(home.log().lines().count() > 3, "the fullest log was written");
    for secret in ["access", "refresh"].map(|name| kept[name].as_str().unwrap().to_owned()) {
        only_in_private_files(&home, &secret);
        for text in [&said, &roster, &home.log()] {
            assert!(!text.contains(&secret));
        }
        let journal = town.service.log().join("\n");
        assert!(!journal.contains(&secret), "in no address either");
    }
}

/// One command to a link: it finds the pages, asks for a code, waits for the person, keeps the token and signs in.
#[test]
fn row_002_16_one_call_of_the_library_does_the_whole_flow() {
    let town = Arc::new(Town::open(plain()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut line = Line::start(&town, &Keeper::new(&town), false);
        line.link.send(LinkCommand::SignInWithCode { keep: Keep::Memory });
        let mut steps = Vec::new();
        while steps.last() != Some(&"signed in") {
            match line.next().await {
                LinkFact::Consent(Consent::Code(prompt)) => {
                    assert_eq!(prompt.address.as_str(), town.service.page());
                    town.service.answer(true);
                    steps.push("code");
                }
                LinkFact::Consent(Consent::Granted { .. }) => steps.push("granted"),
                LinkFact::Kept(Keep::Memory) => steps.push("kept"),
                LinkFact::Session(Event::SignedIn(_)) => steps.push("signed in"),
                _ => {}
            }
        }
        assert_eq!(steps, ["code", "granted", "kept", "signed in"]);
        line.end().await;
    });
}

#[test]
fn row_002_17_what_will_be_asked_is_listed_before_anything_is_opened() {
    let town = Town::open(Switches { answered: None, ..modern() });
    let home = town.messenger_home("");
    let mut butty = home.open();
    butty.wait_for("is not signed in");
    ask_for_code(&mut butty, "anna@demo.butty");
    let screen = butty.wait_for("Type this code");
    for part in ["asks for exactly this", "chat as you", "stay signed in", "https://login.demo.butty"] {
        assert!(screen.contains(part), "{part}: {screen}");
    }
    assert!(town.seen("GET /link").is_empty(), "nothing was opened yet");
    // All by keys: a bigger square, back, and away.
    butty.send("q");
    butty.wait_gone("asks for exactly this");
    butty.send("q");
    butty.wait_for("asks for exactly this");
    butty.send("\x1b");
    butty.wait_gone("Type this code");
    assert!(home.kept_tokens().is_empty());
    butty.send("\x11");
    butty.end();
}

#[test]
fn row_002_12_a_scope_that_is_not_registered_is_explained_and_less_is_offered() {
    let town = Town::open(modern());
    let home = town.messenger_home("scopes = [\"wl.messenger\", \"wl.everything\"]\n");
    let said = home.fails(LOGIN, 4, "BTY-AUTH-60");
    assert!(said.contains("butty login --scope wl.messenger"), "the smaller set: {said}");
    home.does(&["login", "anna@demo.butty", "--device", "--scope", "wl.messenger"]);
    assert_eq!(asked(&town).last().map(String::as_str), Some("wl.messenger"));
    home.does(&["roster"]);
}
