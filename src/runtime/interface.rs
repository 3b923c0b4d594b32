//! The loop behind the screen. A key is drawn at once, and so is what it asked the store for; what arrives is not
//! (`frames`).

use super::clerk::Clerk;
use super::frames::Frames;
use super::hands::{After, Ears, Hands, Manner, arrivals};
use super::rest::Rest;
use super::screen::Screen;
use super::signals::signals;
use super::{Clock, zone};
use crate::app::event::Stored;
use crate::app::model::Options;
use crate::app::setup::AccountSetup;
use crate::app::{Effect, Effects, Event, LinkEvent, LinkFact, Model};
use crate::config::{Folders, Profiles};
use crate::net::{Network, NetworkSettings};
use crate::oauth::Vault;
use crate::store::{Place, Store};
use crate::term::{self, Input};
use crate::types::{AccountId, Line, Problem};
use crate::ui::{self, View};
use ratatui::backend::CrosstermBackend;
use std::collections::VecDeque;
use std::io::{self, BufWriter, Stdout};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Most events taken before the next look at the keys.
const DRAIN: usize = 256;

/// For what blocks when everything else is over.
const LAST: Duration = Duration::from_millis(100);

/// What the interface is started with.
pub struct Start {
    /// Options, as configured.
    pub options: Options,
    /// Accounts.
    pub accounts: Vec<AccountSetup>,
    /// Options of the network.
    pub network: NetworkSettings,
    /// Tell others the program's name.
    pub show_client: bool,
    /// Kinds of services.
    pub profiles: Profiles,
    /// Where history lives.
    pub place: Place,
    /// Where secrets live.
    pub vault: Arc<dyn Vault>,
    /// Where accounts and config live; `None`: nothing is written (demo).
    pub folders: Option<Folders>,
    /// Trouble found on the way here, told on the screen.
    pub trouble: Vec<Problem>,
    /// Reads the config again, as this terminal has it.
    pub reload: Box<dyn Fn() -> Result<Options, Problem> + Send>,
    /// Answers for the demo's own page.
    pub demo_answer: Option<Box<dyn Fn(bool) + Send>>,
    /// The keyboard of an interface that ended before this one.
    pub keyboard: Option<Keyboard>,
}

/// How the interface ended.
#[derive(Debug)]
pub enum End {
    /// With this exit code.
    Left(u8),
    /// The person chose the demo; the keyboard goes along.
    WantsDemo(Keyboard),
}

/// The one reader of the terminal. A second one would steal keys from it.
#[derive(Debug)]
pub struct Keyboard(mpsc::UnboundedReceiver<Input>);

impl Keyboard {
    fn open() -> io::Result<Self> {
        let (tell, told) = mpsc::unbounded_channel();
        std::thread::Builder::new()
            .name("keys".into())
            .spawn(move || term::read_events(|input| tell.send(input).is_ok()))?;
        Ok(Self(told))
    }
}

type TerminalScreen = Screen<CrosstermBackend<BufWriter<Stdout>>>;

/// Runs until the person leaves.
pub fn run(start: Start, clock: Clock) -> io::Result<End> {
    // One worker carries all links, so that a page of the archive never stalls a key.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    // Before the terminal is taken over: a signal that nobody listens to ends the process without giving it back.
    let signals = {
        let _inside = runtime.enter();
        signals()?
    };
    let _guard = term::Guard::enter(start.options.mouse)?;
    let mut screen = Screen::open()?;
    let mut options = start.options.clone();
    let now = clock.now();
    options.zone = zone::around(now.wall);
    // The first frame goes before everything slow: no query, network, name, keyring or database is waited for.
    let (mut model, mut wishes) = Model::new(options, start.accounts.clone(), super::seed(), now);
    let mut view = View::new();
    screen.draw(&model, &mut view)?;
    for problem in start.trouble.iter().cloned() {
        wishes.extend(model.update(clock.now(), Event::ConfigProblem(Some(problem))));
    }
    // Links are tasks of the runtime; the loop only listens to them.
    let inside = runtime.enter();
    let mut turn = Loop::new(start, clock, model, view, screen, signals)?;
    let rest = Rest::default();
    let leave = rest.block_on(turn.run(wishes, &rest));
    let Loop { hands, keys, ears, mut model, .. } = turn;
    let last_word = |account, event| model.update(clock.now(), Event::Link(account, event));
    runtime.block_on(hands.goodbye(clock, ears, last_word));
    drop(inside);
    // A keyring that asks the person, or another process with a lock, may still be waited for: nobody else does.
    runtime.shutdown_timeout(LAST);
    leave.map(|leave| match leave {
        Leave::With(code) => End::Left(code),
        Leave::ForTheDemo => End::WantsDemo(Keyboard(keys)),
    })
}

/// Why the loop ended.
enum Leave {
    With(u8),
    ForTheDemo,
}

struct Loop {
    clock: Clock,
    model: Model,
    view: View,
    screen: TerminalScreen,
    // Before the hands: what unwinds drops them in this order.
    ears: Ears,
    hands: Hands,
    keys: mpsc::UnboundedReceiver<Input>,
    troubles: mpsc::UnboundedReceiver<Problem>,
    signals: mpsc::Receiver<Event>,
    drawn: u64,
    frames: Frames,
    shown: crate::app::event::Viewport,
    reload: Box<dyn Fn() -> Result<Options, Problem> + Send>,
    demo_answer: Option<Box<dyn Fn(bool) + Send>>,
    end: Option<Leave>,
}

impl Loop {
    fn new(
        start: Start,
        clock: Clock,
        model: Model,
        view: View,
        screen: TerminalScreen,
        signals: mpsc::Receiver<Event>,
    ) -> io::Result<Self> {
        let Keyboard(keys) = start.keyboard.map_or_else(Keyboard::open, Ok)?;
        let (tell_stored, stored) = mpsc::channel(64);
        let store = Store::start(start.place, true, move |answer| drop(tell_stored.blocking_send(answer)))?;
        let (events, links) = mpsc::channel(256);
        let network = Arc::new(Network::new(start.network, start.vault, Arc::new(move || clock.now())));
        let (settling, accounts) = (Arc::clone(&network), model.accounts.iter().map(|own| own.setup.clone()).collect());
        tokio::spawn(async move {
            settling.settle_sign_ins(accounts).await;
            settling.say_farewells().await;
        });
        let manner =
            Manner { resource: None, show_client: start.show_client, one_shot: false, profiles: start.profiles };
        let mouse = start.options.mouse;
        let (tell_trouble, troubles) = mpsc::unbounded_channel();
        let clerk = Clerk::new(start.folders, move |problem| drop(tell_trouble.send(problem)));
        let hands = Hands::new(network, events, store, clerk, manner, mouse);
        Ok(Self {
            clock,
            drawn: model.revision,
            model,
            view,
            screen,
            ears: Ears { links, arrived: Vec::new(), stored },
            hands,
            keys,
            troubles,
            signals,
            frames: Frames::default(),
            shown: crate::app::event::Viewport::default(),
            reload: start.reload,
            demo_answer: start.demo_answer,
            end: None,
        })
    }

    async fn run(&mut self, wishes: Effects, rest: &Rest) -> io::Result<Leave> {
        self.carry_out(wishes);
        self.draw()?;
        loop {
            if let Some(end) = self.end.take() {
                return Ok(end);
            }
            let wake = self.wake_at();
            tokio::select! {
                biased;
                Some(input) = self.keys.recv() => self.take_keys(input)?,
                Some(event) = self.signals.recv() => self.mind(event),
                Some(problem) = self.troubles.recv() => self.mind(Event::ConfigProblem(Some(problem))),
                Some(stored) = self.ears.stored.recv() => self.take_stored(stored),
                1.. = arrivals(&mut self.ears.links, &mut self.ears.arrived, DRAIN) => self.take_links(),
                () = rest.until(wake) => self.on_time()?,
            }
            if self.is_stale() && self.clock.now().mono >= self.frames.next(self.model.options.max_fps) {
                self.screen.fit()?;
                self.draw()?;
            }
            if !self.is_stale() {
                self.hands.tell_title();
            }
        }
    }

    /// Keys that wait are taken together and drawn at once.
    fn take_keys(&mut self, first: Input) -> io::Result<()> {
        let mut next = Some(first);
        let mut taken = 0;
        while let Some(input) = next {
            self.take_key(input)?;
            taken += 1;
            next = if taken < DRAIN && self.end.is_none() { self.keys.try_recv().ok() } else { None };
        }
        if self.is_stale() {
            self.draw()?;
        }
        Ok(())
    }

    fn take_key(&mut self, input: Input) -> io::Result<()> {
        match input {
            Input::Key(key) => self.mind(Event::Key(key)),
            Input::Paste(text) => self.mind(Event::Paste(text)),
            Input::Focus(focused) => self.mind(Event::Focus(focused)),
            Input::Mouse(action, column, row) => {
                let target = ui::hit(&self.model, &self.view, column, row);
                self.mind(Event::Mouse(action, target));
            }
            Input::Resize(..) => {
                self.screen.fit()?;
                self.draw()?;
            }
            Input::Gone => self.mind(Event::Terminate),
        }
        Ok(())
    }

    /// Gives the mind what links told, unless a key comes: then the rest waits.
    fn take_links(&mut self) {
        let arrived = std::mem::take(&mut self.ears.arrived);
        self.frames.heard(arrived.len(), self.clock.now().mono);
        let mut arrived = arrived.into_iter();
        for (account, event) in arrived.by_ref() {
            self.mind(Event::Link(account, event));
            if !self.keys.is_empty() {
                break;
            }
        }
        self.ears.arrived = arrived.collect();
    }

    fn take_stored(&mut self, stored: Stored) {
        let mut next = Some(stored);
        let mut taken = 0;
        while let Some(stored) = next {
            if matches!(stored, Stored::Page { .. } | Stored::Around { .. } | Stored::Found { .. }) {
                self.frames.answered();
            }
            self.mind(Event::Stored(stored));
            taken += 1;
            next = if taken < DRAIN && self.keys.is_empty() { self.ears.stored.try_recv().ok() } else { None };
        }
    }

    /// A deadline of the mind came, or a frame is due.
    fn on_time(&mut self) -> io::Result<()> {
        let now = self.clock.now();
        if self.model.deadline().is_some_and(|deadline| deadline <= now.mono) {
            self.mind(Event::Tick);
        }
        if self.is_stale() {
            self.screen.fit()?;
            self.draw()?;
        }
        Ok(())
    }

    fn mind(&mut self, event: Event) {
        let effects = self.model.update(self.clock.now(), event);
        self.carry_out(effects);
    }

    fn carry_out(&mut self, effects: Effects) {
        let mut waiting: VecDeque<Effect> = effects.into();
        while let Some(effect) = waiting.pop_front() {
            match self.hands.act(effect) {
                After::Nothing => {}
                After::Redraw => self.forget_screen(),
                After::Resumed => {
                    self.forget_screen();
                    waiting.extend(self.model.update(self.clock.now(), Event::Resumed));
                }
                After::ReloadConfig => waiting.extend(self.read_config_again()),
                After::StartDemo => self.end = Some(Leave::ForTheDemo),
                After::DemoAnswer(yes) => {
                    if let Some(answer) = &self.demo_answer {
                        answer(yes);
                    }
                }
                After::NoLink(account) => waiting.extend(self.not_signed_out(account)),
                After::Quit(code) => self.end = Some(Leave::With(code)),
            }
        }
    }

    /// Nobody else would answer.
    fn not_signed_out(&mut self, account: AccountId) -> Effects {
        let Some(epoch) = self.model.account(&account).map(|own| own.epoch) else { return Effects::new() };
        let fact = LinkFact::NotSignedOut(Problem::Bug { what: Line::clean("the account has no link") });
        self.model.update(self.clock.now(), Event::Link(account, LinkEvent { epoch, fact }))
    }

    fn forget_screen(&mut self) {
        if let Err(error) = self.screen.forget() {
            tracing::warn!(%error, "the screen could not be cleared");
        }
        self.drawn = self.model.revision.wrapping_sub(1);
    }

    fn read_config_again(&mut self) -> Effects {
        let event = match (self.reload)() {
            Ok(options) => Event::Options(Box::new(options)),
            Err(problem) => Event::ConfigProblem(Some(problem)),
        };
        self.model.update(self.clock.now(), event)
    }

    fn is_stale(&self) -> bool {
        self.drawn != self.model.revision
    }

    fn wake_at(&self) -> Option<std::time::Instant> {
        let frame = self.is_stale().then(|| self.frames.next(self.model.options.max_fps));
        let soonest = [frame, self.model.deadline()].into_iter().flatten().min();
        soonest.map(|mono| self.clock.instant(mono))
    }

    /// Draws, and tells the mind what the eye found out. What that changes is drawn once more.
    fn draw(&mut self) -> io::Result<()> {
        for _ in 0..2 {
            self.drawn = self.model.revision;
            self.screen.draw(&self.model, &mut self.view)?;
            let viewport = self.view.viewport();
            if viewport != std::mem::replace(&mut self.shown, viewport) {
                self.mind(Event::Viewport(viewport));
            }
            if let Some((talk, scroll)) = self.view.take_settled() {
                self.mind(Event::Settled(talk, scroll));
            }
            if !self.is_stale() {
                break;
            }
        }
        self.frames.drawn(self.clock.now().mono);
        Ok(())
    }
}

/// A place on disk for a demo that leaves no trace, or memory.
pub fn demo_place() -> (Option<tempfile::TempDir>, Place) {
    match super::hands::temporary_folder() {
        Some((folder, path)) => (Some(folder), Place::Folder(path)),
        None => (None, Place::Memory),
    }
}
