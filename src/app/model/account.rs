//! Accounts and their buddies: what survives every connection.

use super::buddies::Buddies;
use super::message::ConversationKey;
use crate::app::event::{Keep, LinkState};
use crate::app::likeness::Taken;
use crate::app::outbox::Post;
use crate::app::setup::AccountSetup;
use crate::app::sync::{Edge, Sync};
pub use crate::oauth::Agreement;
use crate::types::{BareJid, Epoch, FullJid, Line, MessageKey, Picture, RequestId, Stamp};
use crate::xmpp::{Appearance, Features, RosterItem, Show};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// One account as the person sees it.
#[derive(Clone, Debug)]
pub struct Account {
    /// How it is set up.
    pub setup: AccountSetup,
    /// Where its link stands.
    pub link: LinkState,
    /// The session whose facts count.
    pub epoch: Epoch,
    /// What this session tells has keys from here on.
    pub heard_from: MessageKey,
    /// The address the server gave, this time or last time.
    pub jid: Option<FullJid>,
    /// What the service calls the person.
    pub told_name: Option<Line>,
    /// The person's picture, as the service has it.
    pub photo: Option<Picture>,
    /// TLS version in use.
    pub tls: Option<&'static str>,
    /// What the server can do.
    pub features: Features,
    /// The server keeps no read positions after all, in this session.
    pub positions_refused: bool,
    /// The server has said in this session how far our devices have read.
    pub positions_known: bool,
    /// Whether features were told in this session.
    pub features_known: bool,
    /// How we want to appear; restored on every sign-in.
    pub appearance: Appearance,
    /// How the server was last told that we appear.
    pub told: Option<Appearance>,
    /// What was wanted before auto-away, if that is on.
    pub before_away: Option<Appearance>,
    /// Buddies.
    pub roster: Buddies,
    /// What they are called by others than themselves.
    pub taken: Taken,
    /// What the person changed of the list on this computer alone, where the service keeps no changes (ux 1.5); also of
    /// those who are not on it just now.
    pub only_here: BTreeMap<BareJid, OnlyHere>,
    /// Version of the cached roster.
    pub roster_version: Option<String>,
    /// The roster was told in this session (or found unchanged).
    pub roster_known: bool,
    /// People who ask to be buddies, oldest first.
    pub requests: Vec<Request>,
    /// Own messages not yet acknowledged, oldest first.
    pub outbox: VecDeque<MessageKey>,
    /// Since when the link has been down, for the banner.
    pub down_since: Option<Stamp>,
    /// When the last outage ended, with its counts, for the banner.
    pub back: Option<Back>,
    /// The newest moment that this account's archive is known to be complete to.
    pub synced_to: Option<Stamp>,
    /// When something was last heard in a session.
    pub heard_at: Option<Stamp>,
    /// Who holds the account's files.
    pub files: Files,
    /// Reads of the link are paused: the store is behind.
    pub paused: bool,
    /// The person wants this account online.
    pub wanted: bool,
    /// It was online since the program started: only then can a connection be lost.
    pub was_online: bool,
    /// As `down_since`, on the clock that never jumps (`Now::mono`).
    pub down_at: Option<Duration>,
    /// Tries since the link went down.
    pub attempts: u32,
    /// The host being dialled, or last dialled.
    pub host: Option<Line>,
    /// Where its secret is kept, once told.
    pub keep: Option<Keep>,
    /// Made by a sign-in that has not succeeded yet: not saved, and forgotten when that is given up.
    pub fresh: bool,
    /// The service also offers sign-in with a code.
    pub device_sign_in: bool,
    /// What was agreed to at the last sign-in with a code, raw.
    pub scopes: Vec<Line>,
    /// The whole of it, once told.
    pub agreement: Option<Agreement>,
    /// When the person was last asked to agree once more, for display pictures.
    pub pictures_asked: Option<Stamp>,
    /// A sign-out is under way.
    pub signing_out: Option<Leaving>,
    /// The session that let somebody else in: nothing of it is taken.
    pub refused: Option<Epoch>,
    /// Messages on their way out.
    pub post: Post,
    /// What is known of the archive.
    pub sync: Sync,
    /// Until when presence may still come in by itself (`Now::mono`): then who is silent is offline.
    pub settle_at: Option<Duration>,
    /// That moment has come once since the program started. Before, who is not known yet stands in the list by name.
    pub settled: bool,
    /// What the server can do was told in this session.
    pub surveyed: bool,
    /// Requests to the server that wait for an answer. Where a lost session is taken up they still come, but for pages of
    /// the archive.
    pub asked: BTreeMap<RequestId, Asked>,
}

impl Account {
    /// How far the session at hand, or the last one, has told what happened.
    pub(in crate::app) fn heard_to(&self, now: Stamp) -> Stamp {
        self.heard_at.map_or(now, |heard| heard.min(now))
    }

    /// A session begins in which nothing is awaited: what another one was asked is not answered any more.
    pub(in crate::app) fn begin_anew(&mut self) {
        self.sync.begin_anew(self.asked.values().any(Asked::is_page));
        self.post.begin_anew();
        self.asked.clear();
        (self.surveyed, self.positions_refused, self.positions_known) = (false, false, false);
    }

    /// The session was taken up, and these will still be answered. Pages of the archive are asked for again: half of one
    /// may have been lost on the way.
    pub(in crate::app) fn take_up_questions(&mut self, answered: &[RequestId]) {
        let torn = self.asked.values().any(Asked::is_page);
        self.asked.retain(|request, _| answered.contains(request));
        self.sync.take_up(torn);
        self.post.drop_page();
    }
}

/// What a sign-out takes along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// The consent alone: the account stays, with its list and its messages.
    Consent,
    /// The account.
    Account {
        /// And its messages.
        messages: bool,
        /// And the account's other sign-ins, which the service is asked to end.
        everywhere: bool,
    },
}

impl Leaving {
    /// The other sign-ins are to end as well.
    pub fn is_everywhere(self) -> bool {
        matches!(self, Self::Account { everywhere: true, .. })
    }
}

/// Why a request went to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The roster is to change; the name is for the sentence if it cannot.
    Buddy(BareJid),
    /// Whose address an e-mail is; with the group to put them in.
    Address {
        /// What was typed.
        email: String,
        /// The group.
        group: Option<String>,
    },
    /// The newest page of the archive: catching up since the last time.
    CatchUp,
    /// A page of a gap, from its newer end.
    Gap,
    /// A page of what one talk lacks in the gap that begins here.
    TalkGap(ConversationKey, Edge),
    /// A page of the archive: did what we wrote arrive before the link was lost?
    Check,
    /// A page of the archive of one talk.
    Talk(ConversationKey),
}

impl Asked {
    /// A page of the archive.
    pub(in crate::app) fn is_page(&self) -> bool {
        !matches!(self, Self::Buddy(_) | Self::Address { .. })
    }
}

/// Whose the files of an account are: one interface at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Files {
    /// Ours, as far as we were told.
    #[default]
    Ours,
    /// Another butty holds them: we stay offline.
    Elsewhere,
    /// They were another's, and were asked for again.
    Asked,
}

/// "Back online after 1 min 20 s. 2 sent, 5 received."
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Back {
    /// How long it was down.
    pub after: Duration,
    /// Messages that went out since.
    pub sent: u32,
    /// Messages that came in since.
    pub received: u32,
    /// Shown until this moment (`Now::mono`).
    pub until: Duration,
}

/// A buddy.
#[derive(Clone, Debug)]
pub struct Contact {
    /// As the server keeps it.
    pub item: RosterItem,
    /// What the person changed of that on this computer alone; as in `Account::only_here`.
    pub here: OnlyHere,
    /// Nickname the buddy chose.
    pub nick: Option<Line>,
    /// Online devices, by resource (empty for a bare address).
    pub devices: BTreeMap<String, Device>,
    /// When the state last changed, if known.
    pub since: Option<Stamp>,
    /// Last personal message.
    pub status: Option<Line>,
    /// The presence is from an earlier session and not confirmed yet.
    pub stale: bool,
    /// Devices that type now: resource, and until when that is believed (`Now::mono`).
    pub typing: Option<Duration>,
    /// The state by which the list sorts, until a moment (`Now::mono`): somebody who vanishes for a few seconds
    /// keeps the place.
    pub sorted_as: Option<(Show, Duration)>,
}

/// What the person changed of a buddy on this computer alone. Empty: nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct OnlyHere {
    /// Another name.
    pub name: Option<Line>,
    /// Exactly these groups; `None`: those that the server keeps.
    pub groups: Option<Vec<Line>>,
    /// Not in the list, until something comes from there.
    pub hidden: bool,
}

/// One online device of a buddy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// State.
    pub show: Show,
    /// Personal message.
    pub status: Option<Line>,
    /// RFC 6121 section 4.7.2.3.
    pub priority: i8,
    /// Since when, as told or as seen.
    pub since: Stamp,
}

/// Somebody asks to be a buddy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Who.
    pub from: BareJid,
    /// What they call themselves.
    pub nick: Option<Line>,
    /// What they wrote.
    pub text: Option<Line>,
}
