//! Metadata documents of an issuer (RFC 8414, `OpenID` Connect Discovery): where they are and what they say.
//!
//! Refused: a document that names another issuer than the one asked (RFC 8414 section 3.3), one whose issuer
//! lives elsewhere than the document when only the document's address is known (XEP-0493), endpoints that are
//! not https.

use super::smooth::object_of;
use super::{GrantError, HttpRequest, page};
use oauth2::http::header::ACCEPT;
use serde_json::{Map, Value};
use url::Url;

/// Longest list kept of a document.
const MOST: usize = 256;

/// What an issuer says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// Its identity, the key of everything kept for it.
    pub name: String,
    /// Token endpoint.
    pub token: Url,
    /// RFC 8628 section 4.
    pub device: Option<Url>,
    /// Authorization endpoint: the page for a browser.
    pub authorization: Option<Url>,
    /// RFC 7591.
    pub registration: Option<Url>,
    /// RFC 7009.
    pub revocation: Option<Url>,
    /// The person's own page for what programs were allowed (`account_management_uri`; no RFC has it, some issuers do).
    pub consents: Option<Url>,
    /// What it knows; `None`: it does not say.
    pub scopes: Option<Vec<String>>,
    /// Grants that it knows; `None`: it does not say.
    pub grants: Option<Vec<String>>,
    /// How clients prove themselves at its token endpoint; `None`: it does not say, and HTTP Basic is the rule.
    pub client_auth: Option<Vec<String>>,
    /// RFC 9207: its answers in a browser say whose they are.
    pub iss_in_redirect: bool,
}

/// Where the metadata of `issuer` may be, in the order to ask. The full address of a document is taken as it is.
pub fn addresses(issuer: &str) -> Vec<Url> {
    let Some(url) = page::endpoint(issuer) else { return Vec::new() };
    if url.path().contains("/.well-known/") {
        return vec![url];
    }
    let path = url.path().trim_end_matches('/').to_owned();
    // RFC 8414 section 3: inserted before the path; OpenID Connect Discovery section 4: appended.
    let inserted = format!("/.well-known/oauth-authorization-server{path}");
    let appended = format!("{path}/.well-known/openid-configuration");
    [inserted, appended].iter().map(|path| at(&url, path)).collect()
}

fn at(url: &Url, path: &str) -> Url {
    let mut url = url.clone();
    url.set_path(path);
    url.set_query(None);
    url.set_fragment(None);
    url
}

/// The request for a document.
pub fn request(address: &Url) -> HttpRequest {
    let mut request = HttpRequest::new(Vec::new());
    if let Ok(uri) = address.as_str().parse() {
        *request.uri_mut() = uri;
    }
    request.headers_mut().insert(ACCEPT, oauth2::http::HeaderValue::from_static("application/json"));
    request
}

impl Issuer {
    /// Reads the document found at `address`. `asked` is the issuer that it must speak for; the address of a
    /// document there means that only the origin is known.
    pub fn read(body: &[u8], address: &Url, asked: &str) -> Result<Self, GrantError> {
        let object = object_of(body).ok_or(GrantError::NoMetadata)?;
        let name = object.get("issuer").and_then(Value::as_str).ok_or(GrantError::NoMetadata)?;
        let issuer = page::endpoint(name).ok_or(GrantError::NoMetadata)?;
        let document_only = page::endpoint(asked).is_some_and(|url| url.path().contains("/.well-known/"));
        let right = if document_only {
            issuer.origin() == address.origin()
        } else {
            name.trim_end_matches('/') == asked.trim_end_matches('/')
        };
        if !right {
            return Err(GrantError::NoMetadata);
        }
        Ok(Self {
            name: name.trim_end_matches('/').to_owned(),
            token: endpoint(&object, "token_endpoint").ok_or(GrantError::NoMetadata)?,
            device: endpoint(&object, "device_authorization_endpoint"),
            authorization: endpoint(&object, "authorization_endpoint"),
            registration: endpoint(&object, "registration_endpoint"),
            revocation: endpoint(&object, "revocation_endpoint"),
            consents: object
                .get("account_management_uri")
                .and_then(Value::as_str)
                .and_then(|text| page::for_person(text, false)),
            scopes: texts(&object, "scopes_supported"),
            grants: texts(&object, "grant_types_supported"),
            client_auth: texts(&object, "token_endpoint_auth_methods_supported"),
            iss_in_redirect: object.get("authorization_response_iss_parameter_supported") == Some(&Value::Bool(true)),
        })
    }

    /// True where it says that it knows the refresh grant.
    pub fn renews(&self) -> bool {
        self.grants.iter().flatten().any(|grant| grant == "refresh_token")
    }

    /// True where a client's secret must go into the body: HTTP Basic is not among what is known.
    pub fn wants_secret_in_body(&self) -> bool {
        let known = |name: &str| self.client_auth.iter().flatten().any(|known| known == name);
        known("client_secret_post") && !known("client_secret_basic")
    }
}

fn texts(object: &Map<String, Value>, key: &str) -> Option<Vec<String>> {
    let list = object.get(key)?.as_array()?;
    Some(list.iter().filter_map(Value::as_str).take(MOST).map(str::to_owned).collect())
}

fn endpoint(object: &Map<String, Value>, key: &str) -> Option<Url> {
    page::endpoint(object.get(key)?.as_str()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROSODY: &str = r#"{"issuer":"https://alpha.test:15281","token_endpoint":"https://alpha.test:15281/oauth2/token",
        "device_authorization_endpoint":"https://alpha.test:15281/oauth2/device",
        "registration_endpoint":"https://alpha.test:15281/oauth2/register",
        "revocation_endpoint":"https://alpha.test:15281/oauth2/revoke","scopes_supported":["xmpp","openid",7]}"#;

    fn read(body: &str, asked: &str) -> Result<Issuer, GrantError> {
        let address = addresses(asked).remove(0);
        Issuer::read(body.as_bytes(), &address, asked)
    }

    #[test]
    fn documents_are_where_the_rfcs_put_them() {
        let list = |issuer: &str| addresses(issuer).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            list("https://id.example/tenant/"),
            [
                "https://id.example/.well-known/oauth-authorization-server/tenant",
                "https://id.example/tenant/.well-known/openid-configuration"
            ]
        );
        assert_eq!(list("https://id.example")[0], "https://id.example/.well-known/oauth-authorization-server");
        let ready = "https://alpha.test:15281/.well-known/oauth-authorization-server";
        assert_eq!(list(ready), [ready]);
        assert!(list("http://id.example").is_empty());
        assert!(list("id.example").is_empty());
    }

    #[test]
    fn prosodys_document_is_read() {
        let ready = "https://alpha.test:15281/.well-known/oauth-authorization-server";
        let issuer = read(PROSODY, ready).unwrap();
        assert_eq!(issuer.name, "https://alpha.test:15281");
        assert_eq!(issuer.device.unwrap().path(), "/oauth2/device");
        assert_eq!(issuer.scopes.unwrap(), ["xmpp", "openid"]);
        assert!(read(PROSODY, "https://alpha.test:15281/").is_ok(), "the slash at the end is forgiven");
    }

    #[test]
    fn an_issuer_speaks_for_itself_only() {
        assert_eq!(read(PROSODY, "https://beta.test:15281"), Err(GrantError::NoMetadata));
        let elsewhere = "https://evil.example/.well-known/oauth-authorization-server";
        assert_eq!(read(PROSODY, elsewhere), Err(GrantError::NoMetadata));
        for body in ["", "<html>", "{}", r#"{"issuer":"https://alpha.test:15281"}"#] {
            assert_eq!(read(body, "https://alpha.test:15281"), Err(GrantError::NoMetadata), "{body}");
        }
    }

    #[test]
    fn endpoints_without_tls_do_not_exist() {
        let body = PROSODY.replace("https://alpha.test:15281/oauth2/device", "http://alpha.test/device");
        assert_eq!(read(&body, "https://alpha.test:15281").unwrap().device, None);
        for hostile in
            ["javascript:alert(1)", "file:///etc/passwd", "https://a b/", "https://u:p@alpha.test/", "https://"]
        {
            let body = PROSODY.replace("https://alpha.test:15281/oauth2/register", hostile);
            assert_eq!(read(&body, "https://alpha.test:15281").unwrap().registration, None, "{hostile}");
            let manages = body.replace("registration_endpoint", "account_management_uri");
            assert_eq!(read(&manages, "https://alpha.test:15281").unwrap().consents, None, "{hostile}");
            let body = body.replace("registration_endpoint", "authorization_endpoint");
            assert_eq!(read(&body, "https://alpha.test:15281").unwrap().authorization, None, "{hostile}");
        }
        let body = PROSODY.replace("https://alpha.test:15281/oauth2/token", "javascript:x");
        assert_eq!(read(&body, "https://alpha.test:15281"), Err(GrantError::NoMetadata));
    }
}
