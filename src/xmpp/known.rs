//! What earlier sign-ins saw of an account's server, and what outlives a restart of the program.
//!
//! [`Known`] goes into a session as `SignIn::known` and comes out again as `Event::Learned` whenever it grew; whoever
//! drives the session keeps it in between. Its text is JSON and read tolerantly: each field for itself, so that one
//! that is junk, or of a later version, costs only itself. No secret stands in it.

use super::Entrance;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Facts about the server of one account. They are believed because they came through verified TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Known {
    /// The strongest mechanism for a password that was ever on offer and could be used: the pin. Its name says whether
    /// the channel was bound (`-PLUS`). An offer below it is refused.
    pub strongest: Option<String>,
    /// The server lists `-PLUS` but announced no type of channel binding (XEP-0440), and did not take the one we
    /// guessed: it is not guessed again.
    pub guess_refused: bool,
    /// What the server offered last, so that a sign-in can be written before it says so again.
    pub entrance: Option<Entrance>,
    /// So many times in a row it did not understand that.
    pub stumbles: u8,
    /// The address that was bound last.
    pub address: Option<String>,
    /// What this installation is called by (XEP-0388 section 2.3): a UUID.
    pub installation: Option<String>,
}

impl Known {
    /// The text that is kept.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a kept text back; what cannot be read is unknown.
    pub fn from_text(text: &str) -> Self {
        let fields: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
        Self {
            strongest: field(&fields, "strongest"),
            guess_refused: field(&fields, "guess_refused"),
            entrance: field(&fields, "entrance"),
            stumbles: field(&fields, "stumbles"),
            address: field(&fields, "address"),
            installation: field(&fields, "installation"),
        }
    }
}

/// One field, or its default.
fn field<T: DeserializeOwned + Default>(fields: &Map<String, Value>, name: &str) -> T {
    fields.get(name).and_then(|value| serde_json::from_value(value.clone()).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_survives_its_text() {
        let known = Known { strongest: Some("SCRAM-SHA-256-PLUS".to_owned()), guess_refused: true, ..Known::default() };
        assert_eq!(Known::from_text(&known.to_text()), known);
        assert_eq!(Known::from_text(&Known::default().to_text()), Known::default());
    }

    #[test]
    fn a_field_that_is_junk_costs_only_itself() {
        let text = r#"{"strongest":"SCRAM-SHA-1","guess_refused":"maybe","of_a_later_version":[1]}"#;
        let known = Known { strongest: Some("SCRAM-SHA-1".to_owned()), guess_refused: false, ..Known::default() };
        assert_eq!(Known::from_text(text), known);
        for junk in ["", "null", "[]", "{", "\u{0}", "{\"strongest\":7}"] {
            assert_eq!(Known::from_text(junk), Known::default(), "{junk}");
        }
    }
}
