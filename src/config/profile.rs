//! Provider profiles: what a kind of service needs, as data.

use crate::app::setup::{AccountSetup, Endpoints};
use crate::xmpp::CredentialKind;
use toml::Table;

/// Built in, by name.
const PROFILES: &[(&str, &str)] = &[("messenger", include_str!("../../assets/profiles/messenger.toml"))];

/// True when there is such a profile.
pub(super) fn exists(name: &str) -> bool {
    name == "auto" || PROFILES.iter().any(|(known, _)| *known == name)
}

/// Fills what the account itself leaves open.
pub(super) fn apply(setup: &mut AccountSetup) {
    let Some((_, text)) = PROFILES.iter().find(|(name, _)| *name == setup.profile) else { return };
    let Ok(profile) = text.parse::<Table>() else { return };
    let list = |key: &str| -> Vec<String> {
        let list = profile.get(key).and_then(toml::Value::as_array);
        list.into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
    };
    if setup.mechanisms.is_empty() {
        setup.mechanisms = list("mechanisms");
    }
    if setup.oauth.scopes.is_empty() {
        setup.oauth.scopes = list("scopes");
    }
    if setup.credential.is_none() && profile.get("sign_in").and_then(toml::Value::as_str) == Some("code") {
        setup.credential = Some(CredentialKind::Token);
    }
    if setup.oauth.endpoints.is_none() && setup.oauth.issuer.is_none() {
        let found = profile.get("endpoints").and_then(|all| all.get(setup.domain.as_str()));
        setup.oauth.endpoints = found.map(|found| {
            let text = |key: &str| found.get(key).and_then(toml::Value::as_str).map(str::to_owned);
            Endpoints {
                device: text("device").unwrap_or_default(),
                token: text("token").unwrap_or_default(),
                revocation: text("revocation"),
                device_response_type: found.get("device_response_type").and_then(toml::Value::as_bool) == Some(true),
                ..Endpoints::default()
            }
        });
    }
}
