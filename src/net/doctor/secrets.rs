//! From the sign-in service to a session.

use super::{Found, LIMIT, Status, Step, StepReport, Visit};
use crate::app::event::{Consent, LinkFact};
use crate::net::link::{LinkOptions, Means, TokenSource, means, start_link, usable};
use crate::net::sign_in::{self, AskedFor, Place, first_line_of, first_line_within};
use crate::oauth::{HttpRequest, HttpResponse, Issuer, Service, SignInRecord, discovery, page};
use crate::types::{Line, Now, Problem, Secret, Stage};
use crate::xmpp::Event;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::channel;

impl Visit {
    /// The issuer, or its metadata: from the config, else from the server.
    fn issuer_asked(&self) -> Option<String> {
        self.setup.oauth.issuer.clone().or_else(|| self.found.metadata.clone())
    }

    /// The service whose addresses the profile names.
    fn given_service(&self) -> Option<Service> {
        match Place::of(&self.setup) {
            Ok(Some(Place::Given(service))) => Some(*service),
            _ => None,
        }
    }

    fn does_not_apply(step: Step, why: &str) -> StepReport {
        StepReport::new(step, Status::Skipped, &[why.to_owned()])
    }

    pub(super) async fn discovery(&mut self) -> StepReport {
        if self.setup.oauth.endpoints.is_some() {
            return match Place::of(&self.setup) {
                Ok(_) => StepReport::ok(Step::Discovery, "addresses from the profile"),
                Err(problem) => StepReport::failed(Step::Discovery, problem),
            };
        }
        let trusted = self.setup.oauth.issuer.is_some();
        let Some(asked) = self.issuer_asked() else {
            return Self::does_not_apply(Step::Discovery, "no sign-in service is named");
        };
        let inside = self.network.is_inside(&self.setup, self.found.peer);
        let web = sign_in::web_to_issuer(&self.network, &self.setup, trusted, inside);
        let mut detail = Vec::new();
        for address in discovery::addresses(&asked) {
            let request: HttpRequest = discovery::request(&address);
            let reply: HttpResponse = match self.limited(Stage::Lookup, web.fetch(request)).await {
                Ok(reply) => reply,
                Err(problem) => return StepReport::failed(Step::Discovery, problem),
            };
            match Issuer::read(reply.body(), &address, &asked) {
                Ok(issuer) if reply.status().is_success() => {
                    return self.issuer(issuer, off_by(&reply, self.network.now()));
                }
                _ => detail.push(format!("{address} answered {}", reply.status().as_u16())),
            }
        }
        let problem = Problem::NoIssuer { domain: self.setup.domain.clone() };
        StepReport { problem: Some(problem), ..StepReport::new(Step::Discovery, Status::Fail, &detail) }
    }

    fn issuer(&mut self, issuer: Issuer, clock: Option<Problem>) -> StepReport {
        let (status, way) = match &issuer.device {
            Some(device) => (Status::Ok, format!("codes from {}", page::host_of(device))),
            None => (Status::Warn, "gives no codes".to_owned()),
        };
        let status = if clock.is_some() { Status::Warn } else { status };
        let detail = [issuer.name.clone(), way];
        self.found.issuer = Some(Box::new(issuer));
        StepReport { problem: clock, ..StepReport::new(Step::Discovery, status, &detail) }
    }

    /// Says who butty is there. Registers nothing.
    pub(super) async fn registration(&self) -> StepReport {
        let step = Step::Registration;
        if self.setup.oauth.client_id.is_some() {
            return StepReport::ok(step, "a client id stands in the config or the profile");
        }
        let (name, token, registers) = match (&self.found.issuer, self.given_service()) {
            (Some(issuer), _) => (issuer.name.clone(), issuer.token.clone(), issuer.registration.is_some()),
            // A profile knows no place to register at.
            (None, Some(service)) => (service.issuer, service.token, false),
            (None, None) => return Self::does_not_apply(step, "no sign-in service is named"),
        };
        match sign_in::known_client(&self.network, &self.setup, &name).await {
            Err(problem) => StepReport::failed(step, problem),
            Ok(Some(_)) => StepReport::ok(step, "butty is registered"),
            Ok(None) if registers => StepReport::ok(step, "butty can register itself"),
            Ok(None) => StepReport::failed(step, Problem::NoClient { host: Line::clean(&page::host_of(&token)) }),
        }
    }

    /// What there is to sign in with, found as a link finds it. A token that is due is refreshed, as a sign-in would do.
    pub(super) async fn token(&self) -> StepReport {
        let step = Step::Token;
        let means = match means(Arc::clone(&self.network), Arc::clone(&self.setup), None, None).await {
            Err(problem) => return StepReport::failed(step, problem),
            Ok(means) => means,
        };
        match means {
            Means::Token(TokenSource::Record(record)) => self.kept_sign_in(*record).await,
            Means::Token(TokenSource::Command) => {
                let printed = first_line_within(&self.setup.token_command, LIMIT).await;
                brought(printed.ok(), "the token command")
            }
            Means::Token(TokenSource::File) => {
                let file = self.setup.oauth.token_file.clone().unwrap_or_default();
                brought(first_line_of(&file).await, "the token file")
            }
            Means::PasswordCommand => match first_line_within(&self.setup.password_command, LIMIT).await {
                Ok(_) => StepReport::ok(step, "the password command gives it"),
                Err(_) => {
                    let none = StepReport::new(step, Status::Fail, &["the password command gives none".to_owned()]);
                    StepReport { problem: Some(self.password_needed()), ..none }
                }
            },
            Means::Token(TokenSource::Given(_)) => StepReport::ok(step, "a token is kept"),
            Means::Password(_) => StepReport::ok(step, "a password is kept"),
            Means::NoPassword => StepReport::failed(step, self.password_needed()),
            Means::NoSignIn => StepReport::failed(step, self.sign_in_needed()),
            Means::Unknown => StepReport::failed(step, self.what_is_asked_for()),
        }
    }

    async fn kept_sign_in(&self, record: SignInRecord) -> StepReport {
        let step = Step::Token;
        let place = if record.durable { "kept on this computer" } else { "kept until butty closes" };
        let (network, setup) = (Arc::clone(&self.network), Arc::clone(&self.setup));
        // A task of its own: a refresh that was sent is kept, whatever becomes of this visit.
        let refreshed = tokio::spawn(sign_in::access_token(network, setup, record, None, None));
        let stopped = |_| Problem::Bug { what: Line::clean("the refresh stopped") };
        let outcome = self.limited(Stage::Auth, async { refreshed.await.map_err(stopped)? });
        match outcome.await {
            Ok(_) => StepReport::ok(step, format!("good, {place}")),
            Err(problem) => StepReport::failed(step, problem),
        }
    }

    /// Nobody said how to sign in: what the server offers says what a link would ask for. It was not asked where this
    /// step is walked alone, nor where it was not reached; then no more is known than that nobody is signed in.
    fn what_is_asked_for(&self) -> Problem {
        let Found { mechanisms, metadata, .. } = &self.found;
        if mechanisms.is_empty() {
            return self.sign_in_needed();
        }
        match sign_in::asked_for(mechanisms, metadata.as_deref()) {
            AskedFor::Code => self.sign_in_needed(),
            AskedFor::Password => self.password_needed(),
            AskedFor::Nothing => sign_in::no_mechanism(&self.setup, mechanisms),
        }
    }

    fn sign_in_needed(&self) -> Problem {
        Problem::SignInNeeded { account: Line::clean(self.setup.id.as_str()) }
    }

    fn password_needed(&self) -> Problem {
        Problem::PasswordNeeded { domain: self.setup.domain.clone() }
    }

    pub(super) async fn session(&self) -> StepReport {
        let (events, mut facts) = channel(256);
        let options =
            LinkOptions { connect: true, resource: Some("doctor".to_owned()), show_client: false, one_shot: true };
        let link = start_link(&self.network, (*self.setup).clone(), options, events);
        let walked = tokio::time::timeout(LIMIT, async {
            while let Some((_, event)) = facts.recv().await {
                match event.fact {
                    LinkFact::Session(Event::SignedIn(done)) => {
                        return StepReport::ok(Step::Session, format!("{} by {}", done.jid, done.mechanism));
                    }
                    LinkFact::Down { problem: Some(problem), .. }
                    | LinkFact::PasswordWanted { problem: Some(problem), .. } => {
                        return StepReport::failed(Step::Session, problem);
                    }
                    LinkFact::PasswordWanted { problem: None, .. } => {
                        return StepReport::failed(Step::Session, self.password_needed());
                    }
                    LinkFact::Consent(Consent::LookingUp { .. }) => {
                        return StepReport::failed(Step::Session, self.sign_in_needed());
                    }
                    _ => {}
                }
            }
            StepReport::skipped(Step::Session)
        })
        .await;
        drop(facts);
        link.closed().await;
        walked.unwrap_or_else(|_| {
            let host = Line::clean(self.setup.domain.as_str());
            StepReport::failed(Step::Session, Problem::SilentAt { host, stage: Stage::Auth })
        })
    }
}

/// What a command or a file gave for a token, if it gave one.
fn brought(secret: Option<Secret<String>>, from: &str) -> StepReport {
    match usable(secret, from) {
        Ok(_) => StepReport::ok(Step::Token, format!("{from} gives it")),
        Err(problem) => StepReport::failed(Step::Token, problem),
    }
}

/// By how much this computer's clock differs from the service's (the Date of its reply), if that is enough for tokens
/// to seem expired, or not yet good.
fn off_by(reply: &HttpResponse, now: Now) -> Option<Problem> {
    const ENOUGH: u64 = 60;
    let date = reply.headers().get(hyper::header::DATE)?.to_str().ok()?;
    let theirs = jiff::fmt::rfc2822::parse(date).ok()?.timestamp().as_second();
    let ahead = (now.wall.0 / 1000).saturating_sub(theirs);
    let by = Duration::from_secs(ahead.unsigned_abs().div_ceil(60) * 60);
    (ahead.unsigned_abs() > ENOUGH).then_some(Problem::ClockOff { by, ahead: ahead > 0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Stamp;

    #[test]
    fn a_clock_that_is_minutes_off_is_told() {
        // RFC 9110 section 5.6.7: 784111777 s.
        let mut reply = HttpResponse::new(Vec::new());
        let at = |seconds: i64| Now { mono: Duration::ZERO, wall: Stamp(seconds * 1000) };
        assert_eq!(off_by(&reply, at(0)), None, "nobody said");
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        reply.headers_mut().insert(hyper::header::DATE, date.parse().unwrap());
        assert_eq!(off_by(&reply, at(784_111_777 + 60)), None);
        let off = |minutes: u64, ahead| Some(Problem::ClockOff { by: Duration::from_secs(60 * minutes), ahead });
        assert_eq!(off_by(&reply, at(784_111_777 + 7 * 60)), off(7, true));
        assert_eq!(off_by(&reply, at(784_111_777 - 90)), off(2, false));
        reply.headers_mut().insert(hyper::header::DATE, "yesterday".parse().unwrap());
        assert_eq!(off_by(&reply, at(0)), None);
    }
}
