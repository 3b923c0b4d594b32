//! Addresses (RFC 7622), parsed once at the door and compared normalised.
//!
//! The profiles come from the `jid` crate. A local part may be opaque: a Messenger-style service hands out
//! identifiers, so nothing here is ever shown where a name is known.

use std::fmt;

/// Why an address was refused. The text of it stays with the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an XMPP address")]
pub struct JidError;

/// The domain part alone: what the stream header names and the certificate must prove.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Domain(String);

impl Domain {
    /// Parses and normalises a domain, such as `example.org`.
    pub fn parse(text: &str) -> Result<Self, JidError> {
        let bare = prepared(text.trim_end_matches('.'), jid::BareJid::new, |jid| jid.as_str())?;
        if bare.node().is_some() {
            return Err(JidError);
        }
        Ok(Self(host(bare.domain())?.to_owned()))
    }

    /// The normalised text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `local@domain`, or a domain alone (RFC 7622 section 3.1). The local part is what roster and history are keyed by.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BareJid(jid::BareJid);

impl BareJid {
    /// Parses and normalises; a resource is an error.
    pub fn parse(text: &str) -> Result<Self, JidError> {
        let jid = prepared(text, jid::BareJid::new, |jid| jid.as_str())?;
        host(jid.domain())?;
        Ok(Self(jid))
    }

    /// The normalised text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The part before the `@`, if any.
    pub fn local(&self) -> Option<&str> {
        self.0.node().map(jid::NodeRef::as_str)
    }

    /// The part after the `@`.
    pub fn domain(&self) -> Domain {
        Domain(self.0.domain().as_str().to_owned())
    }
}

/// `local@domain/resource`: one connected device.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FullJid(jid::FullJid);

impl FullJid {
    /// Parses and normalises; a missing resource is an error.
    pub fn parse(text: &str) -> Result<Self, JidError> {
        let jid = prepared(text, jid::FullJid::new, |jid| jid.as_str())?;
        host(jid.domain())?;
        Ok(Self(jid))
    }

    /// The normalised text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The address without the resource.
    pub fn bare(&self) -> BareJid {
        BareJid(self.0.to_bare())
    }

    /// The part after the `/`. Chosen by others: clean it before it is shown.
    pub fn resource(&self) -> &str {
        self.0.resource().as_str()
    }
}

/// Either form, as it arrives in `from`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Jid {
    /// Without a resource.
    Bare(BareJid),
    /// With one.
    Full(FullJid),
}

impl Jid {
    /// Parses and normalises.
    pub fn parse(text: &str) -> Result<Self, JidError> {
        let jid = prepared(text, jid::Jid::new, |jid| jid.as_str())?;
        host(jid.domain())?;
        match jid.try_into_full() {
            Ok(full) => Ok(Self::Full(FullJid(full))),
            Err(bare) => Ok(Self::Bare(BareJid(bare))),
        }
    }

    /// The address without a resource.
    pub fn bare(&self) -> BareJid {
        match self {
            Self::Bare(bare) => bare.clone(),
            Self::Full(full) => full.bare(),
        }
    }

    /// The resource, if there is one.
    pub fn resource(&self) -> Option<&str> {
        match self {
            Self::Bare(_) => None,
            Self::Full(full) => Some(full.resource()),
        }
    }

    /// The normalised text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Bare(bare) => bare.as_str(),
            Self::Full(full) => full.as_str(),
        }
    }
}

/// So often an address is prepared before it is given up.
const PREPARED: usize = 4;

/// Prepared until nothing changes any more. Once is not enough for all of them: U+03F9 is younger than the tables that
/// fold capitals, and what makes one form of all then makes a capital of it. Two spellings of one address would be two.
fn prepared<J: PartialEq>(
    text: &str,
    prepare: impl Fn(&str) -> Result<J, jid::Error>,
    as_text: impl Fn(&J) -> &str,
) -> Result<J, JidError> {
    let mut found = prepare(text).map_err(|_| JidError)?;
    for _ in 0..PREPARED {
        if as_text(&found).is_ascii() {
            return Ok(found);
        }
        let again = prepare(as_text(&found)).map_err(|_| JidError)?;
        if again == found {
            return Ok(found);
        }
        found = again;
    }
    Err(JidError)
}

/// A name or a number of a host (RFC 7622 section 3.2.1). The crate takes quotes and other marks in it too, which no
/// host has, and which would look like the end of something wherever an address is quoted.
fn host(domain: &jid::DomainRef) -> Result<&str, JidError> {
    let fits = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '[' | ']' | ':');
    let domain = domain.as_str();
    if domain.chars().all(fits) { Ok(domain) } else { Err(JidError) }
}

impl From<BareJid> for Jid {
    fn from(bare: BareJid) -> Self {
        Self::Bare(bare)
    }
}

impl From<FullJid> for Jid {
    fn from(full: FullJid) -> Self {
        Self::Full(full)
    }
}

macro_rules! shown_as_text {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )*};
}
shown_as_text!(Domain, BareJid, FullJid, Jid);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_normalised_once() {
        assert_eq!(BareJid::parse("Juliet@Example.ORG").unwrap().as_str(), "juliet@example.org");
        assert_eq!(Jid::parse("a@b/Balcony").unwrap().resource(), Some("Balcony"));
        assert_eq!(Domain::parse("Messenger.Live.Com.").unwrap().as_str(), "messenger.live.com");
    }

    #[test]
    fn what_is_in_normal_form_stays_as_it_is() {
        // Capitals that are younger than stringprep's tables.
        for text in ["\u{3F9}i\u{4C4}\u{D6}", "\u{3F9}a@b.test/x", "a@\u{3F9}.test"] {
            let once = Jid::parse(text).unwrap();
            assert!(once.as_str().contains('\u{3C3}'), "{once:?}");
            assert_eq!(Jid::parse(once.as_str()), Ok(once));
        }
        assert_eq!(Domain::parse("\u{3F9}.test"), Domain::parse("\u{3C3}.test"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "@b", "a@", "a@b/", "a b@c", "a@b'c", "a@b<c/d", "a@b c"] {
            assert!(Jid::parse(text).is_err(), "{text:?}");
        }
        assert!(Domain::parse("a@b").is_err() && Domain::parse("b\"c").is_err());
        assert!(BareJid::parse("a@b/c").is_err());
        assert!(FullJid::parse("a@b").is_err());
    }
}
