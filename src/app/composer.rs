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
}
