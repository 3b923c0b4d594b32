//! Local times in words, from a moment and the table of offsets.

use crate::app::model::{Options, Zone};
use crate::app::words::screens as words;
use crate::types::Stamp;

/// A moment on the wall of the person's own place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// Days since 1970-01-01.
    pub day: i64,
    /// Minutes since midnight.
    pub minute: u16,
}

/// The moment in local time.
pub fn local(stamp: Stamp, zone: &Zone) -> Local {
    let at = zone.offsets.partition_point(|(from, _)| *from <= stamp).saturating_sub(1);
    let east = zone.offsets.get(at).map_or(0, |(_, seconds)| i64::from(*seconds));
    let seconds = stamp.0.div_euclid(1000).saturating_add(east);
    let minute = u16::try_from(seconds.rem_euclid(86_400) / 60).unwrap_or(0);
    Local { day: seconds.div_euclid(86_400), minute }
}

/// Hours and minutes, as the person reads them.
pub fn time(stamp: Stamp, options: &Options) -> String {
    let minute = local(stamp, &options.zone).minute;
    let (hour, minute) = (minute / 60, minute % 60);
    if options.clock_24h {
        return format!("{hour:02}:{minute:02}");
    }
    let half = if hour < 12 { "am" } else { "pm" };
    format!("{}:{minute:02} {half}", if hour % 12 == 0 { 12 } else { hour % 12 })
}

/// The label of a day rule: Today, Yesterday, else weekday and date.
pub fn day(day: i64, today: i64) -> String {
    match today - day {
        0 => words::TODAY.to_owned(),
        1 => words::YESTERDAY.to_owned(),
        _ => {
            let (year, month, date) = civil(day);
            let full = format!("{} {date} {}", weekday(day), words::month(month));
            if civil(today).0 == year { full } else { format!("{full} {year}") }
        }
    }
}

/// A moment in the past, as short as it can be said: a time today, a weekday this week, else a date.
pub fn since(stamp: Stamp, now: Stamp, options: &Options) -> String {
    let (then, today) = (local(stamp, &options.zone).day, local(now, &options.zone).day);
    match today - then {
        0 => time(stamp, options),
        1..=6 => weekday(then).to_owned(),
        _ => date(then, today),
    }
}

/// A date, with its year only where it is another one.
fn date(day: i64, today: i64) -> String {
    let (year, month, date) = civil(day);
    let short = format!("{date} {}", words::month(month));
    if civil(today).0 == year { short } else { format!("{short} {year}") }
}

fn weekday(day: i64) -> &'static str {
    // 1970-01-01 was a Thursday.
    words::weekday(usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0))
}

/// Year, month (1 to 12) and date of a day number: the usual arithmetic over eras of 400 years.
fn civil(day: i64) -> (i64, usize, i64) {
    let shifted = day.saturating_add(719_468);
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), usize::try_from(month).unwrap_or(1), date)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23T14:07:00Z.
    const MOMENT: Stamp = Stamp(1_795_442_820_000);

    #[test]
    fn days_have_the_names_of_the_calendar() {
        let today = local(MOMENT, &Zone::default()).day;
        assert_eq!(day(today, today), "Today");
        assert_eq!(day(today - 1, today), "Yesterday");
        assert_eq!(day(today - 3, today), "Friday 20 November");
        assert_eq!(day(0, today), "Thursday 1 January 1970");
        assert_eq!(day(11_016, today), "Tuesday 29 February 2000");
        assert_eq!(day(-1, today), "Wednesday 31 December 1969");
    }

    #[test]
    fn the_zone_moves_the_day_and_the_hour() {
        let zone = Zone { offsets: vec![(Stamp(0), 3600), (Stamp(1_000_000_000_000), -36_000)] };
        assert_eq!(local(Stamp(0), &zone), Local { day: 0, minute: 60 });
        assert_eq!(local(Stamp(-1), &zone), Local { day: 0, minute: 59 });
        let options = Options { zone, ..Options::default() };
        assert_eq!(time(MOMENT, &options), "04:07");
        assert_eq!(time(MOMENT, &Options { clock_24h: false, zone: Zone::default(), ..Options::default() }), "2:07 pm");
    }

    #[test]
    fn no_moment_panics() {
        for stamp in [Stamp(i64::MIN), Stamp(i64::MAX), Stamp(0)] {
            let day_number = local(stamp, &Zone::default()).day;
            assert!(!day(day_number, 0).is_empty());
        }
    }
}
