//! The rules of the choice, one by one.

use super::*;

const EXPORTER: [u8; 32] = [7; 32];

fn names(text: &str) -> Vec<String> {
    text.split_terminator(',').map(str::to_owned).collect()
}

fn offer(mechanisms: &str, bindings: Option<&str>) -> Offer {
    Offer { mechanisms: names(mechanisms), bindings: bindings.map(names) }
}

/// TLS 1.3 and a usual certificate.
fn both() -> Bindings {
    Bindings { exporter: Some(EXPORTER), end_point: Some(vec![9; 32]) }
}

fn pinned(strongest: &str) -> Known {
    Known { strongest: Some(strongest.to_owned()), ..Known::default() }
}

/// The plan for a password, in one line: mechanism, GS2 header, and the mechanism to fall back on.
fn plan_of(offer: &Offer, named: &str, bindings: &Bindings, known: &Known) -> String {
    let named = names(named);
    let said = |plan: &Plan| format!("{} {}", plan.mechanism.name, plan.channel.flag.header());
    match choose(offer, Wish { kind: CredentialKind::Password, named: &named, bindings, known, bound_elsewhere: false })
    {
        Ok(plan) => match &plan.fall_back {
            Some(plain) => format!("{} else {}", said(&plan), said(plain)),
            None => said(&plan),
        },
        Err(Denied::NothingFits) => "nothing".to_owned(),
        Err(Denied::Weaker { was, now }) => format!("weaker: {was} then, {now} now"),
    }
}

fn first(offer: &Offer, bindings: &Bindings) -> String {
    plan_of(offer, "", bindings, &Known::default())
}

const ALL: &str = "PLAIN,SCRAM-SHA-1,SCRAM-SHA-1-PLUS,SCRAM-SHA-256-PLUS,SCRAM-SHA-512,X-OAUTH2,OAUTHBEARER";

#[test]
fn row_001_04_the_mechanism_that_the_person_named_is_used_or_nothing_is_sent() {
    let offer = offer("OAUTHBEARER,X-MESSENGER-OAUTH2,PLAIN,SCRAM-SHA-1", None);
    let token = |named: &str| {
        let (named, known, bindings) = (names(named), Known::default(), both());
        let wish = Wish {
            kind: CredentialKind::Token,
            named: &named,
            bindings: &bindings,
            known: &known,
            bound_elsewhere: false,
        };
        choose(&offer, wish).map(|plan| plan.mechanism.name)
    };
    assert_eq!(token(""), Ok("OAUTHBEARER"));
    assert_eq!(token("x-messenger-oauth2"), Ok("X-MESSENGER-OAUTH2"));
    assert_eq!(token("X-OAUTH2"), Err(Denied::NothingFits));
    assert_eq!(token("PLAIN"), Err(Denied::NothingFits), "a token never goes out by PLAIN");
    let password = |named: &str| plan_of(&offer, named, &Bindings::default(), &Known::default());
    assert_eq!(password("SCRAM-SHA-256,PLAIN"), "PLAIN n,,");
    assert_eq!(password("SCRAM-SHA-256"), "nothing");
    assert_eq!(password("OAUTHBEARER"), "nothing");
}

#[test]
fn a_bound_sign_in_wins_over_a_longer_hash_and_the_stronger_type_over_the_weaker() {
    let types = |text| offer(ALL, Some(text));
    assert_eq!(first(&types("tls-server-end-point,tls-exporter"), &both()), "SCRAM-SHA-256-PLUS p=tls-exporter,,");
    assert_eq!(first(&types("tls-server-end-point"), &both()), "SCRAM-SHA-256-PLUS p=tls-server-end-point,,");
    let old = Bindings { exporter: None, ..both() };
    assert_eq!(first(&types("tls-server-end-point,tls-exporter"), &old), "SCRAM-SHA-256-PLUS p=tls-server-end-point,,");
}

#[test]
fn without_a_type_in_common_the_flag_is_n_and_never_y() {
    for (types, bindings) in [("tls-unique", both()), ("", both()), ("tls-exporter", Bindings::default())] {
        assert_eq!(first(&offer(ALL, Some(types)), &bindings), "SCRAM-SHA-512 n,,", "{types}");
    }
}

#[test]
fn y_says_that_we_could_and_nothing_was_on_offer() {
    assert_eq!(first(&offer("SCRAM-SHA-1,PLAIN", None), &both()), "SCRAM-SHA-1 y,,");
    assert_eq!(first(&offer("SCRAM-SHA-1,PLAIN", None), &Bindings::default()), "SCRAM-SHA-1 n,,", "we could not");
    let named = plan_of(&offer(ALL, None), "SCRAM-SHA-1", &both(), &Known::default());
    assert_eq!(named, "SCRAM-SHA-1 n,,", "the person's wish is no attack");
    let named = plan_of(&offer("SCRAM-SHA-1", None), "SCRAM-SHA-1", &both(), &Known::default());
    assert_eq!(named, "SCRAM-SHA-1 n,,");
}

#[test]
fn an_unannounced_binding_is_guessed_once() {
    let offer = offer(ALL, None);
    assert_eq!(first(&offer, &both()), "SCRAM-SHA-256-PLUS p=tls-exporter,, else SCRAM-SHA-512 n,,");
    let old = Bindings { exporter: None, ..both() };
    assert_eq!(first(&offer, &old), "SCRAM-SHA-512 n,,", "only tls-exporter is guessed");
    let refused = Known { guess_refused: true, ..pinned("SCRAM-SHA-512") };
    assert_eq!(plan_of(&offer, "", &both(), &refused), "SCRAM-SHA-512 n,,");
    let right = pinned("SCRAM-SHA-256-PLUS");
    assert_eq!(plan_of(&offer, "", &both(), &right), "SCRAM-SHA-256-PLUS p=tls-exporter,,", "it was right before");
}

#[test]
fn a_refused_guess_does_not_lead_to_plain() {
    let bare = offer("PLAIN,SCRAM-SHA-1-PLUS", None);
    assert_eq!(first(&bare, &both()), "SCRAM-SHA-1-PLUS p=tls-exporter,,");
    let named = plan_of(&bare, "SCRAM-SHA-1-PLUS,PLAIN", &both(), &Known::default());
    assert_eq!(named, "SCRAM-SHA-1-PLUS p=tls-exporter,,");
}

#[test]
fn plain_is_refused_once_scram_was_seen_unless_it_is_named() {
    let plain = offer("PLAIN", None);
    assert_eq!(first(&plain, &both()), "PLAIN y,,", "the first time there is nothing to compare with");
    let known = pinned("SCRAM-SHA-1");
    assert_eq!(plan_of(&plain, "", &both(), &known), "weaker: SCRAM-SHA-1 then, PLAIN now");
    assert_eq!(plan_of(&plain, "PLAIN", &both(), &known), "PLAIN n,,");
    assert_eq!(plan_of(&offer("GSSAPI", None), "", &both(), &known), "nothing");
}

#[test]
fn a_weaker_scram_needs_the_servers_word() {
    let weaker = |mechanisms: &str, was: &str| {
        let (known, bindings) = (pinned(was), both());
        let wish = Wish {
            kind: CredentialKind::Password,
            named: &[],
            bindings: &bindings,
            known: &known,
            bound_elsewhere: false,
        };
        choose(&offer(mechanisms, Some("tls-exporter")), wish).unwrap().channel.weaker_than
    };
    assert_eq!(weaker("SCRAM-SHA-1", "SCRAM-SHA-256").as_deref(), Some("SCRAM-SHA-256"));
    assert_eq!(weaker("SCRAM-SHA-512", "SCRAM-SHA-1-PLUS").as_deref(), Some("SCRAM-SHA-1-PLUS"));
    assert_eq!(weaker("SCRAM-SHA-256", "SCRAM-SHA-256"), None);
    assert_eq!(weaker("SCRAM-SHA-512", "SCRAM-SHA-256"), None);
    assert_eq!(weaker("SCRAM-SHA-1", "SCRAM-OF-ANOTHER-BUILD"), None, "what we do not know, we do not hold to");
}

#[test]
fn the_pin_is_the_best_that_could_be_used() {
    assert_eq!(strongest(&offer(ALL, Some("tls-exporter")), &both()), Some("SCRAM-SHA-256-PLUS"));
    assert_eq!(strongest(&offer(ALL, None), &both()), Some("SCRAM-SHA-512"), "a guess is not worth a pin");
    assert_eq!(strongest(&offer("X-MESSENGER-OAUTH2", None), &both()), None);
    assert!(beats("PLAIN", None) && beats("SCRAM-SHA-1", Some("PLAIN")));
    assert!(!beats("SCRAM-SHA-1", Some("SCRAM-SHA-1")) && !beats("PLAIN", Some("SCRAM-SHA-1")));
}
