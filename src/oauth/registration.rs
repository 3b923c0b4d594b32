//! Dynamic registration of butty at an issuer (RFC 7591).
//!
//! Prosody wants `client_name` and an https `client_uri`, gives a secret even to native programs and insists on
//! it afterwards, so what comes back is kept per issuer and used as the answer says. Other issuers refuse what they do
//! not know, so only what their metadata name is asked for.

use super::smooth::object_of;
use super::{GrantError, HttpRequest, HttpResponse, Issuer};
use crate::types::{Line, Secret, Stamp};
use oauth2::http::header::{ACCEPT, CONTENT_TYPE};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Where the sign-in page sends the browser back to; any port is fine there (RFC 8252 section 7.3). Prosody takes no
/// bracketed address, and compares the path.
pub const REDIRECT: &str = "http://127.0.0.1/callback";
/// What butty can do.
const GRANTS: [&str; 3] = ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"];

/// How a client shows its secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientAuth {
    /// HTTP Basic (`client_secret_basic`).
    #[serde(rename = "client_secret_basic")]
    Basic,
    /// In the body (`client_secret_post`).
    #[serde(rename = "client_secret_post")]
    Post,
}

/// Who butty is at one issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientIdentity {
    /// Public identifier.
    pub id: String,
    /// Where the issuer insists on one. In a shipped program it proves nothing (RFC 8252 section 8.5).
    pub secret: Option<Secret<String>>,
    /// When the secret dies; `None`: never.
    pub expires: Option<Stamp>,
    /// How it is shown, where the registration said so; `None`: as the issuer's metadata say.
    pub auth: Option<ClientAuth>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    id: String,
    secret: Option<String>,
    expires: Option<i64>,
    #[serde(default)]
    auth: Option<ClientAuth>,
}

impl ClientIdentity {
    /// A client named in the config or in a profile.
    pub fn given(id: &str, secret: Option<Secret<String>>) -> Self {
        Self { id: id.to_owned(), secret, expires: None, auth: None }
    }

    /// True when the secret is dead.
    pub fn is_expired(&self, now: Stamp) -> bool {
        self.expires.is_some_and(|end| now >= end)
    }

    /// The text that a vault keeps.
    pub fn to_text(&self) -> Secret<String> {
        let secret = self.secret.as_ref().map(|secret| secret.expose().as_str());
        let expires = self.expires.map(|stamp| stamp.0);
        Secret::new(json!({ "id": self.id, "secret": secret, "expires": expires, "auth": self.auth }).to_string())
    }

    /// Reads the kept text back; `None` when it is none of ours.
    pub fn from_text(text: &Secret<String>) -> Option<Self> {
        let kept: Kept = serde_json::from_str(text.expose()).ok()?;
        let secret = kept.secret.map(Secret::new);
        Some(Self { id: kept.id, secret, expires: kept.expires.map(Stamp), auth: kept.auth })
    }
}

/// The request that registers butty; `None` where the issuer does not do that.
pub fn request(issuer: &Issuer, scopes: &[String]) -> Option<HttpRequest> {
    let endpoint = issuer.registration.as_ref()?;
    let known = |name: &&str| issuer.grants.as_ref().is_none_or(|list| list.iter().any(|known| known == name));
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| drop(body.insert(name.to_owned(), value));
    put("client_name", "butty".into());
    put("client_uri", "https://butty.example/".into());
    put("software_id", "butty".into());
    put("software_version", env!("CARGO_PKG_VERSION").into());
    put("application_type", "native".into());
    put("redirect_uris", json!([REDIRECT]));
    put("grant_types", GRANTS.into_iter().filter(known).collect::<Vec<_>>().into());
    put("response_types", json!(["code"]));
    put("scope", scopes.join(" ").into());
    if let Some(method) = method(issuer) {
        put("token_endpoint_auth_method", method.into());
    }
    let mut request = HttpRequest::new(Value::from(body).to_string().into_bytes());
    *request.method_mut() = oauth2::http::Method::POST;
    if let Ok(uri) = endpoint.as_str().parse() {
        *request.uri_mut() = uri;
    }
    for name in [CONTENT_TYPE, ACCEPT] {
        request.headers_mut().insert(name, oauth2::http::HeaderValue::from_static("application/json"));
    }
    Some(request)
}

/// The way to show a secret that has to be asked for: HTTP Basic is what comes unasked (RFC 7591 section 2). Prosody
/// names "none" and refuses it, so that comes last.
fn method(issuer: &Issuer) -> Option<&'static str> {
    let known = |name: &str| issuer.client_auth.iter().flatten().any(|known| known == name);
    let wanted = ["client_secret_basic", "client_secret_post", "none"].into_iter().find(|name| known(name))?;
    (wanted != "client_secret_basic").then_some(wanted)
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
    let method = text("token_endpoint_auth_method");
    let public = method == Some("none");
    Ok(ClientIdentity {
        id,
        secret: if public { None } else { secret },
        expires: seconds.map(|at| Stamp(at.saturating_mul(1000))),
        auth: method.and_then(|method| serde_json::from_value(method.into()).ok()),
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
        let given = ClientIdentity::given("eyJhbGciOiJI.x.y", Some(Secret::from("00ff")));
        assert_eq!(client, ClientIdentity { auth: Some(ClientAuth::Basic), ..given });
        assert_eq!(ClientIdentity::from_text(&client.to_text()), Some(client));
        let first_version = Secret::from(r#"{"id":"a","secret":"b","expires":null}"#);
        let client = ClientIdentity::from_text(&first_version).unwrap();
        assert_eq!(client, ClientIdentity::given("a", Some(Secret::from("b"))));
    }

    #[test]
    fn secrets_go_where_the_answer_says_and_public_clients_have_none() {
        let read_method = |method: &str| {
            let body = format!(r#"{{"client_id":"a","client_secret":"b","token_endpoint_auth_method":"{method}"}}"#);
            read(&reply(201, &body)).unwrap()
        };
        assert_eq!(read_method("client_secret_post").auth, Some(ClientAuth::Post));
        assert_eq!((read_method("private_key_jwt").auth, read_method("none").secret), (None, None));
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

    fn issuer(more: &str) -> Issuer {
        let body = format!(
            r#"{{"issuer":"https://a.example","token_endpoint":"https://a.example/t",
                "registration_endpoint":"https://a.example/reg"{more}}}"#
        );
        let at = url::Url::parse("https://a.example/.well-known/oauth-authorization-server").unwrap();
        Issuer::read(body.as_bytes(), &at, "https://a.example").unwrap()
    }

    fn body_for(more: &str) -> Value {
        let request = request(&issuer(more), &["xmpp".to_owned(), "openid".to_owned()]).unwrap();
        assert_eq!(request.uri(), "https://a.example/reg");
        serde_json::from_slice(request.body()).unwrap()
    }

    #[test]
    fn the_request_names_butty_and_its_grants() {
        let body = body_for("");
        assert_eq!(body["client_name"], "butty");
        assert_eq!(body["client_uri"], "https://butty.example/");
        assert_eq!(body["redirect_uris"], json!(["http://127.0.0.1/callback"]));
        assert_eq!(body["scope"], "xmpp openid");
        assert_eq!(body["grant_types"], json!(GRANTS));
        assert!(body.get("token_endpoint_auth_method").is_none());
    }

    #[test]
    fn only_what_the_metadata_name_is_asked_for() {
        let body = body_for(
            r#","grant_types_supported":["authorization_code","refresh_token"],
            "token_endpoint_auth_methods_supported":["none","client_secret_post"]"#,
        );
        assert_eq!(body["grant_types"], json!(["authorization_code", "refresh_token"]));
        assert_eq!(body["token_endpoint_auth_method"], "client_secret_post");
        let public = body_for(r#","token_endpoint_auth_methods_supported":["none"]"#);
        assert_eq!(public["token_endpoint_auth_method"], "none");
        let prosody = body_for(r#","token_endpoint_auth_methods_supported":["client_secret_basic","none"]"#);
        assert!(prosody.get("token_endpoint_auth_method").is_none());
        let mut closed = issuer("");
        closed.registration = None;
        assert!(request(&closed, &[]).is_none());
    }
}
