//! The first words to a proxy, as pure machines: SOCKS5 ([`socks5`]) and HTTP CONNECT ([`connect`]).
//!
//! Drive a [`Tunnel`]: do what [`Tunnel::poll`] says (send these bytes, read so many at most, or go on with the open
//! way), and hand in what was read. Names go to the proxy as they are: nothing is looked up here. Refused: answers
//! that are none, answers longer than they need be, and bytes behind the answer, which would be somebody's before
//! the server itself could speak.

pub mod connect;
pub mod socks5;

use crate::types::{Line, ProxyKind, Secret};
use connect::Connect;
use socks5::Socks5;

/// Why there is no way through.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It speaks something else.
    #[error("no answer of a proxy")]
    Rubbish,
    /// It wants a name and a password, and has none from us.
    #[error("a login is needed")]
    LoginNeeded,
    /// It does not accept ours.
    #[error("the login was refused")]
    LoginRefused,
    /// It may not or will not.
    #[error("refused: {0}")]
    Refused(Line),
    /// It cannot reach the target.
    #[error("no way: {0}")]
    NoWay(Line),
}

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Send all of this; it may hold a secret.
    Send(Secret<Vec<u8>>),
    /// Read at most this many bytes.
    Read(usize),
    /// The way is open.
    Open,
}

/// Who asks, where the proxy wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// 1 to 255 bytes.
    pub user: String,
    /// 1 to 255 bytes.
    pub password: Secret<String>,
}

/// The talk with a proxy about one connection.
#[derive(Debug)]
pub enum Tunnel {
    /// RFC 1928.
    Socks5(Socks5),
    /// RFC 9110 section 9.3.6.
    Connect(Connect),
}

impl Tunnel {
    /// A way to this place: a name in ASCII or an address without brackets, and a port.
    pub fn new(kind: ProxyKind, host: &str, port: u16, login: Option<Login>) -> Self {
        match kind {
            ProxyKind::Socks5 => Self::Socks5(Socks5::new(host, port, login)),
            ProxyKind::Http => Self::Connect(Connect::new(host, port, login)),
        }
    }

    /// What to do now.
    pub fn poll(&mut self) -> Next {
        match self {
            Self::Socks5(machine) => machine.poll(),
            Self::Connect(machine) => machine.poll(),
        }
    }

    /// Takes what was read.
    pub fn take(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        match self {
            Self::Socks5(machine) => machine.take(bytes),
            Self::Connect(machine) => machine.take(bytes),
        }
    }
}

#[cfg(test)]
mod tests;
