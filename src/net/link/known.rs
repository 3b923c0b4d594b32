//! What was seen of an account's server, kept between sign-ins.
//!
//! It is read before the first session and written behind the ones that learned something, so that no sign-in waits for
//! the disk. A place that cannot be read or written is told to the log alone: the link goes on with what it remembers.

use super::{FAREWELL, Link};
use crate::oauth::VaultKey;
use crate::types::Secret;
use crate::xmpp::Known;
use std::sync::Arc;
use tokio::task::JoinHandle;

/// The link's memory of it.
#[derive(Default)]
pub(super) struct Memory {
    /// `None`: not read yet.
    known: Option<Known>,
    /// Learned and not on its way to the vault yet.
    fresh: bool,
    /// The person agreed to a weaker sign-in: the pin does not hold for the next session.
    agreed: bool,
    /// It is about an account that may be gone: never kept.
    lent: bool,
    /// The last save.
    saving: Option<JoinHandle<()>>,
}

impl Memory {
    /// The person agreed to a sign-in that is weaker than before: what is on offer next is the new pin.
    pub(super) fn forget_pin(&mut self) {
        self.agreed = true;
    }
}

impl Link {
    fn known_key(&self) -> VaultKey {
        VaultKey::Known { account: self.setup.id.as_str().to_owned() }
    }

    /// For the session that is about to begin.
    pub(super) async fn known(&mut self) -> Known {
        let mut known = match &self.known.known {
            Some(known) => known.clone(),
            None => self.load_known().await,
        };
        if std::mem::take(&mut self.known.agreed) {
            known.strongest = None;
            known.guess_refused = false;
            self.known.fresh = true;
        }
        self.known.known.insert(known).clone()
    }

    /// Somebody was let in before, as far as was seen since the start.
    pub(super) fn has_met(&self) -> bool {
        self.known.known.as_ref().is_some_and(|known| known.address.is_some())
    }

    async fn load_known(&self) -> Known {
        match self.network.load(&self.known_key()).await {
            Ok(text) => text.map(|text| Known::from_text(text.expose())).unwrap_or_default(),
            Err(problem) => {
                tracing::warn!(target: "butty::net", code = problem.code(), "what was known of the server is lost");
                Known::default()
            }
        }
    }

    /// Who signed in last says nothing of who signs in next.
    pub(super) async fn forget_address(&mut self) {
        let known = match &self.known.known {
            Some(known) => known.clone(),
            None => self.load_known().await,
        };
        self.learn(Known { address: None, ..known });
    }

    /// A session learned something.
    pub(super) fn learn(&mut self, known: Known) {
        self.known.fresh |= self.known.known.as_ref() != Some(&known);
        self.known.known = Some(known);
    }

    /// What a session is told, and nobody keeps.
    pub(super) fn lend(&mut self, known: Known) {
        self.known = Memory { known: Some(known), lent: true, ..Memory::default() };
    }

    /// Sends what is new to the vault; an account that leaves no trace has it in memory alone.
    pub(super) fn keep_known(&mut self) {
        let fresh = self.known.fresh && !self.known.lent;
        let Some(known) = self.known.known.as_ref().filter(|_| fresh) else { return };
        let (network, key, durable) = (Arc::clone(&self.network), self.known_key(), !self.setup.ephemeral);
        let (text, before) = (Secret::new(known.to_text()), self.known.saving.take());
        self.known.fresh = false;
        self.known.saving = Some(tokio::spawn(async move {
            if let Some(before) = before {
                drop(before.await);
            }
            if let Err(problem) = network.save(&key, text, durable).await {
                tracing::warn!(target: "butty::net", code = problem.code(), "what is known of the server is not kept");
            }
        }));
    }

    /// Nothing new is left unkept.
    pub(super) async fn known_kept(&mut self) {
        self.keep_known();
        if let Some(saving) = self.known.saving.take() {
            // A disk that is slower than a goodbye loses this much, not the goodbye.
            let _ = tokio::time::timeout(FAREWELL / 2, saving).await;
        }
    }
}
