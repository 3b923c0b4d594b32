//! XEP-0082 (1.1.1), XMPP Date and Time Profiles: moments as text, in UTC.

use crate::types::Stamp;

/// Reads a moment; any offset is accepted, finer than milliseconds is cut off.
pub(crate) fn read(text: &str) -> Option<Stamp> {
    text.trim().parse::<jiff::Timestamp>().ok().map(|moment| Stamp(moment.as_millisecond()))
}

/// Writes a moment in UTC; `None` outside the years that the format can say.
pub(crate) fn write(stamp: Stamp) -> Option<String> {
    jiff::Timestamp::from_millisecond(stamp.0).ok().map(|moment| moment.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn section_3_2_gives_the_moon_landing_twice() {
        assert_eq!(read("1969-07-21T02:56:15Z"), read("1969-07-20T21:56:15-05:00"));
        assert_eq!(read("1969-07-21T02:56:15Z"), Some(Stamp(-14_159_025_000)));
    }

    #[test]
    fn milliseconds_go_round() {
        for text in ["2002-09-10T23:08:25Z", "2010-07-10T23:08:25.123Z", "1970-01-01T00:00:00Z"] {
            assert_eq!(read(text).and_then(write).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in
            ["", "yesterday", "2002-13-10T23:08:25Z", "2002-09-10", "99999-01-01T00:00:00Z", "2002-09-10T23:08:25"]
        {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(write(Stamp(i64::MAX)), None);
    }
}
