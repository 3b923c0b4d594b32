//! PLAIN (RFC 4616): only the last resort, and only inside verified TLS, which the session sees to.

use super::{Coding, Credentials, Exchange, Mechanism, OneMessage, SaslFault, Started, join, prepare};
use crate::xmpp::CredentialKind;

pub(super) const MECHANISM: Mechanism =
    Mechanism { name: "PLAIN", kind: CredentialKind::Password, coding: Coding::Base64, start };

fn start(_: &Mechanism, credentials: &Credentials<'_>) -> Result<Started, SaslFault> {
    let (user, password) = (prepare(credentials.user), prepare(credentials.secret.expose()));
    if user.expose().contains('\0') || password.expose().contains('\0') {
        return Err(SaslFault::UnusableSecret);
    }
    let initial = join(&[b"\0", user.expose().as_bytes(), b"\0", password.expose().as_bytes()]);
    Ok(Started { initial, exchange: Box::new(OneMessage) as Box<dyn Exchange + Send> })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Secret;
    use crate::xmpp::sasl::Channel;

    fn first(user: &str, password: &str) -> Result<Vec<u8>, SaslFault> {
        let credentials =
            Credentials { user, secret: &Secret::from(password), nonce: "", channel: &Channel::default() };
        start(&MECHANISM, &credentials).map(|started| started.initial.expose().clone())
    }

    #[test]
    fn the_example_of_rfc_4616() {
        assert_eq!(first("tim", "tanstaaftanstaaf"), Ok(b"\0tim\0tanstaaftanstaaf".to_vec()));
    }

    #[test]
    fn nul_would_shift_the_fields() {
        assert_eq!(first("tim", "a\0b"), Err(SaslFault::UnusableSecret));
    }
}
