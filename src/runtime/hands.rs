//! Carries out what the mind wants.

use super::Clock;
use super::clerk::Clerk;
use crate::app::event::Stored;
use crate::app::setup::AccountSetup;
use crate::app::{Effect, Effects, LinkCommand, LinkEvent, StoreRequest};
use crate::config::Profiles;
use crate::net::{self, LinkHandle, LinkOptions, Network};
use crate::store::Store;
use crate::term;
use crate::types::AccountId;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Longest wait for goodbyes at the end. Together with what follows it stays below a second, whatever waits for what.
const GOODBYE: Duration = Duration::from_millis(650);

/// So long after the beginning of the end the store is waited for, which writes meanwhile...
const CLOSING: Duration = Duration::from_millis(900);

/// ...and at least so long, for the last words.
const LAST_WORDS: Duration = Duration::from_millis(150);

/// So long after the beginning of the end a refresh is waited for whose answer is on its way. One that takes longer costs a
/// sign-in where the service has ended the old token with it; a terminal that does not come back costs more.
const REFRESH: Duration = Duration::from_millis(700);

/// What the loop itself has to do after an effect.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum After {
    /// Nothing.
    Nothing,
    /// Draw everything anew.
    Redraw,
    /// Read the config file again.
    ReloadConfig,
    /// Start the demo.
    StartDemo,
    /// The demo's page is answered from here.
    DemoAnswer(bool),
    /// The process was stopped and goes on.
    Resumed,
    /// A sign-out that nobody will answer: the account has no link.
    NoLink(AccountId),
    /// Leave with this code.
    Quit(u8),
}

/// How links behave in this process.
#[derive(Clone, Debug)]
pub(super) struct Manner {
    /// Resource to ask for; `None`: the server chooses.
    pub resource: Option<String>,
    /// Tell others the program's name.
    pub show_client: bool,
    /// Give up instead of trying again.
    pub one_shot: bool,
    /// Kinds of services: the mind knows only their names.
    pub profiles: Profiles,
}

/// What the hands tell the loop by. They end with the loop, before the hands do: a hand that waits for somebody who
/// no longer listens would never come to its goodbye.
pub(super) struct Ears {
    /// Facts of links.
    pub links: mpsc::Receiver<(AccountId, LinkEvent)>,
    /// Taken from `links`, not yet given to the mind.
    pub arrived: Vec<(AccountId, LinkEvent)>,
    /// Answers of the store.
    pub stored: mpsc::Receiver<Stored>,
}

/// Takes many facts of links at a time, at most `most`: a link that waits for room would be woken for each. Gives how
/// many wait now; none: there will never be one.
pub(super) async fn arrivals(
    links: &mut mpsc::Receiver<(AccountId, LinkEvent)>,
    arrived: &mut Vec<(AccountId, LinkEvent)>,
    most: usize,
) -> usize {
    if arrived.is_empty() {
        links.recv_many(arrived, most).await;
    }
    arrived.len()
}

/// Everything that acts on the world.
pub(super) struct Hands {
    network: Arc<Network>,
    links: HashMap<AccountId, LinkHandle>,
    events: mpsc::Sender<(AccountId, LinkEvent)>,
    store: Store,
    clerk: Clerk,
    manner: Manner,
    mouse: bool,
    /// The window title that is still to be told.
    title: Option<String>,
}

impl Hands {
    /// `clerk`: writes down which accounts were signed in to.
    pub(super) fn new(
        network: Arc<Network>,
        events: mpsc::Sender<(AccountId, LinkEvent)>,
        store: Store,
        clerk: Clerk,
        manner: Manner,
        mouse: bool,
    ) -> Self {
        Self { network, links: HashMap::new(), events, store, clerk, manner, mouse, title: None }
    }

    /// Carries out one wish.
    pub(super) fn act(&mut self, effect: Effect) -> After {
        match effect {
            Effect::StartLink { setup, connect } => self.start_link(*setup, connect),
            Effect::StopLink(account) => drop(self.links.remove(&account)),
            Effect::Link(account, command) => return self.link(account, command),
            Effect::Store(request) => self.store(request),
            Effect::Notify { bell, .. } => {
                if bell {
                    term::bell();
                }
            }
            Effect::Title(text) => self.title = Some(text),
            Effect::Clipboard(text) => term::copy(&text),
            Effect::OpenUrl(address) => {
                if !term::open_url(&address) {
                    tracing::warn!("no browser could be opened");
                }
            }
            Effect::Mouse(on) => {
                self.mouse = on;
                term::mouse(on);
            }
            Effect::Suspend => {
                term::suspend(self.mouse);
                return After::Resumed;
            }
            Effect::Redraw => return After::Redraw,
            Effect::ReloadConfig => return After::ReloadConfig,
            Effect::StartDemo => return After::StartDemo,
            Effect::DemoAnswer(yes) => return After::DemoAnswer(yes),
            Effect::Quit(code) => return After::Quit(code),
        }
        After::Nothing
    }

    /// Tells the window title as it is by now: of thousands in a flood of messages, the last one.
    pub(super) fn tell_title(&mut self) {
        if let Some(text) = self.title.take() {
            term::title(&text);
        }
    }

    fn start_link(&mut self, mut setup: AccountSetup, connect: bool) {
        self.manner.profiles.complete(&mut setup);
        let options = LinkOptions {
            connect,
            resource: self.manner.resource.clone(),
            show_client: self.manner.show_client,
            one_shot: self.manner.one_shot,
        };
        let account = setup.id.clone();
        let handle = net::start_link(&self.network, setup, options, self.events.clone());
        self.links.insert(account, handle);
    }

    fn link(&self, account: AccountId, command: LinkCommand) -> After {
        match self.links.get(&account).filter(|link| !link.is_over()) {
            Some(link) => link.send(command),
            None if matches!(command, LinkCommand::SignOut { .. }) => return After::NoLink(account),
            None => tracing::debug!("a command for an account without a link"),
        }
        After::Nothing
    }

    fn store(&mut self, request: StoreRequest) {
        match &request {
            StoreRequest::SaveAccount(setup) => self.clerk.save(setup),
            StoreRequest::ForgetAccount { account, .. } => self.clerk.forget(account),
            // Not yet: what links still say on their way out is kept too. `goodbye` closes the store.
            StoreRequest::Close => return,
            _ => {}
        }
        self.store.send(request);
    }

    /// Carries out what concerns the store alone.
    fn keep(&mut self, effects: Effects) {
        for effect in effects {
            if let Effect::Store(request) = effect {
                self.store(request);
            }
        }
    }

    /// Says goodbye to every server, then commits; in less than a second. What links had told or still tell goes
    /// through `last_word` (the mind); of its wishes only those to the store are carried out.
    pub(super) async fn goodbye(
        mut self,
        clock: Clock,
        ears: Ears,
        mut last_word: impl FnMut(AccountId, LinkEvent) -> Effects,
    ) {
        let Ears { mut links, arrived, stored } = ears;
        let begun = clock.now().mono;
        drop(stored);
        for (account, event) in arrived {
            self.keep(last_word(account, event));
        }
        let until = tokio::time::Instant::from_std(clock.instant(begun + GOODBYE));
        let leaving: Vec<_> = self.links.drain().map(|(_, link)| tokio::spawn(link.closed())).collect();
        let farewell = async {
            for link in leaving {
                // A link that takes longer is left behind: the process ends anyway.
                drop(tokio::time::timeout_at(until, link).await);
            }
        };
        tokio::pin!(farewell);
        let network = Arc::clone(&self.network);
        // What waits for its time has to be done by the end too, also where a server lets the farewell wait.
        let hurry = tokio::time::sleep_until(until - GOODBYE / 2);
        tokio::pin!(hurry);
        let (mut gone, mut hurried) = (false, false);
        loop {
            let told = if gone {
                links.try_recv().ok()
            } else {
                tokio::select! {
                    biased;
                    told = links.recv() => told,
                    () = &mut farewell => { gone = true; continue }
                    () = &mut hurry, if !hurried => { hurried = true; network.hurry(); continue }
                }
            };
            let Some((account, event)) = told else { break };
            self.keep(last_word(account, event));
        }
        // A refresh that was sent and is not kept costs the sign-in; and what a sign-out comes to is to be kept.
        network.hurry();
        let done = network.refreshes_done((begun + REFRESH).saturating_sub(clock.now().mono));
        tokio::pin!(done);
        loop {
            tokio::select! {
                biased;
                Some((account, event)) = links.recv() => self.keep(last_word(account, event)),
                _ = &mut done => break,
            }
        }
        while let Ok((account, event)) = links.try_recv() {
            self.keep(last_word(account, event));
        }
        let Self { store, clerk, .. } = self;
        // Joining threads blocks: nothing else is left to do here.
        let closing = tokio::task::spawn_blocking(move || (store.close(), clerk.close()));
        let spent = clock.now().mono.saturating_sub(begun);
        if tokio::time::timeout(CLOSING.saturating_sub(spent).max(LAST_WORDS), closing).await.is_err() {
            // What is not on the disk by now was neither sent nor acknowledged.
            tracing::warn!(target: "butty::runtime", "the disk was too slow for the last words");
        }
    }
}

/// A folder for a process that leaves no trace.
pub(super) fn temporary_folder() -> Option<(tempfile::TempDir, PathBuf)> {
    let folder = tempfile::Builder::new().prefix("butty-demo-").tempdir().ok()?;
    let path = folder.path().to_owned();
    Some((folder, path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::NetworkSettings;
    use crate::oauth::{Durable, Vault, VaultError, VaultKey};
    use crate::store::{FileVault, Place};
    use crate::types::{BareJid, Secret};

    fn account() -> AccountId {
        AccountId::new("anna@example.org")
    }

    /// Hands with room for one fact and one answer.
    fn hands(clock: Clock) -> (Hands, Ears) {
        hands_over(clock, Arc::new(FileVault::new(None)))
    }

    fn hands_over(clock: Clock, vault: Arc<dyn Vault>) -> (Hands, Ears) {
        let (tell, stored) = mpsc::channel(1);
        let store = Store::start(Place::Memory, true, move |answer| drop(tell.blocking_send(answer))).unwrap();
        let (events, links) = mpsc::channel(1);
        let network = Arc::new(Network::new(NetworkSettings::default(), vault, Arc::new(move || clock.now())));
        let manner = Manner { resource: None, show_client: false, one_shot: false, profiles: Profiles::built_in() };
        (
            Hands::new(network, events, store, Clerk::new(None, |_| ()), manner, false),
            Ears { links, arrived: Vec::new(), stored },
        )
    }

    /// How many last words were heard; `None`: the goodbye did not end.
    fn say_goodbye(clock: Clock, hands: Hands, ears: Ears) -> Option<usize> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut heard = 0;
        let goodbye = hands.goodbye(clock, ears, |_, _| {
            heard += 1;
            Effects::new()
        });
        let ended = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(10), goodbye).await.is_ok() });
        runtime.shutdown_background();
        ended.then_some(heard)
    }

    #[test]
    fn a_store_with_much_to_tell_does_not_hold_the_exit() {
        let clock = Clock::start();
        let (mut hands, ears) = hands(clock);
        for _ in 0..100 {
            hands.act(Effect::Store(StoreRequest::Count { account: account() }));
        }
        assert_eq!(say_goodbye(clock, hands, ears), Some(0), "the store waits for an ear, and the exit for the store");
    }

    /// Its service took the request and says nothing: the terminal is given back within a second all the same.
    #[test]
    fn a_refresh_without_an_answer_does_not_hold_the_exit() {
        let clock = Clock::start();
        let (hands, ears) = hands(clock);
        let _under_way = hands.network.refreshing();
        assert_eq!(say_goodbye(clock, hands, ears), Some(0));
        let took = clock.now().mono;
        assert!(took >= REFRESH, "its answer may be on its way: {took:?}");
        assert!(took < REFRESH + REFRESH / 2, "{took:?}");
    }

    #[test]
    fn what_a_link_had_told_is_heard_before_the_end() {
        let clock = Clock::start();
        let (hands, ears) = hands(clock);
        let fact = crate::app::LinkFact::Down { problem: None, retry_in: None };
        hands.events.try_send((account(), LinkEvent { epoch: crate::types::Epoch(1), fact })).unwrap();
        assert_eq!(say_goodbye(clock, hands, ears), Some(1));
    }

    /// A disk that takes its time to forget a password.
    struct Slow(FileVault);

    impl Vault for Slow {
        fn load(&self, key: &VaultKey) -> Result<Option<Secret<String>>, VaultError> {
            self.0.load(key)
        }
        fn save(&self, key: &VaultKey, secret: &Secret<String>, durable: bool) -> Result<(), VaultError> {
            self.0.save(key, secret, durable)
        }
        fn forget(&self, key: &VaultKey) -> Result<(), VaultError> {
            if matches!(key, VaultKey::Password { .. }) {
                std::thread::sleep(GOODBYE / 4);
            }
            self.0.forget(key)
        }
        fn lock(&self, key: &VaultKey) -> Result<Box<dyn Send>, VaultError> {
            self.0.lock(key)
        }
        fn keyring(&self) -> Result<(), VaultError> {
            self.0.keyring()
        }
        fn settle(&self, account: &str, place: Durable) {
            self.0.settle(account, place);
        }
    }

    #[test]
    fn who_leaves_in_the_middle_of_a_sign_out_still_hears_what_became_of_it() {
        let clock = Clock::start();
        let (mut hands, ears) = hands_over(clock, Arc::new(Slow(FileVault::new(None))));
        let setup = AccountSetup::new(&BareJid::parse("anna@example.org").unwrap());
        let id = setup.id.clone();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let inside = runtime.enter();
        hands.act(Effect::StartLink { setup: Box::new(setup), connect: false });
        assert_eq!(hands.act(Effect::Link(id, LinkCommand::SignOut { everywhere: false })), After::Nothing);
        drop(inside);
        let mut told = 0;
        runtime.block_on(hands.goodbye(clock, ears, |_, event| {
            told += usize::from(matches!(event.fact, crate::app::LinkFact::SignedOut { .. }));
            Effects::new()
        }));
        assert_eq!(told, 1);
    }

    #[test]
    fn a_sign_out_without_a_link_is_answered() {
        let (mut hands, _ears) = hands(Clock::start());
        let out = Effect::Link(account(), LinkCommand::SignOut { everywhere: false });
        assert_eq!(hands.act(out), After::NoLink(account()));
        assert_eq!(hands.act(Effect::Link(account(), LinkCommand::Connect)), After::Nothing);
    }
}
