//! A session that was taken up on another connection (XEP-0198): nothing should be lost, so little is asked anew.

use super::sign_in;
use crate::app::action::Effects;
use crate::app::event::LinkState;
use crate::app::model::Model;
use crate::types::{AccountId, MessageKey, RequestId};
use crate::xmpp::SignedIn;

/// The server kept our place. `pending`: what it lacks of our messages, `asked`: what will still be answered.
pub(super) fn on_resumed(
    model: &mut Model,
    id: &AccountId,
    signed_in: SignedIn,
    (pending, asked): (&[MessageKey], &[RequestId]),
    fx: &mut Effects,
) {
    let Some(account) = model.account_mut(id) else { return };
    account.jid = Some(signed_in.jid);
    account.link = LinkState::Online;
    account.attempts = 0;
    (account.down_at, account.down_since) = (None, None);
    account.roster_known = true;
    // It may have been too busy to answer.
    account.positions_refused = false;
    account.was_online = true;
    // The server went on telling for us: what changed meanwhile follows, and everything else is as it was.
    for contact in account.roster.values_mut() {
        contact.stale = false;
    }
    account.take_up_post(pending);
    account.take_up_questions(asked);
    let changed = account.told.as_ref() != Some(&account.appearance);
    model.tell_displayed_again(id);
    if changed {
        model.tell_appearance(id, fx);
    }
    model.begin_post(id, fx);
    sign_in::on_success(model, id, fx);
}
