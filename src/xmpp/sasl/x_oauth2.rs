//! X-OAUTH2, as Google Talk had it and ejabberd has it: the layout of PLAIN with a token for the password. The user
//! must be the one of the token.

use super::{Coding, Credentials, Mechanism, OneMessage, SaslFault, Started, is_sendable, join};
use crate::xmpp::CredentialKind;

pub(super) const MECHANISM: Mechanism =
    Mechanism { name: "X-OAUTH2", kind: CredentialKind::Token, coding: Coding::Base64, start };

fn start(_: &Mechanism, credentials: &Credentials<'_>) -> Result<Started, SaslFault> {
    let token = credentials.secret.expose();
    if !is_sendable(token) || credentials.user.contains('\0') {
        return Err(SaslFault::UnusableSecret);
    }
    let initial = join(&[b"\0", credentials.user.as_bytes(), b"\0", token.as_bytes()]);
    Ok(Started { initial, exchange: Box::new(OneMessage) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Secret;
    use crate::xmpp::sasl::Channel;

    #[test]
    fn user_and_token_are_set_apart_by_nul() {
        let secret = Secret::from("aw8zNS");
        let started = start(
            &MECHANISM,
            &Credentials { user: "juliet", secret: &secret, nonce: "", channel: &Channel::default() },
        )
        .unwrap();
        assert_eq!(started.initial.expose(), b"\0juliet\0aw8zNS");
    }
}
