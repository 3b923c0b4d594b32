//! How everything begins.

use super::action::Effects;
use super::composer::Composer;
use super::effect::{Effect, StoreRequest};
use super::event::{LinkState, Viewport};
use super::likeness::Taken;
use super::list;
use super::model::{
    Account, Attention, Buddies, Chance, Contact, Conversation, ConversationKey, Focus, ListState, Model, OnlyHere,
    Options, Retention, Screen, Scroll, Walk, Welcome,
};
use super::outbox::Post;
use super::setup::AccountSetup;
use super::sync::Sync;
use crate::types::{Epoch, MessageKey, Now, Stage, Stamp};
use crate::xmpp::{Appearance, Features, RosterItem};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

impl Model {
    /// The mind at the start, and what it wants first: the cache of each account, and a link for each.
    pub fn new(options: Options, setups: Vec<AccountSetup>, seed: u64, now: Now) -> (Self, Effects) {
        let screen =
            if setups.is_empty() { Screen::Welcome(Welcome { selected: 0, since: now.mono }) } else { Screen::Main };
        let mut model = Self {
            options,
            accounts: Vec::new(),
            talks: BTreeMap::new(),
            tabs: Vec::new(),
            open: None,
            last_open: None,
            focus: Focus::default(),
            screen,
            overlays: Vec::new(),
            list: ListState { folded: BTreeSet::from([list::OFFLINE.to_owned()]), ..ListState::default() },
            toast: None,
            trouble: None,
            viewport: Viewport::default(),
            box_top: 0,
            focused: true,
            now,
            revision: 0,
            around: 0,
            quit_armed: None,
            leaving: None,
            cache_known: setups.is_empty(),
            killed: String::new(),
            chance: Chance { seed, drawn: 0 },
            pages: BTreeMap::new(),
            jump: None,
            not_kept: false,
            uncommitted_bytes: 0,
            marking: 0,
            waiting: BTreeMap::new(),
            last_key: MessageKey(0),
            last_input: now.mono,
            attention: Attention::default(),
            titled: None,
            notified_at: None,
        };
        let mut fx = Effects::new();
        if model.options.retention != Retention::default() {
            fx.push(Effect::Store(StoreRequest::Retain(model.options.retention)));
        }
        let first = setups.first().map(|setup| setup.id.clone());
        for setup in setups {
            let connect = setup.enabled && !model.options.demo;
            model.add_account(setup, connect, &mut fx);
        }
        if !model.cache_known {
            // Answered behind the caches: then it is known from where on the archive is to be read.
            fx.push(Effect::Store(StoreRequest::CacheDone));
        }
        if let Some(demo) = first.filter(|_| model.options.demo) {
            model.begin_demo(&demo, &mut fx);
        }
        (model, fx)
    }

    /// Takes an account in: asks for its cache, starts its link.
    pub(super) fn add_account(&mut self, setup: AccountSetup, connect: bool, fx: &mut Effects) {
        let account = setup.id.clone();
        fx.push(Effect::Store(StoreRequest::Open { account }));
        self.accounts.push(Account::new(setup.clone(), connect, self.now));
        fx.push(Effect::StartLink { setup: Box::new(setup), connect });
    }
}

impl Account {
    /// An account of which only the setup is known.
    pub fn new(setup: AccountSetup, wanted: bool, now: Now) -> Self {
        Self {
            setup,
            link: if wanted { LinkState::Connecting(Stage::Lookup) } else { LinkState::Idle },
            epoch: Epoch::default(),
            heard_from: MessageKey::default(),
            jid: None,
            told_name: None,
            photo: None,
            tls: None,
            features: Features::default(),
            positions_refused: false,
            positions_known: false,
            features_known: false,
            told: None,
            appearance: Appearance::default(),
            before_away: None,
            roster: Buddies::default(),
            taken: Taken::default(),
            only_here: BTreeMap::new(),
            roster_version: None,
            roster_known: false,
            requests: Vec::new(),
            outbox: VecDeque::new(),
            down_since: wanted.then_some(now.wall),
            back: None,
            synced_to: None,
            heard_at: None,
            paused: false,
            files: super::model::Files::default(),
            wanted,
            was_online: false,
            down_at: wanted.then_some(now.mono),
            attempts: 0,
            host: None,
            keep: None,
            fresh: false,
            device_sign_in: false,
            scopes: Vec::new(),
            agreement: None,
            pictures_asked: None,
            signing_out: None,
            refused: None,
            post: Post::default(),
            sync: Sync::default(),
            settle_at: None,
            settled: false,
            surveyed: false,
            asked: BTreeMap::new(),
        }
    }
}

impl Contact {
    /// A buddy of whom only the roster tells: the state is not known yet.
    pub fn new(item: RosterItem) -> Self {
        Self {
            item,
            here: OnlyHere::default(),
            nick: None,
            devices: BTreeMap::new(),
            since: None,
            status: None,
            stale: true,
            typing: None,
            sorted_as: None,
        }
    }
}

impl Conversation {
    /// A talk of which nothing is loaded.
    pub fn new(key: ConversationKey) -> Self {
        Self {
            key,
            messages: VecDeque::new(),
            more_stored: true,
            loaded: false,
            archive_asked: None,
            composer: Composer::default(),
            draft_saved: String::new(),
            draft_due: None,
            unread: 0,
            new_from: None,
            new_count: 0,
            scroll: Scroll::Bottom,
            selected: None,
            locked_to: None,
            told_typing: None,
            cleared_at: None,
            warn_plain: false,
            last_at: None,
            heard_at: None,
            live: [None; 2],
            nick: None,
            page: None,
            tail_missing: false,
            archive_start: false,
            archive_top: None,
            archive_failed: None,
            read_to: Stamp(0),
            told_read: None,
            tell_read: None,
            displayed_to: Stamp(0),
            displaying: None,
            read_ahead: None,
            recount: None,
            late_marks: Vec::new(),
            before_session: None,
            gaps: Vec::new(),
            walk: Walk::default(),
            bytes: 0,
            claimed: BTreeSet::new(),
            known_ids: BTreeSet::new(),
        }
    }
}
