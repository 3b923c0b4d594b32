//! Which proxy is meant: the option, or the environment's `ALL_PROXY` and `HTTPS_PROXY` with `NO_PROXY`.
//!
//! One proxy serves XMPP and OAuth alike. A proxy that is named and cannot be used is never gone around.

use super::options::Network;
use crate::types::{Line, Proxy, Proxying};
use toml::de::{DeTable, DeValue};

/// Where the environment names one, first found first. Small letters are the older custom (curl).
const VARIABLES: [&str; 4] = ["all_proxy", "ALL_PROXY", "https_proxy", "HTTPS_PROXY"];

/// The option as a variable.
const OWN_VARIABLE: &str = "BUTTY_NETWORK_PROXY";
/// Its companion.
const OWN_COMMAND: &str = "BUTTY_NETWORK_PROXY_PASSWORD_COMMAND";

/// What `network.proxy` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ProxyChoice {
    /// `env`.
    Environment,
    /// `none`.
    Never,
    /// This one.
    Named(Proxy),
}

/// Reads the option.
pub(super) fn choice(text: &str) -> Option<ProxyChoice> {
    match text {
        "env" => Some(ProxyChoice::Environment),
        "none" | "" => Some(ProxyChoice::Never),
        text => Proxy::parse(text).ok().map(ProxyChoice::Named),
    }
}

/// True where a text holds a password, or what may be one: that has no place in a file.
pub(super) fn holds_password(text: &str) -> bool {
    let place = text.split_once("://").map_or(text, |(_, place)| place);
    place.rsplit_once('@').is_some_and(|(login, _)| login.contains(':'))
}

/// Says what it comes to.
pub(super) fn settle(network: &mut Network, environment: &[(String, String)]) {
    let mut proxying = match network.proxy_choice.clone() {
        ProxyChoice::Never => Proxying::Direct,
        ProxyChoice::Named(proxy) => Proxying::Through(Box::new(proxy)),
        ProxyChoice::Environment => from_environment(environment),
    };
    if let Proxying::Through(proxy) = &mut proxying {
        proxy.password_command.clone_from(&network.proxy_password_command);
    }
    network.proxy = proxying;
}

/// What is sure when the file or the environment is wrong: the proxy, if that much can be read. `text`: the file's;
/// `None`: it cannot be read at all.
pub(super) fn beside(network: &mut Network, text: Option<&str>, environment: &[(String, String)]) {
    // The environment wins over the file, so what it says holds whatever the file is like.
    let own = |name: &str| environment.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let chosen = match own(OWN_VARIABLE).map(choice) {
        Some(None) => {
            network.proxy = Proxying::Unknown(Line::clean(&format!("{OWN_VARIABLE} does not name one")));
            return;
        }
        chosen => chosen.flatten(),
    };
    if own(OWN_COMMAND).is_some() {
        // A list cannot be written there; but whoever tries means a proxy.
        network.proxy = Proxying::Unknown(Line::clean(&format!("{OWN_COMMAND} cannot be set there")));
        return;
    }
    let read = text.is_some_and(|text| read_beside(network, text));
    match chosen {
        Some(chosen) => network.proxy_choice = chosen,
        None if read => {}
        None => {
            network.proxy = Proxying::Unknown(Line::clean("config.toml may name one and cannot be read"));
            return;
        }
    }
    settle(network, environment);
}

/// The options of a file that is wrong somewhere. False: it may name a proxy, and nobody knows which.
fn read_beside(network: &mut Network, text: &str) -> bool {
    let Ok(table) = DeTable::parse(text) else {
        return !text.lines().any(|line| !line.trim_start().starts_with('#') && line.contains("proxy"));
    };
    let value = |key: &str| match table.get_ref().get("network").map(toml::Spanned::get_ref) {
        Some(DeValue::Table(network)) => network.get(key).map(|value| value.get_ref().clone()),
        _ => None,
    };
    if let Some(DeValue::Array(list)) = value("proxy_password_command") {
        let list = list.iter().filter_map(|item| item.get_ref().as_str().map(str::to_owned));
        network.proxy_password_command = list.collect();
    }
    let Some(option) = value("proxy") else { return true };
    let text = option.as_str().filter(|text| !holds_password(text));
    let chosen = text.and_then(choice);
    let known = chosen.is_some();
    network.proxy_choice = chosen.unwrap_or(ProxyChoice::Environment);
    known
}

fn from_environment(environment: &[(String, String)]) -> Proxying {
    let variable = |name: &str| environment.iter().find(|(key, value)| key == name && !value.is_empty());
    let Some((name, text)) = VARIABLES.iter().find_map(|name| variable(name)) else { return Proxying::Direct };
    match Proxy::parse(text) {
        Ok(proxy) => {
            let around = variable("no_proxy").or_else(|| variable("NO_PROXY")).map_or("", |(_, list)| list);
            Proxying::Through(Box::new(proxy.around(around)))
        }
        Err(fault) => Proxying::Unknown(Line::clean(&format!("{name} does not name one: {fault}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Config};
    use std::path::Path;

    fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn proxy_of(text: &str, pairs: &[(&str, &str)]) -> Proxying {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("config.toml");
        std::fs::write(&file, text).unwrap();
        let environment = environment(pairs);
        let config = config::load(&file, &environment);
        config.unwrap_or_else(|_| config::defaults_beside(&file, &environment)).network.proxy
    }

    fn address(proxying: &Proxying) -> String {
        match proxying {
            Proxying::Direct => "direct".to_owned(),
            Proxying::Through(proxy) => proxy.to_string(),
            Proxying::Unknown(why) => format!("unknown: {why}"),
        }
    }

    #[test]
    fn the_environment_counts_unless_the_option_says_otherwise() {
        let set = [("HTTPS_PROXY", "http://web:3128"), ("ALL_PROXY", "socks5://all:1080"), ("NO_PROXY", "near.test")];
        let found = proxy_of("", &set);
        assert_eq!(address(&found), "all:1080");
        assert!(matches!(&found, Proxying::Through(proxy) if proxy.spares("near.test") && !proxy.spares("far.test")));
        assert_eq!(address(&proxy_of("", &set[..1])), "web:3128");
        assert_eq!(address(&proxy_of("", &[("https_proxy", "")])), "direct");
        assert_eq!(address(&proxy_of("[network]\nproxy = \"none\"", &set)), "direct");
        let named =
            proxy_of("[network]\nproxy = \"socks5://anna@own:1\"\nproxy_password_command = [\"pass\", \"p\"]", &set);
        assert_eq!(address(&named), "own:1");
        assert!(matches!(&named, Proxying::Through(proxy) if proxy.password_command == ["pass", "p"]
            && proxy.user.as_deref() == Some("anna") && !proxy.spares("near.test")));
        assert_eq!(address(&proxy_of("", &[("BUTTY_NETWORK_PROXY", "http://mine:1"), set[1]])), "mine:1");
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_never_gone_around() {
        let unusable = proxy_of("", &[("ALL_PROXY", "socks4://old:1080")]);
        assert_eq!(
            address(&unusable),
            "unknown: ALL_PROXY does not name one: a proxy is socks5://host:port or http://host:port"
        );
        // A file that is wrong elsewhere, in the option itself, or everywhere.
        let elsewhere = "[ui]\nmouse = 5\n[network]\nproxy = \"socks5://own:1\"";
        assert_eq!(address(&proxy_of(elsewhere, &[])), "own:1");
        for text in ["[network]\nproxy = 5", "[network]\nproxy = \"own:1\"", "[network\nproxy = \"http://own:1\""] {
            assert!(matches!(proxy_of(text, &[]), Proxying::Unknown(_)), "{text}");
        }
        assert_eq!(address(&proxy_of("[ui\n# proxy = \"http://own:1\"", &[])), "direct");
    }

    #[test]
    fn a_proxy_of_the_environment_is_not_gone_around_where_something_else_is_wrong() {
        let own = |value| [("BUTTY_NETWORK_PROXY", value)];
        for typo in ["[ui\nmouse", "[ui]\nmouse = 5", "[network]\nproxy = \"socks5://file:1\"\nipv9 = ="] {
            assert_eq!(address(&proxy_of(typo, &own("http://mine:1"))), "mine:1", "{typo}");
        }
        let elsewhere = [own("http://mine:1")[0], ("BUTTY_UI_MOUSE", "typo")];
        assert_eq!(address(&proxy_of("", &elsewhere)), "mine:1");
        for text in ["", "[ui]\nmouse = 5"] {
            assert!(matches!(proxy_of(text, &own("mine:1")), Proxying::Unknown(_)), "no scheme");
        }
        let command = [("BUTTY_NETWORK_PROXY_PASSWORD_COMMAND", "pass show proxy")];
        assert!(matches!(proxy_of("", &command), Proxying::Unknown(_)));
    }

    #[test]
    fn a_file_that_cannot_be_read_may_name_a_proxy() {
        let home = tempfile::tempdir().unwrap();
        // A folder in its place: even root cannot read that as a file.
        let beside = |pairs| address(&config::defaults_beside(home.path(), &environment(pairs)).network.proxy);
        assert!(beside(&[]).starts_with("unknown: "));
        assert_eq!(beside(&[("BUTTY_NETWORK_PROXY", "http://mine:1")]), "mine:1");
        assert!(matches!(config::defaults_beside(Path::new("/nowhere"), &[]).network.proxy, Proxying::Direct));
    }

    #[test]
    fn a_password_is_refused_in_the_file_and_taken_from_the_environment() {
        let text = "[network]\nproxy = \"socks5://anna:pw@own:1\"";
        let refused = config::parse(text, Path::new("config.toml")).unwrap_err();
        assert_eq!(refused.code(), "BTY-CONF-03", "which shows the line's number and not its text");
        assert!(matches!(proxy_of(text, &[]), Proxying::Unknown(_)));
        let wrong = config::load(Path::new("/nowhere"), &environment(&[("BUTTY_NETWORK_PROXY", "x://anna:pw@own:1")]));
        assert!(!format!("{wrong:?}").contains("pw@"));
        let found = proxy_of("", &[("ALL_PROXY", "socks5://anna:pw@own:1")]);
        assert!(matches!(&found, Proxying::Through(proxy) if proxy.password.is_some()));
        assert!(!format!("{:?}", Config::default()).contains("pw"));
    }
}
