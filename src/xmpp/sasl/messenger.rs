//! X-MESSENGER-OAUTH2: Messenger's own. The access token is the text of `<auth/>`, not encoded again; success is
//! empty; the server takes the user from the token.

use super::{Coding, Credentials, Mechanism, OneMessage, SaslFault, Started, is_sendable, join};
use crate::xmpp::CredentialKind;

pub(super) const MECHANISM: Mechanism =
    Mechanism { name: "X-MESSENGER-OAUTH2", kind: CredentialKind::Token, coding: Coding::Verbatim, start };

fn start(_: &Mechanism, credentials: &Credentials<'_>) -> Result<Started, SaslFault> {
    let token = credentials.secret.expose();
    if !is_sendable(token) {
        return Err(SaslFault::UnusableSecret);
    }
    Ok(Started { initial: join(&[token.as_bytes()]), exchange: Box::new(OneMessage) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Secret;
    use crate::xmpp::sasl::Channel;

    #[test]
    fn the_token_goes_out_as_it_is() {
        let secret = Secret::from("EwCoAfh/+AA==");
        let started =
            start(&MECHANISM, &Credentials { user: "_", secret: &secret, nonce: "", channel: &Channel::default() })
                .unwrap();
        assert_eq!(MECHANISM.coding.encode(started.initial.expose()).expose(), "EwCoAfh/+AA==");
    }
}
