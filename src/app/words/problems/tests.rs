use super::*;
use crate::types::{BareJid, CertificateFault, Domain, Prose, Stage, Term};
use samples::{account_problems, every_problem, line, network_problems};
use std::collections::BTreeSet;

mod samples;

#[test]
fn every_problem_says_what_and_next_in_short_lines() {
    let long = format!("{}.{}.example.org", "a".repeat(60), "b".repeat(60));
    let long = [network_problems(&long), account_problems(&long)].concat();
    for problem in every_problem().into_iter().chain(long) {
        let said = say(&problem);
        assert!(said.what.len() > 10 && said.what.ends_with('.'), "{problem:?}: {}", said.what);
        assert!(!said.what.contains("no words"), "{problem:?}");
        assert!(!said.next.is_empty(), "{problem:?}");
        assert!(said.why.as_ref().is_none_or(|why| why.ends_with(['.', '?'])), "{problem:?}: {:?}", said.why);
        for text in [Some(&said.what), said.why.as_ref()].into_iter().flatten().chain(&said.next) {
            let columns = unicode_width::UnicodeWidthStr::width(text.as_str());
            assert!(columns <= 100, "{columns} columns: {text}");
            assert!(!text.trim().is_empty());
        }
    }
}

#[test]
fn every_problem_has_a_code_of_its_own() {
    let all = every_problem();
    let codes: BTreeSet<&str> = all.iter().map(|problem| say(problem).code).collect();
    assert_eq!(codes.len(), all.len());
    assert!(codes.iter().all(|code| code.starts_with("BTY-")));
}

/// Whoever adds a failure adds how it comes in life: its words are judged here, and its look among the panes.
#[test]
fn every_code_has_a_sample() {
    let source = include_str!("../../../types/problem.rs");
    let codes: BTreeSet<&str> =
        source.split('"').filter(|text| text.starts_with("BTY-") && text.len() <= "BTY-XXXXX-00".len()).collect();
    let all = every_problem();
    let samples: BTreeSet<&str> = all.iter().map(Problem::code).collect();
    assert_eq!(codes, samples);
}

#[test]
fn nobody_is_blamed_or_shouted_at() {
    for problem in every_problem() {
        let said = say(&problem);
        let all = [vec![said.what], said.why.into_iter().collect(), said.next].concat().join(" ");
        // Words of others, which stand in quotes, are theirs.
        let ours: String = all.split('“').map(|part| part.rsplit('”').next().unwrap_or_default()).collect();
        for word in ["invalid", "Oops", "!", "error", "Error", "illegal", "failed", "please"] {
            assert!(!ours.contains(word), "{word} in: {ours}");
        }
    }
}

#[test]
fn next_steps_name_only_keys_that_work_while_writing() {
    for problem in every_problem() {
        for step in say(&problem).next {
            let first = step.split(' ').next().unwrap_or_default();
            let command = first.strip_prefix('/').map(|name| name.trim_end_matches(','));
            assert!(command.is_none_or(|name| crate::app::slash::find(name).is_some()), "{step}");
            assert!(!["Enter", "Esc", "Del"].contains(&first) && first.chars().count() > 1, "{step}");
        }
    }
}

#[test]
fn a_long_name_shows_whose_it_is() {
    let host = line(&format!("example.org.{}.evil.example", "a".repeat(80)));
    let said = say(&Problem::NameNotFound { host });
    assert!(said.what.starts_with("The name …aaa") && said.what.contains("a.evil.example cannot"), "{}", said.what);
}

#[test]
fn a_wrong_certificate_reads_like_the_table() {
    let domain = Domain::parse("example.org").unwrap();
    let fault = CertificateFault::Expired(Some(line("2026-11-20")));
    let said = say(&Problem::Certificate { domain, fault });
    assert_eq!(said.what, "The certificate of example.org ran out on 20 November 2026.");
    assert_eq!(said.code, "BTY-TLS-02");
}

#[test]
fn on_the_command_line_next_steps_are_for_a_shell() {
    for problem in every_problem() {
        let next = say_in_shell(&problem).next;
        assert!(!next.is_empty(), "{problem:?}");
        for step in next {
            let key = step.starts_with('F') && step.chars().nth(1).is_some_and(|c| c.is_ascii_digit());
            assert!(!step.starts_with('/') && !key && !step.contains("by itself"), "{problem:?}: {step}");
        }
    }
    assert_eq!(say_in_shell(&Problem::Offline).next, ["butty doctor"]);
    let domain = Domain::parse("a.test").unwrap();
    assert_eq!(say_in_shell(&Problem::NoDeviceSignIn { domain }).next, ["butty login ADDRESS --password"]);
}

#[test]
fn who_has_run_the_doctor_is_told_something_else_to_do() {
    for problem in every_problem() {
        let next = say_in_doctor(&problem).next;
        assert!(!next.is_empty() && next.iter().all(|step| !step.is_empty()), "{problem:?}");
        assert!(!next.iter().any(|step| step == "butty doctor"), "{problem:?}: {next:?}");
    }
}

#[test]
fn the_caret_stands_under_the_place() {
    let bad = |text: &str, column| Problem::BadConfig {
        file: line("config.toml"),
        line: 12,
        column,
        excerpt: Prose::clean(text),
        why: line("mouse takes on or off"),
    };
    assert_eq!(excerpt(&bad("\tmouse = 5", 10)).unwrap(), "12 |  mouse = 5\n   |          ^");
    // Two columns each.
    assert_eq!(excerpt(&bad("漢字 = 5", 6)).unwrap(), "12 | 漢字 = 5\n   |        ^");
    assert_eq!(excerpt(&bad("", 1)).unwrap(), "12 | \n   | ^");
    let long = excerpt(&bad(&format!("x = \"{}\"", "y".repeat(500)), 300)).unwrap();
    let rows: Vec<&str> = long.lines().collect();
    assert!(rows[0].chars().count() < 80 && rows[1].len() < 80 && rows[1].ends_with('^'), "{long}");
    assert_eq!(excerpt(&Problem::Offline), None);
}
