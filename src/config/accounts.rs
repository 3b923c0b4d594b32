//! Accounts: those in the config file, and those that were signed in to (`accounts.toml` in the data folder, in
//! the same form).

use super::fields::Fields;
use super::{Folders, Profiles, Source, Warning, closest, path_from};
use crate::app::event::Keep;
use crate::app::setup::{AccountSetup, GrantChoice, OAuthSetup, Terms, TlsMode};
use crate::types::{AccountId, BareJid, Line, Problem};
use crate::xmpp::CredentialKind;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

const KEYS: &[&str] = &[
    "address",
    "name",
    "enabled",
    "sign_in",
    "keep",
    "profile",
    "server",
    "tls",
    "ca_file",
    "mechanisms",
    "password_command",
    "token_command",
    "token_file",
    "oauth",
];
const OAUTH_KEYS: &[&str] = &["issuer", "client_id", "client_secret_command", "scopes", "grant", "redirect"];

/// An account from an address alone, as typed: `name@example.org`, or `example.org`; with a profile that comes with
/// butty.
pub fn setup_for(address: &str, profile_name: &str) -> Option<AccountSetup> {
    let mut setup = bare(address, profile_name)?;
    Profiles::built_in().complete(&mut setup);
    Some(setup)
}

fn bare(address: &str, profile_name: &str) -> Option<AccountSetup> {
    let address = address.trim().trim_start_matches("xmpp:");
    let bare = BareJid::parse(address.trim_end_matches('.')).ok()?;
    // A Messenger-style service ignores the local part; nobody types `_` by hand.
    Some(AccountSetup { profile: profile_name.to_owned(), ..AccountSetup::new(&bare) })
}

/// What a file says about accounts, and what its readers need beside it.
pub(super) struct Reading<'p> {
    pub(super) profiles: &'p Profiles,
    /// A profile that is missing or broken is no fault of this file.
    pub(super) lenient: bool,
}

/// One `[[accounts]]` table.
pub(super) fn read(
    account: &Spanned<DeValue<'_>>,
    source: &Source<'_>,
    reading: &Reading<'_>,
    warnings: &mut Vec<Warning>,
) -> Result<AccountSetup, Problem> {
    let DeValue::Table(table) = account.get_ref() else {
        return Err(source.bad(account.span().start, "an account is a table: [[accounts]]"));
    };
    for key in table.keys() {
        let name = key.get_ref().as_ref();
        source.refuse_secret(name, key)?;
        if !KEYS.contains(&name) {
            warnings.push(source.unknown(key, name, closest(name, KEYS.iter().copied())));
        }
    }
    let fields = Fields { table, source };
    let address = fields.text("address")?.unwrap_or_default();
    let at = fields.place("address").unwrap_or(account.span().start);
    let profile_name = fields.text("profile")?.unwrap_or_else(|| "auto".to_owned());
    let fault = reading.profiles.fault(&profile_name).filter(|_| !reading.lenient);
    if let Some(fault) = fault {
        let names = reading.profiles.names().join(", ");
        let unknown = || source.bad(fields.place("profile").unwrap_or(at), &format!("profile takes {names}"));
        return Err(fault.unwrap_or_else(unknown));
    }
    let mut setup =
        bare(&address, "auto").ok_or_else(|| source.bad(at, "an account needs an address such as anna@example.org"))?;
    setup.profile = profile_name;
    Line::clean(&fields.text("name")?.unwrap_or_default()).as_str().clone_into(&mut setup.name);
    setup.enabled = fields.flag("enabled")?.unwrap_or(true);
    setup.credential = fields.word(
        "sign_in",
        &[("auto", None), ("code", Some(CredentialKind::Token)), ("password", Some(CredentialKind::Password))],
    )?;
    setup.keep = fields.word(
        "keep",
        &[("auto", None), ("keyring", Some(Keep::Keyring)), ("file", Some(Keep::File)), ("memory", Some(Keep::Memory))],
    )?;
    setup.tls =
        fields.word("tls", &[("auto", TlsMode::Auto), ("direct", TlsMode::Direct), ("starttls", TlsMode::StartTls)])?;
    setup.server = fields.server()?;
    setup.ca_file = fields.text("ca_file")?.filter(|text| !text.is_empty()).map(|text| path_from(&text, source.file));
    setup.mechanisms = fields.list("mechanisms")?;
    setup.password_command = fields.list("password_command")?;
    setup.token_command = fields.list("token_command")?;
    let token_file = fields.text("token_file")?.filter(|text| !text.is_empty());
    let token_file = token_file.map(|text| path_from(&text, source.file));
    if !setup.token_command.is_empty() || token_file.is_some() {
        setup.credential = Some(CredentialKind::Token);
    } else if !setup.password_command.is_empty() {
        setup.credential = Some(CredentialKind::Password);
    }
    if let Some(DeValue::Table(oauth)) = fields.value("oauth").map(Spanned::get_ref) {
        setup.oauth = read_oauth(oauth, source, warnings)?;
    }
    setup.oauth.token_file = token_file;
    reading.profiles.complete(&mut setup);
    Ok(setup)
}

fn read_oauth(table: &DeTable<'_>, source: &Source<'_>, warnings: &mut Vec<Warning>) -> Result<OAuthSetup, Problem> {
    for key in table.keys() {
        let name = key.get_ref().as_ref();
        source.refuse_secret(name, key)?;
        if !OAUTH_KEYS.contains(&name) {
            warnings.push(source.unknown(key, name, closest(name, OAUTH_KEYS.iter().copied())));
        }
    }
    let fields = Fields { table, source };
    Ok(OAuthSetup {
        issuer: fields.text("issuer")?.filter(|text| !text.is_empty()),
        client_id: fields.text("client_id")?.filter(|text| !text.is_empty()),
        client_secret_command: fields.list("client_secret_command")?,
        scopes: fields.scopes()?,
        endpoints: None,
        allow_local_page: false,
        grant: fields.grant()?,
        redirect: fields.redirect()?,
        token_file: None,
        terms: Terms::default(),
    })
}

/// The accounts that were signed in to. A broken file is set aside and told; one that cannot be read is told, and so is
/// a profile that is missing or broken.
pub fn load_accounts(folders: &Folders) -> (Vec<AccountSetup>, Option<Problem>) {
    let profiles = Profiles::load(&folders.profiles());
    match read_accounts(folders, &profiles) {
        Ok((accounts, problem)) => {
            let fault = accounts.iter().find_map(|account| profiles.fault(&account.profile)).flatten();
            (accounts, problem.or(fault))
        }
        Err(problem) => (Vec::new(), Some(problem)),
    }
}

/// An error: there is a file, and nobody knows what is in it.
fn read_accounts(folders: &Folders, profiles: &Profiles) -> Result<(Vec<AccountSetup>, Option<Problem>), Problem> {
    let file = folders.accounts_file();
    let text = match fs::read(&file) {
        Ok(bytes) => String::from_utf8(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((Vec::new(), None)),
        Err(error) => return Err(no_folder(folders, &error)),
    };
    let reading = Reading { profiles, lenient: true };
    if let Some(config) = text.ok().and_then(|text| super::parse_with(&text, &file, &reading).ok()) {
        return Ok((config.accounts, None));
    }
    let kept_as = file.with_extension("toml.broken");
    fs::rename(&file, &kept_as).map_err(|error| no_folder(folders, &error))?;
    Ok((Vec::new(), Some(Problem::SetAside { file: super::shown(&file), kept_as: super::shown(&kept_as) })))
}

/// Keeps an account, replacing one of the same address. What its profile says is not written down.
pub fn save_account(folders: &Folders, setup: &AccountSetup) -> Result<(), Problem> {
    let mut setup = setup.clone();
    Profiles::load(&folders.profiles()).strip(&mut setup);
    change(folders, |accounts| {
        accounts.retain(|other| other.id != setup.id);
        accounts.push(setup);
    })
}

/// Forgets an account; one that stands in the config file is not touched.
pub fn forget_account(folders: &Folders, account: &AccountId) -> Result<(), Problem> {
    change(folders, |accounts| accounts.retain(|other| other.id != *account))
}

/// Writes the file anew, unless nothing changed or nobody knows what would be overwritten.
///
/// One process at a time: another one that read before this one writes would bring back what is gone, or lose what is
/// new.
fn change(folders: &Folders, edit: impl FnOnce(&mut Vec<AccountSetup>)) -> Result<(), Problem> {
    let _alone = alone(folders).map_err(|error| no_folder(folders, &error))?;
    let (before, aside) = read_accounts(folders, &Profiles::default())?;
    let mut accounts = before.clone();
    edit(&mut accounts);
    if accounts != before {
        write(&folders.accounts_file(), &render(&accounts)).map_err(|error| no_folder(folders, &error))?;
    }
    // The change is made; that the other accounts are gone is still to be told.
    aside.map_or(Ok(()), Err)
}

/// Waits until no other process changes the accounts. Held until dropped; the file stays, for whoever waits on it.
fn alone(folders: &Folders) -> std::io::Result<fs::File> {
    make_folder(&folders.data)?;
    let mut options = fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(folders.accounts_file().with_extension("lock"))?;
    file.lock()?;
    Ok(file)
}

fn no_folder(folders: &Folders, error: &std::io::Error) -> Problem {
    Problem::NoDataFolder {
        folder: Line::clean(&folders.data.to_string_lossy()),
        why: Line::clean(&error.kind().to_string()),
    }
}

fn render(accounts: &[AccountSetup]) -> String {
    let list: Vec<toml::Value> = accounts.iter().map(|account| toml::Value::Table(table_of(account))).collect();
    let mut all = toml::Table::new();
    all.insert("accounts".into(), toml::Value::Array(list));
    format!("# Accounts that butty was signed in to. Written by butty.\n\n{all}")
}

fn table_of(setup: &AccountSetup) -> toml::Table {
    let mut table = toml::Table::new();
    let mut put = |key: &str, value: toml::Value| drop(table.insert(key.to_owned(), value));
    put("address", setup.id.as_str().into());
    put("name", setup.name.as_str().into());
    put("enabled", setup.enabled.into());
    put("profile", setup.profile.as_str().into());
    let sign_in = match setup.credential {
        None => "auto",
        Some(CredentialKind::Token) => "code",
        Some(CredentialKind::Password) => "password",
    };
    put("sign_in", sign_in.into());
    let keep = match setup.keep {
        None => "auto",
        Some(Keep::Keyring) => "keyring",
        Some(Keep::File) => "file",
        Some(Keep::Memory) => "memory",
    };
    put("keep", keep.into());
    let tls = match setup.tls {
        TlsMode::Auto => "auto",
        TlsMode::Direct => "direct",
        TlsMode::StartTls => "starttls",
    };
    put("tls", tls.into());
    if let Some((host, port)) = &setup.server {
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        put("server", format!("{host}:{port}").into());
    }
    if let Some(ca_file) = &setup.ca_file {
        put("ca_file", ca_file.to_string_lossy().as_ref().into());
    }
    let mut oauth = toml::Table::new();
    let grant = match setup.oauth.grant {
        GrantChoice::Auto => None,
        GrantChoice::Device => Some("device".to_owned()),
        GrantChoice::Code => Some("code".to_owned()),
    };
    let OAuthSetup { issuer, client_id, redirect, .. } = &setup.oauth;
    for (key, value) in [("issuer", issuer), ("client_id", client_id), ("redirect", redirect), ("grant", &grant)] {
        if let Some(value) = value {
            oauth.insert(key.to_owned(), value.as_str().into());
        }
    }
    if !oauth.is_empty() {
        put("oauth", toml::Value::Table(oauth));
    }
    table
}

fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn write(file: &Path, text: &str) -> std::io::Result<()> {
    let folder = file.parent().map_or_else(|| PathBuf::from("."), Path::to_owned);
    make_folder(&folder)?;
    let mut temporary = tempfile::NamedTempFile::new_in(&folder)?; // 0600 from birth
    temporary.write_all(text.as_bytes())?;
    temporary.as_file().sync_all()?;
    temporary.persist(file).map_err(|error| error.error)?;
    Ok(())
}
