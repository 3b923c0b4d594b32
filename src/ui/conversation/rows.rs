//! A message as rows: rules over it, who says it, its words, its mark.

use crate::app::model::{Author, Body, Message, MessageState};
use crate::app::words::{self, screens};
use crate::types::Problem;
use crate::ui::text::{self, Piece, markup};
use crate::ui::theme::{Role, Theme};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Cells kept free at the right edge for a mark.
const MARK_CELLS: u16 = 3;
/// A fence of XEP-0393 section 5.1.2.
const FENCE: &str = "```";
/// Bytes of a message that are laid out: some 400 rows. Laying out all of the megabyte that a stanza may hold would
/// keep the keys waiting.
const MOST_SHOWN: usize = 32 * 1024;

/// What a row is for, when it is no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// A rule with this label.
    Rule(String),
    /// Who says it.
    Name,
    /// Text.
    Text,
}

/// One row of the messages pane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Rule or text.
    pub kind: RowKind,
    /// Columns before the text.
    pub indent: u16,
    /// Text in visual order.
    pub pieces: Vec<Piece>,
    /// Cells of the text.
    pub width: u16,
    /// Right-aligned inside the text column.
    pub rtl: bool,
    /// At the right edge: a time or a mark.
    pub right: Option<Piece>,
}

/// Everything that a message's rows depend on, beside the message itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Setting {
    /// Columns of the pane's inside, where the right edge is.
    pub columns: u16,
    /// Only ASCII signs.
    pub ascii: bool,
    /// Label of the rule above it where the archive has something that is not here.
    pub missing: Option<&'static str>,
    /// Label of the day rule above it.
    pub day: Option<String>,
    /// So many are new from here on.
    pub new: Option<u32>,
    /// The name over it, when it does not continue the one before.
    pub says: Option<String>,
    /// The name for `/me`.
    pub name: String,
    /// When it was written, in words.
    pub time: String,
    /// When it was read, in words.
    pub read_at: Option<String>,
    /// Its mark is drawn: the next one of ours has another.
    pub marked: bool,
    /// It is selected: keys of the selection may be named.
    pub selected: bool,
    /// Only names and words, from the left edge, for the terminal to select: no times, marks or bars.
    pub bare: bool,
}

impl Setting {
    /// A number that differs when the rows may differ.
    pub fn fingerprint(&self, message: &Message) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        match &message.body {
            Body::Plain(text) | Body::Sealed(text) => {
                (0_u8, shown(text.as_str()), text.as_str().len()).hash(&mut hasher);
            }
            Body::Unreadable(name) => (1_u8, name.as_str()).hash(&mut hasher),
        }
        message.edited.hash(&mut hasher);
        match &message.state {
            MessageState::Received => 0_u8,
            MessageState::Pending => 1,
            MessageState::Sent => 2,
            MessageState::Delivered => 3,
            MessageState::Read(_) => 4,
            MessageState::Failed(problem) => {
                problem.code().hash(&mut hasher);
                5
            }
        }
        .hash(&mut hasher);
        hasher.finish()
    }
}

/// The rows of a message.
pub fn rows(message: &Message, setting: &Setting) -> Vec<Row> {
    let theme = Theme { ascii: setting.ascii, mono: true };
    let mut rows = Vec::new();
    if let Some(missing) = setting.missing {
        rows.push(rule(missing.to_owned()));
    }
    if let Some(day) = &setting.day {
        rows.push(rule(day.clone()));
    }
    if let Some(count) = setting.new {
        rows.push(rule(screens::new_messages(count)));
    }
    if let Some(name) = &setting.says {
        let mine = message.author == Author::Me;
        let who = if mine { screens::YOU_SAY.to_owned() } else { screens::says(name) };
        let role = if mine { Role::OwnName } else { Role::Name };
        let mut row = line(0, vec![Piece::new(who, role)], theme);
        row.kind = RowKind::Name;
        row.right = Some(Piece::new(setting.time.clone(), Role::Dim));
        rows.push(row);
    }
    body(message, setting, theme, &mut rows);
    if setting.bare {
        for row in &mut rows {
            row.indent = 0;
            row.right = None;
        }
    } else {
        finish(message, setting, theme, &mut rows);
    }
    rows
}

fn rule(label: String) -> Row {
    Row { kind: RowKind::Rule(label), indent: 0, pieces: Vec::new(), width: 0, rtl: false, right: None }
}

/// A row of our own words.
fn line(indent: u16, pieces: Vec<Piece>, theme: Theme) -> Row {
    let pieces: Vec<Piece> =
        pieces.into_iter().map(|p| Piece::new(text::bidi::line(&theme.say(&p.text)).into_owned(), p.role)).collect();
    let width = pieces.iter().map(|piece| text::width(&piece.text)).sum();
    Row { kind: RowKind::Text, indent, pieces, width, rtl: false, right: None }
}

/// Columns of the pane's inside that text leaves free, left and right.
pub const AROUND: u16 = 2 + MARK_CELLS;

/// Columns of the text, at this width of the pane's inside.
pub fn text_columns(columns: u16) -> u16 {
    columns.saturating_sub(AROUND).max(1)
}

fn body(message: &Message, setting: &Setting, theme: Theme, rows: &mut Vec<Row>) {
    let text = match &message.body {
        Body::Plain(text) | Body::Sealed(text) => text.as_str(),
        Body::Unreadable(_) => {
            for row in text::wrap(screens::ENCRYPTED, &[], Role::Dim, text_columns(setting.columns)) {
                rows.push(Row { indent: 2, ..line(0, row.pieces, theme) });
            }
            return;
        }
    };
    let head = shown(text);
    if let Some(deed) = head.strip_prefix("/me ") {
        action(deed, setting, theme, rows);
    } else {
        paragraphs(head, setting, theme, rows);
    }
    if let Some(rest) = text.get(head.len()..).filter(|rest| !rest.is_empty()) {
        let left_out = screens::left_out(rest.chars().count());
        for row in text::wrap(&left_out, &[], Role::Dim, text_columns(setting.columns)) {
            rows.push(Row { indent: 2, ..line(0, row.pieces, theme) });
        }
    }
}

/// As much of a body as is laid out.
fn shown(text: &str) -> &str {
    // Most bodies are short, and no place beyond their end is a boundary: they would be searched the longest.
    if text.len() <= MOST_SHOWN {
        return text;
    }
    let cut = (0..=MOST_SHOWN).rev().find(|at| text.is_char_boundary(*at));
    cut.and_then(|at| text.get(..at)).unwrap_or(text)
}

fn paragraphs(text: &str, setting: &Setting, theme: Theme, rows: &mut Vec<Row>) {
    let mut fenced = false;
    for paragraph in text.split('\n') {
        if paragraph.starts_with(FENCE) {
            fenced = !fenced;
        } else if fenced && !setting.bare {
            rows.push(code(paragraph, setting, theme));
        } else {
            prose(paragraph, setting, rows);
        }
    }
}

/// `* Bela waves`: no name above it, the time at its right.
fn action(deed: &str, setting: &Setting, theme: Theme, rows: &mut Vec<Row>) {
    let first = rows.len();
    for paragraph in screens::action(&setting.name, deed).split('\n') {
        let shown = text::without_tabs(paragraph);
        let columns = setting.columns.saturating_sub(text::width(&setting.time) + 2);
        for row in text::wrap(&shown, &markup::roles(&shown), Role::Text, columns) {
            rows.push(Row {
                kind: RowKind::Text,
                indent: 0,
                pieces: row.pieces,
                width: row.width,
                rtl: row.rtl,
                right: None,
            });
        }
    }
    if let Some(row) = rows.get_mut(first) {
        row.right = Some(Piece::new(theme.say(&setting.time).into_owned(), Role::Dim));
    }
}

fn prose(paragraph: &str, setting: &Setting, rows: &mut Vec<Row>) {
    let shown = text::without_tabs(paragraph);
    let wrap = if setting.bare { text::wrap_to_edge } else { text::wrap };
    for row in wrap(&shown, &markup::roles(&shown), Role::Text, text_columns(setting.columns)) {
        rows.push(Row {
            kind: RowKind::Text,
            indent: 2,
            pieces: row.pieces,
            width: row.width,
            rtl: row.rtl,
            right: None,
        });
    }
}

/// A line of code: never wrapped, cut at the edge with `›`.
fn code(text: &str, setting: &Setting, theme: Theme) -> Row {
    let room = text_columns(setting.columns).saturating_sub(2);
    let expanded = text::without_tabs(text);
    let shown = text::fit(&expanded, room, &theme.say("›"));
    let pieces = vec![
        Piece::new(theme.say("│ ").into_owned(), Role::Rule),
        Piece::new(text::bidi::line(&shown).into_owned(), Role::Code),
    ];
    let width = 2 + text::width(&shown);
    Row { kind: RowKind::Text, indent: 2, pieces, width, rtl: false, right: None }
}

/// `(edited)`, the mark, and the line of a failure.
fn finish(message: &Message, setting: &Setting, theme: Theme, rows: &mut Vec<Row>) {
    if message.edited {
        append(rows, screens::EDITED, setting, theme);
    }
    if let MessageState::Failed(problem) = &message.state {
        failure(problem, setting, theme, rows);
        return;
    }
    let Some(mark) = mark(&message.state, setting).filter(|_| setting.marked) else { return };
    let mark = theme.say(&mark).into_owned();
    let cells = text::width(&mark);
    let fits = |row: &Row| !row.rtl && row.right.is_none() && row.indent + row.width + 1 + cells <= setting.columns;
    if !rows.last().is_some_and(|row| fits(row) || (row.rtl && cells < MARK_CELLS)) {
        rows.push(line(2, Vec::new(), theme));
    }
    if let Some(row) = rows.last_mut() {
        row.right = Some(Piece::new(mark, Role::Dim));
    }
}

/// Words behind the text, on its last row if they fit there.
fn append(rows: &mut Vec<Row>, words: &str, setting: &Setting, theme: Theme) {
    let cells = text::width(words) + 1;
    let room = text_columns(setting.columns);
    match rows.last_mut() {
        Some(row) if row.kind == RowKind::Text && !row.rtl && row.width + cells <= room => {
            row.pieces.push(Piece::new(format!(" {words}"), Role::Dim));
            row.width += cells;
        }
        _ => rows.push(line(2, vec![Piece::new(words, Role::Dim)], theme)),
    }
}

fn mark(state: &MessageState, setting: &Setting) -> Option<String> {
    match state {
        MessageState::Pending => Some("…".to_owned()),
        MessageState::Sent => Some("✓".to_owned()),
        MessageState::Delivered => Some("✓✓".to_owned()),
        MessageState::Read(_) => Some(screens::read(setting.read_at.as_deref(), setting.columns < 50)),
        MessageState::Received | MessageState::Failed(_) => None,
    }
}

/// `✗ not sent: no answer from the server.   /retry · /discard`, on two rows where one is too short.
fn failure(problem: &Problem, setting: &Setting, theme: Theme, rows: &mut Vec<Row>) {
    let said = words::problem(problem);
    let what = format!("✗ {}", screens::in_line(&said.what));
    let next = said.next.join(" · ");
    let keys = if setting.selected { screens::FAILED_KEYS } else { &next };
    let room = setting.columns.saturating_sub(2);
    if text::width(&what) + 3 + text::width(keys) <= room {
        let pieces = vec![Piece::new(what, Role::Error), Piece::new(format!("   {keys}"), Role::Dim)];
        rows.push(line(2, pieces, theme));
        return;
    }
    for row in text::wrap(&what, &[], Role::Error, room) {
        rows.push(Row { indent: 2, ..line(0, row.pieces, theme) });
    }
    rows.push(line(4, vec![Piece::new(text::fit(keys, room.saturating_sub(2), "…"), Role::Dim)], theme));
}
