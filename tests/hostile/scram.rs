//! The server's side of SCRAM-SHA-1 (RFC 5802), with its lies.

use super::server::{ACCOUNT, FEATURES_BIND, HEADER, SECRET, Talk, attribute};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::{hmac, pbkdf2};
use std::num::NonZeroU32;

#[derive(Clone, Copy)]
pub enum Trick {
    None,
    WrongSignature,
    NoSignature,
    ForeignNonce,
    SuccessAtOnce,
    Rounds(&'static str),
    /// One more attribute behind the count.
    Attribute(&'static str),
    /// A second challenge where success is due.
    ChallengeAgain,
    Rubbish,
}

pub async fn play(talk: Talk, trick: Trick) -> Option<()> {
    let mut talk = talk.up_to_tls().await?;
    talk.say(
        "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1</mechanism>\
         </mechanisms></stream:features>",
    )
    .await?;
    let first = decoded(&talk.hear("</auth>").await?)?;
    let bare = first.splitn(3, ',').nth(2)?.to_owned();
    let nonce = bare.split(",r=").nth(1)?.to_owned();
    let challenge = match trick {
        Trick::SuccessAtOnce => {
            talk.say(tag("success", "")).await?;
            return talk.until_gone().await;
        }
        Trick::Rubbish => "\u{0}\u{9b}31m,,,===".to_owned(),
        Trick::ForeignNonce => format!("r=another-nonce,s={},i=4096", STANDARD.encode("salt")),
        Trick::Rounds(rounds) => format!("r={nonce}server,s={},i={rounds}", STANDARD.encode("salt")),
        Trick::Attribute(more) => format!("r={nonce}server,s={},i=4096,{more}", STANDARD.encode("salt")),
        _ => format!("r={nonce}server,s={},i=4096", STANDARD.encode("salt")),
    };
    talk.say(tag("challenge", &challenge)).await?;
    let last = decoded(&talk.hear("</response>").await?)?;
    let without_proof = last.rsplit_once(",p=")?.0.to_owned();
    let signature = signature(&format!("{bare},{challenge},{without_proof}"));
    let outcome = match trick {
        Trick::WrongSignature => format!("v={}", STANDARD.encode([7; 20])),
        Trick::NoSignature => String::new(),
        _ => format!("v={}", STANDARD.encode(signature)),
    };
    if matches!(trick, Trick::ChallengeAgain) {
        talk.say(tag("challenge", &challenge)).await?;
        return talk.until_gone().await;
    }
    talk.say(tag("success", &outcome)).await?;
    talk.header().await?;
    talk.say(format!("{HEADER}{FEATURES_BIND}")).await?;
    let id = attribute(&talk.hear("</iq>").await?, "id")?;
    talk.say(format!(
        "<iq type='result' id='{id}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>{ACCOUNT}/x</jid></bind></iq>"
    ))
    .await?;
    talk.live().await
}

fn tag(name: &str, content: &str) -> String {
    format!("<{name} xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{}</{name}>", STANDARD.encode(content))
}

fn decoded(markup: &str) -> Option<String> {
    let content = markup.rsplit_once("</")?.0.rsplit('>').next()?;
    String::from_utf8(STANDARD.decode(content).ok()?).ok()
}

fn signature(message: &str) -> Vec<u8> {
    let mut salted = [0; 20];
    let rounds = NonZeroU32::new(4096).unwrap();
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA1, rounds, b"salt", SECRET.as_bytes(), &mut salted);
    let sign = |key: &[u8], text: &[u8]| {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
        hmac::sign(&key, text).as_ref().to_vec()
    };
    sign(&sign(&salted, b"Server Key"), message.as_bytes())
}
