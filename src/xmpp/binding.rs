//! Channel bindings: what ties a sign-in to the TLS connection that carries it (RFC 5056).
//!
//! The hand that made the connection also makes the [`Bindings`] from it and gives them along with its proof. They are
//! no secrets, for they are sent, but a log that shows them helps nobody: `Debug` names the types alone.

use std::fmt;

/// A type of channel binding, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BindingType {
    /// `tls-exporter` (RFC 9266): this very connection.
    Exporter,
    /// `tls-server-end-point` (RFC 5929 section 4): the server's certificate.
    EndPoint,
}

impl BindingType {
    /// All, strongest first.
    pub const ALL: [Self; 2] = [Self::Exporter, Self::EndPoint];

    /// The registered name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exporter => "tls-exporter",
            Self::EndPoint => "tls-server-end-point",
        }
    }
}

/// What one TLS connection can be told by.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Bindings {
    /// `tls-exporter`: 32 bytes; `None` where the TLS version does not make them unique.
    pub exporter: Option<[u8; 32]>,
    /// `tls-server-end-point`: the hash of the server's certificate; `None` where RFC 5929 defines none.
    pub end_point: Option<Vec<u8>>,
}

impl Bindings {
    /// The data of a type.
    pub fn get(&self, kind: BindingType) -> Option<&[u8]> {
        match kind {
            BindingType::Exporter => self.exporter.as_ref().map(<[u8; 32]>::as_slice),
            BindingType::EndPoint => self.end_point.as_deref(),
        }
    }

    /// True when there is no way to bind.
    pub fn is_empty(&self) -> bool {
        self.exporter.is_none() && self.end_point.is_none()
    }
}

impl fmt::Debug for Bindings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let present = BindingType::ALL.into_iter().filter(|kind| self.get(*kind).is_some());
        f.debug_set().entries(present.map(BindingType::name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_names_the_types_alone() {
        let bindings = Bindings { exporter: Some([7; 32]), end_point: None };
        assert_eq!(format!("{bindings:?}"), "{\"tls-exporter\"}");
        assert_eq!(bindings.get(BindingType::Exporter), Some(&[7; 32][..]));
        assert!(!bindings.is_empty() && Bindings::default().is_empty());
    }
}
