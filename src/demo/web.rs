//! HTTP: the endpoints over TLS, and the page for the person without.
//!
//! Refused: bodies above 16 KiB, other content than forms, slow readers, more connections than a few, and on the
//! page every request from another origin.

use super::Shared;
use super::oauth::{Answer, Form, Places, Visit, metadata};
use super::page;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName, HeaderValue, LOCATION, ORIGIN};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// Path of the device authorization endpoint, as at Live Connect.
pub(super) const DEVICE: &str = "/oauth20_connect.srf";
/// Path of the token endpoint.
pub(super) const TOKEN: &str = "/oauth20_token.srf";
/// Path of the revocation endpoint.
pub(super) const REVOKE: &str = "/oauth20_revoke.srf";
/// Path of the page that a browser is sent to.
pub(super) const AUTHORIZE: &str = "/oauth20_authorize.srf";
/// Path of the metadata (RFC 8414 section 3).
pub(super) const METADATA: &str = "/.well-known/oauth-authorization-server";
const REGISTER: &str = "/register";
/// Path of the page for the person.
pub(super) const LINK: &str = "/link";
const ANSWER: &str = "/answer";
/// Where a person sees what was granted, and takes it back.
pub(super) const GRANTS: &str = "/grants";
const TAKE_BACK: &str = "/take-back";
const MOST_CONNECTIONS: usize = 32;
const LONGEST: Duration = Duration::from_secs(60);
const BODY: usize = 16 << 10;
/// Wrong codes typed in one run before the page takes no more.
pub(super) const MOST_WRONG: u32 = 30;

/// Serves the endpoints, or with `tls` absent the page, until it is dropped.
pub(super) async fn serve(shared: Arc<Shared>, listener: TcpListener, tls: Option<TlsAcceptor>) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        while connections.try_join_next().is_some() {}
        let Ok((tcp, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (shared, tls) = (shared.clone(), tls.clone());
        connections.spawn(async move {
            let served = async {
                match tls {
                    Some(tls) => match tls.accept(tcp).await {
                        Ok(stream) => talk(shared, stream, true).await,
                        Err(error) => shared.note(format!("https: {error}")),
                    },
                    None => talk(shared, tcp, false).await,
                }
            };
            // Too slow is closed; there is nobody to tell.
            drop(tokio::time::timeout(LONGEST, served).await);
            drop(place);
        });
    }
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin>(shared: Arc<Shared>, stream: S, secure: bool) {
    let service = service_fn(|request| {
        let shared = shared.clone();
        async move { Ok::<_, Infallible>(respond(&shared, request, secure).await) }
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(10)).max_buf_size(BODY);
    if let Err(error) = server.serve_connection(TokioIo::new(stream), service).await {
        shared.note(format!("http: {error}"));
    }
}

async fn respond(shared: &Shared, request: Request<Incoming>, secure: bool) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
    shared.note(format!("{method} {}", super::stanza::shortened(&path, 80)));
    let text = |name: HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = text(CONTENT_TYPE).split(';').next().unwrap_or_default();
    let modern = secure && shared.switches.modern;
    let pages = ["/", LINK, ANSWER, GRANTS, TAKE_BACK].contains(&&*path) && (modern || !secure);
    if (!secure || pages) && !is_own(shared, secure, text(HOST), parts.headers.get(ORIGIN)) {
        return html(StatusCode::FORBIDDEN, &page::refused("This page answers to itself alone."));
    }
    match (&method, path.as_str()) {
        (&Method::GET, "/" | LINK) if pages => return html(StatusCode::OK, &page::entry(&shared.proof, None)),
        (&Method::GET, GRANTS) if pages => {
            let granted = shared.desk().granted(shared.desk_time());
            return html(StatusCode::OK, &page::grants(&shared.proof, &granted));
        }
        (&Method::GET, AUTHORIZE) if modern => return visit(shared, parts.uri.query().unwrap_or_default()),
        (&Method::GET, METADATA) if modern => return json(&about(shared)),
        (_, DEVICE | TOKEN | REVOKE) if secure => {}
        (_, REGISTER) if modern && shared.switches.registration => {}
        (_, LINK | ANSWER | TAKE_BACK) if pages => {}
        _ => return plain(StatusCode::NOT_FOUND, "not found"),
    }
    let right = if path == REGISTER { "application/json" } else { "application/x-www-form-urlencoded" };
    if method != Method::POST || kind != right {
        return plain(StatusCode::BAD_REQUEST, "a form is expected, by POST");
    }
    let Ok(body) = Limited::new(body, BODY).collect().await else {
        return plain(StatusCode::PAYLOAD_TOO_LARGE, "too large");
    };
    let body = body.to_bytes();
    if path == REGISTER {
        let answer = shared.desk().register(&serde_json::from_slice(&body).unwrap_or_default(), &mut super::fill);
        shared.note(format!("{path}: {}", outcome(&answer)));
        return json(&answer);
    }
    let mut form: Form = url::form_urlencoded::parse(&body).into_owned().collect();
    if pages {
        return on_page(shared, &path, &form);
    }
    show_client(text(AUTHORIZATION), &mut form);
    if path == TOKEN && shared.switches.refresh_waits_for_tls && named(&form, "grant_type") == "refresh_token" {
        shared.until_one_waits().await;
    }
    endpoint(shared, &path, &form)
}

/// The metadata document.
fn about(shared: &Shared) -> Answer {
    let issuer = &shared.issuer;
    let registration = shared.switches.registration.then_some(REGISTER);
    let places = Places {
        issuer,
        authorization: AUTHORIZE,
        device: DEVICE,
        token: TOKEN,
        revocation: REVOKE,
        registration,
        consents: GRANTS,
    };
    Answer { status: 200, document: metadata(&places) }
}

/// A browser with a program's wish.
fn visit(shared: &Shared, query: &str) -> Response<Full<Bytes>> {
    let query: Form = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let visit = shared.desk().visit(shared.desk_time(), &query, &shared.issuer, &mut super::fill);
    let [client, scope] = ["client_id", "scope"].map(|name| named(&query, name));
    shared.note(format!("{AUTHORIZE}: client={client} grant=authorization_code scope={scope}"));
    match visit {
        Visit::Ask(question) => {
            html(StatusCode::OK, &page::consent(&question, &shared.you, shared.switches.password.is_some()))
        }
        Visit::Go(address) => go(&address),
        Visit::Wrong(why) => html(StatusCode::BAD_REQUEST, &page::refused(why)),
    }
}

/// Sends the browser on.
fn go(address: &str) -> Response<Full<Bytes>> {
    let mut response = plain(StatusCode::FOUND, "");
    if let Ok(address) = HeaderValue::from_str(address) {
        response.headers_mut().insert(LOCATION, address);
    }
    response
}

/// Name and secret of a client that shows them in the header (RFC 6749 section 2.3.1) join the form.
fn show_client(header: &str, form: &mut Form) {
    let shown = header.strip_prefix("Basic ").and_then(|text| STANDARD.decode(text).ok());
    let shown = shown.and_then(|bytes| String::from_utf8(bytes).ok());
    let Some((id, secret)) = shown.as_deref().and_then(|text| text.split_once(':')) else { return };
    let decoded = |text: &str| -> String {
        let pairs = url::form_urlencoded::parse(text.as_bytes());
        pairs.map(|(name, _)| name.into_owned()).next().unwrap_or_default()
    };
    if named(form, "client_id").is_empty() {
        form.push(("client_id".into(), decoded(id)));
    }
    form.push(("client_secret".into(), decoded(secret)));
}

fn named<'a>(form: &'a Form, name: &str) -> &'a str {
    form.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
}

fn outcome(answer: &Answer) -> String {
    answer.document.get("error").and_then(serde_json::Value::as_str).unwrap_or("ok").to_owned()
}

fn endpoint(shared: &Shared, path: &str, form: &Form) -> Response<Full<Bytes>> {
    let now = shared.desk_time();
    let mut desk = shared.desk();
    let answer = match path {
        DEVICE => desk.device(now, form, &mut super::fill),
        TOKEN => desk.token(now, form, &mut super::fill),
        _ => desk.revoke(form),
    };
    drop(desk);
    let [client, grant, scope] = ["client_id", "grant_type", "scope"].map(|name| named(form, name));
    shared.note(format!("{path}: {}; client={client} grant={grant} scope={scope}", outcome(&answer)));
    json(&answer)
}

fn on_page(shared: &Shared, path: &str, form: &Form) -> Response<Full<Bytes>> {
    let now = shared.desk_time();
    let field = |name: &str| named(form, name);
    if path == TAKE_BACK && field("proof") == shared.proof {
        shared.desk().take_back();
        shared.note("page: all taken back");
        return html(StatusCode::OK, &page::grants(&shared.proof, &[]));
    }
    if path == ANSWER {
        if shared.switches.password.as_deref().is_some_and(|password| password != field("password")) {
            shared.note("page: wrong password");
            return html(StatusCode::FORBIDDEN, &page::refused("That is not your password."));
        }
        let yes = match field("answer") {
            "yes" => true,
            "no" => false,
            _ => return html(StatusCode::BAD_REQUEST, &page::refused("Yes or no?")),
        };
        let taken = shared.desk().answer(now, field("user_code"), field("proof"), yes, field("stay") == "on");
        shared.note(format!("page answered: {}", if taken { field("answer") } else { "not ours" }));
        if let Some(address) = shared.desk().way_back(field("user_code"), &shared.issuer).filter(|_| taken) {
            return go(&address);
        }
        return if taken {
            html(StatusCode::OK, &page::done(yes))
        } else {
            html(StatusCode::FORBIDDEN, &page::refused("That code is not open any more."))
        };
    }
    if field("proof") != shared.proof {
        return html(StatusCode::FORBIDDEN, &page::refused("Please type the code on this page itself."));
    }
    if shared.wrong_codes() >= MOST_WRONG {
        return html(StatusCode::TOO_MANY_REQUESTS, &page::refused("Too many wrong codes. Start the demo again."));
    }
    match shared.desk().question(now, field("user_code")) {
        Some(question) => {
            html(StatusCode::OK, &page::consent(&question, &shared.you, shared.switches.password.is_some()))
        }
        None => {
            shared.count_wrong_code();
            let trouble = "No such code is waiting. Look again: eight letters, and they live for minutes only.";
            html(StatusCode::OK, &page::entry(&shared.proof, Some(trouble)))
        }
    }
}

/// True when the request was meant for this host and comes from its own page, or from no page.
fn is_own(shared: &Shared, secure: bool, host: &str, origin: Option<&HeaderValue>) -> bool {
    let own = if secure { &shared.issuer } else { &shared.page_origin };
    let from_here = origin.is_none_or(|origin| origin.as_bytes() == own.as_bytes());
    own.split_once("://").is_some_and(|(_, own)| own == host) && from_here
}

fn json(answer: &Answer) -> Response<Full<Bytes>> {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response(status, "application/json; charset=utf-8", answer.document.to_string())
}

fn html(status: StatusCode, text: &str) -> Response<Full<Bytes>> {
    response(status, "text/html; charset=utf-8", text.to_owned())
}

fn plain(status: StatusCode, text: &str) -> Response<Full<Bytes>> {
    response(status, "text/plain; charset=utf-8", text.to_owned())
}

fn response(status: StatusCode, kind: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    for (name, value) in [
        ("content-type", kind),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        // Not `no-referrer`: with that, browsers send `Origin: null` for our own form.
        ("referrer-policy", "same-origin"),
        ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    ] {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}
