use super::chance::LETTERS;
use super::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A desk with a clock that stands until it is moved, and chance that counts.
struct Counter {
    desk: Desk,
    now: Now,
    drawn: u8,
}

impl Counter {
    fn new(switches: Switches) -> Self {
        Self { desk: Desk::new(switches, "http://127.0.0.1:1/link".into()), now: Now::default(), drawn: 0 }
    }

    fn after(&mut self, seconds: u64) {
        self.now = self.now.after(Duration::from_secs(seconds));
    }

    fn ask(&mut self, path: &str, fields: &[(&str, &str)]) -> Value {
        let form: Form = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let drawn = &mut self.drawn;
        let mut chance = |bytes: &mut [u8]| {
            *drawn = drawn.wrapping_add(1);
            bytes.iter_mut().zip(0_u8..).for_each(|(byte, n)| *byte = n.wrapping_mul(37) ^ *drawn);
            Some(())
        };
        let answer = match path {
            "device" => self.desk.device(self.now, &form, &mut chance),
            "token" => self.desk.token(self.now, &form, &mut chance),
            _ => self.desk.revoke(&form),
        };
        assert_eq!(answer.status, if answer.document.get("error").is_some() { 400 } else { 200 });
        answer.document
    }

    fn code(&mut self) -> Value {
        let scope = ("scope", "wl.messenger wl.offline_access");
        self.ask("device", &[("client_id", CLIENT_ID), scope, ("response_type", "device_code")])
    }

    fn poll(&mut self, code: &Value) -> Value {
        self.after(5);
        let device_code = text(code, "device_code");
        self.ask("token", &[("client_id", CLIENT_ID), ("grant_type", DEVICE_GRANT), ("device_code", &device_code)])
    }

    fn refresh(&mut self, token: &str) -> Value {
        self.ask("token", &[("client_id", CLIENT_ID), ("grant_type", "refresh_token"), ("refresh_token", token)])
    }

    fn signed_in(expires_in_text: bool) -> (Self, Value) {
        let mut counter = Self::new(Switches { answered: Some(true), expires_in_text, ..Switches::default() });
        let code = counter.code();
        let tokens = counter.poll(&code);
        (counter, tokens)
    }
}

fn text(document: &Value, name: &str) -> String {
    document.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[test]
fn a_code_is_answered_yes() {
    let mut counter = Counter::new(Switches::default());
    let code = counter.code();
    assert_eq!((code["expires_in"].as_u64(), code["interval"].as_u64()), (Some(900), Some(5)));
    assert_eq!(text(&code, "verification_uri"), "http://127.0.0.1:1/link");
    assert!(code.get("verification_uri_complete").is_none(), "there was none");
    let shown = text(&code, "user_code");
    assert!(shown.len() == 9 && shown.as_bytes()[4] == b'-');
    assert!(shown.bytes().all(|byte| byte == b'-' || LETTERS.contains(&byte)));
    assert_eq!(text(&counter.poll(&code), "error"), "authorization_pending");
    let typed = shown.to_lowercase().replace('-', " ");
    let question = counter.desk.question(counter.now, &typed).unwrap();
    assert_eq!(question.wants.len(), 2);
    assert!(!counter.desk.answer(counter.now, &shown, "guessed", true, true));
    assert!(counter.desk.answer(counter.now, &shown, &question.proof, true, true));
    assert!(!counter.desk.answer(counter.now, &shown, &question.proof, false, true), "one answer");
    let tokens = counter.poll(&code);
    assert_eq!((text(&tokens, "token_type"), tokens["expires_in"].as_u64()), ("bearer".into(), Some(3_600)));
    assert!(counter.desk.person_of(counter.now, &text(&tokens, "access_token")).is_some());
    assert_eq!(text(&counter.poll(&code), "error"), "invalid_grant", "a code is good for one token");
}

#[test]
fn tokens_have_every_character_that_a_wrong_encoder_spoils() {
    let (_, tokens) = Counter::signed_in(false);
    let access = text(&tokens, "access_token");
    assert!(access.starts_with("EwCo") && access.ends_with("AA==") && access.contains('+') && access.contains('/'));
    assert!(STANDARD.decode(&access).is_ok(), "canonical base64");
    let refresh = text(&tokens, "refresh_token");
    assert!(refresh.len() > 180 && ['*', '!', '%', '&', '+', '$'].iter().all(|&c| refresh.contains(c)));
}

#[test]
fn no_is_told_in_either_word() {
    for (declined_word, word) in [(false, "access_denied"), (true, "authorization_declined")] {
        let mut counter = Counter::new(Switches { declined_word, ..Switches::default() });
        let code = counter.code();
        assert_eq!(counter.desk.answer_all(counter.now, false), 1);
        assert_eq!(text(&counter.poll(&code), "error"), word);
    }
}

#[test]
fn codes_end_and_hurry_is_slowed() {
    let mut counter = Counter::new(Switches::default());
    let code = counter.code();
    assert_eq!(text(&counter.poll(&code), "error"), "authorization_pending");
    let device_code = text(&code, "device_code");
    let again = [("client_id", CLIENT_ID), ("grant_type", "device_code"), ("device_code", &*device_code)];
    assert_eq!(text(&counter.ask("token", &again), "error"), "slow_down");
    counter.after(900);
    assert_eq!(text(&counter.poll(&code), "error"), "expired_token");
    assert!(counter.desk.question(counter.now, &text(&code, "user_code")).is_none());
    let mut counter = Counter::new(Switches { slow_down_every: Some(2), ..Switches::default() });
    let code = counter.code();
    let words: Vec<_> = (0..4).map(|_| text(&counter.poll(&code), "error")).collect();
    assert_eq!(words, ["authorization_pending", "slow_down", "authorization_pending", "slow_down"]);
}

#[test]
fn refresh_tokens_are_used_once_and_a_second_use_ends_all() {
    let (mut counter, tokens) = Counter::signed_in(true);
    assert_eq!(tokens["expires_in"], json!("3600"));
    let first = text(&tokens, "refresh_token");
    let second = counter.refresh(&first);
    let fresh = text(&second, "access_token");
    assert_eq!(counter.desk.person_of(counter.now, &fresh), Some(0));
    assert_ne!(text(&second, "refresh_token"), first);
    assert_eq!(text(&counter.refresh(&first), "error"), "invalid_grant");
    assert!(counter.desk.person_of(counter.now, &fresh).is_none(), "the family is gone");
    assert_eq!(text(&counter.refresh(&text(&second, "refresh_token")), "error"), "invalid_grant");
}

#[test]
fn an_answer_that_got_lost_is_given_again_until_something_of_it_is_used() {
    for strict in [false, true] {
        let switches = Switches { answered: Some(true), forgives_lost_answers: !strict, ..Switches::default() };
        let mut counter = Counter::new(switches);
        let code = counter.code();
        let lost = counter.poll(&code);
        let tokens = counter.poll(&code);
        if strict {
            assert_eq!(text(&tokens, "error"), "invalid_grant");
            continue;
        }
        assert!(counter.desk.person_of(counter.now, &text(&lost, "access_token")).is_none(), "void");
        let refresh = text(&tokens, "refresh_token");
        let lost = counter.refresh(&refresh);
        let second = counter.refresh(&refresh);
        assert_ne!(text(&lost, "refresh_token"), text(&second, "refresh_token"));
        assert_eq!(text(&counter.poll(&code), "error"), "invalid_grant", "only the last question");
        assert_eq!(counter.desk.person_of(counter.now, &text(&second, "access_token")), Some(0), "used");
        assert_eq!(text(&counter.refresh(&refresh), "error"), "invalid_grant", "a thief");
        assert_eq!(text(&counter.refresh(&text(&second, "refresh_token")), "error"), "invalid_grant", "told to all");
    }
}

#[test]
fn who_steals_a_lost_answer_is_found_out_by_its_owner() {
    let (mut counter, tokens) = Counter::signed_in(true);
    let refresh = text(&tokens, "refresh_token");
    let owner = counter.refresh(&refresh);
    let thief = counter.refresh(&refresh);
    assert_eq!(text(&counter.refresh(&text(&owner, "refresh_token")), "error"), "invalid_grant");
    assert_eq!(text(&counter.refresh(&text(&thief, "refresh_token")), "error"), "invalid_grant", "gone for both");
}

#[test]
fn access_and_consent_end_in_time() {
    let mut counter = Counter::new(Switches::default());
    let code = counter.code();
    let question = counter.desk.question(counter.now, &text(&code, "user_code")).unwrap();
    assert!(counter.desk.answer(counter.now, &question.user_code, &question.proof, true, false), "box unticked");
    let tokens = counter.poll(&code);
    assert_eq!((tokens.get("refresh_token"), text(&tokens, "scope").as_str()), (None, "wl.messenger"));
    let opens = |counter: &mut Counter| counter.desk.person_of(counter.now, &text(&tokens, "access_token")).is_some();
    counter.after(3 * 3_600 - 60);
    assert!(opens(&mut counter), "three hours by one token");
    counter.after(120);
    assert!(!opens(&mut counter));
}

#[test]
fn what_is_renewed_ends_after_a_year() {
    let mut counter = Counter::new(Switches { answered: Some(true), ..Switches::default() });
    let code = counter.code();
    let tokens = counter.poll(&code);
    counter.after(3_600);
    assert!(counter.desk.person_of(counter.now, &text(&tokens, "access_token")).is_none(), "an hour each");
    let fresh = counter.refresh(&text(&tokens, "refresh_token"));
    counter.after(365 * 24 * 3_600);
    assert_eq!(text(&counter.refresh(&text(&fresh, "refresh_token")), "error"), "invalid_grant");
}

#[test]
fn without_the_offline_scope_there_is_no_refresh_and_without_messenger_no_xmpp() {
    let mut counter = Counter::new(Switches { answered: Some(true), ..Switches::default() });
    for (scope, refreshes, chats) in [("wl.messenger", false, true), ("wl.basic,wl.offline_access", true, false)] {
        let code = counter.ask("device", &[("client_id", CLIENT_ID), ("scope", scope)]);
        let tokens = counter.poll(&code);
        assert_eq!(tokens.get("refresh_token").is_some(), refreshes);
        assert_eq!(counter.desk.person_of(counter.now, &text(&tokens, "access_token")).is_some(), chats);
    }
}

#[test]
fn revoked_is_gone_and_strangers_are_refused() {
    let (mut counter, tokens) = Counter::signed_in(false);
    let refresh = text(&tokens, "refresh_token");
    for token in [&*refresh, "unknown"] {
        assert_eq!(counter.ask("revoke", &[("client_id", CLIENT_ID), ("token", token)]), json!({}));
    }
    assert!(counter.desk.person_of(counter.now, &text(&tokens, "access_token")).is_none());
    for (path, fields, error) in [
        ("device", vec![("client_id", "x"), ("scope", "wl.messenger")], "unauthorized_client"),
        ("device", vec![("client_id", CLIENT_ID)], "invalid_request"),
        ("device", vec![("client_id", CLIENT_ID), ("scope", "wl.everything")], "invalid_scope"),
        ("token", vec![("client_id", CLIENT_ID), ("client_id", CLIENT_ID)], "invalid_request"),
        ("token", vec![("client_id", CLIENT_ID), ("grant_type", "password")], "unsupported_grant_type"),
        ("token", vec![("client_id", CLIENT_ID), ("grant_type", "device_code")], "invalid_request"),
        ("revoke", vec![("client_id", CLIENT_ID)], "invalid_request"),
    ] {
        assert_eq!(text(&counter.ask(path, &fields), "error"), error, "{path} {fields:?}");
    }
}

#[test]
fn nothing_grows_without_a_bound() {
    let mut counter = Counter::new(Switches::default());
    for _ in 0..100 {
        counter.code();
    }
    assert_eq!(counter.desk.codes.len(), MOST_CODES);
    let (mut counter, mut tokens) = Counter::signed_in(false);
    for _ in 0..100 {
        tokens = counter.refresh(&text(&tokens, "refresh_token"));
    }
    assert_eq!(
        (counter.desk.consents[0].spent.len(), counter.desk.consents[0].access.len()),
        (MOST_TOKENS, MOST_TOKENS)
    );
}

#[test]
fn programs_register_and_show_the_secret_that_they_were_given() {
    let secret = Some("s3".to_owned());
    let mut counter = Counter::new(Switches { answered: Some(true), client_secret: secret, ..Switches::default() });
    let mut chance = |bytes: &mut [u8]| {
        bytes.fill(7);
        Some(())
    };
    assert_eq!(counter.desk.register(&json!({}), &mut chance).status, 400, "nobody without a name");
    let request = json!({ "client_name": "butty", "client_uri": "javascript:x" });
    let answer = counter.desk.register(&request, &mut chance);
    assert_eq!((answer.status, &answer.document["client_secret"]), (201, &json!("s3")));
    assert!(answer.document["client_uri"].is_null(), "a page is a page");
    let id = text(&answer.document, "client_id");
    for (shown, status) in [(&[("client_secret", "s3")][..], 200), (&[("client_secret", "s4")], 401), (&[], 401)] {
        let fields = [("client_id", &*id), ("scope", "wl.messenger")].into_iter().chain(shown.iter().copied());
        let form: Form = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        assert_eq!(counter.desk.device(counter.now, &form, &mut chance).status, status, "{shown:?}");
    }
}

#[test]
fn what_is_withheld_is_not_granted_and_what_is_taken_back_is_gone() {
    let withheld_scopes = vec![OFFLINE.to_owned()];
    let mut counter = Counter::new(Switches { answered: Some(true), withheld_scopes, ..Switches::default() });
    let code = counter.code();
    let tokens = counter.poll(&code);
    assert_eq!((text(&tokens, "scope"), tokens.get("refresh_token")), (MESSENGER.to_owned(), None));
    let access = text(&tokens, "access_token");
    let [(client, wants, _)] = &counter.desk.granted(counter.now)[..] else { panic!("one grant") };
    assert_eq!((client.as_str(), wants.len()), ("butty", 1));
    counter.desk.end_access();
    assert!(counter.desk.person_of(counter.now, &access).is_none() && counter.desk.granted(counter.now).len() == 1);
    counter.desk.take_back();
    assert!(counter.desk.granted(counter.now).is_empty());
    let mut chance = |bytes: &mut [u8]| {
        bytes.fill(9);
        Some(())
    };
    counter.desk.seat(1);
    let other = counter.desk.hand_out(counter.now, &[MESSENGER], &mut chance).unwrap();
    assert_eq!(counter.desk.person_of(counter.now, &other), Some(1));
}

/// The pair of RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const HERE: &str = "http://127.0.0.1:5000/callback";

fn form(fields: &[(&str, &str)]) -> Form {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn counting() -> impl FnMut(&mut [u8]) -> Option<()> {
    let mut drawn = 0_u8;
    move |bytes| {
        drawn = drawn.wrapping_add(1);
        bytes.iter_mut().zip(0_u8..).for_each(|(byte, n)| *byte = n.wrapping_mul(41) ^ drawn);
        Some(())
    }
}

#[test]
fn a_browser_comes_back_with_a_code_that_is_good_once_and_for_its_own_program() {
    let wish = [
        ("client_id", CLIENT_ID),
        ("redirect_uri", HERE),
        ("response_type", "code"),
        ("state", "a b&c"),
        ("scope", "wl.messenger wl.offline_access"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let with = |name: &str, value: &str| {
        form(&wish.map(|(known, old)| if known == name { (known, value) } else { (known, old) }))
    };
    let mut desk = Desk::new(Switches { answered: Some(true), ..Switches::default() }, "x".into());
    let mut chance = counting();
    let mut visit = |desk: &mut Desk, query: &Form| match desk.visit(Now::default(), query, "https://i", &mut chance) {
        Visit::Go(address) => address,
        Visit::Wrong(why) => why.to_owned(),
        Visit::Ask(_) => "a question".to_owned(),
    };
    for (name, value, told) in [
        ("redirect_uri", "http://127.0.0.1.evil.example/", "named no address"),
        ("redirect_uri", "https://127.0.0.1/", "named no address"),
        ("client_id", "x", "No such program"),
        ("scope", "everything", "error=invalid_scope&state=a+b%26c"),
        ("code_challenge_method", "plain", "error=invalid_request&state=a+b%26c"),
    ] {
        let said = visit(&mut desk, &with(name, value));
        assert!(said.contains(told), "{name} {value}: {said}");
    }
    let exchange = |desk: &mut Desk, code: &str, verifier: &str, back: &str| {
        let fields = [("client_id", CLIENT_ID), ("grant_type", "authorization_code"), ("code", code)];
        let proof = [("code_verifier", verifier), ("redirect_uri", back)];
        let fields: Vec<_> = fields.into_iter().chain(proof).collect();
        desk.token(Now::default(), &form(&fields), &mut counting())
    };
    let code_of = |address: &str| address.split_once("code=").unwrap().1.split('&').next().unwrap().to_owned();
    for (verifier, back, status) in
        [(VERIFIER, HERE, 200), ("another", HERE, 400), (VERIFIER, "http://127.0.0.1:5001/callback", 400)]
    {
        let address = visit(&mut desk, &form(&wish));
        assert!(address.starts_with(HERE) && address.ends_with("&state=a+b%26c&iss=https%3A%2F%2Fi"), "{address}");
        let code = code_of(&address);
        assert_eq!(exchange(&mut desk, &code, verifier, back).status, status);
        assert_eq!(exchange(&mut desk, &code, VERIFIER, HERE).status, 400, "used up");
    }
    let mut desk = Desk::new(Switches { answered: Some(false), ..Switches::default() }, "x".into());
    assert!(visit(&mut desk, &form(&wish)).contains("error=access_denied&state="));
}
