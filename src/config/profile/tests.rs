use super::*;
use crate::config::{Folders, load, load_accounts, parse, save_account, setup_for};

fn read(text: &str) -> Result<Profile, Problem> {
    Profile::read(&Source { text, file: Path::new("/somewhere/profiles/mine.toml") })
}

/// A home with these files in its config folder.
fn home(files: &[(&str, &str)]) -> (tempfile::TempDir, Folders) {
    let home = tempfile::tempdir().unwrap();
    let folders = Folders::find(&[("BUTTY_HOME".into(), home.path().to_string_lossy().into_owned())]).unwrap();
    fs::create_dir_all(folders.profiles()).unwrap();
    for (name, text) in files {
        fs::write(folders.config.join(name), text).unwrap();
    }
    (home, folders)
}

const MINE: &str = "title = \"Mine\"\nsign_in = \"code\"\nmechanisms = [\"OAUTHBEARER\"]\nscopes = \"chat, openid\"\n\
    grant = \"code\"\nissuer = \"https://id.{domain}/tenant\"\nclient_id = \"butty-here\"\n\
    redirect = \"http://127.0.0.1/cb\"\n";

#[test]
fn every_profile_that_comes_with_butty_is_sound() {
    let all = Profiles::built_in();
    assert_eq!(all.names(), ["auto", "ejabberd", "messenger", "oidc", "prosody"]);
    for name in all.names() {
        assert_eq!(all.fault(name), None, "{name}");
    }
    let files = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/profiles")).unwrap();
    assert_eq!(files.count(), BUILT_IN.len(), "each file is built in");
}

#[test]
fn messenger_keeps_its_published_addresses_and_ejabberd_its_own() {
    let live = setup_for("_@messenger.live.com", "messenger").unwrap().oauth;
    let endpoints = live.endpoints.unwrap();
    assert_eq!(endpoints.authorization.as_deref(), Some("https://login.live.com/oauth20_authorize.srf"));
    assert_eq!(endpoints.logout.as_deref(), Some("https://login.live.com/oauth20_logout.srf"));
    assert!(endpoints.device_response_type && !endpoints.token_in_redirect);
    assert_eq!(live.scopes, ["wl.messenger", "wl.offline_access"]);
    let setup = setup_for("juliet@ej23.test", "ejabberd").unwrap();
    let endpoints = setup.oauth.endpoints.unwrap();
    assert_eq!(
        endpoints.authorization.as_deref(),
        Some("https://ej23.test:5443/oauth/authorization_token"),
        "the account's domain stands where {{domain}} stood"
    );
    assert!(endpoints.device.is_empty() && endpoints.token_in_redirect);
    assert_eq!((&setup.mechanisms[..], setup.credential), (&["X-OAUTH2".to_owned()][..], Some(CredentialKind::Token)));
}

#[test]
fn row_001_15_a_file_adds_a_kind_of_service() {
    let config = "[[accounts]]\naddress = \"anna@example.org\"\nprofile = \"mine\"\n";
    let (_home, folders) = home(&[("profiles/mine.toml", MINE), ("config.toml", config)]);
    let config = load(&folders.config_file, &[]).unwrap();
    let oauth = &config.accounts[0].oauth;
    assert_eq!(oauth.issuer.as_deref(), Some("https://id.example.org/tenant"));
    assert_eq!(
        (oauth.client_id.as_deref(), oauth.redirect.as_deref()),
        (Some("butty-here"), Some("http://127.0.0.1/cb"))
    );
    assert_eq!((oauth.grant, &oauth.scopes[..]), (GrantChoice::Code, &["chat".to_owned(), "openid".to_owned()][..]));
    assert_eq!(config.profiles.names(), ["auto", "ejabberd", "messenger", "mine", "oidc", "prosody"]);
}

#[test]
fn row_003_06_the_page_for_taking_back_is_the_profiles_to_name() {
    let messenger = super::super::setup_for("messenger.live.com", "messenger").unwrap();
    let page = messenger.oauth.endpoints.and_then(|endpoints| endpoints.consents);
    assert_eq!(page.as_deref(), Some("https://consent.live.com/"));
    let plain = "[endpoints.\"*\"]\ntoken = \"https://a.b/t\"\nconsents = \"http://a.b/c\"\n";
    assert!(read(plain).is_err(), "no page without TLS");
}

#[test]
fn what_the_account_says_goes_before_its_profile() {
    let config = "[[accounts]]\naddress = \"anna@example.org\"\nprofile = \"mine\"\nsign_in = \"password\"\n\
        mechanisms = [\"PLAIN\"]\noauth.issuer = \"https://other.example\"\noauth.grant = \"device\"\n";
    let (_home, folders) = home(&[("profiles/mine.toml", MINE), ("config.toml", config)]);
    let anna = load(&folders.config_file, &[]).unwrap().accounts.remove(0);
    assert_eq!((anna.credential, &anna.mechanisms[..]), (Some(CredentialKind::Password), &["PLAIN".to_owned()][..]));
    assert_eq!(anna.oauth.issuer.as_deref(), Some("https://other.example"));
    assert_eq!(anna.oauth.grant, GrantChoice::Device);
}

#[test]
fn row_002_13_scopes_are_a_list_or_a_text_with_blanks_or_commas() {
    for text in ["\"a b c\"", "\"a,b,c\"", "\"a, b  c\"", "[\"a\", \"b\", \"c\"]"] {
        assert_eq!(read(&format!("scopes = {text}")).unwrap().scopes, ["a", "b", "c"], "{text}");
        let account = format!("[[accounts]]\naddress = \"a@b\"\noauth.scopes = {text}\n");
        let config = parse(&account, Path::new("config.toml")).unwrap();
        assert_eq!(config.accounts[0].oauth.scopes, ["a", "b", "c"], "{text}");
    }
}

#[test]
fn row_001_15_a_broken_file_is_told_with_its_line_and_column_where_it_is_named() {
    let uses = "[[accounts]]\naddress = \"anna@example.org\"\nprofile = \"mine\"\n";
    let (_home, folders) =
        home(&[("profiles/mine.toml", "title = \"Mine\"\ngrnat = \"code\"\n"), ("config.toml", uses)]);
    let Err(Problem::BadConfig { file, line, column, why, .. }) = load(&folders.config_file, &[]) else { panic!() };
    assert_eq!((file.as_str(), line, column), ("mine.toml", 2, 1));
    assert_eq!(why.as_str(), "a profile has no grnat (did you mean grant)");
    // Nobody names it: nobody is harmed.
    fs::write(&folders.config_file, uses.replace("\"mine\"", "\"prosody\"")).unwrap();
    let config = load(&folders.config_file, &[]).unwrap();
    assert_eq!(config.accounts.len(), 1);
    let told = config.complaints();
    assert_eq!(told, ["profiles: mine.toml line 2: a profile has no grnat (did you mean grant)."]);
    // A name that there is not.
    fs::write(&folders.config_file, uses.replace("\"mine\"", "\"icq\"")).unwrap();
    let Err(Problem::BadConfig { file, line, column, why, .. }) = load(&folders.config_file, &[]) else { panic!() };
    assert_eq!((file.as_str(), line, column), ("config.toml", 3, 11));
    assert_eq!(why.as_str(), "profile takes auto, ejabberd, messenger, mine, oidc, prosody");
}

#[test]
fn every_value_that_does_not_fit_is_refused() {
    for text in [
        "title = ",
        "sign_in = \"maybe\"",
        "grant = \"implicit\"",
        "mechanisms = \"OAUTHBEARER\"",
        "scopes = 7",
        "issuer = \"http://id.example\"",
        "issuer = \"https://\"",
        "redirect = \"http://example.org/cb\"",
        "redirect = \"http://localhost/cb\"",
        "redirect = \"http://127.0.0.1/cb?x=1\"",
        "endpoints = 7",
        "[endpoints]\n\"example.org\" = 7",
        "[endpoints.\"*\"]\ndevice = \"https://id.example/device\"",
        "[endpoints.\"*\"]\ntoken = \"javascript:alert(1)\"",
        "[endpoints.\"*\"]\ntoken = \"https://id.example/t\"\nresponse_type = \"id_token\"",
        "[endpoints.\"*\"]\ntoken = \"https://id.example/t\"\ntokne = \"x\"",
        "\u{0}",
    ] {
        assert!(matches!(read(text), Err(Problem::BadConfig { .. })), "{text:?} was taken");
    }
    assert!(matches!(read("client_secret = \"x\""), Err(Problem::SecretInConfig { .. })));
}

#[test]
fn accounts_that_were_signed_in_to_outlive_a_broken_profile_and_do_not_copy_it() {
    let (_home, folders) = home(&[("profiles/mine.toml", MINE)]);
    let mut anna = setup_for("anna@example.org", "auto").unwrap();
    anna.profile = "mine".to_owned();
    Profiles::load(&folders.profiles()).complete(&mut anna);
    assert!(anna.oauth.issuer.is_some());
    save_account(&folders, &anna).unwrap();
    let written = fs::read_to_string(folders.accounts_file()).unwrap();
    assert!(!written.contains("tenant") && !written.contains("butty-here") && !written.contains("grant"), "{written}");
    assert_eq!(load_accounts(&folders), (vec![anna], None), "read again with its profile");
    fs::write(folders.profiles().join("mine.toml"), "title = ").unwrap();
    let (accounts, told) = load_accounts(&folders);
    assert_eq!((accounts.len(), accounts[0].profile.as_str()), (1, "mine"));
    assert!(matches!(told, Some(Problem::BadConfig { .. })), "{told:?}");
    assert!(folders.accounts_file().exists(), "not set aside");
}

#[test]
fn a_profile_says_how_long_a_consent_holds() {
    let setup = setup_for("anna@messenger.live.com", "messenger").unwrap();
    let hour = std::time::Duration::from_secs(3600);
    let terms = crate::app::setup::Terms { lasting: Some(365 * 24 * hour), session: Some(3 * hour) };
    assert_eq!(setup.oauth.terms, terms);
    assert_eq!(setup_for("anna@example.org", "auto").unwrap().oauth.terms, crate::app::setup::Terms::default());
    for text in ["consent = 7", "[consent]\ndays = 0", "[consent]\ndays = \"a year\"", "[consent]\nyears = 1"] {
        assert!(matches!(read(text), Err(Problem::BadConfig { .. })), "{text:?} was taken");
    }
}

#[test]
fn an_address_with_a_password_or_a_control_character_in_it_is_refused_with_its_line() {
    for name in ["consents", "revocation", "logout", "authorization", "device"] {
        for bad in [
            "https://user:pw@id.example/x",
            "https://user@id.example/x",
            r"https://id.example/\u001b[2J",
            "https://id.example/a b",
        ] {
            let text = format!("[endpoints.\"*\"]\ntoken = \"https://id.example/token\"\n{name} = \"{bad}\"\n");
            let Err(Problem::BadConfig { line, why, .. }) = read(&text) else { panic!("{name} = {bad} was taken") };
            assert_eq!(line, 3);
            assert!(why.as_str().contains("https address"), "{why}");
        }
    }
}
