//! Text in cells: width, cutting, wrapping, order of mixed scripts, emphasis.
//!
//! Everything counts whole grapheme clusters with the same tables as ratatui, so what is measured here is what gets
//! drawn. A paragraph is wrapped in its logical order and each of its rows is put into visual order afterwards.

pub mod bidi;
pub mod markup;

use super::theme::Role;
use ratatui::buffer::CellWidth;
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// How far from the edge a long word may break early, after `-` or `/`.
const SOFT_EDGE: u16 = 8;

/// A run of text that looks the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The text.
    pub text: String,
    /// What it is.
    pub role: Role,
}

impl Piece {
    /// A piece.
    pub fn new(text: impl Into<String>, role: Role) -> Self {
        Self { text: text.into(), role }
    }
}

/// One row of wrapped text, in visual order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Left to right.
    pub pieces: Vec<Piece>,
    /// Cells that they take.
    pub width: u16,
    /// The paragraph runs from right to left.
    pub rtl: bool,
}

/// Cells of one cluster. Control characters are never drawn and take none.
pub fn cluster_width(cluster: &str) -> u16 {
    if cluster.contains(char::is_control) { 0 } else { cluster.cell_width() }
}

/// Cells that a text takes.
pub fn width(text: &str) -> u16 {
    if text.is_ascii() {
        return u16::try_from(text.bytes().filter(|b| !b.is_ascii_control()).count()).unwrap_or(u16::MAX);
    }
    text.graphemes(true).fold(0_u16, |sum, cluster| sum.saturating_add(cluster_width(cluster)))
}

/// As much of the text as fits, with `mark` at its end if something was cut.
pub fn fit(text: &str, columns: u16, mark: &str) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(width(mark));
    let mut cut = take(text, room).trim_end().to_owned();
    if width(mark) <= columns {
        cut.push_str(mark);
    }
    cut
}

/// As much of the text as fits, nothing else.
pub fn take(text: &str, columns: u16) -> &str {
    let mut used = 0;
    for (at, cluster) in text.grapheme_indices(true) {
        used += cluster_width(cluster);
        if used > columns {
            return text.get(..at).unwrap_or("");
        }
    }
    text
}

/// The first word of a name: how one speaks of somebody one knows. An address or a short name stays whole.
pub fn first_word(name: &str) -> &str {
    name.split_whitespace().next().unwrap_or(name)
}

/// Up to two letters that stand for a name where there is no picture.
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter(|word| word.chars().next().is_some_and(char::is_alphanumeric));
    let first = words.next();
    let last = words.next_back();
    let letters = [first, last].into_iter().flatten().filter_map(|word| word.graphemes(true).next());
    let joined: String = letters.map(str::to_uppercase).collect();
    take(&joined, 2).to_owned()
}

/// Tabs become four cells, which is what prose means by them.
pub fn without_tabs(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains('\t') { text.replace('\t', "    ").into() } else { text.into() }
}

/// One cluster on its way into a row.
#[derive(Clone, Copy)]
struct Cluster {
    start: usize,
    end: usize,
    width: u16,
    space: bool,
    /// A row may end behind it although no blank follows: wide scripts.
    breaks: bool,
}

/// Wraps one paragraph (no `\n` inside) to `columns` cells. `roles` are sorted ranges that look special; the rest is
/// `base`. Nothing is lost but the blanks at which a row ends. An empty paragraph is one empty row.
pub fn wrap(paragraph: &str, roles: &[(Range<usize>, Role)], base: Role, columns: u16) -> Vec<Row> {
    wrapped(paragraph, roles, base, (columns, SOFT_EDGE))
}

/// As [`wrap`], but a word that is longer than a row fills each of its rows: what is selected on the screen has no
/// gap in it.
pub fn wrap_to_edge(paragraph: &str, roles: &[(Range<usize>, Role)], base: Role, columns: u16) -> Vec<Row> {
    wrapped(paragraph, roles, base, (columns, 0))
}

/// Wraps; a long word may end its row so many cells early.
fn wrapped(paragraph: &str, roles: &[(Range<usize>, Role)], base: Role, (columns, early): (u16, u16)) -> Vec<Row> {
    let clusters: Vec<Cluster> = paragraph.grapheme_indices(true).map(cluster_of).collect();
    let order = bidi::Order::of(paragraph);
    let rtl = order.as_ref().is_some_and(bidi::Order::is_rtl);
    row_ranges(paragraph, &clusters, columns.max(1), early)
        .into_iter()
        .map(|range| row_of(paragraph, clusters.get(range).unwrap_or(&[]), roles, base, order.as_ref(), rtl))
        .collect()
}

fn cluster_of((start, text): (usize, &str)) -> Cluster {
    let width = cluster_width(text);
    let space = text.chars().all(|c| c == ' ' || c == '\t' || (c.is_whitespace() && c != '\u{a0}' && c != '\u{202f}'));
    let wide = width == 2 && text.chars().next().is_some_and(|c| ('\u{2e80}'..='\u{ffdc}').contains(&c));
    Cluster { start, end: start + text.len(), width, space, breaks: wide }
}

/// The rows, as ranges of clusters.
fn row_ranges(text: &str, clusters: &[Cluster], columns: u16, early: u16) -> Vec<Range<usize>> {
    let mut rows = Vec::new();
    let (mut start, mut used, mut last_break) = (0_usize, 0_u16, None::<usize>);
    let mut at = 0;
    while let Some(cluster) = clusters.get(at) {
        if used.saturating_add(cluster.width) > columns && at > start && !cluster.space {
            let next = match last_break {
                Some(end) if !is_long(clusters, end, columns) => end,
                _ => soft_edge(text, clusters, start..at, early),
            };
            rows.push(start..next);
            start = next;
            at = next;
            used = 0;
            last_break = None;
            continue;
        }
        used = used.saturating_add(cluster.width);
        if cluster.space || cluster.breaks {
            last_break = Some(at + 1);
        }
        at += 1;
    }
    rows.push(start..clusters.len());
    rows
}

/// The word that begins here would not fit on a row of its own.
fn is_long(clusters: &[Cluster], from: usize, columns: u16) -> bool {
    let mut used = 0_u16;
    for cluster in clusters.iter().skip(from) {
        if cluster.space || cluster.breaks {
            return false;
        }
        used = used.saturating_add(cluster.width);
        if used > columns {
            return true;
        }
    }
    false
}

/// Where a long word ends its row: at the edge, or behind a `-` or `/` close to it.
fn soft_edge(text: &str, clusters: &[Cluster], row: Range<usize>, early: u16) -> usize {
    let edge = row.end;
    let mut back = 0;
    for at in (row.start + 1..edge).rev() {
        let Some(cluster) = clusters.get(at) else { break };
        if back >= early || cluster.space {
            break;
        }
        if matches!(text.get(cluster.start..cluster.end), Some("-" | "/")) {
            return at + 1;
        }
        back += cluster.width;
    }
    edge
}

fn row_of(
    text: &str,
    clusters: &[Cluster],
    roles: &[(Range<usize>, Role)],
    base: Role,
    order: Option<&bidi::Order<'_>>,
    rtl: bool,
) -> Row {
    let kept = clusters.iter().rposition(|cluster| !cluster.space).map_or(0, |last| last + 1);
    let clusters = clusters.get(..kept).unwrap_or(&[]);
    let (Some(first), Some(last)) = (clusters.first(), clusters.last()) else { return Row { rtl, ..Row::default() } };
    let mut row = Row { rtl, ..Row::default() };
    let role_at = |at: usize| {
        let found = roles.partition_point(|(range, _)| range.end <= at);
        roles.get(found).filter(|(range, _)| range.contains(&at)).map_or(base, |(_, role)| *role)
    };
    let mut push = |start: usize, shown: &str, cells: u16| {
        let role = role_at(start);
        match row.pieces.last_mut() {
            Some(piece) if piece.role == role => piece.text.push_str(shown),
            _ => row.pieces.push(Piece::new(shown, role)),
        }
        row.width = row.width.saturating_add(cells);
    };
    match order {
        None => {
            for cluster in clusters {
                push(cluster.start, text.get(cluster.start..cluster.end).unwrap_or(""), cluster.width);
            }
        }
        Some(order) => order.visual(first.start..last.end, |start, shown| push(start, shown, cluster_width(shown))),
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(paragraph: &str, columns: u16) -> Vec<String> {
        let rows = wrap(paragraph, &[], Role::Text, columns);
        for row in &rows {
            let drawn: u16 = row.pieces.iter().map(|piece| width(&piece.text)).sum();
            assert_eq!(row.width, drawn);
        }
        rows.into_iter().map(|row| row.pieces.into_iter().map(|piece| piece.text).collect()).collect()
    }

    #[test]
    fn words_wrap_at_blanks_and_long_ones_at_the_edge() {
        assert_eq!(texts("the quick brown fox", 10), ["the quick", "brown fox"]);
        assert_eq!(texts("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(texts("see abcdefghijklm", 6), ["see ab", "cdefgh", "ijklm"]);
        assert_eq!(texts("", 4), [""]);
    }

    #[test]
    fn the_long_address_of_the_mock_up_breaks_as_drawn() {
        let text =
            "then I read https://butty.example/guide/first-steps/and/a/very/long/path/that-needs-two-lines and now";
        let rows = texts(text, 79);
        assert!(rows[0].ends_with("/path/that-") && rows[1].starts_with("needs-two-lines and now"), "{rows:?}");
        assert_eq!(rows.concat(), text);
    }

    #[test]
    fn wrapping_loses_nothing_but_blanks() {
        for text in ["a👨‍👩‍👧b 日本語の文 é किताब flag🇵🇱 end", "x\u{a0}y z", "  leading", "שלום world (שלום)"]
        {
            for columns in 2..30 {
                let squeeze = |text: &str| -> String {
                    let mut all: Vec<char> = text.chars().filter(|c| *c != ' ' && *c != '(' && *c != ')').collect();
                    all.sort_unstable();
                    all.into_iter().collect()
                };
                let rows = texts(text, columns);
                assert_eq!(squeeze(&rows.concat()), squeeze(text), "{columns}");
                assert!(rows.iter().all(|row| width(row) <= columns), "{columns} {rows:?}");
            }
        }
    }

    #[test]
    fn hebrew_reads_from_the_right() {
        let rows = wrap("אני לומד", &[], Role::Text, 20);
        assert!(rows[0].rtl);
        assert_eq!(rows[0].pieces[0].text, "דמול ינא");
    }

    #[test]
    fn cutting_keeps_clusters_whole() {
        assert_eq!(fit("learning the accordion", 10, "…"), "learning…");
        assert_eq!(fit("a👨‍👩‍👧b", 3, "…"), "a…");
        assert_eq!(fit("short", 10, "…"), "short");
        assert_eq!(fit("short", 0, "…"), "");
        assert_eq!(take("日本", 3), "日");
    }

    #[test]
    fn initials_are_two_letters() {
        assert_eq!(initials("Anna Kowalska"), "AK");
        assert_eq!(initials("bela"), "B");
        assert_eq!(initials("Jan van der Berg"), "JB");
        assert_eq!(initials("日本 太郎"), "日");
        assert_eq!(initials("!"), "");
    }
}
