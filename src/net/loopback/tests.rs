//! Right knocks and wrong ones, over real sockets.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop")]

use super::*;
use crate::types::Secret;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;

/// Long enough for a slow machine; a test that waits this long has failed.
const SOON: Duration = Duration::from_secs(20);

fn redirect() -> Url {
    Url::parse("http://127.0.0.1/callback").unwrap()
}

/// Takes `code=right&state=mine`, and a refusal with that state.
fn judge() -> Judge {
    Arc::new(|query: &str| match query {
        "?code=right&state=mine" => Ok(Callback::Code(Secret::from("right"))),
        "?error=access_denied&state=mine" => Ok(Callback::Refused(crate::oauth::GrantError::Denied)),
        other if other.contains("state=") => Err(CallbackFault::OtherSignIn),
        _ => Err(CallbackFault::NoAnswer),
    })
}

/// An open door, its port, and what comes of it.
async fn door() -> (u16, JoinHandle<Callback>) {
    let listener = Listener::open(&redirect()).await.unwrap();
    let port = listener.port();
    (port, tokio::spawn(listener.answer("/callback", judge())))
}

async fn connect(port: u16) -> TcpStream {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap()
}

/// What the door says to these bytes, until it closes.
async fn say(port: u16, bytes: &[u8]) -> String {
    let mut stream = connect(port).await;
    // It may close before all was written: that is an answer too.
    let _ = stream.write_all(bytes).await;
    let mut reply = Vec::new();
    let _ = tokio::time::timeout(SOON, stream.read_to_end(&mut reply)).await.unwrap();
    String::from_utf8_lossy(&reply).into_owned()
}

async fn get(port: u16, target: &str) -> String {
    say(port, format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n").as_bytes()).await
}

fn status(reply: &str) -> &str {
    reply.split(' ').nth(1).unwrap_or_default()
}

async fn ended(answer: JoinHandle<Callback>) -> Callback {
    tokio::time::timeout(SOON, answer).await.unwrap().unwrap()
}

fn right() -> Callback {
    Callback::Code(Secret::from("right"))
}

#[tokio::test]
async fn row_002_14_the_answer_is_taken_once_and_the_page_says_return_to_the_terminal() {
    let (port, answer) = door().await;
    let page = get(port, "/callback?code=right&state=mine").await;
    assert_eq!(status(&page), "200");
    assert!(page.contains("Return to the terminal"), "{page}");
    for header in ["referrer-policy: no-referrer", "cache-control: no-store", "default-src 'none'", "connection: close"]
    {
        assert!(page.to_ascii_lowercase().contains(header), "{header}:\n{page}");
    }
    assert!(!page.contains("right") && !page.contains("mine"), "nothing that came is repeated");
    assert_eq!(ended(answer).await, right());
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err(), "closed behind it");
}

#[tokio::test]
async fn row_004_03_wrong_state_wrong_path_missing_code_and_wrong_host_are_told_and_waited_through() {
    let (port, answer) = door().await;
    for (target, code) in [
        ("/callback?code=right&state=other", "400"),
        ("/callback?code=right", "400"),
        ("/callback?error=access_denied&state=other", "400"),
        ("/callback", "400"),
        ("/callback?", "400"),
        ("/favicon.ico", "404"),
        ("/", "404"),
        ("/callback/?code=right&state=mine", "404"),
        ("/CALLBACK?code=right&state=mine", "404"),
        ("//callback?code=right&state=mine", "404"),
        ("http://127.0.0.1/other?code=right&state=mine", "404"),
    ] {
        assert_eq!(status(&get(port, target).await), code, "{target}");
    }
    let from = |host: &str| format!("GET /callback?code=right&state=mine HTTP/1.1\r\n{host}\r\n");
    for host in ["Host: evil.example\r\n", "Host: localhost:1\r\n", "Host: 127.0.0.1\r\n", ""] {
        assert_eq!(status(&say(port, from(host).as_bytes()).await), "421", "{host}");
    }
    for method in ["POST", "HEAD", "PUT", "OPTIONS"] {
        let line = format!("{method} /callback?code=right&state=mine HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
        assert_eq!(status(&say(port, line.as_bytes()).await), "405", "{method}");
    }
    assert!(!answer.is_finished());
    assert_eq!(status(&get(port, "/callback?code=right&state=mine").await), "200");
    assert_eq!(ended(answer).await, right());
}

#[tokio::test]
async fn row_004_03_a_second_hit_comes_to_nothing() {
    let (port, answer) = door().await;
    // Both are there before either is read.
    let mut streams = [connect(port).await, connect(port).await];
    for stream in &mut streams {
        let line = format!("GET /callback?code=right&state=mine HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
        stream.write_all(line.as_bytes()).await.unwrap();
    }
    let mut taken = 0;
    for mut stream in streams {
        let mut reply = String::new();
        let _ = tokio::time::timeout(SOON, stream.read_to_string(&mut reply)).await.unwrap();
        taken += usize::from(status(&reply) == "200");
    }
    assert_eq!(taken, 1);
    assert_eq!(ended(answer).await, right());
}

#[tokio::test]
async fn a_refusal_is_an_answer_too() {
    let (port, answer) = door().await;
    let page = get(port, "/callback?error=access_denied&state=mine").await;
    assert!(page.contains("Not signed in"), "{page}");
    assert_eq!(ended(answer).await, Callback::Refused(crate::oauth::GrantError::Denied));
}

#[tokio::test]
async fn a_script_in_the_address_is_not_repeated_to_the_browser() {
    let (port, answer) = door().await;
    for place in ["/callback", "/<script>alert(1)</script>", "/callback/%3Cscript%3E"] {
        for script in ["<script>alert(1)</script>", "%3Cscript%3Ealert(1)%3C/script%3E", "\"><img/src=x/onerror=y>"] {
            for name in ["code", "error", "error_description", "state", "error_uri"] {
                let page = get(port, &format!("{place}?{name}={script}&state=other")).await.to_ascii_lowercase();
                assert!(!page.contains("script") && !page.contains("onerror"), "{place} {name}: {page}");
                let (head, body) = page.split_once("\r\n\r\n").unwrap();
                assert!(body.is_empty() || head.contains("default-src 'none'"), "{page}");
            }
        }
    }
    get(port, "/callback?code=right&state=mine").await;
    assert_eq!(ended(answer).await, right());
}

#[tokio::test]
async fn junk_and_giants_are_survived() {
    let (port, answer) = door().await;
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(3 * LARGEST_HEAD));
    let wide = format!("GET / HTTP/1.1\r\n{}\r\n", "X-Junk: y\r\n".repeat(10_000));
    let tls = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".as_slice();
    for junk in [b"".as_slice(), b"\0\xff\x1b[2J\r\n\r\n", b"SSH-2.0-x\r\n", tls, long.as_bytes(), wide.as_bytes()] {
        let mut stream = connect(port).await;
        let _ = stream.write_all(junk).await;
        let _ = stream.shutdown().await;
        let mut reply = Vec::new();
        let _ = tokio::time::timeout(SOON, stream.read_to_end(&mut reply)).await.unwrap();
        let reply = String::from_utf8_lossy(&reply).into_owned();
        assert!(reply.is_empty() || status(&reply).starts_with('4'), "{reply}");
    }
    let body = format!("GET /callback HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 99999999999\r\n\r\n");
    assert_eq!(status(&say(port, body.as_bytes()).await), "400", "a body is not waited for");
    assert!(!answer.is_finished());
    get(port, "/callback?code=right&state=mine").await;
    assert_eq!(ended(answer).await, right());
}

#[tokio::test]
async fn a_flood_of_slow_visitors_does_not_keep_the_browser_out() {
    let (port, answer) = door().await;
    let mut slow = Vec::new();
    for _ in 0..4 * MOST {
        let mut stream = connect(port).await;
        stream.write_all(b"GET /callback?co").await.unwrap();
        slow.push(stream);
    }
    assert_eq!(status(&get(port, "/callback?code=right&state=mine").await), "200");
    assert_eq!(ended(answer).await, right());
    // The oldest were let go to make room.
    let mut byte = [0];
    let gone = tokio::time::timeout(SOON, slow[0].read(&mut byte)).await.unwrap();
    assert!(matches!(gone, Ok(0) | Err(_)), "{gone:?}");
}

#[tokio::test]
async fn a_visitor_who_never_ends_is_let_go() {
    let mut listener = Listener::open(&redirect()).await.unwrap();
    listener.patience = Duration::from_millis(200);
    let port = listener.port();
    let answer = tokio::spawn(listener.answer("/callback", judge()));
    let reply = say(port, b"GET /callback HTTP/1.1\r\nHost: ").await;
    assert!(reply.is_empty() || status(&reply) == "408", "{reply}");
    assert!(!answer.is_finished());
    answer.abort();
}

#[tokio::test]
async fn who_gives_up_closes_the_door_and_lets_go_of_every_visitor() {
    let (port, answer) = door().await;
    let mut stream = connect(port).await;
    stream.write_all(b"GET /callback?code=right&state=mine HTTP/1.1\r\n").await.unwrap();
    // Known to be let in once somebody behind it has been answered.
    assert_eq!(status(&get(port, "/").await), "404");
    answer.abort();
    assert!(answer.await.is_err());
    let late = stream.write_all(format!("Host: 127.0.0.1:{port}\r\n\r\n").as_bytes()).await;
    let mut reply = String::new();
    let read = tokio::time::timeout(SOON, stream.read_to_string(&mut reply)).await.unwrap();
    assert!(reply.is_empty(), "nobody is thanked for nothing: {late:?} {read:?} {reply}");
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err());
}

#[tokio::test]
async fn row_004_03_a_busy_port_and_a_place_elsewhere_open_no_door() {
    let first = Listener::open(&redirect()).await.unwrap();
    let busy = Url::parse(&format!("http://127.0.0.1:{}/callback", first.port())).unwrap();
    assert!(Listener::open(&busy).await.is_err());
    for elsewhere in ["http://10.0.0.1/cb", "http://localhost/cb", "https://127.0.0.1/cb", "https://id.example/done"] {
        assert!(Listener::open(&Url::parse(elsewhere).unwrap()).await.is_err(), "{elsewhere}");
    }
    let (one, two) = (first.port(), Listener::open(&redirect()).await.unwrap().port());
    assert_ne!(one, two, "each its own");
}

#[tokio::test]
async fn the_judge_is_asked_for_the_right_place_alone() {
    let asked = Arc::new(AtomicUsize::new(0));
    let judge: Judge = {
        let asked = Arc::clone(&asked);
        Arc::new(move |_| {
            asked.fetch_add(1, Ordering::SeqCst);
            Err(CallbackFault::NoAnswer)
        })
    };
    let listener = Listener::open(&redirect()).await.unwrap();
    let port = listener.port();
    let answer = tokio::spawn(listener.answer("/callback", judge));
    get(port, "/other?code=right").await;
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    get(port, "/callback?x").await;
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    answer.abort();
}
