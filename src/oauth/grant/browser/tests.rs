//! Addresses that are built and answers that are read, right ones and hostile ones.

use super::*;
use crate::oauth::grant::tests::{Gone, Lost, Reply, Script, public, service};
use crate::oauth::page;
use futures_util::FutureExt;
use proptest::prelude::*;
use std::collections::HashMap;

const NOW: Stamp = Stamp(1_000);

fn attempt() -> Attempt {
    Attempt::new(page::redirect("http://127.0.0.1:4711/callback").unwrap(), &[0xA5; 64])
}

fn issuer() -> Service {
    Service { authorization: page::endpoint("https://id.example/authorize?tenant=7"), ..service() }
}

fn words(list: &str) -> Vec<String> {
    list.split_whitespace().map(str::to_owned).collect()
}

fn read(text: &str) -> Result<Callback, CallbackFault> {
    attempt().callback(&issuer(), text, Source::Listener, NOW)
}

fn pasted(text: &str) -> Result<Callback, CallbackFault> {
    attempt().callback(&issuer(), text, Source::Pasted, NOW)
}

fn state() -> String {
    attempt().state.expose().clone()
}

fn code(text: &str) -> Callback {
    Callback::Code(Secret::from(text))
}

#[test]
fn the_example_of_rfc_7636_appendix_b() {
    let verifier = PkceCodeVerifier::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned());
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
    assert_eq!(challenge.as_str(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    assert_eq!(challenge.method().as_str(), "S256");
    // The 32 octets of the appendix, as entropy, give its verifier.
    let octets = [
        116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105, 214, 191,
        240, 91, 88, 5, 88, 83, 132, 141, 121,
    ];
    let mut entropy = [0; 64];
    entropy[..32].copy_from_slice(&octets);
    let attempt = Attempt::new(page::redirect("http://127.0.0.1/cb").unwrap(), &entropy);
    assert_eq!(attempt.verifier.expose(), verifier.secret());
    assert_ne!(attempt.state, attempt.verifier);
}

#[test]
fn row_004_10_the_address_read_back_equals_what_went_in() {
    let odd = "id &=+%#?/ü\u{1b}";
    let client = ClientIdentity::given(odd, None);
    let url = attempt().address(&issuer(), &client, &words("xmpp a&b=c d+e https://x/y")).unwrap();
    assert!(url.as_str().bytes().all(|b| b.is_ascii_graphic()), "{url}");
    assert_eq!((url.host_str(), url.path()), (Some("id.example"), "/authorize"));
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let read: HashMap<&str, &str> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(read.len(), pairs.len(), "each parameter once");
    assert_eq!(read["tenant"], "7", "the endpoint's own query stays");
    assert_eq!(read["client_id"], odd);
    assert_eq!(read["scope"], "xmpp a&b=c d+e https://x/y");
    assert_eq!(read["redirect_uri"], "http://127.0.0.1:4711/callback");
    assert_eq!((read["response_type"], read["code_challenge_method"]), ("code", "S256"));
    assert_eq!(read["state"], state());
    assert!(!read.contains_key("prompt"));
}

#[test]
fn a_sign_in_that_lasts_is_asked_for_as_openid_wants_it() {
    let url = attempt().address(&issuer(), &public(), &words("xmpp openid offline_access")).unwrap();
    assert!(url.query_pairs().any(|pair| pair == ("prompt".into(), "consent".into())));
    let none = Service { authorization: None, ..issuer() };
    assert_eq!(attempt().address(&none, &public(), &[]), Err(GrantError::NoPage));
}

#[test]
fn row_000_22_the_answer_is_read_from_query_or_fragment_and_decoded_once() {
    let state = state();
    for text in [
        format!("http://127.0.0.1:4711/callback?code=a%252Bb%2B&state={state}"),
        format!("http://127.0.0.1:4711/callback#code=a%252Bb%2B&state={state}"),
        format!("127.0.0.1:4711/callback?state={state}&code=a%252Bb%2B"),
        format!("?code=a%252Bb%2B&state={state}"),
        format!("code=a%252Bb%2B&state={state}"),
        format!("  <http://127.0.0.1:4711/callback?code=a%25\n   2Bb%2B&state={state}>\r\n"),
    ] {
        assert_eq!(pasted(&text), Ok(code("a%2Bb+")), "{text}");
    }
}

#[test]
fn row_000_22_a_broken_paste_gets_a_hint() {
    let state = state();
    for (text, fault) in [
        (String::new(), CallbackFault::NoAddress),
        ("hello".to_owned(), CallbackFault::NoAddress),
        ("a".repeat(LONGEST + 1), CallbackFault::NoAddress),
        (format!("https://id.example/authorize?client_id=c&state={state}"), CallbackFault::OtherPage),
        ("https://id.example/login".to_owned(), CallbackFault::OtherPage),
        (format!("http://127.0.0.1:4712/callback?code=c&state={state}"), CallbackFault::OtherPage),
        (format!("http://127.0.0.1:4711/other?code=c&state={state}"), CallbackFault::OtherPage),
        (format!("https://127.0.0.1:4711/callback?code=c&state={state}"), CallbackFault::OtherPage),
        ("http://127.0.0.1:4711/callback".to_owned(), CallbackFault::NoAnswer),
        (format!("?state={state}"), CallbackFault::NoAnswer),
        (format!("?code=&state={state}"), CallbackFault::NoAnswer),
        (format!("?code=a&code=b&state={state}"), CallbackFault::NoAnswer),
        (format!("?code=a#code=b&state={state}"), CallbackFault::NoAnswer),
        (format!("?code=a%00b&state={state}"), CallbackFault::NoAnswer),
        (format!("?code={}&state={state}", "a".repeat(LONGEST_CODE + 1)), CallbackFault::NoAnswer),
        (format!("?access_token=t&state={state}"), CallbackFault::NoAnswer),
        ("?code=a".to_owned(), CallbackFault::OtherSignIn),
        ("?code=a&state=".to_owned(), CallbackFault::OtherSignIn),
        (format!("?code=a&state={state}x"), CallbackFault::OtherSignIn),
        (format!("?code=a&state={}", &state[1..]), CallbackFault::OtherSignIn),
    ] {
        assert_eq!(pasted(&text), Err(fault), "{text}");
    }
}

#[test]
fn row_004_14_a_code_or_an_error_comes_back_and_the_error_is_told_once_and_clean() {
    let state = state();
    assert_eq!(read(&format!("?code=abc&state={state}")), Ok(code("abc")));
    let refused = |text: &str| Ok(Callback::Refused(GrantError::Refused(Line::clean(text))));
    for (error, end) in [
        ("access_denied&error_description=The+user+has+denied", Ok(Callback::Refused(GrantError::Denied))),
        ("access_denied&code=abc", Ok(Callback::Refused(GrantError::Denied))),
        ("temporarily_unavailable", Ok(Callback::Refused(GrantError::Busy))),
        ("unauthorized_client", Ok(Callback::Refused(GrantError::UnknownClient))),
        ("invalid_scope&error_description=no+xmpp", refused("invalid_scope: no xmpp")),
        ("invalid_scope&error_description=+", refused("invalid_scope")),
    ] {
        assert_eq!(read(&format!("?error={error}&state={state}")), end, "{error}");
    }
    let hostile = "invalid_scope&error_description=%1B%5B2J%C2%9B31m%0Aforged%E2%80%AEline";
    let Ok(Callback::Refused(GrantError::Refused(told))) = read(&format!("?error={hostile}&state={state}")) else {
        panic!("a refusal")
    };
    assert!(told.as_str().starts_with("invalid_scope: "), "{told}");
    assert!(!told.as_str().chars().any(|c| c.is_control() || c == '\u{202e}'), "{told:?}");
    assert_eq!(told.as_str().matches("forged").count(), 1);
}

#[test]
fn a_refusal_without_its_state_is_believed_from_the_person_alone() {
    assert_eq!(read("?error=access_denied"), Err(CallbackFault::OtherSignIn), "any web page could send that");
    assert_eq!(pasted("?error=access_denied"), Ok(Callback::Refused(GrantError::Denied)));
    assert_eq!(pasted("?error=access_denied&state=x"), Err(CallbackFault::OtherSignIn));
}

#[test]
fn an_answer_says_whose_it_is_where_that_was_promised() {
    let state = state();
    let read = |promised: bool, more: &str| {
        let service = Service { iss_in_redirect: promised, ..issuer() };
        attempt().callback(&service, &format!("?code=c&state={state}{more}"), Source::Listener, NOW)
    };
    let wrong = |host: &str| Ok(Callback::Refused(GrantError::WrongIssuer(Line::clean(host))));
    assert_eq!(read(true, "&iss=https%3A%2F%2Fid.example"), Ok(code("c")));
    assert_eq!(read(true, ""), wrong("nobody who says so"));
    assert_eq!(read(false, ""), Ok(code("c")));
    for promised in [true, false] {
        assert_eq!(read(promised, "&iss=https%3A%2F%2Fevil.example"), wrong("https://evil.example"), "RFC 9207");
        assert_eq!(read(promised, "&iss=https%3A%2F%2Fid.example.evil"), wrong("https://id.example.evil"));
    }
    // A profile that names no issuer: nobody knows what it is called.
    let nameless = Service { issuer: issuer().token.to_string(), nameless: true, ..issuer() };
    let answer = format!("?code=c&state={state}&iss=https%3A%2F%2Fid.example");
    assert_eq!(attempt().callback(&nameless, &answer, Source::Listener, NOW), Ok(code("c")));
    // Metadata that call the issuer by its own token endpoint do not get around the question.
    let sly = Service { nameless: false, ..nameless };
    assert_eq!(attempt().callback(&sly, &answer, Source::Listener, NOW), wrong("https://id.example"));
}

#[test]
fn a_service_that_knows_nothing_better_gives_the_token_itself() {
    let service = Service { token_in_redirect: true, ..issuer() };
    let url = attempt().address(&service, &public(), &words("sasl_auth")).unwrap();
    let pairs: HashMap<String, String> = url.query_pairs().into_owned().collect();
    assert_eq!(pairs["response_type"], "token");
    assert!(!pairs.contains_key("code_challenge"));
    let state = state();
    let answer = |text: &str| attempt().callback(&service, text, Source::Pasted, NOW);
    // ejabberd answers in the query, Live Connect in the fragment, where a plus sign is one.
    for text in [
        format!("?access_token=a%2Bb%2F%3D&token_type=bearer&expires_in=3600&scope=sasl_auth&state={state}"),
        format!("http://127.0.0.1:4711/callback#access_token=a+b%2f%3d&expires_in=3600&scope=sasl_auth&state={state}"),
    ] {
        let Ok(Callback::Token(token)) = answer(&text) else { panic!("{text}") };
        assert_eq!((token.access.expose().as_str(), token.expires), ("a+b/=", Some(Stamp(3_601_000))));
        assert_eq!(token.scopes, Some(words("sasl_auth")));
    }
    assert_eq!(answer("?access_token=a"), Err(CallbackFault::OtherSignIn), "its state is checked all the same");
    assert_eq!(
        answer(&format!("?access_token=a%0D%0Ab&state={state}")),
        Ok(Callback::Refused(GrantError::Rubbish)),
        "a token that could break out of a SASL response"
    );
    assert_eq!(answer(&format!("?code=a&state={state}")), Err(CallbackFault::NoAnswer));
}

fn exchanged(status: u16, body: &'static str, client: &ClientIdentity) -> (Result<Token, GrantError>, Script) {
    let script = Script::new(vec![Reply(status, body)]);
    let code = Secret::from("c o/d+e");
    let token = attempt().exchange(&script, &issuer(), client, &code).now_or_never().unwrap();
    (token, script)
}

#[test]
fn row_004_04_the_code_is_exchanged_in_form() {
    let good = r#"{"access_token":"A1","token_type":"Bearer","expires_in":3600,"refresh_token":"R1","scope":"xmpp"}"#;
    let (token, script) = exchanged(200, good, &public());
    let token = token.unwrap();
    assert_eq!((token.access.expose().as_str(), token.refresh.unwrap().expose().as_str()), ("A1", "R1"));
    let verifier = attempt().verifier.expose().clone();
    assert_eq!(
        script.body(0),
        format!(
            "grant_type=authorization_code&code=c+o%2Fd%2Be&code_verifier={verifier}&client_id=butty-1\
             &redirect_uri=http%3A%2F%2F127.0.0.1%3A4711%2Fcallback"
        ),
        "no scope: Prosody refuses it here"
    );
}

#[test]
fn row_004_09_a_code_that_was_used_is_a_refusal_and_not_an_expired_sign_in() {
    let (token, _) = exchanged(400, r#"{"error":"invalid_grant"}"#, &public());
    assert_eq!(token, Err(GrantError::Refused(Line::clean("invalid_grant"))));
    assert_eq!(exchanged(401, "<html>", &public()).0, Err(GrantError::UnknownClient));
    assert_eq!(exchanged(200, "<html>", &public()).0, Err(GrantError::Rubbish));
    assert_eq!(exchanged(503, "", &public()).0, Err(GrantError::Busy));
}

#[test]
fn a_code_whose_answer_got_lost_is_shown_once_more() {
    let good = r#"{"access_token":"A1","token_type":"Bearer"}"#;
    let exchange = |plays| {
        let (script, code) = (Script::new(plays), Secret::from("c"));
        attempt().exchange(&script, &issuer(), &public(), &code).now_or_never().unwrap()
    };
    assert_eq!(exchange(vec![Lost, Reply(200, good)]).unwrap().access.expose(), "A1");
    for (status, used) in [(400, r#"{"error":"invalid_grant"}"#), (401, "<html>")] {
        assert_eq!(exchange(vec![Lost, Reply(status, used)]), Err(GrantError::AnswerLost), "{used}");
    }
    assert!(matches!(exchange(vec![Lost, Lost]), Err(GrantError::Unreached(_))), "once");
    assert!(matches!(exchange(vec![Gone]), Err(GrantError::Unreached(_))), "it never came");
}

#[test]
fn row_000_12_a_secret_goes_into_basic_or_into_the_body_or_nowhere() {
    use crate::oauth::registration::ClientAuth;
    let good = r#"{"access_token":"A1","token_type":"bearer"}"#;
    let secret = || ClientIdentity::given("id:1", Some(Secret::from("s&cret")));
    let shown = |client: ClientIdentity| {
        let (token, script) = exchanged(200, good, &client);
        assert!(token.is_ok());
        let basic = script.header(0, "authorization");
        (basic.is_some(), script.body(0).contains("client_secret=s%26cret"), script.body(0).contains("client_id="))
    };
    assert_eq!(shown(public()), (false, false, true));
    assert_eq!(shown(secret()), (true, false, false));
    assert_eq!(shown(ClientIdentity { auth: Some(ClientAuth::Post), ..secret() }), (false, true, true));
    assert_eq!(shown(ClientIdentity { auth: Some(ClientAuth::Basic), ..secret() }), (true, false, false));
}

#[test]
fn row_004_05_who_signed_in_is_read_for_comparing_and_rubbish_there_harms_nothing() {
    let jwt = |claims: &str| format!("e30.{}.sig", BASE64_URL_SAFE_NO_PAD.encode(claims));
    let person = |more: String| {
        let body = format!(r#"{{"access_token":"A1","token_type":"bearer"{more}}}"#);
        exchanged(200, Box::leak(body.into_boxed_str()), &public()).0.unwrap().person
    };
    assert_eq!(person(String::new()), None);
    assert_eq!(person(format!(r#","id_token":"{}""#, jwt(r#"{"sub":"juliet"}"#))).as_deref(), Some("juliet"));
    let live = format!(r#","authentication_token":"{}""#, jwt(r#"{"ver":1,"uid":"9f86"}"#));
    assert_eq!(person(live).as_deref(), Some("9f86"));
    for rubbish in [r#""x""#, r#""a.!.c""#, "7", "null", r#"{"sub":"j"}"#, r#""e30.e30.""#] {
        assert_eq!(person(format!(r#","id_token":{rubbish}"#)), None, "{rubbish}");
    }
    assert_eq!(person(format!(r#","id_token":"{}""#, jwt(r#"{"sub":""}"#))), None);
}

proptest! {
    #[test]
    fn no_text_at_all_makes_it_stumble_and_none_is_believed_without_the_state(text in "\\PC{0,80}|[ -~]{0,200}") {
        for source in [Source::Listener, Source::Pasted] {
            let read = attempt().callback(&issuer(), &text, source, NOW);
            let believed = matches!(read, Ok(Callback::Code(_) | Callback::Token(_)));
            prop_assert!(!believed, "{text}");
        }
    }
}

#[test]
fn an_attempt_is_restored_from_sound_parts_only() {
    let (redirect, state, verifier) = (attempt().redirect.clone(), attempt().state, attempt().verifier);
    assert_eq!(Attempt::restored(redirect.clone(), state.clone(), verifier.clone()), Some(attempt()));
    for bad in ["", "short", &"a".repeat(129), &format!("{} ", "a".repeat(43))] {
        assert!(Attempt::restored(redirect.clone(), state.clone(), Secret::from(bad)).is_none(), "{bad}");
    }
    assert!(!format!("{:?}", attempt()).contains(verifier.expose().as_str()));
}
