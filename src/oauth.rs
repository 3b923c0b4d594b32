//! Floor 2: grants as values.

pub mod vault;

pub use vault::{Vault, VaultError, VaultKey};
