//! Extensions, one file each: namespace, reading, writing, and the specification's own examples as tests.

pub(crate) mod archive_136;
pub(crate) mod bind2;
pub(crate) mod cam;
pub(crate) mod caps;
pub(crate) mod carbons;
pub(crate) mod chat_states;
pub(crate) mod datetime;
pub(crate) mod delay;
pub(crate) mod disco;
pub(crate) mod eme;
pub(crate) mod fast;
pub(crate) mod forward;
pub(crate) mod hints;
pub(crate) mod idle;
pub(crate) mod jid_lookup;
pub(crate) mod mam;
pub(crate) mod markers;
pub(crate) mod mds;
pub(crate) mod nick;
pub(crate) mod ping;
pub(crate) mod receipts;
pub(crate) mod rsm;
pub(crate) mod sm;
pub(crate) mod stanza_ids;
pub(crate) mod vcard;
pub(crate) mod version;
