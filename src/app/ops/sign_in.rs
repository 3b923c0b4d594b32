//! The person's steps of a sign-in; what the link answers is in `update::sign_in`.

use crate::app::action::Effects;
use crate::app::composer::Composer;
use crate::app::effect::{Effect, LinkCommand, StoreRequest};
use crate::app::event::{Consent, Keep};
use crate::app::model::{Account, Model, Screen, SignInScreen, SignInStep, SignInWay, Welcome};
use crate::app::setup::{AccountSetup, OAuthSetup, TlsMode};
use crate::app::words::notices;
use crate::types::{AccountId, BareJid, Line, Problem};
use crate::xmpp::CredentialKind;

impl SignInScreen {
    /// The first step of a way in.
    pub fn new(way: SignInWay, from_main: bool) -> Self {
        Self {
            way,
            step: SignInStep::Where,
            account: None,
            address: Composer::default(),
            password: Composer::default(),
            reveal: false,
            keep: true,
            field: 0,
            complaint: None,
            big_square: false,
            invert: false,
            raw_scopes: false,
            copied: None,
            from_main,
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

    /// Takes the address and begins: asks where to keep the sign-in, or asks for a code, or for the password.
    pub fn start_sign_in(&mut self, way: SignInWay, address: &str, fx: &mut Effects) -> Result<(), Problem> {
        let setup = setup_for(way, address).inspect_err(|problem| self.complain(problem.clone()))?;
        let id = setup.id.clone();
        if !matches!(self.screen, Screen::SignIn(_)) {
            self.show_sign_in(way, address);
        }
        self.drop_fresh(Some(&id), fx);
        if let Some(account) = self.account_mut(&id) {
            account.setup.credential = setup.credential;
        } else {
            self.add_account(setup, false, fx); // it dials once there is something to sign in with
            if let Some(account) = self.account_mut(&id) {
                account.fresh = true;
            }
        }
        let asks = way != SignInWay::Password && self.keep_known(&id).is_none();
        let Screen::SignIn(screen) = &mut self.screen else { return Ok(()) };
        screen.way = way;
        screen.account = Some(id);
        screen.complaint = None;
        match way {
            SignInWay::Password if screen.password.is_empty() => screen.field = 1,
            SignInWay::Password => self.give_password(fx),
            SignInWay::Code | SignInWay::Messenger if asks => screen.step = SignInStep::AskKeep,
            SignInWay::Code | SignInWay::Messenger => self.ask_for_code(fx),
        }
        Ok(())
    }

    /// Where this account's sign-in is kept, if that was chosen, or if there is no choice.
    fn keep_known(&self, id: &AccountId) -> Option<Keep> {
        let account = self.account(id)?;
        if account.setup.ephemeral { Some(Keep::Memory) } else { account.keep }
    }

    /// Keeps the sign-in there, and asks for a code.
    pub fn choose_keep(&mut self, keep: Keep, fx: &mut Effects) {
        let Screen::SignIn(screen) = &mut self.screen else { return };
        screen.keep = keep == Keep::File;
        let Some(id) = screen.account.clone() else { return };
        if let Some(account) = self.account_mut(&id) {
            account.keep = Some(keep);
        }
        self.ask_for_code(fx);
    }

    /// Asks for a code, or for a new one.
    pub fn ask_for_code(&mut self, fx: &mut Effects) {
        let Screen::SignIn(screen) = &mut self.screen else { return };
        let Some(id) = screen.account.clone() else { return };
        let domain = self.account(&id).map(|account| Line::clean(account.setup.domain.as_str())).unwrap_or_default();
        let keep = self.keep_known(&id).unwrap_or(Keep::Memory);
        let Screen::SignIn(screen) = &mut self.screen else { return };
        screen.step = SignInStep::Working(Consent::LookingUp { domain });
        screen.complaint = None;
        screen.big_square = false;
        if let Some(account) = self.account_mut(&id) {
            account.wanted = true;
        }
        fx.push(Effect::Link(id, LinkCommand::SignInWithCode { keep }));
    }

    /// Signs in with the password in the field. The address stays in its field, whatever comes of it.
    pub fn give_password(&mut self, fx: &mut Effects) {
        let Screen::SignIn(screen) = &mut self.screen else { return };
        let Some(id) = screen.account.clone() else { return };
        if matches!(screen.step, SignInStep::Opening) {
            return;
        }
        let keep = if screen.keep { Keep::File } else { Keep::Memory };
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
        let keep = if self.account(&id).is_some_and(|account| account.setup.ephemeral) { Keep::Memory } else { keep };
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

    /// Polls now instead of waiting.
    pub fn poll_now(&mut self, fx: &mut Effects) {
        let Screen::SignIn(screen) = &self.screen else { return };
        fx.extend(screen.account.iter().map(|id| Effect::Link(id.clone(), LinkCommand::PollNow)));
    }

    /// Gives the sign-in up: back to where it was begun.
    pub fn cancel_sign_in(&mut self, fx: &mut Effects) {
        let Screen::SignIn(screen) = &self.screen else { return };
        if let Some(id) = screen.account.clone() {
            let done = matches!(screen.step, SignInStep::Review { .. });
            if !done {
                fx.push(Effect::Link(id, LinkCommand::CancelSignIn));
            }
        }
        self.drop_fresh(None, fx);
        self.screen = if self.accounts.is_empty() {
            Screen::Welcome(Welcome { selected: 0, since: self.now.mono })
        } else {
            Screen::Main
        };
    }

    /// The review was read: on to the buddies.
    pub fn finish_sign_in(&mut self, fx: &mut Effects) {
        self.screen = Screen::Main;
        self.see(fx);
    }

    /// Forgets accounts whose sign-in was begun and given up, except this one.
    fn drop_fresh(&mut self, except: Option<&AccountId>, fx: &mut Effects) {
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
        id: AccountId::new(jid.as_str()),
        domain: jid.domain(),
        local: jid.local().map(str::to_owned),
        name: String::new(),
        enabled: true,
        credential: Some(if password { CredentialKind::Password } else { CredentialKind::Token }),
        profile: if way == SignInWay::Messenger { "messenger" } else { "auto" }.to_owned(),
        server: None,
        tls: TlsMode::Auto,
        ca_file: None,
        ca_pem: None,
        mechanisms: Vec::new(),
        password_command: Vec::new(),
        token_command: Vec::new(),
        oauth: OAuthSetup::default(),
        resolver: None,
        ephemeral: false,
    })
}
