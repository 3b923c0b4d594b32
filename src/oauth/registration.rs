//! Dynamic registration of butty at an issuer (RFC 7591).
//!
//! Prosody wants `client_name` and an https `client_uri`, gives a secret even to native programs and insists on
//! it afterwards, so what comes back is kept per issuer and used with HTTP Basic.

use super::smooth::object_of;
use super::{GrantError, HttpRequest, HttpResponse};
use crate::types::{Line, Secret, Stamp};
use oauth2::http::header::{ACCEPT, CONTENT_TYPE};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

/// Who butty is at one issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientIdentity {
    /// Public identifier.
    pub id: String,
    /// Where the issuer insists on one. In a shipped program it proves nothing (RFC 8252 section 8.5).
    pub secret: Option<Secret<String>>,
    /// When the secret dies; `None`: never.
    pub expires: Option<Stamp>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    id: String,
    secret: Option<String>,
    expires: Option<i64>,
}

impl ClientIdentity {
    /// A client named in the config or in a profile.
    pub fn given(id: &str, secret: Option<Secret<String>>) -> Self {
        Self { id: id.to_owned(), secret, expires: None }
    }

    /// True when the secret is dead.
    pub fn is_expired(&self, now: Stamp) -> bool {
        self.expires.is_some_and(|end| now >= end)
    }

    /// The text that a vault keeps.
    pub fn to_text(&self) -> Secret<String> {
        let secret = self.secret.as_ref().map(|secret| secret.expose().as_str());
        let expires = self.expires.map(|stamp| stamp.0);
        Secret::new(json!({ "id": self.id, "secret": secret, "expires": expires }).to_string())
    }

    /// Reads the kept text back; `None` when it is none of ours.
    pub fn from_text(text: &Secret<String>) -> Option<Self> {
        let kept: Kept = serde_json::from_str(text.expose()).ok()?;
        Some(Self { id: kept.id, secret: kept.secret.map(Secret::new), expires: kept.expires.map(Stamp) })
    }
}

/// The request that registers butty.
pub fn request(endpoint: &Url, scopes: &[String]) -> HttpRequest {
    let body = json!({
        "client_name": "butty",
        "client_uri": "https://butty.example/",
        "software_id": "butty",
        "software_version": env!("CARGO_PKG_VERSION"),
        "application_type": "native",
        // Prosody takes no bracketed address; any port is fine later (RFC 8252 section 7.3).
        "redirect_uris": ["http://127.0.0.1/callback"],
        "grant_types": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
        "response_types": ["code"],
        "scope": scopes.join(" "),
    });
    let mut request = HttpRequest::new(body.to_string().into_bytes());
    *request.method_mut() = oauth2::http::Method::POST;
    if let Ok(uri) = endpoint.as_str().parse() {
        *request.uri_mut() = uri;
    }
    for name in [CONTENT_TYPE, ACCEPT] {
        request.headers_mut().insert(name, oauth2::http::HeaderValue::from_static("application/json"));
    }
    request
}

/// What the issuer answered. Unknown members are ignored, a lifetime of 0 is "never".
pub fn read(reply: &HttpResponse) -> Result<ClientIdentity, GrantError> {
    let object = object_of(reply.body());
    if let Some(code) = object.as_ref().and_then(|object| object.get("error")) {
        return Err(GrantError::Refused(Line::clean(code.as_str().unwrap_or("error"))));
    }
    if !reply.status().is_success() {
        let busy = reply.status().is_server_error();
        return Err(if busy { GrantError::Busy } else { GrantError::Refused(Line::clean(reply.status().as_str())) });
    }
    let object = object.ok_or(GrantError::Rubbish)?;
    let text = |key: &str| object.get(key).and_then(Value::as_str).filter(|text| is_sound(text));
    let id = text("client_id").ok_or(GrantError::Rubbish)?.to_owned();
    let seconds = object.get("client_secret_expires_at").and_then(Value::as_i64).filter(|at| *at > 0);
    let secret = text("client_secret").map(Secret::from);
    let public = text("token_endpoint_auth_method") == Some("none");
    Ok(ClientIdentity {
        id,
        secret: if public { None } else { secret },
        expires: seconds.map(|at| Stamp(at.saturating_mul(1000))),
    })
}

/// RFC 6749 appendix A.1 and A.2: printable ASCII.
fn is_sound(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use oauth2::http::StatusCode;

    fn reply(status: u16, body: &str) -> HttpResponse {
        let mut reply = HttpResponse::new(body.as_bytes().to_vec());
        *reply.status_mut() = StatusCode::from_u16(status).unwrap();
        reply
    }

    #[test]
    fn prosodys_answer_is_kept_with_its_secret() {
        let body = r#"{"client_id":"eyJhbGciOiJI.x.y","client_secret":"00ff","client_secret_expires_at":0,
            "token_endpoint_auth_method":"client_secret_basic","client_name":"butty"}"#;
        let client = read(&reply(201, body)).unwrap();
        assert_eq!(client, ClientIdentity::given("eyJhbGciOiJI.x.y", Some(Secret::from("00ff"))));
        assert_eq!(ClientIdentity::from_text(&client.to_text()), Some(client));
    }

    #[test]
    fn secrets_end_when_the_issuer_says() {
        let body = r#"{"client_id":"a","client_secret":"b","client_secret_expires_at":100}"#;
        let client = read(&reply(200, body)).unwrap();
        assert!(client.is_expired(Stamp(100_000)));
        assert!(!client.is_expired(Stamp(99_999)));
    }

    #[test]
    fn refusals_and_rubbish() {
        assert_eq!(
            read(&reply(400, r#"{"error":"invalid_redirect_uri"}"#)),
            Err(GrantError::Refused(Line::clean("invalid_redirect_uri")))
        );
        assert_eq!(read(&reply(404, "<html>")), Err(GrantError::Refused(Line::clean("404"))));
        assert_eq!(read(&reply(503, "<html>")), Err(GrantError::Busy));
        for body in ["", "[]", "{}", r#"{"client_id":""}"#, r#"{"client_id":7}"#, "{\"client_id\":\"a\\u0000\"}"] {
            assert_eq!(read(&reply(201, body)), Err(GrantError::Rubbish), "{body}");
        }
    }

    #[test]
    fn the_request_names_butty_and_the_device_grant() {
        let request = request(&Url::parse("https://a.example/reg").unwrap(), &["xmpp".to_owned(), "openid".to_owned()]);
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        assert_eq!(request.uri(), "https://a.example/reg");
        assert_eq!(body["client_name"], "butty");
        assert_eq!(body["client_uri"], "https://butty.example/");
        assert_eq!(body["scope"], "xmpp openid");
        assert!(body["grant_types"].as_array().unwrap().contains(&json!("refresh_token")));
    }
}
