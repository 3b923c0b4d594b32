//! One interface per account: the account lock. One-shot commands do not take it.

use super::{Place, schema};
use crate::types::AccountId;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;

/// The locks that this process holds. They end with the process, however it ends.
#[derive(Debug)]
pub(super) struct AccountLocks {
    folder: Option<PathBuf>,
    held: BTreeMap<AccountId, File>,
}

impl AccountLocks {
    pub(super) fn new(place: &Place, wanted: bool) -> Self {
        let folder = match place {
            Place::Folder(folder) if wanted => Some(folder.join("locks")),
            _ => None,
        };
        Self { folder, held: BTreeMap::new() }
    }

    /// True when the account is ours: locked now, locked before, or nobody wants locks.
    pub(super) fn take(&mut self, account: &AccountId) -> bool {
        let Some(folder) = &self.folder else { return true };
        if self.held.contains_key(account) {
            return true;
        }
        let name = super::tokens::file_stem(account.as_str());
        let opened = schema::make_private_folder(folder).ok().and_then(|()| {
            schema::private_options().create(true).append(true).open(folder.join(format!("{name}.lock"))).ok()
        });
        match opened {
            Some(file) if file.try_lock().is_ok() => {
                self.held.insert(account.clone(), file);
                true
            }
            Some(_) => false,
            // A folder that takes no lock file takes no history either; that is told elsewhere.
            None => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_interface_is_told() {
        let home = tempfile::tempdir().unwrap();
        let place = Place::Folder(home.path().to_owned());
        let (anna, bela) = (AccountId::new("anna@a"), AccountId::new("bela@a"));
        let mut first = AccountLocks::new(&place, true);
        let mut second = AccountLocks::new(&place, true);
        assert!(first.take(&anna) && first.take(&anna));
        assert!(!second.take(&anna));
        assert!(second.take(&bela));
        drop(first);
        assert!(second.take(&anna));
        assert!(AccountLocks::new(&place, false).take(&anna));
    }
}
