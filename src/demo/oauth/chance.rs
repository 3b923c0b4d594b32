//! Codes and tokens out of random bytes. Each is shaped to trip whoever encodes it wrongly.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Random bytes; `None` when the system has none.
pub(in super::super) type Chance<'a> = &'a mut dyn FnMut(&mut [u8]) -> Option<()>;

/// Letters of a code: no vowels, nothing that looks like a digit (RFC 8628 section 6.1).
pub(super) const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// What counts of a typed code.
pub(super) fn letters(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).take(16).map(|c| c.to_ascii_uppercase()).collect()
}

/// Device code, user code, proof.
pub(super) fn fresh_code(chance: Chance<'_>) -> Option<(String, String, String)> {
    let mut bytes = [0_u8; 48];
    chance(&mut bytes)?;
    let letter = |byte: &u8| LETTERS.get(usize::from(byte % 20)).map(|&letter| char::from(letter));
    let mut user_code: String = bytes.get(32..40)?.iter().filter_map(letter).collect();
    user_code.insert(4, '-');
    let mut proof = [0_u8; 24];
    chance(&mut proof)?;
    Some((hex(bytes.get(..32)?), user_code, hex(&proof)))
}

/// Canonical base64 with every character that a wrong encoder would spoil: `+`, `/` and `=`.
pub(super) fn access_token(chance: Chance<'_>) -> Option<String> {
    // 160 bytes: `EwCo+++/` at the head, `AA==` at the end.
    let mut bytes = [0_u8; 160];
    chance(bytes.get_mut(6..157)?)?;
    bytes.get_mut(..6)?.copy_from_slice(&[0x13, 0x00, 0xa8, 0xfb, 0xef, 0xbf]);
    Some(STANDARD.encode(bytes))
}

/// Opaque, long, and unfit for a form unless encoded; `long`: 4 KiB of that.
pub(super) fn refresh_token(long: bool, chance: Chance<'_>) -> Option<String> {
    let mut random = [0_u8; 96];
    chance(&mut random)?;
    let (left, right) = random.split_at(64);
    let filling = if long { "*%!$+/=&".repeat(488) } else { String::new() };
    Some(format!("*LA9!{}%65&+{filling}{}$", hex(left), hex(right)))
}

/// Two digits a byte.
pub(in super::super) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}
