//! A token of a server's own (XEP-0484) that the server is still to forget: all that is needed to tell it, in one text.
//!
//! It is kept with the sign-outs that wait, as safely as the token itself.

use crate::app::setup::{AccountSetup, TlsMode};
use crate::types::{BareJid, Secret};
use crate::xmpp::{CredentialKind, FastToken, Known};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Whose token it is, and how its server is reached.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Parting {
    /// The account as far as the way to its server needs it. The roots it trusts beyond the system's are none of it.
    pub(super) setup: AccountSetup,
    /// Stands in for what sort of secret the token stood.
    pub(super) kind: CredentialKind,
    /// The address that was bound last: with a token nothing else says who we are.
    pub(super) address: Option<String>,
    /// The installation that the token was given to.
    pub(super) installation: String,
    pub(super) token: FastToken,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    account: String,
    server: Option<(String, u16)>,
    tls: String,
    resolver: Option<std::net::SocketAddr>,
    by_token: bool,
    address: Option<String>,
    installation: String,
    token: Hidden,
}

/// A text inside the text that is a secret itself.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
struct Hidden(String);

impl Parting {
    /// What a session has to know of the server.
    pub(super) fn known(&self) -> Known {
        let installation = Some(self.installation.clone());
        Known { address: self.address.clone(), installation, ..Known::default() }
    }

    /// With the use of last time counted, whatever came of it: to be kept before the next, which counts itself.
    #[must_use]
    pub(super) fn counted(self) -> Self {
        Self { token: self.token.counted(), ..self }
    }

    /// The text to keep.
    pub(super) fn to_text(&self) -> Secret<String> {
        let tls = match self.setup.tls {
            TlsMode::Auto => "auto",
            TlsMode::Direct => "direct",
            TlsMode::StartTls => "starttls",
        };
        let kept = Kept {
            account: self.setup.id.as_str().to_owned(),
            server: self.setup.server.clone(),
            tls: tls.to_owned(),
            resolver: self.setup.resolver,
            by_token: self.kind == CredentialKind::Token,
            address: self.address.clone(),
            installation: self.installation.clone(),
            token: Hidden(self.token.to_text().expose().clone()),
        };
        Secret::new(serde_json::to_string(&kept).unwrap_or_default())
    }

    /// Reads a kept text; `None` for what is none.
    pub(super) fn from_text(text: &Secret<String>) -> Option<Self> {
        let kept: Kept = serde_json::from_str(text.expose()).ok()?;
        let tls = match kept.tls.as_str() {
            "auto" => TlsMode::Auto,
            "direct" => TlsMode::Direct,
            "starttls" => TlsMode::StartTls,
            _ => return None,
        };
        let setup = AccountSetup::new(&BareJid::parse(&kept.account).ok()?);
        Some(Self {
            setup: AccountSetup { server: kept.server, tls, resolver: kept.resolver, ..setup },
            kind: if kept.by_token { CredentialKind::Token } else { CredentialKind::Password },
            address: kept.address,
            installation: kept.installation,
            token: FastToken::from_text(&Secret::from(kept.token.0.as_str()))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Stamp;
    use crate::xmpp::FastTicket;

    #[test]
    fn a_parting_survives_its_text_and_hides_its_token() {
        let ticket = FastTicket { mechanism: "HT-SHA-256-NONE".to_owned(), expires: Stamp(7), count: 3 };
        let setup = AccountSetup::new(&BareJid::parse("juliet@alpha.test").unwrap());
        let parting = Parting {
            setup: AccountSetup { server: Some(("127.0.0.1".to_owned(), 5222)), tls: TlsMode::StartTls, ..setup },
            kind: CredentialKind::Token,
            address: Some("juliet@alpha.test".to_owned()),
            installation: "6e5c5ef5-ffd5-4c1e-a6ad-9c9d1e9a1f11".to_owned(),
            token: FastToken { token: Secret::from("tok-en"), ticket },
        };
        assert_eq!(Parting::from_text(&parting.to_text()), Some(parting.clone()));
        assert!(!format!("{parting:?}").contains("tok-en"));
        assert_eq!(parting.clone().counted().token.ticket.count, 4);
        for (from, to) in [("starttls", "none"), ("juliet@alpha.test", "@"), ("tok-en", "")] {
            let spoilt = Secret::new(parting.to_text().expose().replace(from, to));
            assert_eq!(Parting::from_text(&spoilt), None, "{from}");
        }
    }
}
