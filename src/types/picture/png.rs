//! PNG as rows of colours. The reading is done by a library that is fuzzed; limits and the mixing are ours.

use super::{Colour, LONGEST, WIDEST};
use png::{ColorType, Decoder, Limits, Transformations};
use std::io::Cursor;

/// What shines through where the picture does not cover.
const PAPER: u8 = 255;
/// Most memory that reading may take beside the points: tables, and rows while they are unpacked.
const MEMORY: usize = 1 << 20;

/// Its points, row by row.
pub(super) struct Image {
    pub(super) width: usize,
    pub(super) points: Vec<Colour>,
}

/// Reads a file.
pub(super) fn read(file: &[u8]) -> Option<Image> {
    let file = Some(file).filter(|file| file.len() <= LONGEST)?;
    let mut decoder = Decoder::new_with_limits(Cursor::new(file), Limits { bytes: MEMORY });
    // Eight bits a sample, and no palette.
    decoder.set_transformations(Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().ok()?;
    let side = |length: u32| usize::try_from(length).ok().filter(|side| (1..=WIDEST).contains(side));
    let (width, _) = side(reader.info().width).zip(side(reader.info().height))?;
    let mut bytes = vec![0; reader.output_buffer_size()?];
    let frame = reader.next_frame(&mut bytes).ok()?;
    let bytes = bytes.get(..frame.buffer_size())?;
    let points = bytes.chunks_exact(frame.color_type.samples()).map(|point| colour(frame.color_type, point));
    Some(Image { width, points: points.collect::<Option<_>>()? })
}

fn colour(kind: ColorType, point: &[u8]) -> Option<Colour> {
    Some(match (kind, point) {
        (ColorType::Grayscale, &[grey]) => [grey; 3],
        (ColorType::GrayscaleAlpha, &[grey, alpha]) => [over(grey, alpha); 3],
        (ColorType::Rgb, &[red, green, blue]) => [red, green, blue],
        (ColorType::Rgba, &[red, green, blue, alpha]) => [red, green, blue].map(|part| over(part, alpha)),
        _ => return None,
    })
}

/// A part of a colour over the paper.
fn over(part: u8, alpha: u8) -> u8 {
    let mixed = u16::from(part) * u16::from(alpha) + u16::from(PAPER) * u16::from(u8::MAX - alpha);
    u8::try_from(mixed / 255).unwrap_or(PAPER)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(kind: ColorType, palette: Option<&[u8]>, sides: (u32, u32), bytes: &[u8]) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, sides.0, sides.1);
        encoder.set_color(kind);
        if let Some(palette) = palette {
            encoder.set_palette(palette.to_vec());
        }
        encoder.write_header().unwrap().write_image_data(bytes).unwrap();
        file
    }

    #[test]
    fn every_kind_of_points_is_read_and_what_shines_through_is_paper() {
        for (kind, palette, bytes, expected) in [
            (ColorType::Grayscale, None, &[0, 99][..], [[0; 3], [99; 3]]),
            (ColorType::GrayscaleAlpha, None, &[0, 0, 9, 255][..], [[255; 3], [9; 3]]),
            (ColorType::Rgb, None, &[1, 2, 3, 4, 5, 6][..], [[1, 2, 3], [4, 5, 6]]),
            (ColorType::Rgba, None, &[1, 2, 3, 255, 0, 0, 0, 127][..], [[1, 2, 3], [128; 3]]),
            (ColorType::Indexed, Some(&[7, 8, 9, 1, 1, 1][..]), &[1, 0][..], [[1; 3], [7, 8, 9]]),
        ] {
            let image = read(&written(kind, palette, (2, 1), bytes)).unwrap();
            assert_eq!((image.width, &image.points[..]), (2, &expected[..]), "{kind:?}");
        }
    }

    #[test]
    fn more_points_than_the_limit_are_not_unpacked() {
        let side = u32::try_from(WIDEST).unwrap();
        for (sides, taken) in [((side, 1), true), ((1, side), true), ((side + 1, 1), false), ((1, side + 1), false)] {
            let bytes = vec![0; (sides.0 * sides.1) as usize];
            assert_eq!(read(&written(ColorType::Grayscale, None, sides, &bytes)).is_some(), taken, "{sides:?}");
        }
    }
}
