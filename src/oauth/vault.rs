//! Where secrets rest. The wish is defined here; `store` carries it out; `net` uses it.

use crate::types::{Line, Secret};

/// What a secret belongs to. Two accounts, issuers or clients never share one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum VaultKey {
    /// The password of an account.
    Password {
        /// `AccountId` text.
        account: String,
    },
    /// Tokens: issuer + client + account.
    Tokens {
        /// The issuer's address.
        issuer: String,
        /// The client id they were given to.
        client: String,
        /// `AccountId` text.
        account: String,
    },
    /// A dynamically registered client (RFC 7591), per issuer.
    Client {
        /// The issuer's address.
        issuer: String,
    },
    /// What was seen of an account's server (`xmpp::Known`): no secret, but kept as safely as one.
    Known {
        /// `AccountId` text.
        account: String,
    },
    /// A token that an account's server gave in place of its secret (`xmpp::FastToken`).
    Fast {
        /// `AccountId` text.
        account: String,
    },
    /// An access token that was handed in; butty cannot refresh it.
    GivenToken {
        /// `AccountId` text.
        account: String,
    },
    /// A sign-in that was begun and waits for the person.
    Pending {
        /// `AccountId` text.
        account: String,
    },
    /// What a sign-in put out of its place that nobody has confirmed yet.
    Former {
        /// `AccountId` text.
        account: String,
    },
    /// Sign-outs that services are still to be told of.
    Farewells,
    /// Which issuer and client an account signed in with, so that the next start needs no discovery.
    SignIn {
        /// `AccountId` text.
        account: String,
    },
}

impl VaultKey {
    /// The account it belongs to, if to one alone.
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Password { account }
            | Self::Tokens { account, .. }
            | Self::Known { account }
            | Self::Fast { account }
            | Self::GivenToken { account }
            | Self::Pending { account }
            | Self::Former { account }
            | Self::SignIn { account } => Some(account),
            Self::Client { .. } | Self::Farewells => None,
        }
    }
}

/// Why a secret could not be kept or found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The place does not take it.
    #[error("cannot be written: {0}")]
    Write(Line),
    /// The place cannot be read.
    #[error("cannot be read: {0}")]
    Read(Line),
    /// The file was broken and was set aside.
    #[error("set aside as {kept_as}")]
    SetAside {
        /// Base name of the file.
        file: Line,
        /// What it is called now.
        kept_as: Line,
    },
    /// Another process holds the key, and did not let go of it in time. Passes by itself.
    #[error("held by another process")]
    Held,
    /// No keyring answers on this computer.
    #[error("no keyring")]
    NoKeyring,
    /// The keyring is locked and stayed so.
    #[error("the keyring is locked")]
    Locked,
}

/// Where a durable secret goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durable {
    /// A file that only the user can read.
    #[default]
    File,
    /// The system keyring.
    Keyring,
}

/// A keeper of secrets. Calls may block for a disk; never call from the loop.
pub trait Vault: Send + Sync {
    /// The secret, if there is one.
    fn load(&self, key: &VaultKey) -> Result<Option<Secret<String>>, VaultError>;
    /// Keeps a secret durably before it returns (write, sync, rename, sync of the folder); `durable: false`
    /// keeps it in memory until the process ends.
    fn save(&self, key: &VaultKey, secret: &Secret<String>, durable: bool) -> Result<(), VaultError>;
    /// Forgets it, everywhere.
    fn forget(&self, key: &VaultKey) -> Result<(), VaultError>;
    /// Holds the key against other processes until the guard is dropped: one refresh at a time. Waits for them, but not
    /// for ever: one may have been stopped.
    fn lock(&self, key: &VaultKey) -> Result<Box<dyn Send>, VaultError>;
    /// Whether the system keyring takes secrets now: asked before a person is sent to a web page. May wait for them to
    /// unlock it, half a minute at most.
    fn keyring(&self) -> Result<(), VaultError> {
        Err(VaultError::NoKeyring)
    }
    /// From now on sign-outs that wait are kept in no less safe a place than this secret is: they hold its text.
    fn shelter(&self, _key: &VaultKey) -> Result<(), VaultError> {
        Ok(())
    }
    /// From now on durable secrets of this account (`AccountId` text) go there; the next process finds them by itself.
    fn settle(&self, _account: &str, _place: Durable) {}
}
