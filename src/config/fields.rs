//! Values of a table in a config file, taken by type.

use super::Source;
use crate::app::setup::GrantChoice;
use crate::types::Problem;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A table whose values are taken by type, with the place of what does not fit.
pub(super) struct Fields<'a> {
    pub(super) table: &'a DeTable<'a>,
    pub(super) source: &'a Source<'a>,
}

impl<'a> Fields<'a> {
    pub(super) fn value(&self, name: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.table.iter().find(|(key, _)| key.get_ref() == name).map(|(_, value)| value)
    }

    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.value(name).map(|value| value.span().start)
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Problem> {
        self.take(name, "a text in quotes", |value| value.as_str().map(str::to_owned))
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Problem> {
        self.take(name, "true or false", |value| if let DeValue::Boolean(flag) = value { Some(*flag) } else { None })
    }

    pub(super) fn count(&self, name: &str) -> Result<Option<u32>, Problem> {
        self.take(name, "a number from 1 to 9999", |value| {
            let DeValue::Integer(number) = value else { return None };
            number.as_str().parse().ok().filter(|count| (1..10_000).contains(count))
        })
    }

    pub(super) fn list(&self, name: &str) -> Result<Vec<String>, Problem> {
        let list = self.take(name, "a list of texts, such as [\"pass\", \"show\", \"xmpp\"]", |value| {
            value.as_array()?.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect()
        })?;
        Ok(list.unwrap_or_default())
    }

    pub(super) fn word<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Result<T, Problem> {
        let takes = words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
        let found = self.take(name, &takes, |value| {
            let text = value.as_str()?;
            words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning)
        })?;
        // The first word is the default.
        found.or_else(|| words.first().map(|(_, meaning)| *meaning)).ok_or_else(|| self.source.bad(0, "no such word"))
    }

    pub(super) fn server(&self) -> Result<Option<(String, u16)>, Problem> {
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

    pub(super) fn take<T>(
        &self,
        name: &str,
        takes: &str,
        read: impl FnOnce(&DeValue<'_>) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let bad = || self.source.bad(value.span().start, &format!("{name} takes {takes}"));
        read(value.get_ref()).map(Some).ok_or_else(bad)
    }

    /// A list, or one text with blanks or commas, as older documents write it.
    pub(super) fn scopes(&self) -> Result<Vec<String>, Problem> {
        match self.value("scopes").and_then(|value| value.get_ref().as_str()) {
            Some(text) => Ok(text.split([' ', ',']).filter(|scope| !scope.is_empty()).map(str::to_owned).collect()),
            None => self.list("scopes"),
        }
    }

    pub(super) fn grant(&self) -> Result<GrantChoice, Problem> {
        self.word("grant", &[("auto", GrantChoice::Auto), ("device", GrantChoice::Device), ("code", GrantChoice::Code)])
    }

    /// Where a browser is sent back to: this computer, by number, or a page from whose address the person copies.
    pub(super) fn redirect(&self) -> Result<Option<String>, Problem> {
        let takes = "http://127.0.0.1/path or an https address, as it was registered";
        let redirect = self.take("redirect", takes, |value| {
            let text = value.as_str()?;
            if text.is_empty() {
                return Some(None);
            }
            let url = url::Url::parse(text).ok()?;
            let here = match url.host() {
                Some(url::Host::Ipv4(v4)) => v4.is_loopback(),
                Some(url::Host::Ipv6(v6)) => v6.is_loopback(),
                _ => false,
            };
            let fine = url.query().is_none() && url.fragment().is_none();
            let fine = fine && (url.scheme() == "https" || (url.scheme() == "http" && here));
            fine.then(|| Some(text.to_owned()))
        })?;
        Ok(redirect.flatten())
    }
}
