//! Imports point down, and outside crates stay with their owners.
//!
//! One package has no crate walls, so this is the wall: it reads `src/`, collects every `crate::name` (grouped
//! imports too) and every outside crate's name, and compares them with the two tables below.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may stop")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Module, and the modules that it may name. `types` is open to all.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("types", &[]),
    ("xml", &[]),
    ("xmpp", &["xml"]),
    ("oauth", &[]),
    ("route", &[]),
    ("config", &["xmpp", "app"]),
    ("app", &["xmpp", "oauth"]),
    ("ui", &["xmpp", "app"]),
    ("term", &["app"]),
    ("log", &["config"]),
    ("cli", &["xmpp", "app", "config"]),
    ("store", &["xmpp", "oauth", "app"]),
    ("net", &["xmpp", "oauth", "route", "app"]),
    ("runtime", &["xmpp", "oauth", "route", "config", "app", "ui", "term", "cli", "store", "net", "log", "demo"]),
    ("demo", &["xml", "xmpp"]),
];

/// Outside crate, and the modules that may name it.
const OWNED: &[(&str, &[&str])] = &[
    ("quick_xml", &["xml"]),
    ("ratatui", &["ui", "runtime"]),
    ("crossterm", &["term"]),
    ("rusqlite", &["store"]),
    ("tokio", &["net", "runtime", "demo", "main"]),
    ("tokio_rustls", &["net", "demo"]),
    ("hickory_resolver", &["net"]),
    ("hyper", &["net", "demo"]),
    ("rustix", &["net", "runtime"]),
    ("ring", &["xmpp", "oauth", "net", "store", "runtime", "demo"]),
    ("oauth2", &["oauth"]),
    ("toml", &["config"]),
    ("clap", &["cli", "main"]),
    ("jid", &["types"]),
    ("png", &["types"]),
    ("directories", &["config"]),
    ("zbus", &["store"]),
];

fn sources(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("src can be read").map(|entry| entry.expect("entry").path()) {
        if entry.is_dir() {
            sources(&entry, into);
        } else if entry.extension().is_some_and(|ext| ext == "rs") {
            into.push(entry);
        }
    }
}

/// The floor-table name of a file: its first path part below `src/`.
fn module_of(path: &Path, src: &Path) -> String {
    let first = path.strip_prefix(src).expect("below src").components().next().expect("a name");
    first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// Code without line comments, so that prose may name anything.
fn code_of(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

/// The names that directly follow `prefix` in `code`, with `{a::b, c}` groups opened.
fn named_after(code: &str, prefix: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices(prefix) {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '$')) {
            continue;
        }
        let rest = &code[at + prefix.len()..];
        match rest.strip_prefix('{') {
            Some(group) => names.extend(members(group).iter().map(|member| first_word(member))),
            None => drop(names.insert(first_word(rest))),
        }
    }
    names.remove("");
    names
}

/// The members of an import group, whose opening brace is already gone.
fn members(group: &str) -> Vec<String> {
    let mut depth = 0_usize;
    let mut all = vec![String::new()];
    for c in group.chars() {
        match c {
            '}' if depth == 0 => break,
            ',' if depth == 0 => all.push(String::new()),
            _ => {
                depth = match c {
                    '{' => depth + 1,
                    '}' => depth - 1,
                    _ => depth,
                };
                all.last_mut().expect("never empty").push(c);
            }
        }
    }
    all
}

fn first_word(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// Every breach in one file's text.
fn breaches(module: &str, label: &str, text: &str) -> Vec<String> {
    let code = code_of(text);
    let mut found = Vec::new();
    let table = MAY_NAME.iter().find(|(name, _)| *name == module);
    if let Some((_, allowed)) = table {
        for name in named_after(&code, "crate::") {
            let known = MAY_NAME.iter().any(|(other, _)| *other == name);
            if known && name != module && name != "types" && !allowed.contains(&name.as_str()) {
                found.push(format!("{label}: {module} -> {name}"));
            }
        }
    } else if module != "lib" && module != "main" {
        found.push(format!("{label}: {module} is on no floor"));
    }
    for (krate, owners) in OWNED {
        let word = format!("{krate}::");
        let used = code.match_indices(&word).any(|(at, _)| {
            !code[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
        });
        if used && !owners.contains(&module) {
            found.push(format!("{label}: {module} names {krate}"));
        }
    }
    found
}

#[test]
fn imports_point_down() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    assert!(files.len() > 10, "src was found");
    let all: Vec<String> = files
        .iter()
        .flat_map(|path| {
            let text = fs::read_to_string(path).expect("utf-8 source");
            let label = path.strip_prefix(&src).expect("below src").display().to_string();
            breaches(&module_of(path, &src), &label, &text)
        })
        .collect();
    assert!(all.is_empty(), "imports that point up or sideways:\n{}", all.join("\n"));
}

#[test]
fn no_mod_rs_and_no_unknown_module() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    assert!(files.iter().all(|path| path.file_name().is_some_and(|name| name != "mod.rs")));
}

#[test]
fn the_wall_catches_planted_breaches() {
    assert_eq!(breaches("app", "x", "use crate::net::Link;"), ["x: app -> net"]);
    assert_eq!(breaches("app", "x", "use crate::{types::Jid, store, xmpp::{a, b}};"), ["x: app -> store"]);
    assert_eq!(breaches("xmpp", "x", "fn f() { crate::app::g() }"), ["x: xmpp -> app"]);
    assert_eq!(breaches("app", "x", "use tokio::sync::mpsc;"), ["x: app names tokio"]);
    assert_eq!(breaches("net", "x", "use ratatui::Frame;"), ["x: net names ratatui"]);
    assert!(breaches("app", "x", "// crate::net is not named\nuse crate::{types, xmpp};").is_empty());
    assert!(breaches("net", "x", "use tokio_rustls::client; use tokio::net;").is_empty());
}
