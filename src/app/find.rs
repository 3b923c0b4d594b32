//! What was typed into a search: words, and what narrows them.
//!
//! `from:me`, `from:bela`, `in:bela`, `before:2026-11-01` and `has:link` narrow; a name that means nobody, or a day that
//! is none, is a word like others.

use super::effect::{Search, SearchIn};
use super::model::{Find, Model};
use super::words::time;
use crate::xmpp::Direction;

/// The search that a line means.
pub fn search(model: &Model, find: &Find) -> Search {
    let typed = find.words.text();
    let here = find.talk.clone().filter(|_| !find.everywhere);
    let mut search = Search {
        words: String::new(),
        within: here.map_or(SearchIn::Everywhere, SearchIn::Talk),
        direction: None,
        before: None,
        links: false,
    };
    for part in typed.split_inclusive(char::is_whitespace) {
        if !narrows(model, part.trim_end(), &mut search) {
            search.words.push_str(part);
        }
    }
    search
}

/// True when the part is no word to look for.
fn narrows(model: &Model, part: &str, search: &mut Search) -> bool {
    let Some((what, of)) = part.split_once(':').filter(|(_, of)| !of.is_empty()) else { return false };
    match what {
        "has" if of == "link" => search.links = true,
        "before" => match time::beginning_of(of, &model.options.zone) {
            Some(stamp) => search.before = Some(stamp),
            None => return false,
        },
        "from" if of == "me" => search.direction = Some(Direction::Out),
        "from" | "in" => {
            let Some(talk) = model.find_peer(of) else { return false };
            search.within = SearchIn::Talk(talk);
            if what == "from" {
                search.direction = Some(Direction::In);
            }
        }
        _ => return false,
    }
    true
}
