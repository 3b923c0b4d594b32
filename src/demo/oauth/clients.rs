//! The programs that may ask: the one known from the start, and those that register (RFC 7591). And the metadata
//! (RFC 8414) that says where.
//!
//! Refused: a form without a known client, a field sent twice, a wrong secret, a registration without a name.

use super::chance::{Chance, hex};
use super::{Answer, CLIENT_ID, DEVICE_GRANT, Form, SCOPES, field, missing, refusal};
use serde_json::{Value, json};

/// Programs remembered; the oldest that registered go first.
const MOST: usize = 64;

/// A program.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) id: String,
    pub(super) name: String,
    /// Its own page.
    pub(super) about: Option<String>,
    secret: Option<String>,
}

/// All of them.
pub(super) struct Clients {
    /// What a new one is given.
    secret: Option<String>,
    known: Vec<Client>,
}

impl Clients {
    /// The one that is there from the start; `secret`: all must show it.
    pub(super) fn new(secret: Option<String>) -> Self {
        let first = Client { id: CLIENT_ID.into(), name: "butty".into(), about: None, secret: secret.clone() };
        Self { secret, known: vec![first] }
    }

    pub(super) fn find(&self, id: &str) -> Option<&Client> {
        self.known.iter().find(|client| client.id == id)
    }

    /// The program behind a form. A form has each field once, and a client that is known and proves it.
    pub(super) fn checked(&self, form: &Form) -> Result<&Client, Answer> {
        for (at, (name, _)) in form.iter().enumerate() {
            if form.iter().skip(at + 1).any(|(other, _)| other == name) {
                return Err(refusal("invalid_request", "A parameter was sent more than once."));
            }
        }
        let id = field(form, "client_id").ok_or_else(|| missing("client_id"))?;
        let client = self.find(id).ok_or_else(|| refusal("unauthorized_client", "The client does not exist."))?;
        if client.secret.as_deref() != field(form, "client_secret") {
            return Err(Answer { status: 401, ..refusal("invalid_client", "The client's secret is wrong.") });
        }
        Ok(client)
    }

    pub(super) fn register(&mut self, request: &Value, chance: Chance<'_>) -> Answer {
        let text = |name: &str| request.get(name).and_then(Value::as_str).filter(|text| text.len() <= 200);
        let Some(name) = text("client_name") else {
            return refusal("invalid_client_metadata", "A client needs a name.");
        };
        let about = text("client_uri").filter(|address| address.starts_with("https://")).map(str::to_owned);
        let mut random = [0_u8; 16];
        if chance(&mut random).is_none() {
            return super::out_of_chance();
        }
        let id = hex(&random);
        let method = if self.secret.is_some() { "client_secret_basic" } else { "none" };
        let mut document = json!({
            "client_id": id, "client_name": name, "client_uri": about, "token_endpoint_auth_method": method,
        });
        if let (Some(secret), Some(fields)) = (&self.secret, document.as_object_mut()) {
            fields.insert("client_secret".into(), secret.as_str().into());
            fields.insert("client_secret_expires_at".into(), 0.into());
        }
        if self.known.len() >= MOST {
            self.known.remove(1);
        }
        self.known.push(Client { id, name: name.to_owned(), about, secret: self.secret.clone() });
        Answer { status: 201, document }
    }
}

/// Where a service is: its own name, and the path of each endpoint.
pub(in super::super) struct Places<'a> {
    pub(in super::super) issuer: &'a str,
    pub(in super::super) authorization: &'a str,
    pub(in super::super) device: &'a str,
    pub(in super::super) token: &'a str,
    pub(in super::super) revocation: &'a str,
    pub(in super::super) registration: Option<&'a str>,
    pub(in super::super) consents: &'a str,
}

/// What it says about itself (RFC 8414 section 2).
pub(in super::super) fn metadata(places: &Places<'_>) -> Value {
    let at = |path: &str| format!("{}{path}", places.issuer);
    let mut document = json!({
        "issuer": places.issuer,
        "authorization_endpoint": at(places.authorization),
        "token_endpoint": at(places.token),
        "device_authorization_endpoint": at(places.device),
        "revocation_endpoint": at(places.revocation),
        "account_management_uri": at(places.consents),
        "scopes_supported": SCOPES,
        "grant_types_supported": ["authorization_code", DEVICE_GRANT, "refresh_token"],
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
    });
    if let (Some(path), Some(fields)) = (places.registration, document.as_object_mut()) {
        fields.insert("registration_endpoint".into(), at(path).into());
    }
    document
}
