//! Grants played against scripted services.

use super::*;
use crate::oauth::{Pace, page};
use crate::types::{Now, Secret, Stamp};
use futures_util::FutureExt;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

/// What the service does at the next request.
pub(super) enum Play {
    Reply(u16, &'static str),
    Gone,
    /// The request arrives, the answer does not.
    Lost,
}
pub(super) use Play::{Gone, Lost, Reply};

/// A scripted service with a clock that moves by the waits alone.
pub(super) struct Script {
    plays: Mutex<VecDeque<Play>>,
    clock: Mutex<Duration>,
    requests: Mutex<Vec<HttpRequest>>,
    seen: Mutex<Vec<Pace>>,
    waits: Mutex<Vec<u64>>,
    /// Each wait is cut to this: somebody presses the key for "now" all the time.
    impatience: Option<Duration>,
    /// When each request came.
    asked_at: Mutex<Vec<u64>>,
}

impl Script {
    pub(super) fn new(plays: Vec<Play>) -> Self {
        Self {
            plays: Mutex::new(plays.into()),
            clock: Mutex::default(),
            requests: Mutex::default(),
            seen: Mutex::default(),
            waits: Mutex::default(),
            impatience: None,
            asked_at: Mutex::default(),
        }
    }

    pub(super) fn body(&self, index: usize) -> String {
        String::from_utf8(self.requests.lock().unwrap()[index].body().clone()).unwrap()
    }

    pub(super) fn header(&self, index: usize, name: &str) -> Option<String> {
        let value = self.requests.lock().unwrap()[index].headers().get(name)?.to_str().unwrap().to_owned();
        Some(value)
    }

    fn waits(&self) -> Vec<u64> {
        self.waits.lock().unwrap().clone()
    }
}

impl Hands for Script {
    fn fetch(&self, request: HttpRequest) -> Later<'_, Result<HttpResponse, Problem>> {
        self.requests.lock().unwrap().push(request);
        self.asked_at.lock().unwrap().push(self.clock.lock().unwrap().as_secs());
        let play = self.plays.lock().unwrap().pop_front();
        Box::pin(async move {
            match play {
                Some(Reply(status, body)) => {
                    let mut reply = HttpResponse::new(body.as_bytes().to_vec());
                    *reply.status_mut() = StatusCode::from_u16(status).unwrap();
                    Ok(reply)
                }
                Some(Gone) => Err(Problem::Offline),
                Some(Lost) => Err(Problem::ClosedByServer { host: Line::default(), reason: None }),
                None => panic!("one request more than the script has"),
            }
        })
    }

    fn pause(&self, wait: Duration) -> Later<'_, ()> {
        *self.clock.lock().unwrap() += self.impatience.map_or(wait, |most| wait.min(most));
        self.waits.lock().unwrap().push(wait.as_secs());
        Box::pin(async {})
    }

    fn now(&self) -> Now {
        let mono = *self.clock.lock().unwrap();
        Now { mono, wall: Stamp(0).plus(mono) }
    }

    fn tell(&self, pace: Pace) -> Later<'_, ()> {
        self.seen.lock().unwrap().push(pace);
        Box::pin(async {})
    }
}

pub(super) fn service() -> Service {
    let at = |path: &str| page::endpoint(&format!("https://id.example/{path}"));
    Service {
        device: at("device"),
        revocation: at("revoke"),
        ..Service::new("https://id.example", at("token").unwrap())
    }
}

pub(super) fn public() -> ClientIdentity {
    ClientIdentity::given("butty-1", None)
}

const CODE: &str = r#"{"device_code":"GmRh","user_code":"WDJB-MJHT","verification_uri":"https://id.example/device",
    "verification_uri_complete":"https://id.example/device?user_code=WDJB-MJHT","expires_in":600}"#;
const PENDING: &str = r#"{"error":"authorization_pending"}"#;
const GOOD: &str =
    r#"{"access_token":"A1","token_type":"bearer","expires_in":3600,"refresh_token":"R1","scope":"xmpp openid"}"#;

fn code_from(body: &'static str) -> Result<DeviceCode, GrantError> {
    let script = Script::new(vec![Reply(200, body)]);
    ask_for_code(&script, &service(), &public(), &["xmpp".to_owned()], false).now_or_never().unwrap()
}

/// Polls with these answers; the result, and the script with what it saw.
fn consent(plays: Vec<Play>) -> (Result<Token, GrantError>, Script) {
    let script = Script::new(plays);
    let code = code_from(CODE).unwrap();
    let result = wait_for_consent(&script, &service(), &public(), &code, code.lifetime).now_or_never().unwrap();
    (result, script)
}

fn old_token(refresh: &str) -> Token {
    Token { refresh: Some(Secret::from(refresh)), scopes: Some(vec!["xmpp".into()]), ..Token::given("A0").unwrap() }
}

fn refreshed(status: u16, body: &'static str) -> Result<Token, GrantError> {
    let script = Script::new(vec![Reply(status, body)]);
    refresh(&script, &service(), &public(), &old_token("R0")).now_or_never().unwrap()
}

#[test]
fn a_code_is_asked_for_in_form() {
    let script = Script::new(vec![Reply(200, CODE)]);
    let scopes = ["xmpp".to_owned(), "offline_access".to_owned()];
    let code = ask_for_code(&script, &service(), &public(), &scopes, false).now_or_never().unwrap().unwrap();
    assert_eq!(script.body(0), "scope=xmpp+offline_access&client_id=butty-1");
    assert_eq!(
        (code.code.as_str(), code.interval, code.lifetime),
        ("WDJB-MJHT", Duration::from_secs(5), Duration::from_secs(600))
    );
    assert_eq!(code.complete.unwrap().query(), Some("user_code=WDJB-MJHT"));
}

#[test]
fn a_client_with_a_secret_speaks_basic_and_live_connect_gets_its_extra_field() {
    let script = Script::new(vec![Reply(200, CODE)]);
    let client = ClientIdentity::given("id:1", Some(Secret::from("s&cret")));
    let service = Service { device_response_type: true, ..service() };
    ask_for_code(&script, &service, &client, &["wl.messenger".to_owned()], false).now_or_never().unwrap().unwrap();
    assert_eq!(script.body(0), "scope=wl.messenger&response_type=device_code");
    let requests = script.requests.lock().unwrap();
    // base64 of `id%3A1:s%26cret` (RFC 6749 section 2.3.1)
    assert_eq!(requests[0].headers()["authorization"], "Basic aWQlM0ExOnMlMjZjcmV0");
}

#[test]
fn pages_and_codes_that_are_none_are_refused() {
    for body in [
        r#"{"device_code":"d","user_code":"C","verification_uri":"javascript:alert(1)","expires_in":9}"#,
        r#"{"device_code":"d","user_code":"C","verification_uri":"http://id.example/","expires_in":9}"#,
        r#"{"device_code":"d","user_code":" ","verification_uri":"https://id.example/","expires_in":9}"#,
        r#"{"device_code":"","user_code":"C","verification_uri":"https://id.example/","expires_in":9}"#,
        r#"{"user_code":"C","verification_uri":"https://id.example/","expires_in":9}"#,
        "<html>",
    ] {
        assert_eq!(code_from(body).unwrap_err(), GrantError::Rubbish, "{body}");
    }
    let elsewhere = code_from(
        r#"{"device_code":"d","user_code":"C","verification_url":"https://id.example/","interval":"7","expires_in":"9",
        "verification_uri_complete":"https://evil.example/?user_code=C"}"#,
    )
    .unwrap();
    assert_eq!((elsewhere.complete, elsewhere.interval.as_secs(), elsewhere.lifetime.as_secs()), (None, 7, 9));
}

#[test]
fn polling_keeps_the_pace_and_stops_at_the_first_token() {
    let (result, script) = consent(vec![Reply(400, PENDING), Reply(400, PENDING), Reply(200, GOOD)]);
    let token = result.unwrap();
    assert_eq!(token.access.expose(), "A1");
    assert_eq!(token.expires, Some(Stamp(3_615_000)));
    assert_eq!(script.waits(), [5, 5, 5]);
    assert_eq!(
        script.body(0),
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=GmRh&client_id=butty-1"
    );
}

#[test]
fn trying_now_never_polls_sooner_than_the_interval() {
    let plays = vec![Reply(400, PENDING), Gone, Gone, Reply(200, GOOD)];
    let script = Script { impatience: Some(Duration::from_secs(1)), ..Script::new(plays) };
    let code = code_from(CODE).unwrap();
    wait_for_consent(&script, &service(), &public(), &code, code.lifetime).now_or_never().unwrap().unwrap();
    assert_eq!(*script.asked_at.lock().unwrap(), [5, 10, 15, 20], "waits of 10 and 20 s, cut to 5");
}

#[test]
fn slow_down_adds_five_seconds_for_good() {
    let slow = || Reply(400, r#"{"error":"slow_down"}"#);
    let (result, script) = consent(vec![slow(), Reply(400, PENDING), slow(), Reply(400, PENDING), Reply(200, GOOD)]);
    assert!(result.is_ok());
    assert_eq!(script.waits(), [5, 10, 10, 15, 15]);
    let pace = script.seen.lock().unwrap().clone();
    assert_eq!(pace, [Pace::Slower(Duration::from_secs(10)), Pace::Slower(Duration::from_secs(15))]);
}

#[test]
fn a_lost_service_doubles_the_wait_and_the_pace_returns() {
    let (result, script) = consent(vec![
        Gone,
        Reply(503, "<html>"),
        Reply(400, PENDING),
        Reply(429, ""),
        Reply(400, PENDING),
        Reply(200, GOOD),
    ]);
    assert!(result.is_ok());
    assert_eq!(script.waits(), [5, 10, 20, 5, 10, 5]);
    let unreachable = |seconds| Pace::Unreachable(Duration::from_secs(seconds));
    let told = script.seen.lock().unwrap().clone();
    assert_eq!(told, [unreachable(10), unreachable(20), Pace::Reachable, unreachable(10), Pace::Reachable]);
}

#[test]
fn a_code_that_was_used_by_an_answer_that_got_lost_is_told_as_that() {
    for end in [r#"{"error":"invalid_grant"}"#, r#"{"error":"expired_token"}"#] {
        let (result, _) = consent(vec![Reply(400, PENDING), Lost, Reply(400, end)]);
        assert_eq!(result, Err(GrantError::AnswerLost), "{end}");
        let (result, _) = consent(vec![Lost, Reply(400, PENDING), Reply(400, end)]);
        assert_ne!(result, Err(GrantError::AnswerLost), "what was lost was no yes: {end}");
        let (result, _) = consent(vec![Gone, Reply(400, end)]);
        assert_ne!(result, Err(GrantError::AnswerLost), "nothing was asked: {end}");
    }
}

#[test]
fn every_end_has_its_name() {
    for (status, body, end) in [
        (400, r#"{"error":"access_denied"}"#, GrantError::Denied),
        (403, r#"{"error":"authorization_declined"}"#, GrantError::Denied),
        (400, r#"{"error":"expired_token"}"#, GrantError::CodeExpired),
        (400, r#"{"error":"invalid_grant"}"#, GrantError::Dead),
        (401, r#"{"error":"invalid_client"}"#, GrantError::UnknownClient),
        (401, "<html>no</html>", GrantError::UnknownClient),
        (400, r#"{"error":"b\u001b[2Jad"}"#, GrantError::Refused(Line::clean("b\u{1b}[2Jad"))),
        (404, "<html>", GrantError::Rubbish),
        (200, "<html>", GrantError::Rubbish),
        (200, r#"{"access_token":"A","token_type":"mac"}"#, GrantError::Rubbish),
    ] {
        assert_eq!(consent(vec![Reply(status, body)]).0, Err(end), "{body}");
    }
}

#[test]
fn a_code_dies_without_the_services_help() {
    let plays = std::iter::repeat_with(|| Gone).take(40).collect();
    let (result, script) = consent(plays);
    assert_eq!(result, Err(GrantError::CodeExpired));
    assert_eq!(script.waits().iter().sum::<u64>(), 600, "not a second longer than the code lives");
}

#[test]
fn row_004_11_replies_of_every_dress_give_a_token() {
    let expires = |body: &'static str| refreshed(200, body).unwrap().lifetime.map(|life| life.as_secs());
    assert_eq!(
        expires(
            r#"{"token_type":"bearer","expires_in":3600,"scope":"wl.messenger","access_token":"a","refresh_token":"r","authentication_token":"j.w.t"}"#
        ),
        Some(3600)
    );
    assert_eq!(expires(r#"{"access_token":"a","expires_in":"3600","token_type":"Bearer"}"#), Some(3600));
    assert_eq!(expires(r#"{"refresh_token":"r","access_token":"a"}"#), None);
    assert_eq!(expires(r#"{"access_token":"a","expires_in":null,"scope":null,"refresh_token":""}"#), None);
    assert_eq!(expires(r#"{"access_token":"a","x":{"y":[1]},"scope":["xmpp","openid"]}"#), None);
    assert_eq!(expires("\u{feff}{\"access_token\":\"a\",\"token_type\":\"BEARER\"}"), None);
}

#[test]
fn row_004_11_rubbish_gives_none() {
    for (status, body) in [
        (200, r#"{"access_token":"a","#),
        (200, "<html>"),
        (200, ""),
        (200, "null"),
        (200, "[]"),
        (200, "{}"),
        (200, r#"{"access_token":""}"#),
        (200, r#"{"access_token":"a b"}"#),
        (200, r#"{"access_token":"a\u0001auth=x"}"#),
        (200, r#"{"access_token":"a\r\nb"}"#),
        (200, r#"{"access_token":"a\u0000"}"#),
        (200, r#"{"access_token":"a","refresh_token":"r\r\n"}"#),
        (200, r#"{"access_token":7}"#),
        (302, ""),
        (404, "{}"),
    ] {
        assert_eq!(refreshed(status, body), Err(GrantError::Rubbish), "{body}");
    }
    assert_eq!(refreshed(200, r#"{"error":"invalid_grant"}"#), Err(GrantError::Dead), "200 with an error body");
    assert_eq!(refreshed(500, "oops"), Err(GrantError::Busy));
    let deep: &'static str = Box::leak(format!("{}1{}", "[".repeat(5000), "]".repeat(5000)).into_boxed_str());
    assert_eq!(refreshed(200, deep), Err(GrantError::Rubbish));
    let deep_inside = format!(r#"{{"access_token":"a","x":{}1{}}}"#, "[".repeat(5000), "]".repeat(5000));
    assert_eq!(refreshed(200, Box::leak(deep_inside.into_boxed_str())), Err(GrantError::Rubbish));
}

#[test]
fn a_refresh_without_a_new_refresh_token_keeps_the_old_one() {
    let token = refreshed(200, r#"{"access_token":"A2","token_type":"bearer"}"#).unwrap();
    assert_eq!(token.refresh.unwrap().expose(), "R0");
    assert_eq!(token.scopes.unwrap(), ["xmpp"]);
    assert_eq!(refreshed(200, GOOD).unwrap().refresh.unwrap().expose(), "R1");
}

#[test]
fn an_odd_refresh_token_is_form_encoded_once() {
    let odd = "*LA9%k65!$+/=~ ".repeat(280);
    let script = Script::new(vec![Reply(200, GOOD)]);
    refresh(&script, &service(), &public(), &old_token(&odd)).now_or_never().unwrap().unwrap();
    let body = script.body(0);
    let sent: std::collections::HashMap<_, _> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    assert_eq!(sent["refresh_token"], odd);
    assert_eq!(sent["grant_type"], "refresh_token");
}

#[test]
fn revocation_tells_both_tokens_refresh_first() {
    let script = Script::new(vec![Reply(200, ""), Reply(404, "unknown")]);
    assert_eq!(revoke(&script, &service(), &public(), &old_token("R0")).now_or_never(), Some(Farewelled::Told));
    assert_eq!(script.body(0), "token=R0&token_type_hint=refresh_token&client_id=butty-1");
    assert_eq!(script.body(1), "token=A0&token_type_hint=access_token&client_id=butty-1");
    let down = Script::new(vec![Reply(503, ""), Reply(200, "")]);
    assert_eq!(revoke(&down, &service(), &public(), &old_token("R0")).now_or_never(), Some(Farewelled::Later));
    let silent = Service { revocation: None, ..service() };
    let silent = revoke(&Script::new(vec![]), &silent, &public(), &old_token("R0")).now_or_never();
    assert_eq!(silent, Some(Farewelled::Never));
}

#[test]
fn discovery_asks_both_places_and_no_stranger() {
    let body = r#"{"issuer":"https://id.example","token_endpoint":"https://id.example/token"}"#;
    let script = Script::new(vec![Reply(404, "no"), Reply(200, body)]);
    let issuer = discover(&script, "https://id.example").now_or_never().unwrap().unwrap();
    assert_eq!(issuer.token.path(), "/token");
    assert_eq!(script.requests.lock().unwrap()[1].uri().path(), "/.well-known/openid-configuration");
    let moved = Script::new(vec![Reply(302, ""), Reply(404, "")]);
    assert_eq!(discover(&moved, "https://id.example").now_or_never().unwrap(), Err(GrantError::NoMetadata));
    // A page for people where the first document should be; the second one is there.
    let page = Script::new(vec![Reply(200, "<html>"), Reply(200, body)]);
    assert!(discover(&page, "https://id.example").now_or_never().unwrap().is_ok());
    assert_eq!(
        discover(&Script::new(vec![]), "http://id.example").now_or_never().unwrap(),
        Err(GrantError::NoMetadata)
    );
}
