//! A proxy: where it is, who asks, and what goes around it.
//!
//! Written as a URL: `socks5://host:port`, `socks5h://…` (the same: names are always resolved there) or
//! `http://host:port` (CONNECT), with a name before an `@` where the proxy wants one. Refused: any other scheme, a
//! path, and, where the text lies in a file, a password.

use super::Secret;
use std::fmt;
use std::net::IpAddr;

/// Longest name or password that SOCKS5 can carry (RFC 1929 section 2).
const LONGEST: usize = 255;
/// Longest host name (RFC 1035 section 2.3.4).
const LONGEST_HOST: usize = 253;

/// What it speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyKind {
    /// RFC 1928.
    Socks5,
    /// CONNECT of HTTP/1.1 (RFC 9110 section 9.3.6).
    Http,
}

/// A proxy. `Debug` shows no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// What it speaks.
    pub kind: ProxyKind,
    /// A name in lower case, or an address without brackets.
    pub host: String,
    /// From 1.
    pub port: u16,
    /// Who asks.
    pub user: Option<String>,
    /// From the environment, where such URLs hold it.
    pub password: Option<Secret<String>>,
    /// First line of its output is the password. No shell.
    pub password_command: Vec<String>,
    /// `NO_PROXY`: what goes around it.
    pub around: Vec<String>,
}

/// Whether there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Proxying {
    /// Straight to the network.
    #[default]
    Direct,
    /// Everything through this one.
    Through(Box<Proxy>),
    /// One is set and nobody can tell which; why, in our words. Then nothing goes out: not around it either.
    Unknown(super::Line),
}

/// What is wrong with a text that should name a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyFault {
    /// Neither `socks5`, `socks5h` nor `http`.
    #[error("a proxy is socks5://host:port or http://host:port")]
    Scheme,
    /// No host and port that could be one.
    #[error("there is no host and port")]
    Address,
    /// A name or password that cannot be sent.
    #[error("name and password have at most 255 bytes and no control characters")]
    Login,
}

impl Proxy {
    /// Reads a URL.
    pub fn parse(text: &str) -> Result<Self, ProxyFault> {
        let (scheme, rest) = text.split_once("://").ok_or(ProxyFault::Scheme)?;
        let kind = match scheme.to_ascii_lowercase().as_str() {
            "socks5" | "socks5h" => ProxyKind::Socks5,
            "http" => ProxyKind::Http,
            _ => return Err(ProxyFault::Scheme),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (login, place) = rest.rsplit_once('@').map_or((None, rest), |(login, place)| (Some(login), place));
        let default = if kind == ProxyKind::Socks5 { 1080 } else { 80 };
        let (host, port) = host_and_port(place, default).ok_or(ProxyFault::Address)?;
        let (user, password) = match login {
            None => (None, None),
            Some(login) => match login.split_once(':') {
                Some((user, password)) => (Some(decoded(user)?), Some(Secret::new(decoded(password)?))),
                None => (Some(decoded(login)?), None),
            },
        };
        if user.as_ref().is_some_and(|user| kind == ProxyKind::Http && user.contains(':')) {
            return Err(ProxyFault::Login); // RFC 7617 section 2
        }
        Ok(Self { kind, host, port, user, password, password_command: Vec::new(), around: Vec::new() })
    }

    /// Reads a list as `NO_PROXY` has it: names with everything below them, addresses, networks, `*`.
    #[must_use]
    pub fn around(mut self, list: &str) -> Self {
        let entries = list.split([',', ' ']).map(str::trim).filter(|entry| !entry.is_empty());
        self.around = entries.map(str::to_ascii_lowercase).collect();
        self
    }

    /// True when this host is reached without the proxy.
    pub fn spares(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let address: Option<IpAddr> = host.parse().ok();
        self.around.iter().any(|entry| match address {
            _ if entry == "*" => true,
            Some(address) => within(address, entry),
            None => {
                let name = entry.trim_start_matches('*').trim_start_matches('.');
                let below = host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
                !name.is_empty() && below
            }
        })
    }
}

/// For showing: host and port, and nothing else.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

fn host_and_port(place: &str, default: u16) -> Option<(String, u16)> {
    let (host, port) = if let Some(rest) = place.strip_prefix('[') {
        let (inside, after) = rest.split_once(']')?;
        inside.parse::<std::net::Ipv6Addr>().ok()?;
        (inside, after)
    } else {
        let end = place.find(':').unwrap_or(place.len());
        let (name, after) = place.split_at_checked(end)?;
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
        if !plain || name.is_empty() || name.len() > LONGEST_HOST {
            return None;
        }
        (name, after)
    };
    let port = if port.is_empty() {
        default
    } else {
        let digits = port.strip_prefix(':')?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()?
    };
    (port != 0).then(|| (host.to_ascii_lowercase(), port))
}

/// Percent-decoding, once (RFC 3986 section 2.1).
fn decoded(text: &str) -> Result<String, ProxyFault> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
            let (high, low) =
                (digit(rest.next()).ok_or(ProxyFault::Login)?, digit(rest.next()).ok_or(ProxyFault::Login)?);
            bytes.push(u8::try_from(high * 16 + low).map_err(|_| ProxyFault::Login)?);
        } else {
            bytes.push(byte);
        }
    }
    let text = String::from_utf8(bytes).map_err(|_| ProxyFault::Login)?;
    let good = !text.is_empty() && text.len() <= LONGEST && !text.chars().any(char::is_control);
    good.then_some(text).ok_or(ProxyFault::Login)
}

/// An address, or `network/bits`.
fn within(address: IpAddr, entry: &str) -> bool {
    let (network, bits) = match entry.split_once('/') {
        Some((network, bits)) => (network, bits.parse::<u32>().ok()),
        None => (entry, Some(128)),
    };
    let (Ok(network), Some(bits)) = (network.trim_matches(['[', ']']).parse::<IpAddr>(), bits) else { return false };
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(bits)).unwrap_or(0);
            u32::from(address) & mask == u32::from(network) & mask
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(bits)).unwrap_or(0);
            u128::from(address) & mask == u128::from(network) & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_read_from_its_url() {
        let proxy = Proxy::parse("socks5h://anna:p%40ss%3A@Proxy.Example:1081/").unwrap();
        assert_eq!((proxy.kind, proxy.host.as_str(), proxy.port), (ProxyKind::Socks5, "proxy.example", 1081));
        assert_eq!((proxy.user.as_deref(), proxy.password.clone()), (Some("anna"), Some(Secret::from("p@ss:"))));
        assert_eq!(proxy.to_string(), "proxy.example:1081");
        assert!(!format!("{proxy:?}").contains("p@ss"));
        let proxy = Proxy::parse("http://[2001:DB8::1]").unwrap();
        assert_eq!((proxy.host.as_str(), proxy.port, proxy.user), ("2001:db8::1", 80, None));
        assert_eq!(Proxy::parse("socks5://127.0.0.1").unwrap().port, 1080);
    }

    #[test]
    fn what_names_no_proxy_is_refused() {
        for text in ["", "proxy:1080", "socks4://a:1", "https://a:1", "ftp://a", "//a:1"] {
            assert_eq!(Proxy::parse(text), Err(ProxyFault::Scheme), "{text}");
        }
        for text in [
            "http://",
            "http://:1",
            "http://a:0",
            "http://a:65536",
            "http://a:+1",
            "http://a:1/x",
            "http://a b:1",
            "http://[::1",
            "http://[x]:1",
            "http://a:1:2",
            "http://a:",
            "http://a?x",
            "http://b\u{fc}:1",
        ] {
            assert_eq!(Proxy::parse(text), Err(ProxyFault::Address), "{text}");
        }
        let long = format!("socks5://{}@a:1", "x".repeat(256));
        for text in
            ["socks5://@a:1", "socks5://a:@b:1", "http://a%3ab@c:1", "http://%zz@c:1", "http://%0d%0aX@c:1", &long]
        {
            assert_eq!(Proxy::parse(text), Err(ProxyFault::Login), "{text}");
        }
    }

    #[test]
    fn no_proxy_names_hosts_and_networks() {
        let proxy =
            Proxy::parse("http://a:1").unwrap().around("localhost, .Example.org,10.0.0.0/8 192.0.2.7,[::1],fe80::/10");
        for host in ["localhost", "example.org", "chat.example.org.", "10.9.8.7", "192.0.2.7", "::1", "fe80::5"] {
            assert!(proxy.spares(host), "{host}");
        }
        for host in ["example.com", "badexample.org", "11.0.0.1", "192.0.2.8", "::2", "org"] {
            assert!(!proxy.spares(host), "{host}");
        }
        assert!(proxy.clone().around("*").spares("anything") && !proxy.around("").spares("localhost"));
    }
}
