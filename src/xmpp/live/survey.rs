//! Gathers what the server can do from several answers, and tells it once.

use crate::types::Domain;
use crate::xmpp::Features;
use crate::xmpp::ext::{archive_136, jid_lookup, mam, mds, stanza_ids, vcard};
use std::collections::BTreeSet;

/// XEP-0186.
const INVISIBLE: [&str; 2] = ["urn:xmpp:invisible:1", "urn:xmpp:invisible:0"];
/// What features of Messenger begin with.
const MESSENGER: &str = "http://messenger.live.com/xmpp/";
/// Messenger's own domain: its dialect is known, whatever it announces.
const MESSENGER_DOMAIN: &str = "messenger.live.com";
/// Server, account, copies.
const QUESTIONS: u8 = 3;

/// The answers so far.
#[derive(Debug)]
pub(super) struct Survey {
    /// Questions without an answer yet; `None` once all was told.
    open: Option<u8>,
    features: Features,
    ids_kept: bool,
}

impl Survey {
    pub(super) fn new(domain: &Domain) -> Self {
        let messenger = domain.as_str() == MESSENGER_DOMAIN;
        Self { open: Some(QUESTIONS), features: Features { messenger, ..Features::default() }, ids_kept: false }
    }

    /// The server takes forged `<stanza-id/>`s out (XEP-0359 section 5).
    pub(super) fn ids_kept(&self) -> bool {
        self.ids_kept
    }

    /// There is no archive but Messenger's.
    pub(super) fn has_last_ten_alone(&self) -> bool {
        self.features.last_ten && !self.features.archive
    }

    /// The server's features.
    pub(super) fn server(&mut self, features: &BTreeSet<String>) {
        let has = |name: &str| features.contains(name);
        self.features.look_up |= has(jid_lookup::NS);
        self.features.invisible |= INVISIBLE.into_iter().any(has);
        self.features.last_ten |= has(archive_136::NS);
        self.features.messenger |= features.iter().any(|feature| feature.starts_with(MESSENGER));
        let own = self.features.read_positions;
        self.account(features);
        // A publish-subscribe service of the server itself is not our account's.
        self.features.read_positions = own;
    }

    /// Our account's features. Old servers announce the archive on the domain instead.
    pub(super) fn account(&mut self, features: &BTreeSet<String>) {
        self.features.cards |= features.contains(vcard::NS);
        self.features.archive |= features.contains(mam::NS);
        self.features.archive_ids |= features.contains(mam::EXTENDED);
        self.features.read_positions |= features.contains(mds::PUBLISH_OPTIONS);
        self.ids_kept |= features.contains(stanza_ids::NS);
        self.refused();
    }

    /// Copies were switched on.
    pub(super) fn carbons(&mut self) {
        self.features.carbons = true;
        self.refused();
    }

    /// A question came to nothing.
    pub(super) fn refused(&mut self) {
        self.open = self.open.map(|open| open.saturating_sub(1));
    }

    /// All that is known, once more, if it was told.
    pub(super) fn again(&self) -> Option<Features> {
        self.open.is_none().then(|| self.features.clone())
    }

    /// All that is known, once, when the last question is closed.
    pub(super) fn done(&mut self) -> Option<Features> {
        self.open.take_if(|open| *open == 0).map(|_| self.features.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(features: &[&str]) -> BTreeSet<String> {
        features.iter().map(|feature| (*feature).to_owned()).collect()
    }

    #[test]
    fn all_is_told_once_after_the_last_answer() {
        let mut survey = Survey::new(&Domain::parse("alpha.test").unwrap());
        survey.server(&set(&["urn:xmpp:carbons:2", "urn:xmpp:invisible:0"]));
        survey.carbons();
        assert!(!survey.ids_kept() && survey.done().is_none());
        survey.account(&set(&["urn:xmpp:mam:2", "urn:xmpp:sid:0"]));
        let expected = Features { carbons: true, archive: true, invisible: true, ..Features::default() };
        assert_eq!(survey.done(), Some(expected));
        assert!(survey.ids_kept() && survey.done().is_none());
    }

    #[test]
    fn an_archive_alone_keeps_no_ids_clean() {
        let mut survey = Survey::new(&Domain::parse("alpha.test").unwrap());
        survey.account(&set(&["urn:xmpp:mam:2"]));
        assert!(!survey.ids_kept());
    }

    #[test]
    fn refusals_leave_the_plainest_of_servers() {
        let mut survey = Survey::new(&Domain::parse("alpha.test").unwrap());
        for _ in 0..3 {
            assert_eq!(survey.done(), None);
            survey.refused();
        }
        assert_eq!(survey.done(), Some(Features::default()));
    }

    #[test]
    fn the_messenger_dialect_is_known_by_domain_or_feature() {
        let features = |domain: &str, server: &[&str]| {
            let mut survey = Survey::new(&Domain::parse(domain).unwrap());
            survey.refused();
            survey.refused();
            survey.server(&set(server));
            survey.done().unwrap()
        };
        assert!(features("messenger.live.com", &[]).messenger);
        let by_feature = features("redirect.test", &[jid_lookup::NS]);
        assert!(by_feature.messenger && by_feature.look_up);
        assert!(!features("alpha.test", &[mam::NS]).messenger);
    }
}
