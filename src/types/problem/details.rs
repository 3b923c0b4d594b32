//! How far a connection had come, what is wrong with a certificate, what ended a sign-in.

use crate::types::Line;

/// How far a connection had come. Each stage that can end a connection has words of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Looking the name up.
    Lookup,
    /// Connected, nothing received yet.
    Accept,
    /// The stream header was sent, the server's was awaited.
    Header,
    /// A redirect had been given and its target was being opened.
    Redirect,
    /// TLS was being negotiated.
    Tls,
    /// Stream features were awaited.
    Features,
    /// Authentication had begun.
    Auth,
    /// Resource binding had begun.
    Bind,
    /// Signed in.
    Idle,
}

/// What is wrong with a certificate, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateFault {
    /// It names other hosts (at most four are kept).
    WrongName(Vec<Line>),
    /// It ran out; the day as `YYYY-MM-DD` when known.
    Expired(Option<Line>),
    /// Its first day is still to come.
    NotYetValid(Option<Line>),
    /// Nobody that this computer trusts has signed it.
    UnknownIssuer,
    /// Its issuer has withdrawn it.
    Revoked,
    /// It is malformed, wrongly signed or not meant for servers.
    Unusable,
}

/// What bounded a sign-in that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// The time that a consent holds at that service.
    Consent,
    /// It was for chatting alone: nothing was asked for that renews it.
    ChatOnly,
    /// To stay signed in was asked for, and not agreed to.
    Session,
}
