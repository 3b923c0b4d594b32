//! Provider profiles: what a kind of service needs, as data.
//!
//! Some are built in; a file in the folder `profiles` beside the config file adds one, or takes a built-in one's
//! place, by its name without `.toml`. A broken file is an error with line and column as soon as an account names it,
//! and harms nobody else.

use super::fields::Fields;
use super::{Source, closest};
use crate::app::setup::{AccountSetup, Endpoints, GrantChoice, Terms};
use crate::types::{Line, Problem};
use crate::xmpp::CredentialKind;
use std::fs;
use std::path::Path;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use url::Url;

/// Built in, by name.
const BUILT_IN: &[(&str, &str)] = &[
    ("messenger", include_str!("../../assets/profiles/messenger.toml")),
    ("prosody", include_str!("../../assets/profiles/prosody.toml")),
    ("ejabberd", include_str!("../../assets/profiles/ejabberd.toml")),
    ("oidc", include_str!("../../assets/profiles/oidc.toml")),
];
/// The name of no profile: everything is asked.
const AUTO: &str = "auto";
/// Largest file that is read.
const LARGEST: u64 = 64 * 1024;
/// What stands for the account's domain in an address.
const DOMAIN: &str = "{domain}";

const KEYS: &[&str] =
    &["title", "sign_in", "grant", "mechanisms", "scopes", "issuer", "client_id", "redirect", "consent", "endpoints"];
const CONSENT_KEYS: &[&str] = &["days", "hours_without_refresh"];
const ENDPOINT_KEYS: &[&str] =
    &["device", "token", "authorization", "revocation", "logout", "consents", "response_type", "device_response_type"];

/// All profiles there are, by name; a broken one with what is wrong with it.
#[derive(Clone, Debug, Default)]
pub struct Profiles(Vec<(String, Result<Profile, Problem>)>);

/// One profile.
#[derive(Clone, Debug, Default)]
struct Profile {
    credential: Option<CredentialKind>,
    grant: GrantChoice,
    mechanisms: Vec<String>,
    scopes: Vec<String>,
    issuer: Option<String>,
    client_id: Option<String>,
    redirect: Option<String>,
    terms: Terms,
    /// By domain; `*`: any.
    endpoints: Vec<(String, Endpoints)>,
}

impl Profiles {
    /// Those that come with butty.
    pub fn built_in() -> Self {
        let read = |(name, text): &(&str, &str)| {
            let file = format!("{name}.toml");
            ((*name).to_owned(), Profile::read(&Source { text, file: Path::new(&file) }))
        };
        Self(BUILT_IN.iter().map(read).collect())
    }

    /// Those, and the person's own in this folder, which go first. No folder is no fault.
    pub fn load(folder: &Path) -> Self {
        let mut all = Self::built_in();
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let Some(name) = path.file_stem().and_then(|name| name.to_str()).filter(|_| is_toml(&path)) else {
                continue;
            };
            if name == AUTO {
                continue;
            }
            let read = read_file(&path);
            match all.0.iter_mut().find(|(known, _)| known == name) {
                Some(known) => known.1 = read,
                None => all.0.push((name.to_owned(), read)),
            }
        }
        all
    }

    /// The names that an account can give, in order.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.0.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.insert(0, AUTO);
        names
    }

    /// What is wrong with the profile of this name: `Some(None)`: there is none.
    pub fn fault(&self, name: &str) -> Option<Option<Problem>> {
        if name == AUTO {
            return None;
        }
        match self.0.iter().find(|(known, _)| known == name) {
            None => Some(None),
            Some((_, Err(problem))) => Some(Some(problem.clone())),
            Some((_, Ok(_))) => None,
        }
    }

    /// What is wrong with any of them.
    pub fn faults(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter().filter_map(|(_, read)| read.as_ref().err())
    }

    fn of(&self, setup: &AccountSetup) -> Option<&Profile> {
        self.0.iter().find(|(name, _)| *name == setup.profile)?.1.as_ref().ok()
    }

    /// Fills what the account itself leaves open.
    pub fn complete(&self, setup: &mut AccountSetup) {
        let Some(profile) = self.of(setup) else { return };
        let domain = setup.domain.as_str().to_owned();
        let opened = |text: &String| text.replace(DOMAIN, &domain);
        if setup.mechanisms.is_empty() {
            setup.mechanisms.clone_from(&profile.mechanisms);
            setup.by_profile = !setup.mechanisms.is_empty();
        }
        setup.credential = setup.credential.or(profile.credential);
        let oauth = &mut setup.oauth;
        if oauth.scopes.is_empty() {
            oauth.scopes.clone_from(&profile.scopes);
        }
        if oauth.grant == GrantChoice::Auto {
            oauth.grant = profile.grant;
        }
        if oauth.endpoints.is_none() && oauth.issuer.is_none() {
            oauth.issuer = profile.issuer.as_ref().map(opened);
            let own = |name: &str| profile.endpoints.iter().find(|(known, _)| known == name);
            let found = own(&domain).or_else(|| own("*"));
            oauth.endpoints = found.map(|(_, endpoints)| opened_all(endpoints, &opened));
        }
        oauth.client_id = oauth.client_id.take().or_else(|| profile.client_id.clone());
        oauth.redirect = oauth.redirect.take().or_else(|| profile.redirect.clone());
        oauth.terms = profile.terms;
    }

    /// Takes out what [`Profiles::complete`] has put in, as far as it would be written down.
    pub(super) fn strip(&self, setup: &mut AccountSetup) {
        let Some(profile) = self.of(setup) else { return };
        let domain = setup.domain.as_str().to_owned();
        let oauth = &mut setup.oauth;
        let issuer = profile.issuer.as_ref().map(|text| text.replace(DOMAIN, &domain));
        let same = |own: &Option<String>, profile: &Option<String>| own.is_some() && own == profile;
        if same(&oauth.issuer, &issuer) {
            oauth.issuer = None;
        }
        if same(&oauth.client_id, &profile.client_id) {
            oauth.client_id = None;
        }
        if same(&oauth.redirect, &profile.redirect) {
            oauth.redirect = None;
        }
        if oauth.grant == profile.grant {
            oauth.grant = GrantChoice::Auto;
        }
    }
}

fn opened_all(endpoints: &Endpoints, opened: &dyn Fn(&String) -> String) -> Endpoints {
    let maybe = |text: &Option<String>| text.as_ref().map(opened);
    Endpoints {
        device: opened(&endpoints.device),
        token: opened(&endpoints.token),
        authorization: maybe(&endpoints.authorization),
        revocation: maybe(&endpoints.revocation),
        logout: maybe(&endpoints.logout),
        consents: maybe(&endpoints.consents),
        ..*endpoints
    }
}

fn is_toml(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "toml")
}

fn read_file(path: &Path) -> Result<Profile, Problem> {
    let unreadable = |why: &str| Problem::UnreadableConfig { file: super::shown(path), why: Line::clean(why) };
    match fs::metadata(path) {
        Ok(data) if data.len() > LARGEST => return Err(unreadable("it is too large for a profile")),
        Ok(data) if !data.is_file() => return Err(unreadable("it is no file")),
        _ => {}
    }
    let text = fs::read_to_string(path).map_err(|error| unreadable(&error.kind().to_string()))?;
    Profile::read(&Source { text: &text, file: path })
}

impl Profile {
    fn read(source: &Source<'_>) -> Result<Self, Problem> {
        let table = source.table()?;
        let table = table.get_ref();
        known_keys(table, KEYS, source)?;
        let fields = Fields { table, source };
        let credential = fields.word(
            "sign_in",
            &[("auto", None), ("code", Some(CredentialKind::Token)), ("password", Some(CredentialKind::Password))],
        )?;
        let mut endpoints = Vec::new();
        if let Some(value) = fields.value("endpoints") {
            let takes = || source.bad(value.span().start, "endpoints are tables: [endpoints.\"example.org\"]");
            let DeValue::Table(domains) = value.get_ref() else { return Err(takes()) };
            for (domain, value) in domains {
                let DeValue::Table(table) = value.get_ref() else { return Err(takes()) };
                endpoints.push((domain.get_ref().to_lowercase(), read_endpoints(table, value, source)?));
            }
        }
        Ok(Self {
            credential,
            grant: fields.grant()?,
            mechanisms: fields.list("mechanisms")?,
            scopes: fields.scopes()?,
            issuer: address(&fields, "issuer")?,
            client_id: fields.text("client_id")?.filter(|text| !text.is_empty()),
            redirect: fields.redirect()?,
            terms: read_terms(&fields)?,
            endpoints,
        })
    }
}

/// How long a consent holds there.
fn read_terms(fields: &Fields<'_>) -> Result<Terms, Problem> {
    let Some(value) = fields.value("consent") else { return Ok(Terms::default()) };
    let source = fields.source;
    let takes = || source.bad(value.span().start, "consent is a table: [consent]");
    let DeValue::Table(table) = value.get_ref() else { return Err(takes()) };
    known_keys(table, CONSENT_KEYS, source)?;
    let fields = Fields { table, source };
    let hours = |count: Option<u32>, each: u64| count.map(|count| Duration::from_secs(u64::from(count) * each * 3600));
    Ok(Terms { lasting: hours(fields.count("days")?, 24), session: hours(fields.count("hours_without_refresh")?, 1) })
}

fn read_endpoints(
    table: &DeTable<'_>,
    whole: &Spanned<DeValue<'_>>,
    source: &Source<'_>,
) -> Result<Endpoints, Problem> {
    known_keys(table, ENDPOINT_KEYS, source)?;
    let fields = Fields { table, source };
    let token = address(&fields, "token")?;
    Ok(Endpoints {
        token: token.ok_or_else(|| source.bad(whole.span().start, "token is missing here"))?,
        device: address(&fields, "device")?.unwrap_or_default(),
        authorization: address(&fields, "authorization")?,
        revocation: address(&fields, "revocation")?,
        logout: address(&fields, "logout")?,
        consents: address(&fields, "consents")?,
        token_in_redirect: fields.word("response_type", &[("code", false), ("token", true)])?,
        device_response_type: fields.flag("device_response_type")?.unwrap_or(false),
    })
}

/// A short file with a name that does nothing would be a puzzle: it is refused.
fn known_keys(table: &DeTable<'_>, known: &[&str], source: &Source<'_>) -> Result<(), Problem> {
    for key in table.keys() {
        let name = key.get_ref().as_ref();
        if !known.contains(&name) {
            source.refuse_secret(name, key)?;
            let meant = closest(name, known.iter().copied()).map(|meant| format!(" (did you mean {meant})"));
            let why = format!("a profile has no {}{}", Line::clean(name), meant.unwrap_or_default());
            return Err(source.bad(key.span().start, &why));
        }
    }
    Ok(())
}

/// An https address, in which `{domain}` may stand. The same as what a service may name: without a name or password in
/// it, and without what `Url::parse` would drop in silence.
fn address(fields: &Fields<'_>, name: &str) -> Result<Option<String>, Problem> {
    fields.take(name, "an https address, without a password in it", |value| {
        let text = value.as_str().filter(|text| !text.chars().any(|c| c.is_control() || c.is_whitespace()))?;
        let url = Url::parse(&text.replace(DOMAIN, "example.org")).ok()?;
        let named = url.host_str().is_some_and(|host| !host.is_empty());
        let bare = url.username().is_empty() && url.password().is_none();
        (url.scheme() == "https" && named && bare).then(|| text.to_owned())
    })
}

#[cfg(test)]
mod tests;
