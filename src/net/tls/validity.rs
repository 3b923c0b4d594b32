//! Until when a certificate is good.

use super::der::{INTEGER, LONG_TIME, SEQUENCE, SHORT_TIME, element};
use crate::types::Stamp;
use jiff::civil::DateTime;
use tokio_rustls::client::TlsStream;

/// Until when the certificate of this connection is good; `None` where it does not say so in form. For telling alone:
/// whether it is good now was decided by the verifier.
pub(in crate::net) fn good_until<S>(stream: &TlsStream<S>) -> Option<Stamp> {
    not_after(stream.get_ref().1.peer_certificates()?.first()?)
}

/// `TBSCertificate ::= SEQUENCE { version [0], serialNumber, signature, issuer, validity, … }`, and `Validity` is a
/// sequence of two times (RFC 5280 section 4.1).
fn not_after(certificate: &[u8]) -> Option<Stamp> {
    let (fields, _) = element(SEQUENCE, certificate)?;
    let (fields, _) = element(SEQUENCE, fields)?;
    let fields = element(0xA0, fields).map_or(fields, |(_, rest)| rest);
    let (_, fields) = element(INTEGER, fields)?;
    let (_, fields) = element(SEQUENCE, fields)?;
    let (_, fields) = element(SEQUENCE, fields)?;
    let (times, _) = element(SEQUENCE, fields)?;
    let (_, last) = element(SHORT_TIME, times).or_else(|| element(LONG_TIME, times))?;
    match element(SHORT_TIME, last) {
        // RFC 5280 section 4.1.2.5.1: 50 to 99 are of the last century.
        Some((short, _)) => {
            let century = if short.first()? < &b'5' { "20" } else { "19" };
            moment(&format!("{century}{}", std::str::from_utf8(short).ok()?))
        }
        None => moment(std::str::from_utf8(element(LONG_TIME, last)?.0).ok()?),
    }
}

fn moment(text: &str) -> Option<Stamp> {
    let time = DateTime::strptime("%Y%m%d%H%M%SZ", text).ok()?;
    Some(Stamp(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond()))
}

#[cfg(all(test, feature = "demo"))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop")]

    use super::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    fn until(year: i32) -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["example.org".to_owned()]).unwrap();
        params.not_before = date_time_ymd(1975, 1, 1);
        params.not_after = date_time_ymd(year, 3, 9);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn both_forms_of_time_are_read() {
        for (year, day) in [(1999, "1999-03-09"), (2027, "2027-03-09"), (2049, "2049-03-09"), (2050, "2050-03-09")] {
            let stamp = not_after(&until(year)).unwrap();
            assert_eq!(jiff::Timestamp::from_millisecond(stamp.0).unwrap().strftime("%F").to_string(), day);
        }
    }

    #[test]
    fn a_certificate_cut_or_changed_anywhere_does_no_harm() {
        let whole = until(2027);
        for end in 0..whole.len() {
            let _ = not_after(whole.get(..end).unwrap());
            let mut odd = whole.clone();
            *odd.get_mut(end).unwrap() ^= 0xFF;
            let _ = not_after(&odd);
        }
        assert_eq!(moment("20270230000000Z"), None, "there is no such day");
        assert_eq!(moment("2027é"), None);
    }
}
