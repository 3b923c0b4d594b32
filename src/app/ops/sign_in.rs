//! The person's steps of a sign-in; what the link answers is in `update::sign_in`.

use crate::app::action::Effects;
use crate::app::composer::Composer;
use crate::app::effect::{Effect, LinkCommand, StoreRequest};
use crate::app::event::{Consent, Keep, LinkState, Outlook};
use crate::app::model::{Account, Model, Screen, SignInScreen, SignInStep, SignInWay, Welcome};
use crate::app::setup::AccountSetup;
use crate::app::words::{notices, toasts};
use crate::oauth::{Agreement, Asking, page, scopes};
use crate::types::{AccountId, BareJid, Line, Problem};
use crate::xmpp::CredentialKind;

impl SignInWay {
    /// The way in that an account took.
    pub(crate) fn of(account: &Account) -> Self {
        match account.setup.credential {
            Some(CredentialKind::Password) => Self::Password,
            _ if account.setup.profile == "messenger" => Self::Messenger,
            _ => Self::Code,
        }
    }
}

impl SignInScreen {
    /// In place of why it failed stands how the operator of the service can mend it.
    pub fn is_for_operator(&self) -> bool {
        self.for_operator && matches!(self.step, SignInStep::Failed(Problem::NoDeviceSignIn { .. }))
    }

    /// The first step of a way in.
    pub fn new(way: SignInWay, from_main: bool) -> Self {
        Self {
            way,
            step: SignInStep::Where,
            account: None,
            address: Composer::default(),
            password: Composer::default(),
            pasted: Composer::default(),
            asked: Vec::new(),
            asking: Asking::default(),
            instead_of: None,
            stepped_down: None,
            reveal: false,
            keep: true,
            field: 0,
            complaint: None,
            broke_off: 0,
            answer_lost: None,
            big_square: false,
            invert: false,
            for_operator: false,
            raw_scopes: false,
            copied: None,
            from_main,
            resumes: None,
        }
    }
}

impl Model {
    /// Opens the sign-in screen, with an address in its field if there is one.
    pub fn show_sign_in(&mut self, way: SignInWay, address: &str) {
        let mut screen = SignInScreen::new(way, !self.accounts.is_empty());
        screen.address.set_text(address);
        self.screen = Screen::SignIn(Box::new(screen));
        self.overlays.clear();
    }

    /// The demo begins with its own sign-in: a real one, by code.
    pub(crate) fn begin_demo(&mut self, id: &AccountId, fx: &mut Effects) {
        self.show_sign_in(SignInWay::Messenger, id.as_str());
        if let Screen::SignIn(screen) = &mut self.screen {
            screen.account = Some(id.clone());
        }
        self.ask_for_code(fx);
    }

    /// Takes the address and begins: asks for a code, or for the password.
    pub fn start_sign_in(&mut self, way: SignInWay, address: &str, fx: &mut Effects) -> Result<(), Problem> {
        let setup = setup_for(way, address).inspect_err(|problem| self.complain(problem.clone()))?;
        let id = setup.id.clone();
        if !matches!(self.screen, Screen::SignIn(_)) {
            self.show_sign_in(way, address);
        }
        self.drop_fresh(Some(&id), fx);
        if self.is_read_only(&id) {
            // Never online beside the one that holds the files.
            self.complain(Problem::AccountInUse);
            return Err(Problem::AccountInUse);
        }
        // Who wanted no more than chatting the last time is not asked for more now.
        let brief = self.account(&id).and_then(|account| account.agreement.as_ref()).is_some_and(Agreement::chat_only);
        let resumes = self.account(&id).filter(|account| !account.fresh).map(|account| account.wanted);
        if let Screen::SignIn(screen) = &mut self.screen
            && screen.account.as_ref() != Some(&id)
        {
            screen.resumes = resumes;
            if brief {
                screen.asking = Asking::ChatOnly;
            }
        }
        if let Some(account) = self.account_mut(&id) {
            account.setup.credential = setup.credential;
        } else {
            self.add_account(setup, false, fx); // it dials once there is something to sign in with
            if let Some(account) = self.account_mut(&id) {
                account.fresh = true;
            }
        }
        let Screen::SignIn(screen) = &mut self.screen else { return Ok(()) };
        screen.way = way;
        screen.account = Some(id);
        screen.complaint = None;
        match way {
            SignInWay::Password if screen.password.is_empty() => screen.field = 1,
            SignInWay::Password => self.give_password(fx),
            SignInWay::Code | SignInWay::Messenger => self.ask_for_code(fx),
        }
        Ok(())
    }

    /// Where this account's sign-in is kept, if that was chosen, or if there is no choice.
    fn keep_known(&self, id: &AccountId) -> Option<Keep> {
        let account = self.account(id)?;
        if account.setup.ephemeral { Some(Keep::Memory) } else { account.setup.keep.or(account.keep) }
    }

    /// No keyring takes the sign-in: asks, once for this account, where to keep it instead.
    pub(in crate::app) fn ask_keep(screen: &mut SignInScreen, problem: Problem) {
        screen.step = SignInStep::AskKeep;
        screen.complaint = Some(problem);
    }

    /// Keeps the sign-in there, and goes on.
    pub fn choose_keep(&mut self, keep: Keep, fx: &mut Effects) {
        let Screen::SignIn(screen) = &mut self.screen else { return };
        screen.keep = keep != Keep::Memory;
        screen.complaint = None;
        let Some(id) = screen.account.clone() else { return };
        let way = screen.way;
        if way == SignInWay::Password {
            screen.step = SignInStep::Opening;
        }
        if let Some(account) = self.account_mut(&id) {
            account.keep = Some(keep);
            account.setup.keep = Some(keep);
            account.wanted = true;
        }
        match way {
            SignInWay::Password => fx.push(Effect::Link(id, LinkCommand::KeepGiven { keep })),
            SignInWay::Code | SignInWay::Messenger => self.ask_for_code(fx),
        }
    }

    /// Asks for a code, or for a new one.
    pub fn ask_for_code(&mut self, fx: &mut Effects) {
        let Screen::SignIn(screen) = &mut self.screen else { return };
        let Some(id) = screen.account.clone() else { return };
        let domain = self.account(&id).map(|account| Line::clean(account.setup.domain.as_str())).unwrap_or_default();
        let Screen::SignIn(screen) = &mut self.screen else { return };
        screen.step = SignInStep::Working(Consent::LookingUp { domain });
        screen.complaint = None;
        screen.stepped_down = None;
        screen.instead_of = None;
        screen.pasted.wipe();
        screen.big_square = false;
        self.tell_wish(&id, fx);
    }

    /// Tells the link what to ask for.
    fn tell_wish(&mut self, id: &AccountId, fx: &mut Effects) {
        let keep = self.keep_known(id).unwrap_or(Keep::Keyring);
        let Screen::SignIn(screen) = &self.screen else { return };
        let asking = screen.asking.clone();
        if let Some(account) = self.account_mut(id) {
            account.wanted = true;
        }
        if asking != Asking::Usual {
            fx.push(Effect::Link(id.clone(), LinkCommand::AskFor(asking)));
        }
        fx.push(Effect::Link(id.clone(), LinkCommand::SignInWithCode { keep }));
    }

    /// The other purpose, chatting alone or staying signed in too, where the service leaves the choice.
    pub fn other_purpose(screen: &SignInScreen, outlook: Outlook) -> Option<Asking> {
        match outlook {
            Outlook::Lasting => Some(Asking::ChatOnly),
            Outlook::Unasked if !screen.asking.stays() => Some(Asking::Usual),
            Outlook::Unasked | Outlook::Never => None,
        }
    }

    /// Asks for that one, in place of what is shown, which stays good until then.
    pub fn ask_for_other(&mut self, outlook: Outlook, fx: &mut Effects) {
        let Screen::SignIn(screen) = &mut self.screen else { return };
        let (Some(other), Some(id)) = (Self::other_purpose(screen, outlook), screen.account.clone()) else { return };
        let before = std::mem::replace(&mut screen.asking, other);
        let setup = self.accounts.iter().find(|own| own.setup.id == id).map(|own| &own.setup);
        let redirect = setup.and_then(|setup| setup.oauth.redirect.as_deref());
        if matches!(screen.step, SignInStep::Browser { .. }) && redirect.is_some_and(page::is_at_fixed_port) {
            // The link gives the first one up: the answers to both would come in at the same door.
            let domain = Line::clean(setup.map_or("", |setup| setup.domain.as_str()));
            screen.step = SignInStep::Working(Consent::LookingUp { domain });
        } else {
            screen.instead_of.get_or_insert(before);
            self.toast(toasts::ASKING_FOR_OTHER);
        }
        self.tell_wish(&id, fx);
    }

    /// The smaller set that can be asked for after this, if there is one.
    pub fn less_to_ask(screen: &SignInScreen, problem: &Problem) -> Option<Vec<String>> {
        let raw = |scopes: &[Line]| scopes.iter().map(ToString::to_string).collect::<Vec<_>>();
        match problem {
            Problem::SignInDenied { .. } => scopes::without_staying(&raw(&screen.asked)),
            Problem::ScopeRefused { rest, .. } => Some(raw(rest)).filter(|rest| !rest.is_empty()),
            _ => None,
        }
    }

    /// Asks again, for these scopes alone.
    pub fn ask_for_less(&mut self, scopes: Vec<String>, fx: &mut Effects) {
        let Screen::SignIn(screen) = &mut self.screen else { return };
        screen.asking = screen.asking.less(&screen.asked, scopes);
        self.ask_for_code(fx);
    }

    /// Signs in with the password in the field. The address stays in its field, whatever comes of it.
    pub fn give_password(&mut self, fx: &mut Effects) {
        let Screen::SignIn(screen) = &mut self.screen else { return };
        let Some(id) = screen.account.clone() else { return };
        if matches!(screen.step, SignInStep::Opening) {
            return;
        }
        let kept = screen.keep;
        if screen.password.is_empty() {
            let domain = self.account(&id).map(|account| account.setup.domain.clone());
            if let (Some(domain), Screen::SignIn(screen)) = (domain, &mut self.screen) {
                screen.complaint = Some(Problem::PasswordNeeded { domain });
                screen.field = 1;
            }
            return;
        }
        let password = screen.password.take_secret();
        screen.complaint = None;
        screen.step = SignInStep::Opening;
        if let Some(account) = self.account_mut(&id) {
            account.wanted = true;
        }
        let keep = match self.keep_known(&id) {
            Some(Keep::Memory) if self.account(&id).is_some_and(|account| account.setup.ephemeral) => Keep::Memory,
            _ if !kept => Keep::Memory,
            Some(Keep::File) => Keep::File,
            _ => Keep::Keyring,
        };
        fx.push(Effect::Link(id.clone(), LinkCommand::Password { password, keep }));
        fx.push(Effect::Link(id, LinkCommand::Connect));
    }

    /// Signs in though the server offers something weaker than before: the person has agreed.
    pub fn accept_weaker(&mut self, id: &AccountId, fx: &mut Effects) {
        if let Screen::SignIn(screen) = &mut self.screen
            && screen.account.as_ref() == Some(id)
        {
            screen.step = SignInStep::Opening;
        }
        if let Some(account) = self.account_mut(id) {
            account.wanted = true;
        }
        fx.push(Effect::Link(id.clone(), LinkCommand::AcceptWeaker));
        fx.push(Effect::Link(id.clone(), LinkCommand::Connect));
    }

    /// Hands on what was pasted as the answer of the page.
    pub fn give_answer(&mut self, fx: &mut Effects) {
        let Screen::SignIn(screen) = &mut self.screen else { return };
        let Some(id) = screen.account.clone().filter(|_| !screen.pasted.is_empty()) else { return };
        let address = screen.pasted.take_secret();
        if let SignInStep::Browser { fault, .. } = &mut screen.step {
            *fault = None;
        }
        fx.push(Effect::Link(id, LinkCommand::Redirected { address }));
    }

    /// Polls now instead of waiting.
    pub fn poll_now(&mut self, fx: &mut Effects) {
        let Screen::SignIn(screen) = &self.screen else { return };
        fx.extend(screen.account.iter().map(|id| Effect::Link(id.clone(), LinkCommand::PollNow)));
    }

    /// Gives the sign-in up: back to where it was begun.
    pub fn cancel_sign_in(&mut self, fx: &mut Effects) {
        let Screen::SignIn(screen) = &self.screen else { return };
        let done = matches!(screen.step, SignInStep::Review { .. });
        let (begun, resumes) = (screen.account.clone().filter(|_| !done), screen.resumes);
        if let Some(id) = &begun {
            fx.push(Effect::Link(id.clone(), LinkCommand::CancelSignIn));
        }
        self.drop_fresh(None, fx);
        match (begun.filter(|id| self.account(id).is_some()), resumes) {
            (Some(id), Some(true)) => self.connect(Some(&id), fx),
            (Some(id), Some(false)) => self.disconnect(Some(&id), fx),
            // Its first sign-in, as in the demo: the banner says what leads back here.
            (Some(id), None) => self.needs_sign_in(&id),
            (None, _) => {}
        }
        self.screen = if self.accounts.is_empty() {
            Screen::Welcome(Welcome { selected: 0, since: self.now.mono })
        } else {
            Screen::Main
        };
    }

    /// Nothing happens at this account before somebody signs in.
    fn needs_sign_in(&mut self, id: &AccountId) {
        let since = self.now.wall;
        let Some(account) = self.account_mut(id).filter(|account| !account.online()) else { return };
        let problem = Some(Problem::SignInNeeded { account: Line::clean(id.as_str()) });
        account.link = LinkState::Offline { problem, retry_at: None, since };
    }

    /// The review was read: on to the buddies.
    pub fn finish_sign_in(&mut self, fx: &mut Effects) {
        self.screen = Screen::Main;
        self.see(fx);
    }

    /// Forgets accounts whose sign-in was begun and given up, except this one.
    pub(in crate::app) fn drop_fresh(&mut self, except: Option<&AccountId>, fx: &mut Effects) {
        let fresh = |account: &&Account| account.fresh && Some(&account.setup.id) != except;
        let gone: Vec<AccountId> = self.accounts.iter().filter(fresh).map(|a| a.setup.id.clone()).collect();
        for id in gone {
            fx.push(Effect::StopLink(id.clone()));
            // Messages of an earlier sign-in to the same address stay.
            fx.push(Effect::Store(StoreRequest::ForgetAccount { account: id.clone(), messages: false }));
            self.accounts.retain(|account| account.setup.id != id);
        }
    }

    fn complain(&mut self, problem: Problem) {
        if let Screen::SignIn(screen) = &mut self.screen {
            screen.complaint = Some(problem);
        }
    }
}

/// The setup that a typed address means: `name@domain`, or a domain alone where the name is found out later.
fn setup_for(way: SignInWay, address: &str) -> Result<AccountSetup, Problem> {
    let command = Line::clean("/login");
    let wrong = || Problem::BadArgument { command: command.clone(), why: Line::clean(notices::NO_ADDRESS) };
    let jid = BareJid::parse(address.trim().trim_end_matches('.')).map_err(|_| wrong())?;
    if way == SignInWay::Password && jid.local().is_none() {
        return Err(wrong());
    }
    let password = way == SignInWay::Password;
    Ok(AccountSetup {
        credential: Some(if password { CredentialKind::Password } else { CredentialKind::Token }),
        profile: if way == SignInWay::Messenger { "messenger" } else { "auto" }.to_owned(),
        ..AccountSetup::new(&jid)
    })
}
