//! HTTP: the endpoints over TLS, and the page for the person without.
//!
//! Refused: bodies above 16 KiB, other content than forms, slow readers, more connections than a few, and on the
//! page every request from another origin.

use super::Shared;
use super::oauth::{Answer, Form};
use super::page;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue, ORIGIN};
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
/// Path of the page for the person.
pub(super) const LINK: &str = "/link";
const ANSWER: &str = "/answer";
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
    let is_form = text(CONTENT_TYPE).split(';').next() == Some("application/x-www-form-urlencoded");
    if !secure && !is_own(shared, text(HOST), parts.headers.get(ORIGIN)) {
        return html(StatusCode::FORBIDDEN, &page::refused("This page answers to itself alone."));
    }
    if method == Method::GET && !secure && matches!(path.as_str(), "/" | LINK) {
        return html(StatusCode::OK, &page::entry(&shared.proof, None));
    }
    let known = if secure { [DEVICE, TOKEN, REVOKE].contains(&&*path) } else { [LINK, ANSWER].contains(&&*path) };
    if !known {
        return plain(StatusCode::NOT_FOUND, "not found");
    }
    if method != Method::POST || !is_form {
        return plain(StatusCode::BAD_REQUEST, "a form is expected, by POST");
    }
    let Ok(body) = Limited::new(body, BODY).collect().await else {
        return plain(StatusCode::PAYLOAD_TOO_LARGE, "too large");
    };
    let form: Form = url::form_urlencoded::parse(&body.to_bytes()).into_owned().collect();
    if secure { endpoint(shared, &path, &form) } else { on_page(shared, &path, &form) }
}

fn endpoint(shared: &Shared, path: &str, form: &Form) -> Response<Full<Bytes>> {
    let now = shared.now();
    let mut desk = shared.desk();
    let answer = match path {
        DEVICE => desk.device(now, form, &mut super::fill),
        TOKEN => desk.token(now, form, &mut super::fill),
        _ => desk.revoke(form),
    };
    drop(desk);
    let error = answer.document.get("error").and_then(serde_json::Value::as_str).unwrap_or("ok");
    shared.note(format!("{path}: {error}"));
    json(&answer)
}

fn on_page(shared: &Shared, path: &str, form: &Form) -> Response<Full<Bytes>> {
    let now = shared.now();
    let field = |name: &str| form.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str());
    if path == ANSWER {
        let yes = match field("answer") {
            "yes" => true,
            "no" => false,
            _ => return html(StatusCode::BAD_REQUEST, &page::refused("Yes or no?")),
        };
        let taken = shared.desk().answer(now, field("user_code"), field("proof"), yes, field("stay") == "on");
        shared.note(format!("page answered: {}", if taken { field("answer") } else { "not ours" }));
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
        Some(question) => html(StatusCode::OK, &page::consent(&question, &shared.you)),
        None => {
            shared.count_wrong_code();
            let trouble = "No such code is waiting. Look again: eight letters, and they live for minutes only.";
            html(StatusCode::OK, &page::entry(&shared.proof, Some(trouble)))
        }
    }
}

/// True when the request was meant for this host and comes from its own page, or from no page.
fn is_own(shared: &Shared, host: &str, origin: Option<&HeaderValue>) -> bool {
    let own = shared.page_origin.strip_prefix("http://").unwrap_or_default();
    let from_here = origin.is_none_or(|origin| origin.as_bytes() == shared.page_origin.as_bytes());
    host == own && from_here
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
