//! Takes out of a report what tells who somebody is and where: for `doctor --share`.
//!
//! Hosts, addresses, people, paths and whatever looks like a secret become marks without letters; the same host has
//! the same number throughout, so that a report still tells which is which.

use std::net::{IpAddr, SocketAddr};

/// Stands for a person or a name.
const SOMEBODY: &str = "*@*";
/// Stands for a secret, or a part of a name.
const HIDDEN: &str = "***";
/// Names with dots that are no hosts.
const OURS: &[&str] = &[
    "config.toml",
    "accounts.toml",
    "config.example.toml",
    "network.proxy",
    "network.proxy_password_command",
    "accounts.oauth.issuer",
    "accounts.oauth.client_id",
];
/// A word of ours is shorter; longer ones with digits in them may be secrets.
const LONG: usize = 20;
/// A name shorter than this is only taken out as a whole word.
const SHORT: usize = 3;

/// The mask, and what it has seen.
#[derive(Debug, Default)]
pub struct Mask {
    names: Vec<String>,
    places: Vec<String>,
}

impl Mask {
    /// `names`: what is known to tell who it is, such as an address and its local part.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        let mut names: Vec<String> =
            names.into_iter().map(|name| name.trim().to_lowercase()).filter(|name| !name.is_empty()).collect();
        // The longest first: a name within a name goes with it.
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        Self { names, places: Vec::new() }
    }

    /// The text without what is to be hidden.
    pub fn hide(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.find(is_gap).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            if !word.is_empty() {
                out.push_str(&self.word(word));
            }
            let gap = after.find(|c| !is_gap(c)).unwrap_or(after.len());
            let (gap, after) = after.split_at(gap);
            out.push_str(gap);
            rest = after;
        }
        out
    }

    fn word(&mut self, word: &str) -> String {
        let core = word.trim_end_matches(['.', ':', '?', '…']);
        let tail = word.get(core.len()..).unwrap_or_default();
        format!("{}{tail}", self.core(core))
    }

    fn core(&mut self, word: &str) -> String {
        if OURS.contains(&word) {
            return word.to_owned();
        }
        if let Some((scheme, rest)) = word.split_once("://") {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let host = host.rsplit('@').next().unwrap_or_default();
            let more = if host.len() < rest.len() { "/…" } else { "" };
            return format!("{}://{}{more}", self.names_out(scheme), self.place(host));
        }
        if word.contains('@') {
            return SOMEBODY.to_owned();
        }
        if word.starts_with(['/', '~']) || word.contains('\\') {
            let base = word.rsplit(['/', '\\']).next().unwrap_or_default();
            return format!("…/{}", if OURS.contains(&base) { base } else { HIDDEN });
        }
        let (host, _) = host_and_port(word);
        if host.parse::<IpAddr>().is_ok() || word.parse::<SocketAddr>().is_ok() || is_host(host) {
            return self.place(word);
        }
        let digits = word.bytes().any(|byte| byte.is_ascii_digit());
        if word.len() >= LONG && digits && word.bytes().all(|byte| byte.is_ascii_graphic()) {
            return HIDDEN.to_owned();
        }
        self.names_out(word)
    }

    /// A host or an address by its number, with its port.
    fn place(&mut self, place: &str) -> String {
        let (host, port) = host_and_port(place);
        let host = host.to_lowercase();
        let known = self.places.iter().position(|seen| *seen == host);
        let number = known.unwrap_or_else(|| {
            self.places.push(host);
            self.places.len() - 1
        }) + 1;
        port.map_or_else(|| format!("*{number}*"), |port| format!("*{number}*:{port}"))
    }

    /// The word without the names that are known.
    fn names_out(&self, word: &str) -> String {
        let lower = word.to_lowercase();
        if self.names.contains(&lower) {
            return HIDDEN.to_owned();
        }
        // Whatever is around a name in a word belongs to it.
        let within = self.names.iter().any(|name| name.len() >= SHORT && lower.contains(name.as_str()));
        if within { HIDDEN.to_owned() } else { word.to_owned() }
    }
}

fn is_gap(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')' | '“' | '”' | '"' | '\'' | '·' | '<' | '>' | '=' | '|')
}

/// `host`, `host:port`, `[v6]:port`.
fn host_and_port(text: &str) -> (&str, Option<u16>) {
    if let Some((host, port)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (host, port.strip_prefix(':').and_then(|port| port.parse().ok()));
    }
    match text.split_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => (host, port.parse().ok()),
        _ => (text, None),
    }
}

/// Labels with dots between, the last of them no number: `TLS 1.3` is no host.
fn is_host(word: &str) -> bool {
    let last = word.rsplit('.').next().unwrap_or_default();
    word.contains('.')
        && last.chars().any(char::is_alphabetic)
        && word.split('.').all(|label| !label.is_empty())
        && word.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::words;
    use crate::types::{BareJid, CertificateFault, Domain, Line, Problem};
    use proptest::prelude::*;

    #[test]
    fn a_report_still_tells_which_is_which() {
        let mut mask = Mask::new(["anna@example.org", "anna", "Anna Kowalska"].map(str::to_owned));
        for (text, masked) in [
            ("xmpp1.example.org:5223, direct TLS", "*1*:5223, direct TLS"),
            ("203.0.113.7:5223 in 31 ms", "*2*:5223 in 31 ms"),
            ("[2001:db8::1]:5222 and 2001:db8::1", "*3*:5222 and *3*"),
            ("xmpp1.example.org does not answer.", "*1* does not answer."),
            ("TLS 1.3, certificate for Example.org", "TLS 1.3, certificate for *4*"),
            ("anna@example.org/phone by SCRAM-SHA-256-PLUS", "*@* by SCRAM-SHA-256-PLUS"),
            ("offers SCRAM-SHA-512, OAUTHBEARER, PLAIN", "offers SCRAM-SHA-512, OAUTHBEARER, PLAIN"),
            ("https://id.example.org/.well-known/openid-configuration answered 404", "https://*5*/… answered 404"),
            ("/home/anna/.config/butty/config.toml", "…/config.toml"),
            ("accounts.oauth.issuer in config.toml names it", "accounts.oauth.issuer in config.toml names it"),
            ("secret-token:MjtsZ2Fy0xyzzy==", "***=="),
            ("Hanna is not anna", "*** is not ***"),
        ] {
            assert_eq!(mask.hide(text), masked);
        }
    }

    /// One of each kind that names somebody or something.
    fn problems(local: &str, domain: &str, token: &str) -> Vec<Problem> {
        let line = Line::clean;
        let jid = BareJid::parse(&format!("{local}@{domain}")).unwrap();
        let host = line(&format!("chat.{domain}"));
        let domain = Domain::parse(domain).unwrap();
        vec![
            Problem::NameNotFound { host: host.clone() },
            Problem::ClosedByServer { host: host.clone(), reason: Some(line(token)) },
            Problem::Refused { host: host.clone(), port: 5222 },
            Problem::NoService { domain: domain.clone() },
            Problem::RedirectInward { domain: domain.clone(), target: line("192.168.1.1:5222") },
            Problem::ProxyNoWay { proxy: line(&format!("{host}:1080")), target: host.clone(), reason: line("502 no") },
            Problem::Certificate { domain: domain.clone(), fault: CertificateFault::WrongName(vec![host.clone()]) },
            Problem::OtherPerson { wanted: jid.clone(), got: jid },
            Problem::SignInNeeded { account: line(&format!("{local}@{domain}")) },
            Problem::OAuthRefused { host, error: line(token) },
            Problem::IssuerChanged {
                was: line(&format!("https://id.{domain}")),
                now: line(&format!("https://{domain}:8443/{local}")),
                domain,
            },
        ]
    }

    proptest! {
        #[test]
        fn nothing_of_the_account_is_left(
            local in "[a-z][a-z0-9]{2,8}[0-9]",
            label in "[a-z]{2,8}[0-9][a-z]",
            top in "(org|example|test)",
            token in "[A-Za-z0-9+/]{30,60}[0-9]==",
            address in any::<[u8; 4]>(),
        ) {
            let domain = format!("{label}.{top}");
            let mut mask = Mask::new([format!("{local}@{domain}"), local.clone(), domain.clone(), label.clone()]);
            let ip = IpAddr::from(address).to_string();
            let mut texts = vec![
                format!("{local}@{domain} by SCRAM-SHA-1"),
                format!("{domain}:5222, STARTTLS, {ip}:5222 in 3 ms"),
                format!("/home/{local}/.config/butty/{local}.toml"),
                format!("the token “{token}” of {local} ({label})"),
                format!("https://{local}:{token}@id.{domain}:8443/{token}?x={local}"),
            ];
            for problem in problems(&local, &domain, &token) {
                let said = words::problem_in_shell(&problem);
                texts.extend([said.what, said.why.unwrap_or_default(), said.next.join(" · ")]);
            }
            for text in texts {
                let hidden = mask.hide(&text);
                for secret in [&local, &label, &ip, &token] {
                    prop_assert!(!hidden.to_lowercase().contains(&secret.to_lowercase()), "{text} -> {hidden}");
                }
            }
        }
    }
}
