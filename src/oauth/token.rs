//! A token pair, when to refresh it, and its stored form.
//!
//! Tokens are opaque: kept byte for byte and form-encoded once (by the `oauth2` crate). Refused: empty ones, and
//! ones with characters outside RFC 6749 appendix A.12 and A.17, which could break out of a SASL response.

use super::GrantError;
use crate::types::{Secret, Stamp};
use oauth2::TokenResponse;
use oauth2::basic::{BasicTokenResponse, BasicTokenType};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Refresh when less than this is left …
const MARGIN: Duration = Duration::from_secs(60);
/// … or less than this part of the whole life, whichever comes later.
const MARGIN_PART: u32 = 5;

/// What a token endpoint gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Goes into SASL, as it is.
    pub access: Secret<String>,
    /// Good for a new pair, once.
    pub refresh: Option<Secret<String>>,
    /// When the access token dies; `None`: nobody said.
    pub expires: Option<Stamp>,
    /// Its whole life.
    pub lifetime: Option<Duration>,
    /// What was granted; `None`: what was asked for (RFC 6749 section 5.1).
    pub scopes: Option<Vec<String>>,
}

/// The stored form. Times are Unix milliseconds and seconds.
#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    access: &'a str,
    refresh: Option<&'a str>,
    expires: Option<i64>,
    lifetime: Option<u64>,
    scopes: Option<Vec<String>>,
}

/// The stored form as read: owned, because JSON escapes cannot be borrowed.
#[derive(Deserialize)]
struct Kept {
    access: String,
    refresh: Option<String>,
    expires: Option<i64>,
    lifetime: Option<u64>,
    scopes: Option<Vec<String>>,
}

impl Token {
    /// A token that somebody else manages (`token_command`).
    pub fn given(access: &str) -> Result<Self, GrantError> {
        let access = sound(access, false)?;
        Ok(Self { access, refresh: None, expires: None, lifetime: None, scopes: None })
    }

    /// What the service answered at `now`.
    pub fn from_response(reply: &BasicTokenResponse, now: Stamp) -> Result<Self, GrantError> {
        if !matches!(reply.token_type(), BasicTokenType::Bearer) {
            return Err(GrantError::Rubbish);
        }
        let lifetime = reply.expires_in();
        Ok(Self {
            access: sound(reply.access_token().secret(), false)?,
            refresh: reply.refresh_token().map(|token| sound(token.secret(), true)).transpose()?,
            expires: lifetime.map(|life| now.plus(life)),
            lifetime,
            scopes: reply.scopes().map(|list| {
                list.iter().map(|scope| scope.as_str().to_owned()).filter(|scope| !scope.is_empty()).collect()
            }),
        })
    }

    /// This token, with the refresh token and scopes of `old` where the service did not repeat them
    /// (RFC 6749 section 6).
    #[must_use]
    pub fn or_from(mut self, old: &Self) -> Self {
        self.refresh = self.refresh.or_else(|| old.refresh.clone());
        self.scopes = self.scopes.or_else(|| old.scopes.clone());
        self
    }

    /// True when less than min(60 s, 20 % of its life) is left.
    pub fn is_stale(&self, now: Stamp) -> bool {
        let margin = self.lifetime.map_or(MARGIN, |life| MARGIN.min(life / MARGIN_PART));
        self.expires.is_some_and(|expires| now.plus(margin) >= expires)
    }

    /// The text that a vault keeps.
    pub fn to_text(&self) -> Secret<String> {
        let stored = Stored {
            access: self.access.expose(),
            refresh: self.refresh.as_ref().map(|token| token.expose().as_str()),
            expires: self.expires.map(|stamp| stamp.0),
            lifetime: self.lifetime.map(|life| life.as_secs()),
            scopes: self.scopes.clone(),
        };
        Secret::new(serde_json::to_string(&stored).unwrap_or_default())
    }

    /// Reads the kept text back; `None` when it is none of ours.
    pub fn from_text(text: &Secret<String>) -> Option<Self> {
        let kept: Kept = serde_json::from_str(text.expose()).ok()?;
        let access = Secret::new(kept.access);
        let refresh = kept.refresh.map(Secret::new);
        Some(Self {
            access: sound(access.expose(), false).ok()?,
            refresh: refresh.map(|token| sound(token.expose(), true)).transpose().ok()?,
            expires: kept.expires.map(Stamp),
            lifetime: kept.lifetime.map(Duration::from_secs),
            scopes: kept.scopes,
        })
    }
}

/// `blanks`: VSCHAR of appendix A allows them in a refresh token; in an access token they would end the SASL value.
fn sound(token: &str, blanks: bool) -> Result<Secret<String>, GrantError> {
    let good = !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic() || (blanks && b == b' '));
    good.then(|| Secret::from(token)).ok_or(GrantError::Rubbish)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(expires: Option<i64>, lifetime: Option<u64>) -> Token {
        let access = Secret::from("a");
        Token {
            access,
            refresh: None,
            expires: expires.map(Stamp),
            lifetime: lifetime.map(Duration::from_secs),
            scopes: None,
        }
    }

    #[test]
    fn refreshed_a_minute_or_a_fifth_before_the_end() {
        let hour = token(Some(3_600_000), Some(3600));
        assert!(!hour.is_stale(Stamp(3_539_999)));
        assert!(hour.is_stale(Stamp(3_540_000)));
        let short = token(Some(6_000), Some(6));
        assert!(!short.is_stale(Stamp(4_799)));
        assert!(short.is_stale(Stamp(4_800)));
        assert!(!token(None, None).is_stale(Stamp(i64::MAX)));
        assert!(token(Some(0), Some(0)).is_stale(Stamp(0)));
    }

    #[test]
    fn stored_byte_for_byte() {
        let odd = "*LA9%!$+/=\\\"~k%65 ".repeat(256);
        let mut kept = token(Some(17), Some(3600));
        kept.refresh = Some(Secret::new(odd.clone()));
        kept.scopes = Some(vec!["xmpp".to_owned()]);
        let back = Token::from_text(&kept.to_text()).unwrap();
        assert_eq!(back, kept);
        assert_eq!(back.refresh.unwrap().expose(), &odd);
        for text in ["", "{", "[]", r#"{"access":""}"#, r#"{"access":"a\nb"}"#, r#"{"refresh":"x"}"#] {
            assert_eq!(Token::from_text(&Secret::from(text)), None, "{text}");
        }
    }

    #[test]
    fn tokens_that_could_break_out_are_refused() {
        for text in ["", "a b", "a\u{1}b", "a\r\nb", "a\0", "ü"] {
            assert_eq!(Token::given(text), Err(GrantError::Rubbish), "{text:?}");
        }
        assert!(Token::given("secret-token:MjtsZ2Fy==").is_ok());
    }
}
