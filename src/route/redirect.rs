//! See-other-host (RFC 6120 section 4.9.3.19): what the text means and whether to follow it.
//!
//! A redirect names a place, never an identity: nothing in here becomes part of an address or of the stream's
//! `to`, and the certificate is still checked for the account's domain. Refused: text that is no host, the sixth
//! redirect, a place visited before, and a public server that points into a private network.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// Redirects that one try may follow. The RFC wants at least 2 and at most 5.
const MOST: usize = 5;
/// Longest host name (RFC 1035 section 2.3.4).
const LONGEST_HOST: usize = 253;

/// Where a redirect points.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// A name in lower case, or an address without brackets.
    pub host: String,
    /// As given; `None`: look the name up, else 5222.
    pub port: Option<u16>,
}

impl Target {
    /// The address, where the host is one.
    pub fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bracketed = self.host.contains(':');
        match (bracketed, self.port) {
            (true, Some(port)) => write!(f, "[{}]:{port}", self.host),
            (true, None) => write!(f, "[{}]", self.host),
            (false, Some(port)) => write!(f, "{}:{port}", self.host),
            (false, None) => f.write_str(&self.host),
        }
    }
}

/// Why a redirect is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No usable host in it.
    #[error("no usable host")]
    Unreadable,
    /// One more than allowed, or back to a place already visited.
    #[error("too many redirects or a loop")]
    Loop,
}

/// Reads `host`, `host:port`, `[v6]`, `[v6]:port` and a bare IPv6 address.
pub fn parse(text: &str) -> Result<Target, Refusal> {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix('[') {
        let (inside, after) = rest.split_once(']').ok_or(Refusal::Unreadable)?;
        let address: Ipv6Addr = inside.parse().map_err(|_| Refusal::Unreadable)?;
        let port = match after {
            "" => None,
            _ => Some(port(after.strip_prefix(':').ok_or(Refusal::Unreadable)?)?),
        };
        return Ok(Target { host: address.to_string(), port });
    }
    if let Ok(address) = text.parse::<Ipv6Addr>() {
        return Ok(Target { host: address.to_string(), port: None });
    }
    let (name, port) = match text.split_once(':') {
        Some((name, digits)) => (name, Some(port(digits)?)),
        None => (text, None),
    };
    Ok(Target { host: host(name)?, port })
}

/// A port of 1 to 65535, digits only.
fn port(text: &str) -> Result<u16, Refusal> {
    let digits = !text.is_empty() && text.len() <= 5 && text.bytes().all(|b| b.is_ascii_digit());
    let port = digits.then(|| text.parse::<u16>().ok()).flatten();
    port.filter(|port| *port != 0).ok_or(Refusal::Unreadable)
}

/// A host name in lower case, in ASCII form, without its last dot; or an IPv4 address.
fn host(text: &str) -> Result<String, Refusal> {
    if text.parse::<std::net::Ipv4Addr>().is_ok() {
        return Ok(text.to_owned());
    }
    let name = text.strip_suffix('.').unwrap_or(text);
    let plain = !name.is_empty()
        && name.len() <= LONGEST_HOST
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
    let labels = name.split('.').all(|label| !label.is_empty() && label.len() <= 63);
    if !plain || !labels {
        return Err(Refusal::Unreadable);
    }
    match url::Host::parse(name) {
        Ok(url::Host::Domain(ascii)) if ascii.len() <= LONGEST_HOST => Ok(ascii),
        // `1.2` and `0x7f.1` are addresses to a browser; here they are junk.
        _ => Err(Refusal::Unreadable),
    }
}

/// The places that one try has visited.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    visited: Vec<Target>,
}

impl Trail {
    /// Reads a redirect and says where to go. `from` is the place that sent it, so that A → B → A is seen.
    pub fn follow(&mut self, from: Target, text: &str) -> Result<Target, Refusal> {
        let target = parse(text)?;
        if self.visited.is_empty() {
            self.visited.push(from);
        }
        if self.visited.len() > MOST || self.visited.iter().any(|place| same(place, &target)) {
            return Err(Refusal::Loop);
        }
        self.visited.push(target.clone());
        Ok(target)
    }
}

fn same(left: &Target, right: &Target) -> bool {
    left.host == right.host && left.port.unwrap_or(5222) == right.port.unwrap_or(5222)
}

/// True for addresses that only mean something on this computer or in this network: loopback, private,
/// link-local, shared (RFC 6598), unspecified, multicast, and their IPv6 kin, also when written as mapped IPv4.
pub fn is_local(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_loopback()
                || v4.is_private()
                || v4.is_link_local()
                || v4.is_multicast()
                || v4.is_broadcast()
                || a == 0
                || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(host: &str, port: Option<u16>) -> Target {
        Target { host: host.to_owned(), port }
    }

    #[test]
    fn row_000_08_every_written_form_is_read() {
        for (text, host, port) in [
            ("BAYMSG1020127.gateway.edge.messenger.live.com", "baymsg1020127.gateway.edge.messenger.live.com", None),
            ("gw.example:5269", "gw.example", Some(5269)),
            (" gw.example.:1 ", "gw.example", Some(1)),
            ("127.0.0.13:15222", "127.0.0.13", Some(15222)),
            ("[::1]:15222", "::1", Some(15222)),
            ("[2001:DB8::1]", "2001:db8::1", None),
            ("2001:db8::1", "2001:db8::1", None),
            ("münchen.example", "xn--mnchen-3ya.example", None),
        ] {
            assert_eq!(parse(text), Ok(target(host, port)), "{text}");
        }
    }

    #[test]
    fn row_000_08_junk_is_refused() {
        let long = format!("{}.example", "a".repeat(64));
        for text in [
            "",
            " ",
            ":5222",
            "a b",
            "a:",
            "a:0",
            "a:65536",
            "a:+1",
            "a:1:2",
            "[::1",
            "[::1]5222",
            "[::1]:",
            "[gw]:1",
            "a..b",
            ".",
            "a/b",
            "a@b",
            "user@host:1",
            "https://a",
            "a\u{0}",
            "a\u{202e}b",
            "0x7f.1",
            "1.2",
            "256.1.1.1",
            "[fe80::1%eth0]:1",
            &long,
            &"a.".repeat(200),
        ] {
            assert_eq!(parse(text), Err(Refusal::Unreadable), "{text:?}");
        }
    }

    #[test]
    fn five_are_followed_and_the_sixth_is_not() {
        let mut trail = Trail::default();
        for hop in 1..=5 {
            trail.follow(target("example.org", None), &format!("h{hop}.example")).unwrap();
        }
        assert_eq!(trail.visited.len(), 6, "where it began, and five");
        assert_eq!(trail.follow(target("h5.example", None), "h6.example"), Err(Refusal::Loop));
    }

    #[test]
    fn a_loop_is_seen_whatever_its_spelling() {
        let mut trail = Trail::default();
        trail.follow(target("a.example", None), "b.example:5222").unwrap();
        assert_eq!(trail.follow(target("b.example", Some(5222)), "A.example."), Err(Refusal::Loop));
        assert_eq!(trail.follow(target("b.example", Some(5222)), "B.example"), Err(Refusal::Loop));
        assert!(trail.follow(target("b.example", Some(5222)), "a.example:5223").is_ok());
    }

    #[test]
    fn a_server_that_points_at_itself_is_a_loop() {
        let mut trail = Trail::default();
        assert_eq!(trail.follow(target("127.0.0.14", Some(15222)), "127.0.0.14:15222"), Err(Refusal::Loop));
    }

    #[test]
    fn inward_addresses_are_known() {
        for text in
            ["127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1"]
        {
            assert!(is_local(text.parse().unwrap()), "{text}");
        }
        for text in ["::ffff:127.0.0.1", "fe80::1", "fd00::1", "::", "224.0.0.1", "ff02::1"] {
            assert!(is_local(text.parse().unwrap()), "{text}");
        }
        for text in ["192.0.2.1", "2001:db8::1", "8.8.8.8", "172.32.0.1", "100.128.0.1"] {
            assert!(!is_local(text.parse().unwrap()), "{text}");
        }
    }
}
