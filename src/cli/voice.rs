//! How a command answers.

use crate::app::words;
use crate::types::Problem;
use serde_json::{Map, Value, json};
use std::io::{self, IsTerminal, Write};

/// The manner of answering.
#[derive(Clone, Copy, Debug)]
pub struct Voice {
    /// JSON instead of text.
    pub json: bool,
    /// No talk on standard error.
    pub quiet: bool,
}

/// One answer: fields for JSON, columns for text.
#[derive(Clone, Debug, Default)]
pub struct Record {
    kind: &'static str,
    account: Option<String>,
    fields: Map<String, Value>,
    columns: Vec<String>,
}

impl Record {
    /// An answer of this type, such as `message`.
    pub fn new(kind: &'static str) -> Self {
        Self { kind, ..Self::default() }
    }

    /// Which account it concerns.
    #[must_use]
    pub fn account(mut self, account: &str) -> Self {
        self.account = Some(account.to_owned());
        self
    }

    /// A field that is also a column of the text form.
    #[must_use]
    pub fn column(mut self, name: &str, value: &str) -> Self {
        self.columns.push(value.to_owned());
        self.field(name, value)
    }

    /// A field of the JSON form alone.
    #[must_use]
    pub fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }
}

impl Voice {
    /// Answers on standard output, at once. A reader that left is no failure.
    pub fn answer(&self, record: &Record) -> io::Result<()> {
        let line = if self.json {
            let now = jiff::Zoned::now().strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
            let mut object = json!({"v": 1, "type": record.kind, "account": record.account, "at": now});
            if let Value::Object(object) = &mut object {
                object.extend(record.fields.clone());
            }
            object.to_string()
        } else {
            record.columns.join("\t")
        };
        // Nothing foreign gets here uncleaned; a tab or break in a name would still spoil a row.
        quietly(writeln!(io::stdout(), "{line}").and_then(|()| io::stdout().flush()))
    }

    /// A table on a terminal, rows with tabs elsewhere, JSON lines with `--json`.
    pub fn table(&self, head: &[&str], records: &[Record]) -> io::Result<()> {
        if self.json || !io::stdout().is_terminal() {
            return records.iter().try_for_each(|record| self.answer(record));
        }
        let width = |column: usize| {
            let cells = records.iter().filter_map(|record| record.columns.get(column).map(String::as_str));
            cells.chain(head.get(column).copied()).map(unicode_width::UnicodeWidthStr::width).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..head.len()).map(width).collect();
        let mut out = io::stdout().lock();
        let titles: Vec<String> = head.iter().map(|title| title.to_uppercase()).collect();
        for row in std::iter::once(&titles).chain(records.iter().map(|record| &record.columns)) {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(cell);
                let gap = width.saturating_sub(unicode_width::UnicodeWidthStr::width(cell.as_str())) + 2;
                line.extend(std::iter::repeat_n(' ', gap));
            }
            quietly(writeln!(out, "{}", line.trim_end()))?;
        }
        Ok(())
    }

    /// Talks on standard error.
    pub fn say(&self, text: &str) {
        if !self.quiet && !self.json {
            drop(writeln!(io::stderr(), "{text}"));
        }
    }

    /// Tells a problem on standard error and gives the exit code.
    pub fn fail(&self, problem: &Problem) -> u8 {
        let said = words::problem(problem);
        let next: Vec<String> = said.next.iter().filter_map(|step| words::in_a_shell(step)).collect();
        let text = if self.json {
            json!({"error": {"code": said.code, "what": said.what, "why": said.why, "next": next}}).to_string()
        } else {
            let place = pointed_at(problem).map(|place| format!("\n{place}")).unwrap_or_default();
            let why = said.why.map(|why| format!("\n  Why   {why}")).unwrap_or_default();
            let next = if next.is_empty() { String::new() } else { format!("\n  Next  {}", next.join(" · ")) };
            format!("✗ {}{place}{why}{next}\n  {}", said.what, said.code)
        };
        drop(writeln!(io::stderr(), "{text}"));
        exit_code(problem)
    }
}

/// The line of a file that is wrong, and a caret under the place.
fn pointed_at(problem: &Problem) -> Option<String> {
    const MOST: usize = 60;
    let Problem::BadConfig { column, excerpt, .. } = problem else { return None };
    // A long line is shown from a little before the place.
    let before = column.saturating_sub(1);
    let skip = if before > MOST { before - MOST / 2 } else { 0 };
    let shown: String = excerpt.as_str().chars().skip(skip).take(MOST + MOST / 2).collect();
    let head: String = shown.chars().take(before - skip).collect();
    let blanks = " ".repeat(unicode_width::UnicodeWidthStr::width(head.as_str()));
    Some(format!("        {shown}\n        {blanks}^"))
}

/// A pipe whose reader left ends quietly.
fn quietly(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Exit codes (ux section 4): 1 other, 2 usage, 3 config, 4 sign-in, 5 network, 6 refused, 7 time, 8 nothing there.
pub fn exit_code(problem: &Problem) -> u8 {
    match problem {
        Problem::TimedOut { .. } => 7,
        Problem::Usage { .. }
        | Problem::NotATerminal
        | Problem::UnknownCommand { .. }
        | Problem::BadArgument { .. } => 2,
        Problem::UnknownAccount { .. } | Problem::UnknownBuddy { .. } => 8,
        Problem::NoAccount => 4,
        other => match other.code().split('-').nth(1) {
            Some("NET" | "TLS" | "XMPP") => 5,
            Some("AUTH") => 4,
            Some("MSG") => 6,
            Some("CONF") => 3,
            _ => 1,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Domain, Line};

    #[test]
    fn a_caret_stands_under_what_is_wrong() {
        let bad = |column, excerpt: &str| Problem::BadConfig {
            file: Line::clean("config.toml"),
            line: 3,
            column,
            excerpt: Line::clean(excerpt),
            why: Line::clean("x"),
        };
        let place = |column, excerpt: &str| pointed_at(&bad(column, excerpt)).unwrap();
        assert_eq!(place(9, "mouse = \"maybe\""), "        mouse = \"maybe\"\n                ^");
        assert_eq!(place(4, "木 = 1"), "        木 = 1\n            ^", "in cells");
        let far = place(100, &format!("{}#{}", "a".repeat(99), "b".repeat(99)));
        let rows: Vec<&str> = far.lines().collect();
        assert!(rows[0].len() < 110);
        assert_eq!(rows[0].chars().nth(rows[1].len() - 1), Some('#'));
        assert_eq!(place(900, "short").lines().count(), 2, "a place behind the line is no disaster");
    }

    #[test]
    fn steps_are_named_as_a_shell_knows_them() {
        for (inside, outside) in [
            ("/doctor", Some("butty doctor")),
            ("/login tries again", Some("butty login tries again")),
            ("/account shows the address", Some("butty accounts shows the address")),
            ("F5 now", None),
            ("/retry", None),
            ("Tell the operator", Some("Tell the operator")),
        ] {
            assert_eq!(words::in_a_shell(inside).as_deref(), outside, "{inside}");
        }
    }

    #[test]
    fn families_of_failures_have_their_exit_codes() {
        let domain = Domain::parse("a.test").unwrap();
        for (problem, code) in [
            (Problem::WrongPassword { domain: domain.clone() }, 4),
            (Problem::Offline, 5),
            (Problem::NoTls { domain }, 5),
            (Problem::NotSent, 6),
            (Problem::TimedOut { waited: std::time::Duration::from_secs(1) }, 7),
            (Problem::UnknownBuddy { who: Line::clean("x") }, 8),
            (Problem::Usage { why: Line::clean("x") }, 2),
            (Problem::Bug { what: Line::clean("x") }, 1),
        ] {
            assert_eq!(exit_code(&problem), code, "{problem:?}");
        }
    }
}
