//! A sign-in service of a few lines.

#![allow(clippy::unwrap_used, reason = "a test may stop")]

use crate::net::testing::Shelf;
use base64::Engine;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// What it offers, and how it behaves.
pub(super) struct Manner {
    /// It has codes for devices.
    pub(super) device: bool,
    /// It has a page.
    pub(super) page: bool,
    /// Codes are not for the client that asks.
    pub(super) device_refused: bool,
    /// A code is good for one answer.
    pub(super) codes_once: bool,
    /// It gives this scope to nobody.
    pub(super) scope_refused: Option<&'static str>,
    /// It gives no refresh token.
    pub(super) session_only: bool,
    /// What its metadata say of scopes and grants.
    pub(super) listed: &'static str,
    /// What it grants.
    pub(super) scope: &'static str,
    /// Who signs in there.
    pub(super) person: &'static str,
    /// How its clients are called.
    pub(super) name: &'static str,
    /// Of the page that was opened last: what the token endpoint has to be shown for the code `C1` (RFC 7636).
    pub(super) challenge: String,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            device: true,
            page: false,
            device_refused: false,
            codes_once: false,
            scope_refused: None,
            session_only: false,
            listed: r#""scopes_supported":["xmpp","openid","offline_access"]"#,
            scope: "openid offline_access xmpp",
            person: "juliet",
            name: "client",
            challenge: String::new(),
        }
    }
}

impl Manner {
    fn refuses(&self, body: &str) -> bool {
        self.scope_refused.is_some_and(|scope| asked_in(body).contains(scope))
    }

    fn refusal(&self) -> String {
        let scope = self.scope_refused.unwrap_or_default();
        format!(r#"{{"error":"invalid_scope","error_description":"The scope '{scope}' is not registered."}}"#)
    }

    /// The code, and what its challenge was made of.
    fn proved_by(&self, body: &str) -> bool {
        let fields: std::collections::HashMap<_, _> = url::form_urlencoded::parse(body.as_bytes()).collect();
        let hash = ring::digest::digest(&ring::digest::SHA256, fields["code_verifier"].as_bytes());
        base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(hash) == self.challenge && fields["code"] == "C1"
    }
}

/// A service in the manner of Prosody: Basic or nothing, one refresh token at a time, no mercy for an old one.
pub(super) struct Service13 {
    pub(super) base: String,
    pub(super) shelf: Arc<Shelf>,
    /// Answers of the token endpoint to a device code, in order; the last is a token.
    pub(super) pending: AtomicUsize,
    pub(super) refresh: Mutex<String>,
    pub(super) refreshes: AtomicUsize,
    /// It has trouble of its own.
    pub(super) busy: AtomicBool,
    /// So many answers that it gives get lost.
    pub(super) lost: AtomicUsize,
    /// The last code was used.
    pub(super) used: AtomicBool,
    /// It takes an old refresh token as well.
    pub(super) merciful: AtomicBool,
    pub(super) clients: Mutex<Vec<String>>,
    pub(super) manner: Mutex<Manner>,
    /// The scopes that were asked for with a code, or registered for, one text for each time.
    pub(super) asked: Mutex<Vec<String>>,
    /// `Authorization` headers that came.
    pub(super) shown: Mutex<Vec<String>>,
    /// What was revoked, in order.
    pub(super) revoked: Mutex<Vec<String>>,
}

impl Service13 {
    fn answer(&self, path: &str, basic: Option<&str>, body: &str) -> (u16, String) {
        self.shelf.note(&format!("service {path}"));
        if path == "/device" {
            self.used.store(false, Ordering::SeqCst);
            self.asked.lock().unwrap().push(asked_in(body));
        }
        let base = &self.base;
        let client = self.clients.lock().unwrap().last().cloned();
        self.shown.lock().unwrap().extend(basic.map(str::to_owned));
        let manner = self.manner.lock().unwrap();
        match path {
            "/.well-known/oauth-authorization-server" => {
                let device = if manner.device { "device_authorization_endpoint" } else { "x" };
                let page = if manner.page { "authorization_endpoint" } else { "y" };
                (
                    200,
                    format!(
                        r#"{{"issuer":"{base}","token_endpoint":"{base}/token","{device}":"{base}/device",
                        "{page}":"{base}/authorize","authorization_response_iss_parameter_supported":true,
                        "registration_endpoint":"{base}/register","revocation_endpoint":"{base}/revoke",
                        {}}}"#,
                        manner.listed
                    ),
                )
            }
            "/register" => {
                let id = format!("{}-{}", manner.name, self.clients.lock().unwrap().len());
                self.clients.lock().unwrap().push(id.clone());
                (201, format!(r#"{{"client_id":"{id}","client_secret":"s3","client_secret_expires_at":0}}"#))
            }
            "/big" => (200, " ".repeat(100 * 1024 * 1024)),
            "/moved" => (302, String::new()),
            _ if basic.is_none() || basic != client.map(|id| basic_of(&id)).as_deref() => (401, "<html>".to_owned()),
            "/device" if manner.refuses(body) => (400, manner.refusal()),
            "/device" if manner.device_refused => (400, r#"{"error":"unauthorized_client"}"#.to_owned()),
            "/device" => (
                200,
                format!(
                    r#"{{"device_code":"D","user_code":"R669-F1RU","verification_uri":"{base}/device","interval":1,
                "verification_uri_complete":"{base}/device?user_code=R669-F1RU","expires_in":600}}"#
                ),
            ),
            "/token" => self.token(&manner, body),
            "/revoke" if self.busy.load(Ordering::SeqCst) => (503, String::new()),
            "/revoke" => {
                let form = url::form_urlencoded::parse(body.as_bytes());
                let token = form.into_iter().find(|(name, _)| name == "token").map(|(_, token)| token.into_owned());
                self.revoked.lock().unwrap().extend(token);
                (200, String::new())
            }
            _ => (404, String::new()),
        }
    }

    fn token(&self, manner: &Manner, body: &str) -> (u16, String) {
        let refused = |why: &str| (400, format!(r#"{{"error":"{why}"}}"#));
        if body.contains("device_code") {
            if self.pending.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok() {
                return refused("authorization_pending");
            }
            if manner.codes_once && self.used.swap(true, Ordering::SeqCst) {
                return refused("invalid_grant");
            }
        } else if body.contains("grant_type=authorization_code") {
            if !manner.proved_by(body) {
                return refused("invalid_grant");
            }
        } else {
            let right = body.contains(&format!("refresh_token={}", self.refresh.lock().unwrap()));
            if !right && !self.merciful.load(Ordering::SeqCst) {
                return refused("invalid_grant");
            }
        }
        self.new_token(manner)
    }

    fn new_token(&self, manner: &Manner) -> (u16, String) {
        let turn = self.refreshes.fetch_add(1, Ordering::SeqCst);
        *self.refresh.lock().unwrap() = format!("R{turn}");
        let claims = base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(format!(r#"{{"sub":"{}"}}"#, manner.person));
        let scope = format!(r#""scope":"{}","id_token":"e30.{claims}.x""#, manner.scope);
        let refresh = if manner.session_only { String::new() } else { format!(r#""refresh_token":"R{turn}","#) };
        (200, format!(r#"{{"token_type":"bearer","access_token":"A{turn}",{refresh}"expires_in":3600,{scope}}}"#))
    }
}

/// The scopes in a form.
fn asked_in(body: &str) -> String {
    let field = url::form_urlencoded::parse(body.as_bytes()).find(|(name, _)| name == "scope");
    field.map(|(_, scopes)| scopes.into_owned()).unwrap_or_default()
}

fn basic_of(id: &str) -> String {
    format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(format!("{id}:s3")))
}

pub(super) async fn serve(listener: TcpListener, acceptor: tokio_rustls::TlsAcceptor, service: Arc<Service13>) {
    loop {
        let (tcp, _) = listener.accept().await.unwrap();
        let (acceptor, service) = (acceptor.clone(), Arc::clone(&service));
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(tcp).await else { return };
            let handle = service_fn(move |request: Request<Incoming>| {
                let service = Arc::clone(&service);
                async move {
                    let path = request.uri().path().to_owned();
                    let basic = request.headers().get("authorization").map(|v| v.to_str().unwrap().to_owned());
                    let body = request.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
                    let (status, body) = service.answer(&path, basic.as_deref(), &String::from_utf8_lossy(&body));
                    if service.lost.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok() {
                        return Err(io::Error::other("lost")); // the connection ends without a word
                    }
                    let reply = Response::builder().status(status).header("content-type", "application/json");
                    Ok::<_, io::Error>(reply.body(Full::new(Bytes::from(body))).unwrap())
                }
            });
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), handle).await;
        });
    }
}
