//! Through real proxies, microsocks and tinyproxy, to real servers. The proxies alone know the names.

#![allow(clippy::disallowed_methods, reason = "a test has a clock and an environment")]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may stop")]

#[path = "harness/command.rs"]
#[allow(dead_code, reason = "shared with other targets")]
mod command;
#[path = "harness/peers.rs"]
#[allow(dead_code, reason = "shared with other targets")]
mod peers;

use command::{butty, butty_with_input, words};
use peers::Peers;
use std::path::Path;

/// Two accounts without a resolver, behind this proxy.
fn behind(peers: &Peers, home: &Path, proxy: &str) {
    let ca = peers.get("CA");
    let mut text = format!("[network]\nproxy = \"{proxy}\"\nproxy_password_command = [\"/bin/echo\", \"pw-anna\"]\n");
    for (address, more) in [
        ("juliet@p12.test", "server = \"p12.test:15222\"\n".to_owned()),
        (
            "juliet@alpha.test",
            format!(
                "server = \"alpha.test:15223\"\ntls = \"direct\"\nsign_in = \"code\"\n[accounts.oauth]\nissuer = \"{}\"\nclient_id = \"tui\"\n",
                peers.get("OIDC_ISSUER")
            ),
        ),
    ] {
        let account = format!("[[accounts]]\naddress = \"{address}\"\nca_file = \"{ca}\"\n{more}");
        text.push_str(&account);
    }
    let folder = home.join("butty/config");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.toml"), text).unwrap();
}

fn each_proxy(peers: &Peers) -> [String; 2] {
    [format!("socks5://anna@{}", peers.get("SOCKS5")), format!("http://anna@{}", peers.get("CONNECT"))]
}

#[test]
fn chat_and_sign_in_go_through_a_proxy_that_alone_knows_the_names() {
    let peers = Peers::find();
    for proxy in each_proxy(&peers) {
        let home = tempfile::tempdir().unwrap();
        behind(&peers, home.path(), &proxy);
        let login = ["login", "juliet@p12.test", "--password-stdin", "--store", "file"];
        let done = butty_with_input(home.path(), &login, "pw-juliet\n");
        assert!(done.status.success(), "{proxy}: {}", words(&done));
        let done = butty(home.path(), &["roster", "--account", "juliet@p12.test"]);
        assert!(done.status.success(), "{proxy}: {}", words(&done));
        // OAuth, by the same way; and direct TLS with the certificate of the domain.
        for step in ["discovery", "mechanisms"] {
            let done = butty(home.path(), &["doctor", "juliet@alpha.test", "--step", step]);
            assert!(done.status.success(), "{proxy} {step}: {}", words(&done));
        }
    }
}

#[test]
fn each_refusal_of_a_real_proxy_is_told_as_that() {
    let peers = Peers::find();
    for proxy in each_proxy(&peers) {
        for (changed, code) in [
            (proxy.replace("anna@", ""), "BTY-NET-32"),
            (proxy.replace("anna@", "romeo@"), "BTY-NET-33"),
            (proxy.replace("127.0.0.6", "127.0.0.16"), "BTY-NET-30"),
        ] {
            let home = tempfile::tempdir().unwrap();
            behind(&peers, home.path(), &changed);
            let done = butty(home.path(), &["doctor", "juliet@p12.test", "--step", "tcp"]);
            assert!(!done.status.success() && words(&done).contains(code), "{changed}: {}", words(&done));
        }
        let home = tempfile::tempdir().unwrap();
        behind(&peers, home.path(), &proxy);
        let config = home.path().join("butty/config/config.toml");
        let text = std::fs::read_to_string(&config).unwrap().replace("p12.test:15222", "p12.test:1");
        std::fs::write(&config, text).unwrap();
        let done = butty(home.path(), &["doctor", "juliet@p12.test", "--step", "tcp"]);
        let said = words(&done);
        let told = ["BTY-NET-34", "BTY-NET-05"].iter().any(|code| said.contains(code));
        assert!(!done.status.success() && told, "{said}");
    }
}

#[test]
fn a_report_for_others_names_nobody() {
    let peers = Peers::find();
    for proxy in each_proxy(&peers) {
        let home = tempfile::tempdir().unwrap();
        behind(&peers, home.path(), &proxy);
        for json in [None, Some("--json")] {
            let mut arguments = vec!["doctor", "juliet@p12.test", "--share"];
            arguments.extend(json);
            let said = words(&butty(home.path(), &arguments)).to_lowercase();
            assert!(said.contains("tls 1."), "{said}");
            for secret in ["juliet", "p12", "127.0.0", "anna", "oidc", "alpha", "pw-"] {
                assert!(!said.contains(secret), "{secret} in: {said}");
            }
        }
    }
}
