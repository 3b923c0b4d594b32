//! Display pictures, where a service gives them only to whom the person agreed once more.
//!
//! Signing in asks for no more than chatting. The question for more comes where the person looks at what they agreed to
//! (`/account`), once a month at most; a key there asks it at any time. Until the new sign-in is there, the old one
//! stands.

use crate::app::action::Effects;
use crate::app::effect::{Effect, StoreRequest};
use crate::app::model::{Account, Model, Overlay, Screen, SignInWay};
use crate::oauth::{Asking, scopes};
use crate::types::{AccountId, Stamp};
use std::time::Duration;

/// Unasked, the question comes once in so long.
const MONTH: Duration = Duration::from_secs(30 * 24 * 60 * 60);

impl Model {
    /// True when the own picture would be drawn, and only a scope that was not granted is in its way.
    pub fn waits_for_picture(&self, id: &AccountId) -> bool {
        let account = self.account(id).filter(|account| account.features.cards && account.photo.is_none());
        let agreed = account.and_then(|account| account.lives_by()).filter(|_| self.options.shows_pictures());
        agreed.is_some_and(|agreed| scopes::missing_for_picture(&agreed.granted).is_some())
    }

    /// The person looks at what they agreed to: asks whether to agree once more, unless they were asked lately.
    pub(crate) fn offer_picture(&mut self, id: &AccountId, fx: &mut Effects) {
        let now = self.now.wall;
        // A moment far in the future is the word of a clock that was wrong.
        let lately = |asked| now.since(asked).max(asked.since(now)) < MONTH;
        let Some(account) = self.account(id) else { return };
        if !account.pictures_asked.into_iter().chain(picture_refused(account)).any(lately) {
            self.ask_for_picture(id, fx);
        }
    }

    /// Asks whether to agree once more, where that is what the picture waits for.
    pub(crate) fn ask_for_picture(&mut self, id: &AccountId, fx: &mut Effects) {
        if self.is_read_only(id) || !self.waits_for_picture(id) {
            return;
        }
        let at = self.now.wall;
        if let Some(account) = self.account_mut(id) {
            account.pictures_asked = Some(at);
        }
        // Noted when it is asked: whatever the person does then, the question was there.
        fx.push(Effect::Store(StoreRequest::PicturesAsked { account: id.clone(), at }));
        self.overlays.push(Overlay::AgreeAgain { account: id.clone() });
    }

    /// Signs in once more, for what was granted and the picture.
    pub(crate) fn agree_again(&mut self, id: &AccountId, fx: &mut Effects) {
        if self.says_read_only(id) {
            return;
        }
        let Some(account) = self.account(id) else { return };
        let Some(agreed) = &account.agreement else { return };
        let Some(scope) = scopes::missing_for_picture(&agreed.granted) else { return };
        // Whether it is to last is what came, not what the names say: a service may renew without a scope for that.
        let asking = Asking::These { scopes: agreed.and(scope), stays: agreed.stays() };
        let (way, wanted) = (SignInWay::of(account), account.wanted);
        self.show_sign_in(way, id.as_str());
        if let Screen::SignIn(screen) = &mut self.screen {
            screen.account = Some(id.clone());
            screen.resumes = Some(wanted);
            screen.asking = asking;
        }
        self.ask_for_code(fx);
    }
}

/// When the person was last asked for the picture in a sign-in, and did not agree to that.
fn picture_refused(account: &Account) -> Option<Stamp> {
    let agreed = account.agreement.as_ref()?;
    let scope = scopes::missing_for_picture(&agreed.granted)?;
    agreed.since.filter(|_| agreed.asked.iter().any(|asked| asked == scope))
}
