//! Which permissions to ask for, and whether chatting is among those given.

/// Scopes that mean "chat as you", the usual one first: Prosody, XEP-0493 section 6, ejabberd, Live Connect.
const CHAT: [&str; 4] = ["xmpp", "xmpp:client:normal", "sasl_auth", "wl.messenger"];
/// What goes along with it: who it is, and a sign-in that lasts.
const ALONG: [&str; 2] = ["openid", "offline_access"];

/// The scopes to ask for. `wished` (the config's or the profile's) is taken as it is; else the usual ones, cut
/// down to those that the service says it knows.
pub fn choose(wished: &[String], supported: Option<&[String]>) -> Vec<String> {
    if !wished.is_empty() {
        return wished.to_vec();
    }
    let known = |scope: &str| supported.is_none_or(|list| list.iter().any(|other| other == scope));
    let chat = CHAT.into_iter().find(|scope| known(scope));
    chat.into_iter().chain(ALONG.into_iter().filter(|scope| known(scope))).map(str::to_owned).collect()
}

/// The scopes of Live Connect: the service documents them, no metadata does.
pub fn messenger() -> Vec<String> {
    vec!["wl.messenger".to_owned(), "wl.offline_access".to_owned()]
}

/// False when a scope for chatting was asked for and none was given. A reply without scopes grants what was
/// asked (RFC 6749 section 5.1).
pub fn chat_granted(asked: &[String], granted: Option<&[String]>) -> bool {
    let is_chat = |scope: &String| CHAT.contains(&scope.as_str());
    let Some(granted) = granted else { return true };
    !asked.iter().any(is_chat) || granted.iter().any(is_chat)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn asked_is_what_the_service_knows() {
        assert_eq!(choose(&[], None), list("xmpp openid offline_access"));
        let prosody = list("xmpp prosody:member prosody:registered openid offline_access");
        assert_eq!(choose(&[], Some(&prosody)), list("xmpp openid offline_access"));
        assert_eq!(
            choose(&[], Some(&list("xmpp:client:normal offline_access"))),
            list("xmpp:client:normal offline_access")
        );
        assert_eq!(choose(&list("a b"), Some(&prosody)), list("a b"));
        assert_eq!(choose(&[], Some(&[])), list(""));
    }

    #[test]
    fn only_a_missing_chat_scope_is_fatal() {
        let asked = list("xmpp openid offline_access");
        assert!(chat_granted(&asked, None));
        assert!(chat_granted(&asked, Some(&list("openid xmpp"))));
        assert!(!chat_granted(&asked, Some(&list("openid offline_access"))));
        assert!(!chat_granted(&asked, Some(&[])));
        assert!(chat_granted(&list("custom"), Some(&[])));
        assert!(!chat_granted(&messenger(), Some(&list("wl.offline_access"))));
    }
}
