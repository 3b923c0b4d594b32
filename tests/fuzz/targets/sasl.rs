//! Any server in a SASL exchange: no panic, no answer to SCRAM's second message but by the rules, and never is a server
//! believed that could not prove itself.

use super::input::Input;
use butty::types::Secret;
use butty::xmpp::BindingType;
use butty::xmpp::sasl::{Answer, Channel, Coding, Credentials, Flag, MECHANISMS};

const NONCE: &str = "fyko+d2lbbFgONRv9qkxdawL";
/// More rounds than this take the time of many inputs.
const ROUNDS: u64 = 5_000;

pub fn check(data: &[u8]) {
    let mut input = Input(data);
    let mechanism = MECHANISMS[usize::from(input.byte()) % MECHANISMS.len()];
    let flag = match input.byte() % 3 {
        _ if mechanism.binds() => Flag::Bound(BindingType::Exporter, vec![7; 32]),
        0 => Flag::NotOffered,
        _ => Flag::Unbound,
    };
    let weaker_than = (input.byte() % 4 == 0).then(|| "SCRAM-SHA-512".to_owned());
    let channel = Channel { flag, offer: "a,b".to_owned(), weaker_than };
    let secret = Secret::from("pencil");
    let begun = Credentials { user: "juliet", secret: &secret, nonce: NONCE, channel: &channel };
    let Ok(started) = (mechanism.start)(mechanism, &begun) else { return };
    let mut exchange = started.exchange;
    while !input.is_empty() {
        let success = input.byte() % 4 == 0;
        // Our nonce is something that a server can say, and bytes out of nowhere cannot.
        let said = String::from_utf8_lossy(input.piece(200)).replace("$NONCE", NONCE);
        if success {
            let believed = exchange.success(Some(said.as_bytes())).is_ok() || exchange.success(None).is_ok();
            assert!(!(believed && mechanism.is_scram()), "{} believes {said:?}", mechanism.name);
            return;
        }
        match exchange.answer(said.as_bytes()) {
            Ok(Answer::Say(_)) => {}
            Ok(Answer::Sums(sums)) if rounds(&said) <= ROUNDS => {
                if exchange.summed(&sums.carry_out()).is_err() {
                    return;
                }
            }
            Ok(Answer::Sums(_)) | Err(_) => return,
        }
        assert!(exchange.refusal().is_none_or(|refusal| refusal.status.len() <= said.len()));
    }
    drop(Coding::Base64.decode(&String::from_utf8_lossy(data)));
}

fn rounds(said: &str) -> u64 {
    let count = said.split(',').find_map(|field| field.strip_prefix("i="));
    count.and_then(|text| text.parse().ok()).unwrap_or(u64::MAX)
}
