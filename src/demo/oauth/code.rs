//! The code grant (RFC 6749 section 4.1) with its proof key (RFC 7636) and its issuer (RFC 9207), for programs that
//! listen on loopback (RFC 8252 section 7.3).
//!
//! Refused: other addresses to return to, requests without a proof key, a code shown twice or by somebody else.

use super::chance::{Chance, fresh_code};
use super::{Answer, Code, Desk, Form, Question, Verdict, field, missing, refusal, scopes_of};
use crate::types::Now;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;
use std::time::Duration;
use url::{Host, Url};

/// How long a code may wait to be exchanged (RFC 6749 section 4.1.2 recommends ten minutes at most).
const CODE_LIFETIME: Duration = Duration::from_secs(600);

/// Where the answer goes.
#[derive(Clone)]
pub(super) struct Return {
    address: Url,
    state: Option<String>,
    challenge: String,
}

/// What the browser gets.
pub(in super::super) enum Visit {
    /// The question, as a page.
    Ask(Question),
    /// The answer, back to the program.
    Go(String),
    /// Nothing can be sent back: the request itself is wrong (RFC 6749 section 4.1.2.1).
    Wrong(&'static str),
}

impl Desk {
    /// The browser comes with a program's wish.
    pub(in super::super) fn visit(&mut self, now: Now, query: &Form, issuer: &str, chance: Chance<'_>) -> Visit {
        let Some(client) = field(query, "client_id").and_then(|id| self.clients.find(id)).map(|known| known.id.clone())
        else {
            return Visit::Wrong("No such program is registered here.");
        };
        let Some(address) = field(query, "redirect_uri").and_then(on_this_computer) else {
            return Visit::Wrong("The program named no address on this computer to return to.");
        };
        let state = field(query, "state").map(str::to_owned);
        let challenge =
            field(query, "code_challenge").filter(|_| field(query, "code_challenge_method") == Some("S256"));
        let back = Return { address, state, challenge: challenge.unwrap_or_default().to_owned() };
        let Ok(scopes) = scopes_of(query) else { return Visit::Go(back.with(&[("error", "invalid_scope")], issuer)) };
        if field(query, "response_type") != Some("code") || challenge.is_none() {
            return Visit::Go(back.with(&[("error", "invalid_request")], issuer));
        }
        let Some((device, user, proof)) = fresh_code(chance) else { return Visit::Wrong("No random numbers.") };
        let verdict = match self.switches.answered {
            None => Verdict::Open,
            Some(true) => Verdict::Yes { stay: true },
            Some(false) => Verdict::No,
        };
        let expires = now.mono.saturating_add(CODE_LIFETIME);
        let (interval, last_poll, polls) = (Duration::ZERO, None, 0);
        let back = Some(back);
        let code = Code { client, device, user, proof, scopes, expires, interval, last_poll, polls, verdict, back };
        let user = code.user.clone();
        self.remember(code);
        match self.way_back(&user, issuer) {
            Some(address) => Visit::Go(address),
            None => self.ask(&user).map_or(Visit::Wrong("The question is lost."), Visit::Ask),
        }
    }

    /// Where the browser of an answered question goes; `None`: it is open, or was asked by a device.
    pub(in super::super) fn way_back(&self, user: &str, issuer: &str) -> Option<String> {
        let code = self.codes.iter().find(|code| code.user == user)?;
        let back = code.back.as_ref()?;
        match code.verdict {
            Verdict::Open => None,
            Verdict::Yes { .. } => Some(back.with(&[("code", &code.device)], issuer)),
            Verdict::No => Some(back.with(&[("error", "access_denied")], issuer)),
        }
    }

    /// The exchange. Whatever comes of it, the code is used up.
    pub(super) fn exchange(&mut self, now: Now, client: &str, form: &Form, chance: Chance<'_>) -> Answer {
        let Some(shown) = field(form, "code") else { return missing("code") };
        let wrong = || refusal("invalid_grant", "The provided value for the input parameter 'code' is not valid.");
        let Some(at) = self.codes.iter().position(|code| code.back.is_some() && code.device == shown) else {
            return wrong();
        };
        let code = self.codes.remove(at);
        let (Some(back), Verdict::Yes { stay }) = (&code.back, code.verdict) else { return wrong() };
        let proved = field(form, "code_verifier").is_some_and(|verifier| challenge_of(verifier) == back.challenge);
        let returned = field(form, "redirect_uri").and_then(on_this_computer).as_ref() == Some(&back.address);
        if !proved || !returned || code.client != client || now.mono >= code.expires {
            return wrong();
        }
        self.grant(now, code, stay, chance)
    }
}

impl Return {
    fn with(&self, answer: &[(&str, &str)], issuer: &str) -> String {
        let mut address = self.address.clone();
        let state = self.state.as_deref().map(|state| ("state", state));
        address.query_pairs_mut().extend_pairs(answer).extend_pairs(state).append_pair("iss", issuer);
        address.into()
    }
}

fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()))
}

/// `http` on loopback by its number, at any port.
fn on_this_computer(text: &str) -> Option<Url> {
    let address = Url::parse(text).ok()?;
    let here = match address.host()? {
        Host::Ipv4(v4) => v4.is_loopback(),
        Host::Ipv6(v6) => v6.is_loopback(),
        Host::Domain(_) => false,
    };
    (address.scheme() == "http" && here && address.fragment().is_none()).then_some(address)
}
