//! What a person agreed to at a sign-in, compared with what was asked, and how long it holds.

use super::scopes::is_staying as stays;
use super::{Service, Token};
use crate::types::{Domain, Problem, Stamp, Term};
use std::time::Duration;

/// How long a consent holds at a kind of service, where its documents say so: a profile's knowledge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// With a refresh token.
    pub lasting: Option<Duration>,
    /// Without one.
    pub session: Option<Duration>,
}

/// Whether a sign-in that a person is about to agree to will last beyond its first token. Told before they agree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outlook {
    /// It is asked for. The page, or the service, may still say no.
    #[default]
    Lasting,
    /// It is not asked for: when the token ends, the person signs in again.
    Unasked,
    /// The service renews no sign-in, whatever is asked for.
    Never,
}

impl Outlook {
    /// What comes of asking this service for these scopes. `wanted`: the person wants it to last.
    pub fn of(asked: &[String], wanted: bool, service: &Service) -> Self {
        if service.renews_nothing {
            Self::Never
        } else if wanted && asked.iter().any(|scope| stays(scope)) {
            Self::Lasting
        } else {
            Self::Unasked
        }
    }
}

/// A consent. Nothing in it is a secret; the scopes are raw, as the service sent them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Scopes asked for.
    pub asked: Vec<String>,
    /// Scopes granted.
    pub granted: Vec<String>,
    /// When; `None`: before butty noted it.
    pub since: Option<Stamp>,
    /// When it ends; `None`: nobody said.
    pub until: Option<Stamp>,
    /// It outlives the access token, because a refresh token came; `None`: not known.
    pub lasting: Option<bool>,
    /// The service's own page where it can be looked at and taken back, if it names one. ASCII, https, or http on this
    /// very computer.
    pub page: Option<String>,
}

impl Agreement {
    /// What `token` stands for: an answer to `asked`, given at `now`. A reply without scopes grants what was asked
    /// (RFC 6749 section 5.1).
    pub fn new(asked: &[String], token: &Token, terms: Terms, now: Stamp) -> Self {
        let lasting = token.refresh.is_some();
        let until = if lasting {
            terms.lasting.map(|life| now.plus(life))
        } else {
            // Whatever the documents say: without a refresh token nothing goes on beyond the access token.
            terms.session.map(|life| now.plus(life)).into_iter().chain(token.expires).min()
        };
        Self {
            asked: asked.to_vec(),
            granted: token.scopes.clone().unwrap_or_else(|| asked.to_vec()),
            since: Some(now),
            until,
            lasting: Some(lasting),
            page: None,
        }
    }

    /// Whether the sign-in goes on by itself: by what came, else by what was granted.
    pub fn stays(&self) -> bool {
        self.lasting.unwrap_or_else(|| self.granted.iter().any(|scope| stays(scope)))
    }

    /// What was granted, apart from staying signed in.
    pub fn may(&self) -> impl Iterator<Item = &str> {
        self.granted.iter().map(String::as_str).filter(|scope| !stays(scope))
    }

    /// What was asked for and not granted, apart from staying signed in.
    pub fn may_not(&self) -> impl Iterator<Item = &str> {
        self.asked.iter().map(String::as_str).filter(|scope| !stays(scope) && !self.granted.iter().any(|s| s == scope))
    }

    /// Every scope once: those granted, then those asked for and not granted; true: granted. Staying signed in is what
    /// came of it, whatever the service called it.
    pub fn rows(&self) -> impl Iterator<Item = (&str, bool)> {
        let stayed = |scope: &str, granted: bool| if stays(scope) { self.stays() } else { granted };
        let granted = self.granted.iter().map(|scope| (scope.as_str(), true));
        let not = self.asked.iter().filter(|scope| !self.granted.contains(scope)).map(|scope| (scope.as_str(), false));
        granted.chain(not).map(move |(scope, granted)| (scope, stayed(scope, granted)))
    }

    /// What to ask for so that `scope` is granted as well, and nothing less than now: a sign-in that lasts goes on
    /// lasting, whether the service named a scope for it or not.
    pub fn and(&self, scope: &str) -> Vec<String> {
        let now = self.rows().filter(|(name, granted)| *granted && *name != scope).map(|(name, _)| name);
        now.chain([scope]).map(str::to_owned).collect()
    }

    /// Staying signed in was asked for, and did not come.
    pub fn stay_refused(&self) -> bool {
        !self.stays() && self.asked.iter().any(|scope| stays(scope))
    }

    /// That it is over, as it was agreed.
    pub fn over(&self, domain: &Domain) -> Problem {
        let minutes = |span: Duration| (span.as_secs() + 30) / 60; // the answer took a moment
        let lasted =
            self.since.zip(self.until).map(|(since, until)| Duration::from_secs(60 * minutes(until.since(since))));
        let term = if self.stays() {
            Term::Consent
        } else if self.stay_refused() {
            Term::Session
        } else {
            Term::ChatOnly
        };
        Problem::SignInOver { domain: domain.clone(), lasted, term }
    }

    /// Staying signed in was not even asked for.
    pub fn chat_only(&self) -> bool {
        !self.stays() && !self.stay_refused()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Secret;

    const DAY: Duration = Duration::from_secs(24 * 3600);
    const HOUR: Duration = Duration::from_secs(3600);

    fn list(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn token(scopes: Option<&str>, refresh: bool, expires: Option<Stamp>) -> Token {
        let refresh = refresh.then(|| Secret::from("R"));
        Token { refresh, expires, scopes: scopes.map(list), ..Token::given("A").unwrap() }
    }

    #[test]
    fn granted_is_compared_with_asked() {
        let asked = list("xmpp openid email offline_access");
        let less = Agreement::new(&asked, &token(Some("openid xmpp"), false, None), Terms::default(), Stamp(7));
        assert_eq!(less.may().collect::<Vec<_>>(), ["openid", "xmpp"]);
        assert_eq!(less.may_not().collect::<Vec<_>>(), ["email"]);
        assert!(!less.stays() && less.stay_refused());
        let all = Agreement::new(&asked, &token(None, true, None), Terms::default(), Stamp(7));
        assert_eq!((all.may_not().count(), all.stays(), all.stay_refused()), (0, true, false));
        assert_eq!((all.since, all.until), (Some(Stamp(7)), None), "no date where nobody said one");
        let unasked = Agreement::new(&list("xmpp"), &token(None, false, None), Terms::default(), Stamp(7));
        assert!(!unasked.stay_refused(), "what was not asked for was not refused");
    }

    #[test]
    fn row_004_21_whether_it_will_last_is_known_before() {
        let token = crate::oauth::page::endpoint("https://id.example/token").unwrap();
        let service = Service::new("https://id.example", token);
        let both = list("wl.messenger wl.offline_access");
        assert_eq!(Outlook::of(&both, true, &service), Outlook::Lasting);
        assert_eq!(Outlook::of(&both, false, &service), Outlook::Unasked);
        assert_eq!(Outlook::of(&list("wl.messenger"), true, &service), Outlook::Unasked);
        let service = Service { renews_nothing: true, ..service };
        assert_eq!(Outlook::of(&both, true, &service), Outlook::Never);
    }

    #[test]
    fn a_refresh_token_counts_whatever_its_scope_was_called() {
        let asked = list("xmpp offline_access");
        let prosody = Agreement::new(&asked, &token(Some("xmpp"), true, None), Terms::default(), Stamp(7));
        assert_eq!(prosody.rows().collect::<Vec<_>>(), [("xmpp", true), ("offline_access", true)]);
        let brief = Agreement::new(&asked, &token(None, false, None), Terms::default(), Stamp(7));
        assert_eq!(brief.rows().collect::<Vec<_>>(), [("xmpp", true), ("offline_access", false)]);
    }

    #[test]
    fn one_scope_more_takes_nothing_away_and_nothing_along_that_was_refused() {
        let and = |asked: &str, token: &Token| {
            Agreement::new(&list(asked), token, Terms::default(), Stamp(7)).and("wl.basic").join(" ")
        };
        let asked = "wl.messenger wl.emails wl.offline_access";
        let lasting = and(asked, &token(Some("wl.messenger"), true, None));
        assert_eq!(lasting, "wl.messenger wl.offline_access wl.basic", "not the one that was refused");
        assert_eq!(and(asked, &token(Some("wl.messenger"), false, None)), "wl.messenger wl.basic", "nor a longer stay");
        assert_eq!(and("wl.messenger wl.basic", &token(None, false, None)), "wl.messenger wl.basic", "and none twice");
    }

    #[test]
    fn a_year_with_a_refresh_token_and_three_hours_without() {
        let asked = list("wl.messenger wl.offline_access");
        let terms = Terms { lasting: Some(365 * DAY), session: Some(3 * HOUR) };
        let until = |token: &Token| Agreement::new(&asked, token, terms, Stamp(0)).until;
        assert_eq!(until(&token(None, true, Some(Stamp(1)))), Some(Stamp(0).plus(365 * DAY)));
        assert_eq!(until(&token(Some("wl.messenger"), false, None)), Some(Stamp(0).plus(3 * HOUR)));
        let hour = Stamp(0).plus(HOUR);
        assert_eq!(until(&token(Some("wl.messenger"), false, Some(hour))), Some(hour), "the token is dead by then");
    }
}
