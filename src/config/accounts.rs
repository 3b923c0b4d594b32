//! Accounts: those in the config file, and those that were signed in to (`accounts.toml` in the data folder, in
//! the same form).

use super::{Folders, Source, Warning, closest, path_from, profile};
use crate::app::setup::{AccountSetup, GrantChoice, OAuthSetup, TlsMode};
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
    "profile",
    "server",
    "tls",
    "ca_file",
    "mechanisms",
    "password_command",
    "token_command",
    "oauth",
];
const OAUTH_KEYS: &[&str] = &["issuer", "client_id", "client_secret_command", "scopes"];

/// An account from an address alone, as typed: `name@example.org`, or `example.org`.
pub fn setup_for(address: &str, profile_name: &str) -> Option<AccountSetup> {
    let address = address.trim().trim_start_matches("xmpp:");
    let bare = BareJid::parse(address.trim_end_matches('.')).ok()?;
    // A Messenger-style service ignores the local part; nobody types `_` by hand.
    let mut setup = AccountSetup { profile: profile_name.to_owned(), ..AccountSetup::new(&bare) };
    profile::apply(&mut setup);
    Some(setup)
}

/// One `[[accounts]]` table.
pub(super) fn read(
    account: &Spanned<DeValue<'_>>,
    source: &Source<'_>,
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
    if !profile::exists(&profile_name) {
        return Err(source.bad(fields.place("profile").unwrap_or(at), "there is no such profile; auto or messenger"));
    }
    let mut setup = setup_for(&address, "auto")
        .ok_or_else(|| source.bad(at, "an account needs an address such as anna@example.org"))?;
    setup.profile = profile_name;
    Line::clean(&fields.text("name")?.unwrap_or_default()).as_str().clone_into(&mut setup.name);
    setup.enabled = fields.flag("enabled")?.unwrap_or(true);
    setup.credential = fields.word(
        "sign_in",
        &[("auto", None), ("code", Some(CredentialKind::Token)), ("password", Some(CredentialKind::Password))],
    )?;
    setup.tls =
        fields.word("tls", &[("auto", TlsMode::Auto), ("direct", TlsMode::Direct), ("starttls", TlsMode::StartTls)])?;
    setup.server = fields.server()?;
    setup.ca_file = fields.text("ca_file")?.filter(|text| !text.is_empty()).map(|text| path_from(&text, source.file));
    setup.mechanisms = fields.list("mechanisms")?;
    setup.password_command = fields.list("password_command")?;
    setup.token_command = fields.list("token_command")?;
    if !setup.token_command.is_empty() {
        setup.credential = Some(CredentialKind::Token);
    } else if !setup.password_command.is_empty() {
        setup.credential = Some(CredentialKind::Password);
    }
    if let Some(DeValue::Table(oauth)) = fields.value("oauth").map(Spanned::get_ref) {
        setup.oauth = read_oauth(oauth, source, warnings)?;
    }
    profile::apply(&mut setup);
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
        // A list, or one text with blanks or commas, as older documents write it.
        scopes: match fields.value("scopes").and_then(|value| value.get_ref().as_str()) {
            Some(text) => text.split([' ', ',']).filter(|scope| !scope.is_empty()).map(str::to_owned).collect(),
            None => fields.list("scopes")?,
        },
        endpoints: None,
        allow_local_page: false,
        grant: fields.word(
            "grant",
            &[("auto", GrantChoice::Auto), ("device", GrantChoice::Device), ("code", GrantChoice::Code)],
        )?,
        redirect: fields.text("redirect")?.filter(|text| !text.is_empty()),
        token_file: None,
    })
}

/// A table whose values are taken by type, with the place of what does not fit.
struct Fields<'a> {
    table: &'a DeTable<'a>,
    source: &'a Source<'a>,
}

impl<'a> Fields<'a> {
    fn value(&self, name: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.table.iter().find(|(key, _)| key.get_ref() == name).map(|(_, value)| value)
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.value(name).map(|value| value.span().start)
    }

    fn text(&self, name: &str) -> Result<Option<String>, Problem> {
        self.take(name, "a text in quotes", |value| value.as_str().map(str::to_owned))
    }

    fn flag(&self, name: &str) -> Result<Option<bool>, Problem> {
        self.take(name, "true or false", |value| if let DeValue::Boolean(flag) = value { Some(*flag) } else { None })
    }

    fn list(&self, name: &str) -> Result<Vec<String>, Problem> {
        let list = self.take(name, "a list of texts, such as [\"pass\", \"show\", \"xmpp\"]", |value| {
            value.as_array()?.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect()
        })?;
        Ok(list.unwrap_or_default())
    }

    fn word<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Result<T, Problem> {
        let takes = words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
        let found = self.take(name, &takes, |value| {
            let text = value.as_str()?;
            words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning)
        })?;
        // The first word is the default.
        found.or_else(|| words.first().map(|(_, meaning)| *meaning)).ok_or_else(|| self.source.bad(0, "no such word"))
    }

    fn server(&self) -> Result<Option<(String, u16)>, Problem> {
        let takes = "host:port, such as xmpp.example.org:5222";
        let server = self.take("server", takes, |value| {
            let text = value.as_str()?;
            if text.is_empty() {
                return Some(None);
            }
            let (host, port) = text.rsplit_once(':').filter(|(host, _)| !host.is_empty())?;
            let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
            port.parse().ok().filter(|port| *port > 0).map(|port| Some((host.to_owned(), port)))
        })?;
        Ok(server.flatten())
    }

    fn take<T>(
        &self,
        name: &str,
        takes: &str,
        read: impl FnOnce(&DeValue<'_>) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let bad = || self.source.bad(value.span().start, &format!("{name} takes {takes}"));
        read(value.get_ref()).map(Some).ok_or_else(bad)
    }
}

/// The accounts that were signed in to. A broken file is set aside and told; one that cannot be read is told.
pub fn load_accounts(folders: &Folders) -> (Vec<AccountSetup>, Option<Problem>) {
    match read_accounts(folders) {
        Ok(accounts) => accounts,
        Err(problem) => (Vec::new(), Some(problem)),
    }
}

/// An error: there is a file, and nobody knows what is in it.
fn read_accounts(folders: &Folders) -> Result<(Vec<AccountSetup>, Option<Problem>), Problem> {
    let file = folders.accounts_file();
    let text = match fs::read(&file) {
        Ok(bytes) => String::from_utf8(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((Vec::new(), None)),
        Err(error) => return Err(no_folder(folders, &error)),
    };
    if let Some(config) = text.ok().and_then(|text| super::parse(&text, &file).ok()) {
        return Ok((config.accounts, None));
    }
    let kept_as = file.with_extension("toml.broken");
    fs::rename(&file, &kept_as).map_err(|error| no_folder(folders, &error))?;
    Ok((Vec::new(), Some(Problem::SetAside { file: super::shown(&file), kept_as: super::shown(&kept_as) })))
}

/// Keeps an account, replacing one of the same address.
pub fn save_account(folders: &Folders, setup: &AccountSetup) -> Result<(), Problem> {
    change(folders, |accounts| {
        accounts.retain(|other| other.id != setup.id);
        accounts.push(setup.clone());
    })
}

/// Forgets an account; one that stands in the config file is not touched.
pub fn forget_account(folders: &Folders, account: &AccountId) -> Result<(), Problem> {
    change(folders, |accounts| accounts.retain(|other| other.id != *account))
}

/// Writes the file anew, unless nothing changed or nobody knows what would be overwritten.
fn change(folders: &Folders, edit: impl FnOnce(&mut Vec<AccountSetup>)) -> Result<(), Problem> {
    let (before, aside) = read_accounts(folders)?;
    let mut accounts = before.clone();
    edit(&mut accounts);
    if accounts != before {
        write(&folders.accounts_file(), &render(&accounts)).map_err(|error| no_folder(folders, &error))?;
    }
    // The change is made; that the other accounts are gone is still to be told.
    aside.map_or(Ok(()), Err)
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
    for (key, value) in [("issuer", &setup.oauth.issuer), ("client_id", &setup.oauth.client_id)] {
        if let Some(value) = value {
            oauth.insert(key.to_owned(), value.as_str().into());
        }
    }
    if !oauth.is_empty() {
        put("oauth", toml::Value::Table(oauth));
    }
    table
}

fn write(file: &Path, text: &str) -> std::io::Result<()> {
    let folder = file.parent().map_or_else(|| PathBuf::from("."), Path::to_owned);
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&folder)?;
    let mut temporary = tempfile::NamedTempFile::new_in(&folder)?; // 0600 from birth
    temporary.write_all(text.as_bytes())?;
    temporary.as_file().sync_all()?;
    temporary.persist(file).map_err(|error| error.error)?;
    Ok(())
}
