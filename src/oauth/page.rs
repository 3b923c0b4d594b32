//! Addresses that come out of a sign-in service: endpoints for us, and the page for the person.
//!
//! Refused: other schemes than https (`javascript:` and `file:` among them), control characters, credentials in
//! the address, addresses without a host. Plain http is taken only for a page on this very computer, and only
//! where the profile allows it (the demo).

use url::{Host, Url};

/// Longest address that is taken.
const LONGEST: usize = 2048;

/// An endpoint that butty itself talks to: https, always.
pub fn endpoint(text: &str) -> Option<Url> {
    let url = sound(text)?;
    (url.scheme() == "https").then_some(url)
}

/// A page that the person opens. The host of the result is in ASCII form.
pub fn for_person(text: &str, allow_local: bool) -> Option<Url> {
    let url = sound(text)?;
    let local = allow_local && url.scheme() == "http" && is_this_computer(&url);
    (url.scheme() == "https" || local).then_some(url)
}

/// Where a page may send the browser back to: this computer, by number (RFC 8252 section 7.3), or an https page from
/// whose address the person copies.
pub fn redirect(text: &str) -> Option<Url> {
    let url = sound(text)?;
    let number = matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_))) && is_this_computer(&url);
    let fine = url.fragment().is_none() && url.query().is_none();
    (fine && (url.scheme() == "https" || (url.scheme() == "http" && number))).then_some(url)
}

/// True when the answer is to come in at one port of this computer, where one sign-in at a time can wait for it. One
/// that names none, or the usual one, is waited for at any free one.
pub fn is_at_fixed_port(redirect_text: &str) -> bool {
    redirect(redirect_text).is_some_and(|url| url.scheme() == "http" && url.port().is_some())
}

/// True when the page can be opened on this computer only.
pub fn is_this_computer(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(v4)) => v4.is_loopback(),
        Some(Host::Ipv6(v6)) => v6.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// The host and, where it is not the usual one, the port: for showing.
pub fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn sound(text: &str) -> Option<Url> {
    // `Url::parse` drops tabs and breaks silently, so the raw text is looked at first.
    if text.len() > LONGEST || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let named = url.host_str().is_some_and(|host| !host.is_empty());
    (named && url.username().is_empty() && url.password().is_none()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_pages_are_shown() {
        for text in [
            "javascript:alert(1)",
            "file:///etc/passwd",
            "http://id.example/device",
            "data:text/html,x",
            "ssh://a",
            "https://",
            "",
            "https://a\u{1b}[2J/",
            "https://a/\n",
            "https://user@id.example/",
            "//id.example/",
            "https://u:p@id.example",
            "http://127.0.0.1:8080/device",
        ] {
            assert!(for_person(text, false).is_none(), "{text:?}");
        }
        assert!(for_person("https://id.example/device", false).is_some());
    }

    #[test]
    fn plain_http_is_for_this_computer_and_only_where_allowed() {
        assert!(for_person("http://127.0.0.1:8080/device", true).is_some());
        assert!(for_person("http://[::1]:8080/device", true).is_some());
        for text in
            ["http://192.168.0.1/", "http://localhost.example/", "http://127.0.0.1.example/", "ftp://127.0.0.1/"]
        {
            assert!(for_person(text, true).is_none(), "{text}");
        }
        assert!(endpoint("http://127.0.0.1:8080/token").is_none(), "we ourselves never speak plain http");
    }

    #[test]
    fn browsers_are_sent_back_to_this_computer_or_to_a_page() {
        for text in ["http://127.0.0.1/callback", "http://[::1]:80/", "https://login.live.com/oauth20_desktop.srf"] {
            assert!(redirect(text).is_some(), "{text}");
        }
        for text in
            ["http://localhost/cb", "http://10.0.0.1/", "butty:/cb", "http://127.0.0.1/#a", "http://127.0.0.1/?a"]
        {
            assert!(redirect(text).is_none(), "{text}");
        }
    }

    #[test]
    fn hosts_are_ascii() {
        // The second letter is Cyrillic.
        let url = for_person("https://gооgle.example/device", false).unwrap();
        assert_eq!(url.host_str(), Some("xn--ggle-55da.example"));
        assert_eq!(host_of(&for_person("https://id.example:8443/x", false).unwrap()), "id.example:8443");
    }
}
