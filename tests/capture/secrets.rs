//! What must never be seen, in every form that it could take on the wire.

use super::link::Memory;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use butty::oauth::{ClientIdentity, SignInRecord, Token, VaultKey};
use butty::types::Secret;
use butty::xmpp::FastToken;
use std::collections::HashSet;

/// So many bytes of a secret in a row are a part of it.
const PIECE: usize = 12;

/// Secrets, in all their forms.
#[derive(Default)]
pub struct Secrets {
    pieces: HashSet<[u8; PIECE]>,
    /// Forms that are shorter than a piece.
    short: HashSet<Vec<u8>>,
    /// Who signs in: not secret, but nobody's business before TLS.
    names: Vec<String>,
}

impl Secrets {
    /// Those of this person.
    pub fn of(name: &str, secrets: &[&str]) -> Self {
        let mut all = Self { names: vec![name.to_owned()], ..Self::default() };
        for secret in secrets {
            all.add(secret);
        }
        all
    }

    /// One more.
    pub fn add(&mut self, secret: &str) {
        assert!(secret.len() > 5, "too short to be told from chance: {secret:?}");
        for form in forms(&self.names[0], secret) {
            if form.len() < PIECE {
                self.short.insert(form);
            } else {
                self.pieces.extend(form.windows(PIECE).map(|piece| <[u8; PIECE]>::try_from(piece).unwrap()));
            }
        }
    }

    /// Those of a token, and of what renews it.
    pub fn add_token(&mut self, token: &Token) {
        for secret in tokens(token) {
            self.add(&secret);
        }
    }

    /// The secrets of all that a vault was ever given: passwords, tokens, and what clients are known by. Farewells and what
    /// was replaced hold the same tokens once more. Of a sign-in that waits: its code for the device, or what its page and its answer are tied by.
    pub fn add_all(&mut self, vault: &Memory) {
        for (key, text) in vault.ever() {
            let kept = Secret::from(text.as_str());
            let found = match key {
                VaultKey::Password { .. } | VaultKey::GivenToken { .. } => vec![text],
                VaultKey::Tokens { .. } => Token::from_text(&kept).map(|token| tokens(&token)).unwrap_or_default(),
                VaultKey::Client { .. } => secret_of(ClientIdentity::from_text(&kept)),
                VaultKey::SignIn { .. } => secret_of(SignInRecord::from_text(&kept).and_then(|record| record.identity)),
                VaultKey::Fast { .. } => {
                    FastToken::from_text(&kept).map(|fast| fast.token.expose().clone()).into_iter().collect()
                }
                VaultKey::Pending { .. } => pending(&kept),
                VaultKey::Known { .. } | VaultKey::Former { .. } | VaultKey::Farewells => Vec::new(),
            };
            for secret in found {
                self.add(&secret);
            }
        }
    }

    /// How many bytes belong to a secret.
    pub fn count(&self, bytes: &[u8]) -> usize {
        let mut hit = vec![false; bytes.len()];
        for (at, piece) in bytes.windows(PIECE).enumerate() {
            if self.pieces.contains(piece) {
                hit[at..at + PIECE].fill(true);
            }
        }
        for form in &self.short {
            for (at, piece) in bytes.windows(form.len()).enumerate() {
                if piece == form {
                    hit[at..at + form.len()].fill(true);
                }
            }
        }
        hit.into_iter().filter(|hit| *hit).count()
    }

    /// A name that stands there in the clear.
    pub fn names_in(&self, bytes: &[u8]) -> bool {
        self.names.iter().any(|name| bytes.windows(name.len()).any(|part| part == name.as_bytes()))
    }
}

fn tokens(token: &Token) -> Vec<String> {
    let all = [Some(&token.access), token.refresh.as_ref(), token.unasked.as_ref()];
    all.into_iter().flatten().map(|token| token.expose().clone()).collect()
}

fn secret_of(client: Option<ClientIdentity>) -> Vec<String> {
    client.and_then(|client| client.secret).map(|secret| secret.expose().clone()).into_iter().collect()
}

/// The client's secret; the code that is polled with; the verifier of a page. Its `state` is none: it comes back to this
/// computer in an address, where the person's browser shows it.
fn pending(kept: &Secret<String>) -> Vec<String> {
    let pending: serde_json::Value = serde_json::from_str(kept.expose()).expect("what waits");
    let inner = |name: &str| serde_json::from_str::<serde_json::Value>(pending[name].as_str()?).ok();
    let device = inner("device").and_then(|device| device["device_code"].as_str().map(str::to_owned));
    let verifier = pending["browser"]["verifier"].as_str().map(str::to_owned);
    assert!(device.is_some() != verifier.is_some(), "one of the two is waited for");
    let client = Secret::from(pending["client"].as_str().expect("whose it is"));
    let secret = secret_of(ClientIdentity::from_text(&client));
    device.into_iter().chain(verifier).chain(secret).collect()
}

/// As it is, percent-encoded, in hexadecimal digits, in base64 wherever it stands in what is encoded; and as PLAIN.
fn forms(name: &str, secret: &str) -> Vec<Vec<u8>> {
    let digits = |between: &str| {
        let pairs: Vec<String> = secret.bytes().map(|byte| format!("{between}{byte:02X}")).collect();
        pairs.concat()
    };
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let texts = [secret.to_owned(), form.to_lowercase(), form, digits("%"), digits("")];
    let mut all: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).collect();
    let lower: Vec<Vec<u8>> = [digits("%"), digits("")].map(|text| text.to_lowercase().into_bytes()).into();
    all.extend(lower);
    let plain = format!("\0{name}\0{secret}");
    all.push(plain.clone().into_bytes());
    for text in [secret, &plain] {
        for before in 0..3 {
            let bytes = [&vec![0; before], text.as_bytes()].concat();
            // The first and the last digit hold bits of what stands beside it.
            let (begin, end) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
            for digits in [BASE64_STANDARD_NO_PAD.encode(&bytes), BASE64_URL_SAFE_NO_PAD.encode(&bytes)] {
                all.push(digits.as_bytes()[begin..end].to_vec());
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use butty::oauth::grant::Attempt;
    use butty::oauth::pending::Way;
    use butty::oauth::{Pending, Service, Vault};
    use butty::types::{AccountId, Stamp};

    const TOKEN: &str = "secret-token:Zm9v+/YmFy.MTIzNDU2Nzg5MA==~tail";

    /// Planted among other bytes, each form is found; and nothing else is.
    #[test]
    fn each_form_of_a_secret_is_seen() {
        let secrets = Secrets::of("juliet", &["pw-juliet", TOKEN]);
        let encoded: String = url::form_urlencoded::byte_serialize(TOKEN.as_bytes()).collect();
        let bearer = BASE64_STANDARD_NO_PAD.encode(format!("n,,\x01auth=Bearer {TOKEN}\x01\x01"));
        let basic = BASE64_STANDARD_NO_PAD.encode(format!("client:{TOKEN}"));
        let plain = BASE64_STANDARD_NO_PAD.encode("\0juliet\0pw-juliet");
        for planted in [
            "pw-juliet",
            "\0juliet\0pw-juliet",
            &plain,
            &BASE64_STANDARD_NO_PAD.encode("juliet@alpha.test\0juliet\0pw-juliet"),
            "%70%77%2D%6A%75%6C%69%65%74",
            "70772d6a756c696574",
            TOKEN,
            &TOKEN[7..19],
            &TOKEN[TOKEN.len() - 12..],
            &encoded,
            &encoded.to_lowercase(),
            &bearer,
            &bearer[30..50],
            &basic,
            &BASE64_URL_SAFE_NO_PAD.encode(TOKEN),
        ] {
            let bytes = [b"<stream:stream to='", planted.as_bytes(), b"'>"].concat();
            let (found, most) = (secrets.count(&bytes), planted.len());
            assert!((8..=most).contains(&found), "{planted:?}: {found} of {most}");
        }
    }

    #[test]
    fn what_a_sign_in_that_waits_holds_is_seen() {
        let account = AccountId::new("juliet@alpha.test");
        let address = |path: &str| url::Url::parse(&format!("https://alpha.test/{path}")).unwrap();
        let client = ClientIdentity::given("client", Some(Secret::from("client-secret")));
        let redirect = address("callback").to_string().replace("https://alpha.test", "http://127.0.0.1:4711");
        let attempt = Attempt::new(url::Url::parse(&redirect).unwrap(), &[7; 64]);
        let waits = |way| Pending {
            service: Service::new("https://alpha.test", address("token")),
            client: client.clone(),
            scopes: Vec::new(),
            stays: true,
            expires: Stamp(0),
            way,
        };
        let page = waits(Way::Browser(Box::new(attempt))).to_text();
        let verifier = pending(&page)[0].clone();
        let device = page.expose().replace(r#""device":null"#, r#""device":"{\"device_code\":\"dev-code\"}""#);
        let (from, to) = (device.find(r#""browser":"#).unwrap(), device.rfind('}').unwrap());
        let device = format!("{}\"browser\":null{}", &device[..from], &device[to..]);
        let vault = Memory::default();
        vault.save(&Pending::key(&account), &page, true).unwrap();
        vault.save(&Pending::key(&account), &Secret::new(device), true).unwrap();
        let mut secrets = Secrets::of("juliet", &[]);
        secrets.add_all(&vault);
        for secret in [verifier.as_str(), "dev-code", "client-secret"] {
            assert!(secrets.count(secret.as_bytes()) > 0, "{secret}");
        }
    }

    #[test]
    fn what_is_no_secret_is_not_taken_for_one() {
        let secrets = Secrets::of("juliet", &["pw-juliet", TOKEN]);
        for innocent in ["juliet", "pw-romeo", &TOKEN[3..14], "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"] {
            assert_eq!(secrets.count(innocent.as_bytes()), 0, "{innocent}");
        }
        assert!(secrets.names_in(b"from='juliet@alpha.test'") && !secrets.names_in(b"to='alpha.test'"));
    }
}
