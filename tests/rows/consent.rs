//! Document 003: the person's consent, its end, and its loss.

use super::terminal::Terminal;
use super::town::{Home, Town, ask_for_code, code_in, modern, say};
use super::world;
use butty::demo::Switches;
use std::time::Duration;

const LOGIN: &[&str] = &["login", "anna@demo.butty", "--device"];

/// A talk with Bela that stands in the history.
fn talk(home: &Home) {
    let mut butty = home.open();
    butty.wait_for("Bela");
    butty.send("\x0b");
    butty.wait_for("Go to");
    butty.send("bela\r");
    butty.wait_for("To Bela");
    say(&mut butty, "remember these words");
    butty.wait_for("Bela says");
    assert_eq!(butty.quit(), 0);
}

#[test]
fn row_003_01_without_consent_nothing_reaches_the_sign_in_of_xmpp() {
    let town = Town::open(modern());
    let home = town.messenger_home("");
    home.fails(&["roster"], 4, "BTY-AUTH-17");
    home.fails(&["send", "bela@demo.butty", "hello"], 4, "BTY-AUTH-17");
    let mut butty = home.open();
    butty.wait_for("is not signed in");
    butty.send("\x11");
    butty.end();
    assert!(town.seen("< <auth").is_empty() && town.seen("_token.srf").is_empty(), "{:#?}", town.service.log());
}

/// Two purposes, chosen before the sign-in: to chat now, and to stay signed in as well.
#[test]
fn row_003_02_chatting_alone_and_staying_signed_in_are_two_purposes() {
    let town = Town::open(modern());
    let home = town.messenger_home("");
    let said = home.does(&[LOGIN, &["--chat-only"]].concat());
    assert!(said.contains("Asks for: chat as you\n") && said.contains("you sign in again"), "{said}");
    home.does(&["roster"]);
    assert!(home.kept()["refresh"].is_null());
    home.does(LOGIN);
    home.does(&["roster"]);
    assert!(home.kept()["refresh"].is_string());
    let asked: Vec<String> = town.seen("_connect.srf: ok");
    let scopes: Vec<&str> =
        asked.iter().filter_map(|line| line.split_once(" scope=")).map(|(_, scope)| scope).collect();
    assert_eq!(scopes, ["wl.messenger", "wl.messenger wl.offline_access"]);
}

/// The same on the screen: a box in the form, and a key where the code stands.
#[test]
fn row_003_02_the_purpose_is_chosen_on_the_screen() {
    let town = Town::open(Switches { answered: None, ..modern() });
    let home = town.home_of(&[town.account("anna@demo.butty", &town.messenger("")), town.account("x@demo.butty", "")]);
    let mut butty = home.open();
    butty.wait_for("is not signed in");
    butty.send("/");
    butty.send("login anna@demo.butty\r");
    butty.wait_for("Keep the sign-in?");
    butty.send("f");
    butty.wait_for("l leaves it out");
    butty.send("l");
    let screen = butty.wait_for("l more");
    assert!(screen.contains("Not asked for: to stay signed in.") && !screen.contains("· stay signed in"), "{screen}");
    town.wait_seen("_connect.srf: ok", 2);
    butty.send("\x1b");
    butty.wait_gone("Type this code");
    // The next one is begun in the form.
    butty.send("/");
    butty.send("login y@demo.butty\r");
    butty.wait_for("[x] stay signed in");
    butty.send("\t ");
    butty.wait_for("[ ] stay signed in");
    butty.wait_for("you sign in again");
    butty.send("\x11");
    butty.end();
    let asked: Vec<String> = town.seen("_connect.srf: ok");
    assert!(asked[0].ends_with(" scope=wl.messenger wl.offline_access") && asked[1].ends_with(" scope=wl.messenger"));
}

#[test]
fn row_003_04_the_box_that_keeps_the_consent_can_be_unticked() {
    // A day later: what was ticked goes on, what was not has ended.
    for (box_, goes_on) in [(&[("stay", "on")][..], true), (&[], false)] {
        let town = Town::open(Switches { answered: None, ..modern() });
        let home = town.messenger_home("");
        let waiting = home.begin_login("anna@demo.butty");
        let code = code_in(&waiting.said).to_owned();
        let page = town.visit(&code, "yes", box_);
        assert!(page.contains("checked> Connect automatically"), "{page}");
        assert_eq!(waiting.end().0, Some(0));
        town.service.pass(Duration::from_secs(24 * 3600));
        home.age();
        if goes_on {
            home.does(&["roster"]);
        } else {
            home.fails(&["roster"], 4, "BTY-AUTH-61");
        }
    }
}

#[test]
fn row_003_05_three_hours_are_three_hours() {
    let town = Town::open(Switches { answered: None, ..modern() });
    let home = town.messenger_home("");
    let waiting = home.begin_login("anna@demo.butty");
    let code = code_in(&waiting.said).to_owned();
    town.visit(&code, "yes", &[]);
    assert_eq!(waiting.end().0, Some(0));
    assert!(home.kept()["refresh"].is_null(), "nothing to renew it with");
    assert_eq!(home.kept()["lifetime"], 3 * 3_600);
    let shown = home.does(&["whoami", "--scopes"]);
    assert!(shown.contains("stay signed in for 3 hours, until ") && shown.contains("you unticked"), "{shown}");
    // 2 h 59 min: the last minute is good, at the service and here.
    let ends = home.kept()["expires"].as_i64().unwrap();
    town.service.pass(Duration::from_secs((2 * 60 + 59) * 60));
    home.set_expiry(ends - (2 * 60 + 59) * 60_000);
    home.does(&["roster"]);
    let butty = home.open();
    butty.wait_for("sign-in ends in ");
    assert_eq!(butty.quit(), 0);
    // 3 h 01 min: refused by the service where this clock is behind, else not even tried; each says why.
    town.service.pass(Duration::from_secs(2 * 60));
    home.set_expiry(ends);
    let said = home.fails(&["roster"], 4, "BTY-AUTH-04");
    assert!(said.contains("Your sign-in has expired"), "{said}");
    home.age();
    let tries = town.seen("< <auth").len();
    let said = home.fails(&["roster"], 4, "BTY-AUTH-61");
    for part in ["Your sign-in is over.", "You agreed to it for 3 h, not to stay signed in."] {
        assert!(said.contains(part), "{said}");
    }
    assert!(said.contains("butty login"), "{said}");
    assert_eq!((town.seen("< <auth").len(), town.seen("grant=refresh_token").len()), (tries, 0));
    let butty = home.open();
    butty.wait_for("Your sign-in is over.");
}

#[test]
fn row_003_03_a_year_later_the_person_is_asked_again() {
    let town = Town::open(modern());
    let home = town.messenger_home("");
    home.does(LOGIN);
    let shown = home.does(&["whoami", "--scopes"]);
    assert!(shown.contains("butty may stay signed in until ") && shown.contains("You agreed on "), "{shown}");
    for days in [364, 2] {
        town.service.pass(Duration::from_secs(days * 24 * 3600));
        home.age_consents(i64::try_from(days).unwrap());
        home.age();
        if days == 364 {
            home.does(&["roster"]);
            // Reminded of it, before it is too late.
            let butty = home.open();
            butty.wait_until("the reminder", |screen| {
                screen.contains("! Your sign-in ends on ") && screen.contains("Renew: /login")
            });
            assert_eq!(butty.quit(), 0);
        } else {
            let said = home.fails(&["roster"], 4, "BTY-AUTH-61");
            assert!(said.contains("You agreed for 365 days, and that time has passed."), "{said}");
        }
    }
    let refused = town.seen("_token.srf: invalid_grant").len();
    let mut butty = home.open();
    butty.wait_for("Your sign-in is over.");
    assert_eq!(town.seen("_token.srf: invalid_grant").len(), refused + 1, "the refresh is refused, once");
    ask_for_code(&mut butty, "anna@demo.butty");
    butty.wait_for("You are signed in");
    butty.send("\r");
    butty.wait_for("● Available");
    assert_eq!(butty.quit(), 0);
    home.does(&["roster"]);
}

#[test]
fn row_003_06_what_is_taken_back_at_the_service_ends_at_the_next_connection() {
    let town = Town::open(modern());
    let home = town.messenger_home("");
    home.does(LOGIN);
    let mut butty = home.open();
    butty.wait_for("Bela");
    town.take_back();
    town.service.cut();
    let screen = butty.wait_for("Your sign-in has expired");
    assert!(screen.contains("/login") && screen.contains("Bela"), "the list stays: {screen}");
    butty.send("\x11");
    butty.end();
    let said = home.fails(&["roster"], 4, "BTY-AUTH-04");
    assert!(said.contains("you removed butty there"), "{said}");
}

/// While one is online nothing is noticed; the next refresh is refused, once, and that is told.
#[test]
fn row_003_06_what_is_taken_back_at_the_service_ends_at_the_next_refresh() {
    let town = Town::open(modern());
    let home = town.messenger_home("");
    home.does(LOGIN);
    let mut butty = home.open();
    butty.wait_for("● Available");
    home.age();
    town.take_back();
    butty.wait_for("● Available");
    assert!(town.seen("_token.srf: invalid_grant").is_empty(), "nothing was asked");
    town.service.cut();
    butty.wait_for("Your sign-in has expired");
    assert_eq!(town.seen("_token.srf: invalid_grant").len(), 1, "{:#?}", town.service.log());
    butty.send("\x11");
    butty.end();
}

/// The account's own view leads to the service's page for that, and takes back from here.
#[test]
fn row_003_06_what_was_agreed_to_is_taken_back_from_here() {
    let town = Town::open(modern());
    let home = town.messenger_home("");
    home.does(LOGIN);
    let page = format!("{}/grants", town.service.issuer());
    let shown = home.does(&["whoami", "--scopes"]);
    assert!(shown.contains(&page) && shown.contains("butty logout"), "{shown}");
    talk(&home);
    let mut butty = home.open();
    butty.wait_for("Anna Kowalska");
    butty.send("/");
    butty.send("account\r");
    // Its own picture first: that can wait.
    butty.wait_for("wants you to agree once");
    butty.send("\x1b");
    butty.wait_gone("wants you to agree");
    let screen = butty.wait_for("r take back");
    assert!(screen.contains(&page), "{screen}");
    butty.send("r");
    butty.wait_for("Enter take back");
    butty.send("\r");
    let screen = butty.wait_for("is not signed in");
    assert!(screen.contains("/login"), "{screen}");
    assert_eq!(town.seen("_revoke.srf: ok").len(), 2, "both tokens, at the service");
    assert!(home.kept_tokens().is_empty());
    // Everything else is where it was.
    butty.send("\x0b");
    butty.wait_for("Go to");
    butty.send("bela\r");
    butty.wait_for("remember these words");
    ask_for_code(&mut butty, "anna@demo.butty");
    butty.wait_for("You are signed in");
    butty.send("\r");
    butty.wait_for("● Available");
    assert_eq!(butty.quit(), 0);
}

#[test]
fn row_003_07_a_refused_token_costs_one_refresh_and_one_prompt_and_no_loop() {
    let town = Town::open(modern());
    let home = town.messenger_home("");
    home.does(LOGIN);
    // The server forgets tokens early: one refresh mends it, unseen.
    town.service.end_access();
    home.does(&["roster"]);
    assert_eq!(town.seen("grant=refresh_token").len(), 1);
    // It refuses every token: one refresh more, one try more, and then the person.
    let before = (town.seen("grant=refresh_token").len(), town.seen("< <auth").len());
    town.service.refuse_tokens(true);
    let mut butty = home.open();
    let screen = butty.wait_for("Your sign-in has expired");
    assert_eq!(screen.matches("has expired").count(), 1, "one prompt: {screen}");
    let after = (town.seen("grant=refresh_token").len(), town.seen("< <auth").len());
    assert_eq!((after.0 - before.0, after.1 - before.1), (1, 2), "{:#?}", town.service.log());
    // Keys are answered, and nothing more is tried while nobody asks for it.
    butty.send("\x0b");
    butty.wait_for("Go to");
    butty.send("\x1b");
    butty.wait_gone("Go to");
    assert_eq!(town.seen("< <auth").len(), after.1);
    town.service.refuse_tokens(false);
    ask_for_code(&mut butty, "anna@demo.butty");
    butty.wait_for("You are signed in");
    butty.send("\r");
    butty.wait_for("Bela");
    assert_eq!(butty.quit(), 0);
}

#[test]
fn row_003_08_after_the_loss_history_is_there_and_one_prompt_leads_back() {
    let town = Town::open(modern());
    let home = town.messenger_home("");
    home.does(LOGIN);
    talk(&home);
    town.service.take_back();
    home.age();
    let mut butty = home.open();
    let screen = butty.wait_for("Your sign-in has expired");
    assert!(screen.contains("Favourites (0/2)"), "the list is kept: {screen}");
    butty.send("\x0b");
    butty.wait_for("Go to");
    butty.send("bela\r");
    let screen = butty.wait_for("remember these words");
    assert_eq!(screen.matches("has expired").count(), 1, "{screen}");
    ask_for_code(&mut butty, "anna@demo.butty");
    butty.wait_for("You are signed in");
    butty.send("\r");
    butty.wait_for("● Available");
    butty.wait_for("remember these words");
    assert_eq!(butty.quit(), 0);
}

#[test]
fn row_003_09_the_next_start_is_online_without_a_prompt() {
    let town = Town::open(modern());
    let home = town.messenger_home("");
    home.does(LOGIN);
    for aged in [false, true] {
        if aged {
            home.age();
        }
        let butty = home.open();
        butty.wait_until("online", |screen| screen.contains("Bela") && screen.contains("● Available"));
        let shown = String::from_utf8_lossy(&butty.bytes()).into_owned();
        assert!(!shown.contains("Type this code") && !shown.contains("sign-in has"), "no prompt");
        assert_eq!(butty.quit(), 0);
    }
    assert_eq!(town.seen("_connect.srf: ok").len(), 1, "one consent was enough");
}

#[test]
fn row_003_10_a_refusal_is_calm_and_leaves_nothing() {
    let town = Town::open(Switches { answered: Some(false), ..modern() });
    let home = town.messenger_home("");
    let said = home.fails(LOGIN, 4, "BTY-AUTH-02");
    assert!(said.contains("was refused") && said.contains("butty login") && !said.contains("access_denied"), "{said}");
    assert!(home.kept_tokens().is_empty());
    assert!(town.seen("host 0").is_empty());
    let mut butty = home.open();
    butty.wait_for("is not signed in");
    ask_for_code(&mut butty, "anna@demo.butty");
    let screen = butty.wait_for("BTY-AUTH-02");
    assert!(screen.contains("new code"), "{screen}");
    butty.send("\x1b");
    butty.wait_for("○ Offline");
    butty.send("\x11");
    assert_eq!(butty.end(), 0);
}

#[test]
fn row_003_12_what_was_granted_is_compared_with_what_was_asked() {
    // No staying signed in: chatting works now, and the next time is a new question.
    let town = Town::open(Switches { withheld_scopes: vec!["wl.offline_access".to_owned()], ..modern() });
    let home = town.messenger_home("");
    home.does(LOGIN);
    home.does(&["roster"]);
    assert!(home.kept()["refresh"].is_null());
    home.age();
    home.fails(&["roster"], 4, "BTY-AUTH-");
    // No chatting: told at once, and what was given is handed back.
    let town = Town::open(Switches { withheld_scopes: vec!["wl.messenger".to_owned()], ..modern() });
    let home = town.messenger_home("");
    home.fails(LOGIN, 4, "BTY-AUTH-06");
    assert!(home.kept_tokens().is_empty());
    assert!(!town.seen("_revoke.srf: ok").is_empty());
}

#[test]
fn row_003_13_one_key_on_the_first_screen_leads_to_signing_in() {
    let home = world::home();
    for key in ["2", "\x1b[B\r"] {
        let mut butty = Terminal::start(home.path(), &[], 80, 24);
        butty.wait_for("Sign in with a code");
        butty.send(key);
        butty.wait_for("Where is your account?");
        butty.send("\x11");
        butty.end();
    }
}

#[test]
fn row_003_14_who_is_signed_in_goes_on_and_who_is_not_is_asked() {
    let town = Town::open(modern());
    let home = town.home_of(&[town.account("anna@demo.butty", &format!("name = \"Anna K\"\n{}", town.messenger("")))]);
    let mut butty = home.open();
    let screen = butty.wait_for("is not signed in");
    assert!(screen.contains("/login"), "{screen}");
    butty.send("\x11");
    butty.end();
    home.does(LOGIN);
    let butty = home.open();
    let screen = butty.wait_until("the list", |screen| screen.contains("Bela") && screen.contains("● Available"));
    assert!(screen.contains("Anna K") && !screen.contains("/login"), "{screen}");
    assert_eq!(butty.quit(), 0);
}

#[test]
fn row_003_15_the_page_names_the_program_and_its_own_page_as_registered() {
    let town = Town::open(Switches { answered: None, ..modern() });
    let home = town.home();
    let waiting = home.begin_login("demo.butty");
    assert!(waiting.said.contains("Asks for: ") && waiting.said.contains("chat as you"), "{}", waiting.said);
    let code = code_in(&waiting.said).to_owned();
    let page = town.visit(&code, "yes", &[]);
    assert!(page.contains("<b>butty</b>") && page.contains("href=\"https://butty.example/\""), "{page}");
    assert_eq!(waiting.end().0, Some(0));
    assert_eq!(town.seen("/register: ok").len(), 1);
}

#[test]
fn row_003_11_deny_first_then_accept_less_and_be_signed_in_without_staying() {
    let town = Town::open(Switches { answered: None, ..modern() });
    let home = town.messenger_home("");
    let mut butty = home.open();
    butty.wait_for("is not signed in");
    ask_for_code(&mut butty, "anna@demo.butty");
    town.wait_seen("_connect.srf: ok", 1);
    town.service.answer(false);
    let screen = butty.wait_for("BTY-AUTH-02");
    assert!(screen.contains("l  ask for less: without staying signed in"), "{screen}");
    butty.send("l");
    town.wait_seen("_connect.srf: ok", 2);
    town.service.answer(true);
    let screen = butty.wait_for("You are signed in");
    assert!(screen.contains("chat as you") && !screen.contains("you did not agree"), "it was not asked for: {screen}");
    assert!(
        screen.contains("do so for 1 hour, until ") && !screen.contains("stay signed in"),
        "as long as the token: {screen}"
    );
    butty.send("\r");
    butty.wait_for("Bela");
    assert_eq!(butty.quit(), 0);
    assert!(home.kept()["refresh"].is_null());
    let asked = town.seen("_connect.srf: ok");
    assert!(asked.last().is_some_and(|line| line.ends_with(" scope=wl.messenger")), "{asked:?}");
}

#[test]
fn row_003_16_what_is_shared_can_be_looked_at_before_and_after() {
    let town = Town::open(Switches { answered: None, withheld_scopes: vec!["wl.basic".to_owned()], ..modern() });
    let home = town.messenger_home("scopes = [\"wl.messenger\", \"wl.offline_access\", \"wl.basic\"]\n");
    let waiting = home.begin_login("anna@demo.butty");
    assert!(waiting.said.contains("Asks for: chat as you, stay signed in, see your address book"), "{}", waiting.said);
    let code = code_in(&waiting.said).to_owned();
    town.visit(&code, "yes", &[("stay", "on")]);
    assert_eq!(waiting.end().0, Some(0));
    let rows = home.does(&["whoami", "--scopes"]);
    for row in [
        "wl.messenger\tread and write\tchat as you\tgranted",
        "wl.offline_access\tread and write\tstay signed in\tgranted",
        "wl.basic\tread\tsee your address book\tnot granted",
        "butty may stay signed in until ",
        "You agreed on ",
    ] {
        assert!(rows.contains(row), "{row}? {rows}");
    }
    let json = home.does(&["whoami", "--scopes", "--json"]);
    let object: serde_json::Value =
        serde_json::from_str(json.lines().find(|line| line.starts_with('{')).unwrap()).unwrap();
    assert_eq!(object["scopes"][2]["granted"], false);
    assert_eq!((object["lasting"].as_bool(), object["until"].is_string()), (Some(true), true));
    let mut butty = home.open();
    butty.wait_for("Bela");
    butty.send("/");
    butty.send("account\r");
    let screen = butty.wait_for("butty may not"); // the palette has a row that is called like the box
    assert!(
        screen.contains("butty may not") && screen.contains("see your address book (you did not agree)"),
        "{screen}"
    );
    butty.send("\r");
    assert_eq!(butty.quit(), 0);
}

#[test]
fn row_002_17_in_a_shell_neither_address_nor_code_scrolls_away() {
    let town = Town::open(Switches { answered: None, ..modern() });
    let home = town.messenger_home("");
    for rows in [24, 20, 10] {
        let mut butty = Terminal::start(home.path(), &[LOGIN, &["--store", "file"]].concat(), 80, rows);
        let screen = butty.wait_for("Somebody sent you this code?");
        assert!(screen.contains("Open ") && screen.contains("Type "), "{rows} rows: {screen}");
        assert_eq!(screen.contains('█'), rows == 24, "the square where there is room for it: {screen}");
        butty.send("\x03");
        butty.end();
    }
}
