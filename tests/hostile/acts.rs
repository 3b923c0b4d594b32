//! Short plays: what is wrong with a server at the door.

use super::server::{FEATURES_PLAIN, HEADER, PROCEED, Server, Talk};
use tokio_rustls::TlsAcceptor;

/// Says this in the clear behind the client's header, and more behind its wish for TLS.
pub fn in_the_clear(first: impl Into<String>, then: impl Into<String>) -> Server {
    let (first, then) = (first.into(), then.into());
    Server::start(move |mut talk| {
        let (first, then) = (first.clone(), then.clone());
        Box::pin(async move {
            talk.header().await?;
            talk.say(first).await?;
            talk.hear("<starttls").await?;
            talk.hear(">").await?;
            talk.say(then).await?;
            talk.until_gone().await
        })
    })
}

/// Right in all but the certificate.
pub fn with_certificate(acceptor: TlsAcceptor) -> Server {
    Server::start(move |talk| Box::pin(wrong_tls(talk, acceptor.clone())))
}

pub async fn wrong_tls(mut talk: Talk, acceptor: TlsAcceptor) -> Option<()> {
    talk.up_to_starttls().await?;
    talk.say(PROCEED).await?;
    let mut talk = talk.tls(&acceptor, false).await?;
    talk.header().await?;
    talk.say(format!("{HEADER}{FEATURES_PLAIN}")).await?;
    talk.until_gone().await
}

/// Sends the client on to that place, before TLS.
pub fn redirect(to: impl Into<String>) -> Server {
    let to = to.into();
    Server::start(move |mut talk| {
        let markup = format!(
            "{HEADER}<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>{to}\
             </see-other-host></stream:error></stream:stream>"
        );
        Box::pin(async move {
            talk.header().await?;
            talk.say(markup).await?;
            talk.until_gone().await
        })
    })
}
