//! Replays what the fuzzer found worth keeping (`tests/fuzz`), and as many inputs near to it: at each door the same must
//! hold for all of them.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may stop")]

#[path = "fuzz/targets/doors.rs"]
mod doors;

use doors::TARGETS;
use std::fs;
use std::path::Path;

/// Inputs made from each one that is kept.
const NEAR: u64 = 24;

/// A small generator of the same numbers every time (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((bits ^ (bits >> 31)) % u64::try_from(most.max(1)).unwrap_or(1)).unwrap_or(0)
    }
}

/// A byte changed, a piece taken out, said twice, or put in from another input.
fn near(input: &[u8], other: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=chance.below(4) {
        let at = chance.below(bytes.len());
        let end = at + chance.below(bytes.len() - at);
        match chance.below(4) {
            0 if !bytes.is_empty() => bytes[at] = u8::try_from(chance.below(256)).unwrap_or(0),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => {
                let from = chance.below(other.len());
                let to = from + chance.below(other.len() - from);
                bytes.splice(at..at, other[from..to].iter().copied());
            }
        }
    }
    bytes
}

/// The inputs of a target, in the order of their names.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(name);
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{name} has no corpus: {error}"))
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    files.iter().map(|file| fs::read(file).expect("a file")).collect()
}

fn replay(name: &str) {
    let (_, check) = TARGETS.iter().find(|(known, _)| *known == name).expect("a target");
    let corpus = corpus(name);
    assert!(corpus.len() >= 5, "{name}: {} inputs", corpus.len());
    let mut chance = Chance(20_261_125);
    for input in &corpus {
        check(input);
        for _ in 0..NEAR {
            let other = &corpus[chance.below(corpus.len())];
            check(&near(input, other, &mut chance));
        }
    }
}

/// A test for each target, so that they run side by side and are told apart.
macro_rules! replayed {
    ($($target:ident)*) => {
        $(#[test]
        fn $target() {
            replay(stringify!($target));
        })*

        #[test]
        fn every_target_is_replayed() {
            assert_eq!(TARGETS.map(|(name, _)| name), [$(stringify!($target)),*]);
        }
    };
}

replayed! { config element framer jid oauth rows sasl session stanza text }
