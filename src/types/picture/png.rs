//! PNG, as far as display pictures need it. Sums are not checked: TLS brought the file, and no point of it is trusted.

use super::inflate;
use super::{Colour, LONGEST, WIDEST};

/// What every file begins with.
const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// What shines through where the picture does not cover.
const PAPER: u8 = 255;

/// Its points, row by row.
pub(super) struct Image {
    pub(super) width: usize,
    pub(super) points: Vec<Colour>,
}

/// What the header says.
struct Head {
    width: usize,
    height: usize,
    kind: Kind,
}

/// What one point is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Grey,
    Rgb,
    Palette,
    GreyAlpha,
    Rgba,
}

impl Kind {
    fn bytes(self) -> usize {
        match self {
            Self::Grey | Self::Palette => 1,
            Self::GreyAlpha => 2,
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }

    fn colour(self, point: &[u8], palette: &[u8]) -> Option<Colour> {
        Some(match (self, point) {
            (Self::Grey, &[grey]) => [grey; 3],
            (Self::GreyAlpha, &[grey, alpha]) => [over(grey, alpha); 3],
            (Self::Rgb, &[red, green, blue]) => [red, green, blue],
            (Self::Rgba, &[red, green, blue, alpha]) => [red, green, blue].map(|part| over(part, alpha)),
            (Self::Palette, &[at]) => palette.get(usize::from(at) * 3..)?.first_chunk().copied()?,
            _ => return None,
        })
    }
}

/// A part of a colour over the paper.
fn over(part: u8, alpha: u8) -> u8 {
    let mixed = u16::from(part) * u16::from(alpha) + u16::from(PAPER) * u16::from(u8::MAX - alpha);
    u8::try_from(mixed / 255).unwrap_or(PAPER)
}

/// Reads a file.
pub(super) fn read(file: &[u8]) -> Option<Image> {
    let mut rest = file.strip_prefix(SIGNATURE).filter(|_| file.len() <= LONGEST)?;
    let (mut head, mut palette, mut packed) = (None, Vec::new(), Vec::new());
    let head = loop {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (name, after) = after.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (data, after) = after.split_at_checked(length)?;
        rest = after.get(4..)?; // the sum
        match name {
            b"IHDR" => head = Some(read_head(data)?),
            b"PLTE" => palette = data.to_vec(),
            b"IDAT" => packed.extend_from_slice(data),
            b"IEND" => break head?,
            _ => {}
        }
    };
    let wide = head.width * head.kind.bytes();
    let raw = inflate::unpack(&packed, (wide + 1) * head.height)?;
    let bytes = unfiltered(&raw, wide, head.kind.bytes())?;
    let points = bytes.chunks(head.kind.bytes()).map(|point| head.kind.colour(point, &palette));
    Some(Image { width: head.width, points: points.collect::<Option<_>>()? })
}

fn read_head(data: &[u8]) -> Option<Head> {
    let (width, rest) = data.split_first_chunk::<4>()?;
    let (height, rest) = rest.split_first_chunk::<4>()?;
    let side = |bytes: &[u8; 4]| {
        let side = usize::try_from(u32::from_be_bytes(*bytes)).ok()?;
        (1..=WIDEST).contains(&side).then_some(side)
    };
    // Eight bits, and the only ways there are to pack and to filter; no interlacing.
    let &[8, kind, 0, 0, 0] = rest else { return None };
    let kind = match kind {
        0 => Kind::Grey,
        2 => Kind::Rgb,
        3 => Kind::Palette,
        4 => Kind::GreyAlpha,
        6 => Kind::Rgba,
        _ => return None,
    };
    Some(Head { width: side(width)?, height: side(height)?, kind })
}

/// Takes the filters of RFC 2083 section 6 off. `step`: bytes of a point.
fn unfiltered(raw: &[u8], wide: usize, step: usize) -> Option<Vec<u8>> {
    let mut above = vec![0_u8; wide];
    let mut all = Vec::with_capacity(raw.len());
    for line in raw.chunks_exact(wide + 1) {
        let (filter, line) = line.split_first()?;
        let mut here: Vec<u8> = Vec::with_capacity(wide);
        for (at, byte) in line.iter().enumerate() {
            let before = |line: &[u8]| at.checked_sub(step).and_then(|at| line.get(at).copied()).unwrap_or(0);
            let (left, up, corner) = (before(&here), above.get(at).copied()?, before(&above));
            let guess = match filter {
                0 => 0,
                1 => left,
                2 => up,
                3 => u8::midpoint(left, up),
                4 => paeth(left, up, corner),
                _ => return None,
            };
            here.push(byte.wrapping_add(guess));
        }
        all.extend_from_slice(&here);
        above = here;
    }
    Some(all)
}

/// The neighbour that is nearest to what the three of them foretell (section 6.6).
fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let foretold = i16::from(left) + i16::from(up) - i16::from(corner);
    let far = |part: u8| (foretold - i16::from(part)).abs();
    [left, up, corner].into_iter().min_by_key(|part| far(*part)).unwrap_or(0)
}
