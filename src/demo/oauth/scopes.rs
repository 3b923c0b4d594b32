//! Scopes: what a program may ask for, as Live Connect named them, and what the person reads.

use super::{Answer, Form, field, missing, refusal};

/// Scope that opens XMPP.
pub(super) const MESSENGER: &str = "wl.messenger";
/// Scope that yields a refresh token.
pub(super) const OFFLINE: &str = "wl.offline_access";
/// Scopes that open the person's name and picture.
pub(super) const PROFILE: &[&str] = &["wl.basic", "wl.signin"];
/// All that are known.
pub(super) const SCOPES: &[&str] = &[MESSENGER, OFFLINE, "wl.basic", "wl.signin", "wl.emails"];

pub(super) fn scopes_of(form: &Form) -> Result<Vec<String>, Answer> {
    let mut scopes: Vec<String> = Vec::new();
    for scope in split(field(form, "scope").unwrap_or_default()) {
        if !SCOPES.contains(&scope) {
            return Err(refusal("invalid_scope", "The provided value for the input parameter 'scope' is not valid."));
        }
        if !scopes.iter().any(|known| known == scope) {
            scopes.push(scope.to_owned());
        }
    }
    if scopes.is_empty() { Err(missing("scope")) } else { Ok(scopes) }
}

/// Scopes are parted by blanks; commas are taken too, as Microsoft's own library did.
pub(super) fn split(scopes: &str) -> impl Iterator<Item = &str> {
    scopes.split([' ', ',']).filter(|scope| !scope.is_empty())
}

pub(super) fn sentence(scope: &str) -> Option<&'static str> {
    match scope {
        MESSENGER => Some("see who of your buddies is there, and chat as you"),
        OFFLINE => Some("stay signed in, also when you are not looking"),
        "wl.basic" | "wl.signin" => Some("see your name and picture"),
        "wl.emails" => Some("see your e-mail address"),
        _ => None,
    }
}
