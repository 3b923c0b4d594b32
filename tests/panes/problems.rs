//! Every failure of signing in, as it looks where it is met: signing in by a code, by a password, and on the main
//! screen of somebody who was signed in before. One snapshot a code; a new failure fails this until it has one.

use super::scenes::unicode;
use super::{cast, screen};
use butty::app::Model;
use butty::app::event::{Consent, Event, LinkEvent, LinkFact};
use butty::app::model::{Screen, SignInStep, SignInWay};
use butty::types::{AccountId, BareJid, CertificateFault, Domain, Line, Problem, Prose, Stage, Term};
use std::collections::BTreeSet;
use std::time::Duration;

#[path = "../../src/app/words/problems/tests/samples.rs"]
mod samples;

/// Codes of what is met while signing in.
const FAMILIES: [&str; 6] = ["BTY-AUTH-", "BTY-CLOCK-", "BTY-NET-", "BTY-TLS-", "BTY-XMPP-", "BTY-CONF-"];

fn of_signing_in() -> impl Iterator<Item = Problem> {
    // A file of tokens that is broken fails a sign-in too.
    let met = |problem: &Problem| {
        problem.code() == "BTY-DATA-03" || FAMILIES.iter().any(|family| problem.code().starts_with(family))
    };
    samples::every_problem().into_iter().filter(met)
}

/// What the link says while this sign-in goes on.
fn told(way: SignInWay, step: SignInStep, fact: LinkFact) -> Model {
    let mut model = cast::signing_in(unicode(), way, step);
    let id = AccountId::new("anna@example.org");
    let epoch = model.accounts[0].epoch;
    model.update(cast::now(), Event::Link(id, LinkEvent { epoch, fact }));
    model
}

fn by_code(problem: &Problem) -> Model {
    let working = SignInStep::Working(Consent::AskingForCode { host: Line::clean("id.example.org") });
    told(SignInWay::Code, working, LinkFact::Consent(Consent::Failed(problem.clone())))
}

fn by_password(problem: &Problem) -> Model {
    let asked = matches!(problem, Problem::WrongPassword { .. } | Problem::PasswordNeeded { .. });
    let problem = Some(problem.clone());
    let fact = if asked {
        LinkFact::PasswordWanted { problem, device_sign_in: false }
    } else {
        LinkFact::Down { problem, retry_in: None }
    };
    told(SignInWay::Password, SignInStep::Opening, fact)
}

/// The account is configured, and cannot be reached since the start.
fn at_the_start(problem: &Problem) -> Model {
    let mut stage = cast::Stage::new(unicode(), vec![cast::setup("anna@demo.butty", "Anna")]);
    stage.link(LinkFact::Dialing { host: Line::clean("demo.butty") });
    let retry_in = problem.passes_by_itself().then_some(Duration::from_secs(12));
    stage.link(LinkFact::Down { problem: Some(problem.clone()), retry_in });
    stage.later(Duration::from_secs(5));
    stage.model
}

/// The rows of the form: between the head and the foot, without the empty ones.
fn form(shown: &str) -> String {
    let rows = shown.lines().skip(2).take_while(|row| !row.starts_with('─')).filter(|row| !row.is_empty());
    rows.flat_map(|row| [row, "\n"]).collect()
}

/// The rows of the banner, at the head of the talk's pane.
fn banner(shown: &str) -> String {
    let pane = |row: &str| row.split_once('│').map_or_else(String::new, |(_, pane)| pane.trim_end().to_owned());
    let rows = shown.lines().map(pane).skip_while(|row| !row.starts_with(" !")).take_while(|row| !row.is_empty());
    rows.flat_map(|row| [row, "\n".to_owned()]).collect()
}

#[test]
fn every_failure_of_signing_in_has_its_look() {
    let mut codes = BTreeSet::new();
    for problem in of_signing_in() {
        let code = problem.code();
        codes.insert(code.to_owned());
        let look = format!(
            "{}== by password ==\n{}== at the start ==\n{}",
            screen(&by_code(&problem), 80, 24),
            form(&screen(&by_password(&problem), 80, 24)),
            banner(&screen(&at_the_start(&problem), 80, 24)),
        );
        insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("problem_{code}_80x24"), look);
        });
    }
    // None is left of a failure that is no more.
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let kept = files.filter_map(|file| Some(file.strip_prefix("problem_")?.split('_').next()?.to_owned()));
    assert_eq!(kept.collect::<BTreeSet<_>>(), codes);
}

/// Where somebody may stand in between, or no password could help, none is asked for: not in words, and not by its key.
#[test]
fn a_password_is_offered_where_it_may_help_and_nowhere_else() {
    let mut offered = BTreeSet::new();
    for problem in of_signing_in() {
        let mut model = by_code(&problem);
        let shown = screen(&model, 80, 24).contains("p  sign in with a password");
        model.update(cast::now(), Event::Key(butty::app::keymap::parse("p").unwrap()));
        let Screen::SignIn(next) = &model.screen else { panic!("{problem:?}") };
        assert_eq!(next.way == SignInWay::Password, shown, "{problem:?}");
        if shown {
            offered.insert(problem.code());
        }
    }
    assert!(offered.contains("BTY-AUTH-01") && offered.contains("BTY-AUTH-03"), "{offered:?}");
    for code in ["BTY-AUTH-11", "BTY-AUTH-30", "BTY-AUTH-43", "BTY-AUTH-44"] {
        assert!(!offered.contains(code), "{code}");
    }
    assert!(offered.iter().all(|code| code.starts_with("BTY-AUTH-")), "{offered:?}");
}

/// In place of a box there is a question.
fn asks_instead(problem: &Problem) -> bool {
    matches!(problem, Problem::NoKeyring | Problem::KeyringLocked | Problem::TokenNotKept { .. })
}

/// Nothing of it is lost where there is little room: every word of the box is there at 50x18 too.
#[test]
fn in_a_narrow_terminal_every_failure_is_told_whole() {
    for problem in of_signing_in() {
        let said = butty::app::words::problem(&problem);
        for (width, height) in [(80, 24), (50, 18)] {
            for model in [by_code(&problem), by_password(&problem)] {
                let shown = screen(&model, width, height);
                let words: Vec<&str> = shown.split(|c: char| c.is_whitespace() || c == '│').collect();
                // Words of others may be longer than a row, and go on in the next.
                let lost = |word: &&str| word.chars().count() < 30 && !words.contains(word);
                let told = [Some(&said.what), said.why.as_ref()];
                let missing = told.into_iter().flatten().flat_map(|text| text.split_whitespace()).find(lost);
                assert!(missing.is_none() || asks_instead(&problem), "{width}x{height}, {missing:?}\n{shown}");
                assert!(shown.contains(said.code) || shown.contains("Keep the sign-in?"), "{shown}");
                assert!(shown.contains("Esc"), "a way out: {shown}");
            }
        }
    }
}
