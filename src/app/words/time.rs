//! Moments in the person's own place: the table of offsets in [`Options`] is the only time zone known here.

use crate::app::model::{Options, Zone};
use crate::types::Stamp;
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};

/// The moment on a clock of that place. Moments outside the calendar are taken to its start.
pub fn local(stamp: Stamp, zone: &Zone) -> DateTime {
    let at = zone.offsets.partition_point(|(from, _)| *from <= stamp).saturating_sub(1);
    let east = zone.offsets.get(at).map_or(0, |(_, seconds)| *seconds);
    let offset = Offset::from_seconds(east).unwrap_or(Offset::UTC);
    offset.to_datetime(Timestamp::from_millisecond(stamp.0).unwrap_or(Timestamp::UNIX_EPOCH))
}

/// The time of day: `14:02`, or `2:02 pm`.
pub fn clock(stamp: Stamp, options: &Options) -> String {
    let local = local(stamp, &options.zone);
    let (hour, minute) = (local.hour(), local.minute());
    if options.clock_24h {
        return format!("{hour:02}:{minute:02}");
    }
    let half = if hour < 12 { "am" } else { "pm" };
    let hour = if hour % 12 == 0 { 12 } else { hour % 12 };
    format!("{hour}:{minute:02} {half}")
}

/// The day of a day rule: `Today`, `Yesterday`, else weekday and date; the year only when it is another one.
pub fn day(stamp: Stamp, now: Stamp, zone: &Zone) -> String {
    let (then, today) = (local(stamp, zone).date(), local(now, zone).date());
    if then == today {
        "Today".to_owned()
    } else if then.checked_add(1.day()).is_ok_and(|next| next == today) {
        "Yesterday".to_owned()
    } else {
        format!("{} {}", weekday(then), date(then, today))
    }
}

/// Since when: the time today, the weekday within a week, else the date.
pub fn since(stamp: Stamp, now: Stamp, options: &Options) -> String {
    let (then, today) = (local(stamp, &options.zone).date(), local(now, &options.zone).date());
    let days = then.until(today).map_or(0, |span| span.get_days());
    match days {
        _ if then >= today => clock(stamp, options),
        1 => format!("yesterday {}", clock(stamp, options)),
        2..=6 => weekday(then).to_owned(),
        _ => date(then, today),
    }
}

/// A date as certificates have it, `2026-11-20`, in words; as it is where it is none.
pub fn calendar_day(text: &str) -> String {
    text.parse().map_or_else(|_| text.to_owned(), |day: Date| format!("{} {} {}", day.day(), month(day), day.year()))
}

/// The first moment of a day such as `2026-11-20`, at that place; `None` where the text is no day.
pub fn beginning_of(text: &str, zone: &Zone) -> Option<Stamp> {
    let midnight = text.parse::<Date>().ok()?.at(0, 0, 0, 0);
    let here = Stamp(Offset::UTC.to_timestamp(midnight).ok()?.as_millisecond());
    // The offset of about that moment: it changes at night, and hours later at most.
    let east = Offset::UTC.to_timestamp(local(here, zone)).ok()?.as_millisecond() - here.0;
    Some(Stamp(here.0 - east))
}

/// A date; the year only when it is another one.
fn date(day: Date, today: Date) -> String {
    let text = format!("{} {}", day.day(), month(day));
    if day.year() == today.year() { text } else { format!("{text} {}", day.year()) }
}

fn weekday(day: Date) -> &'static str {
    match day.weekday() {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

fn month(day: Date) -> &'static str {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    usize::try_from(day.month() - 1).ok().and_then(|at| MONTHS.get(at)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 23 November 2026, 14:07 UTC.
    const NOW: Stamp = Stamp(1_795_442_820_000);
    const HOUR: i64 = 3_600_000;

    fn in_prague() -> Options {
        Options {
            zone: Zone { offsets: vec![(Stamp(0), 7_200), (Stamp(1_793_000_000_000), 3_600)] },
            ..Options::default()
        }
    }

    #[test]
    fn the_offset_of_the_moment_counts() {
        let options = in_prague();
        assert_eq!(clock(NOW, &options), "15:07");
        assert_eq!(clock(Stamp(1_792_000_000_000), &options), "19:46", "summer time");
        assert_eq!(clock(NOW, &Options { clock_24h: false, ..options }), "3:07 pm");
        assert_eq!(clock(Stamp(0), &Options { clock_24h: false, ..Options::default() }), "12:00 am");
    }

    #[test]
    fn days_are_those_of_the_place() {
        let zone = in_prague().zone;
        assert_eq!(day(NOW, NOW, &zone), "Today");
        assert_eq!(day(Stamp(NOW.0 - 15 * HOUR), NOW, &zone), "Today", "00:07 there, yesterday in London");
        assert_eq!(day(Stamp(NOW.0 - 16 * HOUR), NOW, &zone), "Yesterday");
        assert_eq!(day(Stamp(NOW.0 - 72 * HOUR), NOW, &zone), "Friday 20 November");
        assert_eq!(day(Stamp(NOW.0 - 366 * 24 * HOUR), NOW, &zone), "Saturday 22 November 2025");
        assert_eq!(day(Stamp(i64::MIN), Stamp(i64::MAX), &zone), "Today", "outside the calendar, and no panic");
    }

    #[test]
    fn a_day_begins_at_midnight_of_the_place() {
        let zone = in_prague().zone;
        let begins = beginning_of("2026-11-23", &zone).unwrap();
        assert_eq!(local(begins, &zone).to_string(), "2026-11-23T00:00:00");
        assert_eq!(beginning_of("2026-13-01", &zone), None);
        assert_eq!(beginning_of("yesterday", &zone), None);
    }

    #[test]
    fn since_gets_coarser() {
        let options = in_prague();
        for (hours, text) in
            [(1, "14:07"), (-1, "16:07"), (20, "yesterday 19:07"), (72, "Friday"), (24 * 30, "24 October")]
        {
            assert_eq!(since(Stamp(NOW.0 - hours * HOUR), NOW, &options), text);
        }
    }

    #[test]
    fn certificate_days_are_words() {
        assert_eq!(calendar_day("2026-11-20"), "20 November 2026");
        assert_eq!(calendar_day("soon"), "soon");
    }
}
