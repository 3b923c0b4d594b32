//! Names that people choose for themselves, and whether they pass for somebody else by them.
//!
//! Anybody can call themselves anything (XEP-0172). So a chosen name stands in quotation marks, which stay when the rest
//! of it is cut, and the address beside it, where addresses mean anything to anybody. A name that looks like an
//! address, or like somebody else, is not shown at all.
//!
//! Not known here: every pair of letters that look alike. Those of the alphabets that share their shapes with the Latin
//! one are; the quotation marks and the address stand for the rest.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Opens a chosen name. Such names sort without it.
pub const QUOTE: char = '“';

/// What buddies are called by others than themselves: the names that the person gave, and their addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken(BTreeSet<u64>);

impl Taken {
    /// All of these, and nothing else.
    pub fn of<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        Self(names.map(print).collect())
    }

    /// One more.
    pub fn add(&mut self, name: &str) {
        self.0.insert(print(name));
    }

    /// How many there are. What was taken once stays so until they are made anew.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Somebody is called so, or much the same.
    pub fn has(&self, name: &str) -> bool {
        !self.0.is_empty() && self.0.contains(&print(name))
    }
}

/// It looks like an address.
pub fn is_like_an_address(name: &str) -> bool {
    name.chars().flat_map(shapes).any(|letter| letter == '@')
}

/// Both look much the same.
pub fn are_alike(one: &str, other: &str) -> bool {
    plain(one) == plain(other)
}

/// A hash without chance of what a name looks like.
fn print(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    plain(name).hash(&mut hasher);
    hasher.finish()
}

/// What the eye keeps of a name: letters and digits in their shapes, without case, accents, blanks and marks. A name
/// without any is kept as it is.
fn plain(name: &str) -> String {
    let kept: String = name.chars().flat_map(shapes).filter(|letter| letter.is_alphanumeric()).collect();
    if kept.is_empty() { name.to_owned() } else { kept }
}

/// The small Latin letters, or the sign, that this one looks like.
fn shapes(letter: char) -> impl Iterator<Item = char> {
    let narrow = match letter {
        // The wide forms of ASCII.
        '\u{ff01}'..='\u{ff5e}' => u32::from(letter).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(letter),
        '\u{fe6b}' => '@',
        _ => letter,
    };
    capital(narrow).to_lowercase().map(|letter| small(nucleo_matcher::chars::normalize(letter)))
}

/// Capital letters of other alphabets.
fn capital(letter: char) -> char {
    match letter {
        'А' | 'Α' => 'A',
        'В' | 'Β' => 'B',
        'С' => 'C',
        'Е' | 'Ε' => 'E',
        'Н' | 'Η' => 'H',
        'І' | 'Ι' => 'I',
        'Ј' => 'J',
        'К' | 'Κ' => 'K',
        'М' | 'Μ' => 'M',
        'Ν' => 'N',
        'О' | 'Ο' => 'O',
        'Р' | 'Ρ' => 'P',
        'Ѕ' => 'S',
        'Т' | 'Τ' => 'T',
        'Х' | 'Χ' => 'X',
        'У' | 'Υ' => 'Y',
        'Ζ' => 'Z',
        other => other,
    }
}

/// Small letters of other alphabets, and what looks alike in ours.
fn small(letter: char) -> char {
    match letter {
        'а' | 'α' => 'a',
        'в' | 'β' => 'b',
        'с' => 'c',
        'ԁ' => 'd',
        'е' | 'ε' => 'e',
        'н' | 'һ' => 'h',
        'і' | 'ı' | 'ι' | '1' | 'l' | '|' => 'i',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'м' => 'm',
        'о' | 'ο' | '0' => 'o',
        'р' | 'ρ' => 'p',
        'ԛ' => 'q',
        'ѕ' => 's',
        'т' | 'τ' => 't',
        'ν' | 'ѵ' => 'v',
        'ԝ' => 'w',
        'х' | 'χ' => 'x',
        'у' | 'υ' | 'γ' => 'y',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_alike_that_look_alike() {
        for (one, other) in [
            ("Mum", "MUM"),
            ("Mum", " m u m ."),
            ("Mum", "Μum"),
            ("Anna", "Аnna"),
            ("Anna", "Ànnä"),
            ("Bela", "Beｌa"),
            ("Bela", "BeIa"),
            ("Bob", "B0b"),
            ("❤", "❤"),
        ] {
            assert!(are_alike(one, other), "{one} {other}");
            assert!(Taken::of([one].into_iter()).has(other), "{one} {other}");
        }
        for (one, other) in [("Mum", "Mom"), ("Anna", "Ann"), ("❤", "★"), ("Ли", "Ло")] {
            assert!(!are_alike(one, other) && !Taken::of([one].into_iter()).has(other), "{one} {other}");
        }
    }

    #[test]
    fn an_address_is_known_by_its_sign_in_any_form() {
        for name in ["anna@example.org", "anna＠example.org", "anna﹫example.org", "@"] {
            assert!(is_like_an_address(name), "{name}");
        }
        assert!(!is_like_an_address("Anna (at home)"));
    }
}
