//! What a sign-in is to ask for: by purpose, for nobody knows the names that a service has for it.

use super::scopes::{is_chat, is_staying};
use crate::types::Line;

/// What the person lets a sign-in ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Asking {
    /// What chatting needs, and to stay signed in.
    #[default]
    Usual,
    /// What chatting needs, for as long as one token lives.
    ChatOnly,
    /// These scopes alone, raw; and whether the sign-in is to last, which their names need not say.
    #[allow(missing_docs, reason = "the fields are the nouns of what their variant says")]
    These { scopes: Vec<String>, stays: bool },
}

impl Asking {
    /// These scopes alone: it lasts if one of them says so.
    pub fn these(scopes: Vec<String>) -> Self {
        let stays = scopes.iter().any(|scope| is_staying(scope));
        Self::These { scopes, stays }
    }

    /// These scopes, which are what is left of those that were `asked` for. Where no name said that the sign-in is to
    /// last, leaving another one out does not change it.
    #[must_use]
    pub fn less(&self, asked: &[Line], left: Vec<String>) -> Self {
        let was_named = asked.iter().any(|scope| is_staying(scope.as_str()));
        let stays = self.stays() && (!was_named || left.iter().any(|scope| is_staying(scope)));
        Self::These { scopes: left, stays }
    }

    /// The scopes to ask for, where `usual` are the usual ones. Of scopes whose meaning is not known chatting may need
    /// every one.
    pub fn scopes(&self, usual: &[String]) -> Vec<String> {
        let only = |wanted: &dyn Fn(&str) -> bool| -> Vec<String> {
            usual.iter().filter(|scope| wanted(scope)).cloned().collect()
        };
        match self {
            Self::Usual => usual.to_vec(),
            Self::These { scopes, .. } => scopes.clone(),
            Self::ChatOnly if usual.iter().any(|scope| is_chat(scope)) => only(&is_chat),
            Self::ChatOnly => only(&|scope| !is_staying(scope)),
        }
    }

    /// The other one of the two purposes.
    #[must_use]
    pub fn other(&self) -> Self {
        if self.stays() { Self::ChatOnly } else { Self::Usual }
    }

    /// True when a sign-in that lasts is wanted. Where it is not, a refresh token that comes all the same is kept for
    /// its revocation alone.
    pub fn stays(&self) -> bool {
        match self {
            Self::Usual => true,
            Self::ChatOnly => false,
            Self::These { stays, .. } => *stays,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn row_003_02_a_purpose_asks_for_what_it_needs_and_no_more() {
        let chat_only = |usual: &str| Asking::ChatOnly.scopes(&list(usual));
        assert_eq!(chat_only("wl.messenger wl.offline_access"), list("wl.messenger"));
        assert_eq!(chat_only("xmpp openid offline_access"), list("xmpp"), "not even who one is");
        assert_eq!(chat_only("openid offline_access"), list("openid"), "what no name tells apart is kept");
        assert_eq!(Asking::Usual.scopes(&list("xmpp offline_access")), list("xmpp offline_access"));
        assert_eq!(Asking::these(list("a b")).scopes(&list("xmpp")), list("a b"));
        assert!(Asking::Usual.stays() && Asking::these(list("xmpp wl.offline_access")).stays());
        assert!(!Asking::ChatOnly.stays() && !Asking::these(list("xmpp")).stays());
    }

    #[test]
    fn leaving_out_what_has_nothing_to_do_with_it_lets_a_sign_in_last() {
        let lines = |text: &str| -> Vec<Line> { text.split(' ').map(Line::clean).collect() };
        let less = |asked: &str, left: &str| Asking::Usual.less(&lines(asked), list(left)).stays();
        assert!(less("xmpp wl.basic", "xmpp"), "no name says that it lasts");
        assert!(less("wl.messenger wl.basic wl.offline_access", "wl.messenger wl.offline_access"));
        assert!(!less("wl.messenger wl.offline_access", "wl.messenger"));
        assert!(!Asking::ChatOnly.less(&lines("xmpp wl.basic"), list("xmpp")).stays());
    }
}
