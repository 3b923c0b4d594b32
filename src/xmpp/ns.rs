//! The namespaces of RFC 6120 and 6121, each once, alphabetical. An extension's stands in its own file in `ext`.

/// Resource binding (RFC 6120 section 7).
pub const BIND: &str = "urn:ietf:params:xml:ns:xmpp-bind";
/// Announced types of channel binding (XEP-0440).
pub const CHANNEL_BINDING: &str = "urn:xmpp:sasl-cb:0";
/// Stanzas between client and server (RFC 6120 section 4.8.2).
pub const CLIENT: &str = "jabber:client";
/// Roster versions as a stream feature (RFC 6121 section 2.6.1).
pub const ROSTER_VERSIONS: &str = "urn:xmpp:features:rosterver";
/// SASL (RFC 6120 section 6).
pub const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
/// The Extensible SASL Profile (XEP-0388).
pub const SASL2: &str = "urn:xmpp:sasl:2";
/// The session of RFC 3921 section 3, which some old servers still insist on.
pub const SESSION: &str = "urn:ietf:params:xml:ns:xmpp-session";
/// Conditions of stanza errors (RFC 6120 section 8.3).
pub const STANZAS: &str = "urn:ietf:params:xml:ns:xmpp-stanzas";
/// Header, features and errors of the stream itself (RFC 6120 section 4.8.1).
pub const STREAM: &str = "http://etherx.jabber.org/streams";
/// Conditions of stream errors (RFC 6120 section 4.9).
pub const STREAMS: &str = "urn:ietf:params:xml:ns:xmpp-streams";
/// STARTTLS (RFC 6120 section 5).
pub const TLS: &str = "urn:ietf:params:xml:ns:xmpp-tls";
