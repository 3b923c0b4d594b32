//! What can be done to the service while it runs: by the person on the page for that, or by whoever holds the demo.

use super::chance::Chance;
use super::scopes::sentence;
use super::{CLIENT_ID, Consent, Desk, SHORT_CONSENT};
use crate::types::Now;
use serde_json::Value;
use std::time::Duration;

impl Desk {
    /// An access token for these scopes, as if somebody had just agreed.
    pub(in super::super) fn hand_out(&mut self, now: Now, scopes: &[&str], chance: Chance<'_>) -> Option<String> {
        let (client, person, ends) = (CLIENT_ID.into(), self.person, now.mono.saturating_add(SHORT_CONSENT));
        let scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
        let (spent, access, lives, unseen) = (Vec::new(), Vec::new(), self.switches.access_lifetime, None);
        self.consents.push(Consent { client, person, scopes, ends, lives, refresh: None, spent, access, unseen });
        let answer = self.issue(now, self.consents.len() - 1, "", chance);
        answer.document.get("access_token").and_then(Value::as_str).map(str::to_owned)
    }

    /// Until when each program may come by itself, and what it may do: the page where a person takes that back.
    pub(in super::super) fn granted(&self, now: Now) -> Vec<(String, Vec<&'static str>, Duration)> {
        let open = self.consents.iter().filter(|consent| now.mono < consent.ends);
        let told = open.filter_map(|consent| {
            let sentences = consent.scopes.iter().filter_map(|scope| sentence(scope)).collect();
            let left = consent.ends.saturating_sub(now.mono);
            self.clients.find(&consent.client).map(|client| (client.name.clone(), sentences, left))
        });
        told.collect()
    }

    /// The person takes back what was granted.
    pub(in super::super) fn take_back(&mut self) {
        self.consents.clear();
    }

    /// Every access token dies before its time; what was granted stays.
    pub(in super::super) fn end_access(&mut self) {
        self.consents.iter_mut().for_each(|consent| consent.access.clear());
    }

    /// Who agrees from now on.
    pub(in super::super) fn seat(&mut self, person: usize) {
        self.person = person;
    }
}
