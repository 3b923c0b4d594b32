//! How a command answers.

use crate::app::words;
use crate::types::Problem;
use serde_json::{Map, Value, json};
use std::io::{self, IsTerminal, Write};
use std::num::NonZeroU16;
use unicode_width::UnicodeWidthStr;

/// Columns before the words of `  Why   ` and `  Next  `.
const LABEL: usize = 8;

/// The manner of answering.
#[derive(Clone, Copy, Debug)]
pub struct Voice {
    /// JSON instead of text.
    pub json: bool,
    /// No talk on standard error.
    pub quiet: bool,
    /// The width of standard error, if it is a terminal: lines of talk break there, between words.
    pub columns: Option<NonZeroU16>,
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
        quietly(writeln!(io::stdout(), "{line}").and_then(|()| io::stdout().flush()))
    }

    /// A table on a terminal, rows with tabs elsewhere, JSON lines with `--json`.
    pub fn table(&self, head: &[&str], records: &[Record]) -> io::Result<()> {
        if self.json || !io::stdout().is_terminal() {
            return records.iter().try_for_each(|record| self.answer(record));
        }
        let width = |column: usize| {
            let cells = records.iter().filter_map(|record| record.columns.get(column).map(String::as_str));
            cells.chain(head.get(column).copied()).map(UnicodeWidthStr::width).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..head.len()).map(width).collect();
        let mut out = io::stdout().lock();
        let titles: Vec<String> = head.iter().map(|title| title.to_uppercase()).collect();
        for row in std::iter::once(&titles).chain(records.iter().map(|record| &record.columns)) {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(cell);
                let gap = width.saturating_sub(cell.width()) + 2;
                line.extend(std::iter::repeat_n(' ', gap));
            }
            quietly(writeln!(out, "{}", line.trim_end()))?;
        }
        Ok(())
    }

    /// Talks on standard error.
    pub fn say(&self, text: &str) {
        if !self.quiet && !self.json {
            self.to_stderr(text);
        }
    }

    /// Asks on standard error: also where all else is quiet, for somebody has to answer.
    pub fn ask(&self, text: &str) {
        self.to_stderr(text);
    }

    /// Shows on standard error what is drawn, as it is.
    pub fn show(&self, drawn: &str) {
        Self { columns: None, ..*self }.say(drawn);
    }

    /// Tells a problem on standard error and gives the exit code.
    pub fn fail(&self, problem: &Problem) -> u8 {
        let said = words::problem_in_shell(problem);
        let text = if self.json {
            let mut error = json!({"code": said.code, "what": said.what, "why": said.why, "next": said.next});
            if let (Problem::BadConfig { file, line, column, .. }, Value::Object(fields)) = (problem, &mut error) {
                fields.extend([
                    ("file".to_owned(), file.as_str().into()),
                    ("line".to_owned(), (*line).into()),
                    ("column".to_owned(), (*column).into()),
                ]);
            }
            json!({ "error": error }).to_string()
        } else {
            let place = words::excerpt(problem).map(|rows| format!("\n\n    {}\n", rows.replace('\n', "\n    ")));
            let why = said.why.map(|why| format!("\n  Why   {why}")).unwrap_or_default();
            let next = format!("\n  Next  {}", said.next.join(" · "));
            format!("✗ {}{}{why}{next}\n  {}", said.what, place.unwrap_or_default(), said.code)
        };
        self.to_stderr(&text);
        exit_code(problem)
    }

    /// Talk that nobody can hear is no failure of the command.
    fn to_stderr(self, text: &str) {
        let columns = self.columns.filter(|_| !self.json);
        let text = columns.map_or_else(|| text.to_owned(), |columns| fold(text, columns.get().into()));
        drop(writeln!(io::stderr(), "{text}"));
    }
}

/// Breaks lines that are wider than this between words, and sets what follows under the first word behind a label, as
/// in `  Next  Send it again`. A word that is too wide, such as an address, stays whole: it is there to be copied.
fn fold(text: &str, columns: usize) -> String {
    let mut folded = String::with_capacity(text.len());
    for (index, line) in text.split('\n').enumerate() {
        folded.push_str(if index == 0 { "" } else { "\n" });
        let indent = if line.starts_with("  ") { " ".repeat(LABEL) } else { String::new() };
        let mut at = 0;
        for word in line.split_inclusive(' ') {
            let width = word.trim_end().width();
            if at > indent.len() && at + width > columns {
                folded.truncate(folded.trim_end_matches(' ').len());
                folded.push('\n');
                folded.push_str(&indent);
                at = indent.len();
            }
            folded.push_str(word);
            at += word.width();
        }
    }
    folded
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
        | Problem::NothingTyped { .. }
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
    fn lines_break_between_words_and_an_address_stays_whole() {
        let said = "✗ Not sent: it came back.\n  Why   From bela@example.org, with “not-allowed”.\n  Next  Again";
        assert_eq!(fold(said, 80), said);
        assert_eq!(
            fold(said, 36),
            "✗ Not sent: it came back.\n  Why   From bela@example.org, with\n        “not-allowed”.\n  Next  Again"
        );
        let address = "https://login.example.org/a/very/long/address?with=much&behind=it";
        assert_eq!(fold(&format!("Open {address} now"), 30), format!("Open\n{address}\nnow"));
        for columns in 0..90 {
            let flat = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(flat(&fold(said, columns)), flat(said), "no word is lost at {columns}");
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
