//! Hostile sign-in services: what they send is text or nothing, and no secret goes astray.

use super::command::{butty, butty_command, words};
use super::leaks::{assert_none, assert_plain, poison_json, sequences};
use super::proof::Authority;
use super::server::{ACCOUNT, SECRET, Server};
use super::terminal::Terminal;
use super::world::{configure, home, peak};
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A service on loopback HTTPS. Each request gets what `answer` says to its path: the whole reply, raw.
struct Service {
    base: String,
    ca: String,
    /// First lines and bodies of the requests.
    asked: Arc<Mutex<Vec<String>>>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Service {
    fn start(answer: impl Fn(&str, &str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let authority = Authority::new("hostile authority of pages");
        let acceptor = authority.acceptor(&["127.0.0.1"], |_| {});
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let base = format!("https://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (seen, here, answer) = (asked.clone(), base.clone(), Arc::new(answer));
        runtime.spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let (acceptor, seen, here, answer) = (acceptor.clone(), seen.clone(), here.clone(), answer.clone());
                tokio::spawn(async move {
                    let mut io = acceptor.accept(tcp).await.ok()?;
                    let request = request(&mut io).await?;
                    let path = request.split(' ').nth(1)?.to_owned();
                    seen.lock().unwrap().push(request);
                    let reply = answer(&path, &here);
                    io.write_all(&reply).await.ok()?;
                    io.shutdown().await.ok()
                });
            }
        });
        Self { base, ca: authority.pem, asked, runtime: Some(runtime) }
    }

    /// A home whose account signs in there.
    fn home(&self) -> (TempDir, Server) {
        let home = home();
        let chat = Server::start(|talk| Box::pin(talk.until_gone()));
        configure(home.path(), &chat, &format!("sign_in = \"code\"\n[accounts.oauth]\nissuer = \"{}\"", self.base));
        std::fs::write(home.path().join("butty/config/ca.pem"), &self.ca).unwrap();
        (home, chat)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn request(io: &mut (impl tokio::io::AsyncRead + Unpin)) -> Option<String> {
    let mut read = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let count = io.read(&mut piece).await.ok().filter(|count| *count > 0)?;
        read.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&read).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.to_lowercase().split("content-length: ").nth(1).map_or(0, |rest| {
                rest.split("\r\n").next().and_then(|length| length.parse::<usize>().ok()).unwrap_or(0)
            });
        if body.len() >= length {
            return Some(text);
        }
    }
}

fn reply(status: &str, kind: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
        .into_bytes()
}

fn json(body: &str) -> Vec<u8> {
    reply("200 OK", "application/json", body)
}

/// What an honest service says, but for `device` and `token`.
fn honest(path: &str, base: &str, device: &str, token: &[u8]) -> Vec<u8> {
    match path {
        "/.well-known/oauth-authorization-server" => json(&format!(
            r#"{{"issuer":"{base}","token_endpoint":"{base}/token","device_authorization_endpoint":"{base}/device",
               "registration_endpoint":"{base}/register","scopes_supported":["xmpp"]}}"#
        )),
        "/register" => reply("201 Created", "application/json", r#"{"client_id":"c"}"#),
        "/device" => json(&device.replace("BASE", base)),
        "/token" => token.to_vec(),
        _ => reply("404 Not Found", "text/html", "<html>"),
    }
}

const CODE: &str = r#"{"device_code":"D","user_code":"ABCD-EFGH","verification_uri":"BASE/go","interval":1,
    "verification_uri_complete":"BASE/go?code=ABCD-EFGH","expires_in":600}"#;

fn pending() -> Vec<u8> {
    reply("400 Bad Request", "application/json", r#"{"error":"authorization_pending"}"#)
}

/// `butty login --device` against it, at most so long.
fn login(service: &Service, timeout: &str) -> (String, Vec<u8>) {
    let (home, chat) = service.home();
    let done = butty(home.path(), &["--timeout", timeout, "login", ACCOUNT, "--device"]);
    assert!(!done.status.success(), "{}", words(&done));
    assert_plain("stderr", &done.stderr);
    chat.assert_nothing_leaked("a code"); // and no session was begun
    (words(&done), done.stderr)
}

#[test]
fn rubbish_instead_of_metadata_is_told() {
    let metadata = |body: &'static str| Service::start(move |_, base| json(&body.replace("BASE", base)));
    let ends = r#""token_endpoint":"BASE/token","device_authorization_endpoint":"BASE/device""#;
    let deep: &'static str = Box::leak(format!("{}{}", "[".repeat(200_000), "]".repeat(200_000)).into_boxed_str());
    let other: &'static str = Box::leak(format!(r#"{{"issuer":"https://evil.test",{ends}}}"#).into_boxed_str());
    for (what, code, service) in [
        ("html", "BTY-AUTH-09", Service::start(|_, _| reply("200 OK", "text/html", "<html><script>alert(1)</script>"))),
        (
            "a redirect",
            "BTY-AUTH-09",
            Service::start(|_, _| b"HTTP/1.1 302 Found\r\nLocation: https://evil.test/\r\n\r\n".to_vec()),
        ),
        ("not http", "BTY-NET-04", Service::start(|_, _| b"SSH-2.0-OpenSSH\r\n".to_vec())),
        ("nothing", "BTY-NET-04", Service::start(|_, _| Vec::new())),
        ("deep", "BTY-AUTH-09", metadata(deep)),
        ("another issuer", "BTY-AUTH-09", metadata(other)),
        (
            "wrong types",
            "BTY-AUTH-09",
            metadata(r#"{"issuer":7,"token_endpoint":[],"device_authorization_endpoint":{}}"#),
        ),
        ("javascript", "BTY-AUTH-09", metadata(r#"{"issuer":"BASE","token_endpoint":"javascript:alert(1)"}"#)),
        ("plain http", "BTY-AUTH-09", metadata(r#"{"issuer":"BASE","token_endpoint":"http://127.0.0.1/token"}"#)),
    ] {
        let (said, _) = login(&service, "20s");
        assert!(said.contains(code) && said.matches("BTY-").count() == 1, "{what}: {said}");
    }
}

#[test]
fn a_hundred_megabytes_are_not_read() {
    let service = Service::start(|_, _| {
        let mut body = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n".to_vec();
        body.resize(100 << 20, b' ');
        body
    });
    let (home, _chat) = service.home();
    let mut command = butty_command(home.path(), &["login", ACCOUNT, "--device"]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (begun, mut most) = (Instant::now(), 0);
    let status = loop {
        most = most.max(peak(child.id()).unwrap_or(0));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        assert!(begun.elapsed() < Duration::from_secs(20));
        std::thread::yield_now();
    };
    eprintln!("100 MiB of metadata: peak {most} MiB after {:?}", begun.elapsed());
    assert!(!status.success() && most < 64, "{most}");
}

#[test]
fn what_is_no_code_is_not_shown() {
    for (what, device) in [
        ("html", "<html>"),
        ("wrong types", r#"{"device_code":1,"user_code":2,"verification_uri":3,"expires_in":"x"}"#),
        ("javascript", &CODE.replace("\"BASE/go\"", "\"javascript:alert(1)\"")),
        ("a file", &CODE.replace("\"BASE/go\"", "\"file:///etc/passwd\"")),
        ("plain http", &CODE.replace("\"BASE/go\"", "\"http://evil.test/go\"")),
        ("plain http here", &CODE.replace("\"BASE/go\"", "\"http://127.0.0.1:1/go\"")),
        ("credentials", &CODE.replace("\"BASE/go\"", "\"https://hostile.test@evil.test/go\"")),
        ("escapes", &CODE.replace("BASE/go\"", "BASE/go\\u001b[2J\"")),
        ("no code", &CODE.replace("ABCD-EFGH", "")),
        ("a long code", &CODE.replace("ABCD-EFGH", &"A".repeat(1_000))),
    ] {
        let device = device.to_owned();
        let service = Service::start(move |path, base| honest(path, base, &device, &pending()));
        let (said, _) = login(&service, "20s");
        assert!(said.contains("BTY-AUTH-14"), "{what}: {said}");
        assert!(!said.contains("Type "), "{what}: {said}");
    }
}

#[test]
fn what_is_no_token_is_not_used() {
    let token = |body: &str| json(body);
    for (what, reply) in [
        ("html", reply("200 OK", "text/html", "<html>")),
        ("wrong types", token(r#"{"access_token":7,"token_type":[]}"#)),
        ("empty", token(r#"{"access_token":"","token_type":"bearer"}"#)),
        ("line breaks", token(r#"{"access_token":"a\r\n<x/>","token_type":"bearer"}"#)),
        ("nul", token(r#"{"access_token":"a\u0000b","token_type":"bearer"}"#)),
        ("escapes", token(&format!(r#"{{"error":"{0}","error_description":"{0}"}}"#, poison_json()))),
        ("refused", reply("400 Bad Request", "application/json", &format!(r#"{{"error":"{}"}}"#, poison_json()))),
        ("denied", reply("400 Bad Request", "application/json", r#"{"error":"access_denied"}"#)),
        ("expired", reply("400 Bad Request", "application/json", r#"{"error":"expired_token"}"#)),
    ] {
        let service = Service::start(move |path, base| honest(path, base, CODE, &reply));
        let (said, _) = login(&service, "20s");
        assert!(said.contains("BTY-AUTH"), "{what}: {said}");
    }
}

/// `slow_down` for ever: the pace falls, the person is told, and can leave at once.
#[test]
fn slow_down_is_obeyed() {
    let slow = reply("400 Bad Request", "application/json", r#"{"error":"slow_down"}"#);
    let service = Service::start(move |path, base| honest(path, base, CODE, &slow));
    let (said, _) = login(&service, "9s");
    assert!(said.contains("BTY-CLI-05"), "{said}");
    assert!(said.contains("less often"), "{said}");
    let asked = service.asked.lock().unwrap();
    let polls = asked.iter().filter(|request| request.starts_with("POST /token")).count();
    assert!((1..=2).contains(&polls), "after 1 s and after 6 s more, not {polls}");
}

/// Every text of the service on the code screen, with ESC itself.
#[test]
fn texts_of_a_service_are_text() {
    let show = |word: &str| {
        let device = CODE.replace("ABCD-EFGH\",\"verification_uri\"", &format!("A{word}B\",\"verification_uri\""));
        let service = Service::start(move |path, base| honest(path, base, &device, &pending()));
        let (home, _chat) = service.home();
        let command = shown(home.path(), &["login", ACCOUNT, "--device", "--store", "file"], "Waiting");
        let mut butty = Terminal::start(home.path(), &[], 100, 30);
        butty.wait_for("/login");
        butty.line("/login");
        butty.wait_for("Keep the sign-in?");
        butty.send("f");
        butty.wait_until("a code or a refusal", |screen| screen.contains("Type this code") || screen.contains("BTY-"));
        butty.send("\x11");
        butty.end();
        [command, butty.bytes()].concat()
    };
    let innocent = show("x");
    assert!(String::from_utf8_lossy(&innocent).contains("AxB"), "the code is shown");
    let innocent = sequences(&String::from_utf8(innocent).unwrap());
    assert_none("a short code", &show("\\u001b[6;7;35m\\u009b\\u202e"), &innocent);
    assert_none("another code", &show("\\u001b]0;PWN\\u0007\\u2066\\u0008\\r"), &innocent);
}

/// A command in a terminal, until it says this.
fn shown(home: &Path, arguments: &[&str], until: &str) -> Vec<u8> {
    let mut butty = Terminal::start(home, arguments, 100, 40);
    butty.wait_for(until);
    butty.send("\x03");
    butty.end();
    let bytes = butty.bytes();
    assert!(!String::from_utf8_lossy(&bytes).contains(SECRET));
    bytes
}

/// The service took the refresh token, and its answer never came: the token may still live, so it is shown once more
/// before anybody is asked.
#[test]
fn a_refresh_whose_answer_is_lost_is_asked_for_again() {
    let asked = AtomicUsize::new(0);
    let service = Service::start(move |path, base| {
        if path != "/token" {
            return honest(path, base, CODE, &[]);
        }
        match asked.fetch_add(1, Ordering::SeqCst) {
            0 => token_pair("first", 1),
            1 | 2 => Vec::new(), // hangs up
            3 => reply("503 Service Unavailable", "text/html", "<html>"),
            _ => token_pair("second", 3_600),
        }
    });
    let (home, _chat) = service.home();
    let login = butty(home.path(), &["--timeout", "5s", "login", ACCOUNT, "--device", "--store", "file"]);
    assert!(!words(&login).contains("BTY-AUTH"), "the chat is silent, and that is all: {}", words(&login));
    let step = || butty(home.path(), &["doctor", "--step", "token", "--json"]);
    // The token lived for a second. Nobody is sent to a page while its successor may still be had.
    for attempt in 1.. {
        let done = step();
        assert!(!words(&done).contains("BTY-AUTH-04") && attempt < 6, "{}", words(&done));
        if done.status.success() {
            break;
        }
    }
    let refreshes = service.asked.lock().unwrap().iter().filter(|body| body.contains("refresh-of-first")).count();
    assert!(refreshes >= 4, "the same token each time: {refreshes}");
}

fn token_pair(name: &str, lives: u32) -> Vec<u8> {
    json(&format!(
        r#"{{"access_token":"access-of-{name}","refresh_token":"refresh-of-{name}","token_type":"bearer",
           "expires_in":{lives}}}"#
    ))
}
