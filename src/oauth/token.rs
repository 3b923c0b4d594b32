//! A token pair, when to refresh it, and its stored form.
//!
//! Tokens are opaque: kept byte for byte and form-encoded once (by the `oauth2` crate). Refused: empty ones, and
//! ones with characters outside RFC 6749 appendix A.12 and A.17, which could break out of a SASL response.

use super::GrantError;
use crate::types::{Secret, Stamp};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use oauth2::basic::BasicTokenType;
use oauth2::{ExtraTokenFields, StandardTokenResponse, TokenResponse};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

/// Refresh when less than this is left …
const MARGIN: Duration = Duration::from_secs(60);
/// … or less than this part of the whole life, whichever comes later.
const MARGIN_PART: u32 = 5;

/// Longest proof of a person that is looked at.
const LONGEST_PROOF: usize = 64 * 1024;

/// What a token reply holds beside RFC 6749: who signed in, for comparing alone.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Extra {
    /// `OpenID` Connect.
    #[serde(default)]
    id_token: Option<Value>,
    /// Live Connect.
    #[serde(default)]
    authentication_token: Option<Value>,
}

impl ExtraTokenFields for Extra {}

impl Extra {
    /// The issuer's name for the person. The signature is not looked at: the reply came over TLS from the issuer itself
    /// (`OpenID` Connect Core section 3.1.3.7), and nothing is ever granted by it.
    fn person(&self) -> Option<String> {
        let proofs = [(&self.id_token, "sub"), (&self.authentication_token, "uid")];
        proofs.into_iter().find_map(|(proof, claim)| claim_of(proof.as_ref()?.as_str()?, claim))
    }
}

/// A claim of a JWT.
fn claim_of(proof: &str, claim: &str) -> Option<String> {
    let payload = proof.split('.').nth(1).filter(|_| proof.len() <= LONGEST_PROOF)?;
    let payload = BASE64_URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims: Value = serde_json::from_slice(&payload).ok()?;
    claims.get(claim)?.as_str().filter(|text| !text.is_empty() && text.len() <= 255).map(str::to_owned)
}

/// What a token endpoint gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Goes into SASL, as it is.
    pub access: Secret<String>,
    /// Good for a new pair, once.
    pub refresh: Option<Secret<String>>,
    /// A refresh token that came though nobody wanted it: kept to be revoked with the rest, never to be used.
    pub unasked: Option<Secret<String>>,
    /// When the access token dies; `None`: nobody said.
    pub expires: Option<Stamp>,
    /// Its whole life.
    pub lifetime: Option<Duration>,
    /// What was granted; `None`: what was asked for (RFC 6749 section 5.1).
    pub scopes: Option<Vec<String>>,
    /// The issuer's name for who signed in, where it told. Only for comparing, never for XMPP; not kept with the token.
    pub person: Option<String>,
}

/// The stored form. Times are Unix milliseconds and seconds.
#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    access: &'a str,
    refresh: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unasked: Option<&'a str>,
    expires: Option<i64>,
    lifetime: Option<u64>,
    scopes: Option<Vec<String>>,
}

/// The stored form as read: owned, because JSON escapes cannot be borrowed.
#[derive(Deserialize)]
struct Kept {
    access: String,
    refresh: Option<String>,
    #[serde(default)]
    unasked: Option<String>,
    expires: Option<i64>,
    lifetime: Option<u64>,
    scopes: Option<Vec<String>>,
}

impl Token {
    /// A token that somebody else manages (`token_command`).
    pub fn given(access: &str) -> Result<Self, GrantError> {
        let access = sound(access, false)?;
        Ok(Self { access, refresh: None, unasked: None, expires: None, lifetime: None, scopes: None, person: None })
    }

    /// A token that came in an address.
    pub(super) fn from_redirect(
        access: &str,
        expires_in: Option<&str>,
        scope: Option<&str>,
        now: Stamp,
    ) -> Result<Self, GrantError> {
        let seconds = expires_in.and_then(|text| text.parse::<u64>().ok());
        let lifetime = seconds.map(|seconds| Duration::from_secs(seconds.min(super::smooth::LONGEST_LIFE)));
        Ok(Self {
            expires: lifetime.map(|life| now.plus(life)),
            lifetime,
            scopes: scope.map(|list| list.split([' ', ',']).filter(|s| !s.is_empty()).map(str::to_owned).collect()),
            ..Self::given(access)?
        })
    }

    /// What the service answered at `now`.
    pub(super) fn from_response(
        reply: &StandardTokenResponse<Extra, BasicTokenType>,
        now: Stamp,
    ) -> Result<Self, GrantError> {
        if !matches!(reply.token_type(), BasicTokenType::Bearer) {
            return Err(GrantError::Rubbish);
        }
        let lifetime = reply.expires_in();
        Ok(Self {
            access: sound(reply.access_token().secret(), false)?,
            refresh: reply.refresh_token().map(|token| sound(token.secret(), true)).transpose()?,
            unasked: None,
            expires: lifetime.map(|life| now.plus(life)),
            lifetime,
            scopes: reply.scopes().map(|list| {
                list.iter().map(|scope| scope.as_str().to_owned()).filter(|scope| !scope.is_empty()).collect()
            }),
            person: reply.extra_fields().person(),
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

    /// This token, where the person wanted no sign-in that lasts: nothing renews it, and what would have goes when it
    /// goes.
    #[must_use]
    pub fn for_this_time(mut self) -> Self {
        self.unasked = self.refresh.take().or(self.unasked);
        self
    }

    /// The same grant speaks out of both: they have a token in common.
    pub fn is_of(&self, other: &Self) -> bool {
        let lasting = |token: &Self| token.refresh.clone().or_else(|| token.unasked.clone());
        self.access == other.access || lasting(self).is_some_and(|own| lasting(other) == Some(own))
    }

    /// True when less than min(60 s, 20 % of its life) is left. One that nothing renews is good to its end.
    pub fn is_stale(&self, now: Stamp) -> bool {
        let margin = self.refresh.as_ref().map_or(Duration::ZERO, |_| self.margin());
        self.expires.is_some_and(|expires| now.plus(margin) >= expires)
    }

    fn margin(&self) -> Duration {
        self.lifetime.map_or(MARGIN, |life| MARGIN.min(life / MARGIN_PART))
    }

    /// The text that a vault keeps.
    pub fn to_text(&self) -> Secret<String> {
        let stored = Stored {
            access: self.access.expose(),
            refresh: self.refresh.as_ref().map(|token| token.expose().as_str()),
            unasked: self.unasked.as_ref().map(|token| token.expose().as_str()),
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
        let checked = |token: Option<String>| token.map(|token| sound(Secret::new(token).expose(), true)).transpose();
        Some(Self {
            access: sound(access.expose(), false).ok()?,
            refresh: checked(kept.refresh).ok()?,
            unasked: checked(kept.unasked).ok()?,
            expires: kept.expires.map(Stamp),
            lifetime: kept.lifetime.map(Duration::from_secs),
            scopes: kept.scopes,
            person: None,
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
            unasked: None,
            expires: expires.map(Stamp),
            lifetime: lifetime.map(Duration::from_secs),
            scopes: None,
            person: None,
        }
    }

    #[test]
    fn refreshed_a_minute_or_a_fifth_before_the_end() {
        let renewable = |token: Token| Token { refresh: Some(Secret::from("r")), ..token };
        let hour = renewable(token(Some(3_600_000), Some(3600)));
        assert!(!hour.is_stale(Stamp(3_539_999)));
        assert!(hour.is_stale(Stamp(3_540_000)));
        let short = renewable(token(Some(6_000), Some(6)));
        assert!(!short.is_stale(Stamp(4_799)));
        assert!(short.is_stale(Stamp(4_800)));
        let alone = token(Some(3_600_000), Some(3600));
        assert!(!alone.is_stale(Stamp(3_599_999)) && alone.is_stale(Stamp(3_600_000)), "to its end");
        assert!(!token(None, None).is_stale(Stamp(i64::MAX)));
        assert!(token(Some(0), Some(0)).is_stale(Stamp(0)));
    }

    #[test]
    fn a_clock_that_is_set_a_year_on_or_back_costs_one_refresh_at_most() {
        const YEAR: i64 = 365 * 86_400_000;
        let issued = |at: i64| token(Some(at + 3_600_000), Some(3600));
        let now = 1_763_650_800_000;
        assert!(issued(now).is_stale(Stamp(now + YEAR)));
        assert!(!issued(now + YEAR).is_stale(Stamp(now + YEAR)), "what is given then is good then");
        assert!(!issued(now).is_stale(Stamp(now - YEAR)), "the service says if it is not");
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
    fn a_refresh_token_that_nobody_wanted_is_kept_and_renews_nothing() {
        let given = Token { refresh: Some(Secret::from("r")), ..token(Some(3_600_000), Some(3600)) };
        let brief = given.clone().for_this_time();
        assert_eq!((&brief.refresh, &brief.unasked), (&None, &given.refresh));
        assert!(!brief.is_stale(Stamp(3_599_999)), "good to its end");
        assert_eq!(Token::from_text(&brief.to_text()).as_ref(), Some(&brief));
        assert_eq!(brief.clone().for_this_time(), brief, "it is not lost the second time");
        assert!(!given.to_text().expose().contains("unasked"));
        assert!(!format!("{brief:?}").contains("\"r\""));
    }

    #[test]
    fn one_grant_is_told_from_another_by_its_tokens() {
        let pair = |access: &str, refresh: Option<&str>| Token {
            refresh: refresh.map(Secret::from),
            ..Token::given(access).unwrap()
        };
        assert!(pair("a", None).is_of(&pair("a", Some("r"))));
        assert!(pair("a", Some("r")).is_of(&pair("b", Some("r")).for_this_time()));
        assert!(!pair("a", None).is_of(&pair("b", None)) && !pair("a", Some("r")).is_of(&pair("b", Some("s"))));
    }

    #[test]
    fn tokens_that_could_break_out_are_refused() {
        for text in ["", "a b", "a\u{1}b", "a\r\nb", "a\0", "ü"] {
            assert_eq!(Token::given(text), Err(GrantError::Rubbish), "{text:?}");
        }
        assert!(Token::given("secret-token:MjtsZ2Fy==").is_ok());
    }
}
