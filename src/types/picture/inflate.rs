//! Unpacks what zlib packed (RFC 1950, RFC 1951), to a length that is known before. The sum at the end is not checked.

/// Base and extra bits of a length, by its code less 257 (RFC 1951 section 3.2.5).
const LENGTHS: [(usize, u8); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];
/// The same for a distance.
const DISTANCES: [(usize, u8); 30] = [
    (1, 0),
    (2, 0),
    (3, 0),
    (4, 0),
    (5, 1),
    (7, 1),
    (9, 2),
    (13, 2),
    (17, 3),
    (25, 3),
    (33, 4),
    (49, 4),
    (65, 5),
    (97, 5),
    (129, 6),
    (193, 6),
    (257, 7),
    (385, 7),
    (513, 8),
    (769, 8),
    (1025, 9),
    (1537, 9),
    (2049, 10),
    (3073, 10),
    (4097, 11),
    (6145, 11),
    (8193, 12),
    (12289, 12),
    (16385, 13),
    (24577, 13),
];
/// In which order the lengths of the lengths' codes stand (section 3.2.7).
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// Unpacks exactly so many bytes; `None`: it is broken, or of another length.
pub(super) fn unpack(packed: &[u8], length: usize) -> Option<Vec<u8>> {
    let &[method, flags, ref body @ ..] = packed else { return None };
    let sound = method & 15 == 8 && (u16::from(method) * 256 + u16::from(flags)).is_multiple_of(31) && flags & 32 == 0;
    let mut bits = Bits { bytes: body, at: 0 };
    let mut out = Vec::with_capacity(length);
    let mut last = false;
    while sound && !last {
        last = bits.take(1)? == 1;
        match bits.take(2)? {
            0 => bits.stored(&mut out, length)?,
            1 => block(&mut bits, &mut out, length, &Codes::fixed(), &Codes::new(&[5; 30]))?,
            2 => {
                let (literals, distances) = tables(&mut bits)?;
                block(&mut bits, &mut out, length, &literals, &distances)?;
            }
            _ => return None,
        }
    }
    (last && out.len() == length).then_some(out)
}

/// Bits, the lowest of a byte first.
struct Bits<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Bits<'_> {
    fn bit(&mut self) -> Option<usize> {
        let byte = self.bytes.get(self.at / 8)?;
        let bit = byte >> (self.at % 8) & 1;
        self.at += 1;
        Some(usize::from(bit))
    }

    fn take(&mut self, count: u8) -> Option<usize> {
        (0..count).try_fold(0, |sum, place| Some(sum | self.bit()? << place))
    }

    /// A block that was not packed (section 3.2.4).
    fn stored(&mut self, out: &mut Vec<u8>, most: usize) -> Option<()> {
        self.at = self.at.div_ceil(8) * 8;
        let (length, check) = (self.take(16)?, self.take(16)?);
        let from = self.at / 8;
        let data = self.bytes.get(from..from + length).filter(|_| length ^ check == 0xffff)?;
        out.extend_from_slice(data);
        self.at += length * 8;
        (out.len() <= most).then_some(())
    }
}

/// A canonical code (section 3.2.2): how many words there are of each length, and what they stand for, in order.
struct Codes {
    counts: [usize; 16],
    symbols: Vec<usize>,
}

impl Codes {
    fn new(lengths: &[u8]) -> Self {
        let mut counts = [0; 16];
        let mut symbols = Vec::with_capacity(lengths.len());
        for (length, count) in (1_u8..).zip(counts.iter_mut().skip(1)) {
            let those = lengths.iter().enumerate().filter(|(_, other)| **other == length).map(|(symbol, _)| symbol);
            let before = symbols.len();
            symbols.extend(those);
            *count = symbols.len() - before;
        }
        Self { counts, symbols }
    }

    /// The code that every program knows (section 3.2.6).
    fn fixed() -> Self {
        let lengths = [[8_u8; 144].as_slice(), &[9; 112], &[7; 24], &[8; 8]].concat();
        Self::new(&lengths)
    }

    fn read(&self, bits: &mut Bits<'_>) -> Option<usize> {
        let (mut word, mut first, mut before) = (0_usize, 0_usize, 0_usize);
        for count in self.counts.iter().skip(1) {
            word |= bits.bit()?;
            if let Some(at) = word.checked_sub(first).filter(|at| at < count) {
                return self.symbols.get(before + at).copied();
            }
            before += count;
            first = (first + count) << 1;
            word <<= 1;
        }
        None
    }
}

/// The two codes of a block that brings its own (section 3.2.7).
fn tables(bits: &mut Bits<'_>) -> Option<(Codes, Codes)> {
    let (literals, distances, codes) = (bits.take(5)? + 257, bits.take(5)? + 1, bits.take(4)? + 4);
    let mut lengths = [0_u8; 19];
    for place in ORDER.iter().take(codes) {
        *lengths.get_mut(*place)? = u8::try_from(bits.take(3)?).ok()?;
    }
    let code = Codes::new(&lengths);
    let mut all: Vec<u8> = Vec::with_capacity(literals + distances);
    while all.len() < literals + distances {
        let (length, times) = match code.read(bits)? {
            16 => (*all.last()?, bits.take(2)? + 3),
            17 => (0, bits.take(3)? + 3),
            18 => (0, bits.take(7)? + 11),
            length => (u8::try_from(length).ok()?, 1),
        };
        all.extend(std::iter::repeat_n(length, times));
    }
    let (literals, distances) = Some(&all).filter(|all| all.len() == literals + distances)?.split_at(literals);
    Some((Codes::new(literals), Codes::new(distances)))
}

/// A packed block: literals, and pieces of what came before.
fn block(bits: &mut Bits<'_>, out: &mut Vec<u8>, most: usize, literals: &Codes, distances: &Codes) -> Option<()> {
    loop {
        match literals.read(bits)? {
            256 => return Some(()),
            symbol @ 0..=255 => out.push(u8::try_from(symbol).ok()?),
            symbol => {
                let (base, extra) = *LENGTHS.get(symbol - 257)?;
                let length = base + bits.take(extra)?;
                let (base, extra) = *DISTANCES.get(distances.read(bits)?)?;
                let from = out.len().checked_sub(base + bits.take(extra)?)?;
                for at in from..from + length {
                    out.push(*out.get(at)?);
                }
            }
        }
        if out.len() > most {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by zlib: stored, by the fixed code, and by a code of its own.
    #[test]
    fn each_kind_of_block_is_unpacked() {
        let stored = [0x78, 0x01, 0x01, 0x05, 0x00, 0xfa, 0xff, b'b', b'u', b't', b't', b'y', 0x06, 0x6f, 0x02, 0x30];
        assert_eq!(unpack(&stored, 5).as_deref(), Some(&b"butty"[..]));
        let fixed = [0x78, 0xda, 0x4b, 0x2a, 0x2d, 0x29, 0xa9, 0x54, 0x48, 0x42, 0x90, 0x00];
        assert_eq!(unpack(&fixed, 17).as_deref(), Some(&b"butty butty butty"[..]));
        assert_eq!(unpack(&fixed, 16), None, "longer than it may be");
        assert_eq!(unpack(&fixed, 18), None, "shorter");
        assert_eq!(unpack(&[0x78, 0x9d, 0x03, 0x00], 0), None, "no zlib");
        assert_eq!(unpack(&[], 0), None);
    }
}
