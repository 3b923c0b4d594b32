//! A listener on this computer for the one answer that a browser brings back (RFC 8252 section 7.3).
//!
//! Open only while an answer is awaited, on a number of this computer alone, and closed by the first right answer.
//! Anything can knock: other programs, other users, any web page. So a knock is judged by path, `Host` and `state`;
//! what is wrong gets a page that says so, and the waiting goes on. Refused: other methods than GET, heads above
//! 16 KiB, connections that take longer than 10 s, more than 16 at once (the oldest goes). Nothing that came is ever
//! repeated on a page.

use crate::app::words::pages::{self, Page};
use crate::oauth::grant::{Callback, CallbackFault};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, REFERRER_POLICY};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinSet};
use url::{Host, Url};

/// Longest life of one connection.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest wait until the browser has its page.
const LAST_PAGE: Duration = Duration::from_secs(2);
/// Largest head of a request.
const LARGEST_HEAD: usize = 16 * 1024;
/// Most connections at once.
const MOST: usize = 16;

/// What a query means to whoever waits.
pub(super) type Judge = Arc<dyn Fn(&str) -> Result<Callback, CallbackFault> + Send + Sync>;

/// An open door.
pub(super) struct Listener {
    tcp: TcpListener,
    address: SocketAddr,
    /// For one connection.
    patience: Duration,
}

impl Listener {
    /// A door where `redirect` points to: on its port, or on a free one where it names none. An error where it points
    /// elsewhere than to this computer, or the port is taken.
    pub(super) async fn open(redirect: &Url) -> io::Result<Self> {
        let host = match redirect.host() {
            Some(Host::Ipv4(v4)) if v4.is_loopback() => v4.into(),
            Some(Host::Ipv6(v6)) if v6.is_loopback() => v6.into(),
            _ => return Err(io::ErrorKind::AddrNotAvailable.into()),
        };
        if redirect.scheme() != "http" {
            return Err(io::ErrorKind::AddrNotAvailable.into());
        }
        let tcp = TcpListener::bind(SocketAddr::new(host, redirect.port().unwrap_or(0))).await?;
        let address = tcp.local_addr()?;
        Ok(Self { tcp, address, patience: PATIENCE })
    }

    /// The port that it got.
    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Waits for the answer at `path`, as `judge` reads it; then the door is closed.
    pub(super) async fn answer(self, path: &str, judge: Judge) -> Callback {
        let (found, mut answer) = oneshot::channel();
        let door = Arc::new(Door {
            host: self.address.to_string(),
            path: path.to_owned(),
            judge,
            patience: self.patience,
            found: Mutex::new(Some(found)),
        });
        // Whoever gives up waiting lets go of every visitor too.
        let mut visitors = JoinSet::new();
        let mut order: VecDeque<AbortHandle> = VecDeque::new();
        let callback = loop {
            tokio::select! {
                Ok(callback) = &mut answer => break callback,
                came = self.tcp.accept() => match came {
                    Ok((stream, _)) => {
                        while visitors.try_join_next().is_some() {}
                        order.retain(|one| !one.is_finished());
                        if order.len() >= MOST && let Some(oldest) = order.pop_front() {
                            oldest.abort();
                        }
                        order.push_back(visitors.spawn(serve(stream, Arc::clone(&door))));
                    }
                    // Out of file handles, or gone before it was taken: others may come.
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                },
            }
        };
        drop(self.tcp);
        // The browser is still to get its page; whoever else is there has nothing to wait for.
        let pages = async { while visitors.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(LAST_PAGE, pages).await;
        callback
    }
}

/// What connections share.
struct Door {
    host: String,
    path: String,
    judge: Judge,
    patience: Duration,
    /// Taken by the first right answer.
    found: Mutex<Option<oneshot::Sender<Callback>>>,
}

async fn serve(stream: TcpStream, door: Arc<Door>) {
    let patience = door.patience;
    let handle = service_fn(move |request: Request<Incoming>| {
        let (status, page) = door.judge(&request);
        async move { Ok::<_, Infallible>(response(status, &page)) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_buf_size(LARGEST_HEAD)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), handle);
    // What goes wrong on one connection is that visitor's own matter.
    let _ = tokio::time::timeout(patience, served).await;
}

impl Door {
    fn judge(&self, request: &Request<Incoming>) -> (StatusCode, Page) {
        // Another name for this computer is how a web page would get at it (DNS rebinding).
        if request.headers().get(HOST).and_then(|host| host.to_str().ok()) != Some(self.host.as_str()) {
            return (StatusCode::MISDIRECTED_REQUEST, pages::NOT_HERE);
        }
        if request.method() != Method::GET {
            return (StatusCode::METHOD_NOT_ALLOWED, pages::NOT_HERE);
        }
        if request.uri().path() != self.path {
            return (StatusCode::NOT_FOUND, pages::NOT_HERE);
        }
        let query = format!("?{}", request.uri().query().unwrap_or_default());
        match (self.judge)(&query) {
            Err(CallbackFault::OtherSignIn) => (StatusCode::BAD_REQUEST, pages::OTHER_SIGN_IN),
            Err(_) => (StatusCode::BAD_REQUEST, pages::NO_ANSWER),
            Ok(callback) => {
                let page = if matches!(callback, Callback::Refused(_)) { pages::REFUSED } else { pages::DONE };
                match self.found.lock().unwrap_or_else(PoisonError::into_inner).take() {
                    Some(found) => {
                        // Who waited gave up between this knock and the answer: the sender goes with the door, so
                        // nobody is left to tell, and the code that came was used by nobody and dies by itself.
                        drop(found.send(callback));
                        (StatusCode::OK, page)
                    }
                    None => (StatusCode::GONE, pages::OTHER_SIGN_IN),
                }
            }
        }
    }
}

fn response(status: StatusCode, page: &Page) -> Response<Full<Bytes>> {
    let text = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>butty</title><style>body{{font:1.2rem/1.5 sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem}}\
         </style><h1>{}</h1><p>{}</p></html>",
        page.title, page.text
    );
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let fixed = hyper::header::HeaderValue::from_static;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, fixed("text/html; charset=utf-8"));
    headers.insert(CONTENT_SECURITY_POLICY, fixed("default-src 'none'; style-src 'unsafe-inline'"));
    // The address holds the code: it goes nowhere from here.
    headers.insert(REFERRER_POLICY, fixed("no-referrer"));
    headers.insert(CACHE_CONTROL, fixed("no-store"));
    headers.insert(CONNECTION, fixed("close"));
    response
}

#[cfg(test)]
mod tests;
