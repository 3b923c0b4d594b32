use super::*;
use crate::app::model::Retention;
use crate::app::setup::TlsMode;
use crate::xmpp::CredentialKind;

fn read(text: &str) -> Result<Config, Problem> {
    parse(text, Path::new("/somewhere/config.toml"))
}

#[test]
fn nothing_configured_is_fine() {
    let config = read("").unwrap();
    assert!(config.warnings.is_empty() && config.accounts.is_empty());
    assert!(load(Path::new("/nowhere/at/all.toml"), &[]).is_ok());
}

#[test]
fn the_example_names_every_option_and_only_those_with_its_default() {
    let example = include_str!("../../config.example.toml");
    let config = read(example).unwrap();
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    assert_eq!(config.options, Options::default());
    assert_eq!(config.network, Network::default());
    let table: toml::Table = example.parse().unwrap();
    for row in rows() {
        assert!(table[row.section].get(row.name).is_some(), "{}.{} is not in the example", row.section, row.name);
    }
    let uncommented: String =
        example.lines().skip_while(|line| *line != "# [[accounts]]").flat_map(|line| [&line[2..], "\n"]).collect();
    let config = read(&uncommented).unwrap();
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    assert_eq!(config.accounts.len(), 1);
}

#[test]
fn a_wrong_value_is_told_with_line_and_column() {
    let Err(Problem::BadConfig { line, column, excerpt, why, .. }) = read("[ui]\nhints = true\nmouse = \"maybe\"\n")
    else {
        panic!()
    };
    assert_eq!((line, column, excerpt.as_str(), why.as_str()), (3, 9, "mouse = \"maybe\"", "mouse takes on or off"));
    let Err(Problem::BadConfig { line, .. }) = read("[ui]\nmouse = \"on\n") else { panic!() };
    assert_eq!(line, 2);
    let Err(Problem::BadConfig { column, excerpt, .. }) = read("[ui]\n    mouse = 5\n") else { panic!() };
    assert_eq!((column, excerpt.as_str()), (13, "    mouse = 5"));
}

#[test]
fn every_value_that_does_not_fit_is_refused() {
    for text in [
        "[ui]\nlist_width = 99",
        "[ui]\nlist_width = -1",
        "[ui]\nlist_width = \"7\"",
        "[ui]\nlayout = \"big\"",
        "[presence]\nauto_away = \"soon\"",
        "[presence]\nauto_away = \"0m\"",
        "[presence]\nauto_away = \"\"",
        "[presence]\nauto_away = \"é\"",
        "[history]\nkeep = \"off\"",
        "[history]\nkeep = \"0d\"",
        "[history]\nkeep = \"90\"",
        "[history]\nkeep = \"90000d\"",
        "[history]\nkeep = \"+9d\"",
        "[history]\nkeep = 90",
        "[network]\nresolver = \"localhost\"",
        "[network]\nconnect_timeout = \"1h\"",
        "[[accounts]]\naddress = \"a b@c\"",
        "[[accounts]]\nname = \"x\"",
        "[[accounts]]\naddress=\"a@b\"\ntls=\"none\"",
        "[[accounts]]\naddress=\"a@b\"\nserver=\"b\"",
        "[[accounts]]\naddress=\"a@b\"\nserver=\"b:0\"",
        "[[accounts]]\naddress=\"a@b\"\nprofile=\"icq\"",
        "[[accounts]]\naddress=\"a@b\"\nmechanisms=\"PLAIN\"",
        "[keys.global]\n\"ctrl-k\" = 5",
        "accounts = [1]",
        "\u{0}",
    ] {
        assert!(matches!(read(text), Err(Problem::BadConfig { .. })), "{text:?} was taken");
    }
}

#[test]
fn how_long_history_is_kept_is_said_in_days_or_in_a_word() {
    let kept = |value: &str| read(&format!("[history]\nkeep = \"{value}\"")).unwrap().options.retention;
    assert_eq!(kept("forever"), Retention::Forever);
    assert_eq!(kept("90d"), Retention::Days(90));
    assert_eq!(kept("none"), Retention::Nothing);
    let Err(Problem::BadConfig { line, why, .. }) = read("[history]\nkeep = \"soon\"") else { panic!() };
    assert_eq!((line, why.as_str()), (2, "keep takes forever, a number of days such as 90d, or none"));
}

#[test]
fn unknown_names_get_a_suggestion() {
    let config =
        read("[ui]\nmuose = \"on\"\n[iu]\nx = 1\n[[accounts]]\naddress = \"a@b\"\nadress = \"c@d\"\n[zzzz]\n").unwrap();
    let told: Vec<_> = config.warnings.iter().map(|w| (w.line, w.name.as_str(), w.meant.as_deref())).collect();
    assert_eq!(
        told,
        [(7, "adress", Some("address")), (3, "iu", Some("ui")), (2, "muose", Some("mouse")), (8, "zzzz", None)]
    );
}

#[test]
fn a_secret_in_the_file_is_refused() {
    for text in [
        "[[accounts]]\naddress = \"a@b\"\npassword = \"x\"",
        "token = \"x\"",
        "[network]\nsecret = \"x\"",
        "[[accounts]]\naddress = \"a@b\"\n[accounts.oauth]\nclient_secret = \"x\"",
    ] {
        assert!(matches!(read(text), Err(Problem::SecretInConfig { .. })), "{text}");
    }
}

#[test]
fn accounts_are_checked_and_profiles_fill_them() {
    let config = read(
        "[[accounts]]\naddress = \"Anna@Example.org\"\nserver = \"[::1]:5222\"\ntls = \"starttls\"\nca_file = \"ca.pem\"\n\
         [[accounts]]\naddress = \"_@messenger.live.com\"\nprofile = \"messenger\"\n\
         [[accounts]]\naddress = \"redirect.test\"\nprofile = \"messenger\"\noauth.scopes = \"a, b c\"\n",
    )
    .unwrap();
    let [anna, live, other] = &config.accounts[..] else { panic!() };
    assert_eq!(anna.id.as_str(), "anna@example.org");
    assert_eq!((&anna.server, anna.tls), (&Some(("::1".to_owned(), 5222)), TlsMode::StartTls));
    assert_eq!(anna.ca_file.as_deref(), Some(Path::new("/somewhere/ca.pem")));
    assert_eq!(
        (live.credential, &live.mechanisms[..]),
        (Some(CredentialKind::Token), &["X-MESSENGER-OAUTH2".to_owned()][..])
    );
    assert!(live.oauth.endpoints.as_ref().unwrap().device_response_type);
    assert_eq!(other.oauth.scopes, ["a", "b", "c"]);
    assert_eq!((other.oauth.endpoints.is_none(), other.local.is_none()), (true, true));
}

#[test]
fn the_environment_wins_over_the_file() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("config.toml");
    fs::write(&file, "[ui]\nsymbols = \"unicode\"\nlist_width = 20\n").unwrap();
    let set = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    assert!(load(&file, &set("BUTTY_UI_SYMBOLS", "ascii")).unwrap().options.ascii);
    assert_eq!(load(&file, &set("BUTTY_UI_LIST_WIDTH", "30")).unwrap().options.list_width, 30);
    assert_eq!(load(&file, &set("BUTTY_LOG", "debug")).unwrap().log_level, LogLevel::Debug);
    assert!(matches!(load(&file, &set("BUTTY_UI_MOUSE", "maybe")), Err(Problem::BadConfig { .. })));
}

#[test]
fn accounts_signed_in_to_are_there_again() {
    let home = tempfile::tempdir().unwrap();
    let folders = Folders::find(&[("BUTTY_HOME".into(), home.path().to_string_lossy().into_owned())]).unwrap();
    let mut anna = setup_for("anna@example.org", "auto").unwrap();
    anna.credential = Some(CredentialKind::Token);
    anna.server = Some(("::1".into(), 5222));
    anna.name = "quote \" and ' sign".into();
    anna.oauth.issuer = Some("https://id.example.org".into());
    save_account(&folders, &anna).unwrap();
    save_account(&folders, &setup_for("bela@example.org", "auto").unwrap()).unwrap();
    save_account(&folders, &anna).unwrap();
    let (accounts, told) = load_accounts(&folders);
    assert_eq!((accounts.len(), &accounts[1], told), (2, &anna, None));
    forget_account(&folders, &anna.id).unwrap();
    assert_eq!(load_accounts(&folders).0.len(), 1);
    fs::write(folders.accounts_file(), "[[accounts]\n").unwrap();
    assert!(matches!(load_accounts(&folders), (none, Some(Problem::SetAside { .. })) if none.is_empty()));
}

#[test]
fn two_that_keep_accounts_at_once_lose_none() {
    let home = tempfile::tempdir().unwrap();
    let folders = Folders::find(&[("BUTTY_HOME".into(), home.path().to_string_lossy().into_owned())]).unwrap();
    std::thread::scope(|scope| {
        for hand in 0..4 {
            let folders = &folders;
            scope.spawn(move || {
                for number in 0..8 {
                    let address = format!("a{hand}-{number}@example.org");
                    save_account(folders, &setup_for(&address, "auto").unwrap()).unwrap();
                }
            });
        }
    });
    assert_eq!(load_accounts(&folders).0.len(), 32);
}

#[test]
fn an_accounts_file_that_nobody_could_read_is_never_overwritten() {
    let home = tempfile::tempdir().unwrap();
    let folders = Folders::find(&[("BUTTY_HOME".into(), home.path().to_string_lossy().into_owned())]).unwrap();
    let anna = setup_for("anna@example.org", "auto").unwrap();
    // Not UTF-8: set aside, told, and the new account is kept.
    fs::create_dir_all(&folders.data).unwrap();
    fs::write(folders.accounts_file(), b"[[accounts]]\naddress = \"b\xffla@example.org\"\n").unwrap();
    assert!(matches!(save_account(&folders, &anna), Err(Problem::SetAside { .. })));
    assert_eq!(load_accounts(&folders), (vec![anna.clone()], None));
    assert!(fs::read(folders.data.join("accounts.toml.broken")).unwrap().contains(&0xff));
    // Not readable at all (here: a folder): told, and left as it is.
    fs::remove_file(folders.accounts_file()).unwrap();
    fs::create_dir(folders.accounts_file()).unwrap();
    assert!(matches!(load_accounts(&folders), (none, Some(Problem::NoDataFolder { .. })) if none.is_empty()));
    assert!(matches!(save_account(&folders, &anna), Err(Problem::NoDataFolder { .. })));
    assert!(folders.accounts_file().is_dir());
}

#[test]
fn a_name_of_an_account_is_one_clean_line() {
    let config = read("[[accounts]]\naddress = \"a@b\"\nname = \"work\\n\\u001b[2J\"\n").unwrap();
    assert_eq!(config.accounts[0].name, "work \u{FFFD}[2J");
}
