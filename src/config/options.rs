//! The table of options: name, meaning, default, and how a value is taken.

use super::proxy::{self, ProxyChoice};
use super::{Config, LogLevel, Source, closest};
use crate::app::model::{LayoutChoice, Retention};
use crate::types::{Problem, Proxying};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Options of the hands on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// For one attempt to reach one address.
    pub connect_timeout: Duration,
    /// A name server instead of the system's.
    pub resolver: Option<SocketAddr>,
    /// The proxy, as far as it is known: what the environment says is added by [`super::load`].
    pub proxy: Proxying,
    /// What `network.proxy` says.
    pub(super) proxy_choice: ProxyChoice,
    /// Its first line is the proxy's password.
    pub(super) proxy_password_command: Vec<String>,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(15),
            resolver: None,
            proxy: Proxying::Direct,
            proxy_choice: ProxyChoice::Environment,
            proxy_password_command: Vec::new(),
        }
    }
}

/// One option, for lists and tests.
#[derive(Clone, Copy, Debug)]
pub struct OptionRow {
    /// Its table.
    pub section: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What a value may be, in words that follow "… is not".
    pub takes: &'static str,
    set: fn(&mut Config, &DeValue<'_>) -> Option<()>,
}

/// Every option of this version.
pub fn rows() -> &'static [OptionRow] {
    ROWS
}

macro_rules! row {
    ($section:literal, $name:literal, $takes:literal, $set:expr) => {
        OptionRow { section: $section, name: $name, takes: $takes, set: $set }
    };
}

const ROWS: &[OptionRow] = &[
    row!("ui", "theme", "terminal or mono", |c, v| word(v, &[("terminal", false), ("mono", true)])
        .map(|x| c.options.mono = x)),
    row!("ui", "symbols", "unicode or ascii", |c, v| word(v, &[("unicode", false), ("ascii", true)])
        .map(|x| c.options.ascii = x)),
    row!("ui", "pictures", "auto, on or off", |c, v| {
        word(v, &[("auto", None), ("on", Some(true)), ("off", Some(false))]).map(|x| c.options.pictures = x)
    }),
    row!("ui", "layout", "auto, wide, standard or narrow", |c, v| layout(v).map(|x| c.options.layout = x)),
    row!("ui", "list_width", "a number from 0 to 80", |c, v| number(v, 0, 80).map(|x| c.options.list_width = x)),
    row!("ui", "max_text_width", "a number from 20 to 400", |c, v| number(v, 20, 400)
        .map(|x| c.options.max_text_width = x)),
    row!("ui", "time_format", "auto, 24h or 12h", |c, v| {
        word(v, &[("auto", true), ("24h", true), ("12h", false)]).map(|x| c.options.clock_24h = x)
    }),
    row!("ui", "mouse", "on or off", |c, v| on_off(v).map(|x| c.options.mouse = x)),
    row!("ui", "hints", "true or false", |c, v| on_off(v).map(|x| c.options.hints = x)),
    row!("ui", "title", "true or false", |c, v| on_off(v).map(|x| c.options.title = x)),
    row!("ui", "hide_offline", "true or false", |c, v| on_off(v).map(|x| c.options.hide_offline = x)),
    row!("ui", "max_fps", "a number from 1 to 120", |c, v| number(v, 1, 120).map(|x| c.options.max_fps = x)),
    row!("composer", "enter", "send or newline", |c, v| {
        word(v, &[("send", false), ("newline", true)]).map(|x| c.options.enter_newline = x)
    }),
    row!("composer", "max_rows", "a number from 1 to 40", |c, v| number(v, 1, 40).map(|x| c.options.composer_rows = x)),
    row!("composer", "paste_ask_lines", "a number from 1 to 1000", |c, v| {
        number(v, 1, 1000).map(|x| c.options.paste_ask_lines = usize::from(x))
    }),
    row!("presence", "auto_away", "a time such as 10m, or off", |c, v| {
        let text = v.as_str()?;
        c.options.auto_away = if text == "off" { None } else { Some(span(text)?) };
        Some(())
    }),
    row!("privacy", "send_typing", "true or false", |c, v| on_off(v).map(|x| c.options.send_typing = x)),
    row!("privacy", "send_read", "true or false", |c, v| on_off(v).map(|x| c.options.send_read = x)),
    row!("privacy", "send_delivered", "true or false", |c, v| on_off(v).map(|x| c.options.send_delivered = x)),
    row!("privacy", "show_client", "true or false", |c, v| on_off(v).map(|x| c.show_client = x)),
    row!("notifications", "via", "auto, bell or off", |c, v| {
        word(v, &[("auto", true), ("bell", true), ("off", false)]).map(|x| c.options.bell = x)
    }),
    row!("history", "keep", "forever, a number of days such as 90d, or none", |c, v| {
        retention(v.as_str()?).map(|x| c.options.retention = x)
    }),
    row!("network", "connect_timeout", "a time such as 15s", |c, v| {
        let time = span(v.as_str()?).filter(|time| (1..=300).contains(&time.as_secs()))?;
        c.network.connect_timeout = time;
        Some(())
    }),
    row!("network", "resolver", "an address such as 127.0.0.53:53, or empty", |c, v| {
        let text = v.as_str()?;
        c.network.resolver = if text.is_empty() { None } else { Some(text.parse().ok()?) };
        Some(())
    }),
    row!("network", "proxy", "env, none, socks5://host:port or http://host:port, and no password", |c, v| {
        c.network.proxy_choice = proxy::choice(v.as_str()?)?;
        Some(())
    }),
    row!("network", "proxy_password_command", "a list of texts, such as [\"pass\", \"show\", \"proxy\"]", |c, v| {
        let list = v.as_array()?.iter().map(|item| item.get_ref().as_str().map(str::to_owned));
        c.network.proxy_password_command = list.collect::<Option<Vec<_>>>()?;
        Some(())
    }),
    row!("log", "level", "error, warn, info or debug", |c, v| {
        use LogLevel::{Debug, Error, Info, Warn};
        word(v, &[("error", Error), ("warn", Warn), ("info", Info), ("debug", Debug)]).map(|x| c.log_level = x)
    }),
];

pub(super) fn is_section(name: &str) -> bool {
    ROWS.iter().any(|row| row.section == name)
}

pub(super) fn closest_section(typed: &str) -> Option<String> {
    closest(typed, ROWS.iter().map(|row| row.section).chain(["accounts", "keys"]))
}

/// Takes one value of the file.
pub(super) fn read(
    config: &mut Config,
    section: &str,
    key: &Spanned<std::borrow::Cow<'_, str>>,
    value: &Spanned<DeValue<'_>>,
    source: &Source<'_>,
) -> Result<(), Problem> {
    let name = key.get_ref().as_ref();
    let Some(row) = ROWS.iter().find(|row| row.section == section && row.name == name) else {
        source.refuse_secret(name, key)?;
        let meant = closest(name, ROWS.iter().filter(|row| row.section == section).map(|row| row.name));
        config.warnings.push(source.unknown(key, name, meant));
        return Ok(());
    };
    if row.name == "proxy" && value.get_ref().as_str().is_some_and(proxy::holds_password) {
        return Err(source.secret(name, key));
    }
    (row.set)(config, value.get_ref())
        .ok_or_else(|| source.bad(value.span().start, &format!("{name} takes {}", row.takes)))
}

/// Key bindings: `[keys.PLACE] "key" = "action"`. Names are checked by the key map, which knows them.
pub(super) fn read_keys(config: &mut Config, places: &DeTable<'_>, source: &Source<'_>) -> Result<(), Problem> {
    for (place, entries) in places {
        let name = place.get_ref().as_ref();
        let known = ["global", "composer", "messages", "list"];
        let (true, DeValue::Table(entries)) = (known.contains(&name), entries.get_ref()) else {
            config.warnings.push(source.unknown(place, name, closest(name, known.into_iter())));
            continue;
        };
        for (key, action) in entries {
            let action = action
                .get_ref()
                .as_str()
                .ok_or_else(|| source.bad(action.span().start, "a key takes the name of an action in quotes"))?;
            let place = config.options.keys.entry(name.to_owned()).or_default();
            place.insert(key.get_ref().to_string(), action.to_owned());
        }
    }
    Ok(())
}

/// `BUTTY_<SECTION>_<KEY>`, for every option.
pub(super) fn apply_environment(config: &mut Config, environment: &[(String, String)]) -> Result<(), Problem> {
    for row in ROWS {
        let variable = format!("BUTTY_{}_{}", row.section, row.name).to_uppercase();
        // `BUTTY_LOG` is short for the level, as in other programs.
        let short = if row.section == "log" { "BUTTY_LOG" } else { "" };
        let set = environment.iter().find(|(key, _)| *key == variable || (!short.is_empty() && key == short));
        let Some((name, text)) = set else { continue };
        let value = match text.as_str() {
            "true" => DeValue::Boolean(true),
            "false" => DeValue::Boolean(false),
            digits if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                DeValue::parse(digits).map_or(DeValue::Boolean(false), Spanned::into_inner)
            }
            other => DeValue::String(other.into()),
        };
        if (row.set)(config, &value).is_none() {
            let text = if row.name == "proxy" { "…" } else { text }; // it may hold a password
            let line = format!("{name}={text}");
            let source = Source { text: &line, file: Path::new("the environment") };
            return Err(source.bad(name.len() + 1, &format!("{name} takes {}", row.takes)));
        }
    }
    Ok(())
}

fn word<T: Copy>(value: &DeValue<'_>, words: &[(&str, T)]) -> Option<T> {
    let text = value.as_str()?;
    words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning)
}

fn on_off(value: &DeValue<'_>) -> Option<bool> {
    value.as_bool().or_else(|| word(value, &[("on", true), ("off", false)]))
}

fn number(value: &DeValue<'_>, least: u16, most: u16) -> Option<u16> {
    let number: u16 = value.as_integer()?.as_str().parse().ok()?;
    (least..=most).contains(&number).then_some(number)
}

fn layout(value: &DeValue<'_>) -> Option<LayoutChoice> {
    use LayoutChoice::{Auto, Narrow, Standard, Wide};
    word(value, &[("auto", Auto), ("wide", Wide), ("standard", Standard), ("narrow", Narrow)])
}

/// `forever`, `none`, or days: `90d`, of which one is the least.
fn retention(text: &str) -> Option<Retention> {
    match text {
        "forever" => Some(Retention::Forever),
        "none" => Some(Retention::Nothing),
        _ => {
            let digits = text.strip_suffix('d').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
            digits.parse().ok().filter(|days| (1..=36_500).contains(days)).map(Retention::Days)
        }
    }
}

/// A time such as `15s`, `10m`, `1h`.
fn span(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let factor = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    let count: u64 = digits.parse().ok()?;
    (count > 0).then(|| Duration::from_secs(count.saturating_mul(factor)))
}
