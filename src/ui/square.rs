//! The square of the device-code screen: a QR code in half blocks.
//!
//! Always dark on light in colours that themes do not remap (16 on 231), with a quiet zone of four modules, or two
//! where that is what fits. Without colour the light part is reverse video. It is never squeezed: what does not fit is
//! not drawn, and the words stand alone.

use super::paint::Paint;
use super::theme::Theme;
use qrcode::{EcLevel, QrCode};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

/// A code of modules; `true` is dark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Square {
    side: u16,
    dark: Vec<bool>,
}

impl Square {
    /// The code of an address; `None` when it is too long for one.
    pub fn of(address: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(address, EcLevel::L).ok()?;
        let side = u16::try_from(code.width()).ok()?;
        let dark = code.to_colors().into_iter().map(|color| color == qrcode::Color::Dark).collect();
        Some(Self { side, dark })
    }

    /// Columns and rows that it takes with this quiet zone. In ASCII a module is two blanks wide and one row high.
    pub fn size(&self, quiet: u16, ascii: bool) -> (u16, u16) {
        let side = self.side + 2 * quiet;
        if ascii { (2 * side, side) } else { (side, side.div_ceil(2)) }
    }

    /// The widest quiet zone with which it fits; `None`: not at all.
    pub fn quiet_zone(&self, columns: u16, rows: u16, ascii: bool) -> Option<u16> {
        [4, 2].into_iter().find(|quiet| {
            let (wide, high) = self.size(*quiet, ascii);
            wide <= columns && high <= rows
        })
    }

    /// Dark at this place, counted from the corner of the quiet zone.
    fn is_dark(&self, column: u16, row: u16, quiet: u16) -> bool {
        let (Some(x), Some(y)) = (column.checked_sub(quiet), row.checked_sub(quiet)) else { return false };
        let at = usize::from(y) * usize::from(self.side) + usize::from(x);
        x < self.side && y < self.side && self.dark.get(at).copied().unwrap_or(false)
    }

    /// Draws it with its corner at the rectangle's.
    pub fn draw(&self, rect: Rect, quiet: u16, invert: bool, paint: &mut Paint<'_>) {
        let theme = paint.theme;
        let (wide, high) = self.size(quiet, theme.ascii);
        for row in 0..high.min(rect.height) {
            for column in 0..wide.min(rect.width) {
                let (text, style) = self.cell(column, row, quiet, invert, theme);
                paint.raw(rect.x + column, rect.y + row, rect.right(), text, style);
            }
        }
    }

    fn cell(&self, column: u16, row: u16, quiet: u16, invert: bool, theme: Theme) -> (&'static str, Style) {
        if theme.ascii {
            let dark = self.is_dark(column / 2, row, quiet) != invert;
            return (" ", blank(dark, theme.mono));
        }
        let upper = self.is_dark(column, 2 * row, quiet);
        // An odd number of rows leaves half a row of quiet zone at the foot.
        let lower = self.is_dark(column, 2 * row + 1, quiet);
        let text = match (upper, lower) {
            (true, true) => "█",
            (true, false) => "▀",
            (false, true) => "▄",
            (false, false) => " ",
        };
        (text, ink(invert, theme.mono))
    }
}

/// Dark ink on light paper.
fn ink(invert: bool, mono: bool) -> Style {
    match (mono, invert) {
        (true, false) => Style::new().add_modifier(Modifier::REVERSED),
        (true, true) => Style::new(),
        (false, false) => Style::new().fg(Color::Indexed(16)).bg(Color::Indexed(231)),
        (false, true) => Style::new().fg(Color::Indexed(231)).bg(Color::Indexed(16)),
    }
}

/// A blank that is dark or light.
fn blank(dark: bool, mono: bool) -> Style {
    match (mono, dark) {
        (true, true) => Style::new(),
        (true, false) => Style::new().add_modifier(Modifier::REVERSED),
        (false, true) => Style::new().bg(Color::Indexed(16)),
        (false, false) => Style::new().bg(Color::Indexed(231)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::buffer::Buffer;

    const ADDRESS: &str = "https://id.example.org/device?user_code=WDJB-MJHT";

    #[test]
    fn forty_nine_bytes_need_thirty_three_columns() {
        let square = Square::of(ADDRESS).unwrap();
        assert_eq!(square.size(2, false), (33, 17));
        assert_eq!(square.quiet_zone(33, 17, false), Some(2));
        assert_eq!(square.quiet_zone(40, 20, false), Some(4));
        assert_eq!(square.quiet_zone(32, 17, false), None);
        assert!(Square::of(&"x".repeat(4000)).is_none());
    }

    #[test]
    fn colours_are_explicit_and_the_quiet_zone_is_light() {
        let square = Square::of(ADDRESS).unwrap();
        let area = Rect::new(0, 0, 33, 17);
        let mut buffer = Buffer::empty(area);
        square.draw(area, 2, false, &mut Paint::new(&mut buffer, Theme { ascii: false, mono: false }));
        let corner = &buffer[(0, 0)];
        assert_eq!((corner.symbol(), corner.fg, corner.bg), (" ", Color::Indexed(16), Color::Indexed(231)));
        let row: String = (2..9).map(|x| buffer[(x, 1)].symbol()).collect();
        assert_eq!(row, "█▀▀▀▀▀█", "the finder pattern");
    }

    #[test]
    fn half_blocks_and_blanks_draw_the_same_modules() {
        let square = Square::of(ADDRESS).unwrap();
        let mut halves = Buffer::empty(Rect::new(0, 0, 33, 17));
        square.draw(halves.area, 2, false, &mut Paint::new(&mut halves, Theme { ascii: false, mono: false }));
        let (wide, high) = square.size(2, true);
        let mut blanks = Buffer::empty(Rect::new(0, 0, wide, high));
        square.draw(blanks.area, 2, false, &mut Paint::new(&mut blanks, Theme { ascii: true, mono: false }));
        for row in 0..33 {
            for column in 0..33 {
                let half = halves[(column, row / 2)].symbol();
                let dark = if row % 2 == 0 { matches!(half, "█" | "▀") } else { matches!(half, "█" | "▄") };
                assert_eq!(blanks[(2 * column, row)].bg == Color::Indexed(16), dark, "{column},{row}");
            }
        }
    }
}
