//! The editor.

/// Text being written, with a cursor. Serves the composer and every one-line field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Composer {
    text: String,
}

impl Composer {
    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Replaces the text.
    pub fn set_text(&mut self, text: &str) {
        text.clone_into(&mut self.text);
    }

    /// Puts the cursor where a click was.
    pub fn click(&mut self, _row: usize, _column: usize, _width: u16) {}
}
