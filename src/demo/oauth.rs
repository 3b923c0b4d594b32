//! The sign-in service: codes, consent, tokens. Pure: forms and time in, documents out; chance is asked of the caller.
//!
//! It speaks Live Connect's dialect: no metadata (RFC 8414), no registration, errors as JSON with status 400, a token
//! that is canonical base64, a refresh token full of characters that a form must encode. What it refuses: clients
//! and scopes it does not know, a field sent twice, and a refresh token used before; that one ends the whole consent.

mod chance;
mod clients;
mod code;
mod lost;
mod reins;
mod scopes;

use super::switches::Switches;
use crate::types::Now;
use chance::{Chance, access_token, fresh_code, letters, refresh_token};
use clients::{Client, Clients};
use code::Return;
use scopes::{MESSENGER, OFFLINE, PROFILE, SCOPES, scopes_of, sentence, split};
use serde_json::{Map, Value, json};
use std::time::Duration;

pub(super) use chance::hex;
pub(super) use clients::{Places, metadata};
pub(super) use code::Visit;

/// The client that is known from the start.
pub(super) const CLIENT_ID: &str = "000000004C0BDE30";
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// Consent when *connect automatically* was unticked (documented).
const SHORT_CONSENT: Duration = Duration::from_secs(3 * 3_600);
/// Codes alive at a time; the oldest go first.
const MOST_CODES: usize = 32;
/// Consents alive at a time.
const MOST_CONSENTS: usize = 64;
/// Tokens remembered for each consent.
const MOST_TOKENS: usize = 64;

/// Fields of a form, in their order.
pub(super) type Form = Vec<(String, String)>;

/// A status and a JSON document.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) document: Value,
}

/// What the person is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    /// The program that asks, as it was registered.
    pub(super) client: String,
    /// Its own page, where it has named one.
    pub(super) about: Option<String>,
    /// The code as shown.
    pub(super) user_code: String,
    /// Proves that the answer comes from our own page.
    pub(super) proof: String,
    /// What the client wants, as sentences.
    pub(super) wants: Vec<&'static str>,
}

/// The service.
pub(super) struct Desk {
    switches: Switches,
    page: String,
    clients: Clients,
    codes: Vec<Code>,
    consents: Vec<Consent>,
    /// Who agrees from now on: 0 is the person of the account, 1 somebody else.
    person: usize,
}

struct Code {
    client: String,
    /// What the client polls with.
    device: String,
    /// What the person types.
    user: String,
    proof: String,
    scopes: Vec<String>,
    expires: Duration,
    interval: Duration,
    last_poll: Option<Duration>,
    polls: u32,
    verdict: Verdict,
    /// Asked by a browser, which goes back there with the answer.
    back: Option<Return>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Open,
    No,
    Yes { stay: bool },
}

struct Consent {
    client: String,
    person: usize,
    scopes: Vec<String>,
    ends: Duration,
    /// How long its access tokens live.
    lives: Duration,
    refresh: Option<String>,
    spent: Vec<String>,
    /// Access tokens and when each ends.
    access: Vec<(String, Duration)>,
    /// The last answer, until something of it is shown.
    unseen: Option<lost::Unseen>,
}

impl Desk {
    /// A service whose page for the person is at `page`.
    pub(super) fn new(switches: Switches, page: String) -> Self {
        let clients = Clients::new(switches.client_secret.clone());
        Self { switches, page, clients, codes: Vec::new(), consents: Vec::new(), person: 0 }
    }

    /// Dynamic registration (RFC 7591).
    pub(super) fn register(&mut self, request: &Value, chance: Chance<'_>) -> Answer {
        self.clients.register(request, chance)
    }

    /// Device authorization (RFC 8628 section 3.1; `response_type` is Live Connect's own and not insisted on).
    pub(super) fn device(&mut self, now: Now, form: &Form, chance: Chance<'_>) -> Answer {
        let (client, scopes) =
            match self.clients.checked(form).and_then(|client| Ok((client.id.clone(), scopes_of(form)?))) {
                Ok(found) => found,
                Err(refusal) => return refusal,
            };
        if field(form, "response_type").is_some_and(|kind| kind != "device_code") {
            return refusal("unsupported_response_type", "The response type is not supported. Expected 'device_code'.");
        }
        let Some((device_code, user_code, proof)) = fresh_code(chance) else { return out_of_chance() };
        let interval = self.switches.poll_interval();
        let verdict = match self.switches.answered {
            None => Verdict::Open,
            Some(true) => Verdict::Yes { stay: true },
            Some(false) => Verdict::No,
        };
        let mut document = json!({
            "user_code": user_code, "device_code": device_code, "verification_uri": self.page,
            "expires_in": self.switches.code_lifetime.as_secs(),
        });
        if let (Some(interval), Some(fields)) = (interval, document.as_object_mut()) {
            fields.insert("interval".into(), interval.as_secs().into());
        }
        self.remember(Code {
            client,
            device: device_code,
            user: user_code,
            proof,
            scopes,
            expires: now.mono.saturating_add(self.switches.code_lifetime),
            interval: interval.unwrap_or(Duration::from_secs(5)),
            last_poll: None,
            polls: 0,
            verdict,
            back: None,
        });
        Answer { status: 200, document }
    }

    fn remember(&mut self, code: Code) {
        if self.codes.len() >= MOST_CODES {
            self.codes.remove(0);
        }
        self.codes.push(code);
    }

    /// The token endpoint.
    pub(super) fn token(&mut self, now: Now, form: &Form, chance: Chance<'_>) -> Answer {
        let client = match self.clients.checked(form) {
            Ok(client) => client.id.clone(),
            Err(refusal) => return refusal,
        };
        match field(form, "grant_type") {
            Some(DEVICE_GRANT | "device_code") => self.poll(now, &client, form, chance),
            Some("authorization_code") => self.exchange(now, &client, form, chance),
            Some("refresh_token") => self.refresh(now, &client, form, chance),
            Some(_) => refusal("unsupported_grant_type", "The provided value for 'grant_type' is not supported."),
            None => missing("grant_type"),
        }
    }

    /// Revocation (RFC 7009): always 200, whatever the token was.
    pub(super) fn revoke(&mut self, form: &Form) -> Answer {
        if let Err(refusal) = self.clients.checked(form) {
            return refusal;
        }
        let Some(token) = field(form, "token") else { return missing("token") };
        self.consents.retain(|consent| !consent.holds(token));
        Answer { status: 200, document: Value::Object(Map::new()) }
    }

    /// The person's answer to every open code.
    pub(super) fn answer_all(&mut self, now: Now, yes: bool) -> usize {
        let verdict = if yes { Verdict::Yes { stay: true } } else { Verdict::No };
        let open = self.codes.iter_mut().filter(|code| code.verdict == Verdict::Open && now.mono < code.expires);
        open.map(|code| code.verdict = verdict).count()
    }

    /// The question that belongs to a typed code: case, blanks and dashes do not count (RFC 8628 section 6.1).
    pub(super) fn question(&self, now: Now, typed: &str) -> Option<Question> {
        let typed = letters(typed);
        let code = self.codes.iter().find(|code| letters(&code.user) == typed)?;
        if code.verdict != Verdict::Open || now.mono >= code.expires {
            return None;
        }
        self.ask(&code.user)
    }

    fn ask(&self, user: &str) -> Option<Question> {
        let code = self.codes.iter().find(|code| code.user == user)?;
        let wants = code.scopes.iter().filter_map(|scope| sentence(scope)).collect();
        let Client { name, about, .. } = self.clients.find(&code.client)?.clone();
        Some(Question { client: name, about, user_code: code.user.clone(), proof: code.proof.clone(), wants })
    }

    /// The person's answer on the page; false when code and proof do not belong together.
    pub(super) fn answer(&mut self, now: Now, user_code: &str, proof: &str, yes: bool, stay: bool) -> bool {
        let code = self.codes.iter_mut().find(|code| code.user == user_code && code.proof == proof);
        let Some(code) = code.filter(|code| code.verdict == Verdict::Open && now.mono < code.expires) else {
            return false;
        };
        code.verdict = if yes { Verdict::Yes { stay } } else { Verdict::No };
        true
    }

    /// Whose token this is, if XMPP may let it in: byte for byte one of ours, alive, and made for chatting.
    pub(super) fn person_of(&mut self, now: Now, token: &str) -> Option<usize> {
        let consent = self.consents.iter_mut().find(|consent| consent.opens(now, token, &[MESSENGER]))?;
        consent.see(token);
        Some(consent.person)
    }

    /// Whether it was made for looking at the person's picture, too.
    pub(super) fn opens_photo(&self, now: Now, token: &str) -> bool {
        self.consents.iter().any(|consent| consent.opens(now, token, PROFILE))
    }
}

/// The two grants.
impl Desk {
    fn poll(&mut self, now: Now, client: &str, form: &Form, chance: Chance<'_>) -> Answer {
        let Some(wanted) = field(form, "device_code") else { return missing("device_code") };
        let Some(at) =
            self.codes.iter().position(|code| code.back.is_none() && code.device == wanted && code.client == client)
        else {
            return self.again(now, client, wanted, chance).unwrap_or_else(|| {
                refusal("invalid_grant", "The provided value for the input parameter 'device_code' is not valid.")
            });
        };
        let every = self.switches.slow_down_every;
        let Some(code) = self.codes.get_mut(at) else { return out_of_chance() };
        if now.mono >= code.expires {
            return refusal("expired_token", "The code has expired.");
        }
        code.polls = code.polls.saturating_add(1);
        let since = code.last_poll.replace(now.mono).map(|last| now.mono.saturating_sub(last));
        // A fifth is granted to the clock of the client.
        let early = since.is_some_and(|since| since < code.interval.saturating_sub(code.interval / 5));
        if early || every.is_some_and(|every| every > 0 && code.polls.is_multiple_of(every)) {
            return refusal("slow_down", "The client is asking too often.");
        }
        match code.verdict {
            Verdict::Open => refusal("authorization_pending", "The user has not answered yet."),
            Verdict::No => {
                let word = if self.switches.declined_word { "authorization_declined" } else { "access_denied" };
                let told = "The user has denied access to the scope requested by the client application.";
                refusal(word, told)
            }
            Verdict::Yes { stay } => {
                let code = self.codes.remove(at);
                self.grant(now, code, stay, chance)
            }
        }
    }

    /// The person said yes to this code.
    fn grant(&mut self, now: Now, code: Code, stay: bool, chance: Chance<'_>) -> Answer {
        // Without the box there is nothing to renew: one token for all of the time.
        let (lasts, lives) = if stay {
            (self.switches.consent_lifetime, self.switches.access_lifetime)
        } else {
            (SHORT_CONSENT, SHORT_CONSENT)
        };
        let ends = now.mono.saturating_add(lasts);
        let Code { client, device, mut scopes, .. } = code;
        scopes.retain(|scope| !self.switches.withheld_scopes.contains(scope) && (stay || scope != OFFLINE));
        if self.consents.len() >= MOST_CONSENTS {
            self.consents.remove(0);
        }
        let (spent, access, person) = (Vec::new(), Vec::new(), self.person);
        let unseen = None;
        self.consents.push(Consent { client, person, scopes, ends, lives, refresh: None, spent, access, unseen });
        self.issue(now, self.consents.len() - 1, &device, chance)
    }

    fn refresh(&mut self, now: Now, client: &str, form: &Form, chance: Chance<'_>) -> Answer {
        let Some(token) = field(form, "refresh_token") else { return missing("refresh_token") };
        if let Some(answer) = self.again(now, client, token, chance) {
            return answer;
        }
        let gone = "The user could not be authenticated as the grant is expired. The user must sign in again.";
        let known = |consent: &Consent| consent.client == client && consent.knows_refresh(token);
        let Some(at) = self.consents.iter().position(known) else {
            return refusal("invalid_grant", gone);
        };
        let spent = self.consents.get(at).is_none_or(|consent| consent.refresh.as_deref() != Some(token));
        let over = self.consents.get(at).is_none_or(|consent| now.mono >= consent.ends);
        if spent || over {
            // A token that comes twice was stolen, from whichever side (RFC 9700 section 4.14.2).
            self.consents.remove(at);
            return refusal("invalid_grant", gone);
        }
        if let Some(wanted) = field(form, "scope") {
            let granted = self.consents.get(at).map(|consent| consent.scopes.as_slice()).unwrap_or_default();
            if !split(wanted).all(|scope| granted.iter().any(|known| known == scope)) {
                return refusal("invalid_scope", "More was asked for than was granted.");
            }
        }
        self.issue(now, at, token, chance)
    }

    /// A new pair, for what was shown.
    fn issue(&mut self, now: Now, at: usize, shown: &str, chance: Chance<'_>) -> Answer {
        let forgiving = self.switches.forgives_lost_answers;
        let Some(consent) = self.consents.get_mut(at) else { return out_of_chance() };
        let lifetime = consent.lives;
        let long = self.switches.long_tokens;
        let Some((access, refresh)) = access_token(chance).zip(refresh_token(long, chance)) else {
            return out_of_chance();
        };
        consent.access.retain(|(_, ends)| now.mono < *ends);
        keep(&mut consent.access, (access.clone(), now.mono.saturating_add(lifetime)));
        consent.unseen = forgiving.then(|| lost::Unseen::new(shown, &access));
        let seconds = lifetime.as_secs();
        let expires = if self.switches.expires_in_text { json!(seconds.to_string()) } else { json!(seconds) };
        let mut document = json!({
            "token_type": "bearer", "expires_in": expires, "scope": consent.scopes.join(" "), "access_token": access,
        });
        if consent.scopes.iter().any(|scope| scope == OFFLINE) {
            if let Some(spent) = consent.refresh.replace(refresh.clone()) {
                keep(&mut consent.spent, spent);
            }
            if let Some(fields) = document.as_object_mut() {
                fields.insert("refresh_token".into(), refresh.into());
            }
        }
        Answer { status: 200, document }
    }
}

impl Consent {
    /// True when this token, alive, has one of these scopes.
    fn opens(&self, now: Now, token: &str, scopes: &[&str]) -> bool {
        let alive = self.access.iter().any(|(known, ends)| known == token && now.mono < *ends);
        now.mono < self.ends && alive && self.scopes.iter().any(|scope| scopes.contains(&scope.as_str()))
    }

    fn knows_refresh(&self, token: &str) -> bool {
        self.refresh.as_deref() == Some(token) || self.spent.iter().any(|spent| spent == token)
    }

    fn holds(&self, token: &str) -> bool {
        self.knows_refresh(token) || self.access.iter().any(|(known, _)| known == token)
    }
}

fn field<'a>(form: &'a Form, name: &str) -> Option<&'a str> {
    form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

fn missing(name: &str) -> Answer {
    refusal("invalid_request", &format!("The request must include the parameter '{name}'."))
}

fn refusal(error: &str, description: &str) -> Answer {
    Answer { status: 400, document: json!({ "error": error, "error_description": description }) }
}

fn out_of_chance() -> Answer {
    Answer { status: 500, document: json!({ "error": "server_error", "error_description": "No random numbers." }) }
}

fn keep<T>(list: &mut Vec<T>, item: T) {
    if list.len() >= MOST_TOKENS {
        list.remove(0);
    }
    list.push(item);
}

#[cfg(test)]
mod tests;
