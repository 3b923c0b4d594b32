//! Why a stream can be read no further.

/// A fault in the bytes of the other side. It ends the stream, for after it nothing that follows can be trusted to mean
/// what it seems to; but for a whole element that is too much ([`XmlError::is_excess`]), where the limits say so. The
/// words inside are for logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// The bytes break XML 1.0.
    #[error("not well-formed: {0}")]
    NotWellFormed(&'static str),
    /// XML that RFC 6120 section 11.1 forbids: a comment, a DTD, a processing instruction, an entity.
    #[error("restricted XML: {0}")]
    Restricted(&'static str),
    /// Text other than white space between two top-level elements.
    #[error("text between stanzas")]
    TextBetween,
    /// A header or top-level element above [`Limits::unit`](super::Limits::unit).
    #[error("more bytes in one element than allowed")]
    TooLarge,
    /// Nesting below [`Limits::depth`](super::Limits::depth).
    #[error("elements nested too deep")]
    TooDeep,
    /// More elements, attributes or namespace declarations than allowed.
    #[error("too many {0}")]
    TooMany(&'static str),
    /// Bytes that are not UTF-8, or a declaration that names another encoding.
    #[error("not UTF-8")]
    BadEncoding,
    /// A prefix that is not declared, or a declaration that Namespaces in XML 1.0 forbids.
    #[error("bad namespace: {0}")]
    Namespace(&'static str),
}

impl XmlError {
    /// It is about one element, and where that ends is known.
    pub fn is_excess(&self) -> bool {
        matches!(self, Self::TooDeep | Self::TooMany(_) | Self::Namespace(_))
    }

    /// The stream error to answer with (RFC 6120 section 4.9.3).
    pub fn condition(&self) -> &'static str {
        match self {
            Self::NotWellFormed(_) => "not-well-formed",
            Self::Restricted(_) => "restricted-xml",
            Self::TextBetween => "bad-format",
            Self::TooLarge | Self::TooDeep | Self::TooMany(_) => "policy-violation",
            Self::BadEncoding => "unsupported-encoding",
            Self::Namespace(_) => "bad-namespace-prefix",
        }
    }
}
