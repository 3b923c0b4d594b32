//! A small reader of DER (X.690): enough to find one field of a certificate (RFC 5280 section 4.1).

/// The tag of `SEQUENCE`.
pub(super) const SEQUENCE: u8 = 0x30;
/// The tag of `OBJECT IDENTIFIER`.
pub(super) const NAME: u8 = 0x06;
/// The tag of `INTEGER`.
pub(super) const INTEGER: u8 = 0x02;
/// The tag of `UTCTime`.
pub(super) const SHORT_TIME: u8 = 0x17;
/// The tag of `GeneralizedTime`.
pub(super) const LONG_TIME: u8 = 0x18;

/// The content of the element in front, which must have this tag, and what is behind it.
pub(super) fn element(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (short, rest) = rest.split_first()?;
    if *first != tag {
        return None;
    }
    let (length, rest) = match *short {
        short @ 0..=0x7F => (usize::from(short), rest),
        // The long form of DER: how many bytes the length has, at most four here.
        long @ 0x81..=0x84 => {
            let (length, rest) = rest.split_at_checked(usize::from(long - 0x80))?;
            (length.iter().fold(0, |sum, byte| (sum << 8) | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}
