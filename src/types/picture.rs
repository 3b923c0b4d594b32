//! A display picture, as small as a terminal shows it.
//!
//! Taken at this door: PNG (RFC 2083). Refused: everything else, what is larger than [`LONGEST`] or [`WIDEST`], and
//! what is cut off or spoilt. Nothing of the file stays but [`SIDE`] by [`SIDE`] points of colour.

mod png;

use std::fmt;

/// Most bytes of a file (ux 2.7).
pub const LONGEST: usize = 128 * 1024;
/// Most points in a row or a column.
pub const WIDEST: usize = 512;
/// Points in a row and in a column of what is kept.
pub const SIDE: usize = 16;

/// Red, green and blue.
pub type Colour = [u8; 3];

/// A picture of [`SIDE`] by [`SIDE`] points.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture(Vec<Colour>);

impl Picture {
    /// Reads a file; `None`: it is none that can be shown.
    pub fn read(file: &[u8]) -> Option<Self> {
        let image = png::read(file)?;
        Some(Self(shrunk(&image.points, image.width, SIDE, SIDE)))
    }

    /// Its points, row by row, for a place of so many columns and rows; at most [`SIDE`] each.
    pub fn points(&self, columns: usize, rows: usize) -> Vec<Colour> {
        shrunk(&self.0, SIDE, columns.clamp(1, SIDE), rows.clamp(1, SIDE))
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Picture")
    }
}

/// Each point the mean of those that it stands for. A picture smaller than the place is spread over it.
fn shrunk(points: &[Colour], width: usize, columns: usize, rows: usize) -> Vec<Colour> {
    let height = points.len().checked_div(width).unwrap_or(0);
    let span = |at: usize, of: usize, length: usize| {
        let from = at * length / of;
        from..((at + 1) * length / of).max(from + 1)
    };
    let mean = |column: usize, row: usize| {
        let mut sums = [0_u64; 4];
        for y in span(row, rows, height) {
            let line = points.get(y * width..).unwrap_or_default();
            for colour in span(column, columns, width).filter_map(|x| line.get(x)) {
                for (sum, part) in sums.iter_mut().zip(colour.iter().map(|part| u64::from(*part)).chain([1])) {
                    *sum += part;
                }
            }
        }
        let [red, green, blue, count] = sums;
        [red, green, blue].map(|sum| u8::try_from(sum / count.max(1)).unwrap_or(u8::MAX))
    };
    (0..rows).flat_map(|row| (0..columns).map(move |column| (column, row))).map(|(c, r)| mean(c, r)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANNA: &[u8] = include_bytes!("../../assets/demo/anna.png");

    #[test]
    fn a_picture_keeps_its_colours_in_their_places() {
        let picture = Picture::read(ANNA).unwrap();
        let six = picture.points(6, 6);
        assert_eq!(six.len(), 36);
        assert_eq!(six.first(), Some(&[70, 140, 200]), "the ground behind her");
        let face = six.get(3 * 6 + 2).unwrap();
        assert!(face[0] > 180 && face[0] > face[2], "{face:?}");
        assert_eq!(picture.points(1, 1).len(), 1);
        assert_eq!(picture.points(99, 99).len(), SIDE * SIDE);
        assert_eq!(format!("{picture:?}"), "Picture");
    }

    #[test]
    fn what_is_cut_off_or_spoilt_is_none_and_never_a_panic() {
        for end in 0..ANNA.len() - 12 {
            assert_eq!(Picture::read(&ANNA[..end]), None, "{end}");
        }
        for at in 0..ANNA.len() {
            for bit in 0..8 {
                let mut spoilt = ANNA.to_vec();
                spoilt[at] ^= 1 << bit;
                drop(Picture::read(&spoilt));
            }
        }
        assert_eq!(Picture::read(&[0xff, 0xd8, 0xff, 0xe0]), None, "no JPEG");
        assert_eq!(Picture::read(&[ANNA, &vec![0; LONGEST]].concat()), None, "too long");
    }
}
