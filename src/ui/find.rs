//! The search: a line at the foot of the talk, or a list of what was found everywhere.

use super::dialog::{Dialog, Line, window};
use super::facts;
use super::paint::Paint;
use super::picker::{padded, part};
use super::text::{self, Piece};
use super::theme::Role;
use crate::app::Direction;
use crate::app::model::{Body, Find, Message, Model};
use crate::app::words::screens as words;
use ratatui::layout::Rect;

/// Columns of a name in the list, and of a moment.
const NAME: u16 = 14;
const WHEN: u16 = 14;
/// Characters of a hit before the word that was looked for.
const BEFORE: usize = 16;

/// ` Find: accord▏   3 of 17 · in this conversation            Tab everywhere · Esc`, on the last row.
pub fn line(find: &Find, area: Rect, paint: &mut Paint<'_>) -> Rect {
    let rect = Rect::new(area.x, area.bottom().saturating_sub(1), area.width, 1.min(area.height));
    paint.clear(rect);
    let edge = rect.right().saturating_sub(1);
    let keys = if rect.width < 64 { words::FIND_KEYS_SHORT } else { words::FIND_KEYS };
    let limit = paint.put_right(edge, rect.y, keys, Role::Hint).saturating_sub(2);
    let x = paint.put(rect.x + 1, rect.y, limit, words::FIND_LABEL, Role::Title) + 1;
    let told = words::found(find.count, find.selected, rect.width < 64);
    let room = limit.saturating_sub(x).saturating_sub(paint.width(&told) + 3).max(8);
    let (shown, column) = window(find.words.text(), find.words.before_cursor(), room);
    let end = paint.put_fit(x, rect.y, limit, &shown, Role::Text);
    paint.put_fit(end.max(x) + 3, rect.y, limit, &told, Role::Dim);
    paint.place_cursor((x + column).min(edge), rect.y);
    rect
}

/// Hits of all talks, newest first.
pub fn list(model: &Model, find: &Find, width: u16, room: usize) -> Dialog {
    let foot = if find.talk.is_some() { words::FIND_FOOT } else { words::FIND_FOOT_ALONE };
    let mut dialog = Dialog { title: words::FIND.into(), foot: foot.into(), width, fixed: 1, ..Dialog::default() };
    dialog.field("> ", &find.words, "", true);
    let told = words::found(find.count, find.selected, true);
    if let Some(field) = dialog.lines.last_mut().filter(|_| !find.hits.is_empty()) {
        *field = std::mem::take(field).with_right(told, Role::Dim);
    }
    let part = part(find.hits.len(), find.selected, room.saturating_sub(1).min(16));
    for (at, hit) in find.hits.iter().enumerate().skip(part.start).take(part.len()) {
        dialog.lines.push(Line::choice(at, at == find.selected, hit_pieces(model, find, hit)));
    }
    if find.hits.is_empty() && find.count.is_some() {
        dialog.lines.push(Line::new(words::NOTHING_FOUND, Role::Dim));
    } else if find.hits.is_empty() {
        dialog.lines.push(Line::new(words::FIND_HELP, Role::Dim));
    }
    dialog
}

fn hit_pieces(model: &Model, find: &Find, hit: &Message) -> Vec<Piece> {
    let name = facts::name(model, &hit.talk);
    let when = crate::app::words::since(hit.stamp, model.now.wall, &model.options);
    let said = match &hit.body {
        Body::Plain(text) | Body::Sealed(text) => text.as_str(),
        Body::Unreadable(_) => "",
    };
    let who = if hit.direction == Direction::Out { words::YOU } else { "" };
    vec![
        Piece::new(padded(&text::fit(&name, NAME - 1, "…"), NAME), Role::Name),
        Piece::new(padded(&text::fit(&when, WHEN - 1, "…"), WHEN), Role::Dim),
        Piece::new(format!("{who}{}", text::bidi::line(&excerpt(said, find.words.text()))), Role::Text),
    ]
}

/// One line of what was said, beginning a little before the first word that was looked for.
fn excerpt(said: &str, typed: &str) -> String {
    let one_line: String = said.chars().take(4_000).map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    let word = typed.split_whitespace().find(|word| !word.contains(':')).unwrap_or_default().to_lowercase();
    let letters: Vec<char> = one_line.chars().collect();
    let wanted: Vec<char> = word.chars().collect();
    let same = |at: &usize| {
        let mut pairs = letters.iter().skip(*at).zip(&wanted);
        letters.len() >= at + wanted.len() && pairs.all(|(a, b)| a.to_lowercase().eq(b.to_lowercase()))
    };
    let found = (0..letters.len()).find(same).unwrap_or(0);
    if found <= BEFORE {
        return one_line;
    }
    // From the beginning of a word on.
    let from = found - BEFORE;
    let from = (from..found).find(|at| letters.get(*at) == Some(&' ')).map_or(from, |at| at + 1);
    std::iter::once('…').chain(letters.into_iter().skip(from)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_shows_the_word_on_one_line() {
        assert_eq!(excerpt("short\nand sweet", "sweet"), "short and sweet");
        let long = format!("{}here ACCORD is", "much before it ".repeat(9));
        assert_eq!(excerpt(&long, "from:me accord"), "…before it here ACCORD is");
        assert_eq!(excerpt("nothing of it", "accord"), "nothing of it");
        assert_eq!(excerpt("", "x"), "");
    }
}
